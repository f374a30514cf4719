/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System instructions: mostly calls of sys-helpers.h, which also says who checks what. */
#include "target/i386/sys-helpers.h"
#include "target/i386/translate.h"

static IrVal i32(X86Dis *s, uint32_t v) { return ir_i32(s->b, v); }

static void sys_call(X86Dis *s, const IrHelper *h, IrVal ret, unsigned n, const IrVal *args)
{
    x86_cc_flush(s);
    x86_call(s, h, ret, true, n, args);
}

static void sys_call0(X86Dis *s, const IrHelper *h)
{
    sys_call(s, h, NULL, 0, NULL);
}

/* a helper without arguments, after which the block's assumptions may be wrong */
static void sys_call_end(X86Dis *s, const IrHelper *h)
{
    sys_call0(s, h);
    x86_end_block_look(s);
}

static IrVal sys_value(X86Dis *s, const IrHelper *h)
{
    IrVal t = x86_tmp(s);

    sys_call(s, h, t, 0, NULL);
    return t;
}

static IrVal selector_operand(X86Dis *s, unsigned i)
{
    IrVal sel = ir_temp(s->b, IR_I32);

    ir_trunc(s->b, sel, x86_load(s, i));
    return sel;
}

/* ---- descriptor tables ---- */

/* a selector or machine status word: 16 bits to memory, the operand's size to a register */
static void store_word(X86Dis *s, IrVal v)
{
    if (s->opnd[0].is_mem) {
        s->opnd[0].bytes = 2;
    }
    x86_store(s, 0, v);
}

void trans_sldt(X86Dis *s, const X86Insn *insn) { store_word(s, sys_value(s, &hlp_sldt)); }
void trans_str(X86Dis *s, const X86Insn *insn) { store_word(s, sys_value(s, &hlp_str)); }
void trans_smsw(X86Dis *s, const X86Insn *insn) { store_word(s, sys_value(s, &hlp_smsw)); }

void trans_lldt(X86Dis *s, const X86Insn *insn)
{
    sys_call(s, &hlp_lldt, NULL, 1, (IrVal[]){ selector_operand(s, 0) });
}

void trans_ltr(X86Dis *s, const X86Insn *insn)
{
    sys_call(s, &hlp_ltr, NULL, 1, (IrVal[]){ selector_operand(s, 0) });
}

/* arg: 0 verr, 1 verw */
void trans_verx(X86Dis *s, const X86Insn *insn)
{
    sys_call(s, insn->arg ? &hlp_verw : &hlp_verr, NULL, 1, (IrVal[]){ selector_operand(s, 0) });
    x86_cc_set(s, CC_OP_DYNAMIC);
}

static void gen_lar_lsl(X86Dis *s, const IrHelper *h)
{
    IrVal t = x86_tmp(s);

    sys_call(s, h, t, 2, (IrVal[]){ selector_operand(s, 1), x86_load(s, 0) });
    x86_cc_set(s, CC_OP_DYNAMIC);
    x86_store(s, 0, t);
}

void trans_lar(X86Dis *s, const X86Insn *insn) { gen_lar_lsl(s, &hlp_lar); }
void trans_lsl(X86Dis *s, const X86Insn *insn) { gen_lar_lsl(s, &hlp_lsl); }

/* the destination's RPL becomes at least the source's; ZF says whether it changed */
void trans_arpl(X86Dis *s, const X86Insn *insn)
{
    IrVal dst = x86_load(s, 0), src = x86_load(s, 1), a = x86_tmp(s), b = x86_tmp(s);
    IrVal raised = x86_tmp(s), z = x86_tmp(s);

    ir_andi(s->b, a, dst, 3);
    ir_andi(s->b, b, src, 3);
    ir_deposit(s->b, raised, dst, b, 0, 2);
    ir_movcond(s->b, IR_COND_LTU, raised, a, b, raised, dst);
    ir_setcond(s->b, IR_COND_LTU, z, a, b);
    x86_store(s, 0, raised);
    ir_shli(s->b, z, z, 6);
    x86_flags_merge(s, CC_Z, z);
}

