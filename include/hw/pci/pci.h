/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI devices: a type derives from "pci-device", fills config space in realize, registers BARs and
 * drives INTx by pci_set_irq(). Config writes go through wmask; class hooks see them afterwards.
 */
#ifndef HW_PCI_PCI_H
#define HW_PCI_PCI_H

#include "hw/core/device.h"

#define TYPE_PCI_BUS "PCI"
#define TYPE_PCI_DEVICE "pci-device"
#define PCI_CONFIG_BYTES 256
#define PCI_N_BARS 6
#define PCI_N_IRQS 4
#define PCI_DEVFN(slot, fn) ((slot) << 3 | (fn))

enum {
    PCI_VENDOR_ID = 0x00, PCI_DEVICE_ID = 0x02, PCI_COMMAND = 0x04, PCI_STATUS = 0x06,
    PCI_REVISION = 0x08, PCI_CLASS_PROG = 0x09, PCI_CLASS = 0x0a, PCI_HEADER_TYPE = 0x0e,
    PCI_BAR0 = 0x10, PCI_SUBSYSTEM_VENDOR = 0x2c, PCI_SUBSYSTEM = 0x2e, PCI_CAP_LIST = 0x34,
    PCI_INTERRUPT_LINE = 0x3c, PCI_INTERRUPT_PIN = 0x3d,
    PCI_CMD_IO = 1, PCI_CMD_MEMORY = 2, PCI_CMD_MASTER = 4, PCI_CMD_INTX_OFF = 0x400,
    PCI_STS_INTX = 0x08, PCI_STS_CAPS = 0x10,
    PCI_BAR_IO = 1, PCI_BAR_MEM64 = 4, PCI_BAR_PREFETCH = 8,
};

typedef struct PciBus PciBus;
DECLARE_TYPE(PciDevice, pci_device, TYPE_PCI_DEVICE)
DECLARE_CLASS(PciDeviceClass, pci_device_class)

typedef struct PciBar {
    MemoryRegion *mr;           /* NULL: not there (or the upper half of a 64-bit one) */
    uint8_t type;               /* PCI_BAR_* */
    uint64_t size, mapped_at;   /* mapped_at: UINT64_MAX while not decoded */
} PciBar;

struct PciDevice {
    Device parent;
    PciBus *bus;
    int32_t devfn;              /* property "addr"; -1: the first free slot */
    bool multifunction;
    uint8_t config[PCI_CONFIG_BYTES], wmask[PCI_CONFIG_BYTES], w1cmask[PCI_CONFIG_BYTES];
    PciBar bar[PCI_N_BARS];
    unsigned caps_end;          /* where the next capability goes */
    int irq_level;
};

struct PciDeviceClass {
    DeviceClass parent;
    uint16_t vendor_id, device_id, class_id, subsystem_vendor, subsystem_id;
    uint8_t revision, prog_if;
    bool (*realize)(PciDevice *dev, Error **errp);
    /* after config[addr .. addr+len) changed by a guest's write; NULL: nothing to do */
    void (*config_written)(PciDevice *dev, unsigned addr, unsigned len);
    /* before the guest reads config[addr .. addr+len); NULL: nothing to do */
    void (*config_read)(PciDevice *dev, unsigned addr, unsigned len);
};

/* in realize. @size: power of two; @type: PCI_BAR_*; the region belongs to the caller */
void pci_register_bar(PciDevice *dev, unsigned n, uint8_t type, MemoryRegion *mr, uint64_t size);
/* appends a capability of @len bytes (id and next included): its offset in config space */
unsigned pci_add_capability(PciDevice *dev, uint8_t id, unsigned len);
void pci_set_irq(PciDevice *dev, int level);            /* INTx of PCI_INTERRUPT_PIN */
static inline bool pci_is_master(const PciDevice *dev)
{ return dev->config[PCI_COMMAND] & PCI_CMD_MASTER; }

/* Boards: @set_irq gets lines 0..3 (INTA..INTD after the swizzle) */
PciBus *pci_bus_new(Device *owner, MemoryRegion *mem, MemoryRegion *io,
                    void (*set_irq)(void *opaque, unsigned line, int level), void *opaque);
uint32_t pci_config_read(PciBus *b, uint8_t bus_no, uint8_t devfn, unsigned addr, unsigned len);
void pci_config_write(PciBus *b, uint8_t bus_no, uint8_t devfn, unsigned addr, uint32_t val,
                      unsigned len);
PciDevice *pci_find(PciBus *b, uint8_t devfn);
void pci_print_info(PciBus *b, FILE *f);                /* info pci */

#endif
