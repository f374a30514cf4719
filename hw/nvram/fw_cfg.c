/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fw_cfg by ports 0x510 (selector), 0x511 (data) and 0x514 (DMA). Source: QEMU's
 * docs/specs/fw_cfg. Items are read-only for the guest.
 */
#include "hw/nvram/fw_cfg.h"

#include <string.h>
#include "util/log.h"
#include "util/wire.h"

#define N_FILES 48
#define N_KEYS (FW_CFG_FILE_FIRST + N_FILES)
#define NAME_BYTES 56
#define KEY_MASK 0x3fff                 /* two top bits: write channel, architecture-local */
#define DMA_SIGNATURE "QEMU CFG"
#define DMA_CHUNK 4096

enum { DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8, DMA_WRITE = 16 };
enum { ID_TRADITIONAL = 1, ID_DMA = 2 };

typedef struct Item { uint8_t *data; uint32_t n; } Item;

struct FwCfg {
    Device parent;
    Item item[N_KEYS];                  /* big lock */
    char names[N_FILES][NAME_BYTES];
    unsigned n_files;
    uint16_t key;
    uint32_t offset;
    uint32_t dma_high;                  /* guest's order, as written */
    MemoryRegion selector, dma;
    MemoryRegion *io;
};

static void item_set(Item *it, const void *data, uint32_t n)
{
    g_free(it->data);
    it->data = g_malloc(n ? n : 1);
    memcpy(it->data, data, n);
    it->n = n;
}

void fw_cfg_add(FwCfg *s, uint16_t key, const void *data, uint32_t n_bytes)
{
    g_assert(key < N_KEYS);
    item_set(&s->item[key], data, n_bytes);
}

void fw_cfg_add_u16(FwCfg *s, uint16_t key, uint16_t v)
{
    le16 le = le16_of(v);

    fw_cfg_add(s, key, &le, 2);
}

void fw_cfg_add_u64(FwCfg *s, uint16_t key, uint64_t v)
{
    le64 le = le64_of(v);

    fw_cfg_add(s, key, &le, 8);
}

/* Directory: count, then size, key, reserved, name; all big-endian. */
static void rebuild_directory(FwCfg *s)
{
    uint32_t n = 4 + s->n_files * 64;
    g_autofree uint8_t *dir = g_malloc0(n);
    uint32_t be = GUINT32_TO_BE(s->n_files);

    memcpy(dir, &be, 4);
    for (unsigned i = 0; i < s->n_files; i++) {
        uint8_t *e = dir + 4 + 64 * i;
        uint16_t key = GUINT16_TO_BE(FW_CFG_FILE_FIRST + i);
        be = GUINT32_TO_BE(s->item[FW_CFG_FILE_FIRST + i].n);
        memcpy(e, &be, 4);
        memcpy(e + 4, &key, 2);
        memcpy(e + 8, s->names[i], NAME_BYTES);
    }
    fw_cfg_add(s, FW_CFG_FILE_DIR, dir, n);
}

bool fw_cfg_add_file(FwCfg *s, const char *name, const void *data, uint32_t n_bytes)
{
    unsigned i = 0;

    while (i < s->n_files && strcmp(s->names[i], name) != 0) {
        i++;
    }
    if (i == N_FILES || strlen(name) >= NAME_BYTES) {
        return false;
    }
    if (i == s->n_files) {
        strcpy(s->names[s->n_files++], name);
    }
    fw_cfg_add(s, FW_CFG_FILE_FIRST + i, data, n_bytes);
    rebuild_directory(s);
    return true;
}

static const Item *current(const FwCfg *s)
{
    static const Item none;
    uint16_t key = s->key & KEY_MASK;

    return key < N_KEYS ? &s->item[key] : &none;
}

static void select_key(FwCfg *s, uint16_t key)
{
    s->key = key;
    s->offset = 0;
}

static uint8_t next_byte(FwCfg *s)
{
    const Item *it = current(s);

    return s->offset < it->n ? it->data[s->offset++] : 0;
}

/* ---- DMA: a 16-byte descriptor in guest memory, big-endian ---- */

static bool dma_read(FwCfg *s, uint64_t gpa, uint32_t n)
{
    uint8_t buf[DMA_CHUNK];

    while (n) {
        uint32_t step = MIN(n, DMA_CHUNK);
        const Item *it = current(s);
        uint32_t have = s->offset < it->n ? MIN(step, it->n - s->offset) : 0;
        if (have) {
            memcpy(buf, it->data + s->offset, have);
        }
        memset(buf + have, 0, step - have);
        if (gpa_write(gpa, buf, step) != MEMTX_OK) {
            return false;
        }
        s->offset += have;
        gpa += step;
        n -= step;
    }
    return true;
}

