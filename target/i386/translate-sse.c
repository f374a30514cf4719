/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation of MMX and SSE (insns-sse.def). Most rows name an IR op in their arg column, which is
 * applied to operands by one of the generic functions here; the function says the shape:
 *
 *   trans_v_*   whole XMM registers (V128)      trans_f_*   one float or double in the low lane
 *   trans_m_*   MMX registers, computed in V128 temporaries
 *   then one letter for each operand:  v, f, m alike;  i  immediate;  r  general register
 *
 * XMM and MMX registers are no IR globals (they are reached under several types): they are loaded
 * from and stored to the state. A scalar operation stores its lane only, which leaves the rest of
 * the register as it was.
 */
#include "target/i386/sse-helpers.h"
#include "target/i386/translate.h"

#define SSE_CALL_FLAGS (IR_CALL_NO_READ | IR_CALL_NO_WRITE)

#define IR_RET_V IR_VOID
#define IR_RET_L IR_I64
static const IrHelper sse_helpers[SSE_N_FNS] = {
#define H(fn_name, result, n) [SSE_##fn_name] = { \
    .name = #fn_name, .fn = (void *)helper_##fn_name, \
    .flags = SSE_##fn_name == SSE_pcmpstr ? IR_CALL_NO_WRITE | IR_CALL_NO_FAULT : SSE_CALL_FLAGS, \
    .ret = IR_RET_##result, .n_args = 1 + n, .args = { IR_I64, IR_I64, IR_I64, IR_I64, IR_I64 } },
    SSE_HELPERS(H)
#undef H
};

static IrVal sse_call(X86Dis *s, SseFn fn, const IrVal *args)
{
    const IrHelper *h = &sse_helpers[fn];
    IrVal ret = h->ret == IR_VOID ? NULL : ir_temp(s->b, IR_I64);

    x86_call(s, h, ret, true, h->n_args - 1u, args);
    return ret;
}

#define XMM_OFS(n) (X86_OFS(xmm) + (int32_t)((n) * sizeof(X86Vec)))
#define MM_OFS(n)  (X86_OFS(fpregs) + (int32_t)(((n) & 7) * sizeof(X87Reg)))
#define IMM8(s, i) ((int64_t)((s)->opnd[i].imm & 0xff))

/* ---- operands ---- */

static IrVal temp_v(X86Dis *s)
{
    return ir_temp(s->b, IR_V128);
}

static IrVal xmm_get(X86Dis *s, unsigned reg)
{
    IrVal v = temp_v(s);

    x86_xmm_load(s, v, reg, XMM_OFS(reg));
    return v;
}

static void xmm_put(X86Dis *s, unsigned reg, IrVal v)
{
    x86_xmm_store(s, v, reg, XMM_OFS(reg));
}

static IrVal xmm_get64(X86Dis *s, unsigned reg, unsigned half)
{
    IrVal v = ir_temp(s->b, IR_I64);

    x86_xmm_load(s, v, reg, XMM_OFS(reg) + 8 * (int32_t)half);
    return v;
}

static void xmm_put64(X86Dis *s, unsigned reg, unsigned half, IrVal v)
{
    x86_xmm_store(s, v, reg, XMM_OFS(reg) + 8 * (int32_t)half);
}

static MemOp mo_v128(X86Dis *s, const X86Insn *insn)
{
    return x86_mo(s, 16) | (insn->flags & I_ALIGN ? MO_ALIGN : 0);
}

static IrVal vzext(X86Dis *s, IrVal i64)
{
    IrVal v = temp_v(s);

    ir_op1(s->b, IR_vzext64, v, i64);
    return v;
}

static IrVal vlow(X86Dis *s, IrVal v)
{
    IrVal i64 = ir_temp(s->b, IR_I64);

    ir_op1(s->b, IR_vlow64, i64, v);
    return i64;
}

static IrVal trunc32(X86Dis *s, IrVal i64)
{
    IrVal w = ir_temp(s->b, IR_I32);

    ir_trunc(s->b, w, i64);
    return w;
}

