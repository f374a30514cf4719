/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversions between integers, f32 and f64, alone and packed, and to integral values. */
#include <string.h>
#include "target/e2k/translate-fp.h"

/* ---- one value, from type a to type c ---- */

static void emit_scalar(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal t = ir_temp(dc->b, (IrType)e->c);

    ir_op1(dc->b, e->op, t, e2k_src(dc, op, 2, (IrType)e->a));
    e2k_dst(dc, op, t);
}
static const FpBody scalar = { emit_scalar };

/* ---- lanes: a and c are the shapes of operand and result ---- */

static void emit_lanes(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal t = ir_temp(dc->b, IR_V128);

    ir_op1(dc->b, e->op, t, fp_get(dc, op, 2, (FpShape)e->a));
    fp_put(dc, op, t, (FpShape)e->c);
}
static const FpBody lanes = { emit_lanes };

/*
 * SSE has no packed conversions of 64-bit integers: lane by lane, op for f32 or f64 <-> I64.
 * a is the type of the floating side, which is the operand's if c, else the result's.
 */
static IrVal lane(DC *dc, IrVal v, IrType type, unsigned i)
{
    IrVal t = ir_temp(dc->b, type), s = v;

    if (i) {
        s = ir_temp(dc->b, IR_V128);
        ir_op1i(dc->b, IR_pshufd, s, v, type == IR_F32 ? 1 : 0xee);
    }
    ir_op1(dc->b, type == IR_F32 ? IR_vlow_f32 : type == IR_F64 ? IR_vlow_f64 : IR_vlow64, t, s);
    return t;
}

static void emit_from_long(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal s = e2k_src(dc, op, 2, IR_V128), v[2], d = ir_temp(dc->b, IR_V128);
    bool f32 = e->a == IR_F32;

    for (unsigned i = 0; i < 2; i++) {
        IrVal f = ir_temp(dc->b, (IrType)e->a);

        v[i] = ir_temp(dc->b, IR_V128);
        ir_op1(dc->b, e->op, f, lane(dc, s, IR_I64, i));
        ir_op1(dc->b, f32 ? IR_vzext_f32 : IR_vzext_f64, v[i], f);
    }
    ir_op2(dc->b, f32 ? IR_unpcklps : IR_unpcklpd, d, v[0], v[1]);
    fp_put(dc, op, d, f32 ? FP_V64 : FP_V128);
}
static const FpBody from_long = { emit_from_long };

static void emit_to_long(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal s = fp_get(dc, op, 2, e->a == IR_F32 ? FP_V64 : FP_V128), v[2];
    IrVal d = ir_temp(dc->b, IR_V128);

    for (unsigned i = 0; i < 2; i++) {
        v[i] = ir_temp(dc->b, IR_I64);
        ir_op1(dc->b, e->op, v[i], lane(dc, s, (IrType)e->a, i));
    }
    ir_op1(dc->b, IR_vzext64, d, v[0]);
    ir_op2i(dc->b, IR_vinsert64, d, d, v[1], 1);
    e2k_dst(dc, op, d);
}
static const FpBody to_long = { emit_to_long };

/* ---- to integral values: the selector in src1 is that of ROUNDSD ---- */

#define ROUND_HELPER(fn, t) { #fn, (void *)e2k_helper_##fn, 0, t, 2, { t, IR_I32 } }
static const IrHelper round_helpers[] = {
    ROUND_HELPER(rounds, IR_F32), ROUND_HELPER(roundd, IR_F64), ROUND_HELPER(round_ps, IR_I64),
    ROUND_HELPER(round_pd, IR_I64),
};

/* the selector is not a literal: halves of vectors go through helpers */
static void round_by_helper(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal sel = e2k_src(dc, op, 1, IR_I32), s = fp_get(dc, op, 2, (FpShape)e->a), d;
    const IrHelper *h = &round_helpers[e->op == IR_roundss ? 0 : e->op == IR_roundsd ? 1
                                       : e->op == IR_roundps ? 2 : 3];

    if (e->a < FP_V64) {
        d = fp_temp(dc, (FpShape)e->a);
        e2k_call(dc, h, d, 2, s, sel, NULL, NULL, NULL, NULL);
        e2k_dst(dc, op, d);
        return;
    }
    IrVal r = ir_temp(dc->b, IR_I64), q = ir_temp(dc->b, IR_I64);

    ir_op1(dc->b, IR_vlow64, q, s);
    e2k_call(dc, h, r, 2, q, sel, NULL, NULL, NULL, NULL);
    if (e->a == FP_V64) {
        e2k_dst(dc, op, r);
        return;
    }
    d = ir_temp(dc->b, IR_V128);
    ir_op1(dc->b, IR_vzext64, d, r);
    q = ir_temp(dc->b, IR_I64);
    r = ir_temp(dc->b, IR_I64);
    ir_op1(dc->b, IR_vhigh64, q, s);
    e2k_call(dc, h, r, 2, q, sel, NULL, NULL, NULL, NULL);
    ir_op2i(dc->b, IR_vinsert64, d, d, r, 1);
    e2k_dst(dc, op, d);
}

