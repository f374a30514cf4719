/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The local APICs as other devices see them (hw/intc/apic.c). Big lock. */
#ifndef HW_INTC_APIC_H
#define HW_INTC_APIC_H

#include "accel/cpu.h"

#define APIC_TIMER_HZ 1000000000        /* of the timer, before its divider */

/* fixed, edge-triggered interrupt @vector to the local APIC of vCPU @cpu (0x10..0xff) */
void apic_inject(CPUState *cpu, uint8_t vector);
/* Hyper-V SINTs: taking @vector does not set its in-service bit while @on */
void apic_set_auto_eoi(CPUState *cpu, uint8_t vector, bool on);
/* the guest wrote EOI for @vector (Hyper-V retries busy message slots then) */
void apic_set_eoi_hook(void (*hook)(CPUState *cpu, uint8_t vector));
/* what a message-signalled interrupt or the I/O APIC sends */
void apic_deliver_msi(uint64_t gpa, uint32_t data);
uint32_t apic_id_of(CPUState *cpu);
/* registers as MSRs 0x40000070..72 (EOI, ICR, TPR) of Hyper-V reach them */
uint64_t apic_reg_read(CPUState *cpu, unsigned reg);            /* reg: xAPIC offset >> 4 */
void apic_reg_write(CPUState *cpu, unsigned reg, uint64_t val);
void apic_write_icr(CPUState *cpu, uint64_t icr);
#endif
