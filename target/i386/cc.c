/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arithmetic flags from the lazy form, and EFLAGS as a whole. */
#include "target/i386/cpu.h"

static uint32_t zero_sign_parity(uint64_t d, uint64_t sign)
{
    return (d == 0 ? CC_Z : 0) | (d & sign ? CC_S : 0) |
           (__builtin_parity((uint8_t)d) ? 0 : CC_P);
}

static uint32_t compute(uint64_t dst, uint64_t src, uint64_t src2, CCOp op)
{
    unsigned size = (op - CC_OP_ADDB) & 3;
    uint64_t sign = 1ull << ((8u << size) - 1), mask = sign * 2 - 1;
    uint64_t d = dst & mask, s = src & mask, a;
    bool c = false, o = false, adj = false;

    switch (op - CC_OP_ADDB < CC_OP_POPCNT - CC_OP_ADDB ? op - size : op) {
    case CC_OP_FLAGS:
        return src & CC_ALL;
    case CC_OP_CLR:
        return CC_Z | CC_P;
    case CC_OP_POPCNT:
        return dst ? 0 : CC_Z;
    case CC_OP_ADDB:
    case CC_OP_ADCB:
        src2 = op >= CC_OP_ADCB ? src2 : 0;
        a = (d - s - src2) & mask;
        c = src2 ? d <= s : d < s;
        o = ~(a ^ s) & (a ^ d) & sign;
        adj = (a ^ s ^ d) & CC_A;
        break;
    case CC_OP_SUBB:
    case CC_OP_SBBB:
        src2 = op >= CC_OP_SBBB ? src2 : 0;
        a = (d + s + src2) & mask;
        c = src2 ? a <= s : a < s;
        o = (a ^ s) & (a ^ d) & sign;
        adj = (a ^ s ^ d) & CC_A;
        break;
    case CC_OP_INCB:
        c = src & 1;
        o = d == sign;
        adj = (d & 15) == 0;
        break;
    case CC_OP_DECB:
        c = src & 1;
        o = d == sign - 1;
        adj = (d & 15) == 15;
        break;
    case CC_OP_SHLB:
        c = s & sign;
        o = (s ^ d) & sign;
        break;
    case CC_OP_SARB:
        c = s & 1;
        o = (s ^ d) & sign;
        break;
    case CC_OP_MULB:
        c = o = src != 0;
        break;
    case CC_OP_BMILGB:
        c = s == 0;
        break;
    case CC_OP_BLSIB:
        c = s != 0;
        break;
    default:                        /* LOGIC */
        break;
    }
    return zero_sign_parity(d, sign) | (c ? CC_C : 0) | (o ? CC_O : 0) | (adj ? CC_A : 0);
}

/**
 * x86_cc_compute - CC_ALL bits of the operation @op; see CCOp for what the operands are
 * @op: may carry CC_OVER_*
 *
 * Bits of the operands above the operation's size are ignored, but for MUL's @src.
 */
uint32_t x86_cc_compute(uint64_t dst, uint64_t src, uint64_t src2, CCOp op)
{
    uint32_t flags = compute(dst, src, src2, op & 0xff);

    if (op & CC_OVER_C) {
        flags = (flags & ~CC_C) | (op >> CC_OVER_C_SHIFT & 1 ? CC_C : 0);
    }
    if (op & CC_OVER_O) {
        flags = (flags & ~CC_O) | (op >> CC_OVER_O_SHIFT & 1 ? CC_O : 0);
    }
    return flags;
}

uint32_t x86_eflags_get(CPUX86State *env)
{
    uint32_t cc = x86_cc_compute(env->cc_dst, env->cc_src, env->cc_src2, (CCOp)env->cc_op);

    return (env->eflags & ~(CC_ALL | EFL_DF)) | cc | (env->df < 0 ? EFL_DF : 0) | 2;
}

/* The lazy flags stay as they are unless @mask has some of them: generated code may rely on it. */
void x86_eflags_set(CPUX86State *env, uint32_t val, uint32_t mask)
{
    const uint32_t elsewhere = CC_ALL | EFL_DF;

    if (mask & CC_ALL) {
        env->cc_src = ((x86_eflags_get(env) & ~mask) | (val & mask)) & CC_ALL;
        env->cc_op = CC_OP_FLAGS;
    }
    if (mask & EFL_DF) {
        env->df = val & EFL_DF ? -1 : 1;
    }
    env->eflags = (env->eflags & ~(mask | elsewhere)) | (val & mask & ~elsewhere) | 2;
    x86_update_hflags(env);
}
