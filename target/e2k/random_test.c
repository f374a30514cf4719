/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random wide instructions, run natively and interpreted: the registers that come out must be the
 * same. The operations are all translatable rows but those that change control or look at the
 * clock; operands, literals, predicates, speculation and rotation are random. Loops of them, which
 * become traces, are compared with single instructions. Each backend works in a process of its own
 * (it cannot be changed once there are blocks) on the same seed.
 *
 *   e2k-random_test             a fixed number of sequences (E2K_RANDOM_COUNT, E2K_RANDOM_SEED)
 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/ucontext.h>
#include <sys/wait.h>
#include <unistd.h>
#include "accel/accel.h"
#include "target/e2k/cpu.h"
#include "target/e2k/isa/decode.h"
#include "target/e2k/isa/encode.h"
#include "target/e2k/user_test.h"

#define CODE_ADDR   0x10000ul
#define CODE_BYTES  0x1000ul
#define DATA_ADDR   0x20000ul
#define DATA_BYTES  0x1000ul

/* a place for each sequence that loops: what is hot, or refused as a trace, stays so */
#define LOOP_ADDR   0x1000000ul
#define LOOP_STEP   0x400ul
#define MAX_LOOPS   4096ul
enum { LOOP_TURNS = 90, LOOP_REG = 39, LOOP_PRED = 31 };

enum { N_REGS = 32, N_BUNDLES = 5, BASE_REG = 40, WINDOW = 48, DEFAULT_COUNT = 1500,
       RBS = 8, RSZ = 7 };

/* what a sequence leaves behind */
typedef struct Outcome {
    E2kReg r[WINDOW], g[E2K_N_GLOBALS];
    E2kTags rtags[WINDOW], gtags[E2K_N_GLOBALS];
    uint8_t pred[E2K_N_PREDS];
    uint32_t trapno, pfpfr_flags;
    uint64_t data_hash, ip;
} Outcome;

static E2KCPU *cpu;
static CPUE2KState *env;
static bool numbers_only;               /* no tags at the beginning, even if they are kept */
static bool in_loops;                   /* sequences are speculative and run LOOP_TURNS times */
static uint64_t rng, code_at = CODE_ADDR;

static uint64_t rnd(void)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return rng;
}

static unsigned below(unsigned n) { return (unsigned)(rnd() >> 20) % n; }

/* ---- the program's surroundings ---- */

static int page_query(uint64_t gva)
{
    if (gva - DATA_ADDR < DATA_BYTES) {
        return PROT_R | PROT_W;
    }
    return gva - CODE_ADDR < CODE_BYTES || gva - LOOP_ADDR < MAX_LOOPS * LOOP_STEP
           ? PROT_R | PROT_X : 0;
}

static void set_up(const char *accel, const char *model)
{
    test_map_at(CODE_ADDR, CODE_BYTES);
    test_map_at(DATA_ADDR, DATA_BYTES);
    test_map_at(LOOP_ADDR, MAX_LOOPS * LOOP_STEP);
    test_user_mode(accel, page_query);
    current_cpu = test_cpu_new(model);
    cpu = (E2KCPU *)current_cpu;
    env = &cpu->env;
}

/* ---- which operations ---- */

static bool wanted(const E2kOpRow *row, unsigned version)
{
    static const char *const not_these[] = {
        "rr", "rw", "getsp", "ibranchd", "icalld", "getpl", "gettc", "gettag", "puttag", "movt", "vf",
        "set", "ld", "st", "aau", "getva", "cud", "gdt", "inv", "flush", "cast", "frcp", "frsqrt",
        "pfrcp", "qpfrcp", "qpfrsqrt",
    };

    if (row->alias || !row->channels[version - 1] || !e2k_op_translatable(row) || row->pair) {
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(not_these); i++) {
        if (g_str_has_prefix(row->name, not_these[i])) {
            return false;
        }
    }
    return true;
}

static GPtrArray *find_rows(unsigned version)
{
    GPtrArray *rows = g_ptr_array_new();

    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        if (wanted(&e2k_op_rows[i], version)) {
            g_ptr_array_add(rows, (gpointer)&e2k_op_rows[i]);
        }
    }
    return rows;
}

/* ---- random bundles ---- */

static uint8_t random_reg(void)
{
    switch (below(4)) {
    case 0: return (uint8_t)below(2 * (RSZ + 1));               /* %b */
    case 1: return (uint8_t)(0xe0 + 16 + below(8));             /* %g16.. */
    default: return (uint8_t)(0x80 + below(N_REGS));            /* %r */
    }
}

