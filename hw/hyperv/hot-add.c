/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hot-add.h"
#include <assert.h>
#include "util/log.h"
#include "util/trace-hw_hyperv.h"

enum { PAGE_BYTES = 4096 };
#define PIECE_PAGES_MAX ((uint64_t)512 << 10)   /* 2 GiB: the guest answers when all of it is done */

typedef struct Slot {
    MemoryRegion alias;                 /* of a part of the backend, in the guest's memory */
    PageRange r;
} Slot;

struct HotAdd {
    MemoryRegion *space, backend;
    RAMBlock *ram;
    uint64_t start_pfn, end_pfn;
    uint64_t next_pfn;                  /* behind the last slot */
    uint64_t align_pages;
    uint64_t taken_pages, offered_pages;        /* offered: slots[n_taken] */
    bool closed, offer_is_new;
    GPtrArray *slots;                   /* Slot *, ascending */
    unsigned n_taken;                   /* the first ones; the guest may or may not know the others */
};

HotAdd *hot_add_new(MemoryRegion *space, uint64_t gpa, RAMBlock *ram)
{
    HotAdd *h = g_new0(HotAdd, 1);

    assert(gpa % PAGE_BYTES == 0);
    h->space = space;
    h->ram = ram;
    h->start_pfn = h->next_pfn = gpa / PAGE_BYTES;
    h->end_pfn = h->start_pfn + ram->size / PAGE_BYTES;
    h->align_pages = 1;
    h->slots = g_ptr_array_new();
    memory_region_init_ram_block(&h->backend, NULL, ram->id, ram);
    return h;
}

/* Flat views point to the backend's region only: the alias may go at once. */
static void drop_last_slot(HotAdd *h)
{
    g_autofree Slot *s = g_ptr_array_steal_index(h->slots, h->slots->len - 1);

    trace_hot_add_unmap(s->r.start_pfn, s->r.n_pages);
    memory_region_destroy(&s->alias);
}

static void unmap_all(HotAdd *h)
{
    memory_transaction_begin();
    while (h->slots->len) {
        drop_last_slot(h);
    }
    memory_transaction_commit();
}

void hot_add_free(HotAdd *h)
{
    if (h) {
        unmap_all(h);
        g_ptr_array_free(h->slots, TRUE);
        memory_region_destroy(&h->backend);
        g_free(h);
    }
}

void hot_add_set_align(HotAdd *h, uint64_t pages)
{
    assert(pages && !(pages & (pages - 1)));
    h->align_pages = pages;
}

static PageRange slot_range(const HotAdd *h, unsigned i)
{
    return ((const Slot *)h->slots->pdata[i])->r;
}

/* A mapped piece, as a whole or not at all. */
static PageRange next_again(const HotAdd *h, uint64_t want_pages, bool round_up)
{
    PageRange r = slot_range(h, h->n_taken);
    bool fits = !((r.start_pfn | r.n_pages) & (h->align_pages - 1));

    if (!want_pages || !fits || (r.n_pages > want_pages && !round_up)) {
        r.n_pages = 0;
    }
    return r;
}

PageRange hot_add_next(const HotAdd *h, uint64_t want_pages, bool round_up)
{
    uint64_t mask = h->align_pages - 1, start = (h->next_pfn + mask) & ~mask;
    uint64_t end = h->end_pfn & ~mask, room = end > start ? end - start : 0;
    uint64_t n = MIN(want_pages, MAX(PIECE_PAGES_MAX, h->align_pages));

    if (h->closed || h->offered_pages) {
        return (PageRange){ 0, 0 };
    }
    if (h->n_taken < h->slots->len) {
        return next_again(h, want_pages, round_up);
    }
    n = (n + (round_up ? mask : 0)) & ~mask;
    return (PageRange){ start, MIN(n, room) };
}

