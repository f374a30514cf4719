/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device under a scripted Dynamic Memory driver, polite and not. */
#include <string.h>
#include <sys/mman.h>
#include "dynmem-wire.h"
#include "fake-dm.h"
#include "fake-guest.h"
#include "hw/core/balloon.h"
#include "hw/core/device.h"
#include "util/main-loop.h"
#include "util/wire.h"
#include "vmbus-wire.h"

enum { RAM_PAGES = FAKE_RAM / 4096 };
#define MIB ((uint64_t)1 << 20)

static Device *dev;
static uint64_t told_actual;
static unsigned n_changes, n_status;

static void changed(uint64_t actual_bytes, void *opaque)
{
    told_actual = actual_bytes;
    n_changes++;
}

static void status_told(const BalloonStatus *s, void *opaque)
{
    n_status++;
}

static void ready(void)
{
    dm_connect();
    g_assert_true(dm_negotiate(DM_VERSION_2_0, false));
    dm_offer_caps(0x1f);
    n_changes = 0;
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

/* ---- tests ---- */

static void realize(void)
{
    g_autoptr(Error) err = NULL;
    KeyValue addr = { (char *)"addr", (char *)"0x100000000" };
    KeyValue delay = { (char *)"post-boot-delay", (char *)"soon" };
    KeyValue good[] = { { (char *)"status-report", (char *)"on" },
                        { (char *)"post-boot-delay", (char *)"auto" },
                        { (char *)"x-max-ranges", (char *)"3100" } };
    uint64_t bytes;

    g_assert_false(balloon_query(&bytes, &err));
    g_assert_cmpint(error_class(err), ==, ERROR_CLASS_DEVICE_NOT_ACTIVE);
    g_clear_pointer(&err, error_free);
    g_assert_null(device_add_opts("hv-balloon", NULL, &addr, 1, false, &err));
    g_assert_cmpstr(error_text(err), ==, "'addr' property must not be set without 'memdev'");
    g_clear_pointer(&err, error_free);
    g_assert_null(device_add_opts("hv-balloon", NULL, &delay, 1, false, &err));
    g_assert_nonnull(err);
    g_clear_pointer(&err, error_free);
    g_assert_false(machine_services()->s4_disabled);
    dev = device_add_opts("hv-balloon", "hv1", good, G_N_ELEMENTS(good), false, NULL);
    g_assert_nonnull(dev);
    g_assert_true(machine_services()->s4_disabled);
    g_assert_null(device_add_opts("hv-balloon", "hv2", NULL, 0, false, &err));
    g_assert_cmpstr(error_text(err), ==, "Only one balloon device is supported");
    g_clear_pointer(&err, error_free);
    g_assert_null(device_add_opts("hv-balloon", "hv3", NULL, 0, true, &err));
    g_assert_nonnull(err);                      /* no hot-plug */
    g_autofree char *text = object_get(OBJECT(dev), "post-boot-delay", NULL);
    g_assert_cmpstr(text, ==, "auto");
    balloon_set_change_listener(changed, NULL);
    balloon_set_status_listener(status_told, NULL);
}

static void versions(void)
{
    static const uint32_t good[] = { DM_VERSION_0_3, DM_VERSION_1_0, DM_VERSION_2_0 };

    for (unsigned i = 0; i < G_N_ELEMENTS(good); i++) {
        dm_connect();
        g_assert_true(dm_negotiate(good[i], i == 0));
        dm_offer_caps(1);
    }
    dm_connect();                                  /* fall back, as a guest newer than us would */
    g_assert_false(dm_negotiate(0x30000, false));
    g_assert_false(dm_negotiate(0xffffffff, false));
    g_assert_false(dm_negotiate(0, true));
    g_assert_true(dm_negotiate(DM_VERSION_1_0, false));
    dm_send_version(DM_VERSION_2_0, false);        /* again: dropped */
    dm_expect_nothing();
    dm_offer_caps(0x1f);
    dm_send_caps(0x1f);
    dm_expect_nothing();
}

static void round_trip(void)
{
    PageRange r[16];
    unsigned n_ranges, n_messages;

    ready();
    g_assert_cmpuint(actual(), ==, 64 * MIB);
    memset(fake.ram + 32 * MIB, 0xaa, 16 * MIB);
    want_mib(48);
    g_assert_cmpuint(dm_expect_request(), ==, 4096);
    for (unsigned i = 0; i < 8; i++) {
        r[i] = (PageRange){ 8192 + i * 512, 512 };
    }
    dm_send_pages(r, 4, true);
    g_assert_cmpuint(n_changes, ==, 0);
    dm_expect_nothing();
    dm_send_pages(r + 4, 4, false);
    g_assert_cmpuint(actual(), ==, 48 * MIB);
    g_assert_cmpuint(told_actual, ==, 48 * MIB);
    g_assert_cmpuint(n_changes, ==, 1);
    g_assert_cmpuint(fake.ram[32 * MIB], ==, 0);                /* dropped */
    g_assert_cmpuint(fake.ram[48 * MIB - 1], ==, 0);
    dm_expect_nothing();
    want_mib(64);
    g_assert_cmpuint(dm_expect_return(&n_ranges, &n_messages), ==, 4096);
    g_assert_cmpuint(n_ranges, ==, 1);          /* neighbours were merged */
    g_assert_cmpuint(n_messages, ==, 1);
    g_assert_cmpuint(actual(), ==, 48 * MIB);   /* the guest has not taken them yet */
    dm_send_unballooned();
    g_assert_cmpuint(actual(), ==, 64 * MIB);
    g_assert_cmpuint(n_changes, ==, 2);
    dm_expect_nothing();
}

/* host memory of given pages is really gone */
static void resident(void)
{
    unsigned char vec[256];
    PageRange r = { 8192, 256 };

    ready();
    memset(fake.ram + 32 * MIB, 0x55, MIB);
    want_mib(63);
    g_assert_cmpuint(dm_expect_request(), ==, 256);
    dm_send_pages(&r, 1, false);
    g_assert_cmpint(mincore(fake.ram + 32 * MIB, MIB, vec), ==, 0);
    for (unsigned i = 0; i < 256; i++) {
        g_assert_cmpuint(vec[i] & 1, ==, 0);
    }
}

static void partial(void)
{
    PageRange r = { 8192, 100 };
    unsigned n_ranges, n_messages;

    ready();
    want_mib(60);
    g_assert_cmpuint(dm_expect_request(), ==, 1024);
    dm_send_pages(&r, 1, false);
    g_assert_cmpuint(dm_expect_request(), ==, 924);        /* asked again for the rest */
    dm_send_pages(&r, 0, false);                           /* its floor: not again */
    dm_expect_nothing();
    g_assert_cmpuint(actual(), ==, 64 * MIB - 100 * 4096);
    want_mib(60);                                       /* the user tries again */
    g_assert_cmpuint(dm_expect_request(), ==, 924);
    want_mib(64);                                       /* changes his mind meanwhile */
    dm_expect_nothing();
    r.start_pfn = 8292;
    r.n_pages = 50;
    dm_send_pages(&r, 1, false);
    g_assert_cmpuint(dm_expect_return(&n_ranges, &n_messages), ==, 150);
    g_assert_cmpuint(n_ranges, ==, 1);
    dm_send_unballooned();
    g_assert_cmpuint(actual(), ==, 64 * MIB);
    g_autoptr(Error) err = NULL;
    g_assert_false(balloon_set_target(65 * MIB, &err)); /* more than there is */
    g_assert_nonnull(strstr(error_text(err), "65 MiB is more than the guest's 64 MiB"));
    dm_expect_nothing();
    want_mib(0);                                        /* no size at all: ignored */
    dm_expect_nothing();
}

/* many single pages come back in several messages, though the ring is small */
static void fragments(void)
{
    PageRange r[500];
    unsigned n_ranges, n_messages;

    ready();
    want_mib(32);
    g_assert_cmpuint(dm_expect_request(), ==, 8192);
    for (unsigned m = 0; m < 6; m++) {
        for (unsigned i = 0; i < 500; i++) {
            r[i] = (PageRange){ 8192 + (m * 500 + i) * 2, 1 };
        }
        dm_send_pages(r, 500, m < 5);
    }
    g_assert_cmpuint(actual(), ==, 64 * MIB - 3000 * 4096);
    g_assert_cmpuint(dm_expect_request(), ==, 5192);
    dm_send_pages(r, 0, false);
    want_mib(64);
    g_assert_cmpuint(dm_expect_return(&n_ranges, &n_messages), ==, 3000);
    g_assert_cmpuint(n_ranges, ==, 3000);
    g_assert_cmpuint(n_messages, ==, 6);
    dm_send_unballooned();
    g_assert_cmpuint(actual(), ==, 64 * MIB);
}

/* A guest that gives every other page comes to the limit; what is beyond it stays as it was. */
static void range_limit(void)
{
    PageRange r[500];
    unsigned n_ranges, n_messages, left_alone = 0;

    ready();
    want_mib(32);
    dm_expect_request();
    memset(fake.ram + 32 * MIB, 0x77, 32 * MIB);
    for (unsigned m = 0; m < 8; m++) {
        for (unsigned i = 0; i < 500; i++) {
            r[i] = (PageRange){ 8192 + (m * 500 + i) * 2, 1 };
        }
        dm_send_pages(r, 500, m < 7);
    }
    g_assert_cmpuint(actual(), ==, 64 * MIB - 3100 * 4096);
    for (unsigned i = 0; i < 4000; i++) {
        left_alone += fake.ram[(8192 + i * 2) * 4096] == 0x77;
        g_assert_cmpuint(fake.ram[(8193 + i * 2) * 4096], ==, 0x77);
    }
    g_assert_cmpuint(left_alone, ==, 900);
    dm_expect_nothing();                                /* it is not asked for more */
    want_mib(32);                                       /* but by the user, and may fill gaps */
    dm_expect_request();
    r[0] = (PageRange){ 8193, 511 };
    dm_send_pages(r, 1, false);
    g_assert_cmpuint(actual(), ==, 64 * MIB - (3100 + 256) * 4096);
    dm_expect_request();
    dm_send_pages(r, 0, false);
    want_mib(64);
    g_assert_cmpuint(dm_expect_return(&n_ranges, &n_messages), ==, 3356);
    g_assert_cmpuint(n_ranges, ==, 3100 - 256);
    dm_send_unballooned();
    g_assert_cmpuint(actual(), ==, 64 * MIB);
}

/* part of what was given comes back */
static void part_back(void)
{
    PageRange r = { 4096, 4096 };
    unsigned n_ranges, n_messages;

    ready();
    want_mib(48);
    dm_expect_request();
    dm_send_pages(&r, 1, false);
    want_mib(50);
    g_assert_cmpuint(dm_expect_return(&n_ranges, &n_messages), ==, 512);
    dm_send_unballooned();
    g_assert_cmpuint(actual(), ==, 50 * MIB);
}

static void twice_and_foreign(void)
{
    PageRange r[6] = { { 8192, 512 }, { 8192, 512 }, { 8000, 300 }, { RAM_PAGES - 1, 0xffffff },
                       { 0xffffffffff, 0xffffff }, { 9000, 0 } };
    unsigned n_ranges, n_messages;

    ready();
    want_mib(32);
    dm_expect_request();
    memset(fake.ram + 8000 * 4096, 0x11, 700 * 4096);
    dm_send_pages(r, 6, false);
    /* 512 once, 192 of the third, the very last page */
    g_assert_cmpuint(actual(), ==, 64 * MIB - (512 + 192 + 1) * 4096);
    g_assert_cmpuint(dm_expect_request(), ==, 8192 - 705);
    memset(fake.ram + 8192 * 4096, 0x22, 4096);         /* the guest uses a page it gave */
    dm_send_pages(r, 1, false);
    g_assert_cmpuint(fake.ram[8192 * 4096], ==, 0x22);  /* given before: not touched again */
    dm_expect_nothing();
    want_mib(64);
    g_assert_cmpuint(dm_expect_return(&n_ranges, &n_messages), ==, 705);
    g_assert_cmpuint(n_ranges, ==, 2);
    dm_send_unballooned();
    g_assert_cmpuint(actual(), ==, 64 * MIB);
}

/* Ranges of 64 GiB outside RAM; page by page this would take minutes, and the runner would end it. */
static void far_away(void)
{
    PageRange r[510];

    ready();
    for (unsigned i = 0; i < 510; i++) {
        r[i] = (PageRange){ 0x10000000ull + i, 0xffffff };
    }
    for (unsigned i = 0; i < 100; i++) {
        want_mib(32);
        dm_expect_request();
        dm_send_pages(r, 510, false);
    }
    g_assert_cmpuint(actual(), ==, 64 * MIB);
}

static void unasked(void)
{
    PageRange r = { 8192, 512 };
    uint8_t w[24] = { DM_BALLOON_RESPONSE, 0, 24, 0, 4 };

    ready();
    memset(fake.ram + 8192 * 4096, 0x33, 4096);
    dm_send_pages(&r, 1, false);
    g_assert_cmpuint(fake.ram[8192 * 4096], ==, 0x33);
    g_assert_cmpuint(actual(), ==, 64 * MIB);
    dm_send_unballooned();
    want_mib(60);
    g_assert_cmpuint(dm_expect_request(), ==, 1024);
    dm_send_unballooned();                         /* the wrong answer */
    stle32(w + 12, 0x7fffffff << 1);            /* more ranges than bytes */
    fake_send(&dm_rings, w, sizeof(w));
    fake_send(&dm_rings, w, 4);                    /* half a header */
    w[0] = 99;
    fake_send(&dm_rings, w, sizeof(w));
    w[0] = DM_BALLOON_REQUEST;                  /* ours */
    fake_send(&dm_rings, w, sizeof(w));
    fake_pump();
    dm_expect_nothing();
    dm_send_pages(&r, 1, false);                   /* still waiting for it */
    g_assert_cmpuint(actual(), ==, 62 * MIB);
}

static void more_than_asked(void)
{
    PageRange r = { 4096, 4096 };
    unsigned n_ranges, n_messages;

    ready();
    want_mib(63);
    g_assert_cmpuint(dm_expect_request(), ==, 256);
    dm_send_pages(&r, 1, false);
    g_assert_cmpuint(actual(), ==, 48 * MIB);
    dm_expect_nothing();
    want_mib(64);
    g_assert_cmpuint(dm_expect_return(&n_ranges, &n_messages), ==, 4096);
}

static void endless(void)
{
    PageRange r = { 8192, 1 };
    RingPacket p = { .type = RING_PACKET_INBAND };
    uint8_t w[16] = { DM_BALLOON_RESPONSE, 0, 16, 0, 4 };
    bool signal = false;
    unsigned n = 0;

    ready();
    want_mib(63);
    dm_expect_request();
    stle32(w + 12, 1);                          /* no pages, more follow: for ever */
    while (ring_write(&dm_rings.out, &p, w, sizeof(w), &signal) == RING_OK) {
        hv_signal_event(fake.partition, 16 + dm_rings.relid, 0);
        fake_pump();
        g_assert_cmpuint(++n, <, 2000);
    }
    dm_reopen();                                /* only the channel had to suffer */
    g_assert_true(dm_negotiate(DM_VERSION_2_0, false));
    dm_offer_caps(0x1f);
    dm_send_pages(&r, 1, false);
    want_mib(63);
    g_assert_cmpuint(dm_expect_request(), ==, 256);
}

static void no_balloon_cap(void)
{
    dm_connect();
    g_assert_true(dm_negotiate(DM_VERSION_2_0, false));
    dm_offer_caps(2);
    want_mib(32);
    dm_expect_nothing();
}

static void delay(void)
{
    fake.os_id = (uint64_t)0x1040 << 48;        /* Windows */
    ready();
    want_mib(63);
    dm_expect_nothing();
    clock_virtual_advance(49000000000);
    dm_expect_nothing();
    dm_send_status(1, 2);                          /* taken meanwhile */
    clock_virtual_advance(2000000000);
    g_assert_cmpuint(dm_expect_request(), ==, 256);
    dm_connect();                                  /* reset while waiting: nothing comes later */
    g_assert_true(dm_negotiate(DM_VERSION_2_0, false));
    dm_offer_caps(0x1f);
    dm_connect();
    want_mib(62);
    clock_virtual_advance(100000000000);
    dm_expect_nothing();
    g_assert_true(dm_negotiate(DM_VERSION_2_0, false));
    fake.os_id = (uint64_t)0x8100 << 48;
}

static void status(void)
{
    BalloonStatus s;
    g_autoptr(Error) err = NULL;

    ready();
    n_status = 0;
    g_assert_false(balloon_query_status(&s, &err));
    g_assert_cmpstr(error_text(err), ==, "no guest memory status report received yet");
    dm_send_status(100, 200);
    g_assert_true(balloon_query_status(&s, NULL));
    g_assert_cmpuint(s.available_bytes, ==, 409600);
    g_assert_cmpuint(s.committed_bytes, ==, 819200);
    for (unsigned i = 0; i < 500; i++) {
        dm_send_status(UINT64_MAX, i);
    }
    g_assert_cmpuint(n_status, ==, 501);        /* the monitor limits the rate */
    g_assert_true(balloon_query_status(&s, NULL));
    g_assert_cmpuint(s.available_bytes, ==, INT64_MAX);
    fake_close(dm_rings.relid);
    g_assert_false(balloon_query_status(&s, NULL));
}

/* in each state: channel closed, or machine reset; then all is as at boot */
static void reset_everywhere(void)
{
    PageRange r = { 8192, 2048 };

    for (unsigned state = 0; state < 14; state++) {
        unsigned upto = state / 2;

        dm_connect();
        if (upto > 0) {
            g_assert_true(dm_negotiate(DM_VERSION_2_0, false));
        }
        if (upto > 1) {
            dm_offer_caps(0x1f);
        }
        if (upto > 2) {
            want_mib(48);
            g_assert_cmpuint(dm_expect_request(), ==, 4096);
        }
        if (upto > 3) {
            dm_send_pages(&r, 1, true);
        }
        if (upto > 4) {
            dm_send_pages(&r, 0, false);
            g_assert_cmpuint(dm_expect_request(), ==, 2048);
            dm_send_pages(&r, 0, false);
        }
        if (upto > 5) {
            want_mib(64);
            fake_pump();
        }
        if (state & 1) {
            fake_close(dm_rings.relid);
            fake_teardown(dm_rings.relid, FAKE_GPADL);
        } else {
            device_reset_all();
        }
        g_assert_cmpuint(actual(), ==, 64 * MIB);
        ready();
        dm_expect_nothing();                       /* a target acted on is not applied again */
    }
}

/* memory is not grown for what is noted while nothing is connected; the target is kept */
static void target_before_boot(void)
{
    device_reset_all();
    want_mib(63);
    ready();
    g_assert_cmpuint(dm_expect_request(), ==, 256);
}

static void random_messages(void)
{
    PageRange r = { 8192, 2 };
    RingPacket p = { .type = RING_PACKET_INBAND };

    for (unsigned round = 0; round < 60; round++) {
        ready();
        want_mib(60);
        dm_expect_request();
        for (unsigned i = 0; i < 200; i++) {
            uint8_t w[80], in[4096];
            size_t n = (size_t)g_test_rand_int_range(0, sizeof(w)), len;
            bool signal = false;

            for (size_t k = 0; k < sizeof(w); k++) {
                w[k] = (uint8_t)(g_test_rand_bit() ? 0 : g_test_rand_int());
            }
            w[0] = (uint8_t)g_test_rand_int_range(0, 16);
            w[1] = 0;
            if (ring_write(&dm_rings.out, &p, w, n, &signal) != RING_OK) {
                break;
            }
            hv_signal_event(fake.partition, 16 + dm_rings.relid, 0);
            if (i % 8 == 0) {
                fake_pump();
                /* not fake_recv(): it may have given the ring's own pages */
                ring_read(&dm_rings.in, &p, in, sizeof(in), &len, &signal);
                want_mib((uint64_t)g_test_rand_int_range(1, 65));
            }
        }
        g_assert_cmpuint(actual(), <=, 64 * MIB);
    }
    want_mib(64);
    ready();
    want_mib(60);
    dm_expect_request();
    dm_send_pages(&r, 1, false);
    g_assert_cmpuint(actual(), ==, 64 * MIB - 8192);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fake_guest_init();
    realize();
    g_test_add_func("/hv-balloon/versions", versions);
    g_test_add_func("/hv-balloon/round-trip", round_trip);
    g_test_add_func("/hv-balloon/resident", resident);
    g_test_add_func("/hv-balloon/partial", partial);
    g_test_add_func("/hv-balloon/fragments", fragments);
    g_test_add_func("/hv-balloon/range-limit", range_limit);
    g_test_add_func("/hv-balloon/part-back", part_back);
    g_test_add_func("/hv-balloon/twice-and-foreign", twice_and_foreign);
    g_test_add_func("/hv-balloon/far-away", far_away);
    g_test_add_func("/hv-balloon/unasked", unasked);
    g_test_add_func("/hv-balloon/more-than-asked", more_than_asked);
    g_test_add_func("/hv-balloon/endless", endless);
    g_test_add_func("/hv-balloon/no-balloon-cap", no_balloon_cap);
    g_test_add_func("/hv-balloon/target-before-boot", target_before_boot);
    g_test_add_func("/hv-balloon/delay", delay);
    g_test_add_func("/hv-balloon/status", status);
    g_test_add_func("/hv-balloon/reset-everywhere", reset_everywhere);
    g_test_add_func("/hv-balloon/random-messages", random_messages);
    return g_test_run();
}
