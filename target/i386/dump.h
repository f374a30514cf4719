/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers as text ("info registers", -d cpu) and for gdb. */
#ifndef TARGET_I386_DUMP_H
#define TARGET_I386_DUMP_H

#include "target/i386/cpu.h"

void x86_dump_state(CPUState *cpu, FILE *f);

/* gdb's numbers of the registers, in the order of the target description */
enum {
    GDB_RAX = 0, GDB_RIP = 16, GDB_EFLAGS, GDB_CS, GDB_ST0 = 24, GDB_FCTRL = 32, GDB_XMM0 = 40,
    GDB_MXCSR = 56, GDB_FS_BASE, GDB_GS_BASE, GDB_K_GS_BASE, GDB_CR0, GDB_CR2, GDB_CR3, GDB_CR4,
    GDB_CR8, GDB_EFER, X86_GDB_N_REGS
};

#endif
