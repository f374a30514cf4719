/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 82441FX host bridge, 82371SB ISA bridge, 82371AB power management: what of their registers
 * matters. Source: the Intel data sheets of these parts.
 */
#include "hw/pci/i440fx.h"

#include "hw/misc/misc.h"
#include "util/wire.h"

enum { PAM0 = 0x59, PAM6 = 0x5f, SMRAM = 0x72 };
enum { PIRQ_ROUTE_A = 0x60, PIRQ_OFF = 0x80, PM_BASE = 0x40, PM_REG_MISC = 0x80,
       SMB_BASE = 0x90 };
enum { RCR_CPU = 1 << 2, RCR_FULL = 1 << 1 };

const uint8_t i440fx_pirq_routes[PCI_N_IRQS] = { 10, 10, 11, 11 };

typedef struct Host {           /* 8086:1237, and the ports of configuration mechanism 1 */
    PciDevice parent;
    uint32_t address;           /* big lock */
    uint8_t rcr;
    MemoryRegion addr_mr, data_mr;
    MemoryRegion *io;
} Host;

typedef struct IsaBridge {      /* 8086:7000 */
    PciDevice parent;
    Bus *isa;
    uint8_t pirq_level[PCI_N_IRQS];
    void (*set_isa_irq)(void *opaque, unsigned irq, int level);
    void *opaque;
    uint16_t isa_levels;        /* what PIRQs drive now */
} IsaBridge;

typedef struct PmFunction {     /* 8086:7113 */
    PciDevice parent;
    AcpiPm *pm;
} PmFunction;

#define TYPE_HOST "i440FX"
#define TYPE_ISA_BRIDGE "PIIX3"
#define TYPE_PM_FUNCTION "PIIX4_PM"

/* ---- ports ---- */

static uint64_t addr_read(void *opaque, uint64_t ofs, unsigned n)
{
    Host *s = opaque;

    if (n == 1 && ofs == 1) {
        return s->rcr;
    }
    return n == 4 ? s->address : 0xffffffff;
}

static void addr_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{
    Host *s = opaque;

    if (n == 4 && ofs == 0) {
        s->address = v;
    } else if (n == 1 && ofs == 1) {    /* 0xcf9: reset control register */
        bool reset = (v & RCR_CPU) && !(s->rcr & RCR_CPU);
        s->rcr = v & RCR_FULL;
        if (reset) {
            machine_services()->reset_request(true);
        }
    }
}

static uint64_t data_read(void *opaque, uint64_t ofs, unsigned n)
{
    Host *s = opaque;

    if (!(s->address >> 31)) {
        return 0xffffffff;
    }
    return pci_config_read(s->parent.bus, s->address >> 16, s->address >> 8,
                           (s->address & 0xfc) + ofs, n);
}

static void data_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{
    Host *s = opaque;

    if (s->address >> 31) {
        pci_config_write(s->parent.bus, s->address >> 16, s->address >> 8,
                         (s->address & 0xfc) + ofs, v, n);
    }
}

static const MemoryRegionOps addr_ops = { .read = addr_read, .write = addr_write, .impl_max = 4 };
static const MemoryRegionOps data_ops = { .read = data_read, .write = data_write, .impl_max = 4 };

static bool host_realize(PciDevice *dev, Error **errp)
{
    Host *s = (Host *)dev;

    for (unsigned r = PAM0; r <= PAM6; r++) {
        dev->wmask[r] = 0xff;
    }
    dev->wmask[SMRAM] = 0x7f;
    memory_region_init_io(&s->addr_mr, s, &addr_ops, s, "pci-conf-idx", 4);
    memory_region_add(s->io, 0xcf8, &s->addr_mr);
    memory_region_init_io(&s->data_mr, s, &data_ops, s, "pci-conf-data", 4);
    memory_region_add(s->io, 0xcfc, &s->data_mr);
    return true;
}

static void host_print_info(Device *dev, FILE *f)
{
    pci_print_info(((Host *)dev)->parent.bus, f);
}

