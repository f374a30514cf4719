/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupted and restarted calls, queued signals, vfork in shared memory, clone3, spawn, files. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xmmintrin.h>

extern char **environ;
static volatile int handled, order[8], codes[4];
static int pipes[2];

static void count(int sig) { handled++; }
static void feed(int sig) { handled++; (void)!write(pipes[1], "x", 1); }
static void note(int sig, siginfo_t *info, void *uc) { order[handled++ & 7] = info->si_value.sival_int; }

static void interrupted(int flags, const char *what)
{
    struct sigaction sa = { .sa_handler = flags ? feed : count, .sa_flags = flags };
    struct itimerval in = { .it_value.tv_usec = 20000 };
    char c;

    handled = 0;
    (void)!pipe(pipes);
    sigaction(SIGALRM, &sa, NULL);
    setitimer(ITIMER_REAL, &in, NULL);
    ssize_t n = read(pipes[0], &c, 1);
    printf("%s: read %zd, %s, handled %d\n", what, n, n < 0 ? strerror(errno) : "-", handled);
    close(pipes[0]);
    close(pipes[1]);
}

static void queued(void)
{
    struct sigaction sa = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
    sigset_t set;

    handled = 0;
    sigaction(SIGRTMIN + 1, &sa, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 1; i <= 5; i++) {
        sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = i * 11 });
    }
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    printf("queued: %d:", handled);
    for (int i = 0; i < 5; i++) {
        printf(" %d", order[i]);
    }
    printf("\n");
}

static void on_fpe(int sig, siginfo_t *info, void *uc)
{
    printf("fpe code %d\n", info->si_code);
    fflush(stdout);
    _exit(0);
}

static void fp_trap(int except, double a, double b)
{
    fflush(stdout);
    if (fork() == 0) {
        struct sigaction sa = { .sa_sigaction = on_fpe, .sa_flags = SA_SIGINFO };
        volatile double x = a, y = b, z;
        sigaction(SIGFPE, &sa, NULL);
        feenableexcept(except);
        z = x / y;
        printf("no trap %g\n", z);
        _exit(0);
    }
    wait(NULL);
}

static void shared_child(void)
{
    volatile int seen = 1;
    int status;
    pid_t pid = vfork();

    if (pid == 0) {
        seen = 2;               /* in our memory */
        signal(SIGUSR2, SIG_IGN);
        _exit(7);
    }
    waitpid(pid, &status, 0);
    struct sigaction sa;
    sigaction(SIGUSR2, NULL, &sa);
    printf("vfork: seen %d, status %d, handler %s\n", seen, WEXITSTATUS(status),
           sa.sa_handler == SIG_DFL ? "kept" : "lost");

    char *bad[] = { "/nonexistent", NULL }, *good[] = { "/bin/true", NULL };
    printf("spawn: %s\n", strerror(posix_spawn(&pid, bad[0], NULL, NULL, bad, environ)));
    printf("spawn: %s\n", strerror(posix_spawn(&pid, good[0], NULL, NULL, good, environ)));
    waitpid(pid, &status, 0);
    printf("true: %x\n", (unsigned)status);
}

static void clone_3(void)
{
    int pidfd = -1, status;
    struct clone_args a = { .flags = CLONE_PIDFD, .pidfd = (uintptr_t)&pidfd,
                            .exit_signal = SIGCHLD };
    long pid;

    fflush(stdout);
    pid = syscall(SYS_clone3, &a, sizeof(a));
    if (pid == 0) {
        _exit(9);
    }
    printf("clone3: %d, pidfd %d\n", pid > 0, pidfd > 2);
    waitpid((pid_t)pid, &status, 0);
    printf("clone3: status %d\n", WEXITSTATUS(status));
    close(pidfd);
    a.exit_signal = 200;
    printf("clone3: bad signal %ld\n", syscall(SYS_clone3, &a, sizeof(a)));
    printf("clone3: short %ld\n", syscall(SYS_clone3, &a, 8));
}

static pthread_mutex_t *robust;
static void *dies(void *unused) { pthread_mutex_lock(robust); return NULL; }

