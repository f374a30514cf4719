/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The array access unit in blocks: array loads (mova), array stores (staa), its registers.
 *
 * An array load is a load through the area's current address, which bap has computed
 * (aau-helpers.c); am moves it on when all loads of the bundle have been made. Where a load of a
 * bundle has faulted once, or what is loaded may be misaligned in a way that counts, a helper looks
 * first.
 */
#include <string.h>
#include "target/e2k/mem.h"
#include "target/e2k/translate-priv.h"

#define AAU_OFS(field)  (ENV_OFS(aau) + (int32_t)offsetof(E2kAau, field))

/* ---- array loads ---- */

typedef struct MovaKind { uint8_t lg_size; bool quad; } MovaKind;
static const MovaKind mova_kinds[8] = {     /* by opcode; 0 and 6: none */
    [1] = { 0, false }, [2] = { 1, false }, [3] = { 2, false }, [4] = { 3, false },
    [5] = { 3, true }, [7] = { 4, false },
};

static int32_t area_ofs(unsigned h, unsigned area)
{
    return (int32_t)((h * E2K_N_AREAS + area) * sizeof(uint64_t));
}

/*
 * The element must not be shorter than what is loaded. If the area is set up while the block is
 * being translated, that tells: a loop and its program belong together.
 */
static void check_element(DC *dc, unsigned h, unsigned area, unsigned min_bytes)
{
    IrVal t;

    if (dc->env->aau.active && dc->env->aau.elem_bytes[h][area] >= min_bytes) {
        return;
    }
    t = ir_temp(dc->b, IR_I32);
    ir_ld(dc->b, t, ir_env(dc->b),
          AAU_OFS(elem_bytes) + (int32_t)(h * E2K_N_AREAS + area), MO_8);
    ir_brcondi(dc->b, IR_COND_LTU, t, min_bytes, e2k_cold_trap(dc, E2K_EXC_ILLEGAL_OPCODE));
}

/* the helper's value to @v */
static void call_mova(DC *dc, const E2kMova *m, unsigned h, const MovaKind *k, IrVal v)
{
    IrVal low = k->lg_size == 4 ? ir_temp(dc->b, IR_I64) : v;
    uint32_t spec = E2K_MOVA_SPEC(h, m->area & 31, m->ind & 31, k->lg_size, k->quad, m->be);

    e2k_call(dc, &e2k_helper_mova, low, 2, ir_env(dc->b), ir_i32(dc->b, spec), NULL, NULL, NULL,
             NULL);
    if (k->lg_size == 4) {
        ir_ld(dc->b, v, ir_env(dc->b), ENV_OFS(scratch[E2K_MOVA_SCRATCH]), MO_128);
    }
}

static IrVal element_addr(DC *dc, const E2kMova *m, unsigned h)
{
    IrVal ptr = e2k_ld_env(dc, IR_I64, AAU_OFS(ptr) + area_ofs(h, m->area)), addr;

    if (!m->ind) {
        return ptr;
    }
    addr = ir_temp(dc->b, IR_I64);
    ir_addi(dc->b, addr, ptr, m->ind);
    return addr;
}

/* I32 0/1: was there nothing to load? NULL: tags are not kept */
static IrVal helper_failed(DC *dc)
{
    IrVal t;

    if (!dc->tags) {
        return NULL;
    }
    t = ir_temp(dc->b, IR_I32);
    ir_ld(dc->b, t, ir_env(dc->b), ENV_OFS(helper_diag), MO_32);
    return t;
}

