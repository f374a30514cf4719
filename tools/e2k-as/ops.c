/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One wide instruction: its operations are parsed into AsBundle, then channels and literals get
 * their places and e2k_encode() packs it. Operations of the arithmetic channels come from the rows
 * of the instruction set, all others from the table others[].
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "tools/e2k-as/as-internal.h"

enum { MAX_OPS = E2K_N_CHANNELS, MAX_LITS = 14, N_LTS = 4 };

/* A literal that has no place yet. Codes are those of src2. */
typedef struct Lit {
    uint64_t value;
    uint8_t bits;               /* 16, 32, 64 */
    uint8_t forced;             /* code of its place, 0: any */
    uint8_t op;                 /* index in ops */
    enum { IN_SRC2, IN_SRC3, IN_AAU } where;
} Lit;

typedef struct Op {
    const GArray *rows;         /* candidates of this name: indexes */
    const E2kOpRow *row;        /* the first that fits; the one of the channel in the end */
    char *name;
    int channel;                /* -1: any */
    bool sm, is_aau_reg;
    uint8_t src1, src2, src3, dst, mas, table;
    uint16_t aau;               /* ALS[23:8] of array operations */
    unsigned n_conds;
    bool has_mrgc, has_am;
    E2kCond conds[E2K_MAX_CONDS], mrgc, am;
} Op;

struct AsBundle {
    As *as;
    E2kBundle b;
    Op ops[MAX_OPS];
    unsigned n_ops;
    Lit lits[MAX_LITS];
    unsigned n_lits;
    bool has_ipd, has_setwd;
    uint32_t lts0;              /* of setwd */
    uint8_t used_half[N_LTS];   /* bit 0: low half, bit 1: high half */
    uint16_t rlp[2 * 3];        /* halves of CDS */
    unsigned n_rlp;
};

AsBundle *as_bundle_new(As *as)
{
    AsBundle *b = g_new0(AsBundle, 1);

    b->as = as;
    b->b.version = as->cpu.version;
    b->b.pc = as->section->addr + as->section->size;
    return b;
}

void as_bundle_free(AsBundle *b)
{
    for (unsigned i = 0; i < b->n_ops; i++) {
        g_free(b->ops[i].name);
    }
    g_free(b);
}

/* ---- operands ---- */

/* "%pred5": the number behind @prefix at as->p. False: that is not here. */
static bool take_numbered(As *as, const char *prefix, unsigned max, unsigned *n)
{
    size_t len = strlen(prefix);
    char *end;

    as_skip(as);
    if (strncmp(as->p, prefix, len) || !isdigit((unsigned char)as->p[len])) {
        return false;
    }
    *n = (unsigned)strtoul(as->p + len, &end, 10);
    if (isalnum((unsigned char)*end) || *end == '_') {
        return false;
    }
    as->p = end;
    return *n <= max || as_error(as, "%s%u: there are %u only", prefix, *n, max + 1);
}

static bool take_based(As *as, const char *name, uint8_t *code)
{
    uint64_t n;
    const char *start = as->p;

    as->p += strlen(name);
    if (!as_accept(as, "[")) {
        as->p = start;
        return false;
    }
    if (!as_number(as, &n, 127) || !as_expect(as, "]")) {
        return true;            /* the error is reported */
    }
    *code = (uint8_t)n;
    return true;
}

/* A general register; the letters of its width are not compared with the operation's. */
static bool take_reg(As *as, uint8_t *code)
{
    static const char *const widths[] = { "", "d", "x", "qp", "q" };
    unsigned n;
    char name[8];

    as_skip(as);
    if (*as->p != '%') {
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(widths); i++) {
        g_snprintf(name, sizeof(name), "%%%sr", widths[i]);
        if (take_numbered(as, name, 63, &n)) {
            *code = (uint8_t)(0x80 + n);
            return true;
        }
        if (!strncmp(as->p, name, strlen(name)) && take_based(as, name, code)) {
            return true;
        }
        name[strlen(name) - 1] = 'g';
        if (take_numbered(as, name, 31, &n)) {
            *code = (uint8_t)(0xe0 + n);
            return true;
        }
        name[strlen(name) - 1] = 'b';
        if (!strncmp(as->p, name, strlen(name)) && take_based(as, name, code)) {
            return true;
        }
    }
    return false;
}

static bool reg_operand(As *as, uint8_t *code)
{
    return take_reg(as, code) || as_error(as, "register expected at '%s'", as->p);
}

/* A register or 0..31. */
static bool src1_operand(As *as, uint8_t *code, bool in_address)
{
    uint64_t value;

    if (take_reg(as, code)) {
        return true;
    }
    as_skip(as);
    if (in_address && isdigit((unsigned char)*as->p)) {
        char *end;

        value = g_ascii_strtoull(as->p, &end, 0);
        as->p = end;
    } else if (!as_number(as, &value, UINT64_MAX)) {
        return false;
    }
    if (value > 31) {
        return as_error(as, "the first source may be a register or 0 to 31 only");
    }
    *code = (uint8_t)(0xc0 + value);
    return true;
}

/* "_f32s,_lts1 ": asked-for size and place of the literal that follows */
static bool literal_form(As *as, unsigned *bits, bool *zero_ext, int *lts, int *hi)
{
    static const struct {
        const char *name;
        uint8_t bits;
        bool zero_ext;
    } sizes[] = { { "_f16s", 16, false }, { "_f16", 16, true }, { "_f32s", 32, false },
                  { "_f32", 32, true }, { "_f64", 64, false } };
    static const char *const halves[] = { "lo", "hi", "" };
    bool found, any = false;

    do {
        found = false;
        for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
            if (as_peek_word(as, sizes[i].name)) {
                as->p += strlen(sizes[i].name);
                *bits = sizes[i].bits;
                *zero_ext = sizes[i].zero_ext;
                found = true;
                break;
            }
        }
        for (unsigned i = 0; i < N_LTS * 3 && !found; i++) {
            char name[12];

            g_snprintf(name, sizeof(name), "_lts%u%s", i / 3, halves[i % 3]);
            if (as_peek_word(as, name)) {
                as->p += strlen(name);
                *lts = (int)(i / 3);
                *hi = i % 3 == 2 ? -1 : (int)(i % 3);
                found = true;
            }
        }
        any |= found;
    } while (found && as_accept(as, ","));
    return any;
}

static unsigned fitting_bits(const AsValue *v, unsigned width)
{
    int64_t x = width == W_S ? (int32_t)v->v : (int64_t)v->v;

    if (v->address) {
        return 64;
    }
    return x == (int16_t)x ? 16 : x == (int32_t)x ? 32 : 64;
}

static bool literal_fits(uint64_t value, unsigned bits, bool zero_ext, unsigned width)
{
    uint64_t mask = bits == 64 ? UINT64_MAX : (1ull << bits) - 1;
    uint64_t sign = bits == 64 ? 0 : 1ull << (bits - 1);

    if (zero_ext && (value & sign) && !(width == W_S && bits == 32)) {
        return false;
    }
    return (value & ~mask) == 0 || (value | mask) == UINT64_MAX;
}

