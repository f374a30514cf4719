/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PFPFR against the host's MXCSR, and floating-point operations done in C. Rounding and flags are
 * those of the host's registers, which hold the guest's settings while blocks run; volatile keeps
 * the compiler from folding or moving what depends on them.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <xmmintrin.h>
#include "accel/accel.h"
#include "target/e2k/fp-helpers.h"

enum { CSR_FLAGS = 0x3f, CSR_MASKS = 0x1f80, CSR_RC = 0x6000,
       CSR_FTZ_DAZ = 0x8040,
       PFPFR_CSR = 0xffbf,              /* what PFPFR and MXCSR share */
       FPSR_ES = 0x80, FPSR_C1 = 0x200, FPCR_CW = 0x0f00 };
#define PFPFR_ZERO 0x03ff0040u

bool e2k_fp_traps;

/*
 * ---- PFPFR ----
 * Its low 16 bits are laid out as MXCSR. Sticky flags collect in the host's register, which is
 * CPUState.host_mxcsr while no code runs.
 */

uint32_t e2k_pfpfr_read(CPUE2KState *env)
{
    const CPUState *cpu = env_cpu(env);

    env->pfpfr |= (cpu->in_code ? _mm_getcsr() : cpu->host_mxcsr) & CSR_FLAGS;
    return env->pfpfr;
}

void e2k_pfpfr_write(CPUE2KState *env, uint32_t value)
{
    CPUState *cpu = env_cpu(env);

    env->pfpfr = value & ~PFPFR_ZERO;
    cpu->host_mxcsr = (value & PFPFR_CSR) | CSR_MASKS;
    if (cpu->in_code) {
        _mm_setcsr(cpu->host_mxcsr);
    }
    if ((value & CSR_MASKS) != CSR_MASKS && !__atomic_exchange_n(&e2k_fp_traps, true,
                                                                 __ATOMIC_SEQ_CST)) {
        tb_flush_all();
    }
}

static G_NORETURN void raise_fp(CPUE2KState *env, uintptr_t ra)
{
    cpu_restore_state(env_cpu(env), ra);
    e2k_raise(env, E2K_EXC_FP, env->ip, 0);
}

void e2k_helper_fp_begin(CPUE2KState *env)
{
    uint32_t csr = _mm_getcsr();

    env->pfpfr |= csr & CSR_FLAGS;
    _mm_setcsr(csr & ~(uint32_t)CSR_FLAGS);
}

void e2k_helper_fp_check(CPUE2KState *env, uint32_t guard)
{
    uint32_t csr = _mm_getcsr(), flags = guard ? csr & CSR_FLAGS : 0;

    _mm_setcsr(csr & ~(uint32_t)CSR_FLAGS);
    env->pfpfr |= flags;
    if (flags & ~(env->pfpfr >> 7)) {
        raise_fp(env, GETPC());
    }
}

/* ---- scaling: one multiplication may round, those before it are exact or do not matter ---- */

static int32_t scale_limit(int32_t n, int32_t limit)
{
    return n > limit ? limit : n < -limit ? -limit : n;
}

double e2k_helper_fscaled(double s, int32_t n)
{
    volatile double r = s;

    n = scale_limit(n, 4200);
    for (; n > 1023; n -= 1023) {
        r *= 0x1p1023;
    }
    for (; n < -1022; n += 1022 - 53) {
        r *= 0x1p-1022 * 0x1p53;
    }
    uint64_t bits = (uint64_t)(n + 1023) << 52;
    double k;
    memcpy(&k, &bits, sizeof(k));
    r *= k;
    return r;
}

float e2k_helper_fscales(float s, int32_t n)
{
    volatile float r = s;

    n = scale_limit(n, 600);
    for (; n > 127; n -= 127) {
        r *= 0x1p127f;
    }
    for (; n < -126; n += 126 - 24) {
        r *= 0x1p-126f * 0x1p24f;
    }
    uint32_t bits = (uint32_t)(n + 127) << 23;
    float k;
    memcpy(&k, &bits, sizeof(k));
    r *= k;
    return r;
}

/* ---- rounding to integral values with a selector known at run time only ---- */

