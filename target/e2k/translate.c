/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Elbrus translator: walks wide instructions, gives operands to the families of operations and
 * writes their results when the whole bundle has been read. translate.h has the rules.
 *
 * Registers are written through: a result is stored to the window at the end of its bundle, and
 * its temp serves later bundles of the block. So nothing has to be rebuilt at a fault but the
 * address of the bundle, and ends of blocks cost nothing.
 */
#include <inttypes.h>
#include <string.h>
#include "target/e2k/translate-priv.h"
#include "target/e2k/translate-hooks.h"
#include "util/log.h"

enum { MAX_BUNDLES = 48, MIN_TRACE_BUNDLES = 24, MAX_TRACE_BUNDLES = 200, MAX_BLOCK_OPS = 6000, MAX_BLOCK_COLD = MAX_COLD - 16 };

/* ---- which emitter ---- */

static E2kEmit *emits;              /* one for each row */

static E2kResolveFn *const families[] = {
    e2k_resolve_int, e2k_resolve_packed, e2k_resolve_fp, e2k_resolve_mem, e2k_resolve_state,
    e2k_resolve_ctl,
};

static void resolve_row(unsigned i)
{
    for (unsigned f = 0; f < G_N_ELEMENTS(families) && !emits[i].fn; f++) {
        if (!families[f](&e2k_op_rows[i], &emits[i])) {
            emits[i] = (E2kEmit){ 0 };
        }
    }
}

void e2k_translate_init(void)
{
    emits = g_new0(E2kEmit, e2k_n_op_rows);
    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        resolve_row(i);
    }
    e2k_tags_init();
}

bool e2k_op_translatable(const E2kOpRow *row)
{
    if (!emits) {
        e2k_translate_init();
    }
    return emits[row - e2k_op_rows].fn != NULL;
}

/* ---- what is known of the state ---- */

IrVal e2k_win(DC *dc)
{
    if (!dc->p->win) {
        dc->p->win = ir_temp(dc->b, IR_I64);
        ir_ld(dc->b, dc->p->win, ir_env(dc->b), ENV_OFS(win), MO_64);
        ir_subi(dc->b, dc->p->win, dc->p->win, (uint64_t)dc->p->shift * sizeof(E2kReg));
    }
    return dc->p->win;
}

int32_t e2k_frame_ofs(DC *dc)
{
    return (int32_t)(dc->p->n_followed * sizeof(E2kFrame));
}

IrVal e2k_frame(DC *dc)
{
    if (!dc->p->frame) {
        dc->p->frame = ir_temp(dc->b, IR_I64);
        ir_ld(dc->b, dc->p->frame, ir_env(dc->b), ENV_OFS(frame), MO_64);
        ir_subi(dc->b, dc->p->frame, dc->p->frame, (uint64_t)e2k_frame_ofs(dc));
    }
    return dc->p->frame;
}

void e2k_forget_regs(DC *dc)
{
    memset(dc->p->reg, 0, sizeof(dc->p->reg));
    memset(dc->p->numeric, 0, sizeof(dc->p->numeric));
}

void e2k_forget_all(DC *dc)
{
    e2k_forget_regs(dc);
    memset(dc->p->pred, 0, sizeof(dc->p->pred));
    dc->p->n_env = 0;
    dc->p->win = dc->p->frame = dc->p->tag_base = NULL;
}

static MemOp mo_of(IrType t)
{
    return t == IR_I32 || t == IR_F32 ? MO_32 : t == IR_V128 ? MO_128 : MO_64;
}

/* base and offset of a register's slot */
static IrVal reg_slot(DC *dc, unsigned reg, int32_t *ofs)
{
    if (reg >= REG_GLOBAL0) {
        *ofs = ENV_OFS(g) + (int32_t)((reg - REG_GLOBAL0) * sizeof(E2kReg));
        return ir_env(dc->b);
    }
    *ofs = (int32_t)(reg * sizeof(E2kReg));
    return e2k_win(dc);
}

static IrVal load_slot(DC *dc, unsigned reg, IrType type)
{
    IrVal t = ir_temp(dc->b, type);
    int32_t ofs;
    IrVal base = reg_slot(dc, reg, &ofs);

    ir_ld(dc->b, t, base, ofs, mo_of(type));
    return t;
}

/* I64 from a new low half: the upper half comes from a temp or from memory (four bytes, since the
 * low four have just been stored) */
static IrVal join_halves(DC *dc, unsigned reg, RegCache *c)
{
    IrVal t = ir_temp(dc->b, IR_I64), low = ir_temp(dc->b, IR_I64);

    ir_zext(dc->b, low, c->v[IR_I32]);
    if (c->upper) {
        ir_deposit(dc->b, t, c->upper, low, 0, 32);
    } else {
        int32_t ofs;
        IrVal base = reg_slot(dc, reg, &ofs);

        ir_ld(dc->b, t, base, ofs + 4, MO_32);
        ir_shli(dc->b, t, t, 32);
        ir_or(dc->b, t, t, low);
    }
    return t;
}

typedef struct Conversion { IrType to, from; IrOp op; } Conversion;
static const Conversion conversions[] = {      /* tried in this order */
    { IR_I32, IR_I64, IR_trunc }, { IR_I32, IR_F32, IR_fmov_to_int },
    { IR_I64, IR_F64, IR_fmov_to_int }, { IR_I64, IR_V128, IR_vlow64 },
    { IR_I32, IR_V128, IR_vlow32 },
    { IR_F64, IR_I64, IR_fmov_from_int }, { IR_F64, IR_V128, IR_vlow_f64 },
    { IR_F32, IR_I32, IR_fmov_from_int }, { IR_F32, IR_V128, IR_vlow_f32 },
};

