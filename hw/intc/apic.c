/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local APICs, xAPIC and x2APIC. Source: Intel SDM vol. 3, chapter 11 (APIC).
 *
 *   device, I/O APIC, IPI --> apic_bus_deliver() --> apic_accept(): IRR --> apic_update()
 *                                                                              |
 *   vCPU: CPU_INTERRUPT_HARD <-------------------------------------------------+
 *   vCPU takes it: X86ApicOps.ack = apic_ack(): IRR -> ISR; EOI: apic_eoi(): ISR -> next
 *
 * Registers live in an array indexed by offset >> 4, the number an x2APIC MSR has, too. Everything
 * runs under the big lock.
 */
#include "hw/intc/apic-board.h"

#include <inttypes.h>
#include <string.h>
#include "target/i386/cpu.h"
#include "util/log.h"
#include "util/main-loop.h"

#define APIC_GPA 0xfee00000u
#define APIC_SPACE_BYTES 0x100000u
#define BASE_BSP 0x100u
#define BASE_X2APIC 0x400u
#define BASE_ENABLE 0x800u

enum {
    R_ID = 0x02, R_VERSION = 0x03, R_TPR = 0x08, R_APR = 0x09, R_PPR = 0x0a, R_EOI = 0x0b,
    R_LDR = 0x0d, R_DFR = 0x0e, R_SVR = 0x0f, R_ISR = 0x10, R_TMR = 0x18, R_IRR = 0x20,
    R_ESR = 0x28, R_ICR = 0x30, R_ICR2 = 0x31, R_LVT_TIMER = 0x32, R_LVT_THERMAL = 0x33,
    R_LVT_PERF = 0x34, R_LVT_LINT0 = 0x35, R_LVT_LINT1 = 0x36, R_LVT_ERROR = 0x37,
    R_TIMER_INIT = 0x38, R_TIMER_COUNT = 0x39, R_TIMER_DIV = 0x3e, R_SELF_IPI = 0x3f, N_APIC_REGS
};

enum { MODE_FIXED, MODE_LOWEST, MODE_SMI, MODE_RESERVED, MODE_NMI, MODE_INIT, MODE_SIPI,
       MODE_EXTINT };
enum { TIMER_ONE_SHOT, TIMER_PERIODIC, TIMER_DEADLINE };

#define SVR_ENABLE          (1u << 8)
#define LVT_MASKED          (1u << 16)
#define LVT_LEVEL           (1u << 15)
#define LVT_REMOTE_IRR      (1u << 14)
#define LVT_MODE(v)         ((v) >> 8 & 7)
#define LVT_TIMER_MODE(v)   ((v) >> 17 & 3)
#define ICR_LOGICAL         (1u << 11)
#define ICR_ASSERT          (1u << 14)
#define ICR_LEVEL           (1u << 15)
#define ESR_SEND_ILLEGAL    (1u << 5)
#define ESR_RECV_ILLEGAL    (1u << 6)
#define ESR_ILLEGAL_REG     (1u << 7)

struct Apic {
    Device parent;
    CPUState *cpu;
    uint64_t base;                      /* IA32_APIC_BASE */
    uint32_t regs[N_APIC_REGS];         /* IRR, ISR, TMR apart */
    uint32_t irr[8], isr[8], tmr[8], auto_eoi[8];
    uint32_t esr_pending;               /* shown after the next write to ESR */
    uint64_t icr;
    bool wait_for_sipi;
    bool sipi_sent;                     /* after an INIT that the vCPU may yet have to see */
    bool lint0_level;
    Timer *timer;
    int64_t timer_start_ns;             /* of the current period */
    uint64_t tsc_deadline;
    uint64_t n_taken[256];              /* statistics */
};

static ApicWiring wiring;
static void (*eoi_hook)(CPUState *cpu, uint8_t vector);

void apic_set_wiring(const ApicWiring *w)
{
    wiring = *w;
}

void apic_set_eoi_hook(void (*hook)(CPUState *cpu, uint8_t vector))
{
    eoi_hook = hook;
}

static Apic *apic_of(CPUState *cpu)
{
    return x86_env(cpu)->apic;
}

/* ---- 256-bit vectors ---- */

static void bit_set(uint32_t *v, unsigned n) { v[n >> 5] |= 1u << (n & 31); }
static void bit_clear(uint32_t *v, unsigned n) { v[n >> 5] &= ~(1u << (n & 31)); }
static bool bit_test(const uint32_t *v, unsigned n) { return v[n >> 5] >> (n & 31) & 1; }

