/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of character devices, their front ends, and the queue towards the host. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "chardev-internal.h"

enum {
    QUEUE_MAX = 1 << 20,        /* bytes kept for a host that does not read */
    READ_CHUNK = 4096,
    SAFE_WRITE = 256,           /* a blocking fd that polls writable takes so much */
};

static const ChardevType types[] = {
    { "null",   "null",   .open = chr_null_open, .write = chr_null_write },
    { "stdio",  "stdio",  .open = chr_stdio_open, .close = chr_stdio_close },
    { "file",   "file",   .open = chr_file_open },
    { "pipe",   "pipe",   .open = chr_pipe_open },
    { "pty",    "pty",    .open = chr_pty_open, .close = chr_pty_close,
      .hangup = chr_pty_hangup },
    { "socket", "socket", .socket = true, .open = chr_socket_open, .close = chr_socket_close,
      .write = chr_socket_write, .hangup = chr_socket_hangup },
    { "vc",     "vc",     .hidden = true, .open = chr_null_open, .write = chr_null_write },
};

static GPtrArray *all;          /* Chardev *, owned, in order of creation */

static const ChardevType *find_type(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        if (strcmp(types[i].name, name) == 0) {
            return &types[i];
        }
    }
    return NULL;
}

/* ---- making and finding ---- */

Chardev *chr_alloc(const ChardevType *t, const char *id)
{
    Chardev *c = g_new0(Chardev, 1);

    c->type = t;
    c->id = g_strdup(id);
    c->filename = g_strdup(t->filename);
    c->in_fd = c->out_fd = -1;
    c->queue = g_string_new(NULL);
    c->queue_max = QUEUE_MAX;
    return c;
}

static void remove_watch(guint *watch)
{
    if (*watch) {
        g_source_remove(*watch);
        *watch = 0;
    }
}

void chr_free(Chardev *c)
{
    remove_watch(&c->in_watch);
    remove_watch(&c->out_watch);
    if (c->type->close) {
        c->type->close(c);
    } else {
        if (c->in_fd >= 0) {
            close(c->in_fd);
        }
        if (c->out_fd >= 0 && c->out_fd != c->in_fd) {
            close(c->out_fd);
        }
    }
    g_string_free(c->queue, TRUE);
    g_free(c->id);
    g_free(c->filename);
    g_free(c);
}

void chr_register(Chardev *c)
{
    if (!all) {
        all = g_ptr_array_new();
    }
    g_ptr_array_add(all, c);
}

void chr_set_filename(Chardev *c, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_free(c->filename);
    c->filename = g_strdup_vprintf(fmt, ap);
    va_end(ap);
}

static bool id_is_good(const char *id)
{
    if (!g_ascii_isalpha(id[0]) && id[0] != '#') {
        return false;
    }
    for (const char *p = id + 1; *p; p++) {
        if (!g_ascii_isalnum(*p) && !strchr("-._", *p)) {
            return false;
        }
    }
    return true;
}

static Chardev *create(const ChardevType *t, const char *id, Opts *o, Error **errp)
{
    bool mux = false;

    if (chardev_find(id)) {
        error_setg(errp, "Duplicate ID '%s' for chardev", id);
        return NULL;
    }
    if (!opts_get_bool(o, "mux", &mux, errp)) {
        return NULL;
    }
    g_autofree char *base_id = mux ? g_strdup_printf("%s-base", id) : g_strdup(id);
    Chardev *c = chr_alloc(t, base_id);
    if (!t->open(c, o, errp) || !opts_all_used(o, errp)) {
        chr_free(c);
        return NULL;
    }
    chr_register(c);
    if (mux) {
        c = chr_mux_new(c, id);
        chr_register(c);
    }
    return c;
}

