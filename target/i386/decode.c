/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From bytes to a row and its operands. No IR is made here, so tests, the fuzzer and disassembly
 * can call x86_decode() alone.
 */
#include <string.h>
#include "target/i386/decode.h"
#if __has_include("target/i386/x87-helpers.h")
#include "target/i386/x87-helpers.h"
#endif
#if __has_include("target/i386/sse-helpers.h")
#include "target/i386/sse-helpers.h"
#endif
#if __has_include("target/i386/translate-x87.h")
#include "target/i386/translate-x87.h"
#endif
#if __has_include("target/i386/translate-sse.h")
#include "target/i386/translate-sse.h"
#endif

/* ---- the rows ---- */

#define SLASH(n)        .reg = (n) + 1
#define RM(n)           .rm = (n) + 1, .mod = MOD_REG
#define MEM             .mod = MOD_MEM
#define REG             .mod = MOD_REG
#define ANYMOD          .mod = MOD_IGNORED
#define HAS_MODRM       .has_modrm = true
#define OPCODES(n)      .n_opcodes = (n)
#define ARG(x)          .arg = (x)
#define FLAGS(f)        .flags = (f)
#define UNDEF(f)        .undef = (f)
#define FEAT(w, b)      .feat = { FEAT_##w + 1, (b) }

#define F_X87           FEAT(1_EDX, 0)
#define F_CLFSH         FEAT(1_EDX, 19)
#define F_MMX           FEAT(1_EDX, 23)
#define F_FXSR          FEAT(1_EDX, 24)
#define F_SSE           FEAT(1_EDX, 25)
#define F_SSE2          FEAT(1_EDX, 26)
#define F_SSE3          FEAT(1_ECX, 0)
#define F_PCLMULQDQ     FEAT(1_ECX, 1)
#define F_MONITOR       FEAT(1_ECX, 3)
#define F_SSSE3         FEAT(1_ECX, 9)
#define F_SSE41         FEAT(1_ECX, 19)
#define F_SSE42         FEAT(1_ECX, 20)
#define F_MOVBE         FEAT(1_ECX, 22)
#define F_POPCNT        FEAT(1_ECX, 23)
#define F_AES           FEAT(1_ECX, 25)
#define F_XSAVE         FEAT(1_ECX, 26)
#define F_RDRAND        FEAT(1_ECX, 30)
#define F_FSGSBASE      FEAT(7_0_EBX, 0)
#define F_BMI1          FEAT(7_0_EBX, 3)
#define F_BMI2          FEAT(7_0_EBX, 8)
#define F_INVPCID       FEAT(7_0_EBX, 10)
#define F_RDSEED        FEAT(7_0_EBX, 18)
#define F_ADX           FEAT(7_0_EBX, 19)
#define F_SMAP          FEAT(7_0_EBX, 20)
#define F_CLFLUSHOPT    FEAT(7_0_EBX, 23)
#define F_CLWB          FEAT(7_0_EBX, 24)
#define F_SHA           FEAT(7_0_EBX, 29)
#define F_RDPID         FEAT(7_0_ECX, 22)
#define F_MOVDIRI       FEAT(7_0_ECX, 27)
#define F_SYSCALL       FEAT(8000_0001_EDX, 11)
#define F_RDTSCP        FEAT(8000_0001_EDX, 27)
#define F_LZCNT         FEAT(8000_0001_ECX, 5)
#define F_SSE4A         FEAT(8000_0001_ECX, 6)
#define F_XSAVEOPT      FEAT(XSAVE, 0)
#define F_XSAVEC        FEAT(XSAVE, 1)

