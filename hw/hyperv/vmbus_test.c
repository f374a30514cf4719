/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bus under a scripted guest, polite and not, with a device that echoes packets. */
#include <string.h>
#include "fake-guest.h"
#include "hw/acpi/aml.h"
#include "util/main-loop.h"
#include "vmbus.h"
#include "vmbus-wire.h"

/* ---- another VMBus device is one file: this is all of it ---- */

DECLARE_TYPE(Echo, echo, "echo")
struct Echo {
    VMBusDevice parent;
    unsigned opens, closes;
    bool refuse;
    uint8_t buf[4096];
    RingPacket waiting;
    size_t waiting_len;         /* could not be sent yet; 0: nothing */
};

static bool echo_open(VMBusDevice *dev)
{
    echo(dev)->opens++;
    echo(dev)->waiting_len = 0;
    return !echo(dev)->refuse;
}

static void echo_close(VMBusDevice *dev)
{
    echo(dev)->closes++;
}

static void echo_notify(VMBusDevice *dev)
{
    Echo *e = echo(dev);

    while (e->waiting_len || vmbus_recv(dev, &e->waiting, e->buf, sizeof(e->buf),
                                        &e->waiting_len) == RING_OK) {
        if (vmbus_send(dev, &e->waiting, e->buf, e->waiting_len) != RING_OK) {
            return;
        }
        e->waiting_len = 0;
    }
}

static void echo_class_init(ObjectClass *k)
{
    VMBusDeviceClass *v = (VMBusDeviceClass *)k;

    v->type_uuid = "00112233-4455-6677-8899-aabbccddeeff";
    v->open = echo_open;
    v->close = echo_close;
    v->notify = echo_notify;
    v->parent.user_creatable = true;
}

static const TypeInfo echo_info = {
    .name = "echo", .parent = TYPE_VMBUS_DEVICE, .size = sizeof(Echo),
    .class_size = sizeof(VMBusDeviceClass), .class_init = echo_class_init,
};
TYPE_REGISTER(echo_info)

static Echo *dev;
static uint8_t guid[16];

/* system reset, then a connected guest; returns the offer's relid */
static uint32_t connected(void)
{
    device_reset_all();
    hv_partition_reset(fake.partition);
    dev->opens = dev->closes = 0;
    dev->refuse = false;
    fake_synic_on(0);
    g_assert_true(fake_contact(VMBUS_VERSION_4_0));
    return fake_take_offers(guid);
}

static FakeRings opened(void)
{
    uint32_t relid = connected();
    FakeRings r;

    g_assert_cmpuint(fake_gpadl(relid, FAKE_GPADL), ==, 0);
    fake_rings_clear();
    g_assert_cmpuint(fake_open(relid, FAKE_GPADL, FAKE_RING_DOWN), ==, 0);
    fake_rings_init(&r, relid);
    return r;
}

static void realize(void)
{
    g_autoptr(Error) err = NULL;
    KeyValue irq = { (char *)"irq", (char *)"5" };

    fake.features = HYPERV_VPINDEX;
    g_assert_null(device_add_opts("echo", NULL, NULL, 0, false, &err));
    g_assert_cmpstr(error_text(err), ==, "VMBus requires usable Hyper-V SynIC and VP_INDEX");
    fake.features |= HYPERV_SYNIC | HYPERV_STIMER;
    dev = echo(device_add_opts("echo", "e0", NULL, 0, false, NULL));
    g_assert_nonnull(dev);                      /* made the bridge by itself */
    g_assert_nonnull(device_find_type(TYPE_VMBUS_BRIDGE, NULL));
    g_clear_pointer(&err, error_free);
    g_assert_null(device_add_opts(TYPE_VMBUS_BRIDGE, NULL, &irq, 1, false, &err));
    g_assert_nonnull(err);
}

static void acpi(void)
{
    GPtrArray *builders = machine_services()->acpi_builders;
    Aml *scope = aml_list();

    g_assert_cmpuint(builders->len, ==, 1);
    AcpiBuilder *b = builders->pdata[0];
    b->build(scope, b->opaque);
    g_autoptr(GByteArray) bytes = aml_encode(scope);
    g_assert_nonnull(memmem(bytes->data, bytes->len, "VMBus", 6));
    static const uint8_t irq7[] = { 0x22, 0x80, 0x00 };
    g_assert_nonnull(memmem(bytes->data, bytes->len, irq7, 3));
}

