/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -strace: calls and results as lines, from the same rows that make the calls. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "syscall-rows.h"
#include "task.h"
#include "util/log.h"

static __thread GString *line;

static void append_string(uint64_t gva)
{
    g_string_append_c(line, '"');
    for (unsigned i = 0; i < 48 && guest_ok(gva + i, 1, PROT_R); i++) {
        char c = *(char *)g2h(gva + i);
        if (!c) {
            g_string_append_c(line, '"');
            return;
        }
        if (g_ascii_isprint(c)) {
            g_string_append_c(line, c);
        } else {
            g_string_append_printf(line, "\\%03o", (uint8_t)c);
        }
    }
    g_string_append(line, "\"...");
}

static void append_arg(char kind, uint64_t v)
{
    switch (kind) {
    case 's': append_string(v); break;
    case 'p':
        if (v) {
            g_string_append_printf(line, "0x%" PRIx64, v);
        } else {
            g_string_append(line, "NULL");
        }
        break;
    case 'x': g_string_append_printf(line, "0x%" PRIx64, v); break;
    case 'o': g_string_append_printf(line, "0%o", (unsigned)v); break;
    case 'u': g_string_append_printf(line, "%" PRIu64, v); break;
    case 'l': g_string_append_printf(line, "%" PRId64, (int64_t)v); break;
    case 'f':
        if ((int)v == -100) {
            g_string_append(line, "AT_FDCWD");
        } else {
            g_string_append_printf(line, "%d", (int)v);
        }
        break;
    default: g_string_append_printf(line, "%d", (int)v);
    }
}

void strace_call(CPUState *cpu, int nr, const uint64_t args[6])
{
    const char *name = syscall_name(nr), *kinds = name ? syscall_args(nr) : "xxxxxx";

    if (!line) {
        line = g_string_new(NULL);
    }
    g_string_printf(line, "%d ", (int)getpid());
    if (name) {
        g_string_append_printf(line, "%s(", name);
    } else {
        g_string_append_printf(line, "syscall_%d(", nr);
    }
    for (unsigned i = 0; kinds[i]; i++) {
        if (i) {
            g_string_append_c(line, ',');
        }
        append_arg(kinds[i], args[i]);
    }
    g_string_append_c(line, ')');
    /* these do not come back: the line stands alone */
    if (name && (strcmp(name, "exit") == 0 || strcmp(name, "exit_group") == 0)) {
        log_printf("%s\n", line->str);
    }
}

void strace_result(int nr, int64_t ret)
{
    if (ret == -QEMU_ERESTARTSYS) {
        log_printf("%s = ? (to be restarted)\n", line->str);
    } else if (ret < 0 && ret > -4096) {
        log_printf("%s = -1 errno=%d (%s)\n", line->str, (int)-ret, g_strerror((int)-ret));
    } else if (ret > 0xffff || ret < 0) {
        log_printf("%s = 0x%" PRIx64 "\n", line->str, (uint64_t)ret);
    } else {
        log_printf("%s = %" PRId64 "\n", line->str, ret);
    }
}
