/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code that all blocks share, written once: entry and exit, and the way from a slow-path stub to
 * its C function.
 *
 *   run(env, entry)     saves callee-saved registers, makes the frame, loads the guest's MXCSR
 *   exit                rax is the result; ors the MXCSR flags into the slot and returns
 *   slow[..]            in: r10 address, r11d oi (| op << 16), operands in FRAME_ARG; out: r10.
 *                       Keeps every register but r10 and r11.
 *   lookup              jumped to with the state written back; goes on at lookup_tb(env)
 *   fault               called by a user program's stub; leaves by user_fault(env, ra)
 */
#include <cpuid.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "gen.h"

Thunks thunks;
HostFeatures host_features;
bool base_in_reg;
int32_t env_bias;

static const uint8_t callee_saved[] = { RBP, RBX, R12, R13, R14, R15 };
static const uint8_t caller_saved[] = { RAX, RCX, RDX, RSI, RDI, R8, R9 };
#define MXCSR_DEFAULT 0x1f80

static void detect(void)
{
    unsigned a, b, c, d;
    bool os_avx = false;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_2) || !(c & bit_POPCNT)
        || !(c & bit_SSSE3)) {
        fprintf(stderr, "this program needs a host CPU with SSE4.2 and POPCNT; "
                        "-accel tcg,backend=interp needs them too\n");
        exit(1);
    }
    host_features.aes = c & bit_AES;
    host_features.pclmul = c & bit_PCLMUL;
    if (c & bit_OSXSAVE) {
        uint32_t lo, hi;

        __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
        os_avx = (lo & 6) == 6;
    }
    host_features.avx = os_avx && c & bit_AVX;
    host_features.fma = os_avx && c & bit_FMA;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        host_features.bmi1 = os_avx && b & bit_BMI;         /* VEX encoded as well */
        host_features.bmi2 = os_avx && b & bit_BMI2;
    }
    if (__get_cpuid(0x80000001, &a, &b, &c, &d)) {
        host_features.lzcnt = c & bit_LZCNT;
    }
}

bool tcg_has_op(IrOp op)
{
    if (!(ir_op_info[op].flags & IR_FLAG_OPT)) {
        return true;
    }
    if (op >= IR_vfmaddss && op <= IR_vfmsubaddpd) {
        return host_features.fma;
    }
    return op == IR_pclmulqdq ? host_features.pclmul : host_features.aes;
}

static void call_c(Asm *a, uintptr_t fn)
{
    a_movi(a, RAX, fn, true);
    a_rr(a, 0xff, 2, RAX);
}

static void load_env(Asm *a) { a_lea(a, X_W, RDI, mem_at(RBP, -env_bias)); }

static void make_run(Asm *a)
{
    Mem slot = mem_at(RBP, tcg_rt.ofs_mxcsr - env_bias), tmp = mem_at(RSP, FRAME_MXCSR);

    thunks.run = a_rx(a);
    for (unsigned i = 0; i < G_N_ELEMENTS(callee_saved); i++) {
        a_opcode(a, 0x50 | (callee_saved[i] & 7), 0, -1, callee_saved[i], true);
    }
    a_alu_imm(a, ALU_SUB, X_W, RSP, FRAME_SIZE);
    a_lea(a, X_W, RBP, mem_at(RDI, env_bias));
    if (base_in_reg) {
        a_movi(a, R15, tcg_rt.guest_base, true);
    }
    a_rm(a, 0x8b, RAX, slot);
    a_alu_imm(a, ALU_OR, 0, RAX, MXCSR_DEFAULT);
    a_rm(a, 0x89, RAX, tmp);
    a_rm(a, X_0F | 0xae, 2, tmp);                       /* ldmxcsr */
    a_rr(a, 0xff, 4, RSI);                              /* jmp rsi */

    thunks.exit_stub = a_rx(a);
    a_movi(a, RAX, TB_EXIT_PLAIN, true);
    thunks.exit = a_rx(a);
    a_rm(a, X_0F | 0xae, 3, tmp);                       /* stmxcsr */
    a_rm(a, 0x8b, RCX, tmp);
    a_alu_imm(a, ALU_AND, 0, RCX, 0x3f);
    a_rm(a, 0x09, RCX, slot);
    a_rm(a, 0xc7, 0, tmp);
    a32(a, MXCSR_DEFAULT);
    a_rm(a, X_0F | 0xae, 2, tmp);
    a_alu_imm(a, ALU_ADD, X_W, RSP, FRAME_SIZE);
    for (unsigned i = G_N_ELEMENTS(callee_saved); i-- > 0; ) {
        a_opcode(a, 0x58 | (callee_saved[i] & 7), 0, -1, callee_saved[i], true);
    }
    a8(a, 0xc3);
}

