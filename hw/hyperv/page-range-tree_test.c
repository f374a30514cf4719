/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <string.h>
#include "page-range-tree.h"

/* All random numbers come from fixed seeds: the same operations in each run. */
enum { SMALL_SPACE = 512, SPACE = 1 << 16 };    /* pages of the models */
#define PAGES(mib) ((uint64_t)(mib) << 8)

static void merges(void)
{
    PageRangeTree *t = page_range_tree_new();
    PageRange r;

    page_range_tree_insert(t, (PageRange){ 10, 5 }, NULL, NULL);
    page_range_tree_insert(t, (PageRange){ 20, 5 }, NULL, NULL);
    g_assert_cmpuint(page_range_tree_ranges(t), ==, 2);
    g_assert_cmpuint(page_range_tree_insert(t, (PageRange){ 15, 5 }, NULL, NULL), ==, 0);
    g_assert_cmpuint(page_range_tree_ranges(t), ==, 1);
    g_assert_cmpuint(page_range_tree_pages(t), ==, 15);
    g_assert_cmpuint(page_range_tree_insert(t, (PageRange){ 8, 30 }, NULL, NULL), ==, 15);
    g_assert_cmpuint(page_range_tree_pages(t), ==, 30);
    g_assert_true(page_range_tree_pop(t, 4, &r));
    g_assert_cmpuint(r.start_pfn, ==, 8);
    g_assert_cmpuint(r.n_pages, ==, 4);
    g_assert_cmpuint(page_range_tree_remove(t, (PageRange){ 20, 2 }), ==, 2);
    g_assert_cmpuint(page_range_tree_ranges(t), ==, 2);
    g_assert_false(page_range_tree_contains(t, 21));
    g_assert_true(page_range_tree_contains(t, 22));
    page_range_tree_clear(t);
    g_assert_false(page_range_tree_pop(t, 4, &r));
    page_range_tree_free(t);
}

/* ---- against a bitmap ---- */

typedef struct Model {
    GRand *rand;
    unsigned space;
    uint8_t in[SPACE], fresh[SPACE];
} Model;

static void note_fresh(PageRange r, void *opaque)
{
    Model *m = opaque;

    for (uint64_t i = 0; i < r.n_pages; i++) {
        g_assert_false(m->fresh[r.start_pfn + i]);
        m->fresh[r.start_pfn + i] = 1;
    }
}

typedef struct Check { Model *m; uint64_t next; unsigned n_ranges; uint64_t n_pages; } Check;

static void check_range(PageRange r, void *opaque)
{
    Check *c = opaque;

    g_assert_cmpuint(r.n_pages, >, 0);
    g_assert_true(c->n_ranges == 0 || r.start_pfn > c->next);   /* apart, not touching */
    for (uint64_t i = 0; i < r.n_pages; i++) {
        g_assert_true(c->m->in[r.start_pfn + i]);
    }
    c->next = r.start_pfn + r.n_pages;
    c->n_ranges++;
    c->n_pages += r.n_pages;
}

static void check_all(PageRangeTree *t, Model *m)
{
    Check c = { .m = m };
    uint64_t n = 0;

    page_range_tree_foreach(t, check_range, &c);
    for (unsigned i = 0; i < m->space; i++) {
        n += m->in[i];
        g_assert_cmpint(page_range_tree_contains(t, i), ==, m->in[i]);
    }
    g_assert_cmpuint(n, ==, c.n_pages);
    g_assert_cmpuint(n, ==, page_range_tree_pages(t));
    g_assert_cmpuint(c.n_ranges, ==, page_range_tree_ranges(t));
    /* as the header says, and some bytes for the tree itself */
    g_assert_cmpuint(page_range_tree_bytes(t), <=, 512 + 64 * (size_t)c.n_ranges);
}

static void model_insert(PageRangeTree *t, Model *m, PageRange r)
{
    uint64_t had = 0;

    memset(m->fresh, 0, m->space);
    uint64_t got = page_range_tree_insert(t, r, note_fresh, m);
    for (uint64_t i = 0; i < m->space; i++) {
        bool hit = i >= r.start_pfn && i < r.start_pfn + r.n_pages;
        g_assert_true(m->fresh[i] == (hit && !m->in[i]));
        had += hit && m->in[i];
        m->in[i] |= hit;
    }
    g_assert_cmpuint(got, ==, had);
}

static void model_remove(PageRangeTree *t, Model *m, PageRange r)
{
    uint64_t had = 0;

    for (uint64_t i = r.start_pfn; i < r.start_pfn + r.n_pages; i++) {
        had += m->in[i];
        m->in[i] = 0;
    }
    g_assert_cmpuint(page_range_tree_remove(t, r), ==, had);
}