static uint8_t random_src2(void)
{
    static const uint8_t literals[] = { 0xd0, 0xd1, 0xd4, 0xd5, 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xde };

    switch (below(6)) {
    case 0: return (uint8_t)(0xc0 + below(16));
    case 1: return literals[below(G_N_ELEMENTS(literals))];
    default: return random_reg();
    }
}

static uint8_t random_src3(const E2kOpRow *row)
{
    return row->ales_lo == E2K_ALES_SRC3 ? random_reg() :
           row->ales_lo == E2K_ALES_IMM8 ? (uint8_t)below(8) :
           row->ales_lo >= 0 ? (uint8_t)row->ales_lo : 0xc0;
}

static uint8_t random_dst(const E2kOpRow *row)
{
    if (row->dst == W_PRED) {
        return (uint8_t)(below(32) | (row->cmp_opce >= 0 ? row->cmp_opce << 5 : 0));
    }
    return below(30) ? random_reg() : E2K_DST_EMPTY;
}

static void random_op(E2kBundle *b, unsigned channel, GPtrArray *rows)
{
    const E2kOpRow *row;
    E2kAlop *op = &b->alop[channel];
    unsigned opcode;

    do {
        row = g_ptr_array_index(rows, below(rows->len));
    } while (!(row->channels[b->version - 1] >> channel & 1));
    opcode = row->opcode;
    op->has_ales = row->opc2 >= 0;
    if (op->has_ales) {
        op->ales = (uint16_t)(row->opc2 << 8 | random_src3(row));
    }
    if (row->format == ALF21LOG || row->format == ALF21LOGL) {
        opcode = below(128);
        op->ales |= (uint16_t)(below(2) << 8);
    }
    op->als = (uint32_t)(below(2) | in_loops) << 31 | opcode << 24 |
              (uint32_t)(row->src1_fixed >= 0 ? row->src1_fixed
                         : below(8) ? random_reg() : 0xc0 + below(32)) << 16 |
              (uint32_t)random_src2() << 8 | random_dst(row);
    b->alop_mask |= 1u << channel;
}

/* an RLP on some channels, sometimes a selector for merges */
static void random_conds(E2kBundle *b)
{
    b->n_cds = (uint8_t)below(3);
    for (unsigned i = 0; i < b->n_cds; i++) {
        for (unsigned half = 0; half < 2; half++) {
            uint32_t v = 0x60 | below(32) | below(8) << 7 | below(8) << 10 | below(2) << 14 |
                         (uint32_t)(below(2)) << 15;

            b->cds[i] |= v << (16 * half);
        }
    }
}

static void random_bundle(E2kBundle *b, unsigned version, GPtrArray *rows)
{
    unsigned n = 1 + below(4);

    *b = (E2kBundle){ .version = (uint8_t)version, .n_lts = 4 };
    for (unsigned i = 0; i < 4; i++) {
        b->lts[i] = below(2) ? (uint32_t)rnd() : below(128);
    }
    for (unsigned i = 0; i < n; i++) {
        random_op(b, below(E2K_N_CHANNELS), rows);
    }
    random_conds(b);
    if (below(2)) {
        b->n_pls = 1;
        b->pls[0] = (0x60 | below(32)) << 24 | (0x60 | below(32)) << 16 | below(2) << 14 |
                    below(2) << 13 | below(2) << 10 | below(2) << 9 | below(2) << 6 | 1u << 5 |
                    below(32);
    }
}

static unsigned n_tried, n_put;

/* subd %r39, 1, %r39; cmpedb %r39, 0, %pred31; ibranch start ? ~%pred31 */
static unsigned put_loop_end(unsigned version, uint8_t *code, unsigned at)
{
    enum { SUBD = 0x1300c100, CMPEDB = 0x2100c000 | 2 << 5, NOT_PRED = 3 << 5 };
    const uint32_t reg = 0x80 + LOOP_REG;
    E2kBundle b[3] = {
        { .alop_mask = 1, .alop[0].als = SUBD | reg << 16 | reg },
        { .alop_mask = 1, .alop[0].als = CMPEDB | reg << 16 | LOOP_PRED },
        { .has_ss = true, .ss = NOT_PRED | LOOP_PRED, .has_cs0 = true },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(b); i++) {
        b[i].version = (uint8_t)version;
        if (b[i].has_cs0) {
            b[i].cs0 = (uint32_t)-(at / 8) & 0xfffffff;
        }
        at += e2k_encode(&b[i], code + at, NULL);
    }
    return at;
}

