/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of pages, kept as ranges in a balanced tree. Ranges never overlap or touch: neighbours are
 * merged, so a terabyte in one piece is one node.
 */
#ifndef HW_HYPERV_PAGE_RANGE_TREE_H
#define HW_HYPERV_PAGE_RANGE_TREE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct PageRange { uint64_t start_pfn, n_pages; } PageRange;
typedef struct PageRangeTree PageRangeTree;

PageRangeTree *page_range_tree_new(void);
void page_range_tree_free(PageRangeTree *t);        /* NULL is fine */
void page_range_tree_clear(PageRangeTree *t);
uint64_t page_range_tree_pages(const PageRangeTree *t);     /* O(1) */
unsigned page_range_tree_ranges(const PageRangeTree *t);    /* O(1) */

/**
 * page_range_tree_insert - adds pages
 * @added: called for each run of pages that was not in the set yet, ascending; may be NULL. It
 *         must not touch the tree.
 * Returns the number of pages that were in the set already. start + n must not exceed 2^64.
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
