/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line is a command, a row of `commands`; the answer is "OK [values]" or "FAIL reason".
 * Numbers are C numbers (0x10, 16).
 */
#include "qtest.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "chardev/chardev.h"
#include "hw/core/device.h"
#include "memory/memory.h"
#include "util/main-loop.h"

enum { LINE_MAX_BYTES = 1 << 20, TRANSFER_MAX = 1 << 18 };

struct QTest {
    Chardev *chr;
    GString *line;
};

static QTest the_qtest;

void qtest_answer(QTest *q, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_autofree char *text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    chardev_write(q->chr, text, strlen(text));
}

uint64_t qtest_number(const char *text)
{
    return text ? strtoull(text, NULL, 0) : 0;
}

static unsigned width(char letter)
{
    return letter == 'b' ? 1 : letter == 'w' ? 2 : letter == 'l' ? 4 : 8;
}

/* The last letter of the command is the width. */
static void cmd_in(QTest *q, char **w)
{
    qtest_answer(q, "OK 0x%04" PRIx64 "\n",
           address_space_ld(address_space_io, qtest_number(w[1]) & 0xffff, width(w[0][2]), NULL));
}

static void cmd_out(QTest *q, char **w)
{
    address_space_st(address_space_io, qtest_number(w[1]) & 0xffff, qtest_number(w[2]), width(w[0][3]));
    qtest_answer(q, "OK\n");
}

static void cmd_readx(QTest *q, char **w)
{
    qtest_answer(q, "OK 0x%016" PRIx64 "\n",
           address_space_ld(address_space_memory, qtest_number(w[1]), width(w[0][4]), NULL));
}

static void cmd_writex(QTest *q, char **w)
{
    address_space_st(address_space_memory, qtest_number(w[1]), qtest_number(w[2]), width(w[0][5]));
    qtest_answer(q, "OK\n");
}

static void cmd_read(QTest *q, char **w)
{
    uint64_t n = MIN(qtest_number(w[2]), TRANSFER_MAX);
    g_autofree uint8_t *buf = g_malloc0(n + 1);
    GString *hex = g_string_new("0x");

    gpa_read(qtest_number(w[1]), buf, n);
    for (uint64_t i = 0; i < n; i++) {
        g_string_append_printf(hex, "%02x", buf[i]);
    }
    qtest_answer(q, "OK %s\n", hex->str);
    g_string_free(hex, TRUE);
}

static void cmd_write(QTest *q, char **w)
{
    uint64_t n = MIN(qtest_number(w[2]), TRANSFER_MAX);
    const char *hex = w[3] && strncmp(w[3], "0x", 2) == 0 ? w[3] + 2 : "";
    g_autofree uint8_t *buf = g_malloc0(n + 1);

    if (strlen(hex) < 2 * n) {
        qtest_answer(q, "FAIL too few digits\n");
        return;
    }
    for (uint64_t i = 0; i < n; i++) {
        buf[i] = (uint8_t)(g_ascii_xdigit_value(hex[2 * i]) << 4 |
                           (g_ascii_xdigit_value(hex[2 * i + 1]) & 15));
    }
    gpa_write(qtest_number(w[1]), buf, n);
    qtest_answer(q, "OK\n");
}

static void cmd_memset(QTest *q, char **w)
{
    uint64_t at = qtest_number(w[1]), n = qtest_number(w[2]);
    uint8_t page[4096];

    memset(page, (int)qtest_number(w[3]), sizeof(page));
    for (; n; at += MIN(n, sizeof(page)), n -= MIN(n, sizeof(page))) {
        gpa_write(at, page, MIN(n, sizeof(page)));
    }
    qtest_answer(q, "OK\n");
}

static void cmd_clock_step(QTest *q, char **w)
{
    int64_t now = clock_ns(CLOCK_VIRTUAL), next = clock_next_deadline_ns(CLOCK_VIRTUAL);

    if (!clock_virtual_is_manual()) {
        qtest_answer(q, "FAIL the clock is not manual; use -accel qtest\n");
        return;
    }
    clock_virtual_advance(w[1] ? (int64_t)qtest_number(w[1]) : next > now ? next - now : 0);
    qtest_answer(q, "OK %" PRId64 "\n", clock_ns(CLOCK_VIRTUAL));
}

