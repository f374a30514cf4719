/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the Dynamic Memory protocol: from and to bytes. Pages are of 4 KiB. Parsers take a
 * private copy of a packet's payload and nothing else.
 */
#ifndef HW_HYPERV_DYNMEM_WIRE_H
#define HW_HYPERV_DYNMEM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "page-range-tree.h"

enum { DM_MESSAGE_MAX = 4096, DM_RANGES_MAX = 510, DM_RANGE_PAGES_MAX = 0xffffff };

typedef enum DmType {
    DM_ERROR, DM_VERSION_REQUEST, DM_VERSION_RESPONSE, DM_CAPS_REPORT, DM_CAPS_RESPONSE,
    DM_STATUS_REPORT, DM_BALLOON_REQUEST, DM_BALLOON_RESPONSE, DM_UNBALLOON_REQUEST,
    DM_UNBALLOON_RESPONSE, DM_HOT_ADD_REQUEST, DM_HOT_ADD_RESPONSE, DM_INFO,
    DM_HOT_REMOVE_REQUEST, DM_HOT_REMOVE_RESPONSE, N_DM_TYPES
} DmType;

enum { DM_VERSION_0_3 = 0x00003, DM_VERSION_1_0 = 0x10000, DM_VERSION_2_0 = 0x20000 };
enum { DM_CAP_BALLOON = 1, DM_CAP_HOT_ADD = 2, DM_CAP_HOT_REMOVE = 0x40 };

/* What the guest sends. */
typedef struct DmMessage {
    DmType type;
    uint32_t trans_id;
    union {
        struct { uint32_t version; bool last_attempt; } version;
        struct { uint64_t bits, min_pages, max_pfn; unsigned hot_add_align_log2_mib; } caps;
        struct { uint64_t available_pages, committed_pages; } status;
        struct { bool more; unsigned n_ranges; const uint8_t *ranges; } balloon;
        struct { uint32_t n_pages, result; } hot_add;
    };
} DmMessage;

typedef enum DmParse { DM_PARSE_OK, DM_PARSE_SHORT, DM_PARSE_UNKNOWN, DM_PARSE_COUNT } DmParse;

/* @out->balloon.ranges points into @bytes */
DmParse dm_parse(const uint8_t *bytes, size_t len_bytes, DmMessage *out);
PageRange dm_range(const DmMessage *balloon_response, unsigned i);      /* i < n_ranges */
const char *dm_type_name(unsigned type);                /* "BALLOON_RESPONSE", "?" */

/* What the host sends; each returns the message's length in @buf (DM_MESSAGE_MAX bytes). */
size_t dm_build_version_response(uint8_t *buf, uint32_t trans_id, bool accepted);
size_t dm_build_caps_response(uint8_t *buf, uint32_t trans_id, bool accepted,
                              bool suppress_status);
size_t dm_build_balloon_request(uint8_t *buf, uint32_t trans_id, uint32_t n_pages);
/* @ranges: up to DM_RANGES_MAX, each up to DM_RANGE_PAGES_MAX pages, below 2^40 */
size_t dm_build_unballoon_request(uint8_t *buf, uint32_t trans_id, const PageRange *ranges,
                                  unsigned n, bool more);
/* limits as above; the 24-byte form, which all versions know */
size_t dm_build_hot_add_request(uint8_t *buf, uint32_t trans_id, PageRange range, PageRange region);

#endif