static IrVal zext64(X86Dis *s, IrVal i32)
{
    IrVal l = ir_temp(s->b, IR_I64);

    ir_zext(s->b, l, i32);
    return l;
}

/* Operand @i as V128. Memory narrower than 16 bytes is zero-extended, registers come whole. */
static IrVal v_get(X86Dis *s, const X86Insn *insn, unsigned i)
{
    const X86Operand *o = &s->opnd[i];
    IrVal v;

    if (!o->is_mem) {
        return xmm_get(s, o->reg);
    }
    if (o->bytes < 16) {
        v = ir_temp(s->b, IR_I64);
        ir_gld(s->b, v, s->addr, x86_mo(s, o->bytes));
        return vzext(s, v);
    }
    v = temp_v(s);
    ir_gld(s->b, v, s->addr, mo_v128(s, insn));
    return v;
}

/* Low lane of operand @i: F32 or F64 by its size. */
static IrVal f_get(X86Dis *s, unsigned i)
{
    const X86Operand *o = &s->opnd[i];
    bool is64 = o->bytes == 8;
    IrVal f = ir_temp(s->b, is64 ? IR_F64 : IR_F32);

    if (o->is_mem) {
        ir_gld(s->b, f, s->addr, x86_mo(s, o->bytes));
    } else {
        x86_xmm_load(s, f, o->reg, XMM_OFS(o->reg));
    }
    return f;
}

static IrVal f_temp(X86Dis *s, unsigned i)
{
    return ir_temp(s->b, s->opnd[i].bytes == 8 ? IR_F64 : IR_F32);
}

static void f_put(X86Dis *s, unsigned i, IrVal f)
{
    x86_xmm_store(s, f, s->opnd[i].reg, XMM_OFS(s->opnd[i].reg));
}

/* I64 or I32 as wide as operand @i, general register or memory */
static IrVal r_get(X86Dis *s, unsigned i)
{
    IrVal v = x86_load(s, i);

    return s->opnd[i].bytes == 8 ? v : trunc32(s, v);
}

static void r_put(X86Dis *s, unsigned i, IrVal v)
{
    x86_store(s, i, ir_type(v) == IR_I64 ? v : zext64(s, v));
}

/*
 * Around an operation that may raise floating-point exceptions. While all are masked (nearly
 * always) the hardware collects the flags by itself.
 */
static bool may_raise(IrOp op)
{
    return op >= IR_addss && op <= IR_cvtpd2ps;
}

static void fp_begin(X86Dis *s, IrOp op)
{
    if ((s->flags & HF_FPEXC) && may_raise(op)) {
        sse_call(s, SSE_mxcsr_begin, NULL);
    }
}

static void fp_end(X86Dis *s, IrOp op)
{
    if ((s->flags & HF_FPEXC) && may_raise(op)) {
        sse_call(s, SSE_mxcsr_check, NULL);
    }
}

#define OP_OF(insn) ((IrOp)(insn)->arg)

/* The predicates of cmpps and relatives beyond 7 exist under VEX only. */
static int64_t op_imm(IrOp op, int64_t imm)
{
    return op == IR_cmpps || op == IR_cmppd || op == IR_cmpss || op == IR_cmpsd ? imm & 7 : imm;
}

/* ---- V128 ---- */

/* V = op(V, W) */
void trans_v_vv(X86Dis *s, const X86Insn *insn)
{
    IrVal a = v_get(s, insn, 1), d = xmm_get(s, s->opnd[0].reg);

    fp_begin(s, OP_OF(insn));
    ir_op2(s->b, OP_OF(insn), d, d, a);
    fp_end(s, OP_OF(insn));
    xmm_put(s, s->opnd[0].reg, d);
}

/* V = op(V, W, imm) */
void trans_v_vvi(X86Dis *s, const X86Insn *insn)
{
    IrVal a = v_get(s, insn, 1), d = xmm_get(s, s->opnd[0].reg);

    fp_begin(s, OP_OF(insn));
    ir_op2i(s->b, OP_OF(insn), d, d, a, op_imm(OP_OF(insn), IMM8(s, 2)));
    fp_end(s, OP_OF(insn));
    xmm_put(s, s->opnd[0].reg, d);
}

