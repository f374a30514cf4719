/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Integer arithmetic and moves. */
#include "target/i386/sys-helpers.h"
#include "target/i386/translate.h"

static unsigned size0(const X86Dis *s) { return s->opnd[0].bytes; }
static bool mem0_locked(const X86Dis *s) { return s->opnd[0].is_mem && x86_is_locked(s); }

/* the old value of the memory operand, which becomes old <op> val */
static IrVal gen_atomic(X86Dis *s, IrOp op, IrVal val)
{
    IrVal old = x86_tmp(s);

    ir_gatomic(s->b, op, old, s->addr, val, x86_mo(s, size0(s)));
    return old;
}

/* ---- the ALU operations ---- */

static IrVal binary(X86Dis *s, IrOp op, IrVal a, IrVal c)
{
    IrVal t = x86_tmp(s);

    ir_op2(s->b, op, t, a, c);
    return t;
}

static IrVal negated(X86Dis *s, IrVal v)
{
    IrVal t = x86_tmp(s);

    ir_neg(s->b, t, v);
    return t;
}

/* Adds or subtracts b and perhaps carry; a is not read when locked. */
static void gen_sum(X86Dis *s, unsigned alu, IrVal b)
{
    bool minus = alu == ALU_SUB || alu == ALU_SBB || alu == ALU_CMP;
    IrVal carry = alu == ALU_ADC || alu == ALU_SBB ? x86_carry(s) : NULL;
    IrVal all = carry ? binary(s, IR_add, b, carry) : b, a, r;

    if (mem0_locked(s)) {
        a = gen_atomic(s, IR_gadd, minus ? negated(s, all) : all);
        r = binary(s, minus ? IR_sub : IR_add, a, all);
    } else {
        a = x86_load_any(s, 0);
        r = binary(s, minus ? IR_sub : IR_add, a, all);
        if (alu != ALU_CMP) {
            x86_store(s, 0, r);
        }
    }
    if (carry) {
        x86_cc_set2(s, minus ? CC_OP_SBBB : CC_OP_ADCB, r, b, size0(s));
        ir_mov(s->b, x86_cc_src2, carry);
    } else if (minus) {
        x86_cc_sub(s, a, b, r, size0(s));
    } else {
        x86_cc_set2(s, CC_OP_ADDB, r, b, size0(s));
    }
}

static void gen_logic(X86Dis *s, unsigned alu, IrVal b)
{
    static const struct { IrOp op, atomic; } ops[] = {
        [ALU_OR] = { IR_or, IR_gor }, [ALU_AND] = { IR_and, IR_gand },
        [ALU_XOR] = { IR_xor, IR_gxor }, [ALU_TEST] = { IR_and, IR_and },
    };
    IrVal r;

    if (mem0_locked(s)) {
        r = binary(s, ops[alu].op, gen_atomic(s, ops[alu].atomic, b), b);
    } else {
        r = binary(s, ops[alu].op, x86_load_any(s, 0), b);
        if (alu != ALU_TEST) {
            x86_store(s, 0, r);
        }
    }
    x86_cc_set1(s, CC_OP_LOGICB, r, size0(s));
}

void trans_alu(X86Dis *s, const X86Insn *insn)
{
    unsigned alu = insn->arg;
    IrVal b;

    if ((alu == ALU_XOR || alu == ALU_SUB) && x86_same_reg(s, 0, 1)) {
        x86_store(s, 0, x86_imm(s, 0));
        x86_cc_set(s, CC_OP_CLR);
        return;
    }
    b = x86_load_any(s, 1);
    if (alu == ALU_OR || alu == ALU_AND || alu == ALU_XOR || alu == ALU_TEST) {
        gen_logic(s, alu, b);
    } else {
        gen_sum(s, alu, b);
    }
}

