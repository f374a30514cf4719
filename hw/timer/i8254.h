/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 8254 interval timer and port 0x61 (speaker gate, refresh toggle). */
#ifndef HW_TIMER_I8254_H
#define HW_TIMER_I8254_H

#include "hw/core/device.h"

#define TYPE_I8254 "isa-pit"
#define PIT_HZ 1193182
DECLARE_TYPE(I8254, i8254, TYPE_I8254)

/* @irq: follows the output of channel 0; ports 0x40..0x43 and 0x61 in @io */
I8254 *i8254_new(MemoryRegion *io, IrqLine *irq, Error **errp);
/* the HPET's legacy route takes IRQ 0 away */
void i8254_set_irq_enabled(I8254 *s, bool on);

#endif
