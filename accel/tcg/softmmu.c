/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory accesses that the inline fast path does not do: TLB misses, devices, ROM, pages with
 * translated code, page crossings; and the accessors that helpers use.
 */
#include <string.h>
#include "memory/memory.h"
#include "tcg-internal.h"
#include "util/log.h"
#include "util/main-loop.h"

/* ---- host memory by size ---- */

/* guest addresses have any alignment; each access is still one host instruction */
typedef uint16_t __attribute__((aligned(1))) AnyU16;
typedef uint32_t __attribute__((aligned(1))) AnyU32;
typedef uint64_t __attribute__((aligned(1))) AnyU64;

uint64_t host_ld(const void *hva, unsigned size)
{
    switch (size) {
    case 1: return *(const uint8_t *)hva;
    case 2: return *(const AnyU16 *)hva;
    case 4: return *(const AnyU32 *)hva;
    default: return *(const AnyU64 *)hva;
    }
}

void host_st(void *hva, uint64_t val, unsigned size)
{
    switch (size) {
    case 1: *(uint8_t *)hva = (uint8_t)val; break;
    case 2: *(AnyU16 *)hva = (uint16_t)val; break;
    case 4: *(AnyU32 *)hva = (uint32_t)val; break;
    default: *(AnyU64 *)hva = val; break;
    }
}

uint64_t rmw_compute(uint64_t old, uint64_t val, IrOp op)
{
    switch (op) {
    case IR_gadd: return old + val;
    case IR_gand: return old & val;
    case IR_gor: return old | val;
    case IR_gxor: return old ^ val;
    default: return val;        /* IR_gxchg */
    }
}

#define HOST_RMW(T, p, val, op) \
    switch (op) { \
    case IR_gadd: return __atomic_fetch_add((T *)(p), (T)(val), __ATOMIC_SEQ_CST); \
    case IR_gand: return __atomic_fetch_and((T *)(p), (T)(val), __ATOMIC_SEQ_CST); \
    case IR_gor: return __atomic_fetch_or((T *)(p), (T)(val), __ATOMIC_SEQ_CST); \
    case IR_gxor: return __atomic_fetch_xor((T *)(p), (T)(val), __ATOMIC_SEQ_CST); \
    default: return __atomic_exchange_n((T *)(p), (T)(val), __ATOMIC_SEQ_CST); \
    }

uint64_t host_rmw(void *hva, uint64_t val, unsigned size, IrOp op)
{
    switch (size) {
    case 1: HOST_RMW(uint8_t, hva, val, op)
    case 2: HOST_RMW(uint16_t, hva, val, op)
    case 4: HOST_RMW(uint32_t, hva, val, op)
    default: HOST_RMW(uint64_t, hva, val, op)
    }
}

#define HOST_CMPXCHG(T, p, expect, desired) do { \
        T e_ = (T)(expect); \
        __atomic_compare_exchange_n((T *)(p), &e_, (T)(desired), false, __ATOMIC_SEQ_CST, \
                                    __ATOMIC_SEQ_CST); \
        return e_; \
    } while (0)

/* Returns the old value. */
uint64_t host_cmpxchg(void *hva, uint64_t expect, uint64_t desired, unsigned size)
{
    switch (size) {
    case 1: HOST_CMPXCHG(uint8_t, hva, expect, desired);
    case 2: HOST_CMPXCHG(uint16_t, hva, expect, desired);
    case 4: HOST_CMPXCHG(uint32_t, hva, expect, desired);
    default: HOST_CMPXCHG(uint64_t, hva, expect, desired);
    }
}

bool host_cmpxchg16(void *hva, uint64_t expect[2], const uint64_t desired[2])
{
    bool done;

    __asm__ volatile("lock cmpxchg16b %1" : "=@ccz"(done), "+m"(*(char (*)[16])hva),
                     "+a"(expect[0]), "+d"(expect[1])
                     : "b"(desired[0]), "c"(desired[1]) : "memory");
    return done;
}

/* ---- devices, ROM, nothing ---- */

/* Device code must run with the emulator's MXCSR and may want to know who calls. */
static void device_enter(CPUState *cpu, uintptr_t ra)
{
    tcg_count(cpu, MMIO);
    cpu->mem_io_ra = ra;
    if (cpu->in_code) {
        tcg_fp_leave(cpu_env(cpu));
    }
}

