/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices, buses and what -device makes of them. Everything under the big lock. */
#include "hw/core/device.h"
#include <string.h>
#include "qom/parse.h"

static GPtrArray *all_devices;      /* realized, in order of creation; borrowed */
static GPtrArray *all_buses;        /* in order of creation; borrowed */
static MachineServices services;

typedef struct GlobalProperty { char *driver, *prop, *value; } GlobalProperty;
static GArray *globals;

static const TypeInfo device_info = {
    .name = TYPE_DEVICE, .size = sizeof(Device), .class_size = sizeof(DeviceClass),
    .abstract = true,
};
TYPE_REGISTER(device_info)

static void bus_finalize(Object *obj)
{
    Bus *b = bus(obj);

    g_ptr_array_remove(all_buses, b);
    g_ptr_array_free(b->devices, TRUE);
}

static const TypeInfo bus_info = {
    .name = TYPE_BUS, .size = sizeof(Bus), .finalize = bus_finalize,
};
TYPE_REGISTER(bus_info)

MachineServices *machine_services(void)
{
    if (!services.acpi_builders) {
        services.acpi_builders = g_ptr_array_new();
    }
    return &services;
}

/* ---- buses ---- */

Bus *bus_new(const char *type, Device *owner, const char *name)
{
    Object *obj = object_new(type);
    Bus *b = bus(obj);

    b->owner = owner;
    b->devices = g_ptr_array_new();
    if (!all_buses) {
        all_buses = g_ptr_array_new();
    }
    g_ptr_array_add(all_buses, b);
    object_add_child(owner ? OBJECT(owner) : object_container("/machine"), name, obj);
    if (owner) {
        if (!owner->child_buses) {
            owner->child_buses = g_ptr_array_new();
        }
        g_ptr_array_add(owner->child_buses, b);
    }
    return b;
}

Bus *bus_find(const char *type)
{
    for (unsigned i = 0; all_buses && i < all_buses->len; i++) {
        if (object_is(all_buses->pdata[i], type)) {
            return all_buses->pdata[i];
        }
    }
    return NULL;
}

static Bus *bus_find_id(const char *id)
{
    for (unsigned i = 0; all_buses && i < all_buses->len; i++) {
        Bus *b = all_buses->pdata[i];
        if (strcmp(b->parent.id, id) == 0) {
            return b;
        }
    }
    return NULL;
}

/* ---- life of a device ---- */

static Object *device_parent(Device *dev, bool named)
{
    if (dev->bus && dev->bus->owner && !named) {
        return OBJECT(dev->bus->owner);
    }
    return object_container(named ? "/machine/peripheral" : "/machine/unattached");
}

void device_class_methods(ObjectClass *klass)
{
    const DeviceMethods *m = klass->type->class_data;
    DeviceClass *dc = device_class(klass);

    dc->realize = m->realize;
    dc->reset = m->reset;
    dc->print_info = m->print_info;
}

bool device_realize(Device *dev, Bus *b, const char *id, Error **errp)
{
    DeviceClass *k = device_get_class(dev);
    static unsigned counter;
    g_autofree char *made = id ? NULL : g_strdup_printf("device[%u]", counter++);

    g_assert(!dev->realized);
    if (id && object_resolve(id)) {
        error_setg(errp, "Duplicate device ID '%s'", id);
        object_unref(dev);
        return false;
    }
    if (b && b->max_devices && b->devices->len >= b->max_devices) {
        error_setg(errp, "Bus '%s' is full", b->parent.id);
        object_unref(dev);
        return false;
    }
    dev->bus = b;
    object_add_child(device_parent(dev, id != NULL), id ? id : made, OBJECT(dev));
    if (b) {
        g_ptr_array_add(b->devices, dev);
    }
    if (k->realize && !k->realize(dev, errp)) {
        if (b) {
            g_ptr_array_remove(b->devices, dev);
        }
        object_unparent(OBJECT(dev));
        return false;
    }
    dev->realized = true;
    if (!all_devices) {
        all_devices = g_ptr_array_new();
    }
    g_ptr_array_add(all_devices, dev);
    if (dev->hotplugged && k->reset) {
        k->reset(dev);
    }
    return true;
}

