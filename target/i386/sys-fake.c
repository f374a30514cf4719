/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See sys-fake.h. Stands in for accel/ and for the parts of target/i386 that tests don't need. */
#include <string.h>
#include "disas/disas.h"
#include "target/i386/hyperv.h"
#include "target/i386/sys-fake.h"

uint8_t fake_ram[FAKE_RAM_BYTES] __attribute__((aligned(4096)));
unsigned fake_n_flushes;

static struct { uint64_t gpa; int prot; } last_fill;
static unsigned n_cpus;

/* ---- accel/ ---- */

static const TypeInfo cpu_info = { .name = "cpu", .size = sizeof(CPUState), .abstract = true };
TYPE_REGISTER(cpu_info)

__thread CPUState *current_cpu;

void cpu_init_tlb(CPUState *cpu) { }
void tlb_flush(CPUState *cpu) { fake_n_flushes++; }
void tlb_flush_page(CPUState *cpu, uint64_t gva) { fake_n_flushes++; }
void tlb_flush_nonglobal(CPUState *cpu) { fake_n_flushes++; }
unsigned cpu_count(void) { return n_cpus; }
void cpu_dump_state(CPUState *cpu, FILE *f) { cpu->ops->dump_state(cpu, f); }
bool cpu_restore_state(CPUState *cpu, uintptr_t ra) { return false; }
void cpu_loop_exit(CPUState *cpu) { siglongjmp(cpu->jmp_env, 1); }
void cpu_loop_exit_restore(CPUState *cpu, uintptr_t ra) { cpu_loop_exit(cpu); }
void cpu_interrupt(CPUState *cpu, uint32_t mask) { cpu->interrupt_request |= mask; }
void cpu_reset_interrupt(CPUState *cpu, uint32_t mask) { cpu->interrupt_request &= ~mask; }
void tcg_fp_leave(void *env) { }
void tcg_fp_enter(void *env) { }

void tlb_set_page(CPUState *cpu, uint64_t gva, uint64_t gpa, int prot, int mmu_idx,
                  uint64_t page_size)
{
    last_fill.gpa = gpa;
    last_fill.prot = prot;
}

static uint8_t *at(CPUState *cpu, uint64_t gva, MMUAccess access, int mmu_idx, uintptr_t ra)
{
    x86_tlb_fill(cpu, gva, 1, access, mmu_idx, false, ra);
    g_assert_cmpint(last_fill.prot & (access == MMU_READ ? PROT_R : access == MMU_WRITE ? PROT_W
                                                                                       : PROT_X),
                    !=, 0);
    return fake_ram + (last_fill.gpa | (gva & 4095)) % FAKE_RAM_BYTES;
}

uint64_t cpu_ld(CPUState *cpu, uint64_t gva, MemOp oi, uintptr_t ra)
{
    uint64_t val = 0;

    for (unsigned i = 0; i < mo_bytes(oi); i++) {
        val |= (uint64_t)*at(cpu, gva + i, MMU_READ, mo_mmu_idx(oi), ra) << (i * 8);
    }
    return val;
}

void cpu_st(CPUState *cpu, uint64_t gva, uint64_t val, MemOp oi, uintptr_t ra)
{
    for (unsigned i = 0; i < mo_bytes(oi); i++) {
        at(cpu, gva + i, MMU_WRITE, mo_mmu_idx(oi), ra);
    }
    for (unsigned i = 0; i < mo_bytes(oi); i++) {
        *at(cpu, gva + i, MMU_WRITE, mo_mmu_idx(oi), ra) = (uint8_t)(val >> (i * 8));
    }
}

void cpu_ld_bytes(CPUState *cpu, uint64_t gva, void *buf, size_t n, int mmu_idx, uintptr_t ra)
{
    for (size_t i = 0; i < n; i++) {
        ((uint8_t *)buf)[i] = *at(cpu, gva + i, MMU_READ, mmu_idx, ra);
    }
}

