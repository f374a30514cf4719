/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checked, masked and 16-byte atomic accesses; which bundles are translated with checks. */
#include <string.h>
#include "accel/accel.h"
#include "target/e2k/mem.h"

const uint64_t e2k_diag[2] __attribute__((aligned(16))) = { E2K_DIAG64, E2K_DIAG64 };
const uint64_t e2k_mova_diag[2] __attribute__((aligned(16))) = { E2K_MOVA_DIAG64, E2K_MOVA_DIAG64 };

/* ---- bundles with faulting speculative accesses ----
 * An open hash table that only grows: bundle address (a multiple of 8) | check level. Any thread,
 * without locks; once it is full every bundle counts as checked. */

enum { MARKS_BITS = 16, MARKS = 1 << MARKS_BITS, MAX_MARKS = MARKS * 3 / 4 };

static uint64_t marks[MARKS];           /* atomic */
static unsigned n_marks;                /* atomic */

static unsigned mark_hash(uint64_t ip)
{
    return (unsigned)((ip >> 3) * 0x9e3779b97f4a7c15ull >> (64 - MARKS_BITS));
}

unsigned e2k_check_level(uint64_t ip)
{
    if (G_UNLIKELY(__atomic_load_n(&n_marks, __ATOMIC_RELAXED) >= MAX_MARKS)) {
        return E2K_CHECK_PAGES;
    }
    for (unsigned i = mark_hash(ip);; i = (i + 1) % MARKS) {
        uint64_t m = __atomic_load_n(&marks[i], __ATOMIC_RELAXED);

        if (m == 0 || (m & ~7ull) == ip) {
            return m & 7;
        }
    }
}

/* one level up */
static void raise_level(uint64_t ip)
{
    unsigned i = mark_hash(ip);

    while (__atomic_load_n(&n_marks, __ATOMIC_RELAXED) < MAX_MARKS) {
        uint64_t m = __atomic_load_n(&marks[i], __ATOMIC_RELAXED);

        if (m == 0) {
            if (__atomic_compare_exchange_n(&marks[i], &m, ip | E2K_CHECK_RANGE, false,
                                            __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
                __atomic_fetch_add(&n_marks, 1, __ATOMIC_RELAXED);
                return;
            }
            continue;                   /* another thread took the slot: look at it again */
        }
        if ((m & ~7ull) == ip) {
            __atomic_store_n(&marks[i], ip | E2K_CHECK_PAGES, __ATOMIC_SEQ_CST);
            return;
        }
        i = (i + 1) % MARKS;
    }
}

bool e2k_is_checked(uint64_t ip)
{
    return e2k_check_level(ip) == E2K_CHECK_PAGES;
}

void e2k_mark_checked(CPUState *cpu, uint64_t ip)
{
    raise_level(ip);
    tb_invalidate_range(ip, 8);
}

/* ---- are pages there? ---- */

static bool page_ok(CPUState *cpu, uint64_t addr, bool write)
{
    if (!write) {
        return cpu_probe(cpu, addr, MMU_READ, 0, true, 0) != NULL;
    }
    if (!cpu_probe(cpu, addr, MMU_WRITE, 0, true, 0)) {
        tcg_user_prepare_write(addr, 1);        /* perhaps it only holds code */
        return cpu_probe(cpu, addr, MMU_WRITE, 0, true, 0) != NULL;
    }
    return true;
}

bool e2k_accessible(CPUE2KState *env, uint64_t addr, unsigned n_bytes, bool write)
{
    CPUState *cpu = env_cpu(env);
    uint64_t last = addr + n_bytes - 1;

    return addr <= last && last < E2K_USER_END && page_ok(cpu, addr, write) &&
           (((addr ^ last) & PAGE_MASK_) == 0 || page_ok(cpu, last, write));
}

static uint32_t helper_accessible(CPUE2KState *env, uint64_t addr, uint32_t n_bytes, uint32_t write)
{
    return e2k_accessible(env, addr, n_bytes, write);
}

const IrHelper e2k_helper_accessible = {
    "e2k_accessible", helper_accessible, IR_CALL_NO_READ | IR_CALL_NO_WRITE | IR_CALL_NO_FAULT,
    IR_I32, 4, { IR_I64, IR_I64, IR_I32, IR_I32 }
};

/* ---- stores under a byte mask ---- */

/* v5: the address is aligned and all 16 bytes must be writable; later neither. */
static void helper_stmqp(CPUE2KState *env, uint64_t addr, uint32_t mask, uint64_t lo, uint64_t hi,
                         uint32_t doit)
{
    CPUState *cpu = env_cpu(env);
    uint8_t bytes[16];

    if (!doit) {
        return;
    }
    memcpy(bytes, &lo, 8);
    memcpy(bytes + 8, &hi, 8);
    if (env->version <= 5) {
        if (addr & 15) {
            e2k_raise(env, E2K_EXC_ADDR_NOT_ALIGNED, addr, GETPC());
        }
        cpu_probe(cpu, addr, MMU_WRITE, 0, false, GETPC());
    }
    for (unsigned i = 0, n; i < 16; i += n) {   /* runs of bytes */
        bool on = mask >> i & 1;

        for (n = 1; i + n < 16 && (mask >> (i + n) & 1) == on; n++) {
        }
        if (on) {
            cpu_st_bytes(cpu, addr + i, bytes + i, n, 0, GETPC());
        }
    }
}

const IrHelper e2k_helper_stmqp = {
    "e2k_stmqp", helper_stmqp, IR_CALL_NO_READ | IR_CALL_NO_WRITE, IR_VOID, 6,
    { IR_I64, IR_I64, IR_I32, IR_I64, IR_I64, IR_I32 }
};

/* ---- the second half of an atomic sequence on 16 bytes ---- */

static uint32_t helper_cas16(CPUE2KState *env, uint64_t addr, uint64_t lo, uint64_t hi,
                             uint32_t doit)
{
    uint64_t expect[2] = { env->lock_value, env->lock_value_hi }, desired[2] = { lo, hi };

    if (!doit) {
        return 0;
    }
    return addr != env->lock_addr ||
           !cpu_cmpxchg16(env_cpu(env), addr, expect, desired, 0, GETPC());
}

const IrHelper e2k_helper_cas16 = {
    "e2k_cas16", helper_cas16, IR_CALL_NO_WRITE, IR_I32, 5,
    { IR_I64, IR_I64, IR_I64, IR_I64, IR_I32 }
};
