/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State registers, the user stack, moves and tags. Where tags are not kept they read as 0, and
 * putting one copies the value; translate-tags.c does the rest.
 */
#include <string.h>
#include "target/e2k/state-helpers.h"
#include "target/e2k/translate-priv.h"

enum {
    SREG_WD = 0x01, SREG_CWD = 0x06, SREG_CTPR1 = 0x15, SREG_CTPR3 = 0x17, SREG_USD_LO = 0x2d,
    SREG_IP = 0x81, SREG_NIP, SREG_LSR, SREG_PFPFR, SREG_FPCR, SREG_BR = 0x88, SREG_IDR = 0x8a,
    SREG_LSR1 = 0xc3,
};

/* ---- reading ---- */

static IrVal env_i64(DC *dc, int32_t ofs)
{
    IrVal t = ir_temp(dc->b, IR_I64);

    ir_ld(dc->b, t, ir_env(dc->b), ofs, MO_64);
    return t;
}

static IrVal read_by_helper(DC *dc, unsigned n)
{
    IrVal t = ir_temp(dc->b, IR_I64);

    if (n == SREG_WD || n == SREG_CWD) {
        ir_st(dc->b, ir_i64(dc->b, dc->mode), ir_env(dc->b), ENV_OFS(mode),
              MO_64);
    }
    e2k_call(dc, &e2k_helper_sreg_read, t, 2, ir_env(dc->b), ir_i32(dc->b, n), NULL, NULL, NULL,
             NULL);
    return t;
}

static IrVal sreg_value(DC *dc, unsigned n)
{
    switch (n) {
    case SREG_IP:
        return ir_i64(dc->b, dc->bundle.pc);
    case SREG_NIP:
        return ir_i64(dc->b, dc->p->next_ip);
    case SREG_BR:
        return ir_i64(dc->b, dc->mode & E2K_MODE_BR_MASK);
    case SREG_IDR:
        return env_i64(dc, ENV_OFS(idr));
    case SREG_CTPR1: case SREG_CTPR1 + 1: case SREG_CTPR3:
        return env_i64(dc, ENV_OFS(ctpr) + 8 * (int32_t)(n - SREG_CTPR1));
    default:
        return read_by_helper(dc, n);
    }
}

/* A register that user programs may not see, or that there is not. */
static void refuse(DC *dc, unsigned n)
{
    e2k_emit_trap(dc, e2k_sreg_name(n) ? E2K_EXC_PRIV_ACTION : E2K_EXC_ILLEGAL_OPCODE);
}

static void emit_rr(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    unsigned n = op->src1;
    uint64_t value;
    IrVal v, d;

    if (!e2k_sreg_read(dc->env, n, &value)) {
        refuse(dc, n);
        return;
    }
    v = sreg_value(dc, n);
    d = ir_temp(dc->b, e->c ? IR_I64 : IR_I32);
    if (e->c) {
        ir_mov(dc->b, d, v);
    } else {
        ir_trunc(dc->b, d, v);
    }
    e2k_dst(dc, op, d);
}

/* ---- writing ---- */

/* LSR is kept in pieces, as loops use them */
static void write_lsr(DC *dc, IrVal v)
{
    static const struct { uint8_t pos, len; int32_t ofs; } parts[] = {
        { 32, 5, ENV_OFS(ecnt) }, { 37, 1, ENV_OFS(vlc) }, { 48, 5, ENV_OFS(pcnt) },
        { 53, 7, ENV_OFS(strmd) },
    };
    IrVal t, w, rest = ir_temp(dc->b, IR_I64);

    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        t = ir_temp(dc->b, IR_I64);
        w = ir_temp(dc->b, IR_I32);
        ir_extract(dc->b, t, v, parts[i].pos, parts[i].len);
        ir_trunc(dc->b, w, t);
        e2k_set_env_late(dc, w, parts[i].ofs);
    }
    ir_mov(dc->b, rest, v);
    e2k_set_env_late(dc, rest, ENV_OFS(lsr_rest));
}

static void write_lcnt(DC *dc, IrVal v)
{
    IrVal t = ir_temp(dc->b, IR_I32);

    ir_trunc(dc->b, t, v);
    e2k_set_env_late(dc, t, ENV_OFS(lcnt));
}

