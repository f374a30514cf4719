/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statements, labels, directives, macros, and the two passes. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "tools/e2k-as/as-internal.h"

enum { MAX_DEPTH = 20, MAX_SECTION_BYTES = 1 << 28 };

typedef struct Macro {
    char **params;
    char *body;
    unsigned line;
} Macro;

/* What stays the same over both passes of one assembly, beside As. */
typedef struct Source {
    As *as;
    AsBundle *bundle;
    unsigned bundle_line;
    bool bundle_failed;
    GHashTable *macros;
    unsigned depth, n_expansions;
} Source;

static bool run_text(Source *src, const char *text, unsigned line);

/* ---- symbols and sections ---- */

AsSymbol *as_find_symbol(As *as, const char *name)
{
    AsSymbol *sym = g_hash_table_lookup(as->locals, name);

    return sym && sym->defined ? sym : g_hash_table_lookup(as->globals, name);
}

AsSymbol *as_symbol(As *as, const char *name)
{
    AsSymbol *sym = g_hash_table_lookup(as->locals, name);

    if (!sym) {
        sym = g_new0(AsSymbol, 1);
        sym->name = g_strdup(name);
        g_hash_table_insert(as->locals, sym->name, sym);
    }
    return sym;
}

static void free_symbol(gpointer p)
{
    AsSymbol *sym = p;

    g_free(sym->name);
    g_free(sym);
}

static void free_section(gpointer p)
{
    AsSection *s = p;

    g_free(s->name);
    g_byte_array_unref(s->bytes);
    g_free(s);
}

/* Finds or makes a section; new ones get their kind from the name. */
static AsSection *get_section(As *as, const char *name)
{
    AsSection *s;

    for (unsigned i = 0; i < as->sections->len; i++) {
        s = as->sections->pdata[i];
        if (!strcmp(s->name, name)) {
            return s;
        }
    }
    s = g_new0(AsSection, 1);
    s->name = g_strdup(name);
    s->bytes = g_byte_array_new();
    s->align = 8;
    s->exec = g_str_has_prefix(name, ".text");
    s->nobits = g_str_has_prefix(name, ".bss");
    s->write = s->nobits || g_str_has_prefix(name, ".data");
    g_ptr_array_add(as->sections, s);
    return s;
}

static bool define(As *as, const char *name, AsSection *section, uint64_t value, bool again)
{
    AsSymbol *sym = as_symbol(as, name);

    if (sym->defined && sym->pass == as->pass && !again) {
        return as_error(as, "'%s' is defined twice", name);
    }
    if (section && as->pass == 2 && sym->value != value) {
        return as_error(as, "'%s' moved between the passes", name);
    }
    sym->section = section;
    sym->value = value;
    sym->defined = true;
    sym->pass = as->pass;
    return true;
}

static bool define_label(As *as, const char *name)
{
    g_autofree char *numbered = NULL;
    unsigned count;

    if (as->in_bundle) {
        return as_error(as, "a label inside a bundle");
    }
    if (!isdigit((unsigned char)*name)) {
        return define(as, name, as->section, as->section->size, false);
    }
    count = GPOINTER_TO_UINT(g_hash_table_lookup(as->numbered, name));
    numbered = g_strdup_printf("%s\1%u", name, count);
    g_hash_table_insert(as->numbered, g_strdup(name), GUINT_TO_POINTER(count + 1));
    return define(as, numbered, as->section, as->section->size, false);
}

static bool emit(As *as, const void *data, size_t n)
{
    AsSection *s = as->section;

    if (n > MAX_SECTION_BYTES - s->size) {
        return as_error(as, "section %s becomes too big", s->name);
    }
    if (as->pass == 2 && !s->nobits) {
        g_byte_array_append(s->bytes, data, (guint)n);
    }
    s->size += n;
    return true;
}

static bool emit_fill(As *as, uint64_t n, uint8_t byte)
{
    uint8_t buf[256];

    memset(buf, byte, sizeof(buf));
    while (n) {
        size_t part = MIN(n, sizeof(buf));

        if (!emit(as, buf, part)) {
            return false;
        }
        n -= part;
    }
    return true;
}

