/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a line that somebody typed to a row of hmp_commands[] with its arguments; help. */
#include <stdlib.h>
#include <string.h>
#include "accel/cpu.h"
#include "monitor-internal.h"
#include "util/trace-monitor.h"

enum { FLAG = '-' };

/* ---- the table's text forms ---- */

static bool name_matches(const char *names, const char *word, size_t n)
{
    for (const char *p = names; *p;) {
        size_t k = strcspn(p, "|");
        if (k == n && strncmp(p, word, n) == 0) {
            return true;
        }
        p += k + (p[k] == '|');
    }
    return false;
}

static const HmpCommand *find_command(const char *word, size_t n, bool info)
{
    for (const HmpCommand *c = hmp_commands; c->name; c++) {
        if (c->info == info && name_matches(c->name, word, n)) {
            return c;
        }
    }
    return NULL;
}

const HmpArg *hmp_arg(const HmpArgs *a, const char *name)
{
    for (unsigned i = 0; i < a->n; i++) {
        if (strcmp(a->v[i].name, name) == 0) {
            return a->v[i].present ? &a->v[i] : NULL;
        }
    }
    return NULL;
}

const char *hmp_arg_str(const HmpArgs *a, const char *name)
{
    const HmpArg *arg = hmp_arg(a, name);

    return arg ? arg->s : NULL;
}

int64_t hmp_arg_int(const HmpArgs *a, const char *name, int64_t otherwise)
{
    const HmpArg *arg = hmp_arg(a, name);

    return arg ? arg->i : otherwise;
}

bool hmp_arg_flag(const HmpArgs *a, const char *name)
{
    return hmp_arg(a, name) != NULL;
}

/* ---- arguments ---- */

static const char *skip_space(const char *p)
{
    while (*p == ' ' || *p == '\t') {
        p++;
    }
    return p;
}

static char *take_word(const char **p, Error **errp)
{
    GString *out = g_string_new(NULL);
    bool quoted = **p == '"';
    const char *c = *p + quoted;

    while (*c && (quoted ? *c != '"' : *c != ' ' && *c != '\t')) {
        if (quoted && *c == '\\' && c[1]) {
            c++;
            g_string_append_c(out, *c == 'n' ? '\n' : *c == 'r' ? '\r' : *c);
            c++;
        } else {
            g_string_append_c(out, *c++);
        }
    }
    if (quoted && *c != '"') {
        error_setg(errp, "unterminated string");
        g_string_free(out, TRUE);
        return NULL;
    }
    *p = c + quoted;
    return g_string_free(out, FALSE);
}

static bool take_bool(const char **p, HmpArg *a, Error **errp)
{
    g_autofree char *w = take_word(p, errp);

    if (!w || (strcmp(w, "on") != 0 && strcmp(w, "off") != 0)) {
        if (w) {
            error_setg(errp, "Expected 'on' or 'off'");
        }
        return false;
    }
    a->i = strcmp(w, "on") == 0;
    return true;
}

/* MiB, or with a suffix; a->i in bytes */
static bool take_size(const char **p, HmpArg *a, Error **errp)
{
    g_autofree char *w = take_word(p, errp);
    g_autoptr(Opts) o = opts_new();
    bool negative = w && *w == '-';
    uint64_t bytes = 0;

    if (!w) {
        return false;
    }
    opts_add(o, a->name, w + negative);
    if (!opts_get_size(o, a->name, 'M', &bytes, NULL) || bytes > INT64_MAX) {
        error_setg(errp, "invalid size");
        return false;
    }
    a->i = negative ? -(int64_t)bytes : (int64_t)bytes;
    return true;
}

static bool take_arg(HmpContext *ctx, HmpArg *a, const char **p, Error **errp)
{
    switch (a->type) {
    case 's':
        a->s = take_word(p, errp);
        return a->s != NULL;
    case 'S':
        a->s = g_strdup(*p);
        *p += strlen(*p);
        return true;
    case 'f':
        a->s = take_word(p, errp);
        return a->s != NULL;
    case 'o':
        return take_size(p, a, errp);
    case 'b':
        return take_bool(p, a, errp);
    default:
        return hmp_expr(ctx, p, &a->i, errp);
    }
}

/* Flags ("-a") may stand before any argument; "-1" is a number. */
static bool take_flags(HmpArgs *args, const char **p, const HmpCommand *c, Error **errp)
{
    while (**p == '-' && g_ascii_isalpha((*p)[1])) {
        HmpArg *found = NULL;
        for (unsigned i = 0; i < args->n; i++) {
            if (args->v[i].type == FLAG && args->v[i].name[1] == (*p)[1]) {
                found = &args->v[i];
            }
        }
        if (!found) {
            error_setg(errp, "%s: unsupported option -%c", c->name, (*p)[1]);
            return false;
        }
        found->present = true;
        *p = skip_space(*p + 2);
    }
    return true;
}

