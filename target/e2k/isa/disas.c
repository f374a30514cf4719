/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wide instructions as text that e2k-as and the GNU assembler read: each operation with its
 * channel, each literal with its place, so that assembling the text gives the same operations
 * again.
 * Addresses of code are written relative to the bundle ("."), with the address as a comment.
 */
#include <inttypes.h>
#include <string.h>
#include <glib.h>
#include "target/e2k/isa/decode.h"

#define put g_string_append_printf

static void put_line(GString *s)
{
    g_string_append(s, "  ");
}

/* ---- operands ---- */

static const char *width_letter(unsigned width)
{
    static const char *const letters[] = { [W_D] = "d", [W_X] = "x", [W_Q] = "q", [W_P] = "qp" };

    return width < G_N_ELEMENTS(letters) && letters[width] ? letters[width] : "";
}

static void put_reg(GString *s, uint8_t code, unsigned width)
{
    if (e2k_is_based(code)) {
        put(s, "%%%sb[%u]", width_letter(width), code);
    } else if (e2k_is_window(code)) {
        put(s, "%%%sr%u", width_letter(width), code & 63);
    } else {
        put(s, "%%%sg%u", width_letter(width), code & 31);
    }
}

static void put_src1(GString *s, uint8_t code, unsigned width)
{
    if (e2k_is_reg(code)) {
        put_reg(s, code, width);
    } else {
        put(s, "0x%x", code & 31);
    }
}

static void put_src2(GString *s, const E2kBundle *b, uint8_t code, unsigned width)
{
    uint64_t value;
    unsigned i = code & 3;

    if (e2k_is_reg(code)) {
        put_reg(s, code, width);
    } else if (!e2k_literal(b, code, &value)) {
        put(s, "<bad literal 0x%x>", code);
    } else if (code < 0xd0) {
        put(s, "0x%x", code & 15);
    } else if (code < 0xd8) {
        put(s, "_f16s,_lts%u%s 0x%x", i & 1, code & 4 ? "hi" : "lo", (uint16_t)value);
    } else if (code < 0xdc) {
        put(s, "_f32s,_lts%u 0x%x", i, (uint32_t)value);
    } else {
        put(s, "_f64,_lts%u 0x%" PRIx64, i, value);
    }
}

static void put_dst(GString *s, uint8_t code, unsigned width)
{
    static const char *const special[32] = {
        [E2K_DST_TST - 0xc0] = "%tst", [E2K_DST_TC - 0xc0] = "%tc", [E2K_DST_TCD - 0xc0] = "%tcd",
        [E2K_DST_CTPR1 - 0xc0] = "%ctpr1", [E2K_DST_CTPR2 - 0xc0] = "%ctpr2",
        [E2K_DST_CTPR3 - 0xc0] = "%ctpr3", [E2K_DST_EMPTY_LO - 0xc0] = "%empty.lo",
        [E2K_DST_EMPTY - 0xc0] = "%empty",
    };

    if (e2k_is_reg(code)) {
        put_reg(s, code, width);
    } else if (special[code - 0xc0]) {
        g_string_append(s, special[code - 0xc0]);
    } else {
        put(s, "<bad destination 0x%x>", code);
    }
}

static void put_sreg(GString *s, uint8_t n)
{
    const char *name = e2k_sreg_name(n);

    if (name) {
        put(s, "%%%s", name);
    } else {
        put(s, "%%sr_0x%02x", n);
    }
}

static void put_cond(GString *s, const E2kCond *c)
{
    put(s, "%s%%%s%u", c->neg ? "~" : "", c->pcnt ? "pcnt" : "pred", c->n);
}

static void put_conds(GString *s, const E2kCond *conds, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        g_string_append(s, i ? ", " : " ? ");
        put_cond(s, &conds[i]);
    }
}

/* ---- operations of the arithmetic channels ---- */

