/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the monitors ask of the program, and the monitors of the command line. */
#ifndef SYSTEM_MONITOR_GLUE_H
#define SYSTEM_MONITOR_GLUE_H

#include "options.h"

bool monitor_glue_start(CommandLine *cl, Error **errp);
void monitor_glue_cleanup(void);
void monitor_glue_stop(void);
void monitor_glue_quit(void);
bool monitor_glue_object_add(Opts *o, Error **errp);        /* "qom-type", "id", properties */
bool monitor_glue_device_add(Opts *o, bool hotplug, Error **errp);  /* "driver", "id", ... */

#endif
