/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control page (little-endian):
 *
 *   0 write index   (producer)      8 interrupt mask    (consumer)
 *   4 read index    (consumer)     12 pending send size (producer; 0: not waiting)
 *  64 feature bits: bit 0 pending send size is used (producer)
 *
 * A packet: { u16 type, u16 offset8, u16 len8, u16 flags, u64 transaction id } payload, zeros to a
 * multiple of 8, then 8 bytes of trailer (producer's old write index << 32). Indexes are offsets in
 * the data area, multiples of 8; equal means empty, so a ring never gets quite full.
 *
 * Barriers pair with the guest's driver: the producer publishes data before its write index and
 * looks at mask and read index after it; the consumer publishes its read index before it looks at
 * pending_send_size, and clears its mask before it looks at the write index.
 */
#include "ring.h"
#include <string.h>
#include "util/wire.h"

enum { AT_WRITE = 0, AT_READ = 4, AT_MASK = 8, AT_PENDING = 12, AT_FEATURES = 64 };
enum { HEADER_BYTES = 16, TRAILER_BYTES = 8 };

#define MAX_DATA_BYTES (1u << 30)

static void full_barrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static bool ctl_load(const Ring *r, unsigned at, uint32_t *val)
{
    uint8_t *page = r->mem.map(r->mem.opaque, r->first_page, false);

    if (!page) {
        return false;
    }
    le32 v = { __atomic_load_n((uint32_t *)(page + at), __ATOMIC_ACQUIRE) };
    r->mem.unmap(r->mem.opaque, page, false);
    *val = le32_get(v);
    return true;
}

static bool ctl_store(Ring *r, unsigned at, uint32_t val)
{
    uint8_t *page = r->mem.map(r->mem.opaque, r->first_page, true);

    if (!page) {
        return false;
    }
    __atomic_store_n((uint32_t *)(page + at), le32_of(val).raw, __ATOMIC_RELEASE);
    r->mem.unmap(r->mem.opaque, page, true);
    return true;
}

static bool idx_ok(const Ring *r, uint32_t idx)
{
    return idx < r->size_bytes && idx % 8 == 0;
}

/* @buf from (or, @write, to) the data area at @at, wrapping; at < size, n <= size */
static bool data_copy(Ring *r, uint32_t at, void *buf, uint32_t n, bool write)
{
    uint8_t *p = buf;

    while (n) {
        uint32_t ofs = at % RING_PAGE, chunk = RING_PAGE - ofs < n ? RING_PAGE - ofs : n;
        uint8_t *page = r->mem.map(r->mem.opaque, r->first_page + 1 + at / RING_PAGE, write);

        if (!page) {
            return false;
        }
        memcpy(write ? page + ofs : p, write ? p : page + ofs, chunk);
        r->mem.unmap(r->mem.opaque, page, write);
        at += chunk;
        at = at == r->size_bytes ? 0 : at;
        p += chunk;
        n -= chunk;
    }
    return true;
}

static uint32_t idx_add(const Ring *r, uint32_t idx, uint32_t n)
{
    uint64_t sum = (uint64_t)idx + n;

    return (uint32_t)(sum >= r->size_bytes ? sum - r->size_bytes : sum);
}

/* Bytes from @from up to @to. */
static uint32_t idx_span(const Ring *r, uint32_t from, uint32_t to)
{
    return to >= from ? to - from : r->size_bytes - from + to;
}

RingResult ring_open(Ring *r, const RingMem *mem, unsigned first_page, unsigned n_pages,
                     bool produce)
{
    uint32_t ours, peers;

    *r = (Ring){ .mem = *mem, .first_page = first_page };
    if (n_pages < 2 || n_pages - 1 > MAX_DATA_BYTES / RING_PAGE) {
        return RING_CORRUPT;
    }
    r->size_bytes = (n_pages - 1) * RING_PAGE;
    if (!ctl_load(r, produce ? AT_WRITE : AT_READ, &ours) ||
        !ctl_load(r, produce ? AT_READ : AT_WRITE, &peers) || !idx_ok(r, ours) ||
        !idx_ok(r, peers)) {
        return RING_CORRUPT;
    }
    r->idx = ours;
    return RING_OK;
}

bool ring_feature_pending(const Ring *r)
{
    uint32_t bits;

    return ctl_load(r, AT_FEATURES, &bits) && (bits & 1);
}

void ring_set_feature_pending(Ring *r)
{
    uint32_t bits;

    if (ctl_load(r, AT_FEATURES, &bits)) {
        ctl_store(r, AT_FEATURES, bits | 1);
    }
}

/* ---- consumer ---- */

static RingResult available(const Ring *r, uint32_t *n)
{
    uint32_t write_idx;

    if (!ctl_load(r, AT_WRITE, &write_idx) || !idx_ok(r, write_idx)) {
        return RING_CORRUPT;
    }
    *n = idx_span(r, r->idx, write_idx);
    return RING_OK;
}

/* The producer sleeps until more than pending_send_size is free: did this read cross that line? */
static RingResult producer_wants_signal(const Ring *r, uint32_t taken_bytes, bool *signal)
{
    uint32_t pending, n;
    RingResult res;

    full_barrier();
    if (!r->peer_waits) {
        return RING_OK;
    }
    if (!ctl_load(r, AT_PENDING, &pending)) {
        return RING_CORRUPT;
    }
    if (!pending) {
        return RING_OK;
    }
    res = available(r, &n);
    if (res == RING_OK) {
        uint32_t free_bytes = r->size_bytes - n;
        *signal |= free_bytes > pending && free_bytes - taken_bytes <= pending;
    }
    return res;
}

RingResult ring_read(Ring *r, RingPacket *p, void *payload, size_t cap, size_t *len_bytes,
                     bool *signal)
{
    uint8_t h[HEADER_BYTES];
    uint32_t n;
    RingResult res = available(r, &n);

    if (res != RING_OK || n == 0) {
        return res != RING_OK ? res : RING_EMPTY;
    }
    if (n < HEADER_BYTES + TRAILER_BYTES || !data_copy(r, r->idx, h, sizeof(h), false)) {
        return RING_CORRUPT;
    }
    uint32_t ofs = ldle16(h + 2) * 8u, len = ldle16(h + 4) * 8u;
    if (len < HEADER_BYTES || ofs < HEADER_BYTES || ofs > len || len > n - TRAILER_BYTES) {
        return RING_CORRUPT;
    }
    if (len - ofs > cap) {
        return RING_TOO_BIG;
    }
    if (!data_copy(r, idx_add(r, r->idx, ofs), payload, len - ofs, false)) {
        return RING_CORRUPT;
    }
    *p = (RingPacket){ .type = ldle16(h), .flags = ldle16(h + 6), .trans_id = ldle64(h + 8) };
    *len_bytes = len - ofs;
    r->idx = idx_add(r, r->idx, len + TRAILER_BYTES);
    if (!ctl_store(r, AT_READ, r->idx)) {
        return RING_CORRUPT;
    }
    return producer_wants_signal(r, len + TRAILER_BYTES, signal);
}

RingResult ring_set_mask(Ring *r, bool on)
{
    if (!ctl_store(r, AT_MASK, on)) {
        return RING_CORRUPT;
    }
    full_barrier();
    return RING_OK;
}

RingResult ring_has_packet(Ring *r, bool *any)
{
    uint32_t n = 0;
    RingResult res = available(r, &n);

    *any = n != 0;
    return res;
}

/* ---- producer ---- */

static RingResult free_space(const Ring *r, uint32_t *n)
{
    uint32_t read_idx;

    if (!ctl_load(r, AT_READ, &read_idx) || !idx_ok(r, read_idx)) {
        return RING_CORRUPT;
    }
    *n = r->size_bytes - idx_span(r, read_idx, r->idx);
    return RING_OK;
}

/* Room for @need bytes (never the last one), or asks the consumer to tell when there is. */
static RingResult make_room(Ring *r, uint32_t need)
{
    uint32_t n;
    RingResult res = free_space(r, &n);

    if (res == RING_OK && n <= need && r->peer_waits) {
        if (!ctl_store(r, AT_PENDING, need)) {
            return RING_CORRUPT;
        }
        r->pending_set = true;
        full_barrier();
        res = free_space(r, &n);        /* it may have read on before it saw that we wait */
    }
    if (res == RING_OK && n > need && r->pending_set) {
        r->pending_set = false;
        return ctl_store(r, AT_PENDING, 0) ? RING_OK : RING_CORRUPT;
    }
    return res != RING_OK ? res : n > need ? RING_OK : RING_FULL;
}

static bool put_packet(Ring *r, const RingPacket *p, const void *payload, uint32_t len_bytes)
{
    static const uint8_t zeros[8];
    uint32_t padded = (len_bytes + 7) & ~7u, at = r->idx;
    uint8_t h[HEADER_BYTES], trailer[TRAILER_BYTES];

    stle16(h, p->type);
    stle16(h + 2, HEADER_BYTES / 8);
    stle16(h + 4, (uint16_t)((HEADER_BYTES + padded) / 8));
    stle16(h + 6, p->flags);
    stle64(h + 8, p->trans_id);
    stle64(trailer, (uint64_t)at << 32);
    return data_copy(r, at, h, sizeof(h), true) &&
           data_copy(r, idx_add(r, at, HEADER_BYTES), (void *)payload, len_bytes, true) &&
           data_copy(r, idx_add(r, at, HEADER_BYTES + len_bytes), (void *)zeros,
                     padded - len_bytes, true) &&
           data_copy(r, idx_add(r, at, HEADER_BYTES + padded), trailer, sizeof(trailer), true);
}

RingResult ring_write(Ring *r, const RingPacket *p, const void *payload, size_t len_bytes,
                      bool *signal)
{
    uint32_t old = r->idx, mask, read_idx, need;
    RingResult res;

    if (len_bytes > r->size_bytes || len_bytes > 0xffff * 8u - HEADER_BYTES - 8 ||
        (need = ring_packet_bytes((uint32_t)len_bytes)) >= r->size_bytes) {
        return RING_TOO_BIG;
    }
    res = make_room(r, need);
    if (res != RING_OK) {
        return res;
    }
    if (!put_packet(r, p, payload, (uint32_t)len_bytes)) {
        return RING_CORRUPT;
    }
    full_barrier();
    r->idx = idx_add(r, old, need);
    if (!ctl_store(r, AT_WRITE, r->idx)) {
        return RING_CORRUPT;
    }
    full_barrier();
    if (!ctl_load(r, AT_MASK, &mask) || !ctl_load(r, AT_READ, &read_idx)) {
        return RING_CORRUPT;
    }
    *signal |= !mask && read_idx == old;        /* it was empty: the consumer may sleep */
    return RING_OK;
}
