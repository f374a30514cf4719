/* SPDX-License-Identifier: GPL-2.0-or-later */
/* isa-debug-exit: a port that ends the emulator; isa-debugcon: a port that prints. */
#include "hw/misc/misc.h"

typedef struct DebugExit {
    Device parent;
    uint32_t iobase, iosize;
    MemoryRegion mr;
} DebugExit;

static uint64_t debug_exit_read(void *opaque, uint64_t ofs, unsigned n)
{
    return 0;
}

static void debug_exit_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{
    machine_services()->debug_exit((int)(v << 1 | 1));
}

static const MemoryRegionOps debug_exit_ops = {
    .read = debug_exit_read, .write = debug_exit_write, .valid_max = 4,
};

static bool port_range_ok(const char *type, uint32_t base, uint32_t size, Error **errp)
{
    if (size == 0 || base >= 0x10000 || size > 0x10000 - base) {
        error_setg(errp, "%s: iobase 0x%x and iosize 0x%x do not fit the ports", type, base, size);
        return false;
    }
    return true;
}

static bool debug_exit_realize(Device *dev, Error **errp)
{
    DebugExit *s = (DebugExit *)dev;

    if (!port_range_ok(TYPE_DEBUG_EXIT, s->iobase, s->iosize, errp)) {
        return false;
    }
    memory_region_init_io(&s->mr, s, &debug_exit_ops, s, TYPE_DEBUG_EXIT, s->iosize);
    memory_region_add(machine_services()->system_io, s->iobase, &s->mr);
    return true;
}

static const Property debug_exit_props[] = {
    PROP(U32, "iobase", DebugExit, iobase, .def.u = 0x501),
    PROP(U32, "iosize", DebugExit, iosize, .def.u = 2),
    {0}
};

static void debug_exit_class_init(ObjectClass *klass)
{
    DeviceClass *dc = device_class(klass);

    dc->bus_type = TYPE_ISA_BUS;
    dc->category = "Misc";
    dc->user_creatable = true;
    dc->realize = debug_exit_realize;
}

static const TypeInfo debug_exit_info = {
    .name = TYPE_DEBUG_EXIT, .parent = TYPE_DEVICE, .size = sizeof(DebugExit),
    .desc = "port that ends the emulator with status value * 2 + 1",
    .props = debug_exit_props, .class_init = debug_exit_class_init,
};
TYPE_REGISTER(debug_exit_info)

/* ---- isa-debugcon ---- */

typedef struct Debugcon {
    Device parent;
    uint32_t iobase, readback;
    Chardev *chr;
    MemoryRegion mr;
} Debugcon;

static uint64_t debugcon_read(void *opaque, uint64_t ofs, unsigned n)
{
    return ((Debugcon *)opaque)->readback;
}

static void debugcon_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{
    Debugcon *s = opaque;
    uint8_t c = v;

    if (s->chr) {
        chardev_write(s->chr, &c, 1);
    }
}

static const MemoryRegionOps debugcon_ops = {
    .read = debugcon_read, .write = debugcon_write, .valid_max = 1,
};

static bool debugcon_realize(Device *dev, Error **errp)
{
    Debugcon *s = (Debugcon *)dev;

    if (!port_range_ok(TYPE_DEBUGCON, s->iobase, 1, errp)) {
        return false;
    }
    memory_region_init_io(&s->mr, s, &debugcon_ops, s, TYPE_DEBUGCON, 1);
    memory_region_add_overlap(machine_services()->system_io, s->iobase, &s->mr, 1);
    if (s->chr) {
        static const ChardevHandlers none;
        chardev_attach(s->chr, &none, s);
    }
    return true;
}

static bool set_chardev(Object *obj, const Property *p, const char *text, Error **errp)
{
    Debugcon *s = (Debugcon *)obj;

    s->chr = chardev_find(text);
    if (!s->chr) {
        error_setg(errp, "Property '%s.%s' can't find value '%s'", object_type_name(obj), p->name,
                   text);
    }
    return s->chr != NULL;
}

static char *get_chardev(Object *obj, const Property *p)
{
    Debugcon *s = (Debugcon *)obj;

    return g_strdup(s->chr ? chardev_id(s->chr) : "");
}

static const Property debugcon_props[] = {
    PROP(U32, "iobase", Debugcon, iobase, .def.u = 0xe9),
    PROP(U32, "readback", Debugcon, readback, .def.u = 0xe9),
    PROP(CUSTOM, "chardev", Debugcon, chr, .get = get_chardev, .set = set_chardev,
         .no_default = true, .desc = "ID of a chardev to use as a backend"),
    {0}
};

Device *debugcon_new(Bus *b, uint32_t iobase, Chardev *chr, Error **errp)
{
    Debugcon *s = (Debugcon *)object_new(TYPE_DEBUGCON);

    s->iobase = iobase;
    s->chr = chr;
    return device_realize(&s->parent, b, NULL, errp) ? &s->parent : NULL;
}

static void debugcon_class_init(ObjectClass *klass)
{
    DeviceClass *dc = device_class(klass);

    dc->bus_type = TYPE_ISA_BUS;
    dc->category = "Misc";
    dc->user_creatable = true;
    dc->realize = debugcon_realize;
}

static const TypeInfo debugcon_info = {
    .name = TYPE_DEBUGCON, .parent = TYPE_DEVICE, .size = sizeof(Debugcon),
    .desc = "port that prints characters", .props = debugcon_props,
    .class_init = debugcon_class_init,
};
TYPE_REGISTER(debugcon_info)