/* arg: 0 inc, 1 dec */
void trans_incdec(X86Dis *s, const X86Insn *insn)
{
    IrVal carry = x86_carry(s), step = x86_imm(s, insn->arg ? ~0ull : 1), r;

    if (mem0_locked(s)) {
        r = binary(s, IR_add, gen_atomic(s, IR_gadd, step), step);
    } else {
        r = binary(s, IR_add, x86_load_any(s, 0), step);
        x86_store(s, 0, r);
    }
    x86_cc_set2(s, insn->arg ? CC_OP_DECB : CC_OP_INCB, r, carry, size0(s));
}

void trans_not(X86Dis *s, const X86Insn *insn)
{
    IrVal t;

    if (mem0_locked(s)) {
        gen_atomic(s, IR_gxor, x86_imm(s, ~0ull));
        return;
    }
    t = x86_load_any(s, 0);
    ir_not(s->b, t, t);
    x86_store(s, 0, t);
}

/* old value of the locked operand, replaced by its negation */
static IrVal atomic_neg(X86Dis *s)
{
    IrLabel *again = ir_label(s->b);
    MemOp mo = x86_mo(s, size0(s));
    IrVal old = x86_tmp(s), seen = x86_tmp(s), t = x86_tmp(s);

    ir_gld(s->b, seen, s->addr, mo);
    ir_bind(s->b, again);
    ir_mov(s->b, old, seen);
    ir_neg(s->b, t, old);
    ir_gcmpxchg(s->b, seen, s->addr, old, t, mo);
    ir_brcond(s->b, IR_COND_NE, seen, old, again);
    return old;
}

void trans_neg(X86Dis *s, const X86Insn *insn)
{
    bool locked = mem0_locked(s);
    IrVal a = locked ? atomic_neg(s) : x86_load_any(s, 0), r = negated(s, a);

    if (!locked) {
        x86_store(s, 0, r);
    }
    x86_cc_sub(s, x86_imm(s, 0), a, r, size0(s));
}

/* ---- multiplication and division ---- */

/* the double-width product of rAX, as low and high part; high is what sets CF and OF */
static void store_product(X86Dis *s, IrVal lo, IrVal hi, IrVal overflow)
{
    unsigned n = size0(s);

    if (n == 1) {
        x86_reg_write(s, R_EAX, 2, lo);
    } else {
        x86_reg_write(s, R_EAX, n, lo);
        x86_reg_write(s, R_EDX, n, hi);
    }
    x86_cc_set2(s, CC_OP_MULB, lo, overflow, n);
}

void trans_mul(X86Dis *s, const X86Insn *insn)
{
    unsigned n = size0(s);
    IrVal a = x86_reg_read(s, R_EAX, n), b = x86_load(s, 0), lo = x86_tmp(s), hi = x86_tmp(s);

    if (n == 8) {
        ir_mulu2(s->b, lo, hi, a, b);
    } else {
        ir_mul(s->b, lo, a, b);
        ir_shri(s->b, hi, lo, 8 * n);
    }
    store_product(s, lo, hi, hi);
}

/* 64-bit: high half less the low half's sign, so nonzero if the product needs it */
static IrVal signed_overflow64(X86Dis *s, IrVal lo, IrVal hi)
{
    IrVal t = x86_tmp(s);

    ir_sari(s->b, t, lo, 63);
    ir_sub(s->b, t, hi, t);
    return t;
}

/* narrower: whole product less its low part sign-extended */
static IrVal signed_overflow(X86Dis *s, IrVal product, unsigned bytes)
{
    return binary(s, IR_sub, product, x86_sext(s, product, bytes));
}

void trans_imul1(X86Dis *s, const X86Insn *insn)
{
    unsigned n = size0(s);
    IrVal a = x86_sext(s, x86_reg[R_EAX], n), b = x86_load_sext(s, 0);
    IrVal lo = x86_tmp(s), hi = x86_tmp(s);

    if (n == 8) {
        ir_muls2(s->b, lo, hi, a, b);
        store_product(s, lo, hi, signed_overflow64(s, lo, hi));
    } else {
        ir_mul(s->b, lo, a, b);
        ir_shri(s->b, hi, lo, 8 * n);
        store_product(s, lo, hi, signed_overflow(s, lo, n));
    }
}

