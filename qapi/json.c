/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The values and the writer. */
#include "qapi/json.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { INDEX_FROM = 16 };               /* members from which an object gets a hash table */

typedef struct Member {
    char *key;                          /* NULL in arrays */
    Json *value;
} Member;

struct Json {
    JsonType type;
    union {
        bool b;
        int64_t i;
        uint64_t u;
        double d;
        char *s;
        struct {
            GArray *members;            /* Member */
            GHashTable *index;          /* key -> position + 1; NULL while small */
        };
    };
};

static Json *json_new(JsonType t)
{
    Json *j = g_new0(Json, 1);

    j->type = t;
    return j;
}

Json *json_null(void)
{
    return json_new(JSON_NULL);
}

Json *json_bool(bool v)
{
    Json *j = json_new(JSON_BOOL);

    j->b = v;
    return j;
}

Json *json_int(int64_t v)
{
    Json *j = json_new(JSON_INT);

    j->i = v;
    return j;
}

Json *json_uint(uint64_t v)
{
    if (v <= INT64_MAX) {
        return json_int((int64_t)v);
    }
    Json *j = json_new(JSON_UINT);

    j->u = v;
    return j;
}

Json *json_double(double v)
{
    Json *j = json_new(JSON_DOUBLE);

    j->d = v;
    return j;
}

Json *json_string_take(char *v)
{
    Json *j = json_new(JSON_STRING);

    j->s = v;
    return j;
}

Json *json_string(const char *v)
{
    return json_string_take(g_strdup(v ? v : ""));
}

static Json *container_new(JsonType t)
{
    Json *j = json_new(t);

    j->members = g_array_new(FALSE, FALSE, sizeof(Member));
    return j;
}

Json *json_array(void)
{
    return container_new(JSON_ARRAY);
}

Json *json_object(void)
{
    return container_new(JSON_OBJECT);
}

static bool is_container(const Json *j)
{
    return j && (j->type == JSON_ARRAY || j->type == JSON_OBJECT);
}

static Member *member(const Json *j, unsigned i)
{
    return &g_array_index(j->members, Member, i);
}

void json_free(Json *j)
{
    if (!j) {
        return;
    }
    if (j->type == JSON_STRING) {
        g_free(j->s);
    } else if (is_container(j)) {
        if (j->index) {
            g_hash_table_destroy(j->index);
        }
        for (unsigned i = 0; i < j->members->len; i++) {
            g_free(member(j, i)->key);
            json_free(member(j, i)->value);
        }
        g_array_free(j->members, TRUE);
    }
    g_free(j);
}

Json *json_copy(const Json *j)
{
    if (j->type == JSON_STRING) {
        return json_string(j->s);
    }
    if (!is_container(j)) {
        Json *c = json_new(j->type);
        *c = *j;
        return c;
    }
    Json *c = container_new(j->type);
    for (unsigned i = 0; i < j->members->len; i++) {
        Json *v = json_copy(member(j, i)->value);
        if (j->type == JSON_ARRAY) {
            json_add(c, v);
        } else {
            json_set(c, member(j, i)->key, v);
        }
    }
    return c;
}

JsonType json_type(const Json *j)
{
    return j->type;
}

bool json_is(const Json *j, JsonType t)
{
    return j && (j->type == t || (t == JSON_INT && j->type == JSON_UINT));
}

const char *json_type_word(const Json *j)
{
    static const char *const words[] = {
        [JSON_NULL] = "null", [JSON_BOOL] = "boolean", [JSON_INT] = "integer",
        [JSON_UINT] = "integer", [JSON_DOUBLE] = "number", [JSON_STRING] = "string",
        [JSON_ARRAY] = "array", [JSON_OBJECT] = "object",
    };

    return words[j->type];
}

bool json_get_bool(const Json *j)
{
    return j && j->type == JSON_BOOL && j->b;
}

const char *json_get_string(const Json *j)
{
    return j && j->type == JSON_STRING ? j->s : NULL;
}

bool json_get_i64(const Json *j, int64_t *out)
{
    if (!j || j->type != JSON_INT) {
        return false;
    }
    *out = j->i;
    return true;
}

bool json_get_u64(const Json *j, uint64_t *out)
{
    if (!j || (j->type != JSON_UINT && (j->type != JSON_INT || j->i < 0))) {
        return false;
    }
    *out = j->type == JSON_UINT ? j->u : (uint64_t)j->i;
    return true;
}

bool json_get_double(const Json *j, double *out)
{
    if (!json_is(j, JSON_INT) && !json_is(j, JSON_DOUBLE)) {
        return false;
    }
    *out = j->type == JSON_DOUBLE ? j->d : j->type == JSON_UINT ? (double)j->u : (double)j->i;
    return true;
}

unsigned json_len(const Json *j)
{
    return is_container(j) ? j->members->len : 0;
}

Json *json_at(const Json *j, unsigned i)
{
    return i < json_len(j) ? member(j, i)->value : NULL;
}

const char *json_key(const Json *j, unsigned i)
{
    return i < json_len(j) ? member(j, i)->key : NULL;
}

Json *json_add(Json *array, Json *v)
{
    Member m = { NULL, v };

    g_assert(array->type == JSON_ARRAY);
    g_array_append_val(array->members, m);
    return array;
}

static void build_index(Json *j)
{
    j->index = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; i < j->members->len; i++) {
        g_hash_table_insert(j->index, member(j, i)->key, GUINT_TO_POINTER(i + 1));
    }
}

static int find(const Json *j, const char *key)
{
    if (!j || j->type != JSON_OBJECT) {
        return -1;
    }
    if (j->index) {
        return (int)GPOINTER_TO_UINT(g_hash_table_lookup(j->index, key)) - 1;
    }
    for (unsigned i = 0; i < j->members->len; i++) {
        if (strcmp(member(j, i)->key, key) == 0) {
            return (int)i;
        }
    }
    return -1;
}

