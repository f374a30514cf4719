/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One row an instruction. The rows (insns-*.def; their form is described on top of insns-int.def)
 * are read by the decoder, the translator's operand fetch and the differential fuzzer.
 *
 * The decoder resolves (map, opcode, mandatory prefix, modrm.reg, modrm.mod) to a row, then fetches
 * the operands by their kinds, then calls trans. Rows of one (map, opcode) are tried in order
 * (first insns-int.def, then insns-sse.def, insns-x87.def); the first match wins, so specific ones
 * (0xF3 prefix, a modrm.reg) stand before general ones. A row that the mode (I_NO64, I_O64), VEX bits or
 * the CPU's features exclude does not match: F3 0F BC is BSF where there is no TZCNT.
 */
#ifndef TARGET_I386_DECODE_H
#define TARGET_I386_DECODE_H

#include "target/i386/cpu.h"

typedef enum X86Map { MAP_1, MAP_0F, MAP_0F38, MAP_0F3A,
                      MAP_VEX_0F, MAP_VEX_0F38, MAP_VEX_0F3A, N_MAPS } X86Map;

/* pfx column: ANY: prefixes are ordinary (66 = operand size, F2/F3 = rep); NP, 66, F3, F2:
 * mandatory (F3/F2 win over 66; with a mandatory 66 the operand size is not changed). */
typedef enum X86Pfx { PFX_ANY, PFX_NP, PFX_66, PFX_F3, PFX_F2 } X86Pfx;

/* Operand kinds. Sizes: b 1; v 2/4/8 by operand size; z 2/4 (imm32 sign-extended with REX.W);
 * y 4/8; d 4; q 8; w 2; dq 16; p far pointer. */
typedef enum X86Opnd {
    O_NONE, O__ = O_NONE,
    O_Eb, O_Ev, O_Ew, O_Ed, O_Eq, O_Ey,         /* modrm.rm: register or memory */
    O_Gb, O_Gv, O_Gw, O_Gd, O_Gq, O_Gy,         /* modrm.reg */
    O_Mb, O_Mw, O_Md, O_Mq, O_Mdq, O_M,         /* memory only; M: address only */
    O_Rd, O_Rq, O_Rv, O_Ry,                     /* modrm.rm, register only */
    O_Ib, O_Ibs /* sign-extended */, O_Iw, O_Iz, O_Iv /* full 64 with REX.W */,
    O_Jb, O_Jz,                                 /* relative branch target (absolute once fetched) */
    O_Ob, O_Ov,                                 /* moffs */
    O_Ap, O_Mp,                                 /* far pointers */
    O_AL, O_CL, O_DX, O_eAX /* v */, O_rAXz, O_ONE,
    O_Zb, O_Zv, O_Zq,                           /* register in opcode bits 0..2 + REX.B */
    O_Sw,                                       /* segment register, modrm.reg */
    O_Cd, O_Dd,                                 /* control, debug register */
    O_Xb, O_Xv, O_Yb, O_Yv,                     /* string source DS:rSI, destination ES:rDI */
    O_Vdq, O_Vq, O_Vd,                          /* XMM modrm.reg: whole, low 64, low 32 */
    O_Wdq, O_Wq, O_Wd, O_Ww, O_Wb,              /* XMM or memory of that size */
    O_Udq, O_Uq,                                /* XMM modrm.rm, register only */
    O_Pq, O_Qq, O_Qd, O_Nq,                     /* MMX modrm.reg; MMX or memory; MMX rm only */
    O_By,                                       /* VEX.vvvv general register */
    O_Hdq,                                      /* VEX.vvvv XMM */
    O_ST0, O_STi,
    N_OPNDS
} X86Opnd;

typedef struct X86Dis X86Dis;       /* one translation, below */
typedef struct X86Insn X86Insn;
typedef void X86Trans(X86Dis *s, const X86Insn *insn);

