/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between translate.c (operands, commit), translate-ctl.c (transfers, loops) and block walking. */
#ifndef TARGET_E2K_TRANSLATE_PRIV_H
#define TARGET_E2K_TRANSLATE_PRIV_H

#include "target/e2k/translate.h"

enum { REG_GLOBAL0 = E2K_MAX_WINDOW, N_REGS = E2K_MAX_WINDOW + E2K_N_GLOBALS };

/* What this block knows of a register's current contents. */
typedef struct RegCache {
    IrVal v[IR_N_TYPES];        /* NULL: not known as that type */
    IrVal upper;                /* with v[I32] alone: an I64 whose bits 63..32 are still right */
} RegCache;

typedef enum WriteKind { WR_REG, WR_PRED, WR_CTPR, WR_ENV, WR_X87 } WriteKind;

typedef struct Write {
    uint8_t kind;               /* WriteKind */
    bool is_ptr;                /* WR_REG: v is not used, the scratch of channel @channel is */
    uint8_t channel;
    int32_t where;              /* register, physical predicate, ctpr - 1, env offset */
    IrVal v, guard;
    IrVal tags;                 /* I32, a byte for each 32 bits; of a predicate E2K_PRED_DIAG as 0
                                    or 1; NULL: numbers */
    bool keeps_upper;           /* WR_REG: only the first tag is written, whatever v is */
    uint64_t known;             /* WR_CTPR: its value if v is NULL; else 0, or: it is a return */
    X87Op x87;                  /* WR_X87: *where = a op b, done in memory */
    X87Fmt fmt;
    X87Operand a, b;
} Write;

typedef struct EnvCache {
    int32_t ofs;
    IrVal v;
} EnvCache;

enum { COLD_SETTLE = 0x100 };
typedef struct ColdTrap {
    IrLabel *label;
    uint32_t trapno;            /* or COLD_SETTLE: begin the bundle again with predicates settled */
    uint64_t ip, mode;
} ColdTrap;

/* What translate-tags.c knows of an operation before it is translated. */
typedef struct OpTags {
    IrVal guard;                /* under which it runs */
    IrVal bad;                  /* I32, not 0: its result is diagnostic; NULL: never */
    IrVal tags;                 /* I32: of its result where it is not diagnostic; NULL: numbers */
    E2kStored stored;
} OpTags;

/* ---- traces, see translate-trace.c ---- */

enum { MAX_TRACE_ENTRIES = 96, MAX_SIDE_EXITS = 96 };
typedef enum TraceKind { TRACE_REG, TRACE_PRED, TRACE_ENV } TraceKind;

typedef struct TraceEntry {     /* what an iteration reads before it writes it */
    uint8_t kind, type;         /* TraceKind, IrType */
    int32_t where;
    IrVal t;
} TraceEntry;

typedef struct SideExit {
    IrLabel *label;
    uint64_t ip, mode;
    uint8_t ctpr;               /* 0: to @ip; else by helper through %ctpr<n> of bundle @ip */
} SideExit;

typedef struct Trace {
    uint64_t head_ip, head_mode;
    bool recording, closed, too_long;
    bool sets_state;            /* an operation of it writes state registers */
    uint8_t numeric[N_REGS];    /* words of registers that must be numbers at its head */
    unsigned n_alc;             /* of one turn */
    int max_reg;                /* highest window register that needs a check */
    uint8_t ctpr_used, ctpr_written;    /* bits: guessed targets; written on the way */
    IrLabel *reject;            /* what the trace rests on is not so */
    IrLabel *head;
    TraceEntry e[MAX_TRACE_ENTRIES];
    unsigned n, n_exits, n_slots, n_pages;
    SideExit exits[MAX_SIDE_EXITS];
    uint64_t pages[2];
} Trace;

/* A call that the block has followed: what its return brings back. */
typedef struct FollowedCall {
    uint64_t ip, mode;
    unsigned wbs;
    IrVal usd_lo, psize;
    IrVal pred[E2K_N_PREDS];
} FollowedCall;
enum { MAX_FOLLOWED = 3, MAX_FOLLOW_BUNDLES = 24 };

enum { MAX_WRITES = 64, MAX_ENV_CACHE = 64, MAX_COLD = 160 };

typedef struct DCPriv {
    RegCache reg[N_REGS];
    IrVal pred[E2K_N_PREDS];            /* physical */
    IrVal pred_diag[E2K_N_PREDS];       /* I32 0/1 for those with pred; NULL: valid */
    uint8_t numeric[N_REGS];            /* bit i: 32-bit word i is known to be a number */
    uint8_t tags_written[N_REGS];       /* bit i: word i's tag is of this block's making */
    IrVal tag_base;                     /* I64: of the window */
    IrVal result_diag;                  /* of the running operation, see e2k_result_diag() */
    OpTags op_tags[E2K_N_CHANNELS];
    EnvCache env[MAX_ENV_CACHE];
    unsigned n_env;
    IrVal win;                          /* I64: env->win */
    IrVal frame;                        /* I64: env->frame */
    /* calls followed and not returned from: win, frame and register numbers stay those of the block's
     * start; the current procedure's are further up */
    FollowedCall followed[MAX_FOLLOWED];
    unsigned n_followed;
    int shift;                          /* registers */
    uint64_t second_page;               /* that the block reaches by calls; 0: none */
    bool at_start;                      /* nothing of the bundle has been done yet */
    Write writes[MAX_WRITES];
    unsigned n_writes;
    ColdTrap cold[MAX_COLD];
    unsigned n_cold;
    bool split;                         /* the block ends here: what follows depends on state */
    int checked_size;                   /* indexes below are in the window */
    bool ctpr_known[3];
    bool ctpr_guess[3];                 /* not written in this block: env's value is a guess */
    uint64_t ctpr[3];
    bool returns;                       /* %ctpr3 holds a return, written in this block */
    bool setwd;                         /* this bundle has one: new size and dbl for results */
    bool new_dbl;
    IrVal loop_end;                     /* I32, of this bundle; NULL: not computed yet */
    IrVal strmd;                        /* as the bundle's stores left it */
    IrVal local[7];                     /* @p0..@p6 of this bundle */
    IrVal local_diag[7];                /* I32 0/1; NULL: valid */
    uint64_t next_ip;
    uint64_t follow_ip;                 /* where the block goes on; next_ip but in traces */
    Trace *trace;                       /* NULL: an ordinary block */
    bool steady;                        /* see translate-trace.c: pcnt is 0, lcnt at least 2 */
    IrVal branch_to;                    /* I64: ibranchd/icalld's target of this bundle */
} DCPriv;

