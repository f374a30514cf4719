/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elbrus Linux programs: system-call entry, traps as signals, process and thread start. */
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "gdbstub/gdbstub.h"
#include "e2k.h"
#include "util/log.h"

/* ---- system calls ---- */

/* numbers in syscalls.def that this file needs */
enum {
    NR_GETTIMEOFDAY = 78, NR_SYSWORK = 228, NR_CLONE_THREAD = 229, NR_LONGJMP2 = 230,
    NR_SET_BACKTRACE = 252, NR_GET_BACKTRACE = 253, NR_ACCESS_HW_STACKS = 254,
    NR_CLOCK_GETTIME = 267, NR_GETCPU = 327, NR_SETCONTEXT = 369, NR_MAKECONTEXT = 370,
    NR_SWAPCONTEXT = 371, NR_FREECONTEXT = 372,
};

static int64_t e2k_syswork(CPUState *cpu, const uint64_t *a)
{
    guest_unimp("e2k_syswork(%d)", (int)a[0]);
    return -ENOSYS;
}

/* clone with the stack as a range */
static int64_t e2k_clone_thread(CPUState *cpu, const uint64_t *a)
{
    return do_clone(cpu, a[0], a[1] + a[2], a[3], a[4], a[5]);
}

static const struct { int nr; int64_t (*call)(CPUState *cpu, const uint64_t *a); } own_calls[] = {
    { NR_SYSWORK, e2k_syswork }, { NR_CLONE_THREAD, e2k_clone_thread },
    { NR_LONGJMP2, e2k_longjmp2 }, { NR_SET_BACKTRACE, e2k_set_backtrace },
    { NR_GET_BACKTRACE, e2k_get_backtrace }, { NR_ACCESS_HW_STACKS, e2k_access_hw_stacks },
    { NR_SETCONTEXT, e2k_setcontext }, { NR_MAKECONTEXT, e2k_makecontext },
    { NR_SWAPCONTEXT, e2k_swapcontext }, { NR_FREECONTEXT, e2k_freecontext },
};

static int64_t e2k_own_syscall(CPUState *cpu, int nr, const uint64_t args[6])
{
    for (unsigned i = 0; i < G_N_ELEMENTS(own_calls); i++) {
        if (own_calls[i].nr == nr) {
            return own_calls[i].call(cpu, args);
        }
    }
    return -ENOSYS;
}

/* ---- fast calls ---- */

static int64_t fast_gettimeofday(CPUState *cpu, const uint64_t *a)
{ return do_syscall(cpu, NR_GETTIMEOFDAY, a); }
static int64_t fast_clock_gettime(CPUState *cpu, const uint64_t *a)
{ return do_syscall(cpu, NR_CLOCK_GETTIME, a); }
static int64_t fast_getcpu(CPUState *cpu, const uint64_t *a)
{ return do_syscall(cpu, NR_GETCPU, a); }

static int64_t fast_siggetmask(CPUState *cpu, const uint64_t *a)
{
    return guest_write(a[0], &cpu_task(cpu)->sigmask, 8) ? 0 : -EFAULT;
}

/* the caller of the stub goes on at another place; the old one is the result */
static int64_t fast_set_return(CPUState *cpu, const uint64_t *a)
{
    CPUE2KState *env = e2k_env(cpu);

    if (env->frame == env->pcs_base || env->frame[-1].flags & E2K_FRAME_KERNEL || a[0] & 7 ||
        !(page_prot(a[0]) & PROT_X)) {
        return -EPERM;
    }
    int64_t old = (int64_t)env->frame[-1].ip;
    env->frame[-1].ip = a[0];
    return old;
}

static int64_t (*const fast_calls[])(CPUState *cpu, const uint64_t *a) = {
    fast_gettimeofday, fast_clock_gettime, fast_getcpu, fast_siggetmask, e2k_getcontext,
    fast_set_return,
};

enum { ENTRY_32 = 1, ENTRY_64 = 3, ENTRY_FAST_32 = 5, ENTRY_FAST_64 = 6 };

