/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the "means" column of irops.def is written in. Include only in files that evaluate vector
 * ops; meson.build compiles them for SSE4.2 with AES and PCLMUL whatever the rest is built for.
 */
#ifndef TCG_IREVAL_H
#define TCG_IREVAL_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>
#include "ireval-int.h"

#define PS(x)   _mm_castsi128_ps(x)
#define PD(x)   _mm_castsi128_pd(x)
#define IPS(x)  _mm_castps_si128(x)
#define IPD(x)  _mm_castpd_si128(x)

typedef union EvVec {
    uint8_t u8[16];
    uint16_t u16[8];
    uint32_t u32[4];
    uint64_t u64[2];
    __m128i v;
} EvVec;

#define VEXT(lane, x, i)    (((EvVec){ .v = (x) }).lane[i])
#define VINS(lane, x, y, i) __extension__ ({ EvVec ev_ = { .v = (x) }; ev_.lane[i] = (y); ev_.v; })
#define VINS64(x, y, i)     VINS(u64, x, y, i)
#define COUNT(n)            _mm_cvtsi32_si128((int)((n) & 255))

#define PTEST(x, y) \
    (uint32_t)(_mm_testz_si128(x, y) << 6 | _mm_testc_si128(x, y))

/* where the compiler might swap operands, which decides whose NaN survives */
#define EV2(insn, x, y) __extension__ ({                            \
    __typeof__(x) d_ = (x);                                          \
    __asm__ volatile(insn " %1, %0" : "+x"(d_) : "x"(y)); d_; })
#define EV2I(insn, x, y, n) __extension__ ({                        \
    __typeof__(x) d_ = (x);                                          \
    __asm__ volatile(insn " %2, %1, %0" : "+x"(d_) : "x"(y), "i"(n)); d_; })

#define FCMP(set, mask) ((uint32_t)_mm_movemask_##set(mask) & 1)
/* the host has it, or tcg_has_op() says no */
#define FMA(insn, x, y, z) __extension__ ({                         \
    __typeof__(z) d_ = (z);                                          \
    __asm__ volatile(insn " %2, %1, %0" : "+x"(d_) : "x"(x), "x"(y)); d_; })

/* the plain instruction, for its exceptions as well as for its flags */
#define UCOMI(insn, x, y) __extension__ ({                                                   \
    uint64_t fl_;                                                                             \
    __asm__ volatile(insn " %2, %1\n\tpushfq\n\tpopq %0" : "=r"(fl_) : "x"(x), "x"(y) : "cc"); \
    (uint32_t)fl_ & 0x45; })

/* I32 or I64 by the integer's type: W is its width */
#define CVTSI(to, zero) \
    (W == 32 ? _mm_cvtsi32_##to(zero, (int)a) : _mm_cvtsi64_##to(zero, (long long)a))
#define CVT2SI(fn)  (W == 32 ? (uint64_t)(uint32_t)fn##_si32(A) : (uint64_t)fn##_si64(A))

/* immediates must be constants for the compiler */
#define IC1(f, x, y, i)     case (i): r_ = f(x, y, (i)); break;
#define IC4(f, x, y, i)     IC1(f, x, y, i) IC1(f, x, y, (i) + 1) IC1(f, x, y, (i) + 2) \
                            IC1(f, x, y, (i) + 3)
#define IC16(f, x, y, i)    IC4(f, x, y, i) IC4(f, x, y, (i) + 4) IC4(f, x, y, (i) + 8) \
                            IC4(f, x, y, (i) + 12)
#define IC64(f, x, y, i)    IC16(f, x, y, i) IC16(f, x, y, (i) + 16) IC16(f, x, y, (i) + 32) \
                            IC16(f, x, y, (i) + 48)
#define IMMSW(cases, x, n)  __extension__ ({ __typeof__(x) r_ = (x); \
                                             switch ((int)(n)) { cases } r_; })
#define IMM8C(f, x, y, n)   IMMSW(IC4(f, x, y, 0) IC4(f, x, y, 4), x, n)
#define IMM16(f, x, y, n)   IMMSW(IC16(f, x, y, 0), x, n)
#define IMM256(f, x, y, n)  IMMSW(IC64(f, x, y, 0) IC64(f, x, y, 64) IC64(f, x, y, 128) \
                                  IC64(f, x, y, 192), x, (n) & 255)

