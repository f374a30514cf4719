/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Software TLBs: one a MMU mode and vCPU, direct-mapped, grown and shrunk by how many entries are
 * filled between flushes, with a small victim TLB beside. Generated code looks at TlbEntry only
 * (include/tcg/tcg.h); the rest of an entry is in a second array.
 *
 * Only its own vCPU fills and flushes a TLB. Other threads set TLB_NOTDIRTY (tlb_protect_page),
 * with the spin lock, and ask for flushes (flush_pending).
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include "memory/memory.h"
#include "tcg-internal.h"
#include "util/log.h"

#define TLB_MIN_ENTRIES 256u
#define TLB_MAX_ENTRIES 65536u
#define TLB_WINDOW_FLUSHES 64u

/* ---- tables ---- */

static void tlb_lock(CPUTlb *t)
{
    while (__atomic_exchange_n(&t->lock, 1, __ATOMIC_ACQUIRE)) {
        while (__atomic_load_n(&t->lock, __ATOMIC_RELAXED)) {
            __builtin_ia32_pause();
        }
    }
}

static void tlb_unlock(CPUTlb *t)
{
    __atomic_store_n(&t->lock, 0, __ATOMIC_RELEASE);
}

static size_t tlb_size(const TlbFast *f)
{
    return (f->mask >> TLB_ENTRY_BITS) + 1;
}

static size_t tlb_index(const TlbFast *f, uint64_t gva)
{
    return (gva >> PAGE_BITS) & (f->mask >> TLB_ENTRY_BITS);
}

static void tlb_tables_new(TlbFast *f, TlbMode *m, size_t n)
{
    f->table = g_malloc(n * sizeof(TlbEntry));
    f->mask = (n - 1) << TLB_ENTRY_BITS;
    memset(f->table, 0xff, n * sizeof(TlbEntry));
    m->full = g_new(TlbFullEntry, n);
    for (unsigned k = 0; k < 2; k++) {
        m->used[k] = g_new(uint32_t, n);
        m->n_used[k] = 0;
    }
}

static void tlb_tables_free(TlbFast *f, TlbMode *m)
{
    g_free(f->table);
    g_free(m->full);
    g_free(m->used[0]);
    g_free(m->used[1]);
}

static bool tlb_entry_empty(const TlbEntry *e)
{
    return (e->addr_read & e->addr_write & e->addr_code) == UINT64_MAX;
}

/* The page that an entry is for; an empty one has TLB_INVALID set in all comparators. */
static uint64_t tlb_entry_page(const TlbEntry *e)
{
    return e->addr_read & e->addr_write & e->addr_code & PAGE_MASK_;
}

static bool tlb_entry_is(const TlbEntry *e, uint64_t page)
{
    return tlb_entry_page(e) == page && !tlb_entry_empty(e);
}

static void tlb_entry_clear(TlbEntry *e)
{
    e->addr_read = e->addr_code = e->addr_write = UINT64_MAX;
    e->addend = 0;
}

/* Puts @e into slot @i. */
static void tlb_put(TlbFast *f, TlbMode *m, size_t i, const TlbEntry *e, const TlbFullEntry *full)
{
    unsigned k = full->global;

    if ((tlb_entry_empty(&f->table[i]) || m->full[i].global != full->global) &&
        m->n_used[k] < tlb_size(f)) {
        m->used[k][m->n_used[k]++] = (uint32_t)i;
    }
    f->table[i] = *e;
    m->full[i] = *full;
}

/* Walks the slots of kinds @it->k..1 that may be filled, or the whole table if a list was too
 * short. */
typedef struct SlotIter { unsigned k; size_t at; } SlotIter;

static bool tlb_next_slot(const TlbFast *f, const TlbMode *m, SlotIter *it, size_t *slot)
{
    size_t n = tlb_size(f);

    if (m->n_used[0] >= n || m->n_used[1] >= n) {
        *slot = it->at++;
        return *slot < n;
    }
    while (it->k < 2 && it->at >= m->n_used[it->k]) {
        it->k++;
        it->at = 0;
    }
    if (it->k == 2) {
        return false;
    }
    *slot = m->used[it->k][it->at++];
    return true;
}

