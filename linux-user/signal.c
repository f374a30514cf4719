/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals of the guest.
 *
 * A host handler stands in for each signal that the guest handles. It only notes the signal in the
 * running thread's Task and asks the vCPU to leave generated code; delivery, with the guest's
 * frame, happens between blocks in signal_process(). Signals with default action or ignored are the host's
 * business and act on the emulator as they would on the program.
 *
 * SIGSEGV and SIGBUS always have a host handler: they are the guest's page faults.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <unistd.h>
#include "accel/accel.h"
#include "gdbstub/gdbstub.h"
#include "task.h"
#include "util/log.h"

#define SIG_BIT(n) (1ull << ((n) - 1))
#define GUEST_SIG_DFL 0
#define GUEST_SIG_IGN 1
#define UNBLOCKABLE (SIG_BIT(SIGKILL) | SIG_BIT(SIGSTOP))
/* what the host must let through: page faults, and the two signals that glibc keeps for itself */
#define HOST_UNBLOCKED (SIG_BIT(SIGSEGV) | SIG_BIT(SIGBUS) | SIG_BIT(32) | SIG_BIT(33))

static GuestSigaction actions[GUEST_NSIG + 1];
static GMutex actions_lock;

void signal_fork_begin(void)
{
    g_mutex_lock(&actions_lock);
}

void signal_fork_end(void)
{
    g_mutex_unlock(&actions_lock);
}

extern const char safe_syscall_start[], safe_syscall_end[], safe_syscall_restart[];

/* ---- the host's side ---- */

static void note_signal(CPUState *cpu, int sig, const siginfo_t *info)
{
    Task *t = cpu_task(cpu);

    if (!(__atomic_load_n(&t->pending, __ATOMIC_ACQUIRE) & SIG_BIT(sig))) {
        t->info[sig - 1] = *info;
    }
    __atomic_fetch_or(&t->pending, SIG_BIT(sig), __ATOMIC_RELEASE);
    __atomic_store_n(&t->signal_pending, 1, __ATOMIC_RELEASE);
    cpu_exit(cpu);
}

static void rewind_syscall(ucontext_t *uc)
{
    uintptr_t pc = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];

    if (pc >= (uintptr_t)safe_syscall_start && pc < (uintptr_t)safe_syscall_end) {
        uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)safe_syscall_restart;
    }
}

static bool is_fault(int sig)
{
    return sig == SIGSEGV || sig == SIGBUS;
}

/* The kernel's set of signals has 64 bits, the first word of glibc's. */
static void mask_to_host(uint64_t mask, sigset_t *set)
{
    mask &= ~HOST_UNBLOCKED;
    memcpy(set, &mask, sizeof(mask));
}

static void host_async(int sig, siginfo_t *info, void *uc)
{
    if (current_cpu) {
        note_signal(current_cpu, sig, info);
        rewind_syscall(uc);
        /* until this one is delivered the others stay with the host's kernel, which can queue them */
        mask_to_host(UINT64_MAX, &((ucontext_t *)uc)->uc_sigmask);
        cpu_task(current_cpu)->host_blocked = true;
    }
}

G_NORETURN static void die_of(int sig)
{
    struct sigaction sa = { .sa_handler = SIG_DFL };
    sigset_t set;

    sigaction(sig, &sa, NULL);
    sigemptyset(&set);
    sigaddset(&set, sig);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), sig);
    _exit(128 + sig);
}

