/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MC146818A real-time clock. The time of day is an offset to the host's wall clock, computed when
 * read; timers run only for interrupts that are enabled. Source: Motorola MC146818A data sheet.
 */
#include "hw/rtc/mc146818.h"

#include <string.h>
#include <time.h>
#include "util/main-loop.h"

#define NS_PER_S INT64_C(1000000000)
#define UPDATE_NS 244000                /* UIP is high that long before a second ends */

enum { SECONDS, SECONDS_ALARM, MINUTES, MINUTES_ALARM, HOURS, HOURS_ALARM, DAY_OF_WEEK,
       DAY_OF_MONTH, MONTH, YEAR, REG_A, REG_B, REG_C, REG_D, CENTURY = 0x32, N_CMOS = 128 };

enum { A_UIP = 0x80, A_DIVIDER = 0x70, A_RATE = 0x0f, A_DIVIDER_RUN = 0x20 };
enum { B_SET = 0x80, B_PIE = 0x40, B_AIE = 0x20, B_UIE = 0x10, B_SQWE = 0x08, B_BINARY = 0x04,
       B_24H = 0x02, B_DST = 0x01 };
enum { C_IRQF = 0x80, C_PF = 0x40, C_AF = 0x20, C_UF = 0x10 };
enum { D_VALID = 0x80 };

struct Rtc {
    Device parent;
    uint8_t cmos[N_CMOS];               /* big lock; the time only while B_SET holds it */
    uint8_t index;
    int64_t offset_s;                   /* guest's wall clock - host's */
    int64_t last_s;                     /* second up to which UF and AF are accounted for */
    int64_t period_start_ns;            /* virtual; of the periodic interrupt */
    IrqLine *irq;
    bool irq_enabled;
    Timer *second, *periodic;
    MemoryRegion regs;
    MemoryRegion *io;
};

static bool rtc_runs(const Rtc *s)
{
    return (s->cmos[REG_A] & A_DIVIDER) == A_DIVIDER_RUN && !(s->cmos[REG_B] & B_SET);
}

static int64_t rtc_now_ns(const Rtc *s)
{
    return clock_ns(CLOCK_HOST) + s->offset_s * NS_PER_S;
}

static int64_t floor_s(int64_t ns)
{
    return ns / NS_PER_S - (ns % NS_PER_S < 0);
}

/* ---- registers <-> calendar ---- */

static uint8_t rtc_encode(const Rtc *s, unsigned v)
{
    return s->cmos[REG_B] & B_BINARY ? v : (v / 10 % 10) << 4 | v % 10;
}

static unsigned rtc_decode(const Rtc *s, uint8_t v)
{
    return s->cmos[REG_B] & B_BINARY ? v : (v >> 4) * 10 + (v & 0xf);
}

static uint8_t encode_hour(const Rtc *s, unsigned h)
{
    if (s->cmos[REG_B] & B_24H) {
        return rtc_encode(s, h);
    }
    return rtc_encode(s, h % 12 ? h % 12 : 12) | (h >= 12 ? 0x80 : 0);
}

static unsigned decode_hour(const Rtc *s, uint8_t v)
{
    unsigned h;

    if (s->cmos[REG_B] & B_24H) {
        return rtc_decode(s, v);
    }
    h = rtc_decode(s, v & 0x7f) % 12;
    return v & 0x80 ? h + 12 : h;
}

static void time_to_regs(Rtc *s, int64_t seconds)
{
    time_t t = seconds;
    struct tm tm;

    if (!gmtime_r(&t, &tm)) {
        return;
    }
    s->cmos[SECONDS] = rtc_encode(s, tm.tm_sec);
    s->cmos[MINUTES] = rtc_encode(s, tm.tm_min);
    s->cmos[HOURS] = encode_hour(s, tm.tm_hour);
    s->cmos[DAY_OF_WEEK] = rtc_encode(s, tm.tm_wday + 1);
    s->cmos[DAY_OF_MONTH] = rtc_encode(s, tm.tm_mday);
    s->cmos[MONTH] = rtc_encode(s, tm.tm_mon + 1);
    s->cmos[YEAR] = rtc_encode(s, (tm.tm_year + 1900) % 100);
    s->cmos[CENTURY] = rtc_encode(s, (tm.tm_year + 1900) / 100);
}

