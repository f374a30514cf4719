/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/input/i8042.h"
#include "hw/test-util.h"

static TestLine irq1, irq12;
static I8042 *kbc;

static void cmd(uint8_t v) { outb(0x64, v); }

static void expect(bool aux, uint8_t v)
{
    g_assert_cmphex(inb(0x64) & 0x21, ==, aux ? 0x21 : 0x01);
    g_assert_cmphex(inb(0x60), ==, v);
}

static void test_controller(void)
{
    cmd(0xaa);
    expect(false, 0x55);
    cmd(0x20);
    uint8_t ctr = inb(0x60);
    cmd(0x60);
    outb(0x60, ctr & ~0x03);
    cmd(0x20);
    expect(false, ctr & ~0x03);
    cmd(0xd3);
    outb(0x60, 0xa5);
    expect(true, 0xa5);
    g_assert_cmpint(irq12.rises, ==, 0);
    cmd(0x60);
    outb(0x60, ctr | 3);
    cmd(0xd3);
    outb(0x60, 0x5a);
    g_assert_cmpint(irq12.level, ==, 1);
    expect(true, 0x5a);
    g_assert_cmpint(irq12.level, ==, 0);
    cmd(0xa7);
    cmd(0x20);
    g_assert_cmphex(inb(0x60) & 0x20, ==, 0x20);
    cmd(0xa8);
    cmd(0xa9);
    expect(false, 0x00);
    g_assert_cmphex(inb(0x64) & 1, ==, 0);
}

static void test_devices(void)
{
    outb(0x60, 0xf2);
    expect(false, 0xfa);
    expect(false, 0xab);
    expect(false, 0x41);                            /* 0x83 through the translation */
    cmd(0x60);
    outb(0x60, 0x03);                               /* translation off */
    outb(0x60, 0xff);
    expect(false, 0xfa);
    expect(false, 0xaa);
    outb(0x60, 0xed);
    expect(false, 0xfa);
    outb(0x60, 0x02);
    expect(false, 0xfa);
    cmd(0xd4);
    outb(0x60, 0xff);
    expect(true, 0xfa);
    expect(true, 0xaa);
    expect(true, 0x00);
    cmd(0xd4);
    outb(0x60, 0xf3);
    expect(true, 0xfa);
    cmd(0xd4);
    outb(0x60, 200);
    expect(true, 0xfa);
    cmd(0xd4);
    outb(0x60, 0xe9);
    expect(true, 0xfa);
    expect(true, 0x00);
    expect(true, 0x02);
    expect(true, 200);
}

static void test_keys(void)
{
    static const uint8_t press_a[] = { 0x1c }, release_a[] = { 0xf0, 0x1c };

    cmd(0x60);
    outb(0x60, 0x43);
    i8042_key_bytes(kbc, press_a, 1);
    i8042_key_bytes(kbc, release_a, 2);
    g_assert_cmpint(irq1.level, ==, 1);
    expect(false, 0x1e);
    g_assert_cmpint(irq1.level, ==, 1);
    expect(false, 0x9e);
    g_assert_cmpint(irq1.level, ==, 0);
}

static void test_reset_line(void)
{
    cmd(0xff);
    g_assert_cmpuint(test_resets, ==, 0);
    cmd(0xfe);
    g_assert_cmpuint(test_resets, ==, 1);
}

int main(int argc, char **argv)
{
    test_machine(&argc, &argv);
    kbc = i8042_new(test_io(), test_line(&irq1), test_line(&irq12), NULL);
    g_test_add_func("/i8042/controller", test_controller);
    g_test_add_func("/i8042/devices", test_devices);
    g_test_add_func("/i8042/keys", test_keys);
    g_test_add_func("/i8042/reset", test_reset_line);
    return g_test_run();
}
