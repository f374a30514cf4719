/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x86-64 Linux programs: the system-call registers, signal frames, thread start. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "gdbstub/gdbstub.h"
#include "linux-user/task.h"
#include "target/i386/cpu.h"
#include "util/log.h"

/* ---- signal frame: struct rt_sigframe of the x86-64 kernel ABI ---- */

typedef struct Sigcontext {
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip;
    uint64_t eflags;
    uint16_t cs, gs, fs, ss;
    uint64_t err, trapno, oldmask, cr2, fpstate;
    uint64_t reserved[8];
} Sigcontext;
_Static_assert(sizeof(Sigcontext) == 256, "struct sigcontext");

typedef struct Frame {
    uint64_t pretcode;
    uint64_t uc_flags, uc_link;
    GuestStack stack;
    Sigcontext mc;
    uint64_t sigmask;
    uint8_t info[128];
} Frame;
_Static_assert(offsetof(Frame, mc) == 48 && offsetof(Frame, info) == 312, "struct rt_sigframe");

enum { RED_ZONE = 128 };

static const struct { uint8_t reg; uint16_t ofs; } context_regs[] = {
#define R(n, f) { n, offsetof(Sigcontext, f) }
    R(R_EAX, rax), R(R_ECX, rcx), R(R_EDX, rdx), R(R_EBX, rbx), R(R_ESP, rsp), R(R_EBP, rbp),
    R(R_ESI, rsi), R(R_EDI, rdi), R(R_R8, r8), R(R_R9, r9), R(R_R10, r10), R(R_R11, r11),
    R(R_R12, r12), R(R_R13, r13), R(R_R14, r14), R(R_R15, r15),
#undef R
};

static bool x86_signal_frame(CPUState *cpu, int sig, const GuestSigaction *act,
                             const siginfo_t *info, uint64_t mask)
{
    CPUX86State *env = x86_env(cpu);
    Task *t = cpu_task(cpu);
    Frame f = { .uc_flags = 4 /* UC_SIGCONTEXT_SS */, .sigmask = mask, .stack = t->altstack };
    bool on_alt;
    uint64_t top = signal_frame_top(cpu, act, env->regs[R_ESP], &on_alt);
    uint64_t sp = top == env->regs[R_ESP] ? top - RED_ZONE : top;

    uint64_t fp = (sp - 512) & ~63ull;
    uint64_t at = ((fp - sizeof(Frame)) & ~15ull) - 8;

    if (!(act->flags & 0x04000000 /* SA_RESTORER */) || !guest_ok(at, sp - at, PROT_W)) {
        return false;
    }
    f.pretcode = act->restorer;
    f.stack.flags = !t->altstack.size ? SS_DISABLE : on_alt ? SS_ONSTACK : 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(context_regs); i++) {
        memcpy((char *)&f.mc + context_regs[i].ofs, &env->regs[context_regs[i].reg], 8);
    }
    f.mc.rip = env->eip;
    f.mc.eflags = x86_eflags_get(env);
    f.mc.cs = env->segs[R_CS].selector;
    f.mc.ss = env->segs[R_SS].selector;
    f.mc.err = env->error_code;
    f.mc.trapno = env->trapno;
    f.mc.cr2 = env->cr[2];
    f.mc.fpstate = fp;
    memcpy(f.info, info, sizeof(f.info));
    uint8_t img[512];
    x86_fxsave_image(env, img);
    memset(img + 464, 0, 48);               /* no extended state follows */
    x86_fpu_reset(env);                     /* a handler does not inherit a pending exception */
    if (!guest_write(fp, img, sizeof(img)) || !guest_write(at, &f, sizeof(f))) {
        return false;
    }
    if (act->flags & SA_ONSTACK && t->altstack.flags & 1u << 31) {
        t->altstack = (GuestStack){ 0 };     /* SS_AUTODISARM */
    }
    env->regs[R_ESP] = at;
    env->regs[R_EDI] = (uint64_t)sig;
    env->regs[R_ESI] = at + offsetof(Frame, info);
    env->regs[R_EDX] = at + offsetof(Frame, uc_flags);
    env->regs[R_EAX] = 0;
    env->eip = act->handler;
    x86_eflags_set(env, 0, EFL_DF | EFL_TF | EFL_RF);
    return true;
}

