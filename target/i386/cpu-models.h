/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU models and feature names as data; x86_cpu_new() in cpu.c turns them into a vCPU. */
#ifndef TARGET_I386_CPU_MODELS_H
#define TARGET_I386_CPU_MODELS_H

#include "target/i386/cpu.h"

typedef struct X86CPUModel {
    const char *name;
    const char *vendor;             /* 12 characters */
    const char *brand;
    unsigned family, model, stepping;
    uint32_t level, xlevel;         /* highest CPUID leaves */
    bool everything;                /* features: all that the emulation has */
    uint32_t features[FEATURE_WORDS];
} X86CPUModel;

const X86CPUModel *x86_cpu_model(unsigned i);           /* NULL after the last */
const X86CPUModel *x86_cpu_model_by_name(const char *name);     /* NULL if unknown */

typedef enum FeatureHave { FEATURE_NO, FEATURE_YES, FEATURE_AUTO } FeatureHave;
typedef struct X86FeatureName {
    FeatureWord word;
    uint8_t bit;
    const char *name;
    FeatureHave have;
} X86FeatureName;

/* '_' and '-' are one; NULL if unknown */
const X86FeatureName *x86_feature_by_name(const char *name);
const X86FeatureName *x86_feature(unsigned i);          /* NULL after the last */
const char *x86_feature_word_name(FeatureWord w);       /* "CPUID.01H:ECX" */
/* bits that the emulation has; of these the ones in "max" */
void x86_features_supported(uint32_t words[FEATURE_WORDS], bool max);

uint32_t x86_cpu_signature(unsigned family, unsigned model, unsigned stepping);
bool x86_features_apply(CPUX86State *env, const char *type_name, const char *list, Error **errp);

#endif
