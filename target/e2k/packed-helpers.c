/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source: the operation table, pshufb and qppermb. */
#include "target/e2k/packed-helpers.h"
#include "target/e2k/cpu.h"

static uint8_t reverse_bits(uint8_t v)
{
    v = (uint8_t)((v >> 1 & 0x55) | (v & 0x55) << 1);
    v = (uint8_t)((v >> 2 & 0x33) | (v & 0x33) << 2);
    return (uint8_t)(v >> 4 | v << 4);
}

static uint8_t modify(uint8_t v, bool invert, bool reverse, bool sign)
{
    v = invert ? (uint8_t)~v : v;
    v = reverse ? reverse_bits(v) : v;
    return sign ? (v & 0x80 ? 0xff : 0) : v;
}

/* descriptor: [2:0] byte, [3] of s1, [4] invert, [5] reverse, [6] sign; [7] a constant */
static uint64_t pshufb(uint64_t s1, uint64_t s2, uint64_t s3)
{
    static const uint8_t constants[8] = { 0, 0, 0x7f, 0, 0x80, 0, 0xff, 0 };
    uint64_t d = 0;

    for (unsigned i = 0; i < 64; i += 8) {
        uint8_t how = (uint8_t)(s3 >> i), v = (uint8_t)((how & 8 ? s1 : s2) >> (how & 7) * 8);

        v = how & 0x80 ? constants[how >> 4 & 7] : modify(v, how & 0x10, how & 0x20, how & 0x40);
        d |= (uint64_t)v << i;
    }
    return d;
}

/* descriptor: [3:0] byte, [4] of s1, [5] invert, [6] reverse, [7] sign */
static uint64_t qppermb(uint64_t s1_lo, uint64_t s1_hi, uint64_t s2_lo, uint64_t s2_hi, uint64_t s3)
{
    const uint64_t s[4] = { s2_lo, s2_hi, s1_lo, s1_hi };
    uint64_t d = 0;

    for (unsigned i = 0; i < 64; i += 8) {
        uint8_t how = (uint8_t)(s3 >> i), v = (uint8_t)(s[how >> 3 & 3] >> (how & 7) * 8);

        d |= (uint64_t)modify(v, how & 0x20, how & 0x40, how & 0x80) << i;
    }
    return d;
}

enum { PURE = IR_CALL_NO_READ | IR_CALL_NO_WRITE | IR_CALL_NO_FAULT | IR_CALL_PURE };
#define I64 IR_I64
const IrHelper e2k_helper_pshufb = { "e2k_pshufb", (void *)pshufb, PURE, I64, 3, { I64, I64, I64 } };
const IrHelper e2k_helper_qppermb = { "e2k_qppermb", (void *)qppermb, PURE, I64, 5,
                                      { I64, I64, I64, I64, I64 } };
