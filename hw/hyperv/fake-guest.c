/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-guest.h"
#include <string.h>
#include "hw/core/device.h"
#include "memory/memory.h"
#include "util/main-loop.h"
#include "util/wire.h"
#include "vmbus-wire.h"

uint64_t fake_ram_bytes = FAKE_RAM;
unsigned fake_pump_turns = 40;
FakeGuest fake = { .features = HYPERV_SYNIC | HYPERV_VPINDEX | HYPERV_STIMER };

static void inject(unsigned vp, uint8_t vector)
{
    fake.injected[vp][vector]++;
}

static void set_auto_eoi(unsigned vp, uint8_t vector, bool on)
{
    fake.auto_eoi[vp][vector] = on;
}

typedef struct Work { void (*fn)(void *opaque); void *opaque; } Work;

static void work_run(void *opaque)
{
    g_autofree Work *w = opaque;

    w->fn(w->opaque);
}

static void run_on_vp(unsigned vp, void (*fn)(void *opaque), void *opaque)
{
    Work *w = g_new(Work, 1);

    *w = (Work){ fn, opaque };
    main_loop_later(work_run, w);
}

static bool vp_exists(unsigned vp)
{
    return vp < FAKE_VPS;
}

static const HvWiring wiring = { inject, set_auto_eoi, run_on_vp, vp_exists };

static uint64_t ref_time(void) { return (uint64_t)clock_ns(CLOCK_VIRTUAL) / 100; }
static uint64_t guest_os_id(void) { return fake.os_id; }
static unsigned guest_ends(void) { return fake.guest_ends; }
static unsigned features(void) { return fake.features; }
static const HyperVArch arch = {
    .ref_time = ref_time, .guest_os_id = guest_os_id, .guest_ends = guest_ends,
    .features = features,
};

void fake_guest_init(void)
{
    static MemoryRegion ram;
    Error *err = NULL;
    RAMBlock *rb;

    type_init_all();
    main_loop_init();
    bql_lock();
    clock_virtual_manual();
    clock_virtual_advance(1000000000);
    memory_init();
    rb = ram_block_new("pc.ram", fake_ram_bytes, RAM_NORESERVE, &err);
    g_assert_null(err);
    memory_region_init_ram_block(&ram, NULL, "pc.ram", rb);
    memory_region_add(address_space_root(address_space_memory), 0, &ram);
    fake.ram = rb->host;
    fake.os_id = (uint64_t)0x8100 << 48;
    machine_services()->ram_bytes = fake_ram_bytes;
    fake.partition = hv_partition_new(&wiring, &arch, FAKE_VPS);
}

static void mark(void *opaque)
{
    *(bool *)opaque = true;
}

void fake_pump(void)
{
    for (unsigned i = 0; i < fake_pump_turns; i++) {
        bool done = false;

        main_loop_later(mark, &done);
        while (!done) {
            main_loop_step();
        }
    }
}

void fake_wrmsr(unsigned vp, unsigned reg, uint64_t val)
{
    g_assert_true(synic_write(fake.partition->synic, vp, reg, val));
}

void fake_synic_on(unsigned vp)
{
    fake_wrmsr(vp, MSR_SIMP, FAKE_SIMP + (vp << 12) + 1);
    fake_wrmsr(vp, MSR_SIEFP, FAKE_SIEFP + (vp << 12) + 1);
    fake_wrmsr(vp, MSR_SINT0 + FAKE_SINT, 0x20000 | FAKE_VECTOR);
    fake_wrmsr(vp, MSR_SCONTROL, 1);
}

void fake_synic_off(unsigned vp)
{
    fake_wrmsr(vp, MSR_SINT0 + FAKE_SINT, 0x10000);
    fake_wrmsr(vp, MSR_SIMP, 0);
    fake_wrmsr(vp, MSR_SIEFP, 0);
    fake_wrmsr(vp, MSR_SCONTROL, 0);
}

unsigned fake_take_message(unsigned vp, uint32_t *type, uint8_t payload[240])
{
    uint8_t *slot = fake.ram + FAKE_SIMP + (vp << 12) + FAKE_SINT * 256;
    unsigned len = slot[4];
    bool pending;

    *type = ldle32(slot);
    if (!*type) {
        return 0;
    }
    memcpy(payload, slot + 16, 240);
    stle32(slot, 0);
    pending = slot[5] & 1;
    if (pending) {
        fake_wrmsr(vp, MSR_EOM, 0);
    }
    return len;
}

