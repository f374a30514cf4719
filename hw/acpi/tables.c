/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI tables. Source: ACPI 6.4, chapter 5; IA-PC HPET 1.0a for HPET; the WAET paper.
 *
 *   RSDP -> XSDT, RSDT -> FADT -> DSDT, FACS
 *                      -> MADT, HPET, SRAT, WAET
 */
#include "hw/acpi/tables.h"

#include <string.h>
#include "hw/acpi/aml.h"
#include "hw/acpi/pm.h"
#include "hw/core/device.h"
#include "util/wire.h"

#define OEM_ID "BOCHS "
#define OEM_TABLE_ID "BXPC    "
#define LOCAL_APIC_GPA 0xfee00000u
#define IOAPIC_GPA_ 0xfec00000u
#define HPET_GPA_ 0xfed00000u
#define MADT_X2APIC_FROM 255            /* ids from here need an x2APIC entry */
#define CENTURY_REG 0x32

typedef struct Builder {
    AcpiTables *t;
    GArray *sdt;                        /* uint32_t: offsets of the tables XSDT lists */
} Builder;

/* ---- bytes ---- */

static void put(GByteArray *b, uint64_t v, unsigned n_bytes)
{
    uint8_t buf[8];

    stle64(buf, v);
    g_byte_array_append(b, buf, n_bytes);
}

static void put_text(GByteArray *b, const char *s, unsigned n)
{
    g_byte_array_append(b, (const uint8_t *)s, n);
}

static void put_zeros(GByteArray *b, unsigned n)
{
    while (n--) {
        put(b, 0, 1);
    }
}

static void put_gas(GByteArray *b, uint8_t space, uint8_t bits, uint8_t access, uint64_t addr)
{
    put(b, space, 1);
    put(b, bits, 1);
    put(b, 0, 1);
    put(b, access, 1);
    put(b, addr, 8);
}

static void pad_to(GByteArray *b, unsigned align)
{
    put_zeros(b, (align - b->len % align) % align);
}

static uint32_t table_begin(Builder *b, const char *signature, uint8_t revision)
{
    GByteArray *out = b->t->tables;
    uint32_t at;

    pad_to(out, 16);
    at = out->len;
    put_text(out, signature, 4);
    put(out, 0, 4);                     /* length, at the end */
    put(out, revision, 1);
    put(out, 0, 1);                     /* checksum */
    put_text(out, OEM_ID, 6);
    put_text(out, OEM_TABLE_ID, 8);
    put(out, 1, 4);
    put_text(out, "BXPC", 4);
    put(out, 1, 4);
    return at;
}

static void table_end(Builder *b, uint32_t at, bool listed)
{
    GByteArray *out = b->t->tables;
    AcpiChecksum sum = { .at = at + 9, .start = at, .len = out->len - at };

    stle32(out->data + at + 4, out->len - at);
    g_array_append_val(b->t->checksums, sum);
    if (listed) {
        g_array_append_val(b->sdt, at);
    }
}

static void pointer_at(Builder *b, bool in_rsdp, uint32_t at, uint8_t n_bytes)
{
    AcpiPointer p = { in_rsdp, at, n_bytes };

    g_array_append_val(b->t->pointers, p);
}

/* a pointer is appended to the tables */
static void put_pointer(Builder *b, uint64_t offset, uint8_t n_bytes)
{
    pointer_at(b, false, b->t->tables->len, n_bytes);
    put(b->t->tables, offset, n_bytes);
}

/* ---- DSDT ---- */

static Aml *isa_device(const char *name, const char *pnp_id, unsigned uid, Aml *crs)
{
    Aml *dev = aml_device("%s", name);

    aml_append(dev, aml_name_decl("_HID", aml_eisaid(pnp_id)));
    if (uid) {
        aml_append(dev, aml_name_decl("_UID", aml_int(uid)));
    }
    aml_append(dev, aml_name_decl("_STA", aml_int(0xf)));
    aml_append(dev, aml_name_decl("_CRS", crs));
    return dev;
}

static Aml *crs_io_irq(uint16_t port, uint8_t len, unsigned irq)
{
    Aml *crs = aml_resource_template();

    aml_append(crs, aml_io(port, port, 0, len));
    aml_append(crs, aml_irq_no_flags(irq));
    return crs;
}

