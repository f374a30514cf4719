/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads and stores.
 *
 * A false guard sends the access to env->dummy instead of branching around it. Loads are
 * zero-extended to 64 bits. Pairs (ldq, stq) are two operations of 8 bytes each.
 *
 * Conflicts (DAM): a load with mod 4 is an ordinary one. The check of it (mod 2 and 3, same address
 * and register) loads again and sets MLOCK where memory no longer holds what the register got.
 *
 * Atomic sequences: the load with MAS 7 remembers address and value, the store with mod 2 is a
 * compare-and-swap, MLOCK its failure.
 */
#include <string.h>
#include "target/e2k/mem.h"

/* ---- rows ---- */

typedef enum Space {
    SPACE_FLAT,             /* also through descriptors: their base is 0 in 64-bit programs */
    SPACE_TAGGED,           /* through a pointer in a register pair, which only tags can make one */
    SPACE_RECOVERY,         /* address and a word that describes the access */
} Space;

enum { F_PAIR = 8, F_MASKED = 16, LG_MASK = 7 };    /* in E2kEmit.a, beside log2 of the size */

typedef struct Suffix { const char *text; uint8_t bits; } Suffix;
static const Suffix suffixes[] = {                  /* longest first */
    { "mqp", 4 | F_MASKED }, { "qp", 4 }, { "b", 0 }, { "h", 1 }, { "w", 2 }, { "d", 3 },
    { "q", 3 | F_PAIR },
};

typedef struct SpaceName { const char *text; uint8_t space; } SpaceName;
static const SpaceName spaces[] = {
    { "", SPACE_FLAT }, { "cs", SPACE_FLAT }, { "ds", SPACE_FLAT }, { "es", SPACE_FLAT },
    { "fs", SPACE_FLAT }, { "gs", SPACE_FLAT }, { "ss", SPACE_FLAT }, { "gd", SPACE_FLAT },
    { "cud", SPACE_FLAT }, { "r", SPACE_RECOVERY },
    { "ap", SPACE_TAGGED }, { "odw", SPACE_TAGGED }, { "odp", SPACE_TAGGED },
    { "odr", SPACE_TAGGED },
};

/* "ldgdq" -> load, gd, q */
static bool parse_name(const char *name, bool *store, uint8_t *bits, Space *space)
{
    size_t n = strlen(name);

    if (strncmp(name, "ld", 2) != 0 && strncmp(name, "st", 2) != 0) {
        return false;
    }
    *store = name[0] == 's';
    for (unsigned i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        size_t len = strlen(suffixes[i].text);

        if (n < 2 + len || strcmp(name + n - len, suffixes[i].text) != 0) {
            continue;
        }
        for (unsigned k = 0; k < G_N_ELEMENTS(spaces); k++) {
            if (strlen(spaces[k].text) == n - len - 2 &&
                strncmp(name + 2, spaces[k].text, n - len - 2) == 0) {
                *bits = suffixes[i].bits;
                *space = (Space)spaces[k].space;
                return true;
            }
        }
    }
    return false;
}

static bool is_load(const E2kOpRow *row)
{
    Space space;
    uint8_t bits;
    bool store;

    return parse_name(row->name, &store, &bits, &space) && !store;
}

/* ---- parts ---- */

E2kAccess e2k_access(const E2kAlop *op, unsigned lg_bytes, bool pair, bool lower)
{
    bool be = MAS_MOD(op->mas) != MAS_SPECIAL && (op->mas & MAS_BE);

    return (E2kAccess){ .lg_bytes = (uint8_t)lg_bytes, .be = be && lg_bytes,
                        .disp = pair && lower == be ? 8 : 0 };
}

static E2kAccess access_of(const E2kAlop *op, const E2kEmit *e, bool store)
{
    bool lower = store ? op->channel == 2 : op->channel == 0 || op->channel == 3;

    return e2k_access(op, e->a & LG_MASK, e->a & F_PAIR, lower);
}

static IrVal add_const(DC *dc, IrVal v, uint64_t n)
{
    IrVal t;

    if (!n) {
        return v;
    }
    t = ir_temp(dc->b, IR_I64);
    ir_addi(dc->b, t, v, n);
    return t;
}

