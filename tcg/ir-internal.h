/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks from the inside: for the optimiser and the back ends. */
#ifndef TCG_IR_INTERNAL_H
#define TCG_IR_INTERNAL_H

#include <glib.h>
#include <string.h>
#include "tcg/ir.h"
#include "tcg/tcg.h"

#define IR_MAX_GLOBALS  128
#define IR_MAX_TEMPS    2048            /* globals and constants included */
#define IR_MAX_OPS      8192
#define IR_MAX_LABELS   256
#define IR_LIVE_WORDS   (IR_MAX_TEMPS / 64)
#define IR_NO_ARG       0xffffu

typedef enum IrKind { IR_KIND_GLOBAL, IR_KIND_TEMP, IR_KIND_CONST, IR_KIND_ENV } IrKind;

struct IrTemp {
    uint8_t kind;                       /* IrKind */
    uint8_t type;                       /* IrType */
    bool crossing;                      /* temp: live in more than one region between labels */
    uint16_t idx;
    int32_t ofs;                        /* global: from env */
    uint64_t value;                     /* constant, cut to its type */
    const char *name;                   /* global */
};

struct IrLabel {
    uint16_t id;
    bool bound;
    /* filled by ir_liveness() */
    bool from_above;                    /* a branch above it comes here */
    uint16_t bound_at;                  /* op */
    uint16_t last_back;                 /* the last branch below that goes back here; 0: none */
    uint32_t live_idx;                  /* liveness: first word in IrBlock.label_live, or ~0 */
};

typedef struct IrNode {
    uint16_t op;                        /* IrOp */
    uint8_t type;                       /* type of the compared or computed operands */
    uint8_t n_in;                       /* operands in a[n_out..] */
    uint16_t dead;                      /* bit i: a[i] is not needed after this op */
    uint16_t a[7];                      /* temp indexes: results, then operands */
    uint8_t n_out;
    union {
        uint64_t n;                     /* see irops.def */
        const IrHelper *helper;
    };
} IrNode;

/* insn_start keeps its second word in a[0..3] */
static inline uint64_t ir_node_word1(const IrNode *o)
{
    uint64_t w;
    memcpy(&w, o->a, sizeof(w));
    return w;
}

typedef enum IrSig {
    SIG_CTL, SIG_X_X, SIG_I_II, SIG_II_II, SIG_I_I, SIG_W_L, SIG_L_W, SIG_I_IIn, SIG_I_In,
    SIG_J_IIn, SIG_W_WW, SIG_L_LL, SIG_J_F, SIG_F_J, SIG_V_L, SIG_V_W, SIG_L_V, SIG_W_V,
    SIG_V_VLn, SIG_V_VWn, SIG_S_V, SIG_D_V, SIG_V_VS, SIG_V_VD, SIG_V_S, SIG_V_D, SIG_W_Vn,
    SIG_L_Vn, SIG_W_VV, SIG_S_SS, SIG_S_S, SIG_S_SSn, SIG_S_Sn, SIG_D_DD, SIG_D_D, SIG_D_DDn,
    SIG_D_Dn, SIG_W_SS, SIG_W_DD, SIG_S_J, SIG_D_J, SIG_J_S, SIG_J_D, SIG_D_S, SIG_S_D,
    SIG_V_VV, SIG_V_V, SIG_V_VVn, SIG_V_Vn, SIG_V_VVV, SIG_W_SSn, SIG_W_DDn, SIG_S_SSS,
    SIG_D_DDD, IR_N_SIGS
} IrSig;

enum { IR_FLAG_C = 1, IR_FLAG_SE = 2, IR_FLAG_F = 4, IR_FLAG_OPT = 8, IR_FLAG_X = 16 };

typedef struct IrOpInfo {
    const char *name;
    uint8_t sig, flags;
} IrOpInfo;
extern const IrOpInfo ir_op_info[IR_N_OPS];

typedef struct IrSigInfo {
    uint8_t n_out, n_in;
    bool imm;
    char types[6];                      /* one letter each, results first */
} IrSigInfo;
extern const IrSigInfo ir_sig_info[IR_N_SIGS];

typedef uint64_t IrLiveSet[IR_LIVE_WORDS];

struct IrBlock {
    unsigned n_ops, n_temps, n_labels;  /* n_temps counts globals too */
    bool overflow, optimised;
    unsigned limit;                     /* of temps: passes may make some more constants */
    IrNode ops[IR_MAX_OPS + 1];         /* the last one swallows what overflows */
    IrTemp temps[IR_MAX_TEMPS];         /* [0..n_globals) unused: see ir_temp_at() */
    IrTemp dummy[IR_N_TYPES];           /* handed out after an overflow */
    IrLabel labels[IR_MAX_LABELS];
    uint16_t const_hash[512];
    uint64_t crosses_call[IR_LIVE_WORDS];   /* liveness: wanted after a call */
    uint64_t *label_live;               /* growing pool of live sets */
    size_t label_live_words, label_live_used;
    unsigned live_words;                /* words of a live set of this block */
};

