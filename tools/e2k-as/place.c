/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the operations of a wide instruction and their literals go, and its packing. */
#include <string.h>
#include "tools/e2k-as/bundle.h"

/* ---- places ---- */

static int second_channel(const E2kOpRow *row, int channel)
{
    static const int8_t other[4][E2K_N_CHANNELS] = {
        [PAIR_NONE] = { -1, -1, -1, -1, -1, -1 }, [PAIR_LOAD] = { 2, -1, -1, 5, -1, -1 },
        [PAIR_STORE] = { -1, -1, 5, -1, -1, -1 }, [PAIR_MOVE] = { 1, -1, -1, 4, -1, -1 },
    };

    return other[row->pair][channel];
}

static int first_channel(const E2kOpRow *row, int channel)
{
    for (int c = 0; row->pair && c < E2K_N_CHANNELS; c++) {
        if (second_channel(row, c) == channel) {
            return c;
        }
    }
    return channel;
}

/* The row of @op that channel @c may have, or NULL. */
static const E2kOpRow *row_for(const AsBundle *b, const Op *op, int c)
{
    for (unsigned i = 0; i < op->rows->len; i++) {
        const E2kOpRow *row = &e2k_op_rows[g_array_index(op->rows, uint16_t, i)];

        if ((row->channels[b->as->cpu.version - 1] >> c & 1) &&
            (!row->pair || second_channel(row, c) >= 0)) {
            return row;
        }
    }
    return NULL;
}

static unsigned channels_of(const Op *op, int c, const E2kOpRow *row)
{
    return 1u << c | (row->pair ? 1u << second_channel(row, c) : 0);
}

static bool place_op(AsBundle *b, Op *op, int c, unsigned *taken)
{
    const E2kOpRow *row = row_for(b, op, c);

    if (!row || (*taken & channels_of(op, c, row))) {
        return false;
    }
    if (op->mas && (c == 1 || c == 4)) {
        return false;
    }
    op->row = row;
    op->channel = c;
    *taken |= channels_of(op, c, row);
    return true;
}

static bool place_ops(AsBundle *b)
{
    unsigned taken = 0;

    for (unsigned i = 0; i < b->n_ops; i++) {
        Op *op = &b->ops[i];

        if (op->channel >= 0 && !place_op(b, op, first_channel(op->row, op->channel), &taken)) {
            return as_error(b->as, "%s: channel %d does not have it or is taken", op->name,
                            op->channel);
        }
    }
    for (unsigned i = 0; i < b->n_ops; i++) {
        Op *op = &b->ops[i];
        bool done = op->channel >= 0;

        for (int c = 0; c < E2K_N_CHANNELS && !done; c++) {
            done = place_op(b, op, c, &taken);
        }
        if (!done) {
            return as_error(b->as, "%s: no channel is free", op->name);
        }
    }
    return true;
}

/* Halves that a literal with src2 code @code occupies, and its value in them. */
static void lit_extent(uint8_t code, unsigned *first, unsigned *n_halves)
{
    *n_halves = code < 0xd8 ? 1 : code < 0xdc ? 2 : 4;
    *first = code < 0xd8 ? 2 * (code & 1u) + (code >> 2 & 1) : 2 * (code & 3u);
}

/* Puts @value at @code if those halves are free or hold it already. */
static bool lit_try(AsBundle *b, uint8_t code, uint64_t value)
{
    LitPlaces *p = &b->places;
    unsigned first, n;

    lit_extent(code, &first, &n);
    for (unsigned h = first; h < first + n; h++) {
        uint16_t part = (uint16_t)(value >> 16 * (h - first));
        uint16_t there = (uint16_t)(p->lts[h / 2] >> (h & 1 ? 16 : 0));

        if ((p->used_half[h / 2] >> (h & 1) & 1) && there != part) {
            return false;
        }
    }
    for (unsigned h = first; h < first + n; h++) {
        unsigned shift = h & 1 ? 16 : 0;

        p->lts[h / 2] = (p->lts[h / 2] & ~(0xffffu << shift)) |
                        (uint32_t)(uint16_t)(value >> 16 * (h - first)) << shift;
        p->used_half[h / 2] |= (uint8_t)(1u << (h & 1));
        p->n_lts = (uint8_t)MAX(p->n_lts, h / 2 + 1);
    }
    return true;
}

