/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host code for each IR op, and the driver that walks a block. */
#include "gen.h"

/* ---- helpers ---- */

static uint32_t w_of(const IrNode *o) { return o->type == IR_I64 ? X_W : 0; }
static unsigned width_of(const IrNode *o) { return o->type == IR_I64 ? 64 : 32; }
static bool reach(const void *from, const void *to)
{
    int64_t d = (const uint8_t *)to - (const uint8_t *)from;

    return d == (int32_t)d && d < INT32_MAX - 64 && d > INT32_MIN + 64;
}

/* jump or call through the pool behind the block */
static void pool_ref(Gen *g, const void *dest)
{
    uint64_t v = (uintptr_t)dest;
    unsigned i;
    Fixup f;

    for (i = 0; i < g->pool->len && g_array_index(g->pool, uint64_t, i) != v; i++) {
    }
    if (i == g->pool->len) {
        g_array_append_val(g->pool, v);
    }
    f = (Fixup){ g->as.p, i };
    g_array_append_val(g->pool_fixups, f);
    a32(&g->as, 0);
}

static void rel32_to(Gen *g, const void *dest)
{
    const uint8_t *from = a_rx(&g->as) + 4;

    a32(&g->as, (uint32_t)((const uint8_t *)dest - from));
}

void gen_call_abs(Gen *g, const void *fn)
{
    if (reach(a_rx(&g->as), fn)) {
        a8(&g->as, 0xe8);
        rel32_to(g, fn);
    } else {
        a8(&g->as, 0xff);
        a8(&g->as, 0x15);
        pool_ref(g, fn);
    }
}

void gen_jmp_abs(Gen *g, const void *dest)
{
    if (reach(a_rx(&g->as), dest)) {
        a8(&g->as, 0xe9);
        rel32_to(g, dest);
    } else {
        a8(&g->as, 0xff);
        a8(&g->as, 0x25);
        pool_ref(g, dest);
    }
}

void gen_exit_value(Gen *g, unsigned slot)
{
    uintptr_t v = (uintptr_t)g->tb | slot;

    if (v > UINT32_MAX && reach(a_rx(&g->as), (const void *)v)) {
        a8(&g->as, 0x48);
        a8(&g->as, 0x8d);                       /* lea rax, [rip + d] */
        a8(&g->as, 0x05);
        rel32_to(g, (const void *)v);
    } else {
        a_movi(&g->as, RAX, v, true);
    }
    gen_jmp_abs(g, thunks.exit);
}

void label_jump(Gen *g, uint8_t *at, unsigned label)
{
    if (g->label_ofs[label] != ~0u) {
        a_patch(at, g->as.rw + g->label_ofs[label]);
    } else {
        Fixup f = { at, label };

        g_array_append_val(g->label_fixups, f);
    }
}

static const uint64_t *label_live(Gen *g, unsigned label)
{
    return &g->b->label_live[g->b->labels[label].live_idx];
}

/* ---- moves ---- */

/* d = a, the same bits in the same class of registers */
static void gen_mov(Gen *g, const IrNode *o)
{
    unsigned d = o->a[0], a = o->a[1];
    IrType t = (IrType)temp_at(g, d)->type;
    bool a_dies = o->dead & 2;
    int reg, src;

    if (o->dead & 1) {
        release_dead(g, o);
        drop(g, d);
        return;
    }
    if (is_const(g, a) && d < ir_n_globals && g->reg_of[a] < 0) {
        set_pending(g, d, a);
        return;
    }
    if (!is_const(g, a) && a_dies) {
        reg = in_reg(g, a);
        drop(g, a);
        out_bind(g, o, 0, reg);
        return;
    }
    if (is_const(g, a)) {
        reg = out_choose(g, o, 0, -1, 0);
        copy_to(g, reg, a);
    } else {
        src = in_reg(g, a);
        reg = out_choose(g, o, 0, -1, REG_BIT(src));
        reg_move(g, reg, src, t);
    }
    out_bind(g, o, 0, reg);
}

/* d = a through one instruction that reads a register and writes another or the same */
static void gen_unary(Gen *g, const IrNode *o, uint32_t opc)
{
    int a = in_reg(g, o->a[1]), d;

    release_dead(g, o);
    d = out_choose(g, o, 0, a, 0);
    a_rr(&g->as, opc, d, a);
    out_bind(g, o, 0, d);
}

static void gen_ext(Gen *g, const IrNode *o)
{
    static const uint32_t opc[] = {
        [IR_ext8s - IR_ext8s] = X_0F | 0xbe | X_M8, [IR_ext8u - IR_ext8s] = X_0F | 0xb6 | X_M8,
        [IR_ext16s - IR_ext8s] = X_0F | 0xbf, [IR_ext16u - IR_ext8s] = X_0F | 0xb7,
        [IR_ext32s - IR_ext8s] = 0x63, [IR_ext32u - IR_ext8s] = 0x8b,
    };
    bool sign = o->op == IR_ext8s || o->op == IR_ext16s || o->op == IR_ext32s;

    if (o->type == IR_I32 && (o->op == IR_ext32s || o->op == IR_ext32u)) {
        gen_unary(g, o, 0x8b);
        return;
    }
    gen_unary(g, o, opc[o->op - IR_ext8s] | (sign ? w_of(o) : 0));
}

static void gen_zext(Gen *g, const IrNode *o) { gen_unary(g, o, 0x8b); }
static void gen_sext(Gen *g, const IrNode *o) { gen_unary(g, o, 0x63 | X_W); }

/* d = low half: the register as it is */
static void gen_trunc(Gen *g, const IrNode *o)
{
    int a = in_reg(g, o->a[1]), d;

    release_dead(g, o);
    d = out_choose(g, o, 0, a, 0);
    if (d != a) {
        a_mov(&g->as, 0, d, a);
    }
    out_bind(g, o, 0, d);
}

/* ---- arithmetic in place: d starts as a copy of a ---- */

static int begin_in_place(Gen *g, const IrNode *o, uint32_t avoid, uint32_t w)
{
    int a = in_reg(g, o->a[1]), d;

    release_dead(g, o);
    d = out_choose(g, o, 0, a, avoid);
    if (d != a) {
        a_mov(&g->as, w, d, a);
    }
    return d;
}

static void gen_trunch(Gen *g, const IrNode *o)
{
    int d = begin_in_place(g, o, 0, X_W);

    a_shift_imm(&g->as, SH_SHR, X_W, d, 32);
    out_bind(g, o, 0, d);
}

static void gen_not_neg(Gen *g, const IrNode *o)
{
    int d = begin_in_place(g, o, 0, w_of(o));

    a_rr(&g->as, 0xf7 | w_of(o), o->op == IR_not ? 2 : 3, d);
    out_bind(g, o, 0, d);
}

static void gen_bswap(Gen *g, const IrNode *o)
{
    int d = begin_in_place(g, o, 0, w_of(o));

    a_opcode(&g->as, X_0F | w_of(o) | 0xc8 | (d & 7), 0, -1, d, true);
    out_bind(g, o, 0, d);
}

static void gen_ctpop(Gen *g, const IrNode *o) { gen_unary(g, o, X_F3 | X_0F | 0xb8 | w_of(o)); }

/* ---- two operands ---- */

static void alu_rr(Gen *g, const IrNode *o, int alu, bool commutes)
{
    uint32_t w = w_of(o);
    int a = in_reg(g, o->a[1]), b = in_reg(g, o->a[2]), d;

    release_dead(g, o);
    if (commutes && !(g->free & REG_BIT(a)) && g->free & REG_BIT(b)) {
        int x = a;

        a = b;
        b = x;
    }
    d = out_choose(g, o, 0, a, commutes || a == b ? 0 : REG_BIT(b));
    if (d == b && d != a) {
        b = a;
    } else if (d != a) {
        if (alu == ALU_ADD) {
            a_lea(&g->as, w, d, (Mem){ (int8_t)a, (int8_t)b, 0 });
            out_bind(g, o, 0, d);
            return;
        }
        a_mov(&g->as, w, d, a);
    }
    a_alu(&g->as, alu, w, d, b);
    out_bind(g, o, 0, d);
}

