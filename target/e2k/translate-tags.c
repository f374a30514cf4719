/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operand tags (tags=on): what an operation does with those of its operands, around the families,
 * which know little of it.
 *
 * Before anything of a bundle is done, e2k_tags_check() looks at the operands of all its
 * operations: one that is no number ends in a trap, or, if the operation is speculative, in a
 * diagnostic result. When the family has queued the writes, e2k_tags_result() gives them their
 * tags; commit stores these beside the register. A block remembers which 32-bit words are numbers,
 * so that most operands need no look and most results no store.
 *
 * Predicates have a tag too: E2K_PRED_DIAG in their byte. A diagnostic condition is a trap, or, of a
 * speculative operation, runs it and makes the result diagnostic.
 */
#include <string.h>
#include "target/e2k/mem.h"
#include "target/e2k/translate-hooks.h"
#include "target/e2k/translate-priv.h"

/* ---- how operations treat tags ---- */

typedef enum Use {
    USE_CHECKED,            /* operands must be numbers; the result is one */
    USE_UNCHECKED,          /* operands may be anything; the result is a number */
    USE_MOVE,               /* tags go with the value */
    USE_GET,                /* the operand's tags are the result's value */
    USE_PUT,                /* source 1 with the tags that source 2 says */
    USE_INSFD,              /* source 2 says how much of sources 1 and 3 counts */
    USE_SELECT,             /* of sources 1 and 2 the one that the condition selects counts */
    USE_STORE,
    USE_STORE_TAGGED,       /* the value's tags go to memory (ldrd's come by e2k_result_tags()) */
} Use;

static uint8_t *uses;       /* Use, one for each row */

static bool is_aau(const E2kOpRow *row)
{
    return row->format == ALF10 || row->format == ALF19 || row->format == AAURR ||
           row->format == AAURW;
}

static Use use_of(const E2kOpRow *row)
{
    if (is_aau(row) || row->format == ALF21M || g_str_has_prefix(row->name, "qpcheck")) {
        return USE_UNCHECKED;
    }
    if (row->category == CAT_TAG_MOVE) {
        return strchr(row->name, 'c') ? USE_CHECKED : USE_MOVE;         /* movtc, movtrc */
    }
    if (row->category == CAT_TAG) {
        return g_str_has_prefix(row->name, "get") ? USE_GET : USE_PUT;
    }
    if (row->format == ALF1M) {
        return USE_SELECT;
    }
    if (!strcmp(row->name, "insfd")) {
        return USE_INSFD;
    }
    if (row->category == CAT_STORE_TAG) {
        return USE_STORE_TAGGED;
    }
    return row->mas && row->dst == W_NONE && row->src3 ? USE_STORE : USE_CHECKED;
}

void e2k_tags_init(void)
{
    uses = g_new(uint8_t, e2k_n_op_rows);
    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        uses[i] = (uint8_t)use_of(&e2k_op_rows[i]);
    }
}

/* ---- tags in memory ---- */

enum { DIAG_WORDS = 0x01010101 * E2K_TAG_DIAG };

static unsigned words_of(unsigned width)
{
    static const uint8_t words[] = { [W_S] = 1, [W_D] = 2, [W_X] = 2, [W_Q] = 2, [W_P] = 4 };

    return width < G_N_ELEMENTS(words) ? words[width] : 0;
}

static unsigned mask_of(unsigned n_words) { return (1u << n_words) - 1; }
static MemOp mo_of(unsigned n_words) { return n_words == 1 ? MO_8 : n_words == 2 ? MO_16 : MO_32; }

static IrVal slot(DC *dc, unsigned reg, int32_t *ofs)
{
    DCPriv *p = dc->p;
    IrVal bias, t;

    if (reg >= REG_GLOBAL0) {
        *ofs = ENV_OFS(gtags) + (int32_t)((reg - REG_GLOBAL0) * sizeof(E2kTags));
        return ir_env(dc->b);
    }
    *ofs = (int32_t)(reg * sizeof(E2kTags));
    if (!p->tag_base) {
        bias = ir_temp(dc->b, IR_I64);
        t = ir_temp(dc->b, IR_I64);
        p->tag_base = ir_temp(dc->b, IR_I64);
        ir_ld(dc->b, bias, ir_env(dc->b), ENV_OFS(ps_tags), MO_64);
        ir_shri(dc->b, t, e2k_win(dc), 2);
        ir_add(dc->b, p->tag_base, t, bias);
    }
    return p->tag_base;
}

