/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hot loops are translated again as traces: from the loop's head along its branches until they come
 * back to the head in the same mode. A rotated loop comes back after one turn of its registers, so
 * it is unrolled on the way. Inside, registers, predicates and loop counters that an iteration
 * reads before writing them enter it in temps, which the back end keeps in host registers. State is
 * written through as everywhere, so leaving a trace in the middle costs nothing.
 *
 * Two passes: the first finds out whether the trace closes and what it reads, the second emits it.
 *
 * A loop that counts (alc) is emitted twice: once for steady turns, whose prologue is over (pcnt is
 * 0) and that do not reach the end (lcnt stays 2 or more), once for all others. In a steady turn
 * every %pcnt condition holds, stores are not held back and alc only counts lcnt down.
 *
 * With operand tags a trace rests on numbers in all that an iteration reads: that is tested in front
 * of it, and at its end where it is not known. A loop that diagnostic values enter stays as it was.
 */
#include <string.h>
#include "accel/accel.h"
#include "target/e2k/translate-priv.h"
#include "target/e2k/translate-hooks.h"

/* ---- which addresses are hot: grows only; any thread ---- */

enum { HOT_BITS = 14, N_HOT = 1 << HOT_BITS, HOT_AFTER = 48 };

static uint64_t hot[N_HOT];             /* atomic: addresses, 0: free */
static int32_t hot_counters[N_HOT];     /* racy on purpose: a lost count is no harm */

static unsigned hot_hash(uint64_t ip)
{
    return (unsigned)((ip >> 3) * 0x9e3779b97f4a7c15ull >> (64 - HOT_BITS));
}

/* a full neighbourhood: that loop stays as it is */
enum { HOT_PROBES = 8 };

static uint64_t *hot_slot(uint64_t ip)
{
    for (unsigned i = 0; i < HOT_PROBES; i++) {
        uint64_t *s = &hot[(hot_hash(ip) + i) % N_HOT], v = __atomic_load_n(s, __ATOMIC_RELAXED);

        if (v == ip || v == 0) {
            return s;
        }
    }
    return NULL;
}

bool e2k_trace_is_hot(uint64_t ip)
{
    uint64_t *s = hot_slot(ip);

    return s && __atomic_load_n(s, __ATOMIC_RELAXED) == ip;
}

/* A backward jump to @ip has been taken often. The block that jumped goes on by itself. */
static void helper_hot(CPUE2KState *env, uint64_t ip)
{
    uint64_t *s = hot_slot(ip), free_slot = 0;

    if (s && __atomic_compare_exchange_n(s, &free_slot, ip, false, __ATOMIC_SEQ_CST,
                                         __ATOMIC_SEQ_CST)) {
        tb_invalidate_range(ip, 8);
    }
}

static const IrHelper e2k_helper_hot = { "e2k_hot", (void *)helper_hot,
    IR_CALL_NO_READ | IR_CALL_NO_WRITE | IR_CALL_NO_FAULT, IR_VOID, 2, { IR_I64, IR_I64 } };

/* The trace at @ip rests on something that is no longer so: it stays an ordinary block. */
static void helper_reject(CPUE2KState *env, uint64_t ip)
{
    uint64_t *s = hot_slot(ip);

    if (s && __atomic_load_n(s, __ATOMIC_RELAXED) == ip) {
        __atomic_store_n(s, ip | 1, __ATOMIC_SEQ_CST);
    }
    tb_invalidate_range(ip, 8);
}

static const IrHelper e2k_helper_reject = { "e2k_reject", (void *)helper_reject,
    IR_CALL_NO_READ | IR_CALL_NO_WRITE | IR_CALL_NO_FAULT, IR_VOID, 2, { IR_I64, IR_I64 } };

/* Counts a taken jump back to @target. */
void e2k_trace_count(DC *dc, uint64_t target)
{
    IrBlock *b = dc->b;
    IrVal at, n;
    IrLabel *cold;

    if (dc->p->trace || target > dc->bundle.pc || dc->info->single_step ||
        e2k_trace_is_hot(target)) {
        return;
    }
    cold = ir_label(b);
    at = ir_i64(b, (uintptr_t)&hot_counters[hot_hash(target)]);
    n = ir_temp(b, IR_I32);
    ir_ld(b, n, at, 0, MO_32);
    ir_addi(b, n, n, 1);
    ir_st(b, n, at, 0, MO_32);
    ir_brcondi(b, IR_COND_NE, n, HOT_AFTER, cold);
    e2k_call(dc, &e2k_helper_hot, NULL, 2, ir_env(b), ir_i64(b, target), NULL, NULL, NULL, NULL);
    ir_bind(b, cold);
    e2k_forget_all(dc);
}

/* ---- what enters an iteration ---- */

