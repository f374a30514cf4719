/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every row of the instruction set is packed with random operands, taken apart, printed, assembled
 * again and must give the same bytes; documented encodings; what the assembler must refuse.
 */
#include <elf.h>
#include <string.h>
#include "target/e2k/isa/encode.h"
#include "tools/e2k-as/as.h"

static uint32_t seed = 0x1234567;

static unsigned below(unsigned n)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 8) % n;
}

static uint8_t random_reg(bool even)
{
    static const uint8_t first[] = { 0x00, 0x80, 0xe0 }, count[] = { 128, 64, 32 };
    unsigned kind = below(3);

    return (uint8_t)((first[kind] + below(count[kind])) & (even ? 0xfe : 0xff));
}

/* A code of src2; literals get random values, which need not be the shortest form. */
static uint8_t random_src2(E2kBundle *b, bool even)
{
    static const uint8_t codes[] = { 0xd0, 0xd1, 0xd4, 0xd5, 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd,
                                     0xde };
    uint8_t code = codes[below(G_N_ELEMENTS(codes))];
    unsigned first = code < 0xd8 ? code & 1 : code & 3, n = code < 0xdc ? 1 : 2;

    if (below(2)) {
        return random_reg(even);
    }
    if (below(3) == 0) {
        return (uint8_t)(0xc0 + below(16));
    }
    for (unsigned i = first; i < first + n; i++) {
        b->lts[i] = below(0x10000) | below(0x10000) << 16;
    }
    if (code < 0xd8) {
        b->lts[first] &= code & 4 ? 0xffff0000 : 0xffff;
    }
    b->n_lts = (uint8_t)(first + n);
    return code;
}

static bool is_array(const E2kOpRow *row)
{
    return row->format == ALF10 || row->format == ALF19 || row->format == AAURW ||
           row->format == AAURR;
}

/* ALS[23:8] of array operations */
static uint16_t random_array(E2kBundle *b, const E2kOpRow *row)
{
    unsigned aad = below(32), sti = below(16);

    if (row->format == AAURW || row->format == AAURR) {
        unsigned mode = below(4);

        return (uint16_t)(mode << 2 | (mode == 0 ? aad << 11 : (mode == 3 ? sti & 7 : sti) << 7));
    }
    b->n_lts = (uint8_t)below(4);
    for (unsigned i = 0; i < b->n_lts; i++) {
        b->lts[i] = i + 1 == b->n_lts ? 0x80000000 | below(65536) : 0;
    }
    return (uint16_t)(b->n_lts | (below(2) ? 4 | below(8) << 4 : 0) | sti << 7 | aad << 11);
}

static int second_of(const E2kOpRow *row, unsigned c)
{
    static const int8_t add[] = { [PAIR_LOAD] = 2, [PAIR_STORE] = 3, [PAIR_MOVE] = 1 };

    return row->pair ? (int)c + add[row->pair] : -1;
}

static bool can_start(const E2kOpRow *row, unsigned c)
{
    return !row->pair || (row->pair == PAIR_STORE ? c == 2 : c == 0 || c == 3);
}

static void set_op(E2kBundle *b, const E2kOpRow *row, unsigned c, uint32_t als, uint16_t ales)
{
    b->alop_mask |= (uint8_t)(1u << c);
    b->alop[c].als = als;
    b->alop[c].row = row;
    b->alop[c].has_ales = row->opc2 >= 0;
    b->alop[c].ales = ales;
}

static uint8_t next_if(bool pair_operand, uint8_t code)
{
    return pair_operand && e2k_is_reg(code) ? code + 1 : code;
}

