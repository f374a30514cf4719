/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building and printing IR blocks. */
#include <inttypes.h>
#include "ir-internal.h"

#define C  IR_FLAG_C
#define SE IR_FLAG_SE
#define F  IR_FLAG_F
#define OPT IR_FLAG_OPT
#define X  IR_FLAG_X
const IrOpInfo ir_op_info[IR_N_OPS] = {
#define IROP(n, sig, flags, host, means) [IR_##n] = { #n, SIG_##sig, flags },
#include "tcg/irops.def"
#undef IROP
};
#undef C
#undef SE
#undef F
#undef OPT
#undef X

const IrSigInfo ir_sig_info[IR_N_SIGS] = {
    [SIG_CTL] = { 0, 0, false, "" },        [SIG_X_X] = { 1, 1, false, "XX" },
    [SIG_I_II] = { 1, 2, false, "III" },    [SIG_II_II] = { 2, 2, false, "IIII" },
    [SIG_I_I] = { 1, 1, false, "II" },      [SIG_W_L] = { 1, 1, false, "WL" },
    [SIG_L_W] = { 1, 1, false, "LW" },      [SIG_I_IIn] = { 1, 2, true, "III" },
    [SIG_I_In] = { 1, 1, true, "II" },      [SIG_J_IIn] = { 1, 2, true, "JII" },
    [SIG_W_WW] = { 1, 2, false, "WWW" },    [SIG_L_LL] = { 1, 2, false, "LLL" },
    [SIG_J_F] = { 1, 1, false, "JF" },      [SIG_F_J] = { 1, 1, false, "FJ" },
    [SIG_V_L] = { 1, 1, false, "VL" },      [SIG_V_W] = { 1, 1, false, "VW" },
    [SIG_L_V] = { 1, 1, false, "LV" },      [SIG_W_V] = { 1, 1, false, "WV" },
    [SIG_V_VLn] = { 1, 2, true, "VVL" },    [SIG_V_VWn] = { 1, 2, true, "VVW" },
    [SIG_S_V] = { 1, 1, false, "SV" },      [SIG_D_V] = { 1, 1, false, "DV" },
    [SIG_V_VS] = { 1, 2, false, "VVS" },    [SIG_V_VD] = { 1, 2, false, "VVD" },
    [SIG_V_S] = { 1, 1, false, "VS" },      [SIG_V_D] = { 1, 1, false, "VD" },
    [SIG_W_Vn] = { 1, 1, true, "WV" },      [SIG_L_Vn] = { 1, 1, true, "LV" },
    [SIG_W_VV] = { 1, 2, false, "WVV" },    [SIG_S_SS] = { 1, 2, false, "SSS" },
    [SIG_S_S] = { 1, 1, false, "SS" },      [SIG_S_SSn] = { 1, 2, true, "SSS" },
    [SIG_S_Sn] = { 1, 1, true, "SS" },      [SIG_D_DD] = { 1, 2, false, "DDD" },
    [SIG_D_D] = { 1, 1, false, "DD" },      [SIG_D_DDn] = { 1, 2, true, "DDD" },
    [SIG_D_Dn] = { 1, 1, true, "DD" },      [SIG_W_SS] = { 1, 2, false, "WSS" },
    [SIG_W_DD] = { 1, 2, false, "WDD" },    [SIG_S_J] = { 1, 1, false, "SJ" },
    [SIG_D_J] = { 1, 1, false, "DJ" },      [SIG_J_S] = { 1, 1, false, "JS" },
    [SIG_J_D] = { 1, 1, false, "JD" },      [SIG_D_S] = { 1, 1, false, "DS" },
    [SIG_S_D] = { 1, 1, false, "SD" },      [SIG_V_VV] = { 1, 2, false, "VVV" },
    [SIG_V_V] = { 1, 1, false, "VV" },      [SIG_V_VVn] = { 1, 2, true, "VVV" },
    [SIG_V_Vn] = { 1, 1, true, "VV" },      [SIG_V_VVV] = { 1, 3, false, "VVVV" },
    [SIG_W_SSn] = { 1, 2, true, "WSS" },    [SIG_W_DDn] = { 1, 2, true, "WDD" },
    [SIG_S_SSS] = { 1, 3, false, "SSSS" },  [SIG_D_DDD] = { 1, 3, false, "DDDD" },
};

IrTemp ir_globals[IR_MAX_GLOBALS];
unsigned ir_n_globals;

