/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rings in plain memory. "Guest" is the other side: another Ring on the same pages, or a hand that
 * writes nonsense. Built with -DRING_FUZZ this is a libFuzzer target instead.
 */
#include <glib.h>
#include <string.h>
#include "ring.h"
#include "util/wire.h"

enum { N_PAGES = 4, DATA = (N_PAGES - 1) * 4096 };

typedef struct Mem {
    uint8_t pages[N_PAGES][RING_PAGE] __attribute__((aligned(4096)));
    unsigned missing;           /* a page that is no RAM; 0: all are */
    int mapped;
} Mem;

static uint8_t *mem_map(void *opaque, unsigned n, bool write)
{
    Mem *m = opaque;

    g_assert_cmpuint(n, <, N_PAGES);
    if (m->missing && n == m->missing) {
        return NULL;
    }
    m->mapped++;
    return m->pages[n];
}

static void mem_unmap(void *opaque, uint8_t *page, bool written)
{
    ((Mem *)opaque)->mapped--;
}

static RingMem mem_of(Mem *m)
{
    return (RingMem){ mem_map, mem_unmap, m };
}

static void put(Mem *m, unsigned at, uint32_t val) { stle32(m->pages[0] + at, val); }
static uint32_t get(Mem *m, unsigned at) { return ldle32(m->pages[0] + at); }

#ifdef RING_FUZZ
/* the first bytes are control words, the rest is data; some reads in a row, some writes */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Mem m;
    uint8_t buf[4096];
    RingMem rm = mem_of(&m);
    Ring in, out;
    RingPacket p = { .type = RING_PACKET_INBAND };
    size_t n;
    bool signal = false;

    memset(&m, 0, sizeof(m));
    memcpy(m.pages[0], data, MIN(size, 80));
    if (size > 80) {
        memcpy(m.pages[1], data + 80, MIN(size - 80, DATA));
    }
    if (ring_open(&in, &rm, 0, N_PAGES, false) == RING_OK) {
        in.peer_waits = ring_feature_pending(&in);
        for (int i = 0; i < 64 && ring_read(&in, &p, buf, sizeof(buf), &n, &signal) == RING_OK;
             i++) {
        }
    }
    if (ring_open(&out, &rm, 0, N_PAGES, true) == RING_OK) {
        for (int i = 0; i < 64 && ring_write(&out, &p, buf, size % 4000, &signal) == RING_OK;
             i++) {
        }
    }
    return 0;
}
#else

static void open_pair(Mem *m, Ring *in, Ring *out)
{
    RingMem rm = mem_of(m);

    g_assert_cmpint(ring_open(in, &rm, 0, N_PAGES, false), ==, RING_OK);
    g_assert_cmpint(ring_open(out, &rm, 0, N_PAGES, true), ==, RING_OK);
    in->peer_waits = out->peer_waits = true;
}

/* bytes of a VERSION_REQUEST packet as the protocol's description has them */
static void layout(void)
{
    Mem *m = g_aligned_alloc0(1, sizeof(Mem), 4096);
    RingPacket p = { .type = RING_PACKET_INBAND, .trans_id = 0x1122334455667788 };
    Ring in, out;
    bool signal = false;
    static const uint8_t expect[40] = {
        6, 0, 2, 0, 4, 0, 0, 0, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
        'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 0, 0, 0, 0, 0, 0, 0,
    };

    open_pair(m, &in, &out);
    g_assert_cmpint(ring_write(&out, &p, "abcdefghi", 9, &signal), ==, RING_OK);
    g_assert_true(signal);
    g_assert_cmpmem(m->pages[1], 40, expect, 40);
    g_assert_cmpuint(get(m, 0), ==, 40);
    signal = false;
    g_assert_cmpint(ring_write(&out, &p, "x", 1, &signal), ==, RING_OK);
    g_assert_false(signal);                             /* was not empty */
    g_assert_cmpuint(ldle32(m->pages[1] + 40 + 24 + 4), ==, 40);    /* trailer: old index */
    g_assert_cmpuint(ring_packet_bytes(16), ==, 40);
    g_assert_cmpuint(ring_packet_bytes(1040), ==, 1064);
    g_assert_cmpint(m->mapped, ==, 0);
    g_aligned_free(m);
}

