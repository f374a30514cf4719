/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qapi/json.h"
#include <string.h>

static void check_text(const char *in, const char *out)
{
    g_autoptr(Error) err = NULL;
    g_autoptr(Json) j = json_parse(in, &err);

    if (!j) {
        g_error("%s: %s", in, error_text(err));
    }
    g_autofree char *text = json_to_text(j, false);
    g_assert_cmpstr(text, ==, out);
    g_autoptr(Json) copy = json_copy(j);
    g_assert_true(json_equal(copy, j));
}

static void test_values(void)
{
    static const struct { const char *in, *out; } rows[] = {
        { "null", "null" }, { " true ", "true" }, { "false\n", "false" },
        { "0", "0" }, { "-0", "0" }, { "-12", "-12" }, { "9223372036854775807", "9223372036854775807" },
        { "-9223372036854775808", "-9223372036854775808" },
        { "18446744073709551615", "18446744073709551615" },
        { "18446744073709551616", "1.8446744073709552e+19" },
        { "1.5", "1.5" }, { "-2.5e3", "-2500" }, { "1E2", "100" }, { "0.1", "0.10000000000000001" },
        { "'a'", "\"a\"" }, { "\"it's\"", "\"it's\"" }, { "'say \"x\"'", "\"say \\\"x\\\"\"" },
        { "\"\\u0041\\n\\/\\'\"", "\"A\\n/'\"" }, { "\"\\ud83d\\ude00\"", "\"\\uD83D\\uDE00\"" },
        { "\"\xc3\xa9\"", "\"\\u00E9\"" }, { "\"\x7f\"", "\"\\u007F\"" },
        { "[]", "[]" }, { "{}", "{}" }, { "[1,[2,{}],'x']", "[1, [2, {}], \"x\"]" },
        { "{'b':1,\"a\":{'c':[true]}}", "{\"b\": 1, \"a\": {\"c\": [true]}}" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        check_text(rows[i].in, rows[i].out);
    }
}

static void test_errors(void)
{
    static const struct { const char *in, *error; } rows[] = {
        { "", "JSON parse error, expecting value" },
        { "foo", "JSON parse error, invalid keyword 'foo'" },
        { "{1:2}", "JSON parse error, key is not a string in object" },
        { "{'a'}", "JSON parse error, missing : in object pair" },
        { "{'a' 1}", "JSON parse error, missing : in object pair" },
        { "{'a':1 'b':2}", "JSON parse error, expected separator in dict" },
        { "{'a':1,}", "JSON parse error, key is not a string in object" },
        { "{'a':}", "JSON parse error, expecting value" },
        { "{'a':1,'a':2}", "JSON parse error, duplicate key" },
        { "[1 2]", "JSON parse error, expected separator in list" },
        { "[1,]", "JSON parse error, expecting value" },
        { "[1}", "JSON parse error, expected separator in dict" },
        { "}", "JSON parse error, expecting value" },
        { "01", "JSON parse error, stray '01'" },
        { "1.", "JSON parse error, stray '1.\\x0a'" },
        { "-", "JSON parse error, stray '-\\x0a'" },
        { "@", "JSON parse error, stray '@'" },
        { "'a\nb'", "JSON parse error, stray 'a\\x0a'" },
        { "'\\x'", "JSON parse error, invalid escape sequence" },
        { "'\\u12'", "JSON parse error, invalid escape sequence" },
        { "'\\u0000'", "JSON parse error, \\u0000 is not supported" },
        { "'\\ud800'", "JSON parse error, \\u escape is not a valid Unicode character" },
        { "'\xc3('", "JSON parse error, invalid UTF-8 sequence in string" },
        { "1 2", "JSON parse error, garbage after the value" },
        { "[1", "JSON parse error, expecting value" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Error) err = NULL;
        g_assert_null(json_parse(rows[i].in, &err));
        g_assert_nonnull(err);
        g_assert_cmpstr(error_text(err), ==, rows[i].error);
    }
}

static void test_tree(void)
{
    g_autoptr(Json) j = json_object();

    for (int i = 0; i < 100; i++) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        json_set(j, key, json_int(i));
    }
    for (int i = 0; i < 100; i += 2) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        json_free(json_take(j, key));
        g_assert_null(json_take(j, key));
    }
    g_assert_cmpuint(json_len(j), ==, 50);
    int64_t v;
    g_assert_true(json_get_i64(json_get(j, "k99"), &v));
    g_assert_cmpint(v, ==, 99);
    json_set(j, "k99", json_string("x"));
    g_assert_cmpstr(json_get_string(json_get(j, "k99")), ==, "x");
    g_assert_cmpuint(json_len(j), ==, 50);
}

