/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Synthetic interrupt controllers: a message page and an event-flags page in guest RAM for each
 * virtual processor (VP), 16 interrupt sources (SINTs). Big lock.
 */
#ifndef HW_HYPERV_SYNIC_H
#define HW_HYPERV_SYNIC_H

#include "partition.h"

enum { SYNIC_SINTS = 16, SYNIC_EVENT_FLAGS = 2048 };
enum { HV_MESSAGE_VMBUS = 1 };
#define HV_MESSAGE_TIMER_EXPIRED 0x80000010u

typedef struct Synic Synic;
typedef struct SynicMsg SynicMsg;

/* A message on its way to a slot; owned by its sender, who has one for each thing to tell. */
struct SynicMsg {
    uint32_t type;
    unsigned len_bytes;                         /* of payload, <= HV_MESSAGE_PAYLOAD_MAX */
    uint8_t payload[HV_MESSAGE_PAYLOAD_MAX];
    void (*prepare)(SynicMsg *m);               /* right before it is written; may be NULL */
    void (*delivered)(SynicMsg *m);             /* it is in the slot; may be NULL */
    void *opaque;
    /* synic.c's */
    bool queued;
    unsigned vp, sint;
    SynicMsg *next;
};

Synic *synic_new(const HvWiring *wiring, unsigned n_vps);
void synic_reset(Synic *s);                     /* queued messages are forgotten */

/* registers as MSR 0x40000080 + @reg; by the VP itself. False: #GP */
bool synic_read(Synic *s, unsigned vp, unsigned reg, uint64_t *val);
bool synic_write(Synic *s, unsigned vp, unsigned reg, uint64_t val);
/* the VP wrote EOI for @vector: a slot may be free */
void synic_eoi(Synic *s, unsigned vp, uint8_t vector);

/**
 * synic_post - sends a message; in order for each SINT
 * Waits as long as the slot is busy or the guest has its SynIC off; never fails but for a VP that
 * does not exist (false).
 */
bool synic_post(Synic *s, unsigned vp, unsigned sint, SynicMsg *m);
void synic_cancel(Synic *s, SynicMsg *m);       /* not queued: fine */

/* Sets event flag @flag; false: pages are off (try again when the change hook runs) */
bool synic_signal(Synic *s, unsigned vp, unsigned sint, unsigned flag);
/* called after a VP changed where its pages are or whether they are used; one user */
void synic_set_change_hook(Synic *s, void (*hook)(void *opaque), void *opaque);

#endif
