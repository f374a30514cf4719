/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A push parser for a stream of JSON values.
 *
 *   bytes --lex_char()--> tokens --take_token()--> tree, kept on an explicit stack
 *
 * Beyond RFC 8259, strings may be in '...' (as in the QMP schema). Nothing recurses, so depth
 * costs only memory, and that is bounded by the limits below.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "qapi/json.h"

enum { MAX_DEPTH = 1024, MAX_VALUE_BYTES = 64 << 20, MAX_TOKENS = 2 << 20 };

typedef enum Lex {
    LEX_START, LEX_WORD, LEX_STRING, LEX_ESCAPE, LEX_RECOVERY,
    LEX_MINUS, LEX_ZERO, LEX_DIGITS, LEX_POINT, LEX_FRACTION, LEX_E, LEX_E_SIGN, LEX_EXPONENT,
} Lex;

typedef enum Want { WANT_VALUE, WANT_VALUE_OR_END, WANT_KEY, WANT_KEY_OR_END, WANT_COLON,
                    WANT_COMMA_OR_END } Want;

typedef struct Level {
    Json *container;
    char *key;              /* of the member being read */
    Want want;
} Level;

struct JsonStream {
    JsonEmit *emit;
    void *opaque;
    Lex lex;
    char quote;
    GString *token;
    size_t value_bytes;     /* of the value being read */
    unsigned n_tokens;
    GArray *levels;         /* Level; empty: between values */
    unsigned depth;         /* of brackets; more than levels->len once the value is broken */
    bool broken;            /* skip to the end of this value, then report */
    char *why;
};

static void level_clear(gpointer p)
{
    Level *l = p;

    json_free(l->container);
    g_free(l->key);
}

JsonStream *json_stream_new(JsonEmit *emit, void *opaque)
{
    JsonStream *s = g_new0(JsonStream, 1);

    s->emit = emit;
    s->opaque = opaque;
    s->token = g_string_new(NULL);
    s->levels = g_array_new(FALSE, FALSE, sizeof(Level));
    g_array_set_clear_func(s->levels, level_clear);
    return s;
}

static void value_reset(JsonStream *s)
{
    g_array_set_size(s->levels, 0);
    s->depth = 0;
    s->broken = false;
    s->value_bytes = 0;
    s->n_tokens = 0;
    g_clear_pointer(&s->why, g_free);
}

void json_stream_reset(JsonStream *s)
{
    value_reset(s);
    s->lex = LEX_START;
    g_string_truncate(s->token, 0);
}

void json_stream_free(JsonStream *s)
{
    if (s) {
        json_stream_reset(s);
        g_string_free(s->token, TRUE);
        g_array_free(s->levels, TRUE);
        g_free(s);
    }
}

static void emit_error(JsonStream *s, const char *fmt, const char *arg)
{
    Error *err = NULL;

    error_setg(&err, fmt, arg);
    value_reset(s);
    s->emit(s->opaque, NULL, err);
}

static void emit_value(JsonStream *s, Json *v)
{
    value_reset(s);
    s->emit(s->opaque, v, NULL);
}

/* ---- from tokens to a tree ---- */

/* The value is wrong: remember why, drop the tree, go on counting brackets. */
static void syntax_error(JsonStream *s, const char *why)
{
    if (!s->broken) {
        s->broken = true;
        s->why = g_strdup(why);
        g_array_set_size(s->levels, 0);
    }
}

static Level *top(JsonStream *s)
{
    return s->levels->len ? &g_array_index(s->levels, Level, s->levels->len - 1) : NULL;
}

/* Puts @v, which is complete, where it belongs. */
static void take_value(JsonStream *s, Json *v)
{
    Level *l = top(s);

    if (!l) {
        emit_value(s, v);
        return;
    }
    if (l->want != WANT_VALUE && l->want != WANT_VALUE_OR_END) {
        json_free(v);
        syntax_error(s, json_is(l->container, JSON_OBJECT) ? "expected separator in dict"
                                                           : "expected separator in list");
        return;
    }
    l->want = WANT_COMMA_OR_END;
    if (json_is(l->container, JSON_ARRAY)) {
        json_add(l->container, v);
        return;
    }
    json_set(l->container, l->key, v);
    g_clear_pointer(&l->key, g_free);
}

static void take_key(JsonStream *s, char *key)
{
    Level *l = top(s);

    if (json_get(l->container, key)) {
        g_free(key);
        syntax_error(s, "duplicate key");
        return;
    }
    l->key = key;
    l->want = WANT_COLON;
}

