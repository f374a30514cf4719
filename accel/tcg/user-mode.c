/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of user programs: guest address + guest_base is the host address, and a host fault is the
 * guest's. Three kinds of code can fault:
 *
 *   a block        tcg_user_segv() continues at the access's fault stub, which writes the state
 *                  back and calls user_fault()
 *   a helper       user_ld() and such note their ra first; the signal continues in
 *                  fault_in_helper(), on the same stack
 *   the translator the same, with ra = 0
 *
 * Pages that hold translated code are write-protected; the first write forgets their blocks.
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include "tcg-internal.h"
#include "util/error.h"

int (*tcg_user_page_prot)(uint64_t gva);

void tcg_user_set_page_query(int (*page_prot)(uint64_t gva))
{
    tcg_user_page_prot = page_prot;
}

/* What this thread is doing to guest memory in C code, for its signal handler. */
static __thread struct {
    volatile bool active;
    volatile uintptr_t ra;
    volatile MMUAccess access;
} touching;

/* What the signal handler found, for the code that it continues in. */
static __thread struct {
    CPUState *cpu;
    uint64_t gva;
    MMUAccess access;
    bool restart;               /* the running block was changed: no fault */
    uintptr_t ra;
} fault;

static __thread uintptr_t retry_pc, retry_addr;     /* the same fault again and again is real */
static __thread unsigned n_retries;

