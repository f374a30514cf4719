/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions and interrupts: from a mistake in an instruction or a request line to the handler.
 *
 *   x86_raise*()  ── merges with a delivery under way (double, triple fault) ──> run loop
 *   run loop ──> x86_do_exception() ──> deliver() ──> real | protected | long
 *   run loop ──> x86_do_interrupt() ──> INIT, SIPI, NMI, maskable ──> deliver()
 *
 * Source: Intel SDM vol. 3, chapters 6 and 20.
 */
#include <inttypes.h>
#include "target/i386/debug.h"
#include "target/i386/seg.h"
#include "util/log.h"
#include "util/main-loop.h"

void (*x86_triple_fault)(CPUState *cpu);
int (*x86_pic_ack)(void *opaque);
void *x86_pic_opaque;

enum { BENIGN, CONTRIBUTORY, PAGE };

typedef struct ExcpInfo {
    bool has_code;          /* pushes an error code */
    bool fault;             /* RF is set in the pushed flags */
    uint8_t class;
    const char *name;
} ExcpInfo;

static const ExcpInfo excp_info[32] = {
    /*                   code   fault  class          name */
    [EXCP00_DIVZ]    = { false, true,  CONTRIBUTORY, "#DE" },
    [EXCP01_DB]      = { false, false, BENIGN,       "#DB" },
    [EXCP02_NMI]     = { false, false, BENIGN,       "NMI" },
    [EXCP03_INT3]    = { false, false, BENIGN,       "#BP" },
    [EXCP04_INTO]    = { false, false, BENIGN,       "#OF" },
    [EXCP05_BOUND]   = { false, true,  BENIGN,       "#BR" },
    [EXCP06_ILLOP]   = { false, true,  BENIGN,       "#UD" },
    [EXCP07_PREX]    = { false, true,  BENIGN,       "#NM" },
    [EXCP08_DBLE]    = { true,  false, BENIGN,       "#DF" },
    [EXCP09_XERR]    = { false, true,  BENIGN,       "coprocessor overrun" },
    [EXCP0A_TSS]     = { true,  true,  CONTRIBUTORY, "#TS" },
    [EXCP0B_NOSEG]   = { true,  true,  CONTRIBUTORY, "#NP" },
    [EXCP0C_STACK]   = { true,  true,  CONTRIBUTORY, "#SS" },
    [EXCP0D_GPF]     = { true,  true,  CONTRIBUTORY, "#GP" },
    [EXCP0E_PAGE]    = { true,  true,  PAGE,         "#PF" },
    [EXCP10_COPR]    = { false, true,  BENIGN,       "#MF" },
    [EXCP11_ALGN]    = { true,  true,  BENIGN,       "#AC" },
    [EXCP12_MCHK]    = { false, false, BENIGN,       "#MC" },
    [EXCP13_SIMD]    = { false, true,  BENIGN,       "#XM" },
};

static const ExcpInfo *excp(int vector)
{
    static const ExcpInfo none = { .name = "interrupt" };

    return vector >= 0 && vector < 32 ? &excp_info[vector] : &none;
}

/* ---- raising ---- */

/* One vCPU gives up: the board resets the machine; until then it sleeps. */
static void triple_fault(CPUX86State *env)
{
    CPUState *cpu = x86_cpu(env);
    bool locked = bql_held();

    if (log_on(LOG_INT | LOG_RESET)) {
        FILE *f = log_lock();
        fprintf(f, "Triple fault\n");
        cpu_dump_state(cpu, f);
        log_unlock(f);
    }
    env->old_exception = -1;
    if (!locked) {
        bql_lock();
    }
    if (x86_triple_fault) {
        x86_triple_fault(cpu);
    }
    cpu->halted = true;
    env->wait_sipi = true;
    if (!locked) {
        bql_unlock();
    }
    cpu->exception_index = EXCP_HLT;
}

/* What happens when @vector comes up while env->old_exception is being delivered. */
static void merge_exceptions(CPUX86State *env, int *vector, uint32_t *error_code)
{
    int first_class = excp(env->old_exception)->class, second_class = excp(*vector)->class;

    if (env->old_exception == EXCP08_DBLE) {
        *vector = -1;
    } else if (env->old_exception >= 0
               && ((first_class == CONTRIBUTORY && second_class == CONTRIBUTORY)
                   || (first_class == PAGE && second_class != BENIGN))) {
        *vector = EXCP08_DBLE;
        *error_code = 0;
    }
    env->old_exception = -1;
}

