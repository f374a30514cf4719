/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MC146818 real-time clock and CMOS memory. */
#ifndef HW_RTC_MC146818_H
#define HW_RTC_MC146818_H

#include "hw/core/device.h"

#define TYPE_MC146818 "mc146818rtc"
DECLARE_TYPE(Rtc, rtc, TYPE_MC146818)

/* ports 0x70..0x71 in @io; @localtime: the clock shows local time instead of UTC; @base: it starts
 * at "2024-02-29T12:34:56" or "2024-02-29" instead, NULL: now */
Rtc *rtc_new(MemoryRegion *io, IrqLine *irq, bool localtime, const char *base, Error **errp);
void rtc_set_cmos(Rtc *s, unsigned addr, uint8_t val);          /* firmware's bytes; kept at reset */
uint8_t rtc_get_cmos(const Rtc *s, unsigned addr);
/* the HPET's legacy route takes IRQ 8 away */
void rtc_set_irq_enabled(Rtc *s, bool on);

#endif