static unsigned table_osize(const X86Dis *s) { return s->code64 ? 8 : s->osize; }

/* arg: 0 GDTR, 1 IDTR */
void trans_load_dtr(X86Dis *s, const X86Insn *insn)
{
    sys_call(s, &hlp_load_dtr, NULL, 3,
             (IrVal[]){ s->addr, i32(s, insn->arg), i32(s, table_osize(s)) });
}

void trans_store_dtr(X86Dis *s, const X86Insn *insn)
{
    sys_call(s, &hlp_store_dtr, NULL, 3,
             (IrVal[]){ s->addr, i32(s, insn->arg), i32(s, table_osize(s)) });
}

/* ---- control and debug registers ---- */

/* 64 bits in 64-bit mode, else 32, whatever the prefixes */
static unsigned full_size(const X86Dis *s) { return s->code64 ? 8 : 4; }

static void gen_read_sys(X86Dis *s, const IrHelper *h)
{
    IrVal t = x86_tmp(s);

    sys_call(s, h, t, 1, (IrVal[]){ i32(s, s->opnd[1].reg) });
    x86_reg_write(s, s->opnd[0].reg, full_size(s), t);
}

static void gen_write_sys(X86Dis *s, const IrHelper *h)
{
    sys_call(s, h, NULL, 2,
             (IrVal[]){ i32(s, s->opnd[0].reg),
                        x86_reg_read(s, s->opnd[1].reg, full_size(s)) });
    x86_end_block_look(s);
}

void trans_read_cr(X86Dis *s, const X86Insn *insn) { gen_read_sys(s, &hlp_read_cr); }
void trans_write_cr(X86Dis *s, const X86Insn *insn) { gen_write_sys(s, &hlp_write_cr); }
void trans_read_dr(X86Dis *s, const X86Insn *insn) { gen_read_sys(s, &hlp_read_dr); }
void trans_write_dr(X86Dis *s, const X86Insn *insn) { gen_write_sys(s, &hlp_write_dr); }

void trans_lmsw(X86Dis *s, const X86Insn *insn)
{
    sys_call(s, &hlp_lmsw, NULL, 1, (IrVal[]){ x86_load(s, 0) });
    x86_end_block_look(s);
}

void trans_clts(X86Dis *s, const X86Insn *insn) { sys_call_end(s, &hlp_clts); }

/* ---- MMU ---- */

void trans_invlpg(X86Dis *s, const X86Insn *insn)
{
    sys_call(s, &hlp_invlpg, NULL, 1, (IrVal[]){ s->addr });
    x86_end_block_eip(s);
}

void trans_invpcid(X86Dis *s, const X86Insn *insn)
{
    sys_call(s, &hlp_invpcid, NULL, 2,
             (IrVal[]){ x86_reg_read(s, s->opnd[0].reg, full_size(s)), s->addr });
    x86_end_block_eip(s);
}

static void gen_set_ac(X86Dis *s, const IrHelper *h)
{
    sys_call0(s, h);
    x86_end_block_eip(s);
}

void trans_clac(X86Dis *s, const X86Insn *insn) { gen_set_ac(s, &hlp_clac); }
void trans_stac(X86Dis *s, const X86Insn *insn) { gen_set_ac(s, &hlp_stac); }

/* ---- MSRs, time, identification ---- */

void trans_rdmsr(X86Dis *s, const X86Insn *insn) { sys_call0(s, &hlp_rdmsr); }
void trans_wrmsr(X86Dis *s, const X86Insn *insn) { sys_call_end(s, &hlp_wrmsr); }
void trans_rdtsc(X86Dis *s, const X86Insn *insn) { sys_call0(s, &hlp_rdtsc); }
void trans_rdtscp(X86Dis *s, const X86Insn *insn) { sys_call0(s, &hlp_rdtscp); }
void trans_rdpmc(X86Dis *s, const X86Insn *insn) { sys_call0(s, &hlp_rdpmc); }
void trans_cpuid(X86Dis *s, const X86Insn *insn) { sys_call0(s, &hlp_cpuid); }
void trans_xgetbv(X86Dis *s, const X86Insn *insn) { sys_call0(s, &hlp_xgetbv); }
void trans_xsetbv(X86Dis *s, const X86Insn *insn) { sys_call_end(s, &hlp_xsetbv); }
void trans_vmcall(X86Dis *s, const X86Insn *insn) { sys_call_end(s, &hlp_vmcall); }

