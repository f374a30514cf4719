/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The back ends. The interpreter, which runs the rows' "means" column, is given the block as built;
 * the native back end the optimised one. Guest state, guest memory and exit must be the same.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include "tcg/ir-internal.h"
#include "tcg/x86_64/gen.h"

/* ---- a small machine ---- */

#define N_I64 8
#define N_I32 4
#define IO_OFS 1024                 /* not globals: inputs and outputs, 16 bytes each */
#define N_IO 96
#define OUT_OFS (IO_OFS + 16 * 48)
#define TLB_ENTRIES 16
#define RAM_BASE 0x10000ull
#define RAM_PAGES 8
#define RAM_SIZE (RAM_PAGES * 4096)
#define BAD_PAGE 0x15000ull         /* faults */
#define SLOW_PAGE 0x13000ull        /* never in the TLB */

typedef struct Env {
    uint64_t g64[N_I64];
    uint32_t g32[N_I32];
    double gf64[2];
    float gf32[2];
    uint8_t pad[8];
    uint8_t gv[2][16];
    uint8_t fill[IO_OFS - N_I64 * 8 - N_I32 * 4 - 16 - 8 - 8 - 32];
    uint8_t io[N_IO][16];
} Env;

typedef struct Machine {
    int32_t exit_request;
    uint32_t mxcsr;
    JumpCacheEntry *jump_cache;
    TlbFast tlb[2];
    uint8_t gap[16];
    Env env;
} Machine;
#define M_OFS(f) ((int32_t)offsetof(Machine, f) - (int32_t)offsetof(Machine, env))
_Static_assert(offsetof(Env, io) == IO_OFS, "io");

static Machine machine;
static TlbEntry tlb_table[TLB_ENTRIES];
static JumpCacheEntry jump_cache[1 << JUMP_CACHE_BITS];
static uint8_t ram[RAM_SIZE + 16] __attribute__((aligned(4096)));
static sigjmp_buf fault_env;
static uint64_t fault_addr, fault_words[2];
static uintptr_t fault_ra;
static bool fault_had_ra;
static unsigned n_slow;
static IrVal g64[N_I64], g32[N_I32], gf64[2], gf32[2], gv[2];

static uint8_t *code_rw;
static const uint8_t *code_rx;
#define CODE_BYTES (1 << 20)
static TcgCode native_code;

static uint64_t rng = 0x123456789abcdefull;
static uint64_t rnd(void)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return rng * 0x2545f4914f6cdd1dull;
}
static unsigned pick(unsigned n) { return (unsigned)((rnd() >> 33) % n); }

/* ---- its slow paths ---- */

static void fault(uint64_t addr, uintptr_t ra)
{
    fault_addr = addr;
    fault_ra = ra;
    if (tcg_backend() == TCG_BACKEND_NATIVE) {
        fault_had_ra = tcg_find_insn(&native_code, ra, fault_words);
    } else {
        fault_had_ra = tcg_interp_insn(fault_words);
    }
    tcg_fp_leave(&machine.env);
    siglongjmp(fault_env, 1);
}

static void fill(uint64_t addr, bool write)
{
    uint64_t page = addr & ~4095ull;
    TlbEntry *e = &tlb_table[addr >> 12 & (TLB_ENTRIES - 1)];

    if (page == SLOW_PAGE) {
        return;
    }
    if ((e->addend + page) != (uintptr_t)ram + page - RAM_BASE) {
        *e = (TlbEntry){ ~0ull, ~0ull, ~0ull, (uintptr_t)ram - RAM_BASE };
    }
    if (write) {
        e->addr_write = page;
    } else {
        e->addr_read = page;
    }
}

/* checks an access and gives its host address */
static uint8_t *translate(uint64_t addr, MemOp oi, bool write, uintptr_t ra)
{
    uint64_t last = addr + mo_bytes(oi) - 1;

    n_slow++;
    if (tcg_backend() == TCG_BACKEND_NATIVE) {
        uint64_t words[2];

        g_assert(tcg_find_insn(&native_code, ra, words));
    }
    if (oi & MO_ALIGN && addr & (mo_bytes(oi) - 1)) {
        fault(addr, ra);
    }
    for (uint64_t a = addr; ; a = last) {
        if (a < RAM_BASE || a >= RAM_BASE + RAM_SIZE || (a & ~4095ull) == BAD_PAGE) {
            fault(a, ra);
        }
        if (a == last) {
            break;
        }
    }
    fill(addr, write);
    return ram + (addr - RAM_BASE);
}

static uint64_t cut(uint64_t v, MemOp mo)
{
    unsigned sh = 64 - 8 * mo_bytes(mo & 3);

    return mo & MO_SIGN ? (uint64_t)((int64_t)(v << sh) >> sh) : v << sh >> sh;
}

