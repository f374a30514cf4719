/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packed integer operations of 64 and 128 bits against models that go lane by lane in plain C, on
 * edge and random values (fixed seed), by both back ends. All rows must be translatable but for
 * those listed with a reason.
 */
#include "target/e2k/op_test.h"

/* ---- lanes ---- */

static uint64_t lane(const E2kReg *r, unsigned bits, unsigned i)
{
    uint64_t half = i * bits >= 64 ? r->hi : r->lo;
    unsigned pos = i * bits % 64;

    return bits == 64 ? half : half >> pos & ((1ull << bits) - 1);
}

static int64_t slane(const E2kReg *r, unsigned bits, unsigned i)
{
    return (int64_t)(lane(r, bits, i) << (64 - bits)) >> (64 - bits);
}

static void set_lane(E2kReg *r, unsigned bits, unsigned i, uint64_t v)
{
    uint64_t *half = i * bits >= 64 ? &r->hi : &r->lo, mask = bits == 64 ? ~0ull : (1ull << bits) - 1;
    unsigned pos = i * bits % 64;

    *half = (*half & ~(mask << pos)) | (v & mask) << pos;
}

static int64_t clamp(int64_t v, int64_t lo, int64_t hi) { return v < lo ? lo : v > hi ? hi : v; }
static int64_t smax(unsigned bits) { return (1ll << (bits - 1)) - 1; }
static int64_t signed_sat(int64_t v, unsigned bits) { return clamp(v, -smax(bits) - 1, smax(bits)); }
static int64_t unsigned_sat(int64_t v, unsigned bits) { return clamp(v, 0, (1ll << bits) - 1); }

static unsigned lane_bits(char c) { return c == 'b' ? 8 : c == 'h' ? 16 : c == 'w' ? 32 : 64; }

/* ---- two lanes, one result ---- */

typedef struct Pair { uint64_t a, c; int64_t sa, sc; unsigned bits; } Pair;

typedef uint64_t LaneFn(const Pair *p);

#define LANE(name, expr) \
    static uint64_t lane_##name(const Pair *p) { return (uint64_t)(expr); }
LANE(add, p->a + p->c)
LANE(adds, signed_sat(p->sa + p->sc, p->bits))
LANE(addus, unsigned_sat((int64_t)(p->a + p->c), p->bits))
LANE(sub, p->a - p->c)
LANE(subs, signed_sat(p->sa - p->sc, p->bits))
LANE(subus, unsigned_sat((int64_t)p->a - (int64_t)p->c, p->bits))
LANE(maxs, p->sa > p->sc ? p->a : p->c)
LANE(maxu, p->a > p->c ? p->a : p->c)
LANE(mins, p->sa < p->sc ? p->a : p->c)
LANE(minu, p->a < p->c ? p->a : p->c)
LANE(avgu, (p->a + p->c + 1) >> 1)
LANE(mulh, p->sa * p->sc >> 16)
LANE(mulhu, p->a * p->c >> 16)
LANE(mull, p->a * p->c)
LANE(mulhrs, ((p->sa * p->sc >> 14) + 1) >> 1)
LANE(sign, p->sc < 0 ? -p->sa : p->sc ? p->sa : 0)
LANE(cmpeq, p->a == p->c ? ~0ull : 0)
LANE(cmpgt, p->sa > p->sc ? ~0ull : 0)
LANE(and, p->a & p->c)
LANE(andn, p->a & ~p->c)
LANE(or, p->a | p->c)
LANE(xor, p->a ^ p->c)

/* names without "p", "qp" and the lane's letter; "" after the name: 64-bit lanes */
static const struct { const char *name; LaneFn *fn; } lane_ops[] = {
    { "add", lane_add }, { "adds", lane_adds }, { "addus", lane_addus }, { "sub", lane_sub },
    { "subs", lane_subs }, { "subus", lane_subus }, { "maxs", lane_maxs }, { "maxu", lane_maxu },
    { "mins", lane_mins }, { "minu", lane_minu }, 
    { "mulh", lane_mulh }, { "mulhu", lane_mulhu }, { "mull", lane_mull },
    { "mulhrs", lane_mulhrs }, { "sign", lane_sign }, { "cmpeq", lane_cmpeq },
    { "cmpgt", lane_cmpgt }, { "and", lane_and }, { "andn", lane_andn }, { "or", lane_or },
    { "xor", lane_xor },
};

