/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small things a PC has. */
#ifndef HW_MISC_MISC_H
#define HW_MISC_MISC_H

#include "chardev/chardev.h"
#include "hw/core/device.h"

#define TYPE_ISA_BUS "ISA"
#define TYPE_PORT92 "port92"
#define TYPE_DEBUG_EXIT "isa-debug-exit"
#define TYPE_DEBUGCON "isa-debugcon"

Bus *isa_bus_new(Device *owner);        /* named isa.0 */
Device *port92_new(MemoryRegion *io, Error **errp);
/* bytes written to @iobase go to @chr; reads give 0xe9 */
Device *debugcon_new(Bus *bus, uint32_t iobase, Chardev *chr, Error **errp);

#endif
