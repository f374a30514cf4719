/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The x86-64 back end's state while it writes one block.
 *
 * Registers: rbp points env_bias bytes into the guest's state, so that disp8 reaches the 256 bytes
 * around it: the TLBs that end before the state and its first registers; r10, r11 and xmm15 are
 * scratch inside one op; r15 holds guest_base if it does not fit a displacement. All others are
 * allocated in one forward pass; operands' last uses are known from ir_liveness(). A temp is in a
 * register, in its home (a global's slot in the state or a stack slot), or both; it is dirty when
 * only the register (or a pending constant) is right. At labels everything that is wanted there is
 * in its home, except at the heads of inner loops (loops.c).
 *
 * An I32 in a 64-bit register has undefined upper bits.
 */
#ifndef TCG_X86_64_GEN_H
#define TCG_X86_64_GEN_H

#include "tcg/ir-internal.h"
#include "tcg/x86_64/asm.h"

/* rbp - env: chosen by runtime.c so that disp8 reaches what is used most */
extern int32_t env_bias;
/* the stack frame of tcg_run(), offsets from rsp inside blocks */
#define FRAME_ARG       0           /* 32 bytes: operands of slow paths */
#define FRAME_SAVE      32          /* 8 integer registers */
#define FRAME_MXCSR     96
#define FRAME_XMM       112         /* 16 vector registers */
#define FRAME_SPILL     368
#define FRAME_SIZE      (FRAME_SPILL + IR_MAX_TEMPS * 16 + 8)  /* + 7 pushes + return address */

#define REG_BIT(r)      (1u << (r))
#define GPR_MASK        0x0000ffffu
#define XMM_MASK        0x7fff0000u                 /* xmm15 is scratch */
#define GPR_RESERVED    (REG_BIT(RSP) | REG_BIT(RBP) | REG_BIT(R10) | REG_BIT(R11))
#define CALLEE_SAVED    (REG_BIT(RBX) | REG_BIT(R12) | REG_BIT(R13) | REG_BIT(R14) | REG_BIT(R15))

typedef struct HostFeatures {
    bool bmi1, bmi2, lzcnt, avx, aes, pclmul, fma;
} HostFeatures;
extern HostFeatures host_features;

/* entry points made once by runtime.c */
enum { THUNK_LD, THUNK_ST, THUNK_LD128, THUNK_ST128, THUNK_RMW, THUNK_CMPXCHG, N_SLOW_THUNKS };
typedef struct Thunks {
    const uint8_t *run, *exit, *exit_stub, *lookup, *fault;
    const uint8_t *slow[N_SLOW_THUNKS][2];      /* [1]: saves vector registers too */
} Thunks;
extern Thunks thunks;
extern bool base_in_reg;                        /* r15 is guest_base */

/* a value of a slow path: register, or constant temp */
typedef struct Val {
    int16_t reg;                /* -1: constant */
    uint16_t idx;
} Val;

/* A value that a stub stores: to the home of @idx, or where a late store of @idx goes. */
typedef struct Snap {
    uint16_t idx;
    Val val;                    /* reg VAL_HOME: in its home (late stores) */
    uint16_t base;              /* late stores: temp of the pointer; IR_NO_ARG: to the home */
    int8_t base_reg;            /* -1: in its home */
    int32_t ofs;
    MemOp mo;
} Snap;
enum { VAL_HOME = -2 };

/* an st_late that has not been covered yet */
typedef struct LateStore {
    uint16_t value, base;
    int32_t ofs;
    MemOp mo;
} LateStore;
#define MAX_LATE 32

typedef enum StubKind { STUB_LD, STUB_ST, STUB_RMW, STUB_CMPXCHG, STUB_FAULT, STUB_EXIT,
                        STUB_LOOKUP, STUB_EDGE } StubKind;

typedef struct Stub {
    uint8_t kind, type;
    bool save_xmm;
    int8_t addr, out;           /* out -1: not wanted */
    uint16_t op;                /* atomics; edges: the label */
    MemOp mo;
    Val data[2];
    uint8_t *jump[3];           /* to patch with the stub's address */
    uint8_t *back;              /* where it returns to */
    uint32_t snap, n_snap, insn_idx, ofs;
} Stub;

typedef struct Move { int8_t d, s; bool done; } Move;

/* what enters the running loop's head in registers, see loops.c */
#define LOOP_MAX_ENTRIES 32
typedef struct LoopEntry { uint16_t idx; int8_t reg; bool dirty; } LoopEntry;
typedef struct LoopMap {
    unsigned n, label, end_op;
    LoopEntry e[LOOP_MAX_ENTRIES];
} LoopMap;

typedef struct Fixup { uint8_t *at; uint32_t target; } Fixup;

typedef struct Gen {
    Asm as;
    uint8_t *end;               /* of the room */
    bool full;
    IrBlock *b;
    const void *tb;
    uint64_t flags;
    TcgCode *out;

    /* register allocation */
    uint32_t avail, free, locked;
    uint32_t clock;
    uint32_t last_use[32];
    int16_t temp_of[32];        /* -1: none */
    int8_t reg_of[IR_MAX_TEMPS];
    bool dirty[IR_MAX_TEMPS];
    uint16_t pending[IR_MAX_TEMPS];     /* constant not yet stored to its home; 0: none */
    int32_t slot_of[IR_MAX_TEMPS];      /* stack slot, 0: none yet */
    int32_t next_slot;

    uint32_t label_ofs[IR_MAX_LABELS];  /* ~0: not bound yet */
    GArray *label_fixups, *pool_fixups; /* Fixup */
    GArray *pool;                       /* uint64_t */
    GArray *stubs;                      /* Stub */
    GArray *snaps;                      /* Snap */
    GArray *insns, *accesses;           /* SideInsn, SideAccess (stub_ofs: stub's index) */
    uint32_t insn_idx;                  /* the insn_start before this point, or ~0 */
    unsigned op_idx;                    /* the op being written */
    LoopMap loop;
    int32_t last_fault;                 /* fault stub that may serve again, or -1 */
    const IrNode *sum;                  /* addition left to the next access's addressing, or NULL */
    LateStore late[MAX_LATE];
    unsigned n_late;
} Gen;

/* ---- regs.c ---- */
void regs_reset(Gen *g);
static inline IrTemp *temp_at(Gen *g, unsigned idx) { return ir_temp_at(g->b, idx); }
static inline bool is_const(Gen *g, unsigned idx) { return temp_at(g, idx)->kind == IR_KIND_CONST; }
/* constant that fits a sign-extended imm32 */
bool imm_of(Gen *g, unsigned idx, int32_t *imm);
static inline uint32_t class_of(IrType t) { return ir_type_is_int(t) ? GPR_MASK : XMM_MASK; }
int alloc_reg(Gen *g, uint32_t mask, bool prefer_callee_saved);
bool prefers_callee(Gen *g, unsigned idx);
int in_reg_mask(Gen *g, unsigned idx, uint32_t mask);   /* loads, locks */
static inline int in_reg(Gen *g, unsigned idx) { return in_reg_mask(g, idx, 0xffffffffu); }
void copy_to(Gen *g, int reg, unsigned idx);    /* value of idx into a register it does not own */
void evict(Gen *g, int reg);                    /* moves or stores what is there */
void take_fixed(Gen *g, int reg);               /* evict and lock */
void release_dead(Gen *g, const IrNode *o);     /* operands not used again lose their registers */
/* register for result k: @pref if it is free by now, the old one, or a new one. Not bound yet. */
int out_choose(Gen *g, const IrNode *o, unsigned k, int pref, uint32_t avoid);
void out_bind(Gen *g, const IrNode *o, unsigned k, int reg);
void drop(Gen *g, unsigned idx);                /* forget the register, value and pending */
void sync_temp(Gen *g, unsigned idx);           /* home becomes right */
void sync_globals(Gen *g);
void sync_set(Gen *g, const uint64_t *live);    /* dirty ones of a live set */
void drop_all(Gen *g);
void set_pending(Gen *g, unsigned idx, unsigned const_idx);
void reg_move(Gen *g, int d, int s, IrType t);
void reg_load(Gen *g, int d, Mem m, IrType t);
void reg_store(Gen *g, int s, Mem m, IrType t);
void store_const(Gen *g, unsigned const_idx, Mem m, unsigned bytes);
Mem home_of(Gen *g, unsigned idx);
/* dirty globals, and late stores, for a stub */
void snapshot(Gen *g, uint32_t *first, uint32_t *n);
void snapshot_set(Gen *g, const uint64_t *live, uint32_t *first, uint32_t *n);

/* ---- loops.c ---- */
bool loop_begin(Gen *g, unsigned label);
bool loop_active(const Gen *g);
bool loop_is_head(const Gen *g, unsigned label);
bool loop_edge_needed(Gen *g);
void loop_edge(Gen *g);

/* ---- mem.c ---- */
void gen_gld(Gen *g, const IrNode *o);
void gen_gst(Gen *g, const IrNode *o);
void gen_rmw(Gen *g, const IrNode *o);
void gen_gcmpxchg(Gen *g, const IrNode *o);
bool sum_folds(Gen *g, unsigned op_idx);        /* then g->sum is set and the op is not emitted */
void gen_st_late(Gen *g, const IrNode *o);
void late_end(Gen *g, const IrNode *o);         /* at a store that covers late ones */
Stub *stub_new(Gen *g, StubKind kind);
void stubs_write(Gen *g);

/* ---- ops.c ---- */
/* registers to registers, all at once; @scratch breaks cycles */
void moves_run(Gen *g, Move *mv, unsigned n, int scratch, IrType t);
void label_jump(Gen *g, uint8_t *at, unsigned label);
void gen_op(Gen *g, const IrNode *o);
void gen_call_abs(Gen *g, const void *fn);
void gen_jmp_abs(Gen *g, const void *dest);
void gen_exit_value(Gen *g, unsigned slot);

#endif
