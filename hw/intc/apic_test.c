/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/intc/apic-board.h"
#include "hw/test-util.h"
#include "target/i386/cpu.h"

/* three vCPUs without an accelerator */
#define N 3
static X86CPU *cpus[N];
__thread CPUState *current_cpu;
static uint8_t broadcast_vector;
static int extint_vector = -1;
static unsigned n_hooked;

CPUState *cpu_by_index(unsigned i) { return i < N ? &cpus[i]->parent : NULL; }
void cpu_interrupt(CPUState *cpu, uint32_t mask) { cpu->interrupt_request |= mask; }
void cpu_reset_interrupt(CPUState *cpu, uint32_t mask) { cpu->interrupt_request &= ~mask; }
int64_t x86_tsc_to_ns_until(CPUX86State *env, uint64_t tsc)
{
    return (int64_t)tsc - clock_ns(CLOCK_VIRTUAL);
}

static int ext_ack(void *opaque) { int v = extint_vector; extint_vector = -1; return v; }
static bool ext_pending(void *opaque) { return extint_vector >= 0; }
static void eoi_broadcast(void *opaque, uint8_t v) { broadcast_vector = v; }
static void hook(CPUState *cpu, uint8_t v) { n_hooked++; }

static CPUX86State *env(unsigned i) { return &cpus[i]->env; }
static uint32_t irq(unsigned i) { return cpus[i]->parent.interrupt_request; }
static int ack(unsigned i) { return env(i)->apic_ops->ack(env(i)->apic); }

static uint32_t rd(unsigned i, unsigned ofs)
{
    current_cpu = &cpus[i]->parent;
    uint32_t v = address_space_ld(address_space_memory, 0xfee00000 + ofs, 4, NULL);
    current_cpu = NULL;
    return v;
}

static void wr(unsigned i, unsigned ofs, uint32_t v)
{
    current_cpu = &cpus[i]->parent;
    address_space_st(address_space_memory, 0xfee00000 + ofs, v, 4);
    current_cpu = NULL;
}

static void setup(void)
{
    device_reset_all();
    for (unsigned i = 0; i < N; i++) {
        cpus[i]->parent.interrupt_request = 0;
        wr(i, 0xf0, 0x1ff);
        wr(i, 0xd0, 1u << (24 + i));
        wr(i, 0xe0, 0xffffffff);
    }
}

static void test_priority(void)
{
    setup();
    apic_inject(&cpus[0]->parent, 0x31);
    apic_inject(&cpus[0]->parent, 0x45);
    g_assert_true(irq(0) & CPU_INTERRUPT_HARD);
    g_assert_cmphex(ack(0), ==, 0x45);
    g_assert_false(irq(0) & CPU_INTERRUPT_HARD);    /* 0x31 waits */
    g_assert_cmphex(rd(0, 0xa0), ==, 0x40);         /* PPR */
    apic_inject(&cpus[0]->parent, 0x47);            /* the same class waits, too */
    g_assert_false(irq(0) & CPU_INTERRUPT_HARD);
    wr(0, 0xb0, 0);
    g_assert_cmphex(ack(0), ==, 0x47);
    wr(0, 0xb0, 0);
    env(0)->apic_ops->set_tpr(env(0)->apic, 0x30);
    g_assert_cmpint(ack(0), ==, -1);
    g_assert_false(irq(0) & CPU_INTERRUPT_HARD);
    env(0)->apic_ops->set_tpr(env(0)->apic, 0x20);
    g_assert_cmphex(ack(0), ==, 0x31);
    g_assert_cmpuint(n_hooked, ==, 2);
}

/* takes @vector and ends it */
static void take(unsigned i, int vector)
{
    g_assert_cmphex(ack(i), ==, vector);
    wr(i, 0xb0, 0);
}

static void test_destinations(void)
{
    setup();
    apic_deliver_msi(0xfee01000, 0x50);             /* physical 1 */
    take(1, 0x50);
    apic_deliver_msi(0xfee06004, 0x51);             /* logical flat: 1 and 2 */
    take(1, 0x51);
    take(2, 0x51);
    g_assert_cmpint(ack(0), ==, -1);
    apic_deliver_msi(0xfeeff000, 0x52);             /* all */
    for (unsigned i = 0; i < N; i++) {
        take(i, 0x52);
        wr(i, 0xe0, 0x0fffffff);                    /* cluster model */
        wr(i, 0xd0, (0x10u | 1u << i) << 24);
    }
    apic_deliver_msi(0xfee14004, 0x53);
    take(2, 0x53);
    apic_deliver_msi(0xfee24004, 0x54);             /* another cluster */
    g_assert_cmpint(ack(2), ==, -1);
    wr(0, 0x80, 0x60);                              /* lowest priority avoids the busy one */
    wr(1, 0x80, 0x20);
    apic_deliver_msi(0xfee1300c, 0x170);
    take(1, 0x70);
    wr(0, 0x80, 0);
}