static bool is_load(const E2kOpRow *row)
{
    return row->category == CAT_LOAD || row->category == CAT_LOAD_SEG ||
           row->category == CAT_LOAD_TAG || row->category == CAT_LOAD_PROT;
}

static void put_aau_address(GString *s, const E2kBundle *b, const E2kAlop *op)
{
    unsigned f = op->als >> 8 & 0xffff, lit = f & 3;

    put(s, "%%aad%u [ %%aasti%u", f >> 11 & 31, f >> 7 & 15);
    if (lit) {
        put(s, " + _f32s,_lts%u 0x%x", lit - 1, lit <= b->n_lts ? b->lts[lit - 1] : 0);
    }
    g_string_append(s, " ]");
}

static void put_aau_reg(GString *s, const E2kAlop *op)
{
    static const char *const names[4] = { "aad", "aasti", "aaind", "aaincr" };
    unsigned f = op->als >> 8 & 0xffff, mode = f >> 2 & 3;

    put(s, "%%%s%u", names[mode], mode == 0 ? f >> 11 & 31 : f >> 7 & (mode == 3 ? 7 : 15));
}

/* "a, b": the sources of @op that its row has */
static void put_sources(GString *s, const E2kBundle *b, const E2kAlop *op)
{
    const E2kOpRow *row = op->row;

    if (row->src1 != W_NONE) {
        put_src1(s, op->src1, row->src1);
        g_string_append(s, ", ");
    }
    put_src2(s, b, op->src2, row->src2);
}

static void put_address(GString *s, const E2kBundle *b, const E2kAlop *op)
{
    g_string_append(s, "[ ");
    put_src1(s, op->src1, op->row->src1);
    g_string_append(s, " + ");
    put_src2(s, b, op->src2, op->row->src2);
    g_string_append(s, " ]");
}

static void put_result(GString *s, const E2kAlop *op)
{
    g_string_append(s, ", ");
    if (op->row->dst == W_PRED) {
        put(s, "%%pred%u", op->dst & 31);
    } else if (op->row->dst == W_SR) {
        put_sreg(s, op->dst);
    } else {
        bool all = op->row->pair && op->dst == E2K_DST_EMPTY_LO;

        put_dst(s, all ? E2K_DST_EMPTY : op->dst, op->row->dst);
    }
}

static void put_operands(GString *s, const E2kBundle *b, const E2kAlop *op)
{
    const E2kOpRow *row = op->row;

    switch (row->format) {
    case ALF3: case ALF13:
        put_reg(s, op->dst, row->src3);
        g_string_append(s, ", ");
        put_address(s, b, op);
        return;
    case ALF10:
        put_reg(s, op->dst, row->src3);
        g_string_append(s, ", ");
        put_aau_address(s, b, op);
        return;
    case ALF19:
        put_aau_address(s, b, op);
        break;
    case AAURW:
        put_reg(s, op->dst, row->src3);
        g_string_append(s, ", ");
        put_aau_reg(s, op);
        return;
    case AAURR:
        put_aau_reg(s, op);
        break;
    case ALF16:
        put_sreg(s, op->src1);
        break;
    case ALF12IC:
        put(s, "wbs=0x%x, ", op->src1 & 0x7f);
        put_src2(s, b, op->src2, row->src2);
        break;
    default:
        if (is_load(row)) {
            put_address(s, b, op);
        } else {
            put_sources(s, b, op);
        }
        if (row->ales_lo == E2K_ALES_IMM8) {
            put(s, ", 0x%x", op->src3);
        } else if (row->ales_lo == E2K_ALES_SRC3 && row->format == ALF21L) {
            g_string_append(s, ", ");
            put_src2(s, b, op->src3, row->src3);
        } else if (row->ales_lo == E2K_ALES_SRC3) {
            g_string_append(s, ", ");
            put_src2(s, b, op->src3, row->src3);
        }
    }
    put_result(s, op);
}

