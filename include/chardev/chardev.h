/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Character devices: byte streams between a front end (UART, monitor) and the host. Big lock. */
#ifndef CHARDEV_CHARDEV_H
#define CHARDEV_CHARDEV_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "util/error.h"

typedef struct Chardev Chardev;

typedef enum ChardevEvent { CHR_OPENED, CHR_CLOSED, CHR_BREAK } ChardevEvent;

typedef struct ChardevHandlers {        /* of the front end */
    size_t (*can_read)(void *opaque);                   /* bytes that fit now */
    void (*read)(void *opaque, const uint8_t *buf, size_t n);
    void (*event)(void *opaque, ChardevEvent e);
} ChardevHandlers;

/* "stdio", "null", "file:PATH", "pty", "unix:PATH,server=on,wait=off", "tcp:host:port,...",
 * "mon:stdio", "chardev:ID", "none" (gives NULL without error), "pipe:", "vc" */
bool chardev_from_text(const char *text, const char *id, Chardev **out, Error **errp);
/* "-chardev backend,id=X,key=value,..." ("help" is the caller's) */
Chardev *chardev_new(const char *opts, Error **errp);
Chardev *chardev_find(const char *id);
void chardev_attach(Chardev *c, const ChardevHandlers *h, void *opaque);   /* mux: several */
void chardev_detach(Chardev *c, void *opaque);
/* queues what the host does not take now (bounded: the oldest is dropped, never blocks) */
void chardev_write(Chardev *c, const void *buf, size_t n);
void chardev_accept_input(Chardev *c);  /* can_read grew */
const char *chardev_id(const Chardev *c);
bool chardev_is_open(const Chardev *c);
void chardev_help(FILE *f);
void chardev_foreach(void (*fn)(Chardev *c, void *opaque), void *opaque);  /* info chardev */
const char *chardev_filename(const Chardev *c);         /* "unix:/tmp/x,server=on" */
void chardev_cleanup(void);             /* flush, restore the terminal, unlink sockets */

#endif
