/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual CPU as everybody outside target/ sees it: an index, interrupt lines, a run state.
 * hw/ reaches vCPUs only by this header; what is guest architecture hides behind CPUOps.
 */
#ifndef ACCEL_CPU_H
#define ACCEL_CPU_H

#include <glib.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "qom/object.h"
#include "tcg/tcg.h"

typedef struct CPUState CPUState;
typedef struct TB TB;
struct AddressSpace;

typedef enum MMUAccess { MMU_READ, MMU_WRITE, MMU_FETCH } MMUAccess;

/* Exception indexes of the run loop; the architecture's own are below 0x10000. */
enum {
    EXCP_NONE = -1,
    EXCP_INTERRUPT = 0x10000,   /* somebody asked this vCPU to leave */
    EXCP_HLT,                   /* halted, waiting for an interrupt */
    EXCP_DEBUG,                 /* breakpoint, watchpoint or single step */
    EXCP_ATOMIC,                /* run the next instruction with all other vCPUs stopped */
    EXCP_USER_FIRST = 0x100,    /* user programs: system call etc., returned by cpu_exec() */
};

/* CPUState.interrupt_request: bits set by anyone under the big lock, read by the vCPU. */
#define CPU_INTERRUPT_HARD      (1u << 0)   /* a maskable interrupt is pending at the controller */
#define CPU_INTERRUPT_NMI       (1u << 1)
#define CPU_INTERRUPT_INIT      (1u << 2)
#define CPU_INTERRUPT_SIPI      (1u << 3)   /* vector in CPUState.sipi_vector */
#define CPU_INTERRUPT_SMI       (1u << 4)
#define CPU_INTERRUPT_EXITTB    (1u << 5)   /* leave the block: state that it assumed changed */
#define CPU_INTERRUPT_POLL      (1u << 6)   /* ask the interrupt controller again */
#define CPU_INTERRUPT_RESET     (1u << 7)

/* What translation of one block works on. */
typedef struct TbInfo {
    uint64_t pc;                /* in: first guest address (linear) */
    uint64_t flags;             /* in: key from CPUOps.get_tb_key */
    unsigned max_insns;         /* in: 1 when single stepping or retrying */
    bool single_step;           /* in: raise EXCP_DEBUG after each instruction */
    bool smp;                   /* in: other vCPUs run in parallel (atomics must be atomic) */
    bool may_loop;              /* in: the block may branch back into itself */
    bool loops;                 /* out: it does */
    unsigned n_insns;           /* out */
    unsigned size_bytes;        /* out: guest bytes translated; the block may cross one page end */
    bool scattered;             /* out, user programs: the bytes lie anywhere on the pages read, two
                                   at most; size_bytes then tells only what follows pc directly */
} TbInfo;
/*
 * accel/tcg emits ir_exit_check() at the head of each block; front ends add one at internal
 * back-edges only. Direct jumps to another guest page are not chained in system programs: use
 * ir_goto_ptr(b, ir_i64(b, pc), true) there, ir_goto_tb() inside the page of info->pc.
 */

/*
 * The table a guest architecture hands down. All run on the vCPU's thread unless said otherwise.
 * ra: host return address inside generated code, or 0 if the state is already written back.
 */
