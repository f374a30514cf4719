/* SPDX-License-Identifier: GPL-2.0-or-later */
/* High precision event timer. */
#ifndef HW_TIMER_HPET_H
#define HW_TIMER_HPET_H

#include "hw/core/device.h"

#define TYPE_HPET "hpet"
#define HPET_GPA 0xfed00000u
DECLARE_TYPE(Hpet, hpet, TYPE_HPET)

typedef struct HpetWiring {
    void (*set_gsi)(void *opaque, unsigned gsi, int level);
    void (*legacy_mode)(void *opaque, bool on);         /* IRQ 0 and 8 are ours now */
    void *opaque;
} HpetWiring;

Hpet *hpet_new(MemoryRegion *mem, const HpetWiring *w, Error **errp);

#endif
