/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all vCPUs have in common: the list, interrupt requests, queued work, exclusive sections and
 * the handshake that stops the machine.
 *
 * Exclusive sections. pending_cpus is 0 when nobody wants to be alone, else 1 + the number of vCPUs
 * that are still inside cpu_exec() and have been asked to leave:
 *
 *   cpu_exec_start: running = true;  full barrier; pending_cpus?  -> wait for its end
 *   start_exclusive: pending_cpus = 1; full barrier; running?     -> count it, kick it, wait
 *
 * One of the two barriers comes first, so a vCPU is either counted or waits.
 */
#include <assert.h>
#include <string.h>
#include "accel-internal.h"
#include "util/main-loop.h"

#define MAX_CPUS 4096

__thread CPUState *current_cpu;
bool (*cpu_accel_wants_out)(CPUState *cpu);

/* ---- the list ---- */

static CPUState *cpus[MAX_CPUS + 1];    /* atomic; dense, ends with NULL; list_mutex to change */
static unsigned n_cpus;                 /* list_mutex to change */
static GMutex list_mutex;

void cpu_list_lock(void)
{
    g_mutex_lock(&list_mutex);
}

void cpu_list_unlock(void)
{
    g_mutex_unlock(&list_mutex);
}

void cpu_list_add(CPUState *cpu)
{
    g_mutex_lock(&list_mutex);
    assert(n_cpus < MAX_CPUS);
    cpu->index = n_cpus;
    __atomic_store_n(&cpus[n_cpus++], cpu, __ATOMIC_RELEASE);
    g_mutex_unlock(&list_mutex);
}

void cpu_list_remove(CPUState *cpu)
{
    g_mutex_lock(&list_mutex);
    if (cpu->index < n_cpus && cpus[cpu->index] == cpu) {
        CPUState *last = cpus[--n_cpus];
        last->index = cpu->index;
        __atomic_store_n(&cpus[cpu->index], last, __ATOMIC_RELEASE);
        __atomic_store_n(&cpus[n_cpus], NULL, __ATOMIC_RELEASE);
    }
    g_mutex_unlock(&list_mutex);
}

CPUState *cpu_by_index(unsigned index)
{
    return index < MAX_CPUS ? __atomic_load_n(&cpus[index], __ATOMIC_ACQUIRE) : NULL;
}

unsigned cpu_count(void)
{
    return __atomic_load_n(&n_cpus, __ATOMIC_RELAXED);
}

/* ---- interrupts and kicks ---- */

void cpu_exit(CPUState *cpu)
{
    /* pairs with the barrier after the vCPU cleared it: what was asked for is seen then */
    __atomic_store_n(&cpu->exit_request, -1, __ATOMIC_SEQ_CST);
}

void cpu_kick(CPUState *cpu)
{
    cpu_exit(cpu);
    g_cond_broadcast(&cpu->halt_cond);
}

void cpu_interrupt(CPUState *cpu, uint32_t mask)
{
    __atomic_or_fetch(&cpu->interrupt_request, mask, __ATOMIC_SEQ_CST);
    if (cpu == current_cpu) {
        cpu_exit(cpu);
    } else {
        cpu_kick(cpu);
    }
}

void cpu_reset_interrupt(CPUState *cpu, uint32_t mask)
{
    __atomic_and_fetch(&cpu->interrupt_request, ~mask, __ATOMIC_SEQ_CST);
}

/* ---- queued work ---- */

typedef struct CPUWork {
    struct CPUWork *next;
    CPUWorkFunc *fn;
    void *opaque;
    bool exclusive;
    bool *done;             /* somebody waits: set with the big lock; NULL: freed after use */
} CPUWork;

static GCond work_cond;     /* with the big lock */

