/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: a partition without vCPUs, 64 MiB of RAM, and what a guest's drivers would do. */
#ifndef HW_HYPERV_FAKE_GUEST_H
#define HW_HYPERV_FAKE_GUEST_H

#include "partition.h"
#include "ring.h"
#include "synic.h"

enum {
    FAKE_VPS = 2, FAKE_RAM = 64 << 20,
    FAKE_SIMP = 0x10000, FAKE_SIEFP = 0x20000,  /* + vp << 12 */
    FAKE_SINT = 2, FAKE_VECTOR = 0xf3,
};
enum { MSR_SCONTROL = 0, MSR_SIEFP = 2, MSR_SIMP = 3, MSR_EOM = 4, MSR_SINT0 = 0x10 };

typedef struct FakeGuest {
    HvPartition *partition;
    uint8_t *ram;
    unsigned injected[FAKE_VPS][256];
    bool auto_eoi[FAKE_VPS][256];
    uint64_t os_id;
    unsigned guest_ends;
    unsigned features;
} FakeGuest;

extern FakeGuest fake;          /* one a process, as the partition is */
extern uint64_t fake_ram_bytes; /* FAKE_RAM; set before fake_guest_init() */

void fake_guest_init(void);     /* once: memory, clock by hand, partition; takes the big lock */
void fake_pump(void);           /* the main loop until nothing is left to do */
extern unsigned fake_pump_turns;        /* that many turns are surely enough; benches want few */
void fake_synic_on(unsigned vp);
void fake_synic_off(unsigned vp);
void fake_wrmsr(unsigned vp, unsigned reg, uint64_t val);       /* SynIC; must succeed */
/* the message in @vp's slot of SINT 2, freed as Linux does; its bytes, 0: none */
unsigned fake_take_message(unsigned vp, uint32_t *type, uint8_t payload[240]);
bool fake_take_event(unsigned vp, unsigned flag);               /* was it set? clears it */
unsigned fake_post(uint32_t connection, const void *payload, unsigned len_bytes);

/* ---- a VMBus driver ---- */

enum { FAKE_RING_GPA = 0x100000, FAKE_RING_PAGES = 10, FAKE_RING_DOWN = 5, FAKE_GPADL = 0xe1e10 };

/* @wire starts with a WireVMBus, whose type is filled in; HV_STATUS_* */
unsigned fake_vmbus_send(unsigned type, void *wire, unsigned len_bytes);
/* the next control message must be @type and at least @len_bytes long; the copy is in @wire */
void fake_vmbus_expect(unsigned type, void *wire, unsigned len_bytes);
void fake_vmbus_expect_none(void);
bool fake_contact(uint32_t version);            /* INITIATE_CONTACT; accepted? */
uint32_t fake_take_offers(uint8_t type_guid[16]);       /* relid of the last offer; 0: none */
uint32_t fake_gpadl(uint32_t relid, uint32_t id);       /* FAKE_RING_PAGES; status */
uint32_t fake_open(uint32_t relid, uint32_t gpadl, uint32_t downstream_page);   /* status */
void fake_close(uint32_t relid);
void fake_teardown(uint32_t relid, uint32_t gpadl);

/* the guest's ends of the rings at FAKE_RING_GPA */
typedef struct FakeRings { Ring out, in; uint32_t relid; } FakeRings;
void fake_rings_clear(void);                    /* as Linux before it opens */
void fake_rings_init(FakeRings *r, uint32_t relid);
void fake_send(FakeRings *r, const void *payload, size_t len_bytes);    /* and signal */
/* takes the next packet after pumping; its length, 0: none */
size_t fake_recv(FakeRings *r, uint8_t payload[4096]);

#endif
