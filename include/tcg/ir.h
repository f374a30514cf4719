/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The intermediate representation between guest front ends and host back ends.
 *
 * A block is built by one thread with the functions below, then handed to tcg_compile()
 * (include/tcg/tcg.h). Values are typed; ops take their type from their operands, so one row of
 * tcg/irops.def serves I32 and I64 alike. Temporaries are not SSA: they may be assigned any number
 * of times, and live until the end of the block, across labels.
 *
 * Thread: a block belongs to the thread that builds it; globals and helpers are constant after
 * start-up.
 */
#ifndef TCG_IR_H
#define TCG_IR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum IrType { IR_I32, IR_I64, IR_F32, IR_F64, IR_V128, IR_VOID, IR_N_TYPES } IrType;

typedef struct IrBlock IrBlock;     /* a block under construction; reused, see ir_block_reset() */
typedef struct IrTemp IrTemp;
typedef IrTemp *IrVal;              /* valid until the next ir_block_reset(); globals for ever */
typedef struct IrLabel IrLabel;

/* The ops: IR_add, IR_sub, ... one for each row of irops.def. */
typedef enum IrOp {
#define IROP(name, ...) IR_##name,
#include "tcg/irops.def"
#undef IROP
    IR_N_OPS
} IrOp;

typedef enum IrCond {
    IR_COND_EQ, IR_COND_NE, IR_COND_LT, IR_COND_GE, IR_COND_LE, IR_COND_GT,
    IR_COND_LTU, IR_COND_GEU, IR_COND_LEU, IR_COND_GTU,
    IR_COND_TSTEQ, IR_COND_TSTNE,   /* (a & b) == 0, != 0 */
    IR_COND_ALWAYS, IR_COND_NEVER,
} IrCond;

static inline IrCond ir_cond_invert(IrCond c) { return (IrCond)(c ^ 1); }

/*
 * Description of one guest memory access: bits 0..2 log2 of the size in bytes (0..4), then flags,
 * then the MMU mode (an index into the soft-MMU's TLBs; ignored for user programs).
 */
typedef uint32_t MemOp;
#define MO_8            0u
#define MO_16           1u
#define MO_32           2u
#define MO_64           3u
#define MO_128          4u
#define MO_SIZE         7u
#define MO_SIGN         (1u << 3)       /* integer loads: sign-extend to the destination's type */
#define MO_ALIGN        (1u << 4)       /* a misaligned address is a guest fault */
#define MO_MMU_SHIFT    8
#define mo_mmu(idx)     ((MemOp)(idx) << MO_MMU_SHIFT)
#define mo_mmu_idx(op)  (((op) >> MO_MMU_SHIFT) & 15)
#define mo_bytes(op)    (1u << ((op) & MO_SIZE))

/* ---- guest-state globals and helpers, described once at start-up ---- */

/**
 * ir_global_new - declare a typed slot of guest state that blocks may keep in host registers
 * @ofs_bytes: offset from the env pointer (the guest's state; may be negative)
 * @name: for dumps; borrowed, must live for ever
 *
 * Globals must not overlap each other. F64 or V128 state that is reached under several types is
 * not declared as a global but reached with ir_ld()/ir_st() at its offset.
 */
IrVal ir_global_new(IrType type, int32_t ofs_bytes, const char *name);

/* What a helper does besides computing its result. 0 = may do everything. */
#define IR_CALL_NO_READ     1u      /* reads no global from its slot */
#define IR_CALL_NO_WRITE    2u      /* writes no global's slot (it may write other state) */
#define IR_CALL_NO_FAULT    4u      /* never leaves by a guest fault */
#define IR_CALL_PURE        8u      /* result depends on arguments only; may be removed if unused */
#define IR_CALL_NO_RETURN   16u     /* always leaves by longjmp: the block ends here */

#define IR_MAX_ARGS 6

typedef struct IrHelper {
    const char *name;
    void *fn;                       /* System V AMD64 C function; I32/I64/F32/F64 arguments */
    uint8_t flags;                  /* IR_CALL_* */
    uint8_t ret;                    /* IrType; IR_VOID for none */
    uint8_t n_args;
    uint8_t args[IR_MAX_ARGS];      /* IrType; pointers are IR_I64 */
} IrHelper;

/* ---- blocks ---- */

IrBlock *ir_block_new(void);
void ir_block_free(IrBlock *b);
void ir_block_reset(IrBlock *b);            /* forget ops, temps, labels; keep memory */
unsigned ir_block_n_ops(const IrBlock *b);
bool ir_block_overflow(const IrBlock *b);   /* too many ops or temps: retry with fewer insns */

