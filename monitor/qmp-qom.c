/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP commands on objects, types and devices. */
#include <string.h>
#include "hw/core/device.h"
#include "monitor-internal.h"
#include "qapi/qapi-commands.h"
#include "qapi/qapi-events.h"
#include "qom/object.h"
#include "qom/parse.h"

static Object *find_object(const char *path, Error **errp)
{
    Object *obj = object_resolve(path);

    if (!obj) {
        error_set(errp, ERROR_CLASS_DEVICE_NOT_FOUND, "Device '%s' not found", path);
    }
    return obj;
}

/* ---- values ---- */

static bool kind_is_integer(PropKind k)
{
    return k == PROP_U8 || k == PROP_U16 || k == PROP_U32 || k == PROP_U64 || k == PROP_I32 ||
           k == PROP_I64 || k == PROP_SIZE;
}

static Json *value_of_text(const Property *p, const char *text)
{
    uint64_t u;
    int64_t i;
    bool b;

    if (p->json) {
        return json_parse(text, NULL);
    }
    if (p->kind == PROP_BOOL && parse_bool(text, &b)) {
        return json_bool(b);
    }
    if (kind_is_integer(p->kind) && parse_u64(text, &u)) {
        return json_uint(u);
    }
    if (kind_is_integer(p->kind) && parse_i64(text, &i)) {
        return json_int(i);
    }
    if (p->kind == PROP_SIZE && parse_size(text, 'B', &u)) {
        return json_uint(u);
    }
    return json_string(text);
}

Json *qmp_qom_get(const char *path, const char *property, Error **errp)
{
    Object *obj = find_object(path, errp);

    if (!obj) {
        return NULL;
    }
    if (strcmp(property, "type") == 0) {
        return json_string(object_type_name(obj));
    }
    g_autofree char *text = object_get(obj, property, errp);
    const Property *p = text ? object_find_property(obj, property) : NULL;

    return !text ? NULL : p ? value_of_text(p, text) : json_string(text);
}

static char *text_of_value(const Json *v)
{
    switch (json_type(v)) {
    case JSON_STRING: return g_strdup(json_get_string(v));
    case JSON_BOOL: return g_strdup(json_get_bool(v) ? "on" : "off");
    case JSON_INT:
    case JSON_UINT:
    case JSON_DOUBLE: return json_to_text(v, false);
    default: return NULL;
    }
}

bool qmp_qom_set(const char *path, const char *property, const Json *value, Error **errp)
{
    Object *obj = find_object(path, errp);

    if (!obj) {
        return false;
    }
    const Property *p = object_find_property(obj, property);
    g_autofree char *text = text_of_value(value);

    if (p && (!text || (kind_is_integer(p->kind) && !json_is(value, JSON_INT)) ||
              (p->kind == PROP_BOOL && !json_is(value, JSON_BOOL)))) {
        error_setg(errp, "Invalid parameter type for '%s', expected: %s", property,
                   p->kind == PROP_BOOL ? "boolean" : kind_is_integer(p->kind) ? "integer"
                                                                                : "string");
        return false;
    }
    return object_set(obj, property, text ? text : "", errp);
}

/* ---- lists ---- */

static ObjectPropertyInfo *property_info(const char *name, const char *type, const char *desc)
{
    ObjectPropertyInfo *i = ObjectPropertyInfo_new();

    i->name = g_strdup(name);
    i->type = g_strdup(type);
    i->description = g_strdup(desc);
    return i;
}

static void add_property(const Property *p, void *opaque)
{
    g_ptr_array_add(opaque, property_info(p->name, property_type_name(p), p->desc));
}

static void add_property_plain(const Property *p, void *opaque)
{
    g_ptr_array_add(opaque, property_info(p->name, property_type_name(p), NULL));
}

static void add_child(Object *child, void *opaque)
{
    g_autofree char *type = g_strdup_printf("child<%s>", object_type_name(child));

    g_ptr_array_add(opaque, property_info(child->id, type, NULL));
}

GPtrArray *qmp_qom_list(const char *path, Error **errp)
{
    Object *obj = find_object(path, errp);

    if (!obj) {
        return NULL;
    }
    GPtrArray *out = g_ptr_array_new();
    g_ptr_array_add(out, property_info("type", "string", NULL));
    object_foreach_property(obj, add_property_plain, out);
    object_foreach_child(obj, add_child, out);
    return out;
}

