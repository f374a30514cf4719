/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace events: a line of the log at each border crossing, switched on by name. A folder declares
 * its events in FOLDER/trace-events, includes "util/trace-FOLDER.h" ('/' as '_') and calls
 * trace_NAME(...), which is one test of a bool when the event is off. See scripts/trace-gen.
 */
#ifndef UTIL_TRACE_H
#define UTIL_TRACE_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include "util/error.h"

typedef struct TraceEvent {
    const char *name, *folder;
    bool on;                    /* atomic, relaxed */
} TraceEvent;

extern TraceEvent *const trace_events[];        /* all, sorted by name */
extern const unsigned n_trace_events;

static inline bool trace_on(const TraceEvent *e)
{
    return G_UNLIKELY(__atomic_load_n(&e->on, __ATOMIC_RELAXED));
}

/* one line: the name, a space, the text */
void trace_print(const TraceEvent *e, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/* @pattern: a name, '*' and '?' as in file names. Returns how many events match. */
unsigned trace_set(const char *pattern, bool on);
bool trace_matches(const TraceEvent *e, const char *pattern);
void trace_set_folder(const char *folder, bool on);
/* "PATTERN" or "-PATTERN" (off); an unknown name is an error */
bool trace_set_text(const char *text, Error **errp);
/* one such text a line; # starts a comment */
bool trace_set_from_file(const char *path, Error **errp);
void trace_print_names(FILE *f);

#endif
