/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hyper-V enlightenments as the guest's CPU shows them: CPUID leaves 0x40000000.., synthetic MSRs,
 * hypercalls. What lies behind (SynIC, timers, VMBus ports) is reached by the table of
 * x86_hyperv_attach(). Source: Hypervisor Top-Level Functional Specification.
 *
 * Strict where the specification is: an MSR whose privilege bit is not shown is #GP. But VP_ASSIST:
 * Linux writes it without looking.
 */
#include "target/i386/hyperv.h"
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include "accel/cpu.h"
#include "memory/memory.h"
#include "qom/parse.h"
#include "util/log.h"
#include "util/main-loop.h"
#include "util/wire.h"

#define PFN_MASK (~(uint64_t)0xfff)
#define ENABLE 1u

/* ---- flags of -cpu: one row each ---- */

typedef enum HvFlagId {
    F_RELAXED, F_VAPIC, F_VPINDEX, F_RUNTIME, F_CRASH, F_TIME, F_SYNIC, F_STIMER, F_STIMER_DIRECT,
    F_TLBFLUSH, F_IPI, F_RESET, F_FREQUENCIES, F_REENLIGHTENMENT, F_AVIC, F_NO_CORESHARING,
    F_TSC_INVARIANT, F_EVMCS, F_XMM_INPUT, F_TLBFLUSH_EXT, F_TLBFLUSH_DIRECT, F_EMSR_BITMAP,
    F_SYNDBG, N_FLAGS
} HvFlagId;
#define BIT(f) (1u << (f))

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

struct X86HyperV {
    uint32_t on, given;                 /* BIT()s */
    bool passthrough, configured, enabled;
    char vendor[13];
    uint32_t spinlocks;
    uint32_t build, major, minor, service_pack, service_branch, service_number;
    uint64_t vp_assist;                 /* big lock */
};

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

static bool has(const CPUX86State *env, HvFlagId f)
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

static struct {                 /* big lock */
    const HyperVOps *ops;       /* NULL: no devices behind (yet) */
    uint64_t guest_os_id, hypercall, reference_tsc;
    uint64_t crash[5];
    uint64_t reenlightenment, tsc_emulation, tsc_emulation_status;
    bool tsc_invariant;
    /* reference time = TSC page's formula while it is valid, else virtual clock + clock_adjust */
    bool page_valid;
    uint32_t page_sequence;
    uint64_t page_scale;
    int64_t page_offset, clock_adjust;
} part;

void x86_hyperv_attach(const HyperVOps *ops)
{
    part.ops = ops;
}

static bool lock(void)
{
    if (bql_held()) {
        return false;
    }
    bql_lock();
    return true;
}

static void unlock(bool locked)
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

static bool ram_read(uint64_t gpa, void *buf, uint64_t n_bytes)
{
    return ram_copy(gpa, buf, n_bytes, false);
}

static bool ram_write(uint64_t gpa, const void *buf, uint64_t n_bytes)
{
    return ram_copy(gpa, (void *)buf, n_bytes, true);
}

/* ---- time ---- */

static uint64_t page_time(CPUX86State *env)
{
    unsigned __int128 product = (unsigned __int128)x86_tsc_read(env) * part.page_scale;

    return (uint64_t)(product >> 64) + (uint64_t)part.page_offset;
}

static CPUX86State *first_env(void)
{
    CPUState *cpu = cpu_by_index(0);

    return cpu ? x86_env(cpu) : NULL;
}

static uint64_t clock_time(void)
{
    return (uint64_t)(clock_ns(CLOCK_VIRTUAL) / 100);
}

static uint64_t ref_time(void)
{
    CPUX86State *env = first_env();

    return part.page_valid && env ? page_time(env) : clock_time() + (uint64_t)part.clock_adjust;
}

/* The page stops being used; time goes on from where it is. */
static void tsc_page_off(void)
{
    if (part.page_valid) {
        uint64_t now = ref_time();

        part.page_valid = false;
        part.clock_adjust = (int64_t)(now - clock_time());
    }
}

