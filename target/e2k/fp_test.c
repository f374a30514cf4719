/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating-point operations, each as one wide instruction run by the translator, against models in
 * plain C that work lane by lane on bits. Operands are edge values and random ones (fixed seed),
 * under each rounding mode; results, kept bits and sticky flags are compared. All rows of the
 * family must be translatable but for those listed with a reason. The interpreter runs the same
 * tests in a second process.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xmmintrin.h>
#include "accel/accel.h"
#include "target/e2k/cpu.h"
#include "target/e2k/fp-helpers.h"
#include "target/e2k/isa/decode.h"
#include "target/e2k/user_test.h"

#define CODE_ADDR 0x10000ul
#define CODE_BYTES 4096ul
enum { FLAG_IE = 1, FLAG_ZE = 4, FLAG_OE = 8, FLAG_UE = 16, FLAG_PE = 32,
       FLAGS_SEEN = 0x3d,               /* all but denormal operand */
       MASKS = 0x1f80, DST = 8, DST_PRED = 5 };

static CPUState *cpu;
static CPUE2KState *env;

static int page_query(uint64_t gva)
{
    return gva >= CODE_ADDR && gva < CODE_ADDR + CODE_BYTES ? PROT_R | PROT_X : 0;
}

static void set_up(const char *accel)
{
    test_map_at(CODE_ADDR, CODE_BYTES);
    test_user_mode(accel, page_query);
    cpu = current_cpu = test_cpu_new("elbrus-v6");
    env = e2k_env(cpu);
}

/* ---- code: one operation, then something that is no wide instruction ---- */

typedef struct Op {
    const E2kOpRow *row;
    unsigned channel, version;
    uint8_t src1, src2, src3, dst;      /* codes */
    bool guarded;                       /* ? %pred0 */
} Op;

static void put_code(const Op *op)
{
    uint32_t *w = (uint32_t *)CODE_ADDR, hs, als;
    unsigned n = 1, front, ch = op->channel;
    const E2kOpRow *r = op->row;
    uint32_t ales = (uint32_t)(uint8_t)r->opc2 << 8;

    als = (uint32_t)r->opcode << 24 | (uint32_t)op->src2 << 8
          | (r->src1_fixed >= 0 ? (uint32_t)r->src1_fixed : op->src1) << 16;
    als |= r->cmp_opce >= 0 ? (uint32_t)r->cmp_opce << 5 | DST_PRED : op->dst;
    memset(w, 0, 64);
    w[n++] = als;
    front = n;
    hs = 1u << (26 + ch);
    if (r->opc2 != E2K_NO_ALES) {
        ales |= r->ales_lo == E2K_ALES_SRC3 ? op->src3 : r->ales_lo >= 0 ? (uint32_t)r->ales_lo
                                                                          : 0xc0;
        hs |= 1u << (20 + ch);
        if (ch != 2 && ch != 5) {
            w[n++] = ales << 16;
        } else if (ales != 0x01c0) {
            w[n++] = ch == 5 ? ales : ales << 16;
            front = n;
        }
    }
    if (op->guarded) {
        uint32_t rlp = 3u << 5 | 1u << (10 + ch % 3) | (ch >= 3 ? 1u << 14 : 0);

        n += !(n & 1);                  /* the last word */
        w[n++] = rlp;
        hs |= 1u << 16;
    }
    n += n & 1;
    w[0] = hs | (front - 1) | (n / 2 - 1) << 4;
    memset(w + n, 0xff, 64);
    tcg_user_invalidate(CODE_ADDR, CODE_BYTES);
}

static void run_code(uint32_t trap)
{
    int why;

    env->ip = CODE_ADDR;
    env->mode = 0;
    do {
        why = cpu_exec(cpu);
    } while (why == EXCP_INTERRUPT);
    g_assert_cmpint(why, ==, EXCP_E2K_TRAP);
    g_assert_cmpint(env->trapno, ==, trap);
}

/* the newest version up to v6 that has the row, and one of its channels */
static bool choose(Op *op, const E2kOpRow *row, unsigned n)
{
    unsigned masks = 0, c;

    for (op->version = 6; op->version >= 1 && !row->channels[op->version - 1]; op->version--) {
    }
    if (op->version == 0) {
        return false;
    }
    masks = row->channels[op->version - 1];
    for (c = n % 6; !(masks >> c & 1); c = (c + 1) % 6) {
    }
    op->row = row;
    op->channel = c;
    op->src1 = 0x80 + 1;
    op->src2 = 0x80 + 2;
    op->src3 = 0x80 + 3;
    op->dst = 0x80 + DST;
    op->guarded = false;
    env->version = (uint8_t)op->version;
    return true;
}

/* ---- values ---- */

static uint64_t seed = 88172645463325252ull;

