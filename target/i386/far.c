/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control transfers that load CS: far jmp, call, ret, iret, sysenter and syscall families.
 * Each reads and checks everything first and changes the state when nothing can fault any more.
 * Source: Intel SDM vol. 2, the instructions' pages; vol. 3, 5.8 and 7.
 */
#include "target/i386/debug.h"
#include "target/i386/seg.h"
#include "target/i386/sys-helpers.h"

/* Where a transfer goes, checked. */
typedef struct FarTarget {
    Desc cs;
    uint16_t sel;
    uint64_t offset;
    unsigned cpl;               /* afterwards */
    unsigned bytes;             /* of what is pushed */
    unsigned n_params;
} FarTarget;

static void load_cs_real(CPUX86State *env, uint16_t sel, uint64_t offset)
{
    if (x86_is_vm86(env)) {
        x86_load_seg_vm(env, R_CS, sel);
    } else {
        x86_load_seg_cache(env, R_CS, sel, (uint32_t)sel << 4, env->segs[R_CS].limit,
                           env->segs[R_CS].flags);
    }
    env->eip = offset;
}

static void check_offset(CPUX86State *env, const Desc *cs, uint64_t offset, uintptr_t ra)
{
    if (x86_is_long(env) && (cs->hi & DESC_L)) {
        if (!x86_canonical(env, offset)) {
            x86_gp(env, 0, ra);
        }
    } else if (offset > desc_limit(cs)) {
        x86_gp(env, 0, ra);
    }
}

static void check_present(CPUX86State *env, uint16_t sel, const Desc *d, uintptr_t ra)
{
    if (!(d->hi & DESC_P)) {
        x86_raise_err(env, EXCP0B_NOSEG, sel & ~3, ra);
    }
}

static bool bad_long_cs(const CPUX86State *env, const Desc *cs)
{
    return x86_is_long(env) && (cs->hi & (DESC_L | DESC_B)) == (DESC_L | DESC_B);
}

/* jmp or call to a code segment without a gate: the privilege stays */
static void check_direct(CPUX86State *env, FarTarget *t, uintptr_t ra)
{
    unsigned dpl = desc_dpl(t->cs.hi), cpl = x86_cpl(env);
    bool ok = t->cs.hi & DESC_C ? dpl <= cpl : dpl == cpl && (t->sel & 3) <= cpl;

    if (!ok || !(t->cs.hi & DESC_CS) || bad_long_cs(env, &t->cs)) {
        x86_gp(env, t->sel & ~3, ra);
    }
    check_present(env, t->sel, &t->cs, ra);
    check_offset(env, &t->cs, t->offset, ra);
    t->cpl = cpl;
}

/* through a call gate, whose descriptor is in t->cs on entry */
static void read_call_gate(CPUX86State *env, FarTarget *t, bool is_call, uintptr_t ra)
{
    Desc gate = t->cs;
    bool lma = x86_is_long(env);
    unsigned cpl = x86_cpl(env);

    if (lma) {
        x86_read_desc_hi2(env, t->sel, &gate, ra);
    }
    t->sel = (uint16_t)(gate.lo >> 16);
    t->offset = (gate.lo & 0xffff) | (gate.hi & 0xffff0000);
    t->bytes = 4;
    t->n_params = gate.hi & 31;
    if (lma) {
        t->offset |= (uint64_t)gate.hi2 << 32;
        t->bytes = 8;
        t->n_params = 0;
    } else if (desc_type(gate.hi) == SYS_CALL16) {
        t->offset &= 0xffff;
        t->bytes = 2;
    }
    if (!(t->sel & ~3)) {
        x86_gp(env, 0, ra);
    }
    x86_need_desc(env, t->sel, &t->cs, EXCP0D_GPF, 0, ra);
    unsigned dpl = desc_dpl(t->cs.hi);
    bool ok = DESC_IS_CODE(t->cs.hi) && dpl <= cpl
              && (!lma || (t->cs.hi & (DESC_L | DESC_B)) == DESC_L);
    if (!ok || (!is_call && !(t->cs.hi & DESC_C) && dpl != cpl)) {
        x86_gp(env, t->sel & ~3, ra);
    }
    check_present(env, t->sel, &t->cs, ra);
    check_offset(env, &t->cs, t->offset, ra);
    t->cpl = t->cs.hi & DESC_C ? cpl : dpl;
}