/* The other channel of an operation on two, or -1. */
static int pair_channel(const E2kOpRow *row, unsigned channel)
{
    switch (row->pair) {
    case PAIR_LOAD:
        return channel == 0 || channel == 3 ? (int)channel + 2 : -1;
    case PAIR_STORE:
        return channel == 2 ? 5 : -1;
    case PAIR_MOVE:
        return channel == 0 || channel == 3 ? (int)channel + 1 : -1;
    }
    return -1;
}

/* Is @c the second half of a pair that its first half has shown? */
static bool is_second_half(const E2kBundle *b, unsigned c)
{
    for (unsigned first = 0; first < c; first++) {
        if ((b->alop_mask >> first & 1) && b->alop[first].row == b->alop[c].row &&
            b->alop[first].row->pair && pair_channel(b->alop[first].row, first) == (int)c) {
            return true;
        }
    }
    return false;
}

static void put_ctcond(GString *s, const E2kBundle *b);

static void put_alop(GString *s, const E2kBundle *b, const E2kAlop *op)
{
    const E2kOpRow *row = op->row;
    unsigned aau = op->als >> 8 & 0xffff;
    bool branch = row->format == ALF12IB || row->format == ALF12IC;

    put_line(s);
    if (row->format == ALF21LOG || row->format == ALF21LOGL) {
        put(s, "%s_0x%02x", row->name, (op->als >> 24 & 127) | (op->ales >> 8 & 1) << 7);
    } else {
        g_string_append(s, row->name);
    }
    put(s, ",%u%s ", op->channel, op->sm ? ",sm" : "");
    put_operands(s, b, op);
    if (op->mas && row->format != AAURW && row->format != AAURR) {
        put(s, ", mas=0x%x", op->mas);
    }
    if (op->has_mrgc) {
        g_string_append(s, ", ");
        put_cond(s, &op->mrgc);
    }
    if (branch) {
        put_ctcond(s, b);
    }
    put_conds(s, op->conds, op->n_conds);
    g_string_append_c(s, '\n');
    if ((row->format == ALF10 || row->format == ALF19) && (aau >> 2 & 1)) {
        put_line(s);
        put(s, "incr,%u %%aaincr%u", op->channel, aau >> 4 & 7);
        put_conds(s, &op->am, op->has_am);
        g_string_append_c(s, '\n');
    }
}

static void put_movas(GString *s, const E2kBundle *b)
{
    static const char *const names[8] = { NULL, "b", "h", "w", "d", "q", NULL, "qp" };
    static const uint8_t width[8] = { 0, W_S, W_S, W_S, W_D, W_Q, 0, W_P };

    for (unsigned i = 0; i < 4; i++) {
        const E2kMova *m = &b->mova[i];

        if (!names[m->opcode] || (m->opcode == 5 && (i & 1) && b->mova[i - 1].opcode == 5)) {
            continue;
        }
        put_line(s);
        put(s, "mova%s,%u area=%u, ind=%u, am=%u, be=%u, ", names[m->opcode], i, m->area,
            m->opcode == 5 && m->be ? (m->ind - 8) & 31 : m->ind, m->am, m->be);
        put_dst(s, m->dst, width[m->opcode]);
        g_string_append_c(s, '\n');
    }
}

/* ---- predicates ---- */

static void put_elp(GString *s, uint8_t code, unsigned n)
{
    put_line(s);
    g_string_append(s, "pass ");
    if (code == 0) {
        g_string_append(s, "%lcntex");
    } else if (code < 0x40) {
        g_string_append(s, "%spred");
        for (unsigned i = 0; i < 6; i++) {
            if (code >> i & 1) {
                put(s, "%u", i);
            }
        }
    } else if (code < 0x60) {
        put(s, "%%pcnt%u", code & 31);
    } else if (code < 0x80) {
        put(s, "%%pred%u", code & 31);
    } else if (code == 0xc0) {
        g_string_append(s, "%bgrpred");
    } else if (code > 0xc0) {
        put(s, "%%rndpred%u", code & 63);
    } else {
        put(s, "%%elp_0x%02x", code);
    }
    put(s, ", @p%u\n", n);
}

