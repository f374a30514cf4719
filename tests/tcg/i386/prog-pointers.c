/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls whose structures lie where they must not, or in code; queued signals in their order. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static char *pages;             /* 0: read and write; 1: past the file's end; 2: read only; 3: none */

static char *map_pages(void)
{
    char name[] = "/tmp/pointersXXXXXX";
    int fd = mkstemp(name);

    if (fd < 0 || unlink(name) || ftruncate(fd, 4096)) {
        exit(1);
    }
    char *p = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    mmap(p + 8192, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    mprotect(p + 12288, 4096, PROT_NONE);
    return p;
}

static void masks(void)
{
    static const struct { long set, old; } rows[] = {
        { 0, 8 }, { 4096, 0 }, { 0, 4096 }, { 4092, 0 }, { 0, 4092 }, { 8192, 0 }, { 0, 8192 },
        { 8192, 12288 }, { 12288, 0 }, { -8, 0 }, { 0, 1 },
    };

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        memset(pages, 0, 64);
        long r = syscall(SYS_rt_sigprocmask, SIG_SETMASK, pages + rows[i].set, pages + rows[i].old, 8);
        printf("mask %ld %ld: %ld %d\n", rows[i].set, rows[i].old, r, r ? errno : 0);
    }
}

static void names(void)
{
    strcpy(pages + 4090, "/etc/");              /* six bytes with their zero */
    printf("access %d\n", access(pages + 4090, R_OK));
    pages[4095] = 'x';
    errno = 0;
    int r = access(pages + 4090, R_OK);
    printf("access %d %d\n", r, errno);
}

/* a structure is written beside code that has run and runs again */
static void beside_code(void)
{
    static const uint8_t code[] = { 0x8d, 0x47, 0x01, 0xc3 };   /* lea 1(%rdi), %eax; ret */
    char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int (*fn)(int) = (int (*)(int))(uintptr_t)p;
    int sum = 0;

    memcpy(p, code, sizeof(code));
    for (int i = 0; i < 200; i++) {
        sum = fn(sum);
        if (syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, p + 64, 8)) {
            printf("refused\n");
        }
    }
    if (syscall(SYS_rt_sigaction, SIGUSR2, NULL, p, 8)) {       /* over the code itself */
        printf("refused\n");
    }
    printf("sum %d, over it %d\n", sum, memcmp(p, code, sizeof(code)) != 0);
}

static volatile int seen[64], n_seen;

static void on_queued(int sig, siginfo_t *info, void *uc)
{
    seen[n_seen++] = sig * 100 + info->si_value.sival_int;
}

static void queued(void)
{
    struct sigaction sa = { .sa_sigaction = on_queued, .sa_flags = SA_SIGINFO };
    sigset_t all, old;

    for (int i = 0; i < 3; i++) {
        sigaction(SIGRTMIN + i, &sa, NULL);
    }
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    for (int i = 0; i < 15; i++) {
        sigqueue(getpid(), SIGRTMIN + 2 - i % 3, (union sigval){ .sival_int = i });
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
    for (int i = 0; i < 5; i++) {
        sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 50 + i });
    }
    for (int i = 0; i < n_seen; i++) {
        printf("%d ", seen[i]);
    }
    printf("\n");
    sigprocmask(SIG_BLOCK, NULL, &all);
    printf("same mask %d\n", memcmp(&all, &old, 8) == 0);
}

int main(void)
{
    pages = map_pages();
    masks();
    names();
    beside_code();
    queued();
    return 0;
}