/* The high half is computed apart, so that it goes away when the flags are not used. */
static void gen_imul(X86Dis *s, IrVal a, IrVal b)
{
    unsigned n = size0(s);
    IrVal lo = binary(s, IR_mul, a, b), lo2, hi, over;

    if (n == 8) {
        lo2 = x86_tmp(s);
        hi = x86_tmp(s);
        ir_muls2(s->b, lo2, hi, a, b);
        over = signed_overflow64(s, lo2, hi);
    } else {
        over = signed_overflow(s, lo, n);
    }
    x86_store(s, 0, lo);
    x86_cc_set2(s, CC_OP_MULB, lo, over, n);
}

void trans_imul2(X86Dis *s, const X86Insn *insn)
{
    IrVal b = x86_load_sext(s, 1);

    gen_imul(s, x86_load_sext(s, 0), b);
}

void trans_imul3(X86Dis *s, const X86Insn *insn)
{
    IrVal a = x86_load_sext(s, 1);

    gen_imul(s, a, x86_load_sext(s, 2));
}

static void div64(X86Dis *s, bool is_signed)
{
    IrVal q = x86_tmp(s), r = x86_tmp(s);
    IrVal args[] = { x86_copy(s, x86_reg[R_EAX]), x86_copy(s, x86_reg[R_EDX]), x86_load(s, 0) };

    x86_call(s, is_signed ? &alu_idivq : &alu_divq, q, true, 3, args);
    x86_call(s, is_signed ? &alu_iremq : &alu_remq, r, false, 3, args);
    ir_mov(s->b, x86_reg[R_EAX], q);
    ir_mov(s->b, x86_reg[R_EDX], r);
}

/* AX, DX:AX or EDX:EAX in 64 bits */
static IrVal dividend(X86Dis *s, unsigned n, bool is_signed)
{
    IrVal a, d;

    if (n == 1) {
        return is_signed ? x86_sext(s, x86_reg[R_EAX], 2) : x86_zext(s, x86_reg[R_EAX], 2);
    }
    a = x86_reg_read(s, R_EAX, n);
    d = is_signed ? x86_sext(s, x86_reg[R_EDX], n) : x86_reg_read(s, R_EDX, n);
    ir_shli(s->b, d, d, 8 * n);
    ir_or(s->b, d, d, a);
    return d;
}

/* arg: 0 div, 1 idiv */
void trans_div(X86Dis *s, const X86Insn *insn)
{
    unsigned n = size0(s);
    bool is_signed = insn->arg;
    IrVal t, hi;

    if (n == 8) {
        div64(s, is_signed);
        return;
    }
    t = x86_tmp(s);
    x86_call(s, is_signed ? &alu_idiv : &alu_div, t, true, 3,
             (IrVal[]){ dividend(s, n, is_signed), is_signed ? x86_load_sext(s, 0) : x86_load(s, 0),
                        x86_imm(s, n) });
    hi = x86_tmp(s);
    ir_shri(s->b, hi, t, 32);
    if (n == 1) {
        ir_deposit(s->b, t, t, hi, 8, 8);
        x86_reg_write(s, R_EAX, 2, t);
    } else {
        x86_reg_write(s, R_EAX, n, t);
        x86_reg_write(s, R_EDX, n, hi);
    }
}

/* ---- moves ---- */

void trans_mov(X86Dis *s, const X86Insn *insn)
{
    x86_store(s, 0, x86_load_any(s, 1));
}

void trans_movzx(X86Dis *s, const X86Insn *insn)
{
    x86_store(s, 0, x86_load(s, 1));
}

void trans_movsx(X86Dis *s, const X86Insn *insn)
{
    x86_store(s, 0, x86_load_sext(s, 1));
}