static uint64_t rnd(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static uint64_t any_f64(void)
{
    static const uint64_t edge[] = {
        0, 0x3ff0000000000000, 0x7ff0000000000000, 0x7ff8000000000001, 0x7ff4000000000001, 1,
        0x000fffffffffffff, 0x0010000000000000, 0x7fefffffffffffff, 0x3cb0000000000000,
        0x4340000000000001, 0x41e0000000000000, 0x43e0000000000000, 0x3fe0000000000000,
        0x4008000000000000, 0x41dfffffffe00000,
    };
    uint64_t sign = rnd() & 1ull << 63;

    switch (rnd() % 4) {
    case 0: return edge[rnd() % G_N_ELEMENTS(edge)] | sign;
    case 1: return rnd();
    default: return (rnd() & 0x000fffffffffffff) | (1023 - 40 + rnd() % 90) << 52 | sign;
    }
}

static uint32_t any_f32(void)
{
    static const uint32_t edge[] = {
        0, 0x3f800000, 0x7f800000, 0x7fc00001, 0x7fa00001, 1, 0x7fffff, 0x800000, 0x7f7fffff,
        0x34000000, 0x4b800001, 0x4f000000, 0x5f000000, 0x3f000000, 0x40400000, 0x4effffff,
    };
    uint32_t sign = (uint32_t)rnd() & 1u << 31;

    switch (rnd() % 4) {
    case 0: return edge[rnd() % G_N_ELEMENTS(edge)] | sign;
    case 1: return (uint32_t)rnd();
    default: return ((uint32_t)rnd() & 0x7fffff) | (uint32_t)(127 - 20 + rnd() % 50) << 23 | sign;
    }
}

static uint64_t any_int(void)
{
    uint64_t v = rnd();

    return rnd() % 3 ? v >> (rnd() % 64) : v;
}

/* ---- models: values as bits; arithmetic by the C compiler under MXCSR ---- */

typedef union Bits { uint64_t q; uint32_t w; double d; float f; } Bits;

static bool nan_of(bool f64, uint64_t v)
{
    return f64 ? (v & ~(1ull << 63)) > 0x7ff0000000000000 : (v & 0x7fffffff) > 0x7f800000;
}

static uint64_t quiet(bool f64, uint64_t v) { return v | (f64 ? 1ull << 51 : 1ull << 22); }
static void raise_flags(uint32_t flags) { _mm_setcsr(_mm_getcsr() | flags); }

/* the first NaN among n operands, quietened; IE if one of them signals */
static bool pick_nan(bool f64, const uint64_t *v, unsigned n, uint64_t *r)
{
    bool found = false;

    for (unsigned i = 0; i < n; i++) {
        if (nan_of(f64, v[i])) {
            if (quiet(f64, v[i]) != v[i]) {
                raise_flags(FLAG_IE);
            }
            if (!found) {
                *r = quiet(f64, v[i]);
            }
            found = true;
        }
    }
    return found;
}

static double to_double(bool f64, uint64_t v)
{
    Bits b = { .q = v };

    return f64 ? b.d : (double)b.f;
}

#define ARITH(T, member, expr) { volatile T x = a.member, y = c.member; r.member = expr; break; }

static uint64_t model2(const char *name, bool f64, uint64_t va, uint64_t vc)
{
    Bits a = { .q = va }, c = { .q = vc }, r = { 0 };
    const uint64_t both[2] = { va, vc };

    if (!strcmp(name, "min") || !strcmp(name, "max")) {
        bool nan = nan_of(f64, va) || nan_of(f64, vc);
        double x = 0, y = 0;

        if (nan) {
            raise_flags(FLAG_IE);
            return vc;
        }
        x = to_double(f64, va);
        y = to_double(f64, vc);
        return (name[1] == 'i' ? x < y : x > y) ? va : vc;
    }
    if (pick_nan(f64, both, 2, &r.q)) {
        return r.q;
    }
    switch (name[0] << 1 | f64) {
    case 'a' << 1: ARITH(float, f, x + y)
    case 's' << 1: ARITH(float, f, x - y)
    case 'm' << 1: ARITH(float, f, x * y)
    case 'd' << 1: ARITH(float, f, x / y)
    case 'a' << 1 | 1: ARITH(double, d, x + y)
    case 's' << 1 | 1: ARITH(double, d, x - y)
    case 'm' << 1 | 1: ARITH(double, d, x * y)
    case 'd' << 1 | 1: ARITH(double, d, x / y)
    default: g_assert_not_reached();
    }
    return r.q;
}

/* up to 4 lanes */
typedef struct Vec { unsigned n; bool f64; uint64_t v[4]; } Vec;

static void vec_get(Vec *x, const E2kReg *r, bool f64, unsigned bytes)
{
    const uint32_t w[4] = { (uint32_t)r->lo, (uint32_t)(r->lo >> 32), (uint32_t)r->hi,
                            (uint32_t)(r->hi >> 32) };

    x->f64 = f64;
    x->n = bytes / (f64 ? 8 : 4);
    for (unsigned i = 0; i < x->n; i++) {
        x->v[i] = f64 ? (i ? r->hi : r->lo) : w[i];
    }
}

static E2kReg vec_put(const Vec *x, E2kReg old)
{
    if (x->f64) {
        old.lo = x->v[0];
        old.hi = x->n > 1 ? x->v[1] : old.hi;
        return old;
    }
    old.lo = x->n > 1 ? x->v[0] | x->v[1] << 32 : (old.lo >> 32 << 32) | x->v[0];
    old.hi = x->n > 2 ? x->v[2] | x->v[3] << 32 : old.hi;
    return old;
}

static Vec vec_op(const char *name, const Vec *a, const Vec *c)
{
    Vec r = { .n = a->n, .f64 = a->f64 };
    unsigned half = a->n / 2;

    for (unsigned i = 0; i < a->n; i++) {
        if (!strcmp(name, "hadd") || !strcmp(name, "hsub")) {
            const Vec *s = i < half ? a : c;
            unsigned k = 2 * (i < half ? i : i - half);

            r.v[i] = model2(name + 1, a->f64, s->v[k], s->v[k + 1]);
        } else if (!strcmp(name, "addsub")) {
            r.v[i] = model2(i & 1 ? "add" : "sub", a->f64, a->v[i], c->v[i]);
        } else if (!strcmp(name, "rsub")) {
            r.v[i] = model2("sub", a->f64, c->v[i], a->v[i]);
        } else {
            r.v[i] = model2(name, a->f64, a->v[i], c->v[i]);
        }
    }
    return r;
}

static uint64_t model_fma(bool f64, const uint64_t s[3], bool neg_mul, bool neg_add)
{
    Bits a = { .q = s[0] }, c = { .q = s[1] }, e = { .q = s[2] }, r = { 0 };

    if (pick_nan(f64, s, 3, &r.q)) {
        return r.q;
    }
    if (f64) {
        volatile double x = neg_mul ? -a.d : a.d, y = c.d, z = neg_add ? -e.d : e.d;

        r.d = fma(x, y, z);
    } else {
        volatile float x = neg_mul ? -a.f : a.f, y = c.f, z = neg_add ? -e.f : e.f;

        r.f = fmaf(x, y, z);
    }
    return r.q;
}

static bool outcome(unsigned code, bool f64, uint64_t a, uint64_t c, bool *signals)
{
    bool unordered = nan_of(f64, a) || nan_of(f64, c), less, equal;
    double x = 0, y = 0;
    bool r;

    *signals = (code & 3) == 1 || (code & 3) == 2;
    if (!unordered) {
        x = to_double(f64, a);
        y = to_double(f64, c);
    }
    less = !unordered && x < y;
    equal = !unordered && x == y;
    r = (code & 3) == 0 ? equal : (code & 3) == 1 ? less : (code & 3) == 2 ? less || equal
                                                                            : unordered;
    return r != (code >> 2);
}

static bool snan(bool f64, uint64_t v) { return nan_of(f64, v) && quiet(f64, v) != v; }

static uint64_t model_cmp(unsigned code, bool f64, uint64_t a, uint64_t c)
{
    bool signals, r = outcome(code, f64, a, c, &signals);

    if (snan(f64, a) || snan(f64, c) || (signals && (nan_of(f64, a) || nan_of(f64, c)))) {
        raise_flags(FLAG_IE);
    }
    return r ? f64 ? ~0ull : 0xffffffff : 0;
}

/* ---- one row: names taken apart ---- */

typedef struct Name {
    unsigned bytes;             /* of the operands' vectors: 4, 8, 16 */
    bool f64;
    char first[16], second[16]; /* operations; second "" if there is one only */
} Name;

static bool known_op(const char *s)
{
    static const char *const ops[] = { "add", "sub", "mul", "div", "min", "max", "hadd", "hsub",
                                       "addsub", "rsub", NULL };

    for (unsigned i = 0; ops[i]; i++) {
        if (!strcmp(s, ops[i])) {
            return true;
        }
    }
    return false;
}

/* "qpfmul_addd" and so on; false: of another kind */
static bool take_apart(const char *name, Name *n)
{
    const char *p = strchr(name, 'f');
    size_t len = strlen(name);
    char rest[32], *bar;

    if (!p || len > 24 || (p != name && strncmp(name, "pf", 2) && strncmp(name, "qpf", 3))) {
        return false;
    }
    n->f64 = name[len - 1] == 'd';
    n->bytes = name[0] == 'q' ? 16 : n->f64 || name[0] == 'p' ? 8 : 4;
    g_strlcpy(rest, p + 1, sizeof(rest));
    rest[strlen(rest) - 1] = 0;
    bar = strchr(rest, '_');
    if (bar) {
        *bar = 0;
    }
    g_strlcpy(n->first, rest, sizeof(n->first));
    g_strlcpy(n->second, bar ? bar + 1 : "", sizeof(n->second));
    if (!strcmp(n->first, "div")) {
        n->bytes = n->f64 ? 8 : 4;      /* pfdivs: the low lane */
    }
    return known_op(n->first) && (!bar || known_op(n->second));
}

/* ---- running one row against a model ---- */

typedef struct Trial {
    E2kReg s[4], old;           /* operands at 1..3 */
    bool pred, has_pred;        /* result if it is a predicate */
    E2kReg d;
} Trial;

typedef void ModelFn(const E2kOpRow *row, Trial *t);

static void fill(Trial *t, unsigned kind)
{
    for (unsigned i = 1; i < 4; i++) {
        switch (kind) {
        case 0:
            t->s[i].lo = any_f64();
            t->s[i].hi = any_f64();
            break;
        case 1:
            t->s[i].lo = any_f32() | (uint64_t)any_f32() << 32;
            t->s[i].hi = any_f32() | (uint64_t)any_f32() << 32;
            break;
        default:
            t->s[i].lo = any_int();
            t->s[i].hi = any_int();
            break;
        }
    }
    if (rnd() % 4 == 0) {
        t->s[3] = t->s[2];
    }
    t->old = (E2kReg){ rnd(), rnd() };
}

static unsigned n_trials;

static void one_trial(const Op *op, ModelFn *model, unsigned kind, uint32_t rc)
{
    uint32_t control = MASKS | rc << 13, host = _mm_getcsr(), flags;
    Trial t = { 0 };

    fill(&t, kind);
    t.d = t.old;
    _mm_setcsr(control);
    model(op->row, &t);
    flags = _mm_getcsr() & FLAGS_SEEN;
    _mm_setcsr(host);

    e2k_pfpfr_write(env, control);
    for (unsigned i = 1; i < 4; i++) {
        env->win[i] = t.s[i];
    }
    env->win[DST] = t.old;
    env->frame->pred[DST_PRED] = !t.pred;
    env->frame->pred[0] = 1;
    run_code(E2K_EXC_ILLEGAL_OPCODE);
    n_trials++;
    if (env->win[DST].lo != t.d.lo || env->win[DST].hi != t.d.hi
        || (t.has_pred && env->frame->pred[DST_PRED] != t.pred)
        || (e2k_pfpfr_read(env) & FLAGS_SEEN) != flags) {
        g_test_message("%s channel %u rc %u: %016lx:%016lx, %016lx:%016lx, %016lx:%016lx\n"
                       "gives %016lx:%016lx pred %d flags %02x, expected %016lx:%016lx %d %02x",
                       op->row->name, op->channel, rc, t.s[1].hi, t.s[1].lo, t.s[2].hi, t.s[2].lo,
                       t.s[3].hi, t.s[3].lo, env->win[DST].hi, env->win[DST].lo,
                       env->frame->pred[DST_PRED], e2k_pfpfr_read(env) & FLAGS_SEEN, t.d.hi, t.d.lo,
                       t.pred, flags);
        g_test_fail();
    }
}

static void run_row(const E2kOpRow *row, ModelFn *model, unsigned kind, unsigned count)
{
    static unsigned turn;
    Op op;

    if (!choose(&op, row, turn++)) {
        return;
    }
    put_code(&op);
    for (unsigned i = 0; i < count && !g_test_failed(); i++) {
        one_trial(&op, model, kind, i & 3);
    }
}

/* ---- arithmetic ---- */

static void model_arith(const E2kOpRow *row, Trial *t)
{
    Vec a, c, e, r;
    Name n;

    g_assert(take_apart(row->name, &n));
    vec_get(&a, &t->s[1], n.f64, n.bytes);
    vec_get(&c, &t->s[2], n.f64, n.bytes);
    r = vec_op(n.first, &a, &c);
    if (n.second[0]) {
        vec_get(&e, &t->s[3], n.f64, n.bytes);
        r = vec_op(n.second, &e, &r);
    }
    t->d = vec_put(&r, t->d);
}

static void test_arith(void)
{
    unsigned n_rows = 0;
    Name n;

    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        if (take_apart(e2k_op_rows[i].name, &n)) {
            run_row(&e2k_op_rows[i], model_arith, n.f64 ? 0 : 1, 160);
            n_rows++;
        }
    }
    g_assert_cmpuint(n_rows, >=, 150);
}

