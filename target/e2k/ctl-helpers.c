/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transfers that a block cannot make by itself, and traps. */
#include <inttypes.h>
#include <string.h>
#include "accel/accel.h"
#include "target/e2k/translate-hooks.h"
#include "util/log.h"

void e2k_raise(CPUE2KState *env, unsigned trapno, uint64_t addr, uintptr_t ra)
{
    CPUState *cpu = env_cpu(env);

    env->trapno = trapno;
    env->trap_addr = addr;
    cpu->exception_index = EXCP_E2K_TRAP;
    if (ra) {
        cpu_loop_exit_restore(cpu, ra);
    }
    cpu_loop_exit(cpu);
}

/* A program should never use these: whoever looks for the reason wants to know which they are. */
static void log_diag(CPUE2KState *env, unsigned trapno)
{
    g_autofree char *tags = NULL;

    if (!log_on(LOG_GUEST_ERROR) ||
        (trapno != E2K_EXC_DIAG_OPERAND && trapno != E2K_EXC_DIAG_COND &&
         trapno != E2K_EXC_DIAG_CT_COND && trapno != E2K_EXC_DIAG_INSTR_ADDR)) {
        return;
    }
    tags = e2k_tags_text(env);
    log_printf("e2k: a diagnostic value is used at 0x%" PRIx64 ", tags:%s\n", env->ip, tags);
}

static G_NORETURN void raise_at(CPUE2KState *env, unsigned trapno, uint64_t ip, uint64_t mode)
{
    env->ip = ip;
    env->mode = mode;
    log_diag(env, trapno);
    e2k_raise(env, trapno, ip, 0);
}

static void helper_trap(CPUE2KState *env, uint32_t trapno, uint64_t ip, uint64_t mode)
{
    raise_at(env, trapno, ip, mode);
}

static void clear_ctprs(CPUE2KState *env)
{
    memset(env->ctpr, 0, sizeof(env->ctpr));
}

/* ---- predicates ---- */

static bool is_settled(const E2kFrame *f)
{
    return !memchr(f->pred, E2K_PRED_CALLER, sizeof(f->pred));
}

static void inherit(E2kFrame *f)
{
    for (unsigned i = 0; i < E2K_N_PREDS; i++) {
        if (f->pred[i] == E2K_PRED_CALLER) {
            f->pred[i] = f[-1].pred[i];
        }
    }
}

void e2k_settle_preds(CPUE2KState *env, E2kFrame *f)
{
    E2kFrame *from = f;

    while (from > env->pcs_base && !is_settled(from)) {
        from--;
    }
    while (from < f) {
        inherit(++from);
    }
}

uint32_t e2k_preds(CPUE2KState *env, E2kFrame *f)
{
    uint32_t preds = 0;

    e2k_settle_preds(env, f);
    for (unsigned i = 0; i < E2K_N_PREDS; i++) {
        preds |= (uint32_t)(f->pred[i] & 1) << i;
    }
    return preds;
}

void e2k_set_preds(E2kFrame *f, uint32_t preds)
{
    for (unsigned i = 0; i < E2K_N_PREDS; i++) {
        f->pred[i] = preds >> i & 1;
    }
}

static void helper_settle(CPUE2KState *env)
{
    e2k_settle_preds(env, env->frame);
}

static uint32_t helper_pred(CPUE2KState *env, uint32_t n)
{
    e2k_settle_preds(env, env->frame);
    return env->frame->pred[n];
}

/* ---- calls and returns ---- */

/* Pops the top frame. */
static void pop_frame(CPUE2KState *env)
{
    E2kFrame *f = --env->frame;

    env->win -= f->wbs;
    env->psize = f->psize;
    env->usd_lo = f->usd_lo;
    env->ip = f->ip;
    env->mode = f->mode;
    clear_ctprs(env);
}

static void helper_return(CPUE2KState *env, uint64_t ip, uint64_t mode)
{
    CPUState *cpu = env_cpu(env);

    if (env->frame <= env->pcs_base) {
        raise_at(env, E2K_EXC_CHAIN_STACK_BOUNDS, ip, mode);
    }
    pop_frame(env);
    if (env->frame->flags & E2K_FRAME_KERNEL) {
        cpu->exception_index = EXCP_E2K_RETURN;
        cpu_loop_exit(cpu);
    }
}

static unsigned bad_ctpr(unsigned tag)
{
    return tag == E2K_CTPR_DIAG ? E2K_EXC_DIAG_INSTR_ADDR : E2K_EXC_ILLEGAL_OPCODE;
}

/* ct %ctpr<n+1> whatever it holds */
static void helper_ct(CPUE2KState *env, uint32_t n, uint64_t ip, uint64_t mode)
{
    uint64_t v = env->ctpr[n], target = v & E2K_CTPR_ADDR_MASK;
    unsigned tag = v >> E2K_CTPR_TAG_SHIFT & 7;

    if (tag == E2K_CTPR_RETURN && n == 2) {
        helper_return(env, ip, mode);
        return;
    }
    if (tag != E2K_CTPR_DISP || v & E2K_CTPR_LDISP) {
        raise_at(env, bad_ctpr(tag), ip, mode);
    }
    if (target & 7) {
        raise_at(env, E2K_EXC_ILLEGAL_INSTR_ADDR, ip, mode);
    }
    env->ip = target;
    env->mode = mode;
}