IrVal e2k_load_reg(DC *dc, unsigned reg, IrType type)
{
    RegCache *c = &dc->p->reg[reg];

    if (c->v[type]) {
        return c->v[type];
    }
    if (c->v[IR_F32] && !c->v[IR_I32] && !c->v[IR_I64] && type != IR_V128) {
        c->v[IR_I32] = ir_temp(dc->b, IR_I32);
        ir_op1(dc->b, IR_fmov_to_int, c->v[IR_I32], c->v[IR_F32]);
        return e2k_load_reg(dc, reg, type);
    }
    if ((type == IR_I64 || type == IR_F64) && c->v[IR_I32] && !c->v[IR_I64] && !c->v[IR_V128] &&
        !c->v[IR_F64]) {
        c->v[IR_I64] = join_halves(dc, reg, c);
        return e2k_load_reg(dc, reg, type);
    }
    if (type == IR_F32 && c->v[IR_I64] && !c->v[IR_I32]) {
        /* through a temp of its own: nothing else is done with it, see tcg/retype.c */
        IrVal low = ir_temp(dc->b, IR_I32);

        ir_trunc(dc->b, low, c->v[IR_I64]);
        c->v[IR_F32] = ir_temp(dc->b, IR_F32);
        ir_op1(dc->b, IR_fmov_from_int, c->v[IR_F32], low);
        return c->v[IR_F32];
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(conversions); i++) {
        const Conversion *k = &conversions[i];

        if (k->to == type && c->v[k->from]) {
            c->v[type] = ir_temp(dc->b, type);
            ir_op1(dc->b, k->op, c->v[type], c->v[k->from]);
            return c->v[type];
        }
    }
    e2k_trace_note(dc, TRACE_REG, (int32_t)reg, type);
    c->v[type] = load_slot(dc, reg, type);
    return c->v[type];
}

IrVal e2k_ld_env(DC *dc, IrType type, int32_t ofs)
{
    DCPriv *p = dc->p;

    for (unsigned i = 0; i < p->n_env; i++) {
        if (p->env[i].ofs == ofs) {
            return p->env[i].v;
        }
    }
    e2k_trace_note(dc, TRACE_ENV, ofs, type);
    IrVal t = ir_temp(dc->b, type);
    ir_ld(dc->b, t, ir_env(dc->b), ofs, mo_of(type));
    if (p->n_env < MAX_ENV_CACHE) {
        p->env[p->n_env++] = (EnvCache){ ofs, t };
    }
    return t;
}

void e2k_st_env(DC *dc, IrVal v, int32_t ofs)
{
    DCPriv *p = dc->p;

    ir_st(dc->b, v, ir_env(dc->b), ofs, mo_of(ir_type(v)));
    for (unsigned i = 0; i < p->n_env; i++) {
        if (p->env[i].ofs == ofs) {
            p->env[i].v = v;
            return;
        }
    }
    if (p->n_env < MAX_ENV_CACHE) {
        p->env[p->n_env++] = (EnvCache){ ofs, v };
    }
}

/* ---- traps ---- */

IrLabel *e2k_cold_trap(DC *dc, unsigned trapno)
{
    DCPriv *p = dc->p;

    for (unsigned i = p->n_cold; i-- > 0 && p->cold[i].ip == dc->bundle.pc;) {
        if (p->cold[i].trapno == trapno) {
            return p->cold[i].label;
        }
    }
    g_assert(p->n_cold < MAX_COLD);
    p->cold[p->n_cold++] = (ColdTrap){ ir_label(dc->b), trapno, dc->bundle.pc, dc->mode };
    return p->cold[p->n_cold - 1].label;
}

static void call_trap(DC *dc, unsigned trapno, uint64_t ip, uint64_t mode)
{
    e2k_call(dc, &e2k_helper_trap, NULL, 4, ir_env(dc->b), ir_i32(dc->b, trapno),
             ir_i64(dc->b, ip), ir_i64(dc->b, mode), NULL, NULL);
}

static void emit_cold(DC *dc)
{
    for (unsigned i = 0; i < dc->p->n_cold; i++) {
        const ColdTrap *t = &dc->p->cold[i];

        ir_bind(dc->b, t->label);
        if (t->trapno == COLD_SETTLE) {
            e2k_gen_settle(dc, t->ip, t->mode);
        } else {
            call_trap(dc, t->trapno, t->ip, t->mode);
        }
    }
}

void e2k_emit_trap(DC *dc, unsigned trapno)
{
    if (dc->guard) {
        ir_brcondi(dc->b, IR_COND_NE, dc->guard, 0, e2k_cold_trap(dc, trapno));
    } else {
        ir_br(dc->b, e2k_cold_trap(dc, trapno));
        ir_bind(dc->b, ir_label(dc->b));            /* what follows is never reached */
    }
}

void e2k_call(DC *dc, const IrHelper *h, IrVal ret, unsigned n, IrVal a0, IrVal a1, IrVal a2,
              IrVal a3, IrVal a4, IrVal a5)
{
    const IrVal args[IR_MAX_ARGS] = { a0, a1, a2, a3, a4, a5 };

    ir_call(dc->b, h, ret, n, args);
}

/* ---- operands ---- */

/* register number of an operand byte; -1: an index outside the rotating area */
int e2k_reg_of_code(DC *dc, uint8_t code)
{
    if (e2k_is_based(code)) {
        unsigned rbs = dc->mode >> E2K_MODE_RBS_SHIFT & 63, rsz = dc->mode >> E2K_MODE_RSZ_SHIFT & 63;
        unsigned cur = dc->mode >> E2K_MODE_RCUR_SHIFT & 63, size = 2 * (rsz + 1);
        unsigned reg = 2 * rbs + (code + 2 * cur) % size + (unsigned)dc->p->shift;

        return code < size && reg < E2K_MAX_WINDOW ? (int)reg : -1;
    }
    if (e2k_is_global(code)) {
        return REG_GLOBAL0 + (code & 31);
    }
    code = code & 63;
    return code + dc->p->shift < E2K_MAX_WINDOW ? code + dc->p->shift : -1;
}

/* Emits the test that a window register is inside the window, once per block and size. */
void e2k_check_reg(DC *dc, int reg)
{
    DCPriv *p = dc->p;

    if (reg >= REG_GLOBAL0 || reg < p->checked_size) {
        return;
    }
    if (p->trace && p->trace->recording && !(dc->mode & E2K_MODE_WSIZE_MASK)) {
        p->trace->max_reg = MAX(p->trace->max_reg, reg);
    }
    if (dc->mode & E2K_MODE_WSIZE_MASK) {
        ir_br(dc->b, e2k_cold_trap(dc, E2K_EXC_WINDOW_BOUNDS));
        ir_bind(dc->b, ir_label(dc->b));
    } else {
        ir_brcondi(dc->b, IR_COND_LEU, e2k_ld_env(dc, IR_I32, ENV_OFS(psize)), (uint32_t)reg,
                   e2k_cold_trap(dc, E2K_EXC_WINDOW_BOUNDS));
        p->checked_size = reg + 1;
    }
}

static uint8_t code_of(const E2kAlop *op, unsigned n)
{
    const uint8_t codes[] = { 0, op->src1, op->src2, op->src3, op->dst };

    return codes[n];
}

