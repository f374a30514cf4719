/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI bus and device core. Source: PCI Local Bus Specification 3.0. */
#include "hw/pci/pci.h"

#include <inttypes.h>
#include <string.h>
#include "util/wire.h"

#define UNMAPPED UINT64_MAX
#define CAPS_START 0x40

struct PciBus {
    Bus parent;
    PciDevice *devices[256];            /* by devfn; borrowed */
    MemoryRegion *mem, *io;
    unsigned irq_count[PCI_N_IRQS];     /* how many devices hold the line */
    void (*set_irq)(void *opaque, unsigned line, int level);
    void *irq_opaque;
};

/* ---- BARs ---- */

void pci_register_bar(PciDevice *dev, unsigned n, uint8_t type, MemoryRegion *mr, uint64_t size)
{
    uint64_t mask = ~(size - 1);
    unsigned at = PCI_BAR0 + 4 * n;

    g_assert(n < PCI_N_BARS && size && !(size & (size - 1)));
    g_assert(!(type & PCI_BAR_MEM64) || n + 1 < PCI_N_BARS);
    dev->bar[n] = (PciBar) { .mr = mr, .type = type, .size = size, .mapped_at = UNMAPPED };
    stle32(dev->config + at, type);
    stle32(dev->wmask + at, mask & (type & PCI_BAR_IO ? ~3u : ~15u));
    if (type & PCI_BAR_MEM64) {
        stle32(dev->wmask + at + 4, mask >> 32);
    }
}

/* Where a BAR should appear now. */
static uint64_t bar_address(const PciDevice *dev, unsigned n)
{
    const PciBar *bar = &dev->bar[n];
    uint16_t cmd = ldle16(dev->config + PCI_COMMAND);
    unsigned at = PCI_BAR0 + 4 * n;
    uint64_t addr = ldle32(dev->config + at);

    if (bar->type & PCI_BAR_IO) {
        addr &= ~UINT64_C(3);
        return (cmd & PCI_CMD_IO) && addr && addr + bar->size <= 0x10000 ? addr : UNMAPPED;
    }
    addr &= ~UINT64_C(15);
    if (bar->type & PCI_BAR_MEM64) {
        addr |= (uint64_t)ldle32(dev->config + at + 4) << 32;
    }
    /* all ones while the guest asks for the size; 0 is RAM */
    if (!(cmd & PCI_CMD_MEMORY) || !addr || addr + bar->size - 1 < addr ||
        addr >> 52 || (!(bar->type & PCI_BAR_MEM64) && addr + bar->size > UINT64_C(0xfffff000))) {
        return UNMAPPED;
    }
    return addr;
}

static void pci_update_bars(PciDevice *dev)
{
    memory_transaction_begin();
    for (unsigned i = 0; i < PCI_N_BARS; i++) {
        PciBar *bar = &dev->bar[i];
        uint64_t addr = bar->mr ? bar_address(dev, i) : UNMAPPED;
        MemoryRegion *space = bar->type & PCI_BAR_IO ? dev->bus->io : dev->bus->mem;

        if (!bar->mr || addr == bar->mapped_at) {
            continue;
        }
        if (bar->mapped_at != UNMAPPED) {
            memory_region_del(space, bar->mr);
        }
        if (addr != UNMAPPED) {
            memory_region_add_overlap(space, addr, bar->mr, 1);
        }
        bar->mapped_at = addr;
    }
    memory_transaction_commit();
}

unsigned pci_add_capability(PciDevice *dev, uint8_t id, unsigned len)
{
    unsigned at = dev->caps_end;

    g_assert(at + len <= PCI_CONFIG_BYTES);
    dev->config[at] = id;
    dev->config[at + 1] = dev->config[PCI_CAP_LIST];
    dev->config[PCI_CAP_LIST] = at;
    dev->config[PCI_STATUS] |= PCI_STS_CAPS;
    dev->caps_end = (at + len + 3) & ~3u;
    return at;
}

/* ---- INTx ---- */

static unsigned irq_line_of(const PciDevice *dev)
{
    /* as a 440FX board is wired: slot 1's INTA is line 0 */
    return ((dev->devfn >> 3) + dev->config[PCI_INTERRUPT_PIN] - 1 + 3) & 3;
}

static void pci_drive_irq(PciDevice *dev, int level)
{
    PciBus *b = dev->bus;
    unsigned line = irq_line_of(dev);

    if (level == dev->irq_level || !dev->config[PCI_INTERRUPT_PIN]) {
        return;
    }
    dev->irq_level = level;
    b->irq_count[line] += level ? 1 : -1;
    b->set_irq(b->irq_opaque, line, b->irq_count[line] != 0);
}

static bool intx_off(const PciDevice *dev)
{
    return ldle16(dev->config + PCI_COMMAND) & PCI_CMD_INTX_OFF;
}

