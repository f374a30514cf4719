/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stack, jumps, calls, returns, software interrupts. */
#include "target/i386/sys-helpers.h"
#include "target/i386/translate.h"

/* ---- stack ---- */

unsigned x86_stack_bytes(const X86Dis *s)
{
    return s->code64 ? 8 : s->ss32 ? 4 : 2;
}

/* linear address of stack offset @sp + @ofs */
static IrVal stack_linear(X86Dis *s, IrVal sp, int64_t ofs)
{
    IrVal t = x86_tmp(s);

    ir_addi(s->b, t, sp, (uint64_t)ofs);
    return x86_linear(s, x86_zext(s, t, x86_stack_bytes(s)), R_SS);
}

static void stack_store(X86Dis *s, IrVal v, IrVal sp, int64_t ofs, unsigned bytes)
{
    ir_gst(s->b, v, stack_linear(s, sp, ofs), x86_mo(s, bytes));
}

static IrVal stack_load(X86Dis *s, IrVal sp, int64_t ofs, unsigned bytes)
{
    IrVal t = x86_tmp(s);

    ir_gld(s->b, t, stack_linear(s, sp, ofs), x86_mo(s, bytes));
    return t;
}

void x86_stack_drop(X86Dis *s, int64_t bytes)
{
    IrVal t = x86_tmp(s);

    ir_addi(s->b, t, x86_reg[R_ESP], (uint64_t)bytes);
    x86_reg_write(s, R_ESP, x86_stack_bytes(s), t);
}

void x86_push(X86Dis *s, IrVal v, unsigned bytes)
{
    stack_store(s, v, x86_reg[R_ESP], -(int64_t)bytes, bytes);
    x86_stack_drop(s, -(int64_t)bytes);
}

IrVal x86_stack_top(X86Dis *s, unsigned bytes)
{
    return stack_load(s, x86_reg[R_ESP], 0, bytes);
}

void trans_push(X86Dis *s, const X86Insn *insn)
{
    x86_push(s, x86_load_any(s, 0), s->osize);
}

void trans_pop(X86Dis *s, const X86Insn *insn)
{
    IrVal v = x86_stack_top(s, s->osize);

    if (s->opnd[0].is_mem) {
        /* an address by rSP is that after the pop; a fault must find rSP as it was */
        if (s->mem_base == R_ESP) {
            x86_gen_address(s, s->osize);
        }
        x86_store(s, 0, v);
        x86_stack_drop(s, s->osize);
    } else {
        x86_stack_drop(s, s->osize);
        x86_store(s, 0, v);
    }
}

static IrVal load_selector(X86Dis *s, unsigned seg)
{
    IrVal t = x86_tmp(s);

    ir_ld(s->b, t, ir_env(s->b),
          X86_OFS(segs[0].selector) + (int32_t)(seg * sizeof(SegmentCache)), MO_16);
    return t;
}

/* arg: the segment. With 32 bits the upper half of the slot is not written. */
void trans_push_seg(X86Dis *s, const X86Insn *insn)
{
    stack_store(s, load_selector(s, insn->arg), x86_reg[R_ESP], -(int64_t)s->osize,
                s->osize == 4 ? 2 : s->osize);
    x86_stack_drop(s, -(int64_t)s->osize);
}

void trans_mov_from_seg(X86Dis *s, const X86Insn *insn)
{
    if (s->opnd[1].reg >= X86_N_SEGS) {
        x86_gen_illegal(s);
        return;
    }
    if (s->opnd[0].is_mem) {
        s->opnd[0].bytes = 2;
    }
    x86_store(s, 0, load_selector(s, s->opnd[1].reg));
}

static void gen_load_seg(X86Dis *s, unsigned seg, IrVal selector)
{
    IrVal sel = ir_temp(s->b, IR_I32);

    x86_cc_flush(s);
    ir_trunc(s->b, sel, x86_zext(s, selector, 2));
    x86_helper2(s, &hlp_load_seg, ir_i32(s->b, seg), sel);
}

/* after a load of @seg: what the block assumed may have changed; SS holds off interrupts */
static void end_load_seg(X86Dis *s, unsigned seg)
{
    if (seg == R_SS) {
        x86_helper(s, &hlp_set_inhibit);
        x86_end_block_look(s);
    } else {
        x86_end_block_eip(s);
    }
}

