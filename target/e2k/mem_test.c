/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory operations and the array access unit, run as code of a user program: every size and
 * alignment, byte order, masks, speculation on missing pages, faults, atomic sequences, conflicts,
 * array loops. All of it once natively, once interpreted (in a process of its own).
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ucontext.h>
#include "accel/accel.h"
#include "target/e2k/mem.h"
#include "target/e2k/user_test.h"

#define CODE_ADDR   0x10000ul
#define CODE_BYTES  0x4000ul
#define DATA_ADDR   0x20000ul           /* two pages, nothing behind them */
#define DATA_BYTES  0x2000ul
#define DATA_END    (DATA_ADDR + DATA_BYTES)
#define ARRAY_ADDR  (DATA_ADDR + 0x400)
#define DIAG        0x4afafafa4afafafaull
#define MOVA_DIAG   0xeaed0f70eaed0f70ull

static CPUState *cpu;
static CPUE2KState *env;
static const char *model = "elbrus-v4";

/* ---- the program's surroundings ---- */

static int page_query(uint64_t gva)
{
    if (gva >= DATA_ADDR && gva < DATA_END) {
        return PROT_R | PROT_W;
    }
    return gva >= CODE_ADDR && gva < CODE_ADDR + CODE_BYTES ? PROT_R | PROT_X : 0;
}

static CPUState *new_cpu(void) { return test_cpu_new(model); }

static void use_cpu(CPUState *c)
{
    cpu = current_cpu = c;
    env = e2k_env(c);
}

static void use_model(const char *name)
{
    model = name;
    use_cpu(new_cpu());
    tcg_user_invalidate(CODE_ADDR, CODE_BYTES);
}

static void set_up(const char *accel)
{
    test_map_at(CODE_ADDR, CODE_BYTES);
    test_map_at(DATA_ADDR, DATA_BYTES);
    test_user_mode(accel, page_query);
    use_model("elbrus-v4");
}

/* ---- an assembler of a sort ---- */

typedef struct Bundle {
    uint8_t alc, ales_mask;             /* channels */
    uint32_t als[6];
    uint16_t ales[6];
    bool has_ss, has_cs0, has_cs1, loop_mode;
    uint32_t ss, cs0, cs1;
    uint16_t aas[6];
    uint32_t lts[4], cds;
    unsigned n_lts;
} Bundle;

static uint64_t code_start = CODE_ADDR, code_at;

#define R(n) (0x80 + (n))
#define G(n) (0xe0 + (n))
#define IMM(n) (0xc0 + (n))
#define SM (1u << 31)
enum { EMPTY = 0xdf };
enum { LDB = 0x64, LDH, LDW, LDD, STB = 0x24, STH, STW, STD, ADDD = 0x11, LDQ = 0x41, STQ = 0x01,
       STAAB = 0x1c, STAAD = 0x1f, STAAQ = 0x3f };
enum { EXT = 0x01c0, EXT1 = 0x02c0 };

static void alc(Bundle *b, unsigned ch, uint32_t opcode, unsigned s1, unsigned s2, unsigned d)
{
    b->alc |= 1u << ch;
    b->als[ch] = (opcode & SM) | (opcode & 0x7f) << 24 | s1 << 16 | s2 << 8 | d;
}

static void alc_ext(Bundle *b, unsigned ch, uint16_t ales, uint32_t opcode, unsigned s1,
                    unsigned s2, unsigned d)
{
    alc(b, ch, opcode, s1, s2, d);
    b->ales_mask |= 1u << ch;
    b->ales[ch] = ales;
}

static void mas(Bundle *b, unsigned ch, unsigned value)
{
    static const uint8_t shifts[6] = { 21, 0, 14, 7, 0, 0 };

    b->has_cs1 = true;
    b->cs1 |= 6u << 28 | value << shifts[ch];
}

/* condition on @ch: %pred<n> */
static void if_pred(Bundle *b, unsigned ch, unsigned n)
{
    b->cds = 0x60 | n | 1u << (10 + ch % 3) | (ch >= 3 ? 1u << 14 : 0);
}

static void put_bundle(const Bundle *b)
{
    uint32_t w[16] = { 0 }, hs;
    unsigned n = 1, front, k = 0, total;
    bool word25 = (b->ales_mask >> 2 & 1 && b->ales[2] != EXT) ||
                  (b->ales_mask >> 5 & 1 && b->ales[5] != EXT);
    uint16_t *half;

    if (b->has_ss) {
        w[n++] = b->ss;
    }
    for (unsigned c = 0; c < 6; c++) {
        if (b->alc >> c & 1) {
            w[n++] = b->als[c];
        }
    }
    if (b->has_cs0) {
        w[n++] = b->cs0;
    }
    if (word25) {
        w[n++] = (uint32_t)b->ales[2] << 16 | b->ales[5];
    }
    if (b->has_cs1) {
        w[n++] = b->cs1;
    }
    front = n;
    half = (uint16_t *)&w[front];
    for (unsigned c = 0; c < 5; c++) {
        if (c != 2 && (b->ales_mask >> c & 1)) {
            half[k++ ^ 1] = b->ales[c];
        }
    }
    if (b->has_ss && (b->ss >> 12 & 3)) {
        half[k++ ^ 1] = b->aas[0];
    }
    if (b->has_ss && (b->ss >> 14 & 3)) {
        half[k++ ^ 1] = b->aas[1];
    }
    for (unsigned i = 0; i < 4; i++) {
        if (b->has_ss && (b->ss >> (12 + i) & 1)) {
            half[k++ ^ 1] = b->aas[2 + i];
        }
    }
    n += (k + 1) / 2;
    total = (n + b->n_lts + (b->cds != 0) + 1) & ~1u;
    if (b->cds) {
        w[total - 1] = b->cds;
    }
    for (unsigned i = 0; i < b->n_lts; i++) {
        w[total - 1 - (b->cds != 0) - i] = b->lts[i];
    }
    if (b->n_lts && total != n + b->n_lts + (b->cds != 0)) {
        g_assert_not_reached();         /* a gap would be taken for a literal: harmless, but tell */
    }
    hs = (front - 1) | (total / 2 - 1) << 4 | (uint32_t)b->loop_mode << 10 |
         (uint32_t)b->has_ss << 12 | (uint32_t)b->has_cs0 << 14 | (uint32_t)b->has_cs1 << 15 |
         (b->cds ? 1u << 16 : 0) | (uint32_t)b->ales_mask << 20 | (uint32_t)b->alc << 26;
    w[0] = hs;
    memcpy((void *)code_at, w, total * 4);
    code_at += total * 4;
}