/* translate.c */
void e2k_commit(DC *dc);
void e2k_forget_all(DC *dc);            /* at labels: nothing is cached */
IrVal e2k_load_reg(DC *dc, unsigned reg, IrType type);
void e2k_add_write(DC *dc, Write w);
/* label that raises @trapno for the current bundle */
IrLabel *e2k_cold_trap(DC *dc, unsigned trapno);
IrVal e2k_win(DC *dc);
IrVal e2k_frame(DC *dc);
int32_t e2k_frame_ofs(DC *dc);          /* of the current env->frame from e2k_frame() */
IrVal e2k_loop_end(DC *dc);             /* I32 0/1, before this bundle's alc */
void e2k_check_reg(DC *dc, int reg);

IrVal e2k_guard_of(DC *dc, const E2kAlop *op);
int e2k_reg_of_code(DC *dc, uint8_t code);          /* -1: none */
unsigned e2k_phys_pred(DC *dc, unsigned n);

/* translate-tags.c, all for dc->tags only */
void e2k_tags_init(void);
void e2k_tags_setwd(DC *dc, unsigned size);
/* traps of the bundle, before anything of it is done; fills in p->op_tags */
void e2k_tags_check(DC *dc);
/* gives the writes from @first on, made by @op (NULL: an array load), their tags */
void e2k_tags_result(DC *dc, const E2kAlop *op, unsigned first);
void e2k_tags_commit(DC *dc, const Write *w, unsigned n_words);
IrVal e2k_pred_diag(DC *dc, unsigned n);            /* NULL: valid */
/* A trace rests on numbers in what its iterations read. I32, not 0: it is not so now; NULL: it is */
IrVal e2k_tags_of_trace(DC *dc);
IrVal e2k_tags_enter_trace(DC *dc);                 /* the same, and from now on it counts as so */
IrVal e2k_choose(DC *dc, IrVal cond, IrVal yes, IrVal no);      /* cond NULL: yes */
IrVal e2k_or_diag(DC *dc, IrVal a, IrVal c);        /* a | c, either may be NULL */
/* I32 0/1: does this store of the bundle run, as far as the loop is concerned? NULL: yes.
 * @strmd: stores that are left, counted down */
IrVal e2k_loop_store(DC *dc, IrVal *strmd);

/* translate-ctl.c */
int e2k_setwd_size(DC *dc);             /* what this bundle's setwd asks for; 0: it has none */
void e2k_gen_setwd(DC *dc);             /* start of a bundle: setwd's part that acts at once */
void e2k_gen_cs0(DC *dc);               /* preparations; queued */
void e2k_gen_pls(DC *dc);               /* predicate logic; queued */
void e2k_preload_pls(DC *dc);           /* reads the predicates that it will want */
void e2k_gen_settle(DC *dc, uint64_t ip, uint64_t mode);     /* for COLD_SETTLE */
void e2k_gen_wait(DC *dc);
/* after commit: setbn/setbp, loop counters, the transfer; may end the block */
IrVal e2k_transfer_cond(DC *dc, bool *is_const, bool *value);    /* before commit */
void e2k_gen_transfer(DC *dc, IrVal cond, bool is_const, bool value);
void e2k_gen_goto(DC *dc, unsigned slot, uint64_t ip, uint64_t mode);
bool e2k_resolve_ctl(const E2kOpRow *row, E2kEmit *e);      /* ibranchd, icalld */

void e2k_gen_goto_far(DC *dc, uint64_t ip, uint64_t mode);      /* without a slot */
/* through %ctpr<n + 1>, whatever it holds; @ip: of the bundle that jumps */
void e2k_gen_ct_helper(DC *dc, unsigned n, uint64_t ip, uint64_t mode);
IrVal e2k_load_pred(DC *dc, unsigned phys);

/* translate-trace.c */
bool e2k_trace_is_hot(uint64_t ip);
void e2k_trace_count(DC *dc, uint64_t target);
void e2k_trace_note(DC *dc, TraceKind kind, int32_t where, IrType type);
void e2k_trace_enter(DC *dc);
/* jumps to @general unless the next turn is a steady one */
void e2k_trace_steady_test(DC *dc, IrLabel *general);
bool e2k_trace_allows(DC *dc, uint64_t ip, unsigned size_bytes);
bool e2k_trace_transfer(DC *dc, IrVal cond, bool always, uint64_t target, unsigned ctpr,
                        uint64_t taken_mode, uint64_t fall_mode);
void e2k_trace_side_exits(DC *dc);

#endif
