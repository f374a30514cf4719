/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of linux-user/e2k share. */
#ifndef LINUX_USER_E2K_H
#define LINUX_USER_E2K_H

#include "linux-user/task.h"
#include "target/e2k/cpu.h"

#define E2K_ADDR_MASK ((1ull << 48) - 1)

/* state registers that we ask for by number */
enum {
    E2K_SREG_PSP_HI = 0x07, E2K_SREG_PSP_LO = 0x09, E2K_SREG_PCSP_HI = 0x0d,
    E2K_SREG_PCSP_LO = 0x0f, E2K_SREG_USD_HI = 0x2c, E2K_SREG_USD_LO = 0x2d,
    E2K_SREG_PFPFR = 0x84, E2K_SREG_FPCR = 0x85, E2K_SREG_FPSR = 0x86,
};
uint64_t e2k_sreg(CPUE2KState *env, unsigned n);

/* cookies of E2K_FRAME_KERNEL frames; larger ones point to an E2kSaved */
enum { COOKIE_START = 1, COOKIE_CONTEXT = 2, COOKIE_FIRST_POINTER = 4096 };

/* What a signal interrupted; its frame on the user stack has only a part of it. */
typedef struct E2kSaved {
    struct E2kSaved *below;             /* that handler was interrupted by this signal */
    CPUE2KState env;
    size_t depth;                       /* frames on the chain stack when it was interrupted */
    uint64_t uc_gva;
    bool restart;                       /* in a system call that is to be made again */
} E2kSaved;

/* A pair of hardware stacks: a thread's first one, or that of makecontext(). */
typedef struct E2kStacks {
    uint64_t key;                       /* sigcontext.sbr of contexts that live on it */
    bool own;                           /* made by makecontext */
    bool fresh;                         /* nothing ran on it yet */
    bool running;                       /* contexts_lock */
    /* where it is when it is not running: */
    E2kReg *ps_base, *ps_end, *ps_limit, *win;
    E2kFrame *pcs_base, *pcs_end, *frame;
    uint64_t ps_tags, stack_bottom, sbr;
    uint32_t psize;
    E2kSaved *saved;                    /* signals under way on it, innermost first */
    uint64_t ucp, helper;               /* of makecontext */
    uint64_t *args;
    unsigned n_args;
} E2kStacks;

typedef struct E2kTask {
    E2kStacks *home, *stacks;           /* stacks: the one in use */
} E2kTask;

E2kTask *e2k_task(CPUState *cpu);       /* made at the first call */

/* arch.c: the registers that the running system call has its arguments and result in */
static inline E2kReg *e2k_call_regs(CPUE2KState *env) { return env->win + env->syscall_wbs; }

/* signal.c */
bool e2k_signal_frame(CPUState *cpu, int sig, const GuestSigaction *act, const siginfo_t *info,
                      uint64_t mask);
void e2k_signal_return(CPUState *cpu, E2kSaved *saved);
/* forgets signals whose handlers will not return: those that interrupted @depth frames or more */
void e2k_signal_drop(CPUState *cpu, size_t depth);

/* context.c: all as system calls */
int64_t e2k_longjmp2(CPUState *cpu, const uint64_t *a);
int64_t e2k_getcontext(CPUState *cpu, const uint64_t *a);
int64_t e2k_setcontext(CPUState *cpu, const uint64_t *a);
int64_t e2k_makecontext(CPUState *cpu, const uint64_t *a);
int64_t e2k_swapcontext(CPUState *cpu, const uint64_t *a);
int64_t e2k_freecontext(CPUState *cpu, const uint64_t *a);
void e2k_context_over(CPUState *cpu);   /* the helper of makecontext returned */
void e2k_task_free(Task *t);

/* hwstack.c */
int64_t e2k_get_backtrace(CPUState *cpu, const uint64_t *a);
int64_t e2k_set_backtrace(CPUState *cpu, const uint64_t *a);
int64_t e2k_access_hw_stacks(CPUState *cpu, const uint64_t *a);

/* layouts.c */
extern const StructMap e2k_stat, e2k_stat64, e2k_epoll_event, e2k_semid_ds;
extern const FlagMap e2k_mmap_flags[];

/* ---- the kernel's structures ---- */

typedef struct E2kSigcontext {
    uint64_t cr0_lo, cr0_hi, cr1_lo, cr1_hi, sbr, usd_lo, usd_hi, psp_lo, psp_hi, pcsp_lo, pcsp_hi;
    uint64_t rpr_hi, rpr_lo, n_tirs, tir_lo[19], tir_hi[19];
    uint64_t trap_cell_addr[10], trap_cell_val[10];
    uint8_t trap_cell_tag[10], pad[6];
    uint64_t trap_cell_info[10], dam[32], sbbp[32], mlt[48], upsr;
} E2kSigcontext;

typedef struct E2kUcontext {
    uint64_t flags, link;
    GuestStack stack;
    E2kSigcontext mc;
    uint64_t sigmask, sigmask_pad[15];
    int32_t extra_bytes, curr_cnt, tc_count;
    uint32_t fpcr, fpsr, pfpfr;
    uint64_t ctpr[3];
    int32_t need_restart, pad;
} E2kUcontext;
#define E2K_EXTRA_BYTES (sizeof(E2kUcontext) - offsetof(E2kUcontext, extra_bytes))

_Static_assert(offsetof(E2kUcontext, mc) == 40, "struct ucontext");
_Static_assert(offsetof(E2kSigcontext, trap_cell_addr) == (14 + 38) * 8, "struct sigcontext");
_Static_assert(sizeof(E2kSigcontext) == (14 + 38 + 20 + 2 + 10 + 64 + 48 + 1) * 8,
               "struct sigcontext");

/* fills in what describes the running procedure, as if it were interrupted at @ip */
void e2k_fill_ucontext(CPUState *cpu, E2kUcontext *uc, uint64_t mask);

#endif
