/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Constant folding: the meaning column of the integer rows of irops.def. */
#include "ir-internal.h"
#include "ireval-int.h"

/* rows of one plain integer result from integer operands of one width */
#define FOLD_CTL(means)     return false
#define FOLD_YES(means)     *r = (means); return true
#define FOLD_I_II(means)    FOLD_YES(means)
#define FOLD_I_I(means)     FOLD_YES(means)
#define FOLD_I_In(means)    FOLD_YES(means)
#define FOLD_I_IIn(means)   FOLD_YES(means)
#define FOLD_W_L(means)     FOLD_YES(means)
#define FOLD_L_W(means)     FOLD_YES(means)
#define FOLD_J_IIn(means)   FOLD_YES(means)
#define FOLD_X_X(means)     FOLD_YES(means)
#define NOFOLD(means)       return false
#define FOLD_II_II NOFOLD
#define FOLD_W_WW NOFOLD
#define FOLD_L_LL NOFOLD
#define FOLD_J_F NOFOLD
#define FOLD_F_J NOFOLD
#define FOLD_V_L NOFOLD
#define FOLD_V_W NOFOLD
#define FOLD_L_V NOFOLD
#define FOLD_W_V NOFOLD
#define FOLD_V_VLn NOFOLD
#define FOLD_V_VWn NOFOLD
#define FOLD_S_V NOFOLD
#define FOLD_D_V NOFOLD
#define FOLD_V_VS NOFOLD
#define FOLD_V_VD NOFOLD
#define FOLD_V_S NOFOLD
#define FOLD_V_D NOFOLD
#define FOLD_W_Vn NOFOLD
#define FOLD_L_Vn NOFOLD
#define FOLD_W_VV NOFOLD
#define FOLD_S_SS NOFOLD
#define FOLD_S_S NOFOLD
#define FOLD_S_SSn NOFOLD
#define FOLD_S_Sn NOFOLD
#define FOLD_D_DD NOFOLD
#define FOLD_D_D NOFOLD
#define FOLD_D_DDn NOFOLD
#define FOLD_D_Dn NOFOLD
#define FOLD_W_SS NOFOLD
#define FOLD_W_DD NOFOLD
#define FOLD_S_J NOFOLD
#define FOLD_D_J NOFOLD
#define FOLD_J_S NOFOLD
#define FOLD_J_D NOFOLD
#define FOLD_D_S NOFOLD
#define FOLD_S_D NOFOLD
#define FOLD_V_VV NOFOLD
#define FOLD_V_V NOFOLD
#define FOLD_V_VVn NOFOLD
#define FOLD_V_Vn NOFOLD
#define FOLD_V_VVV NOFOLD
#define FOLD_W_SSn NOFOLD
#define FOLD_W_DDn NOFOLD
#define FOLD_S_SSS NOFOLD
#define FOLD_D_DDD NOFOLD

static inline __attribute__((always_inline)) bool fold(IrOp op, unsigned W, uint64_t a, uint64_t b,
                                                       uint64_t N, uint64_t *r)
{
    switch (op) {
#define IROP(n, sig, flags, host, means) case IR_##n: FOLD_##sig(means);
#include "tcg/irops.def"
#undef IROP
    case IR_N_OPS: break;
    }
    return false;
}

bool ir_eval_int(IrOp op, IrType type, uint64_t a, uint64_t b, uint64_t n, uint64_t *result)
{
    return type == IR_I32 ? fold(op, 32, a, b, n, result) : fold(op, 64, a, b, n, result);
}

bool ir_eval_cond(IrCond cond, IrType type, uint64_t a, uint64_t b)
{
    const unsigned W = type == IR_I32 ? 32 : 64;

    return COND(cond, a, b);
}
