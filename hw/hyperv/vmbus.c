/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control messages. One message to the guest is under way at a time (send()); what the guest posts
 * meanwhile waits in a short queue. sent() is called when the message is in the guest's slot.
 *
 *                  INITIATE_CONTACT: greet()           sent, version good
 *      LISTEN ----------------------------> GREETING -----------------------> IDLE <----------+
 *        ^ ^                                    |                             | |             |
 *        | +------------ sent, version bad -----+       an answer: reply() --+  | REQUESTOFFERS
 *        |                                                      |               | offer_next()|
 *        |  sent                  UNLOAD: unload()              v     sent      v             |
 *        +------- UNLOADING <------ from any state            REPLYING ----> OFFERING --------+
 *                                                                 to IDLE     one offer a turn;
 *                                                                             sent ALLOFFERS
 *
 * INITIATE_CONTACT and UNLOAD are taken in any state and forget what is queued or under way (the
 * kernel before may have died with its slot busy). Machine reset leads to LISTEN from everywhere.
 *
 * Channels: OFFERED --OPENCHANNEL--> OPEN --CLOSECHANNEL, reset, UNLOAD--> OFFERED.
 * GPADLs (lists of guest pages) are checked when made; each access checks again that there is RAM.
 */
#include "vmbus.h"
#include <string.h>
#include "hw/acpi/aml.h"
#include "partition.h"
#include "qom/parse.h"
#include "synic.h"
#include "util/main-loop.h"
#include "util/trace-hw_hyperv.h"
#include "vmbus-wire.h"

DECLARE_TYPE(VMBusBridge, vmbus_bridge, TYPE_VMBUS_BRIDGE)

enum {
    CONNECTION_MESSAGES = 1,    /* guest's control messages; up to 4.0 */
    CONNECTION_CHANNELS = 16,   /* + relid: SignalEvent */
    VMBUS_SINT = 2,             /* of all versions below 5.0 */
    MAX_QUEUED = 16, MAX_RELID = 2047, MAX_GPADLS = 256, MAX_GPADL_PAGES = 65536,
};
enum { STATUS_OK = 0, STATUS_FAILED = 0xc0000001 };     /* guests only look for 0 */
enum { NO_VP = 0xffffffff };

typedef struct Gpadl {
    uint32_t id, relid;
    unsigned n_pages, n_got;
    bool in_use;                /* an open channel's ring */
    uint64_t pfns[];
} Gpadl;

struct VMBusChannel {
    VMBus *bus;
    VMBusDevice *dev;
    uint32_t relid;
    uint8_t type_guid[16], instance_guid[16];   /* as on the wire */
    bool offered, open, broken;
    bool notify_queued;
    bool owes_signal;           /* the guest's event page was off */
    Gpadl *gpadl;               /* while open */
    uint32_t target_vp;
    Ring in, out;               /* guest to host, host to guest */
};

typedef enum VMBusStateId { LISTEN, GREETING, IDLE, REPLYING, OFFERING, UNLOADING } VMBusStateId;

typedef struct QueuedMsg { unsigned len_bytes; uint8_t bytes[HV_MESSAGE_PAYLOAD_MAX]; } QueuedMsg;

struct VMBus {
    Bus parent;
    HvPartition *partition;
    VMBusStateId state;
    bool version_good;
    uint32_t target_vp;
    QueuedMsg queue[MAX_QUEUED];
    unsigned queue_first, queue_len;
    bool run_queued;
    SynicMsg msg;               /* the one under way */
    bool msg_sent;              /* it arrived; sent() has not run yet */
    VMBusChannel *opened;       /* notify it when its OPENCHANNEL_RESULT is sent */
    GHashTable *gpadls;         /* id -> Gpadl, owned */
    unsigned gpadl_pages;
    VMBusChannel *channels[MAX_RELID + 1];
};

struct VMBusBridge {
    Device parent;
    uint8_t irq;
    VMBus *bus;
    AcpiBuilder acpi;
};

static VMBus *vmbus(void *obj)
{
    return (VMBus *)object_check(obj, TYPE_VMBUS, __FILE__, __LINE__);
}

static VMBusDeviceClass *class_of(VMBusDevice *dev)
{
    return (VMBusDeviceClass *)dev->parent.parent.klass;
}

static void run_later(VMBus *b);

/* ---- states: one row each ---- */

static void sent_greeting(VMBus *b);
static void sent_reply(VMBus *b);
static void offer_next(VMBus *b);
static void sent_unload(VMBus *b);

