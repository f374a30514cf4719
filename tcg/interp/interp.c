/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interpreter: runs the same IR without generating code. Each op's meaning is irops.def's last
 * column. A block is a header, its ops with operands resolved to one of three bases (guest state,
 * frame, the block's own constants), and the constants.
 *
 * The guest state is always written back, so that a fault needs only the running instruction's
 * words (tcg_interp_insn). System programs reach guest memory by the runtime's slow functions,
 * user programs directly.
 */
#include "tcg/ir-internal.h"
#include "tcg/ireval.h"

enum { BASE_ENV, BASE_FRAME, BASE_CODE, N_BASES };

typedef struct Insn {
    uint16_t op;
    uint8_t type, dtype;            /* of the operands, of a[0] */
    int32_t a[7];                   /* offset << 2 | base */
    uint64_t n;                     /* as IrNode; branches: index of the target */
    const void *chained;            /* goto_tb: next block */
} Insn;

typedef struct Code {
    const void *tb;
    uint64_t flags;
    uint32_t n_ops;
    Insn ops[];
} Code;

typedef struct Running {
    bool active;
    uint64_t words[IR_INSN_WORDS];
} Running;
static __thread Running running;

#define INTERP_RA ((uintptr_t)1)    /* not 0: the instruction's words are still to be applied */

bool tcg_interp_insn(uint64_t words[IR_INSN_WORDS])
{
    memcpy(words, running.words, sizeof(running.words));
    return running.active;
}

/* ---- making the compact form ---- */

static int32_t operand(IrBlock *b, unsigned idx, uint8_t *rw, uint8_t **p, int32_t *const_ofs)
{
    const IrTemp *t = ir_temp_at(b, idx);

    switch ((IrKind)t->kind) {
    case IR_KIND_GLOBAL:
        return (int32_t)((uint32_t)t->ofs << 2) | BASE_ENV;
    case IR_KIND_CONST:
        if (const_ofs[idx] == 0) {
            memcpy(*p, &t->value, 8);
            const_ofs[idx] = (int32_t)(*p - rw);
            *p += 8;
        }
        return (int32_t)((uint32_t)const_ofs[idx] << 2) | BASE_CODE;
    default:        /* env is kept at the frame's start */
        return (int32_t)((idx - ir_n_globals) * 16 << 2) | BASE_FRAME;
    }
}

bool tcg_interp_compile(IrBlock *b, const void *tb, uint64_t flags, const uint8_t *rx, uint8_t *rw,
                        size_t room_bytes, TcgCode *out)
{
    static __thread int32_t const_ofs[IR_MAX_TEMPS];
    uint32_t label_at[IR_MAX_LABELS] = { 0 };
    size_t need = sizeof(Code) + b->n_ops * sizeof(Insn) + b->n_temps * 8;
    Code *code = (Code *)rw;
    uint8_t *p = rw + sizeof(Code) + b->n_ops * sizeof(Insn);

    if (need > room_bytes) {
        return false;
    }
    memset(const_ofs, 0, b->n_temps * sizeof(const_ofs[0]));
    *out = (TcgCode){ .entry = rx, .jump_patch = { -1, -1 }, .jump_reset = { -1, -1 } };
    *code = (Code){ .tb = tb, .flags = flags, .n_ops = b->n_ops };
    for (unsigned i = 0; i < b->n_ops; i++) {
        if (b->ops[i].op == IR_label) {
            label_at[b->ops[i].n] = i;
        }
    }
    for (unsigned i = 0; i < b->n_ops; i++) {
        const IrNode *o = &b->ops[i];
        Insn *d = &code->ops[i];

        *d = (Insn){ .op = o->op, .type = o->type, .n = o->n };
        if (o->op == IR_insn_start) {
            memcpy(d->a, o->a, 8);
            continue;
        }
        if (o->n_out + o->n_in) {
            d->dtype = ir_temp_at(b, o->a[0])->type;
        }
        for (int j = 0; j < o->n_out + o->n_in; j++) {
            d->a[j] = operand(b, o->a[j], rw, &p, const_ofs);
        }
        if (o->op == IR_br) {
            d->n = label_at[o->n];
        } else if (o->op == IR_brcond) {
            d->n = label_at[(uint32_t)o->n] | (o->n >> 32) << 32;
        } else if (o->op == IR_goto_tb) {
            out->jump_patch[o->n] = (int32_t)((uint8_t *)&d->chained - rw);
            out->jump_reset[o->n] = 0;
        } else if (o->op == IR_call) {
            /* the call's result is a[0] even if there is none */
            if (!o->n_out) {
                memmove(&d->a[1], &d->a[0], 6 * sizeof(d->a[0]));
                d->dtype = IR_VOID;
            }
        }
    }
    out->size_bytes = (uint32_t)((p - rw + 15) & ~15);
    return true;
}

/* ---- guest memory ---- */

static uint64_t cut(uint64_t v, MemOp mo)
{
    unsigned shift = 64 - 8 * mo_bytes(mo & 3);

    return mo & MO_SIGN ? (uint64_t)((int64_t)(v << shift) >> shift) : v << shift >> shift;
}

typedef struct { uint16_t v; } __attribute__((packed)) Any16;     /* at any address */
typedef struct { uint32_t v; } __attribute__((packed)) Any32;
typedef struct { uint64_t v; } __attribute__((packed)) Any64;

static void *user_hva(uint64_t addr) { return (void *)(tcg_rt.guest_base + addr); }

/* a user program's access that its guest wants to be aligned */
static bool misaligned(uint64_t addr, MemOp mo)
{
    return mo & MO_ALIGN && addr & (mo_bytes(mo) - 1);
}

/* Addresses are the guest's: null or misaligned ones are its business. */
#define GUEST_ADDRESSES __attribute__((no_sanitize("null", "alignment", "pointer-overflow")))

GUEST_ADDRESSES static uint64_t guest_ld(void *env, uint64_t addr, MemOp mo)
{
    uint64_t v = 0;

    if (tcg_rt.softmmu || misaligned(addr, mo)) {
        return tcg_rt.ld(env, addr, mo, INTERP_RA);
    }
    switch (mo & MO_SIZE) {
    case MO_8: v = *(volatile uint8_t *)user_hva(addr); break;
    case MO_16: v = ((volatile Any16 *)user_hva(addr))->v; break;
    case MO_32: v = ((volatile Any32 *)user_hva(addr))->v; break;
    case MO_64: v = ((volatile Any64 *)user_hva(addr))->v; break;
    }
    return cut(v, mo);
}

GUEST_ADDRESSES static void guest_st(void *env, uint64_t addr, uint64_t v, MemOp mo)
{
    if (tcg_rt.softmmu || misaligned(addr, mo)) {
        tcg_rt.st(env, addr, v, mo, INTERP_RA);
        return;
    }
    switch (mo & MO_SIZE) {
    case MO_8: *(volatile uint8_t *)user_hva(addr) = (uint8_t)v; break;
    case MO_16: ((volatile Any16 *)user_hva(addr))->v = (uint16_t)v; break;
    case MO_32: ((volatile Any32 *)user_hva(addr))->v = (uint32_t)v; break;
    case MO_64: ((volatile Any64 *)user_hva(addr))->v = v; break;
    }
}

static __m128i guest_ld128(void *env, uint64_t addr, MemOp mo)
{
    __m128i v;

    if (tcg_rt.softmmu || misaligned(addr, mo)) {
        tcg_rt.ld128(env, addr, mo, INTERP_RA, &v);
        return v;
    }
    return _mm_loadu_si128(user_hva(addr));
}

static void guest_st128(void *env, uint64_t addr, __m128i v, MemOp mo)
{
    if (tcg_rt.softmmu || misaligned(addr, mo)) {
        tcg_rt.st128(env, addr, mo, INTERP_RA, &v);
        return;
    }
    _mm_storeu_si128(user_hva(addr), v);
}

static bool host_cmpxchg(void *hva, uint64_t *expect, uint64_t desired, MemOp mo)
{
    bool done;

#define CMPXCHG(T) __extension__ ({                                                            \
        T old_ = (T)*expect;                                                                   \
        done = __atomic_compare_exchange_n((T *)hva, &old_, (T)desired, false,                 \
                                           __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                \
        *expect = old_; })
    switch (mo & 3) {
    case MO_8: CMPXCHG(uint8_t); break;
    case MO_16: CMPXCHG(uint16_t); break;
    case MO_32: CMPXCHG(uint32_t); break;
    default: CMPXCHG(uint64_t); break;
    }
#undef CMPXCHG
    return done;
}

