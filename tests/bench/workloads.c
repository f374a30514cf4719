/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small workloads for `make bench`, run natively, by qemu-x86_64 and inside a guest. Each prints a
 * checksum that must be the same everywhere: bench NAME [repeat].
 */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t rng = 88172645463325252ull;

static uint64_t next_random(void)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return rng;
}

/* ---- integer ---- */

static uint64_t collatz(void)
{
    uint64_t longest = 0;

    for (uint64_t i = 1; i < 300000; i++) {
        uint64_t n = i, steps = 0;
        while (n != 1) {
            n = n & 1 ? 3 * n + 1 : n / 2;
            steps++;
        }
        longest = steps > longest ? steps : longest;
    }
    return longest;
}

static __attribute__((noinline)) uint64_t fib_of(unsigned n)
{
    return n < 2 ? n : fib_of(n - 1) + fib_of(n - 2);
}

static uint64_t fib(void)
{
    return fib_of(34);
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static uint64_t sort(void)
{
    enum { N = 400000 };
    uint32_t *v = malloc(N * sizeof(*v));
    uint64_t sum = 0;

    for (unsigned i = 0; i < N; i++) {
        v[i] = (uint32_t)next_random();
    }
    qsort(v, N, sizeof(*v), compare);
    for (unsigned i = 0; i < N; i++) {
        sum = sum * 31 + v[i];
    }
    free(v);
    return sum;
}

static uint64_t op_add(uint64_t a) { return a + 7; }
static uint64_t op_mul(uint64_t a) { return a * 5 + 1; }
static uint64_t op_xor(uint64_t a) { return a ^ (a >> 3); }
static uint64_t op_rot(uint64_t a) { return a << 9 | a >> 55; }

static uint64_t indirect(void)
{
    static uint64_t (*volatile const ops[4])(uint64_t) = { op_add, op_mul, op_xor, op_rot };
    uint64_t a = 1;

    for (unsigned i = 0; i < 20000000; i++) {
        a = ops[(a ^ i) & 3](a);
    }
    return a;
}

static uint64_t chase(void)
{
    enum { N = 1 << 20 };
    uint32_t *next = malloc(N * sizeof(*next)), at = 0;

    for (uint32_t i = 0; i < N; i++) {
        next[i] = i;
    }
    for (uint32_t i = N - 1; i > 0; i--) {      /* one cycle through all */
        uint32_t j = (uint32_t)(next_random() % i), t = next[i];
        next[i] = next[j];
        next[j] = t;
    }
    for (unsigned i = 0; i < 8000000; i++) {
        at = next[at];
    }
    free(next);
    return at;
}

/* ---- floating point ---- */

static uint64_t bits_of(double d)
{
    uint64_t u;

    memcpy(&u, &d, 8);
    return u;
}

static uint64_t matmul(void)
{
    enum { N = 200 };
    static double a[N][N], b[N][N], c[N][N];

    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            a[i][j] = i * 0.5 + j;
            b[i][j] = i - j * 0.25;
            c[i][j] = 0;
        }
    }
    for (int r = 0; r < 2; r++) {
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++) {
                double s = 0;
                for (int k = 0; k < N; k++) {
                    s += a[i][k] * b[k][j];
                }
                c[i][j] += s;
            }
        }
    }
    return bits_of(c[17][33]) ^ bits_of(c[199][1]);
}

static uint64_t nbody(void)
{
    enum { BODIES = 5 };
    static double p[BODIES][3], v[BODIES][3], m[BODIES];

    for (int i = 0; i < BODIES; i++) {
        for (int k = 0; k < 3; k++) {
            p[i][k] = i * 1.5 + k * 0.25 + 1;
            v[i][k] = 0.01 * (i - k);
        }
        m[i] = 1.0 / (i + 1);
    }
    for (int step = 0; step < 200000; step++) {
        for (int i = 0; i < BODIES; i++) {
            for (int j = i + 1; j < BODIES; j++) {
                double dx = p[i][0] - p[j][0], dy = p[i][1] - p[j][1], dz = p[i][2] - p[j][2];
                double d2 = dx * dx + dy * dy + dz * dz + 0.01;
                double mag = 0.001 / (d2 * sqrt(d2));
                v[i][0] -= dx * m[j] * mag;
                v[i][1] -= dy * m[j] * mag;
                v[i][2] -= dz * m[j] * mag;
                v[j][0] += dx * m[i] * mag;
                v[j][1] += dy * m[i] * mag;
                v[j][2] += dz * m[i] * mag;
            }
        }
        for (int i = 0; i < BODIES; i++) {
            for (int k = 0; k < 3; k++) {
                p[i][k] += 0.001 * v[i][k];
            }
        }
    }
    return bits_of(p[0][0]) ^ bits_of(p[4][2]);
}

