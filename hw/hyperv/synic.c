/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A message travels: synic_post() -> queue of (VP, SINT) -> deliver() on the VP's own thread, so
 * that slot and interrupt appear together: a guest that frees whatever it finds in a slot would
 * else throw a timer's message away before its interrupt came.
 *
 * Slot (256 bytes): u32 type (0: free), u8 payload bytes, u8 flags (bit 0: more wait), u16 0, u64
 * sender, 240 bytes of payload. A busy slot is flagged; the guest then writes EOM when it is free.
 */
#include "synic.h"
#include <string.h>
#include "memory/memory.h"
#include "util/main-loop.h"
#include "util/trace-hw_hyperv.h"
#include "util/wire.h"

enum { REG_SCONTROL = 0, REG_SVERSION = 1, REG_SIEFP = 2, REG_SIMP = 3, REG_EOM = 4,
       REG_SINT0 = 0x10 };
enum { ENABLE = 1, SLOT_BYTES = 256, PAGE = 4096 };
enum { SLOT_TYPE = 0, SLOT_LEN = 4, SLOT_FLAGS = 5, SLOT_SENDER = 8, SLOT_PAYLOAD = 16 };
enum { SLOT_PENDING = 1 };
#define SINT_MASKED ((uint64_t)1 << 16)
#define SINT_AUTO_EOI ((uint64_t)1 << 17)
#define SINT_POLLING ((uint64_t)1 << 18)
#define SINT_VECTOR 0xff
#define PAGE_GPA(reg) ((reg) & ~(uint64_t)0xfff)

#define RETRY_NS 100000000      /* guards against a guest that never writes EOM */

typedef struct SynicVp {
    Synic *synic;
    unsigned vp;
    uint64_t scontrol, siefp, simp, sint[SYNIC_SINTS];
    SynicMsg *queue[SYNIC_SINTS];
    bool work_asked;
} SynicVp;

struct Synic {
    const HvWiring *wiring;
    unsigned n_vps;
    SynicVp *vps;
    Timer *retry;
    void (*changed)(void *opaque);
    void *changed_opaque;
};

static void retry_all(void *opaque);

static void reset_vp(SynicVp *v)
{
    v->scontrol = v->siefp = v->simp = 0;
    for (unsigned i = 0; i < SYNIC_SINTS; i++) {
        v->sint[i] = SINT_MASKED;
    }
}

Synic *synic_new(const HvWiring *wiring, unsigned n_vps)
{
    Synic *s = g_new0(Synic, 1);

    *s = (Synic){ .wiring = wiring, .n_vps = n_vps, .vps = g_new0(SynicVp, n_vps) };
    s->retry = timer_new(CLOCK_VIRTUAL, retry_all, s);
    for (unsigned i = 0; i < n_vps; i++) {
        s->vps[i].synic = s;
        s->vps[i].vp = i;
        reset_vp(&s->vps[i]);
    }
    return s;
}

void synic_set_change_hook(Synic *s, void (*hook)(void *opaque), void *opaque)
{
    s->changed = hook;
    s->changed_opaque = opaque;
}

static uint8_t *page_map(const SynicVp *v, uint64_t reg)
{
    uint64_t len = PAGE;
    uint8_t *p = NULL;

    if ((v->scontrol & ENABLE) && (reg & ENABLE)) {
        p = address_space_map(address_space_memory, PAGE_GPA(reg), &len, true);
        if (p && len < PAGE) {
            address_space_unmap(address_space_memory, p, len, false);
            p = NULL;
        }
    }
    return p;
}

static void page_unmap(uint8_t *page)
{
    address_space_unmap(address_space_memory, page, PAGE, true);
}

/* The interrupt of a SINT. Masked or polled ones have none. */
static void raise_sint(SynicVp *v, unsigned sint)
{
    uint64_t reg = v->sint[sint];

    if (!(reg & (SINT_MASKED | SINT_POLLING)) && (reg & SINT_VECTOR) >= 16) {
        v->synic->wiring->inject(v->vp, reg & SINT_VECTOR);
    }
}

/* ---- messages ---- */

static bool slot_is_free(uint8_t *slot)
{
    return __atomic_load_n((uint32_t *)(slot + SLOT_TYPE), __ATOMIC_ACQUIRE) == 0;
}

/* Free, or marked so that the guest tells when it is. */
static bool slot_claim(uint8_t *slot)
{
    if (slot_is_free(slot)) {
        return true;
    }
    /* pairs with the guest: it frees the slot, then looks at the flag */
    __atomic_fetch_or(slot + SLOT_FLAGS, SLOT_PENDING, __ATOMIC_SEQ_CST);
    return slot_is_free(slot);
}

