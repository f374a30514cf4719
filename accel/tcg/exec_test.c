/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run loop, the translation cache and the soft-MMU under a toy guest.
 *
 * Toy instructions are 8 bytes: op, a, b, c, imm32. Registers r0..r7 are 64 bits. Memory: a guest
 * address below VIRT_SIZE goes through one level of page table, an array of 64-bit entries at
 * physical PT_BASE: page address | R 1, W 2, X 4, large 8, global 16; 0 = not there.
 *
 * Each test runs in a process of its own, once per back end, since both are chosen once.
 */
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include "accel/accel.h"
#include "memory/memory.h"
#include "util/log.h"
#include "util/main-loop.h"

enum { OP_HLT, OP_MOVI, OP_ADD, OP_ADDI, OP_LD, OP_ST, OP_BNE, OP_JR, OP_AMOADD, OP_EXIT, OP_JMP,
       OP_CAS, OP_IRET, OP_HELPER_ST, OP_FLUSH, OP_INVLPG, OP_LDS32, OP_ST32, OP_SWAP128, N_OPS };

typedef struct Insn { uint8_t op, a, b, c; int32_t imm; } Insn;

typedef struct ToyState {
    uint64_t r[8];
    uint64_t pc;
    uint64_t fault_gva, fault_pc;
    uint32_t fault_kind;
    bool irq_on;
    uint64_t irq_pc, irq_count;
    uint64_t v[2] __attribute__((aligned(16)));
} ToyState;

typedef struct ToyCPU { CPUState parent; ToyState s; } ToyCPU;

#define TOY(cpu) ((ToyState *)cpu_env(cpu))
#define OFS(field) ((int32_t)offsetof(ToyState, field))

#define RAM_BYTES   (8u << 20)
#define VIRT_SIZE   (64u << 20)
#define PT_BASE     0x700000u
#define DEV_GPA     0x10000000u
#define FAULT_EXCP  3
#define HANDLER_PC  0x3000u         /* faults go here, interrupts 0x100 further */

/* ---- the toy architecture ---- */

static IrVal g_r[8], g_pc;
static const char *const reg_names[8] = { "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7" };

static void toy_ir_init(void)
{
    for (int i = 0; i < 8; i++) {
        g_r[i] = ir_global_new(IR_I64, OFS(r) + i * 8, reg_names[i]);
    }
    g_pc = ir_global_new(IR_I64, OFS(pc), "pc");
}

static void toy_get_tb_key(CPUState *cpu, uint64_t *pc, uint64_t *flags)
{
    *pc = TOY(cpu)->pc;
    *flags = 7;
}

static void toy_set_pc(CPUState *cpu, uint64_t pc, uint64_t flags)
{
    TOY(cpu)->pc = pc;
}

static void toy_restore(CPUState *cpu, const uint64_t words[IR_INSN_WORDS])
{
    TOY(cpu)->pc = words[0];
}

static int toy_mmu_index(CPUState *cpu, bool fetch)
{
    return 1;
}

static void h_raise(void *env, uint32_t excp)
{
    CPUState *cpu = env_cpu(env);

    cpu->exception_index = (int32_t)excp;
    if (excp == EXCP_HLT) {
        cpu->halted = true;
    }
    cpu_loop_exit(cpu);
}

static void h_helper_st(void *env, uint64_t addr, uint64_t val)
{
    cpu_st(env_cpu(env), addr, val, MO_64 | mo_mmu(1), GETPC());
}

static void h_flush(void *env)
{
    tlb_flush(env_cpu(env));
}

static void h_invlpg(void *env, uint64_t addr)
{
    tlb_flush_page(env_cpu(env), addr);
}

static const IrHelper raise_helper = { "raise", (void *)h_raise, IR_CALL_NO_RETURN, IR_VOID, 2,
                                       { IR_I64, IR_I32 } };
static const IrHelper st_helper = { "helper_st", (void *)h_helper_st, 0, IR_VOID, 3,
                                    { IR_I64, IR_I64, IR_I64 } };
static const IrHelper flush_helper = { "flush", (void *)h_flush, 0, IR_VOID, 1, { IR_I64 } };
static const IrHelper invlpg_helper = { "invlpg", (void *)h_invlpg, 0, IR_VOID, 2,
                                        { IR_I64, IR_I64 } };

static __thread IrLabel *block_start;

static void emit_jump(IrBlock *b, TbInfo *info, uint64_t to, unsigned slot)
{
    if (to == info->pc && info->may_loop) {
        ir_br(b, block_start);
        info->loops = true;
        return;
    }
    ir_movi(b, g_pc, to);
    if ((to ^ info->pc) & PAGE_MASK_) {
        ir_goto_ptr(b, ir_i64(b, to), true);
    } else {
        ir_goto_tb(b, slot);
        ir_exit(b, slot);
    }
}

static IrVal emit_addr(IrBlock *b, const Insn *in)
{
    IrVal t = ir_temp(b, IR_I64);

    ir_addi(b, t, g_r[in->b & 7], (uint64_t)(int64_t)in->imm);
    return t;
}

/* True: the block ends. */
static bool emit_insn(IrBlock *b, TbInfo *info, const Insn *in, uint64_t pc)
{
    const MemOp mo = MO_64 | mo_mmu(1);
    IrVal a = g_r[in->a & 7], rb = g_r[in->b & 7], c = g_r[in->c & 7], args[3], t;
    uint64_t next = pc + 8;
    IrLabel *l;

    switch (in->op) {
    case OP_MOVI: ir_movi(b, a, (uint64_t)(int64_t)in->imm); return false;
    case OP_ADD: ir_add(b, a, rb, c); return false;
    case OP_ADDI: ir_addi(b, a, rb, (uint64_t)(int64_t)in->imm); return false;
    case OP_LD: ir_gld(b, a, emit_addr(b, in), mo); return false;
    case OP_LDS32: ir_gld(b, a, emit_addr(b, in), MO_32 | MO_SIGN | mo_mmu(1)); return false;
    case OP_ST: ir_gst(b, a, emit_addr(b, in), mo); return false;
    case OP_ST32: ir_gst(b, a, emit_addr(b, in), MO_32 | mo_mmu(1)); return false;
    case OP_AMOADD: ir_gatomic(b, IR_gadd, a, emit_addr(b, in), c, mo); return false;
    case OP_CAS: ir_gcmpxchg(b, a, emit_addr(b, in), a, c, mo); return false;
    case OP_SWAP128:
        t = ir_temp(b, IR_V128);
        ir_gld(b, t, emit_addr(b, in), MO_128 | mo_mmu(1));
        ir_st(b, t, ir_env(b), OFS(v), MO_128);
        ir_gst(b, t, c, MO_128 | mo_mmu(1));
        return false;
    case OP_HELPER_ST:
        args[0] = ir_env(b), args[1] = emit_addr(b, in), args[2] = a;
        ir_call(b, &st_helper, NULL, 3, args);
        return false;
    case OP_FLUSH:
        args[0] = ir_env(b);
        ir_call(b, &flush_helper, NULL, 1, args);
        break;          /* the block ends: mappings may have changed */
    case OP_INVLPG:
        args[0] = ir_env(b), args[1] = emit_addr(b, in);
        ir_call(b, &invlpg_helper, NULL, 2, args);
        break;
    case OP_BNE:
        l = ir_label(b);
        ir_brcond(b, IR_COND_EQ, a, rb, l);
        emit_jump(b, info, pc + (uint64_t)(int64_t)in->imm, 0);
        ir_bind(b, l);
        emit_jump(b, info, next, 1);
        return true;
    case OP_JMP: emit_jump(b, info, pc + (uint64_t)(int64_t)in->imm, 0); return true;
    case OP_JR:
        ir_mov(b, g_pc, a);
        ir_goto_ptr(b, g_pc, true);
        return true;
    case OP_IRET:
        ir_ld(b, g_pc, ir_env(b), OFS(irq_pc), MO_64);
        ir_st(b, ir_i32(b, 1), ir_env(b), OFS(irq_on), MO_8);
        ir_exit(b, TB_EXIT_PLAIN);
        return true;
    case OP_HLT: case OP_EXIT: default:
        ir_movi(b, g_pc, next);
        args[0] = ir_env(b);
        args[1] = ir_i32(b, in->op == OP_HLT ? EXCP_HLT : EXCP_USER_FIRST + (uint32_t)in->imm);
        ir_call(b, &raise_helper, NULL, 2, args);
        return true;
    }
    ir_movi(b, g_pc, next);
    ir_exit(b, TB_EXIT_PLAIN);
    return true;
}