static void check_gate_access(CPUX86State *env, uint16_t sel, const Desc *d, uintptr_t ra)
{
    unsigned dpl = desc_dpl(d->hi);

    if (dpl < x86_cpl(env) || dpl < (sel & 3)) {
        x86_gp(env, sel & ~3, ra);
    }
    check_present(env, sel, d, ra);
}

/* jmp or call to a TSS or task gate: true if it was one. Not in long mode. */
static bool far_task(CPUX86State *env, FarTarget *t, TaskSwitchBy by, uint64_t next_eip,
                     uintptr_t ra)
{
    unsigned type = desc_type(t->cs.hi);

    if (x86_is_long(env) || (type != SYS_TASK && type != SYS_TSS16 && type != SYS_TSS32)) {
        return false;
    }
    check_gate_access(env, t->sel, &t->cs, ra);
    if (type == SYS_TASK) {
        t->sel = (uint16_t)(t->cs.lo >> 16);
        if (t->sel & 4) {
            x86_gp(env, t->sel & ~3, ra);
        }
        x86_need_desc(env, t->sel, &t->cs, EXCP0D_GPF, 0, ra);
        type = desc_type(t->cs.hi);
        if ((t->cs.hi & DESC_S) || (type != SYS_TSS16 && type != SYS_TSS32)) {
            x86_gp(env, t->sel & ~3, ra);
        }
        check_present(env, t->sel, &t->cs, ra);
    } else if (t->sel & 4) {
        x86_gp(env, t->sel & ~3, ra);
    }
    x86_task_switch(env, t->sel, &t->cs, by, next_eip, ra);
    return true;
}

/* Resolves a selector in protected mode. False: a task switch was done instead. */
static bool resolve(CPUX86State *env, FarTarget *t, TaskSwitchBy by, uint64_t next_eip,
                    bool *by_gate, uintptr_t ra)
{
    unsigned type;

    *by_gate = false;
    if (!(t->sel & ~3)) {
        x86_gp(env, 0, ra);
    }
    x86_need_desc(env, t->sel, &t->cs, EXCP0D_GPF, 0, ra);
    if (t->cs.hi & DESC_S) {
        check_direct(env, t, ra);
        return true;
    }
    if (far_task(env, t, by, next_eip, ra)) {
        return false;
    }
    type = desc_type(t->cs.hi);
    if (type != SYS_CALL32 && (x86_is_long(env) || type != SYS_CALL16)) {
        x86_gp(env, t->sel & ~3, ra);
    }
    check_gate_access(env, t->sel, &t->cs, ra);
    read_call_gate(env, t, by == TASK_CALL, ra);
    *by_gate = true;
    return true;
}

static void enter_cs(CPUX86State *env, FarTarget *t)
{
    x86_set_cpl(env, t->cpl);
    x86_load_desc(env, R_CS, (uint16_t)((t->sel & ~3) | t->cpl), &t->cs);
    env->eip = t->offset;
}

void helper_far_jmp(CPUX86State *env, uint32_t sel, uint64_t offset, uint32_t osize,
                    uint64_t next_eip)
{
    uintptr_t ra = GETPC();
    FarTarget t = { .sel = (uint16_t)sel, .offset = offset };
    bool by_gate;

    if (!x86_is_protected(env)) {
        if (offset > env->segs[R_CS].limit) {
            x86_gp(env, 0, ra);
        }
        load_cs_real(env, (uint16_t)sel, offset);
        return;
    }
    if (resolve(env, &t, TASK_JMP, next_eip, &by_gate, ra)) {
        x86_mark_accessed(env, t.sel, &t.cs, ra);
        enter_cs(env, &t);
    }
}