/* With a look first; the page that the area's last look found is good enough until bap. */
static void mova_checked(DC *dc, const E2kMova *m, unsigned h, const MovaKind *k)
{
    unsigned n_bytes = 1u << k->lg_size;
    bool simple = !m->be && m->area < E2K_N_AREAS && !(m->ind & (n_bytes - 1)) &&
                  (k->lg_size < 4 || dc->version > 5);
    IrVal v = ir_temp(dc->b, k->lg_size == 4 ? IR_V128 : IR_I64), addr, page, ofs;
    IrLabel *good, *done;

    if (dc->tags) {
        ir_st(dc->b, ir_i32(dc->b, 0), ir_env(dc->b), ENV_OFS(helper_diag), MO_32);
    }
    if (!simple) {
        call_mova(dc, m, h, k, v);
        e2k_result_diag(dc, helper_failed(dc));
        e2k_dst_reg(dc, m->dst, v);
        return;
    }
    check_element(dc, h, m->area, k->quad ? 16 : n_bytes);
    good = ir_label(dc->b);
    done = ir_label(dc->b);
    addr = element_addr(dc, m, h);
    page = ir_temp(dc->b, IR_I64);
    ofs = ir_temp(dc->b, IR_I64);
    ir_ld(dc->b, page, ir_env(dc->b), AAU_OFS(ok_page) + area_ofs(h, m->area), MO_64);
    ir_sub(dc->b, ofs, addr, page);
    ir_brcondi(dc->b, IR_COND_LEU, ofs, PAGE_SIZE_ - n_bytes, good);
    call_mova(dc, m, h, k, v);
    ir_br(dc->b, done);
    ir_bind(dc->b, good);
    ir_gld(dc->b, v, addr, k->lg_size);
    ir_bind(dc->b, done);
    e2k_result_diag(dc, helper_failed(dc));
    e2k_dst_reg(dc, m->dst, v);
}

static void mova_fast(DC *dc, const E2kMova *m, unsigned h, const MovaKind *k)
{
    E2kAccess a = { .lg_bytes = k->lg_size, .be = m->be && k->lg_size };
    IrVal addr = element_addr(dc, m, h), ok = NULL, low;

    if (k->lg_size == 4 && dc->version <= 5) {
        low = ir_temp(dc->b, IR_I64);
        ok = ir_temp(dc->b, IR_I32);
        ir_andi(dc->b, low, addr, 15);
        ir_setcondi(dc->b, IR_COND_EQ, ok, low, 0);
    }
    e2k_dst_reg(dc, m->dst, e2k_load_value(dc, &a, addr, ok, e2k_mova_diag));
}

static void mova(DC *dc, const E2kMova *m, unsigned h)
{
    const MovaKind *k = &mova_kinds[m->opcode & 7];
    unsigned min_bytes = k->quad ? 16 : 1u << k->lg_size;

    if ((m->opcode & 7) == 6 || m->area >= E2K_N_AREAS || (k->lg_size == 4 && dc->version < 5)) {
        e2k_emit_trap(dc, E2K_EXC_ILLEGAL_OPCODE);
    } else if (e2k_check_level(dc->bundle.pc) != E2K_CHECK_NONE ||
               (dc->version <= 4 && m->ind & ((1u << k->lg_size) - 1))) {
        mova_checked(dc, m, h, k);
    } else {
        check_element(dc, h, m->area, min_bytes);
        mova_fast(dc, m, h, k);
    }
}

static void advance(DC *dc, unsigned h, unsigned area)
{
    IrVal step = e2k_ld_env(dc, IR_I64, AAU_OFS(step) + area_ofs(h, area));
    IrVal ptr = e2k_ld_env(dc, IR_I64, AAU_OFS(ptr) + area_ofs(h, area));
    IrVal next = ir_temp(dc->b, IR_I64);

    ir_add(dc->b, next, ptr, step);
    e2k_st_env(dc, next, AAU_OFS(ptr) + area_ofs(h, area));
}

void e2k_emit_mova(DC *dc)
{
    const E2kMova *m = dc->bundle.mova;
    uint32_t moves[2] = { 0, 0 };           /* areas that are to advance */

    dc->guard = NULL;
    for (unsigned c = 0; c < 4; c++) {
        if (m[c].opcode) {
            mova(dc, &m[c], c / 2);
            moves[c / 2] |= m[c].am && m[c].area < E2K_N_AREAS ? 1u << m[c].area : 0;
        }
    }
    e2k_flush_stores(dc);
    for (unsigned h = 0; h < 2; h++) {
        for (unsigned area = 0; area < E2K_N_AREAS; area++) {
            if (moves[h] >> area & 1) {
                advance(dc, h, area);
            }
        }
    }
}

/* A helper has changed the unit's state in memory. */
static void forget_aau(DC *dc)
{
    DCPriv *p = dc->p;
    unsigned n = 0;

    for (unsigned i = 0; i < p->n_env; i++) {
        int32_t ofs = p->env[i].ofs - ENV_OFS(aau);

        if (ofs < 0 || ofs >= (int32_t)sizeof(E2kAau)) {
            p->env[n++] = p->env[i];
        }
    }
    p->n_env = n;
}

