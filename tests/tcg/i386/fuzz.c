/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random instruction sequences on the host's CPU and through our translation, all state compared.
 *
 * The decoder's rows say which instructions there are, what operands they take, and which flags they
 * leave undefined. A sequence lies at one fixed address and works on one data page that r15 points
 * into; it runs natively between a loader and a saver of all registers, then, from the same start,
 * as a user program under the translator, ending in int3. Faults are compared too. Some sequences are
 * bodies of loops, counted in r13.
 *
 *   fuzz-x86 [--seed N] [--count N] [--seconds N] [--only NAME] [--backend native|interp] [--verbose]
 *
 * A mismatch is shrunk to the fewest instructions that still differ and printed with its bytes.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ucontext.h>
#include "accel/accel.h"
#include "target/i386/cpu.h"
#include "target/i386/decode.h"

#define CODE_ADDR 0x1a5a0000ul     /* no shift of the data's address */
#define DATA_ADDR 0x20000000ul
enum { DATA_BYTES = 8192, CODE_BYTES = 4096, MAX_INSNS = 12, MAX_INSN_BYTES = 16 };

typedef struct State {
    uint64_t gpr[16];
    uint64_t flags, rip;
    uint8_t fx[512] __attribute__((aligned(16)));
    uint64_t trap;              /* vector; 3: reached the end */
} State;

extern State fuzz_in, fuzz_out;
extern uint64_t fuzz_host_rsp, fuzz_entry;
State fuzz_in, fuzz_out;
uint64_t fuzz_host_rsp, fuzz_entry;
void fuzz_run_host(void);
void fuzz_host_exit(void);

/* Offsets in State: gpr 0..127, flags 128, rip 136, fx 144. */
_Static_assert(offsetof(State, flags) == 128 && offsetof(State, fx) == 144, "asm below");
__asm__(".text\n.globl fuzz_run_host\nfuzz_run_host:\n"
        "  push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
        "  mov %rsp, fuzz_host_rsp(%rip)\n"
        "  fxrstor64 144+fuzz_in(%rip)\n"
        "  push 128+fuzz_in(%rip)\n popfq\n"
        "  mov 0+fuzz_in(%rip), %rax\n mov 8+fuzz_in(%rip), %rcx\n mov 16+fuzz_in(%rip), %rdx\n"
        "  mov 24+fuzz_in(%rip), %rbx\n mov 40+fuzz_in(%rip), %rbp\n mov 48+fuzz_in(%rip), %rsi\n"
        "  mov 56+fuzz_in(%rip), %rdi\n mov 64+fuzz_in(%rip), %r8\n mov 72+fuzz_in(%rip), %r9\n"
        "  mov 80+fuzz_in(%rip), %r10\n mov 88+fuzz_in(%rip), %r11\n mov 96+fuzz_in(%rip), %r12\n"
        "  mov 104+fuzz_in(%rip), %r13\n mov 112+fuzz_in(%rip), %r14\n"
        "  mov 120+fuzz_in(%rip), %r15\n mov 32+fuzz_in(%rip), %rsp\n"
        "  jmp *fuzz_entry(%rip)\n"
        ".globl fuzz_host_exit\nfuzz_host_exit:\n"      /* rax is saved already */
        "  mov %rsp, 32+fuzz_out(%rip)\n mov fuzz_host_rsp(%rip), %rsp\n"
        "  pushfq\n popq 128+fuzz_out(%rip)\n"
        "  mov %rcx, 8+fuzz_out(%rip)\n mov %rdx, 16+fuzz_out(%rip)\n mov %rbx, 24+fuzz_out(%rip)\n"
        "  mov %rbp, 40+fuzz_out(%rip)\n mov %rsi, 48+fuzz_out(%rip)\n mov %rdi, 56+fuzz_out(%rip)\n"
        "  mov %r8, 64+fuzz_out(%rip)\n mov %r9, 72+fuzz_out(%rip)\n mov %r10, 80+fuzz_out(%rip)\n"
        "  mov %r11, 88+fuzz_out(%rip)\n mov %r12, 96+fuzz_out(%rip)\n mov %r13, 104+fuzz_out(%rip)\n"
        "  mov %r14, 112+fuzz_out(%rip)\n mov %r15, 120+fuzz_out(%rip)\n"
        "  fxsave64 144+fuzz_out(%rip)\n"
        "  fninit\n cld\n movl $0x1f80, -8(%rsp)\n ldmxcsr -8(%rsp)\n"
        "  pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n");

