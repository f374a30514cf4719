/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86 code to IR: the loop over a block's instructions, operands, addresses, ways out. What the
 * instructions do is in translate-*.c, one trans_ function for each kind of row.
 */
#include <string.h>
#include "target/i386/sys-helpers.h"
#include "target/i386/translate.h"

/* The front end's own bound; far below what an IR block holds. */
#define MAX_BLOCK_OPS 800u

IrVal x86_reg[X86_N_REGS], x86_cc_dst, x86_cc_src, x86_cc_src2, x86_cc_op, x86_eip;

void x86_translate_init(void)
{
    static const char *const names[X86_N_REGS] = {
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
        "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
    };

    for (int i = 0; i < X86_N_REGS; i++) {
        x86_reg[i] = ir_global_new(IR_I64, X86_OFS(regs) + 8 * i, names[i]);
    }
    x86_cc_dst = ir_global_new(IR_I64, X86_OFS(cc_dst), "cc_dst");
    x86_cc_src = ir_global_new(IR_I64, X86_OFS(cc_src), "cc_src");
    x86_cc_src2 = ir_global_new(IR_I64, X86_OFS(cc_src2), "cc_src2");
    x86_cc_op = ir_global_new(IR_I32, X86_OFS(cc_op), "cc_op");
    x86_eip = ir_global_new(IR_I64, X86_OFS(eip), "eip");
}

/* ---- values ---- */

IrVal x86_copy(X86Dis *s, IrVal v)
{
    IrVal t = x86_tmp(s);

    ir_mov(s->b, t, v);
    return t;
}

IrVal x86_zext(X86Dis *s, IrVal v, unsigned bytes)
{
    IrVal t = x86_tmp(s);

    switch (bytes) {
    case 1: ir_ext8u(s->b, t, v); break;
    case 2: ir_ext16u(s->b, t, v); break;
    case 4: ir_ext32u(s->b, t, v); break;
    default: ir_mov(s->b, t, v); break;
    }
    return t;
}

IrVal x86_sext(X86Dis *s, IrVal v, unsigned bytes)
{
    IrVal t = x86_tmp(s);

    switch (bytes) {
    case 1: ir_ext8s(s->b, t, v); break;
    case 2: ir_ext16s(s->b, t, v); break;
    case 4: ir_ext32s(s->b, t, v); break;
    default: ir_mov(s->b, t, v); break;
    }
    return t;
}

IrVal x86_narrow(X86Dis *s, IrVal v, unsigned bytes, bool sign)
{
    IrVal t;

    if (bytes == 8) {
        return v;
    }
    if (bytes != 4) {
        return sign ? x86_sext(s, v, bytes) : x86_zext(s, v, bytes);
    }
    t = ir_temp(s->b, IR_I32);
    ir_trunc(s->b, t, v);
    return t;
}

/* ---- registers ---- */

IrVal x86_reg_read(X86Dis *s, unsigned reg, unsigned bytes)
{
    return x86_zext(s, x86_reg[reg], bytes);
}

void x86_reg_write(X86Dis *s, unsigned reg, unsigned bytes, IrVal val)
{
    switch (bytes) {
    case 8: ir_mov(s->b, x86_reg[reg], val); break;
    case 4: ir_ext32u(s->b, x86_reg[reg], val); break;
    default: ir_deposit(s->b, x86_reg[reg], x86_reg[reg], val, 0, bytes * 8); break;
    }
}

/* ---- operands ---- */

static bool is_high_byte(const X86Dis *s, const X86Operand *o)
{
    return o->bytes == 1 && !s->rex && o->reg >= 4 && !o->is_mem &&
           (o->kind == O_Eb || o->kind == O_Gb || o->kind == O_Zb);
}

static bool is_immediate(const X86Operand *o)
{
    return o->kind >= O_Ib && o->kind <= O_Jz;
}

bool x86_same_reg(const X86Dis *s, unsigned i, unsigned j)
{
    const X86Operand *a = &s->opnd[i], *b = &s->opnd[j];

    return !a->is_mem && !b->is_mem && !is_immediate(a) && !is_immediate(b) &&
           a->reg == b->reg && is_high_byte(s, a) == is_high_byte(s, b);
}