static void host_fault(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    uintptr_t pc = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP], new_pc = 0;
    bool write = uc->uc_mcontext.gregs[REG_ERR] & 2;

    if (info->si_code <= 0) {               /* somebody sent it */
        host_async(sig, info, context);
        return;
    }
    if (guest_copy_fault(pc)) {
        uc->uc_mcontext.gregs[REG_RIP] = (greg_t)guest_copy_fault(pc);
        return;
    }
    if (current_cpu) {
        cpu_task(current_cpu)->bus_error = sig == SIGBUS;
    }
    if (current_cpu &&
        tcg_user_segv(current_cpu, pc, (uintptr_t)info->si_addr, write, &new_pc)) {
        if (new_pc) {
            uc->uc_mcontext.gregs[REG_RIP] = (greg_t)new_pc;
        }
        return;
    }
    static const char text[] = "emulator: host fault outside of guest accesses\n";
    if (syscall(SYS_write, 2, text, sizeof(text) - 1) < 0) {
        _exit(127);
    }
    die_of(sig);
}

static void install(int sig, void (*fn)(int, siginfo_t *, void *))
{
    struct sigaction sa = { .sa_sigaction = fn, .sa_flags = SA_SIGINFO | SA_ONSTACK };

    sigfillset(&sa.sa_mask);
    if (sig != SIGSEGV && sig != SIGBUS) {      /* a fault in a handler must not be fatal */
        sigdelset(&sa.sa_mask, SIGSEGV);
        sigdelset(&sa.sa_mask, SIGBUS);
    }
    sa.sa_flags |= sig == SIGSEGV || sig == SIGBUS ? SA_NODEFER : 0;
    if (sig == SIGSEGV || sig == SIGBUS) {
        sigemptyset(&sa.sa_mask);       /* we leave by longjmp */
    }
    sigaction(sig, &sa, NULL);
}

static void set_default(int sig, void (*to)(int))
{
    struct sigaction sa = { .sa_handler = to };

    sigaction(sig, &sa, NULL);
}

