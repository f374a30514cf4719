/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * i8042 keyboard controller and minimal PS/2 devices: they answer reset, identify and settings,
 * so that drivers bind without complaints; key presses come through i8042_key_bytes().
 * Source: IBM PS/2 technical reference; the protocol pages of the Linux input documentation.
 */
#include "hw/input/i8042.h"

#include <string.h>
#include "util/log.h"

#define QUEUE_BYTES 64

enum { STATUS_OBF = 0x01, STATUS_SYSTEM = 0x04, STATUS_COMMAND = 0x08, STATUS_UNLOCKED = 0x10,
       STATUS_AUX = 0x20 };
enum { CTR_KBD_INT = 0x01, CTR_AUX_INT = 0x02, CTR_SYSTEM = 0x04, CTR_KBD_OFF = 0x10,
       CTR_AUX_OFF = 0x20, CTR_TRANSLATE = 0x40 };
enum { CMD_READ_CTR = 0x20, CMD_WRITE_CTR = 0x60, CMD_AUX_OFF = 0xa7, CMD_AUX_ON = 0xa8,
       CMD_AUX_TEST = 0xa9, CMD_SELF_TEST = 0xaa, CMD_KBD_TEST = 0xab, CMD_KBD_OFF = 0xad,
       CMD_KBD_ON = 0xae, CMD_READ_INPUT = 0xc0, CMD_READ_OUTPUT = 0xd0, CMD_WRITE_OUTPUT = 0xd1,
       CMD_KBD_LOOP = 0xd2, CMD_AUX_LOOP = 0xd3, CMD_AUX_SEND = 0xd4, CMD_PULSE = 0xf0 };
enum { OUT_NO_RESET = 0x01, OUT_A20 = 0x02 };

#define PS2_ACK 0xfa
#define PS2_RESEND 0xfe
#define PS2_SELF_TEST_OK 0xaa

typedef struct Ps2 {
    uint8_t queue[QUEUE_BYTES];
    unsigned n, first;
    uint8_t wants_arg;          /* the command whose argument byte comes next; 0: none */
    bool enabled;
    uint8_t scan_set, leds, rate, resolution;
    bool scale_2, remote;
} Ps2;

struct I8042 {
    Device parent;
    Ps2 kbd, mouse;             /* big lock */
    uint8_t ctr, outport;
    uint8_t cmd;                /* controller command waiting for its data byte; 0: none */
    bool last_was_command;
    uint8_t obuf;               /* what port 0x60 shows */
    bool obf, obf_aux;
    uint8_t ctl_queue[4];       /* answers of the controller itself */
    unsigned n_ctl;
    bool ctl_aux[4];
    IrqLine *kbd_irq, *mouse_irq;
    MemoryRegion data, status;
    MemoryRegion *io;
};

/* ---- PS/2 devices ---- */

static void ps2_put(Ps2 *p, uint8_t v)
{
    if (p->n < QUEUE_BYTES) {
        p->queue[(p->first + p->n++) % QUEUE_BYTES] = v;
    }
}

static uint8_t ps2_get(Ps2 *p)
{
    uint8_t v = p->queue[p->first];

    p->first = (p->first + 1) % QUEUE_BYTES;
    p->n--;
    return v;
}

static void ps2_defaults(Ps2 *p)
{
    p->enabled = p->remote = p->scale_2 = false;
    p->scan_set = 2;
    p->leds = 0;
    p->rate = 100;
    p->resolution = 2;
}

static void ps2_reset(Ps2 *p)
{
    memset(p, 0, sizeof(*p));
    ps2_defaults(p);
}

static void kbd_argument(Ps2 *p, uint8_t cmd, uint8_t v)
{
    ps2_put(p, PS2_ACK);
    if (cmd == 0xed) {
        p->leds = v;
    } else if (cmd == 0xf3) {
        p->rate = v;
    } else if (cmd == 0xf0 && v == 0) {
        ps2_put(p, p->scan_set);
    } else if (cmd == 0xf0) {
        p->scan_set = v;
    }
}

