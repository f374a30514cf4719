/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flags of the lazy form against the host's own, for edge and random operands of each size. */
#include <inttypes.h>
#include "target/i386/cpu.h"

void x86_update_hflags(CPUX86State *env) { (void)env; }

static uint64_t operand(GRand *r)
{
    static const uint64_t edges[] = { 0, 1, 2, 15, 16, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff,
        0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff, 0x8000000000000000, UINT64_MAX };
    uint64_t v = (uint64_t)g_rand_int(r) << 32 | g_rand_int(r);

    return g_rand_int_range(r, 0, 2) ? v : edges[v % G_N_ELEMENTS(edges)];
}

/* flags of "insn b, a" at the four sizes, with the carry set first to @c; a is updated */
#define HOST(name, insn) \
    static uint64_t host_##name(unsigned size, uint64_t *a, uint64_t b, unsigned c) \
    { \
        uint64_t fl, x = *a; \
        uint8_t cb = (uint8_t)c; \
        switch (size) { \
        case 0: __asm__("addb $-1, %2\n\t" insn "b %b3, %b0\n\tpushfq\n\tpopq %1" \
                        : "+r"(x), "=r"(fl), "+q"(cb) : "q"(b) : "cc", "memory"); break; \
        case 1: __asm__("addb $-1, %2\n\t" insn "w %w3, %w0\n\tpushfq\n\tpopq %1" \
                        : "+r"(x), "=r"(fl), "+q"(cb) : "q"(b) : "cc", "memory"); break; \
        case 2: __asm__("addb $-1, %2\n\t" insn "l %k3, %k0\n\tpushfq\n\tpopq %1" \
                        : "+r"(x), "=r"(fl), "+q"(cb) : "q"(b) : "cc", "memory"); break; \
        default: __asm__("addb $-1, %2\n\t" insn "q %q3, %q0\n\tpushfq\n\tpopq %1" \
                         : "+r"(x), "=r"(fl), "+q"(cb) : "q"(b) : "cc", "memory"); break; \
        } \
        *a = x; \
        return fl & CC_ALL; \
    }
HOST(add, "add")
HOST(adc, "adc")
HOST(sub, "sub")
HOST(sbb, "sbb")
HOST(and, "and")

typedef uint64_t HostFn(unsigned size, uint64_t *a, uint64_t b, unsigned c);

static void check(HostFn *host, CCOp op, uint32_t mask)
{
    g_autoptr(GRand) r = g_rand_new_with_seed(1);

    for (unsigned i = 0; i < 100000; i++) {
        uint64_t a = operand(r), b = operand(r), was = a;
        unsigned size = i & 3, c = i >> 2 & 1;
        uint64_t want = host(size, &a, b, c);
        uint32_t got = x86_cc_compute(a, b, c, op + size);

        if ((got ^ want) & mask) {
            g_error("op %d size %u %" PRIx64 ", %" PRIx64 ", %u: %x, not %x", op, size, was, b, c,
                    got, (unsigned)want);
        }
    }
}

static void test_add(void) { check(host_add, CC_OP_ADDB, CC_ALL); }
static void test_adc(void) { check(host_adc, CC_OP_ADCB, CC_ALL); }
static void test_sub(void) { check(host_sub, CC_OP_SUBB, CC_ALL); }
static void test_sbb(void) { check(host_sbb, CC_OP_SBBB, CC_ALL); }
static void test_logic(void) { check(host_and, CC_OP_LOGICB, CC_ALL & ~CC_A); }

static void test_incdec(void)
{
    for (unsigned v = 0; v < 256; v++) {
        uint8_t i = (uint8_t)v, d = (uint8_t)v;
        uint64_t fi, fd;

        __asm__("stc\n\tincb %0\n\tpushfq\n\tpopq %1" : "+q"(i), "=r"(fi) : : "cc", "memory");
        __asm__("clc\n\tdecb %0\n\tpushfq\n\tpopq %1" : "+q"(d), "=r"(fd) : : "cc", "memory");
        g_assert_cmphex(x86_cc_compute(i, 1, 0, CC_OP_INCB), ==, fi & CC_ALL);
        g_assert_cmphex(x86_cc_compute(d, 0, 0, CC_OP_DECB), ==, fd & CC_ALL);
    }
}

