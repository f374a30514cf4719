/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jumps between procedures that have not returned: longjmp on the hardware stacks of a thread, and
 * contexts with stacks of their own.
 *
 * setjmp and getcontext note where they will return to: the depth of the chain stack in their own
 * procedure, the return address, what CR1 says of the caller. Coming back means to drop all deeper
 * procedures and to return from that one with another result. A context is such a place and the
 * name (sigcontext.sbr) of the stacks it lives on.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "e2k.h"

/* ---- coming back to a procedure ---- */

enum { CHAIN_BYTES = 32, CR1_WFX = 25, CR1_WPSZ = 26, CR1_WBS = 33, WINDOW_FIELD = 0x7f };

typedef struct Resume {
    uint64_t pcsp_ind, ip, cr1_lo, br, usd_lo, value;
} Resume;

static uint32_t cr1_regs(uint64_t cr1_lo, unsigned shift)
{
    return 2 * (uint32_t)(cr1_lo >> shift & WINDOW_FIELD);
}

/* Frames on the chain stack in the procedure that saw this index; 0: no longer there */
static size_t depth_of(CPUE2KState *env, uint64_t pcsp_ind)
{
    uint64_t now = e2k_sreg(env, E2K_SREG_PCSP_HI) & UINT32_MAX;
    size_t have = (size_t)(env->frame - env->pcs_base);
    uint64_t less = (now - pcsp_ind) / CHAIN_BYTES;

    return pcsp_ind <= now && less < have ? have - less : 0;
}

static bool resume(CPUState *cpu, const Resume *r)
{
    CPUE2KState *env = e2k_env(cpu);
    size_t depth = depth_of(env, r->pcsp_ind);
    E2kReg *win = env->win;
    uint32_t wbs = cr1_regs(r->cr1_lo, CR1_WBS), wsize;

    if (!depth || env->pcs_base[depth - 1].flags & E2K_FRAME_KERNEL) {
        return false;
    }
    E2kFrame *f = &env->pcs_base[depth - 1];
    for (E2kFrame *drop = env->frame; drop-- > f;) {
        win -= drop->wbs;
    }
    env->win = win;
    env->frame = f;
    wsize = MAX(e2k_wsize_of(f->mode, f->psize), wbs + 2);
    env->psize = cr1_regs(r->cr1_lo, CR1_WPSZ);
    env->mode = (uint64_t)(wsize / 2) << E2K_MODE_WSIZE_SHIFT | (f->mode & E2K_MODE_DBL) |
                (r->br & E2K_MODE_BR_MASK) | (r->cr1_lo >> CR1_WFX & 1 ? 0 : E2K_MODE_NFX);
    env->ip = r->ip & E2K_ADDR_MASK & ~7ull;
    memset(env->ctpr, 0, sizeof(env->ctpr));
    e2k_set_reg(env, &win[wbs], r->value);
    e2k_signal_drop(cpu, depth - 1);
    env->usd_lo = r->usd_lo & E2K_ADDR_MASK;
    return true;
}

int64_t e2k_longjmp2(CPUState *cpu, const uint64_t *a)
{
    struct {                            /* what the C library's setjmp writes */
        uint64_t sigmask, ip, cr1_lo, pcsp_lo, pcsp_hi;
        uint32_t pcshtp, br;
        uint64_t usd_lo;
        uint32_t reserved, psize;
    } j;

    if (!guest_read(&j, a[0], sizeof(j))) {
        return -EFAULT;
    }
    const Resume r = { (j.pcsp_hi & UINT32_MAX) + j.pcshtp, j.ip, j.cr1_lo, j.br, j.usd_lo, a[1] };
    return resume(cpu, &r) ? -QEMU_ENORESULT : -EINVAL;
}

/* ---- stacks ---- */

static GMutex contexts_lock;
static GHashTable *contexts;            /* key -> E2kStacks; contexts_lock */

static void contexts_add(E2kStacks *s)
{
    g_mutex_lock(&contexts_lock);
    if (!contexts) {
        contexts = g_hash_table_new(NULL, NULL);
    }
    if (!g_hash_table_contains(contexts, (gpointer)s->key)) {
        g_hash_table_insert(contexts, (gpointer)s->key, s);
    }
    g_mutex_unlock(&contexts_lock);
}

E2kTask *e2k_task(CPUState *cpu)
{
    Task *t = cpu_task(cpu);
    E2kTask *e = t->arch;

    if (!e) {
        e = t->arch = g_new0(E2kTask, 1);
        e->home = e->stacks = g_new0(E2kStacks, 1);
        e->home->key = e2k_env(cpu)->sbr;
        e->home->running = true;
        contexts_add(e->home);
    }
    return e;
}

#define FOR_ALL_POINTERS(X) \
    X(ps_base) X(ps_end) X(ps_limit) X(ps_tags) X(win) X(pcs_base) X(pcs_end) X(frame) \
    X(stack_bottom) X(sbr) X(psize)

