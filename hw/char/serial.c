/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 16550A UART. Transmission takes no time: a byte written is gone and the transmitter empty again,
 * so no timer ticks per character. The back end gets whole lines, or what there is after TX_WAIT_NS:
 * a system call a byte would be most of the cost. Reception is paced by the chardev (can_read); the
 * time-out interrupt of the FIFO is a timer.
 * Source: National PC16550D data sheet.
 */
#include "hw/char/serial.h"

#include <string.h>
#include "hw/misc/misc.h"
#include "util/main-loop.h"

#define FIFO_BYTES 16
#define TX_BYTES 256
#define TX_WAIT_NS 1000000
#define UART_CLOCK_HZ 115200            /* baud rate at divisor 1 */

enum { RBR_THR, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCR };

enum { IER_RX = 1, IER_THRE = 2, IER_LINE = 4, IER_MODEM = 8 };
enum { IIR_NONE = 0x01, IIR_MODEM = 0x00, IIR_THRE = 0x02, IIR_RX = 0x04, IIR_LINE = 0x06,
       IIR_TIMEOUT = 0x0c, IIR_FIFO = 0xc0 };
enum { FCR_ENABLE = 1, FCR_CLEAR_RX = 2, FCR_CLEAR_TX = 4, FCR_TRIGGER = 0xc0 };
enum { LCR_BREAK = 0x40, LCR_DLAB = 0x80 };
enum { MCR_DTR = 1, MCR_RTS = 2, MCR_OUT1 = 4, MCR_OUT2 = 8, MCR_LOOP = 0x10 };
enum { LSR_DATA = 1, LSR_OVERRUN = 2, LSR_BREAK = 0x10, LSR_THRE = 0x20, LSR_TEMT = 0x40,
       LSR_ERRORS = 0x1e };
enum { MSR_DELTA = 0x0f, MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RI = 0x40, MSR_DCD = 0x80 };

typedef struct Serial {
    Device parent;
    Chardev *chr;
    uint32_t index, iobase, irq_n;      /* properties; UINT32_MAX: by index */
    IrqLine *irq;
    int irq_level;
    uint8_t ier, fcr, lcr, mcr, lsr, msr, scr;  /* big lock */
    uint16_t divisor;
    uint8_t fifo[FIFO_BYTES];
    unsigned n_fifo, fifo_first;
    bool thre_pending, timeout_pending;
    Timer *timeout;
    uint8_t tx[TX_BYTES];               /* sent by the guest, not yet given to the back end */
    unsigned n_tx;
    Timer *tx_timer;
    MemoryRegion regs;
} Serial;

static Serial *serial(void *obj)
{
    return (Serial *)object_check(obj, TYPE_ISA_SERIAL, __FILE__, __LINE__);
}

static const struct { uint16_t iobase; uint8_t irq; } com_ports[4] = {
    { 0x3f8, 4 }, { 0x2f8, 3 }, { 0x3e8, 4 }, { 0x2e8, 3 },
};

uint16_t serial_iobase(unsigned index) { return com_ports[index].iobase; }
unsigned serial_irq(unsigned index) { return com_ports[index].irq; }

bool serial_present(unsigned index)
{
    for (Device *d = NULL; (d = device_find_type(TYPE_ISA_SERIAL, d)) != NULL;) {
        if (serial(d)->iobase == com_ports[index].iobase) {
            return true;
        }
    }
    return false;
}

static unsigned fifo_size(const Serial *s)
{
    return s->fcr & FCR_ENABLE ? FIFO_BYTES : 1;
}

static unsigned rx_trigger(const Serial *s)
{
    static const uint8_t levels[4] = { 1, 4, 8, 14 };

    return s->fcr & FCR_ENABLE ? levels[s->fcr >> 6] : 1;
}

/* The most urgent reason to interrupt. */
static uint8_t serial_iir(const Serial *s)
{
    if ((s->ier & IER_LINE) && (s->lsr & LSR_ERRORS)) {
        return IIR_LINE;
    }
    if ((s->ier & IER_RX) && s->timeout_pending && s->n_fifo) {
        return IIR_TIMEOUT;
    }
    if ((s->ier & IER_RX) && s->n_fifo >= rx_trigger(s)) {
        return IIR_RX;
    }
    if ((s->ier & IER_THRE) && s->thre_pending) {
        return IIR_THRE;
    }
    if ((s->ier & IER_MODEM) && (s->msr & MSR_DELTA)) {
        return IIR_MODEM;
    }
    return IIR_NONE;
}

