/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of single operations: puts one into a wide instruction at CODE_ADDR, runs it through
 * the translator and compares results with a model. After it comes something that is no
 * instruction, so that each run ends with a trap. Included by one .c file each.
 */
#ifndef TARGET_E2K_OP_TEST_H
#define TARGET_E2K_OP_TEST_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "accel/accel.h"
#include "target/e2k/cpu.h"
#include "target/e2k/isa/decode.h"
#include "target/e2k/user_test.h"

#define CODE_ADDR 0x10000ul
#define CODE_BYTES 4096ul
enum { DST = 8, DST_PRED = 5, GUARD_PRED = 1, MRGC_PRED = 2, LITERAL64 = 0xdc };

static CPUState *cpu;
static CPUE2KState *env;
static char *self;

static int page_query(uint64_t gva)
{
    return gva >= CODE_ADDR && gva < CODE_ADDR + CODE_BYTES ? PROT_R | PROT_X : 0;
}

static void set_up(const char *accel)
{
    test_map_at(CODE_ADDR, CODE_BYTES);
    test_user_mode(accel, page_query);
    cpu = current_cpu = test_cpu_new("elbrus-v6");
    env = e2k_env(cpu);
}

/* ---- code ---- */

typedef struct Op {
    const E2kOpRow *row;
    unsigned channel, version;
    uint8_t src1, src2, src3, dst;      /* codes; src3 is the immediate of rows that have one */
    bool guarded, sm, literal;          /* ? %pred1; src2 is a literal of 64 bits */
    uint64_t value;                     /* ... this one */
    unsigned table;                     /* plog: 8 bits in opcode and ALES */
    unsigned prior;                     /* what the block knows the operands as, see put_prior() */
} Op;

static bool has_mrgc(const E2kOpRow *row) { return row->format == ALF1M || row->format == ALF11M ||
                                                   row->format == ALF21M; }

static uint32_t condition_half(const Op *op, unsigned pred)
{
    return 3u << 5 | pred | 1u << (10 + op->channel % 3) | (op->channel >= 3 ? 1u << 14 : 0);
}

static uint32_t als_of(const Op *op)
{
    const E2kOpRow *r = op->row;
    uint32_t als = (uint32_t)op->sm << 31 | (r->opcode | (op->table & 0x7f)) << 24;

    als |= (r->src1_fixed >= 0 ? (uint32_t)r->src1_fixed : op->src1) << 16;
    als |= (op->literal ? (uint32_t)LITERAL64 : op->src2) << 8;
    return als | (r->cmp_opce >= 0 ? (uint32_t)r->cmp_opce << 5 | DST_PRED
                  : r->dst == W_PRED ? DST_PRED : op->dst);
}

enum { PRIOR_NONE, PRIOR_INTEGER, PRIOR_FLOAT, PRIOR_VECTOR, N_PRIOR };

static unsigned n_prior_words;

/*
 * Instructions before that leave the operands as they are, in temps of some type: addd r, 0;
 * paddb r, 0; qpor r, r.
 */
static uint32_t *put_prior(uint32_t *w, unsigned kind)
{
    static const uint32_t als[] = { 0, 0x1100c000, 0x0800c000, 0x0a000000 };
    static const uint32_t ales[] = { 0, 0, 0x01c00000, 0x02c00000 };
    uint32_t *start = w;

    for (uint32_t reg = 0x81; kind && reg <= 0x83; reg++) {
        unsigned words = ales[kind] ? 4 : 2;

        memset(w, 0, 16);
        w[0] = 1u << 26 | (words / 2 - 1) << 4 | 1 | (ales[kind] ? 1u << 20 : 0);
        w[1] = als[kind] | reg << 16 | reg | (kind == PRIOR_VECTOR ? reg << 8 : 0);
        w[2] = ales[kind];
        w += words;
    }
    n_prior_words = (unsigned)(w - start);
    return w;
}

#define OP_ADDR (CODE_ADDR + 4 * n_prior_words)

