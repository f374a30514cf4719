/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Integer operations on registers: arithmetic, logic, shifts, bit fields, comparisons, merges, and
 * the combined operations, which make two of them in a row.
 *
 * Names say what a row does: "addd" is BASIC_ADD on 64 bits, "add_subs" BASIC_ADD then BASIC_SUB on
 * 32. The tables below list the names without the last letter.
 */
#include <string.h>
#include "target/e2k/int-helpers.h"
#include "target/e2k/translate-priv.h"
#include "tcg/tcg.h"

/* ---- operations of two operands ---- */

typedef enum Basic {
    BASIC_AND, BASIC_ANDN, BASIC_OR, BASIC_ORN, BASIC_XOR, BASIC_XORN, BASIC_ADD, BASIC_SUB,
    BASIC_RSUB, BASIC_SCL, BASIC_SCR, BASIC_SHL, BASIC_SHR, BASIC_SAR, BASIC_GETF, BASIC_MERGE,
    BASIC_MUL, N_BASIC
} Basic;

static const char *const basic_names[N_BASIC] = {
    "and", "andn", "or", "orn", "xor", "xorn", "add", "sub", "rsub", "scl", "scr", "shl", "shr",
    "sar", "getf", "merge", "mul",
};

static const IrOp basic_ops[N_BASIC] = {        /* IR_nop: more than one */
    [BASIC_AND] = IR_and, [BASIC_ANDN] = IR_andc, [BASIC_OR] = IR_or, [BASIC_XOR] = IR_xor,
    [BASIC_ADD] = IR_add, [BASIC_SUB] = IR_sub, [BASIC_SCL] = IR_rotl, [BASIC_SCR] = IR_rotr,
    [BASIC_SHL] = IR_shl, [BASIC_SHR] = IR_shr, [BASIC_SAR] = IR_sar, [BASIC_MUL] = IR_mul,
};

static unsigned bits_of(IrType t) { return t == IR_I64 ? 64 : 32; }

/* ---- bit fields ---- */

static IrVal widen(DC *dc, IrVal v)
{
    IrVal t;

    if (ir_type(v) == IR_I64) {
        return v;
    }
    t = ir_temp(dc->b, IR_I64);
    ir_zext(dc->b, t, v);
    return t;
}

static IrVal narrow(DC *dc, IrVal v, IrType type)
{
    IrVal t;

    if (type == IR_I64) {
        return v;
    }
    t = ir_temp(dc->b, IR_I32);
    ir_trunc(dc->b, t, v);
    return t;
}

/* the field described by a constant: no rotation if it does not wrap */
static void field_const(DC *dc, IrVal d, IrVal a, uint64_t desc, bool own_sign)
{
    unsigned bits = bits_of(ir_type(d)), offset = desc & (bits - 1), len = desc >> 6 & (bits - 1);
    IrVal t = a;

    if (len == 0) {
        ir_movi(dc->b, d, 0);
        return;
    }
    if (offset + len > bits) {
        t = ir_temp(dc->b, ir_type(d));
        ir_rotri(dc->b, t, a, offset);
        offset = 0;
    }
    if (own_sign) {
        ir_sextract(dc->b, d, t, offset, len);
    } else {
        ir_extract(dc->b, d, t, offset, len);
    }
}

/* v1..v4: is the bit that gives the sign another one than the field's top bit? */
static bool odd_sign(const DC *dc, unsigned bits, uint64_t desc)
{
    unsigned offset = desc & (bits - 1), len = desc >> 6 & (bits - 1);
    unsigned top = (offset + len - 1) & (bits - 1);

    return dc->version < 5 && (desc >> 12 & 1) && len && top / 8 != (desc >> 13 & (bits / 8 - 1));
}

static void getf(DC *dc, IrVal d, IrVal a, IrVal desc, bool clear_low)
{
    unsigned bits = bits_of(ir_type(d)), how = bits == 64 ? E2K_GETF_64 : 0;
    uint64_t k;
    IrVal t;

    if (ir_is_const(desc, &k) && (clear_low || !odd_sign(dc, bits, k))) {
        field_const(dc, d, a, k, k >> 12 & 1);
        if (clear_low && (k >> 13 & 7)) {
            ir_andi(dc->b, d, d, ~0ull << (k >> 13 & 7));
        }
        return;
    }
    how |= clear_low ? E2K_GETF_Z : dc->version < 5 ? E2K_GETF_OLD : 0;
    t = ir_temp(dc->b, IR_I64);
    e2k_call(dc, &e2k_helper_getf, t, 3, widen(dc, a), widen(dc, desc), ir_i32(dc->b, how), NULL,
             NULL, NULL);
    ir_mov(dc->b, d, narrow(dc, t, ir_type(d)));
}