static void random_op(E2kBundle *b, const E2kOpRow *row, unsigned c)
{
    bool log = row->format == ALF21LOG || row->format == ALF21LOGL, reg_branch;
    unsigned table = log ? below(256) : 0, opcode = log ? table & 127 : row->opcode;
    uint8_t src1, src2, src3, dst;

    reg_branch = row->format == ALF12IB || row->format == ALF12IC;
    src1 = row->src1_fixed >= 0 ? (uint8_t)row->src1_fixed : row->format == ALF12IC ?
           (uint8_t)below(128) : row->format == ALF16 ? (uint8_t)below(256) :
           row->src1 == W_NONE ? 0xc0 : below(4) ? random_reg(row->src1 == W_Q) : 0xc0 + below(32);
    src2 = row->src2 == W_NONE ? 0xc0 : random_src2(b, row->src2 == W_Q);
    src3 = row->ales_lo >= 0 ? (uint8_t)row->ales_lo : row->ales_lo == E2K_ALES_IMM8 ?
           (uint8_t)below(16) : random_reg(row->src3 == W_Q);
    dst = row->dst == W_PRED ? (uint8_t)(below(32) | (row->cmp_opce > 0 ? row->cmp_opce << 5 : 0)) :
          row->dst == W_SR ? (uint8_t)below(256) : random_reg(row->dst == W_Q || row->src3 == W_Q);
    if (is_array(row)) {
        uint16_t array = random_array(b, row);

        src1 = array >> 8;
        src2 = array & 255;
    }
    for (int second = 0; second <= (row->pair != PAIR_NONE); second++) {
        bool q = second;

        set_op(b, row, second ? (unsigned)second_of(row, c) : c,
               opcode << 24 | (uint32_t)next_if(q && row->src1 == W_Q, src1) << 16 |
               next_if(q && row->src2 == W_Q, src2) << 8 |
               next_if(q && (row->dst == W_Q || row->src3 == W_Q), dst),
               (uint16_t)((row->opc2 >= 0 ? (unsigned)row->opc2 + (table >> 7) : 0) << 8 | src3));
    }
    if (reg_branch) {
        b->has_ss = true;
        b->ss = 3u << 30 | 2u << 5 | below(32);
    }
}

/* MAS, a condition, the selector of merges */
static void random_rest(E2kBundle *b, const E2kOpRow *row, unsigned c)
{
    static const uint8_t shift[] = { 21, 0, 14, 7, 0, 0 };
    bool aau_reg = row->format == AAURW || row->format == AAURR;
    unsigned mas = aau_reg ? 0x3f : row->mas ? below(0x3f) : 0, pred = below(32), n = 0;
    bool merge = row->format == ALF1M || row->format == ALF11M || row->format == ALF21M;
    uint16_t half[2] = { 0, 0 };

    for (int k = (int)c; k >= 0; k = k == (int)c ? second_of(row, c) : -1) {
        if (mas && k != 1 && k != 4) {
            b->has_cs1 = true;
            b->cs1 |= 6u << 28 | mas << shift[k];
        }
    }
    if (below(2)) {
        unsigned neg = below(2);

        for (int k = (int)c; k >= 0; k = k == (int)c ? second_of(row, c) : -1) {
            half[n] |= (uint16_t)((below(1) + 3u) << 5 | pred | 1u << (10 + k % 3) |
                                  neg << (7 + k % 3) | (unsigned)(k >= 3) << 14);
        }
        if (row->pair && (c < 3) != (second_of(row, c) < 3)) {      /* two clusters: two halves */
            half[0] = (uint16_t)(3u << 5 | pred | 1u << 12 | neg << 9);
            half[++n] = half[0] | 1u << 14;
        }
        n++;
    }
    if (merge && n < 2) {
        half[n++] = (uint16_t)(0x8000 | 3u << 5 | below(32) | 1u << (10 + c % 3) | (c >= 3) << 14);
    }
    b->cds[0] = (uint32_t)half[0] << 16 | half[1];
    b->n_cds = n > 0;
}

static void round_trip(const E2kOpRow *row, unsigned version, unsigned c)
{
    E2kBundle b = { .version = (uint8_t)version }, back;
    uint8_t bytes[E2K_MAX_BUNDLE_BYTES];
    const char *why = NULL;
    g_autofree char *text = NULL, *errors = NULL;
    g_autoptr(GByteArray) again = NULL;
    unsigned n;

    random_op(&b, row, c);
    random_rest(&b, row, c);
    n = e2k_encode(&b, bytes, &why);
    if (!n) {
        g_error("%s, v%u, channel %u: %s", row->name, version, c, why);
    }
    if (e2k_decode(bytes, n, 0, version, &back, NULL) != E2K_OK || back.alop[c].row != row) {
        g_error("%s, v%u, channel %u: als %08x ales %04x decodes to %s", row->name, version, c,
                b.alop[c].als, b.alop[c].ales,
                back.alop[c].row ? back.alop[c].row->name : "nothing");
    }
    g_assert_cmpuint(back.size_bytes, ==, n);
    text = e2k_disas_bundle(&back);
    again = as_assemble_text(text, version, &errors);
    if (!again) {
        g_error("%s, v%u, channel %u:\n%s\n%s", row->name, version, c, text, errors);
    }
    if (again->len != n || memcmp(again->data, bytes, n)) {
        e2k_decode(again->data, again->len, 0, version, &back, NULL);
        errors = e2k_disas_bundle(&back);
        g_error("%s, v%u, channel %u: other bytes\n%s\n%s\n%08x %08x", row->name, version, c, text,
                errors, b.cds[0], back.cds[0]);
    }
}

