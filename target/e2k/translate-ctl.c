/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control: window and rotation settings, predicate logic, prepared transfers, loops.
 *
 * A transfer through %ctprN is direct when the preparation is in the same block; otherwise the
 * value that the register has while the block is being translated is taken as a guess, guarded by
 * one comparison, with a helper for all other values.
 */
#include <string.h>
#include "accel/accel.h"
#include "target/e2k/translate-priv.h"
#include "target/e2k/translate-hooks.h"
#include "util/log.h"

/* ---- setwd, setbn, setbp ---- */

static bool has_setwd(const E2kBundle *b)
{
    return b->has_cs1 && CS_OPC(b->cs1) <= 1;
}

int e2k_setwd_size(DC *dc)
{
    const E2kBundle *b = &dc->bundle;

    return has_setwd(b) && b->n_lts ? 2 * (b->lts[0] >> 5 & 0x7f) : 0;
}

void e2k_gen_setwd(DC *dc)
{
    const E2kBundle *b = &dc->bundle;
    DCPriv *p = dc->p;
    unsigned size;

    if (!has_setwd(b)) {
        return;
    }
    size = 2 * (b->lts[0] >> 5 & 0x7f);
    if (!b->n_lts || size > E2K_MAX_WINDOW) {
        e2k_emit_trap(dc, E2K_EXC_ILLEGAL_OPCODE);
        return;
    }
    ir_brcondi(dc->b, IR_COND_GTU, e2k_ld_env(dc, IR_I32, ENV_OFS(psize)), size,
               e2k_cold_trap(dc, E2K_EXC_ILLEGAL_OPCODE));
    if (dc->tags) {
        e2k_tags_setwd(dc, size);
    }
    p->setwd = true;
    p->new_dbl = dc->version >= 3 && (b->lts[0] >> 3 & 1);
}

/* the mode after this bundle's setwd, setbn and setbp */
static uint64_t mode_after_set(DC *dc)
{
    const E2kBundle *b = &dc->bundle;
    uint64_t mode = dc->mode;

    if (dc->p->setwd) {
        unsigned pairs = b->lts[0] >> 5 & 0x7f;

        mode &= ~(E2K_MODE_DBL | E2K_MODE_NFX | E2K_MODE_WSIZE_MASK);
        mode |= (uint64_t)pairs << E2K_MODE_WSIZE_SHIFT;
        mode |= dc->p->new_dbl ? E2K_MODE_DBL : 0;
        mode |= b->lts[0] >> 4 & 1 ? E2K_MODE_NFX : 0;
        dc->p->checked_size = 2 * (int)pairs;
    }
    if (b->has_cs1 && (CS_OPC(b->cs1) <= 1 || CS_OPC(b->cs1) == 4)) {
        if (b->cs1 >> 26 & 1) {
            mode = (mode & ~0x3ffffull) | (b->cs1 & 0x3ffff);
        }
        if (b->cs1 >> 27 & 1) {
            mode = (mode & ~(0x3ffull << E2K_MODE_PSZ_SHIFT)) |
                   (uint64_t)(b->cs1 >> 18 & 31) << E2K_MODE_PSZ_SHIFT;
        }
    }
    return mode;
}

/* rotation of %b by one step: rcur counts down */
static uint64_t rotate_regs(uint64_t mode)
{
    uint64_t rsz = mode >> E2K_MODE_RSZ_SHIFT & 63, cur = mode >> E2K_MODE_RCUR_SHIFT & 63;

    cur = cur ? cur - 1 : rsz;
    return (mode & ~(63ull << E2K_MODE_RCUR_SHIFT)) | cur << E2K_MODE_RCUR_SHIFT;
}

static uint64_t rotate_preds(uint64_t mode)
{
    uint64_t psz = mode >> E2K_MODE_PSZ_SHIFT & 31, cur = mode >> E2K_MODE_PCUR_SHIFT & 31;

    cur = cur ? cur - 1 : psz;
    return (mode & ~(31ull << E2K_MODE_PCUR_SHIFT)) | cur << E2K_MODE_PCUR_SHIFT;
}

static uint64_t mode_after(DC *dc, uint64_t mode, bool taken)
{
    const E2kBundle *b = &dc->bundle;

    if (SS_BIT(b, taken ? SS_ABNT : SS_ABNF)) {
        mode = rotate_regs(mode);
    }
    if (SS_BIT(b, taken ? SS_ABPT : SS_ABPF)) {
        mode = rotate_preds(mode);
    }
    return mode;
}

