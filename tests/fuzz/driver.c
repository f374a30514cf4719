/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Feeds a fuzz target without libFuzzer: made-up inputs by seed and number, so that any can be made
 * again, and files.
 *
 *   fuzz-NAME [--seed N] [--count N] [--seconds N] [--corpus HEXFILE] [FILE...]
 *   fuzz-NAME --corpus HEXFILE --unpack DIR
 *
 * FILEs and the corpus run first. Prints how many inputs ran. When the target dies, the input is
 * in fuzz-NAME-crash of the current folder: run that as a FILE.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "fuzz.h"

enum { INPUT_MAX = 4096, HANG_SECONDS = 60 };

static uint64_t rng_state;

static uint64_t rnd(void)
{
    rng_state += 0x9e3779b97f4a7c15ull;
    uint64_t z = rng_state;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

static unsigned below(unsigned n) { return (unsigned)(rnd() % n); }

typedef struct Bytes { uint8_t *data; size_t len; } Bytes;

static GArray *corpus;                  /* of Bytes */
static Bytes running;
static char crash_name[64];

static void on_death(int signo)
{
    int fd = open(crash_name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    if (fd >= 0 && write(fd, running.data, running.len) == (ssize_t)running.len) {
        static const char text[] = "\nthe input is in ";
        if (write(2, text, sizeof(text) - 1) < 0 || write(2, crash_name, strlen(crash_name)) < 0 ||
            write(2, "\n", 1) < 0) {
            _exit(2);
        }
    }
    signal(signo, SIG_DFL);
    raise(signo);
}

static void run(Bytes b)
{
    running = b;
    alarm(HANG_SECONDS);
    LLVMFuzzerTestOneInput(b.data, b.len);
}

/* ---- made-up inputs ---- */

/* small numbers are the usual ones: see in_num() */
static uint8_t made_up_byte(void)
{
    return (uint8_t)(below(5) < 3 ? rnd() & 0x7f : rnd());
}

static size_t make_up(uint8_t *buf)
{
    size_t len = 0, want = 8u << below(7);

    if (below(8)) {
        memcpy(buf, fuzz_prefix, fuzz_prefix_bytes);
        len = fuzz_prefix_bytes;
    }
    while (len < want) {
        buf[len++] = made_up_byte();
    }
    return len;
}

/* some bytes of a corpus file changed, gone, doubled, or another's end */
static size_t mutate(uint8_t *buf)
{
    const Bytes *b = &g_array_index(corpus, Bytes, below(corpus->len));
    size_t len = MIN(b->len, INPUT_MAX / 2);

    memcpy(buf, b->data, len);
    for (unsigned n = 1 + below(6); n && len > 1; n--) {
        size_t at = below((unsigned)len), k = 1 + below(8);
        switch (below(4)) {
        case 0:
            buf[at] = made_up_byte();
            break;
        case 1:
            k = MIN(k, len - at);
            memmove(buf + at, buf + at + k, len - at - k);
            len -= k;
            break;
        case 2:
            memmove(buf + at + k, buf + at, len - at);
            for (size_t i = 0; i < k; i++) {
                buf[at + i] = made_up_byte();
            }
            len += k;
            break;
        default:
            b = &g_array_index(corpus, Bytes, below(corpus->len));
            k = MIN(b->len, INPUT_MAX / 2 - at);
            memcpy(buf + at, b->data + b->len - k, k);
            len = at + k;
            break;
        }
    }
    return len;
}

static void run_made_up(uint64_t seed, uint64_t number)
{
    static uint8_t buf[INPUT_MAX];

    rng_state = seed * 0x100000001b3ull ^ number * 0x9e3779b97f4a7c15ull;
    size_t len = corpus->len && below(3) == 0 ? mutate(buf) : make_up(buf);
    uint8_t *exact = g_memdup2(buf, len);       /* so that reading behind it is seen */
    run((Bytes){ exact, len });
    g_free(exact);
}

/* ---- files ---- */

static bool add_file(const char *path)
{
    Bytes b;

    if (!g_file_get_contents(path, (char **)&b.data, &b.len, NULL)) {
        fprintf(stderr, "%s: cannot read\n", path);
        return false;
    }
    g_array_append_val(corpus, b);
    return true;
}

/* lines of hex digits; others (# ...) are comments */
static bool add_corpus(const char *path)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        fprintf(stderr, "%s: cannot read\n", path);
        return false;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **l = lines; *l; l++) {
        size_t n = strspn(*l, "0123456789abcdef") / 2;
        Bytes b = { g_malloc(n), n };
        for (size_t i = 0; i < n; i++) {
            b.data[i] = (uint8_t)(g_ascii_xdigit_value((*l)[i * 2]) << 4 |
                                  g_ascii_xdigit_value((*l)[i * 2 + 1]));
        }
        if (n) {
            g_array_append_val(corpus, b);
        } else {
            g_free(b.data);
        }
    }
    return true;
}