static void random_traffic(void)
{
    Mem *m = g_aligned_alloc0(1, sizeof(Mem), 4096);
    g_autoptr(GQueue) sent = g_queue_new();     /* GBytes */
    Ring in, out;
    bool signal;

    open_pair(m, &in, &out);
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t buf[4096], got[4096];
        RingPacket p = { .type = RING_PACKET_INBAND, .trans_id = i };
        size_t n = (size_t)g_test_rand_int_range(0, 3000), len;

        if (g_test_rand_int_range(0, 2)) {
            memset(buf, (int)i, n);
            RingResult r = ring_write(&out, &p, buf, n, &signal);
            g_assert_true(r == RING_OK || r == RING_FULL);
            if (r == RING_OK) {
                g_queue_push_tail(sent, g_bytes_new(buf, n));
            } else {
                g_assert_cmpuint(get(m, 12), ==, ring_packet_bytes((uint32_t)n));
            }
        } else {
            RingResult r = ring_read(&in, &p, got, sizeof(got), &len, &signal);
            GBytes *b = g_queue_pop_head(sent);
            g_assert_cmpint(r, ==, b ? RING_OK : RING_EMPTY);
            if (b) {
                g_assert_cmpuint(len, ==, (g_bytes_get_size(b) + 7) & ~7u);
                g_assert_true(g_bytes_get_size(b) == 0 ||
                              memcmp(got, g_bytes_get_data(b, NULL), g_bytes_get_size(b)) == 0);
                g_bytes_unref(b);
            }
        }
    }
    g_queue_foreach(sent, (GFunc)(void *)g_bytes_unref, NULL);
    g_aligned_free(m);
}

static void full_and_pending(void)
{
    Mem *m = g_aligned_alloc0(1, sizeof(Mem), 4096);
    RingPacket p = { .type = RING_PACKET_INBAND };
    uint8_t buf[4096] = { 0 };
    Ring in, out;
    bool signal = false;
    size_t n;

    open_pair(m, &in, &out);
    for (int i = 0; i < 2; i++) {
        g_assert_cmpint(ring_write(&out, &p, buf, 4096, &signal), ==, RING_OK);
    }
    g_assert_cmpint(ring_write(&out, &p, buf, 4096, &signal), ==, RING_FULL);
    g_assert_cmpuint(get(m, 12), ==, 4120);             /* what we wait for */
    signal = false;
    g_assert_cmpint(ring_read(&in, &p, buf, 4096, &n, &signal), ==, RING_OK);
    g_assert_true(signal);                              /* crossed the line */
    signal = false;
    g_assert_cmpint(ring_read(&in, &p, buf, 4096, &n, &signal), ==, RING_OK);
    g_assert_false(signal);                             /* was above it already */
    g_assert_cmpint(ring_write(&out, &p, buf, 4096, &signal), ==, RING_OK);
    g_assert_cmpuint(get(m, 12), ==, 0);
    g_assert_cmpint(ring_write(&out, &p, buf, DATA, &signal), ==, RING_TOO_BIG);
    /* exactly the whole ring is one byte too much: it would look empty */
    g_assert_cmpint(ring_write(&out, &p, buf, DATA - 24, &signal), ==, RING_TOO_BIG);
    g_aligned_free(m);
}

static void masked(void)
{
    Mem *m = g_aligned_alloc0(1, sizeof(Mem), 4096);
    RingPacket p = { .type = RING_PACKET_INBAND };
    Ring in, out;
    bool signal = false, any;

    open_pair(m, &in, &out);
    g_assert_cmpint(ring_set_mask(&in, true), ==, RING_OK);
    g_assert_cmpint(ring_write(&out, &p, "", 0, &signal), ==, RING_OK);
    g_assert_false(signal);
    g_assert_cmpint(ring_set_mask(&in, false), ==, RING_OK);
    g_assert_cmpint(ring_has_packet(&in, &any), ==, RING_OK);
    g_assert_true(any);
    g_aligned_free(m);
}

typedef struct Bad {
    const char *what;
    uint32_t write_idx;
    uint16_t offset8, len8;
    RingResult expect;
} Bad;

static const Bad bads[] = {
    { "good",                   40,       2, 4,      RING_OK },
    { "index past the end",     DATA,     2, 4,      RING_CORRUPT },
    { "huge index",             ~7u,      2, 4,      RING_CORRUPT },
    { "odd index",              44,       2, 4,      RING_CORRUPT },
    { "less than a header",     16,       2, 4,      RING_CORRUPT },
    { "length 0",               40,       2, 0,      RING_CORRUPT },
    { "length below header",    40,       1, 1,      RING_CORRUPT },
    { "length past available",  40,       2, 5,      RING_CORRUPT },
    { "length 0xffff",          DATA - 8, 2, 0xffff, RING_CORRUPT },
    { "offset 0",               40,       0, 4,      RING_CORRUPT },
    { "offset past the end",    40,       5, 4,      RING_CORRUPT },
    { "no payload",             40,       4, 4,      RING_OK },
    { "larger than our buffer", DATA - 8, 2, 1000,   RING_TOO_BIG },
};

