/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page walks and control registers. One walker serves all paging modes: a mode is a row that says
 * how many levels there are and how wide entries are.
 * Source: Intel SDM vol. 3, chapter 4.
 */
#include "target/i386/debug.h"
#include "target/i386/seg.h"
#include "util/log.h"

#define PTE_P   (1u << 0)
#define PTE_W   (1u << 1)
#define PTE_U   (1u << 2)
#define PTE_A   (1u << 5)
#define PTE_D   (1u << 6)
#define PTE_PS  (1u << 7)
#define PTE_G   (1u << 8)
#define PTE_NX  ((uint64_t)1 << 63)

typedef struct PagingMode {
    uint8_t levels;
    uint8_t entry_bytes;
    uint8_t index_bits;         /* of all levels but PAE's top */
    uint8_t ps_levels;          /* bit n: PS has a meaning at level n (1: page table) */
    uint64_t ignored;           /* bits above the physical address that may be anything */
    uint64_t cr3_mask;
} PagingMode;

enum { PAGING_32, PAGING_PAE, PAGING_4, PAGING_5 };
static const PagingMode paging_modes[] = {
    [PAGING_32]  = { 2, 4, 10, 1 << 2,          0,                     0xfffff000 },
    [PAGING_PAE] = { 3, 8, 9,  1 << 2,          0,                     0xffffffe0 },
    [PAGING_4]   = { 4, 8, 9,  1 << 2 | 1 << 3, 0x7ff0000000000000ull, 0x000ffffffffff000ull },
    [PAGING_5]   = { 5, 8, 9,  1 << 2 | 1 << 3, 0x7ff0000000000000ull, 0x000ffffffffff000ull },
};

static const PagingMode *paging_mode(const CPUX86State *env)
{
    if (!(env->cr[4] & CR4_PAE)) {
        return &paging_modes[PAGING_32];
    }
    if (!(env->efer & EFER_LMA)) {
        return &paging_modes[PAGING_PAE];
    }
    return &paging_modes[env->cr[4] & CR4_LA57 ? PAGING_5 : PAGING_4];
}

typedef struct Walk {
    CPUX86State *env;
    const PagingMode *mode;
    uint64_t gva;
    MMUAccess access;
    int mmu_idx;
    bool quiet;                 /* no accessed and dirty bits (debugger) */
    /* results */
    uint64_t gpa;               /* of the byte */
    uint64_t page_size;
    int prot;
    uint32_t error;             /* PF_P and PF_RSVD of a fault */
} Walk;

static bool large_pages(const Walk *w, unsigned level)
{
    if (!(w->mode->ps_levels >> level & 1)) {
        return false;
    }
    if (level == 3) {
        return x86_has(w->env, FEAT_8000_0001_EDX, 1u << 26);
    }
    return w->mode->entry_bytes == 8 || (w->env->cr[4] & CR4_PSE);
}

static uint64_t reserved_bits(const Walk *w, unsigned level, bool large, unsigned shift)
{
    uint64_t phys = ~(uint64_t)0 << w->env->phys_bits;
    uint64_t r;

    if (w->mode->entry_bytes == 4) {
        return large ? 1u << 21 : 0;
    }
    r = phys & ~w->mode->ignored & ~PTE_NX;
    if (!(w->env->efer & EFER_NXE)) {
        r |= PTE_NX;
    }
    if (w->mode == &paging_modes[PAGING_PAE] && level == 3) {
        return r | PTE_NX | 0x1e6;
    }
    if (large) {
        r |= (((uint64_t)1 << shift) - 1) & ~(uint64_t)0x1fff;
    } else if (level >= 3) {
        r |= level > 3 || !large_pages(w, level) ? PTE_PS : 0;
    }
    return r;
}

/* Frame address of a final entry at @shift. */
static uint64_t frame_of(const Walk *w, uint64_t pte, unsigned shift, bool large)
{
    uint64_t low = ((uint64_t)1 << shift) - 1;

    if (w->mode->entry_bytes == 4 && large) {       /* PSE-36 */
        return (pte & 0xffc00000) | (pte >> 13 & 0xff) << 32;
    }
    return pte & 0x000ffffffffff000ull & ~low;
}

