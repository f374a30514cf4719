/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of host memory that back guest RAM, and giving parts of them back.
 *
 * Each block has a place in the flat ram_addr space (accel/tcg keys translations by it). Huge pages
 * are asked for, as first touches and host TLB misses cost a boot a fifth of its time. Once
 * something smaller than one has been discarded the whole block gets no new ones: the host would
 * otherwise fill in again, behind our back, what a balloon gave.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "memory-internal.h"
#include "util/trace-memory.h"

enum { DISCARDS_AT_ONCE = 256 };
#define HOST_PAGE 4096u
#define HUGE_PAGE ((uint64_t)2 << 20)

typedef struct Block {
    RAMBlock rb;                /* first: a RAMBlock * is a Block * */
    bool borrowed;              /* host memory is somebody else's */
    bool own_fd;
    bool no_huge;               /* MADV_NOHUGEPAGE was done */
} Block;

static GMutex blocks_mutex;
static GPtrArray *blocks;       /* Block *, sorted by ram_addr; blocks_mutex */

/* The first gap in the ram_addr space that is large enough. */
static void block_publish(Block *b)
{
    uint64_t at = 0;
    unsigned pos = 0;

    g_mutex_lock(&blocks_mutex);
    if (!blocks) {
        blocks = g_ptr_array_new();
    }
    for (; pos < blocks->len; pos++) {
        const RAMBlock *o = blocks->pdata[pos];
        if (o->ram_addr - at >= b->rb.size) {
            break;
        }
        at = (o->ram_addr + o->size + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
    }
    b->rb.ram_addr = at;
    g_ptr_array_insert(blocks, (int)pos, b);
    g_mutex_unlock(&blocks_mutex);
}

static Block *block_alloc(const char *id, uint64_t size, int fd, bool shared)
{
    Block *b = g_new0(Block, 1);

    b->rb = (RAMBlock){ .id = g_strdup(id), .size = size, .fd = fd, .shared = shared, .refs = 1 };
    return b;
}

static void block_dispose(Block *b)
{
    if (b->rb.host && !b->borrowed) {
        munmap(b->rb.host, b->rb.size);
    }
    if (b->own_fd) {
        close(b->rb.fd);
    }
    g_free(b->rb.id);
    g_free(b);
}

/* An address for @size bytes where host huge pages could line up, as an inaccessible mapping. */
static void *reserve_aligned(uint64_t size)
{
    uint64_t align = size >= HUGE_PAGE ? HUGE_PAGE : HOST_PAGE, total;
    uint8_t *p, *start;

    if (__builtin_add_overflow(size, align, &total)) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    p = mmap(NULL, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) {
        return p;
    }
    start = (uint8_t *)(((uintptr_t)p + align - 1) & ~(uintptr_t)(align - 1));
    if (start > p) {
        munmap(p, (size_t)(start - p));
    }
    munmap(start + size, (size_t)(p + total - (start + size)));
    return start;
}

static bool block_prealloc(Block *b, Error **errp)
{
#ifdef MADV_POPULATE_WRITE
    if (madvise(b->rb.host, b->rb.size, MADV_POPULATE_WRITE) == 0) {
        return true;
    }
    if (errno != EINVAL) {
        error_setg_errno(errp, errno, "cannot preallocate memory of '%s'", b->rb.id);
        return false;
    }
#endif
    for (uint64_t i = 0; i < b->rb.size; i += HOST_PAGE) {
        volatile uint8_t *p = b->rb.host + i;
        *p = *p;
    }
    return true;
}

static bool block_map(Block *b, unsigned flags, Error **errp)
{
    int map = MAP_FIXED | (b->rb.shared ? MAP_SHARED : MAP_PRIVATE);
    void *at = reserve_aligned(b->rb.size);

    map |= b->rb.fd < 0 ? MAP_ANONYMOUS : 0;
    map |= flags & RAM_NORESERVE ? MAP_NORESERVE : 0;
    if (at != MAP_FAILED) {
        b->rb.host = at;
        at = mmap(at, b->rb.size, PROT_READ | PROT_WRITE, map, b->rb.fd, 0);
    }
    if (at == MAP_FAILED) {
        error_setg_errno(errp, errno, "cannot set up guest memory '%s'", b->rb.id);
        return false;
    }
    if (!(flags & RAM_DUMP)) {
        madvise(b->rb.host, b->rb.size, MADV_DONTDUMP);
    }
    if (flags & RAM_MERGE) {
        madvise(b->rb.host, b->rb.size, MADV_MERGEABLE);    /* as for huge pages: a wish */
    }
    if (b->rb.size >= HUGE_PAGE) {
        madvise(b->rb.host, b->rb.size, MADV_HUGEPAGE);     /* may fail: a wish only */
    }
    return !(flags & RAM_PREALLOC) || block_prealloc(b, errp);
}

static bool size_check(const char *id, uint64_t size, Error **errp)
{
    if (size == 0 || size % HOST_PAGE) {
        error_setg(errp, "size of memory '%s' must be a multiple of 4 KiB and not 0", id);
        return false;
    }
    return true;
}

static RAMBlock *block_finish(Block *b, unsigned flags, Error **errp)
{
    if (!block_map(b, flags, errp)) {
        block_dispose(b);
        return NULL;
    }
    block_publish(b);
    return &b->rb;
}

RAMBlock *ram_block_new(const char *id, uint64_t size, unsigned flags, Error **errp)
{
    int fd = -1;
    Block *b;

    if (!size_check(id, size, errp)) {
        return NULL;
    }
    if (flags & RAM_MEMFD) {
        fd = memfd_create(id, MFD_CLOEXEC);
        if (fd < 0 || ftruncate(fd, (off_t)size) < 0) {
            error_setg_errno(errp, errno, "cannot make a memfd for memory '%s'", id);
            if (fd >= 0) {
                close(fd);
            }
            return NULL;
        }
    }
    b = block_alloc(id, size, fd, flags & RAM_SHARED);
    b->own_fd = fd >= 0;
    return block_finish(b, flags, errp);
}

/**
 * ram_block_new_from_fd - guest memory in a file
 * @fd: becomes the block's, also when this fails; made longer if it is too short
 */
RAMBlock *ram_block_new_from_fd(const char *id, uint64_t size, int fd, unsigned flags,
                                Error **errp)
{
    struct stat st;
    Block *b;

    if (!size_check(id, size, errp)) {
        close(fd);
        return NULL;
    }
    if (fstat(fd, &st) < 0 || (S_ISREG(st.st_mode) && (uint64_t)st.st_size < size &&
                               ftruncate(fd, (off_t)size) < 0)) {
        error_setg_errno(errp, errno, "cannot size the file of memory '%s'", id);
        close(fd);
        return NULL;
    }
    b = block_alloc(id, size, fd, flags & RAM_SHARED);
    b->own_fd = true;
    return block_finish(b, flags, errp);
}

RAMBlock *ram_block_new_borrowed(const char *id, uint64_t size, void *host)
{
    Block *b = block_alloc(id, size, -1, false);

    assert((uintptr_t)host % HOST_PAGE == 0);
    b->borrowed = true;
    b->rb.host = host;
    block_publish(b);
    return &b->rb;
}

RAMBlock *ram_block_ref(RAMBlock *rb)
{
    __atomic_add_fetch(&rb->refs, 1, __ATOMIC_RELAXED);
    return rb;
}

/* When no vCPU can hold its host address any more. */
static void block_free_now(void *opaque)
{
    Block *b = opaque;

    memory_notify_discarded(b->rb.ram_addr, b->rb.size);
    g_mutex_lock(&blocks_mutex);
    g_ptr_array_remove(blocks, b);
    g_mutex_unlock(&blocks_mutex);
    block_dispose(b);
}

void ram_block_unref(RAMBlock *rb)
{
    if (rb && __atomic_sub_fetch(&rb->refs, 1, __ATOMIC_ACQ_REL) == 0) {
        memory_defer(block_free_now, rb);
    }
}

uint64_t ram_total_bytes(void)
{
    uint64_t sum = 0;

    g_mutex_lock(&blocks_mutex);
    for (unsigned i = 0; blocks && i < blocks->len; i++) {
        sum += ((RAMBlock *)blocks->pdata[i])->size;
    }
    g_mutex_unlock(&blocks_mutex);
    return sum;
}

static void keep_small_pages(Block *b, uint64_t ofs, uint64_t len_bytes)
{
    if (!b->no_huge && (ofs % HUGE_PAGE || len_bytes % HUGE_PAGE)) {
        b->no_huge = true;
        madvise(b->rb.host, b->rb.size, MADV_NOHUGEPAGE);   /* fails where the host has none */
    }
}

/* How host memory of each kind of block is given back. */
static int discard_range(Block *b, uint64_t ofs, uint64_t len_bytes)
{
    uint8_t *start = b->rb.host + ofs;

    if (b->rb.fd >= 0 && (b->rb.shared || b->own_fd) &&
        fallocate(b->rb.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)ofs,
                  (off_t)len_bytes) < 0) {
        return -errno;
    }
    if (b->rb.fd < 0 && b->rb.shared) {
        return madvise(start, len_bytes, MADV_REMOVE) ? -errno : 0;
    }
    return !b->rb.shared && madvise(start, len_bytes, MADV_DONTNEED) ? -errno : 0;
}

