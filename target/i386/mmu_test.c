/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page walks in all modes, rights, error codes, accessed and dirty bits; control registers. */
#include "target/i386/sys-fake.h"

#define NX ((uint64_t)1 << 63)
#define GVA 0x7f0000123000ull
#define GPA 0x123000u

static uint32_t leaf_gpa(uint64_t gva)
{
    uint32_t table = FAKE_PML4;

    for (unsigned shift = 39; shift > 12; shift -= 9) {
        table = (uint32_t)fake_peek(table + (gva >> shift & 511) * 8, 8) & ~4095u;
    }
    return table + (gva >> 12 & 511) * 8;
}

/* What each kind of access gives: FAKE_NONE, or a #PF with the code in the column. */
enum { OK = -1 };
static const struct Rights {
    const char *what;
    uint64_t pte;
    unsigned cpl;
    uint64_t cr4;
    bool wp, ac;
    int read, write, fetch;             /* error codes */
} rights[] = {
    { "user rw",            7,      3, 0, 1, 0, OK, OK, OK },
    { "user ro",            5,      3, 0, 1, 0, OK, 7,  OK },
    { "user of supervisor", 3,      3, 0, 1, 0, 5,  7,  0x15 },
    { "not present",        6,      3, 0, 1, 0, 4,  6,  0x14 },
    { "nx",                 7 | NX, 3, 0, 1, 0, OK, OK, 0x15 },
    { "kernel rw",          3,      0, 0, 1, 0, OK, OK, OK },
    { "kernel ro, WP",      1,      0, 0, 1, 0, OK, 3,  OK },
    { "kernel ro, no WP",   1,      0, 0, 0, 0, OK, OK, OK },
    { "kernel not present", 0,      0, 0, 1, 0, 0,  2,  0x10 },
    { "SMEP",               7,      0, CR4_SMEP, 1, 0, OK, OK, 0x11 },
    { "SMAP",               7,      0, CR4_SMAP, 1, 0, 1, 3, OK },
    { "SMAP, AC",           7,      0, CR4_SMAP, 1, 1, OK, OK, OK },
    { "SMAP, kernel page",  3,      0, CR4_SMAP, 1, 0, OK, OK, OK },
    { "reserved bit",       7 | 1ull << 51, 3, 0, 1, 0, 0xd, 0xf, 0x1d },
};

static void expect(CPUX86State *env, const struct Rights *r, const char *how, int vector, int code)
{
    if (code == OK) {
        g_assert_cmpint(vector, ==, FAKE_NONE);
        return;
    }
    if (vector != EXCP0E_PAGE || env->error_code != (uint32_t)code || env->cr[2] != GVA) {
        g_error("%s, %s: vector %d code 0x%x, want #PF 0x%x", r->what, how, vector,
                env->error_code, code);
    }
}

static void test_rights(void)
{
    CPUX86State *env = fake_cpu("max");
    uint64_t val;

    for (unsigned i = 0; i < G_N_ELEMENTS(rights); i++) {
        const struct Rights *r = &rights[i];
        fake_long(env, r->cpl);
        fake_map(GVA, GPA, r->pte);
        env->cr[4] |= r->cr4;
        env->cr[0] = r->wp ? env->cr[0] | CR0_WP : env->cr[0] & ~(uint64_t)CR0_WP;
        x86_eflags_set(env, r->ac ? EFL_AC : 0, EFL_AC);
        x86_update_hflags(env);
        expect(env, r, "read", fake_read(env, GVA, &val), r->read);
        expect(env, r, "write", fake_write(env, GVA, 1), r->write);
        expect(env, r, "fetch", fake_fetch(env, GVA), r->fetch);
    }
    fake_cpu_free(env);
}

static void test_accessed_dirty(void)
{
    CPUX86State *env = fake_cpu("max");
    uint64_t val;

    fake_long(env, 3);
    fake_map(GVA, GPA, 7);
    uint32_t leaf = leaf_gpa(GVA);
    g_assert_cmpint(fake_read(env, GVA, &val), ==, FAKE_NONE);
    g_assert_cmphex(fake_peek(leaf, 8), ==, GPA | 7 | 0x20);
    g_assert_cmphex(fake_peek(FAKE_PML4 + (GVA >> 39 & 511) * 8, 8) & 0x60, ==, 0x20);
    g_assert_cmpint(fake_write(env, GVA + 8, 0x1234), ==, FAKE_NONE);
    g_assert_cmphex(fake_peek(leaf, 8), ==, GPA | 7 | 0x60);
    g_assert_cmphex(fake_peek(GPA + 8, 4), ==, 0x1234);
    /* a refused write sets neither */
    fake_map(GVA, GPA, 5);
    g_assert_cmpint(fake_write(env, GVA, 1), ==, EXCP0E_PAGE);
    g_assert_cmphex(fake_peek(leaf, 8), ==, GPA | 5);
    /* a debugger sets nothing */
    g_assert_cmphex(x86_virt_to_phys(x86_cpu(env), GVA + 5), ==, GPA + 5);
    g_assert_cmphex(fake_peek(leaf, 8), ==, GPA | 5);
    g_assert_cmphex(x86_virt_to_phys(x86_cpu(env), 0x7f0000000000), ==, UINT64_MAX);
    fake_cpu_free(env);
}