/* Writes a sequence that ends with what is no instruction. */
static void put_sequence(unsigned version, GPtrArray *rows)
{
    static const uint8_t end[8] = { 0x0f };
    uint8_t code[(N_BUNDLES + 3) * E2K_MAX_BUNDLE_BYTES + sizeof(end)];
    unsigned at = 0;

    for (unsigned i = 0; i < N_BUNDLES; i++) {
        E2kBundle b, check;
        unsigned n;

        random_bundle(&b, version, rows);
        n_tried++;
        n = e2k_encode(&b, code + at, NULL);
        if (!n || e2k_decode(code + at, n, code_at + at, version, &check, NULL) != E2K_OK) {
            continue;
        }
        at += n;
        n_put++;
    }
    if (in_loops) {
        at = put_loop_end(version, code, at);
    }
    memcpy(code + at, end, sizeof(end));
    memcpy((void *)code_at, code, at + sizeof(end));
    if (cpu) {                          /* else it is only to be printed */
        tcg_user_invalidate(code_at, at + sizeof(end));
    }
}

/* integers, floating-point numbers of both sizes, special ones */
static uint64_t random_value(void)
{
    static const uint64_t special[] = {
        0, 1, ~0ull, 1ull << 63, 0x7fffffffffffffff, 0x80000000, 0x7fffffff, 0x7ff0000000000000,
        0x7ff8000000000001, 0x7ff0000000000001, 0xfff0000000000000, 0x7f8000007f800000, 1ull << 52,
        0x7fc000007f800001, 0x3ff0000000000000, 0x3f8000003f800000, 0x8000000000000001,
    };
    double d;
    float f[2];
    uint64_t v;

    switch (below(5)) {
    case 0: return special[below(G_N_ELEMENTS(special))];
    case 1: return below(1000);
    case 2:
        d = (double)(int64_t)rnd() / (double)(1 + below(1000000));
        memcpy(&v, &d, sizeof(v));
        return v;
    case 3:
        f[0] = (float)(int32_t)rnd() / (float)(1 + below(1000));
        f[1] = (float)(int32_t)rnd() / (float)(1 + below(1000));
        memcpy(&v, f, sizeof(v));
        return v;
    default: return rnd();
    }
}

/* a few diagnostic registers and predicates */
static void random_tags(void)
{
    unsigned n = in_loops ? 100 : 10;   /* one of so many */

    for (unsigned i = 0; i < WINDOW; i++) {
        *e2k_reg_tags(env, &env->win[i]) = (E2kTags){ { below(n) == 0, below(n) == 0 } };
    }
    for (unsigned i = 0; i < E2K_N_GLOBALS; i++) {
        env->gtags[i] = (E2kTags){ { below(n) == 0, 0, below(n) == 0 } };
    }
    for (unsigned i = 0; i < E2K_N_PREDS; i++) {
        env->frame->pred[i] |= below(n) ? 0 : E2K_PRED_DIAG;
    }
}

static void random_state(void)
{
    uint8_t *data = (uint8_t *)DATA_ADDR;

    for (unsigned i = 0; i < WINDOW; i++) {
        env->win[i] = (E2kReg){ random_value(), random_value() };
    }
    for (unsigned i = 0; i < E2K_N_GLOBALS; i++) {
        env->g[i] = (E2kReg){ random_value(), random_value() };
    }
    for (unsigned i = 0; i < E2K_N_PREDS; i++) {
        env->frame->pred[i] = (uint8_t)below(2);
    }
    for (unsigned i = 0; i < DATA_BYTES; i++) {
        data[i] = (uint8_t)i;
    }
    memset(e2k_reg_tags(env, env->win), 0, WINDOW * sizeof(E2kTags));
    memset(env->gtags, 0, sizeof(env->gtags));
    if (env->tags && !numbers_only) {
        random_tags();
    }
    env->win[BASE_REG].lo = DATA_ADDR;
    e2k_set_reg(env, &env->win[LOOP_REG], LOOP_TURNS);
    env->psize = WINDOW;
    env->mode = RBS << E2K_MODE_RBS_SHIFT | RSZ << E2K_MODE_RSZ_SHIFT |
                (uint64_t)below(RSZ + 1) << E2K_MODE_RCUR_SHIFT | 7ull << E2K_MODE_PSZ_SHIFT |
                (uint64_t)below(8) << E2K_MODE_PCUR_SHIFT | (below(2) ? E2K_MODE_DBL : 0);
    env->ip = code_at;
    env->lcnt = below(3);
    env->pcnt = below(3);
    cpu->parent.host_mxcsr = 0x1f80 | below(4) << 13;
}

