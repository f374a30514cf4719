/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Elbrus wide instructions taken apart: which operations they hold, with which operand bytes and
 * under which conditions. One table of rows (opcodes.def) serves decoder, disassembler, assembler
 * and translator. Pure functions, any thread.
 */
#ifndef TARGET_E2K_ISA_DECODE_H
#define TARGET_E2K_ISA_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define E2K_MAX_BUNDLE_BYTES 64
#define E2K_N_CHANNELS 6
#define E2K_MIN_VERSION 1
#define E2K_MAX_VERSION 7

typedef enum E2kFormat {
    ALF1, ALF1M, ALF2, ALF3, ALF7, ALF8, ALF10, ALF11, ALF11L8, ALF11M, ALF12, ALF12SH, ALF12IB,
    ALF12IC, ALF13, ALF15, ALF16, ALF17, ALF19, AAURR, AAURW, ALF21, ALF21M, ALF22, ALF21LOG,
    ALF21LOGL, ALF21L, MMURR, MMURW, E2K_N_FORMATS
} E2kFormat;

/* Operand widths: 32, 64, 80 bits, pair of 64-bit registers, one 128-bit register, predicate... */
typedef enum E2kWidth { W_NONE, W_S, W_D, W_X, W_Q, W_P, W_PRED, W_SR, W_CTPR } E2kWidth;

typedef enum E2kPair {              /* operation issued on two channels at once */
    PAIR_NONE, PAIR_LOAD /* 0+2 or 3+5 */, PAIR_STORE /* 2+5 */, PAIR_MOVE /* 0+1 or 3+4 */
} E2kPair;

enum { E2K_FIXED_NONE = -1, E2K_ALES_SRC3 = -2, E2K_ALES_IMM8 = -3 };
enum { E2K_NO_ALES = -1 };          /* E2kOpRow.opc2 of a short operation */

/* One encoding of an ALC operation; columns as in the ISA tables. */
typedef struct E2kOpRow {
    const char *name;               /* MCST's mnemonic, e.g. "addd", "fmul_addd" */
    const char *alt;                /* newer spelling, or NULL */
    uint8_t format;                 /* E2kFormat */
    uint8_t opcode;                 /* ALS[30:24] */
    int8_t opc2;                    /* ALES[15:8], E2K_NO_ALES */
    int16_t src1_fixed;             /* required ALS[23:16], E2K_FIXED_NONE */
    int16_t ales_lo;                /* required ALES[7:0], E2K_FIXED_NONE/E2K_ALES_* */
    int8_t cmp_opce;                /* required ALS[7:5], E2K_FIXED_NONE */
    uint8_t channels[E2K_MAX_VERSION];  /* mask of allowed channels in v1..v7; 0: not there */
    uint8_t src1, src2, src3, dst;  /* E2kWidth; src3: third source or stored value (src4) */
    uint8_t pair;                   /* E2kPair */
    bool mas;                       /* a MAS may apply */
    uint8_t category;               /* E2kCategory */
    bool alias;                     /* another row has the same encoding and is preferred */
} E2kOpRow;

/* The opcode table's category column, for counting and for choosing a translator. */
typedef enum E2kCategory {
#define E2K_CATEGORY(id, text) id,
#include "target/e2k/isa/categories.def"
#undef E2K_CATEGORY
    E2K_N_CATEGORIES
} E2kCategory;

extern const E2kOpRow e2k_op_rows[];
extern const unsigned e2k_n_op_rows;
extern const char *const e2k_category_names[E2K_N_CATEGORIES];

/* One condition on an operation: all must hold (with @neg: must not). */
typedef struct E2kCond {
    bool pcnt;                      /* %pcnt<n>, else %pred<n> */
    bool neg;
    uint8_t n;
} E2kCond;
#define E2K_MAX_CONDS 6

/* One operation of one channel. The operand bytes are raw; what they mean says row->format. */
typedef struct E2kAlop {
    const E2kOpRow *row;
    uint8_t channel;
    bool sm;                        /* speculative */
    bool has_ales;
    uint8_t src1, src2, src3, dst;  /* ALS[23:16], [15:8], ALES[7:0], ALS[7:0] (also src4) */
    uint32_t als;
    uint16_t ales;
    uint8_t mas;                    /* 0 if none */
    uint8_t n_conds;                /* RLP */
    bool has_mrgc, has_am;
    E2kCond conds[E2K_MAX_CONDS];
    E2kCond mrgc;                   /* selector of merge operations */
    E2kCond am;                     /* condition of a staa's increment */
} E2kAlop;

/* Array loads of a bundle: AAS half-syllables. Channel i is there if mova[i].opcode != 0. */
typedef struct E2kMova {
    uint8_t opcode;                 /* 1 b, 2 h, 3 w, 4 d, 5 q, 7 qp */
    bool am, be;
    uint8_t ind;                    /* raw field; added to the address */
    uint8_t area, dst;
} E2kMova;

