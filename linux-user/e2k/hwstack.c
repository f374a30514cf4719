/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hardware stacks as programs may look at them. In a system call both are in memory up to the
 * procedure that made it: of the chain stack all frames, of the procedure stack all registers up
 * to the base of the call's own window.
 */
#include <errno.h>
#include <string.h>
#include "e2k.h"

enum { CHAIN_BYTES = 32, REG_BYTES = 16, PAIR_BYTES = 32 };

static size_t n_frames(const CPUE2KState *env)
{
    return (size_t)(env->frame - env->pcs_base);
}

/* ---- return addresses ---- */

typedef bool BacktraceOne(E2kFrame *f, uint64_t gva);

static bool read_one(E2kFrame *f, uint64_t gva)
{
    return guest_write(gva, &f->ip, sizeof(f->ip));
}

static bool write_one(E2kFrame *f, uint64_t gva)
{
    uint64_t ip;

    if (!guest_read(&ip, gva, sizeof(ip)) || f->flags & E2K_FRAME_KERNEL || ip & 7 ||
        !(page_prot(ip) & PROT_X)) {
        return false;
    }
    e2k_frame_redirect(f, ip, f->mode);
    return true;
}

/* Returns how many it did; an error only if it is the first one that is bad. */
static int64_t backtrace(CPUState *cpu, const uint64_t *a, BacktraceOne *one)
{
    CPUE2KState *env = e2k_env(cpu);
    size_t n = n_frames(env), i;

    if (a[3] || a[0] & 7) {
        return -EINVAL;
    }
    for (i = 0; i < a[1] && a[2] < n && i < n - a[2]; i++) {
        if (!one(&env->frame[-1 - (ptrdiff_t)(a[2] + i)], a[0] + i * 8)) {
            return i ? (int64_t)i : -EFAULT;
        }
    }
    return (int64_t)i;
}

int64_t e2k_get_backtrace(CPUState *cpu, const uint64_t *a) { return backtrace(cpu, a, read_one); }
int64_t e2k_set_backtrace(CPUState *cpu, const uint64_t *a) { return backtrace(cpu, a, write_one); }

/* ---- the stacks' bytes ---- */

static size_t chain_bytes(const CPUE2KState *env)
{
    return n_frames(env) * CHAIN_BYTES;
}

static size_t proc_bytes(const CPUE2KState *env)
{
    return (size_t)(env->win + env->syscall_wbs - env->ps_base) * REG_BYTES;
}

static bool chain_read(CPUE2KState *env, size_t ofs, size_t n, uint64_t gva)
{
    for (size_t i = ofs / CHAIN_BYTES; i < (ofs + n) / CHAIN_BYTES; i++, gva += CHAIN_BYTES) {
        uint64_t cr[4];
        e2k_frame_pack(env, &env->pcs_base[i], cr);
        if (!guest_write(gva, cr, sizeof(cr))) {
            return false;
        }
    }
    return true;
}

/* Return address, predicates and rotation may change; what moves the stacks may not. */
static bool chain_write(CPUE2KState *env, size_t ofs, size_t n, uint64_t gva)
{
    for (size_t i = ofs / CHAIN_BYTES; i < (ofs + n) / CHAIN_BYTES; i++, gva += CHAIN_BYTES) {
        E2kFrame *f = &env->pcs_base[i], next = *f;
        uint64_t cr[4];

        if (!guest_read(cr, gva, sizeof(cr))) {
            return false;
        }
        if (f->flags & E2K_FRAME_KERNEL) {
            continue;
        }
        e2k_settle_preds(env, f + 1);           /* what its callee has seen stays */
        e2k_frame_unpack(env, &next, cr);
        e2k_frame_redirect(f, next.ip, next.mode);
        memcpy(f->pred, next.pred, sizeof(f->pred));
    }
    return true;
}

/* Registers lie in pairs: both values, both extensions; from v5 on one after the other. */
static uint64_t *proc_word(CPUE2KState *env, size_t ofs)
{
    E2kReg *pair = env->ps_base + ofs / PAIR_BYTES * 2;
    unsigned word = ofs / 8 % 4;
    unsigned reg = env->version >= 5 ? word / 2 : word % 2;
    unsigned half = env->version >= 5 ? word % 2 : word / 2;

    return half ? &pair[reg].hi : &pair[reg].lo;
}