/* With the lock. All entries move to tables twice as large. */
static void tlb_grow(TlbFast *f, TlbMode *m)
{
    TlbFast old_f = *f;
    TlbMode old_m = *m;
    size_t n = tlb_size(f);

    if (n >= TLB_MAX_ENTRIES) {
        return;
    }
    tlb_tables_new(f, m, n * 2);
    for (size_t i = 0; i < n; i++) {
        const TlbEntry *e = &old_f.table[i];
        if (!tlb_entry_empty(e)) {
            tlb_put(f, m, tlb_index(f, tlb_entry_page(e)), e, &old_m.full[i]);
        }
    }
    tlb_tables_free(&old_f, &old_m);
}

static void tlb_replace(TlbFast *f, TlbMode *m, size_t n)
{
    tlb_tables_free(f, m);
    tlb_tables_new(f, m, n);
}

/* ---- flushing ---- */

/* With the lock. Another size, if the load of the last flushes asks for it: true. */
static bool tlb_adapt(TlbFast *f, TlbMode *m)
{
    size_t n = tlb_size(f);
    uint32_t fills = m->n_fills;

    m->max_fills = MAX(m->max_fills, fills);
    if (fills > n - n / 4 && n < TLB_MAX_ENTRIES) {
        m->max_fills = m->n_flushes = 0;
        tlb_replace(f, m, n * 2);
        return true;
    }
    if (++m->n_flushes < TLB_WINDOW_FLUSHES) {
        return false;
    }
    n = m->max_fills < n / 8 && n > TLB_MIN_ENTRIES ? n / 2 : 0;
    m->max_fills = m->n_flushes = 0;
    if (n) {
        tlb_replace(f, m, n);
    }
    return n != 0;
}

static void tlb_clear_all(TlbFast *f, TlbMode *m)
{
    size_t n = tlb_size(f);

    if (m->n_used[0] + m->n_used[1] >= n / 2) {
        memset(f->table, 0xff, n * sizeof(TlbEntry));
    }
    for (unsigned k = 0; k < 2 && m->n_used[0] + m->n_used[1] < n / 2; k++) {
        for (unsigned i = 0; i < m->n_used[k]; i++) {
            tlb_entry_clear(&f->table[m->used[k][i]]);
        }
    }
}

static void tlb_flush_mode(CPUState *cpu, unsigned idx)
{
    TlbFast *f = &cpu->tlb_fast[idx];
    TlbMode *m = &cpu->tlb->mode[idx];

    if (!(m->n_fills | m->n_used[0] | m->n_used[1])) {
        return;
    }
    tlb_lock(cpu->tlb);
    if (!tlb_adapt(f, m)) {
        tlb_clear_all(f, m);
    }
    memset(m->victim, 0xff, sizeof(m->victim));
    m->n_used[0] = m->n_used[1] = m->n_fills = 0;
    memset(m->large, 0, sizeof(m->large));
    m->huge[0] = m->huge[1] = 0;
    tlb_unlock(cpu->tlb);
}

/* With the lock. A slot that was of the other kind once may lose a global entry: no harm. */
static void tlb_clear_nonglobal(TlbFast *f, TlbMode *m)
{
    for (unsigned i = 0; i < m->n_used[0]; i++) {
        tlb_entry_clear(&f->table[m->used[0][i]]);
    }
    for (unsigned v = 0; v < TLB_VICTIM_ENTRIES; v++) {
        if (!m->victim_full[v].global) {
            tlb_entry_clear(&m->victim[v]);
        }
    }
    m->n_used[0] = 0;
    memset(m->large[0], 0, sizeof(m->large[0]));
    m->huge[0] = 0;
}

static void tlb_flush_mode_nonglobal(CPUState *cpu, unsigned idx)
{
    TlbFast *f = &cpu->tlb_fast[idx];
    TlbMode *m = &cpu->tlb->mode[idx];
    size_t n = tlb_size(f);

    if (m->n_used[0] >= n || m->n_used[1] >= n || m->n_flushes + 1 >= TLB_WINDOW_FLUSHES) {
        tlb_flush_mode(cpu, idx);       /* the lists are no good, or time to look at the size */
        return;
    }
    tlb_lock(cpu->tlb);
    if (m->n_fills + m->n_used[1] > n - n / 4) {
        tlb_grow(f, m);
    }
    m->max_fills = MAX(m->max_fills, m->n_fills + m->n_used[1]);
    m->n_flushes++;
    m->n_fills = 0;
    tlb_clear_nonglobal(f, m);
    tlb_unlock(cpu->tlb);
}

