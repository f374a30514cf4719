/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hv-balloon with memory to add: the protocol of hot-adding, with a scripted driver. */
#include <string.h>
#include "backends/hostmem.h"
#include "fake-dm.h"
#include "hw/core/balloon.h"
#include "hw/core/device.h"
#include "hw/core/memory-device.h"
#include "util/main-loop.h"
#include "util/wire.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
enum { MIB_PAGES = 256, RAM_MIB = FAKE_RAM >> 20, MEMDEV_MIB = 64 };
enum { CAPS_8_MIB = DM_CAP_BALLOON | DM_CAP_HOT_ADD | 3 << 2 };
static const uint64_t window_pfn = GIB / 4096;

static Device *dev;
static Object *memdev;
static uint64_t told_plugged;
static unsigned n_size_events;

static void size_told(Device *d, uint64_t bytes)
{
    g_assert_true(d == dev);
    told_plugged = bytes;
    n_size_events++;
}

static uint64_t actual_mib(void)
{
    uint64_t bytes;

    g_assert_true(balloon_query(&bytes, NULL));
    g_assert_cmpuint(bytes % MIB, ==, 0);
    return bytes / MIB;
}

static void want_mib(uint64_t mib)
{
    g_assert_true(balloon_set_target(mib * MIB, NULL));
}

static void greet(uint64_t caps)
{
    g_assert_true(dm_negotiate(DM_VERSION_2_0, false));
    dm_offer_caps(caps);
}

static void ready(void)
{
    dm_connect();
    greet(CAPS_8_MIB);
    n_size_events = 0;
    g_assert_cmpuint(actual_mib(), ==, RAM_MIB);
}

static bool mapped(uint64_t pfn)
{
    MemorySection s = address_space_lookup(address_space_memory, pfn * 4096);

    return s.mr && s.mr->ram == memory_backend_ram(memdev) &&
           s.offset == (pfn - window_pfn) * 4096;
}

static void expect_piece(uint64_t ofs_mib, uint64_t mib)
{
    PageRange r = dm_expect_hot_add();

    g_assert_cmphex(r.start_pfn, ==, window_pfn + ofs_mib * MIB_PAGES);
    g_assert_cmpuint(r.n_pages, ==, mib * MIB_PAGES);
    g_assert_true(mapped(r.start_pfn));         /* the guest may use it before it answers */
    g_assert_true(mapped(r.start_pfn + r.n_pages - 1));
}

static void give(uint64_t start_pfn, uint64_t n_pages)
{
    PageRange r = { start_pfn, n_pages };

    dm_send_pages(&r, 1, false);
}

static void expect_return_of(uint64_t pages)
{
    unsigned n_ranges, n_messages;

    g_assert_cmpuint(dm_expect_return(&n_ranges, &n_messages), ==, pages);
    dm_send_unballooned();
}

/* ---- the user's mistakes ---- */

static Object *backend(const char *id, const char *size)
{
    Object *o = object_new("memory-backend-memfd");

    g_assert_true(object_set(o, "size", size, NULL));
    object_add_child(object_container("/objects"), id, o);
    g_assert_true(user_creatable_complete(o, NULL));
    return o;
}

static void refused(const char *memdev_id, const char *addr, const char *why)
{
    KeyValue kv[] = { { (char *)"memdev", (char *)memdev_id }, { (char *)"addr", (char *)addr } };
    g_autoptr(Error) err = NULL;

    g_assert_null(device_add_opts("hv-balloon", "bad", kv, addr ? 2 : 1, false, &err));
    g_assert_nonnull(strstr(error_text(err), why));
    g_assert_false(balloon_query(&(uint64_t){ 0 }, NULL));      /* nothing is left of it */
    g_assert_false(machine_services()->s4_disabled);
}

