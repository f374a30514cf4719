/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP and HMP sessions over socket pairs, with a program and a balloon that only pretend. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "hw/boards.h"
#include "hw/core/balloon.h"
#include "hw/core/device.h"
#include "memory/memory.h"
#include "monitor/monitor.h"
#include "qapi/qapi-events.h"
#include "util/main-loop.h"

static const MachineType none_machine = {
    .name = "none", .desc = "empty machine", .is_default = true, .max_cpus = 1,
};
const MachineType *const machine_types[] = { &none_machine, NULL };

/* ---- the program ---- */

static RunState state = RUN_STATE_PRELAUNCH;
static unsigned n_quit, n_reset;

static RunState vm_state(void) { return state; }
static bool vm_running(void) { return false; }
static void vm_stop(void) { state = RUN_STATE_PAUSED; }
static void vm_quit(void) { n_quit++; }
static void vm_reset(void) { n_reset++; }
static const char *vm_text(void) { return NULL; }

static bool vm_cont(Error **errp)
{
    error_setg(errp, "Resetting the Virtual Machine is required");
    return false;
}

static const MonitorVm vm = {
    .state = vm_state, .running = vm_running, .stop = vm_stop, .cont = vm_cont, .quit = vm_quit,
    .reset = vm_reset, .name = vm_text, .uuid = vm_text, .default_cpu_type = vm_text,
};

/* ---- the balloon ---- */

static uint64_t balloon_target, balloon_actual = 1024ull << 20;

static void set_target(void *opaque, uint64_t bytes)
{
    balloon_target = bytes;
}

static uint64_t get_actual(void *opaque)
{
    return balloon_actual;
}

static const BalloonOps balloon_ops = { set_target, get_actual, NULL };

/* ---- a peer ---- */

typedef struct Peer { int fd; GString *got; } Peer;

static Peer peer_new(bool control)
{
    static int n;
    int fds[2];
    g_autofree char *opts = NULL;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    opts = g_strdup_printf("socket,id=mon%d,fd=%d", n++, fds[1]);
    Chardev *c = chardev_new(opts, NULL);
    g_assert_nonnull(c);
    g_assert_true(monitor_new(c, control, false, NULL));
    return (Peer){ fds[0], g_string_new(NULL) };
}

static void loop(void)
{
    main_loop_wake();
    main_loop_step();
}

static void peer_send(Peer *p, const char *text)
{
    g_assert_cmpint(send(p->fd, text, strlen(text), 0), ==, (ssize_t)strlen(text));
}