/* one bit for each 4 bytes of state from env that belong to a global: ir_ld/ir_st keep off */
#define GLOBAL_MAP_BYTES 8192
static uint64_t global_map[GLOBAL_MAP_BYTES / 4 / 64];

static bool touches_global(int64_t ofs, unsigned bytes)
{
    for (int64_t at = ofs & ~3ll; at < ofs + bytes; at += 4) {
        if (at >= 0 && at < GLOBAL_MAP_BYTES && (global_map[at / 256] >> (at / 4 % 64) & 1)) {
            return true;
        }
    }
    return false;
}

IrVal ir_global_new(IrType type, int32_t ofs_bytes, const char *name)
{
    unsigned bytes = ir_type_bytes(type);

    g_assert(ir_n_globals < IR_MAX_GLOBALS);
    g_assert(!touches_global(ofs_bytes, bytes));
    for (int64_t at = ofs_bytes & ~3ll; at < ofs_bytes + (int64_t)bytes; at += 4) {
        if (at >= 0 && at < GLOBAL_MAP_BYTES) {
            global_map[at / 256] |= 1ull << (at / 4 % 64);
        }
    }
    ir_globals[ir_n_globals] = (IrTemp){ .kind = IR_KIND_GLOBAL, .type = type,
                                         .idx = ir_n_globals, .ofs = ofs_bytes, .name = name };
    return &ir_globals[ir_n_globals++];
}

/* ---- blocks ---- */

void ir_block_reset(IrBlock *b)
{
    b->n_ops = b->n_labels = 0;
    b->overflow = b->optimised = false;
    b->limit = IR_MAX_TEMPS - 512;
    b->n_temps = ir_n_globals + 1;
    b->temps[ir_n_globals] = (IrTemp){ .kind = IR_KIND_ENV, .type = IR_I64, .idx = ir_n_globals };
    memset(b->const_hash, 0, sizeof(b->const_hash));
    b->label_live_used = 0;
}

IrBlock *ir_block_new(void)
{
    IrBlock *b = g_new0(IrBlock, 1);

    ir_block_reset(b);
    return b;
}

void ir_block_free(IrBlock *b)
{
    if (b) {
        g_free(b->label_live);
        g_free(b);
    }
}

unsigned ir_block_n_ops(const IrBlock *b) { return b->n_ops; }
bool ir_block_overflow(const IrBlock *b) { return b->overflow; }

static IrTemp *temp_new(IrBlock *b, IrType type, IrKind kind)
{
    IrTemp *t;

    if (b->n_temps >= b->limit) {
        b->overflow = true;
        t = &b->dummy[type];
        *t = (IrTemp){ .kind = kind, .type = type, .idx = IR_MAX_TEMPS - 1 };
        return t;
    }
    t = &b->temps[b->n_temps];
    *t = (IrTemp){ .kind = kind, .type = type, .idx = b->n_temps++ };
    return t;
}

IrVal ir_temp(IrBlock *b, IrType type) { return temp_new(b, type, IR_KIND_TEMP); }
IrVal ir_env(IrBlock *b) { return &b->temps[ir_n_globals]; }
IrType ir_type(IrVal v) { return (IrType)v->type; }

bool ir_is_const(IrVal v, uint64_t *value)
{
    if (v->kind != IR_KIND_CONST) {
        return false;
    }
    *value = v->value;
    return true;
}

IrVal ir_const(IrBlock *b, IrType type, uint64_t value)
{
    const unsigned mask = G_N_ELEMENTS(b->const_hash) - 1;
    unsigned h, probes = 0;
    IrTemp *t;

    g_assert(ir_type_is_int(type));
    value &= ir_mask(type);
    for (h = (unsigned)((value * 0x9e3779b97f4a7c15ull) >> 50) + type; probes < 16; h++, probes++) {
        uint16_t idx = b->const_hash[h & mask];

        if (idx == 0) {
            break;
        }
        t = &b->temps[idx];
        if (t->value == value && t->type == type) {
            return t;
        }
    }
    t = temp_new(b, type, IR_KIND_CONST);
    t->value = value;
    if (probes < 16 && t->idx != IR_MAX_TEMPS - 1) {
        b->const_hash[h & mask] = t->idx;
    }
    return t;
}

unsigned ir_const_idx(IrBlock *b, IrType type, uint64_t value)
{
    return ir_const(b, type, value)->idx;
}

/* ---- ops ---- */