static bool add_literal(AsBundle *b, unsigned op, int where, const AsValue *v, unsigned bits,
                        int lts, int hi)
{
    Lit *lit = &b->lits[b->n_lits];

    if (b->n_lits == MAX_LITS) {
        return as_error(b->as, "too many literals");
    }
    *lit = (Lit){ .value = v->v, .bits = (uint8_t)bits, .op = (uint8_t)op, .where = where };
    if (lts >= 0) {
        static const uint8_t base[] = { [1] = 0xd0, [2] = 0xd8, [4] = 0xdc };

        if ((bits == 16 && lts > 1) || (bits == 64 && lts > 2) || (bits != 16 && hi >= 0)) {
            return as_error(b->as, "a literal of %u bits cannot stand there", bits);
        }
        lit->forced = (uint8_t)(base[bits / 16] + lts + (hi > 0 ? 4 : 0));
        if (bits == 16 && hi < 0) {
            lit->forced = (uint8_t)(0xd4 + lts);
        }
    }
    b->n_lits++;
    return true;
}

/* A register or any literal. */
static bool src2_operand(AsBundle *b, unsigned op, int where, unsigned width, uint8_t *code)
{
    As *as = b->as;
    unsigned bits = 0, natural;
    bool zero_ext = false, forced;
    int lts = -1, hi = -1;
    AsValue v;

    if (take_reg(as, code)) {
        return true;
    }
    forced = literal_form(as, &bits, &zero_ext, &lts, &hi);
    if (!as_expr(as, &v)) {
        return false;
    }
    natural = fitting_bits(&v, width);
    if (!forced && !v.address && v.v <= 15 && where == IN_SRC2) {
        *code = (uint8_t)(0xc0 + v.v);
        return true;
    }
    if (forced && !bits) {
        bits = hi >= 0 ? 16 : natural == 16 ? 32 : natural;
    }
    bits = bits ? bits : natural;
    if (as->pass == 2 && !literal_fits(v.v, bits, zero_ext, width)) {
        return as_error(as, "0x%" G_GINT64_MODIFIER "x does not fit a literal of %u bits", v.v,
                        bits);
    }
    return add_literal(b, op, where, &v, bits, lts, hi);
}

static bool dst_operand(As *as, uint8_t *code)
{
    static const struct {
        const char *name;
        uint8_t code;
    } special[] = { { "%empty.lo", E2K_DST_EMPTY_LO }, { "%empty.hi", E2K_DST_EMPTY },
                    { "%empty", E2K_DST_EMPTY }, { "%qempty", E2K_DST_EMPTY },
                    { "%tst", E2K_DST_TST },
                    { "%tcd", E2K_DST_TCD }, { "%tc", E2K_DST_TC }, { "%ctpr1", E2K_DST_CTPR1 },
                    { "%ctpr2", E2K_DST_CTPR2 }, { "%ctpr3", E2K_DST_CTPR3 } };

    if (take_reg(as, code)) {
        return true;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(special); i++) {
        if (as_peek_word(as, special[i].name)) {
            as->p += strlen(special[i].name);
            *code = special[i].code;
            return true;
        }
    }
    return as_error(as, "destination expected at '%s'", as->p);
}

static bool sreg_operand(As *as, uint8_t *code)
{
    g_autofree char *name = NULL;
    int n;

    if (!as_expect(as, "%")) {
        return false;
    }
    name = as_identifier(as);
    n = name ? e2k_sreg_by_name(name) : -1;
    if (n < 0 && name && g_str_has_prefix(name, "sr_0x")) {
        n = (int)strtol(name + 5, NULL, 16) & 255;
    }
    if (n < 0) {
        return as_error(as, "no state register '%%%s'", name ? name : "");
    }
    *code = (uint8_t)n;
    return true;
}

static bool take_cond(As *as, E2kCond *c)
{
    const char *start = as->p;
    unsigned n;

    *c = (E2kCond){ .neg = as_accept(as, "~") };
    if (take_numbered(as, "%pred", 31, &n)) {
        c->n = (uint8_t)n;
        return true;
    }
    if (take_numbered(as, "%pcnt", 31, &n)) {
        c->pcnt = true;
        c->n = (uint8_t)n;
        return true;
    }
    as->p = start;
    return false;
}

/* "name=" */
static bool expect_name(As *as, const char *name)
{
    if (!as_peek_word(as, name)) {
        return as_error(as, "'%s=' expected at '%s'", name, as->p);
    }
    as->p += strlen(name);
    return as_expect(as, "=");
}

/*
 * "a=1, b=2" in any order, as much of it as there is: the values go to @values in the order of
 * @names, which ends with NULL.
 */
static bool parameters(As *as, const char *const *names, uint64_t *values, const uint64_t *max)
{
    do {
        unsigned i = 0;

        while (names[i] && !as_peek_word(as, names[i])) {
            i++;
        }
        if (!names[i]) {
            return as_error(as, "unknown parameter at '%s'", as->p);
        }
        as->p += strlen(names[i]);
        if (!as_expect(as, "=") || !as_number(as, &values[i], max[i])) {
            return false;
        }
    } while (as_accept(as, ","));
    return true;
}

/* ---- operations of the arithmetic channels ---- */

static bool is_load(const E2kOpRow *row)
{
    return row->category == CAT_LOAD || row->category == CAT_LOAD_SEG ||
           row->category == CAT_LOAD_TAG || row->category == CAT_LOAD_PROT;
}

/* "[ a + b ]"; also "a, b" */
static bool address_operand(AsBundle *b, Op *op, unsigned idx)
{
    As *as = b->as;
    bool brackets = as_accept(as, "[");

    if (!src1_operand(as, &op->src1, true)) {
        return false;
    }
    op->src2 = 0xc0;
    as_skip(as);
    if (as_accept(as, "+") || (*as->p != '-' && as_accept(as, ",")) || *as->p == '-') {
        if (!src2_operand(b, idx, IN_SRC2, W_D, &op->src2)) {
            return false;
        }
    }
    return !brackets || as_expect(as, "]");
}

/* "%aad0 [ %aasti1 + literal ]" */
static bool aau_address(AsBundle *b, Op *op, unsigned idx)
{
    As *as = b->as;
    unsigned aad, sti = 0;

    if (!take_numbered(as, "%aad", 31, &aad)) {
        return as_error(as, "%%aadN expected at '%s'", as->p);
    }
    if (as_accept(as, "[")) {
        if (!take_numbered(as, "%aasti", 15, &sti)) {
            return as_error(as, "%%aastiN expected at '%s'", as->p);
        }
        if (as_accept(as, "+")) {
            unsigned bits = 32;
            bool zero_ext;
            int lts = -1, hi = -1;
            AsValue v;

            literal_form(as, &bits, &zero_ext, &lts, &hi);
            if (bits != 32 || lts > 2 || hi >= 0) {
                return as_error(as, "an array's offset is a literal of 32 bits in LTS0 to LTS2");
            }
            if (!as_expr(as, &v) || !add_literal(b, idx, IN_AAU, &v, 32, lts, -1)) {
                return false;
            }
        }
        if (!as_expect(as, "]")) {
            return false;
        }
    }
    op->aau |= (uint16_t)(aad << 11 | sti << 7);
    return true;
}

