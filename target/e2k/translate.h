/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the translator's parts share: translate.c walks the bundles and owns operands, conditions
 * and commit; the translate-*.c families emit one operation each.
 *
 * A bundle reads before it writes. Operands come from e2k_src*(): the values before the bundle.
 * Results go to e2k_dst*(): they are kept in temps and written to their registers when all
 * operations of the bundle have been emitted. Registers live in memory (the window behind
 * env->win, globals in env) and are current there at each bundle's start; values already loaded or
 * computed in this block are reused from temps. So an operation that faults finds the state of the
 * bundle's start, and helpers may look at registers in memory.
 *
 * Conditions: for an operation under a predicate, translate.c computes dc->guard (I32, 0 or 1)
 * before the emitter is called, and e2k_dst*() keeps the old value where it is false: emitters of
 * operations without side effects need not care. Those with side effects (memory, faults, state)
 * look at it themselves: e2k_guarded_addr() or a branch around. An emitter
 * that branches fetches all operands (e2k_src*, e2k_pred, e2k_ld_env ...) before its first branch:
 * what is loaded on one path only must not be remembered for the rest of the block.
 */
#ifndef TARGET_E2K_TRANSLATE_H
#define TARGET_E2K_TRANSLATE_H

#include "target/e2k/cpu.h"
#include "target/e2k/isa/decode.h"
#include "tcg/ir.h"
#include "util/error.h"

#define ENV_OFS(field) ((int32_t)offsetof(CPUE2KState, field))

typedef struct DC DC;
typedef struct E2kEmit E2kEmit;
typedef void E2kEmitFn(DC *dc, const E2kAlop *op, const E2kEmit *e);

/* How an operation is translated: found once per row, see the families' resolve functions. */
struct E2kEmit {
    E2kEmitFn *fn;                      /* NULL: not translatable; SIGILL and -d unimp */
    IrOp op, op2;                       /* for table-driven emitters, as they like */
    uint16_t a, c;
    const IrHelper *helper;
    const void *data;
};

/* Fills @e for a row of this family; false: not mine. Called once per row, at start-up. */
typedef bool E2kResolveFn(const E2kOpRow *row, E2kEmit *e);
E2kResolveFn e2k_resolve_int;           /* integer, shifts, compares, merges, combined, moves */
E2kResolveFn e2k_resolve_packed;        /* packed integer 64 and 128 bits, plog, shuffles */
E2kResolveFn e2k_resolve_fp;            /* f32, f64, f80, packed FP, converts, FMA */
E2kResolveFn e2k_resolve_mem;           /* loads, stores, AAU operations on ALCs */
E2kResolveFn e2k_resolve_state;         /* rr/rw, getsp, tags, movtd to ctpr, gettc ... */

/* What tags make of the value that an operation stores. */
typedef struct E2kStored {
    IrVal poison;                       /* I64 that source 4 is ORed with; NULL: as it is */
    IrVal tags;                         /* I32: go with it; NULL: numbers */
} E2kStored;

/* @version: helpers of v5+ behave otherwise here and there */
struct DC {
    IrBlock *b;
    CPUState *cpu;
    CPUE2KState *env;                   /* as the block begins: hints only (branch guesses) */
    TbInfo *info;
    E2kBundle bundle;                   /* the one being translated */
    unsigned version;
    uint64_t mode;                      /* E2K_MODE_* as this bundle starts: constants */
    IrVal guard;                        /* I32 0/1 of the running operation; NULL: always */
    bool tags;                          /* operand tags are kept, see translate-tags.c */
    E2kStored stored;
    bool ended;                         /* the block has been left */
    struct DCPriv *p;                   /* translate.c */
};

/* ---- operands: n = 1, 2, 3 for src1, src2, src3; 4 for the stored value (ALS[7:0]) ----
 * I32: low 32 bits. I64, F32 (low 32 bits), F64, V128 (one 128-bit register). Literals too. The
 * result must not be modified: make a new temp for the result. */
IrVal e2k_src(DC *dc, const E2kAlop *op, unsigned n, IrType type);
/* the 64-bit operand as the low half of a V128 (high half zero): for 64-bit packed operations */
IrVal e2k_src_v64(DC *dc, const E2kAlop *op, unsigned n);
/* is it a constant? */
bool e2k_src_const(DC *dc, const E2kAlop *op, unsigned n, uint64_t *value);
/* the 64-bit operand as I64 or, if that is how this block knows it, F64: for stores and moves */
IrVal e2k_src_any64(DC *dc, const E2kAlop *op, unsigned n);
IrVal e2k_src_any32(DC *dc, const E2kAlop *op, unsigned n);
/* I64: host address of the 16-byte register (literals: of a scratch copy), for helpers */
IrVal e2k_src_ptr(DC *dc, const E2kAlop *op, unsigned n);

