/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segment registers, descriptor tables, stacks, task switches. Source: Intel SDM vol. 3, 3 to 8. */
#include "target/i386/seg.h"
#include "util/log.h"

int x86_mmu_of_cpl(const CPUX86State *env, unsigned cpl)
{
    if (cpl == 3) {
        return MMU_USER;
    }
    return (env->hflags & (HF_SMAP | HF_AC)) == HF_SMAP ? MMU_KERNEL_NOAC : MMU_KERNEL;
}

static MemOp sys_mo(unsigned bytes, int mmu_idx)
{
    return (MemOp)__builtin_ctz(bytes) | mo_mmu(mmu_idx);
}

static uint64_t linear(const CPUX86State *env, uint64_t gva)
{
    return x86_is_long(env) ? gva : (uint32_t)gva;
}

uint64_t x86_sys_ld(CPUX86State *env, uint64_t gva, unsigned bytes, uintptr_t ra)
{
    return cpu_ld(x86_cpu(env), linear(env, gva), sys_mo(bytes, x86_mmu_implicit(env)), ra);
}

void x86_sys_st(CPUX86State *env, uint64_t gva, uint64_t val, unsigned bytes, uintptr_t ra)
{
    cpu_st(x86_cpu(env), linear(env, gva), val, sys_mo(bytes, x86_mmu_implicit(env)), ra);
}

/* ---- hflags that follow from segments ---- */

#define HF_OF_SEGS (HF_CS32 | HF_CS64 | HF_SS32 | HF_ADDSEG)

static uint32_t hflags_of_segs(const CPUX86State *env)
{
    uint32_t cs = env->segs[R_CS].flags, f = 0;

    if (x86_is_long(env) && (cs & DESC_L)) {
        return HF_CS32 | HF_SS32 | HF_CS64;
    }
    f |= cs & DESC_B ? HF_CS32 : 0;
    f |= env->segs[R_SS].flags & DESC_B ? HF_SS32 : 0;
    if (!x86_is_protected(env) || !(cs & DESC_B)
        || (env->segs[R_DS].base | env->segs[R_ES].base | env->segs[R_SS].base)) {
        f |= HF_ADDSEG;
    }
    return f;
}

void x86_set_cpl(CPUX86State *env, unsigned cpl)
{
    env->hflags = (env->hflags & ~HF_CPL_MASK) | cpl;
}

void x86_load_seg_cache(CPUX86State *env, int seg, uint16_t selector, uint64_t base,
                        uint32_t limit, uint32_t flags)
{
    env->segs[seg] = (SegmentCache){ .base = base, .limit = limit, .flags = flags,
                                     .selector = selector };
    env->hflags = (env->hflags & ~HF_OF_SEGS) | hflags_of_segs(env);
}

static uint32_t hf_if(uint64_t reg, uint64_t bit, uint32_t hf)
{
    return reg & bit ? hf : 0;
}

/**
 * x86_update_hflags - derive hflags from CR0, CR4, EFER, segments and EFLAGS
 * CPL is SS.DPL (3 in virtual-8086 mode, 0 in real mode). HF_INHIBIT_IRQ, HF_FPEXC, HF_USER stay.
 */
void x86_update_hflags(CPUX86State *env)
{
    uint64_t cr0 = env->cr[0], cr4 = env->cr[4];
    uint32_t f = env->hflags & (HF_INHIBIT_IRQ | HF_FPEXC | HF_USER);

    f |= env->eflags & (EFL_TF | EFL_IOPL | EFL_VM | EFL_AC);
    f |= hf_if(cr0, CR0_PE, HF_PE) | hf_if(cr0, CR0_MP, HF_MP) | hf_if(cr0, CR0_EM, HF_EM)
         | hf_if(cr0, CR0_TS, HF_TS) | hf_if(cr0, CR0_WP, HF_WP);
    f |= hf_if(cr4, CR4_OSFXSR, HF_OSFXSR) | hf_if(cr4, CR4_SMAP, HF_SMAP)
         | hf_if(cr4, CR4_OSXSAVE, HF_OSXSAVE) | hf_if(cr4, CR4_FSGSBASE, HF_FSGSBASE)
         | hf_if(cr4, CR4_UMIP, HF_UMIP);
    f |= hf_if(env->efer, EFER_LMA, HF_LMA);
    if (f & HF_VM) {
        f |= 3;
    } else if (f & HF_PE) {
        f |= desc_dpl(env->segs[R_SS].flags);
    }
    env->hflags = f;
    env->hflags |= hflags_of_segs(env);
}

