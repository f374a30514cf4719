/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elbrus CPUs: models, creation, stacks, faults, what CPUOps wants. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include "target/e2k/cpu.h"
#include "target/e2k/gdb.h"
#include "target/e2k/isa/decode.h"
#include "target/e2k/translate-hooks.h"
#include "target/e2k/translate.h"

/* ---- models ---- */

/* idr: model in 7..0, revision 11..8, cache line code (64 bytes) 14..12 */
#define IDR(mdl, rev) ((mdl) | (rev) << 8 | 2u << 12)
const E2kModel e2k_models[] = {
    { "elbrus-v1", NULL,         "generic ISA version 1", 1, IDR(2, 1) },
    { "elbrus-v2", NULL,         "generic ISA version 2", 2, IDR(4, 1) },
    { "elbrus-v3", NULL,         "generic ISA version 3", 3, IDR(3, 2) },
    { "elbrus-v4", NULL,         "generic ISA version 4", 4, IDR(7, 2) },
    { "elbrus-v5", NULL,         "generic ISA version 5", 5, IDR(9, 1) },
    { "elbrus-v6", NULL,         "generic ISA version 6", 6, IDR(11, 1) },
    { "elbrus-v7", NULL,         "generic ISA version 7", 7, IDR(13, 1) },
    { "e2c+",      "elbrus-2c+", "Elbrus-2C+ (v2)",       2, IDR(4, 1) },
    { "e2s",       "elbrus-4c",  "Elbrus-4C (v3)",        3, IDR(3, 2) },
    { "e8c",       "elbrus-8c",  "Elbrus-8C (v4)",        4, IDR(7, 2) },
    { "e1c+",      "elbrus-1c+", "Elbrus-1C+ (v4)",       4, IDR(8, 1) },
    { "e8c2",      "elbrus-8c2", "Elbrus-8CB (v5)",       5, IDR(9, 1) },
    { "e12c",      "elbrus-12c", "Elbrus-12C (v6)",       6, IDR(10, 1) },
    { "e16c",      "elbrus-16c", "Elbrus-16C (v6)",       6, IDR(11, 1) },
    { "e2c3",      "elbrus-2c3", "Elbrus-2C3 (v6)",       6, IDR(12, 1) },
    { "e48c",      "elbrus-48c", "Elbrus-48C (v7)",       7, IDR(13, 1) },
    { "e8v7",      "elbrus-8v7", "Elbrus-8V7 (v7)",       7, IDR(14, 1) },
    { NULL },
};

const char *e2k_model_by_elf_flags(uint32_t e_flags)
{
    static const struct { uint8_t code; const char *model; } map[] = {
        { 0, "elbrus-v2" }, { 1, "elbrus-v1" }, { 2, "elbrus-v2" }, { 3, "elbrus-v3" },
        { 4, "elbrus-v4" }, { 5, "elbrus-v5" }, { 6, "elbrus-v6" }, { 7, "elbrus-v7" },
        { 19, "e8c" }, { 20, "e1c+" }, { 21, "e12c" }, { 22, "e16c" }, { 23, "e2c3" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(map); i++) {
        if (map[i].code == e_flags >> 24) {
            return map[i].model;
        }
    }
    return NULL;
}

static const E2kModel *find_model(const char *name, Error **errp)
{
    for (const E2kModel *m = e2k_models; m->name; m++) {
        if (!strcmp(m->name, name) || (m->alias && !strcmp(m->alias, name))) {
            return m;
        }
    }
    error_setg(errp, "unable to find CPU model '%s'", name);
    return NULL;
}

/* ",tags=off" and such */
static bool take_features(CPUE2KState *env, const char *text, Error **errp)
{
    g_auto(GStrv) items = g_strsplit(text, ",", -1);

    for (unsigned i = 0; items[i]; i++) {
        if (!strcmp(items[i], "tags=off") || !*items[i]) {
            env->tags = false;
        } else if (!strcmp(items[i], "tags=on")) {
            env->tags = true;
        } else {
            error_setg(errp, "unknown CPU property '%s'", items[i]);
            return false;
        }
    }
    return true;
}

/* ---- stacks ---- */

/* Reserved, not committed: host pages appear as the stacks grow. */
#define PS_BYTES    ((size_t)256 << 20)
#define PCS_BYTES   ((size_t)128 << 20)

static void *reserve(size_t bytes, Error **errp)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED) {
        error_setg_errno(errp, errno, "no memory for the hardware stacks");
        return NULL;
    }
    return p;
}

