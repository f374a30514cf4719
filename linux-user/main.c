/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qemu-ARCH [options] program [arguments]: runs Linux programs of another kind of machine. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>
#include "accel/accel.h"
#include "config-host.h"
#include "gdbstub/gdbstub.h"
#include "qom/parse.h"
#include "task.h"
#include "util/log.h"

#define BINFMT_PRESERVE_ARGV0 1ul       /* binfmt_misc's flag P, told in AT_FLAGS */

Program program = { .stack_bytes = 8 << 20 };
char **emulator_argv_prefix;
const char *uname_release;

static const char *cpu_model, *argv0, *gdb_where, *accel_text = "tcg";
static GPtrArray *set_env, *unset_env;

typedef struct Option {
    const char *name, *env, *arg, *help;
    void (*handle)(const char *arg);
} Option;

static void usage(const char *unused);

static void check(bool good, Error **err)
{
    if (!good) {
        error_report_err(*err);
        exit(1);
    }
}

static void opt_gdb(const char *a) { gdb_where = a; }
static void opt_sysroot(const char *a) { program.sysroot = a; }
static void opt_argv0(const char *a) { argv0 = a; }
static void opt_release(const char *a) { uname_release = a; }
static void opt_set(const char *a) { g_ptr_array_add(set_env, (char *)a); }
static void opt_unset(const char *a) { g_ptr_array_add(unset_env, (char *)a); }
static void opt_strace(const char *a) { program.strace = true; }
static void opt_accel(const char *a) { accel_text = a; }

static void opt_cpu(const char *a)
{
    if (strcmp(a, "help") == 0 || strcmp(a, "?") == 0) {
        arch.models(stdout);
        exit(0);
    }
    cpu_model = a;
}

static void opt_stack(const char *a)
{
    uint64_t n;

    if (!parse_size(a, 'B', &n) || n < 65536 || n > 1ull << 36) {
        error_report("-s %s: not a stack size", a);
        exit(1);
    }
    program.stack_bytes = (n + PAGE_SIZE_ - 1) & PAGE_MASK_;
}

static void opt_reserved(const char *a)
{
    uint64_t n;

    if (!parse_size(a, 'B', &n)) {
        error_report("-R %s: not a size", a);
        exit(1);
    }
    /* guest addresses are host addresses: there is nothing to reserve */
}

static void opt_base(const char *a)
{
    uint64_t n;

    if (!parse_u64(a, &n) || n != 0) {
        error_report("-B %s: only a guest base of 0 is supported", a);
        exit(1);
    }
}

static void opt_log(const char *a)
{
    Error *err = NULL;

    check(log_set_items(a, &err), &err);
}

static void opt_logfile(const char *a)
{
    Error *err = NULL;

    check(log_set_file(a, &err), &err);
}

static void opt_version(const char *a)
{
    printf("%s version %s\n"
           "An independent emulator with QEMU's interface, under the GNU GPL, version 2 or later\n",
           g_get_prgname(), CONFIG_VERSION);
    exit(0);
}

static const Option options[] = {
    { "h", NULL, NULL, "print this help", usage },
    { "help", NULL, NULL, "", usage },
    { "g", "QEMU_GDB", "port", "wait for a gdb connection on a TCP port or a unix socket's path",
      opt_gdb },
    { "L", "QEMU_LD_PREFIX", "path", "sysroot: the interpreter and absolute paths are looked up "
      "below it", opt_sysroot },
    { "s", "QEMU_STACK_SIZE", "size", "size of the first stack in bytes", opt_stack },
    { "cpu", "QEMU_CPU", "model", "CPU model ('-cpu help' lists them)", opt_cpu },
    { "E", "QEMU_SET_ENV", "var=value", "set a variable in the program's environment", opt_set },
    { "U", "QEMU_UNSET_ENV", "var", "remove a variable from it", opt_unset },
    { "0", "QEMU_ARGV0", "argv0", "the program's argv[0]", opt_argv0 },
    { "r", "QEMU_UNAME", "uname", "the kernel release that uname tells", opt_release },
    { "B", "QEMU_GUEST_BASE", "address", "guest base (0)", opt_base },
    { "R", "QEMU_RESERVED_VA", "size", "accepted for compatibility", opt_reserved },
    { "d", "QEMU_LOG", "item[,...]", "log items ('-d help' lists them)", opt_log },
    { "D", "QEMU_LOG_FILENAME", "logfile", "write the log to a file (%d: process id)",
      opt_logfile },
    { "accel", NULL, "tcg[,prop=value]", "translator options: backend=native|interp", opt_accel },
    { "strace", "QEMU_STRACE", NULL, "print system calls", opt_strace },
    { "version", "QEMU_VERSION", NULL, "print the version", opt_version },
};