/* ---- fused ---- */

static const struct { const char *name; bool f64, vector, mul, even, odd; } fused[] = {
    { "fmas", 0, 0, 0, 0, 0 }, { "fmss", 0, 0, 0, 1, 1 }, { "fnmas", 0, 0, 1, 0, 0 },
    { "fnmss", 0, 0, 1, 1, 1 }, { "fmad", 1, 0, 0, 0, 0 }, { "fmsd", 1, 0, 0, 1, 1 },
    { "fnmad", 1, 0, 1, 0, 0 }, { "fnmsd", 1, 0, 1, 1, 1 },
    { "qpfmas", 0, 1, 0, 0, 0 }, { "qpfmss", 0, 1, 0, 1, 1 }, { "qpfnmas", 0, 1, 1, 0, 0 },
    { "qpfnmss", 0, 1, 1, 1, 1 }, { "qpfmad", 1, 1, 0, 0, 0 }, { "qpfmsd", 1, 1, 0, 1, 1 },
    { "qpfnmad", 1, 1, 1, 0, 0 }, { "qpfnmsd", 1, 1, 1, 1, 1 },
    { "qpfmass", 0, 1, 0, 0, 1 }, { "qpfmsas", 0, 1, 0, 1, 0 },
    { "qpfmasd", 1, 1, 0, 0, 1 }, { "qpfmsad", 1, 1, 0, 1, 0 },
};

static void model_fused(const E2kOpRow *row, Trial *t)
{
    Vec s[3], r = { 0 };

    for (unsigned i = 0; i < G_N_ELEMENTS(fused); i++) {
        if (strcmp(fused[i].name, row->name)) {
            continue;
        }
        for (unsigned k = 0; k < 3; k++) {
            vec_get(&s[k], &t->s[k + 1], fused[i].f64,
                    fused[i].vector ? 16 : fused[i].f64 ? 8 : 4);
        }
        r = s[0];
        for (unsigned k = 0; k < r.n; k++) {
            const uint64_t v[3] = { s[0].v[k], s[1].v[k], s[2].v[k] };

            r.v[k] = model_fma(fused[i].f64, v, fused[i].mul,
                               k & 1 ? fused[i].odd : fused[i].even);
        }
    }
    t->d = vec_put(&r, t->d);
}