static int64_t x86_sigreturn(CPUState *cpu)
{
    CPUX86State *env = x86_env(cpu);
    uint64_t at = env->regs[R_ESP] - 8;
    Frame f;

    uint8_t img[512];

    if (!guest_read(&f, at, sizeof(f))) {
        signal_raise_fault(cpu, SIGSEGV, SI_KERNEL, 0);
        return -QEMU_ENORESULT;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(context_regs); i++) {
        memcpy(&env->regs[context_regs[i].reg], (char *)&f.mc + context_regs[i].ofs, 8);
    }
    env->eip = f.mc.rip;
    x86_eflags_set(env, (uint32_t)f.mc.eflags,
                   CC_ALL | EFL_DF | EFL_TF | EFL_AC | EFL_RF | EFL_ID);
    if (f.mc.fpstate && guest_read(img, f.mc.fpstate, sizeof(img))) {
        x86_fxrstor_image(env, img);
    } else {
        x86_fpu_reset(env);
    }
    signal_set_mask(cpu, f.sigmask);
    return -QEMU_ENORESULT;
}

/* ---- system calls ---- */

enum { ARCH_SET_GS = 0x1001, ARCH_SET_FS, ARCH_GET_FS, ARCH_GET_GS };

static int64_t arch_prctl(CPUState *cpu, int code, uint64_t addr)
{
    CPUX86State *env = x86_env(cpu);
    int seg = code == ARCH_SET_GS || code == ARCH_GET_GS ? R_GS : R_FS;

    switch (code) {
    case ARCH_SET_GS: case ARCH_SET_FS:
        if (addr >= 1ull << 47) {
            return -EPERM;
        }
        env->segs[seg].base = addr;
        return 0;
    case ARCH_GET_GS: case ARCH_GET_FS:
        return guest_write(addr, &env->segs[seg].base, 8) ? 0 : -EFAULT;
    }
    return -EINVAL;
}

enum { NR_ARCH_PRCTL = 158, SYSCALL_BYTES = 2 };

static int64_t x86_syscall(CPUState *cpu, int nr, const uint64_t args[6])
{
    return nr == NR_ARCH_PRCTL ? arch_prctl(cpu, (int)args[0], args[1]) : x86_sigreturn(cpu);
}

static void syscall_insn(CPUState *cpu)
{
    CPUX86State *env = x86_env(cpu);
    uint64_t *r = env->regs;
    const uint64_t args[6] = { r[R_EDI], r[R_ESI], r[R_EDX], r[R_R10], r[R_R8], r[R_R9] };
    int nr = r[R_EAX] > 0xffff ? -1 : (int)r[R_EAX];
    int64_t ret = do_syscall(cpu, nr, args);

    cpu_task(cpu)->restart = syscall_outcome(cpu, nr, ret);
    if (cpu_task(cpu)->restart != RESTART_NONE) {
        env->eip -= SYSCALL_BYTES;
    } else if (ret != -QEMU_ENORESULT) {
        r[R_EAX] = (uint64_t)ret;
    }
}

static void x86_restart_cancel(CPUState *cpu)
{
    x86_env(cpu)->eip += SYSCALL_BYTES;
    x86_env(cpu)->regs[R_EAX] = (uint64_t)-EINTR;
}

/* ---- exceptions as signals ---- */

static const struct { int vector, sig, code; } traps[] = {
    { EXCP00_DIVZ, SIGFPE, FPE_INTDIV }, { EXCP01_DB, SIGTRAP, TRAP_TRACE },
    { EXCP03_INT3, SIGTRAP, SI_KERNEL }, { EXCP04_INTO, SIGSEGV, SI_KERNEL },
    { EXCP05_BOUND, SIGSEGV, SI_KERNEL }, { EXCP06_ILLOP, SIGILL, ILL_ILLOPN },
    { EXCP0B_NOSEG, SIGBUS, SI_KERNEL }, { EXCP0C_STACK, SIGBUS, SI_KERNEL },
    { EXCP0D_GPF, SIGSEGV, SI_KERNEL }, { EXCP11_ALGN, SIGBUS, BUS_ADRALN },
};

/* A breakpoint or step of the debugger. */
static void debug_stop(CPUState *cpu)
{
    if (!gdb_attached()) {
        signal_raise_fault(cpu, SIGTRAP, TRAP_TRACE, x86_env(cpu)->eip);
        return;
    }
    int sig = gdb_user_stopped(cpu, SIGTRAP);
    if (sig && sig != SIGTRAP) {
        signal_raise_fault(cpu, sig, SI_USER, 0);
    }
}

static int fp_code(CPUX86State *env)
{
    unsigned flags = env->fpus & ~env->fpuc;

    if (env->trapno == EXCP13_SIMD) {
        uint32_t mxcsr = x86_mxcsr_get(env);
        flags = mxcsr & ~(mxcsr >> 7);
    }
    return signal_fpe_code(flags & 63);
}

