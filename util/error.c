/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/error.h"
#include <stdio.h>
#include <string.h>

struct Error {
    ErrorClass cls;
    char *text;
    char *hint;
};

static const char *program = "qemu";
static __thread void (*sink_fn)(void *opaque, const char *line);
static __thread void *sink_opaque;

static void error_new_v(Error **errp, ErrorClass cls, const char *suffix, const char *fmt,
                        va_list ap)
{
    if (!errp) {
        return;
    }
    g_assert(*errp == NULL);
    Error *err = g_new0(Error, 1);
    g_autofree char *text = g_strdup_vprintf(fmt, ap);

    err->cls = cls;
    err->text = suffix ? g_strdup_printf("%s: %s", text, suffix) : g_steal_pointer(&text);
    *errp = err;
}

void error_setg(Error **errp, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    error_new_v(errp, ERROR_CLASS_GENERIC, NULL, fmt, ap);
    va_end(ap);
}

void error_setg_errno(Error **errp, int os_errno, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    error_new_v(errp, ERROR_CLASS_GENERIC, os_errno ? g_strerror(os_errno) : NULL, fmt, ap);
    va_end(ap);
}

void error_set(Error **errp, ErrorClass cls, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    error_new_v(errp, cls, NULL, fmt, ap);
    va_end(ap);
}

void error_prepend(Error **errp, const char *fmt, ...)
{
    va_list ap;

    if (!errp || !*errp) {
        return;
    }
    va_start(ap, fmt);
    g_autofree char *before = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    char *joined = g_strconcat(before, (*errp)->text, NULL);

    g_free((*errp)->text);
    (*errp)->text = joined;
}

void error_append_hint(Error **errp, const char *fmt, ...)
{
    va_list ap;

    if (!errp || !*errp) {
        return;
    }
    va_start(ap, fmt);
    g_autofree char *more = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    char *joined = g_strconcat((*errp)->hint ? (*errp)->hint : "", more, NULL);

    g_free((*errp)->hint);
    (*errp)->hint = joined;
}

void error_propagate(Error **dst, Error *src)
{
    if (!src) {
        return;
    }
    if (dst && !*dst) {
        *dst = src;
    } else {
        error_free(src);
    }
}

void error_free(Error *err)
{
    if (err) {
        g_free(err->text);
        g_free(err->hint);
        g_free(err);
    }
}

const char *error_text(const Error *err)
{
    return err->text;
}

ErrorClass error_class(const Error *err)
{
    return err->cls;
}

const char *error_class_name(ErrorClass cls)
{
    static const char *const names[] = {
        [ERROR_CLASS_GENERIC] = "GenericError",
        [ERROR_CLASS_COMMAND_NOT_FOUND] = "CommandNotFound",
        [ERROR_CLASS_DEVICE_NOT_ACTIVE] = "DeviceNotActive",
        [ERROR_CLASS_DEVICE_NOT_FOUND] = "DeviceNotFound",
        [ERROR_CLASS_KVM_MISSING_CAP] = "KVMMissingCap",
    };

    return names[cls];
}

void error_set_program(const char *argv0)
{
    const char *slash = strrchr(argv0, '/');

    program = slash ? slash + 1 : argv0;
}

void error_set_sink(void (*sink)(void *opaque, const char *line), void *opaque)
{
    sink_fn = sink;
    sink_opaque = opaque;
}

static void report(const char *kind, const char *fmt, va_list ap)
{
    g_autofree char *text = g_strdup_vprintf(fmt, ap);

    if (sink_fn) {
        g_autofree char *line = g_strconcat(kind, text, NULL);
        sink_fn(sink_opaque, line);
    } else {
        fprintf(stderr, "%s: %s%s\n", program, kind, text);
    }
}

void error_report(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report("", fmt, ap);
    va_end(ap);
}

void warn_report(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report("warning: ", fmt, ap);
    va_end(ap);
}

void info_report(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report("info: ", fmt, ap);
    va_end(ap);
}

void error_report_err(Error *err)
{
    error_report("%s", err->text);
    if (err->hint && !sink_fn) {
        fprintf(stderr, "%s", err->hint);
    }
    error_free(err);
}