static void realize(void)
{
    MachineServices *ms = machine_services();
    KeyValue good[] = { { (char *)"memdev", (char *)"mem1" }, { (char *)"keep-size",
                        (char *)"off" }, { (char *)"status-report", (char *)"on" } };
    Object *other = backend("mem2", "65M");

    memdev = backend("mem1", "64M");
    ms->maxram_bytes = ms->ram_bytes;
    refused("mem0", NULL, "mem0");
    refused("mem1", NULL, "consider specifying the maxmem option");
    ms->maxram_bytes = ms->ram_bytes + 64 * MIB;
    ms->hotplug_gpa = GIB;
    ms->hotplug_bytes = GIB;
    refused("mem2", NULL, "not enough space");
    refused("mem1", "0x40001000", "must be aligned");
    refused("mem1", "0x20000000", "usable range");
    refused("mem1", "0x7ffff000000", "must be aligned");
    refused("mem1", "0x7c000000000", "usable range");
    g_assert_true(memory_backend_claim(memdev));
    refused("mem1", NULL, "'memdev' property specifies a busy memdev: mem1");
    memory_backend_drop(memdev);
    g_assert_true(memory_backend_claim(other));         /* the refused ones were let go of */
    memory_backend_drop(other);
    dev = device_add_opts("hv-balloon", "hv1", good, G_N_ELEMENTS(good), false, NULL);
    g_assert_nonnull(dev);
    g_autofree char *addr = object_get(OBJECT(dev), "addr", NULL);
    g_assert_cmpuint(g_ascii_strtoull(addr, NULL, 0), ==, GIB);
    g_assert_false(memory_backend_claim(memdev));
    memory_device_set_listener(size_told);
}

/* ---- what good guests do ---- */

static void add_and_take_back(void)
{
    uint8_t *host = memory_backend_ram(memdev)->host;

    ready();
    want_mib(96);
    expect_piece(0, 32);
    g_assert_false(mapped(window_pfn + 32 * MIB_PAGES));
    g_assert_cmpuint(actual_mib(), ==, RAM_MIB);        /* not yet */
    dm_send_hot_added(32 * MIB_PAGES, 1);
    g_assert_cmpuint(actual_mib(), ==, 96);
    g_assert_cmpuint(told_plugged, ==, 32 * MIB);
    g_assert_cmpuint(n_size_events, ==, 1);
    g_assert_cmpuint(memory_devices_plugged_bytes(), ==, 32 * MIB);
    dm_expect_nothing();
    memset(host, 0x42, 32 * MIB);
    want_mib(80);
    g_assert_cmpuint(dm_expect_request(), ==, 16 * MIB_PAGES);
    give(window_pfn + 8 * MIB_PAGES, 16 * MIB_PAGES);
    g_assert_cmpuint(actual_mib(), ==, 80);
    g_assert_cmphex(host[8 * MIB - 1], ==, 0x42);
    g_assert_cmphex(host[8 * MIB], ==, 0);              /* given back to the host */
    g_assert_cmphex(host[24 * MIB - 1], ==, 0);
    g_assert_cmphex(host[24 * MIB], ==, 0x42);
    g_assert_cmpuint(memory_devices_plugged_bytes(), ==, 32 * MIB);
    want_mib(128);                                      /* first what it gave, then new memory */
    expect_return_of(16 * MIB_PAGES);
    expect_piece(32, 32);
    dm_send_hot_added(32 * MIB_PAGES, 1);
    g_assert_cmpuint(actual_mib(), ==, 128);
    want_mib(1000);                                     /* there is no more */
    dm_expect_nothing();
    g_assert_cmpuint(actual_mib(), ==, 128);
}

/* rounded up to the alignment, and what is too much ballooned away at once */
static void exact(void)
{
    ready();
    want_mib(67);
    expect_piece(0, 8);
    dm_send_hot_added(8 * MIB_PAGES, 1);
    g_assert_cmpuint(dm_expect_request(), ==, 5 * MIB_PAGES);
    give(window_pfn, 5 * MIB_PAGES);
    g_assert_cmpuint(actual_mib(), ==, 67);
    dm_expect_nothing();
    want_mib(75);
    expect_return_of(5 * MIB_PAGES);
    expect_piece(8, 8);
    dm_send_hot_added(8 * MIB_PAGES, 1);
    g_assert_cmpuint(dm_expect_request(), ==, 5 * MIB_PAGES);
    give(100, 0);                                       /* a guest at its floor keeps it */
    dm_expect_nothing();
    g_assert_cmpuint(actual_mib(), ==, 80);
}

