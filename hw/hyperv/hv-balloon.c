/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's side of this protocol is a Dynamic Memory driver (Linux: hv_balloon). States, with
 * the function behind each arrow:
 *
 *            channel opened              VERSION_REQUEST good          CAPABILITIES_REPORT
 *     CLOSED --------------> VERSION -----------------------> CAPS -----------------------+
 *       ^    balloon_open      |  on_version (bad: stays)           on_caps               v
 *       |                      |                                                         WAIT
 *       +---- channel closed, from any state: balloon_close                               |
 *                                                                   post-boot-delay over: |
 *                      poll_idle: guest has too much                         wait_is_over |
 *      BALLOON_POST <--------------------------- IDLE <-----------------------------------+
 *           | poll_balloon: sent                 ^ ^ | |
 *           v                                    | | | | poll_idle: too little, and it gave some
 *      BALLOON_REPLY ---- on_balloon: last ------+ | | v
 *                                                  | | UNBALLOON_POST
 *                                                  | |   | poll_unballoon: all sent
 *      UNBALLOON_REPLY <---------------------------|-|---+
 *           |  on_unballoon                        | |
 *           +--------------------------------------+ | poll_idle: too little, nothing to return
 *                                                  | v
 *                                                  | HOT_ADD_POST
 *                                                  |   | poll_hot_add: sent
 *      HOT_ADD_REPLY <-----------------------------|---+
 *           |  on_hot_add                          |
 *           +--------------------------------------+
 *
 * A full ring keeps a POST state until the guest makes room. A guest that never answers keeps its
 * REPLY state: that costs nothing, and a later target is only noted.
 *
 * Pages that the guest gave are in a tree of ranges; only those are ever given back. Their content
 * is dropped. A page is taken once, and only if it is RAM; the rest of a reply is not affected.
 * The tree has a limit: pages that would need one range more are left alone, and no more are asked
 * for. They count as the guest's, which does not use them until its driver starts again.
 *
 * Memory beyond boot RAM comes from 'memdev' (hot-add.c), in pieces of the guest's alignment; what
 * is too much of the last piece is ballooned away again. The guest keeps what was added until the
 * machine is reset: also when its driver goes away in the middle of an answer. A kernel that takes
 * over without a reset (kexec) counts as having boot RAM only until it has been offered it again.
 */
#include <inttypes.h>
#include <string.h>
#include "dynmem-wire.h"
#include "backends/hostmem.h"
#include "hot-add.h"
#include "hw/core/balloon.h"
#include "hw/core/memory-device.h"
#include "page-range-tree.h"
#include "partition.h"
#include "qom/parse.h"
#include "util/main-loop.h"
#include "util/trace-hw_hyperv.h"
#include "vmbus.h"

#define TYPE_HV_BALLOON "hv-balloon"
DECLARE_TYPE(HvBalloon, hv_balloon, TYPE_HV_BALLOON)

enum {
    REQUEST_PAGES_MAX = 585728,         /* Windows gives nothing at all when asked for more */
    UNBALLOON_MESSAGE_PAGES = 1 << 18,  /* the guest frees one message's pages in one go */
    PACKETS_A_TURN = 64,
    WINDOWS_DELAY_S = 50,               /* some versions crash on requests right after boot */
    DELAY_AUTO = -1,
    MIB_PAGES = 256,
    PRINT_RANGES_MAX = 16,
};
/* From there on Linux may add memory in blocks of 2 GiB only, whatever alignment it reports. */
#define LARGE_GUEST_PAGES ((uint64_t)64 * 1024 * MIB_PAGES)
#define LARGE_BLOCK_PAGES ((uint64_t)2 * 1024 * MIB_PAGES)

typedef enum StateId {
    CLOSED, VERSION, CAPS, WAIT, IDLE, BALLOON_POST, BALLOON_REPLY, UNBALLOON_POST,
    UNBALLOON_REPLY, HOT_ADD_POST, HOT_ADD_REPLY, N_STATES
} StateId;

/* What one kind of transaction moved for the last target that needed any, and how fast. */
typedef struct Transfer { uint64_t pages; int64_t ns; unsigned plan; } Transfer;

struct HvBalloon {
    VMBusDevice parent;
    /* properties */
    Object *memdev;
    uint64_t addr;
    bool status_report, keep_size;
    int64_t delay_s;                    /* DELAY_AUTO */
    uint32_t max_ranges;

