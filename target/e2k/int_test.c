/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Integer operations, comparisons, flags, state registers and moves against models in plain C, on
 * edge and random values (fixed seed), by both back ends. All rows of these kinds must be
 * translatable but for those listed with a reason.
 */
#include "target/e2k/op_test.h"

static uint64_t cut(uint64_t v, unsigned bits) { return bits == 64 ? v : v & ((1ull << bits) - 1); }

static int64_t sext(uint64_t v, unsigned bits)
{
    return (int64_t)(v << (64 - bits)) >> (64 - bits);
}

/* ---- models by name ---- */

/* bit by bit; the place of the sign as the table has it */
static uint64_t ref_getf(unsigned version, unsigned bits, uint64_t v, uint64_t desc, bool clear)
{
    unsigned offset = desc % bits, len = desc >> 6 & (bits - 1), last = (offset + len - 1) % bits;
    uint64_t r = 0;
    bool sign;

    if (!len) {
        return 0;
    }
    if (version < 5 && !clear) {
        last = 8 * (desc >> 13 & (bits == 64 ? 7 : 3)) + last % 8;
    }
    sign = (desc >> 12 & 1) && (v >> last & 1);
    for (unsigned i = 0; i < bits; i++) {
        bool bit = i < len ? v >> (offset + i) % bits & 1 : sign;

        if (bit && !(clear && i < (desc >> 13 & 7))) {
            r |= 1ull << i;
        }
    }
    return r;
}

static uint64_t rotate_left(uint64_t v, unsigned n, unsigned bits)
{
    for (n %= bits; n > 0; n--) {
        v = cut(v << 1 | v >> (bits - 1), bits);
    }
    return v;
}

static bool is(const char *s, size_t len, const char *name)
{
    return strlen(name) == len && !strncmp(s, name, len);
}

static uint64_t ref2(const Op *op, const char *s, size_t n, unsigned bits, uint64_t a, uint64_t c,
                     bool mrgc)
{
    unsigned k = c % bits;

    if (is(s, n, "add")) { return a + c; }
    if (is(s, n, "sub")) { return a - c; }
    if (is(s, n, "rsub")) { return c - a; }
    if (is(s, n, "and")) { return a & c; }
    if (is(s, n, "andn")) { return a & ~c; }
    if (is(s, n, "or")) { return a | c; }
    if (is(s, n, "orn")) { return a | ~c; }
    if (is(s, n, "xor")) { return a ^ c; }
    if (is(s, n, "xorn")) { return ~(a ^ c); }
    if (is(s, n, "shl")) { return a << k; }
    if (is(s, n, "shr")) { return a >> k; }
    if (is(s, n, "sar")) { return (uint64_t)(sext(a, bits) >> k); }
    if (is(s, n, "scl")) { return rotate_left(a, k, bits); }
    if (is(s, n, "scr")) { return rotate_left(a, bits - k, bits); }
    if (is(s, n, "mul")) { return a * c; }
    if (is(s, n, "getf")) { return ref_getf(op->version, bits, a, c, false); }
    if (is(s, n, "getfz")) { return ref_getf(op->version, bits, a, c, true); }
    if (is(s, n, "merge")) { return mrgc ? c : a; }
    g_error("no model of %s", op->row->name);
}

static void model_two(const Op *op, Trial *t)
{
    const char *name = op->row->name, *bar = strchr(name, '_');
    size_t len = strlen(name) - 1;
    unsigned bits = name[len] == 'd' ? 64 : 32;
    uint64_t a = cut(t->s[1].lo, bits), c = cut(t->s[2].lo, bits), r;

    r = cut(ref2(op, name, bar ? (size_t)(bar - name) : len, bits, a, c, t->mrgc), bits);
    if (bar) {
        r = ref2(op, bar + 1, len - (size_t)(bar + 1 - name), bits, cut(t->s[3].lo, bits), r,
                 t->mrgc);
    }
    t->d.lo = cut(r, bits);
    t->width = bits;
}

static uint32_t bits_reversed32(uint32_t v)
{
    uint32_t r = 0;

    for (unsigned i = 0; i < 32; i++) {
        r |= (v >> i & 1) << (31 - i);
    }
    return r;
}

