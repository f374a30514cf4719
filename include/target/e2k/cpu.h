/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An Elbrus CPU as a user program sees it, for linux-user and the gdb stub.
 *
 * The procedure stack is an array of E2kReg in host memory, one per thread; the current window is
 * a pointer into it. The chain stack is an array of E2kFrame: frame i holds what the call number i
 * saved of its caller. What Linux calls PSP, PCSP, CR0, CR1 is computed from these when the guest
 * looks (e2k_sreg_read(), hardware stack system calls).
 */
#ifndef TARGET_E2K_CPU_H
#define TARGET_E2K_CPU_H

#include "accel/cpu.h"

/* lo: the 64-bit value. hi: v5+ the upper half of a 128-bit register; before v5 bits 15..0 are the
 * sign and exponent of an f80 value. Its tags are kept beside it: e2k_reg_tags(). */
typedef struct E2kReg {
    uint64_t lo, hi;
} E2kReg;

/*
 * Operand tags of a register, a byte for each 32 bits: 0 a number, 1 a diagnostic value (what is
 * left of a failed speculative operation), others belong to the protected mode. Kept with tags=on.
 */
typedef struct E2kTags {
    uint8_t word[4];
} E2kTags;
enum { E2K_TAG_DIAG = 1, E2K_PRED_DIAG = 2 };

enum { E2K_MAX_WINDOW = 224, E2K_N_GLOBALS = 32, E2K_N_PREDS = 32, E2K_TLS_REG = 13 };

/*
 * State that blocks are translated for: the block key's flags and, packed the same way, what a
 * call saves and a return restores.
 */
#define E2K_MODE_RBS_SHIFT   0          /* 6 bits: BR.rbs, in pairs of registers */
#define E2K_MODE_RSZ_SHIFT   6          /* 6 bits: size / 2 - 1 */
#define E2K_MODE_RCUR_SHIFT  12         /* 6 bits */
#define E2K_MODE_PSZ_SHIFT   18         /* 5 bits */
#define E2K_MODE_PCUR_SHIFT  23         /* 5 bits: low 28 bits are the architectural BR */
#define E2K_MODE_DBL         (1ull << 28)
#define E2K_MODE_NFX         (1ull << 29)
#define E2K_MODE_BR_MASK     ((1ull << 28) - 1)
#define E2K_MODE_WSIZE_SHIFT 30         /* 7 bits: what setwd said, in pairs; 0: no setwd since the
                                         * call, the window is the parameter area (psize) */
#define E2K_MODE_WSIZE_MASK  (0x7full << E2K_MODE_WSIZE_SHIFT)

/*
 * One call: the caller's state, restored by return. The predicate file of a running procedure lies
 * in the frame that its next call will be (env->frame->pred), so that neither a call nor a return
 * copies it. A callee sees its caller's values: its file begins with E2K_PRED_CALLER in each place.
 */
enum { E2K_PRED_CALLER = 0xff };
typedef struct E2kFrame {
    uint8_t pred[E2K_N_PREDS];          /* 0, 1, E2K_PRED_CALLER; physical (before rotation).
                                            With tags ORed: E2K_PRED_DIAG, there was no number */
    const struct TbCell *ret;           /* of ip and mode; one without code: the slow way */
    uint64_t ip;                        /* where to return to (CR0.hi) */
    uint64_t mode;                      /* E2K_MODE_* of the caller */
    uint64_t usd_lo;                    /* the caller's stack pointer */
    uint16_t wbs;                       /* registers the window moved by (2 * CR1.wbs) */
    uint16_t flags;                     /* E2K_FRAME_*; generated code writes wbs and flags as one */
    uint16_t psize;                     /* the caller's parameter area, registers (2 * wpsz) */
    uint64_t cookie;                    /* linux-user's own, for E2K_FRAME_KERNEL */
} E2kFrame;
#define E2K_FRAME_KERNEL 1u             /* returning here leaves to linux-user: EXCP_E2K_RETURN */

/* CTPR: [47:0] address, [56:54] tag, [58:57] opc */
#define E2K_CTPR_ADDR_MASK   ((1ull << 48) - 1)
#define E2K_CTPR_TAG_SHIFT   54
enum { E2K_CTPR_NONE = 0, E2K_CTPR_DIAG, E2K_CTPR_RETURN, E2K_CTPR_DISP, E2K_CTPR_SYSCALL = 5 };
#define E2K_CTPR_LDISP       (1ull << 57)
enum { E2K_SYSCALL_ENTRY_SHIFT = 11 };      /* system entry n is at address n << 11 */
#define e2k_ctpr(addr, tag)  (((addr) & E2K_CTPR_ADDR_MASK) | (uint64_t)(tag) << 54)

enum { E2K_N_AAD = 32, E2K_N_AASTI = 16, E2K_N_AAIND = 16, E2K_N_AAINCR = 8, E2K_N_AREAS = 32 };

