/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP and HMP monitors. Everything in the main thread under the big lock. */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include "chardev/chardev.h"
#include "qapi/opts.h"
#include "qapi/qapi-types.h"
#include "util/error.h"

/* What monitors ask of the program; handed down by system/. */
typedef struct MonitorVm {
    RunState (*state)(void);
    bool (*running)(void);
    void (*stop)(void);
    bool (*cont)(Error **errp);
    void (*quit)(void);
    void (*reset)(void);
    bool (*powerdown)(Error **errp);
    void (*set_action)(bool has_reboot, RebootAction reboot, bool has_shutdown,
                       ShutdownAction shutdown, bool has_panic, PanicAction panic);
    const char *(*name)(void);                  /* NULL: none */
    const char *(*uuid)(void);                  /* NULL: none */
    bool (*gdbserver)(const char *where, Error **errp);
    /* NULL: no CPU models to tell of */
    void (*foreach_cpu_model)(void (*fn)(const char *name, const char *desc, void *opaque),
                              void *opaque);
    const char *(*default_cpu_type)(void);
    bool (*object_add)(Opts *opts, Error **errp);
    bool (*object_del)(const char *id, Error **errp);
    /* names of the command line's options */
    void (*foreach_option)(void (*fn)(const char *name, void *opaque), void *opaque);
} MonitorVm;

void monitor_init(const MonitorVm *vm);
/* @control: QMP, else HMP. The monitor takes the front end of @chr. */
bool monitor_new(Chardev *chr, bool control, bool pretty, Error **errp);
/* one HMP command line; its output, g_malloc'ed, lines end in "\r\n" */
char *monitor_hmp(const char *line, int cpu_index);
void monitor_cleanup(void);

#endif
