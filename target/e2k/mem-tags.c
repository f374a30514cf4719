/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tags of memory: a byte for each 32 bits of the pages that have some, in a table by page. Only strd
 * and strqp store others than numbers. Until the first one does, other stores are translated
 * without a look at the table; then everything is translated again.
 */
#include <string.h>
#include "accel/accel.h"
#include "target/e2k/mem.h"

enum { PAGE_WORDS = PAGE_SIZE_ / 4 };

static GMutex lock;
static GHashTable *pages;               /* page address -> uint8_t[PAGE_WORDS]; lock */
static bool in_use;                     /* atomic; never false again */

bool e2k_memory_has_tags(void)
{
    return __atomic_load_n(&in_use, __ATOMIC_ACQUIRE);
}

/* NULL: the page has none; with @make it gets some */
static uint8_t *tags_of(uint64_t gva, bool make)
{
    gpointer key = (gpointer)(uintptr_t)(gva & PAGE_MASK_);
    uint8_t *page = pages ? g_hash_table_lookup(pages, key) : NULL;

    if (!page && make) {
        if (!pages) {
            pages = g_hash_table_new_full(NULL, NULL, NULL, g_free);
        }
        page = g_new0(uint8_t, PAGE_WORDS);
        g_hash_table_insert(pages, key, page);
    }
    return page ? page + (gva & ~PAGE_MASK_) / 4 : NULL;
}

/* Words that the bytes touch get the tags, bytes of @tags; misplaced ones are numbers. */
static void put(uint64_t gva, uint32_t n_bytes, uint32_t tags)
{
    uint64_t end = gva + n_bytes;

    tags = gva & 3 ? 0 : tags;
    g_mutex_lock(&lock);
    for (gva &= ~3ull; gva < end; gva += 4, tags >>= 8) {
        uint8_t *t = tags_of(gva, tags & 0xff);

        if (t) {
            *t = (uint8_t)tags;
        }
    }
    g_mutex_unlock(&lock);
}

/* The bundle of the first one begins again, in blocks that keep these tags. */
static void helper_put(CPUE2KState *env, uint64_t gva, uint32_t n_bytes, uint32_t tags)
{
    CPUState *cpu = env_cpu(env);

    if (tags && !__atomic_exchange_n(&in_use, true, __ATOMIC_SEQ_CST)) {
        tb_flush_all();
        cpu_restore_state(cpu, GETPC());
        cpu->exception_index = EXCP_NONE;
        cpu_loop_exit(cpu);
    }
    if (e2k_memory_has_tags()) {
        put(gva, n_bytes, tags);
    }
}

static uint32_t helper_get(CPUE2KState *env, uint64_t gva, uint32_t n_bytes)
{
    uint32_t tags = 0;

    if (!e2k_memory_has_tags() || gva & 3) {
        return 0;
    }
    g_mutex_lock(&lock);
    for (unsigned i = 0; i < n_bytes / 4; i++) {
        const uint8_t *t = tags_of(gva + 4 * i, false);

        tags |= t ? (uint32_t)*t << 8 * i : 0;
    }
    g_mutex_unlock(&lock);
    return tags;
}

static gboolean is_within(gpointer key, gpointer value, gpointer range)
{
    const uint64_t *r = range;

    return (uint64_t)(uintptr_t)key - r[0] < r[1];
}

void e2k_memory_gone(uint64_t gva, uint64_t n_bytes)
{
    uint64_t range[2] = { gva, n_bytes };

    if (e2k_memory_has_tags()) {
        g_mutex_lock(&lock);
        g_hash_table_foreach_remove(pages, is_within, range);
        g_mutex_unlock(&lock);
    }
}

const IrHelper e2k_helper_put_tags = {
    "e2k_put_tags", helper_put, IR_CALL_NO_WRITE, IR_VOID, 4, { IR_I64, IR_I64, IR_I32, IR_I32 }
};
const IrHelper e2k_helper_get_tags = {
    "e2k_get_tags", helper_get, IR_CALL_NO_WRITE | IR_CALL_NO_FAULT, IR_I32, 3,
    { IR_I64, IR_I64, IR_I32 }
};
