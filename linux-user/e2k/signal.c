/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals. The interrupted procedure stays where it is on the hardware stacks; above it come
 *
 *   a frame of the interrupted procedure   its ip; nothing of the kernel's is in it
 *   a frame of the kernel                  ip 0, E2K_FRAME_KERNEL; the handler returns to it
 *   the handler                            %r0 signal, %r1 siginfo, %r2 ucontext
 *
 * and e2k_signal_return() puts everything back when the handler has returned: there is no call for
 * that. On the user stack lie 64 bytes for the handler's parameters, siginfo and ucontext.
 */
#include <errno.h>
#include <string.h>
#include "e2k.h"

enum { PARAM_BYTES = 64, SIGINFO_BYTES = 128 };

typedef struct E2kSignalFrame {
    uint8_t params[PARAM_BYTES];
    uint8_t info[SIGINFO_BYTES];
    E2kUcontext uc;
} E2kSignalFrame;

uint64_t e2k_sreg(CPUE2KState *env, unsigned n)
{
    uint64_t v = 0;

    return e2k_sreg_read(env, n, &v) ? v : 0;
}

static const struct { uint8_t sreg; uint16_t ofs; } context_sregs[] = {
#define R(name) offsetof(E2kSigcontext, name)
    { E2K_SREG_USD_LO, R(usd_lo) }, { E2K_SREG_USD_HI, R(usd_hi) }, { E2K_SREG_PSP_LO, R(psp_lo) },
    { E2K_SREG_PSP_HI, R(psp_hi) }, { E2K_SREG_PCSP_LO, R(pcsp_lo) },
    { E2K_SREG_PCSP_HI, R(pcsp_hi) },
#undef R
};

void e2k_fill_ucontext(CPUState *cpu, E2kUcontext *uc, uint64_t mask)
{
    CPUE2KState *env = e2k_env(cpu);

    for (unsigned i = 0; i < G_N_ELEMENTS(context_sregs); i++) {
        uint64_t v = e2k_sreg(env, context_sregs[i].sreg);
        memcpy((char *)&uc->mc + context_sregs[i].ofs, &v, sizeof(v));
    }
    uc->mc.sbr = e2k_task(cpu)->stacks->key;
    uc->mc.upsr = env->upsr;
    uc->sigmask = mask;
    uc->extra_bytes = (int32_t)(E2K_EXTRA_BYTES - sizeof(uc->extra_bytes));
    uc->curr_cnt = -1;
    uc->fpcr = (uint32_t)e2k_sreg(env, E2K_SREG_FPCR);
    uc->fpsr = (uint32_t)e2k_sreg(env, E2K_SREG_FPSR);
    uc->pfpfr = (uint32_t)e2k_sreg(env, E2K_SREG_PFPFR);
    memcpy(uc->ctpr, env->ctpr, sizeof(uc->ctpr));
}

/* The chain frame that the interrupted procedure would have if it had made a call. */
static void fill_cr(CPUE2KState *env, E2kSigcontext *mc)
{
    E2kFrame now = { .ip = env->ip, .mode = env->mode, .usd_lo = env->usd_lo,
                     .wbs = (uint16_t)e2k_wsize(env), .psize = (uint16_t)env->psize };
    uint64_t cr[4];

    e2k_settle_preds(env, env->frame);
    memcpy(now.pred, env->frame->pred, sizeof(now.pred));
    e2k_frame_pack(env, &now, cr);
    memcpy(&mc->cr0_lo, cr, sizeof(cr));
}

/* siginfo: si_trapno stands behind si_addr, si_band is an int */
static void fill_info(uint8_t to[SIGINFO_BYTES], const siginfo_t *info, uint32_t trapno)
{
    enum { ADDR = 16, TRAPNO = 24, BAND = 16, FD = 20 };

    memcpy(to, info, SIGINFO_BYTES);
    if (info->si_signo == SIGPOLL && info->si_code > 0) {
        int32_t band[2] = { (int32_t)info->si_band, info->si_fd };
        memcpy(to + BAND, band, sizeof(band));
    } else if (info->si_code > 0 && (info->si_signo == SIGSEGV || info->si_signo == SIGBUS ||
                                     info->si_signo == SIGILL || info->si_signo == SIGFPE ||
                                     info->si_signo == SIGTRAP)) {
        memset(to + TRAPNO, 0, SIGINFO_BYTES - TRAPNO);
        memcpy(to + TRAPNO, &trapno, sizeof(trapno));
    }
}