/* ---- directives ---- */

typedef struct Directive Directive;
struct Directive {
    const char *name;
    bool (*run)(As *as, const Directive *d);
    unsigned arg;
    const char *text;
};

static bool d_section(As *as, const Directive *d)
{
    g_autofree char *name = d->text ? NULL : as_identifier(as);

    if (!d->text && !name) {
        return as_error(as, "name of a section expected");
    }
    as->section = get_section(as, d->text ? d->text : name);
    if (!d->text && as_accept(as, ",") && as_accept(as, "\"")) {
        for (; *as->p && *as->p != '"'; as->p++) {
            as->section->write |= *as->p == 'w';
            as->section->exec |= *as->p == 'x';
        }
        as_accept(as, "\"");
        if (as_accept(as, ",")) {
            as->section->nobits |= strstr(as->p, "nobits") != NULL;
            as->p += strlen(as->p);
        }
    }
    return true;
}

static bool d_globl(As *as, const Directive *d)
{
    do {
        g_autofree char *name = as_identifier(as);

        if (!name) {
            return as_error(as, "name of a symbol expected");
        }
        as_symbol(as, name)->global = true;
    } while (as_accept(as, ","));
    return true;
}

static bool d_type(As *as, const Directive *d)
{
    g_autofree char *name = as_identifier(as);

    if (!name) {
        return as_error(as, "name of a symbol expected");
    }
    as_symbol(as, name)->is_func = strstr(as->p, "func") != NULL;
    as->p += strlen(as->p);
    return true;
}

static bool d_ignored(As *as, const Directive *d)
{
    as->p += strlen(as->p);
    return true;
}

static bool d_align(As *as, const Directive *d)
{
    uint64_t n, fill = 0;

    if (!as_number(as, &n, d->arg ? 16 : 65536) ||
        (as_accept(as, ",") && !as_number(as, &fill, 255))) {
        return false;
    }
    n = d->arg ? 1ull << n : n;
    if (!n || (n & (n - 1))) {
        return as_error(as, "alignment is not a power of two");
    }
    as->section->align = MAX(as->section->align, n);
    return emit_fill(as, -as->section->size & (n - 1), (uint8_t)fill);
}

static bool d_data(As *as, const Directive *d)
{
    do {
        AsValue v;
        uint8_t bytes[8];

        if (!as_expr(as, &v)) {
            return false;
        }
        if (d->arg < 8 && as->pass == 2 && v.v >> (8 * d->arg) &&
            ~v.v >> (8 * d->arg - 1)) {
            return as_error(as, "0x%" G_GINT64_MODIFIER "x does not fit %u bytes", v.v, d->arg);
        }
        for (unsigned i = 0; i < 8; i++) {
            bytes[i] = (uint8_t)(v.v >> 8 * i);
        }
        if (!emit(as, bytes, d->arg)) {
            return false;
        }
    } while (as_accept(as, ","));
    return true;
}

static bool d_float(As *as, const Directive *d)
{
    do {
        char *end;
        double x;
        float f;

        as_skip(as);
        x = g_ascii_strtod(as->p, &end);
        f = (float)x;
        if (end == as->p) {
            return as_error(as, "number expected at '%s'", as->p);
        }
        as->p = end;
        if (!emit(as, d->arg == 4 ? (void *)&f : (void *)&x, d->arg)) {
            return false;
        }
    } while (as_accept(as, ","));
    return true;
}

/* The character behind a backslash; octal and hexadecimal too. */
static uint8_t escape(As *as)
{
    static const char escapes[] = "n\nt\tr\rb\bf\fa\a";
    const char *e;
    unsigned v = 0;

    if (*as->p == 'x') {
        return (uint8_t)strtoul(as->p + 1, (char **)&as->p, 16);
    }
    if (*as->p >= '0' && *as->p <= '7') {
        for (unsigned i = 0; i < 3 && *as->p >= '0' && *as->p <= '7'; i++) {
            v = v * 8 + (unsigned)(*as->p++ - '0');
        }
        return (uint8_t)v;
    }
    e = memchr(escapes, *as->p, sizeof(escapes) - 1);
    return (uint8_t)(*as->p ? as->p++, e ? e[1] : as->p[-1] : 0);
}

