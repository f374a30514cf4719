/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio over PCI, modern drivers only. BAR 1 is the MSI-X table; BAR 4:
 *
 *   0x0000 common registers   0x1000 ISR   0x2000 the device's configuration   0x3000 kicks
 *
 * Source: VIRTIO 1.2, 4.1.
 */
#include "hw/virtio/virtio-pci.h"

#include <string.h>
#include "util/log.h"
#include "util/wire.h"

enum { COMMON_OFS = 0, ISR_OFS = 0x1000, DEVICE_OFS = 0x2000, NOTIFY_OFS = 0x3000,
       PART_BYTES = 0x1000, BAR_BYTES = 0x4000 };
enum { BAR_MSIX = 1, BAR_MODERN = 4, NOTIFY_STEP = 4 };
enum { CAP_VENDOR = 0x09, CAP_BYTES = 16 };
enum { CFG_COMMON = 1, CFG_NOTIFY, CFG_ISR, CFG_DEVICE, CFG_PCI };
enum { CAP_LEN = 2, CAP_TYPE = 3, CAP_BAR = 4, CAP_OFFSET = 8, CAP_LENGTH = 12, CAP_DATA = 16 };
enum { ISR_QUEUE = 1, ISR_CONFIG = 2 };

/* ---- interrupts ---- */

static void raise_irq(VirtIOPci *p, uint8_t isr, uint16_t vector)
{
    if (msix_enabled(&p->msix)) {
        msix_notify(&p->msix, vector);
        return;
    }
    p->isr |= isr;
    pci_set_irq(&p->parent, 1);
}

static void queue_irq(void *opaque, unsigned queue)
{
    raise_irq(opaque, ISR_QUEUE, ((VirtIOPci *)opaque)->queue_vector[queue]);
}

static void config_irq(void *opaque)
{
    raise_irq(opaque, ISR_CONFIG, ((VirtIOPci *)opaque)->config_vector);
}

static const VirtIOTransport transport = { .queue_irq = queue_irq, .config_irq = config_irq };

static void reset_device(VirtIOPci *p)
{
    virtio_reset(&p->v);
    p->isr = 0;
    p->offered_select = p->guest_select = 0;
    p->queue_select = 0;
    p->config_vector = MSIX_NO_VECTOR;
    for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++) {
        p->queue_vector[i] = MSIX_NO_VECTOR;
    }
    pci_set_irq(&p->parent, 0);
}

/* ---- common registers ---- */

typedef struct CommonReg {
    uint16_t ofs, bytes;
    uint64_t (*get)(VirtIOPci *p);
    void (*set)(VirtIOPci *p, uint32_t v);      /* NULL: read-only */
} CommonReg;

/* the selected queue; NULL: there is none */
static VirtQueue *queue(VirtIOPci *p)
{
    return p->queue_select < p->v.n_queues ? &p->v.queues[p->queue_select] : NULL;
}

/* ... as long as the guest may still change it */
static VirtQueue *open_queue(VirtIOPci *p)
{
    VirtQueue *vq = queue(p);

    return vq && !vq->enabled ? vq : NULL;
}

static uint16_t known_vector(const VirtIOPci *p, uint32_t v)
{
    return p->msix.dev && v < p->msix.n ? v : MSIX_NO_VECTOR;
}

static void set_half(uint64_t *at, unsigned half, uint32_t v)
{
    unsigned shift = 32 * half;

    *at = (*at & ~((uint64_t)UINT32_MAX << shift)) | (uint64_t)v << shift;
}

static uint64_t get_offered_select(VirtIOPci *p) { return p->offered_select; }
static void set_offered_select(VirtIOPci *p, uint32_t v) { p->offered_select = v; }
static uint64_t get_guest_select(VirtIOPci *p) { return p->guest_select; }
static void set_guest_select(VirtIOPci *p, uint32_t v) { p->guest_select = v; }
static uint64_t get_config_vector(VirtIOPci *p) { return p->config_vector; }
static void set_config_vector(VirtIOPci *p, uint32_t v) { p->config_vector = known_vector(p, v); }
static uint64_t get_n_queues(VirtIOPci *p) { return p->v.n_queues; }
static uint64_t get_status(VirtIOPci *p) { return p->v.status; }
static uint64_t get_generation(VirtIOPci *p) { return p->v.config_generation; }
static uint64_t get_queue_select(VirtIOPci *p) { return p->queue_select; }
static void set_queue_select(VirtIOPci *p, uint32_t v) { p->queue_select = v; }
static uint64_t get_queue_size(VirtIOPci *p) { return queue(p) ? queue(p)->size : 0; }
static uint64_t get_enable(VirtIOPci *p) { return queue(p) && queue(p)->enabled; }
static uint64_t get_notify_ofs(VirtIOPci *p) { return queue(p) ? p->queue_select : 0; }
static uint64_t get_desc(VirtIOPci *p) { return queue(p) ? queue(p)->desc_gpa : 0; }
static uint64_t get_avail(VirtIOPci *p) { return queue(p) ? queue(p)->avail_gpa : 0; }
static uint64_t get_used(VirtIOPci *p) { return queue(p) ? queue(p)->used_gpa : 0; }
static uint64_t get_desc_hi(VirtIOPci *p) { return get_desc(p) >> 32; }
static uint64_t get_avail_hi(VirtIOPci *p) { return get_avail(p) >> 32; }
static uint64_t get_used_hi(VirtIOPci *p) { return get_used(p) >> 32; }