static void test_shift1(void)
{
    for (unsigned v = 0; v < 256; v++) {
        uint8_t l = (uint8_t)v, r = l, a = l;
        uint64_t fl, fr, fa;
        uint32_t all = CC_ALL & ~CC_A;

        __asm__("shlb $1, %0\n\tpushfq\n\tpopq %1" : "+q"(l), "=r"(fl) : : "cc", "memory");
        __asm__("shrb $1, %0\n\tpushfq\n\tpopq %1" : "+q"(r), "=r"(fr) : : "cc", "memory");
        __asm__("sarb $1, %0\n\tpushfq\n\tpopq %1" : "+q"(a), "=r"(fa) : : "cc", "memory");
        g_assert_cmphex(x86_cc_compute(l, v, 0, CC_OP_SHLB), ==, fl & all);
        g_assert_cmphex(x86_cc_compute(r, v, 0, CC_OP_SARB), ==, fr & all);
        g_assert_cmphex(x86_cc_compute(a, v, 0, CC_OP_SARB), ==, fa & all);
    }
}

static void test_others(void)
{
    g_assert_cmphex(x86_cc_compute(1, 2, 3, CC_OP_CLR), ==, CC_Z | CC_P);
    g_assert_cmphex(x86_cc_compute(1, ~0ull, 3, CC_OP_FLAGS), ==, CC_ALL);
    g_assert_cmphex(x86_cc_compute(0, 1, 1, CC_OP_POPCNT), ==, CC_Z);
    g_assert_cmphex(x86_cc_compute(5, 1, 1, CC_OP_POPCNT), ==, 0);
    g_assert_cmphex(x86_cc_compute(3, 1ull << 40, 0, CC_OP_MULL) & (CC_C | CC_O), ==, CC_C | CC_O);
    g_assert_cmphex(x86_cc_compute(0, 0, 0, CC_OP_BMILGL) & (CC_C | CC_Z), ==, CC_C | CC_Z);
    g_assert_cmphex(x86_cc_compute(4, 12, 0, CC_OP_BLSIQ) & (CC_C | CC_Z), ==, CC_C);
}

static void test_override(void)
{
    CCOp zero = CC_OP_LOGICB;           /* of 0: ZF and PF */

    g_assert_cmphex(x86_cc_compute(0, 0, 0, zero | CC_OVER_C), ==, CC_Z | CC_P);
    g_assert_cmphex(x86_cc_compute(0, 0, 0, zero | CC_OVER_C | 1 << CC_OVER_C_SHIFT), ==,
                    CC_Z | CC_P | CC_C);
    g_assert_cmphex(x86_cc_compute(0, 0, 0, zero | CC_OVER_O | 1 << CC_OVER_O_SHIFT), ==,
                    CC_Z | CC_P | CC_O);
    g_assert_cmphex(x86_cc_compute(0, CC_ALL, 0, CC_OP_FLAGS | CC_OVER_C | CC_OVER_O), ==,
                    CC_ALL & ~(CC_C | CC_O));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cc/add", test_add);
    g_test_add_func("/cc/adc", test_adc);
    g_test_add_func("/cc/sub", test_sub);
    g_test_add_func("/cc/sbb", test_sbb);
    g_test_add_func("/cc/logic", test_logic);
    g_test_add_func("/cc/incdec", test_incdec);
    g_test_add_func("/cc/shift1", test_shift1);
    g_test_add_func("/cc/others", test_others);
    g_test_add_func("/cc/override", test_override);
    return g_test_run();
}