static void emit_round(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    uint64_t sel;
    IrVal t;

    if (!e2k_src_const(dc, op, 1, &sel)) {
        round_by_helper(dc, op, e);
        return;
    }
    t = fp_temp(dc, (FpShape)e->a);
    ir_op1i(dc->b, e->op, t, fp_get(dc, op, 2, (FpShape)e->a), (int64_t)(sel & 15));
    fp_put(dc, op, t, (FpShape)e->a);
}
static const FpBody round_body = { emit_round };

/* ---- rows ---- */

#define SCALAR(n, o, from, to) { n, &scalar, { .op = IR_##o, .a = IR_##from, .c = IR_##to } }
#define LANES(n, o, from, to)  { n, &lanes, { .op = IR_##o, .a = FP_##from, .c = FP_##to } }
#define FROM_LONG(n, o, t)     { n, &from_long, { .op = IR_##o, .a = IR_##t } }
#define TO_LONG(n, o, t)       { n, &to_long, { .op = IR_##o, .a = IR_##t } }
#define ROUND(n, o, shape)     { n, &round_body, { .op = IR_##o, .a = FP_##shape } }

static const struct { const char *name; const FpBody *body; E2kEmit e; } rows[] = {
    SCALAR("fstois", cvtss2si, F32, I32), SCALAR("fstoistr", cvttss2si, F32, I32),
    SCALAR("fstoid", cvtss2si, F32, I64), SCALAR("fstoidtr", cvttss2si, F32, I64),
    SCALAR("fdtois", cvtsd2si, F64, I32), SCALAR("fdtoistr", cvttsd2si, F64, I32),
    SCALAR("fdtoid", cvtsd2si, F64, I64), SCALAR("fdtoidtr", cvttsd2si, F64, I64),
    SCALAR("istofs", cvtsi2ss, I32, F32), SCALAR("istofd", cvtsi2sd, I32, F64),
    SCALAR("idtofs", cvtsi2ss, I64, F32), SCALAR("idtofd", cvtsi2sd, I64, F64),
    SCALAR("fstofd", cvtss2sd, F32, F64), SCALAR("fdtofs", cvtsd2ss, F64, F32),
    SCALAR("pfdtois", cvtsd2si, F64, I32), SCALAR("pfdtoistr", cvttsd2si, F64, I32),
    SCALAR("pfstofd", cvtss2sd, F32, F64), SCALAR("pfdtofs", cvtsd2ss, F64, F32),
    LANES("pfstois", cvtps2dq, V64, V64), LANES("pfstoistr", cvttps2dq, V64, V64),
    LANES("pistofs", cvtdq2ps, V64, V64),
    LANES("qpfstois", cvtps2dq, V128, V128), LANES("qpfstoistr", cvttps2dq, V128, V128),
    LANES("qpistofs", cvtdq2ps, V128, V128),
    LANES("qpistofd", cvtdq2pd, V64, V128), LANES("qpfstofd", cvtps2pd, V64, V128),
    LANES("qpfdtois", cvtpd2dq, V128, V64), LANES("qpfdtoistr", cvttpd2dq, V128, V64),
    LANES("qpfdtofs", cvtpd2ps, V128, V64),
    TO_LONG("qpfstoid", cvtss2si, F32), TO_LONG("qpfstoidtr", cvttss2si, F32),
    TO_LONG("qpfdtoid", cvtsd2si, F64), TO_LONG("qpfdtoidtr", cvttsd2si, F64),
    FROM_LONG("qpidtofs", cvtsi2ss, F32), FROM_LONG("qpidtofd", cvtsi2sd, F64),
    ROUND("fstoifs", roundss, S), ROUND("fdtoifd", roundsd, D), ROUND("pfstoifs", roundps, V64),
    ROUND("pfdtoifd", roundsd, D), ROUND("qpfstoifs", roundps, V128),
    ROUND("qpfdtoifd", roundpd, V128),
};

bool e2k_resolve_fp_convert(const E2kOpRow *row, E2kEmit *e)
{
    if (!strstr(row->name, "to")) {
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!strcmp(row->name, rows[i].name)) {
            *e = rows[i].e;
            e2k_fp_use(e, rows[i].body);
            return true;
        }
    }
    return false;
}