/* flags column */
#define I_LOCK      (1u << 0)       /* lock prefix allowed when the destination is memory */
#define I_NO64      (1u << 1)       /* invalid in 64-bit mode */
#define I_O64       (1u << 2)       /* only in 64-bit mode */
#define I_DEF64     (1u << 3)       /* operand size 64 by default in 64-bit mode (push, pop) */
#define I_FORCE64   (1u << 4)       /* operand size always 64 in 64-bit mode (near branches) */
#define I_BYTE      (1u << 5)       /* operand size is 1 */
#define I_CPL0      (1u << 6)       /* #GP unless CPL 0 */
#define I_PE        (1u << 7)       /* #UD in real and virtual-8086 mode */
#define I_ENDS      (1u << 8)       /* ends the block (trans set s->ended itself if finer) */
#define I_REP       (1u << 9)       /* rep prefix has a meaning */
#define I_SSE       (1u << 10)      /* #UD unless CR4.OSFXSR and not CR0.EM; #NM if TS */
#define I_MMX       (1u << 11)      /* #UD if EM, #NM if TS; sets x87 tags valid, TOP 0 */
#define I_X87       (1u << 12)      /* #NM if EM or TS */
#define I_NOALIGN   (1u << 13)      /* 16-byte memory operand need not be aligned */
#define I_ALIGN     (1u << 14)      /* 16-byte memory operand faults (#GP) when misaligned */
#define I_VEXL0     (1u << 15)      /* VEX.L must be 0 */
#define I_VEXW0     (1u << 16)
#define I_VEXW1     (1u << 17)
#define I_FUZZ_SKIP (1u << 18)      /* not for the differential fuzzer (system, nondeterministic) */
#define I_MPX_NOP   (1u << 19)
#define I_WRITE_ONLY (1u << 20)     /* first operand is written without being read */
#define I_NO_WRITE  (1u << 21)      /* first operand is only read (cmp, test) */
/* CPUID feature needed, as (FeatureWord + 1) << 24 | bit number: bits 24..31 word + 1 in 'feat' */
typedef struct X86Feat { uint8_t word_plus_1; uint8_t bit; } X86Feat;

/* mod column. Operands that are memory or register only imply MEM or REG. IGNORED: as if 3. */
enum { MOD_ANY, MOD_MEM, MOD_IGNORED, MOD_REG };

struct X86Insn {
    const char *name;
    uint8_t map, opcode;
    uint8_t pfx;                /* X86Pfx */
    uint8_t n_opcodes;          /* the row serves opcode .. opcode + n - 1; 0 means 1 */
    uint8_t reg;                /* modrm.reg + 1; 0 any */
    uint8_t rm;                 /* modrm.rm + 1, for mod == 3; 0 any */
    uint8_t mod;                /* MOD_* */
    bool has_modrm;             /* filled in by the decoder's set-up from the operands */
    uint8_t op[4];              /* X86Opnd */
    X86Trans *trans;
    uint16_t arg;               /* IR op, ALU operation, condition ...: trans's business */
    X86Feat feat;
    uint32_t flags;
    uint32_t undef;             /* EFLAGS bits that the architecture leaves undefined */
};

/* s->opnd[i] after operand fetch: what trans works on. */
typedef struct X86Operand {
    uint8_t kind;               /* X86Opnd */
    bool is_mem;
    uint8_t reg;                /* register number incl. REX; for bytes without REX 4..7 = AH..BH */
    uint8_t bytes;              /* size; 0 where only the address counts (O_M) */
    uint64_t imm;               /* immediates sign-extended but for O_Ib, branch targets (eip);
                                 * O_Ap: offset | selector << 32 */
} X86Operand;

/* A block as a loop: translate-loop.c */
enum { X86_LOOP_ENTRIES = 16 };
typedef struct X86LoopEntry {
    int32_t ofs;                /* from env, in XMM register @reg */
    uint8_t type, reg;          /* IrType */
    IrVal t;                    /* its value at the head; NULL in the first pass */
} X86LoopEntry;

typedef struct X86Loop {
    bool found;                 /* first pass: it is one */
    bool has_calls;             /* first pass: of helpers, which need all state in its place */
    IrLabel *head;              /* second pass */
    uint32_t written;           /* XMM registers, in this iteration so far */
    unsigned n;
    X86LoopEntry e[X86_LOOP_ENTRIES];
} X86Loop;

/* The state of translating one block. */
struct X86Dis {
    CPUX86State *env;
    IrBlock *b;
    TbInfo *info;
    uint64_t flags;             /* hflags | cs_base << 32 */
    uint64_t cs_base;
    uint64_t pc_start;          /* rip-relative (eip) value: first byte of the current insn */
    uint64_t pc;                /* next byte to fetch, then the next instruction's eip */
    uint8_t code[16];           /* the instruction's bytes */
    uint8_t code_len;           /* in: how many of them are there */
    uint8_t len;                /* out: length of the instruction */
    uint8_t status;             /* X86DecodeStatus */

    uint8_t cpl, iopl;
    bool pe, vm86, code64, code32, ss32, lma, addseg;
    bool lock, rep, repne;
    uint8_t rex;                /* 0x40.. or 0 */
    uint8_t vex_l, vex_v;       /* VEX */
    bool vex;
    uint8_t prefix66;
    int8_t seg_override;        /* R_xS or -1 */
    uint8_t osize;              /* operand size in bytes: 1 (I_BYTE), 2, 4, 8 */
    uint8_t asize;              /* address size in bytes: 2, 4, 8 */
    uint8_t opcode, modrm, mod, reg, rm;    /* reg, rm incl. REX bits */
    X86Operand opnd[4];
    IrVal addr;                 /* I64 linear address of the memory operand */
    IrVal ea;                   /* the same before the segment base */
    int8_t mem_seg;
    int8_t mem_base, mem_index; /* registers, -1 none */
    uint8_t mem_scale;          /* shift */
    bool mem_rip;               /* relative to the next instruction */
    int64_t mem_disp;