/* ---- random values ---- */

static uint64_t rng_state;

static uint64_t rnd(void)
{
    rng_state += 0x9e3779b97f4a7c15ull;
    uint64_t z = rng_state;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

static unsigned below(unsigned n)
{
    return (unsigned)(rnd() % n);
}

static uint64_t edge_value(void)
{
    static const uint64_t edges[] = {
        0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
        0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff, 0x0123456789abcdef,
        0x3ff0000000000000, 0x7ff0000000000000, 0xfff8000000000000, 0x7ff0000000000001,
        0x3f8000003f800000, 0x7f8000007f800001, 0x0010000000000000, 0x000fffffffffffff,
        0x0000000100000001, 0x8000000080000000, 0x43e0000000000000, 0xc3e0000000000000,
    };

    switch (below(4)) {
    case 0: return edges[below(G_N_ELEMENTS(edges))];
    case 1: return rnd() >> below(64);
    default: return rnd();
    }
}

/* ---- sequences ---- */

typedef struct Insn {
    uint8_t bytes[MAX_INSN_BYTES];
    unsigned len;
    const X86Insn *row;
} Insn;

typedef struct Program {
    Insn insns[MAX_INSNS];
    unsigned n;
    unsigned turns;             /* of the loop around it; 0: none */
    State start;
    uint8_t data[DATA_BYTES];
} Program;

static const X86Insn *rows[4096];
static unsigned n_rows;

static bool kind_in(const X86Insn *r, const uint8_t *kinds, unsigned n)
{
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned k = 0; k < n; k++) {
            if (r->op[i] == kinds[k]) {
                return true;
            }
        }
    }
    return false;
}