static void collect(void *opaque, Json *value, Error *err)
{
    GString *out = opaque;
    g_autofree char *text = value ? json_to_text(value, false) : NULL;

    g_string_append_printf(out, "%s;", value ? text : error_text(err));
    json_free(value);
    error_free(err);
}

/* However the bytes come, the values are the same. */
static void test_stream(void)
{
    static const char in[] = "{'a':1}{'b':\n[2]} 3 [x] {'c':@ zzz\n{'d':4} 'half";
    static const char want[] = "{\"a\": 1};{\"b\": [2]};3;JSON parse error, invalid keyword 'x';"
                               "JSON parse error, stray '@';{\"d\": 4};";

    for (size_t step = 1; step < sizeof(in); step++) {
        g_autoptr(GString) out = g_string_new(NULL);
        JsonStream *s = json_stream_new(collect, out);
        for (size_t i = 0; i < sizeof(in) - 1; i += step) {
            json_stream_feed(s, in + i, MIN(step, sizeof(in) - 1 - i));
        }
        g_assert_cmpstr(out->str, ==, want);
        json_stream_reset(s);
        json_stream_feed(s, "[]", 2);
        g_assert_true(g_str_has_suffix(out->str, ";[];"));
        json_stream_free(s);
    }
}

static void test_limits(void)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GString) in = g_string_new(NULL);
    JsonStream *s = json_stream_new(collect, out);

    for (int i = 0; i < 100000; i++) {
        g_string_append_c(in, '[');
    }
    json_stream_feed(s, in->str, in->len);
    g_assert_true(g_str_has_prefix(out->str, "JSON nesting depth limit exceeded;"));
    json_stream_reset(s);
    g_string_truncate(out, 0);
    json_stream_feed(s, "1\n", 2);
    g_assert_cmpstr(out->str, ==, "1;");

    g_string_truncate(out, 0);
    g_string_assign(in, "\"");
    for (int i = 0; i < 1 << 20; i++) {
        g_string_append_c(in, 'x');
    }
    for (int i = 0; i < 65; i++) {
        json_stream_feed(s, in->str + (i > 0), in->len - (i > 0));
    }
    g_assert_true(g_str_has_prefix(out->str, "JSON token size limit exceeded;"));
    json_stream_free(s);
}

static void test_fuzz(void)
{
    static const char alphabet[] = "{}[],:'\"\\ue019.-+ \ntrfalsn\xc3\xa9\x01\xff";
    g_autoptr(GRand) rand = g_rand_new_with_seed(42);
    g_autoptr(GString) out = g_string_new(NULL);
    JsonStream *s = json_stream_new(collect, out);

    for (int round = 0; round < 20000; round++) {
        char buf[64];
        int n = g_rand_int_range(rand, 1, sizeof(buf));
        for (int i = 0; i < n; i++) {
            buf[i] = round & 1 ? alphabet[g_rand_int_range(rand, 0, sizeof(alphabet))]
                               : (char)g_rand_int_range(rand, 0, 256);
        }
        json_stream_feed(s, buf, n);
        if (out->len > 1 << 20) {
            g_string_truncate(out, 0);
        }
        if (round % 100 == 99) {
            /* a line end with the quotes open resyncs, then all that is open is closed */
            json_stream_feed(s, "\n\xff\n", 3);
            json_stream_reset(s);
            g_string_truncate(out, 0);
            json_stream_feed(s, "{'x':1}", 7);
            g_assert_cmpstr(out->str, ==, "{\"x\": 1};");
        }
    }
    json_stream_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json/values", test_values);
    g_test_add_func("/json/errors", test_errors);
    g_test_add_func("/json/tree", test_tree);
    g_test_add_func("/json/stream", test_stream);
    g_test_add_func("/json/limits", test_limits);
    g_test_add_func("/json/fuzz", test_fuzz);
    return g_test_run();
}
