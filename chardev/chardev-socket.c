/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unix and TCP sockets.
 *
 *   server:  listening --accept_peer()--> connected --chr_socket_hangup()--> listening
 *   client:  connected --chr_socket_hangup()--> waiting (with reconnect=) --try_connect()--> ...
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "chardev-internal.h"

typedef struct Socket {
    struct sockaddr_storage addr;
    socklen_t addr_len;
    char *name;                 /* "unix:/tmp/x" */
    char *unlink_path;          /* a socket file we made */
    bool server, nodelay;
    int listen_fd;              /* -1: not listening */
    guint listen_watch, connect_watch;
    int connect_fd;             /* a connect() under way, -1: none */
    uint64_t reconnect_s;
    Timer *retry;
} Socket;

static void set_name(Chardev *c, bool connected)
{
    Socket *s = c->priv;

    chr_set_filename(c, "%s%s%s", connected ? "" : "disconnected:", s->name,
                     s->server ? ",server=on" : "");
}

static void watch_listener(Chardev *c);

static void connected(Chardev *c, int fd)
{
    Socket *s = c->priv;
    int one = 1;

    if (s->nodelay) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    }
    c->in_fd = c->out_fd = fd;
    set_name(c, true);
    chr_opened(c);
}

static gboolean accept_peer(int listen_fd, GIOCondition cond, void *opaque)
{
    Chardev *c = opaque;
    Socket *s = c->priv;
    int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd >= 0) {
        g_source_remove(s->listen_watch);       /* one peer at a time; others wait in line */
        s->listen_watch = 0;
        connected(c, fd);
    }
    return G_SOURCE_CONTINUE;
}

static void watch_listener(Chardev *c)
{
    Socket *s = c->priv;

    if (s->listen_fd >= 0 && !s->listen_watch) {
        s->listen_watch = main_loop_add_fd(s->listen_fd, G_IO_IN, accept_peer, c);
    }
}

/* ---- client ---- */

static void retry_later(Chardev *c)
{
    Socket *s = c->priv;

    if (s->reconnect_s) {
        timer_mod(s->retry, clock_ns(CLOCK_REALTIME_MONO) + (int64_t)s->reconnect_s * 1000000000);
    }
}

static void drop_connect(Socket *s)
{
    if (s->connect_watch) {
        g_source_remove(s->connect_watch);
        s->connect_watch = 0;
    }
    if (s->connect_fd >= 0) {
        close(s->connect_fd);
        s->connect_fd = -1;
    }
}

static gboolean connect_done(int fd, GIOCondition cond, void *opaque)
{
    Chardev *c = opaque;
    Socket *s = c->priv;
    int err = 0;
    socklen_t len = sizeof(err);

    getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
    if (err) {
        drop_connect(s);
        retry_later(c);
    } else {
        s->connect_fd = -1;
        drop_connect(s);
        connected(c, fd);
    }
    return G_SOURCE_CONTINUE;
}

static void try_connect(void *opaque)
{
    Chardev *c = opaque;
    Socket *s = c->priv;
    int fd = socket(s->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        retry_later(c);
    } else if (connect(fd, (struct sockaddr *)&s->addr, s->addr_len) == 0) {
        connected(c, fd);
    } else if (errno == EINPROGRESS) {
        s->connect_fd = fd;
        s->connect_watch = main_loop_add_fd(fd, G_IO_OUT, connect_done, c);
    } else {
        close(fd);
        retry_later(c);
    }
}

static bool connect_now(Chardev *c, Error **errp)
{
    Socket *s = c->priv;
    int fd = socket(s->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&s->addr, s->addr_len) < 0) {
        error_setg_errno(errp, errno, "Failed to connect to '%s'", s->name);
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
    connected(c, fd);
    return true;
}

/* ---- server ---- */

static bool listen_now(Socket *s, Error **errp)
{
    int one = 1;
    struct stat st;

    s->listen_fd = socket(s->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->listen_fd < 0) {
        error_setg_errno(errp, errno, "Failed to create socket");
        return false;
    }
    const char *path = s->addr.ss_family == AF_UNIX ? ((struct sockaddr_un *)&s->addr)->sun_path
                                                    : NULL;
    if (path && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
        unlink(path);
    }
    if (!path) {
        setsockopt(s->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    }
    if (bind(s->listen_fd, (struct sockaddr *)&s->addr, s->addr_len) < 0) {
        error_setg_errno(errp, errno, "Failed to bind socket to %s", path ? path : s->name);
        return false;
    }
    s->unlink_path = g_strdup(path);
    if (listen(s->listen_fd, 1) < 0) {
        error_setg_errno(errp, errno, "Failed to listen on socket");
        return false;
    }
    return true;
}

static void wait_for_peer(Chardev *c)
{
    Socket *s = c->priv;
    struct pollfd p = { .fd = s->listen_fd, .events = POLLIN };

    info_report("QEMU waiting for connection on: %s", c->filename);
    while (!c->open) {
        if (poll(&p, 1, -1) == 1) {
            accept_peer(s->listen_fd, G_IO_IN, c);
        }
    }
}

/* ---- addresses ---- */

static bool unix_address(Socket *s, const char *path, Error **errp)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&s->addr;

    if (!*path) {
        error_setg(errp, "UNIX socket path is empty");
        return false;
    }
    if (strlen(path) >= sizeof(un->sun_path)) {
        error_setg(errp, "UNIX socket path '%s' is too long", path);
        error_append_hint(errp, "Path must be less than %zu bytes\n", sizeof(un->sun_path));
        return false;
    }
    un->sun_family = AF_UNIX;
    strcpy(un->sun_path, path);
    s->addr_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
    s->name = g_strdup_printf("unix:%s", path);
    return true;
}

