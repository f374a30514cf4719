/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes as the protocol's description gives them. -DDM_FUZZ: a libFuzzer target. */
#include <glib.h>
#include <string.h>
#include "dynmem-wire.h"
#include "util/wire.h"

#ifdef DM_FUZZ
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    DmMessage m;
    uint64_t sum = 0;

    if (dm_parse(data, size, &m) == DM_PARSE_OK && m.type == DM_BALLOON_RESPONSE) {
        for (unsigned i = 0; i < m.balloon.n_ranges; i++) {
            sum += dm_range(&m, i).n_pages;
        }
    }
    return sum == 1 ? -1 : 0;
}
#else

static void version(void)
{
    static const uint8_t req[16] = { 1, 0, 16, 0, 1, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0 };
    static const uint8_t resp[16] = { 2, 0, 16, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0 };
    uint8_t buf[DM_MESSAGE_MAX];
    DmMessage m;

    g_assert_cmpint(dm_parse(req, 16, &m), ==, DM_PARSE_OK);
    g_assert_cmpint(m.type, ==, DM_VERSION_REQUEST);
    g_assert_cmphex(m.version.version, ==, DM_VERSION_2_0);
    g_assert_true(m.version.last_attempt);
    g_assert_cmpuint(m.trans_id, ==, 1);
    g_assert_cmpmem(buf, dm_build_version_response(buf, 1, true), resp, 16);
    g_assert_cmpint(dm_parse(req, 15, &m), ==, DM_PARSE_SHORT);
    g_assert_cmpint(dm_parse(req, 7, &m), ==, DM_PARSE_SHORT);
    g_assert_cmpint(dm_parse(resp, 16, &m), ==, DM_PARSE_UNKNOWN);      /* ours, not the guest's */
}

static void caps(void)
{
    uint8_t w[32] = { 3, 0, 32, 0, 2, 0, 0, 0, 0x1f };
    static const uint8_t resp[16] = { 4, 0, 16, 0, 2, 0, 0, 0, 5 };
    uint8_t buf[DM_MESSAGE_MAX];
    DmMessage m;

    memset(w + 24, 0xff, 8);
    g_assert_cmpint(dm_parse(w, 32, &m), ==, DM_PARSE_OK);
    g_assert_cmpuint(m.caps.bits & (DM_CAP_BALLOON | DM_CAP_HOT_ADD), ==, 3);
    g_assert_cmpuint(m.caps.hot_add_align_log2_mib, ==, 7);
    g_assert_cmphex(m.caps.max_pfn, ==, UINT64_MAX);
    g_assert_cmpmem(buf, dm_build_caps_response(buf, 2, true, true), resp, 16);
}

static void balloon(void)
{
    uint8_t w[32] = { 7, 0, 32, 0, 9, 0, 0, 0, 0, 0, 0, 0, 2 << 1 | 1 };
    static const uint8_t req[16] = { 6, 0, 16, 0, 3, 0, 0, 0, 0, 0, 1, 0 };
    uint8_t buf[DM_MESSAGE_MAX];
    DmMessage m;

    stle64(w + 16, 0x1234ull | 512ull << 40);
    stle64(w + 24, 0xffffffffffull | 0xffffffull << 40);
    g_assert_cmpint(dm_parse(w, 32, &m), ==, DM_PARSE_OK);
    g_assert_true(m.balloon.more);
    g_assert_cmpuint(m.balloon.n_ranges, ==, 2);
    g_assert_cmphex(dm_range(&m, 0).start_pfn, ==, 0x1234);
    g_assert_cmpuint(dm_range(&m, 0).n_pages, ==, 512);
    g_assert_cmphex(dm_range(&m, 1).start_pfn, ==, 0xffffffffff);
    g_assert_cmphex(dm_range(&m, 1).n_pages, ==, 0xffffff);
    g_assert_cmpint(dm_parse(w, 31, &m), ==, DM_PARSE_COUNT);
    stle32(w + 12, 0xffffffff);                         /* 2^31 - 1 ranges */
    g_assert_cmpint(dm_parse(w, 32, &m), ==, DM_PARSE_COUNT);
    g_assert_cmpmem(buf, dm_build_balloon_request(buf, 3, 65536), req, 16);
}

static void unballoon(void)
{
    PageRange r[DM_RANGES_MAX];
    uint8_t buf[DM_MESSAGE_MAX];
    static const uint8_t one[24] = { 8, 0, 24, 0, 5, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
                                     0, 1, 0, 0, 0, 0, 2, 0 };

    r[0] = (PageRange){ 0x100, 0x200 };
    g_assert_cmpmem(buf, dm_build_unballoon_request(buf, 5, r, 1, true), one, 24);
    for (unsigned i = 0; i < DM_RANGES_MAX; i++) {
        r[i] = (PageRange){ 2 * i, 1 };
    }
    g_assert_cmpuint(dm_build_unballoon_request(buf, 5, r, DM_RANGES_MAX, false), ==,
                     DM_MESSAGE_MAX);
    g_assert_cmpuint(ldle32(buf + 8), ==, 0);
    g_assert_cmpuint(ldle32(buf + 12), ==, DM_RANGES_MAX);
}

static void any_bytes(void)
{
    for (unsigned i = 0; i < 20000; i++) {
        size_t n = (size_t)g_test_rand_int_range(0, 80);
        g_autofree uint8_t *b = g_malloc(n + 1);
        DmMessage m;

        for (size_t k = 0; k < n; k++) {
            b[k] = (uint8_t)(g_test_rand_bit() ? g_test_rand_int_range(0, 16) : g_test_rand_int());
        }
        if (n > 1) {
            b[1] = 0;
        }
        if (dm_parse(b, n, &m) == DM_PARSE_OK && m.type == DM_BALLOON_RESPONSE) {
            g_assert_cmpuint(m.balloon.n_ranges, <=, (n - 16) / 8);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dynmem-wire/version", version);
    g_test_add_func("/dynmem-wire/caps", caps);
    g_test_add_func("/dynmem-wire/balloon", balloon);
    g_test_add_func("/dynmem-wire/unballoon", unballoon);
    g_test_add_func("/dynmem-wire/any-bytes", any_bytes);
    return g_test_run();
}
#endif
