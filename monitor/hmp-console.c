/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HMP on a chardev: prompt, line editing as on any terminal, history, completion. */
#include <string.h>
#include "monitor-internal.h"

enum { LINE_MAX_BYTES = 4095, HISTORY_MAX = 64, READ_MAX = 512 };

typedef enum Escape { ESC_NONE, ESC_SEEN, ESC_CSI } Escape;

struct HmpMonitor {
    Chardev *chr;
    HmpContext ctx;
    GString *line;
    size_t cursor;
    GPtrArray *history;         /* char *, oldest first */
    unsigned history_at;        /* == history->len: the new line */
    Escape escape;
    int csi_param;
    bool muted;                 /* another front end of the mux has the keyboard */
    bool greeted, running, last_was_cr;
};

static void say(HmpMonitor *m, const char *text)
{
    chardev_write(m->chr, text, strlen(text));
}

static void prompt(HmpMonitor *m)
{
    if (!m->muted) {
        say(m, "(qemu) ");
    }
}

/* ---- the line ---- */

/* Shows what is right of the cursor again, after a change there; @gone characters vanished. */
static void redraw_tail(HmpMonitor *m, size_t gone)
{
    size_t back = m->line->len - m->cursor + gone;

    say(m, m->line->str + m->cursor);
    for (size_t i = 0; i < gone; i++) {
        say(m, " ");
    }
    for (size_t i = 0; i < back; i++) {
        say(m, "\b");
    }
}

static void insert(HmpMonitor *m, char c)
{
    if (m->line->len >= LINE_MAX_BYTES) {
        return;
    }
    g_string_insert_c(m->line, (gssize)m->cursor, c);
    chardev_write(m->chr, &c, 1);
    m->cursor++;
    redraw_tail(m, 0);
}

static void move_to(HmpMonitor *m, size_t to)
{
    for (; m->cursor > to; m->cursor--) {
        say(m, "\b");
    }
    if (to > m->cursor) {
        chardev_write(m->chr, m->line->str + m->cursor, to - m->cursor);
        m->cursor = to;
    }
}

static void erase(HmpMonitor *m, size_t from, size_t to)
{
    if (to > from) {
        move_to(m, from);
        g_string_erase(m->line, (gssize)from, (gssize)(to - from));
        redraw_tail(m, to - from);
    }
}

static void replace_line(HmpMonitor *m, const char *text)
{
    erase(m, 0, m->line->len);
    g_string_assign(m->line, text);
    say(m, text);
    m->cursor = m->line->len;
}

static void new_line(HmpMonitor *m)
{
    g_string_truncate(m->line, 0);
    m->cursor = 0;
    m->history_at = m->history->len;
}

/* ---- keys ---- */

static void key_left(HmpMonitor *m)
{
    move_to(m, m->cursor ? m->cursor - 1 : 0);
}

static void key_right(HmpMonitor *m)
{
    move_to(m, MIN(m->cursor + 1, m->line->len));
}

static void key_home(HmpMonitor *m)
{
    move_to(m, 0);
}

static void key_end(HmpMonitor *m)
{
    move_to(m, m->line->len);
}

static void key_backspace(HmpMonitor *m)
{
    erase(m, m->cursor ? m->cursor - 1 : 0, m->cursor);
}

static void key_delete(HmpMonitor *m)
{
    erase(m, m->cursor, MIN(m->cursor + 1, m->line->len));
}

static void key_kill(HmpMonitor *m)
{
    erase(m, m->cursor, m->line->len);
}

static void key_kill_line(HmpMonitor *m)
{
    erase(m, 0, m->cursor);
}

static void key_kill_word(HmpMonitor *m)
{
    size_t from = m->cursor;

    while (from && m->line->str[from - 1] == ' ') {
        from--;
    }
    while (from && m->line->str[from - 1] != ' ') {
        from--;
    }
    erase(m, from, m->cursor);
}

static void key_up(HmpMonitor *m)
{
    if (m->history_at) {
        replace_line(m, m->history->pdata[--m->history_at]);
    }
}

static void key_down(HmpMonitor *m)
{
    if (m->history_at < m->history->len) {
        m->history_at++;
        replace_line(m, m->history_at < m->history->len ? m->history->pdata[m->history_at] : "");
    }
}

static size_t common_prefix(const GPtrArray *words)
{
    const char *first = words->pdata[0];
    size_t n = strlen(first);

    for (unsigned i = 1; i < words->len; i++) {
        size_t k = 0;
        while (k < n && first[k] == ((char *)words->pdata[i])[k]) {
            k++;
        }
        n = k;
    }
    return n;
}

static void key_complete(HmpMonitor *m)
{
    g_autofree char *text = g_strndup(m->line->str, m->cursor);
    g_autoptr(GPtrArray) words = hmp_complete(text);
    const char *space = strrchr(text, ' ');
    size_t typed = strlen(space ? space + 1 : text);

    if (words->len == 0) {
        return;
    }
    const char *first = words->pdata[0];
    size_t n = common_prefix(words);
    for (size_t i = typed; i < n; i++) {
        insert(m, first[i]);
    }
    if (words->len == 1) {
        insert(m, ' ');
    } else if (n == typed) {
        say(m, "\r\n");
        for (unsigned i = 0; i < words->len; i++) {
            say(m, words->pdata[i]);
            say(m, i + 1 < words->len ? "  " : "\r\n");
        }
        prompt(m);
        say(m, m->line->str);
        size_t at = m->cursor;
        m->cursor = m->line->len;
        move_to(m, at);
    }
}

