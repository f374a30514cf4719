/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -accel qtest: vCPUs exist, with registers and local interrupt controllers, and never run. */
#include "accel-internal.h"
#include "util/main-loop.h"

static bool qtest_init(const CPUOps *ops, Error **errp)
{
    return true;
}

static bool qtest_set_option(const char *key, const char *value, Error **errp)
{
    error_setg(errp, "Property 'qtest-accel.%s' not found", key);
    return false;
}

static bool qtest_create_vcpu(CPUState *cpu, Error **errp)
{
    cpu_init_tlb(cpu);
    cpu->created = cpu->stopped = true;
    return true;
}

/* There is no thread to do what was queued for a vCPU: the main loop does it. */
static void run_queued(void *opaque)
{
    cpu_process_work(opaque);
}

static void qtest_work_queued(CPUState *cpu)
{
    main_loop_later(run_queued, cpu);
}

static void nothing(CPUState *cpu)
{
}

static void qtest_print_info(FILE *f)
{
    fprintf(f, "no translation: -accel qtest\n");
}

const AccelOps qtest_accel_ops = {
    .name = "qtest", .init = qtest_init, .set_option = qtest_set_option,
    .create_vcpu = qtest_create_vcpu, .work_queued = qtest_work_queued, .synchronize_state = nothing,
    .print_info = qtest_print_info,
};
