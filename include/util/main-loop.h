/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The big lock, the main loop (GMainContext), clocks and timers. */
#ifndef UTIL_MAIN_LOOP_H
#define UTIL_MAIN_LOOP_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* ---- the big lock: guards all devices, monitors, topology ---- */
void bql_lock(void);
void bql_unlock(void);
bool bql_held(void);                    /* by this thread */
GMutex *bql_mutex(void);                /* for g_cond_wait(): use bql_cond_wait() */
void bql_cond_wait(GCond *cond);
bool bql_cond_wait_until(GCond *cond, int64_t end_time_us);     /* g_get_monotonic_time() based */

/* ---- clocks ---- */
typedef enum ClockType {
    CLOCK_VIRTUAL,      /* ns while the machine runs: host monotonic minus stopped time */
    CLOCK_REALTIME_MONO,/* host monotonic, never stops */
    CLOCK_HOST,         /* wall time */
    N_CLOCKS
} ClockType;
int64_t clock_ns(ClockType c);
void clock_virtual_enable(bool run);    /* vm start/stop; big lock */
/* qtest: the virtual clock stands still and is moved by hand, running timers on the way */
void clock_virtual_manual(void);
void clock_virtual_advance(int64_t ns);
bool clock_virtual_is_manual(void);
int64_t clock_next_deadline_ns(ClockType c);            /* absolute; -1: none */

/* ---- timers: run in the main thread with the big lock ---- */
typedef struct Timer Timer;
Timer *timer_new(ClockType c, void (*cb)(void *opaque), void *opaque);
void timer_free(Timer *t);              /* NULL is fine */
void timer_mod(Timer *t, int64_t expire_ns);            /* absolute; any thread with the big lock */
void timer_del(Timer *t);
bool timer_pending(const Timer *t);
int64_t timer_expire_ns(const Timer *t);                /* -1: not pending */

/* ---- main loop ---- */
void main_loop_init(void);              /* the calling thread becomes the main thread */
void main_loop_step(void);              /* one iteration; big lock held, dropped while waiting */
void main_loop_wake(void);
/* once, soon, in the main thread with the big lock */
void main_loop_later(void (*cb)(void *opaque), void *opaque);
/* sources on fds: callbacks run with the big lock. Removed with g_source_remove(). */
guint main_loop_add_fd(int fd, GIOCondition cond, gboolean (*cb)(int fd, GIOCondition cond,
                       void *opaque), void *opaque);

#endif
