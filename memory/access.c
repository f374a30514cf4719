/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and writes of guest physical memory and ports: RAM directly, devices by their widths. */
#include <inttypes.h>
#include <string.h>
#include "memory-internal.h"
#include "util/log.h"
#include "util/main-loop.h"
#include "util/trace-memory.h"

/* ---- one device access ---- */

static unsigned or_default(uint8_t v, unsigned def)
{
    return v ? v : def;
}

static bool io_access_valid(const MemoryRegionOps *ops, unsigned bytes)
{
    return bytes >= or_default(ops->valid_min, 1) && bytes <= or_default(ops->valid_max, 8);
}

static uint64_t low_bytes(unsigned bytes)
{
    return bytes >= 8 ? UINT64_MAX : ((uint64_t)1 << (bytes * 8)) - 1;
}

static void refuse(const MemoryRegion *mr, const char *what, uint64_t offset, unsigned bytes)
{
    guest_error("invalid %s of %u bytes at offset 0x%" PRIx64 " of region '%s'", what, bytes,
                offset, mr->name);
}

/* The width in which a device sees an access of @bytes at @offset. */
static unsigned io_unit(const MemoryRegionOps *ops, uint64_t offset, unsigned bytes)
{
    unsigned min = or_default(ops->impl_min, 1), max = or_default(ops->impl_max, 8);
    unsigned unit = bytes < min ? min : bytes > max ? max : bytes;

    while (!ops->unaligned && unit > min && offset % unit) {
        unit /= 2;
    }
    return unit;
}

static uint64_t io_read_split(MemoryRegion *mr, uint64_t offset, unsigned bytes, unsigned unit)
{
    uint64_t val = 0;

    for (unsigned done = 0; done < bytes; ) {
        uint64_t at = offset + done, base = mr->ops->unaligned ? at : at & ~(uint64_t)(unit - 1);
        unsigned skip = (unsigned)(at - base), take = MIN(unit - skip, bytes - done);
        uint64_t piece = mr->ops->read(mr->opaque, base, unit) >> (skip * 8);

        val |= (piece & low_bytes(take)) << (done * 8);
        done += take;
    }
    return val;
}

static void io_write_split(MemoryRegion *mr, uint64_t offset, uint64_t val, unsigned bytes,
                           unsigned unit)
{
    for (unsigned done = 0; done < bytes; ) {
        uint64_t at = offset + done, base = mr->ops->unaligned ? at : at & ~(uint64_t)(unit - 1);
        unsigned skip = (unsigned)(at - base), take = MIN(unit - skip, bytes - done);
        uint64_t piece = (val >> (done * 8)) & low_bytes(take);

        mr->ops->write(mr->opaque, base, piece << (skip * 8), unit);
        done += take;
    }
}

static bool io_lock(const MemoryRegionOps *ops)
{
    if (ops->no_lock || bql_held()) {
        return false;
    }
    bql_lock();
    return true;
}

/* guest addresses have any alignment; each access is still one host instruction */
typedef uint16_t __attribute__((aligned(1))) AnyU16;
typedef uint32_t __attribute__((aligned(1))) AnyU32;
typedef uint64_t __attribute__((aligned(1))) AnyU64;

static uint64_t ram_ld(const uint8_t *p, unsigned bytes)
{
    uint64_t v = 0;

    switch (bytes) {
    case 1: return *p;
    case 2: return *(const AnyU16 *)(const void *)p;
    case 4: return *(const AnyU32 *)(const void *)p;
    case 8: return *(const AnyU64 *)(const void *)p;
    default: memcpy(&v, p, bytes); return v;
    }
}

static void ram_st(uint8_t *p, uint64_t v, unsigned bytes)
{
    switch (bytes) {
    case 1: *p = (uint8_t)v; break;
    case 2: *(AnyU16 *)(void *)p = (uint16_t)v; break;
    case 4: *(AnyU32 *)(void *)p = (uint32_t)v; break;
    case 8: *(AnyU64 *)(void *)p = v; break;
    default: memcpy(p, &v, bytes); break;
    }
}

