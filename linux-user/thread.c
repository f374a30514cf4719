/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clone in its three shapes, a thread, a process, a borrower of our memory; and their ends. */
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

#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define GUEST_CLEAR_SIGHAND 0x100000000ull      /* clone3 only */

typedef struct CloneArgs {
    uint64_t flags;                 /* the exit signal in its low 8 bits */
    uint64_t sp, ptid, ctid, tls, pidfd;
} CloneArgs;

static unsigned n_threads = 1;      /* atomic */

typedef struct NewThread {
    CPUState *cpu;
    const CloneArgs *args;
    uint64_t mask;
    GMutex mutex;
    GCond started;
    int tid;                        /* 0: not yet */
} NewThread;

static void put_tid(uint64_t gva, int tid)
{
    guest_write(gva, &tid, sizeof(tid));
}

/* ---- threads ---- */

static void *thread_main(void *opaque)
{
    NewThread *n = opaque;
    CPUState *cpu = n->cpu;
    uint64_t mask = n->mask;
    int tid = (int)syscall(SYS_gettid);
    stack_t alt = { .ss_sp = g_malloc(65536), .ss_size = 65536 };

    sigaltstack(&alt, NULL);
    current_cpu = cpu;
    cpu->host_tid = tid;
    if (n->args->flags & CLONE_CHILD_SETTID) {
        put_tid(n->args->ctid, tid);
    }
    if (n->args->flags & CLONE_PARENT_SETTID) {
        put_tid(n->args->ptid, tid);
    }
    if (n->args->flags & CLONE_CHILD_CLEARTID) {
        cpu_task(cpu)->clear_child_tid = n->args->ctid;
    }
    g_mutex_lock(&n->mutex);
    n->tid = tid;
    g_cond_signal(&n->started);
    g_mutex_unlock(&n->mutex);      /* n is gone from here on */
    signal_set_mask(cpu, mask);
    arch.run(cpu);
    g_assert_not_reached();
}

static int64_t clone_thread(CPUState *cpu, const CloneArgs *a)
{
    NewThread n = { .args = a, .mask = cpu_task(cpu)->sigmask };
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t old;

    n.cpu = arch.cpu_clone(cpu);
    if (!n.cpu) {
        return -ENOMEM;
    }
    cpu_list_add(n.cpu);
    task_new(n.cpu);
    arch.clone_regs(n.cpu, a->sp, a->flags & CLONE_SETTLS, a->tls);
    g_mutex_init(&n.mutex);
    g_cond_init(&n.started);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, 1 << 20);
    signal_block_all(&old);
    __atomic_fetch_add(&n_threads, 1, __ATOMIC_ACQ_REL);
    int err = pthread_create(&thread, &attr, thread_main, &n);
    pthread_attr_destroy(&attr);
    if (err) {
        __atomic_fetch_sub(&n_threads, 1, __ATOMIC_ACQ_REL);
        cpu_list_remove(n.cpu);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
        return -err;
    }
    g_mutex_lock(&n.mutex);
    while (!n.tid) {
        g_cond_wait(&n.started, &n.mutex);
    }
    g_mutex_unlock(&n.mutex);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return n.tid;
}

/* ---- processes ---- */

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

static void child_begins(CPUState *cpu, const CloneArgs *a)
{
    Task *t = cpu_task(cpu);

    arch.clone_regs(cpu, a->sp, a->flags & CLONE_SETTLS, a->tls);
    if (a->flags & CLONE_CHILD_SETTID) {
        put_tid(a->ctid, getpid());
    }
    t->clear_child_tid = a->flags & CLONE_CHILD_CLEARTID ? a->ctid : 0;
    __atomic_store_n(&t->pending, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&t->signal_pending, 0, __ATOMIC_RELAXED);
    if (a->flags & GUEST_CLEAR_SIGHAND) {
        signal_reset_handlers();
    }
}

static void parent_goes_on(pid_t pid, const CloneArgs *a)
{
    if (pid > 0 && (a->flags & CLONE_PARENT_SETTID)) {
        put_tid(a->ptid, pid);
    }
    if (pid > 0 && (a->flags & CLONE_PIDFD)) {
        put_tid(a->pidfd, (int)syscall(SYS_pidfd_open, pid, 0));
    }
}

static int64_t clone_process(CPUState *cpu, const CloneArgs *a)
{
    sigset_t old;

    signal_block_all(&old);
    start_exclusive();
    mmap_lock();
    signal_fork_begin();
    pid_t pid = fork();
    int err = errno;
    signal_fork_end();
    mmap_fork_end(pid == 0);
    if (pid == 0) {
        forget_other_threads(cpu);
    }
    end_exclusive();
    if (pid == 0) {
        n_threads = 1;
        child_begins(cpu, a);
        gdb_user_forked();
        if (cpu->breakpoints) {
            g_array_set_size(cpu->breakpoints, 0);
        }
        signal_set_mask(cpu, cpu_task(cpu)->sigmask);
        return 0;
    }
    parent_goes_on(pid, a);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return pid < 0 ? -err : pid;
}

/* Below the frame of borrow_memory(), which the parent still needs. */
G_NORETURN static __attribute__((noinline)) void borrower_main(CPUState *cpu, const CloneArgs *a)
{
    current_cpu = cpu;
    cpu->host_tid = (int)syscall(SYS_gettid);
    cpu_task(cpu)->vfork_child = true;
    child_begins(cpu, a);
    signal_set_mask(cpu, cpu_task(cpu)->sigmask);
    arch.run(cpu);
    g_assert_not_reached();
}