void e2k_emit_bap(DC *dc)
{
    IrVal ctpr2 = ir_temp(dc->b, IR_I64);

    ir_ld(dc->b, ctpr2, ir_env(dc->b), ENV_OFS(ctpr[1]), MO_64);
    e2k_call(dc, &e2k_helper_bap, NULL, 2, ir_env(dc->b), ctpr2, NULL, NULL, NULL, NULL);
    forget_aau(dc);
}

void e2k_emit_eap(DC *dc)
{
    e2k_call(dc, &e2k_helper_eap, NULL, 1, ir_env(dc->b), NULL, NULL, NULL, NULL, NULL);
}

/* ---- operations on ALC2 and ALC5 ---- */

typedef struct AauOp {          /* ALS[23:8] */
    unsigned aad, ind, incr, mode;
    bool am;
    uint64_t literal;
} AauOp;

enum { MODE_AAD, MODE_AASTI, MODE_AAIND, MODE_AAINCR };

static AauOp parse(const E2kBundle *b, const E2kAlop *op)
{
    uint32_t als = op->als;
    unsigned lit = als >> 8 & 3;
    AauOp a = { .aad = als >> 19 & 31, .ind = als >> 15 & 15, .incr = als >> 12 & 7,
                .mode = als >> 10 & 3, .am = als >> 10 & 1 };

    if (lit && lit <= b->n_lts) {
        a.literal = (uint64_t)(int64_t)(int32_t)b->lts[lit - 1];
    }
    return a;
}

enum { F_PAIR = 8, LG_MASK = 7 };           /* E2kEmit.a */

static IrVal array_address(DC *dc, const AauOp *a, unsigned disp)
{
    IrVal base = e2k_ld_env(dc, IR_I64, AAU_OFS(base) + (int32_t)(a->aad * 8));
    IrVal sum = ir_temp(dc->b, IR_I64), t;

    ir_add(dc->b, sum, base, e2k_ld_env(dc, IR_I64, AAU_OFS(aasti) + (int32_t)(a->ind * 8)));
    if (!(a->literal + disp)) {
        return sum;
    }
    t = ir_temp(dc->b, IR_I64);
    ir_addi(dc->b, t, sum, a->literal + disp);
    return t;
}

/* AASTI after the increment of @op: @from plus the increment where @cond (I32; NULL: always) */
static IrVal incremented(DC *dc, const AauOp *a, unsigned lg_bytes, IrVal from, IrVal cond)
{
    IrVal incr, t = ir_temp(dc->b, IR_I64), u;

    if (!a->incr) {
        ir_addi(dc->b, t, from, 1ull << lg_bytes);
    } else {
        incr = e2k_ld_env(dc, IR_I64, AAU_OFS(aaincr) + (int32_t)(a->incr * 8));
        u = ir_temp(dc->b, IR_I64);
        ir_shli(dc->b, u, incr, lg_bytes);
        ir_add(dc->b, t, from, u);
    }
    if (!cond) {
        return t;
    }
    u = ir_temp(dc->b, IR_I64);
    ir_movcond(dc->b, IR_COND_NE, u, cond, ir_i32(dc->b, 0), t, from);
    return u;
}

/* The increment has a condition of its own; in a loop's prologue neither happens. */
static IrVal increment_cond(DC *dc, const E2kAlop *op)
{
    IrVal cond = op->has_am ? e2k_cond(dc, &op->am) : NULL, started;

    if (!dc->bundle.loop_mode || dc->p->steady) {
        return cond;
    }
    started = ir_temp(dc->b, IR_I32);
    ir_setcondi(dc->b, IR_COND_EQ, started, e2k_ld_env(dc, IR_I32, ENV_OFS(pcnt)), 0);
    return e2k_and_cond(dc, cond, started);
}

static bool is_array_access(const E2kAlop *op)
{
    return (op->row->format == ALF10 || op->row->format == ALF19 || op->row->format == AAURR) &&
           op->mas != MAS_AAU;
}

/* log2 of what an increment counts in: pairs are two operations of 8 bytes, counted once */
static bool increment_of(const E2kBundle *b, const E2kAlop *op, AauOp *a)
{
    bool pair = op->row->src3 == W_Q || op->row->dst == W_Q;

    if (!is_array_access(op)) {
        return false;
    }
    *a = parse(b, op);
    return a->am && !(pair && op->channel == 5);
}

