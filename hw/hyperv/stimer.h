/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Synthetic timers: four for each virtual processor, in units of 100 ns of reference time. */
#ifndef HW_HYPERV_STIMER_H
#define HW_HYPERV_STIMER_H

#include "partition.h"

enum { STIMERS_PER_VP = 4 };

typedef struct Stimers Stimers;

Stimers *stimers_new(HvPartition *p);           /* p->synic is there */
void stimers_reset(Stimers *s);
/* registers as MSR 0x400000b0 + @reg: even CONFIG, odd COUNT. False: #GP */
bool stimer_read(Stimers *s, unsigned vp, unsigned reg, uint64_t *val);
bool stimer_write(Stimers *s, unsigned vp, unsigned reg, uint64_t val);

#endif