    CCOp cc_op;                 /* known op, or CC_OP_DYNAMIC */
    bool cc_op_dirty;           /* env->cc_op is not yet stored */
    /* cc_op DYNAMIC, but it is known that env->cc_op holds the operation cc_under (else DYNAMIC)
     * and cc_over (CC_OVER_C, CC_OVER_O) beside the bits themselves */
    CCOp cc_under;
    uint32_t cc_over;
    IrVal cmp_a, cmp_b;         /* CC_OP_SUBx: the operands, set by x86_cc_sub(); else NULL */
    bool ended;                 /* the block ends after this instruction: a trans sets it when it
                                 * has emitted the exit itself */
    bool end_eip;               /* end it, going on at s->pc; translate.c emits the exit */
    bool flags_change;          /* ... and hflags may have changed */
    X86Loop *loop;
    bool mmx_on;                /* an MMX instruction, no x87 since: translate-sse.c */
    uint8_t mmu;                /* MemOp MMU bits' index for this block's CPL */
};

/* ---- services of translate.c for all trans_* ---- */
extern IrVal x86_reg[X86_N_REGS], x86_cc_dst, x86_cc_src, x86_cc_src2, x86_cc_op, x86_eip;

static inline MemOp x86_mo(const X86Dis *s, unsigned bytes)     /* plain access of that size */
{ return (MemOp)(31 - __builtin_clz(bytes)) | mo_mmu(s->mmu); }

/* Operand i as a value of its own size, zero-extended in an I64 (general registers, memory,
 * immediates). Always a fresh temporary or constant: safe to hold while registers are written. */
IrVal x86_load(X86Dis *s, unsigned i);
IrVal x86_load_sext(X86Dis *s, unsigned i);
/* Writes the low opnd[i].bytes of an I64: byte/word merge, dword zero-extends, memory stores. */
void x86_store(X86Dis *s, unsigned i, IrVal val);
IrVal x86_reg_read(X86Dis *s, unsigned reg, unsigned bytes);            /* no AH..BH */
void x86_reg_write(X86Dis *s, unsigned reg, unsigned bytes, IrVal val);
void x86_cc_set(X86Dis *s, CCOp op);        /* after writing cc_dst/src/src2 */
void x86_cc_flush(X86Dis *s);       /* env->cc_op is right: before helpers that read flags */
IrVal x86_flags_read(X86Dis *s);            /* I64: CC_ALL bits, materialised */
void x86_flags_write(X86Dis *s, IrVal cc_bits);                 /* I64: becomes CC_OP_FLAGS */
/* before a helper that may fault or look at the state: cc_op stored; eip too if @eip */
void x86_sync(X86Dis *s, bool eip);
void x86_gen_illegal(X86Dis *s);            /* #UD, ends the block */
void x86_gen_exception(X86Dis *s, int vector);
void x86_gen_gpf0(X86Dis *s);               /* #GP(0) */
/* ends the block: go on at eip = s->pc, flags possibly changed */
void x86_end_block_eip(X86Dis *s);
/* calls a helper; env is passed as the first argument when @env */
void x86_call(X86Dis *s, const IrHelper *h, IrVal ret, bool env, unsigned n, const IrVal *args);
#define X86_OFS(field) ((int32_t)offsetof(CPUX86State, field))

typedef enum X86DecodeStatus { DECODE_OK, DECODE_MORE /* bytes needed than code_len */,
                               DECODE_LONG /* over 15 bytes */, DECODE_ILLEGAL } X86DecodeStatus;
/* sets mode fields (cpl, code64, ...) from a block's flags; no IR */
void x86_dis_init(X86Dis *s, CPUX86State *env, uint64_t flags);
const X86Insn *x86_decode_row(unsigned i);      /* all rows, for tests: NULL after the last */
/*
 * Decodes s->code[0 .. code_len) at s->pc_start without translating: row or NULL (s->status says
 * why); fills s's decode fields and operands. s->env NULL: as if the CPU had all features.
 */
const X86Insn *x86_decode(X86Dis *s);

/* ---- constants of the rows' arg column ---- */
enum { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP, ALU_TEST };
enum { SH_ROL, SH_ROR, SH_RCL, SH_RCR, SH_SHL, SH_SHR, SH_SAR };
enum { BT_BT, BT_BTS, BT_BTR, BT_BTC };
enum { BCD_DAA, BCD_DAS, BCD_AAA, BCD_AAS };

/* every row's function */
#define INSN(map, opcode, pfx, name, o1, o2, o3, o4, trans, ...) X86Trans trans_##trans;
#include "target/i386/insns-int.def"
#if __has_include("target/i386/insns-sse.def")
#include "target/i386/insns-sse.def"
#endif
#if __has_include("target/i386/insns-x87.def")
#include "target/i386/insns-x87.def"
#endif
#undef INSN

#endif