/* COM1 and COM3 share a line, COM2 and COM4, too: it falls when nobody holds it. */
static bool others_hold_line(const Serial *s)
{
    for (Device *d = NULL; (d = device_find_type(TYPE_ISA_SERIAL, d)) != NULL;) {
        if (serial(d) != s && serial(d)->irq_n == s->irq_n && serial(d)->irq_level) {
            return true;
        }
    }
    return false;
}

static void serial_update(Serial *s)
{
    /* OUT2 gates the line on PCs */
    int level = serial_iir(s) != IIR_NONE && (s->mcr & MCR_OUT2) && !(s->mcr & MCR_LOOP);

    if (level != s->irq_level) {
        s->irq_level = level;
        irq_set(s->irq, level || others_hold_line(s));
    }
}

static int64_t char_time_ns(const Serial *s)
{
    return INT64_C(1000000000) / UART_CLOCK_HZ * (s->divisor ? s->divisor : 1) * 10;
}

/* Fewer bytes than the trigger wait: tell the guest after four character times. */
static void serial_start_timeout(Serial *s)
{
    s->timeout_pending = false;
    if ((s->fcr & FCR_ENABLE) && s->n_fifo && s->n_fifo < rx_trigger(s)) {
        timer_mod(s->timeout, clock_ns(CLOCK_VIRTUAL) + 4 * char_time_ns(s));
    } else {
        timer_del(s->timeout);
    }
}

static void serial_timeout(void *opaque)
{
    Serial *s = opaque;

    s->timeout_pending = s->n_fifo != 0;
    serial_update(s);
}

static void serial_push(Serial *s, uint8_t c)
{
    if (s->n_fifo == fifo_size(s)) {
        s->lsr |= LSR_OVERRUN;
        return;
    }
    s->fifo[(s->fifo_first + s->n_fifo++) % FIFO_BYTES] = c;
    s->lsr |= LSR_DATA;
}

static void serial_clear_rx(Serial *s)
{
    s->n_fifo = s->fifo_first = 0;
    s->lsr &= ~(LSR_DATA | LSR_BREAK);
    s->timeout_pending = false;
    timer_del(s->timeout);
}

static uint8_t serial_pop(Serial *s)
{
    uint8_t c = s->fifo[s->fifo_first];

    if (!s->n_fifo) {
        return 0;
    }
    s->fifo_first = (s->fifo_first + 1) % FIFO_BYTES;
    if (--s->n_fifo == 0) {
        s->lsr &= ~(LSR_DATA | LSR_BREAK);
    }
    serial_start_timeout(s);
    serial_update(s);
    if (s->chr && !(s->mcr & MCR_LOOP)) {
        chardev_accept_input(s->chr);
    }
    return c;
}

static void serial_flush(void *opaque)
{
    Serial *s = opaque;

    if (s->n_tx && s->chr) {
        chardev_write(s->chr, s->tx, s->n_tx);
    }
    s->n_tx = 0;
}

void serial_flush_all(void)
{
    for (Device *d = NULL; (d = device_find_type(TYPE_ISA_SERIAL, d)) != NULL;) {
        serial_flush(serial(d));
    }
}

static void serial_send(Serial *s, uint8_t c)
{
    if (s->n_tx == 0 && c != '\n') {
        timer_mod(s->tx_timer, clock_ns(CLOCK_REALTIME_MONO) + TX_WAIT_NS);
    }
    s->tx[s->n_tx++] = c;
    if (c == '\n' || s->n_tx == TX_BYTES) {
        serial_flush(s);                /* the timer, if any, finds nothing to do */
    }
}

static void serial_transmit(Serial *s, uint8_t c)
{
    if (s->mcr & MCR_LOOP) {
        serial_push(s, c);
        serial_start_timeout(s);
    } else if (s->chr) {
        serial_send(s, c);
    }
    s->thre_pending = true;             /* sent and empty again */
    serial_update(s);
}

/* Modem inputs; in loop-back the outputs come back. */
static void serial_update_modem(Serial *s)
{
    uint8_t old = s->msr, now, changed;

    if (s->mcr & MCR_LOOP) {
        now = (s->mcr & MCR_RTS ? MSR_CTS : 0) | (s->mcr & MCR_DTR ? MSR_DSR : 0) |
              (s->mcr & MCR_OUT1 ? MSR_RI : 0) | (s->mcr & MCR_OUT2 ? MSR_DCD : 0);
    } else {
        now = s->chr ? MSR_CTS | MSR_DSR | MSR_DCD : 0;
    }
    changed = (old ^ now) & ~MSR_RI;
    if ((old & ~now) & MSR_RI) {        /* only the trailing edge of RI counts */
        changed |= MSR_RI;
    }
    s->msr = now | (old & MSR_DELTA) | changed >> 4;
}