static bool clp_is_used(uint32_t pls)
{
    return (pls & 0xffff) != 0;
}

static void put_pls(GString *s, const E2kBundle *b)
{
    static const char *const names[4] = { "andp", "landp", "<reserved>", "movep" };
    unsigned used = 0;

    for (unsigned i = 0; i < b->n_pls; i++) {
        if (clp_is_used(b->pls[i])) {
            used |= 1u << (b->pls[i] >> 10 & 7) | 1u << (b->pls[i] >> 6 & 7);
        }
    }
    for (unsigned n = 0; n < 4 && n / 2 < b->n_pls; n++) {
        uint8_t code = (uint8_t)(b->pls[n / 2] >> (n & 1 ? 16 : 24));

        if (code || (used >> n & 1)) {
            put_elp(s, code, n);
        }
    }
    for (unsigned i = 0; i < b->n_pls; i++) {
        uint32_t pls = b->pls[i];

        if (!clp_is_used(pls) && !(used >> (4 + i) & 1)) {
            continue;
        }
        put_line(s);
        put(s, "%s %s@p%u, %s@p%u, @p%u\n", names[pls >> 14 & 3], pls >> 13 & 1 ? "~" : "",
            pls >> 10 & 7, pls >> 9 & 1 ? "~" : "", pls >> 6 & 7, 4 + i);
        if (pls >> 5 & 1) {
            put_line(s);
            put(s, "pass @p%u, %%pred%u\n", 4 + i, pls & 31);
        }
    }
}

/* ---- control ---- */

/* What may follow MLOCK: results of compares and of logic in this bundle. */
static void put_mlock_extra(GString *s, const E2kBundle *b)
{
    static const char channels[] = "0134";
    unsigned p = SS_PSRC(b);

    if (SS_COND(b) == 8) {
        g_string_append(s, "%dt_al");
        for (unsigned i = 0; i < 4; i++) {
            if (p >> i & 1) {
                g_string_append_c(s, channels[i]);
            }
        }
    } else if (p >> 3 == 0) {
        put(s, "%s%%cmp%c", p & 1 ? "~" : "", channels[p >> 1 & 3]);
    } else if (p >> 3 == 1) {
        unsigned j = p >> 2 & 1 ? 3 : 0;

        put(s, "%s%%cmp%u || %s%%cmp%u", p >> 1 & 1 ? "~" : "", j, p & 1 ? "~" : "", j + 1);
    } else {
        put(s, "%s%%clp%u", p & 1 ? "~" : "", p >> 1 & 3);
    }
}

static void put_ctcond(GString *s, const E2kBundle *b)
{
    static const char *const before[16] = {
        [2] = "%", [3] = "~%", [6] = "%", [7] = "~%", [14] = "~%", [15] = "%",
    };
    static const char *const after[16] = {
        [0] = "#never", [4] = "#LOOP_END", [5] = "#NOT_LOOP_END", [6] = " || #LOOP_END",
        [7] = " && #NOT_LOOP_END", [14] = " || #LOOP_END", [15] = " && #NOT_LOOP_END",
    };
    unsigned type = SS_COND(b), p = SS_PSRC(b);

    if (type == 1) {
        return;
    }
    g_string_append(s, " ? ");
    if (before[type]) {
        put(s, "%spred%u", before[type], p);
    }
    if (after[type]) {
        g_string_append(s, after[type]);
    } else if (type == 8 || type == 9) {
        g_string_append(s, "%MLOCK");
        if (type == 9 || p) {
            g_string_append(s, " || ");
            put_mlock_extra(s, b);
        }
    } else if (type == 11) {
        put(s, "%s%%%s%c", p & 1 ? "~" : "", p >> 4 ? "clp" : "cmp",
            (p >> 4 ? "012?" : "0134")[p >> 1 & 3]);
    } else if (!before[type]) {
        put(s, "<reserved condition %u>", type);
    }
}

