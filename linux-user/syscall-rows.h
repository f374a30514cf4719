/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handlers that rows of syscalls.def name, file by file. */
#ifndef LINUX_USER_SYSCALL_ROWS_H
#define LINUX_USER_SYSCALL_ROWS_H

#include "accel/cpu.h"

#define SYSCALL_MAX 512
#define SYS_NO_RESTART 1u       /* -EINTR even under SA_RESTART */

const char *syscall_name(int nr);   /* NULL: no such call */
const char *syscall_args(int nr);   /* letters, see syscalls.def; nr has a name */

typedef int64_t SyscallHandler(CPUState *cpu, const uint64_t *a);

/* compat.c: older calls, multiplexers, structures that differ */
extern SyscallHandler sys_bdflush, sys_epoll_ctl, sys_epoll_pwait, sys_epoll_wait, sys_fstat,
    sys_fstat64, sys_fstatat64, sys_fstatfs64, sys_ipc, sys_llseek, sys_lstat, sys_lstat64,
    sys_mmap2, sys_newfstatat, sys_nice, sys_olduname, sys_readdir, sys_semctl, sys_sgetmask,
    sys_sigpending, sys_sigprocmask, sys_socketcall, sys_ssetmask, sys_stat, sys_stat64,
    sys_statfs64, sys_stime, sys_umount, sys_waitpid;
/* exec.c */
extern SyscallHandler sys_execve, sys_execveat;
/* proc.c */
extern SyscallHandler sys_open, sys_openat, sys_readlink, sys_readlinkat, sys_uname;

/* syscall.c: sets a mask for the length of one call; signal_process() puts the old one back */
bool temporary_mask(CPUState *cpu, uint64_t mask_gva, uint64_t bytes, int64_t *err);
void end_temporary_mask(CPUState *cpu, int64_t ret);
/* proc.c: /proc/self/WHAT in one of its spellings */
bool proc_is_self(const char *path, const char *what);

#endif