/* "qpaddsh": fn and lane bits; NULL: something else */
static LaneFn *lane_op(const char *name, unsigned *bits)
{
    const char *rest = name + (name[0] == 'q') + 1;
    size_t len = strlen(rest);
    bool logic = !strcmp(name, "qpand") || !strcmp(name, "qpandn") || !strcmp(name, "qpor") ||
                 !strcmp(name, "qpxor");

    if (g_str_has_prefix(rest, "avgus")) {          /* avgusb, avgush */
        *bits = lane_bits(rest[5]);
        return lane_avgu;
    }
    *bits = logic ? 64 : lane_bits(rest[len - 1]);
    for (unsigned i = 0; i < G_N_ELEMENTS(lane_ops); i++) {
        size_t n = strlen(lane_ops[i].name);

        if (lane_ops[i].fn && n == len - !logic && !strncmp(rest, lane_ops[i].name, n)) {
            return lane_ops[i].fn;
        }
    }
    return NULL;
}

static unsigned width_of(const E2kOpRow *row) { return row->name[0] == 'q' ? 128 : 64; }

static E2kReg by_lanes(LaneFn *fn, unsigned bits, unsigned width, const Trial *t)
{
    E2kReg r = { 0 };

    for (unsigned i = 0; i < width / bits; i++) {
        Pair p = { lane(&t->s[1], bits, i), lane(&t->s[2], bits, i), slane(&t->s[1], bits, i),
                   slane(&t->s[2], bits, i), bits };

        set_lane(&r, bits, i, fn(&p));
    }
    return r;
}

static void model_lanes(const Op *op, Trial *t)
{
    unsigned bits;
    LaneFn *fn = lane_op(op->row->name, &bits);

    t->width = width_of(op->row);
    t->d = by_lanes(fn, bits, t->width, t);
}

static void test_lanes(void)
{
    unsigned n = 0, bits;

    for (unsigned i = 0; i < e2k_n_op_rows && !g_test_failed(); i++) {
        const E2kOpRow *row = &e2k_op_rows[i];

        if (row->category == CAT_PACKED && lane_op(row->name, &bits) && newest(row)) {
            run_row(row, newest(row), model_lanes, 200);
            n++;
        }
    }
    g_assert_cmpuint(n, ==, 100);
}

/* ---- shifts ---- */

static uint64_t shift(const char *s, uint64_t v, uint64_t n, unsigned bits)
{
    uint64_t mask = bits == 64 ? ~0ull : (1ull << bits) - 1;
    int64_t sv = (int64_t)(v << (64 - bits)) >> (64 - bits);

    if (s[2] == 'c') {
        n %= bits;
        return n ? v >> n | v << (bits - n) : v;
    }
    if (s[1] == 'r' && s[2] == 'a') {
        return (uint64_t)(sv >> (n >= bits ? bits - 1 : n));
    }
    return n >= bits ? 0 : s[1] == 'l' ? v << n & mask : v >> n;
}

static void model_shift(const Op *op, Trial *t)
{
    const char *s = op->row->name + (op->row->name[0] == 'q') + 1;      /* "sllh" */
    unsigned bits = lane_bits(s[3]);

    if (!op->literal && rnd() % 4) {
        t->s[2].lo %= 2 * bits;
    }
    t->width = width_of(op->row);
    for (unsigned i = 0; i < t->width / bits; i++) {
        set_lane(&t->d, bits, i, shift(s, lane(&t->s[1], bits, i), t->s[2].lo, bits));
    }
}

static bool is_shift(const char *name)
{
    const char *s = name + (name[0] == 'q') + 1;

    return strlen(s) == 4 && (g_str_has_prefix(s, "sll") || g_str_has_prefix(s, "srl") ||
                              g_str_has_prefix(s, "sra") || g_str_has_prefix(s, "src"));
}

static void test_shift(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < e2k_n_op_rows && !g_test_failed(); i++) {
        const E2kOpRow *row = &e2k_op_rows[i];

        if (row->category == CAT_PACKED && is_shift(row->name)) {
            for (unsigned k = 0; k < 3; k++) {
                run_row(row, newest(row), model_shift, 200);
            }
            n++;
        }
    }
    g_assert_cmpuint(n, ==, 27);
}