static void work_queue(CPUState *cpu, CPUWork *w)
{
    const AccelOps *accel = accel_current();

    g_mutex_lock(&cpu->work_mutex);
    if (cpu->work_last) {
        cpu->work_last->next = w;
    } else {
        __atomic_store_n(&cpu->work_first, w, __ATOMIC_RELEASE);
    }
    cpu->work_last = w;
    g_mutex_unlock(&cpu->work_mutex);
    cpu_exit(cpu);
    if (accel && accel->work_queued) {
        accel->work_queued(cpu);
    }
    if (bql_held() || cpu == current_cpu) {
        g_cond_broadcast(&cpu->halt_cond);
    } else {                /* or a sleeper that has just looked would miss it */
        bql_lock();
        g_cond_broadcast(&cpu->halt_cond);
        bql_unlock();
    }
}

static CPUWork *work_take(CPUState *cpu)
{
    CPUWork *w;

    g_mutex_lock(&cpu->work_mutex);
    w = cpu->work_first;
    if (w) {
        __atomic_store_n(&cpu->work_first, w->next, __ATOMIC_RELEASE);
        if (!w->next) {
            cpu->work_last = NULL;
        }
    }
    g_mutex_unlock(&cpu->work_mutex);
    return w;
}

bool cpu_has_queued_work(CPUState *cpu)
{
    return __atomic_load_n(&cpu->work_first, __ATOMIC_ACQUIRE) != NULL;
}

static void work_run_exclusive(CPUState *cpu, CPUWork *w)
{
    bool locked = bql_held();

    if (locked) {
        bql_unlock();
    }
    start_exclusive();
    w->fn(cpu, w->opaque);
    end_exclusive();
    if (locked) {
        bql_lock();
    }
}

static void work_run_locked(CPUState *cpu, CPUWork *w)
{
    bool locked = bql_held();

    if (!locked) {
        bql_lock();
    }
    w->fn(cpu, w->opaque);
    if (w->done) {
        *w->done = true;
        g_cond_broadcast(&work_cond);
    }
    if (!locked) {
        bql_unlock();
    }
}

void cpu_process_work(CPUState *cpu)
{
    while (cpu_has_queued_work(cpu)) {
        CPUWork *w = work_take(cpu);
        bool waited = w && w->done;

        if (!w) {
            return;
        }
        (w->exclusive ? work_run_exclusive : work_run_locked)(cpu, w);
        if (!waited) {
            g_free(w);
        }
    }
}

void run_on_cpu(CPUState *cpu, CPUWorkFunc *fn, void *opaque)
{
    bool done = false;
    CPUWork w = { .fn = fn, .opaque = opaque, .done = &done };

    if (cpu == current_cpu || !cpu->thread) {
        fn(cpu, opaque);
        return;
    }
    work_queue(cpu, &w);
    while (!done) {
        bql_cond_wait(&work_cond);
    }
}

static void work_async(CPUState *cpu, CPUWorkFunc *fn, void *opaque, bool exclusive)
{
    CPUWork *w = g_new0(CPUWork, 1);

    w->fn = fn;
    w->opaque = opaque;
    w->exclusive = exclusive;
    work_queue(cpu, w);
}

void async_run_on_cpu(CPUState *cpu, CPUWorkFunc *fn, void *opaque)
{
    work_async(cpu, fn, opaque, false);
}

void async_safe_run_on_cpu(CPUState *cpu, CPUWorkFunc *fn, void *opaque)
{
    work_async(cpu, fn, opaque, true);
}

/* ---- exclusive sections ---- */

static GMutex excl_mutex;
static GCond excl_left, excl_over;      /* a counted vCPU left; the section ended */
static int pending_cpus;                /* atomic; excl_mutex to change */
static __thread unsigned excl_depth;    /* of this thread */

/* With excl_mutex. */
static void wait_for_no_exclusive(void)
{
    while (pending_cpus) {
        g_cond_wait(&excl_over, &excl_mutex);
    }
}

