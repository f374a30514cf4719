/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Register allocation: which temp is where while a block is written. */
#include "gen.h"

void regs_reset(Gen *g)
{
    unsigned n = g->b->n_temps;

    g->avail = (GPR_MASK & ~GPR_RESERVED) | XMM_MASK;
    if (base_in_reg) {
        g->avail &= ~REG_BIT(R15);
    }
    g->free = g->avail;
    g->locked = 0;
    g->clock = 1;
    memset(g->last_use, 0, sizeof(g->last_use));
    memset(g->temp_of, 0xff, sizeof(g->temp_of));
    memset(g->reg_of, 0xff, n);
    memset(g->dirty, 0, n);
    memset(g->pending, 0, n * sizeof(g->pending[0]));
    memset(g->slot_of, 0, n * sizeof(g->slot_of[0]));
    g->next_slot = FRAME_SPILL;
}

bool imm_of(Gen *g, unsigned idx, int32_t *imm)
{
    const IrTemp *t = temp_at(g, idx);

    if (t->kind != IR_KIND_CONST) {
        return false;
    }
    *imm = (int32_t)t->value;
    return t->type == IR_I32 || (int64_t)t->value == *imm;
}

Mem home_of(Gen *g, unsigned idx)
{
    const IrTemp *t = temp_at(g, idx);

    if (t->kind == IR_KIND_GLOBAL) {
        return mem_at(RBP, t->ofs - env_bias);
    }
    if (g->slot_of[idx] == 0) {
        int32_t bytes = t->type == IR_V128 ? 16 : 8;

        g->next_slot = (g->next_slot + bytes - 1) & -bytes;
        g->slot_of[idx] = g->next_slot;
        g->next_slot += bytes;
    }
    return mem_at(RSP, g->slot_of[idx]);
}

void reg_move(Gen *g, int d, int s, IrType t)
{
    if (d == s) {
        return;
    }
    if (ir_type_is_int(t)) {
        a_mov(&g->as, t == IR_I64 ? X_W : 0, d, s);
    } else {
        a_rr(&g->as, X_MOVAPS, d, s);
    }
}

void reg_load(Gen *g, int d, Mem m, IrType t)
{
    static const uint32_t opc[] = { 0x8b, 0x8b | X_W, X_MOVSS_LD, X_MOVSD_LD, X_MOVUPS_LD };

    a_rm(&g->as, opc[t], d, m);
}

void reg_store(Gen *g, int s, Mem m, IrType t)
{
    static const uint32_t opc[] = { 0x89, 0x89 | X_W, X_MOVSS_ST, X_MOVSD_ST, X_MOVUPS_ST };

    a_rm(&g->as, opc[t], s, m);
}

/* may use r11 */
void store_const(Gen *g, unsigned const_idx, Mem m, unsigned bytes)
{
    uint64_t v = temp_at(g, const_idx)->value;

    if (bytes == 8 && (int64_t)v != (int32_t)v) {
        a_movi(&g->as, R11, v, true);
        a_rm(&g->as, 0x89 | X_W, R11, m);
        return;
    }
    a_rm(&g->as, bytes == 1 ? 0xc6 : bytes == 2 ? 0xc7 | X_66 : bytes == 4 ? 0xc7 : 0xc7 | X_W, 0,
         m);
    for (unsigned i = 0; i < (bytes < 4 ? bytes : 4); i++) {
        a8(&g->as, (unsigned)(v >> (8 * i)));
    }
}

/* ---- homes ---- */

void sync_temp(Gen *g, unsigned idx)
{
    const IrTemp *t = temp_at(g, idx);

    if (!g->dirty[idx]) {
        return;
    }
    if (g->reg_of[idx] >= 0) {
        reg_store(g, g->reg_of[idx], home_of(g, idx), (IrType)t->type);
    } else {
        store_const(g, g->pending[idx], home_of(g, idx), ir_type_bytes((IrType)t->type));
    }
    g->dirty[idx] = false;
    g->pending[idx] = 0;
}

void sync_globals(Gen *g)
{
    for (unsigned i = 0; i < ir_n_globals; i++) {
        sync_temp(g, i);
    }
}

void sync_set(Gen *g, const uint64_t *live)
{
    for (unsigned w = 0; w < g->b->live_words; w++) {
        for (uint64_t m = live[w]; m; m &= m - 1) {
            unsigned idx = w * 64 + (unsigned)__builtin_ctzll(m);

            sync_temp(g, idx);
        }
    }
}