static void call_same_stack(CPUX86State *env, FarTarget *t, uint64_t next_eip, uintptr_t ra)
{
    Stack s = x86_stack_now(env, ra);

    x86_stk_push(&s, t->bytes, env->segs[R_CS].selector);
    x86_stk_push(&s, t->bytes, next_eip);
    x86_mark_accessed(env, t->sel, &t->cs, ra);
    x86_stack_set_sp(env, s.mask, s.sp);
    enter_cs(env, t);
}

static void call_inner_long(CPUX86State *env, FarTarget *t, uint64_t next_eip, uintptr_t ra)
{
    Stack s = { .env = env, .mask = ~(uint64_t)0, .sp = x86_tss_rsp(env, t->cpl, 0, ra),
                .mmu_idx = x86_mmu_of_cpl(env, t->cpl), .ra = ra };

    x86_stk_push(&s, 8, env->segs[R_SS].selector);
    x86_stk_push(&s, 8, env->regs[R_ESP]);
    x86_stk_push(&s, 8, env->segs[R_CS].selector);
    x86_stk_push(&s, 8, next_eip);
    x86_mark_accessed(env, t->sel, &t->cs, ra);
    x86_load_seg_cache(env, R_SS, (uint16_t)t->cpl, 0, 0xffffffff,
                       DESC_S | DESC_W | DESC_A | DESC_B | t->cpl << DESC_DPL_SHIFT);
    env->regs[R_ESP] = s.sp;
    enter_cs(env, t);
}

static void call_inner(CPUX86State *env, FarTarget *t, uint64_t next_eip, uintptr_t ra)
{
    Stack from = x86_stack_now(env, ra), to = { .env = env, .ra = ra };
    uint16_t ss;
    Desc ss_desc;

    x86_tss_stack(env, t->cpl, &ss, &ss_desc, &to.sp, 0, ra);
    to.base = desc_base(&ss_desc);
    to.mask = x86_stack_mask(env, ss_desc.hi);
    to.mmu_idx = x86_mmu_of_cpl(env, t->cpl);
    x86_stk_push(&to, t->bytes, env->segs[R_SS].selector);
    x86_stk_push(&to, t->bytes, env->regs[R_ESP]);
    from.sp += (uint64_t)(t->n_params) * t->bytes;
    for (unsigned i = 0; i < t->n_params; i++) {
        from.sp -= t->bytes;
        Stack one = from;
        x86_stk_push(&to, t->bytes, x86_stk_pop(&one, t->bytes));
    }
    x86_stk_push(&to, t->bytes, env->segs[R_CS].selector);
    x86_stk_push(&to, t->bytes, next_eip);
    x86_mark_accessed(env, t->sel, &t->cs, ra);
    x86_mark_accessed(env, ss, &ss_desc, ra);
    x86_set_cpl(env, t->cpl);
    x86_load_desc(env, R_SS, ss, &ss_desc);
    x86_stack_set_sp(env, to.mask, to.sp);
    enter_cs(env, t);
}

static void far_call_real(CPUX86State *env, const FarTarget *t, uint64_t next_eip, uintptr_t ra)
{
    Stack s = x86_stack_now(env, ra);

    if (t->offset > env->segs[R_CS].limit) {
        x86_gp(env, 0, ra);
    }
    x86_stk_push(&s, t->bytes, env->segs[R_CS].selector);
    x86_stk_push(&s, t->bytes, next_eip);
    x86_stack_set_sp(env, s.mask, s.sp);
    load_cs_real(env, t->sel, t->offset);
}

void helper_far_call(CPUX86State *env, uint32_t sel, uint64_t offset, uint32_t osize,
                     uint64_t next_eip)
{
    uintptr_t ra = GETPC();
    FarTarget t = { .sel = (uint16_t)sel, .offset = offset, .bytes = osize };
    bool by_gate;

    if (!x86_is_protected(env)) {
        far_call_real(env, &t, next_eip, ra);
        return;
    }
    if (!resolve(env, &t, TASK_CALL, next_eip, &by_gate, ra)) {
        return;
    }
    if (t.cpl == x86_cpl(env)) {
        call_same_stack(env, &t, next_eip, ra);
    } else if (x86_is_long(env)) {
        call_inner_long(env, &t, next_eip, ra);
    } else {
        call_inner(env, &t, next_eip, ra);
    }
}

