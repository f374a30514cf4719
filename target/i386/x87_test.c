/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every x87 helper against the host's x87: the same random state (tags, TOP, control word, operands
 * of all odd kinds) goes through FRSTOR, the instruction, FNSAVE on the one side and through the
 * helper on the other; the whole images must agree but for the instruction pointers.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <string.h>
#include "target/i386/x87-helpers.h"
#include "util/log.h"

/* ---- what the helpers call, without a machine ---- */

static sigjmp_buf leave;
static int raised;
static bool on_amd;             /* whose ways we have where the architecture leaves them open */

void x86_raise(CPUX86State *env, int vector, uintptr_t ra)
{
    raised = vector;
    siglongjmp(leave, 1);
}

void x86_raise_err(CPUX86State *env, int vector, uint32_t error_code, uintptr_t ra)
{
    x86_raise(env, vector, ra);
}

bool cpu_restore_state(CPUState *cpu, uintptr_t ra)
{
    return true;
}

void cpu_loop_exit(CPUState *cpu)
{
    siglongjmp(leave, 2);
}

void cpu_ld_bytes(CPUState *cpu, uint64_t gva, void *buf, size_t n, int mmu_idx, uintptr_t ra)
{
    memcpy(buf, (void *)(uintptr_t)gva, n);
}

void cpu_st_bytes(CPUState *cpu, uint64_t gva, const void *buf, size_t n, int mmu_idx, uintptr_t ra)
{
    memcpy((void *)(uintptr_t)gva, buf, n);
}

void guest_unimp(const char *fmt, ...)
{
}

/* ---- cases ---- */

typedef struct Case {
    const char *name;
    void (*native)(uint8_t *img, void *mem);
    void (*run)(CPUX86State *env, uint8_t *mem);
    uint16_t sw_model;          /* status bits that differ by the CPU's maker */
    unsigned st_bytes;          /* what the instruction stores */
} Case;