static void test_fused(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        for (unsigned k = 0; k < G_N_ELEMENTS(fused); k++) {
            if (!strcmp(e2k_op_rows[i].name, fused[k].name)) {
                run_row(&e2k_op_rows[i], model_fused, fused[k].f64 ? 0 : 1, 300);
                n++;
            }
        }
    }
    g_assert_cmpuint(n, ==, G_N_ELEMENTS(fused));
}

/* The software version agrees with the host's FMA where that is there. */
static void test_soft_fma(void)
{
    for (unsigned i = 0; i < 40000; i++) {
        Bits a = { .q = any_f64() }, c = { .q = any_f64() }, e = { .q = any_f64() }, r;
        uint32_t what = (uint32_t)rnd() & 3, control = MASKS | (i & 3) << 13, flags;
        const uint64_t s[3] = { a.q, c.q, e.q };
        uint64_t want;

        if (rnd() % 4 == 0) {
            e.d = -(a.d * c.d);
        }
        _mm_setcsr(control);
        want = model_fma(true, (const uint64_t[]){ s[0], s[1], e.q }, what & 1, what & 2);
        flags = _mm_getcsr() & FLAGS_SEEN;
        _mm_setcsr(control);
        r.d = e2k_helper_fmad(a.d, c.d, e.d, what);
        flags ^= _mm_getcsr() & FLAGS_SEEN;
        _mm_setcsr(MASKS);
        g_assert_cmphex(r.q, ==, want);
        g_assert_cmphex(flags, ==, 0);
    }
}

/* ---- comparisons ---- */

static int cmp_code(const char **p)
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

static uint32_t comi_flags(bool f64, uint64_t a, uint64_t c)
{
    bool unused;

    return outcome(3, f64, a, c, &unused) ? 0x45 : outcome(0, f64, a, c, &unused) ? 0x40
           : outcome(1, f64, a, c, &unused) ? 1 : 0;
}

static void model_compare(const E2kOpRow *row, Trial *t)
{
    const char *p = strstr(row->name, "cmp") + 3;
    bool ud = g_str_has_prefix(p, "ud"), f64;
    int code = ud ? 3 : cmp_code(&p);
    unsigned bytes;
    Vec a, c, r;

    p += ud ? 2 : 0;
    f64 = *p == 'd';
    bytes = row->name[0] == 'q' ? 16 : f64 || row->name[0] == 'p' ? 8 : 4;
    vec_get(&a, &t->s[1], f64, bytes);
    vec_get(&c, &t->s[2], f64, bytes);
    r = a;
    if (p[1] == 'f') {
        if (code == 7 ? nan_of(f64, a.v[0]) || nan_of(f64, c.v[0])
                      : snan(f64, a.v[0]) || snan(f64, c.v[0])) {
            raise_flags(FLAG_IE);
        }
        t->d.lo = (t->d.lo >> 32 << 32) | comi_flags(f64, a.v[0], c.v[0]);
        return;
    }
    for (unsigned i = 0; i < a.n; i++) {
        r.v[i] = model_cmp((unsigned)code, f64, a.v[i], c.v[i]);
    }
    if (p[1] == 'b') {
        t->has_pred = true;
        t->pred = r.v[0] != 0;
    } else {
        t->d = vec_put(&r, t->d);
    }
}

static void test_compare(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        const char *name = e2k_op_rows[i].name;

        if (g_str_has_prefix(name, "fcmp") || g_str_has_prefix(name, "pfcmp")
            || g_str_has_prefix(name, "qpfcmp")) {
            run_row(&e2k_op_rows[i], model_compare, strchr(strstr(name, "cmp") + 4, 'd') ? 0 : 1,
                    120);
            run_row(&e2k_op_rows[i], model_compare, 1, 60);
            n++;
        }
    }
    g_assert_cmpuint(n, ==, 16 + 16 + 4 + 16 + 16);
}

/* ---- conversions ---- */

typedef enum Kind { K_S, K_D, K_IS, K_ID } Kind;
typedef struct Conv {
    const char *name;
    Kind from, to;
    bool trunc;
    unsigned lanes;
} Conv;

static const Conv convs[] = {
    { "fstois", K_S, K_IS, 0, 1 }, { "fstoistr", K_S, K_IS, 1, 1 },
    { "fstoid", K_S, K_ID, 0, 1 }, { "fstoidtr", K_S, K_ID, 1, 1 },
    { "fdtois", K_D, K_IS, 0, 1 }, { "fdtoistr", K_D, K_IS, 1, 1 },
    { "fdtoid", K_D, K_ID, 0, 1 }, { "fdtoidtr", K_D, K_ID, 1, 1 },
    { "istofs", K_IS, K_S, 0, 1 }, { "istofd", K_IS, K_D, 0, 1 },
    { "idtofs", K_ID, K_S, 0, 1 }, { "idtofd", K_ID, K_D, 0, 1 },
    { "fstofd", K_S, K_D, 0, 1 }, { "fdtofs", K_D, K_S, 0, 1 },
    { "pfdtois", K_D, K_IS, 0, 1 }, { "pfdtoistr", K_D, K_IS, 1, 1 },
    { "pfstofd", K_S, K_D, 0, 1 }, { "pfdtofs", K_D, K_S, 0, 1 },
    { "pfstois", K_S, K_IS, 0, 2 }, { "pfstoistr", K_S, K_IS, 1, 2 },
    { "pistofs", K_IS, K_S, 0, 2 },
    { "qpfstois", K_S, K_IS, 0, 4 }, { "qpfstoistr", K_S, K_IS, 1, 4 },
    { "qpistofs", K_IS, K_S, 0, 4 }, { "qpistofd", K_IS, K_D, 0, 2 },
    { "qpfstofd", K_S, K_D, 0, 2 }, { "qpfdtois", K_D, K_IS, 0, 2 },
    { "qpfdtoistr", K_D, K_IS, 1, 2 }, { "qpfdtofs", K_D, K_S, 0, 2 },
    { "qpidtofs", K_ID, K_S, 0, 2 }, { "qpidtofd", K_ID, K_D, 0, 2 },
    { "qpfstoid", K_S, K_ID, 0, 2 }, { "qpfstoidtr", K_S, K_ID, 1, 2 },
    { "qpfdtoid", K_D, K_ID, 0, 2 }, { "qpfdtoidtr", K_D, K_ID, 1, 2 },
};

static bool wide(Kind k) { return k == K_D || k == K_ID; }

/* the rounding mode in MXCSR's coding, on a value that may have a fraction */
static double integral(double x, unsigned rc)
{
    double lo = floor(x), hi = ceil(x);

    switch (rc) {
    case 1: return lo;
    case 2: return hi;
    case 3: return trunc(x);
    default:
        return x - lo < hi - x ? lo : x - lo > hi - x ? hi : fmod(lo, 2) == 0 ? lo : hi;
    }
}

