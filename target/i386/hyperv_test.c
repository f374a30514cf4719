/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flags, CPUID, MSRs and hypercalls with stand-ins for vCPUs, TSC and devices. */
#include <string.h>
#include "memory/memory.h"
#include "target/i386/hyperv.h"
#include "util/main-loop.h"
#include "util/wire.h"

enum { RAM = 1 << 20, N_CPUS = 2 };

static X86CPU *cpus[N_CPUS];
static uint8_t *ram;
static uint64_t tsc_ticks;
static unsigned n_flushes, n_injected[N_CPUS];

/* ---- stand-ins ---- */

CPUState *cpu_by_index(unsigned index) { return index < N_CPUS ? &cpus[index]->parent : NULL; }
unsigned cpu_count(void) { return N_CPUS; }
void tlb_flush_all_cpus(void) { n_flushes++; }
uint64_t x86_tsc_read(CPUX86State *env) { return tsc_ticks + (uint64_t)env->tsc_offset; }
uint64_t x86_tsc_hz(void) { return 2000000000; }

static uint64_t last_write;
static unsigned last_reg;
static bool op_read(CPUState *cpu, unsigned reg, uint64_t *val) { *val = reg; return reg != 7; }
static bool op_write(CPUState *cpu, unsigned reg, uint64_t val)
{
    g_assert_true(bql_held());
    last_reg = reg;
    last_write = val;
    return val != 0xbad;
}
static uint8_t posted[HV_POST_MESSAGE_BYTES];
static unsigned op_post(const uint8_t *input)
{
    g_assert_true(bql_held());
    memcpy(posted, input, sizeof(posted));
    return input[0] == 4 ? HV_STATUS_INVALID_CONNECTION_ID : HV_STATUS_SUCCESS;
}
static uint32_t signalled;
static unsigned op_signal(uint32_t id, uint16_t flag) { signalled = id; return HV_STATUS_SUCCESS; }
static uint64_t op_apic_read(CPUState *cpu, unsigned reg) { return 0x100 + reg; }
static void op_apic_write(CPUState *cpu, unsigned reg, uint64_t v) { op_write(cpu, reg, v); }
static void op_inject(CPUState *cpu, uint8_t vector) { n_injected[cpu->index]++; }
static uint32_t op_hz(void) { return 1000000000; }
static unsigned n_resets, n_crashes;
static void op_reset(void) { n_resets++; }
static void op_crash(const uint64_t p[5]) { n_crashes++; }
static const HyperVOps ops = {
    .synic_read = op_read, .synic_write = op_write, .stimer_read = op_read,
    .stimer_write = op_write, .post_message = op_post, .signal_event = op_signal,
    .apic_read = op_apic_read, .apic_write = op_apic_write, .inject = op_inject,
    .apic_timer_hz = op_hz, .reset_request = op_reset, .crash = op_crash,
};

/* ---- helpers ---- */

static CPUX86State *env(void) { return &cpus[0]->env; }

/* vCPUs with these flags ("a,b=off"), configured; false: the error's text is in @why */
static char *why;
static bool make(const char *text, bool want_vmbus)
{
    g_auto(GStrv) items = g_strsplit(text, ",", -1);
    Error *err = NULL;
    bool good = true;

    g_clear_pointer(&why, g_free);
    x86_hyperv_arch.reset();
    for (unsigned c = 0; c < N_CPUS && good; c++) {
        g_free(cpus[c]->env.hyperv);
        memset(cpus[c], 0, sizeof(*cpus[c]));
        cpus[c]->parent.index = c;
        strcpy(cpus[c]->env.vendor, "AuthenticAMD");
        cpus[c]->env.hflags = HF_PE | HF_LMA | HF_CS64;
        for (char **i = items; *i && **i && good; i++) {
            g_auto(GStrv) kv = g_strsplit(*i, "=", 2);
            good = x86_hyperv_flag(&cpus[c]->env, kv[0], kv[1], &err);
        }
        good = good && x86_hyperv_configure(&cpus[c]->env, want_vmbus, &err);
    }
    if (err) {
        why = g_strdup(error_text(err));
        error_free(err);
    }
    x86_hyperv_attach(&ops);
    return good;
}