static void alu_ri(Gen *g, const IrNode *o, int alu, int32_t imm)
{
    uint32_t w = w_of(o);
    int a = in_reg(g, o->a[1]), d;

    release_dead(g, o);
    d = out_choose(g, o, 0, a, 0);
    if (d != a) {
        if (alu == ALU_ADD) {
            a_lea(&g->as, w, d, mem_at(a, imm));
            out_bind(g, o, 0, d);
            return;
        }
        a_mov(&g->as, alu == ALU_AND && imm >= 0 ? 0 : w, d, a);
    }
    a_alu_imm(&g->as, alu, alu == ALU_AND && imm >= 0 ? 0 : w, d, imm);
    out_bind(g, o, 0, d);
}

static void gen_alu(Gen *g, const IrNode *o)
{
    static const uint8_t alu[] = {
        [IR_add] = ALU_ADD, [IR_sub] = ALU_SUB, [IR_and] = ALU_AND, [IR_or] = ALU_OR,
        [IR_xor] = ALU_XOR,
    };
    int32_t imm;

    if (imm_of(g, o->a[2], &imm)) {
        if (o->op == IR_sub && imm != INT32_MIN) {
            alu_ri(g, o, ALU_ADD, -imm);
        } else {
            alu_ri(g, o, alu[o->op], imm);
        }
    } else {
        alu_rr(g, o, alu[o->op], o->op != IR_sub);
    }
}

static void gen_andc(Gen *g, const IrNode *o)
{
    int a = in_reg(g, o->a[1]), b = in_reg(g, o->a[2]), d;

    release_dead(g, o);
    if (host_features.bmi1) {
        d = out_choose(g, o, 0, a, 0);
        a_vex(&g->as, X_0F38 | 0xf2 | w_of(o), d, b, a);        /* ~vvvv & rm */
    } else {
        a_mov(&g->as, w_of(o), R11, b);
        a_rr(&g->as, 0xf7 | w_of(o), 2, R11);
        d = out_choose(g, o, 0, a, 0);
        reg_move(g, d, a, (IrType)o->type);
        a_alu(&g->as, ALU_AND, w_of(o), d, R11);
    }
    out_bind(g, o, 0, d);
}

static void gen_mul(Gen *g, const IrNode *o)
{
    uint32_t w = w_of(o);
    int a = in_reg(g, o->a[1]), b, d;
    int32_t imm;

    if (imm_of(g, o->a[2], &imm)) {
        release_dead(g, o);
        d = out_choose(g, o, 0, a, 0);
        a_rr(&g->as, (imm == (int8_t)imm ? 0x6b : 0x69) | w, d, a);
        if (imm == (int8_t)imm) {
            a8(&g->as, (unsigned)imm);
        } else {
            a32(&g->as, (uint32_t)imm);
        }
    } else {
        b = in_reg(g, o->a[2]);
        release_dead(g, o);
        d = out_choose(g, o, 0, g->free & REG_BIT(a) ? a : b, 0);
        if (d == b) {
            b = a;
        } else {
            reg_move(g, d, a, (IrType)o->type);
        }
        a_rr(&g->as, X_0F | 0xaf | w, d, b);
    }
    out_bind(g, o, 0, d);
}

static void gen_mul2(Gen *g, const IrNode *o)
{
    const uint32_t fixed = REG_BIT(RAX) | REG_BIT(RDX);
    int b;

    take_fixed(g, RAX);
    take_fixed(g, RDX);
    b = in_reg_mask(g, o->a[3], ~fixed);
    copy_to(g, RAX, o->a[2]);
    a_rr(&g->as, 0xf7 | w_of(o), o->op == IR_mulu2 ? 4 : 5, b);
    release_dead(g, o);
    out_bind(g, o, 0, RAX);
    out_bind(g, o, 1, RDX);
}

/* variable count in cl */
static void shift_cl(Gen *g, const IrNode *o, int sh)
{
    int d, a;

    take_fixed(g, RCX);
    a = in_reg_mask(g, o->a[1], ~REG_BIT(RCX));
    copy_to(g, RCX, o->a[2]);
    release_dead(g, o);
    d = out_choose(g, o, 0, a, REG_BIT(RCX));
    reg_move(g, d, a, (IrType)o->type);
    a_rr(&g->as, 0xd3 | w_of(o), sh, d);
    out_bind(g, o, 0, d);
}

static void gen_shift(Gen *g, const IrNode *o)
{
    static const struct { uint8_t sh; uint32_t bmi2; } rows[] = {
        [IR_shl - IR_shl] = { SH_SHL, X_66 | X_0F38 | 0xf7 },
        [IR_shr - IR_shl] = { SH_SHR, X_F2 | X_0F38 | 0xf7 },
        [IR_sar - IR_shl] = { SH_SAR, X_F3 | X_0F38 | 0xf7 },
        [IR_rotl - IR_shl] = { SH_ROL, 0 }, [IR_rotr - IR_shl] = { SH_ROR, 0 },
    };
    int row = o->op - IR_shl, a, b, d;

    if (is_const(g, o->a[2])) {
        unsigned n = temp_at(g, o->a[2])->value & (width_of(o) - 1);

        d = begin_in_place(g, o, 0, w_of(o));
        if (n) {
            a_shift_imm(&g->as, rows[row].sh, w_of(o), d, n);
        }
        out_bind(g, o, 0, d);
    } else if (rows[row].bmi2 && host_features.bmi2) {
        a = in_reg(g, o->a[1]);
        b = in_reg(g, o->a[2]);
        release_dead(g, o);
        d = out_choose(g, o, 0, a, 0);
        a_vex(&g->as, rows[row].bmi2 | w_of(o), d, b, a);
        out_bind(g, o, 0, d);
    } else {
        shift_cl(g, o, rows[row].sh);
    }
}

/* clz and ctz: the second operand is the result for zero */
static void gen_count_zeros(Gen *g, const IrNode *o)
{
    uint32_t w = w_of(o);
    bool lead = o->op == IR_clz;
    Asm *as = &g->as;
    int a = in_reg(g, o->a[1]), b = in_reg(g, o->a[2]), d;

    if (lead ? host_features.lzcnt : host_features.bmi1) {
        a_rr(as, X_F3 | X_0F | (lead ? 0xbd : 0xbc) | w, R11, a);
        release_dead(g, o);
        if (temp_at(g, o->a[2])->value != width_of(o) || !is_const(g, o->a[2])) {
            a_rr(as, X_0F | 0x40 | CC_B | w, R11, b);
        }
    } else {
        a_rr(as, X_0F | (lead ? 0xbd : 0xbc) | w, R11, a);
        if (lead) {
            a_alu_imm(as, ALU_XOR, w, R11, (int32_t)width_of(o) - 1);
            a_rr(as, 0x85 | w, a, a);
        }
        a_rr(as, X_0F | 0x40 | CC_E | w, R11, b);
        release_dead(g, o);
    }
    d = out_choose(g, o, 0, a, 0);
    a_mov(as, w, d, R11);
    out_bind(g, o, 0, d);
}

static void gen_crc32(Gen *g, const IrNode *o)
{
    uint32_t opc = o->op == IR_crc32b ? X_F2 | X_0F38 | 0xf0 | X_M8 : X_F2 | X_0F38 | 0xf1;
    int b = in_reg(g, o->a[2]), d;

    d = in_reg(g, o->a[1]);
    release_dead(g, o);
    {
        int a = d;

        d = out_choose(g, o, 0, a, a == b ? 0 : REG_BIT(b));
        if (d != a) {
            a_mov(&g->as, w_of(o), d, a);
        }
    }
    if (o->op == IR_crc32w) {
        a8(&g->as, 0x66);
    }
    a_rr(&g->as, opc | w_of(o), d, b);
    out_bind(g, o, 0, d);
}