static X86Insn rows[] = {
#define INSN(mp, opc, pf, nm, o1, o2, o3, o4, tr, ...) \
    { .name = #nm, .map = MAP_##mp, .opcode = 0x##opc, .pfx = PFX_##pf, \
      .op = { O_##o1, O_##o2, O_##o3, O_##o4 }, .trans = trans_##tr, ##__VA_ARGS__ },
#include "target/i386/insns-int.def"
#if __has_include("target/i386/insns-sse.def")
#include "target/i386/insns-sse.def"
#endif
#if __has_include("target/i386/insns-x87.def")
#include "target/i386/insns-x87.def"
#endif
#undef INSN
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* The rows of one opcode are list[first .. first + n). */
typedef struct RowList { uint16_t first; uint8_t n; bool has_modrm; } RowList;
static RowList index_[N_MAPS][256];
static uint16_t list[N_ROWS * 4];


/* ---- operand kinds ---- */

/* where an operand lives */
enum { W_NONE, W_RM, W_REG, W_IMM, W_IMMS, W_REL, W_MOFFS, W_FAR, W_FIXED, W_OPC, W_SEG, W_SYS,
       W_STR, W_VVVV, W_XREG, W_XRM, W_MREG, W_MRM, W_ST };
/* sizes that the prefixes decide; others are bytes */
enum { S_V = 0x80, S_Z, S_Y, S_ADDR };
#define M_MEM_ONLY 1
#define M_REG_ONLY 2

static const struct OpndInfo {
    uint8_t where, size;
    uint8_t which;              /* fixed register; M_* for modrm operands */
} opnds[N_OPNDS] = {
    [O_Eb] = { W_RM, 1 }, [O_Ev] = { W_RM, S_V }, [O_Ew] = { W_RM, 2 }, [O_Ed] = { W_RM, 4 },
    [O_Eq] = { W_RM, 8 }, [O_Ey] = { W_RM, S_Y },
    [O_Gb] = { W_REG, 1 }, [O_Gv] = { W_REG, S_V }, [O_Gw] = { W_REG, 2 }, [O_Gd] = { W_REG, 4 },
    [O_Gq] = { W_REG, 8 }, [O_Gy] = { W_REG, S_Y },
    [O_Mb] = { W_RM, 1, M_MEM_ONLY }, [O_Mw] = { W_RM, 2, M_MEM_ONLY },
    [O_Md] = { W_RM, 4, M_MEM_ONLY }, [O_Mq] = { W_RM, 8, M_MEM_ONLY },
    [O_Mdq] = { W_RM, 16, M_MEM_ONLY }, [O_M] = { W_RM, 0, M_MEM_ONLY },
    [O_Mp] = { W_RM, S_V, M_MEM_ONLY },
    [O_Rd] = { W_RM, 4, M_REG_ONLY }, [O_Rq] = { W_RM, 8, M_REG_ONLY },
    [O_Rv] = { W_RM, S_V, M_REG_ONLY }, [O_Ry] = { W_RM, S_Y, M_REG_ONLY },
    [O_Ib] = { W_IMM, 1 }, [O_Ibs] = { W_IMMS, 1 }, [O_Iw] = { W_IMM, 2 },
    [O_Iz] = { W_IMMS, S_Z }, [O_Iv] = { W_IMM, S_V },
    [O_Jb] = { W_REL, 1 }, [O_Jz] = { W_REL, S_Z },
    [O_Ob] = { W_MOFFS, 1 }, [O_Ov] = { W_MOFFS, S_V }, [O_Ap] = { W_FAR, S_Z },
    [O_AL] = { W_FIXED, 1, R_EAX }, [O_CL] = { W_FIXED, 1, R_ECX }, [O_DX] = { W_FIXED, 2, R_EDX },
    [O_eAX] = { W_FIXED, S_V, R_EAX }, [O_rAXz] = { W_FIXED, S_Z, R_EAX }, [O_ONE] = { W_IMM, 0 },
    [O_Zb] = { W_OPC, 1 }, [O_Zv] = { W_OPC, S_V }, [O_Zq] = { W_OPC, 8 },
    [O_Sw] = { W_SEG, 2 }, [O_Cd] = { W_SYS, S_V }, [O_Dd] = { W_SYS, S_V },
    [O_Xb] = { W_STR, 1, R_ESI }, [O_Xv] = { W_STR, S_V, R_ESI },
    [O_Yb] = { W_STR, 1, R_EDI }, [O_Yv] = { W_STR, S_V, R_EDI },
    [O_Vdq] = { W_XREG, 16 }, [O_Vq] = { W_XREG, 8 }, [O_Vd] = { W_XREG, 4 },
    [O_Wdq] = { W_XRM, 16 }, [O_Wq] = { W_XRM, 8 }, [O_Wd] = { W_XRM, 4 }, [O_Ww] = { W_XRM, 2 },
    [O_Wb] = { W_XRM, 1 },
    [O_Udq] = { W_XRM, 16, M_REG_ONLY }, [O_Uq] = { W_XRM, 8, M_REG_ONLY },
    [O_Pq] = { W_MREG, 8 }, [O_Qq] = { W_MRM, 8 }, [O_Qd] = { W_MRM, 4 },
    [O_Nq] = { W_MRM, 8, M_REG_ONLY },
    [O_By] = { W_VVVV, S_Y }, [O_Hdq] = { W_VVVV, 16 },
    [O_ST0] = { W_ST, 10 }, [O_STi] = { W_ST, 10 },
};

static bool uses_modrm(const struct OpndInfo *o)
{
    return o->where == W_RM || o->where == W_REG || o->where == W_SEG || o->where == W_SYS ||
           (o->where >= W_XREG && o->where <= W_MRM);
}

static bool is_modrm_rm(const struct OpndInfo *o)
{
    return o->where == W_RM || o->where == W_XRM || o->where == W_MRM;
}

static void row_complete(X86Insn *r)
{
    r->has_modrm |= r->reg || r->rm || r->mod;
    r->n_opcodes = r->n_opcodes ? r->n_opcodes : 1;
    for (unsigned i = 0; i < 4; i++) {
        const struct OpndInfo *o = &opnds[r->op[i]];

        r->has_modrm |= uses_modrm(o);
        if (is_modrm_rm(o) && o->which && r->mod == MOD_ANY) {
            r->mod = o->which == M_MEM_ONLY ? MOD_MEM : MOD_REG;
        }
    }
}

/* Sorts the rows into lists by (map, opcode), keeping their order. */
static void rows_index(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < N_ROWS; i++) {
        row_complete(&rows[i]);
        for (unsigned j = 0; j < rows[i].n_opcodes; j++) {
            RowList *l = &index_[rows[i].map][(rows[i].opcode + j) & 255];
            l->n++;
            l->has_modrm |= rows[i].has_modrm;
        }
    }
    for (unsigned m = 0; m < N_MAPS; m++) {
        for (unsigned o = 0; o < 256; o++) {
            index_[m][o].first = (uint16_t)n;
            n += index_[m][o].n;
            index_[m][o].n = 0;
        }
    }
    g_assert(n <= sizeof(list) / sizeof(list[0]));
    for (unsigned i = 0; i < N_ROWS; i++) {
        for (unsigned j = 0; j < rows[i].n_opcodes; j++) {
            RowList *l = &index_[rows[i].map][(rows[i].opcode + j) & 255];
            list[l->first + l->n++] = (uint16_t)i;
        }
    }
}

static void decode_init(void)
{
    static gsize once;

    if (g_once_init_enter(&once)) {
        rows_index();
        g_once_init_leave(&once, 1);
    }
}

const X86Insn *x86_decode_row(unsigned i)
{
    decode_init();
    return i < N_ROWS ? &rows[i] : NULL;
}

void x86_dis_init(X86Dis *s, CPUX86State *env, uint64_t flags)
{
    uint32_t hf = (uint32_t)flags;

    memset(s, 0, sizeof(*s));
    decode_init();
    s->env = env;
    s->flags = flags;
    s->cs_base = hf & HF_CS64 ? 0 : flags >> 32;
    s->cpl = hf & HF_CPL_MASK;
    s->iopl = hf >> 12 & 3;
    s->pe = hf & HF_PE;
    s->vm86 = hf & HF_VM;
    s->lma = hf & HF_LMA;
    s->code64 = hf & HF_CS64;
    s->code32 = hf & (HF_CS32 | HF_CS64);
    s->ss32 = hf & (HF_SS32 | HF_CS64);
    s->addseg = (hf & (HF_ADDSEG | HF_CS64)) == HF_ADDSEG;
    s->mmu = s->cpl == 3 ? MMU_USER
             : (hf & (HF_SMAP | HF_AC)) == HF_SMAP ? MMU_KERNEL_NOAC : MMU_KERNEL;
}

/* ---- bytes ---- */

/* After the first failure the rest reads zeros; s->status keeps the reason. */
static uint8_t next8(X86Dis *s)
{
    if (s->len >= 15) {
        s->status = s->status ? s->status : DECODE_LONG;
        return 0;
    }
    if (s->len >= s->code_len) {
        s->status = s->status ? s->status : DECODE_MORE;
        return 0;
    }
    return s->code[s->len++];
}

static uint64_t next_le(X86Dis *s, unsigned bytes)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < bytes; i++) {
        v |= (uint64_t)next8(s) << (8 * i);
    }
    return v;
}

