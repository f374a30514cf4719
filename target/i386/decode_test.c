/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decoder's rows: shape, reachability, and lengths and mnemonics against capstone's for random
 * bytes behind every opcode of every map, in 64, 32 and 16-bit code.
 */
#include <string.h>
#include "config-host.h"
#include "target/i386/decode.h"
#ifdef CONFIG_CAPSTONE
#define x86_reg capstone_x86_reg        /* a type there, our registers here */
#include <capstone/capstone.h>
#undef x86_reg
#endif

#define FLAGS_64 (HF_PE | HF_LMA | HF_CS64 | HF_CS32 | HF_SS32)
#define FLAGS_32 (HF_PE | HF_CS32 | HF_SS32)
#define FLAGS_16 HF_PE

static const X86Insn *decode(X86Dis *s, uint32_t flags, const uint8_t *code, unsigned n)
{
    x86_dis_init(s, NULL, flags);
    s->pc_start = 0x1000;
    memcpy(s->code, code, n);
    s->code_len = (uint8_t)n;
    return x86_decode(s);
}

/* ---- rows ---- */

static bool vex_map(unsigned map) { return map >= MAP_VEX_0F; }

/* bytes of an instruction that row @r must match: returns their number */
static unsigned encode_row(const X86Insn *r, unsigned opcode, uint8_t *out)
{
    static const uint8_t pp[] = { [PFX_66] = 1, [PFX_F3] = 2, [PFX_F2] = 3 };
    static const uint8_t prefix[] = { [PFX_66] = 0x66, [PFX_F3] = 0xf3, [PFX_F2] = 0xf2 };
    bool needs_v = false;
    unsigned n = 0;

    memset(out, 0, 15);
    for (unsigned i = 0; i < 4; i++) {
        needs_v |= r->op[i] == O_By || r->op[i] == O_Hdq;
    }
    if (vex_map(r->map)) {
        out[n++] = 0xc4;
        out[n++] = (uint8_t)(0xe0 | (r->map - MAP_VEX_0F + 1));
        out[n++] = (uint8_t)((r->flags & I_VEXW1 ? 0x80 : 0) | (needs_v ? 0x68 : 0x78) |
                             pp[r->pfx]);
    } else {
        if (r->pfx > PFX_NP) {
            out[n++] = prefix[r->pfx];
        }
        if (r->map != MAP_1) {
            out[n++] = 0x0f;
        }
        if (r->map == MAP_0F38 || r->map == MAP_0F3A) {
            out[n++] = r->map == MAP_0F38 ? 0x38 : 0x3a;
        }
    }
    out[n++] = (uint8_t)opcode;
    if (r->has_modrm) {
        unsigned mod = r->mod == MOD_MEM ? 0 : 3;
        out[n] = (uint8_t)(mod << 6 | (r->reg ? r->reg - 1 : 2) << 3 | (r->rm ? r->rm - 1 : 1));
    }
    return 15;
}

/* Each row is the first match of some bytes, or an earlier one serves them in every mode. */
static void test_reachable(void)
{
    const X86Insn *r, *got;
    uint8_t code[15];
    X86Dis s;

    for (unsigned i = 0; (r = x86_decode_row(i)) != NULL; i++) {
        for (unsigned k = 0; k < r->n_opcodes; k++) {
            unsigned n = encode_row(r, r->opcode + k, code);

            got = decode(&s, r->flags & I_NO64 ? FLAGS_32 : FLAGS_64, code, n);
            if (got != r) {
                g_error("row %u, %s (map %u opcode %02x): bytes decode as %s, status %u", i,
                        r->name, r->map, r->opcode + k, got ? got->name : "nothing", s.status);
            }
        }
    }
}

static void test_modrm_agrees(void)
{
    bool seen[N_MAPS][256] = { { false } }, modrm[N_MAPS][256];
    const X86Insn *r;

    for (unsigned i = 0; (r = x86_decode_row(i)) != NULL; i++) {
        for (unsigned k = 0; k < r->n_opcodes; k++) {
            unsigned o = r->opcode + k;

            if (seen[r->map][o] && modrm[r->map][o] != r->has_modrm) {
                g_error("map %u opcode %02x: only some rows have a modrm byte", r->map, o);
            }
            seen[r->map][o] = true;
            modrm[r->map][o] = r->has_modrm;
        }
    }
}