static bool aau_reg(As *as, Op *op)
{
    static const struct {
        const char *name;
        uint8_t max, mode;
    } regs[] = { { "%aad", 31, 0 }, { "%aasti", 15, 1 }, { "%aaind", 15, 2 }, { "%aaincr", 7, 3 } };
    unsigned n;

    for (unsigned i = 0; i < G_N_ELEMENTS(regs); i++) {
        if (take_numbered(as, regs[i].name, regs[i].max, &n)) {
            op->aau = (uint16_t)(regs[i].mode << 2 | n << (regs[i].mode == 0 ? 11 : 7));
            op->mas = 0x3f;
            op->is_aau_reg = true;
            return true;
        }
    }
    return as_error(as, "register of the array access unit expected at '%s'", as->p);
}

static bool result_operand(AsBundle *b, Op *op)
{
    As *as = b->as;
    unsigned n;

    if (!as_expect(as, ",")) {
        return false;
    }
    if (op->row->dst == W_PRED) {
        if (!take_numbered(as, "%pred", 31, &n)) {
            return as_error(as, "%%predN expected at '%s'", as->p);
        }
        op->dst = (uint8_t)n;
        return true;
    }
    return op->row->dst == W_SR ? sreg_operand(as, &op->dst) : dst_operand(as, &op->dst);
}

static bool value_operands(AsBundle *b, Op *op, unsigned idx)
{
    As *as = b->as;
    const E2kOpRow *row = op->row;
    uint64_t imm;

    if (is_load(row)) {
        if (!address_operand(b, op, idx)) {
            return false;
        }
    } else {
        if (row->src1 != W_NONE &&
            (!src1_operand(as, &op->src1, false) || !as_expect(as, ","))) {
            return false;
        }
        if (!src2_operand(b, idx, IN_SRC2, row->src2, &op->src2)) {
            return false;
        }
    }
    if (row->ales_lo == E2K_ALES_IMM8) {
        if (!as_expect(as, ",") || !as_number(as, &imm, 255)) {
            return false;
        }
        op->src3 = (uint8_t)imm;
    } else if (row->ales_lo == E2K_ALES_SRC3) {
        if (!as_expect(as, ",")) {
            return false;
        }
        if (row->format == ALF21L || row->format == ALF21LOGL) {
            if (!src2_operand(b, idx, IN_SRC3, row->src3, &op->src3)) {
                return false;
            }
        } else if (!reg_operand(as, &op->src3)) {
            return false;
        }
    }
    return result_operand(b, op);
}

static bool ct_condition(AsBundle *b);

static bool register_branch(AsBundle *b, Op *op, unsigned idx)
{
    As *as = b->as;
    uint64_t wbs;

    if (op->row->format == ALF12IC) {
        if (!expect_name(as, "wbs") || !as_number(as, &wbs, 127) || !as_expect(as, ",")) {
            return false;
        }
        op->src1 = (uint8_t)wbs;
    }
    if (!src2_operand(b, idx, IN_SRC2, W_D, &op->src2) || !result_operand(b, op)) {
        return false;
    }
    b->b.has_ss = true;
    return ct_condition(b);
}

static bool store_value(As *as, Op *op)
{
    return reg_operand(as, &op->dst) && as_expect(as, ",");
}

static bool operands(AsBundle *b, Op *op, unsigned idx)
{
    As *as = b->as;

    switch (op->row->format) {
    case ALF3: case ALF13:
        return store_value(as, op) && address_operand(b, op, idx);
    case ALF10:
        return store_value(as, op) && aau_address(b, op, idx);
    case AAURW:
        return store_value(as, op) && aau_reg(as, op);
    case ALF19:
        return aau_address(b, op, idx) && result_operand(b, op);
    case AAURR:
        return aau_reg(as, op) && result_operand(b, op);
    case ALF16:
        return sreg_operand(as, &op->src1) && result_operand(b, op);
    case ALF12IB: case ALF12IC:
        return register_branch(b, op, idx);
    }
    return value_operands(b, op, idx);
}

/* What may follow operands: ", mas=N", ", %predN" of merges, "? conditions". */
static bool operand_tail(AsBundle *b, Op *op)
{
    As *as = b->as;
    uint64_t mas;

    while (as_accept(as, ",")) {
        if (as_peek_word(as, "mas")) {
            if (!expect_name(as, "mas") || !as_number(as, &mas, 127)) {
                return false;
            }
            op->mas = (uint8_t)mas;
        } else if (take_cond(as, &op->mrgc)) {
            op->has_mrgc = true;
        } else {
            return as_error(as, "unknown operand at '%s'", as->p);
        }
    }
    if (as_accept(as, "?")) {
        do {
            if (op->n_conds == E2K_MAX_CONDS || !take_cond(as, &op->conds[op->n_conds])) {
                return as_error(as, "condition expected at '%s'", as->p);
            }
            op->n_conds++;
        } while (as_accept(as, ","));
    }
    return true;
}

/* ",2,sm" behind a mnemonic */
static bool suffixes(As *as, int *channel, bool *sm)
{
    *channel = -1;
    while (*as->p == ',') {
        if (as->p[1] >= '0' && as->p[1] < '0' + E2K_N_CHANNELS &&
            !isalnum((unsigned char)as->p[2])) {
            *channel = as->p[1] - '0';
            as->p += 2;
        } else if (sm && !strncmp(as->p, ",sm", 3) && !isalnum((unsigned char)as->p[3])) {
            *sm = true;
            as->p += 3;
        } else {
            return as_error(as, "channel or sm expected at '%s'", as->p);
        }
    }
    return true;
}

static bool row_in_version(const As *as, const E2kOpRow *row)
{
    return row->channels[as->cpu.version - 1] != 0;
}

/* plog_0x96, plog_150, plog_and: the table of three inputs in the name */
static const GArray *find_log(As *as, const char *name, uint8_t *table)
{
    static const struct {
        const char *name;
        uint8_t table;
    } named[] = { { "and", 0x80 }, { "or", 0xfe }, { "xor", 0x96 }, { "sel3", 0xca },
                  { "mjr", 0xe8 } };
    g_autofree char *base = NULL;
    const char *rest = strchr(name, '_');
    char *end;
    unsigned long n;

    if (!rest || (!g_str_has_prefix(name, "plog_") && !g_str_has_prefix(name, "qplog_"))) {
        return NULL;
    }
    base = g_strndup(name, (gsize)(rest - name));
    for (unsigned i = 0; i < G_N_ELEMENTS(named); i++) {
        if (!strcmp(rest + 1, named[i].name)) {
            *table = named[i].table;
            return g_hash_table_lookup(as->ops, base);
        }
    }
    n = strtoul(rest + 1, &end, 0);
    *table = (uint8_t)n;
    return *end || n > 255 ? NULL : g_hash_table_lookup(as->ops, base);
}

