/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What linux-user knows of the program, and of each of its threads. */
#ifndef LINUX_USER_TASK_H
#define LINUX_USER_TASK_H

#include <signal.h>
#include <stdbool.h>
#include <inttypes.h>
#include <stdint.h>
#include "accel/cpu.h"
#include "layout.h"

#define GUEST_NSIG 64

/* As the guest's kernel ABI has it (x86-64 and e2k: the host's kernel form too). */
typedef struct GuestSigaction {
    uint64_t handler, flags, restorer, mask;
} GuestSigaction;

typedef struct GuestStack {
    uint64_t sp;
    uint32_t flags, pad;
    uint64_t size;
} GuestStack;

/* A system call that a signal cut short; see signal.c, deliver(). */
typedef enum Restart {
    RESTART_NONE,
    RESTART_NOT_MADE,                   /* it will be made after the handler in any case */
    RESTART_INTERRUPTED,                /* again with SA_RESTART, else it returns -EINTR */
} Restart;

/* One per thread; CPUState.arch_opaque. This thread only, but for `pending` and `info`. */
typedef struct Task {
    CPUState *cpu;
    int32_t signal_pending;             /* atomic: a handler has queued something */
    uint64_t pending;                   /* atomic: bit n-1 = signal n */
    siginfo_t info[GUEST_NSIG];         /* by this thread's host handler, before its bit */
    uint64_t sigmask;                   /* the guest's */
    bool host_blocked;                  /* a handler blocked all: signal_process() undoes it */
    uint64_t saved_mask;                /* of sigsuspend and friends */
    bool have_saved_mask;
    GuestStack altstack;
    uint64_t clear_child_tid;           /* gva, 0: none */
    Restart restart;                    /* set by ArchOps.run() after a call */
    bool bus_error;                     /* the last host fault was a SIGBUS */
    bool vfork_child;                   /* borrows its parent's memory until exec or exit */
    void *arch;                         /* the ABI's own; freed by ArchOps.task_free() */
} Task;

static inline Task *cpu_task(CPUState *cpu) { return cpu->arch_opaque; }