void tlb_flush_modes(CPUState *cpu, unsigned mode_mask)
{
    if (tcg_config.user) {
        return;
    }
    tcg_count(cpu, TLB_FLUSH);
    for (unsigned i = 0; i < cpu->ops->n_mmu_modes; i++) {
        if (mode_mask >> i & 1) {
            tlb_flush_mode(cpu, i);
        }
    }
    tb_jump_cache_flush(cpu, true);
}

void tlb_flush_nonglobal(CPUState *cpu)
{
    if (tcg_config.user) {
        return;
    }
    tcg_count(cpu, TLB_FLUSH);
    for (unsigned i = 0; i < cpu->ops->n_mmu_modes; i++) {
        tlb_flush_mode_nonglobal(cpu, i);
    }
    tb_jump_cache_flush(cpu, false);
}

void tlb_flush(CPUState *cpu)
{
    tlb_flush_modes(cpu, UINT32_MAX);
}

static uint64_t huge_bit(uint64_t gva)
{
    uint64_t n = gva >> HUGE_BITS;
    return (uint64_t)1 << ((n ^ n >> 6 ^ n >> 12) & 63);
}

/* Size of the largest page around @gva that may have an entry, by its logarithm. */
static unsigned largest_page_bits(const TlbMode *m, uint64_t gva)
{
    if ((m->huge[0] | m->huge[1]) & huge_bit(gva)) {
        return HUGE_BITS;
    }
    return large_set_has(m->large[0], gva) || large_set_has(m->large[1], gva) ? LARGE_BITS
                                                                              : PAGE_BITS;
}

/* With the lock. Forgets the entry if its guest page, perhaps a large one, holds @page. */
static void tlb_entry_clear_around(TlbEntry *e, const TlbFullEntry *full, uint64_t page)
{
    if (!tlb_entry_empty(e) && !((tlb_entry_page(e) ^ page) >> full->lg_page_size)) {
        tlb_entry_clear(e);
    }
}

/* With the lock: every entry that came from a page of more than 2 MiB around @page. */
static void tlb_flush_huge(TlbFast *f, TlbMode *m, uint64_t page)
{
    SlotIter it = { 0 };
    size_t i;

    while (tlb_next_slot(f, m, &it, &i)) {
        tlb_entry_clear_around(&f->table[i], &m->full[i], page);
    }
}

/* With the lock: the same for 2 MiB, whose 512 entries are neighbours. */
static void tlb_flush_large(TlbFast *f, TlbMode *m, uint64_t page)
{
    size_t n = MIN(tlb_size(f), (size_t)1 << (LARGE_BITS - PAGE_BITS));
    size_t first = tlb_index(f, page & ~(((uint64_t)1 << LARGE_BITS) - 1));

    for (size_t i = first; i < first + n; i++) {
        if (!((tlb_entry_page(&f->table[i]) ^ page) >> LARGE_BITS)) {
            tlb_entry_clear_around(&f->table[i], &m->full[i], page);
        }
    }
}

static void tlb_flush_victims(TlbMode *m, uint64_t page)
{
    for (unsigned v = 0; v < TLB_VICTIM_ENTRIES; v++) {
        tlb_entry_clear_around(&m->victim[v], &m->victim_full[v], page);
    }
}

void tlb_flush_page(CPUState *cpu, uint64_t gva)
{
    uint64_t page = gva & PAGE_MASK_;
    unsigned lg_max = PAGE_BITS;

    if (tcg_config.user) {
        return;
    }
    tcg_count(cpu, TLB_FLUSH_PAGE);
    tlb_lock(cpu->tlb);
    for (unsigned idx = 0; idx < cpu->ops->n_mmu_modes; idx++) {
        TlbFast *f = &cpu->tlb_fast[idx];
        TlbMode *m = &cpu->tlb->mode[idx];
        TlbEntry *e = &f->table[tlb_index(f, page)];
        unsigned lg = largest_page_bits(m, page);

        if (tlb_entry_is(e, page)) {
            tlb_entry_clear(e);
        }
        if (lg == HUGE_BITS) {
            tlb_flush_huge(f, m, page);
        } else if (lg == LARGE_BITS) {
            tlb_flush_large(f, m, page);
        }
        tlb_flush_victims(m, page);
        lg_max = MAX(lg_max, lg);
    }
    tlb_unlock(cpu->tlb);
    tb_jump_cache_flush_page(cpu, page, lg_max);
}