static void toy_translate(CPUState *cpu, IrBlock *b, TbInfo *info)
{
    uint64_t pc = info->pc;
    bool end = false;

    block_start = ir_label(b);
    ir_bind(b, block_start);
    ir_exit_check(b);
    while (!end && info->n_insns < info->max_insns) {
        Insn in;

        if (cpu_fetch_avail(cpu, pc) < 8 && pc != info->pc) {
            break;
        }
        if ((pc ^ info->pc) & PAGE_MASK_ && pc == ((info->pc | ~PAGE_MASK_) + 1)) {
            break;
        }
        cpu_fetch_code(cpu, pc, &in, sizeof(in));
        ir_insn_start(b, pc, 0);
        end = emit_insn(b, info, &in, pc);
        pc += 8;
        info->n_insns++;
    }
    if (!end) {
        ir_movi(b, g_pc, pc);
        ir_goto_ptr(b, ir_i64(b, pc), true);
    }
    info->size_bytes = (unsigned)(pc - info->pc);
}

static bool user_mode;
static unsigned n_fills;

static bool toy_tlb_fill(CPUState *cpu, uint64_t addr, unsigned size, MMUAccess access, int mmu_idx,
                         bool probe, uintptr_t ra)
{
    static const int need[] = { [MMU_READ] = PROT_R, [MMU_WRITE] = PROT_W, [MMU_FETCH] = PROT_X };
    uint64_t pte = 0;

    if (!user_mode) {
        n_fills++;
        if (addr < VIRT_SIZE) {
            pte = cpu_ld_phys(cpu, PT_BASE + (addr >> 12) * 8, 8);
        }
        if (pte & (uint64_t)need[access]) {
            tlb_set_page(cpu, addr & PAGE_MASK_, pte & PAGE_MASK_,
                         (pte & 7) | (pte & 16 ? PROT_G : 0), mmu_idx, pte & 8 ? 2u << 20 : 4096);
            return true;
        }
        if (probe) {
            return false;
        }
    }
    cpu_restore_state(cpu, ra);
    TOY(cpu)->fault_gva = addr;
    TOY(cpu)->fault_pc = TOY(cpu)->pc;
    TOY(cpu)->fault_kind = access;
    cpu->exception_index = user_mode ? EXCP_USER_FIRST + 99 : FAULT_EXCP;
    cpu_loop_exit(cpu);
}

static void toy_do_exception(CPUState *cpu)
{
    TOY(cpu)->irq_pc = TOY(cpu)->fault_pc + 8;      /* iret goes on behind the instruction */
    TOY(cpu)->pc = HANDLER_PC;
}

static bool toy_do_interrupt(CPUState *cpu, uint32_t pending)
{
    ToyState *s = TOY(cpu);

    if (!(pending & CPU_INTERRUPT_HARD) || !s->irq_on) {
        return false;
    }
    cpu_reset_interrupt(cpu, CPU_INTERRUPT_HARD);
    s->irq_on = false;
    s->irq_pc = s->pc;
    s->irq_count++;
    s->pc = HANDLER_PC + 0x100;
    return true;
}

static bool toy_has_work(CPUState *cpu)
{
    return cpu->interrupt_request & CPU_INTERRUPT_HARD;
}

static void toy_reset(CPUState *cpu)
{
    memset(TOY(cpu), 0, sizeof(ToyState));
    cpu->host_mxcsr = 0x1f80;
}

static const CPUOps toy_ops = {
    .name = "toy", .n_mmu_modes = 2,
    .get_tb_key = toy_get_tb_key, .translate = toy_translate, .restore_state = toy_restore,
    .set_pc = toy_set_pc, .mmu_index = toy_mmu_index, .tlb_fill = toy_tlb_fill,
    .do_exception = toy_do_exception, .do_interrupt = toy_do_interrupt, .has_work = toy_has_work,
    .reset = toy_reset,
};

static void toy_cpu_init(Object *obj)
{
    ((CPUState *)obj)->ops = &toy_ops;
}

static const TypeInfo toy_info = { .name = "toy-cpu", .parent = "cpu", .size = sizeof(ToyCPU),
                                   .init = toy_cpu_init };
TYPE_REGISTER(toy_info)

/* ---- the machine ---- */

static MemoryRegion ram, dev, rom;
static uint8_t *mem;
static uint64_t dev_val, dev_writes;
static CPUState *cpus[8];

static uint64_t dev_read(void *opaque, uint64_t offset, unsigned bytes)
{
    g_assert_true(bql_held());
    return dev_val + offset;
}

static void dev_write(void *opaque, uint64_t offset, uint64_t val, unsigned bytes)
{
    g_assert_true(bql_held());
    dev_val = val;
    dev_writes++;
}

static const MemoryRegionOps dev_ops = { .read = dev_read, .write = dev_write };

static void map_page(uint64_t gva, uint64_t gpa, unsigned prot)
{
    uint64_t pte = gpa | prot;
    memcpy(mem + PT_BASE + (gva >> 12) * 8, &pte, 8);
}

