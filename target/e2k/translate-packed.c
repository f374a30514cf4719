/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packed integer operations: p* on 64 bits, held in the low half of a V128 whose high half is 0,
 * and qp* on 128 bits. Most are the SSE operation of another name (E2K's h and w are SSE's w and
 * d). Where a 64-bit operation uses both sources as one, they are put together as s1:s2, s1 high.
 */
#include <string.h>
#include "target/e2k/packed-helpers.h"
#include "target/e2k/translate-priv.h"

/* ---- operands: E2kEmit.a has WIDE for the 128-bit form ---- */

enum { WIDE = 1, SWAP = 2 /* SSE's first operand is s2 */, ALL = 4 /* not any */,
       HIGH = 8 /* the high half of the result counts */ };

static IrVal vtemp(DC *dc) { return ir_temp(dc->b, IR_V128); }

static IrVal src_v(DC *dc, const E2kAlop *op, unsigned n, const E2kEmit *e)
{
    return e->a & WIDE ? e2k_src(dc, op, n, IR_V128) : e2k_src_v64(dc, op, n);
}

static void dst_v(DC *dc, const E2kAlop *op, IrVal v, const E2kEmit *e)
{
    if (e->a & WIDE) {
        e2k_dst(dc, op, v);
    } else {
        e2k_dst_v64(dc, op, v);
    }
}

static IrVal op2(DC *dc, IrOp o, IrVal a, IrVal c)
{
    IrVal t = vtemp(dc);

    ir_op2(dc->b, o, t, a, c);
    return t;
}

static IrVal op1i(DC *dc, IrOp o, IrVal a, int64_t imm)
{
    IrVal t = vtemp(dc);

    ir_op1i(dc->b, o, t, a, imm);
    return t;
}

static IrVal join64(DC *dc, IrVal lo, IrVal hi)
{
    IrVal t = vtemp(dc);

    ir_op1(dc->b, IR_vzext64, t, lo);
    ir_op2i(dc->b, IR_vinsert64, t, t, hi, 1);
    return t;
}

static IrVal vconst(DC *dc, uint64_t lo, uint64_t hi)
{
    return join64(dc, ir_i64(dc->b, lo), ir_i64(dc->b, hi));
}

static IrVal half(DC *dc, IrVal v, bool high)
{
    IrVal t = ir_temp(dc->b, IR_I64);

    ir_op1(dc->b, high ? IR_vhigh64 : IR_vlow64, t, v);
    return t;
}

/* two 64-bit sources as one: register @high : register @low */
static IrVal joined(DC *dc, const E2kAlop *op, unsigned high, unsigned low)
{
    return op2(dc, IR_punpcklqdq, e2k_src_v64(dc, op, low), e2k_src_v64(dc, op, high));
}

/* ---- lane by lane, as SSE has them ---- */

static void emit_two(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal a = src_v(dc, op, 1, e), c = src_v(dc, op, 2, e);
    IrVal t = e->a & SWAP ? op2(dc, e->op, c, a) : op2(dc, e->op, a, c);

    if (e->a & HIGH) {
        e2k_dst(dc, op, half(dc, t, true));
    } else {
        dst_v(dc, op, t, e);
    }
}

/* pack and horizontal operations: 64-bit sources become the halves of both SSE operands */
static void emit_narrowing(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    bool swap = e->a & SWAP;
    IrVal t;

    if (e->a & WIDE) {
        emit_two(dc, op, e);
        return;
    }
    t = joined(dc, op, swap ? 1 : 2, swap ? 2 : 1);
    e2k_dst_v64(dc, op, op2(dc, e->op, t, t));
}

/* ---- shifts of all lanes by one 64-bit count ---- */

/* op, op2: by a V128 count, by an immediate; c: lane bits */
static void emit_shift(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal a = src_v(dc, op, 1, e);
    uint64_t n;

    if (e2k_src_const(dc, op, 2, &n)) {
        dst_v(dc, op, op1i(dc, e->op2, a, (int64_t)MIN(n, 64)), e);
    } else {
        dst_v(dc, op, op2(dc, e->op, a, e2k_src_v64(dc, op, 2)), e);
    }
}

/* 64-bit lanes: the others' complement shifted without sign is what arithmetic shifts give */
static void emit_sra64(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal a = src_v(dc, op, 1, e), zero = vconst(dc, 0, 0), sign = op2(dc, IR_pcmpgtq, zero, a);
    IrVal t = op2(dc, IR_pxor, a, sign);

    t = op2(dc, IR_psrlq, t, e2k_src_v64(dc, op, 2));
    dst_v(dc, op, op2(dc, IR_pxor, t, sign), e);
}

