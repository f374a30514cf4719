/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <time.h>
#include "hw/rtc/mc146818.h"
#include "hw/test-util.h"

static TestLine irq8;
static Rtc *clk;

static uint8_t rd(uint8_t reg) { outb(0x70, reg); return inb(0x71); }
static void wr(uint8_t reg, uint8_t v) { outb(0x70, reg); outb(0x71, v); }
static unsigned bcd(uint8_t v) { return (v >> 4) * 10 + (v & 15); }

static void test_time(void)
{
    time_t now = time(NULL), shown;
    struct tm tm = {0};

    do {                                            /* not across the end of a second */
        tm.tm_sec = bcd(rd(0));
        tm.tm_min = bcd(rd(2));
        tm.tm_hour = bcd(rd(4));
        tm.tm_mday = bcd(rd(7));
        tm.tm_mon = bcd(rd(8)) - 1;
        tm.tm_year = bcd(rd(0x32)) * 100 + bcd(rd(9)) - 1900;
    } while (tm.tm_sec != (int)bcd(rd(0)));
    shown = timegm(&tm);
    g_assert_cmpint(llabs((long long)(shown - now)), <=, 2);
    g_assert_cmphex(rd(0x0d), ==, 0x80);
}

static void test_set(void)
{
    wr(0x0b, 0x86);                                 /* stop, binary, 24 h */
    wr(0x32, 20); wr(9, 30); wr(8, 12); wr(7, 31); wr(4, 23); wr(2, 59); wr(0, 58);
    g_assert_cmpuint(rd(0), ==, 58);
    wr(0x0b, 0x06);
    g_assert_cmpuint(rd(4), ==, 23);
    g_assert_cmpuint(rd(9), ==, 30);
    wr(0x0b, 0x00);                                 /* BCD, 12 h */
    g_assert_cmphex(rd(4), ==, 0x91);               /* 11 pm */
    wr(0x0b, 0x02);
    g_assert_cmphex(rd(4), ==, 0x23);
}

static void test_periodic(void)
{
    rd(0x0c);
    wr(0x0a, 0x26);                                 /* 1024 Hz */
    wr(0x0b, 0x42);
    unsigned before = irq8.rises;
    for (unsigned i = 0; i < 100; i++) {
        clock_virtual_advance(976563);
        g_assert_cmphex(rd(0x0c) & 0xc0, ==, 0xc0);
    }
    g_assert_cmpuint(irq8.rises - before, ==, 100);
    wr(0x0b, 0x02);
    clock_virtual_advance(10000000);
    g_assert_cmpuint(irq8.rises - before, ==, 100);
}

static void test_update_and_alarm(void)
{
    rd(0x0c);
    wr(0x0b, 0x32);                                 /* every second; alarm at any time */
    wr(1, 0xff); wr(3, 0xff); wr(5, 0xff);
    unsigned before = irq8.rises;
    int64_t end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    while (irq8.rises == before && g_get_monotonic_time() < end) {
        main_loop_step();
    }
    g_assert_cmpuint(irq8.rises, ==, before + 1);
    g_assert_cmphex(rd(0x0c), ==, 0xb0);
    g_assert_cmpint(irq8.level, ==, 0);
    wr(0x0b, 0x02);
}

static void test_cmos(void)
{
    wr(0x40, 0x5a);
    g_assert_cmphex(rd(0x40), ==, 0x5a);
    rtc_set_cmos(clk, 0x5f, 3);
    g_assert_cmphex(rd(0xdf), ==, 3);               /* bit 7 is the NMI mask */
}

int main(int argc, char **argv)
{
    test_machine(&argc, &argv);
    clk = rtc_new(test_io(), test_line(&irq8), false, NULL, NULL);
    g_test_add_func("/rtc/time", test_time);
    g_test_add_func("/rtc/set", test_set);
    g_test_add_func("/rtc/periodic", test_periodic);
    g_test_add_func("/rtc/update", test_update_and_alarm);
    g_test_add_func("/rtc/cmos", test_cmos);
    return g_test_run();
}
