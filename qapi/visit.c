/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qapi/visit.h"
#include <string.h>

#define INT_TYPE(ident, text, lo, hi) \
    const QapiType ident = { QAPI_INT, text, sizeof(int64_t), .min = lo, .max = hi };
#define UINT_TYPE(ident, text, hi) \
    const QapiType ident = { QAPI_UINT, text, sizeof(uint64_t), .umax = hi };
INT_TYPE(qapi_int, "int", INT64_MIN, INT64_MAX)
INT_TYPE(qapi_int8, "int8", INT8_MIN, INT8_MAX)
INT_TYPE(qapi_int16, "int16", INT16_MIN, INT16_MAX)
INT_TYPE(qapi_int32, "int32", INT32_MIN, INT32_MAX)
INT_TYPE(qapi_int64, "int64", INT64_MIN, INT64_MAX)
UINT_TYPE(qapi_uint8, "uint8", UINT8_MAX)
UINT_TYPE(qapi_uint16, "uint16", UINT16_MAX)
UINT_TYPE(qapi_uint32, "uint32", UINT32_MAX)
UINT_TYPE(qapi_uint64, "uint64", UINT64_MAX)
UINT_TYPE(qapi_size, "size", UINT64_MAX)
const QapiType qapi_bool = { QAPI_BOOL, "bool", sizeof(bool) };
const QapiType qapi_number = { QAPI_NUMBER, "number", sizeof(double) };
const QapiType qapi_str = { QAPI_STR, "string", sizeof(char *) };
const QapiType qapi_any = { QAPI_ANY, "any", sizeof(Json *) };

static void *at(const void *base, size_t offset)
{
    return (char *)base + offset;
}

static bool by_pointer(const QapiType *t)
{
    return t->kind == QAPI_STR || t->kind == QAPI_ANY || t->kind == QAPI_STRUCT;
}

static bool member_present(const QapiMember *m, const void *base)
{
    if (!m->optional) {
        return true;
    }
    return m->has_offset ? *(bool *)at(base, m->has_offset)
                         : *(void **)at(base, m->offset) != NULL;
}

static const QapiType *variant_of(const QapiType *t, const void *base)
{
    return t->variants ? t->variants[*(int *)at(base, t->tag_offset)] : NULL;
}

/* ---- out ---- */

static void members_to_json(const QapiType *t, const void *base, Json *out)
{
    for (const QapiMember *m = t->members; m->name; m++) {
        if (member_present(m, base)) {
            json_set(out, m->name, qapi_to_json(m->type, at(base, m->offset)));
        }
    }
    const QapiType *v = variant_of(t, base);
    if (v) {
        members_to_json(v, *(void **)at(base, t->variants_offset), out);
    }
}

static Json *list_to_json(const QapiType *t, const void *list)
{
    Json *out = json_array();

    if (!list) {
        return out;
    }
    if (by_pointer(t->element)) {
        const GPtrArray *a = list;
        for (unsigned i = 0; i < a->len; i++) {
            json_add(out, qapi_to_json(t->element, &a->pdata[i]));
        }
    } else {
        const GArray *a = list;
        for (unsigned i = 0; i < a->len; i++) {
            json_add(out, qapi_to_json(t->element, a->data + i * t->element->size));
        }
    }
    return out;
}

Json *qapi_to_json(const QapiType *t, const void *field)
{
    switch (t->kind) {
    case QAPI_BOOL: return json_bool(*(const bool *)field);
    case QAPI_INT: return json_int(*(const int64_t *)field);
    case QAPI_UINT: return json_uint(*(const uint64_t *)field);
    case QAPI_NUMBER: return json_double(*(const double *)field);
    case QAPI_STR: return json_string(*(char *const *)field);
    case QAPI_ANY: return *(Json *const *)field ? json_copy(*(Json *const *)field) : json_null();
    case QAPI_ENUM: return json_string(t->names[*(const int *)field]);
    case QAPI_LIST: return list_to_json(t, *(void *const *)field);
    case QAPI_STRUCT: break;
    }
    Json *out = json_object();
    if (*(void *const *)field) {
        members_to_json(t, *(void *const *)field, out);
    }
    return out;
}

/* ---- freeing ---- */

static void members_clear(const QapiType *t, void *base)
{
    const QapiType *v = variant_of(t, base);

    if (v && *(void **)at(base, t->variants_offset)) {
        members_clear(v, *(void **)at(base, t->variants_offset));
        g_free(*(void **)at(base, t->variants_offset));
    }
    for (const QapiMember *m = t->members; m->name; m++) {
        qapi_clear(m->type, at(base, m->offset));
    }
}

static void list_free(const QapiType *t, void *list)
{
    if (!list) {
        return;
    }
    if (by_pointer(t->element)) {
        GPtrArray *a = list;
        for (unsigned i = 0; i < a->len; i++) {
            qapi_clear(t->element, &a->pdata[i]);
        }
        g_ptr_array_free(a, TRUE);
    } else {
        g_array_free(list, TRUE);
    }
}

void qapi_clear(const QapiType *t, void *field)
{
    void **p = field;

    switch (t->kind) {
    case QAPI_STR: g_free(*p); break;
    case QAPI_ANY: json_free(*p); break;
    case QAPI_LIST: list_free(t, *p); break;
    case QAPI_STRUCT:
        if (*p) {
            members_clear(t, *p);
            g_free(*p);
        }
        break;
    default:
        memset(field, 0, t->size);
        return;
    }
    *p = NULL;
}

/* ---- in ---- */

int qapi_enum_parse(const QapiType *t, const char *text)
{
    for (int i = 0; t->names[i]; i++) {
        if (strcmp(t->names[i], text) == 0) {
            return i;
        }
    }
    return -1;
}