/* ---- descriptors ---- */

bool x86_read_desc(CPUX86State *env, uint16_t sel, Desc *d, uintptr_t ra)
{
    const SegmentCache *table = sel & 4 ? &env->ldt : &env->gdt;
    unsigned ofs = sel & ~7;

    if (ofs + 7 > table->limit || ((sel & 4) && !(table->flags & DESC_P))) {
        return false;
    }
    uint64_t both = x86_sys_ld(env, table->base + ofs, 8, ra);
    *d = (Desc){ .lo = (uint32_t)both, .hi = (uint32_t)(both >> 32) };
    return true;
}

void x86_need_desc(CPUX86State *env, uint16_t sel, Desc *d, int vector, uint32_t ext, uintptr_t ra)
{
    if (!x86_read_desc(env, sel, d, ra)) {
        x86_raise_err(env, vector, (sel & ~3) | ext, ra);
    }
}

/* 16-byte descriptors of long mode: the upper half, which must look like no other descriptor */
void x86_read_desc_hi2(CPUX86State *env, uint16_t sel, Desc *d, uintptr_t ra)
{
    const SegmentCache *table = sel & 4 ? &env->ldt : &env->gdt;
    unsigned ofs = sel & ~7;

    if (ofs + 15 > table->limit) {
        x86_gp(env, sel & ~3, ra);
    }
    uint64_t both = x86_sys_ld(env, table->base + ofs + 8, 8, ra);
    if ((both >> 40) & 0x1f) {
        x86_gp(env, sel & ~3, ra);
    }
    d->hi2 = (uint32_t)both;
}

static void sys_desc_byte5(CPUX86State *env, uint16_t sel, uint32_t hi, uintptr_t ra)
{
    uint64_t base = sel & 4 ? env->ldt.base : env->gdt.base;

    x86_sys_st(env, base + (sel & ~7) + 5, (hi >> 8) & 0xff, 1, ra);
}

void x86_mark_accessed(CPUX86State *env, uint16_t sel, Desc *d, uintptr_t ra)
{
    if (!(d->hi & DESC_A)) {
        d->hi |= DESC_A;
        sys_desc_byte5(env, sel, d->hi, ra);
    }
}

void x86_load_desc(CPUX86State *env, int seg, uint16_t sel, const Desc *d)
{
    x86_load_seg_cache(env, seg, sel, desc_base(d), desc_limit(d), DESC_FLAGS(d->hi));
}

void x86_load_seg_vm(CPUX86State *env, int seg, uint16_t sel)
{
    uint32_t flags = DESC_P | DESC_S | DESC_W | DESC_A | (3u << DESC_DPL_SHIFT);

    x86_load_seg_cache(env, seg, sel, (uint32_t)sel << 4, 0xffff, flags);
}

/* ---- mov to a segment register ---- */

static void load_null(CPUX86State *env, int seg, uint16_t sel, uintptr_t ra)
{
    unsigned cpl = x86_cpl(env);

    if (seg == R_SS) {
        if (!x86_is_code64(env) || cpl == 3 || (sel & 3) != cpl) {
            x86_gp(env, 0, ra);
        }
        x86_load_seg_cache(env, seg, sel, 0, 0xffffffff,
                           DESC_S | DESC_W | DESC_A | DESC_B | cpl << DESC_DPL_SHIFT);
        return;
    }
    x86_load_seg_cache(env, seg, sel, 0, 0, 0);
}

static void check_stack_seg(CPUX86State *env, uint16_t sel, const Desc *d, unsigned cpl,
                            uintptr_t ra)
{
    bool data_rw = (d->hi & (DESC_S | DESC_CS | DESC_W)) == (DESC_S | DESC_W);

    if ((sel & 3) != cpl || desc_dpl(d->hi) != cpl || !data_rw) {
        x86_gp(env, sel & ~3, ra);
    }
    if (!(d->hi & DESC_P)) {
        x86_raise_err(env, EXCP0C_STACK, sel & ~3, ra);
    }
}