static void kbd_command(Ps2 *p, uint8_t v)
{
    switch (v) {
    case 0xed: case 0xf0: case 0xf3:            /* LEDs, scan code set, repeat rate */
        p->wants_arg = v;
        ps2_put(p, PS2_ACK);
        break;
    case 0xee:                                  /* echo */
        ps2_put(p, 0xee);
        break;
    case 0xf2:                                  /* identify: an MF2 keyboard */
        ps2_put(p, PS2_ACK);
        ps2_put(p, 0xab);
        ps2_put(p, 0x83);
        break;
    case 0xf4:
        p->enabled = true;
        ps2_put(p, PS2_ACK);
        break;
    case 0xf5: case 0xf6:                       /* disable, defaults */
        ps2_defaults(p);
        p->enabled = v == 0xf6;
        ps2_put(p, PS2_ACK);
        break;
    case 0xf7: case 0xf8: case 0xf9: case 0xfa: /* key types of set 3 */
        ps2_put(p, PS2_ACK);
        break;
    case 0xff:
        ps2_reset(p);
        p->enabled = true;
        ps2_put(p, PS2_ACK);
        ps2_put(p, PS2_SELF_TEST_OK);
        break;
    default:
        ps2_put(p, PS2_RESEND);
        break;
    }
}

static void mouse_status(Ps2 *p)
{
    ps2_put(p, (p->remote ? 0x40 : 0) | (p->enabled ? 0x20 : 0) | (p->scale_2 ? 0x10 : 0));
    ps2_put(p, p->resolution);
    ps2_put(p, p->rate);
}

static void mouse_argument(Ps2 *p, uint8_t cmd, uint8_t v)
{
    if (cmd == 0xf3) {
        p->rate = v;
    } else {
        p->resolution = v;
    }
    ps2_put(p, PS2_ACK);
}

static void mouse_command(Ps2 *p, uint8_t v)
{
    switch (v) {
    case 0xe6: case 0xe7:                       /* scaling 1:1, 2:1 */
        p->scale_2 = v == 0xe7;
        ps2_put(p, PS2_ACK);
        break;
    case 0xe8: case 0xf3:                       /* resolution, sample rate */
        p->wants_arg = v;
        ps2_put(p, PS2_ACK);
        break;
    case 0xe9:
        ps2_put(p, PS2_ACK);
        mouse_status(p);
        break;
    case 0xeb:                                  /* read data: nothing moved */
        ps2_put(p, PS2_ACK);
        ps2_put(p, 0x08);
        ps2_put(p, 0);
        ps2_put(p, 0);
        break;
    case 0xea: case 0xf0:                       /* stream, remote mode */
        p->remote = v == 0xf0;
        ps2_put(p, PS2_ACK);
        break;
    case 0xec: case 0xee:
        ps2_put(p, PS2_ACK);
        break;
    case 0xf2:                                  /* identify: a plain PS/2 mouse */
        ps2_put(p, PS2_ACK);
        ps2_put(p, 0x00);
        break;
    case 0xf4: case 0xf5:
        p->enabled = v == 0xf4;
        ps2_put(p, PS2_ACK);
        break;
    case 0xf6:
        ps2_defaults(p);
        ps2_put(p, PS2_ACK);
        break;
    case 0xff:
        ps2_reset(p);
        ps2_put(p, PS2_ACK);
        ps2_put(p, PS2_SELF_TEST_OK);
        ps2_put(p, 0x00);
        break;
    default:
        ps2_put(p, PS2_RESEND);
        break;
    }
}

static void ps2_write(Ps2 *p, uint8_t v, void (*command)(Ps2 *, uint8_t),
                      void (*argument)(Ps2 *, uint8_t, uint8_t))
{
    uint8_t cmd = p->wants_arg;

    p->wants_arg = 0;
    if (cmd && v < 0xe6) {
        argument(p, cmd, v);
    } else {
        command(p, v);
    }
}

/* ---- controller ---- */

/* Scan code set 2 to set 1, as the controller does when CTR_TRANSLATE is set. */
static const uint8_t set2_to_set1[128] = {
    0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,
    0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,
    0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
    0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,
    0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,
    0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
    0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,
    0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
};

