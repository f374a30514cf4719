/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets of the remote protocol and what they ask for. Each packet's letter is a row of `commands`;
 * queries are rows of `queries`. Knows neither sockets nor machines.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "gdb-internal.h"

static const char hex_digits[] = "0123456789abcdef";

void gdb_session_init(GdbSession *s, CPUState *cpu, bool user)
{
    s->cpu_g = s->cpu_c = cpu;
    s->user = user;
    s->no_ack = false;
    s->stop_sig = SIGTRAP;
    s->state = RX_IDLE;
}

void gdb_send_packet(GdbSession *s, const char *text, size_t n)
{
    GString *out = g_string_sized_new(n + 4);
    uint8_t sum = 0;

    g_string_append_c(out, '$');
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (c == '#' || c == '$' || c == '}' || c == '*') {
            g_string_append_c(out, '}');
            sum += '}';
            c ^= 0x20;
        }
        g_string_append_c(out, c);
        sum += (uint8_t)c;
    }
    g_string_append_printf(out, "#%02x", sum);
    s->send(s, out->str, out->len);
    g_string_free(out, TRUE);
}

static void reply(GdbSession *s, const char *text)
{
    gdb_send_packet(s, text, strlen(text));
}

static void append_hex(GString *g, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_string_append_c(g, hex_digits[p[i] >> 4]);
        g_string_append_c(g, hex_digits[p[i] & 15]);
    }
}

/* Hex text to bytes; how many whole bytes there were. */
static size_t from_hex(const char *text, uint8_t *out, size_t max)
{
    size_t n = 0;

    while (n < max && g_ascii_isxdigit(text[0]) && g_ascii_isxdigit(text[1])) {
        out[n++] = (uint8_t)(g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1]));
        text += 2;
    }
    return n;
}

static int thread_id(const CPUState *cpu)
{
    return (int)cpu->index + 1;
}

static CPUState *thread_cpu(long id)
{
    return id <= 0 ? cpu_by_index(0) : cpu_by_index((unsigned)id - 1);
}

void gdb_send_stop(GdbSession *s, CPUState *cpu, int sig)
{
    g_autofree char *text = g_strdup_printf("T%02xthread:%02x;", sig, thread_id(cpu));

    s->stop_sig = sig;
    s->cpu_g = s->cpu_c = cpu;
    reply(s, text);
}

/* ---- commands ---- */

static GdbResume cmd_why(GdbSession *s, const char *a)
{
    g_autofree char *text = g_strdup_printf("T%02xthread:%02x;", s->stop_sig, thread_id(s->cpu_c));

    reply(s, text);
    return GDB_STAY;
}

static GdbResume cmd_read_regs(GdbSession *s, const char *a)
{
    GString *g = g_string_new(NULL);
    uint8_t buf[64];

    for (unsigned r = 0; r < s->cpu_g->ops->n_gdb_regs; r++) {
        int n = s->cpu_g->ops->gdb_read_reg(s->cpu_g, r, buf);
        append_hex(g, buf, n > 0 ? (size_t)n : 0);
    }
    gdb_send_packet(s, g->str, g->len);
    g_string_free(g, TRUE);
    return GDB_STAY;
}

static GdbResume cmd_write_regs(GdbSession *s, const char *a)
{
    uint8_t buf[64];

    for (unsigned r = 0; r < s->cpu_g->ops->n_gdb_regs; r++) {
        int n = s->cpu_g->ops->gdb_read_reg(s->cpu_g, r, buf);
        if (n <= 0 || from_hex(a, buf, (size_t)n) < (size_t)n) {
            break;
        }
        s->cpu_g->ops->gdb_write_reg(s->cpu_g, r, buf);
        a += 2 * n;
    }
    reply(s, "OK");
    return GDB_STAY;
}

static GdbResume cmd_read_reg(GdbSession *s, const char *a)
{
    uint8_t buf[64];
    int n = s->cpu_g->ops->gdb_read_reg(s->cpu_g, (unsigned)strtoul(a, NULL, 16), buf);
    GString *g = g_string_new(NULL);

    append_hex(g, buf, n > 0 ? (size_t)n : 0);
    reply(s, n > 0 ? g->str : "E14");
    g_string_free(g, TRUE);
    return GDB_STAY;
}