/* alc: one iteration further. Emitted where it is known to happen. */
static void gen_alc(DC *dc)
{
    IrBlock *b = dc->b;
    IrVal lcnt = e2k_ld_env(dc, IR_I32, ENV_OFS(lcnt)), t = ir_temp(b, IR_I32), ecnt, pcnt, vlc, n;

    if (dc->p->trace) {
        dc->p->trace->n_alc += dc->p->trace->recording;
    }
    if (dc->p->steady) {
        ir_subi(b, t, lcnt, 1);
        e2k_st_env(dc, t, ENV_OFS(lcnt));
        return;
    }
    ecnt = e2k_ld_env(dc, IR_I32, ENV_OFS(ecnt));
    pcnt = e2k_ld_env(dc, IR_I32, ENV_OFS(pcnt));
    vlc = e2k_ld_env(dc, IR_I32, ENV_OFS(vlc));
    n = ir_temp(b, IR_I32);
    ir_setcondi(b, IR_COND_NE, t, pcnt, 0);
    ir_sub(b, n, pcnt, t);
    e2k_st_env(dc, n, ENV_OFS(pcnt));
    t = ir_temp(b, IR_I32);
    n = ir_temp(b, IR_I32);
    ir_setcondi(b, IR_COND_LTU, t, lcnt, 2);
    ir_and(b, t, t, vlc);
    ir_setcondi(b, IR_COND_NE, n, ecnt, 0);
    ir_and(b, t, t, n);
    n = ir_temp(b, IR_I32);
    ir_sub(b, n, ecnt, t);
    e2k_st_env(dc, n, ENV_OFS(ecnt));
    t = ir_temp(b, IR_I32);
    n = ir_temp(b, IR_I32);
    ir_setcondi(b, IR_COND_NE, t, lcnt, 0);
    ir_sub(b, n, lcnt, t);
    e2k_st_env(dc, n, ENV_OFS(lcnt));
}

/* ---- predicate logic ---- */

static IrVal elp(DC *dc, unsigned src)
{
    IrVal t;

    if (src >= 0x60 && src < 0x80) {
        return e2k_pred(dc, src & 31);
    }
    if (src >= 0x40 && src < 0x60) {
        return e2k_cond(dc, &(E2kCond){ .pcnt = true, .n = src & 31 });
    }
    if (src == 0 && !dc->p->steady) {
        t = ir_temp(dc->b, IR_I32);
        ir_setcondi(dc->b, IR_COND_EQ, t, e2k_ld_env(dc, IR_I32, ENV_OFS(lcnt)), 0);
        return t;
    }
    return ir_i32(dc->b, 0);            /* side and random predicates: always false here */
}

static IrVal local_pred(DC *dc, unsigned n, bool neg)
{
    IrVal v = n < 7 ? dc->p->local[n] : NULL, t;

    if (!v) {
        v = ir_i32(dc->b, 0);
    }
    if (!neg) {
        return v;
    }
    t = ir_temp(dc->b, IR_I32);
    ir_xori(dc->b, t, v, 1);
    return t;
}

enum { CLP_ANDP, CLP_LANDP, CLP_RESERVED, CLP_MOVEP };

/* the tag of a predicate operation's result; NULL: valid */
static IrVal clp_diag(DC *dc, unsigned opc, unsigned na, unsigned nb, IrVal a, unsigned dst)
{
    IrVal da = dc->p->local_diag[na], db = dc->p->local_diag[nb], old, zero = ir_i32(dc->b, 0);

    if (opc == CLP_LANDP && db) {
        db = e2k_and_cond(dc, a, db);       /* false and valid: the second does not count */
    } else if (opc == CLP_MOVEP) {
        old = e2k_pred_diag(dc, dst);
        if (db || old) {
            db = e2k_choose(dc, a, db ? db : zero, old ? old : zero);
        }
    }
    return e2k_or_diag(dc, da, db);
}

static void gen_clp(DC *dc, unsigned i)
{
    uint32_t w = dc->bundle.pls[i];
    unsigned opc = w >> 14 & 3, max = i == 0 ? 2 : i == 1 ? 5 : 6;
    unsigned na = w >> 10 & 7, nb = w >> 6 & 7;
    IrVal a, c, t = ir_temp(dc->b, IR_I32);

    if (!(w >> 5 & 1) && !(w & 0xffff)) {
        return;                         /* only its ELP half is used */
    }
    if (na >= max || nb >= max || opc == CLP_RESERVED) {
        e2k_emit_trap(dc, E2K_EXC_ILLEGAL_OPCODE);
        return;
    }
    a = local_pred(dc, na, w >> 13 & 1);
    c = local_pred(dc, nb, w >> 9 & 1);
    dc->p->local[4 + i] = t;
    dc->p->local_diag[4 + i] = dc->tags ? clp_diag(dc, opc, na, nb, a, w & 31) : NULL;
    if (opc != CLP_MOVEP) {
        ir_and(dc->b, t, a, c);
    } else {
        ir_movcond(dc->b, IR_COND_NE, t, a, ir_i32(dc->b, 0), c, e2k_pred(dc, w & 31));
    }
    if (w >> 5 & 1) {
        E2kAlop as_dst = { .dst = (uint8_t)(w & 31) };

        e2k_dst_pred(dc, &as_dst, t);
        dc->p->writes[dc->p->n_writes - 1].tags = dc->p->local_diag[4 + i];
    }
}