void x86_raise_err(CPUX86State *env, int vector, uint32_t error_code, uintptr_t ra)
{
    CPUState *cpu = x86_cpu(env);

    env->exception_is_int = false;
    if (env->is_user) {
        env->trapno = (uint8_t)vector;
        env->error_code = error_code;
        cpu->exception_index = EXCP_USER_TRAP;
        cpu_loop_exit_restore(cpu, ra);
    }
    log_if(LOG_INT, "check_exception old: 0x%x new 0x%x\n", env->old_exception, vector);
    merge_exceptions(env, &vector, &error_code);
    if (vector < 0) {
        if (ra) {
            cpu_restore_state(cpu, ra);
        }
        triple_fault(env);
        cpu_loop_exit(cpu);
    }
    env->error_code = error_code;
    cpu->exception_index = vector;
    cpu_loop_exit_restore(cpu, ra);
}

void x86_raise(CPUX86State *env, int vector, uintptr_t ra)
{
    x86_raise_err(env, vector, 0, ra);
}

/* ---- delivery ---- */

typedef struct Delivery {
    CPUX86State *env;
    unsigned vector;
    bool is_int;            /* INT n, INT3, INTO: gate DPL counts, EXT is 0 */
    bool has_code;
    uint32_t error_code;
    uint32_t ext;           /* bit 0 of error codes of faults on the way */
    uint64_t eip;           /* return address */
    uint32_t eflags;        /* pushed */
} Delivery;

static void deliver_real(const Delivery *d)
{
    CPUX86State *env = d->env;
    uint32_t ofs = d->vector * 4;

    if (ofs + 3 > env->idt.limit) {
        x86_gp(env, ofs * 2 + 2, 0);
    }
    uint32_t target = (uint32_t)x86_sys_ld(env, env->idt.base + ofs, 4, 0);
    Stack s = x86_stack_now(env, 0);
    x86_stk_push(&s, 2, d->eflags);
    x86_stk_push(&s, 2, env->segs[R_CS].selector);
    x86_stk_push(&s, 2, d->eip);
    x86_stack_set_sp(env, s.mask, s.sp);
    env->eip = target & 0xffff;
    x86_load_seg_cache(env, R_CS, (uint16_t)(target >> 16), target >> 16 << 4,
                       env->segs[R_CS].limit, env->segs[R_CS].flags);
    x86_eflags_set(env, 0, EFL_IF | EFL_TF | EFL_AC | EFL_RF);
}

static uint32_t gate_error(const Delivery *d)
{
    return d->vector * 8 + 2 + d->ext;
}

typedef struct Gate { uint32_t w[4]; unsigned type; uint16_t sel; uint64_t offset; } Gate;

/* Reads and checks the gate. Types 14, 15 and, outside of long mode, 5, 6, 7. */
static Gate read_gate(const Delivery *d, bool lma)
{
    CPUX86State *env = d->env;
    uint32_t ofs = d->vector * (lma ? 16 : 8);
    Gate g = { 0 };

    if (ofs + (lma ? 15 : 7) > env->idt.limit) {
        x86_gp(env, gate_error(d), 0);
    }
    uint64_t lo = x86_sys_ld(env, env->idt.base + ofs, 8, 0);
    g.w[0] = (uint32_t)lo;
    g.w[1] = (uint32_t)(lo >> 32);
    g.w[2] = lma ? (uint32_t)x86_sys_ld(env, env->idt.base + ofs + 8, 4, 0) : 0;
    g.type = (g.w[1] >> 8) & 31;            /* S must be 0 */
    g.sel = (uint16_t)(g.w[0] >> 16);
    g.offset = (uint64_t)g.w[2] << 32 | (g.w[1] & 0xffff0000) | (g.w[0] & 0xffff);
    bool known = g.type == SYS_INT32 || g.type == SYS_TRAP32
                 || (!lma && g.type >= SYS_TASK && g.type <= SYS_TRAP16);
    if (!known || (d->is_int && desc_dpl(g.w[1]) < x86_cpl(env))) {
        x86_gp(env, gate_error(d), 0);
    }
    if (!(g.w[1] & DESC_P)) {
        x86_raise_err(env, EXCP0B_NOSEG, gate_error(d), 0);
    }
    if (!lma && !(g.type & 8)) {
        g.offset &= 0xffff;
    }
    return g;
}