static int64_t call_by_entry(CPUState *cpu, unsigned entry, int nr, const uint64_t args[6])
{
    if (entry == ENTRY_64) {
        return do_syscall(cpu, nr, args);
    }
    if (entry == ENTRY_FAST_32 || entry == ENTRY_FAST_64) {
        return nr >= 0 && nr < (int)G_N_ELEMENTS(fast_calls) ? fast_calls[nr](cpu, args) : -ENOSYS;
    }
    guest_unimp("system call %d by entry %u%s", nr, entry, entry == ENTRY_32 ? " (32-bit)" : "");
    return -ENOSYS;
}

/* The number and arguments stay in their registers until there is a result: it may come again. */
static void system_call(CPUState *cpu)
{
    CPUE2KState *env = e2k_env(cpu);
    E2kReg *b = e2k_call_regs(env);

    memset(env->ctpr, 0, sizeof(env->ctpr));
    cpu_task(cpu)->restart = RESTART_NONE;
    if (env->syscall_wbs >= e2k_wsize(env)) {
        return;                         /* a window without parameters: nothing happens */
    }
    const uint64_t args[6] = { b[1].lo, b[2].lo, b[3].lo, b[4].lo, b[5].lo, b[6].lo };
    int nr = e2k_reg_tags(env, b)->word[0] ? -1 : (int)(uint32_t)b[0].lo;
    int64_t ret = call_by_entry(cpu, env->syscall_entry, nr, args);

    if (ret == -QEMU_ENORESULT) {
        return;
    }
    cpu_task(cpu)->restart = syscall_outcome(cpu, nr, ret);
    if (cpu_task(cpu)->restart == RESTART_NONE) {
        e2k_set_reg(env, b, (uint64_t)ret);
    }
}

static void e2k_restart_cancel(CPUState *cpu)
{
    CPUE2KState *env = e2k_env(cpu);

    e2k_set_reg(env, e2k_call_regs(env), (uint64_t)-EINTR);
}

/* ---- traps as signals ---- */

enum { E2K_ILL_DIAG_CT = 3, E2K_ILL_DIAG_ADDR, E2K_ILL_DIAG_PRED, E2K_ILL_DIAG_OP };

static const struct {
    uint8_t trapno, sig, code;
    bool data;                          /* si_addr is the operand's, not the instruction's */
} traps[] = {
    { E2K_EXC_ILLEGAL_OPCODE, SIGILL, ILL_ILLOPC, false },
    { E2K_EXC_PRIV_ACTION, SIGILL, ILL_ILLOPC, false },
    { E2K_EXC_FP_DISABLED, SIGILL, ILL_ILLOPC, false },
    { E2K_EXC_DIAG_CT_COND, SIGILL, E2K_ILL_DIAG_CT, false },
    { E2K_EXC_DIAG_INSTR_ADDR, SIGILL, E2K_ILL_DIAG_ADDR, false },
    { E2K_EXC_ILLEGAL_INSTR_ADDR, SIGILL, ILL_ILLADR, false },
    { E2K_EXC_WINDOW_BOUNDS, SIGSEGV, SEGV_BNDERR, false },
    { E2K_EXC_USER_STACK_BOUNDS, SIGSEGV, SEGV_MAPERR, true },
    { E2K_EXC_PROC_STACK_BOUNDS, SIGSEGV, SEGV_MAPERR, true },
    { E2K_EXC_CHAIN_STACK_BOUNDS, SIGSEGV, SEGV_MAPERR, true },
    { E2K_EXC_DIAG_COND, SIGILL, E2K_ILL_DIAG_PRED, false },
    { E2K_EXC_DIAG_OPERAND, SIGILL, E2K_ILL_DIAG_OP, false },
    { E2K_EXC_ILLEGAL_OPERAND, SIGILL, ILL_ILLOPN, false },
    { E2K_EXC_ARRAY_BOUNDS, SIGSEGV, SEGV_BNDERR, true },
    { E2K_EXC_ACCESS_RIGHTS, SIGSEGV, SEGV_ACCERR, true },
    { E2K_EXC_ADDR_NOT_ALIGNED, SIGBUS, BUS_ADRALN, true },
    { E2K_EXC_SOFTWARE_TRAP, SIGTRAP, TRAP_BRKPT, false },
    { E2K_EXC_DIV, SIGFPE, FPE_INTDIV, false },
};

