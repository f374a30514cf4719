/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a unit test of the translator needs to be a user program: memory at fixed addresses, a fault
 * handler, a CPU. Included once by a test.
 */
#ifndef TARGET_E2K_USER_TEST_H
#define TARGET_E2K_USER_TEST_H

#include <signal.h>
#include <sys/mman.h>
#include <sys/ucontext.h>
#include "accel/accel.h"
#include "target/e2k/cpu.h"

static inline void test_on_fault(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    uintptr_t pc = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP], new_pc = 0;

    if (!tcg_user_segv(current_cpu, pc, (uintptr_t)info->si_addr,
                       uc->uc_mcontext.gregs[REG_ERR] & 2, &new_pc)) {
        signal(sig, SIG_DFL);
    } else if (new_pc) {
        uc->uc_mcontext.gregs[REG_RIP] = (greg_t)new_pc;
    }
}

static inline void test_map_at(uint64_t addr, uint64_t n_bytes)
{
    void *p = mmap((void *)addr, n_bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    g_assert(p == (void *)addr);
}

static inline CPUState *test_cpu_new(const char *model)
{
    Error *err = NULL;
    E2KCPU *c = e2k_cpu_new(model, &err);

    g_assert(c);
    cpu_list_add(&c->parent);
    return &c->parent;
}

/* once, before the first CPU */
static inline void test_user_mode(const char *accel, int (*page_query)(uint64_t gva))
{
    static uint8_t alt_stack[65536];
    stack_t alt = { .ss_sp = alt_stack, .ss_size = sizeof(alt_stack) };
    struct sigaction sa = { .sa_sigaction = test_on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    Error *err = NULL;

    type_init_all();
    g_assert(accel_select(accel, &err));
    tcg_user_set_page_query(page_query);
    tcg_user_init(&e2k_cpu_ops, 0);
    sigaltstack(&alt, NULL);
    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGBUS, &sa, NULL);
}

#endif