static uint64_t model_to_int(const Conv *c, uint64_t v)
{
    bool f64 = c->from == K_D, is32 = c->to == K_IS;
    unsigned rc = c->trunc ? 3 : _mm_getcsr() >> 13 & 3;
    uint32_t csr = _mm_getcsr();
    double x, r;

    if (!nan_of(f64, v)) {
        _mm_setcsr(MASKS);
        x = to_double(f64, v);
        r = isinf(x) ? x : integral(x, rc);
        _mm_setcsr(csr);
        if (r >= (is32 ? -0x1p31 : -0x1p63) && r < (is32 ? 0x1p31 : 0x1p63)) {
            raise_flags(r != x ? FLAG_PE : 0);
            return is32 ? (uint32_t)(int32_t)r : (uint64_t)(int64_t)r;
        }
    }
    raise_flags(FLAG_IE);
    return is32 ? 0x80000000 : 1ull << 63;
}

static uint64_t model_from_int(const Conv *c, uint64_t v)
{
    volatile int64_t x = c->from == K_IS ? (int32_t)v : (int64_t)v;
    Bits r = { 0 };

    if (c->to == K_D) {
        volatile double d = (double)x;

        r.d = d;
    } else {
        volatile float f = (float)x;

        r.f = f;
    }
    return r.q;
}

static uint64_t model_lane(const Conv *c, uint64_t v)
{
    Bits a = { .q = v }, r = { 0 };

    if (c->to == K_IS || c->to == K_ID) {
        return model_to_int(c, v);
    }
    if (c->from == K_IS || c->from == K_ID) {
        return model_from_int(c, v);
    }
    if (nan_of(c->from == K_D, v)) {
        raise_flags(snan(c->from == K_D, v) ? FLAG_IE : 0);
        return c->to == K_D ? (v & 0x80000000) << 32 | 0x7ff8000000000000 | (v & 0x7fffff) << 29
                            : (v >> 32 & 0x80000000) | 0x7fc00000 | (v >> 29 & 0x7fffff);
    }
    if (c->to == K_D) {
        volatile float f = a.f;

        r.d = f;
    } else {
        volatile double d = a.d;

        r.f = (float)d;
    }
    return r.q;
}

static const Conv *find_conv(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(convs); i++) {
        if (!strcmp(convs[i].name, name)) {
            return &convs[i];
        }
    }
    return NULL;
}

static void model_convert(const E2kOpRow *row, Trial *t)
{
    const Conv *c = find_conv(row->name);
    Vec a, r = { .n = c->lanes, .f64 = wide(c->to) };

    vec_get(&a, &t->s[2], wide(c->from), c->lanes * (wide(c->from) ? 8 : 4));
    for (unsigned i = 0; i < c->lanes; i++) {
        r.v[i] = model_lane(c, a.v[i]);
    }
    t->d = vec_put(&r, t->d);
}

static void test_convert(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        const Conv *c = find_conv(e2k_op_rows[i].name);

        if (c) {
            run_row(&e2k_op_rows[i], model_convert,
                    c->from == K_D ? 0 : c->from == K_S ? 1 : 2, 400);
            n++;
        }
    }
    g_assert_cmpuint(n, ==, G_N_ELEMENTS(convs));
}

/* ---- to integral values ---- */

static uint64_t model_integral(bool f64, uint64_t v, uint64_t sel)
{
    unsigned rc = sel & 4 ? _mm_getcsr() >> 13 & 3 : sel & 3;
    uint32_t csr = _mm_getcsr();
    Bits a = { .q = v }, r = { 0 };
    double x, y;

    if (pick_nan(f64, &v, 1, &r.q)) {
        return r.q;
    }
    _mm_setcsr(MASKS);
    x = to_double(f64, v);
    y = isinf(x) || x == 0 ? x : copysign(integral(x, rc), x);
    _mm_setcsr(csr);
    raise_flags(y != x && !(sel & 8) ? FLAG_PE : 0);
    if (f64) {
        r.d = y;
    } else {
        r.f = (float)y;
    }
    return a.q == v ? r.q : 0;
}

static uint64_t round_sel;              /* ~0: in a register */

static void model_round(const E2kOpRow *row, Trial *t)
{
    size_t len = strlen(row->name);
    bool f64 = row->name[len - 1] == 'd';
    Vec a;

    vec_get(&a, &t->s[2], f64, row->name[0] == 'q' ? 16 : f64 || row->name[0] == 'p' ? 8 : 4);
    for (unsigned i = 0; i < a.n; i++) {
        a.v[i] = model_integral(f64, a.v[i], round_sel == ~0ull ? t->s[1].lo : round_sel);
    }
    t->d = vec_put(&a, t->d);
}

static void test_round(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        const char *name = e2k_op_rows[i].name;
        Op op;

        if (!strstr(name, "stoifs") && !strstr(name, "dtoifd")) {
            continue;
        }
        n++;
        for (unsigned sel = 0; sel <= 16; sel++) {
            g_assert(choose(&op, &e2k_op_rows[i], sel));
            round_sel = sel < 16 ? sel : ~0ull;
            op.src1 = sel < 16 ? (uint8_t)(0xc0 + sel) : op.src1;
            put_code(&op);
            for (unsigned k = 0; k < 80 && !g_test_failed(); k++) {
                one_trial(&op, model_round, strstr(name, "dto") ? 0 : 1, k & 3);
            }
        }
    }
    g_assert_cmpuint(n, ==, 6);
}

/* ---- roots, reciprocals, scaling ---- */

static void model_misc(const E2kOpRow *row, Trial *t)
{
    const char *name = row->name;
    Bits s1 = { .q = t->s[1].lo }, s2 = { .q = t->s[2].lo }, r = { 0 };
    uint64_t w2 = (uint32_t)s2.q;

    if (strstr(name, "fsqrttd")) {
        if (!pick_nan(true, &s1.q, 1, &r.q)) {
            if (s1.q >> 63 && s1.d != 0) {
                raise_flags(FLAG_IE);
                r.q = 0xfff8000000000000;
            } else {
                __m128d v = _mm_sqrt_sd(_mm_setzero_pd(), _mm_set_sd(s1.d));
                r.d = _mm_cvtsd_f64(v);
            }
        }
        t->d.lo = r.q;
        return;
    }
    if (!strcmp(name, "fsqrtid")) {
        t->d.lo = s2.q;
        return;
    }
    r.q = w2;
    if (!pick_nan(false, &w2, 1, &r.q)) {
        volatile float x = s2.f, one = 1;

        if (strstr(name, "sqrt") && x < 0) {
            raise_flags(FLAG_IE);
            r.q = 0xffc00000;
        } else {
            if (strstr(name, "sqrt")) {
                x = _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x)));
            }
            r.q = 0;
            r.f = name[1] == 'r' ? one / x : x;
        }
    }
    t->d.lo = (t->d.lo >> 32 << 32) | (uint32_t)r.q;
}

