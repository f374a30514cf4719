/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's address space. Guest addresses are host addresses, so the host's kernel does the
 * real work; beside it stands what the guest asked for, page by page, because the translator
 * write-protects pages that hold translated code behind the guest's back.
 *
 * The table has two levels of 2^18 pages each, so that a signal handler can read it without locks.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>
#include "accel/accel.h"
#include "task.h"

#define LEAF_BITS 18
#define LEAF_PAGES (1ul << LEAF_BITS)
#define TOP_BITS (47 - PAGE_BITS - LEAF_BITS)

static uint8_t *leaves[1ul << TOP_BITS];    /* one byte a page; leaves are never freed */
static GRecMutex lock;

void mmap_lock(void)
{
    g_rec_mutex_lock(&lock);
}

void mmap_unlock(void)
{
    g_rec_mutex_unlock(&lock);
}

/* The lock's owner is a thread id that is the parent's: it cannot be unlocked, only made anew. */
void mmap_fork_end(bool child)
{
    if (child) {
        memset(&lock, 0, sizeof(lock));
    } else {
        g_rec_mutex_unlock(&lock);
    }
}

static bool in_space(uint64_t gva, uint64_t len)
{
    return gva < 1ull << 47 && len <= (1ull << 47) - gva;
}

void page_set(uint64_t start, uint64_t len, int prot)
{
    uint64_t first = start >> PAGE_BITS, end = (start + len + PAGE_SIZE_ - 1) >> PAGE_BITS;

    for (uint64_t p = first; p < end;) {
        uint64_t n = MIN(end - p, LEAF_PAGES - (p & (LEAF_PAGES - 1)));
        uint8_t **leaf = &leaves[p >> LEAF_BITS];

        if (!*leaf && prot) {
            uint8_t *fresh = mmap(NULL, LEAF_PAGES, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            g_assert(fresh != MAP_FAILED);
            __atomic_store_n(leaf, fresh, __ATOMIC_RELEASE);
        }
        if (*leaf) {
            memset(*leaf + (p & (LEAF_PAGES - 1)), prot, n);
        }
        p += n;
    }
}

int page_prot(uint64_t gva)
{
    if (gva >= 1ull << 47) {
        return 0;
    }
    uint64_t p = gva >> PAGE_BITS;
    uint8_t *leaf = __atomic_load_n(&leaves[p >> LEAF_BITS], __ATOMIC_ACQUIRE);

    return leaf ? leaf[p & (LEAF_PAGES - 1)] & 7 : 0;
}

bool page_mapped(uint64_t gva)
{
    uint64_t p = gva >> PAGE_BITS;

    return gva < 1ull << 47 && leaves[p >> LEAF_BITS] &&
           leaves[p >> LEAF_BITS][p & (LEAF_PAGES - 1)];
}

uint64_t page_run_start(uint64_t gva, uint64_t limit)
{
    uint64_t p = (gva - 1) & PAGE_MASK_;

    while (gva - p < limit && p >= PAGE_SIZE_ && (page_prot(p - PAGE_SIZE_) & PROT_W)) {
        p -= PAGE_SIZE_;
    }
    return p;
}

bool guest_ok(uint64_t gva, uint64_t len, int prot)
{
    if (!in_space(gva, len)) {
        return false;
    }
    for (uint64_t p = gva & PAGE_MASK_; p < gva + len; p += PAGE_SIZE_) {
        if ((page_prot(p) & prot) != prot) {
            return false;
        }
    }
    return true;
}

/*
 * host_copy(to, from, n): false if a byte was not there. The page table may say that it is, and yet
 * a mapping ends before its file does, or is gone when we look: the handler of SIGSEGV and SIGBUS
 * moves a pc at host_copy_at to host_copy_fault.
 */
__asm__(".text\n.globl host_copy\n.type host_copy,@function\nhost_copy:\n"
        "  mov %rdx, %rcx\n"
        ".globl host_copy_at\nhost_copy_at:\n"
        "  rep movsb\n"
        "  mov $1, %eax\n  ret\n"
        ".globl host_copy_fault\nhost_copy_fault:\n"
        "  xor %eax, %eax\n  ret\n"
        ".size host_copy, .-host_copy\n");
extern const char host_copy_at[], host_copy_fault[];
bool host_copy(void *to, const void *from, size_t n);

uintptr_t guest_copy_fault(uintptr_t host_pc)
{
    return host_pc == (uintptr_t)host_copy_at ? (uintptr_t)host_copy_fault : 0;
}

bool guest_read(void *to, uint64_t gva, size_t n)
{
    return guest_ok(gva, n, PROT_R) && host_copy(to, g2h(gva), n);
}

bool guest_write(uint64_t gva, const void *from, size_t n)
{
    enum { TRIES = 3 };         /* another thread may translate code there, which protects it again */

    for (int i = 0; i < TRIES && guest_ok(gva, n, PROT_W); i++) {
        tcg_user_prepare_write(gva, n);
        if (host_copy(g2h(gva), from, n)) {
            return true;
        }
    }
    return false;
}

char *guest_string(uint64_t gva)
{
    GString *s = g_string_new(NULL);

    while (s->len < 65536) {
        char part[256];
        size_t n = MIN(sizeof(part), PAGE_SIZE_ - (gva & ~PAGE_MASK_));
        if (!guest_read(part, gva, n)) {
            break;
        }
        g_string_append_len(s, part, (gssize)strnlen(part, n));
        if (memchr(part, 0, n)) {
            return g_string_free(s, FALSE);
        }
        gva += n;
    }
    g_string_free(s, TRUE);
    return NULL;
}

char **guest_strings(uint64_t gva)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

    for (uint64_t p = gva; gva; p += 8) {
        uint64_t ptr;
        char *s = NULL;

        if (!guest_read(&ptr, p, 8) || (ptr && !(s = guest_string(ptr)))) {
            return NULL;
        }
        if (!ptr) {
            break;
        }
        g_ptr_array_add(list, s);
    }
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}

