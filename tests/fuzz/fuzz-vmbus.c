/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMBus and hv-balloon, the real ones, under a guest that does what the input says: a program of
 * operations, some as a driver would do them, some with numbers where code breaks, some at random.
 * Beside it stands a model of what the device may do, fed with what really crossed the border (calls
 * between hv-balloon.c, vmbus.c and memory/ are wrapped by the linker):
 *
 *   - only pages of the reply being handled are discarded, only when a reply was asked for, and
 *     none twice while the host has it;
 *   - only pages that were given are given back, each once;
 *   - memory is added once, where the backend's is, and taken back only where the guest did not
 *     take it;
 *   - "actual" is what follows from that;
 *   - every other page keeps its pattern; the host writes to pages that the guest named as
 *     rings or SynIC pages only;
 *   - nothing runs for ever: the main loop comes to rest after each operation.
 *
 * Guest memory can change between two accesses of the host ("under our feet"): operation ARM.
 */
#include <string.h>
#include "backends/hostmem.h"
#include "fuzz.h"
#include "hw/core/balloon.h"
#include "hw/core/device.h"
#include "hw/hyperv/dynmem-wire.h"
#include "hw/hyperv/fake-guest.h"
#include "hw/hyperv/vmbus-wire.h"
#include "hw/hyperv/vmbus.h"
#include "memory/memory.h"
#include "util/log.h"
#include "util/main-loop.h"
#include "util/trace.h"
#include "util/wire.h"

enum {
    PAGE = 4096, RAM_PAGES = FAKE_RAM / PAGE,
    FAR_PFN = 0x8000, FAR_PAGES = 1024,         /* more RAM, at 128 MiB */
    ROM_PFN = RAM_PAGES,                        /* a ROM and a device right behind RAM */
    HOLE_PFN = 0xa0, HOLE_PAGES = 32,           /* a device over RAM, as VGA is */
    END_PFN = FAR_PFN + FAR_PAGES,
    HOT_PFN = 0x10000, HOT_PAGES = 8192,        /* window of the memory backend */
    PFNS = HOT_PFN + HOT_PAGES,                 /* nothing that matters behind */
    CHECK_RAM_EVERY = 64, REFILL_EVERY = 16 * CHECK_RAM_EVERY, MAX_TURNS = 5000,
};

/* the guest adds memory in steps of 1 MiB */
enum { CAPS = DM_CAP_BALLOON | DM_CAP_HOT_ADD };

/* ---- the machine ---- */

static uint8_t *far_ram, *hot_ram;
static MemoryRegion far_mr, rom_mr, io_mr, hole_mr, page_table_mr;
static bool far_there;
static FakeRings rings;
static bool rings_good;
static uint32_t relid = 1;
static uint8_t rom[4 * PAGE] __attribute__((aligned(4096)));

/* ---- how far inputs get ---- */

static struct { uint64_t messages, requests, replies, discarded, returned, added; } reached;

void fuzz_print_reached(FILE *f)
{
    fprintf(f, "    %" PRIu64 " messages of an open channel, %" PRIu64 " balloon requests, %" PRIu64
            " replies, %" PRIu64 " pages discarded, %" PRIu64 " returned, %" PRIu64 " added\n",
            reached.messages, reached.requests, reached.replies, reached.discarded,
            reached.returned, reached.added);
}

/* ---- the model ---- */

enum { GIVEN = 1, NAMED = 2, DIRTY = 4 };
static struct {
    uint8_t page[PFNS];
    uint64_t n_given;           /* pages that the host has */
    uint64_t n_returning;       /* given back, no answer yet */
    bool asked, returned;       /* a BALLOON_REQUEST, a last UNBALLOON_REQUEST is out */
    PageRange reply[DM_RANGES_MAX];
    unsigned n_reply;           /* ranges of the BALLOON_RESPONSE being handled */
    PageRange offered;          /* a HOT_ADD_REQUEST is out; n_pages 0: none */
    uint64_t n_added, added_end;        /* pages taken, and where they end */
    bool resetting;
} model;

static void model_forget(void)
{
    for (unsigned i = 0; i < PFNS; i++) {
        model.page[i] &= (uint8_t)~GIVEN;
    }
    model.n_given = model.n_returning = 0;
    model.asked = model.returned = false;
    model.n_reply = 0;
}

/* What was offered is the guest's, up to @n_pages. */
static void model_added(uint64_t n_pages)
{
    n_pages = MIN(n_pages, model.offered.n_pages);
    if (n_pages) {
        model.n_added += n_pages;
        model.added_end = model.offered.start_pfn + n_pages;
        reached.added += n_pages;
    }
    model.offered.n_pages = 0;
}

static void model_offer(PageRange r)
{
    g_assert_cmpuint(r.start_pfn, >=, MAX(HOT_PFN, model.added_end));
    g_assert_cmpuint(r.n_pages, >, 0);
    g_assert_cmpuint(r.start_pfn + r.n_pages, <=, PFNS);
    model.offered = r;
}

static void model_reply(const uint8_t *msg, size_t len)
{
    model.n_reply = 0;
    uint32_t word = len >= 16 ? ldle32(msg + 12) : 0;
    if (!model.asked || len < 16 || word >> 1 > (len - 16) / 8) {
        return;
    }
    reached.replies++;
    for (unsigned i = 0; i < word >> 1; i++) {
        uint64_t raw = ldle64(msg + 16 + i * 8);
        model.reply[model.n_reply++] = (PageRange){ raw & 0xffffffffff, raw >> 40 };
    }
    model.asked = word & 1;
}