static void serial_write_ier(Serial *s, uint8_t v)
{
    bool thre_on = (v & IER_THRE) && !(s->ier & IER_THRE);

    s->ier = v & 0x0f;
    if (thre_on) {
        s->thre_pending = true;         /* enabling it while empty interrupts at once */
    }
    serial_update(s);
}

static void serial_write_fcr(Serial *s, uint8_t v)
{
    if ((v ^ s->fcr) & FCR_ENABLE) {
        v |= FCR_CLEAR_RX | FCR_CLEAR_TX;
    }
    if (v & FCR_CLEAR_RX) {
        serial_clear_rx(s);
    }
    if (v & FCR_CLEAR_TX) {
        s->thre_pending = true;
    }
    s->fcr = v & FCR_ENABLE ? v & (FCR_ENABLE | FCR_TRIGGER) : 0;
    serial_update(s);
    if (s->chr) {
        chardev_accept_input(s->chr);
    }
}

static void serial_write_mcr(Serial *s, uint8_t v)
{
    bool loop_ended = (s->mcr & MCR_LOOP) && !(v & MCR_LOOP);

    s->mcr = v & 0x1f;
    serial_update_modem(s);
    serial_update(s);
    if (loop_ended && s->chr) {
        chardev_accept_input(s->chr);
    }
}

static void serial_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n_bytes)
{
    Serial *s = opaque;

    switch (ofs) {
    case RBR_THR:
        if (s->lcr & LCR_DLAB) {
            s->divisor = (s->divisor & 0xff00) | v;
        } else {
            serial_transmit(s, v);
        }
        break;
    case IER:
        if (s->lcr & LCR_DLAB) {
            s->divisor = (s->divisor & 0xff) | v << 8;
        } else {
            serial_write_ier(s, v);
        }
        break;
    case IIR_FCR:
        serial_write_fcr(s, v);
        break;
    case LCR:
        s->lcr = v;
        break;
    case MCR:
        serial_write_mcr(s, v);
        break;
    case SCR:
        s->scr = v;
        break;
    default:                            /* LSR, MSR: factory tests only */
        break;
    }
}

static uint64_t serial_read_iir(Serial *s)
{
    uint8_t v = serial_iir(s);

    if (v == IIR_THRE) {
        s->thre_pending = false;
        serial_update(s);
    }
    return v | (s->fcr & FCR_ENABLE ? IIR_FIFO : 0);
}

static uint64_t serial_read_lsr(Serial *s)
{
    uint8_t v = s->lsr;

    s->lsr &= ~LSR_ERRORS;
    serial_update(s);
    return v;
}

static uint64_t serial_read_msr(Serial *s)
{
    uint8_t v = s->msr;

    s->msr &= ~MSR_DELTA;
    serial_update(s);
    return v;
}

static uint64_t serial_read(void *opaque, uint64_t ofs, unsigned n_bytes)
{
    Serial *s = opaque;

    switch (ofs) {
    case RBR_THR:
        return s->lcr & LCR_DLAB ? s->divisor & 0xff : serial_pop(s);
    case IER:
        return s->lcr & LCR_DLAB ? s->divisor >> 8 : s->ier;
    case IIR_FCR:
        return serial_read_iir(s);
    case LCR:
        return s->lcr;
    case MCR:
        return s->mcr;
    case LSR:
        return serial_read_lsr(s);
    case MSR:
        return serial_read_msr(s);
    default:
        return s->scr;
    }
}

static const MemoryRegionOps serial_ops = {
    .read = serial_read, .write = serial_write, .impl_max = 1,
};

/* ---- back end ---- */

static size_t serial_can_read(void *opaque)
{
    Serial *s = opaque;

    return s->mcr & MCR_LOOP ? 0 : fifo_size(s) - MIN(s->n_fifo, fifo_size(s));
}

static void serial_chr_read(void *opaque, const uint8_t *buf, size_t n)
{
    Serial *s = opaque;

    for (size_t i = 0; i < n; i++) {
        serial_push(s, buf[i]);
    }
    serial_start_timeout(s);
    serial_update(s);
}

static void serial_chr_event(void *opaque, ChardevEvent e)
{
    Serial *s = opaque;

    if (e == CHR_BREAK) {
        serial_push(s, 0);
        s->lsr |= LSR_BREAK;
        serial_start_timeout(s);
        serial_update(s);
    }
}

static const ChardevHandlers serial_handlers = {
    .can_read = serial_can_read, .read = serial_chr_read, .event = serial_chr_event,
};

/* ---- device ---- */

