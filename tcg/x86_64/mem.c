/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory. The fast path touches no guest state; what it cannot do is left to a stub behind
 * the block, which first stores the dirty globals to their slots (the fast path goes on seeing
 * them dirty), so that a guest fault finds the state complete. User programs have no slow path:
 * the host's fault handler is sent to the stub.
 *
 * The allocator may emit spills, and those belong to both paths: every register is chosen before
 * the first jump to the stub.
 */
#include "gen.h"

Stub *stub_new(Gen *g, StubKind kind)
{
    Stub s = { .kind = kind, .addr = -1, .out = -1, .insn_idx = g->insn_idx,
               .data = { { -1, 0 }, { -1, 0 } } };

    snapshot(g, &s.snap, &s.n_snap);
    s.save_xmm = ((g->avail & ~g->free) & XMM_MASK) != 0;
    g_array_append_val(g->stubs, s);
    return &g_array_index(g->stubs, Stub, g->stubs->len - 1);
}

static void stub_jump(Stub *s, uint8_t *at)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(s->jump); i++) {
        if (!s->jump[i]) {
            s->jump[i] = at;
            return;
        }
    }
    g_assert_not_reached();
}

/* user programs: the next instruction may fault */
static void note_access(Gen *g, const Stub *s)
{
    SideAccess acc = { a_ofs(&g->as), (uint32_t)(s - (Stub *)g->stubs->data) };

    if (!tcg_rt.softmmu) {
        g_array_append_val(g->accesses, acc);
    }
}

static bool same_snaps(Gen *g, const Stub *a, const Stub *b)
{
    for (uint32_t i = 0; i < a->n_snap; i++) {
        const Snap *x = &g_array_index(g->snaps, Snap, a->snap + i);
        const Snap *y = &g_array_index(g->snaps, Snap, b->snap + i);

        if (x->idx != y->idx || x->val.reg != y->val.reg || x->val.idx != y->val.idx
            || x->base != y->base || x->base_reg != y->base_reg || x->ofs != y->ofs
            || x->mo != y->mo) {
            return false;
        }
    }
    return true;
}

/* where a fault of a user program's access goes: neighbours that store the same share it */
static Stub *user_stub(Gen *g)
{
    Stub *s = stub_new(g, STUB_FAULT), *last;

    if (g->last_fault >= 0) {
        last = &g_array_index(g->stubs, Stub, g->last_fault);
        if (last->insn_idx == s->insn_idx && last->n_snap == s->n_snap && same_snaps(g, last, s)) {
            g_array_set_size(g->snaps, s->snap);
            g_array_set_size(g->stubs, g->stubs->len - 1);
            return last;
        }
    }
    g->last_fault = (int32_t)g->stubs->len - 1;
    return s;
}

static Mem user_address(Gen *g, int addr, int32_t disp)
{
    if (base_in_reg) {
        return (Mem){ R15, (int8_t)addr, disp };
    }
    return mem_at(addr, (int32_t)tcg_rt.guest_base + disp);
}

/* looks the page up; r10 + addr is the host address when it falls through. Uses r10, r11. */
static Mem softmmu_address(Gen *g, Stub *s, int addr, MemOp mo, bool write)
{
    Asm *a = &g->as;
    int32_t tlb = tcg_rt.ofs_tlb + (int32_t)(mo_mmu_idx(mo) * sizeof(TlbFast)) - env_bias;
    unsigned bytes = mo_bytes(mo);
    int32_t keep = -4096;

    if (host_features.bmi2) {
        a_vex(a, X_F2 | X_0F3A | X_W | 0xf0, R10, 0, addr);    /* rorx; the mask cuts the rest */
        a8(a, 12 - TLB_ENTRY_BITS);
    } else {
        a_mov(a, X_W, R10, addr);
        a_shift_imm(a, SH_SHR, X_W, R10, 12 - TLB_ENTRY_BITS);
    }
    a_rm(a, 0x23 | X_W, R10, mem_at(RBP, tlb + (int32_t)offsetof(TlbFast, mask)));
    a_rm(a, 0x03 | X_W, R10, mem_at(RBP, tlb + (int32_t)offsetof(TlbFast, table)));
    if (mo & MO_ALIGN) {
        keep |= (int32_t)bytes - 1;
    }
    if (bytes > 1 && !(mo & MO_ALIGN)) {
        a_lea(a, X_W, R11, mem_at(addr, (int32_t)bytes - 1));   /* last byte on the same page */
    } else {
        a_mov(a, X_W, R11, addr);
    }
    a_alu_imm(a, ALU_AND, X_W, R11, keep);
    a_rm(a, 0x3b | X_W, R11, mem_at(R10, write ? (int32_t)offsetof(TlbEntry, addr_write)
                                               : (int32_t)offsetof(TlbEntry, addr_read)));
    stub_jump(s, a_jcc(a, CC_NE));
    a_rm(a, 0x8b | X_W, R10, mem_at(R10, (int32_t)offsetof(TlbEntry, addend)));
    return (Mem){ R10, (int8_t)addr, 0 };
}