    /* all below: big lock */
    StateId state;
    Timer *delay;
    uint64_t boot_pages;
    HotAdd *hot_add;                    /* NULL: no memdev */
    bool have_memdev;                   /* claimed, ours to drop */
    unsigned guest_ends;                /* vmbus_guest_ends() of the guest that hot_add knows */
    PageRangeTree *removed;             /* given by the guest */
    uint64_t returning;                 /* pages told to the guest, which has not answered yet */
    uint64_t target_pages;
    bool target_changed;                /* not acted on yet */
    uint64_t to_remove, to_grow;        /* pages left of what the last target asked for */
    uint64_t to_return;                 /* UNBALLOON_POST: of to_grow, not sent yet */
    uint32_t trans_id, version;
    bool can_balloon, can_hot_add;
    PageRange offer;                    /* HOT_ADD_POST, HOT_ADD_REPLY */
    /* BALLOON_REPLY */
    uint64_t asked_pages, got_pages, claimed_pages;
    unsigned n_replies;
    bool refused;                       /* some of it: too many ranges */
    bool have_status;
    BalloonStatus status;
    int64_t status_ns, state_ns;        /* when it came; since when we are in the state */
    int64_t start_ns;                   /* of the transaction under way */
    unsigned plan;                      /* counts targets looked at */
    Transfer ballooned, returned, added;
};

static const char *const state_names[] = {
    [CLOSED] = "closed", [VERSION] = "version", [CAPS] = "caps", [WAIT] = "wait", [IDLE] = "idle",
    [BALLOON_POST] = "balloon-post", [BALLOON_REPLY] = "balloon-reply",
    [UNBALLOON_POST] = "unballoon-post", [UNBALLOON_REPLY] = "unballoon-reply",
    [HOT_ADD_POST] = "hot-add-post", [HOT_ADD_REPLY] = "hot-add-reply",
};

static int64_t now_ns(void)
{
    return clock_ns(CLOCK_REALTIME_MONO);
}

static void set_state(HvBalloon *b, StateId to)
{
    if (b->state != to) {
        trace_hv_balloon_state_change(state_names[b->state], state_names[to]);
        b->state = to;
        b->state_ns = now_ns();
    }
}

static RingResult send(HvBalloon *b, const uint8_t *msg, size_t len_bytes, uint32_t trans_id)
{
    RingPacket p = { .type = RING_PACKET_INBAND, .trans_id = trans_id };

    RingResult res = vmbus_send(&b->parent, &p, msg, len_bytes);
    trace_hv_balloon_message_out(dm_type_name((unsigned)(msg[0] | msg[1] << 8)), len_bytes,
                                 res == RING_OK);
    if (res != RING_OK && res != RING_FULL) {
        vmbus_break(&b->parent, "cannot send");
    }
    return res;
}

/* ---- how much the guest has ---- */

/* all that is in its address space */
static uint64_t total_pages(const HvBalloon *b)
{
    return b->boot_pages + (b->hot_add ? hot_add_pages(b->hot_add) : 0);
}

static uint64_t max_pages(const HvBalloon *b)
{
    return b->boot_pages + (b->hot_add ? hot_add_max_pages(b->hot_add) : 0);
}

static uint64_t pages_now(const HvBalloon *b)
{
    uint64_t removed = page_range_tree_pages(b->removed) + b->returning, total = total_pages(b);

    return total - MIN(removed, total);
}

static uint64_t actual_bytes(void *opaque)
{
    return pages_now(opaque) * RING_PAGE;
}

static void tell_change(HvBalloon *b)
{
    balloon_changed(actual_bytes(b));
}

static void transferred(HvBalloon *b, Transfer *t, uint64_t pages)
{
    if (t->plan != b->plan) {
        *t = (Transfer){ .plan = b->plan };
    }
    t->pages += pages;
    t->ns += now_ns() - b->start_ns;
}

/* ---- polling: what a state does by itself ---- */

static void look_at_target(HvBalloon *b)
{
    uint64_t now = pages_now(b);

    b->target_changed = false;
    b->plan++;
    b->to_remove = now > b->target_pages ? now - b->target_pages : 0;
    b->to_grow = b->target_pages > now ? b->target_pages - now : 0;
}

/* What the guest gave comes first; then memory that it never had. */
static void grow(HvBalloon *b)
{
    b->to_return = MIN(b->to_grow, page_range_tree_pages(b->removed));
    if (b->to_return) {
        b->to_grow -= b->to_return;
        set_state(b, UNBALLOON_POST);
        return;
    }
    b->offer = (PageRange){ 0, 0 };
    if (b->hot_add && b->can_hot_add) {
        b->offer = hot_add_next(b->hot_add, b->to_grow, b->can_balloon);
    }
    if (b->offer.n_pages) {
        hot_add_offer(b->hot_add, b->offer);
        set_state(b, HOT_ADD_POST);
    } else {
        b->to_grow = 0;             /* as far as it goes */
    }
}

static bool poll_idle(HvBalloon *b)
{
    if (b->target_changed) {
        look_at_target(b);
    }
    b->to_remove = b->can_balloon ? b->to_remove : 0;
    b->start_ns = now_ns();
    if (b->to_remove) {
        set_state(b, BALLOON_POST);
    } else if (b->to_grow) {
        grow(b);
    }
    return b->state != IDLE;
}