static GdbResume cmd_write_reg(GdbSession *s, const char *a)
{
    char *end;
    unsigned r = (unsigned)strtoul(a, &end, 16);
    uint8_t buf[64];
    int n = s->cpu_g->ops->gdb_read_reg(s->cpu_g, r, buf);

    if (n <= 0 || *end != '=' || from_hex(end + 1, buf, (size_t)n) != (size_t)n) {
        reply(s, "E14");
        return GDB_STAY;
    }
    s->cpu_g->ops->gdb_write_reg(s->cpu_g, r, buf);
    reply(s, "OK");
    return GDB_STAY;
}

static bool addr_and_len(const char **a, uint64_t *addr, size_t *len)
{
    char *end;

    *addr = strtoull(*a, &end, 16);
    if (*end != ',') {
        return false;
    }
    *len = strtoull(end + 1, &end, 16);
    *a = end;
    return true;
}

static GdbResume cmd_read_mem(GdbSession *s, const char *a)
{
    uint8_t buf[GDB_PACKET_MAX / 2];
    uint64_t addr;
    size_t len;

    if (!addr_and_len(&a, &addr, &len) || len > sizeof(buf)) {
        reply(s, "E22");
    } else if (!cpu_debug_rw(s->cpu_g, addr, buf, len, false)) {
        reply(s, "E14");
    } else {
        GString *g = g_string_new(NULL);
        append_hex(g, buf, len);
        gdb_send_packet(s, g->str, g->len);
        g_string_free(g, TRUE);
    }
    return GDB_STAY;
}

static GdbResume cmd_write_mem(GdbSession *s, const char *a)
{
    uint8_t buf[GDB_PACKET_MAX / 2];
    uint64_t addr;
    size_t len;
    bool good = addr_and_len(&a, &addr, &len) && *a == ':' && len <= sizeof(buf) &&
                from_hex(a + 1, buf, len) == len && cpu_debug_rw(s->cpu_g, addr, buf, len, true);

    reply(s, good ? "OK" : "E14");
    return GDB_STAY;
}

static void set_pc_if_given(GdbSession *s, const char *a)
{
    if (*a) {
        uint64_t pc, flags;
        s->cpu_c->ops->get_tb_key(s->cpu_c, &pc, &flags);
        s->cpu_c->ops->set_pc(s->cpu_c, strtoull(a, NULL, 16), flags);
    }
}

static GdbResume cmd_continue(GdbSession *s, const char *a)
{
    s->resume_sig = 0;
    set_pc_if_given(s, a);
    return GDB_CONTINUE;
}

static GdbResume cmd_step(GdbSession *s, const char *a)
{
    s->resume_sig = 0;
    set_pc_if_given(s, a);
    return GDB_STEP;
}

static GdbResume cmd_continue_sig(GdbSession *s, const char *a)
{
    s->resume_sig = (int)strtoul(a, NULL, 16);
    return GDB_CONTINUE;
}

static GdbResume cmd_step_sig(GdbSession *s, const char *a)
{
    s->resume_sig = (int)strtoul(a, NULL, 16);
    return GDB_STEP;
}

static GdbResume cmd_detach(GdbSession *s, const char *a)
{
    reply(s, "OK");
    return GDB_DETACH;
}

static GdbResume cmd_kill(GdbSession *s, const char *a)
{
    return GDB_KILL;
}

static GdbResume cmd_thread(GdbSession *s, const char *a)
{
    CPUState *cpu = thread_cpu(strtol(a[0] ? a + 1 : a, NULL, 16));

    if (cpu && a[0] == 'g') {
        s->cpu_g = cpu;
    } else if (cpu && a[0] == 'c') {
        s->cpu_c = cpu;
    }
    reply(s, cpu ? "OK" : "E22");
    return GDB_STAY;
}

static GdbResume cmd_alive(GdbSession *s, const char *a)
{
    long id = strtol(a, NULL, 16);

    reply(s, id > 0 && thread_cpu(id) ? "OK" : "E22");
    return GDB_STAY;
}

