/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "chardev/chardev.h"
#include "util/main-loop.h"

typedef struct Fe {             /* a front end that writes down what happens */
    GString *log;
    size_t room;
} Fe;

static size_t fe_can_read(void *opaque)
{
    return ((Fe *)opaque)->room;
}

static void fe_read(void *opaque, const uint8_t *buf, size_t n)
{
    Fe *fe = opaque;

    g_assert_cmpuint(n, <=, fe->room);
    fe->room -= n;
    g_string_append_len(fe->log, (const char *)buf, (gssize)n);
}

static void fe_event(void *opaque, ChardevEvent e)
{
    static const char *const names[] = { "<open>", "<closed>", "<break>", "<in>", "<out>" };

    g_string_append(((Fe *)opaque)->log, names[e]);
}

static const ChardevHandlers handlers = { fe_can_read, fe_read, fe_event };

static Fe fe_new(size_t room)
{
    return (Fe){ g_string_new(NULL), room };
}

/* Runs the loop until @fe's log is @want. */
static void expect(Fe *fe, const char *want)
{
    gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;

    while (strcmp(fe->log->str, want) != 0 && g_get_monotonic_time() < end) {
        g_usleep(1000);
        main_loop_wake();
        main_loop_step();
    }
    g_assert_cmpstr(fe->log->str, ==, want);
    g_string_truncate(fe->log, 0);
}

static void expect_fd(int fd, const char *want)
{
    g_autoptr(GString) got = g_string_new(NULL);
    gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    char buf[100];

    while (got->len < strlen(want) && g_get_monotonic_time() < end) {
        ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
        if (n > 0) {
            g_string_append_len(got, buf, n);
        }
        main_loop_wake();
        main_loop_step();
    }
    g_assert_cmpstr(got->str, ==, want);
}

static char *tmp_path(const char *name)
{
    static char *dir;

    if (!dir) {
        dir = g_dir_make_tmp("chardev-XXXXXX", NULL);
    }
    return g_build_filename(dir, name, NULL);
}

static Chardev *make(const char *text, const char *id)
{
    g_autoptr(Error) err = NULL;
    Chardev *c;

    if (!chardev_from_text(text, id, &c, &err)) {
        g_error("%s: %s", text, error_text(err));
    }
    return c;
}

static int dial(const char *path)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    g_strlcpy(un.sun_path, path, sizeof(un.sun_path));
    g_assert_cmpint(connect(fd, (struct sockaddr *)&un, sizeof(un)), ==, 0);
    return fd;
}

static void test_errors(void)
{
    static const struct { const char *opts, *error; } rows[] = {
        { "null", "chardev: no id specified" },
        { "null,id=1x", "Parameter 'id' expects an identifier" },
        { "foo,id=x", "'foo' is not a valid char driver name" },
        { "null,id=x,speed=3", "Invalid parameter 'speed'" },
        { "file,id=x", "chardev: file: no filename given" },
        { "file,id=x,path=/nonexistent/y",
          "Could not open '/nonexistent/y': No such file or directory" },
        { "socket,id=x,path=/nonexistent/y",
          "Failed to connect to 'unix:/nonexistent/y': No such file or directory" },
        { "socket,id=x,path=a,host=b", "exactly one of 'path', 'host' with 'port', and 'fd' "
          "is needed" },
        { "socket,id=x,path=a,wait=off",
          "'wait' option is incompatible with socket in client connect mode" },
        { "null,id=x,mux=maybe", "Parameter 'mux' expects 'on' or 'off'" },
        { "socket,id=x,fd=2999", "File descriptor '2999' is not a socket" },
    };
    g_autoptr(Error) err = NULL;
    Chardev *c;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Error) e = NULL;
        g_assert_null(chardev_new(rows[i].opts, &e));
        g_assert_cmpstr(error_text(e), ==, rows[i].error);
    }
    g_assert_false(chardev_from_text("bogus", "x", &c, &err));
    g_assert_cmpstr(error_text(err), ==, "'bogus' is not a valid char driver");
    g_assert_true(chardev_from_text("none", "x", &c, NULL));
    g_assert_null(c);
    g_assert_null(chardev_find("x"));
}

static void test_file(void)
{
    g_autofree char *path = tmp_path("out");
    g_autofree char *text = g_strdup_printf("file:%s", path);
    g_autofree char *got = NULL;
    Chardev *c = make(text, "f");

    g_assert_true(chardev_is_open(c));
    chardev_write(c, "hello", 5);
    g_assert_true(g_file_get_contents(path, &got, NULL, NULL));
    g_assert_cmpstr(got, ==, "hello");
    chardev_cleanup();
    g_unlink(path);
}

static void test_server(void)
{
    g_autofree char *path = tmp_path("sock");
    g_autofree char *text = g_strdup_printf("unix:%s,server,nowait", path);
    Chardev *c = make(text, "s");
    Fe fe = fe_new(100);

    chardev_attach(c, &handlers, &fe);
    g_assert_false(chardev_is_open(c));
    for (int round = 0; round < 3; round++) {
        int fd = dial(path);
        expect(&fe, "<open>");
        g_assert_true(g_str_has_prefix(chardev_filename(c), "unix:"));
        chardev_write(c, "welcome", 7);
        expect_fd(fd, "welcome");
        g_assert_cmpint(write(fd, "abc", 3), ==, 3);
        expect(&fe, "abc");
        close(fd);
        chardev_write(c, "nobody", 6);
        expect(&fe, "<closed>");
        g_assert_true(g_str_has_prefix(chardev_filename(c), "disconnected:unix:"));
    }
    chardev_cleanup();
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_string_free(fe.log, TRUE);
}