RingResult __wrap_vmbus_recv(VMBusDevice *dev, RingPacket *p, void *payload, size_t cap,
                             size_t *len_bytes);
RingResult __real_vmbus_recv(VMBusDevice *dev, RingPacket *p, void *payload, size_t cap,
                             size_t *len_bytes);
RingResult __wrap_vmbus_recv(VMBusDevice *dev, RingPacket *p, void *payload, size_t cap,
                             size_t *len_bytes)
{
    RingResult res = __real_vmbus_recv(dev, p, payload, cap, len_bytes);
    const uint8_t *msg = payload;

    if (res != RING_OK || p->type != RING_PACKET_INBAND || *len_bytes < 8) {
        return res;
    }
    g_assert_cmpuint(*len_bytes, <=, cap);
    reached.messages++;
    model.n_reply = 0;
    if (ldle16(msg) == DM_BALLOON_RESPONSE) {
        model_reply(msg, *len_bytes);
    } else if (ldle16(msg) == DM_UNBALLOON_RESPONSE && model.returned) {
        model.returned = false;
        model.n_returning = 0;
    } else if (ldle16(msg) == DM_HOT_ADD_RESPONSE && *len_bytes >= 16) {
        model_added(ldle32(msg + 8));
    }
    return res;
}

static void model_return(PageRange r)
{
    g_assert_cmpuint(r.n_pages, >, 0);
    for (uint64_t i = r.start_pfn; i < r.start_pfn + r.n_pages; i++) {
        g_assert_cmpuint(i, <, PFNS);
        g_assert_true(model.page[i] & GIVEN);
        model.page[i] &= (uint8_t)~GIVEN;
    }
    model.n_given -= r.n_pages;
    model.n_returning += r.n_pages;
    reached.returned += r.n_pages;
}

static void model_sent(const uint8_t *msg, size_t len)
{
    switch (ldle16(msg)) {
    case DM_BALLOON_REQUEST:
        g_assert_false(model.asked || model.returned || model.offered.n_pages); /* one at a time */
        model.asked = true;
        reached.requests++;
        break;
    case DM_HOT_ADD_REQUEST:
        g_assert_false(model.asked || model.returned || model.offered.n_pages);
        g_assert_cmpuint(len, ==, 24);
        g_assert_cmphex(ldle64(msg + 8), ==, ldle64(msg + 16));
        model_offer((PageRange){ ldle64(msg + 8) & 0xffffffffff, ldle64(msg + 8) >> 40 });
        break;
    case DM_UNBALLOON_REQUEST:
        g_assert_false(model.asked || model.returned || model.offered.n_pages);
        g_assert_cmpuint(len, ==, 16 + ldle32(msg + 12) * 8);
        for (unsigned i = 0; i < ldle32(msg + 12); i++) {
            uint64_t raw = ldle64(msg + 16 + i * 8);
            model_return((PageRange){ raw & 0xffffffffff, raw >> 40 });
        }
        model.returned = !(ldle32(msg + 8) & 1);
        break;
    default:
        break;
    }
}

RingResult __wrap_vmbus_send(VMBusDevice *dev, const RingPacket *p, const void *payload,
                             size_t len_bytes);
RingResult __real_vmbus_send(VMBusDevice *dev, const RingPacket *p, const void *payload,
                             size_t len_bytes);
RingResult __wrap_vmbus_send(VMBusDevice *dev, const RingPacket *p, const void *payload,
                             size_t len_bytes)
{
    RingResult res = __real_vmbus_send(dev, p, payload, len_bytes);

    if (res == RING_OK && p->type == RING_PACKET_INBAND) {
        g_assert_cmpuint(len_bytes, <=, DM_MESSAGE_MAX);
        model_sent(payload, len_bytes);
    }
    return res;
}

RingResult __wrap_ring_open(Ring *r, const RingMem *mem, unsigned first_page, unsigned n_pages,
                            bool produce);
RingResult __real_ring_open(Ring *r, const RingMem *mem, unsigned first_page, unsigned n_pages,
                            bool produce);
/* The host opens a channel: it was closed before, and a driver that was offered memory took it. */
RingResult __wrap_ring_open(Ring *r, const RingMem *mem, unsigned first_page, unsigned n_pages,
                            bool produce)
{
    if (mem->map != rings.out.mem.map && rings.out.mem.map) {
        model_added(UINT64_MAX);
        model_forget();
    }
    return __real_ring_open(r, mem, first_page, n_pages, produce);
}

/* The end of the part of @r's pages from @pfn on that the reply names; @pfn: not named. */
static uint64_t reply_covers(uint64_t pfn)
{
    uint64_t end = pfn;

    for (unsigned i = 0; i < model.n_reply; i++) {
        PageRange r = model.reply[i];
        if (r.start_pfn <= pfn && r.start_pfn + r.n_pages > end) {
            end = r.start_pfn + r.n_pages;
        }
    }
    return end;
}

static void model_discard(const RAMBlock *rb, uint64_t ofs, uint64_t len_bytes)
{
    uint64_t first = ofs / PAGE + (rb->host == far_ram ? FAR_PFN : rb->host == hot_ram ? HOT_PFN
                                                                                       : 0);
    uint64_t n = len_bytes / PAGE;

    g_assert_true(rb->host == far_ram || rb->host == fake.ram || rb->host == hot_ram);
    g_assert_true(ofs % PAGE == 0 && len_bytes % PAGE == 0);
    if (rb->host == hot_ram && (model.resetting || first >= MAX(HOT_PFN, model.added_end))) {
        return;                                 /* not the guest's */
    }
    for (uint64_t pfn = first, end; pfn < first + n; pfn = end) {
        end = reply_covers(pfn);
        g_assert_cmpuint(end, >, pfn);          /* the guest gave it, just now */
    }
    for (uint64_t pfn = first; pfn < first + n; pfn++) {
        g_assert_false(model.page[pfn] & GIVEN);
        model.page[pfn] |= GIVEN | DIRTY;
    }
    model.n_given += n;
    reached.discarded += n;
}

