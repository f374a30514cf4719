/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Divisions, variable bit fields, x86 flags. Source: the operation table's semantics. */
#include "target/e2k/int-helpers.h"
#include "target/e2k/cpu.h"

/* ---- division ---- */

static uint32_t udivs(uint32_t a, uint32_t c) { return c ? a / c : 0; }
static uint64_t udivd(uint64_t a, uint64_t c) { return c ? a / c : 0; }

static uint64_t sdivd(uint64_t a, uint64_t c)
{
    if (c == 0) {
        return 0;
    }
    return c == ~0ull ? -a : (uint64_t)((int64_t)a / (int64_t)c);
}

static uint32_t sdivs(uint32_t a, uint32_t c)
{
    if (c == 0) {
        return 0;
    }
    return c == ~0u ? -a : (uint32_t)((int32_t)a / (int32_t)c);
}

/* false: no result */
static bool divide_x(uint64_t a, uint32_t c, uint32_t what, uint32_t *result)
{
    uint64_t q, r;

    if (c == 0) {
        return false;
    }
    if (what & E2K_DIVX_SIGNED) {
        uint64_t wide = (uint64_t)(int32_t)c;

        q = sdivd(a, wide);
        r = a - q * wide;
        if ((uint64_t)(int32_t)q != q) {
            return false;
        }
    } else {
        q = a / c;
        r = a % c;
        if (q >> 32) {
            return false;
        }
    }
    *result = (uint32_t)(what & E2K_DIVX_REMAINDER ? r : q);
    return true;
}

static uint32_t divx(CPUE2KState *env, uint64_t a, uint32_t c, uint32_t what, uint32_t guard)
{
    uint32_t result = 0;

    if (!divide_x(a, c, what, &result)) {
        if (guard && !(what & E2K_DIVX_SM)) {
            e2k_raise(env, E2K_EXC_DIV, 0, GETPC());
        }
        env->helper_diag = 1;
    }
    return result;
}

/* ---- bit fields ---- */

static uint64_t rotate_right(uint64_t v, unsigned n, unsigned bits)
{
    n %= bits;
    return n ? v >> n | v << (bits - n) : v;
}

/**
 * e2k_getf - a bit field, zero- or sign-extended
 * @s1: the value; 32 bits unless @how has E2K_GETF_64
 * @s2: [5:0] offset, [11:6] length in bits, [12] sign-extend, [15:13] byte of the sign, or for
 *      getfz how many low bits of the result are cleared; in the 32-bit form one bit less each
 *
 * The sign is the field's top bit; before v5 it is bit (offset + length - 1) % 8 of that byte.
 */
uint64_t e2k_getf(uint64_t s1, uint64_t s2, uint32_t how)
{
    unsigned bits = how & E2K_GETF_64 ? 64 : 32, offset = s2 & (bits - 1);
    unsigned len = s2 >> 6 & (bits - 1), top = (offset + len - 1) & (bits - 1);
    uint64_t v = bits == 64 ? s1 : (uint32_t)s1, mask = (1ull << len) - 1;
    uint64_t field = rotate_right(v, offset, bits) & mask;

    if (len == 0) {
        return 0;
    }
    if (how & E2K_GETF_OLD) {
        top = (unsigned)((s2 >> 13 & (bits / 8 - 1)) * 8 + top % 8);
    }
    if (s2 >> 12 & 1 && v >> top & 1) {
        field |= ~mask;
    }
    if (how & E2K_GETF_Z) {
        field &= ~0ull << (s2 >> 13 & 7);
    }
    return field;
}

/* ---- flags ---- */

static uint32_t result_flags(uint64_t r, unsigned bits)
{
    uint64_t low = bits == 64 ? r : r & ((1ull << bits) - 1);

    return (low == 0 ? E2K_ZF : 0) | (r >> (bits - 1) & 1 ? E2K_SF : 0) |
           (__builtin_parity(r & 0xff) ? 0 : E2K_PF);
}

static uint32_t add_flags(uint64_t a, uint64_t c, unsigned bits)
{
    uint64_t r = a + c, carries = (a & c) | ((a | c) & ~r);

    return result_flags(r, bits) | (carries >> (bits - 1) & 1 ? E2K_CF : 0) |
           ((a ^ c ^ r) & 0x10 ? E2K_AF : 0) |
           (((a ^ r) & (c ^ r)) >> (bits - 1) & 1 ? E2K_OF : 0);
}

static uint32_t sub_flags(uint64_t a, uint64_t c, unsigned bits)
{
    uint64_t r = a - c, borrows = (~a & c) | (~(a ^ c) & r);

    return result_flags(r, bits) | (borrows >> (bits - 1) & 1 ? E2K_CF : 0) |
           ((a ^ c ^ r) & 0x10 ? E2K_AF : 0) |
           (((a ^ c) & (a ^ r)) >> (bits - 1) & 1 ? E2K_OF : 0);
}

static uint32_t mul_flags(uint64_t a, uint64_t c, unsigned bits, bool is_signed)
{
    int64_t x = (int64_t)(a << (64 - bits)) >> (64 - bits);
    int64_t y = (int64_t)(c << (64 - bits)) >> (64 - bits);
    uint64_t r = is_signed ? (uint64_t)(x * y) : a * c;     /* 32 bits at most */
    int64_t low = (int64_t)(r << (64 - bits)) >> (64 - bits);
    bool wide = is_signed ? (uint64_t)low != r : r >> bits;

    return result_flags(r, bits) | (wide ? E2K_CF | E2K_OF : 0);
}