static bool poll_balloon(HvBalloon *b)
{
    uint32_t pages = (uint32_t)MIN(b->to_remove, REQUEST_PAGES_MAX);
    uint8_t msg[DM_MESSAGE_MAX];
    size_t len = dm_build_balloon_request(msg, b->trans_id, pages);

    if (send(b, msg, len, b->trans_id) != RING_OK) {
        return false;
    }
    trace_hv_balloon_outgoing_balloon(b->trans_id, pages, b->to_remove);
    b->asked_pages = pages;
    b->got_pages = b->claimed_pages = 0;
    b->n_replies = 0;
    b->refused = false;
    set_state(b, BALLOON_REPLY);
    return true;
}

/* Ranges for one message out of the tree; returns their number. */
static unsigned take_ranges(HvBalloon *b, PageRange *ranges, uint64_t max_pages)
{
    unsigned n = 0;

    while (n < DM_RANGES_MAX && max_pages &&
           page_range_tree_pop(b->removed, MIN(max_pages, DM_RANGE_PAGES_MAX), &ranges[n])) {
        max_pages -= ranges[n++].n_pages;
    }
    return n;
}

static uint64_t sum_pages(const PageRange *ranges, unsigned n)
{
    uint64_t pages = 0;

    for (unsigned i = 0; i < n; i++) {
        pages += ranges[i].n_pages;
    }
    return pages;
}

static bool poll_unballoon(HvBalloon *b)
{
    PageRange ranges[DM_RANGES_MAX] = { 0 };
    uint8_t msg[DM_MESSAGE_MAX];
    unsigned n = take_ranges(b, ranges, MIN(b->to_return, UNBALLOON_MESSAGE_PAGES));
    uint64_t pages = sum_pages(ranges, n);
    bool more = pages < b->to_return && page_range_tree_pages(b->removed);
    size_t len = dm_build_unballoon_request(msg, b->trans_id, ranges, n, more);

    if (send(b, msg, len, b->trans_id) != RING_OK) {
        for (unsigned i = 0; i < n; i++) {
            page_range_tree_insert(b->removed, ranges[i], NULL, NULL);
        }
        return false;           /* when there is room, again */
    }
    b->to_return -= pages;
    b->returning += pages;
    trace_hv_balloon_outgoing_unballoon(b->trans_id, n, pages, more, b->to_return);
    if (!more) {
        b->to_return = 0;
        set_state(b, UNBALLOON_REPLY);
    }
    return true;
}

static bool poll_hot_add(HvBalloon *b)
{
    uint8_t msg[DM_MESSAGE_MAX];
    size_t len = dm_build_hot_add_request(msg, b->trans_id, b->offer, b->offer);

    if (send(b, msg, len, b->trans_id) != RING_OK) {
        return false;
    }
    trace_hv_balloon_hot_add(b->offer.n_pages, b->offer.start_pfn);
    set_state(b, HOT_ADD_REPLY);
    return true;
}

typedef bool PollFn(HvBalloon *b);      /* true: something was done, poll again */
static PollFn *const polls[N_STATES] = {
    [IDLE] = poll_idle, [BALLOON_POST] = poll_balloon, [UNBALLOON_POST] = poll_unballoon,
    [HOT_ADD_POST] = poll_hot_add,
};

static void poll(HvBalloon *b)
{
    while (polls[b->state] && polls[b->state](b)) {
    }
}

/* ---- pages that the guest gives ---- */

/* Contiguous discards of one reply are joined, and all are handed to the host together. */
enum { MAX_RUNS = 256 };
typedef struct Discard {
    HvBalloon *b;
    RAMBlock *block;
    unsigned n_runs;            /* to do */
    uint64_t section_gpa, section_ofs;  /* of the RAM being looked at */
    uint64_t new_pages, twice_pages, foreign_pages, refused_pages;
    RamRange runs[MAX_RUNS];    /* not cleared at the start */
} Discard;

static void discard_flush(Discard *d)
{
    g_autoptr(Error) err = NULL;

    if (d->n_runs && !ram_block_discard_many(d->block, d->runs, d->n_runs, &err)) {
        guest_error("hv-balloon: %s", error_text(err));
    }
    d->n_runs = 0;
}

static void discard_run(PageRange run, void *opaque)
{
    Discard *d = opaque;
    uint64_t ofs = d->section_ofs + (run.start_pfn * RING_PAGE - d->section_gpa);
    RamRange *last = d->n_runs ? &d->runs[d->n_runs - 1] : NULL;

    d->new_pages += run.n_pages;
    if (last && ofs == last->ofs + last->len_bytes) {
        last->len_bytes += run.n_pages * RING_PAGE;
        return;
    }
    if (d->n_runs == MAX_RUNS) {
        discard_flush(d);
    }
    d->runs[d->n_runs++] = (RamRange){ ofs, run.n_pages * RING_PAGE };
}

