/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that pokes every register of every device at random: nothing may crash or hang. */
#include <stdlib.h>
#include <string.h>
#include "hw/char/serial.h"
#include "hw/input/i8042.h"
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"
#include "hw/misc/misc.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/pci/i440fx.h"
#include "hw/rtc/mc146818.h"
#include "hw/test-util.h"
#include "hw/timer/hpet.h"
#include "hw/timer/i8254.h"

static I8259 *pic;
static IOApic *io_apic;
static IrqLine **lines;
static MemoryRegion ram;

static void gsi_set(void *opaque, int n, int level)
{
    if (n < 16) {
        i8259_set_irq(pic, n, level);
    }
    ioapic_set_irq(io_apic, n, level);
}

static IrqLine *isa_irq(unsigned n) { return lines[n]; }
static void isa_set(void *opaque, unsigned n, int level) { irq_set(lines[n], level); }
static void hpet_set(void *opaque, unsigned n, int level) { if (n < 24) irq_set(lines[n], level); }
static void hpet_legacy(void *opaque, bool on) { }
static void nothing(void *opaque, int n, int level) { }
static void msi(uint64_t gpa, uint32_t data) { }
static void debug_exit(int status) { }

static void build(void)
{
    MachineServices *ms = machine_services();
    HpetWiring w = { hpet_set, hpet_legacy, NULL };

    lines = irq_new_array(gsi_set, NULL, 24);
    ms->isa_irq = isa_irq;
    ms->msi_send = msi;
    ms->debug_exit = debug_exit;
    pic = i8259_new(test_io(), irq_new(nothing, NULL, 0), NULL);
    io_apic = ioapic_new(test_mem(), IOAPIC_GPA, msi, NULL);
    i8254_new(test_io(), lines[0], NULL);
    rtc_new(test_io(), lines[8], false, NULL, NULL);
    hpet_new(test_mem(), &w, NULL);
    I440FxConfig cfg = { test_mem(), test_io(), isa_set, NULL,
                         acpi_pm_new(test_io(), lines[9], NULL) };
    PciBus *pci = i440fx_new(&cfg, NULL);
    i440fx_firmware_setup(pci);
    i8042_new(test_io(), lines[1], lines[12], NULL);
    port92_new(test_io(), NULL);
    serial_new(i440fx_isa_bus(pci), 0, NULL, NULL);
    debugcon_new(i440fx_isa_bus(pci), 0xe9, NULL, NULL);
    g_assert_nonnull(device_add_opts(TYPE_DEBUG_EXIT, NULL, NULL, 0, false, NULL));
    fw_cfg_add_file(fw_cfg_new(test_io(), NULL), "x", "y", 1);
}

static uint16_t random_port(GRand *r)
{
    static const uint16_t ports[] = {
        0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1, 0x40, 0x41, 0x42, 0x43, 0x60, 0x61, 0x64, 0x70, 0x71,
        0x92, 0xb2, 0xb3, 0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc, 0x3fd, 0x3fe, 0x3ff, 0xcf8, 0xcf9,
        0xcfc, 0xcfe, 0x510, 0x511, 0x514, 0x518, 0x600, 0x602, 0x604, 0x608, 0xafe0, 0xafe2, 0xe9,
        0x501,
    };

    return g_rand_int_range(r, 0, 8) ? ports[g_rand_int_range(r, 0, G_N_ELEMENTS(ports))]
                                     : g_rand_int_range(r, 0, 0x10000);
}

static void poke_memory(GRand *r, unsigned n)
{
    uint64_t at = (g_rand_boolean(r) ? IOAPIC_GPA + g_rand_int_range(r, 0, 0x18)
                                     : HPET_GPA + g_rand_int_range(r, 0, 0x180));

    if (g_rand_boolean(r)) {
        address_space_st(address_space_memory, at & ~3ull, g_rand_int(r), 4);
    } else {
        address_space_ld(address_space_memory, at, n, NULL);
    }
}

static void test_random(void)
{
    const char *seed = getenv("SEED");
    g_autoptr(GRand) r = g_rand_new_with_seed(seed ? atoi(seed) : 1);

    for (unsigned i = 0; i < 200000; i++) {
        unsigned n = 1u << g_rand_int_range(r, 0, 3);
        uint32_t v = g_rand_boolean(r) ? g_rand_int(r) : g_rand_int(r) & 0x1f;
        switch (g_rand_int_range(r, 0, 8)) {
        case 0:
            in(random_port(r), n);
            break;
        case 1:
            poke_memory(r, n);
            break;
        case 2:
            irq_set(lines[g_rand_int_range(r, 0, 24)], g_rand_boolean(r));
            break;
        case 3:
            i8259_ack(pic);
            break;
        case 4:
            clock_virtual_advance(g_rand_int_range(r, 0, 100000));
            break;
        case 5:
            if (i % 1000 == 0) {
                device_reset_all();
            }
            break;
        default:
            out(random_port(r), v, n);
            break;
        }
    }
}

int main(int argc, char **argv)
{
    test_machine(&argc, &argv);
    memory_region_init_ram(&ram, NULL, "ram", 1 << 20, NULL);
    memory_region_add(test_mem(), 0, &ram);
    build();
    g_test_add_func("/hw/hostile", test_random);
    return g_test_run();
}