static void test_large_pages(void)
{
    CPUX86State *env = fake_cpu("max");
    uint64_t val;

    fake_long(env, 0);
    uint32_t pdpt = (uint32_t)fake_peek(FAKE_PML4, 8) & ~4095u;
    uint32_t pd = (uint32_t)fake_peek(pdpt, 8) & ~4095u;
    fake_poke(0x234568, 0xabcd, 4);
    fake_poke(pd + 8 * 8, 0x200000 | 0x83, 8);                  /* gva 16M: 2 MiB page */
    g_assert_cmpint(fake_read(env, 0x1034568, &val), ==, FAKE_NONE);
    g_assert_cmphex(val, ==, 0xabcd);
    fake_poke(pd + 8 * 8, 0x202000 | 0x83, 8);                  /* reserved bit 13 */
    g_assert_cmpint(fake_read(env, 0x1034568, &val), ==, EXCP0E_PAGE);
    g_assert_cmphex(env->error_code, ==, PF_P | PF_RSVD);
    fake_poke(pdpt + 8, 0x83, 8);                               /* gva 1G: 1 GiB page at 0 */
    g_assert_cmpint(fake_read(env, 0x40234568, &val), ==, FAKE_NONE);
    g_assert_cmphex(val, ==, 0xabcd);
    env->features[FEAT_8000_0001_EDX] &= ~(1u << 26);           /* PS is reserved without it */
    g_assert_cmpint(fake_read(env, 0x40234568, &val), ==, EXCP0E_PAGE);
    g_assert_cmphex(env->error_code, ==, PF_P | PF_RSVD);
    fake_cpu_free(env);
}

static void test_canonical(void)
{
    CPUX86State *env = fake_cpu("max");
    uint64_t val;

    fake_long(env, 3);
    g_assert_cmpint(fake_read(env, 0x800000000000, &val), ==, EXCP0D_GPF);
    g_assert_cmphex(env->error_code, ==, 0);
    g_assert_cmpint(fake_read(env, 0xffff7fffffffffff, &val), ==, EXCP0D_GPF);
    g_assert_cmpint(fake_read(env, 0xffff800000000000, &val), ==, EXCP0E_PAGE);
    fake_cpu_free(env);
}

static void test_32bit(void)
{
    CPUX86State *env = fake_cpu("max");
    uint64_t val;

    fake_protected(env, 0);
    fake_poke(0x20000 + 0x300 * 4, 0x21000 | 7, 4);             /* gva 0xc0000000 */
    fake_poke(0x21000 + 4, 0x123000 | 5, 4);
    fake_poke(0x20000, 0x00000087, 4);                          /* 4 MiB at 0 */
    fake_poke(0x123010, 0x5a5a, 4);
    env->cr[3] = 0x20000;
    env->cr[4] = CR4_PSE;
    env->cr[0] |= CR0_PG | CR0_WP;
    x86_update_hflags(env);
    g_assert_cmpint(fake_read(env, 0xc0001010, &val), ==, FAKE_NONE);
    g_assert_cmphex(val, ==, 0x5a5a);
    g_assert_cmpint(fake_write(env, 0xc0001010, 1), ==, EXCP0E_PAGE);
    g_assert_cmphex(env->error_code, ==, PF_P | PF_W);
    g_assert_cmphex(env->cr[2], ==, 0xc0001010);
    g_assert_cmpint(fake_read(env, 0x123010, &val), ==, FAKE_NONE);
    g_assert_cmphex(val, ==, 0x5a5a);
    fake_poke(0x20000, 0x00200087, 4);                          /* bit 21 is reserved */
    g_assert_cmpint(fake_read(env, 0x123010, &val), ==, EXCP0E_PAGE);
    g_assert_cmphex(env->error_code, ==, PF_P | PF_RSVD);
    g_assert_cmpint(fake_fetch(env, 0x10000000), ==, EXCP0E_PAGE);
    g_assert_cmphex(env->error_code, ==, 0);                    /* no NX, no SMEP: no I */
    fake_cpu_free(env);
}