Chardev *chardev_new(const char *text, Error **errp)
{
    static const char *const no_forms[] = { "wait", "delay", NULL };
    g_autoptr(Opts) o = opts_parse(text, "backend", no_forms, errp);

    if (!o) {
        return NULL;
    }
    const char *backend = opts_get(o, "backend"), *id = opts_get(o, "id");
    if (!id) {
        error_setg(errp, "chardev: no id specified");
        return NULL;
    }
    if (!id_is_good(id)) {
        error_setg(errp, "Parameter 'id' expects an identifier");
        return NULL;
    }
    if (!backend) {
        error_setg(errp, "chardev: \"%s\" missing backend", id);
        return NULL;
    }
    const ChardevType *t = find_type(strcmp(backend, "unix") == 0 ? "socket" : backend);
    if (!t) {
        error_setg(errp, "'%s' is not a valid char driver name", backend);
        return NULL;
    }
    return create(t, id, o, errp);
}

/* "unix:PATH,..." etc.: the rest of the text becomes these options */
typedef struct TextForm {
    const char *prefix, *type;
    const char *implied;        /* key of what follows the prefix; NULL: nothing may */
    bool host_port;
} TextForm;

static const TextForm text_forms[] = {
    { "null", "null", NULL },
    { "stdio", "stdio", NULL },
    { "pty", "pty", NULL },
    { "vc", "vc", NULL },
    { "file:", "file", "path" },
    { "pipe:", "pipe", "path" },
    { "unix:", "socket", "path" },
    { "tcp:", "socket", "host", true },
};

static const TextForm *find_form(const char *text)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(text_forms); i++) {
        const TextForm *f = &text_forms[i];
        size_t n = strlen(f->prefix);
        if (strncmp(text, f->prefix, n) == 0 && (f->implied || !text[n] || text[n] == ',')) {
            return f;
        }
    }
    return g_str_has_prefix(text, "vc:") ? &text_forms[3] : NULL;
}

/* host=::1:4444 -> host, port */
static bool split_host_port(Opts *o, Error **errp)
{
    g_autofree char *hp = g_strdup(opts_get(o, "host"));
    char *colon = hp ? strrchr(hp, ':') : NULL;

    if (!colon || !colon[1]) {
        error_setg(errp, "port not specified in '%s'", hp ? hp : "");
        return false;
    }
    *colon = '\0';
    size_t n = strlen(hp);
    char *host = hp;
    if (n >= 2 && hp[0] == '[' && hp[n - 1] == ']') {
        hp[n - 1] = '\0';
        host++;
    }
    opts_remove(o, "host");
    opts_add(o, "host", host);
    opts_add(o, "port", colon + 1);
    return true;
}

static bool from_plain_text(const char *text, const char *id, bool mux, Chardev **out,
                            Error **errp)
{
    static const char *const no_forms[] = { "wait", "delay", NULL };
    const TextForm *f = find_form(text);

    if (!f) {
        error_setg(errp, "'%s' is not a valid char driver", text);
        return false;
    }
    const char *rest = g_str_has_prefix(text, "vc") ? "" : text + strlen(f->prefix);
    g_autoptr(Opts) o = opts_parse(rest + (!f->implied && *rest == ','), f->implied, no_forms,
                                   errp);
    if (!o || (f->host_port && !split_host_port(o, errp))) {
        return false;
    }
    if (mux) {
        opts_add(o, "mux", "on");
        if (strcmp(f->type, "stdio") == 0) {
            opts_add(o, "signal", "off");
        }
    }
    *out = create(find_type(f->type), id, o, errp);
    return *out != NULL;
}

bool chardev_from_text(const char *text, const char *id, Chardev **out, Error **errp)
{
    *out = NULL;
    if (strcmp(text, "none") == 0) {
        return true;
    }
    if (g_str_has_prefix(text, "chardev:")) {
        *out = chardev_find(text + 8);
        if (!*out) {
            error_setg(errp, "chardev \"%s\" not found", text + 8);
        }
        return *out != NULL;
    }
    if (g_str_has_prefix(text, "mon:")) {
        if (!from_plain_text(text + 4, id, true, out, errp)) {
            return false;
        }
        (*out)->wants_monitor = true;
        return true;
    }
    return from_plain_text(text, id, false, out, errp);
}

bool chardev_wants_monitor(const Chardev *c)
{
    return c->wants_monitor;
}

