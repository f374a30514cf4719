/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation of x87 instructions (insns-x87.def): nearly all are one call of a helper. Memory
 * operands are accessed by generated code, so the helper sees values only and a store whose page
 * faults has changed nothing but sticky flags.
 *
 * Rows: arg bits 0..7 are the helper (X87Fn), bits 8.. the number of pops.
 */
#include "target/i386/decode.h"
#include "target/i386/x87-helpers.h"

#define X87_CALL_FLAGS (IR_CALL_NO_READ | IR_CALL_NO_WRITE)

#define IR_RET_V IR_VOID
#define IR_RET_L IR_I64
static const IrHelper x87_helpers[X87_N_FNS] = {
#define H(fn_name, result, n) [X87_##fn_name] = { \
    .name = #fn_name, .fn = (void *)helper_##fn_name, .flags = X87_CALL_FLAGS, \
    .ret = IR_RET_##result, .n_args = 1 + n, .args = { IR_I64, IR_I64, IR_I64, IR_I64 } },
    X87_HELPERS(H)
#undef H
};

#define ARG_FN(insn)   ((X87Fn)((insn)->arg & 0xff))
#define ARG_POPS(insn) ((insn)->arg >> 8)

/* As many of @a, @b, @c as the helper takes. Returns its result, NULL if none. */
static IrVal x87_call(X86Dis *s, X87Fn fn, IrVal a, IrVal b, IrVal c)
{
    const IrHelper *h = &x87_helpers[fn];
    IrVal args[3] = { a, b, c };
    IrVal ret = h->ret == IR_VOID ? NULL : ir_temp(s->b, IR_I64);

    s->mmx_on = false;
    x86_call(s, h, ret, true, h->n_args - 1u, args);
    return ret;
}

/* What FNSTENV shows of the last non-control instruction. After the helper: it may have raised. */
static void x87_note(X86Dis *s, bool mem)
{
    IrBlock *b = s->b;

    ir_st(b, ir_i64(b, s->pc_start), ir_env(b), X86_OFS(fpip), MO_64);
    ir_st(b, ir_i32(b, (s->opcode & 7u) << 8 | s->modrm), ir_env(b), X86_OFS(fpop), MO_16);
    if (mem) {
        ir_st(b, s->ea, ir_env(b), X86_OFS(fpdp), MO_64);
    }
}

static void x87_gen_pop(X86Dis *s)
{
    IrBlock *b = s->b;
    IrVal top = ir_temp(b, IR_I64), tag = ir_temp(b, IR_I64);

    ir_ld(b, top, ir_env(b), X86_OFS(fpstt), MO_8);
    ir_add(b, tag, ir_env(b), top);
    ir_st(b, ir_i32(b, 1), tag, X86_OFS(fptags), MO_8);
    ir_addi(b, top, top, 1);
    ir_andi(b, top, top, 7);
    ir_st(b, top, ir_env(b), X86_OFS(fpstt), MO_8);
}

static IrVal x87_i64(X86Dis *s, uint64_t val)
{
    return ir_i64(s->b, val);
}

/* no operand but ST0, ST1 */
void trans_x87(X86Dis *s, const X86Insn *insn)
{
    x87_call(s, ARG_FN(insn), NULL, NULL, NULL);
    x87_note(s, false);
}

/* the same, leaves no trace in FIP: fninit, fnclex, fwait */
void trans_x87_control(X86Dis *s, const X86Insn *insn)
{
    if (s->opcode == 0x9b && (s->flags & HF_MP) && (s->flags & HF_TS)) {
        x86_gen_exception(s, EXCP07_PREX);
        return;
    }
    x87_call(s, ARG_FN(insn), NULL, NULL, NULL);
}

/* fdisi, feni, fsetpm of older coprocessors */
void trans_x87_nop(X86Dis *s, const X86Insn *insn)
{
}

/* ST(i), pops */
void trans_x87_sti(X86Dis *s, const X86Insn *insn)
{
    x87_call(s, ARG_FN(insn), x87_i64(s, s->modrm & 7), x87_i64(s, ARG_POPS(insn)), NULL);
    x87_note(s, false);
}

/* fcompp, fucompp: with ST1 */
void trans_x87_pp(X86Dis *s, const X86Insn *insn)
{
    x87_call(s, ARG_FN(insn), x87_i64(s, 1), x87_i64(s, ARG_POPS(insn)), NULL);
    x87_note(s, false);
}

/* D9 E8+n */
void trans_x87_const(X86Dis *s, const X86Insn *insn)
{
    x87_call(s, ARG_FN(insn), x87_i64(s, s->modrm & 7), NULL, NULL);
    x87_note(s, false);
}

/* f32, f64 operand */
void trans_x87_mem(X86Dis *s, const X86Insn *insn)
{
    x87_call(s, ARG_FN(insn), x86_load(s, 0), x87_i64(s, ARG_POPS(insn)), NULL);
    x87_note(s, true);
}