static void write_ctpr(DC *dc, unsigned n, IrVal v)
{
    IrVal t = ir_temp(dc->b, IR_I64);

    if (dc->guard) {
        ir_movcond(dc->b, IR_COND_NE, t, dc->guard, ir_i32(dc->b, 0), v,
                   env_i64(dc, ENV_OFS(ctpr) + 8 * (int32_t)n));
    } else {
        ir_mov(dc->b, t, v);
    }
    e2k_add_write(dc, (Write){ .kind = WR_CTPR, .where = (int32_t)n, .v = t });
}

static bool is_alone(const E2kBundle *b, const E2kAlop *op)
{
    return b->alop_mask == 1u << op->channel && !b->has_cs0 && !b->has_cs1 && !b->n_pls &&
           !SS_COND(b) && !SS_BIT(b, SS_ALCT) && !SS_BIT(b, SS_ALCF) && !SS_BIT(b, SS_ABPT) &&
           !SS_BIT(b, SS_ABPF) && !SS_BIT(b, SS_ABNT) && !SS_BIT(b, SS_ABNF);
}

/* Blocks are translated for one rotation: the next bundle needs another one. */
static void write_br(DC *dc, const E2kAlop *op, IrVal v)
{
    IrVal guard = dc->guard ? dc->guard : ir_i32(dc->b, 1);

    if (!is_alone(&dc->bundle, op)) {
        e2k_emit_trap(dc, E2K_EXC_ILLEGAL_OPCODE);
        return;
    }
    e2k_call(dc, &e2k_helper_br_write, NULL, 5, ir_env(dc->b), v, ir_i64(dc->b, dc->p->next_ip),
             ir_i64(dc->b, dc->mode), guard, NULL);
}

static void emit_rw(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    unsigned n = op->dst;
    uint64_t old;
    IrVal v;

    if (!e2k_sreg_read(dc->env, n, &old)) {
        refuse(dc, n);
        return;
    }
    if (e->c) {
        v = e2k_src(dc, op, 2, IR_I64);
    } else {
        v = ir_temp(dc->b, IR_I64);
        ir_zext(dc->b, v, e2k_src(dc, op, 2, IR_I32));
    }
    if (n == SREG_LSR || n == SREG_LSR1) {
        write_lcnt(dc, v);
        if (n == SREG_LSR) {
            write_lsr(dc, v);
        }
    } else if (n >= SREG_CTPR1 && n <= SREG_CTPR3) {
        write_ctpr(dc, n - SREG_CTPR1, v);
    } else if (n == SREG_BR) {
        write_br(dc, op, v);
    } else {
        dc->p->split |= n == SREG_PFPFR || n == SREG_FPCR;
        e2k_call(dc, &e2k_helper_sreg_write, NULL, 4, ir_env(dc->b), ir_i32(dc->b, n), v,
                 dc->guard ? dc->guard : ir_i32(dc->b, 1), NULL, NULL);
    }
}

/* ---- the user stack ---- */

/* The stack pointer moves by s2, a multiple of 16; below the stack's end it does not. */
static void emit_getsp(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal sp = e2k_ld_env(dc, IR_I64, ENV_OFS(usd_lo)), d = ir_temp(dc->b, IR_I64);
    IrVal n = ir_temp(dc->b, IR_I64), low = ir_temp(dc->b, IR_I32);
    IrVal end = env_i64(dc, ENV_OFS(stack_bottom));

    ir_sext(dc->b, n, e2k_src(dc, op, 2, IR_I32));
    ir_andi(dc->b, n, n, ~15ull);
    ir_add(dc->b, d, sp, n);
    ir_setcond(dc->b, IR_COND_LTU, low, d, end);
    ir_brcondi(dc->b, IR_COND_NE, e2k_and_cond(dc, low, dc->guard), 0,
               e2k_cold_trap(dc, E2K_EXC_ARRAY_BOUNDS));
    e2k_set_env_late(dc, d, ENV_OFS(usd_lo));
    e2k_dst(dc, op, d);
}

/* ---- moves, tags ---- */

