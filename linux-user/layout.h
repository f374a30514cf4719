/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Structures and flags that guest and host lay out differently, as tables. Example:
 *
 *   static const FieldMap stat_fields[] = { { offsetof(struct stat, st_ino), 8, 8, 8 }, { 0 } };
 *   static const StructMap stat_map = { sizeof(struct stat), 112, stat_fields };
 */
#ifndef LINUX_USER_LAYOUT_H
#define LINUX_USER_LAYOUT_H

#include <stdint.h>

typedef struct FieldMap {
    uint16_t host_ofs;
    uint8_t host_bytes;                 /* 1, 2, 4, 8; 0 ends the table */
    uint16_t guest_ofs;
    uint8_t guest_bytes;
} FieldMap;

typedef struct StructMap {
    uint16_t host_bytes, guest_bytes;
    const FieldMap *fields;
} StructMap;

/* What no field names becomes 0. Numbers that are too long lose their upper bits. */
void struct_to_guest(const StructMap *map, const void *host, void *guest);
void struct_to_host(const StructMap *map, const void *guest, void *host);

typedef struct FlagMap {
    uint64_t guest, host;               /* guest 0 ends the table */
} FlagMap;

/* Guest flags that the table does not name are dropped. */
uint64_t flags_to_host(const FlagMap *map, uint64_t guest);

#endif