static Aml *kbd_device(void)
{
    Aml *crs = aml_resource_template();

    aml_append(crs, aml_io(0x60, 0x60, 1, 1));
    aml_append(crs, aml_io(0x64, 0x64, 1, 1));
    aml_append(crs, aml_irq_no_flags(1));
    return isa_device("KBD", "PNP0303", 0, crs);
}

static Aml *mouse_device(void)
{
    Aml *crs = aml_resource_template();

    aml_append(crs, aml_irq_no_flags(12));
    return isa_device("MOU", "PNP0F13", 0, crs);
}

static void add_isa_devices(Aml *isa, const AcpiPcConfig *cfg)
{
    char name[5] = "COM1";

    if (cfg->rtc) {
        aml_append(isa, isa_device("RTC", "PNP0B00", 0, crs_io_irq(0x70, 2, 8)));
    }
    if (cfg->i8042) {
        aml_append(isa, kbd_device());
        aml_append(isa, mouse_device());
    }
    for (unsigned i = 0; i < 4; i++) {
        if (cfg->com_mask & 1u << i) {
            name[3] = '1' + i;
            aml_append(isa, isa_device(name, "PNP0501", i + 1,
                                       crs_io_irq(cfg->com[i].iobase, 8, cfg->com[i].irq)));
        }
    }
}

/* Interrupts are hard-wired: slot and pin give the GSI. */
static Aml *pci_routing(const AcpiPcConfig *cfg)
{
    Aml *prt = aml_package();

    for (unsigned slot = 1; slot < 32; slot++) {
        for (unsigned pin = 0; pin < 4; pin++) {
            Aml *row = aml_package();
            aml_append(row, aml_int(slot << 16 | 0xffff));
            aml_append(row, aml_int(pin));
            aml_append(row, aml_int(0));
            aml_append(row, aml_int(cfg->pirq[(slot + pin + 3) & 3]));
            aml_append(prt, row);
        }
    }
    return prt;
}

/* The I/O window leaves out the configuration ports and the GPE0 block. */
static Aml *pci_windows(const AcpiPcConfig *cfg)
{
    Aml *crs = aml_resource_template();

    aml_append(crs, aml_word_bus_number(0, 0xff));
    aml_append(crs, aml_io(0xcf8, 0xcf8, 1, 8));
    aml_append(crs, aml_word_io(0x0000, 0x0cf7));
    aml_append(crs, aml_word_io(0x0d00, GPE0_BLK - 1));
    aml_append(crs, aml_word_io(GPE0_BLK + 0x20, 0xffff));
    aml_append(crs, aml_dword_memory(0xa0000, 0xbffff, AML_MEM_CACHEABLE | AML_MEM_RW));
    aml_append(crs, aml_dword_memory(cfg->pci_hole_gpa, cfg->pci_hole_end, AML_MEM_RW));
    return crs;
}

static Aml *pci_root(const AcpiPcConfig *cfg)
{
    Aml *pci = aml_device("PCI0"), *isa = aml_device("ISA"), *pm = aml_device("PX13");

    aml_append(pci, aml_name_decl("_HID", aml_eisaid("PNP0A03")));
    aml_append(pci, aml_name_decl("_UID", aml_int(0)));
    aml_append(pci, aml_name_decl("_CRS", pci_windows(cfg)));
    aml_append(pci, aml_name_decl("_PRT", pci_routing(cfg)));
    aml_append(isa, aml_name_decl("_ADR", aml_int(0x00010000)));
    add_isa_devices(isa, cfg);
    aml_append(pci, isa);
    aml_append(pm, aml_name_decl("_ADR", aml_int(0x00010003)));
    aml_append(pci, pm);
    return pci;
}

static Aml *hpet_device(void)
{
    Aml *dev = aml_device("HPET"), *crs = aml_resource_template();

    aml_append(dev, aml_name_decl("_HID", aml_eisaid("PNP0103")));
    aml_append(dev, aml_name_decl("_UID", aml_int(0)));
    aml_append(dev, aml_name_decl("_STA", aml_int(0xf)));
    aml_append(crs, aml_memory32_fixed(HPET_GPA_, 0x400, false));
    aml_append(dev, aml_name_decl("_CRS", crs));
    return dev;
}

