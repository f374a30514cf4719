/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SynIC and synthetic timers under a fake guest. */
#include <string.h>
#include "fake-guest.h"
#include "stimer.h"
#include "util/main-loop.h"
#include "util/wire.h"

static unsigned delivered;
static void count_delivered(SynicMsg *m) { delivered++; }

static SynicMsg message(uint32_t type, uint8_t first)
{
    return (SynicMsg){ .type = type, .len_bytes = 12, .payload = { first },
                       .delivered = count_delivered };
}

static void fresh(void)
{
    hv_partition_reset(fake.partition);
    memset(fake.ram, 0xee, 0x40000);
    memset(fake.injected, 0, sizeof(fake.injected));
    delivered = 0;
}

static void slot(void)
{
    SynicMsg a = message(1, 11), b = message(1, 22);
    uint8_t payload[240];
    uint32_t type;

    fresh();
    fake_synic_on(0);
    g_assert_cmpuint(fake.ram[FAKE_SIMP + 4095], ==, 0);        /* zeroed when it came into use */
    g_assert_true(synic_post(fake.partition->synic, 0, FAKE_SINT, &a));
    g_assert_true(synic_post(fake.partition->synic, 0, FAKE_SINT, &b));
    fake_pump();
    g_assert_cmpuint(delivered, ==, 1);
    g_assert_cmpuint(fake.injected[0][FAKE_VECTOR], ==, 1);
    g_assert_cmpuint(fake.ram[FAKE_SIMP + 512 + 5], ==, 1);     /* pending */
    g_assert_cmpuint(fake_take_message(0, &type, payload), ==, 16);     /* 12 rounded up */
    g_assert_cmpuint(payload[0], ==, 11);
    g_assert_cmpuint(delivered, ==, 2);                         /* by EOM at once */
    g_assert_cmpuint(fake_take_message(0, &type, payload), ==, 16);
    g_assert_cmpuint(payload[0], ==, 22);
    g_assert_cmpuint(fake_take_message(0, &type, payload), ==, 0);
    g_assert_cmpuint(fake.injected[0][FAKE_VECTOR], ==, 2);
}

/* a message waits for pages, and for a slot whose owner forgets EOM */
static void waits(void)
{
    SynicMsg a = message(1, 1), b = message(1, 2);
    uint8_t payload[240];
    uint32_t type;

    fresh();
    synic_post(fake.partition->synic, 1, FAKE_SINT, &a);
    fake_pump();
    g_assert_cmpuint(delivered, ==, 0);
    fake_synic_on(1);
    g_assert_cmpuint(delivered, ==, 1);
    synic_post(fake.partition->synic, 1, FAKE_SINT, &b);
    fake_pump();
    stle32(fake.ram + FAKE_SIMP + 4096 + 512, 0);               /* freed, no EOM */
    clock_virtual_advance(200000000);
    fake_pump();
    g_assert_cmpuint(delivered, ==, 2);
    g_assert_cmpuint(fake_take_message(1, &type, payload), ==, 16);
    g_assert_cmpuint(payload[0], ==, 2);

    /* EOM on another VP counts too; so does EOI of the vector */
    synic_post(fake.partition->synic, 1, FAKE_SINT, &a);
    fake_pump();
    synic_post(fake.partition->synic, 1, FAKE_SINT, &b);
    fake_pump();
    stle32(fake.ram + FAKE_SIMP + 4096 + 512, 0);
    fake_synic_on(0);
    fake_wrmsr(0, MSR_EOM, 0);
    fake_pump();
    g_assert_cmpuint(delivered, ==, 4);
    synic_post(fake.partition->synic, 1, FAKE_SINT, &a);
    fake_pump();
    stle32(fake.ram + FAKE_SIMP + 4096 + 512, 0);
    synic_eoi(fake.partition->synic, 1, FAKE_VECTOR);
    fake_pump();
    g_assert_cmpuint(delivered, ==, 5);
}

static void cancel_and_reset(void)
{
    SynicMsg a = message(1, 1), b = message(1, 2), c = message(1, 3);
    uint8_t payload[240];
    uint32_t type;

    fresh();
    synic_post(fake.partition->synic, 0, FAKE_SINT, &a);
    synic_post(fake.partition->synic, 0, FAKE_SINT, &b);
    synic_cancel(fake.partition->synic, &a);
    fake_synic_on(0);
    g_assert_cmpuint(fake_take_message(0, &type, payload), ==, 16);
    g_assert_cmpuint(payload[0], ==, 2);
    synic_post(fake.partition->synic, 0, FAKE_SINT, &c);
    synic_reset(fake.partition->synic);
    g_assert_false(c.queued);
    fake_pump();
    g_assert_cmpuint(delivered, ==, 1);
    g_assert_false(synic_post(fake.partition->synic, FAKE_VPS, FAKE_SINT, &c));
    g_assert_false(synic_post(fake.partition->synic, 0xffffffff, FAKE_SINT, &c));
}

