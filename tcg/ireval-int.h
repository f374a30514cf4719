/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The integer half of what irops.def's "means" column is written in. */
#ifndef TCG_IREVAL_INT_H
#define TCG_IREVAL_INT_H

#include <stdbool.h>
#include <stdint.h>
#include "tcg/ir.h"

#define SX(x)               (W == 32 ? (int64_t)(int32_t)(x) : (int64_t)(x))
#define ROTL(x, n)          ev_rotl(x, n, W)
#define EXTRACT(x, p, l)    ((x) >> (p) & (~0ull >> (64 - (l))))
#define SEXTRACT(x, p, l)   ((uint64_t)((int64_t)((x) << (64 - (p) - (l))) >> (64 - (l))))
#define DEPOSIT(x, y, p, l) (((x) & ~(~0ull >> (64 - (l)) << (p))) | \
                             ((y) & ~0ull >> (64 - (l))) << (p))
#define COND(n, x, y)       ev_cond((IrCond)(n), x, y, SX(x), SX(y))

static inline uint64_t ev_rotl(uint64_t x, uint64_t n, unsigned w)
{
    return n ? x << n | x >> (w - n) : x;
}

static inline bool ev_cond(IrCond c, uint64_t ua, uint64_t ub, int64_t sa, int64_t sb)
{
    switch (c) {
    case IR_COND_EQ: return ua == ub;
    case IR_COND_NE: return ua != ub;
    case IR_COND_LT: return sa < sb;
    case IR_COND_GE: return sa >= sb;
    case IR_COND_LE: return sa <= sb;
    case IR_COND_GT: return sa > sb;
    case IR_COND_LTU: return ua < ub;
    case IR_COND_GEU: return ua >= ub;
    case IR_COND_LEU: return ua <= ub;
    case IR_COND_GTU: return ua > ub;
    case IR_COND_TSTEQ: return (ua & ub) == 0;
    case IR_COND_TSTNE: return (ua & ub) != 0;
    case IR_COND_ALWAYS: return true;
    case IR_COND_NEVER: return false;
    }
    return false;
}

/* the 128-bit (64-bit for I32) product: low half returned, high half behind the pointer */
static inline uint64_t ev_mulu2(uint64_t a, uint64_t b, unsigned w, uint64_t *hi)
{
    __extension__ unsigned __int128 p = (unsigned __int128)a * b;

    *hi = (uint64_t)(p >> w);
    return (uint64_t)p;
}

static inline uint64_t ev_muls2(uint64_t a, uint64_t b, unsigned w, uint64_t *hi)
{
    int64_t sa = w == 32 ? (int32_t)a : (int64_t)a, sb = w == 32 ? (int32_t)b : (int64_t)b;
    __extension__ __int128 p = (__int128)sa * sb;

    *hi = (uint64_t)(p >> w);
    return (uint64_t)p;
}
#define MULU2(x, y) ev_mulu2(x, y, W, &hi)
#define MULS2(x, y) ev_muls2(x, y, W, &hi)

#endif