static void open_container(JsonStream *s, bool object)
{
    Level *l = top(s);

    s->depth++;
    if (s->depth > MAX_DEPTH) {
        emit_error(s, "JSON nesting depth limit exceeded%s", "");
        s->lex = LEX_RECOVERY;
        return;
    }
    if (s->broken) {
        return;
    }
    if (l && l->want != WANT_VALUE && l->want != WANT_VALUE_OR_END) {
        syntax_error(s, l->want == WANT_KEY || l->want == WANT_KEY_OR_END
                        ? "key is not a string in object"
                        : l->want == WANT_COLON ? "missing : in object pair"
                        : json_is(l->container, JSON_OBJECT) ? "expected separator in dict"
                                                             : "expected separator in list");
        return;
    }
    Level inner = { object ? json_object() : json_array(), NULL,
                    object ? WANT_KEY_OR_END : WANT_VALUE_OR_END };
    g_array_append_val(s->levels, inner);
}

static void close_container(JsonStream *s, bool object)
{
    Level *l = top(s);

    if (s->depth == 0) {
        emit_error(s, "JSON parse error, expecting value%s", "");
        return;
    }
    s->depth--;
    if (l && !s->broken) {
        bool fits = json_is(l->container, object ? JSON_OBJECT : JSON_ARRAY);
        if (fits && (l->want == WANT_COMMA_OR_END || l->want == WANT_VALUE_OR_END ||
                     l->want == WANT_KEY_OR_END)) {
            Json *v = g_steal_pointer(&l->container);
            g_array_set_size(s->levels, s->levels->len - 1);
            take_value(s, v);
            return;
        }
        syntax_error(s, !fits ? "expected separator in dict"
                        : l->want == WANT_COLON ? "missing : in object pair"
                        : l->want == WANT_KEY ? "key is not a string in object"
                        : "expecting value");
    }
    if (s->depth == 0) {
        g_autofree char *why = g_steal_pointer(&s->why);
        emit_error(s, "JSON parse error, %s", why);
    }
}

static void take_comma(JsonStream *s)
{
    Level *l = top(s);

    if (!l) {
        if (!s->broken) {
            emit_error(s, "JSON parse error, expecting value%s", "");
        }
        return;
    }
    if (l->want != WANT_COMMA_OR_END) {
        syntax_error(s, l->want == WANT_COLON ? "missing : in object pair"
                        : l->want == WANT_KEY || l->want == WANT_KEY_OR_END
                        ? "key is not a string in object" : "expecting value");
        return;
    }
    l->want = json_is(l->container, JSON_OBJECT) ? WANT_KEY : WANT_VALUE;
}

static void take_colon(JsonStream *s)
{
    Level *l = top(s);

    if (l && l->want == WANT_COLON) {
        l->want = WANT_VALUE;
    } else if (l) {
        syntax_error(s, l->want == WANT_COMMA_OR_END ? "expected separator in dict"
                                                     : "expecting value");
    } else if (!s->broken) {
        emit_error(s, "JSON parse error, expecting value%s", "");
    }
}

static bool count_token(JsonStream *s)
{
    if (++s->n_tokens > MAX_TOKENS) {
        emit_error(s, "JSON token count limit exceeded%s", "");
        s->lex = LEX_RECOVERY;
        return false;
    }
    return true;
}

/* A string, number or word. Takes @v; @v NULL: wrong, @why says how. */
static void take_scalar(JsonStream *s, Json *v, const char *why)
{
    Level *l = top(s);

    if (!count_token(s)) {
        json_free(v);
    } else if (s->broken) {
        json_free(v);
    } else if (!v && !l) {
        emit_error(s, "JSON parse error, %s", why);
    } else if (!v) {
        syntax_error(s, why);
    } else if (l && (l->want == WANT_KEY || l->want == WANT_KEY_OR_END)) {
        char *key = g_strdup(json_get_string(v));
        json_free(v);
        if (key) {
            take_key(s, key);
        } else {
            syntax_error(s, "key is not a string in object");
        }
    } else if (l && l->want == WANT_COLON) {
        json_free(v);
        syntax_error(s, "missing : in object pair");
    } else {
        take_value(s, v);
    }
}

static void take_structural(JsonStream *s, char c)
{
    if (!count_token(s)) {
        return;
    }
    switch (c) {
    case '{': open_container(s, true); break;
    case '[': open_container(s, false); break;
    case '}': close_container(s, true); break;
    case ']': close_container(s, false); break;
    case ',': take_comma(s); break;
    case ':': take_colon(s); break;
    }
}