static IrNode *node_new(IrBlock *b, IrOp op, unsigned n_out, unsigned n_in)
{
    IrNode *o;

    if (b->n_ops >= IR_MAX_OPS) {
        b->overflow = true;
        o = &b->ops[IR_MAX_OPS];
    } else {
        o = &b->ops[b->n_ops++];
    }
    o->op = op;
    o->type = IR_VOID;
    o->n_out = n_out;
    o->n_in = n_in;
    o->dead = 0;
    o->n = 0;
    return o;
}

static bool letter_matches(char letter, IrType t, IrType *same)
{
    switch (letter) {
    case 'W': return t == IR_I32;
    case 'L': return t == IR_I64;
    case 'S': return t == IR_F32;
    case 'D': return t == IR_F64;
    case 'V': return t == IR_V128;
    case 'J': return ir_type_is_int(t);
    case 'F': return t == IR_F32 || t == IR_F64;
    default:
        if (letter == 'I' && !ir_type_is_int(t)) {
            return false;
        }
        if (*same == IR_VOID) {
            *same = t;
        }
        return t == *same;
    }
}

static void emit(IrBlock *b, IrOp op, unsigned n, const IrVal *v, bool has_imm, uint64_t imm)
{
    const IrSigInfo *s = &ir_sig_info[ir_op_info[op].sig];
    IrType same = IR_VOID;
    IrNode *o = node_new(b, op, s->n_out, s->n_in);

    g_assert(n == (unsigned)s->n_out + s->n_in && has_imm == s->imm);
    for (unsigned i = 0; i < n; i++) {
        if (G_UNLIKELY(!letter_matches(s->types[i], (IrType)v[i]->type, &same))) {
            g_error("IR op %s: operand %u has the wrong type %d", ir_op_info[op].name, i,
                    v[i]->type);
        }
        o->a[i] = v[i]->idx;
    }
    g_assert(v[0]->kind <= IR_KIND_TEMP);
    /* the type an op works in is that of its (first) operand */
    o->type = n > s->n_out ? v[s->n_out]->type : v[0]->type;
    o->n = imm;
}

void ir_op1(IrBlock *b, IrOp op, IrVal d, IrVal a)
{
    emit(b, op, 2, (IrVal[]){ d, a }, false, 0);
}

void ir_op2(IrBlock *b, IrOp op, IrVal d, IrVal a, IrVal c)
{
    emit(b, op, 3, (IrVal[]){ d, a, c }, false, 0);
}

void ir_op3(IrBlock *b, IrOp op, IrVal d, IrVal a, IrVal c, IrVal e)
{
    emit(b, op, 4, (IrVal[]){ d, a, c, e }, false, 0);
}

void ir_op1i(IrBlock *b, IrOp op, IrVal d, IrVal a, int64_t imm)
{
    emit(b, op, 2, (IrVal[]){ d, a }, true, (uint64_t)imm);
}

void ir_op2i(IrBlock *b, IrOp op, IrVal d, IrVal a, IrVal c, int64_t imm)
{
    emit(b, op, 3, (IrVal[]){ d, a, c }, true, (uint64_t)imm);
}

void ir_mov(IrBlock *b, IrVal d, IrVal a)
{
    if (d != a) {
        ir_op1(b, IR_mov, d, a);
    }
}

void ir_movi(IrBlock *b, IrVal d, uint64_t value)
{
    ir_op1(b, IR_mov, d, ir_const(b, (IrType)d->type, value));
}

void ir_mulu2(IrBlock *b, IrVal lo, IrVal hi, IrVal a, IrVal c)
{
    g_assert(lo != hi);
    emit(b, IR_mulu2, 4, (IrVal[]){ lo, hi, a, c }, false, 0);
}

void ir_muls2(IrBlock *b, IrVal lo, IrVal hi, IrVal a, IrVal c)
{
    g_assert(lo != hi);
    emit(b, IR_muls2, 4, (IrVal[]){ lo, hi, a, c }, false, 0);
}

static uint64_t bits_imm(IrVal d, unsigned pos, unsigned len)
{
    g_assert(len >= 1 && pos + len <= ir_type_bytes((IrType)d->type) * 8);
    return pos | len << 8;
}

void ir_deposit(IrBlock *b, IrVal d, IrVal a, IrVal c, unsigned pos, unsigned len)
{
    emit(b, IR_deposit, 3, (IrVal[]){ d, a, c }, true, bits_imm(d, pos, len));
}

void ir_extract(IrBlock *b, IrVal d, IrVal a, unsigned pos, unsigned len)
{
    emit(b, IR_extract, 2, (IrVal[]){ d, a }, true, bits_imm(d, pos, len));
}