static void corrupt(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(bads); i++) {
        const Bad *b = &bads[i];
        Mem *m = g_aligned_alloc0(1, sizeof(Mem), 4096);
        RingMem rm = mem_of(m);
        RingPacket p;
        uint8_t buf[4096];
        bool signal = false;
        size_t n;
        Ring in;

        g_test_message("%s", b->what);
        g_assert_cmpint(ring_open(&in, &rm, 0, N_PAGES, false), ==, RING_OK);
        put(m, 0, b->write_idx);
        stle16(m->pages[1], 6);
        stle16(m->pages[1] + 2, b->offset8);
        stle16(m->pages[1] + 4, b->len8);
        g_assert_cmpint(ring_read(&in, &p, buf, sizeof(buf), &n, &signal), ==, b->expect);
        g_assert_cmpint(m->mapped, ==, 0);
        g_aligned_free(m);
    }
}

static void corrupt_producer(void)
{
    Mem *m = g_aligned_alloc0(1, sizeof(Mem), 4096);
    RingMem rm = mem_of(m);
    RingPacket p = { .type = RING_PACKET_INBAND };
    bool signal = false;
    Ring out;

    put(m, 4, 12);
    g_assert_cmpint(ring_open(&out, &rm, 0, N_PAGES, true), ==, RING_CORRUPT);
    put(m, 4, 0);
    g_assert_cmpint(ring_open(&out, &rm, 0, 1, true), ==, RING_CORRUPT);
    g_assert_cmpint(ring_open(&out, &rm, 0, N_PAGES, true), ==, RING_OK);
    put(m, 4, DATA + 8);
    g_assert_cmpint(ring_write(&out, &p, "", 0, &signal), ==, RING_CORRUPT);
    put(m, 4, 0);
    m->missing = 1;
    g_assert_cmpint(ring_write(&out, &p, "", 0, &signal), ==, RING_CORRUPT);
    put(m, 0, 4000);            /* the guest rewrites our index: we don't care */
    m->missing = 0;
    g_assert_cmpint(ring_write(&out, &p, "", 0, &signal), ==, RING_OK);
    g_assert_cmpuint(get(m, 0), ==, 24);
    g_aligned_free(m);
}

/* random bytes everywhere: any answer is fine, as long as it is one, and reads make progress */
static void smoke(void)
{
    Mem *m = g_aligned_alloc0(1, sizeof(Mem), 4096);
    RingMem rm = mem_of(m);

    for (unsigned round = 0; round < 3000; round++) {
        RingPacket p = { .type = RING_PACKET_INBAND };
        uint8_t buf[4096];
        bool signal = false;
        size_t n;
        Ring r;

        for (unsigned i = 0; i < 64; i += 4) {
            uint32_t v = (uint32_t)g_test_rand_int();
            put(m, i, g_test_rand_bit() ? v % DATA & ~7u : v);
        }
        for (unsigned i = 0; i < DATA; i += 8) {
            stle64(m->pages[1] + i, g_test_rand_bit() ? 0x0000000400020006
                                                      : (uint64_t)g_test_rand_int());
        }
        if (ring_open(&r, &rm, 0, N_PAGES, round & 1) != RING_OK) {
            continue;
        }
        r.peer_waits = true;
        for (unsigned i = 0; i < 1000; i++) {
            RingResult res = round & 1 ? ring_write(&r, &p, buf, i, &signal)
                                       : ring_read(&r, &p, buf, sizeof(buf), &n, &signal);
            if (res != RING_OK) {
                break;
            }
            g_assert_cmpuint(i, <, DATA / 24);
        }
    }
    g_assert_cmpint(m->mapped, ==, 0);
    g_aligned_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ring/layout", layout);
    g_test_add_func("/ring/random-traffic", random_traffic);
    g_test_add_func("/ring/full-and-pending", full_and_pending);
    g_test_add_func("/ring/masked", masked);
    g_test_add_func("/ring/corrupt", corrupt);
    g_test_add_func("/ring/corrupt-producer", corrupt_producer);
    g_test_add_func("/ring/smoke", smoke);
    return g_test_run();
}
#endif
