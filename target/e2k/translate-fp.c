/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating point: scalar, two f32 in 64 bits (pf*), 128 bits (qpf*), by the names of operations.
 * Each becomes one or two SSE instructions under the guest's MXCSR; that is what PFPFR means on
 * the hardware. An operation whose predicate is false computes all the same (its flags may stick in
 * PFPFR) unless the guest has unmasked exceptions.
 */
#include <string.h>
#include "target/e2k/translate-fp.h"

/* ---- exceptions that are not masked ---- */

static const IrHelper fp_begin = {
    "fp_begin", (void *)e2k_helper_fp_begin, IR_CALL_NO_FAULT, IR_VOID, 1, { IR_I64 }
};
static const IrHelper fp_check = {
    "fp_check", (void *)e2k_helper_fp_check, 0, IR_VOID, 2, { IR_I64, IR_I32 }
};

static void emit_fp(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    const FpBody *body = e->data;
    bool traps = __atomic_load_n(&e2k_fp_traps, __ATOMIC_RELAXED);

    if (traps) {
        e2k_call(dc, &fp_begin, NULL, 1, ir_env(dc->b), NULL, NULL, NULL, NULL, NULL);
    }
    body->fn(dc, op, e);
    if (traps) {
        e2k_call(dc, &fp_check, NULL, 2, ir_env(dc->b), dc->guard ? dc->guard : ir_i32(dc->b, 1),
                 NULL, NULL, NULL, NULL);
    }
}

void e2k_fp_use(E2kEmit *e, const FpBody *body)
{
    e->fn = emit_fp;
    e->data = body;
}

/* ---- operands ---- */

static const IrType shape_type[] = { IR_F32, IR_F64, IR_V128, IR_V128 };

IrVal fp_temp(DC *dc, FpShape shape) { return ir_temp(dc->b, shape_type[shape]); }

IrVal fp_get(DC *dc, const E2kAlop *op, unsigned n, FpShape shape)
{
    return shape == FP_V64 ? e2k_src_v64(dc, op, n) : e2k_src(dc, op, n, shape_type[shape]);
}

void fp_put(DC *dc, const E2kAlop *op, IrVal v, FpShape shape)
{
    if (shape == FP_V64) {
        e2k_dst_v64(dc, op, v);
    } else {
        e2k_dst(dc, op, v);
    }
}

int fp_find(const char *name, const char *const *names)
{
    for (int i = 0; names[i]; i++) {
        if (!strcmp(name, names[i])) {
            return i;
        }
    }
    return -1;
}

int fp_comparison(const char **p)
{
    static const char *const names[] = { "eq", "lt", "le", "uod", "neq", "nlt", "nle", "od" };

    for (int i = 0; i < 8; i++) {
        if (g_str_has_prefix(*p, names[i])) {
            *p += strlen(names[i]);
            return i;
        }
    }
    return -1;
}

/* ---- arithmetic of two operands ---- */

typedef struct FpOp {
    const char *name;
    IrOp op[4];                         /* by FpShape but see op_of(); IR_nop: there is none */
} FpOp;

enum { F32_LANES = 2, F64_LANES = 3 };

static const FpOp fp_ops[] = {          /* longer names first */
    { "addsub", { IR_nop, IR_nop, IR_addsubps, IR_addsubpd } },
    { "hadd", { IR_nop, IR_nop, IR_haddps, IR_haddpd } },
    { "hsub", { IR_nop, IR_nop, IR_hsubps, IR_hsubpd } },
    { "rsub", { IR_subss, IR_subsd, IR_subps, IR_subpd } },
    { "add", { IR_addss, IR_addsd, IR_addps, IR_addpd } },
    { "sub", { IR_subss, IR_subsd, IR_subps, IR_subpd } },
    { "mul", { IR_mulss, IR_mulsd, IR_mulps, IR_mulpd } },
    { "div", { IR_divss, IR_divsd, IR_nop, IR_nop } },
    { "min", { IR_minss, IR_minsd, IR_minps, IR_minpd } },
    { "max", { IR_maxss, IR_maxsd, IR_maxps, IR_maxpd } },
};

/* t = a op c; horizontal operations of 64 bits put both operands into one register first */
static IrVal fp_op2(DC *dc, IrOp op, FpShape shape, IrVal a, IrVal c)
{
    IrVal t = fp_temp(dc, shape);

    if (shape == FP_V64 && (op == IR_haddps || op == IR_hsubps)) {
        ir_op2(dc->b, IR_punpcklqdq, t, a, c);
        ir_op2(dc->b, op, t, t, t);
    } else {
        ir_op2(dc->b, op, t, a, c);
    }
    return t;
}

static void emit_binary(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    FpShape shape = (FpShape)e->a;

    fp_put(dc, op, fp_op2(dc, e->op, shape, fp_get(dc, op, 1, shape), fp_get(dc, op, 2, shape)),
           shape);
}
static const FpBody binary = { emit_binary };