static int64_t next_signed(X86Dis *s, unsigned bytes)
{
    unsigned unused = 64 - 8 * bytes;

    return (int64_t)(next_le(s, bytes) << unused) >> unused;
}

/* ---- prefixes ---- */

static bool legacy_prefix(X86Dis *s, uint8_t b, bool *prefix67)
{
    switch (b) {
    case 0x26: case 0x2e: case 0x36: case 0x3e:
        if (!s->code64) {
            s->seg_override = (int8_t)((b >> 3) & 3);
        }
        return true;
    case 0x64: case 0x65: s->seg_override = (int8_t)(b - 0x64 + R_FS); return true;
    case 0x66: s->prefix66 = 1; return true;
    case 0x67: *prefix67 = true; return true;
    case 0xf0: s->lock = true; return true;
    case 0xf2: s->repne = true; s->rep = false; return true;
    case 0xf3: s->rep = true; s->repne = false; return true;
    default: return false;
    }
}

/* returns the byte after them */
static uint8_t decode_prefixes(X86Dis *s)
{
    bool prefix67 = false;
    uint8_t b;

    for (;;) {
        b = next8(s);
        if (s->status) {
            return 0;
        }
        if (s->code64 && (b & 0xf0) == 0x40) {
            s->rex = b;
        } else if (legacy_prefix(s, b, &prefix67)) {
            s->rex = 0;
        } else {
            break;
        }
    }
    s->asize = s->code64 ? (prefix67 ? 4 : 8) : s->code32 != prefix67 ? 4 : 2;
    return b;
}

