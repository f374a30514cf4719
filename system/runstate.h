/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the machine runs, and requests to change that. Big lock, unless said otherwise. */
#ifndef SYSTEM_RUNSTATE_H
#define SYSTEM_RUNSTATE_H

#include "accel/cpu.h"
#include "hw/boards.h"
#include "qapi/qapi-types.h"

void runstate_init(const MachineType *machine, bool no_reboot, bool no_shutdown);
RunState runstate_get(void);
bool runstate_running(void);
void vm_start(void);
void vm_stop(RunState state);
void vm_end(void);                          /* stands still for good; no event */
/* Requests are carried out by runstate_process() in the main thread; any thread with the lock. */
void request_reset(ShutdownCause why);
void request_shutdown(ShutdownCause why);
void request_exit(int status);              /* isa-debug-exit */
void request_panic(void);
bool request_powerdown(Error **errp);
void request_debug_stop(CPUState *cpu);     /* breakpoint or step: gdb is told */
void request_signal(int signo);             /* from a signal handler */
void runstate_set_action(bool has_reboot, RebootAction reboot, bool has_shutdown,
                         ShutdownAction shutdown, bool has_panic, PanicAction panic);
void machine_reset(void);                   /* devices, board, vCPUs; the machine stands still */
/* Carries out what was asked; true: the program is to end with *status. */
bool runstate_process(int *status);

#endif