static uint64_t ref_sxt(uint64_t sel, uint64_t v)
{
    unsigned bits = (sel & 3) == 0 ? 8 : (sel & 3) == 1 ? 16 : 32;

    return sel & 4 ? cut(v, bits) : (uint64_t)sext(v, bits);
}

typedef unsigned __int128 u128;

static u128 ref_clmul(uint64_t a, uint64_t c)
{
    u128 r = 0;

    for (unsigned i = 0; i < 64; i++) {
        r ^= c >> i & 1 ? (u128)a << i : 0;
    }
    return r;
}

static uint64_t ref_insf(unsigned bits, uint64_t a, uint64_t desc, uint64_t v)
{
    uint64_t r = rotate_left(a, bits - desc % bits, bits);
    unsigned len = desc >> 6 & (bits - 1);

    return (r >> len << len) | cut(v, len ? len : 1) * (len != 0);
}

static unsigned ref_lzcnt(uint64_t v, unsigned bits)
{
    unsigned n = 0;

    while (n < bits && !(v >> (bits - 1 - n) & 1)) {
        n++;
    }
    return n;
}

static void model_other(const Op *op, Trial *t)
{
    const char *s = op->row->name;
    uint64_t a = t->s[1].lo, c = t->s[2].lo, e = t->s[3].lo;
    u128 carry = e & 1, sum = (u128)a + c + carry, difference = (u128)a - c - carry;

    t->width = op->row->dst == W_S ? 32 : 64;
    if (!strcmp(s, "sxt")) { t->d.lo = ref_sxt(a, c); }
    else if (!strcmp(s, "insfs")) { t->d.lo = ref_insf(32, cut(a, 32), c, cut(e, 32)); }
    else if (!strcmp(s, "insfd")) { t->d.lo = ref_insf(64, a, c, e); }
    else if (!strcmp(s, "umulx")) { t->d.lo = (uint64_t)(uint32_t)a * (uint32_t)c; }
    else if (!strcmp(s, "smulx")) { t->d.lo = (uint64_t)((int64_t)(int32_t)a * (int32_t)c); }
    else if (!strcmp(s, "umulhd")) { t->d.lo = (uint64_t)((u128)a * c >> 64); }
    else if (!strcmp(s, "smulhd")) {
        t->d.lo = (uint64_t)((__int128)(int64_t)a * (int64_t)c >> 64);
    } else if (!strcmp(s, "bitrevs")) { t->d.lo = bits_reversed32((uint32_t)c); }
    else if (!strcmp(s, "bitrevd")) {
        t->d.lo = (uint64_t)bits_reversed32((uint32_t)c) << 32 | bits_reversed32((uint32_t)(c >> 32));
    } else if (!strcmp(s, "lzcnts")) { t->d.lo = ref_lzcnt(c, 32); }
    else if (!strcmp(s, "lzcntd")) { t->d.lo = ref_lzcnt(c, 64); }
    else if (!strcmp(s, "popcnts")) { t->d.lo = (uint64_t)__builtin_popcount((uint32_t)c); }
    else if (!strcmp(s, "popcntd")) { t->d.lo = (uint64_t)__builtin_popcountll(c); }
    else if (!strcmp(s, "addcd")) { t->d.lo = (uint64_t)sum; }
    else if (!strcmp(s, "addcd_c")) { t->d.lo = sum >> 64 & 1; }
    else if (!strcmp(s, "subcd")) { t->d.lo = (uint64_t)difference; }
    else if (!strcmp(s, "subcd_c")) { t->d.lo = difference >> 64 & 1; }
    else if (!strcmp(s, "clmull")) { t->d.lo = (uint64_t)ref_clmul(a, c); }
    else if (!strcmp(s, "clmulh")) { t->d.lo = (uint64_t)(ref_clmul(a, c) >> 64); }
    else if (!strcmp(s, "pmrgp")) { t->d.lo = t->mrgc ? c : a; }
    else if (!strcmp(s, "qpmrgp")) { t->d = t->mrgc ? t->s[2] : t->s[1]; t->width = 128; }
    else { g_error("no model of %s", s); }
}

/* ---- division ---- */

