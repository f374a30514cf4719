/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Software interrupts and the interrupt flag: INT n, INT3, INTO, BOUND, PUSHF, POPF, CLI, STI. */
#include "target/i386/debug.h"
#include "target/i386/seg.h"
#include "target/i386/sys-helpers.h"

void helper_raise(CPUX86State *env, uint32_t vector)
{
    x86_raise(env, (int)vector, GETPC());
}

void helper_raise_err(CPUX86State *env, uint32_t vector, uint32_t error_code)
{
    x86_raise_err(env, (int)vector, error_code, GETPC());
}

/* ---- software interrupts ---- */

static G_NORETURN void software_int(CPUX86State *env, unsigned vector, uint64_t next_eip,
                                    uintptr_t ra)
{
    CPUState *cpu = x86_cpu(env);

    if (ra) {
        cpu_restore_state(cpu, ra);
    }
    env->exception_is_int = true;
    env->exception_next_eip = next_eip;
    env->error_code = 0;
    cpu->exception_index = (int)vector;
    cpu_loop_exit(cpu);
}

/* User programs: INT 0x80 is a system call of 32-bit programs; INT3, INTO trap; others #GP. */
static G_NORETURN void user_int(CPUX86State *env, unsigned vector, uint64_t next_eip, uintptr_t ra)
{
    CPUState *cpu = x86_cpu(env);

    if (vector != 0x80 && vector != EXCP03_INT3 && vector != EXCP04_INTO) {
        x86_gp(env, vector * 8 + 2, ra);
    }
    if (ra) {
        cpu_restore_state(cpu, ra);
    }
    env->eip = next_eip;
    env->trapno = (uint8_t)vector;
    env->error_code = vector == 0x80 ? vector : 0;
    cpu->exception_index = vector == 0x80 ? EXCP_INT80 : EXCP_USER_TRAP;
    cpu_loop_exit(cpu);
}

/* CR4.VME: does the TSS's bitmap send INT n to the 8086 program itself? */
static bool vme_redirected(CPUX86State *env, unsigned n, uintptr_t ra)
{
    if (!(env->cr[4] & CR4_VME) || !(desc_type(env->tr.flags) & 8) || env->tr.limit < 0x67) {
        return false;
    }
    uint32_t io_map = (uint32_t)x86_sys_ld(env, env->tr.base + 0x66, 2, ra);
    uint32_t at = io_map - 32 + n / 8;
    if (io_map < 32 || at > env->tr.limit) {
        x86_gp(env, 0, ra);
    }
    return !(x86_sys_ld(env, env->tr.base + at, 1, ra) >> (n & 7) & 1);
}

/* INT n of an 8086 program served by its own interrupt table at linear address 0 */
static G_NORETURN void vme_int(CPUX86State *env, unsigned n, uint64_t next_eip, uintptr_t ra)
{
    bool virtual = x86_iopl(env) < 3;
    uint32_t eflags = x86_eflags_get(env), clear = EFL_TF | (virtual ? EFL_VIF : EFL_IF);
    Stack s = x86_stack_now(env, ra);
    uint32_t target = (uint32_t)cpu_ld(x86_cpu(env), n * 4, MO_32 | mo_mmu(MMU_USER), ra);

    if (virtual) {
        eflags = (eflags & ~EFL_IF) | (eflags & EFL_VIF ? EFL_IF : 0) | EFL_IOPL;
    }
    x86_stk_push(&s, 2, eflags);
    x86_stk_push(&s, 2, env->segs[R_CS].selector);
    x86_stk_push(&s, 2, next_eip);
    if (ra) {
        cpu_restore_state(x86_cpu(env), ra);
    }
    x86_stack_set_sp(env, s.mask, s.sp);
    x86_load_seg_vm(env, R_CS, (uint16_t)(target >> 16));
    env->eip = target & 0xffff;
    x86_eflags_set(env, 0, clear | EFL_NT);
    x86_cpu(env)->exception_index = EXCP_NONE;
    cpu_loop_exit(x86_cpu(env));
}

void helper_int_n(CPUX86State *env, uint32_t n, uint64_t next_eip)
{
    uintptr_t ra = GETPC();

    if (env->is_user) {
        user_int(env, n & 0xff, next_eip, ra);
    }
    if (x86_is_vm86(env)) {
        if (vme_redirected(env, n & 0xff, ra)) {
            vme_int(env, n & 0xff, next_eip, ra);
        }
        if (x86_iopl(env) < 3) {
            x86_gp(env, 0, ra);
        }
    }
    software_int(env, n & 0xff, next_eip, ra);
}

void helper_int3(CPUX86State *env, uint64_t next_eip)
{
    if (env->is_user) {
        user_int(env, EXCP03_INT3, next_eip, GETPC());
    }
    software_int(env, EXCP03_INT3, next_eip, GETPC());
}

void helper_into(CPUX86State *env, uint64_t next_eip)
{
    uintptr_t ra = GETPC();

    if (!(x86_eflags_get(env) & CC_O)) {
        return;
    }
    if (env->is_user) {
        user_int(env, EXCP04_INTO, next_eip, ra);
    }
    software_int(env, EXCP04_INTO, next_eip, ra);
}