/* a guest that cannot balloon gets less rather than more */
static void no_balloon_cap(void)
{
    dm_connect();
    greet(DM_CAP_HOT_ADD | 3 << 2);
    want_mib(67);
    dm_expect_nothing();
    want_mib(75);
    expect_piece(0, 8);
    dm_send_hot_added(8 * MIB_PAGES, 1);
    dm_expect_nothing();
    g_assert_cmpuint(actual_mib(), ==, 72);
}

static void no_hot_add_cap(void)
{
    dm_connect();
    greet(DM_CAP_BALLOON | 3 << 2);
    want_mib(80);
    dm_expect_nothing();
    g_assert_cmpuint(actual_mib(), ==, RAM_MIB);
    want_mib(60);
    g_assert_cmpuint(dm_expect_request(), ==, 4 * MIB_PAGES);
}

/* 2^n MiB for n from 0 to 15; from 128 MiB on the backend is too small for even one piece */
static void alignments(void)
{
    for (unsigned n = 0; n < 16; n++) {
        dm_connect();
        greet(DM_CAP_BALLOON | DM_CAP_HOT_ADD | n << 2);
        want_mib(65);
        if (n > 6) {
            dm_expect_nothing();
            continue;
        }
        expect_piece(0, 1u << n);
        dm_send_hot_added(MIB_PAGES << n, 1);
        if (n) {
            g_assert_cmpuint(dm_expect_request(), ==, (MIB_PAGES << n) - MIB_PAGES);
        }
    }
}

/* ---- refusals ---- */

static void partial(void)
{
    ready();
    want_mib(96);
    expect_piece(0, 32);
    dm_send_hot_added(16 * MIB_PAGES, 1);
    g_assert_cmpuint(actual_mib(), ==, 80);
    g_assert_true(mapped(window_pfn + 16 * MIB_PAGES - 1));
    g_assert_false(mapped(window_pfn + 16 * MIB_PAGES));
    dm_expect_nothing();
    want_mib(96);
    dm_expect_nothing();                                /* no more until reset */
    want_mib(70);
    g_assert_cmpuint(dm_expect_request(), ==, 10 * MIB_PAGES);
    give(window_pfn + 10 * MIB_PAGES, 10 * MIB_PAGES);  /* 4 MiB of it were never the guest's */
    g_assert_cmpuint(actual_mib(), ==, 74);
    g_assert_cmpuint(dm_expect_request(), ==, 4 * MIB_PAGES);
    give(0, 0);
    ready();
    want_mib(96);
    expect_piece(0, 32);
}

static void transient_and_permanent(void)
{
    ready();
    want_mib(72);
    expect_piece(0, 8);
    dm_send_hot_added(0, 0);
    dm_expect_nothing();
    g_assert_cmpuint(actual_mib(), ==, RAM_MIB);
    g_assert_cmpuint(n_size_events, ==, 0);
    g_assert_false(mapped(window_pfn));
    want_mib(72);                                       /* the user tries again */
    expect_piece(0, 8);
    dm_send_hot_added(0, 1);
    g_assert_false(mapped(window_pfn));
    want_mib(72);
    dm_expect_nothing();
    want_mib(63);                                       /* ballooning goes on */
    g_assert_cmpuint(dm_expect_request(), ==, MIB_PAGES);
    give(8192, MIB_PAGES);
    want_mib(72);
    expect_return_of(MIB_PAGES);
    dm_expect_nothing();
    g_assert_cmpuint(actual_mib(), ==, RAM_MIB);
}

/* counts that lie, answers that were not asked for or come twice */
static void liars(void)
{
    ready();
    dm_send_hot_added(8 * MIB_PAGES, 1);
    g_assert_cmpuint(actual_mib(), ==, RAM_MIB);
    want_mib(72);
    expect_piece(0, 8);
    give(window_pfn, 4);                                /* not now */
    dm_send_unballooned();
    dm_send_hot_added(UINT32_MAX, 7);
    g_assert_cmpuint(actual_mib(), ==, 72);
    dm_send_hot_added(8 * MIB_PAGES, 1);                /* again */
    dm_send_hot_added(0, 1);
    g_assert_cmpuint(actual_mib(), ==, 72);
    g_assert_false(mapped(window_pfn + 8 * MIB_PAGES));
    want_mib(60);
    g_assert_cmpuint(dm_expect_request(), ==, 12 * MIB_PAGES);
    dm_send_hot_added(8 * MIB_PAGES, 1);                /* the wrong answer */
    give(window_pfn + 8 * MIB_PAGES, 8 * MIB_PAGES);    /* not added yet: no RAM */
    g_assert_cmpuint(actual_mib(), ==, 72);
    want_mib(71);
    g_assert_cmpuint(dm_expect_request(), ==, MIB_PAGES);
    give(window_pfn - 4, MIB_PAGES + 4);                /* from before the window into it */
    g_assert_cmpuint(actual_mib(), ==, 72);             /* what follows a hole does not count */
    dm_expect_nothing();
}