static void test_ipi(void)
{
    setup();
    wr(0, 0x310, 2u << 24);
    wr(0, 0x300, 0x4061);
    take(2, 0x61);
    wr(0, 0x300, 0xc0062);                          /* all but self */
    g_assert_cmpint(ack(0), ==, -1);
    take(1, 0x62);
    wr(0, 0x300, 0x40063);                          /* self */
    take(0, 0x63);
    wr(0, 0x300, 0xc0400);                          /* NMI to the others */
    g_assert_true(irq(1) & CPU_INTERRUPT_NMI);
    g_assert_false(irq(0) & CPU_INTERRUPT_NMI);
    wr(0, 0x300, 0x4005);                           /* illegal vector */
    wr(0, 0x280, 0);
    g_assert_cmphex(rd(0, 0x280), ==, 0x20);
}

static void test_init_sipi(void)
{
    setup();
    wr(0, 0x310, 1u << 24);
    wr(0, 0x300, 0xc500);                           /* INIT, assert */
    g_assert_true(irq(1) & CPU_INTERRUPT_INIT);
    wr(0, 0x300, 0x8500);                           /* de-assert */
    wr(0, 0x300, 0x4699);
    g_assert_true(irq(1) & CPU_INTERRUPT_SIPI);
    g_assert_cmphex(cpus[1]->parent.sipi_vector, ==, 0x99);
    cpu_reset_interrupt(&cpus[1]->parent, ~0u);     /* the vCPU sees INIT only now */
    env(1)->apic_ops->init(env(1)->apic);
    g_assert_true(irq(1) & CPU_INTERRUPT_SIPI);
    cpu_reset_interrupt(&cpus[1]->parent, ~0u);
    wr(0, 0x300, 0x4699);                           /* the second one is ignored */
    g_assert_false(irq(1) & CPU_INTERRUPT_SIPI);
}

static void test_timer(void)
{
    setup();
    wr(0, 0x3e0, 0x3);                              /* divide by 16 */
    wr(0, 0x320, 0xec);
    wr(0, 0x380, 1000);
    clock_virtual_advance(8000);
    g_assert_cmpint(ABS((int)rd(0, 0x390) - 500), <=, 1);
    clock_virtual_advance(7999);
    g_assert_cmpint(ack(0), ==, -1);
    clock_virtual_advance(1);
    g_assert_cmphex(ack(0), ==, 0xec);
    g_assert_cmpuint(rd(0, 0x390), ==, 0);
    wr(0, 0xb0, 0);
    wr(0, 0x320, 0x200ec);                          /* periodic; the old count is over */
    wr(0, 0x380, 10000);
    for (unsigned i = 0; i < 5; i++) {
        clock_virtual_advance(160000);
        g_assert_cmphex(ack(0), ==, 0xec);
        wr(0, 0xb0, 0);
    }
    wr(0, 0x380, 0);
    clock_virtual_advance(1000000);
    g_assert_cmpint(ack(0), ==, -1);
    wr(0, 0x320, 0x400ed);                          /* TSC deadline */
    env(0)->apic_ops->set_tsc_deadline(env(0)->apic, clock_ns(CLOCK_VIRTUAL) + 500);
    clock_virtual_advance(499);
    g_assert_cmpint(ack(0), ==, -1);
    clock_virtual_advance(1);
    g_assert_cmphex(ack(0), ==, 0xed);
    g_assert_cmpuint(env(0)->apic_ops->get_tsc_deadline(env(0)->apic), ==, 0);
}

static void test_extint(void)
{
    setup();
    extint_vector = 0x30;
    wr(0, 0x350, 0x10700);
    apic_lint0_changed(1);
    g_assert_false(irq(0) & CPU_INTERRUPT_HARD);
    wr(0, 0x350, 0x700);
    g_assert_true(irq(0) & CPU_INTERRUPT_HARD);
    g_assert_cmphex(ack(0), ==, 0x30);
    g_assert_false(irq(0) & CPU_INTERRUPT_HARD);
    apic_lint0_changed(0);
    device_reset_all();                             /* virtual wire: APIC off, LINT0 open */
    extint_vector = 0x31;
    apic_lint0_changed(1);
    g_assert_true(irq(0) & CPU_INTERRUPT_HARD);
    g_assert_false(irq(1) & CPU_INTERRUPT_HARD);
    g_assert_cmphex(ack(0), ==, 0x31);
    apic_lint0_changed(0);
}

