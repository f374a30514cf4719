/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What docs/devel/security.rst lists and the other tests beside this file do not have: a guest that
 * attacks VMBus and hv-balloon. Each page of its RAM has a pattern; after each attack every page
 * that the guest has not given away, nor named as a ring or a message page, must be as it was.
 */
#include <string.h>
#include "backends/hostmem.h"
#include "fake-dm.h"
#include "hw/core/balloon.h"
#include "hw/core/device.h"
#include "util/main-loop.h"
#include "util/wire.h"
#include "vmbus-wire.h"

enum { PAGE = 4096, PAGES = FAKE_RAM / PAGE, MEMDEV_PAGES = 4096, TURNS_MAX = 3000 };
enum { ROM_PFN = PAGES, DEVICE_PFN = PAGES + 2, HOLE_PFN = 0xa0, HOLE_PAGES = 32 };
enum { RING_PFN = FAKE_RING_GPA / PAGE };
#define MIB ((uint64_t)1 << 20)
static const uint64_t window_pfn = 0x10000;

static uint8_t rom[2 * PAGE] __attribute__((aligned(4096)));
static uint64_t device_writes;
static bool gone[PAGES];                /* given away, or the guest's own business */
static uint8_t *hot_ram;

/* ---- the pattern ---- */

static uint64_t pattern(unsigned pfn, unsigned at)
{
    return ((uint64_t)pfn * PAGE + at) * 0x9e3779b97f4a7c15ull | 1;
}

static void fill(void)
{
    memset(gone, 0, sizeof(gone));
    for (unsigned i = 0; i < FAKE_RING_PAGES; i++) {
        gone[RING_PFN + i] = true;
    }
    for (unsigned i = 0; i < FAKE_VPS; i++) {
        gone[FAKE_SIMP / PAGE + i] = gone[FAKE_SIEFP / PAGE + i] = true;
    }
    for (unsigned i = 0; i < PAGES; i++) {
        for (unsigned at = 0; at < PAGE && !gone[i]; at += 504) {
            stle64(fake.ram + i * PAGE + at, pattern(i, at));
        }
    }
    memset(rom, 0x99, sizeof(rom));
    device_writes = 0;
}

static void intact(void)
{
    for (unsigned i = 0; i < PAGES; i++) {
        for (unsigned at = 0; at < PAGE && !gone[i]; at += 504) {
            if (ldle64(fake.ram + i * PAGE + at) != pattern(i, at)) {
                g_error("page 0x%x has changed at 0x%x", i, at);
            }
        }
    }
    for (unsigned i = 0; i < sizeof(rom); i++) {
        g_assert_cmphex(rom[i], ==, 0x99);
    }
    g_assert_cmpuint(device_writes, ==, 0);
}

static void given(uint64_t pfn, uint64_t n)
{
    memset(gone + pfn, true, n);
}

/* The main loop until it rests: it must, whatever the guest does. */
static void settle(void)
{
    for (unsigned i = 0; i < TURNS_MAX / 40; i++) {
        fake_pump();
    }
}

static uint64_t actual(void)
{
    uint64_t bytes;

    g_assert_true(balloon_query(&bytes, NULL));
    return bytes;
}

static void want_mib(uint64_t mib)
{
    g_assert_true(balloon_set_target(mib * MIB, NULL));
}

static void ready(void)
{
    dm_connect();
    g_assert_true(dm_negotiate(DM_VERSION_2_0, false));
    dm_offer_caps(DM_CAP_BALLOON | DM_CAP_HOT_ADD);     /* steps of 1 MiB */
    fill();
}

/* The guest can go on as if nothing had happened. */
static void works(void)
{
    PageRange r = { 0x3000, 256 };

    want_mib(64);
    fake_pump();
    ready();
    want_mib(63);
    g_assert_cmpuint(dm_expect_request(), ==, 256);
    dm_send_pages(&r, 1, false);
    given(r.start_pfn, r.n_pages);
    g_assert_cmpuint(actual(), ==, 63 * MIB);
    intact();
}

/* ---- control messages ---- */

