/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Typed properties: one row a kind says how text becomes the field and back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "property-internal.h"
#include "qom/object.h"
#include "qom/parse.h"

static void *field(Object *obj, const Property *p)
{
    return (char *)obj + p->offset;
}

bool parse_bool(const char *text, bool *out)
{
    static const char *const yes[] = { "on", "yes", "true", "y", "1", NULL };
    static const char *const no[] = { "off", "no", "false", "n", "0", NULL };

    *out = g_strv_contains(yes, text);
    return *out || g_strv_contains(no, text);
}

bool parse_u64(const char *text, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 0);
    return end != text && !*end && errno == 0 && text[0] != '-' && !g_ascii_isspace(text[0]);
}

bool parse_i64(const char *text, int64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoll(text, &end, 0);
    return end != text && !*end && errno == 0 && !g_ascii_isspace(text[0]);
}

bool parse_size(const char *text, char default_suffix, uint64_t *out)
{
    static const char suffixes[] = "BKMGTPE";
    char *end;
    double fraction = 0;

    errno = 0;
    uint64_t whole = strtoull(text, &end, 0);
    if (end == text || errno || !g_ascii_isdigit(text[0])) {
        return false;
    }
    if (*end == '.') {
        char *end2;
        fraction = g_ascii_strtod(end, &end2);
        if (end2 == end) {
            return false;
        }
        end = end2;
    }
    char suffix = *end ? g_ascii_toupper(*end) : default_suffix;
    const char *s = strchr(suffixes, suffix);
    if (!s || (*end && end[1])) {
        return false;
    }
    unsigned shift = 10 * (unsigned)(s - suffixes);
    if (shift && whole >> (64 - shift)) {
        return false;
    }
    *out = (whole << shift) + (uint64_t)(fraction * (double)(1ull << shift));
    return true;
}

bool parse_uuid(const char *text, uint8_t out[16])
{
    unsigned n = 0;

    for (const char *c = text; *c; c++) {
        if (*c == '-' && (c - text == 8 || c - text == 13 || c - text == 18 || c - text == 23)) {
            continue;
        }
        if (!g_ascii_isxdigit(*c) || n >= 32) {
            return false;
        }
        uint8_t nibble = (uint8_t)g_ascii_xdigit_value(*c);
        out[n / 2] = (uint8_t)(n % 2 ? out[n / 2] | nibble : nibble << 4);
        n++;
    }
    return n == 32 && strlen(text) == 36;
}

static const struct { uint64_t max; uint8_t bytes; } unsigned_kinds[] = {
    [PROP_U8] = { UINT8_MAX, 1 }, [PROP_U16] = { UINT16_MAX, 2 },
    [PROP_U32] = { UINT32_MAX, 4 }, [PROP_U64] = { UINT64_MAX, 8 },
};

static bool set_unsigned(void *f, const Property *p, const char *text, const char **expects)
{
    uint64_t v;

    *expects = "expects an unsigned integer in range";
    if (!parse_u64(text, &v) || v > unsigned_kinds[p->kind].max) {
        return false;
    }
    memcpy(f, &v, unsigned_kinds[p->kind].bytes);
    return true;
}

static bool set_signed(void *f, const Property *p, const char *text, const char **expects)
{
    int64_t v;

    *expects = "expects an integer in range";
    if (!parse_i64(text, &v) || (p->kind == PROP_I32 && v != (int32_t)v)) {
        return false;
    }
    memcpy(f, &v, p->kind == PROP_I32 ? 4 : 8);
    return true;
}

static bool set_bool(void *f, const Property *p, const char *text, const char **expects)
{
    *expects = "expects 'on' or 'off'";
    return parse_bool(text, f);
}

static bool set_size(void *f, const Property *p, const char *text, const char **expects)
{
    *expects = "expects a size (with suffix K, M, G, T)";
    return parse_size(text, 'B', f);
}

static bool set_str(void *f, const Property *p, const char *text, const char **expects)
{
    char **s = f;

    g_free(*s);
    *s = g_strdup(text);
    return true;
}

