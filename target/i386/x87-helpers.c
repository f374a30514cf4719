/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x87: every operation is done by the host's x87 unit, so results, flags, C1 and the handling of
 * odd operands (unnormals, pseudo-denormals) are the hardware's, bit for bit. What is done here is
 * the stack: tags, underflow, overflow, pops.
 *
 * Host state between helpers: control word 0x37f (the ABI's), register stack empty, exception flags
 * unknown. Guests nearly always run with the same control word; then an operation is
 *
 *     load operands; operate; read the status word; store the result
 *
 * and the host's sticky flags need clearing only when they hold one that the guest's status word
 * lacks (x87_host_clear). Any other guest control word goes in and out around the operation, with
 * the guest's *masks*: an unmasked exception then leaves operands alone or gives the scaled result
 * as it does on hardware. No waiting x87 instruction runs before the host's flags are cleared again,
 * so the host itself never takes #MF.
 */
#include <string.h>
#include "target/i386/sse-helpers.h"
#include "target/i386/x87-helpers.h"
#include "util/log.h"

#define ST(n)  (env->fpregs[(env->fpstt + (unsigned)(n)) & 7])
#define TAG(n) (env->fptags[(env->fpstt + (unsigned)(n)) & 7])

static const X87Reg default_nan = { .mant = UINT64_C(0xc000000000000000), .se = 0xffff };
static const uint16_t host_cw = FPUC_DEFAULT;

/* ---- exceptions and the stack ---- */

static G_GNUC_NO_INLINE void x87_pending(CPUX86State *env, uintptr_t ra)
{
    if (env->is_user || (env->cr[0] & CR0_NE)) {
        x86_raise(env, EXCP10_COPR, ra);
    }
    guest_unimp("x87 exception with CR0.NE clear: FERR# is not connected");
}

/* Waiting instructions report an exception that an earlier one left pending. */
#define X87_ENTER(env) \
    do { \
        if (G_UNLIKELY((env)->fpus & FPUS_ES)) { \
            x87_pending(env, GETPC()); \
        } \
    } while (0)

/*
 * A store that an unmasked exception suppresses: the instruction is over, the exception is pending
 * for the next waiting one.
 */
static G_NORETURN G_GNUC_NO_INLINE void x87_no_store(CPUX86State *env, uint64_t next_eip,
                                                     uintptr_t ra)
{
    CPUState *cpu = x86_cpu(env);

    cpu_restore_state(cpu, ra);
    env->eip = next_eip;
    cpu->exception_index = EXCP_NONE;
    cpu_loop_exit(cpu);
}

/* Invalid operation by the stack. Returns whether it is masked: the default result is written. */
static G_GNUC_NO_INLINE bool x87_stack_fault(CPUX86State *env, bool overflow)
{
    env->fpus = (env->fpus & ~FPUS_C1) | FPUS_IE | FPUS_SF | (overflow ? FPUS_C1 : 0);
    if (!(env->fpuc & FPUS_IE)) {
        env->fpus |= FPUS_ES | FPUS_B;
        return false;
    }
    return true;
}

static inline void x87_pop(CPUX86State *env)
{
    TAG(0) = 1;
    env->fpstt = (env->fpstt + 1) & 7;
}

static inline void x87_pops(CPUX86State *env, uint64_t n)
{
    while (n-- > 0) {
        x87_pop(env);
    }
}

static inline X87Reg *x87_push(CPUX86State *env)
{
    env->fpstt = (env->fpstt - 1) & 7;
    TAG(0) = 0;
    return &ST(0);
}

/* Result of stack underflow for an operation on registers; pops where that is masked. */
static void x87_underflow(CPUX86State *env, unsigned dst, uint64_t n_pops)
{
    if (x87_stack_fault(env, false)) {
        ST(dst) = default_nan;
        TAG(dst) = 0;
        x87_pops(env, n_pops);
    }
}

static void x87_push_fault(CPUX86State *env, bool overflow)
{
    if (x87_stack_fault(env, overflow)) {
        *x87_push(env) = default_nan;
    }
}

/* ---- running the host's x87 ---- */

static inline bool x87_is_default(const CPUX86State *env)
{
    return (env->fpuc & 0x0f3f) == (FPUC_DEFAULT & 0x0f3f);
}

static inline void x87_host_clear(uint16_t keep)
{
    uint16_t sw;

    __asm__ volatile("fnstsw %0" : "=a"(sw));
    if (G_UNLIKELY(sw & 0x7f & ~keep)) {
        __asm__ volatile("fnclex");
    }
}

/*
 * X87_RUN(name, type of r, type of b, load, operate, store): a function that computes *r from *a
 * and *b and returns the host's status word right after the operation. What it leaves on the host's
 * stack must be nothing, whether or not the operation completed (ffree after the last pop is for
 * those that pop by themselves).
 */
#define X87_RUN(name, TR, TB, load, operate, store) \
static inline uint16_t name(const CPUX86State *env, TR *r, const X87Reg *a, const TB *b) \
{ \
    uint16_t sw; \
    if (G_LIKELY(x87_is_default(env))) { \
        x87_host_clear(env->fpus); \
        __asm__ volatile(load operate "fnstsw %[sw]\n\t" store \
                         : [sw] "=&a"(sw), [r] "+m"(*r) : [a] "m"(*a), [b] "m"(*b) \
                         : "st", "st(1)", "st(2)"); \
    } else { \
        uint16_t cw = (env->fpuc & 0x0f3f) | 0x40; \
        __asm__ volatile(load "fnclex\n\tfldcw %[cw]\n\t" operate "fnstsw %[sw]\n\t" \
                         "fnclex\n\tfldcw %[host]\n\t" store \
                         : [sw] "=&a"(sw), [r] "+m"(*r) \
                         : [a] "m"(*a), [b] "m"(*b), [cw] "m"(cw), [host] "m"(host_cw) \
                         : "st", "st(1)", "st(2)"); \
    } \
    return sw; \
}
#define LOAD_A  "fldt %[a]\n\t"
#define LOAD_BA "fldt %[b]\n\tfldt %[a]\n\t"
#define STORE_1 "fstpt %[r]\n\t"
#define STORE_1_DROP_1 "fstpt %[r]\n\tfstp %%st(0)\n\t"
#define STORE_POPPED "fstpt %[r]\n\tffree %%st(0)\n\t"
#define DROP_1 "fstp %%st(0)\n\t"
#define DROP_2 "fstp %%st(0)\n\tfstp %%st(0)\n\t"

/* Takes over flags, ES, and the condition codes in @cc. */
static inline void x87_status(CPUX86State *env, uint16_t sw, uint16_t cc)
{
    env->fpus = (env->fpus & ~cc) | (sw & (0x3f | FPUS_ES | FPUS_B | cc));
}

/* false: an unmasked invalid, denormal or divide-by-zero; operands and stack stay as they were */
static inline bool x87_completed(const CPUX86State *env, uint16_t sw)
{
    return G_LIKELY(!(sw & FPUS_ES)) || !(sw & ~env->fpuc & (FPUS_IE | FPUS_DE | FPUS_ZE));
}

/* ---- arithmetic: ST0 with ST(i), ST(i) with ST0, ST0 with memory ---- */

#define X87_ARITH(op, iop) \
X87_RUN(run_##op##_reg, X87Reg, X87Reg, LOAD_BA, #op " %%st(1), %%st\n\t", STORE_1_DROP_1) \
X87_RUN(run_##op##_f32, X87Reg, uint32_t, LOAD_A, #op "s %[b]\n\t", STORE_1) \
X87_RUN(run_##op##_f64, X87Reg, uint64_t, LOAD_A, #op "l %[b]\n\t", STORE_1) \
X87_RUN(run_##op##_int, X87Reg, uint32_t, LOAD_A, #iop "l %[b]\n\t", STORE_1) \
\
void helper_##op##_st0(CPUX86State *env, uint64_t i) \
{ \
    X87_ENTER(env); \
    if (G_UNLIKELY(TAG(0) | TAG(i))) { \
        x87_underflow(env, 0, 0); \
        return; \
    } \
    x87_status(env, run_##op##_reg(env, &ST(0), &ST(0), &ST(i)), FPUS_C1); \
} \
void helper_##op##_sti(CPUX86State *env, uint64_t i, uint64_t n_pops) \
{ \
    uint16_t sw; \
    X87_ENTER(env); \
    if (G_UNLIKELY(TAG(0) | TAG(i))) { \
        x87_underflow(env, i, n_pops); \
        return; \
    } \
    sw = run_##op##_reg(env, &ST(i), &ST(i), &ST(0)); \
    x87_status(env, sw, FPUS_C1); \
    if (n_pops && x87_completed(env, sw)) { \
        x87_pop(env); \
    } \
} \
X87_ARITH_MEM(op, f32, uint32_t) \
X87_ARITH_MEM(op, f64, uint64_t) \
X87_ARITH_MEM(op, int, uint32_t)

#define X87_ARITH_MEM(op, kind, T) \
void helper_##op##_##kind(CPUX86State *env, uint64_t val) \
{ \
    T b = (T)val; \
    X87_ENTER(env); \
    if (G_UNLIKELY(TAG(0))) { \
        x87_underflow(env, 0, 0); \
        return; \
    } \
    x87_status(env, run_##op##_##kind(env, &ST(0), &ST(0), &b), FPUS_C1); \
}

X87_ARITH(fadd, fiadd)
X87_ARITH(fmul, fimul)
X87_ARITH(fsub, fisub)
X87_ARITH(fsubr, fisubr)
X87_ARITH(fdiv, fidiv)
X87_ARITH(fdivr, fidivr)

/* ---- comparisons ---- */

X87_RUN(run_fcom, uint16_t, X87Reg, LOAD_BA, "fcom %%st(1)\n\t", DROP_2)
X87_RUN(run_fucom, uint16_t, X87Reg, LOAD_BA, "fucom %%st(1)\n\t", DROP_2)
X87_RUN(run_fcom_f32, uint16_t, uint32_t, LOAD_A, "fcoms %[b]\n\t", DROP_1)
X87_RUN(run_fcom_f64, uint16_t, uint64_t, LOAD_A, "fcoml %[b]\n\t", DROP_1)
X87_RUN(run_fcom_int, uint16_t, uint32_t, LOAD_A, "ficoml %[b]\n\t", DROP_1)
X87_RUN(run_ftst, uint16_t, uint16_t, LOAD_A, "ftst\n\t", DROP_1)
X87_RUN(run_fxam, uint16_t, uint16_t, LOAD_A, "fxam\n\t", DROP_1)

static void x87_compare_underflow(CPUX86State *env, uint64_t n_pops)
{
    env->fpus |= FPUS_C0 | FPUS_C2 | FPUS_C3;
    if (x87_stack_fault(env, false)) {
        x87_pops(env, n_pops);
    }
}

/* The outcome is there even when an unmasked exception suppresses the pops. */
static inline void x87_compared(CPUX86State *env, uint16_t sw, uint64_t n_pops)
{
    x87_status(env, sw, FPUS_CC);
    if (x87_completed(env, sw)) {
        x87_pops(env, n_pops);
    }
}

#define X87_COMPARE(name, run, T, empty, operand) \
void helper_##name(CPUX86State *env, uint64_t val, uint64_t n_pops) \
{ \
    T b = (T)val; \
    uint16_t unused; \
    X87_ENTER(env); \
    if (G_UNLIKELY(empty)) { \
        x87_compare_underflow(env, n_pops); \
        return; \
    } \
    x87_compared(env, run(env, &unused, &ST(0), operand), n_pops); \
}
X87_COMPARE(fcom_sti, run_fcom, unsigned, TAG(0) | TAG(b), &ST(b))
X87_COMPARE(fucom_sti, run_fucom, unsigned, TAG(0) | TAG(b), &ST(b))
X87_COMPARE(fcom_f32, run_fcom_f32, uint32_t, TAG(0), &b)
X87_COMPARE(fcom_f64, run_fcom_f64, uint64_t, TAG(0), &b)
X87_COMPARE(fcom_int, run_fcom_int, uint32_t, TAG(0), &b)

/* ZF, PF, CF from C3, C2, C0 */
static inline uint64_t x87_cc_to_eflags(uint16_t sw)
{
    return (sw & FPUS_C3 ? CC_Z : 0) | (sw & FPUS_C2 ? CC_P : 0) | (sw & FPUS_C0 ? CC_C : 0);
}

#define X87_COMPARE_EFLAGS(name, run) \
uint64_t helper_##name(CPUX86State *env, uint64_t i, uint64_t n_pops) \
{ \
    uint16_t sw, unused; \
    X87_ENTER(env); \
    if (G_UNLIKELY(TAG(0) | TAG(i))) { \
        if (x87_stack_fault(env, false)) { \
            x87_pops(env, n_pops); \
        } \
        return CC_Z | CC_P | CC_C; \
    } \
    sw = run(env, &unused, &ST(0), &ST(i)); \
    x87_status(env, sw, 0);     /* C1 stays, as on hardware */ \
    if (x87_completed(env, sw)) { \
        x87_pops(env, n_pops); \
    } \
    return x87_cc_to_eflags(sw); \
}
X87_COMPARE_EFLAGS(fcomi, run_fcom)
X87_COMPARE_EFLAGS(fucomi, run_fucom)

void helper_ftst(CPUX86State *env)
{
    uint16_t unused = 0;

    X87_ENTER(env);
    if (TAG(0)) {
        x87_compare_underflow(env, 0);
        return;
    }
    x87_compared(env, run_ftst(env, &unused, &ST(0), &unused), 0);
}

void helper_fxam(CPUX86State *env)
{
    uint16_t unused = 0;

    X87_ENTER(env);
    if (TAG(0)) {
        env->fpus = (env->fpus & ~FPUS_CC) | FPUS_C3 | FPUS_C0
                    | (ST(0).se & 0x8000 ? FPUS_C1 : 0);
        return;
    }
    x87_status(env, run_fxam(env, &unused, &ST(0), &unused), FPUS_CC);
}

/* ---- loads ---- */

/* Makes room for a load; NULL: the stack was full (the default NaN has been pushed). */
static inline X87Reg *x87_load_begin(CPUX86State *env)
{
    if (G_UNLIKELY(!TAG(7))) {
        x87_push_fault(env, true);
        return NULL;
    }
    env->fpus &= ~FPUS_C1;
    return x87_push(env);
}

void helper_fld_sti(CPUX86State *env, uint64_t i)
{
    X87Reg val = ST(i), *d;

    X87_ENTER(env);
    if (G_UNLIKELY(TAG(i))) {
        x87_push_fault(env, false);     /* also when there is no room either */
        return;
    }
    d = x87_load_begin(env);
    if (d) {
        *d = val;
    }
}

/* Signalling NaNs and denormals raise exceptions in the conversion to 80 bits. */
#define X87_LOAD_ODD(name, T, insn) \
static G_GNUC_NO_INLINE void name(CPUX86State *env, T val) \
{ \
    uint16_t sw; \
    X87Reg r; \
    __asm__ volatile("fnclex\n\t" insn " %[val]\n\tfnstsw %[sw]\n\tfstpt %[r]" \
                     : [sw] "=&a"(sw), [r] "=m"(r) : [val] "m"(val) : "st"); \
    sw &= FPUS_IE | FPUS_DE; \
    env->fpus |= sw | (sw & ~env->fpuc ? FPUS_ES | FPUS_B : 0); \
    env->fpus &= ~FPUS_C1; \
    if (!(sw & ~env->fpuc & FPUS_IE)) { /* a denormal is loaded even if that is unmasked */ \
        *x87_push(env) = r; \
    } \
}
X87_LOAD_ODD(fld_f32_odd, uint32_t, "flds")
X87_LOAD_ODD(fld_f64_odd, uint64_t, "fldl")

#define X87_LOAD_F(name, T, insn, odd_fn, is_odd) \
void helper_##name(CPUX86State *env, uint64_t arg) \
{ \
    T val = (T)arg; \
    X87Reg *d; \
    X87_ENTER(env); \
    if (G_UNLIKELY(is_odd) && TAG(7)) { \
        odd_fn(env, val); \
        return; \
    } \
    d = x87_load_begin(env); \
    if (d) { \
        __asm__ volatile(insn " %[val]\n\tfstpt %[d]" : [d] "=m"(*d) : [val] "m"(val) : "st"); \
    } \
}
/* exponent all zeros with a fraction, or all ones */
#define ODD_F32 ((val >> 23 & 0xff) == 0xff || ((val >> 23 & 0xff) == 0 && val << 1))
#define ODD_F64 ((val >> 52 & 0x7ff) == 0x7ff || ((val >> 52 & 0x7ff) == 0 && val << 1))
X87_LOAD_F(fld_f32, uint32_t, "flds", fld_f32_odd, ODD_F32)
X87_LOAD_F(fld_f64, uint64_t, "fldl", fld_f64_odd, ODD_F64)

void helper_fld_f80(CPUX86State *env, uint64_t mant, uint64_t se)
{
    X87Reg *d;

    X87_ENTER(env);
    d = x87_load_begin(env);
    if (d) {
        d->mant = mant;
        d->se = (uint16_t)se;
    }
}

void helper_fild(CPUX86State *env, uint64_t val)
{
    X87Reg *d;

    X87_ENTER(env);
    d = x87_load_begin(env);
    if (d) {
        __asm__ volatile("fildll %[val]\n\tfstpt %[d]" : [d] "=m"(*d) : [val] "m"(val) : "st");
    }
}

void helper_fbld(CPUX86State *env, uint64_t lo, uint64_t hi)
{
    X87Reg bcd = { .mant = lo, .se = (uint16_t)hi }, *d;

    X87_ENTER(env);
    d = x87_load_begin(env);
    if (d) {
        __asm__ volatile("fbld %[bcd]\n\tfstpt %[d]" : [d] "=m"(*d) : [bcd] "m"(bcd) : "st");
    }
}

/* D9 E8+n; rounded as the control word says */
X87_RUN(run_fld1, X87Reg, uint16_t, "", "fld1\n\t", STORE_1)
X87_RUN(run_fldl2t, X87Reg, uint16_t, "", "fldl2t\n\t", STORE_1)
X87_RUN(run_fldl2e, X87Reg, uint16_t, "", "fldl2e\n\t", STORE_1)
X87_RUN(run_fldpi, X87Reg, uint16_t, "", "fldpi\n\t", STORE_1)
X87_RUN(run_fldlg2, X87Reg, uint16_t, "", "fldlg2\n\t", STORE_1)
X87_RUN(run_fldln2, X87Reg, uint16_t, "", "fldln2\n\t", STORE_1)
X87_RUN(run_fldz, X87Reg, uint16_t, "", "fldz\n\t", STORE_1)

void helper_fldconst(CPUX86State *env, uint64_t n)
{
    static uint16_t (*const run[])(const CPUX86State *, X87Reg *, const X87Reg *,
                                   const uint16_t *) = {
        run_fld1, run_fldl2t, run_fldl2e, run_fldpi, run_fldlg2, run_fldln2, run_fldz,
    };
    uint16_t unused = 0;
    X87Reg *d;

    X87_ENTER(env);
    d = x87_load_begin(env);
    if (d) {
        run[n](env, d, &default_nan, &unused);
    }
}

/* ---- stores ---- */

/* The exceptions that suppress a store when unmasked: all but precision. */
static inline bool x87_stored(const CPUX86State *env, uint16_t sw)
{
    return G_LIKELY(!(sw & FPUS_ES)) || !(sw & ~env->fpuc & 0x1f);
}

X87_RUN(run_fst_f32, uint32_t, uint16_t, LOAD_A, "fsts %[r]\n\t", DROP_1)
X87_RUN(run_fst_f64, uint64_t, uint16_t, LOAD_A, "fstl %[r]\n\t", DROP_1)
X87_RUN(run_fist16, uint16_t, uint16_t, LOAD_A, "fists %[r]\n\t", DROP_1)
X87_RUN(run_fist32, uint32_t, uint16_t, LOAD_A, "fistl %[r]\n\t", DROP_1)
X87_RUN(run_fist64, uint64_t, uint16_t, LOAD_A, "fistpll %[r]\n\t", "ffree %%st(0)\n\t")
X87_RUN(run_fistt16, uint16_t, uint16_t, LOAD_A, "fisttps %[r]\n\t", "ffree %%st(0)\n\t")
X87_RUN(run_fistt32, uint32_t, uint16_t, LOAD_A, "fisttpl %[r]\n\t", "ffree %%st(0)\n\t")
X87_RUN(run_fistt64, uint64_t, uint16_t, LOAD_A, "fisttpll %[r]\n\t", "ffree %%st(0)\n\t")
X87_RUN(run_fbstp, X87Reg, uint16_t, LOAD_A, "fbstp %[r]\n\t", "ffree %%st(0)\n\t")

/* The value to store; the translated code stores and pops, so that a page fault changes nothing. */
#define X87_STORE(name, T, indefinite) \
uint64_t helper_##name(CPUX86State *env, uint64_t next_eip) \
{ \
    uint16_t sw, unused = 0; \
    T val = 0; \
    X87_ENTER(env); \
    if (G_UNLIKELY(TAG(0))) { \
        if (!x87_stack_fault(env, false)) { \
            x87_no_store(env, next_eip, GETPC()); \
        } \
        return (T)indefinite; \
    } \
    sw = run_##name(env, &val, &ST(0), &unused); \
    x87_status(env, sw, FPUS_C1); \
    if (!x87_stored(env, sw)) { \
        x87_no_store(env, next_eip, GETPC()); \
    } \
    return val; \
}
X87_STORE(fst_f32, uint32_t, 0xffc00000)
X87_STORE(fst_f64, uint64_t, 0xfff8000000000000)
X87_STORE(fist16, uint16_t, 0x8000)
X87_STORE(fist32, uint32_t, 0x80000000)
X87_STORE(fist64, uint64_t, 0x8000000000000000)
X87_STORE(fistt16, uint16_t, 0x8000)
X87_STORE(fistt32, uint32_t, 0x80000000)
X87_STORE(fistt64, uint64_t, 0x8000000000000000)

/* Returns where the 10 bytes to store are. */
uint64_t helper_fst_f80(CPUX86State *env, uint64_t next_eip)
{
    X87_ENTER(env);
    if (G_UNLIKELY(TAG(0))) {
        if (!x87_stack_fault(env, false)) {
            x87_no_store(env, next_eip, GETPC());
        }
        return (uintptr_t)&default_nan;
    }
    env->fpus &= ~FPUS_C1;
    return (uintptr_t)&ST(0);
}

void helper_fbstp(CPUX86State *env, uint64_t addr, uint64_t mmu_idx, uint64_t next_eip)
{
    X87Reg bcd = { .mant = UINT64_C(0xc000000000000000), .se = 0xffff };
    uint16_t sw, unused = 0;
    bool stored;

    X87_ENTER(env);
    if (TAG(0)) {
        stored = x87_stack_fault(env, false);
    } else {
        sw = run_fbstp(env, &bcd, &ST(0), &unused);
        x87_status(env, sw, FPUS_C1);
        stored = x87_stored(env, sw);
    }
    if (!stored) {
        x87_no_store(env, next_eip, GETPC());
    }
    cpu_st_bytes(x86_cpu(env), addr, &bcd, 10, (int)mmu_idx, GETPC());
    x87_pop(env);
}

void helper_fst_sti(CPUX86State *env, uint64_t i, uint64_t n_pops)
{
    X87_ENTER(env);
    if (G_UNLIKELY(TAG(0))) {
        x87_underflow(env, i, n_pops);
        return;
    }
    env->fpus &= ~FPUS_C1;
    ST(i) = ST(0);
    TAG(i) = 0;
    x87_pops(env, n_pops);
}

/* ---- moves on the stack ---- */

void helper_fxch(CPUX86State *env, uint64_t i)
{
    X87Reg *a = &ST(0), *b = &ST(i), t;

    X87_ENTER(env);
    if (G_UNLIKELY(TAG(0) | TAG(i))) {
        if (!x87_stack_fault(env, false)) {
            return;
        }
        *(TAG(0) ? a : b) = default_nan;
        if (TAG(0) & TAG(i)) {
            *b = default_nan;
        }
        TAG(0) = TAG(i) = 0;
    } else {
        env->fpus &= ~FPUS_C1;
    }
    t = *a;
    *a = *b;
    *b = t;
}

void helper_ffree(CPUX86State *env, uint64_t i, uint64_t n_pops)
{
    X87_ENTER(env);
    env->fpus &= ~FPUS_C1;
    TAG(i) = 1;
    x87_pops(env, n_pops);
}

void helper_fincstp(CPUX86State *env)
{
    X87_ENTER(env);
    env->fpstt = (env->fpstt + 1) & 7;
    env->fpus &= ~FPUS_C1;
}

void helper_fdecstp(CPUX86State *env)
{
    X87_ENTER(env);
    env->fpstt = (env->fpstt - 1) & 7;
    env->fpus &= ~FPUS_C1;
}

void helper_fcmov(CPUX86State *env, uint64_t i, uint64_t move)
{
    X87_ENTER(env);
    if (G_UNLIKELY(TAG(0) | TAG(i))) {
        x87_underflow(env, 0, 0);
        return;
    }
    if (move) {
        ST(0) = ST(i);
    }
}

/* ---- one operand ---- */

#define X87_UNARY(op, cc) \
X87_RUN(run_##op, X87Reg, uint16_t, LOAD_A, #op "\n\t", STORE_1) \
void helper_##op(CPUX86State *env) \
{ \
    uint16_t unused = 0; \
    X87_ENTER(env); \
    if (G_UNLIKELY(TAG(0))) { \
        env->fpus &= ~(cc); \
        x87_underflow(env, 0, 0); \
        return; \
    } \
    x87_status(env, run_##op(env, &ST(0), &ST(0), &unused), cc); \
}
X87_UNARY(fsqrt, FPUS_C1)
X87_UNARY(frndint, FPUS_C1)
X87_UNARY(f2xm1, FPUS_C1)
X87_UNARY(fsin, FPUS_C1 | FPUS_C2)
X87_UNARY(fcos, FPUS_C1 | FPUS_C2)

void helper_fabs(CPUX86State *env)
{
    X87_ENTER(env);
    if (G_UNLIKELY(TAG(0))) {
        x87_underflow(env, 0, 0);
        return;
    }
    env->fpus &= ~FPUS_C1;
    ST(0).se &= 0x7fff;
}

void helper_fchs(CPUX86State *env)
{
    X87_ENTER(env);
    if (G_UNLIKELY(TAG(0))) {
        x87_underflow(env, 0, 0);
        return;
    }
    env->fpus &= ~FPUS_C1;
    ST(0).se ^= 0x8000;
}

/* ---- two operands, ST0 and ST1 ---- */

X87_RUN(run_fscale, X87Reg, X87Reg, LOAD_BA, "fscale\n\t", STORE_1_DROP_1)
X87_RUN(run_fprem, X87Reg, X87Reg, LOAD_BA, "fprem\n\t", STORE_1_DROP_1)
X87_RUN(run_fprem1, X87Reg, X87Reg, LOAD_BA, "fprem1\n\t", STORE_1_DROP_1)

void helper_fscale(CPUX86State *env)
{
    X87_ENTER(env);
    if (G_UNLIKELY(TAG(0) | TAG(1))) {
        x87_underflow(env, 0, 0);
        return;
    }
    x87_status(env, run_fscale(env, &ST(0), &ST(0), &ST(1)), FPUS_C1);
}

static bool x87_is_nan(const X87Reg *r)
{
    return (r->se & 0x7fff) == 0x7fff && r->mant << 1;
}

/* The quotient's low bits come in C0, C3, C1; without a quotient C0 and C3 stay as they were. */
#define X87_REMAINDER(op) \
void helper_##op(CPUX86State *env) \
{ \
    uint16_t sw; \
    X87_ENTER(env); \
    if (G_UNLIKELY(TAG(0) | TAG(1))) { \
        env->fpus &= ~FPUS_C2; \
        x87_underflow(env, 0, 0); \
        return; \
    } \
    __asm__ volatile("fnclex");     /* IE is this operation's own */ \
    sw = run_##op(env, &ST(0), &ST(0), &ST(1)); \
    x87_status(env, sw, (sw & FPUS_IE) || !x87_completed(env, sw) || x87_is_nan(&ST(0)) \
                        ? FPUS_C1 | FPUS_C2 : FPUS_CC); \
}
X87_REMAINDER(fprem)
X87_REMAINDER(fprem1)

/* ST1 = f(ST0, ST1), pop */
#define X87_BINARY_POP(op) \
X87_RUN(run_##op, X87Reg, X87Reg, LOAD_BA, #op "\n\t", STORE_POPPED) \
void helper_##op(CPUX86State *env) \
{ \
    X87Reg r = { .mant = 0 }; \
    uint16_t sw; \
    X87_ENTER(env); \
    if (G_UNLIKELY(TAG(0) | TAG(1))) { \
        x87_underflow(env, 1, 1); \
        return; \
    } \
    sw = run_##op(env, &r, &ST(0), &ST(1)); \
    x87_status(env, sw, FPUS_C1); \
    if (x87_completed(env, sw)) { \
        ST(1) = r; \
        x87_pop(env); \
    } \
}
X87_BINARY_POP(fpatan)
X87_BINARY_POP(fyl2x)
X87_BINARY_POP(fyl2xp1)

/*
 * ST0 = second result of f(ST0), then push the first. b is not read; *r gets what is on top, r[1]
 * what is below. Out of range (C2) nothing is pushed: the host's stack is then one short, which its
 * masked underflow makes harmless.
 */
#define X87_SPLIT(op, cc) \
X87_RUN(run_##op, X87Pair, uint16_t, LOAD_A, #op "\n\t", "fstpt %[r]\n\tfstpt 16+%[r]\n\t") \
void helper_##op(CPUX86State *env) \
{ \
    uint16_t sw, unused = 0; \
    X87Pair r; \
    X87_ENTER(env); \
    if (G_UNLIKELY(TAG(0) | !TAG(7))) { \
        env->fpus &= ~(cc); \
        x87_split_fault(env); \
        return; \
    } \
    memset(&r, 0, sizeof(r)); \
    sw = run_##op(env, &r, &ST(0), &unused); \
    x87_status(env, sw, cc); \
    if (x87_completed(env, sw) && !(sw & (cc) & FPUS_C2)) { \
        ST(0) = r.below; \
        *x87_push(env) = r.top; \
    } \
}

typedef struct X87Pair { X87Reg top, below; } X87Pair;

static void x87_split_fault(CPUX86State *env)
{
    if (x87_stack_fault(env, !TAG(0))) {
        ST(0) = default_nan;
        TAG(0) = 0;
        *x87_push(env) = default_nan;
    }
}

X87_SPLIT(fsincos, FPUS_C1 | FPUS_C2)
X87_SPLIT(fptan, FPUS_C1 | FPUS_C2)
X87_SPLIT(fxtract, FPUS_C1)

/* ---- control ---- */

void helper_fninit(CPUX86State *env)
{
    x86_fpu_init(env);
}

void helper_fnclex(CPUX86State *env)
{
    env->fpus &= 0x7f00;
}

void helper_fldcw(CPUX86State *env, uint64_t cw)
{
    X87_ENTER(env);
    x86_fpuc_set(env, (uint16_t)cw);
}

void helper_fwait(CPUX86State *env)
{
    X87_ENTER(env);
}

void helper_mmx_check(CPUX86State *env)
{
    X87_ENTER(env);
}

void helper_mmx_enter(CPUX86State *env)
{
    X87_ENTER(env);
    env->fpstt = 0;
    memset(env->fptags, 0, sizeof(env->fptags));
}

/*
 * The environment, 7 fields of @bytes / 7 each; real mode (and virtual 8086) packs the pointers as
 * linear addresses beside the opcode. @fmt: osize | real mode << 8.
 */
#define ENV_BYTES(fmt) (((fmt) & 0xff) == 2 ? 14u : 28u)
#define ENV_REAL(fmt)  ((fmt) >> 8 & 1)

static void x87_put(uint8_t *img, uint64_t fmt, unsigned field, uint32_t val)
{
    unsigned bytes = (fmt & 0xff) == 2 ? 2 : 4;

    memcpy(img + field * bytes, &val, bytes);
}

static uint32_t x87_get(const uint8_t *img, uint64_t fmt, unsigned field)
{
    unsigned bytes = (fmt & 0xff) == 2 ? 2 : 4;
    uint32_t val = 0;

    memcpy(&val, img + field * bytes, bytes);
    return val;
}

static void x87_env_write(const CPUX86State *env, uint64_t fmt, uint8_t *img)
{
    x87_put(img, fmt, 0, 0xffff0000 | env->fpuc);
    x87_put(img, fmt, 1, 0xffff0000 | x86_fpus_get(env));
    x87_put(img, fmt, 2, 0xffff0000 | x86_fptw_get(env));
    if (ENV_REAL(fmt)) {
        uint32_t base = env->fpcs * 16u, ip = (uint32_t)env->fpip + base;
        uint32_t dp = (uint32_t)env->fpdp + env->fpds * 16u;
        x87_put(img, fmt, 3, ip & 0xffff);
        x87_put(img, fmt, 4, (ip >> 16 << 12) | (env->fpop & 0x7ff));
        x87_put(img, fmt, 5, dp & 0xffff);
        x87_put(img, fmt, 6, dp >> 16 << 12);
    } else {
        x87_put(img, fmt, 3, (uint32_t)env->fpip);
        x87_put(img, fmt, 4, env->fpcs | (uint32_t)(env->fpop & 0x7ff) << 16);
        x87_put(img, fmt, 5, (uint32_t)env->fpdp);
        x87_put(img, fmt, 6, 0xffff0000 | env->fpds);
    }
}

static void x87_env_read(CPUX86State *env, uint64_t fmt, const uint8_t *img)
{
    uint32_t f4 = x87_get(img, fmt, 4), f6 = x87_get(img, fmt, 6);

    x86_fpuc_set(env, (uint16_t)x87_get(img, fmt, 0));
    x86_fpus_set(env, (uint16_t)x87_get(img, fmt, 1));
    x86_fptw_set(env, (uint16_t)x87_get(img, fmt, 2));
    env->fpip = x87_get(img, fmt, 3);
    env->fpdp = x87_get(img, fmt, 5);
    if (ENV_REAL(fmt)) {
        env->fpip = (env->fpip & 0xffff) | (uint64_t)(f4 >> 12) << 16;
        env->fpdp = (env->fpdp & 0xffff) | (uint64_t)(f6 >> 12) << 16;
        env->fpop = f4 & 0x7ff;
        env->fpcs = env->fpds = 0;
    } else {
        env->fpcs = (uint16_t)f4;
        env->fpds = (uint16_t)f6;
        env->fpop = (fmt & 0xff) == 2 ? 0 : f4 >> 16 & 0x7ff;
    }
}

void helper_fnstenv(CPUX86State *env, uint64_t addr, uint64_t fmt, uint64_t mmu_idx)
{
    uint8_t img[28];

    x87_env_write(env, fmt, img);
    cpu_st_bytes(x86_cpu(env), addr, img, ENV_BYTES(fmt), (int)mmu_idx, GETPC());
    x86_fpuc_set(env, env->fpuc | 0x3f);
}

void helper_fldenv(CPUX86State *env, uint64_t addr, uint64_t fmt, uint64_t mmu_idx)
{
    uint8_t img[28];

    X87_ENTER(env);
    cpu_ld_bytes(x86_cpu(env), addr, img, ENV_BYTES(fmt), (int)mmu_idx, GETPC());
    x87_env_read(env, fmt, img);
}

void helper_fnsave(CPUX86State *env, uint64_t addr, uint64_t fmt, uint64_t mmu_idx)
{
    unsigned n = ENV_BYTES(fmt);
    uint8_t img[28 + 80];

    x87_env_write(env, fmt, img);
    for (unsigned i = 0; i < 8; i++) {
        memcpy(img + n + 10 * i, &ST(i), 10);
    }
    cpu_st_bytes(x86_cpu(env), addr, img, n + 80, (int)mmu_idx, GETPC());
    x86_fpu_init(env);
}

void helper_frstor(CPUX86State *env, uint64_t addr, uint64_t fmt, uint64_t mmu_idx)
{
    unsigned n = ENV_BYTES(fmt);
    uint8_t img[28 + 80];

    X87_ENTER(env);
    cpu_ld_bytes(x86_cpu(env), addr, img, n + 80, (int)mmu_idx, GETPC());
    x87_env_read(env, fmt, img);
    for (unsigned i = 0; i < 8; i++) {
        memcpy(&ST(i), img + n + 10 * i, 10);
    }
}