static void before_contact(void)
{
    uint8_t w[240] = { 0 };

    device_reset_all();
    hv_partition_reset(fake.partition);
    fake_synic_on(0);
    fill();
    for (unsigned type = 0; type < 32; type++) {
        if (type != VMBUS_INITIATE_CONTACT && type != VMBUS_UNLOAD) {
            fake_vmbus_send(type, w, sizeof(w));
            fake_vmbus_expect_none();
        }
    }
    intact();
    works();
}

/* Each contact forgets everything; the pages it names are nobody's business. */
static void contact_flood(void)
{
    WireInitiate w = { .version = le32_of(VMBUS_VERSION_4_0), .interrupt_page = le64_of(0x200000),
                       .monitor_page1 = le64_of(UINT64_MAX), .monitor_page2 = le64_of(0x201000) };
    WireVersionResponse r;
    uint8_t guid[16];

    ready();
    for (unsigned i = 0; i < 2000; i++) {
        w.target_vp = le32_of(i & 1);
        fake_vmbus_send(VMBUS_INITIATE_CONTACT, &w, sizeof(w));
        if (i % 50 == 0) {
            fake_pump();
        }
    }
    w.target_vp = le32_of(0);
    fake_pump();
    for (uint32_t type; fake_take_message(0, &type, (uint8_t[240]){ 0 }); ) {
        fake_pump();
    }
    fake_vmbus_send(VMBUS_INITIATE_CONTACT, &w, sizeof(w));
    fake_vmbus_expect(VMBUS_VERSION_RESPONSE, &r, sizeof(r));
    g_assert_cmpuint(r.supported, ==, 1);
    fake_vmbus_expect_none();                           /* one answer */
    uint32_t relid = fake_take_offers(guid);
    for (unsigned i = 0; i < 3; i++) {                  /* GPADLs of connections before are gone */
        g_assert_cmpuint(fake_gpadl(relid, FAKE_GPADL), ==, 0);
        g_assert_true(fake_contact(VMBUS_VERSION_4_0));
        g_assert_cmpuint(fake_take_offers(guid), ==, relid);
    }
    intact();
    works();
}

static void not_in_this_version(void)
{
    uint8_t w[240] = { 0 };

    ready();
    for (unsigned type = 18; type < 32; type++) {       /* MODIFYCHANNEL, TL_CONNECT, ... */
        g_assert_cmpuint(fake_vmbus_send(type, w, sizeof(w)), ==,
                         HV_STATUS_INVALID_HYPERCALL_INPUT);
    }
    fake_vmbus_expect_none();
    intact();
    works();
}

static void released_unasked(void)
{
    uint8_t msg[4096];

    ready();
    for (uint32_t relid = 0; relid < 3000; relid += 7) {
        WireRelid w = { .relid = le32_of(relid) };
        g_assert_cmpuint(fake_vmbus_send(VMBUS_RELID_RELEASED, &w, sizeof(w)), ==, 0);
        fake_pump();
    }
    want_mib(63);                                       /* the channel is as it was */
    g_assert_cmpuint(fake_recv(&dm_rings, msg), ==, 16);
    intact();
    works();
}

/* Packets are in the ring when the channel is closed and its pages are taken away. */
static void close_while_busy(void)
{
    PageRange r = { 0x3000, 64 };
    WireGpadlTeardown t = { .relid = le32_of(dm_rings.relid), .gpadl_id = le32_of(FAKE_GPADL) };
    WireGpadlTorndown done;

    ready();
    want_mib(63);
    dm_expect_request();
    uint8_t w[24] = { DM_BALLOON_RESPONSE, 0, 24, 0, 9, 0, 0, 0, 0, 0, 0, 0, 2 };
    stle64(w + 16, r.start_pfn | r.n_pages << 40);
    t.relid = le32_of(dm_rings.relid);
    fake_vmbus_send(VMBUS_GPADL_TEARDOWN, &t, sizeof(t));       /* it is handled first */
    for (unsigned i = 0; i < 100; i++) {
        fake_send(&dm_rings, w, sizeof(w));
    }
    fake_vmbus_expect(VMBUS_GPADL_TORNDOWN, &done, sizeof(done));
    settle();
    for (unsigned i = 0; i < FAKE_RING_PAGES; i++) {
        memset(fake.ram + FAKE_RING_GPA + i * PAGE, 0xee, PAGE);
    }
    hv_signal_event(fake.partition, 16 + dm_rings.relid, 0);
    settle();
    for (unsigned i = 0; i < FAKE_RING_PAGES * PAGE; i++) {     /* the host has let go */
        g_assert_cmphex(fake.ram[FAKE_RING_GPA + i], ==, 0xee);
    }
    given(r.start_pfn, r.n_pages);                      /* may have been taken before */
    intact();
    works();
}