/* The handler's code segment; returns the privilege it runs at. */
static unsigned handler_cs(const Delivery *d, const Gate *g, Desc *cs, bool lma)
{
    CPUX86State *env = d->env;
    unsigned cpl = x86_cpl(env);
    uint32_t err = (g->sel & ~3) | d->ext;

    if (!(g->sel & ~3)) {
        x86_gp(env, d->ext, 0);
    }
    x86_need_desc(env, g->sel, cs, EXCP0D_GPF, d->ext, 0);
    if (!DESC_IS_CODE(cs->hi) || desc_dpl(cs->hi) > cpl
        || (lma && (cs->hi & (DESC_L | DESC_B)) != DESC_L)) {
        x86_gp(env, err, 0);
    }
    if (!(cs->hi & DESC_P)) {
        x86_raise_err(env, EXCP0B_NOSEG, err, 0);
    }
    unsigned new_cpl = cs->hi & DESC_C ? cpl : desc_dpl(cs->hi);
    if (x86_is_vm86(env) && new_cpl != 0) {
        x86_gp(env, err, 0);
    }
    return new_cpl;
}

static void clear_flags_for_handler(CPUX86State *env, bool interrupt_gate)
{
    x86_eflags_set(env, 0, EFL_TF | EFL_VM | EFL_RF | EFL_NT | (interrupt_gate ? EFL_IF : 0));
}

static void deliver_by_task(const Delivery *d, const Gate *g)
{
    CPUX86State *env = d->env;
    Desc tss;

    if ((g->sel & 4) || !x86_read_desc(env, g->sel, &tss, 0)) {
        x86_gp(env, (g->sel & ~3) | d->ext, 0);
    }
    if ((tss.hi & DESC_S) || (desc_type(tss.hi) & 7) != SYS_TSS16) {
        x86_gp(env, (g->sel & ~3) | d->ext, 0);
    }
    if (!(tss.hi & DESC_P)) {
        x86_raise_err(env, EXCP0B_NOSEG, (g->sel & ~3) | d->ext, 0);
    }
    x86_task_switch(env, g->sel, &tss, TASK_CALL, d->eip, 0);
    if (d->has_code) {
        Stack s = x86_stack_now(env, 0);
        x86_stk_push(&s, desc_type(env->tr.flags) & 8 ? 4 : 2, d->error_code);
        x86_stack_set_sp(env, s.mask, s.sp);
    }
}

static void push_vm86_segs(CPUX86State *env, Stack *s, unsigned bytes)
{
    static const uint8_t order[] = { R_GS, R_FS, R_DS, R_ES };

    for (unsigned i = 0; i < sizeof(order); i++) {
        x86_stk_push(s, bytes, env->segs[order[i]].selector);
    }
}

static void drop_vm86_segs(CPUX86State *env)
{
    static const uint8_t data_segs[] = { R_GS, R_FS, R_DS, R_ES };

    for (unsigned i = 0; i < sizeof(data_segs); i++) {
        x86_load_seg_cache(env, data_segs[i], 0, 0, 0, 0);
    }
}

