/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 16550A UART on the ISA bus. */
#ifndef HW_CHAR_SERIAL_H
#define HW_CHAR_SERIAL_H

#include "chardev/chardev.h"
#include "hw/core/device.h"

#define TYPE_ISA_SERIAL "isa-serial"

/* COM@index + 1 at its usual port and line; @bus: ISA; @chr NULL: nobody listens */
Device *serial_new(Bus *bus, unsigned index, Chardev *chr, Error **errp);
/* gives back ends what waits for the end of a line */
void serial_flush_all(void);
uint16_t serial_iobase(unsigned index);
unsigned serial_irq(unsigned index);
/* true if COM@index + 1 exists (for the ACPI tables) */
bool serial_present(unsigned index);

#endif
