/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SMBIOS tables: what dmidecode shows. */
#ifndef HW_I386_SMBIOS_H
#define HW_I386_SMBIOS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct SmbiosConfig {
    const char *machine;                /* "pc-i440fx-8.2" */
    const char *cpu_brand;
    uint8_t uuid[16];                   /* textual order */
    unsigned n_cpus;
    uint32_t cpu_signature, cpu_features;       /* CPUID.1 EAX, EDX */
    uint64_t low_ram_bytes, high_ram_bytes;
} SmbiosConfig;

#define SMBIOS_ANCHOR_BYTES 24          /* 16-byte aligned in 0xf0000..0xfffff */

GByteArray *smbios_build(const SmbiosConfig *cfg);
/* the SMBIOS 3 entry point for tables at @tables_gpa */
void smbios_anchor(uint8_t out[SMBIOS_ANCHOR_BYTES], uint64_t tables_gpa, uint32_t n_bytes);

#endif
