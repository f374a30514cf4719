/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backends/user-creatable.h"

bool user_creatable_complete(Object *obj, Error **errp)
{
    UserCreatableClass *k = (UserCreatableClass *)obj->klass;

    g_assert(object_class_is(obj->klass, TYPE_USER_CREATABLE));
    return k->complete(obj, errp);
}

static const TypeInfo user_creatable_info = {
    .name = TYPE_USER_CREATABLE, .size = sizeof(Object), .class_size = sizeof(UserCreatableClass),
    .abstract = true,
};
TYPE_REGISTER(user_creatable_info)
