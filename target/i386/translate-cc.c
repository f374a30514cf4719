/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lazy flags. An instruction leaves its operands in cc_dst, cc_src, cc_src2 and the operation in
 * s->cc_op; env->cc_op is only written where somebody may look. Assignments that nobody reads are
 * removed by the IR's liveness, so setting flags costs nothing when the next one overwrites them.
 *
 * Order: an instruction sets them after its last access that can fault, because the flags of the
 * state before it must be recoverable there.
 */
#include "target/i386/translate.h"

/* which of cc_dst 1, cc_src 2, cc_src2 4 an operation needs */
static unsigned cc_uses(CCOp op)
{
    static const uint8_t uses[] = { 3, 7, 3, 7, 1, 3, 3, 3, 3, 3, 3, 3 };

    if (op == CC_OP_DYNAMIC) {
        return 7;
    }
    if (op < CC_OP_ADDB) {
        return op == CC_OP_FLAGS ? 2 : 0;
    }
    return op == CC_OP_POPCNT ? 1 : uses[(op - CC_OP_ADDB) / 4];
}

/* ---- setting ---- */

void x86_cc_set(X86Dis *s, CCOp op)
{
    s->cmp_a = s->cmp_b = NULL;
    s->cc_under = CC_OP_DYNAMIC;
    s->cc_over = 0;
    if (op == CC_OP_DYNAMIC) {
        s->cc_op_dirty = false;
    } else if (op != s->cc_op) {
        s->cc_op_dirty = true;
    }
    s->cc_op = op;
}

void x86_cc_flush(X86Dis *s)
{
    if (s->cc_op_dirty) {
        ir_movi(s->b, x86_cc_op, s->cc_op);
        s->cc_op_dirty = false;
    }
}

void x86_cc_set1(X86Dis *s, CCOp op_b, IrVal dst, unsigned bytes)
{
    ir_mov(s->b, x86_cc_dst, dst);
    x86_cc_set(s, op_b + x86_log2(bytes));
}

void x86_cc_set2(X86Dis *s, CCOp op_b, IrVal dst, IrVal src, unsigned bytes)
{
    ir_mov(s->b, x86_cc_dst, dst);
    ir_mov(s->b, x86_cc_src, src);
    x86_cc_set(s, op_b + x86_log2(bytes));
}

void x86_cc_sub(X86Dis *s, IrVal a, IrVal b, IrVal res, unsigned bytes)
{
    x86_cc_set2(s, CC_OP_SUBB, res, b, bytes);
    s->cmp_a = a;
    s->cmp_b = b;
}

void x86_flags_write(X86Dis *s, IrVal cc_bits)
{
    ir_mov(s->b, x86_cc_src, cc_bits);
    x86_cc_set(s, CC_OP_FLAGS);
}

void x86_flags_merge(X86Dis *s, uint32_t mask, IrVal bits)
{
    IrVal f = x86_flags_read(s), t = x86_tmp(s);

    ir_andi(s->b, t, f, ~(uint64_t)mask);
    ir_or(s->b, t, t, bits);
    x86_flags_write(s, t);
}

/* @op |= bit at @shift */
static void or_bit(X86Dis *s, IrVal op, IrVal bit, unsigned shift)
{
    IrVal t = ir_temp(s->b, IR_I32);

    ir_trunc(s->b, t, bit);
    ir_shli(s->b, t, t, shift);
    ir_or(s->b, op, op, t);
}

/* env->cc_op with CF and OF overridden as asked, an I32; where what it holds is known, it depends
 * on the bits that stay only. *under and *over describe it. */
static IrVal overridden(X86Dis *s, IrVal c, IrVal o, CCOp *under, uint32_t *over)
{
    uint32_t mask = (c ? CC_OVER_C : 0) | (o ? CC_OVER_O : 0), keep;
    IrVal op = ir_temp(s->b, IR_I32);
    bool known = s->cc_op != CC_OP_DYNAMIC || s->cc_under != CC_OP_DYNAMIC;

    *under = s->cc_op != CC_OP_DYNAMIC ? s->cc_op : s->cc_under;
    *over = s->cc_over | mask;
    keep = known ? s->cc_over & ~mask : 0xff | (CC_OVER_C * 3 + CC_OVER_O * 3);
    keep = known ? keep | keep << 1 : keep & ~(mask | mask << 1);
    if (keep) {
        ir_andi(s->b, op, x86_cc_op, keep);
        ir_ori(s->b, op, op, mask | (known ? *under : 0));
    } else {
        ir_movi(s->b, op, mask | *under);
    }
    if (c) {
        or_bit(s, op, c, CC_OVER_C_SHIFT);
    }
    if (o) {
        or_bit(s, op, o, CC_OVER_O_SHIFT);
    }
    return op;
}

