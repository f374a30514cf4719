/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operand tags of single operations: each row runs on random operands first without tags, then with
 * random ones. A model that knows the row's widths only says whether it traps and what tags its
 * result has; the value must be that of the first run.
 */
#include "target/e2k/op_test.h"

enum { NUMBER, DIAG };
typedef enum Truth { FALSE_, TRUE_, INVALID } Truth;
enum { KEEPS = 9 };                     /* a tag that nothing has: this word is not written */

typedef struct TagTrial {
    E2kReg s[4], old;
    E2kTags t[4], old_tags;
    Truth guard, mrgc;
    bool dbl, pred, old_pred;
    int trap;                           /* expected; -1: none */
    bool runs, bad;                     /* bad: the result is diagnostic */
    bool divides_badly;
    E2kTags want;
} TagTrial;

/* ---- the model ---- */

static unsigned words(unsigned width)
{
    return width == W_S ? 1 : width == W_P ? 4 : width == W_D || width == W_X || width == W_Q ? 2 : 0;
}

static bool any(const E2kTags *t, unsigned n_words)
{
    return memcmp(t->word, (const uint8_t[4]){ 0 }, n_words) != 0;
}

static bool starts(const Op *op, const char *prefix)
{
    return g_str_has_prefix(op->row->name, prefix);
}

static bool is_move(const Op *op)
{
    return starts(op, "movt") && !starts(op, "movtc") && !starts(op, "movtrc");
}

static bool operands_bad(const Op *op, const TagTrial *t)
{
    const E2kOpRow *r = op->row;
    const E2kTags second = op->literal ? (E2kTags){ { 0 } } : t->t[2];

    if (is_move(op) || starts(op, "gettag") || starts(op, "qpcheck") || r->format == ALF21M) {
        return false;
    }
    if (starts(op, "puttag")) {
        return any(&second, words(r->src2));
    }
    if (r->format == ALF1M) {
        return any(t->mrgc == TRUE_ ? &second : &t->t[1], words(r->src1));
    }
    return (r->src1_fixed < 0 && any(&t->t[1], words(r->src1))) || any(&second, words(r->src2)) ||
           (r->ales_lo == E2K_ALES_SRC3 && any(&t->t[3], words(r->src3)));
}

static void result_tags(const Op *op, TagTrial *t, bool bad)
{
    unsigned n = words(op->row->dst);
    uint64_t s2 = op->literal ? op->value : t->s[2].lo;

    memset(t->want.word, KEEPS, 4);
    n = n == 1 && t->dbl && !starts(op, "movt") ? 2 : n;
    for (unsigned i = 0; i < n; i++) {
        t->want.word[i] = bad ? DIAG : is_move(op) ? (op->literal ? 0 : t->t[2].word[i])
                          : starts(op, "puttag") ? (i < words(op->row->src1) ? s2 >> 2 * i & 3 : 0)
                          : NUMBER;
    }
}

static void model(const Op *op, TagTrial *t)
{
    bool bad = operands_bad(op, t), merges = op->row->format == ALF1M && t->mrgc == INVALID;

    t->trap = -1;
    t->runs = !op->guarded || t->guard != FALSE_;
    if (!t->runs) {
        return;
    }
    if (op->guarded && t->guard == INVALID && !op->sm) {
        t->trap = E2K_EXC_DIAG_COND;
    } else if (merges && !op->sm) {
        t->trap = E2K_EXC_DIAG_COND;
    } else if (bad && !op->sm) {
        t->trap = E2K_EXC_DIAG_OPERAND;
    }
    t->bad = bad || merges || (op->guarded && t->guard == INVALID) || t->divides_badly;
    result_tags(op, t, t->bad);
}

/* ---- running ---- */

static void load_state(const Op *op, const TagTrial *t, bool tags)
{
    static const uint8_t byte[] = { [FALSE_] = 0, [TRUE_] = 1, [INVALID] = 1 | E2K_PRED_DIAG };

    for (unsigned i = 1; i < 4; i++) {
        env->win[i] = t->s[i];
        *e2k_reg_tags(env, &env->win[i]) = t->t[i];
    }
    env->win[DST] = t->old;
    *e2k_reg_tags(env, &env->win[DST]) = t->old_tags;
    env->frame->pred[DST_PRED] = t->old_pred;
    env->frame->pred[GUARD_PRED] = tags ? byte[t->guard] : t->guard != FALSE_;
    env->frame->pred[MRGC_PRED] = tags ? byte[t->mrgc] : t->mrgc != FALSE_;
    env->tags = tags;
    put_code(op);
    run_code(t->dbl ? E2K_MODE_DBL : 0);
}

