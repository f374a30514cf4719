/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc/self says of the program rather than of the emulator, and files below the sysroot. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "syscall-rows.h"
#include "task.h"

bool proc_is_self(const char *path, const char *what)
{
    g_autofree char *mine = g_strdup_printf("/proc/%d/%s", (int)getpid(), what);
    g_autofree char *self = g_strdup_printf("/proc/self/%s", what);
    g_autofree char *thread = g_strdup_printf("/proc/thread-self/%s", what);

    return strcmp(path, mine) == 0 || strcmp(path, self) == 0 || strcmp(path, thread) == 0;
}

static int64_t readlink_self(uint64_t buf, uint64_t size)
{
    size_t n = MIN(strlen(program.path), size);

    return guest_write(buf, program.path, n) ? (int64_t)n : -EFAULT;
}

int64_t sys_readlink(CPUState *cpu, const uint64_t *a)
{
    g_autofree char *path = guest_string(a[0]);

    if (path && proc_is_self(path, "exe")) {
        return readlink_self(a[1], a[2]);
    }
    return host_syscall(cpu, SYS_readlink, a[0], a[1], a[2], 0, 0, 0);
}

int64_t sys_readlinkat(CPUState *cpu, const uint64_t *a)
{
    g_autofree char *path = guest_string(a[1]);

    if (path && proc_is_self(path, "exe")) {
        return readlink_self(a[2], a[3]);
    }
    return host_syscall(cpu, SYS_readlinkat, a[0], a[1], a[2], a[3], 0, 0);
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
        if (proc_is_self(path, proc_files[i].name)) {
            return open_proc(proc_files[i].write);
        }
    }
    uint64_t name = path_gva;
    g_autofree char *under = NULL;
    if (proc_is_self(path, "exe")) {
        name = (uintptr_t)program.path;
    } else if (program.sysroot && path[0] == '/' && strcmp(path, "/") != 0) {
        under = g_strconcat(program.sysroot, path, NULL);
        if (access(under, F_OK) == 0) {
            name = (uintptr_t)under;
        }
    }
    return host_syscall(cpu, SYS_openat, (uint64_t)(int64_t)dir, name, (uint64_t)flags, mode, 0, 0);
}

int64_t sys_open(CPUState *cpu, const uint64_t *a)
{ return open_at(cpu, AT_FDCWD, a[0], (int)a[1], (uint32_t)a[2]); }
int64_t sys_openat(CPUState *cpu, const uint64_t *a)
{ return open_at(cpu, (int)a[0], a[1], (int)a[2], (uint32_t)a[3]); }

int64_t sys_uname(CPUState *cpu, const uint64_t *a)
{
    struct utsname u;

    uname(&u);
    g_strlcpy(u.machine, arch.uname_machine, sizeof(u.machine));
    if (uname_release) {
        g_strlcpy(u.release, uname_release, sizeof(u.release));
    }
    return guest_write(a[0], &u, sizeof(u)) ? 0 : -EFAULT;
}

