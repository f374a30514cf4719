/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/char/serial.h"
#include <string.h>
#include "hw/misc/misc.h"
#include "hw/test-util.h"

/* a back end that keeps what it gets */
struct Chardev { const ChardevHandlers *h; void *opaque; char sent[256]; size_t n; };
static Chardev chr;
static TestLine irq4;
static IrqLine *line;

void chardev_attach(Chardev *c, const ChardevHandlers *h, void *opaque)
{
    c->h = h;
    c->opaque = opaque;
}

void chardev_detach(Chardev *c, void *opaque) { }
void chardev_accept_input(Chardev *c) { }
Chardev *chardev_find(const char *id) { return strcmp(id, "c0") == 0 ? &chr : NULL; }
const char *chardev_id(const Chardev *c) { return "c0"; }

void chardev_write(Chardev *c, const void *buf, size_t n)
{
    memcpy(c->sent + c->n, buf, n);
    c->n += n;
}

static IrqLine *isa_irq(unsigned n) { return n == 4 ? line : NULL; }
static void type_in(const char *s) { chr.h->read(chr.opaque, (const uint8_t *)s, strlen(s)); }
enum { P = 0x3f8 };

static void test_transmit(void)
{
    outb(P + 3, 0x83);                              /* divisor */
    outb(P, 1);
    outb(P + 1, 0);
    outb(P + 3, 0x03);
    g_assert_cmphex(inb(P + 5), ==, 0x60);
    outb(P + 4, 0x0b);
    outb(P, 'H');
    outb(P, 'i');
    g_assert_cmpint(chr.n, ==, 0);                  /* waits for its line, but not for long */
    int64_t end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    while (chr.n == 0 && g_get_monotonic_time() < end) {
        main_loop_step();
    }
    g_assert_cmpmem(chr.sent, chr.n, "Hi", 2);
    outb(P, 'x');
    outb(P, '\n');
    g_assert_cmpmem(chr.sent, chr.n, "Hix\n", 4);
    outb(P, 'y');
    serial_flush_all();
    g_assert_cmpmem(chr.sent, chr.n, "Hix\ny", 5);
    outb(P + 1, 2);                                 /* THRE interrupt: at once */
    g_assert_cmpint(irq4.level, ==, 1);
    g_assert_cmphex(inb(P + 2), ==, 0x02);
    g_assert_cmpint(irq4.level, ==, 0);             /* reading IIR answers it */
    g_assert_cmphex(inb(P + 2), ==, 0x01);
    outb(P, '!');
    g_assert_cmpint(irq4.level, ==, 1);
    outb(P + 1, 0);
    g_assert_cmpint(irq4.level, ==, 0);
}

static void test_receive(void)
{
    outb(P + 2, 0x81);                              /* FIFO, trigger at 8 */
    g_assert_cmphex(inb(P + 2), ==, 0xc1);
    outb(P + 1, 1);
    g_assert_cmpuint(chr.h->can_read(chr.opaque), ==, 16);
    type_in("abc");
    g_assert_cmpint(irq4.level, ==, 0);
    g_assert_cmphex(inb(P + 5), ==, 0x61);
    clock_virtual_advance(400000);                  /* four characters at 115200 */
    g_assert_cmpint(irq4.level, ==, 1);
    g_assert_cmphex(inb(P + 2), ==, 0xcc);
    g_assert_cmpint(inb(P), ==, 'a');
    g_assert_cmpint(inb(P), ==, 'b');
    g_assert_cmpint(inb(P), ==, 'c');
    g_assert_cmpint(irq4.level, ==, 0);
    g_assert_cmphex(inb(P + 5), ==, 0x60);
    type_in("01234567");
    g_assert_cmphex(inb(P + 2), ==, 0xc4);
    g_assert_cmpuint(chr.h->can_read(chr.opaque), ==, 8);
    type_in("0123456789");                          /* two too many */
    outb(P + 1, 5);
    g_assert_cmphex(inb(P + 2), ==, 0xc6);
    g_assert_cmphex(inb(P + 5), ==, 0x63);
    g_assert_cmphex(inb(P + 5), ==, 0x61);
    outb(P + 2, 0x83);
    g_assert_cmphex(inb(P + 5), ==, 0x60);
    outb(P + 1, 0);
}

static void test_loopback(void)
{
    inb(P + 6);
    g_assert_cmphex(inb(P + 6), ==, 0xb0);
    outb(P + 4, 0x1a);                              /* as Linux probes: OUT2, RTS */
    g_assert_cmphex(inb(P + 6) & 0xf0, ==, 0x90);
    outb(P, 'x');
    g_assert_cmpint(inb(P), ==, 'x');
    outb(P + 4, 0x0b);
    g_assert_cmphex(inb(P + 6) & 0xf0, ==, 0xb0);
    outb(P + 7, 0xa5);
    g_assert_cmphex(inb(P + 7), ==, 0xa5);
}

/* COM3 has COM1's line */
static void test_shared_line(void)
{
    static Chardev other;
    enum { P3 = 0x3e8 };

    g_assert_nonnull(serial_new(bus_find("ISA"), 2, &other, NULL));
    outb(P + 1, 2);
    outb(P3 + 4, 0x08);
    outb(P3 + 1, 2);
    g_assert_cmpint(irq4.level, ==, 1);
    inb(P + 2);
    g_assert_cmpint(irq4.level, ==, 1);
    inb(P3 + 2);
    g_assert_cmpint(irq4.level, ==, 0);
}

int main(int argc, char **argv)
{
    test_machine(&argc, &argv);
    line = test_line(&irq4);
    machine_services()->isa_irq = isa_irq;
    Bus *isa = isa_bus_new(NULL);
    g_assert_false(serial_present(0));
    g_assert_nonnull(serial_new(isa, 0, &chr, NULL));
    g_assert_true(serial_present(0));
    g_test_add_func("/serial/transmit", test_transmit);
    g_test_add_func("/serial/receive", test_receive);
    g_test_add_func("/serial/loopback", test_loopback);
    g_test_add_func("/serial/shared", test_shared_line);
    return g_test_run();
}