void e2k_preload_pls(DC *dc)
{
    const E2kBundle *b = &dc->bundle;

    for (unsigned i = 0; i < 2 * b->n_pls && i < 4; i++) {
        unsigned src = b->pls[i / 2] >> (i % 2 ? 16 : 24) & 0xff;

        if (src >= 0x60 && src < 0x80) {
            e2k_pred(dc, src & 31);
        }
    }
    for (unsigned i = 0; i < b->n_pls; i++) {
        if ((b->pls[i] >> 14 & 3) == CLP_MOVEP) {
            e2k_pred(dc, b->pls[i] & 31);
        }
    }
}

void e2k_gen_pls(DC *dc)
{
    const E2kBundle *b = &dc->bundle;

    memset(dc->p->local, 0, sizeof(dc->p->local));
    memset(dc->p->local_diag, 0, sizeof(dc->p->local_diag));
    dc->guard = NULL;
    for (unsigned i = 0; i < 4 && i < 2u * b->n_pls; i++) {
        unsigned src = b->pls[i / 2] >> (i % 2 ? 16 : 24) & 0xff;

        dc->p->local[i] = elp(dc, src);
        if (src >= 0x60 && src < 0x80) {
            dc->p->local_diag[i] = e2k_pred_diag(dc, src & 31);
        }
    }
    for (unsigned i = 0; i < b->n_pls; i++) {
        gen_clp(dc, i);
    }
}

/* ---- preparations ---- */

static void prepare(DC *dc, unsigned n, uint64_t value)
{
    e2k_add_write(dc, (Write){ .kind = WR_CTPR, .where = (int32_t)n, .known = value });
}

static void prepare_return(DC *dc)
{
    IrVal ip = ir_temp(dc->b, IR_I64);

    ir_ld(dc->b, ip, e2k_frame(dc), e2k_frame_ofs(dc) + (int32_t)offsetof(E2kFrame, ip) -
          (int32_t)sizeof(E2kFrame), MO_64);
    ir_ori(dc->b, ip, ip, e2k_ctpr(0, E2K_CTPR_RETURN));
    e2k_add_write(dc, (Write){ .kind = WR_CTPR, .where = 2, .v = ip,
                               .known = e2k_ctpr(0, E2K_CTPR_RETURN) });
}

/* ibranch, icall, hcall, done: CS0's opcode belongs to the transfer */
static bool cs0_is_transfer(const E2kBundle *b)
{
    return b->has_ss && !SS_CTOP(b) && SS_COND(b) && !SS_TYPE(b);
}

void e2k_gen_cs0(DC *dc)
{
    const E2kBundle *b = &dc->bundle;
    unsigned opc = CS_OPC(b->cs0), n = (opc >> 2) - 1;
    uint64_t target = b->pc + (uint64_t)e2k_cs0_disp(b);

    dc->guard = NULL;
    if (!b->has_cs0 || (opc == 0 && cs0_is_transfer(b))) {
        return;
    }
    switch (opc) {
    case 4: case 8: case 0xc:
        prepare(dc, n, e2k_ctpr(target, E2K_CTPR_DISP));
        break;
    case 9:
        prepare(dc, 1, e2k_ctpr(target, E2K_CTPR_DISP) | E2K_CTPR_LDISP);
        break;
    case 6: case 0xa: case 0xe:
        prepare(dc, n, e2k_ctpr((uint64_t)(b->cs0 & 31) << E2K_SYSCALL_ENTRY_SHIFT,
                                E2K_CTPR_SYSCALL));
        break;
    case 7: case 0xb:
        prepare(dc, n, e2k_ctpr(0, E2K_CTPR_DISP));     /* gettsd */
        break;
    case 0xf:
        if ((b->cs0 & 7) == 0) {
            prepare_return(dc);
        } else {
            prepare(dc, 2, e2k_ctpr(0, E2K_CTPR_DISP));
        }
        break;
    case 0: case 1:
        break;                                          /* unused displacement; pref */
    case 3:
        e2k_emit_trap(dc, E2K_EXC_PRIV_ACTION);
        break;
    default:
        e2k_emit_trap(dc, E2K_EXC_ILLEGAL_OPCODE);
    }
}

void e2k_gen_wait(DC *dc)
{
    const E2kBundle *b = &dc->bundle;
    enum { ORDERING = 1 | 4 | 8 | 0x20 };               /* all_c, st_c, ld_c, ma_c */

    if (b->has_cs1 && CS_OPC(b->cs1) == 3 && (b->cs1 & ORDERING)) {
        ir_mb(dc->b);
    }
}

/* ---- conditions of transfers ---- */

static IrVal invert(DC *dc, IrVal v)
{
    IrVal t = ir_temp(dc->b, IR_I32);

    ir_xori(dc->b, t, v, 1);
    return t;
}