/* ---- bit fields ---- */

static void gen_deposit(Gen *g, const IrNode *o)
{
    unsigned pos = o->n & 255, len = (unsigned)(o->n >> 8);
    uint64_t mask = ~0ull >> (64 - len), clear = ~(mask << pos);
    uint32_t w = w_of(o);
    Asm *as = &g->as;
    int c = in_reg(g, o->a[2]), a = in_reg(g, o->a[1]), d;

    if (pos == 0 && (len == 8 || len == 16)) {
        release_dead(g, o);
        d = out_choose(g, o, 0, a, a == c ? 0 : REG_BIT(c));
        reg_move(g, d, a, (IrType)o->type);
        if (d != c) {
            a_rr(as, len == 8 ? 0x8a | X_R8 | X_M8 : 0x8b | X_66, d, c);
        }
        out_bind(g, o, 0, d);
        return;
    }
    /* r11: the field in place */
    if (len == 8) {
        a_rr(as, X_0F | 0xb6 | X_M8, R11, c);
    } else if (len == 16) {
        a_rr(as, X_0F | 0xb7, R11, c);
    } else if (len == 32) {
        a_mov(as, 0, R11, c);
    } else {
        a_mov(as, w, R11, c);
        if (pos + len < width_of(o)) {
            if (len < 32) {
                a_alu_imm(as, ALU_AND, 0, R11, (int32_t)mask);
            } else {
                a_shift_imm(as, SH_SHL, X_W, R11, 64 - len);
                a_shift_imm(as, SH_SHR, X_W, R11, 64 - len);
            }
        }
    }
    if (pos) {
        a_shift_imm(as, SH_SHL, w, R11, pos);
    }
    release_dead(g, o);
    d = out_choose(g, o, 0, a, 0);
    reg_move(g, d, a, (IrType)o->type);
    if (o->type == IR_I32 || (int64_t)clear == (int32_t)clear) {
        a_alu_imm(as, ALU_AND, w, d, (int32_t)clear);
    } else if (clear <= UINT32_MAX) {
        a_mov(as, 0, d, d);
        if (clear != UINT32_MAX) {
            a_alu_imm(as, ALU_AND, 0, d, (int32_t)clear);
        }
    } else {
        a_movi(as, R10, clear, true);
        a_alu(as, ALU_AND, X_W, d, R10);
    }
    a_alu(as, ALU_OR, w, d, R11);
    out_bind(g, o, 0, d);
}

static void gen_extract(Gen *g, const IrNode *o)
{
    unsigned pos = o->n & 255, len = (unsigned)(o->n >> 8);
    uint32_t w = w_of(o);
    Asm *as = &g->as;
    int a, d;

    if (pos == 8 && len == 8) {
        a = in_reg(g, o->a[1]);
        if (a <= RBX) {
            release_dead(g, o);
            d = out_choose(g, o, 0, a, 0);
            if (d < R8) {
                a_rr(as, X_0F | 0xb6, d, a + 4);        /* movzx d, ah */
                out_bind(g, o, 0, d);
                return;
            }
            a_mov(as, w, d, a);
        } else {
            d = begin_in_place(g, o, 0, w);
        }
    } else {
        d = begin_in_place(g, o, 0, w);
    }
    if (len != 8 && len != 16 && len != 32 && len > 31) {
        a_shift_imm(as, SH_SHL, w, d, width_of(o) - pos - len);
        a_shift_imm(as, SH_SHR, w, d, width_of(o) - len);
        out_bind(g, o, 0, d);
        return;
    }
    if (pos) {
        a_shift_imm(as, SH_SHR, w, d, pos);
    }
    if (len == 8) {
        a_rr(as, X_0F | 0xb6 | X_M8, d, d);
    } else if (len == 16) {
        a_rr(as, X_0F | 0xb7, d, d);
    } else if (len == 32) {
        a_mov(as, 0, d, d);
    } else if (pos + len < width_of(o)) {
        a_alu_imm(as, ALU_AND, 0, d, (int32_t)(~0u >> (32 - len)));
    }
    out_bind(g, o, 0, d);
}

static void gen_sextract(Gen *g, const IrNode *o)
{
    unsigned pos = o->n & 255, len = (unsigned)(o->n >> 8), width = width_of(o);
    int d = begin_in_place(g, o, 0, w_of(o));

    if (pos + len < width) {
        a_shift_imm(&g->as, SH_SHL, w_of(o), d, width - pos - len);
    }
    if (len < width) {
        a_shift_imm(&g->as, SH_SAR, w_of(o), d, width - len);
    }
    out_bind(g, o, 0, d);
}

/* ---- conditions ---- */

static const uint8_t cc_of[] = { CC_E, CC_NE, CC_L, CC_GE, CC_LE, CC_G, CC_B, CC_AE, CC_BE, CC_A,
                                 CC_E, CC_NE };

typedef struct Cmp {
    int a, b;               /* b -1: immediate */
    int32_t imm;
    IrCond cond;
    uint32_t w;
} Cmp;

/* gets the operands into registers; the flags are set by cmp_flags() */
static Cmp cmp_operands(Gen *g, const IrNode *o, unsigned first, IrCond cond)
{
    Cmp c = { .b = -1, .cond = cond, .w = w_of(o) };
    uint64_t v;

    c.a = in_reg(g, o->a[first]);
    if (imm_of(g, o->a[first + 1], &c.imm)) {
        return c;
    }
    v = temp_at(g, o->a[first + 1])->value;
    if (is_const(g, o->a[first + 1]) && v <= UINT32_MAX
        && (cond == IR_COND_TSTEQ || cond == IR_COND_TSTNE)) {
        c.imm = (int32_t)v;
        c.w = 0;
        return c;
    }
    c.b = in_reg(g, o->a[first + 1]);
    return c;
}

static int cmp_flags(Gen *g, const Cmp *c)
{
    Asm *a = &g->as;

    if (c->cond == IR_COND_TSTEQ || c->cond == IR_COND_TSTNE) {
        if (c->b >= 0) {
            a_rr(a, 0x85 | c->w, c->b, c->a);
        } else if ((uint32_t)c->imm <= 0x7f) {
            a_rr(a, 0xf6 | X_M8, 0, c->a);
            a8(a, (unsigned)c->imm);
        } else {
            a_rr(a, 0xf7 | (c->imm < 0 ? c->w : 0), 0, c->a);
            a32(a, (uint32_t)c->imm);
        }
    } else if (c->b >= 0) {
        a_alu(a, ALU_CMP, c->w, c->a, c->b);
    } else if (c->imm == 0) {
        a_rr(a, 0x85 | c->w, c->a, c->a);
    } else {
        a_alu_imm(a, ALU_CMP, c->w, c->a, c->imm);
    }
    return cc_of[c->cond];
}

static void gen_setcond(Gen *g, const IrNode *o)
{
    Asm *as = &g->as;
    int d, cc;
    Cmp c;

    if (o->n >= IR_COND_ALWAYS) {
        release_dead(g, o);
        d = out_choose(g, o, 0, -1, 0);
        a_movi(as, d, o->n == IR_COND_ALWAYS, false);
        out_bind(g, o, 0, d);
        return;
    }
    c = cmp_operands(g, o, 1, (IrCond)o->n);
    d = g->reg_of[o->a[0]];
    if (d < 0 || d == c.a || d == c.b) {
        d = alloc_reg(g, GPR_MASK, prefers_callee(g, o->a[0]));
    }
    a_rr(as, 0x33, d, d);
    cc = cmp_flags(g, &c);
    a_rr(as, X_0F | 0x90 | (unsigned)cc | X_M8, 0, d);
    release_dead(g, o);
    out_bind(g, o, 0, d);
}