static void put_target(GString *s, const E2kBundle *b)
{
    int64_t disp = e2k_cs0_disp(b);

    put(s, ". %c 0x%" PRIx64, disp < 0 ? '-' : '+', disp < 0 ? -(uint64_t)disp : (uint64_t)disp);
}

static void put_target_comment(GString *s, const E2kBundle *b)
{
    put(s, "\t! 0x%" PRIx64 "\n", b->pc + (uint64_t)e2k_cs0_disp(b));
}

/* Transfers that CS0 describes when no prepared one is named. */
static void put_immediate_transfer(GString *s, const E2kBundle *b)
{
    static const char *const state[8] = { "done", NULL, "iret", "hret", "glaunch" };
    unsigned op = CS_OPC(b->cs0), wbs = b->cs1 & 127;
    bool call = b->has_cs1 && CS_OPC(b->cs1) == 5;

    put_line(s);
    if (call && (b->cs1 >> 7 & 7) == 2) {
        put(s, "hcall 0x%x, wbs=0x%x", b->cs0 >> 1 & 15, wbs);
        put_ctcond(s, b);
    } else if (call) {
        g_string_append(s, "icall ");
        put_target(s, b);
        put(s, ", wbs=0x%x", wbs);
        put_ctcond(s, b);
        put_target_comment(s, b);
        return;
    } else if (op == 3 && state[b->cs0 & 7]) {
        put(s, "%s", state[b->cs0 & 7]);
        put_ctcond(s, b);
    } else if (op == 0 && (SS_COND(b) == 8 || SS_COND(b) == 9)) {
        g_string_append(s, "rbranch ");
        put_target(s, b);
        if (SS_COND(b) == 9 || SS_PSRC(b)) {
            g_string_append(s, " ? ");
            put_mlock_extra(s, b);
        }
        put_target_comment(s, b);
        return;
    } else if (op == 0) {
        g_string_append(s, "ibranch ");
        put_target(s, b);
        put_ctcond(s, b);
        put_target_comment(s, b);
        return;
    } else {
        put(s, "! CS0 0x%08x taken", b->cs0);
    }
    g_string_append_c(s, '\n');
}

static bool branches_by_channel0(const E2kBundle *b)
{
    return (b->alop_mask & 1) && (b->alop[0].row->format == ALF12IB ||
                                  b->alop[0].row->format == ALF12IC);
}

/* Does CS0 belong to this bundle's own transfer? */
static bool cs0_is_taken(const E2kBundle *b)
{
    unsigned op = CS_OPC(b->cs0);

    return b->has_ss && b->has_cs0 && SS_CTOP(b) == 0 && SS_COND(b) != 0 && (op == 0 || op == 3) &&
           !branches_by_channel0(b);
}

static void put_transfer(GString *s, const E2kBundle *b)
{
    bool call = b->has_cs1 && CS_OPC(b->cs1) == 5;

    if (!b->has_ss) {
        return;
    }
    if (SS_CTOP(b)) {
        put_line(s);
        put(s, "%s %%ctpr%u", call ? "call" : "ct", SS_CTOP(b));
        if (call) {
            put(s, ", wbs=0x%x", b->cs1 & 127);
        }
        put_ctcond(s, b);
        g_string_append_c(s, '\n');
    } else if (cs0_is_taken(b)) {
        put_immediate_transfer(s, b);
    }
}

