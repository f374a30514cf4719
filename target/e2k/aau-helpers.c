/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The array access unit's slow parts: starting a prefetch program, writes to descriptors, array
 * loads that need a look first.
 *
 * A program is up to 32 pairs of entries (areas); entry i of the left half describes the area i of
 * the array loads in channels 0 and 1, of the right half that of channels 2 and 3. Each has its own
 * current address: E2kAau.ptr.
 */
#include <string.h>
#include "target/e2k/mem.h"

enum { MAX_FAPB = 32, FAPB_BYTES = 16 };
#define NO_PAGE             (1ull << 63)    /* no user address is near it */
#define AAD_ADDR_MASK       ((1ull << 48) - 1)
#define AAD_FULL_RIGHTS     (1ull << 57 | 1ull << 58 | 3ull << 59)  /* mb, ed, read and write */
#define AASR_LDS_SHIFT      7
#define AASR_LDS_MASK       (7ull << AASR_LDS_SHIFT)
enum { AASR_LDS_NULL = 0, AASR_LDS_ACTIVE = 3 };

G_NORETURN static void raise_illegal(CPUE2KState *env, uintptr_t ra)
{
    cpu_restore_state(env_cpu(env), ra);
    e2k_raise(env, E2K_EXC_ILLEGAL_OPCODE, env->ip, 0);
}

static void set_state(E2kAau *a, bool active)
{
    a->active = active;
    a->aasr = (a->aasr & ~AASR_LDS_MASK) |
              (uint64_t)(active ? AASR_LDS_ACTIVE : AASR_LDS_NULL) << AASR_LDS_SHIFT;
}

/* Up to v4 array loads must be aligned (pairs: to 8 bytes). */
static void set_ptr(CPUE2KState *env, unsigned h, unsigned i, uint64_t addr)
{
    E2kAau *a = &env->aau;
    unsigned align = env->version <= 4 ? MIN(a->elem_bytes[h][i], 8) : 1;

    a->ptr[h][i] = (addr & (align - 1)) ? addr | E2K_AAU_POISON : addr;
}

static void set_area(CPUE2KState *env, unsigned h, unsigned i, const E2kFapb *f)
{
    E2kAau *a = &env->aau;
    uint64_t addr = a->base[f->d] + a->aaind[f->ind] + (uint64_t)(int64_t)f->disp;

    a->elem_bytes[h][i] = (uint8_t)(1u << (f->fmt - 1));
    a->aad_no[h][i] = f->d;
    a->incr_no[h][i] = f->incr;
    a->step[h][i] = (int64_t)a->aaincr[f->incr] * a->elem_bytes[h][i];
    a->ok_page[h][i] = NO_PAGE;
    set_ptr(env, h, i, addr);
}

static void clear_area(E2kAau *a, unsigned h, unsigned i)
{
    a->elem_bytes[h][i] = 0;
    a->ptr[h][i] = E2K_AAU_POISON;
    a->step[h][i] = 0;
}

static void helper_bap(CPUE2KState *env, uint64_t ctpr)
{
    E2kAau *a = &env->aau;
    uint64_t addr = ctpr & E2K_CTPR_ADDR_MASK;
    unsigned n = 0;
    E2kFapb f[2];

    if ((ctpr >> E2K_CTPR_TAG_SHIFT & 7) != E2K_CTPR_DISP || !(ctpr & E2K_CTPR_LDISP)) {
        raise_illegal(env, GETPC());
    }
    do {
        uint8_t code[FAPB_BYTES];

        cpu_ld_bytes(env_cpu(env), addr + n * FAPB_BYTES, code, sizeof(code), 0, GETPC());
        e2k_decode_fapb(code, f);
        for (unsigned h = 0; h < 2; h++) {
            if (f[h].fmt >= 1 && f[h].fmt <= 5) {
                set_area(env, h, n, &f[h]);
            } else {
                clear_area(a, h, n);
            }
        }
        n++;
    } while (!f[0].last && n < MAX_FAPB);
    for (unsigned i = n; i < a->n_areas; i++) {
        clear_area(a, 0, i);
        clear_area(a, 1, i);
    }
    a->n_areas = (uint8_t)n;
    set_state(a, true);
}

static void helper_eap(CPUE2KState *env)
{
    set_state(&env->aau, false);
}

/* ---- writes that running areas depend on ---- */