static int highest_bit(const uint32_t *v)
{
    for (int i = 7; i >= 0; i--) {
        if (v[i]) {
            return i * 32 + 31 - __builtin_clz(v[i]);
        }
    }
    return -1;
}

/* ---- state ---- */

static bool is_x2apic(const Apic *s)
{
    return (s->base & (BASE_ENABLE | BASE_X2APIC)) == (BASE_ENABLE | BASE_X2APIC);
}

static bool is_hw_enabled(const Apic *s)
{
    return s->base & BASE_ENABLE;
}

static bool is_sw_enabled(const Apic *s)
{
    return is_hw_enabled(s) && (s->regs[R_SVR] & SVR_ENABLE);
}

uint32_t apic_id_of(CPUState *cpu)
{
    return x86_env(cpu)->apic_id;
}

static uint32_t apic_id(const Apic *s)
{
    return apic_id_of(s->cpu);
}

/* What other APICs address physically: the guest can change the id in xAPIC mode. */
static uint32_t apic_dest_id(const Apic *s)
{
    return is_x2apic(s) ? apic_id(s) : s->regs[R_ID] >> 24;
}

static uint32_t x2apic_ldr(const Apic *s)
{
    return apic_id(s) >> 4 << 16 | 1u << (apic_id(s) & 0xf);
}

static uint8_t apic_ppr(const Apic *s)
{
    int isr = highest_bit(s->isr);
    uint8_t tpr = s->regs[R_TPR], in_service = isr < 0 ? 0 : isr & 0xf0;

    return (tpr & 0xf0) >= in_service ? tpr : in_service;
}

/* The 8259's interrupts pass when the APIC is off (first vCPU only) or LINT0 is an open ExtINT. */
static bool accepts_extint(const Apic *s)
{
    uint32_t lint0 = s->regs[R_LVT_LINT0];

    if (!is_hw_enabled(s)) {
        return s->cpu->index == 0;
    }
    return !(lint0 & LVT_MASKED) && LVT_MODE(lint0) == MODE_EXTINT;
}

static bool extint_waits(const Apic *s)
{
    return s->lint0_level && accepts_extint(s) && wiring.extint_pending &&
           wiring.extint_pending(wiring.opaque);
}

/* The vector the vCPU could take now, or -1. */
static int apic_deliverable(const Apic *s)
{
    int irr = is_sw_enabled(s) ? highest_bit(s->irr) : -1;

    return irr >= 0 && (irr & 0xf0) > (apic_ppr(s) & 0xf0) ? irr : -1;
}

static void apic_update(Apic *s)
{
    bool want = apic_deliverable(s) >= 0 || extint_waits(s);
    bool have = s->cpu->interrupt_request & CPU_INTERRUPT_HARD;

    if (want && !have) {
        cpu_interrupt(s->cpu, CPU_INTERRUPT_HARD);
    } else if (!want && have) {
        cpu_reset_interrupt(s->cpu, CPU_INTERRUPT_HARD);
    }
}

/* ---- arrival ---- */

static void apic_error(Apic *s, uint32_t bit);

static void apic_accept(Apic *s, uint8_t vector, bool level)
{
    if (!is_sw_enabled(s)) {
        return;
    }
    if (vector < 16) {
        apic_error(s, ESR_RECV_ILLEGAL);
        return;
    }
    if (level) {
        bit_set(s->tmr, vector);
    } else {
        bit_clear(s->tmr, vector);
    }
    if (!bit_test(s->irr, vector)) {
        bit_set(s->irr, vector);
        apic_update(s);
    }
}

static void apic_local(Apic *s, unsigned lvt_reg)
{
    uint32_t lvt = s->regs[lvt_reg];

    if (lvt & LVT_MASKED) {
        return;
    }
    switch (lvt_reg == R_LVT_TIMER || lvt_reg == R_LVT_ERROR ? MODE_FIXED : LVT_MODE(lvt)) {
    case MODE_FIXED:
        apic_accept(s, lvt, (lvt_reg == R_LVT_LINT0 || lvt_reg == R_LVT_LINT1) &&
                    (lvt & LVT_LEVEL));
        break;
    case MODE_NMI:
        cpu_interrupt(s->cpu, CPU_INTERRUPT_NMI);
        break;
    case MODE_SMI:
        cpu_interrupt(s->cpu, CPU_INTERRUPT_SMI);
        break;
    default:
        break;
    }
}

