/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One wide instruction: its operations are parsed into AsBundle, then channels and literals get
 * their places and e2k_encode() packs it.
 */
#include "tools/e2k-as/bundle.h"

AsBundle *as_bundle_new(As *as)
{
    AsBundle *b = g_new0(AsBundle, 1);

    b->as = as;
    b->b.version = as->cpu.version;
    b->b.pc = as->section->addr + as->section->size;
    return b;
}

void as_bundle_free(AsBundle *b)
{
    for (unsigned i = 0; i < b->n_ops; i++) {
        g_free(b->ops[i].name);
    }
    g_free(b);
}

bool as_bundle_op(AsBundle *b)
{
    As *as = b->as;
    g_autofree char *name = as_identifier(as);
    uint8_t table = 0;
    bool found, good;

    if (!name) {
        return as_error(as, "operation expected at '%s'", as->p);
    }
    good = as_other(b, name, &found);
    if (!found) {
        const GArray *rows = g_hash_table_lookup(as->ops, name);

        rows = rows ? rows : as_find_log(as, name, &table);
        good = rows ? as_alop(b, name, rows, table) : as_error(as, "no operation '%s'", name);
    }
    return good && (as_at_end(as) || as_error(as, "too much: '%s'", as->p));
}

/* What the processor's decoder would refuse, is refused here. */
static bool decodes(const AsBundle *b, const uint8_t *code, unsigned n_bytes)
{
    unsigned channel = 0;
    E2kBundle again;
    E2kStatus status = e2k_decode(code, n_bytes, b->b.pc, b->b.version, &again, &channel);

    for (unsigned i = 0; i < b->n_ops && status != E2K_OK; i++) {
        const Op *op = &b->ops[i];

        if ((unsigned)op->channel == channel) {
            return as_error(b->as, "%s: channel %u cannot have it with these operands", op->name,
                            channel);
        }
    }
    return status == E2K_OK || as_error(b->as, "the processor has no such bundle");
}

bool as_bundle_end(AsBundle *b, uint8_t *out, unsigned *n_bytes)
{
    const char *why = NULL;

    *n_bytes = 8;
    if (b->b.n_lts == 4 && !b->n_ops && !b->b.has_ss && !b->b.has_cs1) {    /* fapb */
        for (unsigned i = 0; i < 16; i++) {
            out[i] = (uint8_t)(b->b.lts[i / 4] >> 8 * (i & 3));
        }
        *n_bytes = 16;
        return true;
    }
    if (!as_place(b)) {
        return false;
    }
    *n_bytes = e2k_encode(&b->b, out, &why);
    if (!*n_bytes) {
        return as_error(b->as, "%s", why);
    }
    return b->as->pass == 1 || decodes(b, out, *n_bytes);
}