static inline void touch_begin(MMUAccess access, uintptr_t ra)
{
    touching.access = access;
    touching.ra = ra;
    touching.active = true;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void touch_end(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    touching.active = false;
}

/* ---- accesses of helpers and of the interpreter ---- */

static void check_alignment(void *env, uint64_t addr, MemOp oi, MMUAccess access, uintptr_t ra)
{
    if (G_UNLIKELY(oi & MO_ALIGN && addr & (mo_bytes(oi) - 1))) {
        env_cpu(env)->ops->unaligned(env_cpu(env), addr, access, 0, ra);
    }
}

uint64_t user_ld(void *env, uint64_t addr, MemOp oi, uintptr_t ra)
{
    uint64_t val;

    check_alignment(env, addr, oi, MMU_READ, ra);
    touch_begin(MMU_READ, ra);
    val = host_ld(user_hva(addr), mo_bytes(oi));
    touch_end();
    return mo_extend(val, oi);
}

void user_st(void *env, uint64_t addr, uint64_t val, MemOp oi, uintptr_t ra)
{
    check_alignment(env, addr, oi, MMU_WRITE, ra);
    touch_begin(MMU_WRITE, ra);
    host_st(user_hva(addr), val, mo_bytes(oi));
    touch_end();
}

void user_ld128(void *env, uint64_t addr, MemOp oi, uintptr_t ra, void *out16)
{
    check_alignment(env, addr, oi, MMU_READ, ra);
    user_copy(env_cpu(env), out16, user_hva(addr), 16, MMU_READ, addr, ra);
}

void user_st128(void *env, uint64_t addr, MemOp oi, uintptr_t ra, const void *in16)
{
    check_alignment(env, addr, oi, MMU_WRITE, ra);
    user_copy(env_cpu(env), user_hva(addr), in16, 16, MMU_WRITE, addr, ra);
}

uint64_t user_rmw(void *env, uint64_t addr, uint64_t val, MemOp oi, IrOp op, uintptr_t ra)
{
    uint64_t old;

    check_alignment(env, addr, oi, MMU_WRITE, ra);
    touch_begin(MMU_WRITE, ra);
    old = host_rmw(user_hva(addr), val, mo_bytes(oi), op);
    touch_end();
    return mo_extend(old, oi);
}

uint64_t user_cmpxchg(void *env, uint64_t addr, uint64_t expect, uint64_t desired, MemOp oi,
                      uintptr_t ra)
{
    uint64_t old;

    check_alignment(env, addr, oi, MMU_WRITE, ra);
    touch_begin(MMU_WRITE, ra);
    old = host_cmpxchg(user_hva(addr), expect, desired, mo_bytes(oi));
    touch_end();
    return mo_extend(old, oi);
}

bool user_cmpxchg16(CPUState *cpu, uint64_t gva, uint64_t expect[2], const uint64_t desired[2],
                    uintptr_t ra)
{
    bool done;

    if (gva % 16) {
        cpu->ops->unaligned(cpu, gva, MMU_WRITE, 0, ra);
    }
    touch_begin(MMU_WRITE, ra);
    done = host_cmpxchg16(user_hva(gva), expect, desired);
    touch_end();
    return done;
}

/* Writes touch their last byte first, so that a fault on a second page leaves nothing half done. */
void user_copy(CPUState *cpu, void *dst, const void *src, size_t n, MMUAccess access, uint64_t gva,
               uintptr_t ra)
{
    if (n == 0) {
        return;
    }
    touch_begin(access, ra);
    if (access == MMU_WRITE) {
        volatile uint8_t *last = (uint8_t *)dst + n - 1;
        __atomic_fetch_or(last, 0, __ATOMIC_RELAXED);
        __atomic_fetch_or((uint8_t *)dst, 0, __ATOMIC_RELAXED);
    }
    memcpy(dst, src, n);
    touch_end();
}

void *user_probe(CPUState *cpu, uint64_t gva, MMUAccess access, bool nofault, uintptr_t ra)
{
    static const int need[] = { [MMU_READ] = PROT_READ, [MMU_WRITE] = PROT_WRITE,
                                [MMU_FETCH] = PROT_EXEC };

    if (tcg_user_page_prot) {
        if (!(tcg_user_page_prot(gva) & need[access])) {
            if (!nofault) {
                cpu->ops->tlb_fill(cpu, gva, 1, access, 0, false, ra);
            }
            return NULL;
        }
    } else if (nofault) {
        return NULL;            /* no way to know */
    } else if (access == MMU_WRITE) {
        touch_begin(MMU_WRITE, ra);
        __atomic_fetch_or((uint8_t *)user_hva(gva), 0, __ATOMIC_RELAXED);
        touch_end();
    } else {
        user_ld(cpu_env(cpu), gva, MO_8, ra);
    }
    return access == MMU_WRITE && page_has_code(gva & PAGE_MASK_) ? NULL : user_hva(gva);
}

void user_code_check(CPUState *cpu, uint64_t gva)
{
    if (tcg_user_page_prot && !(tcg_user_page_prot(gva) & PROT_EXEC)) {
        cpu->ops->tlb_fill(cpu, gva, 1, MMU_FETCH, 0, false, 0);
        cpu_loop_exit(cpu);
    }
}

/* ---- pages with code ---- */

static bool guest_writable(uint64_t page)
{
    return !tcg_user_page_prot || tcg_user_page_prot(page) & PROT_WRITE;
}

static GHashTable *protected_pages;     /* set of pages, some perhaps no more; tbc.mutex */

void user_page_protect(uint64_t page)
{
    if (guest_writable(page)) {
        if (!protected_pages) {
            protected_pages = g_hash_table_new(NULL, NULL);
        }
        g_hash_table_add(protected_pages, (gpointer)page);
        mprotect(user_hva(page), PAGE_SIZE_, PROT_READ);
    }
}

void user_page_unprotect(uint64_t page)
{
    if (guest_writable(page)) {
        mprotect(user_hva(page), PAGE_SIZE_, PROT_READ | PROT_WRITE);
    }
}

void tcg_user_prepare_write(uint64_t start, uint64_t len_bytes)
{
    for (uint64_t page = start & PAGE_MASK_; len_bytes && page <= start + len_bytes - 1;
         page += PAGE_SIZE_) {
        if (page_has_code(page) && guest_writable(page)) {
            tb_written(page, PAGE_SIZE_, NULL, true);
        }
    }
}

bool tcg_user_unprotect_all(void)
{
    bool any = false;
    GHashTable *pages;
    GHashTableIter it;
    gpointer key;

    tb_cache_lock();
    pages = protected_pages;
    protected_pages = NULL;
    tb_cache_unlock();
    if (!pages) {
        return false;
    }
    g_hash_table_iter_init(&it, pages);
    while (g_hash_table_iter_next(&it, &key, NULL)) {
        any |= page_has_code((uint64_t)key);
        tcg_user_prepare_write((uint64_t)key, PAGE_SIZE_);
    }
    g_hash_table_destroy(pages);
    return any;
}

/* The pages' new protections are in place already: blocks are forgotten, nothing is unprotected
 * that must not be, since user_page_unprotect() asks for the new ones. */
void tcg_user_invalidate(uint64_t start, uint64_t len_bytes)
{
    if (len_bytes) {
        uint64_t first = start & PAGE_MASK_;
        tb_written(first, ((start + len_bytes - 1) | ~PAGE_MASK_) - first + 1, NULL, true);
    }
}

/* ---- faults ---- */

G_NORETURN static void raise_fault(CPUState *cpu, uintptr_t ra)
{
    if (fault.restart) {
        cpu_restart_one_insn(cpu, ra);
    }
    cpu->ops->tlb_fill(cpu, fault.gva, 1, fault.access, cpu->ops->mmu_index(cpu, false), false, ra);
    /* the architecture sees no fault: the mapping came back meanwhile, try again */
    cpu->exception_index = EXCP_NONE;
    cpu_loop_exit_restore(cpu, ra);
}

void user_fault(void *env, uintptr_t ra)
{
    raise_fault(env_cpu(env), ra);
}

/* Where a signal in C code continues; the stack is as the interrupted code left it. */
__attribute__((used)) void user_fault_in_helper(void);
__attribute__((used, noreturn)) void user_fault_in_helper(void)
{
    touching.active = false;
    raise_fault(fault.cpu, fault.ra);
}

void user_fault_trampoline(void);
#ifdef __x86_64__
__asm__(".text\n"
        ".globl user_fault_trampoline\n"
        ".type user_fault_trampoline, @function\n"
        "user_fault_trampoline:\n"
        "    leaq -256(%rsp), %rsp\n"       /* past the red zone */
        "    andq $-16, %rsp\n"
        "    cld\n"
        "    call user_fault_in_helper\n"
        "    ud2\n"
        ".size user_fault_trampoline, . - user_fault_trampoline\n");
#else
#error "user programs need a trampoline for this host"
#endif

/* The same access faults at the same place over and over: it is no race with another thread. */
static bool too_many_retries(uintptr_t host_pc, uintptr_t addr)
{
    if (host_pc != retry_pc || addr != retry_addr) {
        retry_pc = host_pc;
        retry_addr = addr;
        n_retries = 0;
    }
    return ++n_retries > 16;
}

/* A write to a page that is protected only because it holds code. */
static bool write_to_code(CPUState *cpu, uintptr_t host_pc, uint64_t gva, bool in_helper)
{
    uint64_t page = gva & PAGE_MASK_;
    TB *self = NULL;

    if (!guest_writable(page)) {
        return false;
    }
    if (!page_has_code(page)) {
        /* another thread was faster, or the fault is real */
        return tcg_user_page_prot && !too_many_retries(host_pc, gva);
    }
    if (tcg_backend() == TCG_BACKEND_INTERP) {
        self = cpu->in_code ? cpu->current_tb : NULL;
    } else {
        self = in_helper ? (touching.ra ? tb_by_host(touching.ra - 1) : NULL) : tb_by_host(host_pc);
    }
    tcg_count(cpu, CODE_WRITE);
    fault.restart = tb_written(page, PAGE_SIZE_, self, true) && self->n_insns > 1;
    return true;
}

bool tcg_user_segv(CPUState *cpu, uintptr_t host_pc, uintptr_t addr, bool write,
                   uintptr_t *new_pc)
{
    TB *tb = tb_by_host(host_pc);
    bool in_helper = !tb && touching.active;
    bool in_interp = !tb && !in_helper && cpu && cpu->in_code &&
                     tcg_backend() == TCG_BACKEND_INTERP;
    const void *stub = NULL;

    if (!cpu || (!tb && !in_helper && !in_interp)) {
        return false;
    }
    fault.cpu = cpu;
    fault.gva = addr - tcg_config.guest_base;
    fault.access = in_helper ? touching.access : write ? MMU_WRITE : MMU_READ;
    fault.restart = false;
    fault.ra = in_helper ? touching.ra : 1;     /* the interpreter: any but 0 */
    *new_pc = host_pc;
    if (write && write_to_code(cpu, host_pc, fault.gva, in_helper) && !fault.restart) {
        return true;
    }
    if (tb) {
        stub = tcg_find_fault_stub(&tb->code, host_pc);
        if (!stub) {
            return false;
        }
    }
    *new_pc = stub ? (uintptr_t)stub : (uintptr_t)user_fault_trampoline;
    return true;
}

/* ---- start-up, fork ---- */

static void fork_prepare(void)
{
    tb_cache_lock();
    cpu_fork_prepare();
}

static void fork_parent(void)
{
    cpu_fork_parent();
    tb_cache_unlock();
}

static void fork_child(void)
{
    cpu_fork_child();
    tb_cache_unlock();
}

void tcg_user_init(const CPUOps *ops, uintptr_t guest_base)
{
    tcg_config.user = true;
    tcg_config.ops = ops;
    tcg_config.guest_base = guest_base;
    tcg_start();
    pthread_atfork(fork_prepare, fork_parent, fork_child);
}
