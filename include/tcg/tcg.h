/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compiling and running IR blocks. tcg/ knows no guest and no CPUState: accel/tcg describes what
 * generated code needs of it once, in a TcgRuntime.
 */
#ifndef TCG_TCG_H
#define TCG_TCG_H

#include "tcg/ir.h"

/* A TLB entry as generated code sees it; comparators have the page address and flag bits below. */
typedef struct TlbEntry {
    uint64_t addr_read;         /* page-aligned gva, TLB_INVALID or slow-path flags in bits 0..11 */
    uint64_t addr_write;
    uint64_t addr_code;
    uintptr_t addend;           /* gva + addend = hva */
} TlbEntry;
#define TLB_ENTRY_BITS 5
_Static_assert(sizeof(TlbEntry) == 1 << TLB_ENTRY_BITS, "TlbEntry size");

typedef struct TlbFast {
    uintptr_t mask;             /* (number of entries - 1) << TLB_ENTRY_BITS */
    TlbEntry *table;
} TlbFast;

/* One entry of a vCPU's jump cache, indexed by tb_jump_hash(pc). */
typedef struct JumpCacheEntry {
    uint64_t pc;
    uint64_t flags;
    const void *code;           /* entry point; NULL when empty (pc is then ~0) */
    void *tb;
} JumpCacheEntry;
#define JUMP_CACHE_BITS 14
static inline uint32_t tb_jump_hash(uint64_t pc)
{
    return (uint32_t)(pc ^ (pc >> JUMP_CACHE_BITS)) & ((1u << JUMP_CACHE_BITS) - 1);
}

/* Offsets are from the env pointer, in bytes. */
typedef struct TcgRuntime {
    bool softmmu;                       /* false: guest address + guest_base is the host address */
    uintptr_t guest_base;               /* user programs */
    int32_t ofs_exit_request;           /* int32_t; < 0 asks to leave */
    int32_t ofs_tlb;                    /* TlbFast[n_mmu_modes]; at least 2 entries each */
    int32_t ofs_jump_cache;             /* JumpCacheEntry * */
    int32_t ofs_mxcsr;                  /* uint32_t: the guest's MXCSR for the host, masked */
    /*
     * Slow paths. @oi: the MemOp; @ra: the host address to find the guest instruction by.
     * Loads extend as the MemOp says, to 64 bits. They leave by longjmp on a guest fault.
     */
    uint64_t (*ld)(void *env, uint64_t addr, MemOp oi, uintptr_t ra);
    void (*st)(void *env, uint64_t addr, uint64_t val, MemOp oi, uintptr_t ra);
    void (*ld128)(void *env, uint64_t addr, MemOp oi, uintptr_t ra, void *out16);
    void (*st128)(void *env, uint64_t addr, MemOp oi, uintptr_t ra, const void *in16);
    uint64_t (*rmw)(void *env, uint64_t addr, uint64_t val, MemOp oi, IrOp op, uintptr_t ra);
    uint64_t (*cmpxchg)(void *env, uint64_t addr, uint64_t expect, uint64_t desired, MemOp oi,
                        uintptr_t ra);
    /* user programs: a host fault at an access; the registers have been written back */
    void (*user_fault)(void *env, uintptr_t ra);
    /* code address for the state's pc and flags, never NULL (an exit stub if nothing is there) */
    const void *(*lookup_tb)(void *env);
} TcgRuntime;

void tcg_init(const TcgRuntime *rt);    /* once, before the first block */

typedef struct TcgCode {                /* result of tcg_compile() */
    const void *entry;                  /* executable address */
    uint32_t size_bytes;                /* code, stubs and side table */
    int32_t jump_patch[2];              /* goto_tb: offset of the rel32 from entry, or -1 */
    int32_t jump_reset[2];              /* its target while not chained, offset from entry */
    const void *side_table;             /* for tcg_find_insn(), tcg_find_fault_stub() */
} TcgCode;

/**
 * tcg_compile - translate a finished block to host code (or to a compact form for the interpreter)
 * @b: consumed: passes rewrite it in place
 * @tb: value for exit words: the run loop gets (uintptr_t)tb | slot back; 8-byte aligned
 * @flags: the block's flags, compared by ir_goto_ptr(.., true)
 * @rx, @rw: the same memory executable and writable; @room_bytes of it are free
 *
 * Returns false if the room was too small (nothing is changed then but scratch), or, with
 * ir_block_overflow(b) true, if the block was too big: build it again with fewer instructions.
 * Thread: any, one at a time per room.
 */
bool tcg_compile(IrBlock *b, const void *tb, uint64_t flags, const uint8_t *rx, uint8_t *rw,
                 size_t room_bytes, TcgCode *out);

/* Can this host run @op? False for AES and PCLMULQDQ rows on hosts without them: front ends ask
 * before they promise the instruction to the guest. After tcg_init(). */
bool tcg_has_op(IrOp op);

/* The passes alone, for -d op_opt; tcg_compile() then does not run them again. */
void tcg_optimise(IrBlock *b);

/* Counters for "info jit"; atomic, any thread. */
typedef struct TcgStats {
    uint64_t n_blocks, n_ops, code_bytes;
} TcgStats;
extern TcgStats tcg_stats;

/* Points the direct jump @slot at @dest (NULL: back to unchained). Safe while others run it. */
void tcg_chain(const TcgCode *code, uint8_t *rw_entry, unsigned slot, const void *dest);

/* Enters generated code; returns (uintptr_t)tb | TB_EXIT_*; 0 | slot from the lookup's exit stub.
 * Loads the guest's MXCSR on entry, stores it on exit (also call tcg_fp_leave() after longjmp). */
uintptr_t tcg_run(void *env, const void *entry);
const void *tcg_exit_stub(void);        /* makes tcg_run() return TB_EXIT_PLAIN with tb = 0 */
void tcg_fp_leave(void *env);           /* host MXCSR -> slot, then the emulator's default */
void tcg_fp_enter(void *env);           /* slot -> host MXCSR */

/* The insn_start words of the instruction that holds host address @ra (a return address). */
bool tcg_find_insn(const TcgCode *code, uintptr_t ra, uint64_t words[IR_INSN_WORDS]);
/* user programs: where to continue after a host fault at @host_pc; NULL if not an access */
const void *tcg_find_fault_stub(const TcgCode *code, uintptr_t host_pc);

/* -accel tcg,backend=interp: tcg_compile() makes the interpreter's form, tcg_run() interprets. */
typedef enum TcgBackend { TCG_BACKEND_NATIVE, TCG_BACKEND_INTERP } TcgBackend;
void tcg_set_backend(TcgBackend backend);   /* before the first block */
TcgBackend tcg_backend(void);
/* While interpreting: the words of the running instruction of this thread (ra is no use then). */
bool tcg_interp_insn(uint64_t words[IR_INSN_WORDS]);

#endif