typedef struct TscPage {
    le32 sequence;              /* 0: not valid, use the MSR */
    le32 reserved;
    le64 scale;                 /* time = (TSC * scale >> 64) + offset */
    le64 offset;
} TscPage;
WIRE_SIZE(TscPage, 24);

static bool tsc_page_write_sequence(uint64_t gpa, uint32_t sequence)
{
    le32 w = le32_of(sequence);

    __atomic_thread_fence(__ATOMIC_SEQ_CST);    /* readers look at the sequence before and after */
    bool good = ram_write(gpa, &w, sizeof(w));
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return good;
}

static void tsc_page_update(void)
{
    uint64_t gpa = part.reference_tsc & PFN_MASK, hz = x86_tsc_hz(), now = ref_time();
    CPUX86State *env = first_env();
    TscPage p = { 0 };

    tsc_page_off();
    if (!(part.reference_tsc & ENABLE) || !env || hz <= 10000000 ||
        !tsc_page_write_sequence(gpa, 0)) {
        return;
    }
    part.page_scale = (uint64_t)(((unsigned __int128)10000000 << 64) / hz);
    part.page_offset = 0;
    part.page_offset = (int64_t)(now - page_time(env));
    p.scale = le64_of(part.page_scale);
    p.offset = le64_of((uint64_t)part.page_offset);
    part.page_sequence++;
    part.page_sequence += part.page_sequence == UINT32_MAX ? 2 : part.page_sequence == 0;
    if (ram_write(gpa + 4, (uint8_t *)&p + 4, sizeof(p) - 4)) {
        part.page_valid = tsc_page_write_sequence(gpa, part.page_sequence);
    }
    log_if(LOG_HYPERV, "hyperv: TSC page 0x%" PRIx64 " sequence %u scale 0x%" PRIx64 "\n", gpa,
           part.page_valid ? part.page_sequence : 0, part.page_scale);
}

void x86_hyperv_tsc_changed(CPUX86State *env)
{
    bool locked = lock();

    if (part.page_valid && x86_hyperv_enabled(env)) {
        tsc_page_off();
        tsc_page_write_sequence(part.reference_tsc & PFN_MASK, 0);
    }
    unlock(locked);
}

/* ---- MSRs: one row each or for a range ---- */

typedef struct HvMsr {
    uint32_t first, last;
    const char *name;
    HvFlagId gate;              /* flag it belongs to; N_FLAGS: always there */
    bool (*read)(CPUX86State *env, uint32_t msr, uint64_t *val);        /* false: #GP; NULL: #GP */
    bool (*write)(CPUX86State *env, uint32_t msr, uint64_t val);
} HvMsr;

static bool read_os_id(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = part.guest_os_id;
    return true;
}

static bool write_os_id(CPUX86State *env, uint32_t msr, uint64_t val)
{
    part.guest_os_id = val;
    if (!val) {
        part.hypercall &= ~(uint64_t)ENABLE;
    }
    return true;
}

static bool read_hypercall(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = part.hypercall;
    return true;
}

/* The page is a copy in guest RAM, not an overlay: vmcall/vmmcall; ret; then int3 all over. */
static bool hypercall_page_write(CPUX86State *env, uint64_t gpa)
{
    static const uint8_t intel[] = { 0x0f, 0x01, 0xc1, 0xc3 }, amd[] = { 0x0f, 0x01, 0xd9, 0xc3 };
    bool is_amd = strcmp(env->vendor, "AuthenticAMD") == 0 ||
                  strcmp(env->vendor, "HygonGenuine") == 0;
    uint8_t page[4096];

    memset(page, 0xcc, sizeof(page));
    memcpy(page, is_amd ? amd : intel, sizeof(intel));
    return ram_write(gpa, page, sizeof(page));
}