void device_unrealize(Device *dev)
{
    DeviceClass *k = device_get_class(dev);

    if (dev->realized) {
        if (k->unrealize) {
            k->unrealize(dev);
        }
        dev->realized = false;
        g_ptr_array_remove(all_devices, dev);
    }
    if (dev->bus) {
        g_ptr_array_remove(dev->bus->devices, dev);
        dev->bus = NULL;
    }
    if (dev->child_buses) {
        g_ptr_array_free(dev->child_buses, TRUE);
        dev->child_buses = NULL;
    }
    object_unparent(OBJECT(dev));
}

Device *device_find(const char *id_or_path)
{
    Object *obj = object_resolve(id_or_path);

    return object_is(obj, TYPE_DEVICE) ? device(obj) : NULL;
}

Device *device_find_type(const char *type, Device *after)
{
    bool past = !after;

    for (unsigned i = 0; all_devices && i < all_devices->len; i++) {
        Device *d = all_devices->pdata[i];
        if (past && object_is(d, type)) {
            return d;
        }
        past |= d == after;
    }
    return NULL;
}

void device_reset_all(void)
{
    for (unsigned i = 0; all_devices && i < all_devices->len; i++) {
        Device *d = all_devices->pdata[i];
        if (device_get_class(d)->reset) {
            device_get_class(d)->reset(d);
        }
    }
    for (unsigned i = 0; all_buses && i < all_buses->len; i++) {
        Bus *b = all_buses->pdata[i];
        if (b->reset) {
            b->reset(b);
        }
    }
}

/* ---- info qtree ---- */

typedef struct PrintProps { FILE *f; Object *obj; int indent; } PrintProps;

static void print_property(const Property *p, void *opaque)
{
    PrintProps *pp = opaque;
    g_autoptr(Error) err = NULL;
    g_autofree char *text = object_get(pp->obj, p->name, &err);

    if (text) {
        bool quote = p->kind == PROP_STR || p->kind == PROP_UUID || p->kind == PROP_LINK;
        fprintf(pp->f, "%*s%s = %s%s%s\n", pp->indent, "", p->name, quote ? "\"" : "", text,
                quote ? "\"" : "");
    }
}

static void print_bus(FILE *f, Bus *b, int indent);

static void print_device(FILE *f, Device *d, int indent)
{
    PrintProps pp = { f, OBJECT(d), indent + 2 };

    fprintf(f, "%*sdev: %s, id \"%s\"\n", indent, "", object_type_name(d),
            d->parent.id && d->parent.id[0] != 'd' ? d->parent.id : "");
    object_foreach_property(OBJECT(d), print_property, &pp);
    if (device_get_class(d)->print_info) {
        device_get_class(d)->print_info(d, f);
    }
    for (unsigned i = 0; d->child_buses && i < d->child_buses->len; i++) {
        print_bus(f, d->child_buses->pdata[i], indent + 2);
    }
}

static void print_bus(FILE *f, Bus *b, int indent)
{
    fprintf(f, "%*sbus: %s\n%*stype %s\n", indent, "", b->parent.id, indent + 2, "",
            object_type_name(b));
    for (unsigned i = 0; i < b->devices->len; i++) {
        print_device(f, b->devices->pdata[i], indent + 2);
    }
}

void device_print_tree(FILE *f)
{
    fprintf(f, "bus: main-system-bus\n  type System\n");
    for (unsigned i = 0; all_devices && i < all_devices->len; i++) {
        Device *d = all_devices->pdata[i];
        if (!d->bus) {
            print_device(f, d, 2);
        }
    }
    for (unsigned i = 0; all_buses && i < all_buses->len; i++) {
        Bus *b = all_buses->pdata[i];
        if (!b->owner) {
            print_bus(f, b, 2);
        }
    }
}

/* ---- -device, -global ---- */

void global_property_add(const char *driver, const char *prop, const char *value)
{
    GlobalProperty g = { g_strdup(driver), g_strdup(prop), g_strdup(value) };

    if (!globals) {
        globals = g_array_new(FALSE, FALSE, sizeof(GlobalProperty));
    }
    g_array_append_val(globals, g);
}