static bool stacks_new(CPUE2KState *env, Error **errp)
{
    env->ps_base = reserve(PS_BYTES + E2K_TAGS_BYTES(PS_BYTES), errp);
    if (!env->ps_base) {
        return false;
    }
    env->pcs_base = reserve(PCS_BYTES, errp);
    if (!env->pcs_base) {
        munmap(env->ps_base, PS_BYTES + E2K_TAGS_BYTES(PS_BYTES));
        return false;
    }
    env->ps_end = (E2kReg *)((char *)env->ps_base + PS_BYTES);
    env->ps_limit = env->ps_end - 3 * E2K_MAX_WINDOW;
    env->ps_tags = E2K_PS_TAGS(env->ps_base, env->ps_end);
    env->pcs_end = env->pcs_base + PCS_BYTES / sizeof(E2kFrame) - 1;
    env->win = env->ps_base;
    env->frame = env->pcs_base;
    return true;
}

/* ---- creation ---- */

#define TYPE_E2K_CPU "e2k-cpu"

static void e2k_cpu_instance_init(Object *obj)
{
    ((E2KCPU *)obj)->parent.ops = &e2k_cpu_ops;
}

static const TypeInfo e2k_cpu_info = {
    .name = TYPE_E2K_CPU, .parent = "cpu", .size = sizeof(E2KCPU), .init = e2k_cpu_instance_init,
};
TYPE_REGISTER(e2k_cpu_info)

static void init_once(void)
{
    static gsize done;

    if (g_once_init_enter(&done)) {
        e2k_translate_init();
        g_once_init_leave(&done, 1);
    }
}

enum { PSR_USER = 1 << 1 | 1 << 2 | 1 << 5, UPSR_USER = 1 | 1 << 5 | 1 << 7, FPCR_USER = 0x37f,
       PFPFR_USER = 0x3f << 7, START_WINDOW = 16 };

static void set_user_state(CPUE2KState *env)
{
    env->psr = PSR_USER;
    env->upsr = UPSR_USER;
    env->fpcr = FPCR_USER;
    env->pfpfr = PFPFR_USER;
    env->psize = START_WINDOW;
    env->aau.aaincr[0] = 1;
}

E2KCPU *e2k_cpu_new(const char *model, Error **errp)
{
    g_auto(GStrv) parts = g_strsplit(model ? model : "elbrus-v4", ",", 2);
    const E2kModel *m = find_model(parts[0], errp);
    E2KCPU *cpu;

    if (!m) {
        return NULL;
    }
    cpu = (E2KCPU *)object_new(TYPE_E2K_CPU);
    cpu->env.version = m->version;
    cpu->env.idr = m->idr;
    if (!take_features(&cpu->env, parts[1] ? parts[1] : "", errp) || !stacks_new(&cpu->env, errp)) {
        object_unref(cpu);
        return NULL;
    }
    init_once();
    set_user_state(&cpu->env);
    cpu->parent.host_mxcsr = 0x1f80;
    cpu_init_tlb(&cpu->parent);
    return cpu;
}

