/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What generated tables of commands and events need at run time. */
#include "qapi/command.h"
#include "qapi/qapi-events.h"

Json *qmp_command_run(const QmpCommand *c, const Json *args, Error **errp)
{
    g_autoptr(Json) empty = args ? NULL : json_object();
    void *arg = NULL, *ret = NULL;

    if (!args) {
        args = empty;
    }
    if (c->raw) {
        return c->raw(args, errp);
    }
    if (!c->arg && json_len(args)) {
        error_setg(errp, "Parameter '%s' is unexpected", json_key(args, 0));
        return NULL;
    }
    if (c->arg && !qapi_from_json(c->arg, args, NULL, &arg, errp)) {
        return NULL;
    }
    Json *out = NULL;
    if (c->run(arg, &ret, errp)) {
        out = c->ret ? qapi_to_json(c->ret, &ret) : json_object();
    }
    if (c->ret) {
        qapi_clear(c->ret, &ret);
    }
    if (c->arg) {
        qapi_clear(c->arg, &arg);
    }
    return out;
}

static QapiEventSink *event_sink;

void qapi_event_set_sink(QapiEventSink *sink)
{
    event_sink = sink;
}

void qapi_event_emit(unsigned event, Json *data)
{
    if (event_sink) {
        event_sink(event, QapiEvent_names[event], data);
    } else {
        json_free(data);
    }
}
