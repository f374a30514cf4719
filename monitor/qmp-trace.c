/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP commands of trace events. None belongs to a vCPU, so naming one finds nothing. */
#include <string.h>
#include "monitor-internal.h"
#include "qapi/qapi-commands.h"
#include "util/trace.h"

static bool is_pattern(const char *name)
{
    return strpbrk(name, "*?");
}

static bool known(const char *name, bool has_vcpu, Error **errp)
{
    if (has_vcpu) {
        error_setg(errp, "trace events of this build do not belong to a vCPU");
        return false;
    }
    for (unsigned i = 0; i < n_trace_events; i++) {
        if (strcmp(trace_events[i]->name, name) == 0) {
            return true;
        }
    }
    if (!is_pattern(name)) {
        error_setg(errp, "unknown event \"%s\"", name);
    }
    return is_pattern(name);
}

GPtrArray *qmp_trace_event_get_state(const char *name, bool has_vcpu, int64_t vcpu, Error **errp)
{
    if (!known(name, has_vcpu, errp)) {
        return NULL;
    }
    GPtrArray *list = g_ptr_array_new();
    for (unsigned i = 0; i < n_trace_events; i++) {
        if (trace_matches(trace_events[i], name)) {
            TraceEventInfo *info = TraceEventInfo_new();
            info->name = g_strdup(trace_events[i]->name);
            info->state = trace_on(trace_events[i]) ? TRACE_EVENT_STATE_ENABLED
                                                    : TRACE_EVENT_STATE_DISABLED;
            g_ptr_array_add(list, info);
        }
    }
    return list;
}

bool qmp_trace_event_set_state(const char *name, bool enable, bool has_ignore_unavailable,
                               bool ignore_unavailable, bool has_vcpu, int64_t vcpu, Error **errp)
{
    if (!known(name, has_vcpu, errp)) {
        return false;
    }
    trace_set(name, enable);
    return true;
}
