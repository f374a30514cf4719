/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regions and flat views, also random trees against a model that asks the tree byte by byte. */
#include <string.h>
#include <sys/mman.h>
#include "memory-internal.h"
#include "util/main-loop.h"

/* ---- a device that remembers what it saw ---- */

typedef struct Probe {
    uint8_t mem[64];
    struct { uint64_t offset, val; unsigned bytes; bool write; } log[16];
    unsigned n;
} Probe;

static uint64_t probe_read(void *opaque, uint64_t offset, unsigned bytes)
{
    Probe *p = opaque;
    uint64_t v = 0;

    g_assert_cmpuint(offset + bytes, <=, sizeof(p->mem));
    memcpy(&v, p->mem + offset, bytes);
    if (p->n < 16) {
        p->log[p->n].offset = offset, p->log[p->n].bytes = bytes, p->log[p->n].write = false;
        p->n++;
    }
    return v;
}

static void probe_write(void *opaque, uint64_t offset, uint64_t val, unsigned bytes)
{
    Probe *p = opaque;

    g_assert_cmpuint(offset + bytes, <=, sizeof(p->mem));
    memcpy(p->mem + offset, &val, bytes);
    if (p->n < 16) {
        p->log[p->n].offset = offset, p->log[p->n].bytes = bytes, p->log[p->n].write = true;
        p->n++;
    }
}

static const MemoryRegionOps plain_ops = { .read = probe_read, .write = probe_write };
static const MemoryRegionOps byte_ops = { .read = probe_read, .write = probe_write,
                                          .impl_max = 1 };
static const MemoryRegionOps word_ops = { .read = probe_read, .write = probe_write,
                                          .impl_min = 4, .impl_max = 4 };
static const MemoryRegionOps strict_ops = { .read = probe_read, .write = probe_write,
                                            .valid_min = 4, .valid_max = 4 };

static void probe_reset(Probe *p)
{
    for (unsigned i = 0; i < sizeof(p->mem); i++) {
        p->mem[i] = (uint8_t)(0x10 + i);
    }
    p->n = 0;
}

static void test_io_widths(void)
{
    MemoryRegion plain = { 0 }, byte = { 0 }, word = { 0 }, strict = { 0 };
    Probe p;
    MemTxResult res;

    memory_region_init_io(&plain, NULL, &plain_ops, &p, "plain", 64);
    memory_region_init_io(&byte, NULL, &byte_ops, &p, "byte", 64);
    memory_region_init_io(&word, NULL, &word_ops, &p, "word", 64);
    memory_region_init_io(&strict, NULL, &strict_ops, &p, "strict", 64);
    bql_lock();

    probe_reset(&p);
    g_assert_cmphex(memory_region_io_read(&plain, 8, 4, &res), ==, 0x1b1a1918);
    g_assert_cmpuint(p.n, ==, 1);
    g_assert_cmphex(memory_region_io_read(&plain, 9, 4, &res), ==, 0x1c1b1a19);    /* as bytes */
    g_assert_cmpuint(p.n, ==, 5);

    probe_reset(&p);
    g_assert_cmphex(memory_region_io_read(&byte, 1, 8, &res), ==, 0x1817161514131211);
    g_assert_cmpuint(p.n, ==, 8);
    memory_region_io_write(&byte, 3, 0xaabb, 2);
    g_assert_cmphex(p.mem[3], ==, 0xbb);
    g_assert_cmphex(p.mem[4], ==, 0xaa);

    probe_reset(&p);
    g_assert_cmphex(memory_region_io_read(&word, 6, 4, &res), ==, 0x19181716);     /* two words */
    g_assert_cmpuint(p.n, ==, 2);
    g_assert_cmphex(memory_region_io_read(&word, 5, 1, &res), ==, 0x15);
    g_assert_cmpuint(p.log[2].bytes, ==, 4);
    g_assert_cmpuint(p.log[2].offset, ==, 4);
    g_assert_cmphex(memory_region_io_read(&word, 8, 8, &res), ==, 0x1f1e1d1c1b1a1918);

    probe_reset(&p);
    g_assert_cmphex(memory_region_io_read(&strict, 4, 2, &res), ==, 0xffff);
    g_assert_cmpint(res, ==, MEMTX_ERROR);
    g_assert_cmpint(memory_region_io_write(&strict, 4, 1, 8), ==, MEMTX_ERROR);
    g_assert_cmpuint(p.n, ==, 0);
    g_assert_cmphex(memory_region_io_read(&strict, 4, 4, &res), ==, 0x17161514);
    g_assert_cmpint(res, ==, MEMTX_OK);

    memory_region_destroy(&plain);
    memory_region_destroy(&byte);
    memory_region_destroy(&word);
    memory_region_destroy(&strict);
    bql_unlock();
}