/*
 * The start of @r that is the guest's RAM in one piece, or that is something else. What follows a
 * hole is not looked at: no guest owns a range with a hole in it. Returns the pages done.
 */
static uint64_t take_piece(Discard *d, PageRange r)
{
    uint64_t gpa = r.start_pfn * RING_PAGE;
    MemorySection s = address_space_lookup(address_space_memory, gpa);
    uint64_t pages = s.mr ? MIN(r.n_pages, MAX(s.len_bytes / RING_PAGE, 1)) : r.n_pages;

    if (!s.mr || !s.mr->ram || s.readonly || s.offset % RING_PAGE || s.len_bytes < RING_PAGE) {
        d->foreign_pages += pages;
        return pages;
    }
    if (!page_range_tree_fits(d->b->removed, (PageRange){ r.start_pfn, pages })) {
        d->refused_pages += pages;
        return pages;
    }
    if (d->block != s.mr->ram) {
        discard_flush(d);
        d->block = s.mr->ram;
    }
    d->section_gpa = gpa;
    d->section_ofs = s.offset;
    d->twice_pages += page_range_tree_insert(d->b->removed, (PageRange){ r.start_pfn, pages },
                                             discard_run, d);
    return pages;
}

static void take_range(Discard *d, PageRange r)
{
    while (r.n_pages) {
        uint64_t done = take_piece(d, r);

        r.start_pfn += done;
        r.n_pages -= done;
    }
}

/* ---- messages ---- */

static void on_version(HvBalloon *b, const DmMessage *m)
{
    uint32_t v = m->version.version;
    bool good = v == DM_VERSION_0_3 || v == DM_VERSION_1_0 || v == DM_VERSION_2_0;
    uint8_t msg[DM_MESSAGE_MAX];

    trace_hv_balloon_req_version(v >> 16, v & 0xffff, good);
    send(b, msg, dm_build_version_response(msg, m->trans_id, good), m->trans_id);
    if (good) {
        b->version = v;
        set_state(b, CAPS);
    }
}

/* Linux says who it is; others may be a Windows. */
static int64_t delay_s(HvBalloon *b)
{
    bool is_linux = vmbus_guest_os_id(&b->parent) >> 56 == 0x81;

    return b->delay_s != DELAY_AUTO ? b->delay_s : is_linux ? 0 : WINDOWS_DELAY_S;
}

static void wait_is_over(void *opaque)
{
    HvBalloon *b = opaque;

    set_state(b, IDLE);
    vmbus_notify_later(&b->parent);
}

static uint64_t align_pages(const HvBalloon *b, const DmMessage *caps)
{
    uint64_t pages = (uint64_t)MIB_PAGES << caps->caps.hot_add_align_log2_mib;

    return b->boot_pages >= LARGE_GUEST_PAGES ? MAX(pages, LARGE_BLOCK_PAGES) : pages;
}

static void on_caps(HvBalloon *b, const DmMessage *m)
{
    uint8_t msg[DM_MESSAGE_MAX];
    int64_t wait_s = delay_s(b);

    b->can_balloon = m->caps.bits & DM_CAP_BALLOON;
    b->can_hot_add = m->caps.bits & DM_CAP_HOT_ADD;
    if (b->hot_add) {
        hot_add_set_align(b->hot_add, align_pages(b, m));
    }
    trace_hv_balloon_req_caps(m->caps.bits, wait_s);
    send(b, msg, dm_build_caps_response(msg, m->trans_id, true, !b->status_report), m->trans_id);
    set_state(b, wait_s ? WAIT : IDLE);
    if (wait_s) {
        timer_mod(b->delay, clock_ns(CLOCK_VIRTUAL) + wait_s * 1000000000);
    }
}

static uint64_t pages_to_bytes(uint64_t pages)
{
    uint64_t bytes;

    /* QMP's integers are signed */
    return __builtin_mul_overflow(pages, RING_PAGE, &bytes) || bytes > INT64_MAX ? INT64_MAX
                                                                                 : bytes;
}

static void on_status(HvBalloon *b, const DmMessage *m)
{
    trace_hv_balloon_status(m->status.available_pages, m->status.committed_pages);
    b->have_status = true;
    b->status_ns = now_ns();
    b->status = (BalloonStatus){
        .committed_bytes = pages_to_bytes(m->status.committed_pages),
        .available_bytes = pages_to_bytes(m->status.available_pages),
    };
    if (b->status_report) {
        balloon_status_reported(&b->status);
    }
}

/* A guest may give somewhat more than asked, in many messages, but not for ever. */
static bool reply_is_endless(const HvBalloon *b)
{
    return b->n_replies > b->asked_pages + 16 ||
           b->claimed_pages > b->asked_pages * 4 + total_pages(b);
}

