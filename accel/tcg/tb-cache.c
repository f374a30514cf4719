/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where translated blocks live and how they are found, linked and forgotten.
 *
 *   code regions   one big mapping cut into arenas; a vCPU fills one at a time without a lock
 *   hash           (page, pc, flags) -> block; readers take no lock
 *   page lists     guest page -> blocks, to forget them when the guest writes there
 *   chains         direct jumps patched into each other, known in both directions
 *   cells          (pc, flags) -> code address, for jumps that go through memory; user programs
 *
 * A block is forgotten under tbc.mutex: marked dead, taken out of all of these and of each vCPU's
 * jump cache. A vCPU may finish running it; a vCPU that is just putting it into its jump cache
 * looks at `dead` afterwards (tb_jump_cache_put), so one of the two cleans up.
 *
 * Before code is read from a page, writes to it are made visible (tb_page_protect). A vCPU may be
 * between its TLB compare and its store then; it is asked to leave its block and waited for, but
 * not for ever: it may itself wait for us, in a device or another such place, or have lost its
 * host CPU.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "tcg-internal.h"
#include "util/log.h"

#define HASH_BITS 16
#define LEAF_BITS 14                    /* pages of a leaf of the page table: 64 MiB */
#define ROOT_BITS 21                    /* leaves: 2^47 bytes in all */
#define MIN_BYTES_PER_TB 128            /* of host code: bounds a region's TB structs */

typedef PageDesc PageLeaf[1u << LEAF_BITS];

static struct {
    GMutex mutex;
    uint8_t *rx, *rw;
    size_t region_bytes;
    unsigned n_regions;
    unsigned next_region;               /* mutex */
    CodeRegion *regions;
    GPtrArray *spare;                   /* regions given back with room in them; mutex */
    TB **hash;                          /* atomic heads; mutex to change */
    PageLeaf **root;                    /* atomic */
    GHashTable *cells;                  /* TbCell; NULL: none yet; mutex */
    uint64_t n_flushes, n_dead, n_live; /* mutex */
    bool user;
    bool flush_requested;               /* mutex */
} tbc;

/* ---- code regions ---- */