/* src1 + src2 + @extra, in 32 bits where the row says so; e->c: SPACE_RECOVERY's word as src2 */
static IrVal address(DC *dc, const E2kAlop *op, const E2kEmit *e, uint64_t extra)
{
    IrVal t, u;
    uint64_t c;

    if (op->row->src1 == W_S) {
        t = ir_temp(dc->b, IR_I32);
        u = ir_temp(dc->b, IR_I64);
        ir_add(dc->b, t, e2k_src(dc, op, 1, IR_I32), e2k_src(dc, op, 2, IR_I32));
        ir_zext(dc->b, u, t);
        return add_const(dc, u, extra);
    }
    t = e2k_src(dc, op, 1, IR_I64);
    if (e->a & F_MASKED) {
        return t;
    }
    if (e2k_src_const(dc, op, 2, &c)) {
        if (e->c == SPACE_RECOVERY) {
            c = (uint64_t)(int64_t)(int32_t)c;
        }
        return add_const(dc, t, c + extra);
    }
    u = e2k_src(dc, op, 2, IR_I64);
    if (e->c == SPACE_RECOVERY) {
        IrVal offset = ir_temp(dc->b, IR_I64);

        ir_ext32s(dc->b, offset, u);
        u = offset;
    }
    IrVal sum = ir_temp(dc->b, IR_I64);
    ir_add(dc->b, sum, t, u);
    return add_const(dc, sum, extra);
}

static IrVal range_ok(DC *dc, IrVal addr)
{
    IrVal t = ir_temp(dc->b, IR_I64), ok = ir_temp(dc->b, IR_I32);

    ir_subi(dc->b, t, addr, E2K_LOWEST_MAPPED);
    ir_setcondi(dc->b, IR_COND_LTU, ok, t, E2K_USER_END - E2K_LOWEST_MAPPED - 16);
    return ok;
}

/* a program of root may have mapped the lowest pages */
static bool low_pages_mapped(DC *dc)
{
    for (uint64_t page = 0; page < E2K_LOWEST_MAPPED; page += PAGE_SIZE_) {
        if (cpu_probe(dc->cpu, page, MMU_READ, 0, true, 0)) {
            return true;
        }
    }
    return false;
}

IrVal e2k_access_ok(DC *dc, bool sm, IrVal addr, unsigned bytes, bool write)
{
    unsigned level = sm ? e2k_check_level(dc->bundle.pc) : E2K_CHECK_NONE;
    IrVal ok;

    if (level == E2K_CHECK_NONE) {
        return NULL;
    }
    if (level == E2K_CHECK_RANGE && !low_pages_mapped(dc)) {
        return range_ok(dc, addr);
    }
    ok = ir_temp(dc->b, IR_I32);
    e2k_call(dc, &e2k_helper_accessible, ok, 4, ir_env(dc->b), addr, ir_i32(dc->b, bytes),
             ir_i32(dc->b, write), NULL, NULL);
    return ok;
}

static IrVal choose(DC *dc, IrVal ok, IrVal yes, IrVal no)
{
    IrVal t = ir_temp(dc->b, ir_type(yes));

    ir_movcond(dc->b, IR_COND_NE, t, ok, ir_i32(dc->b, 0), yes, no);
    return t;
}

/* the value with its bytes in the other order, zero-extended; may be @v itself */
static IrVal swapped(DC *dc, const E2kAccess *a, IrVal v)
{
    IrVal t = ir_temp(dc->b, IR_I64);

    ir_bswap(dc->b, t, v);
    if (a->lg_bytes < 3) {
        ir_shri(dc->b, t, t, 64 - (8u << a->lg_bytes));
    }
    return t;
}

static IrVal load_int(DC *dc, const E2kAccess *a, IrVal addr, MemOp mo)
{
    IrVal v = ir_temp(dc->b, IR_I64);

    ir_gld(dc->b, v, addr, mo);
    return a->be ? swapped(dc, a, v) : v;
}