void trans_lea(X86Dis *s, const X86Insn *insn)
{
    x86_store(s, 0, s->ea);
}

void trans_xchg(X86Dis *s, const X86Insn *insn)
{
    IrVal a, b;

    if (x86_same_reg(s, 0, 1) && s->opcode == 0x90) {
        return;                             /* nop, also of the upper half */
    }
    b = x86_load_any(s, 1);
    if (s->opnd[0].is_mem && s->info->smp) {
        a = gen_atomic(s, IR_gxchg, b);
    } else {
        a = x86_load_any(s, 0);
        x86_store(s, 0, b);
    }
    x86_store(s, 1, a);
}

void trans_xadd(X86Dis *s, const X86Insn *insn)
{
    IrVal b = x86_load_any(s, 1), a, r;

    if (mem0_locked(s)) {
        a = gen_atomic(s, IR_gadd, b);
        r = binary(s, IR_add, a, b);
        x86_store(s, 1, a);
    } else if (s->opnd[0].is_mem) {
        a = x86_load_any(s, 0);
        r = binary(s, IR_add, a, b);
        x86_store(s, 0, r);
        x86_store(s, 1, a);
    } else {
        a = x86_load_any(s, 0);
        r = binary(s, IR_add, a, b);
        x86_store(s, 1, a);
        x86_store(s, 0, r);
    }
    x86_cc_set2(s, CC_OP_ADDB, r, b, size0(s));
}

/* The accumulator takes @old unless they were equal. */
static void cmpxchg_accumulator(X86Dis *s, IrVal old, IrVal acc)
{
    IrVal t = x86_tmp(s), rax = x86_copy(s, x86_reg[R_EAX]), merged = x86_tmp(s);
    unsigned n = size0(s);

    if (n == 8) {
        ir_mov(s->b, x86_reg[R_EAX], old);  /* the same value if equal */
    } else if (n == 4) {
        ir_ext32u(s->b, t, old);
        ir_movcond(s->b, IR_COND_EQ, x86_reg[R_EAX], old, acc, rax, t);
    } else {
        ir_deposit(s->b, merged, rax, old, 0, 8 * n);
        ir_mov(s->b, x86_reg[R_EAX], merged);
    }
}

/* a register: all of it stays as it is if they differ */
static void cmpxchg_reg(X86Dis *s, IrVal old, IrVal acc, IrVal val)
{
    const X86Operand *o = &s->opnd[0];
    IrVal put = x86_tmp(s), whole, t;

    cmpxchg_accumulator(s, old, acc);
    if (o->bytes == 4) {
        whole = x86_copy(s, x86_reg[o->reg]);
        t = x86_zext(s, val, 4);
        ir_movcond(s->b, IR_COND_EQ, x86_reg[o->reg], old, acc, t, whole);
    } else {
        ir_movcond(s->b, IR_COND_EQ, put, old, acc, val, old);
        x86_store(s, 0, put);
    }
}

void trans_cmpxchg(X86Dis *s, const X86Insn *insn)
{
    unsigned n = size0(s);
    IrVal acc = x86_reg_read(s, R_EAX, n), val = x86_load(s, 1), old = x86_tmp(s), put;

    if (mem0_locked(s)) {
        ir_gcmpxchg(s->b, old, s->addr, acc, val, x86_mo(s, n));
        cmpxchg_accumulator(s, old, acc);
    } else if (s->opnd[0].is_mem) {
        old = x86_load(s, 0);
        put = x86_tmp(s);
        ir_movcond(s->b, IR_COND_EQ, put, old, acc, val, old);
        x86_store(s, 0, put);
        cmpxchg_accumulator(s, old, acc);
    } else {
        old = x86_load(s, 0);
        cmpxchg_reg(s, old, acc, val);
    }
    x86_cc_sub(s, acc, old, binary(s, IR_sub, acc, old), n);
}

