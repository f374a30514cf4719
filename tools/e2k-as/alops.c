/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations of the arithmetic channels: any row of the instruction set. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "tools/e2k-as/bundle.h"

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

    if (!as_src1_operand(as, &op->src1, true)) {
        return false;
    }
    op->src2 = 0xc0;
    as_skip(as);
    if (as_accept(as, "+") || (*as->p != '-' && as_accept(as, ",")) || *as->p == '-') {
        if (!as_src2_operand(b, idx, IN_SRC2, W_D, &op->src2)) {
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

    if (!as_take_numbered(as, "%aad", 31, &aad)) {
        return as_error(as, "%%aadN expected at '%s'", as->p);
    }
    if (as_accept(as, "[")) {
        if (!as_take_numbered(as, "%aasti", 15, &sti)) {
            return as_error(as, "%%aastiN expected at '%s'", as->p);
        }
        if (as_accept(as, "+")) {
            unsigned bits = 32;
            bool zero_ext;
            int lts = -1, hi = -1;
            AsValue v;

            as_literal_form(as, &bits, &zero_ext, &lts, &hi);
            if (bits != 32 || lts > 2 || hi >= 0) {
                return as_error(as, "an array's offset is a literal of 32 bits in LTS0 to LTS2");
            }
            if (!as_expr(as, &v) || !as_add_literal(b, idx, IN_AAU, &v, 32, lts, -1)) {
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
        if (as_take_numbered(as, regs[i].name, regs[i].max, &n)) {
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
        if (!as_take_numbered(as, "%pred", 31, &n)) {
            return as_error(as, "%%predN expected at '%s'", as->p);
        }
        op->dst = (uint8_t)n;
        return true;
    }
    return op->row->dst == W_SR ? as_sreg_operand(as, &op->dst) : as_dst_operand(as, &op->dst);
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
            (!as_src1_operand(as, &op->src1, false) || !as_expect(as, ","))) {
            return false;
        }
        if (!as_src2_operand(b, idx, IN_SRC2, row->src2, &op->src2)) {
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
            if (!as_src2_operand(b, idx, IN_SRC3, row->src3, &op->src3)) {
                return false;
            }
        } else if (!as_reg_operand(as, &op->src3)) {
            return false;
        }
    }
    return result_operand(b, op);
}

static bool register_branch(AsBundle *b, Op *op, unsigned idx)
{
    As *as = b->as;
    uint64_t wbs;

    if (op->row->format == ALF12IC) {
        if (!as_expect_name(as, "wbs") || !as_number(as, &wbs, 127) || !as_expect(as, ",")) {
            return false;
        }
        op->src1 = (uint8_t)wbs;
    }
    if (!as_src2_operand(b, idx, IN_SRC2, W_D, &op->src2) || !result_operand(b, op)) {
        return false;
    }
    b->b.has_ss = true;
    return as_ct_condition(b);
}

static bool store_value(As *as, Op *op)
{
    return as_reg_operand(as, &op->dst) && as_expect(as, ",");
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
        return as_sreg_operand(as, &op->src1) && result_operand(b, op);
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
            if (!as_expect_name(as, "mas") || !as_number(as, &mas, 127)) {
                return false;
            }
            op->mas = (uint8_t)mas;
        } else if (as_take_cond(as, &op->mrgc)) {
            op->has_mrgc = true;
        } else {
            return as_error(as, "unknown operand at '%s'", as->p);
        }
    }
    if (as_accept(as, "?")) {
        do {
            if (op->n_conds == E2K_MAX_CONDS || !as_take_cond(as, &op->conds[op->n_conds])) {
                return as_error(as, "condition expected at '%s'", as->p);
            }
            op->n_conds++;
        } while (as_accept(as, ","));
    }
    return true;
}

/* ",2,sm" behind a mnemonic */
bool as_suffixes(As *as, int *channel, bool *sm)
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
const GArray *as_find_log(As *as, const char *name, uint8_t *table)
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

bool as_alop(AsBundle *b, const char *name, const GArray *rows, uint8_t table)
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
    return as_suffixes(as, &op->channel, &op->sm) && operands(b, op, idx) && operand_tail(b, op);
}