IrVal ir_temp(IrBlock *b, IrType type);
IrVal ir_const(IrBlock *b, IrType type, uint64_t value);    /* I32, I64; interned */
static inline IrVal ir_i32(IrBlock *b, uint32_t v) { return ir_const(b, IR_I32, v); }
static inline IrVal ir_i64(IrBlock *b, uint64_t v) { return ir_const(b, IR_I64, v); }
IrVal ir_env(IrBlock *b);                   /* I64: the env pointer itself */
IrType ir_type(IrVal v);
bool ir_is_const(IrVal v, uint64_t *value);

/* ---- ops. d is the destination; operands may alias it. Same type unless said. ---- */

/*
 * Generic emission by row; the named wrappers below are for the common ones. Out operands first.
 * Vector and scalar FP ops have no wrapper: they are named after the SSE mnemonic whose meaning
 * they have exactly (IR_paddb, IR_pcmpeqd, IR_addpd, IR_addsd ...), see irops.def.
 */
void ir_op1(IrBlock *b, IrOp op, IrVal d, IrVal a);
void ir_op2(IrBlock *b, IrOp op, IrVal d, IrVal a, IrVal c);
void ir_op3(IrBlock *b, IrOp op, IrVal d, IrVal a, IrVal c, IrVal e);
void ir_op1i(IrBlock *b, IrOp op, IrVal d, IrVal a, int64_t imm);           /* pshufd, psllw by n */
void ir_op2i(IrBlock *b, IrOp op, IrVal d, IrVal a, IrVal c, int64_t imm);  /* shufps, palignr */