static uint64_t x87(void)
{
    volatile long double a = 1.0L;

    for (int i = 1; i < 1000000; i++) {
        a = a * 1.0000001L + 1.0L / i;
    }
    return bits_of((double)a);
}

/* ---- memory ---- */

static uint64_t copy(void)
{
    enum { BYTES = 1 << 20 };
    char *a = malloc(BYTES), *b = malloc(BYTES);
    uint64_t sum = 0;

    for (int i = 0; i < BYTES; i++) {
        a[i] = (char)(i * 7);
    }
    for (int r = 0; r < 1000; r++) {
        memcpy(b, a, BYTES);
        memset(a, b[r] + r, BYTES / 4);
    }
    for (int i = 0; i < BYTES; i++) {
        sum = sum * 3 + (uint8_t)b[i];
    }
    free(a);
    free(b);
    return sum;
}

static uint64_t string(void)
{
    char text[4096];
    uint64_t sum = 0;

    for (unsigned i = 0; i < sizeof(text) - 1; i++) {
        text[i] = (char)('a' + i % 23);
    }
    text[sizeof(text) - 1] = 0;
    for (int r = 0; r < 20000; r++) {
        text[(r * 37) % 4000] = 'z';
        sum += strlen(text + r % 64) + (uint64_t)(strchr(text + r % 4000, 'z') - text);
    }
    return sum;
}

/* ---- the system ---- */

static uint64_t syscalls(void)
{
    uint64_t same = 0;
    long me = getpid();

    for (int i = 0; i < 500000; i++) {
        same += syscall(SYS_getpid) == me;
    }
    return same;
}

static uint64_t forks(void)
{
    uint64_t sum = 0;

    for (int i = 0; i < 300; i++) {
        int status = 0;
        pid_t pid = fork();
        if (pid == 0) {
            _exit(i & 127);
        }
        waitpid(pid, &status, 0);
        sum += (uint64_t)WEXITSTATUS(status);
    }
    return sum;
}

static uint64_t faults(void)
{
    enum { BYTES = 32 << 20 };
    uint64_t sum = 0;

    for (int r = 0; r < 8; r++) {
        char *p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (unsigned i = 0; i < BYTES; i += 4096) {
            p[i] = 1;
            sum += (uint64_t)p[i + 8];
        }
        munmap(p, BYTES);
        sum++;
    }
    return sum;
}

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
    caught++;
}

static uint64_t signals(void)
{
    signal(SIGUSR1, on_signal);
    for (int i = 0; i < 100000; i++) {
        raise(SIGUSR1);
    }
    return (uint64_t)caught;
}

static uint64_t pipes(void)
{
    int to[2], from[2];
    uint64_t sum = 0;
    char c;

    if (pipe(to) || pipe(from)) {
        return 0;
    }
    pid_t pid = fork();
    if (pid == 0) {
        for (;;) {
            if (read(to[0], &c, 1) != 1 || c == 'q' || write(from[1], &c, 1) != 1) {
                _exit(0);
            }
        }
    }
    for (int i = 0; i < 30000; i++) {
        c = 'a';
        if (write(to[1], &c, 1) != 1 || read(from[0], &c, 1) != 1) {
            break;
        }
        sum++;
    }
    c = 'q';
    if (write(to[1], &c, 1) != 1) {
        return 0;
    }
    waitpid(pid, NULL, 0);
    return sum;
}

static const struct { const char *name; uint64_t (*run)(void); } loads[] = {
    { "collatz", collatz }, { "fib", fib }, { "sort", sort }, { "indirect", indirect },
    { "chase", chase }, { "matmul", matmul }, { "nbody", nbody }, { "x87", x87 },
    { "copy", copy }, { "string", string }, { "syscalls", syscalls }, { "forks", forks },
    { "faults", faults }, { "signals", signals }, { "pipes", pipes },
};

int main(int argc, char **argv)
{
    int repeat = argc > 2 ? atoi(argv[2]) : 1;

    for (unsigned i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
        if (argc > 1 && strcmp(argv[1], loads[i].name) == 0) {
            uint64_t sum = 0;
            for (int r = 0; r < repeat; r++) {
                sum += loads[i].run();
            }
            printf("CHECK %s %016llx\n", argv[1], (unsigned long long)sum);
            return 0;
        }
    }
    for (unsigned i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
        printf("%s ", loads[i].name);
    }
    printf("\n");
    return argc > 1;
}