/* ---- single cases ---- */

typedef struct Case {
    const char *what;
    uint32_t flags;
    uint8_t n, code[15];
    const char *name;           /* NULL: no row */
    uint8_t status, len, osize, asize;
} Case;

static const Case cases[] = {
    { "lock on a register", FLAGS_64, 3, { 0xf0, 0x01, 0xc0 }, NULL, DECODE_ILLEGAL },
    { "lock on memory", FLAGS_64, 3, { 0xf0, 0x01, 0x00 }, "add", 0, 3, 4, 8 },
    { "lock cmp", FLAGS_64, 3, { 0xf0, 0x39, 0x00 }, NULL, DECODE_ILLEGAL },
    { "lock where memory is the source", FLAGS_64, 3, { 0xf0, 0x03, 0x00 }, NULL, DECODE_ILLEGAL },
    { "too long", FLAGS_64, 15, { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
      0x66, 0x66, 0x66, 0x66 }, NULL, DECODE_LONG },
    { "fifteen", FLAGS_64, 15, { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
      0x66, 0x66, 0x66, 0x90 }, "xchg", 0, 15, 2, 8 },
    { "cut", FLAGS_64, 4, { 0x48, 0x81, 0xc0, 1 }, NULL, DECODE_MORE },
    { "REX counts only last", FLAGS_64, 4, { 0x48, 0x66, 0x01, 0xc0 }, "add", 0, 4, 2, 8 },
    { "REX.W over 66", FLAGS_64, 4, { 0x66, 0x48, 0x01, 0xc0 }, "add", 0, 4, 8, 8 },
    { "push", FLAGS_64, 1, { 0x50 }, "push", 0, 1, 8, 8 },
    { "push 66", FLAGS_64, 2, { 0x66, 0x50 }, "push", 0, 2, 2, 8 },
    { "near branch ignores 66", FLAGS_64, 6, { 0x66, 0xe9, 0, 0, 0, 0 }, "jmp", 0, 6, 8, 8 },
    { "inc in 32 bits", FLAGS_32, 1, { 0x40 }, "inc", 0, 1, 4, 4 },
    { "16-bit address", FLAGS_16, 4, { 0x8b, 0x86, 0x34, 0x12 }, "mov", 0, 4, 2, 2 },
    { "16-bit disp", FLAGS_16, 4, { 0x8b, 0x06, 0x34, 0x12 }, "mov", 0, 4, 2, 2 },
    { "les", FLAGS_32, 2, { 0xc4, 0x00 }, "les", 0, 2, 4, 4 },
    { "vex in 32 bits", FLAGS_32, 5, { 0xc4, 0xe2, 0x70, 0xf2, 0xc2 }, "andn", 0, 5, 4, 4 },
    { "vex after 66", FLAGS_64, 6, { 0x66, 0xc4, 0xe2, 0x70, 0xf2, 0xc2 }, NULL, DECODE_ILLEGAL },
    { "movabs", FLAGS_64, 10, { 0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8 }, "mov", 0, 10, 8, 8 },
    { "moffs", FLAGS_64, 9, { 0xa1, 1, 2, 3, 4, 5, 6, 7, 8 }, "mov", 0, 9, 4, 8 },
    { "moffs, 32-bit address", FLAGS_64, 6, { 0x67, 0xa1, 1, 2, 3, 4 }, "mov", 0, 6, 4, 4 },
    { "endbr64", FLAGS_64, 4, { 0xf3, 0x0f, 0x1e, 0xfa }, "nop", 0, 4, 4, 8 },
    { "pause", FLAGS_64, 2, { 0xf3, 0x90 }, "pause", 0, 2, 4, 8 },
    { "popcnt 16", FLAGS_64, 5, { 0x66, 0xf3, 0x0f, 0xb8, 0xc1 }, "popcnt", 0, 5, 2, 8 },
    { "mov cr ignores mod", FLAGS_64, 3, { 0x0f, 0x20, 0x04 }, "mov", 0, 3, 8, 8 },
};

