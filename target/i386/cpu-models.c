/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The models of -cpu and the names of CPUID features, as tables. */
#include <string.h>
#include "target/i386/cpu-models.h"
#include "target/i386/hyperv.h"

#define BIT(n) (1u << (n))

/* CPUID.1 EDX */
#define VME BIT(1)
#define PSE36 BIT(17)
#define MTRR BIT(12)
#define MCA BIT(14)
#define CLFLUSH BIT(19)
#define SS BIT(27)
#define PPRO (BIT(0) | BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(9) \
              | BIT(11) | BIT(13) | BIT(15) | BIT(16) | BIT(23) | BIT(24) | BIT(25) | BIT(26))
/* CPUID.1 ECX */
#define SSE3 BIT(0)
#define PCLMUL BIT(1)
#define SSSE3 BIT(9)
#define CX16 BIT(13)
#define SSE41 BIT(19)
#define SSE42 BIT(20)
#define POPCNT BIT(23)
#define AES BIT(25)
#define AVX BIT(28)
#define FMA BIT(12)
#define F16C BIT(29)
#define MOVBE BIT(22)
#define X2APIC BIT(21)
#define TSC_DEADLINE BIT(24)
#define XSAVE BIT(26)
#define RDRAND BIT(30)
#define PCID BIT(17)
#define HYPERVISOR BIT(31)
/* 0x80000001 */
#define SYSCALL BIT(11)
#define NX BIT(20)
#define RDTSCP BIT(27)
#define LM BIT(29)
#define LAHF_LM BIT(0)
#define ABM BIT(5)
#define PREFETCHW BIT(8)
#define PDPE1GB BIT(26)
/* CPUID.7 EBX */
#define IVY_7 (BIT(0) | BIT(7) | BIT(9))                /* fsgsbase, smep, erms */
#define HASWELL_7 (IVY_7 | BIT(3) | BIT(5) | BIT(8) | BIT(10))  /* bmi1, avx2, bmi2, invpcid */
#define BROADWELL_7 (HASWELL_7 | BIT(18) | BIT(19) | BIT(20))   /* rdseed, adx, smap */
#define ARAT BIT(2)
/* 0x80000007 EDX. AMD models have it though QEMU's lack it: Linux takes the TSC of several AMD CPUs
 * for unsynchronized without it and reads the slow HPET all the time. */
#define INVTSC BIT(8)

/* what each generation of Intel's adds in CPUID.1 ECX */
#define NEHALEM_ECX (SSE3 | SSSE3 | CX16 | SSE41 | SSE42 | POPCNT | HYPERVISOR)
#define SANDY_ECX (NEHALEM_ECX | AES | PCLMUL | X2APIC | TSC_DEADLINE | XSAVE | AVX)
#define IVY_ECX (SANDY_ECX | F16C | RDRAND)
#define HASWELL_ECX (IVY_ECX | FMA | MOVBE | PCID)
#define COMMON_EDX (PPRO | VME | PSE36 | MTRR | MCA | CLFLUSH)

#define INTEL "GenuineIntel"
#define AMD "AuthenticAMD"
#define TCG_BRAND "QEMU TCG CPU version 2.5+"
#define VIRTUAL_BRAND "QEMU Virtual CPU version 2.5+"