/* %pred || LOOP_END and the like; during the prologue the predicate does not count */
static IrVal loop_cond(DC *dc, bool neg, bool or_end)
{
    IrVal pred = e2k_pred(dc, SS_PSRC(&dc->bundle)), le = e2k_loop_end(dc);
    IrVal started = ir_temp(dc->b, IR_I32), t = ir_temp(dc->b, IR_I32), pcnt;

    pred = neg ? invert(dc, pred) : pred;
    if (dc->p->steady) {
        return pred;
    }
    pcnt = e2k_ld_env(dc, IR_I32, ENV_OFS(pcnt));
    ir_setcondi(dc->b, IR_COND_EQ, started, pcnt, 0);
    if (or_end) {
        ir_and(dc->b, t, pred, started);
        ir_or(dc->b, t, t, le);
    } else {
        ir_xori(dc->b, started, started, 1);
        ir_or(dc->b, t, pred, started);
        ir_and(dc->b, t, t, invert(dc, le));
    }
    return t;
}

/* I32: MLOCK. It belongs to the bundle: the loads and stores of this one have queued it. */
static IrVal mlock_of_bundle(DC *dc)
{
    DCPriv *p = dc->p;
    IrVal v = NULL;

    for (unsigned i = 0; i < p->n_writes; i++) {
        const Write *w = &p->writes[i];

        if (w->kind == WR_ENV && w->where == ENV_OFS(mlock)) {
            IrVal t = e2k_and_cond(dc, w->guard, w->v), u;

            if (v) {
                u = ir_temp(dc->b, IR_I32);
                ir_or(dc->b, u, v, t);
                t = u;
            }
            v = t;
        }
    }
    return v ? v : ir_i32(dc->b, 0);
}

IrVal e2k_transfer_cond(DC *dc, bool *is_const, bool *value)
{
    const E2kBundle *b = &dc->bundle;
    unsigned type = b->has_ss && !SS_TYPE(b) ? SS_COND(b) : 0;

    if (dc->p->steady && (type == 4 || type == 5)) {
        type = type == 5;               /* the loop does not end */
    }
    *is_const = type <= 1;
    *value = type == 1;
    switch (type) {
    case 0: case 1:
        return NULL;
    case 2:
        return e2k_pred(dc, SS_PSRC(b));
    case 3:
        return invert(dc, e2k_pred(dc, SS_PSRC(b)));
    case 4:
        return e2k_loop_end(dc);
    case 5:
        return invert(dc, e2k_loop_end(dc));
    case 6: case 0xe:
        return loop_cond(dc, type == 0xe, true);
    case 7: case 0xf:
        return loop_cond(dc, type == 7, false);
    case 8: case 9:
        return mlock_of_bundle(dc);
    default:
        e2k_emit_trap(dc, E2K_EXC_ILLEGAL_OPCODE);
        *is_const = true;
        *value = false;
        return NULL;
    }
}

/* ---- transfers ---- */

static void st_env(DC *dc, IrVal v, int32_t ofs)
{
    ir_st(dc->b, v, ir_env(dc->b), ofs, ir_type(v) == IR_I32 ? MO_32 : MO_64);
}

static void store_ip_mode(DC *dc, uint64_t ip, uint64_t mode)
{
    st_env(dc, ir_i64(dc->b, ip), ENV_OFS(ip));
    st_env(dc, ir_i64(dc->b, mode), ENV_OFS(mode));
}

/* slot: 0 or 1, each once in a block */
void e2k_gen_goto(DC *dc, unsigned slot, uint64_t ip, uint64_t mode)
{
    if (!dc->info->single_step) {
        ir_goto_tb(dc->b, slot);
    }
    store_ip_mode(dc, ip, mode);
    ir_exit(dc->b, dc->info->single_step ? TB_EXIT_PLAIN : slot);
    dc->ended = true;
}

void e2k_gen_goto_far(DC *dc, uint64_t ip, uint64_t mode)
{
    store_ip_mode(dc, ip, mode);
    ir_goto_ptr_to(dc->b, ir_i64(dc->b, ip), ir_i64(dc->b, mode));
    dc->ended = true;
}

/* env->ip and env->mode are set */
static void goto_unknown(DC *dc)
{
    if (dc->info->single_step) {
        ir_exit(dc->b, TB_EXIT_PLAIN);
    } else {
        IrVal ip = ir_temp(dc->b, IR_I64), mode = ir_temp(dc->b, IR_I64);

        ir_ld(dc->b, ip, ir_env(dc->b), ENV_OFS(ip), MO_64);
        ir_ld(dc->b, mode, ir_env(dc->b), ENV_OFS(mode), MO_64);
        ir_goto_ptr_to(dc->b, ip, mode);
    }
    dc->ended = true;
}

static void clear_ctprs(DC *dc)
{
    for (unsigned i = 0; i < 3; i++) {
        st_env(dc, ir_i64(dc->b, 0), ENV_OFS(ctpr) + 8 * (int32_t)i);
    }
}

#define FRAME_OFS(field) ((int32_t)offsetof(E2kFrame, field))

/* I64: where the code for the place behind this bundle is kept */
static IrVal return_cell(DC *dc, uint64_t mode)
{
    return ir_i64(dc->b, (uintptr_t)tb_cell(dc->p->next_ip, mode));
}

