/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The light passes each block goes through.
 *
 * ir_opt_forward: one walk from the top. Per temp it knows a copy or constant it equals, which bits
 * may be set, and the op that made it; all of that is forgotten at labels. Values of state slots
 * (ir_ld/ir_st from env) are forwarded, also where the low lane of a vector was stored alone or is
 * wanted alone. FP and vector ops are only ever copied, never folded.
 *
 * ir_liveness: one walk from the bottom. Removes ops whose results nobody wants and notes for each
 * operand whether it is used again.
 */
#include "ir-internal.h"

typedef struct OptTemp {
    uint32_t stamp;             /* knowledge below is of this region, else void */
    uint32_t gen;               /* grows with each assignment */
    uint16_t copy;              /* equals this temp while its gen is copy_gen; 0xffff: none */
    uint16_t def;               /* made by this op, or 0xffff */
    uint32_t copy_gen;
    uint32_t def_gen[2];        /* gens of the op's first two operands then */
    uint64_t maybe;             /* bits that may be set */
} OptTemp;

#define N_SLOTS 24
#define NO_LOW 0xffff
typedef struct OptSlot {        /* env[ofs .. ofs+bytes) equals temp while its gen is gen */
    int32_t ofs;
    uint16_t temp;
    uint16_t low;               /* V128: F32 or F64 stored over its low lane since; NO_LOW: none */
    uint8_t bytes;
    uint32_t gen, low_gen;
} OptSlot;

typedef struct Opt {
    IrBlock *b;
    uint32_t region;
    unsigned n_slots, next_slot;
    OptSlot slots[N_SLOTS];
    OptTemp t[IR_MAX_TEMPS];
} Opt;

static __thread Opt *opt_state;

static IrType type_of(Opt *s, unsigned idx) { return (IrType)ir_temp_at(s->b, idx)->type; }

static bool const_of(Opt *s, unsigned idx, uint64_t *v)
{
    const IrTemp *t = ir_temp_at(s->b, idx);

    *v = t->value;
    return t->kind == IR_KIND_CONST;
}

static OptTemp *know(Opt *s, unsigned idx)
{
    OptTemp *t = &s->t[idx];

    if (t->stamp != s->region) {
        t->stamp = s->region;
        t->copy = t->def = 0xffff;
        t->maybe = UINT64_MAX;
    }
    return t;
}

static uint64_t maybe_of(Opt *s, unsigned idx)
{
    const IrTemp *t = ir_temp_at(s->b, idx);

    return t->kind == IR_KIND_CONST ? t->value : know(s, idx)->maybe & ir_mask((IrType)t->type);
}

static unsigned resolve(Opt *s, unsigned idx)
{
    OptTemp *t = &s->t[idx];

    if (t->stamp == s->region && t->copy != 0xffff && s->t[t->copy].gen == t->copy_gen) {
        return t->copy;
    }
    return idx;
}

/* a new value is assigned */
static OptTemp *assign(Opt *s, unsigned idx, unsigned def)
{
    OptTemp *t = &s->t[idx];

    t->gen++;
    t->stamp = s->region;
    t->copy = 0xffff;
    t->def = def;
    t->maybe = UINT64_MAX;
    return t;
}

static void note_copy(Opt *s, unsigned d, unsigned of)
{
    s->t[d].copy = of;
    s->t[d].copy_gen = s->t[of].gen;
}

static void to_mov(IrNode *o, unsigned src)
{
    o->op = IR_mov;
    o->n_in = 1;
    o->a[1] = src;
    o->n = 0;
}

static void to_movi(Opt *s, IrNode *o, uint64_t value)
{
    IrType t = type_of(s, o->a[0]);

    o->type = t;
    to_mov(o, ir_const_idx(s->b, t, value));
}

static void to_nop(IrNode *o)
{
    o->op = IR_nop;
    o->n_in = o->n_out = 0;
}

static void forget_slots(Opt *s) { s->n_slots = s->next_slot = 0; }

static void new_region(Opt *s)
{
    s->region++;
    forget_slots(s);
}

/* ---- rewriting one op ---- */

/* the op that made @idx, if its operands still have the values they had; looks through moves */
static const IrNode *def_of(Opt *s, unsigned idx)
{
    for (int depth = 0; depth < 4; depth++) {
        OptTemp *t = &s->t[idx];
        const IrNode *o;

        if (t->stamp != s->region || t->def == 0xffff) {
            return NULL;
        }
        o = &s->b->ops[t->def];
        for (unsigned i = 0; i < o->n_in && i < 2; i++) {
            if (s->t[o->a[o->n_out + i]].gen != t->def_gen[i]) {
                return NULL;
            }
        }
        if (o->op != IR_mov) {
            return o;
        }
        idx = o->a[1];
    }
    return NULL;
}

