/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For device tests: an empty machine whose clock is moved by hand, ports, a recording line. */
#ifndef HW_TEST_UTIL_H
#define HW_TEST_UTIL_H

#include "hw/core/device.h"
#include "memory/memory.h"
#include "util/main-loop.h"

static unsigned test_resets, test_shutdowns;
static inline void test_reset_request(bool guest) { test_resets++; }
static inline void test_shutdown_request(bool guest) { test_shutdowns++; }

static inline MemoryRegion *test_io(void) { return address_space_root(address_space_io); }
static inline MemoryRegion *test_mem(void) { return address_space_root(address_space_memory); }

static inline void test_machine(int *argc, char ***argv)
{
    g_test_init(argc, argv, NULL);
    type_init_all();
    main_loop_init();
    bql_lock();
    memory_init();
    clock_virtual_manual();
    machine_services()->system_io = test_io();
    machine_services()->system_memory = test_mem();
    machine_services()->reset_request = test_reset_request;
    machine_services()->shutdown_request = test_shutdown_request;
}

static inline void out(uint16_t port, uint32_t v, unsigned n)
{
    address_space_st(address_space_io, port, v, n);
}

static inline uint32_t in(uint16_t port, unsigned n)
{
    return address_space_ld(address_space_io, port, n, NULL);
}

static inline void outb(uint16_t port, uint8_t v) { out(port, v, 1); }
static inline uint8_t inb(uint16_t port) { return in(port, 1); }

typedef struct TestLine { int level; unsigned rises; } TestLine;

static inline void test_line_set(void *opaque, int n, int level)
{
    TestLine *t = opaque;

    t->rises += level && !t->level;
    t->level = level;
}

static inline IrqLine *test_line(TestLine *t) { return irq_new(test_line_set, t, 0); }

#endif
