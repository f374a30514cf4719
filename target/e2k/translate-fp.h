/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the floating-point family. */
#ifndef TARGET_E2K_TRANSLATE_FP_H
#define TARGET_E2K_TRANSLATE_FP_H

#include "target/e2k/fp-helpers.h"
#include "target/e2k/translate.h"

/* How an operation holds its lanes. */
typedef enum FpShape {
    FP_S, FP_D,         /* scalar, in F32 and F64 temps */
    FP_V64,             /* two f32 in 64 bits: the low half of a V128, the high one 0 */
    FP_V128,
} FpShape;

/*
 * Emits an operation that may signal. All of them are reached by one emitter, which puts the checks
 * for exceptions that are not masked around them (e2k_fp_traps).
 */
typedef struct FpBody { E2kEmitFn *fn; } FpBody;
void e2k_fp_use(E2kEmit *e, const FpBody *body);

IrVal fp_get(DC *dc, const E2kAlop *op, unsigned n, FpShape shape);
void fp_put(DC *dc, const E2kAlop *op, IrVal v, FpShape shape);
IrVal fp_temp(DC *dc, FpShape shape);
/* "sel": the row's number in @names, which end with NULL; -1: none of them */
int fp_find(const char *name, const char *const *names);
/* SSE comparison number of "eq", "lt" ... at @p, which moves behind it; -1 */
int fp_comparison(const char **p);

E2kResolveFn e2k_resolve_fp_convert, e2k_resolve_f80;

#endif