static unsigned lg_bytes_of(const E2kAlop *op)
{
    E2kEmit e = { 0 };

    e2k_resolve_aau(op->row, &e);
    return e.a & LG_MASK;
}

/* ALC5 moves the same register as ALC2 in this bundle: both count */
static void increment(DC *dc, const E2kAlop *op)
{
    const E2kBundle *b = &dc->bundle;
    const E2kAlop *first = &b->alop[2];
    AauOp a, other;
    IrVal from, guard = dc->guard;

    if (!increment_of(b, op, &a)) {
        return;
    }
    from = e2k_ld_env(dc, IR_I64, AAU_OFS(aasti) + (int32_t)(a.ind * 8));
    if (op->channel == 5 && (b->alop_mask >> 2 & 1) && increment_of(b, first, &other) &&
        other.ind == a.ind) {
        from = incremented(dc, &other, lg_bytes_of(first), from, increment_cond(dc, first));
    }
    dc->guard = NULL;
    e2k_set_env_late(dc, incremented(dc, &a, lg_bytes_of(op), from, increment_cond(dc, op)),
                     AAU_OFS(aasti) + (int32_t)(a.ind * 8));
    dc->guard = guard;
}

static void emit_staa_store(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    AauOp a = parse(&dc->bundle, op);
    E2kAccess acc = e2k_access(op, e->a & LG_MASK, e->a & F_PAIR, op->channel == 2);

    if (MAS_MOD(op->mas) != MAS_SPECIAL) {
        e2k_store_src4(dc, op, &acc, array_address(dc, &a, acc.disp));
    }
}

static const E2kEmit *store_only(const E2kEmit *e)
{
    static __thread E2kEmit later[2];
    static __thread unsigned n;
    E2kEmit *l = &later[n++ % 2];

    *l = *e;
    l->fn = emit_staa_store;
    return l;
}

/* ---- registers ---- */

/* aasti, aaind, aaincr have 32 bits up to v5 */
static IrVal index_value(DC *dc, const E2kAlop *op, unsigned lg_bytes)
{
    IrVal t = ir_temp(dc->b, IR_I64);

    if (lg_bytes == 2 || dc->version < 6) {
        ir_sext(dc->b, t, e2k_src(dc, op, 4, IR_I32));
    } else {
        ir_mov(dc->b, t, e2k_src(dc, op, 4, IR_I64));
    }
    return t;
}

static void aau_write(DC *dc, unsigned what, unsigned no, IrVal value)
{
    e2k_call(dc, &e2k_helper_aau_write, NULL, 5, ir_env(dc->b), ir_i32(dc->b, what),
             ir_i32(dc->b, no), value, dc->guard ? dc->guard : ir_i32(dc->b, 1), NULL);
    forget_aau(dc);
}

static void write_aad(DC *dc, const E2kAlop *op, const E2kEmit *e, unsigned no)
{
    unsigned what = !(e->a & F_PAIR) ? AAU_WRITE_BASE : op->channel == 2 ? AAU_WRITE_AAD_LO
                                                                         : AAU_WRITE_AAD_HI;
    IrVal v;

    if ((e->a & LG_MASK) == 2) {
        v = ir_temp(dc->b, IR_I64);
        ir_zext(dc->b, v, e2k_src(dc, op, 4, IR_I32));
    } else {
        v = e2k_src(dc, op, 4, IR_I64);
    }
    aau_write(dc, what, no, v);
}

/* at once: a bap of this bundle sees it */
static void write_aaind(DC *dc, unsigned no, IrVal value)
{
    int32_t ofs = AAU_OFS(aaind) + (int32_t)(no * 8);
    IrVal t = value;

    if (dc->guard) {
        t = ir_temp(dc->b, IR_I64);
        ir_movcond(dc->b, IR_COND_NE, t, dc->guard, ir_i32(dc->b, 0), value,
                   e2k_ld_env(dc, IR_I64, ofs));
    }
    e2k_st_env(dc, t, ofs);
}