/* Rings of one page again and again, or both rings in the same pages. */
static void aliased_rings(void)
{
    static const unsigned periods[] = { 1, 2, 5 };
    uint8_t w[sizeof(WireGpadlHeader) + FAKE_RING_PAGES * 8] = { 0 };
    WireGpadlHeader *h = (void *)w;
    uint8_t guid[16];

    for (unsigned k = 0; k < G_N_ELEMENTS(periods); k++) {
        WireGpadlCreated r;
        device_reset_all();
        hv_partition_reset(fake.partition);
        fake_synic_on(0);
        g_assert_true(fake_contact(VMBUS_VERSION_4_0));
        uint32_t relid = fake_take_offers(guid);
        fill();
        *h = (WireGpadlHeader){ .relid = le32_of(relid), .gpadl_id = le32_of(FAKE_GPADL),
            .ranges_bytes = le16_of(8 + FAKE_RING_PAGES * 8), .n_ranges = le16_of(1),
            .byte_count = le32_of(FAKE_RING_PAGES * PAGE) };
        for (unsigned i = 0; i < FAKE_RING_PAGES; i++) {
            stle64(w + sizeof(*h) + i * 8, RING_PFN + i % periods[k]);
        }
        fake_vmbus_send(VMBUS_GPADL_HEADER, w, sizeof(w));
        fake_vmbus_expect(VMBUS_GPADL_CREATED, &r, sizeof(r));
        g_assert_cmpuint(le32_get(r.status), ==, 0);    /* legal, and the guest's own loss */
        fake_rings_clear();
        if (fake_open(relid, FAKE_GPADL, FAKE_RING_DOWN) != 0) {
            intact();                                   /* refused, which is as well */
            continue;
        }
        fake_rings_init(&dm_rings, relid);
        dm_send_version(DM_VERSION_2_0, false);
        settle();
        want_mib(60);
        settle();
        intact();
    }
    works();
}

/* ---- rings ---- */

typedef struct Header { uint16_t type, ofs8, len8, flags; uint32_t step; } Header;

/* each: the channel breaks or the packet is dropped; opened again it works */
static void packet_headers(void)
{
    static const Header headers[] = {
        { 6, 2, 0, 0, 24 }, { 6, 2, 1, 0, 24 }, { 6, 0, 3, 0, 32 }, { 6, 1, 3, 0, 32 },
        { 6, 4, 3, 0, 32 }, { 6, 2, 0xffff, 0, 32 }, { 6, 0xffff, 0xffff, 0, 32 },
        { 6, 2, 3, 0, 24 }, { 6, 2, 3, 0, 16 }, { 6, 2, 3, 0, 8 }, { 6, 2, 3, 0, 4 },
        { 6, 2, 2, 0, 24 }, { 0, 2, 3, 0, 32 }, { 0xffff, 2, 3, 0xffff, 32 }, { 0xb, 2, 3, 0, 32 },
        { 6, 2, 516, 0, 4136 }, { 6, 2, 514, 0, 4120 }, { 9, 2, 2046, 1, 16376 },
        { 6, 2, 3, 1, 32 }, { 6, 2, 3, 0, 0x7fffffff }, { 6, 2, 3, 0, 0x80000000 },
    };
    uint8_t *ctl, *data;

    ready();
    ctl = fake.ram + FAKE_RING_GPA;
    data = ctl + PAGE;
    for (unsigned i = 0; i < G_N_ELEMENTS(headers); i++) {
        Header h = headers[i];
        dm_connect();
        g_assert_true(dm_negotiate(DM_VERSION_2_0, false));
        dm_offer_caps(DM_CAP_BALLOON);
        uint32_t at = ldle32(ctl), size = (FAKE_RING_DOWN - 1) * PAGE;
        memset(data + at, 0, 32);
        stle16(data + at, h.type);
        stle16(data + at + 2, h.ofs8);
        stle16(data + at + 4, h.len8);
        stle16(data + at + 6, h.flags);
        stle32(ctl, h.step < size ? (at + h.step) % size : h.step);
        hv_signal_event(fake.partition, 16 + dm_rings.relid, 0);
        settle();
        intact();
    }
    works();
}