static void model_div(const Op *op, Trial *t)
{
    const char *s = op->row->name;
    bool is_signed = s[0] == 's', mod = s[1] == 'm', x = s[4] == 'x', wide = s[4] != 's';
    __int128 a = is_signed ? sext(t->s[1].lo, wide ? 64 : 32) : (__int128)cut(t->s[1].lo, wide ? 64 : 32);
    __int128 c = is_signed ? sext(t->s[2].lo, s[4] == 'd' ? 64 : 32)
                           : (__int128)cut(t->s[2].lo, s[4] == 'd' ? 64 : 32);
    __int128 q = c ? a / c : 0;
    bool bad = !c || (x && (is_signed ? q != (int32_t)q : q >> 32 != 0));

    t->width = op->row->dst == W_S ? 32 : 64;
    t->d.lo = bad ? 0 : (uint64_t)(mod ? a % c : q);
    t->trap = bad && !op->sm ? E2K_EXC_DIV : -1;
}

/* quotients of x forms fit more often than chance has it */
static void model_divx(const Op *op, Trial *t)
{
    if (rnd() & 1) {
        t->s[1].lo = (uint64_t)(sext(rnd(), 32) * (sext(t->s[2].lo, 32) / 2 + 1));
    }
    model_div(op, t);
}

/* ---- comparisons ---- */

static bool even_parity(uint64_t v) { return !(__builtin_popcountll(v & 0xff) & 1); }

static void model_compare(const Op *op, Trial *t)
{
    const E2kOpRow *row = op->row;
    bool both = g_str_has_prefix(row->name, "cmpand");
    unsigned bits = row->src1 == W_D ? 64 : 32;
    uint64_t a = cut(t->s[1].lo, bits), c = cut(t->s[2].lo, bits), r = both ? a & c : a - c;
    const char *s = row->name + (both ? 6 : 3);
    size_t n = strlen(s) - 2;
    int64_t x = sext(a, bits), y = sext(c, bits);
    __int128 exact = (__int128)x - y;

    t->has_pred = true;
    if (is(s, n, "e")) { t->pred = both ? !r : a == c; }
    else if (is(s, n, "b")) { t->pred = a < c; }
    else if (is(s, n, "be")) { t->pred = a <= c; }
    else if (is(s, n, "l")) { t->pred = x < y; }
    else if (is(s, n, "le")) { t->pred = both ? sext(r, bits) <= 0 : x <= y; }
    else if (is(s, n, "s")) { t->pred = sext(r, bits) < 0; }
    else if (is(s, n, "p")) { t->pred = even_parity(r); }
    else if (is(s, n, "o")) { t->pred = exact != sext((uint64_t)exact, bits); }
    else { g_error("no model of %s", row->name); }
}

enum { CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, OF = 0x800 };

static void model_cctop(const Op *op, Trial *t)
{
    const char *s = op->row->name + strlen("cctop");
    uint32_t f = (uint32_t)t->s[2].lo;
    bool less = !(f & SF) != !(f & OF);

    t->has_pred = true;
    t->pred = !strcmp(s, "o") ? f & OF : !strcmp(s, "b") ? f & CF : !strcmp(s, "e") ? f & ZF
              : !strcmp(s, "be") ? f & (CF | ZF) : !strcmp(s, "s") ? f & SF
              : !strcmp(s, "p") ? f & PF : !strcmp(s, "l") ? less : less || (f & ZF);
}

/* ---- flags: the host's own instructions say which ---- */

#define FLAGS_ALL (CF | PF | AF | ZF | SF | OF)
#define HOST_RUN(T, ins, with, constraint, operand, ...) { \
        T x = (T)a; \
        __asm__ volatile("leaq -128(%%rsp), %%rsp\n\t" with ins \
                         "\n\tpushfq\n\tpopq %0\n\tleaq 128(%%rsp), %%rsp" \
                         : "=&r"(f), "+r"(x) : constraint(operand), ##__VA_ARGS__ : "cc", "memory"); \
        break; \
    }
#define HOST_ALL(ins) \
    switch (bits) { \
    case 8: HOST_RUN(uint8_t, ins "b %2, %1", "", "q", (uint8_t)c) \
    case 16: HOST_RUN(uint16_t, ins "w %2, %1", "", "r", (uint16_t)c) \
    case 32: HOST_RUN(uint32_t, ins "l %2, %1", "", "r", (uint32_t)c) \
    default: HOST_RUN(uint64_t, ins "q %2, %1", "", "r", c) \
    }
