/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random tables, registers and modes; then random system instructions, exceptions and interrupts.
 * Nothing is expected but that we live, that nothing hangs, and a few invariants of the state.
 */
#include <string.h>
#include "memory/memory.h"
#include "target/i386/sys-fake.h"
#include "util/main-loop.h"

#define ROUNDS 300
#define STEPS 60

static GRand *rnd;

static uint64_t r64(void) { return (uint64_t)g_rand_int(rnd) << 32 | g_rand_int(rnd); }
static uint32_t below(uint32_t n) { return (uint32_t)g_rand_int_range(rnd, 0, (int)n); }
static bool one_in(uint32_t n) { return below(n) == 0; }

/* numbers near where things are, or anything */
static uint64_t number(void)
{
    static const uint64_t nice[] = { 0, 1, 7, 8, 0x0b, 0x10, 0x1b, 0x23, 0x2b, 0x30, 0x40, 0x50,
        0x60, 0x68, 0x7f, 0x1000, 0x2000, 0x3000, 0x7ffffffff000, 0x800000000000,
        0xffff800000000000, 0xffffffff, ~0ull, 0xfee00000, 0xfff, 0x6000, 0xc0000080, 0x80000001 };

    return one_in(4) ? r64() : nice[below(G_N_ELEMENTS(nice))] + (one_in(4) ? below(16) : 0);
}

static uint32_t some_bits(void) { return (uint32_t)(r64() & r64()); }

static void random_state(CPUX86State *env)
{
    x86_cpu_reset(x86_cpu(env));
    memset(fake_ram, 0, 0x20000);
    switch (below(3)) {
    case 0: break;
    case 1: fake_protected(env, one_in(2) ? 3 : 0); break;
    default: fake_long(env, one_in(2) ? 3 : 0); break;
    }
    for (unsigned v = 0; v < 40; v++) {
        fake_gate(env, v, one_in(3) ? below(16) : SYS_INT32 + below(2), below(4),
                  one_in(3) ? below(8) : 0, (uint16_t)(one_in(3) ? number() : SEL_KCODE),
                  one_in(4) ? r64() : FAKE_HANDLER);
    }
    for (unsigned i = below(40); i > 0; i--) {          /* descriptors, TSS, paging, stacks */
        fake_poke(FAKE_GDT + below(0x20) * 8 + below(8), below(256), 1);
        fake_poke(below(0x18000), r64(), 8);
    }
    for (int i = 0; i < X86_N_REGS; i++) {
        if (one_in(3)) {
            env->regs[i] = number();
        }
    }
    x86_eflags_set(env, some_bits(), EFL_WRITABLE);
    if (x86_is_protected(env) && !x86_is_long(env) && one_in(4)) {
        x86_eflags_set(env, EFL_VM, EFL_VM);
        for (int i = 0; i < X86_N_SEGS; i++) {
            x86_load_seg_vm(env, i, (uint16_t)number());
        }
        x86_update_hflags(env);
    }
    if (one_in(4)) {
        env->tr.limit = below(0x2100);
        env->gdt.limit = below(0x10000);
        env->ldt = (SegmentCache){ .base = FAKE_GDT, .limit = below(0x100), .flags = DESC_P };
    }
    env->sysenter_cs = number();
    env->star = r64();
    env->fmask = some_bits();
}

typedef void Fn(CPUX86State *, uint64_t, uint64_t, uint64_t, uint64_t);

static const IrHelper *const helpers[] = {
#define SYS_HELPER(n, ...) &hlp_##n,
#include "target/i386/sys-helpers.def"
#undef SYS_HELPER
};

/* arguments as the translator would pass them */
static uint64_t argument(const IrHelper *h, unsigned i)
{
    const char *n = h->name;
    uint64_t osize[] = { 2, 4, 8 };

    if (!strcmp(n, "load_seg") && i == 1) {
        static const uint8_t segs[] = { R_ES, R_SS, R_DS, R_FS, R_GS };
        return segs[below(5)];
    }
    if (!strcmp(n, "wrsegbase") && i == 1) {
        return R_FS + below(2);
    }
    if (!strcmp(n, "raise") || !strcmp(n, "raise_err")) {
        return i == 1 ? below(20) : below(0x10000);
    }
    if (!strcmp(n, "bound") && i == 3) {
        return osize[below(2)];
    }
    if ((!strcmp(n, "in") || !strcmp(n, "check_io")) && i == 2) {
        return 1u << below(3);
    }
    if (!strcmp(n, "out") && i == 3) {
        return 1u << below(3);
    }
    static const struct { const char *name; unsigned arg; } sized[] = {
        { "far_jmp", 3 }, { "far_call", 3 }, { "far_ret", 1 }, { "iret", 1 }, { "sysexit", 1 },
        { "sysret", 1 }, { "load_dtr", 3 }, { "store_dtr", 3 }, { "rdrand", 1 }, { "rdseed", 1 },
        { "pushf", 1 }, { "popf", 2 },
    };
    for (unsigned k = 0; k < G_N_ELEMENTS(sized); k++) {
        if (!strcmp(n, sized[k].name) && i == sized[k].arg) {
            return osize[below(3)];
        }
    }
    if ((!strcmp(n, "load_dtr") || !strcmp(n, "store_dtr")) && i == 2) {
        return below(2);
    }
    if ((g_str_has_prefix(n, "read_") || g_str_has_prefix(n, "write_")) && i == 1) {
        return below(16);
    }
    return h->args[i] == IR_I32 ? (uint32_t)number() : number();
}

