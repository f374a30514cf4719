/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/acpi/pm.h"
#include "hw/test-util.h"

static TestLine sci;
static AcpiPm *pm;

static void test_timer(void)
{
    uint32_t a = in(0x608, 4);

    clock_virtual_advance(1000000000);
    g_assert_cmpint(ABS((int)((in(0x608, 4) - a) & 0xffffff) - 3579545), <=, 1);
    out(0x600, 0xffff, 2);
    out(0x602, 1, 2);                               /* TMR_EN; no SCI before ACPI mode */
    clock_virtual_advance(INT64_C(3000000000));
    g_assert_cmpint(sci.level, ==, 0);
    outb(0xb2, 0xf1);
    g_assert_cmphex(in(0x604, 2) & 1, ==, 1);
    g_assert_cmpint(sci.level, ==, 1);
    out(0x600, 1, 2);
    g_assert_cmpint(sci.level, ==, 0);
    clock_virtual_advance(INT64_C(2400000000));
    g_assert_cmpint(sci.level, ==, 1);
    out(0x602, 0, 2);
    g_assert_cmpint(sci.level, ==, 0);
}

static void test_button_and_gpe(void)
{
    out(0x602, 0x100, 2);
    acpi_pm_power_button(pm);
    g_assert_cmpint(sci.level, ==, 1);
    g_assert_cmphex(in(0x600, 2) & 0x100, ==, 0x100);
    out(0x600, 0x100, 2);
    g_assert_cmpint(sci.level, ==, 0);
    outb(GPE0_BLK + 2, 0x04);
    acpi_pm_set_gpe(pm, 2, 1);
    g_assert_cmpint(sci.level, ==, 1);
    outb(GPE0_BLK, 0x04);                           /* the cause is still there */
    g_assert_cmpint(sci.level, ==, 1);
    acpi_pm_set_gpe(pm, 2, 0);
    outb(GPE0_BLK, 0x04);
    g_assert_cmpint(sci.level, ==, 0);
}

static void test_power_off_and_move(void)
{
    out(0x604, S5_SLEEP_TYPE << 10, 2);
    g_assert_cmpuint(test_shutdowns, ==, 0);
    out(0x604, S5_SLEEP_TYPE << 10 | 1 << 13, 2);
    g_assert_cmpuint(test_shutdowns, ==, 1);
    acpi_pm_set_base(pm, 0);
    g_assert_cmphex(in(0x608, 4), ==, 0xffffffff);
    acpi_pm_set_base(pm, 0xb000);
    g_assert_cmphex(in(0xb004, 2), ==, in(0xb004, 2));
    g_assert_cmphex(in(0xb008, 4) & 0xff000000, ==, 0);
}

int main(int argc, char **argv)
{
    test_machine(&argc, &argv);
    pm = acpi_pm_new(test_io(), test_line(&sci), NULL);
    g_test_add_func("/pm/timer", test_timer);
    g_test_add_func("/pm/button-gpe", test_button_and_gpe);
    g_test_add_func("/pm/power-off", test_power_off_and_move);
    return g_test_run();
}
