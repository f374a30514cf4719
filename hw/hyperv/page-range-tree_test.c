/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include "page-range-tree.h"

enum { SPACE = 512 };           /* pages of the model */

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

/* a terabyte in pieces, in an order that leaves gaps first, ends as one node */
static void terabyte(void)
{
    PageRangeTree *t = page_range_tree_new();
    uint64_t piece = 512, n = 1 << 12;

    for (uint64_t odd = 0; odd < 2; odd++) {
        for (uint64_t i = odd; i < n; i += 2) {
            page_range_tree_insert(t, (PageRange){ i * piece, piece }, NULL, NULL);
        }
    }
    page_range_tree_insert(t, (PageRange){ n * piece, (1 << 28) - n * piece }, NULL, NULL);
    g_assert_cmpuint(page_range_tree_ranges(t), ==, 1);
    g_assert_cmpuint(page_range_tree_pages(t), ==, 1 << 28);
    g_assert_cmpuint(page_range_tree_insert(t, (PageRange){ 0, 1 << 28 }, NULL, NULL), ==, 1 << 28);
    page_range_tree_free(t);
}

typedef struct Model { uint8_t in[SPACE], fresh[SPACE]; } Model;

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
    for (unsigned i = 0; i < SPACE; i++) {
        n += m->in[i];
        g_assert_cmpint(page_range_tree_contains(t, i), ==, m->in[i]);
    }
    g_assert_cmpuint(n, ==, c.n_pages);
    g_assert_cmpuint(n, ==, page_range_tree_pages(t));
    g_assert_cmpuint(c.n_ranges, ==, page_range_tree_ranges(t));
}

static void model_insert(PageRangeTree *t, Model *m, PageRange r)
{
    uint64_t had = 0;

    memset(m->fresh, 0, sizeof(m->fresh));
    uint64_t got = page_range_tree_insert(t, r, note_fresh, m);
    for (uint64_t i = 0; i < SPACE; i++) {
        bool hit = i >= r.start_pfn && i < r.start_pfn + r.n_pages;
        g_assert_cmpint(m->fresh[i], ==, hit && !m->in[i]);
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

    while (first < SPACE && !m->in[first]) {
        first++;
    }
    if (!page_range_tree_pop(t, max, &r)) {
        g_assert_true(first == SPACE || max == 0);
        return;
    }
    g_assert_cmpuint(r.start_pfn, ==, first);
    g_assert_cmpuint(r.n_pages, <=, max);
    for (uint64_t i = 0; i < r.n_pages; i++) {
        g_assert_true(m->in[r.start_pfn + i]);
        m->in[r.start_pfn + i] = 0;
    }
}

static void random_against_bitmap(void)
{
    PageRangeTree *t = page_range_tree_new();
    Model m = { 0 };

    for (unsigned i = 0; i < 20000; i++) {
        uint64_t start = (uint64_t)g_test_rand_int_range(0, SPACE);
        uint64_t longest = g_test_rand_bit() ? 4 : SPACE;
        PageRange r = { start, (uint64_t)g_test_rand_int_range(
                                   0, (int)MIN(longest, SPACE - start) + 1) };
        switch (g_test_rand_int_range(0, 8)) {
        case 0 ... 3: model_insert(t, &m, r); break;
        case 4 ... 6: model_remove(t, &m, r); break;
        default: model_pop(t, &m, r.n_pages); break;
        }
        if (i % 16 == 0) {
            check_all(t, &m);
        }
    }
    page_range_tree_free(t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/page-range-tree/merges", merges);
    g_test_add_func("/page-range-tree/terabyte", terabyte);
    g_test_add_func("/page-range-tree/random-against-bitmap", random_against_bitmap);
    return g_test_run();
}
