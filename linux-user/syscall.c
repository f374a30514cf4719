/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls. The rows say which the host's kernel takes as they are; the handlers here are the
 * ones that touch what the emulator keeps: the address space, signals, threads, the program's name.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
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

typedef int64_t Handler(CPUState *cpu, const uint64_t *a);

/* ---- memory ---- */

static int64_t sys_mmap(CPUState *cpu, const uint64_t *a)
{
    if (a[5] & ~PAGE_MASK_) {
        return -EINVAL;
    }
    return guest_mmap(a[0], a[1], (int)a[2], (int)a[3], (int)a[4], a[5]);
}

static int64_t sys_munmap(CPUState *cpu, const uint64_t *a) { return guest_munmap(a[0], a[1]); }
static int64_t sys_mprotect(CPUState *cpu, const uint64_t *a)
{ return guest_mprotect(a[0], a[1], (int)a[2]); }
static int64_t sys_mremap(CPUState *cpu, const uint64_t *a)
{ return guest_mremap(a[0], a[1], a[2], (int)a[3], a[4]); }
static int64_t sys_brk(CPUState *cpu, const uint64_t *a) { return guest_brk(a[0]); }

/* ---- signals ---- */

static int64_t sys_rt_sigaction(CPUState *cpu, const uint64_t *a)
{ return signal_sigaction((int)a[0], a[1], a[2], a[3]); }
static int64_t sys_rt_sigprocmask(CPUState *cpu, const uint64_t *a)
{ return signal_sigprocmask(cpu, (int)a[0], a[1], a[2], a[3]); }
static int64_t sys_sigaltstack(CPUState *cpu, const uint64_t *a)
{ return signal_altstack(cpu, a[0], a[1], arch.sp(cpu)); }

/* Sets a mask for the length of one call; signal_process() puts the old one back. */
static bool temporary_mask(CPUState *cpu, uint64_t mask_gva, uint64_t bytes, int64_t *err)
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

static void end_temporary_mask(CPUState *cpu, int64_t ret)
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
static int64_t sys_epoll_pwait(CPUState *cpu, const uint64_t *a)
{ return masked_call(cpu, SYS_epoll_pwait, a, a[4], a[5], 4); }

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
static int64_t sys_fork(CPUState *cpu, const uint64_t *a)
{ return do_clone(cpu, SIGCHLD, 0, 0, 0, 0); }
static int64_t sys_vfork(CPUState *cpu, const uint64_t *a)
{ return do_clone(cpu, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0); }
static int64_t sys_clone3(CPUState *cpu, const uint64_t *a) { return -ENOSYS; }
static int64_t sys_rseq(CPUState *cpu, const uint64_t *a) { return -ENOSYS; }
static int64_t sys_ptrace(CPUState *cpu, const uint64_t *a) { return -ENOSYS; }
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

static int64_t sys_set_robust_list(CPUState *cpu, const uint64_t *a)
{
    if (a[1] != 24) {
        return -EINVAL;
    }
    cpu_task(cpu)->robust_list = a[0];
    return 0;
}

static bool is_self(const char *path, const char *what)
{
    g_autofree char *mine = g_strdup_printf("/proc/%d/%s", (int)getpid(), what);
    g_autofree char *self = g_strdup_printf("/proc/self/%s", what);
    g_autofree char *thread = g_strdup_printf("/proc/thread-self/%s", what);

    return strcmp(path, mine) == 0 || strcmp(path, self) == 0 || strcmp(path, thread) == 0;
}

/* A private copy of a guest string, or NULL: not readable or too long. */
static char *guest_string(uint64_t gva)
{
    GString *s = g_string_new(NULL);

    for (uint64_t p = gva; guest_ok(p, 1, PROT_R) && s->len < 65536; p++) {
        char c = *(char *)g2h(p);
        if (!c) {
            return g_string_free(s, FALSE);
        }
        g_string_append_c(s, c);
    }
    g_string_free(s, TRUE);
    return NULL;
}

static char **guest_strings(uint64_t gva)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);

    for (uint64_t p = gva; gva; p += 8) {
        uint64_t ptr;
        char *s;

        if (!guest_ok(p, 8, PROT_R)) {
            g_ptr_array_free(list, TRUE);
            return NULL;
        }
        memcpy(&ptr, g2h(p), 8);
        if (!ptr) {
            break;
        }
        s = guest_string(ptr);
        if (!s) {
            g_ptr_array_free(list, TRUE);
            return NULL;
        }
        g_ptr_array_add(list, s);
    }
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(list, FALSE);
}

/*
 * execve: the new program runs under this emulator again if it is of the guest's kind and no
 * binfmt_misc entry is asked: we start ourselves with the same options.
 */