/* These reach memory by registers that hold anything. */
static bool is_wild(const X86Insn *r)
{
    static const char *const names[] = { "xlat", "leave", "enter", "maskmovdqu", "maskmovq",
                                         "ldmxcsr" /* its reserved bits differ by maker */ };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(r->name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* bt and its kin with a register: its value selects the memory; shld and shrd of 16 bits by more
 * than 16 are undefined */
static bool is_bit_string(const X86Insn *r)
{
    return r->map == MAP_0F && (r->opcode == 0xa3 || r->opcode == 0xab || r->opcode == 0xb3 ||
                                r->opcode == 0xbb);
}

static bool is_double_shift(const X86Insn *r)
{
    return r->map == MAP_0F && (r->opcode & 0xf6) == 0xa4;
}

static bool usable(const X86Insn *r)
{
    static const uint8_t far[] = { O_Jb, O_Jz, O_Ap, O_Mp, O_Sw, O_Cd, O_Dd, O_Ob, O_Ov };

    return !is_wild(r) && !(r->flags & (I_FUZZ_SKIP | I_CPL0 | I_NO64 | I_ENDS | I_PE)) &&
           !kind_in(r, far, G_N_ELEMENTS(far));
}

static void collect_rows(const char *only)
{
    const X86Insn *r;

    for (unsigned i = 0; (r = x86_decode_row(i)) != NULL; i++) {
        if (usable(r) && (!only || strcmp(r->name, only) == 0) && n_rows < G_N_ELEMENTS(rows)) {
            rows[n_rows++] = r;
        }
    }
}

static void put(Insn *in, unsigned byte)
{
    if (in->len < MAX_INSN_BYTES) {
        in->bytes[in->len++] = (uint8_t)byte;
    }
}

static void put_n(Insn *in, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        put(in, (uint8_t)(v >> (8 * i)));
    }
}

static bool r13_counts;

/* A general register that a sequence may change: not rsp, r13 (loops), r14 (index), r15 (data). */
static unsigned free_gpr(void)
{
    unsigned r;

    do {
        r = below(r13_counts ? 13 : 14);
    } while (r == R_ESP);
    return r;
}

static unsigned imm_bytes(uint8_t kind, bool op16, bool rexw)
{
    switch (kind) {
    case O_Ib: case O_Ibs: return 1;
    case O_Iw: return 2;
    case O_Iz: return op16 && !rexw ? 2 : 4;
    case O_Iv: return rexw ? 8 : op16 ? 2 : 4;
    default: return 0;
    }
}

static bool is_string(const X86Insn *r)
{
    static const uint8_t kinds[] = { O_Xb, O_Xv, O_Yb, O_Yv };

    return kind_in(r, kinds, G_N_ELEMENTS(kinds));
}

static const uint8_t map_escape[][3] = {
    [MAP_1] = { 0 }, [MAP_0F] = { 1, 0x0f }, [MAP_0F38] = { 2, 0x0f, 0x38 },
    [MAP_0F3A] = { 2, 0x0f, 0x3a },
};

/* modrm and what follows; returns false if the row wants something we do not make */
static void put_modrm(Insn *in, const X86Insn *r, bool mem, unsigned reg, unsigned rm)
{
    if (!mem) {
        put(in, 0xc0 | (reg & 7) << 3 | (rm & 7));
        return;
    }
    if (below(2)) {                     /* [r15 + disp8] */
        put(in, 0x40 | (reg & 7) << 3 | 7);
        put(in, (below(8) * 16) + (below(8) ? 0 : below(16)));
    } else {                            /* [r15 + r14 * scale + disp32] */
        put(in, 0x80 | (reg & 7) << 3 | 4);
        put(in, below(4) << 6 | 6 << 3 | 7);
        put_n(in, below(64) * 16 + (below(8) ? 0 : below(16)), 4);
    }
}

static void make_insn(Insn *in, const X86Insn *r)
{
    static const uint8_t vex_pp[] = { [PFX_ANY] = 0, [PFX_NP] = 0, [PFX_66] = 1, [PFX_F3] = 2,
                                      [PFX_F2] = 3 };
    bool vex = r->map >= MAP_VEX_0F, modrm = r->has_modrm;
    bool mem = modrm && (r->mod == MOD_MEM || (r->mod == MOD_ANY && below(3) == 0 &&
                                                     !is_bit_string(r)));
    bool op16 = r->pfx == PFX_ANY && below(6) == 0 && !vex && !is_double_shift(r);
    bool rexw = below(2) && !(r->flags & I_VEXW0);
    unsigned reg = r->reg ? r->reg - 1u : free_gpr();
    unsigned rm = r->rm ? r->rm - 1u : free_gpr();
    static const uint8_t opcode_reg[] = { O_Zb, O_Zv, O_Zq };
    bool zreg = kind_in(r, opcode_reg, 3);

    *in = (Insn){ .row = r };
    if (r->flags & I_VEXW1) {
        rexw = true;
    }
    if (vex) {
        unsigned v = free_gpr();
        put(in, 0xc4);
        put(in, (reg & 8 ? 0 : 0x80u) | 0x40 | (mem || (rm & 8) ? 0 : 0x20) |
            (r->map - MAP_VEX_0F + 1));
        if (mem) {      /* the index register r14 needs X */
            in->bytes[in->len - 1] &= (uint8_t)~0x40;
        }
        put(in, (unsigned)rexw << 7 | (~v & 15) << 3 | vex_pp[r->pfx]);
    } else {
        if (r->flags & I_REP && is_string(r)) {
            put(in, below(2) ? 0xf3 : 0xf2);
        } else if ((r->flags & I_LOCK) && mem && below(4) == 0) {
            put(in, 0xf0);
        }
        if (op16 || r->pfx == PFX_66) {
            put(in, 0x66);
        }
        if (r->pfx == PFX_F3 || r->pfx == PFX_F2) {
            put(in, r->pfx == PFX_F3 ? 0xf3 : 0xf2);
        }
        unsigned rex = 0x40 | (unsigned)rexw << 3 | (modrm && (reg & 8) ? 4u : 0) |
                       (mem ? 2 | 1 : (modrm && (rm & 8)) || (zreg && (rm & 8)) ? 1 : 0);
        if (rex != 0x40 || below(4) == 0) {
            put(in, rex);
            if (!rexw) {
                rexw = false;
            }
        } else {
            rexw = false;
        }
        for (unsigned i = 0; i < map_escape[r->map][0]; i++) {
            put(in, map_escape[r->map][1 + i]);
        }
    }
    put(in, r->opcode + (zreg ? rm & 7 : r->n_opcodes > 1 ? below(r->n_opcodes) : 0));
    if (modrm) {
        put_modrm(in, r, mem, reg, rm);
    }
    for (unsigned i = 0; i < 4; i++) {
        unsigned n = imm_bytes(r->op[i], op16 && !rexw, rexw);
        put_n(in, edge_value(), n);
    }
}

/* Registers that memory and string instructions need. */
static void fix_registers(State *s)
{
    s->gpr[R_R15] = DATA_ADDR + 2048;
    s->gpr[R_R14] = below(16) * 16;
    s->gpr[R_ESP] = DATA_ADDR + 6144;
    s->gpr[R_ESI] = DATA_ADDR + 1024 + below(256);
    s->gpr[R_EDI] = DATA_ADDR + 3072 + below(256);
    s->gpr[R_ECX] = below(3) ? below(40) : edge_value() & 0xff;
}

static void make_fx(uint8_t *fx)
{
    memset(fx, 0, 512);
    uint16_t fcw = (uint16_t)(0x7f | below(4) << 10 | (below(4) ? 0x300 : below(2) << 9));
    uint32_t mxcsr = 0x1f80 | below(4) << 13 | (below(4) == 0) << 15 | (below(4) == 0) << 6;
    uint8_t ftw = below(2) ? 0xff : (uint8_t)rnd();

    memcpy(fx, &fcw, 2);
    fx[4] = ftw;
    memcpy(fx + 24, &mxcsr, 4);
    for (unsigned i = 0; i < 8; i++) {
        long double v = below(4) ? (long double)(int64_t)edge_value() / (1 + below(1000))
                                 : (long double)below(100);
        memcpy(fx + 32 + 16 * i, &v, 10);
        if (below(8) == 0) {            /* infinities, NaNs, denormals */
            uint64_t mant = 0x8000000000000000ull | (below(2) ? 0 : rnd());
            uint16_t se = below(2) ? 0x7fff : 0;
            memcpy(fx + 32 + 16 * i, &mant, 8);
            memcpy(fx + 40 + 16 * i, &se, 2);
        }
    }
    for (unsigned i = 0; i < 32; i++) {
        uint64_t v = edge_value();
        double d = (double)(int64_t)rnd() / (double)(1 + below(100000));
        float f[2] = { (float)d, (float)below(1000) / 7 };
        memcpy(fx + 160 + 8 * i, below(3) ? (void *)&v : below(2) ? (void *)&d : (void *)f, 8);
    }
}

static void make_program(Program *p, unsigned n)
{
    for (unsigned i = 0; i < 16; i++) {
        p->start.gpr[i] = edge_value();
    }
    fix_registers(&p->start);
    p->start.flags = 0x202 | (rnd() & CC_ALL);
    make_fx(p->start.fx);
    for (unsigned i = 0; i < DATA_BYTES; i += 8) {
        uint64_t v = edge_value();
        memcpy(p->data + i, &v, 8);
    }
    p->n = n;
    p->turns = n_rows > 32 && below(3) == 0 ? 1 + below(6) : 0;
    r13_counts = p->turns;
    p->start.gpr[R_R13] = p->turns ? p->turns : p->start.gpr[R_R13];
    for (unsigned i = 0; i < n; i++) {
        const X86Insn *r = rows[below(n_rows)];

        /* rsi and rdi point to the data only as long as nothing has changed them */
        while ((i > 0 || p->turns) && is_string(r) && n_rows > 32) {
            r = rows[below(n_rows)];
        }
        make_insn(&p->insns[i], r);
    }
}

/* cmp rax, rcx: defines all flags again, so that undefined ones do not spread */
static const uint8_t define_flags[] = { 0x48, 0x39, 0xc8 };
static const uint8_t dec_r13_jnz[] = { 0x49, 0xff, 0xcd, 0x0f, 0x85 };

static unsigned lay_out(const Program *p, uint8_t *out)
{
    unsigned len = 0;

    for (unsigned i = 0; i < p->n; i++) {
        memcpy(out + len, p->insns[i].bytes, p->insns[i].len);
        len += p->insns[i].len;
        if (p->insns[i].row->undef && (i + 1 < p->n || p->turns)) {
            memcpy(out + len, define_flags, sizeof(define_flags));
            len += sizeof(define_flags);
        }
    }
    if (p->turns) {
        int32_t back = -(int32_t)(len + sizeof(dec_r13_jnz) + 4);

        memcpy(out + len, dec_r13_jnz, sizeof(dec_r13_jnz));
        len += sizeof(dec_r13_jnz);
        memcpy(out + len, &back, 4);
        len += 4;
    }
    return len;
}

/* ---- running ---- */

static sigjmp_buf host_fault_env;
static bool on_host;

static void take_context(const ucontext_t *uc)
{
    static const int map[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI,
        REG_RDI, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };

    for (unsigned i = 0; i < 16; i++) {
        fuzz_out.gpr[i] = (uint64_t)uc->uc_mcontext.gregs[map[i]];
    }
    fuzz_out.flags = (uint64_t)uc->uc_mcontext.gregs[REG_EFL];
    fuzz_out.rip = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];
    fuzz_out.trap = (uint64_t)uc->uc_mcontext.gregs[REG_TRAPNO];
    memcpy(fuzz_out.fx, uc->uc_mcontext.fpregs, 512);
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    uintptr_t pc = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP], new_pc = 0;

    if (on_host) {
        take_context(uc);
        siglongjmp(host_fault_env, 1);
    }
    if (tcg_user_segv(current_cpu, pc, (uintptr_t)info->si_addr,
                      uc->uc_mcontext.gregs[REG_ERR] & 2, &new_pc)) {
        if (new_pc) {
            uc->uc_mcontext.gregs[REG_RIP] = (greg_t)new_pc;
        }
        return;
    }
    signal(sig, SIG_DFL);
}

