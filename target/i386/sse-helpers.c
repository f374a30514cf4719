/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SSE instructions that are no IR op: SSE4.2 string comparisons, masked stores. */
#include <immintrin.h>
#include <stdlib.h>
#include <string.h>
#include "target/i386/sse-helpers.h"

/* ---- PCMPxSTRx: the host's PCMPESTRM gives the bit mask, the rest follows from it ---- */

typedef __m128i StrCompare(__m128i a, int len_a, __m128i b, int len_b);

#define CMP1(n) \
    __attribute__((target("sse4.2"))) \
    static __m128i str_compare_##n(__m128i a, int len_a, __m128i b, int len_b) \
    { return _mm_cmpestrm(a, len_a, b, len_b, (n)); }
#define CMP4(a, b, c, d) CMP1(a) CMP1(b) CMP1(c) CMP1(d)
#define CMP16(x) \
    CMP4(x##0, x##1, x##2, x##3) CMP4(x##4, x##5, x##6, x##7) \
    CMP4(x##8, x##9, x##a, x##b) CMP4(x##c, x##d, x##e, x##f)
CMP16(0x0) CMP16(0x1) CMP16(0x2) CMP16(0x3)
#undef CMP1

#define CMP1(n) str_compare_##n,
#undef CMP4
#define CMP4(a, b, c, d) CMP1(a) CMP1(b) CMP1(c) CMP1(d)
static StrCompare *const str_compare[64] = { CMP16(0x0) CMP16(0x1) CMP16(0x2) CMP16(0x3) };

static unsigned implicit_length(const void *p, bool words, unsigned n)
{
    uint16_t w[8];
    const uint8_t *b = p;

    memcpy(w, p, sizeof(w));
    for (unsigned i = 0; i < n; i++) {
        if (words ? !w[i] : !b[i]) {
            return i;
        }
    }
    return n;
}

static void mask_expand(X86Vec *d, unsigned mask, bool words)
{
    for (unsigned i = 0; i < 8; i++) {
        if (words) {
            d->w[i] = mask >> i & 1 ? 0xffff : 0;
        } else {
            d->b[i] = mask >> i & 1 ? 0xff : 0;
            d->b[i + 8] = mask >> (i + 8) & 1 ? 0xff : 0;
        }
    }
}

/* |EAX| or |RAX|, at most n */
static unsigned explicit_length(uint64_t reg, bool rexw, unsigned n)
{
    int64_t len = rexw ? (int64_t)reg : (int32_t)reg;

    return len > -(int64_t)n && len < (int64_t)n ? (unsigned)llabs(len) : n;
}

uint64_t helper_pcmpstr(CPUX86State *env, uint64_t lo, uint64_t hi, uint64_t what)
{
    const X86Vec *v1 = &env->xmm[what >> 8 & 15];
    uint64_t v2[2] = { lo, hi };
    bool words = what & 1, rexw = what & PCMPSTR_REXW;
    unsigned n = words ? 8 : 16, len1, len2, mask, index;
    uint64_t flags;
    __m128i m;

    if (what & PCMPSTR_EXPLICIT) {
        len1 = explicit_length(env->regs[R_EAX], rexw, n);
        len2 = explicit_length(env->regs[R_EDX], rexw, n);
    } else {
        len1 = implicit_length(v1, words, n);
        len2 = implicit_length(v2, words, n);
    }
    m = str_compare[what & 0x3f](_mm_load_si128((const __m128i *)v1), (int)len1,
                                 _mm_loadu_si128((const __m128i *)v2), (int)len2);
    mask = (unsigned)_mm_cvtsi128_si32(m) & 0xffff;
    flags = (mask ? CC_C : 0) | (len2 < n ? CC_Z : 0) | (len1 < n ? CC_S : 0)
            | (mask & 1 ? CC_O : 0);
    index = !mask ? n : what & 0x40 ? 31 - __builtin_clz(mask) : __builtin_ctz(mask);
    if (what & PCMPSTR_MASK) {
        if (what & 0x40) {
            mask_expand(&env->xmm[0], mask, words);
        } else {
            env->xmm[0].q[0] = mask;
            env->xmm[0].q[1] = 0;
        }
    }
    return flags | (uint64_t)index << 16;
}

/* ---- MASKMOVDQU, MASKMOVQ: 8 bytes of it ---- */

void helper_maskmov(CPUX86State *env, uint64_t addr, uint64_t val, uint64_t mask, uint64_t mmu)
{
    uintptr_t ra = GETPC();

    for (unsigned i = 0; i < 8; i++) {
        if (mask >> (8 * i + 7) & 1) {
            cpu_st(x86_cpu(env), addr + i, val >> (8 * i) & 0xff, MO_8 | mo_mmu(mmu), ra);
        }
    }
}