static uint64_t rmw_result(IrOp op, uint64_t a, uint64_t b)
{
    switch (op) {
    case IR_gadd: return a + b;
    case IR_gand: return a & b;
    case IR_gor: return a | b;
    case IR_gxor: return a ^ b;
    default: return b;
    }
}

static uint64_t guest_rmw(void *env, uint64_t addr, uint64_t v, MemOp mo, IrOp op)
{
    uint64_t old;

    v = cut(v, mo & MO_SIZE);
    if (tcg_rt.softmmu || misaligned(addr, mo)) {
        return tcg_rt.rmw(env, addr, v, mo, op, INTERP_RA);
    }
    old = guest_ld(env, addr, mo & MO_SIZE);
    while (!host_cmpxchg(user_hva(addr), &old, rmw_result(op, old, v), mo)) {
    }
    return cut(old, mo);
}

static uint64_t guest_cmpxchg(void *env, uint64_t addr, uint64_t expect, uint64_t desired,
                              MemOp mo)
{
    expect = cut(expect, mo & MO_SIZE);
    desired = cut(desired, mo & MO_SIZE);
    if (tcg_rt.softmmu || misaligned(addr, mo)) {
        return tcg_rt.cmpxchg(env, addr, expect, desired, mo, INTERP_RA);
    }
    host_cmpxchg(user_hva(addr), &expect, desired, mo);
    return cut(expect, mo);
}