static bool rd(uint32_t msr, uint64_t *val)
{
    bool handled;

    *val = 0;
    return x86_hyperv_rdmsr(env(), msr, val, &handled) && handled;
}

static uint64_t rdmsr(uint32_t msr)
{
    uint64_t v;

    g_assert_true(rd(msr, &v));
    return v;
}

static bool wrmsr(uint32_t msr, uint64_t val)
{
    bool handled;

    return x86_hyperv_wrmsr(env(), msr, val, &handled) && handled;
}

#define ALL "hv-vpindex,hv-synic,hv-time,hv-stimer,hv-vapic,hv-runtime,hv-frequencies,hv-reset," \
            "hv-crash,hv-tlbflush,hv-ipi,hv-reenlightenment"

/* ---- tests ---- */

static void flags(void)
{
    uint32_t out[4];

    g_assert_true(make("", false));
    g_assert_false(x86_hyperv_enabled(env()));
    g_assert_false(x86_hyperv_cpuid(env(), 0x40000000, out));
    g_assert_true(make("", true));                      /* VMBus asks: its set comes on */
    g_assert_true(x86_hyperv_enabled(env()));
    g_assert_true(make("hv_vpindex,hv_synic=on", true));
    g_assert_false(make("hv-synic=off", true));
    g_assert_cmpstr(why, ==, "VMBus requires usable Hyper-V SynIC and VP_INDEX: "
                    "add hv-vpindex=on to -cpu");
    g_assert_false(make("hv-vpindex", true));
    g_assert_nonnull(strstr(why, "add hv-synic=on"));
    g_assert_false(make("hv-synic", false));
    g_assert_nonnull(strstr(why, "requires Hyper-V VP_INDEX MSR"));
    g_assert_false(make("hv-evmcs", false));
    g_assert_nonnull(strstr(why, "is not supported"));
    g_assert_true(make("hv-evmcs=off", false));
    g_assert_false(make("hv-nonsense", false));
    g_assert_false(make("hv-synic=maybe", false));
    g_assert_false(make("hv-vendor-id=ThirteenChars", false));
    g_assert_false(make("hv-version-id-major=70000", false));
    g_assert_true(make("hv-passthrough", true));
}

static void cpuid(void)
{
    uint32_t out[4];

    g_assert_true(make("", true));
    g_assert_true(x86_hyperv_cpuid(env(), 0x40000000, out));
    g_assert_cmphex(out[0], ==, 0x40000005);
    g_assert_cmpmem(&out[1], 12, "Microsoft Hv", 12);
    x86_hyperv_cpuid(env(), 0x40000001, out);
    g_assert_cmpmem(out, 4, "Hv#1", 4);
    x86_hyperv_cpuid(env(), 0x40000002, out);
    g_assert_cmphex(out[0], ==, 14393);
    g_assert_cmphex(out[1], ==, 0xa0000);
    x86_hyperv_cpuid(env(), 0x40000003, out);
    g_assert_cmphex(out[0], ==, 0x8a7f);
    g_assert_cmphex(out[1], ==, 0x30);
    g_assert_cmphex(out[3], ==, 0x108);
    x86_hyperv_cpuid(env(), 0x40000004, out);
    g_assert_cmphex(out[0], ==, 8);
    g_assert_cmphex(out[1], ==, 0xffffffff);
    g_assert_true(x86_hyperv_cpuid(env(), 0x40000081, out));    /* Linux looks without asking */
    g_assert_cmphex(out[0] | out[1] | out[2] | out[3], ==, 0);
    g_assert_cmphex(env()->features[FEAT_1_ECX] >> 31, ==, 1);
    g_assert_true(make("hv-vapic,hv-avic,hv-vendor-id=x,hv-spinlocks=8191", false));
    x86_hyperv_cpuid(env(), 0x40000004, out);
    g_assert_cmphex(out[0], ==, 1 << 9);
    g_assert_cmpuint(out[1], ==, 8191);
    x86_hyperv_cpuid(env(), 0x40000000, out);
    g_assert_cmpmem(&out[1], 12, "x\0\0\0\0\0\0\0\0\0\0\0", 12);
}

