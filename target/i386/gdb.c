/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gdb's view: target description and registers, all as in 64-bit mode. */
#include <string.h>
#include "target/i386/dump.h"
#include "target/i386/seg.h"

static const char xml_head[] =
    "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
    "<target version=\"1.0\">\n<architecture>i386:x86-64</architecture>\n";

#define FLAG(n, b) "<field name=\"" n "\" start=\"" #b "\" end=\"" #b "\"/>"
static const char xml_core_types[] =
    "<feature name=\"org.gnu.gdb.i386.core\">\n<flags id=\"i386_eflags\" size=\"4\">\n"
    FLAG("CF", 0) FLAG("", 1) FLAG("PF", 2) FLAG("AF", 4) FLAG("ZF", 6) FLAG("SF", 7)
    FLAG("TF", 8) FLAG("IF", 9) FLAG("DF", 10) FLAG("OF", 11) FLAG("NT", 14) FLAG("RF", 16)
    FLAG("VM", 17) FLAG("AC", 18) FLAG("VIF", 19) FLAG("VIP", 20) FLAG("ID", 21) "</flags>\n";
static const char xml_sse_types[] =
    "<feature name=\"org.gnu.gdb.i386.sse\">\n"
    "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>"
    "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>"
    "<vector id=\"v16i8\" type=\"int8\" count=\"16\"/><vector id=\"v8i16\" type=\"int16\" "
    "count=\"8\"/><vector id=\"v4i32\" type=\"int32\" count=\"4\"/><vector id=\"v2i64\" "
    "type=\"int64\" count=\"2\"/>\n<union id=\"vec128\"><field name=\"v4_float\" type=\"v4f\"/>"
    "<field name=\"v2_double\" type=\"v2d\"/><field name=\"v16_int8\" type=\"v16i8\"/>"
    "<field name=\"v8_int16\" type=\"v8i16\"/><field name=\"v4_int32\" type=\"v4i32\"/>"
    "<field name=\"v2_int64\" type=\"v2i64\"/><field name=\"uint128\" type=\"uint128\"/></union>\n"
    "<flags id=\"i386_mxcsr\" size=\"4\">" FLAG("IE", 0) FLAG("DE", 1) FLAG("ZE", 2) FLAG("OE", 3)
    FLAG("UE", 4) FLAG("PE", 5) FLAG("DAZ", 6) FLAG("IM", 7) FLAG("DM", 8) FLAG("ZM", 9)
    FLAG("OM", 10) FLAG("UM", 11) FLAG("PM", 12) FLAG("FZ", 15) "</flags>\n";

static const struct {
    const char *name;
    uint8_t bits;
    const char *type;
} gdb_regs[X86_GDB_N_REGS] = {
    { "rax", 64, "int64" }, { "rbx", 64, "int64" }, { "rcx", 64, "int64" }, { "rdx", 64, "int64" },
    { "rsi", 64, "int64" }, { "rdi", 64, "int64" }, { "rbp", 64, "data_ptr" },
    { "rsp", 64, "data_ptr" }, { "r8", 64, "int64" }, { "r9", 64, "int64" },
    { "r10", 64, "int64" }, { "r11", 64, "int64" }, { "r12", 64, "int64" }, { "r13", 64, "int64" },
    { "r14", 64, "int64" }, { "r15", 64, "int64" }, { "rip", 64, "code_ptr" },
    { "eflags", 32, "i386_eflags" }, { "cs", 32, "int32" }, { "ss", 32, "int32" },
    { "ds", 32, "int32" }, { "es", 32, "int32" }, { "fs", 32, "int32" }, { "gs", 32, "int32" },
    { "st0", 80, "i387_ext" }, { "st1", 80, "i387_ext" }, { "st2", 80, "i387_ext" },
    { "st3", 80, "i387_ext" }, { "st4", 80, "i387_ext" }, { "st5", 80, "i387_ext" },
    { "st6", 80, "i387_ext" }, { "st7", 80, "i387_ext" }, { "fctrl", 32, "int" },
    { "fstat", 32, "int" }, { "ftag", 32, "int" }, { "fiseg", 32, "int" }, { "fioff", 32, "int" },
    { "foseg", 32, "int" }, { "fooff", 32, "int" }, { "fop", 32, "int" },
    { "xmm0", 128, "vec128" }, { "xmm1", 128, "vec128" }, { "xmm2", 128, "vec128" },
    { "xmm3", 128, "vec128" }, { "xmm4", 128, "vec128" }, { "xmm5", 128, "vec128" },
    { "xmm6", 128, "vec128" }, { "xmm7", 128, "vec128" }, { "xmm8", 128, "vec128" },
    { "xmm9", 128, "vec128" }, { "xmm10", 128, "vec128" }, { "xmm11", 128, "vec128" },
    { "xmm12", 128, "vec128" }, { "xmm13", 128, "vec128" }, { "xmm14", 128, "vec128" },
    { "xmm15", 128, "vec128" }, { "mxcsr", 32, "i386_mxcsr" }, { "fs_base", 64, "int" },
    { "gs_base", 64, "int" }, { "k_gs_base", 64, "int64" }, { "cr0", 64, "int64" },
    { "cr2", 64, "int64" }, { "cr3", 64, "int64" }, { "cr4", 64, "int64" }, { "cr8", 64, "int64" },
    { "efer", 64, "int64" },
};