static void versions(void)
{
    WireInitiate w = { .version = le32_of(0x50003) };

    device_reset_all();
    fake_synic_on(0);
    /* Linux's order: 5.x on connection 4 */
    ((WireVMBus *)(void *)&w)->type = le32_of(VMBUS_INITIATE_CONTACT);
    g_assert_cmpuint(fake_post(4, &w, sizeof(w)), ==, HV_STATUS_INVALID_CONNECTION_ID);
    g_assert_false(fake_contact(0x40001));
    g_assert_false(fake_contact(0));
    g_assert_false(fake_contact(0xffffffff));
    g_assert_false(fake_contact(0x10001));
    g_assert_true(fake_contact(0x20004));
    g_assert_true(fake_contact(0x30000));
    g_assert_true(fake_contact(0x40000));
    /* a target that does not exist: refused, told to VP 0 */
    w = (WireInitiate){ .version = le32_of(0x40000), .target_vp = le32_of(77) };
    g_assert_cmpuint(fake_vmbus_send(VMBUS_INITIATE_CONTACT, &w, sizeof(w)), ==, 0);
    WireVersionResponse r;
    fake_vmbus_expect(VMBUS_VERSION_RESPONSE, &r, sizeof(r));
    g_assert_cmpuint(r.supported, ==, 0);
}

static void offers(void)
{
    static const uint8_t expect[16] = { 0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99,
                                        0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };

    g_assert_cmpuint(connected(), ==, 1);
    g_assert_cmpmem(guid, 16, expect, 16);
    g_assert_cmpuint(fake_take_offers(guid), ==, 0);    /* known already: only "all delivered" */
    g_assert_true(fake_contact(VMBUS_VERSION_4_0));
    g_assert_cmpuint(fake_take_offers(guid), ==, 1);
}

static void echoes(void)
{
    FakeRings r = opened();
    uint8_t out[4000], in[4096];

    g_assert_cmpuint(dev->opens, ==, 1);
    for (unsigned i = 0; i < 300; i++) {
        size_t n = (size_t)g_test_rand_int_range(1, 500) * 8;
        memset(out, (int)i, n);
        fake_send(&r, out, n);
        g_assert_cmpuint(fake_recv(&r, in), ==, n);
        g_assert_cmpmem(in, n, out, n);
        g_assert_true(fake_take_event(0, r.relid));
    }
    fake_close(r.relid);
    g_assert_cmpuint(dev->closes, ==, 1);
    fake_teardown(r.relid, FAKE_GPADL);
    g_assert_cmpuint(fake_gpadl(r.relid, FAKE_GPADL + 1), ==, 0);
    fake_rings_clear();
    g_assert_cmpuint(fake_open(r.relid, FAKE_GPADL + 1, FAKE_RING_DOWN), ==, 0);
    fake_rings_init(&r, r.relid);
    fake_send(&r, "12345678", 8);
    g_assert_cmpuint(fake_recv(&r, in), ==, 8);
}

/* the guest does not read: the device waits, then goes on when there is room */
static void back_pressure(void)
{
    FakeRings r = opened();
    uint8_t out[4000] = { 0 }, in[4096];
    unsigned sent = 0, got = 0;

    for (unsigned i = 0; i < 7; i++) {
        out[0] = (uint8_t)sent++;
        fake_send(&r, out, sizeof(out));
        fake_pump();
    }
    while (fake_recv(&r, in)) {
        g_assert_cmpuint(in[0], ==, got++);
    }
    g_assert_cmpuint(got, ==, sent);
}

/* flags that could not be set come when the pages are on again */
static void owed_signal(void)
{
    FakeRings r = opened();
    uint8_t in[4096];

    fake_wrmsr(0, MSR_SIEFP, 0);
    fake_send(&r, "12345678", 8);
    fake_pump();
    fake_wrmsr(0, MSR_SIEFP, FAKE_SIEFP + 1);
    g_assert_true(fake_take_event(0, r.relid));
    g_assert_cmpuint(fake_recv(&r, in), ==, 8);
}

