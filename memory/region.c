/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree of memory regions and what changes it.
 *
 * A change marks the tree as changed; the outermost memory_transaction_commit() renders a new flat
 * view of every address space (flatview.c) and publishes those that differ.
 */
#include <assert.h>
#include "memory-internal.h"

GPtrArray *address_spaces;
AddressSpace *address_space_memory, *address_space_io;
unsigned memory_generation;

static unsigned transaction_depth;      /* big lock */
static bool topology_dirty;             /* big lock */
static GPtrArray *listeners;            /* MemoryListener *, big lock to change */

/* ---- listeners ---- */

void memory_listener_register(const MemoryListener *l)
{
    if (!listeners) {
        listeners = g_ptr_array_new();
    }
    g_ptr_array_add(listeners, (gpointer)l);
}

#define FOR_EACH_LISTENER(l, method) \
    for (unsigned i_ = 0; listeners && i_ < listeners->len; i_++) \
        for (const MemoryListener *l = listeners->pdata[i_]; l && l->method; l = NULL)

void memory_notify_topology(AddressSpace *as)
{
    FOR_EACH_LISTENER(l, topology_changed) {
        l->topology_changed(as);
    }
}

void memory_notify_discarded(uint64_t ram_addr, uint64_t len_bytes)
{
    FOR_EACH_LISTENER(l, ram_discarded) {
        l->ram_discarded(ram_addr, len_bytes);
    }
}

void memory_notify_written(uint64_t ram_addr, uint64_t len_bytes)
{
    FOR_EACH_LISTENER(l, ram_written) {
        l->ram_written(ram_addr, len_bytes);
    }
}

void memory_defer(void (*fn)(void *arg), void *arg)
{
    FOR_EACH_LISTENER(l, defer) {
        l->defer(fn, arg);
        return;
    }
    fn(arg);
}

/* ---- transactions ---- */

void memory_transaction_begin(void)
{
    transaction_depth++;
}

static void address_space_update(AddressSpace *as)
{
    FlatView *old = as->view, *fresh = flat_view_render(as->root);

    if (old && flat_view_equal(old, fresh)) {
        flat_view_free(fresh);
        return;
    }
    __atomic_store_n(&as->view, fresh, __ATOMIC_RELEASE);   /* pairs with address_space_view() */
    __atomic_add_fetch(&memory_generation, 1, __ATOMIC_RELEASE);
    if (old) {
        memory_notify_topology(as);
        memory_defer(flat_view_free, old);
    }
}

static void before_change(void)
{
    FOR_EACH_LISTENER(l, before_change) {
        l->before_change();
    }
}

static void after_change(void)
{
    FOR_EACH_LISTENER(l, after_change) {
        l->after_change();
    }
}

void memory_transaction_commit(void)
{
    assert(transaction_depth > 0);
    if (--transaction_depth || !topology_dirty) {
        return;
    }
    topology_dirty = false;
    before_change();
    for (unsigned i = 0; address_spaces && i < address_spaces->len; i++) {
        address_space_update(address_spaces->pdata[i]);
    }
    after_change();
}

static void region_changed(void)
{
    memory_transaction_begin();
    topology_dirty = true;
    memory_transaction_commit();
}

/* ---- regions ---- */

void memory_region_init(MemoryRegion *mr, void *owner, const char *name, uint64_t size)
{
    mr->name = g_strdup(name ? name : "");
    mr->owner = owner;
    mr->size = size;
    mr->enabled = true;
    mr->subregions = g_ptr_array_new();
}

void memory_region_init_io(MemoryRegion *mr, void *owner, const MemoryRegionOps *ops, void *opaque,
                           const char *name, uint64_t size)
{
    memory_region_init(mr, owner, name, size);
    mr->ops = ops;
    mr->opaque = opaque;
    mr->terminates = true;
}

static uint64_t page_align(uint64_t size)
{
    return (size + 4095) & ~(uint64_t)4095;
}

bool memory_region_init_ram(MemoryRegion *mr, void *owner, const char *name, uint64_t size,
                            Error **errp)
{
    RAMBlock *rb = ram_block_new(name, page_align(size), 0, errp);

    if (!rb) {
        return false;
    }
    memory_region_init_ram_block(mr, owner, name, rb);
    ram_block_unref(rb);
    mr->size = size;
    return true;
}

void memory_region_init_ram_ptr(MemoryRegion *mr, void *owner, const char *name, uint64_t size,
                                void *host, bool rom)
{
    RAMBlock *rb = ram_block_new_borrowed(name, page_align(size), host);

    memory_region_init_ram_block(mr, owner, name, rb);
    ram_block_unref(rb);
    mr->size = size;
    mr->rom = mr->readonly = rom;
}