/* The program: set before the first instruction, then constant, but for brk. */
typedef struct Program {
    char *path;                         /* host path, absolute */
    char **argv, **envp;
    const char *sysroot;                /* -L, NULL: none */
    uint64_t entry, phdr, n_phdr, phent, base, interp_base;
    uint64_t start_stack, stack_bytes, stack_bottom, stack_top;
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
/* Everything that can be checked without mapping it; what execve() asks. */
bool elf_check(const char *path, uint32_t *e_flags, Error **errp);
bool elf_is_ours(const uint8_t head[20]);       /* e_machine is the guest's */

/* mmap.c: the guest's address space. Protections are the guest's, whatever the translator does. */
void page_set(uint64_t start, uint64_t len_bytes, int prot);    /* 0: unmapped */
int page_prot(uint64_t gva);                                    /* any context */
bool page_mapped(uint64_t gva);                                 /* perhaps without any right */
/* lowest address of the accessible pages that reach up to @gva, at most @limit_bytes below */
uint64_t page_run_start(uint64_t gva, uint64_t limit_bytes);
void mmap_lock(void);
void mmap_unlock(void);
void mmap_fork_end(bool child);         /* instead of mmap_unlock() after a fork */
int64_t guest_mmap(uint64_t addr, uint64_t len, int prot, int flags, int fd, uint64_t ofs);
int64_t guest_munmap(uint64_t addr, uint64_t len);
int64_t guest_mprotect(uint64_t addr, uint64_t len, int prot);
int64_t guest_mremap(uint64_t addr, uint64_t old_len, uint64_t new_len, int flags, uint64_t to);
int64_t guest_brk(uint64_t addr);
int64_t guest_shmat(int id, uint64_t addr, int flags);
int64_t guest_shmdt(uint64_t addr);

/* syscall.c */
#define QEMU_ERESTARTSYS 512            /* the call was not made: it is to be made again */
#define QEMU_ENORESULT 513              /* registers are set, there is no result to store */
int64_t do_syscall(CPUState *cpu, int nr, const uint64_t args[6]);
/* What ArchOps.run() does with @ret: RESTART_NONE: store it */
Restart syscall_outcome(CPUState *cpu, int nr, int64_t ret);
int64_t safe_syscall(int32_t *pending, long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                     uint64_t e, uint64_t f);
/* the host's call @nr, interruptible; pages that hold code are no obstacle for the kernel */
int64_t host_syscall(CPUState *cpu, long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                     uint64_t e, uint64_t f);

/* thread.c */
G_NORETURN void task_exit(CPUState *cpu, int status);   /* this thread */
G_NORETURN void program_exit(int status);               /* all threads */
int64_t do_clone(CPUState *cpu, uint64_t flags, uint64_t sp, uint64_t ptid, uint64_t ctid,
                 uint64_t tls);
int64_t do_clone3(CPUState *cpu, uint64_t args_gva, uint64_t bytes);

/* strace.c */
void strace_call(CPUState *cpu, int nr, const uint64_t args[6]);
void strace_result(int nr, int64_t ret);

/* signal.c */
void signal_init(void);
Task *task_new(CPUState *cpu);
void task_free(Task *t);
/* queues a synchronous signal for the running thread (fault at addr, code as in siginfo) */
void signal_raise_fault(CPUState *cpu, int sig, int code, uint64_t addr);
/* the same for an access that the page tables refused; SIGBUS where a file ends early */
void signal_raise_page_fault(CPUState *cpu, uint64_t addr);
void signal_process(CPUState *cpu);     /* delivers what is pending; may not return (core) */
int64_t signal_sigaction(int sig, uint64_t act, uint64_t old, uint64_t sigset_bytes);
int64_t signal_sigprocmask(CPUState *cpu, int how, uint64_t set, uint64_t old, uint64_t bytes);
int64_t signal_altstack(CPUState *cpu, uint64_t ss, uint64_t old, uint64_t sp);
void signal_set_mask(CPUState *cpu, uint64_t mask);
void signal_block_all(sigset_t *old);
void signal_fork_begin(void);           /* nobody else is changing handlers during a fork */
void signal_fork_end(void);             /* in parent and child */
void signal_reset_handlers(void);       /* CLONE_CLEAR_SIGHAND */
GuestSigaction *signal_actions_save(void);              /* around a vfork */
void signal_actions_restore(GuestSigaction *saved);     /* frees @saved */
/* where the handler's frame goes: the alternate stack, or below @sp */
uint64_t signal_frame_top(CPUState *cpu, const GuestSigaction *act, uint64_t sp, bool *on_alt);
/* FPE_* of unmasked exception flags in the order ie, de, ze, oe, ue, pe */
int signal_fpe_code(unsigned flags);

/* what an architecture gives: x86_64/, e2k/ */
typedef enum Abi { ABI_X86_64, ABI_E2K } Abi;

typedef struct ArchOps {
    Abi abi;                                    /* its column in syscalls.def */
    const uint16_t *elf_machines;               /* ends with 0 */
    const char *uname_machine, *platform;       /* platform NULL: no AT_PLATFORM */
    uint64_t hwcap;
    const uint64_t (*auxv)[2];                  /* of its own, ends with AT_NULL; NULL: none */
    unsigned start_sp_below;                    /* bytes below a multiple of 256, see elfload.c */
    const CPUOps *cpu_ops;
    CPUState *(*cpu_new)(const char *model, Error **errp);
    CPUState *(*cpu_clone)(CPUState *from);     /* a new vCPU with a copy of the state */
    void (*cpu_free)(CPUState *cpu);            /* its thread is over */
    void (*start)(CPUState *cpu, uint64_t entry, uint64_t sp);
    void (*run)(CPUState *cpu);                 /* never returns: the thread or program exits */
    void (*clone_regs)(CPUState *cpu, uint64_t sp, bool set_tls, uint64_t tls);    /* child: 0 */
    /* pushes a frame for the handler and enters it; false: the stack is bad (SIGSEGV) */
    bool (*signal_frame)(CPUState *cpu, int sig, const GuestSigaction *act, const siginfo_t *info,
                         uint64_t mask);
    void (*restart_cancel)(CPUState *cpu);      /* the call to be restarted returns -EINTR */
    uint64_t (*sp)(CPUState *cpu);
    void (*models)(FILE *f);
    const char *(*model_of_elf)(uint32_t e_flags);      /* NULL: the default one */
    /* why an ELF file of this machine cannot be run, NULL: it can. bits: 32 or 64 */
    const char *(*refuse_elf)(unsigned bits, uint32_t e_flags);
    /* system calls that only this architecture has (rows with sys_arch) */
    int64_t (*syscall)(CPUState *cpu, int nr, const uint64_t args[6]);
    void (*task_free)(Task *t);                 /* NULL: nothing to free */
    /* what was there is gone: unmapped, mapped over or new; NULL: no matter */
    void (*memory_gone)(uint64_t gva, uint64_t len_bytes);
    /* where the guest's structures and flags are not the host's; NULL: they are */
    const StructMap *stat, *stat64, *epoll_event, *semid_ds;
    const FlagMap *mmap_flags;
} ArchOps;
extern const ArchOps arch;

/* guest memory is at the same host address; false: not mapped with that protection */
bool guest_ok(uint64_t gva, uint64_t len_bytes, int prot);
static inline void *g2h(uint64_t gva) { return (void *)(uintptr_t)gva; }
/* a private copy of guest memory, or of ours in guest memory; false: -EFAULT */
bool guest_read(void *to, uint64_t gva, size_t n);
bool guest_write(uint64_t gva, const void *from, size_t n);
/* a fault of the host at @host_pc was in one of these two: go on at the address returned; 0: no */
uintptr_t guest_copy_fault(uintptr_t host_pc);
char *guest_string(uint64_t gva);       /* NULL: not readable or too long */
char **guest_strings(uint64_t gva);     /* NULL-ended list; NULL: not readable */

#endif
