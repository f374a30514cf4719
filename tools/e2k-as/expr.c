/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <string.h>
#include "tools/e2k-as/as-internal.h"

bool as_error(As *as, const char *fmt, ...)
{
    va_list ap;

    if (!as->failed && as->n_errors < 50) {
        g_string_append_printf(as->errors, "%s:%u: ", as->file, as->line);
        va_start(ap, fmt);
        g_string_append_vprintf(as->errors, fmt, ap);
        va_end(ap);
        g_string_append_c(as->errors, '\n');
    }
    as->n_errors += !as->failed;
    as->failed = true;
    return false;
}

void as_skip(As *as)
{
    while (*as->p == ' ' || *as->p == '\t' || *as->p == '\r' || *as->p == '\n') {
        as->p++;
    }
}

bool as_accept(As *as, const char *token)
{
    size_t n = strlen(token);

    as_skip(as);
    if (strncmp(as->p, token, n)) {
        return false;
    }
    as->p += n;
    return true;
}

bool as_expect(As *as, const char *token)
{
    return as_accept(as, token) || as_error(as, "'%s' expected at '%s'", token, as->p);
}

bool as_at_end(As *as)
{
    as_skip(as);
    return !*as->p;
}

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$';
}

bool as_peek_word(As *as, const char *word)
{
    size_t n = strlen(word);

    as_skip(as);
    return !strncmp(as->p, word, n) && !is_word_char(as->p[n]);
}

char *as_identifier(As *as)
{
    const char *start;

    as_skip(as);
    start = as->p;
    if (isdigit((unsigned char)*start) || !is_word_char(*start)) {
        return NULL;
    }
    while (is_word_char(*as->p)) {
        as->p++;
    }
    start += *start == '$';
    return g_strndup(start, (gsize)(as->p - start));
}

static bool symbol_value(As *as, const char *name, AsValue *value)
{
    AsSymbol *sym = as_find_symbol(as, name);

    if (!sym || !sym->defined) {
        value->v = 0;
        value->address = true;
        return as->pass == 1 || as_error(as, "symbol '%s' is not defined", name);
    }
    value->v = sym->value + (sym->section ? sym->section->addr : 0);
    value->address = sym->section != NULL || sym->pass != as->pass;
    return true;
}

/* "1f", "2b": the next or last label of that number. False: it is a plain number. */
static bool numbered_label(As *as, AsValue *value, bool *ok)
{
    size_t n = strspn(as->p, "0123456789");
    char c = as->p[n];
    g_autofree char *digits = NULL, *name = NULL;
    unsigned count;

    if (!n || (c != 'f' && c != 'b') || isalnum((unsigned char)as->p[n + 1])) {
        return false;
    }
    digits = g_strndup(as->p, n);
    count = GPOINTER_TO_UINT(g_hash_table_lookup(as->numbered, digits));
    name = g_strdup_printf("%s\1%u", digits, count - (c == 'b'));
    as->p += n + 1;
    *ok = symbol_value(as, name, value);
    return true;
}

static bool char_constant(As *as, AsValue *value)
{
    static const char escapes[] = "n\nt\tr\r0\0\\\\''";
    const char *e;

    if (!*as->p) {
        return as_error(as, "a character expected");
    }
    value->v = (unsigned char)*as->p++;
    if (value->v == '\\' && *as->p) {
        e = memchr(escapes, *as->p, sizeof(escapes) - 1);
        value->v = (unsigned char)(e ? e[1] : *as->p);
        as->p++;
    }
    as_accept(as, "'");
    return true;
}

static bool or_expr(As *as, AsValue *value);

