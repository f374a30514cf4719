/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The qtest protocol: ports, memory, interrupts and time by lines of text, without a guest CPU. */
#ifndef SYSTEM_QTEST_H
#define SYSTEM_QTEST_H

#include <glib.h>
#include <stdint.h>
#include "util/error.h"

typedef struct QTest QTest;

typedef struct QTestCommand {
    const char *name;               /* NULL ends a table */
    unsigned n_args;                /* at least */
    void (*run)(QTest *q, char **words);    /* words[0] is the name; answers one line */
} QTestCommand;

extern const QTestCommand qtest_x86_commands[];     /* what an x86 vCPU would do */

void qtest_answer(QTest *q, const char *fmt, ...) G_GNUC_PRINTF(2, 3);  /* "OK ...\n", "FAIL ...\n" */
uint64_t qtest_number(const char *text);            /* NULL: 0 */

/* connects (or listens, "unix:path,server=on"); with -accel qtest the virtual clock moves by hand */
bool qtest_start(const char *where, Error **errp);

#endif
