/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shifts, rotates, single bits, bit counts, BMI, ADX, CRC32. */
#include "target/i386/translate.h"

static unsigned size0(const X86Dis *s) { return s->opnd[0].bytes; }
static unsigned count_mask(unsigned bytes) { return bytes == 8 ? 63 : 31; }

static IrVal shifted(X86Dis *s, IrOp op, IrVal v, IrVal count)
{
    IrVal t = x86_tmp(s);

    ir_op2(s->b, op, t, v, count);
    return t;
}

static IrVal shifted_by(X86Dis *s, IrOp op, IrVal v, unsigned count)
{
    return shifted(s, op, v, x86_imm(s, count));
}

/* The count operand, masked; true if it is a constant, then in *n too. */
static bool get_count(X86Dis *s, unsigned i, unsigned bytes, IrVal *count, unsigned *n)
{
    X86Operand *o = &s->opnd[i];

    *n = (unsigned)o->imm & count_mask(bytes);
    if (o->kind == O_CL) {
        *count = x86_tmp(s);
        ir_andi(s->b, *count, x86_reg[R_ECX], count_mask(bytes));
        return false;
    }
    *count = x86_imm(s, *n);
    return true;
}

static IrVal minus1(X86Dis *s, IrVal count)
{
    IrVal t = x86_tmp(s);

    /* a count of 0 becomes the largest: some value, which is then not used */
    ir_subi(s->b, t, count, 1);
    ir_andi(s->b, t, t, 63);
    return t;
}

/* ---- shl, shr, sar ---- */

static const struct { IrOp op; CCOp cc; } shifts[] = {
    [SH_SHL] = { IR_shl, CC_OP_SHLB }, [SH_SHR] = { IR_shr, CC_OP_SARB },
    [SH_SAR] = { IR_sar, CC_OP_SARB },
};

void trans_shift(X86Dis *s, const X86Insn *insn)
{
    unsigned bytes = size0(s), n;
    IrOp op = shifts[insn->arg].op;
    CCOp cc = shifts[insn->arg].cc;
    IrVal count, v, r, prev;
    bool is_const = get_count(s, 1, bytes, &count, &n);

    v = op == IR_shl ? x86_load_any(s, 0) : op == IR_shr ? x86_load(s, 0) : x86_load_sext(s, 0);
    if (is_const && n == 0) {
        x86_store(s, 0, v);
        return;
    }
    r = shifted(s, op, v, count);
    prev = is_const ? shifted_by(s, op, v, n - 1) : shifted(s, op, v, minus1(s, count));
    x86_store(s, 0, r);
    if (is_const) {
        x86_cc_set2(s, cc, r, prev, bytes);
    } else {
        x86_cc_set2_unless0(s, count, cc, r, prev, bytes);
    }
}

/* arg: SH_SHL shld, SH_SHR shrd */
void trans_shxd(X86Dis *s, const X86Insn *insn)
{
    unsigned bytes = size0(s), n;
    bool left = insn->arg == SH_SHL, is_const;
    CCOp cc = shifts[insn->arg].cc;
    IrOp op = shifts[insn->arg].op;
    IrVal count, a, c, v, r, prev, t = x86_tmp(s);

    is_const = get_count(s, 2, bytes, &count, &n);
    a = x86_load(s, 0);
    if (is_const && n == 0) {
        x86_store(s, 0, a);
        return;
    }
    c = x86_load(s, 1);
    if (bytes == 8) {                       /* a one way, c the other way in two steps */
        IrOp back = left ? IR_shr : IR_shl;
        ir_xori(s->b, t, count, 63);
        r = shifted(s, back, shifted_by(s, back, c, 1), t);
        ir_or(s->b, r, r, shifted(s, op, a, count));
    } else {
        /* one number: c beside a; with 16 bits c once more, for counts above 16 */
        v = x86_tmp(s);
        if (bytes == 4) {
            ir_deposit(s->b, v, left ? c : a, left ? a : c, 32, 32);
        } else {
            ir_deposit(s->b, v, left ? c : a, c, 16, 16);
            ir_deposit(s->b, v, v, left ? a : c, 32, 16);
        }
        r = shifted(s, op, v, count);
        if (left) {
            r = shifted_by(s, IR_shr, r, 32);
        }
    }
    prev = shifted(s, op, a, minus1(s, count));
    x86_store(s, 0, r);
    if (is_const) {
        x86_cc_set2(s, cc, r, prev, bytes);
    } else {
        x86_cc_set2_unless0(s, count, cc, r, prev, bytes);
    }
}

