/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qapi/opts.h"

static void check(const char *text, const char *implied, const char *want)
{
    static const char *const no_forms[] = { "wait", "delay", NULL };
    g_autoptr(Error) err = NULL;
    g_autoptr(Opts) o = opts_parse(text, implied, no_forms, &err);
    g_autoptr(GString) out = g_string_new(NULL);

    for (unsigned i = 0; o && i < o->n; i++) {
        g_string_append_printf(out, "%s=%s;", o->v[i].key, o->v[i].value);
    }
    g_assert_cmpstr(o ? out->str : error_text(err), ==, want);
}

static void test_parse(void)
{
    check("", NULL, "");
    check("a=b", NULL, "a=b;");
    check("x,y=1", "id", "id=x;y=1;");
    check("x,y", NULL, "x=on;y=on;");
    check("p=a,,b,,,nowait,nodelay,nothing", NULL, "p=a,b,;wait=off;delay=off;nothing=on;");
    check("a=,b==", NULL, "a=;b==;");
    check("=x", NULL, "Invalid parameter '=x'");
    check("{'driver':'d','n':5,'b':true,'o':{'p':'q','l':[1,2]}}", "driver",
          "driver=d;n=5;b=on;o.p=q;o.l.0=1;o.l.1=2;");
    check("{'a':null}", NULL, "Parameter 'a' must not be null");
    check("{'a':", NULL, "JSON parse error, expecting value");
}

static void test_get(void)
{
    g_autoptr(Error) err = NULL;
    g_autoptr(Opts) o = opts_parse("a=1,a=2,s=1.5G,m=64,b=off,bad=3x,big=99999999999G", NULL, NULL,
                                   &err);
    uint64_t v = 7;
    bool b = true;

    g_assert_cmpstr(opts_get(o, "a"), ==, "2");
    g_assert_true(opts_get_u64(o, "none", &v, &err));
    g_assert_cmpuint(v, ==, 7);
    g_assert_true(opts_get_size(o, "s", 'M', &v, &err));
    g_assert_cmpuint(v, ==, 3ull << 29);
    g_assert_true(opts_get_size(o, "m", 'M', &v, &err));
    g_assert_cmpuint(v, ==, 64ull << 20);
    g_assert_true(opts_get_bool(o, "b", &b, &err));
    g_assert_false(b);
    g_assert_false(opts_get_u64(o, "bad", &v, NULL));
    g_assert_false(opts_get_size(o, "big", 'M', &v, NULL));
    g_assert_false(opts_get_bool(o, "a", &b, &err));
    g_assert_cmpstr(error_text(err), ==, "Parameter 'a' expects 'on' or 'off'");
    g_assert_true(opts_all_used(o, NULL));
    opts_add(o, "z", "1");
    g_assert_false(opts_all_used(o, NULL));
    opts_remove(o, "z");
    g_assert_true(opts_all_used(o, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/opts/parse", test_parse);
    g_test_add_func("/opts/get", test_get);
    return g_test_run();
}
