/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Integer helpers: see alu-helpers.h for what each takes and gives. */
#include <string.h>
#include "target/i386/alu-helpers.h"
#include "target/i386/decode.h"

/* ---- flags ---- */

static uint64_t helper_cc(uint64_t dst, uint64_t src, uint64_t src2, uint64_t op)
{
    return x86_cc_compute(dst, src, src2, (CCOp)op);
}

/* ---- division ---- */

/* quotient and remainder fit 32 bits each; @acc has twice the divisor's size */
static uint64_t helper_div(CPUX86State *env, uint64_t acc, uint64_t divisor, uint64_t bytes)
{
    uint64_t q;

    if (divisor == 0 || (q = acc / divisor) >> (8 * bytes)) {
        x86_raise(env, EXCP00_DIVZ, GETPC());
    }
    return q | (acc % divisor) << 32;
}

/* @acc and @divisor are sign-extended */
static uint64_t helper_idiv(CPUX86State *env, uint64_t acc, uint64_t divisor, uint64_t bytes)
{
    int64_t a = (int64_t)acc, d = (int64_t)divisor, limit = 1ll << (8 * bytes - 1), q;

    if (d == 0 || (a == INT64_MIN && d == -1) || (q = a / d) < -limit || q >= limit) {
        x86_raise(env, EXCP00_DIVZ, GETPC());
    }
    return (uint32_t)q | (uint64_t)(a % d) << 32;
}

typedef unsigned __int128 U128;
typedef __int128 S128;

static U128 join(uint64_t lo, uint64_t hi) { return (U128)hi << 64 | lo; }

static uint64_t helper_divq(CPUX86State *env, uint64_t lo, uint64_t hi, uint64_t divisor)
{
    if (hi >= divisor) {
        x86_raise(env, EXCP00_DIVZ, GETPC());
    }
    return hi ? (uint64_t)(join(lo, hi) / divisor) : lo / divisor;
}

static uint64_t helper_remq(uint64_t lo, uint64_t hi, uint64_t divisor)
{
    return hi ? (uint64_t)(join(lo, hi) % divisor) : lo % divisor;
}

static uint64_t helper_idivq(CPUX86State *env, uint64_t lo, uint64_t hi, uint64_t divisor)
{
    S128 a = (S128)join(lo, hi), q;
    int64_t d = (int64_t)divisor;

    if (d == 0 || ((uint64_t)(a >> 64) == 1ull << 63 && lo == 0 && d == -1)) {
        x86_raise(env, EXCP00_DIVZ, GETPC());
    }
    q = a / d;
    if (q != (int64_t)q) {
        x86_raise(env, EXCP00_DIVZ, GETPC());
    }
    return (uint64_t)q;
}

static uint64_t helper_iremq(uint64_t lo, uint64_t hi, uint64_t divisor)
{
    return (uint64_t)((S128)join(lo, hi) % (int64_t)divisor);
}

/* ---- rotates through carry ---- */

/* @val and CF above it as one number of 8 * bytes + 1 bits, rotated */
static U128 rotate_carry(uint64_t val, uint64_t cf, uint64_t count, uint64_t what)
{
    unsigned bits = 8 * (what & 255) + 1, left;
    U128 mask = ((U128)1 << bits) - 1, v;

    v = ((U128)cf << (bits - 1) | val) & mask;
    count %= bits;
    left = what >> 8 ? (bits - (unsigned)count) % bits : (unsigned)count;
    return left ? (v << left | v >> (bits - left)) & mask : v;
}

static uint64_t helper_rotc(uint64_t val, uint64_t cf, uint64_t count, uint64_t what)
{
    return (uint64_t)rotate_carry(val, cf, count, what);
}

static uint64_t helper_rotc_carry(uint64_t val, uint64_t cf, uint64_t count, uint64_t what)
{
    return (uint64_t)(rotate_carry(val, cf, count, what) >> (8 * (what & 255))) & 1;
}

/* ---- decimal ---- */

static uint64_t logic_flags(uint8_t al)
{
    return x86_cc_compute(al, 0, 0, CC_OP_LOGICB) & (CC_Z | CC_S | CC_P);
}

static uint64_t bcd_result(uint64_t ax, uint64_t flags) { return (ax & 0xffff) | flags << 32; }

static uint64_t daa_das(uint64_t ax, uint64_t flags, bool add)
{
    uint8_t old = (uint8_t)ax, al = old;
    uint64_t f = 0;

    if ((al & 15) > 9 || flags & CC_A) {
        if (!add && al < 6) {
            f |= CC_C;
        }
        al = add ? al + 6 : al - 6;
        f |= CC_A | (flags & CC_C);
    }
    if (old > 0x99 || flags & CC_C) {
        al = add ? al + 0x60 : al - 0x60;
        f |= CC_C;
    }
    return bcd_result((ax & 0xff00) | al, f | logic_flags(al));
}