static void size_field_lies(void)
{
    static const uint16_t sizes[] = { 0, 1, 7, 8, 15, 0x7fff, 0xffff };
    uint8_t w[24] = { DM_BALLOON_RESPONSE, 0, 0, 0, 9 };

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        ready();
        want_mib(63);
        g_assert_cmpuint(dm_expect_request(), ==, 256);
        stle16(w + 2, sizes[i]);
        stle32(w + 12, 0x7fffffffu << 1);               /* more ranges than bytes: refused */
        fake_send(&dm_rings, w, sizeof(w));
        fake_pump();
        intact();
        stle32(w + 12, 1 << 1);                         /* as many as there are: taken */
        stle64(w + 16, 0x3000 | (uint64_t)256 << 40);
        fake_send(&dm_rings, w, sizeof(w));
        fake_pump();
        given(0x3000, 256);
        g_assert_cmpuint(actual(), ==, 63 * MIB);
        intact();
        stle64(w + 16, 0);
    }
}

/* Answers wanted for each packet, and none is ever read. */
static void completions_unread(void)
{
    uint8_t w[48] = { DM_STATUS_REPORT, 0, 48 };
    RingPacket p = { .type = RING_PACKET_INBAND, .flags = RING_FLAG_COMPLETION_REQUESTED };

    ready();
    for (unsigned i = 0; i < 5000; i++) {
        bool signal = false;
        if (ring_write(&dm_rings.out, &p, w, sizeof(w), &signal) != RING_OK) {
            fake_pump();                                /* it must always take packets */
            g_assert_cmpint(ring_write(&dm_rings.out, &p, w, sizeof(w), &signal), ==, RING_OK);
        }
        hv_signal_event(fake.partition, 16 + dm_rings.relid, 0);
    }
    settle();
    intact();
    works();
}

/* A guest that reads nothing: the user's commands return, and the host has nothing to do. */
static void never_reads(void)
{
    ready();
    for (unsigned i = 0; i < 300; i++) {
        PageRange r = { 0x3000 + i * 2, 1 };
        want_mib(40 + i % 24);
        fake_pump();
        dm_send_pages(&r, 1, false);
        given(r.start_pfn, 1);
    }
    settle();
    g_assert_cmpuint(actual(), <=, 64 * MIB);
    intact();
    works();
}

static void always_masked(void)
{
    ready();
    stle32(fake.ram + FAKE_RING_GPA + FAKE_RING_DOWN * PAGE + 8, 1);
    fake_take_event(0, dm_rings.relid);
    want_mib(63);
    settle();
    g_assert_false(fake_take_event(0, dm_rings.relid));
    g_assert_cmpuint(dm_expect_request(), ==, 256);     /* it is there all the same */
    intact();
    works();
}

static void feature_flips(void)
{
    ready();
    for (unsigned i = 0; i < 500; i++) {
        stle32(fake.ram + FAKE_RING_GPA + 64, i & 1 ? UINT32_MAX : 0);
        stle32(fake.ram + FAKE_RING_GPA + FAKE_RING_DOWN * PAGE + 64, i & 2 ? UINT32_MAX : 0);
        stle32(fake.ram + FAKE_RING_GPA + 12, i * 0x1234567);
        dm_send_status(1, 2);
    }
    settle();
    intact();
    works();
}

typedef struct Flipper { volatile int stop; unsigned n; } Flipper;