/* The first pass of a trace: its iterations will find numbers in these words, as far as they have
 * not written them. */
static void assume(DC *dc, unsigned reg, unsigned mask)
{
    Trace *t = dc->p->trace;

    if (t && t->recording) {
        mask &= ~dc->p->tags_written[reg];
        t->numeric[reg] |= (uint8_t)mask;
        dc->p->numeric[reg] |= (uint8_t)mask;
    }
}

/* NULL: numbers */
static IrVal load(DC *dc, unsigned reg, unsigned n_words)
{
    unsigned mask = mask_of(n_words);
    IrVal t, base;
    int32_t ofs;

    assume(dc, reg, mask & ~dc->p->numeric[reg]);
    if ((dc->p->numeric[reg] & mask) == mask) {
        return NULL;
    }
    t = ir_temp(dc->b, IR_I32);
    base = slot(dc, reg, &ofs);
    ir_ld(dc->b, t, base, ofs, mo_of(n_words));
    return t;
}

static int source_reg(DC *dc, const E2kAlop *op, unsigned n)
{
    const uint8_t codes[] = { 0, op->src1, op->src2, op->src3, op->dst };

    return e2k_is_reg(codes[n]) ? e2k_reg_of_code(dc, codes[n]) : -1;
}

static IrVal source(DC *dc, const E2kAlop *op, unsigned n, unsigned width)
{
    unsigned n_words = words_of(width);
    int reg = n_words ? source_reg(dc, op, n) : -1;

    return reg < 0 || (n == 1 && op->row->src1_fixed >= 0) ? NULL : load(dc, (unsigned)reg, n_words);
}

IrVal e2k_src_tags(DC *dc, const E2kAlop *op, unsigned n)
{
    return dc->tags ? source(dc, op, n, W_D) : NULL;
}

/* ---- small expressions ---- */

IrVal e2k_or_diag(DC *dc, IrVal a, IrVal c)
{
    IrVal t;

    if (!a || !c) {
        return a ? a : c;
    }
    t = ir_temp(dc->b, IR_I32);
    ir_or(dc->b, t, a, c);
    return t;
}

/* cond ? yes : no, where NULL is 0 */
static IrVal select_tags(DC *dc, IrVal cond, IrVal yes, IrVal no)
{
    IrVal zero = ir_i32(dc->b, 0);

    return yes || no ? e2k_choose(dc, cond, yes ? yes : zero, no ? no : zero) : NULL;
}

/* bad is not 0 ? diagnostic : tags */
static IrVal diag_or(DC *dc, IrVal bad, IrVal tags)
{
    return bad ? e2k_choose(dc, bad, ir_i32(dc->b, DIAG_WORDS), tags ? tags : ir_i32(dc->b, 0))
               : tags;
}

static IrVal is_set(DC *dc, IrVal tags)
{
    IrVal t = ir_temp(dc->b, IR_I32);

    ir_setcondi(dc->b, IR_COND_NE, t, tags, 0);
    return t;
}

static void trap_if(DC *dc, IrVal bad, IrVal guard, unsigned trapno)
{
    if (bad) {
        bad = select_tags(dc, guard, bad, NULL);
        ir_brcondi(dc->b, IR_COND_NE, bad, 0, e2k_cold_trap(dc, trapno));
    }
}

/* ---- predicates ---- */

IrVal e2k_pred_diag(DC *dc, unsigned n)
{
    if (!dc->tags) {
        return NULL;
    }
    e2k_pred(dc, n);
    return dc->p->pred_diag[e2k_phys_pred(dc, n & 31)];
}

static IrVal cond_diag(DC *dc, const E2kCond *c)
{
    return c->pcnt ? NULL : e2k_pred_diag(dc, c->n);
}

static void pred_is_valid(DC *dc, unsigned n)
{
    dc->p->pred_diag[e2k_phys_pred(dc, n & 31)] = NULL;
}