static bool literal_of(DC *dc, const E2kAlop *op, unsigned n, uint64_t *value)
{
    uint8_t code = code_of(op, n);

    if (e2k_is_reg(code) || n == 4) {
        return false;
    }
    if (n == 1) {
        *value = code & 31;
        return true;
    }
    if (!e2k_literal(&dc->bundle, code, value)) {
        *value = 0;                                 /* the decoder has refused it */
    }
    return true;
}

bool e2k_src_const(DC *dc, const E2kAlop *op, unsigned n, uint64_t *value)
{
    return literal_of(dc, op, n, value);
}

static IrVal const_as(DC *dc, IrType type, uint64_t value)
{
    IrVal t;

    switch (type) {
    case IR_I32:
        return ir_i32(dc->b, (uint32_t)value);
    case IR_I64:
        return ir_i64(dc->b, value);
    case IR_V128:
        t = ir_temp(dc->b, type);
        ir_op1(dc->b, IR_vzext64, t, ir_i64(dc->b, value));
        return t;
    default:
        t = ir_temp(dc->b, type);
        ir_op1(dc->b, IR_fmov_from_int, t,
               type == IR_F32 ? ir_i32(dc->b, (uint32_t)value) : ir_i64(dc->b, value));
        return t;
    }
}

/* -1: there is none (the bundle traps) */
static int src_reg(DC *dc, const E2kAlop *op, unsigned n)
{
    return e2k_reg_of_code(dc, code_of(op, n));
}

/* a stored value that is to be seen as diagnostic */
static IrVal poisoned(DC *dc, IrVal v)
{
    IrVal t = ir_temp(dc->b, ir_type(v)), u;

    if (ir_type(v) == IR_V128) {
        u = ir_temp(dc->b, IR_V128);
        ir_op1(dc->b, IR_vzext64, t, dc->stored.poison);
        ir_op2i(dc->b, IR_vinsert64, u, t, dc->stored.poison, 1);
        t = ir_temp(dc->b, IR_V128);
        ir_op2(dc->b, IR_por, t, v, u);
    } else if (ir_type(v) == IR_I32) {
        ir_trunc(dc->b, t, dc->stored.poison);
        ir_or(dc->b, t, t, v);
    } else {
        ir_or(dc->b, t, v, dc->stored.poison);
    }
    return t;
}

IrVal e2k_src(DC *dc, const E2kAlop *op, unsigned n, IrType type)
{
    uint64_t value;
    int reg;

    if (literal_of(dc, op, n, &value)) {
        return const_as(dc, type, value);
    }
    reg = src_reg(dc, op, n);
    if (reg < 0) {
        return const_as(dc, type, 0);
    }
    return n == 4 && dc->stored.poison ? poisoned(dc, e2k_load_reg(dc, (unsigned)reg, type))
                                : e2k_load_reg(dc, (unsigned)reg, type);
}

IrVal e2k_src_any64(DC *dc, const E2kAlop *op, unsigned n)
{
    uint64_t value;
    int reg;

    if (!literal_of(dc, op, n, &value) && (reg = src_reg(dc, op, n)) >= 0 &&
        dc->p->reg[reg].v[IR_F64] && !dc->p->reg[reg].v[IR_I64] && !dc->stored.poison) {
        return dc->p->reg[reg].v[IR_F64];
    }
    return e2k_src(dc, op, n, IR_I64);
}

IrVal e2k_src_any32(DC *dc, const E2kAlop *op, unsigned n)
{
    uint64_t value;
    int reg;

    if (!literal_of(dc, op, n, &value) && (reg = src_reg(dc, op, n)) >= 0 &&
        dc->p->reg[reg].v[IR_F32] && !dc->p->reg[reg].v[IR_I32] && !dc->stored.poison) {
        return dc->p->reg[reg].v[IR_F32];
    }
    return e2k_src(dc, op, n, IR_I32);
}

IrVal e2k_src_v64(DC *dc, const E2kAlop *op, unsigned n)
{
    IrVal t = ir_temp(dc->b, IR_V128), v = e2k_src_any64(dc, op, n);

    ir_op1(dc->b, ir_type(v) == IR_F64 ? IR_vzext_f64 : IR_vzext64, t, v);
    return t;
}

/* scratch slots: 0..5 results of the channels, 6 and 7 literals */
static IrVal scratch_ptr(DC *dc, unsigned slot)
{
    IrVal t = ir_temp(dc->b, IR_I64);

    ir_env_ptr(dc->b, t, ENV_OFS(scratch) + (int32_t)(slot * sizeof(E2kReg)));
    return t;
}

IrVal e2k_src_ptr(DC *dc, const E2kAlop *op, unsigned n)
{
    IrVal t = ir_temp(dc->b, IR_I64);
    uint64_t value;
    int32_t ofs;
    int reg = -1;

    if (literal_of(dc, op, n, &value) || (reg = src_reg(dc, op, n)) < 0) {
        int32_t at = ENV_OFS(scratch) + (n == 1 ? 6 : 7) * (int32_t)sizeof(E2kReg);

        ir_st(dc->b, ir_i64(dc->b, reg < 0 && e2k_is_reg(code_of(op, n)) ? 0 : value),
              ir_env(dc->b), at, MO_64);
        ir_st(dc->b, ir_i64(dc->b, 0), ir_env(dc->b), at + 8, MO_64);
        return scratch_ptr(dc, n == 1 ? 6 : 7);
    }
    if (reg >= REG_GLOBAL0) {
        reg_slot(dc, (unsigned)reg, &ofs);
        ir_env_ptr(dc->b, t, ofs);
    } else {
        ir_addi(dc->b, t, e2k_win(dc), (uint64_t)reg * sizeof(E2kReg));
    }
    return t;
}

/* ---- conditions ---- */

unsigned e2k_phys_pred(DC *dc, unsigned n)
{
    unsigned psz = dc->mode >> E2K_MODE_PSZ_SHIFT & 31, cur = dc->mode >> E2K_MODE_PCUR_SHIFT & 31;

    return n <= psz ? (n + cur) % (psz + 1) : n;
}

static const int32_t pred_ofs = offsetof(E2kFrame, pred);

/* the byte that holds a predicate and its tag */
static IrVal split_pred(DC *dc, unsigned phys, IrVal byte)
{
    IrVal v = ir_temp(dc->b, IR_I32);

    dc->p->pred_diag[phys] = ir_temp(dc->b, IR_I32);
    ir_andi(dc->b, v, byte, 1);
    ir_shri(dc->b, dc->p->pred_diag[phys], byte, 1);
    return v;
}

