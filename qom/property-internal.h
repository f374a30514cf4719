/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef QOM_PROPERTY_INTERNAL_H
#define QOM_PROPERTY_INTERNAL_H

#include "qom/object.h"

void property_set_defaults(Object *obj);
void property_free_all(Object *obj);        /* what the fields own */

#endif
