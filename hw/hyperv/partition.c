/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "partition.h"
#include "stimer.h"
#include "synic.h"
#include "util/trace-hw_hyperv.h"
#include "util/wire.h"

static HvPartition *the_partition;      /* one machine a process */

HvPartition *hv_partition_new(const HvWiring *wiring, const HyperVArch *arch, unsigned n_vps)
{
    HvPartition *p = g_new0(HvPartition, 1);

    *p = (HvPartition){ .wiring = wiring, .arch = arch, .n_vps = n_vps };
    p->ports = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    p->synic = synic_new(wiring, n_vps);
    p->stimers = stimers_new(p);
    the_partition = p;
    return p;
}

HvPartition *hv_partition(void)
{
    return the_partition;
}

void hv_partition_reset(HvPartition *p)
{
    stimers_reset(p->stimers);
    synic_reset(p->synic);
    if (p->arch->reset) {
        p->arch->reset();
    }
}

void hv_port_connect(HvPartition *p, uint32_t connection_id, const HvPort *port)
{
    g_hash_table_insert(p->ports, GUINT_TO_POINTER(connection_id), g_memdup2(port, sizeof(*port)));
}

void hv_port_disconnect(HvPartition *p, uint32_t connection_id)
{
    g_hash_table_remove(p->ports, GUINT_TO_POINTER(connection_id));
}

static const HvPort *port_of(HvPartition *p, uint32_t connection_id)
{
    return g_hash_table_lookup(p->ports, GUINT_TO_POINTER(connection_id & 0xffffff));
}

/* input: u32 connection id, u32 0, u32 message type, u32 payload bytes, payload */
unsigned hv_post_message(HvPartition *p, const uint8_t input[HV_POST_MESSAGE_BYTES])
{
    const HvPort *port = port_of(p, ldle32(input));
    uint32_t type = ldle32(input + 8), len_bytes = ldle32(input + 12);
    unsigned status;

    if (len_bytes > HV_MESSAGE_PAYLOAD_MAX) {
        status = HV_STATUS_INVALID_HYPERCALL_INPUT;
    } else if (type == 0 || type >> 31) {
        status = HV_STATUS_INVALID_PARAMETER;
    } else if (!port || !port->post) {
        status = HV_STATUS_INVALID_CONNECTION_ID;
    } else {
        status = port->post(port->opaque, type, input + 16, len_bytes);
    }
    trace_hyperv_post_message(ldle32(input), type, len_bytes, status);
    return status;
}

unsigned hv_signal_event(HvPartition *p, uint32_t connection_id, uint16_t flag)
{
    const HvPort *port = port_of(p, connection_id);
    unsigned status = !port || !port->signal ? HV_STATUS_INVALID_CONNECTION_ID
                    : flag ? HV_STATUS_INVALID_PORT_ID : HV_STATUS_SUCCESS;

    trace_hyperv_signal_event(connection_id, flag, status);
    if (status == HV_STATUS_SUCCESS) {
        port->signal(port->opaque);
    }
    return status;
}