static void map_slot(HotAdd *h, PageRange piece)
{
    Slot *s = g_new0(Slot, 1);
    g_autofree char *name = g_strdup_printf("%s-slot%u", h->ram->id, h->slots->len);

    assert(piece.start_pfn >= h->next_pfn && piece.start_pfn + piece.n_pages <= h->end_pfn);
    s->r = piece;
    memory_region_init_alias(&s->alias, NULL, name, &h->backend,
                             (piece.start_pfn - h->start_pfn) * PAGE_BYTES,
                             piece.n_pages * PAGE_BYTES);
    memory_region_add(h->space, piece.start_pfn * PAGE_BYTES, &s->alias);
    g_ptr_array_add(h->slots, s);
    trace_hot_add_map(piece.start_pfn, piece.n_pages);
}

void hot_add_offer(HotAdd *h, PageRange piece)
{
    assert(!h->offered_pages && piece.n_pages);
    h->offered_pages = piece.n_pages;
    h->offer_is_new = h->n_taken == h->slots->len;
    if (h->offer_is_new) {
        map_slot(h, piece);
    }
}

/* The guest may have written there: nobody sees that again. */
static void give_back(HotAdd *h, uint64_t start_pfn, uint64_t n_pages)
{
    g_autoptr(Error) err = NULL;

    if (!ram_block_discard(h->ram, (start_pfn - h->start_pfn) * PAGE_BYTES, n_pages * PAGE_BYTES,
                           &err)) {
        guest_error("hot-add: %s", error_text(err));
    }
}

/* The new piece is as long as what was taken of it, or gone. */
static void keep_of_new(HotAdd *h, uint64_t taken)
{
    Slot *s = h->slots->pdata[h->n_taken];
    PageRange r = s->r;

    if (taken) {
        s->r.n_pages = taken;
        h->next_pfn = r.start_pfn + taken;
        memory_region_set_size(&s->alias, taken * PAGE_BYTES);
        h->n_taken++;
    } else {
        drop_last_slot(h);
    }
    if (taken < r.n_pages) {
        give_back(h, r.start_pfn + taken, r.n_pages - taken);
    }
}

/* A guest that refuses for good what was there before it has it. */
static uint64_t take_all_slots(HotAdd *h)
{
    uint64_t pages = 0;

    for (; h->n_taken < h->slots->len; h->n_taken++) {
        pages += slot_range(h, h->n_taken).n_pages;
    }
    return pages;
}

static uint64_t keep_of_old(HotAdd *h, uint64_t taken, bool may_retry)
{
    if (taken) {
        h->n_taken++;
        return slot_range(h, h->n_taken - 1).n_pages;
    }
    return may_retry ? 0 : take_all_slots(h);
}

uint64_t hot_add_taken(HotAdd *h, uint64_t n_pages, bool may_retry)
{
    uint64_t offered = h->offered_pages, taken = MIN(n_pages, offered);

    if (!offered) {
        return 0;
    }
    h->offered_pages = 0;
    h->closed = taken ? taken < offered : !may_retry;
    if (h->offer_is_new) {
        keep_of_new(h, taken);
    } else {
        taken = keep_of_old(h, taken, may_retry);
    }
    h->taken_pages += taken;
    return taken;
}

uint64_t hot_add_pages(const HotAdd *h)
{
    return h->taken_pages;
}

uint64_t hot_add_max_pages(const HotAdd *h)
{
    return h->end_pfn - h->start_pfn;
}

uint64_t hot_add_offered(const HotAdd *h)
{
    return h->offered_pages;
}

bool hot_add_closed(const HotAdd *h)
{
    return h->closed;
}

unsigned hot_add_pieces(const HotAdd *h)
{
    return h->n_taken;
}

PageRange hot_add_piece(const HotAdd *h, unsigned i)
{
    return slot_range(h, i);
}

void hot_add_new_guest(HotAdd *h)
{
    assert(!h->offered_pages);
    trace_hot_add_new_guest(h->taken_pages);
    h->taken_pages = 0;
    h->n_taken = 0;
    h->closed = false;
}

void hot_add_reset(HotAdd *h)
{
    bool used = h->slots->len;

    unmap_all(h);
    h->n_taken = 0;
    h->next_pfn = h->start_pfn;
    h->taken_pages = h->offered_pages = 0;
    h->closed = false;
    if (used) {
        give_back(h, h->start_pfn, h->end_pfn - h->start_pfn);
    }
}