Chardev *chardev_find(const char *id)
{
    for (unsigned i = 0; all && i < all->len; i++) {
        Chardev *c = all->pdata[i];
        if (strcmp(c->id, id) == 0) {
            return c;
        }
    }
    return NULL;
}

void chardev_foreach(void (*fn)(Chardev *c, void *opaque), void *opaque)
{
    for (unsigned i = 0; all && i < all->len; i++) {
        fn(all->pdata[i], opaque);
    }
}

void chardev_foreach_backend(void (*fn)(const char *name, void *opaque), void *opaque)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        if (!types[i].hidden) {
            fn(types[i].name, opaque);
        }
    }
}

static void help_line(const char *name, void *opaque)
{
    fprintf(opaque, "  %s\n", name);
}

void chardev_help(FILE *f)
{
    fprintf(f, "Available chardev backend types:\n");
    chardev_foreach_backend(help_line, f);
}

const char *chardev_id(const Chardev *c)
{
    return c->id;
}

const char *chardev_filename(const Chardev *c)
{
    return c->filename;
}

bool chardev_is_open(const Chardev *c)
{
    return c->open;
}

bool chardev_has_frontend(const Chardev *c)
{
    return c->handlers != NULL;
}

bool chardev_is_mux(const Chardev *c)
{
    return c->type == &chr_mux_type;
}

/* ---- towards the front end ---- */

size_t chr_room(Chardev *c)
{
    return c->handlers && c->handlers->can_read ? c->handlers->can_read(c->opaque) : 0;
}

void chr_input(Chardev *c, const uint8_t *buf, size_t n)
{
    if (c->handlers && c->handlers->read) {
        c->handlers->read(c->opaque, buf, n);
    }
}

static void send_event(Chardev *c, ChardevEvent e)
{
    if (c->handlers && c->handlers->event) {
        c->handlers->event(c->opaque, e);
    }
}

void chr_opened(Chardev *c)
{
    c->open = true;
    c->input_ended = false;
    send_event(c, CHR_OPENED);
    chr_watch_input(c);
}

void chr_closed(Chardev *c)
{
    bool was = c->open;

    c->open = false;
    remove_watch(&c->in_watch);
    chr_drop_queue(c);
    if (was) {
        send_event(c, CHR_CLOSED);
    }
}

static void end_of_input(Chardev *c)
{
    if (c->type->hangup) {
        c->type->hangup(c);
        return;
    }
    c->input_ended = true;
    remove_watch(&c->in_watch);
    send_event(c, CHR_CLOSED);
}

static gboolean input_ready(int fd, GIOCondition cond, void *opaque)
{
    Chardev *c = opaque;
    uint8_t buf[READ_CHUNK];
    size_t room = MIN(chr_room(c), sizeof(buf));

    if (room == 0) {
        remove_watch(&c->in_watch);     /* chr_watch_input() brings it back */
        if (!c->handlers && c->type->socket && (cond & (G_IO_HUP | G_IO_ERR))) {
            end_of_input(c);
        }
        return G_SOURCE_CONTINUE;
    }
    ssize_t n = read(fd, buf, room);
    if (n > 0) {
        chr_input(c, buf, (size_t)n);
        chr_watch_input(c);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        end_of_input(c);
    }
    return G_SOURCE_CONTINUE;
}

void chr_watch_input(Chardev *c)
{
    int cond = 0;

    if (c->open && c->in_fd >= 0 && !c->input_ended) {
        cond = chr_room(c) ? G_IO_IN | G_IO_HUP | G_IO_ERR
               : c->type->socket ? G_IO_HUP | G_IO_ERR : 0;
    }
    if (c->in_watch && c->in_cond == cond) {
        return;
    }
    remove_watch(&c->in_watch);
    c->in_cond = cond;
    if (cond) {
        c->in_watch = main_loop_add_fd(c->in_fd, (GIOCondition)cond, input_ready, c);
    }
}

void chardev_accept_input(Chardev *c)
{
    if (c->type->accept_input) {
        c->type->accept_input(c);
    } else {
        chr_watch_input(c);
    }
}

