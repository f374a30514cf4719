/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Back ends on plain file descriptors: null, file, pipe, stdio, pty. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "chardev-internal.h"

/* ---- null ---- */

bool chr_null_open(Chardev *c, Opts *o, Error **errp)
{
    chr_opened(c);
    return true;
}

ssize_t chr_null_write(Chardev *c, const void *buf, size_t n)
{
    return (ssize_t)n;
}

/* ---- file, pipe ---- */

typedef struct FdSet { unsigned set; int fd; } FdSet;
static GArray *fd_sets;         /* of the process: descriptors it was started with */

bool chardev_add_fd(unsigned set, int fd, Error **errp)
{
    FdSet f = { set, fd };

    if (fcntl(fd, F_GETFD) < 0) {
        error_setg_errno(errp, errno, "fd %d is not valid", fd);
        return false;
    }
    if (!fd_sets) {
        fd_sets = g_array_new(FALSE, FALSE, sizeof(FdSet));
    }
    g_array_append_val(fd_sets, f);
    return true;
}

static int open_path(const char *path, int flags, Error **errp)
{
    unsigned set;
    int fd = -1;

    if (sscanf(path, "/dev/fdset/%u", &set) == 1) {
        for (unsigned i = 0; fd_sets && i < fd_sets->len && fd < 0; i++) {
            FdSet *f = &g_array_index(fd_sets, FdSet, i);
            fd = f->set == set ? fcntl(f->fd, F_DUPFD_CLOEXEC, 3) : -1;
        }
        if (fd < 0) {
            error_setg(errp, "No file descriptor in fd set %u", set);
        }
        return fd;
    }
    fd = open(path, flags | O_CLOEXEC, 0666);
    if (fd < 0) {
        error_setg_errno(errp, errno, "Could not open '%s'", path);
    }
    return fd;
}

static const char *need_path(Opts *o, Error **errp)
{
    const char *path = opts_get(o, "path");

    if (!path || !*path) {
        error_setg(errp, "chardev: file: no filename given");
        return NULL;
    }
    return path;
}

bool chr_file_open(Chardev *c, Opts *o, Error **errp)
{
    const char *path = need_path(o, errp), *in = opts_get(o, "input-path");
    bool append = false;

    if (!path || !opts_get_bool(o, "append", &append, errp)) {
        return false;
    }
    c->out_fd = open_path(path, O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC), errp);
    if (c->out_fd < 0) {
        return false;
    }
    if (in) {
        c->in_fd = open_path(in, O_RDONLY | O_NONBLOCK, errp);
        if (c->in_fd < 0) {
            return false;
        }
    }
    chr_opened(c);
    return true;
}