static bool write_hypercall(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (part.hypercall & 2) {
        return false;           /* locked */
    }
    if (!part.guest_os_id) {
        return true;            /* not applied */
    }
    if ((val & ENABLE) && !hypercall_page_write(env, val & PFN_MASK)) {
        guest_error("hyperv: hypercall page 0x%" PRIx64 " is not in RAM", val & PFN_MASK);
        return false;
    }
    part.hypercall = val;
    return true;
}

static bool read_vp_index(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = x86_cpu(env)->index;
    return true;
}

static bool read_zero(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = 0;
    return true;
}

static bool write_reset(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if ((val & 1) && part.ops) {
        part.ops->reset_request();
    }
    return true;
}

static bool read_runtime(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);        /* we are on the vCPU's thread */
    *val = (uint64_t)ts.tv_sec * 10000000 + (uint64_t)ts.tv_nsec / 100;
    return true;
}

static bool read_ref_count(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = ref_time();
    return true;
}

static bool read_ref_tsc(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = part.reference_tsc;
    return true;
}

static bool write_ref_tsc(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (val != part.reference_tsc || !part.page_valid) {
        part.reference_tsc = val;
        tsc_page_update();
    }
    return true;
}

static bool read_tsc_hz(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = x86_tsc_hz();
    return true;
}

static bool read_apic_hz(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = part.ops ? part.ops->apic_timer_hz() : 0;
    return part.ops;
}

enum { APIC_TPR = 0x08, APIC_EOI = 0x0b, APIC_ICR = 0x30 };

static bool write_eoi(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (val >> 32 || !part.ops) {
        return false;
    }
    part.ops->apic_write(x86_cpu(env), APIC_EOI, 0);
    return true;
}

static bool read_icr(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = part.ops ? part.ops->apic_read(x86_cpu(env), APIC_ICR) : 0;
    return part.ops;
}

static bool write_icr(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (part.ops) {
        part.ops->apic_write(x86_cpu(env), APIC_ICR, val);
    }
    return part.ops;
}

static bool read_tpr(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = part.ops ? part.ops->apic_read(x86_cpu(env), APIC_TPR) : 0;
    return part.ops;
}

static bool write_tpr(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (val >> 8 || !part.ops) {
        return false;
    }
    part.ops->apic_write(x86_cpu(env), APIC_TPR, val);
    return true;
}

static bool read_vp_assist(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = env->hyperv->vp_assist;
    return true;
}

/* We never use the page; its "no EOI needed" word must start as 0. */
static bool write_vp_assist(CPUX86State *env, uint32_t msr, uint64_t val)
{
    static const uint32_t zero;

    if ((val & ENABLE) && !ram_write(val & PFN_MASK, &zero, sizeof(zero))) {
        return false;
    }
    env->hyperv->vp_assist = val;
    return true;
}

static bool read_synic(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    return part.ops && part.ops->synic_read(x86_cpu(env), msr - 0x40000080, val);
}

static bool write_synic(CPUX86State *env, uint32_t msr, uint64_t val)
{
    return part.ops && part.ops->synic_write(x86_cpu(env), msr - 0x40000080, val);
}

static bool read_stimer(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    return part.ops && part.ops->stimer_read(x86_cpu(env), msr - 0x400000b0, val);
}

static bool write_stimer(CPUX86State *env, uint32_t msr, uint64_t val)
{
    return part.ops && part.ops->stimer_write(x86_cpu(env), msr - 0x400000b0, val);
}

#define CRASH_NOTIFY ((uint64_t)1 << 63)

static bool read_crash(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = msr == 0x40000105 ? CRASH_NOTIFY : part.crash[msr - 0x40000100];
    return true;
}

static bool write_crash(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (msr < 0x40000105) {
        part.crash[msr - 0x40000100] = val;
    } else if ((val & CRASH_NOTIFY) && part.ops) {
        part.ops->crash(part.crash);
    }
    return true;
}

static uint64_t *reenlightenment_reg(uint32_t msr)
{
    return msr == 0x40000106 ? &part.reenlightenment
         : msr == 0x40000107 ? &part.tsc_emulation : &part.tsc_emulation_status;
}

static bool read_reenlightenment(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = *reenlightenment_reg(msr);
    return true;
}