/* Saves the caller in a frame and moves the window; state is what this bundle leaves behind. */
static void gen_push_frame(DC *dc, unsigned wbs, uint64_t mode)
{
    IrBlock *b = dc->b;
    IrVal f = e2k_frame(dc), end = ir_temp(b, IR_I64), win = ir_temp(b, IR_I64);
    IrVal now = ir_temp(b, IR_I64), next = ir_temp(b, IR_I64), t = ir_temp(b, IR_I64);
    IrVal params = ir_temp(b, IR_I32);
    int32_t at = e2k_frame_ofs(dc), above = at + (int32_t)sizeof(E2kFrame);
    IrVal psize = e2k_ld_env(dc, IR_I32, ENV_OFS(psize));
    unsigned wsize = e2k_wsize_of(mode, 0);

    ir_ld(b, end, ir_env(b), ENV_OFS(pcs_end), MO_64);
    ir_addi(b, now, f, (uint64_t)at);
    ir_brcond(b, IR_COND_GEU, now, end, e2k_cold_trap(dc, E2K_EXC_CHAIN_STACK_BOUNDS));
    ir_addi(b, win, e2k_win(dc), ((unsigned)dc->p->shift + wbs) * sizeof(E2kReg));
    ir_ld(b, t, ir_env(b), ENV_OFS(ps_limit), MO_64);
    ir_brcond(b, IR_COND_GTU, win, t, e2k_cold_trap(dc, E2K_EXC_PROC_STACK_BOUNDS));
    if (!wsize) {
        ir_brcondi(b, IR_COND_LTU, psize, wbs, e2k_cold_trap(dc, E2K_EXC_WINDOW_BOUNDS));
    } else if (wsize < wbs) {
        ir_br(b, e2k_cold_trap(dc, E2K_EXC_WINDOW_BOUNDS));
        ir_bind(b, ir_label(b));
    }
    ir_st(b, return_cell(dc, mode), f, at + FRAME_OFS(ret), MO_64);
    ir_st(b, ir_i64(b, dc->p->next_ip), f, at + FRAME_OFS(ip), MO_64);
    ir_st(b, ir_i64(b, mode), f, at + FRAME_OFS(mode), MO_64);
    ir_st(b, e2k_ld_env(dc, IR_I64, ENV_OFS(usd_lo)), f, at + FRAME_OFS(usd_lo),
          MO_64);
    ir_st(b, ir_i32(b, wbs), f, at + FRAME_OFS(wbs), MO_32);
    ir_st(b, psize, f, at + FRAME_OFS(psize), MO_16);
    if (wsize) {
        ir_movi(b, params, wsize - wbs);
    } else {
        ir_subi(b, params, psize, wbs);
    }
    e2k_st_env(dc, params, ENV_OFS(psize));
    st_env(dc, win, ENV_OFS(win));
    for (int32_t i = 0; i < E2K_N_PREDS; i += 8) {
        ir_st(b, ir_i64(b, ~0ull), f, above + FRAME_OFS(pred) + i, MO_64);
    }
    ir_addi(b, next, f, (uint64_t)above);
    st_env(dc, next, ENV_OFS(frame));
    clear_ctprs(dc);
}

/*
 * ct through a %ctpr3 that holds a return: pop_frame() of the helpers where the code is known. That of
 * frames which need more (E2K_FRAME_KERNEL) never is.
 */
static void gen_return(DC *dc, uint64_t mode)
{
    IrBlock *b = dc->b;
    IrVal f = ir_temp(b, IR_I64), t = ir_temp(b, IR_I32), u = ir_temp(b, IR_I64);
    IrVal code = ir_temp(b, IR_I64), win = ir_temp(b, IR_I64);
    IrLabel *slow = ir_label(b);

    clear_ctprs(dc);                    /* both ways do; the return that was prepared is not stored */
    ir_addi(b, f, e2k_frame(dc), (uint64_t)e2k_frame_ofs(dc) - sizeof(E2kFrame));
    ir_ld(b, u, f, FRAME_OFS(ret), MO_64);
    ir_ld(b, code, u, (int32_t)offsetof(TbCell, code), MO_64);
    if (dc->info->single_step) {
        ir_br(b, slow);
        ir_bind(b, ir_label(b));
    }
    ir_brcondi(b, IR_COND_EQ, code, 0, slow);
    ir_ld(b, u, f, FRAME_OFS(usd_lo), MO_64);
    st_env(dc, u, ENV_OFS(usd_lo));
    ir_ld(b, t, f, FRAME_OFS(psize), MO_16);
    st_env(dc, t, ENV_OFS(psize));
    ir_ld(b, u, f, FRAME_OFS(wbs), MO_16);
    ir_shli(b, u, u, 4);
    ir_ld(b, win, ir_env(b), ENV_OFS(win), MO_64);
    ir_sub(b, win, win, u);
    st_env(dc, win, ENV_OFS(win));
    st_env(dc, f, ENV_OFS(frame));
    ir_goto_host(b, code);
    ir_bind(b, slow);
    e2k_call(dc, &e2k_helper_return, NULL, 3, ir_env(b), ir_i64(b, dc->bundle.pc),
             ir_i64(b, mode), NULL, NULL, NULL);
    goto_unknown(dc);
}

