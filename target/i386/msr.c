/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Model-specific registers: one row each, or one for a range. Unknown numbers are #GP; kernels
 * probe with that in mind. Source: Intel SDM vol. 4; AMD64 APM vol. 2, appendix A.
 */
#include <inttypes.h>
#include "target/i386/hyperv.h"
#include "target/i386/msr.h"
#include "target/i386/seg.h"
#include "util/log.h"
#include "util/main-loop.h"

typedef struct MsrRow MsrRow;
struct MsrRow {
    uint32_t first, last;
    const char *name;
    uint16_t ofs;               /* of the uint64_t (array) in CPUX86State; 0: no storage */
    uint64_t value;             /* what reads give when there is no storage */
    uint64_t writable;          /* other bits set are #GP; 0: read-only */
    bool (*read)(CPUX86State *env, uint32_t msr, uint64_t *val);
    bool (*write)(CPUX86State *env, uint32_t msr, uint64_t val);    /* val fits writable */
    uint8_t need_word;          /* feature it belongs to: word + 1 and bits, any of them */
    uint32_t need_bits;
};

#define ALL (~(uint64_t)0)

static bool lock_devices(void)
{
    if (bql_held()) {
        return false;
    }
    bql_lock();
    return true;
}

static void unlock_devices(bool locked)
{
    if (locked) {
        bql_unlock();
    }
}

/* ---- time ---- */

static bool read_tsc(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = x86_tsc_read(env);
    return true;
}

static bool write_tsc(CPUX86State *env, uint32_t msr, uint64_t val)
{
    uint64_t delta = val - x86_tsc_read(env);

    env->tsc_offset += (int64_t)delta;
    env->tsc_adjust += delta;
    x86_hyperv_tsc_changed(env);
    return true;
}

static bool write_tsc_adjust(CPUX86State *env, uint32_t msr, uint64_t val)
{
    env->tsc_offset += (int64_t)(val - env->tsc_adjust);
    env->tsc_adjust = val;
    x86_hyperv_tsc_changed(env);
    return true;
}

static bool read_deadline(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    if (!env->apic_ops) {
        return false;
    }
    bool locked = lock_devices();
    *val = env->apic_ops->get_tsc_deadline(env->apic);
    unlock_devices(locked);
    return true;
}

static bool write_deadline(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (!env->apic_ops) {
        return false;
    }
    bool locked = lock_devices();
    env->apic_ops->set_tsc_deadline(env->apic, val);
    unlock_devices(locked);
    return true;
}

/* ---- local APIC ---- */

#define APIC_BASE_X2 (1u << 10)
#define APIC_BASE_ENABLE (1u << 11)

static uint64_t get_apic_base(CPUX86State *env)
{
    if (!env->apic_ops) {
        return env->apic_base;
    }
    bool locked = lock_devices();
    uint64_t val = env->apic_ops->get_base(env->apic);
    unlock_devices(locked);
    return val;
}

static bool read_apic_base(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = get_apic_base(env);
    return true;
}

static bool write_apic_base(CPUX86State *env, uint32_t msr, uint64_t val)
{
    uint64_t old = get_apic_base(env);
    bool x2 = val & APIC_BASE_X2, on = val & APIC_BASE_ENABLE, was_x2 = old & APIC_BASE_X2;

    if (val >> env->phys_bits || (x2 && (!on || !x86_has(env, FEAT_1_ECX, 1u << 21)))
        || (x2 && !(old & APIC_BASE_ENABLE)) || (was_x2 && on && !x2)) {
        return false;
    }
    if (!env->apic_ops) {
        env->apic_base = val;
        return true;
    }
    bool locked = lock_devices();
    env->apic_ops->set_base(env->apic, val);
    unlock_devices(locked);
    return true;
}

static bool x2apic_on(CPUX86State *env)
{
    uint64_t both = APIC_BASE_X2 | APIC_BASE_ENABLE;

    return env->apic_ops && (get_apic_base(env) & both) == both;
}

static bool read_x2apic(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    bool locked = lock_devices();
    bool ok = x2apic_on(env) && env->apic_ops->msr_read(env->apic, msr - 0x800, val);

    unlock_devices(locked);
    return ok;
}