static void device_leave(CPUState *cpu)
{
    cpu->mem_io_ra = 0;
    if (cpu->in_code) {
        tcg_fp_enter(cpu_env(cpu));
    }
}

/*
 * What a device access goes to, looked at again once the big lock is held: while we waited for it
 * the topology may have changed and the device may be gone.
 */
typedef struct IoTarget {
    MemoryRegion *mr;           /* NULL: by address */
    uint64_t offset;
    uint64_t gpa;
    bool locked;                /* by us */
} IoTarget;

static IoTarget io_begin(CPUState *cpu, const TlbFullEntry *full, uint64_t gva)
{
    uint64_t ofs = gva & ~PAGE_MASK_;
    unsigned gen = __atomic_load_n(&memory_generation, __ATOMIC_ACQUIRE);
    IoTarget io = { .mr = full->io, .offset = full->io_ofs + ofs, .gpa = full->phys_page | ofs };

    if (!(io.mr && io.mr->ops && io.mr->ops->no_lock) && !bql_held()) {
        bql_lock();
        io.locked = true;
    }
    if (gen != __atomic_load_n(&memory_generation, __ATOMIC_ACQUIRE) ||
        __atomic_load_n(&cpu->tlb->flush_pending, __ATOMIC_ACQUIRE)) {
        io.mr = NULL;           /* the entry is stale: by address */
    }
    return io;
}

static void io_end(const IoTarget *io)
{
    if (io->locked) {
        bql_unlock();
    }
}

static uint64_t io_load(CPUState *cpu, const TlbFullEntry *full, uint64_t gva, unsigned size,
                        uintptr_t ra)
{
    IoTarget io;
    uint64_t val;

    device_enter(cpu, ra);
    io = io_begin(cpu, full, gva);
    val = io.mr ? memory_region_io_read(io.mr, io.offset, size, NULL)
                : address_space_ld(cpu->as, io.gpa, size, NULL);
    io_end(&io);
    device_leave(cpu);
    return val;
}

static void io_store(CPUState *cpu, const TlbFullEntry *full, uint64_t gva, uint64_t val,
                     unsigned size, uintptr_t ra)
{
    IoTarget io;

    if (full->readonly && !full->io) {
        return;                 /* ROM */
    }
    device_enter(cpu, ra);
    io = io_begin(cpu, full, gva);
    if (io.mr) {
        memory_region_io_write(io.mr, io.offset, val, size);
    } else {
        address_space_st(cpu->as, io.gpa, val, size);
    }
    io_end(&io);
    device_leave(cpu);
}

/* ---- pages with translated code ---- */

/*
 * A write to @len bytes at @gva on a page that holds code, before it is done. If the running block
 * itself is hit it is left, and the writing instruction runs again in a block of its own: what
 * follows it is then translated from the new bytes.
 */
static void code_page_write(CPUState *cpu, const TlbFullEntry *full, uint64_t gva, unsigned len,
                            uintptr_t ra)
{
    uint64_t ram = full->ram_addr | (gva & ~PAGE_MASK_);
    TB *self = NULL;

    tcg_count(cpu, CODE_WRITE);
    if (ra && cpu->in_code) {
        self = tcg_backend() == TCG_BACKEND_INTERP ? cpu->current_tb : tb_by_host(ra - 1);
    }
    if (tb_written(ram, len, self, false) && self->n_insns > 1) {
        cpu_restart_one_insn(cpu, ra);
    }
    tlb_set_dirty(cpu, gva);
}

/* ---- one access inside a page ---- */

static bool crosses_page(uint64_t addr, unsigned size)
{
    return (addr & ~PAGE_MASK_) + size > PAGE_SIZE_;
}

static void check_alignment(CPUState *cpu, uint64_t addr, MemOp oi, MMUAccess access, uintptr_t ra)
{
    if (G_UNLIKELY(oi & MO_ALIGN && addr & (mo_bytes(oi) - 1))) {
        cpu->ops->unaligned(cpu, addr, access, (int)mo_mmu_idx(oi), ra);
    }
}

static uint64_t ld_in_page(CPUState *cpu, uint64_t addr, unsigned size, int mmu_idx, uintptr_t ra)
{
    TlbEntry *e = tlb_access(cpu, addr, size, MMU_READ, mmu_idx, false, ra);

    if (G_UNLIKELY(e->addr_read & TLB_FLAGS)) {
        TlbFullEntry full = *tlb_full(cpu, mmu_idx, e);
        return io_load(cpu, &full, addr, size, ra);
    }
    return host_ld((const void *)(addr + e->addend), size);
}