static void slot_write(uint8_t *slot, const SynicMsg *m)
{
    memcpy(slot + SLOT_PAYLOAD, m->payload, m->len_bytes);
    memset(slot + SLOT_PAYLOAD + m->len_bytes, 0, HV_MESSAGE_PAYLOAD_MAX - m->len_bytes);
    memset(slot + SLOT_LEN, 0, SLOT_PAYLOAD - SLOT_LEN);
    slot[SLOT_LEN] = (uint8_t)((m->len_bytes + 7) & ~7u);
    slot[SLOT_FLAGS] = m->next ? SLOT_PENDING : 0;
    __atomic_store_n((uint32_t *)(slot + SLOT_TYPE), le32_of(m->type).raw, __ATOMIC_RELEASE);
}

/* The first message of a queue into its slot; false: not now. */
static bool deliver(SynicVp *v, unsigned sint)
{
    SynicMsg *m = v->queue[sint];
    uint8_t *page = page_map(v, v->simp);

    if (!page) {
        return false;
    }
    bool claimed = slot_claim(page + sint * SLOT_BYTES);
    if (claimed) {
        if (m->prepare) {
            m->prepare(m);
        }
        slot_write(page + sint * SLOT_BYTES, m);
        trace_hyperv_synic_message(v->vp, sint, m->type, m->len_bytes);
        raise_sint(v, sint);
        v->queue[sint] = m->next;
        m->queued = false;
    }
    page_unmap(page);
    if (claimed && m->delivered) {
        m->delivered(m);
    }
    return claimed;
}

static bool has_queued(const SynicVp *v)
{
    for (unsigned i = 0; i < SYNIC_SINTS; i++) {
        if (v->queue[i]) {
            return true;
        }
    }
    return false;
}

/* On the VP's thread. */
static void deliver_all(SynicVp *v)
{
    for (unsigned i = 0; i < SYNIC_SINTS; i++) {
        /* a queue is short: its messages are those of timers and of one bus */
        for (unsigned n = 0; v->queue[i] && n < 8 && deliver(v, i); n++) {
        }
    }
    if (has_queued(v) && !timer_pending(v->synic->retry)) {
        timer_mod(v->synic->retry, clock_ns(CLOCK_VIRTUAL) + RETRY_NS);
    }
}

static void vp_work(void *opaque)
{
    SynicVp *v = opaque;

    v->work_asked = false;
    deliver_all(v);
}

static void ask_vp(SynicVp *v)
{
    if (!v->work_asked && has_queued(v)) {
        v->work_asked = true;
        v->synic->wiring->run_on_vp(v->vp, vp_work, v);
    }
}

static void retry_all(void *opaque)
{
    Synic *s = opaque;

    for (unsigned i = 0; i < s->n_vps; i++) {
        ask_vp(&s->vps[i]);
    }
}

bool synic_post(Synic *s, unsigned vp, unsigned sint, SynicMsg *m)
{
    SynicMsg **tail;

    g_assert(!m->queued && sint < SYNIC_SINTS && m->len_bytes <= HV_MESSAGE_PAYLOAD_MAX);
    if (vp >= s->n_vps || !s->wiring->vp_exists(vp)) {
        return false;
    }
    m->queued = true;
    m->next = NULL;
    m->vp = vp;
    m->sint = sint;
    for (tail = &s->vps[vp].queue[sint]; *tail; tail = &(*tail)->next) {
    }
    *tail = m;
    ask_vp(&s->vps[vp]);
    return true;
}

void synic_cancel(Synic *s, SynicMsg *m)
{
    SynicMsg **at;

    if (!m->queued) {
        return;
    }
    for (at = &s->vps[m->vp].queue[m->sint]; *at != m; at = &(*at)->next) {
    }
    *at = m->next;
    m->queued = false;
}

void synic_eoi(Synic *s, unsigned vp, uint8_t vector)
{
    if (vp >= s->n_vps || !has_queued(&s->vps[vp])) {
        return;
    }
    for (unsigned i = 0; i < SYNIC_SINTS; i++) {
        uint64_t reg = s->vps[vp].sint[i];
        if (!(reg & SINT_MASKED) && (reg & SINT_VECTOR) == vector) {
            ask_vp(&s->vps[vp]);
        }
    }
}

/* ---- event flags ---- */

