/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Breakpoints of the debug registers, at no cost while none is armed.
 *
 * A page with something watched is entered in the TLB without the rights that would let an access
 * go unseen, so that each one comes to x86_debug_fill():
 *
 *   fill, not stepping ──> set HF_TF, start the instruction again, now in a block of its own
 *   fill, stepping     ──> note the hit, let the page in
 *   end of instruction ──> throw the page out again; #DB if there was a hit
 *
 * Code goes on in single steps while it is in a page with an execution breakpoint. HF_TF without
 * EFLAGS.TF is "our" step (env->debug_step). Not seen: accesses that an exception's delivery makes,
 * and the second access of one instruction to the same watched page, if of the same kind.
 * I/O breakpoints (CR4.DE) are stored but do nothing. Source: Intel SDM vol. 3, 17.2 and 17.3.
 */
#include "target/i386/debug.h"
#include "target/i386/seg.h"

enum { WATCH_EXEC, WATCH_WRITE, WATCH_IO, WATCH_RW };

typedef struct Watch {
    unsigned kind;
    uint64_t start, len_bytes;          /* linear; does not cross a page */
} Watch;

static bool get_watch(const CPUX86State *env, unsigned i, Watch *w)
{
    static const uint8_t len_of[4] = { 1, 2, 8, 4 };
    uint64_t dr7 = env->dr[7];

    if (!(dr7 >> (i * 2) & 3)) {
        return false;
    }
    w->kind = dr7 >> (16 + i * 4) & 3;
    w->len_bytes = w->kind == WATCH_EXEC ? 1 : len_of[dr7 >> (18 + i * 4) & 3];
    w->start = env->dr[i] & ~(w->len_bytes - 1);
    return w->kind != WATCH_IO;
}

/* rights that make accesses of this kind unseen */
static int watched_prot(unsigned kind)
{
    return kind == WATCH_EXEC ? PROT_X : kind == WATCH_WRITE ? PROT_W : PROT_R | PROT_W;
}

void x86_debug_changed(CPUX86State *env)
{
    bool was_armed = env->debug_armed;
    Watch w;

    env->debug_armed = false;
    for (unsigned i = 0; i < 4; i++) {
        env->debug_armed |= get_watch(env, i, &w);
    }
    if (was_armed || env->debug_armed) {
        tlb_flush(x86_cpu(env));
    }
}

static bool same_page(uint64_t a, uint64_t b)
{
    return !((a ^ b) & PAGE_MASK_);
}

static uint64_t linear_pc(CPUX86State *env)
{
    uint64_t pc, flags;

    x86_get_tb_key(x86_cpu(env), &pc, &flags);
    return pc;
}

/* DR6 bits of execution breakpoints at the next instruction */
static uint32_t exec_hits(CPUX86State *env)
{
    uint64_t pc = linear_pc(env);
    bool passed = env->debug_resume && env->debug_resume_pc == pc;
    uint32_t hits = 0;
    Watch w;

    env->debug_resume = false;
    for (unsigned i = 0; i < 4 && !passed; i++) {
        if (get_watch(env, i, &w) && w.kind == WATCH_EXEC && w.start == pc) {
            hits |= 1u << i;
        }
    }
    return hits;
}

static bool in_exec_page(CPUX86State *env)
{
    uint64_t pc = linear_pc(env);
    Watch w;

    for (unsigned i = 0; i < 4; i++) {
        if (get_watch(env, i, &w) && w.kind == WATCH_EXEC && same_page(w.start, pc)) {
            return true;
        }
    }
    return false;
}

static G_NORETURN void step_alone(CPUX86State *env, uintptr_t ra)
{
    CPUState *cpu = x86_cpu(env);

    env->debug_step = true;
    env->debug_hits = 0;
    env->hflags |= HF_TF;
    cpu->exception_index = EXCP_NONE;
    cpu_loop_exit_restore(cpu, ra);
}

bool x86_debug_fill(CPUX86State *env, uint64_t addr, unsigned size, MMUAccess access, bool probe,
                    int *prot, uintptr_t ra)
{
    static const int need[] = { [MMU_READ] = PROT_R, [MMU_WRITE] = PROT_W, [MMU_FETCH] = PROT_X };
    int watched = 0;
    uint32_t hits = 0;
    Watch w;

    for (unsigned i = 0; i < 4; i++) {
        if (!get_watch(env, i, &w) || !same_page(w.start, addr)) {
            continue;
        }
        watched |= watched_prot(w.kind);
        if ((watched_prot(w.kind) & need[access]) && w.kind != WATCH_EXEC
            && addr < w.start + w.len_bytes && w.start < addr + size) {
            hits |= 1u << i;
        }
    }
    if (!(watched & need[access])) {
        *prot &= ~watched;
        return true;
    }
    if (!(env->hflags & HF_TF)) {
        if (probe) {
            return false;
        }
        if (ra || access == MMU_FETCH) {
            step_alone(env, ra);
        }
        return true;            /* delivery of an exception: can't be begun again */
    }
    env->debug_hits |= hits;
    if (access == MMU_FETCH && same_page(addr, linear_pc(env)) && !probe) {
        hits = exec_hits(env);
        if (hits) {
            env->dr[6] |= hits;
            x86_raise(env, EXCP01_DB, ra);
        }
    }
    *prot &= ~(watched & ~need[access] & ~(access == MMU_WRITE ? PROT_R : 0));
    return true;
}

uint32_t x86_debug_step_done(CPUX86State *env, bool *only_us)
{
    uint32_t hits = env->debug_hits;
    Watch w;

    *only_us = env->debug_step;
    if (!env->debug_armed && !env->debug_step) {
        return 0;
    }
    env->debug_hits = 0;
    for (unsigned i = 0; i < 4; i++) {
        if (get_watch(env, i, &w)) {
            tlb_flush_page(x86_cpu(env), w.start & PAGE_MASK_);
        }
    }
    env->debug_step = env->debug_step && in_exec_page(env);
    env->hflags &= ~HF_TF;
    env->hflags |= (env->eflags & EFL_TF) | (env->debug_step ? HF_TF : 0);
    return hits;
}

void x86_debug_delivered(CPUX86State *env)
{
    env->debug_hits = 0;
    if (env->debug_step) {
        env->debug_step = false;
        env->hflags = (env->hflags & ~HF_TF) | (env->eflags & EFL_TF);
    }
    if (env->debug_armed) {
        tlb_flush(x86_cpu(env));
    }
}

void x86_debug_resume(CPUX86State *env)
{
    if (env->debug_armed) {
        env->debug_resume = true;
        env->debug_resume_pc = linear_pc(env);
    }
}