/* rotation to the right, the count modulo the lanes' c bits */
static void emit_rotate(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal a = src_v(dc, op, 1, e), n = ir_temp(dc->b, IR_I64), m = ir_temp(dc->b, IR_I64);
    IrVal vn = vtemp(dc), vm = vtemp(dc);

    ir_andi(dc->b, n, e2k_src(dc, op, 2, IR_I64), e->c - 1u);
    ir_movi(dc->b, m, e->c);
    ir_sub(dc->b, m, m, n);
    ir_op1(dc->b, IR_vzext64, vn, n);
    ir_op1(dc->b, IR_vzext64, vm, m);
    dst_v(dc, op, op2(dc, IR_por, op2(dc, e->op, a, vn), op2(dc, e->op2, a, vm)), e);
}

/* ---- comparisons to a predicate ---- */

static void emit_compare_pred(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal t = op2(dc, e->op, src_v(dc, op, 1, e), src_v(dc, op, 2, e));
    IrVal d = ir_temp(dc->b, IR_I32), m;
    IrCond cond = e->a & ALL ? IR_COND_EQ : IR_COND_NE;

    if (e->a & WIDE) {
        m = ir_temp(dc->b, IR_I32);
        ir_op1(dc->b, IR_pmovmskb, m, t);
        ir_setcondi(dc->b, cond, d, m, e->a & ALL ? 0xffff : 0);
    } else {
        ir_setcondi(dc->b, cond, d, half(dc, t, false), e->a & ALL ? ~0ull : 0);
    }
    e2k_dst_pred(dc, op, d);
}

/* "pcmpeqbop", "qpcmpgtdap" */
static bool resolve_compare_pred(const char *name, E2kEmit *e)
{
    static const IrOp ops[2][4] = {
        { IR_pcmpeqb, IR_pcmpeqw, IR_pcmpeqd, IR_pcmpeqq },
        { IR_pcmpgtb, IR_pcmpgtw, IR_pcmpgtd, IR_pcmpgtq },
    };
    bool wide = name[0] == 'q';
    const char *p = name + wide + strlen("pcmp"), *lane = strchr("bhwd", p[2]);

    *e = (E2kEmit){ .fn = emit_compare_pred, .op = ops[p[0] == 'g'][lane - "bhwd"],
                    .a = (uint16_t)(wide ? WIDE : 0) | (p[3] == 'a' ? ALL : 0) };
    return true;
}

/* ---- 64-bit results from parts of s1:s2; the immediate is ALES[7:0] ---- */

static void emit_mask(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal m = ir_temp(dc->b, IR_I32), d = ir_temp(dc->b, IR_I64);

    ir_op1(dc->b, e->op, m, joined(dc, op, 1, 2));
    ir_zext(dc->b, d, m);
    e2k_dst(dc, op, d);
}

static void emit_pextrh(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    unsigned lane = op->src3 & 7;
    IrVal d = ir_temp(dc->b, IR_I64);

    ir_extract(dc->b, d, e2k_src(dc, op, lane < 4 ? 2 : 1, IR_I64), lane % 4 * 16, 16);
    e2k_dst(dc, op, d);
}

static void emit_pinsh(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal d = ir_temp(dc->b, IR_I64);

    ir_deposit(dc->b, d, e2k_src(dc, op, 1, IR_I64), e2k_src(dc, op, 2, IR_I64),
               (op->src3 & 3u) * 16, 16);
    e2k_dst(dc, op, d);
}

static void emit_pshufw(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    e2k_dst_v64(dc, op, op1i(dc, IR_pshufd, joined(dc, op, 1, 2), op->src3));
}

static void emit_pshufh(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    e2k_dst_v64(dc, op, op1i(dc, IR_pshuflw, e2k_src_v64(dc, op, 2), op->src3));
}

/* @d = 64 bits of hi:lo from bit @pos on, -63..127 */
static void funnel(DC *dc, IrVal d, IrVal hi, IrVal lo, int pos)
{
    IrVal t;

    if (pos <= 0) {
        ir_shli(dc->b, d, lo, (unsigned)-pos);
    } else if (pos >= 64) {
        ir_shri(dc->b, d, hi, (unsigned)(pos - 64));
    } else {
        t = ir_temp(dc->b, IR_I64);
        ir_shri(dc->b, t, lo, (unsigned)pos);
        ir_shli(dc->b, d, hi, (unsigned)(64 - pos));
        ir_or(dc->b, d, d, t);
    }
}

/* s1:s2 shifted by bytes; a: left, HIGH: the high half of it */
static void emit_shift_bytes(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal d = ir_temp(dc->b, IR_I64), s1 = e2k_src(dc, op, 1, IR_I64);
    IrVal s2 = e2k_src(dc, op, 2, IR_I64);
    int bits = (op->src3 & 15) * 8, pos = (e->a & HIGH ? 64 : 0) + (e->c ? -bits : bits);

    if (pos <= -64 || pos >= 128) {
        ir_movi(dc->b, d, 0);
    } else {
        funnel(dc, d, s1, s2, pos);
    }
    e2k_dst(dc, op, d);
}