static void take_word(JsonStream *s)
{
    const char *w = s->token->str;
    Json *v = strcmp(w, "true") == 0 ? json_bool(true) : strcmp(w, "false") == 0 ? json_bool(false)
              : strcmp(w, "null") == 0 ? json_null() : NULL;
    g_autofree char *why = v ? NULL : g_strdup_printf("invalid keyword '%.60s'", w);

    take_scalar(s, v, why);
}

static void take_number(JsonStream *s)
{
    const char *t = s->token->str;
    char *end;

    if (!strpbrk(t, ".eE")) {
        errno = 0;
        int64_t i = strtoll(t, NULL, 10);
        if (errno == 0) {
            take_scalar(s, json_int(i), NULL);
            return;
        }
        errno = 0;
        uint64_t u = strtoull(t, NULL, 10);
        if (errno == 0 && t[0] != '-') {
            take_scalar(s, json_uint(u), NULL);
            return;
        }
    }
    take_scalar(s, json_double(g_ascii_strtod(t, &end)), NULL);
}

/* ---- strings ---- */

static int hex4(const char *p)
{
    int v = 0;

    for (int i = 0; i < 4; i++) {
        int d = g_ascii_xdigit_value(p[i]);
        if (d < 0) {
            return -1;
        }
        v = v * 16 + d;
    }
    return v;
}

/* @p behind the backslash; returns the first byte behind the escape, NULL if it is none */
static const char *unescape(const char *p, GString *out, const char **why)
{
    static const char from[] = "\"'\\/bfnrt", to[] = "\"'\\/\b\f\n\r\t";
    const char *f = *p ? strchr(from, *p) : NULL;

    if (f) {
        g_string_append_c(out, to[f - from]);
        return p + 1;
    }
    int c = *p == 'u' ? hex4(p + 1) : -1;
    if (c < 0) {
        *why = "invalid escape sequence";
        return NULL;
    }
    p += 5;
    if (c >= 0xd800 && c < 0xdc00 && p[0] == '\\' && p[1] == 'u') {
        int low = hex4(p + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            p += 6;
        }
    }
    if (c == 0 || (c >= 0xd800 && c < 0xe000)) {
        *why = c ? "\\u escape is not a valid Unicode character" : "\\u0000 is not supported";
        return NULL;
    }
    g_string_append_unichar(out, (gunichar)c);
    return p;
}

static void take_string(JsonStream *s)
{
    GString *out = g_string_sized_new(s->token->len);
    const char *why = NULL;

    for (const char *p = s->token->str; p && *p;) {
        if (*p == '\\') {
            p = unescape(p + 1, out, &why);
        } else {
            g_string_append_c(out, *p++);
        }
    }
    if (!why && !g_utf8_validate_len(out->str, out->len, NULL)) {
        why = "invalid UTF-8 sequence in string";
    }
    Json *v = why ? NULL : json_string_take(g_strdup(out->str));
    g_string_free(out, TRUE);
    take_scalar(s, v, why);
}

/* ---- from bytes to tokens ---- */

static void lex_error(JsonStream *s, unsigned char c)
{
    char printable[5];

    if (c >= 0x20 && c < 0x7f) {
        g_snprintf(printable, sizeof(printable), "%c", c);
    } else {
        g_snprintf(printable, sizeof(printable), "\\x%02x", c);
    }
    g_autofree char *tok = g_strdup_printf("%.60s%s", s->token->str, printable);
    g_autofree char *safe = g_utf8_make_valid(tok, -1);

    s->lex = LEX_RECOVERY;
    g_string_truncate(s->token, 0);
    emit_error(s, "JSON parse error, stray '%s'", safe);
}

/* A number or word has ended before @c. */
static void lex_finish(JsonStream *s)
{
    bool word = s->lex == LEX_WORD;

    s->lex = LEX_START;
    if (word) {
        take_word(s);
    } else {
        take_number(s);
    }
    g_string_truncate(s->token, 0);
}

/* Numbers: the state after @c, LEX_START when the number ends before it, -1 when it must not. */
static int lex_number(Lex lex, char c)
{
    bool digit = g_ascii_isdigit(c), e = c == 'e' || c == 'E';

    switch (lex) {
    case LEX_MINUS: return c == '0' ? LEX_ZERO : digit ? LEX_DIGITS : -1;
    case LEX_ZERO:
        return digit ? -1 : c == '.' ? LEX_POINT : e ? LEX_E : LEX_START;
    case LEX_DIGITS: return digit ? LEX_DIGITS : c == '.' ? LEX_POINT : e ? LEX_E : LEX_START;
    case LEX_POINT: return digit ? LEX_FRACTION : -1;
    case LEX_FRACTION: return digit ? LEX_FRACTION : e ? LEX_E : LEX_START;
    case LEX_E: return digit ? LEX_EXPONENT : c == '+' || c == '-' ? LEX_E_SIGN : -1;
    case LEX_E_SIGN: return digit ? LEX_EXPONENT : -1;
    default: return digit ? LEX_EXPONENT : LEX_START;
    }
}