void e2k_trace_note(DC *dc, TraceKind kind, int32_t where, IrType type)
{
    Trace *t = dc->p->trace;

    if (!t || !t->recording || t->n == MAX_TRACE_ENTRIES) {
        return;
    }
    for (unsigned i = 0; i < t->n; i++) {
        if (t->e[i].kind == kind && t->e[i].where == where && t->e[i].type == type) {
            return;
        }
    }
    t->e[t->n++] = (TraceEntry){ (uint8_t)kind, (uint8_t)type, where, NULL };
}

static IrVal current_value(DC *dc, const TraceEntry *e)
{
    switch ((TraceKind)e->kind) {
    case TRACE_REG:
        return e2k_load_reg(dc, (unsigned)e->where, (IrType)e->type);
    case TRACE_PRED:
        return e2k_load_pred(dc, (unsigned)e->where);
    default:
        return e2k_ld_env(dc, (IrType)e->type, e->where);
    }
}

static IrLabel *reject(DC *dc)
{
    Trace *t = dc->p->trace;

    if (!t->reject) {
        t->reject = ir_label(dc->b);
    }
    return t->reject;
}

/* Once, in front of the loop: the window is large enough, targets are what they were. */
static void check_assumptions(DC *dc)
{
    Trace *t = dc->p->trace;
    DCPriv *p = dc->p;
    IrVal tags;

    if (t->max_reg >= 0) {
        ir_brcondi(dc->b, IR_COND_LEU, e2k_ld_env(dc, IR_I32, ENV_OFS(psize)),
                   (unsigned)t->max_reg, reject(dc));
        p->checked_size = MAX(p->checked_size, t->max_reg + 1);
    }
    if (dc->tags && (tags = e2k_tags_enter_trace(dc))) {
        ir_brcondi(dc->b, IR_COND_NE, tags, 0, reject(dc));
    }
    for (unsigned i = 0; i < 3; i++) {
        if ((t->ctpr_used & ~t->ctpr_written) >> i & 1) {
            IrVal v = ir_temp(dc->b, IR_I64);

            ir_ld(dc->b, v, ir_env(dc->b), ENV_OFS(ctpr) + 8 * (int32_t)i, MO_64);
            ir_brcondi(dc->b, IR_COND_NE, v, p->ctpr[i], reject(dc));
            p->ctpr_known[i] = true;
        }
    }
}

/* Only these are assigned at the loop's end: what else was computed of them on the way (an I64 joined
 * from its halves to get an F64) is not to be used inside. */
static void keep_entries(DC *dc)
{
    Trace *t = dc->p->trace;

    memset(dc->p->reg, 0, sizeof(dc->p->reg));
    for (unsigned i = 0; i < t->n; i++) {
        if (t->e[i].kind == TRACE_REG) {
            dc->p->reg[t->e[i].where].v[t->e[i].type] = t->e[i].t;
        }
    }
}

/* Loads what the first pass found and lets the loop begin. */
void e2k_trace_enter(DC *dc)
{
    Trace *t = dc->p->trace;

    e2k_win(dc);
    e2k_frame(dc);
    dc->bundle.pc = t->head_ip;
    dc->p->at_start = true;
    for (unsigned i = 0; i < t->n; i++) {
        t->e[i].t = current_value(dc, &t->e[i]);
    }
    dc->p->at_start = false;
    keep_entries(dc);
    check_assumptions(dc);
    t->head = ir_label(dc->b);
    ir_bind(dc->b, t->head);
    ir_exit_check(dc->b);
    dc->info->loops = true;
}

void e2k_trace_steady_test(DC *dc, IrLabel *general)
{
    Trace *t = dc->p->trace;

    ir_brcondi(dc->b, IR_COND_NE, e2k_ld_env(dc, IR_I32, ENV_OFS(pcnt)), 0, general);
    ir_brcondi(dc->b, IR_COND_LTU, e2k_ld_env(dc, IR_I32, ENV_OFS(lcnt)), t->n_alc + 1, general);
}

static IrLabel *side_exit(DC *dc, SideExit s)
{
    Trace *t = dc->p->trace;

    if (t->n_exits == MAX_SIDE_EXITS) {
        t->too_long = true;
        return t->exits[0].label;
    }
    s.label = ir_label(dc->b);
    t->exits[t->n_exits++] = s;
    return s.label;
}

static bool is_entry(const Trace *t, IrVal v)
{
    for (unsigned i = 0; i < t->n; i++) {
        if (t->e[i].t == v) {
            return true;
        }
    }
    return false;
}