/* where a temp's value is right now */
static Val val_now(Gen *g, unsigned idx)
{
    if (is_const(g, idx)) {
        return (Val){ -1, (uint16_t)idx };
    }
    if (g->reg_of[idx] >= 0) {
        return (Val){ g->reg_of[idx], 0 };
    }
    return g->pending[idx] ? (Val){ -1, g->pending[idx] } : (Val){ VAL_HOME, 0 };
}

static void snapshot_late(Gen *g)
{
    for (unsigned i = 0; i < g->n_late; i++) {
        const LateStore *l = &g->late[i];
        Snap s = { l->value, val_now(g, l->value), l->base, g->reg_of[l->base], l->ofs, l->mo };

        g_array_append_val(g->snaps, s);
    }
}

void snapshot(Gen *g, uint32_t *first, uint32_t *n)
{
    *first = g->snaps->len;
    for (unsigned i = 0; i < ir_n_globals; i++) {
        if (g->dirty[i]) {
            Snap s = { (uint16_t)i, { g->reg_of[i], g->pending[i] }, IR_NO_ARG, 0, 0, 0 };

            g_array_append_val(g->snaps, s);
        }
    }
    snapshot_late(g);
    *n = g->snaps->len - *first;
}

/* dirty ones of a live set */
void snapshot_set(Gen *g, const uint64_t *live, uint32_t *first, uint32_t *n)
{
    *first = g->snaps->len;
    for (unsigned w = 0; w < g->b->live_words; w++) {
        for (uint64_t m = live[w]; m; m &= m - 1) {
            unsigned i = w * 64 + (unsigned)__builtin_ctzll(m);

            if (g->dirty[i]) {
                Snap s = { (uint16_t)i, { g->reg_of[i], g->pending[i] }, IR_NO_ARG, 0, 0, 0 };

                g_array_append_val(g->snaps, s);
            }
        }
    }
    snapshot_late(g);
    *n = g->snaps->len - *first;
}

/* ---- registers ---- */

static void bind(Gen *g, unsigned idx, int reg)
{
    g->reg_of[idx] = (int8_t)reg;
    g->temp_of[reg] = (int16_t)idx;
    g->free &= ~REG_BIT(reg);
    g->last_use[reg] = g->clock;
}

static void unbind(Gen *g, int reg)
{
    if (g->temp_of[reg] >= 0) {
        g->reg_of[g->temp_of[reg]] = -1;
        g->temp_of[reg] = -1;
    }
    g->free |= REG_BIT(reg) & g->avail;
}

void drop(Gen *g, unsigned idx)
{
    if (g->reg_of[idx] >= 0) {
        unbind(g, g->reg_of[idx]);
    }
    g->dirty[idx] = false;
    g->pending[idx] = 0;
}

void drop_all(Gen *g)
{
    for (uint32_t m = g->avail & ~g->free; m; m &= m - 1) {
        drop(g, (unsigned)g->temp_of[__builtin_ctz(m)]);
    }
    for (unsigned i = 0; i < ir_n_globals; i++) {
        g->dirty[i] = false;
        g->pending[i] = 0;
    }
}

static void spill(Gen *g, int reg)
{
    unsigned idx = (unsigned)g->temp_of[reg];

    sync_temp(g, idx);
    unbind(g, reg);
}

bool prefers_callee(Gen *g, unsigned idx)
{
    return idx < ir_n_globals || g->b->crosses_call[idx / 64] >> (idx % 64) & 1;
}

int alloc_reg(Gen *g, uint32_t mask, bool prefer_callee_saved)
{
    uint32_t c = g->free & mask & ~g->locked, best_score = UINT32_MAX;
    int best = -1;

    if (c) {
        uint32_t p = c & (prefer_callee_saved ? CALLEE_SAVED : ~CALLEE_SAVED);

        best = __builtin_ctz(p ? p : c);
        g->locked |= REG_BIT(best);
        return best;
    }
    for (c = g->avail & mask & ~g->locked; c; c &= c - 1) {
        int r = __builtin_ctz(c);
        uint32_t score = g->last_use[r] * 2 + (g->dirty[g->temp_of[r]] ? 12 : 0);

        if (score < best_score) {
            best_score = score;
            best = r;
        }
    }
    g_assert(best >= 0);
    spill(g, best);
    g->locked |= REG_BIT(best);
    return best;
}