/* ---- multiplication, sums ---- */

/* unsigned bytes of s1 times signed halves of s2, rounded: (p + 0x80) >> 8 */
static void emit_pmulubhh(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal a = vtemp(dc);

    ir_op1(dc->b, IR_pmovzxbw, a, e2k_src_v64(dc, op, 1));
    a = op1i(dc, IR_psllwi, a, 7);
    dst_v(dc, op, op2(dc, IR_pmulhrsw, a, src_v(dc, op, 2, e)), e);
}

/* four sums of differences to the same 4 bytes of s2, in each half of s1 */
static IrVal mpsad(DC *dc, IrVal a, IrVal c)
{
    IrVal t = vtemp(dc);

    ir_op2i(dc->b, IR_mpsadbw, t, a, c, 0);
    return t;
}

static void emit_mpsadbh(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    e2k_dst_v64(dc, op, mpsad(dc, e2k_src_v64(dc, op, 1), e2k_src_v64(dc, op, 2)));
}

static void emit_qpmpsadbh(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal a = e2k_src(dc, op, 1, IR_V128), c = vtemp(dc);

    ir_op1(dc->b, IR_vzext32, c, e2k_src(dc, op, 2, IR_I32));
    e2k_dst(dc, op, op2(dc, IR_punpcklqdq, mpsad(dc, a, c),
                        mpsad(dc, op1i(dc, IR_psrldqi, a, 8), c)));
}

/* smallest half and its number, s1's first */
static void emit_phminposuh(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal t = vtemp(dc);

    ir_op1(dc->b, IR_phminposuw, t, joined(dc, op, 2, 1));
    e2k_dst_v64(dc, op, t);
}

static void emit_qphminposuh(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal t1 = vtemp(dc), t2 = vtemp(dc), m1, m2, v1 = ir_temp(dc->b, IR_I64);
    IrVal v2 = ir_temp(dc->b, IR_I64), d = ir_temp(dc->b, IR_I64);

    ir_op1(dc->b, IR_phminposuw, t1, e2k_src(dc, op, 1, IR_V128));
    ir_op1(dc->b, IR_phminposuw, t2, e2k_src(dc, op, 2, IR_V128));
    m1 = half(dc, t1, false);
    m2 = half(dc, t2, false);
    ir_ext16u(dc->b, v1, m1);
    ir_ext16u(dc->b, v2, m2);
    ir_ori(dc->b, m2, m2, 8u << 16);
    ir_movcond(dc->b, IR_COND_LTU, d, v2, v1, m2, m1);
    e2k_dst(dc, op, d);
}

/* ---- permutations ---- */

/* to @slow if a descriptor byte of @desc has any of @bits */
static void unless_plain(DC *dc, IrVal desc, uint64_t bits, IrLabel *slow)
{
    IrVal f = ir_temp(dc->b, IR_I32);

    ir_op2(dc->b, IR_ptest, f, desc, vconst(dc, bits, bits));
    ir_brcondi(dc->b, IR_COND_TSTEQ, f, 0x40, slow);
}

#define EACH_BYTE(b) (0x0101010101010101ull * (b))

static IrVal call_pshufb(DC *dc, IrVal s1, IrVal s2, IrVal s3)
{
    IrVal d = ir_temp(dc->b, IR_I64);

    e2k_call(dc, &e2k_helper_pshufb, d, 3, s1, s2, s3, NULL, NULL, NULL);
    return d;
}

/* Descriptors without modifiers are SSE's; constant 0 too. */
static void emit_pshufb(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal s = joined(dc, op, 1, 2), s3 = e2k_src_v64(dc, op, 3), d = vtemp(dc);
    IrLabel *slow = ir_label(dc->b), *end = ir_label(dc->b);

    unless_plain(dc, s3, EACH_BYTE(0x70), slow);
    ir_op2(dc->b, IR_pshufb, d, s, s3);
    ir_br(dc->b, end);
    ir_bind(dc->b, slow);
    ir_op1(dc->b, IR_vzext64, d,
           call_pshufb(dc, half(dc, s, true), half(dc, s, false), half(dc, s3, false)));
    ir_bind(dc->b, end);
    e2k_dst_v64(dc, op, d);
}

