/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the back ends share. */
#ifndef CHARDEV_INTERNAL_H
#define CHARDEV_INTERNAL_H

#include <sys/types.h>
#include "chardev/chardev.h"
#include "qapi/opts.h"
#include "util/main-loop.h"

typedef struct ChardevType {            /* one row a back end, in chardev.c */
    const char *name;
    const char *filename;               /* for query-chardev until the back end knows better */
    bool socket;                        /* a peer comes and goes */
    bool hidden;                        /* not in help */
    bool (*open)(Chardev *c, Opts *o, Error **errp);
    void (*close)(Chardev *c);
    /* bytes taken, 0: none now, -1: the peer is gone. NULL: write(out_fd) */
    ssize_t (*write)(Chardev *c, const void *buf, size_t n);
    void (*hangup)(Chardev *c);         /* end of input; NULL: input just ends */
    void (*accept_input)(Chardev *c);   /* NULL: watch in_fd */
    void (*attach)(Chardev *c, const ChardevHandlers *h, void *opaque);     /* NULL: one front end */
    void (*detach)(Chardev *c, void *opaque);
} ChardevType;

struct Chardev {
    const ChardevType *type;
    char *id, *filename;
    bool open;
    bool wants_monitor;
    bool input_ended;
    int in_fd, out_fd;                  /* -1: none */
    guint in_watch, out_watch;          /* 0: none */
    int in_cond;                        /* of in_watch */
    GString *queue;                     /* not taken by the host yet */
    size_t queue_max;                   /* bytes; beyond, the oldest are dropped */
    const ChardevHandlers *handlers;    /* NULL: no front end */
    void *opaque;
    void *priv;                         /* the back end's */
};

/* chardev.c */
void chr_opened(Chardev *c);            /* now it is connected */
void chr_closed(Chardev *c);            /* now it isn't; fds are the back end's to close */
void chr_watch_input(Chardev *c);       /* to be called when in_fd or the reader changed */
void chr_set_filename(Chardev *c, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
void chr_input(Chardev *c, const uint8_t *buf, size_t n);       /* n <= chr_room() */
size_t chr_room(Chardev *c);
void chr_drop_queue(Chardev *c);
Chardev *chr_alloc(const ChardevType *t, const char *id);
void chr_free(Chardev *c);
void chr_register(Chardev *c);

/* chardev-fd.c */
bool chr_null_open(Chardev *c, Opts *o, Error **errp);
ssize_t chr_null_write(Chardev *c, const void *buf, size_t n);
bool chr_file_open(Chardev *c, Opts *o, Error **errp);
bool chr_pipe_open(Chardev *c, Opts *o, Error **errp);
bool chr_stdio_open(Chardev *c, Opts *o, Error **errp);
void chr_stdio_close(Chardev *c);
bool chr_pty_open(Chardev *c, Opts *o, Error **errp);
void chr_pty_close(Chardev *c);
void chr_pty_hangup(Chardev *c);

/* chardev-socket.c */
bool chr_socket_open(Chardev *c, Opts *o, Error **errp);
void chr_socket_close(Chardev *c);
ssize_t chr_socket_write(Chardev *c, const void *buf, size_t n);
void chr_socket_hangup(Chardev *c);

/* chardev-mux.c */
extern const ChardevType chr_mux_type;
Chardev *chr_mux_new(Chardev *base, const char *id);
extern void (*chr_exit_hook)(void);

#endif