static int64_t regs_to_time(const Rtc *s)
{
    struct tm tm = {
        .tm_sec = rtc_decode(s, s->cmos[SECONDS]), .tm_min = rtc_decode(s, s->cmos[MINUTES]),
        .tm_hour = decode_hour(s, s->cmos[HOURS]),
        .tm_mday = rtc_decode(s, s->cmos[DAY_OF_MONTH]),
        .tm_mon = (int)rtc_decode(s, s->cmos[MONTH]) - 1,
        .tm_year = rtc_decode(s, s->cmos[CENTURY]) * 100 + rtc_decode(s, s->cmos[YEAR]) - 1900,
    };

    return timegm(&tm);
}

/* ---- interrupts ---- */

static void rtc_update_irq(Rtc *s)
{
    uint8_t b = s->cmos[REG_B], c = s->cmos[REG_C];

    if (b & c & (C_PF | C_AF | C_UF)) {
        s->cmos[REG_C] |= C_IRQF;
        irq_set(s->irq, s->irq_enabled);
    } else {
        s->cmos[REG_C] &= ~C_IRQF;
        irq_set(s->irq, 0);
    }
}

static bool alarm_field_matches(uint8_t alarm, uint8_t now)
{
    return alarm >= 0xc0 || alarm == now;       /* the two top bits: don't care */
}

static bool alarm_matches(const Rtc *s, int64_t second)
{
    unsigned tod = (second % 86400 + 86400) % 86400;

    return alarm_field_matches(s->cmos[SECONDS_ALARM], rtc_encode(s, tod % 60)) &&
           alarm_field_matches(s->cmos[MINUTES_ALARM], rtc_encode(s, tod / 60 % 60)) &&
           alarm_field_matches(s->cmos[HOURS_ALARM], encode_hour(s, tod / 3600));
}

/* Accounts for the seconds that ended since we looked last; a day tells everything. */
static void rtc_catch_up(Rtc *s)
{
    int64_t now = floor_s(rtc_now_ns(s)), from;

    if (!rtc_runs(s) || now == s->last_s) {
        s->last_s = now;
        return;
    }
    s->cmos[REG_C] |= C_UF;
    from = now - s->last_s > 86400 || now < s->last_s ? now - 86400 : s->last_s;
    for (int64_t t = from + 1; t <= now && !(s->cmos[REG_C] & C_AF); t++) {
        if (alarm_matches(s, t)) {
            s->cmos[REG_C] |= C_AF;
        }
    }
    s->last_s = now;
}

static void rtc_arm_second(Rtc *s)
{
    if (rtc_runs(s) && (s->cmos[REG_B] & (B_UIE | B_AIE))) {
        int64_t host = clock_ns(CLOCK_HOST);
        timer_mod(s->second, (floor_s(host) + 1) * NS_PER_S);
    } else {
        timer_del(s->second);
    }
}

static void rtc_second(void *opaque)
{
    Rtc *s = opaque;

    rtc_catch_up(s);
    rtc_update_irq(s);
    rtc_arm_second(s);
}

static int64_t period_ns(const Rtc *s)
{
    unsigned rate = s->cmos[REG_A] & A_RATE;

    if (!rate || (s->cmos[REG_A] & A_DIVIDER) > A_DIVIDER_RUN) {
        return 0;
    }
    rate += rate <= 2 ? 7 : 0;          /* 1 and 2 are 256 and 128 Hz at 32768 Hz */
    return (NS_PER_S << (rate - 1)) / 32768;
}

static void rtc_arm_periodic(Rtc *s)
{
    int64_t period = period_ns(s), now = clock_ns(CLOCK_VIRTUAL);

    if (!period || !(s->cmos[REG_B] & B_PIE)) {
        timer_del(s->periodic);
        return;
    }
    timer_mod(s->periodic, s->period_start_ns +
              ((now - s->period_start_ns) / period + 1) * period);
}

