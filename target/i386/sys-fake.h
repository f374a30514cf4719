/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU for unit tests of system state: flat physical RAM from 0, every access walks the page
 * tables, no accelerator. Faults come back through fake_fault().
 */
#ifndef TARGET_I386_SYS_FAKE_H
#define TARGET_I386_SYS_FAKE_H

#include "target/i386/seg.h"
#include "target/i386/sys-helpers.h"

#define FAKE_RAM_BYTES (8u << 20)
extern uint8_t fake_ram[FAKE_RAM_BYTES];
extern unsigned fake_n_flushes;

CPUX86State *fake_cpu(const char *model);               /* reset, RAM cleared, big lock not held */
void fake_cpu_free(CPUX86State *env);
uint64_t fake_peek(uint32_t gpa, unsigned bytes);
void fake_poke(uint32_t gpa, uint64_t val, unsigned bytes);

/*
 * Runs @fn; the exception vector that it raised, or FAKE_NONE. Error code and CR2 are in env.
 * Delivery is a separate step: x86_do_exception().
 */
#define FAKE_NONE (-2)
int fake_try(CPUX86State *env, void (*fn)(CPUX86State *env, void *opaque), void *opaque);
int fake_deliver(CPUX86State *env, int vector, uint32_t error_code);   /* FAKE_NONE: delivered */
/* one data access at the current privilege */
int fake_read(CPUX86State *env, uint64_t gva, uint64_t *val);
int fake_write(CPUX86State *env, uint64_t gva, uint64_t val);
int fake_fetch(CPUX86State *env, uint64_t gva);

/* ready-made environments: tables and stacks in low RAM, see sys-fake.c */
enum { SEL_KCODE = 0x08, SEL_KDATA = 0x10, SEL_UCODE32 = 0x1b, SEL_UDATA = 0x23, SEL_UCODE = 0x2b,
       SEL_TSS = 0x30, SEL_CONFORMING = 0x40, SEL_ABSENT = 0x48, SEL_GATE = 0x50,
       SEL_TSS2 = 0x60, SEL_KCODE64 = 0x68 };
enum { FAKE_GDT = 0x1000, FAKE_IDT = 0x2000, FAKE_TSS = 0x3000, FAKE_TSS2 = 0x3800,
       FAKE_KSTACK = 0x6000, FAKE_IST = 0x7000, FAKE_PML4 = 0x10000, FAKE_HANDLER = 0x8000,
       FAKE_CODE = 0x9000, FAKE_USTACK = 0xb000 };
void fake_protected(CPUX86State *env, unsigned cpl);    /* 32-bit, no paging */
void fake_long(CPUX86State *env, unsigned cpl);         /* 64-bit, 8 MiB mapped 1:1, user */
void fake_gate(CPUX86State *env, unsigned vector, unsigned type, unsigned dpl, unsigned ist,
               uint16_t sel, uint64_t offset);
/* 4-level tables: one 4 KiB page of @flags (low bits and NX) at @gva to @gpa */
void fake_map(uint64_t gva, uint64_t gpa, uint64_t flags);

#endif