enum { PFPFR_MASKS_SHIFT = 7, FP_FLAGS = 63 };

static int fp_code(CPUE2KState *env)
{
    uint64_t pfpfr = e2k_sreg(env, E2K_SREG_PFPFR);
    unsigned packed = (unsigned)(pfpfr & ~(pfpfr >> PFPFR_MASKS_SHIFT)) & FP_FLAGS;
    uint64_t unmasked = e2k_sreg(env, E2K_SREG_FPSR) & ~e2k_sreg(env, E2K_SREG_FPCR);
    unsigned x80 = (unsigned)unmasked & FP_FLAGS;

    return signal_fpe_code(packed ? packed : x80);
}

static void trap(CPUState *cpu)
{
    CPUE2KState *env = e2k_env(cpu);

    if (env->trapno == E2K_EXC_DATA_PAGE || env->trapno == E2K_EXC_INSTR_PAGE_MISS ||
        env->trapno == E2K_EXC_INSTR_PAGE_PROT) {
        signal_raise_page_fault(cpu, env->trap_addr);
        return;
    }
    if (env->trapno == E2K_EXC_FP) {
        signal_raise_fault(cpu, SIGFPE, fp_code(env), env->ip);
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(traps); i++) {
        if (traps[i].trapno == env->trapno) {
            signal_raise_fault(cpu, traps[i].sig, traps[i].code,
                               traps[i].data ? env->trap_addr : env->ip);
            return;
        }
    }
    signal_raise_fault(cpu, SIGILL, ILL_ILLOPC, env->ip);
}

/* A procedure returned to a frame of ours. */
static void kernel_return(CPUState *cpu)
{
    uint64_t cookie = e2k_env(cpu)->frame->cookie;

    if (cookie >= COOKIE_FIRST_POINTER) {
        e2k_signal_return(cpu, (E2kSaved *)(uintptr_t)cookie);
    } else if (cookie == COOKIE_CONTEXT) {
        e2k_context_over(cpu);
    } else {
        signal_raise_fault(cpu, SIGSEGV, SEGV_MAPERR, 0);
    }
}

static void debug_stop(CPUState *cpu)
{
    int sig = SIGTRAP;

    if (gdb_attached()) {
        sig = gdb_user_stopped(cpu, SIGTRAP);
        sig = sig == SIGTRAP ? 0 : sig;
    }
    if (sig) {
        signal_raise_fault(cpu, sig, gdb_attached() ? SI_USER : TRAP_TRACE, e2k_env(cpu)->ip);
    }
}

static const struct { int why; void (*handle)(CPUState *cpu); } exits[] = {
    { EXCP_E2K_SYSCALL, system_call }, { EXCP_E2K_TRAP, trap }, { EXCP_E2K_RETURN, kernel_return },
    { EXCP_DEBUG, debug_stop },
};

G_NORETURN static void e2k_run(CPUState *cpu)
{
    for (;;) {
        if (cpu_task(cpu)->restart != RESTART_NONE) {
            system_call(cpu);
        } else {
            int why = cpu_exec(cpu);
            for (unsigned i = 0; i < G_N_ELEMENTS(exits); i++) {
                if (exits[i].why == why) {
                    exits[i].handle(cpu);
                }
            }
        }
        signal_process(cpu);
    }
}

/* ---- processes and threads ---- */

static CPUState *e2k_new(const char *model, Error **errp)
{
    E2KCPU *cpu = e2k_cpu_new(model, errp);

    return cpu ? &cpu->parent : NULL;
}

static CPUState *e2k_clone(CPUState *from)
{
    E2KCPU *cpu = e2k_cpu_clone((E2KCPU *)from);
    CPUE2KState *env;

    if (!cpu) {
        return NULL;
    }
    env = &cpu->env;
    for (E2kFrame *f = env->pcs_base; f < env->frame; f++) {
        if (f->flags & E2K_FRAME_KERNEL) {
            f->cookie = COOKIE_START;           /* what it meant is the parent's */
        }
    }
    return &cpu->parent;
}

static void e2k_free(CPUState *cpu)
{
    e2k_cpu_free((E2KCPU *)cpu);
}