static void emit_getfz(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal d = ir_temp(dc->b, (IrType)e->c);

    getf(dc, d, e2k_src(dc, op, 1, (IrType)e->c), e2k_src(dc, op, 2, (IrType)e->c), true);
    e2k_dst(dc, op, d);
}

/* s1 rotated right by s2[5:0], its low s2[11:6] bits taken from s3 */
static void emit_insf(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrType type = (IrType)e->c;
    unsigned bits = bits_of(type);
    IrVal a = e2k_src(dc, op, 1, type), desc = e2k_src(dc, op, 2, type);
    IrVal v = e2k_src(dc, op, 3, type), d = ir_temp(dc->b, type), mask, t;
    uint64_t k;

    if (ir_is_const(desc, &k)) {
        unsigned len = k >> 6 & (bits - 1);

        ir_rotri(dc->b, d, a, k & (bits - 1));
        if (len) {
            ir_deposit(dc->b, d, d, v, 0, len);
        }
        e2k_dst(dc, op, d);
        return;
    }
    mask = ir_temp(dc->b, type);
    t = ir_temp(dc->b, type);
    ir_extract(dc->b, t, desc, 6, bits == 64 ? 6 : 5);
    ir_movi(dc->b, mask, 1);
    ir_shl(dc->b, mask, mask, t);
    ir_subi(dc->b, mask, mask, 1);
    ir_andi(dc->b, t, desc, bits - 1);
    ir_rotr(dc->b, d, a, t);
    ir_andc(dc->b, d, d, mask);
    t = ir_temp(dc->b, type);
    ir_and(dc->b, t, v, mask);
    ir_or(dc->b, d, d, t);
    e2k_dst(dc, op, d);
}

/* ---- one or two of them ---- */

static void choose(DC *dc, const E2kAlop *op, IrVal d, IrVal yes, IrVal no)
{
    ir_movcond(dc->b, IR_COND_NE, d, e2k_mrgc(dc, op), ir_i32(dc->b, 0), yes, no);
}

/* counts of shifts are taken modulo the width */
static IrVal shift_count(DC *dc, Basic kind, IrVal n)
{
    unsigned mask = bits_of(ir_type(n)) - 1;
    uint64_t k;
    IrVal t;

    if (kind < BASIC_SCL || kind > BASIC_SAR) {
        return n;
    }
    if (ir_is_const(n, &k)) {
        return ir_const(dc->b, ir_type(n), k & mask);
    }
    if (kind <= BASIC_SCR) {
        return n;
    }
    t = ir_temp(dc->b, ir_type(n));
    ir_andi(dc->b, t, n, mask);
    return t;
}

/* @d is none of the operands */
static void basic(DC *dc, const E2kAlop *op, Basic kind, IrVal d, IrVal a, IrVal c)
{
    switch (kind) {
    case BASIC_ORN:
    case BASIC_XORN:
        ir_not(dc->b, d, c);
        ir_op2(dc->b, kind == BASIC_ORN ? IR_or : IR_xor, d, a, d);
        break;
    case BASIC_RSUB:
        ir_sub(dc->b, d, c, a);
        break;
    case BASIC_GETF:
        getf(dc, d, a, c, false);
        break;
    case BASIC_MERGE:
        choose(dc, op, d, c, a);
        break;
    default:
        ir_op2(dc->b, basic_ops[kind], d, a, shift_count(dc, kind, c));
        break;
    }
}

/* a: which; c: type */
static void emit_basic(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrType type = (IrType)e->c;
    IrVal a = e2k_src(dc, op, 1, type), c = e2k_src(dc, op, 2, type), d = ir_temp(dc->b, type);

    basic(dc, op, (Basic)e->a, d, a, c);
    e2k_dst(dc, op, d);
}

