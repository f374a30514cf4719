/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Integer expressions as in C, with $pc of the monitor's CPU: "0x1000+8*2", "($pc & ~0xfff)". */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "accel/cpu.h"
#include "monitor-internal.h"

enum { MAX_NESTING = 100 };

typedef struct Parser {
    HmpContext *ctx;
    const char *p;
    unsigned depth;
    const char *why;            /* set: it is no expression */
} Parser;

static int64_t parse_level(Parser *s, unsigned level);

static void skip(Parser *s)
{
    while (*s->p == ' ' || *s->p == '\t') {
        s->p++;
    }
}

static int64_t parse_register(Parser *s)
{
    static const char *const pc_names[] = { "pc", "rip", "eip" };
    CPUState *cpu = cpu_by_index((unsigned)s->ctx->cpu_index);

    for (unsigned i = 0; i < G_N_ELEMENTS(pc_names); i++) {
        size_t n = strlen(pc_names[i]);
        if (strncmp(s->p, pc_names[i], n) == 0 && !g_ascii_isalnum(s->p[n])) {
            s->p += n;
            if (!cpu) {
                s->why = "no CPU defined";
                return 0;
            }
            return (int64_t)cpu->ops->get_pc(cpu);
        }
    }
    s->why = "unknown register";
    return 0;
}

static int64_t parse_number(Parser *s)
{
    char *end;

    errno = 0;
    uint64_t v = strtoull(s->p, &end, 0);
    if (end == s->p) {
        s->why = *s->p ? "invalid char in expression" : "unexpected end of expression";
    } else if (errno) {
        s->why = "number too large";
    }
    s->p = end;
    return (int64_t)v;
}

static int64_t parse_unary(Parser *s)
{
    if (++s->depth > MAX_NESTING) {
        s->why = "expression too deep";
        return 0;
    }
    skip(s);
    char c = *s->p;
    int64_t v;

    if (c == '+' || c == '-' || c == '~') {
        s->p++;
        v = parse_unary(s);
        v = c == '-' ? -v : c == '~' ? ~v : v;
    } else if (c == '(') {
        s->p++;
        v = parse_level(s, 0);
        skip(s);
        if (*s->p != ')') {
            s->why = s->why ? s->why : "')' expected";
            return 0;
        }
        s->p++;
    } else if (c == '\'') {
        v = (unsigned char)s->p[1];
        if (!v || s->p[2] != '\'') {
            s->why = "missing terminating ' character";
            return 0;
        }
        s->p += 3;
    } else if (c == '$') {
        s->p++;
        v = parse_register(s);
    } else {
        v = parse_number(s);
    }
    s->depth--;
    return v;
}

/* Operators by level, weakest first. */
static const char *const levels[] = { "|^", "&", "+-", "*/%" };

static int64_t apply(Parser *s, char op, int64_t a, int64_t b)
{
    if ((op == '/' || op == '%') && b == 0) {
        s->why = "division by zero";
        return 0;
    }
    switch (op) {
    case '|': return a | b;
    case '^': return a ^ b;
    case '&': return a & b;
    case '+': return (int64_t)((uint64_t)a + (uint64_t)b);
    case '-': return (int64_t)((uint64_t)a - (uint64_t)b);
    case '*': return (int64_t)((uint64_t)a * (uint64_t)b);
    case '/': return b == -1 ? (int64_t)(-(uint64_t)a) : a / b;
    default: return b == -1 ? 0 : a % b;
    }
}

static int64_t parse_level(Parser *s, unsigned level)
{
    if (level == G_N_ELEMENTS(levels)) {
        return parse_unary(s);
    }
    int64_t v = parse_level(s, level + 1);

    for (;;) {
        skip(s);
        if (s->why || !*s->p || !strchr(levels[level], *s->p)) {
            return v;
        }
        char op = *s->p++;
        v = apply(s, op, v, parse_level(s, level + 1));
    }
}

bool hmp_expr(HmpContext *ctx, const char **p, int64_t *out, Error **errp)
{
    Parser s = { .ctx = ctx, .p = *p };

    *out = parse_level(&s, 0);
    if (s.why) {
        error_setg(errp, "%s", s.why);
        return false;
    }
    *p = s.p;
    return true;
}
