/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the tree to a sorted list of what is visible where.
 *
 * A region is rendered after its more important neighbours and fills the gaps they left:
 *
 *      priority 1            [ vga  ]
 *      priority 0   [       ram          ]  [ pci hole ...
 *      flat         [ram 0  ][ vga  ][ram]  [ ...
 */
#include <string.h>
#include "memory-internal.h"

#define MAX_DEPTH 64            /* of nested containers and aliases: our mistake beyond it */

typedef struct Clip { Int128 lo, hi; } Clip;            /* [lo, hi) */

static Clip clip_to(Clip c, Int128 lo, Int128 hi)
{
    return (Clip){ c.lo > lo ? c.lo : lo, c.hi < hi ? c.hi : hi };
}

/* Puts @mr, whose offset 0 is at @base, into the gaps of @ranges inside @c. */
static void fill_gaps(GArray *ranges, MemoryRegion *mr, Int128 base, Clip c, bool readonly)
{
    Int128 at = c.lo;

    for (unsigned i = 0; at < c.hi; i++) {
        FlatRange *next = i < ranges->len ? &g_array_index(ranges, FlatRange, i) : NULL;
        Int128 gap_end = next && next->first < c.hi ? (Int128)next->first : c.hi;

        if (next && next->last < at) {
            continue;
        }
        if (gap_end > at) {
            FlatRange r = { .first = (uint64_t)at, .last = (uint64_t)(gap_end - 1), .mr = mr,
                            .offset = (uint64_t)(at - base), .readonly = readonly };
            g_array_insert_val(ranges, i, r);
            at = gap_end;
        } else {
            at = (Int128)next->last + 1;
        }
    }
}

static void render(GArray *ranges, MemoryRegion *mr, Int128 base, Clip c, bool readonly,
                   unsigned depth)
{
    if (!mr->enabled || depth > MAX_DEPTH) {
        return;
    }
    c = clip_to(c, base, base + region_size(mr));
    if (c.lo >= c.hi) {
        return;
    }
    readonly |= mr->readonly;
    if (mr->alias) {
        render(ranges, mr->alias, base - mr->alias_offset, c, readonly, depth + 1);
        return;
    }
    for (unsigned i = 0; i < mr->subregions->len; i++) {
        MemoryRegion *sub = mr->subregions->pdata[i];
        render(ranges, sub, base + sub->addr, c, readonly, depth + 1);
    }
    if (mr->terminates) {
        fill_gaps(ranges, mr, base, c, readonly);
    }
}

static bool can_merge(const FlatRange *a, const FlatRange *b)
{
    return a->mr == b->mr && a->readonly == b->readonly && a->last + 1 == b->first &&
           a->offset + (b->first - a->first) == b->offset;
}

static unsigned merge_neighbours(FlatRange *r, unsigned n)
{
    unsigned out = 0;

    for (unsigned i = 1; i < n; i++) {
        if (can_merge(&r[out], &r[i])) {
            r[out].last = r[i].last;
        } else {
            r[++out] = r[i];
        }
    }
    return n ? out + 1 : 0;
}

FlatView *flat_view_render(MemoryRegion *root)
{
    FlatView *fv = g_new0(FlatView, 1);
    GArray *ranges = g_array_new(false, false, sizeof(FlatRange));

    render(ranges, root, 0, (Clip){ 0, (Int128)1 << 64 }, false, 0);
    fv->n = merge_neighbours((FlatRange *)(void *)ranges->data, ranges->len);
    fv->ranges = (FlatRange *)(void *)g_array_free(ranges, false);
    return fv;
}

void flat_view_free(void *view)
{
    FlatView *fv = view;

    g_free(fv->ranges);
    g_free(fv);
}

bool flat_view_equal(const FlatView *a, const FlatView *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (unsigned i = 0; i < a->n; i++) {
        const FlatRange *x = &a->ranges[i], *y = &b->ranges[i];
        if (x->first != y->first || x->last != y->last || x->offset != y->offset ||
            x->mr != y->mr || x->readonly != y->readonly) {
            return false;
        }
    }
    return true;
}

const FlatRange *flat_view_find(FlatView *fv, uint64_t gpa)
{
    unsigned lo = 0, hi = fv->n, hit = __atomic_load_n(&fv->last_hit, __ATOMIC_RELAXED);

    if (hit < hi && gpa >= fv->ranges[hit].first && gpa <= fv->ranges[hit].last) {
        return &fv->ranges[hit];
    }
    while (lo < hi) {           /* the first range that does not end before gpa */
        unsigned mid = (lo + hi) / 2;
        if (fv->ranges[mid].last < gpa) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    if (lo == fv->n || fv->ranges[lo].first > gpa) {
        return NULL;
    }
    __atomic_store_n(&fv->last_hit, lo, __ATOMIC_RELAXED);
    return &fv->ranges[lo];
}

MemorySection address_space_lookup(AddressSpace *as, uint64_t gpa)
{
    const FlatRange *r = flat_view_find(address_space_view(as), gpa);
    MemorySection s = { 0 };

    if (r) {
        uint64_t rest = r->last - gpa;
        s.mr = r->mr;
        s.offset = r->offset + (gpa - r->first);
        s.len_bytes = rest == UINT64_MAX ? rest : rest + 1;
        s.readonly = r->readonly;
    }
    return s;
}