/* 0xf0 before a code means release: it becomes bit 7 of the translated code. */
static uint8_t kbd_get(I8042 *s)
{
    uint8_t v = ps2_get(&s->kbd), up = 0;

    if (!(s->ctr & CTR_TRANSLATE)) {
        return v;
    }
    if (v == 0xf0 && s->kbd.n) {
        up = 0x80;
        v = ps2_get(&s->kbd);
    }
    if (v == 0x83 || v == 0x84) {       /* F7 and SysRq lie outside the table */
        return (v == 0x83 ? 0x41 : 0x54) | up;
    }
    return v < 0x80 ? set2_to_set1[v] | up : v;
}

static void i8042_update_irq(I8042 *s)
{
    irq_set(s->kbd_irq, s->obf && !s->obf_aux && (s->ctr & CTR_KBD_INT));
    irq_set(s->mouse_irq, s->obf && s->obf_aux && (s->ctr & CTR_AUX_INT));
}

/* The next byte goes into the output buffer: controller first, then keyboard, then mouse. */
static void i8042_fill(I8042 *s)
{
    if (!s->obf && s->n_ctl) {
        s->obuf = s->ctl_queue[0];
        s->obf_aux = s->ctl_aux[0];
        s->obf = true;
        s->n_ctl--;
        memmove(s->ctl_queue, s->ctl_queue + 1, s->n_ctl);
        memmove(s->ctl_aux, s->ctl_aux + 1, s->n_ctl * sizeof(bool));
    } else if (!s->obf && s->kbd.n && !(s->ctr & CTR_KBD_OFF)) {
        s->obuf = kbd_get(s);
        s->obf_aux = false;
        s->obf = true;
    } else if (!s->obf && s->mouse.n && !(s->ctr & CTR_AUX_OFF)) {
        s->obuf = ps2_get(&s->mouse);
        s->obf_aux = true;
        s->obf = true;
    }
    i8042_update_irq(s);
}

static void i8042_answer(I8042 *s, uint8_t v, bool aux)
{
    if (s->n_ctl < G_N_ELEMENTS(s->ctl_queue)) {
        s->ctl_queue[s->n_ctl] = v;
        s->ctl_aux[s->n_ctl++] = aux;
    }
}

static void i8042_write_outport(I8042 *s, uint8_t v)
{
    s->outport = v;
    if (!(v & OUT_NO_RESET)) {
        machine_services()->reset_request(true);
    }
}

static void i8042_command(I8042 *s, uint8_t v)
{
    s->cmd = 0;
    switch (v) {
    case CMD_READ_CTR:
        i8042_answer(s, s->ctr, false);
        break;
    case CMD_WRITE_CTR: case CMD_WRITE_OUTPUT: case CMD_KBD_LOOP: case CMD_AUX_LOOP:
    case CMD_AUX_SEND:
        s->cmd = v;
        break;
    case CMD_AUX_OFF:
        s->ctr |= CTR_AUX_OFF;
        break;
    case CMD_AUX_ON:
        s->ctr &= ~CTR_AUX_OFF;
        break;
    case CMD_AUX_TEST: case CMD_KBD_TEST:
        i8042_answer(s, 0x00, false);
        break;
    case CMD_SELF_TEST:
        s->ctr |= CTR_SYSTEM;
        i8042_answer(s, 0x55, false);
        break;
    case CMD_KBD_OFF:
        s->ctr |= CTR_KBD_OFF;
        break;
    case CMD_KBD_ON:
        s->ctr &= ~CTR_KBD_OFF;
        break;
    case CMD_READ_INPUT:
        i8042_answer(s, 0x80, false);
        break;
    case CMD_READ_OUTPUT:
        i8042_answer(s, s->outport, false);
        break;
    case CMD_PULSE ... 0xff:                    /* low bits 0: pulse that line */
        if (!(v & OUT_NO_RESET)) {
            machine_services()->reset_request(true);
        }
        break;
    default:
        guest_unimp("i8042: command 0x%02x\n", v);
        break;
    }
}