static bool write_reenlightenment(CPUX86State *env, uint32_t msr, uint64_t val)
{
    *reenlightenment_reg(msr) = msr == 0x40000108 ? 0 : val;
    return true;
}

static bool read_tsc_invariant(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = part.tsc_invariant;
    return true;
}

static bool write_tsc_invariant(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (val >> 1 || (part.tsc_invariant && !val)) {
        return false;
    }
    part.tsc_invariant = val;
    return true;
}

static const HvMsr msrs[] = {
    { 0x40000000, 0x40000000, "GUEST_OS_ID", N_FLAGS, read_os_id, write_os_id },
    { 0x40000001, 0x40000001, "HYPERCALL", N_FLAGS, read_hypercall, write_hypercall },
    { 0x40000002, 0x40000002, "VP_INDEX", N_FLAGS, read_vp_index, NULL },
    { 0x40000003, 0x40000003, "RESET", F_RESET, read_zero, write_reset },
    { 0x40000010, 0x40000010, "VP_RUNTIME", F_RUNTIME, read_runtime, NULL },
    { 0x40000020, 0x40000020, "TIME_REF_COUNT", F_TIME, read_ref_count, NULL },
    { 0x40000021, 0x40000021, "REFERENCE_TSC", F_TIME, read_ref_tsc, write_ref_tsc },
    { 0x40000022, 0x40000022, "TSC_FREQUENCY", F_FREQUENCIES, read_tsc_hz, NULL },
    { 0x40000023, 0x40000023, "APIC_FREQUENCY", F_FREQUENCIES, read_apic_hz, NULL },
    { 0x40000070, 0x40000070, "EOI", F_VAPIC, read_zero, write_eoi },
    { 0x40000071, 0x40000071, "ICR", F_VAPIC, read_icr, write_icr },
    { 0x40000072, 0x40000072, "TPR", F_VAPIC, read_tpr, write_tpr },
    { 0x40000073, 0x40000073, "VP_ASSIST_PAGE", N_FLAGS, read_vp_assist, write_vp_assist },
    { 0x40000080, 0x4000009f, "SYNIC", F_SYNIC, read_synic, write_synic },
    { 0x400000b0, 0x400000b7, "STIMER", F_STIMER, read_stimer, write_stimer },
    { 0x40000100, 0x40000105, "CRASH", F_CRASH, read_crash, write_crash },
    { 0x40000106, 0x40000108, "REENLIGHTENMENT", F_REENLIGHTENMENT, read_reenlightenment,
      write_reenlightenment },
    { 0x40000118, 0x40000118, "TSC_INVARIANT_CONTROL", F_TSC_INVARIANT, read_tsc_invariant,
      write_tsc_invariant },
};

static const HvMsr *find_msr(const CPUX86State *env, uint32_t msr)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(msrs); i++) {
        if (msr >= msrs[i].first && msr <= msrs[i].last) {
            return msrs[i].gate == N_FLAGS || has(env, msrs[i].gate) ? &msrs[i] : NULL;
        }
    }
    return NULL;
}

bool x86_hyperv_rdmsr(CPUX86State *env, uint32_t msr, uint64_t *val, bool *handled)
{
    const HvMsr *row;

    *handled = x86_hyperv_enabled(env);
    row = *handled ? find_msr(env, msr) : NULL;
    if (!row || !row->read) {
        return false;
    }
    bool locked = lock();
    bool good = row->read(env, msr, val);
    unlock(locked);
    log_if(LOG_HYPERV, "hyperv: cpu %u rdmsr %s 0x%x = 0x%" PRIx64 "%s\n", x86_cpu(env)->index,
           row->name, msr, *val, good ? "" : " #GP");
    return good;
}