static uint64_t aaa_aas(uint64_t ax, uint64_t flags, bool add)
{
    uint64_t f = 0;

    if ((ax & 15) > 9 || flags & CC_A) {
        ax = add ? ax + 0x106 : ax - 0x106;
        f = CC_A | CC_C;
    }
    return bcd_result(ax & 0xff0f, f | logic_flags(ax & 15));
}

static uint64_t helper_bcd(uint64_t ax, uint64_t flags, uint64_t which)
{
    bool add = which == BCD_DAA || which == BCD_AAA;

    return which == BCD_DAA || which == BCD_DAS ? daa_das(ax, flags, add)
                                                : aaa_aas(ax, flags, add);
}

static uint64_t helper_aam(uint64_t al, uint64_t imm)
{
    return (al / imm) << 8 | al % imm;
}

/* ---- bits ---- */

static uint64_t helper_pdep(uint64_t val, uint64_t mask)
{
    uint64_t res = 0;

    for (; mask; mask &= mask - 1, val >>= 1) {
        res |= val & 1 ? mask & -mask : 0;
    }
    return res;
}

static uint64_t helper_pext(uint64_t val, uint64_t mask)
{
    uint64_t res = 0;

    for (unsigned i = 0; mask; mask &= mask - 1, i++) {
        res |= (uint64_t)((val & mask & -mask) != 0) << i;
    }
    return res;
}

/* ---- memory ---- */

static uint64_t helper_cmpxchg16b(CPUX86State *env, uint64_t addr, uint64_t mmu)
{
    uint64_t expect[2] = { env->regs[R_EAX], env->regs[R_EDX] };
    uint64_t desired[2] = { env->regs[R_EBX], env->regs[R_ECX] };
    bool equal;

    if (addr & 15) {
        x86_raise_err(env, EXCP0D_GPF, 0, GETPC());
    }
    equal = cpu_cmpxchg16(x86_cpu(env), addr, expect, desired, (int)mmu, GETPC());
    if (!equal) {
        env->regs[R_EAX] = expect[0];
        env->regs[R_EDX] = expect[1];
    }
    return equal;
}

static void helper_probe_write(CPUX86State *env, uint64_t addr, uint64_t bytes, uint64_t mmu)
{
    CPUState *cpu = x86_cpu(env);

    cpu_probe(cpu, addr, MMU_WRITE, (int)mmu, false, GETPC());
    if ((addr ^ (addr + bytes - 1)) & PAGE_MASK_) {
        cpu_probe(cpu, addr + bytes - 1, MMU_WRITE, (int)mmu, false, GETPC());
    }
}

static void helper_debug(CPUX86State *env)
{
    x86_cpu(env)->exception_index = EXCP_DEBUG;
    cpu_loop_exit(x86_cpu(env));
}

/* ---- rep movs, rep stos ---- */

/* one of rSI, rDI, rCX as the address size sees it */
typedef struct Rep {
    CPUX86State *env;
    uint64_t mask;              /* of the address size */
    unsigned size;              /* log2 of the element's bytes */
    int mmu;
    bool code64;
    int64_t step;               /* bytes from one element to the next */
    uintptr_t ra;
} Rep;

static Rep rep_begin(CPUX86State *env, uint64_t what, uintptr_t ra)
{
    unsigned asize = what >> 2 & 3, size = what & 3;

    return (Rep){ .env = env, .mask = asize == 3 ? ~0ull : (1ull << (8 << asize)) - 1,
                  .size = size, .mmu = what >> 4 & 15, .code64 = what & REP_CODE64,
                  .step = (int64_t)env->df << size, .ra = ra };
}

static uint64_t rep_reg(const Rep *r, unsigned reg) { return r->env->regs[reg] & r->mask; }

static void rep_reg_add(const Rep *r, unsigned reg, int64_t n)
{
    uint64_t old = r->env->regs[reg], keep = r->mask == 0xffff ? ~r->mask : 0;

    r->env->regs[reg] = (old & keep) | ((old + (uint64_t)n) & r->mask);
}

static uint64_t rep_linear(const Rep *r, uint64_t ofs, unsigned seg)
{
    uint64_t lin = ofs + (seg == REP_NO_BASE ? 0 : r->env->segs[seg].base);

    return r->code64 ? lin : (uint32_t)lin;
}

/* elements from @ofs, linear @lin, that stay on the page and do not wrap */
static uint64_t rep_room(const Rep *r, uint64_t ofs, uint64_t lin)
{
    uint64_t page = PAGE_SIZE_ - (lin & ~PAGE_MASK_), wrap = r->mask - ofs;

    return MIN(page, wrap == ~0ull ? wrap : wrap + 1) >> r->size;
}

