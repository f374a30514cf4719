/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <glib.h>
#include "target/e2k/isa/decode.h"

#define AT(v, a, b, m) ((v) >= (a) && (v) <= (b) ? (m) : 0)
#define VER(a, b, m) { AT(1, a, b, m), AT(2, a, b, m), AT(3, a, b, m), AT(4, a, b, m), \
                       AT(5, a, b, m), AT(6, a, b, m), AT(7, a, b, m) }
#define VER2(a, b, m, c, d, n) \
    { AT(1, a, b, m) | AT(1, c, d, n), AT(2, a, b, m) | AT(2, c, d, n), \
      AT(3, a, b, m) | AT(3, c, d, n), AT(4, a, b, m) | AT(4, c, d, n), \
      AT(5, a, b, m) | AT(5, c, d, n), AT(6, a, b, m) | AT(6, c, d, n), \
      AT(7, a, b, m) | AT(7, c, d, n) }
enum { SHORT = E2K_NO_ALES, ANY = E2K_FIXED_NONE, SRC3 = E2K_ALES_SRC3, IMM8 = E2K_ALES_IMM8 };

const E2kOpRow e2k_op_rows[] = {
#define E2K_OP(name, alt, format, opcode, opc2, src1_fixed, ales_lo, cmp_opce, channels, src1, \
               src2, src3, dst, pair, mas, category, alias) \
    { name, alt, format, opcode, opc2, src1_fixed, ales_lo, cmp_opce, channels, src1, src2, \
      src3, dst, pair, mas, category, alias },
#include "target/e2k/isa/opcodes.def"
#undef E2K_OP
};
const unsigned e2k_n_op_rows = G_N_ELEMENTS(e2k_op_rows);

const char *const e2k_category_names[E2K_N_CATEGORIES] = {
#define E2K_CATEGORY(id, text) text,
#include "target/e2k/isa/categories.def"
#undef E2K_CATEGORY
};

static const struct {
    uint8_t number;
    const char *name;
} sregs[] = {
#define E2K_SREG(number, name, first, last) { number, name },
#include "target/e2k/isa/sregs.def"
#undef E2K_SREG
};

const char *e2k_sreg_name(unsigned n)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(sregs); i++) {
        if (sregs[i].number == n) {
            return sregs[i].name;
        }
    }
    return NULL;
}

int e2k_sreg_by_name(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(sregs); i++) {
        if (!strcmp(sregs[i].name, name)) {
            return sregs[i].number;
        }
    }
    return -1;
}

/*
 * Rows by (channel, ALS opcode, ALES opc2 or 0): those of key k are by_key[first[k] .. first[k+1]).
 * Filled once, by whoever decodes first.
 */
enum { N_OPC2 = 24, N_KEYS = E2K_N_CHANNELS * 128 * N_OPC2 };
static struct {
    uint16_t first[N_KEYS + 1];
    uint16_t *by_key;
} find;

static inline unsigned find_key(unsigned channel, unsigned opcode, unsigned opc2)
{
    return (channel * 128 + opcode) * N_OPC2 + opc2;
}

static bool is_log(const E2kOpRow *row)
{
    return row->format == ALF21LOG || row->format == ALF21LOGL;
}

/* Calls @f for each key of @row. Operations with a table of eight bits have 256 in each channel. */
static void for_each_key(unsigned row_idx, void (*f)(unsigned row_idx, unsigned key))
{
    const E2kOpRow *row = &e2k_op_rows[row_idx];
    unsigned opc2 = row->opc2 < 0 ? 0 : (unsigned)row->opc2, any = 0;

    for (unsigned v = 0; v < E2K_MAX_VERSION; v++) {
        any |= row->channels[v];
    }
    for (unsigned c = 0; c < E2K_N_CHANNELS; c++) {
        if (row->alias || !(any >> c & 1)) {
            continue;
        }
        for (unsigned op = 0; is_log(row) && op < 256; op++) {
            f(row_idx, find_key(c, op & 127, opc2 + (op >> 7)));
        }
        if (!is_log(row)) {
            f(row_idx, find_key(c, row->opcode, opc2));
        }
    }
}

static void count_key(unsigned row_idx G_GNUC_UNUSED, unsigned key)
{
    find.first[key + 1]++;
}

static void put_key(unsigned row_idx, unsigned key)
{
    find.by_key[--find.first[key + 1]] = (uint16_t)row_idx;
}