static void code_begin(void)
{
    mprotect((void *)CODE_ADDR, CODE_BYTES, PROT_READ | PROT_WRITE);
    tcg_user_invalidate(CODE_ADDR, CODE_BYTES);
    code_at = code_start;
}

/* ends the program with something that is no instruction */
static void code_end(void)
{
    const uint32_t bad[2] = { 0xf, 0 };

    memcpy((void *)code_at, bad, 8);
}

static void put_alone(unsigned ch, uint32_t opcode, unsigned s1, unsigned s2, unsigned d)
{
    Bundle b = { 0 };

    alc(&b, ch, opcode, s1, s2, d);
    put_bundle(&b);
}

/* ibranch back to @target: [SS condition] */
static void branch(Bundle *b, uint64_t target, unsigned cond)
{
    b->has_ss = b->has_cs0 = true;
    b->ss |= cond << 5;
    b->cs0 = (uint32_t)((int64_t)(target - code_at) / 8) & 0x0fffffff;
}

static int run(void)
{
    int why;

    env->ip = code_start;
    do {
        why = cpu_exec(cpu);
    } while (why == EXCP_INTERRUPT || why == EXCP_ATOMIC);
    return why;
}

static void run_to_end(void)
{
    g_assert_cmpint(run(), ==, EXCP_E2K_TRAP);
    g_assert_cmphex(env->ip, ==, code_at);
    g_assert_cmpint(env->trapno, ==, E2K_EXC_ILLEGAL_OPCODE);
}

static void run_to_fault(uint64_t ip, unsigned trapno, uint64_t addr)
{
    g_assert_cmpint(run(), ==, EXCP_E2K_TRAP);
    g_assert_cmphex(env->ip, ==, ip);
    g_assert_cmpint(env->trapno, ==, trapno);
    g_assert_cmphex(env->trap_addr, ==, addr);
}

static void fill_data(void)
{
    for (unsigned i = 0; i < DATA_BYTES; i++) {
        ((uint8_t *)DATA_ADDR)[i] = (uint8_t)(i * 7 + (i >> 8) + 0x81);
    }
}

static uint64_t peek(uint64_t addr, unsigned n_bytes, bool be)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < n_bytes; i++) {
        v |= (uint64_t)((uint8_t *)addr)[i] << 8 * (be ? n_bytes - 1 - i : i);
    }
    return v;
}

/* ---- plain loads and stores ---- */

/* offsets of accesses: all alignments, and over the end of a page */
static const uint64_t offsets[] = { 0, 1, 2, 3, 5, 7, 8, 12, 0xff9, 0xffa, 0xfff };

static void test_loads(void)
{
    static const uint8_t channels[] = { 0, 2, 3, 5 };

    fill_data();
    for (unsigned lg = 0; lg < 4; lg++) {
        for (unsigned c = 0; c < G_N_ELEMENTS(channels); c++) {
            for (unsigned be = 0; be < 2; be++) {
                Bundle b = { 0 };

                code_begin();
                alc(&b, channels[c], LDB + lg, G(1), G(2), G(3));
                mas(&b, channels[c], be << 3);
                put_bundle(&b);
                put_alone(channels[c], LDB + lg, G(1), IMM(4), R(3));
                code_end();
                for (unsigned i = 0; i < G_N_ELEMENTS(offsets); i++) {
                    env->g[1].lo = DATA_ADDR;
                    env->g[2].lo = offsets[i];
                    env->g[3].lo = ~0ull;
                    env->win[3].lo = ~0ull;
                    run_to_end();
                    g_assert_cmphex(env->g[3].lo, ==, peek(DATA_ADDR + offsets[i], 1u << lg, be));
                    g_assert_cmphex(env->win[3].lo, ==, peek(DATA_ADDR + 4, 1u << lg, false));
                }
            }
        }
    }
}

static void test_stores(void)
{
    const uint64_t value = 0x1122334455667788;

    for (unsigned lg = 0; lg < 4; lg++) {
        for (unsigned ch = 2; ch <= 5; ch += 3) {
            for (unsigned be = 0; be < 2; be++) {
                uint64_t mask = lg == 3 ? ~0ull : (1ull << (8u << lg)) - 1;
                Bundle b = { 0 };

                code_begin();
                alc(&b, ch, STB + lg, G(1), G(2), G(3));
                mas(&b, ch, be << 3);
                put_bundle(&b);
                code_end();
                for (unsigned i = 0; i < G_N_ELEMENTS(offsets); i++) {
                    uint64_t at = DATA_ADDR + offsets[i];

                    fill_data();
                    uint64_t before = at > DATA_ADDR ? peek(at - 1, 1, false) : 0;
                    uint64_t after = peek(at + (1u << lg), 1, false);
                    env->g[1].lo = DATA_ADDR;
                    env->g[2].lo = offsets[i];
                    env->g[3].lo = value;
                    run_to_end();
                    g_assert_cmphex(peek(at, 1u << lg, be), ==, value & mask);
                    g_assert_cmphex(at > DATA_ADDR ? peek(at - 1, 1, false) : 0, ==, before);
                    g_assert_cmphex(peek(at + (1u << lg), 1, false), ==, after);
                }
            }
        }
    }
}