static void registers(void)
{
    Synic *s = fake.partition->synic;
    uint64_t v;

    fresh();
    g_assert_true(synic_read(s, 0, MSR_SINT0 + 5, &v));
    g_assert_cmphex(v, ==, 0x10000);
    g_assert_true(synic_read(s, 0, 1, &v));
    g_assert_cmpuint(v, ==, 1);
    g_assert_false(synic_write(s, 0, 1, 1));                    /* SVERSION */
    g_assert_false(synic_write(s, 0, MSR_SINT0, 0x0f));         /* vector below 16, unmasked */
    g_assert_true(synic_write(s, 0, MSR_SINT0, 0x1000f));
    g_assert_false(synic_read(s, 0, 5, &v));
    g_assert_false(synic_read(s, FAKE_VPS, 0, &v));
    /* pages outside RAM: kept, not used */
    fake_wrmsr(0, MSR_SIMP, 0xffffffffffff001);
    fake_wrmsr(0, MSR_SIEFP, FAKE_RAM + 1);
    fake_wrmsr(0, MSR_SCONTROL, 1);
    g_assert_false(synic_signal(s, 0, 2, 1));
    SynicMsg m = message(1, 1);
    synic_post(s, 0, 2, &m);
    fake_pump();
    g_assert_cmpuint(delivered, ==, 0);
    synic_cancel(s, &m);
}

static void auto_eoi(void)
{
    fresh();
    fake_wrmsr(0, MSR_SINT0 + 2, 0x200f3);
    g_assert_true(fake.auto_eoi[0][0xf3]);
    fake_wrmsr(0, MSR_SINT0 + 3, 0x000f3);
    g_assert_true(fake.auto_eoi[0][0xf3]);                      /* one of two says so */
    fake_wrmsr(0, MSR_SINT0 + 2, 0x200f4);
    g_assert_false(fake.auto_eoi[0][0xf3]);
    g_assert_true(fake.auto_eoi[0][0xf4]);
    fake_wrmsr(0, MSR_SINT0 + 2, 0x300f4);
    g_assert_false(fake.auto_eoi[0][0xf4]);                     /* masked */
    fake_wrmsr(0, MSR_SINT0 + 2, 0x200f4);
    synic_reset(fake.partition->synic);
    g_assert_false(fake.auto_eoi[0][0xf4]);
}

static void events(void)
{
    Synic *s = fake.partition->synic;

    fresh();
    g_assert_false(synic_signal(s, 0, FAKE_SINT, 5));
    fake_synic_on(0);
    g_assert_true(synic_signal(s, 0, FAKE_SINT, 5));
    g_assert_true(synic_signal(s, 0, FAKE_SINT, 5));
    g_assert_true(synic_signal(s, 0, FAKE_SINT, 2047));
    g_assert_false(synic_signal(s, 0, FAKE_SINT, 2048));
    g_assert_cmpuint(fake.injected[0][FAKE_VECTOR], ==, 2);     /* a set flag interrupts once */
    g_assert_true(fake_take_event(0, 5));
    g_assert_true(fake_take_event(0, 2047));
    fake_wrmsr(0, MSR_SINT0 + FAKE_SINT, 0x100f3);
    g_assert_true(synic_signal(s, 0, FAKE_SINT, 5));            /* masked: flag, no interrupt */
    g_assert_true(fake_take_event(0, 5));
    g_assert_cmpuint(fake.injected[0][FAKE_VECTOR], ==, 2);
}

/* ---- synthetic timers ---- */

enum { CONFIG = 0, COUNT = 1 };
enum { EN = 1, PERIODIC = 2, AUTO = 8, ON_SINT2 = 2 << 16 };

static uint64_t now(void) { return (uint64_t)clock_ns(CLOCK_VIRTUAL) / 100; }

static void set(unsigned reg, uint64_t val)
{
    g_assert_true(stimer_write(fake.partition->stimers, 0, reg, val));
}

static uint64_t get(unsigned reg)
{
    uint64_t v;

    g_assert_true(stimer_read(fake.partition->stimers, 0, reg, &v));
    return v;
}

/* expiry time of the timer message in the slot; 0: none */
static uint64_t take_expiry(void)
{
    uint8_t p[240];
    uint32_t type;

    fake_pump();
    if (!fake_take_message(0, &type, p)) {
        return 0;
    }
    g_assert_cmphex(type, ==, HV_MESSAGE_TIMER_EXPIRED);
    g_assert_cmpuint(ldle32(p), ==, 0);
    g_assert_cmpuint(ldle64(p + 16), >=, ldle64(p + 8));
    return ldle64(p + 8);
}

