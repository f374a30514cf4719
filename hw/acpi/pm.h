/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI power management registers (fixed hardware), as a PIIX4 has them. */
#ifndef HW_ACPI_PM_H
#define HW_ACPI_PM_H

#include "hw/core/device.h"

#define TYPE_ACPI_PM "acpi-pm"
DECLARE_TYPE(AcpiPm, acpi_pm, TYPE_ACPI_PM)

/* relative to the block's base */
enum { PM1_EVT_OFS = 0, PM1_CNT_OFS = 4, PM_TMR_OFS = 8, PM_BLOCK_BYTES = 0x40 };
#define PM_IO_BASE 0x600
#define GPE0_BLK 0xafe0
#define GPE0_BYTES 4                    /* 2 status, 2 enable */
#define APM_PORT 0xb2
#define ACPI_ENABLE_CMD 0xf1
#define ACPI_DISABLE_CMD 0xf0
#define S5_SLEEP_TYPE 0                 /* SLP_TYP in \_S5 and \_S4: both switch off */
#define S4_SLEEP_TYPE 2

AcpiPm *acpi_pm_new(MemoryRegion *io, IrqLine *sci, Error **errp);
/* 0: not decoded (a PCI function moves and switches the block) */
void acpi_pm_set_base(AcpiPm *s, uint32_t base);
void acpi_pm_power_button(AcpiPm *s);
void acpi_pm_set_gpe(AcpiPm *s, unsigned n, int level);         /* 0..15 */

#endif
