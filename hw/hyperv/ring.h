/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMBus ring buffers: two one-way byte rings in guest memory, each a control page and data pages.
 * Everything the guest wrote is read once and checked; our own index lives here, not in the guest.
 */
#ifndef HW_HYPERV_RING_H
#define HW_HYPERV_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RING_PAGE 4096u

/* The pages of a ring. The guest may write to them at any time from other threads. */
typedef struct RingMem {
    /* host address of the 4 KiB page @n; NULL: no RAM there (any more) */
    uint8_t *(*map)(void *opaque, unsigned n, bool write);
    void (*unmap)(void *opaque, uint8_t *page, bool written);
    void *opaque;
} RingMem;

typedef enum RingResult {
    RING_OK,
    RING_EMPTY,
    RING_FULL,          /* peer will signal when there is room, if it can */
    RING_TOO_BIG,       /* packet larger than the buffer given, or than the whole ring */
    RING_CORRUPT,       /* the guest broke the ring: stop using it */
} RingResult;

enum { RING_PACKET_INBAND = 6, RING_PACKET_COMPLETION = 0xb };
enum { RING_FLAG_COMPLETION_REQUESTED = 1 };

typedef struct RingPacket {
    uint16_t type, flags;
    uint64_t trans_id;
} RingPacket;

typedef struct Ring {
    RingMem mem;
    unsigned first_page;
    uint32_t size_bytes;        /* of the data area */
    uint32_t idx;               /* ours: read index of a consumer, write index of a producer */
    bool peer_waits;            /* peer honours / sets pending_send_size */
    bool pending_set;           /* producer: pending_send_size may be non-zero */
} Ring;

/**
 * ring_open - starts using a ring at the indexes its control page has now
 * @first_page: the control page; data pages follow
 * @n_pages: control page included, at least 2
 * @produce: we write
 * RING_CORRUPT if an index is out of range.
 */
RingResult ring_open(Ring *r, const RingMem *mem, unsigned first_page, unsigned n_pages,
                     bool produce);
/* feature bit 0 of this ring's control page: its producer waits by pending_send_size */
bool ring_feature_pending(const Ring *r);
void ring_set_feature_pending(Ring *r);         /* producer only */

/**
 * ring_read - takes one packet out (consumer)
 * @payload: room for @cap bytes; @len_bytes: out
 * @signal: set to true if the producer waits for room and must be signalled; else left alone
 */
RingResult ring_read(Ring *r, RingPacket *p, void *payload, size_t cap, size_t *len_bytes,
                     bool *signal);
/* interrupt mask: the producer need not signal while @on. After off: look for packets again. */
RingResult ring_set_mask(Ring *r, bool on);
RingResult ring_has_packet(Ring *r, bool *any);

/**
 * ring_write - puts one packet in (producer)
 * @signal: set to true if the consumer may sleep and must be signalled; else left alone
 */
RingResult ring_write(Ring *r, const RingPacket *p, const void *payload, size_t len_bytes,
                      bool *signal);
/* bytes of ring that a packet with @len_bytes of payload takes */
static inline uint32_t ring_packet_bytes(uint32_t len_bytes)
{
    return 16 + ((len_bytes + 7) & ~7u) + 8;
}

#endif
