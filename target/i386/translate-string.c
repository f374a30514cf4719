/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * String instructions and ports. rep movs and rep stos are helpers that work page by page; the
 * other repeated ones run one element a pass through the block, which jumps to itself, so that an
 * interrupt or a fault always finds the registers of a whole number of elements.
 */
#include "target/i386/sys-helpers.h"
#include "target/i386/translate.h"

static int source_seg(const X86Dis *s)
{
    return s->seg_override >= 0 ? s->seg_override : R_DS;
}

static IrVal source_addr(X86Dis *s)
{
    return x86_linear(s, x86_wrap(s, x86_copy(s, x86_reg[R_ESI])), source_seg(s));
}

static IrVal dest_addr(X86Dis *s)
{
    return x86_linear(s, x86_wrap(s, x86_copy(s, x86_reg[R_EDI])), R_ES);
}

static IrVal load_at(X86Dis *s, IrVal addr, unsigned bytes)
{
    IrVal t = x86_tmp(s);

    ir_gld(s->b, t, addr, x86_mo(s, bytes));
    return t;
}

/* moves rSI and rDI, as asked, by one element in the direction of DF */
static void advance(X86Dis *s, unsigned bytes, bool si, bool di)
{
    IrVal df = ir_temp(s->b, IR_I32), step = x86_tmp(s), t = x86_tmp(s);

    ir_ld(s->b, df, ir_env(s->b), X86_OFS(df), MO_32);
    ir_sext(s->b, step, df);
    ir_shli(s->b, step, step, x86_log2(bytes));
    if (si) {
        ir_add(s->b, t, x86_reg[R_ESI], step);
        x86_reg_write(s, R_ESI, s->asize, t);
    }
    if (di) {
        ir_add(s->b, t, x86_reg[R_EDI], step);
        x86_reg_write(s, R_EDI, s->asize, t);
    }
}

/* ---- one element ---- */

typedef void StringBody(X86Dis *s, unsigned bytes);

static void body_movs(X86Dis *s, unsigned bytes)
{
    ir_gst(s->b, load_at(s, source_addr(s), bytes), dest_addr(s), x86_mo(s, bytes));
    advance(s, bytes, true, true);
}

static void body_stos(X86Dis *s, unsigned bytes)
{
    ir_gst(s->b, x86_reg[R_EAX], dest_addr(s), x86_mo(s, bytes));
    advance(s, bytes, false, true);
}

static void body_lods(X86Dis *s, unsigned bytes)
{
    x86_reg_write(s, R_EAX, bytes, load_at(s, source_addr(s), bytes));
    advance(s, bytes, true, false);
}

static void compare(X86Dis *s, IrVal a, IrVal b, unsigned bytes)
{
    IrVal r = x86_tmp(s);

    ir_sub(s->b, r, a, b);
    x86_cc_sub(s, a, b, r, bytes);
}

static void body_cmps(X86Dis *s, unsigned bytes)
{
    IrVal a = load_at(s, source_addr(s), bytes);

    compare(s, a, load_at(s, dest_addr(s), bytes), bytes);
    advance(s, bytes, true, true);
}

static void body_scas(X86Dis *s, unsigned bytes)
{
    IrVal b = load_at(s, dest_addr(s), bytes);

    compare(s, x86_reg_read(s, R_EAX, bytes), b, bytes);
    advance(s, bytes, false, true);
}

static IrVal port_dx(X86Dis *s)
{
    IrVal port = ir_temp(s->b, IR_I32);

    ir_trunc(s->b, port, x86_reg_read(s, R_EDX, 2));
    return port;
}

/* permission, then the page, and only then the device */
static void body_ins(X86Dis *s, unsigned bytes)
{
    IrVal n = ir_i32(s->b, bytes), addr = dest_addr(s), v = x86_tmp(s);

    x86_cc_flush(s);
    x86_helper2(s, &hlp_check_io, port_dx(s), n);
    x86_call(s, &alu_probe_write, NULL, true, 3,
             (IrVal[]){ addr, x86_imm(s, bytes), x86_imm(s, s->mmu) });
    x86_call(s, &hlp_in, v, true, 2, (IrVal[]){ port_dx(s), n });
    ir_gst(s->b, v, addr, x86_mo(s, bytes));
    advance(s, bytes, false, true);
}

static void body_outs(X86Dis *s, unsigned bytes)
{
    IrVal n = ir_i32(s->b, bytes), v;

    x86_cc_flush(s);
    x86_helper2(s, &hlp_check_io, port_dx(s), n);
    v = load_at(s, source_addr(s), bytes);
    x86_call(s, &hlp_out, NULL, true, 3, (IrVal[]){ port_dx(s), v, n });
    advance(s, bytes, true, false);
}

/* ---- repetition ---- */

static IrVal count(X86Dis *s)
{
    return x86_reg_read(s, R_ECX, s->asize);
}