/* ---- rotates ---- */

static IrVal bit(X86Dis *s, IrVal v, unsigned pos)
{
    IrVal t = x86_tmp(s);

    ir_extract(s->b, t, v, pos, 1);
    return t;
}

/* CF, and OF as the difference of two bits; all I64 of 0 or 1 */
static void set_rotate_flags(X86Dis *s, IrVal cf, IrVal o1, IrVal o2, IrVal count)
{
    IrVal o = x86_tmp(s);

    ir_xor(s->b, o, o1, o2);
    if (count) {
        x86_cc_override_unless0(s, count, cf, o);
    } else {
        x86_cc_override(s, cf, o);
    }
}

/* 8 and 16 bits: repeated to fill 32, where a rotate by any count does the same */
static IrVal rotated(X86Dis *s, IrVal v, IrVal count, bool left, unsigned bytes)
{
    IrOp op = left ? IR_rotl : IR_rotr;
    IrVal t, n;

    if (bytes == 8) {
        return shifted(s, op, v, count);
    }
    if (bytes < 4) {
        t = x86_tmp(s);
        ir_muli(s->b, t, v, bytes == 1 ? 0x01010101 : 0x00010001);
        v = t;
    }
    t = ir_temp(s->b, IR_I32);
    n = ir_temp(s->b, IR_I32);
    ir_trunc(s->b, t, v);
    ir_trunc(s->b, n, count);
    ir_op2(s->b, op, t, t, n);
    v = x86_tmp(s);
    ir_zext(s->b, v, t);
    return v;
}

void trans_rot(X86Dis *s, const X86Insn *insn)
{
    unsigned bytes = size0(s), top = bytes * 8 - 1, n;
    bool left = insn->arg == SH_ROL;
    IrVal count, v, r, cf;
    bool is_const = get_count(s, 1, bytes, &count, &n);

    v = x86_load(s, 0);
    if (is_const && n == 0) {
        x86_store(s, 0, v);
        return;
    }
    r = rotated(s, v, count, left, bytes);
    x86_store(s, 0, r);
    cf = left ? bit(s, r, 0) : bit(s, r, top);
    set_rotate_flags(s, cf, bit(s, r, top), left ? cf : bit(s, r, top - 1),
                     is_const ? NULL : count);
}

/* by 1, as in additions of long numbers */
static void rotc_by_1(X86Dis *s, bool left, IrVal v, IrVal old_cf)
{
    unsigned bytes = size0(s), top = bytes * 8 - 1;
    IrVal r = shifted_by(s, left ? IR_shl : IR_shr, v, 1), cf = bit(s, v, left ? top : 0);

    ir_or(s->b, r, r, left ? old_cf : shifted_by(s, IR_shl, old_cf, top));
    x86_store(s, 0, r);
    set_rotate_flags(s, cf, bit(s, r, top), left ? cf : bit(s, r, top - 1), NULL);
}

