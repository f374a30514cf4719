/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of users as values: properties, options, monitors. False: not such a value at all. */
#ifndef QOM_PARSE_H
#define QOM_PARSE_H

#include <stdbool.h>
#include <stdint.h>
#include "qom/object.h"

bool parse_bool(const char *text, bool *out);           /* on off yes no true false y n 1 0 */
bool parse_u64(const char *text, uint64_t *out);        /* decimal, 0x hex, 0 octal */
bool parse_i64(const char *text, int64_t *out);
/* 512, 1.5G, 64k; without a suffix in units of @default_suffix ('B', 'M' ...) */
bool parse_size(const char *text, char default_suffix, uint64_t *out);
bool parse_uuid(const char *text, uint8_t out[16]);     /* 8-4-4-4-12 hex digits, in that order */
const char *property_type_name(const Property *p);      /* QMP's word: "bool", "uint32", ... */

#endif
