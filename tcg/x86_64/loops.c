/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers across a loop's back edge.
 *
 * Labels are where everything is in its home. The head of an innermost loop without calls is an
 * exception: the globals and temps that the loop uses most enter it in registers, those that it
 * assigns as dirty, and a branch back puts them there again. Branches out of the loop store what
 * is dirty on the way, in a stub, so that staying inside costs nothing.
 */
#include "gen.h"

/* how much one loop keeps: some registers stay free for what its body computes */
#define SPARE_GPRS  4
#define SPARE_XMMS  5

static bool loop_body_fits(Gen *g, const IrLabel *l)
{
    if (!l->last_back || l->from_above) {
        return false;
    }
    for (unsigned i = l->bound_at + 1; i <= l->last_back; i++) {
        const IrNode *o = &g->b->ops[i];

        if (o->op == IR_call || (o->op == IR_label && g->b->labels[o->n].last_back)) {
            return false;
        }
    }
    return true;
}

typedef struct Use {
    uint16_t idx, score;
    bool written;
} Use;
#define MAX_USES 64

static void note_use(Gen *g, Use *uses, unsigned *n, unsigned idx, unsigned score, bool written)
{
    const IrTemp *t = temp_at(g, idx);
    unsigned i;

    if (t->kind != IR_KIND_GLOBAL && !(t->kind == IR_KIND_TEMP && t->crossing)) {
        return;
    }
    for (i = 0; i < *n && uses[i].idx != idx; i++) {
    }
    if (i == *n) {
        if (*n == MAX_USES) {
            return;
        }
        uses[(*n)++] = (Use){ .idx = (uint16_t)idx };
    }
    uses[i].score = (uint16_t)MIN(uses[i].score + score, 60000);
    uses[i].written |= written;
}

static unsigned find_uses(Gen *g, const IrLabel *l, Use *uses)
{
    unsigned n = 0;

    for (unsigned i = l->bound_at + 1; i <= l->last_back; i++) {
        const IrNode *o = &g->b->ops[i];
        bool keep_const = o->op == IR_mov && is_const(g, o->a[1]);

        if (o->op == IR_nop || o->op == IR_insn_start) {
            continue;
        }
        for (unsigned j = 0; j < (unsigned)o->n_out + o->n_in; j++) {
            note_use(g, uses, &n, o->a[j], j >= o->n_out ? 3 : keep_const ? 0 : 2,
                     j < o->n_out);
        }
    }
    return n;
}

static bool live_at(Gen *g, unsigned label, unsigned idx)
{
    const uint64_t *live = &g->b->label_live[g->b->labels[label].live_idx];

    return live[idx / 64] >> (idx % 64) & 1;
}

/* the @n best that are wanted at the head, of one register class */
static void pick_best(Gen *g, unsigned label, Use *uses, unsigned n_uses, bool ints, unsigned n)
{
    LoopMap *map = &g->loop;

    while (n--) {
        int best = -1;

        for (unsigned i = 0; i < n_uses; i++) {
            if (uses[i].score > 2 && live_at(g, label, uses[i].idx)
                && ir_type_is_int((IrType)temp_at(g, uses[i].idx)->type) == ints
                && (best < 0 || uses[i].score > uses[best].score)) {
                best = (int)i;
            }
        }
        if (best < 0) {
            return;
        }
        map->e[map->n++] = (LoopEntry){ .idx = uses[best].idx, .dirty = uses[best].written };
        uses[best].score = 0;
    }
}

static bool in_map(const LoopMap *map, unsigned idx)
{
    for (unsigned i = 0; i < map->n; i++) {
        if (map->e[i].idx == idx) {
            return true;
        }
    }
    return false;
}

/**
 * loop_begin - at a label: keep a loop's values in registers
 *
 * Returns false if it is not the head of a loop worth it; nothing has happened then.
 */
