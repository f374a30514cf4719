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

typedef enum ChardevEvent {
    CHR_OPENED, CHR_CLOSED, CHR_BREAK,
    CHR_MUX_IN, CHR_MUX_OUT,            /* this front end of a mux gets, loses the keyboard */
} ChardevEvent;

typedef struct ChardevHandlers {        /* of the front end */
    size_t (*can_read)(void *opaque);                   /* bytes that fit now */
    void (*read)(void *opaque, const uint8_t *buf, size_t n);
    void (*event)(void *opaque, ChardevEvent e);
} ChardevHandlers;

/* "stdio", "null", "file:PATH", "pty", "unix:PATH,server=on,wait=off", "tcp:host:port,...",
 * "mon:stdio", "chardev:ID", "none" (gives NULL without error), "pipe:", "vc" */
bool chardev_from_text(const char *text, const char *id, Chardev **out, Error **errp);
bool chardev_wants_monitor(const Chardev *c);   /* it was "mon:...": the caller adds a monitor */
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
void chardev_foreach_backend(void (*fn)(const char *name, void *opaque), void *opaque);
bool chardev_has_frontend(const Chardev *c);
size_t chardev_queued(const Chardev *c);        /* bytes written that the host has not taken */
/* for front ends whose output must not be torn and who bound it themselves; not of a mux */
void chardev_set_queue_max(Chardev *c, size_t bytes);
bool chardev_is_mux(const Chardev *c);
/* Ctrl-A x on a mux; without a hook the process exits */
void chardev_set_exit_hook(void (*fn)(void));
/* -add-fd: /dev/fdset/@set is a duplicate of @fd (taken over) */
bool chardev_add_fd(unsigned set, int fd, Error **errp);
const char *chardev_filename(const Chardev *c);         /* "unix:/tmp/x,server=on" */
void chardev_cleanup(void);             /* flush, restore the terminal, unlink sockets */

#endif