static bool d_ascii(As *as, const Directive *d)
{
    do {
        if (!as_expect(as, "\"")) {
            return false;
        }
        while (*as->p && *as->p != '"') {
            uint8_t c = (uint8_t)*as->p++;

            c = c == '\\' ? escape(as) : c;
            if (!emit(as, &c, 1)) {
                return false;
            }
        }
        if (!as_expect(as, "\"") || (d->arg && !emit(as, "", 1))) {
            return false;
        }
    } while (as_accept(as, ","));
    return true;
}

static bool d_skip(As *as, const Directive *d)
{
    uint64_t n, fill = 0;

    return as_number(as, &n, MAX_SECTION_BYTES) &&
           (!as_accept(as, ",") || as_number(as, &fill, 255)) && emit_fill(as, n, (uint8_t)fill);
}

static bool d_fill(As *as, const Directive *d)
{
    uint64_t n, size = 1, value = 0;

    if (!as_number(as, &n, MAX_SECTION_BYTES) || (as_accept(as, ",") && !as_number(as, &size, 8)) ||
        (as_accept(as, ",") && !as_number(as, &value, UINT64_MAX))) {
        return false;
    }
    while (n--) {
        uint8_t bytes[8];

        for (unsigned i = 0; i < 8; i++) {
            bytes[i] = (uint8_t)(value >> 8 * i);
        }
        if (!emit(as, bytes, size)) {
            return false;
        }
    }
    return true;
}

static bool assign(As *as, const char *name)
{
    AsValue v;

    return as_expr(as, &v) && define(as, name, NULL, v.v, true);
}

static bool d_set(As *as, const Directive *d)
{
    g_autofree char *name = as_identifier(as);

    if (!name || !as_expect(as, ",")) {
        return as_error(as, ".set name, value");
    }
    return assign(as, name);
}

static bool d_comm(As *as, const Directive *d)
{
    g_autofree char *name = as_identifier(as);
    uint64_t n, align = 16;
    AsSection *here = as->section;
    bool ok;

    if (!name || !as_expect(as, ",") || !as_number(as, &n, MAX_SECTION_BYTES) ||
        (as_accept(as, ",") && !as_number(as, &align, 65536))) {
        return as_error(as, "name, size expected");
    }
    if (!align || (align & (align - 1))) {
        return as_error(as, "alignment is not a power of two");
    }
    as->section = get_section(as, ".bss");
    as->section->align = MAX(as->section->align, align);
    ok = emit_fill(as, -as->section->size & (align - 1), 0) &&
         define(as, name, as->section, as->section->size, false) && emit_fill(as, n, 0);
    as_symbol(as, name)->global |= d->arg;
    as->section = here;
    return ok;
}

static bool d_error(As *as, const Directive *d)
{
    return as_error(as, ".error %s", as->p);
}

static const Directive directives[] = {
    { ".text", d_section, 0, ".text" }, { ".data", d_section, 0, ".data" },
    { ".rodata", d_section, 0, ".rodata" }, { ".bss", d_section, 0, ".bss" },
    { ".section", d_section }, { ".seg", d_section }, { ".globl", d_globl }, { ".global", d_globl },
    { ".weak", d_globl }, { ".local", d_ignored }, { ".hidden", d_ignored }, { ".type", d_type },
    { ".size", d_ignored }, { ".ident", d_ignored }, { ".file", d_ignored },
    { ".ignore", d_ignored },
    { ".accept", d_ignored }, { ".align", d_align }, { ".balign", d_align },
    { ".p2align", d_align, 1 },
    { ".byte", d_data, 1 }, { ".half", d_data, 2 }, { ".hword", d_data, 2 },
    { ".short", d_data, 2 },
    { ".uahalf", d_data, 2 }, { ".word", d_data, 4 }, { ".long", d_data, 4 }, { ".int", d_data, 4 },
    { ".uaword", d_data, 4 }, { ".quad", d_data, 8 }, { ".dword", d_data, 8 },
    { ".uadword", d_data, 8 }, { ".float", d_float, 4 }, { ".single", d_float, 4 },
    { ".double", d_float, 8 }, { ".ascii", d_ascii }, { ".asciz", d_ascii, 1 },
    { ".string", d_ascii, 1 }, { ".skip", d_skip }, { ".space", d_skip }, { ".zero", d_skip },
    { ".fill", d_fill }, { ".set", d_set }, { ".equ", d_set }, { ".lcomm", d_comm },
    { ".comm", d_comm, 1 }, { ".error", d_error },
};

