/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rings by polite and by hostile drivers; the balloon under both. RAM: 64 MiB at 0. */
#include <string.h>
#include "fake-driver.h"
#include "hw/core/balloon.h"
#include "hw/test-util.h"
#include "util/wire.h"

enum { RAM_BYTES = 64 << 20, DATA = 0x100000, NEXT = 1, WRITE = 2, INDIRECT = 4 };
#define PAGE 4096u
#define MODERN VIRTIO_BIT(VIRTIO_F_VERSION_1)
#define INDIRECT_OK VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC)

static void start(uint64_t features)
{
    drv_start(features);
    memset(drv.ram + DATA, 0, 0x10000);
}

static bool is_broken(void)
{
    return drv_read(0x14, 1) & VIRTIO_NEEDS_RESET;
}

static void settle(void)
{
    for (unsigned i = 0; i < 200; i++) {
        main_loop_wake();
        main_loop_step();
    }
}

static void put_pfns(const uint32_t *pfns, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        stle32(drv.ram + DATA + 4 * i, pfns[i]);
    }
}

/* One array into the inflate queue. */
static void inflate(const uint32_t *pfns, unsigned n)
{
    put_pfns(pfns, n);
    drv_desc(0, 0, DATA, 4 * n, 0, 0);
    drv_offer(0, 0);
    drv_kick(0);
}

static bool page_is(unsigned pfn, uint8_t with)
{
    const uint8_t *p = drv.ram + (size_t)pfn * PAGE;

    return p[0] == with && p[PAGE - 1] == with;
}

static void fill(unsigned pfn, unsigned n)
{
    memset(drv.ram + (size_t)pfn * PAGE, 0xaa, (size_t)n * PAGE);
}

/* ---- negotiation ---- */

static void test_features(void)
{
    uint64_t f = drv_offered();

    g_assert_true(f & MODERN);
    g_assert_true(f & INDIRECT_OK);
    g_assert_false(drv_negotiate(0));                   /* a legacy driver */
    g_assert_false(drv_negotiate(MODERN | UINT64_C(1) << 50));
    g_assert_true(drv_negotiate(MODERN));
    g_assert_cmpuint(drv_read(0x12, 2), ==, 3);
    drv_write(0x14, 0, 1);
    g_assert_cmpuint(drv_read(0x14, 1), ==, 0);
}