static void test_cases(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *c = &cases[i];
        X86Dis s;
        const X86Insn *r = decode(&s, c->flags, c->code, c->n);

        g_test_message("%s", c->what);
        g_assert_cmpstr(r ? r->name : NULL, ==, c->name);
        g_assert_cmpuint(s.status, ==, c->status);
        if (r) {
            g_assert_cmpuint(s.len, ==, c->len);
            g_assert_cmpuint(s.osize, ==, c->osize);
            g_assert_cmpuint(s.asize, ==, c->asize);
        }
    }
}

static void test_feature(void)
{
    static const uint8_t tzcnt[] = { 0xf3, 0x0f, 0xbc, 0xc1 };
    static CPUX86State env;
    X86Dis s;

    x86_dis_init(&s, &env, FLAGS_64);
    memcpy(s.code, tzcnt, 4);
    s.code_len = 4;
    g_assert_cmpstr(x86_decode(&s)->name, ==, "bsf");
    env.features[FEAT_7_0_EBX] = 1u << 3;
    g_assert_cmpstr(x86_decode(&s)->name, ==, "tzcnt");
}

/* ---- capstone ---- */

#ifdef CONFIG_CAPSTONE

static void put_opcode(uint8_t *code, unsigned map, unsigned opcode, bool rex, GRand *r)
{
    static const uint8_t prefixes[] = { 0x66, 0xf2, 0xf3, 0x2e, 0x64, 0x67, 0xf0 };
    unsigned n = 0;

    if (vex_map(map)) {
        code[n++] = 0xc4;
        code[n++] = (uint8_t)((g_rand_int(r) & 0xe0) | (map - MAP_VEX_0F + 1));
        code[n++] = (uint8_t)g_rand_int(r);
    } else {
        /* capstone takes other prefixes beside a mandatory one for it: one at most */
        if (g_rand_int_range(r, 0, 2)) {
            unsigned n_prefixes = map == MAP_1 ? G_N_ELEMENTS(prefixes) : 3;
            code[n++] = prefixes[g_rand_int_range(r, 0, (int)n_prefixes)];
        }
        if (rex && g_rand_int_range(r, 0, 2)) {
            code[n++] = (uint8_t)(0x40 | (g_rand_int(r) & 15));
        }
        if (map != MAP_1) {
            code[n++] = 0x0f;
        }
        if (map == MAP_0F38 || map == MAP_0F3A) {
            code[n++] = map == MAP_0F38 ? 0x38 : 0x3a;
        }
    }
    code[n++] = (uint8_t)opcode;
}

/* capstone knows UD0 and UD1 without modrm, cuts near branches by 66 as AMD does, and lets 67
 * change the size of RET's immediate */
static bool known_length(const X86Insn *r, const X86Dis *s)
{
    return r->trans == trans_ud || (r->flags & I_FORCE64 && s->prefix66) ||
           (r->trans == trans_ret && s->code[0] == 0x67);
}

static void print_case(const char *why, const uint8_t *code, const X86Insn *row, const X86Dis *s,
                       const cs_insn *insn)
{
    g_autoptr(GString) hex = g_string_new(NULL);

    for (unsigned i = 0; i < 15; i++) {
        g_string_append_printf(hex, "%02x ", code[i]);
    }
    g_test_message("%s: %s ours %s (%u), capstone %s %s (%u)", why, hex->str,
                   row ? row->name : "-", row ? s->len : 0, insn ? insn->mnemonic : "-",
                   insn ? insn->op_str : "", insn ? insn->size : 0);
}

/* capstone's name behind prefixes, e.g. "lock add" */
static const char *bare(const char *mnemonic)
{
    const char *space = strrchr(mnemonic, ' ');
    return space ? space + 1 : mnemonic;
}

