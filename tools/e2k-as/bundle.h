/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One wide instruction on its way: bundle.c takes operations one by one, operands.c, alops.c and
 * others.c parse them into AsBundle, place.c finds their channels and packs them.
 */
#ifndef TOOLS_E2K_AS_BUNDLE_H
#define TOOLS_E2K_AS_BUNDLE_H

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

/* What the literal syllables hold so far. */
typedef struct LitPlaces {
    uint32_t lts[N_LTS];
    uint8_t used_half[N_LTS];   /* bit 0: low half, bit 1: high half */
    uint8_t n_lts;
} LitPlaces;

struct AsBundle {
    As *as;
    E2kBundle b;
    Op ops[MAX_OPS];
    unsigned n_ops;
    Lit lits[MAX_LITS];
    unsigned n_lits;
    bool has_ipd, has_setwd;
    uint32_t lts0;              /* of setwd */
    LitPlaces places;
    uint16_t rlp[2 * 3];        /* halves of CDS */
    unsigned n_rlp;
};

/* ---- operands.c: at as->p; false: reported, or, for as_take_*(), not there ---- */
bool as_take_numbered(As *as, const char *prefix, unsigned max, unsigned *n);
bool as_take_cond(As *as, E2kCond *c);
bool as_reg_operand(As *as, uint8_t *code);
bool as_sreg_operand(As *as, uint8_t *code);
bool as_src1_operand(As *as, uint8_t *code, bool in_address);
bool as_src2_operand(AsBundle *b, unsigned op, int where, unsigned width, uint8_t *code);
bool as_dst_operand(As *as, uint8_t *code);
bool as_literal_form(As *as, unsigned *bits, bool *zero_ext, int *lts, int *hi);
bool as_add_literal(AsBundle *b, unsigned op, int where, const AsValue *v, unsigned bits, int lts,
                    int hi);
bool as_expect_name(As *as, const char *name);
bool as_parameters(As *as, const char *const *names, uint64_t *values, const uint64_t *max);

/* ---- alops.c ---- */
/* rows of plog_... and qplog_..., and the table in the name; NULL: it is none of them */
const GArray *as_find_log(As *as, const char *name, uint8_t *table);
bool as_alop(AsBundle *b, const char *name, const GArray *rows, uint8_t table);
bool as_suffixes(As *as, int *channel, bool *sm);

/* ---- others.c ---- */
bool as_other(AsBundle *b, const char *name, bool *found);
bool as_ct_condition(AsBundle *b);
bool as_set_cs1(AsBundle *b, uint32_t cs1, bool share);

/* ---- place.c ---- */
bool as_place(AsBundle *b);             /* channels, literals, conditions: b->b is complete */

#endif
