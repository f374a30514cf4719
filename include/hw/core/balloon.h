/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's one balloon device, of whatever kind, as monitors see it. Big lock. */
#ifndef HW_CORE_BALLOON_H
#define HW_CORE_BALLOON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "util/error.h"

typedef struct BalloonStatus { uint64_t committed_bytes, available_bytes; } BalloonStatus;

typedef struct BalloonOps {
    void (*set_target)(void *opaque, uint64_t bytes);   /* total the guest should have */
    uint64_t (*actual)(void *opaque);                   /* bytes the guest has now */
    /* NULL: a device without status reports */
    bool (*status_report)(void *opaque, BalloonStatus *out, Error **errp);
    /* NULL: any target will do; the device goes as far as it can */
    bool (*check_target)(void *opaque, uint64_t bytes, Error **errp);
    /* more about the device for a human reader, several lines; NULL: nothing */
    void (*print)(void *opaque, FILE *f);
} BalloonOps;

/* ---- devices ---- */
/* false: "Only one balloon device is supported" */
bool balloon_register(const BalloonOps *ops, void *opaque, Error **errp);
void balloon_unregister(void *opaque);
void balloon_changed(uint64_t actual_bytes);            /* tells the listener */
void balloon_status_reported(const BalloonStatus *s);   /* any rate: who listens limits it */

/* ---- monitors; errors as QMP words them (class DeviceNotActive without a device) ---- */
bool balloon_set_target(uint64_t bytes, Error **errp);
bool balloon_query(uint64_t *actual_bytes, Error **errp);
bool balloon_query_status(BalloonStatus *out, Error **errp);
bool balloon_print(FILE *f, Error **errp);
/* NULL ends it */
void balloon_set_change_listener(void (*fn)(uint64_t actual_bytes, void *opaque), void *opaque);
void balloon_set_status_listener(void (*fn)(const BalloonStatus *s, void *opaque), void *opaque);

#endif