static void add_type(ObjectClass *k, void *opaque)
{
    ObjectTypeInfo *i = ObjectTypeInfo_new();
    ObjectClass *super = object_class_parent(k);

    i->name = g_strdup(k->name);
    i->has_abstract = i->abstract = k->type->abstract;
    i->parent = super ? g_strdup(super->name) : NULL;
    g_ptr_array_add(opaque, i);
}

GPtrArray *qmp_qom_list_types(const char *implements, bool has_abstract, bool abstract,
                              Error **errp)
{
    GPtrArray *out = g_ptr_array_new();

    object_class_foreach(implements ? implements : "object", abstract, add_type, out);
    return out;
}

GPtrArray *qmp_qom_list_properties(const char *typename, Error **errp)
{
    ObjectClass *k = object_class_by_name(typename);

    if (!k) {
        error_set(errp, ERROR_CLASS_DEVICE_NOT_FOUND, "Class '%s' not found", typename);
        return NULL;
    }
    GPtrArray *out = g_ptr_array_new();
    g_ptr_array_add(out, property_info("type", "string", NULL));
    object_class_foreach_property(k, add_property, out);
    return out;
}

GPtrArray *qmp_device_list_properties(const char *typename, Error **errp)
{
    ObjectClass *k = object_class_by_name(typename);

    if (!k) {
        error_set(errp, ERROR_CLASS_DEVICE_NOT_FOUND, "Device '%s' not found", typename);
        return NULL;
    }
    if (!object_class_is(k, TYPE_DEVICE) || k->type->abstract) {
        error_setg(errp, "Parameter 'typename' expects a non-abstract device type");
        return NULL;
    }
    GPtrArray *out = g_ptr_array_new();
    object_class_foreach_property(k, add_property, out);
    return out;
}

/* ---- objects ---- */

Json *qmp_object_add(const Json *args, Error **errp)
{
    static const char *const needed[] = { "qom-type", "id" };
    g_autoptr(Opts) o = opts_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(needed); i++) {
        if (!json_get_string(json_get(args, needed[i]))) {
            error_setg(errp, "Parameter '%s' is missing", needed[i]);
            return NULL;
        }
    }
    if (!opts_from_json(o, args, errp) || !monitor_vm->object_add(o, errp)) {
        return NULL;
    }
    return json_object();
}

bool qmp_object_del(const char *id, Error **errp)
{
    return monitor_vm->object_del(id, errp);
}

/* ---- devices ---- */

Json *qmp_device_add(const Json *args, Error **errp)
{
    g_autoptr(Opts) o = opts_new();

    if (!opts_from_json(o, args, errp)) {
        return NULL;
    }
    g_autofree char *driver = g_strdup(opts_get(o, "driver"));
    g_autofree char *id = g_strdup(opts_get(o, "id"));
    if (!driver) {
        error_setg(errp, "Parameter 'driver' is missing");
        return NULL;
    }
    opts_remove(o, "driver");
    opts_remove(o, "id");
    g_autofree KeyValue *kv = g_new0(KeyValue, o->n + 1);
    for (unsigned i = 0; i < o->n; i++) {
        kv[i] = (KeyValue){ o->v[i].key, o->v[i].value };
    }
    return device_add_opts(driver, id, kv, o->n, true, errp) ? json_object() : NULL;
}

bool qmp_device_del(const char *id, Error **errp)
{
    Device *dev = device_find(id);

    if (!dev) {
        error_set(errp, ERROR_CLASS_DEVICE_NOT_FOUND, "Device '%s' not found", id);
        return false;
    }
    DeviceClass *k = device_get_class(dev);
    if (!k->hotpluggable || !k->unrealize) {
        error_setg(errp, "Device '%s' does not support hotplugging", object_type_name(dev));
        return false;
    }
    g_autofree char *path = object_path(OBJECT(dev));
    g_autofree char *name = g_strdup(dev->parent.id);
    device_unrealize(dev);
    qapi_event_send_device_deleted(name, path);
    return true;
}
