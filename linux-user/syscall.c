/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls. The rows say which the host's kernel takes as they are; the handlers here are the
 * ones that touch what the emulator keeps: the address space, signals, threads. Others: compat.c,
 * exec.c, proc.c and what an architecture has of its own.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "accel/accel.h"
#include "syscall-rows.h"
#include "task.h"
#include "util/log.h"

/*
 * safe_syscall(): the call is either made or not made, never lost between looking at `pending` and
 * the syscall instruction: the host signal handler moves a pc inside [start, end) to the restart.
 */
__asm__(".text\n.globl safe_syscall\n.type safe_syscall,@function\nsafe_syscall:\n"
        "  push %rbp\n  mov %rsp, %rbp\n  push %rbx\n  push %rbx\n"
        "  mov %rdi, %rbx\n"            /* pending */
        "  mov %rsi, %rax\n"            /* nr */
        "  mov %rdx, %rdi\n  mov %rcx, %rsi\n  mov %r8, %rdx\n  mov %r9, %r10\n"
        "  mov 16(%rbp), %r8\n  mov 24(%rbp), %r9\n"
        ".globl safe_syscall_start\nsafe_syscall_start:\n"
        "  cmpl $0, (%rbx)\n  jnz safe_syscall_restart\n"
        "  syscall\n"
        ".globl safe_syscall_end\nsafe_syscall_end:\n"
        "  pop %rbx\n  pop %rbx\n  pop %rbp\n  ret\n"
        ".globl safe_syscall_restart\nsafe_syscall_restart:\n"
        "  mov $-512, %rax\n  pop %rbx\n  pop %rbx\n  pop %rbp\n  ret\n"
        ".size safe_syscall, .-safe_syscall\n");

int64_t host_syscall(CPUState *cpu, long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                     uint64_t e, uint64_t f)
{
    int64_t ret = safe_syscall(&cpu_task(cpu)->signal_pending, nr, a, b, c, d, e, f);

    if (ret == -EFAULT && tcg_user_unprotect_all()) {
        ret = safe_syscall(&cpu_task(cpu)->signal_pending, nr, a, b, c, d, e, f);
    }
    return ret;
}

/* ---- memory ---- */

static int64_t sys_mmap(CPUState *cpu, const uint64_t *a)
{
    uint64_t flags = a[3];

    if (a[5] & ~PAGE_MASK_) {
        return -EINVAL;
    }
    if (arch.mmap_flags) {
        flags = (flags & MAP_TYPE) | flags_to_host(arch.mmap_flags, flags);
    }
    return guest_mmap(a[0], a[1], (int)a[2] & 7, (int)flags, (int)a[4], a[5]);
}

int64_t sys_mmap2(CPUState *cpu, const uint64_t *a)
{
    const uint64_t with_bytes[6] = { a[0], a[1], a[2], a[3], a[4], a[5] << PAGE_BITS };

    return sys_mmap(cpu, with_bytes);
}

static int64_t sys_munmap(CPUState *cpu, const uint64_t *a) { return guest_munmap(a[0], a[1]); }
static int64_t sys_mprotect(CPUState *cpu, const uint64_t *a)
{ return guest_mprotect(a[0], a[1], (int)a[2] & 7); }
static int64_t sys_mremap(CPUState *cpu, const uint64_t *a)
{ return guest_mremap(a[0], a[1], a[2], (int)a[3], a[4]); }
static int64_t sys_brk(CPUState *cpu, const uint64_t *a) { return guest_brk(a[0]); }
static int64_t sys_shmat(CPUState *cpu, const uint64_t *a)
{ return guest_shmat((int)a[0], a[1], (int)a[2]); }
static int64_t sys_shmdt(CPUState *cpu, const uint64_t *a) { return guest_shmdt(a[0]); }

static int64_t sys_madvise(CPUState *cpu, const uint64_t *a)
{
    int64_t ret = host_syscall(cpu, SYS_madvise, a[0], a[1], a[2], 0, 0, 0);

    if (ret == 0 && (a[2] == MADV_DONTNEED || a[2] == MADV_REMOVE || a[2] == MADV_FREE)) {
        tcg_user_invalidate(a[0], a[1]);
    }
    return ret;
}

