/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include "util/error.h"
#include "util/log.h"
#include "util/main-loop.h"
#include "util/wire.h"

static void test_error(void)
{
    g_autoptr(Error) err = NULL;

    error_set(&err, ERROR_CLASS_DEVICE_NOT_FOUND, "no %s", "such");
    error_prepend(&err, "-device: ");
    g_assert_cmpstr(error_text(err), ==, "-device: no such");
    g_assert_cmpstr(error_class_name(error_class(err)), ==, "DeviceNotFound");

    Error *second = NULL;
    error_setg_errno(&second, 2, "x");
    g_assert_cmpstr(error_text(second), ==, "x: No such file or directory");
    error_propagate(&err, second);          /* the first one stays */
    g_assert_cmpstr(error_text(err), ==, "-device: no such");
}

static void test_log_items(void)
{
    g_autoptr(Error) err = NULL;

    log_mask = 0;
    g_assert_true(log_set_items("int,unimp", &err));
    g_assert_cmphex(log_mask, ==, LOG_INT | LOG_UNIMP);
    g_assert_false(log_set_items("int,rubbish", &err));
    g_assert_nonnull(strstr(error_text(err), "rubbish"));
    log_mask = 0;
}

static int order[8];
static int n_order;

static void note(void *opaque)
{
    order[n_order++] = GPOINTER_TO_INT(opaque);
}

static void test_virtual_timers(void)
{
    Timer *a = timer_new(CLOCK_VIRTUAL, note, GINT_TO_POINTER(1));
    Timer *b = timer_new(CLOCK_VIRTUAL, note, GINT_TO_POINTER(2));
    Timer *c = timer_new(CLOCK_VIRTUAL, note, GINT_TO_POINTER(3));

    n_order = 0;
    clock_virtual_manual();
    int64_t now = clock_ns(CLOCK_VIRTUAL);
    timer_mod(a, now + 300);
    timer_mod(b, now + 100);
    timer_mod(c, now + 200);
    timer_del(c);
    g_assert_cmpint(clock_next_deadline_ns(CLOCK_VIRTUAL), ==, now + 100);
    clock_virtual_advance(99);
    g_assert_cmpint(n_order, ==, 0);
    clock_virtual_advance(500);
    g_assert_cmpint(n_order, ==, 2);
    g_assert_cmpint(order[0], ==, 2);
    g_assert_cmpint(order[1], ==, 1);
    g_assert_false(timer_pending(a));
    g_assert_cmpint(clock_ns(CLOCK_VIRTUAL), ==, now + 599);
    timer_free(a);
    timer_free(b);
    timer_free(c);
}

static void test_real_timer(void)
{
    Timer *t = timer_new(CLOCK_REALTIME_MONO, note, GINT_TO_POINTER(7));

    n_order = 0;
    bql_lock();
    main_loop_later(note, GINT_TO_POINTER(5));
    timer_mod(t, clock_ns(CLOCK_REALTIME_MONO) + 2000000);
    while (n_order < 2) {
        main_loop_step();
    }
    bql_unlock();
    g_assert_cmpint(order[0], ==, 5);
    g_assert_cmpint(order[1], ==, 7);
    timer_free(t);
}

static void test_wire(void)
{
    uint8_t buf[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

    g_assert_cmphex(ldle16(buf + 1), ==, 0x0302);
    g_assert_cmphex(ldle32(buf + 1), ==, 0x05040302);
    g_assert_cmphex(ldle64(buf), ==, 0x0807060504030201);
    stle32(buf, 0xaabbccdd);
    g_assert_cmphex(buf[0], ==, 0xdd);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    main_loop_init();
    g_test_add_func("/util/error", test_error);
    g_test_add_func("/util/log-items", test_log_items);
    g_test_add_func("/util/virtual-timers", test_virtual_timers);
    g_test_add_func("/util/real-timer", test_real_timer);
    g_test_add_func("/util/wire", test_wire);
    return g_test_run();
}
