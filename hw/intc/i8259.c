/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two cascaded 8259A interrupt controllers and the edge/level registers of the PIIX (ELCR).
 * Source: Intel 8259A data sheet; 82371SB data sheet for ELCR and the fixed cascade.
 */
#include "hw/intc/i8259.h"

#include "util/log.h"

#define CASCADE_IRQ 2

enum { ICW1_ICW4 = 0x01, ICW1_SINGLE = 0x02, ICW1_LEVEL = 0x08, ICW1_INIT = 0x10,
       ICW4_AUTO_EOI = 0x02, ICW4_SFNM = 0x10,
       OCW3 = 0x08, OCW3_POLL = 0x04, OCW3_READ = 0x02, OCW3_READ_ISR = 0x01,
       OCW3_SMM_WRITE = 0x40, OCW3_SMM = 0x20 };

typedef struct Chip {
    uint8_t lines;              /* levels of the inputs */
    uint8_t irr, imr, isr;
    uint8_t lowest;             /* the input of lowest priority; 7 after reset */
    uint8_t base;               /* vector of input 0 */
    uint8_t elcr, elcr_mask;
    uint8_t init_step;          /* next ICW expected: 2..4; 0: operating */
    bool read_isr, poll, special_mask, auto_eoi, rotate_on_auto_eoi, fully_nested;
    bool wants_icw4, single;
} Chip;

struct I8259 {
    Device parent;
    Chip chip[2];               /* big lock; 0: master */
    IrqLine *intr;
    int intr_level;
    MemoryRegion regs[2], elcr;
    MemoryRegion *io;
};

/* 0 is the most urgent; 8: no bit set */
static unsigned priority_of(const Chip *c, uint8_t mask)
{
    for (unsigned p = 0; p < 8; p++) {
        if (mask & 1u << ((p + c->lowest + 1) & 7)) {
            return p;
        }
    }
    return 8;
}

/* The input to be served now, or -1. */
static int chip_pending(const Chip *c, bool master)
{
    uint8_t in_service = c->isr;
    unsigned want = priority_of(c, c->irr & ~c->imr);

    if (want == 8) {
        return -1;
    }
    if (c->special_mask) {
        in_service &= ~c->imr;
    }
    if (c->fully_nested && master) {
        in_service &= ~(1u << CASCADE_IRQ);
    }
    return want < priority_of(c, in_service) ? (int)((want + c->lowest + 1) & 7) : -1;
}

static void chip_set_line(Chip *c, unsigned n, int level)
{
    uint8_t bit = 1u << n;

    if (!level) {
        c->lines &= ~bit;
        c->irr &= c->elcr & bit ? ~bit : 0xff;
        return;
    }
    if (c->elcr & bit || !(c->lines & bit)) {
        c->irr |= bit;
    }
    c->lines |= bit;
}

static void i8259_update(I8259 *s)
{
    int level;

    chip_set_line(&s->chip[0], CASCADE_IRQ, chip_pending(&s->chip[1], false) >= 0);
    if (chip_pending(&s->chip[1], false) < 0) {
        s->chip[0].irr &= ~(1u << CASCADE_IRQ);         /* the cascade follows its source */
    }
    level = chip_pending(&s->chip[0], true) >= 0;
    if (level != s->intr_level) {
        s->intr_level = level;
        irq_set(s->intr, level);
    }
}

void i8259_set_irq(I8259 *s, unsigned irq, int level)
{
    if (irq < 16 && irq != CASCADE_IRQ) {
        chip_set_line(&s->chip[irq >> 3], irq & 7, level);
        i8259_update(s);
    }
}

bool i8259_pending(const I8259 *s)
{
    return s->intr_level;
}

static void chip_take(Chip *c, unsigned n)
{
    if (!(c->elcr & 1u << n)) {
        c->irr &= ~(1u << n);
    }
    if (!c->auto_eoi) {
        c->isr |= 1u << n;
    } else if (c->rotate_on_auto_eoi) {
        c->lowest = n;
    }
}