static GdbResume breakpoint(GdbSession *s, const char *a, bool insert)
{
    CPUState *cpu;
    char *end;
    bool all = true;

    if (a[0] != '0' && a[0] != '1') {       /* no watchpoints */
        reply(s, "");
        return GDB_STAY;
    }
    uint64_t addr = strtoull(a[1] == ',' ? a + 2 : "", &end, 16);
    CPU_FOREACH(cpu) {
        all &= insert ? cpu_breakpoint_insert(cpu, addr) : cpu_breakpoint_remove(cpu, addr);
    }
    reply(s, all ? "OK" : "E22");
    return GDB_STAY;
}

static GdbResume cmd_insert(GdbSession *s, const char *a) { return breakpoint(s, a, true); }
static GdbResume cmd_remove(GdbSession *s, const char *a) { return breakpoint(s, a, false); }

static GdbResume vcont(GdbSession *s, const char *a)
{
    GdbResume best = GDB_CONTINUE;
    g_auto(GStrv) actions = g_strsplit(a, ";", -1);

    s->resume_sig = 0;
    for (char **p = actions; *p; p++) {
        char kind = (*p)[0];
        const char *colon = strchr(*p, ':');
        if (kind == 'C' || kind == 'S') {
            s->resume_sig = (int)strtoul(*p + 1, NULL, 16);
        }
        if (kind == 's' || kind == 'S') {
            CPUState *cpu = colon ? thread_cpu(strtol(colon + 1, NULL, 16)) : s->cpu_c;
            s->cpu_c = cpu ? cpu : s->cpu_c;
            best = GDB_STEP;
        }
    }
    return best;
}

static GdbResume cmd_v(GdbSession *s, const char *a)
{
    if (g_str_has_prefix(a, "Cont;")) {
        return vcont(s, a + 5);
    }
    if (g_str_has_prefix(a, "Kill")) {
        reply(s, "OK");
        return GDB_KILL;
    }
    reply(s, strcmp(a, "Cont?") == 0 ? "vCont;c;C;s;S" : "");
    return GDB_STAY;
}

/* ---- queries ---- */

static void q_supported(GdbSession *s, const char *a)
{
    g_autofree char *text = g_strdup_printf("PacketSize=%x;qXfer:features:read+;vContSupported+;"
                                            "QStartNoAckMode+", GDB_PACKET_MAX);

    reply(s, text);
}

static void q_features(GdbSession *s, const char *a)
{
    const char *xml = s->cpu_g->ops->gdb_target_xml ? s->cpu_g->ops->gdb_target_xml(s->cpu_g) : "";
    uint64_t ofs;
    size_t len, size = strlen(xml);
    const char *name_end = strchr(a, ':');

    if (!name_end || strncmp(a, "target.xml", 10) != 0) {
        reply(s, "E00");
        return;
    }
    a = name_end + 1;
    if (!addr_and_len(&a, &ofs, &len) || ofs > size) {
        reply(s, "E00");
        return;
    }
    len = MIN(MIN(len, size - ofs), GDB_PACKET_MAX / 2);
    g_autofree char *out = g_malloc(len + 1);
    out[0] = ofs + len < size ? 'm' : 'l';
    memcpy(out + 1, xml + ofs, len);
    gdb_send_packet(s, out, len + 1);
}

static void q_first_threads(GdbSession *s, const char *a)
{
    GString *g = g_string_new("m");
    CPUState *cpu;

    CPU_FOREACH(cpu) {
        g_string_append_printf(g, "%s%02x", g->len > 1 ? "," : "", thread_id(cpu));
    }
    reply(s, g->str);
    g_string_free(g, TRUE);
}

static void q_more_threads(GdbSession *s, const char *a) { reply(s, "l"); }
static void q_attached(GdbSession *s, const char *a) { reply(s, s->user ? "0" : "1"); }

static void q_current(GdbSession *s, const char *a)
{
    g_autofree char *text = g_strdup_printf("QC%02x", thread_id(s->cpu_g));

    reply(s, text);
}

