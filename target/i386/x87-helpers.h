/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The x87 helpers that translate-x87.c calls. All take the state and 64-bit integers, so one list
 * makes the prototypes, the numbers that rows carry in their arg column, and the IrHelper table.
 *
 *   H(name, result: V none or L uint64_t, number of arguments after env)
 *
 * Arguments, where there are any: the value of a memory operand (f32, f64, integers sign-extended)
 * or i of ST(i) first, then how often to pop; for stores: the next instruction's eip, which is
 * where execution goes on when an unmasked exception suppresses the store.
 */
#ifndef TARGET_I386_X87_HELPERS_H
#define TARGET_I386_X87_HELPERS_H

#include "target/i386/cpu.h"

#define X87_ARITH_HELPERS(H, op) \
    H(op##_st0, V, 1) H(op##_sti, V, 2) H(op##_f32, V, 1) H(op##_f64, V, 1) H(op##_int, V, 1)

#define X87_HELPERS(H) \
    X87_ARITH_HELPERS(H, fadd) X87_ARITH_HELPERS(H, fmul) \
    X87_ARITH_HELPERS(H, fsub) X87_ARITH_HELPERS(H, fsubr) \
    X87_ARITH_HELPERS(H, fdiv) X87_ARITH_HELPERS(H, fdivr) \
    H(fcom_sti, V, 2) H(fucom_sti, V, 2) H(fcomi, L, 2) H(fucomi, L, 2) \
    H(fcom_f32, V, 2) H(fcom_f64, V, 2) H(fcom_int, V, 2) H(ftst, V, 0) H(fxam, V, 0) \
    H(fld_sti, V, 1) H(fld_f32, V, 1) H(fld_f64, V, 1) H(fld_f80, V, 2) H(fild, V, 1) \
    H(fbld, V, 2) H(fldconst, V, 1) \
    H(fst_sti, V, 2) H(fst_f32, L, 1) H(fst_f64, L, 1) H(fst_f80, L, 1) \
    H(fist16, L, 1) H(fist32, L, 1) H(fist64, L, 1) \
    H(fistt16, L, 1) H(fistt32, L, 1) H(fistt64, L, 1) H(fbstp, V, 3) \
    H(fxch, V, 1) H(ffree, V, 2) H(fincstp, V, 0) H(fdecstp, V, 0) H(fcmov, V, 2) \
    H(fabs, V, 0) H(fchs, V, 0) H(fsqrt, V, 0) H(frndint, V, 0) H(f2xm1, V, 0) \
    H(fsin, V, 0) H(fcos, V, 0) H(fsincos, V, 0) H(fptan, V, 0) H(fpatan, V, 0) \
    H(fyl2x, V, 0) H(fyl2xp1, V, 0) H(fscale, V, 0) H(fprem, V, 0) H(fprem1, V, 0) \
    H(fxtract, V, 0) \
    H(fninit, V, 0) H(fnclex, V, 0) H(fldcw, V, 1) H(fwait, V, 0) \
    H(fnstenv, V, 3) H(fldenv, V, 3) H(fnsave, V, 3) H(frstor, V, 3)

typedef enum X87Fn {
#define H(name, ret, n) X87_##name,
    X87_HELPERS(H)
#undef H
    X87_N_FNS
} X87Fn;

#define X87_RET_V void
#define X87_RET_L uint64_t
#define X87_ARGS_0 CPUX86State *env
#define X87_ARGS_1 CPUX86State *env, uint64_t
#define X87_ARGS_2 CPUX86State *env, uint64_t, uint64_t
#define X87_ARGS_3 CPUX86State *env, uint64_t, uint64_t, uint64_t
#define H(name, ret, n) X87_RET_##ret helper_##name(X87_ARGS_##n);
X87_HELPERS(H)
#undef H

#define FPUS_IE 0x0001u
#define FPUS_DE 0x0002u
#define FPUS_ZE 0x0004u
#define FPUS_OE 0x0008u
#define FPUS_UE 0x0010u
#define FPUS_PE 0x0020u
#define FPUS_SF 0x0040u
#define FPUS_ES 0x0080u
#define FPUS_C0 0x0100u
#define FPUS_C1 0x0200u
#define FPUS_C2 0x0400u
#define FPUS_C3 0x4000u
#define FPUS_B  0x8000u
#define FPUS_CC (FPUS_C0 | FPUS_C1 | FPUS_C2 | FPUS_C3)
#define FPUC_DEFAULT 0x037fu

/* ---- fpu.c ---- */
void x86_fpu_init(CPUX86State *env);                    /* FNINIT */
void x86_fpuc_set(CPUX86State *env, uint16_t cw);       /* and ES, B of the status word */
uint16_t x86_fpus_get(const CPUX86State *env);          /* with TOP */
void x86_fpus_set(CPUX86State *env, uint16_t sw);       /* after fpuc: ES, B follow the masks */
uint16_t x86_fptw_get(const CPUX86State *env);          /* full tag word */
void x86_fptw_set(CPUX86State *env, uint16_t tw);

#endif
