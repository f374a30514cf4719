/* SPDX-License-Identifier: GPL-2.0-or-later */
/* secret: bytes that must not stand on a command line others can read; from a file, or given. */
#ifndef BACKENDS_SECRET_H
#define BACKENDS_SECRET_H

#include "backends/user-creatable.h"

#define TYPE_SECRET "secret"

/* The bytes after user_creatable_complete(), borrowed; @n_bytes may be 0. */
const uint8_t *secret_bytes(Object *obj, size_t *n_bytes);

#endif