void cpu_st_bytes(CPUState *cpu, uint64_t gva, const void *buf, size_t n, int mmu_idx,
                  uintptr_t ra)
{
    for (size_t i = 0; i < n; i++) {
        *at(cpu, gva + i, MMU_WRITE, mmu_idx, ra) = ((const uint8_t *)buf)[i];
    }
}

void *cpu_probe(CPUState *cpu, uint64_t gva, MMUAccess access, int mmu_idx, bool nofault,
                uintptr_t ra)
{
    return at(cpu, gva, access, mmu_idx, ra);
}

uint64_t cpu_ld_phys(CPUState *cpu, uint64_t gpa, unsigned bytes)
{
    return gpa < FAKE_RAM_BYTES ? fake_peek((uint32_t)gpa, bytes) : 0;
}

bool cpu_cmpxchg_phys(CPUState *cpu, uint64_t gpa, uint64_t expect, uint64_t desired,
                      unsigned bytes)
{
    if (cpu_ld_phys(cpu, gpa, bytes) != expect) {
        return false;
    }
    fake_poke((uint32_t)gpa, desired, bytes);
    return true;
}

/* ---- the rest of target/i386, disas ---- */

void x86_translate_init(void) { }
void x86_translate(CPUState *cpu, IrBlock *b, TbInfo *info) { }
void x86_get_tb_key(CPUState *cpu, uint64_t *pc, uint64_t *flags) { *pc = *flags = 0; }
void x86_restore_state(CPUState *cpu, const uint64_t words[IR_INSN_WORDS]) { }
void x86_set_pc(CPUState *cpu, uint64_t pc, uint64_t flags) { }
bool x86_hyperv_cpuid(CPUX86State *env, uint32_t leaf, uint32_t out[4]) { return false; }
bool x86_hyperv_hypercall(CPUX86State *env) { return false; }
bool x86_hyperv_is_flag(const char *name) { return g_str_has_prefix(name, "hv-"); }
void x86_hyperv_tsc_changed(CPUX86State *env) { }
bool x86_hyperv_tsc_invariant(const CPUX86State *env) { return false; }

bool x86_hyperv_rdmsr(CPUX86State *env, uint32_t msr, uint64_t *val, bool *handled)
{
    return *handled = false;
}

bool x86_hyperv_wrmsr(CPUX86State *env, uint32_t msr, uint64_t val, bool *handled)
{
    return *handled = false;
}

bool x86_hyperv_flag(CPUX86State *env, const char *name, const char *value, Error **errp)
{
    return true;
}

void x86_hyperv_foreach_flag(void (*fn)(const char *name, bool is_bool, void *opaque), void *opaque)
{
    fn("hv-time", true, opaque);
}

size_t disas_x86(FILE *f, unsigned bits, uint64_t pc, const uint8_t *code, size_t n_bytes,
                 unsigned max_insns)
{
    return 0;
}

/* ---- the vCPU ---- */

uint64_t fake_peek(uint32_t gpa, unsigned bytes)
{
    uint64_t val = 0;

    memcpy(&val, fake_ram + gpa, bytes);
    return val;
}

void fake_poke(uint32_t gpa, uint64_t val, unsigned bytes)
{
    memcpy(fake_ram + gpa, &val, bytes);
}

CPUX86State *fake_cpu(const char *model)
{
    static bool types_done;
    Error *err = NULL;

    if (!types_done) {
        type_init_all();
        types_done = true;
    }
    memset(fake_ram, 0, sizeof(fake_ram));
    X86CPU *cpu = x86_cpu_new(model, false, &err);
    g_assert_no_error((GError *)NULL);
    g_assert_nonnull(cpu);
    return &cpu->env;
}

void fake_cpu_free(CPUX86State *env)
{
    object_unref(x86_cpu(env));
}

int fake_try(CPUX86State *env, void (*fn)(CPUX86State *env, void *opaque), void *opaque)
{
    CPUState *cpu = x86_cpu(env);

    cpu->exception_index = EXCP_NONE;
    if (sigsetjmp(cpu->jmp_env, 0)) {
        return cpu->exception_index;
    }
    fn(env, opaque);
    return FAKE_NONE;
}