void trans_mov_to_seg(X86Dis *s, const X86Insn *insn)
{
    unsigned seg = s->opnd[0].reg;

    if (seg >= X86_N_SEGS || seg == R_CS) {
        x86_gen_illegal(s);
        return;
    }
    gen_load_seg(s, seg, x86_load(s, 1));
    end_load_seg(s, seg);
}

void trans_pop_seg(X86Dis *s, const X86Insn *insn)
{
    IrVal v = x86_stack_top(s, s->osize == 2 ? 2 : s->osize);

    gen_load_seg(s, insn->arg, v);
    x86_stack_drop(s, s->osize);
    end_load_seg(s, insn->arg);
}

/* the offset and the selector of a far pointer in memory; selector as I32 */
static void load_far_pointer(X86Dis *s, IrVal *ofs, IrVal *sel)
{
    unsigned n = s->osize;
    IrVal at = x86_tmp(s), t = x86_tmp(s);

    *ofs = x86_tmp(s);
    *sel = ir_temp(s->b, IR_I32);
    ir_gld(s->b, *ofs, s->addr, x86_mo(s, n));
    ir_addi(s->b, at, s->addr, n);
    ir_gld(s->b, t, s->code64 ? at : x86_zext(s, at, 4), x86_mo(s, 2));
    ir_trunc(s->b, *sel, t);
}

/* arg: the segment of les, lds, lss, lfs, lgs */
void trans_lxs(X86Dis *s, const X86Insn *insn)
{
    IrVal ofs, sel;

    load_far_pointer(s, &ofs, &sel);
    x86_cc_flush(s);
    x86_helper2(s, &hlp_load_seg, ir_i32(s->b, insn->arg), sel);
    x86_store(s, 0, ofs);
    x86_end_block_eip(s);
}

void trans_pusha(X86Dis *s, const X86Insn *insn)
{
    IrVal sp = x86_copy(s, x86_reg[R_ESP]);

    for (int i = 0; i < 8; i++) {
        stack_store(s, x86_reg[i], sp, -(i + 1) * (int64_t)s->osize, s->osize);
    }
    x86_stack_drop(s, -8 * (int64_t)s->osize);
}

void trans_popa(X86Dis *s, const X86Insn *insn)
{
    IrVal vals[8];

    for (int i = 0; i < 8; i++) {
        vals[i] = i == 3 ? NULL : stack_load(s, x86_reg[R_ESP], i * (int64_t)s->osize, s->osize);
    }
    x86_stack_drop(s, 8 * (int64_t)s->osize);
    for (int i = 0; i < 8; i++) {
        if (vals[i]) {
            x86_reg_write(s, (unsigned)(7 - i), s->osize, vals[i]);
        }
    }
}

void trans_leave(X86Dis *s, const X86Insn *insn)
{
    IrVal bp = x86_copy(s, x86_reg[R_EBP]), v = stack_load(s, bp, 0, s->osize), t = x86_tmp(s);

    ir_addi(s->b, t, bp, s->osize);
    x86_reg_write(s, R_ESP, x86_stack_bytes(s), t);
    x86_reg_write(s, R_EBP, s->osize, v);
}

void trans_enter(X86Dis *s, const X86Insn *insn)
{
    int64_t n = s->osize, locals = (int64_t)s->opnd[0].imm;
    unsigned level = s->opnd[1].imm & 31;
    IrVal sp = x86_copy(s, x86_reg[R_ESP]), bp = x86_copy(s, x86_reg[R_EBP]), frame = x86_tmp(s);

    ir_addi(s->b, frame, sp, (uint64_t)-n);
    stack_store(s, bp, sp, -n, s->osize);
    for (unsigned i = 1; i < level; i++) {
        stack_store(s, stack_load(s, bp, -n * i, s->osize), sp, -n * (i + 1), s->osize);
    }
    if (level) {
        stack_store(s, frame, sp, -n * (level + 1), s->osize);
    }
    /* the new top of the stack must be writable */
    x86_call(s, &alu_probe_write, NULL, true, 3,
             (IrVal[]){ stack_linear(s, sp, -(n * (level + 1) + locals)),
                        x86_imm(s, s->osize), x86_imm(s, s->mmu) });
    x86_stack_drop(s, -(n * (level + 1) + locals));
    x86_reg_write(s, R_EBP, s->osize, frame);
}