/* ---- an address space with RAM, ROM, a device and holes ---- */

static void test_address_space(void)
{
    MemoryRegion root = { 0 }, ram = { 0 }, low = { 0 }, high = { 0 }, dev = { 0 }, rom = { 0 };
    AddressSpace *as;
    Probe p;
    MemTxResult res;
    uint8_t buf[256], back[256];
    void *rom_host = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t len, ofs;

    bql_lock();
    probe_reset(&p);
    memset(rom_host, 0x5a, 4096);
    memory_region_init(&root, NULL, "root", UINT64_MAX);
    g_assert_true(memory_region_init_ram(&ram, NULL, "test.ram", 0x10000, NULL));
    memory_region_init_alias(&low, NULL, "low", &ram, 0, 0x8000);
    memory_region_init_alias(&high, NULL, "high", &ram, 0x8000, 0x8000);
    memory_region_init_io(&dev, NULL, &plain_ops, &p, "dev", 64);
    memory_region_init_ram_ptr(&rom, NULL, "rom", 4096, rom_host, true);
    memory_region_add(&root, 0, &low);
    memory_region_add(&root, 0x100000000, &high);
    memory_region_add_overlap(&root, 0x2000, &dev, 1);
    memory_region_add(&root, 0xfffff000, &rom);
    as = address_space_new(&root, "test");

    /* device in the middle of RAM */
    address_space_st(as, 0x1ffe, 0x11223344, 4);
    g_assert_cmphex(p.mem[0], ==, 0x22);
    g_assert_cmphex(p.mem[1], ==, 0x11);
    g_assert_cmphex(address_space_ld(as, 0x1ffe, 4, &res), ==, 0x11223344);
    g_assert_cmpint(res, ==, MEMTX_OK);
    for (unsigned i = 0; i < sizeof(buf); i++) {
        buf[i] = (uint8_t)i;
    }
    g_assert_cmpint(address_space_write(as, 0x1fc0, buf, sizeof(buf)), ==, MEMTX_OK);
    g_assert_cmpint(address_space_read(as, 0x1fc0, back, sizeof(back)), ==, MEMTX_OK);
    g_assert_cmpmem(buf, sizeof(buf), back, sizeof(back));
    g_assert_cmpmem(p.mem, 64, buf + 64, 64);

    /* the high alias is the second half; ROM keeps its bytes; nothing reads as ones */
    address_space_st(as, 0x100000010, 0x77, 1);
    g_assert_cmphex(((uint8_t *)memory_region_ram_ptr(&ram))[0x8010], ==, 0x77);
    g_assert_true(memory_region_ram_ptr(&high) == ram.ram->host + 0x8000);
    address_space_st(as, 0xfffff000, 0, 8);
    g_assert_cmpint(address_space_write(as, 0xfffff800, buf, 16), ==, MEMTX_OK);
    g_assert_cmphex(address_space_ld(as, 0xfffff800, 8, &res), ==, 0x5a5a5a5a5a5a5a5a);
    g_assert_cmphex(address_space_ld(as, 0x9000, 4, &res), ==, 0xffffffff);
    g_assert_cmpint(res, ==, MEMTX_DECODE_ERROR);
    g_assert_cmpint(address_space_read(as, 0x7ff0, back, 32), ==, MEMTX_DECODE_ERROR);
    g_assert_cmphex(back[31], ==, 0xff);
    g_assert_cmphex(back[15], ==, 0);

    /* maps end where RAM ends */
    len = 0x10000;
    g_assert_true(address_space_map(as, 0x7000, &len, true) == ram.ram->host + 0x7000);
    g_assert_cmphex(len, ==, 0x1000);
    len = 16;
    g_assert_null(address_space_map(as, 0xfffff000, &len, true));
    len = 16;
    g_assert_true(address_space_map(as, 0xfffff000, &len, false) == rom_host);
    g_assert_true(ram_block_from_gpa(as, 0x100000010, &ofs, &len) == ram.ram);
    g_assert_cmphex(ofs, ==, 0x8010);
    g_assert_cmphex(len, ==, 0x7ff0);
    g_assert_true(ram_block_from_hva(ram.ram->host + 0x123, &ofs) == ram.ram);
    g_assert_cmphex(ofs, ==, 0x123);

    /* a read-only alias, a disabled region */
    memory_region_set_readonly(&high, true);
    address_space_st(as, 0x100000010, 0x12, 1);
    g_assert_cmphex(address_space_ld(as, 0x100000010, 1, NULL), ==, 0x77);
    g_assert_true(address_space_lookup(as, 0x100000010).readonly);
    memory_region_set_enabled(&dev, false);
    g_assert_true(address_space_lookup(as, 0x2000).mr == &ram);
    g_assert_cmphex(address_space_lookup(as, 0).len_bytes, ==, 0x8000);

    address_space_free(as);
    memory_region_destroy(&dev);
    memory_region_destroy(&high);
    memory_region_destroy(&low);
    memory_region_destroy(&rom);
    memory_region_destroy(&root);
    memory_region_destroy(&ram);
    g_assert_cmpuint(ram_total_bytes(), ==, 0);
    bql_unlock();
}