/* the low half from s2 by the low half of s3, the high half from s1 by the high one */
static void emit_qpshufb(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal s1 = e2k_src(dc, op, 1, IR_V128), s2 = e2k_src(dc, op, 2, IR_V128);
    IrVal s3 = e2k_src(dc, op, 3, IR_V128), d = vtemp(dc), lo, hi;
    IrLabel *slow = ir_label(dc->b), *end = ir_label(dc->b);

    unless_plain(dc, s3, EACH_BYTE(0x70), slow);
    ir_op2i(dc->b, IR_shufpd, d, op2(dc, IR_pshufb, s2, s3), op2(dc, IR_pshufb, s1, s3), 2);
    ir_br(dc->b, end);
    ir_bind(dc->b, slow);
    lo = call_pshufb(dc, half(dc, s2, true), half(dc, s2, false), half(dc, s3, false));
    hi = call_pshufb(dc, half(dc, s1, true), half(dc, s1, false), half(dc, s3, true));
    ir_mov(dc->b, d, join64(dc, lo, hi));
    ir_bind(dc->b, end);
    e2k_dst(dc, op, d);
}

static IrVal call_qppermb(DC *dc, IrVal s1, IrVal s2, IrVal desc)
{
    IrVal d = ir_temp(dc->b, IR_I64);

    e2k_call(dc, &e2k_helper_qppermb, d, 5, half(dc, s1, false), half(dc, s1, true),
             half(dc, s2, false), half(dc, s2, true), desc, NULL);
    return d;
}

/* Bytes of 32: without modifiers two SSE shuffles, each giving 0 for the other's bytes. */
static void emit_qppermb(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal s1 = e2k_src(dc, op, 1, IR_V128), s2 = e2k_src(dc, op, 2, IR_V128);
    IrVal s3 = e2k_src(dc, op, 3, IR_V128), d = vtemp(dc), lo, hi, tops, from1, from2;
    IrLabel *slow = ir_label(dc->b), *end = ir_label(dc->b);

    unless_plain(dc, s3, EACH_BYTE(0xe0), slow);
    tops = vconst(dc, EACH_BYTE(0x80), EACH_BYTE(0x80));
    from2 = op2(dc, IR_pand, op1i(dc, IR_psllwi, s3, 3), tops);     /* bit 4 to bit 7 */
    from1 = op2(dc, IR_pxor, from2, tops);
    ir_op2(dc->b, IR_por, d, op2(dc, IR_pshufb, s2, op2(dc, IR_por, s3, from2)),
           op2(dc, IR_pshufb, s1, op2(dc, IR_por, s3, from1)));
    ir_br(dc->b, end);
    ir_bind(dc->b, slow);
    lo = call_qppermb(dc, s1, s2, half(dc, s3, false));
    hi = call_qppermb(dc, s1, s2, half(dc, s3, true));
    ir_mov(dc->b, d, join64(dc, lo, hi));
    ir_bind(dc->b, end);
    e2k_dst(dc, op, d);
}

static void emit_pmerge(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal d = vtemp(dc);

    ir_op3(dc->b, IR_pblendvb, d, src_v(dc, op, 1, e), src_v(dc, op, 2, e), src_v(dc, op, 3, e));
    dst_v(dc, op, d, e);
}

static void emit_qppackdl(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    e2k_dst(dc, op, joined(dc, op, 1, 2));
}

/* c: pshufd's selector */
static void emit_qpswitch(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    e2k_dst(dc, op, op1i(dc, IR_pshufd, e2k_src(dc, op, 2, IR_V128), e->c));
}

/* c: the bytes of the high half */
static void emit_qpcext(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal d = vtemp(dc);

    ir_mov(dc->b, d, e2k_src_v64(dc, op, 2));
    if (e->c) {
        ir_op2i(dc->b, IR_vinsert64, d, d, ir_i64(dc->b, EACH_BYTE(e->c)), 1);
    }
    e2k_dst(dc, op, d);
}

static void emit_qpsgn2mskb(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal d = ir_temp(dc->b, IR_I32);

    ir_op1(dc->b, IR_pmovmskb, d, e2k_src(dc, op, 2, IR_V128));
    e2k_dst(dc, op, d);
}

/* bit i of s2 becomes the sign of byte i of s1 */
static void emit_qpmsk2sgnb(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal m = vtemp(dc), bits = vconst(dc, 0x8040201008040201, 0x8040201008040201);
    IrVal tops = vconst(dc, EACH_BYTE(0x80), EACH_BYTE(0x80));

    ir_op1(dc->b, IR_vzext32, m, e2k_src(dc, op, 2, IR_I32));
    m = op2(dc, IR_pshufb, m, vconst(dc, 0, EACH_BYTE(1)));
    m = op2(dc, IR_pcmpeqb, op2(dc, IR_pand, m, bits), bits);
    m = op2(dc, IR_pand, m, tops);
    e2k_dst(dc, op, op2(dc, IR_por, op2(dc, IR_pandn, tops, e2k_src(dc, op, 1, IR_V128)), m));
}

/* ---- logic: integers, or vectors where an operand is in one ---- */

