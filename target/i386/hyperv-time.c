/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reference time in units of 100 ns. While the guest has a valid TSC page, time is what that page's
 * formula says, for MSRs and timers too; else it is the virtual clock. It never jumps between them.
 */
#include <inttypes.h>
#include "hyperv-internal.h"
#include "util/log.h"
#include "util/main-loop.h"
#include "util/wire.h"

static uint64_t page_time(CPUX86State *env)
{
    unsigned __int128 product = (unsigned __int128)x86_tsc_read(env) * hv_part.page_scale;

    return (uint64_t)(product >> 64) + (uint64_t)hv_part.page_offset;
}

static uint64_t clock_time(void)
{
    return (uint64_t)(clock_ns(CLOCK_VIRTUAL) / 100);
}

uint64_t hv_ref_time(void)
{
    CPUX86State *env = hv_part.page_valid ? hv_first_env() : NULL;

    return env ? page_time(env) : clock_time() + (uint64_t)hv_part.clock_adjust;
}

/* The page stops being used; time goes on from where it is. */
void hv_tsc_page_off(void)
{
    if (hv_part.page_valid) {
        uint64_t now = hv_ref_time();

        hv_part.page_valid = false;
        hv_part.clock_adjust = (int64_t)(now - clock_time());
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
    bool good = hv_ram_write(gpa, &w, sizeof(w));
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return good;
}

void hv_tsc_page_update(void)
{
    uint64_t gpa = hv_part.reference_tsc & PFN_MASK, hz = x86_tsc_hz(), now = hv_ref_time();
    CPUX86State *env = hv_first_env();
    TscPage p = { 0 };

    hv_tsc_page_off();
    if (!(hv_part.reference_tsc & ENABLE) || !env || hz <= 10000000 ||
        !tsc_page_write_sequence(gpa, 0)) {
        return;
    }
    hv_part.page_scale = (uint64_t)(((unsigned __int128)10000000 << 64) / hz);
    hv_part.page_offset = 0;
    hv_part.page_offset = (int64_t)(now - page_time(env));
    p.scale = le64_of(hv_part.page_scale);
    p.offset = le64_of((uint64_t)hv_part.page_offset);
    hv_part.page_sequence++;
    hv_part.page_sequence += hv_part.page_sequence == UINT32_MAX ? 2 : hv_part.page_sequence == 0;
    if (hv_ram_write(gpa + 4, (uint8_t *)&p + 4, sizeof(p) - 4)) {
        hv_part.page_valid = tsc_page_write_sequence(gpa, hv_part.page_sequence);
    }
    log_if(LOG_HYPERV, "hyperv: TSC page 0x%" PRIx64 " sequence %u scale 0x%" PRIx64 "\n", gpa,
           hv_part.page_valid ? hv_part.page_sequence : 0, hv_part.page_scale);
}

void x86_hyperv_tsc_changed(CPUX86State *env)
{
    bool locked = hv_lock();

    if (hv_part.page_valid && x86_hyperv_enabled(env)) {
        hv_tsc_page_off();
        tsc_page_write_sequence(hv_part.reference_tsc & PFN_MASK, 0);
    }
    hv_unlock(locked);
}
