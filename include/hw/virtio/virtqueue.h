/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device's end of a split virtqueue in guest memory. Everything the guest wrote is copied once
 * and checked once; rings and buffers must be RAM. No device is known here. Big lock.
 * Source: VIRTIO 1.2, 2.7 "Split Virtqueues".
 */
#ifndef HW_VIRTIO_VIRTQUEUE_H
#define HW_VIRTIO_VIRTQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VIRTQ_SIZE_MAX = 1024,
    VIRTQ_SEGS_MAX = 1024,      /* of one chain, indirect tables included */
};

typedef struct VirtQueue {
    /* set by the transport while not enabled */
    uint64_t desc_gpa, avail_gpa, used_gpa;
    uint16_t size;              /* entries: a power of two */
    bool enabled, event_idx, indirect;
    /* ours */
    uint16_t last_avail, used_idx;
    uint16_t signalled_used;    /* used_idx when the guest was last told; if ever_signalled */
    bool ever_signalled;
} VirtQueue;

typedef struct VirtSeg { uint64_t gpa; uint32_t len_bytes; } VirtSeg;

/* One chain: first what the guest wrote for us, then where we may write. */
typedef struct VirtElem {
    uint16_t head;
    unsigned n_out, n_in;
    uint64_t out_bytes, in_bytes;
    VirtSeg segs[VIRTQ_SEGS_MAX];
} VirtElem;

typedef enum VirtQueueResult { VIRTQ_OK, VIRTQ_EMPTY, VIRTQ_BROKEN } VirtQueueResult;

/* @why: set if broken */
VirtQueueResult virtqueue_pop(VirtQueue *vq, VirtElem *e, const char **why);
/* gives a chain back; false: the used ring is not RAM */
bool virtqueue_push(VirtQueue *vq, const VirtElem *e, uint32_t written_bytes);
/* after pushes: does the guest want an interrupt? Remembers that it got one. */
bool virtqueue_wants_irq(VirtQueue *vq);
/* asks for a kick at the next buffer; true: one is there already, it may have come without */
bool virtqueue_wait(VirtQueue *vq);
void virtqueue_reset(VirtQueue *vq);    /* keeps nothing but event_idx and indirect */
/* addresses and size as the specification wants them? */
bool virtqueue_check(const VirtQueue *vq, const char **why);

/* bytes [ofs, ofs + len) of what the guest wrote; false: not RAM, or shorter */
bool virtelem_read(const VirtElem *e, uint64_t ofs, void *buf, size_t len_bytes);

#endif