void trans_rotc(X86Dis *s, const X86Insn *insn)
{
    unsigned bytes = size0(s), top = bytes * 8 - 1, n;
    bool left = insn->arg == SH_RCL;
    IrVal count, v, r = x86_tmp(s), cf = x86_tmp(s), old_cf = x86_carry(s);
    bool is_const = get_count(s, 1, bytes, &count, &n);
    IrVal args[4];

    v = x86_load(s, 0);
    if (is_const && n <= 1) {
        if (n) {
            rotc_by_1(s, left, v, old_cf);
        } else {
            x86_store(s, 0, v);
        }
        return;
    }
    args[0] = v, args[1] = old_cf, args[2] = count;
    args[3] = x86_imm(s, bytes | (left ? 0 : 256));
    x86_call(s, &alu_rotc, r, false, 4, args);
    x86_call(s, &alu_rotc_carry, cf, false, 4, args);
    x86_store(s, 0, r);
    set_rotate_flags(s, cf, bit(s, r, top), left ? cf : bit(s, r, top - 1),
                     is_const ? NULL : count);
}

/* ---- bt, bts, btr, btc ---- */

/* A register's index may reach beyond the operand in memory. */
static void bit_string_address(X86Dis *s, unsigned bytes)
{
    IrVal idx = x86_load_sext(s, 1), ea = x86_tmp(s);

    ir_sari(s->b, idx, idx, x86_log2(bytes) + 3);
    ir_shli(s->b, idx, idx, x86_log2(bytes));
    ir_add(s->b, ea, s->ea, idx);
    s->ea = x86_wrap(s, ea);
    s->addr = x86_linear(s, s->ea, s->mem_seg);
}

/* value with the bit changed, or the old value of the locked operand changed in memory */
static IrVal change_bit(X86Dis *s, unsigned op, IrVal mask)
{
    static const IrOp ops[] = { 0, IR_or, IR_andc, IR_xor };
    static const IrOp atomics[] = { 0, IR_gor, IR_gand, IR_gxor };
    unsigned bytes = size0(s);
    IrVal old, t;

    if (s->opnd[0].is_mem && x86_is_locked(s)) {
        old = x86_tmp(s);
        t = x86_copy(s, mask);
        if (op == BT_BTR) {
            ir_not(s->b, t, mask);
        }
        ir_gatomic(s->b, atomics[op], old, s->addr, t, x86_mo(s, bytes));
        return old;
    }
    old = x86_load_any(s, 0);
    if (op != BT_BT) {
        x86_store(s, 0, shifted(s, ops[op], old, mask));
    }
    return old;
}

void trans_bt(X86Dis *s, const X86Insn *insn)
{
    unsigned bytes = size0(s);
    bool is_imm = s->opnd[1].kind == O_Ib;
    IrVal idx = x86_tmp(s), old, c;

    ir_andi(s->b, idx, is_imm ? x86_imm(s, s->opnd[1].imm) : x86_reg[s->opnd[1].reg],
            bytes * 8 - 1);
    if (s->opnd[0].is_mem && !is_imm) {
        bit_string_address(s, bytes);
    }
    old = change_bit(s, insn->arg, insn->arg == BT_BT ? NULL
                                   : shifted(s, IR_shl, x86_imm(s, 1), idx));
    c = shifted(s, IR_shr, old, idx);
    ir_andi(s->b, c, c, 1);
    x86_cc_carry_keep_z(s, c);
}

/* ---- counting ---- */

/* number of zeros below (or above) the highest (lowest) set bit; 8 * bytes if there is none */
static IrVal zeros(X86Dis *s, IrVal v, unsigned bytes, bool leading)
{
    IrVal t = x86_tmp(s);

    if (leading) {
        ir_clzi(s->b, t, v, 64);
        ir_subi(s->b, t, t, 64 - 8 * bytes);
    } else {
        ir_ctzi(s->b, t, v, 8 * bytes);
    }
    return t;
}

/* arg: 0 tzcnt, 1 lzcnt */
void trans_xzcnt(X86Dis *s, const X86Insn *insn)
{
    unsigned bytes = size0(s);
    IrVal v = x86_load(s, 1), r = zeros(s, v, bytes, insn->arg);

    x86_store(s, 0, r);
    x86_cc_set2(s, CC_OP_BMILGB, r, v, bytes);      /* CF: v is 0, ZF: the count is */
}