#define OLD_FLAGS "pushq %3\n\tpopfq\n\t"
#define HOST_SHIFT(ins) \
    switch (bits) { \
    case 8: HOST_RUN(uint8_t, ins "b %%cl, %1", OLD_FLAGS, "c", n, "r"(in)) \
    case 16: HOST_RUN(uint16_t, ins "w %%cl, %1", OLD_FLAGS, "c", n, "r"(in)) \
    case 32: HOST_RUN(uint32_t, ins "l %%cl, %1", OLD_FLAGS, "c", n, "r"(in)) \
    default: HOST_RUN(uint64_t, ins "q %%cl, %1", OLD_FLAGS, "c", n, "r"(in)) \
    }

static uint64_t host_shift(const char *s, unsigned bits, uint64_t a, uint8_t n, uint64_t in)
{
    uint64_t f = 0;

    if (s[1] == 'h' && s[2] == 'l') { HOST_SHIFT("shl") }
    else if (s[1] == 'h') { HOST_SHIFT("shr") }
    else if (s[1] == 'a') { HOST_SHIFT("sar") }
    else if (s[2] == 'l') { HOST_SHIFT("rol") }
    else { HOST_SHIFT("ror") }
    return f;
}

static uint64_t host_two(const char *s, size_t n, unsigned bits, uint64_t a, uint64_t c)
{
    uint64_t f = 0;

    if (is(s, n, "andn") || is(s, n, "orn") || is(s, n, "xorn")) {
        c = ~c;
    }
    if (is(s, n, "add") || is(s, n, "inc")) { HOST_ALL("add") }
    else if (is(s, n, "sub") || is(s, n, "dec")) { HOST_ALL("sub") }
    else if (s[0] == 'a') { HOST_ALL("and") }
    else if (s[0] == 'o') { HOST_ALL("or") }
    else { HOST_ALL("xor") }
    return f;
}

static void model_flags(const Op *op, Trial *t)
{
    const char *s = op->row->name, *bar = strchr(s, '_');
    size_t n = (size_t)(bar - s - 1);
    unsigned bits = bar[2] == 'b' ? 8 : bar[2] == 'h' ? 16 : bar[2] == 'w' ? 32 : 64;
    uint64_t a = t->s[1].lo, c = t->s[2].lo, f, mask = FLAGS_ALL;
    uint32_t old;
    unsigned count = c & (bits == 64 ? 63 : 31);

    t->s[3].lo &= FLAGS_ALL;
    old = (uint32_t)t->s[3].lo;
    t->width = 32;
    if (is(s, n, "umul") || is(s, n, "smul")) {
        __int128 p = s[0] == 's' ? (__int128)sext(a, bits) * sext(c, bits)
                                 : (__int128)((u128)cut(a, bits) * cut(c, bits));
        bool fits = s[0] == 's' ? p == sext((uint64_t)p, bits) : p >> bits == 0;
        uint64_t low = cut((uint64_t)p, bits);

        t->d.lo = (low ? 0 : ZF) | (low >> (bits - 1) ? SF : 0) | (even_parity(low) ? PF : 0) |
                  (fits ? 0 : CF | OF);
        return;
    }
    if (strchr("sr", s[0]) && (is(s, n, "shl") || is(s, n, "shr") || is(s, n, "sar") ||
                               is(s, n, "scl") || is(s, n, "scr"))) {
        f = host_shift(s, bits, a, (uint8_t)count, old | 2);
        if (count && s[1] != 'c') {
            mask &= ~(uint64_t)AF;              /* undefined there, 0 here */
        }
        if (count > 1) {                        /* OF is defined for 1 only */
            mask &= ~(uint64_t)OF;
        }
        if (count >= bits && s[1] != 'c') {     /* CF too */
            mask &= ~(uint64_t)CF;
        }
        t->d.lo = f & mask;
        t->s[0].lo = mask;
        return;
    }
    f = host_two(s, n, bits, a, c) & FLAGS_ALL;
    if (strchr("aox", s[0]) && !is(s, n, "add")) {
        f &= ~(uint64_t)AF;
    }
    t->d.lo = is(s, n, "inc") || is(s, n, "dec") ? (f & ~(uint64_t)CF) | (old & CF) : f;
}