static void deliver_protected(const Delivery *d)
{
    CPUX86State *env = d->env;
    Gate g = read_gate(d, false);
    bool vm86 = x86_is_vm86(env);
    Desc cs, ss_desc;
    uint16_t ss = 0;

    if (g.type == SYS_TASK) {
        deliver_by_task(d, &g);
        return;
    }
    unsigned bytes = g.type & 8 ? 4 : 2, cpl = handler_cs(d, &g, &cs, false);
    bool inner = cpl < x86_cpl(env);
    Stack s = x86_stack_now(env, 0);
    if (inner) {
        x86_tss_stack(env, cpl, &ss, &ss_desc, &s.sp, d->ext, 0);
        s.base = desc_base(&ss_desc);
        s.mask = x86_stack_mask(env, ss_desc.hi);
        s.mmu_idx = x86_mmu_of_cpl(env, cpl);
    }
    if (g.offset > desc_limit(&cs)) {
        x86_gp(env, d->ext, 0);
    }
    if (vm86) {
        push_vm86_segs(env, &s, bytes);
    }
    if (inner) {
        x86_stk_push(&s, bytes, env->segs[R_SS].selector);
        x86_stk_push(&s, bytes, env->regs[R_ESP]);
    }
    x86_stk_push(&s, bytes, d->eflags);
    x86_stk_push(&s, bytes, env->segs[R_CS].selector);
    x86_stk_push(&s, bytes, d->eip);
    if (d->has_code) {
        x86_stk_push(&s, bytes, d->error_code);
    }
    x86_mark_accessed(env, g.sel, &cs, 0);
    if (inner) {
        x86_mark_accessed(env, ss, &ss_desc, 0);
    }
    /* nothing faults from here on */
    clear_flags_for_handler(env, !(g.type & 1));
    x86_set_cpl(env, cpl);
    if (vm86) {
        drop_vm86_segs(env);
    }
    if (inner) {
        x86_load_desc(env, R_SS, ss, &ss_desc);
    }
    x86_stack_set_sp(env, s.mask, s.sp);
    x86_load_desc(env, R_CS, (uint16_t)((g.sel & ~3) | cpl), &cs);
    env->eip = g.offset;
}

static void deliver_long(const Delivery *d)
{
    CPUX86State *env = d->env;
    Gate g = read_gate(d, true);
    Desc cs;
    unsigned cpl = handler_cs(d, &g, &cs, true), ist = g.w[1] & 7;
    bool inner = cpl < x86_cpl(env);
    Stack s = { .env = env, .mask = ~(uint64_t)0, .sp = env->regs[R_ESP],
                .mmu_idx = x86_mmu_of_cpl(env, cpl) };

    if (!x86_canonical(env, g.offset)) {
        x86_gp(env, d->ext, 0);
    }
    if (ist) {
        s.sp = x86_tss_rsp(env, 3 + ist, d->ext, 0);
    } else if (inner) {
        s.sp = x86_tss_rsp(env, cpl, d->ext, 0);
    }
    s.sp &= ~(uint64_t)15;
    x86_stk_push(&s, 8, env->segs[R_SS].selector);
    x86_stk_push(&s, 8, env->regs[R_ESP]);
    x86_stk_push(&s, 8, d->eflags);
    x86_stk_push(&s, 8, env->segs[R_CS].selector);
    x86_stk_push(&s, 8, d->eip);
    if (d->has_code) {
        x86_stk_push(&s, 8, d->error_code);
    }
    x86_mark_accessed(env, g.sel, &cs, 0);
    /* nothing faults from here on */
    clear_flags_for_handler(env, !(g.type & 1));
    x86_set_cpl(env, cpl);
    if (inner) {
        x86_load_seg_cache(env, R_SS, (uint16_t)cpl, 0, 0xffffffff,
                           DESC_S | DESC_W | DESC_A | DESC_B | cpl << DESC_DPL_SHIFT);
    }
    env->regs[R_ESP] = s.sp;
    x86_load_desc(env, R_CS, (uint16_t)((g.sel & ~3) | cpl), &cs);
    env->eip = g.offset;
}

static void log_delivery(const Delivery *d)
{
    static int count;
    CPUX86State *env = d->env;
    FILE *f = log_lock();

    fprintf(f, "%6d: v=%02x e=%04x i=%d cpl=%u IP=%04x:%016" PRIx64 " SP=%04x:%016" PRIx64,
            count++, d->vector, d->error_code, d->is_int, x86_cpl(env),
            env->segs[R_CS].selector, d->eip, env->segs[R_SS].selector, env->regs[R_ESP]);
    if (d->vector == EXCP0E_PAGE) {
        fprintf(f, " CR2=%016" PRIx64 "\n", env->cr[2]);
    } else {
        fprintf(f, " env->regs[R_EAX]=%016" PRIx64 "\n", env->regs[R_EAX]);
    }
    cpu_dump_state(x86_cpu(env), f);
    log_unlock(f);
}

