/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Breakpoints of the debug registers; see debug.c. */
#ifndef TARGET_I386_DEBUG_H
#define TARGET_I386_DEBUG_H

#include "target/i386/cpu.h"

/* DR0..3 or DR7 were written */
void x86_debug_changed(CPUX86State *env);
/*
 * tlb_fill() of an armed vCPU: @prot without what must come here again. Leaves to run the
 * instruction alone where it touches something watched. False (@probe): can't say without that.
 */
bool x86_debug_fill(CPUX86State *env, uint64_t addr, unsigned size, MMUAccess access, bool probe,
                    int *prot, uintptr_t ra);
/* the instruction is over: DR6 bits of what it touched; *only_us: nobody asked for a single step */
uint32_t x86_debug_step_done(CPUX86State *env, bool *only_us);
void x86_debug_delivered(CPUX86State *env);     /* an exception or interrupt was delivered */
/* IRET to env->eip with RF set: a breakpoint there is passed over once */
void x86_debug_resume(CPUX86State *env);

#endif