static void st_in_page(CPUState *cpu, uint64_t addr, uint64_t val, unsigned size, int mmu_idx,
                       uintptr_t ra)
{
    TlbEntry *e = tlb_access(cpu, addr, size, MMU_WRITE, mmu_idx, false, ra);
    uintptr_t addend = e->addend;

    if (G_UNLIKELY(e->addr_write & TLB_FLAGS)) {
        TlbFullEntry full = *tlb_full(cpu, mmu_idx, e);
        if (e->addr_write & TLB_MMIO) {
            io_store(cpu, &full, addr, val, size, ra);
            return;
        }
        code_page_write(cpu, &full, addr, size, ra);
    }
    host_st((void *)(addr + addend), val, size);
}

/* ---- accesses that may cross ---- */

static uint64_t ld_any(CPUState *cpu, uint64_t addr, unsigned size, int mmu_idx, uintptr_t ra)
{
    uint64_t val = 0;

    if (G_LIKELY(!crosses_page(addr, size))) {
        return ld_in_page(cpu, addr, size, mmu_idx, ra);
    }
    /* both pages first: the fault of the first one wins */
    tlb_access(cpu, addr, 1, MMU_READ, mmu_idx, false, ra);
    tlb_access(cpu, addr + size - 1, 1, MMU_READ, mmu_idx, false, ra);
    for (unsigned i = 0; i < size; i++) {
        val |= ld_in_page(cpu, addr + i, 1, mmu_idx, ra) << (8 * i);
    }
    return val;
}

/* Prepares a write that must be done wholly or not at all. */
static void probe_write(CPUState *cpu, uint64_t addr, unsigned size, int mmu_idx, uintptr_t ra)
{
    for (unsigned done = 0; done < size; ) {
        unsigned len = MIN(size - done, (unsigned)(PAGE_SIZE_ - ((addr + done) & ~PAGE_MASK_)));
        tlb_access(cpu, addr + done, len, MMU_WRITE, mmu_idx, false, ra);
        done += len;
    }
    for (unsigned done = 0; done < size; ) {
        unsigned len = MIN(size - done, (unsigned)(PAGE_SIZE_ - ((addr + done) & ~PAGE_MASK_)));
        TlbEntry *e = tlb_access(cpu, addr + done, len, MMU_WRITE, mmu_idx, false, ra);
        if ((e->addr_write & (TLB_NOTDIRTY | TLB_MMIO)) == TLB_NOTDIRTY) {
            TlbFullEntry full = *tlb_full(cpu, mmu_idx, e);
            code_page_write(cpu, &full, addr + done, len, ra);
        }
        done += len;
    }
}

static void st_any(CPUState *cpu, uint64_t addr, uint64_t val, unsigned size, int mmu_idx,
                   uintptr_t ra)
{
    if (G_LIKELY(!crosses_page(addr, size))) {
        st_in_page(cpu, addr, val, size, mmu_idx, ra);
        return;
    }
    probe_write(cpu, addr, size, mmu_idx, ra);
    for (unsigned i = 0; i < size; i++) {
        st_in_page(cpu, addr + i, val >> (8 * i), 1, mmu_idx, ra);
    }
}

/* ---- what generated code calls ---- */

uint64_t softmmu_ld(void *env, uint64_t addr, MemOp oi, uintptr_t ra)
{
    CPUState *cpu = env_cpu(env);

    tcg_count(cpu, SLOW_ACCESS);
    check_alignment(cpu, addr, oi, MMU_READ, ra);
    return mo_extend(ld_any(cpu, addr, mo_bytes(oi), (int)mo_mmu_idx(oi), ra), oi);
}

void softmmu_st(void *env, uint64_t addr, uint64_t val, MemOp oi, uintptr_t ra)
{
    CPUState *cpu = env_cpu(env);

    tcg_count(cpu, SLOW_ACCESS);
    check_alignment(cpu, addr, oi, MMU_WRITE, ra);
    st_any(cpu, addr, val, mo_bytes(oi), (int)mo_mmu_idx(oi), ra);
}

