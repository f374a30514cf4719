/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TOOLS_E2K_AS_INTERNAL_H
#define TOOLS_E2K_AS_INTERNAL_H

#include "target/e2k/isa/encode.h"
#include "tools/e2k-as/as.h"

typedef struct AsSection {
    char *name;
    bool exec, write, nobits;
    GByteArray *bytes;          /* filled in the second pass; empty if nobits */
    uint64_t size;              /* so far in this pass */
    uint64_t align, addr;
} AsSection;

typedef struct AsSymbol {
    char *name;
    AsSection *section;         /* NULL: absolute */
    uint64_t value;             /* offset in section, or the value */
    bool global, defined, is_func;
    unsigned pass;              /* in which it was defined last */
} AsSymbol;

/* What an expression gives. */
typedef struct AsValue {
    uint64_t v;
    bool address;               /* depends on where sections are: needs a long literal */
} AsValue;

/*
 * The source is gone through twice: first for the sizes, then, with sections placed, for the bytes.
 * Both passes see the same literal sizes, as whatever depends on an address is 64 bits wide.
 */
typedef struct As {
    AsCpu cpu;
    unsigned pass;              /* 1 or 2 */
    const char *file;
    unsigned line;
    const char *p;              /* rest of the statement being read */
    bool failed;                /* this statement had an error */
    GString *errors;
    unsigned n_errors;
    GPtrArray *sections;        /* of AsSection */
    AsSection *section;
    GHashTable *locals;         /* of this file: name to AsSymbol */
    GHashTable *globals;        /* of all files */
    GPtrArray *file_symbols;    /* locals of each file */
    GHashTable *numbered;       /* "1" to how often that local label was defined so far */
    GHashTable *ops;            /* mnemonic to GArray of indexes into e2k_op_rows */
    bool in_bundle;
} As;

/* Reports once a statement; returns false. */
bool as_error(As *as, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/* ---- lexing: these skip blanks, then look at as->p ---- */
void as_skip(As *as);
bool as_accept(As *as, const char *token);      /* punctuation */
bool as_expect(As *as, const char *token);
bool as_at_end(As *as);
bool as_peek_word(As *as, const char *word);    /* an identifier; does not take it */
char *as_identifier(As *as);                    /* NULL: none is here. Free it. */
bool as_expr(As *as, AsValue *value);
bool as_number(As *as, uint64_t *value, uint64_t max);  /* an expression without addresses */

AsSymbol *as_find_symbol(As *as, const char *name);
AsSymbol *as_symbol(As *as, const char *name);  /* makes it if it is not there */

/* ---- bundle.c: one wide instruction ---- */
typedef struct AsBundle AsBundle;
AsBundle *as_bundle_new(As *as);
void as_bundle_free(AsBundle *b);
bool as_bundle_op(AsBundle *b);                 /* the operation at as->p */
bool as_bundle_end(AsBundle *b, uint8_t *out, unsigned *n_bytes);

/* ---- elf.c ---- */
void as_layout(As *as, uint64_t base);
GByteArray *as_elf(As *as);

#endif
