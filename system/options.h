/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line as the user gave it, checked but not acted on. */
#ifndef SYSTEM_OPTIONS_H
#define SYSTEM_OPTIONS_H

#include "hw/boards.h"
#include "qapi/opts.h"

typedef struct MonOption { char *text; bool control, pretty; } MonOption;

typedef struct CommandLine {
    MachineOptions machine;         /* strings borrowed from argv or kept below */
    const MachineType *type;
    char *machine_props;
    const char *accel;
    GPtrArray *devices;             /* Opts *: "driver", "id", properties */
    GPtrArray *objects;             /* Opts *: "qom-type", "id", properties */
    GPtrArray *chardevs;            /* char *: texts of -chardev */
    GPtrArray *serials;             /* char * */
    GPtrArray *monitors;            /* MonOption * */
    GPtrArray *mon_opts;            /* char *: texts of -mon */
    bool monitor_given, serial_given, nographic, nodefaults, paused, daemonize;
    const char *debugcon, *qtest, *gdb, *pidfile, *name, *uuid, *rtc_base, *log_items, *log_file;
} CommandLine;

/* "help" forms print and exit(0). False: *errp tells the one thing that is wrong. */
bool command_line_parse(CommandLine *cl, int argc, char **argv, Error **errp);
void options_foreach(void (*fn)(const char *name, void *opaque), void *opaque);

#endif