static uint64_t get_offered(VirtIOPci *p)
{
    return p->offered_select < 2 ? virtio_offered(&p->v) >> (32 * p->offered_select) : 0;
}

static uint64_t get_guest_features(VirtIOPci *p)
{
    return p->guest_select < 2 ? p->v.guest_features >> (32 * p->guest_select) : 0;
}

static void set_guest_features(VirtIOPci *p, uint32_t v)
{
    uint64_t all = p->v.guest_features;

    if (p->guest_select < 2) {
        set_half(&all, p->guest_select, v);
        virtio_set_guest_features(&p->v, all);
    }
}

static void set_status(VirtIOPci *p, uint32_t v)
{
    if (v == 0) {
        reset_device(p);
    } else {
        virtio_set_status(&p->v, v);
    }
}

static void set_queue_size(VirtIOPci *p, uint32_t v)
{
    if (open_queue(p)) {
        open_queue(p)->size = v;
    }
}

static uint64_t get_queue_vector(VirtIOPci *p)
{
    return queue(p) ? p->queue_vector[p->queue_select] : MSIX_NO_VECTOR;
}

static void set_queue_vector(VirtIOPci *p, uint32_t v)
{
    if (queue(p)) {
        p->queue_vector[p->queue_select] = known_vector(p, v);
    }
}

static void set_enable(VirtIOPci *p, uint32_t v)
{
    if (v == 1 && open_queue(p)) {
        virtio_enable_queue(&p->v, p->queue_select);
    }
}

static void set_address(VirtIOPci *p, size_t field, unsigned half, uint32_t v)
{
    VirtQueue *vq = open_queue(p);

    if (vq) {
        set_half((uint64_t *)(void *)((uint8_t *)vq + field), half, v);
    }
}

static void set_desc(VirtIOPci *p, uint32_t v)
{ set_address(p, offsetof(VirtQueue, desc_gpa), 0, v); }
static void set_desc_hi(VirtIOPci *p, uint32_t v)
{ set_address(p, offsetof(VirtQueue, desc_gpa), 1, v); }
static void set_avail(VirtIOPci *p, uint32_t v)
{ set_address(p, offsetof(VirtQueue, avail_gpa), 0, v); }
static void set_avail_hi(VirtIOPci *p, uint32_t v)
{ set_address(p, offsetof(VirtQueue, avail_gpa), 1, v); }
static void set_used(VirtIOPci *p, uint32_t v)
{ set_address(p, offsetof(VirtQueue, used_gpa), 0, v); }
static void set_used_hi(VirtIOPci *p, uint32_t v)
{ set_address(p, offsetof(VirtQueue, used_gpa), 1, v); }

static const CommonReg common_regs[] = {
    { 0x00, 4, get_offered_select, set_offered_select },
    { 0x04, 4, get_offered,        NULL },
    { 0x08, 4, get_guest_select,   set_guest_select },
    { 0x0c, 4, get_guest_features, set_guest_features },
    { 0x10, 2, get_config_vector,  set_config_vector },
    { 0x12, 2, get_n_queues,       NULL },
    { 0x14, 1, get_status,         set_status },
    { 0x15, 1, get_generation,     NULL },
    { 0x16, 2, get_queue_select,   set_queue_select },
    { 0x18, 2, get_queue_size,     set_queue_size },
    { 0x1a, 2, get_queue_vector,   set_queue_vector },
    { 0x1c, 2, get_enable,         set_enable },
    { 0x1e, 2, get_notify_ofs,     NULL },
    { 0x20, 4, get_desc,           set_desc },
    { 0x24, 4, get_desc_hi,        set_desc_hi },
    { 0x28, 4, get_avail,          set_avail },
    { 0x2c, 4, get_avail_hi,       set_avail_hi },
    { 0x30, 4, get_used,           set_used },
    { 0x34, 4, get_used_hi,        set_used_hi },
};