static void gen_movcond(Gen *g, const IrNode *o)
{
    IrType t = (IrType)temp_at(g, o->a[0])->type;
    uint32_t w = t == IR_I64 ? X_W : 0;
    Asm *as = &g->as;
    int x, y, d, cc;
    Cmp c;

    if (o->n >= IR_COND_ALWAYS) {
        x = in_reg(g, o->a[o->n == IR_COND_ALWAYS ? 3 : 4]);
        release_dead(g, o);
        d = out_choose(g, o, 0, x, 0);
        reg_move(g, d, x, t);
        out_bind(g, o, 0, d);
        return;
    }
    c = cmp_operands(g, o, 1, (IrCond)o->n);
    x = in_reg(g, o->a[3]);
    y = in_reg(g, o->a[4]);
    if (!ir_type_is_int(t)) {
        d = alloc_reg(g, XMM_MASK, false);
        reg_move(g, d, x, t);
        cc = cmp_flags(g, &c);
        a8(as, 0x70 | (unsigned)cc);
        a8(as, 0);
        {
            uint8_t *skip = as->p;

            reg_move(g, d, y, t);
            skip[-1] = (uint8_t)(as->p - skip);
        }
        release_dead(g, o);
        out_bind(g, o, 0, d);
        return;
    }
    if ((o->dead >> 4 & 1 && !is_const(g, o->a[4])) || o->a[0] == o->a[4]) {
        d = y;
        cc = cmp_flags(g, &c);
        a_rr(as, X_0F | 0x40 | (unsigned)cc | w, d, x);
    } else if ((o->dead >> 3 & 1 && !is_const(g, o->a[3])) || o->a[0] == o->a[3]) {
        d = x;
        cc = cmp_flags(g, &c);
        a_rr(as, X_0F | 0x40 | (unsigned)(cc ^ 1) | w, d, y);
    } else {
        d = alloc_reg(g, GPR_MASK, prefers_callee(g, o->a[0]));
        a_mov(as, w, d, y);
        cc = cmp_flags(g, &c);
        a_rr(as, X_0F | 0x40 | (unsigned)cc | w, d, x);
    }
    release_dead(g, o);
    out_bind(g, o, 0, d);
}

/* back to the head of the running loop if @cc */
static void branch_back(Gen *g, int cc, unsigned label)
{
    uint8_t *skip;

    if (!loop_edge_needed(g)) {
        label_jump(g, a_jcc(&g->as, cc), label);
        return;
    }
    skip = a_jcc(&g->as, cc ^ 1);
    loop_edge(g);
    label_jump(g, a_jmp(&g->as), label);
    a_patch(skip, g->as.p);
}

/* out of the running loop or past late stores, values stored by a stub; false if there are none */
static bool branch_out(Gen *g, const Cmp *c, unsigned label)
{
    uint32_t first, n;
    Stub *s;
    int cc;

    snapshot_set(g, label_live(g, label), &first, &n);
    if (!n) {
        return false;
    }
    cc = cmp_flags(g, c);
    s = stub_new(g, STUB_EDGE);
    s->snap = first;
    s->n_snap = n;
    s->op = (uint16_t)label;
    s->jump[0] = a_jcc(&g->as, cc);
    return true;
}

static void gen_brcond(Gen *g, const IrNode *o)
{
    IrCond cond = (IrCond)(o->n >> 32);
    unsigned label = (uint32_t)o->n;
    Cmp c;
    int cc;

    if (cond == IR_COND_NEVER) {
        release_dead(g, o);
        return;
    }
    if (cond == IR_COND_ALWAYS) {
        sync_set(g, label_live(g, label));
        label_jump(g, a_jmp(&g->as), label);
        release_dead(g, o);
        return;
    }
    c = cmp_operands(g, o, 0, cond);
    if (loop_is_head(g, label)) {
        cc = cmp_flags(g, &c);
        branch_back(g, cc, label);
    } else if ((loop_active(g) || g->n_late) && branch_out(g, &c, label)) {
        /* stored on the way */
    } else {
        sync_set(g, label_live(g, label));
        cc = cmp_flags(g, &c);
        label_jump(g, a_jcc(&g->as, cc), label);
    }
    release_dead(g, o);
}

/* ---- state and host memory ---- */

static Mem host_mem(Gen *g, const IrNode *o)
{
    if (o->a[1] == ir_env_idx()) {
        return mem_at(RBP, (int32_t)o->n - env_bias);
    }
    return mem_at(in_reg(g, o->a[1]), (int32_t)o->n);
}

/* ---- 80-bit floating point on memory ---- */

static Mem x87_mem(Gen *g, const IrNode *o, unsigned i)
{
    if (o->a[i] == ir_env_idx()) {
        return mem_at(RBP, x87_ofs(o->n, i) - env_bias);
    }
    return mem_at(in_reg(g, o->a[i]), x87_ofs(o->n, i));
}

/* opcode byte and extension of fld/fild and of fstp/fistp, by X87Fmt */
static const struct { uint8_t opc, load, store; } x87_moves[] = {
    { 0xd9, 0, 3 }, { 0xdd, 0, 3 }, { 0xdb, 5, 7 }, { 0xdb, 0, 3 }, { 0xdf, 5, 7 },
};

/* /n of D8 (registers and 32-bit memory) and DC (64-bit memory): st = st op operand */
static const uint8_t x87_ext[] = { [X87_ADD] = 0, [X87_SUB] = 4, [X87_RSUB] = 5, [X87_MUL] = 1,
                                   [X87_DIV] = 6 };

static void gen_x87(Gen *g, const IrNode *o)
{
    X87Op op = x87_op(o->n);
    X87Fmt fd = x87_fmt(o->n, 0), fa = x87_fmt(o->n, 1), fb = x87_fmt(o->n, 2);
    bool in_memory = fb == X87_F32 || fb == X87_F64;
    Mem d = x87_mem(g, o, 0), a = x87_mem(g, o, 1), b = x87_mem(g, o, 2);
    Asm *as = &g->as;

    if (x87_is_binary(op) && !in_memory) {
        a_rm(as, x87_moves[fb].opc, x87_moves[fb].load, b);
    }
    a_rm(as, x87_moves[fa].opc, x87_moves[fa].load, a);
    if (op == X87_SQRT) {
        a8(as, 0xd9);
        a8(as, 0xfa);
    } else if (x87_is_binary(op) && in_memory) {
        a_rm(as, fb == X87_F32 ? 0xd8 : 0xdc, x87_ext[op], b);
    } else if (x87_is_binary(op)) {
        a8(as, 0xd8);
        a8(as, 0xc1u | (unsigned)x87_ext[op] << 3);
    }
    a_rm(as, x87_moves[fd].opc, x87_moves[fd].store, d);
    if (x87_is_binary(op) && !in_memory) {
        a8(as, 0xdd);                               /* fstp st(0): drops b */
        a8(as, 0xd8);
    }
    release_dead(g, o);
}

static void gen_ld(Gen *g, const IrNode *o)
{
    static const uint32_t opc[2][4] = {
        { X_0F | 0xb6, X_0F | 0xb7, 0x8b, 0x8b | X_W },
        { X_0F | 0xbe, X_0F | 0xbf, 0x63 | X_W, 0x8b | X_W },
    };
    IrType t = (IrType)temp_at(g, o->a[0])->type;
    MemOp mo = (MemOp)(o->n >> 32);
    Mem m = host_mem(g, o);
    bool sign = mo & MO_SIGN;
    int d;

    release_dead(g, o);
    d = out_choose(g, o, 0, -1, 0);
    if (!ir_type_is_int(t)) {
        reg_load(g, d, m, t);
    } else {
        uint32_t op = t == IR_I32 && (mo & MO_SIZE) == MO_32 ? 0x8b : opc[sign][mo & 3];

        a_rm(&g->as, op | (sign && t == IR_I64 ? X_W : 0), d, m);
    }
    out_bind(g, o, 0, d);
}

