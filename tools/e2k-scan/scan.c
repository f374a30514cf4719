/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes apart all executable sections of Elbrus programs, for checking the decoder and the
 * translator on real code: how many bundles and operations, which are unknown, which have no
 * translation. A developer's program, not installed.
 *
 *     e2k-scan [-v] [-m] file...       -v: name each place; -m: count operations by name
 */
#include <elf.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "target/e2k/cpu.h"
#include "target/e2k/isa/decode.h"

typedef struct Scan {
    uint64_t n_files, n_bundles, n_ops, n_movas, n_unknown_ops, n_bad_operands, n_async;
    uint64_t n_untranslatable, n_untranslatable_once;
    uint64_t *by_row;
    bool verbose, names;
    const char *file;
} Scan;

static void report(const Scan *s, const char *what, const E2kBundle *b, unsigned channel)
{
    if (s->verbose) {
        printf("%s: %" PRIx64 ": %s, channel %u: als %08x ales %04x\n", s->file, b->pc, what,
               channel, b->alop[channel].als, b->alop[channel].ales);
    }
}

static void count_bundle(Scan *s, const E2kBundle *b)
{
    s->n_bundles++;
    for (unsigned c = 0; c < E2K_N_CHANNELS; c++) {
        if (b->alop_mask >> c & 1) {
            s->n_ops++;
            s->by_row[b->alop[c].row - e2k_op_rows]++;
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        s->n_movas += b->mova[i].opcode != 0;
    }
}

/* What is no wide instruction is an array prefetch instruction or padding: go on after it. */
static void scan_code(Scan *s, const uint8_t *code, size_t size, uint64_t pc, unsigned version)
{
    size_t at = 0;
    E2kBundle b;
    unsigned channel;

    while (size - at >= 8) {
        switch (e2k_decode(code + at, size - at, pc + at, version, &b, &channel)) {
        case E2K_OK:
            count_bundle(s, &b);
            at += b.size_bytes;
            continue;
        case E2K_BAD_OP:
            s->n_unknown_ops++;
            report(s, "unknown operation", &b, channel);
            at += b.size_bytes;
            continue;
        case E2K_BAD_OPERAND:
            s->n_bad_operands++;
            report(s, "bad operand", &b, channel);
            at += b.size_bytes;
            continue;
        case E2K_SHORT: case E2K_BAD_LAYOUT:
            break;
        }
        if (s->verbose) {
            printf("%s: %" PRIx64 ": not a bundle: %08x\n", s->file, pc + at, b.hs);
        }
        if (size - at < 16) {
            break;
        }
        s->n_async++;
        at += 16;
    }
}

static unsigned elf_version(uint32_t e_flags)
{
    static const uint8_t of_machine[24] = { [0] = 2, 1, 2, 3, 4, 5, 6, 7, [19] = 4, [20] = 4,
                                            [21] = 6, [22] = 6, [23] = 6 };
    unsigned machine = e_flags >> 24;

    return machine < sizeof(of_machine) && of_machine[machine] ? of_machine[machine] : 2;
}

static bool in_file(size_t size, uint64_t offset, uint64_t n)
{
    return offset <= size && n <= size - offset;
}

#define SCAN_ELF(bits) \
static bool scan_elf##bits(Scan *s, const uint8_t *file, size_t size) \
{ \
    Elf##bits##_Ehdr eh; \
    if (size < sizeof(eh)) { \
        return false; \
    } \
    memcpy(&eh, file, sizeof(eh)); \
    if (!in_file(size, eh.e_shoff, (uint64_t)eh.e_shnum * sizeof(Elf##bits##_Shdr))) { \
        return false; \
    } \
    for (unsigned i = 0; i < eh.e_shnum; i++) { \
        Elf##bits##_Shdr sh; \
        memcpy(&sh, file + eh.e_shoff + i * sizeof(sh), sizeof(sh)); \
        if (sh.sh_type == SHT_PROGBITS && (sh.sh_flags & SHF_EXECINSTR) && \
            in_file(size, sh.sh_offset, sh.sh_size)) { \
            scan_code(s, file + sh.sh_offset, sh.sh_size, sh.sh_addr, elf_version(eh.e_flags)); \
        } \
    } \
    return true; \
}
SCAN_ELF(64)
SCAN_ELF(32)

static bool is_elbrus(const uint8_t *file, size_t size)
{
    unsigned machine = size > EI_NIDENT + 4 ? file[18] | file[19] << 8 : 0;

    return size > EI_NIDENT + 4 && !memcmp(file, ELFMAG, SELFMAG) &&
           (machine == 175 || machine == 49);
}

static void scan_file(Scan *s, const char *name)
{
    g_autoptr(GError) err = NULL;
    g_autofree char *file = NULL;
    gsize size;

    s->file = name;
    if (!g_file_get_contents(name, &file, &size, &err)) {
        fprintf(stderr, "%s\n", err->message);
        return;
    }
    if (!is_elbrus((uint8_t *)file, size)) {
        return;
    }
    if (!(file[EI_CLASS] == ELFCLASS64 ? scan_elf64 : scan_elf32)(s, (uint8_t *)file, size)) {
        fprintf(stderr, "%s: cut off\n", name);
        return;
    }
    s->n_files++;
}

static void print_rows(Scan *s)
{
    for (unsigned i = 0; i < e2k_n_op_rows; i++) {
        bool has = e2k_op_translatable(&e2k_op_rows[i]);

        if (s->by_row[i] && !has) {
            s->n_untranslatable += s->by_row[i];
            s->n_untranslatable_once++;
        }
        if (s->by_row[i] && (s->names || !has)) {
            printf("%10" PRIu64 " %s (%s)%s\n", s->by_row[i], e2k_op_rows[i].name,
                   e2k_category_names[e2k_op_rows[i].category], has ? "" : ": not translatable");
        }
    }
}

int main(int argc, char **argv)
{
    Scan s = { .by_row = g_new0(uint64_t, e2k_n_op_rows) };

    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "-v")) {
            s.verbose = true;
        } else if (!strcmp(argv[i], "-m")) {
            s.names = true;
        } else {
            scan_file(&s, argv[i]);
        }
    }
    print_rows(&s);
    printf("files %" PRIu64 ", bundles %" PRIu64 ", operations %" PRIu64 ", array loads %" PRIu64
           ", asynchronous or padding %" PRIu64 "\nunknown operations %" PRIu64
           ", bad operands %" PRIu64 ", not translatable %" PRIu64 " (%" PRIu64 " different)\n",
           s.n_files, s.n_bundles, s.n_ops, s.n_movas, s.n_async, s.n_unknown_ops, s.n_bad_operands,
           s.n_untranslatable, s.n_untranslatable_once);
    g_free(s.by_row);
    return s.n_unknown_ops || s.n_bad_operands || s.n_untranslatable;
}