/* user programs: the guest's alignment check goes to the slow path, which raises the fault */
static void user_align_check(Gen *g, Stub *s, int addr, MemOp mo)
{
    if (mo & MO_ALIGN && mo_bytes(mo) > 1) {
        a_rr(&g->as, 0xf6 | X_M8, 0, addr);
        a8(&g->as, mo_bytes(mo) - 1);
        stub_jump(s, a_jcc(&g->as, CC_NE));
    }
}

/* The stub that the fast path's checks jump to, and the one that a host fault is sent to. */
typedef struct Access {
    uint32_t slow, fault;       /* indexes: the array may move */
    Mem m;
} Access;

static Stub *stub_at(Gen *g, uint32_t i) { return &g_array_index(g->stubs, Stub, i); }
static uint32_t stub_idx(Gen *g, const Stub *s) { return (uint32_t)(s - (Stub *)g->stubs->data); }

/* emits the checks of an access */
static Access access_begin(Gen *g, StubKind kind, int addr, uint64_t n, bool write)
{
    MemOp mo = (MemOp)n;
    bool checked = tcg_rt.softmmu || (mo & MO_ALIGN && mo_bytes(mo) > 1);
    Access acc = { 0 };
    Stub *s;

    if (checked) {
        s = stub_new(g, kind);
        s->addr = (int8_t)addr;
        s->mo = mo;
        acc.slow = acc.fault = stub_idx(g, s);
        if (tcg_rt.softmmu) {
            acc.m = softmmu_address(g, s, addr, mo, write);
            return acc;
        }
        user_align_check(g, s, addr, mo);
    }
    acc.fault = stub_idx(g, user_stub(g));
    if (!checked) {
        acc.slow = acc.fault;
    }
    acc.m = user_address(g, addr, (int32_t)(n >> 32));
    return acc;
}

static void load(Gen *g, int d, Mem m, MemOp mo, IrType t)
{
    static const uint32_t opc[2][4] = {
        { X_0F | 0xb6, X_0F | 0xb7, 0x8b, 0x8b | X_W },
        { X_0F | 0xbe, X_0F | 0xbf, 0x63 | X_W, 0x8b | X_W },
    };
    bool sign = mo & MO_SIGN;
    uint32_t op;

    if (!ir_type_is_int(t)) {
        /* four bytes to an F64: zeros above */
        reg_load(g, d, m, t == IR_F64 && (mo & MO_SIZE) == MO_32 ? IR_F32 : t);
        return;
    }
    op = t == IR_I32 && (mo & MO_SIZE) == MO_32 ? 0x8b : opc[sign][mo & 3];
    a_rm(&g->as, op | (sign && t == IR_I64 ? X_W : 0), d, m);
}

static Val val_of(Gen *g, unsigned idx)
{
    int32_t imm;

    if (imm_of(g, idx, &imm)) {
        return (Val){ -1, (uint16_t)idx };
    }
    return (Val){ (int16_t)in_reg(g, idx), 0 };
}

static void store(Gen *g, Val v, Mem m, MemOp mo, IrType t)
{
    static const uint32_t opc[] = { 0x88 | X_R8, 0x89 | X_66, 0x89, 0x89 | X_W };

    if (v.reg < 0) {
        store_const(g, v.idx, m, mo_bytes(mo));
    } else if (ir_type_is_int(t)) {
        a_rm(&g->as, opc[mo & 3], v.reg, m);
    } else {
        reg_store(g, v.reg, m, t);
    }
}