void start_exclusive(void)
{
    bool locked = bql_held();
    int n = 1;
    CPUState *cpu;

    if (excl_depth++) {
        return;
    }
    if (locked) {
        bql_unlock();       /* vCPUs may need it to come out */
    }
    g_mutex_lock(&excl_mutex);
    wait_for_no_exclusive();
    __atomic_store_n(&pending_cpus, 1, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);    /* pairs with cpu_exec_start() */
    cpu_list_lock();
    CPU_FOREACH(cpu) {
        if (__atomic_load_n(&cpu->running, __ATOMIC_SEQ_CST)) {
            cpu->has_waiter = true;
            n++;
            cpu_exit(cpu);
        }
    }
    cpu_list_unlock();
    __atomic_store_n(&pending_cpus, n, __ATOMIC_SEQ_CST);
    while (pending_cpus > 1) {
        g_cond_wait(&excl_left, &excl_mutex);
    }
    g_mutex_unlock(&excl_mutex);
    if (current_cpu) {
        current_cpu->in_exclusive = true;
    }
    if (locked) {
        bql_lock();
    }
}

void end_exclusive(void)
{
    assert(excl_depth > 0);
    if (--excl_depth) {
        return;
    }
    if (current_cpu) {
        current_cpu->in_exclusive = false;
    }
    g_mutex_lock(&excl_mutex);
    __atomic_store_n(&pending_cpus, 0, __ATOMIC_SEQ_CST);
    g_cond_broadcast(&excl_over);
    g_mutex_unlock(&excl_mutex);
}

void cpu_exec_start(CPUState *cpu)
{
    __atomic_store_n(&cpu->running, true, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);    /* pairs with start_exclusive() */
    if (G_LIKELY(!__atomic_load_n(&pending_cpus, __ATOMIC_SEQ_CST))) {
        return;
    }
    g_mutex_lock(&excl_mutex);
    if (!cpu->has_waiter) {     /* not counted: stay out until it is over */
        __atomic_store_n(&cpu->running, false, __ATOMIC_SEQ_CST);
        wait_for_no_exclusive();
        __atomic_store_n(&cpu->running, true, __ATOMIC_SEQ_CST);
    }
    g_mutex_unlock(&excl_mutex);
}

void cpu_exec_end(CPUState *cpu)
{
    __atomic_store_n(&cpu->running, false, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);    /* pairs with start_exclusive() */
    if (G_LIKELY(!__atomic_load_n(&pending_cpus, __ATOMIC_SEQ_CST))) {
        return;
    }
    g_mutex_lock(&excl_mutex);
    if (cpu->has_waiter) {
        cpu->has_waiter = false;
        __atomic_store_n(&pending_cpus, pending_cpus - 1, __ATOMIC_SEQ_CST);
        if (pending_cpus == 1) {
            g_cond_signal(&excl_left);
        }
    }
    g_mutex_unlock(&excl_mutex);
}

bool cpu_wanted_out(CPUState *cpu)
{
    return __atomic_load_n(&cpu->stop, __ATOMIC_ACQUIRE) || cpu->unplug ||
           cpu_has_queued_work(cpu) || __atomic_load_n(&pending_cpus, __ATOMIC_SEQ_CST) ||
           (cpu_accel_wants_out && cpu_accel_wants_out(cpu));
}

void cpu_fork_prepare(void)
{
    g_mutex_lock(&excl_mutex);
    g_mutex_lock(&list_mutex);
}

void cpu_fork_parent(void)
{
    g_mutex_unlock(&list_mutex);
    g_mutex_unlock(&excl_mutex);
}

void cpu_fork_child(void)
{
    for (unsigned i = 0; i < n_cpus; i++) {
        cpus[i] = NULL;
    }
    n_cpus = 0;
    if (current_cpu) {
        current_cpu->index = 0;
        current_cpu->has_waiter = false;
        cpus[n_cpus++] = current_cpu;
    }
    pending_cpus = 0;
    g_mutex_unlock(&list_mutex);
    g_mutex_unlock(&excl_mutex);
}

/* ---- stopping the machine ---- */

static GCond stopped_cond;      /* with the big lock */