/* shifts: only what x86 defines is compared */
static void flags_trial(const Op *op, unsigned i)
{
    Trial t;
    uint64_t mask;

    fill(&t, i);
    t.s[0].lo = FLAGS_ALL;
    t.s[2].lo = i % 3 ? t.s[2].lo : rnd() % 34;
    model_flags(op, &t);
    mask = t.s[0].lo;
    for (unsigned k = 1; k < 4; k++) {
        env->win[k] = t.s[k];
    }
    env->win[DST] = (E2kReg){ rnd(), rnd() };
    t.old = env->win[DST];
    run_code(0);
    n_trials++;
    if (((env->win[DST].lo ^ t.d.lo) & mask) || (env->win[DST].lo >> 32) != t.old.lo >> 32 ||
        ((uint32_t)env->win[DST].lo & ~(uint32_t)FLAGS_ALL)) {
        report(op, &t, t.d, false);
    }
}

/* ---- rows ---- */

static bool named(const char *name, const char *const *names)
{
    return g_strv_contains(names, name);
}

static const char *const other_names[] = {
    "sxt", "insfs", "insfd", "umulx", "smulx", "umulhd", "smulhd", "bitrevs", "bitrevd", "lzcnts",
    "lzcntd", "popcnts", "popcntd", "addcd", "addcd_c", "subcd", "subcd_c", "clmull", "clmulh",
    "pmrgp", "qpmrgp", NULL
};

/* rows of one of the @categories, but those in @except, in their newest version and others */
static unsigned run_category(E2kCategory category, const char *const *except, ModelFn *model,
                             unsigned count)
{
    unsigned n = 0;

    for (unsigned i = 0; i < e2k_n_op_rows && !g_test_failed(); i++) {
        const E2kOpRow *row = &e2k_op_rows[i];

        if (row->category != category || (except && named(row->name, except)) || !newest(row)) {
            continue;
        }
        run_row(row, newest(row), model, count);
        if (strstr(row->name, "getf") && row->channels[2]) {
            run_row(row, 3, model, count);      /* another sign rule */
        }
        n++;
    }
    return n;
}

static void test_basic(void)
{
    g_assert_cmpuint(run_category(CAT_INT, other_names, model_two, 400), ==, 30);
    g_assert_cmpuint(run_category(CAT_MERGE, other_names, model_two, 200), ==, 2);
    g_assert_cmpuint(run_category(CAT_INT_MUL, other_names, model_two, 400), ==, 2);
}

static void test_combined(void)
{
    g_assert_cmpuint(run_category(CAT_INT_COMBINED, NULL, model_two, 60), ==, 480);
}

static void test_other(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < e2k_n_op_rows && !g_test_failed(); i++) {
        if (named(e2k_op_rows[i].name, other_names)) {
            run_row(&e2k_op_rows[i], newest(&e2k_op_rows[i]), model_other, 400);
            n++;
        }
    }
    g_assert_cmpuint(n, ==, G_N_ELEMENTS(other_names) - 1);
}

static void test_div(void)
{
    g_assert_cmpuint(run_category(CAT_INT_DIV, NULL, model_div, 300), ==, 8);
    g_assert_cmpuint(run_category(CAT_INT_DIV, NULL, model_divx, 300), ==, 8);
}

static void test_compare(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < e2k_n_op_rows && !g_test_failed(); i++) {
        const E2kOpRow *row = &e2k_op_rows[i];

        if (row->category == CAT_COMPARE && (row->format == ALF7 || row->format == ALF8)) {
            run_row(row, 6, row->format == ALF8 ? model_cctop : model_compare, 400);
            n++;
        }
    }
    g_assert_cmpuint(n, ==, 32);
}

static void test_flags(void)
{
    unsigned n = 0;
    Op op;

    for (unsigned i = 0; i < e2k_n_op_rows && !g_test_failed(); i++) {
        const E2kOpRow *row = &e2k_op_rows[i];

        if (row->category == CAT_INT_FLAGS) {
            g_assert(choose(&op, row, 6, i));
            put_code(&op);
            for (unsigned k = 0; k < 300 && !g_test_failed(); k++) {
                flags_trial(&op, k);
            }
            n++;
        }
    }
    g_assert_cmpuint(n, ==, 66);
}