/* V = op(W) */
void trans_v_v(X86Dis *s, const X86Insn *insn)
{
    IrVal a = v_get(s, insn, 1), d = temp_v(s);

    fp_begin(s, OP_OF(insn));
    ir_op1(s->b, OP_OF(insn), d, a);
    fp_end(s, OP_OF(insn));
    xmm_put(s, s->opnd[0].reg, d);
}

/* V = op(W, imm) */
void trans_v_vi(X86Dis *s, const X86Insn *insn)
{
    IrVal a = v_get(s, insn, 1), d = temp_v(s);

    fp_begin(s, OP_OF(insn));
    ir_op1i(s->b, OP_OF(insn), d, a, IMM8(s, 2));
    fp_end(s, OP_OF(insn));
    xmm_put(s, s->opnd[0].reg, d);
}

/* V = op(V, imm): shifts; the register is modrm.rm */
void trans_v_i(X86Dis *s, const X86Insn *insn)
{
    IrVal d = xmm_get(s, s->opnd[0].reg);

    ir_op1i(s->b, OP_OF(insn), d, d, IMM8(s, 1));
    xmm_put(s, s->opnd[0].reg, d);
}

/* V = op(V, W, XMM0): blends by a mask */
void trans_v_vv0(X86Dis *s, const X86Insn *insn)
{
    IrVal a = v_get(s, insn, 1), d = xmm_get(s, s->opnd[0].reg), mask = xmm_get(s, 0);

    ir_op3(s->b, OP_OF(insn), d, d, a, mask);
    xmm_put(s, s->opnd[0].reg, d);
}

/* G = op(V): masks of signs */
void trans_r_v(X86Dis *s, const X86Insn *insn)
{
    IrVal r = ir_temp(s->b, IR_I32);

    ir_op1(s->b, OP_OF(insn), r, xmm_get(s, s->opnd[1].reg));
    r_put(s, 0, r);
}

/* E = op(V, imm): one lane */
void trans_r_vi(X86Dis *s, const X86Insn *insn)
{
    IrVal r = ir_temp(s->b, OP_OF(insn) == IR_pextrq ? IR_I64 : IR_I32);

    ir_op1i(s->b, OP_OF(insn), r, xmm_get(s, s->opnd[1].reg), IMM8(s, 2));
    r_put(s, 0, r);
}

/* pextrd, pextrq share an opcode and differ in REX.W; likewise pinsrd, pinsrq */
void trans_pextr_y(X86Dis *s, const X86Insn *insn)
{
    bool q = s->opnd[0].bytes == 8;
    IrVal r = ir_temp(s->b, q ? IR_I64 : IR_I32);

    ir_op1i(s->b, q ? IR_pextrq : IR_pextrd, r, xmm_get(s, s->opnd[1].reg),
            IMM8(s, 2) & (q ? 1 : 3));
    r_put(s, 0, r);
}

void trans_pinsr_y(X86Dis *s, const X86Insn *insn)
{
    bool q = s->opnd[1].bytes == 8;
    IrVal a = r_get(s, 1), d = xmm_get(s, s->opnd[0].reg);

    ir_op2i(s->b, q ? IR_pinsrq : IR_pinsrd, d, d, a, IMM8(s, 2) & (q ? 1 : 3));
    xmm_put(s, s->opnd[0].reg, d);
}

/* V = op(V, E, imm): pinsrb, pinsrw */
void trans_v_vri(X86Dis *s, const X86Insn *insn)
{
    IrVal a = trunc32(s, x86_load(s, 1)), d = xmm_get(s, s->opnd[0].reg);

    ir_op2i(s->b, OP_OF(insn), d, d, a, IMM8(s, 2));
    xmm_put(s, s->opnd[0].reg, d);
}