/* another vCPU: writes anything to all control fields */
static gpointer flip(gpointer opaque)
{
    Flipper *f = opaque;
    uint64_t x = 88172645463325252ull;

    while (!g_atomic_int_get(&f->stop)) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        uint8_t *ctl = fake.ram + FAKE_RING_GPA + (x & 1 ? FAKE_RING_DOWN * PAGE : 0);
        uint32_t val = x & 2 ? (uint32_t)(x >> 32) : (uint32_t)(x >> 32) & 0x3ff8;
        __atomic_store_n((uint32_t *)(void *)(ctl + (x >> 4 & 3) * 4), val, __ATOMIC_RELAXED);
        f->n++;
    }
    return NULL;
}

static void moving_indexes(void)
{
    Flipper f = { 0 };

    ready();
    GThread *t = g_thread_new("flip", flip, &f);
    for (unsigned i = 0; i < 3000; i++) {
        WireRelid w = { .relid = le32_of(dm_rings.relid) };
        WireOpen o = { .relid = w.relid, .open_id = le32_of(7), .gpadl_id = le32_of(FAKE_GPADL),
                       .downstream_page = le32_of(FAKE_RING_DOWN) };
        uint32_t type;
        want_mib(1 + i % 64);
        hv_signal_event(fake.partition, 16 + dm_rings.relid, 0);
        fake_vmbus_send(VMBUS_CLOSECHANNEL, &w, sizeof(w));
        fake_vmbus_send(VMBUS_OPENCHANNEL, &o, sizeof(o));
        fake_pump();
        fake_take_message(0, &type, (uint8_t[240]){ 0 });
    }
    g_atomic_int_set(&f.stop, 1);
    g_thread_join(t);
    settle();
    g_test_message("%u writes under our feet", f.n);
    /* what was in the rings was no message: no page has gone */
    intact();
    works();
}

static void signal_storm(void)
{
    ready();
    for (unsigned i = 0; i < 200000; i++) {
        g_assert_cmpuint(hv_signal_event(fake.partition, 16 + dm_rings.relid, 0), ==, 0);
    }
    settle();
    intact();
    works();
}

/* ---- pages that mean several things ---- */

static void aliased_pages(void)
{
    ready();
    fake_wrmsr(0, MSR_SIMP, FAKE_SIEFP + 1);            /* both in one page */
    fake_wrmsr(1, MSR_SIMP, FAKE_RING_GPA + 1);         /* and in a ring */
    fake_wrmsr(1, MSR_SIEFP, FAKE_RING_GPA + FAKE_RING_DOWN * PAGE + 1);
    want_mib(62);
    settle();
    intact();
    works();
}

/* Its own rings, its message page: the guest hurts nobody else. */
static void gives_its_ring(void)
{
    PageRange r[3] = { { RING_PFN, FAKE_RING_PAGES }, { FAKE_SIMP / PAGE, 2 },
                       { FAKE_SIEFP / PAGE, 2 } };

    ready();
    want_mib(63);
    dm_expect_request();
    dm_send_pages(r, 3, false);
    settle();
    want_mib(64);
    settle();
    intact();
    works();
}

/* ---- Dynamic Memory ---- */