/* ---- everything else, by name ---- */

static void model_pack(const Op *op, Trial *t)
{
    const char *s = strstr(op->row->name, "ack") + 3;       /* "sshb" */
    unsigned from = lane_bits(s[2]), to = from / 2, n;
    bool is_signed = s[0] == 's';

    t->width = width_of(op->row);
    n = t->width / from;
    for (unsigned i = 0; i < 2 * n; i++) {
        int64_t v = slane(&t->s[i < n ? 2 : 1], from, i % n);

        set_lane(&t->d, to, i, (uint64_t)(is_signed ? signed_sat(v, to) : unsigned_sat(v, to)));
    }
}

static void model_unpack(const Op *op, Trial *t)
{
    const char *s = op->row->name + strlen("punpck");       /* "lbh" */
    unsigned bits = lane_bits(s[1]), n = 64 / bits;

    t->width = 64;
    for (unsigned i = 0; i < n; i++) {
        set_lane(&t->d, bits, i, lane(&t->s[i & 1 ? 1 : 2], bits, i / 2 + (s[0] == 'h' ? n / 2 : 0)));
    }
}

static void model_horizontal(const Op *op, Trial *t)
{
    const char *s = op->row->name + (op->row->name[0] == 'q') + 2;      /* "addsh" */
    size_t len = strlen(s);
    unsigned bits = lane_bits(s[len - 1]), n;
    bool sub = s[0] == 's', saturates = s[len - 2] == 's';

    t->width = width_of(op->row);
    n = t->width / bits;
    for (unsigned i = 0; i < n; i++) {
        const E2kReg *from = &t->s[i < n / 2 ? 1 : 2];
        unsigned k = 2 * (i % (n / 2));
        int64_t x = slane(from, bits, k), y = slane(from, bits, k + 1), v = sub ? x - y : x + y;

        set_lane(&t->d, bits, i, (uint64_t)(saturates ? signed_sat(v, bits) : v));
    }
}

static int64_t difference(const E2kReg *a, unsigned i, const E2kReg *c, unsigned k)
{
    return llabs((int64_t)lane(a, 8, i) - (int64_t)lane(c, 8, k));
}

static void model_sad(const Op *op, Trial *t)
{
    t->width = width_of(op->row);
    for (unsigned i = 0; i < t->width / 8; i++) {
        set_lane(&t->d, 64, i / 8, lane(&t->d, 64, i / 8) + (uint64_t)difference(&t->s[1], i, &t->s[2], i));
    }
}

static void model_mpsad(const Op *op, Trial *t)
{
    t->width = width_of(op->row);
    for (unsigned i = 0; i < t->width / 16; i++) {
        int64_t sum = 0;

        for (unsigned j = 0; j < 4; j++) {
            sum += difference(&t->s[1], i / 4 * 8 + i % 4 + j, &t->s[2], j);
        }
        set_lane(&t->d, 16, i, (uint64_t)sum);
    }
}

static void model_madd(const Op *op, Trial *t)
{
    bool bytes = strstr(op->row->name, "maddubsh") != NULL;
    unsigned bits = bytes ? 16 : 32;

    t->width = width_of(op->row);
    for (unsigned i = 0; i < t->width / bits; i++) {
        int64_t sum = 0;

        for (unsigned k = 2 * i; k < 2 * i + 2; k++) {
            sum += slane(&t->s[1], bits / 2, k) *
                   (bytes ? (int64_t)lane(&t->s[2], 8, k) : slane(&t->s[2], 16, k));
        }
        set_lane(&t->d, bits, i, (uint64_t)(bytes ? signed_sat(sum, 16) : sum));
    }
}

static void model_mulubhh(const Op *op, Trial *t)
{
    t->width = width_of(op->row);
    for (unsigned i = 0; i < t->width / 16; i++) {
        int64_t p = (int64_t)lane(&t->s[1], 8, i) * slane(&t->s[2], 16, i);

        set_lane(&t->d, 16, i, (uint64_t)((p + 0x80) >> 8));
    }
}