void copy_to(Gen *g, int reg, unsigned idx)
{
    const IrTemp *t = temp_at(g, idx);

    if (g->reg_of[idx] >= 0) {
        reg_move(g, reg, g->reg_of[idx], (IrType)t->type);
    } else if (t->kind == IR_KIND_CONST) {
        a_movi(&g->as, reg, t->value, false);
    } else if (t->kind == IR_KIND_ENV) {
        a_lea(&g->as, X_W, reg, mem_at(RBP, -env_bias));
    } else if (g->pending[idx]) {
        a_movi(&g->as, reg, temp_at(g, g->pending[idx])->value, false);
    } else {
        reg_load(g, reg, home_of(g, idx), (IrType)t->type);
    }
}

int in_reg_mask(Gen *g, unsigned idx, uint32_t mask)
{
    const IrTemp *t = temp_at(g, idx);
    int reg = g->reg_of[idx], to;

    mask &= class_of((IrType)t->type);
    if (reg < 0 || !(REG_BIT(reg) & mask)) {
        to = alloc_reg(g, mask, prefers_callee(g, idx));
        reg = g->reg_of[idx];               /* making room may have moved it */
        copy_to(g, to, idx);
        if (reg >= 0) {
            unbind(g, reg);
        }
        bind(g, idx, to);
        reg = to;
    }
    g->pending[idx] = 0;
    g->locked |= REG_BIT(reg);
    g->last_use[reg] = g->clock;
    return reg;
}

void evict(Gen *g, int reg)
{
    int idx = g->temp_of[reg];
    uint32_t room;

    if (idx < 0) {
        return;
    }
    room = g->free & class_of((IrType)temp_at(g, (unsigned)idx)->type) & ~g->locked & ~REG_BIT(reg);
    if (room && !is_const(g, (unsigned)idx)) {
        uint32_t p = prefers_callee(g, (unsigned)idx) ? room & CALLEE_SAVED : room & ~CALLEE_SAVED;
        int to = __builtin_ctz(p ? p : room);

        reg_move(g, to, reg, (IrType)temp_at(g, (unsigned)idx)->type);
        unbind(g, reg);
        bind(g, (unsigned)idx, to);
    } else {
        spill(g, reg);
    }
}

void take_fixed(Gen *g, int reg)
{
    evict(g, reg);
    g->locked |= REG_BIT(reg);
}

void release_dead(Gen *g, const IrNode *o)
{
    for (unsigned i = o->n_out; i < (unsigned)o->n_out + o->n_in; i++) {
        if (o->dead >> i & 1 || is_const(g, o->a[i])) {
            /* constants stay cached while there is room for them */
            if (!is_const(g, o->a[i])) {
                drop(g, o->a[i]);
            }
        }
    }
}

int out_choose(Gen *g, const IrNode *o, unsigned k, int pref, uint32_t avoid)
{
    unsigned d = o->a[k];
    uint32_t mask = class_of((IrType)temp_at(g, d)->type) & ~avoid;

    if (pref >= 0 && (g->free & mask & REG_BIT(pref))) {
        g->locked |= REG_BIT(pref);
        return pref;
    }
    if (g->reg_of[d] >= 0 && (REG_BIT(g->reg_of[d]) & mask)) {
        return g->reg_of[d];
    }
    /* free registers that this op has locked, such as dead operands', are fair game here */
    if (g->free & mask) {
        uint32_t c = g->free & mask;
        uint32_t p = c & (prefers_callee(g, d) ? CALLEE_SAVED : ~CALLEE_SAVED);
        int reg = __builtin_ctz(p ? p : c);

        g->locked |= REG_BIT(reg);
        return reg;
    }
    return alloc_reg(g, mask, prefers_callee(g, d));
}

void out_bind(Gen *g, const IrNode *o, unsigned k, int reg)
{
    unsigned d = o->a[k];

    drop(g, d);
    if (!(o->dead >> k & 1)) {
        g_assert(g->temp_of[reg] < 0);
        bind(g, d, reg);
        g->dirty[d] = true;
    }
}

void set_pending(Gen *g, unsigned idx, unsigned const_idx)
{
    drop(g, idx);
    g->pending[idx] = (uint16_t)const_idx;
    g->dirty[idx] = true;
}
