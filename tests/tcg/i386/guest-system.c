/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System-level behaviour that a Linux program can see: traps, single steps, segments, 32- and
 * 16-bit code, ports, system calls. Expectations are what Linux gives on real CPUs. Built and run
 * by tests/functional/guest_system_test.py (static, without red zone: inline assembly pushes).
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <stddef.h>
#include <ucontext.h>
#include <unistd.h>
#include <x86intrin.h>

static int failures;
#define CHECK(c) do { \
        if (!(c)) { printf("FAIL %s:%d: %s\n", __func__, __LINE__, #c); failures++; } \
    } while (0)

/* ---- signals ---- */

static volatile sig_atomic_t n_traps, last_sig;
static volatile uint64_t last_trapno, last_err, last_rip, last_cr2;
static volatile int64_t skip_bytes;     /* added to rip on return; -1: longjmp */
static sigjmp_buf jmp;

static void on_signal(int sig, siginfo_t *si, void *ctx)
{
    ucontext_t *uc = ctx;

    last_sig = sig;
    n_traps++;
    last_trapno = uc->uc_mcontext.gregs[REG_TRAPNO];
    last_err = uc->uc_mcontext.gregs[REG_ERR];
    last_rip = uc->uc_mcontext.gregs[REG_RIP];
    last_cr2 = uc->uc_mcontext.gregs[REG_CR2];
    if (skip_bytes < 0) {
        siglongjmp(jmp, 1);
    }
    uc->uc_mcontext.gregs[REG_RIP] += skip_bytes;
}

static void catch_all(void)
{
    static const int sigs[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
    static char alt[65536];
    stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) };
    struct sigaction sa = { .sa_sigaction = on_signal,
                            .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

    sigaltstack(&ss, NULL);
    for (unsigned i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
        sigaction(sigs[i], &sa, NULL);
    }
}

#define FAULTS(sig, trap, err, ...) do { \
        n_traps = 0; last_sig = 0; skip_bytes = -1; \
        if (!sigsetjmp(jmp, 1)) { __VA_ARGS__; } \
        if (last_sig != (sig) || last_trapno != (trap) || last_err != (err)) { \
            printf("FAIL %s:%d: sig %d trap %d err %#x\n", __func__, __LINE__, (int)last_sig, \
                   (int)last_trapno, (unsigned)last_err); failures++; } \
    } while (0)

static void test_faults(void)
{
    volatile int zero = 0, sink;
    char *page = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    FAULTS(SIGFPE, 0, 0, asm volatile("div %b0" :: "r"(zero) : "rax"));
    FAULTS(SIGILL, 6, 0, asm volatile("ud2"));
    FAULTS(SIGSEGV, 13, 0,
           asm volatile("movq 0x0(%0), %%rax" :: "r"(0x8000000000000000ull) : "rax"));
    FAULTS(SIGSEGV, 13, 0, asm volatile("hlt"));
    FAULTS(SIGSEGV, 13, 0, asm volatile("cli"));
    FAULTS(SIGSEGV, 13, 0, asm volatile("mov %%cr0, %%rax" ::: "rax"));
    FAULTS(SIGSEGV, 13, 0, asm volatile("rdmsr" :: "c"(0x10) : "rax", "rdx"));
    FAULTS(SIGSEGV, 13, 0, asm volatile("inb $0x80, %%al" ::: "rax"));
    FAULTS(SIGSEGV, 13, 0x21 * 8 + 2, asm volatile("int $0x21"));
    FAULTS(SIGSEGV, 13, 0x08 & ~3, asm volatile("mov %0, %%ds" :: "r"(0x08)));
    FAULTS(SIGSEGV, 13, 0xfff8, asm volatile("mov %0, %%es" :: "r"(0xfffb)));
    FAULTS(SIGSEGV, 13, 0, asm volatile("mov %0, %%ss" :: "r"(0)));
    sink = *(volatile char *)page;
    FAULTS(SIGSEGV, 14, 7, *(volatile char *)page = 1);
    CHECK(last_cr2 == (uint64_t)page);
    FAULTS(SIGSEGV, 14, 4, sink = *(volatile char *)0x10);
    FAULTS(SIGSEGV, 14, 0x15, ((void (*)(void))page)());
    mprotect(page, 4096, PROT_NONE);
    FAULTS(SIGSEGV, 14, 4, sink = *(volatile char *)(page + 5));
    CHECK(last_cr2 == (uint64_t)page + 5);
    FAULTS(SIGSEGV, 14, 0x5, sink = *(volatile char *)0xffffffff81000000) ;
    FAULTS(SIGSEGV, 4, 0, asm volatile("int $4"));
    FAULTS(SIGTRAP, 3, 0, asm volatile("int3"));
    FAULTS(SIGTRAP, 1, 0, asm volatile(".byte 0xf1"));
    (void)sink;
    munmap(page, 8192);
}

