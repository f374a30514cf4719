/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State registers that translated code does not reach by itself. */
#include "target/e2k/cpu.h"
#include "target/e2k/state-helpers.h"

static uint64_t sreg_read(CPUE2KState *env, uint32_t n)
{
    uint64_t value = 0;

    e2k_sreg_read(env, n, &value);
    return value;
}

static void sreg_write(CPUE2KState *env, uint32_t n, uint64_t value, uint32_t guard)
{
    if (guard && !e2k_sreg_write(env, n, value)) {
        e2k_raise(env, E2K_EXC_PRIV_ACTION, 0, GETPC());
    }
}

static void br_write(CPUE2KState *env, uint64_t value, uint64_t next_ip, uint64_t mode,
                     uint32_t guard)
{
    if (guard) {
        env->ip = next_ip;
        env->mode = (mode & ~E2K_MODE_BR_MASK) | (value & E2K_MODE_BR_MASK);
        env_cpu(env)->exception_index = EXCP_NONE;
        cpu_loop_exit(env_cpu(env));
    }
}

#define I32 IR_I32
#define I64 IR_I64
const IrHelper e2k_helper_sreg_read = { "e2k_sreg_read", (void *)sreg_read, IR_CALL_NO_FAULT, I64,
                                        2, { I64, I32 } };
const IrHelper e2k_helper_sreg_write = { "e2k_sreg_write", (void *)sreg_write, 0, IR_VOID, 4,
                                         { I64, I32, I64, I32 } };
const IrHelper e2k_helper_br_write = { "e2k_br_write", (void *)br_write, 0, IR_VOID, 5,
                                       { I64, I64, I64, I64, I32 } };
