/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segment loads, exception delivery and returns in real, protected, vm86 and 64-bit mode. */
#include "target/i386/sys-fake.h"
#include "util/main-loop.h"

static uint64_t stack_slot(CPUX86State *env, unsigned i, unsigned bytes)
{
    return fake_peek((uint32_t)env->regs[R_ESP] + i * bytes, bytes);
}

/* ---- segment loads ---- */

typedef struct SegLoad { int seg; uint16_t sel; } SegLoad;

static void do_load(CPUX86State *env, void *opaque)
{
    const SegLoad *l = opaque;
    x86_mov_seg(env, l->seg, l->sel, 0);
}

static int load(CPUX86State *env, int seg, uint16_t sel)
{
    return fake_try(env, do_load, &(SegLoad){ seg, sel });
}

static const struct {
    const char *what;
    bool wide;
    unsigned cpl;
    int seg;
    uint16_t sel;
    int vector;
    uint32_t code;
} seg_loads[] = {
    { "null ds",           0, 0, R_DS, 0,              FAKE_NONE,    0 },
    { "null ss",           0, 0, R_SS, 0,              EXCP0D_GPF,   0 },
    { "null ss 64 cpl 0",  1, 0, R_SS, 0,              FAKE_NONE,    0 },
    { "null ss 64 cpl 3",  1, 3, R_SS, 3,              EXCP0D_GPF,   0 },
    { "null ss rpl != cpl", 1, 0, R_SS, 3,             EXCP0D_GPF,   0 },
    { "user ds",           0, 3, R_DS, SEL_UDATA,      FAKE_NONE,    0 },
    { "kernel ds by user", 0, 3, R_DS, SEL_KDATA | 3,  EXCP0D_GPF,   SEL_KDATA },
    { "kernel ds",         0, 0, R_DS, SEL_KDATA,      FAKE_NONE,    0 },
    { "rpl 3 kernel ds",   0, 0, R_DS, SEL_KDATA | 3,  EXCP0D_GPF,   SEL_KDATA },
    { "readable code",     0, 0, R_FS, SEL_KCODE,      FAKE_NONE,    0 },
    { "conforming code",   0, 3, R_FS, SEL_CONFORMING | 3, FAKE_NONE, 0 },
    { "code as ss",        0, 0, R_SS, SEL_KCODE,      EXCP0D_GPF,   SEL_KCODE },
    { "user data as ss 0", 0, 0, R_SS, SEL_UDATA,      EXCP0D_GPF,   SEL_UDATA & ~3 },
    { "absent ds",         0, 0, R_DS, SEL_ABSENT,     EXCP0B_NOSEG, SEL_ABSENT },
    { "absent ss",         0, 0, R_SS, SEL_ABSENT,     EXCP0C_STACK, SEL_ABSENT },
    { "tss as ds",         0, 0, R_DS, SEL_TSS,        EXCP0D_GPF,   SEL_TSS },
    { "beyond the table",  0, 0, R_DS, 0x100,          EXCP0D_GPF,   0x100 },
    { "no ldt",            0, 0, R_DS, 0x0c,           EXCP0D_GPF,   0x0c },
};

static void test_seg_loads(void)
{
    CPUX86State *env = fake_cpu("max");

    for (unsigned i = 0; i < G_N_ELEMENTS(seg_loads); i++) {
        x86_cpu_reset(x86_cpu(env));
        if (seg_loads[i].wide) {
            fake_long(env, seg_loads[i].cpl);
        } else {
            fake_protected(env, seg_loads[i].cpl);
        }
        int vector = load(env, seg_loads[i].seg, seg_loads[i].sel);
        if (vector != seg_loads[i].vector
            || (vector != FAKE_NONE && env->error_code != seg_loads[i].code)) {
            g_error("%s: vector %d code 0x%x", seg_loads[i].what, vector, env->error_code);
        }
        if (vector == FAKE_NONE) {
            g_assert_cmphex(env->segs[seg_loads[i].seg].selector, ==, seg_loads[i].sel);
        }
    }
    fake_cpu_free(env);
}

static void test_accessed_bit(void)
{
    CPUX86State *env = fake_cpu("max");

    fake_protected(env, 0);
    g_assert_cmphex(fake_peek(FAKE_GDT + SEL_KDATA + 5, 1), ==, 0x92);
    g_assert_cmpint(load(env, R_ES, SEL_KDATA), ==, FAKE_NONE);
    g_assert_cmphex(fake_peek(FAKE_GDT + SEL_KDATA + 5, 1), ==, 0x93);
    g_assert_cmphex(env->segs[R_ES].limit, ==, 0xffffffff);
    fake_cpu_free(env);
}

