/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Port 0x92 of PS/2 machines: fast A20 (always on here) and fast reset. */
#include "hw/misc/misc.h"

enum { P92_RESET = 1, P92_A20 = 2 };

typedef struct Port92 {
    Device parent;
    uint8_t value;              /* big lock */
    MemoryRegion mr;
    MemoryRegion *io;
} Port92;

static uint64_t port92_read(void *opaque, uint64_t ofs, unsigned n)
{
    return ((Port92 *)opaque)->value;
}

static void port92_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{
    Port92 *s = opaque;
    bool reset = (v & P92_RESET) && !(s->value & P92_RESET);

    s->value = v;
    if (reset) {
        machine_services()->reset_request(true);
    }
}

static const MemoryRegionOps port92_ops = {
    .read = port92_read, .write = port92_write, .impl_max = 1,
};

static void port92_reset(Device *dev)
{
    ((Port92 *)dev)->value = P92_A20;
}

Device *port92_new(MemoryRegion *io, Error **errp)
{
    Port92 *s = (Port92 *)object_new(TYPE_PORT92);

    memory_region_init_io(&s->mr, s, &port92_ops, s, "port92", 1);
    memory_region_add(io, 0x92, &s->mr);
    port92_reset(&s->parent);
    return device_realize(&s->parent, NULL, NULL, errp) ? &s->parent : NULL;
}

static const TypeInfo port92_info = {
    .name = TYPE_PORT92, .parent = TYPE_DEVICE, .size = sizeof(Port92),
    .class_init = device_class_methods,
    .class_data = &(const DeviceMethods){ .reset = port92_reset },
};
TYPE_REGISTER(port92_info)
