/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest physical memory: a tree of regions, flattened for dispatch.
 *
 * The topology changes under the big lock with vCPUs outside generated code; readers take no lock
 * (the flat view is published by an atomic pointer and freed when nobody can be using it).
 * Sizes and addresses are bytes.
 */
#ifndef MEMORY_MEMORY_H
#define MEMORY_MEMORY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "qom/object.h"
#include "util/error.h"

typedef struct MemoryRegion MemoryRegion;
typedef struct AddressSpace AddressSpace;
typedef struct RAMBlock RAMBlock;

/*
 * Device side of an I/O region. The bus splits or widens accesses so that read/write only see
 * impl_min..impl_max bytes (defaults 1..8 and aligned), and refuses what is outside
 * valid_min..valid_max (defaults 1..8): reads give ~0, writes vanish, one guest_error line.
 * Called with the big lock held, offset < region size.
 */
typedef struct MemoryRegionOps {
    uint64_t (*read)(void *opaque, uint64_t offset, unsigned bytes);
    void (*write)(void *opaque, uint64_t offset, uint64_t value, unsigned bytes);
    uint8_t valid_min, valid_max, impl_min, impl_max;   /* bytes; 0 = default */
    bool unaligned;                                     /* unaligned accesses are passed through */
    bool no_lock;                                       /* called without the big lock */
} MemoryRegionOps;

struct MemoryRegion {
    Object parent;
    const char *name;                   /* owned */
    const MemoryRegionOps *ops;
    void *opaque;
    RAMBlock *ram;                      /* of ram and rom regions */
    bool readonly, rom, enabled, terminates;
    uint64_t size;                      /* bytes; UINT64_MAX: the whole 64-bit space */
    uint64_t addr;                      /* in the container */
    int priority;
    MemoryRegion *container, *alias;
    uint64_t alias_offset;
    GPtrArray *subregions;
    void *owner;
};

/* Initialisers for regions embedded in a device (owner may be NULL); zeroed memory expected. */
void memory_region_init(MemoryRegion *mr, void *owner, const char *name, uint64_t size);
void memory_region_init_io(MemoryRegion *mr, void *owner, const MemoryRegionOps *ops, void *opaque,
                           const char *name, uint64_t size);
bool memory_region_init_ram(MemoryRegion *mr, void *owner, const char *name, uint64_t size,
                            Error **errp);
/* @host: page-aligned memory that outlives the region (rom true: guest writes are dropped) */
void memory_region_init_ram_ptr(MemoryRegion *mr, void *owner, const char *name, uint64_t size,
                                void *host, bool rom);
void memory_region_init_ram_block(MemoryRegion *mr, void *owner, const char *name, RAMBlock *block);
void memory_region_init_alias(MemoryRegion *mr, void *owner, const char *name, MemoryRegion *orig,
                              uint64_t offset, uint64_t size);
void memory_region_destroy(MemoryRegion *mr);

/* Topology; big lock. Many changes at once: begin/commit around them. */
void memory_region_add(MemoryRegion *parent, uint64_t offset, MemoryRegion *sub);
void memory_region_add_overlap(MemoryRegion *parent, uint64_t offset, MemoryRegion *sub,
                               int priority);
void memory_region_del(MemoryRegion *parent, MemoryRegion *sub);
void memory_region_set_enabled(MemoryRegion *mr, bool enabled);
void memory_region_set_address(MemoryRegion *mr, uint64_t addr);
void memory_region_set_readonly(MemoryRegion *mr, bool readonly);   /* of RAM or an alias */
void memory_region_set_alias_offset(MemoryRegion *mr, uint64_t offset);
void memory_region_set_size(MemoryRegion *mr, uint64_t size);
void memory_transaction_begin(void);
void memory_transaction_commit(void);
void *memory_region_ram_ptr(const MemoryRegion *mr);    /* hva of offset 0 */

/* ---- address spaces ---- */
AddressSpace *address_space_new(MemoryRegion *root, const char *name);
void address_space_free(AddressSpace *as);
MemoryRegion *address_space_root(AddressSpace *as);
extern AddressSpace *address_space_memory, *address_space_io;   /* made by memory_init() */
void memory_init(void);

typedef enum MemTxResult { MEMTX_OK = 0, MEMTX_ERROR = 1, MEMTX_DECODE_ERROR = 2 } MemTxResult;

MemTxResult address_space_read(AddressSpace *as, uint64_t gpa, void *buf, uint64_t n_bytes);
MemTxResult address_space_write(AddressSpace *as, uint64_t gpa, const void *buf, uint64_t n_bytes);
/* one access of 1, 2, 4 or 8 bytes, as a CPU's; little-endian value */
uint64_t address_space_ld(AddressSpace *as, uint64_t gpa, unsigned bytes, MemTxResult *res);
MemTxResult address_space_st(AddressSpace *as, uint64_t gpa, uint64_t val, unsigned bytes);
static inline MemTxResult gpa_read(uint64_t gpa, void *buf, uint64_t n)
{ return address_space_read(address_space_memory, gpa, buf, n); }
static inline MemTxResult gpa_write(uint64_t gpa, const void *buf, uint64_t n)
{ return address_space_write(address_space_memory, gpa, buf, n); }

