/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dynmem-wire.h"
#include "util/wire.h"

typedef struct WireHeader {
    le16 type;
    le16 size_bytes;                /* whole message, without packet padding */
    le32 trans_id;
} WireHeader;
WIRE_SIZE(WireHeader, 8);

typedef struct WireVersionRequest {
    WireHeader h;
    le32 version;                   /* major << 16 | minor */
    le32 flags;                     /* bit 0: last attempt */
} WireVersionRequest;
WIRE_SIZE(WireVersionRequest, 16);

typedef struct WireFlagsResponse {  /* to version requests and capability reports */
    WireHeader h;
    le64 flags;                     /* bit 0: accepted */
} WireFlagsResponse;
WIRE_SIZE(WireFlagsResponse, 16);

enum { CAPS_RESPONSE_ACCEPTED = 1, CAPS_RESPONSE_SUPPRESS_STATUS = 4 };

typedef struct WireCapsReport {
    WireHeader h;
    le64 caps;                      /* DM_CAP_*; bits 2..5: log2 of hot-add alignment in MiB */
    le64 min_pages;
    le64 max_pfn;
} WireCapsReport;
WIRE_SIZE(WireCapsReport, 32);

typedef struct WireStatusReport {
    WireHeader h;
    le64 available_pages;
    le64 committed_pages;
    le64 page_file_pages;
    le64 zero_free_pages;
    le32 page_file_writes;
    le32 io_diff;
} WireStatusReport;
WIRE_SIZE(WireStatusReport, 48);
WIRE_AT(WireStatusReport, committed_pages, 16);

typedef struct WireBalloonRequest {
    WireHeader h;
    le32 n_pages;
    le32 reserved;
} WireBalloonRequest;
WIRE_SIZE(WireBalloonRequest, 16);

typedef struct WireBalloonResponse {
    WireHeader h;
    le32 reserved;
    le32 more_and_count;            /* bit 0: more follow; bits 1..31: ranges */
    le64 ranges[];                  /* bits 0..39: first page; bits 40..63: pages */
} WireBalloonResponse;
WIRE_SIZE(WireBalloonResponse, 16);
WIRE_AT(WireBalloonResponse, more_and_count, 12);

typedef struct WireUnballoonRequest {
    WireHeader h;
    le32 more;                      /* bit 0 */
    le32 n_ranges;
    le64 ranges[];
} WireUnballoonRequest;
WIRE_SIZE(WireUnballoonRequest, 16);
static_assert(sizeof(WireUnballoonRequest) + DM_RANGES_MAX * sizeof(le64) == DM_MESSAGE_MAX,
              "ranges of a full message");

typedef struct WireHotAddResponse {
    WireHeader h;
    le32 n_pages;
    le32 result;
} WireHotAddResponse;
WIRE_SIZE(WireHotAddResponse, 16);

typedef struct WireHotAddRequest {
    WireHeader h;
    le64 range;                     /* bits 0..39: first page; bits 40..63: pages */
    le64 region;                    /* what the range is a part of */
} WireHotAddRequest;
WIRE_SIZE(WireHotAddRequest, 24);

/* ---- from the guest: one row a message, parse sees at least min_bytes ---- */

static DmParse parse_version(const uint8_t *bytes, size_t len_bytes, DmMessage *out)
{
    const WireVersionRequest *w = (const void *)bytes;

    out->version.version = le32_get(w->version);
    out->version.last_attempt = le32_get(w->flags) & 1;
    return DM_PARSE_OK;
}

static DmParse parse_caps(const uint8_t *bytes, size_t len_bytes, DmMessage *out)
{
    const WireCapsReport *w = (const void *)bytes;

    out->caps.bits = le64_get(w->caps);
    out->caps.min_pages = le64_get(w->min_pages);
    out->caps.max_pfn = le64_get(w->max_pfn);
    out->caps.hot_add_align_log2_mib = out->caps.bits >> 2 & 0xf;
    return DM_PARSE_OK;
}

static DmParse parse_status(const uint8_t *bytes, size_t len_bytes, DmMessage *out)
{
    const WireStatusReport *w = (const void *)bytes;

    out->status.available_pages = le64_get(w->available_pages);
    out->status.committed_pages = le64_get(w->committed_pages);
    return DM_PARSE_OK;
}

static DmParse parse_balloon(const uint8_t *bytes, size_t len_bytes, DmMessage *out)
{
    const WireBalloonResponse *w = (const void *)bytes;
    uint32_t word = le32_get(w->more_and_count);

    out->balloon.more = word & 1;
    out->balloon.n_ranges = word >> 1;
    out->balloon.ranges = bytes + sizeof(*w);
    return word >> 1 <= (len_bytes - sizeof(*w)) / sizeof(le64) ? DM_PARSE_OK : DM_PARSE_COUNT;
}

static DmParse parse_hot_add(const uint8_t *bytes, size_t len_bytes, DmMessage *out)
{
    const WireHotAddResponse *w = (const void *)bytes;

    out->hot_add.n_pages = le32_get(w->n_pages);
    out->hot_add.result = le32_get(w->result);
    return DM_PARSE_OK;
}

typedef struct DmRow {
    const char *name;
    size_t min_bytes;
    DmParse (*parse)(const uint8_t *bytes, size_t len_bytes, DmMessage *out);
    bool from_guest;
} DmRow;

