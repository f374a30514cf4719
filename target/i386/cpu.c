/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The x86 vCPU as an object: types of the models, creation, reset, and the table of CPUOps. */
#include <string.h>
#include "disas/disas.h"
#include "target/i386/cpu-models.h"
#include "target/i386/dump.h"
#include "target/i386/seg.h"
#include "util/main-loop.h"

#define PHYS_BITS 40

/* ---- CPUOps ---- */

static int mmu_index(CPUState *cpu, bool fetch)
{
    CPUX86State *env = x86_env(cpu);

    return x86_mmu_of_cpl(env, x86_cpl(env));
}

static void unaligned(CPUState *cpu, uint64_t addr, MMUAccess access, int mmu_idx, uintptr_t ra)
{
    x86_raise_err(x86_env(cpu), EXCP0D_GPF, 0, ra);     /* 16-byte SSE operands */
}

static uint64_t get_pc(CPUState *cpu)
{
    uint64_t pc, flags;

    x86_get_tb_key(cpu, &pc, &flags);
    return pc;
}

static int disas_insn(FILE *f, uint64_t pc, uint64_t flags, const uint8_t *code, size_t size)
{
    unsigned bits = flags & HF_CS64 ? 64 : flags & HF_CS32 ? 32 : 16;

    return (int)disas_x86(f, bits, pc, code, size, 1);
}

const CPUOps x86_cpu_ops = {
    .name = "x86_64", .n_mmu_modes = X86_MMU_N, .get_tb_key = x86_get_tb_key,
    .translate = x86_translate, .restore_state = x86_restore_state, .set_pc = x86_set_pc,
    .mmu_index = mmu_index, .tlb_fill = x86_tlb_fill, .unaligned = unaligned,
    .do_exception = x86_do_exception, .do_interrupt = x86_do_interrupt, .has_work = x86_has_work,
    .reset = x86_cpu_reset, .get_pc = get_pc, .dump_state = x86_dump_state,
    .virt_to_phys = x86_virt_to_phys, .n_gdb_regs = X86_GDB_N_REGS,
    .gdb_target_xml = x86_gdb_target_xml, .gdb_read_reg = x86_gdb_read_reg,
    .gdb_write_reg = x86_gdb_write_reg, .disas = disas_insn,
};

/* ---- reset ---- */

static void reset_segments(CPUX86State *env)
{
    uint32_t data = DESC_P | DESC_S | DESC_W | DESC_A;

    for (int i = 0; i < X86_N_SEGS; i++) {
        env->segs[i] = (SegmentCache){ .limit = 0xffff, .flags = data };
    }
    env->segs[R_CS] = (SegmentCache){ .selector = 0xf000, .base = 0xffff0000, .limit = 0xffff,
                                      .flags = data | DESC_CS };
    env->gdt.limit = env->idt.limit = 0xffff;
    env->ldt = (SegmentCache){ .limit = 0xffff, .flags = DESC_P | SYS_LDT << DESC_TYPE_SHIFT };
    env->tr = (SegmentCache){ .limit = 0xffff,
                              .flags = DESC_P | SYS_TSS32_BUSY << DESC_TYPE_SHIFT };
}

/* Power-on state; what CPUID says and the links to other objects stay. */
void x86_cpu_reset(CPUState *cpu)
{
    CPUX86State *env = x86_env(cpu);

    memset(env, 0, offsetof(CPUX86State, features));
    env->hflags = env->is_user ? HF_USER : 0;
    env->cc_op = CC_OP_FLAGS;
    env->df = 1;
    env->eflags = 2;
    env->eip = 0xfff0;
    env->regs[R_EDX] = env->family_model_stepping;
    env->cr[0] = CR0_ET | CR0_CD | CR0_NW;
    env->dr[6] = 0xffff0ff0;
    env->dr[7] = 0x400;
    env->xcr0 = 1;
    env->pat = 0x0007040600070406;
    env->misc_enable = 1;                       /* fast strings */
    env->mcg_ctl = ~(uint64_t)0;
    for (unsigned i = 0; i < 10; i++) {
        env->mce_banks[i * 4] = ~(uint64_t)0;
    }
    env->apic_base = 0xfee00000 | 1 << 11 | (env->is_bsp ? 1 << 8 : 0);
    env->old_exception = -1;
    env->wait_sipi = !env->is_user && !env->is_bsp;
    cpu->halted = env->wait_sipi;
    cpu->exception_index = EXCP_NONE;
    reset_segments(env);
    x86_fpu_reset(env);
    x86_update_hflags(env);
    if (!env->is_user) {
        tlb_flush(cpu);
    }
}