/* A literal of 32 bits as offset, negative. */
static void test_literal_offset(void)
{
    Bundle b = { .n_lts = 1, .lts = { (uint32_t)-16 }, .has_cs1 = true, .cs1 = 6u << 28 };

    fill_data();
    code_begin();
    alc(&b, 0, LDD, G(1), 0xd8, G(3));
    put_bundle(&b);
    code_end();
    env->g[1].lo = DATA_ADDR + 32;
    run_to_end();
    g_assert_cmphex(env->g[3].lo, ==, peek(DATA_ADDR + 16, 8, false));
}

/* Under a false predicate nothing is touched. */
static void test_guards(void)
{
    for (unsigned on = 0; on < 2; on++) {
        Bundle ld = { 0 }, st = { 0 };

        fill_data();
        code_begin();
        alc(&ld, 3, LDD, G(1), IMM(0), G(3));
        if_pred(&ld, 3, 4);
        put_bundle(&ld);
        alc(&st, 2, STD, G(1), IMM(8), G(1));
        if_pred(&st, 2, 4);
        put_bundle(&st);
        code_end();
        env->g[3].lo = 77;
        env->frame->pred[4] = (uint8_t)on;
        env->g[1].lo = on ? DATA_ADDR : 8;
        run_to_end();
        g_assert_cmphex(env->g[3].lo, ==, on ? peek(DATA_ADDR, 8, false) : 77);
        g_assert_cmphex(peek(DATA_ADDR + 8, 8, false) == DATA_ADDR, ==, on);
    }
    env->frame->pred[4] = 0;
}

/* Stores with mod 7 do not touch memory. */
static void test_special_stores(void)
{
    Bundle b = { 0 };

    code_begin();
    alc(&b, 2, STD, IMM(0), IMM(0), G(1));
    mas(&b, 2, 0x1f);
    put_bundle(&b);
    code_end();
    run_to_end();
}

/* ---- pairs and 16 bytes (v5) ---- */

static void test_pairs(void)
{
    for (unsigned be = 0; be < 2; be++) {
        Bundle ld = { 0 }, st = { 0 };

        use_model("elbrus-v5");
        fill_data();
        code_begin();
        alc_ext(&ld, 0, EXT, LDQ, G(1), IMM(8), G(4));
        alc_ext(&ld, 2, EXT, LDQ, G(1), IMM(8), G(5));
        mas(&ld, 0, be << 3);
        mas(&ld, 2, be << 3);
        put_bundle(&ld);
        alc_ext(&st, 2, EXT, STQ, G(2), IMM(3), G(4));
        alc_ext(&st, 5, EXT, STQ, G(2), IMM(3), G(5));
        mas(&st, 2, be << 3);
        mas(&st, 5, be << 3);
        put_bundle(&st);
        code_end();
        env->g[1].lo = DATA_ADDR + 3;
        env->g[2].lo = ARRAY_ADDR;
        run_to_end();
        g_assert_cmphex(env->g[be ? 5 : 4].lo, ==, peek(DATA_ADDR + 11, 8, be));
        g_assert_cmphex(env->g[be ? 4 : 5].lo, ==, peek(DATA_ADDR + 19, 8, be));
        g_assert_cmpmem((void *)(ARRAY_ADDR + 3), 16, (void *)(DATA_ADDR + 11), 16);
    }
}

static void test_quads(void)
{
    for (unsigned be = 0; be < 2; be++) {
        Bundle ld = { 0 }, st = { 0 };

        use_model("elbrus-v5");
        fill_data();
        code_begin();
        alc_ext(&ld, 3, EXT1, 0x61, G(1), IMM(8), G(4));
        mas(&ld, 3, be << 3);
        put_bundle(&ld);
        alc_ext(&st, 5, EXT1, 0x21, G(2), IMM(1), G(4));
        mas(&st, 5, be << 3);
        put_bundle(&st);
        code_end();
        env->g[1].lo = DATA_ADDR;
        env->g[2].lo = ARRAY_ADDR;
        run_to_end();
        g_assert_cmphex(env->g[4].lo, ==, peek(DATA_ADDR + (be ? 16 : 8), 8, be));
        g_assert_cmphex(env->g[4].hi, ==, peek(DATA_ADDR + (be ? 8 : 16), 8, be));
        g_assert_cmpmem((void *)(ARRAY_ADDR + 1), 16, (void *)(DATA_ADDR + 8), 16);
    }
}