bool __wrap_ram_block_discard(RAMBlock *rb, uint64_t ofs, uint64_t len_bytes, Error **errp);
bool __real_ram_block_discard(RAMBlock *rb, uint64_t ofs, uint64_t len_bytes, Error **errp);
bool __wrap_ram_block_discard(RAMBlock *rb, uint64_t ofs, uint64_t len_bytes, Error **errp)
{
    model_discard(rb, ofs, len_bytes);
    return __real_ram_block_discard(rb, ofs, len_bytes, errp);
}

bool __wrap_ram_block_discard_many(RAMBlock *rb, const RamRange *r, unsigned n, Error **errp);
bool __real_ram_block_discard_many(RAMBlock *rb, const RamRange *r, unsigned n, Error **errp);
bool __wrap_ram_block_discard_many(RAMBlock *rb, const RamRange *r, unsigned n, Error **errp)
{
    for (unsigned i = 0; i < n; i++) {
        model_discard(rb, r[i].ofs, r[i].len_bytes);
    }
    return __real_ram_block_discard_many(rb, r, n, errp);
}

/* ---- guest memory ---- */

static uint64_t pattern(uint64_t pfn, unsigned at)
{
    return (pfn * PAGE + at) * 0x9e3779b97f4a7c15ull | 1;
}

static uint8_t *page_host(uint64_t pfn)
{
    return pfn < RAM_PAGES ? fake.ram + pfn * PAGE
         : pfn >= FAR_PFN && pfn < END_PFN ? far_ram + (pfn - FAR_PFN) * PAGE : NULL;
}

static void page_fill(uint64_t pfn)
{
    uint8_t *p = page_host(pfn);

    stle64(p, pattern(pfn, 0));
    stle64(p + PAGE - 8, pattern(pfn, PAGE - 8));
}

/* @refill: pages that were given or used get their pattern again, and are looked at from then on */
static void check_ram(bool refill)
{
    for (uint64_t pfn = 0; pfn < END_PFN; pfn = pfn + 1 == RAM_PAGES ? FAR_PFN : pfn + 1) {
        const uint8_t *p = page_host(pfn);
        if (!(model.page[pfn] & DIRTY) && (ldle64(p) != pattern(pfn, 0) ||
                                           ldle64(p + PAGE - 8) != pattern(pfn, PAGE - 8))) {
            g_error("page 0x%" G_GINT64_MODIFIER "x of the guest has changed", pfn);
        }
        if (refill && (model.page[pfn] & (DIRTY | NAMED))) {
            page_fill(pfn);
            model.page[pfn] &= (uint8_t)~(DIRTY | NAMED);
        }
    }
}

static void name_page(uint64_t pfn)
{
    if (pfn < PFNS) {
        model.page[pfn] |= NAMED;
    }
}

/* the guest itself writes there */
static uint8_t *guest_page(uint64_t pfn)
{
    uint8_t *p = pfn < END_PFN ? page_host(pfn) : NULL;

    if (p) {
        model.page[pfn] |= DIRTY;
    }
    return p;
}

typedef struct Arm { unsigned when; uint64_t pfn; unsigned at; uint32_t val; } Arm;
static Arm arms[8];
static unsigned n_arms;

static void under_our_feet(void)
{
    for (unsigned i = 0; i < n_arms; i++) {
        uint8_t *p = arms[i].when-- == 0 ? guest_page(arms[i].pfn) : NULL;
        if (p) {
            stle32(p + arms[i].at, arms[i].val);
        }
    }
}

void *__wrap_address_space_map(AddressSpace *as, uint64_t gpa, uint64_t *len_bytes, bool write);
void *__real_address_space_map(AddressSpace *as, uint64_t gpa, uint64_t *len_bytes, bool write);
void *__wrap_address_space_map(AddressSpace *as, uint64_t gpa, uint64_t *len_bytes, bool write)
{
    under_our_feet();
    return __real_address_space_map(as, gpa, len_bytes, write);
}

void __wrap_address_space_unmap(AddressSpace *as, void *hva, uint64_t len_bytes, bool written);
void __real_address_space_unmap(AddressSpace *as, void *hva, uint64_t len_bytes, bool written);
void __wrap_address_space_unmap(AddressSpace *as, void *hva, uint64_t len_bytes, bool written)
{
    uint8_t *p = hva;
    uint64_t pfn = p >= fake.ram && p < fake.ram + FAKE_RAM ? (uint64_t)(p - fake.ram) / PAGE
                 : p >= hot_ram && p < hot_ram + HOT_PAGES * PAGE
                 ? HOT_PFN + (uint64_t)(p - hot_ram) / PAGE
                 : FAR_PFN + (uint64_t)(p - far_ram) / PAGE;

    if (written) {
        g_assert_cmpuint(pfn, <, PFNS);
        g_assert_cmpuint(len_bytes, <=, PAGE);
        g_assert_true(model.page[pfn] & NAMED);
        model.page[pfn] |= DIRTY;
    }
    __real_address_space_unmap(as, hva, len_bytes, written);
}

/* ---- the main loop, until it rests ---- */