static void model_minpos(const Op *op, Trial *t)
{
    unsigned n = width_of(op->row) / 16, at = 0;
    uint64_t least = ~0ull;

    for (unsigned i = 0; i < 2 * n; i++) {
        uint64_t v = lane(&t->s[i < n ? 1 : 2], 16, i % n);

        if (v < least) {
            least = v;
            at = i;
        }
    }
    t->width = 64;
    t->d.lo = least | (uint64_t)at << 16;
}

static void model_movmsk(const Op *op, Trial *t)
{
    const char *s = op->row->name + strlen("pmovmsk");
    unsigned bits = s[0] == 'b' ? 8 : s[1] == 's' ? 32 : 64, n = 64 / bits;

    t->width = 64;
    for (unsigned i = 0; i < 2 * n; i++) {
        t->d.lo |= (uint64_t)(slane(&t->s[i < n ? 2 : 1], bits, i % n) < 0) << i;
    }
}

typedef unsigned __int128 u128;

static void model_immediate(const Op *op, Trial *t)
{
    const char *s = op->row->name;
    uint64_t s1 = t->s[1].lo, s2 = t->s[2].lo;
    const E2kReg both = { s2, s1 };
    unsigned imm = op->src3;
    u128 v = (u128)s1 << 64 | s2;

    t->width = 64;
    if (!strcmp(s, "pextrh")) { t->d.lo = lane(&both, 16, imm & 7); }
    else if (!strcmp(s, "pinsh")) { t->d.lo = s1; set_lane(&t->d, 16, imm & 3, s2); }
    else if (!strcmp(s, "pshufh") || !strcmp(s, "pshufw")) {
        unsigned bits = lane_bits(s[5]);

        for (unsigned i = 0; i < 64 / bits; i++) {
            set_lane(&t->d, bits, i, lane(&both, bits, imm >> (2 * i) & 3));
        }
    }
    else if (!strcmp(s, "psllqh")) { t->d.lo = (uint64_t)(v << 8 * imm >> 64); }
    else if (!strcmp(s, "psllql")) { t->d.lo = (uint64_t)(v << 8 * imm); }
    else if (!strcmp(s, "psrlqh")) { t->d.lo = (uint64_t)(v >> 8 * imm >> 64); }
    else { t->d.lo = (uint64_t)(v >> 8 * imm); }
}

static uint8_t reversed(uint8_t v)
{
    uint8_t r = 0;

    for (unsigned i = 0; i < 8; i++) {
        r |= (uint8_t)((v >> i & 1) << (7 - i));
    }
    return r;
}

static uint8_t modified(uint8_t v, unsigned how)
{
    v = how & 1 ? (uint8_t)~v : v;
    v = how & 2 ? reversed(v) : v;
    return how & 4 ? (v >> 7 ? 0xff : 0) : v;
}

static uint64_t ref_pshufb(uint64_t hi, uint64_t lo, uint64_t desc)
{
    const E2kReg both = { lo, hi };
    E2kReg r = { 0 };

    for (unsigned i = 0; i < 8; i++) {
        uint8_t how = (uint8_t)(desc >> 8 * i), k = how >> 4 & 7;

        set_lane(&r, 8, i, how & 0x80 ? (k == 2 ? 0x7f : k == 4 ? 0x80 : k == 6 ? 0xff : 0)
                                      : modified((uint8_t)lane(&both, 8, how & 15), k));
    }
    return r.lo;
}

/* half of the trials without modifiers: they take another way */
static void model_permute(const Op *op, Trial *t)
{
    const char *s = op->row->name;
    E2kReg *d = &t->s[3];

    if (rnd() & 1) {
        uint64_t mask = 0x0101010101010101ull * (s[2] == 'p' ? 0x1f : 0x8f);

        d->lo &= mask;
        d->hi &= mask;
    }
    t->width = width_of(op->row);
    if (!strcmp(s, "qppermb")) {
        for (unsigned i = 0; i < 16; i++) {
            unsigned how = (unsigned)lane(d, 8, i);

            set_lane(&t->d, 8, i, modified((uint8_t)lane(&t->s[how & 16 ? 1 : 2], 8, how & 15), how >> 5));
        }
    } else if (s[0] == 'q') {
        t->d.lo = ref_pshufb(t->s[2].hi, t->s[2].lo, d->lo);
        t->d.hi = ref_pshufb(t->s[1].hi, t->s[1].lo, d->hi);
    } else {
        t->d.lo = ref_pshufb(t->s[1].lo, t->s[2].lo, d->lo);
    }
}