static uint64_t m_ld(void *env, uint64_t addr, MemOp oi, uintptr_t ra)
{
    uint64_t v = 0;

    memcpy(&v, translate(addr, oi, false, ra), mo_bytes(oi));
    /* helpers clobber what they may */
    __asm__ volatile("" : : : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11");
    return cut(v, oi);
}

static void m_st(void *env, uint64_t addr, uint64_t val, MemOp oi, uintptr_t ra)
{
    g_assert(cut(val, oi & MO_SIZE) == val);
    memcpy(translate(addr, oi, true, ra), &val, mo_bytes(oi));
}

static void m_ld128(void *env, uint64_t addr, MemOp oi, uintptr_t ra, void *out)
{
    memcpy(out, translate(addr, oi, false, ra), 16);
}

static void m_st128(void *env, uint64_t addr, MemOp oi, uintptr_t ra, const void *in)
{
    memcpy(translate(addr, oi, true, ra), in, 16);
}

static uint64_t m_rmw(void *env, uint64_t addr, uint64_t val, MemOp oi, IrOp op, uintptr_t ra)
{
    uint8_t *p = translate(addr, oi, true, ra);
    uint64_t old = 0, new;

    memcpy(&old, p, mo_bytes(oi));
    g_assert(op >= IR_gxchg && op <= IR_gxor);
    new = op == IR_gxchg ? val : op == IR_gadd ? old + val : op == IR_gand ? old & val
          : op == IR_gor ? old | val : old ^ val;
    memcpy(p, &new, mo_bytes(oi));
    return cut(old, oi);
}

static uint64_t m_cmpxchg(void *env, uint64_t addr, uint64_t expect, uint64_t desired, MemOp oi,
                          uintptr_t ra)
{
    uint8_t *p = translate(addr, oi, true, ra);
    uint64_t old = 0;

    memcpy(&old, p, mo_bytes(oi));
    if (old == expect) {
        memcpy(p, &desired, mo_bytes(oi));
    }
    return cut(old, oi);
}

static void m_user_fault(void *env, uintptr_t ra) { fault(0, ra); }

static const void *lookup_result;
static unsigned n_lookups;
static const void *m_lookup(void *env)
{
    n_lookups++;
    return lookup_result ? lookup_result : tcg_exit_stub();
}

static TcgRuntime runtime = {
    .softmmu = true,
    .ofs_exit_request = M_OFS(exit_request), .ofs_tlb = M_OFS(tlb),
    .ofs_jump_cache = M_OFS(jump_cache), .ofs_mxcsr = M_OFS(mxcsr),
    .ld = m_ld, .st = m_st, .ld128 = m_ld128, .st128 = m_st128, .rmw = m_rmw,
    .cmpxchg = m_cmpxchg, .user_fault = m_user_fault, .lookup_tb = m_lookup,
};

static void tlb_flush_test(void)
{
    for (int i = 0; i < TLB_ENTRIES; i++) {
        tlb_table[i] = (TlbEntry){ ~0ull, ~0ull, ~0ull, 0 };
    }
}

static void machine_reset(void)
{
    tlb_flush_test();
    machine.exit_request = 0;
    machine.jump_cache = jump_cache;
    for (int i = 0; i < 2; i++) {
        machine.tlb[i] = (TlbFast){ (TLB_ENTRIES - 1) << TLB_ENTRY_BITS, tlb_table };
    }
    for (int i = 0; i < 1 << JUMP_CACHE_BITS; i++) {
        jump_cache[i] = (JumpCacheEntry){ .pc = ~0ull };
    }
}

/* ---- running a block both ways ---- */

typedef struct Outcome {
    Env env;
    uint32_t mxcsr;
    uint8_t ram[RAM_SIZE];
    uintptr_t exit;
    bool faulted, had_ra;
    uint64_t addr, words[2];
} Outcome;

static uint64_t tb_word __attribute__((aligned(8)));
static IrBlock *blk;
static uint8_t *interp_buf;
static Outcome *out_native, *out_interp;

static void run_one(TcgBackend backend, const void *entry, const Machine *m0, const uint8_t *ram0,
                    Outcome *o)
{
    tcg_set_backend(backend);
    machine = *m0;
    memcpy(ram, ram0, RAM_SIZE);
    tlb_flush_test();
    memset(o, 0, sizeof(*o));
    if (sigsetjmp(fault_env, 0) == 0) {
        o->exit = tcg_run(&machine.env, entry);
    } else {
        o->faulted = true;
        o->addr = fault_addr;
        o->had_ra = fault_had_ra;
        memcpy(o->words, fault_words, sizeof(fault_words));
    }
    o->env = machine.env;
    o->mxcsr = machine.mxcsr;
    memcpy(o->ram, ram, RAM_SIZE);
}

static const void *interp_entry;

static void compile_both(void)
{
    TcgCode code;

    g_assert(!ir_block_overflow(blk));
    g_assert(tcg_interp_compile(blk, &tb_word, 7, interp_buf, interp_buf, CODE_BYTES, &code));
    interp_entry = code.entry;
    tcg_set_backend(TCG_BACKEND_NATIVE);
    g_assert(tcg_compile(blk, &tb_word, 7, code_rx, code_rw, CODE_BYTES, &native_code));
}

static void dump_native(void)
{
    const char *to = getenv("TCG_TEST_DUMP");       /* file for objdump -b binary */
    FILE *f = to ? fopen(to, "wb") : NULL;
    char *text;

    if (f) {
        fwrite(code_rw, 1, native_code.size_bytes, f);
        fclose(f);
    }
    ir_dump(blk, &text);
    fprintf(stderr, "%s", text);
    g_free(text);
}

static void compare(const char *what)
{
    const Outcome *a = out_native, *b = out_interp;
    bool same = a->exit == b->exit && a->faulted == b->faulted && a->mxcsr == b->mxcsr
                && !memcmp(a->ram, b->ram, RAM_SIZE)
                && !memcmp(&a->env, &b->env, sizeof(Env))
                && (!a->faulted || (a->had_ra && b->had_ra
                                    && !memcmp(a->words, b->words, sizeof(a->words))));

    if (same) {
        return;
    }
    fprintf(stderr, "%s: native and interpreter differ\n", what);
    dump_native();
    fprintf(stderr, "exit %lx %lx fault %d %d (%lx %lx, words %lx %lx) mxcsr %x %x ram %d\n",
            a->exit, b->exit, a->faulted, b->faulted, a->addr, b->addr, a->words[0], b->words[0],
            a->mxcsr, b->mxcsr, memcmp(a->ram, b->ram, RAM_SIZE));
    for (unsigned i = 0; i < sizeof(Env); i += 8) {
        uint64_t x, y;

        memcpy(&x, (const char *)&a->env + i, 8);
        memcpy(&y, (const char *)&b->env + i, 8);
        if (x != y) {
            fprintf(stderr, "  env+%u: native %016lx interp %016lx\n", i, x, y);
        }
    }
    g_assert_not_reached();
}

static Machine start;
static uint8_t start_ram[RAM_SIZE];

static void run_both(const char *what)
{
    run_one(TCG_BACKEND_INTERP, interp_entry, &start, start_ram, out_interp);
    run_one(TCG_BACKEND_NATIVE, native_code.entry, &start, start_ram, out_native);
    compare(what);
}

/* ---- values ---- */

static uint64_t edge64(void)
{
    static const uint64_t v[] = {
        0, 1, 2, 3, 7, 8, 31, 32, 33, 63, 64, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff,
        0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000,
        0xffffffff80000000, 0xffffffffffffffff, 0xffffffffffffff80, 0x8000000080000000,
        0x0123456789abcdef,
    };
    return pick(2) ? v[pick(G_N_ELEMENTS(v))] : pick(4) ? rnd() : rnd() >> pick(64);
}

static void edge128(uint8_t *p)
{
    static const double d[] = { 0.0, -0.0, 1.0, -1.5, 2.5, 3.5, 1e300, -1e-300, 4e-320,
                                2147483647.5, -2147483648.0, 9.3e18, 1e10, 0.1 };
    static const float f[] = { 0.0f, -0.0f, 1.0f, -1.5f, 2.5f, 1e38f, -1e-38f, 1e-42f, 3e9f, 0.1f };
    static const uint64_t dn[] = { 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000001,
                                   0x7ff0000000000001, 0xfff8000000000123 };
    static const uint32_t fn[] = { 0x7f800000, 0xff800000, 0x7fc00001, 0x7f800001, 0xffc00123 };
    unsigned how = pick(5);

    for (int i = 0; i < 4; i++) {
        uint32_t x = pick(5) ? 0 : fn[pick(G_N_ELEMENTS(fn))];

        if (!x) {
            memcpy(&x, &f[pick(G_N_ELEMENTS(f))], 4);
        }
        memcpy(p + 4 * i, &x, 4);
    }
    for (int i = 0; i < 2 && how; i++) {
        uint64_t x = how == 1 ? rnd() : how == 2 ? edge64() : 0;

        if (how >= 3) {
            x = pick(5) ? 0 : dn[pick(G_N_ELEMENTS(dn))];
            if (!x) {
                memcpy(&x, &d[pick(G_N_ELEMENTS(d))], 8);
            }
        }
        memcpy(p + 8 * i, &x, 8);
    }
}

static void random_start(void)
{
    uint8_t *p = (uint8_t *)&start.env;

    machine_reset();
    start = machine;
    start.mxcsr = 0x1f80 | (uint32_t)pick(4) << 13 | (pick(4) ? 0 : 0x8040);
    for (unsigned i = 0; i < sizeof(Env); i += 16) {
        if (i < 64 || pick(3) == 0) {
            uint64_t v[2] = { edge64(), edge64() };

            memcpy(p + i, v, 16);
        } else {
            edge128(p + i);
        }
    }
    for (unsigned i = 0; i < RAM_SIZE; i += 8) {
        uint64_t v = rnd();

        memcpy(start_ram + i, &v, 8);
    }
}

/* ---- every row ---- */

static IrType letter_type(char c, IrType t_i, IrType t_j, IrType t_f)
{
    switch (c) {
    case 'I': return t_i;
    case 'J': return t_j;
    case 'W': return IR_I32;
    case 'L': return IR_I64;
    case 'S': return IR_F32;
    case 'D': return IR_F64;
    case 'V': return IR_V128;
    case 'F': return t_f;
    default: return t_j;        /* X */
    }
}

#define N_LIVE 14
/* one row: operands from io[], results to OUT; @how picks aliasing, constants, pressure */
static void build_row(IrOp op, const IrSigInfo *s, IrType ti, IrType tj, IrType tf, uint64_t imm,
                      unsigned how)
{
    unsigned n = (unsigned)s->n_out + s->n_in;
    bool pressure = how & 1, consts = how & 2;
    unsigned alias = how >> 2;          /* 1: d is a, 2: d is b, 3: a is b, 4: d is a global */
    IrVal v[4] = { NULL }, live[N_LIVE], livev[N_LIVE];
    IrNode *o;

    ir_block_reset(blk);
    ir_insn_start(blk, 1, 2);
    for (unsigned i = 0; pressure && i < N_LIVE; i++) {
        live[i] = ir_temp(blk, IR_I64);
        livev[i] = ir_temp(blk, IR_V128);
        ir_ld(blk, live[i], ir_env(blk), IO_OFS + 16 * (8 + (int)i), MO_64);
        ir_ld(blk, livev[i], ir_env(blk), IO_OFS + 16 * (8 + (int)i), MO_128);
    }
    for (unsigned i = 0; i < n; i++) {
        IrType t = letter_type(s->types[i], ti, tj, tf);

        v[i] = ir_temp(blk, t);
        if (i >= s->n_out) {
            if (consts && ir_type_is_int(t) && pick(2)) {
                v[i] = ir_const(blk, t, edge64());
                continue;
            }
            ir_ld(blk, v[i], ir_env(blk), IO_OFS + 16 * (int)i, t == IR_I32 ? MO_32 : MO_64);
        }
    }
    for (unsigned i = 0; i < s->n_out; i++) {
        unsigned from = s->n_out + (alias == 2 ? 1 : 0);

        if (alias == 4 && ir_type_is_int((IrType)v[i]->type) && i == 0) {
            v[i] = v[i]->type == IR_I32 ? g32[1] : g64[1];
        } else if ((alias == 1 || alias == 2) && i == 0 && from < n && v[from]->type == v[0]->type
                   && v[from]->kind == IR_KIND_TEMP) {
            v[0] = v[from];
        }
    }
    if (alias == 3 && n - s->n_out >= 2 && v[s->n_out]->type == v[s->n_out + 1]->type) {
        v[s->n_out + 1] = v[s->n_out];
    }
    switch (n) {
    case 2:
        s->imm ? ir_op1i(blk, op, v[0], v[1], (int64_t)imm) : ir_op1(blk, op, v[0], v[1]);
        break;
    case 3:
        s->imm ? ir_op2i(blk, op, v[0], v[1], v[2], (int64_t)imm)
               : ir_op2(blk, op, v[0], v[1], v[2]);
        break;
    default:
        if (s->n_out == 2) {
            op == IR_mulu2 ? ir_mulu2(blk, v[0], v[1], v[2], v[3])
                           : ir_muls2(blk, v[0], v[1], v[2], v[3]);
        } else {
            ir_op3(blk, op, v[0], v[1], v[2], v[3]);
        }
    }
    o = &blk->ops[blk->n_ops - 1];
    g_assert(o->op == op);
    for (unsigned i = 0; i < n; i++) {
        IrType t = (IrType)v[i]->type;

        /* results and operands: the op must not hurt what it reads */
        ir_st(blk, v[i], ir_env(blk), OUT_OFS + 16 * (int)i, t == IR_I32 ? MO_32 : MO_64);
    }
    for (unsigned i = 0; pressure && i < N_LIVE; i++) {
        ir_st(blk, live[i], ir_env(blk), OUT_OFS + 16 * (8 + (int)i), MO_64);
        ir_st(blk, livev[i], ir_env(blk), OUT_OFS + 16 * (8 + N_LIVE + (int)i), MO_128);
    }
    ir_exit(blk, TB_EXIT_PLAIN);
}

static uint64_t row_imm(IrOp op, IrType t)
{
    unsigned w = t == IR_I32 ? 32 : 64, pos, len;

    if (op == IR_setcond) {
        return pick(IR_COND_ALWAYS);
    }
    if (op == IR_deposit || op == IR_extract || op == IR_sextract) {
        static const uint8_t ps[] = { 0, 0, 8, 16, 32, 1, 31 }, ls[] = { 8, 16, 32, 8, 1, 33, 64 };

        pos = pick(2) ? ps[pick(7)] : pick(64);
        len = pick(2) ? ls[pick(7)] : 1 + pick(64);
        pos %= w;
        len = len > w - pos ? w - pos : len;
        return pos | len << 8;
    }
    return pick(256);
}

static unsigned n_row_runs;

static void test_row(IrOp op, unsigned n_trials)
{
    const IrSigInfo *s = &ir_sig_info[ir_op_info[op].sig];
    char what[64];

    for (unsigned trial = 0; trial < n_trials; trial++) {
        IrType ti = pick(2) ? IR_I32 : IR_I64, tj = pick(2) ? IR_I32 : IR_I64, tf = IR_F32;

        if (op == IR_mov) {
            tj = (IrType)pick(IR_VOID);
        }
        if (op == IR_fmov_to_int || op == IR_fmov_from_int) {
            tf = tj == IR_I32 ? IR_F32 : IR_F64;
        }
        if (op == IR_ext32s || op == IR_ext32u) {
            ti = IR_I64;
        }
        random_start();
        build_row(op, s, ti, tj, tf, row_imm(op, ti), trial % 20);
        compile_both();
        snprintf(what, sizeof(what), "%s/%u", ir_op_info[op].name, trial);
        for (int run = 0; run < 4; run++) {
            run_both(what);
            random_start();
            n_row_runs++;
        }
    }
}

static void test_rows(void)
{
    for (IrOp op = IR_nop; op < IR_N_OPS; op++) {
        if (ir_op_info[op].sig != SIG_CTL && tcg_has_op(op)) {
            test_row(op, 60);
        }
    }
    g_test_message("%u runs", n_row_runs);
}

/* the meaning column itself, against values worked out by hand */
static void test_means(void)
{
    static const struct { IrOp op; IrType t; uint64_t a, b, n, r; } rows[] = {
        { IR_add, IR_I32, 0xffffffff, 2, 0, 1 },
        { IR_sub, IR_I64, 1, 2, 0, 0xffffffffffffffff },
        { IR_sar, IR_I32, 0x80000000, 4, 0, 0xf8000000 },
        { IR_shr, IR_I32, 0x80000000, 4, 0, 0x08000000 },
        { IR_rotl, IR_I32, 0x80000001, 1, 0, 3 },
        { IR_rotr, IR_I32, 0x80000001, 33, 0, 0xc0000000 },
        { IR_rotr, IR_I64, 1, 1, 0, 0x8000000000000000 },
        { IR_ext8s, IR_I32, 0x80, 0, 0, 0xffffff80 },
        { IR_ext16s, IR_I64, 0x8000, 0, 0, 0xffffffffffff8000 },
        { IR_bswap, IR_I32, 0x12345678, 0, 0, 0x78563412 },
        { IR_bswap, IR_I64, 0x0102030405060708, 0, 0, 0x0807060504030201 },
        { IR_clz, IR_I32, 1, 99, 0, 31 }, { IR_clz, IR_I32, 0, 99, 0, 99 },
        { IR_clz, IR_I64, 1, 99, 0, 63 }, { IR_ctz, IR_I64, 8, 99, 0, 3 },
        { IR_ctpop, IR_I64, 0xff00ff, 0, 0, 16 },
        { IR_deposit, IR_I64, 0xffffffffffffffff, 0x12, 8 | 8 << 8, 0xffffffffffff12ff },
        { IR_deposit, IR_I32, 0x11223344, 0xaabb, 16 | 16 << 8, 0xaabb3344 },
        { IR_extract, IR_I32, 0x11223344, 0, 8 | 8 << 8, 0x33 },
        { IR_sextract, IR_I32, 0x1122f344, 0, 8 | 8 << 8, 0xfffffff3 },
        { IR_sextract, IR_I64, 0x8000000000000000, 0, 60 | 4 << 8, 0xfffffffffffffff8 },
        { IR_andc, IR_I64, 0xff, 0x0f, 0, 0xf0 },
        { IR_setcond, IR_I32, 0xffffffff, 1, IR_COND_LT, 1 },
        { IR_setcond, IR_I64, 0xffffffff, 1, IR_COND_LT, 0 },
        { IR_setcond, IR_I32, 0xffffffff, 1, IR_COND_LTU, 0 },
        { IR_setcond, IR_I64, 6, 8, IR_COND_TSTEQ, 1 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t r;

        g_assert(ir_eval_int(rows[i].op, rows[i].t, rows[i].a, rows[i].b, rows[i].n, &r));
        g_assert_cmphex(r & ir_mask(rows[i].t), ==, rows[i].r);
    }
}

/* ---- conditions, labels ---- */

static void test_movcond(void)
{
    for (unsigned trial = 0; trial < 800; trial++) {
        IrType tc = pick(2) ? IR_I32 : IR_I64, td = (IrType)pick(IR_VOID);
        MemOp mc = tc == IR_I32 ? MO_32 : MO_64, md = td == IR_I32 ? MO_32 : MO_64;
        IrVal a, c, x, y, d;

        random_start();
        ir_block_reset(blk);
        a = ir_temp(blk, tc);
        c = pick(3) ? ir_temp(blk, tc) : ir_const(blk, tc, edge64());
        x = ir_temp(blk, td);
        y = ir_temp(blk, td);
        ir_ld(blk, a, ir_env(blk), IO_OFS, mc);
        if (c->kind == IR_KIND_TEMP) {
            ir_ld(blk, c, ir_env(blk), IO_OFS + 16, mc);
        }
        ir_ld(blk, x, ir_env(blk), IO_OFS + 32, md);
        ir_ld(blk, y, ir_env(blk), IO_OFS + 48, md);
        if (td == tc && !pick(4)) {
            y = a;
        }
        if (ir_type_is_int(td) && !pick(4)) {
            x = ir_const(blk, td, edge64());
        }
        d = ir_temp(blk, td);
        switch (pick(4)) {
        case 0: d = y; break;
        case 1: d = x->kind == IR_KIND_TEMP ? x : d; break;
        }
        ir_movcond(blk, (IrCond)pick(IR_COND_NEVER + 1), d, a, c, x, y);
        ir_st(blk, d, ir_env(blk), OUT_OFS, md);
        if (pick(2)) {
            ir_st(blk, a, ir_env(blk), OUT_OFS + 16, mc);
            ir_st(blk, x, ir_env(blk), OUT_OFS + 32, md);
            ir_st(blk, y, ir_env(blk), OUT_OFS + 48, md);
        }
        ir_exit(blk, 2);
        compile_both();
        for (int i = 0; i < 4; i++) {
            run_both("movcond");
            random_start();
        }
    }
}

/* sum of i * i for i = n .. 1, with a branch inside */
static void test_loop(void)
{
    IrLabel *top, *odd, *end;
    IrVal i, sum, t;

    random_start();
    start.env.g64[0] = 1000;
    ir_block_reset(blk);
    i = ir_temp(blk, IR_I64);
    sum = ir_temp(blk, IR_I64);
    t = ir_temp(blk, IR_I64);
    top = ir_label(blk);
    odd = ir_label(blk);
    end = ir_label(blk);
    ir_mov(blk, i, g64[0]);
    ir_movi(blk, sum, 0);
    ir_movi(blk, g64[1], 0);
    ir_bind(blk, top);
    ir_exit_check(blk);
    ir_brcondi(blk, IR_COND_EQ, i, 0, end);
    ir_brcondi(blk, IR_COND_TSTNE, i, 1, odd);
    ir_mul(blk, t, i, i);
    ir_add(blk, sum, sum, t);
    ir_bind(blk, odd);
    ir_addi(blk, g64[1], g64[1], 1);
    ir_subi(blk, i, i, 1);
    ir_br(blk, top);
    ir_bind(blk, end);
    ir_mov(blk, g64[2], sum);
    ir_exit(blk, 1);
    compile_both();
    run_both("loop");
    g_assert_cmpuint(out_native->exit, ==, (uintptr_t)&tb_word | 1);
    g_assert_cmpuint(out_native->env.g64[1], ==, 1000);
    g_assert_cmpuint(out_native->env.g64[2], ==, 167167000);
    start.exit_request = -1;
    run_both("loop asked to leave");
    g_assert_cmpuint(out_native->exit, ==, (uintptr_t)&tb_word | TB_EXIT_REQUESTED);
}

/* ---- calls ---- */

static uint64_t h_six(uint64_t a, uint32_t b, uint64_t c, uint32_t d, uint64_t e, uint64_t f)
{
    return a ^ ((uint64_t)b << 1) ^ (c << 2) ^ ((uint64_t)d << 3) ^ (e << 4) ^ (f << 5);
}
static double h_mix(uint64_t a, double x, uint32_t b, float y, double z)
{
    return x * 2 + (double)y + z + (double)(a & 0xffff) + (double)(b & 0xff);
}
static float h_f32(float x, float y) { return x - y; }
static uint32_t h_i32(uint64_t env_ptr, uint32_t v) { return v * 3; }
static void h_state(uint64_t env_ptr, uint64_t v)
{
    Env *e = (Env *)env_ptr;

    e->g64[3] += v + e->g64[2];
    e->g32[1] ^= (uint32_t)v;
}
static void h_read(uint64_t env_ptr)
{
    Env *e = (Env *)env_ptr;

    e->io[90][0] ^= (uint8_t)(e->g64[0] + e->g64[1] * 3 + e->g64[2] * 5 + e->g32[0]);
}

static const IrHelper helpers[] = {
    { "six", h_six, IR_CALL_PURE | IR_CALL_NO_READ | IR_CALL_NO_WRITE | IR_CALL_NO_FAULT, IR_I64, 6,
      { IR_I64, IR_I32, IR_I64, IR_I32, IR_I64, IR_I64 } },
    { "mix", h_mix, IR_CALL_NO_READ | IR_CALL_NO_WRITE | IR_CALL_NO_FAULT, IR_F64, 5,
      { IR_I64, IR_F64, IR_I32, IR_F32, IR_F64 } },
    { "f32", h_f32, IR_CALL_NO_READ | IR_CALL_NO_WRITE, IR_F32, 2, { IR_F32, IR_F32 } },
    { "i32", h_i32, IR_CALL_NO_WRITE, IR_I32, 2, { IR_I64, IR_I32 } },
    { "state", h_state, 0, IR_VOID, 2, { IR_I64, IR_I64 } },
    { "read", h_read, IR_CALL_NO_WRITE, IR_VOID, 1, { IR_I64 } },
};

/* ---- random programs ---- */

enum { N_POOL = 7 };
static IrVal pool[IR_VOID][N_POOL + 8];
static unsigned n_pool[IR_VOID];

static IrVal any(IrType t, bool dest)
{
    if (!dest && ir_type_is_int(t) && !pick(5)) {
        return ir_const(blk, t, edge64());
    }
    return pool[t][pick(n_pool[t])];
}

static void pool_fill(void)
{
    unsigned at = 0;

    for (IrType t = IR_I32; t < IR_VOID; t++) {
        n_pool[t] = 0;
        for (unsigned i = 0; i < N_POOL; i++, at++) {
            IrVal v = ir_temp(blk, t);

            pool[t][n_pool[t]++] = v;
            ir_ld(blk, v, ir_env(blk), IO_OFS + 16 * (int)at, t == IR_I32 ? MO_32 : MO_64);
        }
    }
    for (unsigned i = 0; i < N_I64; i++) {
        pool[IR_I64][n_pool[IR_I64]++] = g64[i];
    }
    for (unsigned i = 0; i < N_I32; i++) {
        pool[IR_I32][n_pool[IR_I32]++] = g32[i];
    }
    for (unsigned i = 0; i < 2; i++) {
        pool[IR_F64][n_pool[IR_F64]++] = gf64[i];
        pool[IR_F32][n_pool[IR_F32]++] = gf32[i];
        pool[IR_V128][n_pool[IR_V128]++] = gv[i];
    }
}

static void emit_row(IrOp op)
{
    const IrSigInfo *s = &ir_sig_info[ir_op_info[op].sig];
    IrType ti = pick(2) ? IR_I32 : IR_I64, tj = pick(2) ? IR_I32 : IR_I64, tf = IR_F32;
    unsigned n = (unsigned)s->n_out + s->n_in;
    IrVal v[4] = { NULL };

    if (op == IR_mov) {
        tj = (IrType)pick(IR_VOID);
    }
    if (op == IR_fmov_to_int || op == IR_fmov_from_int) {
        tf = tj == IR_I32 ? IR_F32 : IR_F64;
    }
    if (op == IR_ext32s || op == IR_ext32u) {
        ti = IR_I64;
    }
    for (unsigned i = 0; i < n; i++) {
        v[i] = any(letter_type(s->types[i], ti, tj, tf), i < s->n_out);
    }
    if (s->n_out == 2) {
        if (v[0] != v[1]) {
            (op == IR_mulu2 ? ir_mulu2 : ir_muls2)(blk, v[0], v[1], v[2], v[3]);
        }
    } else if (n == 2) {
        s->imm ? ir_op1i(blk, op, v[0], v[1], (int64_t)row_imm(op, ti))
               : ir_op1(blk, op, v[0], v[1]);
    } else if (n == 3) {
        s->imm ? ir_op2i(blk, op, v[0], v[1], v[2], (int64_t)row_imm(op, ti))
               : ir_op2(blk, op, v[0], v[1], v[2]);
    } else {
        ir_op3(blk, op, v[0], v[1], v[2], v[3]);
    }
}

/* an address that is valid most of the time; near page ends often */
static IrVal emit_addr(bool faults)
{
    IrVal a = ir_temp(blk, IR_I64), s = any(IR_I64, false);

    if (pick(2)) {
        ir_movi(blk, a, RAM_BASE + pick(4) * 4096 + (pick(2) ? 4096 - pick(20) : pick(4000)));
    } else {
        ir_andi(blk, a, s, 0x3fff);
        ir_addi(blk, a, a, RAM_BASE);
    }
    if (!pick(3)) {                 /* constants that user programs' accesses take in */
        IrVal t = ir_temp(blk, IR_I64);

        ir_subi(blk, t, a, pick(2) ? 0x1234567 : 8);
        a = ir_temp(blk, IR_I64);
        ir_addi(blk, a, t, t == a ? 0 : 8);
        if (blk->ops[blk->n_ops - 2].a[2] != ir_i64(blk, 8)->idx) {
            ir_addi(blk, a, a, 0x1234567 - 8);
        }
    }
    if (faults && !pick(12)) {
        ir_movi(blk, a, pick(2) ? BAD_PAGE + 8 : BAD_PAGE - pick(3));
    }
    if (!pick(3)) {                 /* sums that the host's addressing does */
        IrVal rest = ir_temp(blk, IR_I64), sum = pick(6) ? ir_temp(blk, IR_I64) : a;

        ir_sub(blk, rest, a, s);
        if (pick(2)) {
            ir_add(blk, sum, rest, s);
        } else {
            ir_add(blk, sum, s, rest);
        }
        a = sum;
    }
    return a;
}

static bool with_faults;

static void emit_guest(void)
{
    IrType t = (IrType)pick(IR_VOID);
    MemOp mo = t == IR_V128 ? MO_128 : t == IR_F64 ? MO_64 : t == IR_F32 ? MO_32
               : t == IR_I32 ? pick(3) : pick(4);
    IrVal addr = emit_addr(with_faults);
    unsigned kind = pick(4);

    mo |= mo_mmu(pick(2));
    if (ir_type_is_int(t)) {
        mo |= pick(2) ? MO_SIGN : 0;
    }
    if (!pick(5)) {
        mo |= MO_ALIGN;
        if (!with_faults || pick(4)) {
            ir_andi(blk, addr, addr, ~(uint64_t)(mo_bytes(mo) - 1));
        }
    }
    if (kind == 0 && ir_type_is_int(t)) {
        IrOp op = (IrOp)(IR_gxchg + pick(5));

        if (pick(3)) {
            ir_gatomic(blk, op, any(t, true), addr, any(t, false), mo);
        } else {
            ir_gatomic(blk, op, ir_temp(blk, t), addr, any(t, false), mo);
        }
    } else if (kind == 1 && ir_type_is_int(t)) {
        IrVal expect = any(t, false);

        if (pick(2)) {
            expect = ir_temp(blk, t);
            ir_gld(blk, expect, addr, mo & ~MO_SIGN);
        }
        ir_gcmpxchg(blk, any(t, true), addr, expect, any(t, false), mo);
    } else if (kind & 1) {
        ir_gld(blk, pick(8) ? any(t, true) : ir_temp(blk, t), addr, mo);
    } else {
        ir_gst(blk, any(t, false), addr, mo & ~MO_SIGN);
    }
}

static void emit_call(void)
{
    const IrHelper *h = &helpers[pick(G_N_ELEMENTS(helpers))];
    IrVal args[IR_MAX_ARGS], ret = h->ret == IR_VOID || !pick(6) ? NULL : any(h->ret, true);

    for (unsigned i = 0; i < h->n_args; i++) {
        args[i] = any((IrType)h->args[i], false);
    }
    if (h >= &helpers[3]) {
        args[0] = ir_env(blk);
    }
    ir_call(blk, h, ret, h->n_args, args);
}

static void emit_state(void)
{
    IrType t = (IrType)pick(IR_VOID);
    MemOp mo = t == IR_I32 ? pick(3) : t == IR_I64 ? pick(4) : 0;
    int32_t ofs = IO_OFS + 16 * (60 + (int)pick(6)) + (int)pick(8);
    IrVal base = ir_env(blk);

    if (!pick(4)) {
        base = ir_temp(blk, IR_I64);
        ir_env_ptr(blk, base, 64);
        ofs -= 64;
    }
    if (pick(2)) {
        ir_ld(blk, any(t, true), base, ofs, mo | (pick(2) ? MO_SIGN : 0));
    } else {
        ir_st(blk, any(t, false), base, ofs, mo);
    }
}

static bool loopy;                  /* no calls, many loops */
static IrLabel *way_out;

static void emit_some(unsigned n, unsigned depth)
{
    for (unsigned i = 0; i < n; i++) {
        unsigned what = pick(100);

        if (loopy && (what < 8 || (what >= 74 && what < 79))) {
            what = depth && pick(2) ? 100 : 99;
        }
        if (what == 100) {
            IrType tc = pick(2) ? IR_I32 : IR_I64;

            ir_brcond(blk, (IrCond)pick(IR_COND_ALWAYS), any(tc, false), any(tc, false), way_out);
            continue;
        }

        if (what < 62) {
            IrOp op;

            do {
                op = (IrOp)pick(pick(2) ? IR_ld : IR_N_OPS);
            } while (ir_op_info[op].sig == SIG_CTL || !tcg_has_op(op));
            emit_row(op);
        } else if (what < 74) {
            ir_insn_start(blk, 0x1000 + blk->n_ops, rnd() >> pick(60));
            emit_guest();
        } else if (what < 79) {
            emit_call();
        } else if (what < 88) {
            emit_state();
        } else if (what < 92) {
            IrType tc = pick(2) ? IR_I32 : IR_I64, td = (IrType)pick(IR_VOID);

            ir_movcond(blk, (IrCond)pick(IR_COND_ALWAYS), any(td, true), any(tc, false),
                       any(tc, false), any(td, false), any(td, false));
        } else if (what < 94) {
            ir_exit_check(blk);
        } else if (what < 98 && depth < 3) {         /* if, else */
            IrType tc = pick(2) ? IR_I32 : IR_I64;
            IrLabel *other = ir_label(blk), *end = ir_label(blk);

            ir_brcond(blk, (IrCond)pick(IR_COND_ALWAYS), any(tc, false), any(tc, false), other);
            emit_some(pick(8), depth + 1);
            ir_br(blk, end);
            ir_bind(blk, other);
            emit_some(pick(8), depth + 1);
            ir_bind(blk, end);
        } else if (depth < 2) {                       /* a few times round */
            IrLabel *top = ir_label(blk);
            IrVal count = ir_temp(blk, IR_I32);

            ir_movi(blk, count, 1 + pick(3));
            ir_bind(blk, top);
            emit_some(pick(10), depth + 1);
            ir_subi(blk, count, count, 1);
            if (pick(2)) {
                ir_brcondi(blk, IR_COND_NE, count, 0, top);
            } else {
                IrLabel *done = ir_label(blk);

                ir_brcondi(blk, IR_COND_EQ, count, 0, done);
                ir_exit_check(blk);
                ir_br(blk, top);
                ir_bind(blk, done);
            }
        }
    }
}

static void random_program(unsigned n_ops)
{
    unsigned at = 0;

    random_start();
    ir_block_reset(blk);
    ir_insn_start(blk, 0x1000, 0);
    pool_fill();
    way_out = ir_label(blk);
    emit_some(n_ops, 0);
    ir_bind(blk, way_out);
    for (IrType t = IR_I32; t < IR_VOID; t++) {
        for (unsigned i = 0; i < N_POOL; i++, at++) {
            ir_st(blk, pool[t][i], ir_env(blk), OUT_OFS + 16 * (int)at,
                  t == IR_I32 ? MO_32 : MO_64);
        }
    }
    ir_exit(blk, pick(3));
}

static void test_random(void)
{
    unsigned n = g_test_slow() ? 60000 : 6000, faulted = 0;
    const char *one = getenv("TCG_TEST_SEED");

    for (unsigned i = 0; i < n; i++) {
        uint64_t seed = one ? strtoull(one, NULL, 0) : 0x9e3779b97f4a7c15ull * (i + 1);
        char what[64];

        rng = seed;
        with_faults = i % 3 == 2;
        if (one && getenv("TCG_TEST_FAULTS")) {
            with_faults = true;
        }
        random_program(5 + pick(i % 10 == 9 ? 300 : 60));
        snprintf(what, sizeof(what), "random program, seed 0x%lx faults %d", seed, with_faults);
        compile_both();
        for (int run = 0; run < 2; run++) {
            run_both(what);
            faulted += out_native->faulted;
            random_start();
        }
    }
    g_test_message("%u of %u runs faulted", faulted, 2 * n);
    g_assert(faulted > n / 50);
}

static void test_loops(void)
{
    loopy = true;
    test_random();
    loopy = false;
}

static void test_calls(void)
{
    for (unsigned i = 0; i < 1500; i++) {
        rng = 77 + i;
        random_start();
        ir_block_reset(blk);
        ir_insn_start(blk, 1, 2);
        pool_fill();
        for (unsigned j = 0; j < 12; j++) {
            emit_call();
            emit_row((IrOp)(IR_add + pick(3)));
        }
        for (unsigned j = 0, at = 0; j < IR_VOID; j++) {
            for (unsigned k = 0; k < N_POOL; k++, at++) {
                ir_st(blk, pool[j][k], ir_env(blk), OUT_OFS + 16 * (int)at,
                      j == IR_I32 ? MO_32 : MO_64);
            }
        }
        ir_exit(blk, 0);
        compile_both();
        run_both("calls");
    }
}

/* what hosts without AVX, BMI and LZCNT get */
static void test_old_host(void)
{
    HostFeatures full = host_features;

    host_features = (HostFeatures){ .aes = full.aes, .pclmul = full.pclmul };
    rng = 99;
    test_rows();
    test_random();
    host_features = full;
}

/* ---- guest memory by hand ---- */

static void test_guest(void)
{
    uint64_t v;

    random_start();
    ir_block_reset(blk);
    ir_insn_start(blk, 0xaaa, 5);
    ir_addi(blk, g64[0], g64[0], 1);
    ir_gld(blk, g64[1], g64[7], MO_32 | MO_SIGN);
    ir_insn_start(blk, 0xaab, 6);
    ir_addi(blk, g64[0], g64[0], 1);
    ir_movi(blk, g32[2], 1234);
    ir_gst(blk, g64[1], g64[6], MO_64);
    ir_addi(blk, g64[0], g64[0], 1);
    ir_exit(blk, 2);
    compile_both();

    start.env.g64[0] = 0;
    start.env.g64[7] = RAM_BASE + 0x10;
    start.env.g64[6] = RAM_BASE + 0x1ffc;               /* crosses into the next page */
    v = 0xffffffff80001234;
    memcpy(start_ram + 0x10, &v, 4);
    run_both("load and store");
    g_assert_cmphex(out_native->env.g64[1], ==, v);
    g_assert(!memcmp(out_native->ram + 0x1ffc, &v, 8));
    g_assert_cmpuint(out_native->env.g64[0], ==, 3);

    start.env.g64[6] = BAD_PAGE - 1;                    /* the second half faults */
    run_both("store fault");
    g_assert(out_native->faulted);
    g_assert_cmphex(out_native->words[0], ==, 0xaab);
    g_assert_cmphex(out_native->words[1], ==, 6);
    g_assert_cmphex(out_native->env.g64[1], ==, v);
    g_assert_cmpuint(out_native->env.g64[0], ==, 2);
    g_assert_cmpuint(out_native->env.g32[2], ==, 1234);

    start.env.g64[7] = 0;
    run_both("load fault");
    g_assert_cmphex(out_native->words[0], ==, 0xaaa);
    g_assert_cmpuint(out_native->env.g64[0], ==, 1);

    /* the second time the fast path serves it */
    start.env.g64[7] = start.env.g64[6] = RAM_BASE + 0x10;
    run_both("hit");
    n_slow = 0;
    machine.env = start.env;
    tcg_run(&machine.env, native_code.entry);
    g_assert_cmpuint(n_slow, ==, 0);
}

/* ---- leaving: chains, jump cache ---- */

static uint64_t tb2_word __attribute__((aligned(8)));

static TcgCode compile_at(size_t ofs, const void *tb)
{
    TcgCode code;

    g_assert(tcg_compile(blk, tb, 7, code_rx + ofs, code_rw + ofs, 65536, &code));
    return code;
}

static void chain_with(TcgBackend backend)
{
    TcgCode a, b;

    tcg_set_backend(backend);
    random_start();
    machine = start;
    for (int pad = 0; pad < 5; pad++) {
        ir_block_reset(blk);
        for (int i = 0; i <= pad; i++) {
            ir_addi(blk, g64[i], g64[i], 1);
        }
        ir_goto_tb(blk, 0);
        ir_exit(blk, 0);
        a = compile_at(0, &tb_word);
        ir_block_reset(blk);
        ir_addi(blk, g64[0], g64[0], 100);
        ir_goto_tb(blk, 1);
        ir_exit(blk, 1);
        b = compile_at(65536, &tb2_word);
        g_assert_cmpint(a.jump_patch[1], ==, -1);
        machine.env.g64[0] = 0;
        g_assert(tcg_run(&machine.env, a.entry) == (uintptr_t)&tb_word);
        g_assert_cmpuint(machine.env.g64[0], ==, 1);
        tcg_chain(&a, code_rw, 0, b.entry);
        g_assert(tcg_run(&machine.env, a.entry) == ((uintptr_t)&tb2_word | 1));
        g_assert_cmpuint(machine.env.g64[0], ==, 102);
        tcg_chain(&a, code_rw, 0, NULL);
        g_assert(tcg_run(&machine.env, a.entry) == (uintptr_t)&tb_word);
        g_assert_cmpuint(machine.env.g64[0], ==, 103);
    }
}

typedef enum GotoKind { GOTO_REG, GOTO_CONST, GOTO_FLAGS } GotoKind;

static void goto_ptr_with(TcgBackend backend, GotoKind kind)
{
    TcgCode a, b;

    tcg_set_backend(backend);
    random_start();
    machine = start;
    n_lookups = 0;
    lookup_result = NULL;
    ir_block_reset(blk);
    ir_addi(blk, g64[0], g64[0], 1);
    if (kind == GOTO_FLAGS) {
        ir_goto_ptr_to(blk, g64[1], g64[2]);
    } else {
        ir_goto_ptr(blk, kind == GOTO_CONST ? ir_i64(blk, 0x123456789) : g64[1], true);
    }
    a = compile_at(0, &tb_word);
    ir_block_reset(blk);
    ir_addi(blk, g64[0], g64[0], 100);
    ir_exit(blk, 1);
    b = compile_at(65536, &tb2_word);
    machine.env.g64[0] = 0;
    machine.env.g64[1] = 0x123456789;
    machine.env.g64[2] = 7;
    g_assert(tcg_run(&machine.env, a.entry) == TB_EXIT_PLAIN);
    g_assert_cmpuint(n_lookups, ==, 1);
    lookup_result = b.entry;
    g_assert(tcg_run(&machine.env, a.entry) == ((uintptr_t)&tb2_word | 1));
    g_assert_cmpuint(n_lookups, ==, 2);
    g_assert_cmpuint(machine.env.g64[0], ==, 102);
    jump_cache[tb_jump_hash(0x123456789)] = (JumpCacheEntry){ 0x123456789, 7, b.entry, NULL };
    g_assert(tcg_run(&machine.env, a.entry) == ((uintptr_t)&tb2_word | 1));
    g_assert_cmpuint(n_lookups, ==, 2);
    jump_cache[tb_jump_hash(0x123456789)].flags = 8;
    g_assert(tcg_run(&machine.env, a.entry) == ((uintptr_t)&tb2_word | 1));
    g_assert_cmpuint(n_lookups, ==, 3);
    if (kind == GOTO_CONST) {
        return;
    }
    machine.env.g64[1] = ~0ull;                     /* the pc of empty entries */
    jump_cache[tb_jump_hash(~0ull)].flags = 7;
    g_assert(tcg_run(&machine.env, a.entry) == ((uintptr_t)&tb2_word | 1));
    g_assert_cmpuint(n_lookups, ==, 4);
    lookup_result = NULL;
}

static void goto_host_with(TcgBackend backend)
{
    TcgCode a, b;

    tcg_set_backend(backend);
    random_start();
    machine = start;
    ir_block_reset(blk);
    ir_addi(blk, g64[0], g64[0], 100);
    ir_exit(blk, 1);
    b = compile_at(65536, &tb2_word);
    ir_block_reset(blk);
    ir_addi(blk, g64[0], g64[0], 1);
    ir_goto_host(blk, g64[1]);
    a = compile_at(0, &tb_word);
    machine.env.g64[0] = 0;
    machine.env.g64[1] = (uintptr_t)b.entry;
    g_assert(tcg_run(&machine.env, a.entry) == ((uintptr_t)&tb2_word | 1));
    g_assert_cmpuint(machine.env.g64[0], ==, 101);
}

static void test_leave(void)
{
    tcg_set_backend(TCG_BACKEND_NATIVE);
    random_start();
    machine = start;
    g_assert_cmpuint(tcg_run(&machine.env, tcg_exit_stub()), ==, TB_EXIT_PLAIN);
    chain_with(TCG_BACKEND_NATIVE);
    goto_ptr_with(TCG_BACKEND_NATIVE, GOTO_REG);
    goto_ptr_with(TCG_BACKEND_NATIVE, GOTO_CONST);
    goto_ptr_with(TCG_BACKEND_NATIVE, GOTO_FLAGS);
    goto_host_with(TCG_BACKEND_NATIVE);
    tcg_set_backend(TCG_BACKEND_INTERP);
    g_assert_cmpuint(tcg_run(&machine.env, tcg_exit_stub()), ==, TB_EXIT_PLAIN);
    chain_with(TCG_BACKEND_INTERP);
    goto_ptr_with(TCG_BACKEND_INTERP, GOTO_REG);
    goto_ptr_with(TCG_BACKEND_INTERP, GOTO_FLAGS);
    goto_host_with(TCG_BACKEND_INTERP);
    tcg_set_backend(TCG_BACKEND_NATIVE);
}

/* MXCSR: the guest's rounding while it runs, its flags kept, ours untouched */
static void test_mxcsr(void)
{
    IrVal a, b, d;
    uint32_t now;

    random_start();
    ir_block_reset(blk);
    a = ir_temp(blk, IR_F64);
    b = ir_temp(blk, IR_F64);
    d = ir_temp(blk, IR_F64);
    ir_ld(blk, a, ir_env(blk), IO_OFS, 0);
    ir_ld(blk, b, ir_env(blk), IO_OFS + 16, 0);
    ir_op2(blk, IR_divsd, d, a, b);
    ir_st(blk, d, ir_env(blk), OUT_OFS, 0);
    ir_exit(blk, 2);
    compile_both();
    for (unsigned rc = 0; rc < 4; rc++) {
        double one = 1.0, three = 3.0;

        start.mxcsr = rc << 13;                         /* guest's masks clear: still no trap */
        memcpy(start.env.io[0], &one, 8);
        memcpy(start.env.io[1], &three, 8);
        run_both("mxcsr");
        g_assert_cmphex(out_native->mxcsr, ==, rc << 13 | 0x20);
        g_assert_cmphex(out_native->env.io[48][0], ==, rc == 2 ? 0x56 : 0x55);
        __asm__ volatile("stmxcsr %0" : "=m"(now));
        g_assert_cmphex(now, ==, 0x1f80);
    }
}

/* far from each other: pool calls; room too small; big blocks */
static void test_room(void)
{
    TcgCode code;
    unsigned ok = 0;

    for (size_t room = 64; room < 20000; room += 61) {
        uint8_t *p = code_rw + 128 * 1024;

        rng = 4242;
        random_program(60);
        memset(p + room, 0xa5, 64);
        tcg_set_backend(TCG_BACKEND_NATIVE);
        if (tcg_compile(blk, &tb_word, 7, code_rx + 128 * 1024, p, room, &code)) {
            g_assert_cmpuint(code.size_bytes, <=, room);
            ok++;
        }
        for (int i = 0; i < 64; i++) {
            g_assert_cmphex(p[room + (size_t)i], ==, 0xa5);
        }
    }
    g_assert(ok > 10);
    ir_block_reset(blk);
    for (unsigned i = 0; i < IR_MAX_OPS + 10; i++) {
        ir_addi(blk, g64[0], g64[0], i);
        ir_temp(blk, IR_V128);
    }
    g_assert(ir_block_overflow(blk));
    g_assert(!tcg_compile(blk, &tb_word, 7, code_rx, code_rw, CODE_BYTES, &code));
}

/* ---- user programs ---- */

static uint8_t *user_mem;

static void on_segv(int sig, siginfo_t *info, void *uc_)
{
    ucontext_t *uc = uc_;
    const void *stub = tcg_find_fault_stub(&native_code, (uintptr_t)uc->uc_mcontext.gregs[REG_RIP]);

    if (tcg_backend() == TCG_BACKEND_INTERP) {
        machine.mxcsr |= uc->uc_mcontext.fpregs->mxcsr & 0x3f;  /* reset for the handler */
        fault((uintptr_t)info->si_addr, 1);
    }
    if (!stub) {
        static const char msg[] = "SIGSEGV outside an access\n";

        (void)!write(2, msg, sizeof(msg));
        _exit(1);
    }
    uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)stub;
}

static uint64_t user_base;

static void user_programs(void)
{
    struct sigaction sa = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_NODEFER }, old;
    TcgRuntime rt = runtime;
    unsigned faulted = 0;

    rt.softmmu = false;
    /* guest RAM_BASE is at user_mem */
    rt.guest_base = user_base - RAM_BASE;
    tcg_init(&rt);
    sigaction(SIGSEGV, &sa, &old);
    for (unsigned i = 0; i < 1500; i++) {
        char what[64];

        rng = 0xabcdef123ull * (i + 1);
        with_faults = i & 1;
        random_program(5 + pick(50));
        snprintf(what, sizeof(what), "user program %u", i);
        compile_both();
        for (int be = 0; be < 2; be++) {
            memcpy(user_mem, start_ram, 5 * 4096);
            memset(user_mem + 6 * 4096, 0, 2 * 4096);
            run_one(be ? TCG_BACKEND_NATIVE : TCG_BACKEND_INTERP,
                    be ? native_code.entry : interp_entry, &start, start_ram,
                    be ? out_native : out_interp);
            memset((be ? out_native : out_interp)->ram, 0, RAM_SIZE);
            memcpy((be ? out_native : out_interp)->ram, user_mem, 5 * 4096);
        }
        compare(what);
        faulted += out_native->faulted;
    }
    g_assert(faulted > 50);
    sigaction(SIGSEGV, &old, NULL);
    tcg_init(&runtime);
}