static CPUState *new_cpu(void)
{
    CPUState *cpu = (CPUState *)object_new("toy-cpu");

    cpu->as = address_space_memory;
    cpu_list_add(cpu);
    cpu_init_tlb(cpu);
    bql_lock();
    cpu_reset(cpu);
    bql_unlock();
    return cpu;
}

/* RAM of 8 MiB, seen one to one; device at guest 32 MiB, ROM at 33 MiB; nothing at 34 MiB */
#define DEV_GVA 0x2000000u
#define ROM_GVA 0x2100000u
#define VOID_GVA 0x2200000u
static void machine(const char *accel, unsigned n_cpus)
{
    void *rom_host = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    g_assert_true(accel_select(accel, NULL));
    main_loop_init();
    memory_init();
    bql_lock();
    g_assert_true(accel_current()->init(&toy_ops, NULL));
    toy_ir_init();
    g_assert_true(memory_region_init_ram(&ram, NULL, "ram", RAM_BYTES, NULL));
    memory_region_add(address_space_root(address_space_memory), 0, &ram);
    memory_region_init_io(&dev, NULL, &dev_ops, NULL, "dev", 4096);
    memory_region_add(address_space_root(address_space_memory), DEV_GPA, &dev);
    memset(rom_host, 0x77, 4096);
    memory_region_init_ram_ptr(&rom, NULL, "rom", 4096, rom_host, true);
    memory_region_add(address_space_root(address_space_memory), DEV_GPA + 4096, &rom);
    mem = memory_region_ram_ptr(&ram);
    for (uint64_t a = 0; a < RAM_BYTES; a += 4096) {
        map_page(a, a, PROT_R | PROT_W | PROT_X);
    }
    map_page(DEV_GVA, DEV_GPA, PROT_R | PROT_W | PROT_X);
    map_page(ROM_GVA, DEV_GPA + 4096, PROT_R | PROT_W | PROT_X);
    map_page(VOID_GVA, DEV_GPA + 8192, PROT_R | PROT_W);
    bql_unlock();
    for (unsigned i = 0; i < n_cpus; i++) {
        cpus[i] = new_cpu();
    }
}

static uint64_t put_at;

static void put(int op, int a, int b, int c, int64_t imm)
{
    Insn in = { (uint8_t)op, (uint8_t)a, (uint8_t)b, (uint8_t)c, (int32_t)imm };
    memcpy(mem + put_at, &in, 8);
    put_at += 8;
}

static void code_at(uint64_t at)
{
    put_at = at;
}

/* Until the toy's exit instruction; returns its number. */
static int run(CPUState *cpu, uint64_t pc)
{
    int why;

    TOY(cpu)->pc = pc;
    do {
        why = cpu_exec(cpu);
    } while (why == EXCP_INTERRUPT);
    return why - EXCP_USER_FIRST;
}

/* ---- tests ---- */

/* r1 counts r2 down; blocks chain to each other inside the page */
static void put_loop(uint64_t at)
{
    code_at(at);
    put(OP_MOVI, 0, 0, 0, 0);
    put(OP_MOVI, 1, 0, 0, 0);
    put(OP_ADDI, 1, 1, 0, 1);           /* loop: */
    put(OP_JMP, 0, 0, 0, 16);
    put(OP_HLT, 0, 0, 0, 0);
    put(OP_BNE, 1, 2, 0, -24);
    put(OP_EXIT, 0, 0, 0, 5);
}

static void t_loop(const char *accel)
{
    CPUState *cpu;

    machine(accel, 1);
    cpu = cpus[0];
    put_loop(0x1000);
    TOY(cpu)->r[2] = 100000;
    g_assert_cmpint(run(cpu, 0x1000), ==, 5);
    g_assert_cmpuint(TOY(cpu)->r[1], ==, 100000);
    if (tcg_backend() == TCG_BACKEND_NATIVE) {
        g_assert_cmpuint(cpu->counters[CPU_COUNT_EXIT], <, 20);     /* chained */
        g_assert_cmpuint(cpu->counters[CPU_COUNT_CHAIN], >=, 2);
    }
}

/* indirect jumps between two pages, and code that crosses a page end */
static void t_indirect(const char *accel)
{
    CPUState *cpu;

    machine(accel, 1);
    cpu = cpus[0];
    code_at(0x1000);
    put(OP_ADDI, 1, 1, 0, 1);
    put(OP_MOVI, 3, 0, 0, 0x5000 - 12);
    put(OP_JR, 3, 0, 0, 0);
    code_at(0x5000 - 12);
    put(OP_ADDI, 4, 4, 0, 2);
    put(OP_ADDI, 4, 4, 0, 3);           /* 4 bytes on each page */
    put(OP_BNE, 1, 2, 0, 16);
    put(OP_EXIT, 0, 0, 0, 6);
    put(OP_JMP, 0, 0, 0, 0x1000 - 0x5014);
    TOY(cpu)->r[2] = 50000;
    g_assert_cmpint(run(cpu, 0x1000), ==, 6);
    g_assert_cmpuint(TOY(cpu)->r[1], ==, 50000);
    g_assert_cmpuint(TOY(cpu)->r[4], ==, 250000);
    if (tcg_backend() == TCG_BACKEND_NATIVE) {
        g_assert_cmpuint(cpu->counters[CPU_COUNT_EXIT], <, 30);
        g_assert_cmpuint(cpu->counters[CPU_COUNT_LOOKUP], <, 100);
    }
}

static void t_memory(const char *accel)
{
    CPUState *cpu;
    ToyState *s;
    uint64_t v;

    machine(accel, 1);
    cpu = cpus[0];
    s = TOY(cpu);
    map_page(0x1800000, 0x101000, PROT_R | PROT_W);     /* out of order: crossings are seen */
    map_page(0x1801000, 0x100000, PROT_R | PROT_W);
    code_at(0x1000);
    put(OP_ST, 1, 2, 0, 0xffd);
    put(OP_LD, 3, 2, 0, 0xffd);
    put(OP_AMOADD, 4, 2, 1, 0xffc);                     /* crosses: with all others stopped */
    put(OP_LDS32, 5, 2, 0, 0xffe);
    put(OP_SWAP128, 0, 2, 6, 0xff8);
    put(OP_EXIT, 0, 0, 0, 1);
    s->r[1] = 0x8877665544332211;
    s->r[2] = 0x1800000;
    s->r[6] = 0x1800ff4;
    memset(mem + 0x100000, 0, 0x2000);
    g_assert_cmpint(run(cpu, 0x1000), ==, 1);
    g_assert_cmphex(s->r[3], ==, 0x8877665544332211);
    g_assert_cmphex(s->r[4], ==, 0x7766554433221100);
    g_assert_cmphex(s->v[0], ==, 0x7755331100000000);
    g_assert_cmphex(s->v[1], ==, 0x00000088ffddbb99);
    memcpy(&v, mem + 0x101ff4, 8);
    g_assert_cmphex(v, ==, s->v[0]);
    memcpy(&v, mem + 0x100000, 4);
    g_assert_cmphex(*(uint32_t *)(void *)(mem + 0x101ffc), ==, 0xffddbb99);
    g_assert_cmphex(v & 0xffffffff, ==, 0x88);
}