static void set_overridden(X86Dis *s, IrVal op, CCOp under, uint32_t over)
{
    ir_mov(s->b, x86_cc_op, op);
    x86_cc_set(s, CC_OP_DYNAMIC);
    s->cc_under = under;
    s->cc_over = over;
}

void x86_cc_override(X86Dis *s, IrVal c, IrVal o)
{
    uint32_t over;
    CCOp under;
    IrVal op = overridden(s, c, o, &under, &over);

    set_overridden(s, op, under, over);
}

void x86_cc_override_unless0(X86Dis *s, IrVal count, IrVal c, IrVal o)
{
    uint32_t over;
    CCOp under;
    IrVal op, old = ir_temp(s->b, IR_I32);

    x86_cc_flush(s);
    ir_mov(s->b, old, x86_cc_op);
    op = overridden(s, c, o, &under, &over);
    ir_movcond(s->b, IR_COND_NE, op, count, x86_imm(s, 0), op, old);
    set_overridden(s, op, CC_OP_DYNAMIC, 0);
}

void x86_cc_carry_keep_z(X86Dis *s, IrVal carry)
{
    /* operations whose ZF is cc_dst == 0 have a sibling with another CF: SAR */
    if (s->cc_op >= CC_OP_ADDB && s->cc_op < CC_OP_POPCNT) {
        unsigned size = (s->cc_op - CC_OP_ADDB) & 3;
        ir_mov(s->b, x86_cc_src, carry);
        x86_cc_set(s, CC_OP_SARB + size);
    } else {
        x86_cc_override(s, carry, NULL);
    }
}

void x86_cc_set2_unless0(X86Dis *s, IrVal count, CCOp op_b, IrVal dst, IrVal src, unsigned bytes)
{
    IrBlock *b = s->b;
    IrVal zero = x86_imm(s, 0), op = ir_i32(b, op_b + x86_log2(bytes));

    x86_cc_flush(s);
    if (s->cc_op == CC_OP_CLR) {            /* leaves nothing in cc_dst, cc_src */
        ir_movi(b, x86_cc_src, CC_Z | CC_P);
        ir_movi(b, x86_cc_op, CC_OP_FLAGS);
    }
    ir_movcond(b, IR_COND_NE, x86_cc_dst, count, zero, dst, x86_cc_dst);
    ir_movcond(b, IR_COND_NE, x86_cc_src, count, zero, src, x86_cc_src);
    ir_movcond(b, IR_COND_NE, x86_cc_op, count, zero, op, x86_cc_op);
    x86_cc_set(s, CC_OP_DYNAMIC);
}

/* ---- reading ---- */

IrVal x86_flags_read(X86Dis *s)
{
    IrVal t = x86_tmp(s), zero = x86_imm(s, 0), op;
    unsigned uses = cc_uses(s->cc_op);

    if (s->cc_op == CC_OP_FLAGS) {
        return x86_copy(s, x86_cc_src);
    }
    if (s->cc_op == CC_OP_CLR) {
        return x86_imm(s, CC_Z | CC_P);
    }
    if (s->cc_op == CC_OP_DYNAMIC) {
        op = x86_tmp(s);
        ir_zext(s->b, op, x86_cc_op);
    } else {
        op = x86_imm(s, s->cc_op);
    }
    x86_call(s, &alu_cc, t, false, 4,
             (IrVal[]){ uses & 1 ? x86_cc_dst : zero, uses & 2 ? x86_cc_src : zero,
                        uses & 4 ? x86_cc_src2 : zero, op });
    return t;
}

/* ---- conditions ---- */

static X86Cond cond_of(X86Dis *s, IrCond cond, IrVal a, uint64_t b)
{
    return (X86Cond){ cond, a, ir_const(s->b, ir_type(a), b) };
}

static X86Cond cond_const(X86Dis *s, bool value)
{
    return cond_of(s, value ? IR_COND_EQ : IR_COND_NE, x86_imm(s, 0), 0);
}

/* sign-sensitive or not, the value against zero */
static X86Cond cond_zero(X86Dis *s, IrVal v, unsigned bytes)
{
    if (bytes < 4) {
        return cond_of(s, IR_COND_TSTEQ, v, x86_sign_bit(bytes) * 2 - 1);
    }
    return cond_of(s, IR_COND_EQ, x86_narrow(s, v, bytes, false), 0);
}

static X86Cond cond_sign(X86Dis *s, IrVal v, unsigned bytes)
{
    if (bytes < 4) {
        return cond_of(s, IR_COND_TSTNE, v, x86_sign_bit(bytes));
    }
    return cond_of(s, IR_COND_LT, x86_narrow(s, v, bytes, true), 0);
}

