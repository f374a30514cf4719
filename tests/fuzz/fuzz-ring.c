/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring.c with a guest that writes to the ring's pages whenever we look at them: each page that is
 * mapped can first change by the next bytes of the input, or not be there.
 *
 * What must hold: no access outside the pages; our own index moves by whole packets, never by what
 * the guest wrote into ours; a packet handed out fits its buffer; every call comes to an end.
 */
#include <string.h>
#include "fuzz.h"
#include "hw/hyperv/ring.h"
#include "util/wire.h"

enum { MAX_PAGES = 9, CANARY = 0x5a };

const char fuzz_name[] = "ring";
const uint8_t fuzz_prefix[] = { 4, 0 };
const unsigned fuzz_prefix_bytes = sizeof(fuzz_prefix);

/* one page more on both sides that nobody may touch */
static uint8_t pages[MAX_PAGES + 2][RING_PAGE];
static unsigned n_pages;
static Input input;
static unsigned mapped, n_scribbles;
static uint64_t n_read, n_written, n_corrupt;

static void scribble(void)
{
    uint8_t how = in_u8(&input);
    uint8_t *p = pages[1 + in_u8(&input) % n_pages];

    n_scribbles++;
    if (how < 0xb0) {                   /* mostly the fields that matter */
        static const unsigned at[] = { 0, 4, 8, 12, 64 };
        stle32(p + at[how % 5], (uint32_t)in_num(&input, how & 0x3ff8));
    } else {
        stle64(p + in_bytes(&input, 2) % (RING_PAGE - 8), in_num(&input, 0x0003000200020006));
    }
}

/* What a guest with manners does: puts a packet in, or takes all out. */
static void behave(bool we_produce)
{
    uint32_t size_bytes = (n_pages - 1) * RING_PAGE;
    uint32_t write_idx = ldle32(pages[1]) % size_bytes & ~7u;
    uint32_t payload = in_u8(&input) & ~7u;
    uint8_t *ring = pages[2];           /* its pages follow each other */
    const uint8_t h[16] = { RING_PACKET_INBAND, 0, 2, 0, (uint8_t)((16 + payload) / 8), 0,
                            in_u8(&input) & 1 };

    if (we_produce) {
        stle32(pages[1] + 4, write_idx);
        return;
    }
    for (unsigned i = 0; i < 16; i++) {
        ring[(write_idx + i) % size_bytes] = h[i];
    }
    stle32(pages[1], (write_idx + 24 + payload) % size_bytes);
}

static uint8_t *map(void *opaque, unsigned n, bool write)
{
    g_assert_cmpuint(n, <, n_pages);
    uint8_t how = in_u8(&input);

    if (how >= 0xfc) {
        return NULL;                    /* unplugged */
    }
    if (how >= 0xd0) {
        scribble();
    }
    mapped++;
    return pages[1 + n];
}

static void unmap(void *opaque, uint8_t *page, bool written)
{
    g_assert_cmpuint(mapped, >, 0);
    mapped--;
}

static void check(const Ring *r, uint32_t old_idx, bool moved, uint64_t bytes)
{
    g_assert_cmpuint(r->idx, <, r->size_bytes);
    g_assert_cmpuint(r->idx % 8, ==, 0);
    g_assert_cmpuint(r->idx, ==, moved ? (old_idx + bytes) % r->size_bytes : old_idx);
    g_assert_cmpuint(mapped, ==, 0);
    for (unsigned i = 0; i < RING_PAGE; i++) {
        g_assert_cmpuint(pages[0][i], ==, CANARY);
        g_assert_cmpuint(pages[n_pages + 1][i], ==, CANARY);
    }
}

static void do_read(Ring *r)
{
    static const size_t caps[] = { 0, 8, 48, 4096 };
    size_t cap = caps[in_u8(&input) % 4], len = 0;
    g_autofree uint8_t *buf = g_malloc(cap + 1);
    bool signal = false;
    uint32_t old = r->idx, before = n_scribbles;
    RingPacket p;

    buf[cap] = CANARY;
    RingResult res = ring_read(r, &p, buf, cap, &len, &signal);
    g_assert_cmpuint(buf[cap], ==, CANARY);
    n_corrupt += res == RING_CORRUPT;
    uint32_t step = (r->idx + r->size_bytes - old) % r->size_bytes;
    if (res == RING_OK) {
        n_read++;
        g_assert_cmpuint(len, <=, cap);
        g_assert_cmpuint(len % 8, ==, 0);
        g_assert_cmpuint(step, >=, 24 + len);   /* progress, or we would read for ever */
        check(r, old, true, step);
        uint32_t there = (ldle32(pages[1]) + r->size_bytes - old) % r->size_bytes;
        g_assert_true(step <= there || n_scribbles != before);
    } else if (res != RING_CORRUPT) {
        check(r, old, false, 0);
    }
}

static void do_write(Ring *r)
{
    size_t len = in_num(&input, 16) & 0x7ffff;
    g_autofree uint8_t *buf = g_malloc0(len);
    RingPacket p = { .type = RING_PACKET_INBAND };
    bool signal = false;
    uint32_t old = r->idx;
    RingResult res = ring_write(r, &p, buf, len, &signal);

    n_corrupt += res == RING_CORRUPT;
    if (res == RING_OK) {
        n_written++;
        check(r, old, true, ring_packet_bytes((uint32_t)len));
    } else if (res != RING_CORRUPT) {
        check(r, old, false, 0);
    }
}

void fuzz_print_reached(FILE *f)
{
    fprintf(f, "    %" G_GUINT64_FORMAT " packets read, %" G_GUINT64_FORMAT " written, %"
            G_GUINT64_FORMAT " times found corrupt\n", n_read, n_written, n_corrupt);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    memset(pages, CANARY, sizeof(pages));
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RingMem mem = { map, unmap, NULL };
    bool any;
    Ring r;

    input = (Input){ data, data + size };
    n_pages = 1 + in_u8(&input) % MAX_PAGES;
    memset(pages[1], 0, n_pages * RING_PAGE);
    memset(pages[1 + n_pages], CANARY, (MAX_PAGES + 1 - n_pages) * RING_PAGE);
    mapped = 0;
    bool produce = in_u8(&input) & 1;
    if (ring_open(&r, &mem, 0, n_pages, produce) != RING_OK) {
        return 0;
    }
    r.peer_waits = ring_feature_pending(&r) || in_u8(&input) & 1;
    while (input.p < input.end) {
        switch (in_u8(&input) % 8) {
        case 0: scribble(); break;
        case 1: ring_set_mask(&r, in_u8(&input) & 1); break;
        case 2: ring_has_packet(&r, &any); break;
        case 3: ring_set_feature_pending(&r); break;
        case 4: case 5: behave(produce); break;
        default: (produce ? do_write : do_read)(&r); break;
        }
    }
    return 0;
}
