/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The models of -cpu and the names of CPUID features, as tables. */
#include <string.h>
#include "target/i386/cpu-models.h"

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
#define HYPERVISOR BIT(31)
/* 0x80000001 */
#define SYSCALL BIT(11)
#define NX BIT(20)
#define RDTSCP BIT(27)
#define LM BIT(29)
#define LAHF_LM BIT(0)
#define ABM BIT(5)

#define INTEL "GenuineIntel"
#define AMD "AuthenticAMD"
#define TCG_BRAND "QEMU TCG CPU version 2.5+"
#define VIRTUAL_BRAND "QEMU Virtual CPU version 2.5+"

static const X86CPUModel models[] = {
    { .name = "Nehalem", .vendor = INTEL, .family = 6, .model = 26, .stepping = 3, .level = 11,
      .xlevel = 0x80000008, .brand = "Intel Core i7 9xx (Nehalem Class Core i7)",
      .features = {
          [FEAT_1_EDX] = PPRO | VME | PSE36 | MTRR | MCA | CLFLUSH,
          [FEAT_1_ECX] = SSE3 | SSSE3 | CX16 | SSE41 | SSE42 | POPCNT | HYPERVISOR,
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX, [FEAT_8000_0001_ECX] = LAHF_LM } },
    { .name = "Opteron_G3", .vendor = AMD, .family = 16, .model = 2, .stepping = 3, .level = 5,
      .xlevel = 0x80000008, .brand = "AMD Opteron 23xx (Gen 3 Class Opteron)",
      .features = {
          [FEAT_1_EDX] = PPRO | VME | PSE36 | MTRR | MCA | CLFLUSH,
          [FEAT_1_ECX] = SSE3 | CX16 | POPCNT | HYPERVISOR,
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX | RDTSCP,
          [FEAT_8000_0001_ECX] = LAHF_LM | ABM } },
    { .name = "Westmere", .vendor = INTEL, .family = 6, .model = 44, .stepping = 1, .level = 11,
      .xlevel = 0x80000008, .brand = "Westmere E56xx/L56xx/X56xx (Nehalem-C)",
      .features = {
          [FEAT_1_EDX] = PPRO | VME | PSE36 | MTRR | MCA | CLFLUSH,
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
          [FEAT_1_EDX] = PPRO | VME | PSE36 | MTRR | MCA | CLFLUSH,
          [FEAT_1_ECX] = SSE3 | CX16 | HYPERVISOR,
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX } },
    { .name = "max", .vendor = AMD, .family = 6, .model = 6, .stepping = 3, .level = 13,
      .xlevel = 0x8000000a, .brand = TCG_BRAND, .everything = true },
    { .name = "qemu64", .vendor = AMD, .family = 15, .model = 107, .stepping = 1, .level = 13,
      .xlevel = 0x8000000a, .brand = VIRTUAL_BRAND,
      .features = {
          [FEAT_1_EDX] = PPRO | PSE36 | MTRR | MCA | CLFLUSH,
          [FEAT_1_ECX] = SSE3 | CX16 | HYPERVISOR,
          [FEAT_8000_0001_EDX] = LM | SYSCALL | NX, [FEAT_8000_0001_ECX] = LAHF_LM } },
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

/* ---- Hyper-V flags ---- */

static const char *const hv_flags[] = {
    "hv-relaxed", "hv-vapic", "hv-time", "hv-crash", "hv-reset", "hv-vpindex", "hv-runtime",
    "hv-synic", "hv-stimer", "hv-stimer-direct", "hv-frequencies", "hv-reenlightenment",
    "hv-tlbflush", "hv-tlbflush-ext", "hv-tlbflush-direct", "hv-ipi", "hv-evmcs", "hv-avic",
    "hv-emsr-bitmap", "hv-xmm-input", "hv-syndbg", "hv-passthrough", "hv-enforce-cpuid",
    "hv-spinlocks", "hv-no-nonarch-coresharing", "hv-vendor-id", "hv-version-id-build",
    "hv-version-id-major", "hv-version-id-minor", "hv-version-id-spack", "hv-version-id-sbranch",
    "hv-version-id-snumber",
};

const char *x86_hv_flag_name(unsigned i)
{
    return i < G_N_ELEMENTS(hv_flags) ? hv_flags[i] : NULL;
}

int x86_hv_flag_index(const char *name)
{
    if (same_name(name, "hv-apicv")) {
        name = "hv-avic";
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(hv_flags); i++) {
        if (same_name(name, hv_flags[i])) {
            return (int)i;
        }
    }
    return -1;
}

/* ---- -cpu help ---- */

void x86_cpu_models_print(FILE *f)
{
    fprintf(f, "Available CPUs:\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        const X86CPUModel *m = &models[i];
        const char *what = !strcmp(m->name, "max")
            ? "Enables all features supported by the accelerator in the current host"
            : !strcmp(m->name, "base") ? "base CPU model type with no features enabled" : m->brand;
        fprintf(f, "x86 %-20s  %s\n", m->name, what);
    }
    fprintf(f, "\nRecognized CPUID flags:\n ");
    unsigned column = 1;
    for (unsigned i = 0; i < G_N_ELEMENTS(feature_names); i++) {
        int n = (int)strlen(feature_names[i].name) + 1;
        if (column + n > 78) {
            fprintf(f, "\n ");
            column = 1;
        }
        fprintf(f, " %s", feature_names[i].name);
        column += n;
    }
    fprintf(f, "\n\nHyper-V flags:\n ");
    column = 1;
    for (unsigned i = 0; i < G_N_ELEMENTS(hv_flags); i++) {
        int n = (int)strlen(hv_flags[i]) + 1;
        if (column + n > 78) {
            fprintf(f, "\n ");
            column = 1;
        }
        fprintf(f, " %s", hv_flags[i]);
        column += n;
    }
    fprintf(f, "\n");
}
