/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hyper-V enlightenments as the guest's CPU shows them: CPUID leaves 0x40000000.., synthetic MSRs,
 * hypercalls. What lies behind (SynIC, timers, VMBus ports) is reached by the table of
 * x86_hyperv_attach(). Source: Hypervisor Top-Level Functional Specification.
 *
 * Here: flags, CPUID leaves, tables up and down. hyperv-msr.c, hyperv-time.c, hyperv-call.c: the
 * rest.
 */
#include <inttypes.h>
#include <string.h>
#include "hyperv-internal.h"
#include "memory/memory.h"
#include "qom/parse.h"
#include "util/main-loop.h"

/* ---- flags of -cpu: one row each ---- */

typedef struct HvFlag {
    const char *name, *text;            /* text: as messages call it */
    uint32_t needs;                     /* BIT() of flags */
    uint32_t l3_eax, l3_ebx, l3_edx, l4_eax;    /* CPUID bits */
    bool lacking;                       /* known to users, not done here */
} HvFlag;

static const HvFlag flags[N_FLAGS] = {
    [F_RELAXED] = { "relaxed", "relaxed timing", .l4_eax = 1u << 5 },
    [F_VAPIC] = { "vapic", "virtual APIC", .l3_eax = 1u << 4 },
    [F_VPINDEX] = { "vpindex", "VP_INDEX MSR" },
    [F_RUNTIME] = { "runtime", "VP_RUNTIME MSR", .l3_eax = 1u << 0 },
    [F_CRASH] = { "crash", "crash MSRs", .l3_edx = 1u << 10 },
    [F_TIME] = { "time", "clocksources", .l3_eax = 1u << 1 | 1u << 9 },
    [F_SYNIC] = { "synic", "synthetic interrupt controller", BIT(F_VPINDEX),
                  .l3_eax = 1u << 2, .l3_ebx = 1u << 4 | 1u << 5 },
    [F_STIMER] = { "stimer", "synthetic timers", BIT(F_SYNIC) | BIT(F_TIME), .l3_eax = 1u << 3 },
    [F_STIMER_DIRECT] = { "stimer-direct", "direct mode synthetic timers", BIT(F_STIMER),
                          .l3_edx = 1u << 19 },
    [F_TLBFLUSH] = { "tlbflush", "paravirtualized TLB flush", BIT(F_VPINDEX),
                     .l4_eax = 1u << 2 | 1u << 11 },
    [F_IPI] = { "ipi", "paravirtualized IPI", BIT(F_VPINDEX), .l4_eax = 1u << 10 | 1u << 11 },
    [F_RESET] = { "reset", "reset MSR", .l3_eax = 1u << 7 },
    [F_FREQUENCIES] = { "frequencies", "frequency MSRs", .l3_eax = 1u << 11, .l3_edx = 1u << 8 },
    [F_REENLIGHTENMENT] = { "reenlightenment", "reenlightenment MSRs", .l3_eax = 1u << 13 },
    [F_AVIC] = { "avic", "AVIC/APICv hint", .l4_eax = 1u << 9 },
    [F_NO_CORESHARING] = { "no-nonarch-coresharing", "no non-architectural core sharing",
                           .l4_eax = 1u << 18 },
    [F_TSC_INVARIANT] = { "tsc-invariant", "TSC invariant control", BIT(F_TIME),
                          .l3_eax = 1u << 15 },
    [F_EVMCS] = { "evmcs", "enlightened VMCS", .lacking = true },
    [F_XMM_INPUT] = { "xmm-input", "XMM fast hypercall input", .lacking = true },
    [F_TLBFLUSH_EXT] = { "tlbflush-ext", "extended TLB flush ranges", .lacking = true },
    [F_TLBFLUSH_DIRECT] = { "tlbflush-direct", "direct TLB flush", .lacking = true },
    [F_EMSR_BITMAP] = { "emsr-bitmap", "enlightened MSR bitmap", .lacking = true },
    [F_SYNDBG] = { "syndbg", "synthetic debugger", .lacking = true },
};

/* what VMBus needs, and its guests like to have. Frequencies: no calibration loops at boot. */
#define VMBUS_NEEDS (BIT(F_SYNIC) | BIT(F_VPINDEX))
#define VMBUS_SET (VMBUS_NEEDS | BIT(F_TIME) | BIT(F_STIMER) | BIT(F_VAPIC) | BIT(F_RUNTIME) | \
                   BIT(F_FREQUENCIES))

