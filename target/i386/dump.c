/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "info registers" and -d cpu: the state as QEMU prints it. */
#include <inttypes.h>
#include "target/i386/dump.h"
#include "target/i386/seg.h"

static void dump_gprs64(const CPUX86State *env, FILE *f)
{
    static const char *const names[] = { "RAX", "RBX", "RCX", "RDX", "RSI", "RDI", "RBP", "RSP",
                                         "R8 ", "R9 ", "R10", "R11", "R12", "R13", "R14", "R15" };
    static const uint8_t order[] = { R_EAX, R_EBX, R_ECX, R_EDX, R_ESI, R_EDI, R_EBP, R_ESP,
                                     8, 9, 10, 11, 12, 13, 14, 15 };

    for (unsigned i = 0; i < 16; i++) {
        fprintf(f, "%s=%016" PRIx64 "%c", names[i], env->regs[order[i]], i % 4 == 3 ? '\n' : ' ');
    }
}

static void dump_gprs32(const CPUX86State *env, FILE *f)
{
    static const char *const names[] = { "EAX", "EBX", "ECX", "EDX", "ESI", "EDI", "EBP", "ESP" };
    static const uint8_t order[] = { R_EAX, R_EBX, R_ECX, R_EDX, R_ESI, R_EDI, R_EBP, R_ESP };

    for (unsigned i = 0; i < 8; i++) {
        fprintf(f, "%s=%08x%c", names[i], (uint32_t)env->regs[order[i]], i % 4 == 3 ? '\n' : ' ');
    }
}

static void dump_flags(CPUX86State *env, FILE *f, bool wide)
{
    uint32_t fl = x86_eflags_get(env);
    CPUState *cpu = x86_cpu(env);

    fprintf(f, wide ? "RIP=%016" PRIx64 : "EIP=%08" PRIx64, env->eip);
    fprintf(f, " %s=%08x [%c%c%c%c%c%c%c] CPL=%u II=%d A20=1 SMM=0 HLT=%d\n", wide ? "RFL" : "EFL",
            fl, fl & EFL_DF ? 'D' : '-', fl & CC_O ? 'O' : '-', fl & CC_S ? 'S' : '-',
            fl & CC_Z ? 'Z' : '-', fl & CC_A ? 'A' : '-', fl & CC_P ? 'P' : '-',
            fl & CC_C ? 'C' : '-', x86_cpl(env), (env->hflags & HF_INHIBIT_IRQ) != 0, cpu->halted);
}

static void dump_seg_kind(const CPUX86State *env, const SegmentCache *s, FILE *f)
{
    static const char *const system_types[2][16] = {
        { "Reserved", "TSS16-avl", "LDT", "TSS16-busy", "CallGate16", "TaskGate", "IntGate16",
          "TrapGate16", "Reserved", "TSS32-avl", "Reserved", "TSS32-busy", "CallGate32",
          "Reserved", "IntGate32", "TrapGate32" },
        { "<hiword>", "Reserved", "LDT", "Reserved", "Reserved", "Reserved", "Reserved",
          "Reserved", "Reserved", "TSS64-avl", "Reserved", "TSS64-busy", "CallGate64",
          "Reserved", "IntGate64", "TrapGate64" },
    };
    uint32_t fl = s->flags;

    fprintf(f, " DPL=%u ", desc_dpl(fl));
    if (!(fl & DESC_S)) {
        fputs(system_types[x86_is_long(env)][desc_type(fl)], f);
    } else if (fl & DESC_CS) {
        fputs(fl & DESC_L ? "CS64" : fl & DESC_B ? "CS32" : "CS16", f);
        fprintf(f, " [%c%c", fl & DESC_C ? 'C' : '-', fl & DESC_R ? 'R' : '-');
        fprintf(f, "%c]", fl & DESC_A ? 'A' : '-');
    } else {
        fputs(fl & DESC_B || x86_is_long(env) ? "DS  " : "DS16", f);
        fprintf(f, " [%c%c", fl & DESC_E ? 'E' : '-', fl & DESC_W ? 'W' : '-');
        fprintf(f, "%c]", fl & DESC_A ? 'A' : '-');
    }
}

static void dump_seg(const CPUX86State *env, FILE *f, const char *name, const SegmentCache *s)
{
    fprintf(f, x86_is_long(env) ? "%-3s=%04x %016" PRIx64 " %08x %08x"
                                : "%-3s=%04x %08" PRIx64 " %08x %08x",
            name, s->selector, s->base, s->limit, s->flags);
    if ((env->hflags & HF_PE) && (s->flags & DESC_P)) {
        dump_seg_kind(env, s, f);
    }
    fputc('\n', f);
}

static void dump_system(CPUX86State *env, FILE *f)
{
    static const char *const names[] = { "ES", "CS", "SS", "DS", "FS", "GS" };
    bool lma = x86_is_long(env);
    const char *table = lma ? "%s=     %016" PRIx64 " %08x\n" : "%s=     %08" PRIx64 " %08x\n";

    for (int i = 0; i < X86_N_SEGS; i++) {
        dump_seg(env, f, names[i], &env->segs[i]);
    }
    dump_seg(env, f, "LDT", &env->ldt);
    dump_seg(env, f, "TR", &env->tr);
    fprintf(f, table, "GDT", env->gdt.base, env->gdt.limit);
    fprintf(f, table, "IDT", env->idt.base, env->idt.limit);
    fprintf(f, lma ? "CR0=%08x CR2=%016" PRIx64 " CR3=%016" PRIx64 " CR4=%08x\n"
                   : "CR0=%08x CR2=%08" PRIx64 " CR3=%08" PRIx64 " CR4=%08x\n",
            (uint32_t)env->cr[0], env->cr[2], env->cr[3], (uint32_t)env->cr[4]);
    for (int i = 0; i < 4; i++) {
        fprintf(f, "DR%d=%016" PRIx64 "%c", i, env->dr[i], i < 3 ? ' ' : '\n');
    }
    fprintf(f, "DR6=%016" PRIx64 " DR7=%016" PRIx64 "\n", env->dr[6], env->dr[7]);
    fprintf(f, "EFER=%016" PRIx64 "\n", env->efer);
}

static void dump_fpu(CPUX86State *env, FILE *f)
{
    unsigned tags = 0;

    for (unsigned i = 0; i < 8; i++) {
        tags |= (unsigned)!env->fptags[i] << i;
    }
    fprintf(f, "FCW=%04x FSW=%04x [ST=%d] FTW=%02x MXCSR=%08x\n", env->fpuc,
            (env->fpus & ~0x3800) | (env->fpstt & 7) << 11, env->fpstt, tags, x86_mxcsr_get(env));
    for (unsigned i = 0; i < 8; i++) {
        fprintf(f, "FPR%u=%016" PRIx64 " %04x%c", i, env->fpregs[i].mant, env->fpregs[i].se,
                i & 1 ? '\n' : ' ');
    }
    for (unsigned i = 0; i < (env->hflags & HF_CS64 ? 16 : 8); i++) {
        fprintf(f, "XMM%02u=%016" PRIx64 "%016" PRIx64 "%c", i, env->xmm[i].q[1], env->xmm[i].q[0],
                i & 1 ? '\n' : ' ');
    }
}

void x86_dump_state(CPUState *cpu, FILE *f)
{
    CPUX86State *env = x86_env(cpu);
    bool wide = env->hflags & HF_CS64;

    if (wide) {
        dump_gprs64(env, f);
    } else {
        dump_gprs32(env, f);
    }
    dump_flags(env, f, wide);
    dump_system(env, f);
    dump_fpu(env, f);
}
