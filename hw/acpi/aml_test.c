/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes worked out by hand from ACPI 6.4, chapter 20. */
#include "hw/acpi/aml.h"
#include <string.h>

#define EXPECT(aml, ...) do { \
        static const uint8_t want_[] = { __VA_ARGS__ }; \
        g_autoptr(GByteArray) got_ = aml_encode(aml); \
        g_assert_cmpmem(got_->data, got_->len, want_, sizeof(want_)); \
    } while (0)

static void test_data(void)
{
    EXPECT(aml_int(0), 0x00);
    EXPECT(aml_int(1), 0x01);
    EXPECT(aml_int(2), 0x0a, 0x02);
    EXPECT(aml_int(0x1234), 0x0b, 0x34, 0x12);
    EXPECT(aml_int(0x12345678), 0x0c, 0x78, 0x56, 0x34, 0x12);
    EXPECT(aml_int(UINT64_C(0x100000000)), 0x0e, 0, 0, 0, 0, 1, 0, 0, 0);
    EXPECT(aml_int(UINT64_MAX), 0xff);
    EXPECT(aml_string("Hi"), 0x0d, 'H', 'i', 0);
    EXPECT(aml_eisaid("PNP0A03"), 0x0c, 0x41, 0xd0, 0x0a, 0x03);
    EXPECT(aml_eisaid("PNP0501"), 0x0c, 0x41, 0xd0, 0x05, 0x01);
    EXPECT(aml_buffer("\1\2\3", 3), 0x11, 0x06, 0x0a, 0x03, 1, 2, 3);
    EXPECT(aml_uuid("33db4d5b-1ff7-401c-9657-7441c03dd766"), 0x11, 0x13, 0x0a, 0x10,
           0x5b, 0x4d, 0xdb, 0x33, 0xf7, 0x1f, 0x1c, 0x40,
           0x96, 0x57, 0x74, 0x41, 0xc0, 0x3d, 0xd7, 0x66);
}

static void test_names(void)
{
    EXPECT(aml_name("_SB"), '_', 'S', 'B', '_');
    EXPECT(aml_name("\\_SB.PCI0"), '\\', 0x2e, '_', 'S', 'B', '_', 'P', 'C', 'I', '0');
    EXPECT(aml_name("^^A.B.C"), '^', '^', 0x2f, 3, 'A', '_', '_', '_', 'B', '_', '_', '_',
           'C', '_', '_', '_');
    EXPECT(aml_name("\\"), '\\', 0x00);
    EXPECT(aml_name_decl("_UID", aml_int(3)), 0x08, '_', 'U', 'I', 'D', 0x0a, 0x03);
}

static void test_blocks(void)
{
    Aml *m = aml_method("_STA", 0, false);
    aml_append(m, aml_return(aml_int(0xf)));
    EXPECT(m, 0x14, 0x09, '_', 'S', 'T', 'A', 0x00, 0xa4, 0x0a, 0x0f);

    Aml *dev = aml_device("COM%d", 1);
    aml_append(dev, aml_name_decl("_UID", aml_int(1)));
    EXPECT(dev, 0x5b, 0x82, 0x0b, 'C', 'O', 'M', '1', 0x08, '_', 'U', 'I', 'D', 0x01);

    Aml *p = aml_package();
    aml_append(p, aml_int(5));
    aml_append(p, aml_int(0));
    EXPECT(p, 0x12, 0x05, 0x02, 0x0a, 0x05, 0x00);

    Aml *cond = aml_if(aml_equal(aml_arg(0), aml_int(1)));
    aml_append(cond, aml_store(aml_add(aml_local(0), aml_int(1), NULL), aml_local(1)));
    EXPECT(cond, 0xa0, 0x0a, 0x93, 0x68, 0x01, 0x70, 0x72, 0x60, 0x01, 0x00, 0x61);
    EXPECT(aml_lnot(aml_name("X")), 0x92, 'X', '_', '_', '_');
    EXPECT(aml_notify(aml_name("DEV0"), aml_int(0x80)), 0x86, 'D', 'E', 'V', '0', 0x0a, 0x80);
    EXPECT(aml_call2("M", aml_int(0), aml_int(1)), 'M', '_', '_', '_', 0, 1);
}

