/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/timer/hpet.h"
#include "hw/test-util.h"

static TestLine gsi[24];
static bool legacy;

static void set_gsi(void *opaque, unsigned n, int level) { test_line_set(&gsi[n], 0, level); }
static void legacy_mode(void *opaque, bool on) { legacy = on; }

static void wr(unsigned reg, uint64_t v, unsigned n)
{
    address_space_st(address_space_memory, HPET_GPA + reg, v, n);
}

static uint64_t rd(unsigned reg, unsigned n)
{
    return address_space_ld(address_space_memory, HPET_GPA + reg, n, NULL);
}

static void test_counter(void)
{
    g_assert_cmphex(rd(0, 4), ==, 0x8086a201);
    g_assert_cmpuint(rd(4, 4), ==, 10000000);       /* femtoseconds a tick */
    g_assert_cmpuint(rd(0xf0, 8), ==, 0);
    wr(0x10, 1, 4);
    clock_virtual_advance(12345);
    g_assert_cmpuint(rd(0xf0, 8), ==, 1234);
    wr(0x10, 0, 4);
    clock_virtual_advance(1000);
    g_assert_cmpuint(rd(0xf0, 8), ==, 1234);
}

static void test_one_shot(void)
{
    wr(0x10, 1, 8);
    wr(0x100, 1 << 2 | 20 << 9 | 1 << 8, 4);        /* interrupt, GSI 20, 32 bits */
    wr(0x108, rd(0xf0, 4) + 1000, 4);
    clock_virtual_advance(9980);
    g_assert_cmpuint(gsi[20].rises, ==, 0);
    clock_virtual_advance(40);
    g_assert_cmpuint(gsi[20].rises, ==, 1);
    clock_virtual_advance(1000000);
    g_assert_cmpuint(gsi[20].rises, ==, 1);
}

static void test_periodic_legacy(void)
{
    wr(0x10, 3, 8);
    g_assert_true(legacy);
    wr(0x100, 1 << 2 | 1 << 3 | 1 << 6 | 1 << 8, 4);
    wr(0x108, rd(0xf0, 4) + 5000, 4);
    wr(0x108, 5000, 4);
    clock_virtual_advance(10 * 50000 + 100);
    g_assert_cmpuint(gsi[0].rises, ==, 10);
    wr(0x10, 0, 8);
    g_assert_false(legacy);
    clock_virtual_advance(1000000);
    g_assert_cmpuint(gsi[0].rises, ==, 10);
}

static void test_level(void)
{
    wr(0x10, 1, 8);
    wr(0x120, 1 << 1 | 1 << 2 | 21 << 9, 8);
    wr(0x128, rd(0xf0, 8) + 100, 8);
    clock_virtual_advance(2000);
    g_assert_cmpint(gsi[21].level, ==, 1);
    g_assert_cmphex(rd(0x20, 4), ==, 2);
    wr(0x20, 2, 4);
    g_assert_cmpint(gsi[21].level, ==, 0);
    wr(0x3f8, 1, 8);                                /* nothing there */
    g_assert_cmphex(rd(0x3f8, 8), ==, 0);
}

int main(int argc, char **argv)
{
    test_machine(&argc, &argv);
    HpetWiring w = { set_gsi, legacy_mode, NULL };
    hpet_new(test_mem(), &w, NULL);
    g_test_add_func("/hpet/counter", test_counter);
    g_test_add_func("/hpet/one-shot", test_one_shot);
    g_test_add_func("/hpet/periodic", test_periodic_legacy);
    g_test_add_func("/hpet/level", test_level);
    return g_test_run();
}