void ir_sextract(IrBlock *b, IrVal d, IrVal a, unsigned pos, unsigned len)
{
    emit(b, IR_sextract, 2, (IrVal[]){ d, a }, true, bits_imm(d, pos, len));
}

void ir_setcond(IrBlock *b, IrCond cond, IrVal d, IrVal a, IrVal c)
{
    emit(b, IR_setcond, 3, (IrVal[]){ d, a, c }, true, cond);
}

void ir_setcondi(IrBlock *b, IrCond cond, IrVal d, IrVal a, uint64_t c)
{
    ir_setcond(b, cond, d, a, ir_const(b, (IrType)a->type, c));
}

/* an op without signature: results first */
static IrNode *emit_ctl(IrBlock *b, IrOp op, unsigned n_out, unsigned n_in, const IrVal *v,
                        uint64_t imm)
{
    IrNode *o = node_new(b, op, n_out, n_in);

    for (unsigned i = 0; i < n_out + n_in; i++) {
        o->a[i] = v[i]->idx;
    }
    if (n_out + n_in) {
        o->type = v[0]->type;
    }
    o->n = imm;
    return o;
}

void ir_movcond(IrBlock *b, IrCond cond, IrVal d, IrVal a, IrVal c, IrVal x, IrVal y)
{
    g_assert(a->type == c->type && ir_type_is_int((IrType)a->type));
    g_assert(d->type == x->type && d->type == y->type);
    emit_ctl(b, IR_movcond, 1, 4, (IrVal[]){ d, a, c, x, y }, cond)->type = a->type;
}

static void check_mem(IrVal v, IrVal base, MemOp mo)
{
    g_assert(base->type == IR_I64);
    g_assert(v->type == IR_V128 || (mo & MO_SIZE) <= MO_64);
    g_assert(v->type != IR_I32 || (mo & MO_SIZE) <= MO_32);
}

static uint64_t host_mem_imm(IrVal v, IrVal base, int32_t ofs, MemOp mo)
{
    if (!ir_type_is_int((IrType)v->type)) {
        mo = v->type == IR_F32 ? MO_32 : v->type == IR_F64 ? MO_64 : MO_128;
    }
    check_mem(v, base, mo);
    if (base->kind == IR_KIND_ENV && G_UNLIKELY(touches_global(ofs, mo_bytes(mo)))) {
        g_error("IR ld/st at env offset %d is part of a global", ofs);
    }
    return (uint32_t)ofs | (uint64_t)(mo & (MO_SIZE | MO_SIGN)) << 32;
}

void ir_ld(IrBlock *b, IrVal d, IrVal base, int32_t ofs, MemOp mo)
{
    emit_ctl(b, IR_ld, 1, 1, (IrVal[]){ d, base }, host_mem_imm(d, base, ofs, mo));
}

void ir_st(IrBlock *b, IrVal a, IrVal base, int32_t ofs, MemOp mo)
{
    emit_ctl(b, IR_st, 0, 2, (IrVal[]){ a, base }, host_mem_imm(a, base, ofs, mo));
}

void ir_env_ptr(IrBlock *b, IrVal d, int32_t ofs)
{
    g_assert(d->type == IR_I64);
    emit_ctl(b, IR_env_ptr, 1, 0, (IrVal[]){ d }, (uint32_t)ofs);
}

static void check_guest(IrVal v, IrVal addr, MemOp mo)
{
    check_mem(v, addr, mo);
    g_assert(ir_type_is_int((IrType)v->type) || ir_type_bytes((IrType)v->type) == mo_bytes(mo));
}

void ir_gld(IrBlock *b, IrVal d, IrVal addr, MemOp mo)
{
    check_guest(d, addr, mo);
    emit_ctl(b, IR_gld, 1, 1, (IrVal[]){ d, addr }, mo);
}

void ir_gst(IrBlock *b, IrVal a, IrVal addr, MemOp mo)
{
    check_guest(a, addr, mo);
    emit_ctl(b, IR_gst, 0, 2, (IrVal[]){ a, addr }, mo);
}

void ir_gatomic(IrBlock *b, IrOp op, IrVal d, IrVal addr, IrVal a, MemOp mo)
{
    g_assert(op >= IR_gxchg && op <= IR_gxor);
    g_assert(d->type == a->type && ir_type_is_int((IrType)d->type));
    check_guest(d, addr, mo);
    emit_ctl(b, op, 1, 2, (IrVal[]){ d, addr, a }, mo);
}