static void test_user(void)
{
    static const uintptr_t hints[] = { 0x20000000, 0x300000000000 };

    for (unsigned i = 0; i < G_N_ELEMENTS(hints); i++) {
        user_mem = mmap((void *)hints[i], RAM_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        g_assert(user_mem != MAP_FAILED);
        mprotect(user_mem + (BAD_PAGE - RAM_BASE), 4096, PROT_NONE);
        user_base = (uintptr_t)user_mem;
        /* what the slow functions reach for misaligned accesses faults anyway */
        user_programs();
        munmap(user_mem, RAM_SIZE);
    }
}

/* ---- speed of translation ---- */

static void test_speed(void)
{
    const unsigned n = 20000;
    gint64 t0, t_build = 0, t_all = 0;
    size_t bytes = 0;
    uint64_t ops = 0;

    tcg_set_backend(TCG_BACKEND_NATIVE);
    for (unsigned i = 0; i < n; i++) {
        IrVal t = NULL;
        TcgCode code;

        t0 = g_get_monotonic_time();
        ir_block_reset(blk);
        for (unsigned k = 0; k < 6; k++) {
            IrVal addr = ir_temp(blk, IR_I64);

            t = ir_temp(blk, IR_I64);
            ir_insn_start(blk, 0x1000 + k * 4, 0);
            ir_addi(blk, addr, g64[k], 0x20);
            ir_gld(blk, t, addr, MO_64);
            ir_insn_start(blk, 0x1002 + k * 4, 0);
            ir_add(blk, g64[(k + 1) & 7], g64[(k + 1) & 7], t);
            ir_mov(blk, g64[6], t);
            ir_mov(blk, g64[7], g64[(k + 1) & 7]);
            ir_movi(blk, g32[0], k);
        }
        ir_movi(blk, g32[1], 0x2000);
        ir_goto_tb(blk, 0);
        ir_exit(blk, 0);
        t_build += g_get_monotonic_time() - t0;
        ops += ir_block_n_ops(blk);
        t0 = g_get_monotonic_time();
        g_assert(tcg_compile(blk, &tb_word, 0, code_rx, code_rw, CODE_BYTES, &code));
        t_all += g_get_monotonic_time() - t0;
        bytes += code.size_bytes;
    }
    g_test_message("block of %" PRIu64 " ops: built in %.2f us, compiled in %.2f us, %zu bytes",
                   ops / n, (double)t_build / n, (double)t_all / n, bytes / n);
    if (getenv("TCG_TEST_DUMP")) {
        FILE *f = fopen(getenv("TCG_TEST_DUMP"), "wb");

        fwrite(code_rw, 1, bytes / n, f);
        fclose(f);
    }
}

int main(int argc, char **argv)
{
    int fd = memfd_create("tcg-test", 0);

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < N_I64; i++) {
        g64[i] = ir_global_new(IR_I64, (int32_t)(offsetof(Env, g64) + 8 * i),
                               g_strdup_printf("r%u", i));
    }
    for (unsigned i = 0; i < N_I32; i++) {
        g32[i] = ir_global_new(IR_I32, (int32_t)(offsetof(Env, g32) + 4 * i),
                               g_strdup_printf("w%u", i));
    }
    for (unsigned i = 0; i < 2; i++) {
        gf64[i] = ir_global_new(IR_F64, (int32_t)(offsetof(Env, gf64) + 8 * i), i ? "d1" : "d0");
        gf32[i] = ir_global_new(IR_F32, (int32_t)(offsetof(Env, gf32) + 4 * i), i ? "f1" : "f0");
        gv[i] = ir_global_new(IR_V128, (int32_t)(offsetof(Env, gv) + 16 * i), i ? "v1" : "v0");
    }
    g_assert(ftruncate(fd, CODE_BYTES) == 0);
    code_rw = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    code_rx = mmap(NULL, CODE_BYTES, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    interp_buf = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    out_native = g_new0(Outcome, 1);
    out_interp = g_new0(Outcome, 1);
    tcg_init(&runtime);
    blk = ir_block_new();
    machine_reset();

    g_test_add_func("/tcg/backend/means", test_means);
    g_test_add_func("/tcg/backend/rows", test_rows);
    g_test_add_func("/tcg/backend/movcond", test_movcond);
    g_test_add_func("/tcg/backend/loop", test_loop);
    g_test_add_func("/tcg/backend/guest", test_guest);
    g_test_add_func("/tcg/backend/leave", test_leave);
    g_test_add_func("/tcg/backend/mxcsr", test_mxcsr);
    g_test_add_func("/tcg/backend/calls", test_calls);
    g_test_add_func("/tcg/backend/random", test_random);
    g_test_add_func("/tcg/backend/loops", test_loops);
    g_test_add_func("/tcg/backend/old-host", test_old_host);
    g_test_add_func("/tcg/backend/room", test_room);
    g_test_add_func("/tcg/backend/user", test_user);
    g_test_add_func("/tcg/backend/speed", test_speed);
    return g_test_run();
}