static void t_device(const char *accel)
{
    CPUState *cpu;
    ToyState *s;

    machine(accel, 1);
    cpu = cpus[0];
    s = TOY(cpu);
    code_at(0x1000);
    put(OP_LD, 1, 2, 0, 16);
    put(OP_ST, 3, 2, 0, 8);
    put(OP_LD, 4, 2, 0, 0);
    put(OP_AMOADD, 5, 2, 3, 0);
    put(OP_ST, 3, 6, 0, 0);             /* ROM */
    put(OP_LD, 7, 6, 0, 8);
    put(OP_LD, 0, 6, 0, 0x100000);      /* nothing there */
    put(OP_ST, 0, 6, 0, 0x100000);
    put(OP_EXIT, 0, 0, 0, 1);
    dev_val = 100;
    s->r[2] = DEV_GVA;
    s->r[3] = 7;
    s->r[6] = ROM_GVA;
    g_assert_cmpint(run(cpu, 0x1000), ==, 1);
    g_assert_cmpuint(s->r[1], ==, 116);
    g_assert_cmpuint(s->r[4], ==, 7);
    g_assert_cmpuint(s->r[5], ==, 7);
    g_assert_cmpuint(dev_val, ==, 14);
    g_assert_cmpuint(dev_writes, ==, 2);
    g_assert_cmphex(s->r[7], ==, 0x7777777777777777);
    g_assert_cmphex(s->r[0], ==, UINT64_MAX);
}

/* a fault in the middle of a block: precise pc, registers and memory */
static void t_fault(const char *accel)
{
    CPUState *cpu;
    ToyState *s;

    machine(accel, 1);
    cpu = cpus[0];
    s = TOY(cpu);
    code_at(HANDLER_PC);
    put(OP_ADDI, 7, 7, 0, 1);
    put(OP_IRET, 0, 0, 0, 0);
    code_at(0x1000);
    put(OP_ADDI, 1, 1, 0, 1);
    put(OP_LD, 3, 2, 0, 0);
    put(OP_ADDI, 1, 1, 0, 1);
    put(OP_ST, 1, 4, 0, 0xffc);         /* second page read-only: nothing is written */
    put(OP_HELPER_ST, 1, 2, 0, 8);
    put(OP_ADDI, 1, 1, 0, 1);
    put(OP_EXIT, 0, 0, 0, 1);
    map_page(0x1900000, 0x200000, PROT_R | PROT_W);
    map_page(0x1901000, 0x201000, PROT_R);
    s->r[2] = 0x3000000;
    s->r[3] = 55;
    s->r[4] = 0x1900000;
    g_assert_cmpint(run(cpu, 0x1000), ==, 1);
    g_assert_cmpuint(s->r[1], ==, 3);
    g_assert_cmpuint(s->r[3], ==, 55);
    g_assert_cmpuint(s->r[7], ==, 3);
    g_assert_cmphex(s->fault_gva, ==, 0x3000008);
    g_assert_cmphex(s->fault_pc, ==, 0x1020);
    g_assert_cmphex(*(uint32_t *)(void *)(mem + 0x200ffc), ==, 0);
}

/* code that changes what follows in its own block, and code changed from outside */
static void t_self_modifying(const char *accel)
{
    Insn patch = { OP_MOVI, 1, 0, 0, 42 };
    CPUState *cpu;
    ToyState *s;

    machine(accel, 1);
    cpu = cpus[0];
    s = TOY(cpu);
    code_at(0x1000);
    put(OP_ST, 2, 3, 0, 0);             /* writes the next instruction */
    put(OP_MOVI, 1, 0, 0, 1);
    put(OP_ADDI, 4, 4, 0, 1);
    put(OP_EXIT, 0, 0, 0, 1);
    memcpy(&s->r[2], &patch, 8);
    s->r[3] = 0x1008;
    g_assert_cmpint(run(cpu, 0x1000), ==, 1);
    g_assert_cmpuint(s->r[1], ==, 42);
    g_assert_cmpuint(s->r[4], ==, 1);
    /* a helper does it, through another mapping */
    code_at(0x1000);
    put(OP_HELPER_ST, 2, 3, 0, 0);
    put(OP_MOVI, 1, 0, 0, 1);
    bql_lock();
    address_space_write(address_space_memory, 0x1000, mem + 0x1000, 16);
    bql_unlock();
    map_page(0x1a00000, 0x1000, PROT_R | PROT_W);
    s->r[3] = 0x1a00008;
    s->r[1] = 0;
    g_assert_cmpint(run(cpu, 0x1000), ==, 1);
    g_assert_cmpuint(s->r[1], ==, 42);
    /* a device does it */
    patch.imm = 77;
    bql_lock();
    code_at(0x1000);
    address_space_write(address_space_memory, 0x1008, &patch, 8);
    bql_unlock();
    s->r[2] = *(uint64_t *)(void *)&patch;
    g_assert_cmpint(run(cpu, 0x1008), ==, 1);
    g_assert_cmpuint(s->r[1], ==, 77);
    /* data beside code: many writes, no restart, blocks stay */
    code_at(0x6000);
    put(OP_ST, 1, 3, 0, 0x800);
    put(OP_ADDI, 1, 1, 0, 1);
    put(OP_BNE, 1, 2, 0, -16);
    put(OP_LD, 5, 3, 0, 0x800);
    put(OP_EXIT, 0, 0, 0, 2);
    s->r[1] = 0;
    s->r[2] = 2000;
    s->r[3] = 0x6000;
    g_assert_cmpint(run(cpu, 0x6000), ==, 2);
    g_assert_cmpuint(s->r[5], ==, 1999);
    g_assert_cmpuint(cpu->counters[CPU_COUNT_TB_GEN], <, 30);
}

