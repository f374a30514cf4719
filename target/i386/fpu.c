/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x87 and SSE state as a whole: control and status words, MXCSR, FXSAVE images, XSAVE areas.
 *
 * MXCSR lives in two places. env->mxcsr has what the guest wrote; CPUState.host_mxcsr has the same
 * rounding, DAZ and FTZ with all exceptions masked, and collects the sticky flags. While generated
 * code or a helper runs, host_mxcsr is in the hardware register: helpers here fetch it first
 * (mxcsr_fetch) and load it back after a change (mxcsr_put).
 */
#include <string.h>
#include <xmmintrin.h>
#include "target/i386/sse-helpers.h"
#include "target/i386/x87-helpers.h"
#include "util/log.h"

#define MXCSR_FLAGS   0x003fu
#define MXCSR_MASKS   0x1f80u
#define MXCSR_VALID   0xffffu
#define MXCSR_DEFAULT 0x1f80u

/* ---- x87 words ---- */

static void fpu_summary(CPUX86State *env)
{
    env->fpus &= ~(FPUS_ES | FPUS_B);
    if (env->fpus & ~env->fpuc & 0x3f) {
        env->fpus |= FPUS_ES | FPUS_B;
    }
}

void x86_fpuc_set(CPUX86State *env, uint16_t cw)
{
    env->fpuc = (cw & 0x1f3f) | 0x40;
    fpu_summary(env);
}

uint16_t x86_fpus_get(const CPUX86State *env)
{
    return (env->fpus & ~0x3800) | env->fpstt << 11;
}

void x86_fpus_set(CPUX86State *env, uint16_t sw)
{
    env->fpstt = sw >> 11 & 7;
    env->fpus = sw & ~0x3800;
    fpu_summary(env);
}

/* 0 valid, 1 zero, 2 special, 3 empty */
static unsigned fpu_tag(const CPUX86State *env, unsigned i)
{
    const X87Reg *r = &env->fpregs[i];
    unsigned exp = r->se & 0x7fff;

    if (env->fptags[i]) {
        return 3;
    }
    if (exp == 0 && r->mant == 0) {
        return 1;
    }
    return exp == 0 || exp == 0x7fff || !(r->mant >> 63) ? 2 : 0;
}

uint16_t x86_fptw_get(const CPUX86State *env)
{
    uint16_t tw = 0;

    for (unsigned i = 0; i < 8; i++) {
        tw |= fpu_tag(env, i) << (2 * i);
    }
    return tw;
}

void x86_fptw_set(CPUX86State *env, uint16_t tw)
{
    for (unsigned i = 0; i < 8; i++) {
        env->fptags[i] = (tw >> (2 * i) & 3) == 3;
    }
}

void x86_fpu_init(CPUX86State *env)
{
    env->fpuc = FPUC_DEFAULT;
    env->fpus = 0;
    env->fpstt = 0;
    memset(env->fptags, 1, sizeof(env->fptags));
    env->fpop = 0;
    env->fpip = env->fpdp = 0;
    env->fpcs = env->fpds = 0;
}

void x86_fpu_reset(CPUX86State *env)
{
    x86_fpu_init(env);
    memset(env->fpregs, 0, sizeof(env->fpregs));
    x86_mxcsr_set(env, MXCSR_DEFAULT);
}

/* ---- MXCSR ---- */

uint32_t x86_mxcsr_get(CPUX86State *env)
{
    env->mxcsr |= x86_cpu(env)->host_mxcsr & MXCSR_FLAGS;
    return env->mxcsr;
}

void x86_mxcsr_set(CPUX86State *env, uint32_t val)
{
    env->mxcsr = val & MXCSR_VALID;
    x86_cpu(env)->host_mxcsr = env->mxcsr | MXCSR_MASKS;
    env->hflags &= ~HF_FPEXC;
    if ((val & MXCSR_MASKS) != MXCSR_MASKS) {
        env->hflags |= HF_FPEXC;
    }
}