static void apic_error(Apic *s, uint32_t bit)
{
    bool first = !(s->esr_pending & bit);

    s->esr_pending |= bit;
    /* an error interrupt with an illegal vector must not beget another */
    if (first && (s->regs[R_LVT_ERROR] & 0xff) >= 16) {
        apic_local(s, R_LVT_ERROR);
    }
}

void apic_inject(CPUState *cpu, uint8_t vector)
{
    Apic *s = apic_of(cpu);

    if (s) {
        apic_accept(s, vector, false);
    }
}

void apic_set_auto_eoi(CPUState *cpu, uint8_t vector, bool on)
{
    Apic *s = apic_of(cpu);

    if (s && on) {
        bit_set(s->auto_eoi, vector);
    } else if (s) {
        bit_clear(s->auto_eoi, vector);
    }
}

static void apic_take_init(Apic *s)
{
    s->wait_for_sipi = !(s->base & BASE_BSP);
    s->sipi_sent = false;
    cpu_interrupt(s->cpu, CPU_INTERRUPT_INIT);
}

static void apic_take_sipi(Apic *s, uint8_t vector)
{
    if (s->wait_for_sipi) {
        s->wait_for_sipi = false;
        s->sipi_sent = true;
        s->cpu->sipi_vector = vector;
        cpu_interrupt(s->cpu, CPU_INTERRUPT_SIPI);
    }
}

static void apic_take(Apic *s, unsigned mode, uint8_t vector, bool level)
{
    switch (mode) {
    case MODE_FIXED: case MODE_LOWEST:
        apic_accept(s, vector, level);
        break;
    case MODE_SMI:
        cpu_interrupt(s->cpu, CPU_INTERRUPT_SMI);
        break;
    case MODE_NMI:
        cpu_interrupt(s->cpu, CPU_INTERRUPT_NMI);
        break;
    case MODE_INIT:
        apic_take_init(s);
        break;
    case MODE_SIPI:
        apic_take_sipi(s, vector);
        break;
    case MODE_EXTINT:           /* an I/O APIC pin as a second way of the 8259's vector */
        if (wiring.extint_ack && wiring.extint_pending(wiring.opaque)) {
            apic_accept(s, wiring.extint_ack(wiring.opaque), false);
        }
        break;
    default:
        break;
    }
}

/* ---- addressing ---- */

typedef struct Message {
    uint32_t dest;
    bool logical, wide;         /* wide: 32-bit x2APIC destination */
    uint8_t vector, mode;
    bool level;
} Message;

static bool logical_match(const Apic *s, const Message *m)
{
    uint32_t ldr = s->regs[R_LDR] >> 24;

    if (is_x2apic(s)) {
        uint32_t dest = m->dest, own = x2apic_ldr(s);
        if (!m->wide) {         /* eight bits reach cluster 0 */
            return m->dest == 0xff || (own >> 16 == 0 && (own & dest));
        }
        return dest >> 16 == own >> 16 && (dest & own & 0xffff);
    }
    if (m->wide && m->dest > 0xff) {
        return false;
    }
    if (s->regs[R_DFR] >> 28 == 0xf) {          /* flat */
        return m->dest & ldr;
    }
    return (m->dest >> 4 == ldr >> 4 || m->dest >> 4 == 0xf) && (m->dest & ldr & 0xf);
}

static bool message_matches(const Apic *s, const Message *m)
{
    if (!is_hw_enabled(s)) {
        return false;
    }
    if (m->dest == (m->wide ? UINT32_MAX : 0xffu)) {
        return true;
    }
    return m->logical ? logical_match(s, m) : apic_dest_id(s) == m->dest;
}

static void apic_bus_deliver(const Message *m)
{
    Apic *best = NULL;
    CPUState *cpu;

    CPU_FOREACH(cpu) {
        Apic *s = apic_of(cpu);
        if (!s || !message_matches(s, m)) {
            continue;
        }
        if (m->mode != MODE_LOWEST) {
            apic_take(s, m->mode, m->vector, m->level);
        } else if (is_sw_enabled(s) && (!best || apic_ppr(s) < apic_ppr(best))) {
            best = s;
        }
    }
    if (best) {
        apic_take(best, MODE_FIXED, m->vector, m->level);
    }
}

void apic_deliver_msi(uint64_t gpa, uint32_t data)
{
    Message m = { .dest = gpa >> 12 & 0xff, .logical = gpa & 1 << 2, .vector = data,
                  .mode = data >> 8 & 7, .level = data & 1 << 15 };

    apic_bus_deliver(&m);
}

