/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Integer arithmetic that generated code calls, one row each:
 *
 *   ALU_HELPER(name, flags, takes env, result, arguments after env (all I64))
 *
 * cc(dst, src, src2, op)            x86_cc_compute()
 * div(acc, divisor, bytes) idiv     1, 2, 4: quotient | remainder << 32; #DE
 * divq(lo, hi, divisor) idivq       quotient; #DE
 * remq(lo, hi, divisor) iremq       remainder, for operands that divq let pass
 * rotc(val, cf, count, what)        rcl, rcr of masked count; what: bytes | right << 8
 * rotc_carry(...)                   the same: CF afterwards
 * bcd(ax, flags, which)             AX | CC_ALL bits << 32; which: BCD_*
 * aam(al, imm)                      AX; imm is not 0
 * pdep(val, mask) pext(val, mask)
 * cmpxchg16b(addr, mmu)             ZF as 0 or 1; works on the registers; #GP if misaligned
 * rep_movs(what) rep_stos(what)     what: REP_*; works on the registers until the count is 0 or
 *                                   somebody asks the vCPU to leave
 * probe_write(addr, bytes, mmu)     faults as a write would
 * debug()                           leaves with EXCP_DEBUG; env->eip is right
 */
#ifndef TARGET_I386_ALU_HELPERS_H
#define TARGET_I386_ALU_HELPERS_H

#include "target/i386/cpu.h"

#define ALU_NO_GLOBALS (IR_CALL_NO_READ | IR_CALL_NO_WRITE)
#define ALU_PURE (ALU_NO_GLOBALS | IR_CALL_NO_FAULT | IR_CALL_PURE)

#define ALU_HELPERS(H) \
    H(cc,          ALU_PURE,       0, I64,  4) \
    H(div,         ALU_NO_GLOBALS, 1, I64,  3) \
    H(idiv,        ALU_NO_GLOBALS, 1, I64,  3) \
    H(divq,        ALU_NO_GLOBALS, 1, I64,  3) \
    H(idivq,       ALU_NO_GLOBALS, 1, I64,  3) \
    H(remq,        ALU_PURE,       0, I64,  3) \
    H(iremq,       ALU_PURE,       0, I64,  3) \
    H(rotc,        ALU_PURE,       0, I64,  4) \
    H(rotc_carry,  ALU_PURE,       0, I64,  4) \
    H(bcd,         ALU_PURE,       0, I64,  3) \
    H(aam,         ALU_PURE,       0, I64,  2) \
    H(pdep,        ALU_PURE,       0, I64,  2) \
    H(pext,        ALU_PURE,       0, I64,  2) \
    H(cmpxchg16b,  0,              1, I64,  2) \
    H(rep_movs,    0,              1, VOID, 1) \
    H(rep_stos,    0,              1, VOID, 1) \
    H(probe_write, ALU_NO_GLOBALS, 1, VOID, 3) \
    H(debug,       IR_CALL_NO_RETURN, 1, VOID, 0)

#define H(name, flags, env, ret, n) extern const IrHelper alu_##name;
ALU_HELPERS(H)
#undef H

/* rep_movs, rep_stos: log2 of the element's bytes, log2 of the address size's, MMU mode, source
 * segment or REP_NO_BASE, and modes */
#define REP_WHAT(size, asize, mmu, seg) ((size) | (asize) << 2 | (mmu) << 4 | (seg) << 8)
#define REP_NO_BASE     7u
#define REP_DST_NO_BASE (1u << 11)      /* the destination's base is not to be added */
#define REP_CODE64      (1u << 12)      /* linear addresses are not cut to 32 bits */

#endif