void trans_insertps(X86Dis *s, const X86Insn *insn)
{
    IrVal a = v_get(s, insn, 1), d = xmm_get(s, s->opnd[0].reg);

    /* from memory the one float there is taken, whatever lane the immediate names */
    ir_op2i(s->b, IR_insertps, d, d, a, IMM8(s, 2) & (s->opnd[1].is_mem ? 0x3f : 0xff));
    xmm_put(s, s->opnd[0].reg, d);
}

/* ZF, CF (and PF of comparisons) as the op gives them; the other flags become 0 */
void trans_ptest(X86Dis *s, const X86Insn *insn)
{
    IrVal a = v_get(s, insn, 1), r = ir_temp(s->b, IR_I32);

    ir_op2(s->b, IR_ptest, r, xmm_get(s, s->opnd[0].reg), a);
    x86_flags_write(s, zext64(s, r));
}

/* ---- scalars ---- */

/* low lane of V = op(low lane of V, W) */
void trans_f_ff(X86Dis *s, const X86Insn *insn)
{
    IrVal a = f_get(s, 1), d = f_get(s, 0);

    fp_begin(s, OP_OF(insn));
    ir_op2(s->b, OP_OF(insn), d, d, a);
    fp_end(s, OP_OF(insn));
    f_put(s, 0, d);
}

void trans_f_ffi(X86Dis *s, const X86Insn *insn)
{
    IrVal a = f_get(s, 1), d = f_get(s, 0);

    fp_begin(s, OP_OF(insn));
    ir_op2i(s->b, OP_OF(insn), d, d, a, op_imm(OP_OF(insn), IMM8(s, 2)));
    fp_end(s, OP_OF(insn));
    f_put(s, 0, d);
}

/* low lane of V = op(W); also conversions between the two formats */
void trans_f_f(X86Dis *s, const X86Insn *insn)
{
    IrVal a = f_get(s, 1), d = f_temp(s, 0);

    fp_begin(s, OP_OF(insn));
    ir_op1(s->b, OP_OF(insn), d, a);
    fp_end(s, OP_OF(insn));
    f_put(s, 0, d);
}

void trans_f_fi(X86Dis *s, const X86Insn *insn)
{
    IrVal a = f_get(s, 1), d = f_temp(s, 0);

    fp_begin(s, OP_OF(insn));
    ir_op1i(s->b, OP_OF(insn), d, a, IMM8(s, 2));
    fp_end(s, OP_OF(insn));
    f_put(s, 0, d);
}

/* cvtsi2ss, cvtsi2sd */
void trans_f_r(X86Dis *s, const X86Insn *insn)
{
    IrVal a = r_get(s, 1), d = f_temp(s, 0);

    fp_begin(s, OP_OF(insn));
    ir_op1(s->b, OP_OF(insn), d, a);
    fp_end(s, OP_OF(insn));
    f_put(s, 0, d);
}

/* cvtss2si, cvttsd2si ... */
void trans_r_f(X86Dis *s, const X86Insn *insn)
{
    IrVal a = f_get(s, 1), r = ir_temp(s->b, s->opnd[0].bytes == 8 ? IR_I64 : IR_I32);

    fp_begin(s, OP_OF(insn));
    ir_op1(s->b, OP_OF(insn), r, a);
    fp_end(s, OP_OF(insn));
    r_put(s, 0, r);
}

/* comiss, ucomisd ... */
void trans_ucomi(X86Dis *s, const X86Insn *insn)
{
    IrVal a = f_get(s, 1), d = f_get(s, 0), r = ir_temp(s->b, IR_I32);

    fp_begin(s, OP_OF(insn));
    ir_op2(s->b, OP_OF(insn), r, d, a);
    fp_end(s, OP_OF(insn));
    x86_flags_write(s, zext64(s, r));
}

/* ---- moves ---- */

/* V = W, whole */
void trans_mov_v(X86Dis *s, const X86Insn *insn)
{
    xmm_put(s, s->opnd[0].reg, v_get(s, insn, 1));
}