#define NATIVE(insn) \
    __asm__ volatile("frstor (%0)\n\t" insn "\n\tfnsave (%0)" : : "r"(img), "r"(mem) \
                     : "memory", "cc", "rax", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", \
                       "st(6)", "st(7)")

#define LD(T) (*(const T *)mem)

/* as the translated code does after a store */
static void pop(CPUX86State *env)
{
    env->fptags[env->fpstt] = 1;
    env->fpstt = (env->fpstt + 1) & 7;
}

/* C(name, instruction, helper calls, status bits that makers do differently, bytes stored) */
#define ARITH_CASES(C, op, iop) \
    C(op##_st0, #op " %%st(2), %%st", helper_##op##_st0(env, 2), 0, 0) \
    C(op##_same, #op " %%st(0), %%st", helper_##op##_st0(env, 0), 0, 0) \
    C(op##_f32, #op "s (%1)", helper_##op##_f32(env, LD(uint32_t)), 0, 0) \
    C(op##_f64, #op "l (%1)", helper_##op##_f64(env, LD(uint64_t)), 0, 0) \
    C(op##_i16, #iop "s (%1)", helper_##op##_int(env, (uint64_t)LD(int16_t)), 0, 0) \
    C(op##_i32, #iop "l (%1)", helper_##op##_int(env, (uint64_t)LD(int32_t)), 0, 0)

/* by bytes: assemblers disagree on which of fsub and fsubr has ST(i) on the left */
#define CASES(C) \
    ARITH_CASES(C, fadd, fiadd) ARITH_CASES(C, fmul, fimul) ARITH_CASES(C, fsub, fisub) \
    ARITH_CASES(C, fsubr, fisubr) ARITH_CASES(C, fdiv, fidiv) ARITH_CASES(C, fdivr, fidivr) \
    C(fadd_sti, ".byte 0xdc, 0xc2", helper_fadd_sti(env, 2, 0), 0, 0) \
    C(faddp, ".byte 0xde, 0xc1", helper_fadd_sti(env, 1, 1), 0, 0) \
    C(fmul_sti, ".byte 0xdc, 0xca", helper_fmul_sti(env, 2, 0), 0, 0) \
    C(fmulp, ".byte 0xde, 0xc9", helper_fmul_sti(env, 1, 1), 0, 0) \
    C(fsubr_sti, ".byte 0xdc, 0xe2", helper_fsubr_sti(env, 2, 0), 0, 0) \
    C(fsubrp, ".byte 0xde, 0xe1", helper_fsubr_sti(env, 1, 1), 0, 0) \
    C(fsub_sti, ".byte 0xdc, 0xea", helper_fsub_sti(env, 2, 0), 0, 0) \
    C(fsubp, ".byte 0xde, 0xe9", helper_fsub_sti(env, 1, 1), 0, 0) \
    C(fdivr_sti, ".byte 0xdc, 0xf2", helper_fdivr_sti(env, 2, 0), 0, 0) \
    C(fdivrp, ".byte 0xde, 0xf1", helper_fdivr_sti(env, 1, 1), 0, 0) \
    C(fdiv_sti, ".byte 0xdc, 0xfa", helper_fdiv_sti(env, 2, 0), 0, 0) \
    C(fdivp, ".byte 0xde, 0xf9", helper_fdiv_sti(env, 1, 1), 0, 0) \
    C(fcom, "fcom %%st(1)", helper_fcom_sti(env, 1, 0), 0, 0) \
    C(fcomp, "fcomp %%st(2)", helper_fcom_sti(env, 2, 1), 0, 0) \
    C(fcompp, "fcompp", helper_fcom_sti(env, 1, 2), 0, 0) \
    C(fucom, "fucom %%st(1)", helper_fucom_sti(env, 1, 0), 0, 0) \
    C(fucomp, "fucomp %%st(1)", helper_fucom_sti(env, 1, 1), 0, 0) \
    C(fucompp, "fucompp", helper_fucom_sti(env, 1, 2), 0, 0) \
    C(fcoms, "fcoms (%1)", helper_fcom_f32(env, LD(uint32_t), 0), 0, 0) \
    C(fcompl, "fcompl (%1)", helper_fcom_f64(env, LD(uint64_t), 1), 0, 0) \
    C(ficom, "ficoms (%1)", helper_fcom_int(env, (uint64_t)LD(int16_t), 0), 0, 0) \
    C(ficompl, "ficompl (%1)", helper_fcom_int(env, (uint64_t)LD(int32_t), 1), 0, 0) \
    C(fcomi, "fcomi %%st(1), %%st\n\tlahf\n\tmov %%ah, (%1)", \
      *mem = (uint8_t)(helper_fcomi(env, 1, 0) | 2), FPUS_C1, 1) \
    C(fucomip, "fucomip %%st(1), %%st\n\tlahf\n\tmov %%ah, (%1)", \
      *mem = (uint8_t)(helper_fucomi(env, 1, 1) | 2), FPUS_C1, 1) \
    C(ftst, "ftst", helper_ftst(env), 0, 0) \
    C(fxam, "fxam", helper_fxam(env), 0, 0) \
    C(fld_sti, "fld %%st(1)", helper_fld_sti(env, 1), FPUS_C1, 0) \
    C(flds, "flds (%1)", helper_fld_f32(env, LD(uint32_t)), 0, 0) \
    C(fldl, "fldl (%1)", helper_fld_f64(env, LD(uint64_t)), 0, 0) \
    C(fldt, "fldt (%1)", helper_fld_f80(env, LD(uint64_t), ((uint16_t *)mem)[4]), 0, 0) \
    C(filds, "filds (%1)", helper_fild(env, (uint64_t)LD(int16_t)), 0, 0) \
    C(fildl, "fildl (%1)", helper_fild(env, (uint64_t)LD(int32_t)), 0, 0) \
    C(fildll, "fildll (%1)", helper_fild(env, LD(uint64_t)), 0, 0) \
    C(fbld, "fbld (%1)", helper_fbld(env, LD(uint64_t), ((uint16_t *)mem)[4]), 0, 0) \
    C(fld1, "fld1", helper_fldconst(env, 0), 0, 0) \
    C(fldl2t, "fldl2t", helper_fldconst(env, 1), 0, 0) \
    C(fldl2e, "fldl2e", helper_fldconst(env, 2), 0, 0) \
    C(fldpi, "fldpi", helper_fldconst(env, 3), 0, 0) \
    C(fldlg2, "fldlg2", helper_fldconst(env, 4), 0, 0) \
    C(fldln2, "fldln2", helper_fldconst(env, 5), 0, 0) \
    C(fldz, "fldz", helper_fldconst(env, 6), 0, 0) \
    C(fst_sti, "fst %%st(2)", helper_fst_sti(env, 2, 0), 0, 0) \
    C(fstp_sti, "fstp %%st(3)", helper_fst_sti(env, 3, 1), 0, 0) \
    C(fsts, "fsts (%1)", st(mem, helper_fst_f32(env, 0), 4), 0, 4) \
    C(fstps, "fstps (%1)", st(mem, helper_fst_f32(env, 0), 4); pop(env), 0, 4) \
    C(fstl, "fstl (%1)", st(mem, helper_fst_f64(env, 0), 8), 0, 8) \
    C(fstpt, "fstpt (%1)", memcpy(mem, (void *)helper_fst_f80(env, 0), 10); pop(env), 0, 10) \
    C(fists, "fists (%1)", st(mem, helper_fist16(env, 0), 2), 0, 2) \
    C(fistl, "fistl (%1)", st(mem, helper_fist32(env, 0), 4), 0, 4) \
    C(fistpll, "fistpll (%1)", st(mem, helper_fist64(env, 0), 8); pop(env), 0, 8) \
    C(fisttps, "fisttps (%1)", st(mem, helper_fistt16(env, 0), 2); pop(env), 0, 2) \
    C(fisttpl, "fisttpl (%1)", st(mem, helper_fistt32(env, 0), 4); pop(env), 0, 4) \
    C(fisttpll, "fisttpll (%1)", st(mem, helper_fistt64(env, 0), 8); pop(env), 0, 8) \
    C(fbstp, "fbstp (%1)", helper_fbstp(env, (uintptr_t)mem, 0, 0), 0, 10) \
    C(fxch, "fxch %%st(1)", helper_fxch(env, 1), 0, 0) \
    C(ffree, "ffree %%st(1)", helper_ffree(env, 1, 0), FPUS_CC, 0) \
    C(ffreep, ".byte 0xdf, 0xc1", helper_ffree(env, 1, 1), FPUS_CC, 0) \
    C(fincstp, "fincstp", helper_fincstp(env), 0, 0) \
    C(fdecstp, "fdecstp", helper_fdecstp(env), 0, 0) \
    C(fcmov_yes, "cmp %%eax, %%eax\n\tfcmove %%st(1), %%st", helper_fcmov(env, 1, 1), FPUS_C1, 0) \
    C(fcmov_no, "cmp %%eax, %%eax\n\tfcmovne %%st(1), %%st", helper_fcmov(env, 1, 0), FPUS_C1, 0) \
    C(fabs, "fabs", helper_fabs(env), 0, 0) \
    C(fchs, "fchs", helper_fchs(env), 0, 0) \
    C(fsqrt, "fsqrt", helper_fsqrt(env), 0, 0) \
    C(frndint, "frndint", helper_frndint(env), 0, 0) \
    C(f2xm1, "f2xm1", helper_f2xm1(env), 0, 0) \
    C(fsin, "fsin", helper_fsin(env), FPUS_C2, 0) \
    C(fcos, "fcos", helper_fcos(env), FPUS_C2, 0) \
    C(fsincos, "fsincos", helper_fsincos(env), FPUS_C2, 0) \
    C(fptan, "fptan", helper_fptan(env), FPUS_C2, 0) \
    C(fpatan, "fpatan", helper_fpatan(env), 0, 0) \
    C(fyl2x, "fyl2x", helper_fyl2x(env), 0, 0) \
    C(fyl2xp1, "fyl2xp1", helper_fyl2xp1(env), 0, 0) \
    C(fscale, "fscale", helper_fscale(env), 0, 0) \
    C(fprem, "fprem", helper_fprem(env), FPUS_CC, 0) \
    C(fprem1, "fprem1", helper_fprem1(env), FPUS_CC, 0) \
    C(fxtract, "fxtract", helper_fxtract(env), 0, 0) \
    C(fninit, "fninit", helper_fninit(env), 0, 0) \
    C(fnclex, "fnclex", helper_fnclex(env), 0, 0) \
    C(fldcw, "fldcw (%1)", helper_fldcw(env, LD(uint16_t)), 0, 0) \
    C(fnstenv, "fnstenv (%1)", helper_fnstenv(env, (uintptr_t)mem, 4, 0), 0, 12) \
    C(fldenv, "fldenv (%1)", helper_fldenv(env, (uintptr_t)mem, 4, 0), 0, 0) \
    C(fnsave, "fnsave (%1)", helper_fnsave(env, (uintptr_t)mem, 4, 0), 0, 12) \
    C(frstor, "frstor (%1)", helper_frstor(env, (uintptr_t)mem, 4, 0), 0, 0)

static void st(void *mem, uint64_t val, unsigned bytes)
{
    memcpy(mem, &val, bytes);
}

#define C(name, insn, call, sw_model, st_bytes) \
static void native_##name(uint8_t *img, void *mem) { NATIVE(insn); } \
static void run_##name(CPUX86State *env, uint8_t *mem) { call; }
CASES(C)
#undef C

static const Case cases[] = {
#define C(name, insn, call, sw_model, st_bytes) \
    { #name, native_##name, run_##name, sw_model, st_bytes },
    CASES(C)
#undef C
};

/* ---- random states ---- */

static uint64_t rnd_state = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t rnd(void)
{
    rnd_state ^= rnd_state << 13;
    rnd_state ^= rnd_state >> 7;
    rnd_state ^= rnd_state << 17;
    return rnd_state * UINT64_C(0x2545f4914f6cdd1d);
}

static void rnd_f80(uint8_t *p)
{
    static const uint16_t exps[] = { 0, 0, 1, 2, 0x7fff, 0x7ffe, 0x3fff, 0x3ffe, 0x4000, 0x3f81,
                                     0x3f80, 0x3f6a, 0x3c01, 0x3bcd, 0x407e, 0x43fe, 0x403e };
    static const uint64_t mants[] = { 0, UINT64_C(1) << 63, UINT64_C(3) << 62, 1, ~UINT64_C(0),
                                      UINT64_C(0x7fffffffffffffff), UINT64_C(0x8000008000000000),
                                      UINT64_C(0x8000000000000400) };
    uint64_t r = rnd(), mant = rnd() | UINT64_C(1) << 63;
    uint16_t se = 0x3fff - 40 + (r >> 8) % 80;

    if ((r & 3) == 0) {
        se = exps[(r >> 20) % G_N_ELEMENTS(exps)];
    } else if ((r & 0x1f) == 1) {
        se = r >> 30 & 0x7fff;
    }
    if ((r & 0xc) == 0) {
        mant = mants[(r >> 40) % G_N_ELEMENTS(mants)];
    } else if ((r & 0xc) == 4) {
        mant &= ~UINT64_C(0) << (r >> 50 & 63);
    } else if ((r & 0x1c) == 8 && (se == 0 || (r & 0xe0) == 0)) {
        mant &= ~(UINT64_C(1) << 63);
    }
    se |= r >> 48 & 0x8000;
    memcpy(p, &mant, 8);
    memcpy(p + 8, &se, 2);
}

static void rnd_mem(uint8_t *mem, size_t n)
{
    static const uint64_t f64s[] = {
        0, UINT64_C(1) << 63, 1, UINT64_C(0x7ff0000000000000), UINT64_C(0x7ff8000000000001),
        UINT64_C(0x7ff0000000000001), UINT64_C(0x3ff0000000000000), UINT64_C(0x000fffffffffffff),
        0x7f800000, 0x7f800001, 0xffc00000, 0x00400000, 0x3f800000, 0x80000000,
    };

    for (size_t i = 0; i < n; i += 8) {
        uint64_t v = rnd();
        memcpy(mem + i, &v, n - i < 8 ? n - i : 8);
    }
    switch (rnd() & 7) {
    case 0:
        memcpy(mem, &f64s[rnd() % G_N_ELEMENTS(f64s)], 8);
        break;
    case 1:
        rnd_f80(mem);
        break;
    case 2:     /* packed decimal */
        for (unsigned i = 0; i < 9; i++) {
            mem[i] = (rnd() % 10) << 4 | rnd() % 10;
        }
        mem[9] &= 0x80;
        break;
    case 3: {
        double d = (double)(int64_t)rnd() / (double)(1 + (rnd() & 0xffff));
        float f = (float)d;
        memcpy(mem, &d, 8);
        if (rnd() & 1) {
            memcpy(mem, &f, 4);
        }
        break;
    }
    }
}

typedef struct __attribute__((packed)) Image {
    uint16_t cw, r0, sw, r1, tw, r2;
    uint32_t ip, cs_op, dp, ds;
    uint8_t st[8][10];
} Image;
_Static_assert(sizeof(Image) == 108, "FNSAVE image");

static void rnd_image(Image *m, bool unmasked)
{
    uint64_t r = rnd();
    unsigned top = r >> 40 & 7;

    memset(m, 0, sizeof(*m));
    m->cw = 0x37f;
    if (r & 1) {
        m->cw = (rnd() & 0x0f00) | 0x7f;
    }
    if (unmasked) {
        m->cw &= ~(rnd() & 0x3f);
    }
    m->sw = (rnd() & 0x4700) | (rnd() & rnd() & 0x7f & (m->cw | 0x40)) | top << 11;
    m->tw = r & 2 ? 0 : (uint16_t)(rnd() & rnd());
    for (unsigned i = 0; i < 8; i++) {
        if ((m->tw >> (2 * i) & 3) != 3) {
            m->tw &= ~(3 << (2 * i));
        }
        rnd_f80(m->st[i]);
    }
    if ((r & 12) == 0) {       /* room for pushes */
        m->tw |= 3 << (2 * ((top - 1) & 7));
    }
    m->r0 = m->r1 = m->r2 = 0xffff;
}

static void to_env(CPUX86State *env, const Image *m)
{
    helper_frstor(env, (uintptr_t)m, 4, 0);
}

static void from_env(CPUX86State *env, Image *m)
{
    helper_fnsave(env, (uintptr_t)m, 4, 0);
}

static bool same(const Case *c, const Image *a, const Image *b, const uint8_t *ma,
                 const uint8_t *mb)
{
    return a->cw == b->cw && !((a->sw ^ b->sw) & (on_amd ? 0xffff : ~c->sw_model)) && a->tw == b->tw
           && memcmp(a->st, b->st, sizeof(a->st)) == 0 && memcmp(ma, mb, c->st_bytes) == 0;
}

static void print_image(const char *what, const Image *m, const uint8_t *mem)
{
    g_printerr("%s cw %04x sw %04x tw %04x mem", what, m->cw, m->sw, m->tw);
    for (unsigned i = 0; i < 12; i++) {
        g_printerr(" %02x", mem[i]);
    }
    for (unsigned i = 0; i < 8; i++) {
        uint64_t mant;
        uint16_t se;
        memcpy(&mant, m->st[i], 8);
        memcpy(&se, m->st[i] + 8, 2);
        g_printerr("%s%04x.%016" PRIx64, i % 4 ? "  " : "\n    ", se, mant);
    }
    g_printerr("\n");
}

static void check(const void *data)
{
    const Case *c = data;
    X86CPU *cpu = g_malloc0(sizeof(X86CPU) + 64);
    CPUX86State *env = &((X86CPU *)(((uintptr_t)cpu + 63) & ~(uintptr_t)63))->env;
    volatile unsigned failures = 0;

    env->is_user = true;
    for (volatile unsigned n = 0; n < 6000 && failures < 3; n++) {
        Image start, want, got;
        uint8_t mem[128], mem_want[128], mem_got[128];

        rnd_image(&start, on_amd && (n & 1));
        rnd_mem(mem, sizeof(mem));
        if (strcmp(c->name, "fldenv") == 0 || strcmp(c->name, "frstor") == 0) {
            rnd_image((Image *)mem, n & 1);
        }
        want = start;
        memcpy(mem_want, mem, sizeof(mem));
        memcpy(mem_got, mem, sizeof(mem));
        c->native((uint8_t *)&want, mem_want);
        to_env(env, &start);
        if (sigsetjmp(leave, 0) == 0) {
            c->run(env, mem_got);
        }
        from_env(env, &got);
        if (!same(c, &want, &got, mem_want, mem_got)) {
            failures++;
            g_printerr("%s, round %u\n", c->name, n);
            print_image("start", &start, mem);
            print_image("want ", &want, mem_want);
            print_image("got  ", &got, mem_got);
        }
    }
    g_free(cpu);
    if (failures) {
        g_test_fail();
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    on_amd = __builtin_cpu_is("amd");
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *path = g_strdup_printf("/x87/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], check);
        g_free(path);
    }
    return g_test_run();
}
