/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QMP: one QmpMonitor a chardev. A session:
 *
 *   chardev opens --> greeting --> negotiation --qmp_capabilities--> command mode --> chardev closes
 *
 * Commands run when their last byte arrives, in order. While a peer does not read its answers we
 * do not read its commands; events that it does not fetch are dropped beyond QUEUE_EVENTS.
 */
#include <string.h>
#include "monitor-internal.h"
#include "qapi/command.h"
#include "qapi/qapi-commands.h"
#include "qapi/qapi-events.h"
#include "util/main-loop.h"
#include "util/trace-monitor.h"

enum {
    QUEUE_COMMANDS = 64 << 10, QUEUE_EVENTS = 1 << 20, READ_MAX = 4096,
    QUEUE_MAX = 64 << 20,           /* one answer of any size fits */
};

typedef struct Request {                /* one of the two is NULL */
    Json *req;
    Error *err;
} Request;

struct QmpMonitor {
    Chardev *chr;
    JsonStream *stream;
    GQueue waiting;                     /* Request *, while the peer does not read answers */
    bool scheduled;                     /* run_waiting() will run soon */
    bool pretty, negotiated;
};

const MonitorVm *monitor_vm;
QmpMonitor *qmp_current;
static GPtrArray *monitors;             /* QmpMonitor * */

bool qmp_negotiated(QmpMonitor *m)
{
    return m->negotiated;
}

void qmp_set_negotiated(QmpMonitor *m)
{
    m->negotiated = true;
}

static void send(QmpMonitor *m, const Json *j)
{
    g_autoptr(GString) text = g_string_new(NULL);

    json_write(text, j, m->pretty);
    g_string_append(text, "\r\n");
    chardev_write(m->chr, text->str, text->len);
}

/* ---- requests ---- */

static Json *error_answer(Error *err)
{
    Json *e = json_object();

    json_set(e, "class", json_string(error_class_name(error_class(err))));
    json_set(e, "desc", json_string(error_text(err)));
    error_free(err);
    return json_set(json_object(), "error", e);
}

/* Whether @req is {"execute": "x", "arguments"?: {...}, "id"?: any}. */
static bool request_check(const Json *req, Error **errp)
{
    if (!json_is(req, JSON_OBJECT)) {
        error_setg(errp, "QMP input must be a JSON object");
        return false;
    }
    for (unsigned i = 0; i < json_len(req); i++) {
        const char *key = json_key(req, i);
        const Json *v = json_at(req, i);

        if (strcmp(key, "execute") == 0 && !json_is(v, JSON_STRING)) {
            error_setg(errp, "QMP input member '%s' must be a string", key);
            return false;
        }
        if (strcmp(key, "arguments") == 0 && !json_is(v, JSON_OBJECT)) {
            error_setg(errp, "QMP input member '%s' must be an object", key);
            return false;
        }
        if (strcmp(key, "execute") != 0 && strcmp(key, "arguments") != 0 &&
            strcmp(key, "id") != 0) {
            error_setg(errp, "QMP input member '%s' is unexpected", key);
            return false;
        }
    }
    if (!json_get(req, "execute")) {
        error_setg(errp, "QMP input lacks member 'execute'");
        return false;
    }
    return true;
}

static const QmpCommand *find_command(const char *name)
{
    for (const QmpCommand *c = qmp_commands; c->name; c++) {
        if (strcmp(c->name, name) == 0) {
            return c;
        }
    }
    return NULL;
}

static Json *run_request(QmpMonitor *m, const Json *req, Error **errp)
{
    if (!request_check(req, errp)) {
        return NULL;
    }
    const char *name = json_get_string(json_get(req, "execute"));
    const QmpCommand *c = find_command(name);
    bool negotiates = strcmp(name, "qmp_capabilities") == 0;

    if (m && !m->negotiated && !negotiates) {
        error_set(errp, ERROR_CLASS_COMMAND_NOT_FOUND,
                  "Expecting capabilities negotiation with 'qmp_capabilities'");
        return NULL;
    }
    if (!c || (m && m->negotiated && negotiates)) {
        error_set(errp, ERROR_CLASS_COMMAND_NOT_FOUND,
                  c ? "Capabilities negotiation is already complete, command ignored"
                    : "The command %s has not been found", name);
        return NULL;
    }
    trace_monitor_qmp_cmd(name);
    Json *ret = qmp_command_run(c, json_get(req, "arguments"), errp);
    trace_monitor_qmp_answer(name, ret != NULL);
    return ret;
}