uint64_t memory_region_io_read(MemoryRegion *mr, uint64_t offset, unsigned bytes,
                               MemTxResult *res)
{
    const MemoryRegionOps *ops = mr->ops;
    MemTxResult dummy, *r = res ? res : &dummy;
    unsigned unit;
    uint64_t val;
    bool locked;

    *r = MEMTX_OK;
    if (mr->ram) {
        return ram_ld(mr->ram->host + offset, bytes);
    }
    if (!ops || !ops->read || !io_access_valid(ops, bytes)) {
        refuse(mr, "read", offset, bytes);
        *r = MEMTX_ERROR;
        return low_bytes(bytes);
    }
    unit = io_unit(ops, offset, bytes);
    locked = io_lock(ops);
    if (unit == bytes && (ops->unaligned || offset % unit == 0)) {
        val = ops->read(mr->opaque, offset, bytes);
    } else {
        val = io_read_split(mr, offset, bytes, unit);
    }
    if (locked) {
        bql_unlock();
    }
    trace_memory_region_ops_read(mr->name, offset, val & low_bytes(bytes), bytes);
    return val & low_bytes(bytes);
}

MemTxResult memory_region_io_write(MemoryRegion *mr, uint64_t offset, uint64_t val, unsigned bytes)
{
    const MemoryRegionOps *ops = mr->ops;
    unsigned unit;
    bool locked;

    if (mr->ram && !ops) {
        return MEMTX_OK;        /* ROM: the write vanishes */
    }
    if (!ops || !ops->write || !io_access_valid(ops, bytes)) {
        refuse(mr, "write", offset, bytes);
        return MEMTX_ERROR;
    }
    val &= low_bytes(bytes);
    trace_memory_region_ops_write(mr->name, offset, val, bytes);
    unit = io_unit(ops, offset, bytes);
    locked = io_lock(ops);
    if (unit == bytes && (ops->unaligned || offset % unit == 0)) {
        ops->write(mr->opaque, offset, val, bytes);
    } else {
        io_write_split(mr, offset, val, bytes, unit);
    }
    if (locked) {
        bql_unlock();
    }
    return MEMTX_OK;
}

/* ---- one access by address ---- */

static void unassigned(AddressSpace *as, const char *what, uint64_t gpa, unsigned bytes)
{
    if (as == address_space_io) {
        log_if(LOG_UNIMP, "%s of unassigned port 0x%04" PRIx64 ", %u bytes\n", what, gpa, bytes);
    } else {
        guest_error("%s of unassigned memory at 0x%" PRIx64 ", %u bytes", what, gpa, bytes);
    }
}

static uint64_t ld_bytewise(AddressSpace *as, uint64_t gpa, unsigned bytes, MemTxResult *res)
{
    uint64_t val = 0;
    MemTxResult one;

    for (unsigned i = 0; i < bytes; i++) {
        val |= address_space_ld(as, gpa + i, 1, &one) << (i * 8);
        *res |= one;
    }
    return val;
}

uint64_t address_space_ld(AddressSpace *as, uint64_t gpa, unsigned bytes, MemTxResult *res)
{
    MemorySection s = address_space_lookup(as, gpa);
    MemTxResult dummy;

    res = res ? res : &dummy;
    *res = MEMTX_OK;
    if (s.mr && s.len_bytes >= bytes) {
        return s.mr->ram ? ram_ld(s.mr->ram->host + s.offset, bytes)
                         : memory_region_io_read(s.mr, s.offset, bytes, res);
    }
    if (bytes > 1 && (s.mr || address_space_lookup(as, gpa + bytes - 1).mr)) {
        return ld_bytewise(as, gpa, bytes, res);
    }
    unassigned(as, "read", gpa, bytes);
    *res = MEMTX_DECODE_ERROR;
    return low_bytes(bytes);
}

static MemTxResult section_st(const MemorySection *s, uint64_t val, unsigned bytes)
{
    if (!s->mr->ram || s->readonly) {
        return memory_region_io_write(s->mr, s->offset, val, bytes);
    }
    ram_st(s->mr->ram->host + s->offset, val, bytes);
    memory_notify_written(s->mr->ram->ram_addr + s->offset, bytes);
    return MEMTX_OK;
}

MemTxResult address_space_st(AddressSpace *as, uint64_t gpa, uint64_t val, unsigned bytes)
{
    MemorySection s = address_space_lookup(as, gpa);
    MemTxResult res = MEMTX_OK;

    if (s.mr && s.len_bytes >= bytes) {
        return section_st(&s, val, bytes);
    }
    if (bytes > 1 && (s.mr || address_space_lookup(as, gpa + bytes - 1).mr)) {
        for (unsigned i = 0; i < bytes; i++) {
            res |= address_space_st(as, gpa + i, val >> (i * 8), 1);
        }
        return res;
    }
    unassigned(as, "write", gpa, bytes);
    return MEMTX_DECODE_ERROR;
}

/* ---- any number of bytes ---- */