static void on_balloon(HvBalloon *b, const DmMessage *m)
{
    Discard d;

    memset(&d, 0, offsetof(Discard, runs));
    d.b = b;
    for (unsigned i = 0; i < m->balloon.n_ranges; i++) {
        PageRange r = dm_range(m, i);
        b->claimed_pages += r.n_pages;
        take_range(&d, r);
    }
    discard_flush(&d);
    b->got_pages += d.new_pages;
    b->n_replies++;
    trace_hv_balloon_incoming_balloon(m->balloon.n_ranges, d.new_pages, d.twice_pages,
                                      d.foreign_pages, m->balloon.more);
    if (d.twice_pages || d.foreign_pages) {
        guest_error("hv-balloon: guest released %" PRIu64 " pages a second time, %" PRIu64
                    " pages that are no RAM", d.twice_pages, d.foreign_pages);
    }
    if (d.refused_pages) {
        guest_error("hv-balloon: %" PRIu64 " pages left alone: the guest gave %u ranges already",
                    d.refused_pages, page_range_tree_ranges(b->removed));
        b->refused = true;
    }
    if (b->got_pages > b->asked_pages) {
        guest_error("hv-balloon: guest gave %" PRIu64 " pages, asked for %" PRIu64, b->got_pages,
                    b->asked_pages);
    }
    if (m->balloon.more) {
        if (reply_is_endless(b)) {
            vmbus_break(&b->parent, "a balloon reply without end");
        }
        return;
    }
    b->trans_id++;
    transferred(b, &b->ballooned, b->got_pages);
    /* nothing given: the guest has come to its floor */
    b->to_remove = b->got_pages && !b->refused ? b->to_remove - MIN(b->got_pages, b->to_remove) : 0;
    set_state(b, IDLE);
    if (b->got_pages) {
        tell_change(b);
    }
}

static void on_unballoon(HvBalloon *b, const DmMessage *m)
{
    trace_hv_balloon_incoming_unballoon(m->trans_id, b->returning);
    b->trans_id++;
    transferred(b, &b->returned, b->returning);
    b->returning = 0;
    set_state(b, IDLE);
    tell_change(b);
}

static void tell_added(HvBalloon *b)
{
    memory_device_size_changed(&b->parent.parent);
    tell_change(b);
}

static void on_hot_add(HvBalloon *b, const DmMessage *m)
{
    uint64_t offered = b->offer.n_pages;
    uint64_t taken = hot_add_taken(b->hot_add, m->hot_add.n_pages, m->hot_add.result == 0);

    trace_hv_balloon_hot_add_response(offered, taken, m->hot_add.result);
    if (m->hot_add.n_pages > offered) {
        guest_error("hv-balloon: guest added %u pages, was offered %" PRIu64, m->hot_add.n_pages,
                    offered);
    }
    b->trans_id++;
    transferred(b, &b->added, taken);
    /* rounded up to the guest's alignment: what is too much goes at once */
    b->to_remove = taken > b->to_grow ? taken - b->to_grow : 0;
    b->to_grow = taken < offered ? 0 : b->to_grow - MIN(taken, b->to_grow);
    set_state(b, IDLE);
    if (taken) {
        tell_added(b);
    }
}

#define IN(s) (1u << (s))
#define CONNECTED (IN(WAIT) | IN(IDLE) | IN(BALLOON_POST) | IN(BALLOON_REPLY) | \
                   IN(UNBALLOON_POST) | IN(UNBALLOON_REPLY) | IN(HOT_ADD_POST) | \
                   IN(HOT_ADD_REPLY))

typedef struct DmHandler {
    unsigned states;            /* IN()s where the message is expected; elsewhere it is dropped */
    void (*handle)(HvBalloon *b, const DmMessage *m);
} DmHandler;

static const DmHandler handlers[N_DM_TYPES] = {
    [DM_VERSION_REQUEST]    = { IN(VERSION),         on_version },
    [DM_CAPS_REPORT]        = { IN(CAPS),            on_caps },
    [DM_STATUS_REPORT]      = { CONNECTED,           on_status },
    [DM_BALLOON_RESPONSE]   = { IN(BALLOON_REPLY),   on_balloon },
    [DM_UNBALLOON_RESPONSE] = { IN(UNBALLOON_REPLY), on_unballoon },
    [DM_HOT_ADD_RESPONSE]   = { IN(HOT_ADD_REPLY),   on_hot_add },
};

static void handle(HvBalloon *b, const uint8_t *bytes, size_t len_bytes)
{
    static const char *const why[] = { [DM_PARSE_SHORT] = "too short", [DM_PARSE_UNKNOWN] =
        "unknown", [DM_PARSE_COUNT] = "too short for its range count" };
    DmMessage m;
    DmParse res = dm_parse(bytes, len_bytes, &m);

    trace_hv_balloon_message_in(dm_type_name(m.type), len_bytes, m.trans_id);
    if (res != DM_PARSE_OK) {
        guest_error("hv-balloon: message %u (%s) of %zu bytes: %s", m.type, dm_type_name(m.type),
                    len_bytes, why[res]);
    } else if (!handlers[m.type].handle || !(handlers[m.type].states & IN(b->state))) {
        guest_error("hv-balloon: unexpected %s in state %s", dm_type_name(m.type),
                    state_names[b->state]);
    } else {
        handlers[m.type].handle(b, &m);
    }
}

