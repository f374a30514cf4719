/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qemu-system-x86_64: start-up as a list of steps, the main loop, the end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "accel/accel.h"
#include "chardev/chardev.h"
#include "gdbstub/gdbstub.h"
#include "hw/core/device.h"
#include "memory/memory.h"
#include "monitor-glue.h"
#include "options.h"
#include "qom-types.h"
#include "qtest.h"
#include "runstate.h"
#include "target/i386/cpu.h"
#include "util/log.h"
#include "util/main-loop.h"

static CommandLine cl;
static int ready_fd = -1;           /* -daemonize: the parent waits for a byte from here */

/* ---- steps of start-up, in the order of steps[] ---- */

static bool step_daemonize(Error **errp)
{
    int fds[2];
    char c = 1;

    if (!cl.daemonize) {
        return true;
    }
    if (pipe(fds) < 0) {
        error_setg_errno(errp, errno, "-daemonize: pipe");
        return false;
    }
    pid_t pid = fork();
    if (pid < 0) {
        error_setg_errno(errp, errno, "-daemonize: fork");
        return false;
    }
    if (pid > 0) {                  /* the parent ends once the child is ready, or with its error */
        close(fds[1]);
        _exit(read(fds[0], &c, 1) == 1 ? c : 1);
    }
    close(fds[0]);
    setsid();
    ready_fd = fds[1];
    return true;
}

static bool pidfile_made;

static void remove_pidfile(void)
{
    if (pidfile_made) {
        unlink(cl.pidfile);
    }
}

static bool step_pidfile(Error **errp)
{
    g_autofree char *text = g_strdup_printf("%d\n", (int)getpid());
    g_autoptr(GError) err = NULL;

    if (cl.pidfile && !g_file_set_contents(cl.pidfile, text, -1, &err)) {
        error_setg(errp, "-pidfile %s: cannot create PID file: %s", cl.pidfile, err->message);
        return false;
    }
    pidfile_made = cl.pidfile != NULL;
    return true;
}

static bool step_chardevs(Error **errp)
{
    for (unsigned i = 0; i < cl.chardevs->len; i++) {
        if (!chardev_new(cl.chardevs->pdata[i], errp)) {
            error_prepend(errp, "-chardev %s: ", (char *)cl.chardevs->pdata[i]);
            return false;
        }
    }
    return true;
}

static bool terminal_is_taken(void)
{
    for (unsigned i = 0; i < cl.serials->len; i++) {
        if (strstr(cl.serials->pdata[i], "stdio")) {
            return true;
        }
    }
    for (unsigned i = 0; i < cl.chardevs->len; i++) {
        if (g_str_has_prefix(cl.chardevs->pdata[i], "stdio")) {
            return true;
        }
    }
    return false;
}

/* -nographic puts on the terminal what nobody put elsewhere */
static void add_defaults(void)
{
    if (cl.nodefaults || !cl.nographic) {
        return;
    }
    if (!cl.serial_given) {
        g_ptr_array_add(cl.serials, (char *)(cl.monitor_given ? "stdio" : "mon:stdio"));
    } else if (!cl.monitor_given && !terminal_is_taken()) {
        MonOption *m = g_new0(MonOption, 1);
        m->text = g_strdup("stdio");
        g_ptr_array_add(cl.monitors, m);
    }
}

static bool step_serials(Error **errp)
{
    add_defaults();
    for (unsigned i = 0; i < cl.serials->len; i++) {
        g_autofree char *id = g_strdup_printf("serial%u", i);

        if (!chardev_from_text(cl.serials->pdata[i], id, &cl.machine.serial[i], errp)) {
            error_prepend(errp, "-serial %s: ", (char *)cl.serials->pdata[i]);
            return false;
        }
    }
    return !cl.debugcon ||
           chardev_from_text(cl.debugcon, "debugcon", &cl.machine.debugcon, errp);
}

static bool step_accel(Error **errp)
{
    if (!accel_select(cl.accel, errp)) {
        return false;
    }
    if (strcmp(accel_current()->name, "qtest") == 0) {
        clock_virtual_manual();
    }
    return accel_current()->init(&x86_cpu_ops, errp);
}

static bool add_object(Opts *o, Error **errp)
{
    return monitor_glue_object_add(o, errp);
}

static bool step_objects(Error **errp)
{
    for (unsigned i = 0; i < cl.objects->len; i++) {
        if (!add_object(cl.objects->pdata[i], errp)) {
            error_prepend(errp, "-object: ");
            return false;
        }
    }
    return true;
}