static bool directive(As *as, const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(directives); i++) {
        if (!strcmp(directives[i].name, name)) {
            return directives[i].run(as, &directives[i]) &&
                   (as_at_end(as) || as_error(as, "too much: '%s'", as->p));
        }
    }
    return as_error(as, "no directive '%s'", name);
}

/* ---- bundles ---- */

static bool open_bundle(Source *src)
{
    As *as = src->as;

    if (as->section->size & 7) {
        return as_error(as, "code is not aligned to 8 bytes");
    }
    src->bundle = as_bundle_new(as);
    src->bundle_line = as->line;
    src->bundle_failed = false;
    return true;
}

static bool close_bundle(Source *src)
{
    uint8_t bytes[E2K_MAX_BUNDLE_BYTES];
    unsigned n, here = src->as->line;
    bool ok;

    src->as->line = src->bundle_line;
    ok = !src->bundle_failed && as_bundle_end(src->bundle, bytes, &n);
    src->as->line = here;
    as_bundle_free(src->bundle);
    src->bundle = NULL;
    return ok && emit(src->as, bytes, n);
}

static bool operation(Source *src)
{
    if (src->as->in_bundle) {
        bool ok = as_bundle_op(src->bundle);

        src->bundle_failed |= !ok;
        return ok;
    }
    if (!open_bundle(src)) {
        return false;
    }
    src->bundle_failed = !as_bundle_op(src->bundle);
    return close_bundle(src);
}

/* ---- macros and repetition ---- */

static void free_macro(gpointer p)
{
    Macro *m = p;

    g_strfreev(m->params);
    g_free(m->body);
    g_free(m);
}

/* "\name" in @body becomes values[i]; "\@" a number of its own. */
static char *substitute(const Macro *m, char **values, unsigned n_values, unsigned serial)
{
    GString *out = g_string_new("");

    for (const char *p = m->body; *p;) {
        size_t best = 0;
        const char *value = "";

        if (*p == '\\' && p[1] == '@') {
            g_string_append_printf(out, "%u", serial);
            p += 2;
            continue;
        }
        for (unsigned i = 0; *p == '\\' && m->params[i]; i++) {
            size_t n = strlen(m->params[i]);

            if (n > best && !strncmp(p + 1, m->params[i], n)) {
                best = n;
                value = i < n_values ? values[i] : "";
            }
        }
        if (best) {
            g_string_append(out, value);
            p += best + 1;
        } else {
            g_string_append_c(out, *p++);
        }
    }
    return g_string_free(out, FALSE);
}

static bool expand(Source *src, const char *body, unsigned line)
{
    As *as = src->as;
    unsigned here = as->line;
    bool ok;

    if (src->depth == MAX_DEPTH || ++src->n_expansions > 1000000) {
        return as_error(as, "macros are nested too deep or expanded too often");
    }
    src->depth++;
    ok = run_text(src, body, line);
    src->depth--;
    as->line = here;
    return ok;
}

static bool run_macro(Source *src, const Macro *m)
{
    As *as = src->as;
    g_auto(GStrv) values = NULL;
    g_autofree char *text = NULL;

    as_skip(as);
    values = g_strsplit(as->p, ",", -1);
    for (unsigned i = 0; values[i]; i++) {
        g_strstrip(values[i]);
    }
    text = substitute(m, values, g_strv_length(values), src->n_expansions);
    as->p += strlen(as->p);
    return expand(src, text, m->line);
}

