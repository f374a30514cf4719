/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Late stores. A store to host memory (guest state) that a later store of the same straight line
 * covers is wanted only by who leaves the line in between: a guest fault, a branch out, an exit
 * that was asked for. Such a store becomes an st_late, which the back end remembers instead of
 * emitting it; those who leave store the value on their way, in a stub. The covering store names
 * the value once more as an operand, so that it stays alive until then.
 *
 * Front ends promise that a pointer they have loaded from state does not point into it; any other
 * pointer may.
 */
#include "ir-internal.h"

#define MAX_CANDIDATES 32
#define MAX_COVERED 4                   /* by one store: operands have room for them */

typedef struct Candidate {
    uint16_t op, value, base, n_leavers;
    int32_t ofs, bytes;
} Candidate;

typedef struct Late {
    IrBlock *b;
    unsigned n;
    uint16_t n_leavers;                 /* ops so far that may leave the line */
    Candidate c[MAX_CANDIDATES];
    uint8_t bound[IR_MAX_LABELS];
    uint8_t made[IR_MAX_TEMPS];         /* LOADED: from env; OTHER: by something else */
} Late;
enum { LOADED = 1, OTHER = 2 };

static __thread Late *late_state;

static Candidate access_of(Late *l, unsigned i)
{
    const IrNode *o = &l->b->ops[i];
    IrType t = (IrType)ir_temp_at(l->b, o->a[0])->type;
    MemOp mo = (MemOp)(o->n >> 32);

    return (Candidate){ (uint16_t)i, o->a[0], o->a[1], l->n_leavers, (int32_t)o->n,
                        ir_type_is_int(t) ? (int32_t)mo_bytes(mo & 3)
                                          : (int32_t)ir_type_bytes(t) };
}

static void forget(Late *l, unsigned i) { l->c[i] = l->c[--l->n]; }

static bool covers(const Candidate *a, const Candidate *c)
{
    return a->base == c->base && a->ofs <= c->ofs && c->ofs + c->bytes <= a->ofs + a->bytes;
}

/* may both touch a byte? */
static bool meets(const Late *l, const Candidate *a, const Candidate *c)
{
    unsigned env = ir_env_idx();

    if (a->base != c->base) {
        return !(a->base == env && l->made[c->base] == LOADED)
               && !(c->base == env && l->made[a->base] == LOADED);
    }
    return a->ofs < c->ofs + c->bytes && c->ofs < a->ofs + a->bytes;
}

/* @o makes the store of @c one that only leavers want */
static void cover(Late *l, const Candidate *c, IrNode *o)
{
    IrNode *old = &l->b->ops[c->op];

    if (c->n_leavers == l->n_leavers && old->n_in == 2) {
        old->op = IR_nop;               /* nobody does */
        old->n_in = 0;
    } else {
        old->op = IR_st_late;
        o->a[o->n_in++] = c->value;
    }
}

static void walk_store(Late *l, unsigned i)
{
    IrNode *o = &l->b->ops[i];
    Candidate now = access_of(l, i);

    for (unsigned k = l->n; k-- > 0; ) {
        Candidate *c = &l->c[k];

        if (covers(&now, c) && o->n_in < 2 + MAX_COVERED) {
            cover(l, c, o);
            forget(l, k);
        } else if (meets(l, &now, c)) {
            forget(l, k);
        }
    }
    if (l->n < MAX_CANDIDATES) {
        l->c[l->n++] = now;
    }
}

static void walk_load(Late *l, unsigned i)
{
    Candidate now = access_of(l, i);

    for (unsigned k = l->n; k-- > 0; ) {
        if (meets(l, &now, &l->c[k])) {
            forget(l, k);
        }
    }
}

static void walk_results(Late *l, const IrNode *o)
{
    for (unsigned j = 0; j < o->n_out; j++) {
        for (unsigned k = l->n; k-- > 0; ) {
            if (l->c[k].value == o->a[j] || l->c[k].base == o->a[j]) {
                forget(l, k);
            }
        }
    }
}

/* may remembered stores be open across this op? */
static bool passes(Late *l, const IrNode *o)
{
    switch (o->op) {
    case IR_brcond:
        return !l->bound[(uint32_t)o->n] && o->n >> 32 < IR_COND_ALWAYS;
    case IR_gld: case IR_gst: case IR_ld: case IR_st: case IR_insn_start: case IR_exit_check:
        return true;
    case IR_call:
        return false;
    default:
        return !(ir_op_info[o->op].flags & IR_FLAG_SE);
    }
}

static void note_makers(Late *l)
{
    memset(l->made, 0, l->b->n_temps);
    for (unsigned i = 0; i < l->b->n_ops; i++) {
        const IrNode *o = &l->b->ops[i];
        bool load = o->op == IR_ld && o->a[1] == ir_env_idx();

        for (unsigned j = 0; o->op != IR_insn_start && j < o->n_out; j++) {
            l->made[o->a[j]] |= load ? LOADED : OTHER;
        }
    }
}

void ir_late_stores(IrBlock *b)
{
    Late *l = late_state;

    if (!l) {
        l = late_state = g_new0(Late, 1);
    }
    l->b = b;
    l->n = l->n_leavers = 0;
    memset(l->bound, 0, b->n_labels);
    note_makers(l);
    for (unsigned i = 0; i < b->n_ops; i++) {
        const IrNode *o = &b->ops[i];

        if (o->op == IR_nop) {
            continue;
        }
        if (o->op == IR_label) {
            l->bound[o->n] = 1;
        }
        if (!passes(l, o)) {
            l->n = 0;
        }
        l->n_leavers += o->op == IR_gld || o->op == IR_gst || o->op == IR_brcond
                        || o->op == IR_exit_check;
        if (o->op == IR_ld) {
            walk_load(l, i);
        }
        if (o->op != IR_insn_start) {
            walk_results(l, o);
        }
        if (o->op == IR_st) {
            walk_store(l, i);
        }
    }
}
