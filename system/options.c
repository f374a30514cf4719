/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command-line options: one row each. */
#include "options.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "accel/accel.h"
#include "config-host.h"
#include "hw/core/device.h"
#include "qom/parse.h"
#include "runstate.h"
#include "target/i386/cpu.h"
#include "util/log.h"
#include "util/trace.h"

typedef struct OptionRow {
    const char *name, *arg, *help;      /* arg NULL: none; help NULL: accepted, not listed */
    bool (*handle)(CommandLine *cl, const char *arg, Error **errp);
} OptionRow;

static bool is_help(const char *text)
{
    return strcmp(text, "help") == 0 || strcmp(text, "?") == 0;
}

static bool ignored(CommandLine *cl, const char *a, Error **errp)
{
    return true;
}

/* ---- machine ---- */

static const MachineType *find_machine(const char *name)
{
    for (unsigned i = 0; machine_types[i]; i++) {
        const MachineType *m = machine_types[i];
        if (strcmp(m->name, name) == 0 || (m->alias && strcmp(m->alias, name) == 0)) {
            return m;
        }
    }
    return NULL;
}

G_NORETURN static void machine_help(void)
{
    printf("Supported machines are:\n");
    for (unsigned i = 0; machine_types[i]; i++) {
        const MachineType *m = machine_types[i];
        if (m->alias) {
            printf("%-20s %s (alias of %s)\n", m->alias, m->desc, m->name);
        }
        printf("%-20s %s%s\n", m->name, m->desc, m->is_default ? " (default)" : "");
    }
    exit(0);
}

static bool opt_machine(CommandLine *cl, const char *a, Error **errp)
{
    g_autoptr(Opts) o = opts_parse(a, "type", NULL, errp);

    if (!o) {
        return false;
    }
    GString *props = g_string_new(NULL);
    for (unsigned i = 0; i < o->n; i++) {
        const char *key = o->v[i].key, *value = o->v[i].value;
        if (strcmp(key, "type") == 0) {
            if (is_help(value)) {
                machine_help();
            }
            cl->type = find_machine(value);
            if (!cl->type) {
                error_setg(errp, "unsupported machine type '%s': use -machine help to list "
                           "supported machines", value);
                g_string_free(props, TRUE);
                return false;
            }
        } else if (strcmp(key, "accel") == 0) {
            g_free((char *)cl->accel);
            cl->accel = g_strdup(value);
        } else {
            g_string_append_printf(props, "%s%s=%s", props->len ? "," : "", key, value);
        }
    }
    g_free(cl->machine_props);
    cl->machine_props = g_string_free(props, FALSE);
    return true;
}

static bool opt_accel(CommandLine *cl, const char *a, Error **errp)
{
    if (is_help(a)) {
        printf("Accelerators supported in QEMU binary:\ntcg\n");
        exit(0);
    }
    g_free((char *)cl->accel);
    cl->accel = g_strdup(a);
    return true;
}

static bool opt_cpu(CommandLine *cl, const char *a, Error **errp)
{
    if (is_help(a)) {
        x86_cpu_models_print(stdout);
        exit(0);
    }
    cl->machine.cpu_model = a;
    return true;
}

enum { MIB = 1 << 20 };

static bool opt_memory(CommandLine *cl, const char *a, Error **errp)
{
    g_autoptr(Opts) o = opts_parse(a, "size", NULL, errp);
    uint64_t size = cl->machine.ram_bytes, max = 0, slots = 0;
    Error *err = NULL;

    if (!o) {
        return false;
    }
    if (!opts_get_size(o, "size", 'M', &size, &err) || !opts_get_size(o, "maxmem", 'M', &max, &err) ||
        !opts_get_u64(o, "slots", &slots, &err) || !opts_all_used(o, &err)) {
        error_setg(errp, "-m %s: %s", a, error_text(err));
        error_free(err);
        return false;
    }
    size = (size + 8191) & ~(uint64_t)8191;
    if (size < 2 * MIB || size > 1ull << 40) {
        error_setg(errp, "-m %s: memory size must be from 2 MiB to 1 TiB", a);
        return false;
    }
    if (max > 1ull << 52) {
        error_setg(errp, "-m %s: maxmem is beyond what an x86 CPU can address", a);
        return false;
    }
    if (max && max < size) {
        error_setg(errp, "-m %s: maxmem must not be below the initial memory", a);
        return false;
    }
    if (slots > 256) {
        error_setg(errp, "-m %s: at most 256 slots", a);
        return false;
    }
    cl->machine.ram_bytes = size;
    cl->machine.maxram_bytes = max ? max : size;
    cl->machine.n_slots = (unsigned)slots;
    return true;
}

