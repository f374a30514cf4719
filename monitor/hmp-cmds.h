/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that do not live in hmp-cmds.c. */
#ifndef MONITOR_HMP_CMDS_H
#define MONITOR_HMP_CMDS_H

#include "monitor-internal.h"

void hmp_print(HmpContext *ctx, const HmpArgs *args);           /* hmp-memory.c */
void hmp_sum(HmpContext *ctx, const HmpArgs *args);
void hmp_port_read(HmpContext *ctx, const HmpArgs *args);
void hmp_port_write(HmpContext *ctx, const HmpArgs *args);

#endif
