/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Split virtqueues, device side.
 *
 *   desc   size x { le64 gpa; le32 len; le16 flags; le16 next }
 *   avail  le16 flags, idx, ring[size], used_event       written by the guest
 *   used   le16 flags, idx; { le32 id, len } ring[size]; le16 avail_event       written by us
 *
 * Ordering: idx of avail is read before the entries that it covers (pairs with the guest's write
 * barrier); entries of used are written before its idx; idx of used before used_event is looked
 * at, and avail_event before idx of avail (both full barriers, pairing with the guest's).
 */
#include "hw/virtio/virtqueue.h"

#include <string.h>
#include "memory/memory.h"
#include "util/wire.h"

enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4 };
enum { AVAIL_NO_INTERRUPT = 1 };
enum { RING_IDX = 2, RING_ENTRIES = 4 };

typedef struct WireDesc {
    le64 gpa;
    le32 len;
    le16 flags, next;
} WireDesc;
WIRE_SIZE(WireDesc, 16);
WIRE_AT(WireDesc, flags, 12);

typedef struct WireUsed { le32 id, len; } WireUsed;
WIRE_SIZE(WireUsed, 8);

/* ---- guest RAM; devices behind an address are not touched ---- */

/* NULL: not all of it is RAM in one piece */
static uint8_t *ram_at(uint64_t gpa, uint64_t len_bytes, bool write)
{
    MemorySection s = address_space_lookup(address_space_memory, gpa);

    if (!s.mr || !s.mr->ram || s.len_bytes < len_bytes || (write && s.readonly)) {
        return NULL;
    }
    return s.mr->ram->host + s.offset;
}

static bool read_u16(uint64_t gpa, uint16_t *v)
{
    const uint16_t *p = (const void *)ram_at(gpa, 2, false);

    if (p) {
        *v = le16_get((le16){ __atomic_load_n(p, __ATOMIC_ACQUIRE) });
    }
    return p;
}

static bool write_u16(uint64_t gpa, uint16_t v)
{
    uint16_t *p = (void *)ram_at(gpa, 2, true);

    if (p) {
        __atomic_store_n(p, le16_of(v).raw, __ATOMIC_RELEASE);
        address_space_unmap(address_space_memory, p, 2, true);
    }
    return p;
}

/* Any range, in pieces if RAM is in several regions. */
static bool read_bytes(uint64_t gpa, uint8_t *buf, uint64_t len_bytes)
{
    while (len_bytes) {
        MemorySection s = address_space_lookup(address_space_memory, gpa);
        uint64_t n = MIN(s.len_bytes, len_bytes);

        if (!s.mr || !s.mr->ram) {
            return false;
        }
        memcpy(buf, s.mr->ram->host + s.offset, n);
        gpa += n;
        buf += n;
        len_bytes -= n;
    }
    return true;
}

/* ---- chains ---- */

typedef struct Walk {
    uint64_t table_gpa;
    unsigned table_len, left;   /* entries; left: descriptors it may still have without a loop */
    bool in_indirect;
    VirtElem *e;
    const char *why;
} Walk;

static bool broken(Walk *w, const char *why)
{
    w->why = why;
    return false;
}

static bool add_segment(Walk *w, const WireDesc *d)
{
    VirtElem *e = w->e;
    VirtSeg seg = { le64_get(d->gpa), le32_get(d->len) };
    bool in = le16_get(d->flags) & DESC_WRITE;

    if (e->n_out + e->n_in == VIRTQ_SEGS_MAX) {
        return broken(w, "a chain of too many descriptors");
    }
    if (!seg.len_bytes || seg.gpa + seg.len_bytes < seg.gpa) {
        return broken(w, "a buffer of no bytes, or around the end of memory");
    }
    if (!in && e->n_in) {
        return broken(w, "a buffer to read behind one to write");
    }
    e->segs[e->n_out + e->n_in] = seg;
    *(in ? &e->n_in : &e->n_out) += 1;
    *(in ? &e->in_bytes : &e->out_bytes) += seg.len_bytes;
    return true;
}

static bool enter_indirect(Walk *w, const VirtQueue *vq, const WireDesc *d)
{
    uint32_t len = le32_get(d->len);

    if (!vq->indirect || w->in_indirect || le16_get(d->flags) & DESC_NEXT) {
        return broken(w, "an indirect descriptor where none may be");
    }
    if (!len || len % sizeof(WireDesc) || len / sizeof(WireDesc) > VIRTQ_SEGS_MAX) {
        return broken(w, "an indirect table of a wrong size");
    }
    w->table_gpa = le64_get(d->gpa);
    w->table_len = w->left = len / sizeof(WireDesc);
    w->in_indirect = true;
    return true;
}