static int64_t exec_path(const char *path, char **argv, char **envp)
{
    uint8_t head[20];
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return -errno;
    }
    ssize_t n = read(fd, head, sizeof(head));
    close(fd);
    if (access(path, X_OK) != 0) {
        return -errno;
    }
    bool guest = n == sizeof(head) && memcmp(head, "\177ELF", 4) == 0 &&
                 (head[18] | head[19] << 8) == arch.elf_machine;
    bool script = n >= 2 && head[0] == '#' && head[1] == '!';
    if (!guest && !script) {
        execve(path, argv, envp);
        return -errno;
    }
    if (script) {
        /* "#!interpreter [argument]" on the first line */
        g_autofree char *text = NULL;
        if (!g_file_get_contents(path, &text, NULL, NULL)) {
            return -EACCES;
        }
        text[strcspn(text, "\n")] = 0;
        char *interp = g_strstrip(text + 2), *arg = interp + strcspn(interp, " \t");
        if (*arg) {
            *arg++ = 0;
            arg = g_strchug(arg);
        }
        GPtrArray *v = g_ptr_array_new();
        g_ptr_array_add(v, interp);
        if (*arg) {
            g_ptr_array_add(v, arg);
        }
        g_ptr_array_add(v, (char *)path);
        for (char **a = argv[0] ? argv + 1 : argv; *a; a++) {
            g_ptr_array_add(v, *a);
        }
        g_ptr_array_add(v, NULL);
        return exec_path(interp, (char **)v->pdata, envp);
    }
    GPtrArray *v = g_ptr_array_new();
    for (char **a = emulator_argv_prefix; *a; a++) {
        g_ptr_array_add(v, *a);
    }
    g_ptr_array_add(v, "-0");
    g_ptr_array_add(v, argv[0] ? argv[0] : "");
    g_ptr_array_add(v, (char *)path);
    for (char **a = argv[0] ? argv + 1 : argv; *a; a++) {
        g_ptr_array_add(v, *a);
    }
    g_ptr_array_add(v, NULL);
    execve("/proc/self/exe", (char **)v->pdata, envp);
    return -errno;
}

static int64_t sys_execve(CPUState *cpu, const uint64_t *a)
{
    g_autofree char *path = guest_string(a[0]);
    g_auto(GStrv) argv = guest_strings(a[1]), envp = guest_strings(a[2]);

    if (!path || !argv || !envp) {
        return -EFAULT;
    }
    return exec_path(is_self(path, "exe") ? program.path : path, argv, envp);
}

static int64_t sys_execveat(CPUState *cpu, const uint64_t *a)
{
    g_autofree char *path = guest_string(a[1]);
    g_auto(GStrv) argv = guest_strings(a[2]), envp = guest_strings(a[3]);

    if (!path || !argv || !envp) {
        return -EFAULT;
    }
    g_autofree char *whole = path[0] == '/' || (int)a[0] == AT_FDCWD ? g_strdup(path)
        : g_strdup_printf("/proc/self/fd/%d%s%s", (int)a[0], *path ? "/" : "", path);
    return exec_path(whole, argv, envp);
}

/* ---- what /proc says of the program rather than of the emulator ---- */

static int64_t readlink_self(uint64_t buf, uint64_t size)
{
    size_t n = MIN(strlen(program.path), size);

    if (!guest_ok(buf, n, PROT_W)) {
        return -EFAULT;
    }
    memcpy(g2h(buf), program.path, n);
    return (int64_t)n;
}

static int64_t sys_readlink(CPUState *cpu, const uint64_t *a)
{
    g_autofree char *path = guest_string(a[0]);

    if (path && is_self(path, "exe")) {
        return readlink_self(a[1], a[2]);
    }
    long n = syscall(SYS_readlink, a[0], a[1], a[2]);
    return n < 0 ? -errno : n;
}

static int64_t sys_readlinkat(CPUState *cpu, const uint64_t *a)
{
    g_autofree char *path = guest_string(a[1]);

    if (path && is_self(path, "exe")) {
        return readlink_self(a[2], a[3]);
    }
    long n = syscall(SYS_readlinkat, a[0], a[1], a[2], a[3]);
    return n < 0 ? -errno : n;
}

static void write_maps(FILE *f)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[4096];

    while (maps && fgets(line, sizeof(line), maps)) {
        uint64_t start, end;
        int rest = 0;

        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*4s%n", &start, &end, &rest) < 2 || !rest) {
            continue;
        }
        for (uint64_t p = start; p < end;) {
            int prot = page_prot(p);
            uint64_t q = p;
            while (q < end && page_prot(q) == prot) {
                q += PAGE_SIZE_;
            }
            if (prot) {
                bool stack = program.start_stack >= p && program.start_stack < q;
                fprintf(f, "%08" PRIx64 "-%08" PRIx64 " %c%c%cp%s", p, q, prot & PROT_R ? 'r' : '-',
                        prot & PROT_W ? 'w' : '-', prot & PROT_X ? 'x' : '-',
                        stack ? " 00000000 00:00 0                          [stack]\n"
                              : line + rest);
            }
            p = q;
        }
    }
    if (maps) {
        fclose(maps);
    }
}

