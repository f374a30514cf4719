/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls: one row each. Input is copied once; sets of processors are bounded by their page. */
#include <inttypes.h>
#include <string.h>
#include "hyperv-internal.h"
#include "util/log.h"
#include "util/wire.h"

typedef struct HvCall {
    CPUX86State *env;
    uint64_t in[2];             /* fast: the input; slow: gpas of in- and output */
    bool fast;
    unsigned code, varhead, rep_count, rep_start;
} HvCall;

enum { SLOW = 1, FAST = 2, REP = 4, VARHEAD = 8 };

typedef struct HvCallRow {
    uint16_t code;
    const char *name;
    HvFlagId gate;
    unsigned closed_status;     /* when the gate is closed */
    unsigned forms;             /* there are */
    unsigned (*run)(const HvCall *c);
} HvCallRow;

/* @ofs bytes into the input; false: bad address */
static bool call_input(const HvCall *c, unsigned ofs, void *buf, unsigned n_bytes)
{
    if (c->fast) {
        if (ofs + n_bytes > sizeof(c->in)) {
            return false;
        }
        memcpy(buf, (const uint8_t *)c->in + ofs, n_bytes);
        return true;
    }
    return (c->in[0] & 0xfff) + ofs + n_bytes <= 4096 && hv_ram_read(c->in[0] + ofs, buf, n_bytes);
}

static unsigned call_post_message(const HvCall *c)
{
    uint8_t input[HV_POST_MESSAGE_BYTES];

    if (!call_input(c, 0, input, sizeof(input))) {
        return HV_STATUS_INVALID_ALIGNMENT;
    }
    bool locked = hv_lock();
    unsigned status = hv_part.ops->post_message(input);
    hv_unlock(locked);
    return status;
}

static unsigned call_signal_event(const HvCall *c)
{
    uint8_t in[8];

    if (!call_input(c, 0, in, sizeof(in))) {
        return HV_STATUS_INVALID_ALIGNMENT;
    }
    if (ldle32(in) >> 24 || ldle16(in + 6)) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    bool locked = hv_lock();
    unsigned status = hv_part.ops->signal_event(ldle32(in), ldle16(in + 4));
    hv_unlock(locked);
    return status;
}

static unsigned call_long_spin(const HvCall *c)
{
    g_thread_yield();
    return HV_STATUS_SUCCESS;
}

/*
 * Sets of virtual processors: a mask of the first 64, or sparse banks of 64 each. Calls fn for each
 * that exists. At @ofs: format, valid banks, then one word for each.
 */
static unsigned for_sparse_set(const HvCall *c, unsigned ofs,
                               void (*fn)(CPUState *cpu, uint64_t arg), uint64_t arg)
{
    uint64_t head[2], banks[64];
    unsigned n = 0;
    CPUState *cpu;

    if (!call_input(c, ofs, head, sizeof(head)) || head[0] > 1) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    unsigned n_banks = (unsigned)__builtin_popcountll(head[1]);
    if (head[0] == 0 && (c->varhead != n_banks ||
                         !call_input(c, ofs + 16, banks, n_banks * 8))) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    if (head[0] == 1) {
        CPU_FOREACH(cpu) {
            fn(cpu, arg);
        }
        return HV_STATUS_SUCCESS;
    }
    for (unsigned b = 0; b < 64; b++) {
        if (!(head[1] >> b & 1)) {
            continue;
        }
        for (uint64_t m = banks[n++]; m; m &= m - 1) {
            cpu = cpu_by_index(b * 64 + (unsigned)__builtin_ctzll(m));
            if (cpu) {
                fn(cpu, arg);
            }
        }
    }
    return HV_STATUS_SUCCESS;
}

static void set_ignored(CPUState *cpu, uint64_t arg)
{
}

/* Flushing more than was asked for is always right: all of it, on all. */
static unsigned flush_all(const HvCall *c)
{
    tlb_flush_all_cpus();
    return HV_STATUS_SUCCESS;
}

static unsigned call_flush(const HvCall *c)
{
    uint64_t in[3];

    if (!call_input(c, 0, in, sizeof(in)) ||
        (c->rep_count && (c->in[0] & 0xfff) + 24 + c->rep_count * 8 > 4096)) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    return in[1] >> 3 ? HV_STATUS_INVALID_HYPERCALL_INPUT : flush_all(c);
}

static unsigned call_flush_ex(const HvCall *c)
{
    uint64_t in[2];

    if (!call_input(c, 0, in, sizeof(in)) || in[1] >> 3 ||
        (c->in[0] & 0xfff) + 32 + c->varhead * 8 + c->rep_count * 8 > 4096) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    unsigned status = for_sparse_set(c, 16, set_ignored, 0);
    return status ? status : flush_all(c);
}

static void ipi_one(CPUState *cpu, uint64_t vector)
{
    hv_part.ops->inject(cpu, (uint8_t)vector);
}

static bool ipi_input(const HvCall *c, uint64_t *vector)
{
    return call_input(c, 0, vector, 8) && *vector >= 0x10 && *vector <= 0xff;
}

static unsigned call_ipi(const HvCall *c)
{
    uint64_t vector, mask;

    if (!ipi_input(c, &vector) || !call_input(c, 8, &mask, 8)) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    bool locked = hv_lock();
    for (; mask; mask &= mask - 1) {
        CPUState *cpu = cpu_by_index((unsigned)__builtin_ctzll(mask));
        if (cpu) {
            ipi_one(cpu, vector);
        }
    }
    hv_unlock(locked);
    return HV_STATUS_SUCCESS;
}