/* while an answer is missing only the last target counts */
static void targets_meanwhile(void)
{
    ready();
    want_mib(100);
    expect_piece(0, 40);
    want_mib(128);
    want_mib(50);
    want_mib(66);
    dm_expect_nothing();
    dm_send_hot_added(40 * MIB_PAGES, 1);
    g_assert_cmpuint(dm_expect_request(), ==, 38 * MIB_PAGES);
    want_mib(104);
    give(window_pfn, 38 * MIB_PAGES);
    expect_return_of(38 * MIB_PAGES);
    dm_expect_nothing();
    g_assert_cmpuint(actual_mib(), ==, 104);
}

/* ---- life ---- */

/* the driver goes away while it adds memory: the guest may use it, so it stays; till reset */
static void close_while_adding(void)
{
    ready();
    want_mib(80);
    expect_piece(0, 16);
    dm_reopen();
    g_assert_cmpuint(actual_mib(), ==, 80);
    g_assert_true(mapped(window_pfn));
    greet(CAPS_8_MIB);
    dm_expect_nothing();
    want_mib(88);
    expect_piece(16, 8);
    dm_send_hot_added(8 * MIB_PAGES, 1);
    want_mib(70);
    g_assert_cmpuint(dm_expect_request(), ==, 18 * MIB_PAGES);
    give(window_pfn, 18 * MIB_PAGES);
    g_assert_cmpuint(actual_mib(), ==, 70);
    dm_reopen();
    g_assert_cmpuint(actual_mib(), ==, 88);             /* what it gave is its own again */
    device_reset_all();
    g_assert_cmpuint(actual_mib(), ==, RAM_MIB);
    g_assert_cmpuint(told_plugged, ==, 0);
    g_assert_false(mapped(window_pfn));
    g_assert_cmphex(memory_backend_ram(memdev)->host[0], ==, 0);
}

/* another kernel, no reset: boot size, until it has been offered again what is there */
static void kexec(void)
{
    uint8_t *host = memory_backend_ram(memdev)->host;

    ready();
    want_mib(80);
    expect_piece(0, 16);
    dm_send_hot_added(16 * MIB_PAGES, 1);
    memset(host, 0x66, 16 * MIB);
    fake.guest_ends++;
    dm_reopen();
    g_assert_cmpuint(actual_mib(), ==, RAM_MIB);
    g_assert_cmpuint(told_plugged, ==, 0);
    g_assert_true(mapped(window_pfn));
    greet(CAPS_8_MIB);
    dm_expect_nothing();
    want_mib(68);
    expect_piece(0, 16);
    dm_send_hot_added(16 * MIB_PAGES, 1);
    g_assert_cmpuint(dm_expect_request(), ==, 12 * MIB_PAGES);
    g_assert_cmphex(host[0], ==, 0x66);
    give(window_pfn, 12 * MIB_PAGES);
    g_assert_cmpuint(actual_mib(), ==, 68);
    fake.guest_ends++;
    dm_reopen();
    greet(CAPS_8_MIB);
    want_mib(80);
    expect_piece(0, 16);
    dm_send_hot_added(0, 1);                            /* it has it in its memory map */
    g_assert_cmpuint(actual_mib(), ==, 80);
    dm_expect_nothing();
    fake.guest_ends++;
    dm_reopen();
    greet(CAPS_8_MIB);                                  /* what the last one refused is forgotten */
    want_mib(80);
    expect_piece(0, 16);
    fake.guest_ends++;
    ready();                                            /* with a reset there is nothing left */
    g_assert_false(mapped(window_pfn));
}