static void run_host(const Program *p, State *out)
{
    uint8_t *code = (uint8_t *)CODE_ADDR;
    unsigned len = lay_out(p, code);
    uint64_t slot = (uintptr_t)&fuzz_out.gpr[0], exit_at = (uintptr_t)fuzz_host_exit;

    code[len++] = 0x48;                 /* movabs %rax, slot */
    code[len++] = 0xa3;
    memcpy(code + len, &slot, 8);
    len += 8;
    code[len++] = 0x48;                 /* movabs $exit, %rax; jmp *%rax */
    code[len++] = 0xb8;
    memcpy(code + len, &exit_at, 8);
    len += 8;
    code[len++] = 0xff;
    code[len++] = 0xe0;

    memcpy((void *)DATA_ADDR, p->data, DATA_BYTES);
    fuzz_in = p->start;
    fuzz_entry = CODE_ADDR;
    memset(&fuzz_out, 0, sizeof(fuzz_out));
    on_host = true;
    if (sigsetjmp(host_fault_env, 1) == 0) {
        fuzz_run_host();
        fuzz_out.trap = EXCP03_INT3;
    } else {
        __asm__ volatile("fninit; cld");
        __builtin_ia32_ldmxcsr(0x1f80);
    }
    on_host = false;
    *out = fuzz_out;
}