static void gen_st(Gen *g, const IrNode *o)
{
    static const uint32_t opc[] = { 0x88 | X_R8, 0x89 | X_66, 0x89, 0x89 | X_W };
    IrType t = (IrType)temp_at(g, o->a[0])->type;
    MemOp mo = (MemOp)(o->n >> 32);
    Mem m = host_mem(g, o);

    if (o->n_in > 2) {
        late_end(g, o);
    }
    if (is_const(g, o->a[0])) {
        store_const(g, o->a[0], m, mo_bytes(mo));
    } else {
        int a = in_reg(g, o->a[0]);

        if (ir_type_is_int(t)) {
            a_rm(&g->as, opc[mo & 3], a, m);
        } else {
            reg_store(g, a, m, t);
        }
    }
    release_dead(g, o);
}

static void gen_env_ptr(Gen *g, const IrNode *o)
{
    int d = out_choose(g, o, 0, -1, 0);

    a_lea(&g->as, X_W, d, mem_at(RBP, (int32_t)o->n - env_bias));
    out_bind(g, o, 0, d);
}

static void gen_mb(Gen *g, const IrNode *o)
{
    a8(&g->as, 0xf0);                                   /* lock or dword [rsp], 0 */
    a_rm(&g->as, 0x83, ALU_OR, mem_at(RSP, 0));
    a8(&g->as, 0);
}

/* ---- between classes ---- */

static void gen_int_to_xmm(Gen *g, const IrNode *o)     /* movd, movq */
{
    int a = in_reg(g, o->a[1]), d;

    release_dead(g, o);
    d = out_choose(g, o, 0, -1, 0);
    a_rr(&g->as, X_MOVD_TO | w_of(o), d, a);
    out_bind(g, o, 0, d);
}

static void gen_xmm_to_int(Gen *g, const IrNode *o)
{
    int a = in_reg(g, o->a[1]), d;

    release_dead(g, o);
    d = out_choose(g, o, 0, -1, 0);
    a_rr(&g->as, X_MOVD_FROM | (temp_at(g, o->a[0])->type == IR_I64 ? X_W : 0), a, d);
    out_bind(g, o, 0, d);
}

static void gen_pextr(Gen *g, const IrNode *o)
{
    static const struct { uint16_t op; uint32_t opc; } rows[] = {
        { IR_pextrb, X_66 | X_0F3A | 0x14 }, { IR_pextrw, X_66 | X_0F3A | 0x15 },
        { IR_pextrd, X_66 | X_0F3A | 0x16 }, { IR_pextrq, X_66 | X_0F3A | X_W | 0x16 },
        { IR_vhigh64, X_66 | X_0F3A | X_W | 0x16 },
    };
    int a = in_reg(g, o->a[1]), d, i = 0;

    release_dead(g, o);
    d = out_choose(g, o, 0, -1, 0);
    while (rows[i].op != o->op) {
        i++;
    }
    a_rr(&g->as, rows[i].opc, a, d);
    a8(&g->as, o->op == IR_vhigh64 ? 1 : (unsigned)o->n);
    out_bind(g, o, 0, d);
}

/* the low lane of a V128 and the scalar types are the same register */
static void gen_vlow_f(Gen *g, const IrNode *o)
{
    int a = in_reg(g, o->a[1]), d;

    release_dead(g, o);
    d = out_choose(g, o, 0, a, 0);
    reg_move(g, d, a, IR_V128);
    out_bind(g, o, 0, d);
}

static void gen_vzext_f32(Gen *g, const IrNode *o)
{
    int a = in_reg(g, o->a[1]), d;

    a_rr(&g->as, X_0F | 0x57, XMM15, XMM15);
    a_rr(&g->as, X_MOVSS_LD, XMM15, a);
    release_dead(g, o);
    d = out_choose(g, o, 0, a, 0);
    reg_move(g, d, XMM15, IR_V128);
    out_bind(g, o, 0, d);
}

static void gen_cvtsi(Gen *g, const IrNode *o, uint32_t opc)
{
    int a = in_reg(g, o->a[1]), d;

    release_dead(g, o);
    d = out_choose(g, o, 0, -1, 0);
    a_rr(&g->as, X_0F | 0x57, d, d);                    /* no dependency on what it held */
    a_rr(&g->as, opc | w_of(o), d, a);
    out_bind(g, o, 0, d);
}

static void gen_cvt_to_int(Gen *g, const IrNode *o, uint32_t opc)
{
    int a = in_reg(g, o->a[1]), d;

    release_dead(g, o);
    d = out_choose(g, o, 0, -1, 0);
    a_rr(&g->as, opc | (temp_at(g, o->a[0])->type == IR_I64 ? X_W : 0), d, a);
    out_bind(g, o, 0, d);
}

/* EFLAGS of comis and ptest */
static void gen_flags(Gen *g, const IrNode *o, uint32_t opc)
{
    int a = in_reg(g, o->a[1]), b = in_reg(g, o->a[2]);

    take_fixed(g, RAX);
    a_rr(&g->as, opc, a, b);
    a8(&g->as, 0x9f);                                   /* lahf */
    a_rr(&g->as, X_0F | 0xb6, RAX, RSP);                /* movzx eax, ah */
    a_alu_imm(&g->as, ALU_AND, 0, RAX, o->op == IR_ptest ? 0x41 : 0x45);
    release_dead(g, o);
    out_bind(g, o, 0, RAX);
}

/* 0 or 1 from a comparison; less-than is asked the other way round, so that CF clear says yes */
static void gen_fcmp(Gen *g, const IrNode *o)
{
    static const uint8_t cc[8] = { CC_E, CC_A, CC_AE, CC_P, CC_NE, CC_BE, CC_B, CC_NP };
    unsigned n = o->n & 7, what = n & 3;
    bool eq = what == 0, swap = what == 1 || what == 2;
    uint32_t opc = X_0F | (swap ? 0x2f : 0x2e) | (o->op == IR_fcmpsd ? X_66 : 0);
    int a = in_reg(g, o->a[1]), b = in_reg(g, o->a[2]), d;

    release_dead(g, o);
    d = out_choose(g, o, 0, -1, 0);
    a_rr(&g->as, opc, swap ? b : a, swap ? a : b);
    if (eq) {
        /* unordered sets ZF as well */
        a_movi(&g->as, R11, n == 0 ? 0 : 1, true);
    }
    a_rr(&g->as, X_0F | 0x90 | cc[n] | X_M8, 0, d);
    a_rr(&g->as, X_0F | 0xb6 | X_M8, d, d);
    if (eq) {
        a_rr(&g->as, X_0F | 0x40 | CC_P, d, R11);           /* cmovp */
    }
    out_bind(g, o, 0, d);
}

static void gen_ptest(Gen *g, const IrNode *o) { gen_flags(g, o, X_66 | X_0F38 | 0x17); }

/* ---- SSE by table ---- */

/* d = a op b, with or without an immediate; two-operand form with the copies it needs */
static void sse_2(Gen *g, const IrNode *o, uint32_t opc, bool imm)
{
    bool commutes = ir_op_info[o->op].flags & IR_FLAG_C;
    Asm *as = &g->as;
    int a = in_reg(g, o->a[1]), b = in_reg(g, o->a[2]), d;

    release_dead(g, o);
    if (host_features.avx) {
        d = out_choose(g, o, 0, a, 0);
        a_vex(as, opc, d, a, b);
    } else {
        if (commutes && !(g->free & REG_BIT(a)) && g->free & REG_BIT(b)) {
            int x = a;

            a = b;
            b = x;
        }
        d = out_choose(g, o, 0, a, a == b ? 0 : REG_BIT(b));
        reg_move(g, d, a, IR_V128);
        a_rr(as, opc, d, b);
    }
    if (imm) {
        bool cmp = (opc & 0xff) == 0xc2;        /* SSE looks at three bits only, AVX at five */

        a8(as, (unsigned)o->n & (cmp ? 7 : 0xff));
    }
    out_bind(g, o, 0, d);
}

/* the SSE form keeps the upper lanes of its destination */
static bool is_scalar(const IrNode *o)
{
    unsigned sig = ir_op_info[o->op].sig;

    return sig == SIG_S_S || sig == SIG_D_D || sig == SIG_D_S || sig == SIG_S_D || sig == SIG_S_Sn
           || sig == SIG_D_Dn;
}