static void test_masked_store(void)
{
    static const uint32_t masks[] = { 0, 1, 0x8000, 0xa5c3, 0xffff };

    for (unsigned v6 = 0; v6 < 2; v6++) {
        use_model(v6 ? "elbrus-v6" : "elbrus-v5");
        for (unsigned i = 0; i < G_N_ELEMENTS(masks); i++) {
            uint64_t at = ARRAY_ADDR + v6 * 5;
            Bundle b = { 0 };

            code_begin();
            alc_ext(&b, 2, EXT1, 0x11, G(1), G(2), G(3));
            put_bundle(&b);
            code_end();
            memset((void *)(at - 1), 0xee, 18);
            env->g[1].lo = at;
            env->g[2].lo = masks[i];
            env->g[3] = (E2kReg){ 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
            run_to_end();
            for (unsigned k = 0; k < 16; k++) {
                g_assert_cmphex(peek(at + k, 1, false), ==, masks[i] >> k & 1 ? k : 0xee);
            }
            g_assert_cmphex(peek(at - 1, 1, false), ==, 0xee);
            g_assert_cmphex(peek(at + 16, 1, false), ==, 0xee);
            if (!v6) {
                env->g[1].lo = at + 4;
                run_to_fault(CODE_ADDR, E2K_EXC_ADDR_NOT_ALIGNED, at + 4);
            } else {                    /* only the bytes that are written are looked at */
                env->g[1].lo = DATA_END - 1;
                env->g[2].lo = 1;
                run_to_end();
                env->g[2].lo = 3;
                run_to_fault(CODE_ADDR, E2K_EXC_DATA_PAGE, DATA_END);
            }
        }
    }
    use_model("elbrus-v4");
}

/* ---- faults and speculation ---- */

static const uint64_t bad_addrs[] = { 0, 0x18, 0xfff8, DATA_END, DATA_END + 0x5000, DATA_END - 3,
                                      1ull << 46, DIAG, 1ull << 63 };

static void test_faults(void)
{
    Bundle b = { 0 };

    code_begin();
    put_alone(0, ADDD, G(3), IMM(1), G(3));
    alc(&b, 0, LDD, G(1), IMM(0), G(4));
    alc(&b, 1, ADDD, G(3), IMM(1), G(3));
    put_bundle(&b);
    code_end();
    env->g[3].lo = 0;
    env->g[4].lo = 5;
    env->g[1].lo = DATA_END + 0x1230;
    run_to_fault(CODE_ADDR + 8, E2K_EXC_DATA_PAGE, DATA_END + 0x1230);
    g_assert_cmphex(env->g[3].lo, ==, 1);
    g_assert_cmphex(env->g[4].lo, ==, 5);
    env->g[1].lo = DATA_END - 4;
    run_to_fault(CODE_ADDR + 8, E2K_EXC_DATA_PAGE, DATA_END);
}

/* Each size; first where memory is there, then where it is not, then again where it is. */
static void test_speculative_loads(void)
{
    fill_data();
    for (unsigned lg = 0; lg < 4; lg++) {
        code_begin();
        put_alone(5, SM | (LDB + lg), G(1), IMM(0), G(3));
        code_end();
        for (unsigned i = 0; i < G_N_ELEMENTS(bad_addrs); i++) {
            if (bad_addrs[i] == DATA_END - 3 && lg < 2) {
                continue;
            }
            env->g[1].lo = DATA_ADDR + i;
            run_to_end();
            g_assert_cmphex(env->g[3].lo, ==, peek(DATA_ADDR + i, 1u << lg, false));
            env->g[1].lo = bad_addrs[i];
            run_to_end();
            g_assert_cmphex(env->g[3].lo, ==, DIAG);
        }
    }
}

static void test_speculative_quad(void)
{
    Bundle b = { 0 };

    use_model("elbrus-v5");
    fill_data();
    code_begin();
    alc_ext(&b, 0, EXT1, SM | 0x61, G(1), IMM(0), G(3));
    put_bundle(&b);
    code_end();
    for (unsigned i = 0; i < G_N_ELEMENTS(bad_addrs); i++) {
        env->g[1].lo = bad_addrs[i];
        run_to_end();
        g_assert_cmphex(env->g[3].lo, ==, DIAG);
        g_assert_cmphex(env->g[3].hi, ==, DIAG);
        env->g[1].lo = DATA_ADDR;
        run_to_end();
        g_assert_cmphex(env->g[3].hi, ==, peek(DATA_ADDR + 8, 8, false));
    }
    use_model("elbrus-v4");
}

/* A store that may not be made is dropped. */
static void test_speculative_stores(void)
{
    code_begin();
    put_alone(2, SM | STD, G(1), IMM(0), G(3));
    code_end();
    env->g[3].lo = 0x123;
    for (unsigned i = 0; i < G_N_ELEMENTS(bad_addrs); i++) {
        fill_data();
        uint64_t last = peek(DATA_END - 8, 8, false);
        env->g[1].lo = bad_addrs[i];
        run_to_end();
        g_assert_cmphex(peek(DATA_END - 8, 8, false), ==, last);
        env->g[1].lo = DATA_ADDR;
        run_to_end();
        g_assert_cmphex(peek(DATA_ADDR, 8, false), ==, 0x123);
    }
    env->g[1].lo = CODE_ADDR;           /* there, but not to be written */
    run_to_end();
}

/* The program's own fault counts although the bundle also speculates. */
static void test_fault_beside_speculation(void)
{
    Bundle b = { 0 };

    code_begin();
    alc(&b, 0, SM | LDD, G(1), IMM(0), G(3));
    alc(&b, 5, LDD, G(2), IMM(0), G(4));
    put_bundle(&b);
    code_end();
    fill_data();
    env->g[1].lo = DATA_ADDR;
    env->g[2].lo = 0x40;
    run_to_fault(CODE_ADDR, E2K_EXC_DATA_PAGE, 0x40);
    env->g[1].lo = 0x40;
    run_to_fault(CODE_ADDR, E2K_EXC_DATA_PAGE, 0x40);
    env->g[2].lo = DATA_ADDR;
    run_to_end();
    g_assert_cmphex(env->g[3].lo, ==, DIAG);
    g_assert_cmphex(env->g[4].lo, ==, peek(DATA_ADDR, 8, false));
}

/* A bundle that is restarted for a speculative load has made its store once. */
static void test_restart(void)
{
    Bundle b = { 0 };

    code_start = CODE_ADDR + 0x1800;    /* where nothing has faulted so far */
    code_begin();
    alc(&b, 0, LDD, G(1), IMM(0), G(3));
    alc(&b, 2, STD, G(1), IMM(0), G(4));
    alc(&b, 5, SM | LDD, G(2), IMM(0), G(5));
    put_bundle(&b);
    code_end();
    fill_data();
    env->g[1].lo = DATA_ADDR;
    env->g[2].lo = 8;
    env->g[4].lo = 99;
    uint64_t old = peek(DATA_ADDR, 8, false);
    run_to_end();
    g_assert_cmphex(env->g[3].lo, ==, old);
    g_assert_cmphex(peek(DATA_ADDR, 8, false), ==, 99);
    g_assert_cmphex(env->g[5].lo, ==, DIAG);
    code_start = CODE_ADDR;
}

/* ---- atomic sequences, conflicts ---- */

/* { ld mas=7 } { add 1 } { st mas=2; rbranch back } { loop } */
static void put_atomic_loop(unsigned lg)
{
    Bundle ld = { 0 }, st = { 0 }, loop = { 0 };
    uint64_t top;

    code_begin();
    top = code_at;
    alc(&ld, 0, LDB + lg, G(1), IMM(0), R(2));
    mas(&ld, 0, 7);
    put_bundle(&ld);
    put_alone(0, ADDD, R(2), IMM(1), R(2));
    alc(&st, 2, STB + lg, G(1), IMM(0), R(2));
    mas(&st, 2, 2);
    branch(&st, top, 8);
    put_bundle(&st);
    branch(&loop, top, 5);
    loop.ss |= 1u << 16 | 1u << 17;
    put_bundle(&loop);
    code_end();
}

enum { N_ATOMIC = 20000 };

static void *atomic_thread(void *opaque)
{
    uint8_t *stack = g_malloc(65536);
    stack_t alt = { .ss_sp = stack, .ss_size = 65536 }, off = { .ss_flags = SS_DISABLE };
    CPUE2KState *e = e2k_env(opaque);
    int why;

    sigaltstack(&alt, NULL);
    current_cpu = opaque;
    e->g[1].lo = ARRAY_ADDR;
    e->lcnt = N_ATOMIC;
    e->vlc = 1;
    e->ecnt = e->pcnt = 0;
    e->ip = CODE_ADDR;
    do {
        why = cpu_exec(opaque);
    } while (why == EXCP_INTERRUPT || why == EXCP_ATOMIC);
    sigaltstack(&off, NULL);
    g_free(stack);
    return GINT_TO_POINTER(why);
}

static void test_atomics(void)
{
    for (unsigned lg = 0; lg < 4; lg++) {
        CPUState *a = cpu, *b = new_cpu();
        GThread *t;
        uint64_t mask = lg == 3 ? ~0ull : (1ull << (8u << lg)) - 1;

        put_atomic_loop(lg);
        memset((void *)ARRAY_ADDR, 0, 16);
        t = g_thread_new("second", atomic_thread, b);
        g_assert_cmpint(GPOINTER_TO_INT(atomic_thread(a)), ==, EXCP_E2K_TRAP);
        g_assert_cmpint(GPOINTER_TO_INT(g_thread_join(t)), ==, EXCP_E2K_TRAP);
        g_assert_cmphex(peek(ARRAY_ADDR, 8, false), ==, (2 * N_ATOMIC) & mask);
    }
}

static void test_atomic_16(void)
{
    Bundle ld = { 0 }, st = { 0 };

    use_model("elbrus-v5");
    code_begin();
    alc_ext(&ld, 0, EXT, LDQ, G(1), IMM(0), G(4));
    alc_ext(&ld, 2, EXT, LDQ, G(1), IMM(0), G(5));
    mas(&ld, 0, 7);
    mas(&ld, 2, 7);
    put_bundle(&ld);
    put_alone(2, STD, G(1), G(6), G(7));            /* somebody else writes, perhaps */
    alc_ext(&st, 2, EXT, STQ, G(1), IMM(0), G(8));
    alc_ext(&st, 5, EXT, STQ, G(1), IMM(0), G(9));
    mas(&st, 2, 2);
    mas(&st, 5, 2);
    branch(&st, code_at + 0x100, 8);
    put_bundle(&st);
    code_end();
    for (unsigned disturbed = 0; disturbed < 2; disturbed++) {
        uint64_t end = code_at;

        fill_data();
        memset((void *)(CODE_ADDR + 0x80), 0, 0x100);
        env->g[1].lo = ARRAY_ADDR;
        env->g[6].lo = disturbed ? 8 : 16;
        env->g[7].lo = 3;
        env->g[8].lo = 11;
        env->g[9].lo = 12;
        g_assert_cmpint(run(), ==, EXCP_E2K_TRAP);
        g_assert_cmpint(env->ip == end, ==, !disturbed);
        g_assert_cmphex(peek(ARRAY_ADDR, 8, false) == 11, ==, !disturbed);
        g_assert_cmphex(peek(ARRAY_ADDR + 8, 8, false), ==, disturbed ? 3 : 12);
    }
    use_model("elbrus-v4");
}

/* ld mas=4; st; { ld mas=3; rbranch }: taken if and only if the store has changed what was read */
static void test_conflict(void)
{
    for (unsigned conflict = 0; conflict < 2; conflict++) {
        Bundle early = { 0 }, check = { 0 };
        uint64_t fix;

        fill_data();
        code_begin();
        alc(&early, 0, SM | LDD, G(1), IMM(0), G(3));
        mas(&early, 0, 4);
        put_bundle(&early);
        put_alone(2, STD, G(1), G(2), G(4));
        alc(&check, 5, LDD, G(1), IMM(0), G(3));
        mas(&check, 5, 3);
        branch(&check, code_at + 0x40, 8);
        put_bundle(&check);
        code_end();
        fix = code_at - 24 + 0x40;
        memset((void *)fix, 0xff, 8);
        env->g[1].lo = DATA_ADDR;
        env->g[2].lo = conflict ? 0 : 64;
        env->g[4].lo = 0x55;
        g_assert_cmpint(run(), ==, EXCP_E2K_TRAP);
        g_assert_cmpint(env->ip != code_at, ==, conflict);
        g_assert_cmphex(env->g[3].lo, ==, peek(DATA_ADDR, 8, false));
    }
}

/* ---- the array access unit ---- */

static void put_aaurw(unsigned opcode, unsigned mode, unsigned aad, unsigned ind, unsigned src)
{
    Bundle b = { 0 };

    alc_ext(&b, 2, EXT, opcode, aad << 3 | ind >> 1, (ind & 1) << 7 | mode << 2, src);
    mas(&b, 2, 0x3f);
    put_bundle(&b);
}
enum { AAURWS = 0x1e, AAURWD = 0x1f };

static void put_fapb(uint64_t at, bool last, unsigned half, unsigned fmt, unsigned d, unsigned ind,
                     unsigned incr, int32_t disp)
{
    uint32_t w[2] = { ind << 8 | incr << 12 | d << 15 | fmt << 25 | (uint32_t)last << 31,
                      (uint32_t)disp };

    memset((void *)at, 0, 16);
    memcpy((void *)(at + 8 * half), w, 8);
    if (last) {
        ((uint32_t *)at)[0] |= 1u << 31;
    }
}

static void mova(Bundle *b, unsigned ch, unsigned opcode, unsigned area, unsigned ind, bool am,
                 bool be, unsigned dst)
{
    b->has_ss = true;
    b->ss |= 1u << (12 + ch);
    b->aas[ch / 2] |= (uint16_t)(dst << (ch & 1 ? 0 : 8));
    b->aas[2 + ch] = (uint16_t)(am | ind << 1 | area << 6 | opcode << 12 | (unsigned)be << 15);
}

#define PROGRAM_ADDR (CODE_ADDR + 0x2000)

/* aad1 = g1; aaind2 = g2; aaincr3 = g3; prefetch program; bap */
static void put_aau_start(void)
{
    Bundle ldisp = { .has_cs0 = true }, bap = { .has_ss = true, .ss = 1u << 28 };

    put_aaurw(AAURWD, 0, 1, 0, G(1));
    put_aaurw(AAURWS, 2, 0, 2, G(2));
    put_aaurw(AAURWS, 3, 0, 3, G(3));
    ldisp.cs0 = 9u << 28 | (uint32_t)((PROGRAM_ADDR - code_at) / 8);
    put_bundle(&ldisp);
    put_bundle(&bap);
}

static void put_eap(void)
{
    Bundle eap = { .has_ss = true, .ss = 1u << 29 };

    put_bundle(&eap);
}

static void loop_back(uint64_t top)
{
    Bundle b = { 0 };

    alc(&b, 0, ADDD, R(6), R(5), R(6));
    branch(&b, top, 5);
    b.ss |= 1u << 16 | 1u << 17;
    put_bundle(&b);
}

static void start_loop(uint64_t base, uint64_t ind, uint64_t incr, unsigned n)
{
    env->g[1].lo = base;
    env->g[2].lo = ind;
    env->g[3].lo = incr;
    env->lcnt = n;
    env->vlc = 1;
    env->ecnt = env->pcnt = 0;
    env->win[6].lo = 0;
}

/* sum over 8 elements of each size, in each half; forwards and backwards; both byte orders */
static void test_array_loads(void)
{
    for (unsigned k = 0; k < 4 * 2 * 2 * 2; k++) {
        unsigned lg = k & 3, h = k >> 2 & 1, be = k >> 4 & 1;
        bool back = k >> 3 & 1;
        uint64_t base = ARRAY_ADDR + (back ? 7u << lg : 0), sum = 0, top;
        Bundle b = { 0 };

        fill_data();
        code_begin();
        put_aau_start();
        put_fapb(PROGRAM_ADDR, false, 1 - h, 4, 5, 0, 0, 0);
        put_fapb(PROGRAM_ADDR + 16, true, h, lg + 1, 1, 2, back ? 3 : 0, 16);
        top = code_at;
        mova(&b, 2 * h + 1, lg + 1, 1, 8, true, be, R(5));
        put_bundle(&b);
        loop_back(top);
        put_eap();
        code_end();
        start_loop(base, 32, (uint64_t)-1, 8);
        for (unsigned i = 0; i < 8; i++) {
            sum += peek(ARRAY_ADDR + 56 + ((uint64_t)i << lg), 1u << lg, be);
        }
        run_to_end();
        g_assert_cmphex(env->win[6].lo, ==, sum);
        g_assert_false(env->aau.active);
    }
}

/* pairs: two channels, one advance */
static void test_array_pairs(void)
{
    uint64_t sum = 0, top;
    Bundle b = { 0 };

    fill_data();
    code_begin();
    put_aau_start();
    put_fapb(PROGRAM_ADDR, true, 0, 5, 1, 2, 0, 0);
    top = code_at;
    mova(&b, 0, 5, 0, 0, true, false, R(4));
    mova(&b, 1, 5, 0, 8, true, false, R(5));
    put_bundle(&b);
    loop_back(top);
    code_end();
    start_loop(ARRAY_ADDR, 0, 0, 8);
    for (unsigned i = 0; i < 8; i++) {
        sum += peek(ARRAY_ADDR + 16 * i + 8, 8, false);
    }
    run_to_end();
    g_assert_cmphex(env->win[6].lo, ==, sum);
    g_assert_cmphex(env->win[4].lo, ==, peek(ARRAY_ADDR + 112, 8, false));
}

static void test_array_quads(void)
{
    static const char *const models[] = { "elbrus-v5", "elbrus-v6" };

    for (unsigned k = 0; k < 4; k++) {
        bool misaligned = k & 1;
        Bundle b = { 0 };
        uint64_t at;

        use_model(models[k >> 1]);
        fill_data();
        code_begin();
        put_aau_start();
        put_fapb(PROGRAM_ADDR, true, 1, 5, 1, 2, 0, 0);
        mova(&b, 2, 7, 0, 0, true, false, R(4));
        at = code_at;
        put_bundle(&b);
        code_end();
        start_loop(ARRAY_ADDR + (misaligned ? 4 : 0), 0, 0, 1);
        for (unsigned again = 0; again < 2; again++) {      /* plain, then checked */
            run_to_end();
            if (misaligned && k < 2) {
                g_assert_cmphex(env->win[4].lo, ==, MOVA_DIAG);
                g_assert_cmphex(env->win[4].hi, ==, MOVA_DIAG);
            } else {
                g_assert_cmphex(env->win[4].lo, ==, peek(env->g[1].lo, 8, false));
                g_assert_cmphex(env->win[4].hi, ==, peek(env->g[1].lo + 8, 8, false));
            }
            e2k_mark_checked(cpu, at);
        }
    }
    use_model("elbrus-v4");
}

/* elements behind the end of memory, misaligned ones (v4), ones that are too short */
static void test_array_bad_loads(void)
{
    uint64_t at;
    Bundle b = { 0 };

    fill_data();
    code_start = CODE_ADDR + 0x1a00;
    code_begin();
    put_aau_start();
    put_fapb(PROGRAM_ADDR, true, 0, 4, 1, 2, 0, 0);
    at = code_at;
    mova(&b, 0, 4, 0, 0, true, false, R(4));
    put_bundle(&b);
    mova(&b, 0, 3, 0, 4, true, false, R(5));
    b.aas[0] = R(5) << 8;
    put_bundle(&b);
    code_end();
    start_loop(DATA_ADDR + 12, 0, 0, 1);
    run_to_end();
    g_assert_cmphex(env->win[4].lo, ==, MOVA_DIAG);
    g_assert_cmphex(env->win[5].lo, ==, peek(DATA_ADDR + 24, 4, false));
    start_loop(DATA_END - 8, 0, 0, 1);
    run_to_end();
    g_assert_cmphex(env->win[4].lo, ==, peek(DATA_END - 8, 8, false));
    g_assert_cmphex(env->win[5].lo, ==, MOVA_DIAG);
    put_fapb(PROGRAM_ADDR, true, 0, 3, 1, 2, 0, 0);
    run_to_fault(at, E2K_EXC_ILLEGAL_OPCODE, at);
    code_start = CODE_ADDR;
}

/* A descriptor that changes while the unit runs; another program with fewer areas. */
static void test_array_rebase(void)
{
    uint64_t at;
    Bundle b = { 0 };

    fill_data();
    code_begin();
    put_aau_start();
    put_fapb(PROGRAM_ADDR, true, 0, 4, 1, 2, 0, 0);
    mova(&b, 0, 4, 0, 0, true, false, R(4));
    put_bundle(&b);
    put_aaurw(AAURWD, 0, 1, 0, G(7));
    at = code_at;
    b.aas[0] = R(5) << 8;
    put_bundle(&b);
    code_end();
    start_loop(DATA_ADDR, 0, 0, 1);
    env->g[7].lo = DATA_ADDR + 0x100;
    run_to_end();
    g_assert_cmphex(env->win[4].lo, ==, peek(DATA_ADDR, 8, false));
    g_assert_cmphex(env->win[5].lo, ==, peek(DATA_ADDR + 0x108, 8, false));
    g_assert_cmphex(at, >, CODE_ADDR);
}

/* stores through descriptors: address, literal, increments, the loop's prologue and remainder */
static void test_array_stores(void)
{
    for (unsigned k = 0; k < 4 * 2 * 2; k++) {
        unsigned lg = k & 3, prologue = k >> 2 & 1 ? 3 : 0, incr = k >> 3 & 1 ? 2 : 0;
        Bundle b = { .loop_mode = true, .n_lts = 1, .lts = { 0x20 } }, zero = { 0 };
        uint64_t top, step = (incr ? 3u : 1u) << lg;

        memset((void *)ARRAY_ADDR, 0, 0x200);
        code_begin();
        put_aaurw(AAURWD, 0, 9, 0, G(1));
        put_aaurw(AAURWS, 1, 0, 4, G(2));
        put_aaurw(AAURWS, 3, 0, 2, G(3));
        alc(&zero, 0, ADDD, IMM(0), IMM(0), R(6));
        put_bundle(&zero);
        top = code_at;
        alc_ext(&b, 2, EXT, STAAB + lg, 9 << 3 | 4 >> 1, (4 & 1) << 7 | incr << 4 | 1 << 2 | 1,
                R(6));
        mas(&b, 2, 0);
        put_bundle(&b);
        loop_back(top);
        code_end();
        start_loop(ARRAY_ADDR, 8, 3, 6 + prologue);
        env->pcnt = prologue;
        env->win[5].lo = 1;
        run_to_end();
        for (unsigned i = 0; i < 6; i++) {
            g_assert_cmphex(peek(ARRAY_ADDR + 0x28 + i * step, 1u << lg, false), ==,
                            i + prologue < 6 + prologue - 1 ? i + prologue : 0);
        }
        g_assert_cmphex(env->aau.aasti[4], ==, 8 + 6 * step);
    }
}

/*
 * y[i] = x[i] + 1 in a pipelined, rotated loop of one bundle, for many lengths: the loop becomes a
 * trace on the way. x ends @gap_bytes before the last page; the last store is a remainder.
 */
static void pipelined_loop(unsigned gap_bytes)
{
    uint64_t top;
    Bundle b = { .loop_mode = true };

    code_begin();
    put_aaurw(AAURWD, 0, 2, 0, G(4));
    put_aaurw(AAURWS, 1, 0, 1, G(5));
    put_aau_start();
    put_fapb(PROGRAM_ADDR, true, 0, 4, 1, 2, 0, 0);
    top = code_at;
    mova(&b, 0, 4, 0, 0, true, false, 0);
    alc(&b, 0, ADDD, 2, IMM(1), 4);
    alc_ext(&b, 2, EXT, STAAD, 2 << 3, 1 << 7 | 1 << 2, 6);
    branch(&b, top, 5);
    b.ss |= 1u << 16 | 1u << 17 | 1u << 21 | 1u << 22;
    put_bundle(&b);
    put_eap();
    code_end();
    for (unsigned n = 1; n < 200; n++) {
        uint64_t *y = (uint64_t *)DATA_ADDR, *x = (uint64_t *)(DATA_END - gap_bytes - 8 * n);

        fill_data();
        memset(y, 0, 8 * (n + 2));
        start_loop((uintptr_t)x, 0, 0, n);
        env->g[4].lo = DATA_ADDR;
        env->g[5].lo = 0;
        env->win[0].lo = 0;
        env->pcnt = env->ecnt = 2;
        env->strmd = 1;
        env->mode = (env->mode & ~E2K_MODE_BR_MASK) | 7u << E2K_MODE_RSZ_SHIFT;
        run_to_end();
        for (unsigned i = 0; i < n; i++) {
            if (y[i] != x[i] + 1) {
                g_error("length %u: element %u is %#" G_GINT64_MODIFIER "x", n, i, y[i]);
            }
        }
        g_assert_cmphex(y[n], ==, 0);
        g_assert_cmphex(env->aau.aasti[1], ==, 8 * n);
        g_assert_cmpint(env->strmd, ==, 0);
        g_assert_cmpint(env->lcnt, ==, 0);
        g_assert_cmpint(env->ecnt, ==, 0);
        env->mode &= ~E2K_MODE_BR_MASK;
    }
    /* the trace rests on a window that is large enough */
    start_loop(DATA_ADDR, 0, 0, 100);
    env->g[4].lo = DATA_ADDR + 0x1000;
    env->mode |= 7u << E2K_MODE_RSZ_SHIFT;
    env->psize = 4;
    run_to_fault(top, E2K_EXC_WINDOW_BOUNDS, top);
    env->mode &= ~E2K_MODE_BR_MASK;
    env->psize = 16;
}

static void test_pipelined_loops(void)
{
    code_start = CODE_ADDR + 0x1000;    /* where nothing has faulted so far */
    pipelined_loop(64);
    pipelined_loop(0);
    code_start = CODE_ADDR;
}

/* AAU registers read back; the constants among them cannot be written. */
static void test_aau_registers(void)
{
    Bundle b = { 0 };

    code_begin();
    put_aaurw(AAURWD, 0, 31, 0, G(1));
    put_aaurw(AAURWS, 1, 0, 15, G(2));
    put_aaurw(AAURWS, 3, 0, 0, G(2));
    put_aaurw(AAURWS, 2, 0, 0, G(2));
    alc_ext(&b, 5, EXT, 0x5f, 31 << 3, 0, R(4));
    mas(&b, 5, 0x3f);
    put_bundle(&b);
    b = (Bundle){ 0 };
    alc_ext(&b, 5, EXT, 0x5e, 15 >> 1, 1 << 7 | 1 << 2, R(5));
    mas(&b, 5, 0x3f);
    put_bundle(&b);
    code_end();
    env->g[1].lo = 0x123456789abcull;
    env->g[2].lo = 0xfffffffe;
    env->win[5].lo = 0;
    run_to_end();
    g_assert_cmphex(env->win[4].lo & ((1ull << 48) - 1), ==, 0x123456789abcull);
    g_assert_cmphex(env->win[4].lo >> 57, ==, 0xf);
    g_assert_cmphex(env->win[5].lo, ==, 0xfffffffe);
    g_assert_cmphex(env->aau.aasti[15], ==, (uint64_t)-2);
    g_assert_cmphex(env->aau.aaincr[0], ==, 1);
    g_assert_cmphex(env->aau.aaind[0], ==, 0);
}

/* ---- every row ---- */

static bool is_memory_category(const char *name)
{
    return strncmp(name, "load", 4) == 0 || strncmp(name, "store", 5) == 0 ||
           strncmp(name, "AAU", 3) == 0;
}

static void test_rows(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        const E2kOpRow *row = &e2k_op_rows[i];
        unsigned channels = 0;

        for (unsigned v = 0; v < 6; v++) {
            channels |= row->channels[v];
        }
        if (channels && is_memory_category(e2k_category_names[row->category])) {
            n++;
            if (!e2k_op_translatable(row)) {
                g_error("%s has no translation", row->name);
            }
        }
    }
    g_assert_cmpint(n, >, 120);
}