static void remember(HmpMonitor *m, const char *line)
{
    GPtrArray *h = m->history;

    if (!*line || (h->len && strcmp(h->pdata[h->len - 1], line) == 0)) {
        return;
    }
    if (h->len == HISTORY_MAX) {
        g_ptr_array_remove_index(h, 0);
    }
    g_ptr_array_add(h, g_strdup(line));
}

static void key_enter(HmpMonitor *m)
{
    g_autofree char *line = g_strdup(m->line->str);

    say(m, "\r\n");
    remember(m, line);
    new_line(m);
    m->running = true;
    g_autofree char *out = hmp_run_to_text(&m->ctx, line);
    m->running = false;
    say(m, out);
    prompt(m);
}

static void key_cancel(HmpMonitor *m)
{
    say(m, "^C\r\n");
    new_line(m);
    prompt(m);
}

static const struct { unsigned char code; void (*run)(HmpMonitor *m); } control_keys[] = {
    { 1, key_home }, { 2, key_left }, { 3, key_cancel }, { 4, key_delete }, { 5, key_end },
    { 6, key_right }, { 8, key_backspace }, { 9, key_complete }, { 11, key_kill },
    { 14, key_down }, { 16, key_up }, { 21, key_kill_line }, { 23, key_kill_word },
    { 127, key_backspace },
};

/* after ESC [ or ESC O; '~' takes the number before it */
static const struct { char code; int param; void (*run)(HmpMonitor *m); } csi_keys[] = {
    { 'A', -1, key_up }, { 'B', -1, key_down }, { 'C', -1, key_right }, { 'D', -1, key_left },
    { 'H', -1, key_home }, { 'F', -1, key_end }, { '~', 1, key_home }, { '~', 3, key_delete },
    { '~', 4, key_end }, { '~', 7, key_home }, { '~', 8, key_end },
};

static void take_csi(HmpMonitor *m, char c)
{
    if (g_ascii_isdigit(c)) {
        m->csi_param = MIN(m->csi_param * 10 + (c - '0'), 1000);
        return;
    }
    if (c == ';') {
        return;
    }
    m->escape = ESC_NONE;
    for (unsigned i = 0; i < G_N_ELEMENTS(csi_keys); i++) {
        if (csi_keys[i].code == c &&
            (csi_keys[i].param < 0 || csi_keys[i].param == m->csi_param)) {
            csi_keys[i].run(m);
            return;
        }
    }
}

static void take_byte(HmpMonitor *m, unsigned char c)
{
    bool after_cr = m->last_was_cr;

    m->last_was_cr = c == '\r';
    if (m->escape == ESC_CSI) {
        take_csi(m, (char)c);
    } else if (m->escape == ESC_SEEN) {
        m->escape = c == '[' || c == 'O' ? ESC_CSI : ESC_NONE;
        m->csi_param = 0;
    } else if (c == 27) {
        m->escape = ESC_SEEN;
    } else if (c == '\r' || c == '\n') {
        if (c == '\r' || !after_cr) {
            key_enter(m);
        }
    } else if (c >= 32 && c != 127) {
        insert(m, (char)c);
    } else {
        for (unsigned i = 0; i < G_N_ELEMENTS(control_keys); i++) {
            if (control_keys[i].code == c) {
                control_keys[i].run(m);
                return;
            }
        }
    }
}

/* ---- the chardev's side ---- */

static size_t can_read(void *opaque)
{
    HmpMonitor *m = opaque;

    return m->running || chardev_queued(m->chr) > 64 << 10 ? 0 : READ_MAX;
}

static void read_bytes(void *opaque, const uint8_t *buf, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        take_byte(opaque, buf[i]);
    }
}

static void greet(HmpMonitor *m)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *version = monitor_hmp("info version", 0);

    g_string_printf(text, "QEMU %.*s monitor - type 'help' for more information\r\n",
                    (int)strcspn(version, "\r\n"), version);
    say(m, text->str);
    m->greeted = true;
}

static void event(void *opaque, ChardevEvent e)
{
    HmpMonitor *m = opaque;

    switch (e) {
    case CHR_OPENED:
        new_line(m);
        m->escape = ESC_NONE;
        m->greeted = false;
        if (!chardev_is_mux(m->chr)) {
            greet(m);
            prompt(m);
        }
        break;
    case CHR_MUX_IN:
        m->muted = false;
        if (!m->greeted) {
            greet(m);
        }
        prompt(m);
        say(m, m->line->str);
        m->cursor = m->line->len;
        break;
    case CHR_MUX_OUT:
        if (m->greeted && !m->muted) {
            say(m, "\r\n");
        }
        m->muted = true;
        break;
    case CHR_CLOSED:
    case CHR_BREAK:
        break;
    }
}

static const ChardevHandlers handlers = { can_read, read_bytes, event };

HmpMonitor *hmp_monitor_new(Chardev *chr)
{
    HmpMonitor *m = g_new0(HmpMonitor, 1);

    m->chr = chr;
    m->line = g_string_new(NULL);
    m->history = g_ptr_array_new_with_free_func(g_free);
    chardev_attach(chr, &handlers, m);
    return m;
}

void hmp_monitor_free(HmpMonitor *m)
{
    chardev_detach(m->chr, m);
    g_ptr_array_free(m->history, TRUE);
    g_string_free(m->line, TRUE);
    g_free(m);
}