static void write_cmdline(FILE *f)
{
    for (char **a = program.argv; *a; a++) {
        fwrite(*a, 1, strlen(*a) + 1, f);
    }
}

static void write_auxv(FILE *f)
{
    fwrite(g2h(program.auxv), 1, program.auxv_bytes, f);
}

static const struct { const char *name; void (*write)(FILE *f); } proc_files[] = {
    { "maps", write_maps }, { "cmdline", write_cmdline }, { "auxv", write_auxv },
};

static int64_t open_proc(void (*writer)(FILE *f))
{
    int fd = memfd_create("proc", 0);
    FILE *f = fd < 0 ? NULL : fdopen(dup(fd), "w");

    if (!f) {
        return -errno;
    }
    writer(f);
    fclose(f);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static int64_t open_at(CPUState *cpu, int dir, uint64_t path_gva, int flags, uint32_t mode)
{
    g_autofree char *path = guest_string(path_gva);

    if (!path) {
        return -EFAULT;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(proc_files); i++) {
        if (is_self(path, proc_files[i].name)) {
            return open_proc(proc_files[i].write);
        }
    }
    uint64_t name = path_gva;
    g_autofree char *under = NULL;
    if (is_self(path, "exe")) {
        name = (uintptr_t)program.path;
    } else if (program.sysroot && path[0] == '/' && strcmp(path, "/") != 0) {
        under = g_strconcat(program.sysroot, path, NULL);
        if (access(under, F_OK) == 0) {
            name = (uintptr_t)under;
        }
    }
    return safe_syscall(&cpu_task(cpu)->signal_pending, SYS_openat, (uint64_t)(int64_t)dir, name,
                        (uint64_t)flags, mode, 0, 0);
}

static int64_t sys_open(CPUState *cpu, const uint64_t *a)
{ return open_at(cpu, AT_FDCWD, a[0], (int)a[1], (uint32_t)a[2]); }
static int64_t sys_openat(CPUState *cpu, const uint64_t *a)
{ return open_at(cpu, (int)a[0], a[1], (int)a[2], (uint32_t)a[3]); }

static int64_t sys_uname(CPUState *cpu, const uint64_t *a)
{
    struct utsname u;

    if (!guest_ok(a[0], sizeof(u), PROT_W)) {
        return -EFAULT;
    }
    uname(&u);
    g_strlcpy(u.machine, arch.uname_machine, sizeof(u.machine));
    if (uname_release) {
        g_strlcpy(u.release, uname_release, sizeof(u.release));
    }
    memcpy(g2h(a[0]), &u, sizeof(u));
    return 0;
}

static int64_t sys_prctl(CPUState *cpu, const uint64_t *a)
{
    if (a[0] == PR_SET_SECCOMP || a[0] == PR_SET_MM) {
        return -EINVAL;
    }
    long ret = syscall(SYS_prctl, a[0], a[1], a[2], a[3], a[4]);
    return ret < 0 ? -errno : ret;
}

static int64_t sys_arch_prctl(CPUState *cpu, const uint64_t *a)
{
    bool handled;

    return arch.syscall(cpu, SYS_arch_prctl, a, &handled);
}

static int64_t sys_rt_sigreturn(CPUState *cpu, const uint64_t *a)
{
    bool handled;

    return arch.syscall(cpu, SYS_rt_sigreturn, a, &handled);
}

/* ---- the table ---- */

typedef struct Row {
    const char *name, *args;
    Handler *handler;
    unsigned flags;
} Row;

static const Row rows[SYSCALL_MAX] = {
#define SYSCALL(nr, name, args, handler, flags) [nr] = { #name, args, handler, flags },
#include "x86_64/syscalls.def"
#undef SYSCALL
};

const char *syscall_name(int nr)
{
    return nr >= 0 && nr < SYSCALL_MAX ? rows[nr].name : NULL;
}

const char *syscall_args(int nr)
{
    return rows[nr].args;
}

bool syscall_restarts(int nr)
{
    return nr >= 0 && nr < SYSCALL_MAX && !(rows[nr].flags & SYS_NO_RESTART);
}

int64_t do_syscall(CPUState *cpu, int nr, const uint64_t a[6])
{
    int64_t ret = -ENOSYS;

    if (G_UNLIKELY(program.strace)) {
        strace_call(cpu, nr, a);
    }
    if (!syscall_name(nr)) {
        guest_unimp("system call %d", nr);
    } else if (rows[nr].handler) {
        ret = rows[nr].handler(cpu, a);
    } else {
        ret = safe_syscall(&cpu_task(cpu)->signal_pending, nr, a[0], a[1], a[2], a[3], a[4], a[5]);
        if (ret == -EFAULT && tcg_user_unprotect_all()) {
            ret = safe_syscall(&cpu_task(cpu)->signal_pending, nr, a[0], a[1], a[2], a[3], a[4],
                               a[5]);
        }
    }
    if (G_UNLIKELY(program.strace)) {
        strace_result(nr, ret);
    }
    return ret;
}