typedef struct Logic {
    DC *dc;
    IrType type;
} Logic;

static IrVal logic2(const Logic *l, IrOp integer, IrOp vector, IrVal a, IrVal c)
{
    IrVal t = ir_temp(l->dc->b, l->type);

    ir_op2(l->dc->b, l->type == IR_V128 ? vector : integer, t, a, c);
    return t;
}

static IrVal logic_and(const Logic *l, IrVal a, IrVal c) { return logic2(l, IR_and, IR_pand, a, c); }
static IrVal logic_or(const Logic *l, IrVal a, IrVal c) { return logic2(l, IR_or, IR_por, a, c); }
static IrVal logic_xor(const Logic *l, IrVal a, IrVal c) { return logic2(l, IR_xor, IR_pxor, a, c); }

/* a & ~c */
static IrVal logic_andn(const Logic *l, IrVal a, IrVal c)
{
    return l->type == IR_V128 ? logic2(l, IR_nop, IR_pandn, c, a)
                              : logic2(l, IR_andc, IR_nop, a, c);
}

static IrVal logic_const(const Logic *l, bool ones)
{
    uint64_t v = ones ? ~0ull : 0;
    IrVal t;

    if (l->type == IR_V128) {
        return vconst(l->dc, v, v);
    }
    t = ir_temp(l->dc->b, IR_I64);
    ir_movi(l->dc->b, t, v);
    return t;
}

static IrVal logic_not(const Logic *l, IrVal a)
{
    IrVal t;

    if (l->type == IR_V128) {
        return logic_xor(l, a, logic_const(l, true));
    }
    t = ir_temp(l->dc->b, IR_I64);
    ir_not(l->dc->b, t, a);
    return t;
}

/* the operands 1..n, of the type that costs least */
static void logic_operands(Logic *l, const E2kAlop *op, unsigned n, bool wide, IrVal s[3])
{
    bool vector = wide;

    for (unsigned i = 0; i < n && !vector; i++) {
        vector = ir_type(e2k_src_any64(l->dc, op, i + 1)) == IR_F64;
    }
    l->type = vector ? IR_V128 : IR_I64;
    for (unsigned i = 0; i < n; i++) {
        s[i] = wide || !vector ? e2k_src(l->dc, op, i + 1, l->type) : e2k_src_v64(l->dc, op, i + 1);
    }
}

static void logic_result(const Logic *l, const E2kAlop *op, IrVal v, bool wide)
{
    if (l->type == IR_V128 && !wide) {
        e2k_dst_v64(l->dc, op, v);
    } else {
        e2k_dst(l->dc, op, v);
    }
}

typedef IrVal LogicFn(const Logic *l, IrVal a, IrVal c);
static LogicFn *const logic_fns[] = { logic_and, logic_andn, logic_or, logic_xor };

static void emit_logic(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    Logic l = { .dc = dc };
    IrVal s[3];

    logic_operands(&l, op, 2, e->a & WIDE, s);
    logic_result(&l, op, logic_fns[e->c](&l, s[0], s[1]), e->a & WIDE);
}

/*
 * plog: any function of three bits as a truth table, bit {s1, s2, s3}. It is taken apart by the
 * operand that gives the shortest result: f = x ? f1 : f0, where each half is a function of the
 * other two operands. The costs of all halves are known (or2), most functions need 2 operations.
 */

/* functions of two operands x, y: table bit {x, y}; how many operations */
static const uint8_t cost2[16] = { 1, 2, 1, 1, 1, 1, 1, 2, 1, 2, 0, 2, 0, 2, 1, 1 };

static IrVal logic_table2(const Logic *l, unsigned f, IrVal x, IrVal y)
{
    switch (f) {
    case 0x0: return logic_const(l, false);
    case 0xf: return logic_const(l, true);
    case 0x8: return logic_and(l, x, y);
    case 0x4: return logic_andn(l, x, y);
    case 0x2: return logic_andn(l, y, x);
    case 0x6: return logic_xor(l, x, y);
    case 0xe: return logic_or(l, x, y);
    case 0xc: return x;
    case 0xa: return y;
    default: return logic_not(l, logic_table2(l, ~f & 15, x, y));
    }
}

/* ways to put halves together again */
typedef enum Split { SPLIT_SAME, SPLIT_XOR, SPLIT_AND, SPLIT_ANDN, SPLIT_OR, SPLIT_ORN,
                     SPLIT_MUX } Split;

/* the two halves of table f: operand @n (0: s1) false and true; index bits {x, y} of the others */
static void halves(unsigned f, unsigned n, unsigned *f0, unsigned *f1)
{
    unsigned bit = 4u >> n;             /* of the table's index */

    *f0 = *f1 = 0;
    for (unsigned i = 0, k0 = 0, k1 = 0; i < 8; i++) {
        if (i & bit) {
            *f1 |= (f >> i & 1) << k1++;
        } else {
            *f0 |= (f >> i & 1) << k0++;
        }
    }
}

