/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MMX with a bad address: a pending x87 exception comes first, a page fault leaves the tags. */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <ucontext.h>

static sigjmp_buf back;
static unsigned tags;

static void on_signal(int sig, siginfo_t *info, void *context)
{
    tags = ((ucontext_t *)context)->uc_mcontext.fpregs->ftw;
    siglongjmp(back, sig);
}

#define MMX(name, text) \
    static void name(void *p) { __asm__ volatile(text :: "r"(p) : "memory"); }
MMX(load, "movq (%0), %%mm1")
MMX(store, "movq %%mm1, (%0)")
MMX(load_low, "movd (%0), %%mm2")
MMX(store_low, "movd %%mm2, (%0)")
MMX(insert, "pinsrw $1, (%0), %%mm3")
MMX(add, "paddb (%0), %%mm4")
MMX(shuffle, "pshufw $1, (%0), %%mm4")
MMX(unpack, "punpcklbw (%0), %%mm4")
MMX(shift, "psllw (%0), %%mm4")
MMX(convert, "cvttpd2pi (%0), %%mm5")
MMX(stream, "movntq %%mm5, (%0)")

static void try(const char *name, void (*insn)(void *), void *p, int pending)
{
    static const unsigned short unmasked = 0x37e;
    volatile unsigned short status = 0;
    int sig = sigsetjmp(back, 1);

    if (sig == 0) {
        __asm__ volatile("fninit; fld1; fld1; fchs");
        if (pending) {
            __asm__ volatile("fsqrt; fldcw %0" :: "m"(unmasked));
        }
        insn(p);
        __asm__ volatile("fnstsw %0" : "=m"(status));
        tags = 0;
    }
    printf("%s: signal %d status %#x tags %#x\n", name, sig, status, tags);
}

int main(void)
{
    static double room[2] __attribute__((aligned(16)));
    static const struct { const char *name; void (*insn)(void *); } rows[] = {
        { "load", load }, { "store", store }, { "load_low", load_low }, { "store_low", store_low },
        { "insert", insert }, { "add", add }, { "shuffle", shuffle }, { "unpack", unpack },
        { "shift", shift }, { "convert", convert }, { "stream", stream },
    };
    struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

    sigaction(SIGFPE, &sa, NULL);
    sigaction(SIGSEGV, &sa, NULL);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        try(rows[i].name, rows[i].insn, room, 0);
        try(rows[i].name, rows[i].insn, (void *)16, 0);
        try(rows[i].name, rows[i].insn, room, 1);
        try(rows[i].name, rows[i].insn, (void *)16, 1);
    }
    return 0;
}