typedef struct BadGpadl {
    const char *what;
    uint32_t relid, id;
    uint16_t ranges_bytes, n_ranges;
    uint32_t byte_count, byte_offset;
    uint64_t pfn;
} BadGpadl;

static const BadGpadl bad_gpadls[] = {
    { "no range", 1, 1, 16, 0, 4096, 0, 0x100 },
    { "two ranges", 1, 1, 16, 2, 4096, 0, 0x100 },
    { "no bytes", 1, 1, 0, 1, 4096, 0, 0x100 },
    { "less than a range", 1, 1, 8, 1, 0, 0, 0x100 },
    { "odd bytes", 1, 1, 17, 1, 4096, 0, 0x100 },
    { "byte count", 1, 1, 16, 1, 4095, 0, 0x100 },
    { "byte count 0", 1, 1, 16, 1, 0, 0, 0x100 },
    { "offset", 1, 1, 16, 1, 4096, 1, 0x100 },
    { "no such channel", 2, 1, 16, 1, 4096, 0, 0x100 },
    { "no such channel, huge", 0xffffffff, 1, 16, 1, 4096, 0, 0x100 },
    { "no RAM", 1, 1, 16, 1, 4096, 0, FAKE_RAM / 4096 },
    { "no address", 1, 1, 16, 1, 4096, 0, UINT64_MAX },
    { "wraps", 1, 1, 16, 1, 4096, 0, (uint64_t)1 << 52 | 0x100 },
    { "id in use", 1, FAKE_GPADL, 16, 1, 4096, 0, 0x100 },
};

static void gpadl_refused(void)
{
    uint32_t relid = connected();

    g_assert_cmpuint(fake_gpadl(relid, FAKE_GPADL), ==, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad_gpadls); i++) {
        const BadGpadl *b = &bad_gpadls[i];
        uint8_t w[sizeof(WireGpadlHeader) + 8];
        WireGpadlHeader h = {
            .relid = le32_of(b->relid), .gpadl_id = le32_of(b->id),
            .ranges_bytes = le16_of(b->ranges_bytes), .n_ranges = le16_of(b->n_ranges),
            .byte_count = le32_of(b->byte_count), .byte_offset = le32_of(b->byte_offset),
        };
        WireGpadlCreated r;

        g_test_message("%s", b->what);
        memcpy(w, &h, sizeof(h));
        stle64(w + sizeof(h), b->pfn);
        g_assert_cmpuint(fake_vmbus_send(VMBUS_GPADL_HEADER, w, sizeof(w)), ==, 0);
        fake_vmbus_expect(VMBUS_GPADL_CREATED, &r, sizeof(r));
        g_assert_cmpuint(le32_get(r.relid), ==, b->relid);
        g_assert_cmpuint(le32_get(r.gpadl_id), ==, b->id);
        g_assert_cmpuint(le32_get(r.status), !=, 0);
    }
}

/* a list in several messages; bodies too many, too long, for nobody */
static void gpadl_bodies(void)
{
    uint32_t relid = connected();
    uint8_t w[240] = { 0 };
    WireGpadlHeader h = {
        .relid = le32_of(relid), .gpadl_id = le32_of(5), .ranges_bytes = le16_of(8 + 60 * 8),
        .n_ranges = le16_of(1), .byte_count = le32_of(60 * RING_PAGE),
    };
    WireGpadlBody b = { .gpadl_id = le32_of(5) };
    WireGpadlCreated r;

    memcpy(w, &h, sizeof(h));
    for (unsigned i = 0; i < 26; i++) {
        stle64(w + sizeof(h) + i * 8, i + 1);
    }
    fake_vmbus_send(VMBUS_GPADL_HEADER, w, sizeof(h) + 26 * 8);
    fake_vmbus_expect_none();
    g_assert_cmpuint(fake_open(relid, 5, 5), !=, 0);            /* not complete */
    memcpy(w, &b, sizeof(b));
    for (unsigned i = 0; i < 28; i++) {
        stle64(w + sizeof(b) + i * 8, i + 100);
    }
    fake_vmbus_send(VMBUS_GPADL_BODY, w, 240);
    fake_vmbus_expect_none();
    fake_vmbus_send(VMBUS_GPADL_BODY, w, 240);                  /* 22 too many */
    fake_vmbus_expect(VMBUS_GPADL_CREATED, &r, sizeof(r));
    g_assert_cmpuint(le32_get(r.status), ==, 0);
    fake_vmbus_send(VMBUS_GPADL_BODY, w, 240);                  /* complete */
    stle32(w + 12, 6);
    fake_vmbus_send(VMBUS_GPADL_BODY, w, 240);                  /* unknown */
    fake_vmbus_expect_none();
    fake_teardown(relid, 5);
    fake_teardown(relid, 5);                                    /* unknown: answered all the same */
}