static void test_real_mode_loads(void)
{
    CPUX86State *env = fake_cpu("max");

    env->segs[R_DS].limit = 0xffffffff;                 /* "unreal" */
    g_assert_cmpint(load(env, R_DS, 0x1234), ==, FAKE_NONE);
    g_assert_cmphex(env->segs[R_DS].base, ==, 0x12340);
    g_assert_cmphex(env->segs[R_DS].limit, ==, 0xffffffff);
    g_assert_true(env->hflags & HF_ADDSEG);
    fake_cpu_free(env);
}

/* ---- delivery ---- */

static void test_real_interrupt(void)
{
    CPUX86State *env = fake_cpu("max");

    x86_load_seg_cache(env, R_SS, 0, 0, 0xffff, env->segs[R_SS].flags);
    x86_load_seg_cache(env, R_CS, 0x900, 0x9000, 0xffff, env->segs[R_CS].flags);
    env->regs[R_ESP] = 0x6000;
    env->eip = 0x12;
    x86_eflags_set(env, EFL_IF | CC_C, EFL_IF | CC_C);
    fake_poke(6 * 4, 0x08000123, 4);
    g_assert_cmpint(fake_deliver(env, EXCP06_ILLOP, 0), ==, FAKE_NONE);
    g_assert_cmphex(env->eip, ==, 0x123);
    g_assert_cmphex(env->segs[R_CS].base, ==, 0x8000);
    g_assert_cmphex(env->regs[R_ESP], ==, 0x5ffa);
    g_assert_cmphex(stack_slot(env, 0, 2), ==, 0x12);
    g_assert_cmphex(stack_slot(env, 1, 2), ==, 0x900);
    g_assert_cmphex(stack_slot(env, 2, 2), ==, 0x203);
    g_assert_false(env->eflags & EFL_IF);
    helper_iret(env, 2, 0);
    g_assert_cmphex(env->eip, ==, 0x12);
    g_assert_cmphex(env->segs[R_CS].base, ==, 0x9000);
    g_assert_cmphex(x86_eflags_get(env), ==, 0x203);
    fake_cpu_free(env);
}

static void test_protected_inner(void)
{
    CPUX86State *env = fake_cpu("max");

    fake_protected(env, 3);
    fake_gate(env, EXCP0D_GPF, SYS_INT32, 0, 0, SEL_KCODE, FAKE_HANDLER);
    g_assert_cmpint(fake_deliver(env, EXCP0D_GPF, 0x1234), ==, FAKE_NONE);
    g_assert_cmpint(x86_cpl(env), ==, 0);
    g_assert_cmphex(env->eip, ==, FAKE_HANDLER);
    g_assert_cmphex(env->segs[R_SS].selector, ==, SEL_KDATA);
    g_assert_cmphex(env->regs[R_ESP], ==, FAKE_KSTACK - 24);
    g_assert_cmphex(stack_slot(env, 0, 4), ==, 0x1234);
    g_assert_cmphex(stack_slot(env, 1, 4), ==, FAKE_CODE);
    g_assert_cmphex(stack_slot(env, 2, 4), ==, SEL_UCODE);
    g_assert_cmphex(stack_slot(env, 3, 4), ==, EFL_IF | EFL_RF | 2);
    g_assert_cmphex(stack_slot(env, 4, 4), ==, FAKE_USTACK);
    g_assert_cmphex(stack_slot(env, 5, 4), ==, SEL_UDATA);
    env->regs[R_ESP] += 4;
    x86_load_seg_cache(env, R_GS, SEL_KDATA, 0, ~0u, DESC_P | DESC_S | DESC_W);
    helper_iret(env, 4, 0);
    g_assert_cmpint(x86_cpl(env), ==, 3);
    g_assert_cmphex(env->regs[R_ESP], ==, FAKE_USTACK);
    g_assert_cmphex(env->eip, ==, FAKE_CODE);
    g_assert_cmphex(env->segs[R_GS].selector, ==, 0);   /* ring 0 data is not left to ring 3 */
    fake_cpu_free(env);
}