static unsigned n_later;

void __wrap_main_loop_later(void (*cb)(void *opaque), void *opaque);
void __real_main_loop_later(void (*cb)(void *opaque), void *opaque);
void __wrap_main_loop_later(void (*cb)(void *opaque), void *opaque)
{
    n_later++;
    __real_main_loop_later(cb, opaque);
}

static void pump(void)
{
    static unsigned seen;

    for (unsigned turns = 0; seen != n_later; turns++) {
        g_assert_cmpuint(turns, <, MAX_TURNS);
        seen = n_later;
        main_loop_step();
    }
}

/* ---- what a driver does ---- */

static void wrmsr(unsigned vp, unsigned reg, uint64_t val)
{
    if (reg == MSR_SIMP || reg == MSR_SIEFP) {
        name_page(val / PAGE);
        if (val / PAGE < END_PFN && page_host(val / PAGE)) {
            model.page[val / PAGE] |= DIRTY;
        }
    }
    synic_write(fake.partition->synic, vp, reg, val);
}

static void synic_on(unsigned vp)
{
    wrmsr(vp, MSR_SIMP, FAKE_SIMP + (vp << 12) + 1);
    wrmsr(vp, MSR_SIEFP, FAKE_SIEFP + (vp << 12) + 1);
    wrmsr(vp, MSR_SINT0 + FAKE_SINT, 0x20000 | FAKE_VECTOR);
    wrmsr(vp, MSR_SCONTROL, 1);
}

/* frees what is in the slots; the last offer's channel becomes ours */
static void take_messages(unsigned max)
{
    uint8_t p[240];
    uint32_t type;

    for (unsigned i = 0; i < max; i++) {
        pump();
        if (!fake_take_message(0, &type, p) && !fake_take_message(1, &type, p)) {
            return;
        }
        if (type == HV_MESSAGE_VMBUS && ldle32(p) == VMBUS_OFFERCHANNEL) {
            relid = le32_get(((const WireOffer *)(const void *)p)->relid);
        }
    }
}

static void name_gpadl_pages(const uint8_t *msg, unsigned len)
{
    uint32_t type = ldle32(msg);
    unsigned from = type == VMBUS_GPADL_HEADER ? sizeof(WireGpadlHeader) : sizeof(WireGpadlBody);

    if (type == VMBUS_GPADL_HEADER || type == VMBUS_GPADL_BODY) {
        for (unsigned at = from; at + 8 <= len && at + 8 <= 240; at += 8) {
            name_page(ldle64(msg + at));
        }
    }
}

static void post(unsigned type, void *wire, unsigned len)
{
    stle32(wire, type);
    name_gpadl_pages(wire, len);
    fake_post(1, wire, len);
}

static void gpadl(uint32_t id, uint64_t pfn, unsigned n)
{
    uint8_t w[240] = { 0 };
    WireGpadlHeader *h = (void *)w;

    h->relid = le32_of(relid);
    h->gpadl_id = le32_of(id);
    h->ranges_bytes = le16_of((uint16_t)(8 + n * 8));
    h->n_ranges = le16_of(1);
    h->byte_count = le32_of(n * PAGE);
    for (unsigned i = 0; i < n; i++) {
        stle64(w + sizeof(*h) + i * 8, pfn + i);
    }
    post(VMBUS_GPADL_HEADER, w, sizeof(*h) + n * 8);
}

static void open_channel(void)
{
    WireOpen w = { .relid = le32_of(relid), .open_id = le32_of(7),
                   .gpadl_id = le32_of(FAKE_GPADL), .downstream_page = le32_of(FAKE_RING_DOWN) };

    for (unsigned i = 0; i < FAKE_RING_PAGES; i++) {
        guest_page(FAKE_RING_GPA / PAGE + i);
    }
    fake_rings_clear();
    post(VMBUS_OPENCHANNEL, &w, sizeof(w));
    take_messages(2);
    RingMem mem = rings.out.mem;
    rings_good = ring_open(&rings.out, &mem, 0, FAKE_RING_DOWN, true) == RING_OK &&
                 ring_open(&rings.in, &mem, FAKE_RING_DOWN, FAKE_RING_PAGES - FAKE_RING_DOWN,
                           false) == RING_OK;
    rings.out.peer_waits = rings.in.peer_waits = true;
}

static void signal_host(void)
{
    hv_signal_event(fake.partition, 16 + relid, 0);
}

static void dm_send(const void *msg, size_t len)
{
    RingPacket p = { .type = RING_PACKET_INBAND };
    bool signal = false;

    if (rings_good && ring_write(&rings.out, &p, msg, len, &signal) == RING_OK) {
        signal_host();
    }
}

static void dm_simple(unsigned type, unsigned len, uint64_t a, uint64_t b, uint64_t c)
{
    uint8_t w[48] = { (uint8_t)type, (uint8_t)(type >> 8), (uint8_t)len, 0, 1 };

    stle64(w + 8, a);
    stle64(w + 16, b);
    stle64(w + 24, c);
    dm_send(w, MIN(len, sizeof(w)));
}