static void mxcsr_fetch(CPUX86State *env)
{
    x86_cpu(env)->host_mxcsr = _mm_getcsr();
}

static void mxcsr_put(CPUX86State *env, uint32_t val)
{
    x86_mxcsr_set(env, val);
    _mm_setcsr(x86_cpu(env)->host_mxcsr);
}

uint64_t helper_stmxcsr(CPUX86State *env)
{
    mxcsr_fetch(env);
    return x86_mxcsr_get(env);
}

void helper_ldmxcsr(CPUX86State *env, uint64_t val)
{
    if (val & ~(uint64_t)MXCSR_VALID) {
        x86_raise_err(env, EXCP0D_GPF, 0, GETPC());
    }
    mxcsr_put(env, (uint32_t)val);
}

/* Before a floating-point operation when MXCSR unmasks something: only its own flags count. */
void helper_mxcsr_begin(CPUX86State *env)
{
    uint32_t csr = _mm_getcsr();

    env->mxcsr |= csr & MXCSR_FLAGS;
    _mm_setcsr(csr & ~MXCSR_FLAGS);
}

/*
 * After it, before the result is written. The hardware stops at an unmasked invalid, denormal or
 * divide-by-zero, without looking for the exceptions of the result.
 *
 * Not exact: an unmasked underflow should also be raised for tiny results that are exact, and PE is
 * then that of the result with an unbounded exponent.
 */
void helper_mxcsr_check(CPUX86State *env)
{
    uint32_t flags = _mm_getcsr() & MXCSR_FLAGS, unmasked = ~(env->mxcsr >> 7);

    if (G_LIKELY(!(flags & unmasked))) {
        return;
    }
    if (flags & unmasked & 7) {
        flags &= 7;
    }
    env->mxcsr |= flags;
    _mm_setcsr(_mm_getcsr() & ~MXCSR_FLAGS);
    x86_raise(env, env->is_user || (env->cr[4] & CR4_OSXMMEXCPT) ? EXCP13_SIMD : EXCP06_ILLOP,
              GETPC());
}

/* ---- FXSAVE images ---- */

/* Where things are in the legacy area; the rest of its 512 bytes is reserved. */
typedef struct __attribute__((packed)) FxArea {
    uint16_t fcw, fsw;
    uint8_t ftw, reserved;      /* bit i: physical register i is in use */
    uint16_t fop;
    uint64_t fip, fdp;          /* without REX.W: 32-bit offset, selector */
    uint32_t mxcsr, mxcsr_mask;
    uint8_t st[8][16];
    uint8_t xmm[16][16];
    uint8_t unused[96];
} FxArea;
_Static_assert(sizeof(FxArea) == 512, "FXSAVE area");

static void fx_put_x87(const CPUX86State *env, FxArea *a)
{
    a->fcw = env->fpuc;
    a->fsw = x86_fpus_get(env);
    a->ftw = 0;
    for (unsigned i = 0; i < 8; i++) {
        a->ftw |= !env->fptags[i] << i;
        memset(a->st[i], 0, 16);
        memcpy(a->st[i], &env->fpregs[(env->fpstt + i) & 7], 10);
    }
    a->reserved = 0;
    a->fop = env->fpop & 0x7ff;
    a->fip = env->fpip;
    a->fdp = env->fpdp;
}

static void fx_get_x87(CPUX86State *env, const FxArea *a)
{
    x86_fpuc_set(env, a->fcw);
    x86_fpus_set(env, a->fsw);
    for (unsigned i = 0; i < 8; i++) {
        env->fptags[i] = !(a->ftw >> i & 1);
        memcpy(&env->fpregs[(env->fpstt + i) & 7], a->st[i], 10);
    }
    env->fpop = a->fop & 0x7ff;
    env->fpip = a->fip;
    env->fpdp = a->fdp;
}

static void fx_put_xmm(const CPUX86State *env, FxArea *a, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        memcpy(a->xmm[i], &env->xmm[i], 16);
    }
}

