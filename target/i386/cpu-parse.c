/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands behind the model in -cpu MODEL,FEATURES: feature bits, properties, hv-* flags. */
#include <string.h>
#include "target/i386/cpu-models.h"
#include "target/i386/hyperv.h"

/* bits asked for by name, to tell those from the model's own */
typedef struct Parse {
    CPUX86State *env;
    const char *type_name;
    unsigned family, model, stepping;
    bool enforce;
    uint32_t plus[FEATURE_WORDS], minus[FEATURE_WORDS];
} Parse;

static bool parse_bool(const char *name, const char *text, bool *val, Error **errp)
{
    static const struct { const char *text; bool val; } words[] = {
        { "on", true }, { "yes", true }, { "true", true }, { "y", true }, { "force", true },
        { "off", false }, { "no", false }, { "false", false }, { "n", false },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        if (!strcmp(text, words[i].text)) {
            *val = words[i].val;
            return true;
        }
    }
    error_setg(errp, "Parameter '%s' expects 'on' or 'off'", name);
    return false;
}

static bool parse_number(const char *name, const char *text, uint64_t max, uint64_t *val,
                         Error **errp)
{
    char *end;

    *val = g_ascii_strtoull(text, &end, 0);
    if (!*text || *end || *text == '-') {
        error_setg(errp, "Parameter '%s' expects a number", name);
        return false;
    }
    if (*val > max) {
        error_setg(errp, "Property '%s' does not take value %s (maximum 0x%" G_GINT64_MODIFIER
                   "x)", name, text, max);
        return false;
    }
    return true;
}

/* ---- properties ---- */

typedef bool PropSet(Parse *p, const char *name, const char *text, Error **errp);

static bool set_vendor(Parse *p, const char *name, const char *text, Error **errp)
{
    if (strlen(text) != 12) {
        error_setg(errp, "Property 'vendor' doesn't take value '%s': it has 12 characters", text);
        return false;
    }
    g_strlcpy(p->env->vendor, text, sizeof(p->env->vendor));
    return true;
}

static bool set_brand(Parse *p, const char *name, const char *text, Error **errp)
{
    memset(p->env->brand, 0, sizeof(p->env->brand));
    g_strlcpy(p->env->brand, text, sizeof(p->env->brand));
    return true;
}

static bool set_number(const char *name, const char *text, uint64_t max, void *field,
                       unsigned bytes, Error **errp)
{
    uint64_t val;

    if (!parse_number(name, text, max, &val, errp)) {
        return false;
    }
    memcpy(field, &val, bytes);
    return true;
}

static bool set_family(Parse *p, const char *name, const char *text, Error **errp)
{
    return set_number(name, text, 0xff + 0xf, &p->family, 4, errp);
}

static bool set_model(Parse *p, const char *name, const char *text, Error **errp)
{
    return set_number(name, text, 0xff, &p->model, 4, errp);
}

static bool set_stepping(Parse *p, const char *name, const char *text, Error **errp)
{
    return set_number(name, text, 0xf, &p->stepping, 4, errp);
}

static bool set_level(Parse *p, const char *name, const char *text, Error **errp)
{
    return set_number(name, text, 0x1f, &p->env->cpuid_level, 4, errp);
}

static bool set_xlevel(Parse *p, const char *name, const char *text, Error **errp)
{
    return set_number(name, text, 0x800000ff, &p->env->cpuid_xlevel, 4, errp);
}

static bool set_phys_bits(Parse *p, const char *name, const char *text, Error **errp)
{
    uint64_t val;

    if (!parse_number(name, text, 52, &val, errp)) {
        return false;
    }
    if (val != 0 && val < 32) {
        error_setg(errp, "phys-bits should be between 32 and 52 (but is %u)", (unsigned)val);
        return false;
    }
    if (val) {
        p->env->phys_bits = (uint8_t)val;
    }
    return true;
}

static bool set_enforce(Parse *p, const char *name, const char *text, Error **errp)
{
    return parse_bool(name, text, &p->enforce, errp);
}

/* says nothing here: the emulation does it one way only */
static bool set_nothing(Parse *p, const char *name, const char *text, Error **errp)
{
    bool ignored;

    return parse_bool(name, text, &ignored, errp);
}

static const struct {
    const char *name;
    PropSet *set;
} props[] = {
    { "vendor", set_vendor }, { "model-id", set_brand }, { "family", set_family },
    { "model", set_model }, { "stepping", set_stepping }, { "level", set_level },
    { "min-level", set_level }, { "xlevel", set_xlevel }, { "min-xlevel", set_xlevel },
    { "phys-bits", set_phys_bits }, { "enforce", set_enforce }, { "check", set_nothing },
    { "kvm", set_nothing }, { "migratable", set_nothing }, { "pmu", set_nothing },
    { "host-phys-bits", set_nothing }, { "l3-cache", set_nothing },
    { "host-cache-info", set_nothing }, { "legacy-cache", set_nothing },
    { "tcg-cpuid", set_nothing }, { "lmce", set_nothing }, { "fill-mtrr-mask", set_nothing },
    { "full-cpuid-auto-level", set_nothing }, { "cpuid-0xb", set_nothing },
};

static bool set_feature(Parse *p, const X86FeatureName *f, bool on)
{
    uint32_t bit = 1u << f->bit;

    if (on) {
        p->plus[f->word] |= bit;
        p->minus[f->word] &= ~bit;
    } else {
        p->minus[f->word] |= bit;
        p->plus[f->word] &= ~bit;
    }
    return true;
}