/* ---- results; @v is a temp of the emitter's own that it does not touch afterwards ----
 * I32, F32: a 32-bit result (bits 63..32 kept, or cleared if mode says dbl). I64, F64: 64 bits.
 * V128: the whole 128-bit register. %empty and %ctprN as destinations are dealt with here. */
void e2k_dst(DC *dc, const E2kAlop *op, IrVal v);
/* low 64 bits of a V128 as a 64-bit result */
void e2k_dst_v64(DC *dc, const E2kAlop *op, IrVal v);
/* I64: host address of 16 scratch bytes; what a helper leaves there becomes the register (both
 * halves). The scratch holds garbage before. */
IrVal e2k_dst_ptr(DC *dc, const E2kAlop *op);
/*
 * The register = src<na> op src<nb> by the host's x87 unit, register to register in memory when the
 * bundle's results are written. False, and nothing done: not possible here (a literal, or an
 * operand that the bundle also writes), compute it in another way.
 */
bool e2k_dst_x87(DC *dc, const E2kAlop *op, X87Op x87, X87Fmt fmt, unsigned na, X87Fmt fa,
                 unsigned nb, X87Fmt fb);
/* the result of the running operation is diagnostic if @bad (I32, 0 or 1) */
void e2k_result_diag(DC *dc, IrVal bad);
/* I32, a byte for each 32 bits: tags of operand @n as 64 bits; NULL: a number */
IrVal e2k_src_tags(DC *dc, const E2kAlop *op, unsigned n);
/* the result's tags are these if it is not diagnostic otherwise (I32, a byte for each 32 bits) */
void e2k_result_tags(DC *dc, const E2kAlop *op, IrVal tags);
/* predicate ALS[4:0] = v (I32, 0 or 1) */
void e2k_dst_pred(DC *dc, const E2kAlop *op, IrVal v);
/* the same for a register code given directly (mova) under no condition */
void e2k_dst_reg(DC *dc, uint8_t code, IrVal v);

/* ---- conditions and state ---- */
/* I32 0/1: %pred<n> before the bundle, rotation applied */
IrVal e2k_pred(DC *dc, unsigned n);
/* I32 0/1: value of one RLP/MRGC condition; and of several */
IrVal e2k_cond(DC *dc, const E2kCond *c);
/* I32 0/1: the selector of a merge; constant 0 if none is encoded */
IrVal e2k_mrgc(DC *dc, const E2kAlop *op);
/* @addr, or the address of env->dummy where the guard (or @extra, I32 0/1, may be NULL) is false:
 * lets a memory access be skipped without a branch */
IrVal e2k_guarded_addr(DC *dc, IrVal addr, IrVal extra);
/* guard && extra, either may be NULL; NULL if both are */
IrVal e2k_and_cond(DC *dc, IrVal a, IrVal c);
/* env fields that change rarely (I32/I64), cached like registers within a block */
IrVal e2k_ld_env(DC *dc, IrType type, int32_t ofs);
void e2k_st_env(DC *dc, IrVal v, int32_t ofs);
/* I32 0/1: this bundle's stores are held back by the loop's prologue or end (loop_mode bundles
 * only, NULL otherwise); emitted once per bundle. See 05-state, LSR. */
IrVal e2k_loop_store_ok(DC *dc);
/* queued until the bundle's end: env's field at @ofs = v (I32 or I64; only where dc->guard holds).
 * For state whose old value the bundle may read again when it is restarted after a fault. */
void e2k_set_env_late(DC *dc, IrVal v, int32_t ofs);
/* the window's or globals' memory may have changed behind our back (a helper wrote registers) */
void e2k_forget_regs(DC *dc);
/* illegal operation at this point: raises @trapno when reached; the block goes on */
void e2k_emit_trap(DC *dc, unsigned trapno);
/* calls a helper; ret may be NULL */
void e2k_call(DC *dc, const IrHelper *h, IrVal ret, unsigned n, IrVal a0, IrVal a1, IrVal a2,
              IrVal a3, IrVal a4, IrVal a5);

/* ---- array loads of the bundle (translate-aau.c), called by translate.c after the ALCs ---- */
void e2k_emit_mova(DC *dc);             /* all four channels, then increments */
void e2k_emit_bap(DC *dc);              /* starts the program of %ctpr2 */
void e2k_emit_eap(DC *dc);
/* A host fault at a speculative load or mova: translate it checked from now on. */
void e2k_mark_checked(CPUState *cpu, uint64_t bundle_ip);
bool e2k_is_checked(uint64_t bundle_ip);

#endif