static void msr_gates(void)
{
    static const uint32_t gated[] = { 0x40000003, 0x40000010, 0x40000020, 0x40000021, 0x40000022,
                                      0x40000070, 0x40000080, 0x40000090, 0x400000b0, 0x40000100,
                                      0x40000106, 0x40000118, 0x400000f0, 0x40000004 };
    bool handled = true;
    uint64_t v;

    g_assert_true(make("", false));
    g_assert_false(x86_hyperv_rdmsr(env(), 0x40000000, &v, &handled));
    g_assert_false(handled);
    g_assert_true(make("hv-relaxed", false));
    for (unsigned i = 0; i < G_N_ELEMENTS(gated); i++) {
        g_assert_false(rd(gated[i], &v));
        g_assert_false(wrmsr(gated[i], 0));
    }
    g_assert_true(wrmsr(0x40000073, 0x1000 | 1));       /* Linux writes it without asking */
    g_assert_true(make(ALL, false));
    for (unsigned i = 0; i + 2 < G_N_ELEMENTS(gated); i++) {
        g_assert_true(rd(gated[i], &v));
    }
    static const uint32_t read_only[] = { 0x40000002, 0x40000010, 0x40000020, 0x40000022,
                                          0x40000023 };
    for (unsigned i = 0; i < G_N_ELEMENTS(read_only); i++) {
        g_assert_false(wrmsr(read_only[i], 0));
    }
}

static void hypercall_page(void)
{
    static const uint8_t amd[] = { 0x0f, 0x01, 0xd9, 0xc3, 0xcc }, intel[] = { 0x0f, 0x01, 0xc1 };

    g_assert_true(make("", true));
    g_assert_true(wrmsr(0x40000001, 0x5001));           /* no OS id yet: not applied */
    g_assert_cmphex(rdmsr(0x40000001), ==, 0);
    g_assert_false(x86_hyperv_hypercall(env()));
    g_assert_true(wrmsr(0x40000000, 0x8100060100000000));
    g_assert_false(wrmsr(0x40000001, RAM | 1));         /* outside RAM */
    g_assert_false(wrmsr(0x40000001, ~(uint64_t)2));
    g_assert_true(wrmsr(0x40000001, 0x5001));
    g_assert_cmpmem(ram + 0x5000, 5, amd, 5);
    strcpy(env()->vendor, "GenuineIntel");
    g_assert_true(wrmsr(0x40000001, 0x6001));
    g_assert_cmpmem(ram + 0x6000, 3, intel, 3);
    g_assert_cmphex(x86_hyperv_arch.guest_os_id(), ==, 0x8100060100000000);
    unsigned ends = x86_hyperv_arch.guest_ends();
    g_assert_true(wrmsr(0x40000000, 0));                /* as Linux before kexec */
    g_assert_true(wrmsr(0x40000000, 0));
    g_assert_cmpuint(x86_hyperv_arch.guest_ends(), ==, ends + 1);
    g_assert_cmphex(rdmsr(0x40000001), ==, 0x6000);
    g_assert_true(wrmsr(0x40000001, 0x6000));
    g_assert_true(wrmsr(0x40000000, 1));
    g_assert_true(wrmsr(0x40000001, 0x7003));           /* locked */
    g_assert_false(wrmsr(0x40000001, 0x8001));
    x86_hyperv_arch.reset();
    g_assert_cmphex(rdmsr(0x40000001), ==, 0);
}