static bool write_x2apic(CPUX86State *env, uint32_t msr, uint64_t val)
{
    bool locked = lock_devices();
    bool ok = x2apic_on(env) && env->apic_ops->msr_write(env->apic, msr - 0x800, val);

    unlock_devices(locked);
    return ok;
}

/* ---- modes, segments ---- */

static bool write_canonical(CPUX86State *env, uint32_t msr, uint64_t val);

/* EFER bits and the feature (in CPUID 0x80000001 EDX) each needs */
static const struct {
    uint32_t efer, feature;
} efer_needs[] = {
    { EFER_SCE, 1u << 11 }, { EFER_LME | EFER_LMA, 1u << 29 }, { EFER_NXE, 1u << 20 },
    { EFER_FFXSR, 1u << 25 },
};

static bool write_efer(CPUX86State *env, uint32_t msr, uint64_t val)
{
    uint64_t allowed = 0, old = env->efer;

    for (unsigned i = 0; i < G_N_ELEMENTS(efer_needs); i++) {
        if (x86_has(env, FEAT_8000_0001_EDX, efer_needs[i].feature)) {
            allowed |= efer_needs[i].efer;
        }
    }
    if ((val & ~allowed) || (((val ^ old) & EFER_LME) && (env->cr[0] & CR0_PG))) {
        return false;
    }
    env->efer = (val & ~(uint64_t)EFER_LMA) | (old & EFER_LMA);
    if ((env->efer ^ old) & EFER_NXE) {
        tlb_flush(x86_cpu(env));
    }
    x86_update_hflags(env);
    return true;
}

static bool read_segbase(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = env->segs[msr == 0xc0000100 ? R_FS : R_GS].base;
    return true;
}

static bool write_segbase(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (!x86_canonical(env, val)) {
        return false;
    }
    env->segs[msr == 0xc0000100 ? R_FS : R_GS].base = val;
    return true;
}

/* ---- memory types ---- */

static bool type_ok(unsigned type, uint32_t types)
{
    return type < 8 && (types >> type & 1);
}
#define MTRR_TYPES (1u << 0 | 1u << 1 | 1u << 4 | 1u << 5 | 1u << 6)
#define PAT_TYPES (MTRR_TYPES | 1u << 7)

static bool eight_types_ok(uint64_t val, uint32_t types)
{
    for (unsigned i = 0; i < 8; i++) {
        if (!type_ok(val >> (i * 8) & 0xff, types)) {
            return false;
        }
    }
    return true;
}

static bool write_pat(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (!eight_types_ok(val, PAT_TYPES)) {
        return false;
    }
    env->pat = val;
    return true;
}

static uint64_t *mtrr_fixed(CPUX86State *env, uint32_t msr)
{
    if (msr == 0x250) {
        return &env->mtrr_fixed[0];
    }
    return &env->mtrr_fixed[msr <= 0x259 ? msr - 0x258 + 1 : msr - 0x268 + 3];
}

static bool read_mtrr_fixed(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = *mtrr_fixed(env, msr);
    return true;
}

static bool write_mtrr_fixed(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (!eight_types_ok(val, MTRR_TYPES)) {
        return false;
    }
    *mtrr_fixed(env, msr) = val;
    return true;
}

static bool write_mtrr_var(CPUX86State *env, uint32_t msr, uint64_t val)
{
    bool is_mask = msr & 1;

    if (val >> env->phys_bits || (val & (is_mask ? 0x7ff : 0xf00))
        || (!is_mask && !type_ok(val & 0xff, MTRR_TYPES))) {
        return false;
    }
    env->mtrr_var[msr - 0x200] = val;
    return true;
}

static bool write_mtrr_def(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (!type_ok(val & 0xff, MTRR_TYPES)) {
        return false;
    }
    env->mtrr_def = val;
    return true;
}

/* ---- machine check ---- */

/* MCi_CTL takes all; status, address, misc only zero (or, for CTL, all ones) */
static bool write_mce(CPUX86State *env, uint32_t msr, uint64_t val)
{
    unsigned i = msr - 0x400;

    if ((i & 3) ? val != 0 : val != 0 && val != ALL && val != (ALL & ~(uint64_t)(1 << 10))) {
        return false;
    }
    env->mce_banks[i] = val;
    return true;
}

