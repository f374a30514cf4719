/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SSE helpers against the host: string comparisons for every immediate, FXSAVE images against the
 * host's FXSAVE, XSAVE areas, MXCSR.
 */
#include <immintrin.h>
#include <setjmp.h>
#include <string.h>
#include "target/i386/sse-helpers.h"
#include "target/i386/x87-helpers.h"
#include "util/log.h"

static sigjmp_buf leave;
static int raised;

/* ---- what the helpers call, without a machine ---- */

void x86_raise(CPUX86State *env, int vector, uintptr_t ra)
{
    raised = vector;
    siglongjmp(leave, 1);
}

void x86_raise_err(CPUX86State *env, int vector, uint32_t error_code, uintptr_t ra)
{
    x86_raise(env, vector, ra);
}

void cpu_ld_bytes(CPUState *cpu, uint64_t gva, void *buf, size_t n, int mmu_idx, uintptr_t ra)
{
    memcpy(buf, (void *)(uintptr_t)gva, n);
}

void cpu_st_bytes(CPUState *cpu, uint64_t gva, const void *buf, size_t n, int mmu_idx, uintptr_t ra)
{
    memcpy((void *)(uintptr_t)gva, buf, n);
}

void cpu_st(CPUState *cpu, uint64_t gva, uint64_t val, MemOp oi, uintptr_t ra)
{
    g_assert_cmpuint(mo_bytes(oi), ==, 1);
    *(uint8_t *)(uintptr_t)gva = (uint8_t)val;
}

/* ---- state ---- */

static X86CPU the_cpu;
static CPUX86State *const env = &the_cpu.env;

static uint32_t rnd(void)
{
    return (uint32_t)g_test_rand_int();
}

static void fill(void *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ((uint8_t *)p)[i] = (uint8_t)rnd();
    }
}

static void start(void)
{
    memset(&the_cpu, 0, sizeof(the_cpu));
    x86_fpu_reset(env);
    env->is_user = true;
    env->xcr0 = 3;
    env->features[FEAT_XSAVE] = 3;
}

/* ---- pcmpestri and relatives ---- */

typedef struct StrResult { uint32_t index, flags; __m128i mask; } StrResult;

#define FLAG_OUT "=@ccc"(c), "=@ccz"(z), "=@ccs"(sf), "=@cco"(o)
#define CASE(n) \
    case n: \
        __asm__("pcmpestri %[imm], %[b], %[a]" : "=c"(r.index), FLAG_OUT \
                : [a] "x"(a), [b] "x"(b), [imm] "i"(n), "a"(la), "d"(lb)); \
        r.mask = _mm_cmpestrm(a, la, b, lb, n); \
        break; \
    case n + 256: \
        __asm__("pcmpistri %[imm], %[b], %[a]" : "=c"(r.index), FLAG_OUT \
                : [a] "x"(a), [b] "x"(b), [imm] "i"(n)); \
        r.mask = _mm_cmpistrm(a, b, n); \
        break;
#define CASE4(n)  CASE(n) CASE(n + 1) CASE(n + 2) CASE(n + 3)
#define CASE16(n) CASE4(n) CASE4(n + 4) CASE4(n + 8) CASE4(n + 12)

__attribute__((target("sse4.2")))
static StrResult host_pcmpstr(unsigned what, __m128i a, int la, __m128i b, int lb)
{
    StrResult r = { 0, 0, _mm_setzero_si128() };
    bool c = false, z = false, sf = false, o = false;

    switch (what) {
    CASE16(0) CASE16(16) CASE16(32) CASE16(48) CASE16(64) CASE16(80) CASE16(96) CASE16(112)
    }
    r.flags = (c ? CC_C : 0) | (z ? CC_Z : 0) | (sf ? CC_S : 0) | (o ? CC_O : 0);
    return r;
}

/* few different characters, so that matches are frequent; zeros at times */
static __m128i random_string(void)
{
    uint8_t s[16];

    for (unsigned i = 0; i < 16; i++) {
        s[i] = rnd() % 12 == 0 ? 0 : (rnd() & 3) + (rnd() % 5 == 0 ? 0x7e : 'a');
    }
    return _mm_loadu_si128((const __m128i *)s);
}