static bool push_handler(CPUE2KState *env, const E2kSignalFrame *f, uint64_t at, int sig,
                         const GuestSigaction *act, E2kSaved *saved)
{
    const uint64_t args[3] = { (uint64_t)sig, at + offsetof(E2kSignalFrame, info),
                               at + offsetof(E2kSignalFrame, uc) };

    return guest_write(at, f, sizeof(*f)) &&
           e2k_enter(env, 0, NULL, 0, env->ip, 0, 0) &&
           e2k_enter(env, act->handler, args, 3, 0, E2K_FRAME_KERNEL, (uintptr_t)saved);
}

bool e2k_signal_frame(CPUState *cpu, int sig, const GuestSigaction *act, const siginfo_t *info,
                      uint64_t mask)
{
    CPUE2KState *env = e2k_env(cpu);
    Task *t = cpu_task(cpu);
    E2kStacks *stacks = e2k_task(cpu)->stacks;
    E2kSignalFrame f = { .uc.stack = t->altstack };
    bool on_alt;
    uint64_t top = signal_frame_top(cpu, act, env->usd_lo, &on_alt);
    uint64_t at = (top - sizeof(f)) & ~15ull;
    E2kSaved *saved = g_new(E2kSaved, 1);

    saved->below = stacks->saved;
    saved->env = *env;
    saved->depth = (size_t)(env->frame - env->pcs_base);
    saved->uc_gva = at + offsetof(E2kSignalFrame, uc);
    saved->restart = t->restart != RESTART_NONE;
    f.uc.stack.flags = !t->altstack.size ? SS_DISABLE : on_alt ? SS_ONSTACK : 0;
    e2k_fill_ucontext(cpu, &f.uc, mask);
    fill_cr(env, &f.uc.mc);
    fill_info(f.info, info, env->trapno);
    if (!push_handler(env, &f, at, sig, act, saved)) {
        *env = saved->env;
        g_free(saved);
        return false;
    }
    stacks->saved = saved;
    if (top != saved->env.usd_lo) {             /* the alternate stack */
        env->stack_bottom = t->altstack.sp;
        env->sbr = top;
    }
    env->usd_lo = at;
    memset(env->ctpr, 0, sizeof(env->ctpr));
    env->aau.active = false;
    env->mlock = 0;
    env->lcnt = env->ecnt = env->vlc = env->pcnt = env->strmd = 0;
    return true;
}

/* What the handler may have changed in its ucontext. */
static void take_back(CPUState *cpu, uint64_t uc_gva)
{
    CPUE2KState *env = e2k_env(cpu);
    E2kUcontext uc;

    if (!guest_read(&uc, uc_gva, sizeof(uc))) {
        signal_raise_fault(cpu, SIGSEGV, SI_KERNEL, 0);
        return;
    }
    if (uc.mc.cr0_hi != env->ip) {
        env->ip = uc.mc.cr0_hi & ~7ull;
        cpu_task(cpu)->restart = RESTART_NONE;
    }
    e2k_sreg_write(env, E2K_SREG_FPCR, uc.fpcr);
    e2k_sreg_write(env, E2K_SREG_FPSR, uc.fpsr);
    e2k_sreg_write(env, E2K_SREG_PFPFR, uc.pfpfr);
    memcpy(env->ctpr, uc.ctpr, sizeof(env->ctpr));
    signal_set_mask(cpu, uc.sigmask);
}

void e2k_signal_return(CPUState *cpu, E2kSaved *saved)
{
    enum { N_SYSTEM_GLOBALS = 16 };     /* %g0..%g15 are not the kernel's to restore */
    CPUE2KState *env = e2k_env(cpu);
    E2kStacks *stacks = e2k_task(cpu)->stacks;

    E2kSaved *known = stacks->saved;

    while (known && known != saved) {
        known = known->below;
    }
    if (!known) {                       /* the chain stack is not what it was */
        signal_raise_fault(cpu, SIGSEGV, SI_KERNEL, 0);
        return;
    }
    e2k_signal_drop(cpu, saved->depth + 1);
    stacks->saved = saved->below;
    memcpy(saved->env.g, env->g, N_SYSTEM_GLOBALS * sizeof(env->g[0]));
    memcpy(saved->env.gtags, env->gtags, N_SYSTEM_GLOBALS * sizeof(env->gtags[0]));
    *env = saved->env;
    cpu_task(cpu)->restart = saved->restart ? RESTART_NOT_MADE : RESTART_NONE;
    take_back(cpu, saved->uc_gva);
    g_free(saved);
}

void e2k_signal_drop(CPUState *cpu, size_t depth)
{
    CPUE2KState *env = e2k_env(cpu);
    E2kStacks *stacks = e2k_task(cpu)->stacks;

    while (stacks->saved && stacks->saved->depth >= depth) {
        E2kSaved *s = stacks->saved;
        env->stack_bottom = s->env.stack_bottom;        /* off the alternate stack */
        env->sbr = s->env.sbr;
        stacks->saved = s->below;
        g_free(s);
    }
}
