/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults caught with their address, alternate stack, timers, self-modifying code, division by zero. */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

static sigjmp_buf env;
static volatile uintptr_t fault_at;
static volatile int ticks;

static void on_fault(int sig, siginfo_t *info, void *uc)
{
    fault_at = (uintptr_t)info->si_addr;
    siglongjmp(env, sig);
}

static void on_tick(int sig)
{
    ticks++;
}

int main(void)
{
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    stack_t alt = { .ss_sp = malloc(65536), .ss_size = 65536 };
    volatile int zero = 0;
    int sig;

    sigaltstack(&alt, NULL);
    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGFPE, &sa, NULL);
    sigaction(SIGILL, &sa, NULL);
    char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(p + 4096, 4096, PROT_NONE);
    for (int i = 0; i < 3; i++) {
        if ((sig = sigsetjmp(env, 1)) == 0) {
            p[4094 + i] = 1;
            printf("wrote %d\n", 4094 + i);
        } else {
            printf("signal %d at +%ld\n", sig, (long)(fault_at - (uintptr_t)p));
        }
    }
    if ((sig = sigsetjmp(env, 1)) == 0) {
        printf("%d\n", 1 / zero);
    } else {
        printf("signal %d\n", sig);
    }
    if ((sig = sigsetjmp(env, 1)) == 0) {
        __asm__ volatile("ud2");
    } else {
        printf("signal %d\n", sig);
    }

    signal(SIGALRM, on_tick);
    struct itimerval it = { { 0, 2000 }, { 0, 2000 } };
    setitimer(ITIMER_REAL, &it, NULL);
    for (volatile long i = 0; ticks < 5; i++) {
    }
    memset(&it, 0, sizeof(it));
    setitimer(ITIMER_REAL, &it, NULL);
    printf("ticked\n");

    uint8_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    static const uint8_t mov_ret[] = { 0xb8, 0, 0, 0, 0, 0xc3 };    /* mov eax, imm; ret */
    long sum = 0;
    memcpy(code, mov_ret, sizeof(mov_ret));
    for (int i = 0; i < 1000; i++) {
        memcpy(code + 1, &i, 4);
        sum += ((int (*)(void))code)();
    }
    printf("self-modified %ld\n", sum);
    raise(SIGTERM);
    return 0;
}