static void run_sequence(Outcome *o)
{
    int why;

    memset(o, 0, sizeof(*o));
    do {
        why = cpu_exec(&cpu->parent);
    } while (why == EXCP_INTERRUPT || why == EXCP_ATOMIC);
    g_assert_cmpint(why, ==, EXCP_E2K_TRAP);
    memcpy(o->r, env->win, sizeof(o->r));
    memcpy(o->g, env->g, sizeof(o->g));
    memcpy(o->rtags, e2k_reg_tags(env, env->win), sizeof(o->rtags));
    memcpy(o->gtags, env->gtags, sizeof(o->gtags));
    memcpy(o->pred, env->frame->pred, sizeof(o->pred));
    o->trapno = env->trapno;
    o->ip = env->ip;
    o->pfpfr_flags = cpu->parent.host_mxcsr & 0x3f;
}

/* Runs in a child: everything from the same seed, so that only the backend differs. */
static void run_all(const char *accel, const char *model, unsigned version, uint64_t seed,
                    unsigned count, Outcome *out)
{
    GPtrArray *rows;
    unsigned n_whole = 0, n_looped = 0;

    set_up(accel, model);
    rows = find_rows(version);
    g_assert_cmpuint(rows->len, >, 200);
    for (unsigned i = 0; i < count; i++) {
        rng = (seed + i) * 0x9e3779b97f4a7c15ull | 1;
        for (unsigned j = 0; j < 4; j++) {
            rnd();
        }
        code_at = in_loops ? LOOP_ADDR + i % MAX_LOOPS * LOOP_STEP : CODE_ADDR;
        put_sequence(version, rows);
        if (in_loops) {                 /* until it is hot; then from its first turn on */
            uint64_t state = rng;

            random_state();
            run_sequence(&out[i]);
            rng = state;
        }
        random_state();
        run_sequence(&out[i]);
        n_looped += out[i].r[LOOP_REG].lo == 0;
        n_whole += out[i].trapno == E2K_EXC_ILLEGAL_OPCODE && out[i].ip > code_at;
    }
    g_assert_cmpuint(n_put, >, n_tried / 2);        /* most of them are real and run to their end */
    if (in_loops) {
        g_assert_cmpuint(n_looped, >, count / 2);
    } else {
        g_assert_cmpuint(n_whole, >, env->tags && !numbers_only ? count / 40 : count / 2);
    }
}

/* ---- mutated code: whatever it does, it ends in one of the guest's ways ---- */

static void on_alarm(int sig)
{
    cpu_exit(&cpu->parent);
}

static void flip_bits(void)
{
    uint8_t *code = (uint8_t *)CODE_ADDR;

    for (unsigned i = 1 + below(4); i > 0; i--) {
        code[below(N_BUNDLES * 24)] ^= (uint8_t)(1u << below(8));
    }
}

static void run_mutated(const char *accel, const char *model, unsigned version, uint64_t seed,
                        unsigned count, Outcome *out)
{
    struct itimerval off = { { 0, 0 }, { 0, 0 } }, soon = { { 0, 0 }, { 0, 20000 } };
    GPtrArray *rows;

    set_up(accel, model);
    signal(SIGALRM, on_alarm);
    rows = find_rows(version);
    for (unsigned i = 0; i < count; i++) {
        int why;

        rng = (seed + i) * 0x9e3779b97f4a7c15ull | 1;
        put_sequence(version, rows);
        flip_bits();
        random_state();
        env->frame = env->pcs_base;
        env->win = env->ps_base;
        setitimer(ITIMER_REAL, &soon, NULL);
        do {
            why = cpu_exec(&cpu->parent);
        } while (why == EXCP_ATOMIC);
        setitimer(ITIMER_REAL, &off, NULL);
        g_assert(why == EXCP_E2K_TRAP || why == EXCP_E2K_SYSCALL || why == EXCP_E2K_RETURN ||
                 why == EXCP_INTERRUPT);
        out->trapno += why == EXCP_E2K_TRAP;
    }
}

typedef void RunFn(const char *accel, const char *model, unsigned version, uint64_t seed,
                   unsigned count, Outcome *out);