static const X86CPUModel models[] = {
    { .name = "Broadwell", .vendor = INTEL, .family = 6, .model = 61, .stepping = 2, .level = 13,
      .xlevel = 0x80000008, .brand = "Intel Core Processor (Broadwell)",
      .features = {
          [FEAT_1_EDX] = COMMON_EDX, [FEAT_1_ECX] = HASWELL_ECX,
          [FEAT_7_0_EBX] = BROADWELL_7,
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX | RDTSCP,
          [FEAT_8000_0001_ECX] = LAHF_LM | ABM | PREFETCHW,
          [FEAT_6_EAX] = ARAT, [FEAT_XSAVE] = BIT(0) } },
    { .name = "Conroe", .vendor = INTEL, .family = 6, .model = 15, .stepping = 3, .level = 10,
      .xlevel = 0x80000008, .brand = "Intel Celeron_4x0 (Conroe/Merom Class Core 2)",
      .features = {
          [FEAT_1_EDX] = COMMON_EDX, [FEAT_1_ECX] = SSE3 | SSSE3 | HYPERVISOR,
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX, [FEAT_8000_0001_ECX] = LAHF_LM } },
    { .name = "EPYC", .vendor = AMD, .family = 23, .model = 1, .stepping = 2, .level = 13,
      .xlevel = 0x8000000a, .brand = "AMD EPYC Processor",
      .features = {
          [FEAT_1_EDX] = COMMON_EDX,
          [FEAT_1_ECX] = (HASWELL_ECX & ~(PCID | X2APIC | TSC_DEADLINE)),
          [FEAT_7_0_EBX] = (BROADWELL_7 & ~(BIT(9) | BIT(10))) | BIT(23) | BIT(29),
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX | RDTSCP | PDPE1GB | BIT(22) | BIT(25),
          [FEAT_8000_0001_ECX] = LAHF_LM | ABM | PREFETCHW | BIT(4) | BIT(6) | BIT(7),
          [FEAT_8000_0007_EDX] = INVTSC, [FEAT_6_EAX] = ARAT,
          [FEAT_XSAVE] = BIT(0) | BIT(1) | BIT(2) } },
    { .name = "Haswell", .vendor = INTEL, .family = 6, .model = 60, .stepping = 4, .level = 13,
      .xlevel = 0x80000008, .brand = "Intel Core Processor (Haswell)",
      .features = {
          [FEAT_1_EDX] = COMMON_EDX, [FEAT_1_ECX] = HASWELL_ECX,
          [FEAT_7_0_EBX] = HASWELL_7,
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX | RDTSCP, [FEAT_8000_0001_ECX] = LAHF_LM | ABM,
          [FEAT_6_EAX] = ARAT, [FEAT_XSAVE] = BIT(0) } },
    { .name = "IvyBridge", .vendor = INTEL, .family = 6, .model = 58, .stepping = 9, .level = 13,
      .xlevel = 0x80000008, .brand = "Intel Xeon E3-12xx v2 (Ivy Bridge)",
      .features = {
          [FEAT_1_EDX] = COMMON_EDX, [FEAT_1_ECX] = IVY_ECX,
          [FEAT_7_0_EBX] = IVY_7,
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX | RDTSCP, [FEAT_8000_0001_ECX] = LAHF_LM,
          [FEAT_6_EAX] = ARAT, [FEAT_XSAVE] = BIT(0) } },
    { .name = "Nehalem", .vendor = INTEL, .family = 6, .model = 26, .stepping = 3, .level = 11,
      .xlevel = 0x80000008, .brand = "Intel Core i7 9xx (Nehalem Class Core i7)",
      .features = {
          [FEAT_1_EDX] = COMMON_EDX,
          [FEAT_1_ECX] = SSE3 | SSSE3 | CX16 | SSE41 | SSE42 | POPCNT | HYPERVISOR,
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX, [FEAT_8000_0001_ECX] = LAHF_LM } },
    { .name = "Opteron_G1", .vendor = AMD, .family = 15, .model = 6, .stepping = 1, .level = 5,
      .xlevel = 0x80000008, .brand = "AMD Opteron 240 (Gen 1 Class Opteron)",
      .features = {
          [FEAT_1_EDX] = COMMON_EDX, [FEAT_1_ECX] = SSE3 | HYPERVISOR,
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX, [FEAT_8000_0001_ECX] = 0,
          [FEAT_8000_0007_EDX] = INVTSC } },
    { .name = "Opteron_G2", .vendor = AMD, .family = 15, .model = 6, .stepping = 1, .level = 5,
      .xlevel = 0x80000008, .brand = "AMD Opteron 22xx (Gen 2 Class Opteron)",
      .features = {
          [FEAT_1_EDX] = COMMON_EDX, [FEAT_1_ECX] = SSE3 | HYPERVISOR | CX16,
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX, [FEAT_8000_0001_ECX] = LAHF_LM,
          [FEAT_8000_0007_EDX] = INVTSC } },
    { .name = "Opteron_G3", .vendor = AMD, .family = 16, .model = 2, .stepping = 3, .level = 5,
      .xlevel = 0x80000008, .brand = "AMD Opteron 23xx (Gen 3 Class Opteron)",
      .features = {
          [FEAT_1_EDX] = COMMON_EDX,
          [FEAT_1_ECX] = SSE3 | CX16 | POPCNT | HYPERVISOR,
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX | RDTSCP,
          [FEAT_8000_0001_ECX] = LAHF_LM | ABM, [FEAT_8000_0007_EDX] = INVTSC } },
    { .name = "Penryn", .vendor = INTEL, .family = 6, .model = 23, .stepping = 3, .level = 10,
      .xlevel = 0x80000008, .brand = "Intel Core 2 Duo P9xxx (Penryn Class Core 2)",
      .features = {
          [FEAT_1_EDX] = COMMON_EDX, [FEAT_1_ECX] = SSE3 | SSSE3 | CX16 | SSE41 | HYPERVISOR,
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX, [FEAT_8000_0001_ECX] = LAHF_LM } },
    { .name = "SandyBridge", .vendor = INTEL, .family = 6, .model = 42, .stepping = 1, .level = 13,
      .xlevel = 0x80000008, .brand = "Intel Xeon E312xx (Sandy Bridge)",
      .features = {
          [FEAT_1_EDX] = COMMON_EDX, [FEAT_1_ECX] = SANDY_ECX,
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX | RDTSCP, [FEAT_8000_0001_ECX] = LAHF_LM,
          [FEAT_6_EAX] = ARAT, [FEAT_XSAVE] = BIT(0) } },
    { .name = "Skylake-Client", .vendor = INTEL, .family = 6, .model = 94, .stepping = 3,
      .level = 13, .xlevel = 0x80000008, .brand = "Intel Core Processor (Skylake)",
      .features = {
          [FEAT_1_EDX] = COMMON_EDX, [FEAT_1_ECX] = HASWELL_ECX,
          [FEAT_7_0_EBX] = BROADWELL_7,
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX | RDTSCP,
          [FEAT_8000_0001_ECX] = LAHF_LM | ABM | PREFETCHW,
          [FEAT_6_EAX] = ARAT, [FEAT_XSAVE] = BIT(0) | BIT(1) | BIT(2) } },
    { .name = "Skylake-Server", .vendor = INTEL, .family = 6, .model = 85, .stepping = 4,
      .level = 13, .xlevel = 0x80000008, .brand = "Intel Xeon Processor (Skylake)",
      .features = {
          [FEAT_1_EDX] = COMMON_EDX, [FEAT_1_ECX] = HASWELL_ECX,
          [FEAT_7_0_EBX] = BROADWELL_7 | BIT(16) | BIT(17) | BIT(24) | BIT(28) | BIT(30) | BIT(31),
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX | RDTSCP | PDPE1GB,
          [FEAT_8000_0001_ECX] = LAHF_LM | ABM | PREFETCHW,
          [FEAT_6_EAX] = ARAT, [FEAT_XSAVE] = BIT(0) | BIT(1) | BIT(2) } },
    { .name = "Westmere", .vendor = INTEL, .family = 6, .model = 44, .stepping = 1, .level = 11,
      .xlevel = 0x80000008, .brand = "Westmere E56xx/L56xx/X56xx (Nehalem-C)",
      .features = {
          [FEAT_1_EDX] = COMMON_EDX,
          [FEAT_1_ECX] = SSE3 | SSSE3 | CX16 | SSE41 | SSE42 | POPCNT | AES | PCLMUL | HYPERVISOR,
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX, [FEAT_8000_0001_ECX] = LAHF_LM,
          [FEAT_6_EAX] = BIT(2) } },
    { .name = "base", .vendor = AMD, .family = 0, .level = 0, .xlevel = 0, .brand = "" },
    { .name = "core2duo", .vendor = INTEL, .family = 6, .model = 15, .stepping = 11, .level = 10,
      .xlevel = 0x80000008, .brand = "Intel(R) Core(TM)2 Duo CPU     T7700  @ 2.40GHz",
      .features = {
          [FEAT_1_EDX] = PPRO | VME | PSE36 | MTRR | MCA | CLFLUSH | SS,
          [FEAT_1_ECX] = SSE3 | SSSE3 | CX16 | HYPERVISOR,
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX, [FEAT_8000_0001_ECX] = LAHF_LM } },
    { .name = "kvm64", .vendor = INTEL, .family = 15, .model = 6, .stepping = 1, .level = 13,
      .xlevel = 0x80000008, .brand = "Common KVM processor",
      .features = {
          [FEAT_1_EDX] = COMMON_EDX,
          [FEAT_1_ECX] = SSE3 | CX16 | HYPERVISOR,
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX } },
    { .name = "max", .vendor = AMD, .family = 6, .model = 6, .stepping = 3, .level = 13,
      .xlevel = 0x8000000a, .brand = TCG_BRAND, .everything = true },
    { .name = "qemu64", .vendor = AMD, .family = 15, .model = 107, .stepping = 1, .level = 13,
      .xlevel = 0x8000000a, .brand = VIRTUAL_BRAND,
      .features = {
          [FEAT_1_EDX] = PPRO | PSE36 | MTRR | MCA | CLFLUSH,
          [FEAT_1_ECX] = SSE3 | CX16 | HYPERVISOR,
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX, [FEAT_8000_0001_ECX] = LAHF_LM,
          [FEAT_8000_0007_EDX] = INVTSC } },
};