static void plain_msrs(void)
{
    g_assert_true(make(ALL, false));
    g_assert_cmpuint(rdmsr(0x40000022), ==, 2000000000);
    g_assert_cmpuint(rdmsr(0x40000023), ==, 1000000000);
    g_assert_cmpuint(rdmsr(0x40000002), ==, 0);
    g_assert_true(wrmsr(0x40000003, 0));
    g_assert_cmpuint(n_resets, ==, 0);
    g_assert_true(wrmsr(0x40000003, 1));
    g_assert_cmpuint(n_resets, ==, 1);
    g_assert_true(wrmsr(0x40000070, 5));
    g_assert_cmpuint(last_reg, ==, 0x0b);
    g_assert_false(wrmsr(0x40000070, (uint64_t)1 << 32));
    g_assert_true(wrmsr(0x40000071, 0x0100000000004000));
    g_assert_cmphex(last_write, ==, 0x0100000000004000);
    g_assert_false(wrmsr(0x40000072, 0x100));
    g_assert_cmphex(rdmsr(0x40000072), ==, 0x108);
    g_assert_true(wrmsr(0x40000083, 0x1001));
    g_assert_cmpuint(last_reg, ==, 3);
    g_assert_false(wrmsr(0x40000083, 0xbad));           /* the device refuses: #GP */
    g_assert_true(wrmsr(0x400000b1, 9));
    g_assert_cmpuint(last_reg, ==, 1);
    memset(ram + 0x3000, 0xff, 8);
    g_assert_true(wrmsr(0x40000073, 0x3001));
    g_assert_cmphex(ldle32(ram + 0x3000), ==, 0);
    g_assert_cmphex(ldle32(ram + 0x3004), ==, 0xffffffff);
    g_assert_false(wrmsr(0x40000073, RAM | 1));
    g_assert_true(wrmsr(0x40000104, 77));
    g_assert_cmpuint(rdmsr(0x40000104), ==, 77);
    g_assert_cmphex(rdmsr(0x40000105), ==, (uint64_t)1 << 63);
    g_assert_true(wrmsr(0x40000105, (uint64_t)1 << 63));
    g_assert_cmpuint(n_crashes, ==, 1);
    g_assert_false(x86_hyperv_tsc_invariant(env()));
    g_assert_false(wrmsr(0x40000118, 2));
    g_assert_true(wrmsr(0x40000118, 1));
    g_assert_true(x86_hyperv_tsc_invariant(env()));
    g_assert_false(wrmsr(0x40000118, 0));
}

static uint64_t page_time(void)
{
    unsigned __int128 p = (unsigned __int128)tsc_ticks * ldle64(ram + 0x4008);

    return (uint64_t)(p >> 64) + ldle64(ram + 0x4010);
}

static void reference_time(void)
{
    uint64_t before;

    g_assert_true(make(ALL, false));
    before = rdmsr(0x40000020);
    memset(ram + 0x4000, 0xff, 4096);
    g_assert_true(wrmsr(0x40000021, 0x4001));           /* before the OS id: fine */
    g_assert_cmpuint(ldle32(ram + 0x4000), ==, 1);
    g_assert_cmpuint(ldle32(ram + 0x4004), ==, 0);
    g_assert_cmpuint(page_time(), ==, rdmsr(0x40000020));
    g_assert_cmpuint(page_time(), ==, before);          /* no jump */
    tsc_ticks += 2000000000;                            /* a second */
    g_assert_cmpuint(page_time() - before, >=, 9999999);
    g_assert_cmpuint(page_time() - before, <=, 10000000);
    g_assert_cmpuint(page_time(), ==, rdmsr(0x40000020));
    before = page_time();
    x86_hyperv_tsc_changed(env());                      /* the page would lie now */
    g_assert_cmpuint(ldle32(ram + 0x4000), ==, 0);
    tsc_ticks += 77777777;
    g_assert_cmpuint(rdmsr(0x40000020), ==, before);    /* virtual clock stands still here */
    g_assert_true(wrmsr(0x40000021, 0x4001));
    g_assert_cmpuint(ldle32(ram + 0x4000), ==, 2);
    g_assert_cmpuint(page_time(), ==, before);
    g_assert_true(wrmsr(0x40000021, RAM | 1));          /* kept, not used */
    g_assert_cmphex(rdmsr(0x40000021), ==, RAM | 1);
    g_assert_cmpuint(rdmsr(0x40000020), ==, before);
}

static uint64_t call(uint64_t control, uint64_t a, uint64_t b)
{
    env()->regs[R_ECX] = control;
    env()->regs[R_EDX] = a;
    env()->regs[R_R8] = b;
    g_assert_true(x86_hyperv_hypercall(env()));
    return env()->regs[R_EAX];
}

