/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hyper-V enlightenments of an x86 vCPU. Order of calls:
 *
 *   x86_hyperv_flag()       cpu.c, for each "hv-..." of -cpu (or hv_...)
 *   x86_hyperv_configure()  the board, once a vCPU, when all flags are known and devices too
 *   x86_hyperv_attach()     the board, once, with what hw/hyperv's hyperv_create() gave
 *   x86_hyperv_cpuid(), _rdmsr(), _wrmsr(), _hypercall(): the guest (target/i386/cpu.h)
 */
#ifndef TARGET_I386_HYPERV_H
#define TARGET_I386_HYPERV_H

#include "accel/hyperv.h"
#include "target/i386/cpu.h"

/**
 * x86_hyperv_flag - one "hv-*" flag of -cpu
 * @name: "hv-synic" or "hv_synic"
 * @value: "on", "off", a number, a string; NULL: "on"
 */
bool x86_hyperv_flag(CPUX86State *env, const char *name, const char *value, Error **errp);
bool x86_hyperv_is_flag(const char *name);          /* starts with hv- or hv_ */
/* fn for each flag, for -cpu help and introspection; @is_bool false: takes a value */
void x86_hyperv_foreach_flag(void (*fn)(const char *name, bool is_bool, void *opaque),
                             void *opaque);

/**
 * x86_hyperv_configure - checks the flags of a vCPU, chooses some when VMBus needs them
 * @want_vmbus: a device on VMBus is asked for: without any flag the needed ones come on
 * Errors: one line that names the missing flag.
 */
bool x86_hyperv_configure(CPUX86State *env, bool want_vmbus, Error **errp);
bool x86_hyperv_enabled(const CPUX86State *env);    /* the guest sees Hyper-V, no other signature */
/* the guest set TSC_INVARIANT_CONTROL: CPUID 0x80000007.EDX[8] must be 1 */
bool x86_hyperv_tsc_invariant(const CPUX86State *env);
/* this vCPU's TSC jumped (WRMSR of TSC or TSC_ADJUST): the reference page would lie */
void x86_hyperv_tsc_changed(CPUX86State *env);

/**
 * x86_hyperv_call - a hypercall by its values, whatever mode and registers @env has
 * @control, @in, @out: as in RCX, RDX, R8 of 64-bit code
 * @result: as in RAX
 * False: hypercalls are not switched on. Thread: @env's, or any while it cannot run (qtest).
 */
bool x86_hyperv_call(CPUX86State *env, uint64_t control, uint64_t in, uint64_t out,
                     uint64_t *result);

/* start-up; big lock */
void x86_hyperv_attach(const HyperVOps *ops);
extern const HyperVArch x86_hyperv_arch;            /* for hyperv_create() */

#endif