static bool alc_op(AsBundle *b, const char *name, const GArray *rows, uint8_t table)
{
    As *as = b->as;
    Op *op = &b->ops[b->n_ops];
    unsigned idx = b->n_ops;

    if (idx == MAX_OPS) {
        return as_error(as, "more than %u operations for the arithmetic channels", MAX_OPS);
    }
    *op = (Op){ .rows = rows, .src1 = 0xc0, .src2 = 0xc0, .table = table };
    for (unsigned i = 0; i < rows->len && !op->row; i++) {
        const E2kOpRow *row = &e2k_op_rows[g_array_index(rows, uint16_t, i)];

        op->row = row_in_version(as, row) ? row : NULL;
    }
    if (!op->row) {
        return as_error(as, "v%u has no '%s'", as->cpu.version, name);
    }
    op->name = g_strdup(name);
    b->n_ops++;
    return suffixes(as, &op->channel, &op->sm) && operands(b, op, idx) && operand_tail(b, op);
}

/* ---- other operations ---- */

typedef struct Other Other;
struct Other {
    const char *name;
    bool (*parse)(AsBundle *b, const Other *o);
    uint32_t arg;
};

static bool need_version(AsBundle *b, const Other *o, unsigned version)
{
    return b->as->cpu.version >= version ||
           as_error(b->as, "'%s' exists since v%u only", o->name, version);
}

static bool set_cs0(AsBundle *b, uint32_t cs0)
{
    if (b->b.has_cs0) {
        return as_error(b->as, "a second operation for control syllable 0");
    }
    b->b.has_cs0 = true;
    b->b.cs0 = cs0;
    return true;
}

/* @share: bits of operations that may stand together in one CS1 */
static bool set_cs1(AsBundle *b, uint32_t cs1, bool share)
{
    if (b->b.has_cs1 && !(share && CS_OPC(b->b.cs1) == CS_OPC(cs1))) {
        return as_error(b->as, "a second operation for control syllable 1");
    }
    b->b.has_cs1 = true;
    b->b.cs1 |= cs1;
    return true;
}

/* Label or raw number, relative to the bundle; @unit bytes each. */
static bool displacement(AsBundle *b, unsigned unit, unsigned bits, uint32_t *field)
{
    As *as = b->as;
    AsValue v;
    int64_t d;

    if (!as_expr(as, &v)) {
        return false;
    }
    d = (int64_t)v.v;
    if (v.address) {
        d -= (int64_t)b->b.pc;
        if (as->pass == 2 && d % unit) {
            return as_error(as, "target is not aligned to %u bytes", unit);
        }
        d /= unit;
    }
    if (as->pass == 2 && (d >= 1ll << (bits - 1) || d < -(1ll << (bits - 1)))) {
        return as_error(as, "target is too far away");
    }
    *field = (uint32_t)d & ((1u << bits) - 1);
    return true;
}

static bool take_ctpr(AsBundle *b, unsigned *n)
{
    if (!take_numbered(b->as, "%ctpr", 3, n) || !*n) {
        return as_error(b->as, "%%ctpr1 to %%ctpr3 expected at '%s'", b->as->p);
    }
    return true;
}

static bool op_disp(AsBundle *b, const Other *o)
{
    unsigned n;
    uint32_t field;

    if (!take_ctpr(b, &n) || !as_expect(b->as, ",") || !displacement(b, 8, 28, &field)) {
        return false;
    }
    if (o->arg && n != 2) {
        return as_error(b->as, "ldisp is for %%ctpr2");
    }
    return set_cs0(b, n << 30 | o->arg << 28 | field);
}

static bool op_sdisp(AsBundle *b, const Other *o)
{
    unsigned n;
    uint64_t number;

    return take_ctpr(b, &n) && as_expect(b->as, ",") && as_number(b->as, &number, 0xfffffff) &&
           set_cs0(b, n << 30 | 2u << 28 | (uint32_t)number);
}

static bool op_return(AsBundle *b, const Other *o)
{
    unsigned n;

    if (!take_ctpr(b, &n)) {
        return false;
    }
    if (!o->arg && n != 3) {
        return as_error(b->as, "return is for %%ctpr3");
    }
    return (!o->arg || need_version(b, o, 3)) && set_cs0(b, n << 30 | 3u << 28 | o->arg);
}

static bool op_pref(AsBundle *b, const Other *o)
{
    unsigned n;
    uint64_t ipd = 0;
    uint32_t field;

    if (!take_numbered(b->as, "%ipr", 7, &n) || !as_expect(b->as, ",") ||
        !displacement(b, 128, 24, &field)) {
        return as_error(b->as, "%%iprN, label expected");
    }
    if (as_accept(b->as, ",") && (!expect_name(b->as, "ipd") || !as_number(b->as, &ipd, 1))) {
        return false;
    }
    return set_cs0(b, 1u << 28 | field << 4 | (uint32_t)ipd << 3 | n);
}

static bool set_cond(AsBundle *b, unsigned type, unsigned psrc)
{
    b->b.ss |= type << 5 | psrc;
    return true;
}

static const char cmp_channels[] = "0134";

static int cmp_index(char c)
{
    const char *at = c ? strchr(cmp_channels, c) : NULL;

    return at ? (int)(at - cmp_channels) : -1;
}

/* "%dt_al01", "[~]%cmp0 [|| [~]%cmp1]", "[~]%clp0" behind MLOCK */
static bool mlock_extra(AsBundle *b)
{
    As *as = b->as;
    unsigned mask = 0, n, m;
    bool neg, neg2;

    if (as_accept(as, "%dt_al")) {
        for (; cmp_index(*as->p) >= 0; as->p++) {
            mask |= 1u << cmp_index(*as->p);
        }
        return set_cond(b, 8, mask);
    }
    neg = as_accept(as, "~");
    if (take_numbered(as, "%clp", 2, &n)) {
        return set_cond(b, 9, 2u << 3 | n << 1 | neg);
    }
    if (!take_numbered(as, "%cmp", 4, &n) || n == 2) {
        return as_error(as, "%%dt_al, %%cmp or %%clp expected at '%s'", as->p);
    }
    if (!as_accept(as, "||")) {
        return set_cond(b, 9, (unsigned)cmp_index((char)('0' + n)) << 1 | neg);
    }
    neg2 = as_accept(as, "~");
    if (!take_numbered(as, "%cmp", 4, &m) || m != n + 1 || (n != 0 && n != 3)) {
        return as_error(as, "%%cmp0 || %%cmp1 or %%cmp3 || %%cmp4 expected");
    }
    return set_cond(b, 9, 1u << 3 | (n == 3 ? 4 : 0) | (unsigned)neg << 1 | neg2);
}

