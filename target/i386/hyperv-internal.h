/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What target/i386/hyperv*.c share. */
#ifndef TARGET_I386_HYPERV_INTERNAL_H
#define TARGET_I386_HYPERV_INTERNAL_H

#include "target/i386/hyperv.h"

#define PFN_MASK (~(uint64_t)0xfff)
#define ENABLE 1u

/* flags of -cpu; rows in hyperv.c */
typedef enum HvFlagId {
    F_RELAXED, F_VAPIC, F_VPINDEX, F_RUNTIME, F_CRASH, F_TIME, F_SYNIC, F_STIMER, F_STIMER_DIRECT,
    F_TLBFLUSH, F_IPI, F_RESET, F_FREQUENCIES, F_REENLIGHTENMENT, F_AVIC, F_NO_CORESHARING,
    F_TSC_INVARIANT, F_EVMCS, F_XMM_INPUT, F_TLBFLUSH_EXT, F_TLBFLUSH_DIRECT, F_EMSR_BITMAP,
    F_SYNDBG, N_FLAGS
} HvFlagId;
#define BIT(f) (1u << (f))

struct X86HyperV {
    uint32_t on, given;                 /* BIT()s */
    bool passthrough, configured, enabled;
    char vendor[13];
    uint32_t spinlocks;
    uint32_t build, major, minor, service_pack, service_branch, service_number;
    uint64_t vp_assist;                 /* big lock */
};

/* What all vCPUs share. Big lock. */
typedef struct HvPartitionRegs {
    const HyperVOps *ops;       /* NULL: no devices behind (yet) */
    uint64_t guest_os_id, hypercall, reference_tsc;
    unsigned guest_ends;                /* id set to 0 by the guest; atomic */
    uint64_t crash[5];
    uint64_t reenlightenment, tsc_emulation, tsc_emulation_status;
    bool tsc_invariant;
    /* reference time = TSC page's formula while it is valid, else virtual clock + clock_adjust */
    bool page_valid;
    uint32_t page_sequence;
    uint64_t page_scale;
    int64_t page_offset, clock_adjust;
} HvPartitionRegs;
extern HvPartitionRegs hv_part;

bool hv_has(const CPUX86State *env, HvFlagId f);        /* offered to the guest? */
CPUX86State *hv_first_env(void);                        /* NULL: no vCPU yet */
bool hv_lock(void);                                     /* the big lock, if not held already */
void hv_unlock(bool locked);                            /* what hv_lock() returned */
/* guest RAM in one piece, nothing else; false: it is not */
bool hv_ram_read(uint64_t gpa, void *buf, uint64_t n_bytes);
bool hv_ram_write(uint64_t gpa, const void *buf, uint64_t n_bytes);

/* hyperv-time.c: reference time, big lock */
uint64_t hv_ref_time(void);
void hv_tsc_page_update(void);                          /* hv_part.reference_tsc changed */
void hv_tsc_page_off(void);

#endif