static void *map_anon(size_t bytes, int prot)
{
    void *p = mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

/* One memfd seen twice, so that no page is ever writable and executable at one address. */
static bool map_twice(size_t bytes)
{
    int fd = memfd_create("tcg-code", MFD_CLOEXEC);

    if (fd < 0) {
        return false;
    }
    if (ftruncate(fd, (off_t)bytes) < 0) {
        close(fd);
        return false;
    }
    tbc.rw = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    tbc.rx = mmap(NULL, bytes, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_NORESERVE, fd, 0);
    close(fd);
    return tbc.rw != MAP_FAILED && tbc.rx != MAP_FAILED;
}

static bool map_code(size_t bytes, bool user, Error **errp)
{
    bool interp = tcg_backend() == TCG_BACKEND_INTERP;

    if (!user && !interp && map_twice(bytes)) {
        return true;
    }
    /* user programs: private, because fork() must not share it */
    tbc.rx = tbc.rw = map_anon(bytes, PROT_READ | PROT_WRITE | (interp ? 0 : PROT_EXEC));
    if (!tbc.rx) {
        error_setg_errno(errp, errno, "cannot map %zu MiB for translated code", bytes >> 20);
        return false;
    }
    return true;
}

bool tb_cache_init(uint64_t total_bytes, bool user, Error **errp)
{
    size_t want = total_bytes / 64;

    tbc.user = user;
    tbc.region_bytes = MIN(MAX(want, (size_t)1 << 20), (size_t)8 << 20) & ~(size_t)4095;
    tbc.n_regions = (unsigned)MAX(total_bytes / tbc.region_bytes, 1);
    if (!map_code(tbc.region_bytes * tbc.n_regions, user, errp)) {
        return false;
    }
    tbc.regions = g_new0(CodeRegion, tbc.n_regions);
    tbc.spare = g_ptr_array_new();
    tbc.hash = map_anon(sizeof(TB *) << HASH_BITS, PROT_READ | PROT_WRITE);
    tbc.root = g_malloc0(sizeof(PageLeaf *) << ROOT_BITS);
    if (!tbc.hash) {
        error_setg_errno(errp, errno, "cannot map tables for translated code");
        return false;
    }
    return true;
}

/* With tbc.mutex. */
static CodeRegion *region_open(unsigned i)
{
    CodeRegion *r = &tbc.regions[i];

    if (!r->tbs) {
        r->max_tbs = (unsigned)(tbc.region_bytes / MIN_BYTES_PER_TB);
        r->tbs = map_anon(r->max_tbs * sizeof(TB), PROT_READ | PROT_WRITE);
        if (!r->tbs) {
            return NULL;
        }
        madvise(r->tbs, r->max_tbs * sizeof(TB), MADV_HUGEPAGE);
        r->rx = tbc.rx + i * tbc.region_bytes;
        r->rw = tbc.rw + i * tbc.region_bytes;
    }
    r->used = 0;
    __atomic_store_n(&r->n_tbs, 0, __ATOMIC_RELEASE);
    return r;
}

size_t tb_region_bytes(void)
{
    return tbc.region_bytes;
}

/* Has the host make pages for the next blocks all at once: much cheaper than one by one. */
void tb_region_touch(CodeRegion *r)
{
    const size_t step = 256 << 10;
    size_t len = MIN(step, tbc.region_bytes - r->touched);

    if (r->touched - r->used < step / 4 && len) {
#ifdef MADV_POPULATE_WRITE
        madvise(r->rw + r->touched, len, MADV_POPULATE_WRITE);
        if (r->rx != r->rw) {
            madvise((void *)(r->rx + r->touched), len, MADV_POPULATE_READ);
        }
#endif
        r->touched += len;
    }
}

CodeRegion *tb_region_next(CodeRegion *old)
{
    CodeRegion *r = NULL;

    g_mutex_lock(&tbc.mutex);
    if (tbc.spare->len && tbc.spare->pdata[tbc.spare->len - 1] != old) {
        r = g_ptr_array_steal_index(tbc.spare, tbc.spare->len - 1);
    } else if (tbc.next_region < tbc.n_regions) {
        r = region_open(tbc.next_region++);
    }
    g_mutex_unlock(&tbc.mutex);
    return r;
}

void tb_region_release(CodeRegion *r)
{
    if (r) {
        g_mutex_lock(&tbc.mutex);
        if (r->used + 65536 < tbc.region_bytes) {
            g_ptr_array_add(tbc.spare, r);
        }
        g_mutex_unlock(&tbc.mutex);
    }
}

TB *tb_by_host(uintptr_t host_pc)
{
    uintptr_t ofs = host_pc - (uintptr_t)tbc.rx;
    unsigned lo = 0, hi;
    CodeRegion *r;
    TB *tb;

    if (!tbc.rx || ofs >= tbc.region_bytes * tbc.n_regions) {
        return NULL;
    }
    r = &tbc.regions[ofs / tbc.region_bytes];
    hi = __atomic_load_n(&r->n_tbs, __ATOMIC_ACQUIRE);
    while (lo < hi) {           /* the last block that does not start behind host_pc */
        unsigned mid = (lo + hi) / 2;
        if ((uintptr_t)r->tbs[mid].code.entry <= host_pc) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    if (lo == 0) {
        return NULL;
    }
    tb = &r->tbs[lo - 1];
    return host_pc - (uintptr_t)tb->code.entry < tb->code.size_bytes ? tb : NULL;
}

/* ---- pages ---- */

PageDesc *page_desc(uint64_t page, bool make)
{
    uint64_t pfn = page >> PAGE_BITS, i = pfn >> LEAF_BITS;
    PageLeaf *leaf, *fresh, *expected = NULL;

    if (i >> ROOT_BITS) {
        return NULL;
    }
    leaf = __atomic_load_n(&tbc.root[i], __ATOMIC_ACQUIRE);
    if (!leaf && make) {
        fresh = g_malloc0(sizeof(PageLeaf));    /* large: the host gives zero pages lazily */
        if (__atomic_compare_exchange_n(&tbc.root[i], &expected, fresh, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE)) {
            leaf = fresh;
        } else {
            g_free(fresh);
            leaf = expected;
        }
    }
    return leaf ? &(*leaf)[pfn & ((1u << LEAF_BITS) - 1)] : NULL;
}

/* Bytes of page @i of the block that it covers: [first, last + 1). */
static void tb_extent(const TB *tb, unsigned i, unsigned *first, unsigned *end)
{
    unsigned start = tb->pc & ~PAGE_MASK_;

    if (tb->scattered) {
        *first = 0;
        *end = (unsigned)PAGE_SIZE_;
        return;
    }
    *first = i ? 0 : start;
    *end = i ? start + tb->size_bytes - (unsigned)PAGE_SIZE_
             : MIN(start + tb->size_bytes, (unsigned)PAGE_SIZE_);
}

static void bitmap_set(uint64_t *map, unsigned first, unsigned end)
{
    for (unsigned b = first; b < end; b++) {
        map[b / 64] |= (uint64_t)1 << (b % 64);
    }
}

static bool bitmap_any(const uint64_t *map, unsigned first, unsigned end)
{
    for (unsigned b = first; b < end; b++) {
        if (map[b / 64] >> (b % 64) & 1) {
            return true;
        }
    }
    return false;
}

static void page_bitmap_make(PageDesc *pd)
{
    unsigned first, end;

    pd->bitmap = g_new0(uint64_t, PAGE_SIZE_ / 64);
    for (uintptr_t l = pd->first; l; l = TB_OF(l)->page_next[TB_SLOT(l)]) {
        tb_extent(TB_OF(l), TB_SLOT(l), &first, &end);
        bitmap_set(pd->bitmap, first, end);
    }
}

static void page_bitmap_drop(PageDesc *pd)
{
    g_free(pd->bitmap);
    pd->bitmap = NULL;
    pd->n_writes = 0;
}

static void page_add_tb(PageDesc *pd, TB *tb, unsigned i)
{
    unsigned first, end;

    tb->page_next[i] = pd->first;
    pd->first = TB_LINK(tb, i);
    if (pd->bitmap) {
        tb_extent(tb, i, &first, &end);
        bitmap_set(pd->bitmap, first, end);
    }
}

static void page_del_tb(PageDesc *pd, TB *tb, unsigned i)
{
    for (uintptr_t *l = &pd->first; *l; l = &TB_OF(*l)->page_next[TB_SLOT(*l)]) {
        if (*l == TB_LINK(tb, i)) {
            *l = tb->page_next[i];
            break;
        }
    }
}

#define MAX_WRITERS 16
#define WRITER_WAIT_SPINS 4000

/* vCPUs whose store to a page may be under way, and how often they had left generated code. */
typedef struct Writers {
    unsigned n;
    struct { CPUTlb *tlb; CPUState *cpu; uint32_t n_returns; } w[MAX_WRITERS];
} Writers;

static void writers_note(Writers *ws, CPUState *cpu)
{
    if (ws->n < MAX_WRITERS && __atomic_load_n(&cpu->in_code, __ATOMIC_SEQ_CST)) {
        ws->w[ws->n].cpu = cpu;
        ws->w[ws->n].tlb = cpu->tlb;
        ws->w[ws->n++].n_returns = __atomic_load_n(&cpu->tlb->n_returns, __ATOMIC_SEQ_CST);
        cpu_exit(cpu);
    }
}

static void writers_wait(const Writers *ws)
{
    for (unsigned i = 0; i < ws->n; i++) {
        for (unsigned k = 0; k < WRITER_WAIT_SPINS; k++) {
            if (__atomic_load_n(&ws->w[i].tlb->n_returns, __ATOMIC_SEQ_CST) != ws->w[i].n_returns ||
                !__atomic_load_n(&ws->w[i].cpu->in_code, __ATOMIC_SEQ_CST)) {
                break;
            }
            __builtin_ia32_pause();
        }
    }
}

/*
 * From here on writes to the page are told to tb_written(). Before reading code from it.
 * Pairs with tlb_set_page(), which looks at `code` with the TLB's lock held.
 */
uint32_t tb_page_protect(CPUState *cpu, uint64_t page)
{
    PageDesc *pd = page_desc(page, true);
    Writers writers = { 0 };
    CPUState *other;

    if (!pd) {
        return 0;
    }
    if (!__atomic_load_n(&pd->code, __ATOMIC_SEQ_CST)) {
        g_mutex_lock(&tbc.mutex);
        __atomic_store_n(&pd->code, true, __ATOMIC_SEQ_CST);
        if (tbc.user) {
            user_page_protect(page);
        } else {
            cpu_list_lock();
            CPU_FOREACH(other) {
                if (tlb_protect_page(other, page) && other != cpu) {
                    writers_note(&writers, other);
                }
            }
            cpu_list_unlock();
        }
        g_mutex_unlock(&tbc.mutex);
        writers_wait(&writers);
    }
    return __atomic_load_n(&pd->gen, __ATOMIC_ACQUIRE);
}

/* ---- chains ---- */

void tb_chain(TB *from, unsigned slot, TB *to)
{
    g_mutex_lock(&tbc.mutex);
    if (!from->dead && !to->dead && !from->out[slot] && from->code.jump_patch[slot] >= 0) {
        from->out[slot] = to;
        from->in_next[slot] = to->in_first;
        to->in_first = TB_LINK(from, slot);
        tcg_chain(&from->code, from->rw_entry, slot, to->code.entry);
    }
    g_mutex_unlock(&tbc.mutex);
}

static void unchain_incoming(TB *tb)
{
    uintptr_t next;

    for (uintptr_t l = tb->in_first; l; l = next) {
        TB *from = TB_OF(l);
        unsigned slot = TB_SLOT(l);

        next = from->in_next[slot];
        tcg_chain(&from->code, from->rw_entry, slot, NULL);
        from->out[slot] = NULL;
        from->in_next[slot] = 0;
    }
    tb->in_first = 0;
}

static void unchain_outgoing(TB *tb, unsigned slot)
{
    TB *to = tb->out[slot];

    for (uintptr_t *l = to ? &to->in_first : NULL; l && *l; l = &TB_OF(*l)->in_next[TB_SLOT(*l)]) {
        if (*l == TB_LINK(tb, slot)) {
            *l = tb->in_next[slot];
            break;
        }
    }
    if (to) {
        tcg_chain(&tb->code, tb->rw_entry, slot, NULL);
        tb->out[slot] = NULL;
    }
}

/* ---- jump caches ---- */

/* Empties all slots and forgets which blocks were in them. */
void tb_jump_cache_reset(CPUState *cpu)
{
    CPUTlb *t = cpu->tlb;

    for (unsigned i = 0; i < 1u << JUMP_CACHE_BITS; i++) {
        cpu->jump_cache[i] = (JumpCacheEntry){ .pc = UINT64_MAX, .flags = UINT64_MAX };
    }
    t->n_jc_used[0] = t->n_jc_used[1] = 0;
    memset(t->jc_listed, 0, sizeof(t->jc_listed));
    memset(t->jc_pages, 0, sizeof(t->jc_pages));
    memset(t->jc_large, 0, sizeof(t->jc_large));
}

static unsigned jc_page_bit(uint64_t gva)
{
    uint64_t pfn = gva >> PAGE_BITS;
    return (unsigned)(pfn ^ (pfn >> 13) ^ (pfn >> 26)) & 8191;
}

/* No jump hits the slot any more. The block stays known: tb_find() looks whether it is right. */
static void jc_clear(JumpCacheEntry *e)
{
    __atomic_store_n(&e->flags, UINT64_MAX, __ATOMIC_SEQ_CST);
}

/* @global: tlb_flush_nonglobal() does not change what is at its pc */
void tb_jump_cache_put(CPUState *cpu, TB *tb, bool global)
{
    CPUTlb *t = cpu->tlb;
    uint32_t i = tb_jump_hash(tb->pc);
    JumpCacheEntry *e = &cpu->jump_cache[i];

    if (tcg_backend() == TCG_BACKEND_INTERP) {
        return;                 /* blocks are told apart by the run loop only */
    }
    if (!(t->jc_listed[i] >> global & 1)) {
        t->jc_listed[i] |= (uint8_t)(1 << global);
        t->jc_used[global][t->n_jc_used[global]++] = (uint16_t)i;
    }
    t->jc_pages[global][jc_page_bit(tb->pc) / 64] |= (uint64_t)1 << (jc_page_bit(tb->pc) % 64);
    large_set_add(t->jc_large[global], tb->pc);
    __atomic_store_n(&e->flags, UINT64_MAX, __ATOMIC_RELEASE);
    e->pc = tb->pc;
    e->code = tb->code.entry;
    __atomic_store_n(&e->tb, tb, __ATOMIC_RELEASE);
    __atomic_store_n(&e->flags, tb->flags, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&tb->dead, __ATOMIC_SEQ_CST)) {     /* pairs with tb_kill() */
        jc_clear(e);
    }
}

void tb_jump_cache_flush(CPUState *cpu, bool global_too)
{
    CPUTlb *t = cpu->tlb;

    for (unsigned k = 0; k <= global_too; k++) {
        for (unsigned i = 0; i < t->n_jc_used[k]; i++) {
            cpu->jump_cache[t->jc_used[k][i]].flags = UINT64_MAX;
            t->jc_listed[t->jc_used[k][i]] &= (uint8_t)~(1 << k);
        }
        t->n_jc_used[k] = 0;
        memset(t->jc_pages[k], 0, sizeof(t->jc_pages[k]));
        memset(t->jc_large[k], 0, sizeof(t->jc_large[k]));
    }
}

static bool jc_has_page(const CPUTlb *t, unsigned k, uint64_t gva)
{
    unsigned b = jc_page_bit(gva);
    return t->jc_pages[k][b / 64] >> (b % 64) & 1;
}

static bool jc_may_have(const CPUTlb *t, unsigned k, uint64_t gva, unsigned lg_bytes)
{
    return lg_bytes == PAGE_BITS ? jc_has_page(t, k, gva) || jc_has_page(t, k, gva - PAGE_SIZE_)
         : lg_bytes > LARGE_BITS || large_set_has(t->jc_large[k], gva) ||
           large_set_has(t->jc_large[k], (gva >> LARGE_BITS << LARGE_BITS) - PAGE_SIZE_);
}

/* Blocks that begin on the page of 1 << @lg_bytes, or right before it and reach into it. */
void tb_jump_cache_flush_page(CPUState *cpu, uint64_t gva, unsigned lg_bytes)
{
    CPUTlb *t = cpu->tlb;

    for (unsigned k = 0; k < 2; k++) {
        bool may_have = jc_may_have(t, k, gva, lg_bytes);

        for (unsigned i = 0; may_have && i < t->n_jc_used[k]; i++) {
            JumpCacheEntry *e = &cpu->jump_cache[t->jc_used[k][i]];
            if (!((e->pc ^ gva) >> lg_bytes) || !(((e->pc + PAGE_SIZE_) ^ gva) >> lg_bytes)) {
                e->flags = UINT64_MAX;
            }
        }
    }
}

/* ---- the hash ---- */

static TB **hash_head(uint64_t page, uint64_t pc, uint64_t flags)
{
    uint64_t h = (page >> PAGE_BITS) * 0x9e3779b97f4a7c15u ^ pc * 0xff51afd7ed558ccdu ^
                 flags * 0xc4ceb9fe1a85ec53u;

    return &tbc.hash[(h ^ h >> 32) >> 7 & ((1u << HASH_BITS) - 1)];
}

/* The second page of a block must still be where it was. */
static bool second_page_same(CPUState *cpu, const TB *tb)
{
    bool ok = true;

    if (tb->page[1] == NO_PAGE) {
        return true;
    }
    if (tbc.user) {
        return true;
    }
    return cpu_code_page(cpu, (tb->pc & PAGE_MASK_) + PAGE_SIZE_, NULL, true, &ok) == tb->page[1] &&
           ok;
}

bool tb_matches(CPUState *cpu, const TB *tb, uint64_t page, uint64_t pc, uint64_t flags)
{
    return tb->pc == pc && tb->flags == flags && tb->page[0] == page &&
           !__atomic_load_n(&tb->dead, __ATOMIC_RELAXED) && second_page_same(cpu, tb);
}

TB *tb_lookup_hash(CPUState *cpu, uint64_t page, uint64_t pc, uint64_t flags)
{
    TB *tb = __atomic_load_n(hash_head(page, pc, flags), __ATOMIC_ACQUIRE);

    for (; tb; tb = __atomic_load_n(&tb->hash_next, __ATOMIC_ACQUIRE)) {
        if (tb_matches(cpu, tb, page, pc, flags)) {
            return tb;
        }
    }
    return NULL;
}

/* With tbc.mutex: another vCPU was faster. */
static TB *hash_find_same(const TB *like)
{
    TB *tb = *hash_head(like->page[0], like->pc, like->flags);

    while (tb && !(tb->pc == like->pc && tb->flags == like->flags && tb->page[0] == like->page[0] &&
                   tb->page[1] == like->page[1])) {
        tb = tb->hash_next;
    }
    return tb;
}

/* ---- cells ---- */

static unsigned cell_hash(const void *key)
{
    const TbCell *c = key;
    uint64_t h = c->pc * 0xff51afd7ed558ccdu ^ c->flags * 0xc4ceb9fe1a85ec53u;

    return (unsigned)(h ^ h >> 32);
}

static int cell_equal(const void *a, const void *b)
{
    const TbCell *x = a, *y = b;

    return x->pc == y->pc && x->flags == y->flags;
}

/* With tbc.mutex: @code is where blocks for the pc and flags of @tb begin, NULL: nowhere. */
static void cell_update(const TB *tb, const void *code)
{
    const TbCell key = { .pc = tb->pc, .flags = tb->flags };
    TbCell *c = tbc.cells ? g_hash_table_lookup(tbc.cells, &key) : NULL;

    if (code && (tcg_backend() == TCG_BACKEND_INTERP || log_on(LOG_EXEC | LOG_CPU | LOG_NOCHAIN))) {
        return;
    }
    if (c) {
        __atomic_store_n(&c->code, code, __ATOMIC_RELEASE);
    }
}

static void cell_clear(gpointer key, gpointer value, gpointer opaque)
{
    __atomic_store_n(&((TbCell *)key)->code, NULL, __ATOMIC_RELEASE);
}

const TbCell *tb_cell(uint64_t pc, uint64_t flags)
{
    const TbCell key = { .pc = pc, .flags = flags };
    TbCell *c;

    assert(tbc.user);
    g_mutex_lock(&tbc.mutex);
    if (!tbc.cells) {
        tbc.cells = g_hash_table_new(cell_hash, cell_equal);
    }
    c = g_hash_table_lookup(tbc.cells, &key);
    if (!c) {
        const TB *tb = *hash_head(pc & PAGE_MASK_, pc, flags);

        c = g_memdup2(&key, sizeof(key));
        g_hash_table_add(tbc.cells, c);
        while (tb && (tb->pc != pc || tb->flags != flags)) {
            tb = tb->hash_next;
        }
        if (tb) {
            cell_update(tb, tb->code.entry);
        }
    }
    g_mutex_unlock(&tbc.mutex);
    return c;
}

/* ---- insertion ---- */

/**
 * tb_insert - make a fresh block known to all
 * @gen_count: what tb_page_protect() gave for its pages before they were read
 *
 * Returns the block to use: @tb, or an equal one that another vCPU made meanwhile. NULL if the
 * guest wrote to the pages since: translate again.
 */
TB *tb_insert(CPUState *cpu, TB *tb, const uint32_t gen_count[2])
{
    PageDesc *pd[2] = { page_desc(tb->page[0], true), NULL };
    TB *same = NULL, **head;
    bool stale;

    if (tb->page[1] != NO_PAGE) {
        pd[1] = page_desc(tb->page[1], true);
    }
    g_mutex_lock(&tbc.mutex);
    stale = !pd[0]->code || pd[0]->gen != gen_count[0] ||
            (pd[1] && (!pd[1]->code || pd[1]->gen != gen_count[1]));
    if (!stale) {
        same = hash_find_same(tb);
    }
    if (!stale && !same) {
        for (unsigned i = 0; i < 2 && pd[i]; i++) {
            page_add_tb(pd[i], tb, i);
        }
        head = hash_head(tb->page[0], tb->pc, tb->flags);
        tb->hash_next = *head;
        __atomic_store_n(head, tb, __ATOMIC_RELEASE);
        cell_update(tb, tb->code.entry);
        tbc.n_live++;
        same = tb;
    }
    g_mutex_unlock(&tbc.mutex);
    return same;
}

/* ---- forgetting ---- */

static void hash_remove(TB *tb)
{
    TB **l = hash_head(tb->page[0], tb->pc, tb->flags);

    while (*l && *l != tb) {
        l = &(*l)->hash_next;
    }
    if (*l) {
        __atomic_store_n(l, tb->hash_next, __ATOMIC_RELEASE);
    }
}

/* With tbc.mutex. */
static void tb_kill(TB *tb)
{
    uint32_t i = tb_jump_hash(tb->pc);
    CPUState *cpu;

    __atomic_store_n(&tb->dead, true, __ATOMIC_SEQ_CST);
    hash_remove(tb);
    cell_update(tb, NULL);
    for (unsigned p = 0; p < 2 && tb->page[p] != NO_PAGE; p++) {
        page_del_tb(page_desc(tb->page[p], true), tb, p);
    }
    unchain_incoming(tb);
    unchain_outgoing(tb, 0);
    unchain_outgoing(tb, 1);
    cpu_list_lock();
    CPU_FOREACH(cpu) {
        JumpCacheEntry *e = cpu->jump_cache ? &cpu->jump_cache[i] : NULL;
        if (e && __atomic_load_n(&e->tb, __ATOMIC_SEQ_CST) == tb &&
            __atomic_load_n(&e->pc, __ATOMIC_RELAXED) == tb->pc) {
            jc_clear(e);
        }
        if (tb->loops && cpu != current_cpu) {
            cpu_exit(cpu);      /* it may be in there */
        }
    }
    cpu_list_unlock();
    tbc.n_dead++;
    tbc.n_live--;
}

/* With tbc.mutex: blocks of the page that overlap its bytes [first, end). */
static bool page_kill(PageDesc *pd, unsigned first, unsigned end, const TB *self)
{
    bool hit_self = false, hit = false;
    uintptr_t next;
    unsigned a, b;

    for (uintptr_t l = pd->first; l; l = next) {
        TB *tb = TB_OF(l);

        next = tb->page_next[TB_SLOT(l)];
        tb_extent(tb, TB_SLOT(l), &a, &b);
        if (a < end && first < b) {
            /* a block is on one page's list once, so next survives */
            hit_self |= tb == self;
            hit = true;
            tb_kill(tb);
        }
    }
    if (hit) {
        page_bitmap_drop(pd);
    } else if (!pd->bitmap && ++pd->n_writes >= 8) {
        page_bitmap_make(pd);
    }
    return hit_self;
}

static bool page_written(PageDesc *pd, uint64_t page, unsigned first, unsigned end, TB *self,
                         bool whole_page)
{
    bool hit_self = false;

    g_mutex_lock(&tbc.mutex);
    __atomic_store_n(&pd->gen, pd->gen + 1, __ATOMIC_RELEASE);
    if (whole_page || !pd->bitmap || bitmap_any(pd->bitmap, first, end)) {
        hit_self = page_kill(pd, whole_page ? 0 : first, whole_page ? (unsigned)PAGE_SIZE_ : end,
                             self);
    }
    if (!pd->first) {
        page_bitmap_drop(pd);
        if (tbc.user && pd->code) {
            user_page_unprotect(page);
        }
        __atomic_store_n(&pd->code, false, __ATOMIC_SEQ_CST);
    }
    g_mutex_unlock(&tbc.mutex);
    return hit_self;
}

bool tb_written(uint64_t ram_addr, uint64_t len_bytes, TB *self, bool whole_page)
{
    uint64_t at = ram_addr, end = ram_addr + len_bytes;
    const uint64_t leaf_bytes = (uint64_t)1 << (LEAF_BITS + PAGE_BITS);
    bool hit_self = false;

    while (at < end) {
        uint64_t page = at & PAGE_MASK_, stop = MIN(end, page + PAGE_SIZE_);
        PageDesc *pd = page_desc(page, false);

        if (!pd) {
            at = (at & ~(leaf_bytes - 1)) + leaf_bytes;
            if (at < leaf_bytes) {
                break;          /* the end of the address space */
            }
            continue;
        }
        if (__atomic_load_n(&pd->code, __ATOMIC_SEQ_CST)) {
            hit_self |= page_written(pd, page, (unsigned)(at - page), (unsigned)(stop - page), self,
                                     whole_page);
        }
        at = stop;
    }
    return hit_self;
}

void tb_invalidate_range(uint64_t ram_start, uint64_t len_bytes)
{
    if (tbc.root && len_bytes) {
        tb_written(ram_start, len_bytes, NULL, false);
    }
}

/* All vCPUs are outside. */
static void tb_flush_now(CPUState *self, void *opaque)
{
    CPUState *cpu;

    g_mutex_lock(&tbc.mutex);
    tbc.flush_requested = false;
    memset(tbc.hash, 0, sizeof(TB *) << HASH_BITS);
    for (uint64_t i = 0; i < (uint64_t)1 << ROOT_BITS; i++) {
        PageLeaf *leaf = tbc.root[i];
        for (unsigned k = 0; leaf && k < 1u << LEAF_BITS; k++) {
            PageDesc *pd = &(*leaf)[k];
            if (pd->code || pd->first) {
                pd->first = 0;      /* code stays set: the next write finds the list empty */
                pd->gen++;
                page_bitmap_drop(pd);
            }
        }
    }
    if (tbc.cells) {
        g_hash_table_foreach(tbc.cells, cell_clear, NULL);
    }
    cpu_list_lock();
    CPU_FOREACH(cpu) {
        if (cpu->tlb) {
            tb_jump_cache_reset(cpu);
            cpu->tlb->region = NULL;
        }
    }
    cpu_list_unlock();
    g_ptr_array_set_size(tbc.spare, 0);
    tbc.next_region = 0;
    tbc.n_live = 0;
    tbc.n_flushes++;
    g_mutex_unlock(&tbc.mutex);
}

void tb_request_flush(CPUState *cpu)
{
    bool first;

    g_mutex_lock(&tbc.mutex);
    first = !tbc.flush_requested;
    tbc.flush_requested = true;
    g_mutex_unlock(&tbc.mutex);
    if (first) {
        async_safe_run_on_cpu(cpu, tb_flush_now, NULL);
    }
}

void tb_flush_all(void)
{
    if (!tbc.root) {
        return;
    }
    if (current_cpu && !current_cpu->in_exclusive) {
        tb_request_flush(current_cpu);  /* we may be in a block */
    } else {
        start_exclusive();
        tb_flush_now(NULL, NULL);
        end_exclusive();
    }
}

/* ---- the monitor; fork ---- */

void tb_cache_print(FILE *f)
{
    size_t used = 0, guest_bytes = 0;
    uint64_t insns = 0, jumps = 0, slots = 0, two_pages = 0, n = 0;

    g_mutex_lock(&tbc.mutex);
    for (unsigned i = 0; i < tbc.next_region; i++) {
        const CodeRegion *r = &tbc.regions[i];
        used += r->used;
        for (unsigned k = 0; k < r->n_tbs; k++) {
            const TB *tb = &r->tbs[k];
            n++;
            guest_bytes += tb->size_bytes;
            insns += tb->n_insns;
            two_pages += tb->page[1] != NO_PAGE;
            for (unsigned s = 0; s < 2; s++) {
                slots += tb->code.jump_patch[s] >= 0;
                jumps += tb->out[s] != NULL;
            }
        }
    }
    fprintf(f, "Translation buffer state:\n");
    fprintf(f, "gen code size       %zu/%zu\n", used, tbc.region_bytes * tbc.n_regions);
    fprintf(f, "TB count            %" PRIu64 " (%" PRIu64 " live)\n", n, tbc.n_live);
    fprintf(f, "TB avg target size  %zu bytes, %.1f insns\n", n ? guest_bytes / n : 0,
            n ? (double)insns / (double)n : 0.0);
    fprintf(f, "TB avg host size    %zu bytes (expansion ratio: %0.1f)\n", n ? used / n : 0,
            guest_bytes ? (double)used / (double)guest_bytes : 0.0);
    fprintf(f, "cross page TB count %" PRIu64 "\n", two_pages);
    fprintf(f, "direct jump count   %" PRIu64 " of %" PRIu64 "\n", jumps, slots);
    fprintf(f, "\nStatistics:\n");
    fprintf(f, "TB flush count      %" PRIu64 "\n", tbc.n_flushes);
    fprintf(f, "TB invalidate count %" PRIu64 "\n", tbc.n_dead);
    g_mutex_unlock(&tbc.mutex);
}

void tb_cache_lock(void)
{
    g_mutex_lock(&tbc.mutex);
}

void tb_cache_unlock(void)
{
    g_mutex_unlock(&tbc.mutex);
}
