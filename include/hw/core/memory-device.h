/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that bring memory of their own, and the window above boot RAM where they put it
 * (machine_services()->hotplug_gpa, "-m size,maxmem="). Big lock.
 */
#ifndef HW_CORE_MEMORY_DEVICE_H
#define HW_CORE_MEMORY_DEVICE_H

#include "hw/core/device.h"

/* a multiple of which every device's address is; chosen ones are as aligned as there is room for */
#define MEMORY_DEVICE_ALIGN_MIN ((uint64_t)128 << 20)
#define MEMORY_DEVICE_ALIGN_MAX ((uint64_t)32 << 30)

typedef uint64_t MemoryDevicePlugged(Device *dev);      /* bytes that the guest has of it now */

/**
 * memory_device_plug - reserves a range of the window for @dev
 * @gpa: in: wanted, 0: any; out: what it got
 * Errors are the user's: no maxmem, no room, misaligned or outside.
 */
bool memory_device_plug(Device *dev, uint64_t n_bytes, uint64_t *gpa, MemoryDevicePlugged *plugged,
                        Error **errp);
void memory_device_unplug(Device *dev);                 /* nothing if it is not plugged */
uint64_t memory_devices_plugged_bytes(void);

/* the device's plugged bytes have changed: tells the listener */
void memory_device_size_changed(Device *dev);
void memory_device_set_listener(void (*fn)(Device *dev, uint64_t plugged_bytes));  /* NULL: ends */

#endif