/* Splits the row's .args; names go into @names, which the HmpArgs borrow. */
static bool args_parse(HmpContext *ctx, const HmpCommand *c, const char *p, char **names,
                       HmpArgs *args, Error **errp)
{
    bool optional[G_N_ELEMENTS(args->v)] = { false };
    bool has_flags = false;

    for (char **n = names; *n && args->n < G_N_ELEMENTS(args->v); n++) {
        char *colon = strchr(*n, ':');
        HmpArg *a = &args->v[args->n];
        a->name = *n;
        a->type = colon ? colon[1] : FLAG;
        optional[args->n++] = !colon || colon[2] == '?';
        has_flags |= !colon;
        if (colon) {
            *colon = '\0';
        }
    }
    for (unsigned i = 0; i < args->n; i++) {
        p = skip_space(p);
        if (has_flags && !take_flags(args, &p, c, errp)) {
            return false;
        }
        HmpArg *a = &args->v[i];
        if (a->type == FLAG) {
            continue;
        }
        if (!*p || (a->type == 'f' && *p != '/')) {
            if (optional[i]) {
                continue;
            }
            error_setg(errp, a->type == 's' || a->type == 'S' ? "%s: string expected"
                                                              : "%s: argument expected", c->name);
            return false;
        }
        if (!take_arg(ctx, a, &p, errp)) {
            return false;
        }
        a->present = true;
    }
    p = skip_space(p);
    if (has_flags && !take_flags(args, &p, c, errp)) {
        return false;
    }
    if (*p) {
        error_setg(errp, "%s: extraneous characters at the end of line", c->name);
        return false;
    }
    return true;
}

/* ---- help ---- */

static void print_help_line(FILE *out, const HmpCommand *c)
{
    fprintf(out, "%s%s%s%s -- %s\n", c->info ? "info " : "", c->name, c->params[0] ? " " : "",
            c->params, c->help);
}

static void run_help(HmpContext *ctx, const char *rest)
{
    size_t n = strcspn(rest, " \t");
    const char *second = skip_space(rest + n);
    bool info = n == 4 && strncmp(rest, "info", 4) == 0;

    if (info && *second) {
        rest = second;
        n = strcspn(rest, " \t");
    }
    for (const HmpCommand *c = hmp_commands; c->name; c++) {
        if (!*rest ? !c->info : info && !*second ? c->info
            : c->info == info && name_matches(c->name, rest, n)) {
            print_help_line(ctx->out, c);
        }
    }
    if (!*rest) {
        fprintf(ctx->out, "info [subcommand] -- show various information about the system state\n"
                "help|? [cmd] -- show the help\n");
    }
}

/* ---- a line ---- */

static void run_row(HmpContext *ctx, const HmpCommand *c, const char *rest)
{
    g_autoptr(Error) err = NULL;
    g_auto(GStrv) names = g_strsplit(c->args, ",", -1);
    HmpArgs args = { .n = 0 };

    if (args_parse(ctx, c, rest, c->args[0] ? names : names + g_strv_length(names), &args,
                   &err)) {
        c->run(ctx, &args);
    } else {
        fprintf(ctx->out, "%s\n", error_text(err));
        fprintf(ctx->out, "Try \"help %s%s\" for more information\n", c->info ? "info " : "",
                c->name);
    }
    for (unsigned i = 0; i < args.n; i++) {
        g_free(args.v[i].s);
    }
}

void hmp_run(HmpContext *ctx, const char *line)
{
    const char *p = skip_space(line);
    size_t n = *p == '/' ? 0 : strcspn(p, " \t/");

    trace_handle_hmp_command(line);
    if (!*p || *p == '#') {
        return;
    }
    if (name_matches("help|?", p, n)) {
        run_help(ctx, skip_space(p + n));
        return;
    }
    bool info = n == 4 && strncmp(p, "info", 4) == 0;
    const char *word = info ? skip_space(p + n) : p;
    size_t k = info ? strcspn(word, " \t") : n;
    if (info && !*word) {
        run_help(ctx, "info");
        return;
    }
    const HmpCommand *c = find_command(word, k, info);
    if (!c) {
        fprintf(ctx->out, "unknown command: '%.*s'\n", (int)(word + k - p), p);
        return;
    }
    run_row(ctx, c, skip_space(word + k));
}

static void add_match(GPtrArray *out, const char *names, const char *text)
{
    g_auto(GStrv) each = g_strsplit(names, "|", -1);

    for (char **n = each; *n; n++) {
        if (g_str_has_prefix(*n, text)) {
            g_ptr_array_add(out, g_strdup(*n));
        }
    }
}

GPtrArray *hmp_complete(const char *text)
{
    GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
    const char *p = skip_space(text);
    bool info = g_str_has_prefix(p, "info "), help = g_str_has_prefix(p, "help ");
    const char *word = info || help ? skip_space(p + 5) : p;

    if (strchr(word, ' ')) {
        return out;
    }
    for (const HmpCommand *c = hmp_commands; c->name; c++) {
        if (c->info == info) {
            add_match(out, c->name, word);
        }
    }
    if (!info) {
        add_match(out, "help|info", word);
    }
    return out;
}

static void add_line(void *opaque, const char *line)
{
    fprintf(opaque, "%s\n", line);
}

/* Runs @line with error_report() going to its output; terminal line ends. */
char *hmp_run_to_text(HmpContext *ctx, const char *line)
{
    char *text = NULL;
    size_t n = 0;

    ctx->out = open_memstream(&text, &n);
    error_set_sink(add_line, ctx->out);
    hmp_run(ctx, line);
    error_set_sink(NULL, NULL);
    fclose(ctx->out);
    GString *out = g_string_sized_new(n + 64);
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\n') {
            g_string_append_c(out, '\r');
        }
        if (text[i]) {
            g_string_append_c(out, text[i]);
        }
    }
    free(text);
    return g_string_free(out, FALSE);
}

char *monitor_hmp(const char *line, int cpu_index)
{
    HmpContext ctx = { .cpu_index = cpu_index };

    return hmp_run_to_text(&ctx, line);
}