/* page tables change: flush, flush of one page, blocks in the jump cache and across pages */
static void t_remap(const char *accel)
{
    CPUState *cpu;
    ToyState *s;

    machine(accel, 1);
    cpu = cpus[0];
    s = TOY(cpu);
    for (int i = 0; i < 2; i++) {       /* two versions of one function */
        code_at(0x8000 + 0x1000u * (unsigned)i);
        put(OP_ADDI, 5, 5, 0, i ? 100 : 1);
        put(OP_JR, 6, 0, 0, 0);
    }
    map_page(0x1b00000, 0x8000, PROT_R | PROT_X);
    code_at(0x1000);
    put(OP_MOVI, 6, 0, 0, 0x1018);
    put(OP_MOVI, 4, 0, 0, 0x1b00000);
    put(OP_JR, 4, 0, 0, 0);
    put(OP_ST, 1, 2, 0, 0);             /* 0x1018: the new entry */
    put(OP_INVLPG, 0, 4, 0, 0);
    put(OP_MOVI, 6, 0, 0, 0x1038);
    put(OP_JR, 4, 0, 0, 0);
    put(OP_ST, 3, 2, 0, 0);             /* 0x1038: back */
    put(OP_FLUSH, 0, 0, 0, 0);
    put(OP_MOVI, 6, 0, 0, 0x1058);
    put(OP_JR, 4, 0, 0, 0);
    put(OP_EXIT, 0, 0, 0, 3);           /* 0x1058 */
    s->r[2] = PT_BASE + (0x1b00000 >> 12) * 8;
    s->r[1] = 0x9000 | PROT_R | PROT_X;
    s->r[3] = 0x8000 | PROT_R | PROT_X;
    g_assert_cmpint(run(cpu, 0x1000), ==, 3);
    g_assert_cmpuint(s->r[5], ==, 102);
    g_assert_cmpint(run(cpu, 0x1000), ==, 3);
    g_assert_cmpuint(s->r[5], ==, 204);
    /* large pages: all their entries go with one of them */
    map_page(0x1c00000, 0x300000, PROT_R | PROT_W | 8);
    map_page(0x1c01000, 0x301000, PROT_R | PROT_W | 8);
    code_at(0x1000);
    put(OP_LD, 1, 4, 0, 0);
    put(OP_LD, 1, 4, 0, 0x1000);
    put(OP_INVLPG, 0, 4, 0, 0x1000);
    put(OP_LD, 1, 4, 0, 0);
    put(OP_EXIT, 0, 0, 0, 3);
    bql_lock();
    address_space_write(address_space_memory, 0x1000, mem + 0x1000, 64);
    bql_unlock();
    s->r[4] = 0x1c00000;
    n_fills = 0;
    tlb_flush(cpu);
    g_assert_cmpint(run(cpu, 0x1000), ==, 3);
    g_assert_cmpuint(n_fills, ==, 4);   /* code, two loads, the first again */
}

/* one flush inside a large page: the blocks of all its parts are looked up again */
static void t_remap_large_code(const char *accel)
{
    enum { BIG = 0x1e00000, LARGE = PROT_R | PROT_X | 8 };
    CPUState *cpu;
    ToyState *s;

    machine(accel, 1);
    cpu = cpus[0];
    s = TOY(cpu);
    for (int i = 0; i < 2; i++) {
        code_at(0x8000 + 0x1000u * (unsigned)i);
        put(OP_ADDI, 5, 5, 0, i ? 100 : 1);
        put(OP_JR, 6, 0, 0, 0);
        map_page(BIG + 0x1000u * (unsigned)i, 0x8000 + 0x1000u * (unsigned)i, LARGE);
    }
    code_at(0x1000);
    put(OP_MOVI, 6, 0, 0, 0x1018);
    put(OP_MOVI, 4, 0, 0, BIG);
    put(OP_JR, 4, 0, 0, 0);
    put(OP_ST, 1, 2, 0, 0);             /* 0x1018 */
    put(OP_INVLPG, 0, 4, 0, 0x5000);
    put(OP_MOVI, 6, 0, 0, 0x1038);
    put(OP_JR, 4, 0, 0, 0);
    put(OP_EXIT, 0, 0, 0, 3);           /* 0x1038 */
    s->r[2] = PT_BASE + (BIG >> 12) * 8;
    s->r[1] = 0x9000 | LARGE;
    g_assert_cmpint(run(cpu, 0x1000), ==, 3);
    g_assert_cmpuint(s->r[5], ==, 101);
}

static uint64_t peek(CPUState *cpu, uint64_t gva)
{
    return cpu_ld(cpu, gva, MO_64 | mo_mmu(1), 0);
}

/* global entries survive an address space switch, and nothing else does */
static void t_global(const char *accel)
{
    enum { G = 0x1d00000, L = 0x1d05000, A = 0x300000, B = 0x301000 };
    CPUState *cpu;

    machine(accel, 1);
    cpu = cpus[0];
    for (int i = 0; i < 8; i++) {
        mem[A + i] = 1;
        mem[B + i] = 2;
    }
    for (unsigned round = 0; round < 200; round++) {    /* over some windows and sizes */
        map_page(G, A, PROT_R | 16);
        map_page(L, A, PROT_R);
        tlb_flush(cpu);
        g_assert_cmphex(peek(cpu, G) & 255, ==, 1);
        g_assert_cmphex(peek(cpu, L) & 255, ==, 1);
        for (unsigned i = 0; i < round * 4; i++) {
            peek(cpu, i * 4096);
        }
        map_page(G, B, PROT_R | 16);
        map_page(L, B, PROT_R);
        tlb_flush_nonglobal(cpu);
        g_assert_cmphex(peek(cpu, L) & 255, ==, 2);
        if (round == 0) {               /* later a flush may take all, to change the size */
            g_assert_cmphex(peek(cpu, G) & 255, ==, 1);
        }
        tlb_flush_page(cpu, G);
        g_assert_cmphex(peek(cpu, G) & 255, ==, 2);
    }
    /* a global entry put where another kind was, and the other way round */
    map_page(G, A, PROT_R | 16);
    map_page(G + 256 * 4096, A, PROT_R);
    tlb_flush(cpu);
    peek(cpu, G);
    peek(cpu, G + 256 * 4096);
    peek(cpu, G);
    map_page(G + 256 * 4096, B, PROT_R);
    tlb_flush_nonglobal(cpu);
    g_assert_cmphex(peek(cpu, G) & 255, ==, 1);
    g_assert_cmphex(peek(cpu, G + 256 * 4096) & 255, ==, 2);
}

/* more pages than the smallest TLB has entries: it grows, nothing is lost */
static void t_tlb_size(const char *accel)
{
    CPUState *cpu;
    ToyState *s;

    machine(accel, 1);
    cpu = cpus[0];
    s = TOY(cpu);
    for (uint64_t a = 0; a < 4096; a++) {
        map_page(0x2300000 + a * 4096, 0x400000 + (a % 256) * 4096, PROT_R | PROT_W);
    }
    code_at(0x1000);
    put(OP_MOVI, 2, 0, 0, 0x2300000);
    put(OP_LD, 3, 2, 0, 0);
    put(OP_ADDI, 3, 3, 0, 1);
    put(OP_ST, 3, 2, 0, 0);
    put(OP_ADDI, 2, 2, 0, 4096);
    put(OP_BNE, 2, 4, 0, -32);
    put(OP_ADDI, 1, 1, 0, 1);
    put(OP_BNE, 1, 5, 0, -56);
    put(OP_EXIT, 0, 0, 0, 1);
    memset(mem + 0x400000, 0, 0x100000);
    s->r[4] = 0x2300000 + 4096 * 4096;
    s->r[5] = 8;
    g_assert_cmpint(run(cpu, 0x1000), ==, 1);
    for (unsigned i = 0; i < 256; i++) {
        g_assert_cmpuint(*(uint64_t *)(void *)(mem + 0x400000 + i * 4096), ==, 8 * 16);
    }
    g_assert_cmpuint(n_fills, <, 30000);        /* 8 rounds of 4096 would be 32768 and more */
    for (unsigned i = 0; i < 600; i++) {        /* shrinks again */
        s->r[1] = 7;
        s->r[4] = 0x2300000 + 4096 * 4;
        tlb_flush(cpu);
        g_assert_cmpint(run(cpu, 0x1000), ==, 1);
    }
    g_assert_cmpuint(cpu->tlb_fast[1].mask >> TLB_ENTRY_BITS, ==, 255);
}

