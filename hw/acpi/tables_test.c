/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/acpi/tables.h"
#include <stdlib.h>
#include <string.h>
#include "hw/acpi/aml.h"
#include "hw/test-util.h"
#include "util/wire.h"

#define BASE UINT64_C(0xbfff0000)

static void add_device(Aml *sb, void *opaque)
{
    aml_append(sb, aml_device("VMBS"));
}

static AcpiTables *build(void)
{
    static AcpiBuilder builder = { add_device, NULL };
    g_autoptr(GPtrArray) builders = g_ptr_array_new();
    AcpiPcConfig cfg = {
        .n_cpus = 300, .low_ram_bytes = 0xc0000000, .high_ram_bytes = 1 << 30,
        .hotplug_gpa = UINT64_C(5) << 30, .hotplug_bytes = UINT64_C(4) << 30,
        .pci_hole_gpa = 0xc0000000, .pci_hole_end = 0xfebfffff, .pci = true, .pic = true,
        .hpet = true, .rtc = true, .i8042 = true, .fw_cfg = true, .com_mask = 1,
        .com = { { 0x3f8, 4 } }, .pirq = { 10, 10, 11, 11 }, .s4_disabled = true,
        .builders = builders,
    };

    g_ptr_array_add(builders, &builder);
    return acpi_build(&cfg);
}

static uint8_t sum(const uint8_t *p, unsigned n)
{
    uint8_t s = 0;

    while (n--) {
        s += *p++;
    }
    return s;
}

static const uint8_t *table(const AcpiTables *t, uint64_t gpa)
{
    g_assert_cmphex(gpa, >=, BASE);
    g_assert_cmphex(gpa - BASE, <, t->tables->len);
    return t->tables->data + (gpa - BASE);
}

static const uint8_t *find(const AcpiTables *t, const char *sig)
{
    const uint8_t *xsdt = table(t, ldle64(t->rsdp->data + 24));

    for (unsigned i = 36; i < ldle32(xsdt + 4); i += 8) {
        const uint8_t *p = table(t, ldle64(xsdt + i));
        if (memcmp(p, sig, 4) == 0) {
            g_assert_cmpint(sum(p, ldle32(p + 4)), ==, 0);
            return p;
        }
    }
    return NULL;
}

static bool contains(const uint8_t *t, const void *what, size_t n)
{
    return memmem(t, ldle32(t + 4), what, n) != NULL;
}

static void test_placed(void)
{
    AcpiTables *t = build();

    acpi_place(t, BASE);
    g_assert_cmpint(sum(t->rsdp->data, 20), ==, 0);
    g_assert_cmpint(sum(t->rsdp->data, 36), ==, 0);
    const uint8_t *rsdt = table(t, ldle32(t->rsdp->data + 16));
    g_assert_cmpmem(rsdt, 4, "RSDT", 4);
    const uint8_t *fadt = find(t, "FACP"), *madt = find(t, "APIC"), *srat = find(t, "SRAT");
    g_assert_nonnull(find(t, "HPET"));
    g_assert_nonnull(find(t, "WAET"));
    g_assert_cmpuint(ldle32(fadt + 4), ==, 244);
    g_assert_cmphex(ldle32(fadt + 76), ==, 0x608);
    g_assert_cmphex(ldle64(fadt + 120), ==, 0xcf9);
    g_assert_cmpint(fadt[128], ==, 0x0f);
    g_assert_cmpmem(table(t, ldle32(fadt + 36)), 4, "FACS", 4);
    g_assert_cmpint((ldle32(fadt + 36) - BASE) % 64, ==, 0);
    g_assert_cmphex(ldle32(fadt + 40), ==, ldle64(fadt + 140));
    const uint8_t *dsdt = table(t, ldle32(fadt + 40));
    g_assert_cmpmem(dsdt, 4, "DSDT", 4);
    g_assert_cmpint(sum(dsdt, ldle32(dsdt + 4)), ==, 0);
    g_assert_true(contains(dsdt, "VMBS", 4));
    g_assert_true(contains(dsdt, "\x08\\_S5_", 6));
    g_assert_false(contains(dsdt, "_S4_", 4));
    g_assert_false(contains(dsdt, "_S3_", 4));
    g_assert_true(contains(madt, "\x02\x0a\x00\x09\x09\x00\x00\x00\x0d\x00", 10));
    g_assert_true(contains(madt, "\x09\x10\x00\x00\xff\x00\x00\x00\x01", 9));
    g_assert_cmphex(srat[ldle32(srat + 4) - 12], ==, 3);        /* enabled, hot-pluggable */
    if (getenv("DUMP_DSDT")) {
        g_file_set_contents(getenv("DUMP_DSDT"), (const char *)dsdt, ldle32(dsdt + 4), NULL);
    }
    acpi_tables_free(t);
}

/* Runs the firmware's script and compares with what acpi_place() does. */
static void test_script(void)
{
    AcpiTables *t = build(), *want = build();
    g_autoptr(GByteArray) s = acpi_loader_script(t);

    acpi_place(want, BASE);
    for (uint8_t *e = s->data; e < s->data + s->len; e += 128) {
        bool rsdp = strcmp((char *)e + 4, "etc/acpi/rsdp") == 0;
        uint8_t *file = rsdp ? t->rsdp->data : t->tables->data, *arg = e + 60;
        g_assert_true(rsdp || strcmp((char *)e + 4, "etc/acpi/tables") == 0);
        if (ldle32(e) == 2) {
            uint8_t *at = file + ldle32(arg + 56);
            if (arg[60] == 8) {
                stle64(at, ldle64(at) + BASE);
            } else {
                stle32(at, ldle32(at) + BASE);
            }
        } else if (ldle32(e) == 3) {
            file[ldle32(arg)] = 0;
            file[ldle32(arg)] = -sum(file + ldle32(arg + 4), ldle32(arg + 8));
        }
    }
    g_assert_cmpmem(t->tables->data, t->tables->len, want->tables->data, want->tables->len);
    g_assert_cmpmem(t->rsdp->data, t->rsdp->len, want->rsdp->data, want->rsdp->len);
    acpi_tables_free(t);
    acpi_tables_free(want);
}

int main(int argc, char **argv)
{
    test_machine(&argc, &argv);
    g_test_add_func("/acpi/placed", test_placed);
    g_test_add_func("/acpi/script", test_script);
    return g_test_run();
}