typedef struct VMBusState {
    const char *name;
    bool takes_messages;        /* of the queue */
    void (*sent)(VMBus *b);     /* the message under way is in the slot */
} VMBusState;

static const VMBusState states[] = {
    [LISTEN]    = { "listen",    true,  NULL },
    [GREETING]  = { "greeting",  false, sent_greeting },
    [IDLE]      = { "idle",      true,  NULL },
    [REPLYING]  = { "replying",  false, sent_reply },
    [OFFERING]  = { "offering",  false, offer_next },
    [UNLOADING] = { "unloading", false, sent_unload },
};

static void set_state(VMBus *b, VMBusStateId to)
{
    if (b->state != to) {
        trace_vmbus_state(states[b->state].name, states[to].name);
        b->state = to;
    }
}

/* ---- messages to the guest ---- */

static void msg_delivered(SynicMsg *m)
{
    VMBus *b = m->opaque;

    b->msg_sent = true;
    run_later(b);
}

/* @wire starts with a WireVMBus whose type is filled in here */
static void send(VMBus *b, VMBusStateId state, VMBusMsgType type, void *wire, unsigned len_bytes)
{
    ((WireVMBus *)wire)->type = le32_of(type);
    b->msg = (SynicMsg){ .type = HV_MESSAGE_VMBUS, .len_bytes = len_bytes,
                         .delivered = msg_delivered, .opaque = b };
    memcpy(b->msg.payload, wire, len_bytes);
    trace_vmbus_message_out(type, len_bytes);
    set_state(b, state);
    if (!synic_post(b->partition->synic, b->target_vp, VMBUS_SINT, &b->msg)) {
        guest_error("vmbus: no virtual processor %u", b->target_vp);
        set_state(b, LISTEN);
    }
}

static void sent_reply(VMBus *b)
{
    VMBusChannel *c = b->opened;

    set_state(b, IDLE);
    b->opened = NULL;
    if (c && c->open) {
        vmbus_notify_later(c->dev);     /* there may be packets already */
    }
}

static void sent_greeting(VMBus *b)
{
    set_state(b, b->version_good ? IDLE : LISTEN);
}

/* ---- GPADLs ---- */

static void gpadl_drop(VMBus *b, Gpadl *g)
{
    trace_vmbus_gpadl_gone(g->relid, g->id, g->n_pages);
    b->gpadl_pages -= g->n_pages;
    g_hash_table_remove(b->gpadls, GUINT_TO_POINTER(g->id));
}

static void reply_created(VMBus *b, uint32_t relid, uint32_t id, uint32_t status)
{
    WireGpadlCreated w = { .relid = le32_of(relid), .gpadl_id = le32_of(id),
                           .status = le32_of(status) };

    trace_vmbus_gpadl_created(relid, id, status);
    send(b, REPLYING, VMBUS_GPADL_CREATED, &w, sizeof(w));
}

static bool page_is_ram(uint64_t pfn)
{
    uint64_t len = RING_PAGE;
    uint8_t *p;

    if (pfn >> 52) {
        return false;
    }
    p = address_space_map(address_space_memory, pfn << 12, &len, true);
    if (p) {
        address_space_unmap(address_space_memory, p, len, false);
    }
    return p && len == RING_PAGE;
}

/* Takes PFNs of a message; all there: answers. */
static void gpadl_take(VMBus *b, Gpadl *g, const uint8_t *pfns, unsigned n)
{
    bool good = true;

    n = MIN(n, g->n_pages - g->n_got);
    for (unsigned i = 0; i < n; i++) {
        g->pfns[g->n_got++] = ldle64(pfns + i * 8);
    }
    if (g->n_got < g->n_pages) {
        return;
    }
    for (unsigned i = 0; i < g->n_pages && good; i++) {
        good = page_is_ram(g->pfns[i]);
    }
    uint32_t id = g->id, relid = g->relid;
    if (!good) {
        guest_error("vmbus: GPADL 0x%x has pages that are no RAM", id);
        gpadl_drop(b, g);
    }
    reply_created(b, relid, id, good ? STATUS_OK : STATUS_FAILED);
}

static VMBusChannel *channel_of(VMBus *b, uint32_t relid)
{
    VMBusChannel *c = relid <= MAX_RELID ? b->channels[relid] : NULL;

    return c && c->offered ? c : NULL;
}