IrVal e2k_load_pred(DC *dc, unsigned phys)
{
    IrVal *c = &dc->p->pred[phys];

    if (*c) {
        return *c;
    }
    e2k_trace_note(dc, TRACE_PRED, (int32_t)phys, IR_I32);
    *c = ir_temp(dc->b, IR_I32);
    if (dc->p->at_start && !dc->info->single_step) {
        ir_ld(dc->b, *c, e2k_frame(dc), e2k_frame_ofs(dc) + pred_ofs + (int32_t)phys,
              MO_8);
        ir_brcondi(dc->b, IR_COND_EQ, *c, E2K_PRED_CALLER, e2k_cold_trap(dc, COLD_SETTLE));
    } else {
        e2k_call(dc, &e2k_helper_pred, *c, 2, ir_env(dc->b), ir_i32(dc->b, phys), NULL, NULL, NULL,
                 NULL);
    }
    if (dc->tags) {
        *c = split_pred(dc, phys, *c);
    }
    return *c;
}

IrVal e2k_pred(DC *dc, unsigned n)
{
    return e2k_load_pred(dc, e2k_phys_pred(dc, n & 31));
}

static IrVal not_of(DC *dc, IrVal v)
{
    IrVal t = ir_temp(dc->b, IR_I32);

    ir_xori(dc->b, t, v, 1);
    return t;
}

IrVal e2k_cond(DC *dc, const E2kCond *c)
{
    IrVal v;

    if (c->pcnt && dc->p->steady) {
        return ir_i32(dc->b, !c->neg);
    }
    if (c->pcnt) {
        v = ir_temp(dc->b, IR_I32);
        ir_setcondi(dc->b, c->neg ? IR_COND_GTU : IR_COND_LEU, v,
                    e2k_ld_env(dc, IR_I32, ENV_OFS(pcnt)), c->n);
        return v;
    }
    v = e2k_pred(dc, c->n);
    return c->neg ? not_of(dc, v) : v;
}

IrVal e2k_and_cond(DC *dc, IrVal a, IrVal c)
{
    IrVal t;

    if (!a || !c) {
        return a ? a : c;
    }
    t = ir_temp(dc->b, IR_I32);
    ir_and(dc->b, t, a, c);
    return t;
}

IrVal e2k_mrgc(DC *dc, const E2kAlop *op)
{
    return op->has_mrgc ? e2k_cond(dc, &op->mrgc) : ir_i32(dc->b, 0);
}

IrVal e2k_guard_of(DC *dc, const E2kAlop *op)
{
    IrVal g = NULL;

    for (unsigned i = 0; i < op->n_conds; i++) {
        IrVal c = e2k_cond(dc, &op->conds[i]);
        uint64_t always;

        if (!ir_is_const(c, &always) || !always) {
            g = e2k_and_cond(dc, g, c);
        }
    }
    return g;
}

IrVal e2k_guarded_addr(DC *dc, IrVal addr, IrVal extra)
{
    IrVal ok = e2k_and_cond(dc, dc->guard, extra), t, dummy;

    if (!ok) {
        return addr;
    }
    t = ir_temp(dc->b, IR_I64);
    dummy = ir_temp(dc->b, IR_I64);
    ir_env_ptr(dc->b, dummy, ENV_OFS(dummy));
    ir_movcond(dc->b, IR_COND_NE, t, ok, ir_i32(dc->b, 0), addr, dummy);
    return t;
}

IrVal e2k_loop_end(DC *dc)
{
    IrBlock *b = dc->b;

    if (dc->p->steady) {
        return ir_i32(b, 0);
    }
    if (!dc->p->loop_end) {
        IrVal t = ir_temp(b, IR_I32), u = ir_temp(b, IR_I32), v = ir_temp(b, IR_I32);

        ir_setcondi(b, IR_COND_LTU, t, e2k_ld_env(dc, IR_I32, ENV_OFS(lcnt)), 2);
        ir_setcondi(b, IR_COND_EQ, u, e2k_ld_env(dc, IR_I32, ENV_OFS(ecnt)), 0);
        ir_and(b, v, t, u);
        t = ir_temp(b, IR_I32);
        ir_and(b, t, v, e2k_ld_env(dc, IR_I32, ENV_OFS(vlc)));
        dc->p->loop_end = t;
    }
    return dc->p->loop_end;
}

/*
 * Stores of a loop_mode bundle run when the prologue is over and the loop has not ended, or has but
 * left a remainder: that one is counted down by each store.
 */
IrVal e2k_loop_store(DC *dc, IrVal *strmd)
{
    IrBlock *b = dc->b;
    IrVal started, le, left, ok, use;

    if (!dc->bundle.loop_mode || dc->p->steady) {
        return NULL;
    }
    started = ir_temp(b, IR_I32);
    left = ir_temp(b, IR_I32);
    ok = ir_temp(b, IR_I32);
    use = ir_temp(b, IR_I32);
    le = e2k_loop_end(dc);
    if (!*strmd) {
        *strmd = e2k_ld_env(dc, IR_I32, ENV_OFS(strmd));
    }
    ir_setcondi(b, IR_COND_EQ, started, e2k_ld_env(dc, IR_I32, ENV_OFS(pcnt)), 0);
    ir_setcondi(b, IR_COND_NE, left, *strmd, 0);
    ir_xori(b, ok, le, 1);
    ir_or(b, ok, ok, left);
    ir_and(b, ok, ok, started);
    ir_and(b, use, le, left);
    ir_and(b, use, use, started);
    IrVal next = ir_temp(b, IR_I32);
    ir_sub(b, next, *strmd, use);
    *strmd = next;
    return ok;
}

IrVal e2k_loop_store_ok(DC *dc)
{
    return e2k_loop_store(dc, &dc->p->strmd);
}

/* ---- results ---- */

void e2k_add_write(DC *dc, Write w)
{
    DCPriv *p = dc->p;

    g_assert(p->n_writes < MAX_WRITES);
    p->writes[p->n_writes++] = w;
}

/* a copy of constants and of operands, which the register cache must not share */
static IrVal own_temp(DC *dc, IrVal v)
{
    uint64_t value;

    if (ir_is_const(v, &value)) {
        IrVal t = ir_temp(dc->b, ir_type(v));

        ir_mov(dc->b, t, v);
        return t;
    }
    return v;
}