static void fx_get_xmm(CPUX86State *env, const FxArea *a, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        memcpy(&env->xmm[i], a->xmm[i], 16);
    }
}

/* 64-bit format; the bytes past the registers are left alone (the guest may keep data there). */
void x86_fxsave_image(CPUX86State *env, uint8_t img[512])
{
    FxArea *a = (FxArea *)img;

    fx_put_x87(env, a);
    fx_put_xmm(env, a, 16);
    a->mxcsr = x86_mxcsr_get(env);
    a->mxcsr_mask = MXCSR_VALID;
}

void x86_fxrstor_image(CPUX86State *env, const uint8_t img[512])
{
    const FxArea *a = (const FxArea *)img;

    fx_get_x87(env, a);
    fx_get_xmm(env, a, 16);
    x86_mxcsr_set(env, a->mxcsr);
}

/* Without REX.W the pointers are 32 bits and a selector; the selectors are kept as zero. */
static void fx_narrow_pointers(FxArea *a, uint64_t flags)
{
    if (!(flags & SAVE_REXW)) {
        a->fip &= 0xffffffff;
        a->fdp &= 0xffffffff;
    }
}

static void save_check_align(CPUX86State *env, uint64_t addr, uint64_t align, uintptr_t ra)
{
    if (addr & (align - 1)) {
        x86_raise_err(env, EXCP0D_GPF, 0, ra);
    }
}

/* SSE registers that the current mode reaches; none under EFER.FFXSR at CPL 0 in 64-bit mode */
static unsigned fx_n_xmm(const CPUX86State *env, uint64_t flags)
{
    if (!(flags & SAVE_CODE64)) {
        return 8;
    }
    return (env->efer & EFER_FFXSR) && (env->hflags & HF_CPL_MASK) == 0 ? 0 : 16;
}

#define SAVE_MMU(flags) ((int)((flags) >> 8 & 15))

void helper_fxsave(CPUX86State *env, uint64_t addr, uint64_t flags)
{
    uintptr_t ra = GETPC();
    CPUState *cpu = x86_cpu(env);
    unsigned n_xmm = fx_n_xmm(env, flags);
    FxArea a;

    save_check_align(env, addr, 16, ra);
    mxcsr_fetch(env);
    fx_put_x87(env, &a);
    fx_narrow_pointers(&a, flags);
    fx_put_xmm(env, &a, n_xmm);
    a.mxcsr = x86_mxcsr_get(env);
    a.mxcsr_mask = MXCSR_VALID;
    cpu_st_bytes(cpu, addr, &a, offsetof(FxArea, xmm) + 16 * n_xmm, SAVE_MMU(flags), ra);
}

void helper_fxrstor(CPUX86State *env, uint64_t addr, uint64_t flags)
{
    uintptr_t ra = GETPC();
    unsigned n_xmm = fx_n_xmm(env, flags);
    FxArea a;

    save_check_align(env, addr, 16, ra);
    cpu_ld_bytes(x86_cpu(env), addr, &a, sizeof(a), SAVE_MMU(flags), ra);
    if (a.mxcsr & ~MXCSR_VALID) {
        x86_raise_err(env, EXCP0D_GPF, 0, ra);
    }
    fx_narrow_pointers(&a, flags);
    fx_get_x87(env, &a);
    fx_get_xmm(env, &a, n_xmm);
    mxcsr_put(env, a.mxcsr);
}

/* ---- XSAVE areas: legacy area, 64-byte header, upper halves of YMM ---- */

#define XFEATURE_X87 1u
#define XFEATURE_SSE 2u
#define XFEATURE_YMM 4u
#define XFEATURES_KNOWN (XFEATURE_X87 | XFEATURE_SSE | XFEATURE_YMM)
#define XCOMP_COMPACT (UINT64_C(1) << 63)

typedef struct XsaveArea {
    FxArea legacy;
    uint64_t xstate_bv, xcomp_bv, reserved[6];
    uint8_t ymm_high[16][16];
} XsaveArea;
_Static_assert(offsetof(XsaveArea, ymm_high) == 576, "XSAVE area");