typedef struct CPUOps {
    const char *name;
    unsigned n_mmu_modes;
    void (*get_tb_key)(CPUState *cpu, uint64_t *pc, uint64_t *flags);
    /* Emits IR for the block at info->pc. Guest code is read with cpu_fetch_code(), which may leave
     * by longjmp when the page of the *first* instruction faults; the translator ends the block
     * before an instruction whose bytes reach into a second page if it isn't the first one. */
    void (*translate)(CPUState *cpu, IrBlock *b, TbInfo *info);
    void (*restore_state)(CPUState *cpu, const uint64_t words[IR_INSN_WORDS]);
    /* state.pc = first instruction of a block that was found but not started (chained exits) */
    void (*set_pc)(CPUState *cpu, uint64_t pc, uint64_t flags);
    int (*mmu_index)(CPUState *cpu, bool fetch);
    /*
     * Walks the guest's page tables for @addr and calls tlb_set_page(); true when done. On a guest
     * fault: @probe true returns false; false raises the exception and does not return.
     */
    bool (*tlb_fill)(CPUState *cpu, uint64_t addr, unsigned size, MMUAccess access, int mmu_idx,
                     bool probe, uintptr_t ra);
    void (*unaligned)(CPUState *cpu, uint64_t addr, MMUAccess access, int mmu_idx, uintptr_t ra);
    /* cpu->exception_index >= 0 below 0x10000: deliver it to the guest (system programs) */
    void (*do_exception)(CPUState *cpu);
    /* deliver one of the pending interrupt_request bits; true if state changed. Big lock held. */
    bool (*do_interrupt)(CPUState *cpu, uint32_t pending);
    bool (*has_work)(CPUState *cpu);            /* halted but something to do. Big lock held. */
    void (*reset)(CPUState *cpu);               /* power-on state */
    uint64_t (*get_pc)(CPUState *cpu);
    void (*dump_state)(CPUState *cpu, FILE *f);         /* "info registers", -d cpu */
    /* guest virtual to guest physical without side effects; ~0 if unmapped. vCPU stopped or self */
    uint64_t (*virt_to_phys)(CPUState *cpu, uint64_t gva);
    unsigned n_gdb_regs;
    const char *(*gdb_target_xml)(CPUState *cpu);
    int (*gdb_read_reg)(CPUState *cpu, unsigned reg, uint8_t *buf);     /* bytes, 0: no such reg */
    int (*gdb_write_reg)(CPUState *cpu, unsigned reg, const uint8_t *buf);
    /* prints one instruction; its bytes, <= 0: none is there */
    int (*disas)(FILE *f, uint64_t pc, uint64_t flags, const uint8_t *code, size_t size);
} CPUOps;

#define CPU_MMU_MODES_MAX 6
#define TLB_VICTIM_ENTRIES 8

typedef struct TlbFullEntry {           /* the slow half of a TLB entry, same index */
    uint64_t phys_page;                 /* guest physical page address */
    struct MemoryRegion *io;            /* NULL: plain RAM; else accesses go here */
    uint64_t io_ofs;                    /* offset in the region of the page's first byte */
    uint64_t ram_addr;                  /* for RAM: ram_addr_t of the page, else ~0 */
    uint8_t lg_page_size;
    bool readonly;                      /* ROM: writes are dropped (or go to @io) */
    bool global;                        /* PROT_G */
} TlbFullEntry;

struct CPUTlb;                          /* accel/tcg/cputlb.c */
typedef struct CPUBreakpoint { uint64_t pc; bool gdb; } CPUBreakpoint;

/* CPUState.counters, for info jit */
enum {
    CPU_COUNT_TB_GEN, CPU_COUNT_TB_INSNS, CPU_COUNT_CHAIN, CPU_COUNT_EXIT, CPU_COUNT_LOOKUP,
    CPU_COUNT_LOOKUP_HASH, CPU_COUNT_TLB_FLUSH, CPU_COUNT_TLB_FLUSH_PAGE, CPU_COUNT_TLB_FILL,
    CPU_COUNT_TLB_VICTIM, CPU_COUNT_SLOW_ACCESS, CPU_COUNT_MMIO, CPU_COUNT_CODE_WRITE,
    CPU_COUNT_SMC_RESTART, CPU_COUNT_HALT, CPU_COUNT_EXCEPTION,
};

/*
 * Directly followed in memory by the architecture's state: env = (char *)cpu + sizeof(CPUState).
 * Generated code reaches the fields below by negative offsets.
 */
struct CPUState {
    Object parent;
    const CPUOps *ops;
    unsigned index;                     /* 0 .. n_cpus - 1 */
    struct AddressSpace *as;            /* memory as this vCPU sees it */
    void (*free_accel)(CPUState *cpu);  /* drops what the accelerator keeps; NULL: nothing */

    /* big lock; the vCPU reads interrupt_request without it (atomic) */
    uint32_t interrupt_request;
    uint8_t sipi_vector;
    bool halted;                        /* vCPU thread, or big lock while it sleeps */
    bool stop, stopped;                 /* vm stop handshake, big lock */
    bool created, unplug;
    bool crashed;