static void find_init(void)
{
    unsigned total;

    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        for_each_key(i, count_key);
    }
    for (unsigned k = 0; k < N_KEYS; k++) {
        find.first[k + 1] += find.first[k];
    }
    total = find.first[N_KEYS];
    find.by_key = g_new(uint16_t, total);
    /* counts down from the end of each key's rows: first[k + 1] then is where key k starts */
    for (unsigned i = e2k_n_op_rows; i-- > 0;) {
        for_each_key(i, put_key);
    }
    memmove(find.first, find.first + 1, N_KEYS * sizeof(find.first[0]));
    find.first[N_KEYS] = (uint16_t)total;
}

static bool row_matches(const E2kOpRow *row, uint32_t als, uint16_t ales)
{
    return (row->src1_fixed < 0 || (als >> 16 & 255) == (unsigned)row->src1_fixed) &&
           (row->cmp_opce < 0 || (als >> 5 & 7) == (unsigned)row->cmp_opce) &&
           (row->ales_lo < 0 || (ales & 255) == (unsigned)row->ales_lo);
}

const E2kOpRow *e2k_find_op(unsigned version, unsigned channel, uint32_t als, bool has_ales,
                            uint16_t ales, unsigned mas)
{
    static gsize once;
    unsigned opc2 = has_ales ? ales >> 8 : 0, k;
    const E2kOpRow *found = NULL;

    if (g_once_init_enter(&once)) {
        find_init();
        g_once_init_leave(&once, 1);
    }
    if (opc2 >= N_OPC2) {
        return NULL;
    }
    k = find_key(channel, als >> 24 & 127, opc2);
    for (unsigned i = find.first[k]; i < find.first[k + 1]; i++) {
        const E2kOpRow *row = &e2k_op_rows[find.by_key[i]];
        bool aau_reg = row->format == AAURW || row->format == AAURR;

        if (!(row->channels[version - 1] >> channel & 1) || !row_matches(row, als, ales)) {
            continue;
        }
        if (aau_reg == (mas == 0x3f)) {
            return row;
        }
        found = aau_reg ? found : row;
    }
    return found;
}

bool e2k_literal(const E2kBundle *b, uint8_t code, uint64_t *value)
{
    unsigned i = code & 3;

    if (code >= 0xc0 && code <= 0xcf) {
        *value = code & 15;
    } else if (code == 0xd0 || code == 0xd1 || code == 0xd4 || code == 0xd5) {
        if (i >= b->n_lts) {
            return false;
        }
        *value = (uint64_t)(int64_t)(int16_t)(code & 4 ? b->lts[i] >> 16 : b->lts[i]);
    } else if (code >= 0xd8 && code <= 0xdb) {
        if (i >= b->n_lts) {
            return false;
        }
        *value = (uint64_t)(int64_t)(int32_t)b->lts[i];
    } else if (code >= 0xdc && code <= 0xde) {
        if (i + 1 >= b->n_lts) {
            return false;
        }
        *value = (uint64_t)b->lts[i + 1] << 32 | b->lts[i];
    } else {
        return false;
    }
    return true;
}

