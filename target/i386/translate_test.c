/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small programs of 64, 32 and 16-bit code, run as user programs with the results that the manual
 * gives, and random bytes translated (not run) in every mode. What the host's own CPU can run is
 * compared with it by tests/tcg/i386/fuzz.c; this is for the rest.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ucontext.h>
#include "accel/accel.h"
#include "target/i386/decode.h"

#define CODE_ADDR 0x10000ul
#define DATA_ADDR 0x20000ul             /* 16-bit code reaches it with a segment base */
#define AREA_BYTES 4096ul

static CPUState *cpu;
static CPUX86State *env;

static int page_query(uint64_t gva)
{
    if (gva >= DATA_ADDR && gva < DATA_ADDR + AREA_BYTES) {
        return PROT_R | PROT_W;
    }
    return gva >= CODE_ADDR && gva < CODE_ADDR + AREA_BYTES ? PROT_R | PROT_X : 0;
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    uintptr_t pc = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP], new_pc = 0;

    if (!tcg_user_segv(current_cpu, pc, (uintptr_t)info->si_addr,
                       uc->uc_mcontext.gregs[REG_ERR] & 2, &new_pc)) {
        signal(sig, SIG_DFL);
    } else if (new_pc) {
        uc->uc_mcontext.gregs[REG_RIP] = (greg_t)new_pc;
    }
}

static void map_at(uint64_t addr)
{
    void *p = mmap((void *)addr, AREA_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    g_assert(p == (void *)addr);
}

static void set_up(const char *accel)
{
    static uint8_t alt_stack[65536];
    stack_t alt = { .ss_sp = alt_stack, .ss_size = sizeof(alt_stack) };
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    Error *err = NULL;

    type_init_all();
    g_assert(accel_select(accel, &err));
    map_at(CODE_ADDR);
    map_at(DATA_ADDR);
    tcg_user_set_page_query(page_query);
    tcg_user_init(&x86_cpu_ops, 0);
    cpu = &x86_cpu_new("max", true, &err)->parent;
    env = x86_env(cpu);
    current_cpu = cpu;
    cpu_list_add(cpu);
    sigaltstack(&alt, NULL);
    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGBUS, &sa, NULL);
}

static void set_mode(unsigned bits)
{
    uint32_t common = DESC_P | DESC_S | DESC_A | 3u << DESC_DPL_SHIFT;
    uint32_t code = common | DESC_CS | DESC_R | (bits == 64 ? DESC_L : bits == 32 ? DESC_B : 0);
    uint32_t data = common | DESC_W | (bits == 16 ? 0 : DESC_B);
    uint64_t base = bits == 16 ? DATA_ADDR : 0;

    env->cr[0] = CR0_PG | CR0_PE | CR0_WP | CR0_NE | CR0_ET | CR0_MP;
    env->cr[4] = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_FSGSBASE | CR4_OSXSAVE;
    env->efer = EFER_LMA | EFER_LME | EFER_SCE | EFER_NXE;
    x86_load_seg_cache(env, R_CS, 0x33, bits == 16 ? CODE_ADDR : 0, 0xffffffff, code);
    x86_load_seg_cache(env, R_SS, 0x2b, base, 0xffffffff, data);
    x86_load_seg_cache(env, R_DS, 0x2b, base, 0xffffffff, data);
    x86_load_seg_cache(env, R_ES, 0x2b, base, 0xffffffff, data);
    x86_eflags_set(env, EFL_IF | 2, ~0u);
    x86_update_hflags(env);
}

static void put_code(const uint8_t *code, unsigned n)
{
    memset((void *)CODE_ADDR, 0xcc, 64);
    memcpy((void *)CODE_ADDR, code, n);
    tcg_user_invalidate(CODE_ADDR, AREA_BYTES);
}

/* runs until int3 */
static void run(unsigned bits)
{
    int why;

    env->eip = bits == 16 ? 0 : CODE_ADDR;
    do {
        why = cpu_exec(cpu);
    } while (why == EXCP_INTERRUPT || why == EXCP_ATOMIC);
    g_assert_cmpint(why, ==, EXCP_USER_TRAP);
}