static void one_shot(void)
{
    uint64_t due;

    fresh();
    fake_synic_on(0);
    set(COUNT, 0);
    set(CONFIG, 0);
    set(CONFIG, EN | AUTO | ON_SINT2);          /* Linux's way */
    g_assert_cmphex(get(CONFIG), ==, EN | AUTO | ON_SINT2);
    due = now() + 10000;
    set(COUNT, due);
    clock_virtual_advance(999900);
    g_assert_cmpuint(take_expiry(), ==, 0);
    clock_virtual_advance(100);
    g_assert_cmpuint(take_expiry(), ==, due);
    g_assert_cmphex(get(CONFIG), ==, AUTO | ON_SINT2);
    set(COUNT, now() - 5);                      /* in the past: at once, enabled by itself */
    g_assert_cmpuint(take_expiry(), ==, now() - 5);
    set(COUNT, now() + 100);
    set(COUNT, 0);
    clock_virtual_advance(1000000);
    g_assert_cmpuint(take_expiry(), ==, 0);
    set(COUNT, UINT64_MAX);
    clock_virtual_advance(1000000);
    g_assert_cmpuint(take_expiry(), ==, 0);
    set(CONFIG, EN | AUTO);                     /* SINT 0: not usable */
    g_assert_cmphex(get(CONFIG), ==, AUTO);
}

static void periodic(void)
{
    uint64_t start;

    fresh();
    fake_synic_on(0);
    set(COUNT, 10000);
    start = now();
    set(CONFIG, EN | PERIODIC | ON_SINT2);
    clock_virtual_advance(1000000);
    g_assert_cmpuint(take_expiry(), ==, start + 10000);
    clock_virtual_advance(1000000);
    g_assert_cmpuint(take_expiry(), ==, start + 20000);
    clock_virtual_advance(3000000);             /* slot busy: two ticks are lost */
    g_assert_cmpuint(take_expiry(), ==, start + 30000);
    g_assert_cmpuint(take_expiry(), ==, 0);
    clock_virtual_advance(1000000);
    g_assert_cmpuint(take_expiry(), ==, start + 60000);
    set(COUNT, 1);                              /* 100 ns: must not keep us busy */
    clock_virtual_advance(10000000);
    g_assert_cmpuint(take_expiry(), >, 0);
    set(COUNT, UINT64_MAX);
    clock_virtual_advance(1000000);
    take_expiry();
    g_assert_cmpuint(take_expiry(), ==, 0);
}

static void direct(void)
{
    fresh();
    g_assert_false(stimer_write(fake.partition->stimers, 0, CONFIG, 0x1001 | 0xed << 4));
    fake.features |= HYPERV_STIMER_DIRECT;
    set(CONFIG, 0x1009 | 0xed << 4);            /* SynIC is off: does not matter */
    set(COUNT, now() + 10);
    clock_virtual_advance(1000);
    g_assert_cmpuint(fake.injected[0][0xed], ==, 1);
    set(CONFIG, 0x1009 | 5 << 4);               /* vector below 16: nothing */
    set(COUNT, now() + 10);
    clock_virtual_advance(1000);
    g_assert_cmpuint(fake.injected[0][5], ==, 0);
    fake.features &= ~(unsigned)HYPERV_STIMER_DIRECT;
    g_assert_false(stimer_write(fake.partition->stimers, 0, 8, 1));
    g_assert_false(stimer_write(fake.partition->stimers, FAKE_VPS, 0, 1));
}

static void reset_stops(void)
{
    fresh();
    fake_synic_on(0);
    set(COUNT, 10000);
    set(CONFIG, EN | PERIODIC | ON_SINT2);
    hv_partition_reset(fake.partition);
    fake_synic_on(0);
    clock_virtual_advance(10000000);
    g_assert_cmpuint(take_expiry(), ==, 0);
    g_assert_cmpuint(get(CONFIG), ==, 0);
    g_assert_cmpuint(get(COUNT), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fake_guest_init();
    g_test_add_func("/synic/slot", slot);
    g_test_add_func("/synic/waits", waits);
    g_test_add_func("/synic/cancel-and-reset", cancel_and_reset);
    g_test_add_func("/synic/registers", registers);
    g_test_add_func("/synic/auto-eoi", auto_eoi);
    g_test_add_func("/synic/events", events);
    g_test_add_func("/stimer/one-shot", one_shot);
    g_test_add_func("/stimer/periodic", periodic);
    g_test_add_func("/stimer/direct", direct);
    g_test_add_func("/stimer/reset", reset_stops);
    return g_test_run();
}