static const DmRow rows[N_DM_TYPES] = {
    [DM_ERROR]              = { "ERROR" },
    [DM_VERSION_REQUEST]    = { "VERSION_REQUEST", sizeof(WireVersionRequest), parse_version,
                                true },
    [DM_VERSION_RESPONSE]   = { "VERSION_RESPONSE" },
    [DM_CAPS_REPORT]        = { "CAPABILITIES_REPORT", sizeof(WireCapsReport), parse_caps, true },
    [DM_CAPS_RESPONSE]      = { "CAPABILITIES_RESPONSE" },
    [DM_STATUS_REPORT]      = { "STATUS_REPORT", sizeof(WireStatusReport), parse_status, true },
    [DM_BALLOON_REQUEST]    = { "BALLOON_REQUEST" },
    [DM_BALLOON_RESPONSE]   = { "BALLOON_RESPONSE", sizeof(WireBalloonResponse), parse_balloon,
                                true },
    [DM_UNBALLOON_REQUEST]  = { "UNBALLOON_REQUEST" },
    [DM_UNBALLOON_RESPONSE] = { "UNBALLOON_RESPONSE", sizeof(WireHeader), NULL, true },
    [DM_HOT_ADD_REQUEST]    = { "HOT_ADD_REQUEST" },
    [DM_HOT_ADD_RESPONSE]   = { "HOT_ADD_RESPONSE", sizeof(WireHotAddResponse), parse_hot_add,
                                true },
    [DM_INFO]               = { "INFO" },
    [DM_HOT_REMOVE_REQUEST] = { "HOT_REMOVE_REQUEST" },
    [DM_HOT_REMOVE_RESPONSE] = { "HOT_REMOVE_RESPONSE" },
};

const char *dm_type_name(unsigned type)
{
    return type < N_DM_TYPES ? rows[type].name : "?";
}

DmParse dm_parse(const uint8_t *bytes, size_t len_bytes, DmMessage *out)
{
    const WireHeader *h = (const void *)bytes;

    *out = (DmMessage){ 0 };
    if (len_bytes < sizeof(*h)) {
        return DM_PARSE_SHORT;
    }
    unsigned type = le16_get(h->type);
    out->type = type;
    out->trans_id = le32_get(h->trans_id);
    if (type >= N_DM_TYPES || !rows[type].from_guest) {
        return DM_PARSE_UNKNOWN;
    }
    /* The size field may lie either way: what counts is what is there. */
    if (len_bytes < rows[type].min_bytes) {
        return DM_PARSE_SHORT;
    }
    return rows[type].parse ? rows[type].parse(bytes, len_bytes, out) : DM_PARSE_OK;
}

PageRange dm_range(const DmMessage *m, unsigned i)
{
    uint64_t raw = ldle64(m->balloon.ranges + i * sizeof(le64));

    return (PageRange){ raw & 0xffffffffffull, raw >> 40 };
}

/* ---- to the guest ---- */

static WireHeader header(DmType type, size_t size_bytes, uint32_t trans_id)
{
    return (WireHeader){ le16_of(type), le16_of((uint16_t)size_bytes), le32_of(trans_id) };
}

static size_t build_flags(uint8_t *buf, DmType type, uint32_t trans_id, uint64_t flags)
{
    WireFlagsResponse w = { .h = header(type, sizeof(w), trans_id), .flags = le64_of(flags) };

    memcpy(buf, &w, sizeof(w));
    return sizeof(w);
}

size_t dm_build_version_response(uint8_t *buf, uint32_t trans_id, bool accepted)
{
    return build_flags(buf, DM_VERSION_RESPONSE, trans_id, accepted);
}

size_t dm_build_caps_response(uint8_t *buf, uint32_t trans_id, bool accepted, bool suppress_status)
{
    return build_flags(buf, DM_CAPS_RESPONSE, trans_id,
                       (accepted ? CAPS_RESPONSE_ACCEPTED : 0) |
                       (suppress_status ? CAPS_RESPONSE_SUPPRESS_STATUS : 0));
}

size_t dm_build_balloon_request(uint8_t *buf, uint32_t trans_id, uint32_t n_pages)
{
    WireBalloonRequest w = { .h = header(DM_BALLOON_REQUEST, sizeof(w), trans_id),
                             .n_pages = le32_of(n_pages) };

    memcpy(buf, &w, sizeof(w));
    return sizeof(w);
}

static uint64_t range_word(PageRange r)
{
    assert(r.n_pages <= DM_RANGE_PAGES_MAX && r.start_pfn >> 40 == 0);
    return r.start_pfn | r.n_pages << 40;
}

size_t dm_build_hot_add_request(uint8_t *buf, uint32_t trans_id, PageRange range, PageRange region)
{
    WireHotAddRequest w = { .h = header(DM_HOT_ADD_REQUEST, sizeof(w), trans_id),
                            .range = le64_of(range_word(range)),
                            .region = le64_of(range_word(region)) };

    memcpy(buf, &w, sizeof(w));
    return sizeof(w);
}

size_t dm_build_unballoon_request(uint8_t *buf, uint32_t trans_id, const PageRange *ranges,
                                  unsigned n, bool more)
{
    size_t size_bytes = sizeof(WireUnballoonRequest) + n * sizeof(le64);
    WireUnballoonRequest w = { .h = header(DM_UNBALLOON_REQUEST, size_bytes, trans_id),
                               .more = le32_of(more), .n_ranges = le32_of(n) };

    assert(n <= DM_RANGES_MAX);
    memcpy(buf, &w, sizeof(w));
    for (unsigned i = 0; i < n; i++) {
        stle64(buf + sizeof(w) + i * sizeof(le64), range_word(ranges[i]));
    }
    return size_bytes;
}
