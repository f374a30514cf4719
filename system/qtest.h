/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The qtest protocol: ports, memory, interrupts and time by lines of text, without a guest CPU. */
#ifndef SYSTEM_QTEST_H
#define SYSTEM_QTEST_H

#include "util/error.h"

/* connects (or listens, "unix:path,server=on"); with -accel qtest the virtual clock moves by hand */
bool qtest_start(const char *where, Error **errp);

#endif
