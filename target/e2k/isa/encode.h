/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way back from an E2kBundle to bytes, for the assembler and for tests. */
#ifndef TARGET_E2K_ISA_ENCODE_H
#define TARGET_E2K_ISA_ENCODE_H

#include "target/e2k/isa/decode.h"

/**
 * e2k_encode - pack a wide instruction
 * @b: read are nop, loop_mode, set_mark, has_*, ss, cs0, cs1, the counts with lts, pls, cds,
 *     alop_mask with als, has_ales, ales, row (may be NULL), and mova; HS and the presence bits of
 *     array loads are computed
 * @why: set when it cannot be packed
 *
 * Returns the number of bytes, a multiple of 8; 0 on failure.
 */
unsigned e2k_encode(const E2kBundle *b, uint8_t out[E2K_MAX_BUNDLE_BYTES], const char **why);

#endif
