/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SMBIOS 3.0 tables. Source: DMTF DSP0134. Each row of fields below is "bytes, value". */
#include "hw/i386/smbios.h"

#include <string.h>
#include "util/wire.h"

#define GiB (UINT64_C(1) << 30)
#define DIMM_MAX (16 * GiB)
#define MANUFACTURER "QEMU"
#define PRODUCT "Standard PC (i440FX + PIIX, 1996)"

enum { BIOS = 0, SYSTEM = 1, CHASSIS = 3, PROCESSOR = 4, MEMORY_ARRAY = 16, MEMORY_DEVICE = 17,
       MAPPED_ADDRESS = 19, BOOT_STATUS = 32, END = 127 };

typedef struct Field { uint8_t n_bytes; uint64_t val; } Field;

/* One structure: header, fields, strings, two zeros (or one after the last string). */
static void add(GByteArray *out, uint8_t type, uint16_t handle, const Field *fields, unsigned n,
                const char *const *strings)
{
    uint32_t at = out->len;
    uint8_t head[4] = { type }, buf[8];

    stle16(head + 2, handle);
    g_byte_array_append(out, head, 4);
    for (unsigned i = 0; i < n; i++) {
        stle64(buf, fields[i].val);
        g_byte_array_append(out, buf, fields[i].n_bytes);
    }
    out->data[at + 1] = out->len - at;
    for (unsigned i = 0; strings && strings[i]; i++) {
        g_byte_array_append(out, (const uint8_t *)strings[i], strlen(strings[i]) + 1);
    }
    g_byte_array_append(out, (const uint8_t *)"\0", strings && strings[0] ? 1 : 2);
}
#define ADD(out, type, handle, strings, ...) do { \
        const Field fields_[] = { __VA_ARGS__ }; \
        add(out, type, handle, fields_, G_N_ELEMENTS(fields_), strings); \
    } while (0)
#define STRINGS(...) (const char *const []) { __VA_ARGS__, NULL }

static void add_system(GByteArray *out, const SmbiosConfig *c)
{
    /* three fields of a UUID are little-endian */
    static const uint8_t order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
    uint8_t uuid[16];

    for (unsigned i = 0; i < 16; i++) {
        uuid[i] = c->uuid[order[i]];
    }
    ADD(out, BIOS, 0, STRINGS(MANUFACTURER, "8.2", "04/01/2014"),
        { 1, 1 }, { 1, 2 }, { 2, 0xe800 }, { 1, 3 }, { 1, 0 }, { 8, 1 << 3 }, { 1, 0 },
        { 1, 1 << 2 | 1 << 4 },         /* targeted content distribution, virtual machine */
        { 1, 0 }, { 1, 0 }, { 1, 0xff }, { 1, 0xff });
    ADD(out, SYSTEM, 0x100, STRINGS(MANUFACTURER, PRODUCT, c->machine),
        { 1, 1 }, { 1, 2 }, { 1, 3 }, { 1, 0 }, { 8, ldle64(uuid) }, { 8, ldle64(uuid + 8) },
        { 1, 6 },                       /* woken by the power switch */
        { 1, 0 }, { 1, 0 });
    ADD(out, CHASSIS, 0x300, STRINGS(MANUFACTURER, c->machine),
        { 1, 1 }, { 1, 1 }, { 1, 2 }, { 1, 0 }, { 1, 0 }, { 1, 3 }, { 1, 3 }, { 1, 3 }, { 1, 2 },
        { 4, 0 }, { 1, 0 }, { 1, 0 }, { 1, 0 }, { 1, 0 }, { 1, 0 });
}

