/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between translate-mem.c, translate-aau.c and their helpers: memory accesses of bundles.
 *
 * Speculative accesses are plain ones until one faults (e2k_mark_checked()); the bundle is then
 * translated again, at the next check level.
 */
#ifndef TARGET_E2K_MEM_H
#define TARGET_E2K_MEM_H

#include "target/e2k/translate.h"

/* How the speculative accesses of a bundle are made. */
enum {
    E2K_CHECK_NONE,             /* as they come */
    E2K_CHECK_RANGE,            /* nothing below 64 KiB and above the user's half is touched */
    E2K_CHECK_PAGES,            /* the guest's page protections are asked */
};
unsigned e2k_check_level(uint64_t bundle_ip);

enum { E2K_LOWEST_MAPPED = 0x10000 };
#define E2K_USER_END        (1ull << 47)
#define E2K_DIAG64          0x4afafafa4afafafaull       /* of a load */
#define E2K_MOVA_DIAG64     0xeaed0f70eaed0f70ull       /* of an array load */
/* 16 bytes of each, to load instead */
extern const uint64_t e2k_diag[2], e2k_mova_diag[2];

/* MAS of loads and stores */
enum { MAS_BE = 1 << 3, MAS_V6_ORDERED = 1 << 4, MAS_AAU = 0x3f };
#define MAS_MOD(mas) ((mas) & 7)
#define MAS_OPC(mas) ((mas) >> 3)
enum {
    MAS_LD_CHECK = 2, MAS_LD_CHECK_UNLOCK = 3, MAS_LD_WAIT_LOCK = 7,
    MAS_ST_ATOMIC = 2, MAS_SPECIAL = 7,
};

/* What an operation moves. */
typedef struct E2kAccess {
    uint8_t lg_bytes;           /* of one channel: 0..4 */
    uint8_t disp;               /* 8 for the upper half of a pair */
    bool be;
} E2kAccess;

/* log2 of the bytes, disp and endianness; @lower: is this the lower channel of a pair? */
E2kAccess e2k_access(const E2kAlop *op, unsigned lg_bytes, bool pair, bool lower);
/* loads from @addr (64-bit result or, lg_bytes 4, V128); where @ok (may be NULL) is false: diag */
IrVal e2k_load_value(DC *dc, const E2kAccess *a, IrVal addr, IrVal ok, const uint64_t diag[2]);
/* stores source 4 of @op to @addr under the guard, the loop's state and @op->sm */
void e2k_store_src4(DC *dc, const E2kAlop *op, const E2kAccess *a, IrVal addr);
/* I32 0/1: may the speculative access be made? NULL: yes */
IrVal e2k_access_ok(DC *dc, bool sm, IrVal addr, unsigned bytes, bool write);
/* true: the store must wait until the bundle's speculative accesses have been made */
bool e2k_defer_store(DC *dc, const E2kAlop *op, const E2kEmit *e);
/* makes the stores that waited; in the last speculative access of a bundle */
void e2k_flush_stores(DC *dc);

E2kResolveFn e2k_resolve_aau;

/* ---- mem-helpers.c ---- */
extern const IrHelper e2k_helper_accessible;    /* (env, addr, bytes, write) -> I32 */
extern const IrHelper e2k_helper_stmqp;         /* (env, addr, mask, lo, hi, do it) */
extern const IrHelper e2k_helper_cas16;         /* (env, addr, lo, hi, do it) -> I32 failed */
bool e2k_accessible(CPUE2KState *env, uint64_t addr, unsigned n_bytes, bool write);

/* ---- mem-tags.c ---- */
bool e2k_memory_has_tags(void);         /* has there ever been one? */
extern const IrHelper e2k_helper_put_tags;      /* (env, addr, bytes, tags): a store's */
extern const IrHelper e2k_helper_get_tags;      /* (env, addr, bytes) -> I32 tags */

/* ---- aau-helpers.c ---- */
/* In E2kAau.ptr: the area is misaligned for this version or is not there. */
#define E2K_AAU_POISON (1ull << 62)
enum { AAU_WRITE_BASE, AAU_WRITE_AAD_LO, AAU_WRITE_AAD_HI, AAU_WRITE_INCR };
extern const IrHelper e2k_helper_aau_write;     /* (env, AAU_WRITE_*, number, value, do it) */
extern const IrHelper e2k_helper_bap;           /* (env, %ctpr2) */
extern const IrHelper e2k_helper_eap;           /* (env) */
/* (env, E2K_MOVA_SPEC) -> I64; 16 bytes go to env->scratch[E2K_MOVA_SCRATCH] */
extern const IrHelper e2k_helper_mova;
enum { E2K_MOVA_SCRATCH = 6 };
/* @lg_size: 0..4; @quad: part of a movaq */
#define E2K_MOVA_SPEC(half, area, ind, lg_size, quad, be) \
    ((uint32_t)((half) | (area) << 1 | (ind) << 6 | (lg_size) << 11 | (quad) << 14 | (be) << 15))

#endif
