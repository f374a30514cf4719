/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State registers with an unpacked form in CPUE2KState. */
#ifndef TARGET_E2K_SREGS_H
#define TARGET_E2K_SREGS_H

#include "target/e2k/cpu.h"

uint64_t e2k_lsr_read(const CPUE2KState *env);
void e2k_lsr_write(CPUE2KState *env, uint64_t v);
/* fp-helpers.c: PFPFR, whose flags and modes live in the guest's MXCSR */
uint32_t e2k_pfpfr_read(CPUE2KState *env);
void e2k_pfpfr_write(CPUE2KState *env, uint32_t v);

/* fp-helpers.c: the x87-like registers */
uint32_t e2k_fpsr_read(CPUE2KState *env);
void e2k_fpsr_write(CPUE2KState *env, uint32_t value);
void e2k_fpcr_write(CPUE2KState *env, uint32_t value);

#endif