bool fake_take_event(unsigned vp, unsigned flag)
{
    uint8_t *byte = fake.ram + FAKE_SIEFP + (vp << 12) + FAKE_SINT * 256 + flag / 8;
    bool was = *byte & 1 << flag % 8;

    *byte &= (uint8_t)~(1 << flag % 8);
    return was;
}

unsigned fake_post(uint32_t connection, const void *payload, unsigned len_bytes)
{
    uint8_t in[HV_POST_MESSAGE_BYTES] = { 0 };

    stle32(in, connection);
    stle32(in + 8, HV_MESSAGE_VMBUS);
    stle32(in + 12, len_bytes);
    memcpy(in + 16, payload, MIN(len_bytes, 240));
    return hv_post_message(fake.partition, in);
}

/* ---- a VMBus driver ---- */

unsigned fake_vmbus_send(unsigned type, void *wire, unsigned len_bytes)
{
    ((WireVMBus *)wire)->type = le32_of(type);
    return fake_post(1, wire, len_bytes);
}

void fake_vmbus_expect(unsigned type, void *wire, unsigned len_bytes)
{
    uint8_t p[240];
    uint32_t msg_type;

    fake_pump();
    g_assert_cmpuint(fake_take_message(0, &msg_type, p), >=, len_bytes);
    g_assert_cmpuint(msg_type, ==, HV_MESSAGE_VMBUS);
    g_assert_cmpuint(ldle32(p), ==, type);
    memcpy(wire, p, len_bytes);
}

void fake_vmbus_expect_none(void)
{
    uint8_t p[240];
    uint32_t type;

    fake_pump();
    g_assert_cmpuint(fake_take_message(0, &type, p), ==, 0);
}

bool fake_contact(uint32_t version)
{
    WireInitiate w = { .version = le32_of(version) };
    WireVersionResponse r;

    g_assert_cmpuint(fake_vmbus_send(VMBUS_INITIATE_CONTACT, &w, sizeof(w)), ==, 0);
    fake_vmbus_expect(VMBUS_VERSION_RESPONSE, &r, sizeof(r));
    g_assert_cmpuint(r.state, ==, 0);
    return r.supported;
}

uint32_t fake_take_offers(uint8_t type_guid[16])
{
    WireVMBus w = { 0 };
    uint8_t p[240];
    uint32_t relid = 0, type;

    g_assert_cmpuint(fake_vmbus_send(VMBUS_REQUESTOFFERS, &w, sizeof(w)), ==, 0);
    for (;;) {
        const WireOffer *o = (const void *)p;

        fake_pump();
        unsigned len = fake_take_message(0, &type, p);
        g_assert_cmpuint(len, >=, sizeof(w));
        if (ldle32(p) == VMBUS_ALLOFFERS_DELIVERED) {
            return relid;
        }
        g_assert_cmpuint(ldle32(p), ==, VMBUS_OFFERCHANNEL);
        g_assert_cmpuint(len, >=, 196);
        g_assert_cmpuint(le16_get(o->dedicated_interrupt), ==, 1);
        g_assert_cmpuint(o->monitor_allocated, ==, 0);
        relid = le32_get(o->relid);
        g_assert_cmpuint(le32_get(o->connection_id), ==, 16 + relid);
        memcpy(type_guid, o->type_guid, 16);
    }
}

uint32_t fake_gpadl(uint32_t relid, uint32_t id)
{
    uint8_t w[sizeof(WireGpadlHeader) + FAKE_RING_PAGES * 8] = { 0 };
    WireGpadlHeader *h = (void *)w;
    WireGpadlCreated r;

    h->relid = le32_of(relid);
    h->gpadl_id = le32_of(id);
    h->ranges_bytes = le16_of(8 + FAKE_RING_PAGES * 8);
    h->n_ranges = le16_of(1);
    h->byte_count = le32_of(FAKE_RING_PAGES * RING_PAGE);
    for (unsigned i = 0; i < FAKE_RING_PAGES; i++) {
        stle64(w + sizeof(*h) + i * 8, FAKE_RING_GPA / RING_PAGE + i);
    }
    g_assert_cmpuint(fake_vmbus_send(VMBUS_GPADL_HEADER, w, sizeof(w)), ==, 0);
    fake_vmbus_expect(VMBUS_GPADL_CREATED, &r, sizeof(r));
    g_assert_cmpuint(le32_get(r.relid), ==, relid);
    g_assert_cmpuint(le32_get(r.gpadl_id), ==, id);
    return le32_get(r.status);
}