/* a small code buffer is filled again and again */
static void t_flush(const char *accel)
{
    g_autofree char *text = g_strdup_printf("%s,tb-size=1", accel);
    CPUState *cpu;

    machine(text, 1);
    cpu = cpus[0];
    for (uint64_t page = 0x10000; page < 0x600000; page += 4096) {
        code_at(page);
        for (int i = 0; i < 100; i++) {
            put(OP_ADDI, 1, 1, 0, 1);
        }
        put(OP_JMP, 0, 0, 0, (int64_t)(page + 4096 - put_at));
    }
    code_at(0x600000);
    put(OP_EXIT, 0, 0, 0, 9);
    for (int i = 0; i < 3; i++) {
        g_assert_cmpint(run(cpu, 0x10000), ==, 9);
    }
    g_assert_cmpuint(TOY(cpu)->r[1], ==, 3 * 100 * ((0x600000 - 0x10000) / 4096));
}

static void t_debug(const char *accel)
{
    CPUState *cpu;
    ToyState *s;

    machine(accel, 1);
    cpu = cpus[0];
    s = TOY(cpu);
    put_loop(0x1000);
    s->r[2] = 1000;
    g_assert_cmpint(run(cpu, 0x1000), ==, 5);
    cpu_breakpoint_insert(cpu, 0x1028);
    g_assert_cmpint(run(cpu, 0x1000), ==, EXCP_DEBUG - EXCP_USER_FIRST);
    g_assert_cmphex(s->pc, ==, 0x1028);
    g_assert_cmpuint(s->r[1], ==, 1);
    g_assert_true(cpu_breakpoint_remove(cpu, 0x1028));
    cpu_set_single_step(cpu, true);
    g_assert_cmpint(run(cpu, s->pc), ==, EXCP_DEBUG - EXCP_USER_FIRST);
    g_assert_cmphex(s->pc, ==, 0x1010);
    cpu_set_single_step(cpu, false);
    cpu_breakpoint_insert(cpu, 0x1028);
    g_assert_cmpint(run(cpu, s->pc), ==, EXCP_DEBUG - EXCP_USER_FIRST);
    g_assert_cmpuint(s->r[1], ==, 2);
    cpu_breakpoint_remove(cpu, 0x1028);
    g_assert_cmpint(run(cpu, s->pc), ==, 5);
    g_assert_cmpuint(s->r[1], ==, 1000);
}

/* ---- with threads ---- */

static void start_all(unsigned n)
{
    bql_lock();
    for (unsigned i = 0; i < n; i++) {
        g_assert_true(accel_current()->create_vcpu(cpus[i], NULL));
    }
    resume_all_vcpus();
    bql_unlock();
}

/* No limit of its own: how long a loaded host takes is not what is tested. The runner has one. */
static void wait_until(bool (*what)(void))
{
    bool ok;

    do {
        g_usleep(1000);
        bql_lock();
        ok = what();
        bql_unlock();
    } while (!ok);
}

static unsigned n_running;

static bool all_halted(void)
{
    for (unsigned i = 0; i < n_running; i++) {
        if (!cpus[i]->halted) {
            return false;
        }
    }
    return true;
}

/* vCPUs add to one cell: aligned, and across a page end; one of them rewrites code meanwhile */
static void t_smp(const char *accel)
{
    uint64_t v;

    machine(accel, 3);
    code_at(0x1000);
    put(OP_MOVI, 3, 0, 0, 1);
    put(OP_AMOADD, 4, 2, 3, 0);
    put(OP_AMOADD, 4, 2, 3, 0x1000 - 4 + 0x1000);
    put(OP_LD, 5, 2, 0, 0x100);         /* compare and swap, until it took */
    put(OP_ADD, 6, 5, 3, 0);
    put(OP_ADDI, 7, 5, 0, 0);
    put(OP_CAS, 7, 2, 6, 0x100);
    put(OP_BNE, 7, 5, 0, -32);
    put(OP_ADDI, 0, 0, 0, 1);
    put(OP_BNE, 0, 1, 0, -64);
    put(OP_HLT, 0, 0, 0, 0);
    for (int i = 0; i < 3; i++) {
        TOY(cpus[i])->pc = 0x1000;
        TOY(cpus[i])->r[1] = 2000;
        TOY(cpus[i])->r[2] = 0x100000;
    }
    n_running = 3;
    start_all(3);
    wait_until(all_halted);
    memcpy(&v, mem + 0x100000, 8);
    g_assert_cmpuint(v, ==, 6000);
    memcpy(&v, mem + 0x100000 + 0x1ffc, 8);
    g_assert_cmpuint(v, ==, 6000);
    memcpy(&v, mem + 0x100100, 8);
    g_assert_cmpuint(v, ==, 6000);
}

/*
 * Cross-modifying code: vCPU 0 rewrites a function, says so by a flag, and vCPU 1 must then run the
 * new one. vCPU 2 keeps having something on that page translated.
 */
/* a loop inside one block, rewritten by another vCPU: it goes on with the new code */
static void t_loop_rewritten(const char *accel)
{
    Insn hlt = { OP_HLT, 0, 0, 0, 0 };
    uint64_t word;

    machine(accel, 2);
    code_at(0x1000);                    /* vCPU 0 */
    put(OP_ADDI, 1, 1, 0, 1);
    put(OP_ST, 1, 5, 0, 0);
    put(OP_JMP, 0, 0, 0, -16);
    code_at(0x2000);                    /* vCPU 1: when the loop turns */
    put(OP_LD, 7, 5, 0, 0);
    put(OP_BNE, 7, 6, 0, 16);           /* 0x2018 */
    put(OP_JMP, 0, 0, 0, -16);
    put(OP_ST, 2, 4, 0, 0);             /* 0x2018 */
    put(OP_HLT, 0, 0, 0, 0);
    memcpy(&word, &hlt, 8);
    for (unsigned i = 0; i < 2; i++) {
        ToyState *s = TOY(cpus[i]);
        s->pc = i == 0 ? 0x1000 : 0x2000;
        s->r[2] = word;
        s->r[4] = 0x1000;
        s->r[5] = 0x100000;
    }
    n_running = 2;
    start_all(2);
    wait_until(all_halted);
    g_assert_cmphex(TOY(cpus[0])->pc, ==, 0x1008);
}

