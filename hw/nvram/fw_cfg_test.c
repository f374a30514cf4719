/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/nvram/fw_cfg.h"
#include <string.h>
#include "hw/test-util.h"

static FwCfg *fw;
static MemoryRegion ram;

static void read_item(uint16_t key, void *buf, unsigned n)
{
    out(0x510, key, 2);
    for (unsigned i = 0; i < n; i++) {
        ((uint8_t *)buf)[i] = inb(0x511);
    }
}

static void test_ports(void)
{
    uint8_t dir[4 + 64], text[6];

    read_item(0, text, 5);
    g_assert_cmpmem(text, 5, "QEMU\0", 5);          /* past the end: zeros */
    read_item(1, text, 4);
    g_assert_cmpint(text[0], ==, 3);
    g_assert_true(fw_cfg_add_file(fw, "etc/x", "hello", 5));
    g_assert_true(fw_cfg_add_file(fw, "etc/x", "hallo!", 6));
    read_item(0x19, dir, sizeof(dir));
    g_assert_cmpmem(dir, 12, "\0\0\0\1\0\0\0\6\0\x20\0\0", 12);
    g_assert_cmpstr((char *)dir + 12, ==, "etc/x");
    read_item(0x20, text, 6);
    g_assert_cmpmem(text, 6, "hallo!", 6);
    read_item(0x3fff, text, 2);
    g_assert_cmpint(text[0], ==, 0);
}

static uint32_t dma(uint32_t control, uint32_t n, uint64_t gpa)
{
    struct { uint32_t control, n; uint64_t gpa; } d = {
        GUINT32_TO_BE(control), GUINT32_TO_BE(n), GUINT64_TO_BE(gpa),
    };

    gpa_write(0x1000, &d, sizeof(d));
    out(0x514, 0, 4);
    out(0x518, GUINT32_TO_BE(0x1000), 4);
    gpa_read(0x1000, &d, sizeof(d));
    return GUINT32_FROM_BE(d.control);
}

static void test_dma(void)
{
    char buf[8] = "";

    g_assert_cmphex(in(0x514, 4), ==, 0x554d4551);  /* "QEMU" */
    g_assert_cmphex(in(0x518, 4), ==, 0x47464320);
    g_assert_cmphex(dma(0x20 << 16 | 8 | 2, 8, 0x2000), ==, 0);
    gpa_read(0x2000, buf, 8);
    g_assert_cmpmem(buf, 8, "hallo!\0\0", 8);
    g_assert_cmphex(dma(0x20 << 16 | 8 | 4, 2, 0), ==, 0);
    g_assert_cmphex(dma(2, 3, 0x3000), ==, 0);
    gpa_read(0x3000, buf, 3);
    g_assert_cmpmem(buf, 3, "llo", 3);
    g_assert_cmphex(dma(16, 1, 0x2000), ==, 1);     /* nothing is writable */
    g_assert_cmphex(dma(0x20 << 16 | 8 | 2, UINT32_MAX, 0x2000), ==, 1);
}

int main(int argc, char **argv)
{
    test_machine(&argc, &argv);
    memory_region_init_ram(&ram, NULL, "ram", 1 << 20, NULL);
    memory_region_add(test_mem(), 0, &ram);
    fw = fw_cfg_new(test_io(), NULL);
    g_test_add_func("/fw_cfg/ports", test_ports);
    g_test_add_func("/fw_cfg/dma", test_dma);
    return g_test_run();
}
