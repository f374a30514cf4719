/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accelerators: objects with ops. KVM can plug in beside TCG without hw/ noticing. */
#ifndef ACCEL_ACCEL_H
#define ACCEL_ACCEL_H

#include "accel/cpu.h"
#include "util/error.h"

typedef struct AccelOps {
    const char *name;                                   /* "tcg" */
    bool (*init)(const CPUOps *cpu_ops, Error **errp);  /* after options are set */
    bool (*set_option)(const char *key, const char *value, Error **errp);
    bool (*create_vcpu)(CPUState *cpu, Error **errp);   /* starts its thread, stopped */
    /* run_on_cpu() and such have work for @cpu; any thread. NULL: the vCPU's thread looks itself */
    void (*work_queued)(CPUState *cpu);
    void (*synchronize_state)(CPUState *cpu);
    void (*print_info)(FILE *f);                        /* info jit */
} AccelOps;

extern const AccelOps tcg_accel_ops;
extern const AccelOps qtest_accel_ops;      /* vCPUs that never run; for device tests */
/* "-accel tcg[,thread=single|multi][,backend=native|interp][,tb-size=MiB][,one-insn-per-tb=on]" */
bool accel_select(const char *text, Error **errp);
const AccelOps *accel_current(void);

/* user programs: memory at guest_base, no soft-MMU, no threads made here */
void tcg_user_init(const CPUOps *ops, uintptr_t guest_base);
/* linux-user tells the guest's own protection (PROT_R | PROT_W | PROT_X, 0: unmapped) of a page;
 * callable in a signal handler */
void tcg_user_set_page_query(int (*page_prot)(uint64_t gva));
/* the program's own mmap/munmap/mprotect of [start, start+len): blocks from there are dropped;
 * called by linux-user after page flags changed */
void tcg_user_invalidate(uint64_t start, uint64_t len_bytes);
/* before the kernel is let write to guest memory: pages there that hold code are made writable */
void tcg_user_prepare_write(uint64_t start, uint64_t len_bytes);
/* A system call gave EFAULT: makes all pages writable that are protected only because they hold
 * code. True if there were any: try again. */
bool tcg_user_unprotect_all(void);
/*
 * SIGSEGV/SIGBUS at @host_pc on host address @addr: true if it came from guest code, a cpu_ld()
 * and such, or the translator: set the signal frame's pc to *new_pc and return from the signal.
 * Either the access is simply repeated (a write to a page that held code) or the guest's fault is
 * raised by CPUOps.tlb_fill(probe false) with the state restored; cpu_exec() then returns what the
 * architecture made of it. False: not the guest's.
 */
bool tcg_user_segv(CPUState *cpu, uintptr_t host_pc, uintptr_t addr, bool write,
                   uintptr_t *new_pc);
void tb_flush_all(void);                /* forget all translations; safe point */
/* drop blocks from guest physical (system: ram_addr) range [start, start+len) */
void tb_invalidate_range(uint64_t ram_start, uint64_t len_bytes);

/*
 * User programs: a place that knows where the code for (pc, flags) is, NULL while there is none or
 * blocks must not be linked. Generated code may jump there by ir_goto_host(). Never freed: ask for
 * places that translated code names, not for what a program makes up as it runs.
 */
typedef struct TbCell {
    const void *code;                   /* atomic */
    uint64_t pc, flags;
} TbCell;
const TbCell *tb_cell(uint64_t pc, uint64_t flags);

/* All vCPUs out of generated code and waiting; nestable; with the big lock (dropped while waiting)
 * or without. Not from inside a block (helpers, devices): use async_safe_run_on_cpu() there. */
void start_exclusive(void);
void end_exclusive(void);
void pause_all_vcpus(void);             /* big lock; returns when all stand still */
void resume_all_vcpus(void);

#endif