/*
 * ---- addresses that are sums ----
 * An addition whose result is the address of the next access and of nothing else is done by the
 * host's addressing.
 */

bool sum_folds(Gen *g, unsigned op_idx)
{
    const IrNode *o = &g->b->ops[op_idx], *next = o + 1, *end = &g->b->ops[g->b->n_ops];
    int32_t imm;

    if (o->op != IR_add || o->type != IR_I64 || tcg_rt.softmmu || base_in_reg || o->dead & 1
        || temp_at(g, o->a[0])->kind != IR_KIND_TEMP || imm_of(g, o->a[1], &imm)
        || imm_of(g, o->a[2], &imm)) {
        return false;
    }
    while (next < end && next->op == IR_nop) {
        next++;
    }
    if (next == end || (next->op != IR_gld && next->op != IR_gst) || next->a[1] != o->a[0]
        || !(next->dead & 2) || next->a[0] == o->a[0]
        || ((MemOp)next->n & MO_ALIGN && mo_bytes((MemOp)next->n) > 1)) {
        return false;
    }
    g->sum = o;
    return true;
}

/* register of the address; @index: one to be added, or -1 */
static int address_regs(Gen *g, const IrNode *o, int *index)
{
    if (!g->sum) {
        *index = -1;
        return in_reg(g, o->a[1]);
    }
    *index = in_reg(g, g->sum->a[2]);
    return in_reg(g, g->sum->a[1]);
}

static void release_access(Gen *g, const IrNode *o)
{
    release_dead(g, o);
    if (g->sum) {
        release_dead(g, g->sum);
        g->sum = NULL;
    }
}

void gen_gld(Gen *g, const IrNode *o)
{
    IrType t = (IrType)temp_at(g, o->a[0])->type;
    int index, addr = address_regs(g, o, &index), d;
    bool unused = o->dead & 1;
    Access acc;
    Stub *s;

    if (unused) {
        d = ir_type_is_int(t) ? R11 : XMM15;
    } else {
        int pref = o->dead & 2 && index < 0 && !is_const(g, o->a[1]) ? addr : -1;

        /* a dead address register can take the result: it is read by then on both paths */
        d = g->reg_of[o->a[0]] >= 0 ? g->reg_of[o->a[0]]
            : pref >= 0 && ir_type_is_int(t) ? pref
            : alloc_reg(g, class_of(t), prefers_callee(g, o->a[0]));
    }
    acc = access_begin(g, STUB_LD, addr, o->n, false);
    if (index >= 0) {
        acc.m.index = (int8_t)index;
    }
    s = stub_at(g, acc.slow);
    s->out = (int8_t)d;
    s->type = t;
    note_access(g, stub_at(g, acc.fault));
    load(g, d, acc.m, (MemOp)o->n, t);
    s->back = g->as.p;
    release_access(g, o);
    out_bind(g, o, 0, d);
}

void gen_gst(Gen *g, const IrNode *o)
{
    IrType t = (IrType)temp_at(g, o->a[0])->type;
    int index, addr = address_regs(g, o, &index);
    Val v = val_of(g, o->a[0]);
    Access acc = access_begin(g, STUB_ST, addr, o->n, true);
    Stub *s;

    if (index >= 0) {
        acc.m.index = (int8_t)index;
    }
    s = stub_at(g, acc.slow);
    s->data[0] = v;
    s->type = t;
    note_access(g, stub_at(g, acc.fault));
    store(g, v, acc.m, (MemOp)o->n, t);
    s->back = g->as.p;
    release_access(g, o);
}

/* d = r10, r11 or rax as an access of @mo leaves it */
static void extend(Gen *g, int d, int s, MemOp mo, IrType t)
{
    static const uint32_t opc[2][4] = {
        { X_0F | X_M8 | 0xb6, X_0F | 0xb7, 0x8b, 0x8b | X_W },
        { X_0F | X_M8 | 0xbe, X_0F | 0xbf, 0x63 | X_W, 0x8b | X_W },
    };
    bool sign = mo & MO_SIGN;
    uint32_t op = t == IR_I32 && (mo & MO_SIZE) == MO_32 ? 0x8b : opc[sign][mo & 3];

    a_rr(&g->as, op | (sign && t == IR_I64 ? X_W : 0), d, s);
}