/* ---- returns ---- */

/* What a far return or iret popped. */
typedef struct FarReturn {
    Stack s;
    unsigned bytes;
    bool is_iret;
    uint16_t cs_sel, ss_sel;
    uint64_t eip, esp;
    uint32_t eflags;
    Desc cs, ss;
    bool to_long;               /* the code returned to is 64-bit */
    uintptr_t ra;
} FarReturn;

static void check_return_cs(CPUX86State *env, FarReturn *r)
{
    unsigned rpl = r->cs_sel & 3;

    if (!(r->cs_sel & ~3)) {
        x86_gp(env, 0, r->ra);
    }
    x86_need_desc(env, r->cs_sel, &r->cs, EXCP0D_GPF, 0, r->ra);
    unsigned dpl = desc_dpl(r->cs.hi);
    if (!DESC_IS_CODE(r->cs.hi) || rpl < x86_cpl(env) || bad_long_cs(env, &r->cs)
        || (r->cs.hi & DESC_C ? dpl > rpl : dpl != rpl)) {
        x86_gp(env, r->cs_sel & ~3, r->ra);
    }
    check_present(env, r->cs_sel, &r->cs, r->ra);
    r->to_long = x86_is_long(env) && (r->cs.hi & DESC_L);
}

/* SS of an outer stack, or of iret in 64-bit mode */
static void check_return_ss(CPUX86State *env, FarReturn *r)
{
    unsigned rpl = r->cs_sel & 3;

    if (!(r->ss_sel & ~3)) {
        if (!r->to_long || rpl == 3 || (r->ss_sel & 3) != rpl) {
            x86_gp(env, 0, r->ra);
        }
        return;
    }
    x86_need_desc(env, r->ss_sel, &r->ss, EXCP0D_GPF, 0, r->ra);
    bool data_rw = (r->ss.hi & (DESC_S | DESC_CS | DESC_W)) == (DESC_S | DESC_W);
    if ((r->ss_sel & 3) != rpl || desc_dpl(r->ss.hi) != rpl || !data_rw) {
        x86_gp(env, r->ss_sel & ~3, r->ra);
    }
    if (!(r->ss.hi & DESC_P)) {
        x86_raise_err(env, EXCP0C_STACK, r->ss_sel & ~3, r->ra);
    }
}

static void load_return_ss(CPUX86State *env, const FarReturn *r)
{
    unsigned rpl = r->cs_sel & 3;

    if (r->ss_sel & ~3) {
        x86_load_desc(env, R_SS, r->ss_sel, &r->ss);
    } else {
        x86_load_seg_cache(env, R_SS, r->ss_sel, 0, 0xffffffff,
                           DESC_S | DESC_W | DESC_A | DESC_B | rpl << DESC_DPL_SHIFT);
    }
}

static uint32_t iret_flag_mask(const CPUX86State *env, unsigned bytes)
{
    unsigned cpl = x86_cpl(env);
    uint32_t mask = EFL_WRITABLE & ~(EFL_IOPL | EFL_IF);

    if (cpl == 0) {
        mask |= EFL_IOPL | EFL_VIF | EFL_VIP;
    }
    if (cpl <= x86_iopl(env)) {
        mask |= EFL_IF;
    }
    return bytes == 2 ? mask & 0xffff : mask;
}