/* Why a GPADL_HEADER is refused; NULL: it is not. */
static const char *gpadl_refusal(VMBus *b, const WireGpadlHeader *w, unsigned *n_pages)
{
    unsigned ranges_bytes = le16_get(w->ranges_bytes);

    if (!channel_of(b, le32_get(w->relid))) {
        return "no such channel";
    }
    if (g_hash_table_contains(b->gpadls, GUINT_TO_POINTER(le32_get(w->gpadl_id)))) {
        return "id in use";
    }
    if (le16_get(w->n_ranges) != 1) {
        return "not one range";
    }
    if (ranges_bytes < 16 || ranges_bytes % 8) {
        return "bad length";
    }
    *n_pages = (ranges_bytes - 8) / 8;
    if (le32_get(w->byte_offset) || le32_get(w->byte_count) != *n_pages * RING_PAGE) {
        return "byte count does not fit pages";
    }
    if (g_hash_table_size(b->gpadls) >= MAX_GPADLS ||
        *n_pages > MAX_GPADL_PAGES - b->gpadl_pages) {
        return "too many";
    }
    return NULL;
}

static void on_gpadl_header(VMBus *b, const uint8_t *msg, unsigned len_bytes)
{
    const WireGpadlHeader *w = (const void *)msg;
    unsigned n_pages;
    const char *refusal = gpadl_refusal(b, w, &n_pages);

    if (refusal) {
        guest_error("vmbus: GPADL 0x%x refused: %s", le32_get(w->gpadl_id), refusal);
        reply_created(b, le32_get(w->relid), le32_get(w->gpadl_id), STATUS_FAILED);
        return;
    }
    Gpadl *g = g_malloc0(sizeof(*g) + n_pages * sizeof(g->pfns[0]));
    g->id = le32_get(w->gpadl_id);
    g->relid = le32_get(w->relid);
    g->n_pages = n_pages;
    b->gpadl_pages += n_pages;
    g_hash_table_insert(b->gpadls, GUINT_TO_POINTER(g->id), g);
    gpadl_take(b, g, msg + sizeof(*w), (len_bytes - sizeof(*w)) / 8);
}

static void on_gpadl_body(VMBus *b, const uint8_t *msg, unsigned len_bytes)
{
    const WireGpadlBody *w = (const void *)msg;
    Gpadl *g = g_hash_table_lookup(b->gpadls, GUINT_TO_POINTER(le32_get(w->gpadl_id)));

    if (!g || g->n_got == g->n_pages) {
        guest_error("vmbus: GPADL_BODY for unknown or complete GPADL 0x%x",
                    le32_get(w->gpadl_id));
        return;
    }
    gpadl_take(b, g, msg + sizeof(*w), (len_bytes - sizeof(*w)) / 8);
}

static void channel_close(VMBusChannel *c);

static void on_gpadl_teardown(VMBus *b, const uint8_t *msg, unsigned len_bytes)
{
    const WireGpadlTeardown *w = (const void *)msg;
    Gpadl *g = g_hash_table_lookup(b->gpadls, GUINT_TO_POINTER(le32_get(w->gpadl_id)));
    WireGpadlTorndown r = { .gpadl_id = w->gpadl_id };

    if (g && g->in_use) {
        channel_close(b->channels[g->relid]);
    }
    if (g) {
        gpadl_drop(b, g);
    } else {
        guest_error("vmbus: teardown of unknown GPADL 0x%x", le32_get(w->gpadl_id));
    }
    send(b, REPLYING, VMBUS_GPADL_TORNDOWN, &r, sizeof(r));
}

/* ---- channels ---- */

static uint8_t *ring_page_map(void *opaque, unsigned n, bool write)
{
    const Gpadl *g = opaque;
    uint64_t len = RING_PAGE;
    uint8_t *p = n < g->n_pages
               ? address_space_map(address_space_memory, g->pfns[n] << 12, &len, write) : NULL;

    if (p && len < RING_PAGE) {
        address_space_unmap(address_space_memory, p, len, false);
        p = NULL;
    }
    return p;
}

static void ring_page_unmap(void *opaque, uint8_t *page, bool written)
{
    address_space_unmap(address_space_memory, page, RING_PAGE, written);
}