/*
 * vfork: the child runs in our memory, on a vCPU of its own but on this thread's host stack, while
 * the host's kernel keeps this thread waiting until the child has executed something or exited.
 */
static int64_t borrow_memory(CPUState *cpu, const CloneArgs *a)
{
    GuestSigaction *actions = signal_actions_save();
    CPUState *child = arch.cpu_clone(cpu);
    sigset_t old;

    if (!child) {
        g_free(actions);
        return -ENOMEM;
    }
    cpu_list_add(child);
    task_new(child);
    cpu_task(child)->sigmask = cpu_task(cpu)->sigmask;
    cpu_task(child)->altstack = cpu_task(cpu)->altstack;
    signal_block_all(&old);
    pid_t pid = vfork();
    if (pid == 0) {
        borrower_main(child, a);
    }
    int err = errno;
    current_cpu = cpu;
    signal_actions_restore(actions);
    cpu_list_remove(child);
    task_free(cpu_task(child));
    arch.cpu_free(child);
    parent_goes_on(pid, a);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return pid < 0 ? -err : pid;
}

static int64_t clone_any(CPUState *cpu, const CloneArgs *a)
{
    if ((a->flags & THREAD_FLAGS) == THREAD_FLAGS) {
        return a->flags & (CLONE_PIDFD | GUEST_CLEAR_SIGHAND) ? -EINVAL : clone_thread(cpu, a);
    }
    if ((a->flags & CLONE_VFORK) && (a->flags & CLONE_VM) && !gdb_attached()) {
        return borrow_memory(cpu, a);
    }
    if (a->flags & CLONE_VFORK) {               /* a copy, which execs soon */
        return clone_process(cpu, a);
    }
    if (a->flags & (CLONE_VM | CLONE_THREAD | CLONE_FILES | CLONE_FS | CLONE_SIGHAND)) {
        return -EINVAL;
    }
    return clone_process(cpu, a);
}

int64_t do_clone(CPUState *cpu, uint64_t flags, uint64_t sp, uint64_t ptid, uint64_t ctid,
                 uint64_t tls)
{
    CloneArgs a = { (uint32_t)flags, sp, ptid, ctid, tls, ptid };

    if ((flags & CLONE_PIDFD) && (flags & CLONE_PARENT_SETTID)) {
        return -EINVAL;
    }
    return clone_any(cpu, &a);
}

int64_t do_clone3(CPUState *cpu, uint64_t gva, uint64_t bytes)
{
    struct {
        uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_bytes, tls;
        uint64_t set_tid, set_tid_bytes, cgroup;
    } w = { 0 };

    if (bytes < 64) {
        return -EINVAL;
    }
    if (bytes > sizeof(w)) {
        return -E2BIG;
    }
    if (!guest_read(&w, gva, bytes)) {
        return -EFAULT;
    }
    if ((w.flags & (0xff | ~0x1ffffffffull)) || w.exit_signal > GUEST_NSIG || w.set_tid_bytes ||
        !w.stack != !w.stack_bytes) {
        return -EINVAL;
    }
    CloneArgs a = { w.flags | w.exit_signal, w.stack + w.stack_bytes, w.parent_tid, w.child_tid,
                    w.tls, w.pidfd };
    return clone_any(cpu, &a);
}

/* ---- ends ---- */

/*
 * A thread that walks the list of vCPUs may still look at one that has just left it: the last few
 * are kept for a while.
 */
static void bury(CPUState *cpu)
{
    static CPUState *graves[8];
    static unsigned next;
    static GMutex lock;

    g_mutex_lock(&lock);
    CPUState *old = graves[next];
    graves[next] = cpu;
    next = (next + 1) % G_N_ELEMENTS(graves);
    g_mutex_unlock(&lock);
    if (old) {
        arch.cpu_free(old);
    }
}

static void tell_thread_end(Task *t)
{
    uint32_t zero = 0;

    if (t->clear_child_tid && guest_write(t->clear_child_tid, &zero, 4)) {
        syscall(SYS_futex, g2h(t->clear_child_tid), FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
    }
}

void task_exit(CPUState *cpu, int status)
{
    Task *t = cpu_task(cpu);
    sigset_t old;

    if (t->vfork_child || __atomic_sub_fetch(&n_threads, 1, __ATOMIC_ACQ_REL) == 0) {
        program_exit(status & 255);
    }
    signal_block_all(&old);
    tell_thread_end(t);
    cpu_list_remove(cpu);
    current_cpu = NULL;
    stack_t alt, none = { .ss_flags = SS_DISABLE };
    if (sigaltstack(&none, &alt) == 0 && !(alt.ss_flags & SS_DISABLE)) {
        g_free(alt.ss_sp);
    }
    task_free(t);
    cpu->arch_opaque = NULL;
    bury(cpu);
    pthread_exit(NULL);
}

void program_exit(int status)
{
    if (current_cpu && cpu_task(current_cpu)->vfork_child) {
        _exit(status);          /* what is buffered and attached is our parent's */
    }
    gdb_user_exited(status);
    fflush(NULL);
    _exit(status);
}