static void model_pop(PageRangeTree *t, Model *m, uint64_t max)
{
    PageRange r;
    unsigned first = 0;

    while (first < m->space && !m->in[first]) {
        first++;
    }
    if (!page_range_tree_pop(t, max, &r)) {
        g_assert_true(first == m->space || max == 0);
        return;
    }
    g_assert_cmpuint(r.start_pfn, ==, first);
    g_assert_cmpuint(r.n_pages, <=, max);
    for (uint64_t i = 0; i < r.n_pages; i++) {
        g_assert_true(m->in[r.start_pfn + i]);
        m->in[r.start_pfn + i] = 0;
    }
}

static PageRange random_range(Model *m, int longest)
{
    int start = g_rand_int_range(m->rand, 0, (gint32)m->space);

    return (PageRange){ (uint64_t)start, (uint64_t)g_rand_int_range(
        m->rand, 0, MIN(longest, (int)m->space - start) + 1) };
}

typedef struct Mix {            /* of operations, in eighths; the rest pops */
    const char *name;
    uint32_t seed;
    unsigned space, n_ops, check_every;
    int inserts, removes, longest, now_and_then;    /* longest ranges; 1 in 64 */
} Mix;

static const Mix mixes[] = {
    { "small", 1, SMALL_SPACE, 30000, 16, 4, 3, 4, SMALL_SPACE },
    { "anything", 2, SMALL_SPACE, 20000, 16, 4, 3, SMALL_SPACE, SMALL_SPACE },
    { "fragments", 3, SPACE, 20000, 1000, 7, 1, 2, 40 },
    { "holes", 4, SPACE, 8000, 500, 4, 4, 20, SPACE },
    { "drain", 5, SPACE, 20000, 1000, 3, 3, 3, 3 },
};

static void random_against_bitmap(gconstpointer data)
{
    const Mix *mix = data;
    PageRangeTree *t = page_range_tree_new();
    Model *m = g_new0(Model, 1);

    m->rand = g_rand_new_with_seed(mix->seed);
    m->space = mix->space;
    unsigned most = 0;
    for (unsigned i = 0; i < mix->n_ops; i++) {
        int longest = g_rand_int_range(m->rand, 0, 64) ? mix->longest : mix->now_and_then;
        int kind = g_rand_int_range(m->rand, 0, 8);
        PageRange r = random_range(m, longest);
        if (kind < mix->inserts) {
            model_insert(t, m, r);
        } else if (kind < mix->inserts + mix->removes) {
            model_remove(t, m, r);
        } else {
            model_pop(t, m, r.n_pages);
        }
        most = MAX(most, page_range_tree_ranges(t));
        if (i % mix->check_every == 0) {
            check_all(t, m);
        }
    }
    check_all(t, m);
    g_test_message("%s: up to %u ranges", mix->name, most);
    page_range_tree_free(t);
    g_rand_free(m->rand);
    g_free(m);
}

/* ---- big sets ---- */

/* a permutation of 0..n-1, n a power of two: odd steps and an xor of the high bits */
static uint64_t shuffled(uint64_t i, uint64_t n)
{
    for (unsigned round = 0; round < 3; round++) {
        i = (i * 0x9e3779b97f4a7c15ull + 0x1234567) & (n - 1);
        i ^= i >> 7;
    }
    return i;
}

typedef struct Cost { const char *what; gint64 start_us; uint64_t n; } Cost;

static void tell(const Cost *c, const PageRangeTree *t, unsigned most, size_t most_bytes)
{
    double s = (double)(g_get_monotonic_time() - c->start_us) / 1e6;

    g_test_message("%s: %.1f million pieces a second; at most %u ranges in %zu bytes, now %u in "
                   "%zu", c->what, (double)c->n / 1e6 / MAX(s, 1e-6), most, most_bytes,
                   page_range_tree_ranges(t), page_range_tree_bytes(t));
}

/* @n pieces of @piece pages in shuffled order; ends as one range */
static void give_shuffled(const char *what, uint64_t n, uint64_t piece)
{
    PageRangeTree *t = page_range_tree_new();
    Cost c = { what, g_get_monotonic_time(), n };
    unsigned most = 0;
    size_t most_bytes = 0;

    for (uint64_t i = 0; i < n; i++) {
        PageRange r = { shuffled(i, n) * piece, piece };
        g_assert_cmpuint(page_range_tree_insert(t, r, NULL, NULL), ==, 0);
        if (page_range_tree_ranges(t) > most) {
            most = page_range_tree_ranges(t);
            most_bytes = page_range_tree_bytes(t);
        }
    }
    tell(&c, t, most, most_bytes);
    g_assert_cmpuint(page_range_tree_ranges(t), ==, 1);
    g_assert_cmpuint(page_range_tree_pages(t), ==, n * piece);
    g_assert_cmpuint(page_range_tree_bytes(t), <, 256);
    g_assert_cmpuint(most_bytes, <, 64 * (size_t)most);
    page_range_tree_free(t);
}

static void terabyte(void)
{
    give_shuffled("1 TiB in shuffled 2 MiB pieces", 1 << 19, PAGES(2));
}