static void test_level_and_auto_eoi(void)
{
    setup();
    apic_deliver_msi(0xfee00000, 0xc044);
    g_assert_cmphex(ack(0), ==, 0x44);
    g_assert_cmphex(rd(0, 0x180 + 0x20), ==, 1 << 4);       /* TMR */
    wr(0, 0xb0, 0);
    g_assert_cmphex(broadcast_vector, ==, 0x44);
    apic_set_auto_eoi(&cpus[0]->parent, 0x55, true);
    apic_inject(&cpus[0]->parent, 0x55);
    g_assert_cmphex(ack(0), ==, 0x55);
    g_assert_cmphex(rd(0, 0xa0), ==, 0);
    apic_set_auto_eoi(&cpus[0]->parent, 0x55, false);
}

static void test_x2apic(void)
{
    const X86ApicOps *o = env(1)->apic_ops;
    void *a = env(1)->apic;
    uint64_t v;

    setup();
    g_assert_false(o->msr_read(a, 0x02, &v));
    o->set_base(a, o->get_base(a) | 0x400);
    g_assert_true(o->msr_read(a, 0x02, &v));
    g_assert_cmphex(v, ==, 1);
    g_assert_true(o->msr_read(a, 0x0d, &v));
    g_assert_cmphex(v, ==, 2);
    g_assert_false(o->msr_write(a, 0x0d, 1));
    g_assert_false(o->msr_write(a, 0x0b, 1));
    g_assert_false(o->msr_read(a, 0x0e, &v));
    g_assert_true(o->msr_write(a, 0x3f, 0x77));
    g_assert_cmphex(ack(1), ==, 0x77);
    g_assert_true(o->msr_write(a, 0x0b, 0));
    g_assert_true(o->msr_write(a, 0x30, UINT64_C(2) << 32 | 0x78));
    g_assert_cmphex(ack(2), ==, 0x78);
    g_assert_true(o->msr_write(a, 0x30, UINT64_C(0xffffffff) << 32 | 0x79));
    g_assert_cmphex(ack(0), ==, 0x79);
    g_assert_cmphex(rd(1, 0x20), ==, 0xffffffff);   /* no MMIO in x2APIC mode */
}

/* A guest may write what it likes. */
static void test_hostile(void)
{
    g_autoptr(GRand) r = g_rand_new_with_seed(1);
    uint64_t v;

    setup();
    for (unsigned i = 0; i < 200000; i++) {
        unsigned c = g_rand_int_range(r, 0, N), reg = g_rand_int_range(r, 0, 0x48);
        uint32_t val = g_rand_boolean(r) ? g_rand_int(r) : g_rand_int(r) & 0x7ffff;
        const X86ApicOps *o = env(c)->apic_ops;
        switch (g_rand_int_range(r, 0, 10)) {
        case 0:
            o->set_base(env(c)->apic, 0xfee00000 | (val & 0xc00));
            break;
        case 1:
            o->msr_write(env(c)->apic, reg, val);
            break;
        case 2:
            o->msr_read(env(c)->apic, reg, &v);
            break;
        case 3:
            apic_deliver_msi(0xfee00000 | (val & 0xfffff), g_rand_int(r));
            break;
        case 4:
            ack(c);
            break;
        case 5:
            clock_virtual_advance(val & 0xfffff);
            break;
        case 6:
            rd(c, reg << 4);
            break;
        default:
            wr(c, reg << 4, val);
            break;
        }
    }
}

int main(int argc, char **argv)
{
    test_machine(&argc, &argv);
    apic_set_wiring(&(ApicWiring) { ext_ack, ext_pending, eoi_broadcast, NULL });
    apic_set_eoi_hook(hook);
    apic_map(test_mem(), NULL);
    for (unsigned i = 0; i < N; i++) {
        cpus[i] = g_aligned_alloc0(1, (sizeof(X86CPU) + 63) & ~(size_t)63, 64);
        cpus[i]->parent.index = cpus[i]->env.apic_id = i;
    }
    for (unsigned i = 0; i < N; i++) {
        apic_new(&cpus[i]->parent, NULL);
    }
    g_test_add_func("/apic/priority", test_priority);
    g_test_add_func("/apic/destinations", test_destinations);
    g_test_add_func("/apic/ipi", test_ipi);
    g_test_add_func("/apic/init-sipi", test_init_sipi);
    g_test_add_func("/apic/timer", test_timer);
    g_test_add_func("/apic/extint", test_extint);
    g_test_add_func("/apic/level", test_level_and_auto_eoi);
    g_test_add_func("/apic/x2apic", test_x2apic);
    g_test_add_func("/apic/hostile", test_hostile);
    return g_test_run();
}