void tlb_flush_all_cpus(void)
{
    CPUState *cpu;

    cpu_list_lock();
    CPU_FOREACH(cpu) {
        if (cpu != current_cpu && cpu->tlb) {
            __atomic_store_n(&cpu->tlb->flush_pending, 1, __ATOMIC_SEQ_CST);
            cpu_exit(cpu);
        }
    }
    cpu_list_unlock();
    if (current_cpu && current_cpu->tlb) {
        tlb_flush(current_cpu);
    }
}

void tlb_flush_if_pending(CPUState *cpu)
{
    if (__atomic_load_n(&cpu->tlb->flush_pending, __ATOMIC_ACQUIRE)) {
        __atomic_store_n(&cpu->tlb->flush_pending, 0, __ATOMIC_SEQ_CST);
        tlb_flush(cpu);
    }
}

/* ---- code pages ---- */

static bool protect_entry(TlbEntry *e, const TlbFullEntry *full, uint64_t ram_page)
{
    uint64_t w = e->addr_write;

    if (full->ram_addr != ram_page || w & TLB_FLAGS) {
        return false;
    }
    __atomic_store_n(&e->addr_write, w | TLB_NOTDIRTY, __ATOMIC_SEQ_CST);
    return true;
}

bool tlb_protect_page(CPUState *cpu, uint64_t ram_page)
{
    bool any = false;

    if (!cpu->tlb) {
        return false;
    }
    tlb_lock(cpu->tlb);
    for (unsigned idx = 0; idx < cpu->ops->n_mmu_modes; idx++) {
        TlbFast *f = &cpu->tlb_fast[idx];
        TlbMode *m = &cpu->tlb->mode[idx];
        SlotIter it = { 0 };
        size_t i;

        while (tlb_next_slot(f, m, &it, &i)) {
            if (!tlb_entry_empty(&f->table[i])) {
                any |= protect_entry(&f->table[i], &m->full[i], ram_page);
            }
        }
        for (unsigned v = 0; v < TLB_VICTIM_ENTRIES; v++) {
            if (!tlb_entry_empty(&m->victim[v])) {
                any |= protect_entry(&m->victim[v], &m->victim_full[v], ram_page);
            }
        }
    }
    tlb_unlock(cpu->tlb);
    return any;
}

/* Nothing is translated from the page of @gva any more: writes go straight again. */
void tlb_set_dirty(CPUState *cpu, uint64_t gva)
{
    uint64_t page = gva & PAGE_MASK_;

    tlb_lock(cpu->tlb);
    for (unsigned idx = 0; idx < cpu->ops->n_mmu_modes; idx++) {
        TlbFast *f = &cpu->tlb_fast[idx];
        size_t i = tlb_index(f, page);
        TlbEntry *e = &f->table[i];
        if (e->addr_write == (page | TLB_NOTDIRTY) &&
            !page_has_code(cpu->tlb->mode[idx].full[i].ram_addr)) {
            e->addr_write = page;
        }
    }
    tlb_unlock(cpu->tlb);
}

/* ---- filling ---- */

uint8_t *cpu_ram_at(CPUState *cpu, uint64_t gpa, uint64_t *ram_addr, uint64_t *len_bytes)
{
    CPUTlb *t = cpu->tlb;
    unsigned gen = __atomic_load_n(&memory_generation, __ATOMIC_ACQUIRE);

    if (gpa < t->ram_first || gpa > t->ram_last || gen != t->ram_generation) {
        MemorySection s = address_space_lookup(cpu->as, gpa);
        if (!s.mr || !s.mr->ram || s.readonly) {
            return NULL;
        }
        t->ram_first = gpa;
        t->ram_last = gpa + (s.len_bytes - 1);
        t->ram_hva = s.mr->ram->host + s.offset;
        t->ram_addr = s.mr->ram->ram_addr + s.offset;
        t->ram_generation = gen;
    }
    if (ram_addr) {
        *ram_addr = t->ram_addr + (gpa - t->ram_first);
    }
    if (len_bytes) {
        *len_bytes = t->ram_last - gpa + 1;
    }
    return t->ram_hva + (gpa - t->ram_first);
}

