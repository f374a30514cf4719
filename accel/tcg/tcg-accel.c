/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tcg accelerator: options, start-up, what it tells memory/ and the monitor. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "memory/memory.h"
#include "tcg-internal.h"
#include "util/error.h"
#include "vcpu-thread.h"

TcgConfig tcg_config = { .tb_size_bytes = (uint64_t)256 << 20 };

/* ---- options ---- */

static bool parse_on_off(const char *key, const char *value, bool *out, Error **errp)
{
    if (!strcmp(value, "on") || !strcmp(value, "yes") || !strcmp(value, "true")) {
        *out = true;
    } else if (!strcmp(value, "off") || !strcmp(value, "no") || !strcmp(value, "false")) {
        *out = false;
    } else {
        error_setg(errp, "Parameter '%s' expects 'on' or 'off'", key);
        return false;
    }
    return true;
}

static bool set_thread(const char *key, const char *value, Error **errp)
{
    if (strcmp(value, "single") && strcmp(value, "multi")) {
        error_setg(errp, "Invalid 'thread' setting %s: use single or multi", value);
        return false;
    }
    tcg_config.thread_single = !strcmp(value, "single");
    return true;
}

static bool set_backend(const char *key, const char *value, Error **errp)
{
    if (strcmp(value, "native") && strcmp(value, "interp")) {
        error_setg(errp, "Invalid 'backend' setting %s: use native or interp", value);
        return false;
    }
    tcg_set_backend(!strcmp(value, "interp") ? TCG_BACKEND_INTERP : TCG_BACKEND_NATIVE);
    return true;
}

static bool set_tb_size(const char *key, const char *value, Error **errp)
{
    char *end;
    unsigned long long mib = strtoull(value, &end, 10);

    if (end == value || *end || mib == 0 || mib > 16384) {
        error_setg(errp, "Invalid 'tb-size' %s: MiB of translated code, 1 to 16384", value);
        return false;
    }
    tcg_config.tb_size_bytes = (uint64_t)mib << 20;
    return true;
}

static bool set_one_insn(const char *key, const char *value, Error **errp)
{
    return parse_on_off(key, value, &tcg_config.one_insn_per_tb, errp);
}

static bool set_split_wx(const char *key, const char *value, Error **errp)
{
    bool ignored;       /* code is always mapped twice in system programs */

    return parse_on_off(key, value, &ignored, errp);
}

static const struct {
    const char *key;
    bool (*set)(const char *key, const char *value, Error **errp);
} options[] = {
    { "thread", set_thread },
    { "backend", set_backend },
    { "tb-size", set_tb_size },
    { "one-insn-per-tb", set_one_insn },
    { "split-wx", set_split_wx },
};

static bool tcg_set_option(const char *key, const char *value, Error **errp)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(options); i++) {
        if (!strcmp(options[i].key, key)) {
            return options[i].set(key, value, errp);
        }
    }
    error_setg(errp, "Property 'tcg-accel.%s' not found", key);
    return false;
}

/* ---- what memory/ tells ---- */

static void topology_changed(AddressSpace *as)
{
    if (as != address_space_io) {
        tlb_flush_all_cpus();
    }
}

typedef struct Deferred { void (*fn)(void *arg); void *arg; } Deferred;

static void run_deferred(CPUState *cpu, void *opaque)
{
    Deferred *d = opaque;

    d->fn(d->arg);
    g_free(d);
}

/* After all vCPUs have been outside: none holds a flat view, a TLB entry or a host address. */
static void defer(void (*fn)(void *arg), void *arg)
{
    CPUState *cpu = cpu_by_index(0);
    Deferred *d;

    if (!cpu || !cpu->thread || !cpu->created || cpu->unplug) {
        fn(arg);
        return;
    }
    d = g_new(Deferred, 1);
    *d = (Deferred){ fn, arg };
    async_safe_run_on_cpu(cpu, run_deferred, d);
}

static const MemoryListener listener = {
    .topology_changed = topology_changed,
    .ram_discarded = tb_invalidate_range,
    .ram_written = tb_invalidate_range,
    .defer = defer,
};

/* ---- start-up ---- */

static bool start(Error **errp)
{
    bool user = tcg_config.user;
    const TcgRuntime rt = {
        .softmmu = !user,
        .guest_base = tcg_config.guest_base,
        .ofs_exit_request = CPU_OFS(exit_request),
        .ofs_tlb = CPU_OFS(tlb_fast),
        .ofs_jump_cache = CPU_OFS(jump_cache),
        .ofs_mxcsr = CPU_OFS(host_mxcsr),
        .ld = user ? user_ld : softmmu_ld,
        .st = user ? user_st : softmmu_st,
        .ld128 = user ? user_ld128 : softmmu_ld128,
        .st128 = user ? user_st128 : softmmu_st128,
        .rmw = user ? user_rmw : softmmu_rmw,
        .cmpxchg = user ? user_cmpxchg : softmmu_cmpxchg,
        .user_fault = user_fault,
        .lookup_tb = helper_lookup_tb,
    };

    if (tcg_config.started) {
        return true;
    }
    tcg_config.started = true;
    tcg_init(&rt);
    return tb_cache_init(tcg_config.tb_size_bytes, user, errp);
}

void tcg_start(void)
{
    Error *err = NULL;

    if (!start(&err)) {
        error_report_err(err);
        exit(1);
    }
}

static bool tcg_accel_init(const CPUOps *cpu_ops, Error **errp)
{
    tcg_config.ops = cpu_ops;
    memory_listener_register(&listener);
    vcpu_threads_init(tcg_config.thread_single);
    return start(errp);
}

/* ---- info jit ---- */

static const char *const counter_names[16] = {
    [CPU_COUNT_TB_GEN] = "TB generated", [CPU_COUNT_TB_INSNS] = "insns translated",
    [CPU_COUNT_CHAIN] = "TB chained", [CPU_COUNT_EXIT] = "exits to run loop",
    [CPU_COUNT_LOOKUP] = "lookup calls", [CPU_COUNT_LOOKUP_HASH] = "jump cache misses",
    [CPU_COUNT_TLB_FLUSH] = "TLB flushes", [CPU_COUNT_TLB_FLUSH_PAGE] = "TLB page flushes",
    [CPU_COUNT_TLB_FILL] = "TLB fills", [CPU_COUNT_TLB_VICTIM] = "TLB victim hits",
    [CPU_COUNT_SLOW_ACCESS] = "slow accesses", [CPU_COUNT_MMIO] = "device accesses",
    [CPU_COUNT_CODE_WRITE] = "code page writes", [CPU_COUNT_SMC_RESTART] = "self-modified",
    [CPU_COUNT_HALT] = "halts", [CPU_COUNT_EXCEPTION] = "exceptions",
};

static void tcg_print_info(FILE *f)
{
    CPUState *cpu;

    if (!tcg_config.started) {
        return;
    }
    tb_cache_print(f);
    for (unsigned i = 0; i < G_N_ELEMENTS(counter_names); i++) {
        uint64_t sum = 0;
        CPU_FOREACH(cpu) {
            sum += cpu->counters[i];
        }
        fprintf(f, "%-19s %" PRIu64 "\n", counter_names[i], sum);
    }
}

static void tcg_synchronize_state(CPUState *cpu)
{
    /* the state is always in CPUState when a vCPU stands still */
}

const AccelOps tcg_accel_ops = {
    .name = "tcg",
    .init = tcg_accel_init,
    .set_option = tcg_set_option,
    .create_vcpu = vcpu_thread_create,
    .synchronize_state = tcg_synchronize_state,
    .print_info = tcg_print_info,
};
