/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Balloon devices alone: scripted guests give and take 200 GiB of (never touched) memory through
 * hv-balloon and through virtio-balloon; CPU seconds of device and script together.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include "dynmem-wire.h"
#include "fake-dm.h"
#include "hw/core/balloon.h"
#include "hw/virtio/fake-driver.h"
#include "util/wire.h"

#define GIB (UINT64_C(1) << 30)
#define PAGE UINT64_C(4096)
enum { GIB_PAGES = 1 << 18, MOVED_GIB = 200, FIRST_PFN = GIB_PAGES, ARRAY = 256 };
enum { ARRAY_GPA = 0x100000 };

static double cpu_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Answers one request after the other with pieces of @piece pages, one every @stride. */
static unsigned give(uint64_t n_pages, uint64_t piece, uint64_t stride)
{
    uint64_t pfn = FIRST_PFN;
    unsigned n_ranges = 0;

    g_assert_true(balloon_set_target(fake_ram_bytes - n_pages * PAGE, NULL));
    fake_pump();
    while (n_pages) {
        uint64_t asked = dm_expect_request(), left = asked;

        while (left) {
            PageRange r[DM_RANGES_MAX];
            unsigned n = 0;
            for (; n < DM_RANGES_MAX && left; n++) {
                r[n] = (PageRange){ pfn, MIN(piece, left) };
                left -= r[n].n_pages;
                pfn += piece == stride ? r[n].n_pages : stride;
            }
            dm_send_pages(r, n, left);
            n_ranges += n;
        }
        n_pages -= asked;
    }
    return n_ranges;
}

/* @at_once: all messages fit in the ring, the guest need not let the device run in between */
static double take_back(uint64_t n_pages, bool at_once)
{
    unsigned ranges, messages;
    double start = cpu_s();

    g_assert_true(balloon_set_target(fake_ram_bytes, NULL));
    fake_pump();
    fake_pump_turns = at_once ? 0 : 3;
    g_assert_cmpuint(dm_expect_return(&ranges, &messages), ==, n_pages);
    fake_pump_turns = 3;
    dm_send_unballooned();
    return cpu_s() - start;
}

static double hv(const char *what, uint64_t n_pages, uint64_t piece, uint64_t stride)
{
    double start, in, out;
    unsigned n;

    dm_connect();
    g_assert_true(dm_negotiate(DM_VERSION_2_0, false));
    dm_offer_caps(0x1f);
    fake_pump_turns = 3;
    start = cpu_s();
    n = give(n_pages, piece, stride);
    in = cpu_s() - start;
    out = take_back(n_pages, piece == stride);
    fake_pump_turns = 40;
    printf("  hv-balloon, %-26s %8.4f s in, %8.4f s out, %9u ranges, %8.2f M ranges/s in\n", what,
           in, out, n, n / in / 1e6);
    return out;
}

/* One array of 256 page numbers, one kick, as Linux. */
static double virtio_queue(unsigned q, uint64_t n_pages)
{
    double start = cpu_s();

    for (uint64_t done = 0; done < n_pages; done += ARRAY) {
        for (unsigned i = 0; i < ARRAY; i++) {
            stle32(drv.ram + ARRAY_GPA + 4 * i, (uint32_t)(FIRST_PFN + done + i));
        }
        drv_desc(q, 0, ARRAY_GPA, 4 * ARRAY, 0, 0);
        drv_offer(q, 0);
        drv_kick(q);
        g_assert_cmpuint(drv_used(q), ==, 1);
    }
    return cpu_s() - start;
}

static double virtio(uint64_t n_pages)
{
    g_autoptr(Error) err = NULL;
    Device *dev = device_add_opts("virtio-balloon-pci", "v", NULL, 0, false, &err);
    double in, out;

    g_assert_nonnull(dev);
    drv_find(dev);
    drv_start(VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC));
    in = virtio_queue(0, n_pages);
    out = virtio_queue(1, n_pages);
    printf("  virtio-balloon, arrays of 256         %8.4f s in, %8.4f s out\n", in, out);
    return out;
}

static void metadata(const char *what, uint64_t n_pages, uint64_t piece, uint64_t stride)
{
    PageRangeTree *t = page_range_tree_new();
    double start = cpu_s();

    for (uint64_t pfn = FIRST_PFN; pfn < FIRST_PFN + n_pages; pfn += stride) {
        page_range_tree_insert(t, (PageRange){ pfn, piece }, NULL, NULL);
    }
    printf("  metadata, %-32s %10zu bytes, %u ranges, %.3f s\n", what, page_range_tree_bytes(t),
           page_range_tree_ranges(t), cpu_s() - start);
    page_range_tree_free(t);
}

int main(void)
{
    uint64_t moved = (uint64_t)MOVED_GIB * GIB_PAGES;
    double whole, apart, other;
    KeyValue reports = { (char *)"status-report", (char *)"on" };
    Device *dev;

    fake_ram_bytes = 512 * GIB;
    fake_guest_init();
    drv_init(fake.ram);
    dev = device_add_opts("hv-balloon", "b", &reports, 1, false, NULL);
    g_assert_nonnull(dev);
    whole = hv("200 GiB in one piece", moved, DM_RANGE_PAGES_MAX, DM_RANGE_PAGES_MAX);
    hv("200 GiB, every 2 MiB", moved, 512, 512);
    apart = hv("200 GiB, every other 2 MiB", moved, 512, 1024);
    hv("4 GiB, every other 4 KiB", 4 * GIB_PAGES, 1, 2);
    device_unrealize(dev);
    other = virtio(moved);
    printf("  200 GiB un-ballooned: hv-balloon %.4f s (2 MiB pieces apart: %.4f s), virtio-balloon "
           "%.4f s: %.0f and %.0f times\n", whole, apart, other, other / whole, other / apart);
    metadata("1 TiB in one range", GIB * 1024 / PAGE, GIB * 1024 / PAGE, GIB * 1024 / PAGE);
    metadata("1 TiB in 2 MiB pieces, merged", GIB * 1024 / PAGE, 512, 512);
    metadata("16 GiB, every other 4 KiB", 16 * GIB_PAGES, 1, 2);
    return 0;
}
