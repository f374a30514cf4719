/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations outside the arithmetic channels: control transfers, windows, predicate logic, arrays. A
 * row of others[] has the mnemonic and its parser, which fills syllables directly.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "tools/e2k-as/bundle.h"

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
bool as_set_cs1(AsBundle *b, uint32_t cs1, bool share)
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
    if (!as_take_numbered(b->as, "%ctpr", 3, n) || !*n) {
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

    if (!as_take_numbered(b->as, "%ipr", 7, &n) || !as_expect(b->as, ",") ||
        !displacement(b, 128, 24, &field)) {
        return as_error(b->as, "%%iprN, label expected");
    }
    if (as_accept(b->as, ",") && (!as_expect_name(b->as, "ipd") || !as_number(b->as, &ipd, 1))) {
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
    if (as_take_numbered(as, "%clp", 2, &n)) {
        return set_cond(b, 9, 2u << 3 | n << 1 | neg);
    }
    if (!as_take_numbered(as, "%cmp", 4, &n) || n == 2) {
        return as_error(as, "%%dt_al, %%cmp or %%clp expected at '%s'", as->p);
    }
    if (!as_accept(as, "||")) {
        return set_cond(b, 9, (unsigned)cmp_index((char)('0' + n)) << 1 | neg);
    }
    neg2 = as_accept(as, "~");
    if (!as_take_numbered(as, "%cmp", 4, &m) || m != n + 1 || (n != 0 && n != 3)) {
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

    if (as_take_numbered(as, "%clp", 2, &n)) {
        return set_cond(b, 11, 16 | n << 1 | neg);
    }
    if (as_take_numbered(as, "%cmp", 4, &n) && n != 2) {
        return set_cond(b, 11, (unsigned)cmp_index((char)('0' + n)) << 1 | neg);
    }
    as->p = start;
    return as_error(as, "unknown condition '%s'", as->p);
}

/* The condition of a control transfer, nothing for always. */
bool as_ct_condition(AsBundle *b)
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
    return as_take_cond(as, &c) ? pred_condition(b, &c) : local_condition(b);
}

static bool transfer(AsBundle *b, unsigned ctpr)
{
    if (b->b.ss >> 10 & 3) {
        return as_error(b->as, "a second control transfer");
    }
    b->b.has_ss = true;
    b->b.ss |= ctpr << 10;
    return as_ct_condition(b);
}

static bool wbs_parameter(AsBundle *b, uint32_t kind)
{
    uint64_t wbs;

    return as_expect(b->as, ",") && as_expect_name(b->as, "wbs") && as_number(b->as, &wbs, 127) &&
           as_set_cs1(b, 5u << 28 | kind << 7 | (uint32_t)wbs, false);
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

    if (!as_parameters(b->as, names, v, max) || (v[2] && !need_version(b, o, 3)) ||
        !as_set_cs1(b, (b->b.cs1 & 1u << 28), true)) {
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

    if (!as_parameters(b->as, names, v, max)) {
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

    if (!as_parameters(b->as, names, v, max) || !as_set_cs1(b, (b->b.cs1 & 1u << 28) | 1u << 25, true)) {
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

    return as_parameters(b->as, names, v, max) &&
           set_rotation(b, 1u << 26 | (uint32_t)(v[2] << 12 | v[0] << 6 | v[1]));
}

static bool op_setbp(AsBundle *b, const Other *o)
{
    static const char *const names[] = { "psz", NULL };
    static const uint64_t max[] = { 31 };
    uint64_t v[1] = { 0 };

    return as_parameters(b->as, names, v, max) && set_rotation(b, 1u << 27 | (uint32_t)v[0] << 18);
}

static bool op_setei(AsBundle *b, const Other *o)
{
    uint64_t v = 0;

    return (o->arg || as_number(b->as, &v, 255)) &&
           as_set_cs1(b, 2u << 28 | o->arg | (uint32_t)v, false);
}

static bool op_wait(AsBundle *b, const Other *o)
{
    static const char *const names[] = { "all_c", "all_e", "st_c", "ld_c", "fl_c", "ma_c", "trap",
                                         "sas", "sal", "las", "lal", "mt", "int", "mem_mod", NULL };
    static const uint8_t since[] = { 1, 1, 1, 1, 1, 1, 2, 5, 5, 6, 6, 6, 6, 6 };
    static const uint64_t max[] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    uint64_t v[14] = { 0 };
    uint32_t bits = 0;

    if (!as_parameters(b->as, names, v, max)) {
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
    return as_set_cs1(b, 3u << 28 | bits, false);
}

static bool op_flush(AsBundle *b, const Other *o)
{
    return as_set_cs1(b, 7u << 28 | o->arg, true);
}

static bool op_vfbg(AsBundle *b, const Other *o)
{
    static const char *const names[] = { "umask", "dmask", "chkm4", NULL };
    static const uint64_t max[] = { 255, 255, 1 };
    uint64_t v[3] = { 0 };

    return as_parameters(b->as, names, v, max) &&
           as_set_cs1(b, 8u << 28 | (uint32_t)(v[2] << 16 | v[1] << 8 | v[0]), false);
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
    } else if (!as_parameters(b->as, names, v, max)) {
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
        if (code != 2 || !as_take_cond(b->as, &c) || c.pcnt) {
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
    } else if (as_take_numbered(as, "%pred", 31, &n)) {
        *code = 0x60 + n;
    } else if (as_take_numbered(as, "%pcnt", 31, &n)) {
        *code = 0x40 + n;
    } else if (as_accept(as, "%bgrpred")) {
        *code = 0xc0;
    } else if (as_take_numbered(as, "%rndpred", 63, &n)) {
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

    if (as_take_numbered(as, "@p", 6, &n)) {
        if (n < 4) {
            return as_error(as, "only @p4 to @p6 can go to a predicate");
        }
        if (!as_expect(as, ",") || !as_take_numbered(as, "%pred", 31, &pred)) {
            return as_error(as, "%%predN expected at '%s'", as->p);
        }
        need_pls(b, n - 4);
        b->b.pls[n - 4] |= 1u << 5 | pred;
        return true;
    }
    if (!elp_source(as, &code) || !as_expect(as, ",")) {
        return false;
    }
    if (!as_take_numbered(as, "@p", 3, &n)) {
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

    if (!as_take_numbered(as, "@p", 6, &n)) {
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
    if (!as_take_numbered(as, "@p", 6, &n) || n < 4) {
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
        if (!as_take_cond(as, &in[i]) || in[i].pcnt || !as_expect(as, ",")) {
            return as_error(as, "%%predN expected at '%s'", as->p);
        }
    }
    if (!as_take_numbered(as, "%pred", 31, &dst) || b->b.n_pls) {
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

    if (!as_suffixes(as, &channel, NULL)) {
        return false;
    }
    if (!as_take_numbered(as, "%aaincr", 7, &n)) {
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
        return as_take_cond(as, &op->am) || as_error(as, "condition expected at '%s'", as->p);
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

    if (!as_suffixes(as, &channel, NULL)) {
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
                if (!as_expect_name(as, names[k]) || !as_number(as, &v[k], max[k]) ||
                    !as_expect(as, ",")) {
                    return false;
                }
                break;
            }
        }
    }
    m = (E2kMova){ .opcode = (uint8_t)o->arg, .area = (uint8_t)v[0], .ind = (uint8_t)v[1],
                   .am = v[2] != 0, .be = v[3] != 0 };
    if (!as_dst_operand(as, &m.dst)) {
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

    if (!as_parameters(b->as, names, v, max)) {
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

/* An operation that is a row of others[]; @found: it is one. */
bool as_other(AsBundle *b, const char *name, bool *found)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
        *found = !strcmp(others[i].name, name);
        if (*found) {
            return others[i].parse(b, &others[i]);
        }
    }
    return false;
}