bool x86_hyperv_wrmsr(CPUX86State *env, uint32_t msr, uint64_t val, bool *handled)
{
    const HvMsr *row;

    *handled = x86_hyperv_enabled(env);
    row = *handled ? find_msr(env, msr) : NULL;
    if (!row || !row->write) {
        return false;
    }
    bool locked = lock();
    bool good = row->write(env, msr, val);
    unlock(locked);
    log_if(LOG_HYPERV, "hyperv: cpu %u wrmsr %s 0x%x <- 0x%" PRIx64 "%s\n", x86_cpu(env)->index,
           row->name, msr, val, good ? "" : " #GP");
    return good;
}

bool x86_hyperv_tsc_invariant(const CPUX86State *env)
{
    return has(env, F_TSC_INVARIANT) && part.tsc_invariant;
}

/* ---- hypercalls ---- */

typedef struct HvCall {
    CPUX86State *env;
    uint64_t in[2];             /* fast: the input; slow: gpas of in- and output */
    bool fast;
    unsigned code, varhead, rep_count, rep_start;
} HvCall;

enum { SLOW = 1, FAST = 2, REP = 4, VARHEAD = 8 };

typedef struct HvCallRow {
    uint16_t code;
    const char *name;
    HvFlagId gate;
    unsigned closed_status;     /* when the gate is closed */
    unsigned forms;             /* there are */
    unsigned (*run)(const HvCall *c);
} HvCallRow;

/* @ofs bytes into the input; false: bad address */
static bool call_input(const HvCall *c, unsigned ofs, void *buf, unsigned n_bytes)
{
    if (c->fast) {
        if (ofs + n_bytes > sizeof(c->in)) {
            return false;
        }
        memcpy(buf, (const uint8_t *)c->in + ofs, n_bytes);
        return true;
    }
    return (c->in[0] & 0xfff) + ofs + n_bytes <= 4096 && ram_read(c->in[0] + ofs, buf, n_bytes);
}

static unsigned call_post_message(const HvCall *c)
{
    uint8_t input[HV_POST_MESSAGE_BYTES];

    if (!call_input(c, 0, input, sizeof(input))) {
        return HV_STATUS_INVALID_ALIGNMENT;
    }
    bool locked = lock();
    unsigned status = part.ops->post_message(input);
    unlock(locked);
    return status;
}

static unsigned call_signal_event(const HvCall *c)
{
    uint8_t in[8];

    if (!call_input(c, 0, in, sizeof(in))) {
        return HV_STATUS_INVALID_ALIGNMENT;
    }
    if (ldle32(in) >> 24 || ldle16(in + 6)) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    bool locked = lock();
    unsigned status = part.ops->signal_event(ldle32(in), ldle16(in + 4));
    unlock(locked);
    return status;
}

static unsigned call_long_spin(const HvCall *c)
{
    g_thread_yield();
    return HV_STATUS_SUCCESS;
}

/*
 * Sets of virtual processors: a mask of the first 64, or sparse banks of 64 each. Calls fn for each
 * that exists. At @ofs: format, valid banks, then one word for each.
 */
static unsigned for_sparse_set(const HvCall *c, unsigned ofs,
                               void (*fn)(CPUState *cpu, uint64_t arg), uint64_t arg)
{
    uint64_t head[2], banks[64];
    unsigned n = 0;
    CPUState *cpu;

    if (!call_input(c, ofs, head, sizeof(head)) || head[0] > 1) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    unsigned n_banks = (unsigned)__builtin_popcountll(head[1]);
    if (head[0] == 0 && (c->varhead != n_banks ||
                         !call_input(c, ofs + 16, banks, n_banks * 8))) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    if (head[0] == 1) {
        CPU_FOREACH(cpu) {
            fn(cpu, arg);
        }
        return HV_STATUS_SUCCESS;
    }
    for (unsigned b = 0; b < 64; b++) {
        if (!(head[1] >> b & 1)) {
            continue;
        }
        for (uint64_t m = banks[n++]; m; m &= m - 1) {
            cpu = cpu_by_index(b * 64 + (unsigned)__builtin_ctzll(m));
            if (cpu) {
                fn(cpu, arg);
            }
        }
    }
    return HV_STATUS_SUCCESS;
}

static void set_ignored(CPUState *cpu, uint64_t arg)
{
}