/* features: where each begins */
static const struct {
    unsigned first;
    const char *text;
} xml_features[] = {
    { GDB_RAX, xml_core_types },
    { GDB_XMM0, xml_sse_types },
    { GDB_FS_BASE, "<feature name=\"org.gnu.gdb.i386.segments\">\n" },
    { GDB_K_GS_BASE, "<feature name=\"org.qemu.i386.system\">\n" },
};

const char *x86_gdb_target_xml(CPUState *cpu)
{
    static gsize done;
    static char *xml;

    if (g_once_init_enter(&done)) {
        GString *s = g_string_new(xml_head);
        unsigned next = 0;
        for (unsigned i = 0; i < X86_GDB_N_REGS; i++) {
            if (next < G_N_ELEMENTS(xml_features) && xml_features[next].first == i) {
                g_string_append_printf(s, "%s%s", next ? "</feature>\n" : "",
                                       xml_features[next].text);
                next++;
            }
            g_string_append_printf(s, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\" "
                                   "regnum=\"%u\"/>\n", gdb_regs[i].name, gdb_regs[i].bits,
                                   gdb_regs[i].type, i);
        }
        g_string_append(s, "</feature>\n</target>\n");
        xml = g_string_free(s, false);
        g_once_init_leave(&done, 1);
    }
    return xml;
}

/* gdb's order is rax rbx rcx rdx rsi rdi rbp rsp, cs ss ds es fs gs */
static const uint8_t gpr_of[16] = { R_EAX, R_EBX, R_ECX, R_EDX, R_ESI, R_EDI, R_EBP, R_ESP,
                                    8, 9, 10, 11, 12, 13, 14, 15 };
static const uint8_t seg_of[6] = { R_CS, R_SS, R_DS, R_ES, R_FS, R_GS };

/* 64-bit slots of the state that need no care; NULL if @reg is none */
static uint64_t *plain_slot(CPUX86State *env, unsigned reg)
{
    switch (reg) {
    case GDB_RAX ... GDB_RIP - 1: return &env->regs[gpr_of[reg]];
    case GDB_RIP: return &env->eip;
    case GDB_FS_BASE: return &env->segs[R_FS].base;
    case GDB_GS_BASE: return &env->segs[R_GS].base;
    case GDB_K_GS_BASE: return &env->kernelgsbase;
    case GDB_CR2: return &env->cr[2];
    default: return NULL;
    }
}

static uint32_t full_tags(const CPUX86State *env)
{
    uint32_t tags = 0;

    for (unsigned i = 0; i < 8; i++) {
        const X87Reg *r = &env->fpregs[i];
        unsigned exponent = r->se & 0x7fff, tag = 0;
        if (env->fptags[i]) {
            tag = 3;
        } else if (exponent == 0 && r->mant == 0) {
            tag = 1;
        } else if (exponent == 0 || exponent == 0x7fff || !(r->mant >> 63)) {
            tag = 2;
        }
        tags |= tag << (i * 2);
    }
    return tags;
}

/* fctrl fstat ftag fiseg fioff foseg fooff fop */
static uint32_t read_x87_control(const CPUX86State *env, unsigned i)
{
    const uint32_t vals[8] = {
        env->fpuc, (env->fpus & ~0x3800u) | (env->fpstt & 7u) << 11, full_tags(env), env->fpcs,
        (uint32_t)env->fpip, env->fpds, (uint32_t)env->fpdp, env->fpop,
    };
    return vals[i];
}

