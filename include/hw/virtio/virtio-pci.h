/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio devices on PCI. A device type derives from "virtio-pci" and sets ops (and class_id) in
 * its class_init; its own realize runs before the device appears. See hw/virtio/virtio-balloon.c.
 */
#ifndef HW_VIRTIO_VIRTIO_PCI_H
#define HW_VIRTIO_VIRTIO_PCI_H

#include "hw/pci/msix.h"
#include "hw/virtio/virtio.h"

#define TYPE_VIRTIO_PCI "virtio-pci"
DECLARE_TYPE(VirtIOPci, virtio_pci, TYPE_VIRTIO_PCI)
DECLARE_CLASS(VirtIOPciClass, virtio_pci_class)

enum { VIRTIO_VECTORS_AUTO = -1 };

struct VirtIOPci {
    PciDevice parent;
    VirtIODevice v;
    int32_t n_vectors;          /* property "vectors"; 0: INTx only */
    Msix msix;
    MemoryRegion bar;
    uint8_t isr;
    uint32_t offered_select, guest_select;
    uint16_t config_vector, queue_select, queue_vector[VIRTIO_QUEUES_MAX];
    unsigned cfg_cap;           /* window onto the BAR in configuration space */
};

struct VirtIOPciClass {
    PciDeviceClass parent;
    const VirtIOOps *ops;       /* called with the instance as opaque */
    bool (*realize)(VirtIOPci *p, Error **errp);        /* NULL: nothing to do */
};

#endif