/* ---- programs: what goes in, what comes out; data is 16 bytes at DATA_ADDR + 0x100 ---- */

typedef struct Regs { uint64_t ax, cx, dx, bx, sp, bp, si, di; } Regs;

typedef struct Program {
    const char *what;
    unsigned bits, n;
    uint8_t code[24];
    Regs in, out;               /* sp of 0: not looked at */
    uint32_t flags_in, flags_out, flags_mask;
    uint8_t data_in[16], data_out[16];
    uint8_t trap_plus_1;        /* 0: the int3 at the end */
} Program;
#define TRAP(n) .trap_plus_1 = (n) + 1

#define FLAT (DATA_ADDR + 0x100)

static const Program programs[] = {
    { "daa", 32, 1, { 0x27 }, { .ax = 0x1279 + 0x35 }, { .ax = 0x1214 }, 0, CC_C | CC_A | CC_P,
      CC_C | CC_A | CC_P | CC_Z | CC_S },
    { "das", 32, 1, { 0x2f }, { .ax = 0xee }, { .ax = 0x88 }, CC_A | CC_C,
      CC_C | CC_A | CC_S | CC_P,
      CC_C | CC_A | CC_S | CC_P | CC_Z },
    { "aaa", 32, 1, { 0x37 }, { .ax = 0x000f }, { .ax = 0x0105 }, 0, CC_C | CC_A, CC_C | CC_A },
    { "aas", 32, 1, { 0x3f }, { .ax = 0x0205 }, { .ax = 0x000f }, CC_A, CC_C | CC_A, CC_C | CC_A },
    { "aam", 32, 2, { 0xd4, 10 }, { .ax = 0x3f }, { .ax = 0x0603 }, 0, CC_P, CC_P | CC_Z | CC_S },
    { "aad", 32, 2, { 0xd5, 10 }, { .ax = 0x0603 }, { .ax = 0x3f }, 0, CC_P, CC_P | CC_Z | CC_S },
    { "aam 0", 32, 2, { 0xd4, 0 }, { .ax = 1 }, { .ax = 1 }, TRAP(EXCP00_DIVZ) },
    { "salc", 32, 1, { 0xd6 }, { .ax = 0x100 }, { .ax = 0x1ff }, CC_C },
    { "inc, dec one byte each", 32, 3, { 0x40, 0x4b, 0x42 }, { .ax = 0xffffffff, .bx = 0 },
      { .ax = 0, .bx = 0xffffffff, .dx = 1 } },
    { "pusha, popa", 32, 4, { 0x60, 0x61, 0x89, 0xe0 },
      { 1, 2, 3, 4, FLAT, 6, 7, 8 }, { FLAT, 2, 3, 4, FLAT, 6, 7, 8 } },
    { "pusha stores the old ESP", 32, 5, { 0x60, 0x8b, 0x44, 0x24, 0x0c },
      { .sp = FLAT }, { .ax = FLAT, .sp = FLAT - 32 } },
    { "pusha 16", 16, 3, { 0x60, 0x58, 0x5b }, { 1, 2, 3, 4, 0x110, 6, 7, 8 },
      { 8, 2, 3, 7, 0x104, 6, 7, 8 } },
    { "push segment", 32, 3, { 0x1e, 0x58, 0x90 }, { .ax = 0, .sp = FLAT },
      { .ax = 0x2b, .sp = FLAT } },
    { "[bx+si+disp8], 16 bits", 16, 3, { 0x8b, 0x40, 0x02 }, { .bx = 0xf0, .si = 0x10 },
      { .ax = 0x4433, .bx = 0xf0, .si = 0x10 }, .data_in = { 0, 0, 0x33, 0x44 },
      .data_out = { 0, 0, 0x33, 0x44 } },
    { "16-bit address wraps", 16, 4, { 0x8a, 0x87, 0x00, 0x02 }, { .bx = 0xff02 },
      { .ax = 0x55, .bx = 0xff02 }, .data_in = { 0, 0, 0x55 }, .data_out = { 0, 0, 0x55 } },
    { "32-bit address in 16-bit code", 16, 4, { 0x67, 0x8a, 0x04, 0x4b }, { .bx = 0x100, .cx = 1 },
      { .ax = 0x55, .bx = 0x100, .cx = 1 }, .data_in = { 0, 0, 0x55 }, .data_out = { 0, 0, 0x55 } },
    { "near call and ret, 16 bits", 16, 7, { 0xe8, 0x01, 0, 0xcc, 0xb0, 0x05, 0xc3 },
      { .sp = 0x110 }, { .ax = 5, .sp = 0x110 }, .data_out = { 0 } },
    { "loop, 16-bit count", 16, 3, { 0x40, 0xe2, 0xfd }, { .cx = 0x10003 },
      { .ax = 3, .cx = 0x10000 } },
    { "jcxz by ECX", 16, 4, { 0x67, 0xe3, 0x01, 0x40 }, { .cx = 0x10000 },
      { .ax = 1, .cx = 0x10000 } },
    { "bound within", 32, 2, { 0x62, 0x03 }, { .ax = 5, .bx = FLAT }, { .ax = 5, .bx = FLAT },
      .data_in = { 5, 0, 0, 0, 6 }, .data_out = { 5, 0, 0, 0, 6 } },
    { "arpl", 32, 2, { 0x63, 0xd8 }, { .ax = 0x10, .bx = 0x33 }, { .ax = 0x13, .bx = 0x33 },
      0, CC_Z, CC_Z },
    { "repeated overlapping copy", 64, 2, { 0xf3, 0xa4 }, { .cx = 7, .si = FLAT, .di = FLAT + 1 },
      { .si = FLAT + 7, .di = FLAT + 8 }, .data_in = { 9 },
      .data_out = { 9, 9, 9, 9, 9, 9, 9, 9 } },
    { "the same by words", 64, 3, { 0x66, 0xf3, 0xa5 }, { .cx = 3, .si = FLAT, .di = FLAT + 2 },
      { .si = FLAT + 6, .di = FLAT + 8 }, .data_in = { 1, 2 },
      .data_out = { 1, 2, 1, 2, 1, 2, 1, 2 } },
    { "backwards", 64, 4, { 0xfd, 0xf3, 0xa4, 0xfc }, { .cx = 3, .si = FLAT + 2, .di = FLAT + 3 },
      { .si = FLAT - 1, .di = FLAT }, .data_in = { 1, 2, 3 }, .data_out = { 1, 1, 2, 3 } },
    { "rep stosd", 32, 2, { 0xf3, 0xab }, { .ax = 0x04030201, .cx = 2, .di = FLAT },
      { .ax = 0x04030201, .di = FLAT + 8 }, .data_out = { 1, 2, 3, 4, 1, 2, 3, 4 } },
    { "rep stosw, 16 bits", 16, 2, { 0xf3, 0xab }, { .ax = 0x0201, .cx = 0x30002, .di = 0x50100 },
      { .ax = 0x0201, .cx = 0x30000, .di = 0x50104 }, .data_out = { 1, 2, 1, 2 } },
    { "repe cmpsb", 64, 2, { 0xf3, 0xa6 }, { .cx = 8, .si = FLAT, .di = FLAT + 4 },
      { .cx = 5, .si = FLAT + 3, .di = FLAT + 7 }, 0, CC_C, CC_C | CC_Z,
      { 1, 2, 3, 4, 1, 2, 9 }, { 1, 2, 3, 4, 1, 2, 9 } },
    { "repne scasb", 64, 2, { 0xf2, 0xae }, { .ax = 3, .cx = 8, .di = FLAT },
      { .ax = 3, .cx = 5, .di = FLAT + 3 }, 0, CC_Z, CC_Z,
      { 1, 2, 3, 4 }, { 1, 2, 3, 4 } },
    { "rep of none keeps the flags", 64, 2, { 0xf3, 0xa6 }, { .si = 0, .di = 0 }, { .si = 0 },
      CC_Z | CC_C, CC_Z | CC_C, CC_Z | CC_C },
    { "enter 2", 64, 4, { 0xc8, 8, 0, 2 }, { .sp = FLAT + 16, .bp = FLAT + 16 },
      { .sp = FLAT + 16 - 32, .bp = FLAT + 8 },
      .data_out = { 0x10, 1, 2, 0, 0, 0, 0, 0, 0x10, 1, 2 } },
    { "leave", 64, 1, { 0xc9 }, { .sp = 5, .bp = FLAT }, { .sp = FLAT + 8, .bp = 7 },
      .data_in = { 7 }, .data_out = { 7 } },
    { "pop to memory by rsp", 64, 4, { 0x8f, 0x44, 0x24, 0 }, { .sp = FLAT },
      { .sp = FLAT + 8 }, .data_in = { 7 }, .data_out = { 7, 0, 0, 0, 0, 0, 0, 0, 7 } },
    { "push rsp", 64, 2, { 0x54, 0x58 }, { .sp = FLAT }, { .ax = FLAT, .sp = FLAT } },
    { "pop rsp", 64, 1, { 0x5c }, { .sp = FLAT }, { .sp = 9 }, .data_in = { 9 },
      .data_out = { 9 } },
    { "xlat", 64, 1, { 0xd7 }, { .ax = 0x102, .bx = FLAT }, { .ax = 0x107, .bx = FLAT },
      .data_in = { 5, 6, 7 }, .data_out = { 5, 6, 7 } },
    { "bit string below the operand", 64, 4, { 0x48, 0x0f, 0xab, 0x03 },
      { .ax = (uint64_t)-1, .bx = FLAT + 8 }, { .ax = (uint64_t)-1, .bx = FLAT + 8 }, 0, 0, CC_C,
      { 0 }, { 0, 0, 0, 0, 0, 0, 0, 0x80 } },
    { "cmpxchg8b that differs", 64, 3, { 0x0f, 0xc7, 0x0b }, { .ax = 1, .bx = FLAT },
      { .ax = 0x04030201, .dx = 0x08070605, .bx = FLAT }, CC_Z | CC_C, CC_C, CC_Z | CC_C,
      { 1, 2, 3, 4, 5, 6, 7, 8 }, { 1, 2, 3, 4, 5, 6, 7, 8 } },
    { "int3 in the middle", 64, 2, { 0x90, 0xcc }, { .ax = 1 }, { .ax = 1 } },
    { "ud2", 64, 2, { 0x0f, 0x0b }, { .ax = 1 }, { .ax = 1 }, TRAP(EXCP06_ILLOP) },
    { "hlt by a user", 64, 1, { 0xf4 }, { .ax = 1 }, { .ax = 1 }, TRAP(EXCP0D_GPF) },
    { "div by 0", 64, 2, { 0xf7, 0xf1 }, { .ax = 1 }, { .ax = 1 }, TRAP(EXCP00_DIVZ) },
    { "idiv overflow", 64, 3, { 0x48, 0xf7, 0xf9 }, { .ax = 0, .dx = 1ull << 63, .cx = ~0ull },
      { .dx = 1ull << 63, .cx = ~0ull }, TRAP(EXCP00_DIVZ) },
};

