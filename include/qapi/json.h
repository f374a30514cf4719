/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON values: a tree that its root owns; a writer; a parser that takes QMP's stream of values. */
#ifndef QAPI_JSON_H
#define QAPI_JSON_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include "util/error.h"

typedef enum JsonType {
    JSON_NULL, JSON_BOOL, JSON_INT, JSON_UINT, JSON_DOUBLE, JSON_STRING, JSON_ARRAY, JSON_OBJECT,
} JsonType;         /* JSON_UINT: above INT64_MAX only */

typedef struct Json Json;

Json *json_null(void);
Json *json_bool(bool v);
Json *json_int(int64_t v);
Json *json_uint(uint64_t v);
Json *json_double(double v);
Json *json_string(const char *v);               /* NULL: "" */
Json *json_string_take(char *v);
Json *json_array(void);
Json *json_object(void);
Json *json_copy(const Json *j);
void json_free(Json *j);                        /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Json, json_free)

JsonType json_type(const Json *j);
bool json_is(const Json *j, JsonType t);        /* false for NULL */
const char *json_type_word(const Json *j);      /* "string", "integer", ... */
bool json_get_bool(const Json *j);
const char *json_get_string(const Json *j);     /* borrowed; NULL if not a string */
bool json_get_i64(const Json *j, int64_t *out); /* false: not an integer, or does not fit */
bool json_get_u64(const Json *j, uint64_t *out);        /* negative ones do not fit */
bool json_get_double(const Json *j, double *out);

/* Arrays and objects keep their order. add/set take @v over and return their first argument. */
unsigned json_len(const Json *j);
Json *json_at(const Json *j, unsigned i);       /* borrowed: element or member's value */
const char *json_key(const Json *j, unsigned i);
Json *json_add(Json *array, Json *v);
Json *json_set(Json *object, const char *key, Json *v);
Json *json_get(const Json *object, const char *key);    /* borrowed; NULL: no such member */
Json *json_take(Json *object, const char *key); /* out of the object; NULL: no such member */
bool json_equal(const Json *a, const Json *b);

/* One value as QMP writes it: ", " and ": "; ASCII only. @pretty: over several lines. */
char *json_to_text(const Json *j, bool pretty);
void json_write(GString *out, const Json *j, bool pretty);
/* text holds one value and nothing else */
Json *json_parse(const char *text, Error **errp);

/*
 * A stream of values. @emit gets each value (to own) or an error (to own) and NULL. After a
 * lexical error the rest is skipped up to something structural or a control character; a value
 * with wrong syntax is read to its end and gives one error. Thus a peer always gets back in step.
 */
typedef struct JsonStream JsonStream;
typedef void JsonEmit(void *opaque, Json *value, Error *err);
JsonStream *json_stream_new(JsonEmit *emit, void *opaque);
void json_stream_free(JsonStream *s);
void json_stream_reset(JsonStream *s);          /* forgets half a value; not from @emit */
void json_stream_feed(JsonStream *s, const char *buf, size_t n);
void json_stream_end(JsonStream *s);            /* what stands there is all there is */

#endif