/* The lines up to the directive that ends this block; *text goes behind it. NULL: none does. */
static char *take_block(const char **text, unsigned *line, const char *begin, const char *end)
{
    const char *start = strchr(*text, '\n'), *p;
    unsigned depth = 1;

    for (p = start = start ? start + 1 : *text; *p;) {
        const char *word = p + strspn(p, " \t"), *next = strchr(p, '\n');
        size_t n = strcspn(word, " \t\n;!");

        ++*line;
        depth += n == strlen(begin) && !strncmp(word, begin, n);
        depth -= n == strlen(end) && !strncmp(word, end, n);
        if (!depth) {
            *text = word + n;
            return g_strndup(start, (gsize)(p - start));
        }
        if (!next) {
            break;
        }
        p = next + 1;
    }
    return NULL;
}

/* Names between commas or blanks */
static char **split_params(const char *text)
{
    char **params = g_strsplit_set(text, ", \t\r", -1);
    unsigned n = 0;

    for (unsigned i = 0; params[i]; i++) {
        if (*params[i]) {
            params[n++] = params[i];
        } else {
            g_free(params[i]);
        }
    }
    params[n] = NULL;
    return params;
}

static bool d_macro(Source *src, const char **text)
{
    As *as = src->as;
    g_autofree char *name = as_identifier(as);
    Macro *m = g_new0(Macro, 1);
    unsigned last = as->line;

    m->line = as->line + 1;
    as_skip(as);
    m->params = split_params(as->p);
    m->body = take_block(text, &last, ".macro", ".endm");
    as->line = last;
    if (!name || !m->body) {
        free_macro(m);
        return as_error(as, ".macro name parameters ... .endm");
    }
    g_hash_table_insert(src->macros, g_strdup(name), m);
    return true;
}

static bool d_rept(Source *src, const char **text)
{
    As *as = src->as;
    uint64_t n;
    unsigned first = as->line + 1, last = as->line;
    g_autofree char *body = NULL;
    bool ok = as_number(as, &n, 1000000);

    body = take_block(text, &last, ".rept", ".endr");
    if (!ok || !body) {
        return as_error(as, ".rept count ... .endr");
    }
    while (n-- && ok) {
        ok = expand(src, body, first);
    }
    as->line = last;
    return ok;
}

/* ---- statements ---- */

/* A statement without its labels; @text: the source behind it, for blocks */
static bool body_of_statement(Source *src, const char **text)
{
    As *as = src->as;
    const char *start = as->p;
    g_autofree char *name = as_identifier(as);
    const Macro *m;

    if (!name) {
        return as_error(as, "operation expected at '%s'", as->p);
    }
    if (!strcmp(name, ".macro")) {
        return d_macro(src, text);
    }
    if (!strcmp(name, ".rept")) {
        return d_rept(src, text);
    }
    as_skip(as);
    if (*as->p == '=' && as->p[1] != '=') {
        as->p++;
        return assign(as, name);
    }
    m = g_hash_table_lookup(src->macros, name);
    if (m) {
        return run_macro(src, m);
    }
    if (*name == '.') {
        return directive(as, name);
    }
    as->p = start;
    return operation(src);
}

static bool statement(Source *src, const char *line, const char **text)
{
    As *as = src->as;

    as->p = line;
    as->failed = false;
    for (;;) {
        const char *start = (as_skip(as), as->p);
        size_t n = strspn(start, "0123456789");
        g_autofree char *name = n ? g_strndup(start, n) : as_identifier(as);

        as->p = n ? start + n : as->p;
        if (!name || !*name || *as->p != ':') {
            as->p = start;
            break;
        }
        as->p++;
        if (!define_label(as, name)) {
            return false;
        }
    }
    return as_at_end(as) || body_of_statement(src, text);
}

static bool brace(Source *src, char c)
{
    As *as = src->as;
    bool ok;

    as->failed = false;
    if (as->in_bundle == (c == '{')) {
        return as_error(as, c == '{' ? "a bundle inside a bundle" : "'}' without '{'");
    }
    if (c == '{') {
        as->in_bundle = open_bundle(src);
        return as->in_bundle;
    }
    ok = close_bundle(src);
    as->in_bundle = false;
    return ok;
}

