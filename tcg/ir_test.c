/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The builder, and the passes as text before and after. */
#include <stdio.h>
#include <stdlib.h>
#include "tcg/ir-internal.h"

static IrBlock *b;
static IrVal ra, rb, rc, w0, d0;

static const IrHelper touch = { "touch", NULL, 0, IR_VOID, 0, { 0 } };
static const IrHelper pure = { "pure", NULL, IR_CALL_PURE, IR_I64, 1, { IR_I64 } };
static const IrHelper quiet = { "quiet", NULL,
                                IR_CALL_NO_READ | IR_CALL_NO_WRITE | IR_CALL_NO_FAULT, IR_VOID, 1,
                                { IR_I64 } };

typedef struct Case {
    const char *name;
    void (*build)(void);
    const char *before, *after;
} Case;

static IrVal t64(void) { return ir_temp(b, IR_I64); }
static IrVal t32(void) { return ir_temp(b, IR_I32); }

static void build_fold(void)
{
    IrVal x = t64(), y = t64();

    ir_movi(b, x, 40);
    ir_addi(b, y, x, 2);
    ir_mul(b, y, y, x);
    ir_mov(b, ra, y);
    ir_exit(b, 2);
}

static void build_copies(void)
{
    IrVal x = t64(), y = t64();

    ir_add(b, x, ra, rb);
    ir_mov(b, ra, x);               /* later uses of x read ra */
    ir_mov(b, y, x);
    ir_add(b, rb, y, y);
    ir_addi(b, ra, ra, 1);          /* ... until ra changes */
    ir_mov(b, rc, x);
    ir_exit(b, 2);
}

static void build_identities(void)
{
    IrVal x = t64();

    ir_addi(b, x, ra, 0);
    ir_ori(b, x, x, 0);
    ir_andi(b, x, x, ~0ull);
    ir_muli(b, x, x, 8);
    ir_subi(b, x, x, 5);
    ir_mov(b, ra, x);
    ir_xor(b, rb, rb, rb);
    ir_sub(b, rc, rc, rc);
    ir_exit(b, 2);
}

static void build_known_bits(void)
{
    IrVal x = t64(), y = t32(), z = t64();

    ir_trunc(b, y, ra);
    ir_zext(b, x, y);               /* ext32u of ra */
    ir_ext32u(b, z, x);             /* nothing left to cut */
    ir_mov(b, rb, z);
    ir_trunc(b, y, rb);
    ir_addi(b, y, y, 1);
    ir_zext(b, rc, y);
    ir_exit(b, 2);
}

static void build_branch(void)
{
    IrLabel *l = ir_label(b);
    IrVal c = t32(), m = t64();

    ir_setcond(b, IR_COND_LTU, c, ra, rb);
    ir_brcondi(b, IR_COND_EQ, c, 0, l);     /* becomes geu */
    ir_andi(b, m, ra, 64);
    ir_setcondi(b, IR_COND_NE, c, m, 0);    /* becomes a test */
    ir_mov(b, w0, c);
    ir_bind(b, l);
    ir_exit(b, 2);
}

static void build_dead_flags(void)
{
    ir_insn_start(b, 1, 0);
    ir_sub(b, rc, ra, rb);                  /* overwritten before anybody can look */
    ir_insn_start(b, 2, 0);
    ir_add(b, rc, ra, rb);
    ir_insn_start(b, 3, 0);
    ir_gst(b, ra, rb, MO_64 | mo_mmu(1));   /* may fault: rc is wanted */
    ir_xor(b, rc, ra, rb);
    ir_exit(b, 0);
}

static void build_dead_fp(void)
{
    IrVal x = ir_temp(b, IR_F64), y = ir_temp(b, IR_V128);

    ir_op2(b, IR_addsd, x, d0, d0);         /* may set sticky flags: stays */
    ir_ld(b, y, ir_env(b), 512, 0);
    ir_op2(b, IR_paddb, y, y, y);           /* goes, and the load */
    ir_exit(b, 2);
}

