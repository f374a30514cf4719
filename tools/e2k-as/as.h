/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Assembles Elbrus source text to a linked ELF file. One assembly at a time a thread. */
#ifndef TOOLS_E2K_AS_H
#define TOOLS_E2K_AS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct AsFile {
    const char *name;           /* for messages */
    const char *text;
} AsFile;

typedef struct AsCpu {
    uint32_t e_flags;
    uint8_t version;            /* 1..7 */
} AsCpu;

/* "elbrus-v4", "elbrus-8c", ...; false: no such name */
bool as_find_cpu(const char *name, AsCpu *cpu);

/**
 * as_assemble - assemble and link
 * @errors: lines "file:line: message"; free it
 *
 * Returns a static ELF64 program, or NULL with @errors set.
 */
GByteArray *as_assemble(const AsFile *files, unsigned n_files, const AsCpu *cpu, char **errors);

/* Only the bytes of section .text, placed at address 0; for tests. */
GByteArray *as_assemble_text(const char *text, unsigned version, char **errors);

#endif