typedef struct HvNumber { const char *name; size_t offset; uint64_t max; } HvNumber;
static const HvNumber numbers[] = {
    { "spinlocks", offsetof(struct X86HyperV, spinlocks), UINT32_MAX },
    { "version-id-build", offsetof(struct X86HyperV, build), UINT32_MAX },
    { "version-id-major", offsetof(struct X86HyperV, major), UINT16_MAX },
    { "version-id-minor", offsetof(struct X86HyperV, minor), UINT16_MAX },
    { "version-id-spack", offsetof(struct X86HyperV, service_pack), UINT32_MAX },
    { "version-id-sbranch", offsetof(struct X86HyperV, service_branch), UINT8_MAX },
    { "version-id-snumber", offsetof(struct X86HyperV, service_number), 0xffffff },
};

static struct X86HyperV *state_of(CPUX86State *env)
{
    if (!env->hyperv) {
        env->hyperv = g_new0(struct X86HyperV, 1);
        *env->hyperv = (struct X86HyperV){ .vendor = "Microsoft Hv", .spinlocks = UINT32_MAX,
                                           .build = 14393, .major = 10 };
    }
    return env->hyperv;
}

bool x86_hyperv_is_flag(const char *name)
{
    return strncmp(name, "hv-", 3) == 0 || strncmp(name, "hv_", 3) == 0;
}

/* "hv_stimer_direct" -> "stimer-direct"; old and second names too */
static char *plain_name(const char *name)
{
    char *plain = g_strdelimit(g_strdup(name + 3), "_", '-');

    if (strcmp(plain, "apicv") == 0) {
        g_free(plain);
        plain = g_strdup("avic");
    }
    return plain;
}

static bool set_number(struct X86HyperV *h, const HvNumber *n, const char *value, Error **errp)
{
    uint64_t v;

    if (!value || !parse_u64(value, &v) || v > n->max) {
        error_setg(errp, "hv-%s expects a number up to %" PRIu64, n->name, n->max);
        return false;
    }
    *(uint32_t *)((char *)h + n->offset) = (uint32_t)v;
    return true;
}

static bool set_vendor(struct X86HyperV *h, const char *value, Error **errp)
{
    if (!value || strlen(value) >= sizeof(h->vendor)) {
        error_setg(errp, "hv-vendor-id expects up to 12 characters");
        return false;
    }
    memset(h->vendor, 0, sizeof(h->vendor));
    memcpy(h->vendor, value, strlen(value));
    return true;
}

static bool set_flag(struct X86HyperV *h, unsigned f, const char *value, Error **errp)
{
    bool on = true;

    if (f == F_NO_CORESHARING && value && strcmp(value, "auto") == 0) {
        on = false;
    } else if (value && !parse_bool(value, &on)) {
        error_setg(errp, "hv-%s expects 'on' or 'off'", flags[f].name);
        return false;
    }
    if (on && flags[f].lacking) {
        error_setg(errp, "Hyper-V %s (hv-%s) is not supported", flags[f].text, flags[f].name);
        return false;
    }
    h->given |= BIT(f);
    h->on = on ? h->on | BIT(f) : h->on & ~BIT(f);
    return true;
}

bool x86_hyperv_flag(CPUX86State *env, const char *name, const char *value, Error **errp)
{
    g_autofree char *plain = plain_name(name);
    struct X86HyperV *h = state_of(env);
    bool enforce;

    for (unsigned f = 0; f < N_FLAGS; f++) {
        if (strcmp(plain, flags[f].name) == 0) {
            return set_flag(h, f, value, errp);
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
        if (strcmp(plain, numbers[i].name) == 0) {
            return set_number(h, &numbers[i], value, errp);
        }
    }
    if (strcmp(plain, "vendor-id") == 0) {
        return set_vendor(h, value, errp);
    }
    if (strcmp(plain, "passthrough") == 0 && (!value || parse_bool(value, &h->passthrough))) {
        h->passthrough |= !value;
        return true;
    }
    if (strcmp(plain, "enforce-cpuid") == 0 && (!value || parse_bool(value, &enforce))) {
        return true;            /* we always do */
    }
    error_setg(errp, "Property '%s' not found or with a bad value", name);
    return false;
}

void x86_hyperv_foreach_flag(void (*fn)(const char *name, bool is_bool, void *opaque),
                             void *opaque)
{
    for (unsigned f = 0; f < N_FLAGS; f++) {
        g_autofree char *name = g_strconcat("hv-", flags[f].name, NULL);
        if (!flags[f].lacking) {
            fn(name, true, opaque);
        }
    }
    fn("hv-passthrough", true, opaque);
    fn("hv-enforce-cpuid", true, opaque);
    fn("hv-vendor-id", false, opaque);
    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autofree char *name = g_strconcat("hv-", numbers[i].name, NULL);
        fn(name, false, opaque);
    }
}

