/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which accelerator: "-accel tcg,thread=multi", "-machine accel=kvm:tcg". */
#include <string.h>
#include "accel/accel.h"

static const AccelOps *const accels[] = { &tcg_accel_ops, &qtest_accel_ops };
static const AccelOps *current;

/* Accelerators of the interface that this program was built without. */
static const char *const absent[] = { "kvm", "xen", "hvf", "nvmm", "whpx" };

const AccelOps *accel_current(void)
{
    return current;
}

static const AccelOps *accel_find(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(accels); i++) {
        if (!strcmp(accels[i]->name, name)) {
            return accels[i];
        }
    }
    return NULL;
}

static void not_found(const char *name, Error **errp)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(absent); i++) {
        if (!strcmp(absent[i], name)) {
            error_setg(errp, "invalid accelerator %s: not available in this program, use tcg",
                       name);
            return;
        }
    }
    error_setg(errp, "invalid accelerator %s", name);
}

static bool set_options(const AccelOps *a, char **opts, Error **errp)
{
    for (; *opts; opts++) {
        char *eq = strchr(*opts, '=');
        if (eq) {
            *eq = 0;
        }
        if (!a->set_option(*opts, eq ? eq + 1 : "on", errp)) {
            return false;
        }
    }
    return true;
}

bool accel_select(const char *text, Error **errp)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    g_auto(GStrv) names = g_strsplit(parts[0] ? parts[0] : "", ":", -1);
    const AccelOps *a = NULL;
    const char *name = names[0];

    if (name && g_str_has_prefix(name, "accel=")) {
        name += strlen("accel=");
    }
    if (!name || !*name) {
        error_setg(errp, "-accel needs a name, such as tcg");
        return false;
    }
    a = accel_find(name);
    for (char **n = names + 1; !a && *n; n++) {
        a = accel_find(*n);
    }
    if (!a) {
        not_found(name, errp);
        return false;
    }
    current = a;
    return set_options(a, parts + 1, errp);
}