static bool opt_smp(CommandLine *cl, const char *a, Error **errp)
{
    g_autoptr(Opts) o = opts_parse(a, "cpus", NULL, errp);
    uint64_t cpus = 0, max = 0, sockets = 0, dies = 1, cores = 0, threads = 0;
    Error *err = NULL;

    if (!o) {
        return false;
    }
    if (!opts_get_u64(o, "cpus", &cpus, &err) || !opts_get_u64(o, "maxcpus", &max, &err) ||
        !opts_get_u64(o, "sockets", &sockets, &err) || !opts_get_u64(o, "dies", &dies, &err) ||
        !opts_get_u64(o, "cores", &cores, &err) || !opts_get_u64(o, "threads", &threads, &err) ||
        !opts_all_used(o, &err)) {
        error_setg(errp, "-smp %s: %s", a, error_text(err));
        error_free(err);
        return false;
    }
    if (sockets > 1024 || cores > 1024 || threads > 1024 || dies > 1024) {
        error_setg(errp, "-smp %s: absurd topology", a);
        return false;
    }
    uint64_t product = (sockets ? sockets : 1) * (cores ? cores : 1) * (threads ? threads : 1) *
                       (dies ? dies : 1);
    if (!cpus && !opts_get(o, "cpus")) {
        cpus = max ? max : product;
    }
    if (cpus < 1 || cpus > 255 || max > 255 || (max && max < cpus)) {
        error_setg(errp, "-smp %s: Invalid CPU topology: from 1 to 255 CPUs, maxcpus not below cpus",
                   a);
        return false;
    }
    bool whole = sockets && cores && threads;
    uint64_t all = max ? max : cpus;
    if (whole ? product != all : all % product) {
        error_setg(errp, "-smp %s: Invalid CPU topology: product of the hierarchy must match "
                   "maxcpus: sockets (%u) * dies (%u) * cores (%u) * threads (%u) != maxcpus (%u)",
                   a, (unsigned)sockets, (unsigned)dies, (unsigned)cores, (unsigned)threads,
                   (unsigned)all);
        return false;
    }
    cl->machine.n_cpus = (unsigned)cpus;
    cl->machine.max_cpus = (unsigned)(max ? max : cpus);
    return true;
}

static bool opt_kernel(CommandLine *cl, const char *a, Error **errp)
{ cl->machine.kernel = a; return true; }
static bool opt_initrd(CommandLine *cl, const char *a, Error **errp)
{ cl->machine.initrd = a; return true; }
static bool opt_append(CommandLine *cl, const char *a, Error **errp)
{ cl->machine.append = a; return true; }
static bool opt_bios(CommandLine *cl, const char *a, Error **errp)
{ cl->machine.bios = a; return true; }
static bool opt_no_reboot(CommandLine *cl, const char *a, Error **errp)
{ cl->machine.no_reboot = true; return true; }
static bool opt_no_shutdown(CommandLine *cl, const char *a, Error **errp)
{ cl->machine.no_shutdown = true; return true; }
static bool opt_paused(CommandLine *cl, const char *a, Error **errp)
{ cl->paused = true; return true; }
static bool opt_nographic(CommandLine *cl, const char *a, Error **errp)
{ cl->nographic = true; return true; }
static bool opt_nodefaults(CommandLine *cl, const char *a, Error **errp)
{ cl->nodefaults = true; return true; }
static bool opt_daemonize(CommandLine *cl, const char *a, Error **errp)
{ cl->daemonize = true; return true; }
static bool opt_gdb(CommandLine *cl, const char *a, Error **errp) { cl->gdb = a; return true; }
static bool opt_s(CommandLine *cl, const char *a, Error **errp)
{ cl->gdb = "tcp::1234"; return true; }
static bool opt_qtest(CommandLine *cl, const char *a, Error **errp) { cl->qtest = a; return true; }
static bool opt_pidfile(CommandLine *cl, const char *a, Error **errp)
{ cl->pidfile = a; return true; }
static bool opt_debugcon(CommandLine *cl, const char *a, Error **errp)
{ cl->debugcon = a; return true; }

