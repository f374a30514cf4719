/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio balloon: the guest gives pages one number at a time, in arrays of 256 (Linux).
 *
 * Numbers of an array are sorted and neighbours joined, so that giving them back to the host costs
 * one call a range. Nothing is remembered of them: what the guest says it gave ("actual") is all
 * there is, and a page that it takes back needs no work. Reading it gives zeroes.
 * Source: VIRTIO 1.2, 5.5.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "hw/core/balloon.h"
#include "hw/virtio/virtio-pci.h"
#include "util/log.h"
#include "util/main-loop.h"
#include "util/trace-hw_virtio.h"
#include "util/wire.h"

#define TYPE_VIRTIO_BALLOON "virtio-balloon-pci"
#define PAGE UINT64_C(4096)
#define NS_PER_S INT64_C(1000000000)

enum { F_STATS = 1, F_DEFLATE_ON_OOM = 2, F_PAGE_POISON = 4, F_REPORTING = 5 };
enum { Q_INFLATE, Q_DEFLATE, Q_STATS, Q_REPORTING };
enum { CONFIG_PAGES = 0, CONFIG_ACTUAL = 4, CONFIG_POISON = 12, CONFIG_BYTES = 16 };
enum {
    QUEUE_SIZE = 128,
    PFNS_AT_ONCE = 1024,
    ELEM_BYTES_MAX = 64 << 10,          /* Linux: 1024, Windows: 4096 */
    TURN_CHAINS = QUEUE_SIZE,           /* then others may run */
    TURN_PFNS = 64 << 10,
};

static const char *const stat_names[] = {
    "stat-swap-in", "stat-swap-out", "stat-major-faults", "stat-minor-faults", "stat-free-memory",
    "stat-total-memory", "stat-available-memory", "stat-disk-caches", "stat-htlb-pgalloc",
    "stat-htlb-pgfail",
};
enum { N_STATS = G_N_ELEMENTS(stat_names) };

typedef struct WireStat { le16 tag; le64 val; } __attribute__((packed)) WireStat;
WIRE_SIZE(WireStat, 10);

typedef struct VirtIOBalloon {
    VirtIOPci parent;
    /* properties */
    bool deflate_on_oom, reporting, page_poison;
    int64_t polling_s;
    /* big lock */
    bool registered;
    uint32_t num_pages, actual_pages, poison;
    bool again[Q_REPORTING + 1];        /* a turn is due */
    bool later;                         /* run_again() is on its way */
    Timer *poll;
    bool have_stats_elem;
    VirtElem stats_elem;                /* the guest waits for it */
    uint64_t stats[N_STATS];
    int64_t stats_time_s;               /* wall clock; 0: never */
    uint64_t n_ranges;                  /* discarded; for tests and "info qtree" */
    VirtElem elem;                      /* being worked on */
    uint32_t pfns[PFNS_AT_ONCE];
} VirtIOBalloon;

static inline VirtIOBalloon *balloon(void *obj)
{
    return (VirtIOBalloon *)object_check(obj, TYPE_VIRTIO_BALLOON, __FILE__, __LINE__);
}

static VirtIODevice *vdev(VirtIOBalloon *b)
{
    return &b->parent.v;
}

static uint64_t ram_pages(void)
{
    return machine_services()->ram_bytes / PAGE;
}

/* ---- giving memory back to the host ---- */

/* All of [gpa, gpa + len) that is the guest's RAM; page multiples. Returns what is not, bytes. */
static uint64_t discard(VirtIOBalloon *b, uint64_t gpa, uint64_t len_bytes)
{
    g_autoptr(Error) err = NULL;
    uint64_t foreign = 0;

    while (len_bytes) {
        MemorySection s = address_space_lookup(address_space_memory, gpa);
        uint64_t n = MIN(s.len_bytes & ~(PAGE - 1), len_bytes);

        n = n ? n : PAGE;
        if (!s.mr || !s.mr->ram || s.readonly || s.offset % PAGE || s.len_bytes < PAGE) {
            foreign += n;
        } else if (!ram_block_discard(s.mr->ram, s.offset, n, err ? NULL : &err)) {
            guest_error("virtio-balloon: %s", error_text(err));
        }
        b->n_ranges++;
        gpa += n;
        len_bytes -= n;
    }
    return foreign;
}