typedef struct Case { const char *name; void (*fn)(void); } Case;
static const Case cases[] = {
    { "rows", test_rows },
    { "loads", test_loads },
    { "stores", test_stores },
    { "literal-offset", test_literal_offset },
    { "guards", test_guards },
    { "special-stores", test_special_stores },
    { "pairs", test_pairs },
    { "quads", test_quads },
    { "masked-store", test_masked_store },
    { "faults", test_faults },
    { "speculative-loads", test_speculative_loads },
    { "speculative-quad", test_speculative_quad },
    { "speculative-stores", test_speculative_stores },
    { "fault-beside-speculation", test_fault_beside_speculation },
    { "restart", test_restart },
    { "atomics", test_atomics },
    { "atomic-16", test_atomic_16 },
    { "conflict", test_conflict },
    { "array-loads", test_array_loads },
    { "array-pairs", test_array_pairs },
    { "array-quads", test_array_quads },
    { "array-bad-loads", test_array_bad_loads },
    { "array-rebase", test_array_rebase },
    { "array-stores", test_array_stores },
    { "pipelined-loops", test_pipelined_loops },
    { "aau-registers", test_aau_registers },
};

static void test_interpreter(void)
{
    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
        g_test_trap_assert_passed();
        return;
    }
    set_up("tcg,backend=interp");
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        cases[i].fn();
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!g_test_subprocess()) {
        set_up("tcg");
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/e2k-mem/%s", cases[i].name);

        g_test_add_func(path, cases[i].fn);
    }
    g_test_add_func("/e2k-mem/interpreter", test_interpreter);
    return g_test_run();
}