typedef struct E2kAau {
    E2kReg aad[E2K_N_AAD];              /* lo: base and rights as written, hi: size */
    uint64_t base[E2K_N_AAD];           /* aad[i].lo[47:0] alone, for generated code */
    uint64_t aasti[E2K_N_AASTI], aaind[E2K_N_AAIND], aaincr[E2K_N_AAINCR];     /* sign-extended */
    uint64_t aasr, aafstr, aaldm, aaldi[64], aaldv;
    bool active;                        /* between bap and eap */
    uint8_t n_areas;
    /* [half][area], set by bap: current address (with E2K_AAU_POISON: look before reading), bytes
     * it moves by, element size (0: no area), registers that address and step come from */
    uint64_t ptr[2][E2K_N_AREAS];
    int64_t step[2][E2K_N_AREAS];
    uint8_t elem_bytes[2][E2K_N_AREAS];
    uint8_t aad_no[2][E2K_N_AREAS], incr_no[2][E2K_N_AREAS];
    uint64_t ok_page[2][E2K_N_AREAS];   /* address of the page that was found readable last */
} E2kAau;

/* Exceptions by number (trap numbers of the architecture) are raised with EXCP_E2K_TRAP. */
enum {
    E2K_EXC_ILLEGAL_OPCODE = 0, E2K_EXC_PRIV_ACTION, E2K_EXC_FP_DISABLED,
    E2K_EXC_DIAG_CT_COND = 5, E2K_EXC_DIAG_INSTR_ADDR, E2K_EXC_ILLEGAL_INSTR_ADDR,
    E2K_EXC_WINDOW_BOUNDS = 9, E2K_EXC_USER_STACK_BOUNDS, E2K_EXC_PROC_STACK_BOUNDS,
    E2K_EXC_CHAIN_STACK_BOUNDS, E2K_EXC_DIAG_COND = 14, E2K_EXC_DIAG_OPERAND,
    E2K_EXC_ILLEGAL_OPERAND, E2K_EXC_ARRAY_BOUNDS, E2K_EXC_ACCESS_RIGHTS, E2K_EXC_ADDR_NOT_ALIGNED,
    E2K_EXC_INSTR_PAGE_MISS, E2K_EXC_INSTR_PAGE_PROT, E2K_EXC_SOFTWARE_TRAP = 26,
    E2K_EXC_DATA_PAGE = 29, E2K_EXC_DIV = 34, E2K_EXC_FP = 35,
};
enum {
    EXCP_E2K_SYSCALL = EXCP_USER_FIRST, /* env->syscall_entry, syscall_wbs; ip is the next bundle */
    EXCP_E2K_TRAP,                      /* env->trapno, trap_addr; ip is the faulting bundle */
    EXCP_E2K_RETURN,                    /* popped a frame with E2K_FRAME_KERNEL; ip = frame.ip */
};

typedef struct CPUE2KState {
    E2kReg *win;                        /* %r0 */
    uint64_t ip;                        /* of the next bundle, when not in generated code */
    uint64_t mode;                      /* E2K_MODE_* */
    uint32_t psize;                     /* registers; for the window's size see e2k_wsize() */
    E2kReg g[E2K_N_GLOBALS];
    uint64_t ctpr[3];
    /* LSR, unpacked */
    uint32_t lcnt;
    uint32_t ecnt, vlc, pcnt, strmd;    /* vlc 0 or 1 */
    uint64_t lsr_rest;                  /* the other bits of LSR as written */
    uint64_t ilcr;
    uint32_t mlock;                     /* 0 or 1: set by checks, read by rbranch */
    uint64_t lock_addr, lock_value;     /* of the last load with MAS 7 */
    uint64_t lock_value_hi;             /* ... of 16 bytes */
    uint64_t usd_lo;                    /* stack pointer */
    uint64_t stack_bottom, sbr;         /* lowest address it may reach; top */
    uint32_t pfpfr, fpcr, fpsr;         /* MXCSR's copy of pfpfr: CPUState.host_mxcsr */
    uint32_t upsr, psr;
    uint64_t bgr;
    /* the stacks: [base, end); they never move. frame: that of the next call (its predicates are
     * current), frame[-1]: what our caller saved */
    E2kReg *ps_base, *ps_end;
    E2kFrame *pcs_base, *pcs_end, *frame;
    E2kReg *ps_limit;                   /* ps_end minus room for two windows */
    E2kAau aau;
    E2kReg scratch[8];                  /* per channel: results that helpers leave for commit */
    uint8_t dummy[64] __attribute__((aligned(64)));     /* target of accesses under a false
                                                            predicate */
    /* why cpu_exec() came back */
    uint32_t trapno;
    uint64_t trap_addr;
    uint32_t syscall_entry, syscall_wbs;
    uint64_t syscall_ip;                /* of the call itself: to make it again */
    uint64_t idr;
    uint8_t version;                    /* ISA, 1..7 */
    bool tags;                          /* operand tags are kept; the same for all CPUs */
    bool may_retry;                     /* restored bundle holds speculative accesses */
    uint32_t helper_diag;               /* set to 1 by divisions and array loads that fail */
    uint64_t ps_tags;                   /* E2K_PS_TAGS(ps_base, ps_end) */
    E2kTags gtags[E2K_N_GLOBALS];
} CPUE2KState;