static bool data_seg_readable(const Desc *d)
{
    return (d->hi & DESC_S) && (!(d->hi & DESC_CS) || (d->hi & DESC_R));
}

static bool is_conforming(const Desc *d)
{
    return (d->hi & (DESC_CS | DESC_C)) == (DESC_CS | DESC_C);
}

static void check_data_seg(CPUX86State *env, uint16_t sel, const Desc *d, uintptr_t ra)
{
    unsigned dpl = desc_dpl(d->hi);

    if (!data_seg_readable(d) || (!is_conforming(d) && (dpl < x86_cpl(env) || dpl < (sel & 3)))) {
        x86_gp(env, sel & ~3, ra);
    }
    if (!(d->hi & DESC_P)) {
        x86_raise_err(env, EXCP0B_NOSEG, sel & ~3, ra);
    }
}

/* user programs have no tables: the selectors that Linux gives them, flat */
static void user_mov_seg(CPUX86State *env, int seg, uint16_t sel, uintptr_t ra)
{
    if (sel > 3 && sel != 0x2b && sel != 0x23 && sel != 0x33) {
        x86_gp(env, sel & ~3, ra);
    }
    x86_load_seg_cache(env, seg, sel, 0, 0xffffffff,
                       DESC_G | DESC_B | DESC_P | DESC_S | DESC_W | DESC_A | 3u << DESC_DPL_SHIFT);
}

void x86_mov_seg(CPUX86State *env, int seg, uint16_t sel, uintptr_t ra)
{
    Desc d;

    if (env->is_user) {
        user_mov_seg(env, seg, sel, ra);
    } else if (x86_is_vm86(env)) {
        x86_load_seg_vm(env, seg, sel);
    } else if (!(env->hflags & HF_PE)) {        /* limit and attributes stay ("unreal" mode) */
        x86_load_seg_cache(env, seg, sel, (uint32_t)sel << 4, env->segs[seg].limit,
                           env->segs[seg].flags);
    } else if (!(sel & ~3)) {
        load_null(env, seg, sel, ra);
    } else {
        x86_need_desc(env, sel, &d, EXCP0D_GPF, 0, ra);
        if (seg == R_SS) {
            check_stack_seg(env, sel, &d, x86_cpl(env), ra);
        } else {
            check_data_seg(env, sel, &d, ra);
        }
        x86_mark_accessed(env, sel, &d, ra);
        x86_load_desc(env, seg, sel, &d);
    }
}

void x86_drop_inner_segs(CPUX86State *env, unsigned cpl)
{
    static const uint8_t data_segs[] = { R_ES, R_DS, R_FS, R_GS };

    for (unsigned i = 0; i < sizeof(data_segs); i++) {
        SegmentCache *s = &env->segs[data_segs[i]];
        bool conforming = (s->flags & (DESC_CS | DESC_C)) == (DESC_CS | DESC_C);

        if ((s->flags & DESC_S) && !conforming && desc_dpl(s->flags) < cpl) {
            x86_load_seg_cache(env, data_segs[i], 0, 0, 0, 0);
        } else if (!(s->selector & ~3)) {       /* null with an RPL: the SDM zeroes it */
            s->selector = 0;
        }
    }
}

/* ---- stacks ---- */

uint64_t x86_stack_mask(const CPUX86State *env, uint32_t ss_flags)
{
    if (x86_is_code64(env)) {
        return ~(uint64_t)0;
    }
    return ss_flags & DESC_B ? 0xffffffff : 0xffff;
}

Stack x86_stack_now(CPUX86State *env, uintptr_t ra)
{
    const SegmentCache *ss = &env->segs[R_SS];

    return (Stack){ .env = env, .base = x86_is_code64(env) ? 0 : ss->base,
                    .sp = env->regs[R_ESP], .mask = x86_stack_mask(env, ss->flags),
                    .mmu_idx = x86_mmu_of_cpl(env, x86_cpl(env)), .ra = ra };
}

static uint64_t stack_linear(const Stack *s)
{
    uint64_t gva = s->base + (s->sp & s->mask);

    return s->mask >> 32 ? gva : (uint32_t)gva;
}

void x86_stk_push(Stack *s, unsigned bytes, uint64_t val)
{
    s->sp -= bytes;
    cpu_st(x86_cpu(s->env), stack_linear(s), val, sys_mo(bytes, s->mmu_idx), s->ra);
}