static void reset_request(bool guest)
{
    request_reset(guest ? SHUTDOWN_CAUSE_GUEST_RESET : SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
}

static void shutdown_request(bool guest)
{
    request_shutdown(guest ? SHUTDOWN_CAUSE_GUEST_SHUTDOWN : SHUTDOWN_CAUSE_HOST_QMP_QUIT);
}

static bool step_machine(Error **errp)
{
    MachineServices *ms = machine_services();

    ms->reset_request = reset_request;
    ms->shutdown_request = shutdown_request;
    ms->debug_exit = request_exit;
    ms->guest_panicked = request_panic;
    if (cl.machine.n_cpus > cl.type->max_cpus) {
        error_setg(errp, "-smp: Invalid SMP CPUs %u. The max CPUs supported by machine '%s' is %u",
                   cl.machine.n_cpus, cl.type->name, cl.type->max_cpus);
        return false;
    }
    cpu_set_debug_handler(request_debug_stop);
    runstate_init(cl.type, cl.machine.no_reboot, cl.machine.no_shutdown);
    return cl.type->build(&cl.machine, errp);
}

static bool step_devices(Error **errp)
{
    for (unsigned i = 0; i < cl.devices->len; i++) {
        if (!monitor_glue_device_add(cl.devices->pdata[i], false, errp)) {
            return false;
        }
    }
    return true;
}

static bool step_finish(Error **errp)
{
    if (!cl.type->finish(&cl.machine, errp)) {
        return false;
    }
    machine_reset();
    return true;
}

static bool step_monitors(Error **errp)
{
    return monitor_glue_start(&cl, errp);
}

static const GdbSystemOps gdb_ops = { vm_start, monitor_glue_stop, monitor_glue_quit };

static bool step_gdb(Error **errp)
{
    if (cl.gdb && !gdb_system_start(cl.gdb, &gdb_ops, errp)) {
        error_prepend(errp, "-gdb %s: ", cl.gdb);
        return false;
    }
    return true;
}

static bool step_qtest(Error **errp)
{
    if (cl.qtest && !qtest_start(cl.qtest, errp)) {
        error_prepend(errp, "-qtest %s: ", cl.qtest);
        return false;
    }
    return true;
}

static bool step_start(Error **errp)
{
    if (!cl.paused) {
        vm_start();
    }
    if (ready_fd >= 0) {
        int null = open("/dev/null", O_RDWR);

        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        if (write(ready_fd, "", 1) != 1) {
            return true;            /* the parent is gone: nobody to tell */
        }
        close(ready_fd);
    }
    return true;
}

static bool (*const steps[])(Error **errp) = {
    step_daemonize, step_pidfile, step_chardevs, step_serials, step_accel, step_objects,
    step_machine, step_devices, step_finish, step_monitors, step_gdb, step_qtest, step_start,
};

static void on_signal(int signo)
{
    request_signal(signo);
}

static void catch_signals(void)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction sa = { .sa_handler = on_signal };

    for (unsigned i = 0; i < G_N_ELEMENTS(signals); i++) {
        sigaction(signals[i], &sa, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
}

/* Ctrl-A x */
static void exit_key(void)
{
    request_shutdown(SHUTDOWN_CAUSE_HOST_SIGNAL);
}

G_NORETURN static void end(int status)
{
    vm_end();
    if (machine_services()->flush_output) {
        machine_services()->flush_output();
    }
    monitor_glue_cleanup();
    chardev_cleanup();
    remove_pidfile();
    fflush(NULL);
    _exit(status);                  /* vCPU threads sleep; nothing of the user's is left */
}

int main(int argc, char **argv)
{
    Error *err = NULL;
    int status = 0;

    error_set_program(argv[0]);
    g_autofree char *base = g_path_get_basename(argv[0]);
    g_set_prgname(base);
    qom_types_register();
    type_init_all();
    qom_containers_make();
    if (!command_line_parse(&cl, argc, argv, &err)) {
        error_report_err(err);
        return 1;
    }
    main_loop_init();
    bql_lock();
    memory_init();
    for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++) {
        if (!steps[i](&err)) {
            error_report_err(err);
            chardev_cleanup();
            remove_pidfile();
            _exit(1);
        }
    }
    catch_signals();
    chardev_set_exit_hook(exit_key);
    while (!runstate_process(&status)) {
        main_loop_step();
    }
    end(status);
}
