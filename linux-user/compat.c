/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls that the host has under another shape: older ones, multiplexers, other structures. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "syscall-rows.h"
#include "task.h"
#include "util/log.h"

#define GUEST_STRUCT_MAX 256

static int64_t put_struct(const StructMap *map, const void *host, uint64_t gva)
{
    uint8_t guest[GUEST_STRUCT_MAX];

    g_assert(map->guest_bytes <= sizeof(guest));
    struct_to_guest(map, host, guest);
    return guest_write(gva, guest, map->guest_bytes) ? 0 : -EFAULT;
}

/* ---- stat ---- */

/* @a with the buffer's address as number @buf_arg */
static int64_t stat_call(CPUState *cpu, const StructMap *map, long nr, const uint64_t *a,
                         unsigned buf_arg)
{
    uint64_t c[4] = { a[0], a[1], a[2], a[3] }, buf_gva = a[buf_arg];
    struct stat st;

    if (map) {
        c[buf_arg] = (uintptr_t)&st;
    }
    int64_t ret = host_syscall(cpu, nr, c[0], c[1], c[2], c[3], 0, 0);
    return ret == 0 && map ? put_struct(map, &st, buf_gva) : ret;
}

int64_t sys_stat(CPUState *cpu, const uint64_t *a)
{ return stat_call(cpu, arch.stat, SYS_stat, a, 1); }
int64_t sys_lstat(CPUState *cpu, const uint64_t *a)
{ return stat_call(cpu, arch.stat, SYS_lstat, a, 1); }
int64_t sys_fstat(CPUState *cpu, const uint64_t *a)
{ return stat_call(cpu, arch.stat, SYS_fstat, a, 1); }
int64_t sys_newfstatat(CPUState *cpu, const uint64_t *a)
{ return stat_call(cpu, arch.stat, SYS_newfstatat, a, 2); }
int64_t sys_stat64(CPUState *cpu, const uint64_t *a)
{ return stat_call(cpu, arch.stat64, SYS_stat, a, 1); }
int64_t sys_lstat64(CPUState *cpu, const uint64_t *a)
{ return stat_call(cpu, arch.stat64, SYS_lstat, a, 1); }
int64_t sys_fstat64(CPUState *cpu, const uint64_t *a)
{ return stat_call(cpu, arch.stat64, SYS_fstat, a, 1); }
int64_t sys_fstatat64(CPUState *cpu, const uint64_t *a)
{ return stat_call(cpu, arch.stat64, SYS_newfstatat, a, 2); }

/* statfs64() tells the size of its structure, which is that of statfs() in 64-bit programs */
enum { STATFS_BYTES = 120 };

int64_t sys_statfs64(CPUState *cpu, const uint64_t *a)
{
    return a[1] != STATFS_BYTES ? -EINVAL : host_syscall(cpu, SYS_statfs, a[0], a[2], 0, 0, 0, 0);
}

int64_t sys_fstatfs64(CPUState *cpu, const uint64_t *a)
{
    return a[1] != STATFS_BYTES ? -EINVAL : host_syscall(cpu, SYS_fstatfs, a[0], a[2], 0, 0, 0, 0);
}

/* ---- epoll ---- */

int64_t sys_epoll_ctl(CPUState *cpu, const uint64_t *a)
{
    uint8_t guest[GUEST_STRUCT_MAX];
    struct epoll_event ev;
    uint64_t host = a[3];

    if (arch.epoll_event && a[3] && a[1] != EPOLL_CTL_DEL) {
        if (!guest_read(guest, a[3], arch.epoll_event->guest_bytes)) {
            return -EFAULT;
        }
        struct_to_host(arch.epoll_event, guest, &ev);
        host = (uintptr_t)&ev;
    }
    return host_syscall(cpu, SYS_epoll_ctl, a[0], a[1], a[2], host, 0, 0);
}

static int64_t epoll_wait_common(CPUState *cpu, long nr, const uint64_t *a, uint64_t bytes)
{
    const StructMap *map = arch.epoll_event;
    int n_max = (int)a[2];

    if (!map) {
        return host_syscall(cpu, nr, a[0], a[1], a[2], a[3], 0, bytes);
    }
    if (n_max <= 0 || n_max > 1 << 20) {
        return -EINVAL;
    }
    g_autofree struct epoll_event *ev = g_new(struct epoll_event, n_max);
    int64_t n = host_syscall(cpu, nr, a[0], (uintptr_t)ev, a[2], a[3], 0, bytes);
    for (int64_t i = 0; i < n; i++) {
        if (put_struct(map, &ev[i], a[1] + (uint64_t)i * map->guest_bytes) < 0) {
            return -EFAULT;
        }
    }
    return n;
}

int64_t sys_epoll_wait(CPUState *cpu, const uint64_t *a)
{ return epoll_wait_common(cpu, SYS_epoll_wait, a, 0); }

