/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *     top:   | first, leaf | first, leaf | ...       sorted; first = leaf's first page
 *                  |
 *     leaf:  | range | range | ... up to LEAF_MAX    sorted, never empty
 *
 * Two binary searches find a range; putting one in moves at most a leaf's ranges, and, once in some
 * hundred times, what is behind it in the top. A million ranges are some thousands of leaves.
 *
 * A full leaf is split in the middle, but for ranges that come in ascending order: there the new
 * leaf starts with the new range alone. A leaf that got small joins its neighbour, so two
 * neighbours have more than LEAF_JOIN ranges together.
 */
#include "page-range-tree.h"
#include <assert.h>
#include <glib.h>
#include <string.h>

enum { LEAF_MAX = 256, LEAF_MIN = 4, LEAF_JOIN = LEAF_MAX / 2 };

typedef struct Leaf {
    unsigned n, room;
    PageRange r[];
} Leaf;

typedef struct TopEntry { uint64_t first; Leaf *leaf; } TopEntry;

struct PageRangeTree {
    TopEntry *top;
    unsigned n_leaves, top_room;
    unsigned n_ranges, max_ranges;
    uint64_t n_pages;
    size_t n_bytes;             /* of leaves */
};

/* A place between two ranges, or the range behind it. At the end: leaf == n_leaves, at == 0. */
typedef struct Pos { unsigned leaf, at; } Pos;

static uint64_t end_of(const PageRange *r)
{
    return r->start_pfn + r->n_pages;
}

/* what malloc takes for @n bytes: its header, 16-byte steps */
static size_t heap_bytes(size_t n)
{
    return n ? MAX((n + 8 + 15) & ~(size_t)15, 32) : 0;
}

static size_t leaf_bytes(unsigned room)
{
    return heap_bytes(sizeof(Leaf) + room * sizeof(PageRange));
}

/* ---- leaves ---- */

static void leaf_resize(PageRangeTree *t, TopEntry *e, unsigned room)
{
    unsigned old = e->leaf ? e->leaf->room : 0, n = e->leaf ? e->leaf->n : 0;

    if (old == room) {
        return;
    }
    t->n_bytes += leaf_bytes(room) - (e->leaf ? leaf_bytes(old) : 0);
    e->leaf = g_realloc(e->leaf, sizeof(Leaf) + room * sizeof(PageRange));
    e->leaf->n = n;
    e->leaf->room = room;
}

static unsigned room_for(unsigned n)
{
    unsigned room = LEAF_MIN;

    while (room < n) {
        room *= 2;
    }
    return room;
}

/* @n new, empty leaves */
static void top_open(PageRangeTree *t, unsigned at, unsigned n)
{
    if (t->n_leaves + n > t->top_room) {
        t->top_room = MAX(t->n_leaves + n, t->top_room * 2);
        t->top = g_renew(TopEntry, t->top, t->top_room);
    }
    memmove(t->top + at + n, t->top + at, (t->n_leaves - at) * sizeof(TopEntry));
    memset(t->top + at, 0, n * sizeof(TopEntry));
    t->n_leaves += n;
}

static void top_close(PageRangeTree *t, unsigned at, unsigned n)
{
    for (unsigned i = at; i < at + n; i++) {
        t->n_bytes -= leaf_bytes(t->top[i].leaf->room);
        g_free(t->top[i].leaf);
    }
    if (n == 0) {
        return;
    }
    t->n_leaves -= n;
    memmove(t->top + at, t->top + at + n, (t->n_leaves - at) * sizeof(TopEntry));
    if (t->top_room > 4 && t->n_leaves < t->top_room / 4) {
        t->top_room /= 2;
        t->top = g_renew(TopEntry, t->top, t->top_room);
    }
}

/* ---- places ---- */

static bool at_end(const PageRangeTree *t, Pos p)
{
    return p.leaf == t->n_leaves;
}

static PageRange *range_at(const PageRangeTree *t, Pos p)
{
    return &t->top[p.leaf].leaf->r[p.at];
}

static Pos next(const PageRangeTree *t, Pos p)
{
    p.at++;
    return p.at < t->top[p.leaf].leaf->n ? p : (Pos){ p.leaf + 1, 0 };
}

