/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers that translate-sse.c calls: what no IR op does. All take the state and 64-bit integers.
 *
 *   H(name, result: V none or L uint64_t, number of arguments after env)
 */
#ifndef TARGET_I386_SSE_HELPERS_H
#define TARGET_I386_SSE_HELPERS_H

#include "target/i386/cpu.h"

/*
 * stmxcsr()               ldmxcsr(val)
 * mxcsr_begin()           mxcsr_check(): around one operation while MXCSR unmasks something
 * pcmpstr(lo, hi of the second operand, what)
 *                         what: imm8 | first operand's XMM number << 8 | PCMPSTR_*
 *                         returns flags (CC_*) | index << 16; or writes XMM0; may read EAX, EDX
 * mmx_check()             #MF if pending
 * mmx_enter()             before MMX results: #MF if pending; x87 stack full, TOP 0
 * maskmov(addr, lo of value, lo of mask, mmu), twice for 16 bytes
 * fxsave(addr, flags)     fxrstor(addr, flags)
 * xsave(addr, mask, flags)    xrstor(addr, mask, flags)
 */
#define SSE_HELPERS(H) \
    H(stmxcsr, L, 0) H(ldmxcsr, V, 1) H(mxcsr_begin, V, 0) H(mxcsr_check, V, 0) \
    H(pcmpstr, L, 3) H(mmx_check, V, 0) H(mmx_enter, V, 0) H(maskmov, V, 4) \
    H(fxsave, V, 2) H(fxrstor, V, 2) H(xsave, V, 3) H(xrstor, V, 3)

/* flags of the save helpers; bits 8..11 are the MMU mode */
#define SAVE_REXW    1u         /* 64-bit pointers */
#define SAVE_CODE64  2u         /* sixteen XMM registers */
#define SAVE_OPT     4u         /* XSAVEOPT */
#define SAVE_COMPACT 8u         /* XSAVEC */

#define PCMPSTR_MASK (1u << 16) /* the m forms: result in XMM0 */
#define PCMPSTR_EXPLICIT (1u << 17) /* lengths in EAX and EDX, else up to the first zero */
#define PCMPSTR_REXW (1u << 18) /* ... in RAX and RDX */

typedef enum SseFn {
#define H(name, ret, n) SSE_##name,
    SSE_HELPERS(H)
#undef H
    SSE_N_FNS
} SseFn;

#define SSE_RET_V void
#define SSE_RET_L uint64_t
#define SSE_ARGS_0 CPUX86State *env
#define SSE_ARGS_1 CPUX86State *env, uint64_t
#define SSE_ARGS_2 CPUX86State *env, uint64_t, uint64_t
#define SSE_ARGS_3 CPUX86State *env, uint64_t, uint64_t, uint64_t
#define SSE_ARGS_4 CPUX86State *env, uint64_t, uint64_t, uint64_t, uint64_t
#define H(name, ret, n) SSE_RET_##ret helper_##name(SSE_ARGS_##n);
SSE_HELPERS(H)
#undef H

#endif