/* Private anonymous memory goes back by madvise() alone, and hosts since Linux 6.13 take many ranges
 * in one call: a scattered page costs a twentieth. False: not done, nothing is lost by doing it twice */
static bool discard_at_once(Block *b, const RamRange *ranges, unsigned n)
{
    static int self = -1, refused;              /* atomic; the host's answer does not change */
    struct iovec iov[DISCARDS_AT_ONCE];
    uint64_t total = 0;

    if (n < 2 || b->rb.shared || b->own_fd || __atomic_load_n(&refused, __ATOMIC_RELAXED)) {
        return false;
    }
    if (__atomic_load_n(&self, __ATOMIC_RELAXED) < 0) {
        __atomic_store_n(&self, (int)syscall(SYS_pidfd_open, getpid(), 0), __ATOMIC_RELAXED);
    }
    for (unsigned i = 0; i < n; i++) {
        iov[i] = (struct iovec){ b->rb.host + ranges[i].ofs, ranges[i].len_bytes };
        total += ranges[i].len_bytes;
    }
    if (syscall(SYS_process_madvise, self, iov, (size_t)n, MADV_DONTNEED, 0u) == (long)total) {
        return true;
    }
    __atomic_store_n(&refused, 1, __ATOMIC_RELAXED);
    return false;
}