/* ---- running ---- */

typedef struct Frame {
    char *base[N_BASES];
    void *env;
} Frame;

static inline void *at(const Frame *f, int32_t a) { return f->base[a & 3] + (a >> 2); }

static inline uint64_t rd(const Frame *f, int32_t a, unsigned type)
{
    return type == IR_I32 || type == IR_F32 ? *(uint32_t *)at(f, a) : *(uint64_t *)at(f, a);
}

static inline void wr(const Frame *f, int32_t a, unsigned type, uint64_t v)
{
    if (type == IR_I32 || type == IR_F32) {
        *(uint32_t *)at(f, a) = (uint32_t)v;
    } else {
        *(uint64_t *)at(f, a) = v;
    }
}

static inline __m128 rd_s(const Frame *f, int32_t a) { return _mm_load_ss(at(f, a)); }
static inline __m128d rd_d(const Frame *f, int32_t a) { return _mm_load_sd(at(f, a)); }
static inline __m128i rd_v(const Frame *f, int32_t a) { return _mm_loadu_si128(at(f, a)); }
static inline void wr_s(const Frame *f, int32_t a, __m128 v) { _mm_store_ss(at(f, a), v); }
static inline void wr_d(const Frame *f, int32_t a, __m128d v) { _mm_store_sd(at(f, a), v); }
static inline void wr_v(const Frame *f, int32_t a, __m128i v) { _mm_storeu_si128(at(f, a), v); }

static uint64_t load_as(const void *p, MemOp mo)
{
    uint64_t v = 0;

    memcpy(&v, p, mo_bytes(mo & 3));
    return cut(v, mo);
}

