/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing x86-64 instructions. */
#ifndef TCG_X86_64_ASM_H
#define TCG_X86_64_ASM_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15,
    XMM0, XMM15 = XMM0 + 15,
};

/* An opcode: byte, map, mandatory prefix, operand size, which operands are byte registers. */
#define X_0F        (1u << 8)
#define X_0F38      (2u << 8)
#define X_0F3A      (3u << 8)
#define X_MAP(o)    ((o) >> 8 & 3)
#define X_66        (1u << 10)
#define X_F3        (2u << 10)
#define X_F2        (3u << 10)
#define X_PFX(o)    ((o) >> 10 & 3)
#define X_W         (1u << 12)
#define X_R8        (1u << 13)      /* the reg operand is a byte register */
#define X_M8        (1u << 14)      /* the rm operand is */
#define X_GROUP     (1u << 15)      /* reg field extends the opcode: bits 16..18 */
#define X_EXT(n)    (X_GROUP | (uint32_t)(n) << 16)

enum { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };
enum { CC_O, CC_NO, CC_B, CC_AE, CC_E, CC_NE, CC_BE, CC_A, CC_S, CC_NS, CC_P, CC_NP, CC_L, CC_GE,
       CC_LE, CC_G };
enum { SH_ROL, SH_ROR, SH_SHL = 4, SH_SHR, SH_SAR = 7 };

typedef struct Mem {
    int8_t base, index;             /* index -1: none; scale is 1 */
    int32_t disp;
} Mem;
static inline Mem mem_at(int base, int32_t disp) { return (Mem){ (int8_t)base, -1, disp }; }

/* The caller keeps room: bytes are written without a check. */
typedef struct Asm {
    uint8_t *p;
    uint8_t *rw;                    /* start, where it is written */
    const uint8_t *rx;              /* start, where it runs */
} Asm;

static inline uint32_t a_ofs(const Asm *a) { return (uint32_t)(a->p - a->rw); }
static inline const uint8_t *a_rx(const Asm *a) { return a->rx + (a->p - a->rw); }
static inline void a8(Asm *a, unsigned v) { *a->p++ = (uint8_t)v; }
static inline void a32(Asm *a, uint32_t v) { memcpy(a->p, &v, 4); a->p += 4; }
static inline void a64(Asm *a, uint64_t v) { memcpy(a->p, &v, 8); a->p += 8; }

static inline void a_opcode(Asm *a, uint32_t opc, int reg, int index, int rm, bool rm_is_reg)
{
    static const uint8_t prefix[4] = { 0, 0x66, 0xf3, 0xf2 };
    unsigned rex = (opc & X_W ? 8 : 0) | (reg & 8) >> 1 | (index >= 0 ? (index & 8) >> 2 : 0)
                   | (rm & 8) >> 3;

    if (((opc & X_R8) && reg >= RSP && reg <= RDI)
        || ((opc & X_M8) && rm_is_reg && rm >= RSP && rm <= RDI)) {
        rex |= 0x40;
    }
    if (X_PFX(opc)) {
        a8(a, prefix[X_PFX(opc)]);
    }
    if (rex) {
        a8(a, 0x40 | rex);
    }
    if (X_MAP(opc)) {
        a8(a, 0x0f);
        if (X_MAP(opc) > 1) {
            a8(a, X_MAP(opc) == 2 ? 0x38 : 0x3a);
        }
    }
    a8(a, opc & 0xff);
}

static inline void a_modrm_mem(Asm *a, int reg, Mem m)
{
    unsigned r = (unsigned)(reg & 7) << 3, b = (unsigned)m.base & 7;
    bool sib = m.index >= 0 || b == RSP;
    unsigned mod = m.disp == 0 && b != RBP ? 0 : m.disp == (int8_t)m.disp ? 0x40 : 0x80;

    a8(a, mod | r | (sib ? 4 : b));
    if (sib) {
        a8(a, (m.index >= 0 ? ((unsigned)m.index & 7) << 3 : 4u << 3) | b);
    }
    if (mod == 0x40) {
        a8(a, (unsigned)m.disp);
    } else if (mod) {
        a32(a, (uint32_t)m.disp);
    }
}

static inline void a_rr(Asm *a, uint32_t opc, int reg, int rm)
{
    a_opcode(a, opc, reg, -1, rm, true);
    a8(a, 0xc0 | (unsigned)(reg & 7) << 3 | (unsigned)(rm & 7));
}