static bool take_mark(As *as, const char *name)
{
    const char *start = as->p;

    if ((as_accept(as, "#") || as_accept(as, "%")) && as_peek_word(as, name)) {
        as->p += strlen(name);
        return true;
    }
    as->p = start;
    return false;
}

static bool pred_condition(AsBundle *b, const E2kCond *c)
{
    As *as = b->as;

    if (c->pcnt) {
        return as_error(as, "a transfer cannot depend on %%pcnt");
    }
    if (as_accept(as, "||")) {
        return take_mark(as, "LOOP_END") ? set_cond(b, c->neg ? 14 : 6, c->n) :
               as_error(as, "#LOOP_END expected at '%s'", as->p);
    }
    if (as_accept(as, "&&")) {
        return take_mark(as, "NOT_LOOP_END") ? set_cond(b, c->neg ? 7 : 15, c->n) :
               as_error(as, "#NOT_LOOP_END expected at '%s'", as->p);
    }
    return set_cond(b, c->neg ? 3 : 2, c->n);
}

/* v7: the result of a compare of this bundle */
static bool local_condition(AsBundle *b)
{
    As *as = b->as;
    const char *start = as->p;
    bool neg = as_accept(as, "~");
    unsigned n;

    if (take_numbered(as, "%clp", 2, &n)) {
        return set_cond(b, 11, 16 | n << 1 | neg);
    }
    if (take_numbered(as, "%cmp", 4, &n) && n != 2) {
        return set_cond(b, 11, (unsigned)cmp_index((char)('0' + n)) << 1 | neg);
    }
    as->p = start;
    return as_error(as, "unknown condition '%s'", as->p);
}

/* The condition of a control transfer, nothing for always. */
static bool ct_condition(AsBundle *b)
{
    As *as = b->as;
    E2kCond c;

    if (b->b.ss & 0x1ff) {
        return as_error(as, "a second control transfer");
    }
    if (!as_accept(as, "?")) {
        return set_cond(b, 1, 0);
    }
    if (take_mark(as, "always")) {
        return set_cond(b, 1, 0);
    }
    if (take_mark(as, "never")) {
        return true;
    }
    if (take_mark(as, "LOOP_END")) {
        return set_cond(b, 4, 0);
    }
    if (take_mark(as, "NOT_LOOP_END")) {
        return set_cond(b, 5, 0);
    }
    if (take_mark(as, "MLOCK")) {
        return as_accept(as, "||") ? mlock_extra(b) : set_cond(b, 8, 0);
    }
    return take_cond(as, &c) ? pred_condition(b, &c) : local_condition(b);
}

static bool transfer(AsBundle *b, unsigned ctpr)
{
    if (b->b.ss >> 10 & 3) {
        return as_error(b->as, "a second control transfer");
    }
    b->b.has_ss = true;
    b->b.ss |= ctpr << 10;
    return ct_condition(b);
}

static bool wbs_parameter(AsBundle *b, uint32_t kind)
{
    uint64_t wbs;

    return as_expect(b->as, ",") && expect_name(b->as, "wbs") && as_number(b->as, &wbs, 127) &&
           set_cs1(b, 5u << 28 | kind << 7 | (uint32_t)wbs, false);
}

static bool op_ct(AsBundle *b, const Other *o)
{
    unsigned n;

    return take_ctpr(b, &n) && (!o->arg || wbs_parameter(b, 0)) && transfer(b, n);
}

static bool op_ibranch(AsBundle *b, const Other *o)
{
    uint32_t field;

    if (!displacement(b, 8, 28, &field) || !set_cs0(b, field)) {
        return false;
    }
    if (!o->arg) {
        return transfer(b, 0);
    }
    b->b.has_ss = true;
    if (b->b.ss & 0x1ff) {
        return as_error(b->as, "a second control transfer");
    }
    return as_accept(b->as, "?") ? mlock_extra(b) : set_cond(b, 8, 0);
}

static bool op_icall(AsBundle *b, const Other *o)
{
    uint32_t field;

    return need_version(b, o, 6) && displacement(b, 8, 28, &field) && set_cs0(b, field) &&
           wbs_parameter(b, 1) && transfer(b, 0);
}

static bool op_hcall(AsBundle *b, const Other *o)
{
    uint64_t n;

    return need_version(b, o, 6) && as_number(b->as, &n, 15) && set_cs0(b, (uint32_t)n << 1) &&
           wbs_parameter(b, 2) && transfer(b, 0);
}

static bool op_done(AsBundle *b, const Other *o)
{
    return set_cs0(b, 3u << 28 | o->arg) && transfer(b, 0);
}

static bool take_setwd(AsBundle *b)
{
    b->has_setwd = true;
    return true;
}

static bool op_setwd(AsBundle *b, const Other *o)
{
    static const char *const names[] = { "wsz", "nfx", "dbl", "mcn", NULL };
    static const uint64_t max[] = { 112, 1, 1, 1 };
    uint64_t v[4] = { 0 };

    if (!parameters(b->as, names, v, max) || (v[2] && !need_version(b, o, 3)) ||
        !set_cs1(b, (b->b.cs1 & 1u << 28), true)) {
        return false;
    }
    b->lts0 |= (uint32_t)(v[0] << 5 | v[1] << 4 | v[2] << 3 | v[3] << 2);
    return take_setwd(b);
}

static bool op_vfrpsz(AsBundle *b, const Other *o)
{
    static const char *const names[] = { "rpsz", NULL };
    static const uint64_t max[] = { 32 };
    uint64_t v[1] = { 1 };

    if (!parameters(b->as, names, v, max)) {
        return false;
    }
    if (b->b.has_cs1 && CS_OPC(b->b.cs1) > 1) {
        return as_error(b->as, "vfrpsz stands with setwd only");
    }
    b->b.has_cs1 = true;
    b->b.cs1 |= 1u << 28;
    b->lts0 |= (uint32_t)(v[0] - 1) << 12;
    return take_setwd(b);
}

static bool op_settr(AsBundle *b, const Other *o)
{
    static const char *const names[] = { "type", NULL };
    static const uint64_t max[] = { 0x7fff };
    uint64_t v[1] = { 0 };

    if (!parameters(b->as, names, v, max) || !set_cs1(b, (b->b.cs1 & 1u << 28) | 1u << 25, true)) {
        return false;
    }
    b->lts0 |= (uint32_t)v[0] << 17;
    return take_setwd(b);
}

/* setbn and setbp go with setwd, or alone: then CS1's operation becomes 4 at the end. */
static bool set_rotation(AsBundle *b, uint32_t bits)
{
    if (b->b.has_cs1 && CS_OPC(b->b.cs1) > 1) {
        return as_error(b->as, "a second operation for control syllable 1");
    }
    b->b.has_cs1 = true;
    b->b.cs1 |= bits;
    return true;
}

