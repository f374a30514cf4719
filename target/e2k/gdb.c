/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers for gdb, all of 64 bits, in the order of the kernel's struct user_regs_struct (without
 * its size in front), which is that of the public Elbrus gdb. Behind them, as additions for
 * debuggers that read the description: the window's registers and the predicates.
 */
#include <glib.h>
#include <string.h>
#include "target/e2k/cpu.h"
#include "target/e2k/gdb.h"

typedef enum Kind { ZERO, SREG, IP, G_LO, R_LO, AAD, AAIND, AAINCR, AASTI, AALDI, AALDV, AALDM,
                    AASR, AAFSTR, PREDS } Kind;

typedef struct Group {
    const char *name;               /* with an index behind it if there are several */
    uint8_t count;
    Kind kind;
    uint8_t sreg;                   /* SREG */
} Group;

static const Group groups[] = {
    { "g", 32, G_LO }, { "psr", 1, SREG, 0x00 }, { "upsr", 1, SREG, 0x80 },
    { "oscud_lo", 1, ZERO }, { "oscud_hi", 1, ZERO }, { "osgd_lo", 1, ZERO },
    { "osgd_hi", 1, ZERO }, { "osem", 1, ZERO }, { "osr0", 1, ZERO },
    { "pfpfr", 1, SREG, 0x84 }, { "fpcr", 1, SREG, 0x85 }, { "fpsr", 1, SREG, 0x86 },
    { "usbr", 1, SREG, 0x1e }, { "usd_lo", 1, SREG, 0x2d }, { "usd_hi", 1, SREG, 0x2c },
    { "psp_lo", 1, SREG, 0x09 }, { "psp_hi", 1, SREG, 0x07 }, { "pshtp", 1, ZERO },
    { "cr0_lo", 1, SREG, 0x53 }, { "cr0_hi", 1, SREG, 0x51 }, { "cr1_lo", 1, SREG, 0x57 },
    { "cr1_hi", 1, SREG, 0x55 }, { "cwd", 1, SREG, 0x01 }, { "pcsp_lo", 1, SREG, 0x0f },
    { "pcsp_hi", 1, SREG, 0x0d }, { "pcshtp", 1, ZERO }, { "cud_lo", 1, ZERO },
    { "cud_hi", 1, ZERO }, { "gd_lo", 1, ZERO }, { "gd_hi", 1, ZERO }, { "cs_lo", 1, ZERO },
    { "cs_hi", 1, ZERO }, { "ds_lo", 1, ZERO }, { "ds_hi", 1, ZERO }, { "es_lo", 1, ZERO },
    { "es_hi", 1, ZERO }, { "fs_lo", 1, ZERO }, { "fs_hi", 1, ZERO }, { "gs_lo", 1, ZERO },
    { "gs_hi", 1, ZERO }, { "ss_lo", 1, ZERO }, { "ss_hi", 1, ZERO }, { "aad", 64, AAD },
    { "aaind", 16, AAIND }, { "aaincr", 8, AAINCR }, { "aaldi", 64, AALDI },
    { "aaldv", 1, AALDV }, { "aalda", 64, ZERO }, { "aaldm", 1, AALDM }, { "aasr", 1, AASR },
    { "aafstr", 1, AAFSTR }, { "aasti", 16, AASTI }, { "clkr", 1, SREG, 0x90 },
    { "dibcr", 1, ZERO }, { "ddbcr", 1, ZERO }, { "dibsr", 1, ZERO }, { "dibar", 4, ZERO },
    { "ddbar", 4, ZERO }, { "dimcr", 1, ZERO }, { "ddmcr", 1, ZERO }, { "dimar", 2, ZERO },
    { "ddmar", 2, ZERO }, { "ddbsr", 1, ZERO }, { "dtcr", 1, ZERO }, { "dtarf", 1, ZERO },
    { "dtart", 1, ZERO }, { "wd", 1, SREG, 0x01 }, { "br", 1, SREG, 0x88 },
    { "bgr", 1, SREG, 0x89 }, { "ip", 1, IP }, { "nip", 1, IP }, { "ctpr1", 1, SREG, 0x15 },
    { "ctpr2", 1, SREG, 0x16 }, { "ctpr3", 1, SREG, 0x17 },
    /* ours */
    { "r", 64, R_LO }, { "pred", 1, PREDS },
};