/* Published expectations of getfd, by hand. */
static void test_getf_by_hand(void)
{
    static const struct { uint64_t s1; unsigned offset, byte; uint64_t old, now; } rows[] = {
        { 0x808080, 0, 0, 0xffffffff00808080, 0x808080 },
        { 0x808080, 0, 2, 0xffffffff00808080, 0x808080 },
        { 0x808080, 0, 3, 0x00808080, 0x808080 },
        { 0x010101, 1, 0, 0xffffffff00008080, 0x8080 },
        { 0x010101, 1, 3, 0x8080, 0x8080 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t desc = rows[i].offset | 32u << 6 | 1u << 12 | (uint64_t)rows[i].byte << 13;

        for (unsigned version = 3; version <= 6; version += 3) {
            for (unsigned k = 0; k < e2k_n_op_rows; k++) {
                Op op;

                if (!strcmp(e2k_op_rows[k].name, "getfd") &&
                    choose(&op, &e2k_op_rows[k], version, i)) {
                    op.literal = i & 1;
                    op.value = desc;
                    put_code(&op);
                    env->win[1].lo = rows[i].s1;
                    env->win[2].lo = desc;
                    run_code(0);
                    g_assert_cmphex(env->win[DST].lo, ==, version < 5 ? rows[i].old : rows[i].now);
                }
            }
        }
    }
}

/* ---- state ---- */

static const E2kOpRow *row_named(const char *name)
{
    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        if (!strcmp(e2k_op_rows[i].name, name)) {
            return &e2k_op_rows[i];
        }
    }
    g_error("no row %s", name);
}

static void write_sreg(const char *how, unsigned n, uint64_t value)
{
    Op op;

    g_assert(choose(&op, row_named(how), 6, 0));
    op.dst = (uint8_t)n;
    put_code(&op);
    env->win[2].lo = value;
    run_code(0);
}

static uint64_t read_sreg(const char *how, unsigned n, uint64_t mode)
{
    Op op;

    g_assert(choose(&op, row_named(how), 6, 0));
    op.src1 = (uint8_t)n;
    op.src2 = 0xc0;
    put_code(&op);
    env->win[DST].lo = 0x1122334455667788;
    run_code(mode);
    return env->win[DST].lo;
}

static void test_sregs(void)
{
    static const struct { uint8_t n; uint64_t wrote, reads; } rows[] = {
        { 0x83, 0x00e5003f12345678, 0x00e5003f12345678 },       /* lsr */
        { 0xc3, 0x0123456700000005, 0x00e5003f00000005 },       /* lsr1: lcnt alone */
        { 0x87, 0xffffffff00000007, 0x001f001f00000007 },       /* ilcr */
        { 0xc7, 0xffffffff00000009, 0x001f001f00000009 },
        { 0x80, 0x31, 0x31 },                                   /* upsr */
        { 0x89, 0x1ff, 0x1ff },                                 /* bgr */
        { 0x86, 0x8021, 0x8021 },                               /* fpsr */
    };
    static const uint8_t of_reg[] = { 0x83, 0x83, 0x87, 0x87, 0x80, 0x89, 0x86 };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        write_sreg("rwd", rows[i].n, rows[i].wrote);
        g_assert_cmpint(env->trapno, ==, E2K_EXC_ILLEGAL_OPCODE);
        g_assert_cmphex(read_sreg("rrd", of_reg[i], 0), ==, rows[i].reads);
    }
    g_assert_cmpuint(env->lcnt, ==, 5);
    g_assert_cmpuint(env->ecnt, ==, 31);
    g_assert_cmpuint(env->vlc, ==, 1);
    g_assert_cmpuint(env->pcnt, ==, 5);
    g_assert_cmpuint(env->strmd, ==, 7);
    write_sreg("rws", 0x83, 0xffffffff00000003);
    g_assert_cmphex(read_sreg("rrd", 0x83, 0), ==, 3);
    g_assert_cmphex(read_sreg("rrs", 0x83, 0), ==, 0x1122334400000003);
    g_assert_cmphex(read_sreg("rrd", 0x81, 0), ==, CODE_ADDR);
    g_assert_cmphex(read_sreg("rrd", 0x82, 0), ==, CODE_ADDR + 16);
    g_assert_cmphex(read_sreg("rrd", 0x88, 0x0842041), ==, 0x0842041);
    g_assert_cmphex(read_sreg("rrd", 0x8a, 0), ==, env->idr);
    g_assert_cmphex(read_sreg("rrd", 0x2d, 0) & ((1ull << 48) - 1), ==, env->usd_lo);
    g_assert_cmphex(read_sreg("rrd", 0x01, E2K_MODE_DBL) >> 48, ==, 3);
    g_assert_cmphex(read_sreg("rrd", 0x01, E2K_MODE_NFX) >> 48, ==, 0);
    /* time goes on */
    uint64_t t0 = read_sreg("rrd", 0x90, 0);
    g_assert_cmpuint(read_sreg("rrd", 0x90, 0), >, t0);
    /* privileged ones, and none */
    read_sreg("rrd", 0x2f, 0);
    g_assert_cmpint(env->trapno, ==, E2K_EXC_PRIV_ACTION);
    read_sreg("rrd", 0x02, 0);
    g_assert_cmpint(env->trapno, ==, E2K_EXC_ILLEGAL_OPCODE);
    g_assert_cmphex(env->ip, ==, CODE_ADDR);
    write_sreg("rwd", 0x2d, 0);
    g_assert_cmpint(env->trapno, ==, E2K_EXC_PRIV_ACTION);
    g_assert_cmphex(env->ip, ==, CODE_ADDR);
}