static Aml *fw_cfg_device(void)
{
    Aml *dev = aml_device("FWCF"), *crs = aml_resource_template();

    aml_append(dev, aml_name_decl("_HID", aml_string("QEMU0002")));
    aml_append(dev, aml_name_decl("_STA", aml_int(0xb)));
    aml_append(crs, aml_io(0x510, 0x510, 1, 12));
    aml_append(dev, aml_name_decl("_CRS", crs));
    return dev;
}

static Aml *cpu_device(unsigned n)
{
    Aml *dev = aml_device("C%03X", n);

    aml_append(dev, aml_name_decl("_HID", aml_string("ACPI0007")));
    aml_append(dev, aml_name_decl("_UID", aml_int(n)));
    aml_append(dev, aml_name_decl("_STA", aml_int(0xf)));
    return dev;
}

static Aml *sleep_state(unsigned type)
{
    Aml *p = aml_package();

    aml_append(p, aml_int(type));
    aml_append(p, aml_int(type));
    aml_append(p, aml_int(0));
    aml_append(p, aml_int(0));
    return p;
}

static Aml *dsdt_body(const AcpiPcConfig *cfg)
{
    Aml *body = aml_list(), *sb = aml_scope("\\_SB"), *cpus;

    if (cfg->pci) {
        aml_append(sb, pci_root(cfg));
    } else {
        add_isa_devices(sb, cfg);
    }
    if (cfg->hpet) {
        aml_append(sb, hpet_device());
    }
    if (cfg->fw_cfg) {
        aml_append(sb, fw_cfg_device());
    }
    cpus = aml_device("CPUS");
    aml_append(cpus, aml_name_decl("_HID", aml_string("ACPI0010")));
    aml_append(cpus, aml_name_decl("_CID", aml_eisaid("PNP0A05")));
    for (unsigned i = 0; i < cfg->n_cpus; i++) {
        aml_append(cpus, cpu_device(i));
    }
    aml_append(sb, cpus);
    for (unsigned i = 0; cfg->builders && i < cfg->builders->len; i++) {
        const AcpiBuilder *b = cfg->builders->pdata[i];
        b->build(sb, b->opaque);
    }
    aml_append(body, sb);
    if (!cfg->s4_disabled) {
        aml_append(body, aml_name_decl("\\_S4", sleep_state(S4_SLEEP_TYPE)));
    }
    aml_append(body, aml_name_decl("\\_S5", sleep_state(S5_SLEEP_TYPE)));
    return body;
}

static uint32_t build_dsdt(Builder *b, const AcpiPcConfig *cfg)
{
    uint32_t at = table_begin(b, "DSDT", 2);
    g_autoptr(GByteArray) code = aml_encode(dsdt_body(cfg));

    g_byte_array_append(b->t->tables, code->data, code->len);
    table_end(b, at, false);
    return at;
}

/* ---- fixed tables ---- */

static uint32_t build_facs(Builder *b)
{
    GByteArray *out = b->t->tables;
    uint32_t at;

    pad_to(out, 64);
    at = out->len;
    put_text(out, "FACS", 4);
    put(out, 64, 4);
    put_zeros(out, 24);
    put(out, 2, 1);                     /* version */
    put_zeros(out, 31);
    return at;
}

enum { FADT_WBINVD = 1 << 0, FADT_PROC_C1 = 1 << 2, FADT_SLP_BUTTON = 1 << 5,
       FADT_FIX_RTC = 1 << 6, FADT_RESET_REG = 1 << 10, FADT_PLATFORM_CLOCK = 1 << 15,
       BOOT_LEGACY = 1 << 0, BOOT_8042 = 1 << 1, BOOT_NO_VGA = 1 << 2, BOOT_NO_RTC = 1 << 5 };

