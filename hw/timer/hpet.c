/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HPET with three comparators, a 64-bit counter of 10 ns ticks and message-signalled interrupts.
 * Source: IA-PC HPET specification 1.0a.
 */
#include "hw/timer/hpet.h"

#include <inttypes.h>
#include <string.h>
#include "util/log.h"
#include "util/main-loop.h"

#define N_TIMERS 3
#define TICK_NS 10
#define ROUTES UINT64_C(0x00f00004)     /* GSIs a comparator may use: 2, 20..23 */
#define MIN_PERIOD_NS 20000             /* a guest can't make us fire more often */

enum { REG_CAP = 0x000, REG_CONFIG = 0x010, REG_STATUS = 0x020, REG_COUNTER = 0x0f0,
       REG_TIMERS = 0x100, T_CONFIG = 0x00, T_COMPARE = 0x08, T_ROUTE = 0x10, T_BYTES = 0x20 };
enum { CFG_ENABLE = 1, CFG_LEGACY = 2 };
enum { TN_LEVEL = 1 << 1, TN_INT = 1 << 2, TN_PERIODIC = 1 << 3, TN_PERIODIC_CAP = 1 << 4,
       TN_SIZE_CAP = 1 << 5, TN_SETVAL = 1 << 6, TN_32BIT = 1 << 8, TN_ROUTE_SHIFT = 9,
       TN_FSB = 1 << 14, TN_FSB_CAP = 1 << 15 };
#define TN_WRITABLE (TN_LEVEL | TN_INT | TN_PERIODIC | TN_SETVAL | TN_32BIT | \
                     31 << TN_ROUTE_SHIFT | TN_FSB)

typedef struct Comparator {
    Hpet *hpet;
    unsigned n;
    uint64_t config, compare, period, fsb;
    Timer *timer;
} Comparator;

struct Hpet {
    Device parent;
    uint64_t config, status;            /* big lock */
    uint64_t counter;                   /* while stopped */
    int64_t start_ns;                   /* virtual time at which the running counter was 0 */
    Comparator t[N_TIMERS];
    HpetWiring wiring;
    MemoryRegion mr;
    MemoryRegion *mem;
};

static bool hpet_runs(const Hpet *s)
{
    return s->config & CFG_ENABLE;
}

static uint64_t hpet_counter(const Hpet *s)
{
    return hpet_runs(s) ? (uint64_t)(clock_ns(CLOCK_VIRTUAL) - s->start_ns) / TICK_NS : s->counter;
}

static unsigned comparator_gsi(const Comparator *c)
{
    if ((c->hpet->config & CFG_LEGACY) && c->n < 2) {
        return c->n == 0 ? 0 : 8;       /* the board makes 0 pin 2 of the I/O APIC */
    }
    return c->config >> TN_ROUTE_SHIFT & 31;
}

static void comparator_set_line(Comparator *c, int level)
{
    Hpet *s = c->hpet;

    s->wiring.set_gsi(s->wiring.opaque, comparator_gsi(c), level);
}

static void comparator_fire(Comparator *c)
{
    Hpet *s = c->hpet;

    if (c->config & TN_LEVEL) {
        s->status |= UINT64_C(1) << c->n;
    }
    if (!(c->config & TN_INT)) {
        return;
    }
    if (c->config & TN_FSB) {
        machine_services()->msi_send(c->fsb >> 32, c->fsb);
    } else if (c->config & TN_LEVEL) {
        comparator_set_line(c, 1);
    } else {
        comparator_set_line(c, 1);
        comparator_set_line(c, 0);
    }
}

/* Ticks until the counter next equals the comparator, at least 1. */
static uint64_t ticks_left(const Comparator *c, uint64_t now)
{
    uint64_t left = c->compare - now;

    if (c->config & TN_32BIT) {
        left = (uint32_t)left;
        return left ? left : UINT64_C(1) << 32;
    }
    return left ? left : UINT64_MAX;
}

static void comparator_arm(Comparator *c)
{
    Hpet *s = c->hpet;
    uint64_t now = hpet_counter(s), left;
    int64_t now_ns = clock_ns(CLOCK_VIRTUAL);

    if (!hpet_runs(s)) {
        timer_del(c->timer);
        return;
    }
    left = ticks_left(c, now);
    if (left > (uint64_t)(INT64_MAX - now_ns) / TICK_NS) {      /* passed, or centuries away */
        timer_del(c->timer);
        return;
    }
    timer_mod(c->timer, s->start_ns + (int64_t)(now + left) * TICK_NS);
}