/* by halves or doubles: each exact until the last ones, so in the widest format at hand */
static void model_scale(const E2kOpRow *row, Trial *t)
{
    bool f64 = row->name[6] == 'd';
    uint64_t v = f64 ? t->s[1].lo : (uint32_t)t->s[1].lo, r;
    int32_t n = (int32_t)t->s[2].lo;
    uint16_t cw = (uint16_t)(0x37f | (_mm_getcsr() >> 13 & 3) << 10), old = 0x37f, sw;
    Bits a = { .q = v }, b = { 0 };
    long double x, e;

    if (pick_nan(f64, &v, 1, &r)) {
        b.q = r;
    } else {
        x = f64 ? (long double)a.d : (long double)a.f;
        e = n > 9000 ? 9000 : n < -9000 ? -9000 : n;
        __asm__ volatile("fnclex\n\tfldcw %0" : : "m"(cw));
        __asm__ volatile("fscale" : "+t"(x) : "u"(e));
        if (f64) {
            __asm__ volatile("fstpl %0" : "=m"(b.d) : "t"(x) : "st");
        } else {
            __asm__ volatile("fstps %0" : "=m"(b.f) : "t"(x) : "st");
        }
        __asm__ volatile("fnstsw %0\n\tfnclex\n\tfldcw %1" : "=a"(sw) : "m"(old));
        raise_flags(sw & FLAGS_SEEN);
    }
    t->d.lo = f64 ? b.q : (t->d.lo >> 32 << 32) | b.w;
}

static void model_scale_near(const E2kOpRow *row, Trial *t)
{
    t->s[2].lo = (uint64_t)(int64_t)((int)(rnd() % 4400) - 2200);
    if (row->name[6] == 's') {
        t->s[2].lo = (uint64_t)(int64_t)((int)(rnd() % 600) - 300);
    }
    model_scale(row, t);
}

static void test_misc(void)
{
    static const struct { const char *name; ModelFn *model; unsigned kind; } rows[] = {
        { "fsqrts", model_misc, 1 }, { "pfsqrts", model_misc, 1 }, { "fsqrttd", model_misc, 0 },
        { "pfsqrttd", model_misc, 0 }, { "fsqrtid", model_misc, 0 }, { "frcps", model_misc, 1 },
        { "frsqrts", model_misc, 1 }, { "fscales", model_scale_near, 1 },
        { "fscaled", model_scale_near, 0 }, { "fscales", model_scale, 1 },
        { "fscaled", model_scale, 0 },
    };
    unsigned n = 0;

    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        for (unsigned k = 0; k < G_N_ELEMENTS(rows); k++) {
            if (!strcmp(e2k_op_rows[i].name, rows[k].name)) {
                run_row(&e2k_op_rows[i], rows[k].model, rows[k].kind, 400);
                n++;
            }
        }
    }
    g_assert_cmpuint(n, ==, G_N_ELEMENTS(rows));
}

/* ---- f80 ---- */

typedef union Ext { long double v; struct { uint64_t m; uint16_t se; } b; } Ext;

static E2kReg ext_reg(long double v)
{
    Ext e;

    memset(&e, 0, sizeof(e));
    e.v = v;
    return (E2kReg){ e.b.m, e.b.se };
}

static long double reg_ext(const E2kReg *r)
{
    Ext e = { .b = { r->lo, (uint16_t)r->hi } };

    return e.v;
}

static uint16_t f80_cw;
static uint32_t f80_flags;

static void f80_begin(void) { __asm__ volatile("fnclex\n\tfldcw %0" : : "m"(f80_cw)); }

static void f80_end(void)
{
    static const uint16_t old = 0x37f;
    uint16_t sw;

    __asm__ volatile("fnstsw %0\n\tfnclex\n\tfldcw %1" : "=a"(sw) : "m"(old));
    f80_flags = sw & FLAGS_SEEN;
}

static long double f80_operand(const E2kReg *r, char fmt)
{
    Bits b = { .q = r->lo };

    return fmt == 'x' ? reg_ext(r) : fmt == 'd' ? (long double)b.d : (long double)b.f;
}

static void f80_result(Trial *t, volatile long double v, char fmt)
{
    Bits b = { 0 };

    if (fmt == 'x') {
        t->d = ext_reg(v);
    } else if (fmt == 'd') {
        volatile double d = (double)v;

        b.d = d;
        t->d.lo = b.q;
    } else {
        volatile float f = (float)v;

        b.f = f;
        t->d.lo = (t->d.lo >> 32 << 32) | b.w;
    }
}

/* "fxaddsd", "fxdivtsx" */
static void model_f80(const E2kOpRow *row, Trial *t)
{
    size_t len = strlen(row->name);
    bool swapped = g_str_has_prefix(row->name, "fxdivt");
    char fmt = row->name[len - 2], fd = row->name[len - 1];
    volatile long double a, c, r = 0;

    f80_begin();
    a = f80_operand(&t->s[1], swapped ? fmt : 'x');
    c = f80_operand(&t->s[2], swapped ? 'x' : fmt);
    switch (row->name[2]) {
    case 'a': r = a + c; break;
    case 's': r = a - c; break;
    case 'r': r = c - a; break;
    case 'm': r = a * c; break;
    case 'd': r = a / c; break;
    }
    f80_result(t, r, fd);
    f80_end();
}

static void model_f80_sqrt(const E2kOpRow *row, Trial *t)
{
    char step = row->name[6], fmt = row->name[7];
    long double r;

    f80_begin();
    r = f80_operand(&t->s[step == 'i' ? 2 : 1], fmt);
    if (step == 't') {
        __asm__ volatile("fsqrt" : "+t"(r));
    }
    f80_result(t, r, 'x');
    f80_end();
}

static void model_f80_cmp(const E2kOpRow *row, Trial *t)
{
    const char *p = row->name + 5;
    bool ud = g_str_has_prefix(p, "ud"), unordered, less, equal, r;
    int code = ud ? 3 : cmp_code(&p);
    long double a, c;

    p += ud ? 2 : 0;
    f80_begin();
    a = f80_operand(&t->s[1], 'x');
    c = f80_operand(&t->s[2], *p);
    f80_end();
    unordered = isnan(a) || isnan(c);
    less = !unordered && a < c;
    equal = !unordered && a == c;
    if (p[1] == 'f') {
        f80_flags |= unordered && code == 7 ? FLAG_IE : 0;
        t->d.lo = (t->d.lo >> 32 << 32) | (unordered ? 0x45 : equal ? 0x40 : less ? 1 : 0);
        return;
    }
    r = (code & 3) == 0 ? equal : (code & 3) == 1 ? less : (code & 3) == 2 ? less || equal
                                                                            : unordered;
    f80_flags |= unordered && ((code & 3) == 1 || (code & 3) == 2) ? FLAG_IE : 0;
    t->has_pred = true;
    t->pred = r != (code >> 2);
}