static bool wrong_type(const char *name, const char *expected, Error **errp)
{
    error_setg(errp, "Invalid parameter type for '%s', expected: %s", name ? name : "null",
               expected);
    return false;
}

static bool out_of_range(const QapiType *t, const char *name, Error **errp)
{
    error_setg(errp, "Parameter '%s' expects %s%s", name ? name : "null",
               strcmp(t->name, "size") == 0 ? "a " : "", t->name);
    return false;
}

static char *join(const char *parent, const char *name)
{
    return parent ? g_strdup_printf("%s.%s", parent, name) : g_strdup(name);
}

static bool known_member(const QapiType *t, const void *base, const char *key)
{
    for (const QapiMember *m = t->members; m->name; m++) {
        if (strcmp(m->name, key) == 0) {
            return true;
        }
    }
    const QapiType *v = variant_of(t, base);
    return v && known_member(v, *(void **)at(base, t->variants_offset), key);
}

static bool members_from_json(const QapiType *t, const Json *j, const char *name, void *base,
                              Error **errp)
{
    for (const QapiMember *m = t->members; m->name; m++) {
        const Json *v = json_get(j, m->name);
        g_autofree char *full = join(name, m->name);

        if (!v && !m->optional) {
            error_setg(errp, "Parameter '%s' is missing", full);
            return false;
        }
        if (v && !qapi_from_json(m->type, v, full, at(base, m->offset), errp)) {
            return false;
        }
        if (v && m->has_offset) {
            *(bool *)at(base, m->has_offset) = true;
        }
    }
    const QapiType *v = variant_of(t, base);
    if (!v) {
        return true;
    }
    void *inner = g_malloc0(v->size);
    *(void **)at(base, t->variants_offset) = inner;
    return members_from_json(v, j, name, inner, errp);
}

static bool struct_from_json(const QapiType *t, const Json *j, const char *name, void **field,
                             Error **errp)
{
    if (!json_is(j, JSON_OBJECT)) {
        return wrong_type(name, "object", errp);
    }
    *field = g_malloc0(t->size);
    if (!members_from_json(t, j, name, *field, errp)) {
        qapi_clear(t, field);
        return false;
    }
    for (unsigned i = 0; i < json_len(j); i++) {
        if (!known_member(t, *field, json_key(j, i))) {
            g_autofree char *full = join(name, json_key(j, i));
            error_setg(errp, "Parameter '%s' is unexpected", full);
            qapi_clear(t, field);
            return false;
        }
    }
    return true;
}

static bool list_from_json(const QapiType *t, const Json *j, const char *name, void **field,
                           Error **errp)
{
    if (!json_is(j, JSON_ARRAY)) {
        return wrong_type(name, "array", errp);
    }
    bool pointers = by_pointer(t->element);
    GPtrArray *p = pointers ? g_ptr_array_new() : NULL;
    GArray *a = pointers ? NULL : g_array_new(FALSE, TRUE, (unsigned)t->element->size);
    *field = pointers ? (void *)p : (void *)a;

    for (unsigned i = 0; i < json_len(j); i++) {
        g_autofree char *full = g_strdup_printf("%s[%u]", name ? name : "", i);
        void *where;

        if (pointers) {
            g_ptr_array_add(p, NULL);
            where = &p->pdata[i];
        } else {
            g_array_set_size(a, i + 1);
            where = a->data + i * t->element->size;
        }
        if (!qapi_from_json(t->element, json_at(j, i), full, where, errp)) {
            qapi_clear(t, field);
            return false;
        }
    }
    return true;
}

static bool enum_from_json(const QapiType *t, const Json *j, const char *name, int *field,
                           Error **errp)
{
    const char *text = json_get_string(j);

    if (!text) {
        return wrong_type(name, "string", errp);
    }
    *field = qapi_enum_parse(t, text);
    if (*field < 0) {
        *field = 0;
        error_setg(errp, "Parameter '%s' does not accept value '%s'", name ? name : "null", text);
        return false;
    }
    return true;
}

static bool int_from_json(const QapiType *t, const Json *j, const char *name, int64_t *field,
                          Error **errp)
{
    int64_t v;

    if (!json_get_i64(j, &v)) {
        return wrong_type(name, "integer", errp);
    }
    if (v < t->min || v > t->max) {
        return out_of_range(t, name, errp);
    }
    *field = v;
    return true;
}

static bool uint_from_json(const QapiType *t, const Json *j, const char *name, uint64_t *field,
                           Error **errp)
{
    uint64_t v;

    if (!json_is(j, JSON_INT)) {
        return wrong_type(name, "integer", errp);
    }
    if (!json_get_u64(j, &v) || v > t->umax) {
        return out_of_range(t, name, errp);
    }
    *field = v;
    return true;
}

bool qapi_from_json(const QapiType *t, const Json *j, const char *name, void *field, Error **errp)
{
    switch (t->kind) {
    case QAPI_BOOL:
        *(bool *)field = json_get_bool(j);
        return json_is(j, JSON_BOOL) || wrong_type(name, "boolean", errp);
    case QAPI_INT: return int_from_json(t, j, name, field, errp);
    case QAPI_UINT: return uint_from_json(t, j, name, field, errp);
    case QAPI_NUMBER: return json_get_double(j, field) || wrong_type(name, "number", errp);
    case QAPI_STR:
        *(char **)field = g_strdup(json_get_string(j));
        return *(char **)field || wrong_type(name, "string", errp);
    case QAPI_ANY:
        *(Json **)field = json_copy(j);
        return true;
    case QAPI_ENUM: return enum_from_json(t, j, name, field, errp);
    case QAPI_LIST: return list_from_json(t, j, name, field, errp);
    case QAPI_STRUCT: return struct_from_json(t, j, name, field, errp);
    }
    g_assert_not_reached();
}