static void dst_code(DC *dc, uint8_t code, IrVal v, IrVal guard)
{
    int reg;

    if (code == E2K_DST_EMPTY || code == E2K_DST_EMPTY_LO) {
        return;
    }
    if (code >= E2K_DST_CTPR1 && code <= E2K_DST_CTPR3) {
        IrVal t = ir_temp(dc->b, IR_I64);

        ir_andi(dc->b, t, v, E2K_CTPR_ADDR_MASK);
        ir_ori(dc->b, t, t, e2k_ctpr(0, E2K_CTPR_DISP));
        e2k_add_write(dc, (Write){ .kind = WR_CTPR, .where = code - E2K_DST_CTPR1, .v = t });
        return;
    }
    if (!e2k_is_reg(code)) {
        return;                                     /* %tst, %tc, %tcd: nothing to see */
    }
    reg = e2k_reg_of_code(dc, code);
    if (reg >= 0) {
        e2k_add_write(dc, (Write){ .kind = WR_REG, .where = reg, .v = own_temp(dc, v),
                                   .guard = guard });
    }
}

void e2k_dst(DC *dc, const E2kAlop *op, IrVal v)
{
    dst_code(dc, op->dst, v, dc->guard);
}

void e2k_dst_reg(DC *dc, uint8_t code, IrVal v)
{
    unsigned first = dc->p->n_writes;

    dst_code(dc, code, v, NULL);
    if (dc->tags) {
        e2k_tags_result(dc, NULL, first);
    }
}

void e2k_dst_v64(DC *dc, const E2kAlop *op, IrVal v)
{
    IrVal t = ir_temp(dc->b, IR_F64);

    ir_op1(dc->b, IR_vlow_f64, t, v);
    e2k_dst(dc, op, t);
}

IrVal e2k_dst_ptr(DC *dc, const E2kAlop *op)
{
    int reg = e2k_is_reg(op->dst) ? e2k_reg_of_code(dc, op->dst) : -1;

    if (reg >= 0) {
        e2k_add_write(dc, (Write){ .kind = WR_REG, .where = reg, .is_ptr = true,
                                   .channel = op->channel, .guard = dc->guard });
    }
    return scratch_ptr(dc, op->channel);
}

/* an operand of an x87 op; false: not a register, or one that has a new value already */
static bool x87_operand(DC *dc, const E2kAlop *op, unsigned n, X87Fmt fmt, X87Operand *x)
{
    uint64_t value;
    int32_t ofs;
    int reg;

    if (literal_of(dc, op, n, &value) || (reg = src_reg(dc, op, n)) < 0) {
        return false;
    }
    for (unsigned i = 0; i < dc->p->n_writes; i++) {
        const Write *w = &dc->p->writes[i];

        if ((w->kind == WR_REG || w->kind == WR_X87) && w->where == reg) {
            return false;
        }
    }
    x->base = reg_slot(dc, (unsigned)reg, &ofs);
    x->ofs = (int16_t)ofs;
    x->fmt = fmt;
    return true;
}

bool e2k_dst_x87(DC *dc, const E2kAlop *op, X87Op x87, X87Fmt fmt, unsigned na, X87Fmt fa,
                 unsigned nb, X87Fmt fb)
{
    Write w = { .kind = WR_X87, .x87 = x87, .fmt = fmt, .guard = dc->guard };
    bool narrow = fmt == X87_F32 || fmt == X87_I32;

    if (!e2k_is_reg(op->dst) || (w.where = e2k_reg_of_code(dc, op->dst)) < 0 ||
        (narrow && dc->p->new_dbl) || !x87_operand(dc, op, na, fa, &w.a)) {
        return false;
    }
    w.b = w.a;
    if (nb && !x87_operand(dc, op, nb, fb, &w.b)) {
        return false;
    }
    e2k_add_write(dc, w);
    return true;
}

static void commit_x87(DC *dc, const Write *w)
{
    X87Operand d = { .fmt = w->fmt };
    int32_t ofs;

    d.base = reg_slot(dc, (unsigned)w->where, &ofs);
    d.ofs = (int16_t)ofs;
    if (w->guard) {
        IrVal at = ir_temp(dc->b, IR_I64), dummy = ir_temp(dc->b, IR_I64);

        ir_addi(dc->b, at, d.base, (uint64_t)(int64_t)ofs);
        ir_env_ptr(dc->b, dummy, ENV_OFS(dummy));
        d.base = ir_temp(dc->b, IR_I64);
        d.ofs = 0;
        ir_movcond(dc->b, IR_COND_NE, d.base, w->guard, ir_i32(dc->b, 0), at, dummy);
    }
    ir_x87(dc->b, w->x87, d, w->a, w->b);
    dc->p->reg[w->where] = (RegCache){ 0 };
    if (dc->tags) {
        bool is_64 = w->fmt == X87_F64 || w->fmt == X87_I64;

        e2k_tags_commit(dc, w, w->fmt == X87_F80 ? 4 : is_64 ? 2 : 1);
    }
}

void e2k_dst_pred(DC *dc, const E2kAlop *op, IrVal v)
{
    e2k_add_write(dc, (Write){ .kind = WR_PRED, .where = (int32_t)e2k_phys_pred(dc, op->dst & 31),
                               .v = own_temp(dc, v), .guard = dc->guard });
}

void e2k_set_env_late(DC *dc, IrVal v, int32_t ofs)
{
    e2k_add_write(dc, (Write){ .kind = WR_ENV, .where = ofs, .v = own_temp(dc, v),
                               .guard = dc->guard });
}

IrVal e2k_choose(DC *dc, IrVal guard, IrVal v, IrVal old)
{
    IrVal t;

    if (!guard) {
        return v;
    }
    t = ir_temp(dc->b, ir_type(v));
    ir_movcond(dc->b, IR_COND_NE, t, guard, ir_i32(dc->b, 0), v, old);
    return t;
}