E2KCPU *e2k_cpu_clone(E2KCPU *from)
{
    enum { TOP_FRAMES = 2 };
    E2KCPU *cpu = (E2KCPU *)object_new(TYPE_E2K_CPU);
    CPUE2KState *env = &cpu->env, *old = &from->env;
    size_t n_frames = MIN((size_t)(old->frame - old->pcs_base), TOP_FRAMES), n_regs = 0;
    CPUE2KState stacks;

    if (!stacks_new(&cpu->env, NULL)) {
        object_unref(cpu);
        return NULL;
    }
    stacks = cpu->env;
    *env = *old;
    env->ps_base = stacks.ps_base;
    env->ps_end = stacks.ps_end;
    env->ps_limit = stacks.ps_limit;
    env->ps_tags = stacks.ps_tags;
    env->pcs_base = stacks.pcs_base;
    env->pcs_end = stacks.pcs_end;
    e2k_settle_preds(old, old->frame - n_frames);
    for (size_t i = 1; i <= n_frames; i++) {
        n_regs += old->frame[-(ptrdiff_t)i].wbs;
    }
    memcpy(env->pcs_base, old->frame - n_frames, (n_frames + 1) * sizeof(E2kFrame));
    memcpy(env->ps_base, old->win - n_regs, (n_regs + e2k_wsize(old)) * sizeof(E2kReg));
    memcpy(e2k_reg_tags(env, env->ps_base), e2k_reg_tags(old, old->win - n_regs),
           (n_regs + e2k_wsize(old)) * sizeof(E2kTags));
    env->frame = env->pcs_base + n_frames;
    env->win = env->ps_base + n_regs;
    cpu->parent.host_mxcsr = from->parent.host_mxcsr;
    cpu_init_tlb(&cpu->parent);
    return cpu;
}

void e2k_cpu_free(E2KCPU *cpu)
{
    munmap(cpu->env.ps_base, PS_BYTES + E2K_TAGS_BYTES(PS_BYTES));
    munmap(cpu->env.pcs_base, PCS_BYTES);
    object_unref(cpu);
}

/* ---- faults ---- */

static unsigned trap_of(MMUAccess access)
{
    return access == MMU_FETCH ? E2K_EXC_INSTR_PAGE_MISS : E2K_EXC_DATA_PAGE;
}

/*
 * User programs: a guest access hit an unmapped page. A speculative access is not a fault: its
 * bundle is translated with checked accesses from now on and executed again.
 */
static bool e2k_tlb_fill(CPUState *cpu, uint64_t addr, unsigned size, MMUAccess access, int mmu_idx,
                         bool probe, uintptr_t ra)
{
    CPUE2KState *env = e2k_env(cpu);

    if (probe) {
        return false;
    }
    env->may_retry = false;
    if (ra) {
        cpu_restore_state(cpu, ra);
    }
    if (access != MMU_FETCH && env->may_retry && !e2k_is_checked(env->ip)) {
        e2k_mark_checked(cpu, env->ip);
        cpu->exception_index = EXCP_NONE;
        cpu_loop_exit(cpu);
    }
    if (access == MMU_FETCH) {
        addr = env->ip;
    }
    e2k_raise(env, trap_of(access), addr, 0);
}

static void e2k_unaligned(CPUState *cpu, uint64_t addr, MMUAccess access, int mmu_idx, uintptr_t ra)
{
    e2k_raise(e2k_env(cpu), E2K_EXC_ADDR_NOT_ALIGNED, addr, ra);
}

static int e2k_mmu_index(CPUState *cpu, bool fetch) { return 0; }
static bool e2k_has_work(CPUState *cpu) { return true; }
static void e2k_reset(CPUState *cpu) { }
static uint64_t e2k_get_pc(CPUState *cpu) { return e2k_env(cpu)->ip; }
static uint64_t e2k_virt_to_phys(CPUState *cpu, uint64_t gva) { return gva; }
static void e2k_do_exception(CPUState *cpu) { }
static bool e2k_do_interrupt(CPUState *cpu, uint32_t pending) { return false; }

static void dump_regs(FILE *f, const char *prefix, const E2kReg *r, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        fprintf(f, "%s%u=%016" PRIx64 "%s", prefix, i, r[i].lo, i % 4 == 3 || i == n - 1 ? "\n" : " ");
    }
}