static void op_memory(const Frame *f, const Insn *o)
{
    bool host_mem = o->op == IR_ld || o->op == IR_st || o->op == IR_st_late;
    MemOp mo = host_mem ? (MemOp)(o->n >> 32) : (MemOp)o->n;
    bool wide = o->dtype == IR_V128;
    uint64_t addr = rd(f, o->a[1], IR_I64);
    void *host = (char *)addr + (int32_t)o->n, *env = f->env;
    uint64_t v;

    switch (o->op) {
    case IR_ld:
        if (wide) {
            wr_v(f, o->a[0], _mm_loadu_si128(host));
        } else {
            wr(f, o->a[0], o->dtype, load_as(host, mo));
        }
        break;
    case IR_st: case IR_st_late:
        if (wide) {
            _mm_storeu_si128(host, rd_v(f, o->a[0]));
        } else {
            v = rd(f, o->a[0], o->dtype);
            memcpy(host, &v, mo_bytes(mo & 3));
        }
        break;
    case IR_gld:
        addr += (uint64_t)(int64_t)(int32_t)(o->n >> 32);
        if (wide) {
            wr_v(f, o->a[0], guest_ld128(env, addr, mo));
        } else {
            wr(f, o->a[0], o->dtype, guest_ld(env, addr, mo));
        }
        break;
    case IR_gst:
        addr += (uint64_t)(int64_t)(int32_t)(o->n >> 32);
        if (wide) {
            guest_st128(env, addr, rd_v(f, o->a[0]), mo);
        } else {
            guest_st(env, addr, cut(rd(f, o->a[0], o->dtype), mo & MO_SIZE), mo);
        }
        break;
    case IR_gcmpxchg:
        wr(f, o->a[0], o->dtype, guest_cmpxchg(env, addr, rd(f, o->a[2], o->dtype),
                                               rd(f, o->a[3], o->dtype), mo));
        break;
    default:
        wr(f, o->a[0], o->dtype, guest_rmw(env, addr, rd(f, o->a[2], o->dtype), mo, (IrOp)o->op));
        break;
    }
}

typedef uint64_t AnyFn(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                       double, double, double, double, double, double);
typedef double AnyFnF(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                      double, double, double, double, double, double);

/* the ABI passes integers and floats in registers of their own: one shape fits all helpers */
__attribute__((no_sanitize("undefined")))
static void op_call(const Frame *f, const Insn *o)
{
    const IrHelper *h = (const IrHelper *)(uintptr_t)o->n;
    union { uint64_t u; double d; } x[IR_MAX_ARGS] = { { 0 } }, r;
    uint64_t i[IR_MAX_ARGS] = { 0 };
    unsigned ni = 0, nx = 0;

    for (unsigned k = 0; k < h->n_args; k++) {
        uint64_t v = rd(f, o->a[1 + k], h->args[k]);

        if (ir_type_is_int((IrType)h->args[k])) {
            i[ni++] = v;
        } else {
            x[nx++].u = v;
        }
    }
    if (h->ret == IR_F32 || h->ret == IR_F64) {
        r.d = ((AnyFnF *)h->fn)(i[0], i[1], i[2], i[3], i[4], i[5], x[0].d, x[1].d, x[2].d,
                                x[3].d, x[4].d, x[5].d);
    } else {
        r.u = ((AnyFn *)h->fn)(i[0], i[1], i[2], i[3], i[4], i[5], x[0].d, x[1].d, x[2].d,
                               x[3].d, x[4].d, x[5].d);
    }
    if (o->dtype != IR_VOID) {
        wr(f, o->a[0], o->dtype, r.u);
    }
}

static void x87_push(const void *p, X87Fmt fmt)
{
    switch (fmt) {
    case X87_F32: __asm__ volatile("flds %0" : : "m"(*(const uint32_t *)p)); break;
    case X87_F64: __asm__ volatile("fldl %0" : : "m"(*(const uint64_t *)p)); break;
    case X87_F80: __asm__ volatile("fldt %0" : : "m"(*(const char (*)[10])p)); break;
    case X87_I32: __asm__ volatile("fildl %0" : : "m"(*(const uint32_t *)p)); break;
    case X87_I64: __asm__ volatile("fildll %0" : : "m"(*(const uint64_t *)p)); break;
    }
}

static void x87_pop(void *p, X87Fmt fmt)
{
    switch (fmt) {
    case X87_F32: __asm__ volatile("fstps %0" : "=m"(*(uint32_t *)p)); break;
    case X87_F64: __asm__ volatile("fstpl %0" : "=m"(*(uint64_t *)p)); break;
    case X87_F80: __asm__ volatile("fstpt %0" : "=m"(*(char (*)[10])p)); break;
    case X87_I32: __asm__ volatile("fistpl %0" : "=m"(*(uint32_t *)p)); break;
    case X87_I64: __asm__ volatile("fistpll %0" : "=m"(*(uint64_t *)p)); break;
    }
}