static void call_helper(CPUX86State *env, void *opaque)
{
    const IrHelper *h = opaque;
    uint64_t a[5] = { 0 };

    for (unsigned i = 1; i < h->n_args; i++) {
        a[i] = argument(h, i);
    }
    ((Fn *)h->fn)(env, a[1], a[2], a[3], a[4]);
}

static void interrupt(CPUX86State *env, void *opaque)
{
    x86_do_interrupt(x86_cpu(env), x86_cpu(env)->interrupt_request);
}

static int any_vector(void *opaque) { return one_in(4) ? -1 : (int)below(48); }
static void triple(CPUState *cpu) { }

static void check_state(CPUX86State *env, const IrHelper *h)
{
    g_assert_cmpuint(x86_cpl(env), <=, 3);
    if (!(env->hflags & HF_PE)) {
        g_assert_cmpuint(x86_cpl(env), ==, 0);
    }
    g_assert_cmpint((env->hflags & HF_CS64) != 0, ==,
                    x86_is_long(env) && (env->segs[R_CS].flags & DESC_L));
    g_assert_cmpint((env->hflags & HF_LMA) != 0, ==, (env->efer & EFER_LMA) != 0);
    g_assert_cmpint(env->cc_op, <, CC_OP_N);
    g_assert_cmphex(env->eflags & (CC_ALL | EFL_DF), ==, 0);
    g_assert_false(bql_held());
    /* what x86_update_hflags() makes of the state is what we kept up to date by pieces */
    uint32_t before = env->hflags;
    x86_update_hflags(env);
    if ((env->hflags ^ before) & ~HF_TF) {
        g_error("after %s: hflags are 0x%x, should be 0x%x", h->name, before, env->hflags);
    }
    env->hflags = before;
}

/* after a fault the run loop delivers; each delivery may fault again, at most to a triple fault */
static void deliver_all(CPUX86State *env, int vector)
{
    for (unsigned i = 0; vector >= 0 && vector < 0x100; i++) {
        g_assert_cmpuint(i, <, 8);
        vector = fake_deliver(env, vector, env->error_code);
    }
    if (vector == EXCP_HLT) {
        x86_cpu(env)->halted = false;
        env->wait_sipi = false;
    }
}

static void test_hostile(void)
{
    CPUX86State *env = fake_cpu("max,+la57,+monitor");
    CPUState *cpu = x86_cpu(env);

    x86_triple_fault = triple;
    x86_pic_ack = any_vector;
    for (unsigned i = 0; i < ROUNDS; i++) {
        random_state(env);
        for (unsigned k = 0; k < STEPS; k++) {
            const IrHelper *h = helpers[below(G_N_ELEMENTS(helpers))];
            deliver_all(env, fake_try(env, call_helper, (void *)(uintptr_t)h));
            if (one_in(4)) {
                cpu->interrupt_request = below(256);
                bql_lock();
                int vector = fake_try(env, interrupt, NULL);
                if (bql_held()) {
                    bql_unlock();
                }
                deliver_all(env, vector);
                cpu->halted = env->wait_sipi = false;
            }
            check_state(env, h);
        }
    }
    fake_cpu_free(env);
}

static void test_hostile_dump(void)
{
    CPUX86State *env = fake_cpu("max");
    g_autofree char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    for (unsigned i = 0; i < 200; i++) {
        random_state(env);
        for (int s = 0; s < X86_N_SEGS; s++) {
            env->segs[s].flags = (uint32_t)r64();
        }
        x86_cpu_ops.dump_state(x86_cpu(env), f);
        x86_virt_to_phys(x86_cpu(env), number());
    }
    fclose(f);
    fake_cpu_free(env);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    rnd = g_rand_new_with_seed(20261123);
    type_init_all();
    bql_lock();
    memory_init();
    bql_unlock();
    g_test_add_func("/hostile/instructions", test_hostile);
    g_test_add_func("/hostile/dump", test_hostile_dump);
    return g_test_run();
}