void pci_set_irq(PciDevice *dev, int level)
{
    if (level) {
        dev->config[PCI_STATUS] |= PCI_STS_INTX;
    } else {
        dev->config[PCI_STATUS] &= ~PCI_STS_INTX;
    }
    pci_drive_irq(dev, level && !intx_off(dev));
}

/* ---- config space ---- */

PciDevice *pci_find(PciBus *b, uint8_t devfn)
{
    return b->devices[devfn];
}

uint32_t pci_config_read(PciBus *b, uint8_t bus_no, uint8_t devfn, unsigned addr, unsigned len)
{
    PciDevice *dev = bus_no == 0 ? b->devices[devfn] : NULL;
    uint32_t val = 0xffffffff;

    if (dev && addr + len <= PCI_CONFIG_BYTES) {
        PciDeviceClass *k = pci_device_class(dev);

        if (k->config_read) {
            k->config_read(dev, addr, len);
        }
        val = 0;
        for (unsigned i = 0; i < len; i++) {
            val |= (uint32_t)dev->config[addr + i] << (8 * i);
        }
    }
    return val;
}

static bool touches(unsigned addr, unsigned len, unsigned from, unsigned n)
{
    return addr < from + n && from < addr + len;
}

void pci_config_write(PciBus *b, uint8_t bus_no, uint8_t devfn, unsigned addr, uint32_t val,
                      unsigned len)
{
    PciDevice *dev = bus_no == 0 ? b->devices[devfn] : NULL;
    PciDeviceClass *k;

    if (!dev || addr + len > PCI_CONFIG_BYTES) {
        return;
    }
    k = pci_device_class(dev);
    for (unsigned i = 0; i < len; i++) {
        uint8_t v = val >> (8 * i), w = dev->wmask[addr + i], *c = &dev->config[addr + i];
        *c = (*c & ~w) | (v & w);
        *c &= ~(v & dev->w1cmask[addr + i]);
    }
    if (touches(addr, len, PCI_COMMAND, 2) || touches(addr, len, PCI_BAR0, 4 * PCI_N_BARS)) {
        pci_update_bars(dev);
        pci_drive_irq(dev, (dev->config[PCI_STATUS] & PCI_STS_INTX) && !intx_off(dev));
    }
    if (k->config_written) {
        k->config_written(dev, addr, len);
    }
}

/* ---- devices ---- */

static bool choose_devfn(PciBus *b, PciDevice *dev, Error **errp)
{
    if (dev->devfn < 0) {
        for (int slot = 0; slot < 32 && dev->devfn < 0; slot++) {
            dev->devfn = b->devices[PCI_DEVFN(slot, 0)] ? -1 : PCI_DEVFN(slot, 0);
        }
        if (dev->devfn < 0) {
            error_setg(errp, "PCI: no slot available for %s", object_type_name(dev));
            return false;
        }
    }
    if (dev->devfn > 0xff || b->devices[dev->devfn]) {
        error_setg(errp, "PCI: slot %d function %d not available for %s", dev->devfn >> 3,
                   dev->devfn & 7, object_type_name(dev));
        return false;
    }
    return true;
}

static void pci_init_config(PciDevice *dev, const PciDeviceClass *k)
{
    stle16(dev->config + PCI_VENDOR_ID, k->vendor_id);
    stle16(dev->config + PCI_DEVICE_ID, k->device_id);
    dev->config[PCI_REVISION] = k->revision;
    dev->config[PCI_CLASS_PROG] = k->prog_if;
    stle16(dev->config + PCI_CLASS, k->class_id);
    dev->config[PCI_HEADER_TYPE] = dev->multifunction ? 0x80 : 0;
    stle16(dev->config + PCI_SUBSYSTEM_VENDOR, k->subsystem_vendor ? k->subsystem_vendor : 0x1af4);
    stle16(dev->config + PCI_SUBSYSTEM, k->subsystem_id ? k->subsystem_id : 0x1100);
    stle16(dev->wmask + PCI_COMMAND, PCI_CMD_IO | PCI_CMD_MEMORY | PCI_CMD_MASTER | 0x140 |
           PCI_CMD_INTX_OFF);
    stle16(dev->w1cmask + PCI_STATUS, 0xf900);
    dev->wmask[PCI_INTERRUPT_LINE] = 0xff;
    dev->wmask[0x0c] = 0xff;            /* cache line size */
    dev->wmask[0x0d] = 0xf8;            /* latency timer */
    dev->caps_end = CAPS_START;
}

static bool pci_realize(Device *d, Error **errp)
{
    PciDevice *dev = pci_device(d);
    PciDeviceClass *k = pci_device_class(dev);

    if (!d->bus) {
        error_setg(errp, "%s needs a PCI bus", object_type_name(dev));
        return false;
    }
    dev->bus = (PciBus *)d->bus;
    if (!choose_devfn(dev->bus, dev, errp)) {
        return false;
    }
    pci_init_config(dev, k);
    if (k->realize && !k->realize(dev, errp)) {
        return false;
    }
    dev->bus->devices[dev->devfn] = dev;
    return true;
}