/* PROT_* of the guest's call; readable is what a mapped page is at least marked as */
static int flags_of(int prot)
{
    int f = 0;

    f |= prot & PROT_READ ? PROT_R : 0;
    f |= prot & PROT_WRITE ? PROT_W | PROT_R : 0;
    f |= prot & PROT_EXEC ? PROT_X | PROT_R : 0;
    return f;
}

/* Generated code reads guest code, never runs it: the host needs no execute permission. */
static int host_prot(int prot)
{
    return (prot & ~PROT_EXEC) | (prot & PROT_EXEC ? PROT_READ : 0);
}

static uint64_t round_up(uint64_t len)
{
    return (len + PAGE_SIZE_ - 1) & PAGE_MASK_;
}

static void gone(uint64_t addr, uint64_t len)
{
    if (arch.memory_gone) {
        arch.memory_gone(addr, len);
    }
}

static void changed(uint64_t addr, uint64_t len, int prot)
{
    if (!prot) {
        gone(addr, len);
    }
    page_set(addr, len, prot);
    tcg_user_invalidate(addr, len);
}

int64_t guest_mmap(uint64_t addr, uint64_t len, int prot, int flags, int fd, uint64_t ofs)
{
    bool fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);

    if (len == 0 || len > 1ull << 47) {
        return len == 0 ? -EINVAL : -ENOMEM;
    }
    if (fixed && ((addr & ~PAGE_MASK_) || !in_space(addr, len))) {
        return addr & ~PAGE_MASK_ ? -EINVAL : -ENOMEM;
    }
    mmap_lock();
    void *p = mmap(g2h(addr), len, host_prot(prot), flags, fd, (off_t)ofs);
    int64_t ret = p == MAP_FAILED ? -errno : (int64_t)(uintptr_t)p;
    if (p != MAP_FAILED) {
        int f = flags_of(prot);
        gone((uint64_t)ret, round_up(len));
        changed((uint64_t)ret, round_up(len), f ? f : 8);   /* 8: mapped without any right */
    }
    mmap_unlock();
    return ret;
}