static void put_tags(GString *s, const char *prefix, const E2kTags *t, unsigned n)
{
    static const E2kTags none;

    for (unsigned i = 0; i < n; i++) {
        const uint8_t *w = t[i].word;

        if (memcmp(&t[i], &none, sizeof(none))) {
            g_string_append_printf(s, " %s%u=%u%u%u%u", prefix, i, w[3], w[2], w[1], w[0]);
        }
    }
}

char *e2k_tags_text(CPUE2KState *env)
{
    GString *s = g_string_new(NULL);

    put_tags(s, "r", e2k_reg_tags(env, env->win), MIN(e2k_wsize(env), E2K_MAX_WINDOW));
    put_tags(s, "g", env->gtags, E2K_N_GLOBALS);
    e2k_settle_preds(env, env->frame);
    for (unsigned i = 0; i < E2K_N_PREDS; i++) {
        if (env->frame->pred[i] & E2K_PRED_DIAG) {
            g_string_append_printf(s, " pred%u", i);
        }
    }
    return g_string_free(s, FALSE);
}

static void e2k_dump_state(CPUState *cpu, FILE *f)
{
    CPUE2KState *env = e2k_env(cpu);
    g_autofree char *tags = env->tags ? e2k_tags_text(env) : NULL;

    fprintf(f, "ip=%016" PRIx64 " mode=%" PRIx64 " wsize=%u psize=%u depth=%zd pred=%08x\n", env->ip,
            env->mode, e2k_wsize(env), env->psize, env->frame - env->pcs_base,
            e2k_preds(env, env->frame));
    fprintf(f, "lcnt=%u ecnt=%u pcnt=%u vlc=%u strmd=%u sp=%016" PRIx64 "\n", env->lcnt, env->ecnt,
            env->pcnt, env->vlc, env->strmd, env->usd_lo);
    for (unsigned i = 0; i < 3; i++) {
        fprintf(f, "ctpr%u=%016" PRIx64 "%s", i + 1, env->ctpr[i], i == 2 ? "\n" : " ");
    }
    dump_regs(f, "r", env->win, MIN(e2k_wsize(env), E2K_MAX_WINDOW));
    dump_regs(f, "g", env->g, E2K_N_GLOBALS);
    if (tags) {
        fprintf(f, "tags:%s\n", tags);
    }
}

int e2k_disas(FILE *f, uint64_t pc, uint64_t flags, const uint8_t *code, size_t size)
{
    E2kBundle b;
    E2kStatus s = e2k_decode(code, size, pc, E2K_MAX_VERSION, &b, NULL);
    g_autofree char *text = NULL;

    if (s == E2K_SHORT) {
        return 0;
    }
    if (s != E2K_OK) {
        fprintf(f, "0x%08" PRIx64 ":  (no instruction)\n", pc);
        return b.size_bytes ? b.size_bytes : 8;
    }
    text = e2k_disas_bundle(&b);
    fprintf(f, "0x%08" PRIx64 ":\n%s\n", pc, text);
    return b.size_bytes;
}

const CPUOps e2k_cpu_ops = {
    .name = "e2k", .n_mmu_modes = 1, .get_tb_key = e2k_get_tb_key, .translate = e2k_translate,
    .restore_state = e2k_restore_state, .set_pc = e2k_set_pc, .mmu_index = e2k_mmu_index,
    .tlb_fill = e2k_tlb_fill, .unaligned = e2k_unaligned, .do_exception = e2k_do_exception,
    .do_interrupt = e2k_do_interrupt, .has_work = e2k_has_work, .reset = e2k_reset,
    .get_pc = e2k_get_pc, .dump_state = e2k_dump_state, .virt_to_phys = e2k_virt_to_phys,
    .disas = e2k_disas, .n_gdb_regs = E2K_GDB_N_REGS, .gdb_target_xml = e2k_gdb_target_xml,
    .gdb_read_reg = e2k_gdb_read_reg, .gdb_write_reg = e2k_gdb_write_reg,
};