static bool walk_chain(Walk *w, const VirtQueue *vq, unsigned i)
{
    WireDesc d;

    for (;;) {
        if (i >= w->table_len) {
            return broken(w, "a descriptor beyond the table");
        }
        if (!w->left--) {
            return broken(w, "a chain that is a loop");
        }
        if (!read_bytes(w->table_gpa + (uint64_t)i * sizeof(d), (uint8_t *)&d, sizeof(d))) {
            return broken(w, "descriptors that are not in RAM");
        }
        if (le16_get(d.flags) & DESC_INDIRECT) {
            if (!enter_indirect(w, vq, &d)) {
                return false;
            }
            i = 0;
            continue;
        }
        if (!add_segment(w, &d)) {
            return false;
        }
        if (!(le16_get(d.flags) & DESC_NEXT)) {
            return true;
        }
        i = le16_get(d.next);
    }
}

VirtQueueResult virtqueue_pop(VirtQueue *vq, VirtElem *e, const char **why)
{
    Walk w = { .table_gpa = vq->desc_gpa, .table_len = vq->size, .left = vq->size, .e = e };
    uint16_t avail, pending;

    if (!read_u16(vq->avail_gpa + RING_IDX, &avail)) {
        *why = "an available ring that is not in RAM";
        return VIRTQ_BROKEN;
    }
    pending = avail - vq->last_avail;
    if (!pending) {
        return VIRTQ_EMPTY;
    }
    if (pending > vq->size) {
        *why = "more buffers than the ring has room for";
        return VIRTQ_BROKEN;
    }
    e->n_out = e->n_in = 0;
    e->out_bytes = e->in_bytes = 0;
    if (!read_u16(vq->avail_gpa + RING_ENTRIES + 2 * (vq->last_avail & (vq->size - 1)),
                  &e->head)) {
        *why = "an available ring that is not in RAM";
        return VIRTQ_BROKEN;
    }
    if (!walk_chain(&w, vq, e->head)) {
        *why = w.why;
        return VIRTQ_BROKEN;
    }
    vq->last_avail++;
    return VIRTQ_OK;
}

bool virtqueue_push(VirtQueue *vq, const VirtElem *e, uint32_t written_bytes)
{
    WireUsed u = { le32_of(e->head), le32_of(written_bytes) };
    uint64_t at = vq->used_gpa + RING_ENTRIES + sizeof(u) * (vq->used_idx & (vq->size - 1));
    uint8_t *p = ram_at(at, sizeof(u), true);

    if (!p) {
        return false;
    }
    memcpy(p, &u, sizeof(u));
    address_space_unmap(address_space_memory, p, sizeof(u), true);
    return write_u16(vq->used_gpa + RING_IDX, ++vq->used_idx);
}

bool virtqueue_wants_irq(VirtQueue *vq)
{
    uint16_t old = vq->signalled_used, now = vq->used_idx, event = 0, flags = 0;
    bool first = !vq->ever_signalled;

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (vq->event_idx) {
        vq->signalled_used = now;
        vq->ever_signalled = true;
        return read_u16(vq->avail_gpa + RING_ENTRIES + 2 * vq->size, &event) &&
               (first || (uint16_t)(now - event - 1) < (uint16_t)(now - old));
    }
    return read_u16(vq->avail_gpa, &flags) && !(flags & AVAIL_NO_INTERRUPT);
}

bool virtqueue_wait(VirtQueue *vq)
{
    uint16_t avail;

    if (vq->event_idx) {
        write_u16(vq->used_gpa + RING_ENTRIES + sizeof(WireUsed) * vq->size, vq->last_avail);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
    return read_u16(vq->avail_gpa + RING_IDX, &avail) && avail != vq->last_avail;
}

void virtqueue_reset(VirtQueue *vq)
{
    *vq = (VirtQueue){ .event_idx = vq->event_idx, .indirect = vq->indirect };
}

bool virtqueue_check(const VirtQueue *vq, const char **why)
{
    uint64_t n = vq->size;

    if (!n || n > VIRTQ_SIZE_MAX || (n & (n - 1))) {
        *why = "a size that is not a power of two";
    } else if (vq->desc_gpa % 16 || vq->avail_gpa % 2 || vq->used_gpa % 4) {
        *why = "a misaligned ring";
    } else if (!ram_at(vq->desc_gpa, n * sizeof(WireDesc), false) ||
               !ram_at(vq->avail_gpa, RING_ENTRIES + 2 * n + 2, false) ||
               !ram_at(vq->used_gpa, RING_ENTRIES + sizeof(WireUsed) * n + 2, true)) {
        *why = "a ring that is not in RAM";
    } else {
        return true;
    }
    return false;
}

/* ---- what is in the buffers ---- */

bool virtelem_read(const VirtElem *e, uint64_t ofs, void *buf, size_t len_bytes)
{
    uint8_t *out = buf;

    for (unsigned i = 0; i < e->n_out && len_bytes; i++) {
        VirtSeg s = e->segs[i];
        uint64_t n;

        if (ofs >= s.len_bytes) {
            ofs -= s.len_bytes;
            continue;
        }
        n = MIN(s.len_bytes - ofs, len_bytes);
        if (!read_bytes(s.gpa + ofs, out, n)) {
            return false;
        }
        ofs = 0;
        out += n;
        len_bytes -= n;
    }
    return !len_bytes;
}