static void complain(const Op *op, const TagTrial *t, const char *what)
{
    const uint8_t *got = e2k_reg_tags(env, &env->win[DST])->word;

    g_test_message("%s v%u channel %u guard %d %d sm %d lit %d mrgc %d dbl %d prior %u: %s\n"
                   "tags %08x %08x %08x, %08x becomes %02x%02x%02x%02x, expected %02x%02x%02x%02x, "
                   "trap %u at %lx, expected %d",
                   op->row->name, op->version, op->channel, op->guarded, t->guard, op->sm, op->literal,
                   t->mrgc, t->dbl, op->prior, what, *(const uint32_t *)t->t[1].word,
                   *(const uint32_t *)t->t[2].word, *(const uint32_t *)t->t[3].word,
                   *(const uint32_t *)t->old_tags.word, got[3], got[2], got[1], got[0],
                   t->want.word[3], t->want.word[2], t->want.word[1], t->want.word[0], env->trapno,
                   env->ip, t->trap);
    g_test_fail();
}

static bool tags_as_expected(const Op *op, const TagTrial *t)
{
    const uint8_t *got = e2k_reg_tags(env, &env->win[DST])->word;
    bool reg = t->runs && t->trap < 0 && op->row->dst != W_PRED;
    unsigned n = op->row->dst == W_X ? 2 : 4;       /* of f80, the upper half's is nobody's */

    for (unsigned i = 0; i < n; i++) {
        uint8_t want = reg && t->want.word[i] != KEEPS ? t->want.word[i] : t->old_tags.word[i];

        if (got[i] != want) {
            return false;
        }
    }
    return true;
}

static bool preds_as_expected(const Op *op, const TagTrial *t, uint8_t plain)
{
    uint8_t got = env->frame->pred[DST_PRED];

    if (op->row->dst != W_PRED || !t->runs || t->trap >= 0) {
        return got == t->old_pred;
    }
    return got == (plain | (t->bad ? E2K_PRED_DIAG : 0));
}

/* the value: that of the run without tags, or for gettag the tags */
static E2kReg value_wanted(const Op *op, const TagTrial *t, E2kReg plain)
{
    const uint8_t *s2 = t->t[2].word;

    if (t->trap >= 0) {
        return t->old;
    }
    if (starts(op, "gettag") && t->runs && !op->literal) {
        plain.lo |= (uint64_t)(s2[0] | (op->row->src2 == W_D ? s2[1] << 2 : 0));
    }
    return plain;
}

/* what fails with a trap is diagnostic when it is speculative */
static bool divides_badly(const Op *op, const TagTrial *t)
{
    Op plain = *op;

    if (op->row->category != CAT_INT_DIV) {
        return false;
    }
    plain.sm = false;
    load_state(&plain, t, false);
    return env->trapno == E2K_EXC_DIV;
}

static void run_tag_trial(const Op *op, TagTrial *t)
{
    E2kReg plain, want;
    uint8_t plain_pred;
    int plain_trap;

    t->divides_badly = divides_badly(op, t);
    model(op, t);
    load_state(op, t, false);
    plain = env->win[DST];
    plain_pred = env->frame->pred[DST_PRED];
    plain_trap = env->ip == OP_ADDR ? (int)env->trapno : -1;
    load_state(op, t, true);
    n_trials++;
    if (t->trap < 0 && plain_trap >= 0) {
        t->trap = plain_trap;
    }
    want = value_wanted(op, t, plain);
    if ((env->ip == OP_ADDR ? (int)env->trapno : -1) != t->trap) {
        complain(op, t, "trap");
    } else if (env->win[DST].lo != want.lo || env->win[DST].hi != want.hi) {
        complain(op, t, "value");
    } else if (!tags_as_expected(op, t)) {
        complain(op, t, "tags");
    } else if (!preds_as_expected(op, t, plain_pred)) {
        complain(op, t, "predicate");
    }
}

/* ---- trials ---- */

static E2kTags random_tags(bool none)
{
    E2kTags t = { { 0 } };

    for (unsigned i = 0; i < 4 && !none && rnd() % 2; i++) {
        t.word[rnd() % 4] = rnd() % 4 ? DIAG : (uint8_t)(rnd() % 4);
    }
    return t;
}