static IrVal load_mem(X86Dis *s, unsigned bytes, MemOp sign)
{
    IrVal t = x86_tmp(s);

    ir_gld(s->b, t, s->addr, x86_mo(s, bytes) | sign);
    return t;
}

static IrVal load_reg(X86Dis *s, const X86Operand *o)
{
    IrVal t = x86_tmp(s);

    if (is_high_byte(s, o)) {
        ir_extract(s->b, t, x86_reg[o->reg - 4], 8, 8);
    } else {
        ir_mov(s->b, t, x86_reg[o->reg]);
    }
    return t;
}

static uint64_t cut(uint64_t v, unsigned bytes)
{
    return bytes < 8 && bytes ? v & (x86_sign_bit(bytes) * 2 - 1) : v;
}

IrVal x86_load_any(X86Dis *s, unsigned i)
{
    const X86Operand *o = &s->opnd[i];

    if (o->is_mem) {
        return load_mem(s, o->bytes, 0);
    }
    return is_immediate(o) || o->kind == O_ONE ? x86_imm(s, o->imm) : load_reg(s, o);
}

IrVal x86_load(X86Dis *s, unsigned i)
{
    const X86Operand *o = &s->opnd[i];

    if (is_immediate(o)) {
        return x86_imm(s, cut(o->imm, o->bytes));
    }
    return o->is_mem || o->kind == O_ONE ? x86_load_any(s, i)
                                         : x86_zext(s, load_reg(s, o), o->bytes);
}

IrVal x86_load_sext(X86Dis *s, unsigned i)
{
    const X86Operand *o = &s->opnd[i];
    unsigned unused = 64 - 8 * o->bytes;

    if (is_immediate(o)) {
        return x86_imm(s, (uint64_t)((int64_t)(o->imm << unused) >> unused));
    }
    return o->is_mem ? load_mem(s, o->bytes, MO_SIGN) : x86_sext(s, load_reg(s, o), o->bytes);
}

void x86_store(X86Dis *s, unsigned i, IrVal val)
{
    const X86Operand *o = &s->opnd[i];

    if (o->is_mem) {
        ir_gst(s->b, val, s->addr, x86_mo(s, o->bytes));
    } else if (is_high_byte(s, o)) {
        ir_deposit(s->b, x86_reg[o->reg - 4], x86_reg[o->reg - 4], val, 8, 8);
    } else {
        x86_reg_write(s, o->reg, o->bytes, val);
    }
}

/* ---- addresses ---- */

IrVal x86_wrap(X86Dis *s, IrVal ea)
{
    return s->asize == 8 ? ea : x86_zext(s, ea, s->asize);
}

static bool seg_has_base(const X86Dis *s, int seg)
{
    return seg == R_FS || seg == R_GS || (seg == R_CS ? s->cs_base != 0 : s->addseg);
}

IrVal x86_linear(X86Dis *s, IrVal ea, int seg)
{
    IrVal base, lin;

    if (!(s->code64 ? seg == R_FS || seg == R_GS : seg_has_base(s, seg))) {
        return ea;
    }
    base = x86_tmp(s);
    lin = x86_tmp(s);
    if (seg == R_CS) {
        ir_movi(s->b, base, s->cs_base);
    } else {
        ir_ld(s->b, base, ir_env(s->b),
              X86_OFS(segs[0].base) + seg * (int32_t)sizeof(SegmentCache), MO_64);
    }
    ir_add(s->b, lin, ea, base);
    return s->code64 ? lin : x86_zext(s, lin, 4);
}

