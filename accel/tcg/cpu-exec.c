/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run loop of a vCPU.
 *
 *   cpu_exec                 queued work, halt
 *    `- exec_loop            exceptions; where longjmp comes back to
 *        `- run_blocks       interrupts, find a block, chain it to the last one, run it
 *
 * Blocks go on to each other without coming back here: by patched direct jumps, or through
 * helper_lookup_tb() and the jump cache. Each begins with a look at exit_request.
 */
#include <assert.h>
#include <inttypes.h>
#include "tcg-internal.h"
#include "util/log.h"
#include "util/main-loop.h"

/* ---- leaving ---- */

void cpu_loop_exit(CPUState *cpu)
{
    siglongjmp(cpu->jmp_env, 1);
}

bool cpu_restore_state(CPUState *cpu, uintptr_t ra)
{
    uint64_t words[IR_INSN_WORDS];
    TB *tb;

    if (ra == 0) {
        return false;
    }
    if (tcg_backend() == TCG_BACKEND_INTERP) {
        if (!cpu->in_code || !tcg_interp_insn(words)) {
            return false;
        }
    } else {
        tb = tb_by_host(ra - 1);
        if (!tb || !tcg_find_insn(&tb->code, ra, words)) {
            return false;
        }
    }
    cpu->ops->restore_state(cpu, words);
    return true;
}

void cpu_loop_exit_restore(CPUState *cpu, uintptr_t ra)
{
    cpu_restore_state(cpu, ra);
    cpu_loop_exit(cpu);
}

void cpu_restart_one_insn(CPUState *cpu, uintptr_t ra)
{
    tcg_count(cpu, SMC_RESTART);
    cpu->one_insn = true;
    cpu->exception_index = EXCP_NONE;
    cpu_loop_exit_restore(cpu, ra);
}

/* ---- finding blocks ---- */

static bool breakpoint_at(const CPUState *cpu, uint64_t pc)
{
    for (unsigned i = 0; i < cpu->breakpoints->len; i++) {
        if (g_array_index(cpu->breakpoints, CPUBreakpoint, i).pc == pc) {
            return true;
        }
    }
    return false;
}

/* A breakpoint may be in a block that begins at @pc: then one instruction at a time. */
static bool breakpoint_near(const CPUState *cpu, uint64_t pc)
{
    for (unsigned i = 0; cpu->breakpoints && i < cpu->breakpoints->len; i++) {
        uint64_t page = g_array_index(cpu->breakpoints, CPUBreakpoint, i).pc & PAGE_MASK_;
        if (page == (pc & PAGE_MASK_) || page == ((pc + 16) & PAGE_MASK_)) {
            return true;
        }
    }
    return false;
}

static bool runs_alone(const CPUState *cpu, uint64_t pc)
{
    return cpu->one_insn || cpu->single_step || breakpoint_near(cpu, pc);
}

TB *tb_find(CPUState *cpu, uint64_t pc, uint64_t flags)
{
    const JumpCacheEntry *e = &cpu->jump_cache[tb_jump_hash(pc)];
    bool ok, global;
    uint64_t page;
    TB *tb;

    if (e->pc == pc && e->flags == flags) {
        return e->tb;
    }
    tcg_count(cpu, LOOKUP_HASH);
    page = cpu_code_page(cpu, pc, NULL, false, &ok);
    global = cpu->tlb->code_global;
    tb = e->tb;             /* the one that was here before a flush, very likely */
    if (!tb || !tb_matches(cpu, tb, page, pc, flags)) {
        tb = page == NO_PAGE ? NULL : tb_lookup_hash(cpu, page, pc, flags);
    }
    if (!tb) {
        tb = tb_gen(cpu, pc, flags, tcg_config.one_insn_per_tb ? 1 : 0, true, true);
    }
    if (!tb->nocache) {
        tb_jump_cache_put(cpu, tb, global && tb->page[1] == NO_PAGE);
    }
    return tb;
}