/* cond(setcond(..), 0 or 1) becomes the setcond's own condition */
static IrCond fuse_cond(Opt *s, IrCond cond, uint16_t *a, uint16_t *c, uint8_t *type)
{
    uint64_t va, vc;
    const IrNode *def;
    bool invert;

    if (const_of(s, *a, &va) && !const_of(s, *c, &vc)) {
        uint16_t x = *a;

        *a = *c;
        *c = x;
        cond = ir_cond_swap(cond);
    }
    for (int depth = 0; depth < 3; depth++) {
        if (!const_of(s, *c, &vc)) {
            break;
        }
        if (vc == 1 && (cond == IR_COND_TSTNE || cond == IR_COND_TSTEQ) && maybe_of(s, *a) <= 1) {
            cond = cond == IR_COND_TSTNE ? IR_COND_NE : IR_COND_EQ;
            vc = 0;
            *c = ir_const_idx(s->b, (IrType)*type, 0);
        }
        if (vc == 0 && cond == IR_COND_LTU) {
            return IR_COND_NEVER;
        }
        if (vc == 0 && cond == IR_COND_GEU) {
            return IR_COND_ALWAYS;
        }
        if (cond == IR_COND_EQ || cond == IR_COND_NE) {
            invert = (cond == IR_COND_EQ) != (vc != 0);
            if (vc > 1) {
                break;
            }
        } else if (cond == IR_COND_GTU && vc == 0) {
            invert = false;
            cond = IR_COND_NE;
        } else {
            break;
        }
        def = def_of(s, *a);
        if (!def) {
            break;
        }
        if (def->op == IR_setcond) {
            *a = def->a[1];
            *c = def->a[2];
            *type = def->type;
            cond = invert ? ir_cond_invert((IrCond)def->n) : (IrCond)def->n;
        } else if (def->op == IR_zext) {
            *a = def->a[1];
            *type = IR_I32;
            *c = ir_const_idx(s->b, (IrType)*type, vc);
            cond = invert == (vc != 0) ? IR_COND_NE : IR_COND_EQ;
        } else if (def->op == IR_and && vc == 0) {
            *a = def->a[1];
            *c = def->a[2];
            *type = def->type;
            return invert ? IR_COND_TSTEQ : IR_COND_TSTNE;
        } else {
            break;
        }
    }
    if (const_of(s, *a, &va) && const_of(s, *c, &vc)) {
        return ir_eval_cond(cond, (IrType)*type, va, vc) ? IR_COND_ALWAYS : IR_COND_NEVER;
    }
    if (*a == *c) {
        switch (cond) {
        case IR_COND_EQ: case IR_COND_GE: case IR_COND_LE: case IR_COND_GEU: case IR_COND_LEU:
            return IR_COND_ALWAYS;
        case IR_COND_NE: case IR_COND_LT: case IR_COND_GT: case IR_COND_LTU: case IR_COND_GTU:
            return IR_COND_NEVER;
        default:
            break;
        }
    }
    return cond;
}

/* ops with a constant second operand */
static void simplify_const(Opt *s, IrNode *o, uint64_t c)
{
    uint64_t mask = ir_mask((IrType)o->type), maybe;
    unsigned a = o->a[1];

    switch (o->op) {
    case IR_sub:
        if (c != 0) {
            o->op = IR_add;
            o->a[2] = ir_const_idx(s->b, (IrType)o->type, -c);
            return;
        }
        to_mov(o, a);
        return;
    case IR_add: case IR_rotl: case IR_rotr: case IR_shl: case IR_shr: case IR_sar:
        if (c == 0) {
            to_mov(o, a);
        }
        return;
    case IR_or: case IR_xor:
        if (c == 0) {
            to_mov(o, a);
        } else if (c == mask) {
            if (o->op == IR_or) {
                to_movi(s, o, c);
            } else {
                o->op = IR_not;
                o->n_in = 1;
            }
        }
        return;
    case IR_andc:
        o->op = IR_and;
        c = ~c & mask;
        o->a[2] = ir_const_idx(s->b, (IrType)o->type, c);
        __attribute__((fallthrough));
    case IR_and:
        maybe = maybe_of(s, a);
        if ((maybe & c) == 0) {
            to_movi(s, o, 0);
        } else if ((maybe & ~c) == 0) {
            to_mov(o, a);
        } else if (c == 0xff || c == 0xffff || (c == 0xffffffffu && o->type == IR_I64)) {
            o->op = c == 0xff ? IR_ext8u : c == 0xffff ? IR_ext16u : IR_ext32u;
            o->n_in = 1;
        }
        return;
    case IR_mul:
        if (c == 0) {
            to_movi(s, o, 0);
        } else if (c == 1) {
            to_mov(o, a);
        } else if ((c & (c - 1)) == 0) {
            o->op = IR_shl;
            o->a[2] = ir_const_idx(s->b, (IrType)o->type, (unsigned)__builtin_ctzll(c));
        }
        return;
    default:
        return;
    }
}