static void send_shorthand(Apic *self, uint64_t icr, bool self_too)
{
    CPUState *cpu;

    CPU_FOREACH(cpu) {
        Apic *s = apic_of(cpu);
        if (s && is_hw_enabled(s) && (s != self || self_too)) {
            apic_take(s, LVT_MODE(icr) == MODE_LOWEST ? MODE_FIXED : LVT_MODE(icr), icr, false);
        }
    }
}

static void apic_send_ipi(Apic *s, uint64_t icr)
{
    Message m = { .logical = icr & ICR_LOGICAL, .wide = is_x2apic(s), .vector = icr,
                  .mode = LVT_MODE(icr) };

    m.dest = m.wide ? icr >> 32 : icr >> 56;
    if (m.mode == MODE_INIT && (icr & ICR_LEVEL) && !(icr & ICR_ASSERT)) {
        return;                 /* INIT de-assert: only old APICs did something */
    }
    if ((m.mode == MODE_FIXED || m.mode == MODE_LOWEST) && m.vector < 16) {
        apic_error(s, ESR_SEND_ILLEGAL);
        return;
    }
    switch (icr >> 18 & 3) {
    case 0:
        apic_bus_deliver(&m);
        break;
    case 1:
        if (m.mode == MODE_FIXED) {
            apic_accept(s, m.vector, false);
        }
        break;
    default:
        send_shorthand(s, icr, (icr >> 18 & 3) == 2);
        break;
    }
}

void apic_write_icr(CPUState *cpu, uint64_t icr)
{
    Apic *s = apic_of(cpu);

    if (s) {
        s->icr = icr & ~UINT64_C(0x1000);       /* delivery status: always done */
        apic_send_ipi(s, icr);
    }
}

void apic_lint0_changed(int level)
{
    CPUState *cpu;

    CPU_FOREACH(cpu) {
        Apic *s = apic_of(cpu);
        if (!s) {
            continue;
        }
        bool rises = level && !s->lint0_level;
        s->lint0_level = level;
        if (rises && LVT_MODE(s->regs[R_LVT_LINT0]) != MODE_EXTINT && is_hw_enabled(s)) {
            apic_local(s, R_LVT_LINT0);
        }
        apic_update(s);
    }
}

void apic_deliver_nmi_all(void)
{
    CPUState *cpu;

    CPU_FOREACH(cpu) {
        Apic *s = apic_of(cpu);
        if (s && is_hw_enabled(s)) {
            apic_local(s, R_LVT_LINT1);
        } else {
            cpu_interrupt(cpu, CPU_INTERRUPT_NMI);
        }
    }
}

/* ---- departure ---- */

static int apic_ack(void *opaque)
{
    Apic *s = opaque;
    int vector = apic_deliverable(s);

    if (vector >= 0) {
        bit_clear(s->irr, vector);
        if (!bit_test(s->auto_eoi, vector)) {
            bit_set(s->isr, vector);
        }
        s->n_taken[vector]++;
    } else if (extint_waits(s)) {
        vector = wiring.extint_ack(wiring.opaque);
    }
    apic_update(s);
    return vector;
}

static void apic_eoi(Apic *s)
{
    int vector = highest_bit(s->isr);

    if (vector < 0) {
        return;
    }
    bit_clear(s->isr, vector);
    if (bit_test(s->tmr, vector) && wiring.eoi_broadcast) {
        wiring.eoi_broadcast(wiring.opaque, vector);
    }
    apic_update(s);
    if (eoi_hook) {
        eoi_hook(s->cpu, vector);
    }
}

/* ---- timer ---- */

static unsigned timer_shift(const Apic *s)
{
    uint32_t d = s->regs[R_TIMER_DIV];

    return ((d & 3) + (d >> 1 & 4) + 1) & 7;
}

/* One initial count, in ns: the bus clock runs at APIC_TIMER_HZ. */
static int64_t timer_period_ns(const Apic *s)
{
    return ((int64_t)s->regs[R_TIMER_INIT] << timer_shift(s)) *
           (INT64_C(1000000000) / APIC_TIMER_HZ);
}

static uint32_t timer_count(const Apic *s)
{
    int64_t period = timer_period_ns(s), passed;

    if (!period || LVT_TIMER_MODE(s->regs[R_LVT_TIMER]) == TIMER_DEADLINE) {
        return 0;
    }
    passed = clock_ns(CLOCK_VIRTUAL) - s->timer_start_ns;
    if (LVT_TIMER_MODE(s->regs[R_LVT_TIMER]) == TIMER_PERIODIC) {
        passed %= period;
    } else if (passed >= period) {
        return 0;
    }
    return (period - passed) * APIC_TIMER_HZ / INT64_C(1000000000) >> timer_shift(s);
}