static void lex_start(JsonStream *s, unsigned char c)
{
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        return;
    }
    if (strchr("{}[],:", c) && c) {
        take_structural(s, (char)c);
    } else if (c == '"' || c == '\'') {
        s->quote = (char)c;
        s->lex = LEX_STRING;
    } else if (c == '-' || g_ascii_isdigit(c)) {
        s->lex = c == '-' ? LEX_MINUS : c == '0' ? LEX_ZERO : LEX_DIGITS;
        g_string_append_c(s->token, (char)c);
    } else if (g_ascii_islower(c)) {
        s->lex = LEX_WORD;
        g_string_append_c(s->token, (char)c);
    } else {
        lex_error(s, c);
    }
}

static void lex_string(JsonStream *s, unsigned char c)
{
    if (c < 0x20 || c >= 0xfe) {
        lex_error(s, c);
    } else if (s->lex == LEX_ESCAPE) {
        s->lex = LEX_STRING;
        g_string_append_c(s->token, (char)c);
    } else if (c == (unsigned char)s->quote) {
        s->lex = LEX_START;
        take_string(s);
        g_string_truncate(s->token, 0);
    } else {
        s->lex = c == '\\' ? LEX_ESCAPE : LEX_STRING;
        g_string_append_c(s->token, (char)c);
    }
}

static void lex_char(JsonStream *s, unsigned char c)
{
    if (s->lex == LEX_STRING || s->lex == LEX_ESCAPE) {
        lex_string(s, c);
        return;
    }
    if (s->lex == LEX_RECOVERY) {
        bool control = (c < 0x20 && c != '\t') || c >= 0xfe;
        if (!control && !strchr("{}[],:", c)) {
            return;
        }
        s->lex = LEX_START;
        /* what closes or joins belongs to the value that is given up */
        if (c == '{' || c == '[') {
            lex_start(s, c);
        }
        return;
    }
    if (s->lex != LEX_START) {
        int next = s->lex == LEX_WORD ? (g_ascii_islower(c) ? LEX_WORD : LEX_START)
                                      : lex_number(s->lex, (char)c);
        if (next < 0) {
            lex_error(s, c);
            return;
        }
        if (next != LEX_START) {
            s->lex = (Lex)next;
            g_string_append_c(s->token, (char)c);
            return;
        }
        lex_finish(s);
        if (s->lex == LEX_RECOVERY) {
            return;
        }
    }
    lex_start(s, c);
}

void json_stream_feed(JsonStream *s, const char *buf, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s->depth || s->token->len) {
            s->value_bytes++;
        }
        if (s->value_bytes > MAX_VALUE_BYTES) {
            g_string_truncate(s->token, 0);
            emit_error(s, "JSON token size limit exceeded%s", "");
            s->lex = LEX_RECOVERY;
        }
        lex_char(s, (unsigned char)buf[i]);
    }
}

void json_stream_end(JsonStream *s)
{
    if (s->lex != LEX_RECOVERY) {
        lex_char(s, '\n');
    }
    if (s->depth || s->levels->len || s->lex != LEX_START) {
        json_stream_reset(s);
        emit_error(s, "JSON parse error, expecting value%s", "");
    }
    json_stream_reset(s);
}

/* ---- one text ---- */

typedef struct ParseOne { Json *value; Error *err; bool extra; } ParseOne;

static void parse_one_emit(void *opaque, Json *value, Error *err)
{
    ParseOne *p = opaque;

    if (p->err || p->value) {
        p->extra = true;
        json_free(value);
        error_free(err);
        return;
    }
    p->value = value;
    p->err = err;
}

Json *json_parse(const char *text, Error **errp)
{
    ParseOne p = { 0 };
    JsonStream *s = json_stream_new(parse_one_emit, &p);

    json_stream_feed(s, text, strlen(text));
    json_stream_end(s);
    json_stream_free(s);
    if (!p.err && (!p.value || p.extra)) {
        error_setg(&p.err, p.value ? "JSON parse error, garbage after the value"
                                   : "JSON parse error, expecting value");
    }
    if (p.err) {
        json_free(p.value);
        error_propagate(errp, p.err);
        return NULL;
    }
    return p.value;
}