static void set_base(CPUE2KState *env, unsigned no, uint64_t base)
{
    E2kAau *a = &env->aau;
    uint64_t delta = base - a->base[no];

    a->base[no] = base;
    if (!a->active || !delta) {
        return;
    }
    for (unsigned h = 0; h < 2; h++) {
        for (unsigned i = 0; i < a->n_areas; i++) {
            if (a->elem_bytes[h][i] && a->aad_no[h][i] == no) {
                set_ptr(env, h, i, (a->ptr[h][i] & ~E2K_AAU_POISON) + delta);
            }
        }
    }
}

static void set_incr(E2kAau *a, unsigned no, uint64_t value)
{
    a->aaincr[no] = value;
    if (!a->active) {
        return;
    }
    for (unsigned h = 0; h < 2; h++) {
        for (unsigned i = 0; i < a->n_areas; i++) {
            if (a->incr_no[h][i] == no) {
                a->step[h][i] = (int64_t)value * a->elem_bytes[h][i];
            }
        }
    }
}

static void helper_aau_write(CPUE2KState *env, uint32_t what, uint32_t no, uint64_t value,
                             uint32_t doit)
{
    E2kAau *a = &env->aau;

    if (!doit) {
        return;
    }
    switch (what) {
    case AAU_WRITE_BASE:
        a->aad[no].lo = (value & AAD_ADDR_MASK) | AAD_FULL_RIGHTS;
        set_base(env, no, value & AAD_ADDR_MASK);
        break;
    case AAU_WRITE_AAD_LO:
        a->aad[no].lo = value;
        set_base(env, no, value & AAD_ADDR_MASK);
        break;
    case AAU_WRITE_AAD_HI:
        a->aad[no].hi = value;
        break;
    default:
        set_incr(a, no, value);
    }
}

/* ---- array loads with a look first ---- */

static uint64_t load_swapped(CPUE2KState *env, uint64_t addr, unsigned lg_size, bool be,
                             uintptr_t ra)
{
    uint64_t v = cpu_ld(env_cpu(env), addr, lg_size, ra);

    return be ? __builtin_bswap64(v) >> (64 - (8u << lg_size)) : v;
}

static bool misaligned(const CPUE2KState *env, uint64_t addr, unsigned lg_size)
{
    unsigned max_version = lg_size == 4 ? 5 : 4;

    return env->version <= max_version && (addr & ((1u << lg_size) - 1));
}

static uint64_t helper_mova(CPUE2KState *env, uint32_t spec)
{
    E2kAau *a = &env->aau;
    unsigned h = spec & 1, area = spec >> 1 & 31, lg_size = spec >> 11 & 7;
    bool quad = spec >> 14 & 1, be = spec >> 15 & 1;
    uint64_t addr = (a->ptr[h][area] & ~E2K_AAU_POISON) + (spec >> 6 & 31);
    uint64_t *out = &env->scratch[E2K_MOVA_SCRATCH].lo;

    if (a->elem_bytes[h][area] < (quad ? 16u : 1u << lg_size)) {
        raise_illegal(env, GETPC());
    }
    if (misaligned(env, addr, lg_size) || !e2k_accessible(env, addr, 1u << lg_size, false)) {
        env->helper_diag = 1;
        out[0] = out[1] = E2K_MOVA_DIAG64;
        return E2K_MOVA_DIAG64;
    }
    a->ok_page[h][area] = addr & PAGE_MASK_;
    if (lg_size < 4) {
        return load_swapped(env, addr, lg_size, be, GETPC());
    }
    out[be] = load_swapped(env, addr, 3, be, GETPC());
    out[!be] = load_swapped(env, addr + 8, 3, be, GETPC());
    return 0;
}

const IrHelper e2k_helper_bap = {
    "e2k_bap", helper_bap, 0, IR_VOID, 2, { IR_I64, IR_I64 }
};
const IrHelper e2k_helper_eap = {
    "e2k_eap", helper_eap, IR_CALL_NO_READ | IR_CALL_NO_WRITE | IR_CALL_NO_FAULT, IR_VOID, 1,
    { IR_I64 }
};
const IrHelper e2k_helper_aau_write = {
    "e2k_aau_write", helper_aau_write, IR_CALL_NO_READ | IR_CALL_NO_WRITE | IR_CALL_NO_FAULT,
    IR_VOID, 5, { IR_I64, IR_I32, IR_I32, IR_I64, IR_I32 }
};
const IrHelper e2k_helper_mova = {
    "e2k_mova", helper_mova, 0, IR_I64, 2, { IR_I64, IR_I32 }
};
