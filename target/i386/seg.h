/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors, stacks and privilege: what seg.c, excp.c and the system helpers share. */
#ifndef TARGET_I386_SEG_H
#define TARGET_I386_SEG_H

#include "target/i386/cpu.h"

/* types of system descriptors */
enum { SYS_TSS16 = 1, SYS_LDT = 2, SYS_TSS16_BUSY = 3, SYS_CALL16 = 4, SYS_TASK = 5, SYS_INT16 = 6,
       SYS_TRAP16 = 7, SYS_TSS32 = 9, SYS_TSS32_BUSY = 11, SYS_CALL32 = 12, SYS_INT32 = 14,
       SYS_TRAP32 = 15 };

/* A segment, call-gate or system descriptor; hi2 is the third dword of a 16-byte one. */
typedef struct Desc { uint32_t lo, hi, hi2; } Desc;

static inline unsigned desc_dpl(uint32_t hi) { return (hi >> DESC_DPL_SHIFT) & 3; }
static inline unsigned desc_type(uint32_t hi) { return (hi >> DESC_TYPE_SHIFT) & 15; }
static inline uint32_t desc_base(const Desc *d)
{ return (d->lo >> 16) | (d->hi & 0xff) << 16 | (d->hi & 0xff000000); }
static inline uint32_t desc_limit(const Desc *d)
{
    uint32_t limit = (d->lo & 0xffff) | (d->hi & 0xf0000);
    return d->hi & DESC_G ? limit << 12 | 0xfff : limit;
}
#define DESC_FLAGS(hi) ((hi) & 0x00f0ff00u)
#define DESC_IS_CODE(hi) (((hi) & (DESC_S | DESC_CS)) == (DESC_S | DESC_CS))

static inline unsigned x86_cpl(const CPUX86State *env) { return env->hflags & HF_CPL_MASK; }
static inline unsigned x86_iopl(const CPUX86State *env) { return (env->eflags >> 12) & 3; }
static inline bool x86_is_vm86(const CPUX86State *env) { return env->hflags & HF_VM; }
static inline bool x86_is_long(const CPUX86State *env) { return env->hflags & HF_LMA; }
static inline bool x86_is_code64(const CPUX86State *env) { return env->hflags & HF_CS64; }
static inline bool x86_is_protected(const CPUX86State *env)
{ return (env->hflags & (HF_PE | HF_VM)) == HF_PE; }
static inline bool x86_canonical(const CPUX86State *env, uint64_t addr)
{
    unsigned unused = env->cr[4] & CR4_LA57 ? 7 : 16;
    return (uint64_t)((int64_t)(addr << unused) >> unused) == addr;
}

/* mode of data accesses at privilege @cpl; implicit: of tables that the CPU reads by itself */
int x86_mmu_of_cpl(const CPUX86State *env, unsigned cpl);
static inline int x86_mmu_implicit(const CPUX86State *env)
{ return env->hflags & HF_SMAP ? MMU_KERNEL_NOAC : MMU_KERNEL; }
/* table accesses of 1, 2, 4 or 8 bytes */
uint64_t x86_sys_ld(CPUX86State *env, uint64_t gva, unsigned bytes, uintptr_t ra);
void x86_sys_st(CPUX86State *env, uint64_t gva, uint64_t val, unsigned bytes, uintptr_t ra);

void x86_set_cpl(CPUX86State *env, unsigned cpl);
/* false: outside of the table, or an LDT selector without an LDT */
bool x86_read_desc(CPUX86State *env, uint16_t sel, Desc *d, uintptr_t ra);
/* the same, and #GP(sel) (or @vector) where that says false */
void x86_need_desc(CPUX86State *env, uint16_t sel, Desc *d, int vector, uint32_t ext, uintptr_t ra);
void x86_read_desc_hi2(CPUX86State *env, uint16_t sel, Desc *d, uintptr_t ra);
void x86_mark_accessed(CPUX86State *env, uint16_t sel, Desc *d, uintptr_t ra);
void x86_load_desc(CPUX86State *env, int seg, uint16_t sel, const Desc *d);
/* checks and loads any segment but CS by the rules of mov */
void x86_mov_seg(CPUX86State *env, int seg, uint16_t sel, uintptr_t ra);
/* vm86 and real mode: base = selector * 16, 64 KiB */
void x86_load_seg_vm(CPUX86State *env, int seg, uint16_t sel);
/* DS, ES, FS, GS that the outer privilege may not use become null */
void x86_drop_inner_segs(CPUX86State *env, unsigned cpl);

/* A stack being pushed to or popped from; nothing is committed until x86_stack_commit(). */
typedef struct Stack {
    CPUX86State *env;
    uint64_t base, sp, mask;
    int mmu_idx;
    uintptr_t ra;
} Stack;

Stack x86_stack_now(CPUX86State *env, uintptr_t ra);
uint64_t x86_stack_mask(const CPUX86State *env, uint32_t ss_flags);
void x86_stk_push(Stack *s, unsigned bytes, uint64_t val);
uint64_t x86_stk_pop(Stack *s, unsigned bytes);
void x86_stack_set_sp(CPUX86State *env, uint64_t mask, uint64_t sp);

/* SS:ESP of privilege @dpl from the TSS (32- or 16-bit), checked; also the descriptor of SS */
void x86_tss_stack(CPUX86State *env, unsigned dpl, uint16_t *ss, Desc *ss_desc, uint64_t *sp,
                   uint32_t ext, uintptr_t ra);
/* 64-bit TSS: RSP0..2 (slot 0..2) or IST1..7 (slot 3 + n); checked canonical */
uint64_t x86_tss_rsp(CPUX86State *env, unsigned slot, uint32_t ext, uintptr_t ra);

typedef enum TaskSwitchBy { TASK_JMP, TASK_CALL, TASK_IRET } TaskSwitchBy;
/* @next_eip: eip saved in the outgoing task */
void x86_task_switch(CPUX86State *env, uint16_t tss_sel, const Desc *d, TaskSwitchBy by,
                     uint64_t next_eip, uintptr_t ra);

/* EFLAGS bits that POPF and IRET may write at CPL 0 */
#define EFL_WRITABLE (CC_ALL | EFL_TF | EFL_IF | EFL_DF | EFL_IOPL | EFL_NT | EFL_AC | EFL_ID)

/* request a reset because of a triple fault; set by the board. Big lock held. */
extern void (*x86_triple_fault)(CPUState *cpu);
/* vCPU without an APIC object: the 8259's acknowledge */
extern int (*x86_pic_ack)(void *opaque);
extern void *x86_pic_opaque;
#define x86_gp(env, err, ra) x86_raise_err(env, EXCP0D_GPF, err, ra)

#endif