static int compare_pfns(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

    return a < b ? -1 : a > b;
}

/* Guests allocate upwards or downwards mostly: no need to sort then. */
static void sort_pfns(uint32_t *pfns, unsigned n)
{
    unsigned ups = 0, downs = 0;

    for (unsigned i = 1; i < n; i++) {
        ups += pfns[i] > pfns[i - 1];
        downs += pfns[i] < pfns[i - 1];
    }
    if (downs && !ups) {
        for (unsigned i = 0; i < n / 2; i++) {
            uint32_t t = pfns[i];
            pfns[i] = pfns[n - 1 - i];
            pfns[n - 1 - i] = t;
        }
    } else if (downs) {
        qsort(pfns, n, sizeof(*pfns), compare_pfns);
    }
}

static void inflate_pages(VirtIOBalloon *b, unsigned n)
{
    uint64_t before = b->n_ranges, foreign = 0;

    sort_pfns(b->pfns, n);
    for (unsigned i = 0, start; i < n; ) {
        uint64_t first = b->pfns[i], end = first;

        for (start = i; i < n && b->pfns[i] <= end; i++) {
            end = (uint64_t)b->pfns[i] + 1;     /* the next one, or the same once more */
        }
        g_assert(i > start);
        foreign += discard(b, first * PAGE, (end - first) * PAGE);
    }
    trace_virtio_balloon_pages("inflate", n, b->n_ranges - before, foreign / PAGE);
    if (foreign) {
        guest_error("virtio-balloon: %u pages that are not RAM", (unsigned)(foreign / PAGE));
    }
}

static void deflate_pages(VirtIOBalloon *b, unsigned n)
{
    trace_virtio_balloon_pages("deflate", n, 0, 0);
}

/* ---- queues of page numbers ---- */

typedef void PagesFn(VirtIOBalloon *b, unsigned n);

/* One chain; false: the device is broken now. */
static bool take_pfns(VirtIOBalloon *b, PagesFn *fn, unsigned *done)
{
    uint64_t bytes = b->elem.out_bytes;

    if (bytes > ELEM_BYTES_MAX || bytes % 4) {
        virtio_broken(vdev(b), "page numbers of a wrong size");
        return false;
    }
    for (uint64_t at = 0; at < bytes; ) {
        uint64_t n_bytes = MIN(bytes - at, sizeof(b->pfns));

        if (!virtelem_read(&b->elem, at, b->pfns, n_bytes)) {
            virtio_broken(vdev(b), "page numbers that are not in RAM");
            return false;
        }
        for (unsigned i = 0; i < n_bytes / 4; i++) {
            b->pfns[i] = ldle32(&b->pfns[i]);
        }
        fn(b, n_bytes / 4);
        at += n_bytes;
    }
    *done += bytes / 4;
    return true;
}

/* true: there is more than one turn may do */
static bool pages_turn(VirtIOBalloon *b, unsigned queue)
{
    unsigned chains = 0, pfns = 0;

    while (virtio_pop(vdev(b), queue, &b->elem)) {
        if (!take_pfns(b, queue == Q_INFLATE ? inflate_pages : deflate_pages, &pfns)) {
            return false;
        }
        virtio_push(vdev(b), queue, &b->elem, 0);
        if (++chains >= TURN_CHAINS || pfns >= TURN_PFNS) {
            break;
        }
    }
    if (chains) {
        virtio_tell_guest(vdev(b), queue);
    }
    return virtio_wait(vdev(b), queue);
}

/* ---- free page reporting ---- */