/* the ring is full: nothing was offered yet */
static void close_before_sending(void)
{
    uint8_t w[4096];
    unsigned n = 0;

    ready();
    want_mib(32);
    g_assert_cmpuint(dm_expect_request(), ==, 32 * MIB_PAGES);
    PageRange r[500];
    for (unsigned m = 0; m < 16; m++) {
        for (unsigned i = 0; i < 500; i++) {
            r[i] = (PageRange){ 0x180 + (m * 500 + i) * 2, 1 };
        }
        dm_send_pages(r, 500, m < 15);
    }
    g_assert_cmpuint(dm_expect_request(), ==, 8192 - 8000);
    dm_send_pages(r, 0, false);
    want_mib(128);                      /* 16 messages of 4 KiB do not fit into 16 KiB */
    fake_pump();
    while (fake_recv(&dm_rings, w) && ldle32(w + 8) & 1) {
        n++;
    }
    g_assert_cmpuint(n, ==, 15);
    dm_send_unballooned();
    expect_piece(0, 64);
    dm_reopen();
    g_assert_cmpuint(actual_mib(), ==, 128);
}

/* a channel that is full with an offer waiting to be sent, closed: the offer was never made */
static void close_in_post(void)
{
    PageRange piece = { window_pfn, 8 * MIB_PAGES };
    uint8_t *down = fake.ram + FAKE_RING_GPA + FAKE_RING_DOWN * 4096;
    uint32_t write_at;

    ready();
    write_at = ldle32(down);
    stle32(down + 4, (write_at + 8) % (4 * 4096));      /* read index: "full" */
    want_mib(72);
    fake_pump();
    g_assert_true(mapped(piece.start_pfn));
    fake_close(dm_rings.relid);
    g_assert_false(mapped(piece.start_pfn));
    g_assert_cmpuint(actual_mib(), ==, RAM_MIB);
}

static void reset_everywhere(void)
{
    for (unsigned upto = 0; upto < 5; upto++) {
        ready();
        want_mib(75);
        if (upto > 0) {
            expect_piece(0, 16);
        }
        if (upto > 1) {
            dm_send_hot_added(16 * MIB_PAGES, 1);
        }
        if (upto > 2) {
            g_assert_cmpuint(dm_expect_request(), ==, 5 * MIB_PAGES);
        }
        if (upto > 3) {
            give(window_pfn, 5 * MIB_PAGES);
        }
        fake_pump();
        device_reset_all();
        g_assert_cmpuint(actual_mib(), ==, RAM_MIB);
        g_assert_cmpuint(memory_devices_plugged_bytes(), ==, 0);
        g_assert_false(mapped(window_pfn));
        ready();
        dm_expect_nothing();                    /* a target acted on is not applied again */
    }
}

static void keep_size(void)
{
    g_assert_true(object_set(OBJECT(dev), "keep-size", "on", NULL));
    want_mib(RAM_MIB);
    ready();
    want_mib(96);
    expect_piece(0, 32);
    dm_send_hot_added(32 * MIB_PAGES, 1);
    ready();                                    /* a reboot: boot size until the driver is there */
    expect_piece(0, 32);
    dm_send_hot_added(32 * MIB_PAGES, 1);
    g_assert_cmpuint(actual_mib(), ==, 96);
    want_mib(60);
    g_assert_cmpuint(dm_expect_request(), ==, 36 * MIB_PAGES);
    give(window_pfn, 32 * MIB_PAGES);
    dm_connect();
    greet(CAPS_8_MIB);
    g_assert_cmpuint(dm_expect_request(), ==, 4 * MIB_PAGES);
    dm_reopen();                                /* another driver: the same */
    greet(CAPS_8_MIB);
    g_assert_cmpuint(dm_expect_request(), ==, 4 * MIB_PAGES);
    g_assert_true(object_set(OBJECT(dev), "keep-size", "off", NULL));
}

