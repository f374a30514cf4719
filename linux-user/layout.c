/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversion by tables; host and guest are both little endian. */
#include <string.h>
#include "layout.h"

static void copy_number(uint8_t *to, unsigned to_bytes, const uint8_t *from, unsigned from_bytes)
{
    uint64_t v = 0;

    memcpy(&v, from, from_bytes);
    memcpy(to, &v, to_bytes);
}

void struct_to_guest(const StructMap *map, const void *host, void *guest)
{
    memset(guest, 0, map->guest_bytes);
    for (const FieldMap *f = map->fields; f->host_bytes; f++) {
        copy_number((uint8_t *)guest + f->guest_ofs, f->guest_bytes,
                    (const uint8_t *)host + f->host_ofs, f->host_bytes);
    }
}

void struct_to_host(const StructMap *map, const void *guest, void *host)
{
    memset(host, 0, map->host_bytes);
    for (const FieldMap *f = map->fields; f->host_bytes; f++) {
        copy_number((uint8_t *)host + f->host_ofs, f->host_bytes,
                    (const uint8_t *)guest + f->guest_ofs, f->guest_bytes);
    }
}

uint64_t flags_to_host(const FlagMap *map, uint64_t guest)
{
    uint64_t host = 0;

    for (; map->guest; map++) {
        if ((guest & map->guest) == map->guest) {
            host |= map->host;
        }
    }
    return host;
}
