/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -d ITEM,... and -D FILE. Rate-limited lines for what guests do wrong. */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "util/error.h"

enum {
    LOG_IN_ASM = 1 << 0, LOG_OP = 1 << 1, LOG_OP_OPT = 1 << 2, LOG_OUT_ASM = 1 << 3,
    LOG_EXEC = 1 << 4, LOG_INT = 1 << 5, LOG_CPU = 1 << 6, LOG_PAGE = 1 << 7, LOG_UNIMP = 1 << 8,
    LOG_GUEST_ERROR = 1 << 9, LOG_MMU = 1 << 10, LOG_RESET = 1 << 11, LOG_NOCHAIN = 1 << 12,
    LOG_STRACE = 1 << 13, LOG_HYPERV = 1 << 14,
};
extern uint32_t log_mask;
static inline bool log_on(uint32_t item) { return G_UNLIKELY(log_mask & item); }

bool log_set_items(const char *items, Error **errp);    /* "in_asm,int"; "help" prints the list */
bool log_set_file(const char *path, Error **errp);      /* %d is the process id */
void log_printf(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
/* several lines that belong together; never NULL */
FILE *log_lock(void);
void log_unlock(FILE *f);
#define log_if(item, ...) do { if (log_on(item)) log_printf(__VA_ARGS__); } while (0)

/* the guest did something wrong / used something we lack; at most some lines a second each */
void guest_error(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
void guest_unimp(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

#endif
