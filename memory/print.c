/* SPDX-License-Identifier: GPL-2.0-or-later */
/* info mtree: the tree of regions, or with -f what it flattens to. */
#include <inttypes.h>
#include "memory-internal.h"

static const char *kind(const MemoryRegion *mr)
{
    if (mr->ram) {
        return mr->rom ? (mr->ops ? "romd" : "rom") : "ram";
    }
    return "i/o";
}

static uint64_t last_of(uint64_t first, const MemoryRegion *mr)
{
    return mr->size == UINT64_MAX ? UINT64_MAX : first + (mr->size ? mr->size - 1 : 0);
}

static void print_region(FILE *f, const MemoryRegion *mr, uint64_t base, unsigned level)
{
    if (level > 32) {
        return;
    }
    fprintf(f, "%*s%016" PRIx64 "-%016" PRIx64 " (prio %d, %s): ", (int)(level * 2), "", base,
            last_of(base, mr), mr->priority, mr->alias ? kind(mr->alias) : kind(mr));
    if (mr->alias) {
        fprintf(f, "alias %s @%s %016" PRIx64 "-%016" PRIx64, mr->name, mr->alias->name,
                mr->alias_offset, last_of(mr->alias_offset, mr));
    } else {
        fputs(mr->name, f);
    }
    fputs(mr->enabled ? "\n" : " [disabled]\n", f);
    for (unsigned i = 0; i < mr->subregions->len; i++) {
        const MemoryRegion *sub = mr->subregions->pdata[i];
        print_region(f, sub, base + sub->addr, level + 1);
    }
}

static void print_flat(FILE *f, const AddressSpace *as)
{
    const FlatView *fv = as->view;

    for (unsigned i = 0; i < fv->n; i++) {
        const FlatRange *r = &fv->ranges[i];
        fprintf(f, "  %016" PRIx64 "-%016" PRIx64 " (prio %d, %s): %s", r->first, r->last,
                r->mr->priority, r->readonly && r->mr->ram ? "rom" : kind(r->mr), r->mr->name);
        if (r->offset) {
            fprintf(f, " @%016" PRIx64, r->offset);
        }
        fputc('\n', f);
    }
    if (!fv->n) {
        fputs("  No rendered FlatView\n", f);
    }
}

/* memory-regions that aliases point to and that hang in no address space themselves */
static void collect_orphans(const MemoryRegion *mr, GPtrArray *seen)
{
    const MemoryRegion *top = mr->alias;

    while (top && top->container) {
        top = top->container;
    }
    for (unsigned i = 0; top && address_spaces && i < address_spaces->len; i++) {
        if (((AddressSpace *)address_spaces->pdata[i])->root == top) {
            top = NULL;
        }
    }
    if (top && !g_ptr_array_find(seen, top, NULL)) {
        g_ptr_array_add(seen, (gpointer)top);
        collect_orphans(top, seen);
    }
    for (unsigned i = 0; i < mr->subregions->len; i++) {
        collect_orphans(mr->subregions->pdata[i], seen);
    }
}

void memory_print_tree(FILE *f, bool flat)
{
    GPtrArray *orphans = g_ptr_array_new();

    for (unsigned i = 0; address_spaces && i < address_spaces->len; i++) {
        AddressSpace *as = address_spaces->pdata[i];
        if (flat) {
            fprintf(f, "FlatView #%u\n AS \"%s\", root: %s\n Root memory region: %s\n", i, as->name,
                    as->root->name, as->root->name);
            print_flat(f, as);
        } else {
            fprintf(f, "address-space: %s\n", as->name);
            print_region(f, as->root, 0, 1);
            collect_orphans(as->root, orphans);
        }
        fputc('\n', f);
    }
    for (unsigned i = 0; i < orphans->len; i++) {
        const MemoryRegion *mr = orphans->pdata[i];
        fprintf(f, "memory-region: %s\n", mr->name);
        print_region(f, mr, 0, 1);
        fputc('\n', f);
    }
    g_ptr_array_free(orphans, true);
}