static bool not_found(const Parse *p, const char *name, Error **errp)
{
    error_setg(errp, "Property '%s.%s' not found", p->type_name, name);
    return false;
}

static bool apply_plus_minus(Parse *p, const char *item, Error **errp)
{
    const X86FeatureName *f = x86_feature_by_name(item + 1);

    if (f) {
        return set_feature(p, f, *item == '+');
    }
    if (x86_hyperv_is_flag(item + 1)) {
        return x86_hyperv_flag(p->env, item + 1, *item == '+' ? "on" : "off", errp);
    }
    return not_found(p, item + 1, errp);
}

static bool apply_item(Parse *p, const char *item, Error **errp)
{
    const char *eq = strchr(item, '=');
    g_autofree char *name = eq ? g_strndup(item, eq - item) : g_strdup(item);
    const char *text = eq ? eq + 1 : "on";
    const X86FeatureName *f = x86_feature_by_name(name);
    bool on;

    if (*item == '+' || *item == '-') {
        return apply_plus_minus(p, item, errp);
    }
    if (x86_hyperv_is_flag(name)) {
        return x86_hyperv_flag(p->env, name, text, errp);
    }
    if (f) {
        return parse_bool(name, text, &on, errp) && set_feature(p, f, on);
    }
    g_strdelimit(name, "_", '-');
    for (unsigned i = 0; i < G_N_ELEMENTS(props); i++) {
        if (!strcmp(props[i].name, name)) {
            return props[i].set(p, name, text, errp);
        }
    }
    return not_found(p, name, errp);
}

/* ---- what the emulation lacks ---- */

/* One line a missing bit, but not again for each further vCPU of the same kind. */
static bool warn_now(const char *list)
{
    static char *warned_of;

    if (warned_of && !strcmp(warned_of, list)) {
        return false;
    }
    g_free(warned_of);
    warned_of = g_strdup(list);
    return true;
}

static bool drop_missing(Parse *p, const char *list, Error **errp)
{
    g_autofree char *model_and_list = g_strconcat(p->type_name, ",", list, NULL);
    uint32_t have[FEATURE_WORDS];
    bool warn = false, asked = false;

    x86_features_supported(have, false);
    for (unsigned w = 0; w < FEATURE_WORDS; w++) {
        p->plus[w] |= p->env->features[w] & ~p->minus[w];
        asked |= (p->plus[w] & ~have[w]) != 0;
    }
    warn = asked && warn_now(model_and_list);
    for (unsigned i = 0; x86_feature(i); i++) {
        const X86FeatureName *f = x86_feature(i);
        if (warn && (p->plus[f->word] & ~have[f->word] & 1u << f->bit)) {
            warn_report("TCG doesn't support requested feature: %s.%s [bit %u]",
                        x86_feature_word_name(f->word), f->name, f->bit);
        }
    }
    if (asked && p->enforce) {
        error_setg(errp, "TCG doesn't support requested features");
        return false;
    }
    for (unsigned w = 0; w < FEATURE_WORDS; w++) {
        uint32_t *word = &p->env->features[w];
        *word = p->plus[w] & have[w];
    }
    return true;
}

/* CPUID leaves that hold a feature must be within the levels. */
static void raise_levels(CPUX86State *env)
{
    if (env->features[FEAT_7_0_EBX] | env->features[FEAT_7_0_ECX] | env->features[FEAT_7_0_EDX]) {
        env->cpuid_level = MAX(env->cpuid_level, 7);
    }
    if (x86_has(env, FEAT_1_ECX, 1u << 26)) {
        env->cpuid_level = MAX(env->cpuid_level, 0xd);
    }
    if (env->features[FEAT_8000_0001_EDX] | env->features[FEAT_8000_0001_ECX]) {
        env->cpuid_xlevel = MAX(env->cpuid_xlevel, 0x80000001);
    }
    if (env->features[FEAT_8000_0007_EDX] || x86_has(env, FEAT_8000_0001_EDX, 1u << 29)) {
        env->cpuid_xlevel = MAX(env->cpuid_xlevel, 0x80000008);
    }
}

/* features that make no sense without another */
static void drop_orphans(CPUX86State *env)
{
    if (!x86_has(env, FEAT_1_ECX, 1u << 26)) {
        env->features[FEAT_XSAVE] = 0;
    }
    if (!x86_has(env, FEAT_1_EDX, 1u << 4)) {
        env->features[FEAT_8000_0007_EDX] &= ~(1u << 8);
    }
}

/**
 * x86_features_apply - the part of -cpu after the model's name
 * @env: features, vendor ... are the model's
 * @list: "+sse4.1,-x,feat=on,hv-vpindex"; NULL or "" for none
 */
bool x86_features_apply(CPUX86State *env, const char *type_name, const char *list, Error **errp)
{
    Parse p = { .env = env, .type_name = type_name, .family = env->model->family,
                .model = env->model->model, .stepping = env->model->stepping };
    g_auto(GStrv) items = g_strsplit(list ? list : "", ",", -1);

    for (char **i = items; *i; i++) {
        if (**i && !apply_item(&p, *i, errp)) {
            return false;
        }
    }
    if (!drop_missing(&p, list ? list : "", errp)) {
        return false;
    }
    env->family_model_stepping = x86_cpu_signature(p.family, p.model, p.stepping);
    drop_orphans(env);
    raise_levels(env);
    return true;
}