/* One packet of the host, answered as Linux would (@style 0), or about so; false: there is none. */
static bool serve_one(unsigned style)
{
    static uint8_t msg[DM_MESSAGE_MAX];
    RingPacket p;
    bool signal = false;
    size_t len;

    pump();
    if (!rings_good || ring_read(&rings.in, &p, msg, sizeof(msg), &len, &signal) != RING_OK) {
        return false;
    }
    if (signal) {
        signal_host();
    }
    if (p.type != RING_PACKET_INBAND || len < 16) {
        return true;
    }
    if (ldle16(msg) == DM_BALLOON_REQUEST) {
        uint64_t n = MIN(ldle32(msg + 8), style & 3 ? 0x40 : 0x800);
        uint8_t w[24] = { DM_BALLOON_RESPONSE, 0, 24, 0, 9 };
        stle32(w + 12, 1 << 1);
        stle64(w + 16, (0x800 + style * 64) | n << 40);
        dm_send(w, sizeof(w));
    } else if (ldle16(msg) == DM_UNBALLOON_REQUEST && !(ldle32(msg + 8) & 1)) {
        dm_simple(DM_UNBALLOON_RESPONSE, 8, 0, 0, 0);
    } else if (ldle16(msg) == DM_HOT_ADD_REQUEST) {
        uint64_t n = ldle64(msg + 8) >> 40;
        const uint64_t taken[8] = { n, n, n / 2, n + 100, UINT32_MAX, 0, 1, 0 };
        dm_simple(DM_HOT_ADD_RESPONSE, 16, taken[style % 8] | (uint64_t)(style % 8 < 7) << 32, 0,
                  0);
    }
    return true;
}

static void start_over(void)
{
    model.resetting = true;
    device_reset_all();
    hv_partition_reset(fake.partition);
    pump();
    model.resetting = false;
    model.offered.n_pages = model.n_added = model.added_end = 0;
    n_arms = 0;
    rings_good = false;
    relid = 1;
    model_forget();
}

/* ---- operations ---- */

/* From reset as far as @how says; 7: all the way. */
static void op_connect(Input *in)
{
    unsigned upto = in_u8(in) % 16;
    WireInitiate contact = { .version = le32_of(VMBUS_VERSION_4_0) };
    WireVMBus empty = { 0 };

    start_over();
    upto = upto > 7 ? 7 : upto;
    if (upto > 0) {
        synic_on(0);
    }
    if (upto > 1) {
        post(VMBUS_INITIATE_CONTACT, &contact, sizeof(contact));
        take_messages(2);
    }
    if (upto > 2) {
        post(VMBUS_REQUESTOFFERS, &empty, sizeof(empty));
        take_messages(4);
    }
    if (upto > 3) {
        gpadl(FAKE_GPADL, FAKE_RING_GPA / PAGE, FAKE_RING_PAGES);
        take_messages(2);
    }
    if (upto > 4) {
        open_channel();
    }
    if (upto > 5) {
        dm_simple(DM_VERSION_REQUEST, 16, DM_VERSION_2_0, 0, 0);
        serve_one(0);
    }
    if (upto > 6) {
        dm_simple(DM_CAPS_REPORT, 32, CAPS, 0, UINT64_MAX);
        serve_one(0);
    }
}

/* Where ranges are interesting: edges of RAM, devices, rings, the message pages. */
static uint64_t any_pfn(Input *in)
{
    static const uint32_t places[] = { 0, 0x0f, 0x10, 0x20, HOLE_PFN - 1, HOLE_PFN, HOLE_PFN + 31,
        HOLE_PFN + 32, 0x100, 0x105, 0x10a, RAM_PAGES - 1, ROM_PFN, ROM_PFN + 3, ROM_PFN + 4,
        ROM_PFN + 5, FAR_PFN - 1, FAR_PFN, END_PFN - 1, END_PFN, HOT_PFN - 1, HOT_PFN,
        HOT_PFN + 0x100, HOT_PFN + 0x3ff, PFNS - 1, PFNS };
    uint8_t how = in_u8(in);

    return how < 0x80 ? 0x800 + how * 64u
         : how < 0xc0 ? places[how % G_N_ELEMENTS(places)] : in_num(in, in_u8(in));
}

/* A control message with its fields good, or not. */
static void op_control(Input *in)
{
    static const uint8_t types[] = { 3, 5, 7, 8, 9, 11, 13, 14, 16 };
    uint8_t w[240] = { 0 };
    uint8_t pick = in_u8(in);
    unsigned type = pick < 0xf0 ? types[pick % G_N_ELEMENTS(types)] : in_u8(in) % 32;
    unsigned len = type == VMBUS_OPENCHANNEL ? sizeof(WireOpen)
                 : type == VMBUS_INITIATE_CONTACT ? sizeof(WireInitiate) : 16;

    switch (type) {
    case VMBUS_INITIATE_CONTACT:
        stle32(w + 8, (uint32_t)in_num(in, VMBUS_VERSION_4_0));
        stle32(w + 12, (uint32_t)in_num(in, 0));
        stle64(w + 16, in_num(in, 0));
        break;
    case VMBUS_GPADL_HEADER: {
        unsigned n = (unsigned)in_num(in, FAKE_RING_PAGES);
        uint64_t pfn = in_u8(in) < 0x80 ? FAKE_RING_GPA / PAGE : any_pfn(in);
        stle32(w + 8, (uint32_t)in_num(in, relid));
        stle32(w + 12, (uint32_t)in_num(in, FAKE_GPADL));
        stle16(w + 16, (uint16_t)in_num(in, 8 + n * 8));
        stle16(w + 18, (uint16_t)in_num(in, 1));
        stle32(w + 20, (uint32_t)in_num(in, n * (uint64_t)PAGE));
        stle32(w + 24, (uint32_t)in_num(in, 0));
        unsigned step = in_u8(in) < 0xe0;       /* 0: the same page again and again */
        len = 28 + MIN(n, 26u) * 8;
        for (unsigned i = 0; i < 26; i++) {
            stle64(w + 28 + i * 8, pfn + i * step);
        }
        break;
    }
    case VMBUS_GPADL_BODY: {
        unsigned n = (unsigned)in_num(in, 4);
        uint64_t pfn = any_pfn(in);
        stle32(w + 12, (uint32_t)in_num(in, FAKE_GPADL));
        len = 16 + MIN(n, 28u) * 8;
        for (unsigned i = 0; i < 28; i++) {
            stle64(w + 16 + i * 8, pfn + i);
        }
        break;
    }
    case VMBUS_OPENCHANNEL:
        stle32(w + 8, (uint32_t)in_num(in, relid));
        stle32(w + 16, (uint32_t)in_num(in, FAKE_GPADL));
        stle32(w + 20, (uint32_t)in_num(in, 0));
        stle32(w + 24, (uint32_t)in_num(in, FAKE_RING_DOWN));
        break;
    default:
        stle32(w + 8, (uint32_t)in_num(in, type == VMBUS_GPADL_BODY ? 0 : relid));
        stle32(w + 12, (uint32_t)in_num(in, FAKE_GPADL));
        break;
    }
    len = (unsigned)in_num_max(in, len, 240);
    post(type, w, len);
    if (in_u8(in) < 0xc0) {
        take_messages(3);
    }
}