/* Generated code comes here at indirect jumps that its jump cache does not know. */
const void *helper_lookup_tb(void *env)
{
    CPUState *cpu = env_cpu(env);
    uint64_t pc, flags;
    TB *tb;

    tcg_count(cpu, LOOKUP);
    if (__atomic_load_n(&cpu->exit_request, __ATOMIC_RELAXED) < 0 ||
        tcg_backend() == TCG_BACKEND_INTERP ||
        log_on(LOG_EXEC | LOG_CPU | LOG_NOCHAIN)) {
        return tcg_exit_stub();
    }
    cpu->ops->get_tb_key(cpu, &pc, &flags);
    if (runs_alone(cpu, pc)) {
        return tcg_exit_stub();
    }
    tb = tb_find(cpu, pc, flags);
    return tb->nocache ? tcg_exit_stub() : tb->code.entry;
}

/* ---- interrupts and exceptions ---- */

/* True: leave run_blocks(); exception_index says why. */
static bool handle_interrupt(CPUState *cpu, TB **last)
{
    if (__atomic_load_n(&cpu->exit_request, __ATOMIC_RELAXED) < 0) {
        /* pairs with cpu_exit(): what its caller asked for before is looked at below */
        __atomic_store_n(&cpu->exit_request, 0, __ATOMIC_SEQ_CST);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        tlb_flush_if_pending(cpu);
        *last = NULL;
        if (tcg_config.user || cpu_wanted_out(cpu) || cpu->stopped) {
            cpu->exception_index = EXCP_INTERRUPT;
        }
    }
    if (G_UNLIKELY(__atomic_load_n(&cpu->interrupt_request, __ATOMIC_ACQUIRE))) {
        uint32_t pending;

        bql_lock();
        pending = cpu->interrupt_request;
        if (pending & CPU_INTERRUPT_EXITTB) {
            cpu_reset_interrupt(cpu, CPU_INTERRUPT_EXITTB);
            pending &= ~CPU_INTERRUPT_EXITTB;
            *last = NULL;
        }
        if (pending && cpu->exception_index == EXCP_NONE &&
            cpu->ops->do_interrupt(cpu, pending)) {
            *last = NULL;
        }
        if (cpu->halted && cpu->exception_index == EXCP_NONE) {     /* INIT */
            cpu->exception_index = EXCP_HLT;
        }
        bql_unlock();
    }
    return cpu->exception_index != EXCP_NONE;
}

/* True: cpu_exec() returns *ret. */
static bool handle_exception(CPUState *cpu, int *ret)
{
    int32_t index = cpu->exception_index;

    if (index == EXCP_NONE) {
        return false;
    }
    if (index >= EXCP_USER_FIRST) {
        *ret = index;
        cpu->exception_index = EXCP_NONE;
        return true;
    }
    tcg_count(cpu, EXCEPTION);
    cpu->ops->do_exception(cpu);
    if (cpu->exception_index == index) {
        cpu->exception_index = EXCP_NONE;
        if (cpu->single_step) {
            cpu->exception_index = EXCP_DEBUG;
        }
    }
    return handle_exception(cpu, ret);
}

/* ---- running ---- */

static void log_exec(CPUState *cpu, const TB *tb)
{
    FILE *f = log_lock();

    if (log_on(LOG_EXEC)) {
        fprintf(f, "Trace %u: %p [%016" PRIx64 "/%016" PRIx64 "/%u]\n", cpu->index, tb->code.entry,
                tb->pc, tb->flags, tb->n_insns);
    }
    if (log_on(LOG_CPU)) {
        cpu_dump_state(cpu, f);
    }
    log_unlock(f);
}

static void left_code(CPUState *cpu)
{
    cpu->in_code = false;
    __atomic_store_n(&cpu->tlb->n_returns, cpu->tlb->n_returns + 1, __ATOMIC_RELEASE);
}

/* Runs from @tb on. Returns the block that came back (NULL: unknown) and how. */
static TB *run_from(CPUState *cpu, TB *tb, unsigned *slot)
{
    uintptr_t word;

    if (log_on(LOG_EXEC | LOG_CPU)) {
        log_exec(cpu, tb);
    }
    cpu->current_tb = tb;
    cpu->in_code = true;
    word = tcg_run(cpu_env(cpu), tb->code.entry);
    left_code(cpu);
    cpu->current_tb = NULL;
    tcg_count(cpu, EXIT);
    *slot = TB_SLOT(word);
    tb = TB_OF(word);
    if (*slot == TB_EXIT_REQUESTED && tb) {
        cpu->ops->set_pc(cpu, tb->pc, tb->flags);
    }
    return *slot < TB_EXIT_PLAIN ? tb : NULL;
}

