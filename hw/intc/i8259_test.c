/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/intc/i8259.h"
#include "hw/test-util.h"

static I8259 *pic;
static TestLine intr;

static void init_pair(uint8_t icw4)
{
    outb(0x20, 0x11); outb(0x21, 0x20); outb(0x21, 0x04); outb(0x21, icw4);
    outb(0xa0, 0x11); outb(0xa1, 0x28); outb(0xa1, 0x02); outb(0xa1, icw4);
    outb(0x21, 0x00); outb(0xa1, 0x00);
    for (unsigned i = 0; i < 16; i++) {
        i8259_set_irq(pic, i, 0);
    }
}

static void test_edge(void)
{
    init_pair(1);
    i8259_set_irq(pic, 4, 1);
    g_assert_cmpint(intr.level, ==, 1);
    g_assert_cmphex(i8259_ack(pic), ==, 0x24);
    g_assert_cmpint(intr.level, ==, 0);
    outb(0x20, 0x0b);
    g_assert_cmphex(inb(0x20), ==, 0x10);           /* ISR */
    i8259_set_irq(pic, 5, 1);                       /* lower priority waits */
    g_assert_cmpint(intr.level, ==, 0);
    i8259_set_irq(pic, 1, 1);                       /* a higher one interrupts */
    g_assert_cmphex(i8259_ack(pic), ==, 0x21);
    outb(0x20, 0x20);
    outb(0x20, 0x20);
    g_assert_cmphex(i8259_ack(pic), ==, 0x25);
    outb(0x20, 0x65);                               /* specific EOI */
    outb(0x20, 0x0a);
    g_assert_cmphex(inb(0x20), ==, 0);
    g_assert_cmphex(i8259_ack(pic), ==, 0x27);      /* spurious */
}

static void test_cascade(void)
{
    init_pair(1);
    i8259_set_irq(pic, 12, 1);
    g_assert_cmphex(i8259_ack(pic), ==, 0x2c);
    outb(0x20, 0x0b);
    g_assert_cmphex(inb(0x20), ==, 0x04);
    i8259_set_irq(pic, 8, 1);                       /* more urgent, but the master blocks IRQ 2 */
    g_assert_cmpint(intr.level, ==, 0);
    outb(0xa0, 0x20);
    outb(0x20, 0x20);
    g_assert_cmphex(i8259_ack(pic), ==, 0x28);
    outb(0xa0, 0x20);
    outb(0x20, 0x20);
}

static void test_level(void)
{
    init_pair(1);
    outb(0x4d1, 0xff);
    g_assert_cmphex(inb(0x4d1), ==, 0xde);          /* 8 and 13 are always edge */
    i8259_set_irq(pic, 10, 1);
    g_assert_cmphex(i8259_ack(pic), ==, 0x2a);
    outb(0xa0, 0x20);
    outb(0x20, 0x20);
    g_assert_cmpint(intr.level, ==, 1);             /* still asserted: again */
    i8259_set_irq(pic, 10, 0);
    g_assert_cmpint(intr.level, ==, 0);
    outb(0x4d1, 0);
}

static void test_mask_and_poll(void)
{
    init_pair(1);
    outb(0x21, 0x08);
    i8259_set_irq(pic, 3, 1);
    g_assert_cmpint(intr.level, ==, 0);
    outb(0x21, 0x00);
    g_assert_cmpint(intr.level, ==, 1);
    outb(0x20, 0x0c);
    g_assert_cmphex(inb(0x20), ==, 0x83);
    outb(0x20, 0x63);
    outb(0x20, 0x0c);
    g_assert_cmphex(inb(0x20), ==, 0x00);
    init_pair(3);                                   /* automatic EOI */
    i8259_set_irq(pic, 6, 1);
    g_assert_cmphex(i8259_ack(pic), ==, 0x26);
    outb(0x20, 0x0b);
    g_assert_cmphex(inb(0x20), ==, 0);
}

static void test_special_mask_and_rotation(void)
{
    init_pair(1);
    i8259_set_irq(pic, 1, 1);
    i8259_ack(pic);
    i8259_set_irq(pic, 5, 1);
    g_assert_cmpint(intr.level, ==, 0);
    outb(0x21, 0x02);
    outb(0x20, 0x68);                               /* special mask: IRQ 1 blocks no more */
    g_assert_cmphex(i8259_ack(pic), ==, 0x25);
    outb(0x20, 0x48);
    outb(0x20, 0x65);
    outb(0x20, 0x61);
    outb(0x21, 0);
    i8259_set_irq(pic, 1, 0);
    i8259_set_irq(pic, 5, 0);
    outb(0x20, 0xc3);                               /* lowest: 3; so 4 beats 1 */
    i8259_set_irq(pic, 1, 1);
    i8259_set_irq(pic, 4, 1);
    g_assert_cmphex(i8259_ack(pic), ==, 0x24);
    outb(0x20, 0xa0);                               /* rotating EOI: now 4 is lowest */
    i8259_set_irq(pic, 4, 0);
    i8259_set_irq(pic, 4, 1);
    g_assert_cmphex(i8259_ack(pic), ==, 0x21);
}

int main(int argc, char **argv)
{
    test_machine(&argc, &argv);
    pic = i8259_new(test_io(), test_line(&intr), NULL);
    g_test_add_func("/i8259/edge", test_edge);
    g_test_add_func("/i8259/cascade", test_cascade);
    g_test_add_func("/i8259/level", test_level);
    g_test_add_func("/i8259/mask-poll", test_mask_and_poll);
    g_test_add_func("/i8259/special-rotation", test_special_mask_and_rotation);
    return g_test_run();
}