enum { FAST = 1 << 16 };
#define REPS(n) ((uint64_t)(n) << 32)

static void enable_calls(const char *with)
{
    g_assert_true(make(with, false));
    g_assert_true(wrmsr(0x40000000, 1));
    g_assert_true(wrmsr(0x40000001, 0x5001));
    memset(ram + 0x8000, 0, 0x2000);
}

static void who_may_call(void)
{
    enable_calls(ALL);
    g_assert_cmpuint(call(0x08 | FAST, 0, 0), ==, 0);
    env()->hflags |= 3;
    g_assert_false(x86_hyperv_hypercall(env()));
    env()->hflags = 0;
    g_assert_false(x86_hyperv_hypercall(env()));
    env()->hflags = HF_PE | HF_VM;
    g_assert_false(x86_hyperv_hypercall(env()));
    env()->hflags = HF_PE;                              /* 32 bits: edx:eax, ebx:ecx */
    env()->regs[R_EDX] = 0xffffffff00000000;
    env()->regs[R_EAX] = 0x5d | FAST;
    env()->regs[R_EBX] = 0;
    env()->regs[R_ECX] = 17;
    g_assert_true(x86_hyperv_hypercall(env()));
    g_assert_cmphex(env()->regs[R_EAX], ==, 0);
    g_assert_cmphex(env()->regs[R_EDX], ==, 0);
    g_assert_cmpuint(signalled, ==, 17);
}

static void call_checks(void)
{
    enable_calls(ALL);
    g_assert_cmpuint(call(0x999, 0, 0), ==, 2);
    g_assert_cmpuint(call(0x5c | 1u << 27, 0x8000, 0), ==, 3);  /* reserved bits */
    g_assert_cmpuint(call(0x5c | (uint64_t)1 << 44, 0x8000, 0), ==, 3);
    g_assert_cmpuint(call(0x5c | REPS(1), 0x8000, 0), ==, 3);
    g_assert_cmpuint(call(0x5c | 1 << 17, 0x8000, 0), ==, 3);   /* variable header */
    g_assert_cmpuint(call(0x5c, 0x8004, 0), ==, 4);
    g_assert_cmpuint(call(0x5c, 0x8000, 1), ==, 4);
    g_assert_cmpuint(call(0x5c, 0x8f08, 0), ==, 4);             /* crosses the page */
    g_assert_cmpuint(call(0x5c, RAM, 0), ==, 4);
    g_assert_cmpuint(call(0x5c, 0xfffffffffffff000, 0), ==, 4);
    g_assert_cmpuint(call(0x5c | FAST, 1, 1), ==, 2);           /* slow only */
    stle32(ram + 0x8f00, 1);
    g_assert_cmpuint(call(0x5c, 0x8f00, 0), ==, 0);
    g_assert_cmpuint(posted[0], ==, 1);
    stle32(ram + 0x8000, 4);
    g_assert_cmpuint(call(0x5c, 0x8000, 0), ==, 18);
    g_assert_cmpuint(call(0x5d | FAST, 17, 0), ==, 0);
    g_assert_cmpuint(call(0x5d | FAST, 0x1000011, 0), ==, 3);
    g_assert_cmpuint(call(0x5d | FAST, (uint64_t)1 << 48 | 17, 0), ==, 3);
    stle64(ram + 0x8000, 18);
    g_assert_cmpuint(call(0x5d, 0x8000, 0), ==, 0);
    g_assert_cmpuint(signalled, ==, 18);
    enable_calls("hv-vpindex");
    g_assert_cmpuint(call(0x5c, 0x8000, 0), ==, 3);             /* no SynIC */
    g_assert_cmpuint(call(0x02, 0x8000, 0), ==, 6);             /* not offered */
}

