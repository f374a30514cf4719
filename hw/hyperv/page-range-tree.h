/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of pages, kept as ranges in a two-level tree. Ranges never overlap or touch: neighbours are
 * merged, so a terabyte in one piece is one range and takes less than 256 bytes.
 *
 * The number of ranges is up to who gives the pages. page_range_tree_fits() holds it to a limit:
 * whoever takes pages from a guest asks it first, and leaves the pages alone when it says no.
 */
#ifndef HW_HYPERV_PAGE_RANGE_TREE_H
#define HW_HYPERV_PAGE_RANGE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* At the limit the worst arrangement takes 64 bytes a range: 256 MiB. 16 GiB of every other page
   are half as many ranges, and 16 to 32 bytes each. */
enum { PAGE_RANGE_TREE_MAX = 4 << 20 };

typedef struct PageRange { uint64_t start_pfn, n_pages; } PageRange;
typedef struct PageRangeTree PageRangeTree;

PageRangeTree *page_range_tree_new(void);
void page_range_tree_free(PageRangeTree *t);        /* NULL is fine */
void page_range_tree_clear(PageRangeTree *t);
uint64_t page_range_tree_pages(const PageRangeTree *t);     /* O(1) */
unsigned page_range_tree_ranges(const PageRangeTree *t);    /* O(1) */
size_t page_range_tree_bytes(const PageRangeTree *t);       /* of host memory, all in all; O(1) */

/* lowers the limit (tests); it may be passed by at most what is put back or split */
void page_range_tree_set_max(PageRangeTree *t, unsigned max_ranges);
/* Would @r fit in? Always, if it only makes ranges longer. */
bool page_range_tree_fits(const PageRangeTree *t, PageRange r);

/**
 * page_range_tree_insert - adds pages
 * @added: called for each run of pages that was not in the set yet, ascending; may be NULL. It
 *         must not touch the tree.
 * Returns the number of pages that were in the set already. start + n must be below 2^64.
 */
uint64_t page_range_tree_insert(PageRangeTree *t, PageRange r,
                                void (*added)(PageRange run, void *opaque), void *opaque);
/* Returns the number of pages taken out. */
uint64_t page_range_tree_remove(PageRangeTree *t, PageRange r);
/* Takes the lowest range out, at most @max_pages of its start; false: the set is empty. */
bool page_range_tree_pop(PageRangeTree *t, uint64_t max_pages, PageRange *out);
bool page_range_tree_contains(const PageRangeTree *t, uint64_t pfn);
void page_range_tree_foreach(const PageRangeTree *t, void (*fn)(PageRange r, void *opaque),
                             void *opaque);

#endif