static void model_f80_convert(const E2kOpRow *row, Trial *t)
{
    const char *name = row->name;
    bool to_int = name[0] == 'f' && name[4] == 'i';
    volatile long double v;
    int64_t i = 0;

    f80_begin();
    if (name[0] == 'i') {
        v = name[1] == 's' ? (long double)(int32_t)t->s[2].lo : (long double)(int64_t)t->s[2].lo;
        f80_result(t, v, 'x');
    } else if (!to_int) {
        f80_result(t, f80_operand(&t->s[2], name[1]), name[5]);
    }
    f80_end();
    if (to_int) {
        bool is32 = name[5] == 's', in_range;
        unsigned rc = strstr(name, "tr") ? 3 : f80_cw >> 10 & 3;
        long double x = reg_ext(&t->s[2]), r = x, lo = floorl(x), hi = ceill(x);

        if (isfinite(x)) {
            r = rc == 1 ? lo : rc == 2 ? hi : rc == 3 ? truncl(x) : rintl(x);
        }
        in_range = isfinite(x) && r >= (is32 ? -0x1p31L : -0x1p63L)
                   && r < (is32 ? 0x1p31L : 0x1p63L);
        f80_flags = !in_range ? FLAG_IE : r != x ? FLAG_PE : 0;
        i = in_range ? (int64_t)r : is32 ? INT32_MIN : INT64_MIN;
        t->d.lo = is32 ? (t->d.lo >> 32 << 32) | (uint32_t)i : (uint64_t)i;
        __asm__ volatile("fnclex");
    }
}

static void model_f80_scale(const E2kOpRow *row, Trial *t)
{
    long double x, n = (int32_t)t->s[2].lo;

    f80_begin();
    x = reg_ext(&t->s[1]);
    __asm__ volatile("fscale" : "+t"(x) : "u"(n));
    f80_result(t, x, 'x');
    f80_end();
}

/* @in_line: FPCR as a process finds it, which has translations of its own */
static void f80_row(const E2kOpRow *row, ModelFn *model, unsigned turn, bool in_line)
{
    uint32_t seen;
    Op op;

    g_assert(choose(&op, row, turn));
    put_code(&op);
    for (unsigned i = 0; i < 120 && !g_test_failed(); i++) {
        static const uint8_t pc[] = { 3, 3, 2, 0 };
        bool narrow = strchr(row->name, 's') && row->src2 == W_S;
        Trial t = { 0 };

        fill(&t, narrow ? 1 : i & 1 ? 0 : 1);
        for (unsigned k = 1; k < 3; k++) {
            uint8_t width = k == 1 ? row->src1 : row->src2;

            if (width == W_X) {
                Bits b = { .q = any_f64() };

                /* f64 NaNs become quiet here; the others are real f80 values */
                t.s[k] = i & 2 ? ext_reg(b.d)
                               : (E2kReg){ rnd() | 1ull << 63, (16383 - 40 + rnd() % 80)
                                           | (rnd() & 0x8000) };
            } else if (row->category && width == W_S && i & 1 && row->name[0] == 'i') {
                t.s[k].lo = any_int();
            }
        }
        t.d = t.old;
        f80_cw = in_line ? 0x37f : (uint16_t)(0x7f | pc[i >> 2 & 3] << 8 | (i & 3) << 10);
        f80_flags = 0;
        model(row, &t);
        e2k_fpcr_write(env, f80_cw);
        e2k_fpsr_write(env, 0);
        for (unsigned k = 1; k < 4; k++) {
            env->win[k] = t.s[k];
        }
        env->win[DST] = t.old;
        env->frame->pred[DST_PRED] = !t.pred;
        run_code(E2K_EXC_ILLEGAL_OPCODE);
        n_trials++;
        seen = e2k_fpsr_read(env) & FLAGS_SEEN;
        if (row->dst != W_X) {
            t.d.hi = t.old.hi;
        } else {
            env->win[DST].hi &= 0xffff;         /* the register's other bits mean nothing */
        }
        if (env->win[DST].lo != t.d.lo || env->win[DST].hi != t.d.hi || seen != f80_flags
            || (t.has_pred && env->frame->pred[DST_PRED] != t.pred)) {
            g_test_message("%s cw %04x: %04lx:%016lx, %04lx:%016lx gives %04lx:%016lx %d flags "
                           "%02x, expected %04lx:%016lx %d %02x", row->name, f80_cw, t.s[1].hi,
                           t.s[1].lo, t.s[2].hi, t.s[2].lo, env->win[DST].hi, env->win[DST].lo,
                           env->frame->pred[DST_PRED], seen, t.d.hi, t.d.lo, t.pred, f80_flags);
            g_test_fail();
        }
    }
    e2k_fpcr_write(env, 0x37f);
}

static void f80_rows(bool in_line)
{
    unsigned n = 0;

    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        const char *name = e2k_op_rows[i].name;
        ModelFn *model = NULL;

        if (g_str_has_prefix(name, "fxcmp")) {
            model = model_f80_cmp;
        } else if (g_str_has_prefix(name, "fxsqrt")) {
            model = model_f80_sqrt;
        } else if (!strcmp(name, "fxscalesx")) {
            model = model_f80_scale;
        } else if (g_str_has_prefix(name, "fxto") || g_str_has_suffix(name, "tofx")) {
            model = model_f80_convert;
        } else if (g_str_has_prefix(name, "fx")) {
            model = model_f80;
        }
        if (model) {
            f80_row(&e2k_op_rows[i], model, i, in_line);
            n++;
        }
    }
    g_assert_cmpuint(n, ==, 36 + 9 + 24 + 6 + 10 + 1);
}

static void test_f80(void)
{
    g_assert_false(e2k_f80_slow);
    f80_rows(true);
    g_assert_false(e2k_f80_slow);
    f80_rows(false);
    g_assert_true(e2k_f80_slow);
}

/* moves of parts, with results worked out by hand */
static void test_f80_moves(void)
{
    static const struct { const char *name; E2kReg s1, s2, d; } rows[] = {
        { "movif", { 0x8000000000000000, 7 }, { 0x12345c001, 9 }, { 0x8000000000000000, 0xc001 } },
        { "movfi", { 0, 0 }, { 5, 0xabcd1234 }, { 0x1111111100001234, 0x2222 } },
        { "movx", { 0, 0 }, { 6, 0xbfff }, { 6, 0xbfff } },
        { "movxa", { 0, 0 }, { 6, 0xbfff }, { 6, 0x3fff } },
        { "movxc", { 0, 0 }, { 6, 0x3fff }, { 6, 0xbfff } },
    };
    unsigned n = 0;
    Op op;

    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        for (unsigned k = 0; k < G_N_ELEMENTS(rows); k++) {
            if (!strcmp(e2k_op_rows[i].name, rows[k].name) && choose(&op, &e2k_op_rows[i], i)) {
                put_code(&op);
                env->win[1] = rows[k].s1;
                env->win[2] = rows[k].s2;
                env->win[DST] = (E2kReg){ 0x1111111111111111, 0x2222 };
                run_code(E2K_EXC_ILLEGAL_OPCODE);
                g_assert_cmphex(env->win[DST].lo, ==, rows[k].d.lo);
                g_assert_cmphex(env->win[DST].hi, ==, rows[k].d.hi);
                n++;
            }
        }
    }
    g_assert_cmpuint(n, ==, G_N_ELEMENTS(rows));
}

/* ---- PFPFR, exceptions that are not masked ---- */

static const E2kOpRow *row_of(const char *name)
{
    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        if (!strcmp(e2k_op_rows[i].name, name)) {
            return &e2k_op_rows[i];
        }
    }
    g_assert_not_reached();
}