static void random_trial(TagTrial *t, bool numbers)
{
    memset(t, 0, sizeof(*t));
    for (unsigned i = 1; i < 4; i++) {
        t->s[i] = (E2kReg){ any_value(), any_value() };
        t->t[i] = random_tags(numbers || rnd() % 2);
    }
    t->old = (E2kReg){ rnd(), rnd() };
    t->old_tags = random_tags(false);
    t->guard = (Truth)(rnd() % 3);
    t->mrgc = (Truth)(rnd() % 3);
    t->dbl = rnd() % 2;
    t->old_pred = rnd() % 2;
}

static bool wanted(const E2kOpRow *row)
{
    static const char *const not_these[] = {
        "rr", "rw", "getsp", "ibranchd", "icalld", "getpl", "gettc", "vf", "set", "getva", "cud", "gdt",
        "inv", "flush", "cast", "insf",
    };

    if (row->alias || !e2k_op_translatable(row) || row->pair || (row->mas && row->category != CAT_TAG) ||
        !words(row->dst) != (row->dst == W_PRED) || row->category == CAT_LOAD_TAG ||
        row->format == ALF10 || row->format == ALF19 || row->format == AAURR || row->format == AAURW) {
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(not_these); i++) {
        if (g_str_has_prefix(row->name, not_these[i])) {
            return false;
        }
    }
    return true;
}

static void tag_row(const E2kOpRow *row, unsigned version)
{
    static unsigned turn;
    TagTrial t;
    Op op;

    for (unsigned i = 0; i < 48 && !g_test_failed(); i++) {
        bool numbers = i % 8 == 0;

        choose(&op, row, version, turn++);
        op.guarded = i & 1;
        op.sm = i >> 1 & 1;
        op.literal = i % 5 == 0 && takes_literal(row);
        op.value = any_value();
        op.prior = numbers ? any_prior(version) : PRIOR_NONE;
        if (row->ales_lo == E2K_ALES_IMM8) {
            op.src3 = (uint8_t)(rnd() % 8);
        }
        random_trial(&t, numbers);
        run_tag_trial(&op, &t);
    }
}

static void test_rows(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < e2k_n_op_rows && !g_test_failed(); i++) {
        const E2kOpRow *row = &e2k_op_rows[i];
        unsigned v = newest(row);

        if (!v || !wanted(row)) {
            continue;
        }
        tag_row(row, v);
        if (v > 4 && row->channels[3]) {
            tag_row(row, 4);
        }
        n++;
    }
    g_test_message("%u rows, %u trials", n, n_trials);
    g_assert_cmpuint(n, >, 1000);
}

/* insfd: bits 13 and 15 of its second source take the upper halves of the others out */
static void test_insfd(void)
{
    const E2kOpRow *row = NULL;
    Op op;

    for (unsigned i = 0; !row; i++) {
        row = strcmp(e2k_op_rows[i].name, "insfd") ? NULL : &e2k_op_rows[i];
    }
    for (unsigned i = 0; i < 64; i++) {
        unsigned narrow1 = i & 1, narrow3 = i >> 1 & 1, bad1 = i >> 2 & 3, bad3 = i >> 4 & 3;
        TagTrial t = { .t[1].word = { bad1 & 1, bad1 >> 1 }, .t[3].word = { bad3 & 1, bad3 >> 1 } };
        bool bad = (bad1 & (narrow1 ? 1 : 3)) || (bad3 & (narrow3 ? 1 : 3));

        for (unsigned literal = 0; literal < 2; literal++) {
            choose(&op, row, 4, i);
            op.value = t.s[2].lo = 8 << 6 | 4 | narrow1 << 13 | narrow3 << 15;
            op.literal = literal;
            load_state(&op, &t, true);
            g_assert_cmpint(env->ip == OP_ADDR, ==, bad);
            g_assert(!bad || env->trapno == E2K_EXC_DIAG_OPERAND);
        }
    }
}

int main(int argc, char **argv)
{
    bool interp = g_getenv("E2K_TEST_INTERP") != NULL;

    self = argv[0];
    g_test_init(&argc, &argv, NULL);
    set_up(interp ? "tcg,backend=interp" : "tcg");
    g_test_add_func("/e2k-tags/rows", test_rows);
    g_test_add_func("/e2k-tags/insfd", test_insfd);
    if (!interp) {
        g_test_add_func("/e2k-tags/interp", test_interp);
    }
    return g_test_run();
}