static void deliver(Delivery *d)
{
    CPUX86State *env = d->env;

    d->eflags = x86_eflags_get(env) & ~EFL_RF;
    if (!d->is_int && d->vector < 32 && excp(d->vector)->fault) {
        d->eflags |= EFL_RF;
    }
    if (log_on(LOG_INT)) {
        log_delivery(d);
    }
    if (!(env->hflags & HF_PE)) {
        deliver_real(d);
    } else if (x86_is_long(env)) {
        deliver_long(d);
    } else {
        deliver_protected(d);
    }
    env->hflags &= ~HF_INHIBIT_IRQ;
    env->old_exception = -1;
    if (G_UNLIKELY(env->debug_armed || env->debug_step)) {
        x86_debug_delivered(env);
    }
}

/* cpu->exception_index, raised by an instruction, goes to the guest. */
void x86_do_exception(CPUState *cpu)
{
    CPUX86State *env = x86_env(cpu);
    bool is_int = env->exception_is_int;
    Delivery d = { .env = env, .vector = (unsigned)cpu->exception_index & 0xff, .is_int = is_int,
                   .has_code = !is_int && excp(cpu->exception_index)->has_code,
                   .error_code = env->error_code, .ext = !is_int,
                   .eip = is_int ? env->exception_next_eip : env->eip };

    if (!(env->hflags & HF_PE)) {
        d.has_code = false;
    }
    env->exception_is_int = false;
    env->old_exception = is_int ? -1 : (int)d.vector;
    if (d.vector == EXCP01_DB && !is_int) {
        env->dr[7] &= ~(uint64_t)(1 << 13);     /* GD */
    }
    deliver(&d);                /* the run loop clears exception_index */
}

/* ---- interrupts ---- */

static void deliver_external(CPUX86State *env, unsigned vector)
{
    Delivery d = { .env = env, .vector = vector, .ext = 1, .eip = env->eip };

    env->old_exception = -1;
    env->exception_is_int = false;
    x86_cpu(env)->halted = false;
    deliver(&d);
}

static bool hard_allowed(const CPUX86State *env)
{
    return (env->eflags & EFL_IF) && !(env->hflags & HF_INHIBIT_IRQ);
}

/* INIT leaves x87/SSE, MSRs but the APIC's, and the cache bits of CR0 alone. */
static void do_init(CPUState *cpu)
{
    CPUX86State *env = x86_env(cpu);
    CPUX86State *keep = g_memdup2(env, sizeof(*env));
    uint32_t mxcsr = x86_mxcsr_get(env);

    x86_cpu_reset(cpu);
    env->cr[0] = (keep->cr[0] & (CR0_CD | CR0_NW)) | CR0_ET;
    memcpy(env->xmm, keep->xmm, offsetof(CPUX86State, ldt) - offsetof(CPUX86State, xmm));
    x86_mxcsr_set(env, mxcsr);
    env->xcr0 = keep->xcr0;
    env->xss = keep->xss;
    env->star = keep->star;
    env->lstar = keep->lstar;
    env->cstar = keep->cstar;
    env->fmask = keep->fmask;
    env->kernelgsbase = keep->kernelgsbase;
    env->sysenter_cs = keep->sysenter_cs;
    env->sysenter_esp = keep->sysenter_esp;
    env->sysenter_eip = keep->sysenter_eip;
    env->tsc_offset = keep->tsc_offset;
    env->tsc_adjust = keep->tsc_adjust;
    env->tsc_aux = keep->tsc_aux;
    env->pat = keep->pat;
    env->misc_enable = keep->misc_enable;
    env->spec_ctrl = keep->spec_ctrl;
    memcpy(env->mtrr_fixed, keep->mtrr_fixed,
           offsetof(CPUX86State, error_code) - offsetof(CPUX86State, mtrr_fixed));
    g_free(keep);
    x86_update_hflags(env);
    if (env->apic_ops && env->apic_ops->init) {
        env->apic_ops->init(env->apic);
    }
    cpu->halted = !env->is_bsp;
    env->wait_sipi = !env->is_bsp;
    cpu->exception_index = cpu->halted ? EXCP_HLT : EXCP_NONE;
}