static CPUState *cpu;

static void run_ours(const Program *p, State *out)
{
    CPUX86State *env = x86_env(cpu);
    unsigned len = lay_out(p, (uint8_t *)CODE_ADDR);

    ((uint8_t *)CODE_ADDR)[len] = 0xcc;
    tcg_user_invalidate(CODE_ADDR, CODE_BYTES);
    memcpy((void *)DATA_ADDR, p->data, DATA_BYTES);
    memcpy(env->regs, p->start.gpr, sizeof(env->regs));
    x86_eflags_set(env, (uint32_t)p->start.flags, CC_ALL | EFL_DF);
    x86_fxrstor_image(env, p->start.fx);
    env->eip = CODE_ADDR;
    env->trapno = 0xff;
    int why;
    do {
        why = cpu_exec(cpu);
    } while (why == EXCP_INTERRUPT || why == EXCP_ATOMIC);
    memcpy(out->gpr, env->regs, sizeof(out->gpr));
    out->flags = x86_eflags_get(env);
    out->rip = env->eip;
    x86_fxsave_image(env, out->fx);
    out->trap = why == EXCP_USER_TRAP ? env->trapno : 1000 + (unsigned)why;
}

/* ---- comparing ---- */

static bool differ(const Program *p, const State *h, const State *o, const uint8_t *host_data,
                   bool say)
{
    bool fault = h->trap != EXCP03_INT3;
    uint32_t undef = p->n && !p->turns ? p->insns[p->n - 1].row->undef : 0;
    uint32_t mask = CC_ALL & ~undef;
    bool bad = false;

#define BAD(...) do { bad = true; if (say) { printf("    "); printf(__VA_ARGS__); } } while (0)
    /* a user program sees a non-canonical address as any other that is not mapped */
    bool same_trap = h->trap == o->trap ||
                     (o->trap == EXCP0E_PAGE && (h->trap == EXCP0C_STACK || h->trap == EXCP0D_GPF));
    if (!same_trap) {
        BAD("exception: host %" PRIu64 ", ours %" PRIu64 "\n", h->trap, o->trap);
        return true;
    }
    if (fault && h->rip != o->rip) {
        BAD("fault at: host %#" PRIx64 ", ours %#" PRIx64 "\n", h->rip, o->rip);
    }
    for (unsigned i = 0; i < 16; i++) {
        if (h->gpr[i] != o->gpr[i]) {
            BAD("gpr %u: host %016" PRIx64 ", ours %016" PRIx64 ", before %016" PRIx64 "\n", i,
                h->gpr[i], o->gpr[i], p->start.gpr[i]);
        }
    }
    if (!fault && ((h->flags ^ o->flags) & (mask | EFL_DF))) {
        BAD("flags: host %#" PRIx64 ", ours %#" PRIx64 " (compared %#x)\n", h->flags & CC_ALL,
            o->flags & CC_ALL, mask);
    }
    static const struct { unsigned ofs, n; const char *name; } parts[] = {
        { 0, 2, "fcw" }, { 2, 2, "fsw" }, { 4, 1, "ftw" }, { 24, 4, "mxcsr" },
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (memcmp(h->fx + parts[i].ofs, o->fx + parts[i].ofs, parts[i].n)) {
            uint32_t a = 0, b = 0;
            memcpy(&a, h->fx + parts[i].ofs, parts[i].n);
            memcpy(&b, o->fx + parts[i].ofs, parts[i].n);
            BAD("%s: host %#x, ours %#x\n", parts[i].name, a, b);
        }
    }
    for (unsigned i = 0; i < 24; i++) {
        unsigned ofs = 32 + 16 * i, n = i < 8 ? 10 : 16;
        if (memcmp(h->fx + ofs, o->fx + ofs, n)) {
            uint64_t a[2], b[2];
            memcpy(a, h->fx + ofs, 16);
            memcpy(b, o->fx + ofs, 16);
            BAD("%s%u: host %016" PRIx64 ":%016" PRIx64 ", ours %016" PRIx64 ":%016" PRIx64 "\n",
                i < 8 ? "st" : "xmm", i < 8 ? i : i - 8, a[1], a[0], b[1], b[0]);
        }
    }
    for (unsigned i = 0; i < DATA_BYTES; i++) {
        if (host_data[i] != ((uint8_t *)DATA_ADDR)[i]) {
            BAD("memory +%#x: host %02x, ours %02x\n", i, host_data[i], ((uint8_t *)DATA_ADDR)[i]);
            break;
        }
    }
#undef BAD
    return bad;
}