static bool rings_open(VMBusChannel *c, Gpadl *g, unsigned downstream_page)
{
    RingMem mem = { ring_page_map, ring_page_unmap, g };
    unsigned n_out = g->n_pages - downstream_page;

    if (ring_open(&c->in, &mem, 0, downstream_page, false) != RING_OK ||
        ring_open(&c->out, &mem, downstream_page, n_out, true) != RING_OK) {
        return false;
    }
    /* who sets "pending send size" in the ring it produces honours the one in the other */
    c->in.peer_waits = c->out.peer_waits = ring_feature_pending(&c->in);
    ring_set_feature_pending(&c->out);
    return ring_set_mask(&c->in, false) == RING_OK;
}

/* Why an OPENCHANNEL is refused; NULL: it is not, and the channel is open. */
static const char *channel_open(VMBus *b, VMBusChannel *c, const WireOpen *w)
{
    Gpadl *g = g_hash_table_lookup(b->gpadls, GUINT_TO_POINTER(le32_get(w->gpadl_id)));
    uint32_t page = le32_get(w->downstream_page), vp = le32_get(w->target_vp);

    if (!c) {
        return "no such channel";
    }
    if (c->open) {
        return "open already";
    }
    if (!g || g->relid != c->relid || g->n_got < g->n_pages || g->in_use) {
        return "no such GPADL";
    }
    if (page < 2 || page > g->n_pages || g->n_pages - page < 2) {
        return "ring sizes";
    }
    if (vp != NO_VP && (vp >= b->partition->n_vps || !b->partition->wiring->vp_exists(vp))) {
        return "no such virtual processor";
    }
    if (!rings_open(c, g, page)) {
        return "ring indexes";
    }
    c->gpadl = g;
    c->target_vp = vp;
    c->broken = c->owes_signal = false;
    c->open = g->in_use = true;
    if (!class_of(c->dev)->open(c->dev)) {
        c->open = g->in_use = false;
        c->gpadl = NULL;
        return "the device does not want to";
    }
    return NULL;
}

static void on_open(VMBus *b, const uint8_t *msg, unsigned len_bytes)
{
    const WireOpen *w = (const void *)msg;
    VMBusChannel *c = channel_of(b, le32_get(w->relid));
    const char *refusal = channel_open(b, c, w);
    WireOpenResult r = { .relid = w->relid, .open_id = w->open_id,
                         .status = le32_of(refusal ? STATUS_FAILED : STATUS_OK) };

    trace_vmbus_channel_open(le32_get(w->relid), le32_get(w->gpadl_id), le32_get(w->target_vp),
                             refusal ? refusal : "ok");
    if (refusal) {
        guest_error("vmbus: open of channel %u refused: %s", le32_get(w->relid), refusal);
    } else {
        b->opened = c;
    }
    send(b, REPLYING, VMBUS_OPENCHANNEL_RESULT, &r, sizeof(r));
}

static void channel_close(VMBusChannel *c)
{
    if (c && c->open) {
        trace_vmbus_channel_close(c->relid);
        c->open = c->owes_signal = false;
        c->gpadl->in_use = false;
        c->gpadl = NULL;
        class_of(c->dev)->close(c->dev);
    }
}

static void on_close(VMBus *b, const uint8_t *msg, unsigned len_bytes)
{
    const WireRelid *w = (const void *)msg;
    VMBusChannel *c = channel_of(b, le32_get(w->relid));

    if (!c || !c->open) {
        guest_error("vmbus: close of channel %u, which is not open", le32_get(w->relid));
        return;
    }
    channel_close(c);
}

static void on_relid_released(VMBus *b, const uint8_t *msg, unsigned len_bytes)
{
    /* after UNLOAD, or after a rescind; we rescind nothing yet: nothing to free */
    trace_vmbus_relid_released(le32_get(((const WireRelid *)(const void *)msg)->relid));
}

/* ---- offers ---- */

static void offer_next(VMBus *b)
{
    for (unsigned i = 1; i <= MAX_RELID; i++) {
        VMBusChannel *c = b->channels[i];
        if (!c || c->offered) {
            continue;
        }
        WireOffer w = { .relid = le32_of(c->relid), .dedicated_interrupt = le16_of(1),
                        .connection_id = le32_of(CONNECTION_CHANNELS + c->relid) };
        memcpy(w.type_guid, c->type_guid, 16);
        memcpy(w.instance_guid, c->instance_guid, 16);
        c->offered = true;
        trace_vmbus_offer(c->relid);
        send(b, OFFERING, VMBUS_OFFERCHANNEL, &w, sizeof(w));
        return;
    }
    WireVMBus w = { 0 };
    send(b, REPLYING, VMBUS_ALLOFFERS_DELIVERED, &w, sizeof(w));
}

