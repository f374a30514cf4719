/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of accel/tcg. */
#ifndef ACCEL_TCG_INTERNAL_H
#define ACCEL_TCG_INTERNAL_H

#include "accel/accel-internal.h"
#include "tcg/tcg.h"

#define NO_PAGE UINT64_MAX

/*
 * A translated block. Made by one vCPU, used by all. Never freed one by one: a dead block stays
 * where it is until tb_flush empties all regions with all vCPUs outside.
 */
struct TB {
    /* a look-up touches this cache line only */
    uint64_t pc, flags;
    uint64_t page[2];           /* ram_addr (user: address) of the pages it spans; NO_PAGE */
    TB *hash_next;              /* atomic; tbc.mutex to change */
    uint32_t size_bytes;
    uint16_t n_insns;
    bool nocache;               /* runs once, is in no list */
    bool loops;                 /* may branch back into itself until the vCPU is asked to leave */
    bool scattered;             /* covers bytes anywhere on its pages; user programs */
    bool dead;                  /* atomic; tbc.mutex to change */
    TcgCode code;               /* begins with its entry */
    uint8_t *rw_entry;          /* code.entry in the writable view */
    /* all below: tbc.mutex; links to blocks are TB * | slot */
    uintptr_t page_next[2];     /* other blocks of page[i] */
    uintptr_t in_first;         /* blocks that jump here */
    uintptr_t in_next[2];       /* ... where slot i of this block jumps */
    TB *out[2];
} __attribute__((aligned(64)));
#define TB_LINK(tb, slot) ((uintptr_t)(tb) | (slot))
#define TB_OF(link) ((TB *)((link) & ~(uintptr_t)7))
#define TB_SLOT(link) ((unsigned)((link) & 7))

/* An arena for code and its TB structs; filled by one vCPU at a time. */
typedef struct CodeRegion {
    uint8_t *rx, *rw;
    size_t used;                /* bytes; the owner only */
    size_t touched;             /* bytes that have host pages; the owner only */
    TB *tbs;                    /* rising by code address */
    unsigned n_tbs;             /* atomic, the owner changes it */
    unsigned max_tbs;
} CodeRegion;

/* What holds code of a guest page. tbc.mutex unless said. */
typedef struct PageDesc {
    uintptr_t first;            /* blocks of the page */
    uint64_t *bitmap;           /* 4096 bits: bytes that blocks cover; NULL: not made yet */
    uint32_t gen;               /* writes seen while code was set; atomic */
    uint16_t n_writes;          /* that hit no block, since the bitmap was dropped */
    bool code;                  /* writes must be told: TLBs have TLB_NOTDIRTY; atomic */
} PageDesc;

/* ---- one TLB ---- */

#define TLB_INVALID     (1u << 11)      /* comparators: this kind of access is not allowed here */
#define TLB_NOTDIRTY    (1u << 10)      /* writes: the page holds translated code */
#define TLB_MMIO        (1u << 9)       /* not plain RAM: TlbFullEntry says what */
#define TLB_FLAGS       (TLB_INVALID | TLB_NOTDIRTY | TLB_MMIO)

enum { LARGE_BITS = 21, HUGE_BITS = 30 };       /* guest pages of 2 MiB; all that are larger */

/* Regions of 2 MiB, hashed to bits: may say yes for one that was never added. */
typedef uint64_t LargeSet[8];

static inline unsigned large_set_bit(uint64_t gva)
{
    uint64_t n = gva >> LARGE_BITS;
    return (unsigned)(n ^ n >> 9 ^ n >> 18) & 511;
}

static inline void large_set_add(LargeSet set, uint64_t gva)
{
    set[large_set_bit(gva) / 64] |= (uint64_t)1 << large_set_bit(gva) % 64;
}

static inline bool large_set_has(const LargeSet set, uint64_t gva)
{
    return set[large_set_bit(gva) / 64] >> large_set_bit(gva) % 64 & 1;
}

typedef struct TlbMode {
    TlbFullEntry *full;
    /* indexes filled since the last flush, of [0] other and [1] global entries; may repeat or be
     * stale, but each entry is on the list of its kind */
    uint32_t *used[2];
    uint32_t n_used[2];         /* == size of the table: more than the list could take */
    uint32_t n_fills;           /* since the last flush or growth */
    uint32_t max_fills, n_flushes;      /* of the current window */
    LargeSet large[2];          /* guest pages of 2 MiB with an entry; [1]: global ones */
    uint64_t huge[2];           /* larger ones, by the gigabyte, hashed to bits */
    unsigned victim_next;
    TlbEntry victim[TLB_VICTIM_ENTRIES];
    TlbFullEntry victim_full[TLB_VICTIM_ENTRIES];
} TlbMode;