static void serial_reset(Device *dev)
{
    Serial *s = serial(dev);

    serial_flush(s);
    s->ier = s->fcr = s->lcr = s->mcr = s->scr = 0;
    s->lsr = LSR_THRE | LSR_TEMT;
    s->msr = s->chr ? MSR_CTS | MSR_DSR | MSR_DCD : 0;
    s->divisor = 12;
    s->thre_pending = false;
    serial_clear_rx(s);
    s->irq_level = 0;
    irq_set(s->irq, 0);
}

static void serial_print_info(Device *dev, FILE *f)
{
    Serial *s = serial(dev);

    fprintf(f, "iobase 0x%x irq %u ier %02x lcr %02x mcr %02x lsr %02x msr %02x divisor %u "
            "fifo %u chardev %s\n", s->iobase, s->irq_n, s->ier, s->lcr, s->mcr, s->lsr, s->msr,
            s->divisor, s->n_fifo, s->chr ? chardev_id(s->chr) : "none");
}

static bool serial_realize(Device *dev, Error **errp)
{
    Serial *s = serial(dev);
    unsigned i = s->index;

    if (i == UINT32_MAX) {
        for (i = 0; i < 4 && serial_present(i); i++) {
        }
    }
    if (i >= 4) {
        error_setg(errp, "Max. supported number of ISA serial ports is 4.");
        return false;
    }
    s->index = i;
    s->iobase = s->iobase == UINT32_MAX ? com_ports[i].iobase : s->iobase;
    s->irq_n = s->irq_n == UINT32_MAX ? com_ports[i].irq : s->irq_n;
    if (s->irq_n > 15 || s->iobase > 0xfff8) {
        error_setg(errp, "isa-serial: iobase or irq out of range");
        return false;
    }
    s->irq = machine_services()->isa_irq ? machine_services()->isa_irq(s->irq_n) : NULL;
    s->timeout = timer_new(CLOCK_VIRTUAL, serial_timeout, s);
    s->tx_timer = timer_new(CLOCK_REALTIME_MONO, serial_flush, s);
    serial_reset(dev);
    memory_region_init_io(&s->regs, s, &serial_ops, s, "serial", 8);
    memory_region_add(machine_services()->system_io, s->iobase, &s->regs);
    if (s->chr) {
        chardev_attach(s->chr, &serial_handlers, s);
    }
    return true;
}

static void serial_finalize(Object *obj)
{
    Serial *s = serial(obj);

    if (s->parent.realized && s->chr) {
        serial_flush(s);
        chardev_detach(s->chr, s);
    }
    timer_free(s->timeout);
    timer_free(s->tx_timer);
}

static bool set_chardev(Object *obj, const Property *p, const char *text, Error **errp)
{
    Chardev *c = chardev_find(text);

    if (!c) {
        error_setg(errp, "Property '%s.%s' can't find value '%s'", object_type_name(obj), p->name,
                   text);
        return false;
    }
    *(Chardev **)((char *)obj + p->offset) = c;
    return true;
}

static char *get_chardev(Object *obj, const Property *p)
{
    Chardev *c = *(Chardev **)((char *)obj + p->offset);

    return g_strdup(c ? chardev_id(c) : "");
}

static const Property serial_props[] = {
    PROP(U32, "index", Serial, index, .def.u = UINT32_MAX, .desc = "0..3: which COM port"),
    PROP(U32, "iobase", Serial, iobase, .def.u = UINT32_MAX),
    PROP(U32, "irq", Serial, irq_n, .def.u = UINT32_MAX),
    PROP(CUSTOM, "chardev", Serial, chr, .get = get_chardev, .set = set_chardev,
         .no_default = true, .desc = "ID of a chardev to use as a backend"),
    {0}
};

Device *serial_new(Bus *b, unsigned index, Chardev *chr, Error **errp)
{
    Serial *s = serial(object_new(TYPE_ISA_SERIAL));

    s->index = index;
    s->chr = chr;
    return device_realize(&s->parent, b, NULL, errp) ? &s->parent : NULL;
}

static void serial_class_init(ObjectClass *klass)
{
    DeviceClass *dc = device_class(klass);

    dc->bus_type = TYPE_ISA_BUS;
    dc->category = "Input";
    dc->user_creatable = true;
    dc->realize = serial_realize;
    dc->reset = serial_reset;
    dc->print_info = serial_print_info;
}

static const TypeInfo serial_info = {
    .name = TYPE_ISA_SERIAL, .parent = TYPE_DEVICE, .size = sizeof(Serial),
    .desc = "16550A UART", .props = serial_props, .class_init = serial_class_init,
    .finalize = serial_finalize,
};
TYPE_REGISTER(serial_info)