bool synic_signal(Synic *s, unsigned vp, unsigned sint, unsigned flag)
{
    SynicVp *v = vp < s->n_vps ? &s->vps[vp] : NULL;
    uint8_t *page = v && flag < SYNIC_EVENT_FLAGS ? page_map(v, v->siefp) : NULL;

    if (!page) {
        return false;
    }
    uint8_t bit = (uint8_t)(1 << flag % 8);
    uint8_t old = __atomic_fetch_or(page + sint * SLOT_BYTES + flag / 8, bit, __ATOMIC_SEQ_CST);
    page_unmap(page);
    trace_hyperv_synic_event(vp, sint, flag, !(old & bit));
    if (!(old & bit)) {
        raise_sint(v, sint);
    }
    return true;
}

/* ---- registers ---- */

/* Auto-EOI belongs to a vector: on if any unmasked SINT with it says so. */
static void update_auto_eoi(SynicVp *v, uint8_t vector)
{
    bool on = false;

    for (unsigned i = 0; i < SYNIC_SINTS; i++) {
        on |= (v->sint[i] & SINT_VECTOR) == vector && !(v->sint[i] & SINT_MASKED) &&
              (v->sint[i] & SINT_AUTO_EOI);
    }
    v->synic->wiring->set_auto_eoi(v->vp, vector, on);
}

static bool write_sint(SynicVp *v, unsigned n, uint64_t val)
{
    uint8_t old = v->sint[n] & SINT_VECTOR;

    if ((val & SINT_VECTOR) < 16 && !(val & (SINT_MASKED | SINT_POLLING))) {
        return false;
    }
    v->sint[n] = val;
    update_auto_eoi(v, old);
    update_auto_eoi(v, val & SINT_VECTOR);
    return true;
}

/* A page that comes into use starts empty; rewriting the same value changes nothing. */
static void write_page(uint64_t *reg, uint64_t val)
{
    bool fresh = (val & ENABLE) && (!(*reg & ENABLE) || PAGE_GPA(*reg) != PAGE_GPA(val));
    uint64_t len = PAGE;
    uint8_t *p;

    *reg = val;
    p = fresh ? address_space_map(address_space_memory, PAGE_GPA(val), &len, true) : NULL;
    if (p) {
        memset(p, 0, len);
        address_space_unmap(address_space_memory, p, len, true);
    }
}

bool synic_read(Synic *s, unsigned vp, unsigned reg, uint64_t *val)
{
    const SynicVp *v = vp < s->n_vps ? &s->vps[vp] : NULL;

    if (!v || (reg > REG_EOM && reg < REG_SINT0) || reg >= REG_SINT0 + SYNIC_SINTS) {
        return false;
    }
    *val = reg >= REG_SINT0 ? v->sint[reg - REG_SINT0]
         : reg == REG_SCONTROL ? v->scontrol
         : reg == REG_SVERSION ? 1
         : reg == REG_SIEFP ? v->siefp
         : reg == REG_SIMP ? v->simp : 0;
    return true;
}

static bool write_reg(SynicVp *v, unsigned reg, uint64_t val)
{
    switch (reg) {
    case REG_SCONTROL: v->scontrol = val; return true;
    case REG_SIEFP: write_page(&v->siefp, val); return true;
    case REG_SIMP: write_page(&v->simp, val); return true;
    case REG_EOM: return true;
    case REG_SINT0 ... REG_SINT0 + SYNIC_SINTS - 1: return write_sint(v, reg - REG_SINT0, val);
    default: return false;
    }
}

bool synic_write(Synic *s, unsigned vp, unsigned reg, uint64_t val)
{
    SynicVp *v = vp < s->n_vps ? &s->vps[vp] : NULL;
    bool good = v && write_reg(v, reg, val);

    trace_hyperv_synic_write(vp, reg, val, good);
    if (!good) {
        return false;
    }
    deliver_all(v);
    if (reg == REG_EOM) {       /* a panicking guest frees other VPs' slots, and tells only here */
        retry_all(s);
    } else if (s->changed) {
        s->changed(s->changed_opaque);
    }
    return true;
}

void synic_reset(Synic *s)
{
    for (unsigned i = 0; i < s->n_vps; i++) {
        SynicVp *v = &s->vps[i];
        for (unsigned k = 0; k < SYNIC_SINTS; k++) {
            while (v->queue[k]) {
                synic_cancel(s, v->queue[k]);
            }
            uint8_t vector = v->sint[k] & SINT_VECTOR;
            v->sint[k] = SINT_MASKED;
            if (s->wiring->vp_exists(i)) {
                update_auto_eoi(v, vector);
            }
        }
        reset_vp(v);
    }
    timer_del(s->retry);
}