static void lit_store(AsBundle *b, const Lit *lit, uint8_t code)
{
    Op *op = &b->ops[lit->op];

    switch (lit->where) {
    case IN_SRC2:
        op->src2 = code;
        break;
    case IN_SRC3:
        op->src3 = code;
        break;
    case IN_AAU:
        op->aau |= (uint16_t)((code & 3) + 1);
        break;
    }
}

/* Codes of the places that would do for @lit; a short literal fits a longer place as well. */
static unsigned lit_codes(const Lit *lit, uint8_t codes[8])
{
    static const struct { uint8_t bits, n, codes[8]; } sizes[] = {
        { 16, 8, { 0xd4, 0xd5, 0xd0, 0xd1, 0xd8, 0xd9, 0xda, 0xdb } },
        { 32, 4, { 0xd8, 0xd9, 0xda, 0xdb } }, { 64, 3, { 0xdc, 0xdd, 0xde } },
    };
    unsigned i = 0;

    while (sizes[i].bits != lit->bits) {
        i++;
    }
    memcpy(codes, sizes[i].codes, 8);
    return lit->where == IN_AAU ? 3 : sizes[i].n;
}

static bool place_forced(AsBundle *b)
{
    for (unsigned i = 0; i < b->n_lits; i++) {
        const Lit *lit = &b->lits[i];

        if (lit->forced && !lit_try(b, lit->forced, lit->value)) {
            return as_error(b->as, "two literals at the same place");
        }
        if (lit->forced) {
            lit_store(b, lit, lit->forced);
        }
    }
    return true;
}

/*
 * Literals @todo[0..n) in @max_lts syllables: the first one in each of its places in turn, and the
 * others in what that leaves. There are eight halves, so this does not take long.
 */
static bool place_rest(AsBundle *b, const Lit *const *todo, unsigned n, unsigned max_lts)
{
    LitPlaces before = b->places;
    uint8_t codes[8];
    unsigned n_codes = n ? lit_codes(todo[0], codes) : 0;

    for (unsigned i = 0; i < n_codes; i++) {
        if (lit_try(b, codes[i], todo[0]->value) && b->places.n_lts <= max_lts &&
            place_rest(b, todo + 1, n - 1, max_lts)) {
            lit_store(b, todo[0], codes[i]);
            return true;
        }
        b->places = before;
    }
    return n == 0;
}

/* Forced places first, then the big ones; as few syllables as will do. */
static bool place_lits(AsBundle *b)
{
    const Lit *todo[MAX_LITS];
    unsigned n = 0, max_lts;
    bool done = false;

    if (b->has_setwd) {
        lit_try(b, 0xd8, b->lts0);
    }
    if (!place_forced(b)) {
        return false;
    }
    for (unsigned bits = 64; bits >= 16; bits /= 2) {
        for (unsigned i = 0; i < b->n_lits; i++) {
            if (!b->lits[i].forced && b->lits[i].bits == bits) {
                todo[n++] = &b->lits[i];
            }
        }
    }
    for (max_lts = b->places.n_lts; max_lts <= N_LTS && !done; max_lts++) {
        done = place_rest(b, todo, n, max_lts);
    }
    memcpy(b->b.lts, b->places.lts, sizeof(b->b.lts));
    b->b.n_lts = b->places.n_lts;
    return done || as_error(b->as, "no room for all literals");
}

/* One condition of the operation in @channel. Halves are shared where predicate and sense agree. */
static bool add_rlp(AsBundle *b, unsigned channel, const E2kCond *c, bool mrgc, bool am)
{
    unsigned j = channel % 3;
    uint16_t key = (uint16_t)(c->n | (c->pcnt ? 2 : 3) << 5 | (channel >= 3) << 14 | mrgc << 15);
    uint16_t bits = (uint16_t)((am ? 1u << 13 : 1u << (10 + j)) | (unsigned)c->neg << (7 + j));

    for (unsigned i = 0; i < b->n_rlp; i++) {
        uint16_t have = b->rlp[i];
        bool used_j = (have >> (10 + j) & 1) || (j == 2 && (have >> 13 & 1));
        bool same_sense = (have >> (7 + j) & 1) == c->neg;

        if ((have & 0xc07f) == key && (!used_j || (same_sense && !(have & bits & 0x3c00)))) {
            b->rlp[i] |= bits;
            return true;
        }
    }
    if (b->n_rlp == G_N_ELEMENTS(b->rlp)) {
        return as_error(b->as, "more than 6 conditions");
    }
    b->rlp[b->n_rlp++] = key | bits;
    return true;
}