void softmmu_ld128(void *env, uint64_t addr, MemOp oi, uintptr_t ra, void *out16)
{
    CPUState *cpu = env_cpu(env);
    uint64_t half[2];
    int idx = (int)mo_mmu_idx(oi);

    tcg_count(cpu, SLOW_ACCESS);
    check_alignment(cpu, addr, oi, MMU_READ, ra);
    half[0] = ld_any(cpu, addr, 8, idx, ra);
    half[1] = ld_any(cpu, addr + 8, 8, idx, ra);
    memcpy(out16, half, 16);
}

void softmmu_st128(void *env, uint64_t addr, MemOp oi, uintptr_t ra, const void *in16)
{
    CPUState *cpu = env_cpu(env);
    uint64_t half[2];
    int idx = (int)mo_mmu_idx(oi);

    tcg_count(cpu, SLOW_ACCESS);
    memcpy(half, in16, 16);
    check_alignment(cpu, addr, oi, MMU_WRITE, ra);
    probe_write(cpu, addr, 16, idx, ra);
    st_any(cpu, addr, half[0], 8, idx, ra);
    st_any(cpu, addr + 8, half[1], 8, idx, ra);
}

/*
 * Host address for an atomic access, or NULL: the caller does it in steps, which is right for
 * devices and ROM. A page crossing in RAM runs again with all other vCPUs stopped.
 */
static void *atomic_hva(CPUState *cpu, uint64_t addr, unsigned size, int mmu_idx, uintptr_t ra)
{
    TlbEntry *e;
    uintptr_t addend;

    if (crosses_page(addr, size)) {
        if (!cpu->in_exclusive) {
            cpu->exception_index = EXCP_ATOMIC;
            cpu_loop_exit_restore(cpu, ra);
        }
        probe_write(cpu, addr, size, mmu_idx, ra);
        return NULL;
    }
    e = tlb_access(cpu, addr, size, MMU_WRITE, mmu_idx, false, ra);
    addend = e->addend;
    if (e->addr_write & TLB_MMIO) {
        return NULL;
    }
    if (e->addr_write & TLB_NOTDIRTY) {
        TlbFullEntry full = *tlb_full(cpu, mmu_idx, e);
        code_page_write(cpu, &full, addr, size, ra);
    }
    return (void *)(addr + addend);
}

uint64_t softmmu_rmw(void *env, uint64_t addr, uint64_t val, MemOp oi, IrOp op, uintptr_t ra)
{
    CPUState *cpu = env_cpu(env);
    int idx = (int)mo_mmu_idx(oi);
    unsigned size = mo_bytes(oi);
    uint64_t old;
    void *hva;

    tcg_count(cpu, SLOW_ACCESS);
    check_alignment(cpu, addr, oi, MMU_WRITE, ra);
    hva = atomic_hva(cpu, addr, size, idx, ra);
    if (hva) {
        return mo_extend(host_rmw(hva, val, size, op), oi);
    }
    old = ld_any(cpu, addr, size, idx, ra);
    st_any(cpu, addr, rmw_compute(old, val, op), size, idx, ra);
    return mo_extend(old, oi);
}

uint64_t softmmu_cmpxchg(void *env, uint64_t addr, uint64_t expect, uint64_t desired, MemOp oi,
                         uintptr_t ra)
{
    CPUState *cpu = env_cpu(env);
    int idx = (int)mo_mmu_idx(oi);
    unsigned size = mo_bytes(oi);
    MemOp plain = oi & ~MO_SIGN;
    uint64_t old;
    void *hva;

    tcg_count(cpu, SLOW_ACCESS);
    check_alignment(cpu, addr, oi, MMU_WRITE, ra);
    hva = atomic_hva(cpu, addr, size, idx, ra);
    if (hva) {
        return mo_extend(host_cmpxchg(hva, expect, desired, size), oi);
    }
    old = ld_any(cpu, addr, size, idx, ra);
    if (mo_extend(old, plain) == mo_extend(expect, plain)) {
        st_any(cpu, addr, desired, size, idx, ra);
    }
    return mo_extend(old, oi);
}

/* ---- what helpers call ---- */