static uint32_t sized(uint32_t opc, MemOp mo)   /* opc: the form for more than a byte */
{
    static const uint32_t add[] = { 0, X_66, 0, X_W };

    return (mo & 3) == MO_8 ? (opc - 1) | X_R8 : opc | add[mo & 3];
}

static void lock_prefix(Gen *g) { a8(&g->as, 0xf0); }

static const uint8_t rmw_alu[] = {
    [IR_gadd - IR_gxchg] = ALU_ADD, [IR_gand - IR_gxchg] = ALU_AND,
    [IR_gor - IR_gxchg] = ALU_OR, [IR_gxor - IR_gxchg] = ALU_XOR,
};

/* old value to r11, or rax for the loop */
static int rmw_body(Gen *g, const IrNode *o, Stub *fault, Mem m, Val v)
{
    Asm *a = &g->as;
    MemOp mo = (MemOp)o->n;
    bool unused = o->dead & 1;
    uint32_t w = (mo & 3) == MO_64 ? X_W : 0;
    int alu = rmw_alu[o->op - IR_gxchg];
    uint8_t *again;

    if (o->op == IR_gxchg || (o->op == IR_gadd && !unused)) {
        a_mov(a, X_W, R11, v.reg);
        note_access(g, fault);
        if (o->op == IR_gadd) {
            lock_prefix(g);
            a_rm(a, sized(X_0F | 0xc1, mo), R11, m);
        } else {
            a_rm(a, sized(0x87, mo), R11, m);
        }
        return R11;
    }
    if (unused) {
        note_access(g, fault);
        lock_prefix(g);
        a_rm(a, sized((uint32_t)alu * 8 + 1, mo), v.reg, m);
        return R11;
    }
    note_access(g, fault);
    a_rm(a, sized(0x8b, mo), RAX, m);
    again = a->p;
    a_mov(a, X_W, R11, RAX);
    a_alu(a, alu, w, R11, v.reg);
    note_access(g, fault);
    lock_prefix(g);
    a_rm(a, sized(X_0F | 0xb1, mo), R11, m);
    a8(a, 0x75);
    a8(a, (unsigned)(again - (a->p + 1)));
    return RAX;
}

void gen_rmw(Gen *g, const IrNode *o)
{
    IrType t = (IrType)temp_at(g, o->a[0])->type;
    MemOp mo = (MemOp)o->n;
    bool unused = o->dead & 1;
    bool loop = !unused && o->op != IR_gxchg && o->op != IR_gadd;
    uint32_t mask = 0xffffffffu;
    int addr, d = -1, old;
    Access acc;
    Stub *s;
    Val v;
    Mem m;

    if (loop) {
        take_fixed(g, RAX);
        mask &= ~REG_BIT(RAX);
    }
    addr = in_reg_mask(g, o->a[1], mask);
    v = (Val){ (int16_t)in_reg_mask(g, o->a[2], mask), 0 };
    if (!unused) {
        int cur = g->reg_of[o->a[0]];

        /* not an operand's register: the slow path may still want it after the fast path's loop */
        d = cur >= 0 && cur != addr && cur != v.reg ? cur
            : alloc_reg(g, GPR_MASK, prefers_callee(g, o->a[0]));
    }
    acc = access_begin(g, STUB_RMW, addr, mo, true);
    m = acc.m;
    if (m.index >= 0) {             /* r10 may be the base already */
        a_lea(&g->as, X_W, R10, m);
        m = mem_at(R10, 0);
    }
    s = stub_at(g, acc.slow);
    s->data[0] = v;
    s->op = o->op;
    s->type = t;
    s->out = (int8_t)d;
    old = rmw_body(g, o, stub_at(g, acc.fault), m, v);
    if (!unused) {
        extend(g, d, old, mo, t);
    }
    s->back = g->as.p;
    release_dead(g, o);
    out_bind(g, o, 0, d);
}