static uint32_t get32(const uint8_t *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Reads words and half-words of a bundle, never beyond its end. */
typedef struct Reader {
    const uint8_t *code;
    unsigned n_words, word;     /* next word */
    unsigned half;              /* half-syllables taken since half_base */
    unsigned half_base;
    bool bad;
} Reader;

static uint32_t next_word(Reader *r)
{
    if (r->word >= r->n_words) {
        r->bad = true;
        return 0;
    }
    return get32(r->code + 4 * r->word++);
}

/* The first half-syllable of a word is its high half. */
static uint16_t next_half(Reader *r)
{
    unsigned word = r->half_base + r->half / 2;

    if (word >= r->n_words) {
        r->bad = true;
        return 0;
    }
    return (uint16_t)(get32(r->code + 4 * word) >> (r->half++ & 1 ? 0 : 16));
}

static void decode_header(E2kBundle *b, uint32_t hs)
{
    b->hs = hs;
    b->nop = hs >> 7 & 7;
    b->loop_mode = hs >> 10 & 1;
    b->has_ss = hs >> 12 & 1;
    b->set_mark = hs >> 13 & 1;
    b->has_cs0 = hs >> 14 & 1;
    b->has_cs1 = hs >> 15 & 1;
    b->n_cds = hs >> 16 & 3;
    b->n_pls = hs >> 18 & 3;
    b->alop_mask = hs >> 26;
}

/* The part up to the middle pointer. False: these are no syllables of a wide instruction. */
static bool decode_front(E2kBundle *b, Reader *r, uint32_t als[6], uint16_t ales[6])
{
    unsigned middle = (b->hs & 15) + 1;

    if (b->has_ss) {
        b->ss = next_word(r);
    }
    for (unsigned c = 0; c < E2K_N_CHANNELS; c++) {
        if (b->alop_mask >> c & 1) {
            als[c] = next_word(r);
        }
    }
    if (b->has_cs0) {
        b->cs0 = next_word(r);
    }
    ales[2] = ales[5] = 0x01c0;
    if (middle == r->word + b->has_cs1 + 1) {
        uint32_t both = next_word(r);

        ales[2] = both >> 16;
        ales[5] = (uint16_t)both;
    }
    if (b->has_cs1) {
        b->cs1 = next_word(r);
    }
    r->half_base = middle;
    return !r->bad && middle == r->word && middle <= r->n_words;
}

static void decode_mova(E2kBundle *b, Reader *r)
{
    unsigned present = b->ss >> 12 & 15;
    uint16_t dst[2] = { 0, 0 };

    for (unsigned i = 0; i < 2; i++) {
        if (present >> (2 * i) & 3) {
            dst[i] = next_half(r);
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        if (present >> i & 1) {
            uint16_t aas = next_half(r);

            b->mova[i] = (E2kMova){ .opcode = aas >> 12 & 7, .am = aas & 1, .be = aas >> 15,
                                    .ind = aas >> 1 & 31, .area = aas >> 6 & 31,
                                    .dst = (uint8_t)(dst[i / 2] >> (i & 1 ? 0 : 8)) };
        }
    }
}

static void decode_tail(E2kBundle *b, Reader *r)
{
    unsigned first = r->half_base + (r->half + 1) / 2, end = r->n_words;

    if (first + b->n_cds + b->n_pls > end) {
        r->bad = true;
        return;
    }
    for (unsigned i = 0; i < b->n_cds; i++) {
        b->cds[i] = get32(r->code + 4 * --end);
    }
    for (unsigned i = 0; i < b->n_pls; i++) {
        b->pls[i] = get32(r->code + 4 * --end);
    }
    while (end > first && b->n_lts < 4) {
        b->lts[b->n_lts++] = get32(r->code + 4 * --end);
    }
}

/* One half of a CDS: a condition for up to three operations of a cluster. */
static void decode_rlp(E2kBundle *b, uint16_t rlp)
{
    E2kCond cond = { .pcnt = (rlp >> 5 & 3) == 2, .n = rlp & 31 };
    unsigned cluster = rlp >> 14 & 1 ? 3 : 0;

    for (unsigned j = 0; j < 3; j++) {
        E2kAlop *op = &b->alop[cluster + j];

        cond.neg = rlp >> (7 + j) & 1;
        if (j == 2 && (rlp >> 13 & 1)) {
            op->am = cond;
            op->has_am = true;
        }
        if (!(rlp >> (10 + j) & 1)) {
            continue;
        }
        if (rlp >> 15) {
            op->mrgc = cond;
            op->has_mrgc = true;
        } else if (op->n_conds < E2K_MAX_CONDS) {
            op->conds[op->n_conds++] = cond;
        }
    }
}

static bool src2_ok(const E2kBundle *b, uint8_t code)
{
    uint64_t value;

    return e2k_is_reg(code) || e2k_literal(b, code, &value);
}

static bool dst_ok(const E2kAlop *op)
{
    if (op->dst >= E2K_DST_CTPR1 && op->dst <= E2K_DST_CTPR3) {
        return op->channel == 0 && op->n_conds == 0 && op->row->dst == W_D &&
               (op->row->category == CAT_TAG_MOVE || op->row->category == CAT_CT_PREP ||
                op->row->category == CAT_STATE);
    }
    return e2k_is_reg(op->dst) || (op->dst >= E2K_DST_TST && op->dst <= E2K_DST_TCD) ||
           op->dst >= E2K_DST_EMPTY_LO;
}

/* Are the operand codes some that the operation can have? */
static bool operands_ok(const E2kBundle *b, const E2kAlop *op)
{
    const E2kOpRow *row = op->row;

    switch (row->format) {
    case ALF10: case ALF19: case AAURW: case AAURR: {
        unsigned lit = op->als >> 8 & 3;

        if (lit > b->n_lts) {
            return false;
        }
        break;
    }
    case ALF16: case MMURR: case MMURW:
        break;
    default:
        if (row->src2 != W_NONE && !src2_ok(b, op->src2)) {
            return false;
        }
    }
    if (row->ales_lo == E2K_ALES_SRC3 && !e2k_is_reg(op->src3) &&
        !(b->version >= 7 && (row->format == ALF21L || row->format == ALF21LOGL) &&
          op->src3 >= 0xd0 && src2_ok(b, op->src3))) {
        return false;
    }
    if (row->dst == W_NONE) {
        return row->src3 == W_NONE || e2k_is_reg(op->dst);
    }
    return row->dst == W_PRED || row->dst == W_SR || dst_ok(op);
}

static bool decode_alops(E2kBundle *b, const uint32_t als[6], const uint16_t ales[6],
                         unsigned *bad_channel)
{
    static const uint8_t mas_shift[E2K_N_CHANNELS] = { 21, 0, 14, 7, 0, 0 };
    bool has_mas = b->has_cs1 && CS_OPC(b->cs1) == 6;

    for (unsigned c = 0; c < E2K_N_CHANNELS; c++) {
        E2kAlop *op = &b->alop[c];

        if (!(b->alop_mask >> c & 1)) {
            continue;
        }
        op->channel = (uint8_t)c;
        op->als = als[c];
        op->sm = als[c] >> 31;
        op->src1 = (uint8_t)(als[c] >> 16);
        op->src2 = (uint8_t)(als[c] >> 8);
        op->dst = (uint8_t)als[c];
        op->has_ales = b->hs >> (20 + c) & 1;
        op->ales = op->has_ales ? ales[c] : 0;
        op->src3 = (uint8_t)op->ales;
        op->mas = has_mas && c != 1 && c != 4 ? b->cs1 >> mas_shift[c] & 127 : 0;
        op->row = e2k_find_op(b->version, c, als[c], op->has_ales, op->ales, op->mas);
        if (!op->row) {
            *bad_channel = c;
            return false;
        }
    }
    return true;
}

E2kStatus e2k_decode(const uint8_t *code, size_t n_bytes, uint64_t pc, unsigned version,
                     E2kBundle *b, unsigned *bad_channel)
{
    static const uint8_t with_half[] = { 0, 1, 3, 4 };
    Reader r = { .code = code, .word = 1 };
    uint32_t als[E2K_N_CHANNELS] = { 0 };
    uint16_t ales[E2K_N_CHANNELS] = { 0 };
    unsigned ignored;

    bad_channel = bad_channel ? bad_channel : &ignored;
    memset(b, 0, sizeof(*b));
    b->pc = pc;
    b->version = (uint8_t)version;
    b->size_bytes = 8;
    if (n_bytes < 8) {
        return E2K_SHORT;
    }
    decode_header(b, get32(code));
    b->size_bytes = (uint8_t)(((b->hs >> 4 & 7) + 1) * 8);
    if (n_bytes < b->size_bytes) {
        return E2K_SHORT;
    }
    r.n_words = b->size_bytes / 4;
    if (!decode_front(b, &r, als, ales)) {
        return E2K_BAD_LAYOUT;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(with_half); i++) {
        if (b->hs >> (20 + with_half[i]) & 1) {
            ales[with_half[i]] = next_half(&r);
        }
    }
    if (b->has_ss && !SS_TYPE(b)) {
        decode_mova(b, &r);
    }
    decode_tail(b, &r);
    if (r.bad) {
        return E2K_BAD_LAYOUT;
    }
    if (!decode_alops(b, als, ales, bad_channel)) {
        return E2K_BAD_OP;
    }
    for (unsigned i = 0; i < b->n_cds; i++) {
        decode_rlp(b, (uint16_t)(b->cds[i] >> 16));
        decode_rlp(b, (uint16_t)b->cds[i]);
    }
    for (unsigned c = 0; c < E2K_N_CHANNELS; c++) {
        if ((b->alop_mask >> c & 1) && !operands_ok(b, &b->alop[c])) {
            *bad_channel = c;
            return E2K_BAD_OPERAND;
        }
    }
    return E2K_OK;
}

void e2k_decode_fapb(const uint8_t code[16], E2kFapb halves[2])
{
    for (unsigned i = 0; i < 2; i++) {
        uint32_t w = get32(code + 8 * i);

        halves[i] = (E2kFapb){ .last = w >> 31, .dcd = w >> 28 & 3, .fmt = w >> 25 & 7,
                               .mrng = w >> 20 & 31, .d = w >> 15 & 31, .incr = w >> 12 & 7,
                               .ind = w >> 8 & 15, .asz = w >> 5 & 7, .abs = w & 31,
                               .disp = (int32_t)get32(code + 8 * i + 4) };
    }
}