static void test_rows(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        const E2kOpRow *row = &e2k_op_rows[i];

        for (unsigned c = 0; c < E2K_N_CHANNELS && !row->alias; c++) {
            for (unsigned v = E2K_MIN_VERSION; v <= E2K_MAX_VERSION; v++) {
                if ((row->channels[v - 1] >> c & 1) && can_start(row, c) &&
                    (v == E2K_MIN_VERSION || row->channels[v - 1] != row->channels[v - 2])) {
                    round_trip(row, v, c);
                    n++;
                }
            }
        }
    }
    g_test_message("%u encodings", n);
    g_assert_cmpuint(n, >, 4500);
}

/* @text assembled for @version must be these words, and printing them must lead back to them. */
static void expect(unsigned version, const char *text, unsigned n, const uint32_t *words)
{
    g_autofree char *errors = NULL, *printed = NULL;
    g_autoptr(GByteArray) bytes = as_assemble_text(text, version, &errors), again = NULL;
    E2kBundle b;

    if (!bytes) {
        g_error("%s\n%s", text, errors);
    }
    for (unsigned i = 0; i < n && 4 * i < bytes->len; i++) {
        uint32_t w;

        memcpy(&w, bytes->data + 4 * i, 4);
        if (w != words[i]) {
            g_error("%s: word %u is %08x, not %08x", text, i, w, words[i]);
        }
    }
    g_assert_cmpuint(bytes->len, ==, 4 * n);
    if (e2k_decode(bytes->data, bytes->len, 0, version, &b, NULL) != E2K_OK) {
        return;                 /* asynchronous */
    }
    printed = e2k_disas_bundle(&b);
    again = as_assemble_text(printed, version, &errors);
    if (!again || again->len != bytes->len || memcmp(again->data, bytes->data, bytes->len)) {
        g_error("%s\nprinted as\n%s\n%s", text, printed, errors);
    }
}

#define EXPECT(version, text, ...) \
    expect(version, text, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4, \
           (const uint32_t[]){ __VA_ARGS__ })

/* Words from real programs and from the processor maker's assembler */
static void test_examples(void)
{
    EXPECT(4, "setwd wsz=16, nfx=1", 0x00008011, 0, 0, 0x00000210);
    EXPECT(5, "ldq,0 [ %r5 + 8 ], %r4", 0x14500012, 0x4185c884, 0x4185c885, 0x01c00000);
    EXPECT(5, "stq,2 %r4, [ %r5 + 8 ]", 0x92400012, 0x0185c884, 0x0185c885, 0);
    EXPECT(5, "ldqp,0 [ %r5 + 8 ], %r4", 0x04100011, 0x6185c884, 0x02c00000, 0);
    EXPECT(5, "wait sas=1", 0x00008001, 0x30000084);
    EXPECT(4, "{ setwd wsz=8, nfx=1; setbn rsz=3, rbs=4, rcur=0; disp %ctpr1, -30\n"
           "getsp,0 _f32s,_lts1 0xffffffc0, %r2; adds,1 0, 0, %r3 }",
           0x0c10c034, 0x58ecd982, 0x10c0c083, 0x4fffffe2, 0x040000c4, 0x01c00000, 0xffffffc0,
           0x00000110);
    /* the two of 32 bits must make room for three of 16, of which one takes a whole syllable */
    EXPECT(4, "{ addd,0 %r0, 0x111, %r1; addd,1 %r0, 0x222, %r2; addd,2 %r0, 0x333, %r3\n"
           "addd,3 %r0, 0x44444444, %r4; addd,4 %r0, 0x55555555, %r5 }",
           0x7c000045, 0x1180d581, 0x1180d182, 0x1180db83, 0x1180d884, 0x1180da85, 0x00000333,
           0x55555555, 0x01110222, 0x44444444);
    EXPECT(4, "{ call %ctpr1, wbs=4 }", 0x00009012, 0xc0000420, 0x50000004, 0);
    EXPECT(4, "{ nop 5; stw,2 %r3, [ 0 + 0 ]; return %ctpr3 }", 0x10004292, 0x26c0c083,
           0xf0000000, 0);
    EXPECT(4, "ct %ctpr3", 0x00001001, 0xc0000c20);
    EXPECT(5, "movaq,2 area=1, ind=0, am=1, be=0, %r8", 0x00001021 - 0x10, 0xc000c000, 0x88895041,
           0x50510000);
}