bool chr_pipe_open(Chardev *c, Opts *o, Error **errp)
{
    const char *path = need_path(o, errp);

    if (!path) {
        return false;
    }
    g_autofree char *in = g_strconcat(path, ".in", NULL);
    g_autofree char *out = g_strconcat(path, ".out", NULL);
    c->in_fd = open(in, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    c->out_fd = open(out, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (c->in_fd < 0 || c->out_fd < 0) {
        if (c->in_fd >= 0) {
            close(c->in_fd);
        }
        if (c->out_fd >= 0) {
            close(c->out_fd);
        }
        c->out_fd = -1;
        c->in_fd = open_path(path, O_RDWR | O_NONBLOCK, errp);
        c->out_fd = c->in_fd;
    }
    if (c->in_fd < 0) {
        return false;
    }
    chr_opened(c);
    return true;
}

/* ---- stdio: the terminal belongs to the process, hence the statics ---- */

static bool stdio_used, tty_changed;
static struct termios tty_old, tty_raw;

static void tty_set(const struct termios *t)
{
    sigset_t ttou, old;

    /* in the background, tcsetattr() would stop us */
    sigemptyset(&ttou);
    sigaddset(&ttou, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &ttou, &old);
    tcsetattr(STDIN_FILENO, TCSANOW, t);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void tty_restore(void)
{
    if (tty_changed) {
        tty_changed = false;
        tty_set(&tty_old);
    }
}

static void on_fatal_signal(int sig)
{
    tty_restore();
    raise(sig);                 /* SA_RESETHAND: the default action now */
}

static void on_continue(int sig)
{
    if (tty_changed) {
        tty_set(&tty_raw);
    }
}

static void tty_signals(void)
{
    static const int fatal[] = { SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGSEGV };
    struct sigaction cont = { .sa_handler = on_continue, .sa_flags = SA_RESTART };

    for (unsigned i = 0; i < G_N_ELEMENTS(fatal); i++) {
        struct sigaction sa = { .sa_handler = on_fatal_signal, .sa_flags = (int)SA_RESETHAND }, old;
        if (sigaction(fatal[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL) {
            sigaction(fatal[i], &sa, NULL);
        }
    }
    sigaction(SIGCONT, &cont, NULL);
}

static void tty_make_raw(bool signals)
{
    if (tcgetattr(STDIN_FILENO, &tty_old) < 0) {
        return;
    }
    tty_raw = tty_old;
    tty_raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    tty_raw.c_oflag |= OPOST;
    tty_raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
    if (!signals) {
        tty_raw.c_lflag &= ~(tcflag_t)ISIG;
    }
    tty_raw.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
    tty_raw.c_cflag |= CS8;
    tty_raw.c_cc[VMIN] = 1;
    tty_raw.c_cc[VTIME] = 0;
    if (!tty_changed) {
        atexit(tty_restore);
        tty_signals();
    }
    tty_changed = true;
    tty_set(&tty_raw);
}

bool chr_stdio_open(Chardev *c, Opts *o, Error **errp)
{
    bool signals = true;

    if (stdio_used) {
        error_setg(errp, "cannot use stdio by multiple character devices");
        return false;
    }
    if (!opts_get_bool(o, "signal", &signals, errp)) {
        return false;
    }
    stdio_used = true;
    c->in_fd = STDIN_FILENO;
    c->out_fd = STDOUT_FILENO;
    if (isatty(STDIN_FILENO)) {
        tty_make_raw(signals);
    }
    chr_opened(c);
    return true;
}

void chr_stdio_close(Chardev *c)
{
    if (c->open) {
        stdio_used = false;
        tty_restore();
    }
}

/* ---- pty: open while somebody has the other end open, which only polling tells ---- */

enum { PTY_POLL_NS = 250 * 1000 * 1000 };

static bool pty_has_peer(Chardev *c)
{
    struct pollfd p = { .fd = c->in_fd, .events = POLLOUT };

    return poll(&p, 1, 0) >= 0 && !(p.revents & POLLHUP);
}

static void pty_poll(void *opaque)
{
    Chardev *c = opaque;

    if (pty_has_peer(c)) {
        chr_opened(c);
    } else {
        timer_mod(c->priv, clock_ns(CLOCK_REALTIME_MONO) + PTY_POLL_NS);
    }
}

void chr_pty_hangup(Chardev *c)
{
    chr_closed(c);
    timer_mod(c->priv, clock_ns(CLOCK_REALTIME_MONO) + PTY_POLL_NS);
}

bool chr_pty_open(Chardev *c, Opts *o, Error **errp)
{
    char name[64];
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (fd < 0 || grantpt(fd) < 0 || unlockpt(fd) < 0 || ptsname_r(fd, name, sizeof(name)) != 0) {
        error_setg_errno(errp, errno, "Failed to create PTY");
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    /* raw from the start; closing our end of it makes POLLHUP tell whether there is a peer */
    int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave >= 0) {
        struct termios t;
        tcgetattr(slave, &t);
        cfmakeraw(&t);
        tcsetattr(slave, TCSAFLUSH, &t);
        close(slave);
    }
    fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
    c->in_fd = c->out_fd = fd;
    chr_set_filename(c, "pty:%s", name);
    fprintf(stderr, "char device redirected to %s (label %s)\n", name, c->id);
    c->priv = timer_new(CLOCK_REALTIME_MONO, pty_poll, c);
    timer_mod(c->priv, clock_ns(CLOCK_REALTIME_MONO));
    return true;
}

void chr_pty_close(Chardev *c)
{
    timer_free(c->priv);
    if (c->in_fd >= 0) {
        close(c->in_fd);
    }
}
