/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI tables of a PC, position-independent until somebody places them. */
#ifndef HW_ACPI_TABLES_H
#define HW_ACPI_TABLES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct AcpiPcConfig {
    unsigned n_cpus;                    /* apic ids 0 .. n_cpus - 1 */
    uint64_t low_ram_bytes, high_ram_bytes;             /* below and from 4 GiB */
    uint64_t hotplug_gpa, hotplug_bytes;                /* 0 bytes: no memory hot-plug */
    uint32_t pci_hole_gpa, pci_hole_end;                /* end: last address */
    bool pci, pic, hpet, rtc, i8042, fw_cfg;
    unsigned com_mask;                  /* bit n: COMn+1 */
    struct { uint16_t iobase; uint8_t irq; } com[4];
    uint8_t pirq[4];                    /* GSIs of PCI INTA..INTD lines */
    bool s4_disabled;
    const GPtrArray *builders;          /* AcpiBuilder * */
} AcpiPcConfig;

/* A field that holds the address of something in the tables. */
typedef struct AcpiPointer { bool in_rsdp; uint32_t at; uint8_t n_bytes; } AcpiPointer;
/* A checksum byte to be computed over [start, start + len) after pointers are known. */
typedef struct AcpiChecksum { bool in_rsdp; uint32_t at, start, len; } AcpiChecksum;

typedef struct AcpiTables {
    GByteArray *rsdp, *tables;          /* pointers hold offsets into tables */
    GArray *pointers;                   /* AcpiPointer */
    GArray *checksums;                  /* AcpiChecksum */
} AcpiTables;

AcpiTables *acpi_build(const AcpiPcConfig *cfg);
void acpi_tables_free(AcpiTables *t);
/* turns offsets into addresses and computes checksums; once */
void acpi_place(AcpiTables *t, uint64_t tables_gpa);
/* the script by which firmware does the same (fw_cfg file etc/table-loader) */
GByteArray *acpi_loader_script(const AcpiTables *t);

#endif
