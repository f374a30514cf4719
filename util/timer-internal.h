/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_TIMER_INTERNAL_H
#define UTIL_TIMER_INTERNAL_H

#include "util/main-loop.h"

void timers_init(GMainContext *context);    /* hangs the timerfd on the context */
void timers_run(void);                      /* main thread, big lock: runs what has expired */

#endif
