/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block that ends in a jump to its own start is a loop, and is translated as one: the back edge is
 * a branch inside the block, over which the back end keeps general registers and flags in host
 * registers. XMM registers are in memory for the IR; those that an iteration reads before it writes
 * them enter it in temps. They are written through as everywhere, so any way out finds them there.
 *
 * Two passes: the first finds out that the block is such a loop, and what it reads.
 */
#include "target/i386/translate.h"

static bool is_loop_start(const X86Dis *s, uint64_t eip)
{
    return x86_eip_to_linear(s, eip) == s->info->pc && s->info->may_loop &&
           !(s->flags & (HF_TF | HF_INHIBIT_IRQ));
}

bool x86_loop_closes(X86Dis *s, uint64_t eip)
{
    X86Loop *l = s->loop;

    if (!is_loop_start(s, eip) || l->has_calls) {
        return false;
    }
    l->found |= l->head == NULL;
    return l->head != NULL;
}

/* ---- XMM registers that enter an iteration ---- */

static X86LoopEntry *find_entry(X86Loop *l, int32_t ofs, IrType type)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (l->e[i].ofs == ofs && l->e[i].type == type) {
            return &l->e[i];
        }
    }
    return NULL;
}

static MemOp mo_of(IrType type)
{
    return type == IR_V128 ? MO_128 : type == IR_I64 || type == IR_F64 ? MO_64 : MO_32;
}

void x86_xmm_load(X86Dis *s, IrVal d, unsigned reg, int32_t ofs)
{
    X86Loop *l = s->loop;
    IrType type = ir_type(d);
    X86LoopEntry *e;

    if (!(l->written >> reg & 1)) {
        e = find_entry(l, ofs, type);
        if (e && e->t) {
            ir_mov(s->b, d, e->t);
            return;
        }
        if (!e && !l->head && l->n < X86_LOOP_ENTRIES) {
            l->e[l->n++] = (X86LoopEntry){ .ofs = ofs, .type = (uint8_t)type, .reg = (uint8_t)reg };
        }
    }
    ir_ld(s->b, d, ir_env(s->b), ofs, mo_of(type));
}

void x86_xmm_store(X86Dis *s, IrVal v, unsigned reg, int32_t ofs)
{
    s->loop->written |= 1u << reg;
    ir_st(s->b, v, ir_env(s->b), ofs, mo_of(ir_type(v)));
}

/* ---- the loop ---- */

void x86_loop_enter(X86Dis *s)
{
    X86Loop *l = s->loop;

    for (unsigned i = 0; i < l->n; i++) {
        l->e[i].t = ir_temp(s->b, (IrType)l->e[i].type);
        ir_ld(s->b, l->e[i].t, ir_env(s->b), l->e[i].ofs, mo_of((IrType)l->e[i].type));
    }
    l->written = 0;
    l->head = ir_label(s->b);
    ir_bind(s->b, l->head);
    ir_exit_check(s->b);
    s->info->loops = true;
}

void x86_loop_close(X86Dis *s)
{
    X86Loop *l = s->loop;
    IrVal now[X86_LOOP_ENTRIES];

    for (unsigned i = 0; i < l->n; i++) {
        if (l->written >> l->e[i].reg & 1) {
            now[i] = ir_temp(s->b, (IrType)l->e[i].type);
            ir_ld(s->b, now[i], ir_env(s->b), l->e[i].ofs, mo_of((IrType)l->e[i].type));
        }
    }
    for (unsigned i = 0; i < l->n; i++) {
        if (l->written >> l->e[i].reg & 1) {
            ir_mov(s->b, l->e[i].t, now[i]);
        }
    }
    ir_br(s->b, l->head);
    s->ended = true;
}