static bool inet_address(Socket *s, const char *host, const char *port, Opts *o, Error **errp)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = s->server ? AI_PASSIVE : 0 };
    struct addrinfo *res;
    bool ipv4 = false, ipv6 = false;

    if (!opts_get_bool(o, "ipv4", &ipv4, errp) || !opts_get_bool(o, "ipv6", &ipv6, errp)) {
        return false;
    }
    hints.ai_family = ipv4 == ipv6 ? AF_UNSPEC : ipv4 ? AF_INET : AF_INET6;
    int rc = getaddrinfo(*host ? host : s->server ? NULL : "localhost", port, &hints, &res);
    if (rc) {
        error_setg(errp, "address resolution failed for %s:%s: %s", host, port, gai_strerror(rc));
        return false;
    }
    memcpy(&s->addr, res->ai_addr, res->ai_addrlen);
    s->addr_len = res->ai_addrlen;
    freeaddrinfo(res);
    s->name = g_strdup_printf("tcp:%s:%s", host, port);
    return true;
}

static bool fd_address(Socket *s, const char *text, Error **errp)
{
    int type;
    socklen_t len = sizeof(type);
    int fd = atoi(text);

    if (!g_ascii_isdigit(text[0]) ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_STREAM) {
        error_setg(errp, "File descriptor '%s' is not a socket", text);
        return false;
    }
    s->listen_fd = fd;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    s->name = g_strdup_printf("fd:%d", fd);
    s->addr_len = sizeof(s->addr);
    getsockname(fd, (struct sockaddr *)&s->addr, &s->addr_len);
    if (s->addr.ss_family == AF_UNIX && s->addr_len > offsetof(struct sockaddr_un, sun_path)) {
        g_free(s->name);
        s->name = g_strdup_printf("unix:%s", ((struct sockaddr_un *)&s->addr)->sun_path);
    }
    return true;
}

static bool address(Socket *s, Opts *o, Error **errp)
{
    const char *path = opts_get(o, "path"), *host = opts_get(o, "host"),
               *port = opts_get(o, "port"), *fd = opts_get(o, "fd");

    if (!!path + (host || port) + !!fd != 1) {
        error_setg(errp, "exactly one of 'path', 'host' with 'port', and 'fd' is needed");
        return false;
    }
    if (path) {
        return unix_address(s, path, errp);
    }
    if (fd) {
        return fd_address(s, fd, errp);
    }
    if (!port) {
        error_setg(errp, "chardev: socket: no port given");
        return false;
    }
    return inet_address(s, host ? host : "", port, o, errp);
}

/* ---- the back end ---- */

bool chr_socket_open(Chardev *c, Opts *o, Error **errp)
{
    Socket *s = c->priv = g_new0(Socket, 1);
    bool wait = true, delay = true;

    s->listen_fd = s->connect_fd = -1;
    if (!opts_get_bool(o, "server", &s->server, errp) || !opts_get_bool(o, "wait", &wait, errp) ||
        !opts_get_bool(o, "delay", &delay, errp) ||
        !opts_get_bool(o, "nodelay", &s->nodelay, errp) ||
        !opts_get_u64(o, "reconnect", &s->reconnect_s, errp) || !address(s, o, errp) ||
        !opts_all_used(o, errp)) {
        return false;
    }
    if (!s->server && opts_get(o, "wait")) {
        error_setg(errp, "'wait' option is incompatible with socket in client connect mode");
        return false;
    }
    if (s->server && s->reconnect_s) {
        error_setg(errp, "'reconnect' option is incompatible with socket in server listen mode");
        return false;
    }
    s->nodelay = (s->nodelay || !delay) && s->addr.ss_family != AF_UNIX;
    set_name(c, false);
    if (!s->server && s->listen_fd >= 0) {      /* fd= of a connected socket */
        int fd = s->listen_fd;
        s->listen_fd = -1;
        fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
        connected(c, fd);
        return true;
    }
    if (!s->server && s->reconnect_s) {
        s->retry = timer_new(CLOCK_REALTIME_MONO, try_connect, c);
        try_connect(c);
        return true;
    }
    if (!s->server) {
        return connect_now(c, errp);
    }
    if (s->listen_fd < 0 && !listen_now(s, errp)) {
        return false;
    }
    watch_listener(c);
    if (wait) {
        wait_for_peer(c);
    }
    return true;
}

ssize_t chr_socket_write(Chardev *c, const void *buf, size_t n)
{
    ssize_t done = send(c->out_fd, buf, n, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (done < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    if (done < 0) {
        shutdown(c->out_fd, SHUT_RDWR);     /* the reading side notices and hangs up */
    }
    return done;
}

void chr_socket_hangup(Chardev *c)
{
    Socket *s = c->priv;
    int fd = c->in_fd;

    set_name(c, false);
    chr_closed(c);
    c->in_fd = c->out_fd = -1;
    close(fd);
    if (s->server) {
        watch_listener(c);
    } else {
        retry_later(c);
    }
}

void chr_socket_close(Chardev *c)
{
    Socket *s = c->priv;

    if (c->in_fd >= 0) {
        close(c->in_fd);
    }
    if (!s) {
        return;
    }
    drop_connect(s);
    if (s->listen_watch) {
        g_source_remove(s->listen_watch);
    }
    if (s->listen_fd >= 0) {
        close(s->listen_fd);
    }
    if (s->unlink_path) {
        unlink(s->unlink_path);
    }
    timer_free(s->retry);
    g_free(s->unlink_path);
    g_free(s->name);
    g_free(s);
}