static void test_bundles(void)
{
    EXPECT(5, "{ addd,0 0, 5, %r1; addd,1 %r2, -5, %r3 ? %pred1, ~%pcnt2\n"
           "ldd,2 [ %r5 + 8 ], %dr6, mas=3; merged,3 %r1, 0x7fffffff, %r2, ~%pred3\n"
           "cmpesb,4 %r1, 3, %pred4 }",
           0x7c028056, 0x11c0c581, 0x1182d583, 0x6785c886, 0x0f81d882, 0x2081c344, 0x6000c000, 0,
           0xfffb0000, 0x7fffffff, 0xc4e30000, 0x08610942);
    EXPECT(5, "{ staad,5 %r0, %aad3 [ %aasti1 ]; incr,5 %aaincr2 ? %pcnt1\n"
           "pass %pred0, @p0; pass %pred1, @p1; andp ~@p0, @p1, @p4; pass @p4, %pred5 }",
           0x82050011, 0x1f18a480, 0x60612065, 0x60410000);
    EXPECT(4, "pfmuls,2 %r0, %r1, %r2", 0x10400012, 0x38808182, 0x01c001c0, 0);
    EXPECT(5, "aaurwq,2 %r4, %aad3", 0x92408013, 0x3f180084, 0x3f180085, 0x600fc03f);
    EXPECT(5, "{ fapb ct=1, fmt=4, mrng=8, asz=1; fapb dpl=0, fmt=3 }", 0x88800020, 0, 0x06000000,
           0);
    EXPECT(2, "{ }", 0, 0);
    EXPECT(3, "{ loop_mode; nop 3; alc alcf=1, alct=1; abn abnf=1, abnt=1\n"
           "ct %ctpr1 ? #NOT_LOOP_END }", 0x00001581, 0xc06304a0);
    EXPECT(3, "1: ibranch 1b ? ~%pred3 && #NOT_LOOP_END", 0x00005012, 0xc00000e3, 0, 0);
    EXPECT(2, "clpandp %pred1, ~%pred2, %pred3", 0x00040000, 0x61620263);
}

/* Text between words that must be in the message. */
static void refuse(unsigned version, const char *text, const char *why)
{
    g_autofree char *errors = NULL;
    g_autoptr(GByteArray) bytes = as_assemble_text(text, version, &errors);

    g_assert_null(bytes);
    if (!strstr(errors, why)) {
        g_error("%s: '%s' expected in: %s", text, why, errors);
    }
}

static void test_refused(void)
{
    refuse(2, "addd %r1, %r2", "text:1: ',' expected");
    refuse(2, "\n\nblah", "text:3: no operation 'blah'");
    refuse(2, "addd,0 %r64, 0, %r1", "there are 64 only");
    refuse(2, "addd,0 32, 0, %r1", "0 to 31");
    refuse(2, "stw,0 %r1, [ %r2 ]", "channel 0 does not have it");
    refuse(4, "qpaddb %r0, %r1, %r2", "v4 has no 'qpaddb'");
    refuse(2, "{ ldd,0 [ %r0 ], %r1, mas=3; setwd wsz=8 }", "control syllable 1");
    refuse(2, "{ addd,0 %r0, %r1, %r2; subd,0 %r0, %r1, %r3 }", "is taken");
    refuse(2, "ibranch nowhere", "symbol 'nowhere' is not defined");
    refuse(2, "setwd wsz=113", "more than 112");
    refuse(2, "{ addd 0, 0, %r1", "'}' is missing");
    refuse(2, "andp @p2, @p0, @p4", "@p0 to @p1 only");
    refuse(2, ".byte 300", "does not fit");
    refuse(2, "x: x:", "defined twice");
    refuse(2, "sdisp %ctpr1, '", "a character expected");
    refuse(2, ".byte 1\n{ }", "not aligned");
    refuse(2, ".macro m\n m\n.endm\n m", "too deep");
    refuse(2, "{ addd,0 0, _f64,_lts0 1, %r1; addd,1 0, _f64,_lts1 2, %r2 }", "same place");
    refuse(2, "{ addd,0 0, _f64 1, %r1; addd,1 0, _f64 2, %r2; addd,2 0, _f64 3, %r3 }",
           "no room for all literals");
    refuse(4, "movtd,0 %r1, %ctpr1 ? %pred0", "these operands");
    refuse(4, "addd,0 %r1, %r2, %ctpr1", "these operands");
}