/* One instruction in a block of its own: debuggers, self-modifying code, exclusive sections. */
static void run_alone(CPUState *cpu, uint64_t pc, uint64_t flags)
{
    bool had_breakpoint = cpu->breakpoints && breakpoint_at(cpu, pc);
    unsigned slot;
    TB *tb;

    if (had_breakpoint && !cpu->one_insn && !cpu->in_exclusive && !cpu->single_step) {
        cpu->exception_index = EXCP_DEBUG;
        return;
    }
    tb = tb_gen(cpu, pc, flags, 1, false, !cpu->in_exclusive);
    cpu->one_insn = false;
    run_from(cpu, tb, &slot);
    tb_gen_rewind(cpu, tb);
    if (cpu->single_step && slot != TB_EXIT_REQUESTED && cpu->exception_index == EXCP_NONE) {
        cpu->exception_index = EXCP_DEBUG;
    }
}

/*
 * In system programs a chain must not leave the guest page: the mapping of another one may change
 * without anything here being told.
 */
static bool may_chain(const TB *from, const TB *to)
{
    if (to->nocache || from->nocache || tcg_backend() == TCG_BACKEND_INTERP ||
        log_on(LOG_NOCHAIN | LOG_CPU)) {
        return false;
    }
    return tcg_config.user || ((from->pc ^ to->pc) < PAGE_SIZE_ && from->page[0] == to->page[0] &&
                               from->page[1] == NO_PAGE && to->page[1] == NO_PAGE);
}

static void run_blocks(CPUState *cpu)
{
    TB *last = NULL;
    unsigned slot = 0;

    while (!handle_interrupt(cpu, &last)) {
        uint64_t pc, flags;
        TB *tb;

        cpu->ops->get_tb_key(cpu, &pc, &flags);
        if (G_UNLIKELY(runs_alone(cpu, pc))) {
            run_alone(cpu, pc, flags);
            last = NULL;
            continue;
        }
        tb = tb_find(cpu, pc, flags);
        if (last && may_chain(last, tb)) {
            tcg_count(cpu, CHAIN);
            tb_chain(last, slot, tb);
        }
        last = run_from(cpu, tb, &slot);
        if (tb->nocache) {
            tb_gen_rewind(cpu, tb);
            last = NULL;
        }
    }
}

static void after_longjmp(CPUState *cpu)
{
    if (cpu->in_code) {
        tcg_fp_leave(cpu_env(cpu));
        left_code(cpu);
    }
    cpu->current_tb = NULL;
    cpu->mem_io_ra = 0;
    if (bql_held()) {           /* an interrupt's delivery faulted */
        bql_unlock();
    }
}

static int exec_loop(CPUState *cpu)
{
    int ret = EXCP_NONE;

    if (sigsetjmp(cpu->jmp_env, 0)) {
        after_longjmp(cpu);
    }
    while (!handle_exception(cpu, &ret)) {
        run_blocks(cpu);
    }
    return ret;
}

/* EXCP_ATOMIC: the next instruction with all others stopped. Exceptions stay for exec_loop(). */
static void step_exclusive(CPUState *cpu)
{
    uint64_t pc, flags;

    start_exclusive();
    if (sigsetjmp(cpu->jmp_env, 0) == 0) {
        cpu->ops->get_tb_key(cpu, &pc, &flags);
        run_alone(cpu, pc, flags);
    } else {
        after_longjmp(cpu);
    }
    end_exclusive();
}

/* A halted vCPU goes on when there is something to do. */
static bool wake_from_halt(CPUState *cpu)
{
    bool work;

    bql_lock();
    work = cpu->ops->has_work(cpu);
    if (work) {
        cpu->halted = false;
    }
    bql_unlock();
    return work;
}

int cpu_exec(CPUState *cpu)
{
    int ret;

    assert(!bql_held());
    current_cpu = cpu;
    for (;;) {
        cpu_process_work(cpu);
        if (cpu->halted && !tcg_config.user && !wake_from_halt(cpu)) {
            return EXCP_HLT;
        }
        cpu_exec_start(cpu);
        tlb_flush_if_pending(cpu);
        ret = exec_loop(cpu);
        cpu_exec_end(cpu);
        if (ret != EXCP_ATOMIC) {
            break;
        }
        step_exclusive(cpu);
    }
    if (tcg_config.user) {
        cpu_process_work(cpu);
    }
    return ret;
}