/* Under which condition does the operation run? Diagnostic predicates let it; *diag: one is. */
static IrVal guard_of(DC *dc, const E2kAlop *op, IrVal *diag)
{
    IrVal g = NULL;

    *diag = NULL;
    for (unsigned i = 0; i < op->n_conds; i++) {
        *diag = e2k_or_diag(dc, *diag, cond_diag(dc, &op->conds[i]));
    }
    if (!*diag) {
        return e2k_guard_of(dc, op);
    }
    for (unsigned i = 0; i < op->n_conds; i++) {
        IrVal v = e2k_cond(dc, &op->conds[i]), d = cond_diag(dc, &op->conds[i]);

        g = e2k_and_cond(dc, g, e2k_or_diag(dc, v, d));
    }
    *diag = e2k_and_cond(dc, *diag, g);
    return g;
}

/* a result that nothing can be seen of later: diagnostic conditions trap even under sm */
static bool has_no_tags(const E2kAlop *op)
{
    return op->row->dst == W_SR || (op->row->dst != W_PRED && op->row->dst != W_NONE &&
                                    op->dst >= E2K_DST_CTPR1 && op->dst <= E2K_DST_CTPR3);
}

static void check_guard(DC *dc, const E2kAlop *op, OpTags *t)
{
    IrVal diag;

    t->guard = guard_of(dc, op, &diag);
    if (op->sm && !has_no_tags(op)) {
        t->bad = diag;
        return;
    }
    trap_if(dc, diag, NULL, E2K_EXC_DIAG_COND);
    if (diag && op->n_conds == 1) {
        pred_is_valid(dc, op->conds[0].n);
    }
}

static void check_transfer(DC *dc)
{
    enum { BY_PRED = 1 << 2 | 1 << 3, BY_PRED_AND_LOOP = 1 << 6 | 1 << 7 | 1 << 14 | 1 << 15 };
    const E2kBundle *b = &dc->bundle;
    unsigned type = b->has_ss && !SS_TYPE(b) ? SS_COND(b) : 0;
    IrVal diag, started;

    if (!((BY_PRED | BY_PRED_AND_LOOP) >> type & 1) || !(diag = e2k_pred_diag(dc, SS_PSRC(b)))) {
        return;
    }
    if (BY_PRED >> type & 1) {
        trap_if(dc, diag, NULL, E2K_EXC_DIAG_CT_COND);
        pred_is_valid(dc, SS_PSRC(b));
        return;
    }
    started = ir_temp(dc->b, IR_I32);
    ir_setcondi(dc->b, IR_COND_EQ, started, e2k_ld_env(dc, IR_I32, ENV_OFS(pcnt)), 0);
    trap_if(dc, diag, started, E2K_EXC_DIAG_CT_COND);
}

/* ---- operands ---- */

typedef struct Operand { uint8_t n, width; } Operand;

/* the row's sources; the last one may be what is stored */
static void operands_of(const E2kOpRow *row, Operand o[3])
{
    o[0] = (Operand){ 1, row->src1 };
    o[1] = (Operand){ 2, row->src2 };
    o[2] = (Operand){ row->ales_lo == E2K_ALES_SRC3 ? 3 : 4, row->src3 };
}

static IrVal tags_of_all(DC *dc, const E2kAlop *op, const Operand *o, unsigned n)
{
    IrVal all = NULL;

    for (unsigned i = 0; i < n; i++) {
        all = e2k_or_diag(dc, all, source(dc, op, o[i].n, o[i].width));
    }
    return all;
}

static void all_are_numbers(DC *dc, const E2kAlop *op, const Operand *o, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        int reg = words_of(o[i].width) ? source_reg(dc, op, o[i].n) : -1;

        if (reg >= 0 && !(o[i].n == 1 && op->row->src1_fixed >= 0)) {
            dc->p->numeric[reg] |= (uint8_t)mask_of(words_of(o[i].width));
        }
    }
}

static void trap_or_bad(DC *dc, const E2kAlop *op, OpTags *t, IrVal bad)
{
    if (op->sm) {
        t->bad = e2k_or_diag(dc, t->bad, bad);
    } else {
        trap_if(dc, bad, t->guard, E2K_EXC_DIAG_OPERAND);
    }
}