static inline void a_rm(Asm *a, uint32_t opc, int reg, Mem m)
{
    a_opcode(a, opc, reg, m.index, m.base, false);
    a_modrm_mem(a, reg, m);
}

static inline void a_vex(Asm *a, uint32_t opc, int reg, int vvvv, int rm)
{
    unsigned v = (~(unsigned)vvvv & 15) << 3, pp = (X_PFX(opc) == 3 ? 3 : X_PFX(opc));

    if (X_MAP(opc) == 1 && !(opc & X_W) && !(rm & 8)) {
        a8(a, 0xc5);
        a8(a, (reg & 8 ? 0 : 0x80) | v | pp);
    } else {
        a8(a, 0xc4);
        a8(a, (reg & 8 ? 0 : 0x80) | 0x40 | (rm & 8 ? 0 : 0x20) | X_MAP(opc));
        a8(a, (opc & X_W ? 0x80 : 0) | v | pp);
    }
    a8(a, opc & 0xff);
    a8(a, 0xc0 | (unsigned)(reg & 7) << 3 | (unsigned)(rm & 7));
}

/* ---- the usual ones; w is X_W or 0 ---- */
static inline void a_mov(Asm *a, uint32_t w, int d, int s) { a_rr(a, 0x8b | w, d, s); }

static inline void a_alu(Asm *a, int alu, uint32_t w, int d, int s)
{
    a_rr(a, ((uint32_t)alu * 8 + 3) | w, d, s);
}

static inline void a_alu_imm(Asm *a, int alu, uint32_t w, int d, int32_t imm)
{
    if (imm == (int8_t)imm) {
        a_rr(a, 0x83 | w, alu, d);
        a8(a, (unsigned)imm);
    } else {
        a_rr(a, 0x81 | w, alu, d);
        a32(a, (uint32_t)imm);
    }
}

static inline void a_shift_imm(Asm *a, int sh, uint32_t w, int d, unsigned n)
{
    a_rr(a, 0xc1 | w, sh, d);
    a8(a, n);
}

static inline void a_lea(Asm *a, uint32_t w, int d, Mem m) { a_rm(a, 0x8d | w, d, m); }

/* leaves the flags alone if @keep_flags */
static inline void a_movi(Asm *a, int d, uint64_t v, bool keep_flags)
{
    if (v == 0 && !keep_flags) {
        a_rr(a, 0x33, d, d);
    } else if (v <= UINT32_MAX) {
        a_opcode(a, 0xb8 | (d & 7), 0, -1, d, true);
        a32(a, (uint32_t)v);
    } else if ((int64_t)v == (int32_t)v) {
        a_rr(a, 0xc7 | X_W, 0, d);
        a32(a, (uint32_t)v);
    } else {
        a_opcode(a, 0xb8 | (d & 7) | X_W, 0, -1, d, true);
        a64(a, v);
    }
}

/* jcc/jmp with a 32-bit distance; returns where to patch it */
static inline uint8_t *a_jcc(Asm *a, int cc)
{
    a8(a, 0x0f);
    a8(a, 0x80 | (unsigned)cc);
    a32(a, 0);
    return a->p - 4;
}

static inline uint8_t *a_jmp(Asm *a)
{
    a8(a, 0xe9);
    a32(a, 0);
    return a->p - 4;
}

static inline void a_patch(uint8_t *at, const uint8_t *dest)
{
    int32_t d = (int32_t)(dest - (at + 4));

    memcpy(at, &d, 4);
}

/* SSE register move, load and store by IrType-like size */
#define X_MOVAPS        (X_0F | 0x28)
#define X_MOVUPS_LD     (X_0F | 0x10)
#define X_MOVUPS_ST     (X_0F | 0x11)
#define X_MOVSS_LD      (X_0F | X_F3 | 0x10)
#define X_MOVSS_ST      (X_0F | X_F3 | 0x11)
#define X_MOVSD_LD      (X_0F | X_F2 | 0x10)
#define X_MOVSD_ST      (X_0F | X_F2 | 0x11)
#define X_MOVD_TO       (X_0F | X_66 | 0x6e)    /* xmm <- r32; with X_W r64 */
#define X_MOVD_FROM     (X_0F | X_66 | 0x7e)    /* r32 <- xmm (xmm in reg field) */

#endif