static void on_request_offers(VMBus *b, const uint8_t *msg, unsigned len_bytes)
{
    offer_next(b);
}

/* ---- connections ---- */

/* Everything that the guest set up is gone; nothing is told to it. */
static void disconnect(VMBus *b)
{
    synic_cancel(b->partition->synic, &b->msg);
    b->msg_sent = false;
    b->queue_len = 0;
    b->opened = NULL;
    for (unsigned i = 1; i <= MAX_RELID; i++) {
        if (b->channels[i]) {
            channel_close(b->channels[i]);
            b->channels[i]->offered = false;
        }
    }
    g_hash_table_remove_all(b->gpadls);
    b->gpadl_pages = 0;
    set_state(b, LISTEN);
}

static void greet(VMBus *b, const uint8_t *msg)
{
    const WireInitiate *w = (const void *)msg;
    uint32_t version = le32_get(w->version), vp = le32_get(w->target_vp);
    WireVersionResponse r = { 0 };

    disconnect(b);
    if (vp >= b->partition->n_vps || !b->partition->wiring->vp_exists(vp)) {
        guest_error("vmbus: contact for virtual processor %u, which does not exist", vp);
        vp = 0;
        version = 0;            /* refuse, but tell somebody */
    }
    b->target_vp = vp;
    b->version_good = version >= VMBUS_VERSION_2_4 && version <= VMBUS_VERSION_4_0;
    r.supported = b->version_good;
    trace_vmbus_initiate_contact(version >> 16, version & 0xffff, vp, b->version_good);
    send(b, GREETING, VMBUS_VERSION_RESPONSE, &r, sizeof(r));
}

static void unload(VMBus *b)
{
    WireVMBus w = { 0 };

    synic_cancel(b->partition->synic, &b->msg);
    b->msg_sent = false;
    b->queue_len = 0;
    send(b, UNLOADING, VMBUS_UNLOAD_RESPONSE, &w, sizeof(w));
}

static void sent_unload(VMBus *b)
{
    disconnect(b);
}

/* ---- messages from the guest ---- */

typedef struct VMBusMsgRow {
    const char *name;
    unsigned min_bytes;
    void (*handle)(VMBus *b, const uint8_t *msg, unsigned len_bytes);
    bool anytime;               /* also before contact */
} VMBusMsgRow;

static const VMBusMsgRow rows[VMBUS_LAST_MSG_TYPE + 1] = {
    [VMBUS_REQUESTOFFERS] = { "REQUESTOFFERS", sizeof(WireVMBus), on_request_offers },
    [VMBUS_OPENCHANNEL] = { "OPENCHANNEL", sizeof(WireOpen), on_open },
    [VMBUS_CLOSECHANNEL] = { "CLOSECHANNEL", sizeof(WireRelid), on_close },
    [VMBUS_GPADL_HEADER] = { "GPADL_HEADER", sizeof(WireGpadlHeader), on_gpadl_header },
    [VMBUS_GPADL_BODY] = { "GPADL_BODY", sizeof(WireGpadlBody), on_gpadl_body },
    [VMBUS_GPADL_TEARDOWN] = { "GPADL_TEARDOWN", sizeof(WireGpadlTeardown), on_gpadl_teardown },
    [VMBUS_RELID_RELEASED] = { "RELID_RELEASED", sizeof(WireRelid), on_relid_released, true },
    [VMBUS_INITIATE_CONTACT] = { "INITIATE_CONTACT", sizeof(WireInitiate) },
    [VMBUS_UNLOAD] = { "UNLOAD", sizeof(WireVMBus) },
};

static void handle(VMBus *b, const QueuedMsg *m)
{
    uint32_t type = ldle32(m->bytes);

    if (type == VMBUS_INITIATE_CONTACT) {
        greet(b, m->bytes);
    } else if (type == VMBUS_UNLOAD) {
        unload(b);
    } else if (b->state == LISTEN && !rows[type].anytime) {
        guest_error("vmbus: %s before contact", rows[type].name);
    } else {
        rows[type].handle(b, m->bytes, m->len_bytes);
    }
}

