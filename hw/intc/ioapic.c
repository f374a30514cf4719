/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * I/O APIC, version 0x20 (with an EOI register). A redirection entry is turned into the address
 * and data of a message-signalled interrupt, which is what the local APICs understand.
 * Source: Intel 82093AA data sheet; ICH9 data sheet for the EOI register.
 */
#include "hw/intc/ioapic.h"

#include <inttypes.h>
#include "util/log.h"

enum { IOREGSEL = 0x00, IOWIN = 0x10, EOI = 0x40 };
enum { REG_ID = 0, REG_VERSION = 1, REG_ARB = 2, REG_TABLE = 0x10 };

#define VERSION 0x20

#define RTE_VECTOR(e)       ((e) & 0xff)
#define RTE_MODE(e)         ((e) >> 8 & 7)
#define RTE_LOGICAL         (UINT64_C(1) << 11)
#define RTE_PENDING         (UINT64_C(1) << 12)
#define RTE_ACTIVE_LOW      (UINT64_C(1) << 13)
#define RTE_REMOTE_IRR      (UINT64_C(1) << 14)
#define RTE_LEVEL           (UINT64_C(1) << 15)
#define RTE_MASKED          (UINT64_C(1) << 16)
#define RTE_READ_ONLY       (RTE_PENDING | RTE_REMOTE_IRR)
#define RTE_WRITABLE        (UINT64_C(0xff0000000001afff))
#define RTE_DEST(e)         ((e) >> 56)
#define MODE_LOWEST 1

struct IOApic {
    Device parent;
    uint64_t table[IOAPIC_PINS];        /* big lock */
    uint32_t lines;                     /* levels of the pins */
    uint8_t id, select;
    IOApicSend *send;
    MemoryRegion mr;
    MemoryRegion *mem;
    uint64_t gpa;
    uint64_t n_sent[IOAPIC_PINS];       /* for "info irq" */
};

static void ioapic_deliver(IOApic *s, unsigned pin)
{
    uint64_t e = s->table[pin];
    bool hint = RTE_MODE(e) == MODE_LOWEST;

    s->n_sent[pin]++;
    s->send(0xfee00000u | RTE_DEST(e) << 12 | hint << 3 | (e & RTE_LOGICAL ? 1 << 2 : 0),
            RTE_VECTOR(e) | RTE_MODE(e) << 8 | (e & RTE_LEVEL ? 1 << 15 | 1 << 14 : 0));
}

/* A level pin sends once, then waits for the EOI. */
static void ioapic_service_level(IOApic *s, unsigned pin)
{
    uint64_t *e = &s->table[pin];

    if ((s->lines & 1u << pin) && (*e & RTE_LEVEL) && !(*e & (RTE_MASKED | RTE_REMOTE_IRR))) {
        *e |= RTE_REMOTE_IRR;
        ioapic_deliver(s, pin);
    }
}

void ioapic_set_irq(IOApic *s, unsigned pin, int level)
{
    uint32_t bit = 1u << pin;
    bool rises;

    if (pin >= IOAPIC_PINS) {
        return;
    }
    rises = level && !(s->lines & bit);
    s->lines = level ? s->lines | bit : s->lines & ~bit;
    /* lines of this machine are active high whatever the entry's polarity says */
    if (s->table[pin] & RTE_LEVEL) {
        ioapic_service_level(s, pin);
    } else if (rises && !(s->table[pin] & RTE_MASKED)) {
        ioapic_deliver(s, pin);
    }
}

void ioapic_eoi(IOApic *s, uint8_t vector)
{
    for (unsigned i = 0; i < IOAPIC_PINS; i++) {
        uint64_t e = s->table[i];
        if ((e & RTE_LEVEL) && (e & RTE_REMOTE_IRR) && RTE_VECTOR(e) == vector) {
            s->table[i] &= ~RTE_REMOTE_IRR;
            ioapic_service_level(s, i);
        }
    }
}

static uint32_t ioapic_read_reg(const IOApic *s)
{
    unsigned i = s->select;

    if (i >= REG_TABLE && i < REG_TABLE + 2 * IOAPIC_PINS) {
        uint64_t e = s->table[(i - REG_TABLE) / 2];
        return i & 1 ? e >> 32 : e;
    }
    switch (i) {
    case REG_ID: case REG_ARB:
        return (uint32_t)s->id << 24;
    case REG_VERSION:
        return VERSION | (IOAPIC_PINS - 1) << 16;
    default:
        return 0xffffffff;
    }
}

