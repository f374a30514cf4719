/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * f80: values of 80 bits in 16-byte registers. Arithmetic is done by a helper on the host's x87
 * (fp-helpers.c); here is which operand has which format. Moves of the parts are done in line.
 */
#include <string.h>
#include "target/e2k/translate-fp.h"

static const IrHelper f80_helper = {
    "f80", (void *)e2k_helper_f80, 0, IR_I64, 6,
    { IR_I64, IR_I32, IR_I64, IR_I64, IR_I64, IR_I32 }
};

/* E2kEmit.a and .c together are the helper's @what; operands that are there in op2 */
enum { HAS_A = 1, HAS_B = 2, A_IS_SRC2 = 4, TO_PRED = 8 };

static uint32_t what_of(const E2kEmit *e) { return e->a | (uint32_t)e->c << 16; }

static IrVal operand(DC *dc, const E2kAlop *op, unsigned n, F80Fmt fmt)
{
    IrVal t;

    if (fmt == FMT_X) {
        return e2k_src_ptr(dc, op, n);
    }
    if (fmt == FMT_D || fmt == FMT_ID) {
        return e2k_src(dc, op, n, IR_I64);
    }
    t = ir_temp(dc->b, IR_I64);
    ir_zext(dc->b, t, e2k_src(dc, op, n, IR_I32));
    return t;
}

/*
 * While FPCR is what a process starts with, the host's control word is the guest's, and arithmetic
 * is done in line; its sticky flags stay in the host's status word, see e2k_fpsr_read().
 */
static bool in_line(DC *dc, const E2kAlop *op, uint32_t what, uint32_t how)
{
    static const uint8_t fmts[] = { [FMT_S] = X87_F32, [FMT_D] = X87_F64, [FMT_X] = X87_F80,
                                    [FMT_IS] = X87_I32, [FMT_ID] = X87_I64 };
    static const uint8_t ops[F80_N_OPS] = { [F80_ADD] = X87_ADD, [F80_SUB] = X87_SUB,
        [F80_RSUB] = X87_RSUB, [F80_MUL] = X87_MUL, [F80_DIV] = X87_DIV, [F80_SQRT] = X87_SQRT,
        [F80_COPY] = X87_COPY };
    F80Op f80 = (F80Op)(what & 15);

    if (e2k_f80_slow || f80 > F80_COPY || (how & TO_PRED)) {
        return false;
    }
    return e2k_dst_x87(dc, op, (X87Op)ops[f80], (X87Fmt)fmts[what >> 12 & 15],
                       how & A_IS_SRC2 ? 2 : 1, (X87Fmt)fmts[what >> 4 & 15],
                       how & HAS_B && f80 < F80_SQRT ? 2 : 0, (X87Fmt)fmts[what >> 8 & 15]);
}

static void emit_f80(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    uint32_t what = what_of(e), how = (uint32_t)(uintptr_t)e->op2;
    F80Fmt fd = (F80Fmt)(what >> 12 & 15);
    IrVal none = ir_i64(dc->b, 0), a, b = none, d = none, r = ir_temp(dc->b, IR_I64), w;

    if (in_line(dc, op, what, how)) {
        return;
    }
    a = operand(dc, op, how & A_IS_SRC2 ? 2 : 1, (F80Fmt)(what >> 4 & 15));
    if (how & HAS_B) {
        b = operand(dc, op, 2, (F80Fmt)(what >> 8 & 15));
    }
    if (fd == FMT_X) {
        d = e2k_dst_ptr(dc, op);
    }
    e2k_call(dc, &f80_helper, r, 6, ir_env(dc->b), ir_i32(dc->b, what), a, b, d,
             dc->guard ? dc->guard : ir_i32(dc->b, 1));
    if (fd == FMT_D || fd == FMT_ID) {
        e2k_dst(dc, op, r);
    } else if (fd != FMT_X) {
        w = ir_temp(dc->b, IR_I32);
        ir_trunc(dc->b, w, r);
        if (how & TO_PRED) {
            e2k_dst_pred(dc, op, w);
        } else {
            e2k_dst(dc, op, w);
        }
    }
}

static void use_f80(E2kEmit *e, uint32_t what, unsigned how)
{
    *e = (E2kEmit){ .fn = emit_f80, .op2 = (IrOp)how, .a = (uint16_t)what,
                    .c = (uint16_t)(what >> 16) };
}

/* 's', 'd', 'x' */
static bool format_of(char letter, F80Fmt *fmt)
{
    static const char letters[] = "sdx";
    const char *p = letter ? strchr(letters, letter) : NULL;

    *fmt = p ? (F80Fmt)(p - letters) : FMT_S;
    return p != NULL;
}

/* "addsx": s1 is f80, s2 and result as the letters say; "divtsx": s1 by the letter, s2 f80 */
static bool resolve_arith(const char *p, E2kEmit *e)
{
    static const struct { const char *name; F80Op op; bool swapped; } ops[] = {
        { "add", F80_ADD, false }, { "sub", F80_SUB, false }, { "rsub", F80_RSUB, false },
        { "mul", F80_MUL, false }, { "divt", F80_DIV, true }, { "div", F80_DIV, false },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(ops); i++) {
        size_t n = strlen(ops[i].name);
        F80Fmt f, fd;

        if (!strncmp(p, ops[i].name, n) && format_of(p[n], &f) && format_of(p[n + 1], &fd) &&
            !p[n + 2]) {
            use_f80(e, ops[i].swapped ? F80_WHAT(ops[i].op, f, FMT_X, fd, 0)
                                      : F80_WHAT(ops[i].op, FMT_X, f, fd, 0), HAS_A | HAS_B);
            return true;
        }
    }
    return false;
}