static void stacks_leave(E2kStacks *s, const CPUE2KState *env)
{
#define X(field) s->field = env->field;
    FOR_ALL_POINTERS(X)
#undef X
}

static void stacks_enter(const E2kStacks *s, CPUE2KState *env)
{
#define X(field) env->field = s->field;
    FOR_ALL_POINTERS(X)
#undef X
}

enum { CONTEXT_PS_BYTES = 8 << 20, CONTEXT_PCS_BYTES = 4 << 20, SPARE_WINDOWS = 3,
       CONTEXT_BYTES = CONTEXT_PS_BYTES + E2K_TAGS_BYTES(CONTEXT_PS_BYTES) + CONTEXT_PCS_BYTES };

static bool stacks_map(E2kStacks *s)
{
    char *p = mmap(NULL, CONTEXT_BYTES, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED) {
        return false;
    }
    s->ps_base = s->win = (E2kReg *)p;
    s->ps_end = (E2kReg *)(p + CONTEXT_PS_BYTES);
    s->ps_limit = s->ps_end - SPARE_WINDOWS * E2K_MAX_WINDOW;
    s->ps_tags = E2K_PS_TAGS(s->ps_base, s->ps_end);
    s->pcs_base = s->frame = (E2kFrame *)(p + CONTEXT_BYTES - CONTEXT_PCS_BYTES);
    s->pcs_end = s->pcs_base + CONTEXT_PCS_BYTES / sizeof(E2kFrame) - 1;
    return true;
}

static void stacks_free(E2kStacks *s)
{
    while (s->saved) {
        E2kSaved *below = s->saved->below;
        g_free(s->saved);
        s->saved = below;
    }
    if (s->own) {
        munmap(s->ps_base, CONTEXT_BYTES);
    }
    g_free(s->args);
    g_free(s);
}

/* The thread is over. Its vCPU frees the stacks that it came with. */
void e2k_task_free(Task *t)
{
    E2kTask *e = t->arch;

    if (!e) {
        return;
    }
    g_mutex_lock(&contexts_lock);
    if (e->stacks != e->home) {
        stacks_leave(e->stacks, e2k_env(t->cpu));
        e->stacks->running = false;
        stacks_enter(e->home, e2k_env(t->cpu));
    }
    if (g_hash_table_lookup(contexts, (gpointer)e->home->key) == e->home) {
        g_hash_table_remove(contexts, (gpointer)e->home->key);
    }
    g_mutex_unlock(&contexts_lock);
    stacks_free(e->home);
    g_free(e);
}

/* ---- contexts ---- */

/* 0: this thread is on the stacks @key from now on */
static int64_t switch_stacks(CPUState *cpu, uint64_t key)
{
    E2kTask *e = e2k_task(cpu);
    int64_t ret = 0;

    if (key == e->stacks->key) {
        return 0;
    }
    g_mutex_lock(&contexts_lock);
    E2kStacks *to = g_hash_table_lookup(contexts, (gpointer)key);
    if (!to) {
        ret = -ESRCH;
    } else if (to->running) {
        ret = -EBUSY;
    } else {
        stacks_leave(e->stacks, e2k_env(cpu));
        e->stacks->running = false;
        stacks_enter(to, e2k_env(cpu));
        to->running = true;
        e->stacks = to;
    }
    g_mutex_unlock(&contexts_lock);
    return ret;
}

/* Parameters go to registers and to their slots on the user stack. */
static bool begin(CPUE2KState *env, E2kStacks *s)
{
    enum { MIN_PARAM_BYTES = 64, N_REG_PARAMS = 8 };
    uint64_t bytes = MAX(s->n_args * sizeof(uint64_t), MIN_PARAM_BYTES);
    uint64_t sp = (s->sbr - bytes) & ~15ull;

    s->fresh = false;
    env->mode &= ~E2K_MODE_WSIZE_MASK;
    env->psize = 0;
    env->usd_lo = sp;
    memset(env->ctpr, 0, sizeof(env->ctpr));
    return guest_write(sp, s->args, s->n_args * sizeof(uint64_t)) &&
           e2k_enter(env, s->helper, s->args, MIN(s->n_args, N_REG_PARAMS), 0, E2K_FRAME_KERNEL,
                     COOKIE_CONTEXT);
}

static int64_t go_to(CPUState *cpu, uint64_t ucp)
{
    CPUE2KState *env = e2k_env(cpu);
    E2kUcontext uc;
    int64_t ret;

    if (!guest_read(&uc, ucp, sizeof(uc))) {
        return -EFAULT;
    }
    ret = switch_stacks(cpu, uc.mc.sbr);
    if (ret < 0) {
        return ret;
    }
    E2kStacks *s = e2k_task(cpu)->stacks;
    const Resume r = { uc.mc.pcsp_hi & UINT32_MAX, uc.mc.cr0_hi, uc.mc.cr1_lo, uc.mc.cr1_hi,
                       uc.mc.usd_lo, 0 };
    if (s->fresh ? !begin(env, s) : !resume(cpu, &r)) {
        signal_raise_fault(cpu, SIGSEGV, SI_KERNEL, 0);
        return -QEMU_ENORESULT;
    }
    e2k_sreg_write(env, E2K_SREG_FPCR, uc.fpcr);
    e2k_sreg_write(env, E2K_SREG_FPSR, uc.fpsr);
    e2k_sreg_write(env, E2K_SREG_PFPFR, uc.pfpfr);
    signal_set_mask(cpu, uc.sigmask);
    return -QEMU_ENORESULT;
}