/* Any bytes to any port. */
static void op_post(Input *in)
{
    uint8_t w[HV_POST_MESSAGE_BYTES] = { 0 };
    unsigned n = in_u8(in) % 240;

    stle32(w, (uint32_t)in_num(in, 1));
    stle32(w + 8, (uint32_t)in_num(in, HV_MESSAGE_VMBUS));
    stle32(w + 12, (uint32_t)in_num(in, n));
    for (unsigned i = 0; i < n; i++) {
        w[16 + i] = in_u8(in);
    }
    name_gpadl_pages(w + 16, 240);
    hv_post_message(fake.partition, w);
}

static void op_balloon_reply(Input *in)
{
    static uint8_t w[DM_MESSAGE_MAX];
    uint8_t how = in_u8(in);
    unsigned n = how < 0x80 ? how % 8 : how < 0xe0 ? how : DM_RANGES_MAX;
    uint64_t pfn = any_pfn(in), pages = in_num(in, how & 7 ? 64 : 1), stride = in_num(in, pages);

    memset(w, 0, sizeof(w));
    stle16(w, DM_BALLOON_RESPONSE);
    stle16(w + 2, (uint16_t)in_num(in, 16 + n * 8));
    stle32(w + 4, (uint32_t)in_num(in, 1));
    stle32(w + 12, (uint32_t)in_num(in, n) << 1 | (in_u8(in) > 0xa0));
    for (unsigned i = 0; i < n; i++) {
        if (n <= 8 && i && in_u8(in) & 1) {
            pfn = any_pfn(in);
        }
        stle64(w + 16 + i * 8, (pfn & 0xffffffffff) | (pages & 0xffffff) << 40);
        pfn += stride;
    }
    dm_send(w, in_num_max(in, 16 + n * 8, sizeof(w)));
}

/* A Dynamic Memory message, each field good or not. */
static void op_dynmem(Input *in)
{
    static const struct { uint8_t type, len; uint64_t a, b; } rows[] = {
        { DM_VERSION_REQUEST, 16, DM_VERSION_2_0, 0 }, { DM_CAPS_REPORT, 32, CAPS, 0 },
        { DM_STATUS_REPORT, 48, 1000, 2000 }, { DM_UNBALLOON_RESPONSE, 8, 0, 0 },
        { DM_HOT_ADD_RESPONSE, 16, 0x100000400, 0 }, { DM_BALLOON_RESPONSE, 16, 0, 0 },
        { DM_HOT_REMOVE_RESPONSE, 24, 0, 0 }, { DM_INFO, 32, 0, 0 },
    };
    uint8_t how = in_u8(in);

    if (how < 0x80) {
        op_balloon_reply(in);
        return;
    }
    unsigned i = how % G_N_ELEMENTS(rows), type = (unsigned)in_num(in, rows[i].type);
    uint64_t a = in_num(in, rows[i].a), b = in_num(in, rows[i].b);
    dm_simple(type, (unsigned)in_num(in, rows[i].len), a, b, in_num(in, UINT64_MAX));
}

/* A packet whose header says anything, at the producer's place. */
static void op_packet(Input *in)
{
    uint8_t *ctl = fake.ram + FAKE_RING_GPA, *data = ctl + PAGE;
    uint32_t size = (FAKE_RING_DOWN - 1) * PAGE, at = ldle32(ctl) % size & ~7u;
    uint8_t h[24];

    stle16(h, (uint16_t)in_num(in, RING_PACKET_INBAND));
    stle16(h + 2, (uint16_t)in_num(in, 2));
    stle16(h + 4, (uint16_t)in_num(in, 3));
    stle16(h + 6, (uint16_t)in_num(in, 1));
    stle64(h + 8, in_num(in, 3));
    stle64(h + 16, in_num(in, DM_UNBALLOON_RESPONSE));
    for (unsigned i = 0; i < 4 * PAGE; i += PAGE) {
        guest_page((FAKE_RING_GPA + PAGE + i) / PAGE);
    }
    for (unsigned i = 0; i < sizeof(h); i++) {
        data[(at + i) % size] = h[i];
    }
    guest_page(FAKE_RING_GPA / PAGE);
    at = (at + (uint32_t)in_num(in, 32)) % size;
    stle32(ctl, at);
    if (rings_good) {
        rings.out.idx = at & ~7u;               /* the driver goes on from there */
    }
    signal_host();
}