static bool op_setbn(AsBundle *b, const Other *o)
{
    static const char *const names[] = { "rsz", "rbs", "rcur", NULL };
    static const uint64_t max[] = { 63, 63, 63 };
    uint64_t v[3] = { 0 };

    return parameters(b->as, names, v, max) &&
           set_rotation(b, 1u << 26 | (uint32_t)(v[2] << 12 | v[0] << 6 | v[1]));
}

static bool op_setbp(AsBundle *b, const Other *o)
{
    static const char *const names[] = { "psz", NULL };
    static const uint64_t max[] = { 31 };
    uint64_t v[1] = { 0 };

    return parameters(b->as, names, v, max) && set_rotation(b, 1u << 27 | (uint32_t)v[0] << 18);
}

static bool op_setei(AsBundle *b, const Other *o)
{
    uint64_t v = 0;

    return (o->arg || as_number(b->as, &v, 255)) &&
           set_cs1(b, 2u << 28 | o->arg | (uint32_t)v, false);
}

static bool op_wait(AsBundle *b, const Other *o)
{
    static const char *const names[] = { "all_c", "all_e", "st_c", "ld_c", "fl_c", "ma_c", "trap",
                                         "sas", "sal", "las", "lal", "mt", "int", "mem_mod", NULL };
    static const uint8_t since[] = { 1, 1, 1, 1, 1, 1, 2, 5, 5, 6, 6, 6, 6, 6 };
    static const uint64_t max[] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    uint64_t v[14] = { 0 };
    uint32_t bits = 0;

    if (!parameters(b->as, names, v, max)) {
        return false;
    }
    for (unsigned i = 0; i < 14; i++) {
        if (v[i] && !need_version(b, o, since[i])) {
            return false;
        }
        bits |= (uint32_t)v[i] << i;
    }
    bits |= bits & (3u << 7) ? 1u << 2 : 0;
    bits |= bits & (3u << 9) ? 3u << 2 : 0;
    return set_cs1(b, 3u << 28 | bits, false);
}

static bool op_flush(AsBundle *b, const Other *o)
{
    return set_cs1(b, 7u << 28 | o->arg, true);
}

static bool op_vfbg(AsBundle *b, const Other *o)
{
    static const char *const names[] = { "umask", "dmask", "chkm4", NULL };
    static const uint64_t max[] = { 255, 255, 1 };
    uint64_t v[3] = { 0 };

    return parameters(b->as, names, v, max) &&
           set_cs1(b, 8u << 28 | (uint32_t)(v[2] << 16 | v[1] << 8 | v[0]), false);
}

/* Bits of HS and SS without operands; arg: SS bits, high bit of HS ones. */
static bool op_ss(AsBundle *b, const Other *o)
{
    b->b.has_ss = true;
    b->b.ss |= o->arg;
    return true;
}

static bool op_flag(AsBundle *b, const Other *o)
{
    if (o->arg) {
        b->b.set_mark = true;
    } else {
        b->b.loop_mode = true;
    }
    return true;
}

static bool op_nop(AsBundle *b, const Other *o)
{
    uint64_t n = 0;

    if (!as_at_end(b->as) && !as_number(b->as, &n, 7)) {
        return false;
    }
    b->b.nop = (uint8_t)n;
    return true;
}

static bool op_ipd(AsBundle *b, const Other *o)
{
    uint64_t n;

    if (!as_number(b->as, &n, 3)) {
        return false;
    }
    b->has_ipd = b->b.has_ss = true;
    b->b.ss |= (uint32_t)n << 30;
    return true;
}

/* alc, abn, abp, abg: arg has the bit of the first parameter, then that of the second */
static bool op_advance(AsBundle *b, const Other *o)
{
    bool is_abg = !strcmp(o->name, "abg");
    g_autofree char *first = g_strdup_printf("%s%c", o->name, is_abg ? 'i' : 'f');
    g_autofree char *second = g_strdup_printf("%s%c", o->name, is_abg ? 'd' : 't');
    const char *const names[] = { first, second, NULL };
    static const uint64_t max[] = { 1, 1 };
    uint64_t v[2] = { 0 }, both;

    as_skip(b->as);
    if (isdigit((unsigned char)*b->as->p)) {
        if (!as_number(b->as, &both, 3)) {
            return false;
        }
        v[0] = both >> 1;
        v[1] = both & 1;
    } else if (!parameters(b->as, names, v, max)) {
        return false;
    }
    b->b.has_ss = true;
    b->b.ss |= (uint32_t)v[0] << (o->arg >> 8) | (uint32_t)v[1] << (o->arg & 255);
    return true;
}

static bool op_flushts(AsBundle *b, const Other *o)
{
    E2kCond c;
    uint32_t code = o->arg;

    if (as_accept(b->as, "?")) {
        if (code != 2 || !take_cond(b->as, &c) || c.pcnt) {
            return as_error(b->as, "%%predN expected at '%s'", b->as->p);
        }
        code = 6 | c.neg;
        b->b.ss |= c.n;
    }
    b->b.has_ss = true;
    b->b.ss |= 1u << 20 | (code & 1) << 26 | (code >> 1) << 28;
    return need_version(b, o, 3);
}

/* ---- predicate logic ---- */

static void need_pls(AsBundle *b, unsigned n)
{
    b->b.n_pls = (uint8_t)MAX(b->b.n_pls, n + 1);
}

static bool elp_source(As *as, unsigned *code)
{
    unsigned n;

    if (as_accept(as, "%lcntex")) {
        *code = 0;
    } else if (as_accept(as, "%spred")) {
        *code = 0;
        for (; *as->p >= '0' && *as->p <= '5'; as->p++) {
            *code |= 1u << (*as->p - '0');
        }
    } else if (take_numbered(as, "%pred", 31, &n)) {
        *code = 0x60 + n;
    } else if (take_numbered(as, "%pcnt", 31, &n)) {
        *code = 0x40 + n;
    } else if (as_accept(as, "%bgrpred")) {
        *code = 0xc0;
    } else if (take_numbered(as, "%rndpred", 63, &n)) {
        *code = 0xc0 + n;
    } else if (as_accept(as, "%elp_0x")) {
        *code = (unsigned)strtoul(as->p, (char **)&as->p, 16) & 255;
    } else {
        return as_error(as, "predicate expected at '%s'", as->p);
    }
    return true;
}

