/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 8254 interval timer. Nothing ticks: each channel keeps the moment its count was loaded, and
 * count, output and the next edge are computed from the virtual clock. Only channel 0 has a timer,
 * since only its output is wired (to IRQ 0). Source: Intel 8254 data sheet.
 */
#include "hw/timer/i8254.h"

#include "util/main-loop.h"

#define NS_PER_S INT64_C(1000000000)
#define MIN_PERIOD_NS 20000             /* a guest can't make us count edges more often */

enum { RW_LATCH, RW_LOW, RW_HIGH, RW_WORD };
enum { CHANNEL_0, SPEAKER_CHANNEL = 2, N_CHANNELS };
enum { P61_GATE2 = 1, P61_SPEAKER = 2, P61_REFRESH = 0x10, P61_OUT2 = 0x20 };

typedef struct Channel {
    uint32_t count;             /* 1..65536 */
    int64_t start_ns;           /* virtual time when counting began (or was triggered) */
    int64_t frozen_ns;          /* modes with a gate: counting stopped here, -1: it runs */
    uint8_t mode, rw, gate;
    bool bcd, loaded;           /* loaded: a count was written since the control word */
    bool write_high, read_high; /* RW_WORD: the second byte is next */
    uint8_t write_low;
    uint16_t latch;
    uint8_t n_latched;          /* bytes of the latch not read yet */
    bool status_latched;
    uint8_t status;
} Channel;

struct I8254 {
    Device parent;
    Channel ch[N_CHANNELS];     /* big lock */
    IrqLine *irq;
    bool irq_enabled;
    int irq_level;
    uint8_t port61;
    Timer *timer;               /* next edge of channel 0 */
    MemoryRegion regs, speaker;
    MemoryRegion *io;
};

static int64_t ns_to_ticks(int64_t ns)
{
    return (int64_t)((__int128)ns * PIT_HZ / NS_PER_S);
}

/* the first nanosecond at which @ticks have passed */
static int64_t ticks_to_ns(int64_t ticks)
{
    return (int64_t)(((__int128)ticks * NS_PER_S + PIT_HZ - 1) / PIT_HZ);
}

static int64_t elapsed_ticks(const Channel *c, int64_t now_ns)
{
    int64_t until = c->frozen_ns >= 0 ? c->frozen_ns : now_ns;

    return MAX(ns_to_ticks(until - c->start_ns), 0);
}

static uint16_t to_bcd(uint32_t v)
{
    v %= 10000;
    return v / 1000 << 12 | v / 100 % 10 << 8 | v / 10 % 10 << 4 | v % 10;
}

static uint32_t from_bcd(uint16_t v)
{
    return (v >> 12) * 1000 + (v >> 8 & 0xf) * 100 + (v >> 4 & 0xf) * 10 + (v & 0xf);
}

static bool mode_is_periodic(const Channel *c)
{
    return c->mode == 2 || c->mode == 3;
}

static uint16_t channel_count(const Channel *c, int64_t now_ns)
{
    int64_t ticks = elapsed_ticks(c, now_ns);
    uint32_t wrap = c->bcd ? 10000 : 65536, left;

    if (c->mode == 3) {         /* counts by two, twice a period */
        left = c->count - (uint32_t)((2 * ticks) % c->count);
    } else if (c->mode == 2) {
        left = c->count - (uint32_t)(ticks % c->count);
    } else {
        left = (uint32_t)(((int64_t)c->count - ticks) % (int64_t)wrap + wrap) % wrap;
    }
    return c->bcd ? to_bcd(left) : left;
}

static int channel_out(const Channel *c, int64_t now_ns)
{
    int64_t ticks = elapsed_ticks(c, now_ns);

    if (!c->loaded) {
        return c->mode != 0;
    }
    switch (c->mode) {
    case 0: case 1:
        return ticks >= c->count;
    case 2:
        return !c->gate || ticks % c->count != c->count - 1;
    case 3:
        return !c->gate || ticks % c->count < (c->count + 1) / 2;
    default:                    /* 4, 5: low for one tick at the end */
        return ticks != c->count;
    }
}

/* Tick after @ticks at which the output changes; -1: never. */
static int64_t next_edge_tick(const Channel *c, int64_t ticks)
{
    int64_t in_period = ticks % c->count, start = ticks - in_period;
    int64_t fall;

    switch (c->mode) {
    case 0: case 1:
        return ticks < c->count ? c->count : -1;
    case 2: case 3:
        fall = c->mode == 2 ? c->count - 1 : (c->count + 1) / 2;
        return start + (in_period < fall ? fall : c->count);
    default:
        return ticks < c->count ? c->count : ticks == c->count ? c->count + 1 : -1;
    }
}

static void pit_set_irq(I8254 *s, int level)
{
    if (level != s->irq_level) {
        s->irq_level = level;
        irq_set(s->irq, level && s->irq_enabled);
    }
}