static void put_cs0(GString *s, const E2kBundle *b)
{
    unsigned op = CS_OPC(b->cs0), ctpr = op >> 2;

    if (!b->has_cs0 || cs0_is_taken(b)) {
        return;
    }
    put_line(s);
    if (ctpr && (op & 3) == 0) {
        put(s, "disp %%ctpr%u, ", ctpr);
        put_target(s, b);
        put_target_comment(s, b);
    } else if (op == 9) {
        put(s, "ldisp %%ctpr2, ");
        put_target(s, b);
        put_target_comment(s, b);
    } else if (ctpr && (op & 3) == 2) {
        put(s, "sdisp %%ctpr%u, 0x%x\n", ctpr, b->cs0 & 0xfffffff);
    } else if ((op & 3) == 3 && ctpr && (b->cs0 & 7) == 1) {
        put(s, "gettsd %%ctpr%u\n", ctpr);
    } else if (op == 15) {
        put(s, "return %%ctpr3%s\n", b->cs0 & 7 ? "\t! of an unknown kind" : "");
    } else if (op == 1) {
        int32_t disp = (int32_t)(b->cs0 << 4) >> 8;

        put(s, "pref %%ipr%u, . %c 0x%x, ipd=%u\n", b->cs0 & 7, disp < 0 ? '-' : '+',
            (disp < 0 ? -disp : disp) * 128, b->cs0 >> 3 & 1);
    } else {
        put(s, "! CS0 0x%08x\n", b->cs0);
    }
}

static void put_setwd(GString *s, const E2kBundle *b)
{
    uint32_t cs1 = b->cs1, lts = b->lts[0];
    unsigned op = CS_OPC(cs1);

    if (op != 4) {
        put_line(s);
        put(s, "setwd wsz=0x%x, nfx=%u, dbl=%u%s\n", lts >> 5 & 127, lts >> 4 & 1, lts >> 3 & 1,
            lts >> 2 & 1 ? ", mcn=1" : "");
    }
    if (op == 1) {
        put_line(s);
        put(s, "vfrpsz rpsz=0x%x\n", (lts >> 12 & 31) + 1);
    }
    if (cs1 >> 25 & 1) {
        put_line(s);
        put(s, "settr type=0x%x\n", lts >> 17);
    }
    if (cs1 >> 26 & 1) {
        put_line(s);
        put(s, "setbn rsz=0x%x, rbs=0x%x, rcur=0x%x\n", cs1 >> 6 & 63, cs1 & 63, cs1 >> 12 & 63);
    }
    if (cs1 >> 27 & 1) {
        put_line(s);
        put(s, "setbp psz=0x%x\n", cs1 >> 18 & 31);
    }
}

static void put_bits(GString *s, uint32_t bits, const char *const *names, unsigned n,
                     const char *suffix, const char *between)
{
    const char *sep = "";

    for (unsigned i = 0; i < n; i++) {
        if (bits >> i & 1) {
            put(s, "%s%s%s", sep, names[i], suffix);
            sep = between;
        }
    }
}

static void put_cs1(GString *s, const E2kBundle *b)
{
    static const char *const waits[] = { "all_c", "all_e", "st_c", "ld_c", "fl_c", "ma_c", "trap",
                                         "sas", "sal", "las", "lal", "mt", "int", "mem_mod" };
    static const char *const flushes[] = { "  flushr", "  flushc", "  fillr", "  fillc" };
    uint32_t cs1 = b->cs1;

    if (!b->has_cs1) {
        return;
    }
    switch (CS_OPC(cs1)) {
    case 0: case 1: case 4:
        put_setwd(s, b);
        break;
    case 2:
        if (cs1 >> 27 & 1) {
            g_string_append(s, "  setsft\n");
        } else {
            put(s, "  setei 0x%x\n", cs1 & 255);
        }
        break;
    case 3:
        g_string_append(s, "  wait ");
        put_bits(s, cs1, waits, G_N_ELEMENTS(waits), "=1", ", ");
        g_string_append(s, cs1 & 0x3fff ? "\n" : "all_c=0\n");
        break;
    case 5:     /* shown as call */
        if (!b->has_ss || (!SS_CTOP(b) && !cs0_is_taken(b))) {
            put(s, "  ! CS1 0x%08x\n", cs1);
        }
        break;
    case 6:     /* shown as mas= */
        break;
    case 7:
        put_bits(s, cs1, flushes, G_N_ELEMENTS(flushes), "\n", "");
        break;
    case 8:
        put(s, "  vfbg umask=0x%x, dmask=0x%x, chkm4=%u\n", cs1 & 255, cs1 >> 8 & 255,
            cs1 >> 16 & 1);
        break;
    default:
        put(s, "  ! CS1 0x%08x\n", cs1);
    }
}