static bool reporting_turn(VirtIOBalloon *b, unsigned queue)
{
    bool keep = virtio_has(vdev(b), F_PAGE_POISON) && b->poison;
    unsigned chains = 0;

    while (chains < TURN_CHAINS && virtio_pop(vdev(b), queue, &b->elem)) {
        VirtSeg *in = b->elem.segs + b->elem.n_out;
        uint64_t bytes = 0;

        for (unsigned i = 0; i < b->elem.n_in && !keep; i++) {
            uint64_t start = (in[i].gpa + PAGE - 1) & ~(PAGE - 1);
            uint64_t end = (in[i].gpa + in[i].len_bytes) & ~(PAGE - 1);

            if (start >= in[i].gpa && end > start) {
                bytes += end - start - discard(b, start, end - start);
            }
        }
        trace_virtio_balloon_reported(b->elem.n_in, bytes);
        virtio_push(vdev(b), queue, &b->elem, 0);
        chains++;
    }
    if (chains) {
        virtio_tell_guest(vdev(b), queue);
    }
    return virtio_wait(vdev(b), queue);
}

/* ---- statistics: the guest's buffer is kept until we want the next ones ---- */

static void stats_forget(VirtIOBalloon *b)
{
    for (unsigned i = 0; i < N_STATS; i++) {
        b->stats[i] = UINT64_MAX;
    }
}

static void stats_take(VirtIOBalloon *b)
{
    unsigned n = 0;
    WireStat w;

    for (uint64_t at = 0; at + sizeof(w) <= MIN(b->stats_elem.out_bytes, ELEM_BYTES_MAX);
         at += sizeof(w)) {
        if (!virtelem_read(&b->stats_elem, at, &w, sizeof(w))) {
            virtio_broken(vdev(b), "statistics that are not in RAM");
            return;
        }
        if (le16_get(w.tag) < N_STATS) {
            b->stats[le16_get(w.tag)] = le64_get(w.val);
            n++;
        }
    }
    b->stats_time_s = clock_ns(CLOCK_HOST) / NS_PER_S;
    trace_virtio_balloon_stats(n);
}

static void stats_schedule(VirtIOBalloon *b)
{
    if (b->polling_s && b->have_stats_elem) {
        timer_mod(b->poll, clock_ns(CLOCK_VIRTUAL) + b->polling_s * NS_PER_S);
    } else if (b->poll) {
        timer_del(b->poll);
    }
}

static bool stats_turn(VirtIOBalloon *b, unsigned queue)
{
    if (b->have_stats_elem || !virtio_pop(vdev(b), queue, &b->stats_elem)) {
        return false;           /* one buffer is all there ever is */
    }
    b->have_stats_elem = true;
    stats_take(b);
    stats_schedule(b);
    return false;
}

/* Time for new ones: the guest gets its buffer back and fills it again. */
static void stats_ask(void *opaque)
{
    VirtIOBalloon *b = opaque;

    if (b->have_stats_elem && virtio_live(vdev(b))) {
        b->have_stats_elem = false;
        virtio_push(vdev(b), Q_STATS, &b->stats_elem, 0);
        virtio_tell_guest(vdev(b), Q_STATS);
        if (virtio_wait(vdev(b), Q_STATS)) {
            stats_turn(b, Q_STATS);
        }
    }
}

/* ---- turns ---- */

typedef bool TurnFn(VirtIOBalloon *b, unsigned queue);
static TurnFn *const turns[] = {
    [Q_INFLATE] = pages_turn, [Q_DEFLATE] = pages_turn, [Q_STATS] = stats_turn,
    [Q_REPORTING] = reporting_turn,
};

static void run_again(void *opaque);

static void run_turn(VirtIOBalloon *b, unsigned queue)
{
    b->again[queue] = turns[queue](b, queue);
    if (b->again[queue] && !b->later) {
        b->later = true;
        object_ref_(b);
        main_loop_later(run_again, b);
    }
}