static void write_x87_control(CPUX86State *env, unsigned i, uint32_t val)
{
    switch (i) {
    case 0: env->fpuc = (uint16_t)val; break;
    case 1:
        env->fpstt = val >> 11 & 7;
        env->fpus = (uint16_t)(val & ~0x3800u);
        break;
    case 2:
        for (unsigned k = 0; k < 8; k++) {
            env->fptags[k] = (val >> (k * 2) & 3) == 3;
        }
        break;
    case 3: env->fpcs = (uint16_t)val; break;
    case 4: env->fpip = val; break;
    case 5: env->fpds = (uint16_t)val; break;
    case 6: env->fpdp = val; break;
    default: env->fpop = (uint16_t)val; break;
    }
}

static uint64_t read_special(CPUX86State *env, unsigned reg)
{
    switch (reg) {
    case GDB_EFLAGS: return x86_eflags_get(env);
    case GDB_CS ... GDB_ST0 - 1: return env->segs[seg_of[reg - GDB_CS]].selector;
    case GDB_FCTRL ... GDB_XMM0 - 1: return read_x87_control(env, reg - GDB_FCTRL);
    case GDB_MXCSR: return x86_mxcsr_get(env);
    case GDB_CR0: return env->cr[0];
    case GDB_CR3: return env->cr[3];
    case GDB_CR4: return env->cr[4];
    case GDB_CR8: return env->apic_ops ? env->apic_ops->get_tpr(env->apic) >> 4 : env->cr[8];
    case GDB_EFER: return env->efer;
    default: return 0;
    }
}

int x86_gdb_read_reg(CPUState *cpu, unsigned reg, uint8_t *buf)
{
    CPUX86State *env = x86_env(cpu);

    if (reg >= X86_GDB_N_REGS) {
        return 0;
    }
    unsigned bytes = gdb_regs[reg].bits / 8;
    const uint64_t *slot = plain_slot(env, reg);
    if (slot) {
        memcpy(buf, slot, bytes);
    } else if (reg >= GDB_ST0 && reg < GDB_FCTRL) {
        memcpy(buf, env->fpregs[(env->fpstt + reg - GDB_ST0) & 7].b, bytes);
    } else if (reg >= GDB_XMM0 && reg < GDB_MXCSR) {
        memcpy(buf, env->xmm[reg - GDB_XMM0].b, bytes);
    } else {
        uint64_t val = read_special(env, reg);
        memcpy(buf, &val, bytes);
    }
    return (int)bytes;
}

/* Segment registers: in real and vm86 mode only, where a selector says everything. */
static void write_seg(CPUX86State *env, int seg, uint16_t sel)
{
    if (sel == env->segs[seg].selector) {
        return;
    }
    if (x86_is_vm86(env)) {
        x86_load_seg_vm(env, seg, sel);
    } else if (!(env->hflags & HF_PE)) {
        x86_load_seg_cache(env, seg, sel, (uint32_t)sel << 4, env->segs[seg].limit,
                           env->segs[seg].flags);
    }
}

/* Control registers and EFER are for reading. */
static void write_special(CPUX86State *env, unsigned reg, uint64_t val)
{
    switch (reg) {
    case GDB_EFLAGS:
        x86_eflags_set(env, (uint32_t)val, EFL_WRITABLE);
        break;
    case GDB_CS ... GDB_ST0 - 1: write_seg(env, seg_of[reg - GDB_CS], (uint16_t)val); break;
    case GDB_FCTRL ... GDB_XMM0 - 1: write_x87_control(env, reg - GDB_FCTRL, (uint32_t)val); break;
    case GDB_MXCSR: x86_mxcsr_set(env, (uint32_t)val & 0xffff); break;
    default: break;
    }
}

int x86_gdb_write_reg(CPUState *cpu, unsigned reg, const uint8_t *buf)
{
    CPUX86State *env = x86_env(cpu);

    if (reg >= X86_GDB_N_REGS) {
        return 0;
    }
    unsigned bytes = gdb_regs[reg].bits / 8;
    uint64_t *slot = plain_slot(env, reg);
    if (slot) {
        memcpy(slot, buf, bytes);
    } else if (reg >= GDB_ST0 && reg < GDB_FCTRL) {
        memcpy(env->fpregs[(env->fpstt + reg - GDB_ST0) & 7].b, buf, bytes);
    } else if (reg >= GDB_XMM0 && reg < GDB_MXCSR) {
        memcpy(env->xmm[reg - GDB_XMM0].b, buf, bytes);
    } else {
        uint64_t val = 0;
        memcpy(&val, buf, bytes);
        write_special(env, reg, val);
    }
    return (int)bytes;
}