/* t = s1 OP s2; d = s3 OP2 t */
static void emit_combined(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrType type = (IrType)e->c;
    IrVal a = e2k_src(dc, op, 1, type), c = e2k_src(dc, op, 2, type);
    IrVal s3 = e2k_src(dc, op, 3, type), t = ir_temp(dc->b, type), d = ir_temp(dc->b, type);

    basic(dc, op, (Basic)(e->a & 0xff), t, a, c);
    basic(dc, op, (Basic)(e->a >> 8), d, s3, t);
    e2k_dst(dc, op, d);
}

/* MRGC ? s2 : s1, as floating point where the block knows an operand as such */
static void emit_merge64(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal no = e2k_src_any64(dc, op, 1), yes = e2k_src_any64(dc, op, 2), d;

    if (ir_type(no) != ir_type(yes)) {
        no = e2k_src(dc, op, 1, IR_F64);
        yes = e2k_src(dc, op, 2, IR_F64);
    }
    d = ir_temp(dc->b, ir_type(no));
    choose(dc, op, d, yes, no);
    e2k_dst(dc, op, d);
}

static void emit_merge128(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal no = e2k_src(dc, op, 1, IR_V128), yes = e2k_src(dc, op, 2, IR_V128);
    IrVal d = ir_temp(dc->b, IR_V128);

    choose(dc, op, d, yes, no);
    e2k_dst(dc, op, d);
}

static int find_name(const char *const *names, unsigned n, const char *name, size_t len)
{
    for (unsigned i = 0; i < n; i++) {
        if (strlen(names[i]) == len && !strncmp(names[i], name, len)) {
            return (int)i;
        }
    }
    return -1;
}

/* "s" or "d" at the end */
static bool type_of_name(const char *name, IrType *type)
{
    char last = name[strlen(name) - 1];

    *type = last == 'd' ? IR_I64 : IR_I32;
    return last == 's' || last == 'd';
}

static bool resolve_basic(const char *name, E2kEmit *e)
{
    const char *bar = strchr(name, '_');
    size_t len = strlen(name) - 1;
    IrType type;
    int first, second;

    if (!type_of_name(name, &type)) {
        return false;
    }
    first = find_name(basic_names, N_BASIC, name, bar ? (size_t)(bar - name) : len);
    second = bar ? find_name(basic_names, N_BASIC, bar + 1, len - (size_t)(bar + 1 - name)) : 0;
    if (first < 0 || second < 0) {
        return false;
    }
    *e = (E2kEmit){ .fn = bar ? emit_combined : emit_basic, .c = (uint16_t)type,
                    .a = (uint16_t)(first | second << 8) };
    if (!bar && first == BASIC_MERGE && type == IR_I64) {
        e->fn = emit_merge64;
    }
    return true;
}

/* ---- comparisons to predicates ---- */

/* even parity of the low byte */
static void parity(DC *dc, IrVal d, IrVal v)
{
    IrVal t = ir_temp(dc->b, ir_type(v)), w;

    ir_andi(dc->b, t, v, 0xff);
    w = ir_type(v) == IR_I64 ? narrow(dc, t, IR_I32) : t;
    ir_ctpop(dc->b, d, w);
    ir_andi(dc->b, d, d, 1);
    ir_xori(dc->b, d, d, 1);
}

/* in the order of ALS[7:5] */
enum { CMP_O, CMP_B, CMP_E, CMP_BE, CMP_S, CMP_P, CMP_L, CMP_LE };

static void emit_cmp(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    static const IrCond conds[] = {
        [CMP_B] = IR_COND_LTU, [CMP_E] = IR_COND_EQ, [CMP_BE] = IR_COND_LEU, [CMP_L] = IR_COND_LT,
        [CMP_LE] = IR_COND_LE,
    };
    IrType type = (IrType)e->c;
    IrVal a = e2k_src(dc, op, 1, type), c = e2k_src(dc, op, 2, type), d = ir_temp(dc->b, IR_I32);
    IrVal t;

    if (e->a != CMP_O && e->a != CMP_S && e->a != CMP_P) {
        ir_setcond(dc->b, conds[e->a], d, a, c);
        e2k_dst_pred(dc, op, d);
        return;
    }
    t = ir_temp(dc->b, type);
    ir_sub(dc->b, t, a, c);
    if (e->a == CMP_P) {
        parity(dc, d, t);
    } else {
        if (e->a == CMP_O) {
            IrVal u = ir_temp(dc->b, type);

            ir_xor(dc->b, t, t, a);
            ir_xor(dc->b, u, a, c);
            ir_and(dc->b, t, t, u);
        }
        ir_setcondi(dc->b, IR_COND_LT, d, t, 0);
    }
    e2k_dst_pred(dc, op, d);
}