int i8259_ack(I8259 *s)
{
    Chip *master = &s->chip[0], *slave = &s->chip[1];
    int n = chip_pending(master, true), vector;

    if (n < 0) {
        return master->base + 7;                        /* spurious */
    }
    vector = master->base + n;
    if (n == CASCADE_IRQ) {
        int m = chip_pending(slave, false);
        if (m >= 0) {
            chip_take(slave, m);
        }
        vector = slave->base + (m < 0 ? 7 : m);
    }
    chip_take(master, n);
    /* the CPU has taken the request: INTR falls, and rises again for the next one */
    s->intr_level = 0;
    irq_set(s->intr, 0);
    i8259_update(s);
    return vector;
}

static void chip_init(Chip *c, uint8_t icw1)
{
    uint8_t elcr = c->elcr, elcr_mask = c->elcr_mask, lines = c->lines;

    *c = (Chip) { .elcr = elcr, .elcr_mask = elcr_mask, .lines = lines, .lowest = 7,
                  .init_step = 2, .wants_icw4 = icw1 & ICW1_ICW4,
                  .single = icw1 & ICW1_SINGLE, .irr = lines & elcr };
    if (icw1 & ICW1_LEVEL) {
        guest_unimp("8259: level mode by ICW1; the ELCR rules\n");
    }
}

static void chip_eoi(Chip *c, uint8_t ocw2)
{
    unsigned n = ocw2 & 7, p;

    switch (ocw2 >> 5) {
    case 0: case 4:                     /* rotate in automatic EOI mode */
        c->rotate_on_auto_eoi = ocw2 >> 7;
        break;
    case 1: case 5:                     /* non-specific EOI, rotating or not */
        p = priority_of(c, c->special_mask ? c->isr & ~c->imr : c->isr);
        if (p < 8) {
            n = (p + c->lowest + 1) & 7;
            c->isr &= ~(1u << n);
            c->lowest = ocw2 >> 7 ? n : c->lowest;
        }
        break;
    case 3: case 7:                     /* specific EOI */
        c->isr &= ~(1u << n);
        c->lowest = ocw2 >> 7 ? n : c->lowest;
        break;
    case 6:                             /* set priority */
        c->lowest = n;
        break;
    default:
        break;
    }
}

static void chip_ocw3(Chip *c, uint8_t v)
{
    c->poll = v & OCW3_POLL;
    if (v & OCW3_READ) {
        c->read_isr = v & OCW3_READ_ISR;
    }
    if (v & OCW3_SMM_WRITE) {
        c->special_mask = v & OCW3_SMM;
    }
}

static void chip_write_data(Chip *c, uint8_t v)
{
    switch (c->init_step) {
    case 0:
        c->imr = v;
        break;
    case 2:
        c->base = v & 0xf8;
        c->init_step = !c->single ? 3 : c->wants_icw4 ? 4 : 0;
        break;
    case 3:                             /* the cascade is wired */
        c->init_step = c->wants_icw4 ? 4 : 0;
        break;
    default:
        c->auto_eoi = v & ICW4_AUTO_EOI;
        c->fully_nested = v & ICW4_SFNM;
        c->init_step = 0;
        break;
    }
}

static void i8259_write(I8259 *s, unsigned n, uint64_t offset, uint8_t v)
{
    Chip *c = &s->chip[n];

    if (offset == 1) {
        chip_write_data(c, v);
    } else if (v & ICW1_INIT) {
        chip_init(c, v);
    } else if (v & OCW3) {
        chip_ocw3(c, v);
    } else {
        chip_eoi(c, v);
    }
    i8259_update(s);
}

/* A poll is an INTA cycle by hand. */
static uint8_t i8259_poll(I8259 *s, unsigned n)
{
    Chip *c = &s->chip[n];
    int irq = chip_pending(c, n == 0);

    c->poll = false;
    if (irq < 0) {
        return 0;
    }
    chip_take(c, irq);
    i8259_update(s);
    return 0x80 | irq;
}