/* Flushing more than was asked for is always right: all of it, on all. */
static unsigned flush_all(const HvCall *c)
{
    tlb_flush_all_cpus();
    return HV_STATUS_SUCCESS;
}

static unsigned call_flush(const HvCall *c)
{
    uint64_t in[3];

    if (!call_input(c, 0, in, sizeof(in)) ||
        (c->rep_count && (c->in[0] & 0xfff) + 24 + c->rep_count * 8 > 4096)) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    return in[1] >> 3 ? HV_STATUS_INVALID_HYPERCALL_INPUT : flush_all(c);
}

static unsigned call_flush_ex(const HvCall *c)
{
    uint64_t in[2];

    if (!call_input(c, 0, in, sizeof(in)) || in[1] >> 3 ||
        (c->in[0] & 0xfff) + 32 + c->varhead * 8 + c->rep_count * 8 > 4096) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    unsigned status = for_sparse_set(c, 16, set_ignored, 0);
    return status ? status : flush_all(c);
}

static void ipi_one(CPUState *cpu, uint64_t vector)
{
    part.ops->inject(cpu, (uint8_t)vector);
}

static bool ipi_input(const HvCall *c, uint64_t *vector)
{
    return call_input(c, 0, vector, 8) && *vector >= 0x10 && *vector <= 0xff;
}

static unsigned call_ipi(const HvCall *c)
{
    uint64_t vector, mask;

    if (!ipi_input(c, &vector) || !call_input(c, 8, &mask, 8)) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    bool locked = lock();
    for (; mask; mask &= mask - 1) {
        CPUState *cpu = cpu_by_index((unsigned)__builtin_ctzll(mask));
        if (cpu) {
            ipi_one(cpu, vector);
        }
    }
    unlock(locked);
    return HV_STATUS_SUCCESS;
}

static unsigned call_ipi_ex(const HvCall *c)
{
    uint64_t vector;

    if (!ipi_input(c, &vector)) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    bool locked = lock();
    unsigned status = for_sparse_set(c, 8, ipi_one, vector);
    unlock(locked);
    return status;
}

#define DENIED HV_STATUS_ACCESS_DENIED
#define NO_SYNIC HV_STATUS_INVALID_HYPERCALL_INPUT
static const HvCallRow calls[] = {
    { 0x02, "FlushVirtualAddressSpace", F_TLBFLUSH, DENIED, SLOW, call_flush },
    { 0x03, "FlushVirtualAddressList", F_TLBFLUSH, DENIED, SLOW | REP, call_flush },
    { 0x08, "NotifyLongSpinWait", N_FLAGS, 0, SLOW | FAST, call_long_spin },
    { 0x0b, "SendSyntheticClusterIpi", F_IPI, DENIED, SLOW | FAST, call_ipi },
    { 0x13, "FlushVirtualAddressSpaceEx", F_TLBFLUSH, DENIED, SLOW | VARHEAD, call_flush_ex },
    { 0x14, "FlushVirtualAddressListEx", F_TLBFLUSH, DENIED, SLOW | VARHEAD | REP, call_flush_ex },
    { 0x15, "SendSyntheticClusterIpiEx", F_IPI, DENIED, SLOW | VARHEAD, call_ipi_ex },
    { 0x5c, "PostMessage", F_SYNIC, NO_SYNIC, SLOW, call_post_message },
    { 0x5d, "SignalEvent", F_SYNIC, NO_SYNIC, SLOW | FAST, call_signal_event },
};

static const HvCallRow *find_call(unsigned code)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(calls); i++) {
        if (calls[i].code == code) {
            return &calls[i];
        }
    }
    return NULL;
}

#define CONTROL_RESERVED 0xf000f000f8000000ull