static IrVal pair32(X86Dis *s, unsigned lo, unsigned hi)
{
    IrVal t = x86_tmp(s);

    ir_deposit(s->b, t, x86_reg_read(s, lo, 4), x86_reg[hi], 32, 32);
    return t;
}

/* env's EDX:EAX takes @old where it differs from what was expected */
static void load_pair32(X86Dis *s, IrVal old, IrVal expect)
{
    IrVal lo = x86_zext(s, old, 4), hi = x86_tmp(s);

    ir_shri(s->b, hi, old, 32);
    ir_movcond(s->b, IR_COND_EQ, x86_reg[R_EAX], old, expect, x86_reg[R_EAX], lo);
    ir_movcond(s->b, IR_COND_EQ, x86_reg[R_EDX], old, expect, x86_reg[R_EDX], hi);
}

static IrVal cmpxchg8b(X86Dis *s)
{
    IrVal expect = pair32(s, R_EAX, R_EDX), desired = pair32(s, R_EBX, R_ECX);
    IrVal old = x86_tmp(s), z = x86_tmp(s);

    ir_gcmpxchg(s->b, old, s->addr, expect, desired, x86_mo(s, 8));
    ir_setcond(s->b, IR_COND_EQ, z, old, expect);
    load_pair32(s, old, expect);
    return z;
}

static IrVal cmpxchg16b(X86Dis *s)
{
    IrVal z = x86_tmp(s);

    x86_call(s, &alu_cmpxchg16b, z, true, 2, (IrVal[]){ s->addr, x86_imm(s, s->mmu) });
    return z;
}

void trans_cmpxchg8b(X86Dis *s, const X86Insn *insn)
{
    IrVal z;

    if (s->rex & 8 && !x86_has(s->env, FEAT_1_ECX, 1u << 13)) {
        x86_gen_illegal(s);
        return;
    }
    z = s->rex & 8 ? cmpxchg16b(s) : cmpxchg8b(s);
    ir_shli(s->b, z, z, 6);
    x86_flags_merge(s, CC_Z, z);
}

/* AX, EAX, RAX from its lower half */
void trans_cbw(X86Dis *s, const X86Insn *insn)
{
    x86_reg_write(s, R_EAX, s->osize, x86_sext(s, x86_reg[R_EAX], s->osize / 2));
}

void trans_cwd(X86Dis *s, const X86Insn *insn)
{
    IrVal t = x86_sext(s, x86_reg[R_EAX], s->osize);

    ir_sari(s->b, t, t, 63);
    x86_reg_write(s, R_EDX, s->osize, t);
}

static IrVal swapped(X86Dis *s, IrVal v, unsigned bytes)
{
    IrVal t = x86_tmp(s);

    ir_bswap(s->b, t, v);
    if (bytes < 8) {
        ir_shri(s->b, t, t, 64 - 8 * bytes);
    }
    return t;
}

void trans_bswap(X86Dis *s, const X86Insn *insn)
{
    unsigned n = size0(s);

    x86_store(s, 0, n == 2 ? x86_imm(s, 0) : swapped(s, x86_load_any(s, 0), n));
}

void trans_movbe(X86Dis *s, const X86Insn *insn)
{
    x86_store(s, 0, swapped(s, x86_load_any(s, 1), size0(s)));
}

void trans_xlat(X86Dis *s, const X86Insn *insn)
{
    IrVal ea = binary(s, IR_add, x86_reg[R_EBX], x86_reg_read(s, R_EAX, 1)), t = x86_tmp(s);

    ea = x86_linear(s, x86_wrap(s, ea), s->seg_override >= 0 ? s->seg_override : R_DS);
    ir_gld(s->b, t, ea, x86_mo(s, 1));
    x86_reg_write(s, R_EAX, 1, t);
}

void trans_nop(X86Dis *s, const X86Insn *insn)
{
}

/* arg: 1 for a full barrier; loads and stores are ordered as x86 does without it */
void trans_fence(X86Dis *s, const X86Insn *insn)
{
    if (insn->arg) {
        ir_mb(s->b);
    }
}