Json *qmp_dispatch(QmpMonitor *m, Json *req)
{
    Error *err = NULL;
    QmpMonitor *outer = qmp_current;

    qmp_current = m;
    Json *ret = run_request(m, req, &err);
    qmp_current = outer;
    Json *answer = ret ? json_set(json_object(), "return", ret) : error_answer(err);
    Json *id = json_is(req, JSON_OBJECT) ? json_take(req, "id") : NULL;
    if (id) {
        json_set(answer, "id", id);
    }
    json_free(req);
    return answer;
}

static bool peer_reads(QmpMonitor *m)
{
    return chardev_queued(m->chr) <= QUEUE_COMMANDS;
}

static void run_waiting(void *opaque)
{
    QmpMonitor *m = opaque;

    m->scheduled = false;
    while (peer_reads(m) && !g_queue_is_empty(&m->waiting)) {
        g_autofree Request *r = g_queue_pop_head(&m->waiting);
        g_autoptr(Json) answer = r->req ? qmp_dispatch(m, r->req) : error_answer(r->err);
        send(m, answer);
    }
    chardev_accept_input(m->chr);
}

static void take_request(void *opaque, Json *req, Error *err)
{
    QmpMonitor *m = opaque;
    Request *r = g_new(Request, 1);

    *r = (Request){ req, err };
    g_queue_push_tail(&m->waiting, r);
}

static void drop_waiting(QmpMonitor *m)
{
    Request *r;

    while ((r = g_queue_pop_head(&m->waiting))) {
        json_free(r->req);
        error_free(r->err);
        g_free(r);
    }
}

/* ---- the chardev's side ---- */

static size_t can_read(void *opaque)
{
    QmpMonitor *m = opaque;

    if (!peer_reads(m)) {
        return 0;
    }
    if (!g_queue_is_empty(&m->waiting)) {
        if (!m->scheduled) {
            m->scheduled = true;
            main_loop_later(run_waiting, m);
        }
        return 0;
    }
    return READ_MAX;
}

static void read_bytes(void *opaque, const uint8_t *buf, size_t n)
{
    QmpMonitor *m = opaque;

    json_stream_feed(m->stream, (const char *)buf, n);
    run_waiting(m);
}

static void greet(QmpMonitor *m)
{
    g_autoptr(VersionInfo) v = qmp_query_version(NULL);
    Json *qmp = json_object();

    json_set(qmp, "version", qapi_to_json(&VersionInfo_type, &v));
    json_set(qmp, "capabilities", json_array());
    g_autoptr(Json) greeting = json_set(json_object(), "QMP", qmp);
    send(m, greeting);
}

static void event(void *opaque, ChardevEvent e)
{
    QmpMonitor *m = opaque;

    if (e == CHR_OPENED) {
        m->negotiated = false;
        json_stream_reset(m->stream);
        greet(m);
    } else if (e == CHR_CLOSED) {
        /* a stdin that ended leaves the chardev open: events still have a reader */
        m->negotiated = m->negotiated && chardev_is_open(m->chr);
        json_stream_reset(m->stream);
        if (!chardev_is_open(m->chr)) {
            drop_waiting(m);
        }
    }
}

static const ChardevHandlers handlers = { can_read, read_bytes, event };

QmpMonitor *qmp_monitor_new(Chardev *chr, bool pretty)
{
    QmpMonitor *m = g_new0(QmpMonitor, 1);

    g_queue_init(&m->waiting);
    m->chr = chr;
    m->pretty = pretty;
    m->stream = json_stream_new(take_request, m);
    if (!monitors) {
        monitors = g_ptr_array_new();
    }
    g_ptr_array_add(monitors, m);
    chardev_set_queue_max(chr, QUEUE_MAX);
    chardev_attach(chr, &handlers, m);
    return m;
}