/* INT1: a #DB trap that no gate's DPL stops */
void helper_icebp(CPUX86State *env, uint64_t next_eip)
{
    uintptr_t ra = GETPC();

    if (ra) {
        cpu_restore_state(x86_cpu(env), ra);
    }
    env->eip = next_eip;
    x86_raise(env, EXCP01_DB, 0);
}

void helper_single_step(CPUX86State *env)
{
    bool only_us;
    uint32_t hits = x86_debug_step_done(env, &only_us);

    if (only_us && !hits) {
        x86_cpu(env)->exception_index = EXCP_NONE;
        cpu_loop_exit(x86_cpu(env));
    }
    env->dr[6] |= hits | (only_us ? 0 : 1u << 14);      /* BS */
    x86_raise(env, EXCP01_DB, 0);
}

void helper_bound(CPUX86State *env, uint64_t addr, uint64_t index, uint32_t osize)
{
    uintptr_t ra = GETPC();
    CPUState *cpu = x86_cpu(env);
    MemOp mo = (osize == 2 ? MO_16 : MO_32) | mo_mmu(x86_mmu_of_cpl(env, x86_cpl(env)));
    uint64_t lo = cpu_ld(cpu, addr, mo, ra), hi = cpu_ld(cpu, (uint32_t)(addr + osize), mo, ra);
    int64_t low = osize == 2 ? (int16_t)lo : (int32_t)lo;
    int64_t high = osize == 2 ? (int16_t)hi : (int32_t)hi;

    if ((int64_t)index < low || (int64_t)index > high) {
        x86_raise(env, EXCP05_BOUND, ra);
    }
}

/* ---- flags ---- */

static bool vm86_limited(const CPUX86State *env)
{
    return x86_is_vm86(env) && x86_iopl(env) < 3;
}

uint64_t helper_pushf(CPUX86State *env, uint32_t osize)
{
    uint32_t f = x86_eflags_get(env) & ~(EFL_VM | EFL_RF);

    if (vm86_limited(env)) {
        if (osize != 2 || !(env->cr[4] & CR4_VME)) {
            x86_gp(env, 0, GETPC());
        }
        f = (f & ~EFL_IF) | EFL_IOPL | (f & EFL_VIF ? EFL_IF : 0);
    }
    return f;
}

/* POPF of an 8086 program with CR4.VME: IF goes to VIF */
static void popf_vme(CPUX86State *env, uint32_t f, uintptr_t ra)
{
    if ((f & EFL_TF) || ((f & EFL_IF) && (env->eflags & EFL_VIP))) {
        x86_gp(env, 0, ra);
    }
    f = (f & ~EFL_VIF) | (f & EFL_IF ? EFL_VIF : 0);
    x86_eflags_set(env, f, CC_ALL | EFL_TF | EFL_DF | EFL_NT | EFL_VIF);
}

void helper_popf(CPUX86State *env, uint64_t value, uint32_t osize)
{
    unsigned cpl = x86_cpl(env);
    uint32_t mask = EFL_WRITABLE;

    if (vm86_limited(env)) {
        if (osize != 2 || !(env->cr[4] & CR4_VME)) {
            x86_gp(env, 0, GETPC());
        }
        popf_vme(env, (uint32_t)value, GETPC());
        return;
    }
    if (cpl != 0) {
        mask &= ~EFL_IOPL;
        mask &= cpl > x86_iopl(env) ? ~EFL_IF : ~0u;
    }
    x86_eflags_set(env, (uint32_t)value, osize == 2 ? mask & 0xffff : mask);
}

/* What CLI and STI work on: EFL_IF, or EFL_VIF with VME or PVI; #GP if neither. */
static uint32_t interrupt_flag(CPUX86State *env, uintptr_t ra)
{
    unsigned cpl = x86_cpl(env), iopl = x86_iopl(env);

    if (!(env->hflags & HF_PE) || cpl <= iopl) {
        return EFL_IF;
    }
    bool virtual = x86_is_vm86(env) ? (env->cr[4] & CR4_VME) : cpl == 3 && (env->cr[4] & CR4_PVI);
    if (!virtual) {
        x86_gp(env, 0, ra);
    }
    return EFL_VIF;
}

void helper_cli(CPUX86State *env)
{
    x86_eflags_set(env, 0, interrupt_flag(env, GETPC()));
}

void helper_sti(CPUX86State *env)
{
    uintptr_t ra = GETPC();
    uint32_t flag = interrupt_flag(env, ra);

    if (flag == EFL_VIF && (env->eflags & EFL_VIP)) {
        x86_gp(env, 0, ra);
    }
    if (flag == EFL_IF && !(env->eflags & EFL_IF)) {
        env->hflags |= HF_INHIBIT_IRQ;
    }
    x86_eflags_set(env, flag, flag);
}

void helper_set_inhibit(CPUX86State *env)
{
    env->hflags |= HF_INHIBIT_IRQ;
}

void helper_reset_inhibit(CPUX86State *env)
{
    env->hflags &= ~HF_INHIBIT_IRQ;
}
