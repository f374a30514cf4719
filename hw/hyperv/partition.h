/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Hyper-V devices share: virtual processors by number, the SynIC and timers of each, ports for
 * hypercalls. Knows neither vCPUs nor a guest architecture: those are behind HvWiring and
 * HyperVArch (tests put their own there). Big lock.
 */
#ifndef HW_HYPERV_PARTITION_H
#define HW_HYPERV_PARTITION_H

#include <inttypes.h>
#include "accel/hyperv.h"
#include "util/log.h"

typedef struct HvWiring {
    void (*inject)(unsigned vp, uint8_t vector);
    void (*set_auto_eoi)(unsigned vp, uint8_t vector, bool on);
    /* fn soon, by the VP itself between two guest instructions, with the big lock */
    void (*run_on_vp)(unsigned vp, void (*fn)(void *opaque), void *opaque);
    bool (*vp_exists)(unsigned vp);
} HvWiring;

typedef struct HvPort {         /* either may be NULL */
    /* @payload: a private copy, up to HV_MESSAGE_PAYLOAD_MAX; returns HV_STATUS_* */
    unsigned (*post)(void *opaque, uint32_t type, const uint8_t *payload, unsigned len_bytes);
    void (*signal)(void *opaque);
    void *opaque;
} HvPort;

typedef struct HvPartition {
    const HvWiring *wiring;
    const HyperVArch *arch;
    unsigned n_vps;
    struct Synic *synic;
    struct Stimers *stimers;
    GHashTable *ports;          /* connection id -> HvPort, owned */
} HvPartition;

/* one a machine: devices find it at realize */
HvPartition *hv_partition_new(const HvWiring *wiring, const HyperVArch *arch, unsigned n_vps);
HvPartition *hv_partition(void);        /* NULL: the machine has no Hyper-V */
void hv_partition_reset(HvPartition *p);

void hv_port_connect(HvPartition *p, uint32_t connection_id, const HvPort *port);
void hv_port_disconnect(HvPartition *p, uint32_t connection_id);
/* the hypercalls; HV_STATUS_* */
unsigned hv_post_message(HvPartition *p, const uint8_t input[HV_POST_MESSAGE_BYTES]);
unsigned hv_signal_event(HvPartition *p, uint32_t connection_id, uint16_t flag);

#endif