/* ---- the channel ---- */

/* Another kernel than last time: does it know what was added? It will be asked when it is to grow. */
static void look_at_guest(HvBalloon *b)
{
    unsigned ends = vmbus_guest_ends(&b->parent);

    if (b->hot_add && ends != b->guest_ends) {
        bool had_any = hot_add_pages(b->hot_add);

        hot_add_new_guest(b->hot_add);
        if (had_any) {
            tell_added(b);
        }
    }
    b->guest_ends = ends;
}

static bool balloon_open(VMBusDevice *dev)
{
    HvBalloon *b = hv_balloon(dev);

    if (b->state != CLOSED) {
        return false;
    }
    look_at_guest(b);
    set_state(b, VERSION);
    return true;
}

/* A guest that was offered memory may have begun to use it; one that was not told, not. */
static void end_hot_add(HvBalloon *b)
{
    if (b->hot_add && hot_add_offered(b->hot_add)) {
        hot_add_taken(b->hot_add, b->state == HOT_ADD_REPLY ? b->offer.n_pages : 0, true);
        memory_device_size_changed(&b->parent.parent);
    }
}

/* What the guest gave is its own again (it is restarting, or its driver is gone); reads as zero. */
static void forget_guest(HvBalloon *b)
{
    timer_del(b->delay);
    end_hot_add(b);
    page_range_tree_clear(b->removed);
    b->to_remove = b->to_grow = b->to_return = b->returning = 0;
    b->trans_id = b->version = 0;
    b->can_balloon = b->can_hot_add = b->have_status = false;
    b->target_changed |= b->keep_size && b->target_pages;
    set_state(b, CLOSED);
}

static void balloon_close(VMBusDevice *dev)
{
    HvBalloon *b = hv_balloon(dev);
    uint64_t before = pages_now(b);

    forget_guest(b);
    if (pages_now(b) != before) {
        tell_change(b);
    }
}

/* Comes before the bus closes the channel. */
static void balloon_reset(Device *dev)
{
    HvBalloon *b = hv_balloon(dev);
    uint64_t before = pages_now(b), added = b->hot_add ? hot_add_pages(b->hot_add) : 0;

    forget_guest(b);
    if (b->hot_add) {
        hot_add_reset(b->hot_add);
    }
    if (added) {
        memory_device_size_changed(dev);
    }
    if (pages_now(b) != before) {
        tell_change(b);
    }
}

static void answer_completion(HvBalloon *b, const RingPacket *req)
{
    RingPacket p = { .type = RING_PACKET_COMPLETION, .trans_id = req->trans_id };

    if (req->flags & RING_FLAG_COMPLETION_REQUESTED) {
        vmbus_send(&b->parent, &p, "", 0);      /* no room: the guest's own fault */
    }
}

static void balloon_notify(VMBusDevice *dev)
{
    HvBalloon *b = hv_balloon(dev);
    uint8_t buf[DM_MESSAGE_MAX];
    RingPacket p;
    size_t len;

    for (unsigned i = 0; i < PACKETS_A_TURN; i++) {
        if (vmbus_recv(dev, &p, buf, sizeof(buf), &len) != RING_OK) {
            break;
        }
        if (p.type == RING_PACKET_INBAND) {
            handle(b, buf, len);
        }
        answer_completion(b, &p);
    }
    poll(b);
}

/* ---- monitors ---- */

static void set_target(void *opaque, uint64_t bytes)
{
    HvBalloon *b = opaque;

    b->target_pages = MIN(bytes / RING_PAGE, max_pages(b));
    b->target_changed = b->target_pages != 0;
    trace_hv_balloon_target(b->target_pages, state_names[b->state]);
    if (b->state == IDLE) {
        vmbus_notify_later(&b->parent);
    }
}

static bool query_status(void *opaque, BalloonStatus *out, Error **errp)
{
    const HvBalloon *b = opaque;

    if (!b->status_report) {
        error_setg(errp, "guest memory status reporting not enabled");
    } else if (!b->have_status) {
        error_setg(errp, "no guest memory status report received yet");
    } else {
        *out = b->status;
        return true;
    }
    return false;
}

static bool check_target(void *opaque, uint64_t bytes, Error **errp)
{
    const HvBalloon *b = opaque;

    if (!b->hot_add && bytes / RING_PAGE > b->boot_pages) {
        error_setg(errp, "%" PRIu64 " MiB is more than the guest's %" PRIu64 " MiB of boot memory; "
                   "the hv-balloon has no 'memdev' to grow from", bytes >> 20,
                   b->boot_pages / MIB_PAGES);
        return false;
    }
    return true;
}