static void test_gate_checks(void)
{
    CPUX86State *env = fake_cpu("max");

    fake_protected(env, 3);
    fake_gate(env, 0x21, SYS_INT32, 0, 0, SEL_KCODE, FAKE_HANDLER);
    env->exception_is_int = true;                       /* INT 0x21 of ring 3: gate's DPL is 0 */
    g_assert_cmpint(fake_deliver(env, 0x21, 0), ==, EXCP0D_GPF);
    g_assert_cmphex(env->error_code, ==, 0x21 * 8 + 2);
    fake_gate(env, 0x21, SYS_INT32, 3, 0, SEL_KCODE, FAKE_HANDLER);
    env->exception_is_int = true;
    env->exception_next_eip = 0x9002;
    g_assert_cmpint(fake_deliver(env, 0x21, 0), ==, FAKE_NONE);
    g_assert_cmphex(stack_slot(env, 0, 4), ==, 0x9002);
    fake_cpu_free(env);
}

static void test_long_delivery(void)
{
    CPUX86State *env = fake_cpu("max");

    fake_long(env, 3);
    fake_gate(env, EXCP0E_PAGE, SYS_INT32, 0, 0, SEL_KCODE, 0x8000);
    fake_gate(env, EXCP02_NMI, SYS_INT32, 0, 1, SEL_KCODE, 0x8100);
    env->regs[R_ESP] = FAKE_USTACK + 5;
    g_assert_cmpint(fake_deliver(env, EXCP0E_PAGE, 6), ==, FAKE_NONE);
    g_assert_cmphex(env->eip, ==, 0x8000);
    g_assert_cmphex(env->regs[R_ESP], ==, FAKE_KSTACK - 48);
    g_assert_cmphex(stack_slot(env, 0, 8), ==, 6);
    g_assert_cmphex(stack_slot(env, 1, 8), ==, FAKE_CODE);
    g_assert_cmphex(stack_slot(env, 4, 8), ==, FAKE_USTACK + 5);
    g_assert_cmphex(stack_slot(env, 5, 8), ==, SEL_UDATA);
    g_assert_cmphex(env->segs[R_SS].selector, ==, 0);
    g_assert_cmpint(x86_cpl(env), ==, 0);
    g_assert_true(env->hflags & HF_CS64);
    /* a nested NMI on its own stack; SS stays */
    env->regs[R_ESP] -= 3;
    g_assert_cmpint(fake_deliver(env, EXCP02_NMI, 0), ==, FAKE_NONE);
    g_assert_cmphex(env->regs[R_ESP], ==, FAKE_IST - 40);
    g_assert_cmphex(stack_slot(env, 3, 8), ==, FAKE_KSTACK - 51);
    helper_iret(env, 8, 0);
    g_assert_cmphex(env->regs[R_ESP], ==, FAKE_KSTACK - 51);
    env->regs[R_ESP] += 3 + 8;
    helper_iret(env, 8, 0);
    g_assert_cmpint(x86_cpl(env), ==, 3);
    g_assert_cmphex(env->regs[R_ESP], ==, FAKE_USTACK + 5);
    g_assert_cmphex(env->segs[R_CS].selector, ==, SEL_UCODE);
    fake_cpu_free(env);
}

static bool reset_asked;

static void on_triple_fault(CPUState *cpu)
{
    g_assert_true(bql_held());
    reset_asked = true;
}

static void test_double_triple(void)
{
    CPUX86State *env = fake_cpu("max");

    x86_triple_fault = on_triple_fault;
    fake_long(env, 0);
    fake_gate(env, EXCP08_DBLE, SYS_INT32, 0, 1, SEL_KCODE, 0x8800);
    /* #GP whose gate is absent: #NP meanwhile; contributory twice is #DF */
    g_assert_cmpint(fake_deliver(env, EXCP0D_GPF, 0), ==, EXCP08_DBLE);
    g_assert_cmphex(env->error_code, ==, 0);
    g_assert_cmpint(fake_deliver(env, EXCP08_DBLE, 0), ==, FAKE_NONE);
    g_assert_cmphex(env->eip, ==, 0x8800);
    /* #UD is benign: the second one is served as it is */
    g_assert_cmpint(fake_deliver(env, EXCP06_ILLOP, 0), ==, EXCP0D_GPF);
    /* no way to serve #DF */
    env->idt.limit = 0;
    g_assert_cmpint(fake_deliver(env, EXCP0D_GPF, 0), ==, EXCP08_DBLE);
    g_assert_false(reset_asked);
    g_assert_cmpint(fake_deliver(env, EXCP08_DBLE, 0), ==, EXCP_HLT);
    g_assert_true(reset_asked);
    g_assert_true(x86_cpu(env)->halted);
    g_assert_false(bql_held());
    fake_cpu_free(env);
}

