/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects that users make themselves, with -object or object-add. */
#ifndef BACKENDS_USER_CREATABLE_H
#define BACKENDS_USER_CREATABLE_H

#include "qom/object.h"

#define TYPE_USER_CREATABLE "user-creatable"

typedef struct UserCreatableClass {
    ObjectClass parent;
    bool (*complete)(Object *obj, Error **errp);
} UserCreatableClass;

/* After the properties are set: checks them and gets what the object stands for. Once. */
bool user_creatable_complete(Object *obj, Error **errp);

#endif