/*
 * while (rCX) { body; rCX--; leave if @until and ZF says so }
 * until: 0 never, 1 repe (leave on NZ), 2 repne (leave on Z)
 */
static void gen_rep(X86Dis *s, StringBody *body, unsigned bytes, unsigned until)
{
    IrLabel *done = ir_label(s->b);
    IrVal n = x86_tmp(s);
    X86Cond c;

    x86_cc_flush(s);
    ir_brcondi(s->b, IR_COND_EQ, count(s), 0, done);
    body(s, bytes);
    ir_subi(s->b, n, x86_reg[R_ECX], 1);
    x86_reg_write(s, R_ECX, s->asize, n);
    if (until) {
        x86_cc_flush(s);
        c = x86_cond(s, until == 1 ? 5 : 4);
        ir_brcond(s->b, c.cond, c.a, c.b, done);
    }
    x86_goto(s, 1, s->pc_start);
    ir_bind(s->b, done);
    x86_cc_set(s, CC_OP_DYNAMIC);
    x86_goto(s, 0, s->pc);
}

static void string_op(X86Dis *s, StringBody *body, unsigned bytes, bool compares)
{
    if (s->rep || s->repne) {
        gen_rep(s, body, bytes, !compares ? 0 : s->rep ? 1 : 2);
    } else {
        body(s, bytes);
    }
}

/* The helper returns early when this vCPU is wanted elsewhere: go round by way of the run loop. */
static void gen_rep_helper(X86Dis *s, const IrHelper *h, unsigned bytes)
{
    IrLabel *done = ir_label(s->b);
    int seg = source_seg(s);
    bool src_base = s->code64 ? seg >= R_FS : s->addseg || seg >= R_FS || seg == R_CS;
    uint64_t what = REP_WHAT(x86_log2(bytes), x86_log2(s->asize), s->mmu,
                             src_base ? (unsigned)seg : REP_NO_BASE);

    what |= (s->addseg ? 0 : REP_DST_NO_BASE) | (s->code64 ? REP_CODE64 : 0);
    x86_cc_flush(s);
    x86_helper1(s, h, x86_imm(s, what));
    ir_brcondi(s->b, IR_COND_EQ, count(s), 0, done);
    x86_goto(s, 1, s->pc_start);
    ir_bind(s->b, done);
    x86_goto(s, 0, s->pc);
}

static bool steps(const X86Dis *s)
{
    return s->flags & HF_TF || s->info->single_step;    /* a trap after each element */
}

void trans_movs(X86Dis *s, const X86Insn *insn)
{
    if ((s->rep || s->repne) && !steps(s)) {
        gen_rep_helper(s, &alu_rep_movs, s->opnd[0].bytes);
    } else {
        string_op(s, body_movs, s->opnd[0].bytes, false);
    }
}

void trans_stos(X86Dis *s, const X86Insn *insn)
{
    if ((s->rep || s->repne) && !steps(s)) {
        gen_rep_helper(s, &alu_rep_stos, s->opnd[0].bytes);
    } else {
        string_op(s, body_stos, s->opnd[0].bytes, false);
    }
}

void trans_lods(X86Dis *s, const X86Insn *insn)
{
    string_op(s, body_lods, s->opnd[1].bytes, false);
}

void trans_cmps(X86Dis *s, const X86Insn *insn)
{
    string_op(s, body_cmps, s->opnd[0].bytes, true);
}

void trans_scas(X86Dis *s, const X86Insn *insn)
{
    string_op(s, body_scas, s->opnd[1].bytes, true);
}

/* ports are 8, 16 or 32 bits wide, whatever REX.W says */
static unsigned port_bytes(unsigned bytes) { return MIN(bytes, 4); }

void trans_ins(X86Dis *s, const X86Insn *insn)
{
    string_op(s, body_ins, port_bytes(s->opnd[0].bytes), false);
}

void trans_outs(X86Dis *s, const X86Insn *insn)
{
    string_op(s, body_outs, port_bytes(s->opnd[1].bytes), false);
}

/* ---- in, out ---- */

static IrVal port_operand(X86Dis *s, unsigned i)
{
    return s->opnd[i].kind == O_DX ? port_dx(s) : ir_i32(s->b, (uint32_t)s->opnd[i].imm & 255);
}

void trans_in(X86Dis *s, const X86Insn *insn)
{
    IrVal v = x86_tmp(s);

    x86_cc_flush(s);
    x86_call(s, &hlp_in, v, true, 2,
             (IrVal[]){ port_operand(s, 1), ir_i32(s->b, s->opnd[0].bytes) });
    x86_store(s, 0, v);
}

void trans_out(X86Dis *s, const X86Insn *insn)
{
    x86_cc_flush(s);
    x86_call(s, &hlp_out, NULL, true, 3,
             (IrVal[]){ port_operand(s, 0), x86_load(s, 1), ir_i32(s->b, s->opnd[1].bytes) });
}
