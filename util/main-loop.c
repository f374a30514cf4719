/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The big lock and the main loop. The loop polls without the lock and dispatches with it. Timers
 * hang on one timerfd, since GMainContext's own timeouts have a resolution of a millisecond.
 */
#include "util/main-loop.h"
#include <assert.h>
#include <errno.h>
#include <glib-unix.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "timer-internal.h"

static GMutex big_lock;
static __thread bool big_lock_held;

void bql_lock(void)
{
    assert(!big_lock_held);
    g_mutex_lock(&big_lock);
    big_lock_held = true;
}

void bql_unlock(void)
{
    assert(big_lock_held);
    big_lock_held = false;
    g_mutex_unlock(&big_lock);
}

bool bql_held(void)
{
    return big_lock_held;
}

GMutex *bql_mutex(void)
{
    return &big_lock;
}

void bql_cond_wait(GCond *cond)
{
    assert(big_lock_held);
    big_lock_held = false;
    g_cond_wait(cond, &big_lock);
    big_lock_held = true;
}

bool bql_cond_wait_until(GCond *cond, int64_t end_time_us)
{
    assert(big_lock_held);
    big_lock_held = false;
    bool signalled = g_cond_wait_until(cond, &big_lock, end_time_us);
    big_lock_held = true;
    return signalled;
}

static GMainContext *context;

typedef struct Later {
    struct Later *next;
    void (*cb)(void *opaque);
    void *opaque;
} Later;

static GMutex later_mutex;
static Later *later_first, **later_tail = &later_first;

void main_loop_later(void (*cb)(void *opaque), void *opaque)
{
    Later *l = g_new(Later, 1);

    *l = (Later){ .cb = cb, .opaque = opaque };
    g_mutex_lock(&later_mutex);
    *later_tail = l;
    later_tail = &l->next;
    g_mutex_unlock(&later_mutex);
    main_loop_wake();
}

static bool later_pending(void)
{
    g_mutex_lock(&later_mutex);
    bool any = later_first != NULL;
    g_mutex_unlock(&later_mutex);
    return any;
}

static void run_later(void)
{
    g_mutex_lock(&later_mutex);
    Later *list = later_first;
    later_first = NULL;
    later_tail = &later_first;
    g_mutex_unlock(&later_mutex);

    while (list) {
        Later *next = list->next;

        list->cb(list->opaque);
        g_free(list);
        list = next;
    }
}

void main_loop_init(void)
{
    context = g_main_context_default();
    g_main_context_acquire(context);
    timers_init(context);
}

void main_loop_wake(void)
{
    if (context) {
        g_main_context_wakeup(context);
    }
}

void main_loop_step(void)
{
    static GPollFD *fds;
    static int n_room;
    int priority, timeout_ms, n;

    assert(big_lock_held);
    g_main_context_prepare(context, &priority);
    while ((n = g_main_context_query(context, priority, &timeout_ms, fds, n_room)) > n_room) {
        n_room = n + 8;
        fds = g_renew(GPollFD, fds, n_room);
    }
    if (later_pending()) {
        timeout_ms = 0;
    }
    bql_unlock();
    g_poll(fds, n, timeout_ms);
    bql_lock();
    if (g_main_context_check(context, priority, fds, n)) {
        g_main_context_dispatch(context);
    }
    run_later();
    timers_run();
}

typedef struct FdWatch {
    gboolean (*cb)(int fd, GIOCondition cond, void *opaque);
    void *opaque;
} FdWatch;

static gboolean fd_ready(gint fd, GIOCondition cond, gpointer data)
{
    FdWatch *w = data;

    return w->cb(fd, cond, w->opaque);
}

guint main_loop_add_fd(int fd, GIOCondition cond, gboolean (*cb)(int fd, GIOCondition cond,
                       void *opaque), void *opaque)
{
    GSource *src = g_unix_fd_source_new(fd, cond);
    FdWatch *w = g_new(FdWatch, 1);

    *w = (FdWatch){ cb, opaque };
    g_source_set_callback(src, (GSourceFunc)(void *)fd_ready, w, g_free);
    guint id = g_source_attach(src, context ? context : g_main_context_default());
    g_source_unref(src);
    main_loop_wake();
    return id;
}
