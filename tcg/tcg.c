/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both back ends share: choice, passes, chaining, MXCSR, the side table. */
#include "ir-internal.h"

TcgRuntime tcg_rt;
TcgStats tcg_stats;

static TcgBackend backend = TCG_BACKEND_NATIVE;

void tcg_set_backend(TcgBackend b) { backend = b; }
TcgBackend tcg_backend(void) { return backend; }

void tcg_init(const TcgRuntime *rt)
{
    tcg_rt = *rt;
    tcg_native_init();
    tcg_interp_init();
}

bool tcg_compile(IrBlock *b, const void *tb, uint64_t flags, const uint8_t *rx, uint8_t *rw,
                 size_t room_bytes, TcgCode *out)
{
    TcgCompileFn *compile = backend == TCG_BACKEND_NATIVE ? tcg_native_compile
                                                          : tcg_interp_compile;

    g_assert(((uintptr_t)tb & 7) == 0);
    tcg_optimise(b);
    if (b->overflow || !compile(b, tb, flags, rx, rw, room_bytes, out)) {
        return false;
    }
    __atomic_fetch_add(&tcg_stats.n_blocks, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&tcg_stats.n_ops, b->n_ops, __ATOMIC_RELAXED);
    __atomic_fetch_add(&tcg_stats.code_bytes, out->size_bytes, __ATOMIC_RELAXED);
    return true;
}

void tcg_optimise(IrBlock *b)
{
    if (b->optimised || b->overflow) {
        return;
    }
    b->limit = IR_MAX_TEMPS;
    ir_opt_types(b);
    ir_opt_forward(b);
    ir_late_stores(b);
    ir_liveness(b);
    b->optimised = true;
}

void tcg_chain(const TcgCode *code, uint8_t *rw_entry, unsigned slot, const void *dest)
{
    const uint8_t *entry = code->entry;
    int32_t at = code->jump_patch[slot];

    if (at < 0) {
        return;
    }
    if (backend == TCG_BACKEND_INTERP) {
        __atomic_store_n((const void **)(rw_entry + at), dest, __ATOMIC_RELEASE);
        return;
    }
    if (!dest) {
        dest = entry + code->jump_reset[slot];
    }
    /* aligned to 4 by the back end: a host thread that runs it sees the old or the new one */
    __atomic_store_n((int32_t *)(rw_entry + at),
                     (int32_t)((const uint8_t *)dest - (entry + at + 4)), __ATOMIC_RELEASE);
}

uintptr_t tcg_run(void *env, const void *entry)
{
    return backend == TCG_BACKEND_NATIVE ? tcg_native_run(env, entry)
                                         : tcg_interp_run(env, entry);
}

const void *tcg_exit_stub(void)
{
    return backend == TCG_BACKEND_NATIVE ? tcg_native_exit_stub() : tcg_interp_exit_stub();
}

/* ---- the guest's MXCSR ---- */

#define MXCSR_DEFAULT   0x1f80u     /* also: all exceptions masked */

static uint32_t *mxcsr_slot(void *env) { return (uint32_t *)((char *)env + tcg_rt.ofs_mxcsr); }

void tcg_fp_enter(void *env)
{
    uint32_t v = *mxcsr_slot(env) | MXCSR_DEFAULT;

    __asm__ volatile("ldmxcsr %0" : : "m"(v));
}

void tcg_fp_leave(void *env)
{
    uint32_t v;

    __asm__ volatile("stmxcsr %0" : "=m"(v));
    *mxcsr_slot(env) |= v & 0x3f;
    v = MXCSR_DEFAULT;
    __asm__ volatile("ldmxcsr %0" : : "m"(v));
}

/* ---- side table ---- */

static uint8_t *put_uleb(uint8_t *p, uint8_t *end, uint64_t v)
{
    if (!p || end - p < 10) {
        return NULL;
    }
    while (v >= 0x80) {
        *p++ = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    *p++ = (uint8_t)v;
    return p;
}

static uint8_t *put_sleb(uint8_t *p, uint8_t *end, uint64_t v)      /* zigzag */
{
    return put_uleb(p, end, v << 1 ^ (uint64_t)((int64_t)v >> 63));
}

static uint64_t get_uleb(const uint8_t **p)
{
    uint64_t v = 0;

    for (unsigned shift = 0; ; shift += 7) {
        uint8_t byte = *(*p)++;

        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            return v;
        }
    }
}

