/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <glib.h>
#include "target/e2k/isa/encode.h"

enum { IMPLICIT_ALES = 0x01c0 };    /* what channels 2 and 5 have without a word for it */

/* Words so far; more than a bundle holds are counted only. */
typedef struct Packer {
    uint32_t words[2 * E2K_MAX_BUNDLE_BYTES];
    unsigned n, half_base, n_halves;
} Packer;

static void add(Packer *p, uint32_t word)
{
    p->words[p->n++] = word;
}

static void add_half(Packer *p, uint16_t half)
{
    if (!(p->n_halves & 1)) {
        add(p, (uint32_t)half << 16);
    } else {
        p->words[p->n - 1] |= half;
    }
    p->n_halves++;
}

/* Operations that channels 2 and 5 got in v4 are written with their word, whatever is in it. */
static bool came_with_v4(const E2kOpRow *row, unsigned channel)
{
    return row && row->channels[2] && !(row->channels[2] >> channel & 1) &&
           (row->channels[3] >> channel & 1);
}

static bool is_explicit(const E2kBundle *b, unsigned channel)
{
    const E2kAlop *op = &b->alop[channel];

    return (b->alop_mask >> channel & 1) && op->has_ales &&
           (op->ales != IMPLICIT_ALES || came_with_v4(op->row, channel));
}

static uint16_t ales_of(const E2kBundle *b, unsigned channel)
{
    bool has = (b->alop_mask >> channel & 1) && b->alop[channel].has_ales;

    return has ? b->alop[channel].ales : IMPLICIT_ALES;
}

static unsigned mova_mask(const E2kBundle *b)
{
    unsigned mask = 0;

    for (unsigned i = 0; i < 4; i++) {
        mask |= b->mova[i].opcode ? 1u << i : 0;
    }
    return mask;
}

static uint32_t header(const E2kBundle *b)
{
    uint32_t hs = b->nop << 7 | b->loop_mode << 10 | b->has_ss << 12 | b->set_mark << 13 |
                  b->has_cs0 << 14 | b->has_cs1 << 15 | b->n_cds << 16 | b->n_pls << 18;

    for (unsigned c = 0; c < E2K_N_CHANNELS; c++) {
        if (b->alop_mask >> c & 1) {
            hs |= 1u << (26 + c) | (uint32_t)b->alop[c].has_ales << (20 + c);
        }
    }
    return hs;
}

static void add_front(const E2kBundle *b, Packer *p)
{
    add(p, header(b));
    if (b->has_ss) {
        add(p, b->ss | mova_mask(b) << 12);
    }
    for (unsigned c = 0; c < E2K_N_CHANNELS; c++) {
        if (b->alop_mask >> c & 1) {
            add(p, b->alop[c].als);
        }
    }
    if (b->has_cs0) {
        add(p, b->cs0);
    }
    if (is_explicit(b, 2) || is_explicit(b, 5)) {
        add(p, (uint32_t)ales_of(b, 2) << 16 | ales_of(b, 5));
    }
    if (b->has_cs1) {
        add(p, b->cs1);
    }
}

static void add_halves(const E2kBundle *b, Packer *p)
{
    static const uint8_t with_half[] = { 0, 1, 3, 4 };
    unsigned mask = mova_mask(b);

    for (unsigned i = 0; i < G_N_ELEMENTS(with_half); i++) {
        const E2kAlop *op = &b->alop[with_half[i]];

        if ((b->alop_mask >> with_half[i] & 1) && op->has_ales) {
            add_half(p, op->ales);
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        if (mask >> (2 * i) & 3) {
            add_half(p, (uint16_t)(b->mova[2 * i].dst << 8 | b->mova[2 * i + 1].dst));
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        const E2kMova *m = &b->mova[i];

        if (m->opcode) {
            add_half(p, (uint16_t)(m->be << 15 | m->opcode << 12 | m->area << 6 | m->ind << 1 |
                                   m->am));
        }
    }
}

unsigned e2k_encode(const E2kBundle *b, uint8_t out[E2K_MAX_BUNDLE_BYTES], const char **why)
{
    Packer p = { .n = 0 };
    unsigned front;

    if (b->version < 4 && (is_explicit(b, 2) || is_explicit(b, 5))) {
        *why = "this operation of channel 2 or 5 exists since v4 only";
        return 0;
    }
    if (mova_mask(b) && (!b->has_ss || SS_TYPE(b))) {
        *why = "array loads need a stubs syllable of format 1";
        return 0;
    }
    add_front(b, &p);
    front = p.n;
    add_halves(b, &p);
    if ((p.n + b->n_lts + b->n_pls + b->n_cds) & 1) {
        add(&p, 0);
    }
    for (unsigned i = b->n_lts; i-- > 0;) {
        add(&p, b->lts[i]);
    }
    for (unsigned i = b->n_pls; i-- > 0;) {
        add(&p, b->pls[i]);
    }
    for (unsigned i = b->n_cds; i-- > 0;) {
        add(&p, b->cds[i]);
    }
    if (p.n * 4 > E2K_MAX_BUNDLE_BYTES) {
        *why = "more than 64 bytes";
        return 0;
    }
    p.words[0] |= (p.n / 2 - 1) << 4 | (front - 1);
    for (unsigned i = 0; i < p.n; i++) {
        for (unsigned k = 0; k < 4; k++) {
            out[4 * i + k] = (uint8_t)(p.words[i] >> 8 * k);
        }
    }
    return p.n * 4;
}
