/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backends/hostmem.h"
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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
        g_assert_true(user_creatable_complete(obj, NULL));
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
    g_assert_true(user_creatable_complete(obj, NULL));
    memcpy(memory_backend_ram(obj)->host, "hello", 5);
    object_unref(obj);
    g_assert_true(g_file_get_contents(path, &text, &n, NULL));
    g_assert_cmpuint(n, ==, 65536);
    g_assert_cmpint(memcmp(text, "hello", 5), ==, 0);

    obj = make("memory-backend-file", "128k");
    object_set(obj, "mem-path", path, NULL);
    g_assert_false(user_creatable_complete(obj, &err));
    g_assert_cmpstr(error_text(err), ==,
                    "backing store size 0x10000 does not match 'size' option 0x20000");
    object_unref(obj);
    g_unlink(path);
    g_rmdir(dir);
}

/* The kernel's flags of the mapping: "rd wr mr mw me dd ac". */
static char *vm_flags(const void *hva)
{
    g_autofree char *text = NULL;
    const char *line;

    g_assert_true(g_file_get_contents("/proc/self/smaps", &text, NULL, NULL));
    g_autofree char *start = g_strdup_printf("%lx-", (unsigned long)(uintptr_t)hva);
    line = strstr(text, start);
    g_assert_nonnull(line);
    line = strstr(line, "VmFlags:");
    g_assert_nonnull(line);
    return g_strndup(line, strcspn(line, "\n"));
}

static bool resident(const void *hva)
{
    unsigned char vec;

    g_assert_cmpint(mincore((void *)hva, 4096, &vec), ==, 0);
    return vec & 1;
}

static Object *made_with(const char *prop, const char *value)
{
    Object *obj = make("memory-backend-ram", "4M");

    g_assert_true(object_set(obj, prop, value, NULL));
    g_assert_true(user_creatable_complete(obj, NULL));
    return obj;
}

static void test_properties(void)
{
    static const struct { const char *prop, *value, *flag; bool set; } rows[] = {
        { "dump", "on", " dd", false }, { "dump", "off", " dd", true },
        { "merge", "off", " mg", false }, { "reserve", "off", " nr", true },
        { "reserve", "on", " nr", false }, { "share", "on", " sh", true },
        { "share", "off", " sh", false },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        Object *obj = made_with(rows[i].prop, rows[i].value);
        g_autofree char *flags = vm_flags(memory_backend_ram(obj)->host);
        g_test_message("%s=%s: %s", rows[i].prop, rows[i].value, flags);
        g_assert_cmpint(strstr(flags, rows[i].flag) != NULL, ==, rows[i].set);
        object_unref(obj);
    }
    for (unsigned on = 0; on < 2; on++) {
        Object *obj = made_with("prealloc", on ? "on" : "off");
        g_assert_cmpint(resident(memory_backend_ram(obj)->host + 4096), ==, on);
        object_unref(obj);
    }
}

/* sealed: nobody who gets hold of the file shrinks it under the guest */
static void test_memfd(void)
{
    for (unsigned on = 0; on < 2; on++) {
        Object *obj = make("memory-backend-memfd", "1M");
        g_autofree char *share = object_get(obj, "share", NULL);

        g_assert_cmpstr(share, ==, "on");
        object_set(obj, "seal", on ? "on" : "off", NULL);
        g_assert_true(user_creatable_complete(obj, NULL));
        g_assert_cmpint(ftruncate(memory_backend_ram(obj)->fd, 4096), ==, on ? -1 : 0);
        object_unref(obj);
    }
}

static void refused(Object *obj, const char *why)
{
    g_autoptr(Error) err = NULL;

    g_assert_false(user_creatable_complete(obj, &err));
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
    g_test_add_func("/hostmem/properties", test_properties);
    g_test_add_func("/hostmem/memfd", test_memfd);
    g_test_add_func("/hostmem/refusals", test_refusals);
    return g_test_run();
}
