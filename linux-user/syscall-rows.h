/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LINUX_USER_SYSCALL_ROWS_H
#define LINUX_USER_SYSCALL_ROWS_H

#define SYSCALL_MAX 512
#define SYS_NO_RESTART 1u       /* -EINTR even under SA_RESTART */

const char *syscall_name(int nr);   /* NULL: no such call */
const char *syscall_args(int nr);   /* letters, see x86_64/syscalls.def; nr has a name */

#endif