static void timer_arm_deadline(Apic *s)
{
    int64_t ns;

    if (!s->tsc_deadline) {
        timer_del(s->timer);
        return;
    }
    ns = x86_tsc_to_ns_until(x86_env(s->cpu), s->tsc_deadline);
    timer_mod(s->timer, clock_ns(CLOCK_VIRTUAL) + MAX(ns, 0));
}

/* The initial count, the divider or the mode was written. */
static void timer_arm(Apic *s)
{
    int64_t period = timer_period_ns(s);

    if (LVT_TIMER_MODE(s->regs[R_LVT_TIMER]) == TIMER_DEADLINE) {
        timer_arm_deadline(s);
    } else if (!period) {
        timer_del(s->timer);
    } else {
        timer_mod(s->timer, s->timer_start_ns + period);
    }
}

/* The divider or the mode changed: a one-shot that is over stays over. */
static void timer_rearm(Apic *s)
{
    if (timer_pending(s->timer) || LVT_TIMER_MODE(s->regs[R_LVT_TIMER]) == TIMER_PERIODIC) {
        timer_arm(s);
    }
}

static void apic_timer(void *opaque)
{
    Apic *s = opaque;
    int64_t period = timer_period_ns(s);

    apic_local(s, R_LVT_TIMER);
    switch (LVT_TIMER_MODE(s->regs[R_LVT_TIMER])) {
    case TIMER_DEADLINE:
        s->tsc_deadline = 0;
        break;
    case TIMER_PERIODIC:
        if (period) {           /* skip periods that nobody could see */
            int64_t late = clock_ns(CLOCK_VIRTUAL) - s->timer_start_ns;
            s->timer_start_ns += MAX(late / period, 1) * period;
            /* a guest that asks for a tick every few ns gets one every 20 us */
            timer_mod(s->timer, s->timer_start_ns + MAX(period, 20000));
        }
        break;
    default:
        break;
    }
}

static void apic_set_tsc_deadline(void *opaque, uint64_t tsc)
{
    Apic *s = opaque;

    if (LVT_TIMER_MODE(s->regs[R_LVT_TIMER]) == TIMER_DEADLINE) {
        s->tsc_deadline = tsc;
        timer_arm_deadline(s);
    }
}

static uint64_t apic_get_tsc_deadline(void *opaque)
{
    return ((Apic *)opaque)->tsc_deadline;
}

/* ---- registers ---- */

static void write_tpr(Apic *s, uint32_t v)
{
    s->regs[R_TPR] = v & 0xff;
    apic_update(s);
}

static void write_svr(Apic *s, uint32_t v)
{
    s->regs[R_SVR] = v & 0x1ff;
    if (!(v & SVR_ENABLE)) {
        for (unsigned r = R_LVT_TIMER; r <= R_LVT_ERROR; r++) {
            s->regs[r] |= LVT_MASKED;
        }
    }
    apic_update(s);
}

static void write_esr(Apic *s, uint32_t v)
{
    s->regs[R_ESR] = s->esr_pending;
    s->esr_pending = 0;
}

static void write_lvt(Apic *s, unsigned reg, uint32_t v)
{
    static const uint32_t writable[] = {
        [R_LVT_TIMER - R_LVT_TIMER] = 0x000700ff, [R_LVT_THERMAL - R_LVT_TIMER] = 0x000107ff,
        [R_LVT_PERF - R_LVT_TIMER] = 0x000107ff, [R_LVT_LINT0 - R_LVT_TIMER] = 0x0001a7ff,
        [R_LVT_LINT1 - R_LVT_TIMER] = 0x0001a7ff, [R_LVT_ERROR - R_LVT_TIMER] = 0x000100ff,
    };
    uint32_t old = s->regs[reg];

    s->regs[reg] = v & writable[reg - R_LVT_TIMER];
    if (!(s->regs[R_SVR] & SVR_ENABLE)) {
        s->regs[reg] |= LVT_MASKED;
    }
    if (reg == R_LVT_TIMER && LVT_TIMER_MODE(old ^ s->regs[reg])) {
        if (LVT_TIMER_MODE(old) == TIMER_DEADLINE ||
            LVT_TIMER_MODE(s->regs[reg]) == TIMER_DEADLINE) {
            s->tsc_deadline = 0;
            s->regs[R_TIMER_INIT] = 0;
        }
        timer_rearm(s);
    }
    if (reg == R_LVT_LINT0) {
        apic_update(s);
    }
}