void memory_region_init_ram_block(MemoryRegion *mr, void *owner, const char *name, RAMBlock *block)
{
    memory_region_init(mr, owner, name, block->size);
    mr->ram = ram_block_ref(block);
    mr->terminates = true;
}

void memory_region_init_alias(MemoryRegion *mr, void *owner, const char *name, MemoryRegion *orig,
                              uint64_t offset, uint64_t size)
{
    memory_region_init(mr, owner, name, size);
    mr->alias = orig;
    mr->alias_offset = offset;
}

void memory_region_destroy(MemoryRegion *mr)
{
    memory_transaction_begin();
    if (mr->container) {
        memory_region_del(mr->container, mr);
    }
    while (mr->subregions && mr->subregions->len) {
        memory_region_del(mr, mr->subregions->pdata[0]);
    }
    memory_transaction_commit();
    if (mr->subregions) {
        g_ptr_array_free(mr->subregions, true);
    }
    if (mr->ram) {
        ram_block_unref(mr->ram);
    }
    g_free((char *)mr->name);
    mr->subregions = NULL;
    mr->ram = NULL;
    mr->name = NULL;
}

/* Subregions are kept by falling priority; among equals the one added last wins. */
void memory_region_add_overlap(MemoryRegion *parent, uint64_t offset, MemoryRegion *sub,
                               int priority)
{
    unsigned pos = 0;

    assert(!sub->container);
    sub->container = parent;
    sub->addr = offset;
    sub->priority = priority;
    while (pos < parent->subregions->len &&
           ((MemoryRegion *)parent->subregions->pdata[pos])->priority > priority) {
        pos++;
    }
    g_ptr_array_insert(parent->subregions, (int)pos, sub);
    region_changed();
}

void memory_region_add(MemoryRegion *parent, uint64_t offset, MemoryRegion *sub)
{
    memory_region_add_overlap(parent, offset, sub, 0);
}

void memory_region_del(MemoryRegion *parent, MemoryRegion *sub)
{
    assert(sub->container == parent);
    g_ptr_array_remove(parent->subregions, sub);
    sub->container = NULL;
    region_changed();
}

void memory_region_set_enabled(MemoryRegion *mr, bool enabled)
{
    if (mr->enabled != enabled) {
        mr->enabled = enabled;
        region_changed();
    }
}

void memory_region_set_address(MemoryRegion *mr, uint64_t addr)
{
    MemoryRegion *parent = mr->container;

    if (!parent || mr->addr == addr) {
        mr->addr = addr;
        return;
    }
    memory_transaction_begin();
    memory_region_del(parent, mr);
    memory_region_add_overlap(parent, addr, mr, mr->priority);
    memory_transaction_commit();
}

void memory_region_set_readonly(MemoryRegion *mr, bool readonly)
{
    if (mr->readonly != readonly) {
        mr->readonly = readonly;
        region_changed();
    }
}

void memory_region_set_alias_offset(MemoryRegion *mr, uint64_t offset)
{
    if (mr->alias_offset != offset) {
        mr->alias_offset = offset;
        region_changed();
    }
}

void memory_region_set_size(MemoryRegion *mr, uint64_t size)
{
    if (mr->size != size) {
        mr->size = size;
        region_changed();
    }
}

void *memory_region_ram_ptr(const MemoryRegion *mr)
{
    uint64_t offset = 0;

    while (mr->alias) {
        offset += mr->alias_offset;
        mr = mr->alias;
    }
    return mr->ram ? mr->ram->host + offset : NULL;
}

/* ---- address spaces ---- */

AddressSpace *address_space_new(MemoryRegion *root, const char *name)
{
    AddressSpace *as = g_new0(AddressSpace, 1);

    as->name = g_strdup(name);
    as->root = root;
    as->view = flat_view_render(root);
    if (!address_spaces) {
        address_spaces = g_ptr_array_new();
    }
    g_ptr_array_add(address_spaces, as);
    return as;
}

static void address_space_free_now(void *opaque)
{
    AddressSpace *as = opaque;

    flat_view_free(as->view);
    g_free(as->name);
    g_free(as);
}

void address_space_free(AddressSpace *as)
{
    g_ptr_array_remove(address_spaces, as);
    __atomic_add_fetch(&memory_generation, 1, __ATOMIC_RELEASE);
    memory_defer(address_space_free_now, as);
}

MemoryRegion *address_space_root(AddressSpace *as)
{
    return as->root;
}

void memory_init(void)
{
    MemoryRegion *mem = g_new0(MemoryRegion, 1), *io = g_new0(MemoryRegion, 1);

    memory_region_init(mem, NULL, "system", UINT64_MAX);
    memory_region_init(io, NULL, "io", 65536);
    address_space_memory = address_space_new(mem, "memory");
    address_space_io = address_space_new(io, "I/O");
}