static bool primary(As *as, AsValue *value)
{
    g_autofree char *name = NULL;
    char *end;
    bool ok;

    as_skip(as);
    *value = (AsValue){ 0 };
    if (as_accept(as, "(")) {
        return or_expr(as, value) && as_expect(as, ")");
    }
    if (as_accept(as, "-")) {
        ok = primary(as, value);
        value->v = -value->v;
        return ok;
    }
    if (as_accept(as, "~")) {
        ok = primary(as, value);
        value->v = ~value->v;
        return ok;
    }
    if (as_accept(as, "'")) {
        return char_constant(as, value);
    }
    if (isdigit((unsigned char)*as->p)) {
        if (numbered_label(as, value, &ok)) {
            return ok;
        }
        if (as->p[0] == '0' && (as->p[1] == 'b' || as->p[1] == 'B')) {
            value->v = g_ascii_strtoull(as->p + 2, &end, 2);
        } else {
            value->v = g_ascii_strtoull(as->p, &end, 0);
        }
        if (is_word_char(*end)) {
            return as_error(as, "bad number at '%s'", as->p);
        }
        as->p = end;
        return true;
    }
    if (as->p[0] == '.' && !is_word_char(as->p[1])) {
        as->p++;
        *value = (AsValue){ .v = as->section->addr + as->section->size, .address = true };
        return true;
    }
    name = as_identifier(as);
    if (!name) {
        return as_error(as, "expression expected at '%s'", as->p);
    }
    if (*as->p == '@') {
        return as_error(as, "relocation '%s' is not supported: programs are linked at once", as->p);
    }
    return symbol_value(as, name, value);
}

/* Binary operators by precedence, 0 binds least. */
static const struct {
    char text[3];
    uint8_t level;
} operators[] = { { "|", 0 }, { "^", 1 }, { "&", 2 }, { "<<", 3 }, { ">>", 3 }, { "+", 4 },
                  { "-", 4 }, { "*", 5 }, { "/", 5 }, { "%", 5 } };
enum { N_LEVELS = 6 };

static const char *operator_at(As *as, unsigned level)
{
    as_skip(as);
    for (unsigned i = 0; i < G_N_ELEMENTS(operators); i++) {
        const char *text = operators[i].text;
        size_t n = strlen(text);
        char next = strncmp(as->p, text, n) ? 0 : as->p[n];

        if (operators[i].level != level || strncmp(as->p, text, n) || next == *text) {
            continue;
        }
        if (*text == '%' && isalpha((unsigned char)next)) {
            continue;           /* a register */
        }
        as->p += n;
        return text;
    }
    return NULL;
}

static bool apply(As *as, const char *op, AsValue *a, const AsValue *b)
{
    bool address = a->address || b->address;

    switch (op[0]) {
    case '|': a->v |= b->v; break;
    case '^': a->v ^= b->v; break;
    case '&': a->v &= b->v; break;
    case '<': a->v = b->v < 64 ? a->v << b->v : 0; break;
    case '>': a->v = b->v < 64 ? a->v >> b->v : 0; break;
    case '+': a->v += b->v; break;
    case '-': a->v -= b->v; break;
    case '*': a->v *= b->v; break;
    default:
        if (!b->v) {
            if (as->pass == 1 && b->address) {
                break;
            }
            return as_error(as, "division by zero");
        }
        a->v = op[0] == '/' ? a->v / b->v : a->v % b->v;
    }
    a->address = address;
    return true;
}

static bool binary(As *as, unsigned level, AsValue *value)
{
    const char *op;
    AsValue right;

    if (!(level < N_LEVELS ? binary(as, level + 1, value) : primary(as, value))) {
        return false;
    }
    while (level < N_LEVELS && (op = operator_at(as, level))) {
        if (!binary(as, level + 1, &right) || !apply(as, op, value, &right)) {
            return false;
        }
    }
    return true;
}

static bool or_expr(As *as, AsValue *value)
{
    return binary(as, 0, value);
}

bool as_expr(As *as, AsValue *value)
{
    return or_expr(as, value);
}

bool as_number(As *as, uint64_t *value, uint64_t max)
{
    AsValue v;

    if (!as_expr(as, &v)) {
        return false;
    }
    *value = v.v;
    if (v.v > max) {
        return as_error(as, "%" G_GUINT64_FORMAT " is more than %" G_GUINT64_FORMAT, v.v, max);
    }
    return true;
}