/* ---- types and creation ---- */

#define TYPE_X86_CPU "x86_64-cpu"

static void x86_cpu_instance_init(Object *obj)
{
    X86CPU *cpu = (X86CPU *)obj;

    cpu->parent.ops = &x86_cpu_ops;
    cpu->env.old_exception = -1;
    cpu->env.phys_bits = PHYS_BITS;
}

static const TypeInfo x86_cpu_info = {
    .name = TYPE_X86_CPU, .parent = "cpu", .size = sizeof(X86CPU), .abstract = true,
    .init = x86_cpu_instance_init,
};
TYPE_REGISTER(x86_cpu_info)

#define MAX_MODELS 32
static TypeInfo model_types[MAX_MODELS];

static char *type_name_of(const char *model)
{
    return g_strconcat(model, "-" TYPE_X86_CPU, NULL);
}

__attribute__((constructor)) static void register_models(void)
{
    for (unsigned i = 0; i < MAX_MODELS && x86_cpu_model(i); i++) {
        model_types[i] = (TypeInfo){ .name = type_name_of(x86_cpu_model(i)->name),
                                     .parent = TYPE_X86_CPU };
        type_register(&model_types[i]);
    }
}

static void take_model(CPUX86State *env, const X86CPUModel *m)
{
    env->model = m;
    env->cpuid_level = m->level;
    env->cpuid_xlevel = m->xlevel;
    g_strlcpy(env->vendor, m->vendor, sizeof(env->vendor));
    g_strlcpy(env->brand, m->brand, sizeof(env->brand));
    if (m->everything) {
        x86_features_supported(env->features, true);
    } else {
        memcpy(env->features, m->features, sizeof(env->features));
    }
}

static const X86CPUModel *find_model(const char *name, Error **errp)
{
    const X86CPUModel *m = x86_cpu_model_by_name(name);
    const char suffix[] = "-" TYPE_X86_CPU;

    if (!m && g_str_has_suffix(name, suffix)) {
        g_autofree char *base = g_strndup(name, strlen(name) - strlen(suffix));
        m = x86_cpu_model_by_name(base);
    }
    if (!m && !strcmp(name, "host")) {
        error_setg(errp, "CPU model 'host' requires KVM or HVF");
    } else if (!m) {
        error_setg(errp, "unable to find CPU model '%s'", name);
    }
    return m;
}

static void translate_init_once(void)
{
    static gsize done;

    if (g_once_init_enter(&done)) {
        x86_translate_init();
        g_once_init_leave(&done, 1);
    }
}

/**
 * x86_cpu_new - a vCPU as -cpu describes it, reset, not yet in the list of vCPUs
 * @model_and_features: "qemu64,+sse4.1,hv-vpindex"
 * @user_mode: for qemu-x86_64: CPL 3, no system instructions
 */
X86CPU *x86_cpu_new(const char *model_and_features, bool user_mode, Error **errp)
{
    const char *comma = strchr(model_and_features, ',');
    g_autofree char *name = comma ? g_strndup(model_and_features, comma - model_and_features)
                                  : g_strdup(model_and_features);
    const X86CPUModel *m = find_model(name, errp);

    if (!m) {
        return NULL;
    }
    g_autofree char *type_name = type_name_of(m->name);
    X86CPU *cpu = (X86CPU *)object_new(type_name);
    CPUX86State *env = &cpu->env;
    env->is_user = user_mode;
    env->is_bsp = true;         /* the board clears it for the others */
    take_model(env, m);
    if (!x86_features_apply(env, type_name, comma ? comma + 1 : NULL, errp)) {
        object_unref(cpu);
        return NULL;
    }
    translate_init_once();
    cpu_init_tlb(&cpu->parent);
    x86_cpu_reset(&cpu->parent);
    return cpu;
}