static bool opt_name(CommandLine *cl, const char *a, Error **errp)
{
    g_autoptr(Opts) o = opts_parse(a, "guest", NULL, errp);

    if (!o) {
        return false;
    }
    cl->name = g_strdup(opts_get(o, "guest"));
    opts_get(o, "process");
    opts_get(o, "debug-threads");
    return opts_all_used(o, errp);
}

static bool opt_uuid(CommandLine *cl, const char *a, Error **errp)
{
    uint8_t id[16];

    if (!parse_uuid(a, id)) {
        error_setg(errp, "failed to parse UUID string: wrong format: '%s'", a);
        return false;
    }
    cl->uuid = a;
    cl->machine.uuid = a;
    return true;
}

static bool opt_rtc(CommandLine *cl, const char *a, Error **errp)
{
    g_autoptr(Opts) o = opts_parse(a, NULL, NULL, errp);

    if (!o) {
        return false;
    }
    const char *base = opts_get(o, "base");
    opts_get(o, "clock");
    opts_get(o, "driftfix");
    if (base && strcmp(base, "localtime") == 0) {
        cl->machine.rtc_localtime = true;
    } else if (base && strcmp(base, "utc") != 0) {
        cl->rtc_base = g_strdup(base);
        cl->machine.rtc_base = cl->rtc_base;
    }
    return opts_all_used(o, errp);
}

/* ---- devices, objects, characters ---- */

static bool opt_device(CommandLine *cl, const char *a, Error **errp)
{
    Opts *o;

    if (is_help(a)) {
        device_help(stdout);
        exit(0);
    }
    o = opts_parse(a, "driver", NULL, errp);
    if (!o) {
        return false;
    }
    const char *driver = opts_get(o, "driver");
    if (!driver) {
        error_setg(errp, "-device %s: Parameter 'driver' is missing", a);
        opts_free(o);
        return false;
    }
    if (opts_get(o, "help") || opts_get(o, "?")) {
        if (!device_help_props(driver, stdout, errp)) {
            return false;
        }
        exit(0);
    }
    g_ptr_array_add(cl->devices, o);
    return true;
}

static void print_type(ObjectClass *k, void *opaque)
{
    printf("  %s\n", k->name);
}

static bool opt_object(CommandLine *cl, const char *a, Error **errp)
{
    if (is_help(a)) {
        printf("List of user creatable objects:\n");
        object_class_foreach("memory-backend", false, print_type, NULL);
        exit(0);
    }
    Opts *o = opts_parse(a, "qom-type", NULL, errp);
    if (o) {
        g_ptr_array_add(cl->objects, o);
    }
    return o != NULL;
}

static bool opt_global(CommandLine *cl, const char *a, Error **errp)
{
    const char *eq = strchr(a, '='), *dot = strchr(a, '.');

    if (!eq || !dot || dot > eq || dot == a || eq == dot + 1) {
        error_setg(errp, "-global %s: expects driver.property=value", a);
        return false;
    }
    g_autofree char *driver = g_strndup(a, (gsize)(dot - a));
    g_autofree char *prop = g_strndup(dot + 1, (gsize)(eq - dot - 1));
    global_property_add(driver, prop, eq + 1);
    return true;
}

static bool opt_chardev(CommandLine *cl, const char *a, Error **errp)
{
    if (is_help(a)) {
        chardev_help(stdout);
        exit(0);
    }
    g_ptr_array_add(cl->chardevs, (char *)a);
    return true;
}

static bool opt_serial(CommandLine *cl, const char *a, Error **errp)
{
    if (cl->serials->len >= 4) {
        error_setg(errp, "-serial %s: at most 4 serial ports", a);
        return false;
    }
    cl->serial_given = true;
    g_ptr_array_add(cl->serials, (char *)a);
    return true;
}