/* W = V, whole */
void trans_mov_w(X86Dis *s, const X86Insn *insn)
{
    IrVal v = xmm_get(s, s->opnd[1].reg);

    if (s->opnd[0].is_mem) {
        ir_gst(s->b, v, s->addr, mo_v128(s, insn));
    } else {
        xmm_put(s, s->opnd[0].reg, v);
    }
}

/* movss, movsd: from memory the rest of the register becomes 0, from a register it stays */
void trans_movs_v(X86Dis *s, const X86Insn *insn)
{
    if (s->opnd[1].is_mem) {
        xmm_put(s, s->opnd[0].reg, v_get(s, insn, 1));
    } else {
        f_put(s, 0, f_get(s, 1));
    }
}

void trans_movs_w(X86Dis *s, const X86Insn *insn)
{
    IrVal f = f_get(s, 1);

    if (s->opnd[0].is_mem) {
        ir_gst(s->b, f, s->addr, x86_mo(s, s->opnd[0].bytes));
    } else {
        f_put(s, 0, f);
    }
}

/* one half of V = mem64; arg: 0 low, 1 high */
void trans_movhl_load(X86Dis *s, const X86Insn *insn)
{
    IrVal v = ir_temp(s->b, IR_I64);

    ir_gld(s->b, v, s->addr, x86_mo(s, 8));
    xmm_put64(s, s->opnd[0].reg, insn->arg, v);
}

/* mem64 = one half of V */
void trans_movhl_store(X86Dis *s, const X86Insn *insn)
{
    ir_gst(s->b, xmm_get64(s, s->opnd[1].reg, insn->arg), s->addr, x86_mo(s, 8));
}

/* movq: V = zero-extended W */
void trans_movq_v(X86Dis *s, const X86Insn *insn)
{
    const X86Operand *o = &s->opnd[1];

    xmm_put(s, s->opnd[0].reg, o->is_mem ? v_get(s, insn, 1) : vzext(s, xmm_get64(s, o->reg, 0)));
}

void trans_movq_w(X86Dis *s, const X86Insn *insn)
{
    IrVal low = xmm_get64(s, s->opnd[1].reg, 0);

    if (s->opnd[0].is_mem) {
        ir_gst(s->b, low, s->addr, x86_mo(s, 8));
    } else {
        xmm_put(s, s->opnd[0].reg, vzext(s, low));
    }
}

/* movd, movq between general and XMM registers */
void trans_mov_v_r(X86Dis *s, const X86Insn *insn)
{
    xmm_put(s, s->opnd[0].reg, vzext(s, x86_load(s, 1)));
}

void trans_mov_r_v(X86Dis *s, const X86Insn *insn)
{
    x86_store(s, 0, xmm_get64(s, s->opnd[1].reg, 0));
}

/* ---- MMX ---- */

/* Any MMX instruction makes the x87 stack full with TOP 0. Once is enough between x87 ones. */
static void mm_enter(X86Dis *s)
{
    if (!s->mmx_on) {
        sse_call(s, SSE_mmx_enter, NULL);
        s->mmx_on = true;
    }
}

/* #MF comes before a memory operand's faults, but these leave the x87 state as it was. */
static void mm_check(X86Dis *s)
{
    if (!s->mmx_on) {
        sse_call(s, SSE_mmx_check, NULL);
    }
}

/* With a memory operand, the state changes after its access: here for a load, a store says so. */
static IrVal mm_get(X86Dis *s, unsigned i)
{
    const X86Operand *o = &s->opnd[i];
    IrVal v = ir_temp(s->b, IR_I64);

    if (s->opnd[0].is_mem || s->opnd[1].is_mem) {
        mm_check(s);
    } else {
        mm_enter(s);
    }
    if (o->is_mem) {
        ir_gld(s->b, v, s->addr, x86_mo(s, o->bytes));
        mm_enter(s);
    } else {
        ir_ld(s->b, v, ir_env(s->b), MM_OFS(o->reg), MO_64);
    }
    return v;
}

static IrVal mm_get_v(X86Dis *s, unsigned i)
{
    return vzext(s, mm_get(s, i));
}

