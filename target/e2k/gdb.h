/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gdb's view of an Elbrus CPU: for the table e2k_cpu_ops. */
#ifndef TARGET_E2K_GDB_H
#define TARGET_E2K_GDB_H

#include "accel/cpu.h"

enum { E2K_GDB_N_REGS = 404 };

const char *e2k_gdb_target_xml(CPUState *cpu);
int e2k_gdb_read_reg(CPUState *cpu, unsigned reg, uint8_t *buf);
int e2k_gdb_write_reg(CPUState *cpu, unsigned reg, const uint8_t *buf);

#endif