/* t = s1 op s2; d = s3 op2 t, or t - s3 (c: reversed); each step rounds */
static void emit_combined(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    FpShape shape = (FpShape)e->a;
    IrVal t = fp_op2(dc, e->op, shape, fp_get(dc, op, 1, shape), fp_get(dc, op, 2, shape));
    IrVal s3 = fp_get(dc, op, 3, shape);

    fp_put(dc, op, fp_op2(dc, e->op2, shape, e->c ? t : s3, e->c ? s3 : t), shape);
}
static const FpBody combined = { emit_combined };

static const FpOp *take_op(const char **p)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(fp_ops); i++) {
        if (g_str_has_prefix(*p, fp_ops[i].name)) {
            *p += strlen(fp_ops[i].name);
            return &fp_ops[i];
        }
    }
    return NULL;
}

static IrOp op_of(const FpOp *o, FpShape shape, char suffix)
{
    return shape < FP_V64 ? o->op[shape] : o->op[suffix == 's' ? F32_LANES : F64_LANES];
}

typedef enum Prefix { PREFIX_F, PREFIX_PF, PREFIX_QPF } Prefix;

/* pf*d works on one f64, as do the operations without a prefix */
static FpShape shape_of(Prefix prefix, char suffix)
{
    return prefix == PREFIX_QPF ? FP_V128 : suffix == 'd' ? FP_D : prefix == PREFIX_F ? FP_S
                                                                                      : FP_V64;
}

/* "adds", "mul_subd" */
static bool resolve_arith(const char *p, Prefix prefix, E2kEmit *e)
{
    const FpOp *first = take_op(&p), *second = NULL;
    FpShape shape;

    if (!first) {
        return false;
    }
    if (*p == '_') {
        p++;
        second = take_op(&p);
        if (!second) {
            return false;
        }
    }
    if ((*p != 's' && *p != 'd') || p[1]) {
        return false;
    }
    shape = shape_of(prefix, *p);
    if (first->op[0] == IR_divss) {     /* pfdivs divides the low lane alone */
        shape = *p == 's' ? FP_S : FP_D;
    }
    e->a = shape;
    e->op = op_of(first, shape, *p);
    if (second) {
        e->op2 = op_of(second, shape, *p);
        e->c = second->name[0] == 'r';
    }
    e2k_fp_use(e, second ? &combined : &binary);
    return e->op != IR_nop && (!second || e->op2 != IR_nop);
}

/* ---- comparisons ---- */

/* all ones or zeros in each lane */
static void emit_compare(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    FpShape shape = (FpShape)e->a;
    IrVal t = fp_temp(dc, shape);

    ir_op2i(dc->b, e->op, t, fp_get(dc, op, 1, shape), fp_get(dc, op, 2, shape), e->c);
    fp_put(dc, op, t, shape);
}
static const FpBody compare = { emit_compare };

static void emit_compare_pred(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    FpShape shape = (FpShape)e->a;
    IrVal t = ir_temp(dc->b, IR_I32);

    ir_op2i(dc->b, e->op, t, fp_get(dc, op, 1, shape), fp_get(dc, op, 2, shape), e->c);
    e2k_dst_pred(dc, op, t);
}
static const FpBody compare_pred = { emit_compare_pred };

static void emit_compare_flags(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    FpShape shape = (FpShape)e->a;
    IrVal t = ir_temp(dc->b, IR_I32);

    ir_op2(dc->b, e->op, t, fp_get(dc, op, 1, shape), fp_get(dc, op, 2, shape));
    e2k_dst(dc, op, t);
}
static const FpBody compare_flags = { emit_compare_flags };

/* "odsf", "uddf": COMIS and UCOMIS */
static bool resolve_flags(const char *p, E2kEmit *e)
{
    static const char *const names[] = { "odsf", "oddf", "udsf", "uddf", NULL };
    static const IrOp ops[] = { IR_comiss, IR_comisd, IR_ucomiss, IR_ucomisd };
    int i = fp_find(p, names);

    if (i >= 0) {
        e->a = i & 1 ? FP_D : FP_S;
        e->op = ops[i];
        e2k_fp_use(e, &compare_flags);
    }
    return i >= 0;
}

