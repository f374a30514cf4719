/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU models, -cpu parsing, CPUID leaves, gdb's registers. */
#include <string.h>
#include "target/i386/cpu-models.h"
#include "target/i386/dump.h"
#include "target/i386/sys-fake.h"

enum { EAX, EBX, ECX, EDX };

static void expect_error(const char *cpu, const char *text)
{
    Error *err = NULL;

    g_assert_null(x86_cpu_new(cpu, false, &err));
    g_assert_cmpstr(error_text(err), ==, text);
    error_free(err);
}

static void test_errors(void)
{
    CPUX86State *env = fake_cpu("base");        /* types are built now */

    fake_cpu_free(env);
    expect_error("nosuch", "unable to find CPU model 'nosuch'");
    expect_error("host", "CPU model 'host' requires KVM or HVF");
    expect_error("qemu64,foo=on", "Property 'qemu64-x86_64-cpu.foo' not found");
    expect_error("qemu64,+foo", "Property 'qemu64-x86_64-cpu.foo' not found");
    expect_error("max,sse4.1=maybe", "Parameter 'sse4.1' expects 'on' or 'off'");
    expect_error("max,phys-bits=20", "phys-bits should be between 32 and 52 (but is 20)");
    expect_error("qemu64,+avx,enforce", "TCG doesn't support requested features");
}

static void test_models(void)
{
    for (unsigned i = 0; x86_cpu_model(i); i++) {
        const X86CPUModel *m = x86_cpu_model(i);
        CPUX86State *env = fake_cpu(m->name);
        uint32_t have[FEATURE_WORDS];

        g_assert_cmpint(strlen(m->vendor), ==, 12);
        g_assert_cmpint(strlen(m->brand), <, 48);
        x86_features_supported(have, false);
        for (unsigned w = 0; w < FEATURE_WORDS; w++) {
            g_assert_cmphex(env->features[w] & ~have[w], ==, 0);
        }
        fake_cpu_free(env);
    }
}

static void test_qemu64(void)
{
    CPUX86State *env = fake_cpu("qemu64,+sse4.1,-cx16,ssse3=on");
    uint32_t r[4];

    x86_cpuid(env, 0, 0, r);
    g_assert_cmphex(r[EAX], ==, 0xd);
    g_assert_cmpmem(&r[EBX], 4, "Auth", 4);
    g_assert_cmpmem(&r[EDX], 4, "enti", 4);
    g_assert_cmpmem(&r[ECX], 4, "cAMD", 4);
    x86_cpuid(env, 1, 0, r);
    g_assert_cmphex(r[EAX], ==, 0x60fb1);       /* family 15, model 107, stepping 1 */
    g_assert_cmphex(r[ECX], ==, 1u << 31 | 1 << 19 | 1 << 9 | 1);
    x86_cpuid(env, 0x40000000, 0, r);
    g_assert_cmpmem(&r[EBX], 12, "TCGTCGTCGTCG", 12);
    x86_cpuid(env, 0x40000100, 0, r);
    g_assert_cmphex(r[EAX] | r[EBX] | r[ECX] | r[EDX], ==, 0);
    x86_cpuid(env, 0x80000001, 0, r);
    g_assert_true(r[EDX] & 1u << 29);
    char brand[49] = "";
    for (unsigned i = 0; i < 3; i++) {
        x86_cpuid(env, 0x80000002 + i, 0, (uint32_t *)(void *)(brand + i * 16));
    }
    g_assert_cmpstr(brand, ==, "QEMU Virtual CPU version 2.5+");
    fake_cpu_free(env);
}

static void test_topology(void)
{
    CPUX86State *env = fake_cpu("max");
    uint32_t r[4];

    env->n_threads_package = 6;
    env->n_threads_core = 2;
    env->apic_id = 5;
    x86_cpuid(env, 1, 0, r);
    g_assert_cmphex(r[EBX], ==, 5u << 24 | 8 << 16 | 8 << 8);
    g_assert_true(r[EDX] & 1u << 28);
    x86_cpuid(env, 0xb, 0, r);
    g_assert_cmpint(r[EAX], ==, 1);
    g_assert_cmpint(r[EBX], ==, 2);
    g_assert_cmphex(r[ECX], ==, 0x100);
    x86_cpuid(env, 0xb, 1, r);
    g_assert_cmpint(r[EAX], ==, 3);
    g_assert_cmpint(r[EBX], ==, 6);
    g_assert_cmphex(r[ECX], ==, 0x201);
    g_assert_cmpint(r[EDX], ==, 5);
    fake_cpu_free(env);
}

static void test_dynamic_bits(void)
{
    CPUX86State *env = fake_cpu("max");
    uint32_t r[4];

    x86_cpuid(env, 1, 0, r);
    g_assert_false(r[ECX] & 1u << 27);
    env->cr[4] |= CR4_OSXSAVE;
    x86_cpuid(env, 1, 0, r);
    g_assert_true(r[ECX] & 1u << 27);
    g_assert_false(r[ECX] & 1u << 28);          /* no AVX */
    x86_cpuid(env, 0xd, 0, r);
    g_assert_cmphex(r[EAX], ==, 3);
    g_assert_cmpint(r[ECX], ==, 576);
    fake_cpu_free(env);
}

static void test_gdb(void)
{
    CPUX86State *env = fake_cpu("max");
    CPUState *cpu = x86_cpu(env);
    uint8_t buf[16], back[16];

    for (unsigned i = 0; i < X86_GDB_N_REGS; i++) {
        int n = x86_gdb_read_reg(cpu, i, buf);
        g_assert_cmpint(n, >, 0);
        g_assert_cmpint(x86_gdb_write_reg(cpu, i, buf), ==, n);
        g_assert_cmpint(x86_gdb_read_reg(cpu, i, back), ==, n);
        g_assert_cmpmem(buf, n, back, n);
    }
    g_assert_cmpint(x86_gdb_read_reg(cpu, X86_GDB_N_REGS, buf), ==, 0);
    memset(buf, 0x5a, 8);
    x86_gdb_write_reg(cpu, 1, buf);             /* gdb's second register is rbx */
    g_assert_cmphex(env->regs[R_EBX], ==, 0x5a5a5a5a5a5a5a5a);
    const char *xml = x86_gdb_target_xml(cpu);
    g_assert_nonnull(strstr(xml, "<reg name=\"mxcsr\" bitsize=\"32\" type=\"i386_mxcsr\" "
                                 "regnum=\"56\"/>"));
    g_autofree char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    x86_dump_state(cpu, f);
    fclose(f);
    g_assert_nonnull(strstr(text, "EBX=5a5a5a5a"));
    fake_cpu_free(env);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/errors", test_errors);
    g_test_add_func("/cpu/models", test_models);
    g_test_add_func("/cpuid/qemu64", test_qemu64);
    g_test_add_func("/cpuid/topology", test_topology);
    g_test_add_func("/cpuid/dynamic", test_dynamic_bits);
    g_test_add_func("/gdb/registers", test_gdb);
    return g_test_run();
}
