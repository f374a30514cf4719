/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MSI-X of a PCI device: a table and pending bits in a BAR of their own. Big lock. */
#ifndef HW_PCI_MSIX_H
#define HW_PCI_MSIX_H

#include "hw/pci/pci.h"

enum { MSIX_VECTORS_MAX = 64, MSIX_BAR_BYTES = 4096, MSIX_NO_VECTOR = 0xffff };

typedef struct Msix {
    PciDevice *dev;             /* NULL: not there */
    unsigned n, cap;
    uint64_t pending;           /* bit = vector */
    uint8_t table[MSIX_VECTORS_MAX * 16];
    MemoryRegion mr;
} Msix;

/* in realize; @n: 1..MSIX_VECTORS_MAX */
void msix_init(Msix *m, PciDevice *dev, unsigned bar, unsigned n);
void msix_destroy(Msix *m);
void msix_reset(Msix *m);
bool msix_enabled(const Msix *m);
void msix_notify(Msix *m, unsigned vector);     /* unknown ones are dropped */
void msix_config_written(Msix *m);              /* call it from the class hook */

#endif