static void emit_cmpand(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrType type = (IrType)e->c;
    IrVal a = e2k_src(dc, op, 1, type), c = e2k_src(dc, op, 2, type), d = ir_temp(dc->b, IR_I32);
    IrVal t;

    if (e->a == CMP_E) {
        ir_setcond(dc->b, IR_COND_TSTEQ, d, a, c);
    } else {
        t = ir_temp(dc->b, type);
        ir_and(dc->b, t, a, c);
        if (e->a == CMP_P) {
            parity(dc, d, t);
        } else {
            ir_setcondi(dc->b, e->a == CMP_S ? IR_COND_LT : IR_COND_LE, d, t, 0);
        }
    }
    e2k_dst_pred(dc, op, d);
}

/* x86 conditions on a flags word: any of the bits in a; c: or SF differs from OF */
static void emit_cctop(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal f = e2k_src(dc, op, 2, IR_I32), d = ir_temp(dc->b, IR_I32), t;

    ir_setcondi(dc->b, IR_COND_TSTNE, d, f, e->a);
    if (e->c) {
        t = ir_temp(dc->b, IR_I32);
        ir_shri(dc->b, t, f, 4);                /* OF to SF's place */
        ir_xor(dc->b, t, t, f);
        ir_extract(dc->b, t, t, 7, 1);
        ir_or(dc->b, d, d, t);
    }
    e2k_dst_pred(dc, op, d);
}

static bool resolve_compare(const E2kOpRow *row, E2kEmit *e)
{
    static const struct { uint16_t mask, less; } cctop[] = {
        { E2K_OF }, { E2K_CF }, { E2K_ZF }, { E2K_CF | E2K_ZF }, { E2K_SF }, { E2K_PF }, { 0, 1 },
        { E2K_ZF, 1 },
    };
    unsigned which = (unsigned)row->cmp_opce & 7;

    if (row->format == ALF8) {
        *e = (E2kEmit){ .fn = emit_cctop, .a = cctop[which].mask, .c = cctop[which].less };
        return g_str_has_prefix(row->name, "cctop");
    }
    *e = (E2kEmit){ .a = (uint16_t)which, .c = row->src1 == W_D ? IR_I64 : IR_I32,
                    .fn = row->opcode & 2 ? emit_cmpand : emit_cmp };
    return row->format == ALF7;
}

/* ---- division ---- */

/* Raises unless the divisor differs from 0 or the operation is not executed; a speculative one has
 * a diagnostic result. */
static void check_divisor(DC *dc, const E2kAlop *op, IrVal c)
{
    IrVal zero;
    uint64_t k;

    if ((op->sm && !dc->tags) || (ir_is_const(c, &k) && k)) {
        return;
    }
    zero = ir_temp(dc->b, IR_I32);
    ir_setcondi(dc->b, IR_COND_EQ, zero, c, 0);
    if (op->sm) {
        e2k_result_diag(dc, zero);
        return;
    }
    ir_brcondi(dc->b, IR_COND_NE, e2k_and_cond(dc, zero, dc->guard), 0,
               e2k_cold_trap(dc, E2K_EXC_DIV));
}

static void emit_div(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrType type = (IrType)e->c;
    IrVal a = e2k_src(dc, op, 1, type), c = e2k_src(dc, op, 2, type), d = ir_temp(dc->b, type);

    check_divisor(dc, op, c);
    e2k_call(dc, e->helper, d, 2, a, c, NULL, NULL, NULL, NULL);
    e2k_dst(dc, op, d);
}