void ir_mov(IrBlock *b, IrVal d, IrVal a);
void ir_movi(IrBlock *b, IrVal d, uint64_t value);
#define IR_BINARY(name) \
    static inline void ir_##name(IrBlock *b, IrVal d, IrVal a, IrVal c) \
    { ir_op2(b, IR_##name, d, a, c); } \
    static inline void ir_##name##i(IrBlock *b, IrVal d, IrVal a, uint64_t c) \
    { ir_op2(b, IR_##name, d, a, ir_const(b, ir_type(a), c)); }
#define IR_UNARY(name) \
    static inline void ir_##name(IrBlock *b, IrVal d, IrVal a) { ir_op1(b, IR_##name, d, a); }
IR_BINARY(add) IR_BINARY(sub) IR_BINARY(mul)
IR_BINARY(and) IR_BINARY(or) IR_BINARY(xor) IR_BINARY(andc)     /* andc: a & ~c */
IR_BINARY(shl) IR_BINARY(shr) IR_BINARY(sar)                    /* count >= width: undefined */
IR_BINARY(rotl) IR_BINARY(rotr)                                 /* count taken modulo width */
IR_UNARY(neg) IR_UNARY(not)
IR_UNARY(ext8s) IR_UNARY(ext8u) IR_UNARY(ext16s) IR_UNARY(ext16u)
IR_UNARY(ext32s) IR_UNARY(ext32u)               /* I64 to I64 */
IR_UNARY(bswap)                                 /* whole width of the type */
IR_BINARY(clz) IR_BINARY(ctz)                   /* c: the result when a is 0 */
IR_UNARY(ctpop)
IR_UNARY(trunc)                                 /* d I32 = low half of a I64 */
IR_UNARY(trunch)                                /* d I32 = high half of a I64 */
IR_UNARY(zext) IR_UNARY(sext)                   /* d I64 from a I32 */
#undef IR_BINARY
#undef IR_UNARY
/* lo:hi = a * c, unsigned / signed; lo and hi must differ */
void ir_mulu2(IrBlock *b, IrVal lo, IrVal hi, IrVal a, IrVal c);
void ir_muls2(IrBlock *b, IrVal lo, IrVal hi, IrVal a, IrVal c);
/* d = a with bits pos..pos+len-1 replaced by the low len bits of c */
void ir_deposit(IrBlock *b, IrVal d, IrVal a, IrVal c, unsigned pos, unsigned len);
void ir_extract(IrBlock *b, IrVal d, IrVal a, unsigned pos, unsigned len);
void ir_sextract(IrBlock *b, IrVal d, IrVal a, unsigned pos, unsigned len);
/* d (I32 or I64) = cond(a, c) ? 1 : 0; a and c of one type, which may differ from d's */
void ir_setcond(IrBlock *b, IrCond cond, IrVal d, IrVal a, IrVal c);
void ir_setcondi(IrBlock *b, IrCond cond, IrVal d, IrVal a, uint64_t c);
/* d = cond(a, c) ? x : y; a, c of one type; d, x, y of one type */
void ir_movcond(IrBlock *b, IrCond cond, IrVal d, IrVal a, IrVal c, IrVal x, IrVal y);

/* host memory relative to a pointer value (ir_env(b) for guest state). Loads of a narrower size
 * extend to d's type; @mo's size and MO_SIGN count, F32/F64/V128 take their own size. A pointer that
 * was loaded from env must not point into guest state: stores may change places. */
void ir_ld(IrBlock *b, IrVal d, IrVal base, int32_t ofs, MemOp mo);
void ir_st(IrBlock *b, IrVal a, IrVal base, int32_t ofs, MemOp mo);
/* d I64 = env + ofs: a pointer into guest state, for helper arguments */
void ir_env_ptr(IrBlock *b, IrVal d, int32_t ofs);

/*
 * 80-bit floating point on values in host memory (state, never guest memory): *d = *a op *b, each in
 * its own format, b unused by the unary ones. Precision, rounding and masks are those of the host's
 * x87 control word as it is, sticky flags collect in its status word. An I64 base and a byte offset
 * locate an operand; nothing may be in a global there.
 */
typedef enum X87Op { X87_ADD, X87_SUB, X87_RSUB /* b - a */, X87_MUL, X87_DIV, X87_SQRT, X87_COPY,
                     X87_N_OPS } X87Op;
typedef enum X87Fmt { X87_F32, X87_F64, X87_F80, X87_I32, X87_I64 } X87Fmt;
typedef struct X87Operand { IrVal base; int16_t ofs; X87Fmt fmt; } X87Operand;
void ir_x87(IrBlock *b, X87Op op, X87Operand d, X87Operand a, X87Operand c);

/* guest memory; addr is I64. May fault: see insn_start. d/a may be of any type that holds @mo. */
void ir_gld(IrBlock *b, IrVal d, IrVal addr, MemOp mo);
void ir_gst(IrBlock *b, IrVal a, IrVal addr, MemOp mo);
/* Atomic read-modify-write with a host lock; d = the old value, zero-extended (MO_SIGN: signed). */
void ir_gatomic(IrBlock *b, IrOp op, IrVal d, IrVal addr, IrVal a, MemOp mo); /* IR_gxchg, IR_gadd,
                                                                IR_gand, IR_gor, IR_gxor */
void ir_gcmpxchg(IrBlock *b, IrVal d, IrVal addr, IrVal expect, IrVal desired, MemOp mo);
void ir_mb(IrBlock *b);             /* full memory barrier */

/* control */
IrLabel *ir_label(IrBlock *b);
void ir_bind(IrBlock *b, IrLabel *l);                           /* the label is here */
void ir_br(IrBlock *b, IrLabel *l);
void ir_brcond(IrBlock *b, IrCond cond, IrVal a, IrVal c, IrLabel *l);
void ir_brcondi(IrBlock *b, IrCond cond, IrVal a, uint64_t c, IrLabel *l);

void ir_call(IrBlock *b, const IrHelper *h, IrVal ret, unsigned n_args, const IrVal *args);

/*
 * Begins the guest instruction at @pc. The words are what CPUOps.restore_state gets back when an
 * op that follows faults. Constants only, so a fault costs the fast path nothing.
 */
#define IR_INSN_WORDS 2
void ir_insn_start(IrBlock *b, uint64_t word0, uint64_t word1);

/* Leaves to the run loop if somebody asked this vCPU to (CPUState.exit_request < 0). */
void ir_exit_check(IrBlock *b);
/* Direct jump, slot 0 or 1: falls through until the run loop has chained it, then jumps to the
 * next block. Followed by ir_exit(b, slot). */
void ir_goto_tb(IrBlock *b, unsigned slot);
/* Back to the run loop. @slot: 0 or 1 after ir_goto_tb(); TB_EXIT_PLAIN otherwise. */
#define TB_EXIT_PLAIN       2u
#define TB_EXIT_REQUESTED   3u
void ir_exit(IrBlock *b, unsigned slot);
/*
 * Indirect jump: finds the block for guest pc @pc (I64) and the block's own flags in the vCPU's
 * jump cache, else by a call. @flags_same false: flags may have changed, ask the slow way
 * (CPUOps.get_tb_key on the written-back state). The front end has stored the new pc to its slot.
 */
void ir_goto_ptr(IrBlock *b, IrVal pc, bool flags_same);
/* The same for a block with other flags (I64), which the front end has stored too. */
void ir_goto_ptr_to(IrBlock *b, IrVal pc, IrVal flags);
/* To a block's code at @code (I64), which the front end knows by its own means. */
void ir_goto_host(IrBlock *b, IrVal code);

void ir_dump(const IrBlock *b, char **text);    /* g_malloc'ed listing for -d op */

#endif