static bool take_init(CPUState *cpu)
{
    cpu_reset_interrupt(cpu, CPU_INTERRUPT_INIT | CPU_INTERRUPT_SIPI);
    log_if(LOG_RESET, "CPU %u: INIT\n", cpu->index);
    do_init(cpu);
    return true;
}

static bool take_sipi(CPUState *cpu)
{
    CPUX86State *env = x86_env(cpu);

    cpu_reset_interrupt(cpu, CPU_INTERRUPT_SIPI);
    if (!env->wait_sipi) {
        return false;
    }
    log_if(LOG_RESET, "CPU %u: SIPI vector %02x\n", cpu->index, cpu->sipi_vector);
    env->wait_sipi = false;
    env->eip = 0;
    x86_load_seg_cache(env, R_CS, (uint16_t)(cpu->sipi_vector << 8),
                       (uint64_t)cpu->sipi_vector << 12, env->segs[R_CS].limit,
                       env->segs[R_CS].flags);
    cpu->halted = false;
    cpu->exception_index = EXCP_NONE;
    return true;
}

static bool take_smi(CPUState *cpu)
{
    cpu_reset_interrupt(cpu, CPU_INTERRUPT_SMI);
    guest_unimp("x86: SMI ignored");
    return false;
}

static bool take_nmi(CPUState *cpu)
{
    CPUX86State *env = x86_env(cpu);

    if (env->nmi_blocked || (env->hflags & HF_INHIBIT_IRQ)) {
        return false;
    }
    cpu_reset_interrupt(cpu, CPU_INTERRUPT_NMI);
    env->nmi_blocked = 1;
    deliver_external(env, EXCP02_NMI);
    return true;
}

static int ack(CPUX86State *env)
{
    if (env->apic_ops) {
        return env->apic_ops->ack(env->apic);
    }
    return x86_pic_ack ? x86_pic_ack(x86_pic_opaque) : -1;
}

static bool take_hard(CPUState *cpu)
{
    CPUX86State *env = x86_env(cpu);

    if (!hard_allowed(env)) {
        return false;
    }
    int vector = ack(env);
    if (vector < 0) {
        cpu_reset_interrupt(cpu, CPU_INTERRUPT_HARD);
        return false;
    }
    log_if(LOG_INT, "Servicing hardware INT=0x%02x\n", vector);
    deliver_external(env, (unsigned)vector & 0xff);
    return true;
}

static bool take_poll(CPUState *cpu)
{
    cpu_reset_interrupt(cpu, CPU_INTERRUPT_POLL);
    return take_hard(cpu);
}

/* Requests by falling priority. */
static const struct {
    uint32_t bit;
    bool (*take)(CPUState *cpu);
} requests[] = {
    { CPU_INTERRUPT_INIT, take_init },
    { CPU_INTERRUPT_SIPI, take_sipi },
    { CPU_INTERRUPT_SMI, take_smi },
    { CPU_INTERRUPT_NMI, take_nmi },
    { CPU_INTERRUPT_POLL, take_poll },
    { CPU_INTERRUPT_HARD, take_hard },
};

bool x86_do_interrupt(CPUState *cpu, uint32_t pending)
{
    CPUX86State *env = x86_env(cpu);

    if (env->wait_sipi) {
        pending &= CPU_INTERRUPT_INIT | CPU_INTERRUPT_SIPI;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(requests); i++) {
        if ((pending & requests[i].bit) && requests[i].take(cpu)) {
            return true;
        }
    }
    return false;
}

bool x86_has_work(CPUState *cpu)
{
    CPUX86State *env = x86_env(cpu);
    uint32_t pending = __atomic_load_n(&cpu->interrupt_request, __ATOMIC_RELAXED);
    uint32_t wake = CPU_INTERRUPT_INIT | CPU_INTERRUPT_SIPI;

    if (!env->wait_sipi) {
        wake |= CPU_INTERRUPT_SMI | CPU_INTERRUPT_POLL;
        wake |= env->nmi_blocked ? 0 : CPU_INTERRUPT_NMI;
        wake |= env->eflags & EFL_IF ? CPU_INTERRUPT_HARD : 0;
    }
    return pending & wake;
}