static bool op_pass(AsBundle *b, const Other *o)
{
    As *as = b->as;
    unsigned n, code = 0, pred;

    if (take_numbered(as, "@p", 6, &n)) {
        if (n < 4) {
            return as_error(as, "only @p4 to @p6 can go to a predicate");
        }
        if (!as_expect(as, ",") || !take_numbered(as, "%pred", 31, &pred)) {
            return as_error(as, "%%predN expected at '%s'", as->p);
        }
        need_pls(b, n - 4);
        b->b.pls[n - 4] |= 1u << 5 | pred;
        return true;
    }
    if (!elp_source(as, &code) || !as_expect(as, ",")) {
        return false;
    }
    if (!take_numbered(as, "@p", 3, &n)) {
        return as_error(as, "@p0 to @p3 expected at '%s'", as->p);
    }
    need_pls(b, n / 2);
    b->b.pls[n / 2] |= code << (n & 1 ? 16 : 24);
    return true;
}

static bool local_operand(As *as, uint32_t *field)
{
    unsigned n;
    bool neg = as_accept(as, "~");

    if (!take_numbered(as, "@p", 6, &n)) {
        return as_error(as, "local predicate expected at '%s'", as->p);
    }
    *field = (uint32_t)neg << 3 | n;
    return as_expect(as, ",");
}

static bool op_logic(AsBundle *b, const Other *o)
{
    static const uint8_t highest[] = { 1, 4, 5 };   /* operand of CLP0, 1, 2 */
    As *as = b->as;
    uint32_t a, c;
    unsigned n;

    if (!local_operand(as, &a) || !local_operand(as, &c)) {
        return false;
    }
    if (!take_numbered(as, "@p", 6, &n) || n < 4) {
        return as_error(as, "@p4 to @p6 expected at '%s'", as->p);
    }
    if ((a & 7) > highest[n - 4] || (c & 7) > highest[n - 4]) {
        return as_error(as, "@p%u takes @p0 to @p%u only", n, highest[n - 4]);
    }
    need_pls(b, n - 4);
    b->b.pls[n - 4] |= o->arg << 14 | a << 10 | c << 6;
    return true;
}

/* clpandp %pred0, ~%pred1, %pred2: the whole logic of a bundle in a line */
static bool op_clp(AsBundle *b, const Other *o)
{
    As *as = b->as;
    E2kCond in[2];
    unsigned dst;

    for (unsigned i = 0; i < 2; i++) {
        if (!take_cond(as, &in[i]) || in[i].pcnt || !as_expect(as, ",")) {
            return as_error(as, "%%predN expected at '%s'", as->p);
        }
    }
    if (!take_numbered(as, "%pred", 31, &dst) || b->b.n_pls) {
        return as_error(as, "%%predN expected, and no other logic in the bundle");
    }
    need_pls(b, 0);
    b->b.pls[0] = (0x60u + in[0].n) << 24 | (0x60u + in[1].n) << 16 | o->arg << 14 |
                  (uint32_t)in[0].neg << 13 | (uint32_t)in[1].neg << 9 | 1u << 6 | 1u << 5 | dst;
    return true;
}

/* ---- arrays ---- */

static bool op_incr(AsBundle *b, const Other *o)
{
    As *as = b->as;
    int channel;
    unsigned n;
    Op *op = NULL;

    if (!suffixes(as, &channel, NULL)) {
        return false;
    }
    if (!take_numbered(as, "%aaincr", 7, &n)) {
        return as_error(as, "%%aaincrN expected at '%s'", as->p);
    }
    for (unsigned i = 0; i < b->n_ops; i++) {
        bool array = b->ops[i].row->format == ALF10 || b->ops[i].row->format == ALF19;

        op = array && (channel < 0 || b->ops[i].channel == channel) ? &b->ops[i] : op;
    }
    if (!op) {
        return as_error(as, "incr belongs to an array store of its channel, before it");
    }
    op->aau |= (uint16_t)(1u << 2 | n << 4);
    if (as_accept(as, "?")) {
        op->has_am = true;
        return take_cond(as, &op->am) || as_error(as, "condition expected at '%s'", as->p);
    }
    return true;
}

static bool op_mova(AsBundle *b, const Other *o)
{
    static const char *const names[] = { "area", "ind", "am", "be", NULL };
    static const uint64_t max[] = { 31, 31, 1, 1 };
    As *as = b->as;
    uint64_t v[4] = { 0 };
    E2kMova m;
    int channel;
    unsigned last;

    if (!suffixes(as, &channel, NULL)) {
        return false;
    }
    last = (unsigned)channel + (o->arg == 5);
    if (channel < 0 || last > 3 || (o->arg == 5 && (channel & 1))) {
        return as_error(as, "an array load needs its channel, 0 to 3; movaq 0 or 2");
    }
    if (b->b.mova[channel].opcode || b->b.mova[last].opcode) {
        return as_error(as, "channel %d has an array load already", channel);
    }
    for (unsigned i = 0; i < 4; i++) {      /* all four, then the register */
        as_skip(as);
        if (*as->p == '%') {
            break;
        }
        for (unsigned k = 0; k < 4; k++) {
            if (as_peek_word(as, names[k])) {
                if (!expect_name(as, names[k]) || !as_number(as, &v[k], max[k]) ||
                    !as_expect(as, ",")) {
                    return false;
                }
                break;
            }
        }
    }
    m = (E2kMova){ .opcode = (uint8_t)o->arg, .area = (uint8_t)v[0], .ind = (uint8_t)v[1],
                   .am = v[2] != 0, .be = v[3] != 0 };
    if (!dst_operand(as, &m.dst)) {
        return false;
    }
    b->b.has_ss = true;
    b->b.mova[channel] = m;
    if (o->arg == 5) {
        b->b.mova[last] = m;
        b->b.mova[last].dst++;
        b->b.mova[m.be ? (unsigned)channel : last].ind = (uint8_t)((m.ind + 8) & 31);
    }
    return true;
}

/* Half of an asynchronous instruction, kept as a bundle's literals: see as_bundle_end(). */
static bool op_fapb(AsBundle *b, const Other *o)
{
    static const char *const names[] = { "ct", "dpl", "dcd", "fmt", "mrng", "d", "incr", "ind",
                                         "asz", "abs", "disp", "si", NULL };
    static const uint64_t max[] = { 1, 1, 3, 7, 32, 31, 7, 15, 7, 31, UINT64_MAX, 1 };
    uint64_t v[12] = { 0 };
    bool right = strstr(b->as->p, "dpl") != NULL;
    uint32_t word;

    if (!parameters(b->as, names, v, max)) {
        return false;
    }
    word = (uint32_t)(v[0] | v[1]) << 31 | (uint32_t)v[11] << 30 | (uint32_t)v[2] << 28 |
           (uint32_t)v[3] << 25 | (uint32_t)(v[4] & 31) << 20 | (uint32_t)v[5] << 15 |
           (uint32_t)v[6] << 12 | (uint32_t)v[7] << 8 | (uint32_t)v[8] << 5 | (uint32_t)v[9];
    b->b.lts[2 * right] = word;
    b->b.lts[2 * right + 1] = (uint32_t)v[10];
    b->b.n_lts = 4;
    return true;
}