static void model_bytes(const Op *op, Trial *t)
{
    const char *s = op->row->name;
    uint64_t hi = 0;

    t->width = width_of(op->row);
    if (strstr(s, "pmerge")) {
        for (unsigned i = 0; i < 16; i++) {
            set_lane(&t->d, 8, i, lane(&t->s[slane(&t->s[3], 8, i) < 0 ? 2 : 1], 8, i));
        }
    } else if (!strcmp(s, "qppackdl")) {
        t->d = (E2kReg){ t->s[2].lo, t->s[1].lo };
    } else if (!strcmp(s, "qpswitchd")) {
        t->d = (E2kReg){ t->s[2].hi, t->s[2].lo };
    } else if (!strcmp(s, "qpswitchw")) {
        for (unsigned i = 0; i < 4; i++) {
            set_lane(&t->d, 32, i, lane(&t->s[2], 32, i ^ 1));
        }
    } else if (g_str_has_prefix(s, "qpcext_0x")) {
        for (unsigned i = 0; i < 8; i++) {
            hi |= strtoull(s + 9, NULL, 16) << 8 * i;
        }
        t->d = (E2kReg){ t->s[2].lo, hi };
    } else if (!strcmp(s, "qpsgn2mskb")) {
        t->width = 32;
        for (unsigned i = 0; i < 16; i++) {
            t->d.lo |= (uint64_t)(slane(&t->s[2], 8, i) < 0) << i;
        }
    } else {                                                /* qpmsk2sgnb */
        for (unsigned i = 0; i < 16; i++) {
            set_lane(&t->d, 8, i, (lane(&t->s[1], 8, i) & 0x7f) | (t->s[2].lo >> i & 1) << 7);
        }
    }
}

static const struct { const char *prefix; ModelFn *model; unsigned n; } others[] = {
    { "ackss", model_pack, 4 }, { "ackus", model_pack, 4 },
    { "unpck", model_unpack, 6 }, { "hadd", model_horizontal, 6 }, { "hsub", model_horizontal, 6 },
    { "sadbw", model_sad, 2 }, { "mpsadbh", model_mpsad, 2 },
    { "maddh", model_madd, 2 }, { "maddubsh", model_madd, 2 }, { "mulubhh", model_mulubhh, 2 },
    { "hminposuh", model_minpos, 2 }, { "movmsk", model_movmsk, 3 },
    { "extrh", model_immediate, 1 }, { "insh", model_immediate, 1 },
    { "shufh", model_immediate, 1 }, { "shufw", model_immediate, 1 },
    { "sllq", model_immediate, 2 }, { "srlq", model_immediate, 2 },
    { "shufb", model_permute, 2 }, { "permb", model_permute, 1 }, { "merge", model_bytes, 2 },
    { "packdl", model_bytes, 1 }, { "switch", model_bytes, 2 }, { "cext_", model_bytes, 4 },
    { "sgn2mskb", model_bytes, 1 }, { "msk2sgnb", model_bytes, 1 },
};

static const char *rest_of(const char *name)
{
    return g_str_has_prefix(name, "mpsad") ? name : name + (name[0] == 'q') + 1;
}

static void test_others(void)
{
    for (unsigned k = 0; k < G_N_ELEMENTS(others) && !g_test_failed(); k++) {
        unsigned n = 0;

        for (unsigned i = 0; i < e2k_n_op_rows; i++) {
            const E2kOpRow *row = &e2k_op_rows[i];

            if (row->category == CAT_PACKED && newest(row) &&
                g_str_has_prefix(rest_of(row->name), others[k].prefix)) {
                for (unsigned r = 0; r < (row->ales_lo == E2K_ALES_IMM8 ? 10 : 1); r++) {
                    run_row(row, newest(row), others[k].model, 300);
                }
                n++;
            }
        }
        if (n != others[k].n) {
            g_test_message("%s: %u rows", others[k].prefix, n);
            g_test_fail();
        }
    }
}

/* ---- to predicates ---- */

