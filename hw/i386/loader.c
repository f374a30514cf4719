/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boots bzImage files by the Linux boot protocol (64-bit entry, or 32-bit for old kernels) and ELF
 * files by PVH. Source: Linux Documentation/x86/boot.rst and zero-page.rst; Xen
 * public/arch-x86/hvm/start_info.h. What we put below 1 MiB:
 *
 *   0x00400  BIOS data area      0x07000  boot_params / start_info   0x09000  page tables
 *   0x06000  GDT                 0x08000  set-up data                0x20000  command line
 */
#include "hw/i386/loader.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include "memory/memory.h"
#include "target/i386/cpu.h"
#include "util/wire.h"

#define BDA_GPA 0x400u
#define GDT_GPA 0x6000u
#define PARAMS_GPA 0x7000u
#define SETUP_DATA_GPA 0x8000u
#define PAGE_TABLES_GPA 0x9000u
#define STACK_GPA 0x1fff0u
#define CMDLINE_GPA 0x20000u
#define CMDLINE_ROOM 0x10000u
#define LOW_END 0x9fc00u
#define BOOT_CS 0x10
#define BOOT_DS 0x18
#define PAGE_BYTES 0x1000u

/* boot_params, offsets of the zero page; the set-up header is at the same place in the file */
enum {
    BP_RSDP = 0x070, BP_EXT_RAMDISK_IMAGE = 0x0c0, BP_EXT_RAMDISK_SIZE = 0x0c4,
    BP_EXT_CMDLINE = 0x0c8, BP_E820_COUNT = 0x1e8, BP_HEADER = 0x1f1, BP_SETUP_SECTS = 0x1f1,
    BP_SYSSIZE = 0x1f4, BP_VID_MODE = 0x1fa, BP_BOOT_FLAG = 0x1fe, BP_JUMP_END = 0x201,
    BP_MAGIC = 0x202, BP_VERSION = 0x206, BP_LOADER_TYPE = 0x210, BP_LOADFLAGS = 0x211,
    BP_CODE32_START = 0x214, BP_RAMDISK_IMAGE = 0x218, BP_RAMDISK_SIZE = 0x21c,
    BP_HEAP_END = 0x224, BP_CMDLINE = 0x228, BP_INITRD_MAX = 0x22c, BP_ALIGNMENT = 0x230,
    BP_RELOCATABLE = 0x234, BP_XLOADFLAGS = 0x236, BP_CMDLINE_SIZE = 0x238,
    BP_SETUP_DATA = 0x250, BP_PREF_ADDRESS = 0x258, BP_INIT_SIZE = 0x260, BP_E820_TABLE = 0x2d0,
    BP_BYTES = 0x1000, BP_E820_MAX = 128,
};
enum { LOADFLAGS_HIGH = 0x01, LOADFLAGS_HEAP = 0x80, XLF_KERNEL_64 = 1, XLF_ABOVE_4G = 2,
       SETUP_RNG_SEED = 9, LOADER_TYPE = 0xb0 };
#define BOOT_MAGIC 0x53726448u          /* "HdrS" */
#define PROTOCOL_MIN 0x0206
#define PROTOCOL_64 0x020c

struct KernelBoot {
    KernelImage image;
    GBytes *file, *initrd;              /* initrd NULL: none */
    char *cmdline;
    uint64_t initrd_gpa;
    uint64_t rsdp_gpa;
    E820Entry e820[BP_E820_MAX];
    unsigned n_e820;
};

/* ---- what the file says ---- */

