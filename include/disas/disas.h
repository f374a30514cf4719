/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disassembly for -d in_asm, -d out_asm and the monitor's x/i. */
#ifndef DISAS_DISAS_H
#define DISAS_DISAS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* x86 code of 16, 32 or 64 @bits, a line an instruction; @max_insns 0: all. Bytes consumed. */
size_t disas_x86(FILE *f, unsigned bits, uint64_t pc, const uint8_t *code, size_t n_bytes,
                 unsigned max_insns);
/* generated code of this host, shown at its own addresses */
void disas_host(FILE *f, const uint8_t *code, size_t n_bytes);

#endif