static void test_vm86(void)
{
    CPUX86State *env = fake_cpu("max");

    fake_protected(env, 0);
    fake_gate(env, EXCP0D_GPF, SYS_INT32, 0, 0, SEL_KCODE, FAKE_HANDLER);
    env->regs[R_ESP] = FAKE_KSTACK - 36;
    const uint32_t frame[9] = { 0x10, 0x900, EFL_VM | EFL_IF | 2, 0x200, 0xb00, 0x111, 0x222,
                                0x333, 0x444 };         /* ip cs flags sp ss es ds fs gs */
    for (unsigned i = 0; i < 9; i++) {
        fake_poke(FAKE_KSTACK - 36 + i * 4, frame[i], 4);
    }
    helper_iret(env, 4, 0);
    g_assert_true(x86_is_vm86(env));
    g_assert_cmpint(x86_cpl(env), ==, 3);
    g_assert_cmphex(env->segs[R_FS].base, ==, 0x3330);
    g_assert_cmphex(env->regs[R_ESP], ==, 0x200);
    g_assert_cmpint(fake_deliver(env, EXCP0D_GPF, 0), ==, FAKE_NONE);
    g_assert_false(x86_is_vm86(env));
    g_assert_cmphex(env->regs[R_ESP], ==, FAKE_KSTACK - 40);
    for (unsigned i = 0; i < 9; i++) {
        g_assert_cmphex(stack_slot(env, i + 1, 4), ==, frame[i] | (i == 2 ? EFL_RF : 0));
    }
    g_assert_cmphex(env->segs[R_DS].selector, ==, 0);
    fake_cpu_free(env);
}

/* ---- far transfers ---- */

static void test_call_gate(void)
{
    CPUX86State *env = fake_cpu("max");

    fake_protected(env, 3);
    fake_poke(FAKE_GDT + SEL_GATE, SEL_KCODE << 16 | FAKE_HANDLER, 4);
    fake_poke(FAKE_GDT + SEL_GATE + 4, 0xec02, 4);      /* 32-bit, DPL 3, two parameters */
    fake_poke(FAKE_USTACK, 0xaaaa, 4);
    fake_poke(FAKE_USTACK + 4, 0xbbbb, 4);
    helper_far_call(env, SEL_GATE | 3, 0, 4, FAKE_CODE + 7);
    g_assert_cmpint(x86_cpl(env), ==, 0);
    g_assert_cmphex(env->eip, ==, FAKE_HANDLER);
    g_assert_cmphex(env->regs[R_ESP], ==, FAKE_KSTACK - 24);
    const uint64_t want[6] = { FAKE_CODE + 7, SEL_UCODE, 0xaaaa, 0xbbbb, FAKE_USTACK, SEL_UDATA };
    for (unsigned i = 0; i < 6; i++) {
        g_assert_cmphex(stack_slot(env, i, 4), ==, want[i]);
    }
    helper_far_ret(env, 4, 8);
    g_assert_cmpint(x86_cpl(env), ==, 3);
    g_assert_cmphex(env->eip, ==, FAKE_CODE + 7);
    g_assert_cmphex(env->regs[R_ESP], ==, FAKE_USTACK + 8);
    fake_cpu_free(env);
}