/* ---- for human readers ---- */

typedef struct RangePrinter { FILE *f; unsigned n; } RangePrinter;

static void print_range(PageRange r, void *opaque)
{
    RangePrinter *p = opaque;

    if (p->n++ < PRINT_RANGES_MAX) {
        fprintf(p->f, "    0x%09" PRIx64 "-0x%09" PRIx64 "  %" PRIu64 " KiB\n",
                r.start_pfn * RING_PAGE, (r.start_pfn + r.n_pages) * RING_PAGE - 1,
                r.n_pages * RING_PAGE >> 10);
    }
}

static void print_more(const RangePrinter *p)
{
    if (p->n > PRINT_RANGES_MAX) {
        fprintf(p->f, "    and %u more\n", p->n - PRINT_RANGES_MAX);
    }
}

static double mib(uint64_t pages)
{
    return (double)pages / MIB_PAGES;
}

static double seconds_since(int64_t ns)
{
    return (double)(now_ns() - ns) / 1e9;
}

static void print_transfer(FILE *f, const char *what, Transfer t)
{
    double s = (double)MAX(t.ns, 1) / 1e9;

    if (t.ns) {
        fprintf(f, "  last %s: %.1f MiB in %.3f s, %.1f GiB/min\n", what, mib(t.pages), s,
                mib(t.pages) / 1024 * 60 / s);
    }
}

static void print_hot_add(const HvBalloon *b, FILE *f)
{
    RangePrinter p = { .f = f };
    const HotAdd *h = b->hot_add;

    if (!h) {
        return;
    }
    fprintf(f, "  hot-added: %.1f of %.1f MiB at 0x%" PRIx64 ", %u pieces%s\n",
            mib(hot_add_pages(h)), mib(hot_add_max_pages(h)), b->addr, hot_add_pieces(h),
            hot_add_closed(h) ? ", no more until reset" : "");
    for (unsigned i = 0; i < hot_add_pieces(h); i++) {
        print_range(hot_add_piece(h, i), &p);
    }
    print_more(&p);
}

static void print_guest(const HvBalloon *b, FILE *f)
{
    fprintf(f, "  state: %s for %.1f s\n", state_names[b->state], seconds_since(b->state_ns));
    if (b->version) {
        fprintf(f, "  guest: protocol %u.%u%s%s\n", b->version >> 16, b->version & 0xffff,
                b->can_balloon ? ", can balloon" : "", b->can_hot_add ? ", can hot-add" : "");
    }
    if (b->have_status) {
        fprintf(f, "  status, %.1f s ago: committed %" PRIu64 " MiB, available %" PRIu64 " MiB\n",
                seconds_since(b->status_ns), b->status.committed_bytes >> 20,
                b->status.available_bytes >> 20);
    }
}

static void print_balloon(void *opaque, FILE *f)
{
    const HvBalloon *b = opaque;
    RangePrinter p = { .f = f };

    fprintf(f, "hv-balloon \"%s\"\n", b->parent.parent.parent.id);
    print_guest(b, f);
    if (b->target_pages) {
        fprintf(f, "  target: %.1f MiB%s\n", mib(b->target_pages),
                b->target_changed ? ", not acted on yet" : "");
    }
    fprintf(f, "  actual: %.1f MiB, of which boot memory %.1f MiB\n", mib(pages_now(b)),
            mib(b->boot_pages));
    fprintf(f, "  ballooned: %.1f MiB in %u ranges\n", mib(page_range_tree_pages(b->removed)),
            page_range_tree_ranges(b->removed));
    page_range_tree_foreach(b->removed, print_range, &p);
    print_more(&p);
    print_hot_add(b, f);
    print_transfer(f, "balloon", b->ballooned);
    print_transfer(f, "un-balloon", b->returned);
    print_transfer(f, "hot-add", b->added);
}

static const BalloonOps balloon_ops = {
    .set_target = set_target, .actual = actual_bytes, .status_report = query_status,
    .check_target = check_target, .print = print_balloon,
};

/* ---- the device ---- */

static uint64_t plugged_bytes(Device *dev)
{
    const HvBalloon *b = hv_balloon(dev);

    return b->hot_add ? hot_add_pages(b->hot_add) * RING_PAGE : 0;
}

/* The backend's memory, if it is good for us. */
static RAMBlock *take_memdev(HvBalloon *b, Error **errp)
{
    RAMBlock *ram = memory_backend_ram(b->memdev);

    if (!ram || ram->size % RING_PAGE) {
        error_setg(errp, "'memdev' property memdev size has to be a multiple of 0x%x", RING_PAGE);
        return NULL;
    }
    if (!memory_backend_claim(b->memdev)) {
        error_setg(errp, "'memdev' property specifies a busy memdev: %s", b->memdev->id);
        return NULL;
    }
    b->have_memdev = true;
    return ram;
}