/* What a page with the summed-up rights may be used for in this MMU mode. */
static int prot_of(const Walk *w, bool user, bool write, bool nx)
{
    const CPUX86State *env = w->env;
    bool nxe = (env->efer & EFER_NXE) && w->mode->entry_bytes == 8;
    int prot = nx && nxe ? 0 : PROT_X;

    if (w->mmu_idx == MMU_USER) {
        return user ? prot | PROT_R | (write ? PROT_W : 0) : 0;
    }
    if (user && (env->cr[4] & CR4_SMEP)) {
        prot &= ~PROT_X;
    }
    if (user && w->mmu_idx == MMU_KERNEL_NOAC && (env->cr[4] & CR4_SMAP)) {
        return prot;
    }
    return prot | PROT_R | (write || !(env->cr[0] & CR0_WP) ? PROT_W : 0);
}

static const int prot_needed[] = { [MMU_READ] = PROT_R, [MMU_WRITE] = PROT_W,
                                   [MMU_FETCH] = PROT_X };

/* One attempt; -1: an entry changed under us, again; else bool. */
static int walk_once(Walk *w)
{
    CPUState *cpu = x86_cpu(w->env);
    const PagingMode *m = w->mode;
    uint64_t table = w->env->cr[3] & m->cr3_mask;
    bool user = true, write = true, nx = false;

    for (unsigned level = m->levels; ; level--) {
        unsigned shift = 12 + m->index_bits * (level - 1);
        uint64_t index = w->gva >> shift & ((1u << m->index_bits) - 1);
        uint64_t at = table + index * m->entry_bytes;
        uint64_t pte = cpu_ld_phys(cpu, at, m->entry_bytes);

        if (!(pte & PTE_P)) {
            w->error = 0;
            return false;
        }
        bool large = level > 1 && (pte & PTE_PS) && large_pages(w, level);
        if (pte & reserved_bits(w, level, large, shift)) {
            w->error = PF_P | PF_RSVD;
            return false;
        }
        bool has_rights = level != 3 || m != &paging_modes[PAGING_PAE];
        if (has_rights) {
            user = user && (pte & PTE_U);
            write = write && (pte & PTE_W);
            nx = nx || (pte & PTE_NX);
        }
        if (level > 1 && !large) {
            if (has_rights && !w->quiet && !(pte & PTE_A)
                && !cpu_cmpxchg_phys(cpu, at, pte, pte | PTE_A, m->entry_bytes)) {
                return -1;
            }
            table = m->entry_bytes == 4 ? pte & 0xfffff000 : pte & 0x000ffffffffff000ull;
            continue;
        }
        w->prot = prot_of(w, user, write, nx);
        if (!w->quiet && !(w->prot & prot_needed[w->access])) {
            w->error = PF_P;
            return false;
        }
        uint64_t set = PTE_A | (w->access == MMU_WRITE ? PTE_D : 0);
        if (!w->quiet && (pte & set) != set) {
            if (!cpu_cmpxchg_phys(cpu, at, pte, pte | set, m->entry_bytes)) {
                return -1;
            }
            pte |= set;
        }
        if (!(pte & PTE_D)) {
            w->prot &= ~PROT_W;         /* the first write comes here and sets it */
        }
        if (pte & PTE_G && w->env->cr[4] & CR4_PGE) {
            w->prot |= PROT_G;
        }
        w->page_size = (uint64_t)1 << shift;
        w->gpa = frame_of(w, pte, shift, large) | (w->gva & (w->page_size - 1));
        return true;
    }
}

static bool walk(Walk *w)
{
    int done;

    if (!(w->env->cr[0] & CR0_PG)) {
        w->gpa = w->gva;
        w->page_size = PAGE_SIZE_;
        w->prot = PROT_R | PROT_W | PROT_X;
        return true;
    }
    do {
        done = walk_once(w);
    } while (done < 0);
    return done;
}

static uint32_t fault_code(const Walk *w)
{
    const CPUX86State *env = w->env;
    bool says_fetch = (env->cr[4] & CR4_SMEP)
                      || ((env->efer & EFER_NXE) && (env->cr[4] & CR4_PAE));

    return w->error | (w->access == MMU_WRITE ? PF_W : 0) | (w->mmu_idx == MMU_USER ? PF_U : 0)
           | (w->access == MMU_FETCH && says_fetch ? PF_I : 0);
}

