/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qtest commands for what only an x86 vCPU can do. The vCPU (first argument, its index) has the
 * rights of a kernel.
 *
 *   rdmsr CPU MSR                     OK value, or FAIL #GP
 *   wrmsr CPU MSR VALUE               OK, or FAIL #GP
 *   hypercall CPU CONTROL IN OUT      Hyper-V's: OK result, or FAIL #UD while there are none
 */
#include <inttypes.h>
#include "qtest.h"
#include "target/i386/cpu.h"
#include "target/i386/hyperv.h"

static CPUX86State *vcpu(QTest *q, char **w)
{
    CPUState *cpu = cpu_by_index((unsigned)qtest_number(w[1]));

    if (!cpu) {
        qtest_answer(q, "FAIL no vCPU %s\n", w[1]);
    }
    return cpu ? x86_env(cpu) : NULL;
}

static void cmd_rdmsr(QTest *q, char **w)
{
    CPUX86State *env = vcpu(q, w);
    uint64_t val;

    if (env && x86_rdmsr(env, (uint32_t)qtest_number(w[2]), &val)) {
        qtest_answer(q, "OK 0x%016" PRIx64 "\n", val);
    } else if (env) {
        qtest_answer(q, "FAIL #GP\n");
    }
}

static void cmd_wrmsr(QTest *q, char **w)
{
    CPUX86State *env = vcpu(q, w);

    if (env) {
        bool good = x86_wrmsr(env, (uint32_t)qtest_number(w[2]), qtest_number(w[3]));
        qtest_answer(q, good ? "OK\n" : "FAIL #GP\n");
    }
}

static void cmd_hypercall(QTest *q, char **w)
{
    CPUX86State *env = vcpu(q, w);
    uint64_t result;

    if (env && x86_hyperv_call(env, qtest_number(w[2]), qtest_number(w[3]), qtest_number(w[4]),
                               &result)) {
        qtest_answer(q, "OK 0x%016" PRIx64 "\n", result);
    } else if (env) {
        qtest_answer(q, "FAIL #UD\n");
    }
}

const QTestCommand qtest_x86_commands[] = {
    { "rdmsr", 2, cmd_rdmsr }, { "wrmsr", 3, cmd_wrmsr }, { "hypercall", 4, cmd_hypercall },
    { NULL },
};