uint64_t cpu_ld(CPUState *cpu, uint64_t gva, MemOp oi, uintptr_t ra)
{
    unsigned size = mo_bytes(oi);
    const TlbFast *f = &cpu->tlb_fast[mo_mmu_idx(oi)];
    const TlbEntry *e;

    if (tcg_config.user) {
        return user_ld(cpu_env(cpu), gva, oi & ~MO_SIGN, ra);
    }
    e = (const void *)((const char *)f->table +
                       (gva >> (PAGE_BITS - TLB_ENTRY_BITS) & f->mask));
    if (G_LIKELY(e->addr_read == (gva & PAGE_MASK_) && !crosses_page(gva, size) &&
                 !(oi & MO_ALIGN))) {
        return host_ld((const void *)(gva + e->addend), size);
    }
    return softmmu_ld(cpu_env(cpu), gva, oi & ~MO_SIGN, ra);
}

void cpu_st(CPUState *cpu, uint64_t gva, uint64_t val, MemOp oi, uintptr_t ra)
{
    unsigned size = mo_bytes(oi);
    const TlbFast *f = &cpu->tlb_fast[mo_mmu_idx(oi)];
    const TlbEntry *e;

    if (tcg_config.user) {
        user_st(cpu_env(cpu), gva, val, oi, ra);
        return;
    }
    e = (const void *)((const char *)f->table +
                       (gva >> (PAGE_BITS - TLB_ENTRY_BITS) & f->mask));
    if (G_LIKELY(e->addr_write == (gva & PAGE_MASK_) && !crosses_page(gva, size) &&
                 !(oi & MO_ALIGN))) {
        host_st((void *)(gva + e->addend), val, size);
        return;
    }
    softmmu_st(cpu_env(cpu), gva, val, oi, ra);
}

static unsigned piece_size(uint64_t gva, size_t n)
{
    unsigned size = 8;

    while (size > n || gva % size) {
        size /= 2;
    }
    return size;
}

void cpu_ld_bytes(CPUState *cpu, uint64_t gva, void *buf, size_t n, int mmu_idx, uintptr_t ra)
{
    uint8_t *out = buf;

    if (tcg_config.user) {
        user_copy(cpu, buf, user_hva(gva), n, MMU_READ, gva, ra);
        return;
    }
    while (n) {
        size_t len = MIN(n, PAGE_SIZE_ - (gva & ~PAGE_MASK_));
        TlbEntry *e = tlb_access(cpu, gva, (unsigned)len, MMU_READ, mmu_idx, false, ra);
        if (e->addr_read & TLB_FLAGS) {
            uint64_t val;
            len = piece_size(gva, len);
            val = ld_in_page(cpu, gva, (unsigned)len, mmu_idx, ra);
            memcpy(out, &val, len);
        } else {
            memcpy(out, (const void *)(gva + e->addend), len);
        }
        gva += len, out += len, n -= len;
    }
}

void cpu_st_bytes(CPUState *cpu, uint64_t gva, const void *buf, size_t n, int mmu_idx,
                  uintptr_t ra)
{
    const uint8_t *in = buf;

    if (tcg_config.user) {
        user_copy(cpu, user_hva(gva), buf, n, MMU_WRITE, gva, ra);
        return;
    }
    probe_write(cpu, gva, (unsigned)n, mmu_idx, ra);
    while (n) {
        size_t len = MIN(n, PAGE_SIZE_ - (gva & ~PAGE_MASK_));
        TlbEntry *e = tlb_access(cpu, gva, (unsigned)len, MMU_WRITE, mmu_idx, false, ra);
        if (e->addr_write & TLB_MMIO) {
            uint64_t val = 0;
            len = piece_size(gva, len);
            memcpy(&val, in, len);
            st_in_page(cpu, gva, val, (unsigned)len, mmu_idx, ra);
        } else {
            memcpy((void *)(gva + e->addend), in, len);
        }
        gva += len, in += len, n -= len;
    }
}

uint64_t cpu_cmpxchg(CPUState *cpu, uint64_t gva, uint64_t expect, uint64_t desired, MemOp oi,
                     uintptr_t ra)
{
    return tcg_config.user ? user_cmpxchg(cpu_env(cpu), gva, expect, desired, oi & ~MO_SIGN, ra)
                           : softmmu_cmpxchg(cpu_env(cpu), gva, expect, desired, oi & ~MO_SIGN, ra);
}