static void fadt_rev1(Builder *b, const AcpiPcConfig *cfg, uint32_t facs, uint32_t dsdt)
{
    GByteArray *f = b->t->tables;

    put_pointer(b, facs, 4);
    put_pointer(b, dsdt, 4);
    put(f, 0, 1);
    put(f, 0, 1);                       /* preferred profile: unspecified */
    put(f, 9, 2);                       /* SCI */
    put(f, APM_PORT, 4);
    put(f, ACPI_ENABLE_CMD, 1);
    put(f, ACPI_DISABLE_CMD, 1);
    put(f, 0, 2);                       /* S4BIOS_REQ, PSTATE_CNT */
    put(f, PM_IO_BASE + PM1_EVT_OFS, 4);
    put(f, 0, 4);
    put(f, PM_IO_BASE + PM1_CNT_OFS, 4);
    put(f, 0, 4);
    put(f, 0, 4);
    put(f, PM_IO_BASE + PM_TMR_OFS, 4);
    put(f, GPE0_BLK, 4);
    put(f, 0, 4);
    put(f, 4, 1);                       /* lengths of these blocks */
    put(f, 2, 1);
    put(f, 0, 1);
    put(f, 4, 1);
    put(f, GPE0_BYTES, 1);
    put(f, 0, 1);
    put(f, 0, 1);                       /* GPE1 base */
    put(f, 0, 1);                       /* CST_CNT */
    put(f, 0xfff, 2);                   /* C2, C3: too slow to exist */
    put(f, 0xfff, 2);
    put_zeros(f, 8);                    /* flush, duty cycle, RTC alarms */
    put(f, cfg->rtc ? CENTURY_REG : 0, 1);
    put(f, BOOT_LEGACY | (cfg->i8042 ? BOOT_8042 : 0) | BOOT_NO_VGA |
           (cfg->rtc ? 0 : BOOT_NO_RTC), 2);
    put(f, 0, 1);
    put(f, FADT_WBINVD | FADT_PROC_C1 | FADT_SLP_BUTTON | (cfg->rtc ? 0 : FADT_FIX_RTC) |
           FADT_RESET_REG | FADT_PLATFORM_CLOCK, 4);
}

static void build_fadt(Builder *b, const AcpiPcConfig *cfg, uint32_t facs, uint32_t dsdt)
{
    uint32_t at = table_begin(b, "FACP", 3);
    GByteArray *f = b->t->tables;

    fadt_rev1(b, cfg, facs, dsdt);
    put_gas(f, 1, 8, 1, 0xcf9);         /* reset register and its value */
    put(f, 0x0f, 1);
    put_zeros(f, 3);
    put(f, 0, 8);                       /* X_FIRMWARE_CTRL: the 32-bit field says it */
    put_pointer(b, dsdt, 8);
    put_gas(f, 1, 32, 2, PM_IO_BASE + PM1_EVT_OFS);
    put_zeros(f, 12);
    put_gas(f, 1, 16, 2, PM_IO_BASE + PM1_CNT_OFS);
    put_zeros(f, 12);
    put_zeros(f, 12);
    put_gas(f, 1, 32, 3, PM_IO_BASE + PM_TMR_OFS);
    put_gas(f, 1, GPE0_BYTES * 8, 1, GPE0_BLK);
    put_zeros(f, 12);
    g_assert(f->len - at == 244);
    table_end(b, at, true);
}

static void madt_cpu(GByteArray *m, uint32_t id)
{
    if (id < MADT_X2APIC_FROM) {
        put(m, 0, 1);
        put(m, 8, 1);
        put(m, id, 1);
        put(m, id, 1);
        put(m, 1, 4);
    } else {
        put(m, 9, 1);
        put(m, 16, 1);
        put(m, 0, 2);
        put(m, id, 4);
        put(m, 1, 4);
        put(m, id, 4);
    }
}

static void madt_override(GByteArray *m, uint8_t irq, uint32_t gsi, uint16_t flags)
{
    put(m, 2, 1);
    put(m, 10, 1);
    put(m, 0, 1);
    put(m, irq, 1);
    put(m, gsi, 4);
    put(m, flags, 2);
}

static void build_madt(Builder *b, const AcpiPcConfig *cfg)
{
    uint32_t at = table_begin(b, "APIC", 3);
    GByteArray *m = b->t->tables;

    put(m, LOCAL_APIC_GPA, 4);
    put(m, cfg->pic, 4);                /* PCAT_COMPAT */
    for (unsigned i = 0; i < cfg->n_cpus; i++) {
        madt_cpu(m, i);
    }
    put(m, 1, 1);                       /* I/O APIC: id 0, from GSI 0 */
    put(m, 12, 1);
    put(m, 0, 2);
    put(m, IOAPIC_GPA_, 4);
    put(m, 0, 4);
    madt_override(m, 0, 2, 0);
    madt_override(m, 9, 9, 0xd);        /* SCI: level, active high */
    put(m, 4, 1);                       /* NMI on LINT1 of all processors */
    put(m, 6, 1);
    put(m, 0xff, 1);
    put(m, 0, 2);
    put(m, 1, 1);
    if (cfg->n_cpus > MADT_X2APIC_FROM) {
        put(m, 0xa, 1);
        put(m, 12, 1);
        put(m, 0, 2);
        put(m, UINT32_MAX, 4);
        put(m, 1, 1);
        put_zeros(m, 3);
    }
    table_end(b, at, true);
}

