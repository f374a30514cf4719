/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Synthetic MSRs: one row each or for a range. Strict where the specification is: one whose
 * privilege bit is not shown is #GP. But VP_ASSIST: Linux writes it without looking.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include "hyperv-internal.h"
#include "util/log.h"

typedef struct HvMsr {
    uint32_t first, last;
    const char *name;
    HvFlagId gate;              /* flag it belongs to; N_FLAGS: always there */
    bool (*read)(CPUX86State *env, uint32_t msr, uint64_t *val);        /* false: #GP; NULL: #GP */
    bool (*write)(CPUX86State *env, uint32_t msr, uint64_t val);
} HvMsr;

static bool read_os_id(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = hv_part.guest_os_id;
    return true;
}

static bool write_os_id(CPUX86State *env, uint32_t msr, uint64_t val)
{
    bool ends = hv_part.guest_os_id && !val;

    hv_part.guest_os_id = val;
    __atomic_fetch_add(&hv_part.guest_ends, ends, __ATOMIC_RELAXED);
    if (!val) {
        hv_part.hypercall &= ~(uint64_t)ENABLE;
    }
    return true;
}

static bool read_hypercall(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = hv_part.hypercall;
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
    return hv_ram_write(gpa, page, sizeof(page));
}

static bool write_hypercall(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (hv_part.hypercall & 2) {
        return false;           /* locked */
    }
    if (!hv_part.guest_os_id) {
        return true;            /* not applied */
    }
    if ((val & ENABLE) && !hypercall_page_write(env, val & PFN_MASK)) {
        guest_error("hyperv: hypercall page 0x%" PRIx64 " is not in RAM", val & PFN_MASK);
        return false;
    }
    hv_part.hypercall = val;
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
    if ((val & 1) && hv_part.ops) {
        hv_part.ops->reset_request();
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
    *val = hv_ref_time();
    return true;
}

static bool read_ref_tsc(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = hv_part.reference_tsc;
    return true;
}

static bool write_ref_tsc(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (val != hv_part.reference_tsc || !hv_part.page_valid) {
        hv_part.reference_tsc = val;
        hv_tsc_page_update();
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
    *val = hv_part.ops ? hv_part.ops->apic_timer_hz() : 0;
    return hv_part.ops;
}

enum { APIC_TPR = 0x08, APIC_EOI = 0x0b, APIC_ICR = 0x30 };

static bool write_eoi(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (val >> 32 || !hv_part.ops) {
        return false;
    }
    hv_part.ops->apic_write(x86_cpu(env), APIC_EOI, 0);
    return true;
}

static bool read_icr(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = hv_part.ops ? hv_part.ops->apic_read(x86_cpu(env), APIC_ICR) : 0;
    return hv_part.ops;
}

static bool write_icr(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (hv_part.ops) {
        hv_part.ops->apic_write(x86_cpu(env), APIC_ICR, val);
    }
    return hv_part.ops;
}

static bool read_tpr(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = hv_part.ops ? hv_part.ops->apic_read(x86_cpu(env), APIC_TPR) : 0;
    return hv_part.ops;
}

static bool write_tpr(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (val >> 8 || !hv_part.ops) {
        return false;
    }
    hv_part.ops->apic_write(x86_cpu(env), APIC_TPR, val);
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

    if ((val & ENABLE) && !hv_ram_write(val & PFN_MASK, &zero, sizeof(zero))) {
        return false;
    }
    env->hyperv->vp_assist = val;
    return true;
}

static bool read_synic(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    return hv_part.ops && hv_part.ops->synic_read(x86_cpu(env), msr - 0x40000080, val);
}

static bool write_synic(CPUX86State *env, uint32_t msr, uint64_t val)
{
    return hv_part.ops && hv_part.ops->synic_write(x86_cpu(env), msr - 0x40000080, val);
}

static bool read_stimer(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    return hv_part.ops && hv_part.ops->stimer_read(x86_cpu(env), msr - 0x400000b0, val);
}

static bool write_stimer(CPUX86State *env, uint32_t msr, uint64_t val)
{
    return hv_part.ops && hv_part.ops->stimer_write(x86_cpu(env), msr - 0x400000b0, val);
}

#define CRASH_NOTIFY ((uint64_t)1 << 63)

static bool read_crash(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = msr == 0x40000105 ? CRASH_NOTIFY : hv_part.crash[msr - 0x40000100];
    return true;
}

static bool write_crash(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (msr < 0x40000105) {
        hv_part.crash[msr - 0x40000100] = val;
    } else if ((val & CRASH_NOTIFY) && hv_part.ops) {
        hv_part.ops->crash(hv_part.crash);
    }
    return true;
}

static uint64_t *reenlightenment_reg(uint32_t msr)
{
    return msr == 0x40000106 ? &hv_part.reenlightenment
         : msr == 0x40000107 ? &hv_part.tsc_emulation : &hv_part.tsc_emulation_status;
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
    *val = hv_part.tsc_invariant;
    return true;
}

static bool write_tsc_invariant(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (val >> 1 || (hv_part.tsc_invariant && !val)) {
        return false;
    }
    hv_part.tsc_invariant = val;
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
            return msrs[i].gate == N_FLAGS || hv_has(env, msrs[i].gate) ? &msrs[i] : NULL;
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
    bool locked = hv_lock();
    bool good = row->read(env, msr, val);
    hv_unlock(locked);
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
    bool locked = hv_lock();
    bool good = row->write(env, msr, val);
    hv_unlock(locked);
    log_if(LOG_HYPERV, "hyperv: cpu %u wrmsr %s 0x%x <- 0x%" PRIx64 "%s\n", x86_cpu(env)->index,
           row->name, msr, val, good ? "" : " #GP");
    return good;
}

bool x86_hyperv_tsc_invariant(const CPUX86State *env)
{
    return hv_has(env, F_TSC_INVARIANT) && hv_part.tsc_invariant;
}