static void do_deliver(CPUX86State *env, void *opaque)
{
    x86_cpu(env)->exception_index = *(int *)opaque;
    x86_do_exception(x86_cpu(env));
}

int fake_deliver(CPUX86State *env, int vector, uint32_t error_code)
{
    env->error_code = error_code;
    return fake_try(env, do_deliver, &vector);
}

typedef struct Access { uint64_t gva, val; } Access;

static void do_read(CPUX86State *env, void *opaque)
{
    Access *a = opaque;
    a->val = cpu_ld(x86_cpu(env), a->gva, MO_32 | mo_mmu(x86_mmu_of_cpl(env, x86_cpl(env))), 0);
}

static void do_write(CPUX86State *env, void *opaque)
{
    Access *a = opaque;
    cpu_st(x86_cpu(env), a->gva, a->val, MO_32 | mo_mmu(x86_mmu_of_cpl(env, x86_cpl(env))), 0);
}

static void do_fetch(CPUX86State *env, void *opaque)
{
    Access *a = opaque;
    at(x86_cpu(env), a->gva, MMU_FETCH, x86_mmu_of_cpl(env, x86_cpl(env)), 0);
}

int fake_read(CPUX86State *env, uint64_t gva, uint64_t *val)
{
    Access a = { .gva = gva };
    int vector = fake_try(env, do_read, &a);

    *val = a.val;
    return vector;
}

int fake_write(CPUX86State *env, uint64_t gva, uint64_t val)
{
    return fake_try(env, do_write, &(Access){ gva, val });
}

int fake_fetch(CPUX86State *env, uint64_t gva)
{
    return fake_try(env, do_fetch, &(Access){ .gva = gva });
}

/* ---- ready-made environments ---- */

static void put_desc(unsigned sel, uint32_t base, uint32_t limit, uint32_t hi_flags)
{
    uint32_t at_gpa = FAKE_GDT + (sel & ~7u);

    fake_poke(at_gpa, base << 16 | (limit & 0xffff), 4);
    fake_poke(at_gpa + 4, (base & 0xff000000) | (base >> 16 & 0xff) | (limit & 0xf0000) | hi_flags,
              4);
}

#define CODE_HI (DESC_P | DESC_S | DESC_CS | DESC_R | DESC_G)
#define DATA_HI (DESC_P | DESC_S | DESC_W | DESC_G | DESC_B)
#define USER_HI (3u << DESC_DPL_SHIFT)

static void put_tables(CPUX86State *env, bool wide)
{
    put_desc(SEL_KCODE, 0, 0xfffff, CODE_HI | (wide ? DESC_L : DESC_B));
    put_desc(SEL_KDATA, 0, 0xfffff, DATA_HI);
    put_desc(SEL_UCODE32, 0, 0xfffff, CODE_HI | DESC_B | USER_HI);
    put_desc(SEL_UDATA, 0, 0xfffff, DATA_HI | USER_HI);
    put_desc(SEL_UCODE, 0, 0xfffff, CODE_HI | USER_HI | (wide ? DESC_L : DESC_B));
    put_desc(SEL_TSS, FAKE_TSS, 0x67, DESC_P | SYS_TSS32 << DESC_TYPE_SHIFT);
    if (!wide) {
        put_desc(SEL_TSS2, FAKE_TSS2, 0x67, DESC_P | SYS_TSS32 << DESC_TYPE_SHIFT);
        put_desc(SEL_KCODE64, 0, 0xfffff, CODE_HI | DESC_L);
    }
    put_desc(SEL_CONFORMING, 0, 0xfffff, CODE_HI | DESC_C | (wide ? DESC_L : DESC_B));
    put_desc(SEL_ABSENT, 0, 0xfffff, DATA_HI & ~DESC_P);
    env->gdt = (SegmentCache){ .base = FAKE_GDT, .limit = 0xff };
    env->idt = (SegmentCache){ .base = FAKE_IDT, .limit = 0xfff };
    env->tr = (SegmentCache){ .selector = SEL_TSS, .base = FAKE_TSS, .limit = 0x67,
                              .flags = DESC_P | SYS_TSS32_BUSY << DESC_TYPE_SHIFT };
    if (wide) {
        fake_poke(FAKE_TSS + 4, FAKE_KSTACK, 8);
        fake_poke(FAKE_TSS + 36, FAKE_IST, 8);
    } else {
        fake_poke(FAKE_TSS + 4, FAKE_KSTACK, 4);
        fake_poke(FAKE_TSS + 8, SEL_KDATA, 2);
    }
}