/* base + index * scale + disp, not yet cut to the address size */
static IrVal sum_address(X86Dis *s, int64_t disp)
{
    IrBlock *b = s->b;
    IrVal v = NULL, t;

    if (s->mem_rip) {
        return x86_imm(s, (uint64_t)disp + s->pc);
    }
    if (s->mem_index >= 0) {
        v = x86_tmp(s);
        ir_shli(b, v, x86_reg[(int)s->mem_index], s->mem_scale);
    }
    if (s->mem_base >= 0 && v) {
        t = x86_tmp(s);
        ir_add(b, t, x86_reg[(int)s->mem_base], v);
        v = t;
    } else if (s->mem_base >= 0) {
        v = x86_copy(s, x86_reg[(int)s->mem_base]);
    }
    if (!v) {
        return x86_imm(s, s->asize == 8 ? (uint64_t)disp : cut((uint64_t)disp, s->asize));
    }
    if (disp) {
        t = x86_tmp(s);
        ir_addi(b, t, v, (uint64_t)disp);
        v = t;
    }
    return v;
}

void x86_gen_address(X86Dis *s, int64_t extra)
{
    s->ea = x86_wrap(s, sum_address(s, s->mem_disp + extra));
    s->addr = x86_linear(s, s->ea, s->mem_seg);
}

/* ---- calls ---- */

void x86_call(X86Dis *s, const IrHelper *h, IrVal ret, bool env, unsigned n, const IrVal *args)
{
    IrVal all[IR_MAX_ARGS];

    s->loop->has_calls |= !(h->flags & IR_CALL_PURE);       /* those often turn out to be dead */
    if (env) {
        all[0] = ir_env(s->b);
    }
    for (unsigned i = 0; i < n; i++) {
        all[i + env] = args[i];
    }
    ir_call(s->b, h, ret, n + env, all);
}

void x86_sync(X86Dis *s, bool eip)
{
    x86_cc_flush(s);
    if (eip) {
        ir_movi(s->b, x86_eip, s->pc_start);
    }
}

void x86_gen_exception(X86Dis *s, int vector)
{
    x86_cc_flush(s);
    x86_helper1(s, &hlp_raise, ir_i32(s->b, (uint32_t)vector));
    s->ended = true;
}

void x86_gen_illegal(X86Dis *s)
{
    x86_gen_exception(s, EXCP06_ILLOP);
}

void x86_gen_gpf0(X86Dis *s)
{
    x86_cc_flush(s);
    x86_helper2(s, &hlp_raise_err, ir_i32(s->b, EXCP0D_GPF), ir_i32(s->b, 0));
    s->ended = true;
}

/* ---- exits ---- */

static bool is_stepping(const X86Dis *s) { return s->flags & HF_TF || s->info->single_step; }

/* env->eip is stored; does not return to the block */
static void gen_step(X86Dis *s)
{
    if (s->info->single_step) {
        x86_helper(s, &alu_debug);
    } else {
        x86_helper(s, &hlp_single_step);
    }
}

uint64_t x86_eip_to_linear(const X86Dis *s, uint64_t eip)
{
    return s->code64 ? eip : (uint32_t)(eip + s->cs_base);
}

void x86_goto_run_loop(X86Dis *s)
{
    x86_cc_flush(s);
    if (is_stepping(s)) {
        gen_step(s);
    } else {
        ir_exit(s->b, TB_EXIT_PLAIN);
    }
    s->ended = true;
}

void x86_goto_new_mode(X86Dis *s)
{
    x86_cc_flush(s);
    if (is_stepping(s)) {
        gen_step(s);
    } else {
        ir_goto_ptr(s->b, x86_eip, false);
    }
    s->ended = true;
}

void x86_goto(X86Dis *s, unsigned slot, uint64_t eip)
{
    uint64_t lin = x86_eip_to_linear(s, eip);

    x86_cc_flush(s);
    if (is_stepping(s) || s->flags & HF_INHIBIT_IRQ) {
        ir_movi(s->b, x86_eip, eip);
        x86_goto_run_loop(s);
    } else if (x86_loop_closes(s, eip)) {
        x86_loop_close(s);
    } else if (s->flags & HF_USER || !((lin ^ s->info->pc) & PAGE_MASK_)) {
        ir_goto_tb(s->b, slot);
        ir_movi(s->b, x86_eip, eip);
        ir_exit(s->b, slot);
    } else {
        ir_movi(s->b, x86_eip, eip);
        ir_goto_ptr(s->b, x86_imm(s, lin), true);
    }
    s->ended = true;
}