bool loop_begin(Gen *g, unsigned label)
{
    const IrLabel *l = &g->b->labels[label];
    LoopMap *map = &g->loop;
    Use uses[MAX_USES];
    unsigned n;

    if (!loop_body_fits(g, l)) {
        return false;
    }
    n = find_uses(g, l, uses);
    map->n = 0;
    pick_best(g, label, uses, n, true,
              (unsigned)__builtin_popcount(g->avail & GPR_MASK) - SPARE_GPRS);
    pick_best(g, label, uses, n, false,
              (unsigned)__builtin_popcount(g->avail & XMM_MASK) - SPARE_XMMS);
    if (!map->n) {
        return false;
    }
    for (unsigned w = 0; w < g->b->live_words; w++) {
        for (uint64_t m = g->b->label_live[l->live_idx + w]; m; m &= m - 1) {
            unsigned idx = w * 64 + (unsigned)__builtin_ctzll(m);

            if (!in_map(map, idx)) {
                sync_temp(g, idx);
            }
        }
    }
    for (uint32_t m = g->avail & ~g->free; m; m &= m - 1) {
        unsigned idx = (unsigned)g->temp_of[__builtin_ctz(m)];

        if (!in_map(map, idx)) {
            drop(g, idx);
        }
    }
    for (unsigned i = 0; i < ir_n_globals; i++) {
        if (g->dirty[i] && !in_map(map, i)) {
            drop(g, i);                             /* a pending constant nobody wants */
        }
    }
    for (unsigned i = 0; i < map->n; i++) {
        LoopEntry *e = &map->e[i];

        e->reg = (int8_t)in_reg(g, e->idx);
        e->dirty |= g->dirty[e->idx];
        g->dirty[e->idx] = e->dirty;
    }
    map->label = label;
    map->end_op = l->last_back;
    return true;
}

bool loop_active(const Gen *g) { return g->loop.n && g->op_idx <= g->loop.end_op; }

bool loop_is_head(const Gen *g, unsigned label)
{
    return loop_active(g) && g->loop.label == label;
}

/* does the state differ from the one at the head? */
bool loop_edge_needed(Gen *g)
{
    const LoopMap *map = &g->loop;

    for (unsigned i = 0; i < map->n; i++) {
        unsigned idx = map->e[i].idx;

        if (g->reg_of[idx] != map->e[i].reg || (g->dirty[idx] && !map->e[i].dirty)) {
            return true;
        }
    }
    for (unsigned w = 0; w < g->b->live_words; w++) {
        for (uint64_t m = g->b->label_live[g->b->labels[map->label].live_idx + w]; m; m &= m - 1) {
            unsigned idx = w * 64 + (unsigned)__builtin_ctzll(m);

            if (g->dirty[idx] && !in_map(map, idx)) {
                return true;
            }
        }
    }
    return false;
}

static void store_home(Gen *g, unsigned idx)
{
    IrType t = (IrType)temp_at(g, idx)->type;

    if (g->reg_of[idx] >= 0) {
        reg_store(g, g->reg_of[idx], home_of(g, idx), t);
    } else {
        store_const(g, g->pending[idx], home_of(g, idx), ir_type_bytes(t));
    }
}

/* Emits what makes the state that of the head, without changing what the allocator believes. */
void loop_edge(Gen *g)
{
    const LoopMap *map = &g->loop;
    Move mi[LOOP_MAX_ENTRIES], mx[LOOP_MAX_ENTRIES];
    unsigned n_mi = 0, n_mx = 0;

    for (unsigned w = 0; w < g->b->live_words; w++) {
        for (uint64_t m = g->b->label_live[g->b->labels[map->label].live_idx + w]; m; m &= m - 1) {
            unsigned idx = w * 64 + (unsigned)__builtin_ctzll(m);

            if (g->dirty[idx] && !in_map(map, idx)) {
                store_home(g, idx);
            }
        }
    }
    for (unsigned i = 0; i < map->n; i++) {
        const LoopEntry *e = &map->e[i];
        int reg = g->reg_of[e->idx];

        if (g->dirty[e->idx] && !e->dirty) {
            store_home(g, e->idx);
        }
        if (reg >= 0 && reg != e->reg) {
            Move m = { e->reg, (int8_t)reg, false };

            if (REG_BIT(reg) & GPR_MASK) {
                mi[n_mi++] = m;
            } else {
                mx[n_mx++] = m;
            }
        }
    }
    moves_run(g, mi, n_mi, R11, IR_I64);
    moves_run(g, mx, n_mx, XMM15, IR_V128);
    for (unsigned i = 0; i < map->n; i++) {
        if (g->reg_of[map->e[i].idx] < 0) {
            copy_to(g, map->e[i].reg, map->e[i].idx);
        }
    }
}
