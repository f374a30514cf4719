/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What linux-user knows of the program, and of each of its threads. */
#ifndef LINUX_USER_TASK_H
#define LINUX_USER_TASK_H

#include <signal.h>
#include <stdbool.h>
#include <inttypes.h>
#include <stdint.h>
#include "accel/cpu.h"

#define GUEST_NSIG 64

/* As the guest's kernel ABI has it (x86-64: the host's kernel form too). */
typedef struct GuestSigaction {
    uint64_t handler, flags, restorer, mask;
} GuestSigaction;

typedef struct GuestStack {
    uint64_t sp;
    uint32_t flags, pad;
    uint64_t size;
} GuestStack;

/* One per thread; CPUState.arch_opaque. This thread only, but for `pending` and `info`. */
typedef struct Task {
    CPUState *cpu;
    int32_t signal_pending;             /* atomic: a handler has queued something */
    uint64_t pending;                   /* atomic: bit n-1 = signal n */
    siginfo_t info[GUEST_NSIG];         /* written by the host handler before its bit */
    uint64_t sigmask;                   /* the guest's */
    uint64_t saved_mask;                /* of sigsuspend and friends */
    bool have_saved_mask;
    GuestStack altstack;
    uint64_t clear_child_tid;           /* gva, 0: none */
    uint64_t robust_list;
    bool exiting;
} Task;

static inline Task *cpu_task(CPUState *cpu) { return cpu->arch_opaque; }

/* The program: set before the first instruction, then constant, but for brk. */
typedef struct Program {
    char *path;                         /* host path, absolute */
    char **argv, **envp;
    const char *sysroot;                /* -L, NULL: none */
    uint64_t entry, phdr, n_phdr, phent, base, interp_base;
    uint64_t start_stack, stack_bytes;
    uint64_t arg_start, arg_end, auxv, auxv_bytes;
    uint64_t brk_start, brk;
    uint64_t start_code, end_code, start_data, end_data;
    bool strace;
} Program;
extern Program program;
extern char **emulator_argv_prefix;     /* our own argv up to the program's name, NULL-ended */
extern const char *uname_release;       /* -r; NULL: the host's */

/* elfload.c: maps the program (and its interpreter) and builds the first stack; *sp for entry */
bool elf_load(const char *path, uint64_t *sp, Error **errp);

/* mmap.c: the guest's address space. Protections are the guest's, whatever the translator does. */
void page_set(uint64_t start, uint64_t len_bytes, int prot);    /* 0: unmapped */
int page_prot(uint64_t gva);                                    /* any context */
void mmap_lock(void);
void mmap_unlock(void);
int64_t guest_mmap(uint64_t addr, uint64_t len, int prot, int flags, int fd, uint64_t ofs);
int64_t guest_munmap(uint64_t addr, uint64_t len);
int64_t guest_mprotect(uint64_t addr, uint64_t len, int prot);
int64_t guest_mremap(uint64_t addr, uint64_t old_len, uint64_t new_len, int flags, uint64_t to);
int64_t guest_brk(uint64_t addr);

/* syscall.c */
#define QEMU_ERESTARTSYS 512            /* the call was not made or may be made again */
int64_t do_syscall(CPUState *cpu, int nr, const uint64_t args[6]);
bool syscall_restarts(int nr);          /* SA_RESTART applies to it */
int64_t safe_syscall(int32_t *pending, long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                     uint64_t e, uint64_t f);
G_NORETURN void task_exit(CPUState *cpu, int status);   /* this thread */
G_NORETURN void program_exit(int status);               /* all threads */
int64_t do_clone(CPUState *cpu, uint64_t flags, uint64_t sp, uint64_t ptid, uint64_t ctid,
                 uint64_t tls);

/* strace.c */
void strace_call(CPUState *cpu, int nr, const uint64_t args[6]);
void strace_result(int nr, int64_t ret);

/* signal.c */
void signal_init(void);
Task *task_new(CPUState *cpu);
void task_free(Task *t);
/* queues a synchronous signal for the running thread (fault at addr, code as in siginfo) */
void signal_raise_fault(CPUState *cpu, int sig, int code, uint64_t addr);
void signal_process(CPUState *cpu);     /* delivers what is pending; may not return (core) */
int64_t signal_sigaction(int sig, uint64_t act, uint64_t old, uint64_t sigset_bytes);
int64_t signal_sigprocmask(CPUState *cpu, int how, uint64_t set, uint64_t old, uint64_t bytes);
int64_t signal_altstack(CPUState *cpu, uint64_t ss, uint64_t old, uint64_t sp);
void signal_set_mask(CPUState *cpu, uint64_t mask);
void signal_block_all(sigset_t *old);

/* what an architecture gives: x86_64/ */
typedef struct ArchOps {
    int elf_machine;
    const char *uname_machine, *platform;
    uint64_t hwcap;
    const CPUOps *cpu_ops;
    CPUState *(*cpu_new)(const char *model, Error **errp);
    CPUState *(*cpu_clone)(CPUState *from);     /* a new vCPU with a copy of the state */
    void (*start)(CPUState *cpu, uint64_t entry, uint64_t sp);
    void (*run)(CPUState *cpu);                 /* never returns: the thread or program exits */
    void (*clone_regs)(CPUState *cpu, uint64_t sp, bool set_tls, uint64_t tls);    /* child: 0 */
    /* pushes a frame for the handler and enters it; false: the stack is bad (SIGSEGV) */
    bool (*signal_frame)(CPUState *cpu, int sig, const GuestSigaction *act, const siginfo_t *info,
                         uint64_t mask);
    uint64_t (*sp)(CPUState *cpu);
    void (*models)(FILE *f);
    /* system calls that only this architecture has; *handled */
    int64_t (*syscall)(CPUState *cpu, int nr, const uint64_t args[6], bool *handled);
} ArchOps;
extern const ArchOps arch;

/* guest memory is at the same host address; false: not mapped with that protection */
bool guest_ok(uint64_t gva, uint64_t len_bytes, int prot);
static inline void *g2h(uint64_t gva) { return (void *)(uintptr_t)gva; }

#endif