/* ---- single step ---- */

static void test_single_step(void)
{
    uint64_t start, end;

    n_traps = 0;
    skip_bytes = 0;
    asm volatile("pushfq; orq $0x100, (%%rsp); popfq; nop; nop; lea 0(%%rip), %0; nop;"
                 "pushfq; andq $~0x100, (%%rsp); popfq; lea 0(%%rip), %1"
                 : "=&r"(start), "=&r"(end) :: "memory", "cc");
    CHECK(n_traps == 7);        /* nop nop lea nop pushf and popf(traps: TF was set at its start) */
    CHECK(last_trapno == 1);
    /* over a system call and a rep string */
    char buf[100], src[100] = { 1 };
    n_traps = 0;
    uint64_t ret;
    asm volatile("pushfq; orq $0x100, (%%rsp); popfq; syscall; mov $100, %%ecx; rep movsb;"
                 "pushfq; andq $~0x100, (%%rsp); popfq"
                 : "=a"(ret), "+D"((char *){ buf }), "+S"((char *){ src })
                 : "a"(SYS_getpid) : "rcx", "r11", "memory", "cc");
    CHECK((int)ret == getpid());
    CHECK(n_traps > 3);
}

/* ---- 32- and 16-bit code ---- */

/* entered in 64-bit mode: runs 32-bit code that calls getpid by int 0x80, comes back */
extern char code32[], code32_end[];
asm(".pushsection .text\n"
    "code32: .code32\n"
    "  mov $20, %eax\n  int $0x80\n"            /* getpid */
    "  mov %eax, %esi\n"
    "  mov $0x12345678, %edx\n  pushl %edx\n  popl %edi\n"
    "  pushf\n  popl %ebp\n"
    "  mov %cs, %ebx\n"
    "  inc %ecx\n"
    "  lret\n"
    ".code64\n"
    "code32_end:\n.popsection\n");