static void emit_divx(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal a = e2k_src(dc, op, 1, IR_I64), c = e2k_src(dc, op, 2, IR_I32);
    IrVal d = ir_temp(dc->b, IR_I32), guard = dc->guard ? dc->guard : ir_i32(dc->b, 1);

    if (op->sm && dc->tags) {
        ir_st(dc->b, ir_i32(dc->b, 0), ir_env(dc->b), ENV_OFS(helper_diag), MO_32);
    }
    e2k_call(dc, &e2k_helper_divx, d, 5, ir_env(dc->b), a, c,
             ir_i32(dc->b, e->a | (op->sm ? E2K_DIVX_SM : 0)), guard, NULL);
    if (op->sm && dc->tags) {
        IrVal failed = ir_temp(dc->b, IR_I32);

        ir_ld(dc->b, failed, ir_env(dc->b), ENV_OFS(helper_diag), MO_32);
        e2k_result_diag(dc, failed);
    }
    e2k_dst(dc, op, d);
}

/* ---- the others ---- */

/* s2's low byte, half or word; s1[2:0] says which: 0, 1, 2 and 3 signed, from 4 on unsigned */
static void emit_sxt(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    static const uint8_t widths[] = { 8, 16, 32, 32 };
    IrVal sel = e2k_src(dc, op, 1, IR_I32), d = ir_temp(dc->b, IR_I64);
    IrVal v = e2k_src(dc, op, 2, IR_I32), n, t, u;
    uint64_t k;

    if (ir_is_const(sel, &k)) {
        if (widths[k & 3] == 32) {
            ir_op1(dc->b, k & 4 ? IR_zext : IR_sext, d, v);
        } else {
            t = ir_temp(dc->b, IR_I32);
            (k & 4 ? ir_extract : ir_sextract)(dc->b, t, v, 0, widths[k & 3]);
            ir_op1(dc->b, k & 4 ? IR_zext : IR_sext, d, t);
        }
        e2k_dst(dc, op, d);
        return;
    }
    /* n = 64 - width: shifted up, and down again with or without the sign */
    n = ir_temp(dc->b, IR_I64);
    t = ir_temp(dc->b, IR_I32);
    ir_andi(dc->b, t, sel, 3);
    ir_movcond(dc->b, IR_COND_EQ, n, t, ir_i32(dc->b, 0), ir_i64(dc->b, 56), ir_i64(dc->b, 32));
    ir_movcond(dc->b, IR_COND_EQ, n, t, ir_i32(dc->b, 1), ir_i64(dc->b, 48), n);
    u = ir_temp(dc->b, IR_I64);
    ir_zext(dc->b, d, v);
    ir_shl(dc->b, d, d, n);
    ir_shr(dc->b, u, d, n);
    ir_sar(dc->b, d, d, n);
    ir_movcond(dc->b, IR_COND_TSTNE, d, sel, ir_i32(dc->b, 4), u, d);
    e2k_dst(dc, op, d);
}

/* 32 x 32 to 64 bits; op: how operands are widened */
static void emit_mulx(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal a = ir_temp(dc->b, IR_I64), c = ir_temp(dc->b, IR_I64), d = ir_temp(dc->b, IR_I64);

    ir_op1(dc->b, e->op, a, e2k_src(dc, op, 1, IR_I32));
    ir_op1(dc->b, e->op, c, e2k_src(dc, op, 2, IR_I32));
    ir_mul(dc->b, d, a, c);
    e2k_dst(dc, op, d);
}

static void emit_mulh(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal a = e2k_src(dc, op, 1, IR_I64), c = e2k_src(dc, op, 2, IR_I64);
    IrVal lo = ir_temp(dc->b, IR_I64), hi = ir_temp(dc->b, IR_I64);

    (e->a ? ir_muls2 : ir_mulu2)(dc->b, lo, hi, a, c);
    e2k_dst(dc, op, hi);
}

static void emit_bitrev(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    static const uint64_t masks[] = { 0x5555555555555555, 0x3333333333333333, 0x0f0f0f0f0f0f0f0f };
    IrType type = (IrType)e->c;
    IrVal v = e2k_src(dc, op, 2, type), d = ir_temp(dc->b, type), t = ir_temp(dc->b, type);

    ir_bswap(dc->b, d, v);
    for (unsigned i = 0; i < G_N_ELEMENTS(masks); i++) {
        ir_shri(dc->b, t, d, 1u << i);
        ir_andi(dc->b, t, t, masks[i]);
        ir_andi(dc->b, d, d, masks[i]);
        ir_shli(dc->b, d, d, 1u << i);
        ir_or(dc->b, d, d, t);
    }
    e2k_dst(dc, op, d);
}