uint64_t x86_stk_pop(Stack *s, unsigned bytes)
{
    uint64_t val = cpu_ld(x86_cpu(s->env), stack_linear(s), sys_mo(bytes, s->mmu_idx), s->ra);

    s->sp += bytes;
    return val;
}

void x86_stack_set_sp(CPUX86State *env, uint64_t mask, uint64_t sp)
{
    uint64_t *rsp = &env->regs[R_ESP];

    *rsp = mask == 0xffff ? (*rsp & ~mask) | (sp & mask) : sp & mask;
}

/* ---- task state segments ---- */

static bool tr_is_32(const CPUX86State *env)
{
    return desc_type(env->tr.flags) & 8;
}

static void read_tss_stack(CPUX86State *env, unsigned dpl, uint16_t *ss, uint64_t *sp,
                           uint32_t ext, uintptr_t ra)
{
    bool is32 = tr_is_32(env);
    uint32_t ofs = is32 ? 4 + 8 * dpl : 2 + 4 * dpl, len = is32 ? 6 : 4;

    if (!(env->tr.flags & DESC_P) || ofs + len - 1 > env->tr.limit) {
        x86_raise_err(env, EXCP0A_TSS, (env->tr.selector & ~3) | ext, ra);
    }
    *sp = x86_sys_ld(env, env->tr.base + ofs, is32 ? 4 : 2, ra);
    *ss = (uint16_t)x86_sys_ld(env, env->tr.base + ofs + (is32 ? 4 : 2), 2, ra);
}

void x86_tss_stack(CPUX86State *env, unsigned dpl, uint16_t *ss, Desc *ss_desc, uint64_t *sp,
                   uint32_t ext, uintptr_t ra)
{
    read_tss_stack(env, dpl, ss, sp, ext, ra);
    if (!(*ss & ~3)) {
        x86_raise_err(env, EXCP0A_TSS, ext, ra);
    }
    x86_need_desc(env, *ss, ss_desc, EXCP0A_TSS, ext, ra);
    bool data_rw = (ss_desc->hi & (DESC_S | DESC_CS | DESC_W)) == (DESC_S | DESC_W);
    if ((*ss & 3) != dpl || desc_dpl(ss_desc->hi) != dpl || !data_rw) {
        x86_raise_err(env, EXCP0A_TSS, (*ss & ~3) | ext, ra);
    }
    if (!(ss_desc->hi & DESC_P)) {
        x86_raise_err(env, EXCP0C_STACK, (*ss & ~3) | ext, ra);
    }
}

uint64_t x86_tss_rsp(CPUX86State *env, unsigned slot, uint32_t ext, uintptr_t ra)
{
    uint32_t ofs = slot < 3 ? 4 + 8 * slot : 36 + 8 * (slot - 4);

    if (!(env->tr.flags & DESC_P) || ofs + 7 > env->tr.limit) {
        x86_raise_err(env, EXCP0A_TSS, (env->tr.selector & ~3) | ext, ra);
    }
    uint64_t rsp = x86_sys_ld(env, env->tr.base + ofs, 8, ra);
    if (!x86_canonical(env, rsp)) {
        x86_raise_err(env, EXCP0C_STACK, ext, ra);
    }
    return rsp;
}

/* ---- hardware task switch ---- */

typedef struct TaskImage {
    uint32_t cr3, eip, eflags, regs[8];
    uint16_t segs[X86_N_SEGS], ldt;
    bool trap;
} TaskImage;

/* Offsets in the two layouts; registers and segments follow each other. */
typedef struct TssLayout {
    uint8_t reg_bytes, eip, regs, segs, seg_step, n_segs, ldt;
    uint8_t min_limit;
} TssLayout;
static const TssLayout tss_layouts[2] = {
    { .reg_bytes = 2, .eip = 0x0e, .regs = 0x12, .segs = 0x22, .seg_step = 2, .n_segs = 4,
      .ldt = 0x2a, .min_limit = 0x2b },
    { .reg_bytes = 4, .eip = 0x20, .regs = 0x28, .segs = 0x48, .seg_step = 4, .n_segs = 6,
      .ldt = 0x60, .min_limit = 0x67 },
};