static void sse_1(Gen *g, const IrNode *o, uint32_t opc, bool imm)
{
    Asm *as = &g->as;
    int a = in_reg(g, o->a[1]), d;

    release_dead(g, o);
    d = out_choose(g, o, 0, a, 0);
    if (opc & X_GROUP) {
        if (host_features.avx) {
            a_vex(as, opc & ~X_GROUP, (int)(opc >> 16 & 7), d, a);
        } else {
            reg_move(g, d, a, IR_V128);
            a_rr(as, opc & ~X_GROUP, (int)(opc >> 16 & 7), d);
        }
    } else if (host_features.avx && d != a && is_scalar(o)) {
        a_vex(as, opc, d, a, a);            /* does not wait for what d held */
    } else {
        a_rr(as, opc, d, a);
    }
    if (imm) {
        a8(as, (unsigned)o->n);
    }
    out_bind(g, o, 0, d);
}

static void sse_insert(Gen *g, const IrNode *o, uint32_t opc)
{
    int a = in_reg(g, o->a[1]), b = in_reg(g, o->a[2]), d;

    release_dead(g, o);
    d = out_choose(g, o, 0, a, 0);
    reg_move(g, d, a, IR_V128);
    a_rr(&g->as, opc, d, b);
    a8(&g->as, (unsigned)o->n);
    out_bind(g, o, 0, d);
}

static void sse_blendv(Gen *g, const IrNode *o, uint32_t opc)
{
    Asm *as = &g->as;
    int a, b, c, d;

    if (host_features.avx) {
        static const uint8_t vex_opc[] = { [0x14] = 0x4a, [0x15] = 0x4b, [0x10] = 0x4c };

        a = in_reg(g, o->a[1]);
        b = in_reg(g, o->a[2]);
        c = in_reg(g, o->a[3]);
        release_dead(g, o);
        d = out_choose(g, o, 0, a, 0);
        a_vex(as, X_66 | X_0F3A | vex_opc[opc & 0xff], d, a, b);
        a8(as, (unsigned)(c & 15) << 4);
        out_bind(g, o, 0, d);
        return;
    }
    take_fixed(g, XMM0);
    a = in_reg_mask(g, o->a[1], ~REG_BIT(XMM0));
    b = in_reg_mask(g, o->a[2], ~REG_BIT(XMM0));
    copy_to(g, XMM0, o->a[3]);
    a_rr(as, X_MOVAPS, XMM15, a);
    a_rr(as, opc, XMM15, b);
    release_dead(g, o);
    d = out_choose(g, o, 0, -1, 0);
    reg_move(g, d, XMM15, IR_V128);
    out_bind(g, o, 0, d);
}

/* the 231 form: the addend is what gets overwritten */
static void gen_fma(Gen *g, const IrNode *o, uint32_t opc)
{
    int a = in_reg(g, o->a[1]), b = in_reg(g, o->a[2]), c = in_reg(g, o->a[3]), d;

    release_dead(g, o);
    d = out_choose(g, o, 0, c, REG_BIT(a) | REG_BIT(b));
    reg_move(g, d, c, IR_V128);
    a_vex(&g->as, opc, d, a, b);
    out_bind(g, o, 0, d);
}

#define none            0
#define PNP(o)          (X_0F | (o))
#define P66(o)          (X_0F | X_66 | (o))
#define PF3(o)          (X_0F | X_F3 | (o))
#define PF2(o)          (X_0F | X_F2 | (o))
#define P6638(o)        (X_0F38 | X_66 | (o))
#define P6638W(o)       (X_0F38 | X_66 | X_W | (o))
#define P663A(o)        (X_0F3A | X_66 | (o))
#define P66G(o, ext)    (X_0F | X_66 | (o) | X_EXT(ext))
static const uint32_t host_opc[IR_N_OPS] = {
#define IROP(n, sig, flags, host, means) [IR_##n] = host,
#include "tcg/irops.def"
#undef IROP
};

static void gen_sse(Gen *g, const IrNode *o)
{
    uint32_t opc = host_opc[o->op];

    g_assert(opc != 0);
    switch (ir_op_info[o->op].sig) {
    case SIG_V_VV: case SIG_S_SS: case SIG_D_DD: case SIG_V_VS: case SIG_V_VD:
        sse_2(g, o, opc, false);
        break;
    case SIG_V_VVn: case SIG_S_SSn: case SIG_D_DDn:
        sse_2(g, o, opc, true);
        break;
    case SIG_V_V: case SIG_S_S: case SIG_D_D: case SIG_D_S: case SIG_S_D: case SIG_V_D:
        sse_1(g, o, opc, false);
        break;
    case SIG_V_Vn: case SIG_S_Sn: case SIG_D_Dn:
        sse_1(g, o, opc, true);
        break;
    case SIG_V_VWn:
        sse_insert(g, o, opc);
        break;
    case SIG_V_VVV: case SIG_S_SSS: case SIG_D_DDD:
        if ((opc & 0xff) >= 0xb6) {
            gen_fma(g, o, opc);
        } else {
            sse_blendv(g, o, opc);
        }
        break;
    case SIG_S_J: case SIG_D_J:
        gen_cvtsi(g, o, opc);
        break;
    case SIG_J_S: case SIG_J_D: case SIG_W_V:
        gen_cvt_to_int(g, o, opc);
        break;
    case SIG_W_SS: case SIG_W_DD:
        gen_flags(g, o, opc);
        break;
    default:
        g_assert_not_reached();
    }
}

static void gen_insert64(Gen *g, const IrNode *o)
{
    sse_insert(g, o, X_66 | X_0F3A | X_W | 0x22);
}

/* ---- calls ---- */

static const uint8_t int_args[IR_MAX_ARGS] = { RDI, RSI, RDX, RCX, R8, R9 };

void moves_run(Gen *g, Move *mv, unsigned n, int scratch, IrType t)
{
    for (unsigned left = n; left; ) {
        bool progress = false;

        for (unsigned i = 0; i < n; i++) {
            bool blocked = false;

            if (mv[i].done) {
                continue;
            }
            for (unsigned j = 0; j < n; j++) {
                blocked |= j != i && !mv[j].done && mv[j].s == mv[i].d;
            }
            if (!blocked) {
                reg_move(g, mv[i].d, mv[i].s, t);
                mv[i].done = progress = true;
                left--;
            }
        }
        if (!progress) {
            for (unsigned i = 0; i < n; i++) {
                if (!mv[i].done) {
                    int s = mv[i].s;

                    reg_move(g, scratch, s, t);
                    for (unsigned j = 0; j < n; j++) {
                        mv[j].s = !mv[j].done && mv[j].s == s ? (int8_t)scratch : mv[j].s;
                    }
                    break;
                }
            }
        }
    }
}

static void call_args(Gen *g, const IrNode *o)
{
    Move mi[IR_MAX_ARGS], mx[IR_MAX_ARGS];
    unsigned n_int = 0, n_xmm = 0, n_mi = 0, n_mx = 0;
    int8_t dest[IR_MAX_ARGS];

    for (unsigned i = 0; i < o->n_in; i++) {
        unsigned idx = o->a[o->n_out + i];
        bool is_int = ir_type_is_int((IrType)temp_at(g, idx)->type);
        int reg = g->reg_of[idx];

        dest[i] = (int8_t)(is_int ? int_args[n_int++] : XMM0 + (int)n_xmm++);
        if (reg >= 0 && is_int) {
            mi[n_mi++] = (Move){ dest[i], (int8_t)reg, false };
        } else if (reg >= 0) {
            mx[n_mx++] = (Move){ dest[i], (int8_t)reg, false };
        }
    }
    moves_run(g, mi, n_mi, R11, IR_I64);
    moves_run(g, mx, n_mx, XMM15, IR_V128);
    for (unsigned i = 0; i < o->n_in; i++) {
        if (g->reg_of[o->a[o->n_out + i]] < 0) {
            copy_to(g, dest[i], o->a[o->n_out + i]);
        }
    }
}