static void t_cross_modifying(const char *accel)
{
    enum { FN = 0x9000, FLAG = 0x100000 };
    /* with one at a time each step of the handshake takes a time slice */
    const int n = strstr(accel, "single") ? 50 : strstr(accel, "interp") ? 200 : 20000;
    Insn movi = { OP_MOVI, 1, 0, 0, 0 };
    uint64_t word;

    machine(accel, 3);
    for (int i = 0; i < 2; i++) {
        code_at(FN + 0x100u * (unsigned)i);
        put(OP_MOVI, 1, 0, 0, 0);
        put(OP_JR, 6, 0, 0, 0);
    }
    code_at(0x1000);                    /* vCPU 0 */
    put(OP_ADDI, 1, 1, 0, 1);
    put(OP_ADD, 2, 2, 3, 0);
    put(OP_ST, 2, 4, 0, 0);
    put(OP_ST, 2, 4, 0, 0x100);
    put(OP_ST, 1, 5, 0, 0);
    put(OP_LD, 7, 5, 0, 64);
    put(OP_BNE, 7, 1, 0, -8);
    put(OP_LD, 7, 5, 0, 128);
    put(OP_BNE, 7, 1, 0, 24);           /* wrong: 0x1058 */
    put(OP_BNE, 1, 6, 0, -72);
    put(OP_HLT, 0, 0, 0, 0);
    put(OP_ADDI, 0, 0, 0, 1);
    put(OP_JMP, 0, 0, 0, -24);
    code_at(0x2000);                    /* vCPU 1 */
    put(OP_LD, 7, 5, 0, 0);
    put(OP_BNE, 7, 2, 0, 16);
    put(OP_JMP, 0, 0, 0, -16);
    put(OP_MOVI, 6, 0, 0, 0x2028);
    put(OP_JR, 4, 0, 0, 0);
    put(OP_ST, 1, 5, 0, 128);           /* 0x2028 */
    put(OP_ADDI, 2, 7, 0, 0);
    put(OP_ST, 7, 5, 0, 64);
    put(OP_BNE, 2, 3, 0, -64);
    put(OP_HLT, 0, 0, 0, 0);
    code_at(0x4000);                    /* vCPU 2 */
    put(OP_MOVI, 6, 0, 0, 0x4010);
    put(OP_JR, 4, 0, 0, 0);
    put(OP_LD, 7, 5, 0, 0);
    put(OP_BNE, 7, 3, 0, -24);
    put(OP_HLT, 0, 0, 0, 0);
    memcpy(&word, &movi, 8);
    for (unsigned i = 0; i < 3; i++) {
        ToyState *s = TOY(cpus[i]);
        s->pc = i == 0 ? 0x1000 : i == 1 ? 0x2000 : 0x4000;
        s->r[2] = i == 0 ? word : 0;
        s->r[3] = i == 0 ? (uint64_t)1 << 32 : (uint64_t)n;
        s->r[4] = FN + (i == 2 ? 0x100 : 0);
        s->r[5] = FLAG;
        s->r[6] = (uint64_t)n;
    }
    n_running = 3;
    start_all(3);
    wait_until(all_halted);
    g_assert_cmpuint(TOY(cpus[0])->r[1], ==, (uint64_t)n);
    g_assert_cmpuint(TOY(cpus[0])->r[0], ==, 0);
}

static bool irqs_done(void)
{
    return TOY(cpus[0])->irq_count >= 50 && TOY(cpus[1])->irq_count >= 50;
}

static void count_work(CPUState *cpu, void *opaque)
{
    g_assert_true(cpu == current_cpu);
    ++*(unsigned *)opaque;
}

static void safe_work(CPUState *cpu, void *opaque)
{
    CPUState *other;

    CPU_FOREACH(other) {
        g_assert_false(other->in_code);
    }
    __atomic_add_fetch((unsigned *)opaque, 1, __ATOMIC_SEQ_CST);
}

/* one vCPU spins in a chained loop, the other sleeps in hlt: both take interrupts and work */
static void t_interrupts(const char *accel)
{
    unsigned n_work = 0, n_safe = 0;

    machine(accel, 2);
    code_at(HANDLER_PC + 0x100);
    put(OP_IRET, 0, 0, 0, 0);
    code_at(0x1000);
    put(OP_ADDI, 1, 1, 0, 1);
    put(OP_JMP, 0, 0, 0, -8);
    code_at(0x2000);
    put(OP_HLT, 0, 0, 0, 0);
    put(OP_JMP, 0, 0, 0, -8);
    for (int i = 0; i < 2; i++) {
        TOY(cpus[i])->pc = i ? 0x2000 : 0x1000;
        TOY(cpus[i])->irq_on = true;
    }
    start_all(2);
    while (!irqs_done()) {
        bql_lock();
        cpu_interrupt(cpus[0], CPU_INTERRUPT_HARD);
        cpu_interrupt(cpus[1], CPU_INTERRUPT_HARD);
        bql_unlock();
        g_usleep(200);
    }
    bql_lock();
    for (int i = 0; i < 20; i++) {
        run_on_cpu(cpus[0], count_work, &n_work);
        run_on_cpu(cpus[1], count_work, &n_work);
        async_safe_run_on_cpu(cpus[i & 1], safe_work, &n_safe);
        if (i % 5 == 0) {
            uint64_t r1;
            pause_all_vcpus();
            r1 = TOY(cpus[0])->r[1];
            g_usleep(2000);
            g_assert_cmpuint(TOY(cpus[0])->r[1], ==, r1);
            resume_all_vcpus();
        }
    }
    bql_unlock();
    g_assert_cmpuint(n_work, ==, 40);
    while (__atomic_load_n(&n_safe, __ATOMIC_SEQ_CST) < 20) {
        g_usleep(1000);
    }
    /* topology under running vCPUs */
    bql_lock();
    for (int i = 0; i < 50; i++) {
        memory_region_set_enabled(&dev, i & 1);
    }
    pause_all_vcpus();
    bql_unlock();
}

/* ---- user programs ---- */

static void on_fault(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    uintptr_t pc = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];

    if (!tcg_user_segv(current_cpu, pc, (uintptr_t)info->si_addr,
                       uc->uc_mcontext.gregs[REG_ERR] & 2, &pc)) {
        signal(sig, SIG_DFL);
        return;
    }
    uc->uc_mcontext.gregs[REG_RIP] = (greg_t)pc;
}