static void test_pfpfr(void)
{
    Op op;

    e2k_pfpfr_write(env, 0xffffffff);
    g_assert_cmphex(e2k_pfpfr_read(env), ==, 0xfc00ffbf);
    e2k_pfpfr_write(env, MASKS);
    g_assert_cmphex(e2k_pfpfr_read(env), ==, MASKS);
    /* flags stick, and go when they are written away */
    g_assert(choose(&op, row_of("fdivd"), 0));
    put_code(&op);
    env->win[1].lo = 0x3ff0000000000000;
    env->win[2].lo = 0;
    run_code(E2K_EXC_ILLEGAL_OPCODE);
    g_assert_cmphex(e2k_pfpfr_read(env), ==, MASKS | FLAG_ZE);
    g_assert_cmphex(env->win[DST].lo, ==, 0x7ff0000000000000);
    env->win[2].lo = 0x4008000000000000;
    run_code(E2K_EXC_ILLEGAL_OPCODE);
    g_assert_cmphex(e2k_pfpfr_read(env), ==, MASKS | FLAG_ZE | FLAG_PE);
    e2k_pfpfr_write(env, MASKS);
    g_assert_cmphex(e2k_pfpfr_read(env), ==, MASKS);
}

/* Flush to zero is PFPFR's bit 15. */
static void test_flush(void)
{
    Op op;

    g_assert(choose(&op, row_of("fmuld"), 0));
    put_code(&op);
    env->win[1].lo = 0x0010000000000000;
    env->win[2].lo = 0x3fe0000000000000;
    e2k_pfpfr_write(env, MASKS);
    run_code(E2K_EXC_ILLEGAL_OPCODE);
    g_assert_cmphex(env->win[DST].lo, ==, 0x0008000000000000);
    e2k_pfpfr_write(env, MASKS | 0x8000);
    run_code(E2K_EXC_ILLEGAL_OPCODE);
    g_assert_cmphex(env->win[DST].lo, ==, 0);
    e2k_pfpfr_write(env, MASKS);
}

static void test_unmasked(void)
{
    Op op;

    g_assert(choose(&op, row_of("fdivd"), 0));
    op.guarded = true;
    put_code(&op);
    e2k_pfpfr_write(env, MASKS & ~(FLAG_ZE << 7));
    env->win[1].lo = 0x3ff0000000000000;
    env->win[2].lo = 0;
    env->win[DST].lo = 77;
    env->frame->pred[0] = 1;
    run_code(E2K_EXC_FP);
    g_assert_cmphex(env->ip, ==, CODE_ADDR);
    g_assert_cmphex(env->win[DST].lo, ==, 77);
    g_assert_cmphex(e2k_pfpfr_read(env) & FLAGS_SEEN, ==, FLAG_ZE);
    /* a masked one */
    e2k_pfpfr_write(env, MASKS & ~(FLAG_ZE << 7));
    env->win[2].lo = 0x4008000000000000;
    run_code(E2K_EXC_ILLEGAL_OPCODE);
    g_assert_cmphex(e2k_pfpfr_read(env) & FLAGS_SEEN, ==, FLAG_PE);
    /* not there */
    e2k_pfpfr_write(env, MASKS & ~(FLAG_ZE << 7));
    env->win[2].lo = 0;
    env->win[DST].lo = 77;
    env->frame->pred[0] = 0;
    run_code(E2K_EXC_ILLEGAL_OPCODE);
    g_assert_cmphex(env->win[DST].lo, ==, 77);
    g_assert_cmphex(e2k_pfpfr_read(env) & FLAGS_SEEN, ==, 0);
    /* f80 looks at FPCR */
    g_assert(choose(&op, row_of("fxdivxx"), 0));
    put_code(&op);
    env->win[1] = ext_reg(1);
    env->win[2] = ext_reg(0);
    e2k_fpcr_write(env, 0x37f & ~(uint32_t)FLAG_ZE);
    e2k_fpsr_write(env, 0);
    run_code(E2K_EXC_FP);
    g_assert_cmphex(e2k_fpsr_read(env), ==, 0x80 | FLAG_ZE);
    e2k_fpcr_write(env, 0x37f);
    e2k_pfpfr_write(env, MASKS);
}

/* ---- nothing is left out ---- */

static void test_all_rows(void)
{
    static const char *const categories[] = {
        "fp", "fp-combined", "fp-compare", "fp80", "convert", "packedfp", "packedfp-combined",
        "packedfp-compare", "packedconvert", NULL };
    unsigned n = 0;

    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        const E2kOpRow *row = &e2k_op_rows[i];
        bool mine = g_strv_contains(categories, e2k_category_names[row->category]), old = false;

        for (unsigned v = 0; v < 6; v++) {
            old |= row->channels[v] != 0;
        }
        if (mine && old) {
            if (!e2k_op_translatable(row)) {
                g_test_message("%s is not translated", row->name);
                g_test_fail();
            }
            n++;
        }
    }
    g_assert_cmpuint(n, >=, 390);
}

/* the tests above have really run */
static void test_count(void)
{
    g_test_message("%u trials", n_trials);
    g_assert_cmpuint(n_trials, >, 60000);
}

/* ---- the other back end ---- */

static char *self;

static void test_interp(void)
{
    g_auto(GStrv) envp = g_environ_setenv(g_get_environ(), "E2K_FP_TEST_INTERP", "1", true);
    char *argv[] = { self, (char *)"-q", NULL };
    g_autofree char *out = NULL;
    int status = 0;

    g_assert(g_spawn_sync(NULL, argv, envp, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status,
                          NULL));
    if (status != 0) {
        g_test_message("%s", out);
    }
    g_assert_cmpint(status, ==, 0);
}

int main(int argc, char **argv)
{
    bool interp = g_getenv("E2K_FP_TEST_INTERP") != NULL;

    self = argv[0];
    g_test_init(&argc, &argv, NULL);
    set_up(interp ? "tcg,backend=interp" : "tcg");
    g_test_add_func("/e2k-fp/all-rows", test_all_rows);
    g_test_add_func("/e2k-fp/arith", test_arith);
    g_test_add_func("/e2k-fp/fused", test_fused);
    g_test_add_func("/e2k-fp/soft-fma", test_soft_fma);
    g_test_add_func("/e2k-fp/compare", test_compare);
    g_test_add_func("/e2k-fp/convert", test_convert);
    g_test_add_func("/e2k-fp/round", test_round);
    g_test_add_func("/e2k-fp/misc", test_misc);
    g_test_add_func("/e2k-fp/f80", test_f80);
    g_test_add_func("/e2k-fp/f80-moves", test_f80_moves);
    g_test_add_func("/e2k-fp/pfpfr", test_pfpfr);
    g_test_add_func("/e2k-fp/flush", test_flush);
    g_test_add_func("/e2k-fp/unmasked", test_unmasked);
    g_test_add_func("/e2k-fp/count", test_count);
    if (!interp) {
        g_test_add_func("/e2k-fp/interp", test_interp);
    }
    return g_test_run();
}