/* C4 and C5 are LES and LDS unless the next byte cannot be their modrm */
static bool is_vex(const X86Dis *s, uint8_t b)
{
    if (b != 0xc4 && b != 0xc5) {
        return false;
    }
    if (s->code64) {
        return true;
    }
    return s->pe && !s->vm86 && s->len < s->code_len && s->code[s->len] >= 0xc0;
}

static int decode_vex(X86Dis *s, uint8_t first)
{
    static const int8_t maps[] = { -1, MAP_VEX_0F, MAP_VEX_0F38, MAP_VEX_0F3A };
    uint8_t p0 = next8(s), p1 = p0, map = 1;

    if (s->rex || s->lock || s->prefix66 || s->rep || s->repne) {
        return -1;
    }
    s->vex = true;
    s->rex = (uint8_t)(0x40 | (~p0 >> 7 & 1) << 2);
    if (first == 0xc4) {
        map = p0 & 31;
        p1 = next8(s);
        s->rex |= (uint8_t)((~p0 >> 6 & 1) << 1 | (~p0 >> 5 & 1) | (p1 >> 7) << 3);
    }
    if (!s->code64) {
        s->rex = 0;
    }
    s->vex_v = ~p1 >> 3 & (s->code64 ? 15 : 7);
    s->vex_l = p1 >> 2 & 1;
    s->prefix66 = (p1 & 3) == 1;
    s->rep = (p1 & 3) == 2;
    s->repne = (p1 & 3) == 3;
    return map < 4 ? maps[map] : -1;
}

/* the opcode's map, or -1; s->opcode is set */
static int decode_opcode(X86Dis *s)
{
    uint8_t b = decode_prefixes(s);
    int map = MAP_1;

    if (!s->status && is_vex(s, b)) {
        map = decode_vex(s, b);
        b = next8(s);
    } else if (b == 0x0f) {
        map = MAP_0F;
        b = next8(s);
        if (b == 0x38 || b == 0x3a) {
            map = b == 0x38 ? MAP_0F38 : MAP_0F3A;
            b = next8(s);
        }
    }
    s->opcode = b;
    return map;
}

/* ---- addresses ---- */

static void decode_mem16(X86Dis *s)
{
    static const int8_t base[] = { R_EBX, R_EBX, R_EBP, R_EBP, R_ESI, R_EDI, R_EBP, R_EBX };
    static const int8_t index[] = { R_ESI, R_EDI, R_ESI, R_EDI, -1, -1, -1, -1 };
    unsigned rm = s->modrm & 7;

    s->mem_base = base[rm];
    s->mem_index = index[rm];
    if (s->mod == 0 && rm == 6) {
        s->mem_base = -1;
        s->mem_disp = next_signed(s, 2);
    } else if (s->mod) {
        s->mem_disp = next_signed(s, s->mod);
    }
    s->mem_seg = s->mem_base == R_EBP ? R_SS : R_DS;
}