static void dma_run(FwCfg *s, uint64_t desc_gpa)
{
    struct { uint32_t control, length; uint64_t address; } d;
    uint32_t control, n, status = 0;

    if (gpa_read(desc_gpa, &d, sizeof(d)) != MEMTX_OK) {
        guest_error("fw_cfg: DMA descriptor is not in RAM\n");
        return;
    }
    control = GUINT32_FROM_BE(d.control);
    n = GUINT32_FROM_BE(d.length);
    if (control & DMA_SELECT) {
        select_key(s, control >> 16);
    }
    if (control & DMA_READ) {
        /* what is past the item reads as zero; a guest can't make that an endless job */
        status = n <= 256u << 20 && dma_read(s, GUINT64_FROM_BE(d.address), n) ? 0 : DMA_ERROR;
    } else if (control & DMA_WRITE) {
        status = DMA_ERROR;
    } else if (control & DMA_SKIP) {
        s->offset += MIN(n, UINT32_MAX - s->offset);
    }
    status = GUINT32_TO_BE(status);
    gpa_write(desc_gpa, &status, 4);
}

static uint64_t dma_port_read(void *opaque, uint64_t ofs, unsigned n)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < n && ofs + i < 8; i++) {   /* big-endian text, in port order */
        v |= (uint64_t)(uint8_t)DMA_SIGNATURE[ofs + i] << (8 * i);
    }
    return v;
}

static void dma_port_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{
    FwCfg *s = opaque;

    if (n == 4 && ofs == 0) {
        s->dma_high = GUINT32_FROM_BE((uint32_t)v);
    } else if (n == 4 && ofs == 4) {
        uint64_t gpa = (uint64_t)s->dma_high << 32 | GUINT32_FROM_BE((uint32_t)v);
        s->dma_high = 0;
        dma_run(s, gpa);
    } else if (n == 8 && ofs == 0) {
        dma_run(s, GUINT64_FROM_BE(v));
    }
}

static const MemoryRegionOps dma_ops = { .read = dma_port_read, .write = dma_port_write };

/* ---- selector and data ---- */

static uint64_t port_read(void *opaque, uint64_t ofs, unsigned n)
{
    return ofs == 1 ? next_byte(opaque) : 0;
}

static void port_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{
    if (ofs == 0 && n == 2) {
        select_key(opaque, v);
    }
}

static const MemoryRegionOps port_ops = {
    .read = port_read, .write = port_write, .valid_max = 2, .impl_max = 2, .unaligned = true,
};

static void fw_cfg_reset(Device *dev)
{
    FwCfg *s = fw_cfg(dev);

    select_key(s, 0);
    s->dma_high = 0;
}

static void fw_cfg_print_info(Device *dev, FILE *f)
{
    FwCfg *s = fw_cfg(dev);

    for (unsigned i = 0; i < s->n_files; i++) {
        fprintf(f, "0x%02x %8u %s\n", FW_CFG_FILE_FIRST + i, s->item[FW_CFG_FILE_FIRST + i].n,
                s->names[i]);
    }
}

static bool fw_cfg_realize(Device *dev, Error **errp)
{
    FwCfg *s = fw_cfg(dev);
    le32 id = le32_of(ID_TRADITIONAL | ID_DMA);

    fw_cfg_add(s, FW_CFG_SIGNATURE, "QEMU", 4);
    fw_cfg_add(s, FW_CFG_ID, &id, 4);
    rebuild_directory(s);
    memory_region_init_io(&s->selector, s, &port_ops, s, "fwcfg", 2);
    memory_region_add(s->io, 0x510, &s->selector);
    memory_region_init_io(&s->dma, s, &dma_ops, s, "fwcfg.dma", 8);
    memory_region_add(s->io, 0x514, &s->dma);
    return true;
}

static void fw_cfg_finalize(Object *obj)
{
    for (unsigned i = 0; i < N_KEYS; i++) {
        g_free(fw_cfg(obj)->item[i].data);
    }
}

FwCfg *fw_cfg_new(MemoryRegion *io, Error **errp)
{
    FwCfg *s = fw_cfg(object_new(TYPE_FW_CFG));

    s->io = io;
    return device_realize(&s->parent, NULL, NULL, errp) ? s : NULL;
}

static const TypeInfo fw_cfg_info = {
    .name = TYPE_FW_CFG, .parent = TYPE_DEVICE, .size = sizeof(FwCfg),
    .class_init = device_class_methods, .finalize = fw_cfg_finalize,
    .class_data = &(const DeviceMethods){ fw_cfg_realize, fw_cfg_reset, fw_cfg_print_info },
};
TYPE_REGISTER(fw_cfg_info)