/* "eqs", "ltdb" after "cmp" */
static bool resolve_compare(const char *p, Prefix prefix, E2kEmit *e)
{
    static const IrOp ops[] = { IR_cmpss, IR_cmpsd, IR_cmpps, IR_cmppd };
    int code;

    if (prefix == PREFIX_F && resolve_flags(p, e)) {
        return true;
    }
    code = fp_comparison(&p);
    if (code < 0 || (*p != 's' && *p != 'd')) {
        return false;
    }
    e->a = shape_of(prefix, *p);
    e->c = (uint16_t)code;
    if (!p[1]) {
        e->op = ops[e->a < FP_V64 ? e->a : *p == 's' ? F32_LANES : F64_LANES];
        e2k_fp_use(e, &compare);
        return true;
    }
    e->op = *p == 's' ? IR_fcmpss : IR_fcmpsd;
    e2k_fp_use(e, &compare_pred);
    return prefix == PREFIX_F && !strcmp(p + 1, "b");
}

/* ---- fused multiply-add ---- */

#define HELPER_FMA(fn, t) \
    { #fn, (void *)e2k_helper_##fn, 0, t, 4, { t, t, t, IR_I32 } }
static const IrHelper fmas = HELPER_FMA(fmas, IR_F32), fmad = HELPER_FMA(fmad, IR_F64);
static const IrHelper fma_ps = HELPER_FMA(fma_ps, IR_I64);
static const IrHelper fma_pd = {
    "fma_pd", (void *)e2k_helper_fma_pd, 0, IR_I64, 5, { IR_I64, IR_I64, IR_I64, IR_I32, IR_I32 }
};

static IrVal half(DC *dc, IrVal v, bool high)
{
    IrVal t = ir_temp(dc->b, IR_I64);

    ir_op1(dc->b, high ? IR_vhigh64 : IR_vlow64, t, v);
    return t;
}

static IrVal join(DC *dc, IrVal low, IrVal high)
{
    IrVal t = ir_temp(dc->b, IR_V128);

    ir_op1(dc->b, IR_vzext64, t, low);
    ir_op2i(dc->b, IR_vinsert64, t, t, high, 1);
    return t;
}

/* the host has no FMA */
static void soft_fma(DC *dc, const E2kAlop *op, const E2kEmit *e, const IrVal s[3])
{
    IrVal what = ir_i32(dc->b, e->c & 7), r[2], d;
    bool f64 = e->c & 8;

    if (e->a < FP_V64) {
        d = fp_temp(dc, (FpShape)e->a);
        e2k_call(dc, f64 ? &fmad : &fmas, d, 4, s[0], s[1], s[2], what, NULL, NULL);
        e2k_dst(dc, op, d);
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        r[i] = ir_temp(dc->b, IR_I64);
        e2k_call(dc, f64 ? &fma_pd : &fma_ps, r[i], f64 ? 5 : 4, half(dc, s[0], i),
                 half(dc, s[1], i), half(dc, s[2], i), what, f64 ? ir_i32(dc->b, i) : NULL, NULL);
    }
    e2k_dst(dc, op, join(dc, r[0], r[1]));
}

static void emit_fma(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    FpShape shape = (FpShape)e->a;
    const IrVal s[3] = { fp_get(dc, op, 1, shape), fp_get(dc, op, 2, shape),
                         fp_get(dc, op, 3, shape) };
    IrVal d;

    if (!tcg_has_op(e->op)) {
        soft_fma(dc, op, e, s);
        return;
    }
    d = fp_temp(dc, shape);
    ir_op3(dc->b, e->op, d, s[0], s[1], s[2]);
    e2k_dst(dc, op, d);
}
static const FpBody fma_body = { emit_fma };

static const struct {
    const char *name;                   /* without the type's letter */
    IrOp op[4];
    uint8_t what;
} fma_ops[] = {
    { "ma", { IR_vfmaddss, IR_vfmaddsd, IR_vfmaddps, IR_vfmaddpd }, 0 },
    { "ms", { IR_vfmsubss, IR_vfmsubsd, IR_vfmsubps, IR_vfmsubpd },
      E2K_FMA_NEG_EVEN | E2K_FMA_NEG_ODD },
    { "nma", { IR_vfnmaddss, IR_vfnmaddsd, IR_vfnmaddps, IR_vfnmaddpd }, E2K_FMA_NEG_MUL },
    { "nms", { IR_vfnmsubss, IR_vfnmsubsd, IR_vfnmsubps, IR_vfnmsubpd },
      E2K_FMA_NEG_MUL | E2K_FMA_NEG_EVEN | E2K_FMA_NEG_ODD },
    /* even lanes add and odd ones subtract, and the other way round */
    { "mas", { IR_nop, IR_nop, IR_vfmsubaddps, IR_vfmsubaddpd }, E2K_FMA_NEG_ODD },
    { "msa", { IR_nop, IR_nop, IR_vfmaddsubps, IR_vfmaddsubpd }, E2K_FMA_NEG_EVEN },
};

static bool resolve_fma(const char *p, Prefix prefix, E2kEmit *e)
{
    size_t n = strlen(p) - 1;
    bool f64 = p[n] == 'd';

    for (unsigned i = 0; i < G_N_ELEMENTS(fma_ops); i++) {
        if (strlen(fma_ops[i].name) == n && !strncmp(fma_ops[i].name, p, n)) {
            e->a = shape_of(prefix, p[n]);
            e->op = fma_ops[i].op[e->a < FP_V64 ? e->a : f64 ? F64_LANES : F32_LANES];
            e->c = fma_ops[i].what | (f64 ? 8 : 0);
            e2k_fp_use(e, &fma_body);
            return prefix != PREFIX_PF && e->op != IR_nop;
        }
    }
    return false;
}

/* ---- roots, reciprocals, scaling ---- */

/* square root of operand c */
static void emit_sqrt(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    FpShape shape = (FpShape)e->a;
    IrVal t = fp_temp(dc, shape);

    ir_op1(dc->b, e->op, t, fp_get(dc, op, e->c, shape));
    fp_put(dc, op, t, shape);
}
static const FpBody sqrt_body = { emit_sqrt };

/* fsqrtid: the second step, fsqrttd, does all the work */
static void emit_copy(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal t = ir_temp(dc->b, IR_F64);

    ir_mov(dc->b, t, e2k_src(dc, op, 2, IR_F64));
    e2k_dst(dc, op, t);
}

/* 1 / s2, or with op2 1 / sqrt(s2) */
static void emit_reciprocal(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal one = ir_temp(dc->b, IR_F32), t = ir_temp(dc->b, IR_F32), s = fp_get(dc, op, 2, FP_S);

    ir_op1(dc->b, IR_fmov_from_int, one, ir_i32(dc->b, 0x3f800000));
    if (e->op2 != IR_nop) {
        IrVal root = ir_temp(dc->b, IR_F32);

        ir_op1(dc->b, e->op2, root, s);
        s = root;
    }
    ir_op2(dc->b, IR_divss, t, one, s);
    e2k_dst(dc, op, t);
}
static const FpBody reciprocal = { emit_reciprocal };

static const IrHelper fscales = {
    "fscales", (void *)e2k_helper_fscales, 0, IR_F32, 2, { IR_F32, IR_I32 }
};
static const IrHelper fscaled = {
    "fscaled", (void *)e2k_helper_fscaled, 0, IR_F64, 2, { IR_F64, IR_I32 }
};

static void emit_scale(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    FpShape shape = (FpShape)e->a;
    IrVal t = fp_temp(dc, shape);

    e2k_call(dc, shape == FP_D ? &fscaled : &fscales, t, 2, fp_get(dc, op, 1, shape),
             e2k_src(dc, op, 2, IR_I32), NULL, NULL, NULL, NULL);
    e2k_dst(dc, op, t);
}
static const FpBody scale = { emit_scale };

static const struct { const char *name; const FpBody *body; E2kEmit e; } misc[] = {
    { "fsqrts", &sqrt_body, { .op = IR_sqrtss, .a = FP_S, .c = 2 } },
    { "pfsqrts", &sqrt_body, { .op = IR_sqrtss, .a = FP_S, .c = 2 } },
    { "fsqrttd", &sqrt_body, { .op = IR_sqrtsd, .a = FP_D, .c = 1 } },
    { "pfsqrttd", &sqrt_body, { .op = IR_sqrtsd, .a = FP_D, .c = 1 } },
    { "fsqrtid", NULL, { .fn = emit_copy } },
    { "frcps", &reciprocal, { .op2 = IR_nop } },
    { "frsqrts", &reciprocal, { .op2 = IR_sqrtss } },
    { "fscales", &scale, { .a = FP_S } },
    { "fscaled", &scale, { .a = FP_D } },
};

static bool resolve_misc(const char *name, E2kEmit *e)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(misc); i++) {
        if (!strcmp(name, misc[i].name)) {
            *e = misc[i].e;
            if (misc[i].body) {
                e2k_fp_use(e, misc[i].body);
            }
            return true;
        }
    }
    return false;
}

/* ---- by name ---- */

bool e2k_resolve_fp(const E2kOpRow *row, E2kEmit *e)
{
    static const char *const prefixes[] = { "f", "pf", "qpf" };

    *e = (E2kEmit){ 0 };
    if (e2k_resolve_f80(row, e) || e2k_resolve_fp_convert(row, e) || resolve_misc(row->name, e)) {
        return true;
    }
    for (int prefix = PREFIX_QPF; prefix >= PREFIX_F; prefix--) {
        if (g_str_has_prefix(row->name, prefixes[prefix])) {
            const char *p = row->name + strlen(prefixes[prefix]);

            *e = (E2kEmit){ 0 };
            return g_str_has_prefix(p, "cmp") ? resolve_compare(p + 3, (Prefix)prefix, e)
                   : resolve_arith(p, (Prefix)prefix, e) || resolve_fma(p, (Prefix)prefix, e);
        }
    }
    return false;
}
