/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PC keyboard controller with a PS/2 keyboard and mouse behind it. */
#ifndef HW_INPUT_I8042_H
#define HW_INPUT_I8042_H

#include "hw/core/device.h"

#define TYPE_I8042 "i8042"
DECLARE_TYPE(I8042, i8042, TYPE_I8042)

/* ports 0x60 and 0x64 in @io */
I8042 *i8042_new(MemoryRegion *io, IrqLine *kbd_irq, IrqLine *mouse_irq, Error **errp);
/* scan code bytes of a key press (set 2, as the wire has them); dropped when the queue is full */
void i8042_key_bytes(I8042 *s, const uint8_t *bytes, unsigned n);

#endif