static void choose_defaults(struct X86HyperV *h, bool want_vmbus)
{
    if (h->passthrough) {
        for (unsigned f = 0; f < N_FLAGS; f++) {
            h->on |= flags[f].lacking || f == F_AVIC || (h->given & BIT(f)) ? 0 : BIT(f);
        }
    } else if (want_vmbus && !h->given) {
        h->on |= VMBUS_SET;
    }
    if ((h->on & BIT(F_TIME)) && !(h->given & BIT(F_TSC_INVARIANT))) {
        h->on |= BIT(F_TSC_INVARIANT);
    }
}

static bool check_needs(const struct X86HyperV *h, bool want_vmbus, Error **errp)
{
    for (unsigned f = 0; f < N_FLAGS; f++) {
        uint32_t missing = h->on & BIT(f) ? flags[f].needs & ~h->on : 0;
        if (missing) {
            const HvFlag *m = &flags[__builtin_ctz(missing)];
            error_setg(errp, "Hyper-V %s requires Hyper-V %s: add hv-%s=on to -cpu", flags[f].text,
                       m->text, m->name);
            return false;
        }
    }
    if (want_vmbus && (h->on & VMBUS_NEEDS) != VMBUS_NEEDS) {
        const HvFlag *m = &flags[__builtin_ctz(VMBUS_NEEDS & ~h->on)];
        error_setg(errp, "VMBus requires usable Hyper-V SynIC and VP_INDEX: add hv-%s=on to -cpu",
                   m->name);
        return false;
    }
    return true;
}

bool x86_hyperv_configure(CPUX86State *env, bool want_vmbus, Error **errp)
{
    struct X86HyperV *h = env->hyperv;

    if (!h && !want_vmbus) {
        return true;
    }
    h = state_of(env);
    choose_defaults(h, want_vmbus);
    if (!check_needs(h, want_vmbus, errp)) {
        return false;
    }
    h->enabled = h->on != 0;
    h->configured = true;
    if (h->enabled) {
        env->features[FEAT_1_ECX] |= 1u << 31;          /* a hypervisor is present */
    }
    return true;
}

bool x86_hyperv_enabled(const CPUX86State *env)
{
    return env->hyperv && env->hyperv->enabled;
}

bool hv_has(const CPUX86State *env, HvFlagId f)
{
    return x86_hyperv_enabled(env) && (env->hyperv->on & BIT(f));
}

/* ---- CPUID ---- */

/* Linux takes VP_INDEX and hypercalls for granted: always there. EDX bit 3: Windows expects it. */
#define L3_EAX_ALWAYS (1u << 5 | 1u << 6)
#define L3_EDX_ALWAYS (1u << 3)
#define LAST_LEAF 0x40000005u

static void leaf_features(const struct X86HyperV *h, uint32_t out[4])
{
    out[0] = L3_EAX_ALWAYS;
    out[3] = L3_EDX_ALWAYS;
    for (unsigned f = 0; f < N_FLAGS; f++) {
        if (h->on & BIT(f)) {
            out[0] |= flags[f].l3_eax;
            out[1] |= flags[f].l3_ebx;
            out[3] |= flags[f].l3_edx;
        }
    }
}

static void leaf_hints(const struct X86HyperV *h, uint32_t out[4])
{
    for (unsigned f = 0; f < N_FLAGS; f++) {
        out[0] |= h->on & BIT(f) ? flags[f].l4_eax : 0;
    }
    if ((h->on & BIT(F_VAPIC)) && !(h->on & BIT(F_AVIC))) {
        out[0] |= 1u << 3;              /* EOI, ICR and TPR by MSRs */
    }
    out[1] = h->spinlocks;
}