void qmp_monitor_free(QmpMonitor *m)
{
    g_ptr_array_remove(monitors, m);
    chardev_detach(m->chr, m);
    drop_waiting(m);
    json_stream_free(m->stream);
    g_free(m);
}

/* ---- events ---- */

static void broadcast(const Json *ev)
{
    for (unsigned i = 0; monitors && i < monitors->len; i++) {
        QmpMonitor *m = monitors->pdata[i];
        if (m->negotiated && chardev_queued(m->chr) < QUEUE_EVENTS) {
            send(m, ev);
        }
    }
}

static Json *event_json(const char *name, Json *data)
{
    gint64 now_us = g_get_real_time();
    Json *stamp = json_object(), *ev = json_object();

    json_set(stamp, "seconds", json_int(now_us / G_USEC_PER_SEC));
    json_set(stamp, "microseconds", json_int(now_us % G_USEC_PER_SEC));
    json_set(ev, "timestamp", stamp);
    json_set(ev, "event", json_string(name));
    if (data) {
        json_set(ev, "data", data);
    }
    return ev;
}

/* At most one a second; the last one of a second is sent when it is over. */
typedef struct Throttle {
    unsigned event;
    Timer *timer;
    Json *pending;
} Throttle;

static Throttle throttles[] = {
    { QAPI_EVENT_BALLOON_CHANGE }, { QAPI_EVENT_HV_BALLOON_STATUS_REPORT },
    { QAPI_EVENT_MEMORY_DEVICE_SIZE_CHANGE },
};

static void throttle_over(void *opaque)
{
    Throttle *t = opaque;

    if (t->pending) {
        broadcast(t->pending);
        json_free(g_steal_pointer(&t->pending));
        timer_mod(t->timer, clock_ns(CLOCK_REALTIME_MONO) + 1000000000);
    }
}

static bool throttled(unsigned ev, Json *json)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(throttles); i++) {
        Throttle *t = &throttles[i];
        if (t->event != ev) {
            continue;
        }
        if (!t->timer) {
            t->timer = timer_new(CLOCK_REALTIME_MONO, throttle_over, t);
        }
        if (timer_pending(t->timer)) {
            json_free(t->pending);
            t->pending = json;
            return true;
        }
        timer_mod(t->timer, clock_ns(CLOCK_REALTIME_MONO) + 1000000000);
    }
    return false;
}

static void event_sink(unsigned ev, const char *name, Json *data)
{
    Json *json = event_json(name, data);

    trace_monitor_qmp_event(name);
    if (!throttled(ev, json)) {
        broadcast(json);
        json_free(json);
    }
}

/* ---- all monitors ---- */

static GPtrArray *consoles;             /* HmpMonitor * */

void monitor_init(const MonitorVm *vm)
{
    monitor_vm = vm;
    qapi_event_set_sink(event_sink);
    monitor_listen_to_balloon(true);
}

bool monitor_new(Chardev *chr, bool control, bool pretty, Error **errp)
{
    if (chardev_is_mux(chr) && control) {
        error_setg(errp, "QMP is not supported on a multiplexed chardev");
        return false;
    }
    if (!chardev_is_mux(chr) && chardev_has_frontend(chr)) {
        error_setg(errp, "Device '%s' is in use", chardev_id(chr));
        return false;
    }
    if (control) {
        qmp_monitor_new(chr, pretty);
        return true;
    }
    if (!consoles) {
        consoles = g_ptr_array_new();
    }
    g_ptr_array_add(consoles, hmp_monitor_new(chr));
    return true;
}

void monitor_cleanup(void)
{
    qapi_event_set_sink(NULL);
    monitor_listen_to_balloon(false);
    while (monitors && monitors->len) {
        qmp_monitor_free(monitors->pdata[0]);
    }
    for (unsigned i = 0; consoles && i < consoles->len; i++) {
        hmp_monitor_free(consoles->pdata[i]);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(throttles); i++) {
        timer_free(throttles[i].timer);
        throttles[i].timer = NULL;
        json_free(g_steal_pointer(&throttles[i].pending));
    }
    g_clear_pointer(&consoles, g_ptr_array_unref);
}
