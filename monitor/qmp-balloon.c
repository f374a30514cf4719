/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP commands and events of the balloon device. */
#include <inttypes.h>
#include <string.h>
#include "config-host.h"
#include "hw/core/balloon.h"
#include "hw/core/device.h"
#include "hw/core/memory-device.h"
#include "monitor-internal.h"
#include "qapi/qapi-commands.h"
#include "qapi/qapi-events.h"

BalloonInfo *qmp_query_balloon(Error **errp)
{
    uint64_t actual;

    if (!balloon_query(&actual, errp)) {
        return NULL;
    }
    BalloonInfo *info = BalloonInfo_new();
    info->actual = (int64_t)actual;
    return info;
}

bool qmp_balloon(int64_t value, Error **errp)
{
    uint64_t actual;

    if (!balloon_query(&actual, errp)) {
        return false;               /* no device: says so whatever the value */
    }
    if (value <= 0) {
        error_setg(errp, "Parameter 'target' expects a size");
        return false;
    }
    return balloon_set_target((uint64_t)value, errp);
}

HvBalloonInfo *qmp_query_hv_balloon_status_report(Error **errp)
{
#ifndef CONFIG_HV_BALLOON
    error_setg(errp, "hv-balloon device not enabled in this build");
    return NULL;
#endif
    BalloonStatus s;

    if (!balloon_query_status(&s, errp)) {
        return NULL;
    }
    HvBalloonInfo *info = HvBalloonInfo_new();
    info->committed = s.committed_bytes;
    info->available = s.available_bytes;
    return info;
}

/* A property's text, NULL when the device has none such. */
static char *get(Device *dev, const char *name)
{
    return object_find_property(OBJECT(dev), name) ? object_get(OBJECT(dev), name, NULL) : NULL;
}

/* What the user called it; NULL: nothing. */
static const char *user_id(const Device *dev)
{
    const Object *parent = dev->parent.parent_obj;

    return parent && parent->id && strcmp(parent->id, "peripheral") == 0 ? dev->parent.id : NULL;
}

static MemoryDeviceInfo *describe(Device *dev)
{
    MemoryDeviceInfo *i = MemoryDeviceInfo_new();
    HvBalloonDeviceInfo *b = HvBalloonDeviceInfo_new();
    g_autofree char *memdev = get(dev, "memdev"), *addr = get(dev, "addr");
    Object *backend = memdev && *memdev ? object_resolve(memdev) : NULL;

    i->type = MEMORY_DEVICE_INFO_KIND_HV_BALLOON;
    i->u.hv_balloon = HvBalloonDeviceInfoWrapper_new();
    i->u.hv_balloon->data = b;
    b->id = g_strdup(user_id(dev));
    if (backend) {
        g_autofree char *size = object_get(backend, "size", NULL);
        b->memdev = object_path(backend);
        b->has_memaddr = true;
        b->memaddr = addr ? g_ascii_strtoull(addr, NULL, 0) : 0;
        b->max_size = size ? g_ascii_strtoull(size, NULL, 0) : 0;
    }
    return i;
}

GPtrArray *qmp_query_memory_devices(Error **errp)
{
    GPtrArray *out = g_ptr_array_new();

    for (Device *d = NULL; object_class_by_name("hv-balloon") &&
         (d = device_find_type("hv-balloon", d));) {
        g_ptr_array_add(out, describe(d));
    }
    return out;
}

static void changed(uint64_t actual_bytes, void *opaque)
{
    qapi_event_send_balloon_change((int64_t)actual_bytes);
}

static void status(const BalloonStatus *s, void *opaque)
{
    qapi_event_send_hv_balloon_status_report(s->committed_bytes, s->available_bytes);
}

static void size_changed(Device *dev, uint64_t plugged_bytes)
{
    g_autofree char *path = object_path(OBJECT(dev));

    qapi_event_send_memory_device_size_change(user_id(dev), plugged_bytes, path);
}

void monitor_listen_to_balloon(bool on)
{
    memory_device_set_listener(on ? size_changed : NULL);
    balloon_set_change_listener(on ? changed : NULL, NULL);
    balloon_set_status_listener(on ? status : NULL, NULL);
}
