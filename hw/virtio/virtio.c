/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a virtio device, with the function behind each arrow:
 *
 *   RESET --ACKNOWLEDGE, DRIVER--> NEGOTIATING --FEATURES_OK--> SETUP --DRIVER_OK--> LIVE
 *     ^       virtio_set_status        set_features_ok     virtio_enable_queue          |
 *     |                                                                                 |
 *     +--- status 0: virtio_reset ---- NEEDS_RESET <-- a broken ring: virtio_broken ----+
 */
#include "hw/virtio/virtio.h"

#include <glib.h>
#include <string.h>
#include "util/log.h"
#include "util/trace-hw_virtio.h"
#include "util/wire.h"

void virtio_init(VirtIODevice *v, const VirtIOOps *ops, void *opaque,
                 const VirtIOTransport *transport, void *transport_opaque)
{
    v->ops = ops;
    v->opaque = opaque;
    v->transport = transport;
    v->transport_opaque = transport_opaque;
    v->n_queues = ops->n_queues(opaque);
    g_assert(v->n_queues <= VIRTIO_QUEUES_MAX && ops->config_bytes <= VIRTIO_CONFIG_MAX);
    virtio_reset(v);
}

void virtio_reset(VirtIODevice *v)
{
    if (v->status) {
        trace_virtio_reset(v->ops->name, v->status);
    }
    v->status = 0;
    v->guest_features = 0;
    for (unsigned i = 0; i < v->n_queues; i++) {
        v->queues[i] = (VirtQueue){ .size = v->ops->queue_size };
    }
    v->ops->reset(v->opaque);
}

void virtio_broken(VirtIODevice *v, const char *why)
{
    guest_error("%s: %s", v->ops->name, why);
    trace_virtio_broken(v->ops->name, why);
    if (v->status & VIRTIO_NEEDS_RESET) {
        return;
    }
    v->status |= VIRTIO_NEEDS_RESET;
    if (v->status & VIRTIO_DRIVER_OK) {
        virtio_config_changed(v);
    }
}

/* ---- features and status ---- */

uint64_t virtio_offered(const VirtIODevice *v)
{
    return v->ops->features(v->opaque) | VIRTIO_BIT(VIRTIO_F_VERSION_1) |
           (v->with_event_idx ? VIRTIO_BIT(VIRTIO_F_EVENT_IDX) : 0) |
           (v->with_indirect ? VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC) : 0);
}

void virtio_set_guest_features(VirtIODevice *v, uint64_t features)
{
    if (v->status & VIRTIO_FEATURES_OK) {
        guest_error("%s: features written after FEATURES_OK", v->ops->name);
        return;
    }
    v->guest_features = features;
}

/* Does the guest want what we have? It reads the status back to see. */
static uint8_t set_features_ok(VirtIODevice *v, uint8_t status)
{
    uint64_t wanted = v->guest_features;
    bool good = !(wanted & ~virtio_offered(v)) && virtio_has(v, VIRTIO_F_VERSION_1);

    trace_virtio_features(v->ops->name, virtio_offered(v), wanted, good);
    return good ? status : status & (uint8_t)~VIRTIO_FEATURES_OK;
}

void virtio_set_status(VirtIODevice *v, uint8_t status)
{
    uint8_t old = v->status, fresh;

    if (status == 0) {
        virtio_reset(v);
        return;
    }
    status |= old & VIRTIO_NEEDS_RESET;
    fresh = status & (uint8_t)~old;
    if (fresh & VIRTIO_FEATURES_OK) {
        status = set_features_ok(v, status);
    }
    if (!(status & VIRTIO_FEATURES_OK)) {
        status &= (uint8_t)~VIRTIO_DRIVER_OK;
    }
    v->status = status;
    trace_virtio_status(v->ops->name, old, status);
    if ((fresh & status & VIRTIO_DRIVER_OK) && v->ops->started) {
        v->ops->started(v->opaque);
    }
}

/* ---- queues ---- */

void virtio_enable_queue(VirtIODevice *v, unsigned queue)
{
    VirtQueue *vq = &v->queues[queue];
    const char *why;

    if (!(v->status & VIRTIO_FEATURES_OK) || vq->enabled) {
        return;
    }
    vq->event_idx = virtio_has(v, VIRTIO_F_EVENT_IDX);
    vq->indirect = virtio_has(v, VIRTIO_F_INDIRECT_DESC);
    if (vq->size > v->ops->queue_size || !virtqueue_check(vq, &why)) {
        virtio_broken(v, vq->size > v->ops->queue_size ? "a queue made larger" : why);
        return;
    }
    vq->enabled = true;
    trace_virtio_queue(v->ops->name, queue, vq->size, vq->desc_gpa, vq->avail_gpa, vq->used_gpa);
}

void virtio_kick(VirtIODevice *v, unsigned queue)
{
    if (virtio_live(v) && queue < v->n_queues && v->queues[queue].enabled) {
        v->ops->kick(v->opaque, queue);
    }
}

bool virtio_pop(VirtIODevice *v, unsigned queue, VirtElem *e)
{
    VirtQueue *vq = &v->queues[queue];
    const char *why;
    VirtQueueResult res;

    if (!virtio_live(v) || !vq->enabled) {
        return false;
    }
    res = virtqueue_pop(vq, e, &why);
    if (res == VIRTQ_BROKEN) {
        virtio_broken(v, why);
    }
    return res == VIRTQ_OK;
}

void virtio_push(VirtIODevice *v, unsigned queue, const VirtElem *e, uint32_t written_bytes)
{
    if (virtio_live(v) && !virtqueue_push(&v->queues[queue], e, written_bytes)) {
        virtio_broken(v, "a used ring that is not in RAM");
    }
}

void virtio_tell_guest(VirtIODevice *v, unsigned queue)
{
    if (virtio_live(v) && virtqueue_wants_irq(&v->queues[queue])) {
        v->transport->queue_irq(v->transport_opaque, queue);
    }
}

bool virtio_wait(VirtIODevice *v, unsigned queue)
{
    return virtio_live(v) && v->queues[queue].enabled && virtqueue_wait(&v->queues[queue]);
}

/* ---- configuration space ---- */

void virtio_config_changed(VirtIODevice *v)
{
    v->config_generation++;
    if (v->status & VIRTIO_DRIVER_OK) {
        v->transport->config_irq(v->transport_opaque);
    }
}

static bool in_config(const VirtIODevice *v, unsigned ofs, unsigned len_bytes)
{
    return ofs < v->ops->config_bytes && len_bytes <= v->ops->config_bytes - ofs;
}

uint64_t virtio_config_read(VirtIODevice *v, unsigned ofs, unsigned len_bytes)
{
    uint8_t config[VIRTIO_CONFIG_MAX + 8] = { 0 };

    if (!in_config(v, ofs, len_bytes)) {
        return UINT64_MAX;
    }
    v->ops->config_get(v->opaque, config);
    return ldle64(config + ofs);
}

void virtio_config_write(VirtIODevice *v, unsigned ofs, uint64_t val, unsigned len_bytes)
{
    uint8_t config[VIRTIO_CONFIG_MAX + 8] = { 0 }, bytes[8];

    if (!in_config(v, ofs, len_bytes) || !v->ops->config_set) {
        return;
    }
    v->ops->config_get(v->opaque, config);
    stle64(bytes, val);
    memcpy(config + ofs, bytes, len_bytes);
    v->ops->config_set(v->opaque, config);
}