static uint8_t i8259_read(I8259 *s, unsigned n, uint64_t offset)
{
    Chip *c = &s->chip[n];

    if (c->poll) {
        return i8259_poll(s, n);
    }
    return offset == 1 ? c->imr : c->read_isr ? c->isr : c->irr;
}

static uint64_t master_read(void *opaque, uint64_t ofs, unsigned n)
{ return i8259_read(opaque, 0, ofs); }
static uint64_t slave_read(void *opaque, uint64_t ofs, unsigned n)
{ return i8259_read(opaque, 1, ofs); }
static void master_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{ i8259_write(opaque, 0, ofs, v); }
static void slave_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{ i8259_write(opaque, 1, ofs, v); }

static const MemoryRegionOps regs_ops[2] = {
    { .read = master_read, .write = master_write, .impl_max = 1 },
    { .read = slave_read, .write = slave_write, .impl_max = 1 },
};

static uint64_t elcr_read(void *opaque, uint64_t ofs, unsigned n)
{
    return ((I8259 *)opaque)->chip[ofs].elcr;
}

static void elcr_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{
    I8259 *s = opaque;
    Chip *c = &s->chip[ofs];

    c->elcr = v & c->elcr_mask;
    c->irr |= c->elcr & c->lines;
    i8259_update(s);
}

static const MemoryRegionOps elcr_ops = {
    .read = elcr_read, .write = elcr_write, .impl_max = 1,
};

static void i8259_reset(Device *dev)
{
    I8259 *s = i8259(dev);

    for (unsigned i = 0; i < 2; i++) {
        uint8_t lines = s->chip[i].lines;
        /* as after firmware: vectors that nobody can mistake for exceptions, all masked */
        s->chip[i] = (Chip) { .lowest = 7, .base = i ? 0x70 : 0x08, .imr = 0xff, .lines = lines,
                              .elcr_mask = i ? 0xde : 0xf8 };
    }
    s->intr_level = 0;
    irq_set(s->intr, 0);
}

static void i8259_print_info(Device *dev, FILE *f)
{
    I8259 *s = i8259(dev);

    for (unsigned i = 0; i < 2; i++) {
        const Chip *c = &s->chip[i];
        fprintf(f, "pic%u: irr=%02x imr=%02x isr=%02x lowest=%u base=%02x elcr=%02x rr_sel=%d "
                "smm=%d sfnm=%d autoeoi=%d\n", i, c->irr, c->imr, c->isr, c->lowest, c->base,
                c->elcr, c->read_isr, c->special_mask, c->fully_nested, c->auto_eoi);
    }
}

static bool i8259_realize(Device *dev, Error **errp)
{
    I8259 *s = i8259(dev);

    for (unsigned i = 0; i < 2; i++) {
        memory_region_init_io(&s->regs[i], s, &regs_ops[i], s, i ? "pic-slave" : "pic-master", 2);
        memory_region_add(s->io, i ? 0xa0 : 0x20, &s->regs[i]);
    }
    memory_region_init_io(&s->elcr, s, &elcr_ops, s, "elcr", 2);
    memory_region_add(s->io, 0x4d0, &s->elcr);
    return true;
}

I8259 *i8259_new(MemoryRegion *io, IrqLine *intr, Error **errp)
{
    I8259 *s = i8259(object_new(TYPE_I8259));

    s->io = io;
    s->intr = intr;
    if (!device_realize(&s->parent, NULL, NULL, errp)) {
        return NULL;
    }
    i8259_reset(&s->parent);
    return s;
}

static const TypeInfo i8259_info = {
    .name = TYPE_I8259, .parent = TYPE_DEVICE, .size = sizeof(I8259),
    .class_init = device_class_methods,
    .class_data = &(const DeviceMethods){ i8259_realize, i8259_reset, i8259_print_info },
};
TYPE_REGISTER(i8259_info)