/* Comments become blanks; line ends stay. */
static char *without_comments(const char *text)
{
    char *out = g_strdup(text);
    bool line_start = true;

    for (char *p = out; *p; p++) {
        if (*p == '"') {
            for (p++; *p && *p != '"' && *p != '\n'; p++) {
                p += *p == '\\' && p[1];
            }
            p -= !*p;
        } else if (*p == '\'' && p[1] && p[1] != '\n') {
            p += p[1] == '\\' && p[2] ? 2 : 1;
        } else if (p[0] == '/' && p[1] == '*') {
            for (; *p && !(p[0] == '*' && p[1] == '/' && p[-1] != '/'); p++) {
                *p = *p == '\n' ? '\n' : ' ';
            }
            if (!*p) {
                break;
            }
            p[0] = p[1] = ' ';
        } else if (*p == '!' || (p[0] == '/' && p[1] == '/') || (*p == '#' && line_start)) {
            for (; *p && *p != '\n'; p++) {
                *p = ' ';
            }
            p--;
        }
        line_start = *p == '\n' || (line_start && isspace((unsigned char)*p));
    }
    return out;
}

/* Length of the statement at @p: up to a line end, ';', '{' or '}' outside quotes */
static size_t statement_length(const char *p)
{
    const char *start = p;

    for (; *p && !strchr("\n;{}", *p); p++) {
        if (*p == '"') {
            for (p++; *p && *p != '"' && *p != '\n'; p++) {
                p += *p == '\\' && p[1];
            }
            if (*p != '"') {
                break;
            }
        } else if (*p == '\'' && p[1] && p[1] != '\n') {
            p += p[1] == '\\' && p[2] ? 2 : 1;
        }
    }
    return (size_t)(p - start);
}

static bool run_text(Source *src, const char *text, unsigned line)
{
    As *as = src->as;
    bool ok = true;

    as->line = line;
    while (*text) {
        size_t n = statement_length(text);
        g_autofree char *one = g_strndup(text, n);
        char sep;

        text += n;
        ok &= statement(src, one, &text);
        sep = *text;
        if (!sep) {
            break;
        }
        text++;
        if (sep == '{' || sep == '}') {
            ok &= brace(src, sep);
        }
        as->line += sep == '\n';
    }
    return ok;
}

/* ---- passes ---- */

static GHashTable *index_ops(void)
{
    GHashTable *ops = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                            (GDestroyNotify)g_array_unref);

    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        const char *names[] = { e2k_op_rows[i].name, e2k_op_rows[i].alt };
        uint16_t idx = (uint16_t)i;

        for (unsigned k = 0; k < 2 && names[k]; k++) {
            GArray *rows = g_hash_table_lookup(ops, names[k]);

            if (!rows) {
                rows = g_array_new(FALSE, FALSE, sizeof(uint16_t));
                g_hash_table_insert(ops, (gpointer)names[k], rows);
            }
            g_array_append_val(rows, idx);
        }
    }
    return ops;
}

static void run_file(As *as, const AsFile *file, GHashTable *symbols)
{
    g_autofree char *text = without_comments(file->text);
    Source src = { .as = as, .macros = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                                             free_macro) };

    as->file = file->name;
    as->line = 1;
    as->locals = symbols;
    as->in_bundle = false;
    as->section = get_section(as, ".text");
    as->numbered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    run_text(&src, text, 1);
    as->failed = false;
    if (as->in_bundle) {
        as_error(as, "'}' is missing at the end");
    }
    if (src.bundle) {
        as_bundle_free(src.bundle);
    }
    g_hash_table_unref(as->numbered);
    g_hash_table_unref(src.macros);
}

static void run_pass(As *as, const AsFile *files, unsigned n_files)
{
    as->pass++;
    for (unsigned i = 0; i < as->sections->len; i++) {
        ((AsSection *)as->sections->pdata[i])->size = 0;
    }
    for (unsigned i = 0; i < n_files; i++) {
        run_file(as, &files[i], as->file_symbols->pdata[i]);
    }
}

