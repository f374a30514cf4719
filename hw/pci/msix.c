/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MSI-X. Source: PCI Local Bus Specification 3.0, 6.8.2. */
#include "hw/pci/msix.h"

#include <string.h>
#include "util/wire.h"

enum { CAP_MSIX = 0x11, CAP_BYTES = 12, CAP_CTRL = 2, CAP_TABLE = 4, CAP_PBA = 8 };
enum { CTRL_ENABLE = 0x8000, CTRL_MASK_ALL = 0x4000 };
enum { PBA_OFS = 0x800, ENTRY_ADDR = 0, ENTRY_DATA = 8, ENTRY_CTRL = 12, ENTRY_BYTES = 16 };

static uint16_t ctrl(const Msix *m)
{
    return ldle16(m->dev->config + m->cap + CAP_CTRL);
}

bool msix_enabled(const Msix *m)
{
    return m->dev && (ctrl(m) & CTRL_ENABLE);
}

static bool masked(const Msix *m, unsigned vector)
{
    return (ctrl(m) & CTRL_MASK_ALL) || (m->table[vector * ENTRY_BYTES + ENTRY_CTRL] & 1);
}

static void deliver(Msix *m, unsigned vector)
{
    const uint8_t *e = m->table + vector * ENTRY_BYTES;

    m->pending &= ~(UINT64_C(1) << vector);
    if (pci_is_master(m->dev)) {
        machine_services()->msi_send(ldle64(e + ENTRY_ADDR), ldle32(e + ENTRY_DATA));
    }
}

void msix_notify(Msix *m, unsigned vector)
{
    if (!msix_enabled(m) || vector >= m->n) {
        return;
    }
    if (masked(m, vector)) {
        m->pending |= UINT64_C(1) << vector;
    } else {
        deliver(m, vector);
    }
}

static void deliver_pending(Msix *m)
{
    for (unsigned i = 0; msix_enabled(m) && i < m->n; i++) {
        if ((m->pending >> i & 1) && !masked(m, i)) {
            deliver(m, i);
        }
    }
}

void msix_config_written(Msix *m)
{
    if (m->dev && m->pending) {
        deliver_pending(m);
    }
}

/* ---- the BAR ---- */

static uint64_t msix_read(void *opaque, uint64_t ofs, unsigned n)
{
    const Msix *m = opaque;

    if (ofs < m->n * ENTRY_BYTES) {
        return ldle32(m->table + ofs);
    }
    return ofs == PBA_OFS ? (uint32_t)m->pending : ofs == PBA_OFS + 4 ? m->pending >> 32 : 0;
}

static void msix_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{
    Msix *m = opaque;

    if (ofs < m->n * ENTRY_BYTES) {
        stle32(m->table + ofs, v);
        deliver_pending(m);
    }
}

static const MemoryRegionOps msix_ops = {
    .read = msix_read, .write = msix_write, .valid_min = 4, .impl_min = 4, .impl_max = 4,
};

void msix_reset(Msix *m)
{
    if (!m->dev) {
        return;
    }
    m->pending = 0;
    memset(m->table, 0, sizeof(m->table));
    for (unsigned i = 0; i < m->n; i++) {
        m->table[i * ENTRY_BYTES + ENTRY_CTRL] = 1;
    }
    stle16(m->dev->config + m->cap + CAP_CTRL, m->n - 1);
}

void msix_init(Msix *m, PciDevice *dev, unsigned bar, unsigned n)
{
    g_assert(n && n <= MSIX_VECTORS_MAX);
    m->dev = dev;
    m->n = n;
    m->cap = pci_add_capability(dev, CAP_MSIX, CAP_BYTES);
    stle32(dev->config + m->cap + CAP_TABLE, bar);
    stle32(dev->config + m->cap + CAP_PBA, PBA_OFS | bar);
    stle16(dev->wmask + m->cap + CAP_CTRL, CTRL_ENABLE | CTRL_MASK_ALL);
    memory_region_init_io(&m->mr, dev, &msix_ops, m, "msix", MSIX_BAR_BYTES);
    pci_register_bar(dev, bar, 0, &m->mr, MSIX_BAR_BYTES);
    msix_reset(m);
}

void msix_destroy(Msix *m)
{
    if (m->dev) {
        memory_region_destroy(&m->mr);
        m->dev = NULL;
    }
}