static void host_reset(Device *dev)
{
    Host *s = (Host *)dev;

    s->address = 0;
    s->rcr = 0;
    stle16(s->parent.config + PCI_COMMAND, PCI_CMD_MEMORY | PCI_CMD_MASTER);
    for (unsigned r = PAM0; r <= PAM6; r++) {
        s->parent.config[r] = 0;
    }
    s->parent.config[SMRAM] = 0x02;
}

static void host_class_init(ObjectClass *klass)
{
    PciDeviceClass *k = (PciDeviceClass *)klass;

    k->vendor_id = 0x8086;
    k->device_id = 0x1237;
    k->revision = 2;
    k->class_id = 0x0600;
    k->realize = host_realize;
    k->parent.reset = host_reset;
    k->parent.print_info = host_print_info;
    k->parent.category = "Bridge";
}

static const TypeInfo host_info = {
    .name = TYPE_HOST, .parent = TYPE_PCI_DEVICE, .size = sizeof(Host),
    .class_init = host_class_init,
};
TYPE_REGISTER(host_info)

/* ---- ISA bridge ---- */

static void isa_update_irqs(IsaBridge *s)
{
    uint16_t levels = 0, changed;

    for (unsigned i = 0; i < PCI_N_IRQS; i++) {
        uint8_t route = s->parent.config[PIRQ_ROUTE_A + i];
        if (!(route & PIRQ_OFF) && s->pirq_level[i]) {
            levels |= 1u << (route & 0xf);
        }
    }
    changed = levels ^ s->isa_levels;
    s->isa_levels = levels;
    for (unsigned i = 0; changed; i++, changed >>= 1) {
        if (changed & 1) {
            s->set_isa_irq(s->opaque, i, levels >> i & 1);
        }
    }
}

static void isa_set_pirq(void *opaque, unsigned line, int level)
{
    IsaBridge *s = *(IsaBridge **)opaque;

    s->pirq_level[line] = level;
    isa_update_irqs(s);
}

static void isa_config_written(PciDevice *dev, unsigned addr, unsigned len)
{
    if (addr < PIRQ_ROUTE_A + PCI_N_IRQS && PIRQ_ROUTE_A < addr + len) {
        isa_update_irqs((IsaBridge *)dev);
    }
}

static bool isa_realize(PciDevice *dev, Error **errp)
{
    IsaBridge *s = (IsaBridge *)dev;

    for (unsigned i = 0; i < PCI_N_IRQS; i++) {
        dev->wmask[PIRQ_ROUTE_A + i] = 0x8f;
    }
    s->isa = isa_bus_new(&dev->parent);
    return true;
}

static void isa_reset(Device *d)
{
    PciDevice *dev = (PciDevice *)d;

    stle16(dev->config + PCI_COMMAND, PCI_CMD_IO | PCI_CMD_MEMORY | PCI_CMD_MASTER);
    stle16(dev->config + PCI_STATUS, 0x0200);
    for (unsigned i = 0; i < PCI_N_IRQS; i++) {
        dev->config[PIRQ_ROUTE_A + i] = PIRQ_OFF;
    }
    isa_update_irqs((IsaBridge *)dev);
}

static void isa_class_init(ObjectClass *klass)
{
    PciDeviceClass *k = (PciDeviceClass *)klass;

    k->vendor_id = 0x8086;
    k->device_id = 0x7000;
    k->class_id = 0x0601;
    k->realize = isa_realize;
    k->config_written = isa_config_written;
    k->parent.reset = isa_reset;
    k->parent.category = "Bridge";
}

static const TypeInfo isa_info = {
    .name = TYPE_ISA_BRIDGE, .parent = TYPE_PCI_DEVICE, .size = sizeof(IsaBridge),
    .class_init = isa_class_init,
};
TYPE_REGISTER(isa_info)

/* ---- power management ---- */

