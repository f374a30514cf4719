/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run states:
 *
 *   prelaunch --vm_start()--> running <--vm_start()/vm_stop()--> paused, debug, shutdown,
 *                                                                guest-panicked
 *
 * Requests come from devices, monitors and signals; they set a field and wake the main loop, where
 * runstate_process() acts on them with the vCPUs standing still.
 */
#include "runstate.h"
#include <signal.h>
#include <string.h>
#include "accel/accel.h"
#include "gdbstub/gdbstub.h"
#include "hw/core/device.h"
#include "qapi/qapi-events.h"
#include "target/i386/cpu.h"
#include "util/main-loop.h"
#include "util/trace-system.h"

static RunState state = RUN_STATE_PRELAUNCH;

static void set_state(RunState to)
{
    trace_runstate_set(RunState_str(state), RunState_str(to));
    state = to;
}

static const MachineType *machine;
static RebootAction reboot_action;
static ShutdownAction shutdown_action;
static PanicAction panic_action = PANIC_ACTION_SHUTDOWN;

static ShutdownCause reset_wanted, shutdown_wanted;     /* SHUTDOWN_CAUSE_NONE: no */
static bool exit_wanted, panic_wanted;
static int exit_status;
static CPUState *debug_cpu;
static volatile sig_atomic_t signal_got;

void runstate_init(const MachineType *m, bool no_reboot, bool no_shutdown)
{
    machine = m;
    reboot_action = no_reboot ? REBOOT_ACTION_SHUTDOWN : REBOOT_ACTION_RESET;
    shutdown_action = no_shutdown ? SHUTDOWN_ACTION_PAUSE : SHUTDOWN_ACTION_POWEROFF;
}

RunState runstate_get(void)
{
    return state;
}

bool runstate_running(void)
{
    return state == RUN_STATE_RUNNING;
}

void vm_start(void)
{
    if (state == RUN_STATE_RUNNING) {
        return;
    }
    set_state(RUN_STATE_RUNNING);
    clock_virtual_enable(true);
    x86_tsc_resume();
    resume_all_vcpus();
    qapi_event_send_resume();
}

/* True: it was running. */
static bool stand_still(RunState to)
{
    bool was_running = state == RUN_STATE_RUNNING;

    set_state(to);
    if (was_running) {
        pause_all_vcpus();
        x86_tsc_pause();
        clock_virtual_enable(false);
    }
    return was_running;
}

void vm_stop(RunState to)
{
    if (stand_still(to)) {
        qapi_event_send_stop();
    }
}

void vm_end(void)
{
    stand_still(RUN_STATE_SHUTDOWN);
}

static bool cause_is_guest(ShutdownCause why)
{
    return why == SHUTDOWN_CAUSE_GUEST_SHUTDOWN || why == SHUTDOWN_CAUSE_GUEST_RESET ||
           why == SHUTDOWN_CAUSE_GUEST_PANIC;
}

void request_reset(ShutdownCause why)
{
    if (reboot_action == REBOOT_ACTION_SHUTDOWN && why != SHUTDOWN_CAUSE_SUBSYSTEM_RESET) {
        shutdown_wanted = why;
    } else {
        reset_wanted = why;
    }
    main_loop_wake();
}

void request_shutdown(ShutdownCause why)
{
    shutdown_wanted = why;
    main_loop_wake();
}

void request_exit(int status)
{
    exit_wanted = true;
    exit_status = status;
    main_loop_wake();
}

void request_panic(void)
{
    panic_wanted = true;
    main_loop_wake();
}

void request_debug_stop(CPUState *cpu)
{
    debug_cpu = cpu;
    main_loop_wake();
}

void request_signal(int signo)
{
    signal_got = signo;
    main_loop_wake();
}

bool request_powerdown(Error **errp)
{
    MachineServices *ms = machine_services();

    qapi_event_send_powerdown();
    if (ms->acpi_notify_powerdown) {
        ms->acpi_notify_powerdown();
    }
    return true;
}

void runstate_set_action(bool has_reboot, RebootAction reboot, bool has_shutdown,
                         ShutdownAction shutdown, bool has_panic, PanicAction panic)
{
    reboot_action = has_reboot ? reboot : reboot_action;
    shutdown_action = has_shutdown ? shutdown : shutdown_action;
    panic_action = has_panic ? panic : panic_action;
}

void machine_reset(void)
{
    CPUState *cpu;

    CPU_FOREACH(cpu) {
        cpu_reset(cpu);
    }
    device_reset_all();
    machine->reset();
}

static void do_reset(ShutdownCause why)
{
    bool was_running = state == RUN_STATE_RUNNING;

    if (was_running) {
        pause_all_vcpus();
    }
    machine_reset();
    qapi_event_send_reset(cause_is_guest(why), why);
    if (was_running) {
        resume_all_vcpus();
    } else if (state != RUN_STATE_PRELAUNCH) {
        set_state(RUN_STATE_PAUSED);
    }
}

/* True: the program ends. */
static bool do_shutdown(ShutdownCause why)
{
    qapi_event_send_shutdown(cause_is_guest(why), why);
    if (shutdown_action == SHUTDOWN_ACTION_PAUSE && cause_is_guest(why)) {
        vm_stop(RUN_STATE_SHUTDOWN);
        return false;
    }
    return true;
}

static bool do_panic(void)
{
    qapi_event_send_guest_panicked(panic_action == PANIC_ACTION_PAUSE
                                   ? GUEST_PANIC_ACTION_PAUSE : GUEST_PANIC_ACTION_POWEROFF);
    switch (panic_action) {
    case PANIC_ACTION_PAUSE:
        vm_stop(RUN_STATE_GUEST_PANICKED);
        return false;
    case PANIC_ACTION_NONE:
        return false;
    default:
        return do_shutdown(SHUTDOWN_CAUSE_GUEST_PANIC);
    }
}

bool runstate_process(int *status)
{
    if (signal_got) {
        signal_got = 0;
        shutdown_wanted = SHUTDOWN_CAUSE_HOST_SIGNAL;
    }
    if (exit_wanted) {
        *status = exit_status;
        return true;
    }
    if (panic_wanted) {
        panic_wanted = false;
        if (do_panic()) {
            *status = panic_action == PANIC_ACTION_EXIT_FAILURE;
            return true;
        }
    }
    if (debug_cpu) {
        CPUState *cpu = debug_cpu;
        debug_cpu = NULL;
        vm_stop(RUN_STATE_DEBUG);
        gdb_system_stopped(cpu);
    }
    if (shutdown_wanted != SHUTDOWN_CAUSE_NONE) {
        ShutdownCause why = shutdown_wanted;
        shutdown_wanted = reset_wanted = SHUTDOWN_CAUSE_NONE;
        trace_system_shutdown(ShutdownCause_str(why));
        if (do_shutdown(why)) {
            *status = 0;
            return true;
        }
    }
    if (reset_wanted != SHUTDOWN_CAUSE_NONE) {
        ShutdownCause why = reset_wanted;
        reset_wanted = SHUTDOWN_CAUSE_NONE;
        trace_system_reset(ShutdownCause_str(why));
        do_reset(why);
    }
    return false;
}