static bool bzimage_parse(const uint8_t *f, size_t n, KernelImage *out, Error **errp)
{
    unsigned sects = f[BP_SETUP_SECTS] ? f[BP_SETUP_SECTS] : 4;
    uint16_t xlf;

    out->protocol = ldle16(f + BP_VERSION);
    if (out->protocol < PROTOCOL_MIN || !(f[BP_LOADFLAGS] & LOADFLAGS_HIGH)) {
        error_setg(errp, "Linux boot protocol %u.%02u is too old (2.06 is the oldest supported)",
                   out->protocol >> 8, out->protocol & 0xff);
        return false;
    }
    out->setup_bytes = (sects + 1) * 512;
    if (out->setup_bytes >= n || n - out->setup_bytes < (uint64_t)ldle32(f + BP_SYSSIZE) * 16) {
        error_setg(errp, "the file is truncated");
        return false;
    }
    xlf = out->protocol >= PROTOCOL_64 ? ldle16(f + BP_XLOADFLAGS) : 0;
    out->kind = xlf & XLF_KERNEL_64 ? KERNEL_LINUX64 : KERNEL_LINUX32;
    out->load_gpa = 0x100000;
    out->mem_bytes = n - out->setup_bytes;
    if (out->protocol >= 0x020a) {
        if (f[BP_RELOCATABLE] || ldle64(f + BP_PREF_ADDRESS) >= 0x100000) {
            out->load_gpa = ldle64(f + BP_PREF_ADDRESS);
        }
        out->mem_bytes = MAX(out->mem_bytes, ldle32(f + BP_INIT_SIZE));
    }
    out->entry_gpa = out->load_gpa + (out->kind == KERNEL_LINUX64 ? 0x200 : 0);
    if (out->load_gpa < 0x100000 || out->load_gpa >= UINT64_C(1) << 32) {
        error_setg(errp, "the kernel wants to be loaded at 0x%" PRIx64, out->load_gpa);
        return false;
    }
    out->cmdline_max = MIN(ldle32(f + BP_CMDLINE_SIZE), CMDLINE_ROOM - 1);
    out->initrd_max_gpa = xlf & XLF_ABOVE_4G ? UINT32_MAX : ldle32(f + BP_INITRD_MAX);
    return true;
}

enum { ELF_PHOFF = 32, ELF_PHENTSIZE = 54, ELF_PHNUM = 56, ELF_HEADER = 64, ELF_PHDR = 56,
       PT_LOAD_ = 1, PT_NOTE_ = 4, XEN_PHYS32_ENTRY = 18 };

/* The 32-bit entry address from a Xen ELF note in [ofs, ofs + n). */
static bool find_pvh_note(const uint8_t *f, uint64_t ofs, uint64_t n, uint64_t *entry)
{
    while (n >= 12) {
        uint64_t name = ((uint64_t)ldle32(f + ofs) + 3) & ~3u;
        uint64_t desc = ((uint64_t)ldle32(f + ofs + 4) + 3) & ~3u;
        if (name > n - 12 || desc > n - 12 - name) {
            return false;
        }
        if (ldle32(f + ofs + 8) == XEN_PHYS32_ENTRY && name == 4 && desc >= 4 &&
            memcmp(f + ofs + 12, "Xen", 4) == 0) {
            *entry = ldle32(f + ofs + 12 + name);
            return true;
        }
        ofs += 12 + name + desc;
        n -= 12 + name + desc;
    }
    return false;
}

static bool elf_add_segment(const uint8_t *ph, KernelImage *out, Error **errp)
{
    KernelSegment seg = { .gpa = ldle64(ph + 24), .file_ofs = ldle64(ph + 8),
                          .file_bytes = ldle64(ph + 32), .mem_bytes = ldle64(ph + 40) };

    if (out->n_segs == G_N_ELEMENTS(out->segs) || seg.mem_bytes < seg.file_bytes ||
        seg.gpa < 0x100000 || seg.gpa + seg.mem_bytes < seg.gpa) {
        error_setg(errp, "the ELF file has segments that cannot be loaded");
        return false;
    }
    out->load_gpa = out->n_segs ? MIN(out->load_gpa, seg.gpa) : seg.gpa;
    out->mem_bytes = MAX(out->mem_bytes, seg.gpa + seg.mem_bytes);      /* the end, for now */
    out->segs[out->n_segs++] = seg;
    return true;
}

static bool elf_parse(const uint8_t *f, size_t n, KernelImage *out, Error **errp)
{
    uint64_t phoff = ldle64(f + ELF_PHOFF);
    unsigned phnum = ldle16(f + ELF_PHNUM);
    bool pvh = false;

    if (f[4] != 2 || f[5] != 1 || ldle16(f + 18) != 62 || ldle16(f + ELF_PHENTSIZE) != ELF_PHDR) {
        error_setg(errp, "the ELF file is not for x86-64");
        return false;
    }
    if (phoff > n || phnum > (n - phoff) / ELF_PHDR) {
        error_setg(errp, "the file is truncated");
        return false;
    }
    for (unsigned i = 0; i < phnum; i++) {
        const uint8_t *ph = f + phoff + i * ELF_PHDR;
        uint64_t ofs = ldle64(ph + 8), bytes = ldle64(ph + 32);
        if (ofs > n || bytes > n - ofs) {
            error_setg(errp, "the file is truncated");
            return false;
        }
        if (ldle32(ph) == PT_LOAD_ && ldle64(ph + 40) && !elf_add_segment(ph, out, errp)) {
            return false;
        }
        if (ldle32(ph) == PT_NOTE_ && !pvh) {
            pvh = find_pvh_note(f, ofs, bytes, &out->entry_gpa);
        }
    }
    if (!pvh || !out->n_segs) {
        error_setg(errp, "the ELF file has no PVH entry point");
        return false;
    }
    out->kind = KERNEL_PVH;
    out->mem_bytes -= out->load_gpa;
    out->cmdline_max = CMDLINE_ROOM - 1;
    out->initrd_max_gpa = UINT32_MAX;
    return true;
}

