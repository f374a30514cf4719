/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From guest code to a block: the architecture makes IR, tcg/ makes host code of it. */
#include <inttypes.h>
#include <string.h>
#include "disas/disas.h"
#include "memory/memory.h"
#include "tcg-internal.h"
#include "util/log.h"

#define MAX_INSNS 512u
#define MIN_ROOM_BYTES 4096u            /* less than this left: the region counts as full */

/* ---- reading guest code ---- */

/* Which of the block's pages @gva is on, looking the second one up when it is reached. */
static unsigned gen_page_of(CPUState *cpu, uint64_t gva)
{
    CPUTlb *t = cpu->tlb;
    uint64_t page = gva & PAGE_MASK_;
    bool ok;

    if (page == t->gen_gva[0]) {
        return 0;
    }
    if (page != t->gen_gva[1]) {
        t->gen_gva[1] = NO_PAGE;
        t->gen_hva[1] = NULL;
        t->gen_page[1] = cpu_code_page(cpu, page, &t->gen_hva[1], false, &ok);
        if (!t->gen_private && t->gen_page[1] != NO_PAGE) {
            t->gen_count[1] = tb_page_protect(cpu, t->gen_page[1]);
        }
        t->gen_gva[1] = page;
    }
    return 1;
}

static void fetch_device(CPUState *cpu, uint64_t gva, void *buf, size_t n)
{
    int mmu_idx = cpu->ops->mmu_index(cpu, true);
    TlbEntry *e = tlb_access(cpu, gva, 1, MMU_FETCH, mmu_idx, false, 0);

    address_space_read(cpu->as, tlb_full(cpu, mmu_idx, e)->phys_page | (gva & ~PAGE_MASK_), buf, n);
}

void cpu_fetch_code(CPUState *cpu, uint64_t gva, void *buf, size_t n)
{
    uint8_t *out = buf;

    while (n) {
        size_t len = MIN(n, cpu_fetch_avail(cpu, gva));
        unsigned i = gen_page_of(cpu, gva);
        const uint8_t *hva = cpu->tlb->gen_hva[i];

        if (tcg_config.user) {
            user_copy(cpu, out, user_hva(gva), len, MMU_FETCH, gva, 0);
        } else if (hva) {
            memcpy(out, hva + (gva & ~PAGE_MASK_), len);
        } else {
            fetch_device(cpu, gva, out, len);
        }
        gva += len, out += len, n -= len;
    }
}

size_t cpu_fetch_avail(CPUState *cpu, uint64_t gva)
{
    return PAGE_SIZE_ - (gva & ~PAGE_MASK_);
}

/* ---- logging ---- */

static void log_ir(const char *title, const IrBlock *b)
{
    char *text = NULL;
    FILE *f;

    ir_dump(b, &text);
    f = log_lock();
    fprintf(f, "%s\n%s\n", title, text);
    log_unlock(f);
    g_free(text);
}

static void log_in_asm(CPUState *cpu, const TbInfo *info)
{
    g_autofree uint8_t *code = g_malloc(info->size_bytes + 1);
    unsigned at = 0;
    int used = 1;
    FILE *f;

    cpu_fetch_code(cpu, info->pc, code, info->size_bytes);
    f = log_lock();
    fprintf(f, "----------------\nIN: \n");
    for (; cpu->ops->disas && at < info->size_bytes && used > 0; at += (unsigned)used) {
        used = cpu->ops->disas(f, info->pc + at, info->flags, code + at, info->size_bytes - at);
        used = MAX(used, 0);
    }
    if (at < info->size_bytes) {
        fprintf(f, "0x%016" PRIx64 ": ", info->pc + at);
        for (; at < info->size_bytes; at++) {
            fprintf(f, "%02x", code[at]);
        }
        fputc('\n', f);
    }
    fputc('\n', f);
    log_unlock(f);
}

static void log_out_asm(const TB *tb)
{
    FILE *f = log_lock();

    fprintf(f, "OUT: [size=%u]\n", tb->code.size_bytes);
    if (tcg_backend() == TCG_BACKEND_NATIVE) {
        disas_host(f, tb->code.entry, tb->code.size_bytes);
    }
    fputc('\n', f);
    log_unlock(f);
}

/* ---- making one ---- */

/* A place for the block, in this vCPU's region or the next free one. Leaves if all are full. */
static TB *tb_alloc(CPUState *cpu, size_t *room)
{
    CPUTlb *t = cpu->tlb;
    CodeRegion *r = t->region;
    size_t size = tb_region_bytes();

    if (!r || size - r->used < MIN_ROOM_BYTES || r->n_tbs == r->max_tbs) {
        r = t->region = tb_region_next(r);
    }
    if (!r) {
        tb_request_flush(cpu);
        cpu->exception_index = EXCP_INTERRUPT;
        cpu_loop_exit(cpu);
    }
    tb_region_touch(r);
    *room = size - r->used;
    memset(&r->tbs[r->n_tbs], 0, sizeof(TB));
    return &r->tbs[r->n_tbs];
}

static void tb_commit(CPUState *cpu, TB *tb)
{
    CodeRegion *r = cpu->tlb->region;

    r->used += (tb->code.size_bytes + 63) & ~(size_t)63;
    __atomic_store_n(&r->n_tbs, r->n_tbs + 1, __ATOMIC_RELEASE);    /* pairs with tb_by_host() */
}

