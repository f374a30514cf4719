/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VMBus: a bridge device with a bus, devices that have one channel each. A device is a subtype
 * of "vmbus-device" in one file: its interface GUID and what to do on open, close and packets.
 */
#ifndef HW_HYPERV_VMBUS_H
#define HW_HYPERV_VMBUS_H

#include "hw/core/device.h"
#include "ring.h"

#define TYPE_VMBUS_BRIDGE "vmbus-bridge"
#define TYPE_VMBUS "vmbus"
#define TYPE_VMBUS_DEVICE "vmbus-device"

typedef struct VMBus VMBus;
typedef struct VMBusChannel VMBusChannel;
DECLARE_TYPE(VMBusDevice, vmbus_device, TYPE_VMBUS_DEVICE)

struct VMBusDevice {
    Device parent;
    uint8_t instance_uuid[16];          /* property "instanceid", in textual order; never zero */
    VMBusChannel *channel;              /* vmbus.c's */
};

typedef struct VMBusDeviceClass {
    DeviceClass parent;
    const char *type_uuid;              /* "525074dc-8985-..." */
    bool (*realize)(VMBusDevice *dev, Error **errp);
    void (*unrealize)(VMBusDevice *dev);
    /* the guest opens the channel; false refuses */
    bool (*open)(VMBusDevice *dev);
    /* the channel is gone: closed, connection lost, machine reset. Only after an open */
    void (*close)(VMBusDevice *dev);
    /* packets may have come, or there may be room again; read until empty. Main loop. */
    void (*notify)(VMBusDevice *dev);
} VMBusDeviceClass;

/* The bus that hv-balloon's kind plugs into; makes the bridge when there is none. */
Bus *vmbus_default_bus(Error **errp);

/* ---- for devices, channel open; big lock ---- */
/**
 * vmbus_recv - takes one packet
 * RING_EMPTY: the guest will signal the next one. RING_CORRUPT, RING_TOO_BIG: the channel does not
 * work any more until the guest opens it again.
 */
RingResult vmbus_recv(VMBusDevice *dev, RingPacket *p, void *payload, size_t cap,
                      size_t *len_bytes);
/* RING_FULL: notify() comes when there is room */
RingResult vmbus_send(VMBusDevice *dev, const RingPacket *p, const void *payload,
                      size_t len_bytes);
/* more to read than one turn should take: notify() comes again soon */
void vmbus_notify_later(VMBusDevice *dev);
/* the guest does not behave: nothing is read or sent until it opens the channel again */
void vmbus_break(VMBusDevice *dev, const char *why);
uint64_t vmbus_guest_os_id(VMBusDevice *dev);
/* changes when another kernel takes over without a machine reset */
unsigned vmbus_guest_ends(VMBusDevice *dev);

#endif