static int discard_some(Block *b, const RamRange *ranges, unsigned n)
{
    int ret = 0;

    if (discard_at_once(b, ranges, n)) {
        return 0;
    }
    for (unsigned i = 0; i < n; i++) {
        int r = ranges[i].len_bytes ? discard_range(b, ranges[i].ofs, ranges[i].len_bytes) : 0;

        ret = ret ? ret : r;
    }
    return ret;
}

static bool may_discard(Block *b, const RamRange *ranges, unsigned n, Error **errp)
{
    const RAMBlock *rb = &b->rb;

    for (unsigned i = 0; i < n; i++) {
        uint64_t ofs = ranges[i].ofs, len_bytes = ranges[i].len_bytes;

        if (ofs % HOST_PAGE || len_bytes % HOST_PAGE || ofs > rb->size ||
            len_bytes > rb->size - ofs) {
            error_setg(errp, "discard of '%s': range is not page aligned or outside", rb->id);
            return false;
        }
    }
    if (b->borrowed) {
        error_setg(errp, "discard of '%s': memory is not ours", rb->id);
        return false;
    }
    return true;
}

bool ram_block_discard_many(RAMBlock *rb, const RamRange *ranges, unsigned n, Error **errp)
{
    Block *b = (Block *)rb;
    int ret = 0;

    if (!may_discard(b, ranges, n, errp)) {
        return false;
    }
    for (unsigned i = 0; i < n; i += DISCARDS_AT_ONCE) {
        unsigned some = MIN(n - i, DISCARDS_AT_ONCE);
        int r;

        for (unsigned j = i; j < i + some; j++) {
            keep_small_pages(b, ranges[j].ofs, ranges[j].len_bytes);
        }
        r = discard_some(b, ranges + i, some);
        ret = ret ? ret : r;
        for (unsigned j = i; j < i + some; j++) {
            if (ranges[j].len_bytes) {
                memory_notify_discarded(rb->ram_addr + ranges[j].ofs, ranges[j].len_bytes);
                trace_ram_block_discard(rb->id, ranges[j].ofs, ranges[j].len_bytes, r);
            }
        }
    }
    if (ret < 0) {
        error_setg_errno(errp, -ret, "discard of '%s' at offset 0x%" G_GINT64_MODIFIER "x", rb->id,
                         ranges[0].ofs);
    }
    return ret == 0;
}

bool ram_block_discard(RAMBlock *rb, uint64_t ofs, uint64_t len_bytes, Error **errp)
{
    return ram_block_discard_many(rb, &(RamRange){ ofs, len_bytes }, 1, errp);
}

RAMBlock *ram_block_from_hva(const void *hva, uint64_t *ofs)
{
    RAMBlock *found = NULL;
    const uint8_t *p = hva;

    g_mutex_lock(&blocks_mutex);
    for (unsigned i = 0; blocks && i < blocks->len && !found; i++) {
        RAMBlock *rb = blocks->pdata[i];
        if (p >= rb->host && p < rb->host + rb->size) {
            found = rb;
        }
    }
    g_mutex_unlock(&blocks_mutex);
    if (found && ofs) {
        *ofs = (uint64_t)(p - found->host);
    }
    return found;
}
