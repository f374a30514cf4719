/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory-backend-ram, -file, -memfd: host memory as an object, for a device or board to map. */
#ifndef BACKENDS_HOSTMEM_H
#define BACKENDS_HOSTMEM_H

#include "backends/user-creatable.h"
#include "memory/memory.h"

#define TYPE_MEMORY_BACKEND "memory-backend"

/* The memory, borrowed; NULL before user_creatable_complete(). */
RAMBlock *memory_backend_ram(Object *obj);
/* One user at a time: false if somebody has it ("busy"). The user drops it when done. */
bool memory_backend_claim(Object *obj);
void memory_backend_drop(Object *obj);

#endif