static bool place_conds(AsBundle *b)
{
    for (unsigned i = 0; i < b->n_ops; i++) {
        const Op *op = &b->ops[i];

        for (int c = op->channel; c >= 0; c = c == op->channel ? second_channel(op->row, c) : -1) {
            for (unsigned k = 0; k < op->n_conds; k++) {
                if (!add_rlp(b, (unsigned)c, &op->conds[k], false, false)) {
                    return false;
                }
            }
            if ((op->has_mrgc && !add_rlp(b, (unsigned)c, &op->mrgc, true, false)) ||
                (op->has_am && !add_rlp(b, (unsigned)c, &op->am, false, true))) {
                return false;
            }
        }
    }
    for (unsigned i = 0; i < b->n_rlp; i++) {
        b->b.cds[i / 2] |= (uint32_t)b->rlp[i] << (i & 1 ? 0 : 16);
    }
    b->b.n_cds = (uint8_t)((b->n_rlp + 1) / 2);
    return true;
}

/* ---- packing ---- */

/* Operand @code of a pair's half: the second one has the odd register. */
static uint8_t half_of(uint8_t code, const E2kOpRow *row, unsigned width, bool second)
{
    if (!row->pair || width != W_Q) {
        return code;
    }
    if (code == E2K_DST_EMPTY || code == E2K_DST_EMPTY_LO) {
        return second ? E2K_DST_EMPTY : E2K_DST_EMPTY_LO;
    }
    return second && e2k_is_reg(code) ? code + 1 : code;
}

static void make_alop(AsBundle *b, const Op *op, int channel, bool second)
{
    const E2kOpRow *row = op->row;
    E2kAlop *out = &b->b.alop[channel];
    unsigned src1 = row->src1_fixed >= 0 ? (unsigned)row->src1_fixed :
                    half_of(op->src1, row, row->src1, second);
    unsigned src2 = half_of(op->src2, row, row->src2, second), opcode = row->opcode, dst = op->dst;
    unsigned lo = row->ales_lo >= 0 ? (unsigned)row->ales_lo :
                  half_of(op->src3, row, row->src3, second);

    if (row->format == ALF10 || row->format == ALF19 || row->format == AAURW ||
        row->format == AAURR) {
        src1 = op->aau >> 8;
        src2 = op->aau & 255;
    }
    if (row->dst == W_PRED) {
        dst |= row->cmp_opce >= 0 ? (unsigned)row->cmp_opce << 5 : 0;
    } else {
        dst = half_of(op->dst, row, row->dst == W_NONE ? row->src3 : row->dst, second);
    }
    if (row->format == ALF21LOG || row->format == ALF21LOGL) {
        opcode = op->table & 127;
    }
    out->als = (uint32_t)op->sm << 31 | opcode << 24 | src1 << 16 | src2 << 8 | dst;
    out->row = row;
    out->has_ales = row->opc2 >= 0;
    if (out->has_ales) {
        out->ales = (uint16_t)(((unsigned)row->opc2 + (op->table >> 7)) << 8 | lo);
    }
    b->b.alop_mask |= (uint8_t)(1u << channel);
}

static bool add_mas(AsBundle *b)
{
    static const uint8_t shift[E2K_N_CHANNELS] = { 21, 0, 14, 7, 0, 0 };
    uint32_t mas = 0;

    for (unsigned i = 0; i < b->n_ops; i++) {
        const Op *op = &b->ops[i];

        if (op->mas) {
            mas |= (uint32_t)op->mas << shift[op->channel];
            if (op->row->pair) {
                mas |= (uint32_t)op->mas << shift[second_channel(op->row, op->channel)];
            }
        }
    }
    return !mas || as_set_cs1(b, 6u << 28 | mas, false);
}

bool as_place(AsBundle *b)
{
    if (!place_ops(b) || !place_lits(b) || !place_conds(b) || !add_mas(b)) {
        return false;
    }
    for (unsigned i = 0; i < b->n_ops; i++) {
        const Op *op = &b->ops[i];

        make_alop(b, op, op->channel, false);
        if (op->row->pair) {
            make_alop(b, op, second_channel(op->row, op->channel), true);
        }
    }
    if (b->b.has_cs1 && CS_OPC(b->b.cs1) == 0 && !b->has_setwd) {
        b->b.cs1 |= 4u << 28;
    }
    if (b->b.has_ss && !b->has_ipd) {
        b->b.ss |= 3u << 30;
    }
    return true;
}