/* outside of virtual-8086 mode */
static IrVal flags_image(X86Dis *s)
{
    IrBlock *b = s->b;
    IrVal f = x86_tmp(s), df = x86_tmp(s), cc = x86_flags_read(s);

    ir_ld(b, f, ir_env(b), X86_OFS(eflags), MO_32);
    ir_andi(b, f, f, (uint32_t)~(EFL_VM | EFL_RF));
    ir_ld(b, df, ir_env(b), X86_OFS(df), MO_32);
    ir_andi(b, df, df, EFL_DF);             /* df is 1 or -1 */
    ir_or(b, f, f, df);
    ir_or(b, f, f, cc);
    return f;
}

void trans_pushf(X86Dis *s, const X86Insn *insn)
{
    IrVal t;

    if (s->vm86) {
        t = x86_tmp(s);
        x86_cc_flush(s);
        x86_call(s, &hlp_pushf, t, true, 1, (IrVal[]){ ir_i32(s->b, s->osize) });
    } else {
        t = flags_image(s);
    }
    x86_push(s, t, s->osize);
}

void trans_popf(X86Dis *s, const X86Insn *insn)
{
    IrVal v = x86_stack_top(s, s->osize);

    x86_cc_flush(s);
    x86_helper2(s, &hlp_popf, v, ir_i32(s->b, s->osize));
    x86_cc_set(s, CC_OP_DYNAMIC);
    x86_stack_drop(s, s->osize);
    x86_end_block_look(s);
}

/* ---- jumps ---- */

/* to the target if @c holds, else to the next instruction */
static void branch(X86Dis *s, X86Cond c)
{
    IrLabel *out = ir_label(s->b);
    bool back = x86_loop_closes(s, s->opnd[0].imm);

    x86_cc_flush(s);
    ir_brcond(s->b, back ? ir_cond_invert(c.cond) : c.cond, c.a, c.b, out);
    x86_goto(s, back ? 1 : 0, back ? s->opnd[0].imm : s->pc);
    ir_bind(s->b, out);
    x86_goto(s, back ? 0 : 1, back ? s->pc : s->opnd[0].imm);
}

void trans_jcc(X86Dis *s, const X86Insn *insn)
{
    branch(s, x86_cond(s, s->opcode & 15));
}

void trans_jmp(X86Dis *s, const X86Insn *insn)
{
    x86_goto(s, 0, s->opnd[0].imm);
}

void trans_jcxz(X86Dis *s, const X86Insn *insn)
{
    branch(s, (X86Cond){ IR_COND_EQ, x86_reg_read(s, R_ECX, s->asize), x86_imm(s, 0) });
}

/* arg: 0 loop, 1 loope, 2 loopne */
void trans_loop(X86Dis *s, const X86Insn *insn)
{
    IrLabel *out = ir_label(s->b);
    X86Cond z = x86_cond(s, insn->arg == 1 ? 5 : 4);    /* leave on NZ, on Z */
    IrVal n = x86_tmp(s);

    x86_cc_flush(s);
    ir_subi(s->b, n, x86_reg[R_ECX], 1);
    x86_reg_write(s, R_ECX, s->asize, n);
    ir_brcondi(s->b, IR_COND_EQ, x86_zext(s, n, s->asize), 0, out);
    if (insn->arg) {
        ir_brcond(s->b, z.cond, z.a, z.b, out);
    }
    x86_goto(s, 1, s->opnd[0].imm);
    ir_bind(s->b, out);
    x86_goto(s, 0, s->pc);
}

void trans_call(X86Dis *s, const X86Insn *insn)
{
    x86_push(s, x86_imm(s, s->pc), s->osize);
    x86_goto(s, 0, s->opnd[0].imm);
}

void trans_call_ind(X86Dis *s, const X86Insn *insn)
{
    IrVal to = x86_load(s, 0);

    x86_push(s, x86_imm(s, s->pc), s->osize);
    x86_goto_reg(s, to);
}

void trans_jmp_ind(X86Dis *s, const X86Insn *insn)
{
    x86_goto_reg(s, x86_load(s, 0));
}

void trans_ret(X86Dis *s, const X86Insn *insn)
{
    IrVal to = x86_stack_top(s, s->osize);

    x86_stack_drop(s, s->osize + (int64_t)s->opnd[0].imm);
    x86_goto_reg(s, to);
}

/* ---- far transfers ---- */

