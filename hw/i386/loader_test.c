/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/i386/loader.h"
#include <stdlib.h>
#include <string.h>
#include "hw/test-util.h"
#include "target/i386/cpu.h"
#include "util/wire.h"

void tlb_flush(CPUState *cpu) { }
void x86_update_hflags(CPUX86State *env) { }
void x86_load_seg_cache(CPUX86State *env, int seg, uint16_t selector, uint64_t base,
                        uint32_t limit, uint32_t flags)
{
    env->segs[seg] = (SegmentCache) { base, limit, flags, selector };
}

#define RAM_BYTES (64u << 20)
#define SETUP_BYTES (3 * 512)
#define CODE_BYTES 4096
static uint8_t image[SETUP_BYTES + CODE_BYTES];
static MemoryRegion ram;
static char *dir;

static void make_image(void)
{
    memset(image, 0, sizeof(image));
    image[0x1f1] = 2;
    stle32(image + 0x1f4, CODE_BYTES / 16);
    stle16(image + 0x1fe, 0xaa55);
    image[0x201] = 0x66;
    memcpy(image + 0x202, "HdrS", 4);
    stle16(image + 0x206, 0x20f);
    image[0x211] = 1;
    stle32(image + 0x22c, 0x7fffffff);
    stle32(image + 0x230, 0x200000);
    image[0x234] = 1;
    stle16(image + 0x236, 0x7f);
    stle32(image + 0x238, 255);
    stle64(image + 0x258, 0x1000000);
    stle32(image + 0x260, 0x100000);
    memset(image + SETUP_BYTES, 0xcc, CODE_BYTES);
}

static const char *parse_error(size_t n)
{
    static char text[200];
    g_autoptr(Error) err = NULL;
    KernelImage k;

    text[0] = 0;
    if (!kernel_image_parse(image, n, &k, &err)) {
        g_strlcpy(text, error_text(err), sizeof(text));
    }
    return text;
}

static void test_parse(void)
{
    make_image();
    g_assert_cmpstr(parse_error(sizeof(image)), ==, "");
    g_assert_cmpstr(parse_error(sizeof(image) - 1), ==, "the file is truncated");
    g_assert_cmpstr(parse_error(SETUP_BYTES), ==, "the file is truncated");
    g_assert_cmpstr(parse_error(0x240), ==, "the file is truncated");
    g_assert_cmpstr(parse_error(0), ==, "not a Linux bzImage nor an ELF file with a PVH entry");
    stle16(image + 0x206, 0x200);
    g_assert_true(g_str_has_prefix(parse_error(sizeof(image)), "Linux boot protocol 2.00"));
    make_image();
    stle64(image + 0x258, 0x1000);
    g_assert_true(g_str_has_prefix(parse_error(sizeof(image)), "the kernel wants"));
    make_image();
    image[0x202] = 'X';
    g_assert_true(g_str_has_prefix(parse_error(sizeof(image)), "not a Linux"));
}

/* No truncation and no flipped byte may read outside the file (run this under ASan). */
static void test_hostile(void)
{
    KernelImage k;

    for (size_t n = 0; n < 0x300; n++) {
        make_image();
        uint8_t *copy = g_memdup2(image, n ? n : 1);
        kernel_image_parse(copy, n, &k, NULL);
        g_free(copy);
    }
    for (unsigned i = 0; i < 2000; i++) {
        uint8_t elf[256];
        for (unsigned j = 0; j < sizeof(elf); j++) {
            elf[j] = g_random_int_range(0, 256) & (g_random_boolean() ? 0 : 255);
        }
        memcpy(elf, "\177ELF\2\1", 6);
        stle16(elf + 18, 62);
        stle16(elf + 54, 56);
        stle64(elf + 32, 64);
        stle16(elf + 56, i % 4);
        uint8_t *copy = g_memdup2(elf, sizeof(elf));
        kernel_image_parse(copy, sizeof(elf), &k, NULL);
        g_free(copy);
    }
}

static char *write_file(const char *name, const void *data, size_t n)
{
    char *path = g_build_filename(dir, name, NULL);

    g_assert_true(g_file_set_contents(path, data, n, NULL));
    return path;
}

static const E820Entry map[] = { { 0, 0x9fc00, E820_RAM },
                                 { 0x100000, RAM_BYTES - 0x100000, E820_RAM } };

static KernelBoot *boot(const char *kernel, const char *initrd, const char *append,
                        const char **why)
{
    static char text[300];
    g_autoptr(Error) err = NULL;
    KernelBootOptions o = { kernel, initrd, append, map, 2, RAM_BYTES, 0xf5a00 };
    KernelBoot *b = kernel_boot_new(&o, &err);

    g_strlcpy(text, b ? "" : error_text(err), sizeof(text));
    *why = text;
    return b;
}