static const Other others[] = {
    { "disp", op_disp, 0 }, { "ldisp", op_disp, 1 }, { "sdisp", op_sdisp, 0 },
    { "return", op_return, 0 }, { "gettsd", op_return, 1 }, { "pref", op_pref, 0 },
    { "ct", op_ct, 0 }, { "call", op_ct, 1 }, { "ibranch", op_ibranch, 0 },
    { "rbranch", op_ibranch, 1 }, { "icall", op_icall, 0 }, { "hcall", op_hcall, 0 },
    { "done", op_done, 0 }, { "iret", op_done, 2 }, { "hret", op_done, 3 },
    { "glaunch", op_done, 4 }, { "setwd", op_setwd, 0 }, { "vfrpsz", op_vfrpsz, 0 },
    { "settr", op_settr, 0 }, { "setbn", op_setbn, 0 }, { "setbp", op_setbp, 0 },
    { "setei", op_setei, 0 }, { "setsft", op_setei, 1u << 27 }, { "wait", op_wait, 0 },
    { "flushr", op_flush, 1 }, { "flushc", op_flush, 2 }, { "fillr", op_flush, 4 },
    { "fillc", op_flush, 8 }, { "vfbg", op_vfbg, 0 }, { "loop_mode", op_flag, 0 },
    { "set_mark", op_flag, 1 }, { "nop", op_nop, 0 }, { "ipd", op_ipd, 0 },
    { "alc", op_advance, SS_ALCF << 8 | SS_ALCT }, { "abp", op_advance, SS_ABPF << 8 | SS_ABPT },
    { "abn", op_advance, SS_ABNF << 8 | SS_ABNT }, { "abg", op_advance, SS_ABGI << 8 | SS_ABGD },
    { "crp", op_ss, 1u << 25 }, { "srp", op_ss, 1u << 27 }, { "slrp", op_ss, 5u << 25 },
    { "vfdi", op_ss, 1u << SS_VFDI }, { "bap", op_ss, 1u << SS_BAP },
    { "eap", op_ss, 1u << SS_EAP },
    { "flushts", op_flushts, 3 }, { "invts", op_flushts, 2 }, { "pass", op_pass, 0 },
    { "andp", op_logic, 0 }, { "landp", op_logic, 1 }, { "movep", op_logic, 3 },
    { "clpandp", op_clp, 0 }, { "clplandp", op_clp, 1 }, { "incr", op_incr, 0 },
    { "movab", op_mova, 1 }, { "movah", op_mova, 2 }, { "movaw", op_mova, 3 },
    { "movad", op_mova, 4 }, { "movaq", op_mova, 5 }, { "movaqp", op_mova, 7 },
    { "fapb", op_fapb, 0 },
};

bool as_bundle_op(AsBundle *b)
{
    As *as = b->as;
    g_autofree char *name = as_identifier(as);
    const GArray *rows;
    uint8_t table = 0;

    if (!name) {
        return as_error(as, "operation expected at '%s'", as->p);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
        if (!strcmp(others[i].name, name)) {
            return others[i].parse(b, &others[i]) &&
                   (as_at_end(as) || as_error(as, "too much: '%s'", as->p));
        }
    }
    rows = g_hash_table_lookup(as->ops, name);
    rows = rows ? rows : find_log(as, name, &table);
    if (!rows) {
        return as_error(as, "no operation '%s'", name);
    }
    return alc_op(b, name, rows, table) && (as_at_end(as) || as_error(as, "too much: '%s'", as->p));
}

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
    unsigned first, n;

    lit_extent(code, &first, &n);
    for (unsigned h = first; h < first + n; h++) {
        uint16_t part = (uint16_t)(value >> 16 * (h - first));
        uint16_t there = (uint16_t)(b->b.lts[h / 2] >> (h & 1 ? 16 : 0));

        if ((b->used_half[h / 2] >> (h & 1) & 1) && there != part) {
            return false;
        }
    }
    for (unsigned h = first; h < first + n; h++) {
        unsigned shift = h & 1 ? 16 : 0;

        b->b.lts[h / 2] = (b->b.lts[h / 2] & ~(0xffffu << shift)) |
                          (uint32_t)(uint16_t)(value >> 16 * (h - first)) << shift;
        b->used_half[h / 2] |= (uint8_t)(1u << (h & 1));
        b->b.n_lts = (uint8_t)MAX(b->b.n_lts, h / 2 + 1);
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

static bool place_lit(AsBundle *b, const Lit *lit)
{
    static const uint8_t codes16[] = { 0xd4, 0xd5, 0xd0, 0xd1 };
    static const uint8_t codes32[] = { 0xd8, 0xd9, 0xda, 0xdb }, codes64[] = { 0xdc, 0xdd, 0xde };
    const uint8_t *codes = lit->bits == 16 ? codes16 : lit->bits == 32 ? codes32 : codes64;
    unsigned n = lit->bits == 64 || lit->where == IN_AAU ? 3 : 4;

    if (lit->forced) {
        if (!lit_try(b, lit->forced, lit->value)) {
            return as_error(b->as, "two literals at the same place");
        }
        lit_store(b, lit, lit->forced);
        return true;
    }
    for (unsigned i = 0; i < n; i++) {
        if (lit_try(b, codes[i], lit->value)) {
            lit_store(b, lit, codes[i]);
            return true;
        }
    }
    /* a short one fits a longer place as well; its sign goes on */
    for (unsigned i = 0; lit->bits == 16 && i < G_N_ELEMENTS(codes32); i++) {
        if (lit_try(b, codes32[i], lit->value)) {
            lit_store(b, lit, codes32[i]);
            return true;
        }
    }
    return as_error(b->as, "no room for a literal of %u bits", lit->bits);
}

/* Forced places first, then the big ones. */
static bool place_lits(AsBundle *b)
{
    static const uint8_t order[] = { 0, 64, 32, 16 };

    if (b->has_setwd) {
        lit_try(b, 0xd8, b->lts0);
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(order); k++) {
        for (unsigned i = 0; i < b->n_lits; i++) {
            const Lit *lit = &b->lits[i];

            if ((order[k] ? !lit->forced && lit->bits == order[k] : lit->forced != 0) &&
                !place_lit(b, lit)) {
                return false;
            }
        }
    }
    return true;
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
    return !mas || set_cs1(b, 6u << 28 | mas, false);
}

static bool finish(AsBundle *b)
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

bool as_bundle_end(AsBundle *b, uint8_t *out, unsigned *n_bytes)
{
    const char *why = NULL;

    *n_bytes = 8;
    if (b->b.n_lts == 4 && !b->n_ops && !b->b.has_ss && !b->b.has_cs1) {    /* fapb */
        for (unsigned i = 0; i < 16; i++) {
            out[i] = (uint8_t)(b->b.lts[i / 4] >> 8 * (i & 3));
        }
        *n_bytes = 16;
        return true;
    }
    if (!finish(b)) {
        return false;
    }
    *n_bytes = e2k_encode(&b->b, out, &why);
    return *n_bytes || as_error(b->as, "%s", why);
}