static void peer_poll(Peer *p)
{
    char buf[4096];
    ssize_t n;

    loop();
    while ((n = recv(p->fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
        g_string_append_len(p->got, buf, n);
    }
}

/* The next line that arrives, without its end. */
static char *peer_line(Peer *p)
{
    gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    char *nl;

    while (!(nl = strstr(p->got->str, "\r\n"))) {
        if (g_get_monotonic_time() > end) {
            g_error("no line came, only '%s'", p->got->str);
        }
        peer_poll(p);
    }
    char *line = g_strndup(p->got->str, (gsize)(nl - p->got->str));
    g_string_erase(p->got, 0, nl + 2 - p->got->str);
    return line;
}

static void expect_line(Peer *p, const char *want)
{
    g_autofree char *line = peer_line(p);

    g_assert_cmpstr(line, ==, want);
}

static void ask(Peer *p, const char *request, const char *want)
{
    peer_send(p, request);
    expect_line(p, want);
}

static void expect_part(Peer *p, const char *part)
{
    g_autofree char *line = peer_line(p);

    if (!strstr(line, part)) {
        g_error("'%s' is not in '%s'", part, line);
    }
}

static void peer_free(Peer *p)
{
    close(p->fd);
    loop();
    g_string_free(p->got, TRUE);
}

#define GENERIC(text) "{\"error\": {\"class\": \"GenericError\", \"desc\": \"" text "\"}}"
#define NOT_FOUND(text) "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"" text "\"}}"

static Peer qmp_ready(void)
{
    Peer p = peer_new(true);

    expect_line(&p, "{\"QMP\": {\"version\": {\"qemu\": {\"major\": 8, \"minor\": 2, "
                "\"micro\": 0}, \"package\": \"\"}, \"capabilities\": []}}");
    ask(&p, "{'execute':'qmp_capabilities'}", "{\"return\": {}}");
    return p;
}

static void test_negotiation(void)
{
    Peer p = peer_new(true);

    expect_part(&p, "{\"QMP\": ");
    ask(&p, "{'execute':'query-status'}",
        NOT_FOUND("Expecting capabilities negotiation with 'qmp_capabilities'"));
    ask(&p, "{'execute':'qmp_capabilities','arguments':{'enable':['oob']}}",
        GENERIC("QMP capability 'oob' is not available"));
    ask(&p, "{'execute':'qmp_capabilities','arguments':{'enable':['x']}}",
        GENERIC("Parameter 'enable[0]' does not accept value 'x'"));
    ask(&p, "{'execute':'qmp_capabilities','id':[1,'a']}",
        "{\"return\": {}, \"id\": [1, \"a\"]}");
    ask(&p, "{'execute':'qmp_capabilities'}",
        NOT_FOUND("Capabilities negotiation is already complete, command ignored"));
    peer_free(&p);
}

static void test_bad_input(void)
{
    Peer p = qmp_ready();

    ask(&p, "{'execute':'frob'}", NOT_FOUND("The command frob has not been found"));
    ask(&p, "{'execute':'frob','id':7}",
        "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": "
        "\"The command frob has not been found\"}, \"id\": 7}");
    ask(&p, "[]", GENERIC("QMP input must be a JSON object"));
    ask(&p, "{}", GENERIC("QMP input lacks member 'execute'"));
    ask(&p, "{'execute':1}", GENERIC("QMP input member 'execute' must be a string"));
    ask(&p, "{'execute':'stop','arguments':[]}",
        GENERIC("QMP input member 'arguments' must be an object"));
    ask(&p, "{'execute':'stop','foo':1}", GENERIC("QMP input member 'foo' is unexpected"));
    ask(&p, "{'execute':'stop','arguments':{'x':1}}", GENERIC("Parameter 'x' is unexpected"));
    ask(&p, "{'execute':'balloon'}", GENERIC("Parameter 'value' is missing"));
    ask(&p, "{'execute':'balloon','arguments':{'value':'1G'}}",
        GENERIC("Invalid parameter type for 'value', expected: integer"));
    ask(&p, "{'execute':'qom-get','arguments':{'path':'/nope','property':'x'}}",
        "{\"error\": {\"class\": \"DeviceNotFound\", \"desc\": \"Device '/nope' not found\"}}");
    ask(&p, "{ nonsense }", GENERIC("JSON parse error, invalid keyword 'nonsense'"));
    ask(&p, "\xff\n", GENERIC("JSON parse error, stray '\\\\xff'"));
    ask(&p, "{'execute':'query-name'} {'exec", "{\"return\": {}}");
    ask(&p, "\xff", GENERIC("JSON parse error, stray 'exec\\\\xff'"));
    ask(&p, "\n{'execute':'query-name'}", "{\"return\": {}}");
    peer_free(&p);
}

static void test_commands(void)
{
    Peer p = qmp_ready();

    ask(&p, "{'execute':'query-status'}", "{\"return\": {\"running\": false, "
        "\"singlestep\": false, \"status\": \"prelaunch\"}}");
    ask(&p, "{'execute':'stop'}", "{\"return\": {}}");
    ask(&p, "{'execute':'cont'}", GENERIC("Resetting the Virtual Machine is required"));
    ask(&p, "{'execute':'system_reset'}{'execute':'quit'}", "{\"return\": {}}");
    expect_line(&p, "{\"return\": {}}");
    g_assert_cmpuint(n_reset, ==, 1);
    g_assert_cmpuint(n_quit, ==, 1);
    ask(&p, "{'execute':'query-uuid'}",
        "{\"return\": {\"UUID\": \"00000000-0000-0000-0000-000000000000\"}}");
    ask(&p, "{'execute':'query-kvm'}",
        "{\"return\": {\"enabled\": false, \"present\": false}}");
    ask(&p, "{'execute':'query-target'}", "{\"return\": {\"arch\": \"x86_64\"}}");
    ask(&p, "{'execute':'query-cpus-fast'}", "{\"return\": []}");
    ask(&p, "{'execute':'query-machines'}",
        "{\"return\": [{\"name\": \"none\", \"is-default\": true, \"cpu-max\": 1, "
        "\"hotpluggable-cpus\": false, \"numa-mem-supported\": false, \"deprecated\": false, "
        "\"acpi\": false}]}");
    ask(&p, "{'execute':'qom-list','arguments':{'path':'/'}}",
        "{\"return\": [{\"name\": \"type\", \"type\": \"string\"}]}");
    ask(&p, "{'execute':'device-list-properties','arguments':{'typename':'virtio-blk-pci'}}",
        "{\"error\": {\"class\": \"DeviceNotFound\", \"desc\": "
        "\"Device 'virtio-blk-pci' not found\"}}");
    ask(&p, "{'execute':'device_add','arguments':{'driver':'frob'}}",
        GENERIC("'frob' is not a valid device model name"));
    ask(&p, "{'execute':'device_add'}", GENERIC("Parameter 'driver' is missing"));
    ask(&p, "{'execute':'device_del','arguments':{'id':'x'}}",
        "{\"error\": {\"class\": \"DeviceNotFound\", \"desc\": \"Device 'x' not found\"}}");
    ask(&p, "{'execute':'query-command-line-options','arguments':{'option':'zzz'}}",
        GENERIC("invalid option name: zzz"));
    ask(&p, "{'execute':'human-monitor-command','arguments':{'command-line':'info status'}}",
        "{\"return\": \"VM status: paused\\r\\n\"}");
    ask(&p, "{'execute':'inject-nmi'}", GENERIC("The machine has no CPU to take an NMI"));
    peer_send(&p, "{'execute':'query-qmp-schema'}");
    expect_part(&p, "\"name\": \"query-balloon\", \"meta-type\": \"command\"");
    peer_free(&p);
}

static void test_balloon(void)
{
    Peer p = qmp_ready();

    ask(&p, "{'execute':'balloon','arguments':{'value':1}}",
        "{\"error\": {\"class\": \"DeviceNotActive\", \"desc\": "
        "\"No balloon device has been activated\"}}");
    g_assert_true(balloon_register(&balloon_ops, &balloon_target, NULL));
    ask(&p, "{'execute':'query-balloon'}", "{\"return\": {\"actual\": 1073741824}}");
    ask(&p, "{'execute':'balloon','arguments':{'value':0}}",
        GENERIC("Parameter 'target' expects a size"));
    ask(&p, "{'execute':'balloon','arguments':{'value':-4096}}",
        GENERIC("Parameter 'target' expects a size"));
    ask(&p, "{'execute':'balloon','arguments':{'value':536870912}}", "{\"return\": {}}");
    g_assert_cmpuint(balloon_target, ==, 512 << 20);
    ask(&p, "{'execute':'human-monitor-command','arguments':{'command-line':'balloon 768'}}",
        "{\"return\": \"\"}");
    g_assert_cmpuint(balloon_target, ==, 768 << 20);
    ask(&p, "{'execute':'human-monitor-command','arguments':{'command-line':'balloon -1'}}",
        "{\"return\": \"Error: Parameter 'target' expects a size\\r\\n\"}");
    ask(&p, "{'execute':'human-monitor-command','arguments':{'command-line':'info balloon'}}",
        "{\"return\": \"balloon: actual=1024\\r\\n\"}");
    balloon_unregister(&balloon_target);
    peer_free(&p);
}

/* Two monitors get an event, one that has not negotiated does not; the balloon's are limited. */
static void test_events(void)
{
    Peer a = qmp_ready(), b = qmp_ready(), c = peer_new(true);

    expect_part(&c, "QMP");
    qapi_event_send_stop();
    expect_part(&a, "\"event\": \"STOP\"}");
    expect_part(&b, "{\"timestamp\": {\"seconds\": ");
    gint64 start = g_get_monotonic_time();
    for (int i = 1; i <= 5; i++) {
        qapi_event_send_balloon_change(i);
    }
    expect_part(&a, "\"data\": {\"actual\": 1}");
    expect_part(&a, "\"data\": {\"actual\": 5}");
    g_assert_cmpint(g_get_monotonic_time() - start, >, G_USEC_PER_SEC / 2);
    ask(&c, "{'execute':'qmp_capabilities'}", "{\"return\": {}}");
    peer_free(&a);
    qapi_event_send_shutdown(false, SHUTDOWN_CAUSE_HOST_SIGNAL);
    expect_part(&c, "\"event\": \"SHUTDOWN\", \"data\": {\"guest\": false, \"reason\": "
                "\"host-signal\"}}");
    peer_free(&b);
    peer_free(&c);
}

/* Many questions before the first answer is read: none is lost or torn. */
static void test_slow_peer(void)
{
    Peer p = qmp_ready();
    g_autoptr(GString) ask_all = g_string_new(NULL);
    enum { N = 100 };

    for (int i = 0; i < N; i++) {
        g_string_append_printf(ask_all, "{'execute':'query-qmp-schema','id':%d}", i);
    }
    peer_send(&p, ask_all->str);
    for (int i = 0; i < 50; i++) {
        loop();
    }
    for (int i = 0; i < N; i++) {
        g_autofree char *line = peer_line(&p);
        g_autofree char *end = g_strdup_printf("\"id\": %d}", i);
        g_autoptr(Json) j = json_parse(line, NULL);
        g_assert_nonnull(j);
        g_assert_true(g_str_has_suffix(line, end));
    }
    peer_free(&p);
}

static void test_garbage(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    Peer p = qmp_ready();

    for (int i = 0; i < 300; i++) {
        char buf[200];
        for (unsigned k = 0; k < sizeof(buf); k++) {
            buf[k] = (char)g_rand_int_range(rand, 1, 256);
        }
        g_assert_cmpint(send(p.fd, buf, sizeof(buf), 0), ==, sizeof(buf));
        peer_poll(&p);
    }
    peer_send(&p, "\n\xff\n");
    gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC / 10;
    while (g_get_monotonic_time() < end) {
        peer_poll(&p);
    }
    g_string_truncate(p.got, 0);
    ask(&p, "{'execute':'query-name'}", "{\"return\": {}}");
    peer_free(&p);
    p = qmp_ready();
    peer_send(&p, "{'execute':");
    peer_free(&p);
}

static void hmp(const char *line, const char *want)
{
    g_autofree char *out = monitor_hmp(line, 0);

    g_assert_cmpstr(out, ==, want);
}

static void test_hmp_lines(void)
{
    hmp("", "");
    hmp("  # comment", "");
    hmp("x", "x: argument expected\r\nTry \"help x\" for more information\r\n");
    hmp("frob 1", "unknown command: 'frob'\r\n");
    hmp("info frob", "unknown command: 'info frob'\r\n");
    hmp("info version", "8.2.0\r\n");
    hmp("p 1+2*3", "7\r\n");
    hmp("print/x (0x10 | 3) - 1", "0x12\r\n");
    hmp("p/c 'A'", "'A'\r\n");
    hmp("p 1/0", "division by zero\r\nTry \"help print|p\" for more information\r\n");
    hmp("p ((((1)", "')' expected\r\nTry \"help print|p\" for more information\r\n");
    hmp("p 1 2", "print|p: extraneous characters at the end of line\r\n"
        "Try \"help print|p\" for more information\r\n");
    hmp("info registers -z", "registers: unsupported option -z\r\n"
        "Try \"help info registers\" for more information\r\n");
    hmp("info registers", "No CPU available\r\n");
    hmp("help stop", "stop|s -- stop emulation\r\n");
    hmp("help info uuid", "info uuid -- show the current VM UUID\r\n");
    hmp("xp/2xb 0x1000", "0000000000001000: Cannot access memory\r\n");
    hmp("device_add frob,id=x", "Error: 'frob' is not a valid device model name\r\n");
    g_autofree char *help = monitor_hmp("help", 0);
    g_assert_nonnull(strstr(help, "balloon target -- "));
}

static void test_hmp_console(void)
{
    Peer p = peer_new(false);

    expect_line(&p, "QEMU 8.2.0 monitor - type 'help' for more information");
    peer_send(&p, "info verson\x1b[D\x1b[Di\r");
    expect_part(&p, "(qemu) info verson");
    expect_line(&p, "8.2.0");
    g_string_truncate(p.got, 0);
    peer_send(&p, "\x1b[A\n");
    expect_part(&p, "info version");
    expect_line(&p, "8.2.0");
    peer_send(&p, "xyz\x15inf\tvers\t\r\n");
    expect_part(&p, "info version");
    expect_line(&p, "8.2.0");
    peer_send(&p, "frobx\x7f\r");
    expect_part(&p, "frob");
    expect_line(&p, "unknown command: 'frob'");
    peer_free(&p);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    type_init_all();
    bql_lock();
    main_loop_init();
    memory_init();
    monitor_init(&vm);
    g_test_add_func("/monitor/negotiation", test_negotiation);
    g_test_add_func("/monitor/bad-input", test_bad_input);
    g_test_add_func("/monitor/commands", test_commands);
    g_test_add_func("/monitor/balloon", test_balloon);
    g_test_add_func("/monitor/events", test_events);
    g_test_add_func("/monitor/slow-peer", test_slow_peer);
    g_test_add_func("/monitor/garbage", test_garbage);
    g_test_add_func("/monitor/hmp-lines", test_hmp_lines);
    g_test_add_func("/monitor/hmp-console", test_hmp_console);
    int status = g_test_run();
    monitor_cleanup();
    chardev_cleanup();
    return status;
}