/* ops whose two operands are the same value */
static void simplify_same(Opt *s, IrNode *o)
{
    switch (o->op) {
    case IR_sub: case IR_xor: case IR_andc:
        to_movi(s, o, 0);
        break;
    case IR_and: case IR_or:
        to_mov(o, o->a[1]);
        break;
    default:
        break;
    }
}

static uint64_t smear(uint64_t v) { return v ? ~0ull >> __builtin_clzll(v) : 0; }

/* which bits of the result may be set */
static uint64_t result_maybe(Opt *s, const IrNode *o)
{
    uint64_t c, a = o->n_in ? maybe_of(s, o->a[1]) : 0;
    unsigned w = o->type == IR_I32 ? 32 : 64;

    switch (o->op) {
    case IR_mov: case IR_zext: case IR_trunc:
        return a;
    case IR_and:
        return a & maybe_of(s, o->a[2]);
    case IR_or: case IR_xor:
        return a | maybe_of(s, o->a[2]);
    case IR_add:
        c = maybe_of(s, o->a[2]);
        return c | a ? smear(c | a) << 1 | 1 : 0;
    case IR_ext8u:
        return a & 0xff;
    case IR_ext16u:
        return a & 0xffff;
    case IR_ext32u:
        return a & 0xffffffffu;
    case IR_trunch:
        return a >> 32;
    case IR_extract:
        return a >> (o->n & 255) & ~0ull >> (64 - (o->n >> 8));
    case IR_shl:
        return const_of(s, o->a[2], &c) ? a << (c & (w - 1)) : UINT64_MAX;
    case IR_shr:
        return const_of(s, o->a[2], &c) ? a >> (c & (w - 1)) : smear(a);
    case IR_setcond:
        return 1;
    case IR_deposit:
        return a | (~0ull >> (64 - (o->n >> 8)) << (o->n & 255));
    case IR_movcond:
        return maybe_of(s, o->a[3]) | maybe_of(s, o->a[4]);
    case IR_ctpop:
        return 127;
    case IR_ld:
        return o->n >> 32 & MO_SIGN ? UINT64_MAX : ~0ull >> (64 - 8 * mo_bytes(o->n >> 32 & 3));
    case IR_gld:
        return o->n & MO_SIGN ? UINT64_MAX : ~0ull >> (64 - 8 * mo_bytes(o->n & 3));
    default:
        return UINT64_MAX;
    }
}

static void simplify_unary(Opt *s, IrNode *o)
{
    uint64_t maybe = maybe_of(s, o->a[1]);
    const IrNode *def;
    bool same = false;

    switch (o->op) {
    case IR_ext8u: same = !(maybe & ~0xffull); break;
    case IR_ext16u: same = !(maybe & ~0xffffull); break;
    case IR_ext32u: same = !(maybe & ~0xffffffffull); break;
    case IR_ext8s: same = !(maybe & ~0x7full); break;
    case IR_ext16s: same = !(maybe & ~0x7fffull); break;
    case IR_ext32s: same = !(maybe & ~0x7fffffffull); break;
    default: break;
    }
    if (same) {
        to_mov(o, o->a[1]);
        return;
    }
    def = def_of(s, o->a[1]);
    if (!def) {
        return;
    }
    if (o->op == IR_trunc && (def->op == IR_zext || def->op == IR_sext)) {
        to_mov(o, def->a[1]);
        o->type = IR_I32;
    } else if (o->op == IR_trunc && def->op == IR_ext32u) {
        o->a[1] = def->a[1];
    } else if (o->op == IR_zext && def->op == IR_trunc) {
        o->a[1] = def->a[1];
        o->type = IR_I64;
        if (maybe_of(s, def->a[1]) >> 32) {
            o->op = IR_ext32u;
        } else {
            to_mov(o, def->a[1]);
        }
    } else if (o->op == IR_sext && def->op == IR_trunc) {
        o->a[1] = def->a[1];
        o->type = IR_I64;
        o->op = IR_ext32s;
    }
}