static bool mismatch(const Program *p, bool say)
{
    static uint8_t host_data[DATA_BYTES];
    State h, o;

    run_host(p, &h);
    memcpy(host_data, (void *)DATA_ADDR, DATA_BYTES);
    run_ours(p, &o);
    return differ(p, &h, &o, host_data, say);
}

static void shrink(Program *p)
{
    for (unsigned i = 0; i < p->n;) {
        Program q = *p;

        memmove(&q.insns[i], &q.insns[i + 1], (q.n - i - 1) * sizeof(Insn));
        q.n--;
        if (q.n && mismatch(&q, false)) {
            *p = q;
        } else {
            i++;
        }
    }
}

static void print_program(const Program *p)
{
    if (p->turns) {
        printf("    %u times\n", p->turns);
    }
    for (unsigned i = 0; i < p->n; i++) {
        printf("    %-12s", p->insns[i].row->name);
        for (unsigned k = 0; k < p->insns[i].len; k++) {
            printf(" %02x", p->insns[i].bytes[k]);
        }
        printf("\n");
    }
}

static void set_up(const char *backend)
{
    Error *err = NULL;
    g_autofree char *accel = g_strdup_printf("tcg,backend=%s", backend);
    stack_t alt = { .ss_sp = malloc(65536), .ss_size = 65536 };

    type_init_all();
    if (!accel_select(accel, &err)) {
        error_report_err(err);
        exit(1);
    }
    tcg_user_init(&x86_cpu_ops, 0);
    X86CPU *x = x86_cpu_new("max", true, &err);
    if (!x) {
        error_report_err(err);
        exit(1);
    }
    cpu = &x->parent;
    cpu_list_add(cpu);
    current_cpu = cpu;
    cpu_list_add(cpu);
    sigaltstack(&alt, NULL);
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
    static const int sigs[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
    for (unsigned i = 0; i < G_N_ELEMENTS(sigs); i++) {
        sigaction(sigs[i], &sa, NULL);
    }
}

/* the state of a 64-bit user program */
static void user_state(void)
{
    CPUX86State *env = x86_env(cpu);

    env->cr[0] = CR0_PG | CR0_PE | CR0_WP | CR0_NE | CR0_ET | CR0_MP;
    env->cr[4] = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_FSGSBASE | CR4_OSXSAVE;
    env->efer = EFER_LMA | EFER_LME | EFER_SCE | EFER_NXE;
    env->xcr0 = 3;
    x86_load_seg_cache(env, R_CS, 0x33, 0, 0xffffffff, DESC_G | DESC_P | DESC_S | DESC_CS |
                       DESC_R | DESC_A | DESC_L | 3u << DESC_DPL_SHIFT);
    x86_load_seg_cache(env, R_SS, 0x2b, 0, 0xffffffff, DESC_G | DESC_B | DESC_P | DESC_S |
                       DESC_W | DESC_A | 3u << DESC_DPL_SHIFT);
    x86_eflags_set(env, EFL_IF | 2, ~0u);
    x86_update_hflags(env);
}

static void map_at(uint64_t addr, size_t n, int prot)
{
    void *p = mmap((void *)addr, n, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    if (p == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
}

static int page_query(uint64_t gva)
{
    if (gva >= DATA_ADDR && gva < DATA_ADDR + DATA_BYTES) {
        return PROT_R | PROT_W;
    }
    /* written by us, never by the guest: no write protection is wanted here */
    return gva >= CODE_ADDR && gva < CODE_ADDR + CODE_BYTES ? PROT_R | PROT_X : 0;
}

int main(int argc, char **argv)
{
    uint64_t seed = 1, count = UINT64_MAX, done = 0, bad = 0;
    int64_t seconds = 0;
    const char *only = NULL, *backend = "native";
    bool verbose = false;

    for (int i = 1; i < argc; i++) {
        const char *v = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--seed") == 0) { seed = strtoull(v, NULL, 0); i++; }
        else if (strcmp(argv[i], "--count") == 0) { count = strtoull(v, NULL, 0); i++; }
        else if (strcmp(argv[i], "--seconds") == 0) { seconds = atoll(v); i++; }
        else if (strcmp(argv[i], "--only") == 0) { only = v; i++; }
        else if (strcmp(argv[i], "--backend") == 0) { backend = v; i++; }
        else if (strcmp(argv[i], "--verbose") == 0) { verbose = true; }
        else { fprintf(stderr, "fuzz-x86: unknown option %s\n", argv[i]); return 1; }
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    map_at(CODE_ADDR, CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC);
    map_at(DATA_ADDR, DATA_BYTES, PROT_READ | PROT_WRITE);
    tcg_user_set_page_query(page_query);
    set_up(backend);
    user_state();
    collect_rows(only);
    if (!n_rows) {
        fprintf(stderr, "fuzz-x86: no row%s%s\n", only ? " named " : "s", only ? only : "");
        return 1;
    }
    int64_t end = seconds ? g_get_monotonic_time() + seconds * G_USEC_PER_SEC : INT64_MAX;

    for (; done < count && g_get_monotonic_time() < end; done++) {
        static Program p;

        rng_state = seed + done * 0x632be59bd9b4e019ull;
        make_program(&p, 1 + below(below(3) ? 3 : MAX_INSNS));
        if (verbose) {
            printf("sequence %" PRIu64 "\n", done);
            print_program(&p);
        }
        if (mismatch(&p, false)) {
            bad++;
            shrink(&p);
            printf("not ok %" PRIu64 " seed %" PRIu64 " sequence %" PRIu64 "\n", bad, seed, done);
            print_program(&p);
            mismatch(&p, true);
            if (bad >= 200) {
                break;
            }
        }
    }
    printf("# %u rows, %" PRIu64 " sequences, %" PRIu64 " mismatches, seed %" PRIu64 "\n", n_rows,
           done, bad, seed);
    printf("%sok - fuzz-x86 %s\n1..1\n", bad ? "not " : "", backend);
    return bad != 0;
}
