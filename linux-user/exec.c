/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting another program in the place of this one. A program of the guest's kind runs under this
 * emulator again, with the same options; others are the host's business.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "syscall-rows.h"
#include "task.h"
#include "util/error.h"
#include "util/log.h"

enum { MAX_SCRIPTS = 4 };       /* interpreters that are scripts themselves, as in the kernel */

static int64_t exec_path(const char *path, char **argv, char **envp, unsigned n_scripts);

/* A signal that has been noted comes first: the new program would inherit our mask. */
static int64_t host_exec(const char *path, char **argv, char **envp)
{
    return safe_syscall(&cpu_task(current_cpu)->signal_pending, SYS_execve, (uintptr_t)path,
                        (uintptr_t)argv, (uintptr_t)envp, 0, 0, 0);
}

static void add_rest(GPtrArray *v, char **argv)
{
    for (char **a = argv[0] ? argv + 1 : argv; *a; a++) {
        g_ptr_array_add(v, *a);
    }
    g_ptr_array_add(v, NULL);
}

static int64_t exec_guest(const char *path, char **argv, char **envp)
{
    g_autoptr(GPtrArray) v = g_ptr_array_new();
    g_autoptr(Error) err = NULL;
    uint32_t e_flags;

    if (!elf_check(path, &e_flags, &err)) {
        log_if(LOG_GUEST_ERROR, "execve: %s\n", error_text(err));
        return -ENOEXEC;
    }
    for (char **a = emulator_argv_prefix; *a; a++) {
        g_ptr_array_add(v, *a);
    }
    g_ptr_array_add(v, "-0");
    g_ptr_array_add(v, argv[0] ? argv[0] : "");
    g_ptr_array_add(v, (char *)path);
    add_rest(v, argv);
    return host_exec("/proc/self/exe", (char **)v->pdata, envp);
}

/* "#!interpreter [argument]" on the first line */
static int64_t exec_script(const char *path, char *line, char **argv, char **envp,
                           unsigned n_scripts)
{
    g_autoptr(GPtrArray) v = g_ptr_array_new();

    line[strcspn(line, "\n")] = 0;
    char *interp = g_strstrip(line + 2), *arg = interp + strcspn(interp, " \t");
    if (*arg) {
        *arg++ = 0;
        arg = g_strchug(arg);
    }
    if (!*interp) {
        return -ENOEXEC;
    }
    g_ptr_array_add(v, interp);
    if (*arg) {
        g_ptr_array_add(v, arg);
    }
    g_ptr_array_add(v, (char *)path);
    add_rest(v, argv);
    return exec_path(interp, (char **)v->pdata, envp, n_scripts + 1);
}

static int64_t exec_path(const char *path, char **argv, char **envp, unsigned n_scripts)
{
    g_autofree char *under = program.sysroot && path[0] == '/'
        ? g_strconcat(program.sysroot, path, NULL) : NULL;
    char head[257] = "";

    if (n_scripts > MAX_SCRIPTS) {
        return -ELOOP;
    }
    if (under && access(under, F_OK) == 0) {
        path = under;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, head, sizeof(head) - 1);
    if (fd >= 0) {
        close(fd);
    }
    if (access(path, X_OK) == 0) {
        if (n >= 20 && elf_is_ours((uint8_t *)head)) {
            return exec_guest(path, argv, envp);
        }
        if (n >= 2 && head[0] == '#' && head[1] == '!') {
            return exec_script(path, head, argv, envp, n_scripts);
        }
    }
    return host_exec(path, argv, envp);
}

static int64_t do_execve(const char *path, uint64_t argv_gva, uint64_t envp_gva)
{
    g_auto(GStrv) argv = guest_strings(argv_gva), envp = guest_strings(envp_gva);

    if (!argv || !envp) {
        return -EFAULT;
    }
    return exec_path(proc_is_self(path, "exe") ? program.path : path, argv, envp, 0);
}

int64_t sys_execve(CPUState *cpu, const uint64_t *a)
{
    g_autofree char *path = guest_string(a[0]);

    return path ? do_execve(path, a[1], a[2]) : -EFAULT;
}

int64_t sys_execveat(CPUState *cpu, const uint64_t *a)
{
    g_autofree char *path = guest_string(a[1]);

    if (!path) {
        return -EFAULT;
    }
    g_autofree char *whole = path[0] == '/' || (int)a[0] == AT_FDCWD ? g_strdup(path)
        : g_strdup_printf("/proc/self/fd/%d%s%s", (int)a[0], *path ? "/" : "", path);
    return do_execve(whole, a[2], a[3]);
}