static void check_operands(DC *dc, const E2kAlop *op, OpTags *t, const Operand *o, unsigned n)
{
    trap_or_bad(dc, op, t, tags_of_all(dc, op, o, n));
    if (!op->sm && !t->guard) {
        all_are_numbers(dc, op, o, n);
    }
}

/* the tags of both words, or of the low one alone where bit @bit of insfd's s2 is set */
static IrVal narrowed(DC *dc, const E2kAlop *op, unsigned n, unsigned bit)
{
    enum { LOW_WORD = 0xff };
    IrVal tags = source(dc, op, n, W_D), low, narrow;

    if (!tags) {
        return NULL;
    }
    low = ir_temp(dc->b, IR_I32);
    narrow = ir_temp(dc->b, IR_I32);
    ir_andi(dc->b, low, tags, LOW_WORD);
    ir_andi(dc->b, narrow, e2k_src(dc, op, 2, IR_I32), 1u << bit);
    return e2k_choose(dc, narrow, low, tags);
}

/* s2[13] and s2[15] say that of s1 and s3 only the low words must be numbers */
static void check_insfd(DC *dc, const E2kAlop *op, OpTags *t)
{
    enum { NARROW_1 = 13, NARROW_3 = 15 };
    const Operand how = { 2, W_D };

    check_operands(dc, op, t, &how, 1);
    trap_or_bad(dc, op, t, e2k_or_diag(dc, narrowed(dc, op, 1, NARROW_1),
                                       narrowed(dc, op, 3, NARROW_3)));
}

static void check_ordinary(DC *dc, const E2kAlop *op, OpTags *t)
{
    Operand o[3];

    operands_of(op->row, o);
    check_operands(dc, op, t, o, 3);
}

static void check_move(DC *dc, const E2kAlop *op, OpTags *t)
{
    t->tags = source(dc, op, 2, op->row->src2);
}

/* a number's bits 1..0, 3..2, 5..4, 7..6 as bytes */
static IrVal tags_from_number(DC *dc, IrVal v, unsigned n_words)
{
    IrVal all = NULL;

    for (unsigned i = 0; i < n_words; i++) {
        IrVal t = ir_temp(dc->b, IR_I32);

        ir_extract(dc->b, t, v, 2 * i, 2);
        ir_shli(dc->b, t, t, 8 * i);
        all = e2k_or_diag(dc, all, t);
    }
    return all;
}

static void check_put(DC *dc, const E2kAlop *op, OpTags *t)
{
    const Operand tag = { 2, op->row->src2 };
    uint64_t number;

    check_operands(dc, op, t, &tag, 1);
    if (!e2k_src_const(dc, op, 2, &number) || number & 0xff) {
        t->tags = tags_from_number(dc, e2k_src(dc, op, 2, IR_I32), words_of(op->row->src1));
    }
}

static void check_select(DC *dc, const E2kAlop *op, OpTags *t)
{
    IrVal diag = op->has_mrgc ? cond_diag(dc, &op->mrgc) : NULL;
    IrVal bad = select_tags(dc, e2k_mrgc(dc, op), source(dc, op, 2, op->row->src2),
                            source(dc, op, 1, op->row->src1));

    if (op->sm) {
        t->bad = e2k_or_diag(dc, t->bad, diag);
    } else {
        trap_if(dc, diag, t->guard, E2K_EXC_DIAG_COND);
    }
    trap_or_bad(dc, op, t, bad);
}

#define POISON 0x4000000040000000ull        /* what a speculative store marks such values with */

