/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * C values of schema types to and from JSON. The generator (scripts/qapi) writes one QapiType a
 * type of the schema; the functions here walk those tables.
 */
#ifndef QAPI_VISIT_H
#define QAPI_VISIT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include "qapi/json.h"

typedef enum QapiKind {
    QAPI_BOOL,          /* bool */
    QAPI_INT,           /* int64_t; limits in min, max */
    QAPI_UINT,          /* uint64_t; limit in umax */
    QAPI_NUMBER,        /* double */
    QAPI_STR,           /* char *, owned */
    QAPI_ANY,           /* Json *, owned */
    QAPI_ENUM,          /* int */
    QAPI_STRUCT,        /* T *, owned */
    QAPI_LIST,          /* GPtrArray * of char *, Json * or T *; GArray * of the scalars */
} QapiKind;

typedef struct QapiType QapiType;

typedef struct QapiMember {
    const char *name;
    const QapiType *type;
    size_t offset;              /* of the field; of a pointer for STR, ANY, STRUCT, LIST */
    size_t has_offset;          /* of bool has_NAME; 0: tells by NULL, or is always there */
    bool optional;
} QapiMember;

struct QapiType {
    QapiKind kind;
    const char *name;
    size_t size;                        /* of the struct or the scalar */
    int64_t min, max;
    uint64_t umax;
    const char *const *names;           /* enum: NULL-terminated */
    const QapiMember *members;          /* struct: those of bases first; ends with a NULL name */
    const QapiType *element;            /* list */
    /* union: the members of variants[value of the enum at tag_offset] follow (NULL: none) */
    const QapiType *const *variants;
    size_t tag_offset, variants_offset; /* variants_offset: of a T *, owned */
};

extern const QapiType qapi_bool, qapi_int, qapi_int8, qapi_int16, qapi_int32, qapi_int64,
    qapi_uint8, qapi_uint16, qapi_uint32, qapi_uint64, qapi_size, qapi_number, qapi_str, qapi_any;

/* @field: where the value (or the pointer to it) lies */
Json *qapi_to_json(const QapiType *t, const void *field);
/**
 * qapi_from_json - checks and converts; errors are worded as QEMU's
 * @field: in: zeroed; out: the value. After a failure it is zeroed again.
 * @name: what errors call it; NULL: the top
 */
bool qapi_from_json(const QapiType *t, const Json *j, const char *name, void *field,
                    Error **errp);
void qapi_clear(const QapiType *t, void *field);        /* frees and zeroes */
int qapi_enum_parse(const QapiType *t, const char *text);       /* -1: no such name */

#endif