static uint64_t get_sleb(const uint8_t **p)
{
    uint64_t v = get_uleb(p);

    return v >> 1 ^ -(v & 1);
}

uint8_t *tcg_side_write(uint8_t *p, uint8_t *end, const SideInsn *insns, size_t n_insns,
                        const SideStub *stubs, size_t n_stubs, const SideAccess *acc, size_t n_acc)
{
    SideInsn last = { 0 };
    SideStub last_stub = { 0 };
    uint32_t last_acc = 0;

    p = put_uleb(p, end, n_insns);
    for (size_t i = 0; i < n_insns; i++) {
        p = put_uleb(p, end, insns[i].ofs - last.ofs);
        for (int w = 0; w < IR_INSN_WORDS; w++) {
            p = put_sleb(p, end, insns[i].words[w] - last.words[w]);
        }
        last = insns[i];
    }
    p = put_uleb(p, end, n_stubs);
    for (size_t i = 0; i < n_stubs; i++) {
        p = put_uleb(p, end, stubs[i].ofs - last_stub.ofs);
        p = put_sleb(p, end, (uint64_t)stubs[i].insn_idx - last_stub.insn_idx);
        last_stub = stubs[i];
    }
    p = put_uleb(p, end, n_acc);
    for (size_t i = 0; i < n_acc; i++) {
        p = put_uleb(p, end, acc[i].ofs - last_acc);
        p = put_uleb(p, end, acc[i].stub_ofs - acc[i].ofs);
        last_acc = acc[i].ofs;
    }
    return p;
}

/* offset of a host address in the block, or false */
static bool code_ofs(const TcgCode *code, uintptr_t pc, uint32_t *ofs)
{
    uintptr_t d = pc - (uintptr_t)code->entry;

    *ofs = (uint32_t)d;
    return code->side_table && d < code->size_bytes;
}

/* the last insn that starts at or before @ofs, or insn @stop_at */
static bool read_insns(const uint8_t **p, uint32_t ofs, uint64_t stop_at,
                       uint64_t words[IR_INSN_WORDS])
{
    uint64_t n = get_uleb(p), now[IR_INSN_WORDS] = { 0 };
    uint32_t at = 0;
    bool found = false;

    for (uint64_t i = 0; i < n; i++) {
        at += (uint32_t)get_uleb(p);
        for (int w = 0; w < IR_INSN_WORDS; w++) {
            now[w] += get_sleb(p);
        }
        if (at <= ofs && i <= stop_at) {
            memcpy(words, now, sizeof(now));
            found = true;
        }
    }
    return found;
}

/* the insn of the run of stubs that holds @ofs */
static bool read_stubs(const uint8_t **p, uint32_t ofs, uint64_t *insn)
{
    uint64_t n = get_uleb(p), idx = 0;
    uint32_t at = 0;
    bool found = false;

    for (uint64_t i = 0; i < n; i++) {
        at += (uint32_t)get_uleb(p);
        idx += get_sleb(p);
        if (at <= ofs) {
            *insn = idx;
            found = true;
        }
    }
    return found;
}

bool tcg_find_insn(const TcgCode *code, uintptr_t ra, uint64_t words[IR_INSN_WORDS])
{
    const uint8_t *p = code->side_table;
    uint64_t insn;
    uint32_t ofs;
    bool found;

    /* a return address may already belong to what follows the call */
    if (!code_ofs(code, ra - 1, &ofs)) {
        return false;
    }
    found = read_insns(&p, ofs, UINT64_MAX, words);
    if (found && read_stubs(&p, ofs, &insn)) {
        p = code->side_table;
        read_insns(&p, ofs, insn, words);
    }
    return found;
}

const void *tcg_find_fault_stub(const TcgCode *code, uintptr_t host_pc)
{
    const uint8_t *p = code->side_table;
    uint64_t words[IR_INSN_WORDS], n, insn;
    uint32_t ofs, at = 0;

    if (!code_ofs(code, host_pc, &ofs)) {
        return NULL;
    }
    read_insns(&p, ofs, UINT64_MAX, words);
    read_stubs(&p, ofs, &insn);
    n = get_uleb(&p);
    for (uint64_t i = 0; i < n; i++) {
        uint32_t stub;

        at += (uint32_t)get_uleb(&p);
        stub = at + (uint32_t)get_uleb(&p);
        if (at == ofs) {
            return (const uint8_t *)code->entry + stub;
        }
    }
    return NULL;
}
