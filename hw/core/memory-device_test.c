/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Places in the window, and what is refused. */
#include <string.h>
#include "hw/core/memory-device.h"

#define GIB ((uint64_t)1 << 30)
#define MIB ((uint64_t)1 << 20)

static int devices[4];          /* only their addresses count */
static Device *told;
static uint64_t told_bytes;

static Device *dev(unsigned i)
{
    return (Device *)&devices[i];
}

static uint64_t plugged(Device *d)
{
    return d == dev(0) ? 3 * MIB : 5 * MIB;
}

static void listen(Device *d, uint64_t bytes)
{
    told = d;
    told_bytes = bytes;
}

static void window(uint64_t gpa, uint64_t n_bytes, uint64_t more_ram)
{
    MachineServices *ms = machine_services();

    ms->hotplug_gpa = gpa;
    ms->hotplug_bytes = n_bytes;
    ms->ram_bytes = GIB;
    ms->maxram_bytes = GIB + more_ram;
    for (unsigned i = 0; i < 4; i++) {
        memory_device_unplug(dev(i));
    }
}

static uint64_t place(unsigned i, uint64_t gpa, uint64_t n_bytes)
{
    g_assert_true(memory_device_plug(dev(i), n_bytes, &gpa, plugged, NULL));
    return gpa;
}

static void refused(uint64_t gpa, uint64_t n_bytes, const char *why)
{
    g_autoptr(Error) err = NULL;

    g_assert_false(memory_device_plug(dev(3), n_bytes, &gpa, plugged, &err));
    g_assert_nonnull(strstr(error_text(err), why));
}

static void places(void)
{
    window(4 * GIB, 3 * GIB, 3 * GIB);
    g_assert_cmphex(place(0, 0, 2 * GIB), ==, 4 * GIB);
    g_assert_cmphex(place(1, 0, GIB), ==, 6 * GIB);
    window(5 * GIB, 64 * GIB, 64 * GIB);
    g_assert_cmphex(place(0, 0, 2 * GIB), ==, 32 * GIB);        /* room enough: as aligned as can be */
    window(5 * GIB, 3 * GIB, 3 * GIB);
    g_assert_cmphex(place(0, 0, 2 * GIB), ==, 6 * GIB);
    window(5 * GIB, 3 * GIB, 3 * GIB);
    g_assert_cmphex(place(0, 0, 3 * GIB), ==, 5 * GIB);         /* exactly */
    window(4 * GIB, 4 * GIB, 4 * GIB);
    g_assert_cmphex(place(0, 5 * GIB, GIB), ==, 5 * GIB);
    g_assert_cmphex(place(1, 0, GIB), ==, 4 * GIB);             /* before the other */
    g_assert_cmphex(place(2, 0, 2 * GIB), ==, 6 * GIB);
}

static void refusals(void)
{
    window(0, 0, 0);
    refused(0, GIB, "specifying the maxmem option");
    window(4 * GIB, 4 * GIB, 3 * GIB);
    refused(0, 4 * GIB, "not enough space");
    refused(4 * GIB + 4096, GIB, "must be aligned");
    refused(3 * GIB, GIB, "usable range");
    refused(7 * GIB + 128 * MIB, GIB, "usable range");
    refused(UINT64_MAX & ~(128 * MIB - 1), GIB, "usable range");
    place(0, 5 * GIB, GIB);
    refused(5 * GIB + 512 * MIB, GIB, "conflicts");
    refused(4 * GIB + 512 * MIB, GIB, "conflicts");
    refused(0, 2 * GIB + 4096, "not enough space");
    place(1, 0, 2 * GIB);
    refused(0, 4096, "not enough space");
    window(4 * GIB, 2 * GIB, 3 * GIB);
    place(0, 5 * GIB, 128 * MIB);
    refused(0, GIB + 128 * MIB, "fragmented");
}

static void sizes(void)
{
    window(4 * GIB, 4 * GIB, 4 * GIB);
    g_assert_cmpuint(memory_devices_plugged_bytes(), ==, 0);
    place(0, 0, GIB);
    place(1, 0, GIB);
    g_assert_cmpuint(memory_devices_plugged_bytes(), ==, 8 * MIB);
    memory_device_size_changed(dev(0));         /* nobody listens */
    memory_device_set_listener(listen);
    memory_device_size_changed(dev(1));
    g_assert_true(told == dev(1));
    g_assert_cmpuint(told_bytes, ==, 5 * MIB);
    told = NULL;
    memory_device_size_changed(dev(2));         /* not plugged */
    g_assert_null(told);
    memory_device_unplug(dev(1));
    g_assert_cmpuint(memory_devices_plugged_bytes(), ==, 3 * MIB);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/memory-device/places", places);
    g_test_add_func("/memory-device/refusals", refusals);
    g_test_add_func("/memory-device/sizes", sizes);
    return g_test_run();
}
