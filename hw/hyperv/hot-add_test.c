/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces, alignments, what the guest's memory shows of them. */
#include <string.h>
#include "hot-add.h"
#include "qom/object.h"

enum { WINDOW_GPA = 256 << 20, BACKEND_BYTES = 64 << 20, PAGE = 4096 };
enum { FIRST_PFN = WINDOW_GPA / PAGE, N_PAGES = BACKEND_BYTES / PAGE, MIB_PAGES = 256 };

static RAMBlock *ram;

static HotAdd *make(uint64_t gpa, uint64_t n_bytes)
{
    HotAdd *h;

    ram = ram_block_new("mem1", n_bytes, 0, NULL);
    h = hot_add_new(address_space_root(address_space_memory), gpa, ram);
    ram_block_unref(ram);
    return h;
}

static bool mapped(uint64_t pfn)
{
    MemorySection s = address_space_lookup(address_space_memory, pfn * PAGE);

    return s.mr && s.mr->ram == ram && s.offset == (pfn - FIRST_PFN) * PAGE;
}

static void next_is(HotAdd *h, uint64_t want, bool up, uint64_t start, uint64_t n)
{
    PageRange r = hot_add_next(h, want, up);

    g_assert_cmpuint(r.n_pages, ==, n);
    if (n) {
        g_assert_cmpuint(r.start_pfn, ==, start);
    }
}

static void add(HotAdd *h, uint64_t want)
{
    PageRange r = hot_add_next(h, want, true);

    hot_add_offer(h, r);
    g_assert_cmpuint(hot_add_taken(h, r.n_pages, false), ==, r.n_pages);
}

static void pieces(void)
{
    HotAdd *h = make(WINDOW_GPA, BACKEND_BYTES);

    g_assert_cmpuint(hot_add_max_pages(h), ==, N_PAGES);
    hot_add_set_align(h, 8 * MIB_PAGES);
    next_is(h, 1, true, FIRST_PFN, 8 * MIB_PAGES);
    next_is(h, 1, false, 0, 0);                         /* less than may be added */
    next_is(h, 15 * MIB_PAGES, false, FIRST_PFN, 8 * MIB_PAGES);
    next_is(h, 15 * MIB_PAGES, true, FIRST_PFN, 16 * MIB_PAGES);
    next_is(h, UINT64_MAX, true, FIRST_PFN, N_PAGES);
    next_is(h, 0, true, 0, 0);
    g_assert_false(mapped(FIRST_PFN));
    add(h, 16 * MIB_PAGES);
    g_assert_true(mapped(FIRST_PFN));
    g_assert_true(mapped(FIRST_PFN + 16 * MIB_PAGES - 1));
    g_assert_false(mapped(FIRST_PFN + 16 * MIB_PAGES));
    add(h, 1);
    g_assert_cmpuint(hot_add_pieces(h), ==, 2);
    g_assert_cmpuint(hot_add_pages(h), ==, 24 * MIB_PAGES);
    g_assert_cmpuint(hot_add_piece(h, 1).start_pfn, ==, FIRST_PFN + 16 * MIB_PAGES);
    next_is(h, UINT64_MAX, true, FIRST_PFN + 24 * MIB_PAGES, 40 * MIB_PAGES);
    hot_add_set_align(h, 32 * MIB_PAGES);               /* another guest: a gap */
    next_is(h, UINT64_MAX, true, FIRST_PFN + 32 * MIB_PAGES, 32 * MIB_PAGES);
    add(h, UINT64_MAX);
    g_assert_false(mapped(FIRST_PFN + 24 * MIB_PAGES));
    g_assert_true(mapped(FIRST_PFN + N_PAGES - 1));
    next_is(h, 1, true, 0, 0);                          /* full */
    hot_add_free(h);
    g_assert_null(address_space_lookup(address_space_memory, WINDOW_GPA).mr);
}