/* ---- random trees ---- */

#define N_REGIONS 24
#define SPAN 512

/* Who answers at @addr of @mr, by walking the tree. Region and offset in it, or NULL. */
static MemoryRegion *model_find(MemoryRegion *mr, int64_t addr, bool *readonly, int64_t *offset)
{
    if (!mr->enabled || addr < 0 || addr >= (int64_t)MIN(mr->size, INT64_MAX)) {
        return NULL;
    }
    if (mr->alias) {
        MemoryRegion *hit = model_find(mr->alias, addr + (int64_t)mr->alias_offset, readonly,
                                       offset);
        *readonly |= hit && mr->readonly;
        return hit;
    }
    for (unsigned i = 0; i < mr->subregions->len; i++) {
        MemoryRegion *sub = mr->subregions->pdata[i];
        MemoryRegion *hit = model_find(sub, addr - (int64_t)sub->addr, readonly, offset);
        if (hit) {
            *readonly |= mr->readonly;
            return hit;
        }
    }
    if (!mr->terminates) {
        return NULL;
    }
    *readonly |= mr->readonly;
    *offset = addr;
    return mr;
}

static void check_against_model(AddressSpace *as, MemoryRegion *root)
{
    uint64_t left = 0;
    MemoryRegion *prev = NULL;

    for (int64_t a = 0; a < SPAN; a++) {
        bool ro = false;
        int64_t ofs = 0;
        MemoryRegion *want = model_find(root, a, &ro, &ofs);
        MemorySection got = address_space_lookup(as, (uint64_t)a);

        g_assert_true(got.mr == want);
        if (want) {
            g_assert_cmpuint(got.offset, ==, (uint64_t)ofs);
            g_assert_cmpint(got.readonly, ==, ro);
        }
        g_assert_true(left == 0 || got.mr == prev);
        left = got.mr ? got.len_bytes - 1 : 0;
        prev = got.mr;
    }
}

static uint64_t dummy_read(void *opaque, uint64_t offset, unsigned bytes)
{
    return 0;
}

static const MemoryRegionOps dummy_ops = { .read = dummy_read };