void trans_rdpid(X86Dis *s, const X86Insn *insn)
{
    x86_reg_write(s, s->opnd[0].reg, full_size(s), sys_value(s, &hlp_rdpid));
}

/* arg: 0 rdrand, 1 rdseed */
void trans_rdrand(X86Dis *s, const X86Insn *insn)
{
    IrVal t = x86_tmp(s);

    sys_call(s, insn->arg ? &hlp_rdseed : &hlp_rdrand, t, 1, (IrVal[]){ i32(s, s->osize) });
    x86_cc_set(s, CC_OP_DYNAMIC);
    x86_store(s, 0, t);
}

/* ---- FS and GS bases ---- */

void trans_swapgs(X86Dis *s, const X86Insn *insn) { sys_call0(s, &hlp_swapgs); }

/* arg: the segment */
void trans_rdsegbase(X86Dis *s, const X86Insn *insn)
{
    IrVal t = x86_tmp(s);

    if (!(s->flags & HF_FSGSBASE)) {
        x86_gen_illegal(s);
        return;
    }
    ir_ld(s->b, t, ir_env(s->b),
          X86_OFS(segs[0].base) + insn->arg * (int32_t)sizeof(SegmentCache), MO_64);
    x86_store(s, 0, t);
}

void trans_wrsegbase(X86Dis *s, const X86Insn *insn)
{
    if (!(s->flags & HF_FSGSBASE)) {
        x86_gen_illegal(s);
        return;
    }
    sys_call(s, &hlp_wrsegbase, NULL, 2, (IrVal[]){ i32(s, insn->arg), x86_load(s, 0) });
}

/* ---- interrupts and waiting ---- */

/* Where IOPL allows it, one bit; else the helper knows. The key of a block does not have IF. */
void trans_cli(X86Dis *s, const X86Insn *insn)
{
    IrVal t;

    if (s->vm86 || s->iopl < s->cpl) {
        sys_call0(s, &hlp_cli);
        return;
    }
    t = ir_temp(s->b, IR_I32);
    ir_ld(s->b, t, ir_env(s->b), X86_OFS(eflags), MO_32);
    ir_andi(s->b, t, t, (uint32_t)~EFL_IF);
    ir_st(s->b, t, ir_env(s->b), X86_OFS(eflags), MO_32);
}

void trans_sti(X86Dis *s, const X86Insn *insn) { sys_call_end(s, &hlp_sti); }

void trans_hlt(X86Dis *s, const X86Insn *insn)
{
    sys_call(s, &hlp_hlt, NULL, 1, (IrVal[]){ x86_imm(s, s->pc) });
    s->ended = true;
}

void trans_mwait(X86Dis *s, const X86Insn *insn)
{
    sys_call(s, &hlp_mwait, NULL, 1, (IrVal[]){ x86_imm(s, s->pc) });
    s->ended = true;
}

void trans_monitor(X86Dis *s, const X86Insn *insn)
{
    IrVal ea = x86_wrap(s, x86_copy(s, x86_reg[R_EAX]));

    ea = x86_linear(s, ea, s->seg_override >= 0 ? s->seg_override : R_DS);
    sys_call(s, &hlp_monitor, NULL, 1, (IrVal[]){ ea });
}

void trans_pause(X86Dis *s, const X86Insn *insn)
{
    if (s->rex & 1) {                       /* xchg r8, rax */
        trans_xchg(s, insn);
        return;
    }
    sys_call0(s, &hlp_pause);
    x86_end_block_look(s);
}
