/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating point outside translated code: PFPFR, exceptions that are not masked, and what the host
 * has no single instruction for. SSE-like helpers run under the guest's MXCSR and leave their flags
 * there; f80 helpers run the host's x87 under FPCR.
 */
#ifndef TARGET_E2K_FP_HELPERS_H
#define TARGET_E2K_FP_HELPERS_H

#include "target/e2k/cpu.h"
#include "target/e2k/sregs.h"

/*
 * A guest has unmasked an exception in PFPFR: blocks translated from then on look at the flags
 * after each operation. Never goes back to false.
 */
extern bool e2k_fp_traps;
void e2k_helper_fp_begin(CPUE2KState *env);
/* raises E2K_EXC_FP for flags that PFPFR does not mask; @guard 0: the operation was not there */
void e2k_helper_fp_check(CPUE2KState *env, uint32_t guard);

/* s * 2^n, rounded once */
float e2k_helper_fscales(float s, int32_t n);
double e2k_helper_fscaled(double s, int32_t n);

/* to an integral value: selector as in fstoifs; ps: two f32 in 64 bits */
float e2k_helper_rounds(float s, uint32_t sel);
double e2k_helper_roundd(double s, uint32_t sel);
uint64_t e2k_helper_round_ps(uint64_t s, uint32_t sel);
uint64_t e2k_helper_round_pd(uint64_t s, uint32_t sel);

/* a * b + c with one rounding, for hosts without FMA; what: E2K_FMA_* */
enum { E2K_FMA_NEG_MUL = 1, E2K_FMA_NEG_EVEN = 2, E2K_FMA_NEG_ODD = 4 };    /* NEG_x: -c */
float e2k_helper_fmas(float a, float b, float c, uint32_t what);
double e2k_helper_fmad(double a, double b, double c, uint32_t what);
uint64_t e2k_helper_fma_ps(uint64_t a, uint64_t b, uint64_t c, uint32_t what);
uint64_t e2k_helper_fma_pd(uint64_t a, uint64_t b, uint64_t c, uint32_t what, uint32_t odd);

/* ---- f80 ---- */
/* f80 operations are not done in line: FPCR is not what it was at the start */
extern bool e2k_f80_slow;

typedef enum F80Op {
    F80_ADD, F80_SUB, F80_RSUB, F80_MUL, F80_DIV, F80_SQRT /* of a */, F80_COPY /* a */,
    F80_TRUNC /* a to integer */, F80_SCALE /* a * 2^(s32 b) */, F80_CMP, F80_FLAGS, F80_N_OPS
} F80Op;
/* formats: X operands come as pointers, others as bits */
typedef enum F80Fmt { FMT_S, FMT_D, FMT_X, FMT_IS, FMT_ID } F80Fmt;
#define F80_WHAT(op, fa, fb, fd, code) \
    ((uint32_t)(op) | (uint32_t)(fa) << 4 | (uint32_t)(fb) << 8 | (uint32_t)(fd) << 12 | \
     (uint32_t)(code) << 16)
/**
 * e2k_helper_f80 - one operation on the host's x87
 * @what: F80_WHAT(); code: SSE comparison number for F80_CMP, 7 or 3 (ordered, unordered) for
 *        F80_FLAGS
 * @d: gets an FMT_X result
 * @guard: 0: nothing happens
 *
 * Returns results that are not FMT_X. Raises E2K_EXC_FP for flags that FPCR does not mask.
 */
uint64_t e2k_helper_f80(CPUE2KState *env, uint32_t what, uint64_t a, uint64_t b, E2kReg *d,
                        uint32_t guard);

#endif