/* SSE compares have eight predicates; the compiler knows each by a name of its own */
#define EV_CMP(n, set, x, y) \
    ((n) == 0 ? _mm_cmpeq_##set(x, y) : (n) == 1 ? _mm_cmplt_##set(x, y) \
     : (n) == 2 ? _mm_cmple_##set(x, y) : (n) == 3 ? _mm_cmpunord_##set(x, y) \
     : (n) == 4 ? _mm_cmpneq_##set(x, y) : (n) == 5 ? _mm_cmpnlt_##set(x, y) \
     : (n) == 6 ? _mm_cmpnle_##set(x, y) : _mm_cmpord_##set(x, y))
#define _mm_cmp_ss_n(x, y, n)   EV_CMP(n, ss, x, y)
#define _mm_cmp_sd_n(x, y, n)   EV_CMP(n, sd, x, y)
#define _mm_cmp_ps_n(x, y, n)   IPS(EV_CMP(n, ps, PS(x), PS(y)))
#define _mm_cmp_pd_n(x, y, n)   IPD(EV_CMP(n, pd, PD(x), PD(y)))
#define _mm_round_ss_n(x, y, n) _mm_round_ss(x, y, n)
#define _mm_round_sd_n(x, y, n) _mm_round_sd(x, y, n)
#define _mm_round_ps_n(x, y, n) IPS(_mm_round_ps(PS(x), n))
#define _mm_round_pd_n(x, y, n) IPD(_mm_round_pd(PD(x), n))
#define _mm_dp_ps_n(x, y, n)    EV2I("dpps", x, y, n)
#define _mm_dp_pd_n(x, y, n)    EV2I("dppd", x, y, n)
#define _mm_mpsadbw_n(x, y, n)  _mm_mpsadbw_epu8(x, y, n)
#define _mm_aeskey_n(x, y, n)   _mm_aeskeygenassist_si128(x, n)
#define _mm_clmul_n(x, y, n)    _mm_clmulepi64_si128(x, y, n)

static inline __m128i ev_palignr(__m128i hi, __m128i lo, unsigned n)
{
    uint8_t all[32 + 16] = { 0 };
    EvVec r;

    memcpy(all, &lo, 16);
    memcpy(all + 16, &hi, 16);
    memcpy(r.u8, all + ((n & 255) > 32 ? 32 : (n & 255)), 16);
    return r.v;
}

static inline __m128i ev_pslldq(__m128i a, unsigned n)
{
    uint8_t all[32] = { 0 };
    EvVec r;

    memcpy(all + 16, &a, 16);
    memcpy(r.u8, all + 16 - ((n & 255) > 16 ? 16 : (n & 255)), 16);
    return r.v;
}

static inline __m128i ev_pshufd(__m128i a, unsigned n)
{
    EvVec s = { .v = a }, r;

    for (int i = 0; i < 4; i++) {
        r.u32[i] = s.u32[n >> (2 * i) & 3];
    }
    return r.v;
}

static inline __m128i ev_pshuflw(__m128i a, unsigned n)
{
    EvVec s = { .v = a }, r = s;

    for (int i = 0; i < 4; i++) {
        r.u16[i] = s.u16[n >> (2 * i) & 3];
    }
    return r.v;
}

static inline __m128i ev_pshufhw(__m128i a, unsigned n)
{
    EvVec s = { .v = a }, r = s;

    for (int i = 0; i < 4; i++) {
        r.u16[4 + i] = s.u16[4 + (n >> (2 * i) & 3)];
    }
    return r.v;
}

static inline __m128i ev_shufps(__m128i a, __m128i b, unsigned n)
{
    EvVec x = { .v = a }, y = { .v = b };
    EvVec r = { .u32 = { x.u32[n & 3], x.u32[n >> 2 & 3], y.u32[n >> 4 & 3], y.u32[n >> 6 & 3] } };

    return r.v;
}

static inline __m128i ev_shufpd(__m128i a, __m128i b, unsigned n)
{
    EvVec x = { .v = a }, y = { .v = b };
    EvVec r = { .u64 = { x.u64[n & 1], y.u64[n >> 1 & 1] } };

    return r.v;
}

static inline __m128i ev_blend(__m128i a, __m128i b, unsigned n, unsigned lane_bytes)
{
    EvVec x = { .v = a }, y = { .v = b };

    for (unsigned i = 0; i < 16; i++) {
        x.u8[i] = n >> (i / lane_bytes) & 1 ? y.u8[i] : x.u8[i];
    }
    return x.v;
}

static inline __m128i ev_insertps(__m128i a, __m128i b, unsigned n)
{
    EvVec x = { .v = a }, y = { .v = b };

    x.u32[n >> 4 & 3] = y.u32[n >> 6 & 3];
    for (unsigned i = 0; i < 4; i++) {
        x.u32[i] = n >> i & 1 ? 0 : x.u32[i];
    }
    return x.v;
}

#endif