static bool realize_hot_add(HvBalloon *b, Error **errp)
{
    RAMBlock *ram;

    if (!b->memdev) {
        if (b->addr) {
            error_setg(errp, "'addr' property must not be set without 'memdev'");
        }
        return !b->addr;
    }
    ram = take_memdev(b, errp);
    if (!ram ||
        !memory_device_plug(&b->parent.parent, ram->size, &b->addr, plugged_bytes, errp)) {
        return false;
    }
    b->hot_add = hot_add_new(address_space_root(address_space_memory), b->addr, ram);
    return true;
}

static bool balloon_realize(VMBusDevice *dev, Error **errp)
{
    HvBalloon *b = hv_balloon(dev);

    if (!balloon_register(&balloon_ops, b, errp) || !realize_hot_add(b, errp)) {
        return false;
    }
    b->boot_pages = machine_services()->ram_bytes / RING_PAGE;
    b->removed = page_range_tree_new();
    page_range_tree_set_max(b->removed, b->max_ranges);
    b->delay = timer_new(CLOCK_VIRTUAL, wait_is_over, b);
    b->state_ns = now_ns();
    /* a guest that could hibernate would never answer us */
    machine_services()->s4_disabled = true;
    return true;
}

static void balloon_finalize(Object *obj)
{
    HvBalloon *b = hv_balloon(obj);

    balloon_unregister(b);
    memory_device_unplug(&b->parent.parent);
    hot_add_free(b->hot_add);
    if (b->have_memdev) {
        memory_backend_drop(b->memdev);
    }
    timer_free(b->delay);
    page_range_tree_free(b->removed);
}

static void balloon_print_info(Device *dev, FILE *f)
{
    HvBalloon *b = hv_balloon(dev);

    fprintf(f, "    state %s, %" PRIu64 " pages removed in %u ranges\n", state_names[b->state],
            page_range_tree_pages(b->removed), page_range_tree_ranges(b->removed));
}

static char *get_delay(Object *obj, const Property *p)
{
    int64_t s = hv_balloon(obj)->delay_s;

    return s == DELAY_AUTO ? g_strdup("auto") : g_strdup_printf("%" PRId64, s);
}

static bool set_delay(Object *obj, const Property *p, const char *text, Error **errp)
{
    uint64_t s;

    if (strcmp(text, "auto") == 0) {
        hv_balloon(obj)->delay_s = DELAY_AUTO;
        return true;
    }
    if (!parse_u64(text, &s) || s > 86400) {
        error_setg(errp, "Property 'hv-balloon.post-boot-delay' expects 'auto' or seconds");
        return false;
    }
    hv_balloon(obj)->delay_s = (int64_t)s;
    return true;
}

static const Property balloon_props[] = {
    PROP(LINK, "memdev", HvBalloon, memdev, .link_type = "memory-backend",
         .desc = "memory to add to the guest beyond what it boots with"),
    PROP(U64, "addr", HvBalloon, addr, .desc = "where to add it; 0: chosen"),
    PROP(BOOL, "status-report", HvBalloon, status_report,
         .desc = "ask the guest how much memory it uses"),
    PROP(BOOL, "keep-size", HvBalloon, keep_size,
         .desc = "after a reboot the guest gets the size again that was last asked for"),
    PROP(U32, "x-max-ranges", HvBalloon, max_ranges, .def.u = PAGE_RANGE_TREE_MAX,
         .desc = "most ranges that a guest may give; pages beyond stay with it, unused"),
    { .name = "post-boot-delay", .kind = PROP_CUSTOM, .get = get_delay, .set = set_delay,
      .desc = "seconds before the first request; auto: 0 for Linux, else 50" },
    { 0 }
};

static void balloon_init(Object *obj)
{
    hv_balloon(obj)->delay_s = DELAY_AUTO;
}

static void balloon_class_init(ObjectClass *k)
{
    VMBusDeviceClass *v = (VMBusDeviceClass *)k;

    v->type_uuid = "525074dc-8985-46e2-8057-a307dc18a502";
    v->realize = balloon_realize;
    v->open = balloon_open;
    v->close = balloon_close;
    v->notify = balloon_notify;
    v->parent.reset = balloon_reset;
    v->parent.user_creatable = true;
    v->parent.print_info = balloon_print_info;
}

static const TypeInfo hv_balloon_info = {
    .name = TYPE_HV_BALLOON, .parent = TYPE_VMBUS_DEVICE, .size = sizeof(HvBalloon),
    .class_init = balloon_class_init, .init = balloon_init, .finalize = balloon_finalize,
    .props = balloon_props, .desc = "Hyper-V Dynamic Memory balloon",
};
TYPE_REGISTER(hv_balloon_info)