const X86CPUModel *x86_cpu_model(unsigned i)
{
    return i < G_N_ELEMENTS(models) ? &models[i] : NULL;
}

const X86CPUModel *x86_cpu_model_by_name(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        if (!strcmp(models[i].name, name)) {
            return &models[i];
        }
    }
    return NULL;
}

uint32_t x86_cpu_signature(unsigned family, unsigned model, unsigned stepping)
{
    uint32_t ext_family = family > 15 ? family - 15 : 0;

    return ext_family << 20 | (model >> 4 & 15) << 16 | MIN(family, 15) << 8 | (model & 15) << 4
           | (stepping & 15);
}

/* ---- feature names ---- */

static const X86FeatureName feature_names[] = {
#define FEATURE(w, b, n, h) { FEAT_##w, b, n, FEATURE_##h },
#include "target/i386/cpu-features.def"
#undef FEATURE
};

/* other spellings */
static const char *const aliases[][2] = {
    { "sse3", "pni" }, { "sse4-1", "sse4.1" }, { "sse4-2", "sse4.2" }, { "i64", "lm" },
    { "lzcnt", "abm" }, { "xd", "nx" }, { "tsc-deadline-timer", "tsc-deadline" },
    { "pclmuldq", "pclmulqdq" }, { "ffxsr", "fxsr-opt" }, { "cmp_legacy", "cmp-legacy" },
};