static unsigned call_check(const HvCallRow *row, const HvCall *c)
{
    if (!(row->forms & REP) && (c->rep_count || c->rep_start)) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    if ((row->forms & REP) && (c->rep_count == 0 || c->rep_start >= c->rep_count)) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    if (!(row->forms & VARHEAD) && c->varhead) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    if (!c->fast && ((c->in[0] | c->in[1]) & 7)) {
        return HV_STATUS_INVALID_ALIGNMENT;
    }
    if (!(row->forms & (c->fast ? FAST : SLOW))) {
        return HV_STATUS_INVALID_HYPERCALL_CODE;
    }
    if (row->gate != N_FLAGS && (!has(c->env, row->gate) || !part.ops)) {
        return row->closed_status;
    }
    return HV_STATUS_SUCCESS;
}

static uint64_t call_run(CPUX86State *env, uint64_t control, uint64_t in, uint64_t out)
{
    HvCall c = { .env = env, .in = { in, out }, .fast = control >> 16 & 1,
                 .code = control & 0xffff, .varhead = control >> 17 & 0x3ff,
                 .rep_count = control >> 32 & 0xfff, .rep_start = control >> 48 & 0xfff };
    const HvCallRow *row = find_call(c.code);
    unsigned status = control & CONTROL_RESERVED ? HV_STATUS_INVALID_HYPERCALL_INPUT
                    : !row ? HV_STATUS_INVALID_HYPERCALL_CODE : call_check(row, &c);

    if (status == HV_STATUS_SUCCESS) {
        status = row->run(&c);
    }
    log_if(LOG_HYPERV, "hyperv: cpu %u hypercall %s 0x%x%s in 0x%" PRIx64 " status %u\n",
           x86_cpu(env)->index, row ? row->name : "?", c.code, c.fast ? " fast" : "", in, status);
    return status | (status == HV_STATUS_SUCCESS ? (uint64_t)c.rep_count << 32 : 0);
}

static uint64_t pair(const CPUX86State *env, int hi, int lo)
{
    return (env->regs[hi] & 0xffffffff) << 32 | (env->regs[lo] & 0xffffffff);
}

bool x86_hyperv_hypercall(CPUX86State *env)
{
    if (!x86_hyperv_enabled(env) || !part.guest_os_id || !(part.hypercall & ENABLE) ||
        (env->hflags & HF_CPL_MASK) || !(env->hflags & HF_PE) || (env->hflags & HF_VM)) {
        return false;
    }
    if (env->hflags & HF_CS64) {
        env->regs[R_EAX] = call_run(env, env->regs[R_ECX], env->regs[R_EDX], env->regs[R_R8]);
        return true;
    }
    uint64_t result = call_run(env, pair(env, R_EDX, R_EAX), pair(env, R_EBX, R_ECX),
                               pair(env, R_EDI, R_ESI));
    env->regs[R_EAX] = (uint32_t)result;
    env->regs[R_EDX] = result >> 32;
    return true;
}

/* ---- what devices ask ---- */

static uint64_t arch_guest_os_id(void)
{
    return part.guest_os_id;
}

static unsigned arch_features(void)
{
    CPUX86State *env = first_env();

    if (!env) {
        return 0;
    }
    return (has(env, F_SYNIC) ? HYPERV_SYNIC : 0) |
           (has(env, F_VPINDEX) ? HYPERV_VPINDEX : 0) |
           (has(env, F_STIMER) ? HYPERV_STIMER : 0) |
           (has(env, F_STIMER_DIRECT) ? HYPERV_STIMER_DIRECT : 0);
}

static void arch_reset(void)
{
    CPUState *cpu;

    tsc_page_off();
    part.guest_os_id = part.hypercall = part.reference_tsc = 0;
    memset(part.crash, 0, sizeof(part.crash));
    part.reenlightenment = part.tsc_emulation = part.tsc_emulation_status = 0;
    part.tsc_invariant = false;
    CPU_FOREACH(cpu) {
        if (x86_env(cpu)->hyperv) {
            x86_env(cpu)->hyperv->vp_assist = 0;
        }
    }
}

const HyperVArch x86_hyperv_arch = {
    .ref_time = ref_time, .guest_os_id = arch_guest_os_id, .features = arch_features,
    .reset = arch_reset,
};