/* Writing sets the exponent to all ones, so that x87 sees a NaN. */
static void mm_put(X86Dis *s, unsigned reg, IrVal v)
{
    IrBlock *b = s->b;

    mm_enter(s);
    ir_st(b, v, ir_env(b), MM_OFS(reg), MO_64);
    ir_st(b, ir_i32(b, 0xffff), ir_env(b), MM_OFS(reg) + 8, MO_16);
}

static void mm_put_v(X86Dis *s, unsigned i, IrVal v)
{
    mm_put(s, s->opnd[i].reg, vlow(s, v));
}

/* P = op(P, Q) for ops whose low lanes do not look at high ones */
void trans_m_mm(X86Dis *s, const X86Insn *insn)
{
    IrVal a = mm_get_v(s, 1), d = mm_get_v(s, 0);

    ir_op2(s->b, OP_OF(insn), d, d, a);
    mm_put_v(s, 0, d);
}

void trans_m_m(X86Dis *s, const X86Insn *insn)
{
    IrVal a = mm_get_v(s, 1);

    ir_op1(s->b, OP_OF(insn), a, a);
    mm_put_v(s, 0, a);
}

/* packs and horizontal ops: P and Q side by side are one V128 */
void trans_m_pair(X86Dis *s, const X86Insn *insn)
{
    IrVal a = mm_get(s, 1), d = mm_get_v(s, 0);

    ir_op2i(s->b, IR_vinsert64, d, d, a, 1);
    ir_op2(s->b, OP_OF(insn), d, d, d);
    mm_put_v(s, 0, d);
}

/* punpckh: the 64-bit form's result is the high half of what the low form gives on V128 */
void trans_m_unpack_high(X86Dis *s, const X86Insn *insn)
{
    IrVal a = mm_get_v(s, 1), d = mm_get_v(s, 0), r = ir_temp(s->b, IR_I64);

    ir_op2(s->b, OP_OF(insn), d, d, a);
    ir_op1(s->b, IR_vhigh64, r, d);
    mm_put(s, s->opnd[0].reg, r);
}

/* indexes are modulo 8: with P in both halves, bit 3 of an index does not matter */
void trans_m_pshufb(X86Dis *s, const X86Insn *insn)
{
    IrVal a = mm_get_v(s, 1), p = mm_get(s, 0), d = vzext(s, p);

    ir_op2i(s->b, IR_vinsert64, d, d, p, 1);
    ir_op2(s->b, IR_pshufb, d, d, a);
    mm_put_v(s, 0, d);
}

void trans_m_palignr(X86Dis *s, const X86Insn *insn)
{
    IrVal p = mm_get(s, 0), d = mm_get_v(s, 1);

    ir_op2i(s->b, IR_vinsert64, d, d, p, 1);
    ir_op1i(s->b, IR_psrldqi, d, d, MIN(IMM8(s, 2), 16));
    mm_put_v(s, 0, d);
}

/* P = op(Q, imm): pshufw */
void trans_m_mi(X86Dis *s, const X86Insn *insn)
{
    IrVal a = mm_get_v(s, 1);

    ir_op1i(s->b, OP_OF(insn), a, a, IMM8(s, 2));
    mm_put_v(s, 0, a);
}

/* N = op(N, imm): shifts */
void trans_m_i(X86Dis *s, const X86Insn *insn)
{
    IrVal d = mm_get_v(s, 0);

    ir_op1i(s->b, OP_OF(insn), d, d, IMM8(s, 1));
    mm_put_v(s, 0, d);
}

/* G = op(N): pmovmskb */
void trans_r_m(X86Dis *s, const X86Insn *insn)
{
    IrVal r = ir_temp(s->b, IR_I32);

    ir_op1(s->b, OP_OF(insn), r, mm_get_v(s, 1));
    r_put(s, 0, r);
}

/* pextrw, pinsrw: four lanes */
void trans_r_mi(X86Dis *s, const X86Insn *insn)
{
    IrVal r = ir_temp(s->b, IR_I32);

    ir_op1i(s->b, OP_OF(insn), r, mm_get_v(s, 1), IMM8(s, 2) & 3);
    r_put(s, 0, r);
}

