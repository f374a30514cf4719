/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPUID instruction, one function a leaf. Source: Intel SDM vol. 2; AMD APM vol. 3, E. */
#include <string.h>
#include "target/i386/cpu-models.h"
#include "target/i386/hyperv.h"

enum { EAX, EBX, ECX, EDX };

typedef void Leaf(CPUX86State *env, uint32_t sub, uint32_t out[4]);

static bool is_intel(const CPUX86State *env)
{
    return !strcmp(env->vendor, "GenuineIntel");
}

static uint32_t text32(const char *s)
{
    uint32_t v;

    memcpy(&v, s, 4);
    return v;
}

static unsigned n_threads(const CPUX86State *env)
{
    return env->n_threads_package ? env->n_threads_package : 1;
}

static unsigned n_smt(const CPUX86State *env)
{
    return env->n_threads_core ? env->n_threads_core : 1;
}

/* bits that number n things */
static unsigned bits_for(unsigned n)
{
    return n <= 1 ? 0 : 32 - (unsigned)__builtin_clz(n - 1);
}

static void put_vendor(const CPUX86State *env, uint32_t out[4])
{
    out[EBX] = text32(env->vendor);
    out[EDX] = text32(env->vendor + 4);
    out[ECX] = text32(env->vendor + 8);
}

static void leaf_0(CPUX86State *env, uint32_t sub, uint32_t out[4])
{
    out[EAX] = env->cpuid_level;
    put_vendor(env, out);
}

static void leaf_1(CPUX86State *env, uint32_t sub, uint32_t out[4])
{
    bool has_apic = env->is_user || env->apic_ops;

    out[EAX] = env->family_model_stepping;
    out[EBX] = env->apic_id << 24 | 8 << 8;     /* CLFLUSH line: 8 quadwords */
    out[ECX] = env->features[FEAT_1_ECX];
    out[EDX] = env->features[FEAT_1_EDX];
    if ((out[ECX] & 1u << 26) && (env->cr[4] & CR4_OSXSAVE)) {
        out[ECX] |= 1u << 27;
    }
    if (!has_apic) {
        out[EDX] &= ~(1u << 9);
        out[ECX] &= ~(1u << 21 | 1u << 24);
    }
    if (n_threads(env) > 1) {
        out[EBX] |= MIN(1u << bits_for(n_threads(env)), 255u) << 16;
        out[EDX] |= 1u << 28;
    }
}

static void leaf_2(CPUX86State *env, uint32_t sub, uint32_t out[4])
{
    out[EAX] = 1;
    out[ECX] = 0x4d;            /* L3: 16 MiB, 16-way */
    out[EDX] = 0x2c307d;        /* L1D, L1I: 32 KiB; L2: 2 MiB */
}

/* Deterministic caches, the ones of leaf 2. Lines are 64 bytes. */
static const struct Cache {
    uint8_t type, level;        /* type: 1 data, 2 instructions, 3 both */
    uint16_t ways;
    uint32_t sets;
} caches[] = {
    { 1, 1, 8, 64 }, { 2, 1, 8, 64 }, { 3, 2, 8, 4096 }, { 3, 3, 16, 16384 },
};

static void leaf_4(CPUX86State *env, uint32_t sub, uint32_t out[4])
{
    if (sub >= G_N_ELEMENTS(caches)) {
        return;
    }
    const struct Cache *c = &caches[sub];
    uint32_t sharing = c->level == 3 ? 1u << bits_for(n_threads(env)) : 1u << bits_for(n_smt(env));
    uint32_t cores = 1u << bits_for((n_threads(env) + n_smt(env) - 1) / n_smt(env));
    out[EAX] = c->type | (uint32_t)c->level << 5 | 1 << 8 | (sharing - 1) << 14
               | MIN(cores - 1, 63u) << 26;
    out[EBX] = 63 | (uint32_t)(c->ways - 1) << 22;
    out[ECX] = c->sets - 1;
    out[EDX] = c->level == 3 ? 2 : 0;           /* inclusive */
}

static void leaf_5(CPUX86State *env, uint32_t sub, uint32_t out[4])
{
    if (x86_has(env, FEAT_1_ECX, 1u << 3)) {
        out[EAX] = out[EBX] = 64;
        out[ECX] = 3;
    }
}

static void leaf_6(CPUX86State *env, uint32_t sub, uint32_t out[4])
{
    out[EAX] = env->features[FEAT_6_EAX];
}

static void leaf_7(CPUX86State *env, uint32_t sub, uint32_t out[4])
{
    if (sub == 0) {
        out[EBX] = env->features[FEAT_7_0_EBX];
        out[ECX] = env->features[FEAT_7_0_ECX];
        out[EDX] = env->features[FEAT_7_0_EDX];
    }
}

static void leaf_b(CPUX86State *env, uint32_t sub, uint32_t out[4])
{
    out[ECX] = sub & 0xff;
    out[EDX] = env->apic_id;
    if (sub == 0) {
        out[EAX] = bits_for(n_smt(env));
        out[EBX] = n_smt(env);
        out[ECX] |= 1 << 8;
    } else if (sub == 1) {
        out[EAX] = bits_for(n_threads(env));
        out[EBX] = n_threads(env);
        out[ECX] |= 2 << 8;
    }
}

#define XSAVE_BYTES 576                         /* legacy area and header */

static void leaf_d(CPUX86State *env, uint32_t sub, uint32_t out[4])
{
    if (!x86_has(env, FEAT_1_ECX, 1u << 26)) {
        return;
    }
    if (sub == 0) {
        out[EAX] = 3;
        out[EBX] = out[ECX] = XSAVE_BYTES;
    } else if (sub == 1) {
        out[EAX] = env->features[FEAT_XSAVE];
        out[EBX] = env->features[FEAT_XSAVE] & 1u << 1 ? XSAVE_BYTES : 0;
    }
}