/* ---- signals ---- */

static int64_t sys_rt_sigaction(CPUState *cpu, const uint64_t *a)
{ return signal_sigaction((int)a[0], a[1], a[2], a[3]); }
static int64_t sys_rt_sigprocmask(CPUState *cpu, const uint64_t *a)
{ return signal_sigprocmask(cpu, (int)a[0], a[1], a[2], a[3]); }
static int64_t sys_sigaltstack(CPUState *cpu, const uint64_t *a)
{ return signal_altstack(cpu, a[0], a[1], arch.sp(cpu)); }

/* Sets a mask for the length of one call; signal_process() puts the old one back. */
bool temporary_mask(CPUState *cpu, uint64_t mask_gva, uint64_t bytes, int64_t *err)
{
    Task *t = cpu_task(cpu);
    uint64_t mask;

    if (!mask_gva) {
        return true;
    }
    if (bytes != 8 || !guest_ok(mask_gva, 8, PROT_R)) {
        *err = bytes != 8 ? -EINVAL : -EFAULT;
        return false;
    }
    memcpy(&mask, g2h(mask_gva), 8);
    t->saved_mask = t->sigmask;
    t->have_saved_mask = true;
    signal_set_mask(cpu, mask);
    return true;
}

void end_temporary_mask(CPUState *cpu, int64_t ret)
{
    Task *t = cpu_task(cpu);

    if (ret != -EINTR && ret != -QEMU_ERESTARTSYS && t->have_saved_mask) {
        t->have_saved_mask = false;
        signal_set_mask(cpu, t->saved_mask);
    }
}

static int64_t sys_rt_sigsuspend(CPUState *cpu, const uint64_t *a)
{
    Task *t = cpu_task(cpu);
    int64_t err;

    if (!temporary_mask(cpu, a[0], a[1], &err)) {
        return err;
    }
    while (!__atomic_load_n(&t->signal_pending, __ATOMIC_ACQUIRE)) {
        safe_syscall(&t->signal_pending, SYS_pause, 0, 0, 0, 0, 0, 0);
    }
    return -EINTR;
}

static int64_t masked_call(CPUState *cpu, int nr, const uint64_t *a, uint64_t mask,
                           uint64_t bytes, unsigned mask_arg)
{
    uint64_t c[6] = { a[0], a[1], a[2], a[3], a[4], a[5] };
    int64_t err;

    if (!temporary_mask(cpu, mask, bytes, &err)) {
        return err;
    }
    c[mask_arg] = 0;
    int64_t ret = safe_syscall(&cpu_task(cpu)->signal_pending, nr, c[0], c[1], c[2], c[3], c[4],
                               c[5]);
    if (ret == -QEMU_ERESTARTSYS) {
        ret = -EINTR;
    }
    end_temporary_mask(cpu, ret);
    return ret;
}

static int64_t sys_ppoll(CPUState *cpu, const uint64_t *a)
{ return masked_call(cpu, SYS_ppoll, a, a[3], a[4], 3); }

static int64_t sys_pselect6(CPUState *cpu, const uint64_t *a)
{
    uint64_t pair[2] = { 0, 0 };

    if (a[5]) {
        if (!guest_ok(a[5], 16, PROT_R)) {
            return -EFAULT;
        }
        memcpy(pair, g2h(a[5]), 16);
    }
    return masked_call(cpu, SYS_pselect6, a, pair[0], pair[1], 5);
}

/* ---- threads and processes ---- */

static int64_t sys_clone(CPUState *cpu, const uint64_t *a)
{ return do_clone(cpu, a[0], a[1], a[2], a[3], a[4]); }
static int64_t sys_clone3(CPUState *cpu, const uint64_t *a) { return do_clone3(cpu, a[0], a[1]); }
static int64_t sys_fork(CPUState *cpu, const uint64_t *a)
{ return do_clone(cpu, SIGCHLD, 0, 0, 0, 0); }
static int64_t sys_vfork(CPUState *cpu, const uint64_t *a)
{ return do_clone(cpu, CLONE_VFORK | CLONE_VM | SIGCHLD, 0, 0, 0, 0); }
static int64_t sys_seccomp(CPUState *cpu, const uint64_t *a) { return -EINVAL; }
static int64_t sys_exit(CPUState *cpu, const uint64_t *a) { task_exit(cpu, (int)a[0]); }
static int64_t sys_exit_group(CPUState *cpu, const uint64_t *a) { program_exit((int)a[0] & 255); }