/* Checks what was popped, pops SS:ESP if the stack changes, then commits. */
static void return_to(CPUX86State *env, FarReturn *r, unsigned extra)
{
    unsigned old_cpl = x86_cpl(env), rpl = r->cs_sel & 3;
    uint32_t flag_mask = iret_flag_mask(env, r->bytes);
    uint64_t mask = r->s.mask;

    check_return_cs(env, r);
    bool new_stack = rpl != old_cpl || (r->is_iret && x86_is_code64(env));
    r->s.sp += extra;
    if (new_stack) {
        r->esp = x86_stk_pop(&r->s, r->bytes);
        r->ss_sel = (uint16_t)x86_stk_pop(&r->s, r->bytes);
        check_return_ss(env, r);
    }
    check_offset(env, &r->cs, r->eip, r->ra);
    x86_mark_accessed(env, r->cs_sel, &r->cs, r->ra);
    if (new_stack && (r->ss_sel & ~3)) {
        x86_mark_accessed(env, r->ss_sel, &r->ss, r->ra);
    }
    /* nothing faults from here on */
    x86_set_cpl(env, rpl);
    x86_load_desc(env, R_CS, r->cs_sel, &r->cs);
    env->eip = r->eip;
    if (new_stack) {
        load_return_ss(env, r);
        mask = x86_stack_mask(env, env->segs[R_SS].flags);
        r->s.sp = r->esp + (r->is_iret ? 0 : extra);
    }
    x86_stack_set_sp(env, mask, r->s.sp);
    if (rpl > old_cpl) {
        x86_drop_inner_segs(env, rpl);
    }
    if (r->is_iret) {
        x86_eflags_set(env, r->eflags, flag_mask);
    }
}

static void return_real(CPUX86State *env, FarReturn *r, unsigned extra)
{
    if (r->eip > 0xffff && r->eip > env->segs[R_CS].limit) {
        x86_gp(env, 0, r->ra);
    }
    x86_stack_set_sp(env, r->s.mask, r->s.sp + extra);
    load_cs_real(env, r->cs_sel, r->eip);
}

static FarReturn pop_return(CPUX86State *env, unsigned bytes, bool is_iret, uintptr_t ra)
{
    FarReturn r = { .s = x86_stack_now(env, ra), .bytes = bytes, .is_iret = is_iret, .ra = ra };

    r.eip = x86_stk_pop(&r.s, bytes);
    r.cs_sel = (uint16_t)x86_stk_pop(&r.s, bytes);
    if (is_iret) {
        r.eflags = (uint32_t)x86_stk_pop(&r.s, bytes);
    }
    return r;
}

void helper_far_ret(CPUX86State *env, uint32_t osize, uint32_t extra_bytes)
{
    FarReturn r = pop_return(env, osize, false, GETPC());

    if (x86_is_protected(env)) {
        return_to(env, &r, extra_bytes);
    } else {
        return_real(env, &r, extra_bytes);
    }
}

/* ---- iret ---- */

static void iret_to_vm86(CPUX86State *env, FarReturn *r)
{
    uint16_t segs[X86_N_SEGS];
    static const uint8_t order[] = { R_ES, R_DS, R_FS, R_GS };

    r->esp = x86_stk_pop(&r->s, 4);
    segs[R_SS] = (uint16_t)x86_stk_pop(&r->s, 4);
    segs[R_CS] = r->cs_sel;
    for (unsigned i = 0; i < sizeof(order); i++) {
        segs[order[i]] = (uint16_t)x86_stk_pop(&r->s, 4);
    }
    x86_eflags_set(env, r->eflags, EFL_WRITABLE | EFL_VM | EFL_VIF | EFL_VIP);
    x86_set_cpl(env, 3);
    for (int i = 0; i < X86_N_SEGS; i++) {
        x86_load_seg_vm(env, i, segs[i]);
    }
    env->eip = r->eip & 0xffff;
    env->regs[R_ESP] = (uint32_t)r->esp;
}

/* NT is set: back to the task that the back link of this one names */
static void iret_task(CPUX86State *env, uint64_t next_eip, uintptr_t ra)
{
    Desc d;

    if (x86_is_long(env)) {
        x86_gp(env, 0, ra);
    }
    uint16_t link = (uint16_t)x86_sys_ld(env, env->tr.base, 2, ra);
    if ((link & 4) || !x86_read_desc(env, link, &d, ra)) {
        x86_raise_err(env, EXCP0A_TSS, link & ~3, ra);
    }
    if ((d.hi & DESC_S) || (desc_type(d.hi) & 7) != SYS_TSS16_BUSY) {
        x86_raise_err(env, EXCP0A_TSS, link & ~3, ra);
    }
    check_present(env, link, &d, ra);
    x86_task_switch(env, link, &d, TASK_IRET, next_eip, ra);
}