static void gen_call(Gen *g, const IrNode *o)
{
    const IrHelper *h = o->helper;
    uint32_t clobbered = g->avail & ~CALLEE_SAVED & ~g->free;
    bool writes = ir_call_writes(h);
    int reg;

    if (writes || ir_call_syncs(h)) {
        sync_globals(g);
    }
    for (uint32_t m = clobbered; m; m &= m - 1) {
        unsigned idx = (unsigned)g->temp_of[__builtin_ctz(m)];
        bool dies = false;

        for (unsigned i = o->n_out; i < (unsigned)o->n_out + o->n_in; i++) {
            dies |= o->a[i] == idx && (o->dead >> i & 1);
        }
        if (!dies) {
            sync_temp(g, idx);
        }
    }
    call_args(g, o);
    for (uint32_t m = clobbered; m; m &= m - 1) {
        drop(g, (unsigned)g->temp_of[__builtin_ctz(m)]);
    }
    release_dead(g, o);
    gen_call_abs(g, h->fn);
    if (writes) {
        for (unsigned i = 0; i < ir_n_globals; i++) {
            drop(g, i);
        }
    }
    if (h->flags & IR_CALL_NO_RETURN) {
        a8(&g->as, 0x0f);
        a8(&g->as, 0x0b);
        drop_all(g);
    } else if (o->n_out) {
        reg = ir_type_is_int((IrType)temp_at(g, o->a[0])->type) ? RAX : XMM0;
        out_bind(g, o, 0, reg);
    }
}

/* ---- control ---- */

static void gen_label(Gen *g, const IrNode *o)
{
    unsigned label = (unsigned)o->n;

    if (!loop_begin(g, label)) {
        sync_set(g, label_live(g, label));
        drop_all(g);
    }
    g->label_ofs[label] = a_ofs(&g->as);
    g->last_fault = -1;
}

static void gen_br(Gen *g, const IrNode *o)
{
    unsigned label = (unsigned)o->n;

    if (loop_is_head(g, label)) {
        loop_edge(g);
    } else {
        sync_set(g, label_live(g, label));
    }
    label_jump(g, a_jmp(&g->as), label);
    drop_all(g);
}

static void gen_insn_start(Gen *g, const IrNode *o)
{
    SideInsn i = { a_ofs(&g->as), { o->n, ir_node_word1(o) } };

    g->insn_idx = g->insns->len;
    g_array_append_val(g->insns, i);
}

static void gen_exit_check(Gen *g, const IrNode *o)
{
    Stub *s = stub_new(g, STUB_EXIT);

    a_rm(&g->as, 0x83, ALU_CMP, mem_at(RBP, tcg_rt.ofs_exit_request - env_bias));
    a8(&g->as, 0);
    s->jump[0] = a_jcc(&g->as, CC_L);
}

static void gen_goto_tb(Gen *g, const IrNode *o)
{
    static const uint8_t nops[3][3] = { { 0x90 }, { 0x66, 0x90 }, { 0x0f, 0x1f, 0x00 } };
    unsigned pad;

    sync_globals(g);
    /* the distance is patched while others run it: one aligned store */
    pad = -(unsigned)((uintptr_t)a_rx(&g->as) + 1) & 3;
    if (pad) {
        memcpy(g->as.p, nops[pad - 1], pad);
        g->as.p += pad;
    }
    a_jmp(&g->as);
    g->out->jump_patch[o->n] = (int32_t)a_ofs(&g->as) - 4;
    g->out->jump_reset[o->n] = (int32_t)a_ofs(&g->as);
}

static void gen_exit(Gen *g, const IrNode *o)
{
    sync_globals(g);
    drop_all(g);
    gen_exit_value(g, (unsigned)o->n);
}

/* compares with a constant; uses r10 */
static void cmp_mem64(Gen *g, Mem m, uint64_t v)
{
    if ((int64_t)v == (int32_t)v) {
        a_rm(&g->as, 0x81 | X_W, ALU_CMP, m);
        a32(&g->as, (uint32_t)v);
    } else {
        a_movi(&g->as, R10, v, true);
        a_rm(&g->as, 0x3b | X_W, R10, m);
    }
}

static void gen_goto_ptr(Gen *g, const IrNode *o)
{
    Asm *a = &g->as;
    int32_t entry = 0;              /* offset from r11 */
    Stub *s;
    int pc, flags = -1;

    sync_globals(g);
    if (!o->n) {
        drop_all(g);
        gen_jmp_abs(g, thunks.lookup);
        return;
    }
    if (o->n == 1 && is_const(g, o->a[0])) {
        uint64_t v = temp_at(g, o->a[0])->value;

        entry = (int32_t)(tb_jump_hash(v) * sizeof(JumpCacheEntry));
        s = stub_new(g, STUB_LOOKUP);
        a_rm(a, 0x8b | X_W, R11, mem_at(RBP, tcg_rt.ofs_jump_cache - env_bias));
        cmp_mem64(g, mem_at(R11, entry + (int32_t)offsetof(JumpCacheEntry, pc)), v);
    } else {
        pc = in_reg(g, o->a[0]);
        flags = o->n == 2 ? in_reg(g, o->a[1]) : -1;
        s = stub_new(g, STUB_LOOKUP);
        a_mov(a, X_W, R11, pc);
        a_shift_imm(a, SH_SHR, X_W, R11, JUMP_CACHE_BITS);
        a_alu(a, ALU_XOR, 0, R11, pc);
        a_alu_imm(a, ALU_AND, 0, R11, (1 << JUMP_CACHE_BITS) - 1);
        a_shift_imm(a, SH_SHL, 0, R11, 5);
        a_rm(a, 0x03 | X_W, R11, mem_at(RBP, tcg_rt.ofs_jump_cache - env_bias));
        a_rm(a, 0x3b | X_W, pc, mem_at(R11, offsetof(JumpCacheEntry, pc)));
    }
    s->jump[0] = a_jcc(a, CC_NE);
    if (flags >= 0) {
        a_rm(a, 0x3b | X_W, flags, mem_at(R11, offsetof(JumpCacheEntry, flags)));
    } else {
        cmp_mem64(g, mem_at(R11, entry + (int32_t)offsetof(JumpCacheEntry, flags)), g->flags);
    }
    s->jump[1] = a_jcc(a, CC_NE);
    a_rm(a, 0x8b | X_W, R11, mem_at(R11, entry + (int32_t)offsetof(JumpCacheEntry, code)));
    a_rr(a, 0x85 | X_W, R11, R11);                      /* an empty entry's pc can be a real one */
    s->jump[2] = a_jcc(a, CC_E);
    a_rr(a, 0xff, 4, R11);
    drop_all(g);
}
_Static_assert(sizeof(JumpCacheEntry) == 32, "shift in gen_goto_ptr");

static void gen_goto_host(Gen *g, const IrNode *o)
{
    sync_globals(g);
    a_rr(&g->as, 0xff, 4, in_reg(g, o->a[0]));
    drop_all(g);
}

static void gen_nop(Gen *g, const IrNode *o) { }