static X86Cond cond_compare(X86Dis *s, IrCond cond, IrVal a, IrVal b, unsigned bytes)
{
    bool sign = cond == IR_COND_LT || cond == IR_COND_LE;

    return (X86Cond){ cond, x86_narrow(s, a, bytes, sign), x86_narrow(s, b, bytes, sign) };
}

/* the values that the last SUB compared */
static void sub_operands(X86Dis *s, IrVal *a, IrVal *b)
{
    *a = s->cmp_a;
    *b = s->cmp_b;
    if (!*a) {
        *a = x86_tmp(s);
        *b = x86_cc_src;
        ir_add(s->b, *a, x86_cc_dst, x86_cc_src);
    }
}

/* CF of a sum or difference with carry in: x < src, or x == src and there was a carry */
static X86Cond carry_chain(X86Dis *s, IrVal x, unsigned bytes)
{
    IrBlock *b = s->b;
    IrVal v = x86_narrow(s, x, bytes, false), src = x86_narrow(s, x86_cc_src, bytes, false);
    IrVal below = x86_tmp(s), same = x86_tmp(s);

    ir_setcond(b, IR_COND_LTU, below, v, src);
    ir_setcond(b, IR_COND_EQ, same, v, src);
    ir_and(b, same, same, x86_cc_src2);
    ir_or(b, below, below, same);
    return cond_of(s, IR_COND_NE, below, 0);
}

/* CF of the known operation s->cc_op */
static X86Cond cond_carry(X86Dis *s, CCOp op_b, unsigned bytes)
{
    IrVal a, b;

    switch (op_b) {
    case CC_OP_ADDB:
        return cond_compare(s, IR_COND_LTU, x86_cc_dst, x86_cc_src, bytes);
    case CC_OP_SUBB:
        sub_operands(s, &a, &b);
        return cond_compare(s, IR_COND_LTU, a, b, bytes);
    case CC_OP_ADCB:
        return carry_chain(s, x86_cc_dst, bytes);
    case CC_OP_SBBB:
        a = x86_tmp(s);
        ir_add(s->b, a, x86_cc_dst, x86_cc_src);
        ir_add(s->b, a, a, x86_cc_src2);
        return carry_chain(s, a, bytes);
    case CC_OP_LOGICB:
        return cond_const(s, false);
    case CC_OP_INCB: case CC_OP_DECB: case CC_OP_MULB:
        return cond_of(s, IR_COND_NE, x86_cc_src, 0);
    case CC_OP_SHLB:
        return cond_of(s, IR_COND_TSTNE, x86_cc_src, x86_sign_bit(bytes));
    case CC_OP_SARB:
        return cond_of(s, IR_COND_TSTNE, x86_cc_src, 1);
    case CC_OP_BMILGB:
        return cond_zero(s, x86_cc_src, bytes);
    default: {                      /* BLSI */
        X86Cond c = cond_zero(s, x86_cc_src, bytes);
        c.cond = ir_cond_invert(c.cond);
        return c;
    }
    }
}

enum { JCC_O, JCC_B, JCC_Z, JCC_BE, JCC_S, JCC_P, JCC_L, JCC_LE };

static X86Cond cond_of_bits(X86Dis *s, IrVal flags, unsigned jcc)
{
    static const uint32_t bits[] = { CC_O, CC_C, CC_Z, CC_C | CC_Z, CC_S, CC_P };
    IrVal t;

    if (jcc < JCC_L) {
        return cond_of(s, IR_COND_TSTNE, flags, bits[jcc]);
    }
    t = x86_tmp(s);                         /* SF != OF, in SF's place */
    ir_shri(s->b, t, flags, 4);
    ir_xor(s->b, t, t, flags);
    if (jcc == JCC_LE) {
        IrVal z = x86_tmp(s);
        ir_andi(s->b, t, t, CC_S);
        ir_andi(s->b, z, flags, CC_Z);
        ir_or(s->b, t, t, z);
        return cond_of(s, IR_COND_NE, t, 0);
    }
    return cond_of(s, IR_COND_TSTNE, t, CC_S);
}

static bool cond_sub(X86Dis *s, unsigned jcc, unsigned bytes, X86Cond *c)
{
    static const IrCond conds[] = {
        [JCC_B] = IR_COND_LTU, [JCC_Z] = IR_COND_EQ, [JCC_BE] = IR_COND_LEU,
        [JCC_L] = IR_COND_LT, [JCC_LE] = IR_COND_LE,
    };
    IrVal a, b;

    if (jcc == JCC_O || jcc == JCC_S || jcc == JCC_P) {
        return false;
    }
    sub_operands(s, &a, &b);
    *c = cond_compare(s, conds[jcc], a, b, bytes);
    return true;
}