static void simplify_extract(Opt *s, IrNode *o)
{
    unsigned pos = o->n & 255, len = (unsigned)(o->n >> 8), w = o->type == IR_I32 ? 32 : 64;
    bool sign = o->op == IR_sextract;

    if (len == w) {
        to_mov(o, o->a[1]);
        return;
    }
    if (pos == 0 && (len == 8 || len == 16 || len == 32)) {
        o->op = len == 8 ? (sign ? IR_ext8s : IR_ext8u) : len == 16 ? (sign ? IR_ext16s : IR_ext16u)
                : sign ? IR_ext32s : IR_ext32u;
        o->n = 0;
        simplify_unary(s, o);
        return;
    }
    if (pos + len == w) {
        o->op = sign ? IR_sar : IR_shr;
        o->n_in = 2;
        o->a[2] = ir_const_idx(s->b, (IrType)o->type, pos);
        o->n = 0;
    }
}

static bool fold_consts(Opt *s, IrNode *o)
{
    uint64_t v[2] = { 0, 0 }, r;

    if (o->n_out != 1 || o->n_in == 0 || o->n_in > 2 || ir_op_info[o->op].flags & IR_FLAG_SE) {
        return false;
    }
    for (unsigned i = 0; i < o->n_in; i++) {
        if (!const_of(s, o->a[1 + i], &v[i])) {
            return false;
        }
    }
    if (!ir_eval_int((IrOp)o->op, (IrType)o->type, v[0], v[1], o->n, &r)) {
        return false;
    }
    to_movi(s, o, r);
    return true;
}

/* ---- state slots ---- */

static unsigned slot_bytes(const IrNode *o) { return mo_bytes(o->n >> 32 & MO_SIZE); }

/* A float stored over the low lane of vector @e is remembered; false: @e is no longer known. */
static bool slot_store_low(Opt *s, OptSlot *e, const IrNode *o)
{
    IrType t = type_of(s, o->a[0]);

    if (type_of(s, e->temp) != IR_V128 || e->ofs != (int32_t)o->n || (t != IR_F64 && t != IR_F32) ||
        (e->low != NO_LOW && t == IR_F32 && type_of(s, e->low) == IR_F64)) {
        return false;
    }
    e->low = o->a[0];
    e->low_gen = s->t[e->low].gen;
    return true;
}

static void slot_store(Opt *s, const IrNode *o)
{
    int32_t ofs = (int32_t)o->n;
    int bytes = slot_bytes(o);
    unsigned n = 0;

    for (unsigned i = 0; i < s->n_slots; i++) {
        OptSlot *e = &s->slots[i];

        if (e->ofs >= ofs + bytes || ofs >= e->ofs + e->bytes || slot_store_low(s, e, o)) {
            s->slots[n++] = *e;
        }
    }
    s->n_slots = n;
    s->next_slot = 0;
}

static void slot_add(Opt *s, const IrNode *o)
{
    unsigned at;

    if (ir_type_bytes(type_of(s, o->a[0])) != slot_bytes(o)) {
        return;
    }
    at = s->n_slots < N_SLOTS ? s->n_slots++ : s->next_slot++ % N_SLOTS;
    s->slots[at] = (OptSlot){ .ofs = (int32_t)o->n, .temp = o->a[0], .low = NO_LOW,
                              .bytes = (uint8_t)slot_bytes(o), .gen = s->t[o->a[0]].gen };
}

/* The load becomes @op of what is known, which is of @type. */
static void to_op(IrNode *o, IrOp op, IrType type, unsigned a, unsigned c)
{
    o->op = op;
    o->type = type;
    o->n_in = c == NO_LOW ? 1 : 2;
    o->a[1] = a;
    o->a[2] = c;
    o->n = 0;
}

/* The low lane of vector @e is wanted alone. */
static bool forward_low(Opt *s, const OptSlot *e, IrNode *o)
{
    static const IrOp ops[IR_N_TYPES] = { [IR_I32] = IR_vlow32, [IR_I64] = IR_vlow64,
                                          [IR_F32] = IR_vlow_f32, [IR_F64] = IR_vlow_f64 };
    IrType t = type_of(s, o->a[0]);

    if (e->low != NO_LOW || !ops[t] || ir_type_bytes(t) != slot_bytes(o)) {
        return false;
    }
    to_op(o, ops[t], IR_V128, e->temp, NO_LOW);
    return true;
}