static void check_reg(const Program *p, const char *name, unsigned reg, uint64_t want)
{
    if (env->regs[reg] != want) {
        g_error("%s: %s is %#" G_GINT64_MODIFIER "x, not %#" G_GINT64_MODIFIER "x", p->what, name,
                env->regs[reg], want);
    }
}

static void run_program(const Program *p)
{
    const Regs *o = &p->out;

    set_mode(p->bits);
    put_code(p->code, p->n);
    memset((void *)DATA_ADDR, 0, AREA_BYTES);
    memcpy((void *)FLAT, p->data_in, 16);
    memset(env->regs, 0, sizeof(env->regs));
    memcpy(env->regs, &p->in, sizeof(p->in));
    x86_eflags_set(env, p->flags_in, CC_ALL);
    run(p->bits);
    g_assert_cmpint(env->trapno, ==, p->trap_plus_1 ? p->trap_plus_1 - 1 : EXCP03_INT3);
    check_reg(p, "ax", R_EAX, o->ax);
    check_reg(p, "cx", R_ECX, o->cx);
    check_reg(p, "dx", R_EDX, o->dx);
    check_reg(p, "bx", R_EBX, o->bx);
    check_reg(p, "si", R_ESI, o->si);
    check_reg(p, "di", R_EDI, o->di);
    check_reg(p, "bp", R_EBP, o->bp);
    if (o->sp) {
        check_reg(p, "sp", R_ESP, o->sp);
    }
    if ((x86_eflags_get(env) ^ p->flags_out) & p->flags_mask) {
        g_error("%s: flags are %#x, not %#x", p->what, x86_eflags_get(env) & p->flags_mask,
                p->flags_out & p->flags_mask);
    }
    if (p->bits != 16 || p->data_out[0]) {
        g_assert_cmpmem((void *)FLAT, 16, p->data_out, 16);
    }
}