static void random_tree(GRand *r)
{
    MemoryRegion *mr = g_new0(MemoryRegion, N_REGIONS);
    AddressSpace *as;

    memory_region_init(&mr[0], NULL, "root", UINT64_MAX);
    as = address_space_new(&mr[0], "random");
    memory_transaction_begin();
    for (int i = 1; i < N_REGIONS; i++) {
        uint64_t size = (uint64_t)g_rand_int_range(r, 1, SPAN), at = g_rand_int_range(r, 0, SPAN);
        int kind = g_rand_int_range(r, 0, 4), parent = g_rand_int_range(r, 0, i);
        if (kind == 0 && i > 1) {       /* aliases look at older regions only: no cycles */
            memory_region_init_alias(&mr[i], NULL, "alias", &mr[g_rand_int_range(r, 1, i)],
                                     (uint64_t)g_rand_int_range(r, 0, 64), size);
        } else if (kind == 1) {
            memory_region_init(&mr[i], NULL, "container", size);
        } else {
            memory_region_init_io(&mr[i], NULL, &dummy_ops, NULL, "io", size);
        }
        while (mr[parent].alias) {
            parent--;
        }
        /* a region below what an alias shows could make a cycle: only the root then */
        parent = kind == 0 ? 0 : parent;
        memory_region_add_overlap(&mr[parent], at, &mr[i], g_rand_int_range(r, -2, 3));
    }
    memory_transaction_commit();
    check_against_model(as, &mr[0]);
    for (int step = 0; step < 8; step++) {
        MemoryRegion *m = &mr[g_rand_int_range(r, 1, N_REGIONS)];
        switch (g_rand_int_range(r, 0, 3)) {
        case 0: memory_region_set_enabled(m, !m->enabled); break;
        case 1: memory_region_set_address(m, (uint64_t)g_rand_int_range(r, 0, SPAN)); break;
        default: memory_region_set_readonly(m, !m->readonly); break;
        }
        check_against_model(as, &mr[0]);
    }
    address_space_free(as);
    for (int i = N_REGIONS - 1; i >= 0; i--) {
        memory_region_destroy(&mr[i]);
    }
    g_free(mr);
}

static void test_random(void)
{
    GRand *r = g_rand_new_with_seed(20);

    bql_lock();
    for (int i = 0; i < 300; i++) {
        random_tree(r);
    }
    bql_unlock();
    g_rand_free(r);
}

/* ---- RAM blocks ---- */

static unsigned resident_pages(const RAMBlock *rb)
{
    static unsigned char vec[2048];
    unsigned n = 0;

    g_assert_cmpint(mincore(rb->host, rb->size, vec), ==, 0);
    for (unsigned i = 0; i < rb->size / 4096; i++) {
        n += vec[i] & 1;
    }
    return n;
}

static void test_discard(gconstpointer flags)
{
    RAMBlock *rb = ram_block_new("discard", 64 * 4096, GPOINTER_TO_UINT(flags), NULL);
    Error *err = NULL;

    g_assert_nonnull(rb);
    memset(rb->host, 0xab, rb->size);
    g_assert_cmpuint(resident_pages(rb), ==, 64);
    g_assert_true(ram_block_discard(rb, 5 * 4096, 10 * 4096, &err));
    g_assert_true(ram_block_discard(rb, 40 * 4096, 4096, &err));
    g_assert_cmpuint(resident_pages(rb), ==, 53);
    g_assert_cmphex(rb->host[5 * 4096], ==, 0);
    g_assert_cmphex(rb->host[15 * 4096 - 1], ==, 0);
    g_assert_cmphex(rb->host[15 * 4096], ==, 0xab);
    g_assert_cmphex(rb->host[40 * 4096 + 7], ==, 0);
    g_assert_false(ram_block_discard(rb, 4096, 64 * 4096, &err));
    g_assert_nonnull(err);
    error_free(err);
    err = NULL;
    g_assert_false(ram_block_discard(rb, 12, 4096, &err));
    error_free(err);
    g_assert_false(ram_block_discard(rb, UINT64_MAX - 4095, 4096, NULL));
    ram_block_unref(rb);
}

/* more ranges than one call of the host takes; those between keep what they hold */
static void test_discard_many(gconstpointer flags)
{
    enum { N = 700 };
    RAMBlock *rb = ram_block_new("many", 2 * N * 4096, GPOINTER_TO_UINT(flags), NULL);
    RamRange r[N];
    Error *err = NULL;

    memset(rb->host, 0xab, rb->size);
    for (unsigned i = 0; i < N; i++) {
        r[i] = (RamRange){ (2 * i + 1) * 4096u, i % 3 ? 4096 : 0 };
    }
    g_assert_true(ram_block_discard_many(rb, r, N, &err));
    for (unsigned i = 0; i < N; i++) {
        g_assert_cmphex(rb->host[2 * i * 4096], ==, 0xab);
        g_assert_cmphex(rb->host[(2 * i + 1) * 4096], ==, i % 3 ? 0 : 0xab);
        g_assert_cmphex(rb->host[(2 * i + 2) * 4096 - 1], ==, i % 3 ? 0 : 0xab);
    }
    r[N - 1].ofs += 1;
    r[0] = (RamRange){ 0, 4096 };
    g_assert_false(ram_block_discard_many(rb, r, N, &err));
    g_assert_cmphex(rb->host[0], ==, 0xab);         /* none was done */
    error_free(err);
    ram_block_unref(rb);
}