static IrVal load_128(DC *dc, const E2kAccess *a, IrVal addr)
{
    IrVal v = ir_temp(dc->b, IR_V128), t, lo, hi;

    if (!a->be) {
        ir_gld(dc->b, v, addr, MO_128);
        return v;
    }
    hi = load_int(dc, &(E2kAccess){ .lg_bytes = 3, .be = true }, addr, MO_64);
    lo = load_int(dc, &(E2kAccess){ .lg_bytes = 3, .be = true }, add_const(dc, addr, 8), MO_64);
    t = ir_temp(dc->b, IR_V128);
    ir_op1(dc->b, IR_vzext64, t, lo);
    ir_op2i(dc->b, IR_vinsert64, v, t, hi, 1);
    return v;
}

IrVal e2k_load_value(DC *dc, const E2kAccess *a, IrVal addr, IrVal ok, const uint64_t diag[2])
{
    IrVal v, failed;

    if (ok) {
        addr = choose(dc, ok, addr, ir_i64(dc->b, (uintptr_t)diag));
    }
    if (ok && dc->tags) {
        failed = ir_temp(dc->b, IR_I32);
        ir_xori(dc->b, failed, ok, 1);
        e2k_result_diag(dc, failed);
    }
    if (a->lg_bytes == 4) {
        return load_128(dc, a, addr);
    }
    v = load_int(dc, a, addr, a->lg_bytes);
    if (ok && (a->lg_bytes < 3 || a->be)) {
        v = choose(dc, ok, v, ir_i64(dc->b, diag[0]));
    }
    return v;
}

/* ---- loads ---- */

static void load_nothing(DC *dc, const E2kAlop *op, uint64_t lo)
{
    IrVal v = ir_temp(dc->b, IR_I64), q;

    ir_movi(dc->b, v, lo);
    if (op->row->dst == W_P) {
        q = ir_temp(dc->b, IR_V128);
        ir_op1(dc->b, IR_vzext64, q, v);
        ir_op2i(dc->b, IR_vinsert64, q, q, v, 1);
        v = q;
    }
    e2k_dst(dc, op, v);
}

/* The check of an earlier load: does memory still hold what the register has? */
static void check_conflict(DC *dc, const E2kAlop *op, IrVal v)
{
    IrVal failed = ir_temp(dc->b, IR_I32);

    if (ir_type(v) == IR_I64 && e2k_is_reg(op->dst)) {
        ir_setcond(dc->b, IR_COND_NE, failed, v, e2k_src(dc, op, 4, IR_I64));
    } else {
        ir_movi(dc->b, failed, 1);
    }
    e2k_set_env_late(dc, failed, ENV_OFS(mlock));
}

static IrVal half(DC *dc, IrVal v, IrOp op)
{
    IrVal t = ir_temp(dc->b, IR_I64);

    ir_op1(dc->b, op, t, v);
    return t;
}

static IrVal copy_of(DC *dc, IrVal v)
{
    IrVal t = ir_temp(dc->b, ir_type(v));

    ir_mov(dc->b, t, v);
    return t;
}

/* first half of an atomic sequence; @upper: upper channel of a pair */
static void remember_lock(DC *dc, IrVal addr, IrVal v, bool upper)
{
    if (upper) {
        e2k_set_env_late(dc, copy_of(dc, v), ENV_OFS(lock_value_hi));
        return;
    }
    e2k_set_env_late(dc, copy_of(dc, addr), ENV_OFS(lock_addr));
    if (ir_type(v) == IR_V128) {
        e2k_set_env_late(dc, half(dc, v, IR_vlow64), ENV_OFS(lock_value));
        e2k_set_env_late(dc, half(dc, v, IR_vhigh64), ENV_OFS(lock_value_hi));
    } else {
        e2k_set_env_late(dc, copy_of(dc, v), ENV_OFS(lock_value));
    }
}