static void add_processor(GByteArray *out, const SmbiosConfig *c)
{
    uint8_t cores = MIN(c->n_cpus, 255u);

    ADD(out, PROCESSOR, 0x400, STRINGS("CPU 0", MANUFACTURER, c->machine, c->cpu_brand),
        { 1, 1 }, { 1, 3 }, { 1, 0x01 }, { 1, 2 }, { 4, c->cpu_signature },
        { 4, c->cpu_features }, { 1, 3 }, { 1, 0 }, { 2, 0 }, { 2, 2000 }, { 2, 2000 },
        { 1, 0x41 }, { 1, 1 }, { 2, 0xffff }, { 2, 0xffff }, { 2, 0xffff }, { 1, 0 }, { 1, 0 },
        { 1, 0 }, { 1, cores }, { 1, cores }, { 1, cores }, { 2, 2 }, { 2, 0x01 },
        { 2, c->n_cpus }, { 2, c->n_cpus }, { 2, c->n_cpus });
}

static void add_mapping(GByteArray *out, uint16_t handle, uint64_t gpa, uint64_t n_bytes)
{
    bool wide = gpa >> 42 || (gpa + n_bytes) >> 42;     /* KiB in 32 bits do not reach */

    if (n_bytes) {
        ADD(out, MAPPED_ADDRESS, handle, NULL,
            { 4, wide ? UINT32_MAX : gpa >> 10 },
            { 4, wide ? UINT32_MAX : ((gpa + n_bytes) >> 10) - 1 }, { 2, 0x1000 }, { 1, 1 },
            { 8, wide ? gpa : 0 }, { 8, wide ? gpa + n_bytes - 1 : 0 });
    }
}

static void add_memory(GByteArray *out, const SmbiosConfig *c)
{
    uint64_t total = c->low_ram_bytes + c->high_ram_bytes;
    unsigned n = (total + DIMM_MAX - 1) / DIMM_MAX;
    bool wide = total >> 10 >= 0x80000000;

    ADD(out, MEMORY_ARRAY, 0x1000, NULL,
        { 1, 1 }, { 1, 3 }, { 1, 6 }, { 4, wide ? 0x80000000 : total >> 10 }, { 2, 0xfffe },
        { 2, n }, { 8, wide ? total : 0 });
    for (unsigned i = 0; i < MIN(n, 256u); i++) {
        uint64_t mib = MIN(total - i * DIMM_MAX, DIMM_MAX) >> 20;
        g_autofree char *name = g_strdup_printf("DIMM %u", i);
        ADD(out, MEMORY_DEVICE, 0x1100 + i, STRINGS(name, MANUFACTURER),
            { 2, 0x1000 }, { 2, 0xfffe }, { 2, 0xffff }, { 2, 0xffff }, { 2, mib }, { 1, 9 },
            { 1, 0 }, { 1, 1 }, { 1, 0 }, { 1, 7 }, { 2, 2 }, { 2, 0 }, { 1, 2 }, { 1, 0 },
            { 1, 0 }, { 1, 0 }, { 1, 0 }, { 4, 0 }, { 2, 0 }, { 2, 0 }, { 2, 0 }, { 2, 0 });
    }
    add_mapping(out, 0x1300, 0, c->low_ram_bytes);
    add_mapping(out, 0x1301, 4 * GiB, c->high_ram_bytes);
}

GByteArray *smbios_build(const SmbiosConfig *c)
{
    GByteArray *out = g_byte_array_new();

    add_system(out, c);
    add_processor(out, c);
    add_memory(out, c);
    ADD(out, BOOT_STATUS, 0x2000, NULL, { 6, 0 }, { 1, 0 });
    add(out, END, 0x7f00, NULL, 0, NULL);
    return out;
}

void smbios_anchor(uint8_t out[SMBIOS_ANCHOR_BYTES], uint64_t tables_gpa, uint32_t n_bytes)
{
    uint8_t sum = 0;

    memset(out, 0, SMBIOS_ANCHOR_BYTES);
    memcpy(out, "_SM3_", 5);
    out[6] = SMBIOS_ANCHOR_BYTES;
    out[7] = 3;                         /* version 3.0.0 */
    out[10] = 1;
    stle32(out + 12, n_bytes);
    stle64(out + 16, tables_gpa);
    for (unsigned i = 0; i < SMBIOS_ANCHOR_BYTES; i++) {
        sum += out[i];
    }
    out[5] = -sum;
}
