/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backends/hostmem.h"
#include <glib/gstdio.h>
#include <string.h>

static Object *make(const char *type, const char *size)
{
    Object *obj = object_new(type);

    g_assert_true(object_set(obj, "size", size, NULL));
    return obj;
}

static void test_kinds(void)
{
    static const char *const types[] = { "memory-backend-ram", "memory-backend-memfd" };

    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        Object *obj = make(types[i], "1M");
        g_assert_true(memory_backend_complete(obj, NULL));
        RAMBlock *rb = memory_backend_ram(obj);
        g_assert_cmpuint(rb->size, ==, 1 << 20);
        memset(rb->host, 1, rb->size);
        g_assert_true(memory_backend_claim(obj));
        g_assert_false(memory_backend_claim(obj));
        memory_backend_drop(obj);
        g_assert_true(memory_backend_claim(obj));
        memory_backend_drop(obj);
        object_unref(obj);
    }
}

static void test_file(void)
{
    g_autofree char *dir = g_dir_make_tmp("hostmem-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "ram", NULL);
    g_autofree char *text = NULL;
    g_autoptr(Error) err = NULL;
    gsize n;
    Object *obj = make("memory-backend-file", "64k");

    object_set(obj, "mem-path", path, NULL);
    object_set(obj, "share", "on", NULL);
    g_assert_true(memory_backend_complete(obj, NULL));
    memcpy(memory_backend_ram(obj)->host, "hello", 5);
    object_unref(obj);
    g_assert_true(g_file_get_contents(path, &text, &n, NULL));
    g_assert_cmpuint(n, ==, 65536);
    g_assert_cmpint(memcmp(text, "hello", 5), ==, 0);

    obj = make("memory-backend-file", "128k");
    object_set(obj, "mem-path", path, NULL);
    g_assert_false(memory_backend_complete(obj, &err));
    g_assert_cmpstr(error_text(err), ==,
                    "backing store size 0x10000 does not match 'size' option 0x20000");
    object_unref(obj);
    g_unlink(path);
    g_rmdir(dir);
}

static void refused(Object *obj, const char *why)
{
    g_autoptr(Error) err = NULL;

    g_assert_false(memory_backend_complete(obj, &err));
    g_assert_cmpstr(error_text(err), ==, why);
    g_assert_null(memory_backend_ram(obj));
    object_unref(obj);
}

static void test_refusals(void)
{
    refused(make("memory-backend-ram", "0"), "can't create backend with size 0");
    refused(make("memory-backend-ram", "5000"), "'size' has to be a multiple of 0x1000");
    refused(make("memory-backend-file", "1M"), "mem-path property not set");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    type_init_all();
    memory_init();
    g_test_add_func("/hostmem/kinds", test_kinds);
    g_test_add_func("/hostmem/file", test_file);
    g_test_add_func("/hostmem/refusals", test_refusals);
    return g_test_run();
}