static void robust_mutex(void)
{
    pthread_mutexattr_t attr;
    pthread_t t;

    robust = calloc(1, sizeof(*robust));
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(robust, &attr);
    pthread_create(&t, NULL, dies, NULL);
    pthread_join(t, NULL);
    printf("robust: %s\n", pthread_mutex_lock(robust) == EOWNERDEAD ? "owner died" : "?");
}

static void *nothing(void *x) { return x; }

static void many_threads(void)
{
    for (intptr_t i = 0; i < 300; i++) {
        pthread_t t[2];
        void *r[2];
        for (int k = 0; k < 2; k++) {
            pthread_create(&t[k], NULL, nothing, (void *)i);
        }
        for (int k = 0; k < 2; k++) {
            pthread_join(t[k], &r[k]);
        }
        if (r[0] != (void *)i || r[1] != (void *)i) {
            printf("thread %ld lost\n", (long)i);
        }
    }
    printf("threads joined\n");
}

static void descriptors(void)
{
    int ep = epoll_create1(0), ev = eventfd(3, 0), tm = timerfd_create(CLOCK_MONOTONIC, 0);
    struct epoll_event e = { EPOLLIN, { .u64 = 0x1122334455667788 } }, got[4];
    struct itimerspec when = { .it_value.tv_nsec = 1000000 };
    uint64_t v;
    sigset_t set;

    epoll_ctl(ep, EPOLL_CTL_ADD, ev, &e);
    int n = epoll_wait(ep, got, 4, 1000);
    printf("epoll %d %llx\n", n, (unsigned long long)got[0].data.u64);
    (void)!read(ev, &v, 8);
    printf("eventfd %llu\n", (unsigned long long)v);
    timerfd_settime(tm, 0, &when, NULL);
    (void)!read(tm, &v, 8);
    printf("timerfd %llu\n", (unsigned long long)v);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int sf = signalfd(-1, &set, 0);
    struct signalfd_siginfo si;
    kill(getpid(), SIGUSR1);
    (void)!read(sf, &si, sizeof(si));
    printf("signalfd %u\n", si.ssi_signo);
}

static void shared_memory(void)
{
    int id = shmget(IPC_PRIVATE, 8192, IPC_CREAT | 0600);
    char *p = shmat(id, NULL, 0);

    shmctl(id, IPC_RMID, NULL);
    strcpy(p + 5000, "shared");
    printf("shm %s", p + 5000);
    printf(" %d\n", shmdt(p));
}

static void bad_pointers(void)
{
    char file[] = "/tmp/prog-process-XXXXXX";
    int fd = mkstemp(file);
    struct stat st;

    unlink(file);
    (void)!ftruncate(fd, 100);
    char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    printf("past the end: %ld\n", syscall(SYS_rt_sigprocmask, SIG_BLOCK, p + 4096, NULL, 8));
    printf("errno %d\n", errno);
    printf("sigaction %ld\n", syscall(SYS_rt_sigaction, SIGUSR1, 16, NULL, 8));
    printf("stat %d\n", fstat(fd, &st) == 0 ? (int)st.st_size : -1);
    printf("no such call %ld\n", syscall(499));
}

static void on_bus(int sig, siginfo_t *info, void *uc)
{
    printf("signal %d code %d\n", sig, info->si_code);
    fflush(stdout);
    _exit(0);
}

static void bus_error(void)
{
    char file[] = "/tmp/prog-process-XXXXXX";
    struct sigaction sa = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO };
    int fd = mkstemp(file);

    unlink(file);
    fflush(stdout);
    sigaction(SIGBUS, &sa, NULL);
    sigaction(SIGSEGV, &sa, NULL);
    for (int prot = 0; prot < 2; prot++) {
        if (fork() == 0) {
            volatile char *p = mmap(NULL, 4096, prot ? PROT_NONE : PROT_READ, MAP_SHARED, fd, 0);
            printf("%d\n", *p);
            _exit(1);
        }
        wait(NULL);
    }
}

int main(void)
{
    interrupted(0, "no restart");
    interrupted(SA_RESTART, "restart");
    queued();
    fp_trap(FE_DIVBYZERO, 1, 0);
    fp_trap(FE_INVALID, 0, 0);
    fp_trap(FE_OVERFLOW, 1e300, 1e-300);
    shared_child();
    clone_3();
    robust_mutex();
    many_threads();
    descriptors();
    shared_memory();
    bad_pointers();
    bus_error();
    return 0;
}