static void in_child(RunFn *run, const char *accel, const char *model, unsigned version, uint64_t seed,
                     unsigned count, Outcome *out)
{
    int status;
    pid_t pid = fork();

    g_assert(pid >= 0);
    if (pid == 0) {
        run(accel, model, version, seed, count, out);
        _exit(0);
    }
    g_assert(waitpid(pid, &status, 0) == pid);
    g_assert_cmpint(status, ==, 0);
}

/* ---- comparing ---- */

static void print_sequence(unsigned version)
{
    uint64_t at = CODE_ADDR;
    E2kBundle b;

    while (e2k_decode((uint8_t *)at, E2K_MAX_BUNDLE_BYTES, at, version, &b, NULL) == E2K_OK) {
        g_autofree char *text = e2k_disas_bundle(&b);

        g_test_message("%s", text);
        at += b.size_bytes;
    }
}

static bool same(const Outcome *a, const Outcome *b)
{
    bool ok = true;

    for (unsigned i = 0; i < WINDOW; i++) {
        if (memcmp(&a->r[i], &b->r[i], sizeof(E2kReg))) {
            g_test_message("r%u: native %016" PRIx64 "%016" PRIx64 " interpreted %016" PRIx64
                           "%016" PRIx64, i, a->r[i].hi, a->r[i].lo, b->r[i].hi, b->r[i].lo);
            ok = false;
        }
    }
    for (unsigned i = 0; i < E2K_N_GLOBALS; i++) {
        if (memcmp(&a->g[i], &b->g[i], sizeof(E2kReg))) {
            g_test_message("g%u: native %016" PRIx64 " interpreted %016" PRIx64, i, a->g[i].lo,
                           b->g[i].lo);
            ok = false;
        }
    }
    if (memcmp(a->rtags, b->rtags, sizeof(a->rtags)) ||
        memcmp(a->gtags, b->gtags, sizeof(a->gtags))) {
        g_test_message("tags differ");
        ok = false;
    }
    if (memcmp(a->pred, b->pred, sizeof(a->pred)) || a->trapno != b->trapno || a->ip != b->ip ||
        a->pfpfr_flags != b->pfpfr_flags) {
        g_test_message("predicates, trap %u/%u at %" PRIx64 "/%" PRIx64 " or flags %x/%x differ",
                       a->trapno, b->trapno, a->ip, b->ip, a->pfpfr_flags, b->pfpfr_flags);
        ok = false;
    }
    return ok;
}

static bool has_tags(const Outcome *o)
{
    static const uint8_t none[sizeof(o->rtags)];

    return memcmp(o->rtags, none, sizeof(o->rtags)) || memcmp(o->gtags, none, sizeof(o->gtags)) ||
           (o->trapno != E2K_EXC_ILLEGAL_OPCODE && o->trapno != E2K_EXC_DIV &&
            o->trapno != E2K_EXC_FP && o->trapno != E2K_EXC_WINDOW_BOUNDS);
}

static uint64_t number(const char *name, uint64_t otherwise)
{
    const char *text = g_getenv(name);

    return text ? g_ascii_strtoull(text, NULL, 0) : otherwise;
}

enum { WITH_TAGS = 0x100, LOOPS = 0x200,        /* in a test's data, beside the version */
       LOOPS_COUNT = 4 * DEFAULT_COUNT };

static char *model_of(gconstpointer data)
{
    return g_strdup_printf("elbrus-v%u%s", GPOINTER_TO_UINT(data) & 0xff,
                           GPOINTER_TO_UINT(data) & WITH_TAGS ? ",tags=on" : "");
}