/* integer operand */
void trans_x87_imem(X86Dis *s, const X86Insn *insn)
{
    x87_call(s, ARG_FN(insn), x86_load_sext(s, 0), x87_i64(s, ARG_POPS(insn)), NULL);
    x87_note(s, true);
}

/* ten bytes: fld m80, fbld */
void trans_x87_mem80(X86Dis *s, const X86Insn *insn)
{
    IrBlock *b = s->b;
    IrVal lo = ir_temp(b, IR_I64), hi = ir_temp(b, IR_I64), addr = ir_temp(b, IR_I64);

    ir_gld(b, lo, s->addr, x86_mo(s, 8));
    ir_addi(b, addr, s->addr, 8);
    ir_gld(b, hi, addr, x86_mo(s, 2));
    x87_call(s, ARG_FN(insn), lo, hi, NULL);
    x87_note(s, true);
}

/* fst, fist, fisttp */
void trans_x87_store(X86Dis *s, const X86Insn *insn)
{
    x86_store(s, 0, x87_call(s, ARG_FN(insn), x87_i64(s, s->pc), NULL, NULL));
    if (ARG_POPS(insn)) {
        x87_gen_pop(s);
    }
    x87_note(s, true);
}

void trans_x87_store80(X86Dis *s, const X86Insn *insn)
{
    IrBlock *b = s->b;
    IrVal p = x87_call(s, ARG_FN(insn), x87_i64(s, s->pc), NULL, NULL);
    IrVal lo = ir_temp(b, IR_I64), hi = ir_temp(b, IR_I64), addr = ir_temp(b, IR_I64);

    ir_ld(b, lo, p, 0, MO_64);
    ir_ld(b, hi, p, 8, MO_16);
    ir_gst(b, lo, s->addr, x86_mo(s, 8));
    ir_addi(b, addr, s->addr, 8);
    ir_gst(b, hi, addr, x86_mo(s, 2));
    x87_gen_pop(s);
    x87_note(s, true);
}

void trans_x87_fbstp(X86Dis *s, const X86Insn *insn)
{
    x87_call(s, ARG_FN(insn), s->addr, x87_i64(s, s->mmu), x87_i64(s, s->pc));
    x87_note(s, true);
}

/* fcomi and relatives; OF, SF, AF become 0 */
void trans_x87_fcomi(X86Dis *s, const X86Insn *insn)
{
    IrVal cc = x87_call(s, ARG_FN(insn), x87_i64(s, s->modrm & 7), x87_i64(s, ARG_POPS(insn)),
                        NULL);

    x86_flags_write(s, cc);
    x87_note(s, false);
}

/* DA C0.., DB C0..: b, e, be, u by modrm.reg, negated in DB */
void trans_x87_fcmov(X86Dis *s, const X86Insn *insn)
{
    static const uint32_t flags[4] = { CC_C, CC_Z, CC_C | CC_Z, CC_P };
    IrBlock *b = s->b;
    IrVal f = ir_temp(b, IR_I64), move = ir_temp(b, IR_I64);

    ir_andi(b, f, x86_flags_read(s), flags[s->modrm >> 3 & 3]);
    ir_setcondi(b, s->opcode & 1 ? IR_COND_EQ : IR_COND_NE, move, f, 0);
    x87_call(s, ARG_FN(insn), x87_i64(s, s->modrm & 7), move, NULL);
    x87_note(s, false);
}

/* ---- control and status words, the environment ---- */

void trans_x87_fnstcw(X86Dis *s, const X86Insn *insn)
{
    IrVal cw = ir_temp(s->b, IR_I64);

    ir_ld(s->b, cw, ir_env(s->b), X86_OFS(fpuc), MO_16);
    x86_store(s, 0, cw);
}

void trans_x87_fldcw(X86Dis *s, const X86Insn *insn)
{
    x87_call(s, ARG_FN(insn), x86_load(s, 0), NULL, NULL);
}

static IrVal x87_status_word(X86Dis *s)
{
    IrBlock *b = s->b;
    IrVal sw = ir_temp(b, IR_I64), top = ir_temp(b, IR_I64);

    ir_ld(b, sw, ir_env(b), X86_OFS(fpus), MO_16);
    ir_ld(b, top, ir_env(b), X86_OFS(fpstt), MO_8);
    ir_deposit(b, sw, sw, top, 11, 3);
    return sw;
}

void trans_x87_fnstsw(X86Dis *s, const X86Insn *insn)
{
    x86_store(s, 0, x87_status_word(s));
}

void trans_x87_fnstsw_ax(X86Dis *s, const X86Insn *insn)
{
    x86_reg_write(s, R_EAX, 2, x87_status_word(s));
}

/* fnstenv, fldenv, fnsave, frstor */
void trans_x87_env(X86Dis *s, const X86Insn *insn)
{
    unsigned fmt = (s->osize == 2 ? 2u : 4u) | (!s->pe || s->vm86 ? 0x100u : 0);

    x87_call(s, ARG_FN(insn), s->addr, x87_i64(s, fmt), x87_i64(s, s->mmu));
}