/* The first leaf that starts after @pfn. */
static unsigned leaf_after(const PageRangeTree *t, uint64_t pfn)
{
    unsigned lo = 0, hi = t->n_leaves;

    while (lo < hi) {
        unsigned mid = lo + (hi - lo) / 2;
        if (t->top[mid].first <= pfn) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

/* The first range that ends at or after @pfn. */
static Pos find(const PageRangeTree *t, uint64_t pfn)
{
    unsigned leaf = leaf_after(t, pfn);

    if (leaf == 0) {
        return (Pos){ 0, 0 };
    }
    const Leaf *l = t->top[--leaf].leaf;
    unsigned lo = 0, hi = l->n;
    while (lo < hi) {
        unsigned mid = lo + (hi - lo) / 2;
        if (end_of(&l->r[mid]) < pfn) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < l->n ? (Pos){ leaf, lo } : (Pos){ leaf + 1, 0 };
}

/* The range at @p is @r from now on; it stands where it stood. */
static void set(PageRangeTree *t, Pos p, PageRange r)
{
    *range_at(t, p) = r;
    if (p.at == 0) {
        t->top[p.leaf].first = r.start_pfn;
    }
}

/* Makes room in the full leaf at p->leaf and moves the place along with its ranges. */
static void split(PageRangeTree *t, Pos *p)
{
    bool ascending = p->at == LEAF_MAX;     /* of the last leaf: see insert_at() */
    unsigned keep = ascending ? LEAF_MAX : LEAF_MAX / 2, move = LEAF_MAX - keep;

    top_open(t, p->leaf + 1, 1);
    TopEntry *from = &t->top[p->leaf], *to = from + 1;
    leaf_resize(t, to, ascending ? LEAF_MIN : LEAF_MAX);
    memcpy(to->leaf->r, from->leaf->r + keep, move * sizeof(PageRange));
    to->leaf->n = move;
    from->leaf->n = keep;
    to->first = move ? to->leaf->r[0].start_pfn : 0;
    if (ascending || p->at > keep) {
        *p = (Pos){ p->leaf + 1, p->at - keep };
    }
}

static void insert_at(PageRangeTree *t, Pos p, PageRange r)
{
    if (p.at == 0 && p.leaf > 0 &&
        (at_end(t, p) || t->top[p.leaf - 1].leaf->n < LEAF_MAX)) {
        p = (Pos){ p.leaf - 1, t->top[p.leaf - 1].leaf->n };
    } else if (t->n_leaves == 0) {
        top_open(t, 0, 1);
        leaf_resize(t, &t->top[0], LEAF_MIN);
    }
    if (t->top[p.leaf].leaf->n == LEAF_MAX) {
        split(t, &p);
    }
    TopEntry *e = &t->top[p.leaf];
    if (e->leaf->n == e->leaf->room) {
        leaf_resize(t, e, e->leaf->room * 2);
    }
    memmove(&e->leaf->r[p.at + 1], &e->leaf->r[p.at], (e->leaf->n - p.at) * sizeof(PageRange));
    e->leaf->n++;
    t->n_ranges++;
    set(t, p, r);
}

/* The leaf lost ranges: joins its neighbour, or gives memory back. */
static void shrink(PageRangeTree *t, unsigned leaf)
{
    if (leaf >= t->n_leaves) {
        return;
    }
    for (unsigned i = leaf ? leaf - 1 : 0; i <= leaf && i + 1 < t->n_leaves; i++) {
        TopEntry *a = &t->top[i], *b = a + 1;
        unsigned sum = a->leaf->n + b->leaf->n;
        if (sum <= LEAF_JOIN) {
            leaf_resize(t, a, room_for(sum));
            memcpy(a->leaf->r + a->leaf->n, b->leaf->r, b->leaf->n * sizeof(PageRange));
            a->leaf->n = sum;
            top_close(t, i + 1, 1);
            return;
        }
    }
    if (t->top[leaf].leaf->n <= t->top[leaf].leaf->room / 4) {
        leaf_resize(t, &t->top[leaf], room_for(t->top[leaf].leaf->n));
    }
}

/* @n ranges of a leaf out, not all of them. */
static void cut(PageRangeTree *t, Pos p, unsigned n)
{
    Leaf *l = t->top[p.leaf].leaf;

    memmove(&l->r[p.at], &l->r[p.at + n], (l->n - p.at - n) * sizeof(PageRange));
    l->n -= n;
    t->top[p.leaf].first = l->r[0].start_pfn;
}

/* Takes out the @n ranges from @p on: the end of a leaf, whole leaves, the start of another. */
static void erase(PageRangeTree *t, Pos p, unsigned n)
{
    unsigned leaf = p.leaf, n_leaves = 0;

    t->n_ranges -= n;
    if (p.at) {
        unsigned k = MIN(n, t->top[leaf].leaf->n - p.at);
        cut(t, p, k);
        n -= k;
        leaf++;
    }
    while (n && t->top[leaf + n_leaves].leaf->n <= n) {
        n -= t->top[leaf + n_leaves++].leaf->n;
    }
    if (n) {
        cut(t, (Pos){ leaf + n_leaves, 0 }, n);
    }
    if (n_leaves) {
        top_close(t, leaf, n_leaves);
    }
    shrink(t, p.leaf + 1);
    shrink(t, p.leaf);
}

/* ---- the set ---- */

PageRangeTree *page_range_tree_new(void)
{
    PageRangeTree *t = g_new0(PageRangeTree, 1);

    t->max_ranges = PAGE_RANGE_TREE_MAX;
    return t;
}

void page_range_tree_clear(PageRangeTree *t)
{
    top_close(t, 0, t->n_leaves);
    g_free(t->top);
    *t = (PageRangeTree){ .max_ranges = t->max_ranges };
}

void page_range_tree_free(PageRangeTree *t)
{
    if (t) {
        page_range_tree_clear(t);
        g_free(t);
    }
}

uint64_t page_range_tree_pages(const PageRangeTree *t)
{
    return t->n_pages;
}

unsigned page_range_tree_ranges(const PageRangeTree *t)
{
    return t->n_ranges;
}

size_t page_range_tree_bytes(const PageRangeTree *t)
{
    return heap_bytes(sizeof(*t)) + heap_bytes(t->top_room * sizeof(TopEntry)) + t->n_bytes;
}

void page_range_tree_set_max(PageRangeTree *t, unsigned max_ranges)
{
    t->max_ranges = max_ranges;
}

bool page_range_tree_fits(const PageRangeTree *t, PageRange r)
{
    if (t->n_ranges < t->max_ranges || r.n_pages == 0) {
        return true;
    }
    Pos p = find(t, r.start_pfn);
    return !at_end(t, p) && range_at(t, p)->start_pfn <= end_of(&r);
}

uint64_t page_range_tree_insert(PageRangeTree *t, PageRange r,
                                void (*added)(PageRange run, void *opaque), void *opaque)
{
    uint64_t pos = r.start_pfn, end = end_of(&r), had = 0;
    unsigned n_touching = 0;
    PageRange merged = r;

    if (r.n_pages == 0) {
        return 0;
    }
    assert(end > pos);
    Pos first = find(t, r.start_pfn);
    /* swallow all ranges that touch the new one; report the gaps between them */
    for (Pos p = first; !at_end(t, p) && range_at(t, p)->start_pfn <= end; p = next(t, p)) {
        const PageRange *o = range_at(t, p);
        uint64_t from = MAX(o->start_pfn, r.start_pfn), to = MIN(end_of(o), end);
        uint64_t start = MIN(merged.start_pfn, o->start_pfn);

        had += to - from;
        if (from > pos && added) {
            added((PageRange){ pos, from - pos }, opaque);
        }
        pos = MAX(pos, to);
        merged = (PageRange){ start, MAX(end_of(&merged), end_of(o)) - start };
        n_touching++;
    }
    if (pos < end && added) {
        added((PageRange){ pos, end - pos }, opaque);
    }
    if (n_touching) {
        set(t, first, merged);
        if (n_touching > 1) {
            erase(t, next(t, first), n_touching - 1);
        }
    } else {
        insert_at(t, first, r);
    }
    t->n_pages += r.n_pages - had;
    return had;
}

uint64_t page_range_tree_remove(PageRangeTree *t, PageRange r)
{
    uint64_t end = end_of(&r), taken = 0;
    unsigned n_covered = 0;
    Pos first = find(t, r.start_pfn);

    if (r.n_pages && !at_end(t, first) && range_at(t, first)->start_pfn < r.start_pfn) {
        PageRange o = *range_at(t, first);      /* keeps its start */
        taken = MIN(end_of(&o), end) - r.start_pfn;
        set(t, first, (PageRange){ o.start_pfn, r.start_pfn - o.start_pfn });
        first = next(t, first);
        if (end_of(&o) > end) {
            insert_at(t, first, (PageRange){ end, end_of(&o) - end });
            t->n_pages -= taken;
            return taken;
        }
    }
    for (Pos p = first; r.n_pages && !at_end(t, p) && range_at(t, p)->start_pfn < end;
         p = next(t, p)) {
        PageRange o = *range_at(t, p);
        if (end_of(&o) > end) {                 /* keeps its end */
            taken += end - o.start_pfn;
            set(t, p, (PageRange){ end, end_of(&o) - end });
            break;
        }
        taken += o.n_pages;
        n_covered++;
    }
    if (n_covered) {
        erase(t, first, n_covered);
    }
    t->n_pages -= taken;
    return taken;
}

bool page_range_tree_pop(PageRangeTree *t, uint64_t max_pages, PageRange *out)
{
    if (!t->n_ranges || max_pages == 0) {
        return false;
    }
    *out = t->top[0].leaf->r[0];
    out->n_pages = MIN(out->n_pages, max_pages);
    page_range_tree_remove(t, *out);
    return true;
}

bool page_range_tree_contains(const PageRangeTree *t, uint64_t pfn)
{
    Pos p = find(t, pfn);

    if (!at_end(t, p) && end_of(range_at(t, p)) == pfn) {
        p = next(t, p);
    }
    return !at_end(t, p) && range_at(t, p)->start_pfn <= pfn;
}

void page_range_tree_foreach(const PageRangeTree *t, void (*fn)(PageRange r, void *opaque),
                             void *opaque)
{
    for (unsigned i = 0; i < t->n_leaves; i++) {
        for (unsigned k = 0; k < t->top[i].leaf->n; k++) {
            fn(t->top[i].leaf->r[k], opaque);
        }
    }
}