void gen_gcmpxchg(Gen *g, const IrNode *o)
{
    IrType t = (IrType)temp_at(g, o->a[0])->type;
    MemOp mo = (MemOp)o->n;
    const uint32_t mask = ~REG_BIT(RAX);
    bool unused = o->dead & 1;
    int addr, expect, desired, d = -1;
    Access acc;
    Stub *s;

    take_fixed(g, RAX);
    addr = in_reg_mask(g, o->a[1], mask);
    expect = in_reg_mask(g, o->a[2], mask);
    desired = in_reg_mask(g, o->a[3], mask);
    if (!unused) {
        int cur = g->reg_of[o->a[0]];

        d = cur >= 0 && cur != addr && cur != expect && cur != desired ? cur
            : alloc_reg(g, GPR_MASK, prefers_callee(g, o->a[0]));
    }
    a_mov(&g->as, X_W, RAX, expect);
    acc = access_begin(g, STUB_CMPXCHG, addr, mo, true);
    s = stub_at(g, acc.slow);
    s->data[0] = (Val){ (int16_t)expect, 0 };
    s->data[1] = (Val){ (int16_t)desired, 0 };
    s->type = t;
    s->out = (int8_t)d;
    note_access(g, stub_at(g, acc.fault));
    lock_prefix(g);
    a_rm(&g->as, sized(X_0F | 0xb1, mo), desired, acc.m);
    if (!unused) {
        extend(g, d, RAX, mo, t);
    }
    s->back = g->as.p;
    release_dead(g, o);
    out_bind(g, o, 0, d);
}

/* ---- late stores ---- */

static int32_t late_bytes(Gen *g, unsigned value, MemOp mo)
{
    IrType t = (IrType)temp_at(g, value)->type;

    return ir_type_is_int(t) ? (int32_t)mo_bytes(mo & 3) : (int32_t)ir_type_bytes(t);
}

void late_end(Gen *g, const IrNode *o)
{
    int32_t from = (int32_t)o->n, to = from + late_bytes(g, o->a[0], (MemOp)(o->n >> 32));
    unsigned n = 0;

    for (unsigned i = 0; i < g->n_late; i++) {
        const LateStore *l = &g->late[i];

        if (l->base != o->a[1] || l->ofs < from || l->ofs >= to) {
            g->late[n++] = *l;
        }
    }
    g->n_late = n;
}

void gen_st_late(Gen *g, const IrNode *o)
{
    late_end(g, o);
    g_assert(g->n_late < MAX_LATE);
    g->late[g->n_late++] = (LateStore){ o->a[0], o->a[1], (int32_t)o->n, (MemOp)(o->n >> 32) };
    release_dead(g, o);
}

/* ---- stubs ---- */

static const uint32_t st_opc[] = { 0x88 | X_R8, 0x89 | X_66, 0x89, 0x89 | X_W };

/* uses r10, r11, xmm15 */
static void stub_late(Gen *g, const Snap *n)
{
    const IrTemp *base = temp_at(g, n->base);
    IrType t = (IrType)temp_at(g, n->idx)->type;
    int reg = n->val.reg;
    Mem m;

    if (base->kind == IR_KIND_ENV) {
        m = mem_at(RBP, n->ofs - env_bias);
    } else if (n->base_reg >= 0) {
        m = mem_at(n->base_reg, n->ofs);
    } else {
        if (base->kind == IR_KIND_CONST) {
            a_movi(&g->as, R10, base->value, true);
        } else {
            reg_load(g, R10, home_of(g, n->base), IR_I64);
        }
        m = mem_at(R10, n->ofs);
    }
    if (reg == -1) {
        store_const(g, n->val.idx, m, mo_bytes(n->mo));
        return;
    }
    if (reg == VAL_HOME) {
        reg = ir_type_is_int(t) ? R11 : XMM15;
        reg_load(g, reg, home_of(g, n->idx), t);
    }
    if (ir_type_is_int(t)) {
        a_rm(&g->as, st_opc[n->mo & 3], reg, m);
    } else {
        reg_store(g, reg, m, t);
    }
}