static void test_programs(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_test_message("%s", programs[i].what);
        run_program(&programs[i]);
    }
}

/* A fault in the middle of a repeated copy leaves the registers where it stopped. */
static void test_rep_fault(void)
{
    static const uint8_t code[] = { 0xf3, 0xa4 };

    set_mode(64);
    put_code(code, sizeof(code));
    memset(env->regs, 0, sizeof(env->regs));
    env->regs[R_ECX] = 300;
    env->regs[R_ESI] = DATA_ADDR;
    env->regs[R_EDI] = DATA_ADDR + AREA_BYTES - 100;
    run(64);
    g_assert_cmpint(env->trapno, ==, EXCP0E_PAGE);
    g_assert_cmpuint(env->regs[R_ECX], ==, 200);
    g_assert_cmphex(env->regs[R_EDI], ==, DATA_ADDR + AREA_BYTES);
    g_assert_cmphex(env->regs[R_ESI], ==, DATA_ADDR + 100);
    g_assert_cmphex(env->eip, ==, CODE_ADDR);
    g_assert_cmphex(env->cr[2], ==, DATA_ADDR + AREA_BYTES);
}

/* Flags and registers at a fault are those before the instruction, whatever is lazy. */
static void test_precise(void)
{
    static const uint8_t code[] = { 0x48, 0x01, 0xc8,               /* add rax, rcx */
                                    0x48, 0x11, 0x03 };             /* adc [rbx], rax */

    set_mode(64);
    put_code(code, sizeof(code));
    memset(env->regs, 0, sizeof(env->regs));
    env->regs[R_EAX] = ~0ull;
    env->regs[R_ECX] = 1;
    env->regs[R_EBX] = DATA_ADDR + AREA_BYTES;
    run(64);
    g_assert_cmpint(env->trapno, ==, EXCP0E_PAGE);
    g_assert_cmphex(env->eip, ==, CODE_ADDR + 3);
    g_assert_cmphex(env->regs[R_EAX], ==, 0);
    g_assert_cmphex(x86_eflags_get(env) & CC_ALL, ==, CC_C | CC_Z | CC_P | CC_A);
}

