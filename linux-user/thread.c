/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clone in its two shapes, a new thread and a new process, and the ends of both. */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "accel/accel.h"
#include "gdbstub/gdbstub.h"
#include "task.h"

#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | \
                      CLONE_SYSVSEM)

static unsigned n_threads = 1;      /* atomic */

typedef struct NewThread {
    CPUState *cpu;
    uint64_t flags, ptid, ctid;
    sigset_t mask;
    GMutex mutex;
    GCond started;
    int tid;                        /* 0: not yet */
} NewThread;

static void put_tid(uint64_t gva, int tid)
{
    if (guest_ok(gva, 4, PROT_W)) {
        memcpy(g2h(gva), &tid, 4);
    }
}

static void *thread_main(void *opaque)
{
    NewThread *n = opaque;
    CPUState *cpu = n->cpu;
    int tid = (int)syscall(SYS_gettid);
    stack_t alt = { .ss_sp = g_malloc(65536), .ss_size = 65536 };

    sigaltstack(&alt, NULL);
    current_cpu = cpu;
    cpu->host_tid = tid;
    cpu_task(cpu)->sigmask = 0;
    if (n->flags & CLONE_CHILD_SETTID) {
        put_tid(n->ctid, tid);
    }
    if (n->flags & CLONE_PARENT_SETTID) {
        put_tid(n->ptid, tid);
    }
    if (n->flags & CLONE_CHILD_CLEARTID) {
        cpu_task(cpu)->clear_child_tid = n->ctid;
    }
    sigset_t mask = n->mask;
    for (int s = 1; s <= GUEST_NSIG; s++) {
        cpu_task(cpu)->sigmask |= sigismember(&mask, s) == 1 ? 1ull << (s - 1) : 0;
    }
    g_mutex_lock(&n->mutex);
    n->tid = tid;
    g_cond_signal(&n->started);
    g_mutex_unlock(&n->mutex);      /* n is gone from here on */
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    arch.run(cpu);
    g_assert_not_reached();
}

static int64_t clone_thread(CPUState *cpu, uint64_t flags, uint64_t sp, uint64_t ptid,
                            uint64_t ctid, uint64_t tls)
{
    NewThread n = { .flags = flags, .ptid = ptid, .ctid = ctid };
    pthread_attr_t attr;
    pthread_t thread;

    n.cpu = arch.cpu_clone(cpu);
    cpu_list_add(n.cpu);
    task_new(n.cpu);
    arch.clone_regs(n.cpu, sp, flags & CLONE_SETTLS, tls);
    g_mutex_init(&n.mutex);
    g_cond_init(&n.started);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, 1 << 20);
    signal_block_all(&n.mask);
    __atomic_fetch_add(&n_threads, 1, __ATOMIC_ACQ_REL);
    int err = pthread_create(&thread, &attr, thread_main, &n);
    pthread_attr_destroy(&attr);
    if (err) {
        __atomic_fetch_sub(&n_threads, 1, __ATOMIC_ACQ_REL);
        pthread_sigmask(SIG_SETMASK, &n.mask, NULL);
        return -err;
    }
    g_mutex_lock(&n.mutex);
    while (!n.tid) {
        g_cond_wait(&n.started, &n.mutex);
    }
    g_mutex_unlock(&n.mutex);
    pthread_sigmask(SIG_SETMASK, &n.mask, NULL);
    return n.tid;
}

/* In the child of a fork only the calling thread goes on. */
static void forget_other_threads(CPUState *self)
{
    CPUState *cpu;

    for (unsigned i = 0; (cpu = cpu_by_index(i)) != NULL;) {
        if (cpu == self) {
            i++;
        } else {
            cpu_list_remove(cpu);       /* the last one takes its index */
        }
    }
}

static int64_t clone_process(CPUState *cpu, uint64_t flags, uint64_t sp, uint64_t ptid,
                             uint64_t ctid, uint64_t tls)
{
    sigset_t old;

    signal_block_all(&old);
    start_exclusive();
    mmap_lock();
    pid_t pid = fork();
    int err = errno;
    mmap_unlock();
    if (pid == 0) {
        forget_other_threads(cpu);
    }
    end_exclusive();
    if (pid == 0) {
        n_threads = 1;
        arch.clone_regs(cpu, sp, flags & CLONE_SETTLS, tls);
        if (flags & CLONE_CHILD_SETTID) {
            put_tid(ctid, getpid());
        }
        cpu_task(cpu)->clear_child_tid = flags & CLONE_CHILD_CLEARTID ? ctid : 0;
        __atomic_store_n(&cpu_task(cpu)->pending, 0, __ATOMIC_RELAXED);
    } else if (pid > 0 && (flags & CLONE_PARENT_SETTID)) {
        put_tid(ptid, pid);
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return pid < 0 ? -err : pid;
}

int64_t do_clone(CPUState *cpu, uint64_t flags, uint64_t sp, uint64_t ptid, uint64_t ctid,
                 uint64_t tls)
{
    if (flags & CLONE_VFORK) {
        flags &= ~(uint64_t)(CLONE_VFORK | CLONE_VM);   /* a copy, which execs soon */
    }
    if ((flags & THREAD_FLAGS & ~(uint64_t)CLONE_SYSVSEM) ==
        (THREAD_FLAGS & ~(uint64_t)CLONE_SYSVSEM)) {
        return clone_thread(cpu, flags, sp, ptid, ctid, tls);
    }
    if (flags & (CLONE_VM | CLONE_THREAD | CLONE_FILES | CLONE_FS | CLONE_SIGHAND)) {
        return -EINVAL;
    }
    return clone_process(cpu, flags, sp, ptid, ctid, tls);
}

void task_exit(CPUState *cpu, int status)
{
    Task *t = cpu_task(cpu);
    sigset_t old;

    if (__atomic_sub_fetch(&n_threads, 1, __ATOMIC_ACQ_REL) == 0) {
        program_exit(status & 255);
    }
    signal_block_all(&old);
    if (t->clear_child_tid && guest_ok(t->clear_child_tid, 4, PROT_W)) {
        __atomic_store_n((uint32_t *)g2h(t->clear_child_tid), 0, __ATOMIC_SEQ_CST);
        syscall(SYS_futex, g2h(t->clear_child_tid), FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
    }
    cpu_list_remove(cpu);
    current_cpu = NULL;
    pthread_exit(NULL);
}

void program_exit(int status)
{
    gdb_user_exited(status);
    fflush(NULL);
    _exit(status);
}