static void check_pcmpstr(unsigned imm, bool implicit)
{
    __m128i a = random_string(), b = random_string();
    int la = (int)(rnd() % 41) - 20, lb = (int)(rnd() % 41) - 20;
    uint64_t what = imm | 3 << 8 | (implicit ? 0 : PCMPSTR_EXPLICIT), got, v[2];
    StrResult want = host_pcmpstr(imm | (implicit ? 256 : 0), a, la, b, lb);

    memcpy(&env->xmm[3], &a, 16);
    memcpy(v, &b, 16);
    env->regs[R_EAX] = (uint32_t)la;
    env->regs[R_EDX] = (uint32_t)lb;
    got = helper_pcmpstr(env, v[0], v[1], what);
    g_assert_cmphex(got & 0xffff, ==, want.flags);
    g_assert_cmphex(got >> 16, ==, want.index);
    helper_pcmpstr(env, v[0], v[1], what | PCMPSTR_MASK);
    g_assert_cmpmem(&env->xmm[0], 16, &want.mask, 16);
}

static void test_pcmpstr(void)
{
    start();
    if (!__builtin_cpu_supports("sse4.2")) {
        g_test_skip("the host has no SSE4.2");
        return;
    }
    for (unsigned n = 0; n < 128 * 60; n++) {
        check_pcmpstr(n & 127, n & 1024);
    }
    env->regs[R_EAX] = INT64_MIN;
    env->regs[R_EDX] = UINT64_C(1) << 32;
    g_assert_cmphex(helper_pcmpstr(env, 0, 0, PCMPSTR_EXPLICIT | PCMPSTR_REXW) & (CC_Z | CC_S), ==,
                    0);
}

/* ---- MXCSR ---- */

static void test_mxcsr(void)
{
    unsigned host = _mm_getcsr();

    start();
    g_assert_cmphex(x86_mxcsr_get(env), ==, 0x1f80);
    helper_ldmxcsr(env, 0x7f80);            /* towards zero */
    g_assert_cmphex(_mm_getcsr(), ==, 0x7f80);
    g_assert_cmphex(env->hflags & HF_FPEXC, ==, 0);
    helper_ldmxcsr(env, 0x1d80 | 0x8001);   /* divide-by-zero unmasked; FTZ; IE set */
    g_assert_cmphex(_mm_getcsr(), ==, 0x9f81);
    g_assert_cmphex(env->hflags & HF_FPEXC, ==, HF_FPEXC);
    helper_mxcsr_begin(env);
    g_assert_cmphex(_mm_getcsr() & 0x3f, ==, 0);
    _mm_setcsr(_mm_getcsr() | 0x20);        /* inexact: masked */
    helper_mxcsr_check(env);
    g_assert_cmphex(helper_stmxcsr(env), ==, 0x9da1);
    helper_mxcsr_begin(env);
    _mm_setcsr(_mm_getcsr() | 4);
    raised = 0;
    if (sigsetjmp(leave, 0) == 0) {
        helper_mxcsr_check(env);
    }
    g_assert_cmpint(raised, ==, EXCP13_SIMD);
    g_assert_cmphex(helper_stmxcsr(env), ==, 0x9da5);
    raised = 0;
    if (sigsetjmp(leave, 0) == 0) {
        helper_ldmxcsr(env, 0x10000);
    }
    g_assert_cmpint(raised, ==, EXCP0D_GPF);
    _mm_setcsr(host);
}

/* ---- FXSAVE, XSAVE ---- */

#define AREA __attribute__((aligned(64)))
#define SAVE64 (SAVE_REXW | SAVE_CODE64)

static void random_state(void)
{
    start();
    for (unsigned i = 0; i < 16; i++) {
        fill(&env->xmm[i], 16);
    }
    for (unsigned i = 0; i < 8; i++) {
        fill(&env->fpregs[i], 10);
        env->fptags[i] = rnd() & 1;
    }
    env->fpstt = rnd() & 7;
    env->fpus = rnd() & 0x477f;
    x86_mxcsr_set(env, 0x1f80 | (rnd() & 0xe03f));
}

/* what the helper saved, the host loads and saves alike */
static void test_fxsave(void)
{
    unsigned host = _mm_getcsr();

    for (unsigned n = 0; n < 200; n++) {
        uint8_t a[512] AREA, b[512] AREA, mine[512] AREA;   /* mine: this process's */

        random_state();
        memset(a, 0, sizeof(a));
        memset(b, 0, sizeof(b));
        _mm_setcsr(x86_cpu(env)->host_mxcsr);
        helper_fxsave(env, (uintptr_t)a, SAVE64);
        __asm__ volatile("fxsave64 %0\n\tfxrstor64 %1\n\tfxsave64 %2\n\tfxrstor64 %0"
                         : "+m"(mine), "+m"(a), "+m"(b));
        memcpy(b + 28, a + 28, 4);          /* MXCSR_MASK: AMD hosts have bit 17 */
        g_assert_cmpmem(a, 160 + 256, b, 160 + 256);
    }
    _mm_setcsr(host);
}

