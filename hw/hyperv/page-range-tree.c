/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys are the ranges themselves, ordered by their first page. A range's length may change in place
 * as long as the order stays.
 */
#include "page-range-tree.h"
#include <assert.h>
#include <glib.h>

struct PageRangeTree {
    GTree *tree;                /* PageRange * -> the same, owned */
    uint64_t n_pages;
};

static gint compare(gconstpointer a, gconstpointer b, gpointer unused)
{
    const PageRange *x = a, *y = b;

    return x->start_pfn < y->start_pfn ? -1 : x->start_pfn > y->start_pfn;
}

static uint64_t end_of(const PageRange *r)
{
    return r->start_pfn + r->n_pages;
}

PageRangeTree *page_range_tree_new(void)
{
    PageRangeTree *t = g_new0(PageRangeTree, 1);

    t->tree = g_tree_new_full(compare, NULL, g_free, NULL);
    return t;
}

void page_range_tree_free(PageRangeTree *t)
{
    if (t) {
        g_tree_destroy(t->tree);
        g_free(t);
    }
}

void page_range_tree_clear(PageRangeTree *t)
{
    g_tree_remove_all(t->tree);
    t->n_pages = 0;
}

uint64_t page_range_tree_pages(const PageRangeTree *t)
{
    return t->n_pages;
}

unsigned page_range_tree_ranges(const PageRangeTree *t)
{
    return (unsigned)g_tree_nnodes(t->tree);
}

static void node_add(PageRangeTree *t, uint64_t start_pfn, uint64_t n_pages)
{
    PageRange *r = g_new(PageRange, 1);

    *r = (PageRange){ start_pfn, n_pages };
    g_tree_insert(t->tree, r, r);
}

/* The last range that starts at or before @pfn; NULL: none. */
static GTreeNode *node_at_or_before(const PageRangeTree *t, uint64_t pfn)
{
    PageRange key = { pfn, 0 };
    GTreeNode *after = g_tree_upper_bound(t->tree, &key);

    return after ? g_tree_node_previous(after) : g_tree_node_last(t->tree);
}

/* The first range that ends after @pfn (or, @touching, at it); NULL: none. */
static PageRange *first_ending_after(const PageRangeTree *t, uint64_t pfn, bool touching)
{
    GTreeNode *n = node_at_or_before(t, pfn);

    if (n) {
        PageRange *r = g_tree_node_key(n);
        if (end_of(r) > pfn || (touching && end_of(r) == pfn)) {
            return r;
        }
        n = g_tree_node_next(n);
    } else {
        n = g_tree_node_first(t->tree);
    }
    return n ? g_tree_node_key(n) : NULL;
}

uint64_t page_range_tree_insert(PageRangeTree *t, PageRange r,
                                void (*added)(PageRange run, void *opaque), void *opaque)
{
    uint64_t pos = r.start_pfn, end = end_of(&r), had = 0;
    PageRange merged = r, *old;

    if (r.n_pages == 0) {
        return 0;
    }
    assert(end >= pos || end == 0);
    /* swallow all ranges that touch the new one; report the gaps between them */
    while ((old = first_ending_after(t, merged.start_pfn, true)) && old->start_pfn <= end) {
        PageRange o = *old;
        uint64_t from = MAX(o.start_pfn, r.start_pfn), to = MIN(end_of(&o), end);

        had += to - from;
        if (from > pos && added) {
            added((PageRange){ pos, from - pos }, opaque);
        }
        pos = MAX(pos, to);
        uint64_t start = MIN(merged.start_pfn, o.start_pfn);
        merged = (PageRange){ start, MAX(end_of(&merged), end_of(&o)) - start };
        g_tree_remove(t->tree, &o);
    }
    if (pos < end && added) {
        added((PageRange){ pos, end - pos }, opaque);
    }
    node_add(t, merged.start_pfn, merged.n_pages);
    t->n_pages += r.n_pages - had;
    return had;
}

uint64_t page_range_tree_remove(PageRangeTree *t, PageRange r)
{
    uint64_t end = end_of(&r), taken = 0;
    PageRange *old;

    while (r.n_pages && (old = first_ending_after(t, r.start_pfn, false)) &&
           old->start_pfn < end) {
        PageRange o = *old;
        uint64_t from = MAX(o.start_pfn, r.start_pfn), to = MIN(end_of(&o), end);

        taken += to - from;
        if (o.start_pfn < from) {
            old->n_pages = from - o.start_pfn;
        } else {
            g_tree_remove(t->tree, &o);
        }
        if (end_of(&o) > to) {
            node_add(t, to, end_of(&o) - to);
        }
    }
    t->n_pages -= taken;
    return taken;
}

bool page_range_tree_pop(PageRangeTree *t, uint64_t max_pages, PageRange *out)
{
    GTreeNode *n = g_tree_node_first(t->tree);

    if (!n || max_pages == 0) {
        return false;
    }
    *out = *(PageRange *)g_tree_node_key(n);
    out->n_pages = MIN(out->n_pages, max_pages);
    page_range_tree_remove(t, *out);
    return true;
}

bool page_range_tree_contains(const PageRangeTree *t, uint64_t pfn)
{
    GTreeNode *n = node_at_or_before(t, pfn);

    return n && end_of(g_tree_node_key(n)) > pfn;
}

typedef struct Walk { void (*fn)(PageRange r, void *opaque); void *opaque; } Walk;

static gboolean walk_one(gpointer key, gpointer value, gpointer data)
{
    const Walk *w = data;

    w->fn(*(PageRange *)key, w->opaque);
    return FALSE;
}

void page_range_tree_foreach(const PageRangeTree *t, void (*fn)(PageRange r, void *opaque),
                             void *opaque)
{
    Walk w = { fn, opaque };

    g_tree_foreach(t->tree, walk_one, &w);
}