static void comparator_timer(void *opaque)
{
    Comparator *c = opaque;
    uint64_t now = hpet_counter(c->hpet);

    if ((c->config & TN_PERIODIC) && c->period) {
        uint64_t period = MAX(c->period, (uint64_t)MIN_PERIOD_NS / TICK_NS);
        uint64_t late = c->config & TN_32BIT ? (uint32_t)(now - c->compare) : now - c->compare;
        c->compare += late / period * period + period;
        if (c->config & TN_32BIT) {
            c->compare = (uint32_t)c->compare;
        }
    }
    comparator_fire(c);
    if (c->config & (TN_PERIODIC | TN_32BIT)) {
        comparator_arm(c);
    }
}

static void arm_all(Hpet *s)
{
    for (unsigned i = 0; i < N_TIMERS; i++) {
        comparator_arm(&s->t[i]);
    }
}

static void write_config(Hpet *s, uint64_t v)
{
    uint64_t old = s->config;

    if ((v & CFG_ENABLE) && !(old & CFG_ENABLE)) {
        s->start_ns = clock_ns(CLOCK_VIRTUAL) - (int64_t)(s->counter * TICK_NS);
    } else if (!(v & CFG_ENABLE) && (old & CFG_ENABLE)) {
        s->counter = hpet_counter(s);
    }
    s->config = v & (CFG_ENABLE | CFG_LEGACY);
    arm_all(s);
    if ((v ^ old) & CFG_LEGACY) {
        s->wiring.legacy_mode(s->wiring.opaque, v & CFG_LEGACY);
    }
}

static void write_status(Hpet *s, uint64_t v)
{
    uint64_t ended = s->status & v;

    s->status &= ~v;
    for (unsigned i = 0; i < N_TIMERS; i++) {
        if (ended & UINT64_C(1) << i) {
            comparator_set_line(&s->t[i], 0);
        }
    }
}

static void write_counter(Hpet *s, uint64_t v)
{
    if (hpet_runs(s)) {
        guest_error("hpet: the counter is written while it runs\n");
    }
    s->counter = v & (UINT64_MAX >> 8);         /* keeps the ns arithmetic in range */
}

static void write_timer_config(Comparator *c, uint64_t v)
{
    bool was_high = (c->config & TN_LEVEL) && (c->hpet->status & UINT64_C(1) << c->n);

    if (was_high && (!(v & TN_INT) || !(v & TN_LEVEL))) {
        c->hpet->status &= ~(UINT64_C(1) << c->n);
        comparator_set_line(c, 0);
    }
    c->config = (c->config & ~(uint64_t)TN_WRITABLE) | (v & TN_WRITABLE);
    if (c->config & TN_32BIT) {
        c->compare = (uint32_t)c->compare;
        c->period = (uint32_t)c->period;
    }
    comparator_arm(c);
}

static void write_compare(Comparator *c, uint64_t v)
{
    if (c->config & TN_32BIT) {
        v = (uint32_t)v;
    }
    if (!(c->config & TN_PERIODIC) || (c->config & TN_SETVAL)) {
        c->compare = v;
    }
    if (c->config & TN_PERIODIC) {
        c->period = v;
    }
    c->config &= ~(uint64_t)TN_SETVAL;
    comparator_arm(c);
}

static uint64_t timer_read(const Comparator *c, unsigned reg)
{
    switch (reg) {
    case T_CONFIG:
        return c->config | ROUTES << 32 | TN_PERIODIC_CAP | TN_SIZE_CAP | TN_FSB_CAP;
    case T_COMPARE:
        return c->compare;
    case T_ROUTE:
        return c->fsb;
    default:
        return 0;
    }
}

static uint64_t reg_read(Hpet *s, uint64_t reg)
{
    if (reg >= REG_TIMERS && reg < REG_TIMERS + N_TIMERS * T_BYTES) {
        return timer_read(&s->t[(reg - REG_TIMERS) / T_BYTES], reg % T_BYTES);
    }
    switch (reg) {
    case REG_CAP:               /* period in fs, vendor, legacy and 64-bit capable, timers, rev */
        return (uint64_t)TICK_NS * 1000000 << 32 | 0x8086a000 | (N_TIMERS - 1) << 8 | 1;
    case REG_CONFIG:
        return s->config;
    case REG_STATUS:
        return s->status;
    case REG_COUNTER:
        return hpet_counter(s);
    default:
        return 0;
    }
}