/* every second page of memory that the host may have put into huge pages; none comes back */
static void test_discard_huge(void)
{
    RAMBlock *rb = ram_block_new("huge", 8 << 20, 0, NULL);

    memset(rb->host, 1, rb->size);
    for (uint64_t ofs = 0; ofs < rb->size; ofs += 8192) {
        g_assert_true(ram_block_discard(rb, ofs, 4096, NULL));
    }
    g_assert_cmpuint(resident_pages(rb), ==, 1024);
    for (uint64_t ofs = 0; ofs < rb->size; ofs += 8192) {
        g_assert_cmpuint(rb->host[ofs + 4096], ==, 1);
    }
    g_assert_cmpuint(resident_pages(rb), ==, 1024);
    ram_block_unref(rb);
}

static void test_ram_addr(void)
{
    RAMBlock *a = ram_block_new("a", 4096, 0, NULL), *b = ram_block_new("b", 1 << 22, 0, NULL), *c;
    uint64_t b_addr = b->ram_addr;
    Error *err = NULL;

    g_assert_true(b_addr >= a->ram_addr + a->size);
    g_assert_cmpuint(ram_total_bytes(), ==, 4096 + (1 << 22));
    ram_block_unref(b);
    c = ram_block_new("c", 1 << 20, 0, NULL);
    g_assert_cmphex(c->ram_addr, ==, b_addr);           /* the gap is used again */
    ram_block_unref(a);
    ram_block_unref(c);
    g_assert_null(ram_block_new("bad", 100, 0, &err));
    error_free(err);
    err = NULL;
    g_assert_null(ram_block_new("huge", UINT64_MAX & ~4095ull, 0, &err));
    error_free(err);
}

static void test_print(void)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    MemoryRegion ram = { 0 }, alias = { 0 };

    bql_lock();
    g_assert_true(memory_region_init_ram(&ram, NULL, "pc.ram", 0x4000, NULL));
    memory_region_init_alias(&alias, NULL, "ram-below-4g", &ram, 0, 0x2000);
    memory_region_add(address_space_root(address_space_memory), 0x1000, &alias);
    memory_print_tree(f, false);
    memory_print_tree(f, true);
    fclose(f);
    g_assert_nonnull(strstr(text, "    0000000000001000-0000000000002fff (prio 0, ram): alias "
                                  "ram-below-4g @pc.ram 0000000000000000-0000000000001fff\n"));
    g_assert_nonnull(strstr(text, "  0000000000001000-0000000000002fff (prio 0, ram): pc.ram\n"));
    memory_region_destroy(&alias);
    memory_region_destroy(&ram);
    bql_unlock();
    free(text);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    memory_init();
    g_test_add_func("/memory/io-widths", test_io_widths);
    g_test_add_func("/memory/address-space", test_address_space);
    g_test_add_func("/memory/random-trees", test_random);
    g_test_add_data_func("/memory/discard/anon", GUINT_TO_POINTER(0), test_discard);
    g_test_add_data_func("/memory/discard/shared", GUINT_TO_POINTER(RAM_SHARED), test_discard);
    g_test_add_data_func("/memory/discard/memfd", GUINT_TO_POINTER(RAM_MEMFD | RAM_SHARED),
                         test_discard);
    g_test_add_data_func("/memory/discard/many", GUINT_TO_POINTER(0), test_discard_many);
    g_test_add_data_func("/memory/discard/many/memfd", GUINT_TO_POINTER(RAM_MEMFD | RAM_SHARED),
                         test_discard_many);
    g_test_add_func("/memory/discard/huge", test_discard_huge);
    g_test_add_func("/memory/ram-addr", test_ram_addr);
    g_test_add_func("/memory/print", test_print);
    return g_test_run();
}