static void xsave_put_ymm(const CPUX86State *env, XsaveArea *x, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        memcpy(x->ymm_high[i], &env->xmm[i].q[2], 16);
    }
}

static void xsave_get_ymm(CPUX86State *env, const XsaveArea *x, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        memcpy(&env->xmm[i].q[2], x->ymm_high[i], 16);
    }
}

static bool all_zero(const void *p, size_t n)
{
    const uint8_t *b = p;

    return n == 0 || (b[0] == 0 && memcmp(b, b + 1, n - 1) == 0);
}

/* Components that are not in their initial state. */
static uint64_t xsave_in_use(CPUX86State *env, unsigned n)
{
    uint64_t bv = 0;

    if (env->fpuc != FPUC_DEFAULT || env->fpus || env->fpstt || env->fpip || env->fpdp
        || env->fpop || !all_zero(env->fpregs, sizeof(env->fpregs))
        || x86_fptw_get(env) != 0xffff) {
        bv |= XFEATURE_X87;
    }
    for (unsigned i = 0; i < n; i++) {
        bv |= env->xmm[i].q[0] | env->xmm[i].q[1] ? XFEATURE_SSE : 0;
        bv |= env->xmm[i].q[2] | env->xmm[i].q[3] ? XFEATURE_YMM : 0;
    }
    return bv;
}

/* Stores those pieces of @x that the features in @bv cover. */
static void xsave_store(CPUX86State *env, uint64_t addr, const XsaveArea *x, uint64_t bv,
                        uint64_t mxcsr_bv, unsigned n, int mmu, uintptr_t ra)
{
    const struct { uint64_t bv; unsigned ofs, bytes; } pieces[] = {
        { bv & XFEATURE_X87, 0, 24 },
        { mxcsr_bv, 24, 8 },
        { bv & XFEATURE_X87, 32, 128 },
        { bv & XFEATURE_SSE, 160, 16 * n },
        { bv & XFEATURE_YMM, offsetof(XsaveArea, ymm_high), 16 * n },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(pieces); i++) {
        if (pieces[i].bv) {
            cpu_st_bytes(x86_cpu(env), addr + pieces[i].ofs, (const uint8_t *)x + pieces[i].ofs,
                         pieces[i].bytes, mmu, ra);
        }
    }
}

/* XSAVE, XSAVEOPT (which may leave out what is initial), XSAVEC (compacted, ditto) */
void helper_xsave(CPUX86State *env, uint64_t addr, uint64_t mask, uint64_t flags)
{
    uintptr_t ra = GETPC();
    CPUState *cpu = x86_cpu(env);
    int mmu = SAVE_MMU(flags);
    unsigned n = flags & SAVE_CODE64 ? 16 : 8;
    uint64_t rfbm = mask & env->xcr0 & XFEATURES_KNOWN, in_use = xsave_in_use(env, n) & rfbm;
    uint64_t stored = flags & (SAVE_OPT | SAVE_COMPACT) ? in_use : rfbm;
    uint64_t mxcsr_bv = rfbm & (XFEATURE_SSE | XFEATURE_YMM);
    XsaveArea x;

    save_check_align(env, addr, 64, ra);
    mxcsr_fetch(env);
    fx_put_x87(env, &x.legacy);
    fx_narrow_pointers(&x.legacy, flags);
    fx_put_xmm(env, &x.legacy, n);
    x.legacy.mxcsr = x86_mxcsr_get(env);
    x.legacy.mxcsr_mask = MXCSR_VALID;
    xsave_put_ymm(env, &x, n);
    if (flags & SAVE_COMPACT) {
        in_use |= x.legacy.mxcsr != MXCSR_DEFAULT ? rfbm & XFEATURE_SSE : 0;
        stored |= in_use;
        mxcsr_bv = stored & XFEATURE_SSE;
        x.xstate_bv = in_use;
    } else {
        cpu_ld_bytes(cpu, addr + 512, &x.xstate_bv, 8, mmu, ra);
        x.xstate_bv = (x.xstate_bv & ~rfbm) | in_use;
    }
    x.xcomp_bv = XCOMP_COMPACT | rfbm;
    xsave_store(env, addr, &x, stored, mxcsr_bv, n, mmu, ra);
    cpu_st_bytes(cpu, addr + 512, &x.xstate_bv, flags & SAVE_COMPACT ? 16 : 8, mmu, ra);
}