static void rtc_periodic(void *opaque)
{
    Rtc *s = opaque;

    s->cmos[REG_C] |= C_PF;
    rtc_update_irq(s);
    rtc_arm_periodic(s);
}

/* ---- ports ---- */

static void write_time(Rtc *s, unsigned i, uint8_t v)
{
    if (!rtc_runs(s)) {
        s->cmos[i] = v;
        return;
    }
    time_to_regs(s, floor_s(rtc_now_ns(s)));    /* a write while the clock runs: in one step */
    s->cmos[i] = v;
    s->offset_s = regs_to_time(s) - floor_s(clock_ns(CLOCK_HOST));
    s->last_s = floor_s(rtc_now_ns(s));
}

static void rtc_stop_or_start(Rtc *s, bool was_running)
{
    if (was_running && !rtc_runs(s)) {
        time_to_regs(s, floor_s(rtc_now_ns(s)));
    } else if (!was_running && rtc_runs(s)) {
        s->offset_s = regs_to_time(s) - floor_s(clock_ns(CLOCK_HOST));
        s->last_s = floor_s(rtc_now_ns(s));
    }
}

static void write_a(Rtc *s, uint8_t v)
{
    bool ran = rtc_runs(s);

    s->cmos[REG_A] = v & ~A_UIP;
    rtc_stop_or_start(s, ran);
    s->period_start_ns = clock_ns(CLOCK_VIRTUAL);
    rtc_arm_periodic(s);
    rtc_arm_second(s);
}

static void write_b(Rtc *s, uint8_t v)
{
    bool ran = rtc_runs(s);
    uint8_t old = s->cmos[REG_B];

    rtc_catch_up(s);
    if (ran && (v & B_SET)) {
        time_to_regs(s, floor_s(rtc_now_ns(s)));        /* in the old format */
        v &= ~B_UIE;
    }
    s->cmos[REG_B] = v;
    if (!ran) {
        rtc_stop_or_start(s, ran);
    }
    if ((v & ~old) & (B_UIE | B_AIE)) {         /* only what happens from now on */
        s->cmos[REG_C] &= ~((v & ~old) & (B_UIE | B_AIE));
    }
    rtc_update_irq(s);
    rtc_arm_second(s);
    rtc_arm_periodic(s);
}

static void rtc_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n_bytes)
{
    Rtc *s = opaque;

    if (ofs == 0) {
        s->index = v & 0x7f;
        return;
    }
    switch (s->index) {
    case REG_A:
        write_a(s, v);
        break;
    case REG_B:
        write_b(s, v);
        break;
    case REG_C: case REG_D:
        break;
    case SECONDS: case MINUTES: case HOURS: case DAY_OF_WEEK ... YEAR: case CENTURY:
        write_time(s, s->index, v);
        break;
    default:
        s->cmos[s->index] = v;
        break;
    }
}

static uint8_t read_a(Rtc *s)
{
    int64_t now = rtc_now_ns(s), in_second = now - floor_s(now) * NS_PER_S;
    bool uip = rtc_runs(s) && in_second >= NS_PER_S - UPDATE_NS;

    return s->cmos[REG_A] | (uip ? A_UIP : 0);
}

static uint8_t read_c(Rtc *s)
{
    uint8_t v;

    rtc_catch_up(s);
    rtc_update_irq(s);
    v = s->cmos[REG_C];
    s->cmos[REG_C] = 0;
    irq_set(s->irq, 0);
    return v;
}

static uint64_t rtc_read(void *opaque, uint64_t ofs, unsigned n_bytes)
{
    Rtc *s = opaque;

    if (ofs == 0) {
        return 0xff;
    }
    switch (s->index) {
    case REG_A:
        return read_a(s);
    case REG_C:
        return read_c(s);
    case SECONDS: case MINUTES: case HOURS: case DAY_OF_WEEK ... YEAR: case CENTURY:
        if (rtc_runs(s)) {
            time_to_regs(s, floor_s(rtc_now_ns(s)));
        }
        return s->cmos[s->index];
    default:
        return s->cmos[s->index];
    }
}