static void decode_mem32(X86Dis *s)
{
    unsigned rm = s->modrm & 7, base = rm;
    bool sib = rm == 4;

    if (sib) {
        uint8_t b = next8(s);
        unsigned index = (b >> 3 & 7) | (s->rex & 2) << 2;

        s->mem_scale = b >> 6;
        s->mem_index = index == 4 ? -1 : (int8_t)index;
        base = b & 7;
    }
    s->mem_base = (int8_t)(base | (s->rex & 1) << 3);
    if (s->mod == 0 && base == 5) {
        s->mem_base = -1;
        s->mem_rip = s->code64 && !sib;
        s->mem_disp = next_signed(s, 4);
    } else if (s->mod) {
        s->mem_disp = next_signed(s, s->mod == 1 ? 1 : 4);
    }
    s->mem_seg = s->mem_base == R_ESP || s->mem_base == R_EBP ? R_SS : R_DS;
}

static void decode_modrm(X86Dis *s)
{
    s->modrm = next8(s);
    s->mod = s->modrm >> 6;
    s->reg = (s->modrm >> 3 & 7) | (s->rex & 4) << 1;
    s->rm = (s->modrm & 7) | (s->rex & 1) << 3;
}

static void decode_mem(X86Dis *s)
{
    if (s->asize == 2) {
        decode_mem16(s);
    } else {
        decode_mem32(s);
    }
    if (s->seg_override >= 0) {
        s->mem_seg = s->seg_override;
    }
}

/* ---- rows ---- */

static bool has_feature(const X86Dis *s, X86Feat f)
{
    return !f.word_plus_1 || !s->env || s->env->features[f.word_plus_1 - 1] >> f.bit & 1;
}

static bool flags_match(const X86Dis *s, uint32_t flags)
{
    return !(flags & (s->code64 ? I_NO64 : I_O64)) && !(flags & I_VEXL0 && s->vex_l) &&
           !(flags & I_VEXW0 && s->rex & 8) && !(flags & I_VEXW1 && !(s->rex & 8));
}

static bool row_matches(const X86Dis *s, const X86Insn *r)
{
    X86Pfx pfx = s->rep ? PFX_F3 : s->repne ? PFX_F2 : s->prefix66 ? PFX_66 : PFX_NP;

    return (r->pfx == PFX_ANY || r->pfx == pfx) &&
           (!r->reg || r->reg == (s->modrm >> 3 & 7) + 1) &&
           (!r->rm || r->rm == (s->modrm & 7) + 1) &&
           (r->mod == MOD_ANY || r->mod == MOD_IGNORED || (r->mod == MOD_REG) == (s->mod == 3)) &&
           flags_match(s, r->flags) && has_feature(s, r->feat);
}

static const X86Insn *find_row(const X86Dis *s, const RowList *l)
{
    for (unsigned i = 0; i < l->n; i++) {
        const X86Insn *r = &rows[list[l->first + i]];
        if (row_matches(s, r)) {
            return r;
        }
    }
    return NULL;
}

static uint8_t operand_size(const X86Dis *s, const X86Insn *r)
{
    bool p66 = s->prefix66 && r->pfx != PFX_66;

    if (r->flags & I_BYTE) {
        return 1;
    }
    if (!s->code64) {
        return s->code32 != p66 ? 4 : 2;
    }
    if (s->rex & 8 || r->flags & I_FORCE64) {
        return 8;
    }
    return p66 ? 2 : r->flags & I_DEF64 ? 8 : 4;
}

/* ---- operands ---- */

static uint8_t opnd_bytes(const X86Dis *s, unsigned size)
{
    switch (size) {
    case S_V: return s->osize;
    case S_Z: return s->osize == 2 ? 2 : 4;
    case S_Y: return s->rex & 8 ? 8 : 4;
    default: return (uint8_t)size;
    }
}