/* A field of a control page. */
static void op_control_page(Input *in)
{
    static const unsigned at[] = { 0, 4, 8, 12, 64 };
    uint8_t how = in_u8(in);
    uint8_t *p = guest_page(FAKE_RING_GPA / PAGE + (how & 1 ? FAKE_RING_DOWN : 0));

    stle32(p + at[how / 2 % 5], (uint32_t)in_num(in, how & 0xf8));
}

static void op_scribble(Input *in)
{
    uint8_t *p = guest_page(FAKE_RING_GPA / PAGE + in_u8(in) % FAKE_RING_PAGES);

    stle64(p + in_bytes(in, 2) % (PAGE - 8), in_num(in, 0x0003000200020006));
}

/* The same between two of the host's accesses. */
static void op_arm(Input *in)
{
    static const unsigned at[] = { 0, 4, 8, 12, 64, PAGE - 8, 2, 6 };
    uint8_t how = in_u8(in);

    if (n_arms < G_N_ELEMENTS(arms)) {
        arms[n_arms++] = (Arm){
            .when = in_u8(in) % 64, .at = at[how % 8],
            .pfn = how < 0xc0 ? FAKE_RING_GPA / PAGE + (how & 8 ? FAKE_RING_DOWN : how & 16 ? 1 : 0)
                 : how < 0xe0 ? FAKE_SIMP / PAGE : FAKE_SIEFP / PAGE,
            .val = (uint32_t)in_num(in, how & 0xf8),
        };
    } else {
        n_arms = 0;
    }
}

static void op_signal(Input *in)
{
    uint32_t connection = (uint32_t)in_num(in, 16 + relid);

    hv_signal_event(fake.partition, connection, (uint16_t)in_num(in, 0));
}

static void op_msr(Input *in)
{
    unsigned vp = in_u8(in) % 4, reg = in_u8(in) % 0x20;
    uint8_t how = in_u8(in);
    uint64_t val = how < 0x60 ? (any_pfn(in) << 12 | (how & 1)) : in_num(in, 0x200f3);

    if (reg == MSR_SIMP || reg == MSR_SIEFP || vp >= FAKE_VPS || reg > 4) {
        wrmsr(vp, reg, val);
    } else {
        wrmsr(vp, reg, val & 1);
    }
    if (how & 0x80) {
        synic_on(vp % FAKE_VPS);
    }
}

static void op_target(Input *in)
{
    uint8_t how = in_u8(in);

    balloon_set_target(how < 0x60 ? (uint64_t)(1 + how % 64) << 20
                       : how < 0xc0 ? (uint64_t)how << 20 : in_num(in, FAKE_RAM), NULL);
}

static void op_clock(Input *in)
{
    static const int64_t steps_ms[] = { 1, 100, 1000, 60000 };

    clock_virtual_advance(steps_ms[in_u8(in) % 4] * 1000000);
}

static void op_serve(Input *in)
{
    uint8_t how = in_u8(in);

    for (unsigned i = 0; i < how % 64 && serve_one(how % 64); i++) {
    }
}

static void op_reopen(Input *in)
{
    uint8_t how = in_u8(in);
    WireRelid w = { .relid = le32_of(relid) };
    WireGpadlTeardown t = { .relid = le32_of(relid), .gpadl_id = le32_of(FAKE_GPADL) };

    post(VMBUS_CLOSECHANNEL, &w, sizeof(w));
    if (how & 1) {
        post(VMBUS_GPADL_TEARDOWN, &t, sizeof(t));
        take_messages(2);
        gpadl(FAKE_GPADL, FAKE_RING_GPA / PAGE, FAKE_RING_PAGES);
    }
    take_messages(4);
    open_channel();
    if (how & 2) {
        dm_simple(DM_VERSION_REQUEST, 16, DM_VERSION_2_0, 0, 0);
        serve_one(0);
        dm_simple(DM_CAPS_REPORT, 32, CAPS, 0, UINT64_MAX);
        serve_one(0);
    }
}

static void op_flood(Input *in)
{
    uint8_t how = in_u8(in);
    uint64_t a = in_num(in, 5), b = in_num(in, 6);

    for (unsigned i = 0; i < 100u + how; i++) {
        dm_simple(how & 1 ? DM_STATUS_REPORT : DM_UNBALLOON_RESPONSE, 48, a, b, 0);
        if (how & 2) {
            pump();
        }
    }
}

/* Memory that comes and goes: what was a ring or SynIC page may be none any more. */
static void op_unplug(Input *in)
{
    MemoryRegion *root = address_space_root(address_space_memory);

    far_there = !far_there;
    if (far_there) {
        memory_region_add(root, (uint64_t)FAR_PFN * PAGE, &far_mr);
    } else {
        memory_region_del(root, &far_mr);
    }
}

static void op_take(Input *in) { take_messages(in_u8(in) % 8); }
static void op_pump(Input *in) { pump(); }

typedef struct Op { void (*run)(Input *in); unsigned weight; } Op;
static const Op ops[] = {
    { op_connect, 4 }, { op_target, 34 }, { op_control, 30 }, { op_post, 6 }, { op_dynmem, 70 },
    { op_packet, 5 }, { op_control_page, 6 }, { op_scribble, 4 }, { op_arm, 10 }, { op_signal, 6 },
    { op_msr, 10 }, { op_clock, 6 }, { op_serve, 35 }, { op_reopen, 8 }, { op_flood, 3 },
    { op_unplug, 3 }, { op_take, 8 }, { op_pump, 8 },
};
static uint8_t op_of_byte[256];

