/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cpu.c puts into CPUOps, and the helpers of the translator's core. */
#ifndef TARGET_E2K_TRANSLATE_HOOKS_H
#define TARGET_E2K_TRANSLATE_HOOKS_H

#include "target/e2k/cpu.h"

/* second word of insn_start: the mode, and whether a fault may come from a speculative access */
#define E2K_WORD_RETRY (1ull << 63)

void e2k_translate_init(void);
void e2k_translate(CPUState *cpu, IrBlock *b, TbInfo *info);
void e2k_get_tb_key(CPUState *cpu, uint64_t *pc, uint64_t *flags);
void e2k_restore_state(CPUState *cpu, const uint64_t words[IR_INSN_WORDS]);
void e2k_set_pc(CPUState *cpu, uint64_t pc, uint64_t flags);
int e2k_disas(FILE *f, uint64_t pc, uint64_t flags, const uint8_t *code, size_t size);

/* Registers that are no numbers, with a tag for each 32 bits, upper ones first; and such physical
 * predicates. g_free() it. */
char *e2k_tags_text(CPUE2KState *env);

/* ctl-helpers.c */
extern const IrHelper e2k_helper_trap;      /* (env, trapno, ip, mode): does not return */
/* (env, n, cond-less transfer through %ctpr<n+1>): sets ip and mode for the next block */
extern const IrHelper e2k_helper_ct;        /* (env, n, ip, mode) */
extern const IrHelper e2k_helper_settle;    /* (env): no predicate is the caller's any more */
extern const IrHelper e2k_helper_pred;      /* (env, physical number) -> 0 or 1 */
extern const IrHelper e2k_helper_call;      /* (env, n, wbs registers, ip, cell of the return) */
extern const IrHelper e2k_helper_call_to;   /* (env, target, wbs registers, ip, cell) */
extern const IrHelper e2k_helper_return;    /* (env, ip, mode) */

#endif
