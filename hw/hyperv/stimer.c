/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *            CONFIG or COUNT written, enable and count set
 *   stopped ---------------------------------------------> armed --- host timer ---> stimer_fire
 *      ^  ^                                                  ^  ^                       |   |
 *      |  +---- enable or count cleared ---------------------+  +--- early, periodic ---+   |
 *      +------------------------------------ one-shot: enable cleared ----------------------+
 *
 * Expiry is due in reference time; the host timer runs on the virtual clock. The two may differ in
 * rate by some parts in a million, so a timer that comes early is armed again.
 */
#include "stimer.h"
#include "synic.h"
#include "util/main-loop.h"
#include "util/wire.h"

#define CONFIG_ENABLE 1u
#define CONFIG_PERIODIC 2u
#define CONFIG_AUTO 8u
#define CONFIG_DIRECT 0x1000u
static unsigned config_vector(uint64_t config) { return config >> 4 & 0xff; }
static unsigned config_sint(uint64_t config) { return config >> 16 & 0xf; }

#define MIN_PERIOD_NS 100000    /* a period shorter than this must not keep the host busy */
#define MAX_AHEAD ((uint64_t)1 << 55)   /* 100 ns units: later than that is never */

typedef struct Stimer {
    Stimers *all;
    unsigned vp, idx;
    uint64_t config, count, expiry;
    Timer *timer;
    SynicMsg msg;
    uint64_t msg_expiry;
} Stimer;

struct Stimers {
    HvPartition *partition;
    Stimer *timers;             /* STIMERS_PER_VP for each VP */
};

static uint64_t now_of(const Stimer *t)
{
    return t->all->partition->arch->ref_time();
}

static void stimer_fire(void *opaque);

static void message_prepare(SynicMsg *m)
{
    Stimer *t = m->opaque;

    stle32(m->payload, t->idx);
    stle32(m->payload + 4, 0);
    stle64(m->payload + 8, t->msg_expiry);
    stle64(m->payload + 16, now_of(t));
}

Stimers *stimers_new(HvPartition *p)
{
    Stimers *s = g_new0(Stimers, 1);

    s->partition = p;
    s->timers = g_new0(Stimer, p->n_vps * STIMERS_PER_VP);
    for (unsigned i = 0; i < p->n_vps * STIMERS_PER_VP; i++) {
        Stimer *t = &s->timers[i];
        *t = (Stimer){ .all = s, .vp = i / STIMERS_PER_VP, .idx = i % STIMERS_PER_VP };
        t->timer = timer_new(CLOCK_VIRTUAL, stimer_fire, t);
        t->msg = (SynicMsg){ .type = HV_MESSAGE_TIMER_EXPIRED, .len_bytes = 24,
                             .prepare = message_prepare, .opaque = t };
    }
    return s;
}

static void stop(Stimer *t)
{
    timer_del(t->timer);
    synic_cancel(t->all->partition->synic, &t->msg);
}

void stimers_reset(Stimers *s)
{
    for (unsigned i = 0; i < s->partition->n_vps * STIMERS_PER_VP; i++) {
        stop(&s->timers[i]);
        s->timers[i].config = s->timers[i].count = 0;
    }
}

static void arm(Stimer *t, uint64_t now)
{
    uint64_t left = t->expiry > now ? t->expiry - now : 0;
    int64_t least = t->config & CONFIG_PERIODIC ? MIN_PERIOD_NS : 0;

    if (left < MAX_AHEAD) {
        timer_mod(t->timer, clock_ns(CLOCK_VIRTUAL) + MAX((int64_t)left * 100, least));
    }
}

static void deliver(Stimer *t)
{
    HvPartition *p = t->all->partition;

    if (t->config & CONFIG_DIRECT) {
        if (config_vector(t->config) >= 16) {
            p->wiring->inject(t->vp, (uint8_t)config_vector(t->config));
        }
    } else if (!t->msg.queued) {        /* else the slot is busy still: a periodic tick is lost */
        t->msg_expiry = t->expiry;
        synic_post(p->synic, t->vp, config_sint(t->config), &t->msg);
    }
}

static void stimer_fire(void *opaque)
{
    Stimer *t = opaque;
    uint64_t now = now_of(t);

    if (now < t->expiry) {
        arm(t, now);
        return;
    }
    deliver(t);
    if (t->config & CONFIG_PERIODIC) {
        t->expiry += ((now - t->expiry) / t->count + 1) * t->count;     /* skips what was missed */
        arm(t, now);
    } else {
        t->config &= ~(uint64_t)CONFIG_ENABLE;
    }
}

static void start(Stimer *t)
{
    uint64_t now = now_of(t);

    if (!(t->config & CONFIG_ENABLE) || !t->count) {
        return;
    }
    t->expiry = t->count;
    if ((t->config & CONFIG_PERIODIC) && __builtin_add_overflow(now, t->count, &t->expiry)) {
        return;                 /* never */
    }
    if (t->expiry <= now) {
        stimer_fire(t);
    } else {
        arm(t, now);
    }
}

static bool write_config(Stimer *t, uint64_t val)
{
    bool direct = t->all->partition->arch->features() & HYPERV_STIMER_DIRECT;

    if ((val & CONFIG_DIRECT) && !direct) {
        return false;
    }
    stop(t);
    if (!(val & CONFIG_DIRECT) && config_sint(val) == 0) {
        val &= ~(uint64_t)CONFIG_ENABLE;
    }
    t->config = val;
    start(t);
    return true;
}

static void write_count(Stimer *t, uint64_t val)
{
    stop(t);
    t->count = val;
    if (!val) {
        t->config &= ~(uint64_t)CONFIG_ENABLE;
    } else if (t->config & CONFIG_AUTO) {
        t->config |= CONFIG_ENABLE;
    }
    start(t);
}

static Stimer *timer_of(Stimers *s, unsigned vp, unsigned reg)
{
    return vp < s->partition->n_vps && reg / 2 < STIMERS_PER_VP
         ? &s->timers[vp * STIMERS_PER_VP + reg / 2] : NULL;
}

bool stimer_read(Stimers *s, unsigned vp, unsigned reg, uint64_t *val)
{
    const Stimer *t = timer_of(s, vp, reg);

    *val = !t ? 0 : reg & 1 ? t->count : t->config;
    return t;
}

bool stimer_write(Stimers *s, unsigned vp, unsigned reg, uint64_t val)
{
    Stimer *t = timer_of(s, vp, reg);

    if (t && (reg & 1)) {
        write_count(t, val);
        return true;
    }
    return t && write_config(t, val);
}