static bool set_on_off_auto(void *f, const Property *p, const char *text, const char **expects)
{
    bool b;

    *expects = "expects 'on', 'off' or 'auto'";
    if (strcmp(text, "auto") == 0) {
        *(OnOffAuto *)f = ON_OFF_AUTO_AUTO;
        return true;
    }
    if (!parse_bool(text, &b)) {
        return false;
    }
    *(OnOffAuto *)f = b ? ON_OFF_AUTO_ON : ON_OFF_AUTO_OFF;
    return true;
}

static bool set_uuid(void *f, const Property *p, const char *text, const char **expects)
{
    uint8_t id[16] = { 0 };

    *expects = "expects a UUID or 'auto'";
    if (strcmp(text, "auto") == 0) {
        g_autofree char *fresh = g_uuid_string_random();
        return parse_uuid(fresh, f);
    }
    if (!parse_uuid(text, id)) {
        return false;
    }
    memcpy(f, id, sizeof(id));
    return true;
}

static bool set_link(void *f, const Property *p, const char *text, const char **expects)
{
    Object **link = f, *to = object_resolve(text);

    *expects = "expects the id of an existing object of the right type";
    if (!to || (p->link_type && !object_is(to, p->link_type))) {
        return false;
    }
    object_ref_(to);
    object_unref(*link);
    *link = to;
    return true;
}

static bool set_enum(void *f, const Property *p, const char *text, const char **expects)
{
    *expects = "does not accept that value";
    for (int i = 0; p->names[i]; i++) {
        if (strcmp(p->names[i], text) == 0) {
            *(int *)f = i;
            return true;
        }
    }
    return false;
}

static char *get_unsigned(const void *f, const Property *p)
{
    uint64_t v = 0;

    memcpy(&v, f, unsigned_kinds[p->kind].bytes);
    return g_strdup_printf("%" G_GUINT64_FORMAT, v);
}

static char *get_signed(const void *f, const Property *p)
{
    return g_strdup_printf("%" G_GINT64_FORMAT,
                           p->kind == PROP_I32 ? *(const int32_t *)f : *(const int64_t *)f);
}

static char *get_bool(const void *f, const Property *p)
{
    return g_strdup(*(const bool *)f ? "on" : "off");
}

static char *get_size(const void *f, const Property *p)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT, *(const uint64_t *)f);
}

static char *get_str(const void *f, const Property *p)
{
    return g_strdup(*(char *const *)f ? *(char *const *)f : "");
}

static char *get_on_off_auto(const void *f, const Property *p)
{
    static const char *const names[] = { "auto", "on", "off" };

    return g_strdup(names[*(const OnOffAuto *)f]);
}

static char *get_uuid(const void *f, const Property *p)
{
    GString *s = g_string_new(NULL);

    for (unsigned i = 0; i < 16; i++) {
        g_string_append_printf(s, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                               ((const uint8_t *)f)[i]);
    }
    return g_string_free(s, FALSE);
}

static char *get_link(const void *f, const Property *p)
{
    Object *to = *(Object *const *)f;

    return to ? object_path(to) : g_strdup("");
}

static char *get_enum(const void *f, const Property *p)
{
    return g_strdup(p->names[*(const int *)f]);
}

static const struct {
    bool (*set)(void *f, const Property *p, const char *text, const char **expects);
    char *(*get)(const void *f, const Property *p);
    const char *type_name;
} kinds[] = {
    [PROP_BOOL] = { set_bool, get_bool, "bool" },
    [PROP_U8] = { set_unsigned, get_unsigned, "uint8" },
    [PROP_U16] = { set_unsigned, get_unsigned, "uint16" },
    [PROP_U32] = { set_unsigned, get_unsigned, "uint32" },
    [PROP_U64] = { set_unsigned, get_unsigned, "uint64" },
    [PROP_I32] = { set_signed, get_signed, "int32" },
    [PROP_I64] = { set_signed, get_signed, "int64" },
    [PROP_SIZE] = { set_size, get_size, "size" },
    [PROP_STR] = { set_str, get_str, "str" },
    [PROP_ON_OFF_AUTO] = { set_on_off_auto, get_on_off_auto, "OnOffAuto" },
    [PROP_UUID] = { set_uuid, get_uuid, "str" },
    [PROP_LINK] = { set_link, get_link, "link" },
    [PROP_ENUM] = { set_enum, get_enum, "enum" },
    [PROP_CUSTOM] = { NULL, NULL, "str" },
};