static const CommonReg *find_reg(uint64_t ofs)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(common_regs); i++) {
        const CommonReg *r = &common_regs[i];
        if (ofs >= r->ofs && ofs < r->ofs + r->bytes) {
            return r;
        }
    }
    return NULL;
}

static uint64_t common_read(VirtIOPci *p, uint64_t ofs, unsigned n)
{
    const CommonReg *r = find_reg(ofs);

    return r ? r->get(p) >> (8 * (ofs - r->ofs)) : 0;
}

static void common_write(VirtIOPci *p, uint64_t ofs, uint64_t v, unsigned n)
{
    const CommonReg *r = find_reg(ofs);

    if (r && r->set && ofs == r->ofs && n == r->bytes) {
        r->set(p, v);
    } else {
        guest_error("%s: write of %u bytes to register 0x%x", p->v.ops->name, n, (unsigned)ofs);
    }
}

/* ---- the rest of the BAR ---- */

static uint64_t isr_read(VirtIOPci *p, uint64_t ofs, unsigned n)
{
    uint8_t isr = ofs ? 0 : p->isr;

    if (!ofs) {
        p->isr = 0;
        pci_set_irq(&p->parent, 0);
    }
    return isr;
}

static uint64_t device_read(VirtIOPci *p, uint64_t ofs, unsigned n)
{
    return virtio_config_read(&p->v, ofs, n);
}

static void device_write(VirtIOPci *p, uint64_t ofs, uint64_t v, unsigned n)
{
    virtio_config_write(&p->v, ofs, v, n);
}

static uint64_t notify_read(VirtIOPci *p, uint64_t ofs, unsigned n)
{
    return 0;
}

static void notify_write(VirtIOPci *p, uint64_t ofs, uint64_t v, unsigned n)
{
    if (ofs % NOTIFY_STEP == 0) {
        virtio_kick(&p->v, ofs / NOTIFY_STEP);
    }
}

static void no_write(VirtIOPci *p, uint64_t ofs, uint64_t v, unsigned n)
{
}

typedef struct BarPart {
    uint64_t (*read)(VirtIOPci *p, uint64_t ofs, unsigned n);
    void (*write)(VirtIOPci *p, uint64_t ofs, uint64_t v, unsigned n);
} BarPart;

static const BarPart parts[BAR_BYTES / PART_BYTES] = {
    [COMMON_OFS / PART_BYTES] = { common_read, common_write },
    [ISR_OFS / PART_BYTES]    = { isr_read,    no_write },
    [DEVICE_OFS / PART_BYTES] = { device_read, device_write },
    [NOTIFY_OFS / PART_BYTES] = { notify_read, notify_write },
};

static uint64_t bar_read(void *opaque, uint64_t ofs, unsigned n)
{
    return parts[ofs / PART_BYTES].read(opaque, ofs % PART_BYTES, n);
}

static void bar_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{
    parts[ofs / PART_BYTES].write(opaque, ofs % PART_BYTES, v, n);
}

static const MemoryRegionOps bar_ops = { .read = bar_read, .write = bar_write, .impl_max = 4 };

/* ---- configuration space ---- */

static unsigned add_cap(PciDevice *dev, uint8_t type, uint32_t ofs, uint32_t len, unsigned extra)
{
    unsigned at = pci_add_capability(dev, CAP_VENDOR, CAP_BYTES + extra);

    dev->config[at + CAP_LEN] = CAP_BYTES + extra;
    dev->config[at + CAP_TYPE] = type;
    dev->config[at + CAP_BAR] = BAR_MODERN;
    stle32(dev->config + at + CAP_OFFSET, ofs);
    stle32(dev->config + at + CAP_LENGTH, len);
    return at;
}

static void add_caps(VirtIOPci *p)
{
    PciDevice *dev = &p->parent;
    unsigned at = add_cap(dev, CFG_NOTIFY, NOTIFY_OFS, PART_BYTES, 4);

    stle32(dev->config + at + CAP_DATA, NOTIFY_STEP);
    add_cap(dev, CFG_DEVICE, DEVICE_OFS, PART_BYTES, 0);
    add_cap(dev, CFG_ISR, ISR_OFS, PART_BYTES, 0);
    add_cap(dev, CFG_COMMON, COMMON_OFS, PART_BYTES, 0);
    p->cfg_cap = add_cap(dev, CFG_PCI, 0, 0, 4);
    dev->wmask[p->cfg_cap + CAP_BAR] = 0xff;
    memset(dev->wmask + p->cfg_cap + CAP_OFFSET, 0xff, 12);
}