/* The widest naturally aligned access that a device takes at @offset. */
static unsigned io_chunk(const MemoryRegion *mr, uint64_t offset, uint64_t n_bytes)
{
    unsigned max = mr->ops ? or_default(mr->ops->valid_max, 8) : 8, chunk = 8;

    while (chunk > 1 && (chunk > max || chunk > n_bytes || offset % chunk)) {
        chunk /= 2;
    }
    return chunk;
}

/* Bytes up to the next mapped range, for skipping holes; at most @n_bytes. */
static uint64_t hole_bytes(AddressSpace *as, uint64_t gpa, uint64_t n_bytes)
{
    FlatView *fv = address_space_view(as);
    uint64_t len = n_bytes;

    for (unsigned i = 0; i < fv->n; i++) {
        if (fv->ranges[i].first > gpa) {
            len = MIN(len, fv->ranges[i].first - gpa);
            break;
        }
    }
    return len;
}

MemTxResult address_space_read(AddressSpace *as, uint64_t gpa, void *buf, uint64_t n_bytes)
{
    MemTxResult res = MEMTX_OK, one;
    uint8_t *p = buf;

    while (n_bytes) {
        MemorySection s = address_space_lookup(as, gpa);
        uint64_t len;

        if (!s.mr) {
            len = hole_bytes(as, gpa, n_bytes);
            unassigned(as, "read", gpa, (unsigned)MIN(len, 4096));
            memset(p, 0xff, len);
            res |= MEMTX_DECODE_ERROR;
        } else if (s.mr->ram) {
            len = MIN(n_bytes, s.len_bytes);
            memcpy(p, s.mr->ram->host + s.offset, len);
        } else {
            uint64_t val;
            len = io_chunk(s.mr, s.offset, MIN(n_bytes, s.len_bytes));
            val = memory_region_io_read(s.mr, s.offset, (unsigned)len, &one);
            memcpy(p, &val, len);
            res |= one;
        }
        gpa += len, p += len, n_bytes -= len;
    }
    return res;
}

MemTxResult address_space_write(AddressSpace *as, uint64_t gpa, const void *buf, uint64_t n_bytes)
{
    MemTxResult res = MEMTX_OK;
    const uint8_t *p = buf;

    while (n_bytes) {
        MemorySection s = address_space_lookup(as, gpa);
        uint64_t len, val = 0;

        if (!s.mr) {
            len = hole_bytes(as, gpa, n_bytes);
            unassigned(as, "write", gpa, (unsigned)MIN(len, 4096));
            res |= MEMTX_DECODE_ERROR;
        } else if (s.mr->ram && !s.readonly) {
            len = MIN(n_bytes, s.len_bytes);
            memcpy(s.mr->ram->host + s.offset, p, len);
            memory_notify_written(s.mr->ram->ram_addr + s.offset, len);
        } else if (s.mr->ram && !s.mr->ops) {
            len = MIN(n_bytes, s.len_bytes);
        } else {
            len = io_chunk(s.mr, s.offset, MIN(n_bytes, s.len_bytes));
            memcpy(&val, p, len);
            res |= memory_region_io_write(s.mr, s.offset, val, (unsigned)len);
        }
        gpa += len, p += len, n_bytes -= len;
    }
    return res;
}

/* ---- mappings ---- */

void *address_space_map(AddressSpace *as, uint64_t gpa, uint64_t *len_bytes, bool write)
{
    MemorySection s = address_space_lookup(as, gpa);

    if (!s.mr || !s.mr->ram || (write && s.readonly)) {
        *len_bytes = 0;
        return NULL;
    }
    *len_bytes = MIN(*len_bytes, s.len_bytes);
    return s.mr->ram->host + s.offset;
}

void address_space_unmap(AddressSpace *as, void *hva, uint64_t len_bytes, bool written)
{
    uint64_t ofs;
    RAMBlock *rb = written && len_bytes ? ram_block_from_hva(hva, &ofs) : NULL;

    if (rb) {
        memory_notify_written(rb->ram_addr + ofs, len_bytes);
    }
}

RAMBlock *ram_block_from_gpa(AddressSpace *as, uint64_t gpa, uint64_t *ofs, uint64_t *len_bytes)
{
    MemorySection s = address_space_lookup(as, gpa);

    if (!s.mr || !s.mr->ram) {
        return NULL;
    }
    if (ofs) {
        *ofs = s.offset;
    }
    if (len_bytes) {
        *len_bytes = s.len_bytes;
    }
    return s.mr->ram;
}