static void gpadl_limits(void)
{
    uint32_t relid = connected();
    WireGpadlHeader h = { .relid = le32_of(relid), .ranges_bytes = le16_of(8 + 8190 * 8),
                          .n_ranges = le16_of(1), .byte_count = le32_of(8190 * RING_PAGE) };
    uint32_t type;
    uint8_t p[240];

    for (unsigned i = 1; i <= 8; i++) {         /* never completed; the ninth is over the limit */
        h.gpadl_id = le32_of(i);
        fake_vmbus_send(VMBUS_GPADL_HEADER, &h, sizeof(h));
        fake_vmbus_expect_none();
    }
    h.gpadl_id = le32_of(9);
    fake_vmbus_send(VMBUS_GPADL_HEADER, &h, sizeof(h));
    fake_pump();
    g_assert_cmpuint(fake_take_message(0, &type, p), >, 0);
    g_assert_cmpuint(ldle32(p + 16), !=, 0);
    g_assert_true(fake_contact(VMBUS_VERSION_4_0));             /* frees all */
    relid = fake_take_offers(guid);
    for (unsigned i = 0; i < 300; i++) {
        g_assert_cmpint(fake_gpadl(relid, 1000 + i) == 0, ==, i < 256);
    }
}

static void open_refused(void)
{
    uint32_t relid = connected();
    WireOpen w = { .relid = le32_of(relid), .gpadl_id = le32_of(FAKE_GPADL),
                   .downstream_page = le32_of(5), .target_vp = le32_of(9) };
    WireOpenResult r;

    fake_rings_clear();
    g_assert_cmpuint(fake_open(relid, FAKE_GPADL, 5), !=, 0);   /* no GPADL */
    g_assert_cmpuint(fake_gpadl(relid, FAKE_GPADL), ==, 0);
    g_assert_cmpuint(fake_open(relid + 1, FAKE_GPADL, 5), !=, 0);
    g_assert_cmpuint(fake_open(relid, FAKE_GPADL, 0), !=, 0);
    g_assert_cmpuint(fake_open(relid, FAKE_GPADL, 1), !=, 0);
    g_assert_cmpuint(fake_open(relid, FAKE_GPADL, 9), !=, 0);
    g_assert_cmpuint(fake_open(relid, FAKE_GPADL, 10), !=, 0);
    g_assert_cmpuint(fake_open(relid, FAKE_GPADL, 0xffffffff), !=, 0);
    fake_vmbus_send(VMBUS_OPENCHANNEL, &w, sizeof(w));          /* VP 9 */
    fake_vmbus_expect(VMBUS_OPENCHANNEL_RESULT, &r, sizeof(r));
    g_assert_cmpuint(le32_get(r.status), !=, 0);
    stle32(fake.ram + FAKE_RING_GPA, 4);                        /* odd index */
    g_assert_cmpuint(fake_open(relid, FAKE_GPADL, 5), !=, 0);
    fake_rings_clear();
    g_assert_cmpuint(dev->opens, ==, 0);
    dev->refuse = true;
    g_assert_cmpuint(fake_open(relid, FAKE_GPADL, 5), !=, 0);
    dev->refuse = false;
    g_assert_cmpuint(dev->closes, ==, 0);
    g_assert_cmpuint(fake_open(relid, FAKE_GPADL, 5), ==, 0);
    g_assert_cmpuint(fake_open(relid, FAKE_GPADL, 5), !=, 0);   /* open already */
    fake_teardown(relid, FAKE_GPADL);                           /* closes it */
    g_assert_cmpuint(dev->closes, ==, 1);
    fake_close(relid);                                          /* not open: nothing */
    g_assert_cmpuint(dev->closes, ==, 1);
}