static void emit_aaurw(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    AauOp a = parse(&dc->bundle, op);
    unsigned lg_bytes = e->a & LG_MASK;

    if (lg_bytes < 2 || lg_bytes > 3 || (a.mode != MODE_AAD && e->a & F_PAIR && op->channel == 5)) {
        return;                         /* there are no such writes */
    }
    switch (a.mode) {
    case MODE_AAD:
        write_aad(dc, op, e, a.aad);
        break;
    case MODE_AASTI:
        e2k_set_env_late(dc, index_value(dc, op, lg_bytes), AAU_OFS(aasti) + (int32_t)(a.ind * 8));
        break;
    case MODE_AAIND:
        if (a.ind) {                    /* number 0 is the constant 0 */
            write_aaind(dc, a.ind, index_value(dc, op, lg_bytes));
        }
        break;
    case MODE_AAINCR:
        if (a.ind & 7) {                /* number 0 is the constant 1 */
            aau_write(dc, AAU_WRITE_INCR, a.ind & 7, index_value(dc, op, lg_bytes));
        }
        break;
    }
}

static void emit_aaurr(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    AauOp a = parse(&dc->bundle, op);
    bool upper = e->a & F_PAIR && op->channel == 5;
    const int32_t ofs[] = {
        [MODE_AAD] = AAU_OFS(aad) + (int32_t)(a.aad * sizeof(E2kReg) + (upper ? 8 : 0)),
        [MODE_AASTI] = AAU_OFS(aasti) + (int32_t)(a.ind * 8),
        [MODE_AAIND] = AAU_OFS(aaind) + (int32_t)(a.ind * 8),
        [MODE_AAINCR] = AAU_OFS(aaincr) + (int32_t)((a.ind & 7) * 8),
    };
    bool narrow = (e->a & LG_MASK) == 2 || (a.mode != MODE_AAD && dc->version < 6);
    IrVal v = ir_temp(dc->b, (e->a & LG_MASK) == 2 ? IR_I32 : IR_I64);

    ir_ld(dc->b, v, ir_env(dc->b), ofs[a.mode], narrow ? MO_32 : MO_64);
    e2k_dst(dc, op, v);
}

static void emit_staa(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    if (op->mas == MAS_AAU) {
        emit_aaurw(dc, op, e);
        return;
    }
    if (!e2k_defer_store(dc, op, store_only(e))) {
        emit_staa_store(dc, op, e);
    }
    increment(dc, op);
}

static void emit_ldaa(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    AauOp a = parse(&dc->bundle, op);
    E2kAccess acc = e2k_access(op, e->a & LG_MASK, e->a & F_PAIR, op->channel == 2);
    IrVal addr, v, t;

    if (op->mas == MAS_AAU) {
        emit_aaurr(dc, op, e);
        return;
    }
    addr = e2k_guarded_addr(dc, array_address(dc, &a, acc.disp), NULL);
    v = e2k_load_value(dc, &acc, addr,
                       e2k_access_ok(dc, op->sm, addr, 1u << acc.lg_bytes, false), e2k_diag);
    if (op->row->dst == W_S) {
        t = ir_temp(dc->b, IR_I32);
        ir_trunc(dc->b, t, v);
        v = t;
    }
    e2k_dst(dc, op, v);
    increment(dc, op);
}

typedef struct AauName { const char *name; E2kEmitFn *fn; uint8_t bits; } AauName;
static const AauName aau_names[] = {
    { "staab", emit_staa, 0 }, { "staah", emit_staa, 1 }, { "staaw", emit_staa, 2 },
    { "staad", emit_staa, 3 }, { "staaq", emit_staa, 3 | F_PAIR }, { "staaqp", emit_staa, 4 },
    { "ldaab", emit_ldaa, 0 }, { "ldaah", emit_ldaa, 1 }, { "ldaaw", emit_ldaa, 2 },
    { "ldaad", emit_ldaa, 3 }, { "ldaaq", emit_ldaa, 3 | F_PAIR }, { "ldaaqp", emit_ldaa, 4 },
    { "aaurw", emit_aaurw, 2 }, { "aaurws", emit_aaurw, 2 }, { "aaurwd", emit_aaurw, 3 },
    { "aaurwq", emit_aaurw, 3 | F_PAIR },
    { "aaurr", emit_aaurr, 2 }, { "aaurrd", emit_aaurr, 3 }, { "aaurrq", emit_aaurr, 3 | F_PAIR },
};

bool e2k_resolve_aau(const E2kOpRow *row, E2kEmit *e)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(aau_names); i++) {
        if (strcmp(row->name, aau_names[i].name) == 0) {
            *e = (E2kEmit){ .fn = aau_names[i].fn, .a = aau_names[i].bits };
            return true;
        }
    }
    return false;
}