static void decode_moffs(X86Dis *s, X86Operand *o)
{
    s->mem_base = s->mem_index = -1;
    s->mem_disp = (int64_t)next_le(s, s->asize);
    s->mem_seg = s->seg_override >= 0 ? s->seg_override : R_DS;
    o->is_mem = true;
}

static void decode_operand(X86Dis *s, const X86Insn *r, unsigned i)
{
    const struct OpndInfo *info = &opnds[r->op[i]];
    X86Operand *o = &s->opnd[i];

    o->kind = r->op[i];
    o->bytes = opnd_bytes(s, info->size);
    switch (info->where) {
    case W_RM: case W_XRM: case W_MRM:
        o->is_mem = s->mod != 3 && r->mod != MOD_IGNORED;
        o->reg = info->where == W_MRM ? s->rm & 7 : s->rm;
        break;
    case W_REG: case W_XREG: case W_SYS: o->reg = s->reg; break;
    case W_SEG: case W_MREG: o->reg = s->reg & 7; break;
    case W_OPC: o->reg = (s->opcode & 7) | (s->rex & 1) << 3; break;
    case W_FIXED: o->reg = info->which; break;
    case W_VVVV: o->reg = s->vex_v; break;
    case W_ST: o->reg = o->kind == O_STi ? s->modrm & 7 : 0; break;
    case W_STR:
        o->reg = info->which;
        o->is_mem = true;
        break;
    case W_IMM: o->imm = o->kind == O_ONE ? 1 : next_le(s, o->bytes); break;
    case W_IMMS:
        o->imm = (uint64_t)next_signed(s, o->bytes);
        o->bytes = s->osize;
        break;
    case W_REL: o->imm = (uint64_t)next_signed(s, o->bytes); break;
    case W_MOFFS: decode_moffs(s, o); break;
    case W_FAR:
        o->imm = next_le(s, o->bytes);
        o->imm |= next_le(s, 2) << 32;
        break;
    default: break;
    }
}

/* relative targets need the instruction's length */
static void finish_target(X86Dis *s, X86Operand *o)
{
    if (o->kind == O_Jb || o->kind == O_Jz) {
        o->imm += s->pc_start + s->len;
        if (!s->code64) {
            o->imm &= s->osize == 2 ? 0xffff : 0xffffffff;
        }
    }
}

static bool prefixes_legal(const X86Dis *s, const X86Insn *r)
{
    bool uses_v = false;

    if (s->lock && !(r->flags & I_LOCK && s->opnd[0].is_mem)) {
        return false;
    }
    for (unsigned i = 0; i < 4; i++) {
        uses_v |= opnds[r->op[i]].where == W_VVVV;
    }
    return !s->vex || uses_v || s->vex_v == 0;
}

static void decode_begin(X86Dis *s)
{
    s->len = 0;
    s->status = DECODE_OK;
    s->lock = s->rep = s->repne = s->vex = s->mem_rip = false;
    s->rex = s->prefix66 = s->vex_l = s->vex_v = s->modrm = s->mod = s->reg = s->rm = 0;
    s->seg_override = s->mem_base = s->mem_index = -1;
    s->mem_seg = R_DS;
    s->mem_scale = 0;
    s->mem_disp = 0;
    memset(s->opnd, 0, sizeof(s->opnd));
}

const X86Insn *x86_decode(X86Dis *s)
{
    const X86Insn *r;
    const RowList *l;
    int map;

    decode_begin(s);
    map = decode_opcode(s);
    if (s->status || map < 0) {
        s->status = s->status ? s->status : DECODE_ILLEGAL;
        return NULL;
    }
    l = &index_[map][s->opcode];
    if (l->has_modrm) {
        decode_modrm(s);
    }
    r = s->status ? NULL : find_row(s, l);
    if (!r) {
        s->status = s->status ? s->status : DECODE_ILLEGAL;
        return NULL;
    }
    if (r->has_modrm && s->mod != 3 && r->mod != MOD_IGNORED) {
        decode_mem(s);
    }
    s->osize = operand_size(s, r);
    for (unsigned i = 0; i < 4; i++) {
        decode_operand(s, r, i);
    }
    for (unsigned i = 0; i < 4; i++) {
        finish_target(s, &s->opnd[i]);
    }
    s->status = s->status ? s->status : prefixes_legal(s, r) ? DECODE_OK : DECODE_ILLEGAL;
    return s->status ? NULL : r;
}