static void trap(CPUState *cpu)
{
    CPUX86State *env = x86_env(cpu);

    if (env->trapno == EXCP0E_PAGE) {
        signal_raise_page_fault(cpu, env->cr[2]);
        return;
    }
    if (env->trapno == EXCP13_SIMD || env->trapno == EXCP10_COPR) {
        signal_raise_fault(cpu, SIGFPE, fp_code(env), env->eip);
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(traps); i++) {
        if (traps[i].vector == env->trapno) {
            signal_raise_fault(cpu, traps[i].sig, traps[i].code, env->eip);
            return;
        }
    }
    signal_raise_fault(cpu, SIGSEGV, SI_KERNEL, 0);
}

G_NORETURN static void x86_run(CPUState *cpu)
{
    for (;;) {
        int why = cpu_exec(cpu);

        switch (why) {
        case EXCP_SYSCALL: syscall_insn(cpu); break;
        case EXCP_INT80:
            guest_unimp("32-bit system call by int 0x%x", x86_env(cpu)->error_code);
            signal_raise_fault(cpu, SIGSEGV, SI_KERNEL, 0);
            break;
        case EXCP_USER_TRAP: trap(cpu); break;
        case EXCP_DEBUG: debug_stop(cpu); break;
        case EXCP_INTERRUPT: case EXCP_ATOMIC: break;
        default: g_error("cpu_exec: exit 0x%x", why);
        }
        signal_process(cpu);
    }
}

/* ---- vCPUs ---- */

static CPUState *x86_new(const char *model, Error **errp)
{
    X86CPU *cpu = x86_cpu_new(model ? model : "max", true, errp);

    return cpu ? &cpu->parent : NULL;
}

static char *model_text;

static CPUState *x86_clone(CPUState *from)
{
    X86CPU *cpu = x86_cpu_new(model_text ? model_text : "max", true, NULL);
    CPUX86State *to = &cpu->env;
    struct X86HyperV *hv = to->hyperv;

    *to = *x86_env(from);
    to->hyperv = hv;
    cpu->parent.host_mxcsr = from->host_mxcsr;
    return &cpu->parent;
}

static CPUState *x86_first(const char *model, Error **errp)
{
    model_text = g_strdup(model);
    return x86_new(model, errp);
}

static void x86_start(CPUState *cpu, uint64_t entry, uint64_t sp)
{
    CPUX86State *env = x86_env(cpu);

    env->cr[0] = CR0_PG | CR0_PE | CR0_WP | CR0_NE | CR0_ET | CR0_MP;
    env->cr[4] = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_FSGSBASE | CR4_OSXSAVE;
    env->efer = EFER_LMA | EFER_LME | EFER_SCE | EFER_NXE;
    env->xcr0 = 3;
    x86_load_seg_cache(env, R_CS, 0x33, 0, 0xffffffff,
                       DESC_G | DESC_P | DESC_S | DESC_CS | DESC_R | DESC_A | DESC_L |
                       3u << DESC_DPL_SHIFT);
    x86_load_seg_cache(env, R_SS, 0x2b, 0, 0xffffffff,
                       DESC_G | DESC_B | DESC_P | DESC_S | DESC_W | DESC_A |
                       3u << DESC_DPL_SHIFT);
    for (int seg = R_DS; seg <= R_GS; seg++) {
        x86_load_seg_cache(env, seg, 0, 0, 0, 0);
    }
    x86_load_seg_cache(env, R_ES, 0, 0, 0, 0);
    memset(env->regs, 0, sizeof(env->regs));
    x86_eflags_set(env, EFL_IF | 2, ~0u);
    x86_fpu_reset(env);
    env->eip = entry;
    env->regs[R_ESP] = sp;
    x86_update_hflags(env);
}

static void x86_clone_regs(CPUState *cpu, uint64_t sp, bool set_tls, uint64_t tls)
{
    CPUX86State *env = x86_env(cpu);

    if (sp) {
        env->regs[R_ESP] = sp;
    }
    env->regs[R_EAX] = 0;
    if (set_tls) {
        env->segs[R_FS].base = tls;
    }
}

static uint64_t x86_sp(CPUState *cpu)
{
    return x86_env(cpu)->regs[R_ESP];
}

static const uint16_t machines[] = { 62 /* EM_X86_64 */, 0 };

static void x86_cpu_free(CPUState *cpu)
{
    object_unref(OBJECT(cpu));
}

const ArchOps arch = {
    .abi = ABI_X86_64, .elf_machines = machines, .uname_machine = "x86_64", .platform = "x86_64",
    .hwcap = 0x078bfbfd, .cpu_ops = &x86_cpu_ops, .cpu_new = x86_first, .cpu_clone = x86_clone,
    .cpu_free = x86_cpu_free, .start = x86_start, .run = x86_run, .clone_regs = x86_clone_regs,
    .signal_frame = x86_signal_frame, .restart_cancel = x86_restart_cancel, .sp = x86_sp,
    .models = x86_cpu_models_print, .syscall = x86_syscall,
};