/* What lies at @gpa. Valid until the topology changes. */
typedef struct MemorySection {
    MemoryRegion *mr;           /* NULL: nothing there */
    uint64_t offset;            /* of gpa in the region */
    uint64_t len_bytes;         /* contiguous from there (UINT64_MAX: to the end of all) */
    bool readonly;              /* writes don't reach RAM: dropped, or to mr->ops if set */
} MemorySection;
MemorySection address_space_lookup(AddressSpace *as, uint64_t gpa);
/* counts commits that changed a flat view: what was cached from lookups before is stale */
extern unsigned memory_generation;
/* one device access of 1..8 bytes by the rules of MemoryRegionOps; takes the big lock if needed */
uint64_t memory_region_io_read(MemoryRegion *mr, uint64_t offset, unsigned bytes,
                               MemTxResult *res);
MemTxResult memory_region_io_write(MemoryRegion *mr, uint64_t offset, uint64_t val, unsigned bytes);

/**
 * address_space_map - host address of guest RAM for a device that keeps it
 * @len_bytes: in: wanted; out: mapped (may be less: the region ends)
 * Returns NULL if not RAM (or read-only and @write). Writes by the holder must be followed by
 * address_space_unmap(), which marks the range dirty and drops translations of it.
 */
void *address_space_map(AddressSpace *as, uint64_t gpa, uint64_t *len_bytes, bool write);
void address_space_unmap(AddressSpace *as, void *hva, uint64_t len_bytes, bool written);

/* ---- RAM blocks (memory/ram.c) ---- */
struct RAMBlock {
    char *id;                   /* "pc.ram" */
    uint8_t *host;              /* hva */
    uint64_t size;              /* bytes, page multiple */
    uint64_t ram_addr;          /* position in the flat ram_addr space */
    int fd;                     /* -1: anonymous */
    bool shared;
    unsigned refs;
};
typedef enum RamFlags {
    RAM_SHARED = 1, RAM_PREALLOC = 2, RAM_NORESERVE = 4, RAM_MEMFD = 8,
    RAM_MERGE = 16,             /* the host may share equal pages */
    RAM_DUMP = 32               /* in core dumps of the emulator; else not */
} RamFlags;
RAMBlock *ram_block_new(const char *id, uint64_t size, unsigned flags, Error **errp);
RAMBlock *ram_block_new_from_fd(const char *id, uint64_t size, int fd, unsigned flags,
                                Error **errp);
/* @host is not freed with the block */
RAMBlock *ram_block_new_borrowed(const char *id, uint64_t size, void *host);
RAMBlock *ram_block_ref(RAMBlock *rb);
void ram_block_unref(RAMBlock *rb);
uint64_t ram_total_bytes(void);
/* gives [ofs, ofs + len) back to the host; reads as zero afterwards. Also drops TLB entries'
 * assumptions and translations. Page multiples. False: host refused (logged by caller). */
bool ram_block_discard(RAMBlock *rb, uint64_t ofs, uint64_t len_bytes, Error **errp);
/* The same for several ranges with few calls of the host; all of them or none is looked at. */
typedef struct RamRange { uint64_t ofs, len_bytes; } RamRange;
bool ram_block_discard_many(RAMBlock *rb, const RamRange *ranges, unsigned n, Error **errp);
/* the RAM block and offset of a guest physical address, NULL if no RAM is there */
RAMBlock *ram_block_from_gpa(AddressSpace *as, uint64_t gpa, uint64_t *ofs, uint64_t *len_bytes);
RAMBlock *ram_block_from_hva(const void *hva, uint64_t *ofs);

/* what the accelerator wants to know (registered by accel/tcg; any may be NULL) */
typedef struct MemoryListener {
    void (*topology_changed)(AddressSpace *as);                     /* big lock */
    void (*ram_discarded)(uint64_t ram_addr, uint64_t len_bytes);
    void (*ram_written)(uint64_t ram_addr, uint64_t len_bytes);     /* by devices: code is stale */
    void (*before_change)(void);        /* bring vCPUs out of generated code */
    void (*after_change)(void);
    /* call fn(arg) when no vCPU can still be using what was published before. NULL: at once */
    void (*defer)(void (*fn)(void *arg), void *arg);
} MemoryListener;
void memory_listener_register(const MemoryListener *l);

void memory_print_tree(FILE *f, bool flat);             /* info mtree [-f] */

#endif