static void sets_of_vps(void)
{
    enable_calls(ALL);
    n_flushes = 0;
    stle64(ram + 0x8008, 1);
    g_assert_cmpuint(call(0x02, 0x8000, 0), ==, 0);
    g_assert_cmphex(call(0x03 | REPS(5), 0x8000, 0), ==, REPS(5));
    g_assert_cmpuint(n_flushes, ==, 2);
    g_assert_cmpuint(call(0x03, 0x8000, 0), ==, 3);             /* no element */
    g_assert_cmpuint(call(0x03 | REPS(5) | (uint64_t)5 << 48, 0x8000, 0), ==, 3);
    g_assert_cmpuint(call(0x03 | REPS(4095), 0x8000, 0), ==, 3);        /* beyond the page */
    stle64(ram + 0x8008, 8);
    g_assert_cmpuint(call(0x02, 0x8000, 0), ==, 3);             /* extended ranges: not offered */
    stle64(ram + 0x8008, 1);
    stle64(ram + 0x8018, 3);                                    /* two banks, one word told */
    g_assert_cmpuint(call(0x13 | 1 << 17, 0x8000, 0), ==, 3);
    g_assert_cmpuint(call(0x13 | 2 << 17, 0x8000, 0), ==, 0);
    stle64(ram + 0x8010, 2);                                    /* no such format */
    g_assert_cmpuint(call(0x13 | 2 << 17, 0x8000, 0), ==, 3);
    stle64(ram + 0x8010, 0);
    stle64(ram + 0x8018, UINT64_MAX);
    g_assert_cmpuint(call(0x13 | 64 << 17, 0x8000, 0), ==, 0);
    g_assert_cmpuint(call(0x13 | 64 << 17, 0x8e00, 0), ==, 3);  /* banks beyond the page */
    memset(n_injected, 0, sizeof(n_injected));
    g_assert_cmpuint(call(0x0b | FAST, 0x0f, 3), ==, 3);        /* vector below 16 */
    g_assert_cmpuint(call(0x0b | FAST, 0x100, 3), ==, 3);
    g_assert_cmpuint(call(0x0b | FAST, 0xf0, UINT64_MAX), ==, 0);
    g_assert_cmpuint(n_injected[0] + n_injected[1], ==, 2);     /* those that exist */
    stle64(ram + 0x8000, 0xf0);
    stle64(ram + 0x8008, 1);
    g_assert_cmpuint(call(0x15, 0x8000, 0), ==, 0);             /* all */
    g_assert_cmpuint(n_injected[0] + n_injected[1], ==, 4);
}

static void random_calls(void)
{
    enable_calls(ALL);
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t control = (uint64_t)g_test_rand_int_range(0, 0x60);

        if (g_test_rand_bit()) {
            control |= (uint64_t)(uint32_t)g_test_rand_int() << 16 & 0x0fff0fff07ff0000;
        }
        stle64(ram + 0x8000 + g_test_rand_int_range(0, 8) * 8, (uint64_t)g_test_rand_int());
        call(control, g_test_rand_bit() ? 0x8000 : (uint64_t)g_test_rand_int() << 3,
             g_test_rand_bit() ? 0 : (uint64_t)g_test_rand_int());
    }
}

int main(int argc, char **argv)
{
    static MemoryRegion mr;
    RAMBlock *rb;

    g_test_init(&argc, &argv, NULL);
    type_init_all();
    clock_virtual_manual();
    memory_init();
    rb = ram_block_new("ram", RAM, 0, NULL);
    memory_region_init_ram_block(&mr, NULL, "ram", rb);
    memory_region_add(address_space_root(address_space_memory), 0, &mr);
    ram = rb->host;
    for (unsigned i = 0; i < N_CPUS; i++) {
        cpus[i] = g_aligned_alloc0(1, sizeof(X86CPU), 64);
    }
    g_test_add_func("/hyperv/flags", flags);
    g_test_add_func("/hyperv/cpuid", cpuid);
    g_test_add_func("/hyperv/msr-gates", msr_gates);
    g_test_add_func("/hyperv/hypercall-page", hypercall_page);
    g_test_add_func("/hyperv/plain-msrs", plain_msrs);
    g_test_add_func("/hyperv/reference-time", reference_time);
    g_test_add_func("/hyperv/who-may-call", who_may_call);
    g_test_add_func("/hyperv/call-checks", call_checks);
    g_test_add_func("/hyperv/sets-of-vps", sets_of_vps);
    g_test_add_func("/hyperv/random-calls", random_calls);
    return g_test_run();
}