static Split how_to_split(unsigned f0, unsigned f1, unsigned *cost)
{
    static const uint8_t own[] = { 0, 1, 1, 1, 1, 2, 2 };
    Split s = f0 == f1 ? SPLIT_SAME : f0 == (~f1 & 15) ? SPLIT_XOR : f0 == 0 ? SPLIT_AND
              : f1 == 0 ? SPLIT_ANDN : f1 == 15 ? SPLIT_OR : f0 == 15 ? SPLIT_ORN : SPLIT_MUX;
    const unsigned halves_cost[] = {
        [SPLIT_SAME] = cost2[f0], [SPLIT_XOR] = cost2[f0], [SPLIT_AND] = cost2[f1],
        [SPLIT_ANDN] = cost2[f0], [SPLIT_OR] = cost2[f0], [SPLIT_ORN] = cost2[f1],
        [SPLIT_MUX] = cost2[f0] + cost2[f0 ^ f1],
    };

    *cost = own[s] + halves_cost[s];
    return s;
}

static IrVal logic_table3(const Logic *l, unsigned f, const IrVal s[3])
{
    unsigned best = 0, best_cost = ~0u, cost, f0, f1;
    IrVal p, x, y;

    for (unsigned n = 0; n < 3; n++) {
        halves(f, n, &f0, &f1);
        how_to_split(f0, f1, &cost);
        if (cost < best_cost) {
            best = n;
            best_cost = cost;
        }
    }
    halves(f, best, &f0, &f1);
    p = s[best];
    x = s[best == 0 ? 1 : 0];
    y = s[best == 2 ? 1 : 2];
    switch (how_to_split(f0, f1, &cost)) {
    case SPLIT_SAME: return logic_table2(l, f0, x, y);
    case SPLIT_XOR: return logic_xor(l, p, logic_table2(l, f0, x, y));
    case SPLIT_AND: return logic_and(l, p, logic_table2(l, f1, x, y));
    case SPLIT_ANDN: return logic_andn(l, logic_table2(l, f0, x, y), p);
    case SPLIT_OR: return logic_or(l, p, logic_table2(l, f0, x, y));
    case SPLIT_ORN: return logic_or(l, logic_not(l, p), logic_table2(l, f1, x, y));
    default:
        return logic_xor(l, logic_table2(l, f0, x, y),
                         logic_and(l, p, logic_table2(l, f0 ^ f1, x, y)));
    }
}

static void emit_plog(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    unsigned table = (op->ales >> 8 & 1) << 7 | (op->als >> 24 & 0x7f);
    Logic l = { .dc = dc };
    IrVal s[3], t, d;

    logic_operands(&l, op, 3, e->a & WIDE, s);
    t = logic_table3(&l, table, s);
    d = ir_temp(dc->b, l.type);
    ir_mov(dc->b, d, t);                /* it may be an operand itself */
    logic_result(&l, op, d, e->a & WIDE);
}

/* ---- names ---- */

