/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory-backend-ram, -file, -memfd: host memory as an object, for a device or board to map. */
#ifndef BACKENDS_HOSTMEM_H
#define BACKENDS_HOSTMEM_H

#include "memory/memory.h"
#include "qom/object.h"

#define TYPE_MEMORY_BACKEND "memory-backend"

/* After the properties are set: checks them and gets the memory. Once. */
bool memory_backend_complete(Object *obj, Error **errp);
/* The memory, borrowed; NULL before memory_backend_complete(). */
RAMBlock *memory_backend_ram(Object *obj);
/* One user at a time: false if somebody has it ("busy"). The user drops it when done. */
bool memory_backend_claim(Object *obj);
void memory_backend_drop(Object *obj);

#endif