static void test_compat(void)
{
    char *low = mmap(NULL, 16384, PROT_READ | PROT_WRITE | PROT_EXEC,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    uint64_t sp = (uint64_t)low + 16000, pid, pop, cs, cnt;

    memcpy(low, code32, code32_end - code32);
    /* for lret: a stub below 4 GiB, in 64-bit code again */
    char *stub = low + 2048;
    static const uint8_t stub_code[] = { 0x4c, 0x89, 0xc4,      /* mov %r8, %rsp */
                                         0x41, 0xff, 0xe1 };    /* jmp *%r9 */
    memcpy(stub, stub_code, sizeof(stub_code));
    uint32_t *frame = (uint32_t *)sp;
    frame[0] = (uint32_t)(uint64_t)stub;
    frame[1] = 0x33;
    struct { uint32_t eip; uint16_t sel; } __attribute__((packed)) target = {
        (uint32_t)(uint64_t)low, 0x23 };
    uint64_t tp = (uint64_t)&target;
    asm volatile("push %%rbp; push %%rbx; mov %%rsp, %%r8; lea 1f(%%rip), %%r9;"
                 "mov %[sp], %%rsp;"
                 "ljmpl *(%[t])\n1: mov %%rbx, %[cs]; pop %%rbx; pop %%rbp"
                 : "=&S"(pid), "=&D"(pop), [cs] "=&a"(cs), "=&c"(cnt)
                 : [sp] "r"(sp), [t] "r"(tp), "3"(0xffffffffffffffff)
                 : "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rdx", "memory", "cc");
    CHECK((int)pid == getpid());
    CHECK(pop == 0x12345678);
    CHECK(cs == 0x23);
    CHECK(cnt == 0);
    munmap(low, 16384);
}

static int modify_ldt(int func, void *p, unsigned long n)
{
    return (int)syscall(SYS_modify_ldt, func, p, n);
}

static void test_ldt(void)
{
    char *low = mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    struct user_desc d = { .entry_number = 1, .base_addr = (unsigned)(uint64_t)low, .limit = 0xffff,
                           .seg_32bit = 0, .contents = 2 };

    if (modify_ldt(1, &d, sizeof(d)) != 0) {
        printf("SKIP ldt: this kernel has no 16-bit segments\n");
        return;
    }
    d.entry_number = 2;
    d.contents = 0;
    d.seg_32bit = 0;
    CHECK(modify_ldt(1, &d, sizeof(d)) == 0);
    /* data access through an LDT segment with a base */
    *(uint32_t *)(low + 0x123) = 0xcafe;
    uint32_t val;
    uint16_t sel = 2 << 3 | 7, old, now;
    asm volatile("mov %%fs, %0" : "=r"(old));
    uint64_t fsbase;
    syscall(SYS_arch_prctl, ARCH_GET_FS, &fsbase);
    asm volatile("mov %%gs, %0; mov %2, %%gs; mov %%gs:0x123, %1; mov %%gs, %3; mov %0, %%gs"
                 : "=&r"(old), "=&r"(val) , "+r"(sel), "=r"(now));
    CHECK(val == 0xcafe);
    CHECK(now == (2 << 3 | 7));
    /* lar, lsl, verr, verw */
    uint32_t lim = 0, ar = 0;
    uint8_t z1, z2, z3, z4, z5;
    asm volatile("lsl %2, %0; setz %1" : "+r"(lim), "=r"(z1) : "r"((uint32_t)sel) : "cc");
    asm volatile("lar %2, %0; setz %1" : "+r"(ar), "=r"(z2) : "r"((uint32_t)sel) : "cc");
    asm volatile("verr %1; setz %0" : "=r"(z3) : "r"(sel) : "cc");
    asm volatile("verw %1; setz %0" : "=r"(z4) : "r"(sel) : "cc");
    asm volatile("verr %1; setz %0" : "=r"(z5) : "r"((uint16_t)0x3f) : "cc");
    CHECK(z1 && lim == 0xffff);
    CHECK(z2 && (ar & 0xff00) == 0xf300);
    CHECK(z3 && z4 && !z5);
    /* 16-bit code: mov ax, 0x55aa; add ax, 1; push ax; pop bx; lretl (66 cb) */
    static const uint8_t code16[] = { 0xb8, 0xaa, 0x55, 0x83, 0xc0, 0x01, 0x50, 0x5b, 0x66, 0xcb };
    static const uint8_t stub_code[] = { 0x4c, 0x89, 0xc4, 0x41, 0xff, 0xe1 };
    memcpy(low + 0x400, code16, sizeof(code16));
    memcpy(low + 0x800, stub_code, sizeof(stub_code));
    uint32_t *frame = (uint32_t *)(low + 0x4000);
    frame[0] = (uint32_t)(uint64_t)low + 0x800;
    frame[1] = 0x33;
    struct { uint32_t eip; uint16_t sel; } __attribute__((packed)) target = { 0x400, 1 << 3 | 7 };
    uint64_t tp = (uint64_t)&target, ax, bx;
    asm volatile("push %%rbp; push %%rbx; mov %%rsp, %%r8; lea 1f(%%rip), %%r9;"
                 "mov %[sp], %%rsp;"
                 "mov $0, %%eax; mov $0, %%ebx; ljmpl *(%[t])\n"
                 "1: mov %%rbx, %[bx]; pop %%rbx; pop %%rbp"
                 : "=&a"(ax), [bx] "=&d"(bx)
                 : [sp] "r"(frame), [t] "r"(tp)
                 : "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rcx", "rsi", "rdi",
                   "memory", "cc");
    CHECK((ax & 0xffff) == 0x55ab);
    CHECK((bx & 0xffff) == 0x55ab);
    /* a segment that goes away: #NP or #GP at the load */
    memset(&d, 0, sizeof(d));
    d.entry_number = 2;
    d.base_addr = (unsigned)(uint64_t)low;
    d.limit = 10;
    d.seg_not_present = 1;
    CHECK(modify_ldt(1, &d, sizeof(d)) == 0);
    FAULTS(SIGBUS, 11, sel & ~3, asm volatile("mov %0, %%es" :: "r"(sel)));
    munmap(low, 65536);
}

/* ---- flags ---- */

static uint64_t flags_after(uint64_t set, uint64_t clear)
{
    uint64_t old, now;

    asm volatile("pushfq; pop %0; mov %0, %1; or %2, %1; and %3, %1; push %1; popfq;"
                 "pushfq; pop %1; push %0; popfq"
                 : "=&r"(old), "=&r"(now) : "r"(set), "r"(~clear) : "cc", "memory");
    return now;
}

static void test_flags(void)
{
    CHECK(flags_after(1 << 21, 0) & 1 << 21);           /* ID */
    CHECK(!(flags_after(0, 1 << 21) & 1 << 21));
    CHECK(flags_after(1 << 14, 0) & 1 << 14);           /* NT */
    CHECK((flags_after(0, 1 << 9) & 1 << 9) != 0);      /* IF stays without IOPL */
    CHECK((flags_after(3 << 12, 0) & 3 << 12) == 0);
    CHECK(flags_after(1 << 18, 0) & 1 << 18);           /* AC */
    CHECK(!(flags_after(1 << 16, 0) & 1 << 16));        /* RF reads as 0 */
    CHECK(!(flags_after(1 << 17 | 1 << 19 | 1 << 20, 0) & (1 << 17 | 1 << 19 | 1 << 20)));
    /* a system call with NT and DF set */
    uint64_t ret, fl;
    asm volatile("std; pushfq; orq $0x4000, (%%rsp); popfq; syscall; pushfq; pop %1; cld;"
                 "pushfq; andq $~0x4000, (%%rsp); popfq"
                 : "=a"(ret), "=r"(fl) : "a"(SYS_getpid) : "rcx", "r11", "memory", "cc");
    CHECK((int)ret == getpid());
    CHECK(fl & 1 << 10);
}

/* ---- ports, descriptor tables, bases ---- */

static void test_ports(void)
{
    if (ioperm(0x80, 1, 1) == 0) {
        uint8_t v;
        asm volatile("outb %%al, $0x80" :: "a"(0));
        asm volatile("inb $0x80, %0" : "=a"(v));
        FAULTS(SIGSEGV, 13, 0, asm volatile("outb %%al, $0x81" :: "a"(0)));
        FAULTS(SIGSEGV, 13, 0, asm volatile("outw %%ax, $0x80" :: "a"(0)));
        CHECK(ioperm(0x80, 1, 0) == 0);
        FAULTS(SIGSEGV, 13, 0, asm volatile("outb %%al, $0x80" :: "a"(0)));
    } else {
        printf("SKIP ports: %s\n", strerror(errno));
    }
}

static void test_bases(void)
{
    static uint64_t thing = 0x1122334455667788;
    uint64_t val, gs;

    CHECK(syscall(SYS_arch_prctl, ARCH_SET_GS, &thing) == 0);
    asm volatile("mov %%gs:0, %0" : "=r"(val));
    CHECK(val == thing);
    for (int i = 0; i < 1000; i++) {
        syscall(SYS_sched_yield);
    }
    asm volatile("mov %%gs:0, %0" : "=r"(val));
    CHECK(val == thing);
    CHECK(syscall(SYS_arch_prctl, ARCH_GET_GS, &gs) == 0 && gs == (uint64_t)&thing);
    CHECK(syscall(SYS_arch_prctl, ARCH_SET_GS, 0) == 0);
}

/* ---- debugger ---- */

static void test_ptrace(void)
{
    int status, n = 0;
    pid_t child = fork();

    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        _exit(5);
    }
    waitpid(child, &status, 0);
    while (n < 200000 && ptrace(PTRACE_SINGLESTEP, child, 0, 0) == 0
           && waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
        n++;
    }
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 5);
    CHECK(n > 10);
}