static bool add_monitor(CommandLine *cl, const char *a, bool control, bool pretty)
{
    MonOption *m = g_new(MonOption, 1);

    *m = (MonOption){ g_strdup(a), control, pretty };
    g_ptr_array_add(cl->monitors, m);
    return true;
}

static bool opt_monitor(CommandLine *cl, const char *a, Error **errp)
{
    cl->monitor_given = true;
    return strcmp(a, "none") == 0 || add_monitor(cl, a, false, false);
}

static bool opt_qmp(CommandLine *cl, const char *a, Error **errp)
{
    cl->monitor_given = true;
    return strcmp(a, "none") == 0 || add_monitor(cl, a, true, false);
}

static bool opt_qmp_pretty(CommandLine *cl, const char *a, Error **errp)
{
    cl->monitor_given = true;
    return add_monitor(cl, a, true, true);
}

static bool opt_mon(CommandLine *cl, const char *a, Error **errp)
{
    cl->monitor_given = true;
    g_ptr_array_add(cl->mon_opts, (char *)a);
    return true;
}

static bool opt_none_only(CommandLine *cl, const char *a, Error **errp)
{
    if (strcmp(a, "none") != 0) {
        error_setg(errp, "'%s': there is no display; only 'none' is supported", a);
        return false;
    }
    return true;
}

static bool opt_add_fd(CommandLine *cl, const char *a, Error **errp)
{
    g_autoptr(Opts) o = opts_parse(a, NULL, NULL, errp);
    uint64_t set = 0, fd = 0;

    if (!o || !opts_get_u64(o, "set", &set, errp) || !opts_get_u64(o, "fd", &fd, errp)) {
        return false;
    }
    if (!opts_get(o, "set") || !opts_get(o, "fd") || fd <= 2 || fd > INT_MAX || set > INT_MAX) {
        error_setg(errp, "-add-fd %s: needs set=N and fd=N above 2", a);
        return false;
    }
    opts_get(o, "opaque");
    return opts_all_used(o, errp) && chardev_add_fd((unsigned)set, (int)fd, errp);
}

static bool opt_action(CommandLine *cl, const char *a, Error **errp)
{
    g_autoptr(Opts) o = opts_parse(a, NULL, NULL, errp);
    const char *reboot = o ? opts_get(o, "reboot") : NULL;
    const char *shutdown = o ? opts_get(o, "shutdown") : NULL;
    const char *panic = o ? opts_get(o, "panic") : NULL;
    int r = reboot ? qapi_enum_parse(&RebootAction_type, reboot) : 0;
    int s = shutdown ? qapi_enum_parse(&ShutdownAction_type, shutdown) : 0;
    int p = panic ? qapi_enum_parse(&PanicAction_type, panic) : 0;

    if (!o) {
        return false;
    }
    opts_get(o, "watchdog");
    if (r < 0 || s < 0 || p < 0) {
        error_setg(errp, "-action %s: no such action", a);
        return false;
    }
    cl->machine.no_reboot = reboot ? r == REBOOT_ACTION_SHUTDOWN : cl->machine.no_reboot;
    cl->machine.no_shutdown = shutdown ? s == SHUTDOWN_ACTION_PAUSE : cl->machine.no_shutdown;
    if (panic) {
        runstate_set_action(false, 0, false, 0, true, (PanicAction)p);
    }
    return opts_all_used(o, errp);
}

static bool opt_no_acpi(CommandLine *cl, const char *a, Error **errp)
{
    cl->machine.acpi = false;
    return true;
}

/* ---- debugging ---- */

static bool opt_log(CommandLine *cl, const char *a, Error **errp) { return log_set_items(a, errp); }
static bool opt_log_file(CommandLine *cl, const char *a, Error **errp)
{ return log_set_file(a, errp); }

static bool opt_kvm(CommandLine *cl, const char *a, Error **errp)
{
    error_setg(errp, "-enable-kvm: there is no KVM accelerator in this build");
    return false;
}