static void usage(const char *unused)
{
    printf("usage: %s [options] program [arguments...]\n"
           "Linux user-mode emulator for %s programs\n\n"
           "Option              Variable            Meaning\n", g_get_prgname(),
           arch.uname_machine);
    for (unsigned i = 0; i < G_N_ELEMENTS(options); i++) {
        g_autofree char *left = g_strdup_printf("-%s %s", options[i].name,
                                                options[i].arg ? options[i].arg : "");
        printf("%-19s %-19s %s\n", left, options[i].env ? options[i].env : "", options[i].help);
    }
    exit(0);
}

static const Option *find_option(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(options); i++) {
        if (strcmp(options[i].name, name) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

/* Returns the index of the program's name in argv. */
static int parse_options(int argc, char **argv)
{
    int i;

    for (unsigned o = 0; o < G_N_ELEMENTS(options); o++) {
        const char *v = options[o].env ? getenv(options[o].env) : NULL;
        if (v) {
            options[o].handle(v);
        }
    }
    for (i = 1; i < argc && argv[i][0] == '-'; i++) {
        const char *name = argv[i] + 1 + (argv[i][1] == '-');
        const Option *o;

        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        o = find_option(name);
        if (!o || (o->arg && i + 1 >= argc)) {
            error_report(o ? "-%s: needs an argument" : "unknown option '-%s'; try -h", name);
            exit(1);
        }
        o->handle(o->arg ? argv[++i] : NULL);
    }
    if (i >= argc) {
        error_report("no program given; try -h");
        exit(1);
    }
    return i;
}

/* our own options without -0 and what follows: execve() of the program starts us so again */
static char **prefix_of(int argc, char **argv, int n)
{
    GPtrArray *v = g_ptr_array_new();

    for (int i = 0; i < n; i++) {
        if (strcmp(argv[i], "-0") == 0 || strcmp(argv[i], "-g") == 0) {
            i++;
        } else if (strcmp(argv[i], "--") != 0) {
            g_ptr_array_add(v, argv[i]);
        }
    }
    g_ptr_array_add(v, NULL);
    return (char **)g_ptr_array_free(v, FALSE);
}

static char **program_environment(void)
{
    char **env = g_get_environ();

    for (unsigned i = 0; i < set_env->len; i++) {
        g_auto(GStrv) list = g_strsplit(set_env->pdata[i], ",", -1);
        for (char **e = list; *e; e++) {
            g_auto(GStrv) kv = g_strsplit(*e, "=", 2);
            if (kv[0]) {
                env = g_environ_setenv(env, kv[0], kv[1] ? kv[1] : "", TRUE);
            }
        }
    }
    for (unsigned i = 0; i < unset_env->len; i++) {
        env = g_environ_unsetenv(env, unset_env->pdata[i]);
    }
    return env;
}

static char *find_program(const char *name)
{
    char *real = realpath(name, NULL);

    return real ? real : g_strdup(name);
}

static void host_stack(void)
{
    stack_t alt = { .ss_sp = g_malloc(65536), .ss_size = 65536 };

    sigaltstack(&alt, NULL);
}

int main(int argc, char **argv)
{
    Error *err = NULL;
    uint64_t sp;
    uint32_t e_flags;

    error_set_program(argv[0]);
    g_autofree char *base = g_path_get_basename(argv[0]);
    g_set_prgname(base);
    set_env = g_ptr_array_new();
    unset_env = g_ptr_array_new();

    int at = parse_options(argc, argv);
    if (at == 1 && (getauxval(AT_FLAGS) & BINFMT_PRESERVE_ARGV0) && argc > 2) {
        argv0 = argv[2];                /* program, its argv[0], its arguments */
        argv[2] = argv[1];
        at = 2;
    }
    emulator_argv_prefix = prefix_of(argc, argv, at);
    program.path = find_program(argv[at]);
    program.argv = g_strdupv(argv + at);
    if (argv0) {
        g_free(program.argv[0]);
        program.argv[0] = g_strdup(argv0);
    }
    program.envp = program_environment();

    type_init_all();
    check(accel_select(accel_text, &err), &err);
    tcg_user_set_page_query(page_prot);
    tcg_user_init(arch.cpu_ops, 0);
    check(elf_check(program.path, &e_flags, &err), &err);
    if (!cpu_model && arch.model_of_elf) {
        cpu_model = arch.model_of_elf(e_flags);
    }
    CPUState *cpu = arch.cpu_new(cpu_model, &err);
    check(cpu != NULL, &err);
    cpu_list_add(cpu);
    check(elf_load(program.path, &sp, &err), &err);
    host_stack();
    task_new(cpu);
    signal_init();
    current_cpu = cpu;
    arch.start(cpu, program.entry, sp);
    if (gdb_where) {
        check(gdb_user_start(cpu, gdb_where, &err), &err);
    }
    arch.run(cpu);
    g_assert_not_reached();
}