void signal_init(void)
{
    install(SIGSEGV, host_fault);
    install(SIGBUS, host_fault);
    for (int sig = 1; sig <= GUEST_NSIG; sig++) {
        struct sigaction sa;
        if (sigaction(sig, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN) {
            actions[sig].handler = GUEST_SIG_IGN;
        }
    }
}

/* ---- masks ---- */

void signal_set_mask(CPUState *cpu, uint64_t mask)
{
    Task *t = cpu_task(cpu);
    sigset_t set = { 0 };

    t->sigmask = mask & ~UNBLOCKABLE;
    mask_to_host(t->sigmask, &set);
    t->host_blocked = false;            /* before: a handler may run when they are let in */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    pthread_sigmask(SIG_SETMASK, &set, NULL);
    if (__atomic_load_n(&t->pending, __ATOMIC_ACQUIRE) & ~t->sigmask) {
        __atomic_store_n(&t->signal_pending, 1, __ATOMIC_RELEASE);
        cpu_exit(cpu);
    }
}

void signal_block_all(sigset_t *old)
{
    sigset_t all = { 0 };

    mask_to_host(UINT64_MAX, &all);
    pthread_sigmask(SIG_SETMASK, &all, old);
}

int64_t signal_sigprocmask(CPUState *cpu, int how, uint64_t set_gva, uint64_t old_gva,
                           uint64_t bytes)
{
    Task *t = cpu_task(cpu);
    uint64_t old = t->sigmask, set;

    if (bytes != 8) {
        return -EINVAL;
    }
    if (set_gva) {
        if (!guest_read(&set, set_gva, 8)) {
            return -EFAULT;
        }
        switch (how) {
        case SIG_BLOCK: signal_set_mask(cpu, old | set); break;
        case SIG_UNBLOCK: signal_set_mask(cpu, old & ~set); break;
        case SIG_SETMASK: signal_set_mask(cpu, set); break;
        default: return -EINVAL;
        }
    }
    return !old_gva || guest_write(old_gva, &old, 8) ? 0 : -EFAULT;
}

int64_t signal_altstack(CPUState *cpu, uint64_t ss_gva, uint64_t old_gva, uint64_t sp)
{
    Task *t = cpu_task(cpu);
    GuestStack old = t->altstack, ss;
    bool on = sp - old.sp < old.size;

    if (ss_gva) {
        if (!guest_read(&ss, ss_gva, sizeof(ss))) {
            return -EFAULT;
        }
        if (on) {
            return -EPERM;
        }
        if (ss.flags & ~(SS_DISABLE | SS_ONSTACK | 1u << 31)) {
            return -EINVAL;
        }
        if (ss.flags & SS_DISABLE) {
            ss.sp = ss.size = 0;
        } else if (ss.size < 2048) {
            return -ENOMEM;
        }
        t->altstack = ss;
    }
    if (old_gva) {
        old.flags = old.size == 0 ? SS_DISABLE : on ? SS_ONSTACK : 0;
        old.pad = 0;
        if (!guest_write(old_gva, &old, sizeof(old))) {
            return -EFAULT;
        }
    }
    return 0;
}

int64_t signal_sigaction(int sig, uint64_t act_gva, uint64_t old_gva, uint64_t sigset_bytes)
{
    GuestSigaction act, old;

    if (sigset_bytes != 8 || sig < 1 || sig > GUEST_NSIG ||
        (act_gva && (SIG_BIT(sig) & UNBLOCKABLE))) {
        return -EINVAL;
    }
    if (act_gva && !guest_read(&act, act_gva, sizeof(act))) {
        return -EFAULT;
    }
    g_mutex_lock(&actions_lock);
    old = actions[sig];
    if (act_gva) {
        act.mask &= ~UNBLOCKABLE;
        actions[sig] = act;
        if (!is_fault(sig)) {
            if (act.handler == GUEST_SIG_DFL || act.handler == GUEST_SIG_IGN) {
                set_default(sig, act.handler == GUEST_SIG_DFL ? SIG_DFL : SIG_IGN);
            } else {
                install(sig, host_async);
            }
        }
    }
    g_mutex_unlock(&actions_lock);
    return !old_gva || guest_write(old_gva, &old, sizeof(old)) ? 0 : -EFAULT;
}

void signal_reset_handlers(void)
{
    for (int sig = 1; sig <= GUEST_NSIG; sig++) {
        if (actions[sig].handler > GUEST_SIG_IGN) {
            actions[sig] = (GuestSigaction){ 0 };
            if (!is_fault(sig)) {
                set_default(sig, SIG_DFL);
            }
        }
    }
}

GuestSigaction *signal_actions_save(void)
{
    return g_memdup2(actions, sizeof(actions));
}

void signal_actions_restore(GuestSigaction *saved)
{
    memcpy(actions, saved, sizeof(actions));
    g_free(saved);
}

/* ---- delivery ---- */

Task *task_new(CPUState *cpu)
{
    Task *t = g_new0(Task, 1);
    sigset_t now;

    t->cpu = cpu;
    cpu->arch_opaque = t;
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    for (int sig = 1; sig <= GUEST_NSIG; sig++) {
        t->sigmask |= sigismember(&now, sig) == 1 ? SIG_BIT(sig) : 0;
    }
    return t;
}

void task_free(Task *t)
{
    if (arch.task_free) {
        arch.task_free(t);
    }
    g_free(t);
}

uint64_t signal_frame_top(CPUState *cpu, const GuestSigaction *act, uint64_t sp, bool *on_alt)
{
    const GuestStack *alt = &cpu_task(cpu)->altstack;

    *on_alt = sp - alt->sp < alt->size;
    return (act->flags & SA_ONSTACK) && alt->size && !*on_alt ? alt->sp + alt->size : sp;
}

int signal_fpe_code(unsigned flags)
{
    static const int codes[] = { FPE_FLTINV, FPE_FLTUND, FPE_FLTDIV, FPE_FLTOVF, FPE_FLTUND,
                                 FPE_FLTRES };

    for (unsigned i = 0; i < G_N_ELEMENTS(codes); i++) {
        if (flags & 1u << i) {
            return codes[i];
        }
    }
    return 0;
}

static GuestSigaction take_action(int sig)
{
    g_mutex_lock(&actions_lock);
    GuestSigaction act = actions[sig];
    if ((act.flags & SA_RESETHAND) && act.handler > GUEST_SIG_IGN) {
        actions[sig].handler = GUEST_SIG_DFL;
        if (!is_fault(sig)) {
            set_default(sig, SIG_DFL);
        }
    }
    g_mutex_unlock(&actions_lock);
    return act;
}

static void deliver(CPUState *cpu, int sig, const siginfo_t *info, bool fault)
{
    Task *t = cpu_task(cpu);

    if (gdb_attached() && sig != SIGCHLD && sig != SIGALRM) {
        sig = gdb_user_stopped(cpu, sig);
        if (!sig) {
            return;
        }
    }
    GuestSigaction act = take_action(sig);
    if (act.handler == GUEST_SIG_IGN && !fault) {
        return;
    }
    if (act.handler <= GUEST_SIG_IGN || (fault && (t->sigmask & SIG_BIT(sig)))) {
        if (sig == SIGCHLD || sig == SIGURG || sig == SIGWINCH || sig == SIGCONT) {
            return;
        }
        fflush(NULL);
        die_of(sig);
    }
    if (t->restart == RESTART_INTERRUPTED && !(act.flags & SA_RESTART)) {
        arch.restart_cancel(cpu);
        t->restart = RESTART_NONE;
    }
    uint64_t mask = t->have_saved_mask ? t->saved_mask : t->sigmask;
    t->have_saved_mask = false;
    if (!arch.signal_frame(cpu, sig, &act, info, mask)) {
        if (sig == SIGSEGV) {
            die_of(SIGSEGV);
        }
        signal_raise_fault(cpu, SIGSEGV, SI_KERNEL, 0);
        return;
    }
    t->restart = RESTART_NONE;          /* the frame has it */
    signal_set_mask(cpu, t->sigmask | act.mask | (act.flags & SA_NODEFER ? 0 : SIG_BIT(sig)));
}

void signal_raise_fault(CPUState *cpu, int sig, int code, uint64_t addr)
{
    siginfo_t info = { .si_signo = sig, .si_code = code };

    info.si_addr = g2h(addr);
    deliver(cpu, sig, &info, true);
}

void signal_raise_page_fault(CPUState *cpu, uint64_t addr)
{
    if (cpu_task(cpu)->bus_error && page_prot(addr)) {
        signal_raise_fault(cpu, SIGBUS, BUS_ADRERR, addr);
    } else {
        signal_raise_fault(cpu, SIGSEGV, page_mapped(addr) ? SEGV_ACCERR : SEGV_MAPERR, addr);
    }
    cpu_task(cpu)->bus_error = false;
}

/* The lowest pending signal that the guest does not block; 0: none. */
static int take_pending(Task *t, siginfo_t *info)
{
    uint64_t ready = __atomic_load_n(&t->pending, __ATOMIC_ACQUIRE) & ~t->sigmask;
    int sig = ready ? __builtin_ctzll(ready) + 1 : 0;

    if (sig) {
        *info = t->info[sig - 1];       /* note_signal() leaves it alone while the bit is set */
        __atomic_fetch_and(&t->pending, ~SIG_BIT(sig), __ATOMIC_ACQ_REL);
    }
    return sig;
}

void signal_process(CPUState *cpu)
{
    Task *t = cpu_task(cpu);
    siginfo_t info;
    int sig;

    while (__atomic_exchange_n(&t->signal_pending, 0, __ATOMIC_ACQ_REL) &&
           (sig = take_pending(t, &info))) {
        __atomic_store_n(&t->signal_pending, 1, __ATOMIC_RELEASE);      /* look for more */
        deliver(cpu, sig, &info, false);
    }
    if (t->have_saved_mask) {
        t->have_saved_mask = false;
        signal_set_mask(cpu, t->saved_mask);
    } else if (t->host_blocked) {
        signal_set_mask(cpu, t->sigmask);
    }
}
