/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PC's pair of 8259 interrupt controllers. */
#ifndef HW_INTC_I8259_H
#define HW_INTC_I8259_H

#include "hw/core/device.h"

#define TYPE_I8259 "isa-i8259"
DECLARE_TYPE(I8259, i8259, TYPE_I8259)

/* @intr: raised while an interrupt waits; ports 0x20, 0xa0, 0x4d0 in @io */
I8259 *i8259_new(MemoryRegion *io, IrqLine *intr, Error **errp);
void i8259_set_irq(I8259 *s, unsigned irq, int level);          /* 0..15 */
int i8259_ack(I8259 *s);                /* INTA cycle: the vector */
bool i8259_pending(const I8259 *s);     /* INTR is high */

#endif
