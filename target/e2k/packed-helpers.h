/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Byte permutations with all their modifiers, for translate-packed.c. */
#ifndef TARGET_E2K_PACKED_HELPERS_H
#define TARGET_E2K_PACKED_HELPERS_H

#include "tcg/ir.h"

/* 64 bits of @s1:@s2 permuted by the 8 descriptor bytes of @s3: (s1, s2, s3) */
extern const IrHelper e2k_helper_pshufb;
/* half of qppermb: (s1.lo, s1.hi, s2.lo, s2.hi, descriptors of this half) */
extern const IrHelper e2k_helper_qppermb;

#endif