/* the next bundle runs under the new rotation */
static void test_write_br(void)
{
    write_sreg("rwd", 0x88, 0x0842041);
    g_assert_cmphex(env->mode, ==, 0x0842041);
    g_assert_cmphex(env->ip, ==, CODE_ADDR + 16);
}

static void test_ctpr(void)
{
    Op op;

    write_sreg("rwd", 0x16, 0x00c0000000012340);
    g_assert_cmphex(env->ctpr[1], ==, 0x00c0000000012340);
    g_assert_cmphex(read_sreg("rrd", 0x16, 0), ==, 0x00c0000000012340);
    g_assert(choose(&op, row_named("movtd"), 6, 0));
    op.dst = E2K_DST_CTPR3;
    put_code(&op);
    env->win[2].lo = 0xffff000000045678;
    run_code(0);
    g_assert_cmphex(env->ctpr[2], ==, 0x00c0000000045678);
    g_assert(choose(&op, row_named("getpl"), 6, 0));
    op.dst = E2K_DST_CTPR1;
    put_code(&op);
    run_code(0);
    g_assert_cmphex(env->ctpr[0], ==, 0x00c0000000045678);
}

static void test_getsp(void)
{
    static const struct { int32_t n; int64_t moves; } rows[] = {
        { -64, -64 }, { -1, -16 }, { 0, 0 }, { 15, 0 }, { 80, 80 }, { -17, -32 },
    };
    uint64_t old_sp = env->usd_lo, old_bottom = env->stack_bottom;
    Op op;

    env->stack_bottom = 0x7000000000;
    for (unsigned i = 0; i < 2 * G_N_ELEMENTS(rows); i++) {
        uint64_t want = 0x7000001000 + (uint64_t)rows[i / 2].moves;

        g_assert(choose(&op, row_named("getsp"), 6, i));
        op.guarded = i & 1;
        put_code(&op);
        env->usd_lo = 0x7000001000;
        env->frame->pred[GUARD_PRED] = 0;
        env->win[2].lo = 0xffffffff00000000 | (uint32_t)rows[i / 2].n;
        env->win[DST].lo = 1;
        run_code(0);
        g_assert_cmphex(env->usd_lo, ==, op.guarded ? 0x7000001000 : want);
        g_assert_cmphex(env->win[DST].lo, ==, op.guarded ? 1 : want);
    }
    for (unsigned guarded = 0; guarded < 2; guarded++) {
        op.guarded = guarded;
        put_code(&op);
        env->usd_lo = 0x7000001000;
        env->win[2].lo = (uint32_t)-0x1010;
        run_code(0);
        g_assert_cmpint(env->trapno, ==, guarded ? E2K_EXC_ILLEGAL_OPCODE : E2K_EXC_ARRAY_BOUNDS);
        g_assert_cmphex(env->usd_lo, ==, 0x7000001000);
    }
    env->usd_lo = old_sp;
    env->stack_bottom = old_bottom;
}

/* ---- moves and tags ---- */

static void model_move(const Op *op, Trial *t)
{
    const char *s = op->row->name;
    const E2kReg *from = &t->s[g_str_has_prefix(s, "puttag") ? 1 : 2];

    t->d = *from;
    t->width = op->row->dst == W_S ? 32 : op->row->dst == W_P ? 128 : 64;
    t->keeps_upper = g_str_has_prefix(s, "movt");
    if (g_str_has_prefix(s, "gettag")) {
        t->d.lo = 0;
    }
}

