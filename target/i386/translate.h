/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the integer translator's files share beyond decode.h.
 *
 *   translate.c         blocks, operands, addresses, exits
 *   translate-cc.c      lazy flags and conditions
 *   translate-int.c     arithmetic, moves        translate-bits.c    shifts, rotates, bits, BMI
 *   translate-ctl.c     stack, jumps, calls      translate-string.c  strings, ports
 *   translate-sys.c     system instructions          translate-loop.c    blocks that are loops
 */
#ifndef TARGET_I386_TRANSLATE_H
#define TARGET_I386_TRANSLATE_H

#include "target/i386/alu-helpers.h"
#include "target/i386/decode.h"

/* ---- values ---- */
static inline IrVal x86_tmp(X86Dis *s) { return ir_temp(s->b, IR_I64); }
static inline IrVal x86_imm(X86Dis *s, uint64_t v) { return ir_i64(s->b, v); }
IrVal x86_copy(X86Dis *s, IrVal v);             /* a fresh temporary */
/* as x86_load(), but bits above the operand's size are unspecified */
IrVal x86_load_any(X86Dis *s, unsigned i);
/* the low @bytes of @v, extended: an I32 for 4 bytes (cheapest to compare), else an I64 */
IrVal x86_narrow(X86Dis *s, IrVal v, unsigned bytes, bool sign);
IrVal x86_zext(X86Dis *s, IrVal v, unsigned bytes);     /* I64 to I64 */
IrVal x86_sext(X86Dis *s, IrVal v, unsigned bytes);
static inline unsigned x86_log2(unsigned bytes) { return 31 - (unsigned)__builtin_clz(bytes); }
static inline uint64_t x86_sign_bit(unsigned bytes) { return 1ull << (bytes * 8 - 1); }
static inline bool x86_is_locked(const X86Dis *s) { return s->lock && s->info->smp; }
/* both are the same general register */
bool x86_same_reg(const X86Dis *s, unsigned i, unsigned j);

/* ---- addresses ---- */
/* linear address of offset @ea (zero-extended to the address size) in segment @seg */
IrVal x86_linear(X86Dis *s, IrVal ea, int seg);
void x86_gen_address(X86Dis *s, int64_t extra);         /* s->ea, s->addr; @extra added to disp */
IrVal x86_wrap(X86Dis *s, IrVal ea);                    /* zero-extended from the address size */

/* ---- stack ---- */
unsigned x86_stack_bytes(const X86Dis *s);              /* size of the stack pointer: 2, 4, 8 */
void x86_push(X86Dis *s, IrVal v, unsigned bytes);      /* may fault; then nothing has changed */
IrVal x86_stack_top(X86Dis *s, unsigned bytes);         /* the value to be popped */
void x86_stack_drop(X86Dis *s, int64_t bytes);

/* ---- flags ---- */
typedef struct X86Cond { IrCond cond; IrVal a, b; } X86Cond;
X86Cond x86_cond(X86Dis *s, unsigned cc);               /* condition code 0..15 of Jcc */
IrVal x86_carry(X86Dis *s);                             /* I64, 0 or 1 */
void x86_cc_sub(X86Dis *s, IrVal a, IrVal b, IrVal res, unsigned bytes);
void x86_cc_set1(X86Dis *s, CCOp op_b, IrVal dst, unsigned bytes);          /* op_b: the B form */
void x86_cc_set2(X86Dis *s, CCOp op_b, IrVal dst, IrVal src, unsigned bytes);
/* the flags of @mask become those of @bits (no others set there) */
void x86_flags_merge(X86Dis *s, uint32_t mask, IrVal bits);
/* CF and OF become @c and @o (I64, 0 or 1); NULL: as before. The others stay. */
void x86_cc_override(X86Dis *s, IrVal c, IrVal o);
/* the same unless @count (I64) is 0 */
void x86_cc_override_unless0(X86Dis *s, IrVal count, IrVal c, IrVal o);
/* CF = carry (0 or 1), ZF kept, others undefined */
void x86_cc_carry_keep_z(X86Dis *s, IrVal carry);
IrVal x86_overflow(X86Dis *s);                          /* I64, 0 or 1 */
/*
 * Keeps the flags as they were if @count (I64) is 0, else they are those of op_b. Used where the
 * count is not a constant.
 */
void x86_cc_set2_unless0(X86Dis *s, IrVal count, CCOp op_b, IrVal dst, IrVal src, unsigned bytes);

/* ---- exits. All set s->ended where they end the block on all paths. ---- */
uint64_t x86_eip_to_linear(const X86Dis *s, uint64_t eip);
void x86_goto(X86Dis *s, unsigned slot, uint64_t eip);  /* one way out; cc is flushed before */
void x86_goto_reg(X86Dis *s, IrVal eip);                /* indirect, same mode; eip zero-extended */
void x86_goto_new_mode(X86Dis *s);                      /* env->eip, segments, hflags are set */
void x86_goto_run_loop(X86Dis *s);                      /* the same, and look for interrupts */
void x86_end_block_look(X86Dis *s);     /* as x86_end_block_eip(), and look for interrupts */

/* ---- loops ---- */
/* A jump to @eip, which is about to be made, is the loop's back edge: x86_loop_close() makes it. */
bool x86_loop_closes(X86Dis *s, uint64_t eip);
void x86_loop_close(X86Dis *s);
void x86_loop_enter(X86Dis *s);                 /* second pass, before the first instruction */
/* part of XMM register @reg at @ofs from env, as wide as the value's type */
void x86_xmm_load(X86Dis *s, IrVal d, unsigned reg, int32_t ofs);
void x86_xmm_store(X86Dis *s, IrVal v, unsigned reg, int32_t ofs);

static inline void x86_helper(X86Dis *s, const IrHelper *h)
{ x86_call(s, h, NULL, true, 0, NULL); }
static inline void x86_helper1(X86Dis *s, const IrHelper *h, IrVal a)
{ x86_call(s, h, NULL, true, 1, (IrVal[]){ a }); }
static inline void x86_helper2(X86Dis *s, const IrHelper *h, IrVal a, IrVal c)
{ x86_call(s, h, NULL, true, 2, (IrVal[]){ a, c }); }

#endif