static bool is_check(DC *dc, const E2kAlop *op)
{
    unsigned mod = MAS_MOD(op->mas);

    /* v6: with this bit it is a load with acquire semantics, as all of them are here */
    if (dc->version >= 6 && (op->mas & MAS_V6_ORDERED)) {
        return false;
    }
    return (op->channel == 2 || op->channel == 5) &&
           (mod == MAS_LD_CHECK || mod == MAS_LD_CHECK_UNLOCK);
}

/* cache, TLB and other diagnostic accesses: nothing that a user program could see */
static bool is_special_load(const E2kAlop *op)
{
    return MAS_MOD(op->mas) == MAS_SPECIAL && MAS_OPC(op->mas) >= 7;
}

/* is there a speculative access behind channel @c? */
static bool speculation_after(const E2kBundle *b, unsigned c)
{
    if (b->mova[0].opcode | b->mova[1].opcode | b->mova[2].opcode | b->mova[3].opcode) {
        return true;
    }
    while (++c < E2K_N_CHANNELS) {
        if ((b->alop_mask >> c & 1) && b->alop[c].sm && is_load(b->alop[c].row)) {
            return true;
        }
    }
    return false;
}

static void load_tags(DC *dc, const E2kAlop *op, IrVal addr, unsigned n_bytes)
{
    IrVal tags = ir_temp(dc->b, IR_I32);

    e2k_call(dc, &e2k_helper_get_tags, tags, 3, ir_env(dc->b), addr, ir_i32(dc->b, n_bytes), NULL,
             NULL, NULL);
    e2k_result_tags(dc, op, tags);
}

static void emit_load(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    E2kAccess a = access_of(op, e, false);
    IrVal addr, at, v;

    if (is_special_load(op)) {
        load_nothing(dc, op, 0);
    } else {
        addr = address(dc, op, e, a.disp);
        at = e2k_guarded_addr(dc, addr, NULL);
        v = e2k_load_value(dc, &a, at, e2k_access_ok(dc, op->sm, at, 1u << a.lg_bytes, false),
                           e2k_diag);
        if (is_check(dc, op)) {
            check_conflict(dc, op, v);
        } else if (op->mas == MAS_LD_WAIT_LOCK) {
            remember_lock(dc, addr, v, (e->a & F_PAIR) && a.disp == 8);
        }
        if (dc->tags && e->c == SPACE_RECOVERY) {
            load_tags(dc, op, at, 1u << a.lg_bytes);
        }
        e2k_dst(dc, op, v);
    }
    if (!speculation_after(&dc->bundle, op->channel)) {
        e2k_flush_stores(dc);
    }
}

/* Nothing has the tag of an array pointer in a 64-bit program. */
static void emit_tagged(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    if (op->sm && is_load(op->row)) {
        load_nothing(dc, op, E2K_DIAG64);
        e2k_result_diag(dc, ir_i32(dc->b, 1));
    } else {
        e2k_emit_trap(dc, E2K_EXC_ILLEGAL_OPERAND);
    }
    if (!speculation_after(&dc->bundle, op->channel)) {
        e2k_flush_stores(dc);
    }
}

/* ---- stores that wait ----
 * A speculative access that faults restarts its bundle. Stores in front of it would be made twice:
 * that matters for a compare-and-swap, and where the bundle also loads what it stores.
 */

typedef struct Deferred {
    const E2kAlop *op;
    const E2kEmit *e;
    IrVal guard;
    E2kStored stored;
} Deferred;

static __thread struct {
    Deferred store[2];
    unsigned n;
} waiting;

static bool loads_before(const E2kBundle *b, unsigned channel)
{
    for (unsigned c = 0; c < channel; c++) {
        if ((b->alop_mask >> c & 1) && is_load(b->alop[c].row)) {
            return true;
        }
    }
    return false;
}

bool e2k_defer_store(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    const E2kBundle *b = &dc->bundle;

    if (!speculation_after(b, op->channel) || waiting.n == 2 ||
        (MAS_MOD(op->mas) != MAS_ST_ATOMIC && !loads_before(b, op->channel))) {
        return false;
    }
    waiting.store[waiting.n++] = (Deferred){ op, e, dc->guard, dc->stored };
    return true;
}