static void emit_lzcnt(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrType type = (IrType)e->c;
    IrVal d = ir_temp(dc->b, type);

    ir_clzi(dc->b, d, e2k_src(dc, op, 2, type), bits_of(type));
    e2k_dst(dc, op, d);
}

static void emit_popcnt(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal d = ir_temp(dc->b, (IrType)e->c);

    ir_ctpop(dc->b, d, e2k_src(dc, op, 2, (IrType)e->c));
    e2k_dst(dc, op, d);
}

/* s1 op s2 op carry; a: subtract; c: the carry out of it */
static void emit_carry(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal a = e2k_src(dc, op, 1, IR_I64), c = e2k_src(dc, op, 2, IR_I64);
    IrVal in = ir_temp(dc->b, IR_I64), t = ir_temp(dc->b, IR_I64), d = ir_temp(dc->b, IR_I64);
    IrOp add = e->a ? IR_sub : IR_add;
    IrVal out1, out2;

    ir_andi(dc->b, in, e2k_src(dc, op, 3, IR_I64), 1);
    ir_op2(dc->b, add, t, a, c);
    ir_op2(dc->b, add, d, t, in);
    if (e->c) {
        out1 = ir_temp(dc->b, IR_I64);
        out2 = ir_temp(dc->b, IR_I64);
        ir_setcond(dc->b, IR_COND_LTU, out1, e->a ? a : t, e->a ? c : a);
        ir_setcond(dc->b, IR_COND_LTU, out2, e->a ? t : d, e->a ? in : t);
        d = ir_temp(dc->b, IR_I64);
        ir_or(dc->b, d, out1, out2);
    }
    e2k_dst(dc, op, d);
}

static void emit_clmul(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal d = ir_temp(dc->b, IR_I64), v;

    if (tcg_has_op(IR_pclmulqdq)) {
        v = ir_temp(dc->b, IR_V128);
        ir_op2i(dc->b, IR_pclmulqdq, v, e2k_src_v64(dc, op, 1), e2k_src_v64(dc, op, 2), 0);
        ir_op1(dc->b, e->a ? IR_vhigh64 : IR_vlow64, d, v);
    } else {
        e2k_call(dc, &e2k_helper_clmul, d, 3, e2k_src(dc, op, 1, IR_I64),
                 e2k_src(dc, op, 2, IR_I64), ir_i32(dc->b, e->a), NULL, NULL, NULL);
    }
    e2k_dst(dc, op, d);
}

/* a: E2kFlagOp | bits << 8 */
static void emit_flags(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrType type = (IrType)e->c;
    IrVal a = widen(dc, e2k_src(dc, op, 1, type)), c = widen(dc, e2k_src(dc, op, 2, type));
    IrVal old = op->row->src3 ? e2k_src(dc, op, 3, IR_I32) : ir_i32(dc->b, 0);
    IrVal d = ir_temp(dc->b, IR_I32);

    e2k_call(dc, &e2k_helper_flags, d, 4, ir_i32(dc->b, e->a), a, c, old, NULL, NULL);
    e2k_dst(dc, op, d);
}

/* "adds_fb" */
static bool resolve_flags(const E2kOpRow *row, E2kEmit *e)
{
    static const char *const names[] = {
        [E2K_FLAGS_ADD] = "add", [E2K_FLAGS_SUB] = "sub", [E2K_FLAGS_AND] = "and",
        [E2K_FLAGS_ANDN] = "andn", [E2K_FLAGS_OR] = "or", [E2K_FLAGS_ORN] = "orn",
        [E2K_FLAGS_XOR] = "xor", [E2K_FLAGS_XORN] = "xorn", [E2K_FLAGS_UMULX] = "umul",
        [E2K_FLAGS_SMULX] = "smul", [E2K_FLAGS_INC] = "inc", [E2K_FLAGS_DEC] = "dec",
        [E2K_FLAGS_SHL] = "shl", [E2K_FLAGS_SHR] = "shr", [E2K_FLAGS_SCL] = "scl",
        [E2K_FLAGS_SCR] = "scr", [E2K_FLAGS_SAR] = "sar",
    };
    const char *bar = strchr(row->name, '_');
    unsigned bits;
    int which;

    if (!bar || bar[1] != 'f' || bar == row->name) {
        return false;
    }
    which = find_name(names, G_N_ELEMENTS(names), row->name, (size_t)(bar - row->name - 1));
    bits = bar[2] == 'b' ? 8 : bar[2] == 'h' ? 16 : bar[2] == 'w' ? 32 : 64;
    *e = (E2kEmit){ .fn = emit_flags, .a = (uint16_t)(which | (int)bits << 8),
                    .c = bits == 64 ? IR_I64 : IR_I32 };
    return which >= 0;
}

