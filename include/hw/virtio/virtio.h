/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all virtio devices have: status, features, queues, configuration space. A device is a table
 * of functions; a transport (virtio-pci.h) brings the guest's accesses and takes interrupts.
 * Big lock. Source: VIRTIO 1.2, chapters 2 and 3. Legacy (0.9) drivers are not served.
 */
#ifndef HW_VIRTIO_VIRTIO_H
#define HW_VIRTIO_VIRTIO_H

#include <stdbool.h>
#include <stdint.h>
#include "hw/virtio/virtqueue.h"

enum {
    VIRTIO_ACKNOWLEDGE = 1, VIRTIO_DRIVER = 2, VIRTIO_DRIVER_OK = 4, VIRTIO_FEATURES_OK = 8,
    VIRTIO_NEEDS_RESET = 0x40, VIRTIO_FAILED = 0x80,
};
enum { VIRTIO_F_INDIRECT_DESC = 28, VIRTIO_F_EVENT_IDX = 29, VIRTIO_F_VERSION_1 = 32 };
enum { VIRTIO_QUEUES_MAX = 16, VIRTIO_CONFIG_MAX = 64 };
#define VIRTIO_BIT(n) (UINT64_C(1) << (n))

/* A kind of device; all functions but those that say so must be there. */
typedef struct VirtIOOps {
    const char *name;
    uint16_t device_id;                         /* VIRTIO 1.2, chapter 5 */
    uint16_t queue_size;
    unsigned config_bytes;                      /* at most VIRTIO_CONFIG_MAX */
    unsigned (*n_queues)(void *opaque);
    uint64_t (*features)(void *opaque);         /* the device's own bits */
    void (*config_get)(void *opaque, uint8_t *config);          /* zeroed before */
    /* NULL: read-only. The guest changed some bytes of what config_get() gave. */
    void (*config_set)(void *opaque, const uint8_t *config);
    void (*kick)(void *opaque, unsigned queue); /* buffers may be there; only after DRIVER_OK */
    void (*started)(void *opaque);              /* DRIVER_OK was set; NULL: nothing to do */
    void (*reset)(void *opaque);                /* by the guest or the machine */
} VirtIOOps;

typedef struct VirtIOTransport {
    void (*queue_irq)(void *opaque, unsigned queue);
    void (*config_irq)(void *opaque);
} VirtIOTransport;

typedef struct VirtIODevice {
    const VirtIOOps *ops;
    void *opaque;
    const VirtIOTransport *transport;
    void *transport_opaque;
    bool with_event_idx, with_indirect;         /* offered? */
    unsigned n_queues;
    uint8_t status, config_generation;
    uint64_t guest_features;
    VirtQueue queues[VIRTIO_QUEUES_MAX];
} VirtIODevice;

/* ---- devices ---- */
static inline bool virtio_has(const VirtIODevice *v, unsigned feature)
{ return v->guest_features >> feature & 1; }
static inline bool virtio_live(const VirtIODevice *v)           /* may touch the queues? */
{ return (v->status & (VIRTIO_DRIVER_OK | VIRTIO_NEEDS_RESET)) == VIRTIO_DRIVER_OK; }
/* the next chain; false: none, or the queue is broken (then nothing works until a reset) */
bool virtio_pop(VirtIODevice *v, unsigned queue, VirtElem *e);
void virtio_push(VirtIODevice *v, unsigned queue, const VirtElem *e, uint32_t written_bytes);
void virtio_tell_guest(VirtIODevice *v, unsigned queue);        /* after pushes */
bool virtio_wait(VirtIODevice *v, unsigned queue);              /* virtqueue_wait() */
void virtio_config_changed(VirtIODevice *v);
/* the guest broke a rule: it must reset the device */
void virtio_broken(VirtIODevice *v, const char *why);

/* ---- transports ---- */
void virtio_init(VirtIODevice *v, const VirtIOOps *ops, void *opaque,
                 const VirtIOTransport *transport, void *transport_opaque);
void virtio_reset(VirtIODevice *v);
uint64_t virtio_offered(const VirtIODevice *v);
void virtio_set_guest_features(VirtIODevice *v, uint64_t features);     /* before FEATURES_OK */
void virtio_set_status(VirtIODevice *v, uint8_t status);                /* 0: reset */
void virtio_enable_queue(VirtIODevice *v, unsigned queue);
void virtio_kick(VirtIODevice *v, unsigned queue);
uint64_t virtio_config_read(VirtIODevice *v, unsigned ofs, unsigned len_bytes);
void virtio_config_write(VirtIODevice *v, unsigned ofs, uint64_t val, unsigned len_bytes);

#endif
