/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of memory/. */
#ifndef MEMORY_INTERNAL_H
#define MEMORY_INTERNAL_H

#include "memory/memory.h"

typedef __int128 Int128;        /* region ends may be 2^64 */

/* One visible piece of a terminal region. Sorted, disjoint; neighbours are merged if they can be. */
typedef struct FlatRange {
    uint64_t first, last;       /* guest addresses, inclusive */
    uint64_t offset;            /* of first in the region */
    MemoryRegion *mr;
    bool readonly;
} FlatRange;

typedef struct FlatView {       /* constant once published, but for the hint */
    unsigned n;
    unsigned last_hit;          /* atomic, a hint only */
    FlatRange *ranges;
} FlatView;

struct AddressSpace {
    char *name;
    MemoryRegion *root;
    FlatView *view;             /* atomic; replaced under the big lock, old ones are retired */
};

extern GPtrArray *address_spaces;       /* AddressSpace *, big lock */

FlatView *flat_view_render(MemoryRegion *root);
void flat_view_free(void *view);
bool flat_view_equal(const FlatView *a, const FlatView *b);
const FlatRange *flat_view_find(FlatView *fv, uint64_t gpa);    /* NULL: nothing there */
static inline FlatView *address_space_view(AddressSpace *as)
{ return __atomic_load_n(&as->view, __ATOMIC_ACQUIRE); }

/* listeners, each call to all of them */
void memory_notify_topology(AddressSpace *as);
void memory_notify_discarded(uint64_t ram_addr, uint64_t len_bytes);
void memory_notify_written(uint64_t ram_addr, uint64_t len_bytes);
void memory_defer(void (*fn)(void *arg), void *arg);

static inline Int128 region_size(const MemoryRegion *mr)
{ return mr->size == UINT64_MAX ? (Int128)1 << 64 : (Int128)mr->size; }

#endif