static void test_task_switch(void)
{
    CPUX86State *env = fake_cpu("max");

    fake_protected(env, 0);
    const uint32_t segs[6] = { SEL_KDATA, SEL_KCODE, SEL_KDATA, SEL_KDATA, 0, 0 };
    fake_poke(FAKE_TSS2 + 0x20, 0x8765, 4);
    fake_poke(FAKE_TSS2 + 0x24, 0x202, 4);
    fake_poke(FAKE_TSS2 + 0x28, 0xeeee, 4);
    for (unsigned i = 0; i < 6; i++) {
        fake_poke(FAKE_TSS2 + 0x48 + i * 4, segs[i], 4);
    }
    env->regs[R_EBX] = 0x55;
    helper_far_call(env, SEL_TSS2, 0, 4, FAKE_CODE + 7);
    g_assert_cmphex(env->eip, ==, 0x8765);
    g_assert_cmphex(env->regs[R_EAX], ==, 0xeeee);
    g_assert_cmphex(env->tr.selector, ==, SEL_TSS2);
    g_assert_true(env->eflags & EFL_NT);
    g_assert_true(env->cr[0] & CR0_TS);
    g_assert_cmphex(fake_peek(FAKE_TSS2, 2), ==, SEL_TSS);
    g_assert_cmphex(fake_peek(FAKE_TSS + 0x20, 4), ==, FAKE_CODE + 7);
    g_assert_cmphex(fake_peek(FAKE_TSS + 0x28 + 3 * 4, 4), ==, 0x55);
    /* in real life LTR made the first one busy */
    fake_poke(FAKE_GDT + SEL_TSS + 5, 0x8b, 1);
    helper_iret(env, 4, 0x8767);
    g_assert_cmphex(env->tr.selector, ==, SEL_TSS);
    g_assert_cmphex(env->eip, ==, FAKE_CODE + 7);
    g_assert_cmphex(env->regs[R_EBX], ==, 0x55);
    g_assert_cmphex(fake_peek(FAKE_GDT + SEL_TSS2 + 5, 1), ==, 0x89);
    fake_cpu_free(env);
}

static void test_syscall(void)
{
    CPUX86State *env = fake_cpu("max");

    fake_long(env, 3);
    env->star = (uint64_t)(SEL_UCODE32 & ~3) << 48 | (uint64_t)SEL_KCODE << 32;
    env->lstar = 0xffffffff81000000;
    env->fmask = EFL_IF | EFL_TF;
    x86_eflags_set(env, CC_Z, CC_Z);
    helper_syscall(env, FAKE_CODE + 2);
    g_assert_cmpint(x86_cpl(env), ==, 0);
    g_assert_cmphex(env->eip, ==, env->lstar);
    g_assert_cmphex(env->regs[R_ECX], ==, FAKE_CODE + 2);
    g_assert_cmphex(env->regs[R_R11], ==, EFL_IF | CC_Z | 2);
    g_assert_false(env->eflags & EFL_IF);
    helper_sysret(env, 8);
    g_assert_cmpint(x86_cpl(env), ==, 3);
    g_assert_cmphex(env->segs[R_CS].selector, ==, SEL_UCODE);
    g_assert_cmphex(env->segs[R_SS].selector, ==, SEL_UDATA);
    g_assert_true(env->hflags & HF_CS64);
    g_assert_true(env->eflags & EFL_IF);
    fake_cpu_free(env);
}

/* ---- interrupts ---- */

static int next_vector;
static int fake_ack(void *opaque) { return next_vector; }

static void test_interrupts(void)
{
    CPUX86State *env = fake_cpu("max");
    CPUState *cpu = x86_cpu(env);

    x86_pic_ack = fake_ack;
    fake_long(env, 0);
    fake_gate(env, 0x30, SYS_INT32, 0, 0, SEL_KCODE, 0x8000);
    next_vector = 0x30;
    cpu_interrupt(cpu, CPU_INTERRUPT_HARD);
    x86_eflags_set(env, 0, EFL_IF);
    g_assert_false(x86_has_work(cpu));
    g_assert_false(x86_do_interrupt(cpu, cpu->interrupt_request));
    helper_sti(env);
    g_assert_true(x86_has_work(cpu));
    g_assert_false(x86_do_interrupt(cpu, cpu->interrupt_request));      /* in STI's shadow */
    helper_reset_inhibit(env);
    g_assert_true(x86_do_interrupt(cpu, cpu->interrupt_request));
    g_assert_cmphex(env->eip, ==, 0x8000);
    g_assert_false(env->eflags & EFL_IF);
    next_vector = -1;                                                   /* gone meanwhile */
    x86_eflags_set(env, EFL_IF, EFL_IF);
    g_assert_false(x86_do_interrupt(cpu, cpu->interrupt_request));
    g_assert_cmphex(cpu->interrupt_request, ==, 0);
    fake_cpu_free(env);
}