static bool write_mcg_ctl(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (val != 0 && val != ALL) {
        return false;
    }
    env->mcg_ctl = val;
    return true;
}

/* ---- the rest ---- */

static bool write_ignored(CPUX86State *env, uint32_t msr, uint64_t val)
{
    return true;
}

static bool read_ucode_rev(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    *val = env->vendor[0] == 'A' ? 0x01000065 : (uint64_t)1 << 32;
    return true;
}

static bool read_core_count(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    uint32_t n = env->n_threads_package ? env->n_threads_package : 1;

    *val = n << 16 | n;
    return true;
}

static bool write_xss(CPUX86State *env, uint32_t msr, uint64_t val)
{
    return val == 0;
}

#define AT(field) offsetof(CPUX86State, field)
#define NEED(word, bits) .need_word = (word) + 1, .need_bits = (bits)
#define ONE(n) .first = (n), .last = (n)
#define RANGE(a, b) .first = (a), .last = (b)

static const MsrRow msr_rows[] = {
    { RANGE(0x0, 0x1), "P5_MC", .value = 0 },
    { ONE(0x10), "TSC", .read = read_tsc, .writable = ALL, .write = write_tsc },
    { ONE(0x17), "PLATFORM_ID", .value = 0 },
    { ONE(0x1b), "APIC_BASE", .read = read_apic_base, .writable = ALL & ~(uint64_t)0x2ff,
      .write = write_apic_base },
    { ONE(0x2a), "EBL_CR_POWERON", .writable = ALL, .write = write_ignored },
    { ONE(0x34), "SMI_COUNT", .value = 0 },
    { ONE(0x35), "CORE_THREAD_COUNT", .read = read_core_count },
    { ONE(0x3a), "FEATURE_CONTROL", .value = 1 },
    { ONE(0x3b), "TSC_ADJUST", .ofs = AT(tsc_adjust), .writable = ALL, .write = write_tsc_adjust,
      NEED(FEAT_7_0_EBX, 1u << 1) },
    { ONE(0x48), "SPEC_CTRL", .ofs = AT(spec_ctrl), .writable = 7, NEED(FEAT_7_0_EDX, 1u << 26) },
    { ONE(0x49), "PRED_CMD", .writable = 1, .write = write_ignored,
      NEED(FEAT_7_0_EDX, 1u << 26) },
    { ONE(0x79), "UCODE_WRITE", .writable = ALL, .write = write_ignored },
    { ONE(0x8b), "UCODE_REV", .read = read_ucode_rev, .writable = ALL, .write = write_ignored },
    { ONE(0xcd), "FSB_FREQ", .value = 3 },
    { ONE(0xce), "PLATFORM_INFO", .value = 0 },
    { ONE(0xfe), "MTRRcap", .value = 0x508, NEED(FEAT_1_EDX, 1u << 12) },
    { ONE(0x119), "BBL_CR_CTL", .value = 0 },
    { ONE(0x11e), "BBL_CR_CTL3", .value = 0 },
    { ONE(0x174), "SYSENTER_CS", .ofs = AT(sysenter_cs), .writable = 0xffffffff },
    { RANGE(0x175, 0x176), "SYSENTER_ESP/EIP", .ofs = AT(sysenter_esp), .writable = ALL,
      .write = write_canonical },
    { ONE(0x179), "MCG_CAP", .value = 0x100010a, NEED(FEAT_1_EDX, 1u << 14) },
    { ONE(0x17a), "MCG_STATUS", .ofs = AT(mcg_status), .writable = 7 },
    { ONE(0x17b), "MCG_CTL", .ofs = AT(mcg_ctl), .writable = ALL, .write = write_mcg_ctl },
    { ONE(0x198), "PERF_STATUS", .value = 0x3e8 },
    { ONE(0x199), "PERF_CTL", .writable = ALL, .write = write_ignored },
    { RANGE(0x19a, 0x19c), "THERM", .writable = ALL, .write = write_ignored },
    { ONE(0x1a0), "MISC_ENABLE", .ofs = AT(misc_enable), .writable = ALL },
    { ONE(0x1d9), "DEBUGCTL", .writable = 0xffff, .write = write_ignored },
    { RANGE(0x1db, 0x1de), "LASTBRANCH", .value = 0 },
    { RANGE(0x200, 0x20f), "MTRR_VAR", .ofs = AT(mtrr_var), .writable = ALL,
      .write = write_mtrr_var, NEED(FEAT_1_EDX, 1u << 12) },
    { ONE(0x250), "MTRR_FIX64K", .read = read_mtrr_fixed, .writable = ALL,
      .write = write_mtrr_fixed, NEED(FEAT_1_EDX, 1u << 12) },
    { RANGE(0x258, 0x259), "MTRR_FIX16K", .read = read_mtrr_fixed, .writable = ALL,
      .write = write_mtrr_fixed, NEED(FEAT_1_EDX, 1u << 12) },
    { RANGE(0x268, 0x26f), "MTRR_FIX4K", .read = read_mtrr_fixed, .writable = ALL,
      .write = write_mtrr_fixed, NEED(FEAT_1_EDX, 1u << 12) },
    { ONE(0x277), "PAT", .ofs = AT(pat), .writable = ALL, .write = write_pat,
      NEED(FEAT_1_EDX, 1u << 16) },
    { ONE(0x2ff), "MTRR_DEF_TYPE", .ofs = AT(mtrr_def), .writable = 0xcff, .write = write_mtrr_def,
      NEED(FEAT_1_EDX, 1u << 12) },
    { RANGE(0x400, 0x427), "MCE_BANKS", .ofs = AT(mce_banks), .writable = ALL, .write = write_mce,
      NEED(FEAT_1_EDX, 1u << 14) },
    { ONE(0x6e0), "TSC_DEADLINE", .read = read_deadline, .writable = ALL,
      .write = write_deadline, NEED(FEAT_1_ECX, 1u << 24) },
    { RANGE(0x800, 0x8ff), "X2APIC", .read = read_x2apic, .writable = ALL,
      .write = write_x2apic, NEED(FEAT_1_ECX, 1u << 21) },
    { ONE(0xda0), "XSS", .ofs = AT(xss), .writable = ALL, .write = write_xss,
      NEED(FEAT_XSAVE, 1u << 3) },
    { ONE(0xc0000080), "EFER", .ofs = AT(efer), .writable = ALL, .write = write_efer,
      NEED(FEAT_8000_0001_EDX, 1u << 29 | 1u << 20 | 1u << 11) },
    { ONE(0xc0000081), "STAR", .ofs = AT(star), .writable = ALL,
      NEED(FEAT_8000_0001_EDX, 1u << 11) },
    { RANGE(0xc0000082, 0xc0000083), "LSTAR/CSTAR", .ofs = AT(lstar), .writable = ALL,
      .write = write_canonical, NEED(FEAT_8000_0001_EDX, 1u << 29) },
    { ONE(0xc0000084), "FMASK", .ofs = AT(fmask), .writable = 0xffffffff,
      NEED(FEAT_8000_0001_EDX, 1u << 29) },
    { RANGE(0xc0000100, 0xc0000101), "FS/GS_BASE", .read = read_segbase, .writable = ALL,
      .write = write_segbase, NEED(FEAT_8000_0001_EDX, 1u << 29) },
    { ONE(0xc0000102), "KERNEL_GS_BASE", .ofs = AT(kernelgsbase), .writable = ALL,
      .write = write_canonical, NEED(FEAT_8000_0001_EDX, 1u << 29) },
    { ONE(0xc0000103), "TSC_AUX", .ofs = AT(tsc_aux), .writable = 0xffffffff,
      NEED(FEAT_8000_0001_EDX, 1u << 27) },
    /* AMD: what Linux touches on the families that our models have */
    { ONE(0xc0010010), "SYSCFG", .writable = ALL, .write = write_ignored },
    { ONE(0xc0010015), "HWCR", .value = 1u << 24, .writable = ALL, .write = write_ignored },
    { RANGE(0xc0010016, 0xc0010019), "IORR", .writable = ALL, .write = write_ignored },
    { ONE(0xc001001a), "TOP_MEM", .writable = ALL, .write = write_ignored },
    { ONE(0xc001001d), "TOP_MEM2", .writable = ALL, .write = write_ignored },
    { ONE(0xc001001f), "NB_CFG", .writable = ALL, .write = write_ignored },
    { ONE(0xc0010055), "INT_PENDING_MSG", .writable = ALL, .write = write_ignored },
    { ONE(0xc0010058), "MMIO_CONF_BASE", .writable = ALL, .write = write_ignored },
    { ONE(0xc0010112), "SMM_ADDR", .writable = ALL, .write = write_ignored },
    { ONE(0xc0010113), "SMM_MASK", .writable = ALL, .write = write_ignored },
    { RANGE(0xc0010140, 0xc0010141), "OSVW", .writable = ALL, .write = write_ignored },
    { RANGE(0xc0011020, 0xc0011023), "LS/IC/DC/BU_CFG", .writable = ALL,
      .write = write_ignored },
    { ONE(0xc0011029), "DE_CFG", .value = 2, .writable = ALL, .write = write_ignored },
    { ONE(0xc001102a), "BU_CFG2", .writable = ALL, .write = write_ignored },
};