static void test_moves(void)
{
    g_assert_cmpuint(run_category(CAT_TAG, NULL, model_move, 100), ==, 5);
    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        const E2kOpRow *row = &e2k_op_rows[i];

        if (row->category == CAT_TAG_MOVE && row->pair == PAIR_NONE) {
            run_row(row, 6, model_move, 100);
        }
    }
}

/* movtq %r2, %r8: each channel moves one of the two registers */
static void test_move_pair(void)
{
    uint32_t *w = (uint32_t *)CODE_ADDR;

    memset(w, 0xff, 64);
    w[0] = 3u << 26 | 3u << 20 | 1 << 4 | 2;
    w[1] = 0x57c08288;
    w[2] = 0x57c08389;
    w[3] = 0x01c001c0;
    tcg_user_invalidate(CODE_ADDR, CODE_BYTES);
    env->version = 4;
    for (unsigned i = 2; i < 4; i++) {
        env->win[i] = (E2kReg){ rnd(), rnd() };
        env->win[6 + i] = (E2kReg){ 0, 0 };
    }
    run_code(0);
    g_assert_cmphex(env->ip, ==, CODE_ADDR + 16);
    g_assert_cmphex(env->win[8].lo, ==, env->win[2].lo);
    g_assert_cmphex(env->win[9].lo, ==, env->win[3].lo);
}

/* ---- nothing is left out ---- */

static bool excused(const char *name)
{
    static const char *const names[] = {
        "vfsi", "vfbgv", "mkfsw", "modbgv",     /* for x86 translators; meaning not published */
        "puttc", "gettc", "invtc", "puttst",    /* obsolete; meaning not published */
        "getsap", NULL                          /* protected mode */
    };

    return named(name, names);
}

static void test_all_rows(void)
{
    static const E2kCategory mine[] = {
        CAT_INT, CAT_INT_DIV, CAT_MERGE, CAT_TAG_MOVE, CAT_CT_PREP, CAT_STACK, CAT_COMPARE,
        CAT_INT_MUL, CAT_TAG, CAT_STATE, CAT_INT_FLAGS, CAT_INT_COMBINED, CAT_ALIAS, CAT_INTEL,
    };
    unsigned n = 0;

    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        for (unsigned k = 0; k < G_N_ELEMENTS(mine); k++) {
            const E2kOpRow *row = &e2k_op_rows[i];

            if (row->category == mine[k] && newest(row)) {
                if (e2k_op_translatable(row) == excused(row->name)) {
                    g_test_message("%s is %stranslated", row->name,
                                   excused(row->name) ? "" : "not ");
                    g_test_fail();
                }
                n++;
            }
        }
    }
    g_assert_cmpuint(n, >=, 710);
}

static void test_count(void)
{
    g_test_message("%u trials", n_trials);
    g_assert_cmpuint(n_trials, >, 150000);
}

int main(int argc, char **argv)
{
    bool interp = g_getenv("E2K_TEST_INTERP") != NULL;

    self = argv[0];
    g_test_init(&argc, &argv, NULL);
    set_up(interp ? "tcg,backend=interp" : "tcg");
    g_test_add_func("/e2k-int/all-rows", test_all_rows);
    g_test_add_func("/e2k-int/basic", test_basic);
    g_test_add_func("/e2k-int/combined", test_combined);
    g_test_add_func("/e2k-int/other", test_other);
    g_test_add_func("/e2k-int/div", test_div);
    g_test_add_func("/e2k-int/compare", test_compare);
    g_test_add_func("/e2k-int/flags", test_flags);
    g_test_add_func("/e2k-int/getf", test_getf_by_hand);
    g_test_add_func("/e2k-int/sregs", test_sregs);
    g_test_add_func("/e2k-int/br", test_write_br);
    g_test_add_func("/e2k-int/ctpr", test_ctpr);
    g_test_add_func("/e2k-int/getsp", test_getsp);
    g_test_add_func("/e2k-int/moves", test_moves);
    g_test_add_func("/e2k-int/move-pair", test_move_pair);
    g_test_add_func("/e2k-int/count", test_count);
    if (!interp) {
        g_test_add_func("/e2k-int/interp", test_interp);
    }
    return g_test_run();
}