/* ---- blocks that are loops ---- */

/* The fourth turn faults: all state is that of three turns and nothing of the fourth. */
static void test_loop_fault(void)
{
    static const uint8_t code[] = { 0xf2, 0x0f, 0x58, 0x06,         /* addsd xmm0, [rsi] */
                                    0x48, 0x83, 0xc6, 0x08,         /* add rsi, 8 */
                                    0x83, 0xc0, 0x03,               /* add eax, 3 */
                                    0x48, 0xff, 0xc9, 0x75, 0xf0 }; /* dec rcx; jnz */
    static const double terms[] = { 1.5, 2.25, 4.0 };
    double sum = 0.25;

    set_mode(64);
    put_code(code, sizeof(code));
    memset(env->regs, 0, sizeof(env->regs));
    memset(env->xmm, 0x77, sizeof(env->xmm));
    memcpy(&env->xmm[0], &sum, 8);
    memcpy((void *)(DATA_ADDR + AREA_BYTES - sizeof(terms)), terms, sizeof(terms));
    env->regs[R_ESI] = DATA_ADDR + AREA_BYTES - sizeof(terms);
    env->regs[R_EAX] = 0xfffffff9;
    env->regs[R_ECX] = 100;
    run(64);
    g_assert_cmpint(env->trapno, ==, EXCP0E_PAGE);
    g_assert_cmphex(env->eip, ==, CODE_ADDR);
    g_assert_cmphex(env->regs[R_ESI], ==, DATA_ADDR + AREA_BYTES);
    g_assert_cmphex(env->regs[R_EAX], ==, 2);
    g_assert_cmpuint(env->regs[R_ECX], ==, 97);
    g_assert_cmphex(x86_eflags_get(env) & CC_ALL, ==, CC_C);        /* add's, kept by dec */
    memcpy(&sum, &env->xmm[0], 8);
    g_assert_cmpfloat(sum, ==, 8.0);
    g_assert_cmphex(((uint8_t *)&env->xmm[0])[8], ==, 0x77);
}