static void test_init_sipi(void)
{
    CPUX86State *env = fake_cpu("max");
    CPUState *cpu = x86_cpu(env);

    env->is_bsp = false;
    env->xmm[3].q[0] = 0x1234;
    env->tsc_aux = 7;
    cpu_interrupt(cpu, CPU_INTERRUPT_INIT);
    g_assert_true(x86_do_interrupt(cpu, cpu->interrupt_request));
    g_assert_true(cpu->halted && env->wait_sipi);
    g_assert_cmphex(env->xmm[3].q[0], ==, 0x1234);
    g_assert_cmphex(env->tsc_aux, ==, 7);
    cpu_interrupt(cpu, CPU_INTERRUPT_HARD | CPU_INTERRUPT_NMI);
    g_assert_false(x86_has_work(cpu));
    cpu->sipi_vector = 0x9a;
    cpu_interrupt(cpu, CPU_INTERRUPT_SIPI);
    g_assert_true(x86_has_work(cpu));
    g_assert_true(x86_do_interrupt(cpu, cpu->interrupt_request));
    g_assert_false(cpu->halted || env->wait_sipi);
    g_assert_cmphex(env->segs[R_CS].base, ==, 0x9a000);
    g_assert_cmphex(env->eip, ==, 0);
    fake_cpu_free(env);
}

/* ---- flags and ports ---- */

static void do_popf(CPUX86State *env, void *opaque) { helper_popf(env, *(uint32_t *)opaque, 4); }
static void do_cli(CPUX86State *env, void *opaque) { helper_cli(env); }
static void do_io(CPUX86State *env, void *opaque) { helper_check_io(env, 0x3f8, 2); }

static void test_flags(void)
{
    CPUX86State *env = fake_cpu("max");
    uint32_t all = ~0u;

    fake_protected(env, 3);
    x86_eflags_set(env, 0, EFL_IF);
    g_assert_cmpint(fake_try(env, do_popf, &all), ==, FAKE_NONE);
    g_assert_cmphex(x86_eflags_get(env) & (EFL_IF | EFL_IOPL | EFL_VM | EFL_VIF | EFL_RF), ==, 0);
    g_assert_true(x86_eflags_get(env) & EFL_ID);
    g_assert_cmpint(fake_try(env, do_cli, NULL), ==, EXCP0D_GPF);
    x86_eflags_set(env, EFL_IOPL, EFL_IOPL);
    g_assert_cmpint(fake_try(env, do_cli, NULL), ==, FAKE_NONE);
    x86_eflags_set(env, 0, EFL_IOPL);
    env->cr[4] |= CR4_PVI;
    x86_eflags_set(env, EFL_VIF, EFL_VIF);
    g_assert_cmpint(fake_try(env, do_cli, NULL), ==, FAKE_NONE);
    g_assert_false(env->eflags & EFL_VIF);
    fake_cpu_free(env);
}

static void test_io_bitmap(void)
{
    CPUX86State *env = fake_cpu("max");

    fake_protected(env, 3);
    g_assert_cmpint(fake_try(env, do_io, NULL), ==, EXCP0D_GPF);        /* bitmap beyond limit */
    env->tr.limit = 0x68 + 0x80 + 1;
    fake_poke(FAKE_TSS + 0x66, 0x68, 2);
    g_assert_cmpint(fake_try(env, do_io, NULL), ==, FAKE_NONE);
    fake_poke(FAKE_TSS + 0x68 + 0x3f8 / 8, 2, 1);                       /* port 0x3f9 */
    g_assert_cmpint(fake_try(env, do_io, NULL), ==, EXCP0D_GPF);
    fake_cpu_free(env);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/seg/loads", test_seg_loads);
    g_test_add_func("/seg/accessed-bit", test_accessed_bit);
    g_test_add_func("/seg/real-mode", test_real_mode_loads);
    g_test_add_func("/excp/real", test_real_interrupt);
    g_test_add_func("/excp/protected-inner", test_protected_inner);
    g_test_add_func("/excp/gate-checks", test_gate_checks);
    g_test_add_func("/excp/long", test_long_delivery);
    g_test_add_func("/excp/double-triple", test_double_triple);
    g_test_add_func("/excp/vm86", test_vm86);
    g_test_add_func("/far/call-gate", test_call_gate);
    g_test_add_func("/far/task-switch", test_task_switch);
    g_test_add_func("/far/syscall", test_syscall);
    g_test_add_func("/interrupt/maskable", test_interrupts);
    g_test_add_func("/interrupt/init-sipi", test_init_sipi);
    g_test_add_func("/flags", test_flags);
    g_test_add_func("/io-bitmap", test_io_bitmap);
    return g_test_run();
}