void e2k_gen_settle(DC *dc, uint64_t ip, uint64_t mode)
{
    e2k_call(dc, &e2k_helper_settle, NULL, 1, ir_env(dc->b), NULL, NULL, NULL, NULL, NULL);
    store_ip_mode(dc, ip, mode);
    goto_unknown(dc);
}

void e2k_gen_ct_helper(DC *dc, unsigned n, uint64_t ip, uint64_t mode)
{
    e2k_call(dc, &e2k_helper_ct, NULL, 4, ir_env(dc->b), ir_i32(dc->b, n), ir_i64(dc->b, ip),
             ir_i64(dc->b, mode), NULL, NULL);
    goto_unknown(dc);
}

static void gen_call_helper(DC *dc, unsigned n, unsigned wbs, uint64_t mode)
{
    e2k_call(dc, &e2k_helper_call, NULL, 5, ir_env(dc->b), ir_i32(dc->b, n), ir_i32(dc->b, wbs),
             ir_i64(dc->b, dc->bundle.pc), return_cell(dc, mode), NULL);
    goto_unknown(dc);
}

static unsigned tag_of(uint64_t ctpr)
{
    return ctpr >> E2K_CTPR_TAG_SHIFT & 7;
}

/* Returns a label for other values where %ctpr<n+1> is only guessed to hold dc->p->ctpr[n]. */
static IrLabel *guard_guess(DC *dc, unsigned n)
{
    IrLabel *other;
    IrVal t;

    if (dc->p->ctpr_known[n]) {
        return NULL;
    }
    other = ir_label(dc->b);
    t = ir_temp(dc->b, IR_I64);
    ir_ld(dc->b, t, ir_env(dc->b), ENV_OFS(ctpr) + 8 * (int32_t)n, MO_64);
    ir_brcondi(dc->b, IR_COND_NE, t, dc->p->ctpr[n], other);
    return other;
}

/* May the value be used, as known or as a guess? */
static bool have_value(DC *dc, unsigned n)
{
    return dc->p->ctpr_known[n] || dc->p->ctpr_guess[n];
}

static uint64_t ctpr_target(DC *dc, unsigned n)
{
    return dc->p->ctpr[n] & E2K_CTPR_ADDR_MASK;
}

static bool is_plain_disp(uint64_t v)
{
    return tag_of(v) == E2K_CTPR_DISP && !(v & (E2K_CTPR_LDISP | 7));
}

/* A return prepared in this block, or earlier: all returns look alike but for the address. */
static void gen_ct3_unknown(DC *dc, uint64_t mode)
{
    enum { TOP_OFS = 6, TOP_SHIFT = 48 };           /* what lies above the address */
    IrLabel *other;
    IrVal t;

    if (dc->p->returns) {
        gen_return(dc, mode);
        return;
    }
    other = ir_label(dc->b);
    t = ir_temp(dc->b, IR_I32);
    ir_ld(dc->b, t, ir_env(dc->b), ENV_OFS(ctpr[2]) + TOP_OFS, MO_16);
    ir_brcondi(dc->b, IR_COND_NE, t, e2k_ctpr(0, E2K_CTPR_RETURN) >> TOP_SHIFT, other);
    gen_return(dc, mode);
    ir_bind(dc->b, other);
    e2k_gen_ct_helper(dc, 2, dc->bundle.pc, mode);
}

static void gen_ct(DC *dc, unsigned n, uint64_t mode, unsigned slot)
{
    IrLabel *other;

    if (have_value(dc, n) && is_plain_disp(dc->p->ctpr[n])) {
        other = guard_guess(dc, n);
        e2k_trace_count(dc, ctpr_target(dc, n));
        e2k_gen_goto(dc, slot, ctpr_target(dc, n), mode);
        if (other) {
            ir_bind(dc->b, other);
            e2k_gen_ct_helper(dc, n, dc->bundle.pc, mode);
        }
    } else if (n == 2) {
        gen_ct3_unknown(dc, mode);
    } else {
        e2k_gen_ct_helper(dc, n, dc->bundle.pc, mode);
    }
}

static void gen_call(DC *dc, unsigned n, unsigned wbs, uint64_t mode, unsigned slot)
{
    IrLabel *other;

    if (have_value(dc, n) && is_plain_disp(dc->p->ctpr[n])) {
        other = guard_guess(dc, n);
        gen_push_frame(dc, wbs, mode);
        e2k_gen_goto(dc, slot, ctpr_target(dc, n), 0);
        if (other) {
            ir_bind(dc->b, other);
            e2k_forget_all(dc);
            gen_call_helper(dc, n, wbs, mode);
        }
    } else {
        gen_call_helper(dc, n, wbs, mode);
    }
}