/* Everything that accel/tcg keeps per vCPU. vCPU thread only unless said. */
typedef struct CPUTlb {
    int lock;                   /* spin; entries' write comparators and table pointers */
    int flush_pending;          /* atomic: the vCPU flushes before its next block */
    uint32_t n_returns;         /* atomic: from generated code to the run loop */
    TlbMode mode[CPU_MMU_MODES_MAX];

    /* jump cache: filled slots, and filters of the pages they are for */
    uint16_t jc_used[2][1u << JUMP_CACHE_BITS];     /* [1]: blocks on global pages */
    unsigned n_jc_used[2];
    uint8_t jc_listed[1u << JUMP_CACHE_BITS];       /* bit k: the slot is in jc_used[k] */
    bool code_global;           /* the page last looked up by cpu_code_page() */
    uint64_t jc_pages[2][128];  /* pages hashed to bits, for each list */
    LargeSet jc_large[2];       /* the 2 MiB around them */

    /* last RAM looked up by physical address */
    uint64_t ram_first, ram_last;
    uint8_t *ram_hva;           /* of ram_first */
    uint64_t ram_addr;
    unsigned ram_generation;

    CodeRegion *region;
    IrBlock *ir;
    /* the block under translation: its pages */
    uint64_t gen_gva[2];        /* page addresses; NO_PAGE */
    uint64_t gen_page[2];       /* ram_addr */
    const uint8_t *gen_hva[2];  /* NULL: not RAM */
    uint32_t gen_count[2];      /* PageDesc.gen when reading began */
    bool gen_private;           /* for one run: nothing is protected */
} CPUTlb;

typedef struct TcgConfig {
    bool user, started, thread_single, one_insn_per_tb;
    uint64_t tb_size_bytes;
    const CPUOps *ops;
    uintptr_t guest_base;
} TcgConfig;
extern TcgConfig tcg_config;

#define tcg_count(cpu, what) ((cpu)->counters[CPU_COUNT_##what]++)

/* tcg-accel.c */
void tcg_start(void);                           /* runtime, code regions; once */

/* tb-cache.c */
bool tb_cache_init(uint64_t total_bytes, bool user, Error **errp);
TB *tb_lookup_hash(CPUState *cpu, uint64_t page, uint64_t pc, uint64_t flags);
bool tb_matches(CPUState *cpu, const TB *tb, uint64_t page, uint64_t pc, uint64_t flags);
/* returns the block to use; NULL: stale */
TB *tb_insert(CPUState *cpu, TB *tb, const uint32_t gen_count[2]);
void tb_chain(TB *from, unsigned slot, TB *to);
TB *tb_by_host(uintptr_t host_pc);              /* an address inside the block's code */
CodeRegion *tb_region_next(CodeRegion *old);    /* NULL: all are full */
size_t tb_region_bytes(void);
void tb_region_touch(CodeRegion *r);
void tb_region_release(CodeRegion *r);
void tb_request_flush(CPUState *cpu);
PageDesc *page_desc(uint64_t page, bool make);
uint32_t tb_page_protect(CPUState *cpu, uint64_t page);     /* returns its gen */
static inline bool page_has_code(uint64_t page)
{
    const PageDesc *pd = page_desc(page, false);
    return pd && __atomic_load_n(&pd->code, __ATOMIC_SEQ_CST);
}
/* Forgets blocks that cover [ram_addr, +len). True: @self (or NULL) was among them. */
bool tb_written(uint64_t ram_addr, uint64_t len_bytes, TB *self, bool whole_page);
void tb_jump_cache_reset(CPUState *cpu);
void tb_jump_cache_flush(CPUState *cpu, bool global_too);
void tb_jump_cache_flush_page(CPUState *cpu, uint64_t gva, unsigned lg_bytes);
void tb_jump_cache_put(CPUState *cpu, TB *tb, bool global);
void tb_cache_print(FILE *f);
void tb_cache_lock(void);
void tb_cache_unlock(void);

/* tb-gen.c */
TB *tb_gen(CPUState *cpu, uint64_t pc, uint64_t flags, unsigned max_insns, bool keep, bool smp);
void tb_gen_rewind(CPUState *cpu, TB *tb);      /* a block that was not kept has been run */

/* cpu-exec.c */
TB *tb_find(CPUState *cpu, uint64_t pc, uint64_t flags);
const void *helper_lookup_tb(void *env);
/* leaves the running block before its current instruction, which then runs alone */
G_NORETURN void cpu_restart_one_insn(CPUState *cpu, uintptr_t ra);