static void build_hpet(Builder *b)
{
    uint32_t at = table_begin(b, "HPET", 1);
    GByteArray *h = b->t->tables;

    put(h, 0x8086a201, 4);
    put_gas(h, 0, 0, 0, HPET_GPA_);
    put(h, 0, 1);
    put(h, 0, 2);
    put(h, 0, 1);
    table_end(b, at, true);
}

static void build_waet(Builder *b)
{
    uint32_t at = table_begin(b, "WAET", 1);

    put(b->t->tables, 1 << 1, 4);       /* the PM timer reads right at once */
    table_end(b, at, true);
}

enum { SRAT_ENABLED = 1, SRAT_HOTPLUG = 2 };

static void srat_memory(GByteArray *s, uint64_t gpa, uint64_t n_bytes, uint32_t flags)
{
    if (!n_bytes) {
        return;
    }
    put(s, 1, 1);
    put(s, 40, 1);
    put(s, 0, 4);
    put(s, 0, 2);
    put(s, gpa, 8);
    put(s, n_bytes, 8);
    put(s, 0, 4);
    put(s, flags, 4);
    put(s, 0, 8);
}

static void srat_cpu(GByteArray *s, uint32_t id)
{
    if (id < MADT_X2APIC_FROM) {
        put(s, 0, 1);
        put(s, 16, 1);
        put(s, 0, 1);
        put(s, id, 1);
        put(s, SRAT_ENABLED, 4);
        put_zeros(s, 8);
    } else {
        put(s, 2, 1);
        put(s, 24, 1);
        put(s, 0, 2);
        put(s, 0, 4);
        put(s, id, 4);
        put(s, SRAT_ENABLED, 4);
        put_zeros(s, 8);
    }
}

static void build_srat(Builder *b, const AcpiPcConfig *cfg)
{
    uint32_t at = table_begin(b, "SRAT", 3);
    GByteArray *s = b->t->tables;

    put(s, 1, 4);
    put(s, 0, 8);
    for (unsigned i = 0; i < cfg->n_cpus; i++) {
        srat_cpu(s, i);
    }
    srat_memory(s, 0, 0xa0000, SRAT_ENABLED);
    srat_memory(s, 0x100000, cfg->low_ram_bytes - 0x100000, SRAT_ENABLED);
    srat_memory(s, UINT64_C(1) << 32, cfg->high_ram_bytes, SRAT_ENABLED);
    srat_memory(s, cfg->hotplug_gpa, cfg->hotplug_bytes, SRAT_ENABLED | SRAT_HOTPLUG);
    table_end(b, at, true);
}

static uint32_t build_sdt(Builder *b, const char *signature, uint8_t n_bytes)
{
    unsigned n = b->sdt->len;
    uint32_t at = table_begin(b, signature, 1);

    for (unsigned i = 0; i < n; i++) {
        put_pointer(b, g_array_index(b->sdt, uint32_t, i), n_bytes);
    }
    table_end(b, at, false);
    return at;
}

static void build_rsdp(Builder *b, uint32_t rsdt, uint32_t xsdt)
{
    GByteArray *r = b->t->rsdp;
    AcpiChecksum first = { true, 8, 0, 20 }, whole = { true, 32, 0, 36 };

    put_text(r, "RSD PTR ", 8);
    put(r, 0, 1);
    put_text(r, OEM_ID, 6);
    put(r, 2, 1);
    put(r, rsdt, 4);
    put(r, 36, 4);
    put(r, xsdt, 8);
    put(r, 0, 4);
    pointer_at(b, true, 16, 4);
    pointer_at(b, true, 24, 8);
    g_array_append_val(b->t->checksums, first);
    g_array_append_val(b->t->checksums, whole);
}