Json *json_set(Json *object, const char *key, Json *v)
{
    int i = find(object, key);

    g_assert(object->type == JSON_OBJECT);
    if (i >= 0) {
        json_free(member(object, i)->value);
        member(object, i)->value = v;
        return object;
    }
    Member m = { g_strdup(key), v };
    g_array_append_val(object->members, m);
    if (object->index) {
        g_hash_table_insert(object->index, m.key, GUINT_TO_POINTER(object->members->len));
    } else if (object->members->len > INDEX_FROM) {
        build_index(object);
    }
    return object;
}

Json *json_get(const Json *object, const char *key)
{
    int i = find(object, key);

    return i < 0 ? NULL : member(object, i)->value;
}

Json *json_take(Json *object, const char *key)
{
    int i = find(object, key);

    if (i < 0) {
        return NULL;
    }
    Member m = *member(object, i);

    if (object->index) {
        g_hash_table_destroy(object->index);
        object->index = NULL;
    }
    g_array_remove_index(object->members, i);
    g_free(m.key);
    if (object->members->len > INDEX_FROM) {
        build_index(object);
    }
    return m.value;
}

bool json_equal(const Json *a, const Json *b)
{
    if (a->type != b->type) {
        return false;
    }
    switch (a->type) {
    case JSON_NULL: return true;
    case JSON_BOOL: return a->b == b->b;
    case JSON_INT: return a->i == b->i;
    case JSON_UINT: return a->u == b->u;
    case JSON_DOUBLE: return a->d == b->d;
    case JSON_STRING: return strcmp(a->s, b->s) == 0;
    case JSON_ARRAY:
    case JSON_OBJECT: break;
    }
    if (a->members->len != b->members->len) {
        return false;
    }
    for (unsigned i = 0; i < a->members->len; i++) {
        Json *other = a->type == JSON_ARRAY ? json_at(b, i) : json_get(b, json_key(a, i));
        if (!other || !json_equal(json_at(a, i), other)) {
            return false;
        }
    }
    return true;
}

/* ---- writing ---- */

static void write_char(GString *out, gunichar c)
{
    static const char shorts[][2] = {
        { '"', '"' }, { '\\', '\\' }, { '\b', 'b' }, { '\f', 'f' }, { '\n', 'n' }, { '\r', 'r' },
        { '\t', 't' },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(shorts); i++) {
        if (c == (gunichar)shorts[i][0]) {
            g_string_append_c(out, '\\');
            g_string_append_c(out, shorts[i][1]);
            return;
        }
    }
    if (c >= 0x20 && c < 0x7f) {
        g_string_append_c(out, (char)c);
    } else if (c < 0x10000) {
        g_string_append_printf(out, "\\u%04X", c);
    } else {
        c -= 0x10000;
        g_string_append_printf(out, "\\u%04X\\u%04X", 0xd800 + (c >> 10), 0xdc00 + (c & 0x3ff));
    }
}

static void write_string(GString *out, const char *s)
{
    g_string_append_c(out, '"');
    while (*s) {
        gunichar c = g_utf8_get_char_validated(s, -1);

        if (c == (gunichar)-1 || c == (gunichar)-2) {
            c = 0xfffd;                 /* not UTF-8 */
            s++;
        } else {
            s = g_utf8_next_char(s);
        }
        write_char(out, c);
    }
    g_string_append_c(out, '"');
}

static void write_double(GString *out, double d)
{
    char buf[G_ASCII_DTOSTR_BUF_SIZE];

    if (!isfinite(d)) {
        g_string_append(out, "null");
        return;
    }
    g_ascii_formatd(buf, sizeof(buf), "%.17g", d);
    g_string_append(out, buf);
}

static void write_newline(GString *out, int indent)
{
    g_string_append_printf(out, "\n%*s", indent * 4, "");
}

static void write_value(GString *out, const Json *j, bool pretty, int indent);

static void write_members(GString *out, const Json *j, bool pretty, int indent)
{
    for (unsigned i = 0; i < j->members->len; i++) {
        if (i) {
            g_string_append(out, pretty ? "," : ", ");
        }
        if (pretty) {
            write_newline(out, indent + 1);
        }
        if (j->type == JSON_OBJECT) {
            write_string(out, member(j, i)->key);
            g_string_append(out, ": ");
        }
        write_value(out, member(j, i)->value, pretty, indent + 1);
    }
    if (pretty) {
        write_newline(out, indent);
    }
}

static void write_value(GString *out, const Json *j, bool pretty, int indent)
{
    switch (j->type) {
    case JSON_NULL: g_string_append(out, "null"); break;
    case JSON_BOOL: g_string_append(out, j->b ? "true" : "false"); break;
    case JSON_INT: g_string_append_printf(out, "%" PRId64, j->i); break;
    case JSON_UINT: g_string_append_printf(out, "%" PRIu64, j->u); break;
    case JSON_DOUBLE: write_double(out, j->d); break;
    case JSON_STRING: write_string(out, j->s); break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        g_string_append_c(out, j->type == JSON_ARRAY ? '[' : '{');
        write_members(out, j, pretty, indent);
        g_string_append_c(out, j->type == JSON_ARRAY ? ']' : '}');
        break;
    }
}

void json_write(GString *out, const Json *j, bool pretty)
{
    write_value(out, j, pretty, 0);
}

char *json_to_text(const Json *j, bool pretty)
{
    GString *out = g_string_new(NULL);

    json_write(out, j, pretty);
    return g_string_free(out, FALSE);
}