static const uint8_t endless[] = { 0x48, 0xff, 0x03, 0xeb, 0xfb };   /* L: inc qword [rbx]; jmp L */

static void start_endless(void)
{
    set_mode(64);
    put_code(endless, sizeof(endless));
    memset((void *)DATA_ADDR, 0, AREA_BYTES);
    env->regs[R_EBX] = FLAT;
}

static void wait_for_turns(void)
{
    while (__atomic_load_n((uint64_t *)FLAT, __ATOMIC_RELAXED) < 1000) {
    }
}

static void *ask_to_leave(void *unused)
{
    wait_for_turns();
    cpu_exit(cpu);
    return NULL;
}

static void *change_code(void *unused)
{
    wait_for_turns();
    __atomic_store_n((uint8_t *)CODE_ADDR, 0xcc, __ATOMIC_SEQ_CST);
    tcg_user_invalidate(CODE_ADDR, 1);
    return NULL;
}

/* Who asks the vCPU to leave is heard inside a loop without end, and a change of its code is seen. */
static void test_loop_leaves(void)
{
    GThread *other;

    start_endless();
    other = g_thread_new("ask", ask_to_leave, NULL);
    env->eip = CODE_ADDR;
    do {
        g_assert_cmpint(cpu_exec(cpu), ==, EXCP_INTERRUPT);     /* also asked for before the start */
    } while (*(uint64_t *)FLAT < 1000);
    g_thread_join(other);
    g_assert_cmphex(env->eip, ==, CODE_ADDR);
    g_assert_cmpuint(*(uint64_t *)FLAT, >=, 1000);

    start_endless();
    other = g_thread_new("change", change_code, NULL);
    run(64);
    g_thread_join(other);
    g_assert_cmpint(env->trapno, ==, EXCP03_INT3);
}