/* icall, and icalld/ibranchd with the target in a temp */
static void gen_immediate(DC *dc, bool is_call, unsigned wbs, uint64_t mode, unsigned slot)
{
    const E2kBundle *b = &dc->bundle;
    uint64_t target = b->pc + (uint64_t)e2k_cs0_disp(b);

    if (dc->p->branch_to) {
        if (is_call) {
            e2k_call(dc, &e2k_helper_call_to, NULL, 5, ir_env(dc->b), dc->p->branch_to,
                     ir_i32(dc->b, wbs), ir_i64(dc->b, b->pc), return_cell(dc, mode), NULL);
        } else {
            st_env(dc, dc->p->branch_to, ENV_OFS(ip));
            st_env(dc, ir_i64(dc->b, mode), ENV_OFS(mode));
        }
        goto_unknown(dc);
    } else if (is_call) {
        gen_push_frame(dc, wbs, mode);
        e2k_gen_goto(dc, slot, target, 0);
    } else {
        e2k_trace_count(dc, target);
        e2k_gen_goto(dc, slot, target, mode);
    }
}

enum { CS1_CALL = 5, CALL_KIND_ICALL = 1, CALL_KIND_HCALL = 2 };

/* ---- calls that a block follows ----
 * A call whose target is known needs not end the block. All is done that a call does, so that the
 * block can be left anywhere; but when the callee comes to its return within the block too, the way
 * back is known and what the return restores is at hand.
 */

static bool may_follow(DC *dc, uint64_t target, unsigned wbs, uint64_t mode)
{
    const DCPriv *p = dc->p;
    uint64_t page = target & PAGE_MASK_;

    return !p->trace && !dc->tags && !dc->info->single_step && !dc->cpu->breakpoints &&
           p->n_followed < MAX_FOLLOWED && dc->info->n_insns < MAX_FOLLOW_BUNDLES &&
           dc->info->max_insns > MAX_FOLLOW_BUNDLES && wbs < e2k_wsize_of(mode, 0) &&
           (page == (dc->info->pc & PAGE_MASK_) || !p->second_page || page == p->second_page);
}

static void know_ctprs_cleared(DC *dc)
{
    for (unsigned i = 0; i < 3; i++) {
        dc->p->ctpr_known[i] = true;
        dc->p->ctpr_guess[i] = false;
        dc->p->ctpr[i] = 0;
    }
    dc->p->returns = false;
}

static void follow_call(DC *dc, uint64_t target, unsigned wbs, uint64_t mode)
{
    DCPriv *p = dc->p;
    FollowedCall *c = &p->followed[p->n_followed];

    *c = (FollowedCall){ p->next_ip, mode, wbs, e2k_ld_env(dc, IR_I64, ENV_OFS(usd_lo)),
                         e2k_ld_env(dc, IR_I32, ENV_OFS(psize)), { NULL } };
    memcpy(c->pred, p->pred, sizeof(c->pred));
    gen_push_frame(dc, wbs, mode);
    know_ctprs_cleared(dc);
    if ((target ^ dc->info->pc) & PAGE_MASK_) {
        p->second_page = target & PAGE_MASK_;
    }
    dc->info->scattered = true;
    p->n_followed++;
    p->shift += (int)wbs;
    p->checked_size = (int)(e2k_wsize_of(mode, 0) - wbs);
    p->follow_ip = target;
    dc->mode = 0;
}

static void return_followed(DC *dc)
{
    DCPriv *p = dc->p;
    const FollowedCall *c = &p->followed[p->n_followed - 1];
    IrVal base = e2k_win(dc), frame = e2k_frame(dc), win = ir_temp(dc->b, IR_I64);
    IrVal now = ir_temp(dc->b, IR_I64);

    p->n_followed--;
    p->shift -= (int)c->wbs;
    clear_ctprs(dc);
    know_ctprs_cleared(dc);
    e2k_st_env(dc, c->usd_lo, ENV_OFS(usd_lo));
    e2k_st_env(dc, c->psize, ENV_OFS(psize));
    ir_addi(dc->b, win, base, (uint64_t)p->shift * sizeof(E2kReg));
    st_env(dc, win, ENV_OFS(win));
    ir_addi(dc->b, now, frame, (uint64_t)e2k_frame_ofs(dc));
    st_env(dc, now, ENV_OFS(frame));
    memcpy(p->pred, c->pred, sizeof(p->pred));
    p->checked_size = (int)e2k_wsize_of(c->mode, 0);
    p->follow_ip = c->ip;
    dc->mode = c->mode;
}

/* true: the block goes on in the callee, or back in the caller */
static bool follow_transfer(DC *dc, uint64_t mode)
{
    enum { RETURN_CTPR = 3 };
    const E2kBundle *b = &dc->bundle;
    unsigned ctop = SS_CTOP(b), wbs = 2 * (b->cs1 & 0x7f);

    if (!b->has_cs1 || CS_OPC(b->cs1) != CS1_CALL) {
        if (ctop != RETURN_CTPR || !dc->p->returns || !dc->p->n_followed) {
            return false;
        }
        return_followed(dc);
        return true;
    }
    if (!ctop || !dc->p->ctpr_known[ctop - 1] || !is_plain_disp(dc->p->ctpr[ctop - 1]) ||
        !may_follow(dc, ctpr_target(dc, ctop - 1), wbs, mode)) {
        return false;
    }
    follow_call(dc, ctpr_target(dc, ctop - 1), wbs, mode);
    return true;
}