void e2k_flush_stores(DC *dc)
{
    unsigned n = waiting.n;
    IrVal guard = dc->guard;

    for (unsigned i = 0; i < n; i++) {
        const Deferred *d = &waiting.store[i];

        waiting.n = 2;                  /* does not wait again */
        dc->guard = d->guard;
        dc->stored = d->stored;
        d->e->fn(dc, d->op, d->e);
    }
    waiting.n = 0;
    dc->guard = guard;
    dc->stored = (E2kStored){ NULL, NULL };
}

/* ---- stores ---- */

static void store_128(DC *dc, const E2kAccess *a, IrVal v, IrVal addr)
{
    const E2kAccess d = { .lg_bytes = 3, .be = true };

    if (!a->be) {
        ir_gst(dc->b, v, addr, MO_128);
        return;
    }
    ir_gst(dc->b, swapped(dc, &d, half(dc, v, IR_vhigh64)), addr, MO_64);
    ir_gst(dc->b, swapped(dc, &d, half(dc, v, IR_vlow64)), add_const(dc, addr, 8), MO_64);
}

/* Tells the tags of memory of a store to @addr. */
static void store_tags(DC *dc, IrVal addr, unsigned n_bytes)
{
    if (dc->tags && (dc->stored.tags || e2k_memory_has_tags())) {
        e2k_call(dc, &e2k_helper_put_tags, NULL, 4, ir_env(dc->b), addr, ir_i32(dc->b, n_bytes),
                 dc->stored.tags ? dc->stored.tags : ir_i32(dc->b, 0), NULL, NULL);
    }
}

static void store_int_be(DC *dc, const E2kAccess *a, const E2kAlop *op, IrVal addr)
{
    IrVal v = e2k_src(dc, op, 4, a->lg_bytes == 3 ? IR_I64 : IR_I32), t;

    t = ir_temp(dc->b, ir_type(v));
    ir_bswap(dc->b, t, v);
    if (a->lg_bytes == 1) {
        ir_shri(dc->b, t, t, 16);
    }
    ir_gst(dc->b, t, addr, a->lg_bytes);
}

void e2k_store_src4(DC *dc, const E2kAlop *op, const E2kAccess *a, IrVal addr)
{
    IrVal ok = e2k_loop_store_ok(dc);

    ok = e2k_and_cond(dc, ok, e2k_access_ok(dc, op->sm, addr, 1u << a->lg_bytes, true));
    addr = e2k_guarded_addr(dc, addr, ok);
    if (a->lg_bytes == 4) {
        store_128(dc, a, e2k_src(dc, op, 4, IR_V128), addr);
    } else if (a->be) {
        store_int_be(dc, a, op, addr);
    } else if (a->lg_bytes == 3) {
        ir_gst(dc->b, e2k_src_any64(dc, op, 4), addr, MO_64);
    } else if (a->lg_bytes == 2) {
        ir_gst(dc->b, e2k_src_any32(dc, op, 4), addr, MO_32);
    } else {
        ir_gst(dc->b, e2k_src(dc, op, 4, IR_I32), addr, a->lg_bytes);
    }
    store_tags(dc, addr, 1u << a->lg_bytes);
}

static IrVal flag_or_1(DC *dc, IrVal v)
{
    return v ? v : ir_i32(dc->b, 1);
}

static void emit_masked_store(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal v = e2k_src(dc, op, 4, IR_V128), addr = address(dc, op, e, 0), doit;
    IrVal lo = half(dc, v, IR_vlow64), hi = half(dc, v, IR_vhigh64);
    E2kAccess a = access_of(op, e, true);

    if (a.be) {
        const E2kAccess d = { .lg_bytes = 3, .be = true };
        IrVal t = swapped(dc, &d, lo);

        lo = swapped(dc, &d, hi);
        hi = t;
    }
    doit = e2k_and_cond(dc, e2k_and_cond(dc, dc->guard, e2k_loop_store_ok(dc)),
                        e2k_access_ok(dc, op->sm, addr, 16, true));
    e2k_call(dc, &e2k_helper_stmqp, NULL, 6, ir_env(dc->b), addr, e2k_src(dc, op, 2, IR_I32), lo,
             hi, flag_or_1(dc, doit));
    store_tags(dc, e2k_guarded_addr(dc, addr, doit), 16);
}