static void test_pae(void)
{
    CPUX86State *env = fake_cpu("max");
    uint64_t val;

    fake_protected(env, 0);
    fake_poke(0x20000, 0x21000 | 1, 8);
    fake_poke(0x20018, 0x22000 | 1, 8);                         /* 3 GiB.. */
    fake_poke(0x21000, 0x83, 8);
    fake_poke(0x22000, 0x23000 | 7, 8);
    fake_poke(0x23000, 0x123000 | 7 | NX, 8);
    fake_poke(0x123000, 0x77, 4);
    env->cr[3] = 0x20000;
    env->cr[4] = CR4_PAE;
    env->efer = EFER_NXE;
    env->cr[0] |= CR0_PG;
    x86_update_hflags(env);
    g_assert_cmpint(fake_read(env, 0xc0000000, &val), ==, FAKE_NONE);
    g_assert_cmphex(val, ==, 0x77);
    g_assert_cmpint(fake_fetch(env, 0xc0000000), ==, EXCP0E_PAGE);
    g_assert_cmphex(env->error_code, ==, PF_P | PF_I);
    fake_poke(0x23000, 0x123000 | 7 | 1ull << 52, 8);           /* ignored in long mode only */
    g_assert_cmpint(fake_read(env, 0xc0000000, &val), ==, EXCP0E_PAGE);
    g_assert_cmphex(env->error_code, ==, PF_P | PF_RSVD);
    fake_cpu_free(env);
}

/* ---- control registers ---- */

typedef struct CrWrite { int n; uint64_t val; } CrWrite;

static void do_write_cr(CPUX86State *env, void *opaque)
{
    const CrWrite *w = opaque;
    x86_set_cr(env, w->n, w->val, 0);
}

static int write_cr(CPUX86State *env, int n, uint64_t val)
{
    return fake_try(env, do_write_cr, &(CrWrite){ n, val });
}

static void test_cr_checks(void)
{
    CPUX86State *env = fake_cpu("max");

    g_assert_cmpint(write_cr(env, 0, CR0_PG | CR0_ET), ==, EXCP0D_GPF);         /* PG without PE */
    g_assert_cmpint(write_cr(env, 0, CR0_NW | CR0_ET), ==, EXCP0D_GPF);         /* NW without CD */
    g_assert_cmpint(write_cr(env, 0, 1ull << 32), ==, EXCP0D_GPF);
    g_assert_cmpint(write_cr(env, 4, CR4_PCIDE), ==, EXCP0D_GPF);               /* not offered */
    g_assert_cmpint(write_cr(env, 4, 1u << 31), ==, EXCP0D_GPF);
    g_assert_cmpint(write_cr(env, 8, 16), ==, EXCP0D_GPF);
    /* into long mode: EFER.LME, PAE, then PG */
    fake_long(env, 0);
    env->cr[0] = CR0_PE | CR0_ET;
    env->efer = EFER_LME;
    env->cr[4] = 0;
    env->segs[R_CS].flags &= ~DESC_L;
    x86_update_hflags(env);
    g_assert_cmpint(write_cr(env, 0, CR0_PE | CR0_PG | CR0_ET), ==, EXCP0D_GPF);/* no PAE */
    g_assert_cmpint(write_cr(env, 4, CR4_PAE), ==, FAKE_NONE);
    unsigned flushes = fake_n_flushes;
    g_assert_cmpint(write_cr(env, 0, CR0_PE | CR0_PG | CR0_ET), ==, FAKE_NONE);
    g_assert_cmpint(fake_n_flushes, >, flushes);
    g_assert_true(env->efer & EFER_LMA);
    g_assert_true(env->hflags & HF_LMA);
    g_assert_false(env->hflags & HF_CS64);
    g_assert_cmpint(write_cr(env, 4, 0), ==, EXCP0D_GPF);                       /* PAE stays */
    g_assert_cmpint(write_cr(env, 3, 1ull << 45), ==, EXCP0D_GPF);
    g_assert_cmpint(write_cr(env, 0, CR0_PE | CR0_ET), ==, FAKE_NONE);  /* from compat: fine */
    g_assert_false(env->efer & EFER_LMA);
    fake_cpu_free(env);
}

static void test_cr_pae_pdptes(void)
{
    CPUX86State *env = fake_cpu("max");

    fake_protected(env, 0);
    fake_poke(0x20000, 0x21000 | 1 | 4, 8);                     /* bit 2 is reserved */
    env->cr[3] = 0x20000;
    env->cr[4] = CR4_PAE;
    g_assert_cmpint(write_cr(env, 0, CR0_PE | CR0_PG | CR0_ET), ==, EXCP0D_GPF);
    fake_poke(0x20000, 0x21000 | 1, 8);
    g_assert_cmpint(write_cr(env, 0, CR0_PE | CR0_PG | CR0_ET), ==, FAKE_NONE);
    fake_cpu_free(env);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mmu/rights", test_rights);
    g_test_add_func("/mmu/accessed-dirty", test_accessed_dirty);
    g_test_add_func("/mmu/large-pages", test_large_pages);
    g_test_add_func("/mmu/canonical", test_canonical);
    g_test_add_func("/mmu/32bit", test_32bit);
    g_test_add_func("/mmu/pae", test_pae);
    g_test_add_func("/mmu/cr-checks", test_cr_checks);
    g_test_add_func("/mmu/cr-pae-pdptes", test_cr_pae_pdptes);
    return g_test_run();
}