void chardev_attach(Chardev *c, const ChardevHandlers *h, void *opaque)
{
    if (c->type->attach) {
        c->type->attach(c, h, opaque);
        return;
    }
    c->handlers = h;
    c->opaque = opaque;
    if (c->open) {
        send_event(c, CHR_OPENED);
    }
    chr_watch_input(c);
}

void chardev_detach(Chardev *c, void *opaque)
{
    if (c->type->detach) {
        c->type->detach(c, opaque);
    } else if (c->opaque == opaque) {
        c->handlers = NULL;
        c->opaque = NULL;
        chr_watch_input(c);
    }
}

/* ---- towards the host ---- */

/* Our own fds don't block; those we share with others (stdio) may, so ask and write little. */
static ssize_t fd_write(Chardev *c, const void *buf, size_t n)
{
    struct pollfd p = { .fd = c->out_fd, .events = POLLOUT };
    ssize_t done;

    if (poll(&p, 1, 0) != 1 || !(p.revents & (POLLOUT | POLLERR))) {
        return 0;
    }
    do {
        done = write(c->out_fd, buf, MIN(n, SAFE_WRITE));
    } while (done < 0 && errno == EINTR);
    return done < 0 && errno == EAGAIN ? 0 : done;
}

static size_t try_write(Chardev *c, const char *buf, size_t n)
{
    size_t done = 0;

    while (done < n) {
        ssize_t k = c->type->write ? c->type->write(c, buf + done, n - done)
                                   : c->out_fd < 0 ? (ssize_t)(n - done)
                                   : fd_write(c, buf + done, n - done);
        if (k < 0) {
            return n;           /* nobody will ever read it */
        }
        if (k == 0) {
            break;
        }
        done += (size_t)k;
    }
    return done;
}

void chr_drop_queue(Chardev *c)
{
    g_string_truncate(c->queue, 0);
    remove_watch(&c->out_watch);
}

static gboolean output_ready(int fd, GIOCondition cond, void *opaque)
{
    Chardev *c = opaque;
    size_t done = try_write(c, c->queue->str, c->queue->len);

    g_string_erase(c->queue, 0, (gssize)done);
    if (c->queue->len == 0) {
        remove_watch(&c->out_watch);
        chardev_accept_input(c);        /* readers may have waited for this */
    }
    return G_SOURCE_CONTINUE;
}

void chardev_write(Chardev *c, const void *buf, size_t n)
{
    if (!c || !n || (!c->open && c->type != &chr_mux_type)) {
        return;
    }
    if (c->type == &chr_mux_type) {
        c->type->write(c, buf, n);
        return;
    }
    size_t done = c->queue->len ? 0 : try_write(c, buf, n);
    if (done == n) {
        return;
    }
    g_string_append_len(c->queue, (const char *)buf + done, (gssize)(n - done));
    if (c->queue->len > c->queue_max) {
        g_string_erase(c->queue, 0, (gssize)(c->queue->len - c->queue_max));
    }
    if (!c->out_watch) {
        c->out_watch = main_loop_add_fd(c->out_fd, G_IO_OUT, output_ready, c);
    }
}

size_t chardev_queued(const Chardev *c)
{
    return c->type == &chr_mux_type ? chardev_queued(*(Chardev **)c->priv) : c->queue->len;
}

void chardev_set_queue_max(Chardev *c, size_t bytes)
{
    c->queue_max = bytes;
}

/* Last words: what a reader takes within a moment. */
static void flush(Chardev *c)
{
    int64_t end_us = g_get_monotonic_time() + 200 * 1000;

    while (c->queue->len && g_get_monotonic_time() < end_us) {
        struct pollfd p = { .fd = c->out_fd, .events = POLLOUT };
        if (poll(&p, 1, 50) == 1) {
            size_t done = try_write(c, c->queue->str, c->queue->len);
            g_string_erase(c->queue, 0, (gssize)done);
        }
    }
}

void chardev_cleanup(void)
{
    for (unsigned i = 0; all && i < all->len; i++) {
        flush(all->pdata[i]);
    }
    while (all && all->len) {
        Chardev *c = all->pdata[all->len - 1];
        g_ptr_array_set_size(all, (int)all->len - 1);
        chr_free(c);
    }
}