static bool rep_asked_to_leave(const Rep *r)
{
    return __atomic_load_n(&x86_cpu(r->env)->exit_request, __ATOMIC_RELAXED) < 0;
}

static MemOp rep_mo(const Rep *r) { return r->size | mo_mmu(r->mmu); }

static void copy_elements(uint8_t *d, const uint8_t *p, uint64_t n, unsigned size)
{
    uint64_t bytes = n << size, ahead = (uintptr_t)d - (uintptr_t)p;

    if (ahead == 0 || ahead >= bytes) {         /* the destination is not ahead in the source */
        memmove(d, p, bytes);
        return;
    }
    for (uint64_t i = 0; i < n; i++) {          /* repeats what it has just written */
        uint64_t v;

        memcpy(&v, p + (i << size), 1u << size);
        memcpy(d + (i << size), &v, 1u << size);
    }
}

/* as many elements as one page of each side allows; 0 if that must go the slow way */
static uint64_t movs_run(const Rep *r, uint64_t src, uint64_t dst, uint64_t n)
{
    CPUState *cpu = x86_cpu(r->env);
    const uint8_t *p;
    uint8_t *d;

    if (n == 0 || r->step < 0) {
        return 0;
    }
    p = cpu_probe(cpu, src, MMU_READ, r->mmu, false, r->ra);
    d = cpu_probe(cpu, dst, MMU_WRITE, r->mmu, false, r->ra);
    if (!p || !d) {
        return 0;
    }
    copy_elements(d, p, n, r->size);
    return n;
}

static void helper_rep_movs(CPUX86State *env, uint64_t what)
{
    Rep r = rep_begin(env, what, GETPC());
    unsigned src_seg = what >> 8 & 7, dst_seg = what & REP_DST_NO_BASE ? REP_NO_BASE : R_ES;
    uint64_t left, n, si, di, src, dst;

    while ((left = rep_reg(&r, R_ECX)) != 0) {
        si = rep_reg(&r, R_ESI), di = rep_reg(&r, R_EDI);
        src = rep_linear(&r, si, src_seg), dst = rep_linear(&r, di, dst_seg);
        n = MIN(rep_room(&r, si, src), rep_room(&r, di, dst));
        n = movs_run(&r, src, dst, MIN(n, left));
        if (n == 0) {
            uint64_t v = cpu_ld(x86_cpu(env), src, rep_mo(&r), r.ra);
            cpu_st(x86_cpu(env), dst, v, rep_mo(&r), r.ra);
            n = 1;
        }
        rep_reg_add(&r, R_ESI, r.step * (int64_t)n);
        rep_reg_add(&r, R_EDI, r.step * (int64_t)n);
        rep_reg_add(&r, R_ECX, -(int64_t)n);
        if (rep_asked_to_leave(&r)) {
            return;
        }
    }
}

static void fill_elements(uint8_t *d, uint64_t val, uint64_t n, unsigned size)
{
    if (size == 0 || val == (val & 255) * 0x0101010101010101ull >> (64 - (8 << size))) {
        memset(d, (int)val, n << size);
        return;
    }
    for (uint64_t i = 0; i < n; i++) {
        memcpy(d + (i << size), &val, 1u << size);
    }
}

static void helper_rep_stos(CPUX86State *env, uint64_t what)
{
    Rep r = rep_begin(env, what, GETPC());
    unsigned seg = what & REP_DST_NO_BASE ? REP_NO_BASE : R_ES;
    uint64_t val = env->regs[R_EAX], left, n, di, dst;

    val = r.size == 3 ? val : val & ((1ull << (8 << r.size)) - 1);
    while ((left = rep_reg(&r, R_ECX)) != 0) {
        uint8_t *d = NULL;

        di = rep_reg(&r, R_EDI);
        dst = rep_linear(&r, di, seg);
        n = MIN(rep_room(&r, di, dst), left);
        if (n && r.step > 0) {
            d = cpu_probe(x86_cpu(env), dst, MMU_WRITE, r.mmu, false, r.ra);
        }
        if (d) {
            fill_elements(d, val, n, r.size);
        } else {
            cpu_st(x86_cpu(env), dst, val, rep_mo(&r), r.ra);
            n = 1;
        }
        rep_reg_add(&r, R_EDI, r.step * (int64_t)n);
        rep_reg_add(&r, R_ECX, -(int64_t)n);
        if (rep_asked_to_leave(&r)) {
            return;
        }
    }
}

/* ---- the table ---- */

#define H(hname, hflags, env, hret, n) \
    const IrHelper alu_##hname = { .name = #hname, .fn = (void *)helper_##hname, \
        .flags = hflags, .ret = IR_##hret, .n_args = n + env, \
        .args = { IR_I64, IR_I64, IR_I64, IR_I64, IR_I64 } };
ALU_HELPERS(H)
#undef H