typedef struct E2kBundle {
    uint64_t pc;
    uint8_t size_bytes, version, nop;
    bool loop_mode, set_mark;
    bool has_ss, has_cs0, has_cs1;
    uint32_t hs, ss, cs0, cs1;
    uint8_t n_lts, n_pls, n_cds;
    uint32_t lts[4], pls[3], cds[3];
    uint8_t alop_mask;              /* bit c: alop[c] is there */
    E2kAlop alop[E2K_N_CHANNELS];
    E2kMova mova[4];
} E2kBundle;

/* SS and CS1 fields by name; SS format 1 unless said. Absent syllable: 0. */
#define SS_PSRC(b)      ((b)->ss & 31)
#define SS_COND(b)      ((b)->ss >> 5 & 15)
#define SS_CTOP(b)      ((b)->ss >> 10 & 3)
#define SS_TYPE(b)      ((b)->ss >> 20 & 1)
#define SS_BIT(b, n)    (!SS_TYPE(b) && ((b)->ss >> (n) & 1))
enum { SS_ALCT = 16, SS_ALCF, SS_ABPT, SS_ABPF, SS_ABNT = 21, SS_ABNF, SS_ABGD, SS_ABGI,
       SS_VFDI = 26, SS_BAP = 28, SS_EAP };
#define CS_OPC(cs)      ((cs) >> 28)

typedef enum E2kStatus {
    E2K_OK,
    E2K_SHORT,          /* the bundle is longer than the bytes given; size_bytes is set */
    E2K_BAD_LAYOUT,     /* not a wide instruction (an asynchronous one, or data) */
    E2K_BAD_OP,         /* an operation that this version or channel does not have */
    E2K_BAD_OPERAND,    /* a literal that is not there, a reserved operand code */
} E2kStatus;

/**
 * e2k_decode - take apart the wide instruction at @code
 * @pc: its guest address; @version: 1..7; @out: filled as far as it went, size_bytes always
 * @bad_channel: the channel of an E2K_BAD_OP/OPERAND, may be NULL
 */
E2kStatus e2k_decode(const uint8_t *code, size_t n_bytes, uint64_t pc, unsigned version,
                     E2kBundle *out, unsigned *bad_channel);

/* Row of an operation by its encoding; NULL: none. @has_ales false: a short operation. */
const E2kOpRow *e2k_find_op(unsigned version, unsigned channel, uint32_t als, bool has_ales,
                            uint16_t ales, unsigned mas);

/* Value of the literal that src2 code @code names, sign-extended to 64 bits; false: no literal */
bool e2k_literal(const E2kBundle *b, uint8_t code, uint64_t *value);

/* Signed displacement of CS0 in bytes, relative to the bundle. */
static inline int64_t e2k_cs0_disp(const E2kBundle *b)
{
    return (int64_t)(int32_t)(b->cs0 << 4) / 16 * 8;
}

/* Operand codes of registers */
static inline bool e2k_is_based(uint8_t code) { return code < 0x80; }           /* %b[code] */
static inline bool e2k_is_window(uint8_t code) { return (code & 0xc0) == 0x80; }  /* %r */
static inline bool e2k_is_global(uint8_t code) { return code >= 0xe0; }         /* %g */
static inline bool e2k_is_reg(uint8_t code) { return code < 0xc0 || code >= 0xe0; }
enum { E2K_DST_TST = 0xcd, E2K_DST_TC, E2K_DST_TCD, E2K_DST_CTPR1 = 0xd1, E2K_DST_CTPR2,
       E2K_DST_CTPR3, E2K_DST_EMPTY_LO = 0xde, E2K_DST_EMPTY = 0xdf };

/* ---- asynchronous (array prefetch) instructions: two halves of 8 bytes ---- */
typedef struct E2kFapb {
    bool last;                      /* ct of the left half, dpl of the right one */
    uint8_t fmt;                    /* 0 none, 1 byte .. 5 quad: element of 1 << (fmt - 1) bytes */
    uint8_t d, incr, ind, mrng, asz, abs, dcd;
    int32_t disp;
} E2kFapb;
void e2k_decode_fapb(const uint8_t code[16], E2kFapb halves[2]);

/* ---- disas.c ---- */
/* The wide instruction in binutils' syntax, one operation a line inside braces; g_free() it. */
char *e2k_disas_bundle(const E2kBundle *b);
/* An asynchronous instruction (16 bytes) the same way. */
char *e2k_disas_fapb(const uint8_t code[16]);
/* A CPUOps.disas: prints one bundle; its bytes, <= 0: none is there. flags: see cpu.h */
/* state register names by number ("psr", "lsr"); NULL: no such register */
const char *e2k_sreg_name(unsigned n);
int e2k_sreg_by_name(const char *name);         /* -1: none */

#endif