static void leaf_tcg(CPUX86State *env, uint32_t sub, uint32_t out[4])
{
    if (x86_has(env, FEAT_1_ECX, 1u << 31)) {
        out[EAX] = 0x40000001;
        out[EBX] = text32("TCGT");
        out[ECX] = text32("CGTC");
        out[EDX] = text32("GTCG");
    }
}

static void leaf_x0(CPUX86State *env, uint32_t sub, uint32_t out[4])
{
    out[EAX] = env->cpuid_xlevel;
    put_vendor(env, out);
}

/* AMD repeats these bits of leaf 1 EDX in 0x80000001 EDX */
#define AMD_ALIASES 0x0183f3ffu

static void leaf_x1(CPUX86State *env, uint32_t sub, uint32_t out[4])
{
    out[EAX] = env->family_model_stepping;
    out[ECX] = env->features[FEAT_8000_0001_ECX];
    out[EDX] = env->features[FEAT_8000_0001_EDX];
    if (is_intel(env)) {
        if (!(env->hflags & HF_CS64)) {
            out[EDX] &= ~(1u << 11);            /* SYSCALL is there in 64-bit mode only */
        }
        return;
    }
    out[EDX] |= env->features[FEAT_1_EDX] & AMD_ALIASES;
    if (!env->is_user && !env->apic_ops) {
        out[EDX] &= ~(1u << 9);
    }
    if (n_threads(env) > 1) {
        out[ECX] |= 1u << 1;                    /* CmpLegacy: leaf 1 counts cores */
    }
}

static void put_brand(const CPUX86State *env, unsigned part, uint32_t out[4])
{
    for (unsigned i = 0; i < 4; i++) {
        out[i] = text32(env->brand + part * 16 + i * 4);
    }
}

static void leaf_x2(CPUX86State *env, uint32_t sub, uint32_t out[4]) { put_brand(env, 0, out); }
static void leaf_x3(CPUX86State *env, uint32_t sub, uint32_t out[4]) { put_brand(env, 1, out); }
static void leaf_x4(CPUX86State *env, uint32_t sub, uint32_t out[4]) { put_brand(env, 2, out); }

static void leaf_x5(CPUX86State *env, uint32_t sub, uint32_t out[4])
{
    if (is_intel(env)) {
        return;
    }
    out[EAX] = 0x01ff01ff;      /* large-page TLBs: 255 entries, 1-way */
    out[EBX] = 0x01ff01ff;
    out[ECX] = out[EDX] = 32u << 24 | 8 << 16 | 1 << 8 | 64;    /* KiB, ways, lines a tag, line */
}

static void leaf_x6(CPUX86State *env, uint32_t sub, uint32_t out[4])
{
    if (!is_intel(env)) {
        out[EBX] = 0x42004200;  /* 4 KiB TLBs: 512 entries, 4-way */
        out[EDX] = 32u << 18 | 8 << 12 | 1 << 8 | 64;           /* 512 KiB units, 16-way */
    }
    out[ECX] = 2048u << 16 | 6 << 12 | (is_intel(env) ? 0 : 1 << 8) | 64;       /* KiB, 8-way */
}

static void leaf_x7(CPUX86State *env, uint32_t sub, uint32_t out[4])
{
    out[EDX] = env->features[FEAT_8000_0007_EDX];
    if (x86_hyperv_tsc_invariant(env)) {
        out[EDX] |= 1u << 8;
    }
}

static void leaf_x8(CPUX86State *env, uint32_t sub, uint32_t out[4])
{
    bool la57 = x86_has(env, FEAT_7_0_ECX, 1u << 16);

    out[EAX] = x86_has(env, FEAT_8000_0001_EDX, 1u << 29)
               ? env->phys_bits | (la57 ? 57 : 48) << 8 : env->phys_bits;
    out[EBX] = env->features[FEAT_8000_0008_EBX];
    if (n_threads(env) > 1 && !is_intel(env)) {
        out[ECX] = bits_for(n_threads(env)) << 12 | (n_threads(env) - 1);
    }
}

static const struct {
    uint32_t leaf;
    Leaf *fn;
} leaves[] = {
    { 0, leaf_0 }, { 1, leaf_1 }, { 2, leaf_2 }, { 4, leaf_4 }, { 5, leaf_5 }, { 6, leaf_6 },
    { 7, leaf_7 }, { 0xb, leaf_b }, { 0xd, leaf_d }, { 0x40000000, leaf_tcg },
    { 0x80000000, leaf_x0 }, { 0x80000001, leaf_x1 }, { 0x80000002, leaf_x2 },
    { 0x80000003, leaf_x3 }, { 0x80000004, leaf_x4 }, { 0x80000005, leaf_x5 },
    { 0x80000006, leaf_x6 }, { 0x80000007, leaf_x7 }, { 0x80000008, leaf_x8 },
};

static bool in_range(const CPUX86State *env, uint32_t leaf)
{
    if (leaf >> 31) {
        return leaf <= env->cpuid_xlevel || (leaf == 0x80000000 && env->cpuid_xlevel);
    }
    return (leaf & 0x40000000) || leaf <= env->cpuid_level;
}

/* Leaves that do not exist read as zero. */
void x86_cpuid(CPUX86State *env, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    memset(out, 0, 4 * sizeof(out[0]));
    if (leaf >= 0x40000000 && leaf <= 0x4fffffff && x86_hyperv_cpuid(env, leaf, out)) {
        return;
    }
    if (!in_range(env, leaf)) {
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(leaves); i++) {
        if (leaves[i].leaf == leaf) {
            leaves[i].fn(env, subleaf, out);
            return;
        }
    }
}