/* Which group register @reg is in; *i: its number there. NULL: there is no such register */
static const Group *find(unsigned reg, unsigned *i)
{
    for (const Group *g = groups; g < groups + G_N_ELEMENTS(groups); g++) {
        if (reg < g->count) {
            *i = reg;
            return g;
        }
        reg -= g->count;
    }
    return NULL;
}

/* The field that holds it; NULL: it is not a field of its own */
static uint64_t *field(CPUE2KState *env, Kind kind, unsigned i)
{
    switch (kind) {
    case IP: return &env->ip;
    case G_LO: return &env->g[i].lo;
    case R_LO: return i < e2k_wsize(env) ? &env->win[i].lo : NULL;
    case AAD: return i % 2 ? &env->aau.aad[i / 2].hi : &env->aau.aad[i / 2].lo;
    case AAIND: return &env->aau.aaind[i];
    case AAINCR: return &env->aau.aaincr[i];
    case AASTI: return &env->aau.aasti[i];
    case AALDI: return &env->aau.aaldi[i];
    case AALDV: return &env->aau.aaldv;
    case AALDM: return &env->aau.aaldm;
    case AASR: return &env->aau.aasr;
    case AAFSTR: return &env->aau.aafstr;
    default: return NULL;
    }
}

int e2k_gdb_read_reg(CPUState *cpu, unsigned reg, uint8_t *buf)
{
    CPUE2KState *env = e2k_env(cpu);
    unsigned i;
    const Group *g = find(reg, &i);
    uint64_t v = 0;

    if (!g) {
        return 0;
    }
    uint64_t *p = field(env, g->kind, i);
    if (p) {
        v = *p;
    } else if (g->kind == SREG) {
        e2k_sreg_read(env, g->sreg, &v);
    } else if (g->kind == PREDS) {
        v = e2k_preds(env, env->frame);
    }
    memcpy(buf, &v, sizeof(v));
    return sizeof(v);
}

int e2k_gdb_write_reg(CPUState *cpu, unsigned reg, const uint8_t *buf)
{
    CPUE2KState *env = e2k_env(cpu);
    unsigned i;
    const Group *g = find(reg, &i);
    uint64_t v;

    if (!g) {
        return 0;
    }
    memcpy(&v, buf, sizeof(v));
    uint64_t *p = field(env, g->kind, i);
    if (p) {
        *p = g->kind == IP ? v & ~7ull : v;
        if (g->kind == G_LO) {
            env->gtags[i] = (E2kTags){ { 0 } };
        } else if (g->kind == R_LO) {
            e2k_set_reg(env, &env->win[i], v);
        }
    } else if (g->kind == SREG) {
        e2k_sreg_write(env, g->sreg, v);
    } else if (g->kind == PREDS) {
        e2k_set_preds(env->frame, (uint32_t)v);
    }
    return sizeof(v);
}

static const char *type_of(Kind kind, const char *name)
{
    return kind == IP ? "code_ptr" : strcmp(name, "usd_lo") == 0 ? "data_ptr" : "int64";
}

static char *make_xml(void)
{
    GString *s = g_string_new("<?xml version=\"1.0\"?>\n"
                              "<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
                              "<target version=\"1.0\">\n"
                              "<feature name=\"org.mcst.gdb.e2k.core\">\n");
    unsigned n = 0;

    for (const Group *g = groups; g < groups + G_N_ELEMENTS(groups); g++) {
        if (g->kind == R_LO) {
            g_string_append(s, "</feature>\n<feature name=\"org.mcst.gdb.e2k.window\">\n");
        }
        for (unsigned i = 0; i < g->count; i++, n++) {
            g_string_append_printf(s, "<reg name=\"%s", g->name);
            if (g->count > 1) {
                g_string_append_printf(s, "%u", i);
            }
            g_string_append_printf(s, "\" bitsize=\"64\" type=\"%s\" regnum=\"%u\"/>\n",
                                   type_of(g->kind, g->name), n);
        }
    }
    g_assert(n == E2K_GDB_N_REGS);
    g_string_append(s, "</feature>\n</target>\n");
    return g_string_free(s, FALSE);
}

const char *e2k_gdb_target_xml(CPUState *cpu)
{
    static char *xml;

    if (g_once_init_enter(&xml)) {
        g_once_init_leave(&xml, make_xml());
    }
    return xml;
}
