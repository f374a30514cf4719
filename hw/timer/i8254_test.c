/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/timer/i8254.h"
#include "hw/test-util.h"

static TestLine irq0;
static I8254 *pit;

static int64_t ticks(int64_t n) { return n * 1000000000 / PIT_HZ + 1; }

static void load(unsigned ch, uint8_t mode, uint16_t count)
{
    outb(0x43, ch << 6 | 3 << 4 | mode << 1);
    outb(0x40 + ch, count & 0xff);
    outb(0x40 + ch, count >> 8);
}

static uint16_t read_count(unsigned ch)
{
    outb(0x43, ch << 6);
    uint8_t low = inb(0x40 + ch);
    return low | inb(0x40 + ch) << 8;
}

static void test_rate(void)
{
    load(0, 2, 1193);
    unsigned before = irq0.rises;
    clock_virtual_advance(100 * ticks(1193));
    g_assert_cmpint(irq0.rises - before, >=, 99);
    g_assert_cmpint(irq0.rises - before, <=, 101);
    load(0, 3, 2386);
    before = irq0.rises;
    clock_virtual_advance(100 * ticks(2386));
    g_assert_cmpint(irq0.rises - before, >=, 99);
    g_assert_cmpint(irq0.rises - before, <=, 101);
}

static void test_one_shot(void)
{
    load(0, 0, 1000);
    g_assert_cmpint(irq0.level, ==, 0);
    unsigned before = irq0.rises;
    clock_virtual_advance(ticks(990));
    g_assert_cmpint(irq0.level, ==, 0);
    clock_virtual_advance(ticks(20));
    g_assert_cmpint(irq0.level, ==, 1);
    clock_virtual_advance(ticks(100000));
    g_assert_cmpuint(irq0.rises, ==, before + 1);
    load(0, 4, 500);
    before = irq0.rises;
    clock_virtual_advance(ticks(490));
    g_assert_cmpuint(irq0.rises, ==, before);
    clock_virtual_advance(ticks(20));
    g_assert_cmpuint(irq0.rises, ==, before + 1);
    clock_virtual_advance(ticks(100000));
    g_assert_cmpuint(irq0.rises, ==, before + 1);
}

static void test_counting(void)
{
    load(0, 2, 10000);
    clock_virtual_advance(ticks(100));
    int now = read_count(0);
    g_assert_cmpint(ABS(now - 9900), <=, 1);
    clock_virtual_advance(ticks(10000));
    now = read_count(0);
    g_assert_cmpint(ABS(now - 9900), <=, 2);
    outb(0x43, 0xc2);                               /* read back count and status of channel 0 */
    g_assert_cmphex(inb(0x40), ==, 0xb4);           /* OUT, both bytes, mode 2 */
    uint8_t low = inb(0x40);
    int count = low | inb(0x40) << 8;
    g_assert_cmpint(ABS(count - 9900), <=, 2);
    outb(0x43, 0x34 | 1);                           /* BCD */
    outb(0x40, 0x00);
    outb(0x40, 0x10);                               /* 1000 decimal */
    clock_virtual_advance(ticks(1));
    g_assert_cmphex(read_count(0), ==, 0x0999);
}

static void test_gate_and_port61(void)
{
    outb(0x61, 0);                                  /* gate low: nothing counts */
    load(2, 0, 1000);
    clock_virtual_advance(ticks(2000));
    g_assert_cmphex(inb(0x61) & 0x20, ==, 0);
    outb(0x61, 1);
    clock_virtual_advance(ticks(990));
    g_assert_cmphex(inb(0x61) & 0x20, ==, 0);
    clock_virtual_advance(ticks(20));
    g_assert_cmphex(inb(0x61) & 0x21, ==, 0x21);
    uint8_t was = inb(0x61) & 0x10;
    clock_virtual_advance(15085);
    g_assert_cmphex(inb(0x61) & 0x10, !=, was);
}

static void test_too_fast(void)
{
    load(0, 2, 2);
    unsigned before = irq0.rises;
    clock_virtual_advance(10000000);
    g_assert_cmpuint(irq0.rises - before, <=, 501);
    g_assert_cmpuint(irq0.rises - before, >=, 400);
    load(0, 3, 3);
    before = irq0.rises;
    clock_virtual_advance(10000000);
    g_assert_cmpuint(irq0.rises - before, <=, 501);
    g_assert_cmpuint(irq0.rises - before, >=, 100);
}

static void test_taken_away(void)
{
    load(0, 2, 1193);
    i8254_set_irq_enabled(pit, false);
    unsigned before = irq0.rises;
    clock_virtual_advance(10 * ticks(1193));
    g_assert_cmpuint(irq0.rises, ==, before);
    i8254_set_irq_enabled(pit, true);
    clock_virtual_advance(10 * ticks(1193));
    g_assert_cmpuint(irq0.rises, >=, before + 9);
}

int main(int argc, char **argv)
{
    test_machine(&argc, &argv);
    pit = i8254_new(test_io(), test_line(&irq0), NULL);
    g_test_add_func("/i8254/rate", test_rate);
    g_test_add_func("/i8254/one-shot", test_one_shot);
    g_test_add_func("/i8254/counting", test_counting);
    g_test_add_func("/i8254/gate", test_gate_and_port61);
    g_test_add_func("/i8254/too-fast", test_too_fast);
    g_test_add_func("/i8254/taken-away", test_taken_away);
    return g_test_run();
}