void x86_goto_reg(X86Dis *s, IrVal eip)
{
    IrVal lin = eip;

    x86_cc_flush(s);
    ir_mov(s->b, x86_eip, eip);
    if (is_stepping(s) || s->flags & HF_INHIBIT_IRQ) {
        x86_goto_run_loop(s);
        return;
    }
    if (!s->code64 && s->cs_base) {
        lin = x86_tmp(s);
        ir_addi(s->b, lin, eip, s->cs_base);
        lin = x86_zext(s, lin, 4);
    }
    ir_goto_ptr(s->b, lin, true);
    s->ended = true;
}

void x86_end_block_eip(X86Dis *s)
{
    s->end_eip = true;
}

void x86_end_block_look(X86Dis *s)
{
    s->end_eip = s->flags_change = true;
}

/* the ends that instructions asked for, and those of one-instruction blocks */
static void finish_insn(X86Dis *s, const X86Insn *row)
{
    bool step = is_stepping(s) || s->flags & HF_INHIBIT_IRQ;

    if (s->ended) {
        return;
    }
    if (s->end_eip || step || row->flags & I_ENDS) {
        ir_movi(s->b, x86_eip, s->pc);
        if (step || s->flags_change || row->flags & I_ENDS) {
            x86_goto_run_loop(s);
        } else {
            x86_goto_new_mode(s);
        }
    }
}

/* ---- one instruction ---- */

/* More bytes: only as many as the instruction is seen to need, so that no page is touched that
 * its last byte does not reach. */
static const X86Insn *decode_across_page(X86Dis *s)
{
    const X86Insn *row = NULL;

    while (s->status == DECODE_MORE && s->code_len < 15) {
        cpu_fetch_code(x86_cpu(s->env), x86_eip_to_linear(s, s->pc + s->code_len),
                       &s->code[s->code_len], 1);
        s->code_len++;
        row = x86_decode(s);
    }
    return row;
}

/* false: the bytes reach into another page and this is not the first instruction */
static bool fetch_and_decode(X86Dis *s, const X86Insn **row)
{
    uint64_t lin = x86_eip_to_linear(s, s->pc);
    size_t avail = cpu_fetch_avail(x86_cpu(s->env), lin);

    s->pc_start = s->pc;
    s->code_len = (uint8_t)MIN(avail, 15);
    cpu_fetch_code(x86_cpu(s->env), lin, s->code, s->code_len);
    *row = x86_decode(s);
    if (s->status == DECODE_MORE) {
        if (s->info->n_insns) {
            return false;
        }
        *row = decode_across_page(s);
    }
    return true;
}

/* true if the instruction is not allowed; the exception's code is made */
static bool gen_refusal(X86Dis *s, const X86Insn *row)
{
    uint32_t f = row->flags, hf = (uint32_t)s->flags;

    if ((f & I_PE && (!s->pe || s->vm86)) ||
        (f & (I_SSE | I_MMX) && hf & HF_EM) || (f & I_SSE && !(hf & HF_OSFXSR))) {
        x86_gen_illegal(s);
    } else if (f & I_CPL0 && s->cpl) {
        x86_gen_gpf0(s);
    } else if ((f & (I_SSE | I_MMX | I_X87) && hf & HF_TS) || (f & I_X87 && hf & HF_EM)) {
        x86_gen_exception(s, EXCP07_PREX);
    } else {
        return false;
    }
    return true;
}

static void gen_clear_inhibit(X86Dis *s)
{
    IrVal t = ir_temp(s->b, IR_I32);

    ir_ld(s->b, t, ir_env(s->b), X86_OFS(hflags), MO_32);
    ir_andi(s->b, t, t, (uint32_t)~HF_INHIBIT_IRQ);
    ir_st(s->b, t, ir_env(s->b), X86_OFS(hflags), MO_32);
}