/* "sqrtisx", "sqrtudx", "sqrttxx": only the last step, t, computes anything */
static bool resolve_sqrt(const char *p, E2kEmit *e)
{
    F80Fmt f;

    if (strncmp(p, "sqrt", 4) || !strchr("iut", p[4]) || !format_of(p[5], &f)) {
        return false;
    }
    use_f80(e, F80_WHAT(p[4] == 't' ? F80_SQRT : F80_COPY, f, FMT_X, FMT_X, 0),
            p[4] == 'i' ? HAS_A | A_IS_SRC2 : HAS_A);
    return true;
}

/* "cmpltsb", "cmpoddf" */
static bool resolve_compare(const char *p, E2kEmit *e)
{
    bool ud = g_str_has_prefix(p, "cmpud");
    F80Fmt f;
    int code;

    if (strncmp(p, "cmp", 3)) {
        return false;
    }
    p += 3;
    if (ud) {
        p += 2;
        code = 3;
    } else {
        code = fp_comparison(&p);
    }
    if (code < 0 || !format_of(*p, &f) || (p[1] != 'b' && p[1] != 'f')) {
        return false;
    }
    use_f80(e, F80_WHAT(p[1] == 'b' ? F80_CMP : F80_FLAGS, FMT_X, f, FMT_IS, code),
            HAS_A | HAS_B | (p[1] == 'b' ? TO_PRED : 0));
    return true;
}

static bool resolve_convert(const char *name, E2kEmit *e)
{
    static const struct { const char *name; F80Op op; F80Fmt from, to; } rows[] = {
        { "fxtois", F80_COPY, FMT_X, FMT_IS }, { "fxtoid", F80_COPY, FMT_X, FMT_ID },
        { "fxtoistr", F80_TRUNC, FMT_X, FMT_IS }, { "fxtoidtr", F80_TRUNC, FMT_X, FMT_ID },
        { "istofx", F80_COPY, FMT_IS, FMT_X }, { "idtofx", F80_COPY, FMT_ID, FMT_X },
        { "fxtofd", F80_COPY, FMT_X, FMT_D }, { "fxtofs", F80_COPY, FMT_X, FMT_S },
        { "fstofx", F80_COPY, FMT_S, FMT_X }, { "fdtofx", F80_COPY, FMT_D, FMT_X },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!strcmp(name, rows[i].name)) {
            use_f80(e, F80_WHAT(rows[i].op, rows[i].from, FMT_X, rows[i].to, 0),
                    HAS_A | A_IS_SRC2);
            return true;
        }
    }
    return false;
}

/* ---- parts ---- */

/* significand s1; sign and exponent s2 */
static void emit_movif(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal d = ir_temp(dc->b, IR_V128), hi = ir_temp(dc->b, IR_I64), w = ir_temp(dc->b, IR_I32);

    ir_andi(dc->b, w, e2k_src(dc, op, 2, IR_I32), 0xffff);
    ir_zext(dc->b, hi, w);
    ir_op1(dc->b, IR_vzext64, d, e2k_src(dc, op, 1, IR_I64));
    ir_op2i(dc->b, IR_vinsert64, d, d, hi, 1);
    e2k_dst(dc, op, d);
}

static void emit_movfi(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal d = ir_temp(dc->b, IR_I32);

    ir_op1i(dc->b, IR_pextrw, d, e2k_src(dc, op, 2, IR_V128), 4);
    e2k_dst(dc, op, d);
}

/* a: bits of the exponent word to keep, c: to flip */
static void emit_movx(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal s = e2k_src(dc, op, 2, IR_V128), d = ir_temp(dc->b, IR_V128);
    IrVal w = ir_temp(dc->b, IR_I32);

    ir_op1i(dc->b, IR_pextrw, w, s, 4);
    ir_andi(dc->b, w, w, e->a);
    ir_xori(dc->b, w, w, e->c);
    ir_op2i(dc->b, IR_pinsrw, d, s, w, 4);
    e2k_dst(dc, op, d);
}

static bool resolve_move(const char *name, E2kEmit *e)
{
    static const struct { const char *name; E2kEmit e; } rows[] = {
        { "movif", { .fn = emit_movif } },
        { "movfi", { .fn = emit_movfi } },
        { "movx", { .fn = emit_movx, .a = 0xffff } },
        { "movxa", { .fn = emit_movx, .a = 0x7fff } },
        { "movxc", { .fn = emit_movx, .a = 0xffff, .c = 0x8000 } },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!strcmp(name, rows[i].name)) {
            *e = rows[i].e;
            return true;
        }
    }
    return false;
}

bool e2k_resolve_f80(const E2kOpRow *row, E2kEmit *e)
{
    const char *name = row->name;

    if (resolve_convert(name, e) || resolve_move(name, e)) {
        return true;
    }
    if (strncmp(name, "fx", 2)) {
        return false;
    }
    name += 2;
    if (!strcmp(name, "scalesx")) {
        use_f80(e, F80_WHAT(F80_SCALE, FMT_X, FMT_IS, FMT_X, 0), HAS_A | HAS_B);
        return true;
    }
    return resolve_arith(name, e) || resolve_sqrt(name, e) || resolve_compare(name, e);
}