const char *property_type_name(const Property *p)
{
    return kinds[p->kind].type_name;
}

void object_class_foreach_property(ObjectClass *k, void (*fn)(const Property *p, void *opaque),
                                   void *opaque)
{
    for (unsigned t = 0; t < k->n_props_tables; t++) {
        for (const Property *p = k->props_tables[t]; p->name; p++) {
            fn(p, opaque);
        }
    }
}

void object_foreach_property(Object *obj, void (*fn)(const Property *p, void *opaque), void *opaque)
{
    object_class_foreach_property(obj->klass, fn, opaque);
}

const Property *object_find_property(Object *obj, const char *name)
{
    const Property *hit = NULL;     /* the most derived table wins */

    for (unsigned t = 0; t < obj->klass->n_props_tables; t++) {
        for (const Property *p = obj->klass->props_tables[t]; p->name; p++) {
            hit = strcmp(p->name, name) == 0 ? p : hit;
        }
    }
    return hit;
}

bool object_set(Object *obj, const char *name, const char *text, Error **errp)
{
    const Property *p = object_find_property(obj, name);
    const char *expects = "has a bad value";

    if (!p) {
        error_setg(errp, "Property '%s.%s' not found", object_type_name(obj), name);
        return false;
    }
    if (p->set) {
        return p->set(obj, p, text, errp);
    }
    if (!kinds[p->kind].set) {
        error_setg(errp, "Property '%s.%s' is read-only", object_type_name(obj), name);
        return false;
    }
    if (!kinds[p->kind].set(field(obj, p), p, text, &expects)) {
        error_setg(errp, "Property '%s.%s' %s: '%s'", object_type_name(obj), name, expects, text);
        return false;
    }
    return true;
}

char *object_get(Object *obj, const char *name, Error **errp)
{
    const Property *p = object_find_property(obj, name);

    if (!p) {
        error_setg(errp, "Property '%s.%s' not found", object_type_name(obj), name);
        return NULL;
    }
    if (p->get) {
        return p->get(obj, p);
    }
    return kinds[p->kind].get ? kinds[p->kind].get(field(obj, p), p) : g_strdup("");
}

static void set_default(Object *obj, const Property *p)
{
    void *f = field(obj, p);

    switch (p->kind) {
    case PROP_BOOL: *(bool *)f = p->def.b; break;
    case PROP_U8: case PROP_U16: case PROP_U32: case PROP_U64:
        memcpy(f, &p->def.u, unsigned_kinds[p->kind].bytes);
        break;
    case PROP_I32: *(int32_t *)f = (int32_t)p->def.i; break;
    case PROP_I64: *(int64_t *)f = p->def.i; break;
    case PROP_SIZE: *(uint64_t *)f = p->def.u; break;
    case PROP_STR: *(char **)f = g_strdup(p->def.s); break;
    case PROP_ON_OFF_AUTO: *(OnOffAuto *)f = (OnOffAuto)p->def.i; break;
    case PROP_ENUM: *(int *)f = (int)p->def.i; break;
    case PROP_UUID: case PROP_LINK: case PROP_CUSTOM: break;
    }
}

void property_set_defaults(Object *obj)
{
    for (unsigned t = 0; t < obj->klass->n_props_tables; t++) {
        for (const Property *p = obj->klass->props_tables[t]; p->name; p++) {
            if (!p->no_default) {
                set_default(obj, p);
            }
        }
    }
}

void property_free_all(Object *obj)
{
    for (unsigned t = 0; t < obj->klass->n_props_tables; t++) {
        for (const Property *p = obj->klass->props_tables[t]; p->name; p++) {
            if (p->kind == PROP_STR) {
                g_free(*(char **)field(obj, p));
            } else if (p->kind == PROP_LINK) {
                object_unref(*(Object **)field(obj, p));
            }
        }
    }
}
