/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The border between what a guest architecture does for Hyper-V guests (CPUID, MSRs, hypercall
 * entry: target/i386/hyperv.c) and the devices behind it (SynIC, timers, VMBus: hw/hyperv). Each
 * side hands the other a table at start-up; a KVM accelerator can use the same ones.
 */
#ifndef ACCEL_HYPERV_H
#define ACCEL_HYPERV_H

#include "accel/cpu.h"

/* hypercall results */
enum {
    HV_STATUS_SUCCESS = 0, HV_STATUS_INVALID_HYPERCALL_CODE = 2,
    HV_STATUS_INVALID_HYPERCALL_INPUT = 3, HV_STATUS_INVALID_ALIGNMENT = 4,
    HV_STATUS_INVALID_PARAMETER = 5, HV_STATUS_ACCESS_DENIED = 6,
    HV_STATUS_INVALID_PORT_ID = 17, HV_STATUS_INVALID_CONNECTION_ID = 18,
    HV_STATUS_INSUFFICIENT_BUFFERS = 19,
};

#define HV_MESSAGE_PAYLOAD_MAX 240
#define HV_POST_MESSAGE_BYTES 256       /* input of hypercall 0x5c */

typedef enum HyperVFeature {
    HYPERV_SYNIC = 1 << 0, HYPERV_VPINDEX = 1 << 1, HYPERV_STIMER = 1 << 2,
    HYPERV_STIMER_DIRECT = 1 << 3,
} HyperVFeature;

/* Devices, as the architecture calls them. Big lock held; @cpu is the calling vCPU. */
typedef struct HyperVOps {
    /* MSR 0x40000080 + @reg (0..0x1f) and 0x400000b0 + @reg (0..7); false: #GP */
    bool (*synic_read)(CPUState *cpu, unsigned reg, uint64_t *val);
    bool (*synic_write)(CPUState *cpu, unsigned reg, uint64_t val);
    bool (*stimer_read)(CPUState *cpu, unsigned reg, uint64_t *val);
    bool (*stimer_write)(CPUState *cpu, unsigned reg, uint64_t val);
    /* @input: a private copy of all HV_POST_MESSAGE_BYTES; returns HV_STATUS_* */
    unsigned (*post_message)(const uint8_t *input);
    unsigned (*signal_event)(uint32_t connection_id, uint16_t flag);
    /* local interrupt controller; reg: xAPIC offset >> 4 */
    uint64_t (*apic_read)(CPUState *cpu, unsigned reg);
    void (*apic_write)(CPUState *cpu, unsigned reg, uint64_t val);
    void (*inject)(CPUState *cpu, uint8_t vector);
    uint32_t (*apic_timer_hz)(void);
    void (*reset_request)(void);                    /* MSR 0x40000003 */
    void (*crash)(const uint64_t params[5]);        /* MSRs 0x40000100..105 */
} HyperVOps;

/* The architecture, as devices call it. */
typedef struct HyperVArch {
    uint64_t (*ref_time)(void);         /* 100 ns units; any thread */
    uint64_t (*guest_os_id)(void);
    unsigned (*guest_ends)(void);       /* how often a guest took its id back: kexec, crash kernel */
    unsigned (*features)(void);         /* HyperVFeature bits offered to the guest */
    void (*reset)(void);                /* all synthetic MSRs of the machine; vCPUs stopped */
} HyperVArch;

#endif