/* Vector @e is wanted whole, and its low lane is newer. */
static bool forward_merged(Opt *s, OptSlot *e, IrNode *o)
{
    unsigned d = o->a[0];

    if (e->low == NO_LOW || type_of(s, d) != IR_V128 || s->t[e->low].gen != e->low_gen) {
        return false;
    }
    to_op(o, type_of(s, e->low) == IR_F64 ? IR_vins_f64 : IR_vins_f32, IR_V128, e->temp, e->low);
    *e = (OptSlot){ .ofs = e->ofs, .temp = (uint16_t)d, .low = NO_LOW, .bytes = e->bytes,
                    .gen = s->t[d].gen + 1 };           /* which it has behind this op */
    return true;
}

static bool forward_vector(Opt *s, IrNode *o)
{
    for (unsigned i = 0; i < s->n_slots; i++) {
        OptSlot *e = &s->slots[i];

        if (e->ofs == (int32_t)o->n && type_of(s, e->temp) == IR_V128
            && s->t[e->temp].gen == e->gen) {
            return forward_merged(s, e, o) || forward_low(s, e, o);
        }
    }
    return false;
}

static bool slot_forward(Opt *s, IrNode *o)
{
    for (unsigned i = 0; i < s->n_slots; i++) {
        OptSlot *e = &s->slots[i];

        if (e->ofs == (int32_t)o->n && e->bytes == slot_bytes(o) && e->low == NO_LOW
            && type_of(s, e->temp) == type_of(s, o->a[0]) && s->t[e->temp].gen == e->gen) {
            o->type = type_of(s, e->temp);
            to_mov(o, e->temp);
            return true;
        }
    }
    return forward_vector(s, o);
}

/* ---- the walk ---- */

static void forget_globals(Opt *s)
{
    for (unsigned i = 0; i < ir_n_globals; i++) {
        s->t[i].gen++;
        s->t[i].stamp = 0;
    }
}

/* user programs: the host adds a constant to the address by itself */
static void fold_address(Opt *s, IrNode *o)
{
    const IrNode *def;
    int64_t disp, reach = tcg_rt.guest_base <= INT32_MAX ? (int64_t)tcg_rt.guest_base : 0;
    uint64_t c;

    if (tcg_rt.softmmu || (o->n & MO_ALIGN && (o->n & MO_SIZE) != MO_8)) {
        return;
    }
    for (int depth = 0; depth < 3; depth++) {
        def = def_of(s, o->a[1]);
        if (!def || def->op != IR_add || !const_of(s, def->a[2], &c)) {
            return;
        }
        disp = (int32_t)(o->n >> 32) + (int64_t)c;
        if (disp != (int32_t)disp || disp + reach != (int32_t)(disp + reach)) {
            return;
        }
        o->a[1] = def->a[1];
        o->n = (uint32_t)o->n | (uint64_t)(uint32_t)disp << 32;
    }
}

/* simplifies @o in place; its operands are resolved already */
static void simplify(Opt *s, IrNode *o)
{
    const uint8_t flags = ir_op_info[o->op].flags;
    uint64_t c, a;
    IrCond cond;

    if (fold_consts(s, o)) {
        return;
    }
    switch (o->op) {
    case IR_setcond:
        cond = fuse_cond(s, (IrCond)o->n, &o->a[1], &o->a[2], &o->type);
        if (cond >= IR_COND_ALWAYS) {
            to_movi(s, o, cond == IR_COND_ALWAYS);
        } else {
            o->n = cond;
        }
        return;
    case IR_movcond:
        cond = fuse_cond(s, (IrCond)o->n, &o->a[1], &o->a[2], &o->type);
        if (cond >= IR_COND_ALWAYS || o->a[3] == o->a[4]) {
            o->type = type_of(s, o->a[0]);
            to_mov(o, o->a[cond == IR_COND_NEVER ? 4 : 3]);
        } else {
            o->n = cond;
        }
        return;
    case IR_brcond:
        cond = fuse_cond(s, (IrCond)(o->n >> 32), &o->a[0], &o->a[1], &o->type);
        if (cond == IR_COND_NEVER) {
            to_nop(o);
        } else if (cond == IR_COND_ALWAYS) {
            o->op = IR_br;
            o->n_in = 0;
            o->n = (uint32_t)o->n;
        } else {
            o->n = (uint32_t)o->n | (uint64_t)cond << 32;
        }
        return;
    case IR_gld: case IR_gst:
        fold_address(s, o);
        return;
    case IR_extract: case IR_sextract:
        simplify_extract(s, o);
        return;
    case IR_deposit:
        if (o->n >> 8 == (o->type == IR_I32 ? 32 : 64)) {
            to_mov(o, o->a[2]);
        }
        return;
    default:
        break;
    }
    if (o->n_out == 1 && o->n_in == 2 && ir_op_info[o->op].sig == SIG_I_II) {
        if (flags & IR_FLAG_C && const_of(s, o->a[1], &a) && !const_of(s, o->a[2], &c)) {
            uint16_t x = o->a[1];

            o->a[1] = o->a[2];
            o->a[2] = x;
        }
        if (const_of(s, o->a[2], &c)) {
            simplify_const(s, o, c);
        } else if (o->a[1] == o->a[2]) {
            simplify_same(s, o);
        }
    }
    if (o->n_in == 1 && o->n_out == 1 && o->op >= IR_ext8s && o->op <= IR_sext) {
        simplify_unary(s, o);
    }
}