/* a broken ring stops its channel only; opened again it works */
static void broken_ring(void)
{
    FakeRings r = opened();
    uint8_t in[4096];

    stle32(fake.ram + FAKE_RING_GPA, 0xfffffff8);
    hv_signal_event(fake.partition, 16 + r.relid, 0);
    fake_pump();
    stle32(fake.ram + FAKE_RING_GPA, 0);
    fake_send(&r, "12345678", 8);
    g_assert_cmpuint(fake_recv(&r, in), ==, 0);
    fake_close(r.relid);
    fake_rings_clear();
    g_assert_cmpuint(fake_open(r.relid, FAKE_GPADL, 5), ==, 0);
    fake_rings_init(&r, r.relid);
    fake_send(&r, "12345678", 8);
    g_assert_cmpuint(fake_recv(&r, in), ==, 8);
}

static void unload(void)
{
    FakeRings r = opened();
    WireVMBus w = { 0 };
    WireRelid rel = { .relid = le32_of(r.relid) };

    fake_vmbus_send(VMBUS_UNLOAD, &w, sizeof(w));
    fake_vmbus_expect(VMBUS_UNLOAD_RESPONSE, &w, sizeof(w));
    fake_pump();
    g_assert_cmpuint(dev->closes, ==, 1);
    g_assert_cmpuint(fake_vmbus_send(VMBUS_RELID_RELEASED, &rel, sizeof(rel)), ==, 0);
    g_assert_cmpuint(fake_vmbus_send(VMBUS_REQUESTOFFERS, &w, sizeof(w)), ==, 0);
    fake_vmbus_expect_none();                   /* not connected: dropped */
    g_assert_true(fake_contact(VMBUS_VERSION_4_0));
    g_assert_cmpuint(fake_take_offers(guid), ==, r.relid);
}

/* a kernel died with its slot busy; the next one starts over */
static void kexec_with_busy_slot(void)
{
    uint32_t relid = connected();
    WireVMBus w = { 0 };
    uint8_t p[240];
    uint32_t type;

    fake_gpadl(relid, FAKE_GPADL);
    stle32(fake.ram + FAKE_SIMP + FAKE_SINT * 256, 99);         /* nobody takes it */
    fake_vmbus_send(VMBUS_REQUESTOFFERS, &w, sizeof(w));
    fake_pump();
    fake_synic_off(0);
    fake_synic_on(0);
    /* the old answer may come before contact, never after it */
    fake_pump();
    fake_take_message(0, &type, p);
    g_assert_true(fake_contact(VMBUS_VERSION_4_0));
    g_assert_cmpuint(fake_take_offers(guid), ==, relid);
    g_assert_cmpuint(fake_gpadl(relid, FAKE_GPADL), ==, 0);     /* id is free again */
}

static void flood(void)
{
    WireVMBus w = { 0 };
    unsigned i = 0;
    uint32_t type;
    uint8_t p[240];

    connected();
    stle32(fake.ram + FAKE_SIMP + FAKE_SINT * 256, 99);
    while (fake_vmbus_send(VMBUS_REQUESTOFFERS, &w, sizeof(w)) == 0) {
        g_assert_cmpuint(++i, <, 100);
        fake_pump();
    }
    g_assert_cmpuint(fake_vmbus_send(VMBUS_REQUESTOFFERS, &w, sizeof(w)), ==,
                     HV_STATUS_INSUFFICIENT_BUFFERS);
    for (unsigned k = 0; k < 40; k++) {
        fake_take_message(0, &type, p);
        fake_pump();
    }
    g_assert_true(fake_contact(VMBUS_VERSION_4_0));
}