static bool has_address(const X86Dis *s, const X86Insn *row)
{
    if (row->has_modrm) {
        return s->mod != 3 && row->mod != MOD_IGNORED;
    }
    for (unsigned i = 0; i < 4; i++) {
        if (s->opnd[i].kind == O_Ob || s->opnd[i].kind == O_Ov) {
            return true;
        }
    }
    return false;
}

/* false: the block ends before this instruction */
static bool translate_insn(X86Dis *s)
{
    const X86Insn *row;

    if (!fetch_and_decode(s, &row)) {
        return false;
    }
    s->pc = s->pc_start + (s->len ? s->len : 1);
    if (!s->code64) {
        s->pc = (uint32_t)s->pc;
    }
    s->info->n_insns++;
    s->info->size_bytes += s->len ? s->len : 1;
    ir_insn_start(s->b, s->pc_start, s->cc_op);
    if (s->flags & HF_INHIBIT_IRQ) {
        gen_clear_inhibit(s);
    }
    if (!row && s->status == DECODE_LONG) {
        x86_gen_gpf0(s);
    } else if (!row) {
        x86_gen_illegal(s);
    } else if (!gen_refusal(s, row)) {
        if (has_address(s, row)) {
            x86_gen_address(s, 0);
        }
        row->trans(s, row);
        finish_insn(s, row);
    }
    return true;
}

/* ---- blocks ---- */

static bool block_is_full(const X86Dis *s, unsigned max_insns)
{
    uint64_t lin = x86_eip_to_linear(s, s->pc);

    return s->info->n_insns >= max_insns || ir_block_n_ops(s->b) > MAX_BLOCK_OPS ||
           ir_block_overflow(s->b) || ((lin ^ s->info->pc) & PAGE_MASK_);
}

static void translate_block(CPUState *cpu, IrBlock *b, TbInfo *info, X86Loop *loop)
{
    X86Dis dis, *s = &dis;
    unsigned max = info->max_insns ? info->max_insns : 1;

    x86_dis_init(s, x86_env(cpu), info->flags);
    s->b = b;
    s->info = info;
    s->loop = loop;
    if (loop->found) {
        x86_loop_enter(s);
    }
    s->pc = s->code64 ? info->pc : (uint32_t)(info->pc - s->cs_base);
    s->cc_op = s->cc_under = CC_OP_DYNAMIC;
    info->n_insns = info->size_bytes = 0;
    if (is_stepping(s) || s->flags & HF_INHIBIT_IRQ) {
        max = 1;
    }
    while (!s->ended && translate_insn(s) && !s->ended && !block_is_full(s, max)) {
    }
    if (!s->ended) {
        x86_goto(s, 0, s->pc);
    }
}

void x86_translate(CPUState *cpu, IrBlock *b, TbInfo *info)
{
    X86Loop loop;

    loop.found = loop.has_calls = false;
    loop.head = NULL;
    loop.n = loop.written = 0;
    translate_block(cpu, b, info, &loop);
    if (loop.found && !loop.has_calls) {
        ir_block_reset(b);
        translate_block(cpu, b, info, &loop);
    }
}

/* ---- CPUOps ---- */

void x86_get_tb_key(CPUState *cpu, uint64_t *pc, uint64_t *flags)
{
    CPUX86State *env = x86_env(cpu);
    uint32_t hf = env->hflags | (env->eflags & (EFL_TF | EFL_IOPL | EFL_VM | EFL_AC));

    if (hf & HF_CS64) {
        *pc = env->eip;
        *flags = hf;
    } else {
        uint32_t base = (uint32_t)env->segs[R_CS].base;
        *pc = (uint32_t)(env->eip + base);
        *flags = hf | (uint64_t)base << 32;
    }
}

void x86_restore_state(CPUState *cpu, const uint64_t words[IR_INSN_WORDS])
{
    CPUX86State *env = x86_env(cpu);

    env->eip = words[0];
    if (words[1] != CC_OP_DYNAMIC) {
        env->cc_op = (uint32_t)words[1];
    }
}

void x86_set_pc(CPUState *cpu, uint64_t pc, uint64_t flags)
{
    x86_env(cpu)->eip = flags & HF_CS64 ? pc : (uint32_t)(pc - (flags >> 32));
}