/* ---- conditions ---- */

void trans_cmov(X86Dis *s, const X86Insn *insn)
{
    IrVal val = x86_load_any(s, 1), old = x86_load_any(s, 0), t = x86_tmp(s);
    X86Cond c = x86_cond(s, s->opcode & 15);

    ir_movcond(s->b, c.cond, t, c.a, c.b, val, old);
    x86_store(s, 0, t);
}

void trans_setcc(X86Dis *s, const X86Insn *insn)
{
    X86Cond c = x86_cond(s, s->opcode & 15);
    IrVal t = x86_tmp(s);

    ir_setcond(s->b, c.cond, t, c.a, c.b);
    x86_store(s, 0, t);
}

/* ---- flags as data ---- */

#define CC_IN_AH (CC_S | CC_Z | CC_A | CC_P | CC_C)

void trans_lahf(X86Dis *s, const X86Insn *insn)
{
    IrVal t = x86_tmp(s);

    ir_andi(s->b, t, x86_flags_read(s), CC_IN_AH);
    ir_ori(s->b, t, t, 2);
    ir_deposit(s->b, x86_reg[R_EAX], x86_reg[R_EAX], t, 8, 8);
}

void trans_sahf(X86Dis *s, const X86Insn *insn)
{
    IrVal t = x86_tmp(s);

    ir_shri(s->b, t, x86_reg[R_EAX], 8);
    ir_andi(s->b, t, t, CC_IN_AH);
    x86_flags_merge(s, CC_IN_AH, t);
}

/* arg: 0 clc, 1 stc, 2 cmc */
void trans_carry(X86Dis *s, const X86Insn *insn)
{
    IrVal c = insn->arg == 2 ? x86_carry(s) : x86_imm(s, insn->arg);

    if (insn->arg == 2) {
        ir_xori(s->b, c, c, 1);
    }
    x86_cc_override(s, c, NULL);
}

void trans_salc(X86Dis *s, const X86Insn *insn)
{
    x86_reg_write(s, R_EAX, 1, negated(s, x86_carry(s)));
}

/* arg: 0 cld, 1 std */
void trans_set_df(X86Dis *s, const X86Insn *insn)
{
    ir_st(s->b, ir_i32(s->b, insn->arg ? ~0u : 1), ir_env(s->b), X86_OFS(df), MO_32);
}

/* ---- decimal ---- */

void trans_bcd(X86Dis *s, const X86Insn *insn)
{
    IrVal t = x86_tmp(s), f = x86_tmp(s);

    x86_call(s, &alu_bcd, t, false, 3,
             (IrVal[]){ x86_reg_read(s, R_EAX, 2), x86_flags_read(s), x86_imm(s, insn->arg) });
    x86_reg_write(s, R_EAX, 2, t);
    ir_shri(s->b, f, t, 32);
    x86_flags_write(s, f);
}

void trans_aam(X86Dis *s, const X86Insn *insn)
{
    IrVal t = x86_tmp(s);

    if (s->opnd[0].imm == 0) {
        x86_gen_exception(s, EXCP00_DIVZ);
        return;
    }
    x86_call(s, &alu_aam, t, false, 2, (IrVal[]){ x86_reg_read(s, R_EAX, 1), x86_load(s, 0) });
    x86_reg_write(s, R_EAX, 2, t);
    x86_cc_set1(s, CC_OP_LOGICB, t, 1);
}

void trans_aad(X86Dis *s, const X86Insn *insn)
{
    IrVal t = x86_tmp(s);

    ir_extract(s->b, t, x86_reg[R_EAX], 8, 8);
    t = binary(s, IR_add, binary(s, IR_mul, t, x86_load(s, 0)), x86_reg[R_EAX]);
    t = x86_zext(s, t, 1);
    x86_reg_write(s, R_EAX, 2, t);
    x86_cc_set1(s, CC_OP_LOGICB, t, 1);
}
