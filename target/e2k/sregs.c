/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State registers as rrd and rwd, debuggers and the stack system calls see them. All stacks are in
 * memory here, so the hardware tops (PSHTP, PCSHTP) are always 0.
 */
#include <string.h>
#include <time.h>
#include "target/e2k/cpu.h"
#include "target/e2k/sregs.h"

static uint64_t bits(uint64_t v, unsigned hi, unsigned lo)
{
    return v >> lo & (~0ull >> (63 - (hi - lo)));
}

/* ---- the chain ---- */

enum { CR1_WFX = 25, CR1_WPSZ = 26, CR1_WBS = 33, CR1_PSR = 57, CR1_WDBL = 35, CR1_USSZ = 36 };

void e2k_frame_pack(CPUE2KState *env, E2kFrame *f, uint64_t cr[4])
{
    e2k_settle_preds(env, f);
    cr[0] = 0;
    for (unsigned i = 0; i < E2K_N_PREDS; i++) {
        cr[0] |= (uint64_t)f->pred[i] << (2 * i);
    }
    cr[1] = f->ip;
    cr[2] = (uint64_t)(f->mode & E2K_MODE_NFX ? 0 : 1) << CR1_WFX |
            (uint64_t)(f->psize / 2) << CR1_WPSZ | (uint64_t)(f->wbs / 2) << CR1_WBS |
            (uint64_t)env->psr << CR1_PSR;
    cr[3] = (f->mode & E2K_MODE_BR_MASK) | (uint64_t)(f->mode & E2K_MODE_DBL ? 1 : 0) << CR1_WDBL |
            (f->usd_lo - env->stack_bottom) / 16 << CR1_USSZ;
}

void e2k_frame_unpack(const CPUE2KState *env, E2kFrame *f, const uint64_t cr[4])
{
    for (unsigned i = 0; i < E2K_N_PREDS; i++) {
        f->pred[i] = cr[0] >> (2 * i) & (env->tags ? 3 : 1);
    }
    f->ip = cr[1] & ~7ull;
    f->psize = (uint16_t)(2 * bits(cr[2], 32, CR1_WPSZ));
    f->wbs = (uint16_t)(2 * bits(cr[2], 39, CR1_WBS));
    f->mode = (f->mode & E2K_MODE_WSIZE_MASK) | (cr[3] & E2K_MODE_BR_MASK) | (cr[3] >> CR1_WDBL & 1 ? E2K_MODE_DBL : 0) |
              (cr[2] >> CR1_WFX & 1 ? 0 : E2K_MODE_NFX);
    f->usd_lo = env->stack_bottom + bits(cr[3], 63, CR1_USSZ) * 16;
}

static uint64_t cr_word(CPUE2KState *env, unsigned i)
{
    uint64_t cr[4] = { 0 };

    if (env->frame > env->pcs_base) {
        e2k_frame_pack(env, env->frame - 1, cr);
    }
    return cr[i];
}

/* ---- loops ---- */

uint64_t e2k_lsr_read(const CPUE2KState *env)
{
    return env->lcnt | (uint64_t)env->ecnt << 32 | (uint64_t)env->vlc << 37 |
           (uint64_t)env->pcnt << 48 | (uint64_t)env->strmd << 53 |
           (env->lsr_rest & (0x3ffull << 38 | 1ull << 60));
}

void e2k_lsr_write(CPUE2KState *env, uint64_t v)
{
    env->lcnt = (uint32_t)v;
    env->ecnt = (uint32_t)bits(v, 36, 32);
    env->vlc = v >> 37 & 1;
    env->pcnt = (uint32_t)bits(v, 52, 48);
    env->strmd = (uint32_t)bits(v, 59, 53);
    env->lsr_rest = v;
}

static void lsr1_write(CPUE2KState *env, uint64_t v) { env->lcnt = (uint32_t)v; }

static void ilcr_write(CPUE2KState *env, uint64_t v)
{
    env->ilcr = v & 0x001f001fffffffffull;
}

static void ilcr1_write(CPUE2KState *env, uint64_t v)
{
    env->ilcr = (env->ilcr & ~0xffffffffull) | (uint32_t)v;
}

/* ---- the others ---- */

static uint64_t wd_read(CPUE2KState *env)
{
    uint64_t base = (uint64_t)(env->win - env->ps_base) % (E2K_MAX_WINDOW) * 8;

    return base | (uint64_t)e2k_wsize(env) * 8 << 16 | (uint64_t)env->psize * 8 << 32 |
           (uint64_t)(env->mode & E2K_MODE_NFX ? 0 : 1) << 48 |
           (uint64_t)(env->mode & E2K_MODE_DBL ? 1 : 0) << 49;
}

static uint64_t psp_hi(CPUE2KState *env)
{
    return (uint64_t)((char *)env->win - (char *)env->ps_base) |
           (uint64_t)((char *)env->ps_end - (char *)env->ps_base) << 32;
}

enum { CHAIN_FRAME_BYTES = 32 };

static uint64_t pcsp_hi(CPUE2KState *env)
{
    return (uint64_t)(env->frame - env->pcs_base) * CHAIN_FRAME_BYTES |
           (uint64_t)(env->pcs_end - env->pcs_base) * CHAIN_FRAME_BYTES << 32;
}