static void run_again(void *opaque)
{
    VirtIOBalloon *b = opaque;

    b->later = false;
    for (unsigned i = 0; i < G_N_ELEMENTS(turns); i++) {
        if (b->again[i]) {
            run_turn(b, i);
        }
    }
    object_unref(b);
}

static void kick(void *opaque, unsigned queue)
{
    VirtIOBalloon *b = opaque;

    if (!b->again[queue]) {
        run_turn(b, queue);
    }
}

/* Linux puts its first buffers in, and kicks, before it says DRIVER_OK. */
static void started(void *opaque)
{
    VirtIOBalloon *b = opaque;

    for (unsigned i = 0; i < vdev(b)->n_queues; i++) {
        kick(b, i);
    }
}

/* ---- configuration ---- */

static void tell_actual(VirtIOBalloon *b);

static unsigned n_queues(void *opaque)
{
    return ((VirtIOBalloon *)opaque)->reporting ? Q_REPORTING + 1 : Q_REPORTING;
}

static uint64_t features(void *opaque)
{
    const VirtIOBalloon *b = opaque;

    return VIRTIO_BIT(F_STATS) | (b->deflate_on_oom ? VIRTIO_BIT(F_DEFLATE_ON_OOM) : 0) |
           (b->reporting ? VIRTIO_BIT(F_REPORTING) : 0) |
           (b->page_poison ? VIRTIO_BIT(F_PAGE_POISON) : 0);
}

static void config_get(void *opaque, uint8_t *config)
{
    const VirtIOBalloon *b = opaque;

    stle32(config + CONFIG_PAGES, b->num_pages);
    stle32(config + CONFIG_ACTUAL, b->actual_pages);
    stle32(config + CONFIG_POISON, b->poison);
}

static void config_set(void *opaque, const uint8_t *config)
{
    VirtIOBalloon *b = opaque;
    uint32_t actual = ldle32(config + CONFIG_ACTUAL);

    if (virtio_has(vdev(b), F_PAGE_POISON)) {
        b->poison = ldle32(config + CONFIG_POISON);
    }
    if (actual != b->actual_pages) {
        b->actual_pages = actual;
        trace_virtio_balloon_actual(actual);
        tell_actual(b);
    }
}

static void balloon_reset(void *opaque)
{
    VirtIOBalloon *b = opaque;

    memset(b->again, 0, sizeof(b->again));
    b->have_stats_elem = false;
    b->poison = 0;
    stats_forget(b);
    stats_schedule(b);
    if (b->actual_pages) {      /* what starts anew has all its memory */
        b->actual_pages = 0;
        tell_actual(b);
    }
}

static const VirtIOOps balloon_device = {
    .name = "virtio-balloon", .device_id = 5, .queue_size = QUEUE_SIZE,
    .config_bytes = CONFIG_BYTES, .n_queues = n_queues, .features = features,
    .config_get = config_get, .config_set = config_set, .kick = kick, .started = started,
    .reset = balloon_reset,
};

/* ---- monitors ---- */

static void set_target(void *opaque, uint64_t bytes)
{
    VirtIOBalloon *b = opaque;
    uint64_t pages = MIN(bytes / PAGE, ram_pages());

    if (pages) {
        b->num_pages = MIN(ram_pages() - pages, UINT32_MAX);
        trace_virtio_balloon_target(bytes, b->num_pages);
        virtio_config_changed(vdev(b));
    }
}

static uint64_t actual_bytes(void *opaque)
{
    const VirtIOBalloon *b = opaque;

    return (ram_pages() - MIN(b->actual_pages, ram_pages())) * PAGE;
}

static void tell_actual(VirtIOBalloon *b)
{
    balloon_changed(actual_bytes(b));
}

static const BalloonOps balloon_ops = { .set_target = set_target, .actual = actual_bytes };