/* The x87 stack is used between these statements only; the compiler does not use it at all here. */
static void op_x87(const Frame *f, const Insn *o)
{
    void *p[3];

    for (unsigned i = 0; i < 3; i++) {
        p[i] = (char *)(uintptr_t)rd(f, o->a[i], IR_I64) + x87_ofs(o->n, i);
    }
    if (x87_is_binary(x87_op(o->n))) {
        x87_push(p[2], x87_fmt(o->n, 2));
    }
    x87_push(p[1], x87_fmt(o->n, 1));
    switch (x87_op(o->n)) {
    case X87_ADD: __asm__ volatile("faddp %st, %st(1)"); break;
    case X87_SUB: __asm__ volatile("fsub %st(1), %st\n\tfstp %st(1)"); break;
    case X87_RSUB: __asm__ volatile("fsubr %st(1), %st\n\tfstp %st(1)"); break;
    case X87_MUL: __asm__ volatile("fmulp %st, %st(1)"); break;
    case X87_DIV: __asm__ volatile("fdiv %st(1), %st\n\tfstp %st(1)"); break;
    case X87_SQRT: __asm__ volatile("fsqrt"); break;
    default: break;
    }
    x87_pop(p[0], x87_fmt(o->n, 0));
}

/* the next block's code */
static const void *op_goto_ptr(const Frame *f, const Code *code, const Insn *o)
{
    uint64_t pc = rd(f, o->a[0], IR_I64);
    const JumpCacheEntry *jc = *(JumpCacheEntry **)((char *)f->env + tcg_rt.ofs_jump_cache);

    if (o->n && jc) {
        uint64_t flags = o->n == 2 ? rd(f, o->a[1], IR_I64) : code->flags;

        jc += tb_jump_hash(pc);
        if (jc->pc == pc && jc->flags == flags && jc->code) {
            return jc->code;
        }
    }
    return tcg_rt.lookup_tb(f->env);
}

/* one macro a signature: fetch operands, evaluate, store */
#define EX_CTL(m)       break;
#define EX_X_X(m)       if (o->dtype == IR_V128) { wr_v(f, o->a[0], rd_v(f, o->a[1])); } \
                        else { wr(f, o->a[0], o->dtype, rd(f, o->a[1], o->dtype)); } break;
#define INT1            const uint64_t a = rd(f, o->a[1], o->type);
#define INT2            INT1 const uint64_t b = rd(f, o->a[2], o->type);
#define PUT(m)          wr(f, o->a[0], o->dtype, (m)); break;
#define EX_I_II(m)      { INT2 PUT(m) }
#define EX_II_II(m)     { const uint64_t a = rd(f, o->a[2], o->type), \
                          b = rd(f, o->a[3], o->type); uint64_t hi, lo = (m); \
                          wr(f, o->a[0], o->type, lo); wr(f, o->a[1], o->type, hi); break; }
#define EX_I_I(m)       { INT1 PUT(m) }
#define EX_W_L(m)       { INT1 PUT(m) }
#define EX_L_W(m)       { INT1 PUT(m) }
#define EX_I_IIn(m)     { INT2 PUT(m) }
#define EX_I_In(m)      { INT1 PUT(m) }
#define EX_J_IIn(m)     { INT2 PUT(m) }
#define EX_W_WW(m)      { const uint32_t a = (uint32_t)rd(f, o->a[1], IR_I32), \
                          b = (uint32_t)rd(f, o->a[2], IR_I32); PUT(m) }