/* jmp or call by @h */
static void gen_far(X86Dis *s, const IrHelper *h, IrVal sel, IrVal ofs)
{
    x86_cc_flush(s);
    x86_call(s, h, NULL, true, 4,
             (IrVal[]){ sel, ofs, ir_i32(s->b, s->osize), x86_imm(s, s->pc) });
    x86_cc_set(s, CC_OP_DYNAMIC);
    x86_goto_run_loop(s);
}

static void far_direct(X86Dis *s, const IrHelper *h)
{
    uint64_t imm = s->opnd[0].imm;

    gen_far(s, h, ir_i32(s->b, (uint32_t)(imm >> 32)), x86_imm(s, (uint32_t)imm));
}

static void far_indirect(X86Dis *s, const IrHelper *h)
{
    IrVal ofs, sel;

    load_far_pointer(s, &ofs, &sel);
    gen_far(s, h, sel, ofs);
}

void trans_call_far(X86Dis *s, const X86Insn *insn) { far_direct(s, &hlp_far_call); }
void trans_jmp_far(X86Dis *s, const X86Insn *insn) { far_direct(s, &hlp_far_jmp); }
void trans_call_far_ind(X86Dis *s, const X86Insn *insn) { far_indirect(s, &hlp_far_call); }
void trans_jmp_far_ind(X86Dis *s, const X86Insn *insn) { far_indirect(s, &hlp_far_jmp); }

/* a helper that sets eip and everything else */
static void gen_transfer(X86Dis *s, const IrHelper *h, unsigned n, const IrVal *args)
{
    x86_cc_flush(s);
    x86_call(s, h, NULL, true, n, args);
    x86_cc_set(s, CC_OP_DYNAMIC);
    x86_goto_run_loop(s);
}

void trans_ret_far(X86Dis *s, const X86Insn *insn)
{
    gen_transfer(s, &hlp_far_ret, 2, (IrVal[]){ ir_i32(s->b, s->osize),
                                                ir_i32(s->b, (uint32_t)s->opnd[0].imm) });
}

void trans_iret(X86Dis *s, const X86Insn *insn)
{
    gen_transfer(s, &hlp_iret, 2, (IrVal[]){ ir_i32(s->b, s->osize), x86_imm(s, s->pc) });
}

void trans_syscall(X86Dis *s, const X86Insn *insn)
{
    x86_cc_flush(s);
    x86_helper1(s, &hlp_syscall, x86_imm(s, s->pc));
    x86_cc_set(s, CC_OP_DYNAMIC);
    x86_goto_new_mode(s);
}

void trans_sysret(X86Dis *s, const X86Insn *insn)
{
    gen_transfer(s, &hlp_sysret, 1, (IrVal[]){ ir_i32(s->b, s->rex & 8 ? 8 : 4) });
}

void trans_sysenter(X86Dis *s, const X86Insn *insn)
{
    gen_transfer(s, &hlp_sysenter, 0, NULL);
}

void trans_sysexit(X86Dis *s, const X86Insn *insn)
{
    gen_transfer(s, &hlp_sysexit, 1, (IrVal[]){ ir_i32(s->b, s->rex & 8 ? 8 : 4) });
}

/* ---- software interrupts ---- */

void trans_int(X86Dis *s, const X86Insn *insn)
{
    x86_cc_flush(s);
    x86_helper2(s, &hlp_int_n, ir_i32(s->b, (uint32_t)s->opnd[0].imm), x86_imm(s, s->pc));
    s->ended = true;
}

void trans_int3(X86Dis *s, const X86Insn *insn)
{
    x86_cc_flush(s);
    x86_helper1(s, &hlp_int3, x86_imm(s, s->pc));
    s->ended = true;
}

void trans_int1(X86Dis *s, const X86Insn *insn)
{
    x86_cc_flush(s);
    x86_helper1(s, &hlp_icebp, x86_imm(s, s->pc));
    s->ended = true;
}

void trans_into(X86Dis *s, const X86Insn *insn)
{
    x86_cc_flush(s);
    x86_helper1(s, &hlp_into, x86_imm(s, s->pc));
}

void trans_bound(X86Dis *s, const X86Insn *insn)
{
    x86_cc_flush(s);
    x86_call(s, &hlp_bound, NULL, true, 3,
             (IrVal[]){ s->addr, x86_load_sext(s, 0), ir_i32(s->b, s->osize) });
}

void trans_ud(X86Dis *s, const X86Insn *insn)
{
    x86_gen_illegal(s);
}