static void write_timer_init(Apic *s, uint32_t v)
{
    if (LVT_TIMER_MODE(s->regs[R_LVT_TIMER]) != TIMER_DEADLINE) {
        s->regs[R_TIMER_INIT] = v;
        s->timer_start_ns = clock_ns(CLOCK_VIRTUAL);
        timer_arm(s);
    }
}

static void write_timer_div(Apic *s, uint32_t v)
{
    s->regs[R_TIMER_DIV] = v & 0xb;
    timer_rearm(s);
}

/* What is the same by MMIO and MSR; both have filtered what their mode lacks. */
static bool reg_read(Apic *s, unsigned reg, uint32_t *val)
{
    if (reg >= R_ISR && reg < R_ESR) {
        const uint32_t *v = reg < R_TMR ? s->isr : reg < R_IRR ? s->tmr : s->irr;
        *val = v[reg & 7];
        return true;
    }
    switch (reg) {
    case R_ID:
        *val = is_x2apic(s) ? apic_id(s) : s->regs[R_ID];
        return true;
    case R_VERSION:
        *val = 0x50014;
        return true;
    case R_PPR:
        *val = apic_ppr(s);
        return true;
    case R_LDR:
        *val = is_x2apic(s) ? x2apic_ldr(s) : s->regs[R_LDR];
        return true;
    case R_ICR:
        *val = s->icr;
        return true;
    case R_ICR2:
        *val = s->icr >> 32;
        return true;
    case R_TIMER_COUNT:
        *val = timer_count(s);
        return true;
    case R_APR: case R_EOI:
        *val = 0;
        return true;
    case R_TPR: case R_DFR: case R_SVR: case R_ESR: case R_LVT_TIMER ... R_TIMER_INIT:
    case R_TIMER_DIV:
        *val = s->regs[reg];
        return true;
    default:
        return false;
    }
}

static bool reg_write(Apic *s, unsigned reg, uint32_t v)
{
    switch (reg) {
    case R_ID:
        s->regs[R_ID] = v & 0xff000000;
        return true;
    case R_TPR:
        write_tpr(s, v);
        return true;
    case R_EOI:
        apic_eoi(s);
        return true;
    case R_LDR:
        s->regs[R_LDR] = v & 0xff000000;
        return true;
    case R_DFR:
        s->regs[R_DFR] = v | 0x0fffffff;
        return true;
    case R_SVR:
        write_svr(s, v);
        return true;
    case R_ESR:
        write_esr(s, v);
        return true;
    case R_ICR:
        apic_write_icr(s->cpu, (s->icr & ~UINT64_C(0xffffffff)) | v);
        return true;
    case R_ICR2:
        s->icr = (s->icr & 0xffffffff) | (uint64_t)v << 32;
        return true;
    case R_LVT_TIMER ... R_LVT_ERROR:
        write_lvt(s, reg, v);
        return true;
    case R_TIMER_INIT:
        write_timer_init(s, v);
        return true;
    case R_TIMER_DIV:
        write_timer_div(s, v);
        return true;
    default:
        return false;
    }
}

static bool reg_is_read_only(unsigned reg)
{
    return reg == R_VERSION || reg == R_APR || reg == R_PPR || reg == R_TIMER_COUNT ||
           (reg >= R_ISR && reg < R_ESR);
}

uint64_t apic_reg_read(CPUState *cpu, unsigned reg)
{
    Apic *s = apic_of(cpu);
    uint32_t val = 0;

    if (!s || reg >= N_APIC_REGS) {
        return 0;
    }
    if (reg == R_ICR) {
        return s->icr;
    }
    reg_read(s, reg, &val);
    return val;
}

void apic_reg_write(CPUState *cpu, unsigned reg, uint64_t val)
{
    Apic *s = apic_of(cpu);

    if (s && reg == R_ICR) {
        apic_write_icr(cpu, val);
    } else if (s && reg < N_APIC_REGS) {
        reg_write(s, reg, val);
    }
}