/* Two bits of SS as "name namef=x, namet=y". */
static void put_advance(GString *s, uint32_t ss, const char *name, char first, unsigned first_bit,
                        char second, unsigned second_bit)
{
    if (ss >> first_bit & 1 || ss >> second_bit & 1) {
        put(s, "  %s %s%c=%u, %s%c=%u\n", name, name, first, ss >> first_bit & 1, name, second,
            ss >> second_bit & 1);
    }
}

static void put_ss(GString *s, const E2kBundle *b)
{
    static const char *const recovery[4] = { NULL, "crp", "srp", "slrp" };
    uint32_t ss = b->ss;
    unsigned rp = (ss >> 25 & 1) | (ss >> 26 & 2), code = (ss >> 26 & 1) | (ss >> 27 & 6);

    if (!b->has_ss) {
        return;
    }
    put(s, "  ipd %u\n", ss >> 30);
    if (recovery[rp]) {
        put(s, "  %s\n", recovery[rp]);
    }
    if (SS_TYPE(b)) {
        if (code == 3) {
            g_string_append(s, "  flushts\n");
        } else if (code == 2) {
            g_string_append(s, "  invts\n");
        } else if (code >= 6) {
            put(s, "  invts ? %s%%pred%u\n", code & 1 ? "~" : "", SS_PSRC(b));
        }
        return;
    }
    put_advance(s, ss, "alc", 'f', SS_ALCF, 't', SS_ALCT);
    put_advance(s, ss, "abp", 'f', SS_ABPF, 't', SS_ABPT);
    put_advance(s, ss, "abn", 'f', SS_ABNF, 't', SS_ABNT);
    put_advance(s, ss, "abg", 'i', SS_ABGI, 'd', SS_ABGD);
    if (ss >> SS_VFDI & 1) {
        g_string_append(s, "  vfdi\n");
    }
    if (ss >> SS_BAP & 1) {
        g_string_append(s, "  bap\n");
    }
    if (ss >> SS_EAP & 1) {
        g_string_append(s, "  eap\n");
    }
}

char *e2k_disas_bundle(const E2kBundle *b)
{
    GString *s = g_string_new("{\n");

    if (b->loop_mode) {
        g_string_append(s, "  loop_mode\n");
    }
    if (b->nop) {
        put(s, "  nop %u\n", b->nop);
    }
    if (b->set_mark) {
        g_string_append(s, "  set_mark\n");
    }
    put_cs1(s, b);
    put_cs0(s, b);
    for (unsigned c = 0; c < E2K_N_CHANNELS; c++) {
        if ((b->alop_mask >> c & 1) && b->alop[c].row && !is_second_half(b, c)) {
            put_alop(s, b, &b->alop[c]);
        }
    }
    put_movas(s, b);
    put_pls(s, b);
    put_ss(s, b);
    put_transfer(s, b);
    g_string_append(s, "}");
    return g_string_free(s, FALSE);
}

char *e2k_disas_fapb(const uint8_t code[16])
{
    GString *s = g_string_new("{\n");
    E2kFapb halves[2];

    e2k_decode_fapb(code, halves);
    for (unsigned i = 0; i < 2; i++) {
        const E2kFapb *h = &halves[i];

        put(s, "  fapb %s=%u, dcd=%u, fmt=%u, mrng=%u, d=%u, incr=%u, ind=%u, asz=%u, abs=%u, "
            "disp=0x%x\n", i ? "dpl" : "ct", h->last, h->dcd, h->fmt, h->mrng, h->d, h->incr,
            h->ind, h->asz, h->abs, (uint32_t)h->disp);
    }
    g_string_append(s, "}");
    return g_string_free(s, FALSE);
}
