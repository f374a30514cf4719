/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_INTERNAL_H
#define MONITOR_INTERNAL_H

#include "monitor/monitor.h"
#include "qapi/json.h"

extern const MonitorVm *monitor_vm;

/* ---- QMP (qmp.c) ---- */
typedef struct QmpMonitor QmpMonitor;
QmpMonitor *qmp_monitor_new(Chardev *chr, bool pretty);
void qmp_monitor_free(QmpMonitor *m);
extern QmpMonitor *qmp_current;         /* whose command runs; NULL: none */
bool qmp_negotiated(QmpMonitor *m);
void qmp_set_negotiated(QmpMonitor *m);
/* One request to its answer; NULL: none. Takes @req. */
Json *qmp_dispatch(QmpMonitor *m, Json *req);

void monitor_listen_to_balloon(bool on);        /* qmp-balloon.c: its events */

/* ---- HMP ---- */
typedef struct HmpMonitor HmpMonitor;   /* hmp-console.c: a chardev, line editing, prompt */
HmpMonitor *hmp_monitor_new(Chardev *chr);
void hmp_monitor_free(HmpMonitor *m);

typedef struct HmpContext {             /* of one command */
    FILE *out;
    int cpu_index;                      /* of the monitor; "cpu N" changes it */
} HmpContext;
/* hmp.c: parses and runs one line */
void hmp_run(HmpContext *ctx, const char *line);
/* the same with its output as text for a terminal; g_malloc'ed */
char *hmp_run_to_text(HmpContext *ctx, const char *line);
/* what @text, the start of a line, can become: words separated by NUL pointers */
GPtrArray *hmp_complete(const char *text);

/* hmp-expr.c: "0x10+(4*3)"; moves *p behind it */
bool hmp_expr(HmpContext *ctx, const char **p, int64_t *out, Error **errp);

/*
 * Arguments of an HMP command, as its row's .args says: "name:type" separated by commas.
 *   s word or "quoted"   S rest of the line   i integer expression   o size, in MiB   f /fmt
 *   b on|off             -x flag              ? behind a type: optional
 */
typedef struct HmpArg { const char *name; char type; bool present; char *s; int64_t i; } HmpArg;
typedef struct HmpArgs { HmpArg v[8]; unsigned n; } HmpArgs;
const HmpArg *hmp_arg(const HmpArgs *a, const char *name);      /* NULL: not given */
const char *hmp_arg_str(const HmpArgs *a, const char *name);    /* NULL: not given */
int64_t hmp_arg_int(const HmpArgs *a, const char *name, int64_t otherwise);
bool hmp_arg_flag(const HmpArgs *a, const char *name);

typedef struct HmpCommand {             /* one row a command */
    const char *name;                   /* "stop|s" */
    const char *args;                   /* as above */
    const char *params, *help;          /* for help */
    void (*run)(HmpContext *ctx, const HmpArgs *args);
    bool info;                          /* "info NAME" */
} HmpCommand;
extern const HmpCommand hmp_commands[];         /* ends with a NULL name; hmp-cmds.c */

struct CPUState;
struct CPUState *hmp_cpu(HmpContext *ctx);      /* NULL: there is none; says so */
/* vCPUs stand still in between; nestable with a stopped machine */
void monitor_vcpus_pause(void);
void monitor_vcpus_resume(void);
void hmp_memory_dump(HmpContext *ctx, const HmpArgs *args, bool physical);
void hmp_format(const char *text, int *count, char *format, int *size);

#endif