/* What is written are numbers. */
static void proc_set(CPUE2KState *env, size_t ofs, uint64_t value)
{
    uint64_t *word = proc_word(env, ofs);
    size_t at = (size_t)((char *)word - (char *)env->ps_base);

    *word = value;
    memset(e2k_reg_tags(env, env->ps_base)->word + at / 4, 0, 2);
}

static bool proc_read(CPUE2KState *env, size_t ofs, size_t n, uint64_t gva)
{
    g_autofree uint64_t *copy = g_new(uint64_t, n / 8 + 1);

    for (size_t i = 0; i < n / 8; i++) {
        copy[i] = *proc_word(env, ofs + i * 8);
    }
    return guest_write(gva, copy, n);
}

static bool proc_write(CPUE2KState *env, size_t ofs, size_t n, uint64_t gva)
{
    g_autofree uint64_t *copy = g_new(uint64_t, n / 8 + 1);

    if (!guest_read(copy, gva, n)) {
        return false;
    }
    for (size_t i = 0; i < n / 8; i++) {
        proc_set(env, ofs + i * 8, copy[i]);
    }
    return true;
}

/* ---- access_hw_stacks(mode, frame, buf, size, real) ---- */

typedef size_t StackBytes(const CPUE2KState *env);
typedef bool StackCopy(CPUE2KState *env, size_t ofs, size_t n, uint64_t gva);

typedef enum What {
    UP_TO_ADDRESS,              /* what lies below *frame, an address; as much as fits */
    AT_OFFSET,                  /* exactly size bytes at *frame, an offset */
    OFFSET_OF,                  /* *real = the offset of *frame, an address */
    SIZE_OF,                    /* *real = bytes in use */
} What;

static const struct {
    What what;
    uint64_t base;
    unsigned unit;
    StackBytes *bytes;
    StackCopy *copy;
} modes[] = {
    [0] = { UP_TO_ADDRESS, E2K_PCSP_BASE, CHAIN_BYTES, chain_bytes, chain_read },
    { UP_TO_ADDRESS, E2K_PSP_BASE, PAIR_BYTES, proc_bytes, proc_read },
    { UP_TO_ADDRESS, E2K_PSP_BASE, PAIR_BYTES, proc_bytes, proc_write },
    { OFFSET_OF, E2K_PCSP_BASE, CHAIN_BYTES, chain_bytes, NULL },
    { SIZE_OF, 0, CHAIN_BYTES, chain_bytes, NULL },
    { SIZE_OF, 0, REG_BYTES, proc_bytes, NULL },
    { AT_OFFSET, 0, CHAIN_BYTES, chain_bytes, chain_read },
    { AT_OFFSET, 0, 8, proc_bytes, proc_read },
    { AT_OFFSET, 0, 8, proc_bytes, proc_write },
    { AT_OFFSET, 0, CHAIN_BYTES, chain_bytes, chain_write },
};

static int64_t put_u64(uint64_t gva, uint64_t v)
{
    return guest_write(gva, &v, sizeof(v)) ? 0 : -EFAULT;
}

int64_t e2k_access_hw_stacks(CPUState *cpu, const uint64_t *a)
{
    CPUE2KState *env = e2k_env(cpu);
    uint64_t at = 0, want = a[3], ofs;

    if (a[0] >= G_N_ELEMENTS(modes)) {
        return -EINVAL;
    }
    size_t bytes = modes[a[0]].bytes(env);
    What what = modes[a[0]].what;
    if (what == SIZE_OF) {
        return put_u64(a[4], bytes);
    }
    if (!guest_read(&at, a[1], sizeof(at))) {
        return -EFAULT;
    }
    ofs = (at - modes[a[0]].base) & E2K_ADDR_MASK;
    if (ofs > bytes || ofs % modes[a[0]].unit) {
        return -EINVAL;
    }
    if (what == OFFSET_OF) {
        return put_u64(a[4], ofs);
    }
    if (a[2] & 7 || want % 8) {
        return -EINVAL;
    }
    if (what == UP_TO_ADDRESS) {
        want = MIN(want, ofs) / modes[a[0]].unit * modes[a[0]].unit;
        ofs -= want;
    } else if (want > bytes - ofs || want % modes[a[0]].unit) {
        return -EINVAL;
    }
    if (!modes[a[0]].copy(env, ofs, want, a[2])) {
        return -EFAULT;
    }
    return what == UP_TO_ADDRESS && a[4] ? put_u64(a[4], want) : 0;
}