/* Main loop: what was sent, then what came. */
static void run(void *opaque)
{
    VMBus *b = opaque;

    b->run_queued = false;
    if (b->msg_sent) {
        b->msg_sent = false;
        states[b->state].sent(b);
    }
    while (b->queue_len && states[b->state].takes_messages) {
        QueuedMsg m = b->queue[b->queue_first];
        b->queue_first = (b->queue_first + 1) % MAX_QUEUED;
        b->queue_len--;
        handle(b, &m);
    }
}

static void run_later(VMBus *b)
{
    if (!b->run_queued) {
        b->run_queued = true;
        main_loop_later(run, b);
    }
}

/* A port message; only looks, the work is done in the main loop. */
static unsigned on_post(void *opaque, uint32_t port_type, const uint8_t *payload,
                        unsigned len_bytes)
{
    VMBus *b = opaque;
    uint32_t type = len_bytes >= sizeof(WireVMBus) ? ldle32(payload) : 0;

    if (port_type != HV_MESSAGE_VMBUS || type > VMBUS_LAST_MSG_TYPE || !rows[type].name ||
        len_bytes < rows[type].min_bytes) {
        guest_error("vmbus: malformed message, type %u, %u bytes", type, len_bytes);
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    trace_vmbus_message_in(rows[type].name, len_bytes);
    if (type == VMBUS_INITIATE_CONTACT || type == VMBUS_UNLOAD) {
        b->queue_len = 0;       /* what was asked before does not matter any more, */
        synic_cancel(b->partition->synic, &b->msg);     /* nor does what was to be answered */
        b->msg_sent = false;
        set_state(b, type == VMBUS_UNLOAD && b->state != LISTEN ? IDLE : LISTEN);
    }
    if (b->queue_len == MAX_QUEUED) {
        return HV_STATUS_INSUFFICIENT_BUFFERS;
    }
    QueuedMsg *m = &b->queue[(b->queue_first + b->queue_len++) % MAX_QUEUED];
    m->len_bytes = len_bytes;
    memcpy(m->bytes, payload, len_bytes);
    run_later(b);
    return HV_STATUS_SUCCESS;
}

/* ---- rings, for devices ---- */

void vmbus_break(VMBusDevice *dev, const char *why)
{
    guest_error("vmbus: channel %u does not work any more: %s", dev->channel->relid, why);
    trace_vmbus_channel_broken(dev->channel->relid, why);
    dev->channel->broken = true;
}

static void signal_guest(VMBusChannel *c)
{
    if (c->target_vp != NO_VP) {
        c->owes_signal = !synic_signal(c->bus->partition->synic, c->target_vp, VMBUS_SINT,
                                       c->relid);
        trace_vmbus_signal_guest(c->relid, c->target_vp, c->owes_signal);
    }
}

static RingResult ring_done(VMBusChannel *c, RingResult res, bool signal)
{
    if (res == RING_CORRUPT) {
        vmbus_break(c->dev, "the ring is corrupt");
    }
    if (signal) {
        signal_guest(c);
    }
    return res;
}

RingResult vmbus_recv(VMBusDevice *dev, RingPacket *p, void *payload, size_t cap,
                      size_t *len_bytes)
{
    VMBusChannel *c = dev->channel;
    bool signal = false;

    if (!c->open || c->broken) {
        return RING_EMPTY;
    }
    RingResult res = ring_read(&c->in, p, payload, cap, len_bytes, &signal);
    if (res == RING_OK) {
        trace_vmbus_recv(c->relid, p->type, *len_bytes);
    }
    if (res == RING_TOO_BIG) {
        vmbus_break(dev, "a packet is too big");
    }
    return ring_done(c, res, signal);
}

RingResult vmbus_send(VMBusDevice *dev, const RingPacket *p, const void *payload,
                      size_t len_bytes)
{
    VMBusChannel *c = dev->channel;
    bool signal = false;

    if (!c->open || c->broken) {
        return RING_CORRUPT;
    }
    RingResult res = ring_write(&c->out, p, payload, len_bytes, &signal);
    trace_vmbus_send(c->relid, p->type, len_bytes, res);
    return ring_done(c, res, signal);
}

/* Main loop. The guest need not signal while we look at its packets anyway. */
static void channel_run(void *opaque)
{
    VMBusChannel *c = opaque;
    bool any = false;

    c->notify_queued = false;
    if (!c->open || c->broken) {
        return;
    }
    if (ring_done(c, ring_set_mask(&c->in, true), false) == RING_OK) {
        class_of(c->dev)->notify(c->dev);
    }
    if (c->open && !c->broken &&
        ring_done(c, ring_set_mask(&c->in, false), false) == RING_OK &&
        ring_done(c, ring_has_packet(&c->in, &any), false) == RING_OK && any) {
        vmbus_notify_later(c->dev);
    }
}

void vmbus_notify_later(VMBusDevice *dev)
{
    VMBusChannel *c = dev->channel;

    if (!c->notify_queued) {
        c->notify_queued = true;
        main_loop_later(channel_run, c);
    }
}

static void on_signal(void *opaque)
{
    VMBusChannel *c = opaque;

    if (c->open && !c->broken) {
        vmbus_notify_later(c->dev);
    }
}

uint64_t vmbus_guest_os_id(VMBusDevice *dev)
{
    return dev->channel->bus->partition->arch->guest_os_id();
}

unsigned vmbus_guest_ends(VMBusDevice *dev)
{
    return dev->channel->bus->partition->arch->guest_ends();
}

/* A VP switched its pages on or off. */
static void on_synic_change(void *opaque)
{
    VMBus *b = opaque;

    for (unsigned i = 1; i <= MAX_RELID; i++) {
        VMBusChannel *c = b->channels[i];
        if (c && c->open && c->owes_signal) {
            signal_guest(c);
        }
    }
}

/* ---- devices on the bus ---- */

/* textual order to wire order: the first three groups are little-endian */
static void guid_to_wire(uint8_t wire[16], const uint8_t uuid[16])
{
    static const uint8_t from[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };

    for (unsigned i = 0; i < 16; i++) {
        wire[i] = uuid[from[i]];
    }
}

static bool uuid_is_zero(const uint8_t uuid[16])
{
    static const uint8_t zero[16];

    return memcmp(uuid, zero, 16) == 0;
}

static uint32_t free_relid(VMBus *b)
{
    uint32_t relid = 1;

    while (relid <= MAX_RELID && b->channels[relid]) {
        relid++;
    }
    return relid;
}

static bool vmbus_device_realize(Device *d, Error **errp)
{
    VMBusDevice *dev = vmbus_device(d);
    VMBus *b = vmbus(d->bus);
    uint8_t type_uuid[16];
    VMBusChannel *c;

    if (uuid_is_zero(dev->instance_uuid)) {
        g_autofree char *fresh = g_uuid_string_random();
        parse_uuid(fresh, dev->instance_uuid);
    }
    c = g_new0(VMBusChannel, 1);
    *c = (VMBusChannel){ .bus = b, .dev = dev, .relid = free_relid(b) };
    if (c->relid > MAX_RELID) {
        error_setg(errp, "no room for more devices on VMBus");
        g_free(c);
        return false;
    }
    parse_uuid(class_of(dev)->type_uuid, type_uuid);
    guid_to_wire(c->type_guid, type_uuid);
    guid_to_wire(c->instance_guid, dev->instance_uuid);
    dev->channel = c;
    if (class_of(dev)->realize && !class_of(dev)->realize(dev, errp)) {
        dev->channel = NULL;
        g_free(c);
        return false;
    }
    b->channels[c->relid] = c;
    HvPort port = { .signal = on_signal, .opaque = c };
    hv_port_connect(b->partition, CONNECTION_CHANNELS + c->relid, &port);
    return true;
}

static const Property vmbus_device_props[] = {
    PROP(UUID, "instanceid", VMBusDevice, instance_uuid,
         .desc = "instance GUID; Windows keeps its settings by it"),
    { 0 }
};

static void vmbus_device_class_init(ObjectClass *k)
{
    DeviceClass *d = device_class(k);

    d->bus_type = TYPE_VMBUS;
    d->default_bus = vmbus_default_bus;
    d->realize = vmbus_device_realize;
    d->category = "Misc";
}

static const TypeInfo vmbus_device_info = {
    .name = TYPE_VMBUS_DEVICE, .parent = TYPE_DEVICE, .size = sizeof(VMBusDevice),
    .class_size = sizeof(VMBusDeviceClass), .abstract = true,
    .class_init = vmbus_device_class_init, .props = vmbus_device_props,
};
TYPE_REGISTER(vmbus_device_info)

/* ---- bus and bridge ---- */

/* Devices are reset before their bus: closing their channels here comes to them as a close. */
static void vmbus_reset(Bus *bus_)
{
    disconnect(vmbus(bus_));
}

static void vmbus_init(Object *obj)
{
    VMBus *b = vmbus(obj);

    b->parent.reset = vmbus_reset;
    b->gpadls = g_hash_table_new_full(NULL, NULL, NULL, g_free);
}

static const TypeInfo vmbus_info = {
    .name = TYPE_VMBUS, .parent = TYPE_BUS, .size = sizeof(VMBus), .init = vmbus_init,
};
TYPE_REGISTER(vmbus_info)

/* Linux looks for the id only; Windows wants an interrupt resource in the short form too. */
static void bridge_build_acpi(struct Aml *sb_scope, void *opaque)
{
    VMBusBridge *bridge = opaque;
    Aml *dev = aml_device("VMBS"), *crs = aml_resource_template(), *method;

    aml_append(dev, aml_name_decl("STA", aml_int(0xf)));
    aml_append(dev, aml_name_decl("_HID", aml_string("VMBus")));
    aml_append(dev, aml_name_decl("_UID", aml_int(0)));
    aml_append(dev, aml_name_decl("_DDN", aml_string("VMBUS")));
    method = aml_method("_DIS", 0, false);
    aml_append(method, aml_store(aml_and(aml_name("STA"), aml_int(0xd), NULL), aml_name("STA")));
    aml_append(dev, method);
    method = aml_method("_PS0", 0, false);
    aml_append(method, aml_store(aml_or(aml_name("STA"), aml_int(0xf), NULL), aml_name("STA")));
    aml_append(dev, method);
    method = aml_method("_STA", 0, false);
    aml_append(method, aml_return(aml_name("STA")));
    aml_append(dev, method);
    aml_append(dev, aml_method("_PS3", 0, false));
    aml_append(crs, aml_irq_no_flags(bridge->irq));
    aml_append(dev, aml_name_decl("_CRS", crs));
    aml_append(sb_scope, dev);
}

static bool bridge_realize(Device *dev, Error **errp)
{
    VMBusBridge *bridge = vmbus_bridge(dev);
    HvPartition *p = hv_partition();
    unsigned needs = HYPERV_SYNIC | HYPERV_VPINDEX;

    if (bus_find(TYPE_VMBUS)) {
        error_setg(errp, "there can only be one vmbus-bridge, and it goes before its devices");
        return false;
    }
    if (!p || (p->arch->features() & needs) != needs) {
        error_setg(errp, "VMBus requires usable Hyper-V SynIC and VP_INDEX");
        return false;
    }
    if (bridge->irq > 15) {
        error_setg(errp, "irq must be 0 to 15");
        return false;
    }
    bridge->bus = vmbus(bus_new(TYPE_VMBUS, dev, "vmbus.0"));
    bridge->bus->partition = p;
    HvPort port = { .post = on_post, .opaque = bridge->bus };
    hv_port_connect(p, CONNECTION_MESSAGES, &port);
    synic_set_change_hook(p->synic, on_synic_change, bridge->bus);
    bridge->acpi = (AcpiBuilder){ bridge_build_acpi, bridge };
    g_ptr_array_add(machine_services()->acpi_builders, &bridge->acpi);
    return true;
}

Bus *vmbus_default_bus(Error **errp)
{
    Bus *b = bus_find(TYPE_VMBUS);

    if (!b && device_realize(device(object_new(TYPE_VMBUS_BRIDGE)), NULL, NULL, errp)) {
        b = bus_find(TYPE_VMBUS);
    }
    return b;
}

static void bridge_print_info(Device *dev, FILE *f)
{
    VMBus *b = vmbus_bridge(dev)->bus;

    fprintf(f, "    state %s, %u GPADLs of %u pages\n", states[b->state].name,
            g_hash_table_size(b->gpadls), b->gpadl_pages);
}

static const Property bridge_props[] = {
    PROP(U8, "irq", VMBusBridge, irq, .def.u = 7, .desc = "ISA interrupt told to ACPI"), { 0 }
};

static void bridge_class_init(ObjectClass *k)
{
    DeviceClass *d = device_class(k);

    d->user_creatable = true;
    d->category = "Bridge";
    d->realize = bridge_realize;
    d->print_info = bridge_print_info;
}

static const TypeInfo bridge_info = {
    .name = TYPE_VMBUS_BRIDGE, .parent = TYPE_DEVICE, .size = sizeof(VMBusBridge),
    .class_init = bridge_class_init, .props = bridge_props, .desc = "Hyper-V VMBus bridge",
};
TYPE_REGISTER(bridge_info)