static void walk_memory(Opt *s, IrNode *o)
{
    bool env = o->a[1] == ir_env_idx();

    if (o->op == IR_st) {
        if (env) {
            slot_store(s, o);
            slot_add(s, o);
        } else {
            forget_slots(s);
        }
    } else if (env) {
        slot_forward(s, o);
    }
}

static void walk_outputs(Opt *s, IrNode *o, unsigned i)
{
    uint64_t maybe = 0;
    uint32_t gens[2] = { 0, 0 };
    bool pure = o->n_out == 1 && !(ir_op_info[o->op].flags & IR_FLAG_SE)
                && ir_type_is_int(type_of(s, o->a[0]));
    OptTemp *t;

    if (pure || o->op == IR_gld) {
        maybe = result_maybe(s, o);
    }
    for (unsigned j = 0; j < o->n_in && j < 2; j++) {
        gens[j] = s->t[o->a[o->n_out + j]].gen;
    }
    for (unsigned j = 0; j < o->n_out; j++) {
        t = assign(s, o->a[j], pure && o->op != IR_ld ? i : 0xffff);
        t->def_gen[0] = gens[0];
        t->def_gen[1] = gens[1];
        if (pure || o->op == IR_gld) {
            t->maybe = maybe & ir_mask(type_of(s, o->a[0]));
        }
    }
    if (o->op == IR_mov) {
        const IrTemp *d = ir_temp_at(s->b, o->a[0]), *a = ir_temp_at(s->b, o->a[1]);

        /* later uses of the temporary read the global, so that the temporary ends here */
        if (d->kind == IR_KIND_GLOBAL && a->kind == IR_KIND_TEMP) {
            know(s, o->a[1]);
            note_copy(s, o->a[1], o->a[0]);
        } else {
            note_copy(s, o->a[0], o->a[1]);
        }
    } else if (o->op == IR_ld && o->a[1] == ir_env_idx()) {
        slot_add(s, o);
    }
}

static void walk_call(Opt *s, const IrNode *o)
{
    if (ir_call_writes(o->helper)) {
        forget_globals(s);
    }
    if (!(o->helper->flags & IR_CALL_PURE)) {
        forget_slots(s);
    }
}

void ir_opt_forward(IrBlock *b)
{
    bool reachable = true;
    Opt *s = opt_state;

    if (!s) {
        s = opt_state = g_new0(Opt, 1);
    }
    s->b = b;
    new_region(s);
    for (unsigned i = 0; i < b->n_ops && !b->overflow; i++) {
        IrNode *o = &b->ops[i];
        unsigned n = (unsigned)o->n_out + o->n_in;

        if (o->op == IR_label) {
            new_region(s);
            reachable = true;
            continue;
        }
        if (!reachable) {
            if (o->op != IR_insn_start) {
                to_nop(o);
            }
            continue;
        }
        if (o->op == IR_insn_start || o->op == IR_nop) {
            continue;
        }
        for (unsigned j = o->n_out; j < n; j++) {
            o->a[j] = resolve(s, o->a[j]);
        }
        if (o->op == IR_ld || o->op == IR_st) {
            walk_memory(s, o);
        }
        if (o->op == IR_mov && o->a[0] == o->a[1]) {
            to_nop(o);
            continue;
        }
        simplify(s, o);
        if (o->op == IR_mov && o->a[0] == o->a[1]) {
            to_nop(o);
            continue;
        }
        if (o->op == IR_mov) {
            o->a[1] = resolve(s, o->a[1]);
        }
        if (o->op == IR_call) {
            walk_call(s, o);
        } else if (o->op == IR_x87) {
            forget_slots(s);
        }
        walk_outputs(s, o, i);
        reachable = !(o->op == IR_br || o->op == IR_exit || o->op == IR_goto_ptr
                      || o->op == IR_goto_host
                      || (o->op == IR_call && o->helper->flags & IR_CALL_NO_RETURN));
    }
}

