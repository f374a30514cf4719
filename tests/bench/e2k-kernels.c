/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernels of tests/bench/e2k in C, for the host: same work, same exit status.
 *
 *   e2k-kernels fib|daxpy|pipeline|copy|integer|whet
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NOINLINE __attribute__((noinline, noclone))

static NOINLINE int32_t fib(int32_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
static int run_fib(void) { return fib(38) & 0xff; }

static double x[1000], y[1000];

static NOINLINE void axpy(double a)
{
    for (int i = 0; i < 1000; i++) {
        y[i] += a * x[i];
        __asm__ volatile("" ::: "memory");          /* one at a time, as the guest does it */
    }
}

static int run_daxpy(void)
{
    for (int i = 0; i < 1000; i++) {
        x[i] = i + 1;
    }
    for (int i = 0; i < 1000000; i++) {
        axpy(0x1p-20);
    }
    return (int)y[999] & 0xff;
}

static NOINLINE void axpy_free(double a)
{
    for (int i = 0; i < 1000; i++) {
        y[i] += a * x[i];
    }
}

static int run_pipeline(void)
{
    for (int i = 0; i < 1000; i++) {
        x[i] = i + 1;
    }
    for (int i = 0; i < 1000000; i++) {
        axpy_free(0x1p-20);
    }
    return (int)y[999] & 0xff;
}

static uint8_t from[65536], to[65536];

static NOINLINE void copy(uint64_t *d, const uint64_t *s)
{
    for (int i = 0; i < 65536 / 8; i += 4) {
        uint64_t a = s[i], b = s[i + 1], c = s[i + 2], e = s[i + 3];

        d[i] = a;
        d[i + 1] = b;
        d[i + 2] = c;
        d[i + 3] = e;
        __asm__ volatile("" ::: "memory");
    }
}

static int run_copy(void)
{
    from[65535] = 77;
    for (int i = 0; i < 200000; i++) {
        copy((uint64_t *)to, (const uint64_t *)from);
    }
    return to[65535];
}

typedef struct Record { char text[24]; uint64_t n; } Record;
static Record one = { "THE ELBRUS, 1'ST STRING", 5 }, two;

static NOINLINE uint32_t proc(uint32_t a, uint32_t b) { return a & 1 ? b + a : b ^ (a >> 1); }

static NOINLINE uint32_t compare(const char *p, const char *q)
{
    uint32_t n = 0;
    char c;

    do {
        c = p[n];
    } while (c == q[n++] && c);
    return n;
}

static int run_integer(void)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < 30000000; i++) {
        memcpy(&two, &one, sizeof(one));
        __asm__ volatile("" ::: "memory");
        sum = proc(i + 7, sum);
        sum += compare(one.text, two.text);
    }
    return sum >> 8 & 0xff;
}

static int run_whet(void)
{
    double x1 = 1, x2 = -1, x3 = -1, x4 = -1, t = 0.4999999999;

    for (int i = 0; i < 60000000; i++) {
        x1 = (x1 + x2 + x3 - x4) * t;
        x2 = (x1 + x2 - x3 + x4) * t;
        x3 = (x1 - x2 + x3 + x4) * t;
        x4 = (-x1 + x2 + x3 + x4) * t;
    }
    return (int)(x1 * 1000000.0) & 0xff;
}

int main(int argc, char **argv)
{
    static const struct { const char *name; int (*run)(void); } kernels[] = {
        { "fib", run_fib }, { "daxpy", run_daxpy }, { "pipeline", run_pipeline },
        { "copy", run_copy }, { "integer", run_integer }, { "whet", run_whet },
    };

    for (unsigned i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
        if (argc < 2) {
            puts(kernels[i].name);
        } else if (!strcmp(argv[1], kernels[i].name)) {
            return kernels[i].run();
        }
    }
    return argc > 1 ? 99 : 0;
}