static void pci_unrealize(Device *d)
{
    PciDevice *dev = pci_device(d);

    pci_set_irq(dev, 0);
    stle16(dev->config + PCI_COMMAND, 0);
    pci_update_bars(dev);
    dev->bus->devices[dev->devfn] = NULL;
}

/* The part of a reset that is the same for all; types with a reset of their own call it first. */
static void pci_reset(Device *d)
{
    PciDevice *dev = pci_device(d);

    pci_set_irq(dev, 0);
    stle16(dev->config + PCI_COMMAND, 0);
    dev->config[PCI_INTERRUPT_LINE] = 0;
    for (unsigned i = 0; i < PCI_N_BARS; i++) {
        if (dev->bar[i].mr) {
            stle32(dev->config + PCI_BAR0 + 4 * i, dev->bar[i].type);
            if (dev->bar[i].type & PCI_BAR_MEM64) {
                stle32(dev->config + PCI_BAR0 + 4 * i + 4, 0);
            }
        }
    }
    pci_update_bars(dev);
}

/* "3" or "3.1", hexadecimal as on lspci */
static bool set_addr(Object *obj, const Property *p, const char *text, Error **errp)
{
    PciDevice *dev = pci_device(obj);
    char *end;
    guint64 slot = g_ascii_strtoull(text, &end, 16), fn = 0;

    if (end != text && *end == '.') {
        const char *fn_text = end + 1;
        fn = g_ascii_strtoull(fn_text, &end, 16);
        end = end == fn_text ? (char *)"?" : end;
    }
    if (end == text || *end || slot > 31 || fn > 7) {
        error_setg(errp, "Invalid parameter '%s' for property '%s': use slot[.function]", text,
                   p->name);
        return false;
    }
    dev->devfn = PCI_DEVFN(slot, fn);
    return true;
}

static char *get_addr(Object *obj, const Property *p)
{
    PciDevice *dev = pci_device(obj);

    return dev->devfn < 0 ? g_strdup("-1") : g_strdup_printf("%02x.%x", dev->devfn >> 3,
                                                             dev->devfn & 7);
}

static const Property pci_props[] = {
    PROP(CUSTOM, "addr", PciDevice, devfn, .get = get_addr, .set = set_addr, .no_default = true,
         .desc = "slot and function, e.g. 06.0"),
    PROP(BOOL, "multifunction", PciDevice, multifunction, .desc = "on/off"),
    {0}
};

static void pci_device_init(Object *obj)
{
    pci_device(obj)->devfn = -1;
}

static void pci_device_class_init(ObjectClass *klass)
{
    DeviceClass *dc = device_class(klass);

    dc->bus_type = TYPE_PCI_BUS;
    dc->realize = pci_realize;
    dc->unrealize = pci_unrealize;
    dc->reset = pci_reset;
}

static const TypeInfo pci_device_info = {
    .name = TYPE_PCI_DEVICE, .parent = TYPE_DEVICE, .size = sizeof(PciDevice),
    .class_size = sizeof(PciDeviceClass), .abstract = true, .props = pci_props,
    .init = pci_device_init, .class_init = pci_device_class_init,
};
TYPE_REGISTER(pci_device_info)

/* ---- bus ---- */

static const TypeInfo pci_bus_info = {
    .name = TYPE_PCI_BUS, .parent = TYPE_BUS, .size = sizeof(PciBus),
};
TYPE_REGISTER(pci_bus_info)

PciBus *pci_bus_new(Device *owner, MemoryRegion *mem, MemoryRegion *io,
                    void (*set_irq)(void *opaque, unsigned line, int level), void *opaque)
{
    PciBus *b = (PciBus *)bus_new(TYPE_PCI_BUS, owner, "pci.0");

    b->mem = mem;
    b->io = io;
    b->set_irq = set_irq;
    b->irq_opaque = opaque;
    return b;
}

void pci_print_info(PciBus *b, FILE *f)
{
    for (unsigned i = 0; i < 256; i++) {
        const PciDevice *dev = b->devices[i];
        if (!dev) {
            continue;
        }
        fprintf(f, "  Bus  0, device %3u, function %u:\n    Class %04x: PCI device %04x:%04x\n",
                i >> 3, i & 7, ldle16(dev->config + PCI_CLASS), ldle16(dev->config),
                ldle16(dev->config + PCI_DEVICE_ID));
        for (unsigned n = 0; n < PCI_N_BARS; n++) {
            if (dev->bar[n].mr) {
                fprintf(f, "      BAR%u: %s at 0x%" PRIx64 " [size 0x%" PRIx64 "]\n", n,
                        dev->bar[n].type & PCI_BAR_IO ? "I/O" : "memory", dev->bar[n].mapped_at,
                        dev->bar[n].size);
            }
        }
    }
}
