/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversion tables on a small structure, there and back. */
#include <glib.h>
#include <stddef.h>
#include <string.h>
#include "linux-user/layout.h"

typedef struct Here {
    uint64_t a;
    uint32_t b;
    int32_t c;
} Here;

/* there: u32 b at 0, u64 a at 8, s64 c's low half at 16 */
static const FieldMap fields[] = {
    { offsetof(Here, a), 8, 8, 8 }, { offsetof(Here, b), 4, 0, 4 }, { offsetof(Here, c), 4, 16, 8 },
    { 0 },
};
static const StructMap map = { sizeof(Here), 24, fields };

static void there_and_back(void)
{
    Here h = { 0x1122334455667788, 0x99aabbcc, 7 }, back;
    uint8_t guest[24];

    memset(guest, 0xff, sizeof(guest));
    struct_to_guest(&map, &h, guest);
    g_assert_cmpmem(guest, 8, "\xcc\xbb\xaa\x99\0\0\0\0", 8);
    g_assert_cmpmem(guest + 8, 8, "\x88\x77\x66\x55\x44\x33\x22\x11", 8);
    g_assert_cmpmem(guest + 16, 8, "\7\0\0\0\0\0\0\0", 8);
    struct_to_host(&map, guest, &back);
    g_assert_cmpmem(&h, sizeof(h), &back, sizeof(back));
}

static void narrowed(void)
{
    static const FieldMap f[] = { { offsetof(Here, a), 8, 2, 2 }, { 0 } };
    const StructMap m = { sizeof(Here), 4, f };
    Here h = { 0x1122334455667788, 1, 2 };
    uint8_t guest[5] = { 1, 1, 1, 1, 1 };

    struct_to_guest(&m, &h, guest);
    g_assert_cmpmem(guest, 5, "\0\0\x88\x77\1", 5);
}

static void flags(void)
{
    static const FlagMap m[] = { { 0x100, 0x10 }, { 0x10, 0x20 }, { 0x6, 0x8 }, { 0 } };

    g_assert_cmphex(flags_to_host(m, 0x110), ==, 0x30);
    g_assert_cmphex(flags_to_host(m, 0x4), ==, 0);          /* half of a two-bit one */
    g_assert_cmphex(flags_to_host(m, 0x1006), ==, 0x8);     /* one that has no row */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/layout/there_and_back", there_and_back);
    g_test_add_func("/layout/narrowed", narrowed);
    g_test_add_func("/layout/flags", flags);
    return g_test_run();
}