static void build_slots(void)
{
    IrVal x = ir_temp(b, IR_V128), y = ir_temp(b, IR_V128), z = t64();

    ir_ld(b, x, ir_env(b), 512, 0);
    ir_op2(b, IR_paddb, x, x, x);
    ir_st(b, x, ir_env(b), 512, 0);
    ir_ld(b, y, ir_env(b), 512, 0);         /* x */
    ir_op2(b, IR_pxor, y, y, x);
    ir_st(b, y, ir_env(b), 528, 0);
    ir_ld(b, z, ir_env(b), 512, MO_64);     /* the low lane of x */
    ir_mov(b, ra, z);
    ir_exit(b, 2);
}

/* a lane stored over a vector, then the vector; another lane, another vector */
static void build_lane_slots(void)
{
    IrVal x = ir_temp(b, IR_V128), y = ir_temp(b, IR_V128), f = ir_temp(b, IR_F64);
    IrVal z = t64(), s = ir_temp(b, IR_F32);

    ir_ld(b, x, ir_env(b), 512, 0);
    ir_ld(b, f, ir_env(b), 512, 0);         /* the low lane of x */
    ir_op2(b, IR_addsd, f, f, f);
    ir_st(b, f, ir_env(b), 512, 0);
    ir_ld(b, y, ir_env(b), 512, 0);         /* x with f below */
    ir_st(b, y, ir_env(b), 528, 0);
    ir_ld(b, z, ir_env(b), 520, MO_64);     /* the other lane: from memory */
    ir_st(b, f, ir_env(b), 536, 0);         /* over the upper lane: forgotten */
    ir_ld(b, x, ir_env(b), 528, 0);
    ir_st(b, x, ir_env(b), 544, 0);
    ir_ld(b, s, ir_env(b), 512, 0);         /* half of the lane: from memory */
    ir_st(b, s, ir_env(b), 560, 0);
    ir_mov(b, ra, z);
    ir_exit(b, 2);
}

static void build_dead_slots(void)
{
    IrVal x = ir_temp(b, IR_V128), y = ir_temp(b, IR_V128), z = t64();

    ir_ld(b, x, ir_env(b), 512, 0);
    ir_op2(b, IR_addps, x, x, x);
    ir_st(b, x, ir_env(b), 512, 0);         /* goes: written again below */
    ir_ld(b, y, ir_env(b), 512, 0);
    ir_op2(b, IR_mulps, y, y, x);
    ir_st(b, y, ir_env(b), 512, 0);         /* stays: the load may fault */
    ir_gld(b, z, ra, MO_64);
    ir_st(b, z, ir_env(b), 512, MO_64);     /* stays: read as another type */
    ir_ld(b, y, ir_env(b), 512, 0);
    ir_st(b, x, ir_env(b), 512, 0);
    ir_st(b, y, ir_env(b), 528, 0);
    ir_exit(b, 2);
}

static void build_addresses(void)
{
    IrVal x = t64(), y = t64(), z = t64();

    ir_addi(b, x, ra, 16);
    ir_gld(b, z, x, MO_64);
    ir_addi(b, y, x, 8);
    ir_gst(b, z, y, MO_32);
    ir_addi(b, ra, ra, 1);
    ir_gst(b, z, x, MO_8);                  /* ra is another by now */
    ir_gst(b, z, y, MO_64 | MO_ALIGN);      /* the check needs the sum */
    ir_exit(b, 2);
}

static void build_calls(void)
{
    IrVal x = t64();

    ir_call(b, &pure, x, 1, &ra);           /* unused: goes */
    ir_movi(b, ra, 5);
    ir_call(b, &quiet, NULL, 1, &ra);
    ir_mov(b, rb, ra);                      /* still 5 */
    ir_call(b, &touch, NULL, 0, NULL);
    ir_mov(b, rc, ra);                      /* may be anything */
    ir_exit(b, 2);
}

static void build_unreachable(void)
{
    IrLabel *l = ir_label(b);

    ir_brcondi(b, IR_COND_GEU, ra, 0, l);   /* always */
    ir_movi(b, ra, 1);
    ir_bind(b, l);
    ir_movi(b, rb, 1);
    ir_exit(b, 2);
}