/* virtual-8086 mode with IOPL < 3 and CR4.VME: 16-bit iret works on VIF */
static void iret_vme(CPUX86State *env, FarReturn *r)
{
    uint32_t f = r->eflags;

    if ((f & EFL_TF) || ((f & EFL_IF) && (env->eflags & EFL_VIP))) {
        x86_gp(env, 0, r->ra);
    }
    return_real(env, r, 0);
    f = (f & ~EFL_VIF) | (f & EFL_IF ? EFL_VIF : 0);
    x86_eflags_set(env, f, (CC_ALL | EFL_TF | EFL_DF | EFL_NT | EFL_VIF));
}

static void iret_real(CPUX86State *env, unsigned osize, uintptr_t ra)
{
    bool vm86 = x86_is_vm86(env), limited = vm86 && x86_iopl(env) < 3;

    if (limited && !((env->cr[4] & CR4_VME) && osize == 2)) {
        x86_gp(env, 0, ra);
    }
    FarReturn r = pop_return(env, osize, true, ra);
    if (limited) {
        iret_vme(env, &r);
        return;
    }
    return_real(env, &r, 0);
    uint32_t mask = vm86 ? EFL_WRITABLE & ~EFL_IOPL : EFL_WRITABLE;
    x86_eflags_set(env, r.eflags, osize == 2 ? mask & 0xffff : mask);
}

void helper_iret(CPUX86State *env, uint32_t osize, uint64_t next_eip)
{
    uintptr_t ra = GETPC();
    bool resumes = false;

    if (!x86_is_protected(env)) {
        iret_real(env, osize, ra);
    } else if (env->eflags & EFL_NT) {
        iret_task(env, next_eip, ra);
    } else {
        FarReturn r = pop_return(env, osize, true, ra);
        if ((r.eflags & EFL_VM) && osize == 4 && x86_cpl(env) == 0 && !x86_is_long(env)) {
            iret_to_vm86(env, &r);
        } else {
            return_to(env, &r, 0);
        }
        resumes = r.eflags & EFL_RF;
    }
    env->nmi_blocked = 0;
    if (G_UNLIKELY(resumes)) {
        x86_debug_resume(env);
    }
}

/* ---- fast system calls ---- */

#define FLAT_DATA (DESC_G | DESC_B | DESC_P | DESC_S | DESC_W | DESC_A)
#define FLAT_CODE (DESC_G | DESC_P | DESC_S | DESC_CS | DESC_R | DESC_A)

static void load_flat(CPUX86State *env, uint16_t cs, uint16_t ss, unsigned cpl, bool code64)
{
    uint32_t dpl = cpl << DESC_DPL_SHIFT;

    x86_set_cpl(env, cpl);
    x86_load_seg_cache(env, R_CS, cs, 0, 0xffffffff,
                       FLAT_CODE | dpl | (code64 ? DESC_L : DESC_B));
    x86_load_seg_cache(env, R_SS, ss, 0, 0xffffffff, FLAT_DATA | dpl);
}

void helper_sysenter(CPUX86State *env)
{
    uint16_t sel = env->sysenter_cs & ~3;
    bool lma = x86_is_long(env);

    if (!(env->hflags & HF_PE) || !sel) {
        x86_gp(env, 0, GETPC());
    }
    x86_eflags_set(env, 0, EFL_VM | EFL_IF | EFL_RF);
    load_flat(env, sel, (uint16_t)(sel + 8), 0, lma);
    env->regs[R_ESP] = lma ? env->sysenter_esp : (uint32_t)env->sysenter_esp;
    env->eip = lma ? env->sysenter_eip : (uint32_t)env->sysenter_eip;
}