void trans_m_mri(X86Dis *s, const X86Insn *insn)
{
    IrVal a, d;

    mm_check(s);
    a = trunc32(s, x86_load(s, 1));
    d = mm_get_v(s, 0);

    ir_op2i(s->b, OP_OF(insn), d, d, a, IMM8(s, 2) & 3);
    mm_put_v(s, 0, d);
}

void trans_mov_m(X86Dis *s, const X86Insn *insn)
{
    mm_put(s, s->opnd[0].reg, mm_get(s, 1));
}

/* Q = P */
void trans_mov_q(X86Dis *s, const X86Insn *insn)
{
    IrVal v = mm_get(s, 1);

    if (s->opnd[0].is_mem) {
        ir_gst(s->b, v, s->addr, x86_mo(s, 8));
        mm_enter(s);
    } else {
        mm_put(s, s->opnd[0].reg, v);
    }
}

void trans_mov_m_r(X86Dis *s, const X86Insn *insn)
{
    mm_check(s);
    mm_put(s, s->opnd[0].reg, x86_load(s, 1));
}

void trans_mov_r_m(X86Dis *s, const X86Insn *insn)
{
    x86_store(s, 0, mm_get(s, 1));
    mm_enter(s);
}

void trans_movq2dq(X86Dis *s, const X86Insn *insn)
{
    xmm_put(s, s->opnd[0].reg, mm_get_v(s, 1));
}

void trans_movdq2q(X86Dis *s, const X86Insn *insn)
{
    mm_put(s, s->opnd[0].reg, xmm_get64(s, s->opnd[1].reg, 0));
}

/* cvtpi2ps (low half of V), cvtpi2pd. From memory they have nothing to do with MMX. */
void trans_v_m(X86Dis *s, const X86Insn *insn)
{
    IrVal a = s->opnd[1].is_mem ? v_get(s, insn, 1) : mm_get_v(s, 1), d = temp_v(s);

    fp_begin(s, OP_OF(insn));
    ir_op1(s->b, OP_OF(insn), d, a);
    fp_end(s, OP_OF(insn));
    if (s->opnd[0].bytes == 8) {
        xmm_put64(s, s->opnd[0].reg, 0, vlow(s, d));
    } else {
        xmm_put(s, s->opnd[0].reg, d);
    }
}

/* cvtps2pi, cvtpd2pi and the truncating forms; lanes that are not converted must not raise */
void trans_m_v(X86Dis *s, const X86Insn *insn)
{
    const X86Operand *o = &s->opnd[1];
    IrVal a;

    mm_check(s);
    a = !o->is_mem && o->bytes == 8 ? vzext(s, xmm_get64(s, o->reg, 0)) : v_get(s, insn, 1);
    mm_enter(s);                /* also if the conversion then raises */
    fp_begin(s, OP_OF(insn));
    ir_op1(s->b, OP_OF(insn), a, a);
    fp_end(s, OP_OF(insn));
    mm_put_v(s, 0, a);
}

void trans_emms(X86Dis *s, const X86Insn *insn)
{
    IrBlock *b = s->b;

    mm_enter(s);                /* for the pending exception */
    s->mmx_on = false;
    ir_st(b, ir_i64(b, UINT64_C(0x0101010101010101)), ir_env(b), X86_OFS(fptags), MO_64);
}

/* ---- string comparisons, masked stores ---- */

/* arg: PCMPSTR_* >> 16 */
void trans_pcmpstr(X86Dis *s, const X86Insn *insn)
{
    IrBlock *b = s->b;
    uint32_t what = (uint32_t)IMM8(s, 2) | s->opnd[0].reg << 8 | (uint32_t)insn->arg << 16
                    | (s->rex & 8 ? PCMPSTR_REXW : 0);
    IrVal v = v_get(s, insn, 1), hi = ir_temp(b, IR_I64), flags = ir_temp(b, IR_I64), r;

    ir_op1(b, IR_vhigh64, hi, v);
    r = sse_call(s, SSE_pcmpstr, (IrVal[]){ vlow(s, v), hi, ir_i64(b, what) });
    ir_andi(b, flags, r, CC_ALL);
    if (!(what & PCMPSTR_MASK)) {
        ir_shri(b, r, r, 16);
        x86_reg_write(s, R_ECX, 4, r);
    }
    x86_flags_write(s, flags);
}