static void commit_reg(DC *dc, const Write *w)
{
    RegCache *c = &dc->p->reg[w->where];
    IrVal v = w->v, upper = NULL, base;
    IrType type;
    int32_t ofs;

    if (w->is_ptr) {
        v = ir_temp(dc->b, IR_V128);
        ir_ld(dc->b, v, ir_env(dc->b),
              ENV_OFS(scratch) + w->channel * (int32_t)sizeof(E2kReg), MO_128);
    }
    type = ir_type(v);
    if (type == IR_I32 && dc->p->new_dbl) {
        IrVal t = ir_temp(dc->b, IR_I64);

        ir_zext(dc->b, t, v);
        v = t;
        type = IR_I64;
    } else if (type == IR_F32 && dc->p->new_dbl) {
        IrVal t = ir_temp(dc->b, IR_I32), u = ir_temp(dc->b, IR_I64);

        ir_op1(dc->b, IR_fmov_to_int, t, v);
        ir_zext(dc->b, u, t);
        v = u;
        type = IR_I64;
    }
    if (w->guard) {
        v = e2k_choose(dc, w->guard, v, e2k_load_reg(dc, (unsigned)w->where, type));
    }
    if (type == IR_I32 || type == IR_F32) {
        upper = c->v[IR_I64] ? c->v[IR_I64] : c->upper;
    }
    base = reg_slot(dc, (unsigned)w->where, &ofs);
    ir_st(dc->b, v, base, ofs, mo_of(type));
    *c = (RegCache){ .upper = upper };
    c->v[type] = v;
    if (dc->tags) {
        e2k_tags_commit(dc, w, type == IR_V128 ? 4 : type == IR_I64 || type == IR_F64 ? 2 : 1);
    }
}

/* @v with the tag that it gets */
static IrVal pred_byte(DC *dc, const Write *w, IrVal v)
{
    IrVal *diag = &dc->p->pred_diag[w->where], zero = ir_i32(dc->b, 0), t;

    if (w->guard && (w->tags || *diag)) {
        *diag = e2k_choose(dc, w->guard, w->tags ? w->tags : zero, *diag ? *diag : zero);
    } else {
        *diag = w->tags;
    }
    if (!*diag) {
        return v;
    }
    t = ir_temp(dc->b, IR_I32);
    ir_shli(dc->b, t, *diag, 1);
    ir_or(dc->b, t, t, v);
    return t;
}

static void commit_one(DC *dc, const Write *w)
{
    DCPriv *p = dc->p;
    IrVal v;

    switch (w->kind) {
    case WR_REG:
        commit_reg(dc, w);
        break;
    case WR_X87:
        commit_x87(dc, w);
        break;
    case WR_PRED:
        v = w->guard ? e2k_choose(dc, w->guard, w->v, e2k_load_pred(dc, (unsigned)w->where)) : w->v;
        ir_st(dc->b, dc->tags ? pred_byte(dc, w, v) : v, e2k_frame(dc),
              e2k_frame_ofs(dc) + pred_ofs + w->where, MO_8);
        p->pred[w->where] = v;
        break;
    case WR_CTPR:
        v = w->v ? w->v : ir_i64(dc->b, w->known);
        ir_st(dc->b, v, ir_env(dc->b), ENV_OFS(ctpr) + w->where * 8, MO_64);
        p->ctpr_known[w->where] = !w->v;
        p->ctpr_guess[w->where] = false;
        if (p->trace) {
            p->trace->ctpr_written |= (uint8_t)(1u << w->where);
        }
        p->ctpr[w->where] = w->known;
        if (w->where == 2) {
            p->returns = w->v && w->known;
        }
        break;
    case WR_ENV:
        e2k_st_env(dc, w->guard ? e2k_choose(dc, w->guard, w->v,
                                         e2k_ld_env(dc, ir_type(w->v), w->where)) : w->v,
                   w->where);
        break;
    }
}

void e2k_commit(DC *dc)
{
    DCPriv *p = dc->p;

    for (unsigned i = 0; i < p->n_writes; i++) {
        commit_one(dc, &p->writes[i]);
    }
    p->n_writes = 0;
    if (p->strmd) {
        e2k_st_env(dc, p->strmd, ENV_OFS(strmd));
    }
}

/* ---- one bundle ---- */

static bool is_reg_width(uint8_t width)
{
    return width >= W_S && width <= W_P;
}

/* the operand bytes of an operation that name registers, and whether they do */
static bool check_operands(DC *dc, const E2kAlop *op, int *max)
{
    const E2kOpRow *r = op->row;
    const uint8_t codes[] = { op->src1, op->src2, op->src3, op->dst };
    const bool used[] = { is_reg_width(r->src1) && r->src1_fixed < 0, is_reg_width(r->src2),
                          r->src3 && r->ales_lo == E2K_ALES_SRC3,
                          is_reg_width(r->dst) || (r->src3 && r->ales_lo != E2K_ALES_SRC3) };

    if (r->format == ALF10 || r->format == ALF19 || r->format == AAURR ||
        r->format == AAURW) {
        return true;                /* AAU registers in the operand bytes */
    }
    for (unsigned i = 0; i < 4; i++) {
        if (used[i] && e2k_is_reg(codes[i])) {
            int reg = e2k_reg_of_code(dc, codes[i]);

            if (reg < 0) {
                return false;
            }
            if (reg < REG_GLOBAL0 && (i < 3 || !is_reg_width(r->dst) || !dc->p->setwd)) {
                *max = MAX(*max, reg - dc->p->shift);
            }
        }
    }
    return true;
}

static void unimplemented(DC *dc, const E2kAlop *op)
{
    log_if(LOG_UNIMP, "e2k: %s at 0x%" PRIx64 " (channel %u) is not implemented\n",
             op->row->name, dc->bundle.pc, op->channel);
    e2k_emit_trap(dc, E2K_EXC_ILLEGAL_OPCODE);
}

static void gen_alop(DC *dc, const E2kAlop *op)
{
    const E2kEmit *e = &emits[op->row - e2k_op_rows];
    unsigned first = dc->p->n_writes;

    if (dc->p->trace && op->row->format == ALF15) {
        dc->p->trace->sets_state = true;
    }

    if (dc->tags) {
        dc->guard = dc->p->op_tags[op->channel].guard;
        dc->stored = dc->p->op_tags[op->channel].stored;
    } else {
        dc->guard = op->n_conds ? e2k_guard_of(dc, op) : NULL;
    }
    if (e->fn) {
        e->fn(dc, op, e);
    } else {
        unimplemented(dc, op);
    }
    if (dc->tags) {
        e2k_tags_result(dc, op, first);
    }
    dc->guard = NULL;
    dc->stored = (E2kStored){ NULL, NULL };
}

static bool conflicting_channels(const E2kBundle *b)
{
    static const uint8_t pairs[][2] = { { 2, 3 }, { 5, 0 } };

    for (unsigned i = 0; i < G_N_ELEMENTS(pairs); i++) {
        const E2kAlop *st = &b->alop[pairs[i][0]], *ld = &b->alop[pairs[i][1]];

        if ((b->alop_mask >> pairs[i][0] & 1) && (b->alop_mask >> pairs[i][1] & 1) &&
            st->row->mas && ld->row->mas && st->row->dst == W_NONE && ld->row->dst != W_NONE &&
            st->mas != 0x3f && st->row->format != ALF10) {
            return true;
        }
    }
    return false;
}