    /* vCPU thread only */
    int32_t exception_index;            /* EXCP_* or an architecture's; EXCP_NONE */
    bool running;                       /* in cpu_exec(): exclusive sections wait for it; atomic */
    bool has_waiter;                    /* an exclusive section waits for us; exclusive mutex */
    bool in_exclusive;
    bool in_code;                       /* between tcg_run()'s entry and exit */
    bool one_insn;                      /* the next block has one instruction and is not kept */
    uint32_t single_step;               /* gdb */
    uint32_t atomic_once;               /* set by EXCP_ATOMIC */
    sigjmp_buf jmp_env;
    TB *current_tb;
    uintptr_t mem_io_ra;                /* ra of the running device access */
    GArray *breakpoints;                /* CPUBreakpoint; big lock, vCPU stopped */
    struct CPUTlb *tlb;                 /* slow halves, victim entries, counters */
    GThread *thread;
    int host_tid;
    GCond halt_cond;                    /* with the big lock */
    struct CPUWork *work_first, *work_last;     /* queued by run_on_cpu(); its own mutex */
    GMutex work_mutex;
    void *arch_opaque;                  /* linux-user: TaskState; system: board's per-CPU data */
    uint64_t counters[16];              /* CPU_COUNT_*; vCPU thread, read racily by info jit */

    /* read by generated code */
    JumpCacheEntry *jump_cache;
    int32_t exit_request;               /* atomic; -1 asks the vCPU to leave generated code */
    uint32_t host_mxcsr;                /* guest rounding/DAZ/FTZ and sticky flags, all masked */
    TlbFast tlb_fast[CPU_MMU_MODES_MAX];
} __attribute__((aligned(64)));

#define cpu_env(cpu)        ((void *)((char *)(cpu) + sizeof(CPUState)))
#define env_cpu(env)        ((CPUState *)((char *)(env) - sizeof(CPUState)))
#define CPU_OFS(field)      ((int32_t)offsetof(CPUState, field) - (int32_t)sizeof(CPUState))

DECLARE_TYPE(CPUState, CPU, "cpu")

/* ---- all vCPUs (accel/cpu.c) ---- */
void cpu_list_add(CPUState *cpu);                   /* gives it its index. Big lock. */
void cpu_list_remove(CPUState *cpu);                /* the last one in the list takes its index */
CPUState *cpu_by_index(unsigned index);             /* NULL if there is none */
unsigned cpu_count(void);
#define CPU_FOREACH(cpu) \
    for (unsigned cpu_i_ = 0; (cpu = cpu_by_index(cpu_i_)) != NULL; cpu_i_++)
extern __thread CPUState *current_cpu;

/* ---- asking a vCPU for something; any thread unless said ---- */
void cpu_interrupt(CPUState *cpu, uint32_t mask);   /* sets bits and kicks. Big lock. */
void cpu_reset_interrupt(CPUState *cpu, uint32_t mask);     /* Big lock. */
void cpu_kick(CPUState *cpu);                       /* leave generated code, wake from halt */
void cpu_exit(CPUState *cpu);                       /* as cpu_kick but never wakes a sleeper */
typedef void CPUWorkFunc(CPUState *cpu, void *opaque);
void run_on_cpu(CPUState *cpu, CPUWorkFunc *fn, void *opaque);  /* waits. Big lock held (dropped) */
void async_run_on_cpu(CPUState *cpu, CPUWorkFunc *fn, void *opaque);    /* big lock held in fn */
/* fn runs when no other vCPU is in generated code */
void async_safe_run_on_cpu(CPUState *cpu, CPUWorkFunc *fn, void *opaque);
void cpu_reset(CPUState *cpu);                      /* vCPU stopped or self. Big lock. */
void cpu_dump_state(CPUState *cpu, FILE *f);

/* ---- for architectures: leaving generated code ---- */
G_NORETURN void cpu_loop_exit(CPUState *cpu);               /* state is written back */
G_NORETURN void cpu_loop_exit_restore(CPUState *cpu, uintptr_t ra);
bool cpu_restore_state(CPUState *cpu, uintptr_t ra);        /* false: ra not in generated code */
#define GETPC() ((uintptr_t)__builtin_return_address(0))    /* in functions called by blocks */