static void pm_map(PciDevice *dev)
{
    PmFunction *s = (PmFunction *)dev;
    bool on = dev->config[PM_REG_MISC] & 1;

    acpi_pm_set_base(s->pm, on ? ldle32(dev->config + PM_BASE) & 0xffc0 : 0);
}

static void pm_config_written(PciDevice *dev, unsigned addr, unsigned len)
{
    pm_map(dev);
}

static bool pm_realize(PciDevice *dev, Error **errp)
{
    stle16(dev->wmask + PM_BASE, 0xffc0);
    dev->config[PM_BASE] = 1;
    dev->wmask[PM_REG_MISC] = 1;
    stle16(dev->wmask + SMB_BASE, 0xfff0);
    dev->config[SMB_BASE] = 1;
    return true;
}

static void pm_reset(Device *d)
{
    PciDevice *dev = (PciDevice *)d;

    stle16(dev->config + PCI_COMMAND, 0);
    stle16(dev->config + PCI_STATUS, 0x0280);
    stle32(dev->config + PM_BASE, 1);
    stle32(dev->config + SMB_BASE, 1);
    dev->config[PM_REG_MISC] = 0;
    pm_map(dev);
}

static void pm_class_init(ObjectClass *klass)
{
    PciDeviceClass *k = (PciDeviceClass *)klass;

    k->vendor_id = 0x8086;
    k->device_id = 0x7113;
    k->revision = 3;
    k->class_id = 0x0680;
    k->realize = pm_realize;
    k->config_written = pm_config_written;
    k->parent.reset = pm_reset;
    k->parent.category = "Bridge";
}

static const TypeInfo pm_info = {
    .name = TYPE_PM_FUNCTION, .parent = TYPE_PCI_DEVICE, .size = sizeof(PmFunction),
    .class_init = pm_class_init,
};
TYPE_REGISTER(pm_info)

/* ---- all of it ---- */

static bool realize_at(void *dev, PciBus *b, unsigned devfn, bool multifunction, Error **errp)
{
    PciDevice *d = dev;

    d->devfn = devfn;
    d->multifunction = multifunction;
    return device_realize(&d->parent, (Bus *)b, NULL, errp);
}

PciBus *i440fx_new(const I440FxConfig *cfg, Error **errp)
{
    IsaBridge **isa = g_new0(IsaBridge *, 1);           /* lives as long as the machine */
    PciBus *b = pci_bus_new(NULL, cfg->mem, cfg->io, isa_set_pirq, isa);
    Host *host = (Host *)object_new(TYPE_HOST);
    PmFunction *pm;

    host->io = cfg->io;
    if (!realize_at(host, b, PCI_DEVFN(0, 0), false, errp)) {
        return NULL;
    }
    *isa = (IsaBridge *)object_new(TYPE_ISA_BRIDGE);
    (*isa)->set_isa_irq = cfg->set_isa_irq;
    (*isa)->opaque = cfg->opaque;
    if (!realize_at(*isa, b, PCI_DEVFN(1, 0), true, errp)) {
        return NULL;
    }
    if (cfg->pm) {
        pm = (PmFunction *)object_new(TYPE_PM_FUNCTION);
        pm->pm = cfg->pm;
        if (!realize_at(pm, b, PCI_DEVFN(1, 3), false, errp)) {
            return NULL;
        }
    }
    return b;
}

Bus *i440fx_isa_bus(PciBus *b)
{
    return ((IsaBridge *)pci_find(b, PCI_DEVFN(1, 0)))->isa;
}

void i440fx_firmware_setup(PciBus *b)
{
    for (unsigned i = 0; i < PCI_N_IRQS; i++) {
        pci_config_write(b, 0, PCI_DEVFN(1, 0), PIRQ_ROUTE_A + i, i440fx_pirq_routes[i], 1);
    }
    pci_config_write(b, 0, PCI_DEVFN(1, 3), PM_BASE, PM_IO_BASE, 4);
    pci_config_write(b, 0, PCI_DEVFN(1, 3), PM_REG_MISC, 1, 1);
}
