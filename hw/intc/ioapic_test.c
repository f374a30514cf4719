/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/intc/ioapic.h"
#include "hw/test-util.h"

static unsigned n_sent;
static uint64_t last_gpa;
static uint32_t last_data;
static IOApic *s;

static void sent(uint64_t gpa, uint32_t data)
{
    n_sent++;
    last_gpa = gpa;
    last_data = data;
}

static void wr(unsigned reg, uint32_t v)
{
    address_space_st(address_space_memory, IOAPIC_GPA, reg, 4);
    address_space_st(address_space_memory, IOAPIC_GPA + 0x10, v, 4);
}

static uint32_t rd(unsigned reg)
{
    address_space_st(address_space_memory, IOAPIC_GPA, reg, 4);
    return address_space_ld(address_space_memory, IOAPIC_GPA + 0x10, 4, NULL);
}

static void test_regs(void)
{
    g_assert_cmphex(rd(1), ==, 0x170020);
    g_assert_cmphex(rd(0x10), ==, 0x10000);         /* masked after reset */
    wr(0, 0x05000000);
    g_assert_cmphex(rd(0), ==, 0x05000000);
    wr(0x11, 0xff000000);
    wr(0x10, 0xfffff);
    g_assert_cmphex(rd(0x10), ==, 0x1afff);         /* status bits are read-only */
    wr(0x10, 0x10000);
    g_assert_cmphex(rd(0x7f), ==, 0xffffffff);
}

static void test_edge(void)
{
    n_sent = 0;
    wr(0x10 + 2 * 4, 0x00034);                      /* pin 4, vector 0x34, physical */
    wr(0x11 + 2 * 4, 0x02000000);
    ioapic_set_irq(s, 4, 1);
    ioapic_set_irq(s, 4, 1);
    g_assert_cmpuint(n_sent, ==, 1);
    g_assert_cmphex(last_gpa, ==, 0xfee02000);
    g_assert_cmphex(last_data, ==, 0x34);
    ioapic_set_irq(s, 4, 0);
    ioapic_set_irq(s, 4, 1);
    g_assert_cmpuint(n_sent, ==, 2);
    wr(0x10 + 2 * 4, 0x10034);
    ioapic_set_irq(s, 4, 0);
    ioapic_set_irq(s, 4, 1);
    g_assert_cmpuint(n_sent, ==, 2);
}

static void test_level(void)
{
    n_sent = 0;
    wr(0x10 + 2 * 9, 0x0a951);                      /* level, low, logical, lowest priority */
    wr(0x11 + 2 * 9, 0x03000000);
    ioapic_set_irq(s, 9, 1);
    g_assert_cmpuint(n_sent, ==, 1);
    g_assert_cmphex(last_gpa, ==, 0xfee0300c);
    g_assert_cmphex(last_data, ==, 0xc151);
    g_assert_cmphex(rd(0x10 + 2 * 9) & 0x4000, ==, 0x4000);
    ioapic_eoi(s, 0x51);                            /* still high: once more */
    g_assert_cmpuint(n_sent, ==, 2);
    ioapic_set_irq(s, 9, 0);
    address_space_st(address_space_memory, IOAPIC_GPA + 0x40, 0x51, 4);
    g_assert_cmphex(rd(0x10 + 2 * 9) & 0x4000, ==, 0);
    g_assert_cmpuint(n_sent, ==, 2);
    ioapic_set_irq(s, 23, 1);
    ioapic_set_irq(s, 24, 1);                       /* no such pin */
}

int main(int argc, char **argv)
{
    test_machine(&argc, &argv);
    s = ioapic_new(test_mem(), IOAPIC_GPA, sent, NULL);
    g_test_add_func("/ioapic/regs", test_regs);
    g_test_add_func("/ioapic/edge", test_edge);
    g_test_add_func("/ioapic/level", test_level);
    return g_test_run();
}