static bool may_retry(const E2kBundle *b)
{
    bool sm = b->mova[0].opcode | b->mova[1].opcode | b->mova[2].opcode | b->mova[3].opcode;

    for (unsigned c = 0; c < E2K_N_CHANNELS; c++) {
        sm |= (b->alop_mask >> c & 1) && b->alop[c].sm &&
              (b->alop[c].row->mas || b->alop[c].row->category == CAT_LOAD_TAG);
    }
    return sm;
}

static bool gen_alops(DC *dc)
{
    E2kBundle *b = &dc->bundle;
    int max = -1;                   /* highest window register that it names */

    if (conflicting_channels(b)) {
        return false;
    }
    for (unsigned c = 0; c < E2K_N_CHANNELS; c++) {
        if ((b->alop_mask >> c & 1) && !check_operands(dc, &b->alop[c], &max)) {
            e2k_emit_trap(dc, E2K_EXC_WINDOW_BOUNDS);
            return true;
        }
    }
    e2k_check_reg(dc, max);
    if (dc->tags) {
        e2k_tags_check(dc);
    }
    for (unsigned c = 0; c < E2K_N_CHANNELS; c++) {
        if (b->alop_mask >> c & 1) {
            gen_alop(dc, &b->alop[c]);
        }
    }
    return true;
}

static void gen_aau(DC *dc)
{
    const E2kBundle *b = &dc->bundle;

    if (b->mova[0].opcode | b->mova[1].opcode | b->mova[2].opcode | b->mova[3].opcode) {
        e2k_emit_mova(dc);
    }
    if (SS_BIT(b, SS_BAP)) {
        e2k_emit_bap(dc);
    }
    if (SS_BIT(b, SS_EAP)) {
        e2k_emit_eap(dc);
    }
}

static void preload_cond(DC *dc, const E2kCond *c)
{
    if (!c->pcnt) {
        e2k_pred(dc, c->n);
    }
}

/* Reads all predicates that the bundle wants: should one still be the caller's, it can begin again. */
static void preload_preds(DC *dc)
{
    enum { WITH_PRED = 1 << 2 | 1 << 3 | 1 << 6 | 1 << 7 | 1 << 14 | 1 << 15 };
    const E2kBundle *b = &dc->bundle;

    dc->p->at_start = true;
    for (unsigned c = 0; c < E2K_N_CHANNELS; c++) {
        const E2kAlop *op = &b->alop[c];

        for (unsigned i = 0; (b->alop_mask >> c & 1) && i < op->n_conds; i++) {
            preload_cond(dc, &op->conds[i]);
        }
        if ((b->alop_mask >> c & 1) && op->has_mrgc) {
            preload_cond(dc, &op->mrgc);
        }
        if ((b->alop_mask >> c & 1) && op->n_conds && op->row->dst == W_PRED) {
            e2k_pred(dc, op->dst);
        }
    }
    e2k_preload_pls(dc);
    if (b->has_ss && !SS_TYPE(b) && (WITH_PRED >> SS_COND(b) & 1)) {
        e2k_pred(dc, SS_PSRC(b));
    }
    dc->p->at_start = false;
}

static void gen_bundle(DC *dc)
{
    DCPriv *p = dc->p;
    bool is_const, value;
    IrVal cond;

    p->setwd = false;
    p->new_dbl = dc->mode & E2K_MODE_DBL;
    p->loop_end = p->strmd = p->branch_to = NULL;
    p->next_ip = p->follow_ip = dc->bundle.pc + dc->bundle.size_bytes;
    preload_preds(dc);
    e2k_gen_setwd(dc);
    if (!gen_alops(dc)) {
        e2k_emit_trap(dc, E2K_EXC_ILLEGAL_OPCODE);
    }
    gen_aau(dc);
    e2k_gen_pls(dc);
    e2k_gen_cs0(dc);
    cond = e2k_transfer_cond(dc, &is_const, &value);
    e2k_commit(dc);
    e2k_gen_wait(dc);
    e2k_gen_transfer(dc, cond, is_const, value);
}

/* ---- blocks ---- */

/* false: the bundle reaches into another page and is not the first one */
static bool fetch(DC *dc, uint64_t ip, E2kStatus *status, unsigned *bad_channel)
{
    uint8_t code[E2K_MAX_BUNDLE_BYTES];
    size_t n = MIN(cpu_fetch_avail(dc->cpu, ip), sizeof(code));

    cpu_fetch_code(dc->cpu, ip, code, n);
    *status = e2k_decode(code, n, ip, dc->version, &dc->bundle, bad_channel);
    if (*status == E2K_SHORT) {
        if (dc->info->n_insns && !dc->p->trace) {
            return false;
        }
        n = dc->bundle.size_bytes;
        cpu_fetch_code(dc->cpu, ip, code, n);
        *status = e2k_decode(code, n, ip, dc->version, &dc->bundle, bad_channel);
    }
    dc->bundle.pc = ip;
    return true;
}

static bool translate_one(DC *dc, uint64_t ip)
{
    unsigned bad_channel = 0;
    E2kStatus status;

    if (ip & 7) {
        dc->bundle = (E2kBundle){ .pc = ip, .size_bytes = 8 };
        status = E2K_BAD_LAYOUT;
    } else if (dc->p->trace && !e2k_trace_allows(dc, ip, 8)) {
        return false;
    } else if (!fetch(dc, ip, &status, &bad_channel)) {
        return false;
    }
    if (dc->p->trace && (status != E2K_OK || !e2k_trace_allows(dc, ip, dc->bundle.size_bytes))) {
        return false;
    }
    if (dc->p->shift && status == E2K_OK && e2k_setwd_size(dc) + dc->p->shift > E2K_MAX_WINDOW) {
        return false;
    }
    if (!dc->info->n_insns && ((ip + dc->bundle.size_bytes - 1) ^ ip) & PAGE_MASK_) {
        dc->p->second_page = (ip & PAGE_MASK_) + PAGE_SIZE_;
    }
    dc->info->n_insns++;
    dc->info->size_bytes += dc->bundle.size_bytes;
    ir_insn_start(dc->b, ip, dc->mode | (status == E2K_OK && may_retry(&dc->bundle)
                                         ? E2K_WORD_RETRY : 0));
    if (status != E2K_OK) {
        log_if(LOG_UNIMP, "e2k: no valid instruction at 0x%" PRIx64 " (%s, channel %u)\n", ip,
                 status == E2K_BAD_OP ? "unknown operation" : status == E2K_BAD_OPERAND
                 ? "bad operand" : "bad layout", bad_channel);
        call_trap(dc, ip & 7 ? E2K_EXC_ILLEGAL_INSTR_ADDR : E2K_EXC_ILLEGAL_OPCODE, ip, dc->mode);
        dc->ended = true;
        return true;
    }
    gen_bundle(dc);
    return true;
}