/* User programs: the accelerator found no page. */
static G_NORETURN void user_fault(CPUX86State *env, uint64_t addr, MMUAccess access, uintptr_t ra)
{
    env->cr[2] = addr;
    x86_raise_err(env, EXCP0E_PAGE, PF_U | (access == MMU_WRITE ? PF_W : 0)
                                    | (access == MMU_FETCH ? PF_I : 0), ra);
}

bool x86_tlb_fill(CPUState *cpu, uint64_t addr, unsigned size, MMUAccess access, int mmu_idx,
                  bool probe, uintptr_t ra)
{
    CPUX86State *env = x86_env(cpu);

    if (env->is_user) {
        if (probe) {
            return false;
        }
        user_fault(env, addr, access, ra);
    }
    if (x86_is_long(env) && !x86_canonical(env, addr)) {
        if (probe) {
            return false;
        }
        x86_raise_err(env, EXCP0D_GPF, 0, ra);
    }
    Walk w = { .env = env, .mode = paging_mode(env), .gva = addr, .access = access,
               .mmu_idx = mmu_idx };
    if (G_LIKELY(walk(&w))) {
        if (G_UNLIKELY(env->debug_armed)
            && !x86_debug_fill(env, addr, size, access, probe, &w.prot, ra)) {
            return false;
        }
        tlb_set_page(cpu, addr & PAGE_MASK_, w.gpa & PAGE_MASK_, w.prot, mmu_idx, w.page_size);
        return true;
    }
    if (probe) {
        return false;
    }
    env->cr[2] = addr;
    x86_raise_err(env, EXCP0E_PAGE, fault_code(&w), ra);
}

uint64_t x86_virt_to_phys(CPUState *cpu, uint64_t gva)
{
    CPUX86State *env = x86_env(cpu);
    Walk w = { .env = env, .mode = paging_mode(env), .gva = gva, .mmu_idx = MMU_KERNEL,
               .quiet = true };

    if (env->is_user) {
        return gva;
    }
    if (!x86_is_long(env)) {
        w.gva = (uint32_t)gva;
    } else if (!x86_canonical(env, gva)) {
        return ~(uint64_t)0;
    }
    return walk(&w) ? w.gpa : ~(uint64_t)0;
}

/* ---- control registers ---- */

#define CR0_KNOWN (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW \
                   | CR0_CD | CR0_PG)
#define CR0_FLUSHES (CR0_PG | CR0_WP | CR0_PE)
#define CR4_FLUSHES (CR4_PSE | CR4_PAE | CR4_PGE | CR4_SMEP | CR4_SMAP | CR4_LA57)

/* PAE without long mode: the four entries are checked when CR3 is loaded. */
static bool pdptes_ok(CPUX86State *env, uint64_t cr3)
{
    uint64_t reserved = ~(uint64_t)0 << env->phys_bits | 0x1e6;

    for (unsigned i = 0; i < 4; i++) {
        uint64_t e = cpu_ld_phys(x86_cpu(env), (cr3 & 0xffffffe0) + i * 8, 8);
        if ((e & PTE_P) && (e & reserved)) {
            return false;
        }
    }
    return true;
}

static bool long_mode_switch_ok(const CPUX86State *env, uint64_t cr0)
{
    bool was_on = env->cr[0] & CR0_PG, on = cr0 & CR0_PG;

    if (on && !was_on && (env->efer & EFER_LME)) {
        return (env->cr[4] & CR4_PAE) && !(env->segs[R_CS].flags & DESC_L);
    }
    return on || !x86_is_code64(env);
}

static bool set_cr0(CPUX86State *env, uint64_t val)
{
    uint64_t old = env->cr[0];
    bool pg = val & CR0_PG;

    if (val >> 32 || (pg && !(val & CR0_PE)) || ((val & CR0_NW) && !(val & CR0_CD))
        || !long_mode_switch_ok(env, val)) {
        return false;
    }
    if (pg && !(old & CR0_PG) && (env->cr[4] & CR4_PAE) && !(env->efer & EFER_LME)
        && !pdptes_ok(env, env->cr[3])) {
        return false;
    }
    env->cr[0] = (val & CR0_KNOWN) | CR0_ET;
    if (env->efer & EFER_LME) {
        env->efer = pg ? env->efer | EFER_LMA : env->efer & ~(uint64_t)EFER_LMA;
    }
    if (!(env->cr[0] & CR0_PE) && (old & CR0_PE)) {
        /* real mode runs at CPL 0: see x86_update_hflags() */
        env->segs[R_SS].flags &= ~(3u << DESC_DPL_SHIFT);
    }
    if ((old ^ env->cr[0]) & CR0_FLUSHES) {
        tlb_flush(x86_cpu(env));
    }
    return true;
}

