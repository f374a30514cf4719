/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors of the user: made where found, completed on the way up, printed once on top. */
#ifndef UTIL_ERROR_H
#define UTIL_ERROR_H

#include <glib.h>
#include <stdbool.h>

typedef enum ErrorClass {       /* QMP's classes */
    ERROR_CLASS_GENERIC, ERROR_CLASS_COMMAND_NOT_FOUND, ERROR_CLASS_DEVICE_NOT_ACTIVE,
    ERROR_CLASS_DEVICE_NOT_FOUND, ERROR_CLASS_KVM_MISSING_CAP,
} ErrorClass;

typedef struct Error Error;

/* Functions that take `Error **errp` return bool, false meaning *errp is set (errp may be NULL). */
void error_setg(Error **errp, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
void error_setg_errno(Error **errp, int os_errno, const char *fmt, ...) G_GNUC_PRINTF(3, 4);
void error_set(Error **errp, ErrorClass cls, const char *fmt, ...) G_GNUC_PRINTF(3, 4);
void error_prepend(Error **errp, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
void error_append_hint(Error **errp, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
void error_propagate(Error **dst, Error *src);      /* takes src */
void error_free(Error *err);
const char *error_text(const Error *err);
ErrorClass error_class(const Error *err);
const char *error_class_name(ErrorClass cls);       /* "GenericError" ... */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Error, error_free)

/* "qemu-system-x86_64: text" on stderr (or the monitor that runs a command), one line */
void error_report(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
void warn_report(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
void info_report(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
void error_report_err(Error *err);                  /* prints and frees */
void error_set_program(const char *argv0);
/* redirects error_report() of this thread while a monitor command runs; NULL: stderr */
void error_set_sink(void (*sink)(void *opaque, const char *line), void *opaque);

#endif