/* x2APIC MSRs: ICR is one 64-bit register, DFR and ICR2 do not exist, reserved bits fault. */
static bool apic_msr_read(void *opaque, uint32_t reg, uint64_t *val)
{
    Apic *s = opaque;
    uint32_t v;

    if (!is_x2apic(s)) {
        return false;
    }
    if (reg == R_ICR) {
        *val = s->icr;
        return true;
    }
    if (reg == R_DFR || reg == R_ICR2 || reg == R_EOI || reg == R_APR || reg >= N_APIC_REGS ||
        !reg_read(s, reg, &v)) {
        return false;
    }
    *val = v;
    return true;
}

static bool apic_msr_write(void *opaque, uint32_t reg, uint64_t val)
{
    Apic *s = opaque;

    if (!is_x2apic(s)) {
        return false;
    }
    if (reg == R_ICR) {
        apic_write_icr(s->cpu, val);
        return true;
    }
    if (val >> 32 || ((reg == R_EOI || reg == R_ESR) && val)) {
        return false;
    }
    if (reg == R_SELF_IPI) {
        if (val >> 8) {
            return false;
        }
        apic_accept(s, val, false);
        return true;
    }
    return reg != R_ID && reg != R_LDR && reg != R_DFR && reg != R_ICR2 && reg < N_APIC_REGS &&
           reg_write(s, reg, val);
}

/* ---- MMIO: whoever looks sees its own APIC; from elsewhere it is a message ---- */

static Apic *apic_current(void)
{
    Apic *s = current_cpu ? apic_of(current_cpu) : NULL;

    return s && is_hw_enabled(s) && !is_x2apic(s) ? s : NULL;
}

static uint64_t apic_mmio_read(void *opaque, uint64_t ofs, unsigned n_bytes)
{
    Apic *s = apic_current();
    unsigned reg = ofs >> 4;
    uint32_t val = 0;

    if (!s || ofs >= 0x1000) {
        return 0xffffffff;
    }
    if (ofs & 0xf) {
        return 0;
    }
    if (reg >= R_SELF_IPI || !reg_read(s, reg, &val)) {
        apic_error(s, ESR_ILLEGAL_REG);
    }
    return val;
}

static void apic_mmio_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n_bytes)
{
    Apic *s = apic_current();
    unsigned reg = ofs >> 4;

    if (ofs >= 0x1000 || !current_cpu) {
        apic_deliver_msi(APIC_GPA + ofs, v);
        return;
    }
    if (!s || ofs & 0xf || reg_is_read_only(reg)) {
        return;
    }
    if (reg >= R_SELF_IPI || !reg_write(s, reg, v)) {
        apic_error(s, ESR_ILLEGAL_REG);
    }
}

static const MemoryRegionOps apic_mmio_ops = {
    .read = apic_mmio_read, .write = apic_mmio_write, .impl_min = 4, .impl_max = 4,
};

bool apic_map(MemoryRegion *mem, Error **errp)
{
    MemoryRegion *mr = g_new0(MemoryRegion, 1);         /* lives as long as the machine */

    memory_region_init_io(mr, NULL, &apic_mmio_ops, NULL, "apic-msi", APIC_SPACE_BYTES);
    memory_region_add_overlap(mem, APIC_GPA, mr, 0x1000);
    return true;
}

/* ---- handed down to the vCPU ---- */

static void apic_set_tpr(void *opaque, uint8_t tpr)
{
    write_tpr(opaque, tpr);
}

static uint8_t apic_get_tpr(void *opaque)
{
    return ((Apic *)opaque)->regs[R_TPR];
}

static void apic_set_base(void *opaque, uint64_t val)
{
    Apic *s = opaque;
    bool was_x2apic = is_x2apic(s);

    if ((val & ~UINT64_C(0xfff)) != APIC_GPA) {
        guest_unimp("apic: moved to 0x%" PRIx64 "\n", val & ~UINT64_C(0xfff));
    }
    s->base = val;
    if (is_x2apic(s) && !was_x2apic) {
        s->icr = 0;
    } else if (!is_x2apic(s) && was_x2apic) {
        s->regs[R_ID] = apic_id(s) << 24;
    }
    apic_update(s);
}

static uint64_t apic_get_base(void *opaque)
{
    return ((Apic *)opaque)->base;
}