static bool opt_trace(CommandLine *cl, const char *a, Error **errp)
{
    g_autoptr(Opts) o = opts_parse(a, "enable", NULL, errp);

    if (!o) {
        return false;
    }
    for (unsigned i = 0; i < o->n; i++) {
        const char *key = o->v[i].key, *value = o->v[i].value;
        if (strcmp(key, "enable") == 0 && is_help(value)) {
            trace_print_names(stdout);
            exit(0);
        }
        if (strcmp(key, "enable") != 0 && strcmp(key, "events") != 0 && strcmp(key, "file") != 0) {
            error_setg(errp, "-trace %s: Invalid parameter '%s'", a, key);
            return false;
        }
        if (strcmp(key, "enable") == 0 ? !trace_set_text(value, errp)
            : strcmp(key, "events") == 0 ? !trace_set_from_file(value, errp)
            : !log_set_file(value, errp)) {
            return false;
        }
    }
    return true;
}

static bool opt_version(CommandLine *cl, const char *a, Error **errp)
{
    printf("QEMU emulator version %s\n"
           "An independent emulator with QEMU's interface, under the GNU GPL, version 2 or later\n",
           CONFIG_VERSION);
    exit(0);
}

static bool opt_help(CommandLine *cl, const char *a, Error **errp);

static const OptionRow rows[] = {
    { "h", NULL, "display this help and exit", opt_help },
    { "help", NULL, NULL, opt_help },
    { "version", NULL, "display version information and exit", opt_version },
    { "machine", "[type=]name[,prop[=value]]", "machine ('help' lists them)", opt_machine },
    { "M", "name", NULL, opt_machine },
    { "cpu", "model[,feature]", "CPU model ('help' lists them)", opt_cpu },
    { "accel", "name[,prop=value]", "accelerator: tcg[,thread=multi][,backend=native|interp]",
      opt_accel },
    { "smp", "n[,maxcpus=n][,sockets=n][,cores=n][,threads=n]", "number of CPUs", opt_smp },
    { "m", "[size=]megs[,slots=n,maxmem=size]", "guest memory", opt_memory },
    { "kernel", "bzImage", "boot this kernel", opt_kernel },
    { "initrd", "file", "initial RAM disk", opt_initrd },
    { "append", "cmdline", "kernel command line", opt_append },
    { "bios", "file", "firmware image", opt_bios },
    { "device", "driver[,prop=value]", "add a device ('help' lists them)", opt_device },
    { "object", "type,id=id[,prop=value]", "create an object ('help' lists types)", opt_object },
    { "global", "driver.property=value", "set a default of a property", opt_global },
    { "chardev", "backend,id=id[,...]", "character device ('help' lists them)", opt_chardev },
    { "serial", "dev", "redirect a serial port", opt_serial },
    { "monitor", "dev", "human monitor", opt_monitor },
    { "qmp", "dev", "QMP monitor", opt_qmp },
    { "qmp-pretty", "dev", "QMP monitor with indented answers", opt_qmp_pretty },
    { "mon", "[chardev=]id[,mode=readline|control]", "monitor on a character device", opt_mon },
    { "nographic", NULL, "serial port and monitor on the terminal", opt_nographic },
    { "display", "none", "only 'none' is supported", opt_none_only },
    { "vga", "none", "only 'none' is supported", opt_none_only },
    { "nodefaults", NULL, "no default serial port and monitor", opt_nodefaults },
    { "no-reboot", NULL, "exit instead of rebooting", opt_no_reboot },
    { "no-shutdown", NULL, "stop instead of exiting at power-off", opt_no_shutdown },
    { "S", NULL, "do not start the CPUs", opt_paused },
    { "s", NULL, "shorthand for -gdb tcp::1234", opt_s },
    { "gdb", "dev", "wait for gdb on a character device", opt_gdb },
    { "d", "item[,...]", "log items ('help' lists them)", opt_log },
    { "D", "logfile", "log to a file", opt_log_file },
    { "trace", "[[enable=]pattern][,events=file][,file=file]", "trace events ('help' lists them)",
      opt_trace },
    { "name", "string", "name of the guest", opt_name },
    { "uuid", "uuid", "UUID of the machine", opt_uuid },
    { "rtc", "base=utc|localtime|datetime", "the clock's start", opt_rtc },
    { "debugcon", "dev", "debug console on port 0xe9", opt_debugcon },
    { "pidfile", "file", "write the process id to a file", opt_pidfile },
    { "daemonize", NULL, "go into the background once started", opt_daemonize },
    { "qtest", "dev", "test protocol on a character device", opt_qtest },
    { "enable-kvm", NULL, NULL, opt_kvm },
    { "add-fd", "set=n,fd=n", "make a file descriptor known as /dev/fdset/SET", opt_add_fd },
    { "action", "reboot=reset|shutdown,shutdown=poweroff|pause", "what such events do",
      opt_action },
    { "no-acpi", NULL, NULL, opt_no_acpi }, { "audiodev", "", NULL, ignored },
    { "usb", NULL, NULL, ignored },
    { "no-user-config", NULL, NULL, ignored }, { "nodefconfig", NULL, NULL, ignored },
    { "no-fd-bootchk", NULL, NULL, ignored }, { "sandbox", "", NULL, ignored },
    { "msg", "", NULL, ignored }, { "boot", "", NULL, ignored },
    { "overcommit", "", NULL, ignored }, { "run-with", "", NULL, ignored },
    { "L", "", NULL, ignored }, { "no-hpet", NULL, NULL, ignored }, { "audio", "", NULL, ignored },
    { "net", "none", NULL, opt_none_only }, { "nic", "none", NULL, opt_none_only },
};