/* ---- for architectures: the soft-MMU (accel/tcg/cputlb.c) ---- */
#define PAGE_BITS 12
#define PAGE_SIZE_ ((uint64_t)1 << PAGE_BITS)
#define PAGE_MASK_ (~(PAGE_SIZE_ - 1))
#define PROT_R 1
#define PROT_W 2
#define PROT_X 4
#define PROT_G 8        /* tlb_set_page(): tlb_flush_nonglobal() leaves the entry */
/* @page_size: 4 KiB, 2 MiB, 1 GiB; @gva, @gpa of the 4 KiB page wanted */
void tlb_set_page(CPUState *cpu, uint64_t gva, uint64_t gpa, int prot, int mmu_idx,
                  uint64_t page_size);
void tlb_flush(CPUState *cpu);                              /* self (or vCPU not running) */
void tlb_flush_nonglobal(CPUState *cpu);                    /* an address space switch */
void tlb_flush_modes(CPUState *cpu, unsigned mode_mask);
void tlb_flush_page(CPUState *cpu, uint64_t gva);           /* all modes */
void tlb_flush_all_cpus(void);                              /* any thread; done before they go on */

/* Data accesses by helpers: faults raise the guest's exception. Extended to 64 bits unsigned. */
uint64_t cpu_ld(CPUState *cpu, uint64_t gva, MemOp oi, uintptr_t ra);   /* up to MO_64 */
void cpu_st(CPUState *cpu, uint64_t gva, uint64_t val, MemOp oi, uintptr_t ra);
void cpu_ld_bytes(CPUState *cpu, uint64_t gva, void *buf, size_t n, int mmu_idx, uintptr_t ra);
void cpu_st_bytes(CPUState *cpu, uint64_t gva, const void *buf, size_t n, int mmu_idx,
                  uintptr_t ra);  /* all-or-nothing: both pages are probed first; n <= 4096 */
uint64_t cpu_cmpxchg(CPUState *cpu, uint64_t gva, uint64_t expect, uint64_t desired, MemOp oi,
                     uintptr_t ra);
bool cpu_cmpxchg16(CPUState *cpu, uint64_t gva, uint64_t expect[2], const uint64_t desired[2],
                   int mmu_idx, uintptr_t ra);              /* expect: in/out, old value */
/*
 * Host address of @gva if it is plain RAM with the right permission, and the bytes that follow on
 * its page; NULL for MMIO, watchpoints, pages that hold code (writes). Raises the guest's fault
 * (@nofault: NULL instead). For rep strings and large saves.
 */
void *cpu_probe(CPUState *cpu, uint64_t gva, MMUAccess access, int mmu_idx, bool nofault,
                uintptr_t ra);
/* instruction bytes for the translator: @n bytes at @gva, inside one page or crossing one end */
void cpu_fetch_code(CPUState *cpu, uint64_t gva, void *buf, size_t n);
/* bytes that can be read without touching a page other than @gva's (translator read-ahead) */
size_t cpu_fetch_avail(CPUState *cpu, uint64_t gva);

/* guest physical accesses of architectures (page walks): as cpu->as, no faults; 0 if unmapped */
uint64_t cpu_ld_phys(CPUState *cpu, uint64_t gpa, unsigned bytes);
void cpu_st_phys(CPUState *cpu, uint64_t gpa, uint64_t val, unsigned bytes);
/* atomic or of accessed/dirty bits: true if *gpa still was @expect */
bool cpu_cmpxchg_phys(CPUState *cpu, uint64_t gpa, uint64_t expect, uint64_t desired,
                      unsigned bytes);

/* ---- running ---- */
int cpu_exec(CPUState *cpu);            /* until an EXCP_* >= EXCP_USER_FIRST; returns it */
void cpu_init_tlb(CPUState *cpu);       /* by instance set-up: TLBs, jump cache, conditions */
/* system programs: called on the vCPU's thread, big lock held, when it stopped with EXCP_DEBUG */
void cpu_set_debug_handler(void (*fn)(CPUState *cpu));
void cpu_set_single_step(CPUState *cpu, bool on);           /* vCPU stopped */
bool cpu_breakpoint_insert(CPUState *cpu, uint64_t pc);
bool cpu_breakpoint_remove(CPUState *cpu, uint64_t pc);
/* reads/writes guest virtual memory for a debugger; false if unmapped. vCPU stopped. */
bool cpu_debug_rw(CPUState *cpu, uint64_t gva, void *buf, size_t n, bool write);

#endif