bool cpu_cmpxchg16(CPUState *cpu, uint64_t gva, uint64_t expect[2], const uint64_t desired[2],
                   int mmu_idx, uintptr_t ra)
{
    uint64_t old[2];
    void *hva;
    bool same;

    if (tcg_config.user) {
        return user_cmpxchg16(cpu, gva, expect, desired, ra);
    }
    hva = atomic_hva(cpu, gva, 16, mmu_idx, ra);
    if (hva && (uintptr_t)hva % 16 == 0) {
        return host_cmpxchg16(hva, expect, desired);
    }
    cpu_ld_bytes(cpu, gva, old, 16, mmu_idx, ra);
    same = old[0] == expect[0] && old[1] == expect[1];
    cpu_st_bytes(cpu, gva, same ? desired : old, 16, mmu_idx, ra);
    memcpy(expect, old, 16);
    return same;
}

void *cpu_probe(CPUState *cpu, uint64_t gva, MMUAccess access, int mmu_idx, bool nofault,
                uintptr_t ra)
{
    TlbEntry *e;
    uint64_t cmp;

    if (tcg_config.user) {
        return user_probe(cpu, gva, access, nofault, ra);
    }
    e = tlb_access(cpu, gva, 1, access, mmu_idx, nofault, ra);
    if (!e) {
        return NULL;
    }
    cmp = access == MMU_READ ? e->addr_read : access == MMU_WRITE ? e->addr_write : e->addr_code;
    return cmp & TLB_FLAGS ? NULL : (void *)(gva + e->addend);
}

/* ---- guest physical, for page walks ---- */

uint64_t cpu_ld_phys(CPUState *cpu, uint64_t gpa, unsigned bytes)
{
    uint64_t len, val;
    const uint8_t *hva = cpu_ram_at(cpu, gpa, NULL, &len);
    MemTxResult res;

    if (G_LIKELY(hva && len >= bytes)) {
        return host_ld(hva, bytes);
    }
    val = address_space_ld(cpu->as, gpa, bytes, &res);
    return res == MEMTX_OK ? val : 0;
}

void cpu_st_phys(CPUState *cpu, uint64_t gpa, uint64_t val, unsigned bytes)
{
    uint64_t len, ram_addr;
    uint8_t *hva = cpu_ram_at(cpu, gpa, &ram_addr, &len);

    if (!hva || len < bytes) {
        address_space_st(cpu->as, gpa, val, bytes);
        return;
    }
    host_st(hva, val, bytes);
    if (page_has_code(ram_addr)) {
        tb_written(ram_addr, bytes, NULL, false);
    }
}

bool cpu_cmpxchg_phys(CPUState *cpu, uint64_t gpa, uint64_t expect, uint64_t desired,
                      unsigned bytes)
{
    uint64_t len, ram_addr;
    uint8_t *hva = cpu_ram_at(cpu, gpa, &ram_addr, &len);
    bool same;

    if (!hva || len < bytes) {
        return true;            /* a page table in ROM or nowhere: nothing to set */
    }
    same = host_cmpxchg(hva, expect, desired, bytes) == expect;
    if (same && page_has_code(ram_addr)) {
        tb_written(ram_addr, bytes, NULL, false);
    }
    return same;
}

/* ---- debuggers ---- */

bool cpu_debug_rw(CPUState *cpu, uint64_t gva, void *buf, size_t n, bool write)
{
    uint8_t *p = buf;

    if (tcg_config.user) {
        int need = write ? PROT_W : PROT_R;
        for (uint64_t a = gva & PAGE_MASK_; a < gva + n; a += PAGE_SIZE_) {
            if (tcg_user_page_prot && !(tcg_user_page_prot(a) & (need | PROT_R))) {
                return false;
            }
        }
        if (write) {
            tcg_user_prepare_write(gva, n);
            memcpy(user_hva(gva), buf, n);
            tcg_user_invalidate(gva, n);
        } else {
            memcpy(buf, user_hva(gva), n);
        }
        return true;
    }
    while (n) {
        size_t len = MIN(n, PAGE_SIZE_ - (gva & ~PAGE_MASK_));
        uint64_t gpa = cpu->ops->virt_to_phys(cpu, gva);

        if (gpa == UINT64_MAX) {
            return false;
        }
        if (write) {
            address_space_write(cpu->as, gpa, p, len);
        } else {
            address_space_read(cpu->as, gpa, p, len);
        }
        gva += len, p += len, n -= len;
    }
    return true;
}