/* cputlb.c */
TlbEntry *tlb_access(CPUState *cpu, uint64_t gva, unsigned size, MMUAccess access, int mmu_idx,
                     bool nofault, uintptr_t ra);       /* NULL only if nofault */
static inline TlbFullEntry *tlb_full(CPUState *cpu, int mmu_idx, const TlbEntry *e)
{ return &cpu->tlb->mode[mmu_idx].full[e - cpu->tlb_fast[mmu_idx].table]; }
/* any thread; true: the vCPU could write there without being seen */
bool tlb_protect_page(CPUState *cpu, uint64_t ram_page);
void tlb_set_dirty(CPUState *cpu, uint64_t gva);
void tlb_flush_if_pending(CPUState *cpu);
/* host address of RAM at @gpa and how far it goes; NULL: not RAM. vCPU's thread. */
uint8_t *cpu_ram_at(CPUState *cpu, uint64_t gpa, uint64_t *ram_addr, uint64_t *len_bytes);
/* ram_addr of the page of code at @gva (or NO_PAGE: not RAM), by the TLB; may fault */
uint64_t cpu_code_page(CPUState *cpu, uint64_t gva, const uint8_t **hva, bool nofault, bool *ok);

/* softmmu.c */
uint64_t softmmu_ld(void *env, uint64_t addr, MemOp oi, uintptr_t ra);
void softmmu_st(void *env, uint64_t addr, uint64_t val, MemOp oi, uintptr_t ra);
void softmmu_ld128(void *env, uint64_t addr, MemOp oi, uintptr_t ra, void *out16);
void softmmu_st128(void *env, uint64_t addr, MemOp oi, uintptr_t ra, const void *in16);
uint64_t softmmu_rmw(void *env, uint64_t addr, uint64_t val, MemOp oi, IrOp op, uintptr_t ra);
uint64_t softmmu_cmpxchg(void *env, uint64_t addr, uint64_t expect, uint64_t desired, MemOp oi,
                         uintptr_t ra);

/* user-mode.c: the same for user programs */
extern int (*tcg_user_page_prot)(uint64_t gva);         /* NULL: not told */
uint64_t user_ld(void *env, uint64_t addr, MemOp oi, uintptr_t ra);
void user_st(void *env, uint64_t addr, uint64_t val, MemOp oi, uintptr_t ra);
void user_ld128(void *env, uint64_t addr, MemOp oi, uintptr_t ra, void *out16);
void user_st128(void *env, uint64_t addr, MemOp oi, uintptr_t ra, const void *in16);
uint64_t user_rmw(void *env, uint64_t addr, uint64_t val, MemOp oi, IrOp op, uintptr_t ra);
uint64_t user_cmpxchg(void *env, uint64_t addr, uint64_t expect, uint64_t desired, MemOp oi,
                      uintptr_t ra);
bool user_cmpxchg16(CPUState *cpu, uint64_t gva, uint64_t expect[2], const uint64_t desired[2],
                    uintptr_t ra);
void user_copy(CPUState *cpu, void *dst, const void *src, size_t n, MMUAccess access, uint64_t gva,
               uintptr_t ra);
void *user_probe(CPUState *cpu, uint64_t gva, MMUAccess access, bool nofault, uintptr_t ra);
void user_fault(void *env, uintptr_t ra);
void user_code_check(CPUState *cpu, uint64_t gva);      /* raises a fault if not executable */
void user_page_protect(uint64_t page);                  /* tbc.mutex */
void user_page_unprotect(uint64_t page);                /* tbc.mutex */
static inline void *user_hva(uint64_t gva)
{ return (void *)(uintptr_t)(gva + tcg_config.guest_base); }

/* shared arithmetic of atomics and of their slow, non-atomic form */
static inline uint64_t mo_extend(uint64_t v, MemOp oi)
{
    unsigned shift = 64 - 8 * mo_bytes(oi);
    return oi & MO_SIGN ? (uint64_t)((int64_t)(v << shift) >> shift) : v << shift >> shift;
}
uint64_t host_ld(const void *hva, unsigned size);
void host_st(void *hva, uint64_t val, unsigned size);
uint64_t host_rmw(void *hva, uint64_t val, unsigned size, IrOp op);
uint64_t host_cmpxchg(void *hva, uint64_t expect, uint64_t desired, unsigned size);
bool host_cmpxchg16(void *hva, uint64_t expect[2], const uint64_t desired[2]);
uint64_t rmw_compute(uint64_t old, uint64_t val, IrOp op);

#endif
