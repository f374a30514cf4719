/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backends/secret.h"
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

typedef struct Row {
    const char *key, *val, *key2, *val2;
    const char *error;                  /* NULL: @bytes */
    const char *bytes;
    size_t n_bytes;
} Row;

static void check(const Row *r)
{
    g_autoptr(Error) err = NULL;
    Object *obj = object_new(TYPE_SECRET);
    size_t n = 0;

    g_assert_true(!r->key || object_set(obj, r->key, r->val, NULL));
    g_assert_true(!r->key2 || object_set(obj, r->key2, r->val2, NULL));
    bool ok = user_creatable_complete(obj, &err);
    if (r->error) {
        g_assert_false(ok);
        g_assert_true(g_str_has_prefix(error_text(err), r->error));
        g_assert_null(secret_bytes(obj, &n));
    } else {
        g_assert_true(ok);
        const uint8_t *got = secret_bytes(obj, &n);
        g_assert_cmpmem(got, n, r->bytes, r->n_bytes);
    }
    object_unref(obj);
}

static void test_data(void)
{
    static const Row rows[] = {
        { "data", "letmein", NULL, NULL, NULL, "letmein", 7 },
        { "data", "", NULL, NULL, NULL, "", 0 },
        { "data", "AAEC/w==", "format", "base64", NULL, "\0\1\2\377", 4 },
        { "data", "AA\nEC/w==\n", "format", "base64", NULL, "\0\1\2\377", 4 },
        { "data", "AAEC/w=", "format", "base64", "'data' is not valid base64", NULL, 0 },
        { "data", "AA-C", "format", "base64", "'data' is not valid base64", NULL, 0 },
        { "data", "AA=C", "format", "base64", "'data' is not valid base64", NULL, 0 },
        { NULL, NULL, NULL, NULL, "Must provide 'file' or 'data' property for secret", NULL, 0 },
        { "data", "a", "file", "/b", "'file' and 'data' are mutually exclusive", NULL, 0 },
        { "data", "a", "keyid", "x", "encrypted secrets ('keyid', 'iv') are not supported", NULL, 0 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        check(&rows[i]);
    }
}

static void test_file(void)
{
    g_autofree char *dir = g_dir_make_tmp("secret-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "key", NULL);

    check(&(Row){ "file", path, NULL, NULL, "Unable to read secret: ", NULL, 0 });
    g_assert_true(g_file_set_contents(path, "\0\377\n", 3, NULL));
    check(&(Row){ "file", path, NULL, NULL, NULL, "\0\377\n", 3 });
    g_assert_true(g_file_set_contents(path, "AAEC/w==\n", -1, NULL));
    check(&(Row){ "file", path, "format", "base64", NULL, "\0\1\2\377", 4 });
    g_unlink(path);
    g_rmdir(dir);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    type_init_all();
    g_test_add_func("/secret/data", test_data);
    g_test_add_func("/secret/file", test_file);
    return g_test_run();
}