static void task_read(CPUX86State *env, uint64_t base, bool is32, TaskImage *t, uintptr_t ra)
{
    const TssLayout *l = &tss_layouts[is32];

    *t = (TaskImage){ .cr3 = is32 ? (uint32_t)x86_sys_ld(env, base + 0x1c, 4, ra) : 0,
                      .trap = is32 && (x86_sys_ld(env, base + 0x64, 2, ra) & 1) };
    t->eip = (uint32_t)x86_sys_ld(env, base + l->eip, l->reg_bytes, ra);
    t->eflags = (uint32_t)x86_sys_ld(env, base + l->eip + l->reg_bytes, l->reg_bytes, ra);
    for (unsigned i = 0; i < 8; i++) {
        t->regs[i] = (uint32_t)x86_sys_ld(env, base + l->regs + i * l->reg_bytes, l->reg_bytes, ra);
    }
    for (unsigned i = 0; i < l->n_segs; i++) {
        t->segs[i] = (uint16_t)x86_sys_ld(env, base + l->segs + i * l->seg_step, 2, ra);
    }
    t->ldt = (uint16_t)x86_sys_ld(env, base + l->ldt, 2, ra);
}

static void task_write(CPUX86State *env, uint64_t base, bool is32, uint64_t eip, uint32_t eflags,
                       uintptr_t ra)
{
    const TssLayout *l = &tss_layouts[is32];

    x86_sys_st(env, base + l->eip, eip, l->reg_bytes, ra);
    x86_sys_st(env, base + l->eip + l->reg_bytes, eflags, l->reg_bytes, ra);
    for (unsigned i = 0; i < 8; i++) {
        x86_sys_st(env, base + l->regs + i * l->reg_bytes, env->regs[i], l->reg_bytes, ra);
    }
    for (unsigned i = 0; i < l->n_segs; i++) {
        x86_sys_st(env, base + l->segs + i * l->seg_step, env->segs[i].selector, 2, ra);
    }
}

static void task_set_busy(CPUX86State *env, uint16_t sel, bool busy, uintptr_t ra)
{
    uint64_t at = env->gdt.base + (sel & ~7) + 5;
    uint64_t b = x86_sys_ld(env, at, 1, ra);

    x86_sys_st(env, at, busy ? b | 2 : b & ~(uint64_t)2, 1, ra);
}

static void task_load_ldt(CPUX86State *env, uint16_t sel, uintptr_t ra)
{
    Desc d;

    env->ldt = (SegmentCache){ .selector = sel };
    if (!(sel & ~3)) {
        return;
    }
    if ((sel & 4) || !x86_read_desc(env, sel, &d, ra) || (d.hi & DESC_S)
        || desc_type(d.hi) != SYS_LDT || !(d.hi & DESC_P)) {
        x86_raise_err(env, EXCP0A_TSS, sel & ~3, ra);
    }
    env->ldt = (SegmentCache){ .selector = sel, .base = desc_base(&d), .limit = desc_limit(&d),
                               .flags = DESC_FLAGS(d.hi) };
}

/* segment loads of the incoming task: like mov, but mistakes are #TS */
static void task_load_seg(CPUX86State *env, int seg, uint16_t sel, uintptr_t ra)
{
    unsigned cpl = x86_cpl(env);
    Desc d;
    bool ok;

    if (!(sel & ~3) && seg != R_CS && seg != R_SS) {
        x86_load_seg_cache(env, seg, sel, 0, 0, 0);
        return;
    }
    if (!(sel & ~3) || !x86_read_desc(env, sel, &d, ra) || !(d.hi & DESC_S)) {
        x86_raise_err(env, EXCP0A_TSS, sel & ~3, ra);
    }
    unsigned dpl = desc_dpl(d.hi);
    if (seg == R_CS) {
        ok = (d.hi & DESC_CS) && (d.hi & DESC_C ? dpl <= cpl : dpl == cpl);
    } else if (seg == R_SS) {
        ok = (d.hi & (DESC_CS | DESC_W)) == DESC_W && dpl == cpl && (sel & 3) == cpl;
    } else {
        ok = data_seg_readable(&d) && (is_conforming(&d) || (dpl >= cpl && dpl >= (sel & 3)));
    }
    if (!ok) {
        x86_raise_err(env, EXCP0A_TSS, sel & ~3, ra);
    }
    if (!(d.hi & DESC_P)) {
        x86_raise_err(env, seg == R_SS ? EXCP0C_STACK : EXCP0B_NOSEG, sel & ~3, ra);
    }
    x86_mark_accessed(env, sel, &d, ra);
    x86_load_desc(env, seg, sel, &d);
}