int64_t sys_epoll_pwait(CPUState *cpu, const uint64_t *a)
{
    int64_t ret;

    if (!temporary_mask(cpu, a[4], a[5], &ret)) {
        return ret;
    }
    ret = epoll_wait_common(cpu, SYS_epoll_pwait, a, 8);
    ret = ret == -QEMU_ERESTARTSYS && a[4] ? -EINTR : ret;
    end_temporary_mask(cpu, ret);
    return ret;
}

/* ---- System V IPC ---- */

#define IPC_64_FLAG 0x100u      /* a version bit that 64-bit kernels do not want */
enum { GUEST_SEM_STAT = 18, GUEST_SEM_STAT_ANY = 20 };

int64_t sys_semctl(CPUState *cpu, const uint64_t *a)
{
    uint32_t cmd = (uint32_t)a[2];
    struct semid_ds ds;

    if (!arch.semid_ds) {
        return host_syscall(cpu, SYS_semctl, a[0], a[1], cmd, a[3], 0, 0);
    }
    cmd &= ~IPC_64_FLAG;
    if (cmd == IPC_SET) {
        uint8_t guest[GUEST_STRUCT_MAX];
        if (!guest_read(guest, a[3], arch.semid_ds->guest_bytes)) {
            return -EFAULT;
        }
        struct_to_host(arch.semid_ds, guest, &ds);
        return host_syscall(cpu, SYS_semctl, a[0], a[1], cmd, (uintptr_t)&ds, 0, 0);
    }
    if (cmd == IPC_STAT || cmd == GUEST_SEM_STAT || cmd == GUEST_SEM_STAT_ANY) {
        int64_t ret = host_syscall(cpu, SYS_semctl, a[0], a[1], cmd, (uintptr_t)&ds, 0, 0);
        return ret >= 0 && put_struct(arch.semid_ds, &ds, a[3]) < 0 ? -EFAULT : ret;
    }
    return host_syscall(cpu, SYS_semctl, a[0], a[1], cmd, a[3], 0, 0);
}

static int64_t ipc_semctl(CPUState *cpu, const uint64_t *a)
{
    uint64_t arg;

    if (!a[4]) {
        return -EINVAL;
    }
    if (!guest_read(&arg, a[4], 8)) {
        return -EFAULT;
    }
    const uint64_t c[6] = { a[1], a[2], a[3], arg };
    return sys_semctl(cpu, c);
}

static int64_t ipc_msgrcv(CPUState *cpu, const uint64_t *a)
{
    uint64_t kludge[2] = { a[4], a[5] };        /* buffer, type */

    if (a[0] >> 16 == 0) {
        if (!a[4]) {
            return -EINVAL;
        }
        if (!guest_read(kludge, a[4], sizeof(kludge))) {
            return -EFAULT;
        }
    }
    return host_syscall(cpu, SYS_msgrcv, a[1], kludge[0], a[2], kludge[1], a[3], 0);
}

static int64_t ipc_shmat(CPUState *cpu, const uint64_t *a)
{
    int64_t at = a[0] >> 16 == 1 ? -EINVAL : guest_shmat((int)a[1], a[4], (int)a[2]);

    if (at < 0 && at > -4096) {
        return at;
    }
    return guest_write(a[3], &at, 8) ? 0 : -EFAULT;
}

static int64_t ipc_shmdt(CPUState *cpu, const uint64_t *a) { return guest_shmdt(a[4]); }

/* order: which of ipc()'s arguments the host's call takes; a letter each, '1' = first ... */
static const struct {
    int call;
    long host;
    const char *order;
    SyscallHandler *handler;
} ipc_calls[] = {
    { 1, SYS_semop, "142", NULL }, { 2, SYS_semget, "123", NULL }, { 3, 0, NULL, ipc_semctl },
    { 4, SYS_semtimedop, "1425", NULL }, { 11, SYS_msgsnd, "1423", NULL },
    { 12, 0, NULL, ipc_msgrcv }, { 13, SYS_msgget, "12", NULL }, { 14, SYS_msgctl, "1v4", NULL },
    { 21, 0, NULL, ipc_shmat }, { 22, 0, NULL, ipc_shmdt }, { 23, SYS_shmget, "123", NULL },
    { 24, SYS_shmctl, "1v4", NULL },
};

int64_t sys_ipc(CPUState *cpu, const uint64_t *a)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(ipc_calls); i++) {
        uint64_t c[6] = { 0 };
        const char *order = ipc_calls[i].order;

        if (ipc_calls[i].call != (int)(a[0] & 0xffff)) {
            continue;
        }
        if (ipc_calls[i].handler) {
            return ipc_calls[i].handler(cpu, a);
        }
        for (unsigned k = 0; order[k]; k++) {
            c[k] = order[k] == 'v' ? a[2] & ~(uint64_t)IPC_64_FLAG : a[order[k] - '0'];
        }
        return host_syscall(cpu, ipc_calls[i].host, c[0], c[1], c[2], c[3], c[4], c[5]);
    }
    return -ENOSYS;
}

/* ---- sockets ---- */