void cpu_signal_stopped(void)
{
    g_cond_broadcast(&stopped_cond);
}

static bool all_stopped(void)
{
    CPUState *cpu;

    CPU_FOREACH(cpu) {
        if (cpu->created && !cpu->stopped) {
            return false;
        }
    }
    return true;
}

void pause_all_vcpus(void)
{
    CPUState *cpu;

    CPU_FOREACH(cpu) {
        if (cpu == current_cpu) {       /* it stops when its device access or work is done */
            cpu->stop = false;
            cpu->stopped = true;
            cpu_exit(cpu);
        } else {
            __atomic_store_n(&cpu->stop, true, __ATOMIC_RELEASE);
            cpu_kick(cpu);
        }
    }
    while (!all_stopped()) {
        bql_cond_wait(&stopped_cond);
    }
}

void resume_all_vcpus(void)
{
    CPUState *cpu;

    CPU_FOREACH(cpu) {
        __atomic_store_n(&cpu->stop, false, __ATOMIC_RELEASE);
        cpu->stopped = !cpu->thread;    /* -accel qtest: nobody who could stop it again */
        cpu_kick(cpu);
    }
}

/* ---- the object ---- */

void cpu_reset(CPUState *cpu)
{
    cpu->interrupt_request = 0;
    cpu->halted = false;
    cpu->crashed = false;
    cpu->exception_index = EXCP_NONE;
    cpu->one_insn = false;
    cpu->ops->reset(cpu);
    if (cpu->tlb) {
        tlb_flush(cpu);
    }
}

void cpu_dump_state(CPUState *cpu, FILE *f)
{
    if (cpu->ops->dump_state) {
        cpu->ops->dump_state(cpu, f);
    }
}

static int breakpoint_find(const CPUState *cpu, uint64_t pc)
{
    for (unsigned i = 0; cpu->breakpoints && i < cpu->breakpoints->len; i++) {
        if (g_array_index(cpu->breakpoints, CPUBreakpoint, i).pc == pc) {
            return (int)i;
        }
    }
    return -1;
}

bool cpu_breakpoint_insert(CPUState *cpu, uint64_t pc)
{
    CPUBreakpoint bp = { .pc = pc, .gdb = true };

    if (!cpu->breakpoints) {
        cpu->breakpoints = g_array_new(false, false, sizeof(CPUBreakpoint));
    }
    g_array_append_val(cpu->breakpoints, bp);
    tb_flush_all();             /* blocks that run over it */
    return true;
}

bool cpu_breakpoint_remove(CPUState *cpu, uint64_t pc)
{
    int i = breakpoint_find(cpu, pc);

    if (i < 0) {
        return false;
    }
    g_array_remove_index(cpu->breakpoints, (unsigned)i);
    return true;
}

void cpu_set_single_step(CPUState *cpu, bool on)
{
    cpu->single_step = on;
    cpu_exit(cpu);
}

static void cpu_instance_init(Object *obj)
{
    CPUState *cpu = (CPUState *)obj;

    cpu->exception_index = EXCP_NONE;
    g_cond_init(&cpu->halt_cond);
    g_mutex_init(&cpu->work_mutex);
}

static void cpu_instance_finalize(Object *obj)
{
    CPUState *cpu = (CPUState *)obj;

    cpu_list_remove(cpu);
    if (cpu->free_accel) {
        cpu->free_accel(cpu);
    }
    if (cpu->breakpoints) {
        g_array_free(cpu->breakpoints, true);
    }
    for (CPUWork *w; (w = work_take(cpu)); g_free(w)) {
    }
    g_cond_clear(&cpu->halt_cond);
    g_mutex_clear(&cpu->work_mutex);
}

static const TypeInfo cpu_info = {
    .name = "cpu", .size = sizeof(CPUState), .abstract = true,
    .init = cpu_instance_init, .finalize = cpu_instance_finalize,
};
TYPE_REGISTER(cpu_info)