#define EX_L_LL(m)      { INT2 PUT(m) }
#define EX_J_F(m)       { INT1 PUT(m) }
#define EX_F_J(m)       { INT1 PUT(m) }
#define VA(n)           __m128i A = rd_v(f, o->a[n]);
#define VB(n)           __m128i B = rd_v(f, o->a[n]);
#define PUTV(m)         wr_v(f, o->a[0], (m)); break;
#define EX_V_L(m)       { INT1 PUTV(m) }
#define EX_V_W(m)       { INT1 PUTV(m) }
#define EX_L_V(m)       { VA(1) PUT(m) }
#define EX_W_V(m)       { VA(1) PUT(m) }
#define EX_V_VLn(m)     { VA(1) const uint64_t b = rd(f, o->a[2], IR_I64); PUTV(m) }
#define EX_V_VWn(m)     { VA(1) const uint32_t b = (uint32_t)rd(f, o->a[2], IR_I32); PUTV(m) }
#define EX_S_V(m)       { VA(1) wr_s(f, o->a[0], (m)); break; }
#define EX_D_V(m)       { VA(1) wr_d(f, o->a[0], (m)); break; }
#define EX_V_VS(m)      { VA(1) __m128 B = rd_s(f, o->a[2]); PUTV(m) }
#define EX_V_VD(m)      { VA(1) __m128d B = rd_d(f, o->a[2]); PUTV(m) }
#define EX_V_S(m)       { __m128 A = rd_s(f, o->a[1]); PUTV(m) }
#define EX_V_D(m)       { __m128d A = rd_d(f, o->a[1]); PUTV(m) }
#define EX_W_Vn(m)      { VA(1) PUT(m) }
#define EX_L_Vn(m)      { VA(1) PUT(m) }
#define EX_W_VV(m)      { VA(1) VB(2) PUT(m) }
#define S1              __m128 A = rd_s(f, o->a[1]);
#define S2              S1 __m128 B = rd_s(f, o->a[2]);
#define D1              __m128d A = rd_d(f, o->a[1]);
#define D2              D1 __m128d B = rd_d(f, o->a[2]);
#define PUTS(m)         wr_s(f, o->a[0], (m)); break;
#define PUTD(m)         wr_d(f, o->a[0], (m)); break;
#define EX_S_SS(m)      { S2 PUTS(m) }
#define EX_S_S(m)       { S1 PUTS(m) }
#define EX_S_SSn(m)     { S2 PUTS(m) }
#define EX_S_Sn(m)      { S1 PUTS(m) }
#define EX_D_DD(m)      { D2 PUTD(m) }
#define EX_D_D(m)       { D1 PUTD(m) }
#define EX_D_DDn(m)     { D2 PUTD(m) }
#define EX_D_Dn(m)      { D1 PUTD(m) }
#define EX_W_SS(m)      { S2 PUT(m) }
#define EX_W_DD(m)      { D2 PUT(m) }
#define EX_S_J(m)       { INT1 PUTS(m) }
#define EX_D_J(m)       { INT1 PUTD(m) }
#define JW              const unsigned W = o->dtype == IR_I32 ? 32 : 64;
#define EX_J_S(m)       { S1 JW PUT(m) }
#define EX_J_D(m)       { D1 JW PUT(m) }
#define EX_D_S(m)       { S1 PUTD(m) }
#define EX_S_D(m)       { D1 PUTS(m) }
#define EX_V_VV(m)      { VA(1) VB(2) PUTV(m) }
#define EX_V_V(m)       { VA(1) PUTV(m) }
#define EX_V_VVn(m)     { VA(1) VB(2) PUTV(m) }
#define EX_V_Vn(m)      { VA(1) PUTV(m) }
#define EX_W_SSn(m)     { S2 PUT(m) }
#define EX_W_DDn(m)     { D2 PUT(m) }
#define EX_S_SSS(m)     { S2 __m128 C = rd_s(f, o->a[3]); PUTS(m) }
#define EX_D_DDD(m)     { D2 __m128d C = rd_d(f, o->a[3]); PUTD(m) }
#define EX_V_VVV(m)     { VA(1) VB(2) __m128i C = rd_v(f, o->a[3]); PUTV(m) }

static void op_pure(const Frame *f, const Insn *o)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
    const unsigned W G_GNUC_UNUSED = o->type == IR_I32 ? 32 : 64;
    const uint64_t N = o->n;

    switch ((IrOp)o->op) {
#define IROP(n, sig, flags, host, means) case IR_##n: EX_##sig(means)
#include "tcg/irops.def"
#undef IROP
    case IR_N_OPS: break;
    }
