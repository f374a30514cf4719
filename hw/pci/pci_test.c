/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pci/i440fx.h"
#include "hw/test-util.h"
#include "util/wire.h"

static int isa_level[16];
static TestLine sci;
static PciBus *pci;

typedef struct Toy { PciDevice parent; MemoryRegion mem, io; } Toy;

static uint64_t toy_read(void *opaque, uint64_t ofs, unsigned n) { return 0x5a; }
static void toy_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n) { }
static const MemoryRegionOps toy_ops = { .read = toy_read, .write = toy_write };

static bool toy_realize(PciDevice *dev, Error **errp)
{
    Toy *s = (Toy *)dev;

    memory_region_init_io(&s->mem, s, &toy_ops, s, "toy-mem", 0x4000);
    memory_region_init_io(&s->io, s, &toy_ops, s, "toy-io", 0x20);
    pci_register_bar(dev, 0, PCI_BAR_IO, &s->io, 0x20);
    pci_register_bar(dev, 4, PCI_BAR_MEM64 | PCI_BAR_PREFETCH, &s->mem, 0x4000);
    pci_add_capability(dev, 0x09, 16);
    pci_add_capability(dev, 0x11, 12);
    dev->config[PCI_INTERRUPT_PIN] = 1;
    return true;
}

static void toy_class_init(ObjectClass *k)
{
    ((PciDeviceClass *)k)->vendor_id = 0x1af4;
    ((PciDeviceClass *)k)->device_id = 0x1000;
    ((PciDeviceClass *)k)->realize = toy_realize;
    device_class(k)->user_creatable = true;
}

static const TypeInfo toy_info = { .name = "toy", .parent = TYPE_PCI_DEVICE, .size = sizeof(Toy),
                                   .class_init = toy_class_init, .desc = "toy" };
TYPE_REGISTER(toy_info)

static void set_isa(void *opaque, unsigned n, int level) { isa_level[n] = level; }

static void sel(unsigned slot, unsigned fn, unsigned reg)
{
    out(0xcf8, 0x80000000u | slot << 11 | fn << 8 | (reg & ~3u), 4);
}

static uint32_t rd(unsigned slot, unsigned fn, unsigned reg, unsigned n)
{
    sel(slot, fn, reg);
    return in(0xcfc + (reg & 3), n);
}

static void wr(unsigned slot, unsigned fn, unsigned reg, uint32_t v, unsigned n)
{
    sel(slot, fn, reg);
    out(0xcfc + (reg & 3), v, n);
}

static void test_enumerate(void)
{
    sel(0, 0, 0);
    g_assert_cmphex(in(0xcf8, 4), ==, 0x80000000);  /* mechanism 1 */
    g_assert_cmphex(rd(0, 0, 0, 4), ==, 0x12378086);
    g_assert_cmphex(rd(1, 0, 0, 4), ==, 0x70008086);
    g_assert_cmphex(rd(1, 0, 0x0e, 1), ==, 0x80);
    g_assert_cmphex(rd(1, 3, 0, 4), ==, 0x71138086);
    g_assert_cmphex(rd(1, 1, 0, 4), ==, 0xffffffff);
    g_assert_cmphex(rd(31, 0, 0, 2), ==, 0xffff);
    out(0xcf8, 0, 4);
    g_assert_cmphex(in(0xcfc, 4), ==, 0xffffffff);
}

static void test_pm_base(void)
{
    g_assert_cmphex(in(0x608, 4), ==, 0xffffffff);
    i440fx_firmware_setup(pci);
    g_assert_cmphex(rd(1, 3, 0x40, 4), ==, 0x601);
    g_assert_cmphex(in(0x608, 4) >> 24, ==, 0);
}

static void test_device(void)
{
    Error *err = NULL;
    KeyValue addr = { (char *)"addr", (char *)"5.0" };
    PciDevice *dev = (PciDevice *)device_add_opts("toy", "t", &addr, 1, false, &err);

    g_assert_null(err);
    g_assert_cmpint(dev->devfn, ==, 0x28);
    wr(5, 0, 0x10, 0xffffffff, 4);
    g_assert_cmphex(rd(5, 0, 0x10, 4), ==, 0xffffffe1);
    wr(5, 0, 0x20, 0xffffffff, 4);
    wr(5, 0, 0x24, 0xffffffff, 4);
    g_assert_cmphex(rd(5, 0, 0x20, 4), ==, 0xffffc00c);
    g_assert_cmphex(rd(5, 0, 0x24, 4), ==, 0xffffffff);
    wr(5, 0, 0x10, 0xc000, 4);
    wr(5, 0, 0x20, 0, 4);
    wr(5, 0, 0x24, 2, 4);
    g_assert_cmphex(in(0xc000, 1), ==, 0xff);
    wr(5, 0, 4, 0x0003, 2);
    g_assert_cmphex(in(0xc000, 1), ==, 0x5a);
    g_assert_cmphex(address_space_ld(address_space_memory, UINT64_C(0x200000000), 1, NULL), ==,
                    0x5a);
    wr(5, 0, 4, 0, 2);
    g_assert_cmphex(in(0xc000, 1), ==, 0xff);
    /* capabilities: the last one added comes first */
    unsigned cap = rd(5, 0, 0x34, 1);
    g_assert_cmphex(rd(5, 0, cap, 1), ==, 0x11);
    cap = rd(5, 0, cap + 1, 1);
    g_assert_cmphex(rd(5, 0, cap, 1), ==, 0x09);
    g_assert_cmphex(rd(5, 0, cap + 1, 1), ==, 0);
}

static void test_intx(void)
{
    PciDevice *dev = pci_find(pci, 0x28);

    pci_set_irq(dev, 1);                            /* slot 5 pin A: line 0, IRQ 10 */
    g_assert_cmpint(isa_level[10], ==, 1);
    wr(5, 0, 4, 0x400, 2);
    g_assert_cmpint(isa_level[10], ==, 0);
    wr(5, 0, 4, 0, 2);
    g_assert_cmpint(isa_level[10], ==, 1);
    wr(1, 0, 0x60, 0x0b, 1);                        /* routed anew */
    g_assert_cmpint(isa_level[10], ==, 0);
    g_assert_cmpint(isa_level[11], ==, 1);
    pci_set_irq(dev, 0);
    g_assert_cmpint(isa_level[11], ==, 0);
}

static void test_reset_port(void)
{
    outb(0xcf9, 0x02);
    g_assert_cmpuint(test_resets, ==, 0);
    outb(0xcf9, 0x06);
    g_assert_cmpuint(test_resets, ==, 1);
}

int main(int argc, char **argv)
{
    test_machine(&argc, &argv);
    I440FxConfig cfg = { .mem = test_mem(), .io = test_io(), .set_isa_irq = set_isa,
                         .pm = acpi_pm_new(test_io(), test_line(&sci), NULL) };
    pci = i440fx_new(&cfg, NULL);
    device_reset_all();
    g_test_add_func("/pci/enumerate", test_enumerate);
    g_test_add_func("/pci/pm-base", test_pm_base);
    g_test_add_func("/pci/device", test_device);
    g_test_add_func("/pci/intx", test_intx);
    g_test_add_func("/pci/reset", test_reset_port);
    return g_test_run();
}