/* arg: 0 bsf, 1 bsr; a source of 0 leaves the destination alone */
void trans_bsx(X86Dis *s, const X86Insn *insn)
{
    unsigned bytes = size0(s);
    IrVal v = x86_load(s, 1), dst = x86_reg[s->opnd[0].reg], r;

    r = zeros(s, v, bytes, insn->arg);
    if (insn->arg) {
        ir_xori(s->b, r, r, 8 * bytes - 1);
    }
    if (bytes == 2) {
        ir_deposit(s->b, r, dst, r, 0, 16);
    }
    ir_movcond(s->b, IR_COND_NE, dst, v, x86_imm(s, 0), r, dst);
    x86_cc_set1(s, CC_OP_LOGICB, v, bytes);
}

void trans_popcnt(X86Dis *s, const X86Insn *insn)
{
    IrVal v = x86_load(s, 1), r = x86_tmp(s);

    ir_ctpop(s->b, r, v);
    x86_store(s, 0, r);
    ir_mov(s->b, x86_cc_dst, v);
    x86_cc_set(s, CC_OP_POPCNT);
}

/* ---- BMI ---- */

void trans_andn(X86Dis *s, const X86Insn *insn)
{
    IrVal r = shifted(s, IR_andc, x86_load(s, 2), x86_load(s, 1));

    x86_store(s, 0, r);
    x86_cc_set1(s, CC_OP_LOGICB, r, size0(s));
}

/* arg: 1 blsr, 2 blsmsk, 3 blsi */
void trans_bls(X86Dis *s, const X86Insn *insn)
{
    IrVal v = x86_load(s, 1), r = x86_tmp(s);

    if (insn->arg == 3) {
        ir_neg(s->b, r, v);
        ir_and(s->b, r, r, v);
    } else {
        ir_subi(s->b, r, v, 1);
        ir_op2(s->b, insn->arg == 1 ? IR_and : IR_xor, r, r, v);
    }
    x86_store(s, 0, r);
    x86_cc_set2(s, insn->arg == 3 ? CC_OP_BLSIB : CC_OP_BMILGB, r, v, size0(s));
}

/* The low @len bits (I64) of @v; all of them if there are so many. */
static IrVal low_bits(X86Dis *s, IrVal v, IrVal len, unsigned bits)
{
    IrVal t = x86_tmp(s), r = x86_tmp(s), n = x86_tmp(s);

    ir_andi(s->b, n, len, 63);
    ir_movi(s->b, t, ~0ull);
    ir_shl(s->b, t, t, n);
    ir_andc(s->b, t, v, t);
    ir_movcond(s->b, IR_COND_LTU, r, len, x86_imm(s, bits), t, v);
    return r;
}

void trans_bzhi(X86Dis *s, const X86Insn *insn)
{
    unsigned bytes = size0(s), bits = bytes * 8;
    IrVal v = x86_load(s, 1), len = x86_zext(s, x86_load_any(s, 2), 1), r, over = x86_tmp(s);

    r = low_bits(s, v, len, bits);
    ir_setcondi(s->b, IR_COND_GTU, over, len, bits - 1);
    x86_store(s, 0, r);
    x86_cc_set2(s, CC_OP_BLSIB, r, over, bytes);    /* CF: src is not 0 */
}

void trans_bextr(X86Dis *s, const X86Insn *insn)
{
    unsigned bytes = size0(s);
    IrVal v = x86_load(s, 1), what = x86_load_any(s, 2), pos = x86_zext(s, what, 1);
    IrVal len = x86_tmp(s), n = x86_tmp(s), r;

    ir_extract(s->b, len, what, 8, 8);
    ir_andi(s->b, n, pos, 63);
    r = shifted(s, IR_shr, v, n);
    ir_movcond(s->b, IR_COND_LTU, r, pos, x86_imm(s, 64), r, x86_imm(s, 0));
    r = low_bits(s, r, len, 64);
    x86_store(s, 0, r);
    x86_cc_set1(s, CC_OP_LOGICB, r, bytes);
}