static void model_compare(const Op *op, Trial *t)
{
    const char *s = strstr(op->row->name, "cmp") + 3;           /* "eqbop" */
    unsigned bits = lane_bits(s[2]), n = width_of(op->row) / bits, hits = 0;

    if (rnd() & 1) {                                            /* nearly equal */
        t->s[2] = t->s[1];
        if (rnd() & 1) {
            set_lane(&t->s[2], 8, (unsigned)(rnd() % 16), rnd());
        }
    }
    for (unsigned i = 0; i < n; i++) {
        int64_t a = slane(&t->s[1], bits, i), c = slane(&t->s[2], bits, i);

        hits += s[0] == 'e' ? a == c : a > c;
    }
    t->has_pred = true;
    t->pred = s[3] == 'a' ? hits == n : hits > 0;
}

static void test_compare(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < e2k_n_op_rows && !g_test_failed(); i++) {
        const E2kOpRow *row = &e2k_op_rows[i];

        if (row->category == CAT_COMPARE && row->format == ALF17) {
            Op op;
            Trial t;

            for (unsigned how = 0; how < 2; how++) {
                g_assert(choose(&op, row, 6, i));
                op.guarded = how;
                put_code(&op);
                for (unsigned k = 0; k < 200 && !g_test_failed(); k++) {
                    fill(&t, k);
                    run_trial(&op, model_compare, &t);
                }
            }
            n++;
        }
    }
    g_assert_cmpuint(n, ==, 32);
}

/* ---- plog: all 256 tables, bit by bit ---- */

static void model_plog(const Op *op, Trial *t)
{
    t->width = width_of(op->row);
    for (unsigned i = 0; i < 128; i++) {
        unsigned k = 0;

        for (unsigned n = 1; n <= 3; n++) {
            k = k << 1 | (unsigned)lane(&t->s[n], 1, i);
        }
        set_lane(&t->d, 1, i, op->table >> k & 1);
    }
}

static void test_plog(void)
{
    unsigned n = 0;
    Trial t;
    Op op;

    for (unsigned i = 0; i < 512 * e2k_n_op_rows && !g_test_failed(); i++) {
        if (e2k_op_rows[i / 512].category != CAT_PACKED_LOGIC) {
            i += 511;
            continue;
        }
        g_assert(choose(&op, &e2k_op_rows[i / 512], 6, i));
        op.table = i & 255;
        op.guarded = i & 256;
        op.prior = i >> 2 & 3;
        put_code(&op);
        for (unsigned k = 0; k < 16; k++) {
            fill(&t, k);
            run_trial(&op, model_plog, &t);
        }
        n++;
    }
    g_assert_cmpuint(n, ==, 1024);
}

/* ---- nothing is left out ---- */

static bool excused(const char *name)
{
    return g_str_has_prefix(name, "qpcheck");       /* tags of protected mode; not published */
}

static void test_all_rows(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        const E2kOpRow *row = &e2k_op_rows[i];

        if ((row->category == CAT_PACKED || row->category == CAT_PACKED_LOGIC ||
             row->format == ALF17) && newest(row)) {
            if (e2k_op_translatable(row) == excused(row->name)) {
                g_test_message("%s is %stranslated", row->name, excused(row->name) ? "" : "not ");
                g_test_fail();
            }
            n++;
        }
    }
    g_assert_cmpuint(n, >=, 225);
}

static void test_count(void)
{
    g_test_message("%u trials", n_trials);
    g_assert_cmpuint(n_trials, >, 200000);
}

int main(int argc, char **argv)
{
    bool interp = g_getenv("E2K_TEST_INTERP") != NULL;

    self = argv[0];
    g_test_init(&argc, &argv, NULL);
    set_up(interp ? "tcg,backend=interp" : "tcg");
    g_test_add_func("/e2k-packed/all-rows", test_all_rows);
    g_test_add_func("/e2k-packed/lanes", test_lanes);
    g_test_add_func("/e2k-packed/shift", test_shift);
    g_test_add_func("/e2k-packed/others", test_others);
    g_test_add_func("/e2k-packed/compare", test_compare);
    g_test_add_func("/e2k-packed/plog", test_plog);
    g_test_add_func("/e2k-packed/count", test_count);
    if (!interp) {
        g_test_add_func("/e2k-packed/interp", test_interp);
    }
    return g_test_run();
}