/* The tags of the registers [ps_base, ps_end) follow behind them, E2K_TAGS_BYTES() long: those of
 * register r are at ((uintptr_t)r >> 2) + E2K_PS_TAGS(). */
#define E2K_PS_TAGS(base, end) ((uint64_t)(uintptr_t)(end) - ((uint64_t)(uintptr_t)(base) >> 2))
#define E2K_TAGS_BYTES(stack_bytes) ((stack_bytes) / 4)
static inline E2kTags *e2k_reg_tags(const CPUE2KState *env, const E2kReg *window_reg)
{
    return (E2kTags *)(uintptr_t)(((uint64_t)(uintptr_t)window_reg >> 2) + env->ps_tags);
}

/* the low 64 bits of a register as a number */
static inline void e2k_set_reg(const CPUE2KState *env, E2kReg *window_reg, uint64_t value)
{
    E2kTags *t = e2k_reg_tags(env, window_reg);

    window_reg->lo = value;
    t->word[0] = t->word[1] = 0;
}

typedef struct E2KCPU {
    CPUState parent;
    CPUE2KState env;
} E2KCPU;

static inline CPUE2KState *e2k_env(CPUState *cpu) { return cpu_env(cpu); }

/* registers of a window */
static inline uint32_t e2k_wsize_of(uint64_t mode, uint32_t psize)
{
    uint32_t pairs = mode >> E2K_MODE_WSIZE_SHIFT & 0x7f;

    return pairs ? 2 * pairs : psize;
}

static inline uint32_t e2k_wsize(const CPUE2KState *env)
{
    return e2k_wsize_of(env->mode, env->psize);
}

extern const CPUOps e2k_cpu_ops;

typedef struct E2kModel {
    const char *name, *alias;           /* "e8c", "elbrus-8c"; alias may be NULL */
    const char *description;
    uint8_t version;
    uint64_t idr;
} E2kModel;
extern const E2kModel e2k_models[];     /* ends with name NULL */

/* The machine code of e_flags[31:24] -> model name; NULL: unknown */
const char *e2k_model_by_elf_flags(uint32_t e_flags);

/**
 * e2k_cpu_new - a CPU with empty stacks, registers as Linux gives them to a new process
 * @model: "e8c", "elbrus-v5", with ",tags=on|off"; NULL: v4
 */
E2KCPU *e2k_cpu_new(const char *model, Error **errp);
/* A copy for a new thread or signal context: own stacks of the default size holding a copy of the
 * current window and the top frames that the caller's own procedure needs. */
E2KCPU *e2k_cpu_clone(E2KCPU *from);
void e2k_cpu_free(E2KCPU *cpu);

/* Enters @entry as a procedure with @n_args arguments in %r0.. and return address @ret_ip (a frame
 * with @frame_flags, @cookie); window of 16 registers above the current one. For process start,
 * signal handlers, contexts. false: a stack is exhausted. */
bool e2k_enter(CPUE2KState *env, uint64_t entry, const uint64_t *args, unsigned n_args,
               uint64_t ret_ip, unsigned frame_flags, uint64_t cookie);

/* State registers as rrd/rwd see them (translated code uses them too); false: no such register */
bool e2k_sreg_read(CPUE2KState *env, unsigned n, uint64_t *value);
bool e2k_sreg_write(CPUE2KState *env, unsigned n, uint64_t value);
/* CR0, CR1 of frame (memory layout of a chain frame: cr0.lo, cr0.hi, cr1.lo, cr1.hi) and back */
void e2k_frame_pack(CPUE2KState *env, E2kFrame *f, uint64_t cr[4]);
void e2k_frame_unpack(const CPUE2KState *env, E2kFrame *f, const uint64_t cr[4]);
/* @f returns to another place. */
void e2k_frame_redirect(E2kFrame *f, uint64_t ip, uint64_t mode);
/* Predicates as bits: of a frame, or current ones with @f = env->frame */
uint32_t e2k_preds(CPUE2KState *env, E2kFrame *f);
void e2k_set_preds(E2kFrame *f, uint32_t preds);
/* No E2K_PRED_CALLER is left in @f (a frame of env, or the current one). */
void e2k_settle_preds(CPUE2KState *env, E2kFrame *f);
/* guest-visible addresses of the hardware stacks (nothing is mapped there) */
#define E2K_PSP_BASE    0xc2c000000000ull
#define E2K_PCSP_BASE   0xc2d000000000ull

/* Memory is unmapped, or mapped anew: its tags are those of numbers. */
void e2k_memory_gone(uint64_t gva, uint64_t n_bytes);

/* Leaves generated code with a trap. ra: GETPC() or 0 */
G_NORETURN void e2k_raise(CPUE2KState *env, unsigned trapno, uint64_t addr, uintptr_t ra);

/* Can the translator do this operation? For the scanner. */
struct E2kOpRow;
bool e2k_op_translatable(const struct E2kOpRow *row);

#endif