static uint32_t shift_flags(E2kFlagOp op, uint64_t a, unsigned n, unsigned bits)
{
    int64_t s = (int64_t)(a << (64 - bits)) >> (64 - bits);
    unsigned sign = bits - 1;
    uint64_t r, out;

    switch (op) {
    case E2K_FLAGS_SHL:
        r = a << n;
        out = n <= bits ? a >> (bits - n) : 0;
        return result_flags(r, bits) | (out & 1 ? E2K_CF : 0) |
               ((r >> sign ^ out) & 1 ? E2K_OF : 0);
    case E2K_FLAGS_SHR:
        return result_flags(a >> n, bits) | (a >> (n - 1) & 1 ? E2K_CF : 0) |
               (n == 1 && a >> sign & 1 ? E2K_OF : 0);
    default:
        return result_flags((uint64_t)(s >> n), bits) | (s >> (n - 1) & 1 ? E2K_CF : 0);
    }
}

static uint32_t rotate_flags(bool left, uint64_t a, unsigned n, unsigned bits)
{
    uint64_t r = rotate_right(a, left ? bits - n % bits : n, bits);
    unsigned top = r >> (bits - 1) & 1, second = r >> (bits - 2) & 1, low = r & 1;

    return left ? (low ? E2K_CF : 0) | (low ^ top ? E2K_OF : 0)
                : (top ? E2K_CF : 0) | (top ^ second ? E2K_OF : 0);
}

/* shifts and rotations: nothing happens when the count is 0 */
static uint32_t count_flags(E2kFlagOp op, uint64_t a, uint64_t c, unsigned bits, uint32_t old)
{
    unsigned n = c & (bits == 64 ? 63 : 31);

    if (n == 0) {
        return old;
    }
    if (op == E2K_FLAGS_SCL || op == E2K_FLAGS_SCR) {
        return (old & ~(E2K_CF | E2K_OF)) | rotate_flags(op == E2K_FLAGS_SCL, a, n, bits);
    }
    return shift_flags(op, a, n, bits);
}

static uint32_t flags(uint32_t what, uint64_t a, uint64_t c, uint32_t old)
{
    E2kFlagOp op = (E2kFlagOp)(what & 0xff);
    unsigned bits = what >> 8;
    uint64_t mask = bits == 64 ? ~0ull : (1ull << bits) - 1;

    a &= mask;
    if (op < E2K_FLAGS_SHL) {
        c &= mask;
    }
    switch (op) {
    case E2K_FLAGS_ADD: return add_flags(a, c, bits);
    case E2K_FLAGS_SUB: return sub_flags(a, c, bits);
    case E2K_FLAGS_AND: return result_flags(a & c, bits);
    case E2K_FLAGS_ANDN: return result_flags(a & ~c, bits);
    case E2K_FLAGS_OR: return result_flags(a | c, bits);
    case E2K_FLAGS_ORN: return result_flags(a | ~c, bits);
    case E2K_FLAGS_XOR: return result_flags(a ^ c, bits);
    case E2K_FLAGS_XORN: return result_flags(a ^ ~c, bits);
    case E2K_FLAGS_UMULX: return mul_flags(a, c, bits, false);
    case E2K_FLAGS_SMULX: return mul_flags(a, c, bits, true);
    case E2K_FLAGS_INC: return (add_flags(a, c, bits) & ~E2K_CF) | (old & E2K_CF);
    case E2K_FLAGS_DEC: return (sub_flags(a, c, bits) & ~E2K_CF) | (old & E2K_CF);
    default: return count_flags(op, a, c, bits, old);
    }
}

/* ---- carry-less products ---- */

static uint64_t clmul(uint64_t a, uint64_t c, uint32_t high)
{
    uint64_t lo = 0, hi = 0;

    for (unsigned i = 0; i < 64; i++) {
        if (c >> i & 1) {
            lo ^= a << i;
            hi ^= i ? a >> (64 - i) : 0;
        }
    }
    return high ? hi : lo;
}

enum { PURE = IR_CALL_NO_READ | IR_CALL_NO_WRITE | IR_CALL_NO_FAULT | IR_CALL_PURE };
#define I32 IR_I32
#define I64 IR_I64
const IrHelper e2k_helper_udivs = { "e2k_udivs", (void *)udivs, PURE, I32, 2, { I32, I32 } };
const IrHelper e2k_helper_udivd = { "e2k_udivd", (void *)udivd, PURE, I64, 2, { I64, I64 } };
const IrHelper e2k_helper_sdivs = { "e2k_sdivs", (void *)sdivs, PURE, I32, 2, { I32, I32 } };
const IrHelper e2k_helper_sdivd = { "e2k_sdivd", (void *)sdivd, PURE, I64, 2, { I64, I64 } };
const IrHelper e2k_helper_divx = { "e2k_divx", (void *)divx, IR_CALL_NO_WRITE, I32, 5,
                                   { I64, I64, I32, I32, I32 } };
const IrHelper e2k_helper_getf = { "e2k_getf", (void *)e2k_getf, PURE, I64, 3, { I64, I64, I32 } };
const IrHelper e2k_helper_flags = { "e2k_flags", (void *)flags, PURE, I32, 4,
                                    { I32, I64, I64, I32 } };
const IrHelper e2k_helper_clmul = { "e2k_clmul", (void *)clmul, PURE, I64, 3, { I64, I64, I32 } };
