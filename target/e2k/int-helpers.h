/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Integer operations that are not worth IR, for translate-int.c and their test. */
#ifndef TARGET_E2K_INT_HELPERS_H
#define TARGET_E2K_INT_HELPERS_H

#include "tcg/ir.h"

/* s1 / s2; 0 where s2 is 0; the least number divided by -1 is itself. (a, b) */
extern const IrHelper e2k_helper_udivs, e2k_helper_udivd, e2k_helper_sdivs, e2k_helper_sdivd;

/*
 * A 64-bit dividend, a 32-bit divisor and result: (env, s1, s2, what, guard). A quotient that does
 * not fit and a zero divisor raise E2K_EXC_DIV, or give 0 when speculative.
 */
enum { E2K_DIVX_SIGNED = 1, E2K_DIVX_REMAINDER = 2, E2K_DIVX_SM = 4 };
extern const IrHelper e2k_helper_divx;

/* The bit field of @s1 that @s2 describes: (s1, s2, how); see e2k_getf(). */
enum { E2K_GETF_64 = 1, E2K_GETF_OLD = 2 /* v1..v4: sign byte in s2[15:13] */, E2K_GETF_Z = 4 };
extern const IrHelper e2k_helper_getf;
uint64_t e2k_getf(uint64_t s1, uint64_t s2, uint32_t how);

/*
 * An x86 flags word, EFLAGS layout with reserved bits 0: (op | bits << 8, s1, s2, old flags).
 * Shifts by 0 give the old flags; rotations change CF and OF alone, inc and dec keep CF.
 */
typedef enum E2kFlagOp {
    E2K_FLAGS_ADD, E2K_FLAGS_SUB, E2K_FLAGS_AND, E2K_FLAGS_ANDN, E2K_FLAGS_OR, E2K_FLAGS_ORN,
    E2K_FLAGS_XOR, E2K_FLAGS_XORN, E2K_FLAGS_UMULX, E2K_FLAGS_SMULX, E2K_FLAGS_INC, E2K_FLAGS_DEC,
    E2K_FLAGS_SHL, E2K_FLAGS_SHR, E2K_FLAGS_SCL, E2K_FLAGS_SCR, E2K_FLAGS_SAR,
} E2kFlagOp;
enum { E2K_CF = 1, E2K_PF = 4, E2K_AF = 0x10, E2K_ZF = 0x40, E2K_SF = 0x80, E2K_OF = 0x800 };
extern const IrHelper e2k_helper_flags;

/* carry-less product, 64 bits of it: (s1, s2, 0 low or 1 high) */
extern const IrHelper e2k_helper_clmul;

#endif