/* in both widths: names behind "p" and "qp" */
static const struct { const char *name; E2kEmit e; } both[] = {
    { "addb", { .fn = emit_two, .op = IR_paddb } },
    { "addh", { .fn = emit_two, .op = IR_paddw } },
    { "addw", { .fn = emit_two, .op = IR_paddd } },
    { "addd", { .fn = emit_two, .op = IR_paddq } },
    { "addsb", { .fn = emit_two, .op = IR_paddsb } },
    { "addsh", { .fn = emit_two, .op = IR_paddsw } },
    { "addusb", { .fn = emit_two, .op = IR_paddusb } },
    { "addush", { .fn = emit_two, .op = IR_paddusw } },
    { "subb", { .fn = emit_two, .op = IR_psubb } },
    { "subh", { .fn = emit_two, .op = IR_psubw } },
    { "subw", { .fn = emit_two, .op = IR_psubd } },
    { "subd", { .fn = emit_two, .op = IR_psubq } },
    { "subsb", { .fn = emit_two, .op = IR_psubsb } },
    { "subsh", { .fn = emit_two, .op = IR_psubsw } },
    { "subusb", { .fn = emit_two, .op = IR_psubusb } },
    { "subush", { .fn = emit_two, .op = IR_psubusw } },
    { "maxsb", { .fn = emit_two, .op = IR_pmaxsb } },
    { "maxsh", { .fn = emit_two, .op = IR_pmaxsw } },
    { "maxsw", { .fn = emit_two, .op = IR_pmaxsd } },
    { "maxub", { .fn = emit_two, .op = IR_pmaxub } },
    { "maxuh", { .fn = emit_two, .op = IR_pmaxuw } },
    { "maxuw", { .fn = emit_two, .op = IR_pmaxud } },
    { "minsb", { .fn = emit_two, .op = IR_pminsb } },
    { "minsh", { .fn = emit_two, .op = IR_pminsw } },
    { "minsw", { .fn = emit_two, .op = IR_pminsd } },
    { "minub", { .fn = emit_two, .op = IR_pminub } },
    { "minuh", { .fn = emit_two, .op = IR_pminuw } },
    { "minuw", { .fn = emit_two, .op = IR_pminud } },
    { "avgusb", { .fn = emit_two, .op = IR_pavgb } },
    { "avgush", { .fn = emit_two, .op = IR_pavgw } },
    { "sadbw", { .fn = emit_two, .op = IR_psadbw } },
    { "mulhuh", { .fn = emit_two, .op = IR_pmulhuw } },
    { "mulhh", { .fn = emit_two, .op = IR_pmulhw } },
    { "mullh", { .fn = emit_two, .op = IR_pmullw } },
    { "mullw", { .fn = emit_two, .op = IR_pmulld } },
    { "mulhrsh", { .fn = emit_two, .op = IR_pmulhrsw } },
    { "maddh", { .fn = emit_two, .op = IR_pmaddwd } },
    { "maddubsh", { .fn = emit_two, .op = IR_pmaddubsw, .a = SWAP } },
    { "signb", { .fn = emit_two, .op = IR_psignb } },
    { "signh", { .fn = emit_two, .op = IR_psignw } },
    { "signw", { .fn = emit_two, .op = IR_psignd } },
    { "cmpeqb", { .fn = emit_two, .op = IR_pcmpeqb } },
    { "cmpeqh", { .fn = emit_two, .op = IR_pcmpeqw } },
    { "cmpeqw", { .fn = emit_two, .op = IR_pcmpeqd } },
    { "cmpeqd", { .fn = emit_two, .op = IR_pcmpeqq } },
    { "cmpgtb", { .fn = emit_two, .op = IR_pcmpgtb } },
    { "cmpgth", { .fn = emit_two, .op = IR_pcmpgtw } },
    { "cmpgtw", { .fn = emit_two, .op = IR_pcmpgtd } },
    { "cmpgtd", { .fn = emit_two, .op = IR_pcmpgtq } },
    { "unpcklbh", { .fn = emit_two, .op = IR_punpcklbw, .a = SWAP } },
    { "unpcklhw", { .fn = emit_two, .op = IR_punpcklwd, .a = SWAP } },
    { "unpcklwd", { .fn = emit_two, .op = IR_punpckldq, .a = SWAP } },
    { "unpckhbh", { .fn = emit_two, .op = IR_punpcklbw, .a = SWAP | HIGH } },
    { "unpckhhw", { .fn = emit_two, .op = IR_punpcklwd, .a = SWAP | HIGH } },
    { "unpckhwd", { .fn = emit_two, .op = IR_punpckldq, .a = SWAP | HIGH } },
    { "acksshb", { .fn = emit_narrowing, .op = IR_packsswb, .a = SWAP } },
    { "ackushb", { .fn = emit_narrowing, .op = IR_packuswb, .a = SWAP } },
    { "acksswh", { .fn = emit_narrowing, .op = IR_packssdw, .a = SWAP } },
    { "ackuswh", { .fn = emit_narrowing, .op = IR_packusdw, .a = SWAP } },
    { "haddh", { .fn = emit_narrowing, .op = IR_phaddw } },
    { "haddw", { .fn = emit_narrowing, .op = IR_phaddd } },
    { "haddsh", { .fn = emit_narrowing, .op = IR_phaddsw } },
    { "hsubh", { .fn = emit_narrowing, .op = IR_phsubw } },
    { "hsubw", { .fn = emit_narrowing, .op = IR_phsubd } },
    { "hsubsh", { .fn = emit_narrowing, .op = IR_phsubsw } },
    { "slld", { .fn = emit_shift, .op = IR_psllq, .op2 = IR_psllqi } },
    { "sllw", { .fn = emit_shift, .op = IR_pslld, .op2 = IR_pslldi } },
    { "sllh", { .fn = emit_shift, .op = IR_psllw, .op2 = IR_psllwi } },
    { "srld", { .fn = emit_shift, .op = IR_psrlq, .op2 = IR_psrlqi } },
    { "srlw", { .fn = emit_shift, .op = IR_psrld, .op2 = IR_psrldi } },
    { "srlh", { .fn = emit_shift, .op = IR_psrlw, .op2 = IR_psrlwi } },
    { "sraw", { .fn = emit_shift, .op = IR_psrad, .op2 = IR_psradi } },
    { "srah", { .fn = emit_shift, .op = IR_psraw, .op2 = IR_psrawi } },
    { "srad", { .fn = emit_sra64 } },
    { "srcd", { .fn = emit_rotate, .op = IR_psrlq, .op2 = IR_psllq, .c = 64 } },
    { "srcw", { .fn = emit_rotate, .op = IR_psrld, .op2 = IR_pslld, .c = 32 } },
    { "mulubhh", { .fn = emit_pmulubhh } },
    { "merge", { .fn = emit_pmerge } },
    { "andd", { .fn = emit_logic, .c = 0 } }, { "and", { .fn = emit_logic, .c = 0 } },
    { "andnd", { .fn = emit_logic, .c = 1 } }, { "andn", { .fn = emit_logic, .c = 1 } },
    { "ord", { .fn = emit_logic, .c = 2 } }, { "or", { .fn = emit_logic, .c = 2 } },
    { "xord", { .fn = emit_logic, .c = 3 } }, { "xor", { .fn = emit_logic, .c = 3 } },
};

