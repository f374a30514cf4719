/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/log.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "util/trace.h"

uint32_t log_mask;

static FILE *log_file;
static GMutex log_mutex;

static const struct { const char *name; uint32_t bit; const char *help; } items[] = {
    { "in_asm", LOG_IN_ASM, "guest instructions of each block translated" },
    { "op", LOG_OP, "intermediate representation of each block" },
    { "op_opt", LOG_OP_OPT, "the same after the optimiser" },
    { "out_asm", LOG_OUT_ASM, "generated host instructions" },
    { "exec", LOG_EXEC, "a line for each block entered from the run loop" },
    { "int", LOG_INT, "interrupts and exceptions" },
    { "cpu", LOG_CPU, "registers before each block entered from the run loop" },
    { "page", LOG_PAGE, "page layout of user programs" },
    { "unimp", LOG_UNIMP, "what guests use and we lack" },
    { "guest_errors", LOG_GUEST_ERROR, "what guests do wrong" },
    { "mmu", LOG_MMU, "page walks and TLB flushes" },
    { "cpu_reset", LOG_RESET, "registers before vCPU resets" },
    { "nochain", LOG_NOCHAIN, "do not chain blocks: complete exec and cpu logs" },
    { "strace", LOG_STRACE, "system calls of user programs" },
    { "hyperv", LOG_HYPERV, "Hyper-V MSRs, hypercalls, VMBus messages, balloon protocol" },
};

static bool find_item(const char *name, uint32_t *bit)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(items); i++) {
        if (strcmp(items[i].name, name) == 0) {
            *bit = items[i].bit;
            return true;
        }
    }
    *bit = ~0u;
    return strcmp(name, "all") == 0;
}

bool log_set_items(const char *text, Error **errp)
{
    g_auto(GStrv) names = g_strsplit(text, ",", -1);

    for (char **n = names; *n; n++) {
        uint32_t bit;

        if (strcmp(*n, "help") == 0 || strcmp(*n, "?") == 0) {
            printf("Log items (comma separated):\n");
            for (unsigned i = 0; i < G_N_ELEMENTS(items); i++) {
                printf("%-15s %s\n", items[i].name, items[i].help);
            }
            printf("%-15s %s\n", "trace:PATTERN", "trace events; -trace help lists them");
            fflush(stdout);
            _exit(0);
        }
        if (strcmp(*n, "none") == 0) {
            if (log_mask & LOG_HYPERV) {
                trace_set_folder("hw/hyperv", false);
            }
            log_mask = 0;
        } else if (g_str_has_prefix(*n, "trace:")) {
            if (!trace_set_text(*n + strlen("trace:"), errp)) {
                return false;
            }
        } else if (find_item(*n, &bit)) {
            log_mask |= bit;
            if (bit & LOG_HYPERV) {
                trace_set_folder("hw/hyperv", true);
            }
        } else {
            error_setg(errp, "-d %s: unknown log item '%s'; try -d help", text, *n);
            return false;
        }
    }
    return true;
}

bool log_set_file(const char *path, Error **errp)
{
    g_auto(GStrv) parts = g_strsplit(path, "%d", 2);
    g_autofree char *name = parts[0] && parts[1]
        ? g_strdup_printf("%s%d%s", parts[0], (int)getpid(), parts[1]) : g_strdup(path);
    FILE *f = fopen(name, "w");

    if (!f) {
        error_setg_errno(errp, errno, "-D %s: cannot open the log file", name);
        return false;
    }
    g_mutex_lock(&log_mutex);
    if (log_file) {
        fclose(log_file);
    }
    log_file = f;
    g_mutex_unlock(&log_mutex);
    return true;
}

FILE *log_lock(void)
{
    g_mutex_lock(&log_mutex);
    return log_file ? log_file : stderr;
}

void log_unlock(FILE *f)
{
    fflush(f);
    g_mutex_unlock(&log_mutex);
}

static void log_v(const char *before, const char *fmt, va_list ap)
{
    FILE *f = log_lock();

    fputs(before, f);
    vfprintf(f, fmt, ap);
    log_unlock(f);
}

void log_printf(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_v("", fmt, ap);
    va_end(ap);
}

/* At most RATE_LINES a second; what is dropped is counted and told with the next line. */
enum { RATE_LINES = 20 };

typedef struct RateLimit {
    GMutex mutex;
    int64_t second;
    unsigned lines, dropped;
} RateLimit;

static void rate_limited(RateLimit *r, const char *what, const char *fmt, va_list ap)
{
    int64_t now_s = g_get_monotonic_time() / G_USEC_PER_SEC;
    unsigned dropped = 0;
    bool print;

    g_mutex_lock(&r->mutex);
    if (now_s != r->second) {
        r->second = now_s;
        r->lines = 0;
        dropped = r->dropped;
        r->dropped = 0;
    }
    print = r->lines++ < RATE_LINES;
    r->dropped += !print;
    g_mutex_unlock(&r->mutex);

    if (dropped) {
        log_printf("%s: %u more lines dropped\n", what, dropped);
    }
    if (print) {
        g_autofree char *text = g_strdup_vprintf(fmt, ap);
        log_printf("%s: %s\n", what, text);
    }
}

void guest_error(const char *fmt, ...)
{
    static RateLimit limit;
    va_list ap;

    if (log_on(LOG_GUEST_ERROR)) {
        va_start(ap, fmt);
        rate_limited(&limit, "guest error", fmt, ap);
        va_end(ap);
    }
}

void guest_unimp(const char *fmt, ...)
{
    static RateLimit limit;
    va_list ap;

    if (log_on(LOG_UNIMP)) {
        va_start(ap, fmt);
        rate_limited(&limit, "unimplemented", fmt, ap);
        va_end(ap);
    }
}
