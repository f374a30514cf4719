/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events go to whoever registered: the monitor, a test. Big lock. */
#ifndef QAPI_EVENT_H
#define QAPI_EVENT_H

#include "qapi/json.h"

/* @data: to own; NULL: no data */
typedef void QapiEventSink(unsigned event, const char *name, Json *data);
void qapi_event_set_sink(QapiEventSink *sink);          /* NULL: events vanish */
void qapi_event_emit(unsigned event, Json *data);       /* for generated code; takes @data */

#endif
