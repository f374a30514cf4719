/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 440FX host bridge with the PIIX functions that a PC needs. */
#ifndef HW_PCI_I440FX_H
#define HW_PCI_I440FX_H

#include "hw/acpi/pm.h"
#include "hw/pci/pci.h"

typedef struct I440FxConfig {
    MemoryRegion *mem, *io;
    void (*set_isa_irq)(void *opaque, unsigned irq, int level); /* where PIRQs are routed to */
    void *opaque;
    AcpiPm *pm;                         /* NULL: no PM function */
} I440FxConfig;

/* host bridge, ISA bridge (8086:7000) and PM function (8086:7113); ports 0xcf8..0xcff */
PciBus *i440fx_new(const I440FxConfig *cfg, Error **errp);
Bus *i440fx_isa_bus(PciBus *b);
/* what firmware would have written: PIRQ routes and the PM base */
void i440fx_firmware_setup(PciBus *b);
/* IRQ that INTA..INTD lines go to after i440fx_firmware_setup() */
extern const uint8_t i440fx_pirq_routes[PCI_N_IRQS];

#endif