void ir_gcmpxchg(IrBlock *b, IrVal d, IrVal addr, IrVal expect, IrVal desired, MemOp mo)
{
    g_assert(d->type == expect->type && d->type == desired->type);
    g_assert(ir_type_is_int((IrType)d->type));
    check_guest(d, addr, mo);
    emit_ctl(b, IR_gcmpxchg, 1, 3, (IrVal[]){ d, addr, expect, desired }, mo);
}

void ir_mb(IrBlock *b) { emit_ctl(b, IR_mb, 0, 0, NULL, 0); }

/* ---- control ---- */

IrLabel *ir_label(IrBlock *b)
{
    IrLabel *l;

    if (b->n_labels >= IR_MAX_LABELS) {
        b->overflow = true;
        return &b->labels[IR_MAX_LABELS - 1];
    }
    l = &b->labels[b->n_labels];
    *l = (IrLabel){ .id = b->n_labels++ };
    return l;
}

void ir_bind(IrBlock *b, IrLabel *l)
{
    g_assert(!l->bound || b->overflow);
    l->bound = true;
    emit_ctl(b, IR_label, 0, 0, NULL, l->id);
}

void ir_br(IrBlock *b, IrLabel *l) { emit_ctl(b, IR_br, 0, 0, NULL, l->id); }

void ir_brcond(IrBlock *b, IrCond cond, IrVal a, IrVal c, IrLabel *l)
{
    g_assert(a->type == c->type && ir_type_is_int((IrType)a->type));
    emit_ctl(b, IR_brcond, 0, 2, (IrVal[]){ a, c }, l->id | (uint64_t)cond << 32);
}

void ir_brcondi(IrBlock *b, IrCond cond, IrVal a, uint64_t c, IrLabel *l)
{
    ir_brcond(b, cond, a, ir_const(b, (IrType)a->type, c), l);
}

void ir_call(IrBlock *b, const IrHelper *h, IrVal ret, unsigned n_args, const IrVal *args)
{
    unsigned n_out = ret != NULL;
    IrNode *o;

    g_assert(n_args == h->n_args && n_args <= IR_MAX_ARGS);
    g_assert(!ret || ret->type == h->ret);
    o = node_new(b, IR_call, n_out, n_args);
    if (ret) {
        o->a[0] = ret->idx;
        o->type = ret->type;
    }
    for (unsigned i = 0; i < n_args; i++) {
        if (G_UNLIKELY(args[i]->type != h->args[i])) {
            g_error("helper %s: argument %u has the wrong type", h->name, i);
        }
        o->a[n_out + i] = args[i]->idx;
    }
    o->helper = h;
}

void ir_x87(IrBlock *b, X87Op op, X87Operand d, X87Operand a, X87Operand c)
{
    uint64_t n = (uint64_t)op | (uint64_t)d.fmt << 4 | (uint64_t)a.fmt << 8 | (uint64_t)c.fmt << 12 |
                 (uint64_t)(uint16_t)d.ofs << 16 | (uint64_t)(uint16_t)a.ofs << 32 |
                 (uint64_t)(uint16_t)c.ofs << 48;

    emit_ctl(b, IR_x87, 0, 3, (IrVal[]){ d.base, a.base, c.base }, n);
}

void ir_insn_start(IrBlock *b, uint64_t word0, uint64_t word1)
{
    IrNode *o = node_new(b, IR_insn_start, 0, 0);

    o->n = word0;
    memcpy(o->a, &word1, sizeof(word1));
}

void ir_exit_check(IrBlock *b) { emit_ctl(b, IR_exit_check, 0, 0, NULL, 0); }
void ir_goto_tb(IrBlock *b, unsigned slot) { emit_ctl(b, IR_goto_tb, 0, 0, NULL, slot & 1); }
void ir_exit(IrBlock *b, unsigned slot) { emit_ctl(b, IR_exit, 0, 0, NULL, slot & 3); }

void ir_goto_ptr(IrBlock *b, IrVal pc, bool flags_same)
{
    g_assert(pc->type == IR_I64);
    emit_ctl(b, IR_goto_ptr, 0, 1, (IrVal[]){ pc }, flags_same);
}

void ir_goto_ptr_to(IrBlock *b, IrVal pc, IrVal flags)
{
    g_assert(pc->type == IR_I64 && flags->type == IR_I64);
    emit_ctl(b, IR_goto_ptr, 0, 2, (IrVal[]){ pc, flags }, 2);
}