static void put_code(const Op *op)
{
    uint32_t *w = put_prior((uint32_t *)CODE_ADDR, op->prior), hs = 1u << (26 + op->channel), conds = 0;
    const E2kOpRow *r = op->row;
    uint32_t ales = (uint32_t)((uint8_t)r->opc2 | op->table >> 7) << 8;
    unsigned n = 1, front, ch = op->channel, n_conds;

    memset(w, 0, 64);
    w[n++] = als_of(op);
    front = n;
    if (r->opc2 != E2K_NO_ALES) {
        ales |= r->ales_lo >= 0 ? (uint32_t)r->ales_lo
                : r->ales_lo == E2K_FIXED_NONE ? 0xc0 : op->src3;
        hs |= 1u << (20 + ch);
        if (ch != 2 && ch != 5) {
            w[n++] = ales << 16;
        } else if (ales != 0x01c0) {
            w[n++] = ch == 5 ? ales : ales << 16;
            front = n;
        }
    }
    conds = op->guarded ? condition_half(op, GUARD_PRED) : 0;
    if (has_mrgc(r)) {
        conds |= (condition_half(op, MRGC_PRED) | 1u << 15) << 16;
    }
    n_conds = conds != 0;
    n += (n + n_conds) & 1;             /* the length is even, the conditions come last */
    if (op->literal) {
        w[n++] = (uint32_t)(op->value >> 32);
        w[n++] = (uint32_t)op->value;
    }
    if (conds) {
        w[n++] = conds;
        hs |= 1u << 16;
    }
    w[0] = hs | (front - 1) | (n / 2 - 1) << 4;
    memset(w + n, 0xff, 64);
    tcg_user_invalidate(CODE_ADDR, CODE_BYTES);
}

static void run_code(uint64_t mode)
{
    int why;

    env->ip = CODE_ADDR;
    env->mode = mode;
    do {
        why = cpu_exec(cpu);
    } while (why == EXCP_INTERRUPT);
    g_assert_cmpint(why, ==, EXCP_E2K_TRAP);
}

/* Some channel of @row in @version; false: not there */
static bool choose(Op *op, const E2kOpRow *row, unsigned version, unsigned turn)
{
    unsigned mask = row->channels[version - 1], c;

    if (!mask) {
        return false;
    }
    for (c = turn % 6; !(mask >> c & 1); c = (c + 1) % 6) {
    }
    *op = (Op){ .row = row, .channel = c, .version = version, .src1 = 0x81, .src2 = 0x82,
                .src3 = 0x83, .dst = 0x80 + DST };
    env->version = (uint8_t)version;
    return true;
}

/* the newest version up to v6 */
static unsigned newest(const E2kOpRow *row)
{
    unsigned v = 6;

    while (v && !row->channels[v - 1]) {
        v--;
    }
    return v;
}

/* ---- values ---- */

static uint64_t seed = 88172645463325252ull;