/* Finds out what is at a physical page. Returns the flags of its comparators; *hva: RAM or ROM. */
static uint64_t describe_page(CPUState *cpu, uint64_t gpa, TlbFullEntry *full, uint8_t **hva)
{
    uint64_t len = 0;
    MemorySection s;

    *full = (TlbFullEntry){ .phys_page = gpa, .ram_addr = NO_PAGE };
    *hva = cpu_ram_at(cpu, gpa, &full->ram_addr, &len);
    if (*hva && len >= PAGE_SIZE_) {
        return 0;
    }
    full->ram_addr = NO_PAGE;
    *hva = NULL;
    s = address_space_lookup(cpu->as, gpa);
    if (!s.mr || s.len_bytes < PAGE_SIZE_) {
        return TLB_MMIO;        /* nothing, or several things: by address_space_ld() */
    }
    full->readonly = s.readonly;
    if (s.mr->ram) {
        *hva = s.mr->ram->host + s.offset;
        full->ram_addr = s.mr->ram->ram_addr + s.offset;
        if (s.readonly && s.mr->ops) {
            full->io = s.mr;
            full->io_ofs = s.offset;
        }
        return 0;
    }
    full->io = s.mr;
    full->io_ofs = s.offset;
    return TLB_MMIO;
}

/* With the lock: makes room in slot @e; the old entry lives on among the victims. */
static void evict(TlbMode *m, TlbEntry *e, const TlbFullEntry *full, uint64_t page)
{
    for (unsigned v = 0; v < TLB_VICTIM_ENTRIES; v++) {
        if (tlb_entry_is(&m->victim[v], page)) {
            tlb_entry_clear(&m->victim[v]);
        }
    }
    if (!tlb_entry_empty(e) && !tlb_entry_is(e, page)) {
        unsigned v = m->victim_next++ % TLB_VICTIM_ENTRIES;
        m->victim[v] = *e;
        m->victim_full[v] = *full;
    }
}

static void note_large(TlbMode *m, uint64_t page, const TlbFullEntry *full)
{
    if (full->lg_page_size > LARGE_BITS) {
        m->huge[full->global] |= huge_bit(page);
    } else if (full->lg_page_size > PAGE_BITS) {
        large_set_add(m->large[full->global], page);
    }
}

void tlb_set_page(CPUState *cpu, uint64_t gva, uint64_t gpa, int prot, int mmu_idx,
                  uint64_t page_size)
{
    CPUTlb *t = cpu->tlb;
    TlbFast *f = &cpu->tlb_fast[mmu_idx];
    TlbMode *m = &t->mode[mmu_idx];
    uint64_t page = gva & PAGE_MASK_, flags, wflags;
    TlbFullEntry full;
    TlbEntry e;
    uint8_t *hva;
    size_t i;

    flags = describe_page(cpu, gpa & PAGE_MASK_, &full, &hva);
    full.lg_page_size = (uint8_t)__builtin_ctzll(page_size);
    full.global = prot & PROT_G;
    wflags = flags | (full.readonly ? TLB_MMIO : 0);

    tlb_lock(t);
    if (hva && !full.readonly && page_has_code(full.ram_addr)) {
        wflags |= TLB_NOTDIRTY;     /* pairs with tb_page_protect() */
    }
    e.addr_read = prot & PROT_R ? page | flags : UINT64_MAX;
    e.addr_write = prot & PROT_W ? page | wflags : UINT64_MAX;
    e.addr_code = prot & PROT_X ? page | flags : UINT64_MAX;
    e.addend = hva ? (uintptr_t)hva - page : 0;
    i = tlb_index(f, page);
    evict(m, &f->table[i], &m->full[i], page);
    tlb_put(f, m, i, &e, &full);
    note_large(m, page, &full);
    if (++m->n_fills > 2 * tlb_size(f) && tlb_size(f) < TLB_MAX_ENTRIES) {
        m->n_fills = (uint32_t)tlb_size(f);
        tlb_grow(f, m);
    }
    tlb_unlock(t);
}

/* ---- looking up ---- */

static uint64_t comparator(const TlbEntry *e, MMUAccess access)
{
    return access == MMU_READ ? e->addr_read : access == MMU_WRITE ? e->addr_write : e->addr_code;
}

static bool tlb_hit(const TlbEntry *e, MMUAccess access, uint64_t page)
{
    return (comparator(e, access) & (PAGE_MASK_ | TLB_INVALID)) == page;
}