static void reg_write(Hpet *s, uint64_t reg, uint64_t v)
{
    if (reg >= REG_TIMERS && reg < REG_TIMERS + N_TIMERS * T_BYTES) {
        Comparator *c = &s->t[(reg - REG_TIMERS) / T_BYTES];
        switch (reg % T_BYTES) {
        case T_CONFIG:
            write_timer_config(c, v);
            return;
        case T_COMPARE:
            write_compare(c, v);
            return;
        case T_ROUTE:
            c->fsb = v;
            return;
        default:
            return;
        }
    }
    switch (reg) {
    case REG_CONFIG:
        write_config(s, v);
        break;
    case REG_STATUS:
        write_status(s, v);
        break;
    case REG_COUNTER:
        write_counter(s, v);
        break;
    default:
        break;
    }
}

/* Halves of the 64-bit registers can be accessed alone. */
static uint64_t hpet_read(void *opaque, uint64_t ofs, unsigned n)
{
    return reg_read(opaque, ofs & ~UINT64_C(7)) >> (8 * (ofs & 7));
}

static void hpet_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{
    Hpet *s = opaque;
    uint64_t reg = ofs & ~UINT64_C(7), old;

    if (n == 8) {
        reg_write(s, reg, v);
        return;
    }
    if (reg == REG_STATUS) {            /* write 1 to clear: the other half has no bits */
        reg_write(s, reg, ofs & 4 ? v << 32 : v);
        return;
    }
    if (reg >= REG_TIMERS && reg % T_BYTES == T_COMPARE) {
        Comparator *c = &s->t[MIN((reg - REG_TIMERS) / T_BYTES, N_TIMERS - 1)];
        if (ofs & 4) {                  /* the low half was meant to do the work */
            old = c->config & TN_PERIODIC ? c->period : c->compare;
            if (!(c->config & TN_32BIT)) {
                reg_write(s, reg, (old & 0xffffffff) | v << 32);
            }
        } else {
            reg_write(s, reg, v);
        }
        return;
    }
    old = reg_read(s, reg);
    reg_write(s, reg, ofs & 4 ? (old & 0xffffffff) | v << 32
                              : (old & ~UINT64_C(0xffffffff)) | (v & 0xffffffff));
}

static const MemoryRegionOps hpet_ops = {
    .read = hpet_read, .write = hpet_write, .valid_min = 4, .valid_max = 8, .impl_min = 4,
    .impl_max = 8,
};

static void hpet_reset(Device *dev)
{
    Hpet *s = hpet(dev);

    if (s->config & CFG_LEGACY) {
        s->wiring.legacy_mode(s->wiring.opaque, false);
    }
    s->config = s->status = s->counter = 0;
    for (unsigned i = 0; i < N_TIMERS; i++) {
        Comparator *c = &s->t[i];
        timer_del(c->timer);
        *c = (Comparator) { .hpet = s, .n = i, .timer = c->timer, .compare = UINT64_MAX };
    }
}

static void hpet_print_info(Device *dev, FILE *f)
{
    Hpet *s = hpet(dev);

    fprintf(f, "config %" PRIx64 " status %" PRIx64 " counter %" PRIx64 "\n", s->config, s->status,
            hpet_counter(s));
    for (unsigned i = 0; i < N_TIMERS; i++) {
        fprintf(f, "timer %u: config %" PRIx64 " compare %" PRIx64 " period %" PRIx64 "\n", i,
                s->t[i].config, s->t[i].compare, s->t[i].period);
    }
}

static bool hpet_realize(Device *dev, Error **errp)
{
    Hpet *s = hpet(dev);

    for (unsigned i = 0; i < N_TIMERS; i++) {
        s->t[i] = (Comparator) { .hpet = s, .n = i, .compare = UINT64_MAX };
        s->t[i].timer = timer_new(CLOCK_VIRTUAL, comparator_timer, &s->t[i]);
    }
    memory_region_init_io(&s->mr, s, &hpet_ops, s, "hpet", 0x400);
    memory_region_add_overlap(s->mem, HPET_GPA, &s->mr, 1);
    return true;
}

static void hpet_finalize(Object *obj)
{
    for (unsigned i = 0; i < N_TIMERS; i++) {
        timer_free(hpet(obj)->t[i].timer);
    }
}

Hpet *hpet_new(MemoryRegion *mem, const HpetWiring *w, Error **errp)
{
    Hpet *s = hpet(object_new(TYPE_HPET));

    s->mem = mem;
    s->wiring = *w;
    return device_realize(&s->parent, NULL, NULL, errp) ? s : NULL;
}

static const TypeInfo hpet_info = {
    .name = TYPE_HPET, .parent = TYPE_DEVICE, .size = sizeof(Hpet),
    .class_init = device_class_methods, .finalize = hpet_finalize,
    .class_data = &(const DeviceMethods){ hpet_realize, hpet_reset, hpet_print_info },
};
TYPE_REGISTER(hpet_info)