/* INIT: everything but the id and IA32_APIC_BASE. */
static void apic_init(void *opaque)
{
    Apic *s = opaque;

    timer_del(s->timer);
    for (unsigned r = 0; r < N_APIC_REGS; r++) {
        s->regs[r] = r == R_ID ? s->regs[R_ID] : 0;
    }
    memset(s->irr, 0, sizeof(s->irr));
    memset(s->isr, 0, sizeof(s->isr));
    memset(s->tmr, 0, sizeof(s->tmr));
    memset(s->auto_eoi, 0, sizeof(s->auto_eoi));
    s->regs[R_DFR] = 0xffffffff;
    s->regs[R_SVR] = 0xff;
    for (unsigned r = R_LVT_TIMER; r <= R_LVT_ERROR; r++) {
        s->regs[r] = LVT_MASKED;
    }
    if (s->base & BASE_BSP) {   /* as firmware leaves it: virtual wire */
        s->regs[R_LVT_LINT0] = MODE_EXTINT << 8;
    }
    s->esr_pending = 0;
    s->icr = 0;
    s->tsc_deadline = 0;
    apic_update(s);
    if (s->sipi_sent) {         /* it came while the INIT was on its way to the vCPU's thread */
        cpu_interrupt(s->cpu, CPU_INTERRUPT_SIPI);
    }
}

static const X86ApicOps apic_ops = {
    .ack = apic_ack, .set_tpr = apic_set_tpr, .get_tpr = apic_get_tpr, .set_base = apic_set_base,
    .get_base = apic_get_base, .msr_read = apic_msr_read, .msr_write = apic_msr_write,
    .set_tsc_deadline = apic_set_tsc_deadline, .get_tsc_deadline = apic_get_tsc_deadline,
    .init = apic_init,
};

/* ---- device ---- */

static void apic_reset(Device *dev)
{
    Apic *s = apic(dev);

    s->base = APIC_GPA | BASE_ENABLE | (s->cpu->index == 0 ? BASE_BSP : 0);
    s->regs[R_ID] = apic_id(s) << 24;
    s->wait_for_sipi = s->cpu->index != 0;
    s->lint0_level = s->sipi_sent = false;
    apic_init(s);
}

static void print_vectors(FILE *f, const char *name, const uint32_t *v)
{
    fprintf(f, "%s:", name);
    for (unsigned i = 0; i < 256; i++) {
        if (bit_test(v, i)) {
            fprintf(f, " %02x", i);
        }
    }
    fprintf(f, "\n");
}

static void apic_dev_print(Device *dev, FILE *f)
{
    Apic *s = apic(dev);

    fprintf(f, "lapic %u: id %u base 0x%" PRIx64 "%s%s%s\n", s->cpu->index, apic_id(s), s->base,
            is_x2apic(s) ? " x2apic" : "", is_sw_enabled(s) ? " enabled" : " disabled",
            s->wait_for_sipi ? " wait-for-SIPI" : "");
    fprintf(f, "lvt timer %05x thermal %05x perf %05x lint0 %05x lint1 %05x error %05x\n",
            s->regs[R_LVT_TIMER], s->regs[R_LVT_THERMAL], s->regs[R_LVT_PERF],
            s->regs[R_LVT_LINT0], s->regs[R_LVT_LINT1], s->regs[R_LVT_ERROR]);
    fprintf(f, "svr %03x tpr %02x ppr %02x icr %016" PRIx64 " esr %02x timer %u/%u shift %u\n",
            s->regs[R_SVR], s->regs[R_TPR], apic_ppr(s), s->icr, s->regs[R_ESR], timer_count(s),
            s->regs[R_TIMER_INIT], timer_shift(s));
    print_vectors(f, "irr", s->irr);
    print_vectors(f, "isr", s->isr);
}

void apic_print_info(CPUState *cpu, FILE *f)
{
    if (apic_of(cpu)) {
        apic_dev_print(&apic_of(cpu)->parent, f);
    }
}

static void apic_finalize(Object *obj)
{
    timer_free(apic(obj)->timer);
}

Apic *apic_new(CPUState *cpu, Error **errp)
{
    Apic *s = apic(object_new(TYPE_APIC));

    s->cpu = cpu;
    s->timer = timer_new(CLOCK_VIRTUAL, apic_timer, s);
    if (!device_realize(&s->parent, NULL, NULL, errp)) {
        return NULL;
    }
    x86_env(cpu)->apic_ops = &apic_ops;
    x86_env(cpu)->apic = s;
    apic_reset(&s->parent);
    return s;
}

static const TypeInfo apic_info = {
    .name = TYPE_APIC, .parent = TYPE_DEVICE, .size = sizeof(Apic),
    .class_init = device_class_methods, .finalize = apic_finalize,
    .class_data = &(const DeviceMethods){ .reset = apic_reset, .print_info = apic_dev_print },
};
TYPE_REGISTER(apic_info)