static const struct { const char *name; E2kEmit e; } others[] = {
    { "sxt", { .fn = emit_sxt } },
    { "sxtb", { .fn = emit_sxt } }, { "sxth", { .fn = emit_sxt } }, { "sxtw", { .fn = emit_sxt } },
    { "zxtb", { .fn = emit_sxt } }, { "zxth", { .fn = emit_sxt } }, { "zxtw", { .fn = emit_sxt } },
    { "negw", { .fn = emit_basic, .a = BASIC_SUB, .c = IR_I32 } },
    { "negd", { .fn = emit_basic, .a = BASIC_SUB, .c = IR_I64 } },
    { "insfs", { .fn = emit_insf, .c = IR_I32 } },
    { "insfd", { .fn = emit_insf, .c = IR_I64 } },
    { "getfzs", { .fn = emit_getfz, .c = IR_I32 } },
    { "getfzd", { .fn = emit_getfz, .c = IR_I64 } },
    { "umulx", { .fn = emit_mulx, .op = IR_zext } },
    { "smulx", { .fn = emit_mulx, .op = IR_sext } },
    { "umulhd", { .fn = emit_mulh, .a = 0 } },
    { "smulhd", { .fn = emit_mulh, .a = 1 } },
    { "udivs", { .fn = emit_div, .helper = &e2k_helper_udivs, .c = IR_I32 } },
    { "udivd", { .fn = emit_div, .helper = &e2k_helper_udivd, .c = IR_I64 } },
    { "sdivs", { .fn = emit_div, .helper = &e2k_helper_sdivs, .c = IR_I32 } },
    { "sdivd", { .fn = emit_div, .helper = &e2k_helper_sdivd, .c = IR_I64 } },
    { "udivx", { .fn = emit_divx, .a = 0 } },
    { "umodx", { .fn = emit_divx, .a = E2K_DIVX_REMAINDER } },
    { "sdivx", { .fn = emit_divx, .a = E2K_DIVX_SIGNED } },
    { "smodx", { .fn = emit_divx, .a = E2K_DIVX_SIGNED | E2K_DIVX_REMAINDER } },
    { "bitrevs", { .fn = emit_bitrev, .c = IR_I32 } },
    { "bitrevd", { .fn = emit_bitrev, .c = IR_I64 } },
    { "lzcnts", { .fn = emit_lzcnt, .c = IR_I32 } },
    { "lzcntd", { .fn = emit_lzcnt, .c = IR_I64 } },
    { "popcnts", { .fn = emit_popcnt, .c = IR_I32 } },
    { "popcntd", { .fn = emit_popcnt, .c = IR_I64 } },
    { "addcd", { .fn = emit_carry, .a = 0, .c = 0 } },
    { "addcd_c", { .fn = emit_carry, .a = 0, .c = 1 } },
    { "subcd", { .fn = emit_carry, .a = 1, .c = 0 } },
    { "subcd_c", { .fn = emit_carry, .a = 1, .c = 1 } },
    { "clmull", { .fn = emit_clmul, .a = 0 } },
    { "clmulh", { .fn = emit_clmul, .a = 1 } },
    { "pmrgp", { .fn = emit_merge64 } },
    { "qpmrgp", { .fn = emit_merge128 } },
};

bool e2k_resolve_int(const E2kOpRow *row, E2kEmit *e)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
        if (!strcmp(row->name, others[i].name)) {
            *e = others[i].e;
            return true;
        }
    }
    switch (row->category) {
    case CAT_INT: case CAT_INT_COMBINED: case CAT_INT_MUL: case CAT_MERGE:
        return resolve_basic(row->name, e);
    case CAT_COMPARE:
        return resolve_compare(row, e);
    case CAT_INT_FLAGS:
        return resolve_flags(row, e);
    default:
        return false;
    }
}