static bool cond_logic(X86Dis *s, unsigned jcc, unsigned bytes, X86Cond *c)
{
    switch (jcc) {
    case JCC_O: case JCC_B:
        *c = cond_const(s, false);
        return true;
    case JCC_BE:
        *c = cond_zero(s, x86_cc_dst, bytes);
        return true;
    case JCC_L:
        *c = cond_sign(s, x86_cc_dst, bytes);
        return true;
    case JCC_LE:
        *c = cond_of(s, IR_COND_LE, x86_narrow(s, x86_cc_dst, bytes, true), 0);
        return true;
    default:
        return false;
    }
}

/* DEC leaves dst = x - 1; SF != OF is x < 1 */
static bool cond_dec(X86Dis *s, unsigned jcc, unsigned bytes, X86Cond *c)
{
    IrVal x;

    if (jcc != JCC_L && jcc != JCC_LE) {
        return false;
    }
    x = x86_tmp(s);
    ir_addi(s->b, x, x86_cc_dst, 1);
    *c = cond_of(s, jcc == JCC_L ? IR_COND_LT : IR_COND_LE, x86_narrow(s, x, bytes, true), 1);
    return true;
}

/* conditions that follow from the operands; false: go by the flags */
static bool cond_direct(X86Dis *s, unsigned jcc, X86Cond *c)
{
    unsigned size = (s->cc_op - CC_OP_ADDB) & 3, bytes = 1u << size;
    CCOp op_b = s->cc_op - size;

    if (s->cc_op < CC_OP_ADDB) {
        return false;
    }
    if (s->cc_op == CC_OP_POPCNT) {
        *c = jcc == JCC_Z || jcc == JCC_BE || jcc == JCC_LE ? cond_of(s, IR_COND_EQ, x86_cc_dst, 0)
                                                            : cond_const(s, false);
        return true;
    }
    if ((op_b == CC_OP_SUBB && cond_sub(s, jcc, bytes, c)) ||
        (op_b == CC_OP_LOGICB && cond_logic(s, jcc, bytes, c)) ||
        (op_b == CC_OP_DECB && cond_dec(s, jcc, bytes, c))) {
        return true;
    }
    switch (jcc) {
    case JCC_Z: *c = cond_zero(s, x86_cc_dst, bytes); return true;
    case JCC_S: *c = cond_sign(s, x86_cc_dst, bytes); return true;
    case JCC_B: *c = cond_carry(s, op_b, bytes); return true;
    case JCC_O:
        if (op_b == CC_OP_MULB) {
            *c = cond_of(s, IR_COND_NE, x86_cc_src, 0);
            return true;
        }
        return false;
    default: return false;
    }
}

/* which of the overridable flags a condition looks at */
static const uint32_t over_of[] = {
    [JCC_O] = CC_OVER_O, [JCC_B] = CC_OVER_C, [JCC_Z] = 0, [JCC_BE] = CC_OVER_C, [JCC_S] = 0,
    [JCC_P] = 0, [JCC_L] = CC_OVER_O, [JCC_LE] = CC_OVER_O,
};

/* conditions while CF or OF is overridden and the operation beneath is known */
static bool cond_overridden(X86Dis *s, unsigned jcc, X86Cond *c)
{
    bool ok;

    if (s->cc_op != CC_OP_DYNAMIC) {
        return false;
    }
    if (s->cc_over & over_of[jcc]) {
        *c = cond_of(s, IR_COND_TSTNE, x86_cc_op, over_of[jcc] << 1);
        return jcc == JCC_O || jcc == JCC_B;
    }
    if (s->cc_under == CC_OP_DYNAMIC) {
        return false;
    }
    s->cc_op = s->cc_under;
    ok = cond_direct(s, jcc, c);
    if (!ok && s->cc_op == CC_OP_FLAGS) {
        *c = cond_of_bits(s, x86_cc_src, jcc);
        ok = true;
    }
    s->cc_op = CC_OP_DYNAMIC;
    return ok;
}

X86Cond x86_cond(X86Dis *s, unsigned cc)
{
    X86Cond c;

    if (!cond_direct(s, cc >> 1, &c) && !cond_overridden(s, cc >> 1, &c)) {
        c = cond_of_bits(s, x86_flags_read(s), cc >> 1);
    }
    if (cc & 1) {
        c.cond = ir_cond_invert(c.cond);
    }
    return c;
}

static IrVal flag_value(X86Dis *s, unsigned jcc)
{
    X86Cond c = x86_cond(s, jcc * 2);
    IrVal t = x86_tmp(s);

    ir_setcond(s->b, c.cond, t, c.a, c.b);
    return t;
}

IrVal x86_carry(X86Dis *s) { return flag_value(s, JCC_B); }
IrVal x86_overflow(X86Dis *s) { return flag_value(s, JCC_O); }
