/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hot-add.h"
#include <assert.h>
#include "util/log.h"

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
    uint64_t taken_pages, offered_pages;        /* offered: of the last slot */
    bool closed;
    GPtrArray *slots;                   /* Slot *, ascending */
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

PageRange hot_add_next(const HotAdd *h, uint64_t want_pages, bool round_up)
{
    uint64_t mask = h->align_pages - 1, start = (h->next_pfn + mask) & ~mask;
    uint64_t end = h->end_pfn & ~mask, room = end > start ? end - start : 0;
    uint64_t n = MIN(want_pages, MAX(PIECE_PAGES_MAX, h->align_pages));

    n = (n + (round_up ? mask : 0)) & ~mask;
    return (PageRange){ start, h->closed || h->offered_pages ? 0 : MIN(n, room) };
}

void hot_add_offer(HotAdd *h, PageRange piece)
{
    Slot *s = g_new0(Slot, 1);
    g_autofree char *name = g_strdup_printf("%s-slot%u", h->ram->id, h->slots->len);

    assert(!h->offered_pages && piece.n_pages && piece.start_pfn >= h->next_pfn &&
           piece.start_pfn + piece.n_pages <= h->end_pfn);
    s->r = piece;
    h->offered_pages = piece.n_pages;
    memory_region_init_alias(&s->alias, NULL, name, &h->backend,
                             (piece.start_pfn - h->start_pfn) * PAGE_BYTES,
                             piece.n_pages * PAGE_BYTES);
    memory_region_add(h->space, piece.start_pfn * PAGE_BYTES, &s->alias);
    g_ptr_array_add(h->slots, s);
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

uint64_t hot_add_taken(HotAdd *h, uint64_t n_pages, bool may_retry)
{
    uint64_t taken = MIN(n_pages, h->offered_pages), left = h->offered_pages - taken;

    if (!h->offered_pages) {
        return 0;
    }
    Slot *s = h->slots->pdata[h->slots->len - 1];
    PageRange r = s->r;
    h->offered_pages = 0;
    h->taken_pages += taken;
    h->closed = taken ? left : !may_retry;
    s->r.n_pages = taken;
    if (!taken) {
        drop_last_slot(h);
    } else {
        h->next_pfn = r.start_pfn + taken;
        memory_region_set_size(&s->alias, taken * PAGE_BYTES);
    }
    if (left) {
        give_back(h, r.start_pfn + taken, left);
    }
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
    return h->slots->len - (h->offered_pages != 0);
}

PageRange hot_add_piece(const HotAdd *h, unsigned i)
{
    return ((const Slot *)h->slots->pdata[i])->r;
}

void hot_add_reset(HotAdd *h)
{
    uint64_t used = h->taken_pages + h->offered_pages;

    unmap_all(h);
    h->next_pfn = h->start_pfn;
    h->taken_pages = h->offered_pages = 0;
    h->closed = false;
    if (used) {
        give_back(h, h->start_pfn, h->end_pfn - h->start_pfn);
    }
}