static void test_long_block(void)
{
    /* contents of 100, 5000 and 70000 bytes: package lengths of 2, 3 and 4... bytes */
    static const struct { unsigned n; uint8_t head[6]; unsigned n_head; } rows[] = {
        { 100, { 0x11, 0x48, 0x06, 0x0a, 0x64 }, 5 },           /* 104 */
        { 5000, { 0x11, 0x8e, 0x38, 0x01, 0x0b, 0x88 }, 6 },    /* 5006 */
        { 70000, { 0x11, 0x88, 0x17, 0x11, 0x0c, 0x70 }, 6 },   /* 70008 */
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GByteArray) b = aml_encode(aml_buffer(NULL, rows[i].n));
        g_assert_cmpmem(b->data, rows[i].n_head, rows[i].head, rows[i].n_head);
    }
}

static void test_regions(void)
{
    EXPECT(aml_operation_region("REG", AML_SYSTEM_IO, aml_int(0x510), 2),
           0x5b, 0x80, 'R', 'E', 'G', '_', 0x01, 0x0b, 0x10, 0x05, 0x0a, 0x02);
    Aml *f = aml_field("REG", AML_BYTE_ACC, false, AML_PRESERVE);
    aml_append(f, aml_named_field("A", 8));
    aml_append(f, aml_reserved_field(100));
    EXPECT(f, 0x5b, 0x81, 0x0e, 'R', 'E', 'G', '_', 0x01, 'A', '_', '_', '_', 0x08,
           0x00, 0x44, 0x06);
}

static Aml *resources(Aml *one)
{
    Aml *crs = aml_resource_template();

    aml_append(crs, one);
    return crs;
}

static void test_resources(void)
{
    EXPECT(resources(aml_irq_no_flags(4)), 0x11, 0x08, 0x0a, 0x05, 0x22, 0x10, 0x00, 0x79, 0x00);
    EXPECT(aml_irq(9, AML_IRQ_LEVEL | AML_IRQ_ACTIVE_LOW | AML_IRQ_SHARED),
           0x23, 0x00, 0x02, 0x18);
    EXPECT(aml_irq(1, 0), 0x23, 0x02, 0x00, 0x01);
    EXPECT(aml_io(0x3f8, 0x3f8, 0, 8), 0x47, 0x01, 0xf8, 0x03, 0xf8, 0x03, 0x00, 0x08);
    EXPECT(aml_memory32_fixed(0xfed00000, 0x400, false),
           0x86, 0x09, 0x00, 0x00, 0x00, 0x00, 0xd0, 0xfe, 0x00, 0x04, 0x00, 0x00);
    EXPECT(aml_word_bus_number(0, 0xff), 0x88, 0x0d, 0x00, 0x02, 0x0c, 0x00, 0x00, 0x00,
           0x00, 0x00, 0xff, 0x00, 0x00, 0x00, 0x00, 0x01);
    EXPECT(aml_word_io(0xd00, 0xffff), 0x88, 0x0d, 0x00, 0x01, 0x0c, 0x03, 0x00, 0x00,
           0x00, 0x0d, 0xff, 0xff, 0x00, 0x00, 0x00, 0xf3);
    EXPECT(aml_dword_memory(0xc0000000, 0xfebfffff, AML_MEM_RW), 0x87, 0x17, 0x00, 0x00, 0x0c,
           0x01, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0xff, 0xff, 0xbf, 0xfe, 0, 0, 0, 0, 0, 0, 0xc0, 0x3e);
    uint32_t gsi = 20;
    EXPECT(aml_interrupt(AML_IRQ_LEVEL, &gsi, 1), 0x89, 0x06, 0x00, 0x01, 0x01, 20, 0, 0, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/aml/data", test_data);
    g_test_add_func("/aml/names", test_names);
    g_test_add_func("/aml/blocks", test_blocks);
    g_test_add_func("/aml/long", test_long_block);
    g_test_add_func("/aml/regions", test_regions);
    g_test_add_func("/aml/resources", test_resources);
    return g_test_run();
}