/* ---- liveness ---- */

/* state slots that will be written again before anybody can read them */
#define N_KILLED 16
typedef struct Killed {
    int32_t from, to;
} Killed;

typedef struct Live {
    IrBlock *b;
    unsigned words, n_killed;
    Killed killed[N_KILLED];
    uint64_t now[IR_LIVE_WORDS], globals[IR_LIVE_WORDS], crossing[IR_LIVE_WORDS];
    uint16_t region_of[IR_MAX_TEMPS];
} Live;

static __thread Live *live_state;

static bool live_bit(const uint64_t *set, unsigned i) { return set[i / 64] >> (i % 64) & 1; }
static void live_set(uint64_t *set, unsigned i) { set[i / 64] |= 1ull << (i % 64); }
static void live_clear(uint64_t *set, unsigned i) { set[i / 64] &= ~(1ull << (i % 64)); }

/* a temp seen in two regions, or read before it is assigned, lives across labels */
static void note_region(Live *l, unsigned idx, unsigned region, bool is_read)
{
    IrTemp *t = ir_temp_at(l->b, idx);

    if (t->kind != IR_KIND_TEMP || t->crossing) {
        return;
    }
    if (l->region_of[idx] == 0 && !is_read) {
        l->region_of[idx] = region;
    } else if (l->region_of[idx] != region) {
        t->crossing = true;
        live_set(l->crossing, idx);
    }
}

static void note_branch(IrBlock *b, const IrNode *o, unsigned i)
{
    IrLabel *l;

    if (o->op == IR_label) {
        b->labels[o->n].bound_at = (uint16_t)i;
    } else if (o->op == IR_br || o->op == IR_brcond) {
        l = &b->labels[(uint32_t)o->n];
        if (l->bound_at == UINT16_MAX) {
            l->from_above = true;
        } else {
            l->last_back = (uint16_t)i;
        }
    }
}

static void find_crossing(Live *l)
{
    IrBlock *b = l->b;
    unsigned region = 1;

    memset(l->crossing, 0, l->words * 8);
    memset(l->region_of, 0, b->n_temps * sizeof(l->region_of[0]));
    if (b->n_labels == 0) {
        return;
    }
    for (unsigned i = 0; i < b->n_ops; i++) {
        IrNode *o = &b->ops[i];

        if (o->op == IR_label) {
            region++;
        }
        note_branch(b, o, i);
        for (int j = o->n_out; j < o->n_out + o->n_in; j++) {
            note_region(l, o->a[j], region, true);
        }
        for (int j = 0; j < o->n_out; j++) {
            note_region(l, o->a[j], region, false);
        }
    }
}

static void live_copy(Live *l, const uint64_t *from) { memcpy(l->now, from, l->words * 8); }

static void live_or(Live *l, const uint64_t *from)
{
    for (unsigned i = 0; i < l->words; i++) {
        l->now[i] |= from[i];
    }
}

static uint64_t *label_set(IrBlock *b, unsigned label)
{
    return &b->label_live[b->labels[label].live_idx];
}

static void label_save(Live *l, unsigned label)
{
    IrBlock *b = l->b;

    if (b->label_live_used + l->words > b->label_live_words) {
        b->label_live_words = (b->label_live_used + l->words) * 2;
        b->label_live = g_renew(uint64_t, b->label_live, b->label_live_words);
    }
    b->labels[label].live_idx = (uint32_t)b->label_live_used;
    b->label_live_used += l->words;
    memcpy(label_set(b, label), l->now, l->words * 8);
}

/* what is wanted at the target: known for labels further down, everything for loops */
static void live_or_label(Live *l, unsigned label)
{
    if (l->b->labels[label].live_idx != ~0u) {
        live_or(l, label_set(l->b, label));
    } else {
        live_or(l, l->globals);
        live_or(l, l->crossing);
    }
}

static bool live_removable(Live *l, const IrNode *o)
{
    bool pure = o->op == IR_call ? o->helper->flags & IR_CALL_PURE
                                 : !(ir_op_info[o->op].flags & (IR_FLAG_SE | IR_FLAG_X));

    if (!pure) {
        return false;
    }
    for (int j = 0; j < o->n_out; j++) {
        if (live_bit(l->now, o->a[j])) {
            return false;
        }
    }
    return true;
}

