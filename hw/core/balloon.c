/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/balloon.h"

static struct {                 /* big lock */
    const BalloonOps *ops;      /* NULL: no device */
    void *opaque;
    void (*changed)(uint64_t actual_bytes, void *opaque);
    void *changed_opaque;
    void (*status)(const BalloonStatus *s, void *opaque);
    void *status_opaque;
} balloon;

bool balloon_register(const BalloonOps *ops, void *opaque, Error **errp)
{
    if (balloon.ops) {
        error_setg(errp, "Only one balloon device is supported");
        return false;
    }
    balloon.ops = ops;
    balloon.opaque = opaque;
    return true;
}

void balloon_unregister(void *opaque)
{
    if (balloon.opaque == opaque) {
        balloon.ops = NULL;
        balloon.opaque = NULL;
    }
}

void balloon_changed(uint64_t actual_bytes)
{
    if (balloon.changed) {
        balloon.changed(actual_bytes, balloon.changed_opaque);
    }
}

void balloon_status_reported(const BalloonStatus *s)
{
    if (balloon.status) {
        balloon.status(s, balloon.status_opaque);
    }
}

static bool have_device(Error **errp)
{
    if (!balloon.ops) {
        error_set(errp, ERROR_CLASS_DEVICE_NOT_ACTIVE, "No balloon device has been activated");
    }
    return balloon.ops;
}

bool balloon_set_target(uint64_t bytes, Error **errp)
{
    if (!have_device(errp)) {
        return false;
    }
    if (balloon.ops->check_target && !balloon.ops->check_target(balloon.opaque, bytes, errp)) {
        return false;
    }
    balloon.ops->set_target(balloon.opaque, bytes);
    return true;
}

bool balloon_query(uint64_t *actual_bytes, Error **errp)
{
    if (!have_device(errp)) {
        return false;
    }
    *actual_bytes = balloon.ops->actual(balloon.opaque);
    return true;
}

bool balloon_query_status(BalloonStatus *out, Error **errp)
{
    if (!balloon.ops || !balloon.ops->status_report) {
        error_setg(errp, "no hv-balloon device present");
        return false;
    }
    return balloon.ops->status_report(balloon.opaque, out, errp);
}

bool balloon_print(FILE *f, Error **errp)
{
    if (!have_device(errp)) {
        return false;
    }
    if (balloon.ops->print) {
        balloon.ops->print(balloon.opaque, f);
    }
    return true;
}

void balloon_set_change_listener(void (*fn)(uint64_t actual_bytes, void *opaque), void *opaque)
{
    balloon.changed = fn;
    balloon.changed_opaque = opaque;
}

void balloon_set_status_listener(void (*fn)(const BalloonStatus *s, void *opaque), void *opaque)
{
    balloon.status = fn;
    balloon.status_opaque = opaque;
}
