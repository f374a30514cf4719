/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State registers for translated code. */
#ifndef TARGET_E2K_STATE_HELPERS_H
#define TARGET_E2K_STATE_HELPERS_H

#include "tcg/ir.h"

extern const IrHelper e2k_helper_sreg_read;     /* (env, n) -> I64 */
/* (env, n, value, guard): nothing where guard is 0; a trap where it is not to be written */
extern const IrHelper e2k_helper_sreg_write;
/* (env, value, next ip, mode, guard): goes on at the next bundle under the new rotation */
extern const IrHelper e2k_helper_br_write;

#endif
