/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The threads of system programs' vCPUs. */
#ifndef ACCEL_TCG_VCPU_THREAD_H
#define ACCEL_TCG_VCPU_THREAD_H

#include "accel/cpu.h"

void vcpu_threads_init(bool one_at_a_time);
bool vcpu_thread_create(CPUState *cpu, Error **errp);   /* big lock */

#endif