static void test_bad_queues(void)
{
    static const struct { unsigned reg; uint32_t v; } bad[] = {
        { 0x18, 100 }, { 0x18, 0 }, { 0x18, 256 }, { 0x20, FAKE_VQ_GPA + 8 },
        { 0x28, FAKE_VQ_GPA + 1 }, { 0x30, FAKE_VQ_GPA + 2 }, { 0x24, 0xffffffff },
        { 0x30, FAKE_BAR + 0x3000 }, { 0x20, RAM_BYTES - 16 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_true(drv_negotiate(MODERN));
        drv_write(0x16, 0, 2);
        drv_write(0x20, FAKE_VQ_GPA, 4);
        drv_write(0x28, FAKE_VQ_GPA + VQ_AVAIL, 4);
        drv_write(0x30, FAKE_VQ_GPA + VQ_USED, 4);
        drv_write(bad[i].reg, bad[i].v, bad[i].reg == 0x18 ? 2 : 4);
        drv_write(0x1c, 1, 2);
        g_assert_cmpuint(drv_read(0x1c, 2), ==, 0);
        g_assert_true(is_broken());
    }
}

/* ---- the balloon's pages ---- */

static void test_inflate(void)
{
    static const uint32_t pfns[] = { 0x3005, 0x3001, 0x3002, 0x3001, 0x3000, 0x3fff };

    start(INDIRECT_OK);
    fill(0x3000, 8);
    fill(0x3fff, 1);
    inflate(pfns, G_N_ELEMENTS(pfns));
    g_assert_cmpuint(drv_used(0), ==, 1);
    g_assert_cmpuint(drv.msis, ==, 1);
    g_assert_cmpuint(drv.msi_data, ==, 0x41);
    for (unsigned i = 0; i < 8; i++) {
        g_assert_true(page_is(0x3000 + i, i < 3 || i == 5 ? 0 : 0xaa));
    }
    g_assert_true(page_is(0x3fff, 0));
}

static void test_foreign_pages(void)
{
    static const uint32_t pfns[] = { 0xffffffff, 0x4000, 0x3001, FAKE_BAR / PAGE, 0x3fff,
                                     0xfffffffe };

    start(0);
    fill(0x3000, 3);
    inflate(pfns, G_N_ELEMENTS(pfns));
    g_assert_cmpuint(drv_used(0), ==, 1);
    g_assert_false(is_broken());
    g_assert_true(page_is(0x3000, 0xaa) && page_is(0x3001, 0) && page_is(0x3002, 0xaa));
}

static void test_deflate_keeps_content(void)
{
    static const uint32_t pfn = 0x3000;

    start(0);
    fill(0x3000, 1);
    put_pfns(&pfn, 1);
    drv_desc(1, 0, DATA, 4, 0, 0);
    drv_offer(1, 0);
    drv_kick(1);
    g_assert_cmpuint(drv_used(1), ==, 1);
    g_assert_true(page_is(0x3000, 0xaa));
}

static void test_target_and_actual(void)
{
    uint64_t bytes;

    start(0);
    g_assert_true(balloon_set_target(32 << 20, NULL));
    g_assert_cmpuint(drv_read(0x2000, 4), ==, 8192);
    g_assert_cmpuint(drv.msi_data, ==, 0x40);
    drv_write(0x2004, 8192, 4);
    g_assert_true(balloon_query(&bytes, NULL));
    g_assert_cmpuint(bytes, ==, 32 << 20);
    drv_write(0x2004, 0xffffffff, 4);                   /* more than there is */
    g_assert_true(balloon_query(&bytes, NULL));
    g_assert_cmpuint(bytes, ==, 0);
    drv_write(0x14, 0, 1);
    g_assert_true(balloon_query(&bytes, NULL));
    g_assert_cmpuint(bytes, ==, RAM_BYTES);
}

static void test_statistics(void)
{
    g_autofree char *text = NULL;
    uint8_t *w = drv.ram + DATA;

    start(0);
    stle16(w, 4);
    stle64(w + 2, 12345);
    stle16(w + 10, 999);                                /* not known: skipped */
    drv_desc(2, 0, DATA, 25, 0, 0);                     /* the third is cut off */
    drv_offer(2, 0);
    drv_kick(2);
    g_assert_cmpuint(drv_used(2), ==, 0);               /* kept until the next poll */
    text = object_get(OBJECT(drv.dev), "guest-stats", NULL);
    g_assert_nonnull(strstr(text, "\"stat-free-memory\": 12345"));
    g_assert_true(object_set(OBJECT(drv.dev), "guest-stats-polling-interval", "2", NULL));
    clock_virtual_advance(INT64_C(2100000000));
    g_assert_cmpuint(drv_used(2), ==, 1);
    g_assert_false(object_set(OBJECT(drv.dev), "guest-stats-polling-interval", "-2", NULL));
}

/* ---- hostile rings ---- */

static void test_loop(void)
{
    start(0);
    drv_desc(0, 0, DATA, 4, NEXT, 1);
    drv_desc(0, 1, DATA, 4, NEXT, 0);
    drv_offer(0, 0);
    drv_kick(0);
    g_assert_true(is_broken());
    g_assert_cmpuint(drv_used(0), ==, 0);
    drv_kick(0);                                        /* nothing until a reset */
    start(0);
    g_assert_false(is_broken());
}

static void test_bad_chains(void)
{
    static const struct { uint64_t gpa; uint32_t len; uint16_t flags, next, head; } bad[] = {
        { DATA, 4, NEXT, 128, 0 }, { DATA, 4, NEXT, 0xffff, 0 }, { DATA, 4, 0, 0, 128 },
        { DATA, 4, 0, 0, 0xffff }, { DATA, 0, 0, 0, 0 }, { UINT64_MAX - 2, 16, 0, 0, 0 },
        { DATA, 16, INDIRECT, 0, 0 },                   /* not negotiated */
        { UINT64_C(1) << 40, 4, 0, 0, 0 },              /* no RAM */
        { RAM_BYTES - 2, 4, 0, 0, 0 }, { FAKE_BAR, 4, 0, 0, 0 },
        { DATA, 3, 0, 0, 0 }, { DATA, 0xfffffffc, 0, 0, 0 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        start(0);
        drv_desc(0, 0, bad[i].gpa, bad[i].len, bad[i].flags, bad[i].next);
        drv_offer(0, bad[i].head);
        drv_kick(0);
        g_assert_true(is_broken());
        g_assert_cmpuint(drv_used(0), ==, 0);
    }
}

static void test_read_behind_write(void)
{
    start(0);
    drv_desc(0, 0, DATA, 4, NEXT | WRITE, 1);
    drv_desc(0, 1, DATA, 4, 0, 0);
    drv_offer(0, 0);
    drv_kick(0);
    g_assert_true(is_broken());
}

static void test_index_jumps(void)
{
    start(0);
    drv_desc(0, 0, DATA, 4, 0, 0);
    stle16(drv.ram + FAKE_VQ_GPA + VQ_AVAIL + 2, FAKE_VQ_SIZE + 1);
    drv_kick(0);
    g_assert_true(is_broken());
}

static void test_indirect(void)
{
    uint8_t *t = drv.ram + DATA + 0x1000;
    static const uint32_t pfns[] = { 0x3000, 0x3002 };

    start(INDIRECT_OK);
    fill(0x3000, 3);
    put_pfns(pfns, 2);
    for (unsigned i = 0; i < 2; i++) {
        stle64(t + 16 * i, DATA + 4 * i);
        stle32(t + 16 * i + 8, 4);
        stle16(t + 16 * i + 12, i ? 0 : NEXT);
        stle16(t + 16 * i + 14, 1);
    }
    drv_desc(0, 5, DATA + 0x1000, 32, INDIRECT, 0);
    drv_offer(0, 5);
    drv_kick(0);
    g_assert_cmpuint(drv_used(0), ==, 1);
    g_assert_true(page_is(0x3000, 0) && page_is(0x3001, 0xaa) && page_is(0x3002, 0));
    stle16(t + 12, INDIRECT);                           /* a table in a table */
    drv_offer(0, 5);
    drv_kick(0);
    g_assert_true(is_broken());
    for (unsigned len = 0; len < 16; len += 8) {        /* tables of wrong sizes */
        start(INDIRECT_OK);
        drv_desc(0, 0, DATA + 0x1000, len, INDIRECT, 0);
        drv_offer(0, 0);
        drv_kick(0);
        g_assert_true(is_broken());
    }
}

static void test_event_index(void)
{
    static const uint32_t pfn = 0x3000;
    uint8_t *used_event = drv.ram + FAKE_VQ_GPA + VQ_AVAIL + 4 + 2 * FAKE_VQ_SIZE;
    uint8_t *avail_event = drv.ram + FAKE_VQ_GPA + VQ_USED + 4 + 8 * FAKE_VQ_SIZE;

    start(VIRTIO_BIT(VIRTIO_F_EVENT_IDX));
    inflate(&pfn, 1);
    g_assert_cmpuint(drv.msis, ==, 1);
    g_assert_cmpuint(ldle16(avail_event), ==, 1);
    stle16(used_event, 3);                              /* at the fourth */
    inflate(&pfn, 1);
    inflate(&pfn, 1);
    g_assert_cmpuint(drv.msis, ==, 1);
    inflate(&pfn, 1);
    g_assert_cmpuint(drv.msis, ==, 2);
}

static void test_no_interrupt_flag(void)
{
    static const uint32_t pfn = 0x3000;

    start(0);
    stle16(drv.ram + FAKE_VQ_GPA + VQ_AVAIL, 1);
    inflate(&pfn, 1);
    g_assert_cmpuint(drv_used(0), ==, 1);
    g_assert_cmpuint(drv.msis, ==, 0);
}

static void test_random_rings(void)
{
    GRand *r = g_rand_new_with_seed(1);

    for (unsigned round = 0; round < 3000; round++) {
        uint8_t *at = drv.ram + FAKE_VQ_GPA;

        start(g_rand_boolean(r) ? INDIRECT_OK : 0);
        for (unsigned i = 0; i < 8; i++) {
            drv_desc(0, i, g_rand_boolean(r) ? DATA : g_rand_int(r), g_rand_int_range(r, 0, 64),
                     g_rand_int_range(r, 0, 8), g_rand_int_range(r, 0, 9));
            drv_offer(0, g_rand_int_range(r, 0, 9));
        }
        for (unsigned i = 0; i < 256; i++) {            /* numbers beyond RAM only */
            stle32(drv.ram + DATA + 4 * i, 0x80000000u | g_rand_int(r));
        }
        at[VQ_AVAIL + 2] = g_rand_int_range(r, 0, 200);
        drv_kick(0);
        drv_kick(g_rand_int_range(r, 0, 9));
        settle();
        g_assert_cmpuint(drv_read(0x12, 2), ==, 3);     /* it still answers */
    }
    g_rand_free(r);
}

int main(int argc, char **argv)
{
    static MemoryRegion ram;

    test_machine(&argc, &argv);
    memory_region_init_ram_block(&ram, NULL, "ram", ram_block_new("ram", RAM_BYTES, 0, NULL));
    memory_region_add(test_mem(), 0, &ram);
    machine_services()->ram_bytes = RAM_BYTES;
    drv_init(memory_region_ram_ptr(&ram));
    Device *dev = device_add_opts("virtio-balloon-pci", "b", NULL, 0, false, NULL);
    g_assert_nonnull(dev);
    drv_find(dev);
    static const struct { const char *name; void (*fn)(void); } tests[] = {
        { "features", test_features }, { "bad-queues", test_bad_queues },
        { "inflate", test_inflate }, { "foreign-pages", test_foreign_pages },
        { "deflate", test_deflate_keeps_content }, { "target", test_target_and_actual },
        { "statistics", test_statistics }, { "loop", test_loop },
        { "bad-chains", test_bad_chains }, { "read-behind-write", test_read_behind_write },
        { "index-jumps", test_index_jumps }, { "indirect", test_indirect },
        { "event-index", test_event_index }, { "no-interrupt", test_no_interrupt_flag },
        { "random-rings", test_random_rings },
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("/virtqueue/%s", tests[i].name);
        g_test_add_func(path, tests[i].fn);
    }
    return g_test_run();
}
