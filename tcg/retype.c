/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir_opt_types: 64-bit values that are only moved about and then computed with as F64 become F64.
 *
 * A front end that loads 8 bytes does not know what they are. Temps that are connected by moves and
 * selections form a web; if a web gets its values from memory (or from F64 values) and gives them
 * to memory or to F64 ops only, it is better off in the vector registers.
 *
 * The same for 4 bytes that are loaded with zeros above and whose low half becomes an F32: the F64
 * temp then holds them in its low lane, and the I32 in between becomes F32.
 */
#include "ir-internal.h"

typedef struct Web {
    uint16_t parent[IR_MAX_TEMPS];
    bool bad[IR_MAX_TEMPS];             /* of the root: something else is done with it */
    bool wanted[IR_MAX_TEMPS];          /* of the root: it is converted */
    /* I32 temps: */
    bool bad32[IR_MAX_TEMPS];           /* more is done with it than from trunc to F32 */
    bool wanted32[IR_MAX_TEMPS];
    bool defined32[IR_MAX_TEMPS];
    bool is_f32[IR_MAX_TEMPS];          /* has become one */
} Web;

static __thread Web *web_state;

static unsigned root_of(Web *w, unsigned i)
{
    while (w->parent[i] != i) {
        i = w->parent[i] = w->parent[w->parent[i]];
    }
    return i;
}

static void join(Web *w, unsigned i, unsigned k)
{
    i = root_of(w, i);
    k = root_of(w, k);
    w->parent[k] = (uint16_t)i;
    w->bad[i] |= w->bad[k];
    w->wanted[i] |= w->wanted[k];
}

static void spoil(Web *w, unsigned i)
{
    w->bad[root_of(w, i)] = true;
}

static void want(Web *w, unsigned i)
{
    w->wanted[root_of(w, i)] = true;
}

static bool is_64(IrBlock *b, unsigned i)
{
    return ir_temp_at(b, i)->type == IR_I64;
}

/* size and sign of a load or store */
static unsigned mo_of(const IrNode *o)
{
    return (o->op == IR_ld || o->op == IR_st ? o->n >> 32 : o->n) & (MO_SIZE | MO_SIGN);
}

static void spoil_from(Web *w, const IrNode *o, unsigned first)
{
    for (unsigned i = first; i < o->n_out + o->n_in; i++) {
        spoil(w, o->a[i]);
    }
}

static bool low_half(const Web *w, unsigned i) { return w->wanted32[i] && !w->bad32[i]; }

/* what is done with I32 temps */
static void visit32(Web *w, const IrNode *o)
{
    if (o->op == IR_insn_start) {
        return;
    }
    for (unsigned i = 0; i < o->n_out + o->n_in; i++) {
        if (o->op == IR_fmov_from_int && i == 1) {
            w->wanted32[o->a[1]] = true;
        } else if (o->op == IR_trunc && i == 0) {
            w->bad32[o->a[0]] |= w->defined32[o->a[0]];
            w->defined32[o->a[0]] = true;
        } else {
            w->bad32[o->a[i]] = true;
        }
    }
}

static void visit(Web *w, const IrNode *o)
{
    switch (o->op) {
    case IR_insn_start:
        break;
    case IR_gld:
        spoil_from(w, o, mo_of(o) == MO_64 || mo_of(o) == MO_32 ? 1 : 0);
        break;
    case IR_ld: case IR_gst: case IR_st:
        spoil_from(w, o, mo_of(o) == MO_64 ? 1 : 0);
        break;
    case IR_trunc:
        if (low_half(w, o->a[0])) {
            want(w, o->a[1]);
        } else {
            spoil(w, o->a[1]);
        }
        break;
    case IR_mov:
        join(w, o->a[0], o->a[1]);
        break;
    case IR_movcond:
        spoil(w, o->a[1]);
        spoil(w, o->a[2]);
        join(w, o->a[0], o->a[3]);
        join(w, o->a[0], o->a[4]);
        break;
    case IR_fmov_from_int:
        want(w, o->a[1]);
        break;
    case IR_fmov_to_int:
        want(w, o->a[0]);
        break;
    default:
        spoil_from(w, o, 0);
    }
}

static bool chosen(IrBlock *b, Web *w, unsigned i)
{
    unsigned r = root_of(w, i);

    return is_64(b, i) && w->wanted[r] && !w->bad[r];
}

/* of a chosen web */
static void rewrite(Web *w, IrNode *o)
{
    switch (o->op) {
    case IR_fmov_from_int: case IR_fmov_to_int:
        o->op = IR_mov;
        o->type = IR_F64;
        break;
    case IR_trunc:
        o->op = IR_flow32;
        o->type = IR_F64;
        w->is_f32[o->a[0]] = true;
        break;
    case IR_movcond:                    /* its type is that of what is compared */
        break;
    default:
        o->type = IR_F64;
    }
}

static bool has_conversion(const IrBlock *b)
{
    for (unsigned i = 0; i < b->n_ops; i++) {
        if (b->ops[i].op == IR_fmov_from_int || b->ops[i].op == IR_fmov_to_int) {
            return true;
        }
    }
    return false;
}

/* the temps, and the conversions of those that have become F32 */
static void retype(IrBlock *b, Web *w)
{
    for (unsigned i = 0; i < b->n_ops; i++) {
        IrNode *o = &b->ops[i];

        if (o->op == IR_fmov_from_int && w->is_f32[o->a[1]]) {
            o->op = IR_mov;
            o->type = IR_F32;
        }
    }
    for (unsigned i = ir_n_globals; i < b->n_temps; i++) {
        if (w->is_f32[i]) {
            b->temps[i].type = IR_F32;
        } else if (chosen(b, w, i)) {
            b->temps[i].type = IR_F64;
        }
    }
}

void ir_opt_types(IrBlock *b)
{
    Web *w;

    if (!has_conversion(b)) {
        return;
    }
    if (!web_state) {
        web_state = g_new(Web, 1);
    }
    w = web_state;
    for (unsigned i = 0; i < b->n_temps; i++) {
        w->parent[i] = (uint16_t)i;
        /* the types of state slots and constants are given; F64 stays what it is */
        w->bad[i] = i < ir_n_globals || b->temps[i].kind != IR_KIND_TEMP ||
                    b->temps[i].type != IR_I64;
        w->wanted[i] = w->wanted32[i] = w->defined32[i] = w->is_f32[i] = false;
        w->bad32[i] = i < ir_n_globals || b->temps[i].kind != IR_KIND_TEMP;
    }
    for (unsigned i = 0; i < b->n_ops; i++) {
        visit32(w, &b->ops[i]);
    }
    for (unsigned i = 0; i < b->n_ops; i++) {
        visit(w, &b->ops[i]);
    }
    for (unsigned i = 0; i < b->n_ops; i++) {
        IrNode *o = &b->ops[i];
        bool second = o->op == IR_fmov_from_int || o->op == IR_trunc;

        if (o->op != IR_insn_start && o->n_out + o->n_in && chosen(b, w, o->a[second])) {
            rewrite(w, o);
        }
    }
    retype(b, w);
}
