/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fuzz target is LLVMFuzzerTestOneInput(): bytes in, abort() when something that must hold does
 * not. libFuzzer (clang -fsanitize=fuzzer) or driver.c feed it. The bytes are a little program:
 * targets take numbers off it with the functions here, so that any bytes mean something.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- for driver.c ---- */
extern const char fuzz_name[];
/* bytes to start most inputs with: what comes first in real life */
extern const uint8_t fuzz_prefix[];
extern const unsigned fuzz_prefix_bytes;
void fuzz_print_reached(FILE *f);       /* how far the inputs got, so that one sees they do */

/* ---- taking an input apart ---- */
typedef struct Input { const uint8_t *p, *end; } Input;

static inline uint8_t in_u8(Input *in) { return in->p < in->end ? *in->p++ : 0; }

static inline uint64_t in_bytes(Input *in, unsigned n)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < n; i++) {
        v |= (uint64_t)in_u8(in) << (i * 8);
    }
    return v;
}

/* A number that is mostly @good, else one where code breaks, else anything. */
static inline uint64_t in_num(Input *in, uint64_t good)
{
    static const uint64_t edges[32] = {
        0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 64, 0xff, 0x100, 0xfff, 0x1000, 0x3fff, 0x4000,
        0xffff, 0x10000, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
        0xffffffffff, 0x10000000000, 0x7fffffffffffffff, 0x8000000000000000, UINT64_MAX,
    };
    uint8_t how = in_u8(in);

    return how < 0x90 ? good
         : how < 0xc0 ? edges[how % 32]
         : how < 0xd0 ? good + in_u8(in) - 0x80
         : how < 0xe0 ? good ^ (uint64_t)1 << in_u8(in) % 64
         : in_bytes(in, how < 0xf0 ? 4 : 8);
}

static inline uint64_t in_num_max(Input *in, uint64_t good, uint64_t max)
{
    uint64_t v = in_num(in, good);

    return v < max ? v : max;
}

#endif