/* @runs: the loop's condition. Under sm a diagnostic address drops the store. */
static void check_store(DC *dc, const E2kAlop *op, OpTags *t, IrVal runs)
{
    bool tagged = uses[op->row - e2k_op_rows] == USE_STORE_TAGGED;
    IrVal addr, value, good;
    Operand o[3];

    operands_of(op->row, o);
    addr = tags_of_all(dc, op, o, 2);
    value = tags_of_all(dc, op, o + 2, 1);
    if (tagged) {
        t->stored.tags = value;
        value = NULL;
    }
    if (!op->sm) {
        trap_if(dc, e2k_or_diag(dc, addr, value), e2k_and_cond(dc, t->guard, runs),
                E2K_EXC_DIAG_OPERAND);
        if (!t->guard && !runs) {
            all_are_numbers(dc, op, o, tagged ? 2 : 3);
        }
        return;
    }
    if (addr) {
        good = ir_temp(dc->b, IR_I32);
        ir_setcondi(dc->b, IR_COND_EQ, good, addr, 0);
        t->guard = e2k_and_cond(dc, t->guard, good);
    }
    value = e2k_or_diag(dc, value, t->bad);
    if (value) {
        t->stored.poison = e2k_choose(dc, value, ir_i64(dc->b, POISON), ir_i64(dc->b, 0));
    }
}

static bool is_array_store(const E2kAlop *op)
{
    return op->row->format == ALF10 && op->mas != MAS_AAU;
}

static void check_op(DC *dc, const E2kAlop *op, IrVal *strmd)
{
    OpTags *t = &dc->p->op_tags[op->channel];
    Use use = uses[op->row - e2k_op_rows];
    IrVal runs = NULL;

    *t = (OpTags){ 0 };
    check_guard(dc, op, t);
    if (use == USE_STORE || use == USE_STORE_TAGGED || is_array_store(op)) {
        runs = e2k_loop_store(dc, strmd);
    }
    switch (use) {
    case USE_CHECKED:
        check_ordinary(dc, op, t);
        break;
    case USE_INSFD:
        check_insfd(dc, op, t);
        break;
    case USE_MOVE:
        check_move(dc, op, t);
        break;
    case USE_PUT:
        check_put(dc, op, t);
        break;
    case USE_SELECT:
        check_select(dc, op, t);
        break;
    case USE_STORE: case USE_STORE_TAGGED:
        check_store(dc, op, t, runs);
        break;
    case USE_GET: case USE_UNCHECKED:
        break;
    }
}

void e2k_tags_check(DC *dc)
{
    const E2kBundle *b = &dc->bundle;
    IrVal strmd = NULL;

    for (unsigned c = 0; c < E2K_N_CHANNELS; c++) {
        if (b->alop_mask >> c & 1) {
            check_op(dc, &b->alop[c], &strmd);
        }
    }
    check_transfer(dc);
}

/* ---- results ---- */

void e2k_result_diag(DC *dc, IrVal bad)
{
    if (dc->tags) {
        dc->p->result_diag = e2k_or_diag(dc, dc->p->result_diag, bad);
    }
}

void e2k_result_tags(DC *dc, const E2kAlop *op, IrVal tags)
{
    dc->p->op_tags[op->channel].tags = tags;
}

/* A transfer through it traps. */
static void taint_ctpr(DC *dc, Write *w, IrVal tags)
{
    IrVal t = ir_temp(dc->b, IR_I64);

    ir_andi(dc->b, t, w->v, E2K_CTPR_ADDR_MASK);
    ir_ori(dc->b, t, t, e2k_ctpr(0, E2K_CTPR_DIAG));
    w->v = e2k_choose(dc, tags, t, w->v);
}

void e2k_tags_result(DC *dc, const E2kAlop *op, unsigned first)
{
    static const OpTags none;
    DCPriv *p = dc->p;
    const OpTags *t = op ? &p->op_tags[op->channel] : &none;
    bool low_only = op && op->row->category == CAT_TAG_MOVE && op->row->dst == W_S;
    IrVal bad = e2k_or_diag(dc, t->bad, p->result_diag), tags = diag_or(dc, bad, t->tags);

    p->result_diag = NULL;
    for (unsigned i = first; i < p->n_writes; i++) {
        Write *w = &p->writes[i];

        if (w->kind == WR_REG || w->kind == WR_X87) {
            w->tags = tags;
            w->keeps_upper = low_only;
        } else if (w->kind == WR_PRED && bad) {
            w->tags = is_set(dc, bad);
        } else if (w->kind == WR_CTPR && tags && w->v) {
            taint_ctpr(dc, w, tags);
        }
    }
}