static bool xsave_header_valid(const CPUX86State *env, const XsaveArea *x)
{
    if (x->xcomp_bv & XCOMP_COMPACT) {
        if (!(env->features[FEAT_XSAVE] & 2) || (x->xcomp_bv & ~XCOMP_COMPACT & ~env->xcr0)
            || (x->xstate_bv & ~x->xcomp_bv)) {
            return false;
        }
    } else if (x->xcomp_bv) {
        return false;
    }
    return !(x->xstate_bv & ~env->xcr0) && all_zero(x->reserved, sizeof(x->reserved));
}

static void xrstor_sse(CPUX86State *env, const XsaveArea *x, unsigned n)
{
    if (x->xstate_bv & XFEATURE_SSE) {
        fx_get_xmm(env, &x->legacy, n);
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        env->xmm[i].q[0] = env->xmm[i].q[1] = 0;
    }
}

static void xrstor_ymm(CPUX86State *env, const XsaveArea *x, unsigned n)
{
    if (x->xstate_bv & XFEATURE_YMM) {
        xsave_get_ymm(env, x, n);
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        env->xmm[i].q[2] = env->xmm[i].q[3] = 0;
    }
}

static void xrstor_x87(CPUX86State *env, const XsaveArea *x)
{
    if (x->xstate_bv & XFEATURE_X87) {
        fx_get_x87(env, &x->legacy);
    } else {
        x86_fpu_init(env);
        memset(env->fpregs, 0, sizeof(env->fpregs));
    }
}

void helper_xrstor(CPUX86State *env, uint64_t addr, uint64_t mask, uint64_t flags)
{
    uintptr_t ra = GETPC();
    CPUState *cpu = x86_cpu(env);
    unsigned n = flags & SAVE_CODE64 ? 16 : 8;
    uint64_t rfbm = mask & env->xcr0 & XFEATURES_KNOWN;
    bool want_mxcsr;
    XsaveArea x;

    save_check_align(env, addr, 64, ra);
    cpu_ld_bytes(cpu, addr, &x, offsetof(XsaveArea, ymm_high), SAVE_MMU(flags), ra);
    if (!xsave_header_valid(env, &x)) {
        x86_raise_err(env, EXCP0D_GPF, 0, ra);
    }
    if (rfbm & x.xstate_bv & XFEATURE_YMM) {
        cpu_ld_bytes(cpu, addr + offsetof(XsaveArea, ymm_high), x.ymm_high, 16 * n,
                     SAVE_MMU(flags), ra);
    }
    want_mxcsr = rfbm & (XFEATURE_SSE | XFEATURE_YMM);
    if (x.xcomp_bv & XCOMP_COMPACT) {
        want_mxcsr = rfbm & XFEATURE_SSE;
        if (!(x.xstate_bv & XFEATURE_SSE)) {
            x.legacy.mxcsr = MXCSR_DEFAULT;
        }
    }
    if (want_mxcsr && (x.legacy.mxcsr & ~MXCSR_VALID)) {
        x86_raise_err(env, EXCP0D_GPF, 0, ra);
    }
    fx_narrow_pointers(&x.legacy, flags);
    if (rfbm & XFEATURE_X87) {
        xrstor_x87(env, &x);
    }
    if (rfbm & XFEATURE_SSE) {
        xrstor_sse(env, &x, n);
    }
    if (rfbm & XFEATURE_YMM) {
        xrstor_ymm(env, &x, n);
    }
    if (want_mxcsr) {
        mxcsr_put(env, x.legacy.mxcsr);
    }
}
