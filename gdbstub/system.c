/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gdb for machines: a character device in the main loop; the machine stands still while gdb acts. */
#include <signal.h>
#include <string.h>
#include "chardev/chardev.h"
#include "gdb-internal.h"
#include "gdbstub/gdbstub.h"

static GdbSession session;
static Chardev *chr;
static const GdbSystemOps *vm;

static void system_send(GdbSession *s, const void *buf, size_t n)
{
    chardev_write(chr, buf, n);
}

static void remove_all_breakpoints(void)
{
    CPUState *cpu;

    CPU_FOREACH(cpu) {
        while (cpu->breakpoints && cpu->breakpoints->len) {
            cpu_breakpoint_remove(cpu, g_array_index(cpu->breakpoints, CPUBreakpoint, 0).pc);
        }
        cpu->single_step = 0;
    }
}

static void resume(GdbResume r)
{
    switch (r) {
    case GDB_STAY: break;
    case GDB_STEP:
        session.cpu_c->single_step = 1;
        vm->vm_start();
        break;
    case GDB_CONTINUE: vm->vm_start(); break;
    case GDB_DETACH:
        remove_all_breakpoints();
        vm->vm_start();
        break;
    case GDB_KILL: vm->quit(); break;
    }
}

static size_t can_read(void *opaque)
{
    return 4096;
}

static void read_bytes(void *opaque, const uint8_t *buf, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (gdb_is_interrupt(&session, buf[i])) {
            vm->vm_stop();
            gdb_send_stop(&session, session.cpu_c, SIGINT);
        } else {
            resume(gdb_feed(&session, buf[i]));
        }
    }
}

static void event(void *opaque, ChardevEvent e)
{
    if (e == CHR_OPENED) {
        gdb_session_init(&session, cpu_by_index(0), false);
        vm->vm_stop();
    } else if (e == CHR_CLOSED) {
        remove_all_breakpoints();
    }
}

bool gdb_system_start(const char *where, const GdbSystemOps *ops, Error **errp)
{
    static const ChardevHandlers handlers = { can_read, read_bytes, event };
    bool network = g_str_has_prefix(where, "tcp:") || g_str_has_prefix(where, "unix:");
    g_autofree char *text = network && !strstr(where, "server")
        ? g_strconcat(where, ",server=on,wait=off", NULL) : g_strdup(where);

    vm = ops;
    session.send = system_send;
    gdb_session_init(&session, cpu_by_index(0), false);
    if (!chardev_from_text(text, "gdb", &chr, errp)) {
        return false;
    }
    if (!chr) {
        return true;                    /* "none" */
    }
    chardev_attach(chr, &handlers, NULL);
    return true;
}

void gdb_system_stopped(CPUState *cpu)
{
    cpu->single_step = 0;
    if (chr && chardev_is_open(chr)) {
        gdb_send_stop(&session, cpu, SIGTRAP);
    }
}