static void malformed(void)
{
    uint8_t w[300] = { 0 };

    connected();
    for (unsigned type = 0; type < 40; type++) {
        stle32(w, type);
        unsigned status = fake_post(1, w, 7);
        g_assert_cmpuint(status, ==, HV_STATUS_INVALID_HYPERCALL_INPUT);
    }
    stle32(w, VMBUS_OPENCHANNEL);
    g_assert_cmpuint(fake_post(1, w, 147), ==, HV_STATUS_INVALID_HYPERCALL_INPUT);
    stle32(w, VMBUS_OFFERCHANNEL);              /* ours */
    g_assert_cmpuint(fake_post(1, w, 240), ==, HV_STATUS_INVALID_HYPERCALL_INPUT);
    stle32(w, 0xffffffff);
    g_assert_cmpuint(fake_post(1, w, 240), ==, HV_STATUS_INVALID_HYPERCALL_INPUT);
    g_assert_cmpuint(fake_post(1, w, 241), ==, HV_STATUS_INVALID_HYPERCALL_INPUT);
    g_assert_cmpuint(fake_post(3, w, 8), ==, HV_STATUS_INVALID_CONNECTION_ID);
    g_assert_cmpuint(fake_post(17, w, 8), ==, HV_STATUS_INVALID_CONNECTION_ID);
    g_assert_cmpuint(hv_signal_event(fake.partition, 1, 0), ==, HV_STATUS_INVALID_CONNECTION_ID);
    g_assert_cmpuint(hv_signal_event(fake.partition, 17, 1), ==, HV_STATUS_INVALID_PORT_ID);
    g_assert_cmpuint(hv_signal_event(fake.partition, 17, 0), ==, HV_STATUS_SUCCESS);
    fake_vmbus_expect_none();
}

/* random control messages in a row: an answer or none, but no crash, and contact works after */
static void random_messages(void)
{
    static const uint8_t types[] = { 3, 5, 7, 8, 9, 11, 13, 14, 16 };

    connected();
    for (unsigned i = 0; i < 3000; i++) {
        uint8_t w[240], p[240];
        uint32_t type;

        for (unsigned k = 0; k < sizeof(w); k += 4) {
            int kind = g_test_rand_int_range(0, 4);
            stle32(w + k, kind == 0 ? (uint32_t)g_test_rand_int()
                        : (uint32_t)g_test_rand_int_range(0, 12));
        }
        stle32(w, types[g_test_rand_int_range(0, G_N_ELEMENTS(types))]);
        fake_post(1, w, 240);
        if (i % 4 == 0) {
            fake_pump();
            fake_take_message(0, &type, p);
        }
    }
    device_reset_all();
    hv_partition_reset(fake.partition);
    connected();
}

/* the last test, since the second device stays */
static void two_devices(void)
{
    Echo *other = echo(device_add_opts("echo", "e1", NULL, 0, false, NULL));

    g_assert_cmpuint(connected(), ==, 2);
    g_assert_cmpuint(fake_gpadl(1, FAKE_GPADL), ==, 0);
    fake_rings_clear();
    g_assert_cmpuint(fake_open(2, FAKE_GPADL, 5), !=, 0);       /* the other channel's pages */
    g_assert_cmpuint(fake_gpadl(2, FAKE_GPADL + 1), ==, 0);
    g_assert_cmpuint(fake_open(2, FAKE_GPADL + 1, 5), ==, 0);
    g_assert_cmpuint(other->opens, ==, 1);
    g_assert_cmpuint(dev->opens, ==, 0);
    device_reset_all();
    g_assert_cmpuint(other->closes, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fake_guest_init();
    realize();
    g_test_add_func("/vmbus/acpi", acpi);
    g_test_add_func("/vmbus/versions", versions);
    g_test_add_func("/vmbus/offers", offers);
    g_test_add_func("/vmbus/echoes", echoes);
    g_test_add_func("/vmbus/back-pressure", back_pressure);
    g_test_add_func("/vmbus/owed-signal", owed_signal);
    g_test_add_func("/vmbus/gpadl-refused", gpadl_refused);
    g_test_add_func("/vmbus/gpadl-bodies", gpadl_bodies);
    g_test_add_func("/vmbus/gpadl-limits", gpadl_limits);
    g_test_add_func("/vmbus/open-refused", open_refused);
    g_test_add_func("/vmbus/broken-ring", broken_ring);
    g_test_add_func("/vmbus/unload", unload);
    g_test_add_func("/vmbus/kexec-with-busy-slot", kexec_with_busy_slot);
    g_test_add_func("/vmbus/flood", flood);
    g_test_add_func("/vmbus/malformed", malformed);
    g_test_add_func("/vmbus/random-messages", random_messages);
    g_test_add_func("/vmbus/two-devices", two_devices);
    return g_test_run();
}