extern IrTemp ir_globals[IR_MAX_GLOBALS];
extern unsigned ir_n_globals;

static inline IrTemp *ir_temp_at(IrBlock *b, unsigned idx)
{
    return idx < ir_n_globals ? &ir_globals[idx] : &b->temps[idx];
}

static inline unsigned ir_env_idx(void) { return ir_n_globals; }

static inline unsigned ir_type_bytes(IrType t)
{
    static const uint8_t bytes[IR_N_TYPES] = { 4, 8, 4, 8, 16, 0 };
    return bytes[t];
}

static inline bool ir_type_is_int(IrType t) { return t == IR_I32 || t == IR_I64; }
static inline uint64_t ir_mask(IrType t) { return t == IR_I32 ? UINT32_MAX : UINT64_MAX; }

static inline IrCond ir_cond_swap(IrCond c)     /* cond(a, c) == swapped(c, a) */
{
    static const uint8_t swap[] = {
        IR_COND_EQ, IR_COND_NE, IR_COND_GT, IR_COND_LE, IR_COND_GE, IR_COND_LT,
        IR_COND_GTU, IR_COND_LEU, IR_COND_GEU, IR_COND_LTU,
        IR_COND_TSTEQ, IR_COND_TSTNE, IR_COND_ALWAYS, IR_COND_NEVER,
    };
    return (IrCond)swap[c];
}

/* index of the interned constant */
unsigned ir_const_idx(IrBlock *b, IrType type, uint64_t value);

/* Does a call need the globals in their slots before it? Do cached globals survive it? */
static inline bool ir_call_syncs(const IrHelper *h)
{
    const unsigned quiet = IR_CALL_NO_READ | IR_CALL_NO_FAULT;
    return !(h->flags & IR_CALL_PURE) && (h->flags & quiet) != quiet;
}
static inline bool ir_call_writes(const IrHelper *h)
{
    return !(h->flags & (IR_CALL_PURE | IR_CALL_NO_WRITE));
}

/* The passes, in this order; all keep meaning, the last also fills dead bits and label live sets */
void ir_opt_types(IrBlock *b);          /* retype.c */
void ir_opt_forward(IrBlock *b);
void ir_liveness(IrBlock *b);
/* late.c: between them */
void ir_late_stores(IrBlock *b);

/* ireval.c: the integer ops that fold. W follows from @type, the type of the operands. */
bool ir_eval_int(IrOp op, IrType type, uint64_t a, uint64_t b, uint64_t n, uint64_t *result);
bool ir_eval_cond(IrCond cond, IrType type, uint64_t a, uint64_t b);

/* IrNode.n of an x87 op; i: 0 d, 1 a, 2 b */
static inline X87Op x87_op(uint64_t n) { return (X87Op)(n & 15); }
static inline X87Fmt x87_fmt(uint64_t n, unsigned i) { return (X87Fmt)(n >> (4 + 4 * i) & 15); }
static inline int16_t x87_ofs(uint64_t n, unsigned i) { return (int16_t)(n >> (16 + 16 * i)); }
static inline bool x87_is_binary(X87Op op) { return op < X87_SQRT; }

/* ---- what back ends share (tcg.c) ---- */
extern TcgRuntime tcg_rt;

typedef bool TcgCompileFn(IrBlock *b, const void *tb, uint64_t flags, const uint8_t *rx,
                          uint8_t *rw, size_t room_bytes, TcgCode *out);
TcgCompileFn tcg_native_compile, tcg_interp_compile;
void tcg_native_init(void);
uintptr_t tcg_native_run(void *env, const void *entry);
const void *tcg_native_exit_stub(void);
void tcg_interp_init(void);
uintptr_t tcg_interp_run(void *env, const void *entry);
const void *tcg_interp_exit_stub(void);

/*
 * The side table of a native block, LEB128:
 *   n_insns, then per insn: code offset delta, word0 delta (signed), word1 delta (signed)
 *   n_stubs, then per run of stubs: code offset delta, insn index delta (signed)
 *   n_accesses (user mode), then per access: code offset delta, stub offset from access
 */
typedef struct SideInsn {
    uint32_t ofs;
    uint64_t words[IR_INSN_WORDS];
} SideInsn;
typedef struct SideStub {
    uint32_t ofs, insn_idx;
} SideStub;
typedef struct SideAccess {
    uint32_t ofs, stub_ofs;
} SideAccess;
/* returns the end, or NULL if @end was hit */
uint8_t *tcg_side_write(uint8_t *p, uint8_t *end, const SideInsn *insns, size_t n_insns,
                        const SideStub *stubs, size_t n_stubs, const SideAccess *acc,
                        size_t n_acc);

#endif