void e2k_tags_commit(DC *dc, const Write *w, unsigned n_words)
{
    unsigned reg = (unsigned)w->where, mask = mask_of(w->keeps_upper ? 1 : n_words);
    uint8_t *numeric = &dc->p->numeric[reg];
    IrVal v = w->tags, base;
    int32_t ofs;

    if (!v) {
        assume(dc, reg, mask & ~*numeric);
        if ((*numeric & mask) == mask) {
            return;
        }
    }
    if (w->guard) {
        v = select_tags(dc, w->guard, v, load(dc, reg, w->keeps_upper ? 1 : n_words));
    }
    base = slot(dc, reg, &ofs);
    ir_st(dc->b, v ? v : ir_i32(dc->b, 0), base, ofs, mo_of(w->keeps_upper ? 1 : n_words));
    if (w->tags) {
        *numeric &= (uint8_t)~mask;
    } else if (!w->guard) {
        *numeric |= (uint8_t)mask;
    }
    dc->p->tags_written[reg] |= (uint8_t)mask;
}

/* ---- traces ---- */

IrVal e2k_tags_of_trace(DC *dc)
{
    const Trace *t = dc->p->trace;
    IrVal all = NULL;

    for (unsigned reg = 0; reg < N_REGS; reg++) {
        unsigned mask = t->numeric[reg];

        if (mask & ~dc->p->numeric[reg]) {
            all = e2k_or_diag(dc, all, load(dc, reg, mask > 3 ? 4 : mask > 1 ? 2 : 1));
        }
    }
    for (unsigned i = 0; i < t->n; i++) {
        if (t->e[i].kind == TRACE_PRED) {
            e2k_load_pred(dc, (unsigned)t->e[i].where);
            all = e2k_or_diag(dc, all, dc->p->pred_diag[t->e[i].where]);
        }
    }
    return all;
}

IrVal e2k_tags_enter_trace(DC *dc)
{
    const Trace *t = dc->p->trace;
    IrVal all = e2k_tags_of_trace(dc);

    for (unsigned reg = 0; reg < N_REGS; reg++) {
        dc->p->numeric[reg] |= t->numeric[reg];
    }
    memset(dc->p->pred_diag, 0, sizeof(dc->p->pred_diag));
    return all;
}

/* ---- windows ---- */

static void helper_new_window(CPUE2KState *env, uint64_t old_mode, uint32_t size)
{
    uint32_t old = e2k_wsize_of(old_mode, env->psize);

    if (size > old) {
        memset(e2k_reg_tags(env, env->win + old), 0, (size - old) * sizeof(E2kTags));
    }
}

static const IrHelper new_window = {
    "e2k_new_window", (void *)helper_new_window, IR_CALL_NO_WRITE | IR_CALL_NO_FAULT, IR_VOID, 3,
    { IR_I64, IR_I64, IR_I32 }
};

/*
 * Registers that a window gains hold numbers. What lies above it is nobody's: so without knowing
 * where the gain begins, as many tags are cleared as the whole window has.
 */
static void clear_here(DC *dc, unsigned size)
{
    enum { PER_STORE = 4 };
    IrVal at = ir_temp(dc->b, IR_I64), zero = ir_temp(dc->b, IR_V128), base;
    int32_t ofs;

    base = slot(dc, 0, &ofs);
    ir_zext(dc->b, at, e2k_ld_env(dc, IR_I32, ENV_OFS(psize)));
    ir_shli(dc->b, at, at, 2);
    ir_add(dc->b, at, at, base);
    ir_op1(dc->b, IR_vzext64, zero, ir_i64(dc->b, 0));
    for (unsigned i = 0; i < size; i += PER_STORE) {
        ir_st(dc->b, zero, at, (int32_t)(i * sizeof(E2kTags)), MO_128);
    }
}

void e2k_tags_setwd(DC *dc, unsigned size)
{
    enum { MAX_HERE = 32 };

    if (!e2k_wsize_of(dc->mode, 0) && size <= MAX_HERE) {
        clear_here(dc, size);
        return;
    }
    e2k_call(dc, &new_window, NULL, 3, ir_env(dc->b), ir_i64(dc->b, dc->mode),
             ir_i32(dc->b, size), NULL, NULL, NULL);
}