/* -m slow: all 16 GiB */
static void pages_of_4k(void)
{
    bool slow = g_test_slow();

    give_shuffled(slow ? "16 GiB in shuffled 4 KiB pages" : "1 GiB in shuffled 4 KiB pages",
                  PAGES(slow ? 16384 : 1024), 1);
}

static void terabyte_in_one(void)
{
    PageRangeTree *t = page_range_tree_new();

    page_range_tree_insert(t, (PageRange){ 0, PAGES(1 << 20) }, NULL, NULL);
    g_test_message("1 TiB in one piece: %u range, %zu bytes", page_range_tree_ranges(t),
                   page_range_tree_bytes(t));
    g_assert_cmpuint(page_range_tree_ranges(t), ==, 1);
    g_assert_cmpuint(page_range_tree_bytes(t), <, 256);
    page_range_tree_free(t);
}

/* every other page, the worst that a guest can do; -m slow: of 16 GiB */
static void alternating(void)
{
    uint64_t n = PAGES(g_test_slow() ? 16384 : 1024) / 2;
    PageRangeTree *up = page_range_tree_new(), *down = page_range_tree_new();
    PageRangeTree *any = page_range_tree_new();
    PageRange r;

    for (uint64_t i = 0; i < n; i++) {
        page_range_tree_insert(up, (PageRange){ i * 2, 1 }, NULL, NULL);
        page_range_tree_insert(down, (PageRange){ (n - i) * 2, 1 }, NULL, NULL);
        page_range_tree_insert(any, (PageRange){ shuffled(i, n) * 2, 1 }, NULL, NULL);
    }
    PageRangeTree *all[] = { up, down, any };
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmpuint(page_range_tree_ranges(all[i]), ==, n);
        g_test_message("every other page of %" G_GUINT64_FORMAT " MiB, %s: %zu bytes, %.1f a range",
                       n >> 7, (const char *[]){ "ascending", "descending", "shuffled" }[i],
                       page_range_tree_bytes(all[i]), (double)page_range_tree_bytes(all[i]) / n);
        g_assert_cmpuint(page_range_tree_bytes(all[i]), <, n * 34);
        Cost c = { "  taken out one by one", g_get_monotonic_time(), n };
        for (uint64_t k = 0; k < n; k++) {
            g_assert_true(page_range_tree_pop(all[i], 510, &r));
        }
        tell(&c, all[i], 0, 0);
        g_assert_false(page_range_tree_pop(all[i], 1, &r));
        g_assert_cmpuint(page_range_tree_bytes(all[i]), <, 1024);       /* nothing kept */
        page_range_tree_free(all[i]);
    }
}

/* At the limit only what makes ranges longer fits, and nothing else changes. */
static void limit(void)
{
    PageRangeTree *t = page_range_tree_new();

    page_range_tree_set_max(t, 1000);
    for (uint64_t i = 0; i < 1000; i++) {
        g_assert_true(page_range_tree_fits(t, (PageRange){ 100 + i * 10, 3 }));
        page_range_tree_insert(t, (PageRange){ 100 + i * 10, 3 }, NULL, NULL);
    }
    g_assert_false(page_range_tree_fits(t, (PageRange){ 10, 5 }));
    g_assert_false(page_range_tree_fits(t, (PageRange){ 95, 4 }));
    g_assert_false(page_range_tree_fits(t, (PageRange){ 104, 5 }));
    g_assert_false(page_range_tree_fits(t, (PageRange){ 20000, 1 }));
    g_assert_true(page_range_tree_fits(t, (PageRange){ 95, 5 }));       /* touch one */
    g_assert_true(page_range_tree_fits(t, (PageRange){ 103, 1 }));
    g_assert_true(page_range_tree_fits(t, (PageRange){ 101, 1 }));      /* inside */
    g_assert_true(page_range_tree_fits(t, (PageRange){ 50, 20000 }));
    g_assert_true(page_range_tree_fits(t, (PageRange){ 20000, 0 }));
    page_range_tree_insert(t, (PageRange){ 103, 7 }, NULL, NULL);       /* joins two */
    g_assert_cmpuint(page_range_tree_ranges(t), ==, 999);
    g_assert_true(page_range_tree_fits(t, (PageRange){ 20000, 1 }));
    page_range_tree_free(t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/page-range-tree/merges", merges);
    for (unsigned i = 0; i < G_N_ELEMENTS(mixes); i++) {
        g_autofree char *path = g_strdup_printf("/page-range-tree/random-against-bitmap/%s",
                                                mixes[i].name);
        g_test_add_data_func(path, &mixes[i], random_against_bitmap);
    }
    g_test_add_func("/page-range-tree/terabyte-in-one", terabyte_in_one);
    g_test_add_func("/page-range-tree/terabyte-shuffled", terabyte);
    g_test_add_func("/page-range-tree/pages-shuffled", pages_of_4k);
    g_test_add_func("/page-range-tree/alternating", alternating);
    g_test_add_func("/page-range-tree/limit", limit);
    return g_test_run();
}