/* Back to the head: what enters it is assigned, all at once. */
static void close_loop(DC *dc)
{
    Trace *t = dc->p->trace;
    IrVal now[MAX_TRACE_ENTRIES], tags;

    t->closed = true;
    dc->ended = true;
    if (t->recording) {
        ir_exit(dc->b, TB_EXIT_PLAIN);          /* the first pass is thrown away */
        return;
    }
    if (dc->tags && (tags = e2k_tags_of_trace(dc))) {   /* the entry will refuse it */
        ir_brcondi(dc->b, IR_COND_NE, tags, 0,
                   side_exit(dc, (SideExit){ .ip = t->head_ip, .mode = t->head_mode }));
    }
    for (unsigned i = 0; i < t->n; i++) {
        now[i] = current_value(dc, &t->e[i]);
        if (now[i] != t->e[i].t && is_entry(t, now[i])) {
            IrVal copy = ir_temp(dc->b, (IrType)t->e[i].type);

            ir_mov(dc->b, copy, now[i]);
            now[i] = copy;
        }
    }
    for (unsigned i = 0; i < t->n; i++) {
        if (now[i] != t->e[i].t) {
            ir_mov(dc->b, t->e[i].t, now[i]);
        }
    }
    ir_br(dc->b, t->head);
}

/* ---- the way ---- */

static bool page_allowed(Trace *t, uint64_t ip)
{
    uint64_t page = ip & PAGE_MASK_;

    for (unsigned i = 0; i < t->n_pages; i++) {
        if (t->pages[i] == page) {
            return true;
        }
    }
    if (t->n_pages < G_N_ELEMENTS(t->pages)) {
        t->pages[t->n_pages++] = page;
        return true;
    }
    return false;
}

/* May a bundle at @ip be part of the trace? Its bytes may reach into the next page. */
bool e2k_trace_allows(DC *dc, uint64_t ip, unsigned size_bytes)
{
    Trace *t = dc->p->trace;

    return page_allowed(t, ip) && page_allowed(t, ip + size_bytes - 1);
}

void e2k_trace_side_exits(DC *dc)
{
    Trace *t = dc->p->trace;

    if (t->reject) {
        ir_bind(dc->b, t->reject);
        e2k_call(dc, &e2k_helper_reject, NULL, 2, ir_env(dc->b), ir_i64(dc->b, t->head_ip), NULL,
                 NULL, NULL, NULL);
        e2k_gen_goto_far(dc, t->head_ip, t->head_mode);
    }
    for (unsigned i = 0; i < t->n_exits; i++) {
        const SideExit *s = &t->exits[i];

        ir_bind(dc->b, s->label);
        if (s->ctpr) {
            e2k_gen_ct_helper(dc, s->ctpr - 1u, s->ip, s->mode);
        } else if (t->n_slots < 2) {
            e2k_gen_goto(dc, t->n_slots++, s->ip, s->mode);
        } else {
            e2k_gen_goto_far(dc, s->ip, s->mode);
        }
    }
}

/*
 * The transfer of a bundle of a trace, whose target if taken is known (or guessed: @ctpr is not 0,
 * the guard goes there). Modes are those behind the bundle. False: not possible here, the trace
 * must end before.
 */
bool e2k_trace_transfer(DC *dc, IrVal cond, bool always, uint64_t target, unsigned ctpr,
                        uint64_t taken_mode, uint64_t fall_mode)
{
    Trace *t = dc->p->trace;
    bool closes = target == t->head_ip && taken_mode == t->head_mode;
    bool follow = closes || always || target == t->head_ip;

    if (!follow) {                          /* an inner branch: expected not to be taken */
        IrLabel *out = side_exit(dc, (SideExit){ .ip = target, .mode = taken_mode });

        if (ctpr) {                         /* not worth a guard: let the helper find out */
            t->exits[t->n_exits - 1] = (SideExit){ .ip = dc->bundle.pc, .mode = taken_mode,
                                                   .ctpr = (uint8_t)ctpr, .label = out };
        }
        ir_brcondi(dc->b, IR_COND_NE, cond, 0, out);
        dc->mode = fall_mode;
        return true;
    }
    if (!always) {
        ir_brcondi(dc->b, IR_COND_EQ, cond, 0,
                   side_exit(dc, (SideExit){ .ip = dc->p->next_ip, .mode = fall_mode }));
    }
    if (ctpr) {
        t->ctpr_used |= (uint8_t)(1u << (ctpr - 1));
        ir_brcondi(dc->b, IR_COND_NE,
                   e2k_ld_env(dc, IR_I64, ENV_OFS(ctpr) + 8 * (int32_t)(ctpr - 1)),
                   dc->p->ctpr[ctpr - 1],
                   side_exit(dc, (SideExit){ .ip = dc->bundle.pc, .mode = taken_mode,
                                             .ctpr = (uint8_t)ctpr }));
        dc->p->ctpr_known[ctpr - 1] = true;
    }
    dc->mode = taken_mode;
    dc->p->follow_ip = target;
    if (closes) {
        close_loop(dc);
    }
    return true;
}