/* ops that are not in this table are SSE instructions described in irops.def */
typedef void GenFn(Gen *g, const IrNode *o);
static GenFn *const gen_table[IR_N_OPS] = {
    [IR_nop] = gen_nop, [IR_mov] = gen_mov, [IR_x87] = gen_x87,
    [IR_add] = gen_alu, [IR_sub] = gen_alu, [IR_and] = gen_alu, [IR_or] = gen_alu,
    [IR_xor] = gen_alu, [IR_andc] = gen_andc, [IR_mul] = gen_mul,
    [IR_mulu2] = gen_mul2, [IR_muls2] = gen_mul2, [IR_not] = gen_not_neg, [IR_neg] = gen_not_neg,
    [IR_shl] = gen_shift, [IR_shr] = gen_shift, [IR_sar] = gen_shift, [IR_rotl] = gen_shift,
    [IR_rotr] = gen_shift,
    [IR_ext8s] = gen_ext, [IR_ext8u] = gen_ext, [IR_ext16s] = gen_ext, [IR_ext16u] = gen_ext,
    [IR_ext32s] = gen_ext, [IR_ext32u] = gen_ext, [IR_bswap] = gen_bswap,
    [IR_clz] = gen_count_zeros, [IR_ctz] = gen_count_zeros, [IR_ctpop] = gen_ctpop,
    [IR_trunc] = gen_trunc, [IR_trunch] = gen_trunch, [IR_zext] = gen_zext, [IR_sext] = gen_sext,
    [IR_deposit] = gen_deposit, [IR_extract] = gen_extract, [IR_sextract] = gen_sextract,
    [IR_setcond] = gen_setcond, [IR_movcond] = gen_movcond,
    [IR_crc32b] = gen_crc32, [IR_crc32w] = gen_crc32, [IR_crc32d] = gen_crc32,
    [IR_crc32q] = gen_crc32,
    [IR_ld] = gen_ld, [IR_st] = gen_st, [IR_st_late] = gen_st_late,
    [IR_env_ptr] = gen_env_ptr,
    [IR_gld] = gen_gld, [IR_gst] = gen_gst,
    [IR_gxchg] = gen_rmw, [IR_gadd] = gen_rmw, [IR_gand] = gen_rmw, [IR_gor] = gen_rmw,
    [IR_gxor] = gen_rmw, [IR_gcmpxchg] = gen_gcmpxchg, [IR_mb] = gen_mb,
    [IR_label] = gen_label, [IR_br] = gen_br, [IR_brcond] = gen_brcond, [IR_call] = gen_call,
    [IR_insn_start] = gen_insn_start, [IR_exit_check] = gen_exit_check,
    [IR_goto_tb] = gen_goto_tb, [IR_exit] = gen_exit, [IR_goto_ptr] = gen_goto_ptr,
    [IR_goto_host] = gen_goto_host,
    [IR_fmov_to_int] = gen_xmm_to_int, [IR_fmov_from_int] = gen_int_to_xmm,
    [IR_vzext64] = gen_int_to_xmm, [IR_vzext32] = gen_int_to_xmm,
    [IR_vlow64] = gen_xmm_to_int, [IR_vlow32] = gen_xmm_to_int, [IR_vhigh64] = gen_pextr,
    [IR_vinsert64] = gen_insert64, [IR_pinsrq] = gen_insert64,
    [IR_flow32] = gen_vlow_f, [IR_vlow_f32] = gen_vlow_f, [IR_vlow_f64] = gen_vlow_f,
    [IR_vzext_f32] = gen_vzext_f32,
    [IR_pextrb] = gen_pextr, [IR_pextrw] = gen_pextr, [IR_pextrd] = gen_pextr,
    [IR_pextrq] = gen_pextr, [IR_ptest] = gen_ptest,
    [IR_fcmpss] = gen_fcmp, [IR_fcmpsd] = gen_fcmp,
};

void gen_op(Gen *g, const IrNode *o)
{
    GenFn *fn = gen_table[o->op];

    g->locked = 0;
    g->clock++;
    if (fn) {
        fn(g, o);
    } else {
        gen_sse(g, o);
    }
}

/* ---- the driver ---- */

static __thread Gen *gen_state;

static Gen *gen_get(void)
{
    Gen *g = gen_state;

    if (!g) {
        g = gen_state = g_new0(Gen, 1);
        g->label_fixups = g_array_new(false, false, sizeof(Fixup));
        g->pool_fixups = g_array_new(false, false, sizeof(Fixup));
        g->pool = g_array_new(false, false, sizeof(uint64_t));
        g->stubs = g_array_new(false, false, sizeof(Stub));
        g->snaps = g_array_new(false, false, sizeof(Snap));
        g->insns = g_array_new(false, false, sizeof(SideInsn));
        g->accesses = g_array_new(false, false, sizeof(SideAccess));
    }
    g_array_set_size(g->label_fixups, 0);
    g_array_set_size(g->pool_fixups, 0);
    g_array_set_size(g->pool, 0);
    g_array_set_size(g->stubs, 0);
    g_array_set_size(g->snaps, 0);
    g_array_set_size(g->insns, 0);
    g_array_set_size(g->accesses, 0);
    g->full = false;
    g->insn_idx = ~0u;
    g->last_fault = -1;
    g->loop.n = 0;
    g->n_late = 0;
    g->sum = NULL;
    return g;
}

static void pool_write(Gen *g)
{
    Asm *a = &g->as;
    uint8_t *base;

    if (!g->pool->len) {
        return;
    }
    while ((uintptr_t)a_rx(a) & 7) {
        a8(a, 0xcc);
    }
    base = a->p;
    for (unsigned i = 0; i < g->pool->len; i++) {
        a64(a, g_array_index(g->pool, uint64_t, i));
    }
    for (unsigned i = 0; i < g->pool_fixups->len; i++) {
        const Fixup *f = &g_array_index(g->pool_fixups, Fixup, i);

        a_patch(f->at, base + 8 * f->target);
    }
}

/* runs of stubs that belong to one instruction; accesses get their stub's offset */
static bool side_write(Gen *g)
{
    GArray *runs = g_array_sized_new(false, false, sizeof(SideStub), g->stubs->len);
    uint8_t *p;

    for (unsigned i = 0; i < g->stubs->len; i++) {
        const Stub *s = &g_array_index(g->stubs, Stub, i);
        SideStub r = { s->ofs, s->insn_idx == ~0u ? 0 : s->insn_idx };

        if (runs->len == 0
            || g_array_index(runs, SideStub, runs->len - 1).insn_idx != r.insn_idx) {
            g_array_append_val(runs, r);
        }
    }
    for (unsigned i = 0; i < g->accesses->len; i++) {
        SideAccess *acc = &g_array_index(g->accesses, SideAccess, i);

        acc->stub_ofs = g_array_index(g->stubs, Stub, acc->stub_ofs).ofs;
    }
    g->out->side_table = a_rx(&g->as);
    p = tcg_side_write(g->as.p, g->end, (SideInsn *)g->insns->data, g->insns->len,
                       (SideStub *)runs->data, runs->len, (SideAccess *)g->accesses->data,
                       g->accesses->len);
    g_array_free(runs, true);
    if (p) {
        g->as.p = p;
    }
    return p != NULL;
}

#define OP_ROOM_BYTES 2048          /* more than any op emits, spills included */

bool tcg_native_compile(IrBlock *b, const void *tb, uint64_t flags, const uint8_t *rx, uint8_t *rw,
                        size_t room_bytes, TcgCode *out)
{
    Gen *g = gen_get();

    g->as = (Asm){ rw, rw, rx };
    g->end = rw + room_bytes;
    g->b = b;
    g->tb = tb;
    g->flags = flags;
    g->out = out;
    *out = (TcgCode){ .entry = rx, .jump_patch = { -1, -1 }, .jump_reset = { -1, -1 } };
    regs_reset(g);
    memset(g->label_ofs, 0xff, b->n_labels * sizeof(g->label_ofs[0]));
    for (unsigned i = 0; i < b->n_ops; i++) {
        if (g->end - g->as.p < OP_ROOM_BYTES) {
            return false;
        }
        g->op_idx = i;
        if (!sum_folds(g, i)) {
            gen_op(g, &b->ops[i]);
        }
    }
    stubs_write(g);
    if (g->full || g->end - g->as.p < (ptrdiff_t)(64 + 8 * g->pool->len)) {
        return false;
    }
    pool_write(g);
    for (unsigned i = 0; i < g->label_fixups->len; i++) {
        const Fixup *f = &g_array_index(g->label_fixups, Fixup, i);

        g_assert(g->label_ofs[f->target] != ~0u);
        a_patch(f->at, g->as.rw + g->label_ofs[f->target]);
    }
    if (!side_write(g)) {
        return false;
    }
    out->size_bytes = a_ofs(&g->as);
    return true;
}
