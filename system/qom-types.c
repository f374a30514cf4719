/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machines and accelerators as QOM types: management software looks for their names. */
#include "qom-types.h"
#include "hw/boards.h"
#include "qom/object.h"

static const TypeInfo plain_types[] = {
    { .name = "machine", .abstract = true },
    { .name = "accel", .abstract = true },
    { .name = "tcg-accel", .parent = "accel" },
    { .name = "qtest-accel", .parent = "accel" },
};

void qom_types_register(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(plain_types); i++) {
        type_register(&plain_types[i]);
    }
    for (unsigned i = 0; machine_types[i]; i++) {
        TypeInfo *t = g_new0(TypeInfo, 1);          /* kept by the registry */
        t->name = g_strdup_printf("%s-machine", machine_types[i]->name);
        t->parent = "machine";
        type_register(t);
    }
}

void qom_containers_make(void)
{
    static const char *const paths[] = {
        "/machine", "/machine/peripheral", "/machine/peripheral-anon", "/machine/unattached",
        "/objects", "/chardevs",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(paths); i++) {
        object_container(paths[i]);
    }
}