static void test_random(gconstpointer data)
{
    unsigned version = GPOINTER_TO_UINT(data) & 0xff, n_bad = 0;
    uint64_t seed = number("E2K_RANDOM_SEED", 20261123);
    unsigned count = (unsigned)number("E2K_RANDOM_COUNT", GPOINTER_TO_UINT(data) & LOOPS
                                                          ? LOOPS_COUNT : DEFAULT_COUNT);
    size_t bytes = 2 * count * sizeof(Outcome);
    Outcome *out = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_autofree char *model = model_of(data);
    static bool mapped;

    g_assert(out != MAP_FAILED);
    in_loops = GPOINTER_TO_UINT(data) & LOOPS;
    in_child(run_all, "tcg", model, version, seed, count, out);
    in_child(run_all, in_loops ? "tcg,one-insn-per-tb=on" : "tcg,backend=interp", model, version,
             seed, count, out + count);
    for (unsigned i = 0; i < count && n_bad < 5; i++) {
        if (!same(&out[i], &out[count + i])) {
            GPtrArray *rows = find_rows(version);

            n_bad++;
            g_test_message("sequence %u of seed %" PRIu64, i, seed);
            if (!mapped) {
                test_map_at(CODE_ADDR, CODE_BYTES);
                mapped = true;
            }
            code_at = CODE_ADDR;
            rng = (seed + i) * 0x9e3779b97f4a7c15ull | 1;
            for (unsigned j = 0; j < 4; j++) {
                rnd();
            }
            put_sequence(version, rows);
            print_sequence(version);
        }
    }
    in_loops = false;
    munmap(out, bytes);
    g_assert_cmpuint(n_bad, ==, 0);
}

/* With tags kept, but nothing in them, everything is as without. */
static void test_numbers(gconstpointer data)
{
    unsigned version = GPOINTER_TO_UINT(data), n_compared = 0;
    uint64_t seed = number("E2K_RANDOM_SEED", 20261124);
    unsigned count = (unsigned)number("E2K_RANDOM_COUNT", DEFAULT_COUNT);
    size_t bytes = 2 * count * sizeof(Outcome);
    Outcome *out = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_autofree char *without = model_of(data);
    g_autofree char *with = g_strconcat(without, ",tags=on", NULL);

    g_assert(out != MAP_FAILED);
    numbers_only = true;
    in_child(run_all, "tcg", without, version, seed, count, out);
    in_child(run_all, "tcg", with, version, seed, count, out + count);
    numbers_only = false;
    for (unsigned i = 0; i < count; i++) {
        if (has_tags(&out[count + i])) {
            continue;                   /* a division by 0 in it, say */
        }
        n_compared++;
        if (!same(&out[i], &out[count + i])) {
            g_test_message("sequence %u of seed %" PRIu64, i, seed);
            g_test_fail();
            break;
        }
    }
    munmap(out, bytes);
    g_assert_cmpuint(n_compared, >, count / 2);
}

static void test_mutated(gconstpointer data)
{
    unsigned version = GPOINTER_TO_UINT(data) & 0xff;
    unsigned count = (unsigned)number("E2K_RANDOM_COUNT", DEFAULT_COUNT);
    Outcome *out = mmap(NULL, sizeof(*out), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                        0);
    g_autofree char *model = model_of(data);

    g_assert(out != MAP_FAILED);
    in_child(run_mutated, "tcg", model, version, number("E2K_RANDOM_SEED", 4711), count, out);
    g_assert_cmpuint(out->trapno, >, count / 2);
    munmap(out, sizeof(*out));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/e2k/random/v3", GUINT_TO_POINTER(3), test_random);
    g_test_add_data_func("/e2k/random/v4", GUINT_TO_POINTER(4), test_random);
    g_test_add_data_func("/e2k/random/v5", GUINT_TO_POINTER(5), test_random);
    g_test_add_data_func("/e2k/random/v6", GUINT_TO_POINTER(6), test_random);
    g_test_add_data_func("/e2k/random/tags/v4", GUINT_TO_POINTER(4 | WITH_TAGS), test_random);
    g_test_add_data_func("/e2k/random/tags/v6", GUINT_TO_POINTER(6 | WITH_TAGS), test_random);
    g_test_add_data_func("/e2k/random/loops/v4", GUINT_TO_POINTER(4 | LOOPS), test_random);
    g_test_add_data_func("/e2k/random/loops/v6", GUINT_TO_POINTER(6 | LOOPS), test_random);
    g_test_add_data_func("/e2k/random/loops/tags", GUINT_TO_POINTER(6 | LOOPS | WITH_TAGS),
                         test_random);
    g_test_add_data_func("/e2k/random/numbers/v4", GUINT_TO_POINTER(4), test_numbers);
    g_test_add_data_func("/e2k/random/numbers/v6", GUINT_TO_POINTER(6), test_numbers);
    g_test_add_data_func("/e2k/random/mutated/tags", GUINT_TO_POINTER(6 | WITH_TAGS), test_mutated);
    g_test_add_data_func("/e2k/random/mutated/v4", GUINT_TO_POINTER(4), test_mutated);
    g_test_add_data_func("/e2k/random/mutated/v6", GUINT_TO_POINTER(6), test_mutated);
    return g_test_run();
}
