/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: what a virtio driver does, by PCI configuration and the BAR. RAM is at 0. */
#ifndef HW_VIRTIO_FAKE_DRIVER_H
#define HW_VIRTIO_FAKE_DRIVER_H

#include "hw/virtio/virtio-pci.h"

enum { FAKE_VQ_SIZE = 128, FAKE_VQ_GPA = 0x200000, FAKE_VQ_BYTES = 0x4000, FAKE_BAR = 0x40000000 };
enum { VQ_DESC = 0, VQ_AVAIL = 0x1000, VQ_USED = 0x2000 };      /* in a queue's part */

typedef struct FakeDriver {
    PciBus *pci;
    VirtIOPci *dev;
    uint8_t *ram;               /* hva of address 0 */
    uint16_t avail[4], seen[4];
    unsigned msis;
    uint32_t msi_data;
} FakeDriver;
extern FakeDriver drv;

void drv_init(uint8_t *ram);                            /* bus; before the device is made */
void drv_find(Device *dev);                             /* maps BARs, MSI-X on */
uint32_t drv_read(unsigned ofs, unsigned n);            /* of the BAR */
void drv_write(unsigned ofs, uint32_t v, unsigned n);
uint64_t drv_offered(void);
bool drv_negotiate(uint64_t features);                  /* accepted? */
void drv_queue(unsigned q);                             /* at its place, empty */
void drv_start(uint64_t features);                      /* reset up to DRIVER_OK, three queues */
void drv_desc(unsigned q, unsigned i, uint64_t gpa, uint32_t len, uint16_t flags, uint16_t next);
void drv_offer(unsigned q, uint16_t head);              /* to the available ring */
void drv_kick(unsigned q);
unsigned drv_used(unsigned q);                          /* how many came back since */

#endif
