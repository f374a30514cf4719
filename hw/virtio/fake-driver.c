/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-driver.h"

#include <string.h>
#include "util/wire.h"

FakeDriver drv;

enum { SLOT = 2, MSIX_BAR_GPA = 0x50000000 };

static void no_irq(void *opaque, unsigned line, int level)
{
}

static void msi(uint64_t gpa, uint32_t data)
{
    drv.msis++;
    drv.msi_data = data;
}

void drv_init(uint8_t *ram)
{
    drv.ram = ram;
    drv.pci = pci_bus_new(NULL, address_space_root(address_space_memory),
                          address_space_root(address_space_io), no_irq, NULL);
    machine_services()->msi_send = msi;
}

static void config(unsigned addr, uint32_t v, unsigned n)
{
    pci_config_write(drv.pci, 0, (uint8_t)drv.dev->parent.devfn, addr, v, n);
}

void drv_find(Device *dev)
{
    drv.dev = virtio_pci(dev);
    config(PCI_BAR0 + 4, MSIX_BAR_GPA, 4);
    config(PCI_BAR0 + 16, FAKE_BAR, 4);
    config(PCI_COMMAND, PCI_CMD_MEMORY | PCI_CMD_MASTER, 2);
    config(drv.dev->msix.cap + 2, 0x8000, 2);
    for (unsigned i = 0; i < drv.dev->msix.n; i++) {
        uint64_t at = MSIX_BAR_GPA + 16 * i;
        address_space_st(address_space_memory, at, 0xfee00000, 4);
        address_space_st(address_space_memory, at + 8, 0x40 + i, 4);
        address_space_st(address_space_memory, at + 12, 0, 4);
    }
}

uint32_t drv_read(unsigned ofs, unsigned n)
{
    return address_space_ld(address_space_memory, FAKE_BAR + ofs, n, NULL);
}

void drv_write(unsigned ofs, uint32_t v, unsigned n)
{
    address_space_st(address_space_memory, FAKE_BAR + ofs, v, n);
}

uint64_t drv_offered(void)
{
    uint64_t low;

    drv_write(0x00, 0, 4);
    low = drv_read(0x04, 4);
    drv_write(0x00, 1, 4);
    return low | (uint64_t)drv_read(0x04, 4) << 32;
}

bool drv_negotiate(uint64_t features)
{
    drv_write(0x14, 0, 1);
    drv_write(0x14, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER, 1);
    drv_write(0x08, 0, 4);
    drv_write(0x0c, features, 4);
    drv_write(0x08, 1, 4);
    drv_write(0x0c, features >> 32, 4);
    drv_write(0x14, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_FEATURES_OK, 1);
    return drv_read(0x14, 1) & VIRTIO_FEATURES_OK;
}

static uint8_t *part(unsigned q, unsigned ofs)
{
    return drv.ram + FAKE_VQ_GPA + q * FAKE_VQ_BYTES + ofs;
}

void drv_queue(unsigned q)
{
    uint32_t gpa = FAKE_VQ_GPA + q * FAKE_VQ_BYTES;

    memset(part(q, 0), 0, FAKE_VQ_BYTES);
    drv.avail[q] = drv.seen[q] = 0;
    drv_write(0x16, q, 2);
    drv_write(0x18, FAKE_VQ_SIZE, 2);
    drv_write(0x1a, q + 1, 2);
    drv_write(0x20, gpa + VQ_DESC, 4);
    drv_write(0x24, 0, 4);
    drv_write(0x28, gpa + VQ_AVAIL, 4);
    drv_write(0x2c, 0, 4);
    drv_write(0x30, gpa + VQ_USED, 4);
    drv_write(0x34, 0, 4);
    drv_write(0x1c, 1, 2);
}

void drv_start(uint64_t features)
{
    g_assert_true(drv_negotiate(features | VIRTIO_BIT(VIRTIO_F_VERSION_1)));
    drv_write(0x10, 0, 2);
    for (unsigned q = 0; q < 3; q++) {
        drv_queue(q);
    }
    drv_write(0x14, 0xf, 1);
    g_assert_cmphex(drv_read(0x14, 1), ==, 0xf);
    drv.msis = 0;
}

void drv_desc(unsigned q, unsigned i, uint64_t gpa, uint32_t len, uint16_t flags, uint16_t next)
{
    uint8_t *d = part(q, VQ_DESC + 16 * i);

    stle64(d, gpa);
    stle32(d + 8, len);
    stle16(d + 12, flags);
    stle16(d + 14, next);
}

void drv_offer(unsigned q, uint16_t head)
{
    stle16(part(q, VQ_AVAIL + 4 + 2 * (drv.avail[q]++ % FAKE_VQ_SIZE)), head);
    stle16(part(q, VQ_AVAIL + 2), drv.avail[q]);
}

void drv_kick(unsigned q)
{
    drv_write(0x3000 + 4 * q, q, 2);
}

unsigned drv_used(unsigned q)
{
    uint16_t idx = ldle16(part(q, VQ_USED + 2)), n = idx - drv.seen[q];

    drv.seen[q] = idx;
    return n;
}