void ir_goto_host(IrBlock *b, IrVal code)
{
    g_assert(code->type == IR_I64);
    emit_ctl(b, IR_goto_host, 0, 1, (IrVal[]){ code }, 0);
}

/* ---- printing ---- */

static void print_arg(GString *s, const IrBlock *b, unsigned idx)
{
    const IrTemp *t = ir_temp_at((IrBlock *)b, idx);

    switch ((IrKind)t->kind) {
    case IR_KIND_GLOBAL:
        g_string_append(s, t->name);
        break;
    case IR_KIND_TEMP:
        g_string_append_printf(s, "%c%u", "tTfdv"[t->type], idx - ir_n_globals);
        break;
    case IR_KIND_CONST:
        g_string_append_printf(s, "$0x%" PRIx64, t->value);
        break;
    case IR_KIND_ENV:
        g_string_append(s, "env");
        break;
    }
}

static const char *const cond_names[] = {
    "eq", "ne", "lt", "ge", "le", "gt", "ltu", "geu", "leu", "gtu", "tsteq", "tstne", "always",
    "never",
};

static void print_mo(GString *s, uint64_t mo)
{
    g_string_append_printf(s, ", %u%s%s", mo_bytes((MemOp)mo) * 8, mo & MO_SIGN ? "s" : "",
                           mo & MO_ALIGN ? "a" : "");
    if (mo_mmu_idx((MemOp)mo)) {
        g_string_append_printf(s, ".%u", mo_mmu_idx((MemOp)mo));
    }
}

static void print_imm(GString *s, const IrNode *o)
{
    switch (o->op) {
    case IR_nop: case IR_mov: case IR_mb: case IR_exit_check: case IR_goto_host:
        return;
    case IR_setcond: case IR_movcond:
        g_string_append_printf(s, ", %s", cond_names[o->n]);
        return;
    case IR_ld: case IR_st: case IR_st_late:
        g_string_append_printf(s, ", %d", (int32_t)o->n);
        print_mo(s, o->n >> 32);
        return;
    case IR_env_ptr:
        g_string_append_printf(s, ", %d", (int32_t)o->n);
        return;
    case IR_deposit: case IR_extract: case IR_sextract:
        g_string_append_printf(s, ", %u, %u", (unsigned)o->n & 255, (unsigned)(o->n >> 8));
        return;
    case IR_label: case IR_br:
        g_string_append_printf(s, " L%u", (unsigned)o->n);
        return;
    case IR_brcond:
        g_string_append_printf(s, ", %s, L%u", cond_names[o->n >> 32], (unsigned)o->n);
        return;
    case IR_goto_tb: case IR_exit:
        g_string_append_printf(s, " %u", (unsigned)o->n);
        return;
    case IR_x87:
        g_string_append_printf(s, ", 0x%" PRIx64, o->n);
        return;
    case IR_goto_ptr:
        g_string_append(s, o->n == 1 ? ", same" : "");
        return;
    case IR_call:
        return;
    default:
        if (o->op >= IR_gld && o->op <= IR_gcmpxchg) {
            print_mo(s, o->n);
            if (o->n >> 32) {
                g_string_append_printf(s, ", %+d", (int32_t)(o->n >> 32));
            }
        } else if (ir_sig_info[ir_op_info[o->op].sig].imm) {
            g_string_append_printf(s, ", $%u", (unsigned)o->n);
        }
    }
}

void ir_dump(const IrBlock *b, char **text)
{
    GString *s = g_string_new(NULL);

    for (unsigned i = 0; i < b->n_ops; i++) {
        const IrNode *o = &b->ops[i];

        if (o->op == IR_nop) {
            continue;
        }
        if (o->op == IR_insn_start) {
            g_string_append_printf(s, " ---- %016" PRIx64 " %016" PRIx64 "\n", o->n,
                                   ir_node_word1(o));
            continue;
        }
        g_string_append_printf(s, " %s", ir_op_info[o->op].name);
        if (o->op == IR_call) {
            g_string_append_printf(s, " %s", o->helper->name);
        }
        for (int j = 0; j < o->n_out + o->n_in; j++) {
            g_string_append(s, j == 0 && o->op != IR_call ? " " : ", ");
            print_arg(s, b, o->a[j]);
        }
        print_imm(s, o);
        g_string_append_c(s, '\n');
    }
    *text = g_string_free(s, FALSE);
}