/* The guest uses the window: an access to the BAR that its fields describe. */
static bool window(VirtIOPci *p, unsigned addr, uint64_t *ofs, unsigned *n)
{
    const uint8_t *cap = p->parent.config + p->cfg_cap;

    *ofs = ldle32(cap + CAP_OFFSET);
    *n = ldle32(cap + CAP_LENGTH);
    return addr == p->cfg_cap + CAP_DATA && cap[CAP_BAR] == BAR_MODERN &&
           (*n == 1 || *n == 2 || *n == 4) && *ofs % *n == 0 && *ofs < BAR_BYTES;
}

static void virtio_pci_config_read(PciDevice *dev, unsigned addr, unsigned len)
{
    VirtIOPci *p = virtio_pci(dev);
    uint64_t ofs;
    unsigned n;

    if (window(p, addr, &ofs, &n)) {
        stle32(dev->config + addr, bar_read(p, ofs, n));
    }
}

static void virtio_pci_config_written(PciDevice *dev, unsigned addr, unsigned len)
{
    VirtIOPci *p = virtio_pci(dev);
    uint64_t ofs;
    unsigned n;

    msix_config_written(&p->msix);
    if (window(p, addr, &ofs, &n)) {
        uint32_t v = ldle32(dev->config + addr);
        bar_write(p, ofs, n == 4 ? v : v & ((1u << 8 * n) - 1), n);
    }
}

/* ---- the device ---- */

static bool virtio_pci_realize(PciDevice *dev, Error **errp)
{
    VirtIOPci *p = virtio_pci(dev);
    VirtIOPciClass *k = virtio_pci_class(p);
    int32_t n;

    if (p->n_vectors < VIRTIO_VECTORS_AUTO || p->n_vectors > MSIX_VECTORS_MAX) {
        error_setg(errp, "%s: 'vectors' must be 0 to %d", object_type_name(p), MSIX_VECTORS_MAX);
        return false;
    }
    if (k->realize && !k->realize(p, errp)) {
        return false;
    }
    virtio_init(&p->v, k->ops, p, &transport, p);
    n = p->n_vectors == VIRTIO_VECTORS_AUTO ? (int32_t)p->v.n_queues + 1 : p->n_vectors;
    stle16(dev->config + PCI_DEVICE_ID, 0x1040 + k->ops->device_id);
    dev->config[PCI_INTERRUPT_PIN] = 1;
    if (n) {
        msix_init(&p->msix, dev, BAR_MSIX, n);
    }
    memory_region_init_io(&p->bar, p, &bar_ops, p, "virtio-pci", BAR_BYTES);
    pci_register_bar(dev, BAR_MODERN, PCI_BAR_MEM64 | PCI_BAR_PREFETCH, &p->bar, BAR_BYTES);
    add_caps(p);
    reset_device(p);
    return true;
}

static void virtio_pci_reset(Device *d)
{
    VirtIOPci *p = virtio_pci(d);

    device_class(object_class_by_name(TYPE_PCI_DEVICE))->reset(d);
    msix_reset(&p->msix);
    reset_device(p);
}

static const Property virtio_pci_props[] = {
    PROP(I32, "vectors", VirtIOPci, n_vectors, .def.i = VIRTIO_VECTORS_AUTO,
         .desc = "MSI-X vectors; 0: none, -1: as many as there is use for"),
    PROP(BOOL, "event_idx", VirtIOPci, v.with_event_idx, .def.b = true, .desc = "on/off"),
    PROP(BOOL, "indirect_desc", VirtIOPci, v.with_indirect, .def.b = true, .desc = "on/off"),
    { 0 }
};

static void virtio_pci_class_init(ObjectClass *klass)
{
    PciDeviceClass *k = (PciDeviceClass *)klass;

    k->vendor_id = 0x1af4;
    k->revision = 1;
    k->class_id = 0x00ff;
    k->realize = virtio_pci_realize;
    k->config_read = virtio_pci_config_read;
    k->config_written = virtio_pci_config_written;
    k->parent.reset = virtio_pci_reset;
    k->parent.category = "Misc";
}

static void virtio_pci_finalize(Object *obj)
{
    VirtIOPci *p = virtio_pci(obj);

    msix_destroy(&p->msix);
    if (p->bar.size) {
        memory_region_destroy(&p->bar);
    }
}

static const TypeInfo virtio_pci_info = {
    .name = TYPE_VIRTIO_PCI, .parent = TYPE_PCI_DEVICE, .size = sizeof(VirtIOPci),
    .class_size = sizeof(VirtIOPciClass), .abstract = true, .props = virtio_pci_props,
    .class_init = virtio_pci_class_init, .finalize = virtio_pci_finalize,
};
TYPE_REGISTER(virtio_pci_info)