static IrVal copy_of(DC *dc, IrVal v)
{
    IrVal t = ir_temp(dc->b, ir_type(v));

    ir_mov(dc->b, t, v);
    return t;
}

/* 64 bits of operand c; to %ctprN as integers */
static void emit_copy64(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    bool to_reg = e2k_is_reg(op->dst);

    e2k_dst(dc, op, copy_of(dc, to_reg ? e2k_src_any64(dc, op, e->c)
                                       : e2k_src(dc, op, e->c, IR_I64)));
}

static void emit_copy32(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    e2k_dst(dc, op, copy_of(dc, e2k_src(dc, op, e->c, IR_I32)));
}

static void emit_copy128(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    e2k_dst(dc, op, copy_of(dc, e2k_src(dc, op, e->c, IR_V128)));
}

/* The upper half stays, even where 32-bit results clear it. */
static void emit_movts(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal v = e2k_src(dc, op, 2, IR_I32), old, d;

    if (!dc->p->new_dbl || !e2k_is_reg(op->dst)) {
        e2k_dst(dc, op, copy_of(dc, v));
        return;
    }
    old = e2k_src(dc, op, 4, IR_I64);
    d = ir_temp(dc->b, IR_I64);
    ir_zext(dc->b, d, v);
    ir_deposit(dc->b, d, old, d, 0, 32);
    e2k_dst(dc, op, d);
}

/* the tags of operand 2, two bits for each of its e->c words */
static void emit_gettag(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal tags = e2k_src_tags(dc, op, 2), low, high;

    if (!tags) {
        e2k_dst(dc, op, copy_of(dc, ir_i32(dc->b, 0)));
        return;
    }
    low = ir_temp(dc->b, IR_I32);
    ir_andi(dc->b, low, tags, 3);
    if (e->c > 1) {
        high = ir_temp(dc->b, IR_I32);
        ir_shri(dc->b, high, tags, 8);
        ir_deposit(dc->b, low, low, high, 2, 2);
    }
    e2k_dst(dc, op, low);
}

/* an address in the code unit, which begins at 0 */
static void emit_getpl(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal d = ir_temp(dc->b, IR_I64);

    ir_zext(dc->b, d, e2k_src(dc, op, 2, IR_I32));
    e2k_dst(dc, op, d);
}

static const struct { const char *name; E2kEmit e; } rows[] = {
    { "rrs", { .fn = emit_rr, .c = 0 } },
    { "rrd", { .fn = emit_rr, .c = 1 } },
    { "rws", { .fn = emit_rw, .c = 0 } },
    { "rwd", { .fn = emit_rw, .c = 1 } },
    { "getsp", { .fn = emit_getsp } },
    { "getpl", { .fn = emit_getpl } },
    { "gettags", { .fn = emit_gettag, .c = 1 } },
    { "gettagd", { .fn = emit_gettag, .c = 2 } },
    { "puttags", { .fn = emit_copy32, .c = 1 } },
    { "puttagd", { .fn = emit_copy64, .c = 1 } },
    { "puttagqp", { .fn = emit_copy128, .c = 1 } },
    { "movts", { .fn = emit_movts } },
    { "movtcs", { .fn = emit_movts } },
    { "movtrs", { .fn = emit_movts } },
    { "movtrcs", { .fn = emit_movts } },
    { "movtd", { .fn = emit_copy64, .c = 2 } },
    { "movtcd", { .fn = emit_copy64, .c = 2 } },
    { "movtrd", { .fn = emit_copy64, .c = 2 } },
    { "movtrcd", { .fn = emit_copy64, .c = 2 } },
    /* each of the two channels moves its half */
    { "movtq", { .fn = emit_copy64, .c = 2 } },
    { "movtcq", { .fn = emit_copy64, .c = 2 } },
    { "movtrq", { .fn = emit_copy64, .c = 2 } },
    { "movtrcq", { .fn = emit_copy64, .c = 2 } },
};

bool e2k_resolve_state(const E2kOpRow *row, E2kEmit *e)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!strcmp(row->name, rows[i].name)) {
            *e = rows[i].e;
            return true;
        }
    }
    return false;
}