/* for returns that this file makes: to linux-user, or to where the program has changed them */
static const TbCell no_code;

void e2k_frame_redirect(E2kFrame *f, uint64_t ip, uint64_t mode)
{
    f->ret = &no_code;
    f->ip = ip;
    f->mode = mode;
}

static void push_frame(CPUE2KState *env, uint32_t wbs, uint64_t ip, const TbCell *ret)
{
    E2kFrame *f = env->frame;
    uint64_t mode = ret->flags;
    uint32_t wsize = e2k_wsize_of(mode, env->psize);

    if (f >= env->pcs_end) {
        raise_at(env, E2K_EXC_CHAIN_STACK_BOUNDS, ip, mode);
    }
    if (env->win + wbs > env->ps_limit) {
        raise_at(env, E2K_EXC_PROC_STACK_BOUNDS, ip, mode);
    }
    if (wbs > wsize) {
        raise_at(env, E2K_EXC_WINDOW_BOUNDS, ip, mode);
    }
    f->ret = ret;
    f->ip = ret->pc;
    f->mode = mode;
    f->usd_lo = env->usd_lo;
    f->wbs = (uint16_t)wbs;
    f->psize = (uint16_t)env->psize;
    f->flags = 0;
    env->frame++;
    memset(env->frame->pred, E2K_PRED_CALLER, sizeof(env->frame->pred));
    env->win += wbs;
    env->psize = wsize - wbs;
    clear_ctprs(env);
}

static void helper_call_to(CPUE2KState *env, uint64_t target, uint32_t wbs, uint64_t ip,
                           const TbCell *ret)
{
    if (target & 7) {
        raise_at(env, E2K_EXC_ILLEGAL_INSTR_ADDR, ip, ret->flags);
    }
    push_frame(env, wbs, ip, ret);
    env->ip = target;
    env->mode = 0;
}

static void helper_call(CPUE2KState *env, uint32_t n, uint32_t wbs, uint64_t ip, const TbCell *ret)
{
    CPUState *cpu = env_cpu(env);
    uint64_t v = env->ctpr[n], target = v & E2K_CTPR_ADDR_MASK;
    unsigned tag = v >> E2K_CTPR_TAG_SHIFT & 7;

    if (tag == E2K_CTPR_SYSCALL) {
        env->ip = ret->pc;
        env->mode = ret->flags;
        env->syscall_entry = (uint32_t)(target >> E2K_SYSCALL_ENTRY_SHIFT);
        env->syscall_wbs = wbs;
        env->syscall_ip = ip;
        cpu->exception_index = EXCP_E2K_SYSCALL;
        cpu_loop_exit(cpu);
    }
    if (tag != E2K_CTPR_DISP || v & E2K_CTPR_LDISP) {
        raise_at(env, bad_ctpr(tag), ip, ret->flags);
    }
    helper_call_to(env, target, wbs, ip, ret);
}

/* see include/target/e2k/cpu.h */
bool e2k_enter(CPUE2KState *env, uint64_t entry, const uint64_t *args, unsigned n_args,
               uint64_t ret_ip, unsigned frame_flags, uint64_t cookie)
{
    enum { ENTRY_WINDOW = 16 };
    uint32_t wbs = e2k_wsize(env);

    if (env->frame >= env->pcs_end || env->win + wbs > env->ps_limit) {
        return false;
    }
    push_frame(env, wbs, env->ip, &(TbCell){ .pc = ret_ip, .flags = env->mode });
    e2k_frame_redirect(&env->frame[-1], ret_ip, env->mode);
    env->frame[-1].flags = (uint16_t)frame_flags;
    env->frame[-1].cookie = cookie;
    env->psize = ENTRY_WINDOW;
    memset(env->win, 0, ENTRY_WINDOW * sizeof(E2kReg));
    memset(e2k_reg_tags(env, env->win), 0, ENTRY_WINDOW * sizeof(E2kTags));
    for (unsigned i = 0; i < n_args; i++) {
        env->win[i].lo = args[i];
    }
    env->ip = entry;
    env->mode = 0;
    return true;
}

#define I32 IR_I32
#define I64 IR_I64
const IrHelper e2k_helper_trap = { "e2k_trap", (void *)helper_trap, IR_CALL_NO_RETURN, IR_VOID, 4,
                                   { I64, I32, I64, I64 } };
const IrHelper e2k_helper_settle = { "e2k_settle", (void *)helper_settle, IR_CALL_NO_FAULT, IR_VOID,
                                     1, { I64 } };
const IrHelper e2k_helper_pred = { "e2k_pred", (void *)helper_pred, IR_CALL_NO_FAULT, I32, 2,
                                   { I64, I32 } };
const IrHelper e2k_helper_ct = { "e2k_ct", (void *)helper_ct, 0, IR_VOID, 4,
                                 { I64, I32, I64, I64 } };
const IrHelper e2k_helper_call = { "e2k_call", (void *)helper_call, 0, IR_VOID, 5,
                                   { I64, I32, I32, I64, I64 } };
const IrHelper e2k_helper_call_to = { "e2k_call_to", (void *)helper_call_to, 0, IR_VOID, 5,
                                      { I64, I64, I32, I64, I64 } };
const IrHelper e2k_helper_return = { "e2k_return", (void *)helper_return, 0, IR_VOID, 3,
                                     { I64, I64, I64 } };
