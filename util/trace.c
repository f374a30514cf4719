/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/trace.h"
#include <errno.h>
#include <string.h>
#include "util/log.h"

void trace_print(const TraceEvent *e, const char *fmt, ...)
{
    FILE *f = log_lock();
    va_list ap;

    fputs(e->name, f);
    fputc(' ', f);
    va_start(ap, fmt);
    vfprintf(f, fmt, ap);
    va_end(ap);
    fputc('\n', f);
    log_unlock(f);
}

bool trace_matches(const TraceEvent *e, const char *pattern)
{
    return g_pattern_match_simple(pattern, e->name);
}

static void set(TraceEvent *e, bool on)
{
    __atomic_store_n(&e->on, on, __ATOMIC_RELAXED);
}

unsigned trace_set(const char *pattern, bool on)
{
    unsigned n = 0;

    for (unsigned i = 0; i < n_trace_events; i++) {
        if (trace_matches(trace_events[i], pattern)) {
            set(trace_events[i], on);
            n++;
        }
    }
    return n;
}

void trace_set_folder(const char *folder, bool on)
{
    for (unsigned i = 0; i < n_trace_events; i++) {
        if (strcmp(trace_events[i]->folder, folder) == 0) {
            set(trace_events[i], on);
        }
    }
}

bool trace_set_text(const char *text, Error **errp)
{
    bool on = text[0] != '-';

    if (trace_set(text + !on, on) == 0) {
        error_setg(errp, "trace event '%s' does not exist; try -trace help", text + !on);
        return false;
    }
    return true;
}

bool trace_set_from_file(const char *path, Error **errp)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) gerr = NULL;

    if (!g_file_get_contents(path, &text, NULL, &gerr)) {
        error_setg(errp, "cannot read trace events: %s", gerr->message);
        return false;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        char *line = g_strstrip(lines[i]);
        Error *err = NULL;

        if (*line && *line != '#' && !trace_set_text(line, &err)) {
            error_setg(errp, "%s:%u: %s", path, i + 1, error_text(err));
            error_free(err);
            return false;
        }
    }
    return true;
}

void trace_print_names(FILE *f)
{
    for (unsigned i = 0; i < n_trace_events; i++) {
        fprintf(f, "%s\n", trace_events[i]->name);
    }
}