bool kernel_image_parse(const uint8_t *f, size_t n, KernelImage *out, Error **errp)
{
    memset(out, 0, sizeof(*out));
    if (n >= ELF_HEADER && memcmp(f, "\177ELF", 4) == 0) {
        return elf_parse(f, n, out, errp);
    }
    if (n >= BP_MAGIC + 4 && ldle16(f + BP_BOOT_FLAG) == 0xaa55 &&
        ldle32(f + BP_MAGIC) == BOOT_MAGIC) {
        if (n < BP_INIT_SIZE + 8) {
            error_setg(errp, "the file is truncated");
            return false;
        }
        return bzimage_parse(f, n, out, errp);
    }
    error_setg(errp, "not a Linux bzImage nor an ELF file with a PVH entry");
    return false;
}

/* ---- placement ---- */

static bool read_file(const char *what, const char *path, GBytes **out, Error **errp)
{
    gchar *data;
    gsize n;
    g_autoptr(GError) err = NULL;

    if (!g_file_get_contents(path, &data, &n, &err)) {
        error_setg(errp, "could not load %s '%s': %s", what, path,
                   g_file_test(path, G_FILE_TEST_EXISTS) ? err->message : g_strerror(ENOENT));
        return false;
    }
    *out = g_bytes_new_take(data, n);
    return true;
}

static bool place_kernel(KernelBoot *b, const KernelBootOptions *o, Error **errp)
{
    KernelImage *k = &b->image;

    if (k->load_gpa >= o->low_ram_end || k->mem_bytes > o->low_ram_end - k->load_gpa) {
        error_setg(errp, "kernel '%s' needs RAM up to %" PRIu64 " MiB: use a larger -m", o->kernel,
                   (k->load_gpa + k->mem_bytes + 0xfffff) >> 20);
        return false;
    }
    return true;
}

/* The initrd goes as high as it may, out of the way of the kernel that unpacks itself. */
static bool place_initrd(KernelBoot *b, const KernelBootOptions *o, Error **errp)
{
    KernelImage *k = &b->image;
    uint64_t n = g_bytes_get_size(b->initrd), end = MIN(k->initrd_max_gpa + 1, o->low_ram_end);
    uint64_t kernel_end = k->load_gpa + k->mem_bytes;

    if (n > end || ((end - n) & ~(uint64_t)(PAGE_BYTES - 1)) < kernel_end) {
        error_setg(errp, "initrd '%s' (%" PRIu64 " KiB) does not fit in RAM beside the kernel: "
                   "use a larger -m", o->initrd, (n + 1023) / 1024);
        return false;
    }
    b->initrd_gpa = (end - n) & ~(uint64_t)(PAGE_BYTES - 1);
    return true;
}

static bool kernel_boot_prepare(KernelBoot *b, const KernelBootOptions *o, Error **errp)
{
    gsize n;
    const uint8_t *f;

    if (!read_file("kernel", o->kernel, &b->file, errp)) {
        return false;
    }
    f = g_bytes_get_data(b->file, &n);
    if (!kernel_image_parse(f, n, &b->image, errp)) {
        error_prepend(errp, "could not load kernel '%s': ", o->kernel);
        return false;
    }
    if (!place_kernel(b, o, errp)) {
        return false;
    }
    if (o->initrd && (!read_file("initrd", o->initrd, &b->initrd, errp) ||
                      !place_initrd(b, o, errp))) {
        return false;
    }
    if (strlen(b->cmdline) > b->image.cmdline_max) {
        error_setg(errp, "-append: the kernel takes at most %u characters", b->image.cmdline_max);
        return false;
    }
    return true;
}

KernelBoot *kernel_boot_new(const KernelBootOptions *o, Error **errp)
{
    KernelBoot *b = g_new0(KernelBoot, 1);

    b->cmdline = g_strdup(o->append ? o->append : "");
    b->rsdp_gpa = o->rsdp_gpa;
    b->n_e820 = MIN(o->n_e820, (unsigned)BP_E820_MAX);
    memcpy(b->e820, o->e820, b->n_e820 * sizeof(E820Entry));
    if (!kernel_boot_prepare(b, o, errp)) {
        kernel_boot_free(b);
        return NULL;
    }
    return b;
}