int64_t guest_munmap(uint64_t addr, uint64_t len)
{
    int64_t ret;

    if ((addr & ~PAGE_MASK_) || !len || !in_space(addr, len)) {
        return -EINVAL;
    }
    mmap_lock();
    ret = munmap(g2h(addr), len) ? -errno : 0;
    if (ret == 0) {
        changed(addr, round_up(len), 0);
    }
    mmap_unlock();
    return ret;
}

int64_t guest_mprotect(uint64_t addr, uint64_t len, int prot)
{
    int64_t ret;

    if ((addr & ~PAGE_MASK_) || !in_space(addr, len)) {
        return -EINVAL;
    }
    len = round_up(len);
    mmap_lock();
    ret = mprotect(g2h(addr), len, host_prot(prot)) ? -errno : 0;
    if (ret == 0) {
        int f = flags_of(prot & 7);
        changed(addr, len, f ? f : 8);
    }
    mmap_unlock();
    return ret;
}

int64_t guest_mremap(uint64_t addr, uint64_t old_len, uint64_t new_len, int flags, uint64_t to)
{
    int64_t ret;

    mmap_lock();
    int prot = page_prot(addr);
    tcg_user_invalidate(addr, round_up(old_len));
    if (in_space(addr, old_len)) {      /* pages the translator protected would move so */
        mprotect(g2h(addr), round_up(old_len),
                 (prot & PROT_R ? PROT_READ : 0) | (prot & PROT_W ? PROT_WRITE : 0));
    }
    void *p = mremap(g2h(addr), old_len, new_len, flags, g2h(to));
    ret = p == MAP_FAILED ? -errno : (int64_t)(uintptr_t)p;
    if (p != MAP_FAILED) {
        if ((uint64_t)ret != addr && !(flags & 4 /* MREMAP_DONTUNMAP */)) {
            changed(addr, round_up(old_len), 0);
        } else if (new_len < old_len) {
            changed(addr + round_up(new_len), round_up(old_len) - round_up(new_len), 0);
        }
        changed((uint64_t)ret, round_up(new_len), prot ? prot : 8);
    }
    mmap_unlock();
    return ret;
}

int64_t guest_brk(uint64_t addr)
{
    mmap_lock();
    uint64_t old_end = round_up(program.brk), new_end = round_up(addr);

    if (addr >= program.brk_start && in_space(addr, 0)) {
        if (new_end > old_end) {
            void *p = mmap(g2h(old_end), new_end - old_end, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
            if (p != MAP_FAILED) {
                changed(old_end, new_end - old_end, PROT_R | PROT_W);
                program.brk = addr;
            }
        } else {
            if (new_end < old_end) {
                munmap(g2h(new_end), old_end - new_end);
                changed(new_end, old_end - new_end, 0);
            }
            program.brk = addr;
        }
    }
    int64_t ret = (int64_t)program.brk;
    mmap_unlock();
    return ret;
}

/* ---- System V shared memory ---- */

static GHashTable *attached;        /* address -> bytes; lock */

int64_t guest_shmat(int id, uint64_t addr, int flags)
{
    struct shmid_ds ds;
    int64_t ret;

    if (shmctl(id, IPC_STAT, &ds) < 0) {
        return -errno;
    }
    mmap_lock();
    void *p = shmat(id, g2h(addr), flags & ~SHM_EXEC);
    ret = p == (void *)-1 ? -errno : (int64_t)(uintptr_t)p;
    if (p != (void *)-1) {
        if (!attached) {
            attached = g_hash_table_new(NULL, NULL);
        }
        g_hash_table_insert(attached, p, (gpointer)round_up(ds.shm_segsz));
        changed((uint64_t)ret, round_up(ds.shm_segsz), PROT_R | (flags & SHM_RDONLY ? 0 : PROT_W) |
                (flags & SHM_EXEC ? PROT_X : 0));
    }
    mmap_unlock();
    return ret;
}

int64_t guest_shmdt(uint64_t addr)
{
    mmap_lock();
    int64_t ret = shmdt(g2h(addr)) ? -errno : 0;
    if (ret == 0 && attached) {
        changed(addr, (uint64_t)g_hash_table_lookup(attached, g2h(addr)), 0);
        g_hash_table_remove(attached, g2h(addr));
    }
    mmap_unlock();
    return ret;
}