uint32_t fake_open(uint32_t relid, uint32_t gpadl, uint32_t downstream_page)
{
    WireOpen w = { .relid = le32_of(relid), .open_id = le32_of(7), .gpadl_id = le32_of(gpadl),
                   .downstream_page = le32_of(downstream_page) };
    WireOpenResult r;

    g_assert_cmpuint(fake_vmbus_send(VMBUS_OPENCHANNEL, &w, sizeof(w)), ==, 0);
    fake_vmbus_expect(VMBUS_OPENCHANNEL_RESULT, &r, sizeof(r));
    g_assert_cmpuint(le32_get(r.relid), ==, relid);
    g_assert_cmpuint(le32_get(r.open_id), ==, 7);
    return le32_get(r.status);
}

void fake_close(uint32_t relid)
{
    WireRelid w = { .relid = le32_of(relid) };

    g_assert_cmpuint(fake_vmbus_send(VMBUS_CLOSECHANNEL, &w, sizeof(w)), ==, 0);
    fake_vmbus_expect_none();
}

void fake_teardown(uint32_t relid, uint32_t gpadl)
{
    WireGpadlTeardown w = { .relid = le32_of(relid), .gpadl_id = le32_of(gpadl) };
    WireGpadlTorndown r;

    g_assert_cmpuint(fake_vmbus_send(VMBUS_GPADL_TEARDOWN, &w, sizeof(w)), ==, 0);
    fake_vmbus_expect(VMBUS_GPADL_TORNDOWN, &r, sizeof(r));
    g_assert_cmpuint(le32_get(r.gpadl_id), ==, gpadl);
}

static uint8_t *ring_map(void *opaque, unsigned n, bool write)
{
    return fake.ram + FAKE_RING_GPA + n * RING_PAGE;
}

static void ring_unmap(void *opaque, uint8_t *page, bool written)
{
}

void fake_rings_clear(void)
{
    for (unsigned i = 0; i < FAKE_RING_PAGES; i += FAKE_RING_DOWN) {
        uint8_t *ctl = fake.ram + FAKE_RING_GPA + i * RING_PAGE;
        memset(ctl, 0, RING_PAGE);
        ctl[64] = 1;
    }
}

void fake_rings_init(FakeRings *r, uint32_t relid)
{
    RingMem mem = { ring_map, ring_unmap, NULL };

    r->relid = relid;
    g_assert_cmpint(ring_open(&r->out, &mem, 0, FAKE_RING_DOWN, true), ==, RING_OK);
    g_assert_cmpint(ring_open(&r->in, &mem, FAKE_RING_DOWN, FAKE_RING_PAGES - FAKE_RING_DOWN,
                              false), ==, RING_OK);
    r->out.peer_waits = r->in.peer_waits = true;
}

void fake_send(FakeRings *r, const void *payload, size_t len_bytes)
{
    RingPacket p = { .type = RING_PACKET_INBAND };
    bool signal = false;

    g_assert_cmpint(ring_write(&r->out, &p, payload, len_bytes, &signal), ==, RING_OK);
    if (signal) {
        g_assert_cmpuint(hv_signal_event(fake.partition, 16 + r->relid, 0), ==, 0);
    }
}

size_t fake_recv(FakeRings *r, uint8_t payload[4096])
{
    RingPacket p;
    bool signal = false;
    size_t len;

    fake_pump();
    RingResult res = ring_read(&r->in, &p, payload, 4096, &len, &signal);
    g_assert_true(res == RING_OK || res == RING_EMPTY);
    if (signal) {
        hv_signal_event(fake.partition, 16 + r->relid, 0);
    }
    return res == RING_OK ? len : 0;
}