void kernel_boot_free(KernelBoot *b)
{
    if (b) {
        g_clear_pointer(&b->file, g_bytes_unref);
        g_clear_pointer(&b->initrd, g_bytes_unref);
        g_free(b->cmdline);
        g_free(b);
    }
}

/* ---- guest memory ---- */

static void load_bytes(GBytes *bytes, uint64_t file_ofs, uint64_t n, uint64_t gpa)
{
    gpa_write(gpa, (const uint8_t *)g_bytes_get_data(bytes, NULL) + file_ofs, n);
}

static void load_zeros(uint64_t gpa, uint64_t n)
{
    static const uint8_t zeros[65536];

    for (uint64_t done = 0; done < n; done += MIN(n - done, sizeof(zeros))) {
        gpa_write(gpa + done, zeros, MIN(n - done, sizeof(zeros)));
    }
}

static void load_kernel(const KernelBoot *b)
{
    const KernelImage *k = &b->image;

    if (k->kind != KERNEL_PVH) {
        load_bytes(b->file, k->setup_bytes, g_bytes_get_size(b->file) - k->setup_bytes,
                   k->load_gpa);
        return;
    }
    for (unsigned i = 0; i < k->n_segs; i++) {
        const KernelSegment *s = &k->segs[i];
        load_bytes(b->file, s->file_ofs, s->file_bytes, s->gpa);
        load_zeros(s->gpa + s->file_bytes, s->mem_bytes - s->file_bytes);
    }
}

static void load_bios_data(void)
{
    static const uint16_t com_ports[4] = { 0x3f8, 0x2f8, 0, 0 };
    uint8_t bda[0x100] = {0};

    for (unsigned i = 0; i < 4; i++) {
        stle16(bda + 2 * i, com_ports[i]);
    }
    stle16(bda + 0x0e, LOW_END >> 4);           /* segment of the extended BIOS data area */
    stle16(bda + 0x13, LOW_END >> 10);          /* KiB of conventional memory */
    gpa_write(BDA_GPA, bda, sizeof(bda));
}

static void load_gdt(void)
{
    uint8_t gdt[32] = {0};

    stle64(gdt + BOOT_CS, UINT64_C(0x00af9a000000ffff));
    stle64(gdt + BOOT_DS, UINT64_C(0x00cf92000000ffff));
    gpa_write(GDT_GPA, gdt, sizeof(gdt));
}

/* Identity map of the first 4 GiB: PML4, PDPT, four page directories of 2 MiB pages. */
static void load_page_tables(void)
{
    uint8_t *t = g_malloc0(6 * PAGE_BYTES);

    stle64(t, (PAGE_TABLES_GPA + PAGE_BYTES) | 7);
    for (unsigned i = 0; i < 4; i++) {
        stle64(t + PAGE_BYTES + 8 * i, (PAGE_TABLES_GPA + (2 + i) * PAGE_BYTES) | 7);
    }
    for (unsigned i = 0; i < 4 * 512; i++) {
        stle64(t + 2 * PAGE_BYTES + 8 * i, (uint64_t)i << 21 | 0x83);
    }
    gpa_write(PAGE_TABLES_GPA, t, 6 * PAGE_BYTES);
    g_free(t);
}

static void load_setup_data(void)
{
    uint8_t d[16 + 32] = {0};

    stle32(d + 8, SETUP_RNG_SEED);
    stle32(d + 12, 32);
    if (getrandom(d + 16, 32, GRND_NONBLOCK) != 32) {
        stle32(d + 12, 0);
    }
    gpa_write(SETUP_DATA_GPA, d, sizeof(d));
}

static void load_boot_params(const KernelBoot *b)
{
    const uint8_t *f = g_bytes_get_data(b->file, NULL);
    g_autofree uint8_t *p = g_malloc0(BP_BYTES);
    unsigned header_end = BP_MAGIC + f[BP_JUMP_END];
    uint64_t initrd_bytes = b->initrd ? g_bytes_get_size(b->initrd) : 0;

    memcpy(p + BP_HEADER, f + BP_HEADER, MIN(header_end, 0x290u) - BP_HEADER);
    p[BP_LOADER_TYPE] = LOADER_TYPE;
    p[BP_LOADFLAGS] |= LOADFLAGS_HEAP;
    stle16(p + BP_VID_MODE, 0xffff);
    stle16(p + BP_HEAP_END, 0xfe00);
    stle32(p + BP_CODE32_START, b->image.load_gpa);
    stle32(p + BP_CMDLINE, CMDLINE_GPA);
    stle32(p + BP_RAMDISK_IMAGE, b->initrd_gpa);
    stle32(p + BP_RAMDISK_SIZE, initrd_bytes);
    stle32(p + BP_EXT_RAMDISK_IMAGE, b->initrd_gpa >> 32);
    stle32(p + BP_EXT_RAMDISK_SIZE, initrd_bytes >> 32);
    if (b->image.protocol >= 0x0209) {
        stle64(p + BP_SETUP_DATA, SETUP_DATA_GPA);
    }
    stle64(p + BP_RSDP, b->rsdp_gpa);
    p[BP_E820_COUNT] = b->n_e820;
    for (unsigned i = 0; i < b->n_e820; i++) {
        uint8_t *e = p + BP_E820_TABLE + 20 * i;
        stle64(e, b->e820[i].gpa);
        stle64(e + 8, b->e820[i].n_bytes);
        stle32(e + 16, b->e820[i].type);
    }
    gpa_write(PARAMS_GPA, p, BP_BYTES);
}