static void i8042_data(I8042 *s, uint8_t v)
{
    uint8_t cmd = s->cmd;

    s->cmd = 0;
    switch (cmd) {
    case CMD_WRITE_CTR:
        s->ctr = v;
        break;
    case CMD_WRITE_OUTPUT:
        i8042_write_outport(s, v);
        break;
    case CMD_KBD_LOOP:
        i8042_answer(s, v, false);
        break;
    case CMD_AUX_LOOP:
        i8042_answer(s, v, true);
        break;
    case CMD_AUX_SEND:
        ps2_write(&s->mouse, v, mouse_command, mouse_argument);
        break;
    default:
        s->ctr &= ~CTR_KBD_OFF;                 /* sending to it enables it */
        ps2_write(&s->kbd, v, kbd_command, kbd_argument);
        break;
    }
}

static uint64_t data_read(void *opaque, uint64_t ofs, unsigned n)
{
    I8042 *s = opaque;
    uint8_t v = s->obuf;

    if (s->obf) {
        s->obf = false;
        i8042_update_irq(s);            /* falls, so that the next byte makes an edge */
        i8042_fill(s);
    }
    return v;
}

static void data_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{
    I8042 *s = opaque;

    s->last_was_command = false;
    i8042_data(s, v);
    i8042_fill(s);
}

static uint64_t status_read(void *opaque, uint64_t ofs, unsigned n)
{
    I8042 *s = opaque;

    return STATUS_UNLOCKED | (s->ctr & CTR_SYSTEM ? STATUS_SYSTEM : 0) |
           (s->last_was_command ? STATUS_COMMAND : 0) | (s->obf ? STATUS_OBF : 0) |
           (s->obf && s->obf_aux ? STATUS_AUX : 0);
}

static void status_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{
    I8042 *s = opaque;

    s->last_was_command = true;
    i8042_command(s, v);
    i8042_fill(s);
}

static const MemoryRegionOps data_ops = { .read = data_read, .write = data_write, .impl_max = 1 };
static const MemoryRegionOps status_ops = {
    .read = status_read, .write = status_write, .impl_max = 1,
};

void i8042_key_bytes(I8042 *s, const uint8_t *bytes, unsigned n)
{
    if (s->kbd.enabled && n <= QUEUE_BYTES - s->kbd.n) {
        for (unsigned i = 0; i < n; i++) {
            ps2_put(&s->kbd, bytes[i]);
        }
        i8042_fill(s);
    }
}

static void i8042_reset(Device *dev)
{
    I8042 *s = i8042(dev);

    ps2_reset(&s->kbd);
    ps2_reset(&s->mouse);
    s->kbd.enabled = true;
    s->ctr = CTR_KBD_INT | CTR_AUX_INT | CTR_SYSTEM | CTR_TRANSLATE;
    s->outport = OUT_NO_RESET | OUT_A20;
    s->cmd = 0;
    s->obf = s->obf_aux = s->last_was_command = false;
    s->n_ctl = 0;
    i8042_update_irq(s);
}

static void i8042_print_info(Device *dev, FILE *f)
{
    I8042 *s = i8042(dev);

    fprintf(f, "ctr %02x obf %d%s kbd queue %u mouse queue %u\n", s->ctr, s->obf,
            s->obf_aux ? " aux" : "", s->kbd.n, s->mouse.n);
}

static bool i8042_realize(Device *dev, Error **errp)
{
    I8042 *s = i8042(dev);

    memory_region_init_io(&s->data, s, &data_ops, s, "i8042-data", 1);
    memory_region_add(s->io, 0x60, &s->data);
    memory_region_init_io(&s->status, s, &status_ops, s, "i8042-cmd", 1);
    memory_region_add(s->io, 0x64, &s->status);
    return true;
}

I8042 *i8042_new(MemoryRegion *io, IrqLine *kbd_irq, IrqLine *mouse_irq, Error **errp)
{
    I8042 *s = i8042(object_new(TYPE_I8042));

    s->io = io;
    s->kbd_irq = kbd_irq;
    s->mouse_irq = mouse_irq;
    if (!device_realize(&s->parent, NULL, NULL, errp)) {
        return NULL;
    }
    i8042_reset(&s->parent);
    return s;
}

static const TypeInfo i8042_info = {
    .name = TYPE_I8042, .parent = TYPE_DEVICE, .size = sizeof(I8042),
    .class_init = device_class_methods,
    .class_data = &(const DeviceMethods){ i8042_realize, i8042_reset, i8042_print_info },
};
TYPE_REGISTER(i8042_info)