/* for libFuzzer, which wants a folder of files */
static bool unpack(const char *dir)
{
    bool good = true;

    for (unsigned i = 0; i < corpus->len; i++) {
        const Bytes *b = &g_array_index(corpus, Bytes, i);
        g_autofree char *path = g_strdup_printf("%s/%s-%u", dir, fuzz_name, i);
        good &= g_file_set_contents(path, (char *)b->data, (gssize)b->len, NULL);
    }
    return good;
}

typedef struct Args { uint64_t seed, count, seconds; } Args;

static bool take_args(Args *a, int argc, char **argv)
{
    bool files = false, good = true;

    for (int i = 1; i < argc && good; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "0";
        uint64_t n = g_ascii_strtoull(value, NULL, 0);
        if (strcmp(argv[i], "--seed") == 0) {
            a->seed = n, i++;
        } else if (strcmp(argv[i], "--count") == 0) {
            a->count = n, i++;
        } else if (strcmp(argv[i], "--seconds") == 0) {
            a->seconds = n, i++;
        } else if (strcmp(argv[i], "--corpus") == 0) {
            good = add_corpus(value), i++;
        } else if (strcmp(argv[i], "--unpack") == 0) {
            exit(!unpack(value));
        } else if (argv[i][0] == '-') {
            fprintf(stderr, "usage: fuzz-%s [--seed N] [--count N] [--seconds N] [--corpus HEXFILE] "
                    "[FILE...]\n", fuzz_name);
            return false;
        } else {
            good = files = add_file(argv[i]);
        }
    }
    if (!a->count && !a->seconds && !files) {
        a->count = 10000;
    }
    return good;
}

int main(int argc, char **argv)
{
    Args a = { .seed = 1 };
    uint64_t n = 0;

    corpus = g_array_new(FALSE, FALSE, sizeof(Bytes));
    if (!take_args(&a, argc, argv)) {
        return 2;
    }
    snprintf(crash_name, sizeof(crash_name), "fuzz-%s-crash", fuzz_name);
    for (const int *s = (const int[]){ SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGALRM, 0 }; *s;
         s++) {
        signal(*s, on_death);
    }
    LLVMFuzzerInitialize(&argc, &argv);
    for (unsigned i = 0; i < corpus->len; i++) {
        run(g_array_index(corpus, Bytes, i));
    }
    gint64 start = g_get_monotonic_time(), us = 0;
    while (a.seconds ? us < (gint64)a.seconds * G_USEC_PER_SEC : n < a.count) {
        run_made_up(a.seed, n++);
        us = g_get_monotonic_time() - start;
    }
    printf("fuzz-%s: %u files, %" G_GUINT64_FORMAT " inputs from seed %" G_GUINT64_FORMAT
           " in %.1f s, no finding\n", fuzz_name, corpus->len, n, a.seed, (double)us / 1e6);
    fuzz_print_reached(stdout);
    return 0;
}