static bool apply_globals(Device *dev, Error **errp)
{
    for (unsigned i = 0; globals && i < globals->len; i++) {
        GlobalProperty *g = &g_array_index(globals, GlobalProperty, i);
        if (object_is(dev, g->driver) && !object_set(OBJECT(dev), g->prop, g->value, errp)) {
            error_prepend(errp, "can't apply global %s.%s=%s: ", g->driver, g->prop, g->value);
            return false;
        }
    }
    return true;
}

static DeviceClass *creatable_class(const char *driver, Error **errp)
{
    ObjectClass *k = object_class_by_name(driver);

    if (!k || !object_class_is(k, TYPE_DEVICE)) {
        error_setg(errp, "'%s' is not a valid device model name", driver);
        return NULL;
    }
    if (k->type->abstract || !device_class(k)->user_creatable) {
        error_setg(errp, "Parameter 'driver' expects a pluggable device type");
        return NULL;
    }
    return device_class(k);
}

static bool choose_bus(DeviceClass *k, const char *driver, const char *bus_id, Bus **out,
                       Error **errp)
{
    *out = NULL;
    if (!k->bus_type) {
        if (bus_id) {
            error_setg(errp, "Device '%s' can't go on a bus", driver);
            return false;
        }
        return true;
    }
    if (bus_id) {
        *out = bus_find_id(bus_id);
        if (!*out) {
            error_setg(errp, "Bus '%s' not found", bus_id);
            return false;
        }
        if (!object_is(*out, k->bus_type)) {
            error_setg(errp, "Device '%s' can't go on %s bus", driver, object_type_name(*out));
            return false;
        }
        return true;
    }
    *out = bus_find(k->bus_type);
    if (!*out && k->default_bus) {
        *out = k->default_bus(errp);
        return *out;
    }
    if (!*out) {
        error_setg(errp, "No '%s' bus found for device '%s'", k->bus_type, driver);
        return false;
    }
    return true;
}

Device *device_add_opts(const char *driver, const char *id, const KeyValue *opts, unsigned n_opts,
                        bool hotplug, Error **errp)
{
    DeviceClass *k = creatable_class(driver, errp);
    const char *bus_id = NULL;
    Bus *b;

    for (unsigned i = 0; i < n_opts; i++) {
        if (strcmp(opts[i].key, "bus") == 0) {
            bus_id = opts[i].value;
        }
    }
    if (!k || !choose_bus(k, driver, bus_id, &b, errp)) {
        return NULL;
    }
    if (hotplug && !k->hotpluggable) {
        error_setg(errp, "Device '%s' does not support hotplugging", driver);
        return NULL;
    }
    Device *dev = device(object_new(driver));
    dev->hotplugged = hotplug;
    bool good = apply_globals(dev, errp);
    for (unsigned i = 0; good && i < n_opts; i++) {
        if (strcmp(opts[i].key, "bus") != 0) {
            good = object_set(OBJECT(dev), opts[i].key, opts[i].value, errp);
        }
    }
    if (!good) {
        object_unref(dev);
        return NULL;
    }
    return device_realize(dev, b, id, errp) ? dev : NULL;
}

static void help_line(ObjectClass *k, void *opaque)
{
    DeviceClass *dk = device_class(k);

    if (dk->user_creatable) {
        fprintf(opaque, "name \"%s\"", k->name);
        if (dk->bus_type) {
            fprintf(opaque, ", bus %s", dk->bus_type);
        }
        if (k->type->desc) {
            fprintf(opaque, ", desc \"%s\"", k->type->desc);
        }
        fputc('\n', opaque);
    }
}

void device_help(FILE *f)
{
    object_class_foreach(TYPE_DEVICE, false, help_line, f);
}

static void help_property(const Property *p, void *opaque)
{
    fprintf(opaque, "  %s=<%s>", p->name, property_type_name(p));
    if (p->desc) {
        fprintf(opaque, "%*s- %s", (int)MAX(1, 20 - (int)strlen(p->name)), "", p->desc);
    }
    fputc('\n', opaque);
}

bool device_help_props(const char *driver, FILE *f, Error **errp)
{
    DeviceClass *k = creatable_class(driver, errp);

    if (!k) {
        return false;
    }
    fprintf(f, "%s options:\n", driver);
    object_class_foreach_property(&k->parent, help_property, f);
    return true;
}