static void pit_arm(I8254 *s, int64_t edge_tick)
{
    const Channel *c = &s->ch[CHANNEL_0];
    int64_t at = c->start_ns + ticks_to_ns(edge_tick), now = clock_ns(CLOCK_VIRTUAL);

    /* half a period of mode 3 is an edge, too */
    if (mode_is_periodic(c) && ticks_to_ns(c->count) < 2 * MIN_PERIOD_NS) {
        at = MAX(at, now + MIN_PERIOD_NS);
    }
    timer_mod(s->timer, at);
}

/* Brings the IRQ line up to date and sleeps until its next edge. */
static void pit_update(I8254 *s)
{
    Channel *c = &s->ch[CHANNEL_0];
    int64_t now = clock_ns(CLOCK_VIRTUAL), edge;

    pit_set_irq(s, channel_out(c, now));
    edge = c->loaded && c->frozen_ns < 0 ? next_edge_tick(c, elapsed_ticks(c, now)) : -1;
    if (edge < 0 || !s->irq_enabled) {
        timer_del(s->timer);
    } else {
        pit_arm(s, edge);
    }
}

/*
 * A late timer may find itself in a later period, or at a moment where a one-tick pulse is over:
 * the rising edge is what the guest counts, so it is made by hand.
 */
static void pit_timer(void *opaque)
{
    I8254 *s = opaque;
    Channel *c = &s->ch[CHANNEL_0];

    if (c->mode == 2 || c->mode >= 4) {
        pit_set_irq(s, 0);
        pit_set_irq(s, 1);
        int64_t now = clock_ns(CLOCK_VIRTUAL), ticks = elapsed_ticks(c, now);
        if (c->mode == 2 && s->irq_enabled) {   /* next: end of the next low tick */
            pit_arm(s, (ticks / c->count + 1) * c->count);
        }
        return;
    }
    if (c->mode == 3 && channel_out(c, clock_ns(CLOCK_VIRTUAL)) == s->irq_level) {
        pit_set_irq(s, !s->irq_level);          /* missed an odd number of edges */
    }
    pit_update(s);
}

static void channel_load(I8254 *s, Channel *c, uint16_t val)
{
    uint32_t count = c->bcd ? from_bcd(val) : val;
    int64_t now = clock_ns(CLOCK_VIRTUAL);

    c->count = count ? count : c->bcd ? 10000 : 65536;
    c->count = MAX(c->count, mode_is_periodic(c) ? 2u : 1u);
    c->start_ns = now;
    c->loaded = true;
    /* modes 1 and 5 wait for the gate's rising edge; the others count while the gate is high */
    c->frozen_ns = c->gate && c->mode != 1 && c->mode != 5 ? -1 : now;
    if (c == &s->ch[CHANNEL_0]) {
        pit_update(s);
    }
}

static void channel_set_gate(Channel *c, bool gate)
{
    int64_t now = clock_ns(CLOCK_VIRTUAL);

    if (gate && !c->gate) {
        if (c->mode == 0 || c->mode == 4) {     /* go on */
            c->start_ns += c->frozen_ns >= 0 ? now - c->frozen_ns : 0;
        } else {                                /* (re)trigger */
            c->start_ns = now;
        }
        c->frozen_ns = -1;
    } else if (!gate && c->gate && c->mode != 1 && c->mode != 5) {
        c->frozen_ns = now;
    }
    c->gate = gate;
}

static void channel_latch_count(Channel *c)
{
    if (!c->n_latched) {
        c->latch = channel_count(c, clock_ns(CLOCK_VIRTUAL));
        c->n_latched = c->rw == RW_WORD ? 2 : 1;
    }
}

static void channel_latch_status(Channel *c)
{
    if (!c->status_latched) {
        c->status = channel_out(c, clock_ns(CLOCK_VIRTUAL)) << 7 | !c->loaded << 6 | c->rw << 4 |
                    c->mode << 1 | c->bcd;
        c->status_latched = true;
    }
}

static void pit_read_back(I8254 *s, uint8_t v)
{
    for (unsigned i = 0; i < N_CHANNELS; i++) {
        if (v & 2u << i) {
            if (!(v & 0x20)) {
                channel_latch_count(&s->ch[i]);
            }
            if (!(v & 0x10)) {
                channel_latch_status(&s->ch[i]);
            }
        }
    }
}

static void pit_write_control(I8254 *s, uint8_t v)
{
    Channel *c;

    if (v >> 6 == 3) {
        pit_read_back(s, v);
        return;
    }
    c = &s->ch[v >> 6];
    if ((v >> 4 & 3) == RW_LATCH) {
        channel_latch_count(c);
        return;
    }
    c->rw = v >> 4 & 3;
    c->mode = v >> 1 & 7;
    c->mode = c->mode > 5 ? c->mode & 3 : c->mode;
    c->bcd = v & 1;
    c->loaded = c->write_high = c->read_high = false;
    c->n_latched = 0;
    if (c == &s->ch[CHANNEL_0]) {
        pit_update(s);
    }
}

