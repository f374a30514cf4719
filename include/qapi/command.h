/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One row a QMP command; the table is generated. */
#ifndef QAPI_COMMAND_H
#define QAPI_COMMAND_H

#include "qapi/visit.h"

typedef struct QmpCommand {
    const char *name;
    const QapiType *arg, *ret;          /* NULL: none */
    bool (*run)(const void *arg, void *ret, Error **errp);
    Json *(*raw)(const Json *args, Error **errp);       /* 'gen': false; instead of the above */
} QmpCommand;

/* @args may be NULL. Returns the value for "return" ({} where there is none), NULL on error. */
Json *qmp_command_run(const QmpCommand *c, const Json *args, Error **errp);

extern const char qapi_schema_json[];   /* what query-qmp-schema answers */

#endif