static bool on_page(const DC *dc, uint64_t ip)
{
    return !((ip ^ dc->info->pc) & PAGE_MASK_) ||
           (dc->info->scattered && (ip & PAGE_MASK_) == dc->p->second_page);
}

static bool block_is_full(const DC *dc, uint64_t ip, unsigned max)
{
    return dc->info->n_insns >= max || ir_block_n_ops(dc->b) > MAX_BLOCK_OPS ||
           ir_block_overflow(dc->b) || (!dc->p->trace && !on_page(dc, ip)) ||
           dc->p->n_cold > MAX_BLOCK_COLD;
}

/* @trace NULL: an ordinary block */
static void begin(DC *dc, Trace *trace)
{
    DCPriv *p = dc->p;

    memset(p, 0, sizeof(*p));
    dc->mode = dc->info->flags;
    dc->ended = false;
    dc->info->n_insns = dc->info->size_bytes = 0;
    dc->info->scattered = false;
    p->trace = trace;
    p->checked_size = (int)e2k_wsize_of(dc->mode, 0);
    for (unsigned i = 0; i < 3; i++) {
        p->ctpr_guess[i] = true;
        p->ctpr[i] = dc->env->ctpr[i];
    }
}

/* Bundles from info->pc on; returns where the block would go on. */
static uint64_t walk(DC *dc, unsigned max)
{
    uint64_t ip = dc->info->pc;

    do {
        if (!translate_one(dc, ip)) {
            break;
        }
        ip = dc->p->follow_ip;
    } while (!dc->ended && !dc->p->split && !block_is_full(dc, ip, max));
    return ip;
}

/* Can turns be steady? Then the trace has a second copy for them, in front. */
static void emit_steady(DC *dc, unsigned max)
{
    static __thread DCPriv at_head;
    DCPriv *p = dc->p;
    IrLabel *general = ir_label(dc->b);

    e2k_trace_steady_test(dc, general);
    at_head = *p;
    p->steady = true;
    walk(dc, max);
    memcpy(at_head.cold, p->cold, sizeof(p->cold));
    at_head.n_cold = p->n_cold;
    *p = at_head;
    ir_bind(dc->b, general);
    p->trace->closed &= dc->ended;
    dc->mode = dc->info->flags;
    dc->ended = false;
    dc->info->n_insns = dc->info->size_bytes = 0;
}

/* The second pass; false: it does not fit. */
static bool emit_trace(DC *dc, unsigned max, bool steady)
{
    Trace *t = dc->p->trace;
    bool closed = true;

    ir_block_reset(dc->b);
    t->closed = t->too_long = false;
    t->n_exits = t->n_slots = t->n_pages = 0;
    t->reject = NULL;
    begin(dc, t);
    e2k_trace_enter(dc);
    if (steady) {
        emit_steady(dc, max);
        closed = t->closed;
        t->closed = false;
    }
    walk(dc, max);
    if (steady && !(closed && t->closed && !t->too_long && !ir_block_overflow(dc->b))) {
        return false;
    }
    if (!dc->ended) {
        ir_exit(dc->b, TB_EXIT_PLAIN);      /* it overflows */
    }
    e2k_trace_side_exits(dc);
    emit_cold(dc);
    return !ir_block_overflow(dc->b) || !steady;
}

static bool translate_trace(DC *dc)
{
    static __thread Trace trace;
    Trace *t = &trace;
    unsigned max = MIN(dc->info->max_insns, MAX_TRACE_BUNDLES);

    memset(t, 0, sizeof(*t));
    t->head_ip = dc->info->pc;
    t->head_mode = dc->info->flags;
    t->recording = true;
    t->max_reg = -1;
    begin(dc, t);
    walk(dc, max);
    t->recording = false;
    if (!t->closed || t->too_long || ir_block_overflow(dc->b)) {
        ir_block_reset(dc->b);
        ir_exit_check(dc->b);
        return false;
    }
    if (!t->n_alc || t->sets_state || !emit_trace(dc, max, true)) {
        emit_trace(dc, max, false);
    }
    dc->info->scattered = true;
    dc->info->size_bytes = (unsigned)MIN(dc->info->size_bytes, 8);
    return true;
}

void e2k_translate(CPUState *cpu, IrBlock *b, TbInfo *info)
{
    static __thread DCPriv priv;
    CPUE2KState *env = e2k_env(cpu);
    DC dc = { .b = b, .cpu = cpu, .env = env, .info = info, .version = env->version, .p = &priv,
              .tags = env->tags };
    uint64_t ip;

    if (info->max_insns > MIN_TRACE_BUNDLES && !info->single_step && !cpu->breakpoints &&
        e2k_trace_is_hot(info->pc) && translate_trace(&dc)) {
        return;
    }
    begin(&dc, NULL);
    ip = walk(&dc, MIN(MAX(info->max_insns, 1), MAX_BUNDLES));
    if (!dc.ended) {
        e2k_gen_goto(&dc, 0, ip, dc.mode);
    }
    emit_cold(&dc);
    if (info->scattered) {
        info->size_bytes = MIN(info->size_bytes, 8);
    }
}

/* ---- CPUOps ---- */

void e2k_get_tb_key(CPUState *cpu, uint64_t *pc, uint64_t *flags)
{
    CPUE2KState *env = e2k_env(cpu);

    *pc = env->ip;
    *flags = env->mode;
}

void e2k_restore_state(CPUState *cpu, const uint64_t words[IR_INSN_WORDS])
{
    CPUE2KState *env = e2k_env(cpu);

    env->ip = words[0];
    env->mode = words[1] & ~E2K_WORD_RETRY;
    env->may_retry = words[1] & E2K_WORD_RETRY;
}

void e2k_set_pc(CPUState *cpu, uint64_t pc, uint64_t flags)
{
    e2k_env(cpu)->ip = pc;
    e2k_env(cpu)->mode = flags;
}