static void e2k_start(CPUState *cpu, uint64_t entry, uint64_t sp)
{
    CPUE2KState *env = e2k_env(cpu);
    const uint64_t at_exit = 0;         /* %r0: a function to call at exit, from ld.so only */

    env->usd_lo = sp;
    env->stack_bottom = program.stack_bottom;
    env->sbr = program.stack_top;
    e2k_task(cpu);
    e2k_enter(env, entry, &at_exit, 1, 0, E2K_FRAME_KERNEL, COOKIE_START);
}

static void e2k_clone_regs(CPUState *cpu, uint64_t sp, bool set_tls, uint64_t tls)
{
    enum { STACK_MAX_BYTES = 1 << 30 };
    CPUE2KState *env = e2k_env(cpu);

    e2k_set_reg(env, e2k_call_regs(env), 0);
    memset(env->ctpr, 0, sizeof(env->ctpr));
    if (sp) {
        env->usd_lo = sp & ~15ull;
        env->sbr = (sp + PAGE_SIZE_ - 1) & PAGE_MASK_;
        env->stack_bottom = page_run_start(sp, STACK_MAX_BYTES);
    }
    if (set_tls) {
        env->g[E2K_TLS_REG].lo = tls;
        env->gtags[E2K_TLS_REG] = (E2kTags){ { 0 } };
    }
    e2k_task(cpu);
}

static uint64_t e2k_sp(CPUState *cpu)
{
    return e2k_env(cpu)->usd_lo;
}

/* ---- what can be run, on what ---- */

static void e2k_models_print(FILE *f)
{
    fprintf(f, "Available CPUs:\n");
    for (const E2kModel *m = e2k_models; m->name; m++) {
        g_autofree char *names = g_strconcat(m->name, m->alias ? ", " : NULL, m->alias, NULL);
        fprintf(f, "  %-24s %s\n", names, m->description);
    }
    fprintf(f, "Without -cpu the program's ELF flags choose. Properties: tags=on|off\n");
}

static const char *e2k_refuse_elf(unsigned bits, uint32_t e_flags)
{
    enum { X86_APP = 4, PROTECTED = 0x20 };

    if (e_flags & PROTECTED) {
        return "a program for the protected mode, which is not supported";
    }
    if (bits == 32) {
        return "a 32-bit (e2k32) program; only 64-bit ones are supported";
    }
    return e_flags & X86_APP ? "code for the x86 binary compiler, not a program" : NULL;
}

enum { PARAM_AREA_BYTES = 64 };         /* what a caller keeps at its stack pointer */

static const uint16_t machines[] = { 175 /* EM_MCST_ELBRUS */, 49 /* its old number */, 0 };

enum { AT_E2K_FAST_SYSCALLS = 32, AT_E2K_SYSTEM_INFO = 34, FAST_CALLS_BITS = 0x1f, CAN_VFORK = 1 };
static const uint64_t auxv[][2] = {
    { AT_E2K_FAST_SYSCALLS, FAST_CALLS_BITS }, { AT_E2K_SYSTEM_INFO, CAN_VFORK }, { AT_NULL, 0 },
};

const ArchOps arch = {
    .abi = ABI_E2K, .elf_machines = machines, .uname_machine = "e2k", .auxv = auxv,
    .start_sp_below = PARAM_AREA_BYTES, .cpu_ops = &e2k_cpu_ops, .cpu_new = e2k_new,
    .cpu_clone = e2k_clone, .cpu_free = e2k_free,
    .start = e2k_start, .run = e2k_run, .clone_regs = e2k_clone_regs,
    .signal_frame = e2k_signal_frame, .restart_cancel = e2k_restart_cancel, .sp = e2k_sp,
    .models = e2k_models_print, .model_of_elf = e2k_model_by_elf_flags,
    .refuse_elf = e2k_refuse_elf, .syscall = e2k_own_syscall, .task_free = e2k_task_free,
    .stat = &e2k_stat, .stat64 = &e2k_stat64, .epoll_event = &e2k_epoll_event,
    .memory_gone = e2k_memory_gone, .semid_ds = &e2k_semid_ds, .mmap_flags = e2k_mmap_flags,
};
