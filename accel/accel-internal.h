/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between accel/cpu.c and the accelerators. */
#ifndef ACCEL_INTERNAL_H
#define ACCEL_INTERNAL_H

#include "accel/accel.h"

/* around everything that an exclusive section must keep out; vCPU thread, without the big lock */
void cpu_exec_start(CPUState *cpu);
void cpu_exec_end(CPUState *cpu);
/* somebody waits for this vCPU to leave cpu_exec() */
bool cpu_wanted_out(CPUState *cpu);
/* Runs what others queued: @cpu's thread, outside cpu_exec_start/end. Takes the big lock if it is
 * needed. */
void cpu_process_work(CPUState *cpu);
bool cpu_has_queued_work(CPUState *cpu);
/* keeps the list of vCPUs still while it is walked; innermost lock but for TLB locks */
void cpu_list_lock(void);
void cpu_list_unlock(void);
/* main thread or vCPU: tells waiters in pause_all_vcpus() and run_on_cpu() */
void cpu_signal_stopped(void);
/* set by the accelerator: one vCPU at a time wants to be let in; may be NULL */
extern bool (*cpu_accel_wants_out)(CPUState *cpu);
/* user programs: take the locks around fork(), forget the other threads' vCPUs in the child */
void cpu_fork_prepare(void);
void cpu_fork_parent(void);
void cpu_fork_child(void);

#endif