/* in one of them */
static const struct { const char *name; E2kEmit e; } single[] = {
    { "pmovmskb", { .fn = emit_mask, .op = IR_pmovmskb } },
    { "pmovmskps", { .fn = emit_mask, .op = IR_movmskps } },
    { "pmovmskpd", { .fn = emit_mask, .op = IR_movmskpd } },
    { "pextrh", { .fn = emit_pextrh } },
    { "pinsh", { .fn = emit_pinsh } },
    { "pshufw", { .fn = emit_pshufw } },
    { "pshufh", { .fn = emit_pshufh } },
    { "psllqh", { .fn = emit_shift_bytes, .a = HIGH, .c = 1 } },
    { "psllql", { .fn = emit_shift_bytes, .a = 0, .c = 1 } },
    { "psrlqh", { .fn = emit_shift_bytes, .a = HIGH, .c = 0 } },
    { "psrlql", { .fn = emit_shift_bytes, .a = 0, .c = 0 } },
    { "mpsadbh", { .fn = emit_mpsadbh } },
    { "qpmpsadbh", { .fn = emit_qpmpsadbh } },
    { "phminposuh", { .fn = emit_phminposuh } },
    { "qphminposuh", { .fn = emit_qphminposuh } },
    { "pshufb", { .fn = emit_pshufb } },
    { "qpshufb", { .fn = emit_qpshufb } },
    { "qppermb", { .fn = emit_qppermb } },
    { "qppackdl", { .fn = emit_qppackdl } },
    { "qpswitchw", { .fn = emit_qpswitch, .c = 0xb1 } },
    { "qpswitchd", { .fn = emit_qpswitch, .c = 0x4e } },
    { "qpcext_0x00", { .fn = emit_qpcext, .c = 0x00 } },
    { "qpcext_0x7f", { .fn = emit_qpcext, .c = 0x7f } },
    { "qpcext_0x80", { .fn = emit_qpcext, .c = 0x80 } },
    { "qpcext_0xff", { .fn = emit_qpcext, .c = 0xff } },
    { "qpsgn2mskb", { .fn = emit_qpsgn2mskb } },
    { "qpmsk2sgnb", { .fn = emit_qpmsk2sgnb } },
    { "qpackhbss", { .fn = emit_two, .op = IR_packsswb, .a = WIDE | SWAP } },
    { "qpackhbus", { .fn = emit_two, .op = IR_packuswb, .a = WIDE | SWAP } },
    { "qpackwhss", { .fn = emit_two, .op = IR_packssdw, .a = WIDE | SWAP } },
    { "qpackwhus", { .fn = emit_two, .op = IR_packusdw, .a = WIDE | SWAP } },
};

static bool resolve_single(const char *name, E2kEmit *e)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(single); i++) {
        if (!strcmp(name, single[i].name)) {
            *e = single[i].e;
            return true;
        }
    }
    return false;
}

bool e2k_resolve_packed(const E2kOpRow *row, E2kEmit *e)
{
    bool wide = row->name[0] == 'q';
    const char *rest = row->name + wide + 1;

    if (row->category == CAT_PACKED_LOGIC) {
        *e = (E2kEmit){ .fn = emit_plog, .a = wide ? WIDE : 0 };
        return true;
    }
    if (row->format == ALF17 && g_str_has_prefix(rest, "cmp")) {
        return row->category == CAT_COMPARE && resolve_compare_pred(row->name, e);
    }
    if (row->category != CAT_PACKED) {
        return false;
    }
    if (resolve_single(row->name, e)) {
        return true;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(both); i++) {
        if (!strcmp(rest, both[i].name)) {
            *e = both[i].e;
            e->a |= wide ? WIDE : 0;
            return true;
        }
    }
    return false;
}
