/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clocks and timers. Each clock keeps its pending timers in a sorted sequence; the nearest deadline
 * of all clocks arms one timerfd on the main context.
 */
#include "util/main-loop.h"
#include <assert.h>
#include <glib-unix.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "timer-internal.h"

struct Timer {
    ClockType clock;
    int64_t expire_ns;              /* -1: not pending */
    void (*cb)(void *opaque);
    void *opaque;
    GSequenceIter *pos;
};

/* big lock, except for what clock_ns() reads: virtual_lock (a sequence lock) */
static GSequence *queues[N_CLOCKS];
static int timer_fd = -1;
static int64_t armed_ns = -1;       /* CLOCK_MONOTONIC deadline in the timerfd */

static unsigned virtual_seq;        /* odd while the fields below change */
static bool virtual_running, virtual_manual;
static int64_t virtual_offset_ns;   /* running: clock = monotonic + offset */
static int64_t virtual_stopped_ns;  /* not running, or manual: the clock's value */

static int64_t host_ns(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static int64_t virtual_ns(void)
{
    unsigned seq;
    int64_t ns;

    do {
        seq = __atomic_load_n(&virtual_seq, __ATOMIC_ACQUIRE);
        ns = __atomic_load_n(&virtual_running, __ATOMIC_RELAXED)
           ? host_ns(CLOCK_MONOTONIC) + __atomic_load_n(&virtual_offset_ns, __ATOMIC_RELAXED)
           : __atomic_load_n(&virtual_stopped_ns, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);        /* pairs with virtual_set() */
    } while ((seq & 1) || seq != __atomic_load_n(&virtual_seq, __ATOMIC_RELAXED));
    return ns;
}

static void virtual_set(bool run, int64_t now_ns)
{
    __atomic_fetch_add(&virtual_seq, 1, __ATOMIC_ACQ_REL);
    __atomic_store_n(&virtual_running, run, __ATOMIC_RELAXED);
    __atomic_store_n(&virtual_offset_ns, now_ns - host_ns(CLOCK_MONOTONIC), __ATOMIC_RELAXED);
    __atomic_store_n(&virtual_stopped_ns, now_ns, __ATOMIC_RELAXED);
    __atomic_fetch_add(&virtual_seq, 1, __ATOMIC_ACQ_REL);
}

int64_t clock_ns(ClockType c)
{
    switch (c) {
    case CLOCK_VIRTUAL: return virtual_ns();
    case CLOCK_HOST: return host_ns(CLOCK_REALTIME);
    default: return host_ns(CLOCK_MONOTONIC);
    }
}

static gint compare(gconstpointer a, gconstpointer b, gpointer unused)
{
    const Timer *x = a, *y = b;

    return x->expire_ns < y->expire_ns ? -1 : x->expire_ns > y->expire_ns;
}

static GSequence *queue(ClockType c)
{
    if (!queues[c]) {
        queues[c] = g_sequence_new(NULL);
    }
    return queues[c];
}

static Timer *queue_first(ClockType c)
{
    GSequenceIter *i = queues[c] ? g_sequence_get_begin_iter(queues[c]) : NULL;

    return i && !g_sequence_iter_is_end(i) ? g_sequence_get(i) : NULL;
}

int64_t clock_next_deadline_ns(ClockType c)
{
    Timer *t = queue_first(c);

    return t ? t->expire_ns : -1;
}

/* Nearest deadline of all clocks that run by themselves, on CLOCK_MONOTONIC; -1: none. */
static int64_t nearest_monotonic_ns(void)
{
    int64_t nearest = -1, mono = host_ns(CLOCK_MONOTONIC);

    for (unsigned c = 0; c < N_CLOCKS; c++) {
        int64_t expire = clock_next_deadline_ns(c);

        if (expire < 0 || (c == CLOCK_VIRTUAL && !virtual_running)) {
            continue;
        }
        int64_t left = expire - clock_ns(c);
        int64_t at = mono + (left > 0 ? left : 0);
        nearest = nearest < 0 || at < nearest ? at : nearest;
    }
    return nearest;
}

static void rearm(void)
{
    int64_t at = nearest_monotonic_ns();
    struct itimerspec its = { 0 };

    if (timer_fd < 0 || (at == -1 && armed_ns == -1)) {
        return;
    }
    if (at >= 0) {
        at += at == 0;                      /* zero would disarm */
        its.it_value.tv_sec = at / 1000000000LL;
        its.it_value.tv_nsec = at % 1000000000LL;
    }
    timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &its, NULL);
    armed_ns = at;
}

static gboolean timerfd_ready(gint fd, GIOCondition cond, gpointer unused)
{
    uint64_t n;

    if (read(fd, &n, sizeof(n)) != sizeof(n)) {
        return TRUE;        /* somebody re-armed it in between: timers_run() looks anyway */
    }
    return TRUE;
}

void timers_init(GMainContext *context)
{
    if (timer_fd >= 0) {
        return;
    }
    timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    assert(timer_fd >= 0);
    GSource *src = g_unix_fd_source_new(timer_fd, G_IO_IN);

    g_source_set_callback(src, (GSourceFunc)(void *)timerfd_ready, NULL, NULL);
    g_source_attach(src, context);
    g_source_unref(src);
    rearm();
}

static void run_clock(ClockType c, int64_t now_ns)
{
    Timer *t;

    while ((t = queue_first(c)) && t->expire_ns <= now_ns) {
        timer_del(t);
        t->cb(t->opaque);
    }
}

void timers_run(void)
{
    for (unsigned c = 0; c < N_CLOCKS; c++) {
        if (c != CLOCK_VIRTUAL || virtual_running) {
            run_clock(c, clock_ns(c));
        }
    }
    rearm();
}

Timer *timer_new(ClockType c, void (*cb)(void *opaque), void *opaque)
{
    Timer *t = g_new0(Timer, 1);

    *t = (Timer){ .clock = c, .expire_ns = -1, .cb = cb, .opaque = opaque };
    return t;
}

void timer_free(Timer *t)
{
    if (t) {
        timer_del(t);
        g_free(t);
    }
}

void timer_del(Timer *t)
{
    if (t->pos) {
        g_sequence_remove(t->pos);
        t->pos = NULL;
        t->expire_ns = -1;
    }
}

void timer_mod(Timer *t, int64_t expire_ns)
{
    timer_del(t);
    t->expire_ns = expire_ns > 0 ? expire_ns : 0;
    t->pos = g_sequence_insert_sorted(queue(t->clock), t, compare, NULL);
    if (g_sequence_iter_is_begin(t->pos)) {
        rearm();
    }
}

bool timer_pending(const Timer *t)
{
    return t->pos != NULL;
}

int64_t timer_expire_ns(const Timer *t)
{
    return t->expire_ns;
}

void clock_virtual_enable(bool run)
{
    if (!virtual_manual && run != virtual_running) {
        virtual_set(run, virtual_ns());
        rearm();
    }
}

void clock_virtual_manual(void)
{
    virtual_manual = true;
    virtual_set(false, virtual_ns());
}

bool clock_virtual_is_manual(void)
{
    return virtual_manual;
}

void clock_virtual_advance(int64_t ns)
{
    int64_t end = virtual_ns() + ns;

    assert(virtual_manual);
    for (;;) {
        Timer *t = queue_first(CLOCK_VIRTUAL);

        if (!t || t->expire_ns > end) {
            break;
        }
        if (t->expire_ns > virtual_ns()) {
            virtual_set(false, t->expire_ns);
        }
        run_clock(CLOCK_VIRTUAL, virtual_ns());
    }
    virtual_set(false, end);
}
