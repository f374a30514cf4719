/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MSR table and the time-stamp counter. */
#include <unistd.h>
#include "target/i386/msr.h"
#include "target/i386/sys-fake.h"

static void test_sorted(void)
{
    uint32_t first, last, end = 0;

    for (unsigned i = 0; x86_msr_row(i, &first, &last); i++) {
        g_assert_cmphex(first, <=, last);
        g_assert_true(i == 0 || first > end);
        end = last;
    }
}

static const struct {
    uint32_t msr;
    uint64_t val;
    bool ok;
} writes[] = {
    { 0x174, 0x10, true }, { 0x174, 1ull << 32, false }, { 0x176, 0xffffffff81000000, true },
    { 0x176, 0x800000000000, false }, { 0x277, 0x0007040600070406, true },
    { 0x277, 0x0007040600070402, false }, { 0x2ff, 0xc06, true }, { 0x2ff, 0xc02, false },
    { 0x200, 6, true }, { 0x200, 2, false }, { 0x201, 0xff00000800, true }, { 0x201, 1, false },
    { 0x250, 0x0606060606060606, true }, { 0x250, 3, false }, { 0xfe, 0, false },
    { 0x400, ~0ull, true }, { 0x400, 5, false }, { 0x401, 0, true }, { 0x401, 1, false },
    { 0xc0000080, EFER_SCE | EFER_LME | EFER_NXE, true }, { 0xc0000080, 1u << 12, false },
    { 0xc0000082, 0x800000000000, false }, { 0xc0000102, 0xffff888000000000, true },
    { 0xc0000103, 5, true }, { 0xc0000103, 1ull << 32, false }, { 0x1b, 0xfee00900, true },
    { 0x1b, 0xfee00c00, true }, { 0x1b, 0xfee00800, false }, { 0x1b, 0xfee00000, true },
    { 0x1b, 0xfee00400, false }, { 0x1b, 1ull << 50, false }, { 0x12345678, 0, false },
    { 0x40000000, 0, false }, { 0x802, 0, false }, { 0xc0010015, 0x40, true },
};

static void test_writes(void)
{
    CPUX86State *env = fake_cpu("max");

    for (unsigned i = 0; i < G_N_ELEMENTS(writes); i++) {
        if (x86_wrmsr(env, writes[i].msr, writes[i].val) != writes[i].ok) {
            g_error("wrmsr 0x%x (row %u) should %s", writes[i].msr, i,
                    writes[i].ok ? "work" : "fail");
        }
    }
    fake_cpu_free(env);
}

static void test_read_back(void)
{
    CPUX86State *env = fake_cpu("max");
    uint64_t val;

    for (uint32_t m = 0x268; m <= 0x26f; m++) {
        g_assert_true(x86_wrmsr(env, m, 0x0101010101010100 + (m & 1)));
    }
    g_assert_true(x86_rdmsr(env, 0x26f, &val));
    g_assert_cmphex(val, ==, 0x0101010101010101);
    g_assert_true(x86_wrmsr(env, 0xc0000101, 0x7f0000000000));
    g_assert_cmphex(env->segs[R_GS].base, ==, 0x7f0000000000);
    g_assert_true(x86_wrmsr(env, 0xc0000083, 0x1234));
    g_assert_cmphex(env->cstar, ==, 0x1234);
    fake_cpu_free(env);
}

/* every number that a kernel could try: no crash, and reads of what was accepted work */
static void test_all_numbers(void)
{
    CPUX86State *env = fake_cpu("max");
    static const uint32_t bases[] = { 0, 0x40000000, 0xc0000000, 0xc0010000, 0xc0011000 };
    uint64_t val;

    for (unsigned b = 0; b < G_N_ELEMENTS(bases); b++) {
        for (uint32_t i = 0; i < 0x1000; i++) {
            x86_rdmsr(env, bases[b] + i, &val);
            x86_wrmsr(env, bases[b] + i, val);
            x86_wrmsr(env, bases[b] + i, ~0ull);
        }
    }
    fake_cpu_free(env);
}

static void test_features_gate(void)
{
    CPUX86State *env = fake_cpu("qemu64");
    uint64_t val;

    g_assert_false(x86_rdmsr(env, 0x3b, &val));         /* no TSC_ADJUST */
    g_assert_false(x86_rdmsr(env, 0xc0000103, &val));   /* no RDTSCP */
    g_assert_true(x86_rdmsr(env, 0xc0010055, &val));    /* family 15: Linux reads it unprotected */
    fake_cpu_free(env);
}

static void test_tsc(void)
{
    CPUX86State *env = fake_cpu("max");
    uint64_t adjust, hz = x86_tsc_hz();

    g_assert_cmpuint(hz, >, 100000000);
    g_assert_cmpuint(hz, <, 10000000000);
    uint64_t t0 = x86_tsc_read(env);
    g_usleep(20000);
    uint64_t t1 = x86_tsc_read(env);
    g_assert_cmpuint(t1 - t0, >=, hz / 50 - hz / 1000);
    g_assert_true(x86_wrmsr(env, 0x10, 1000));
    g_assert_cmpuint(x86_tsc_read(env), <, 1000 + hz);
    g_assert_true(x86_rdmsr(env, 0x3b, &adjust));
    g_assert_cmpint((int64_t)adjust, <, 0);
    g_assert_true(x86_wrmsr(env, 0x3b, 0));             /* back in step */
    g_assert_cmpuint(x86_tsc_read(env), >=, t1);
    x86_tsc_pause();
    t0 = x86_tsc_read(env);
    g_usleep(2000);
    g_assert_cmpuint(x86_tsc_read(env), ==, t0);
    x86_tsc_resume();
    g_assert_cmpuint(x86_tsc_read(env) - t0, <, hz);
    int64_t ns = x86_tsc_to_ns_until(env, x86_tsc_read(env) + hz);
    g_assert_cmpint(ns, >, 900000000);
    g_assert_cmpint(ns, <=, 1000000100);
    fake_cpu_free(env);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/msr/sorted", test_sorted);
    g_test_add_func("/msr/writes", test_writes);
    g_test_add_func("/msr/read-back", test_read_back);
    g_test_add_func("/msr/all-numbers", test_all_numbers);
    g_test_add_func("/msr/features", test_features_gate);
    g_test_add_func("/tsc", test_tsc);
    return g_test_run();
}