void tb_gen_rewind(CPUState *cpu, TB *tb)
{
    CodeRegion *r = cpu->tlb->region;

    if (r && r->n_tbs && tb == &r->tbs[r->n_tbs - 1]) {
        __atomic_store_n(&r->n_tbs, r->n_tbs - 1, __ATOMIC_RELEASE);
        r->used = (size_t)((const uint8_t *)tb->code.entry - r->rx) & ~(size_t)63;
    }
}

static void gen_begin(CPUState *cpu, uint64_t pc, bool *keep)
{
    CPUTlb *t = cpu->tlb;
    bool ok;

    t->gen_gva[0] = t->gen_gva[1] = NO_PAGE;
    t->gen_hva[0] = NULL;
    t->gen_private = !*keep;
    t->gen_page[0] = cpu_code_page(cpu, pc, &t->gen_hva[0], false, &ok);
    if (t->gen_page[0] == NO_PAGE) {
        *keep = false;
        t->gen_private = true;
    } else if (*keep) {
        t->gen_count[0] = tb_page_protect(cpu, t->gen_page[0]);
    }
    t->gen_gva[0] = pc & PAGE_MASK_;
    if (!t->ir) {
        t->ir = ir_block_new();
    }
}

static bool gen_compile(CPUState *cpu, TB *tb, size_t room)
{
    CPUTlb *t = cpu->tlb;
    CodeRegion *r = t->region;

    if (log_on(LOG_OP)) {
        log_ir("OP:", t->ir);
    }
    if (!tcg_compile(t->ir, tb, tb->flags, r->rx + r->used, r->rw + r->used, room, &tb->code)) {
        return false;
    }
    tb->rw_entry = r->rw + ((const uint8_t *)tb->code.entry - r->rx);
    if (log_on(LOG_OP_OPT)) {
        log_ir("OP after optimization:", t->ir);
    }
    if (log_on(LOG_OUT_ASM)) {
        log_out_asm(tb);
    }
    return true;
}

typedef enum GenResult { GEN_DONE, GEN_FEWER_INSNS, GEN_NO_ROOM } GenResult;

static GenResult gen_try(CPUState *cpu, TbInfo *info, bool *keep, TB **out)
{
    CPUTlb *t = cpu->tlb;
    size_t room;
    TB *tb;

    info->scattered = info->loops = false;
    info->may_loop = *keep && info->max_insns > 1 && !info->single_step;
    gen_begin(cpu, info->pc, keep);
    if (t->gen_page[0] == NO_PAGE) {
        info->max_insns = 1;
    }
    ir_block_reset(t->ir);
    if (*keep) {
        ir_exit_check(t->ir);
    }
    cpu->ops->translate(cpu, t->ir, info);
    if (ir_block_overflow(t->ir)) {
        return GEN_FEWER_INSNS;
    }
    if (log_on(LOG_IN_ASM)) {
        log_in_asm(cpu, info);
    }
    tb = tb_alloc(cpu, &room);
    tb->pc = info->pc;
    tb->flags = info->flags;
    tb->size_bytes = info->size_bytes;
    tb->n_insns = (uint16_t)info->n_insns;
    tb->page[0] = t->gen_page[0];
    tb->page[1] = NO_PAGE;
    tb->scattered = info->scattered;
    if (info->scattered ? t->gen_gva[1] != NO_PAGE
        : (((info->pc + MAX(info->size_bytes, 1) - 1) ^ info->pc) & PAGE_MASK_) != 0) {
        tb->page[1] = t->gen_page[1];
        *keep &= tb->page[1] != NO_PAGE;        /* runs into a device */
    }
    tb->nocache = !*keep;
    tb->loops = info->loops;
    if (tb->nocache && tb->loops) {
        return GEN_FEWER_INSNS;                 /* nobody would tell it that its code has changed */
    }
    if (!gen_compile(cpu, tb, room)) {
        if (room > tb_region_bytes() / 2) {
            return GEN_FEWER_INSNS;
        }
        t->region = NULL;
        return GEN_NO_ROOM;
    }
    tb_commit(cpu, tb);
    *out = tb;
    return GEN_DONE;
}

/**
 * tb_gen - translate the block at @pc
 * @keep: for everybody, and until the code changes; else to be run once and rewound
 * @smp: other vCPUs run meanwhile
 *
 * May leave by longjmp: a guest fault on the first instruction, or no room anywhere.
 */
TB *tb_gen(CPUState *cpu, uint64_t pc, uint64_t flags, unsigned max_insns, bool keep, bool smp)
{
    unsigned limit = MIN(max_insns ? max_insns : MAX_INSNS, MAX_INSNS), stale = 0;

    for (;;) {
        TbInfo info = { .pc = pc, .flags = flags, .max_insns = limit, .smp = smp,
                        .single_step = cpu->single_step };
        bool kept = keep && stale < 8;
        TB *tb = NULL, *use;
        GenResult res;

        if (keep && !kept) {
            info.max_insns = 1;         /* somebody writes there all the time */
        }
        res = gen_try(cpu, &info, &kept, &tb);
        if (res != GEN_DONE) {
            if (res == GEN_FEWER_INSNS) {
                if (info.max_insns == 1) {
                    g_error("one instruction at 0x%" PRIx64 " makes too much code", pc);
                }
                limit = MAX(MIN(limit, info.n_insns) / 2, 1);
            }
            continue;
        }
        tcg_count(cpu, TB_GEN);
        cpu->counters[CPU_COUNT_TB_INSNS] += tb->n_insns;
        if (!kept) {
            return tb;
        }
        use = tb_insert(cpu, tb, cpu->tlb->gen_count);
        if (use != tb) {
            tb_gen_rewind(cpu, tb);
        }
        if (use) {
            return use;
        }
        stale++;
    }
}
