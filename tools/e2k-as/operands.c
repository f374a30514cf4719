/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operands as the source writes them: registers, literals, conditions, name=value. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "tools/e2k-as/bundle.h"

/* "%pred5": the number behind @prefix at as->p. False: that is not here. */
bool as_take_numbered(As *as, const char *prefix, unsigned max, unsigned *n)
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
        if (as_take_numbered(as, name, 63, &n)) {
            *code = (uint8_t)(0x80 + n);
            return true;
        }
        if (!strncmp(as->p, name, strlen(name)) && take_based(as, name, code)) {
            return true;
        }
        name[strlen(name) - 1] = 'g';
        if (as_take_numbered(as, name, 31, &n)) {
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

bool as_reg_operand(As *as, uint8_t *code)
{
    return take_reg(as, code) || as_error(as, "register expected at '%s'", as->p);
}

/* A register or 0..31. */
bool as_src1_operand(As *as, uint8_t *code, bool in_address)
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
bool as_literal_form(As *as, unsigned *bits, bool *zero_ext, int *lts, int *hi)
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

bool as_add_literal(AsBundle *b, unsigned op, int where, const AsValue *v, unsigned bits,
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
bool as_src2_operand(AsBundle *b, unsigned op, int where, unsigned width, uint8_t *code)
{
    As *as = b->as;
    unsigned bits = 0, natural;
    bool zero_ext = false, forced;
    int lts = -1, hi = -1;
    AsValue v;

    if (take_reg(as, code)) {
        return true;
    }
    forced = as_literal_form(as, &bits, &zero_ext, &lts, &hi);
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
    return as_add_literal(b, op, where, &v, bits, lts, hi);
}

bool as_dst_operand(As *as, uint8_t *code)
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

bool as_sreg_operand(As *as, uint8_t *code)
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

bool as_take_cond(As *as, E2kCond *c)
{
    const char *start = as->p;
    unsigned n;

    *c = (E2kCond){ .neg = as_accept(as, "~") };
    if (as_take_numbered(as, "%pred", 31, &n)) {
        c->n = (uint8_t)n;
        return true;
    }
    if (as_take_numbered(as, "%pcnt", 31, &n)) {
        c->pcnt = true;
        c->n = (uint8_t)n;
        return true;
    }
    as->p = start;
    return false;
}

/* "name=" */
bool as_expect_name(As *as, const char *name)
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
bool as_parameters(As *as, const char *const *names, uint64_t *values, const uint64_t *max)
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
