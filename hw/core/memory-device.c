/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/memory-device.h"
#include <inttypes.h>

typedef struct Plugged {
    Device *dev;
    uint64_t gpa, n_bytes;
    MemoryDevicePlugged *plugged;
} Plugged;

static GArray *all;             /* Plugged, by rising gpa; big lock */
static void (*listener)(Device *dev, uint64_t plugged_bytes);

static const Plugged *at(unsigned i)
{
    return &g_array_index(all, Plugged, i);
}

static unsigned count(void)
{
    return all ? all->len : 0;
}

static uint64_t align_up(uint64_t v, uint64_t align)
{
    return (v + align - 1) & ~(align - 1);
}

static bool overlaps(uint64_t gpa, uint64_t n_bytes)
{
    for (unsigned i = 0; i < count(); i++) {
        if (gpa < at(i)->gpa + at(i)->n_bytes && at(i)->gpa < gpa + n_bytes) {
            return true;
        }
    }
    return false;
}

static bool in_window(uint64_t gpa, uint64_t n_bytes)
{
    const MachineServices *ms = machine_services();

    return gpa >= ms->hotplug_gpa && gpa - ms->hotplug_gpa <= ms->hotplug_bytes &&
           n_bytes <= ms->hotplug_bytes - (gpa - ms->hotplug_gpa);
}

/* The first free place of that alignment: at the window's start, or behind one of the others. */
static bool find_place(uint64_t n_bytes, uint64_t align, uint64_t *gpa)
{
    for (int i = -1; i < (int)count(); i++) {
        uint64_t from = i < 0 ? machine_services()->hotplug_gpa
                              : at((unsigned)i)->gpa + at((unsigned)i)->n_bytes;

        *gpa = align_up(from, align);
        if (in_window(*gpa, n_bytes) && !overlaps(*gpa, n_bytes)) {
            return true;
        }
    }
    return false;
}

static bool check_size(uint64_t n_bytes, Error **errp)
{
    const MachineServices *ms = machine_services();
    uint64_t total = ms->maxram_bytes - ms->ram_bytes, used = 0;

    for (unsigned i = 0; i < count(); i++) {
        used += at(i)->n_bytes;
    }
    if (!ms->hotplug_bytes) {
        error_setg(errp, "the configuration is not prepared for memory devices (e.g., for memory "
                   "hotplug), consider specifying the maxmem option");
        return false;
    }
    if (n_bytes > total - MIN(used, total)) {
        error_setg(errp, "not enough space, currently 0x%" PRIx64 " in use of total space for "
                   "memory devices 0x%" PRIx64 "; the device needs 0x%" PRIx64 ": raise maxmem",
                   used, total, n_bytes);
        return false;
    }
    return true;
}

static bool check_wanted(uint64_t gpa, uint64_t n_bytes, Error **errp)
{
    const MachineServices *ms = machine_services();

    if (gpa % MEMORY_DEVICE_ALIGN_MIN) {
        error_setg(errp, "address must be aligned to 0x%" PRIx64 " bytes, 0x%" PRIx64 " is not",
                   MEMORY_DEVICE_ALIGN_MIN, gpa);
    } else if (!in_window(gpa, n_bytes)) {
        error_setg(errp, "can't add memory device [0x%" PRIx64 ":0x%" PRIx64 "], usable range for "
                   "memory devices [0x%" PRIx64 ":0x%" PRIx64 "]", gpa, n_bytes, ms->hotplug_gpa,
                   ms->hotplug_bytes);
    } else if (overlaps(gpa, n_bytes)) {
        error_setg(errp, "address range conflicts with another memory device");
    } else {
        return true;
    }
    return false;
}

static bool choose(uint64_t n_bytes, uint64_t *gpa, Error **errp)
{
    for (uint64_t align = MEMORY_DEVICE_ALIGN_MAX; align >= MEMORY_DEVICE_ALIGN_MIN; align /= 2) {
        if (find_place(n_bytes, align, gpa)) {
            return true;
        }
    }
    error_setg(errp, "could not find position in guest address space for memory device - memory "
               "fragmented due to alignments");
    return false;
}

bool memory_device_plug(Device *dev, uint64_t n_bytes, uint64_t *gpa, MemoryDevicePlugged *plugged,
                        Error **errp)
{
    Plugged p = { dev, *gpa, n_bytes, plugged };
    unsigned i = 0;

    if (!check_size(n_bytes, errp) ||
        !(p.gpa ? check_wanted(p.gpa, n_bytes, errp) : choose(n_bytes, &p.gpa, errp))) {
        return false;
    }
    if (!all) {
        all = g_array_new(FALSE, FALSE, sizeof(Plugged));
    }
    while (i < all->len && at(i)->gpa < p.gpa) {
        i++;
    }
    g_array_insert_val(all, i, p);
    *gpa = p.gpa;
    return true;
}

void memory_device_unplug(Device *dev)
{
    for (unsigned i = 0; i < count(); i++) {
        if (at(i)->dev == dev) {
            g_array_remove_index(all, i);
            return;
        }
    }
}

uint64_t memory_devices_plugged_bytes(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < count(); i++) {
        sum += at(i)->plugged(at(i)->dev);
    }
    return sum;
}

void memory_device_size_changed(Device *dev)
{
    for (unsigned i = 0; listener && i < count(); i++) {
        if (at(i)->dev == dev) {
            listener(dev, at(i)->plugged(dev));
        }
    }
}

void memory_device_set_listener(void (*fn)(Device *dev, uint64_t plugged_bytes))
{
    listener = fn;
}
