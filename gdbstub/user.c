/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gdb for user programs: the program's thread talks to the debugger while it stands still. */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "gdb-internal.h"
#include "gdbstub/gdbstub.h"

static GdbSession session;
static int fd = -1;

static void user_send(GdbSession *s, const void *buf, size_t n)
{
    const char *p = buf;

    while (n && fd >= 0) {
        ssize_t done = send(fd, p, n, MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            close(fd);
            fd = -1;
            return;
        }
        p += done;
        n -= (size_t)done;
    }
}

static int listen_on(const char *where, Error **errp)
{
    char *end;
    unsigned long port = strtoul(where, &end, 10);
    int s, one = 1;

    if (*where && !*end && port > 0 && port < 65536) {
        struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        if (s >= 0 && bind(s, (struct sockaddr *)&in, sizeof(in)) == 0 && listen(s, 1) == 0) {
            return s;
        }
    } else {
        struct sockaddr_un un = { .sun_family = AF_UNIX };
        g_strlcpy(un.sun_path, where, sizeof(un.sun_path));
        unlink(where);
        s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (s >= 0 && bind(s, (struct sockaddr *)&un, sizeof(un)) == 0 && listen(s, 1) == 0) {
            return s;
        }
    }
    error_setg_errno(errp, errno, "-g %s: cannot listen there", where);
    return -1;
}

bool gdb_user_start(CPUState *cpu, const char *where, Error **errp)
{
    int server = listen_on(where, errp);

    if (server < 0) {
        return false;
    }
    do {
        fd = accept(server, NULL, NULL);
    } while (fd < 0 && errno == EINTR);
    close(server);
    if (fd < 0) {
        error_setg_errno(errp, errno, "-g %s: accept", where);
        return false;
    }
    session.send = user_send;
    gdb_session_init(&session, cpu, true);
    cpu->single_step = 0;
    gdb_user_stopped(cpu, 0);
    return true;
}

bool gdb_attached(void)
{
    return fd >= 0;
}

static GdbResume serve(void)
{
    uint8_t c;

    for (;;) {
        ssize_t n = recv(fd, &c, 1, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            close(fd);
            fd = -1;
            return GDB_DETACH;
        }
        GdbResume r = gdb_feed(&session, c);
        if (fd < 0) {
            return GDB_DETACH;
        }
        if (r != GDB_STAY) {
            return r;
        }
    }
}

int gdb_user_stopped(CPUState *cpu, int sig)
{
    static bool told_first;

    if (fd < 0) {
        return sig;
    }
    if (told_first) {
        gdb_send_stop(&session, cpu, sig ? sig : SIGTRAP);
    }
    told_first = true;
    GdbResume r = serve();
    cpu->single_step = r == GDB_STEP;
    if (r == GDB_DETACH && fd >= 0) {
        close(fd);
        fd = -1;
    }
    if (r == GDB_KILL) {
        _exit(137);
    }
    return session.resume_sig;
}

void gdb_user_exited(int status)
{
    if (fd >= 0) {
        g_autofree char *text = g_strdup_printf("W%02x", status & 255);
        gdb_send_packet(&session, text, strlen(text));
        close(fd);
        fd = -1;
    }
}

void gdb_user_forked(void)
{
    if (fd >= 0) {
        close(fd);
        fd = -1;
    }
}
