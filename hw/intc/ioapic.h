/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The I/O APIC: 24 pins, redirected to local APICs. */
#ifndef HW_INTC_IOAPIC_H
#define HW_INTC_IOAPIC_H

#include "hw/core/device.h"

#define TYPE_IOAPIC "ioapic"
#define IOAPIC_PINS 24
#define IOAPIC_GPA 0xfec00000u
DECLARE_TYPE(IOApic, ioapic, TYPE_IOAPIC)

/* sends an interrupt in the format of a message-signalled one */
typedef void IOApicSend(uint64_t gpa, uint32_t data);

IOApic *ioapic_new(MemoryRegion *mem, uint64_t gpa, IOApicSend *send, Error **errp);
void ioapic_set_irq(IOApic *s, unsigned pin, int level);
void ioapic_eoi(IOApic *s, uint8_t vector);     /* a local APIC ended a level interrupt */

#endif