/* Bytes stay outside until the front end has room. */
static void test_flow(void)
{
    g_autofree char *path = tmp_path("flow");
    g_autofree char *text = g_strdup_printf("unix:%s,server=on,wait=off", path);
    Chardev *c = make(text, "s");
    Fe fe = fe_new(0);
    int fd = dial(path);

    chardev_attach(c, &handlers, &fe);
    expect(&fe, "<open>");
    g_assert_cmpint(write(fd, "abcdef", 6), ==, 6);
    expect(&fe, "");
    fe.room = 2;
    chardev_accept_input(c);
    expect(&fe, "ab");
    fe.room = 50;
    chardev_accept_input(c);
    expect(&fe, "cdef");
    close(fd);
    expect(&fe, "<closed>");
    chardev_cleanup();
    g_string_free(fe.log, TRUE);
}

/* A host that does not read: we never block, and remember a bounded amount. */
static void test_slow_reader(void)
{
    g_autofree char *path = tmp_path("slow");
    g_autofree char *text = g_strdup_printf("unix:%s,server=on,wait=off", path);
    Chardev *c = make(text, "s");
    Fe fe = fe_new(1);
    int fd = dial(path);
    static char block[1 << 16];

    chardev_attach(c, &handlers, &fe);
    expect(&fe, "<open>");
    for (int i = 0; i < 64; i++) {
        chardev_write(c, block, sizeof(block));
    }
    g_assert_cmpuint(chardev_queued(c), ==, 1 << 20);
    chardev_write(c, "END", 3);
    g_autoptr(GString) got = g_string_new(NULL);
    while (!g_str_has_suffix(got->str, "END") && got->len < 64u << 16) {
        ssize_t n = recv(fd, block, sizeof(block), MSG_DONTWAIT);
        for (ssize_t i = 0; i < n; i++) {
            g_string_append_c(got, block[i] ? block[i] : '.');
        }
        main_loop_wake();
        main_loop_step();
    }
    g_assert_true(g_str_has_suffix(got->str, "END"));
    g_assert_cmpuint(chardev_queued(c), ==, 0);
    close(fd);
    expect(&fe, "<closed>");
    chardev_cleanup();
    g_string_free(fe.log, TRUE);
}

static void test_reconnect(void)
{
    g_autofree char *path = tmp_path("rec");
    g_autofree char *opts = g_strdup_printf("socket,id=r,path=%s,reconnect=1", path);
    Chardev *c = chardev_new(opts, NULL);
    Fe fe = fe_new(10);

    g_assert_nonnull(c);
    chardev_attach(c, &handlers, &fe);
    g_assert_false(chardev_is_open(c));
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    g_strlcpy(un.sun_path, path, sizeof(un.sun_path));
    g_assert_cmpint(bind(fd, (struct sockaddr *)&un, sizeof(un)), ==, 0);
    listen(fd, 1);
    expect(&fe, "<open>");
    close(accept(fd, NULL, NULL));
    expect(&fe, "<closed>");
    expect(&fe, "<open>");
    close(fd);
    chardev_cleanup();
    g_unlink(path);
    g_string_free(fe.log, TRUE);
}

static void test_pty(void)
{
    Chardev *c = make("pty", "p");
    Fe fe = fe_new(100);

    chardev_attach(c, &handlers, &fe);
    g_assert_true(g_str_has_prefix(chardev_filename(c), "pty:/dev/"));
    int fd = open(chardev_filename(c) + 4, O_RDWR | O_NOCTTY);
    g_assert_cmpint(fd, >=, 0);
    expect(&fe, "<open>");
    g_assert_cmpint(write(fd, "x\n", 2), ==, 2);
    expect(&fe, "x\n");
    close(fd);
    expect(&fe, "<closed>");
    chardev_cleanup();
    g_string_free(fe.log, TRUE);
}

static void test_mux(void)
{
    g_autofree char *path = tmp_path("mux");
    g_autofree char *text = g_strdup_printf("mon:unix:%s,server=on,wait=off", path);
    Chardev *c = make(text, "m");
    Fe a = fe_new(100), b = fe_new(100);
    int fd = dial(path);

    g_assert_true(chardev_wants_monitor(c) && chardev_is_mux(c));
    chardev_attach(c, &handlers, &a);
    chardev_attach(c, &handlers, &b);
    expect(&b, "<out><open>");
    expect(&a, "<in><open>");
    g_assert_cmpint(write(fd, "1\001c2\001b3\001\0014\001c5", 13), ==, 13);
    expect(&b, "<in>2<break>3\0014<out>");
    expect(&a, "1<out><in>5");

    /* the escape works while the front end takes nothing */
    a.room = 0;
    g_assert_cmpint(write(fd, "xyz\001c", 5), ==, 5);
    expect(&b, "<in>");
    expect(&a, "<out>");
    a.room = 2;
    g_assert_cmpint(write(fd, "\001c", 2), ==, 2);
    expect(&a, "<in>xy");
    a.room = 10;
    chardev_accept_input(c);
    expect(&a, "z");
    chardev_write(c, "out", 3);
    expect_fd(fd, "out");
    close(fd);
    expect(&a, "<closed>");
    chardev_cleanup();
    g_string_free(a.log, TRUE);
    g_string_free(b.log, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    bql_lock();
    main_loop_init();
    g_test_add_func("/chardev/errors", test_errors);
    g_test_add_func("/chardev/file", test_file);
    g_test_add_func("/chardev/server", test_server);
    g_test_add_func("/chardev/flow", test_flow);
    g_test_add_func("/chardev/slow-reader", test_slow_reader);
    g_test_add_func("/chardev/reconnect", test_reconnect);
    g_test_add_func("/chardev/pty", test_pty);
    g_test_add_func("/chardev/mux", test_mux);
    return g_test_run();
}
