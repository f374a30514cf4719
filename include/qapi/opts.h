/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "first,key=value,flag,text=with,,comma": the option strings of the command line. */
#ifndef QAPI_OPTS_H
#define QAPI_OPTS_H

#include <stdbool.h>
#include <stdint.h>
#include "qapi/json.h"
#include "util/error.h"

typedef struct Opt { char *key, *value; bool used; } Opt;
typedef struct Opts { Opt *v; unsigned n; } Opts;

/**
 * opts_parse - splits an option string, or flattens a JSON object ("a.b" for nested ones)
 * @implied: key of a first value without "key="; NULL: it is a flag like the others
 * A flag "x" is x=on, "nox" is x=off when @no_forms names x (a NULL-terminated list, may be NULL).
 */
Opts *opts_parse(const char *text, const char *implied, const char *const *no_forms, Error **errp);
bool opts_from_json(Opts *o, const Json *object, Error **errp);
Opts *opts_new(void);
void opts_add(Opts *o, const char *key, const char *value);
void opts_free(Opts *o);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Opts, opts_free)

/* The last value given wins; reading marks the key as used. */
const char *opts_get(Opts *o, const char *key);         /* NULL: not given */
bool opts_get_bool(Opts *o, const char *key, bool *inout, Error **errp);
bool opts_get_u64(Opts *o, const char *key, uint64_t *inout, Error **errp);
/* a size in bytes; without suffix in units of @default_suffix */
bool opts_get_size(Opts *o, const char *key, char default_suffix, uint64_t *inout, Error **errp);
void opts_remove(Opts *o, const char *key);
bool opts_all_used(Opts *o, Error **errp);      /* "Invalid parameter 'x'" */

#endif