static void test_data(void)
{
    static const uint8_t bytes[] = {
        1, 0xff, 2, 0, 'a', '\n', 'b', 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f,
        7, 7, 9, 9, 9, 0, 0, 0,
    };
    g_autofree char *errors = NULL;
    g_autoptr(GByteArray) got = as_assemble_text(
        "/* two\nlines */ k = 4 - 3; .byte k, -1; .half 2 ! comment ; { }\n"
        ".macro pair a, b\n .byte \\a, \\b\n.endm\n"
        "s: .ascii \"a\\nb\"; .asciz \"\"; e: .quad e - s; .double 1.0\n"
        " pair 7, 7\n.rept 3\n.byte 9\n.endr\n.align 8", 2, &errors);

    g_assert_cmpstr(errors, ==, NULL);
    g_assert_cmpmem(got->data, got->len, bytes, sizeof(bytes));
}

/* Two files, one calls the other; addresses in the headers, the code and the data agree. */
static void test_link(void)
{
    static const AsFile files[] = {
        { "a.s", ".globl _start\n_start: { disp %ctpr1, f }\n{ addd,0 0, x, %r1 }\n" },
        { "b.s", ".globl f, x\nf: nop 1\n.data\n.align 16\nx: .quad x\n.bss\n.skip 5000" },
    };
    g_autofree char *errors = NULL;
    g_autoptr(GByteArray) elf = NULL;
    const Elf64_Ehdr *eh;
    const Elf64_Phdr *ph;
    const uint32_t *code;
    AsCpu cpu;
    uint64_t x;

    g_assert_true(as_find_cpu("elbrus-8c", &cpu));
    elf = as_assemble(files, 2, &cpu, &errors);
    g_assert_cmpstr(errors, ==, NULL);
    eh = (const Elf64_Ehdr *)elf->data;
    g_assert_cmpuint(eh->e_machine, ==, 175);
    g_assert_cmphex(eh->e_flags, ==, 0x13000010);
    g_assert_cmpuint(eh->e_phnum, ==, 2);
    ph = (const Elf64_Phdr *)(elf->data + eh->e_phoff);
    code = (const uint32_t *)(elf->data + (eh->e_entry - ph[0].p_vaddr));
    g_assert_cmphex(code[1], ==, 0x40000003);           /* f is 3 * 8 bytes on */
    x = (uint64_t)code[2 + 2] << 32 | code[2 + 3];      /* the literal of x */
    g_assert_cmphex(x, ==, ph[1].p_vaddr);
    g_assert_cmpmem(elf->data + ph[1].p_offset, 8, &x, 8);
    g_assert_cmpuint(ph[1].p_filesz, ==, 8);
    g_assert_cmpuint(ph[1].p_memsz, >=, 5008);
}

/* Whatever the bytes are: decoding stays inside them, and what decodes can be printed. */
static void test_noise(void)
{
    unsigned n_ok = 0;

    for (unsigned i = 0; i < 300000; i++) {
        unsigned n = 8 * (1 + below(8));
        g_autofree uint8_t *bytes = g_malloc(n);
        g_autofree char *text = NULL;
        E2kBundle b;

        for (unsigned k = 0; k < n; k++) {
            bytes[k] = (uint8_t)below(256);
        }
        if (below(4)) {         /* few syllables, and the middle pointer where they end */
            bytes[1] &= 0x17;
            bytes[2] = 0;
            bytes[3] = (uint8_t)(4u << below(6));
            bytes[0] = (uint8_t)((n / 8 - 1) << 4 | (1 + (bytes[1] >> 4 & 1)));
        }
        if (e2k_decode(bytes, n, 0x1000, 1 + below(7), &b, NULL) == E2K_OK) {
            text = e2k_disas_bundle(&b);
            n_ok += strlen(text) > 3;
        }
    }
    g_test_message("%u decoded", n_ok);
    g_assert_cmpuint(n_ok, >, 1000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/e2k-as/rows", test_rows);
    g_test_add_func("/e2k-as/examples", test_examples);
    g_test_add_func("/e2k-as/bundles", test_bundles);
    g_test_add_func("/e2k-as/refused", test_refused);
    g_test_add_func("/e2k-as/data", test_data);
    g_test_add_func("/e2k-as/link", test_link);
    g_test_add_func("/e2k-as/noise", test_noise);
    return g_test_run();
}