static int64_t sys_personality(CPUState *cpu, const uint64_t *a)
{
    return (uint32_t)a[0] == 0xffffffff || a[0] == 0 ? 0 : -EINVAL;
}

static int64_t sys_set_tid_address(CPUState *cpu, const uint64_t *a)
{
    cpu_task(cpu)->clear_child_tid = a[0];
    return syscall(SYS_gettid);
}

static int64_t sys_prctl(CPUState *cpu, const uint64_t *a)
{
    if (a[0] == PR_SET_SECCOMP || a[0] == PR_SET_MM) {
        return -EINVAL;
    }
    return host_syscall(cpu, SYS_prctl, a[0], a[1], a[2], a[3], a[4], 0);
}

/* ---- the table ---- */

static SyscallHandler sys_nosys, sys_arch;

typedef struct Row {
    const char *name, *args;
    SyscallHandler *handler;
    unsigned flags;
    int host;                           /* number on the host, for rows without handler */
    int nr[2];                          /* by Abi; -1: none */
} Row;

static const Row rows[] = {
#define SYSCALL(name, x86_64, e2k, args, handler, flags) \
    { #name, args, handler, flags, x86_64, { x86_64, e2k } },
#define ALIAS(name, host_name, e2k, args) { #name, args, NULL, 0, SYS_##host_name, { -1, e2k } },
#define NOSYS(name, e2k) { #name, "xxxxxx", sys_nosys, 0, -1, { -1, e2k } },
#include "syscalls.def"
#undef SYSCALL
#undef ALIAS
#undef NOSYS
};

static const Row *row_of(int nr)
{
    static const Row *by_number[SYSCALL_MAX];   /* of arch.abi; filled at the first call */
    static gsize filled;

    if (g_once_init_enter(&filled)) {
        for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
            if (rows[i].nr[arch.abi] >= 0) {
                by_number[rows[i].nr[arch.abi]] = &rows[i];
            }
        }
        g_once_init_leave(&filled, 1);
    }
    return nr >= 0 && nr < SYSCALL_MAX ? by_number[nr] : NULL;
}

const char *syscall_name(int nr)
{
    return row_of(nr) ? row_of(nr)->name : NULL;
}

const char *syscall_args(int nr)
{
    return row_of(nr)->args;
}

static __thread int current_nr;

static int64_t sys_nosys(CPUState *cpu, const uint64_t *a)
{
    guest_unimp("system call %s (%d)", syscall_name(current_nr), current_nr);
    return -ENOSYS;
}

static int64_t sys_arch(CPUState *cpu, const uint64_t *a)
{
    return arch.syscall(cpu, current_nr, a);
}

Restart syscall_outcome(CPUState *cpu, int nr, int64_t ret)
{
    const Row *row = row_of(nr);

    if (ret == -QEMU_ERESTARTSYS) {
        return RESTART_NOT_MADE;
    }
    if (ret == -EINTR && row && !(row->flags & SYS_NO_RESTART) &&
        __atomic_load_n(&cpu_task(cpu)->signal_pending, __ATOMIC_ACQUIRE)) {
        return RESTART_INTERRUPTED;
    }
    return RESTART_NONE;
}

int64_t do_syscall(CPUState *cpu, int nr, const uint64_t a[6])
{
    const Row *row = row_of(nr);
    int64_t ret = -ENOSYS;

    if (G_UNLIKELY(program.strace)) {
        strace_call(cpu, nr, a);
    }
    current_nr = nr;
    if (!row) {
        guest_unimp("system call %d", nr);
    } else if (row->handler) {
        ret = row->handler(cpu, a);
    } else {
        ret = host_syscall(cpu, row->host, a[0], a[1], a[2], a[3], a[4], a[5]);
    }
    if (G_UNLIKELY(program.strace)) {
        strace_result(nr, ret);
    }
    return ret;
}