/* Devices, ROM, holes, the ends of all: nothing is discarded there, nor beside it. */
static void devices_and_edges(void)
{
    static const PageRange foreign[] = {
        { ROM_PFN, 1 }, { ROM_PFN + 1, 1 }, { DEVICE_PFN, 1 }, { HOLE_PFN, HOLE_PAGES },
        { HOLE_PFN + 31, 1 }, { PAGES + 3, 1 }, { PAGES, 0xffffff }, { window_pfn - 1, 1 },
        { 0xffffffffff, 1 }, { 0xffffffffff, 0xffffff }, { 0x100000000, 0xffffff }, { 0, 0 },
        { 0xffffffffff, 0 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(foreign); i++) {
        ready();
        want_mib(32);
        g_assert_cmpuint(dm_expect_request(), ==, 8192);
        dm_send_pages(&foreign[i], 1, false);
        g_assert_cmpuint(actual(), ==, 64 * MIB);
        dm_expect_nothing();                            /* nothing given: not asked again */
        intact();
    }
    ready();                                            /* the pages around them are RAM */
    want_mib(32);
    dm_expect_request();
    PageRange around[] = { { HOLE_PFN - 1, HOLE_PAGES + 2 }, { PAGES - 1, 8 } };
    dm_send_pages(around, 2, false);
    gone[HOLE_PFN - 1] = gone[HOLE_PFN + HOLE_PAGES] = gone[PAGES - 1] = true;
    g_assert_cmpuint(actual(), ==, 64 * MIB - 3 * PAGE);
    g_assert_cmpuint(fake.ram[(HOLE_PFN - 1) * PAGE], ==, 0);
    intact();
}

/* every message that must be refused, idle and while a reply is waited for */
static void refused_messages(void)
{
    static const struct { uint8_t bytes[24]; unsigned len; } rows[] = {
        { { 0 }, 0 }, { { DM_BALLOON_RESPONSE }, 1 }, { { DM_BALLOON_RESPONSE, 0, 7 }, 7 },
        { { DM_BALLOON_RESPONSE, 0, 8 }, 8 },
        { { DM_BALLOON_RESPONSE, 0, 24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4 }, 24 },
        { { DM_BALLOON_RESPONSE, 0, 24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff }, 24 },
        { { DM_BALLOON_RESPONSE, 1, 16 }, 16 }, { { DM_ERROR, 0, 8 }, 8 },
        { { DM_VERSION_REQUEST, 0, 16, 0, 0, 0, 0, 0, 0, 0, 2 }, 16 },
        { { DM_VERSION_RESPONSE, 0, 16 }, 16 }, { { DM_CAPS_REPORT, 0, 24 }, 24 },
        { { DM_CAPS_RESPONSE, 0, 16 }, 16 }, { { DM_BALLOON_REQUEST, 0, 16 }, 16 },
        { { DM_UNBALLOON_REQUEST, 0, 16 }, 16 }, { { DM_UNBALLOON_RESPONSE, 0, 8 }, 8 },
        { { DM_HOT_ADD_REQUEST, 0, 24 }, 24 }, { { DM_HOT_ADD_RESPONSE, 0, 8 }, 8 },
        { { DM_HOT_ADD_RESPONSE, 0, 16, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1 }, 16 },
        { { DM_INFO, 0, 24 }, 24 }, { { DM_HOT_REMOVE_REQUEST, 0, 24 }, 24 },
        { { DM_HOT_REMOVE_RESPONSE, 0, 24 }, 24 }, { { 15, 0, 24 }, 24 },
        { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 24 },
    };

    ready();
    for (unsigned asked = 0; asked < 2; asked++) {
        if (asked) {
            want_mib(63);
            g_assert_cmpuint(dm_expect_request(), ==, 256);
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
            fake_send(&dm_rings, rows[i].bytes, rows[i].len);
            fake_pump();
            dm_expect_nothing();
            intact();
            g_assert_cmpuint(actual(), ==, 64 * MIB);
        }
    }
    PageRange r = { 0x3000, 256 };
    dm_send_pages(&r, 1, false);                        /* and it still waits for the reply */
    given(r.start_pfn, r.n_pages);
    g_assert_cmpuint(actual(), ==, 63 * MIB);
    intact();
}

/* transaction ids of the guest mean nothing */
static void wrong_transaction_ids(void)
{
    static const uint32_t ids[] = { 0, 1, 77, 0x80000000, 0xffffffff };

    ready();
    for (unsigned i = 0; i < G_N_ELEMENTS(ids); i++) {
        uint8_t w[24] = { DM_BALLOON_RESPONSE, 0, 24 };
        want_mib(63 - i);
        g_assert_cmpuint(dm_expect_request(), ==, 256);
        stle32(w + 4, ids[i]);
        stle32(w + 12, 1 << 1);
        stle64(w + 16, (0x3000 + i * 256) | (uint64_t)256 << 40);
        fake_send(&dm_rings, w, sizeof(w));
        fake_pump();
        given(0x3000 + i * 256, 256);
        g_assert_cmpuint(actual(), ==, (63 - i) * MIB);
        intact();
    }
}

/* Versions and capabilities over and over, with a wait that starts again each time. */
static void reopen_flood(void)
{
    ready();
    fake.os_id = (uint64_t)0x1040 << 48;                /* not Linux: 50 s before a request */
    want_mib(63);
    for (unsigned i = 0; i < 300; i++) {
        dm_reopen();
        g_assert_true(dm_negotiate(i % 3 ? DM_VERSION_2_0 : DM_VERSION_0_3, i & 1));
        dm_offer_caps(DM_CAP_BALLOON);
        clock_virtual_advance(30000000000);
        dm_expect_nothing();
    }
    clock_virtual_advance(30000000000);
    settle();
    fake.os_id = (uint64_t)0x8100 << 48;
    intact();
    works();
}

/* replies for things that the guest said it cannot do */
static void answers_without_caps(void)
{
    PageRange r = { 0x3000, 256 };

    dm_connect();
    g_assert_true(dm_negotiate(DM_VERSION_2_0, false));
    dm_offer_caps(0);
    fill();
    want_mib(32);
    dm_expect_nothing();
    dm_send_pages(&r, 1, false);
    dm_send_hot_added(256, 1);
    dm_send_unballooned();
    g_assert_cmpuint(actual(), ==, 64 * MIB);
    intact();
    want_mib(80);
    dm_expect_nothing();
}

/* Memory that was not added is not there; what was offered and not taken is gone again, zeroed. */
static void beyond_hot_add(void)
{
    uint64_t window = window_pfn * PAGE;
    uint8_t b = 0x5a;

    ready();
    g_assert_cmpint(gpa_write(window, &b, 1), !=, MEMTX_OK);
    want_mib(66);
    PageRange r = dm_expect_hot_add();
    g_assert_cmpuint(r.start_pfn, ==, window_pfn);
    g_assert_cmpuint(r.n_pages, ==, 512);
    g_assert_cmpint(gpa_write(window + 2 * MIB, &b, 1), !=, MEMTX_OK);
    for (unsigned i = 0; i < 512; i++) {
        g_assert_cmpint(gpa_write(window + i * PAGE, &b, 1), ==, MEMTX_OK);
    }
    dm_send_hot_added(256, 1);                          /* half of it */
    g_assert_cmpuint(actual(), ==, 65 * MIB);
    g_assert_cmpint(gpa_write(window + MIB - 1, &b, 1), ==, MEMTX_OK);
    g_assert_cmpint(gpa_write(window + MIB, &b, 1), !=, MEMTX_OK);
    g_assert_cmphex(hot_ram[0], ==, 0x5a);
    g_assert_cmphex(hot_ram[MIB], ==, 0);
    dm_send_hot_added(0xffffffff, 1);                   /* once more, unasked */
    g_assert_cmpuint(actual(), ==, 65 * MIB);
    intact();
    works();                                            /* after a reset: as at boot, and zero */
    g_assert_cmphex(hot_ram[0], ==, 0);
}

/* ---- what the guest must not see ---- */

static void no_leaks(void)
{
    uint8_t *slot = fake.ram + FAKE_SIMP + FAKE_SINT * 256;
    uint8_t *in = fake.ram + FAKE_RING_GPA + (FAKE_RING_DOWN + 1) * PAGE;
    WireVMBus w = { 0 };

    device_reset_all();
    hv_partition_reset(fake.partition);
    fake_synic_on(0);
    g_assert_true(fake_contact(VMBUS_VERSION_4_0));
    memset(slot + 4, 0xff, 252);
    fake_vmbus_send(VMBUS_REQUESTOFFERS, &w, sizeof(w));
    fake_pump();
    g_assert_cmpuint(ldle32(slot + 16), ==, VMBUS_OFFERCHANNEL);
    for (unsigned i = 16 + 196; i < 256; i++) {         /* behind the offer */
        g_assert_cmphex(slot[i], ==, 0);
    }
    for (unsigned i = 16 + 40; i < 16 + 184; i++) {     /* reserved, user-defined, sub-channel */
        g_assert_cmphex(slot[i], ==, 0);
    }
    ready();
    memset(in, 0xff, 4 * PAGE);
    uint32_t at = ldle32(fake.ram + FAKE_RING_GPA + FAKE_RING_DOWN * PAGE);
    want_mib(63);
    fake_pump();
    g_assert_cmpuint(ldle16(in + at), ==, RING_PACKET_INBAND);
    g_assert_cmpuint(ldle16(in + at + 4), ==, 4);       /* 16 bytes of header, 16 of message */
    g_assert_cmpuint(ldle32(in + at + 16 + 12), ==, 0); /* reserved */
    g_assert_cmpuint(ldle32(in + at + 32), ==, 0);      /* trailer: only our old index */
    g_assert_cmpuint(ldle32(in + at + 36), ==, at);
    g_assert_cmphex(in[at + 40], ==, 0xff);             /* and nothing behind it */
    intact();
}

/* ---- the machine ---- */

static uint64_t device_read(void *opaque, uint64_t ofs, unsigned bytes) { return 0; }
static void device_write(void *opaque, uint64_t ofs, uint64_t val, unsigned n) { device_writes++; }
static const MemoryRegionOps device_ops = { .read = device_read, .write = device_write };

static void machine_init(void)
{
    static MemoryRegion rom_mr, device_mr, hole_mr;
    MachineServices *ms = machine_services();
    KeyValue props[] = { { (char *)"memdev", (char *)"mem1" },
                         { (char *)"status-report", (char *)"on" } };
    Object *o;

    fake_guest_init();
    MemoryRegion *root = address_space_root(address_space_memory);
    memory_region_init_ram_ptr(&rom_mr, NULL, "rom", sizeof(rom), rom, true);
    memory_region_add(root, (uint64_t)ROM_PFN * PAGE, &rom_mr);
    memory_region_init_io(&device_mr, NULL, &device_ops, NULL, "device", PAGE);
    memory_region_add(root, (uint64_t)DEVICE_PFN * PAGE, &device_mr);
    memory_region_init_io(&hole_mr, NULL, &device_ops, NULL, "hole", HOLE_PAGES * PAGE);
    memory_region_add_overlap(root, (uint64_t)HOLE_PFN * PAGE, &hole_mr, 1);

    o = object_new("memory-backend-ram");
    object_set(o, "size", "16M", NULL);
    object_add_child(object_container("/objects"), "mem1", o);
    g_assert_true(user_creatable_complete(o, NULL));
    hot_ram = memory_backend_ram(o)->host;
    ms->hotplug_gpa = window_pfn * PAGE;
    ms->hotplug_bytes = MEMDEV_PAGES * PAGE;
    ms->maxram_bytes = ms->ram_bytes + ms->hotplug_bytes;
    g_assert_nonnull(device_add_opts("hv-balloon", "hv1", props, 2, false, NULL));
}

#define TEST(name, fn) g_test_add_func("/hostile/" name, fn)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    machine_init();
    TEST("before-contact", before_contact);
    TEST("contact-flood", contact_flood);
    TEST("not-in-this-version", not_in_this_version);
    TEST("released-unasked", released_unasked);
    TEST("close-while-busy", close_while_busy);
    TEST("aliased-rings", aliased_rings);
    TEST("packet-headers", packet_headers);
    TEST("size-field-lies", size_field_lies);
    TEST("completions-unread", completions_unread);
    TEST("never-reads", never_reads);
    TEST("always-masked", always_masked);
    TEST("feature-flips", feature_flips);
    TEST("moving-indexes", moving_indexes);
    TEST("signal-storm", signal_storm);
    TEST("aliased-pages", aliased_pages);
    TEST("gives-its-ring", gives_its_ring);
    TEST("devices-and-edges", devices_and_edges);
    TEST("refused-messages", refused_messages);
    TEST("wrong-transaction-ids", wrong_transaction_ids);
    TEST("reopen-flood", reopen_flood);
    TEST("answers-without-caps", answers_without_caps);
    TEST("beyond-hot-add", beyond_hot_add);
    TEST("no-leaks", no_leaks);
    return g_test_run();
}