/* Cells know code while it is right, whichever of the two was there first. */
static void check_cells(CPUState *cpu)
{
    const TbCell *first, *old;
    bool native = tcg_backend() == TCG_BACKEND_NATIVE;

    TOY(cpu)->r[2] = 10;
    g_assert_cmpint(run(cpu, 0x1000), ==, 5);
    old = tb_cell(0x1000, 7);
    g_assert_cmpint(old->code != NULL, ==, native);
    first = tb_cell(0x7000, 7);
    g_assert_true(first == tb_cell(0x7000, 7) && first != tb_cell(0x7000, 8));
    g_assert_true(first->pc == 0x7000 && first->flags == 7);
    code_at(0x7000);
    put(OP_EXIT, 0, 0, 0, 3);
    for (int i = 0; i < 2; i++) {
        g_assert_null(first->code);
        g_assert_cmpint(run(cpu, 0x7000), ==, 3);
        g_assert_cmpint(first->code != NULL, ==, native);
        g_assert_null(tb_cell(0x7000, 8)->code);
        tcg_user_prepare_write(0x7000, 8);
        tb_invalidate_range(0x7000, 8);
    }
    g_assert_cmpint(run(cpu, 0x7000), ==, 3);
    tb_flush_all();
    g_assert_cmpint(run(cpu, 0x1000), ==, 5);
    g_assert_null(first->code);
    g_assert_cmpint(old->code != NULL, ==, native);
}

static void t_user(const char *accel)
{
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };
    Insn patch = { OP_MOVI, 1, 0, 0, 42 };
    CPUState *cpu;
    ToyState *s;

    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGBUS, &sa, NULL);
    g_assert_true(accel_select(accel, NULL));
    user_mode = true;
    mem = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    tcg_user_init(&toy_ops, (uintptr_t)mem);
    toy_ir_init();
    cpu = new_cpu();
    s = TOY(cpu);

    put_loop(0x1000);
    s->r[2] = 100000;
    g_assert_cmpint(run(cpu, 0x1000), ==, 5);
    g_assert_cmpuint(s->r[1], ==, 100000);

    /* faults: in a block, in a helper, in the translator */
    munmap(mem + 0x80000, 0x1000);
    code_at(0x2000);
    put(OP_ADDI, 1, 1, 0, 1);
    put(OP_LD, 3, 2, 0, 0x10);
    put(OP_HELPER_ST, 3, 2, 0, 0x20);
    s->r[2] = 0x80000;
    g_assert_cmpint(run(cpu, 0x2000), ==, 99);
    g_assert_cmphex(s->fault_gva, ==, 0x80010);
    g_assert_cmphex(s->fault_pc, ==, 0x2008);
    g_assert_cmpuint(s->r[1], ==, 100001);
    g_assert_cmpint(run(cpu, 0x2010), ==, 99);
    g_assert_cmphex(s->fault_gva, ==, 0x80020);
    g_assert_cmphex(s->fault_pc, ==, 0x2010);
    g_assert_cmpuint(s->fault_kind, ==, MMU_WRITE);
    g_assert_cmpint(run(cpu, 0x80000), ==, 99);
    g_assert_cmpuint(s->fault_kind, ==, MMU_FETCH);

    /* self-modifying, by a block and by a helper */
    for (int helper = 0; helper < 2; helper++) {
        uint64_t at = 0x4000 + 0x1000u * (unsigned)helper;
        code_at(at);
        put(helper ? OP_HELPER_ST : OP_ST, 2, 3, 0, 0);
        put(OP_MOVI, 1, 0, 0, 1);
        put(OP_EXIT, 0, 0, 0, 1);
        memcpy(&s->r[2], &patch, 8);
        s->r[3] = at + 8;
        g_assert_cmpint(run(cpu, at), ==, 1);
        g_assert_cmpuint(s->r[1], ==, 42);
    }
    /* written from outside */
    g_assert_cmpint(run(cpu, 0x4008), ==, 1);
    tcg_user_prepare_write(0x4008, 8);
    patch.imm = 43;
    memcpy(mem + 0x4008, &patch, 8);
    g_assert_cmpint(run(cpu, 0x4008), ==, 1);
    g_assert_cmpuint(s->r[1], ==, 43);
    /* as a system call that got EFAULT does */
    g_assert_true(tcg_user_unprotect_all());
    g_assert_false(tcg_user_unprotect_all());
    patch.imm = 44;
    memcpy(mem + 0x4008, &patch, 8);
    g_assert_cmpint(run(cpu, 0x4008), ==, 1);
    g_assert_cmpuint(s->r[1], ==, 44);
    check_cells(cpu);
}

/* ---- accelerator options ---- */

static void t_options(void)
{
    Error *err = NULL;

    g_assert_true(accel_select("kvm:tcg", &err));
    g_assert_cmpstr(accel_current()->name, ==, "tcg");
    g_assert_true(accel_select("tcg,thread=multi,tb-size=32", &err));
    g_assert_false(accel_select("kvm", &err));
    g_assert_nonnull(strstr(error_text(err), "kvm"));
    error_free(err);
    err = NULL;
    g_assert_false(accel_select("tcg,nonsense=1", &err));
    error_free(err);
    err = NULL;
    g_assert_false(accel_select("tcg,tb-size=x", &err));
    error_free(err);
    err = NULL;
    g_assert_false(accel_select("", &err));
    error_free(err);
}

typedef struct Case { const char *name; void (*fn)(const char *accel); const char *accel; } Case;

static void run_case(gconstpointer data)
{
    const Case *c = data;

    if (g_test_subprocess()) {
        type_init_all();
        c->fn(c->accel);
        return;
    }
    g_test_trap_subprocess(NULL, 60 * 1000000, G_TEST_SUBPROCESS_INHERIT_STDERR);
    g_test_trap_assert_passed();
}

int main(int argc, char **argv)
{
    static const struct { const char *name; void (*fn)(const char *accel); } tests[] = {
        { "loop", t_loop }, { "indirect", t_indirect }, { "memory", t_memory },
        { "device", t_device }, { "fault", t_fault }, { "self-modifying", t_self_modifying },
        { "remap", t_remap }, { "remap-large-code", t_remap_large_code },
        { "global", t_global }, { "tlb-size", t_tlb_size }, { "flush", t_flush },
        { "debug", t_debug }, { "smp", t_smp },
        { "loop-rewritten", t_loop_rewritten }, { "cross-modifying", t_cross_modifying }, { "interrupts", t_interrupts },
        { "user", t_user },
    };
    static const struct { const char *name, *accel; } kinds[] = {
        { "native", "tcg" }, { "interp", "tcg,backend=interp" }, { "single", "tcg,thread=single" },
    };
    static Case cases[G_N_ELEMENTS(kinds) * G_N_ELEMENTS(tests)];
    unsigned n = 0;

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/accel/options", t_options);
    for (unsigned k = 0; k < G_N_ELEMENTS(kinds); k++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
            g_autofree char *path = g_strdup_printf("/exec/%s/%s", kinds[k].name, tests[i].name);
            cases[n] = (Case){ tests[i].name, tests[i].fn, kinds[k].accel };
            g_test_add_data_func(path, &cases[n++], run_case);
        }
    }
    return g_test_run();
}