static volatile uint64_t watched;

static void test_watchpoint(void)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        watched = 1;
        asm volatile("nop");
        _exit(6);
    }
    waitpid(child, &status, 0);
    long ok = ptrace(PTRACE_POKEUSER, child, offsetof(struct user, u_debugreg[0]), &watched);
    ok |= ptrace(PTRACE_POKEUSER, child, offsetof(struct user, u_debugreg[7]),
                 0x1 | 0x1 << 16 | 0x2 << 18);          /* writes of 8 bytes */
    CHECK(ok == 0);
    ptrace(PTRACE_CONT, child, 0, 0);
    waitpid(child, &status, 0);
    CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
    CHECK((ptrace(PTRACE_PEEKUSER, child, offsetof(struct user, u_debugreg[6]), 0) & 15) == 1);
    if (WIFSTOPPED(status)) {
        ptrace(PTRACE_CONT, child, 0, 0);
        waitpid(child, &status, 0);
    }
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 6);
}

extern void bp_here(void);
asm(".pushsection .text\nbp_here: nop\nret\n.popsection");

static void test_exec_breakpoint(void)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        for (int i = 0; i < 3; i++) {
            bp_here();
        }
        _exit(7);
    }
    waitpid(child, &status, 0);
    CHECK(ptrace(PTRACE_POKEUSER, child, offsetof(struct user, u_debugreg[1]), bp_here) == 0);
    CHECK(ptrace(PTRACE_POKEUSER, child, offsetof(struct user, u_debugreg[7]), 0x4) == 0);
    int n = 0;
    for (;;) {
        ptrace(PTRACE_CONT, child, 0, 0);
        waitpid(child, &status, 0);
        if (!WIFSTOPPED(status)) {
            break;
        }
        struct user_regs_struct regs;
        ptrace(PTRACE_GETREGS, child, 0, &regs);
        CHECK(regs.rip == (uint64_t)bp_here);
        n++;
    }
    CHECK(n == 3);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