static void ioapic_write_entry(IOApic *s, unsigned pin, bool high, uint32_t v)
{
    uint64_t *e = &s->table[pin];
    uint64_t val = high ? (*e & 0xffffffff) | (uint64_t)v << 32 : (*e & ~UINT64_C(0xffffffff)) | v;

    *e = (val & RTE_WRITABLE) | (*e & RTE_READ_ONLY);
    if (!(*e & RTE_LEVEL)) {
        *e &= ~RTE_REMOTE_IRR;          /* how guests without an EOI register clear it */
    }
    ioapic_service_level(s, pin);
}

static void ioapic_write_reg(IOApic *s, uint32_t v)
{
    unsigned i = s->select;

    if (i >= REG_TABLE && i < REG_TABLE + 2 * IOAPIC_PINS) {
        ioapic_write_entry(s, (i - REG_TABLE) / 2, i & 1, v);
    } else if (i == REG_ID) {
        s->id = v >> 24 & 0xf;
    } else if (i != REG_VERSION && i != REG_ARB) {
        guest_error("ioapic: write to register 0x%x\n", i);
    }
}

static uint64_t ioapic_read(void *opaque, uint64_t ofs, unsigned n_bytes)
{
    IOApic *s = opaque;

    return ofs == IOREGSEL ? s->select : ofs == IOWIN ? ioapic_read_reg(s) : 0;
}

static void ioapic_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n_bytes)
{
    IOApic *s = opaque;

    if (ofs == IOREGSEL) {
        s->select = v;
    } else if (ofs == IOWIN) {
        ioapic_write_reg(s, v);
    } else if (ofs == EOI) {
        ioapic_eoi(s, v);
    }
}

static const MemoryRegionOps ioapic_ops = {
    .read = ioapic_read, .write = ioapic_write, .impl_min = 4, .impl_max = 4,
};

static void ioapic_reset(Device *dev)
{
    IOApic *s = ioapic(dev);

    for (unsigned i = 0; i < IOAPIC_PINS; i++) {
        s->table[i] = RTE_MASKED;
    }
    s->id = s->select = 0;
}

static void ioapic_print_info(Device *dev, FILE *f)
{
    IOApic *s = ioapic(dev);

    for (unsigned i = 0; i < IOAPIC_PINS; i++) {
        uint64_t e = s->table[i];
        fprintf(f, "pin %-2u 0x%016" PRIx64 " dest=%" PRIu64 " vec=%" PRIu64 " mode=%" PRIu64
                "%s%s%s%s level=%u sent=%" PRIu64 "\n", i, e, RTE_DEST(e), RTE_VECTOR(e),
                RTE_MODE(e), e & RTE_LOGICAL ? " logical" : " physical",
                e & RTE_LEVEL ? " level" : " edge", e & RTE_MASKED ? " masked" : "",
                e & RTE_REMOTE_IRR ? " remote-irr" : "", s->lines >> i & 1, s->n_sent[i]);
    }
}

static bool ioapic_realize(Device *dev, Error **errp)
{
    IOApic *s = ioapic(dev);

    memory_region_init_io(&s->mr, s, &ioapic_ops, s, "ioapic", 0x1000);
    memory_region_add_overlap(s->mem, s->gpa, &s->mr, 1);
    return true;
}

IOApic *ioapic_new(MemoryRegion *mem, uint64_t gpa, IOApicSend *send, Error **errp)
{
    IOApic *s = ioapic(object_new(TYPE_IOAPIC));

    s->mem = mem;
    s->gpa = gpa;
    s->send = send;
    if (!device_realize(&s->parent, NULL, NULL, errp)) {
        return NULL;
    }
    ioapic_reset(&s->parent);
    return s;
}

static const TypeInfo ioapic_info = {
    .name = TYPE_IOAPIC, .parent = TYPE_DEVICE, .size = sizeof(IOApic),
    .class_init = device_class_methods,
    .class_data = &(const DeviceMethods){ ioapic_realize, ioapic_reset, ioapic_print_info },
};
TYPE_REGISTER(ioapic_info)
