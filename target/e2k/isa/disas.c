/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include "target/e2k/isa/decode.h"
char *e2k_disas_bundle(const E2kBundle *b)
{
    GString *s = g_string_new("");
    for (unsigned c = 0; c < 6; c++) {
        if (b->alop_mask >> c & 1) {
            const E2kAlop *o = &b->alop[c];
            g_string_append_printf(s, "  %s,%u%s %02x, %02x, %02x -> %02x mas=%x conds=%u\n", o->row->name, c, o->sm ? ",sm" : "", o->src1, o->src2, o->src3, o->dst, o->mas, o->n_conds);
        }
    }
    g_string_append_printf(s, "  hs=%08x ss=%08x cs0=%08x cs1=%08x", b->hs, b->ss, b->cs0, b->cs1);
    return g_string_free(s, false);
}