/* DS:rDI, or the overriding segment's */
static IrVal maskmov_addr(X86Dis *s)
{
    return x86_linear(s, x86_reg_read(s, R_EDI, s->asize),
                      s->seg_override >= 0 ? s->seg_override : R_DS);
}

static void maskmov(X86Dis *s, IrVal addr, IrVal val, IrVal mask)
{
    sse_call(s, SSE_maskmov, (IrVal[]){ addr, val, mask, ir_i64(s->b, s->mmu) });
}

void trans_maskmovdqu(X86Dis *s, const X86Insn *insn)
{
    IrVal addr = maskmov_addr(s), high = ir_temp(s->b, IR_I64);

    ir_addi(s->b, high, addr, 8);
    for (unsigned half = 0; half < 2; half++) {
        maskmov(s, half ? high : addr, xmm_get64(s, s->opnd[0].reg, half),
                xmm_get64(s, s->opnd[1].reg, half));
    }
}

void trans_maskmovq(X86Dis *s, const X86Insn *insn)
{
    maskmov(s, maskmov_addr(s), mm_get(s, 0), mm_get(s, 1));
}

/* ---- state ---- */

void trans_stmxcsr(X86Dis *s, const X86Insn *insn)
{
    x86_store(s, 0, sse_call(s, SSE_stmxcsr, NULL));
}

/* What MXCSR masks is part of a block's flags: go on in a new one. */
void trans_ldmxcsr(X86Dis *s, const X86Insn *insn)
{
    IrVal val = x86_load(s, 0);

    sse_call(s, SSE_ldmxcsr, &val);
    x86_end_block_eip(s);
}

static IrVal save_flags(X86Dis *s, uint32_t more)
{
    return ir_i64(s->b, more | (s->rex & 8 ? SAVE_REXW : 0) | (s->code64 ? SAVE_CODE64 : 0)
                        | (uint32_t)s->mmu << 8);
}

void trans_fxsave(X86Dis *s, const X86Insn *insn)
{
    sse_call(s, SSE_fxsave, (IrVal[]){ s->addr, save_flags(s, 0) });
}

void trans_fxrstor(X86Dis *s, const X86Insn *insn)
{
    sse_call(s, SSE_fxrstor, (IrVal[]){ s->addr, save_flags(s, 0) });
    x86_end_block_eip(s);
}

/* EDX:EAX */
static IrVal xsave_mask(X86Dis *s)
{
    IrVal lo = x86_reg_read(s, R_EAX, 4), hi = x86_reg_read(s, R_EDX, 4);

    ir_deposit(s->b, lo, lo, hi, 32, 32);
    return lo;
}

static bool xsave_usable(X86Dis *s)
{
    if (!(s->flags & HF_OSXSAVE)) {
        x86_gen_illegal(s);
        return false;
    }
    if (s->flags & HF_TS) {
        x86_gen_exception(s, EXCP07_PREX);
        return false;
    }
    return true;
}

/* xsave, xsaveopt, xsavec; arg: SAVE_OPT, SAVE_COMPACT */
void trans_xsave(X86Dis *s, const X86Insn *insn)
{
    if (xsave_usable(s)) {
        sse_call(s, SSE_xsave, (IrVal[]){ s->addr, xsave_mask(s), save_flags(s, insn->arg) });
    }
}

void trans_xrstor(X86Dis *s, const X86Insn *insn)
{
    if (xsave_usable(s)) {
        sse_call(s, SSE_xrstor, (IrVal[]){ s->addr, xsave_mask(s), save_flags(s, 0) });
        x86_end_block_eip(s);
    }
}
