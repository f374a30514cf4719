/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the board needs of the local APICs beside include/hw/intc/apic.h. */
#ifndef HW_INTC_APIC_BOARD_H
#define HW_INTC_APIC_BOARD_H

#include "hw/core/device.h"
#include "hw/intc/apic.h"

#define TYPE_APIC "apic"
DECLARE_TYPE(Apic, apic, TYPE_APIC)

/* What stands around the local APICs; one board a process, set before the first apic_new(). */
typedef struct ApicWiring {
    int (*extint_ack)(void *opaque);                    /* INTA cycle of the 8259 */
    bool (*extint_pending)(void *opaque);
    void (*eoi_broadcast)(void *opaque, uint8_t vector);        /* to the I/O APIC */
    void *opaque;
} ApicWiring;
void apic_set_wiring(const ApicWiring *w);

/* Gives @cpu its local APIC. */
Apic *apic_new(CPUState *cpu, Error **errp);
/* The page at 0xfee00000, where each vCPU sees its own APIC and MSIs are written to. */
bool apic_map(MemoryRegion *mem, Error **errp);
void apic_lint0_changed(int level);     /* INTR of the 8259, wired to all local APICs */
void apic_deliver_nmi_all(void);        /* LINT1 of all: the nmi button */
void apic_print_info(CPUState *cpu, FILE *f);           /* info lapic */

#endif
