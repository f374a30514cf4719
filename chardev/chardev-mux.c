/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several front ends on one device. Ctrl-A is the escape: Ctrl-A h tells the rest. */
#include <stdlib.h>
#include <string.h>
#include "chardev-internal.h"

enum { MAX_FRONTENDS = 4, HELD_MAX = 64, ESCAPE = 1 };

typedef struct FrontEnd {
    const ChardevHandlers *h;
    void *opaque;
    uint8_t held[HELD_MAX];     /* typed while it was not ready */
    unsigned n_held;
} FrontEnd;

typedef struct Mux {
    Chardev *base;              /* first: chardev_queued() */
    FrontEnd fe[MAX_FRONTENDS];
    unsigned n, focus;
    bool escaped;
} Mux;

void (*chr_exit_hook)(void);

void chardev_set_exit_hook(void (*fn)(void))
{
    chr_exit_hook = fn;
}

static void fe_event(FrontEnd *fe, ChardevEvent e)
{
    if (fe->h && fe->h->event) {
        fe->h->event(fe->opaque, e);
    }
}

static size_t fe_room(FrontEnd *fe)
{
    return fe->h && fe->h->can_read ? fe->h->can_read(fe->opaque) : 0;
}

static void pass_on(FrontEnd *fe)
{
    while (fe->n_held && fe_room(fe)) {
        unsigned n = (unsigned)MIN(fe_room(fe), fe->n_held);
        uint8_t buf[HELD_MAX];

        memcpy(buf, fe->held, n);
        fe->n_held -= n;
        memmove(fe->held, fe->held + n, fe->n_held);
        fe->h->read(fe->opaque, buf, n);
    }
}

/* ---- escapes ---- */

static void say(Chardev *c, const char *text)
{
    chardev_write(c, text, strlen(text));
}

static void esc_help(Chardev *c)
{
    say(c, "\r\nC-a h    print this help\r\nC-a x    exit emulator\r\nC-a b    send break\r\n"
           "C-a c    switch between console and monitor\r\nC-a C-a  sends C-a\r\n");
}

static void esc_exit(Chardev *c)
{
    say(c, "QEMU: Terminated\r\n");
    if (chr_exit_hook) {
        chr_exit_hook();
    } else {
        exit(0);
    }
}

static void esc_break(Chardev *c)
{
    Mux *m = c->priv;

    fe_event(&m->fe[m->focus], CHR_BREAK);
}

static void esc_switch(Chardev *c)
{
    Mux *m = c->priv;

    if (m->n) {
        unsigned next = (m->focus + 1) % m->n;
        fe_event(&m->fe[m->focus], CHR_MUX_OUT);
        m->focus = next;
        fe_event(&m->fe[next], CHR_MUX_IN);
    }
}

static const struct { char key; void (*run)(Chardev *c); } escapes[] = {
    { 'h', esc_help }, { '?', esc_help }, { 'x', esc_exit }, { 'b', esc_break },
    { 'c', esc_switch },
};

/* True: @b goes to the front end. */
static bool plain_byte(Chardev *c, uint8_t b)
{
    Mux *m = c->priv;

    if (!m->escaped) {
        m->escaped = b == ESCAPE;
        return !m->escaped;
    }
    m->escaped = false;
    for (unsigned i = 0; i < G_N_ELEMENTS(escapes); i++) {
        if (b == (uint8_t)escapes[i].key) {
            pass_on(&m->fe[m->focus]);
            escapes[i].run(c);
            return false;
        }
    }
    return b == ESCAPE;
}

/* ---- from the device below ---- */

static size_t mux_can_read(void *opaque)
{
    Mux *m = ((Chardev *)opaque)->priv;
    FrontEnd *fe = &m->fe[m->focus];

    /* room is here even when the front end is slow, so that an escape is seen */
    pass_on(fe);
    return HELD_MAX - fe->n_held;
}

static void mux_read(void *opaque, const uint8_t *buf, size_t n)
{
    Chardev *c = opaque;
    Mux *m = c->priv;

    for (size_t i = 0; i < n; i++) {
        if (plain_byte(c, buf[i])) {
            FrontEnd *fe = &m->fe[m->focus];
            if (fe->n_held < HELD_MAX) {
                fe->held[fe->n_held++] = buf[i];
            }
        }
    }
    pass_on(&m->fe[m->focus]);
}

static void mux_event(void *opaque, ChardevEvent e)
{
    Chardev *c = opaque;
    Mux *m = c->priv;

    if (e == CHR_OPENED || e == CHR_CLOSED) {
        c->open = m->base->open;
    }
    for (unsigned i = 0; i < m->n; i++) {
        fe_event(&m->fe[i], e);
    }
}

static const ChardevHandlers mux_handlers = { mux_can_read, mux_read, mux_event };

/* ---- towards the front ends ---- */

static ssize_t mux_write(Chardev *c, const void *buf, size_t n)
{
    Mux *m = c->priv;

    chardev_write(m->base, buf, n);
    return (ssize_t)n;
}

static void mux_accept_input(Chardev *c)
{
    Mux *m = c->priv;

    pass_on(&m->fe[m->focus]);
    chardev_accept_input(m->base);
}

static void mux_attach(Chardev *c, const ChardevHandlers *h, void *opaque)
{
    Mux *m = c->priv;

    if (m->n == MAX_FRONTENDS) {
        warn_report("chardev %s: too many front ends", c->id);
        return;
    }
    m->fe[m->n] = (FrontEnd){ .h = h, .opaque = opaque };
    m->n++;
    c->handlers = &mux_handlers;        /* chardev_has_frontend() */
    if (c->open) {
        fe_event(&m->fe[m->n - 1], CHR_OPENED);
    }
    fe_event(&m->fe[m->n - 1], m->focus == m->n - 1 ? CHR_MUX_IN : CHR_MUX_OUT);
    mux_accept_input(c);
}

static void mux_detach(Chardev *c, void *opaque)
{
    Mux *m = c->priv;
    unsigned kept = 0;

    for (unsigned i = 0; i < m->n; i++) {
        if (m->fe[i].opaque != opaque) {
            m->fe[kept++] = m->fe[i];
        }
    }
    memset(&m->fe[kept], 0, (m->n - kept) * sizeof(m->fe[0]));
    m->n = kept;
    m->focus = 0;
    c->handlers = kept ? &mux_handlers : NULL;
}

static void mux_close(Chardev *c)
{
    g_free(c->priv);
}

const ChardevType chr_mux_type = {
    "mux", "mux", .close = mux_close, .write = mux_write, .accept_input = mux_accept_input,
    .attach = mux_attach, .detach = mux_detach,
};

Chardev *chr_mux_new(Chardev *base, const char *id)
{
    Chardev *c = chr_alloc(&chr_mux_type, id);
    Mux *m = g_new0(Mux, 1);

    m->base = base;
    c->priv = m;
    c->open = base->open;
    chardev_attach(base, &mux_handlers, c);
    return c;
}
