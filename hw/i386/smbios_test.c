/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/i386/smbios.h"
#include <stdlib.h>
#include <string.h>
#include "util/wire.h"

static GByteArray *build(uint64_t high)
{
    SmbiosConfig c = { .machine = "pc-i440fx-8.2", .cpu_brand = "X", .n_cpus = 4,
                       .uuid = { 0x33, 0xdb, 0x4d, 0x5b, 0x1f, 0xf7, 0x40, 0x1c },
                       .low_ram_bytes = UINT64_C(3) << 30, .high_ram_bytes = high };

    return smbios_build(&c);
}

/* walks all structures: their number, and the first of @type */
static unsigned walk(const GByteArray *t, uint8_t type, const uint8_t **found)
{
    unsigned n = 0;

    for (uint32_t at = 0; at < t->len; n++) {
        const uint8_t *s = t->data + at;
        g_assert_cmpuint(at + s[1] + 2, <=, t->len);
        if (s[0] == type && !*found) {
            *found = s;
        }
        at += s[1];
        while (t->data[at] || t->data[at + 1]) {
            at++;
        }
        at += 2;
    }
    return n;
}

static void test_structures(void)
{
    static const struct { uint8_t type, len; } sizes[] = {     /* version 3.0 */
        { 0, 0x18 }, { 1, 0x1b }, { 3, 0x16 }, { 4, 0x30 }, { 16, 0x17 }, { 17, 0x28 },
        { 19, 0x1f }, { 32, 0x0b }, { 127, 4 },
    };
    g_autoptr(GByteArray) t = build(UINT64_C(29) << 30);

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        const uint8_t *s = NULL;
        g_assert_cmpuint(walk(t, sizes[i].type, &s), ==, 11);   /* two DIMMs, two mappings */
        g_assert_nonnull(s);
        g_assert_cmphex(s[1], ==, sizes[i].len);
    }
    const uint8_t *sys = NULL, *dimm = NULL;
    walk(t, 1, &sys);
    g_assert_cmpmem(sys + 8, 8, "\x5b\x4d\xdb\x33\xf7\x1f\x1c\x40", 8);
    g_assert_cmpstr((char *)sys + sys[1], ==, "QEMU");
    walk(t, 17, &dimm);
    g_assert_cmpuint(ldle16(dimm + 12), ==, 16384);
}

static void test_huge(void)
{
    g_autoptr(GByteArray) t = build(UINT64_C(6) << 40);
    const uint8_t *array = NULL;

    walk(t, 16, &array);
    g_assert_cmphex(ldle32(array + 7), ==, 0x80000000);
    g_assert_cmphex(ldle64(array + 15), ==, (UINT64_C(6) << 40) + (UINT64_C(3) << 30));
}

static void test_anchor(void)
{
    uint8_t a[SMBIOS_ANCHOR_BYTES], sum = 0;

    smbios_anchor(a, 0xf6000, 1234);
    for (unsigned i = 0; i < sizeof(a); i++) {
        sum += a[i];
    }
    g_assert_cmpint(sum, ==, 0);
    g_assert_cmphex(ldle64(a + 16), ==, 0xf6000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/smbios/structures", test_structures);
    g_test_add_func("/smbios/huge", test_huge);
    g_test_add_func("/smbios/anchor", test_anchor);
    return g_test_run();
}