static uint64_t *storage(CPUX86State *env, const MsrRow *row, uint32_t msr)
{
    return (uint64_t *)(void *)((char *)env + row->ofs) + (msr - row->first);
}

static const MsrRow *find_row(const CPUX86State *env, uint32_t msr)
{
    unsigned lo = 0, hi = G_N_ELEMENTS(msr_rows);

    while (lo < hi) {           /* rows are sorted: msr_test checks */
        unsigned mid = (lo + hi) / 2;
        const MsrRow *r = &msr_rows[mid];
        if (msr < r->first) {
            hi = mid;
        } else if (msr > r->last) {
            lo = mid + 1;
        } else {
            bool has = !r->need_word || x86_has(env, r->need_word - 1, r->need_bits);
            return has ? r : NULL;
        }
    }
    return NULL;
}

static bool write_canonical(CPUX86State *env, uint32_t msr, uint64_t val)
{
    if (!x86_canonical(env, val)) {
        return false;
    }
    *storage(env, find_row(env, msr), msr) = val;
    return true;
}

static bool is_hyperv(uint32_t msr)
{
    return msr >= 0x40000000 && msr <= 0x40000fff;
}

bool x86_rdmsr(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    const MsrRow *row = find_row(env, msr);
    bool handled = false;

    *val = 0;
    if (is_hyperv(msr)) {
        bool ok = x86_hyperv_rdmsr(env, msr, val, &handled);
        if (handled) {
            return ok;
        }
    }
    if (!row) {
        log_if(LOG_UNIMP, "x86: rdmsr of unknown MSR 0x%" PRIx32 "\n", msr);
        return false;
    }
    if (row->read) {
        return row->read(env, msr, val);
    }
    *val = row->ofs ? *storage(env, row, msr) : row->value;
    return true;
}

bool x86_wrmsr(CPUX86State *env, uint32_t msr, uint64_t val)
{
    const MsrRow *row = find_row(env, msr);
    bool handled = false;

    if (is_hyperv(msr)) {
        bool ok = x86_hyperv_wrmsr(env, msr, val, &handled);
        if (handled) {
            return ok;
        }
    }
    if (!row) {
        log_if(LOG_UNIMP, "x86: wrmsr of unknown MSR 0x%" PRIx32 " <- 0x%" PRIx64 "\n", msr, val);
        return false;
    }
    if (!row->writable || (val & ~row->writable)) {
        return false;
    }
    if (row->write) {
        return row->write(env, msr, val);
    }
    *storage(env, row, msr) = val;
    return true;
}

/* for the unit test: first and last number of row @i; false after the last */
bool x86_msr_row(unsigned i, uint32_t *first, uint32_t *last)
{
    if (i >= G_N_ELEMENTS(msr_rows)) {
        return false;
    }
    *first = msr_rows[i].first;
    *last = msr_rows[i].last;
    return true;
}