static const char *const word_names[FEATURE_WORDS] = {
    [FEAT_1_EDX] = "CPUID.01H:EDX",
    [FEAT_1_ECX] = "CPUID.01H:ECX",
    [FEAT_7_0_EBX] = "CPUID.07H:EBX",
    [FEAT_7_0_ECX] = "CPUID.07H:ECX",
    [FEAT_7_0_EDX] = "CPUID.07H:EDX",
    [FEAT_8000_0001_EDX] = "CPUID.80000001H:EDX",
    [FEAT_8000_0001_ECX] = "CPUID.80000001H:ECX",
    [FEAT_8000_0007_EDX] = "CPUID.80000007H:EDX",
    [FEAT_8000_0008_EBX] = "CPUID.80000008H:EBX",
    [FEAT_KVM] = "CPUID.40000001H:EAX",
    [FEAT_HYPERV_EAX] = "CPUID.40000003H:EAX",
    [FEAT_SVM] = "CPUID.8000000AH:EDX",
    [FEAT_6_EAX] = "CPUID.06H:EAX",
    [FEAT_XSAVE] = "CPUID.0DH:EAX",
};

const char *x86_feature_word_name(FeatureWord w)
{
    return word_names[w];
}

const X86FeatureName *x86_feature(unsigned i)
{
    return i < G_N_ELEMENTS(feature_names) ? &feature_names[i] : NULL;
}

static bool same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        if ((*a == '_' ? '-' : *a) != (*b == '_' ? '-' : *b)) {
            return false;
        }
    }
    return !*a && !*b;
}

const X86FeatureName *x86_feature_by_name(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(aliases); i++) {
        if (same_name(name, aliases[i][0])) {
            name = aliases[i][1];
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(feature_names); i++) {
        if (same_name(name, feature_names[i].name)) {
            return &feature_names[i];
        }
    }
    return NULL;
}

void x86_features_supported(uint32_t words[FEATURE_WORDS], bool max)
{
    memset(words, 0, FEATURE_WORDS * sizeof(words[0]));
    for (unsigned i = 0; i < G_N_ELEMENTS(feature_names); i++) {
        const X86FeatureName *f = &feature_names[i];
        if (f->have == FEATURE_YES || (f->have == FEATURE_AUTO && !max)) {
            words[f->word] |= BIT(f->bit);
        }
    }
}

/* ---- -cpu help ---- */

typedef struct Wrapped { FILE *f; int column; } Wrapped;

static void print_wrapped(Wrapped *w, const char *word)
{
    int n = (int)strlen(word) + 1;

    if (w->column + n > 78) {
        fprintf(w->f, "\n ");
        w->column = 1;
    }
    fprintf(w->f, " %s", word);
    w->column += n;
}

static void print_hv_flag(const char *name, bool is_bool, void *opaque)
{
    print_wrapped(opaque, name);
}

void x86_cpu_models_print(FILE *f)
{
    Wrapped out = { f, 1 };

    fprintf(f, "Available CPUs:\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        const X86CPUModel *m = &models[i];
        const char *what = !strcmp(m->name, "max")
            ? "Enables all features supported by the accelerator in the current host"
            : !strcmp(m->name, "base") ? "base CPU model type with no features enabled" : m->brand;
        fprintf(f, "x86 %-20s  %s\n", m->name, what);
    }
    fprintf(f, "\nRecognized CPUID flags:\n ");
    for (unsigned i = 0; i < G_N_ELEMENTS(feature_names); i++) {
        print_wrapped(&out, feature_names[i].name);
    }
    fprintf(f, "\n\nHyper-V flags:\n ");
    out.column = 1;
    x86_hyperv_foreach_flag(print_hv_flag, &out);
    fprintf(f, "\n");
}