static bool set_cr2(CPUX86State *env, uint64_t val)
{
    env->cr[2] = val;
    return true;
}

static bool set_cr3(CPUX86State *env, uint64_t val)
{
    if (x86_is_long(env)) {
        if (val >> env->phys_bits) {
            return false;
        }
    } else {
        val &= 0xffffffff;
        if ((env->cr[0] & CR0_PG) && (env->cr[4] & CR4_PAE) && !pdptes_ok(env, val)) {
            return false;
        }
    }
    env->cr[3] = val;
    if (env->cr[0] & CR0_PG) {
        tlb_flush_nonglobal(x86_cpu(env));
    }
    return true;
}

/* CR4 bits and the feature each needs. */
static const struct {
    uint32_t cr4;
    FeatureWord word;
    uint32_t feature;
} cr4_needs[] = {
    { CR4_VME | CR4_PVI,           FEAT_1_EDX,   1u << 1 },
    { CR4_TSD,                     FEAT_1_EDX,   1u << 4 },
    { CR4_DE,                      FEAT_1_EDX,   1u << 2 },
    { CR4_PSE,                     FEAT_1_EDX,   1u << 3 },
    { CR4_PAE,                     FEAT_1_EDX,   1u << 6 },
    { CR4_MCE,                     FEAT_1_EDX,   1u << 7 },
    { CR4_PGE,                     FEAT_1_EDX,   1u << 13 },
    { CR4_OSFXSR,                  FEAT_1_EDX,   1u << 24 },
    { CR4_OSXMMEXCPT,              FEAT_1_EDX,   1u << 25 },
    { CR4_UMIP,                    FEAT_7_0_ECX, 1u << 2 },
    { CR4_LA57,                    FEAT_7_0_ECX, 1u << 16 },
    { CR4_FSGSBASE,                FEAT_7_0_EBX, 1u << 0 },
    { CR4_OSXSAVE,                 FEAT_1_ECX,   1u << 26 },
    { CR4_SMEP,                    FEAT_7_0_EBX, 1u << 7 },
    { CR4_SMAP,                    FEAT_7_0_EBX, 1u << 20 },
};

static uint64_t cr4_allowed(const CPUX86State *env)
{
    uint64_t mask = CR4_PCE;

    for (unsigned i = 0; i < G_N_ELEMENTS(cr4_needs); i++) {
        if (x86_has(env, cr4_needs[i].word, cr4_needs[i].feature)) {
            mask |= cr4_needs[i].cr4;
        }
    }
    return mask;
}

static bool set_cr4(CPUX86State *env, uint64_t val)
{
    uint64_t old = env->cr[4], changed = old ^ val;

    if (val & ~cr4_allowed(env)) {
        return false;
    }
    if (x86_is_long(env) && ((changed & CR4_LA57) || !(val & CR4_PAE))) {
        return false;
    }
    if ((changed & (CR4_PAE | CR4_PSE | CR4_PGE | CR4_SMEP)) && (env->cr[0] & CR0_PG)
        && (val & CR4_PAE) && !x86_is_long(env) && !pdptes_ok(env, env->cr[3])) {
        return false;
    }
    env->cr[4] = val;
    if (changed & CR4_FLUSHES) {
        tlb_flush(x86_cpu(env));
    }
    return true;
}

static bool set_cr8(CPUX86State *env, uint64_t val)
{
    if (val > 15) {
        return false;
    }
    env->cr[8] = val;
    if (env->apic_ops) {
        env->apic_ops->set_tpr(env->apic, (uint8_t)(val << 4));
    }
    return true;
}

static bool (*const cr_setters[])(CPUX86State *env, uint64_t val) = {
    [0] = set_cr0, [2] = set_cr2, [3] = set_cr3, [4] = set_cr4, [8] = set_cr8,
};

/* The big lock is held for CR8. */
void x86_set_cr(CPUX86State *env, int n, uint64_t val, uintptr_t ra)
{
    if (!cr_setters[n](env, val)) {
        x86_raise_err(env, EXCP0D_GPF, 0, ra);
    }
    x86_update_hflags(env);
}