/* the window itself need not be aligned, nor the backend's size */
static void alignments(void)
{
    for (unsigned log2_mib = 0; log2_mib < 16; log2_mib++) {
        uint64_t align = (uint64_t)MIB_PAGES << log2_mib, total = 0;
        HotAdd *h = make(WINDOW_GPA + 3 * PAGE, BACKEND_BYTES);

        hot_add_set_align(h, align);
        for (PageRange r; (r = hot_add_next(h, 1, true)).n_pages;) {
            g_assert_cmpuint(r.start_pfn % align, ==, 0);
            g_assert_cmpuint(r.n_pages % align, ==, 0);
            g_assert_cmpuint(r.start_pfn, >=, FIRST_PFN + 3);
            g_assert_cmpuint(r.start_pfn + r.n_pages, <=, FIRST_PFN + 3 + N_PAGES);
            hot_add_offer(h, r);
            total += hot_add_taken(h, r.n_pages, false);
        }
        g_assert_cmpuint(total, ==, log2_mib <= 5 ? N_PAGES - align : 0);
        hot_add_free(h);
    }
}

/* one message at a time is at most 2 GiB, or the guest's alignment if that is more */
static void large(void)
{
    Error *err = NULL;
    RAMBlock *rb = ram_block_new("big", (uint64_t)40 << 30, RAM_NORESERVE, &err);
    HotAdd *h;

    g_assert_null(err);
    h = hot_add_new(address_space_root(address_space_memory), (uint64_t)32 << 30, rb);
    ram_block_unref(rb);
    hot_add_set_align(h, 128 * MIB_PAGES);
    next_is(h, UINT64_MAX, true, 32 * 1024 * MIB_PAGES, 2048 * MIB_PAGES);
    hot_add_set_align(h, 4096 * MIB_PAGES);
    next_is(h, UINT64_MAX, true, 32 * 1024 * MIB_PAGES, 4096 * MIB_PAGES);
    hot_add_set_align(h, 32 * 1024 * MIB_PAGES);
    next_is(h, 1, true, 32 * 1024 * MIB_PAGES, 32 * 1024 * MIB_PAGES);
    hot_add_free(h);
}

static void partial(void)
{
    HotAdd *h = make(WINDOW_GPA, BACKEND_BYTES);

    hot_add_set_align(h, 8 * MIB_PAGES);
    hot_add_offer(h, hot_add_next(h, 16 * MIB_PAGES, true));
    next_is(h, 1, true, 0, 0);                          /* one at a time */
    memset(ram->host, 0x77, BACKEND_BYTES);
    g_assert_cmpuint(hot_add_taken(h, 1000, true), ==, 1000);
    g_assert_true(mapped(FIRST_PFN + 999));
    g_assert_false(mapped(FIRST_PFN + 1000));
    g_assert_cmphex(ram->host[1000 * PAGE - 1], ==, 0x77);
    g_assert_cmphex(ram->host[1000 * PAGE], ==, 0);     /* what it may have written is gone */
    g_assert_true(hot_add_closed(h));
    next_is(h, 1, true, 0, 0);
    g_assert_cmpuint(hot_add_taken(h, 5, true), ==, 0); /* nothing is on offer */
    hot_add_reset(h);
    g_assert_false(mapped(FIRST_PFN));
    g_assert_cmphex(ram->host[0], ==, 0);
    g_assert_cmpuint(hot_add_pages(h), ==, 0);
    next_is(h, 1, true, FIRST_PFN, 8 * MIB_PAGES);
    hot_add_free(h);
}