static uint64_t rnd(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* edges of all lane widths, small and big numbers, bytes that repeat */
static uint64_t any_value(void)
{
    static const uint64_t edge[] = {
        0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
        0x7fffffffffffffff, 0x8000000000000000, ~0ull, 0x8000800080008000, 0x7fff7fff7fff7fff,
        0x8080808080808080, 0x7f7f7f7f7f7f7f7f, 0xffff0000ffff0000, 0x80000000ffffffff,
    };

    switch (rnd() % 6) {
    case 0: return edge[rnd() % G_N_ELEMENTS(edge)];
    case 1: return rnd() & 0xff;
    case 2: return rnd() >> (rnd() % 64);
    case 3: return rnd() & rnd() & 0x8181818181818181;
    default: return rnd();
    }
}

/* ---- one operation against its model ---- */

typedef struct Trial {
    E2kReg s[4], old;                   /* operands at 1..3 */
    bool mrgc, dbl, keeps_upper;        /* keeps_upper: the model's word, 32 bits in any mode */
    bool pred, has_pred;
    int trap;                           /* expected; -1: none */
    unsigned width;                     /* of the result: 32, 64, 128 bits */
    E2kReg d;
} Trial;

typedef void ModelFn(const Op *op, Trial *t);

static unsigned n_trials;

static E2kReg merge_result(const Trial *t)
{
    E2kReg r = t->old;

    if (t->width == 32) {
        r.lo = (t->dbl && !t->keeps_upper ? 0 : t->old.lo >> 32 << 32) | (uint32_t)t->d.lo;
    } else {
        r.lo = t->d.lo;
        r.hi = t->width == 128 ? t->d.hi : r.hi;
    }
    return r;
}

static void report(const Op *op, const Trial *t, E2kReg want, bool pred)
{
    g_test_message("%s v%u channel %u prior %u guard %d sm %d lit %d mrgc %d dbl %d imm %02x:\n"
                   "%016lx:%016lx, %016lx:%016lx, %016lx:%016lx\n"
                   "gives %016lx:%016lx pred %d, expected %016lx:%016lx %d",
                   op->row->name, op->version, op->channel, op->prior, op->guarded, op->sm, op->literal,
                   t->mrgc, t->dbl, op->src3, t->s[1].hi, t->s[1].lo, t->s[2].hi, t->s[2].lo,
                   t->s[3].hi, t->s[3].lo, env->win[DST].hi, env->win[DST].lo,
                   env->frame->pred[DST_PRED], want.hi, want.lo, pred);
    g_test_fail();
}

/* @t->s is filled in */
static void run_trial(const Op *op, ModelFn *model, Trial *t)
{
    bool guard = rnd() & 1, runs = !op->guarded || guard, old_pred = rnd() & 1;
    E2kReg want;
    bool pred, trap;

    t->old = (E2kReg){ rnd(), rnd() };
    t->mrgc = rnd() & 1;
    t->trap = -1;
    if (op->literal) {
        t->s[2] = (E2kReg){ op->value, 0 };
    }
    model(op, t);
    trap = runs && t->trap >= 0;
    want = runs && !trap && !t->has_pred ? merge_result(t) : t->old;
    pred = runs && t->has_pred ? t->pred : old_pred;
    for (unsigned i = 1; i < 4; i++) {
        env->win[i] = t->s[i];
    }
    env->win[DST] = t->old;
    env->frame->pred[DST_PRED] = old_pred;
    env->frame->pred[GUARD_PRED] = guard;
    env->frame->pred[MRGC_PRED] = t->mrgc;
    run_code(t->dbl ? E2K_MODE_DBL : 0);
    n_trials++;
    if (trap) {
        g_assert_cmpint(env->trapno, ==, t->trap);
        g_assert_cmphex(env->ip, ==, OP_ADDR);
    } else {
        g_assert_cmpint(env->trapno, ==, E2K_EXC_ILLEGAL_OPCODE);
        g_assert_cmphex(env->ip, >, OP_ADDR);
    }
    if (env->win[DST].lo != want.lo || env->win[DST].hi != want.hi ||
        env->frame->pred[DST_PRED] != pred) {
        report(op, t, want, pred);
    }
}

static void fill(Trial *t, unsigned i)
{
    memset(t, 0, sizeof(*t));
    for (unsigned k = 1; k < 4; k++) {
        t->s[k] = (E2kReg){ any_value(), any_value() };
    }
    if (i % 8 == 0) {
        t->s[2] = t->s[1];
    }
    t->dbl = i & 1;
}

static bool takes_literal(const E2kOpRow *row)
{
    return row->src2 == W_S || row->src2 == W_D;
}

static unsigned any_prior(unsigned version)
{
    unsigned kind = rnd() % N_PRIOR;

    return kind == PRIOR_VECTOR && version < 5 ? PRIOR_NONE : kind;
}

/* Runs a row plainly, guarded, speculatively and with literals. */
G_GNUC_UNUSED static void run_row(const E2kOpRow *row, unsigned version, ModelFn *model,
                                  unsigned count)
{
    static unsigned turn;
    Trial t;
    Op op;

    for (unsigned how = 0; how < 4; how++) {
        if (!choose(&op, row, version, turn++) || (how == 3 && !takes_literal(row))) {
            return;
        }
        op.guarded = how == 1;
        op.sm = how == 2;
        op.literal = how == 3;
        for (unsigned i = 0; i < (how == 3 ? count / 8 + 4 : count) && !g_test_failed(); i++) {
            if (op.literal) {
                op.value = any_value();
            }
            if (i % 64 == 0 || op.literal || row->ales_lo == E2K_ALES_IMM8) {
                if (row->ales_lo == E2K_ALES_IMM8) {
                    op.src3 = (uint8_t)(row->format == ALF12SH ? rnd() : rnd() % 8);
                }
                op.prior = any_prior(version);
                put_code(&op);
            }
            fill(&t, i);
            run_trial(&op, model, &t);
        }
    }
}

/* ---- the other back end: the same program again ---- */

static void test_interp(void)
{
    g_auto(GStrv) envp = g_environ_setenv(g_get_environ(), "E2K_TEST_INTERP", "1", true);
    char *argv[] = { self, (char *)"-q", NULL };
    g_autofree char *out = NULL;
    int status = 0;

    g_assert(g_spawn_sync(NULL, argv, envp, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status,
                          NULL));
    if (status != 0) {
        g_test_message("%s", out);
    }
    g_assert_cmpint(status, ==, 0);
}

#endif