static const struct { long host; uint8_t n_args; } socket_calls[] = {
    [1] = { SYS_socket, 3 }, { SYS_bind, 3 }, { SYS_connect, 3 }, { SYS_listen, 2 },
    { SYS_accept, 3 }, { SYS_getsockname, 3 }, { SYS_getpeername, 3 }, { SYS_socketpair, 4 },
    { SYS_sendto, 4 }, { SYS_recvfrom, 4 }, { SYS_sendto, 6 }, { SYS_recvfrom, 6 },
    { SYS_shutdown, 2 }, { SYS_setsockopt, 5 }, { SYS_getsockopt, 5 }, { SYS_sendmsg, 3 },
    { SYS_recvmsg, 3 }, { SYS_accept4, 4 }, { SYS_recvmmsg, 5 }, { SYS_sendmmsg, 4 },
};

int64_t sys_socketcall(CPUState *cpu, const uint64_t *a)
{
    uint64_t c[6] = { 0 };

    if (a[0] < 1 || a[0] >= G_N_ELEMENTS(socket_calls)) {
        return -EINVAL;
    }
    if (!guest_read(c, a[1], socket_calls[a[0]].n_args * sizeof(c[0]))) {
        return -EFAULT;
    }
    return host_syscall(cpu, socket_calls[a[0]].host, c[0], c[1], c[2], c[3], c[4], c[5]);
}

/* ---- older calls ---- */

int64_t sys_waitpid(CPUState *cpu, const uint64_t *a)
{ return host_syscall(cpu, SYS_wait4, a[0], a[1], a[2], 0, 0, 0); }
int64_t sys_umount(CPUState *cpu, const uint64_t *a)
{ return host_syscall(cpu, SYS_umount2, a[0], 0, 0, 0, 0, 0); }
int64_t sys_sigpending(CPUState *cpu, const uint64_t *a)
{ return host_syscall(cpu, SYS_rt_sigpending, a[0], 8, 0, 0, 0, 0); }
int64_t sys_sigprocmask(CPUState *cpu, const uint64_t *a)
{ return signal_sigprocmask(cpu, (int)a[0], a[1], a[2], 8); }
int64_t sys_sgetmask(CPUState *cpu, const uint64_t *a)
{ return (int64_t)(uint32_t)cpu_task(cpu)->sigmask; }
int64_t sys_bdflush(CPUState *cpu, const uint64_t *a) { return 0; }

int64_t sys_ssetmask(CPUState *cpu, const uint64_t *a)
{
    uint32_t old = (uint32_t)cpu_task(cpu)->sigmask;

    signal_set_mask(cpu, (uint32_t)a[0]);
    return old;
}

int64_t sys_stime(CPUState *cpu, const uint64_t *a)
{
    struct timespec ts = { 0 };
    int64_t seconds;

    if (!guest_read(&seconds, a[0], 8)) {
        return -EFAULT;
    }
    ts.tv_sec = seconds;
    return clock_settime(CLOCK_REALTIME, &ts) ? -errno : 0;
}

int64_t sys_nice(CPUState *cpu, const uint64_t *a)
{
    int by = CLAMP((int)a[0], -40, 40);
    int now = 20 - (int)syscall(SYS_getpriority, PRIO_PROCESS, 0);

    return setpriority(PRIO_PROCESS, 0, CLAMP(now + by, -20, 19)) ? -errno : 0;
}

int64_t sys_llseek(CPUState *cpu, const uint64_t *a)
{
    int64_t at = lseek((int)a[0], (int64_t)((a[1] & 0xffffffff) << 32 | (a[2] & 0xffffffff)),
                       (int)a[4]);

    if (at < 0) {
        return -errno;
    }
    return guest_write(a[3], &at, 8) ? 0 : -EFAULT;
}

int64_t sys_olduname(CPUState *cpu, const uint64_t *a)
{
    struct utsname u;
    enum { FIELDS = 5, FIELD_BYTES = 65 };

    uname(&u);
    g_strlcpy(u.machine, arch.uname_machine, sizeof(u.machine));
    return guest_write(a[0], &u, FIELDS * FIELD_BYTES) ? 0 : -EFAULT;
}

/* One directory entry a call; its third argument was never looked at. */
int64_t sys_readdir(CPUState *cpu, const uint64_t *a)
{
    struct {
        uint64_t ino;
        int64_t next;
        uint16_t bytes;
        uint8_t type;
        char name[256 + 5];
    } from;
    struct {
        uint64_t ino, offset;
        uint16_t name_bytes;
        char name[256];
    } to = { 0 };
    int64_t n = host_syscall(cpu, SYS_getdents64, a[0], (uintptr_t)&from, sizeof(from), 0, 0, 0);

    if (n <= 0) {
        return n;
    }
    if (lseek((int)a[0], from.next, SEEK_SET) < 0) {
        return -errno;
    }
    to.ino = from.ino;
    to.offset = (uint64_t)from.next;
    to.name_bytes = (uint16_t)strnlen(from.name, 255);
    memcpy(to.name, from.name, to.name_bytes);
    size_t bytes = offsetof(__typeof__(to), name) + to.name_bytes + 1u;

    return guest_write(a[1], &to, bytes) ? 1 : -EFAULT;
}