/* Which blocks are loops, and whose jump goes through the run loop as ever. */
static void test_loop_shape(void)
{
    static const struct { uint8_t n, max_insns; bool may_loop, loops; uint8_t code[16]; } rows[] = {
        { 5, 16, true, true, { 0x48, 0xff, 0x03, 0xeb, 0xfb } },
        { 5, 16, false, false, { 0x48, 0xff, 0x03, 0xeb, 0xfb } },
        { 5, 1, true, false, { 0x48, 0xff, 0x03, 0xeb, 0xfb } },
        { 5, 16, true, false, { 0x48, 0xff, 0x03, 0xeb, 0xfc } },   /* not to the start */
        { 4, 16, true, true, { 0x03, 0x03, 0xe2, 0xfc } },          /* add; loop */
        { 6, 16, true, false, { 0x0f, 0xa2, 0xff, 0xc9, 0x75, 0xfa } },     /* cpuid calls out */
    };
    IrBlock *b = ir_block_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        TbInfo info = { .pc = CODE_ADDR, .max_insns = rows[i].max_insns,
                        .may_loop = rows[i].may_loop };

        set_mode(64);
        put_code(rows[i].code, rows[i].n);
        env->eip = CODE_ADDR;
        x86_get_tb_key(cpu, &info.pc, &info.flags);
        ir_block_reset(b);
        x86_translate(cpu, b, &info);
        g_test_message("row %u", i);
        g_assert_cmpint(info.loops, ==, rows[i].loops);
    }
    ir_block_free(b);
}

/* ---- hostile bytes ---- */

static void translate_random(uint64_t flags, bool smp)
{
    g_autoptr(GRand) r = g_rand_new_with_seed((guint32)flags);
    IrBlock *b = ir_block_new();
    static uint8_t room[1 << 20];
    static uint64_t tb[64];

    for (unsigned i = 0; i < 20000; i++) {
        TbInfo info = { .pc = CODE_ADDR, .flags = flags, .max_insns = 1 + (i & 15), .smp = smp,
                        .may_loop = true };
        uint8_t *code = (uint8_t *)CODE_ADDR;
        TcgCode out;

        for (unsigned k = 0; k < 64; k++) {
            code[k] = (uint8_t)g_rand_int(r);
        }
        if (i & 1) {                    /* the two-byte map more often */
            code[0] = 0x0f;
        }
        ir_block_reset(b);
        x86_translate(cpu, b, &info);
        g_assert_cmpuint(info.n_insns, >=, 1);
        g_assert_cmpuint(info.n_insns, <=, info.max_insns);
        g_assert_cmpuint(info.size_bytes, >=, info.n_insns);
        if (!ir_block_overflow(b)) {
            g_assert(tcg_compile(b, tb, flags, room, room, sizeof(room), &out));
        }
    }
    ir_block_free(b);
}

static void test_random_bytes(void)
{
    uint32_t common = HF_PE | HF_OSFXSR | HF_OSXSAVE | HF_FSGSBASE;
    uint64_t base = (uint64_t)0x1000 << 32;

    translate_random(common | HF_LMA | HF_CS64 | HF_CS32 | HF_SS32 | HF_USER | 3, false);
    translate_random(common | HF_LMA | HF_CS64 | HF_CS32 | HF_SS32, true);
    translate_random(common | HF_LMA | HF_CS64 | HF_CS32 | HF_SS32 | HF_INHIBIT_IRQ, true);
    translate_random(common | HF_LMA | HF_CS64 | HF_CS32 | HF_SS32 | HF_TF, false);
    translate_random(common | HF_LMA | HF_CS64 | HF_CS32 | HF_SS32 | HF_FPEXC, false);
    translate_random(common | HF_CS32 | HF_SS32, false);
    translate_random(common | HF_CS32 | HF_SS32 | HF_ADDSEG | 3 | base, true);
    translate_random(common | HF_ADDSEG | HF_TS | base, false);
    translate_random(HF_OSFXSR | HF_ADDSEG | base, false);
    translate_random(common | HF_VM | HF_ADDSEG | 3 | base, false);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    set_up(g_getenv("TRANSLATE_INTERP") ? "tcg,backend=interp" : "tcg");
    g_test_add_func("/translate/programs", test_programs);
    g_test_add_func("/translate/rep-fault", test_rep_fault);
    g_test_add_func("/translate/precise", test_precise);
    g_test_add_func("/translate/loop-fault", test_loop_fault);
    g_test_add_func("/translate/loop-leaves", test_loop_leaves);
    g_test_add_func("/translate/loop-shape", test_loop_shape);
    g_test_add_func("/translate/random-bytes", test_random_bytes);
    return g_test_run();
}