/* Rows are named by family where capstone names forms; ours first. */
static const char *const same_names[][2] = {
    { "cbw", "cwde" }, { "cbw", "cdqe" }, { "cwd", "cdq" }, { "cwd", "cqo" }, { "mov", "movabs" },
    { "xchg", "nop" }, { "prefetch", "nop" }, { "nop", "endbr64" }, { "nop", "endbr32" },
    { "nop", "rdsspd" }, { "nop", "rdsspq" }, { "jcxz", "jecxz" }, { "jcxz", "jrcxz" },
    { "pushf", "pushfq" }, { "pushf", "pushfd" }, { "popf", "popfq" }, { "popf", "popfd" },
    { "iret", "iretd" }, { "iret", "iretq" }, { "cmpxchg8b", "cmpxchg16b" },
    { "pusha", "pushal" }, { "pusha", "pushaw" }, { "popa", "popal" }, { "popa", "popaw" },
    { "retf", "retfq" }, { "prefetchw", "prefetch" }, { "prefetchw", "prefetchwt1" },
    { "movsx", "movsxd" }, { "wbinvd", "wbnoinvd" }, { "xlat", "xlatb" },
    { "ud1", "ud2b" }, { "shl", "sal" }, { "pause", "xchg" }, { "pause", "nop" },
    { "movd", "movq" },
    { "andpd", "andps" },           /* capstone in 16-bit code */
};

static bool names_agree(const char *ours, const char *theirs)
{
    static const char *const families[] = { "j", "set", "cmov", "prefetch", "cmp", "f", "bnd",
                                            "movs", "stos", "lods", "scas", "ins", "outs", "sysret",
                                            "sysexit", "loop", "pinsr", "pextr", "movd", "xsave",
                                            "xrstor", "fxsave", "fxrstor" };

    if (strcmp(ours, theirs) == 0) {
        return true;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(same_names); i++) {
        if (strcmp(ours, same_names[i][0]) == 0 && strcmp(theirs, same_names[i][1]) == 0) {
            return true;
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(families); i++) {
        if (g_str_has_prefix(ours, families[i]) && g_str_has_prefix(theirs, families[i])) {
            return true;
        }
    }
    return false;
}

static void compare(uint32_t flags, cs_mode mode, bool all_rows)
{
    g_autoptr(GRand) rnd = g_rand_new_with_seed(7);
    unsigned bad = 0, agreed = 0;
    csh cs;

    g_assert_cmpint(cs_open(CS_ARCH_X86, mode, &cs), ==, CS_ERR_OK);
    for (unsigned map = 0; map < N_MAPS; map++) {
        for (unsigned k = 0; k < 256 * 40u; k++) {
            unsigned opcode = k & 255;
            uint8_t code[16];
            cs_insn *insn = NULL;
            const X86Insn *row;
            X86Dis s;

            for (unsigned i = 0; i < 16; i++) {
                code[i] = (uint8_t)g_rand_int(rnd);
            }
            put_opcode(code, map, opcode, mode == CS_MODE_64, rnd);
            row = decode(&s, flags, code, 15);
            size_t count = cs_disasm(cs, code, 15, 0x1000, 1, &insn);
            if (row && count) {
                if (insn->size != s.len && !known_length(row, &s)) {
                    print_case("length", code, row, &s, insn);
                    bad++;
                } else if ((mode != CS_MODE_16 || row->map == MAP_1) &&     /* its 66, F2, F3 */
                           !names_agree(row->name, bare(insn->mnemonic))) {
                    print_case("name", code, row, &s, insn);
                    bad++;
                } else {
                    agreed++;
                }
            } else if (all_rows && (row || count)) {
                print_case(row ? "ours only" : "theirs only", code, row, &s, count ? insn : NULL);
            }
            if (count) {
                cs_free(insn, count);
            }
        }
    }
    cs_close(&cs);
    g_test_message("%u agree, %u do not", agreed, bad);
    g_assert_cmpuint(agreed, >, 5000);
    g_assert_cmpuint(bad, ==, 0);
}

static void test_capstone64(void) { compare(FLAGS_64, CS_MODE_64, g_getenv("DECODE_ALL")); }
static void test_capstone32(void) { compare(FLAGS_32, CS_MODE_32, g_getenv("DECODE_ALL")); }
static void test_capstone16(void) { compare(FLAGS_16, CS_MODE_16, g_getenv("DECODE_ALL")); }
#endif

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode/reachable", test_reachable);
    g_test_add_func("/decode/modrm", test_modrm_agrees);
    g_test_add_func("/decode/cases", test_cases);
    g_test_add_func("/decode/feature", test_feature);
#ifdef CONFIG_CAPSTONE
    g_test_add_func("/decode/capstone64", test_capstone64);
    g_test_add_func("/decode/capstone32", test_capstone32);
    g_test_add_func("/decode/capstone16", test_capstone16);
#endif
    return g_test_run();
}