/* both halves of a 16-byte atomic store: of a pair, or of one register */
static void emit_atomic_16(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    IrVal addr = address(dc, op, e, 0), lo, hi, failed = ir_temp(dc->b, IR_I32);

    if (e->a & F_PAIR) {
        if (op->channel != 5) {
            return;                     /* with the other half */
        }
        lo = e2k_src(dc, &dc->bundle.alop[2], 4, IR_I64);
        hi = e2k_src(dc, op, 4, IR_I64);
    } else {
        IrVal v = e2k_src(dc, op, 4, IR_V128);

        lo = half(dc, v, IR_vlow64);
        hi = half(dc, v, IR_vhigh64);
    }
    e2k_call(dc, &e2k_helper_cas16, failed, 5, ir_env(dc->b), addr, lo, hi,
             flag_or_1(dc, e2k_and_cond(dc, dc->guard, e2k_loop_store_ok(dc))), NULL);
    e2k_set_env_late(dc, failed, ENV_OFS(mlock));
    store_tags(dc, e2k_guarded_addr(dc, addr, NULL), 16);
}

/* The store that ends an atomic sequence. */
static void emit_atomic_store(DC *dc, const E2kAlop *op, const E2kEmit *e, const E2kAccess *a)
{
    IrVal addr = address(dc, op, e, a->disp), expect = ir_temp(dc->b, IR_I64);
    IrVal same = ir_temp(dc->b, IR_I32), old = ir_temp(dc->b, IR_I64), v, ok;
    IrVal failed = ir_temp(dc->b, IR_I32);

    ir_setcond(dc->b, IR_COND_EQ, same, addr, e2k_ld_env(dc, IR_I64, ENV_OFS(lock_addr)));
    ok = e2k_and_cond(dc, same, e2k_loop_store_ok(dc));
    ir_extract(dc->b, expect, e2k_ld_env(dc, IR_I64, ENV_OFS(lock_value)), 0, 8u << a->lg_bytes);
    v = e2k_src(dc, op, 4, IR_I64);
    if (a->be) {
        v = swapped(dc, a, v);
        expect = swapped(dc, a, expect);
    }
    ir_gcmpxchg(dc->b, old, e2k_guarded_addr(dc, addr, ok), expect, v, a->lg_bytes);
    ir_setcond(dc->b, IR_COND_NE, failed, old, expect);
    e2k_set_env_late(dc, choose(dc, ok, failed, ir_i32(dc->b, 1)), ENV_OFS(mlock));
    store_tags(dc, e2k_guarded_addr(dc, addr, ok), 1u << a->lg_bytes);
}

static void emit_store(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    E2kAccess a = access_of(op, e, true);

    if (MAS_MOD(op->mas) == MAS_SPECIAL || e2k_defer_store(dc, op, e)) {
        return;                         /* caches and the like: memory is not touched */
    }
    if (e->a & F_MASKED) {
        emit_masked_store(dc, op, e);
    } else if (MAS_MOD(op->mas) != MAS_ST_ATOMIC) {
        e2k_store_src4(dc, op, &a, address(dc, op, e, a.disp));
    } else if (a.lg_bytes == 4 || e->a & F_PAIR) {
        emit_atomic_16(dc, op, e);
    } else {
        emit_atomic_store(dc, op, e, &a);
    }
}

bool e2k_resolve_mem(const E2kOpRow *row, E2kEmit *e)
{
    uint8_t bits;
    Space space;
    bool store;

    if (e2k_resolve_aau(row, e)) {
        return true;
    }
    if (row->format != ALF1 && row->format != ALF3 && row->format != ALF11 &&
        row->format != ALF13) {
        return false;
    }
    if (!parse_name(row->name, &store, &bits, &space)) {
        return false;
    }
    e->a = bits;
    e->c = (uint16_t)space;
    e->fn = space == SPACE_TAGGED ? emit_tagged : store ? emit_store : emit_load;
    return true;
}