static void q_thread_name(GdbSession *s, const char *a)
{
    CPUState *cpu = thread_cpu(strtol(a, NULL, 16));
    g_autofree char *name = g_strdup_printf("CPU#%u [%s]", cpu ? cpu->index : 0,
                                            cpu && cpu->halted ? "halted" : "running");
    GString *g = g_string_new(NULL);

    append_hex(g, (const uint8_t *)name, strlen(name));
    reply(s, g->str);
    g_string_free(g, TRUE);
}

static void q_no_ack(GdbSession *s, const char *a)
{
    reply(s, "OK");
    s->no_ack = true;
}

static const struct { const char *prefix; void (*fn)(GdbSession *s, const char *arg); } queries[] = {
    { "qSupported", q_supported }, { "qXfer:features:read:", q_features },
    { "qfThreadInfo", q_first_threads }, { "qsThreadInfo", q_more_threads },
    { "qThreadExtraInfo,", q_thread_name }, { "qAttached", q_attached }, { "qC", q_current },
    { "QStartNoAckMode", q_no_ack },
};

static GdbResume cmd_query(GdbSession *s, const char *a)
{
    const char *whole = s->packet;

    for (unsigned i = 0; i < G_N_ELEMENTS(queries); i++) {
        if (g_str_has_prefix(whole, queries[i].prefix)) {
            queries[i].fn(s, whole + strlen(queries[i].prefix));
            return GDB_STAY;
        }
    }
    reply(s, "");
    return GDB_STAY;
}

static const struct { char letter; GdbResume (*fn)(GdbSession *s, const char *arg); } commands[] = {
    { '?', cmd_why }, { 'g', cmd_read_regs }, { 'G', cmd_write_regs }, { 'p', cmd_read_reg },
    { 'P', cmd_write_reg }, { 'm', cmd_read_mem }, { 'M', cmd_write_mem }, { 'c', cmd_continue },
    { 's', cmd_step }, { 'C', cmd_continue_sig }, { 'S', cmd_step_sig }, { 'D', cmd_detach },
    { 'k', cmd_kill }, { 'H', cmd_thread }, { 'T', cmd_alive }, { 'Z', cmd_insert },
    { 'z', cmd_remove }, { 'v', cmd_v }, { 'q', cmd_query }, { 'Q', cmd_query },
};

static GdbResume handle_packet(GdbSession *s)
{
    s->packet[s->len] = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (commands[i].letter == s->packet[0]) {
            return commands[i].fn(s, s->packet + 1);
        }
    }
    reply(s, "");
    return GDB_STAY;
}

bool gdb_is_interrupt(const GdbSession *s, uint8_t byte)
{
    return s->state == RX_IDLE && byte == 3;
}

static GdbResume packet_end(GdbSession *s)
{
    s->state = RX_IDLE;
    if (s->sum != s->sum_got) {
        s->send(s, "-", 1);
        return GDB_STAY;
    }
    if (!s->no_ack) {
        s->send(s, "+", 1);
    }
    return handle_packet(s);
}

GdbResume gdb_feed(GdbSession *s, uint8_t c)
{
    switch (s->state) {
    case RX_IDLE:
        if (c == '$') {
            s->state = RX_DATA;
            s->len = 0;
            s->sum = 0;
        }
        return GDB_STAY;
    case RX_DATA:
        if (c == '#') {
            s->state = RX_SUM1;
            return GDB_STAY;
        }
        s->sum += c;
        if (c == '}') {
            s->state = RX_ESCAPE;
        } else if (s->len < GDB_PACKET_MAX) {
            s->packet[s->len++] = (char)c;
        }
        return GDB_STAY;
    case RX_ESCAPE:
        s->sum += c;
        if (s->len < GDB_PACKET_MAX) {
            s->packet[s->len++] = (char)(c ^ 0x20);
        }
        s->state = RX_DATA;
        return GDB_STAY;
    case RX_SUM1:
        s->sum_got = (uint8_t)(g_ascii_xdigit_value((char)c) << 4);
        s->state = RX_SUM2;
        return GDB_STAY;
    case RX_SUM2:
        s->sum_got |= (uint8_t)(g_ascii_xdigit_value((char)c) & 15);
        return packet_end(s);
    }
    return GDB_STAY;
}