static const MemoryRegionOps rtc_ops = { .read = rtc_read, .write = rtc_write, .impl_max = 1 };

void rtc_set_cmos(Rtc *s, unsigned addr, uint8_t val)
{
    s->cmos[addr % N_CMOS] = val;
}

uint8_t rtc_get_cmos(const Rtc *s, unsigned addr)
{
    return s->cmos[addr % N_CMOS];
}

void rtc_set_irq_enabled(Rtc *s, bool on)
{
    s->irq_enabled = on;
    rtc_update_irq(s);
}

/* A machine reset leaves the time and the CMOS bytes alone: they have a battery. */
static void rtc_reset(Device *dev)
{
    Rtc *s = rtc(dev);

    s->cmos[REG_B] &= ~(B_PIE | B_AIE | B_UIE | B_SQWE);
    s->cmos[REG_C] = 0;
    s->index = 0;
    s->irq_enabled = true;
    timer_del(s->second);
    timer_del(s->periodic);
    irq_set(s->irq, 0);
}

static void rtc_print_info(Device *dev, FILE *f)
{
    Rtc *s = rtc(dev);

    fprintf(f, "A %02x B %02x C %02x offset %" G_GINT64_FORMAT " s\n", s->cmos[REG_A],
            s->cmos[REG_B], s->cmos[REG_C], s->offset_s);
}

static bool rtc_realize(Device *dev, Error **errp)
{
    Rtc *s = rtc(dev);

    s->second = timer_new(CLOCK_HOST, rtc_second, s);
    s->periodic = timer_new(CLOCK_VIRTUAL, rtc_periodic, s);
    s->cmos[REG_A] = A_DIVIDER_RUN | 6;
    s->cmos[REG_B] = B_24H;
    s->cmos[REG_D] = D_VALID;
    s->last_s = floor_s(rtc_now_ns(s));
    memory_region_init_io(&s->regs, s, &rtc_ops, s, "rtc", 2);
    memory_region_add(s->io, 0x70, &s->regs);
    return true;
}

static void rtc_finalize(Object *obj)
{
    timer_free(rtc(obj)->second);
    timer_free(rtc(obj)->periodic);
}

/* "2024-02-29T12:34:56" or "2024-02-29", UTC: how far that is from now */
static bool rtc_parse_base(const char *base, int64_t *offset_s, Error **errp)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autofree char *text = g_strconcat(base, strchr(base, 'T') ? NULL : "T00:00:00", NULL);
    g_autoptr(GDateTime) at = g_date_time_new_from_iso8601(text, utc);

    if (!at) {
        error_setg(errp, "-rtc base=%s: invalid datetime format: use 2006-06-17T16:01:21 or "
                   "2006-06-17", base);
        return false;
    }
    *offset_s = g_date_time_to_unix(at) - (int64_t)time(NULL);
    return true;
}

Rtc *rtc_new(MemoryRegion *io, IrqLine *irq, bool localtime_, const char *base, Error **errp)
{
    int64_t base_offset_s = 0;

    if (base && !rtc_parse_base(base, &base_offset_s, errp)) {
        return NULL;
    }
    Rtc *s = rtc(object_new(TYPE_MC146818));

    s->io = io;
    s->offset_s = base_offset_s;
    s->irq = irq;
    if (localtime_) {
        time_t now = time(NULL);
        struct tm tm;
        s->offset_s = localtime_r(&now, &tm) ? tm.tm_gmtoff : 0;
    }
    if (!device_realize(&s->parent, NULL, NULL, errp)) {
        return NULL;
    }
    rtc_reset(&s->parent);
    return s;
}

static const TypeInfo rtc_info = {
    .name = TYPE_MC146818, .parent = TYPE_DEVICE, .size = sizeof(Rtc),
    .class_init = device_class_methods, .finalize = rtc_finalize,
    .class_data = &(const DeviceMethods){ rtc_realize, rtc_reset, rtc_print_info },
};
TYPE_REGISTER(rtc_info)