/* arg: 0 pdep, 1 pext */
void trans_pdep(X86Dis *s, const X86Insn *insn)
{
    IrVal r = x86_tmp(s);

    x86_call(s, insn->arg ? &alu_pext : &alu_pdep, r, false, 2,
             (IrVal[]){ x86_load(s, 1), x86_load(s, 2) });
    x86_store(s, 0, r);
}

void trans_mulx(X86Dis *s, const X86Insn *insn)
{
    unsigned bytes = size0(s);
    IrVal a = x86_load(s, 2), d = x86_reg_read(s, R_EDX, bytes), lo = x86_tmp(s), hi = x86_tmp(s);

    if (bytes == 8) {
        ir_mulu2(s->b, lo, hi, a, d);
    } else {
        ir_mul(s->b, lo, a, d);
        ir_shri(s->b, hi, lo, 32);
    }
    x86_store(s, 1, lo);
    x86_store(s, 0, hi);                    /* the high half wins where both are one register */
}

void trans_shiftx(X86Dis *s, const X86Insn *insn)
{
    IrVal v = insn->arg == SH_SAR ? x86_load_sext(s, 1) : x86_load(s, 1), n = x86_tmp(s);

    ir_andi(s->b, n, x86_load_any(s, 2), count_mask(size0(s)));
    x86_store(s, 0, shifted(s, shifts[insn->arg].op, v, n));
}

void trans_rorx(X86Dis *s, const X86Insn *insn)
{
    unsigned bytes = size0(s);
    IrVal n = x86_imm(s, s->opnd[2].imm & count_mask(bytes));

    x86_store(s, 0, rotated(s, x86_load_any(s, 1), n, false, bytes));
}

/* ---- ADX, CRC32 ---- */

/* arg: 0 adcx (carry in CF), 1 adox (in OF); no other flag changes */
void trans_adx(X86Dis *s, const X86Insn *insn)
{
    unsigned bytes = size0(s);
    IrVal b = x86_load(s, 1), a = x86_load(s, 0), c = insn->arg ? x86_overflow(s) : x86_carry(s);
    IrVal r = x86_tmp(s), out = x86_tmp(s), out2 = x86_tmp(s);

    ir_add(s->b, r, a, b);
    if (bytes == 8) {
        ir_setcond(s->b, IR_COND_LTU, out, r, a);
        ir_add(s->b, r, r, c);
        ir_setcond(s->b, IR_COND_LTU, out2, r, c);
        ir_or(s->b, out, out, out2);
    } else {
        ir_add(s->b, r, r, c);
        ir_shri(s->b, out, r, 32);
    }
    x86_store(s, 0, r);
    x86_cc_override(s, insn->arg ? NULL : out, insn->arg ? out : NULL);
}

void trans_crc32(X86Dis *s, const X86Insn *insn)
{
    static const IrOp ops[] = { IR_crc32b, IR_crc32w, IR_crc32d };
    unsigned bytes = s->opnd[1].bytes;
    IrVal v = x86_load(s, 1), crc = x86_reg_read(s, s->opnd[0].reg, 4), a, c;

    if (bytes == 8) {
        ir_op2(s->b, IR_crc32q, crc, crc, v);
    } else {
        a = ir_temp(s->b, IR_I32);
        c = ir_temp(s->b, IR_I32);
        ir_trunc(s->b, a, crc);
        ir_trunc(s->b, c, v);
        ir_op2(s->b, ops[x86_log2(bytes)], a, a, c);
        ir_zext(s->b, crc, a);
    }
    x86_store(s, 0, crc);
}