static void export_symbols(As *as, const AsFile *files, unsigned n_files)
{
    for (unsigned i = 0; i < n_files; i++) {
        GHashTableIter it;
        gpointer value;

        g_hash_table_iter_init(&it, as->file_symbols->pdata[i]);
        while (g_hash_table_iter_next(&it, NULL, &value)) {
            AsSymbol *sym = value;

            as->failed = false;
            as->file = files[i].name;
            if (sym->global && sym->defined && !g_hash_table_insert(as->globals, sym->name, sym)) {
                as_error(as, "'%s' is defined in another file too", sym->name);
            }
        }
    }
}

static void as_init(As *as, const AsCpu *cpu, unsigned n_files)
{
    *as = (As){ .cpu = *cpu, .errors = g_string_new(""), .ops = index_ops(),
                .sections = g_ptr_array_new_with_free_func(free_section),
                .globals = g_hash_table_new(g_str_hash, g_str_equal),
                .file_symbols = g_ptr_array_new() };
    g_ptr_array_set_free_func(as->file_symbols, (GDestroyNotify)g_hash_table_unref);
    for (unsigned i = 0; i < n_files; i++) {
        g_ptr_array_add(as->file_symbols, g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                                                free_symbol));
    }
}

/* Returns false with *errors set; both free @as's insides. */
static bool as_done(As *as, char **errors)
{
    bool ok = !as->n_errors;

    g_hash_table_unref(as->ops);
    g_ptr_array_unref(as->sections);
    g_hash_table_unref(as->globals);
    g_ptr_array_unref(as->file_symbols);
    *errors = g_string_free(as->errors, ok);
    return ok;
}

static void both_passes(As *as, const AsFile *files, unsigned n_files, uint64_t base)
{
    run_pass(as, files, n_files);
    export_symbols(as, files, n_files);
    if (!as->n_errors) {
        as_layout(as, base);
        run_pass(as, files, n_files);
    }
}

GByteArray *as_assemble(const AsFile *files, unsigned n_files, const AsCpu *cpu, char **errors)
{
    As as;
    GByteArray *elf = NULL;

    as_init(&as, cpu, n_files);
    both_passes(&as, files, n_files, 0x10000);
    if (!as.n_errors) {
        elf = as_elf(&as);
    }
    if (!as_done(&as, errors)) {
        g_clear_pointer(&elf, g_byte_array_unref);
    }
    return elf;
}

GByteArray *as_assemble_text(const char *text, unsigned version, char **errors)
{
    As as;
    AsCpu cpu = { .version = (uint8_t)version };
    AsFile file = { "text", text };
    GByteArray *bytes = NULL;

    as_init(&as, &cpu, 1);
    run_pass(&as, &file, 1);
    if (!as.n_errors) {
        run_pass(&as, &file, 1);
        bytes = g_byte_array_ref(get_section(&as, ".text")->bytes);
    }
    if (!as_done(&as, errors)) {
        g_clear_pointer(&bytes, g_byte_array_unref);
    }
    return bytes;
}

bool as_find_cpu(const char *name, AsCpu *cpu)
{
    /* flag 0x10: code for this processor only */
    static const struct {
        const char *name;
        AsCpu cpu;
    } cpus[] = {
        { "elbrus-v1", { 0x01000000, 1 } }, { "elbrus-v2", { 0x02000000, 2 } },
        { "elbrus-2cm", { 0x02000000, 2 } }, { "elbrus-2c+", { 0x02000010, 2 } },
        { "elbrus-v3", { 0x03000000, 3 } }, { "elbrus-4c", { 0x03000010, 3 } },
        { "elbrus-v4", { 0x04000000, 4 } }, { "elbrus-8c", { 0x13000010, 4 } },
        { "elbrus-1c+", { 0x14000010, 4 } }, { "elbrus-v5", { 0x05000000, 5 } },
        { "elbrus-8c2", { 0x05000010, 5 } }, { "elbrus-v6", { 0x06000000, 6 } },
        { "elbrus-12c", { 0x15000010, 6 } }, { "elbrus-16c", { 0x16000010, 6 } },
        { "elbrus-2c3", { 0x17000010, 6 } }, { "elbrus-v7", { 0x07000000, 7 } },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cpus); i++) {
        if (!strcmp(cpus[i].name, name)) {
            *cpu = cpus[i].cpu;
            return true;
        }
    }
    return false;
}
