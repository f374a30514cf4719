/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gdb remote protocol for all programs. */
#ifndef GDBSTUB_GDBSTUB_H
#define GDBSTUB_GDBSTUB_H

#include "accel/cpu.h"
#include "util/error.h"

/* ---- user programs: everything happens in the thread of the program ---- */

/* Waits for a debugger on "PORT" or "/path/of/unix/socket"; the program stands at its entry. */
bool gdb_user_start(CPUState *cpu, const char *where, Error **errp);
bool gdb_attached(void);
/* The program stopped with host signal number @sig (SIGTRAP for breakpoints): serves the debugger
 * until it lets the program go on. Returns the signal to deliver, 0 for none. */
int gdb_user_stopped(CPUState *cpu, int sig);
void gdb_user_exited(int status);
void gdb_user_forked(void);             /* in the child: the debugger stays with the parent */

/* ---- machines: in the main loop, with the big lock ---- */

typedef struct GdbSystemOps {
    void (*vm_start)(void);
    void (*vm_stop)(void);
    void (*quit)(void);
} GdbSystemOps;

struct Chardev;
/* "tcp::1234", "unix:path,server=on", as chardev_from_text() takes it; does not wait */
bool gdb_system_start(const char *where, const GdbSystemOps *ops, Error **errp);
/* a vCPU hit a breakpoint or finished a step; the machine has been stopped */
void gdb_system_stopped(CPUState *cpu);

#endif
