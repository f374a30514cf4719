/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ISA bus: devices on it take their ports and lines themselves. */
#include "hw/misc/misc.h"

static const TypeInfo isa_bus_info = { .name = TYPE_ISA_BUS, .parent = TYPE_BUS };
TYPE_REGISTER(isa_bus_info)

Bus *isa_bus_new(Device *owner)
{
    return bus_new(TYPE_ISA_BUS, owner, "isa.0");
}