static void test_fxrstor(void)
{
    unsigned host = _mm_getcsr();

    for (unsigned n = 0; n < 200; n++) {
        uint8_t a[512] AREA, b[512] AREA;

        random_state();
        memset(a, 0, sizeof(a));
        memset(b, 0, sizeof(b));
        x86_fxsave_image(env, a);
        start();
        helper_fxrstor(env, (uintptr_t)a, SAVE64);
        g_assert_cmphex(_mm_getcsr(), ==, x86_cpu(env)->host_mxcsr);
        x86_fxsave_image(env, b);
        g_assert_cmpmem(a, 512, b, 512);
    }
    _mm_setcsr(host);
}

static void check_xsave(uint64_t mask, uint64_t flags)
{
    uint8_t x[1024] AREA, a[512] AREA, b[512] AREA;
    uint64_t bv;

    random_state();
    memset(x, 0, sizeof(x));
    memset(a, 0, sizeof(a));
    memset(b, 0, sizeof(b));
    x86_fxsave_image(env, a);
    _mm_setcsr(x86_cpu(env)->host_mxcsr);
    helper_xsave(env, (uintptr_t)x, mask, flags | SAVE64);
    memcpy(&bv, x + 512, 8);
    g_assert_cmphex(bv, ==, mask & 3);
    start();
    _mm_setcsr(0x1f80);
    helper_xrstor(env, (uintptr_t)x, mask, SAVE64);
    x86_fxsave_image(env, b);
    if (mask & 1) {
        g_assert_cmpmem(a, 24, b, 24);
        g_assert_cmpmem(a + 32, 128, b + 32, 128);
    }
    if (mask & 2) {
        g_assert_cmpmem(a + 24, 8, b + 24, 8);
        g_assert_cmpmem(a + 160, 256, b + 160, 256);
    } else {
        g_assert_cmphex(x86_mxcsr_get(env), ==, 0x1f80);
    }
}

static void test_xsave(void)
{
    unsigned host = _mm_getcsr();
    uint8_t x[1024] AREA;

    for (unsigned n = 0; n < 300; n++) {
        check_xsave(n & 7, n % 3 == 0 ? 0 : n % 3 == 1 ? SAVE_OPT : SAVE_COMPACT);
    }
    memset(x, 0, sizeof(x));
    x[528] = 1;                             /* reserved bytes of the header */
    raised = 0;
    if (sigsetjmp(leave, 0) == 0) {
        helper_xrstor(env, (uintptr_t)x, 3, SAVE64);
    }
    g_assert_cmpint(raised, ==, EXCP0D_GPF);
    raised = 0;
    if (sigsetjmp(leave, 0) == 0) {
        helper_xsave(env, (uintptr_t)x + 16, 3, SAVE64);
    }
    g_assert_cmpint(raised, ==, EXCP0D_GPF);
    x[528] = 0;                             /* header all zero: the initial state */
    random_state();
    helper_xrstor(env, (uintptr_t)x, 3, SAVE64);
    g_assert_cmphex(env->fpuc, ==, 0x37f);
    g_assert_cmphex(x86_fptw_get(env), ==, 0xffff);
    g_assert_cmphex(env->xmm[5].q[0], ==, 0);
    _mm_setcsr(host);
}

static void test_maskmov(void)
{
    uint8_t mem[8], val[8], mask[8], want[8];
    uint64_t v, m;

    start();
    fill(mem, 8);
    fill(val, 8);
    fill(mask, 8);
    for (unsigned i = 0; i < 8; i++) {
        want[i] = mask[i] & 0x80 ? val[i] : mem[i];
    }
    memcpy(&v, val, 8);
    memcpy(&m, mask, 8);
    helper_maskmov(env, (uintptr_t)mem, v, m, 0);
    g_assert_cmpmem(mem, 8, want, 8);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sse/pcmpstr", test_pcmpstr);
    g_test_add_func("/sse/mxcsr", test_mxcsr);
    g_test_add_func("/sse/fxsave", test_fxsave);
    g_test_add_func("/sse/fxrstor", test_fxrstor);
    g_test_add_func("/sse/xsave", test_xsave);
    g_test_add_func("/sse/maskmov", test_maskmov);
    return g_test_run();
}