static void stub_snapshot(Gen *g, const Stub *s)
{
    for (uint32_t i = 0; i < s->n_snap; i++) {
        const Snap *n = &g_array_index(g->snaps, Snap, s->snap + i);
        const IrTemp *t = temp_at(g, n->idx);
        Mem home;

        if (n->base != IR_NO_ARG) {
            stub_late(g, n);
            continue;
        }
        home = home_of(g, n->idx);
        if (n->val.reg >= 0) {
            reg_store(g, n->val.reg, home, (IrType)t->type);
        } else {
            store_const(g, n->val.idx, home, ir_type_bytes((IrType)t->type));
        }
    }
}

/* an operand of the slow function: zero-extended from the access's size */
static void stub_operand(Gen *g, Val v, unsigned at, MemOp mo, IrType t)
{
    Mem m = mem_at(RSP, FRAME_ARG + (int)at);

    if (v.reg < 0) {
        uint64_t value = temp_at(g, v.idx)->value;

        if ((mo & MO_SIZE) < MO_64) {
            value &= (1ull << (8 * mo_bytes(mo))) - 1;
        }
        a_movi(&g->as, R11, value, true);
        a_rm(&g->as, 0x89 | X_W, R11, m);
    } else if (ir_type_is_int(t)) {
        extend(g, R11, v.reg, mo & MO_SIZE, IR_I64);
        a_rm(&g->as, 0x89 | X_W, R11, m);
    } else {
        reg_store(g, v.reg, m, t);
    }
}

static void stub_access(Gen *g, Stub *s)
{
    Asm *a = &g->as;
    bool wide = s->type == IR_V128;
    int thunk = s->kind == STUB_LD ? (wide ? THUNK_LD128 : THUNK_LD)
                : s->kind == STUB_ST ? (wide ? THUNK_ST128 : THUNK_ST)
                : s->kind == STUB_RMW ? THUNK_RMW : THUNK_CMPXCHG;

    if (s->kind == STUB_ST || s->kind == STUB_RMW || s->kind == STUB_CMPXCHG) {
        if (s->type == IR_F32) {
            a_rm(a, 0xc7 | X_W, 0, mem_at(RSP, FRAME_ARG));
            a32(a, 0);
        }
        stub_operand(g, s->data[0], 0, s->mo, (IrType)s->type);
    }
    if (s->kind == STUB_CMPXCHG) {
        stub_operand(g, s->data[1], 8, s->mo, (IrType)s->type);
    }
    a_mov(a, X_W, R10, s->addr);
    a_movi(a, R11, s->mo | (s->kind == STUB_RMW ? (uint32_t)s->op << 16 : 0), false);
    gen_call_abs(g, thunks.slow[thunk][s->save_xmm]);
    if (s->out >= 0 && s->kind != STUB_ST) {
        if (wide) {
            reg_load(g, s->out, mem_at(RSP, FRAME_ARG), IR_V128);
        } else if (ir_type_is_int((IrType)s->type)) {
            a_mov(a, X_W, s->out, R10);
        } else {
            a_rr(a, X_MOVD_TO | (s->type == IR_F64 ? X_W : 0), s->out, R10);
        }
    }
    a_patch(a_jmp(a), s->back);
}

void stubs_write(Gen *g)
{
    for (unsigned i = 0; i < g->stubs->len; i++) {
        Stub *s = &g_array_index(g->stubs, Stub, i);

        if (g->end - g->as.p < 512 + 48 * (ptrdiff_t)s->n_snap) {
            g->full = true;
            return;
        }
        s->ofs = a_ofs(&g->as);
        for (unsigned j = 0; j < G_N_ELEMENTS(s->jump) && s->jump[j]; j++) {
            a_patch(s->jump[j], g->as.p);
        }
        switch ((StubKind)s->kind) {
        case STUB_FAULT:
            stub_snapshot(g, s);
            gen_call_abs(g, thunks.fault);
            break;
        case STUB_EXIT:
            stub_snapshot(g, s);
            gen_exit_value(g, TB_EXIT_REQUESTED);
            break;
        case STUB_EDGE:
            stub_snapshot(g, s);
            label_jump(g, a_jmp(&g->as), s->op);
            break;
        case STUB_LOOKUP:
            gen_jmp_abs(g, thunks.lookup);
            break;
        default:
            stub_snapshot(g, s);
            stub_access(g, s);
            break;
        }
    }
}