/* Swaps a matching victim into its slot. */
static bool victim_hit(CPUState *cpu, TlbFast *f, TlbMode *m, MMUAccess access, uint64_t page)
{
    for (unsigned v = 0; v < TLB_VICTIM_ENTRIES; v++) {
        if (tlb_hit(&m->victim[v], access, page)) {
            size_t i = tlb_index(f, page);
            TlbEntry e = m->victim[v];
            TlbFullEntry full = m->victim_full[v];

            tlb_lock(cpu->tlb);
            e = m->victim[v];       /* its flags may have changed */
            m->victim[v] = f->table[i];
            m->victim_full[v] = m->full[i];
            tlb_put(f, m, i, &e, &full);
            tlb_unlock(cpu->tlb);
            tcg_count(cpu, TLB_VICTIM);
            return true;
        }
    }
    return false;
}

TlbEntry *tlb_access(CPUState *cpu, uint64_t gva, unsigned size, MMUAccess access, int mmu_idx,
                     bool nofault, uintptr_t ra)
{
    TlbFast *f = &cpu->tlb_fast[mmu_idx];
    uint64_t page = gva & PAGE_MASK_;
    TlbEntry *e = &f->table[tlb_index(f, page)];

    if (G_LIKELY(tlb_hit(e, access, page))) {
        return e;
    }
    if (!victim_hit(cpu, f, &cpu->tlb->mode[mmu_idx], access, page)) {
        tcg_count(cpu, TLB_FILL);
        if (!cpu->ops->tlb_fill(cpu, gva, size, access, mmu_idx, nofault, ra)) {
            assert(nofault);
            return NULL;
        }
    }
    e = &f->table[tlb_index(f, page)];
    if (!tlb_hit(e, access, page)) {        /* the architecture said yes and set something else */
        log_if(LOG_MMU, "no TLB entry after fill of 0x%" PRIx64 "\n", gva);
        assert(nofault);
        return NULL;
    }
    return e;
}

uint64_t cpu_code_page(CPUState *cpu, uint64_t gva, const uint8_t **hva, bool nofault, bool *ok)
{
    int mmu_idx;
    TlbEntry *e;

    *ok = true;
    if (tcg_config.user) {
        user_code_check(cpu, gva);
        if (hva) {
            *hva = user_hva(gva & PAGE_MASK_);
        }
        return gva & PAGE_MASK_;
    }
    mmu_idx = cpu->ops->mmu_index(cpu, true);
    e = tlb_access(cpu, gva, 1, MMU_FETCH, mmu_idx, nofault, 0);
    if (!e || e->addr_code & TLB_MMIO) {
        *ok = e != NULL;
        return NO_PAGE;
    }
    if (hva) {
        *hva = (const uint8_t *)((gva & PAGE_MASK_) + e->addend);
    }
    cpu->tlb->code_global = tlb_full(cpu, mmu_idx, e)->global;
    return tlb_full(cpu, mmu_idx, e)->ram_addr;
}

/* ---- life ---- */

static void cpu_free_tlb(CPUState *cpu)
{
    CPUTlb *t = cpu->tlb;

    tb_region_release(t->region);
    for (unsigned i = 0; i < cpu->ops->n_mmu_modes; i++) {
        tlb_tables_free(&cpu->tlb_fast[i], &t->mode[i]);
    }
    if (t->ir) {
        ir_block_free(t->ir);
    }
    g_free(cpu->jump_cache);
    g_free(t);
    cpu->tlb = NULL;
    cpu->jump_cache = NULL;
}

void cpu_init_tlb(CPUState *cpu)
{
    CPUTlb *t;

    if (cpu->tlb) {
        return;
    }
    assert(cpu->ops && cpu->ops->n_mmu_modes <= CPU_MMU_MODES_MAX);
    t = g_new0(CPUTlb, 1);
    for (unsigned i = 0; i < cpu->ops->n_mmu_modes; i++) {
        tlb_tables_new(&cpu->tlb_fast[i], &t->mode[i], TLB_MIN_ENTRIES);
        memset(t->mode[i].victim, 0xff, sizeof(t->mode[i].victim));
    }
    t->ram_first = 1;           /* first > last: nothing */
    cpu->jump_cache = g_malloc(sizeof(JumpCacheEntry) << JUMP_CACHE_BITS);
    cpu->exception_index = EXCP_NONE;
    cpu->free_accel = cpu_free_tlb;
    cpu->tlb = t;
    tb_jump_cache_reset(cpu);
}