static void cmd_clock_set(QTest *q, char **w)
{
    int64_t now = clock_ns(CLOCK_VIRTUAL), to = (int64_t)qtest_number(w[1]);

    if (!clock_virtual_is_manual()) {
        qtest_answer(q, "FAIL the clock is not manual; use -accel qtest\n");
        return;
    }
    if (to > now) {
        clock_virtual_advance(to - now);
    }
    qtest_answer(q, "OK %" PRId64 "\n", clock_ns(CLOCK_VIRTUAL));
}

static void irq_seen(void *opaque, int n, int level)
{
    qtest_answer(opaque, "IRQ %s %d\n", level ? "raise" : "lower", n);
}

/* the ISA lines, whatever name of an interrupt controller is given */
static void cmd_intercept(QTest *q, char **w)
{
    for (unsigned i = 0; i < 16 && machine_services()->isa_irq; i++) {
        IrqLine *irq = machine_services()->isa_irq(i);
        if (irq) {
            irq_intercept(irq, irq_seen, q);
        }
    }
    qtest_answer(q, "OK\n");
}

static void cmd_set_irq(QTest *q, char **w)
{
    unsigned n = (unsigned)qtest_number(w[1]);

    if (n < 16 && machine_services()->isa_irq) {
        irq_set(machine_services()->isa_irq(n), qtest_number(w[2]) != 0);
    }
    qtest_answer(q, "OK\n");
}

static void cmd_endianness(QTest *q, char **w)
{
    qtest_answer(q, "OK little\n");
}

static const QTestCommand commands[] = {
    { "inb", 1, cmd_in }, { "inw", 1, cmd_in }, { "inl", 1, cmd_in },
    { "outb", 2, cmd_out }, { "outw", 2, cmd_out }, { "outl", 2, cmd_out },
    { "readb", 1, cmd_readx }, { "readw", 1, cmd_readx }, { "readl", 1, cmd_readx },
    { "readq", 1, cmd_readx }, { "writeb", 2, cmd_writex }, { "writew", 2, cmd_writex },
    { "writel", 2, cmd_writex }, { "writeq", 2, cmd_writex }, { "read", 2, cmd_read },
    { "write", 3, cmd_write }, { "memset", 3, cmd_memset }, { "clock_step", 0, cmd_clock_step },
    { "clock_set", 1, cmd_clock_set }, { "irq_intercept_in", 0, cmd_intercept },
    { "irq_intercept_out", 0, cmd_intercept }, { "set_irq_in", 2, cmd_set_irq },
    { "endianness", 0, cmd_endianness }, { NULL },
};

static const QTestCommand *find_command(const QTestCommand *rows, const char *name)
{
    while (rows->name && strcmp(rows->name, name) != 0) {
        rows++;
    }
    return rows->name ? rows : NULL;
}

static void run_line(QTest *q, char *text)
{
    g_auto(GStrv) words = g_strsplit(g_strstrip(text), " ", -1);
    unsigned n = g_strv_length(words);

    const char *name = n ? words[0] : "";
    const QTestCommand *c = find_command(commands, name);

    c = c ? c : find_command(qtest_x86_commands, name);
    if (!c) {
        qtest_answer(q, "FAIL Unknown command '%s'\n", name);
    } else if (n - 1 < c->n_args) {
        qtest_answer(q, "FAIL %s: too few arguments\n", name);
    } else {
        c->run(q, words);
    }
}

static size_t can_read(void *opaque)
{
    return 65536;
}

static void read_bytes(void *opaque, const uint8_t *buf, size_t n)
{
    QTest *q = opaque;

    for (size_t i = 0; i < n; i++) {
        if (buf[i] == '\n') {
            run_line(q, q->line->str);
            g_string_truncate(q->line, 0);
        } else if (q->line->len < LINE_MAX_BYTES) {
            g_string_append_c(q->line, (char)buf[i]);
        }
    }
}

bool qtest_start(const char *where, Error **errp)
{
    static const ChardevHandlers handlers = { .can_read = can_read, .read = read_bytes };
    QTest *q = &the_qtest;

    q->line = g_string_new(NULL);
    if (!chardev_from_text(where, "qtest", &q->chr, errp)) {
        return false;
    }
    if (q->chr) {
        chardev_attach(q->chr, &handlers, q);
    }
    return true;
}