static void test_errors(void)
{
    const char *why;
    g_autofree char *none = g_build_filename(dir, "none", NULL);
    make_image();
    g_autofree char *cut = write_file("cut", image, sizeof(image) - 100);
    g_autofree char *good = write_file("good", image, sizeof(image));
    g_autofree char *big = write_file("big", g_malloc0(60 << 20), 60 << 20);
    char long_line[400];

    g_assert_null(boot(none, NULL, NULL, &why));
    g_assert_true(g_str_has_suffix(why, "/none': No such file or directory"));
    g_assert_null(boot(cut, NULL, NULL, &why));
    g_assert_true(g_str_has_suffix(why, "/cut': the file is truncated"));
    g_assert_null(boot(good, big, NULL, &why));
    g_assert_nonnull(strstr(why, "does not fit in RAM"));
    memset(long_line, 'x', sizeof(long_line));
    long_line[300] = 0;
    g_assert_null(boot(good, NULL, long_line, &why));
    g_assert_cmpstr(why, ==, "-append: the kernel takes at most 255 characters");
    stle32(image + 0x260, RAM_BYTES);
    g_autofree char *huge = write_file("huge", image, sizeof(image));
    g_assert_null(boot(huge, NULL, NULL, &why));
    g_assert_nonnull(strstr(why, "use a larger -m"));
}

static void test_load(void)
{
    const char *why;
    uint8_t params[4096];
    char text[16];
    X86CPU *cpu = g_aligned_alloc0(1, (sizeof(X86CPU) + 63) & ~(size_t)63, 64);

    make_image();
    g_autofree char *good = write_file("good", image, sizeof(image));
    g_autofree char *initrd = write_file("initrd", "INITRD", 6);
    KernelBoot *b = boot(good, initrd, "console=ttyS0", &why);
    g_assert_nonnull(b);
    for (unsigned again = 0; again < 2; again++) {          /* a reset puts it all back */
        kernel_boot_load(b);
        gpa_read(0x7000, params, sizeof(params));
        g_assert_cmpmem(params + 0x202, 4, "HdrS", 4);
        g_assert_cmphex(ldle64(params + 0x70), ==, 0xf5a00);
        g_assert_cmpint(params[0x1e8], ==, 2);
        g_assert_cmphex(ldle64(params + 0x2d0 + 20), ==, 0x100000);
        uint64_t at = ldle32(params + 0x218);
        g_assert_cmphex(at & 0xfff, ==, 0);
        g_assert_cmphex(at, >=, 0x1100000);
        g_assert_cmphex(at + 6, <=, RAM_BYTES);
        gpa_read(at, text, 6);
        g_assert_cmpmem(text, 6, "INITRD", 6);
        gpa_read(ldle32(params + 0x228), text, 14);
        g_assert_cmpstr(text, ==, "console=ttyS0");
        gpa_read(0x1000200, text, 1);
        g_assert_cmphex((uint8_t)text[0], ==, 0xcc);
        gpa_read(ldle64(params + 0x250), params, 16);
        g_assert_cmpuint(ldle32(params + 8), ==, 9);
        gpa_write(0x1000200, "\0\0\0\0", 4);
    }
    kernel_boot_set_cpu(b, &cpu->parent);
    g_assert_cmphex(cpu->env.eip, ==, 0x1000200);
    g_assert_cmphex(cpu->env.regs[R_ESI], ==, 0x7000);
    g_assert_true(cpu->env.segs[R_CS].flags & DESC_L);
    g_assert_cmphex(cpu->env.segs[R_CS].selector, ==, 0x10);
    /* the page tables map the first 4 GiB onto themselves */
    uint64_t pml4, pdpt, pd;
    gpa_read(cpu->env.cr[3], &pml4, 8);
    gpa_read((pml4 & ~0xfffull) + 8 * 3, &pdpt, 8);
    gpa_read((pdpt & ~0xfffull) + 8 * 511, &pd, 8);
    g_assert_cmphex(pd, ==, 0xffe00083);
    kernel_boot_free(b);
    g_aligned_free(cpu);
}

/* A real kernel, if somebody names one. */
static void test_real(void)
{
    const char *path = getenv("TEST_KERNEL");
    g_autofree char *data = NULL;
    gsize n;
    KernelImage k;
    Error *err = NULL;

    if (!path || !g_file_get_contents(path, &data, &n, NULL)) {
        g_test_skip("TEST_KERNEL names no kernel");
        return;
    }
    g_assert_true(kernel_image_parse((uint8_t *)data, n, &k, &err));
    g_assert_cmpint(k.kind, ==, KERNEL_LINUX64);
    g_assert_cmphex(k.load_gpa, ==, 0x1000000);
    g_assert_false(kernel_image_parse((uint8_t *)data, n / 2, &k, NULL));
}

int main(int argc, char **argv)
{
    test_machine(&argc, &argv);
    dir = g_dir_make_tmp("loader-XXXXXX", NULL);
    memory_region_init_ram(&ram, NULL, "ram", RAM_BYTES, NULL);
    memory_region_add(test_mem(), 0, &ram);
    g_test_add_func("/loader/parse", test_parse);
    g_test_add_func("/loader/hostile", test_hostile);
    g_test_add_func("/loader/errors", test_errors);
    g_test_add_func("/loader/load", test_load);
    g_test_add_func("/loader/real", test_real);
    int rc = g_test_run();
    static const char *const files[] = { "cut", "good", "big", "huge", "initrd" };
    for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(dir, files[i], NULL);
        remove(path);
    }
    remove(dir);
    return rc;
}