#pragma GCC diagnostic pop
}

/* runs one block; NULL: *result is the exit value, else the next block */
static const void *run_block(Frame *f, const Code *code, uintptr_t *result)
{
    const Insn *o = code->ops;
    uint64_t pick;

    f->base[BASE_CODE] = (char *)(uintptr_t)code;
    for (;; o++) {
        switch (o->op) {
        case IR_nop: case IR_label:
            break;
        case IR_insn_start:
            running.words[0] = o->n;
            memcpy(&running.words[1], o->a, 8);
            break;
        case IR_movcond:
            pick = ev_cond((IrCond)o->n, rd(f, o->a[1], o->type), rd(f, o->a[2], o->type),
                           o->type == IR_I32 ? (int32_t)rd(f, o->a[1], IR_I32)
                                             : (int64_t)rd(f, o->a[1], IR_I64),
                           o->type == IR_I32 ? (int32_t)rd(f, o->a[2], IR_I32)
                                             : (int64_t)rd(f, o->a[2], IR_I64)) ? 3 : 4;
            if (o->dtype == IR_V128) {
                wr_v(f, o->a[0], rd_v(f, o->a[pick]));
            } else {
                wr(f, o->a[0], o->dtype, rd(f, o->a[pick], o->dtype));
            }
            break;
        case IR_env_ptr:
            wr(f, o->a[0], IR_I64, (uintptr_t)f->env + (uint64_t)(int64_t)(int32_t)o->n);
            break;
        case IR_ld: case IR_st: case IR_st_late: case IR_gld: case IR_gst: case IR_gxchg:
        case IR_gadd:
        case IR_gand: case IR_gor: case IR_gxor: case IR_gcmpxchg:
            op_memory(f, o);
            break;
        case IR_x87:
            op_x87(f, o);
            break;
        case IR_mb:
            __atomic_thread_fence(__ATOMIC_SEQ_CST);
            break;
        case IR_br:
            o = &code->ops[o->n];
            break;
        case IR_brcond:
            if (ir_eval_cond((IrCond)(o->n >> 32), (IrType)o->type, rd(f, o->a[0], o->type),
                             rd(f, o->a[1], o->type))) {
                o = &code->ops[(uint32_t)o->n];
            }
            break;
        case IR_call:
            op_call(f, o);
            break;
        case IR_exit_check:
            if (__atomic_load_n((int32_t *)((char *)f->env + tcg_rt.ofs_exit_request),
                                __ATOMIC_RELAXED) < 0) {
                *result = (uintptr_t)code->tb | TB_EXIT_REQUESTED;
                return NULL;
            }
            break;
        case IR_goto_tb: {
            const void *next = __atomic_load_n(&o->chained, __ATOMIC_ACQUIRE);

            if (next) {
                return next;
            }
            break;
        }
        case IR_exit:
            *result = (uintptr_t)code->tb | o->n;
            return NULL;
        case IR_goto_ptr:
            return op_goto_ptr(f, code, o);
        case IR_goto_host:
            return (const void *)rd(f, o->a[0], IR_I64);
        default:
            op_pure(f, o);
            break;
        }
    }
}

/* ---- entry ---- */

static union {
    uint8_t bytes[sizeof(Code) + sizeof(Insn)];
    Code code;
} exit_stub;

void tcg_interp_init(void)
{
    exit_stub.code.n_ops = 1;
    exit_stub.code.ops[0] = (Insn){ .op = IR_exit, .n = TB_EXIT_PLAIN };
}

const void *tcg_interp_exit_stub(void) { return &exit_stub; }

uintptr_t tcg_interp_run(void *env, const void *entry)
{
    char slots[IR_MAX_TEMPS * 16] __attribute__((aligned(16)));
    Frame f = { .base = { [BASE_ENV] = env, [BASE_FRAME] = slots }, .env = env };
    uintptr_t result = 0;

    memcpy(slots, &env, sizeof(env));
    running.active = true;
    tcg_fp_enter(env);
    while (entry) {
        entry = run_block(&f, entry, &result);
    }
    tcg_fp_leave(env);
    running.active = false;
    return result;
}