static char *get_stats(Object *obj, const Property *p)
{
    const VirtIOBalloon *b = balloon(obj);
    GString *s = g_string_new("{\"stats\": {");

    for (unsigned i = 0; i < N_STATS; i++) {
        g_string_append_printf(s, "%s\"%s\": %" PRIu64, i ? ", " : "", stat_names[i],
                               b->stats[i]);
    }
    g_string_append_printf(s, "}, \"last-update\": %" PRId64 "}", b->stats_time_s);
    return g_string_free(s, FALSE);
}

static bool set_stats(Object *obj, const Property *p, const char *text, Error **errp)
{
    error_setg(errp, "Property 'virtio-balloon-pci.%s' is read-only", p->name);
    return false;
}

static char *get_polling(Object *obj, const Property *p)
{
    return g_strdup_printf("%" PRId64, balloon(obj)->polling_s);
}

static bool set_polling(Object *obj, const Property *p, const char *text, Error **errp)
{
    VirtIOBalloon *b = balloon(obj);
    char *end;
    gint64 s = g_ascii_strtoll(text, &end, 10);

    if (end == text || *end || s < 0) {
        error_setg(errp, "timer value must be greater than zero");
        return false;
    }
    if (s > UINT32_MAX) {
        error_setg(errp, "timer value is too big");
        return false;
    }
    b->polling_s = s;
    if (b->poll) {
        stats_schedule(b);
    }
    return true;
}

/* ---- the device ---- */

static bool balloon_realize(VirtIOPci *p, Error **errp)
{
    VirtIOBalloon *b = balloon(p);

    if (!balloon_register(&balloon_ops, b, errp)) {
        return false;
    }
    b->registered = true;
    b->poll = timer_new(CLOCK_VIRTUAL, stats_ask, b);
    return true;
}

static void balloon_finalize(Object *obj)
{
    VirtIOBalloon *b = balloon(obj);

    if (b->registered) {
        balloon_unregister(b);
    }
    timer_free(b->poll);
}

static void balloon_print_info(Device *dev, FILE *f)
{
    const VirtIOBalloon *b = balloon(dev);

    fprintf(f, "    asked for %u pages, guest gave %u, %" PRIu64 " ranges discarded\n",
            b->num_pages, b->actual_pages, b->n_ranges);
}

static const Property balloon_props[] = {
    PROP(BOOL, "deflate-on-oom", VirtIOBalloon, deflate_on_oom,
         .desc = "the guest may take pages back when it has no others"),
    PROP(BOOL, "free-page-reporting", VirtIOBalloon, reporting,
         .desc = "the guest tells which of its pages are free; the host takes their memory"),
    PROP(BOOL, "page-poison", VirtIOBalloon, page_poison,
         .desc = "the guest tells what it fills free pages with; then reported ones are kept"),
    { .name = "guest-stats", .kind = PROP_CUSTOM, .get = get_stats, .set = set_stats,
      .json = true, .runtime = true, .no_default = true, .desc = "what the guest last told" },
    { .name = "guest-stats-polling-interval", .kind = PROP_CUSTOM, .get = get_polling,
      .set = set_polling, .json = true, .runtime = true, .no_default = true,
      .desc = "seconds between statistics; 0: none" },
    { 0 }
};

static void balloon_class_init(ObjectClass *klass)
{
    VirtIOPciClass *k = (VirtIOPciClass *)klass;

    k->ops = &balloon_device;
    k->realize = balloon_realize;
    k->parent.parent.print_info = balloon_print_info;
    k->parent.parent.user_creatable = true;
}

static const TypeInfo balloon_info = {
    .name = TYPE_VIRTIO_BALLOON, .parent = TYPE_VIRTIO_PCI, .size = sizeof(VirtIOBalloon),
    .class_init = balloon_class_init, .finalize = balloon_finalize, .props = balloon_props,
    .desc = "memory balloon by virtio",
};
TYPE_REGISTER(balloon_info)

/* the short name that QEMU has for it */
static const TypeInfo alias_info = {
    .name = "virtio-balloon", .parent = TYPE_VIRTIO_BALLOON, .desc = "memory balloon by virtio",
};
TYPE_REGISTER(alias_info)
