/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GDBSTUB_GDB_INTERNAL_H
#define GDBSTUB_GDB_INTERNAL_H

#include "accel/cpu.h"

enum { GDB_PACKET_MAX = 16384 };

/* What the debugger asked for with its last packet. */
typedef enum GdbResume { GDB_STAY, GDB_CONTINUE, GDB_STEP, GDB_DETACH, GDB_KILL } GdbResume;

/* One debugger's connection. The transport gives bytes and takes bytes. */
typedef struct GdbSession {
    void (*send)(struct GdbSession *s, const void *buf, size_t n);
    bool user;                      /* a user program: signals have meaning */
    CPUState *cpu_g, *cpu_c;        /* of H packets */
    int stop_sig;
    int resume_sig;                 /* given with C, S, vCont;C */
    bool no_ack;
    /* packet parser */
    enum { RX_IDLE, RX_DATA, RX_ESCAPE, RX_SUM1, RX_SUM2 } state;
    char packet[GDB_PACKET_MAX + 1];
    size_t len;
    uint8_t sum, sum_got;
} GdbSession;

void gdb_session_init(GdbSession *s, CPUState *cpu, bool user);
/* feeds one byte; what to do afterwards (GDB_STAY mostly) */
GdbResume gdb_feed(GdbSession *s, uint8_t byte);
bool gdb_is_interrupt(const GdbSession *s, uint8_t byte);   /* ^C between packets */
void gdb_send_packet(GdbSession *s, const char *text, size_t n);
void gdb_send_stop(GdbSession *s, CPUState *cpu, int sig);

#endif