static void live_control(Live *l, const IrNode *o)
{
    switch (o->op) {
    case IR_exit: case IR_goto_ptr: case IR_goto_host:
        live_copy(l, l->globals);
        break;
    case IR_goto_tb: case IR_exit_check:
        live_or(l, l->globals);
        break;
    case IR_br:
        memset(l->now, 0, l->words * 8);
        live_or_label(l, (unsigned)o->n);
        break;
    case IR_brcond:
        live_or_label(l, (uint32_t)o->n);
        break;
    case IR_label:
        label_save(l, (unsigned)o->n);
        break;
    case IR_call:
        if (o->helper->flags & IR_CALL_NO_RETURN) {
            live_copy(l, l->globals);
        }
        for (unsigned i = 0; i < l->words; i++) {
            l->b->crosses_call[i] |= l->now[i];
        }
        if (ir_call_writes(o->helper) || ir_call_syncs(o->helper)) {
            live_or(l, l->globals);
        }
        break;
    default:
        if (ir_op_info[o->op].flags & IR_FLAG_F) {
            live_or(l, l->globals);
        }
        break;
    }
}

/* true: the store to env is dead */
static bool store_is_dead(Live *l, const IrNode *o)
{
    int32_t from = (int32_t)o->n, to = from + (int32_t)slot_bytes(o);

    for (unsigned i = 0; i < l->n_killed; i++) {
        if (l->killed[i].from <= from && to <= l->killed[i].to) {
            return true;
        }
    }
    if (l->n_killed < N_KILLED) {
        l->killed[l->n_killed++] = (Killed){ from, to };
    }
    return false;
}

static void note_load(Live *l, const IrNode *o)
{
    int32_t from = (int32_t)o->n, to = from + (int32_t)slot_bytes(o);
    unsigned n = 0;

    for (unsigned i = 0; i < l->n_killed; i++) {
        if (l->killed[i].from >= to || from >= l->killed[i].to) {
            l->killed[n++] = l->killed[i];
        }
    }
    l->n_killed = n;
}

static bool live_slots(Live *l, const IrNode *o)
{
    bool env = (o->op == IR_ld || o->op == IR_st) && o->a[1] == ir_env_idx();

    if (env && o->op == IR_st) {
        return !store_is_dead(l, o) || o->n_in > 2;
    }
    if (env) {
        note_load(l, o);
    } else if (o->op == IR_ld || (o->op == IR_call ? !(o->helper->flags & IR_CALL_PURE)
                                                   : ir_op_info[o->op].flags & IR_FLAG_SE)) {
        l->n_killed = 0;
    }
    return true;
}

static void live_node(Live *l, IrNode *o)
{
    unsigned n = (unsigned)o->n_out + o->n_in;

    if (o->op == IR_nop || o->op == IR_insn_start) {
        return;
    }
    if (live_removable(l, o) || !live_slots(l, o)) {
        to_nop(o);
        return;
    }
    o->dead = 0;
    for (unsigned j = 0; j < o->n_out; j++) {
        o->dead |= !live_bit(l->now, o->a[j]) << j;
    }
    for (unsigned j = 0; j < o->n_out; j++) {
        live_clear(l->now, o->a[j]);
    }
    live_control(l, o);
    for (unsigned j = o->n_out; j < n; j++) {
        o->dead |= !live_bit(l->now, o->a[j]) << j;
    }
    for (unsigned j = o->n_out; j < n; j++) {
        live_set(l->now, o->a[j]);
    }
}

void ir_liveness(IrBlock *b)
{
    Live *l = live_state;

    if (!l) {
        l = live_state = g_new0(Live, 1);
    }
    l->b = b;
    l->words = b->live_words = (b->n_temps + 63) / 64;
    memset(l->now, 0, l->words * 8);
    memset(l->globals, 0, l->words * 8);
    memset(b->crosses_call, 0, l->words * 8);
    for (unsigned i = 0; i < ir_n_globals; i++) {
        live_set(l->globals, i);
    }
    for (unsigned i = 0; i < b->n_labels; i++) {
        b->labels[i].live_idx = ~0u;
        b->labels[i].bound_at = UINT16_MAX;
        b->labels[i].last_back = 0;
        b->labels[i].from_above = false;
    }
    b->label_live_used = l->n_killed = 0;
    find_crossing(l);
    live_copy(l, l->globals);
    for (unsigned i = b->n_ops; i-- > 0; ) {
        live_node(l, &b->ops[i]);
    }
}