/* ---- threads: TLB shoot-downs, TSC ---- */

static char *shared;
static volatile int stop;

static void *toucher(void *arg)
{
    uint64_t n = 0;

    while (!stop) {
        n += *(volatile char *)(shared + (n % 16) * 4096);
        n++;
    }
    return (void *)n;
}

static void test_shootdown(void)
{
    pthread_t t[3];

    shared = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 3; i++) {
        pthread_create(&t[i], NULL, toucher, NULL);
    }
    for (int i = 0; i < 300; i++) {
        mprotect(shared, 65536, PROT_READ);
        mprotect(shared, 65536, PROT_READ | PROT_WRITE);
        memset(shared, i, 65536);
        madvise(shared, 65536, MADV_DONTNEED);
        CHECK(shared[4096] == 0);
    }
    stop = 1;
    for (int i = 0; i < 3; i++) {
        pthread_join(t[i], NULL);
    }
}

static volatile uint64_t tsc_last __attribute__((aligned(64)));
static volatile int tsc_lock, tsc_bad;

static void *tsc_thread(void *arg)
{
    for (int i = 0; i < 20000; i++) {
        while (__sync_lock_test_and_set(&tsc_lock, 1)) {
            sched_yield();
        }
        uint64_t now = __rdtsc();
        tsc_bad += now < tsc_last;
        tsc_last = now;
        __sync_lock_release(&tsc_lock);
    }
    return NULL;
}

static void test_tsc(void)
{
    pthread_t t[2];

    for (int i = 0; i < 2; i++) {
        pthread_create(&t[i], NULL, tsc_thread, NULL);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(t[i], NULL);
    }
    CHECK(tsc_bad == 0);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    catch_all();
    static const struct { const char *name; void (*fn)(void); } tests[] = {
        { "faults", test_faults }, { "single-step", test_single_step }, { "compat", test_compat },
        { "ldt", test_ldt }, { "flags", test_flags }, { "ports", test_ports },
        { "bases", test_bases }, { "ptrace", test_ptrace }, { "watchpoint", test_watchpoint },
        { "exec-breakpoint", test_exec_breakpoint }, { "shootdown", test_shootdown },
        { "tsc", test_tsc },
    };
    for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        int before = failures;
        tests[i].fn();
        printf("%s %s\n", failures == before ? "ok" : "not ok", tests[i].name);
    }
    printf("guest-system: %d failures\n", failures);
    return failures != 0;
}
