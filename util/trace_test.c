/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#include "util/log.h"
#include "util/trace-hw_hyperv.h"

static char *dir, *log_path;

/* what was logged since the last call */
static char *logged(void)
{
    static size_t seen;
    char *text = NULL, *fresh;

    g_assert_true(g_file_get_contents(log_path, &text, NULL, NULL));
    fresh = g_strdup(text + seen);
    seen = strlen(text);
    g_free(text);
    return fresh;
}

static void sorted(void)
{
    g_assert_cmpuint(n_trace_events, >, 10);
    for (unsigned i = 1; i < n_trace_events; i++) {
        g_assert_cmpstr(trace_events[i - 1]->name, <, trace_events[i]->name);
    }
}

static void off_is_silent(void)
{
    g_autofree char *text = NULL;

    trace_vmbus_state("idle", "listen");
    text = logged();
    g_assert_cmpstr(text, ==, "");
}

static void on(void)
{
    g_assert_true(trace_set_text("vmbus_state", NULL));
    g_assert_true(trace_on_vmbus_state());
    g_assert_false(trace_on_vmbus_message_in());
    trace_vmbus_state("idle", "listen");
    trace_vmbus_message_in("UNLOAD", 8);
    g_autofree char *text = logged();
    g_assert_cmpstr(text, ==, "vmbus_state idle -> listen\n");
    g_assert_true(trace_set_text("-vmbus_state", NULL));
    off_is_silent();
}

static unsigned n_on(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < n_trace_events; i++) {
        n += trace_events[i]->on;
    }
    return n;
}

static void patterns(void)
{
    g_autoptr(Error) err = NULL;

    g_assert_false(trace_set_text("no_such_event", &err));
    g_assert_nonnull(strstr(error_text(err), "no_such_event"));
    g_clear_pointer(&err, error_free);
    g_assert_false(trace_set_text("no_such_*", &err));
    g_assert_cmpuint(n_on(), ==, 0);
    g_assert_cmpuint(trace_set("vmbus_*", true), >, 3);
    unsigned n = n_on();
    g_assert_true(trace_set_text("-vmbus_s?ate", NULL));
    g_assert_cmpuint(n_on(), ==, n - 1);
    g_assert_cmpuint(trace_set("*", true), ==, n_trace_events);
    g_assert_cmpuint(trace_set("*", false), ==, n_trace_events);
    g_assert_cmpuint(n_on(), ==, 0);
    trace_set_folder("hw/hyperv", true);
    g_assert_cmpuint(n_on(), >, n);
    g_assert_cmpuint(n_on(), <, n_trace_events);
    trace_set("*", false);
}

static void from_file(void)
{
    g_autofree char *path = g_build_filename(dir, "events", NULL);
    g_autoptr(Error) err = NULL;

    g_file_set_contents(path, "# mine\n\n  vmbus_*  \n-vmbus_state\n", -1, NULL);
    g_assert_true(trace_set_from_file(path, NULL));
    g_assert_true(trace_on_vmbus_message_in());
    g_assert_false(trace_on_vmbus_state());
    g_file_set_contents(path, "vmbus_state\nnonsense\n", -1, NULL);
    g_assert_false(trace_set_from_file(path, &err));
    g_assert_nonnull(strstr(error_text(err), "events:2:"));
    g_clear_pointer(&err, error_free);
    g_unlink(path);
    g_assert_false(trace_set_from_file(path, &err));
    g_assert_nonnull(err);
    trace_set("*", false);
}

/* -d trace:PATTERN is the same; -d hyperv has all events of its folder */
static void by_log_items(void)
{
    g_autoptr(Error) err = NULL;

    g_assert_true(log_set_items("guest_errors,trace:vmbus_state,trace:vmbus_m*", NULL));
    g_assert_true(trace_on_vmbus_state());
    g_assert_true(trace_on_vmbus_message_in());
    g_assert_false(log_set_items("trace:nonsense", &err));
    g_assert_nonnull(err);
    trace_set("*", false);
    g_assert_true(log_set_items("hyperv", NULL));
    g_assert_true(trace_on_vmbus_state());
    trace_set("*", false);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    dir = g_dir_make_tmp("trace-test-XXXXXX", NULL);
    log_path = g_build_filename(dir, "log", NULL);
    g_assert_true(log_set_file(log_path, NULL));
    g_test_add_func("/trace/sorted", sorted);
    g_test_add_func("/trace/off", off_is_silent);
    g_test_add_func("/trace/on", on);
    g_test_add_func("/trace/patterns", patterns);
    g_test_add_func("/trace/file", from_file);
    g_test_add_func("/trace/log-items", by_log_items);
    int res = g_test_run();
    g_unlink(log_path);
    rmdir(dir);
    return res;
}