/* Where the stub that made this call will return to; uc_flags, uc_link and uc_stack stay. */
int64_t e2k_getcontext(CPUState *cpu, const uint64_t *a)
{
    CPUE2KState *env = e2k_env(cpu);
    E2kUcontext uc;
    uint64_t cr[4];

    if (a[1] != 8) {
        return -EINVAL;
    }
    if (!guest_read(&uc, a[0], sizeof(uc))) {
        return -EFAULT;
    }
    if (env->frame == env->pcs_base) {
        return -EINVAL;
    }
    e2k_fill_ucontext(cpu, &uc, cpu_task(cpu)->sigmask);
    e2k_frame_pack(env, env->frame - 1, cr);
    memcpy(&uc.mc.cr0_lo, cr, sizeof(cr));
    uc.mc.usd_lo = env->frame[-1].usd_lo;
    return guest_write(a[0], &uc, sizeof(uc)) ? 0 : -EFAULT;
}

int64_t e2k_setcontext(CPUState *cpu, const uint64_t *a)
{
    return a[1] != 8 ? -EINVAL : go_to(cpu, a[0]);
}

int64_t e2k_swapcontext(CPUState *cpu, const uint64_t *a)
{
    const uint64_t old[2] = { a[0], a[2] };
    int64_t ret = e2k_getcontext(cpu, old);

    return ret < 0 ? ret : go_to(cpu, a[1]);
}

/* makecontext(ucp, helper, args_bytes, args, sigset_bytes) */
int64_t e2k_makecontext(CPUState *cpu, const uint64_t *a)
{
    enum { MAX_ARG_BYTES = 4096 };
    uint64_t ucp = a[0];
    E2kUcontext uc;

    if (a[4] != 8 || a[2] > MAX_ARG_BYTES || a[2] % 8) {
        return -EINVAL;
    }
    if (!guest_read(&uc, ucp, sizeof(uc)) || !(page_prot(a[1]) & PROT_X)) {
        return -EFAULT;
    }
    if (uc.stack.size < 2048) {
        return -ENOMEM;
    }
    E2kStacks *s = g_new0(E2kStacks, 1);
    s->args = g_malloc0(a[2] + 8);
    s->sbr = s->key = uc.stack.sp + uc.stack.size;
    s->stack_bottom = uc.stack.sp;
    s->helper = a[1];
    s->ucp = ucp;
    s->n_args = (unsigned)(a[2] / 8);
    s->fresh = true;
    if (!guest_read(s->args, a[3], a[2]) || !stacks_map(s)) {
        stacks_free(s);
        return -EFAULT;
    }
    s->own = true;
    const uint64_t again[1] = { ucp };
    uc.mc.sbr = s->key;
    e2k_freecontext(cpu, again);        /* made anew with the same stack */
    uc.fpcr = (uint32_t)e2k_sreg(e2k_env(cpu), E2K_SREG_FPCR);
    uc.pfpfr = (uint32_t)e2k_sreg(e2k_env(cpu), E2K_SREG_PFPFR);
    contexts_add(s);
    return guest_write(ucp, &uc, sizeof(uc)) ? 0 : -EFAULT;
}

int64_t e2k_freecontext(CPUState *cpu, const uint64_t *a)
{
    E2kUcontext uc;
    int64_t ret = 0;

    if (!guest_read(&uc, a[0], sizeof(uc))) {
        return -EFAULT;
    }
    g_mutex_lock(&contexts_lock);
    E2kStacks *s = contexts ? g_hash_table_lookup(contexts, (gpointer)uc.mc.sbr) : NULL;
    if (!s || !s->own) {
        ret = -ENOENT;
    } else if (s->running) {
        ret = -EBUSY;
    } else {
        g_hash_table_remove(contexts, (gpointer)uc.mc.sbr);
        stacks_free(s);
    }
    g_mutex_unlock(&contexts_lock);
    return ret;
}

void e2k_context_over(CPUState *cpu)
{
    E2kUcontext uc;

    if (!guest_read(&uc, e2k_task(cpu)->stacks->ucp, sizeof(uc)) || !uc.link) {
        task_exit(cpu, 0);
    }
    if (go_to(cpu, uc.link) != -QEMU_ENORESULT) {
        signal_raise_fault(cpu, SIGSEGV, SI_KERNEL, 0);
    }
}