static bool opt_help(CommandLine *cl, const char *a, Error **errp)
{
    printf("QEMU emulator version %s\nusage: %s [options]\n\n", CONFIG_VERSION, g_get_prgname());
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].help) {
            printf("-%s %s\n                %s\n", rows[i].name, rows[i].arg ? rows[i].arg : "",
                   rows[i].help);
        }
    }
    exit(0);
}

void options_foreach(void (*fn)(const char *name, void *opaque), void *opaque)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        fn(rows[i].name, opaque);
    }
}

static const OptionRow *find_row(const char *text)
{
    const char *name = text + 1 + (text[1] == '-');

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool wants_vmbus(const CommandLine *cl)
{
    for (unsigned i = 0; i < cl->devices->len; i++) {
        const char *driver = opts_get(cl->devices->pdata[i], "driver");
        ObjectClass *k = object_class_by_name(driver);
        bool on_bus = k && object_class_is(k, TYPE_DEVICE) && device_class(k)->bus_type &&
                      strcmp(device_class(k)->bus_type, "vmbus") == 0;
        if (on_bus || strcmp(driver, "vmbus-bridge") == 0 || strcmp(driver, "hv-balloon") == 0) {
            return true;
        }
    }
    return false;
}

bool command_line_parse(CommandLine *cl, int argc, char **argv, Error **errp)
{
    *cl = (CommandLine){
        .machine = { .ram_bytes = 128 * MIB, .maxram_bytes = 128 * MIB, .n_cpus = 1, .max_cpus = 1,
                     .acpi = true },
        .accel = g_strdup("tcg"),
        .devices = g_ptr_array_new(), .objects = g_ptr_array_new(), .chardevs = g_ptr_array_new(),
        .serials = g_ptr_array_new(), .monitors = g_ptr_array_new(),
        .mon_opts = g_ptr_array_new(),
    };
    for (unsigned i = 0; machine_types[i]; i++) {
        if (machine_types[i]->is_default) {
            cl->type = machine_types[i];
        }
    }
    for (int i = 1; i < argc; i++) {
        const OptionRow *row = argv[i][0] == '-' ? find_row(argv[i]) : NULL;

        if (argv[i][0] != '-') {
            error_setg(errp, "%s: disk images are not supported", argv[i]);
            return false;
        }
        if (!row) {
            error_setg(errp, "%s: invalid option", argv[i]);
            return false;
        }
        if (row->arg && i + 1 >= argc) {
            error_setg(errp, "%s: requires an argument", argv[i]);
            return false;
        }
        Error *err = NULL;
        if (!row->handle(cl, row->arg ? argv[i + 1] : NULL, &err)) {
            if (error_text(err)[0] != '-') {
                error_prepend(&err, "%s%s%s: ", argv[i], row->arg ? " " : "",
                              row->arg ? argv[i + 1] : "");
            }
            error_propagate(errp, err);
            return false;
        }
        i += row->arg != NULL;
    }
    cl->machine.machine = cl->type->name;
    cl->machine.machine_props = cl->machine_props;
    cl->machine.with_hyperv_devices = wants_vmbus(cl);
    return true;
}