void helper_sysexit(CPUX86State *env, uint32_t osize)
{
    uintptr_t ra = GETPC();
    uint16_t sel = env->sysenter_cs & ~3;
    bool to64 = osize == 8;
    uint64_t rsp = env->regs[R_ECX], rip = env->regs[R_EDX];

    if (!x86_is_protected(env) || x86_cpl(env) != 0 || !sel
        || (to64 && (!x86_canonical(env, rsp) || !x86_canonical(env, rip)))) {
        x86_gp(env, 0, ra);
    }
    sel = (uint16_t)(sel + (to64 ? 32 : 16));
    load_flat(env, sel | 3, (uint16_t)(sel + 8) | 3, 3, to64);
    env->regs[R_ESP] = to64 ? rsp : (uint32_t)rsp;
    env->eip = to64 ? rip : (uint32_t)rip;
}

/* A user program's system call leaves to linux-user with the registers as hardware sets them. */
static G_NORETURN void user_syscall(CPUX86State *env, uint64_t next_eip, uintptr_t ra)
{
    CPUState *cpu = x86_cpu(env);

    if (ra) {
        cpu_restore_state(cpu, ra);
    }
    env->regs[R_R11] = x86_eflags_get(env) & ~EFL_RF;
    env->regs[R_ECX] = next_eip;
    env->eip = next_eip;
    cpu->exception_index = EXCP_SYSCALL;
    cpu_loop_exit(cpu);
}

static bool is_amd(const CPUX86State *env)
{
    return !strcmp(env->vendor, "AuthenticAMD") || !strcmp(env->vendor, "HygonGenuine");
}

static void syscall_legacy(CPUX86State *env, uint64_t next_eip)
{
    uint16_t sel = (uint16_t)(env->star >> 32) & ~3;

    env->regs[R_ECX] = (uint32_t)next_eip;
    x86_eflags_set(env, 0, EFL_IF | EFL_VM | EFL_RF);
    load_flat(env, sel, (uint16_t)(sel + 8), 0, false);
    env->eip = (uint32_t)env->star;
}

void helper_syscall(CPUX86State *env, uint64_t next_eip)
{
    uintptr_t ra = GETPC();
    uint16_t sel = (uint16_t)(env->star >> 32) & ~3;
    bool code64 = x86_is_code64(env);

    if (env->is_user) {
        user_syscall(env, next_eip, ra);
    }
    if (!(env->efer & EFER_SCE) || (!code64 && !is_amd(env))) {
        x86_raise(env, EXCP06_ILLOP, ra);
    }
    if (!x86_is_long(env)) {
        syscall_legacy(env, next_eip);
        return;
    }
    env->regs[R_ECX] = code64 ? next_eip : (uint32_t)next_eip;
    env->regs[R_R11] = x86_eflags_get(env) & ~EFL_RF;
    x86_eflags_set(env, 0, (uint32_t)env->fmask & (EFL_WRITABLE | EFL_VIF | EFL_VIP));
    load_flat(env, sel, (uint16_t)(sel + 8), 0, true);
    env->eip = code64 ? env->lstar : env->cstar;
}

void helper_sysret(CPUX86State *env, uint32_t osize)
{
    uintptr_t ra = GETPC();
    uint16_t sel = (uint16_t)(env->star >> 48);
    bool lma = x86_is_long(env), to64 = osize == 8;

    if (!(env->efer & EFER_SCE) || (!x86_is_code64(env) && !is_amd(env))) {
        x86_raise(env, EXCP06_ILLOP, ra);
    }
    if (!x86_is_protected(env) || x86_cpl(env) != 0
        || (to64 && !x86_canonical(env, env->regs[R_ECX]))) {
        x86_gp(env, 0, ra);
    }
    env->eip = to64 ? env->regs[R_ECX] : (uint32_t)env->regs[R_ECX];
    if (lma) {
        x86_eflags_set(env, (uint32_t)env->regs[R_R11], EFL_WRITABLE | EFL_VIF | EFL_VIP);
    } else {
        x86_eflags_set(env, EFL_IF, EFL_IF);
    }
    load_flat(env, (uint16_t)(sel + (to64 ? 16 : 0)) | 3, (uint16_t)(sel + 8) | 3, 3, to64);
}
