/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qapi/opts.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

Opts *opts_new(void)
{
    return g_new0(Opts, 1);
}

void opts_add(Opts *o, const char *key, const char *value)
{
    o->v = g_renew(Opt, o->v, o->n + 1);
    o->v[o->n++] = (Opt){ g_strdup(key), g_strdup(value), false };
}

void opts_free(Opts *o)
{
    for (unsigned i = 0; o && i < o->n; i++) {
        g_free(o->v[i].key);
        g_free(o->v[i].value);
    }
    if (o) {
        g_free(o->v);
        g_free(o);
    }
}

/* Up to the next single comma; ",," is a comma. Moves *@p behind it. */
static char *next_piece(const char **p)
{
    GString *out = g_string_new(NULL);
    const char *c = *p;

    while (*c && (*c != ',' || c[1] == ',')) {
        c += *c == ',';
        g_string_append_c(out, *c++);
    }
    *p = *c ? c + 1 : c;
    return g_string_free(out, FALSE);
}

static void add_flag(Opts *o, const char *flag, const char *const *no_forms)
{
    if (no_forms && g_str_has_prefix(flag, "no") && g_strv_contains(no_forms, flag + 2)) {
        opts_add(o, flag + 2, "off");
    } else {
        opts_add(o, flag, "on");
    }
}

Opts *opts_parse(const char *text, const char *implied, const char *const *no_forms, Error **errp)
{
    Opts *o = opts_new();
    bool first = true;

    if (text[0] == '{') {
        g_autoptr(Json) j = json_parse(text, errp);
        if (!j || !opts_from_json(o, j, errp)) {
            opts_free(o);
            return NULL;
        }
        return o;
    }
    while (*text) {
        g_autofree char *piece = next_piece(&text);
        char *eq = strchr(piece, '=');

        if (eq == piece || (!*piece && !first)) {
            error_setg(errp, "Invalid parameter '%s'", piece);
            opts_free(o);
            return NULL;
        }
        if (eq) {
            *eq = '\0';
            opts_add(o, piece, eq + 1);
        } else if (first && implied) {
            opts_add(o, implied, piece);
        } else {
            add_flag(o, piece, no_forms);
        }
        first = false;
    }
    return o;
}

static char *scalar_text(const Json *v)
{
    switch (json_type(v)) {
    case JSON_BOOL: return g_strdup(json_get_bool(v) ? "on" : "off");
    case JSON_STRING: return g_strdup(json_get_string(v));
    case JSON_INT:
    case JSON_UINT:
    case JSON_DOUBLE: return json_to_text(v, false);
    default: return NULL;
    }
}

static bool flatten(Opts *o, const char *prefix, const Json *j, Error **errp)
{
    for (unsigned i = 0; i < json_len(j); i++) {
        const Json *v = json_at(j, i);
        g_autofree char *last = json_key(j, i) ? g_strdup(json_key(j, i))
                                               : g_strdup_printf("%u", i);
        g_autofree char *key = *prefix ? g_strdup_printf("%s.%s", prefix, last) : g_strdup(last);
        g_autofree char *text = scalar_text(v);

        if (text) {
            opts_add(o, key, text);
        } else if (json_type(v) == JSON_NULL) {
            error_setg(errp, "Parameter '%s' must not be null", key);
            return false;
        } else if (!flatten(o, key, v, errp)) {
            return false;
        }
    }
    return true;
}

bool opts_from_json(Opts *o, const Json *object, Error **errp)
{
    if (!json_is(object, JSON_OBJECT)) {
        error_setg(errp, "a JSON object is expected");
        return false;
    }
    return flatten(o, "", object, errp);
}

const char *opts_get(Opts *o, const char *key)
{
    const char *value = NULL;

    for (unsigned i = 0; i < o->n; i++) {
        if (strcmp(o->v[i].key, key) == 0) {
            o->v[i].used = true;
            value = o->v[i].value;
        }
    }
    return value;
}

bool opts_get_bool(Opts *o, const char *key, bool *inout, Error **errp)
{
    static const char *const yes[] = { "on", "yes", "true", "y", NULL };
    static const char *const no[] = { "off", "no", "false", "n", NULL };
    const char *v = opts_get(o, key);

    if (!v || g_strv_contains(yes, v) || g_strv_contains(no, v)) {
        *inout = v ? g_strv_contains(yes, v) : *inout;
        return true;
    }
    error_setg(errp, "Parameter '%s' expects 'on' or 'off'", key);
    return false;
}

bool opts_get_u64(Opts *o, const char *key, uint64_t *inout, Error **errp)
{
    const char *v = opts_get(o, key);
    char *end;

    if (!v) {
        return true;
    }
    errno = 0;
    uint64_t n = strtoull(v, &end, 0);
    if (!g_ascii_isdigit(v[0]) || *end || errno) {
        error_setg(errp, "Parameter '%s' expects a number", key);
        return false;
    }
    *inout = n;
    return true;
}

static bool size_from_text(const char *v, char default_suffix, uint64_t *out)
{
    static const char suffixes[] = "BKMGTPE";
    char *end;

    errno = 0;
    uint64_t whole = strtoull(v, &end, 0);
    double d = (double)whole;
    bool fraction = *end == '.';
    if (!g_ascii_isdigit(v[0]) || errno) {
        return false;
    }
    if (fraction) {
        d = g_ascii_strtod(v, &end);
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
    *out = fraction ? (uint64_t)(d * (double)(1ull << shift)) : whole << shift;
    return true;
}

bool opts_get_size(Opts *o, const char *key, char default_suffix, uint64_t *inout, Error **errp)
{
    const char *v = opts_get(o, key);

    if (v && !size_from_text(v, default_suffix, inout)) {
        error_setg(errp, "Parameter '%s' expects a non-negative number below 2^64", key);
        error_append_hint(errp, "Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, "
                          "tera-, peta-\nand exabytes, respectively.\n");
        return false;
    }
    return true;
}

void opts_remove(Opts *o, const char *key)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < o->n; i++) {
        if (strcmp(o->v[i].key, key) == 0) {
            g_free(o->v[i].key);
            g_free(o->v[i].value);
        } else {
            o->v[kept++] = o->v[i];
        }
    }
    o->n = kept;
}

bool opts_all_used(Opts *o, Error **errp)
{
    for (unsigned i = 0; i < o->n; i++) {
        if (!o->v[i].used) {
            error_setg(errp, "Invalid parameter '%s'", o->v[i].key);
            return false;
        }
    }
    return true;
}