const char fuzz_name[] = "vmbus";
/* connected, 31 MiB wanted, so that a request is out */
const uint8_t fuzz_prefix[] = { 0, 7, 1, 4, 30, 1 };
const unsigned fuzz_prefix_bytes = sizeof(fuzz_prefix);

/* ---- the target ---- */

static uint64_t io_read(void *opaque, uint64_t ofs, unsigned bytes) { return 0x55; }
static void io_write(void *opaque, uint64_t ofs, uint64_t val, unsigned bytes) { }
static const MemoryRegionOps io_ops = { .read = io_read, .write = io_write };

static void backend_init(void)
{
    MachineServices *ms = machine_services();
    Object *o = object_new("memory-backend-ram");

    object_set(o, "size", "32M", NULL);
    object_add_child(object_container("/objects"), "mem1", o);
    g_assert_true(user_creatable_complete(o, NULL));
    hot_ram = memory_backend_ram(o)->host;
    ms->hotplug_gpa = (uint64_t)HOT_PFN * PAGE;
    ms->hotplug_bytes = HOT_PAGES * PAGE;
    ms->maxram_bytes = ms->ram_bytes + ms->hotplug_bytes;
}

static void machine_init(void)
{
    MemoryRegion *root;
    RAMBlock *rb;

    fake_guest_init();
    root = address_space_root(address_space_memory);
    rb = ram_block_new("far", FAR_PAGES * PAGE, 0, NULL);
    far_ram = rb->host;
    memory_region_init_ram_block(&far_mr, NULL, "far", rb);
    memory_region_add(root, (uint64_t)FAR_PFN * PAGE, &far_mr);
    far_there = true;
    memory_region_init_ram_ptr(&rom_mr, NULL, "rom", sizeof(rom), rom, true);
    memory_region_add(root, (uint64_t)ROM_PFN * PAGE, &rom_mr);
    memory_region_init_io(&io_mr, NULL, &io_ops, NULL, "device", PAGE);
    memory_region_add(root, (uint64_t)(ROM_PFN + 4) * PAGE, &io_mr);
    memory_region_init_io(&hole_mr, NULL, &io_ops, NULL, "vga", HOLE_PAGES * PAGE);
    memory_region_add_overlap(root, (uint64_t)HOLE_PFN * PAGE, &hole_mr, 1);
    /* half a page of something: RAM around it is in no whole page */
    memory_region_init_io(&page_table_mr, NULL, &io_ops, NULL, "half", PAGE / 2);
    memory_region_add_overlap(root, (uint64_t)0x900 * PAGE, &page_table_mr, 1);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    KeyValue props[] = { { (char *)"status-report", (char *)"on" },
                         { (char *)"post-boot-delay", (char *)"0" },
                         { (char *)"memdev", (char *)"mem1" } };
    unsigned byte = 0;

    machine_init();
    backend_init();
    log_set_file("/dev/null", NULL);
    log_set_items("guest_errors", NULL);
    g_assert_nonnull(device_add_opts("hv-balloon", "hv1", props, 3, false, NULL));
    for (uint64_t pfn = 0; pfn < END_PFN; pfn = pfn + 1 == RAM_PAGES ? FAR_PFN : pfn + 1) {
        page_fill(pfn);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(ops); i++) {
        for (unsigned k = 0; k < ops[i].weight && byte < 256; k++) {
            op_of_byte[byte++] = (uint8_t)i;
        }
    }
    g_assert_cmpuint(byte, ==, 256);
    /* the guest's ends of the rings, once; open_channel() opens them again */
    fake_rings_clear();
    fake_rings_init(&rings, relid);
    return 0;
}

/* The pages that rings and messages use start empty, and nobody has named a page yet. */
static void fresh_pages(void)
{
    for (unsigned i = 0; i < PFNS; i++) {
        model.page[i] &= (uint8_t)~NAMED;
    }
    for (unsigned i = 0; i < FAKE_RING_PAGES; i++) {
        memset(guest_page(FAKE_RING_GPA / PAGE + i), 0, PAGE);
    }
    for (unsigned i = 0; i < FAKE_VPS; i++) {
        memset(guest_page(FAKE_SIMP / PAGE + i), 0, PAGE);
        memset(guest_page(FAKE_SIEFP / PAGE + i), 0, PAGE);
    }
}

/* Closed (all is the guest's, also what was on offer), or what the model says. */
static void check_actual(void)
{
    uint64_t bytes, gone = model.n_given + model.n_returning, all = RAM_PAGES + model.n_added;

    g_assert_true(balloon_query(&bytes, NULL));
    g_assert_cmpuint(bytes % PAGE, ==, 0);
    g_assert_true(bytes / PAGE == all || bytes / PAGE == all - MIN(gone, all) ||
                  bytes / PAGE == all + model.offered.n_pages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned n_runs;
    Input in = { data, data + size };

    start_over();
    fresh_pages();
    balloon_set_target(FAKE_RAM, NULL);
    if (n_runs % 64 == 0) {
        trace_set("*", n_runs % 128 == 0);      /* formats too */
    }
    while (in.p < in.end) {
        ops[op_of_byte[in_u8(&in)]].run(&in);
        if (in_u8(&in) & 0x81) {
            pump();
        }
    }
    pump();
    check_actual();
    if (!far_there) {
        op_unplug(&in);
    }
    if (n_runs++ % CHECK_RAM_EVERY == 0) {
        start_over();
        check_ram(n_runs % REFILL_EVERY == 1);
    }
    return 0;
}