AcpiTables *acpi_build(const AcpiPcConfig *cfg)
{
    AcpiTables *t = g_new0(AcpiTables, 1);
    Builder b = { .t = t, .sdt = g_array_new(FALSE, FALSE, sizeof(uint32_t)) };
    uint32_t facs, dsdt, rsdt;

    t->rsdp = g_byte_array_new();
    t->tables = g_byte_array_new();
    t->pointers = g_array_new(FALSE, FALSE, sizeof(AcpiPointer));
    t->checksums = g_array_new(FALSE, FALSE, sizeof(AcpiChecksum));

    facs = build_facs(&b);
    dsdt = build_dsdt(&b, cfg);
    build_fadt(&b, cfg, facs, dsdt);
    build_madt(&b, cfg);
    if (cfg->hpet) {
        build_hpet(&b);
    }
    if (cfg->hotplug_bytes) {
        build_srat(&b, cfg);
    }
    build_waet(&b);
    rsdt = build_sdt(&b, "RSDT", 4);
    build_rsdp(&b, rsdt, build_sdt(&b, "XSDT", 8));
    g_array_free(b.sdt, TRUE);
    return t;
}

void acpi_tables_free(AcpiTables *t)
{
    if (t) {
        g_byte_array_unref(t->rsdp);
        g_byte_array_unref(t->tables);
        g_array_free(t->pointers, TRUE);
        g_array_free(t->checksums, TRUE);
        g_free(t);
    }
}

/* ---- placing ---- */

void acpi_place(AcpiTables *t, uint64_t tables_gpa)
{
    for (unsigned i = 0; i < t->pointers->len; i++) {
        const AcpiPointer *p = &g_array_index(t->pointers, AcpiPointer, i);
        uint8_t *at = (p->in_rsdp ? t->rsdp : t->tables)->data + p->at;
        if (p->n_bytes == 8) {
            stle64(at, ldle64(at) + tables_gpa);
        } else {
            stle32(at, ldle32(at) + tables_gpa);
        }
    }
    for (unsigned i = 0; i < t->checksums->len; i++) {
        const AcpiChecksum *c = &g_array_index(t->checksums, AcpiChecksum, i);
        uint8_t *bytes = (c->in_rsdp ? t->rsdp : t->tables)->data, sum = 0;
        bytes[c->at] = 0;
        for (uint32_t k = 0; k < c->len; k++) {
            sum += bytes[c->start + k];
        }
        bytes[c->at] = -sum;
    }
}

#define SCRIPT_ENTRY_BYTES 128
#define SCRIPT_FILE_BYTES 56
enum { SCRIPT_ALLOCATE = 1, SCRIPT_POINTER = 2, SCRIPT_CHECKSUM = 3, ZONE_HIGH = 1, ZONE_FSEG = 2 };
#define RSDP_FILE "etc/acpi/rsdp"
#define TABLES_FILE "etc/acpi/tables"

static uint8_t *script_entry(GByteArray *s, uint32_t command, const char *file)
{
    uint32_t at = s->len;

    put_zeros(s, SCRIPT_ENTRY_BYTES);
    stle32(s->data + at, command);
    strcpy((char *)s->data + at + 4, file);
    return s->data + at + 4 + SCRIPT_FILE_BYTES;
}

GByteArray *acpi_loader_script(const AcpiTables *t)
{
    GByteArray *s = g_byte_array_new();
    uint8_t *e = script_entry(s, SCRIPT_ALLOCATE, TABLES_FILE);

    stle32(e, 64);
    e[4] = ZONE_HIGH;
    e = script_entry(s, SCRIPT_ALLOCATE, RSDP_FILE);
    stle32(e, 16);
    e[4] = ZONE_FSEG;
    for (unsigned i = 0; i < t->pointers->len; i++) {
        const AcpiPointer *p = &g_array_index(t->pointers, AcpiPointer, i);
        e = script_entry(s, SCRIPT_POINTER, p->in_rsdp ? RSDP_FILE : TABLES_FILE);
        strcpy((char *)e, TABLES_FILE);
        stle32(e + SCRIPT_FILE_BYTES, p->at);
        e[SCRIPT_FILE_BYTES + 4] = p->n_bytes;
    }
    for (unsigned i = 0; i < t->checksums->len; i++) {
        const AcpiChecksum *c = &g_array_index(t->checksums, AcpiChecksum, i);
        e = script_entry(s, SCRIPT_CHECKSUM, c->in_rsdp ? RSDP_FILE : TABLES_FILE);
        stle32(e, c->at);
        stle32(e + 4, c->start);
        stle32(e + 8, c->len);
    }
    return s;
}