static void task_enter(CPUX86State *env, const TaskImage *t, bool is32, TaskSwitchBy by,
                       uintptr_t ra)
{
    uint32_t eflags = t->eflags | (by == TASK_CALL ? EFL_NT : 0);
    static const uint8_t order[] = { R_CS, R_SS, R_ES, R_DS, R_FS, R_GS };

    env->cr[0] |= CR0_TS;
    if (is32 && (env->cr[0] & CR0_PG)) {
        x86_set_cr(env, 3, t->cr3, ra);
    }
    for (unsigned i = 0; i < 8; i++) {
        env->regs[i] = t->regs[i];
    }
    env->eip = t->eip;
    x86_eflags_set(env, eflags, EFL_WRITABLE | (is32 ? EFL_VM | EFL_VIF | EFL_VIP : 0));
    for (int i = 0; i < X86_N_SEGS; i++) {      /* selectors first: a fault sees the new task */
        env->segs[i] = (SegmentCache){ .selector = t->segs[i] };
    }
    unsigned cpl = (eflags & EFL_VM) && is32 ? 3 : t->segs[R_CS] & 3;
    env->segs[R_SS].flags = cpl << DESC_DPL_SHIFT;
    x86_update_hflags(env);
    task_load_ldt(env, t->ldt, 0);
    for (unsigned i = 0; i < sizeof(order); i++) {
        if (x86_is_vm86(env)) {
            x86_load_seg_vm(env, order[i], t->segs[order[i]]);
        } else {
            task_load_seg(env, order[i], t->segs[order[i]], 0);
        }
    }
    if (t->eip > env->segs[R_CS].limit) {
        x86_gp(env, 0, 0);
    }
    if (t->trap) {
        env->dr[6] |= 1u << 15;     /* BT */
        x86_raise(env, EXCP01_DB, 0);
    }
}

/**
 * x86_task_switch - by jmp, call, iret, or a task gate
 * Faults before the new task is entered leave the old one as it was. @d: the TSS's descriptor.
 */
void x86_task_switch(CPUX86State *env, uint16_t tss_sel, const Desc *d, TaskSwitchBy by,
                     uint64_t next_eip, uintptr_t ra)
{
    bool new32 = desc_type(d->hi) & 8, old32 = tr_is_32(env);
    uint32_t limit = desc_limit(d), eflags = x86_eflags_get(env);
    uint64_t base = desc_base(d);
    TaskImage t;

    if (limit < tss_layouts[new32].min_limit) {
        x86_raise_err(env, EXCP0A_TSS, tss_sel & ~3, ra);
    }
    if (env->tr.limit < tss_layouts[old32].min_limit) {
        x86_raise_err(env, EXCP0A_TSS, env->tr.selector & ~3, ra);
    }
    task_read(env, base, new32, &t, ra);
    cpu_probe(x86_cpu(env), env->tr.base, MMU_WRITE, x86_mmu_implicit(env), false, ra);
    cpu_probe(x86_cpu(env), env->tr.base + tss_layouts[old32].min_limit, MMU_WRITE,
              x86_mmu_implicit(env), false, ra);
    if (by != TASK_CALL) {
        task_set_busy(env, env->tr.selector, false, ra);
    }
    if (by == TASK_IRET) {
        eflags &= ~EFL_NT;
    }
    task_write(env, env->tr.base, old32, next_eip, eflags, ra);
    if (by == TASK_CALL) {
        x86_sys_st(env, base, env->tr.selector, 2, ra);
    }
    if (by != TASK_IRET) {
        task_set_busy(env, tss_sel, true, ra);
    }
    if (ra) {
        cpu_restore_state(x86_cpu(env), ra);
    }
    env->tr = (SegmentCache){ .selector = tss_sel, .base = base, .limit = limit,
                              .flags = DESC_FLAGS(d->hi) | 2u << DESC_TYPE_SHIFT };
    task_enter(env, &t, new32, by, 0);
}