static unsigned call_ipi_ex(const HvCall *c)
{
    uint64_t vector;

    if (!ipi_input(c, &vector)) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    bool locked = hv_lock();
    unsigned status = for_sparse_set(c, 8, ipi_one, vector);
    hv_unlock(locked);
    return status;
}

#define DENIED HV_STATUS_ACCESS_DENIED
#define NO_SYNIC HV_STATUS_INVALID_HYPERCALL_INPUT
static const HvCallRow calls[] = {
    { 0x02, "FlushVirtualAddressSpace", F_TLBFLUSH, DENIED, SLOW, call_flush },
    { 0x03, "FlushVirtualAddressList", F_TLBFLUSH, DENIED, SLOW | REP, call_flush },
    { 0x08, "NotifyLongSpinWait", N_FLAGS, 0, SLOW | FAST, call_long_spin },
    { 0x0b, "SendSyntheticClusterIpi", F_IPI, DENIED, SLOW | FAST, call_ipi },
    { 0x13, "FlushVirtualAddressSpaceEx", F_TLBFLUSH, DENIED, SLOW | VARHEAD, call_flush_ex },
    { 0x14, "FlushVirtualAddressListEx", F_TLBFLUSH, DENIED, SLOW | VARHEAD | REP, call_flush_ex },
    { 0x15, "SendSyntheticClusterIpiEx", F_IPI, DENIED, SLOW | VARHEAD, call_ipi_ex },
    { 0x5c, "PostMessage", F_SYNIC, NO_SYNIC, SLOW, call_post_message },
    { 0x5d, "SignalEvent", F_SYNIC, NO_SYNIC, SLOW | FAST, call_signal_event },
};

static const HvCallRow *find_call(unsigned code)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(calls); i++) {
        if (calls[i].code == code) {
            return &calls[i];
        }
    }
    return NULL;
}

#define CONTROL_RESERVED 0xf000f000f8000000ull

static unsigned call_check(const HvCallRow *row, const HvCall *c)
{
    if (!(row->forms & REP) && (c->rep_count || c->rep_start)) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    if ((row->forms & REP) && (c->rep_count == 0 || c->rep_start >= c->rep_count)) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    if (!(row->forms & VARHEAD) && c->varhead) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    if (!c->fast && ((c->in[0] | c->in[1]) & 7)) {
        return HV_STATUS_INVALID_ALIGNMENT;
    }
    if (!(row->forms & (c->fast ? FAST : SLOW))) {
        return HV_STATUS_INVALID_HYPERCALL_CODE;
    }
    if (row->gate != N_FLAGS && (!hv_has(c->env, row->gate) || !hv_part.ops)) {
        return row->closed_status;
    }
    return HV_STATUS_SUCCESS;
}

static uint64_t call_run(CPUX86State *env, uint64_t control, uint64_t in, uint64_t out)
{
    HvCall c = { .env = env, .in = { in, out }, .fast = control >> 16 & 1,
                 .code = control & 0xffff, .varhead = control >> 17 & 0x3ff,
                 .rep_count = control >> 32 & 0xfff, .rep_start = control >> 48 & 0xfff };
    const HvCallRow *row = find_call(c.code);
    unsigned status = control & CONTROL_RESERVED ? HV_STATUS_INVALID_HYPERCALL_INPUT
                    : !row ? HV_STATUS_INVALID_HYPERCALL_CODE : call_check(row, &c);

    if (status == HV_STATUS_SUCCESS) {
        status = row->run(&c);
    }
    log_if(LOG_HYPERV, "hyperv: cpu %u hypercall %s 0x%x%s in 0x%" PRIx64 " status %u\n",
           x86_cpu(env)->index, row ? row->name : "?", c.code, c.fast ? " fast" : "", in, status);
    return status | (status == HV_STATUS_SUCCESS ? (uint64_t)c.rep_count << 32 : 0);
}

static uint64_t pair(const CPUX86State *env, int hi, int lo)
{
    return (env->regs[hi] & 0xffffffff) << 32 | (env->regs[lo] & 0xffffffff);
}

static bool calls_open(const CPUX86State *env)
{
    return x86_hyperv_enabled(env) && hv_part.guest_os_id && (hv_part.hypercall & ENABLE);
}

bool x86_hyperv_call(CPUX86State *env, uint64_t control, uint64_t in, uint64_t out,
                     uint64_t *result)
{
    if (!calls_open(env)) {
        return false;
    }
    *result = call_run(env, control, in, out);
    return true;
}

bool x86_hyperv_hypercall(CPUX86State *env)
{
    if (!calls_open(env) || (env->hflags & HF_CPL_MASK) || !(env->hflags & HF_PE) ||
        (env->hflags & HF_VM)) {
        return false;
    }
    if (env->hflags & HF_CS64) {
        env->regs[R_EAX] = call_run(env, env->regs[R_ECX], env->regs[R_EDX], env->regs[R_R8]);
        return true;
    }
    uint64_t result = call_run(env, pair(env, R_EDX, R_EAX), pair(env, R_EBX, R_ECX),
                               pair(env, R_EDI, R_ESI));
    env->regs[R_EAX] = (uint32_t)result;
    env->regs[R_EDX] = result >> 32;
    return true;
}