/* The frame is 8 bytes further up in here: the return address is on top of it. */
static Mem frame(int ofs) { return mem_at(RSP, ofs + 8); }

static void save_restore(Asm *a, bool save, bool xmm)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(caller_saved); i++) {
        a_rm(a, (save ? 0x89 : 0x8b) | X_W, caller_saved[i], frame(FRAME_SAVE + 8 * (int)i));
    }
    for (int i = 0; xmm && i < 15; i++) {
        a_rm(a, save ? X_MOVUPS_ST : X_MOVUPS_LD, XMM0 + i, frame(FRAME_XMM + 16 * i));
    }
}

static void slow_args(Asm *a, int kind)
{
    const Mem ra = mem_at(RSP, 0), arg0 = frame(FRAME_ARG), arg1 = frame(FRAME_ARG + 8);
    const uint32_t ld = 0x8b | X_W;

    load_env(a);
    a_mov(a, X_W, RSI, R10);
    switch (kind) {
    case THUNK_LD: case THUNK_LD128: case THUNK_ST128:
        a_mov(a, 0, RDX, R11);
        a_rm(a, ld, RCX, ra);
        a_lea(a, X_W, R8, arg0);
        break;
    case THUNK_ST:
        a_rm(a, ld, RDX, arg0);
        a_mov(a, 0, RCX, R11);
        a_rm(a, ld, R8, ra);
        break;
    case THUNK_RMW:
        a_rm(a, ld, RDX, arg0);
        a_rr(a, X_0F | 0xb7, RCX, R11);
        a_shift_imm(a, SH_SHR, 0, R11, 16);
        a_mov(a, 0, R8, R11);
        a_rm(a, ld, R9, ra);
        break;
    case THUNK_CMPXCHG:
        a_rm(a, ld, RDX, arg0);
        a_rm(a, ld, RCX, arg1);
        a_mov(a, 0, R8, R11);
        a_rm(a, ld, R9, ra);
        break;
    }
}

static void make_slow(Asm *a, int kind, uintptr_t fn)
{
    for (int xmm = 0; xmm < 2; xmm++) {
        thunks.slow[kind][xmm] = a_rx(a);
        save_restore(a, true, xmm);
        slow_args(a, kind);
        a_alu_imm(a, ALU_SUB, X_W, RSP, 8);
        call_c(a, fn);
        a_alu_imm(a, ALU_ADD, X_W, RSP, 8);
        a_mov(a, X_W, R10, RAX);
        save_restore(a, false, xmm);
        a8(a, 0xc3);
    }
}

#define THUNK_ROOM_BYTES 8192

void tcg_native_init(void)
{
    uint8_t *room = mmap(NULL, THUNK_ROOM_BYTES, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    Asm a = { room, room, room };

    detect();
    if (room == MAP_FAILED) {
        perror("mmap of the translator's entry code");
        exit(1);
    }
    env_bias = tcg_rt.softmmu && tcg_rt.ofs_tlb >= -128 && tcg_rt.ofs_tlb < 0 ? tcg_rt.ofs_tlb + 128
                                                                              : 128;
    base_in_reg = !tcg_rt.softmmu && tcg_rt.guest_base > INT32_MAX;
    make_run(&a);
    thunks.lookup = a_rx(&a);
    load_env(&a);
    call_c(&a, (uintptr_t)tcg_rt.lookup_tb);
    a_rr(&a, 0xff, 4, RAX);
    thunks.fault = a_rx(&a);
    a_opcode(&a, 0x58 | RSI, 0, -1, RSI, true);
    load_env(&a);
    call_c(&a, (uintptr_t)tcg_rt.user_fault);
    a8(&a, 0x0f);
    a8(&a, 0x0b);
    make_slow(&a, THUNK_LD, (uintptr_t)tcg_rt.ld);
    make_slow(&a, THUNK_ST, (uintptr_t)tcg_rt.st);
    make_slow(&a, THUNK_LD128, (uintptr_t)tcg_rt.ld128);
    make_slow(&a, THUNK_ST128, (uintptr_t)tcg_rt.st128);
    make_slow(&a, THUNK_RMW, (uintptr_t)tcg_rt.rmw);
    make_slow(&a, THUNK_CMPXCHG, (uintptr_t)tcg_rt.cmpxchg);
    g_assert(a.p - room < THUNK_ROOM_BYTES);
    if (mprotect(room, THUNK_ROOM_BYTES, PROT_READ | PROT_EXEC) != 0) {
        perror("mprotect of the translator's entry code");
        exit(1);
    }
}

/* generated code has no type for the sanitizers to check */
__attribute__((no_sanitize("undefined")))
uintptr_t tcg_native_run(void *env, const void *entry)
{
    return ((uintptr_t (*)(void *, const void *))(uintptr_t)thunks.run)(env, entry);
}

const void *tcg_native_exit_stub(void) { return thunks.exit_stub; }