static void build_loop(void)
{
    IrLabel *l = ir_label(b);
    IrVal n = t64();

    ir_movi(b, n, 4);
    ir_bind(b, l);
    ir_add(b, ra, ra, n);                   /* n is not 4 here */
    ir_subi(b, n, n, 1);
    ir_brcondi(b, IR_COND_NE, n, 0, l);
    ir_exit(b, 2);
}

/* what is loaded to be added becomes F64, what an integer op sees does not */
static void build_types(void)
{
    IrVal x = t64(), y = t64(), z = t64();
    IrVal d = ir_temp(b, IR_F64), e = ir_temp(b, IR_F64);

    ir_gld(b, x, ra, MO_64);
    ir_st(b, x, ir_env(b), 512, MO_64);
    ir_ld(b, y, ir_env(b), 528, MO_64);
    ir_movcond(b, IR_COND_NE, z, rb, rc, x, y);
    ir_op1(b, IR_fmov_from_int, d, z);
    ir_op2(b, IR_addsd, e, d, d);
    ir_op1(b, IR_fmov_to_int, x, e);
    ir_gst(b, x, rb, MO_64);
    y = t64();
    ir_gld(b, y, rb, MO_64);
    ir_op1(b, IR_fmov_from_int, d, y);
    ir_op2(b, IR_addsd, d0, d, d);
    ir_add(b, rc, rc, y);
    ir_exit(b, 2);
}

static const Case cases[] = {
#include "tcg/ir_test_text.h"
};

static void test_case(gconstpointer opaque)
{
    const Case *c = opaque;
    char *text;

    ir_block_reset(b);
    c->build();
    g_assert(!ir_block_overflow(b));
    ir_dump(b, &text);
    if (getenv("IR_TEST_PRINT")) {
        printf("BEFORE %s\n%s", c->name, text);
    } else {
        g_assert_cmpstr(text, ==, c->before);
    }
    g_free(text);
    tcg_optimise(b);
    ir_dump(b, &text);
    if (getenv("IR_TEST_PRINT")) {
        printf("AFTER %s\n%sEND\n", c->name, text);
    } else {
        g_assert_cmpstr(text, ==, c->after);
    }
    g_free(text);
}

static void test_builder(void)
{
    uint64_t v;
    IrVal a, c;

    ir_block_reset(b);
    a = ir_i64(b, 77);
    c = ir_i64(b, 77);
    g_assert(a == c);
    g_assert(ir_i32(b, 77) != a);
    g_assert(ir_is_const(ir_const(b, IR_I32, 0xfffffffff), &v) && v == 0xffffffff);
    g_assert(!ir_is_const(ra, &v));
    g_assert_cmpint(ir_type(d0), ==, IR_F64);
    for (unsigned i = 0; i < 3000; i++) {       /* more constants than the table has room for */
        a = ir_i64(b, i);
        g_assert(ir_block_overflow(b) || (ir_is_const(a, &v) && v == i));
    }
    g_assert(ir_block_overflow(b));
    ir_block_reset(b);
    g_assert(!ir_block_overflow(b));
    g_assert_cmpuint(ir_block_n_ops(b), ==, 0);
    for (IrCond x = IR_COND_EQ; x < IR_COND_ALWAYS; x++) {
        for (unsigned i = 0; i < 9; i++) {
            uint64_t p = i / 3 == 2 ? ~0ull : i / 3, q = i % 3 == 2 ? ~0ull : i % 3;

            g_assert(ir_eval_cond(x, IR_I64, p, q)
                     != ir_eval_cond(ir_cond_invert(x), IR_I64, p, q));
            g_assert(ir_eval_cond(x, IR_I64, p, q) == ir_eval_cond(ir_cond_swap(x), IR_I64, q, p));
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ra = ir_global_new(IR_I64, 0, "ra");
    rb = ir_global_new(IR_I64, 8, "rb");
    rc = ir_global_new(IR_I64, 16, "rc");
    w0 = ir_global_new(IR_I32, 24, "w0");
    d0 = ir_global_new(IR_F64, 32, "d0");
    b = ir_block_new();
    g_test_add_func("/tcg/ir/builder", test_builder);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        char path[64];

        g_snprintf(path, sizeof(path), "/tcg/ir/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    return g_test_run();
}