/* hvm_start_info, its module list and its memory map, in one page */
static void load_start_info(const KernelBoot *b)
{
    enum { MODULES = 0x40, MEMMAP = 0x80, MAGIC = 0x336ec578 };
    g_autofree uint8_t *p = g_malloc0(BP_BYTES);
    unsigned n = MIN(b->n_e820, (BP_BYTES - MEMMAP) / 24u);

    stle32(p, MAGIC);
    stle32(p + 4, 1);
    if (b->initrd) {
        stle32(p + 12, 1);
        stle64(p + 16, PARAMS_GPA + MODULES);
        stle64(p + MODULES, b->initrd_gpa);
        stle64(p + MODULES + 8, g_bytes_get_size(b->initrd));
    }
    stle64(p + 24, CMDLINE_GPA);
    stle64(p + 32, b->rsdp_gpa);
    stle64(p + 40, PARAMS_GPA + MEMMAP);
    stle32(p + 48, n);
    for (unsigned i = 0; i < n; i++) {
        uint8_t *e = p + MEMMAP + 24 * i;
        stle64(e, b->e820[i].gpa);
        stle64(e + 8, b->e820[i].n_bytes);
        stle32(e + 16, b->e820[i].type);
    }
    gpa_write(PARAMS_GPA, p, BP_BYTES);
}

void kernel_boot_load(KernelBoot *b)
{
    load_bios_data();
    load_gdt();
    load_kernel(b);
    if (b->initrd) {
        load_bytes(b->initrd, 0, g_bytes_get_size(b->initrd), b->initrd_gpa);
    }
    gpa_write(CMDLINE_GPA, b->cmdline, strlen(b->cmdline) + 1);
    if (b->image.kind == KERNEL_PVH) {
        load_start_info(b);
        return;
    }
    load_setup_data();
    load_page_tables();
    load_boot_params(b);
}

/* ---- the vCPU ---- */

void kernel_boot_set_cpu(const KernelBoot *b, CPUState *cpu)
{
    CPUX86State *env = x86_env(cpu);
    bool is_64 = b->image.kind == KERNEL_LINUX64;
    uint32_t code = DESC_P | DESC_S | DESC_CS | DESC_R | DESC_A | DESC_G |
                    (is_64 ? DESC_L : DESC_B);
    uint32_t data = DESC_P | DESC_S | DESC_W | DESC_A | DESC_G | DESC_B;

    env->gdt = (SegmentCache) { .base = GDT_GPA, .limit = 31 };
    env->cr[0] = CR0_PE | CR0_ET | (is_64 ? CR0_PG : 0);
    env->cr[3] = is_64 ? PAGE_TABLES_GPA : 0;
    env->cr[4] = is_64 ? CR4_PAE : 0;
    env->efer = is_64 ? EFER_LME | EFER_LMA : 0;
    x86_update_hflags(env);
    x86_load_seg_cache(env, R_CS, BOOT_CS, 0, 0xffffffff, code);
    static const int data_segs[] = { R_DS, R_ES, R_SS, R_FS, R_GS };
    for (unsigned i = 0; i < G_N_ELEMENTS(data_segs); i++) {
        x86_load_seg_cache(env, data_segs[i], BOOT_DS, 0, 0xffffffff, data);
    }
    memset(env->regs, 0, sizeof(env->regs));
    env->regs[R_ESP] = STACK_GPA;
    env->regs[R_ESI] = PARAMS_GPA;
    env->regs[R_EBX] = b->image.kind == KERNEL_PVH ? PARAMS_GPA : 0;
    env->eip = b->image.entry_gpa;
    env->eflags &= ~EFL_IF;
    x86_update_hflags(env);
    cpu->halted = false;
    tlb_flush(cpu);
}