/* any order of any answers: sizes stay within bounds, and nothing stays mapped over a reset */
static void random_answers(void)
{
    for (unsigned round = 0; round < 40; round++) {
        dm_connect();
        greet(DM_CAP_BALLOON | DM_CAP_HOT_ADD | (uint64_t)g_test_rand_int_range(0, 6) << 2);
        for (unsigned i = 0; i < 60; i++) {
            uint64_t bytes, at = (uint64_t)g_test_rand_int_range(0x400, 0x4000);
            uint8_t w[4096];

            balloon_set_target((uint64_t)g_test_rand_int_range(1, 140 * MIB_PAGES) * 4096, NULL);
            fake_recv(&dm_rings, w);
            switch (g_test_rand_int_range(0, 5)) {
            case 0:
                dm_send_hot_added((uint32_t)g_test_rand_int_range(0, 20000),
                                  (uint32_t)g_test_rand_int_range(0, 3));
                break;
            case 1:
                give(g_test_rand_bit() ? at : window_pfn + at, (uint64_t)g_test_rand_int_range(0, 9));
                break;
            case 2:
                give(g_test_rand_bit() ? at : window_pfn + at - 0x400,
                     (uint64_t)g_test_rand_int_range(0, 9000));
                break;
            default:
                dm_send_unballooned();
            }
            g_assert_true(balloon_query(&bytes, NULL));
            g_assert_cmpuint(bytes, <=, 128 * MIB);
            g_assert_cmpuint(memory_devices_plugged_bytes(), <=, 64 * MIB);
        }
        device_reset_all();
        g_assert_cmpuint(actual_mib(), ==, RAM_MIB);
        g_assert_false(mapped(window_pfn));
    }
}

static void info(void)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    ready();
    want_mib(96);
    expect_piece(0, 32);
    dm_send_hot_added(32 * MIB_PAGES, 1);
    dm_send_status(MIB_PAGES * 5, MIB_PAGES * 7);
    want_mib(95);
    g_assert_cmpuint(dm_expect_request(), ==, MIB_PAGES);
    give(window_pfn, MIB_PAGES);
    g_assert_true(balloon_print(f, NULL));
    fclose(f);
    static const char *const parts[] = {
        "hv-balloon \"hv1\"\n", "  state: idle for ", "guest: protocol 2.0, can balloon, can hot-add\n",
        "  target: 95.0 MiB\n", "  actual: 95.0 MiB, of which boot memory 64.0 MiB\n",
        "  ballooned: 1.0 MiB in 1 ranges\n    0x040000000-0x0400fffff  1024 KiB\n",
        "  hot-added: 32.0 of 64.0 MiB at 0x40000000, 1 pieces\n    0x040000000-0x041ffffff  32768 KiB",
        "ago: committed 7 MiB, available 5 MiB\n", "  last balloon: 1.0 MiB in ",
        "  last hot-add: 32.0 MiB in ",
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_test_message("%s", parts[i]);
        g_assert_nonnull(strstr(text, parts[i]));
    }
    free(text);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fake_guest_init();
    realize();
    g_test_add_func("/hv-balloon-memdev/add-and-take-back", add_and_take_back);
    g_test_add_func("/hv-balloon-memdev/exact", exact);
    g_test_add_func("/hv-balloon-memdev/no-balloon-cap", no_balloon_cap);
    g_test_add_func("/hv-balloon-memdev/no-hot-add-cap", no_hot_add_cap);
    g_test_add_func("/hv-balloon-memdev/alignments", alignments);
    g_test_add_func("/hv-balloon-memdev/partial", partial);
    g_test_add_func("/hv-balloon-memdev/transient-and-permanent", transient_and_permanent);
    g_test_add_func("/hv-balloon-memdev/liars", liars);
    g_test_add_func("/hv-balloon-memdev/targets-meanwhile", targets_meanwhile);
    g_test_add_func("/hv-balloon-memdev/close-while-adding", close_while_adding);
    g_test_add_func("/hv-balloon-memdev/kexec", kexec);
    g_test_add_func("/hv-balloon-memdev/after-full-ring", close_before_sending);
    g_test_add_func("/hv-balloon-memdev/close-in-post", close_in_post);
    g_test_add_func("/hv-balloon-memdev/reset-everywhere", reset_everywhere);
    g_test_add_func("/hv-balloon-memdev/keep-size", keep_size);
    g_test_add_func("/hv-balloon-memdev/info", info);
    g_test_add_func("/hv-balloon-memdev/random-answers", random_answers);
    return g_test_run();
}