#define STACK_RW (3ull << 59)
static uint64_t psp_lo(CPUE2KState *env) { return E2K_PSP_BASE | STACK_RW; }
static uint64_t pcsp_lo(CPUE2KState *env) { return E2K_PCSP_BASE | STACK_RW; }
static uint64_t zero(CPUE2KState *env) { return 0; }
static uint64_t cr0_lo(CPUE2KState *env) { return cr_word(env, 0); }
static uint64_t cr0_hi(CPUE2KState *env) { return cr_word(env, 1); }
static uint64_t cr1_lo(CPUE2KState *env) { return cr_word(env, 2); }
static uint64_t cr1_hi(CPUE2KState *env) { return cr_word(env, 3); }
static uint64_t usd_lo(CPUE2KState *env) { return env->usd_lo | STACK_RW; }
static uint64_t usd_hi(CPUE2KState *env) { return (env->usd_lo - env->stack_bottom) << 32; }
static uint64_t sbr(CPUE2KState *env) { return env->sbr; }
static uint64_t ctpr1(CPUE2KState *env) { return env->ctpr[0]; }
static uint64_t ctpr2(CPUE2KState *env) { return env->ctpr[1]; }
static uint64_t ctpr3(CPUE2KState *env) { return env->ctpr[2]; }
static uint64_t psr(CPUE2KState *env) { return env->psr; }
static uint64_t upsr(CPUE2KState *env) { return env->upsr; }
static uint64_t ip(CPUE2KState *env) { return env->ip; }
static uint64_t fpcr(CPUE2KState *env) { return env->fpcr; }
static uint64_t fpsr(CPUE2KState *env) { return e2k_fpsr_read(env); }
static uint64_t ilcr(CPUE2KState *env) { return env->ilcr; }
static uint64_t br(CPUE2KState *env) { return env->mode & E2K_MODE_BR_MASK; }
static uint64_t bgr(CPUE2KState *env) { return env->bgr; }
static uint64_t idr(CPUE2KState *env) { return env->idr; }
static uint64_t lsr(CPUE2KState *env) { return e2k_lsr_read(env); }
static uint64_t pfpfr(CPUE2KState *env) { return e2k_pfpfr_read(env); }

/* cycles: nanoseconds of the host's monotonic clock, so that rates look like a 1 GHz machine's */
static uint64_t clkr(CPUE2KState *env)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void upsr_write(CPUE2KState *env, uint64_t v) { env->upsr = (uint32_t)v; }
static void fpcr_write(CPUE2KState *env, uint64_t v) { e2k_fpcr_write(env, (uint32_t)v); }
static void fpsr_write(CPUE2KState *env, uint64_t v) { e2k_fpsr_write(env, (uint32_t)v); }
static void bgr_write(CPUE2KState *env, uint64_t v) { env->bgr = v & 0x7ff; }
static void ctpr1_write(CPUE2KState *env, uint64_t v) { env->ctpr[0] = v; }
static void ctpr2_write(CPUE2KState *env, uint64_t v) { env->ctpr[1] = v; }
static void ctpr3_write(CPUE2KState *env, uint64_t v) { env->ctpr[2] = v; }
static void pfpfr_write(CPUE2KState *env, uint64_t v) { e2k_pfpfr_write(env, (uint32_t)v); }

static void br_write(CPUE2KState *env, uint64_t v)
{
    env->mode = (env->mode & ~E2K_MODE_BR_MASK) | (v & E2K_MODE_BR_MASK);
}

typedef struct Sreg {
    uint8_t n;
    uint64_t (*read)(CPUE2KState *env);
    void (*write)(CPUE2KState *env, uint64_t v);
} Sreg;

static const Sreg sregs[] = {
    { 0x00, psr },              { 0x01, wd_read },          { 0x06, wd_read },
    { 0x07, psp_hi },           { 0x09, psp_lo },           { 0x0b, zero },
    { 0x0d, pcsp_hi },          { 0x0f, pcsp_lo },          { 0x13, zero },
    { 0x15, ctpr1, ctpr1_write }, { 0x16, ctpr2, ctpr2_write }, { 0x17, ctpr3, ctpr3_write },
    { 0x19, zero },             { 0x1a, zero },             { 0x1b, zero },
    { 0x1e, sbr },              { 0x21, zero },             { 0x25, zero },
    { 0x2c, usd_hi },           { 0x2d, usd_lo },
    { 0x30, zero },             { 0x31, zero },             { 0x32, zero },
    { 0x33, zero },             { 0x51, cr0_hi },           { 0x53, cr0_lo },
    { 0x55, cr1_hi },           { 0x57, cr1_lo },
    { 0x80, upsr, upsr_write }, { 0x81, ip },               { 0x82, ip },
    { 0x83, lsr, e2k_lsr_write }, { 0x84, pfpfr, pfpfr_write }, { 0x85, fpcr, fpcr_write },
    { 0x86, fpsr, fpsr_write }, { 0x87, ilcr, ilcr_write }, { 0x88, br, br_write },
    { 0x89, bgr, bgr_write },   { 0x8a, idr },              { 0x90, clkr },
    { 0x92, clkr },             { 0xc0, upsr, upsr_write }, { 0xc3, lsr, lsr1_write },
    { 0xc7, ilcr, ilcr1_write },
};

static const Sreg *find(unsigned n)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(sregs); i++) {
        if (sregs[i].n == n) {
            return &sregs[i];
        }
    }
    return NULL;
}

bool e2k_sreg_read(CPUE2KState *env, unsigned n, uint64_t *value)
{
    const Sreg *r = find(n);

    if (r) {
        *value = r->read(env);
    }
    return r != NULL;
}

bool e2k_sreg_write(CPUE2KState *env, unsigned n, uint64_t value)
{
    const Sreg *r = find(n);

    if (!r || !r->write) {
        return false;
    }
    r->write(env, value);
    return true;
}