static void pit_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n_bytes)
{
    I8254 *s = opaque;
    Channel *c;

    if (ofs == 3) {
        pit_write_control(s, v);
        return;
    }
    c = &s->ch[ofs];
    if (c->rw == RW_LOW) {
        channel_load(s, c, v);
    } else if (c->rw == RW_HIGH) {
        channel_load(s, c, v << 8);
    } else if (!c->write_high) {
        c->write_low = v;
        c->write_high = true;
    } else {
        c->write_high = false;
        channel_load(s, c, c->write_low | v << 8);
    }
}

static uint8_t channel_read_latch(Channel *c)
{
    bool high = c->rw == RW_HIGH || (c->rw == RW_WORD && c->n_latched == 1);

    c->n_latched--;
    return high ? c->latch >> 8 : c->latch;
}

static uint64_t pit_read(void *opaque, uint64_t ofs, unsigned n_bytes)
{
    I8254 *s = opaque;
    Channel *c;
    uint16_t count;
    bool high;

    if (ofs == 3) {
        return 0xff;            /* the control word can't be read */
    }
    c = &s->ch[ofs];
    if (c->status_latched) {
        c->status_latched = false;
        return c->status;
    }
    if (c->n_latched) {
        return channel_read_latch(c);
    }
    count = channel_count(c, clock_ns(CLOCK_VIRTUAL));
    high = c->rw == RW_HIGH || (c->rw == RW_WORD && c->read_high);
    c->read_high = c->rw == RW_WORD && !c->read_high;
    return high ? count >> 8 : count & 0xff;
}

static const MemoryRegionOps pit_ops = { .read = pit_read, .write = pit_write, .impl_max = 1 };

/* ---- port 0x61 ---- */

static uint64_t p61_read(void *opaque, uint64_t ofs, unsigned n_bytes)
{
    I8254 *s = opaque;
    int64_t now = clock_ns(CLOCK_VIRTUAL);
    uint8_t refresh = (now / 15085) & 1 ? P61_REFRESH : 0;      /* toggles with each refresh */

    return s->port61 | refresh | (channel_out(&s->ch[SPEAKER_CHANNEL], now) ? P61_OUT2 : 0);
}

static void p61_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n_bytes)
{
    I8254 *s = opaque;

    s->port61 = v & (P61_GATE2 | P61_SPEAKER);
    channel_set_gate(&s->ch[SPEAKER_CHANNEL], v & P61_GATE2);
}

static const MemoryRegionOps p61_ops = { .read = p61_read, .write = p61_write, .impl_max = 1 };

void i8254_set_irq_enabled(I8254 *s, bool on)
{
    if (on != s->irq_enabled) {
        irq_set(s->irq, 0);
        s->irq_level = 0;
        s->irq_enabled = on;
        pit_update(s);
    }
}

static void i8254_reset(Device *dev)
{
    I8254 *s = i8254(dev);

    for (unsigned i = 0; i < N_CHANNELS; i++) {
        s->ch[i] = (Channel) { .count = 65536, .mode = 3, .rw = RW_WORD, .frozen_ns = -1,
                               .start_ns = clock_ns(CLOCK_VIRTUAL),
                               .gate = i != SPEAKER_CHANNEL };
    }
    s->port61 = 0;
    s->irq_enabled = true;
    s->irq_level = 0;
    irq_set(s->irq, 0);
    timer_del(s->timer);
}

static void i8254_print_info(Device *dev, FILE *f)
{
    I8254 *s = i8254(dev);

    for (unsigned i = 0; i < N_CHANNELS; i++) {
        const Channel *c = &s->ch[i];
        fprintf(f, "channel %u: mode %u count %u gate %u out %d\n", i, c->mode, c->count, c->gate,
                channel_out(c, clock_ns(CLOCK_VIRTUAL)));
    }
}

static bool i8254_realize(Device *dev, Error **errp)
{
    I8254 *s = i8254(dev);

    s->timer = timer_new(CLOCK_VIRTUAL, pit_timer, s);
    memory_region_init_io(&s->regs, s, &pit_ops, s, "pit", 4);
    memory_region_add(s->io, 0x40, &s->regs);
    memory_region_init_io(&s->speaker, s, &p61_ops, s, "pcspk", 1);
    memory_region_add(s->io, 0x61, &s->speaker);
    return true;
}

static void i8254_finalize(Object *obj)
{
    timer_free(i8254(obj)->timer);
}

I8254 *i8254_new(MemoryRegion *io, IrqLine *irq, Error **errp)
{
    I8254 *s = i8254(object_new(TYPE_I8254));

    s->io = io;
    s->irq = irq;
    if (!device_realize(&s->parent, NULL, NULL, errp)) {
        return NULL;
    }
    i8254_reset(&s->parent);
    return s;
}

static const TypeInfo i8254_info = {
    .name = TYPE_I8254, .parent = TYPE_DEVICE, .size = sizeof(I8254),
    .class_init = device_class_methods, .finalize = i8254_finalize,
    .class_data = &(const DeviceMethods){ i8254_realize, i8254_reset, i8254_print_info },
};
TYPE_REGISTER(i8254_info)