static void load_segs(CPUX86State *env, unsigned cpl, bool wide)
{
    uint32_t dpl = cpl << DESC_DPL_SHIFT, cs = CODE_HI | DESC_A | dpl | (wide ? DESC_L : DESC_B);
    uint16_t data = cpl ? SEL_UDATA : SEL_KDATA;

    x86_set_cpl(env, cpl);
    x86_load_seg_cache(env, R_CS, cpl ? SEL_UCODE : SEL_KCODE, 0, 0xffffffff, cs);
    for (int i = 0; i < X86_N_SEGS; i++) {
        if (i != R_CS) {
            x86_load_seg_cache(env, i, data, 0, 0xffffffff, DATA_HI | DESC_A | dpl);
        }
    }
    env->eip = FAKE_CODE;
    env->regs[R_ESP] = cpl ? FAKE_USTACK : FAKE_KSTACK - 0x100;
    x86_eflags_set(env, EFL_IF, EFL_IF);
    x86_update_hflags(env);
}

void fake_protected(CPUX86State *env, unsigned cpl)
{
    put_tables(env, false);
    env->cr[0] = CR0_PE | CR0_ET;
    x86_update_hflags(env);
    load_segs(env, cpl, false);
}

static uint32_t next_table(uint32_t entry_gpa, bool make)
{
    static uint32_t free_table = FAKE_PML4 + 0x1000;

    if (make) {
        free_table = FAKE_PML4 + 0x1000;
        memset(fake_ram + FAKE_PML4, 0, 0x40000);
        return 0;
    }
    if (!(fake_peek(entry_gpa, 8) & 1)) {
        fake_poke(entry_gpa, free_table | 7, 8);
        free_table += 0x1000;
    }
    return (uint32_t)fake_peek(entry_gpa, 8) & ~4095u;
}

void fake_map(uint64_t gva, uint64_t gpa, uint64_t flags)
{
    uint32_t table = FAKE_PML4;

    for (unsigned shift = 39; shift > 12; shift -= 9) {
        table = next_table(table + (gva >> shift & 511) * 8, false);
    }
    fake_poke(table + (gva >> 12 & 511) * 8, gpa | flags, 8);
}

void fake_long(CPUX86State *env, unsigned cpl)
{
    put_tables(env, true);
    next_table(0, true);
    for (uint64_t a = 0; a < FAKE_RAM_BYTES; a += 4096) {
        fake_map(a, a, 7);
    }
    env->cr[3] = FAKE_PML4;
    env->cr[4] = CR4_PAE | CR4_PGE;
    env->efer = EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE;
    env->cr[0] = CR0_PE | CR0_PG | CR0_WP | CR0_ET;
    x86_update_hflags(env);
    load_segs(env, cpl, true);
}

void fake_gate(CPUX86State *env, unsigned vector, unsigned type, unsigned dpl, unsigned ist,
               uint16_t sel, uint64_t offset)
{
    bool wide = x86_is_long(env);
    uint32_t gpa = FAKE_IDT + vector * (wide ? 16 : 8);

    fake_poke(gpa, (uint32_t)sel << 16 | (offset & 0xffff), 4);
    fake_poke(gpa + 4, (offset & 0xffff0000) | DESC_P | dpl << DESC_DPL_SHIFT | type << 8 | ist, 4);
    if (wide) {
        fake_poke(gpa + 8, offset >> 32, 8);
    }
}
