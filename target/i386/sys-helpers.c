/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System instructions that generated code calls: segment registers, tables, control and debug
 * registers, MSRs, time, ports. Control transfers are in far.c, interrupts in int-helpers.c.
 */
#include <sched.h>
#include <sys/random.h>
#include "memory/memory.h"
#include "target/i386/debug.h"
#include "target/i386/seg.h"
#include "target/i386/sys-helpers.h"
#include "util/main-loop.h"

/* ---- the table ---- */

#define HLP_ARG(t) (IR_##t != IR_VOID)
#define SYS_HELPER(n, f, r, a2, a3, a4, a5) \
    const IrHelper hlp_##n = { .name = #n, .fn = (void *)helper_##n, .flags = (f), .ret = IR_##r, \
        .n_args = 1 + HLP_ARG(a2) + HLP_ARG(a3) + HLP_ARG(a4) + HLP_ARG(a5), \
        .args = { IR_I64, IR_##a2, IR_##a3, IR_##a4, IR_##a5 } };
#include "target/i386/sys-helpers.def"
#undef SYS_HELPER

/* ---- checks ---- */

static void need_cpl0(CPUX86State *env, uintptr_t ra)
{
    if (x86_cpl(env) != 0) {
        x86_gp(env, 0, ra);
    }
}

static void need_no_umip(CPUX86State *env, uintptr_t ra)
{
    if ((env->hflags & HF_UMIP) && x86_cpl(env) != 0) {
        x86_gp(env, 0, ra);
    }
}

static void need_protected(CPUX86State *env, uintptr_t ra)
{
    if (!x86_is_protected(env)) {
        x86_raise(env, EXCP06_ILLOP, ra);
    }
}

/* arithmetic flags changed in bits of @mask to @val */
static void set_cc(CPUX86State *env, uint32_t val, uint32_t mask)
{
    uint32_t cc = x86_cc_compute(env->cc_dst, env->cc_src, env->cc_src2, env->cc_op);

    env->cc_src = (cc & ~mask) | val;
    env->cc_op = CC_OP_FLAGS;
}

/* Devices run with the emulator's own floating-point settings and the big lock. */
static void enter_devices(CPUX86State *env)
{
    tcg_fp_leave(env);
    bql_lock();
}

static void leave_devices(CPUX86State *env)
{
    bql_unlock();
    tcg_fp_enter(env);
}

/* ---- segments ---- */

void helper_load_seg(CPUX86State *env, uint32_t seg, uint32_t selector)
{
    x86_mov_seg(env, (int)seg, (uint16_t)selector, GETPC());
}

void helper_swapgs(CPUX86State *env)
{
    uint64_t gs = env->segs[R_GS].base;

    need_cpl0(env, GETPC());
    env->segs[R_GS].base = env->kernelgsbase;
    env->kernelgsbase = gs;
}

void helper_check_fsgsbase(CPUX86State *env)
{
    if (!env->is_user && !(env->cr[4] & CR4_FSGSBASE)) {
        x86_raise(env, EXCP06_ILLOP, GETPC());
    }
}

void helper_wrsegbase(CPUX86State *env, uint32_t seg, uint64_t value)
{
    uintptr_t ra = GETPC();

    if (!env->is_user && !(env->cr[4] & CR4_FSGSBASE)) {
        x86_raise(env, EXCP06_ILLOP, ra);
    }
    if (!x86_canonical(env, value)) {
        x86_gp(env, 0, ra);
    }
    env->segs[seg].base = value;
}

/* LLDT and LTR: a system descriptor of type @type_mask from the GDT, present */
static void read_system_desc(CPUX86State *env, uint16_t sel, uint32_t type_mask, Desc *d,
                             uintptr_t ra)
{
    if (sel & 4) {
        x86_gp(env, sel & ~3, ra);
    }
    x86_need_desc(env, sel, d, EXCP0D_GPF, 0, ra);
    if ((d->hi & DESC_S) || !(type_mask >> desc_type(d->hi) & 1)) {
        x86_gp(env, sel & ~3, ra);
    }
    if (!(d->hi & DESC_P)) {
        x86_raise_err(env, EXCP0B_NOSEG, sel & ~3, ra);
    }
    if (x86_is_long(env)) {
        x86_read_desc_hi2(env, sel, d, ra);
        if (!x86_canonical(env, desc_base(d) | (uint64_t)d->hi2 << 32)) {
            x86_gp(env, sel & ~3, ra);
        }
    }
}

static SegmentCache system_cache(uint16_t sel, const Desc *d)
{
    return (SegmentCache){ .selector = sel, .base = desc_base(d) | (uint64_t)d->hi2 << 32,
                           .limit = desc_limit(d), .flags = DESC_FLAGS(d->hi) };
}

void helper_lldt(CPUX86State *env, uint32_t sel)
{
    uintptr_t ra = GETPC();
    Desc d = { 0 };

    need_protected(env, ra);
    need_cpl0(env, ra);
    if (!(sel & 0xfffc)) {
        env->ldt = (SegmentCache){ .selector = (uint16_t)sel };
        return;
    }
    read_system_desc(env, (uint16_t)sel, 1u << SYS_LDT, &d, ra);
    env->ldt = system_cache((uint16_t)sel, &d);
}

void helper_ltr(CPUX86State *env, uint32_t sel)
{
    uintptr_t ra = GETPC();
    uint32_t types = x86_is_long(env) ? 1u << SYS_TSS32 : 1u << SYS_TSS32 | 1u << SYS_TSS16;
    Desc d = { 0 };

    need_protected(env, ra);
    need_cpl0(env, ra);
    if (!(sel & 0xfffc)) {
        x86_gp(env, 0, ra);
    }
    read_system_desc(env, (uint16_t)sel, types, &d, ra);
    d.hi |= 2u << DESC_TYPE_SHIFT;
    x86_sys_st(env, env->gdt.base + (sel & 0xfff8) + 5, d.hi >> 8 & 0xff, 1, ra);
    env->tr = system_cache((uint16_t)sel, &d);
}

uint64_t helper_sldt(CPUX86State *env)
{
    need_protected(env, GETPC());
    need_no_umip(env, GETPC());
    return env->ldt.selector;
}

uint64_t helper_str(CPUX86State *env)
{
    need_protected(env, GETPC());
    need_no_umip(env, GETPC());
    return env->tr.selector;
}

uint64_t helper_smsw(CPUX86State *env)
{
    need_no_umip(env, GETPC());
    return env->cr[0];
}

void helper_load_dtr(CPUX86State *env, uint64_t addr, uint32_t which, uint32_t osize)
{
    uintptr_t ra = GETPC();
    CPUState *cpu = x86_cpu(env);
    MemOp mmu = mo_mmu(x86_mmu_of_cpl(env, x86_cpl(env)));
    bool code64 = x86_is_code64(env);
    uint64_t base_addr = code64 ? addr + 2 : (uint32_t)(addr + 2);

    need_cpl0(env, ra);
    uint64_t limit = cpu_ld(cpu, addr, MO_16 | mmu, ra);
    uint64_t base = cpu_ld(cpu, base_addr, (code64 ? MO_64 : MO_32) | mmu, ra);
    if (code64 && !x86_canonical(env, base)) {
        x86_gp(env, 0, ra);
    }
    if (!code64 && osize == 2) {
        base &= 0xffffff;
    }
    SegmentCache *t = which ? &env->idt : &env->gdt;
    t->base = base;
    t->limit = (uint32_t)limit;
}

void helper_store_dtr(CPUX86State *env, uint64_t addr, uint32_t which, uint32_t osize)
{
    uintptr_t ra = GETPC();
    const SegmentCache *t = which ? &env->idt : &env->gdt;
    uint8_t image[10] = { (uint8_t)t->limit, (uint8_t)(t->limit >> 8) };

    need_no_umip(env, ra);
    for (unsigned i = 0; i < 8; i++) {
        image[2 + i] = (uint8_t)(t->base >> (i * 8));
    }
    cpu_st_bytes(x86_cpu(env), addr, image, x86_is_code64(env) ? 10 : 6,
                 x86_mmu_of_cpl(env, x86_cpl(env)), ra);
}

/* ---- LAR, LSL, VERR, VERW ---- */

/* Descriptor of @sel if it exists; privilege is checked but for conforming code. */
static bool probe_desc(CPUX86State *env, uint32_t sel, uint32_t system_types, Desc *d,
                       uintptr_t ra)
{
    need_protected(env, ra);
    if (!(sel & 0xfffc) || !x86_read_desc(env, (uint16_t)sel, d, ra)) {
        return false;
    }
    if (!(d->hi & DESC_S) && !(system_types >> desc_type(d->hi) & 1)) {
        return false;
    }
    if ((d->hi & (DESC_S | DESC_CS | DESC_C)) == (DESC_S | DESC_CS | DESC_C)) {
        return true;
    }
    unsigned dpl = desc_dpl(d->hi);
    return dpl >= x86_cpl(env) && dpl >= (sel & 3);
}

/* system descriptor types that LAR and LSL accept, outside of and in long mode */
static const uint32_t lar_types[2] = {
    1u << SYS_TSS16 | 1u << SYS_LDT | 1u << SYS_TSS16_BUSY | 1u << SYS_CALL16 | 1u << SYS_TASK
    | 1u << SYS_TSS32 | 1u << SYS_TSS32_BUSY | 1u << SYS_CALL32,
    1u << SYS_LDT | 1u << SYS_TSS32 | 1u << SYS_TSS32_BUSY | 1u << SYS_CALL32,
};
static const uint32_t lsl_types[2] = {
    1u << SYS_TSS16 | 1u << SYS_LDT | 1u << SYS_TSS16_BUSY | 1u << SYS_TSS32
    | 1u << SYS_TSS32_BUSY,
    1u << SYS_LDT | 1u << SYS_TSS32 | 1u << SYS_TSS32_BUSY,
};

uint64_t helper_lar(CPUX86State *env, uint32_t sel, uint64_t old)
{
    Desc d;
    bool ok = probe_desc(env, sel, lar_types[x86_is_long(env)], &d, GETPC());

    set_cc(env, ok ? CC_Z : 0, CC_Z);
    return ok ? d.hi & 0x00f0ff00 : old;
}

uint64_t helper_lsl(CPUX86State *env, uint32_t sel, uint64_t old)
{
    Desc d;
    bool ok = probe_desc(env, sel, lsl_types[x86_is_long(env)], &d, GETPC());

    set_cc(env, ok ? CC_Z : 0, CC_Z);
    return ok ? desc_limit(&d) : old;
}

void helper_verr(CPUX86State *env, uint32_t sel)
{
    Desc d;
    bool ok = probe_desc(env, sel, 0, &d, GETPC()) && (!(d.hi & DESC_CS) || (d.hi & DESC_R));

    set_cc(env, ok ? CC_Z : 0, CC_Z);
}

void helper_verw(CPUX86State *env, uint32_t sel)
{
    Desc d;
    bool ok = probe_desc(env, sel, 0, &d, GETPC()) && (d.hi & (DESC_CS | DESC_W)) == DESC_W;

    set_cc(env, ok ? CC_Z : 0, CC_Z);
}

/* ---- control and debug registers ---- */

uint64_t helper_read_cr(CPUX86State *env, uint32_t n)
{
    uintptr_t ra = GETPC();

    if (n != 8) {
        if (n > 4 || n == 1) {
            x86_raise(env, EXCP06_ILLOP, ra);
        }
        need_cpl0(env, ra);
        return env->cr[n];
    }
    need_cpl0(env, ra);
    if (!env->apic_ops) {
        return env->cr[8];
    }
    enter_devices(env);
    uint64_t tpr = env->apic_ops->get_tpr(env->apic);
    leave_devices(env);
    return tpr >> 4;
}

void helper_write_cr(CPUX86State *env, uint32_t n, uint64_t value)
{
    uintptr_t ra = GETPC();

    if (n == 1 || (n > 4 && n != 8)) {
        x86_raise(env, EXCP06_ILLOP, ra);
    }
    need_cpl0(env, ra);
    if (n == 8) {
        if (value > 15) {
            x86_gp(env, 0, ra);
        }
        enter_devices(env);
        x86_set_cr(env, 8, value, ra);
        leave_devices(env);
    } else {
        x86_set_cr(env, (int)n, value, ra);
    }
}

#define DR6_ONES 0xffff0ff0u
#define DR6_WRITABLE 0x0000e00fu
#define DR7_ONES 0x00000400u
#define DR7_WRITABLE 0xffff23ffu
#define DR7_GD (1u << 13)
#define DR6_BD (1u << 13)

/* DR4 and DR5 are other names of DR6 and DR7 unless CR4.DE */
static unsigned dr_number(CPUX86State *env, uint32_t n, uintptr_t ra)
{
    if (n > 7 || (n == 4 || n == 5 ? env->cr[4] & CR4_DE : 0)) {
        x86_raise(env, EXCP06_ILLOP, ra);
    }
    need_cpl0(env, ra);
    if (env->dr[7] & DR7_GD) {
        env->dr[6] |= DR6_BD;
        x86_raise(env, EXCP01_DB, ra);
    }
    return n == 4 || n == 5 ? n + 2 : n;
}

uint64_t helper_read_dr(CPUX86State *env, uint32_t n)
{
    return env->dr[dr_number(env, n, GETPC())];
}

void helper_write_dr(CPUX86State *env, uint32_t n, uint64_t value)
{
    uintptr_t ra = GETPC();

    n = dr_number(env, n, ra);
    if (n >= 6 && value >> 32) {
        x86_gp(env, 0, ra);
    }
    if (n == 6) {
        value = (value & DR6_WRITABLE) | DR6_ONES;
    } else if (n == 7) {
        value = (value & DR7_WRITABLE) | DR7_ONES;
    }
    env->dr[n] = value;
    if (n != 6) {
        x86_debug_changed(env);
    }
}

void helper_lmsw(CPUX86State *env, uint64_t value)
{
    uintptr_t ra = GETPC();

    need_cpl0(env, ra);
    /* PE can be set but not cleared */
    x86_set_cr(env, 0, (env->cr[0] & ~(uint64_t)(CR0_MP | CR0_EM | CR0_TS)) | (value & 15), ra);
}

void helper_clts(CPUX86State *env)
{
    need_cpl0(env, GETPC());
    env->cr[0] &= ~(uint64_t)CR0_TS;
    env->hflags &= ~HF_TS;
}

void helper_invlpg(CPUX86State *env, uint64_t addr)
{
    need_cpl0(env, GETPC());
    if (!x86_is_long(env)) {
        addr = (uint32_t)addr;
    }
    tlb_flush_page(x86_cpu(env), addr & PAGE_MASK_);
}

void helper_invpcid(CPUX86State *env, uint64_t type, uint64_t addr)
{
    uintptr_t ra = GETPC();
    uint64_t desc[2];

    need_cpl0(env, ra);
    cpu_ld_bytes(x86_cpu(env), addr, desc, 16, x86_mmu_of_cpl(env, 0), ra);
    if (type > 3 || desc[0] >> 12 || (type < 2 && desc[0])
        || (type == 0 && !x86_canonical(env, desc[1]))) {
        x86_gp(env, 0, ra);
    }
    if (type == 0) {
        tlb_flush_page(x86_cpu(env), desc[1] & PAGE_MASK_);
    } else {
        tlb_flush(x86_cpu(env));
    }
}

static void set_ac(CPUX86State *env, uint32_t ac, uintptr_t ra)
{
    if (x86_cpl(env) != 0) {
        x86_raise(env, EXCP06_ILLOP, ra);
    }
    x86_eflags_set(env, ac, EFL_AC);
}

void helper_stac(CPUX86State *env)
{
    set_ac(env, EFL_AC, GETPC());
}

void helper_clac(CPUX86State *env)
{
    set_ac(env, 0, GETPC());
}

static void set_edx_eax(CPUX86State *env, uint64_t val)
{
    env->regs[R_EAX] = (uint32_t)val;
    env->regs[R_EDX] = val >> 32;
}

static uint64_t get_edx_eax(const CPUX86State *env)
{
    return (uint32_t)env->regs[R_EAX] | env->regs[R_EDX] << 32;
}

static void need_osxsave(CPUX86State *env, uintptr_t ra)
{
    if (!env->is_user && !(env->cr[4] & CR4_OSXSAVE)) {
        x86_raise(env, EXCP06_ILLOP, ra);
    }
}

/* ECX 1: components in use, for XGETBV with the feature of that name; we say all enabled */
void helper_xgetbv(CPUX86State *env)
{
    uintptr_t ra = GETPC();
    uint32_t ecx = (uint32_t)env->regs[R_ECX];
    bool in_use = x86_has(env, FEAT_XSAVE, 1u << 2);

    need_osxsave(env, ra);
    if (ecx > (in_use ? 1 : 0)) {
        x86_gp(env, 0, ra);
    }
    set_edx_eax(env, env->xcr0);
}

void helper_xsetbv(CPUX86State *env)
{
    uintptr_t ra = GETPC();
    uint64_t val = get_edx_eax(env);

    need_osxsave(env, ra);
    need_cpl0(env, ra);
    if ((uint32_t)env->regs[R_ECX] != 0 || !(val & 1) || (val & ~(uint64_t)3)) {
        x86_gp(env, 0, ra);
    }
    env->xcr0 = val;
}

/* ---- MSRs, time, identification ---- */

/* no translation looks at an MSR's value but by hflags; the lock is taken by msr.c where needed */
void helper_rdmsr(CPUX86State *env)
{
    uintptr_t ra = GETPC();
    uint64_t val = 0;

    need_cpl0(env, ra);
    tcg_fp_leave(env);
    bool ok = x86_rdmsr(env, (uint32_t)env->regs[R_ECX], &val);
    tcg_fp_enter(env);
    if (!ok) {
        x86_gp(env, 0, ra);
    }
    set_edx_eax(env, val);
}

void helper_wrmsr(CPUX86State *env)
{
    uintptr_t ra = GETPC();

    need_cpl0(env, ra);
    tcg_fp_leave(env);
    bool ok = x86_wrmsr(env, (uint32_t)env->regs[R_ECX], get_edx_eax(env));
    tcg_fp_enter(env);
    if (!ok) {
        x86_gp(env, 0, ra);
    }
}

static void need_tsc(CPUX86State *env, uintptr_t ra)
{
    if ((env->cr[4] & CR4_TSD) && x86_cpl(env) != 0) {
        x86_gp(env, 0, ra);
    }
}

void helper_rdtsc(CPUX86State *env)
{
    need_tsc(env, GETPC());
    set_edx_eax(env, x86_tsc_read(env));
}

void helper_rdtscp(CPUX86State *env)
{
    need_tsc(env, GETPC());
    set_edx_eax(env, x86_tsc_read(env));
    env->regs[R_ECX] = (uint32_t)env->tsc_aux;
}

/* no performance counters are offered in CPUID: every index is wrong */
void helper_rdpmc(CPUX86State *env)
{
    x86_gp(env, 0, GETPC());
}

uint64_t helper_rdpid(CPUX86State *env)
{
    return env->tsc_aux;
}

void helper_cpuid(CPUX86State *env)
{
    uint32_t out[4];

    x86_cpuid(env, (uint32_t)env->regs[R_EAX], (uint32_t)env->regs[R_ECX], out);
    env->regs[R_EAX] = out[0];
    env->regs[R_EBX] = out[1];
    env->regs[R_ECX] = out[2];
    env->regs[R_EDX] = out[3];
}

static uint64_t host_random(CPUX86State *env, uint32_t osize)
{
    uint64_t val = 0;
    bool ok = getrandom(&val, osize, GRND_NONBLOCK) == (ssize_t)osize;

    set_cc(env, ok ? CC_C : 0, CC_ALL);
    return ok ? val : 0;
}

uint64_t helper_rdrand(CPUX86State *env, uint32_t osize)
{
    return host_random(env, osize);
}

uint64_t helper_rdseed(CPUX86State *env, uint32_t osize)
{
    return host_random(env, osize);
}

void helper_vmcall(CPUX86State *env)
{
    uintptr_t ra = GETPC();
    bool ok = false;

    if (!env->is_user) {
        tcg_fp_leave(env);
        ok = x86_hyperv_hypercall(env);
        tcg_fp_enter(env);
    }
    if (!ok) {
        x86_raise(env, EXCP06_ILLOP, ra);
    }
}

/* ---- waiting ---- */

void helper_hlt(CPUX86State *env, uint64_t next_eip)
{
    uintptr_t ra = GETPC();
    CPUState *cpu = x86_cpu(env);

    need_cpl0(env, ra);
    if (ra) {
        cpu_restore_state(cpu, ra);
    }
    env->eip = next_eip;
    env->hflags &= ~HF_INHIBIT_IRQ;
    cpu->halted = true;
    cpu->exception_index = EXCP_HLT;
    cpu_loop_exit(cpu);
}

void helper_pause(CPUX86State *env)
{
    if (cpu_count() > 1 || env->is_user) {
        sched_yield();
    }
}

void helper_monitor(CPUX86State *env, uint64_t addr)
{
    uintptr_t ra = GETPC();

    if (x86_cpl(env) != 0) {
        x86_raise(env, EXCP06_ILLOP, ra);
    }
    if ((uint32_t)env->regs[R_ECX] != 0) {
        x86_gp(env, 0, ra);
    }
    cpu_ld(x86_cpu(env), addr, MO_8 | mo_mmu(x86_mmu_of_cpl(env, 0)), ra);
}

/* any store may have been the one waited for: give the host away and go on */
void helper_mwait(CPUX86State *env, uint64_t next_eip)
{
    uintptr_t ra = GETPC();
    CPUState *cpu = x86_cpu(env);

    if (x86_cpl(env) != 0) {
        x86_raise(env, EXCP06_ILLOP, ra);
    }
    if (ra) {
        cpu_restore_state(cpu, ra);
    }
    env->eip = next_eip;
    env->hflags &= ~HF_INHIBIT_IRQ;
    sched_yield();
    cpu->exception_index = EXCP_NONE;
    cpu_loop_exit(cpu);
}

/* ---- ports ---- */

/* The I/O permission bitmap of the TSS: all bits of the access must be clear. */
static void check_io(CPUX86State *env, uint32_t port, uint32_t bytes, uintptr_t ra)
{
    if (env->is_user) {
        x86_gp(env, 0, ra);
    }
    if (!(env->hflags & HF_PE) || (!x86_is_vm86(env) && x86_cpl(env) <= x86_iopl(env))) {
        return;
    }
    if (!(env->tr.flags & DESC_P) || !(desc_type(env->tr.flags) & 8) || env->tr.limit < 0x67) {
        x86_gp(env, 0, ra);
    }
    uint32_t at = (uint32_t)x86_sys_ld(env, env->tr.base + 0x66, 2, ra) + (port & 0xffff) / 8;
    if (at + 1 > env->tr.limit) {
        x86_gp(env, 0, ra);
    }
    uint32_t bits = (uint32_t)x86_sys_ld(env, env->tr.base + at, 2, ra) >> (port & 7);
    if (bits & ((1u << bytes) - 1)) {
        x86_gp(env, 0, ra);
    }
}

void helper_check_io(CPUX86State *env, uint32_t port, uint32_t bytes)
{
    check_io(env, port, bytes, GETPC());
}

uint64_t helper_in(CPUX86State *env, uint32_t port, uint32_t bytes)
{
    uintptr_t ra = GETPC();
    CPUState *cpu = x86_cpu(env);
    uintptr_t outer_ra = cpu->mem_io_ra;

    check_io(env, port, bytes, ra);
    cpu->mem_io_ra = ra;
    enter_devices(env);
    uint64_t val = address_space_ld(address_space_io, port & 0xffff, bytes, NULL);
    leave_devices(env);
    cpu->mem_io_ra = outer_ra;
    return val;
}

void helper_out(CPUX86State *env, uint32_t port, uint64_t value, uint32_t bytes)
{
    uintptr_t ra = GETPC();
    CPUState *cpu = x86_cpu(env);
    uintptr_t outer_ra = cpu->mem_io_ra;

    check_io(env, port, bytes, ra);
    cpu->mem_io_ra = ra;
    enter_devices(env);
    address_space_st(address_space_io, port & 0xffff, value, bytes);
    leave_devices(env);
    cpu->mem_io_ra = outer_ra;
}