static void call_illegal(DC *dc, bool privileged)
{
    e2k_call(dc, &e2k_helper_trap, NULL, 4, ir_env(dc->b),
             ir_i32(dc->b, privileged ? E2K_EXC_PRIV_ACTION : E2K_EXC_ILLEGAL_OPCODE),
             ir_i64(dc->b, dc->bundle.pc), ir_i64(dc->b, dc->mode), NULL, NULL);
    dc->ended = true;
}

static void gen_taken(DC *dc, uint64_t mode, unsigned slot)
{
    const E2kBundle *b = &dc->bundle;
    unsigned ctop = SS_CTOP(b), wbs = 2 * (b->cs1 & 0x7f);
    bool call = b->has_cs1 && CS_OPC(b->cs1) == CS1_CALL;
    unsigned kind = b->cs1 >> 7 & 7;

    if (ctop) {
        if (call) {
            gen_call(dc, ctop - 1, wbs, mode, slot);
        } else {
            gen_ct(dc, ctop - 1, mode, slot);
        }
    } else if (dc->p->branch_to || (b->has_cs0 && CS_OPC(b->cs0) == 0 &&
                                    (!call || kind == CALL_KIND_ICALL))) {
        gen_immediate(dc, call, wbs, mode, slot);
    } else {
        call_illegal(dc, call && kind == CALL_KIND_HCALL);
    }
}

/* Is the transfer a jump to a known or guessed place? @ctpr: through which register, to be guarded;
 * 0: none. */
static bool jump_target(DC *dc, uint64_t *target, unsigned *ctpr)
{
    const E2kBundle *b = &dc->bundle;
    unsigned ctop = SS_CTOP(b);

    if (dc->p->branch_to || (b->has_cs1 && CS_OPC(b->cs1) == CS1_CALL)) {
        return false;
    }
    *ctpr = 0;
    if (!ctop) {
        *target = b->pc + (uint64_t)e2k_cs0_disp(b);
        return b->has_cs0 && CS_OPC(b->cs0) == 0;
    }
    *target = ctpr_target(dc, ctop - 1);
    *ctpr = dc->p->ctpr_known[ctop - 1] ? 0 : ctop;
    return have_value(dc, ctop - 1) && is_plain_disp(dc->p->ctpr[ctop - 1]);
}

/* true: done, the trace goes on (or is closed) */
static bool trace_transfer(DC *dc, IrVal cond, bool always, uint64_t taken, uint64_t fall)
{
    bool alct = SS_BIT(&dc->bundle, SS_ALCT), alcf = SS_BIT(&dc->bundle, SS_ALCF);
    uint64_t target;
    unsigned ctpr;

    if (!dc->p->trace || (!always && alct != alcf) || !jump_target(dc, &target, &ctpr)) {
        return false;
    }
    if (alct) {
        gen_alc(dc);
    }
    return e2k_trace_transfer(dc, cond, always, target, ctpr, taken, fall);
}

void e2k_gen_transfer(DC *dc, IrVal cond, bool is_const, bool value)
{
    const E2kBundle *b = &dc->bundle;
    bool alct = SS_BIT(b, SS_ALCT), alcf = SS_BIT(b, SS_ALCF);
    uint64_t mode = mode_after_set(dc), not_taken = mode_after(dc, mode, false);
    IrLabel *fall;

    if (is_const && !value) {
        if (alcf) {
            gen_alc(dc);
        }
        dc->mode = not_taken;
        return;
    }
    if (trace_transfer(dc, cond, is_const, mode_after(dc, mode, true), not_taken)) {
        return;
    }
    if (alct && alcf) {
        gen_alc(dc);
    }
    if (is_const) {
        if (alct && !alcf) {
            gen_alc(dc);
        }
        if (!follow_transfer(dc, mode_after(dc, mode, true))) {
            gen_taken(dc, mode_after(dc, mode, true), 0);
        }
        return;
    }
    fall = ir_label(dc->b);
    ir_brcondi(dc->b, IR_COND_EQ, cond, 0, fall);
    if (alct && !alcf) {
        gen_alc(dc);
    }
    gen_taken(dc, mode_after(dc, mode, true), 0);
    ir_bind(dc->b, fall);
    e2k_forget_all(dc);
    if (alcf && !alct) {
        gen_alc(dc);
    }
    e2k_gen_goto(dc, 1, dc->p->next_ip, not_taken);
}

/* ---- ibranchd, icalld ---- */

static void gen_branch_target(DC *dc, const E2kAlop *op, const E2kEmit *e)
{
    dc->p->branch_to = e2k_src(dc, op, 2, IR_I64);
}

bool e2k_resolve_ctl(const E2kOpRow *row, E2kEmit *e)
{
    if (row->format != ALF12IB && row->format != ALF12IC) {
        return false;
    }
    e->fn = gen_branch_target;
    return true;
}