#define ROUND_CASE(n, insn, x) \
    case n: __asm__ volatile(insn " $" #n ", %1, %0" : "+x"(r) : "x"(x)); break;
#define ROUND_4(a, b, c, d, insn, x) \
    ROUND_CASE(a, insn, x) ROUND_CASE(b, insn, x) ROUND_CASE(c, insn, x) ROUND_CASE(d, insn, x)
#define ROUND_ALL(insn, x) \
    switch (sel & 15) { \
    ROUND_4(0, 1, 2, 3, insn, x) ROUND_4(4, 5, 6, 7, insn, x) ROUND_4(8, 9, 10, 11, insn, x) \
    ROUND_4(12, 13, 14, 15, insn, x) \
    }

float e2k_helper_rounds(float s, uint32_t sel)
{
    float r = 0;

    ROUND_ALL("roundss", s)
    return r;
}

double e2k_helper_roundd(double s, uint32_t sel)
{
    double r = 0;

    ROUND_ALL("roundsd", s)
    return r;
}

typedef union Pair { uint64_t q; uint32_t w[2]; float f[2]; double d; } Pair;

uint64_t e2k_helper_round_ps(uint64_t s, uint32_t sel)
{
    Pair p = { .q = s };

    p.f[0] = e2k_helper_rounds(p.f[0], sel);
    p.f[1] = e2k_helper_rounds(p.f[1], sel);
    return p.q;
}

uint64_t e2k_helper_round_pd(uint64_t s, uint32_t sel)
{
    Pair p = { .q = s };

    p.d = e2k_helper_roundd(p.d, sel);
    return p.q;
}

/* ---- fused multiply-add in software ---- */

/*
 * Both widths work alike: the product is exact in a wider format, the sum there is rounded to odd,
 * and the only rounding that counts is the one back. binary128 arithmetic (libgcc) follows MXCSR,
 * but leaves overflow and underflow in the x87 status word. Volatile: the compiler does not know
 * that these operations depend on MXCSR.
 */
__extension__ typedef __float128 Wide;

static Wide sum_to_odd(Wide x, Wide y)
{
    volatile Wide a = x, b = y, s = a + b, bb = s - a, aa = s - bb, err = (a - aa) + (b - bb);
    __extension__ unsigned __int128 bits;
    Wide r = s;

    if (err != 0) {
        memcpy(&bits, &r, sizeof(bits));
        if (!(bits & 1)) {
            /* towards the true sum if that is the odd neighbour: magnitude up or down */
            bits += (err > 0) == (r > 0) ? 1 : -1;
        }
        memcpy(&r, &bits, sizeof(r));
    }
    return r;
}

/* the sum, exact enough for one more rounding; no flags */
static G_GNUC_NO_INLINE Wide fma_wide(double x, double y, double z)
{
    volatile double a = x, b = y, c = z;
    uint32_t csr = _mm_getcsr();
    volatile Wide p, r;

    _mm_setcsr((csr & ~(uint32_t)(CSR_RC | CSR_FTZ_DAZ)) | CSR_MASKS);
    p = (Wide)a * (Wide)b;
    r = c;
    if (p != 0 && c != 0) {
        r = sum_to_odd(p, r);
    } else if (p != 0) {
        r = p;
    }
    if (r == 0) {                               /* its sign follows the rounding mode */
        _mm_setcsr(csr);
        r = p + (Wide)c;
    }
    _mm_setcsr(csr);
    return r;
}

/* the rounding that counts, with its flags */
static G_GNUC_NO_INLINE double wide_round(Wide x, bool to_f32)
{
    volatile Wide w = x;
    volatile double r;
    uint16_t sw;

    __asm__ volatile("fnclex");
    if (to_f32) {
        r = (float)w;
    } else {
        r = (double)w;
    }
    __asm__ volatile("fnstsw %0\n\tfnclex" : "=a"(sw));
    _mm_setcsr(_mm_getcsr() | (sw & CSR_FLAGS));
    return r;
}

static bool is_snan(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return isnan(x) && !(bits >> 51 & 1);
}

/* not all of them finite; result in @r */
static bool fma_special(double a, double b, double c, double *r)
{
    volatile double x = a, y = b, z = c;

    if (isfinite(a) && isfinite(b) && isfinite(c)) {
        return false;
    }
    if (isnan(a) || isnan(b) || isnan(c)) {
        bool invalid = is_snan(a) || is_snan(b) || is_snan(c);

        if (invalid) {
            _mm_setcsr(_mm_getcsr() | 1);
        }
        *r = isnan(a) ? x : isnan(b) ? y : z;
        if (is_snan(*r)) {
            uint64_t bits;

            memcpy(&bits, r, sizeof(bits));
            bits |= 1ull << 51;
            memcpy(r, &bits, sizeof(bits));
        }
        return true;
    }
    *r = isinf(a) || isinf(b) ? x * y + z : c;
    return true;
}

static double negated(double x, bool neg) { return neg && !isnan(x) ? -x : x; }

double e2k_helper_fmad(double a, double b, double c, uint32_t what)
{
    double r;

    a = negated(a, what & E2K_FMA_NEG_MUL);
    c = negated(c, what & E2K_FMA_NEG_EVEN);
    return fma_special(a, b, c, &r) ? r : wide_round(fma_wide(a, b, c), false);
}

/* f32 NaNs are not taken through f64 by the compiler: that would quieten and signal them */
static bool fmas_nan(const float v[3], float *r)
{
    int first = isnan(v[0]) ? 0 : isnan(v[1]) ? 1 : 2;
    bool any = false;

    for (int i = 0; i < 3; i++) {
        uint32_t bits;

        memcpy(&bits, &v[i], sizeof(bits));
        any |= isnan(v[i]);
        if (isnan(v[i]) && !(bits >> 22 & 1)) {
            _mm_setcsr(_mm_getcsr() | 1);
        }
    }
    if (any) {
        uint32_t bits;

        memcpy(&bits, &v[first], sizeof(bits));
        bits |= 1u << 22;
        memcpy(r, &bits, sizeof(bits));
    }
    return any;
}

float e2k_helper_fmas(float a, float b, float c, uint32_t what)
{
    const float v[3] = { a, b, c };
    float nan;
    double r, da, db, dc;

    if (fmas_nan(v, &nan)) {
        return nan;
    }
    da = negated(a, what & E2K_FMA_NEG_MUL);
    db = b;
    dc = negated(c, what & E2K_FMA_NEG_EVEN);
    return (float)(fma_special(da, db, dc, &r) ? r : wide_round(fma_wide(da, db, dc), true));
}

uint64_t e2k_helper_fma_ps(uint64_t a, uint64_t b, uint64_t c, uint32_t what)
{
    Pair x = { .q = a }, y = { .q = b }, z = { .q = c };

    x.f[0] = e2k_helper_fmas(x.f[0], y.f[0], z.f[0], what);
    what = (what & E2K_FMA_NEG_MUL) | (what & E2K_FMA_NEG_ODD ? E2K_FMA_NEG_EVEN : 0);
    x.f[1] = e2k_helper_fmas(x.f[1], y.f[1], z.f[1], what);
    return x.q;
}

uint64_t e2k_helper_fma_pd(uint64_t a, uint64_t b, uint64_t c, uint32_t what, uint32_t odd)
{
    Pair x = { .q = a }, y = { .q = b }, z = { .q = c };

    if (odd) {
        what = (what & E2K_FMA_NEG_MUL) | (what & E2K_FMA_NEG_ODD ? E2K_FMA_NEG_EVEN : 0);
    }
    x.d = e2k_helper_fmad(x.d, y.d, z.d, what);
    return x.q;
}

/* ---- f80 ---- */

static const uint16_t host_cw = 0x37f;

bool e2k_f80_slow;

/* Flags of operations done in line collect in the host's status word. */
uint32_t e2k_fpsr_read(CPUE2KState *env)
{
    uint16_t sw;

    __asm__ volatile("fnstsw %0" : "=a"(sw));
    env->fpsr |= sw & CSR_FLAGS;
    return env->fpsr;
}

void e2k_fpsr_write(CPUE2KState *env, uint32_t value)
{
    env->fpsr = value & 0xffff;
    __asm__ volatile("fnclex");
}

/* Any other setting than the first one turns to the helpers, for good. */
void e2k_fpcr_write(CPUE2KState *env, uint32_t value)
{
    env->fpcr = (value & 0x1f7f) | 0x40;
    if (env->fpcr != host_cw && !__atomic_exchange_n(&e2k_f80_slow, true, __ATOMIC_SEQ_CST)) {
        tb_flush_all();
    }
}

typedef struct X87 { long double v; } X87;

static void x87_begin(CPUE2KState *env)
{
    e2k_fpsr_read(env);
    uint16_t cw = (uint16_t)((env->fpcr & FPCR_CW) | 0x7f);

    if ((cw & 0x300) == 0x100) {
        cw |= 0x300;
    }
    __asm__ volatile("fnclex\n\tfldcw %0" : : "m"(cw));
}

/* flags to FPSR; the trap if one is not masked */
static void x87_end(CPUE2KState *env, uintptr_t ra)
{
    uint32_t flags;
    uint16_t sw;

    __asm__ volatile("fnstsw %0\n\tfnclex\n\tfldcw %1" : "=a"(sw) : "m"(host_cw));
    flags = sw & CSR_FLAGS;
    env->fpsr = (env->fpsr & ~(uint32_t)FPSR_C1) | flags | (sw & FPSR_C1);
    if (flags & ~env->fpcr) {
        env->fpsr |= FPSR_ES;
        raise_fp(env, ra);
    }
}

/* Loads of narrow formats signal and quieten as the operation itself would. */
static X87 x87_load(F80Fmt fmt, uint64_t v)
{
    uint32_t w = (uint32_t)v;
    X87 r = { 0 };

    switch (fmt) {
    case FMT_S: __asm__ volatile("flds %1" : "=t"(r.v) : "m"(w)); break;
    case FMT_D: __asm__ volatile("fldl %1" : "=t"(r.v) : "m"(v)); break;
    case FMT_X: __asm__ volatile("fldt (%1)" : "=t"(r.v) : "r"(v) : "memory"); break;
    case FMT_IS: __asm__ volatile("fildl %1" : "=t"(r.v) : "m"(w)); break;
    case FMT_ID: __asm__ volatile("fildll %1" : "=t"(r.v) : "m"(v)); break;
    }
    return r;
}

static uint64_t x87_store(F80Fmt fmt, X87 x, E2kReg *d)
{
    uint64_t v = 0;
    uint32_t w = 0;

    switch (fmt) {
    case FMT_S: __asm__ volatile("fstps %0" : "=m"(w) : "t"(x.v) : "st"); return w;
    case FMT_D: __asm__ volatile("fstpl %0" : "=m"(v) : "t"(x.v) : "st"); return v;
    case FMT_X:
        d->hi = 0;
        __asm__ volatile("fstpt (%0)" : : "r"(d), "t"(x.v) : "st", "memory");
        return 0;
    case FMT_IS: __asm__ volatile("fistpl %0" : "=m"(w) : "t"(x.v) : "st"); return w;
    case FMT_ID: __asm__ volatile("fistpll %0" : "=m"(v) : "t"(x.v) : "st"); return v;
    }
    return 0;
}

static uint64_t x87_truncate(F80Fmt fmt, X87 x)
{
    uint64_t v = 0;
    uint32_t w = 0;

    if (fmt == FMT_IS) {
        __asm__ volatile("fisttpl %0" : "=m"(w) : "t"(x.v) : "st");
        return w;
    }
    __asm__ volatile("fisttpll %0" : "=m"(v) : "t"(x.v) : "st");
    return v;
}

/* a is st(0), b st(1) */
#define X87_2(insn) __asm__ volatile(insn " %%st(1), %%st" : "+t"(a.v) : "u"(b.v))
static X87 x87_arith(F80Op op, X87 a, X87 b)
{
    switch (op) {
    case F80_ADD: X87_2("fadd"); break;
    case F80_SUB: X87_2("fsub"); break;
    case F80_RSUB: X87_2("fsubr"); break;
    case F80_MUL: X87_2("fmul"); break;
    case F80_DIV: X87_2("fdiv"); break;
    case F80_SCALE: __asm__ volatile("fscale" : "+t"(a.v) : "u"(b.v)); break;
    case F80_SQRT: __asm__ volatile("fsqrt" : "+t"(a.v)); break;
    default: break;
    }
    return a;
}

/* ZF 0x40, PF 4, CF 1 */
static uint32_t x87_compare(X87 a, X87 b, bool signal)
{
    uint16_t sw;

    if (signal) {
        __asm__ volatile("fcom %%st(1)\n\tfnstsw %0" : "=a"(sw) : "t"(a.v), "u"(b.v));
    } else {
        __asm__ volatile("fucom %%st(1)\n\tfnstsw %0" : "=a"(sw) : "t"(a.v), "u"(b.v));
    }
    return sw >> 8 & 0x45;
}

/* outcome of SSE comparison @code: eq lt le unordered, then their opposites */
static bool cmp_outcome(uint32_t flags, unsigned code)
{
    bool unordered = flags & 4, r[4] = {
        (flags & 0x40) && !unordered, (flags & 1) && !unordered, (flags & 0x41) && !unordered,
        unordered };

    return r[code & 3] != (code >> 2 & 1);
}

uint64_t e2k_helper_f80(CPUE2KState *env, uint32_t what, uint64_t a, uint64_t b, E2kReg *d,
                        uint32_t guard)
{
    F80Op op = (F80Op)(what & 15);
    F80Fmt fa = (F80Fmt)(what >> 4 & 15), fb = (F80Fmt)(what >> 8 & 15);
    F80Fmt fd = (F80Fmt)(what >> 12 & 15);
    unsigned code = what >> 16 & 7;
    uint64_t r = 0;
    E2kReg x = { 0 };
    X87 va, vb = { 0 };

    if (!guard) {
        return 0;
    }
    x87_begin(env);
    va = x87_load(fa, a);
    if (op != F80_SQRT && op != F80_COPY && op != F80_TRUNC) {
        vb = x87_load(fb, b);
    }
    switch (op) {
    case F80_CMP:
        r = cmp_outcome(x87_compare(va, vb, (code & 3) == 1 || (code & 3) == 2), code);
        break;
    case F80_FLAGS:
        r = x87_compare(va, vb, code == 7);
        break;
    case F80_TRUNC:
        r = x87_truncate(fd, va);
        break;
    default:
        r = x87_store(fd, x87_arith(op, va, vb), &x);
        break;
    }
    x87_end(env, GETPC());
    if (d && fd == FMT_X) {
        *d = x;
    }
    return r;
}