bool x86_hyperv_cpuid(CPUX86State *env, uint32_t leaf, uint32_t out[4])
{
    const struct X86HyperV *h = env->hyperv;

    if (!x86_hyperv_enabled(env) || leaf < 0x40000000 || leaf > 0x400fffff) {
        return false;
    }
    memset(out, 0, 4 * sizeof(out[0]));
    switch (leaf) {
    case 0x40000000:
        out[0] = LAST_LEAF;
        memcpy(&out[1], h->vendor, 12);
        break;
    case 0x40000001:
        memcpy(&out[0], "Hv#1", 4);
        break;
    case 0x40000002:
        out[0] = h->build;
        out[1] = h->major << 16 | h->minor;
        out[2] = h->service_pack;
        out[3] = h->service_branch << 24 | h->service_number;
        break;
    case 0x40000003: leaf_features(h, out); break;
    case 0x40000004: leaf_hints(h, out); break;
    case 0x40000005:
        out[0] = MAX(cpu_count(), 1);
        out[1] = MAX(cpu_count(), 64);
        break;
    }
    return true;                /* all others read as zero */
}

/* ---- the partition: what all vCPUs share ---- */

HvPartitionRegs hv_part;

void x86_hyperv_attach(const HyperVOps *ops)
{
    hv_part.ops = ops;
}

CPUX86State *hv_first_env(void)
{
    CPUState *cpu = cpu_by_index(0);

    return cpu ? x86_env(cpu) : NULL;
}

bool hv_lock(void)
{
    if (bql_held()) {
        return false;
    }
    bql_lock();
    return true;
}

void hv_unlock(bool locked)
{
    if (locked) {
        bql_unlock();
    }
}

static bool ram_copy(uint64_t gpa, void *buf, uint64_t n_bytes, bool write)
{
    uint64_t len = n_bytes;
    void *p = address_space_map(address_space_memory, gpa, &len, write);
    bool good = p && len == n_bytes;

    if (good) {
        memcpy(write ? p : buf, write ? buf : p, n_bytes);
    }
    if (p) {
        address_space_unmap(address_space_memory, p, len, good && write);
    }
    return good;
}

bool hv_ram_read(uint64_t gpa, void *buf, uint64_t n_bytes)
{
    return ram_copy(gpa, buf, n_bytes, false);
}

bool hv_ram_write(uint64_t gpa, const void *buf, uint64_t n_bytes)
{
    return ram_copy(gpa, (void *)buf, n_bytes, true);
}

/* ---- what devices ask ---- */

static uint64_t arch_guest_os_id(void)
{
    return hv_part.guest_os_id;
}

static unsigned arch_guest_ends(void)
{
    return __atomic_load_n(&hv_part.guest_ends, __ATOMIC_RELAXED);
}

static unsigned arch_features(void)
{
    CPUX86State *env = hv_first_env();

    if (!env) {
        return 0;
    }
    return (hv_has(env, F_SYNIC) ? HYPERV_SYNIC : 0) |
           (hv_has(env, F_VPINDEX) ? HYPERV_VPINDEX : 0) |
           (hv_has(env, F_STIMER) ? HYPERV_STIMER : 0) |
           (hv_has(env, F_STIMER_DIRECT) ? HYPERV_STIMER_DIRECT : 0);
}

static void arch_reset(void)
{
    CPUState *cpu;

    hv_tsc_page_off();
    hv_part.guest_os_id = hv_part.hypercall = hv_part.reference_tsc = 0;
    memset(hv_part.crash, 0, sizeof(hv_part.crash));
    hv_part.reenlightenment = hv_part.tsc_emulation = hv_part.tsc_emulation_status = 0;
    hv_part.tsc_invariant = false;
    CPU_FOREACH(cpu) {
        if (x86_env(cpu)->hyperv) {
            x86_env(cpu)->hyperv->vp_assist = 0;
        }
    }
}

const HyperVArch x86_hyperv_arch = {
    .ref_time = hv_ref_time, .guest_os_id = arch_guest_os_id,
    .guest_ends = arch_guest_ends, .features = arch_features, .reset = arch_reset,
};