static void refused(void)
{
    HotAdd *h = make(WINDOW_GPA, BACKEND_BYTES);

    hot_add_set_align(h, 8 * MIB_PAGES);
    hot_add_offer(h, hot_add_next(h, 1, true));
    g_assert_true(mapped(FIRST_PFN));
    g_assert_cmpuint(hot_add_pieces(h), ==, 0);
    g_assert_cmpuint(hot_add_offered(h), ==, 8 * MIB_PAGES);
    g_assert_cmpuint(hot_add_taken(h, 0, true), ==, 0);
    g_assert_false(mapped(FIRST_PFN));
    g_assert_false(hot_add_closed(h));
    next_is(h, 1, true, FIRST_PFN, 8 * MIB_PAGES);      /* the same again */
    hot_add_offer(h, hot_add_next(h, 1, true));
    g_assert_cmpuint(hot_add_taken(h, 0, false), ==, 0);
    g_assert_true(hot_add_closed(h));
    next_is(h, 1, true, 0, 0);
    hot_add_reset(h);
    hot_add_offer(h, hot_add_next(h, 1, true));
    g_assert_cmpuint(hot_add_taken(h, UINT64_MAX, true), ==, 8 * MIB_PAGES);    /* a liar */
    g_assert_false(hot_add_closed(h));
    hot_add_offer(h, hot_add_next(h, 1, true));
    hot_add_reset(h);                                   /* with one on offer */
    g_assert_false(mapped(FIRST_PFN + 8 * MIB_PAGES));
    g_assert_cmpuint(hot_add_offered(h), ==, 0);
    hot_add_free(h);
}

/* a kernel that takes over is offered what is mapped, piece by piece, before anything new */
static void new_guest(void)
{
    HotAdd *h = make(WINDOW_GPA, BACKEND_BYTES);

    hot_add_set_align(h, 8 * MIB_PAGES);
    add(h, 16 * MIB_PAGES);
    add(h, 8 * MIB_PAGES);
    add(h, 8 * MIB_PAGES);
    memset(ram->host, 0x55, 32 << 20);
    hot_add_new_guest(h);
    g_assert_cmpuint(hot_add_pages(h), ==, 0);
    g_assert_cmpuint(hot_add_pieces(h), ==, 0);
    g_assert_true(mapped(FIRST_PFN));
    next_is(h, 1, false, 0, 0);                         /* all of a piece or nothing */
    next_is(h, 0, true, 0, 0);
    next_is(h, 1, true, FIRST_PFN, 16 * MIB_PAGES);
    add(h, 1);
    g_assert_cmpuint(hot_add_pages(h), ==, 16 * MIB_PAGES);
    next_is(h, UINT64_MAX, true, FIRST_PFN + 16 * MIB_PAGES, 8 * MIB_PAGES);
    hot_add_offer(h, hot_add_next(h, 1, true));
    g_assert_cmpuint(hot_add_taken(h, 0, true), ==, 0); /* later */
    g_assert_true(mapped(FIRST_PFN + 16 * MIB_PAGES));
    hot_add_offer(h, hot_add_next(h, 1, true));
    g_assert_cmpuint(hot_add_taken(h, 0, false), ==, 16 * MIB_PAGES);   /* it has the rest */
    g_assert_cmpuint(hot_add_pieces(h), ==, 3);
    next_is(h, 1, true, 0, 0);
    hot_add_new_guest(h);                               /* and another */
    hot_add_set_align(h, 16 * MIB_PAGES);
    add(h, 1);
    next_is(h, UINT64_MAX, true, 0, 0);                 /* not aligned as this one wants it */
    hot_add_set_align(h, 8 * MIB_PAGES);
    add(h, 1);
    add(h, 1);
    next_is(h, UINT64_MAX, true, FIRST_PFN + 32 * MIB_PAGES, 32 * MIB_PAGES);   /* something new */
    g_assert_cmphex(ram->host[0], ==, 0x55);            /* a kernel's image may be there */
    g_assert_cmphex(ram->host[(32 << 20) - 1], ==, 0x55);
    hot_add_new_guest(h);
    hot_add_reset(h);
    g_assert_false(mapped(FIRST_PFN));
    g_assert_cmphex(ram->host[0], ==, 0);
    next_is(h, 1, true, FIRST_PFN, 8 * MIB_PAGES);
    hot_add_free(h);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    type_init_all();
    memory_init();
    g_test_add_func("/hot-add/pieces", pieces);
    g_test_add_func("/hot-add/alignments", alignments);
    g_test_add_func("/hot-add/large", large);
    g_test_add_func("/hot-add/partial", partial);
    g_test_add_func("/hot-add/refused", refused);
    g_test_add_func("/hot-add/new-guest", new_guest);
    return g_test_run();
}
