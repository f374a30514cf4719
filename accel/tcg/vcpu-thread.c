/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One thread a vCPU. It runs guest code without the big lock, and sleeps on halt_cond with it:
 *
 *        +--- can run ---> cpu_exec() ---+
 *        |                               |
 *   [big lock] <----- EXCP_* ------------+
 *        |
 *        +--- idle: halted without work, or stopped ---> wait on halt_cond
 *
 * thread=single: the threads are there too, but pass a baton, so that one runs at a time.
 */
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "accel/accel-internal.h"
#include "util/error.h"
#include "util/main-loop.h"
#include "vcpu-thread.h"

#define BATON_SLICE_US 10000

static GCond created_cond;              /* with the big lock */
static void (*debug_handler)(CPUState *cpu);

/* ---- thread=single ---- */

static bool baton_used;
static GMutex baton_mutex;
static GCond baton_free;
static CPUState *baton_holder;          /* baton_mutex */
static int baton_waiters;               /* atomic */
static CPUState *baton_hurry;           /* atomic: this one has used up its slice */

static bool baton_wanted(CPUState *cpu)
{
    return __atomic_load_n(&baton_hurry, __ATOMIC_RELAXED) == cpu;
}

static void baton_take(CPUState *cpu)
{
    if (!baton_used) {
        return;
    }
    g_mutex_lock(&baton_mutex);
    __atomic_add_fetch(&baton_waiters, 1, __ATOMIC_RELAXED);
    while (baton_holder) {
        if (!g_cond_wait_until(&baton_free, &baton_mutex,
                               g_get_monotonic_time() + BATON_SLICE_US) && baton_holder) {
            __atomic_store_n(&baton_hurry, baton_holder, __ATOMIC_RELAXED);
            cpu_exit(baton_holder);
        }
    }
    __atomic_sub_fetch(&baton_waiters, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&baton_hurry, NULL, __ATOMIC_RELAXED);
    baton_holder = cpu;
    g_mutex_unlock(&baton_mutex);
}

static void baton_drop(void)
{
    if (!baton_used) {
        return;
    }
    g_mutex_lock(&baton_mutex);
    baton_holder = NULL;
    g_cond_broadcast(&baton_free);
    g_mutex_unlock(&baton_mutex);
    if (__atomic_load_n(&baton_waiters, __ATOMIC_RELAXED)) {
        g_usleep(1);            /* or we might take it again at once */
    }
}

/* ---- the loop ---- */

static bool can_run(const CPUState *cpu)
{
    return !cpu->stop && !cpu->stopped && !cpu->unplug && !cpu->crashed;
}

/* Big lock. */
static bool is_idle(CPUState *cpu)
{
    if (cpu->stop || cpu->unplug || cpu_has_queued_work(cpu)) {
        return false;
    }
    return !can_run(cpu) || (cpu->halted && !cpu->ops->has_work(cpu));
}

static void stop_handshake(CPUState *cpu)
{
    if (cpu->stop) {
        cpu->stop = false;
        cpu->stopped = true;
        cpu_signal_stopped();
    }
}

static void handle_debug(CPUState *cpu)
{
    cpu->stopped = true;
    if (debug_handler) {
        debug_handler(cpu);
    }
}

static void run_once(CPUState *cpu)
{
    int why;

    bql_unlock();
    baton_take(cpu);
    why = cpu_exec(cpu);
    baton_drop();
    bql_lock();
    if (why == EXCP_DEBUG) {
        handle_debug(cpu);
    } else if (why == EXCP_HLT) {
        cpu->counters[CPU_COUNT_HALT]++;
    }
}

static void *vcpu_main(void *opaque)
{
    CPUState *cpu = opaque;

    bql_lock();
    current_cpu = cpu;
    cpu->host_tid = (int)syscall(SYS_gettid);
    cpu->stopped = true;
    cpu->created = true;
    g_cond_broadcast(&created_cond);
    while (!cpu->unplug) {
        if (can_run(cpu)) {
            run_once(cpu);
        }
        while (is_idle(cpu)) {
            bql_cond_wait(&cpu->halt_cond);
        }
        stop_handshake(cpu);
        cpu_process_work(cpu);
    }
    cpu->stopped = true;
    cpu->created = false;
    cpu_signal_stopped();
    bql_unlock();
    return NULL;
}

void vcpu_threads_init(bool one_at_a_time)
{
    baton_used = one_at_a_time;
    cpu_accel_wants_out = one_at_a_time ? baton_wanted : NULL;
}

bool vcpu_thread_create(CPUState *cpu, Error **errp)
{
    g_autofree char *name = g_strdup_printf("CPU %u/TCG", cpu->index);
    GError *gerr = NULL;

    cpu_init_tlb(cpu);
    cpu->stopped = true;
    cpu->thread = g_thread_try_new(name, vcpu_main, cpu, &gerr);
    if (!cpu->thread) {
        error_setg(errp, "cannot start the thread of vCPU %u: %s", cpu->index, gerr->message);
        g_error_free(gerr);
        return false;
    }
    while (!cpu->created) {
        bql_cond_wait(&created_cond);
    }
    return true;
}

void cpu_set_debug_handler(void (*fn)(CPUState *cpu))
{
    debug_handler = fn;
}
