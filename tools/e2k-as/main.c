/* SPDX-License-Identifier: GPL-2.0-or-later */
/* e2k-as: assembles and links Elbrus programs; e2k-as -d lists the code of a program. */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "target/e2k/isa/decode.h"
#include "tools/e2k-as/as.h"

static const char usage[] =
    "usage: e2k-as [-mcpu=elbrus-vN] [-o FILE] SOURCE...   assemble to a static program (a.out)\n"
    "       e2k-as -d FILE...                              list the code of programs\n"
    "SOURCE - is standard input. -mcpu: elbrus-v1 to -v7, -2cm, -2c+, -4c, -8c, -1c+, -8c2, -12c,\n"
    "-16c, -2c3; default elbrus-v2.\n";

/* ---- listing ---- */

static void list_code(const uint8_t *code, size_t size, uint64_t addr, unsigned version)
{
    E2kBundle b;
    size_t at = 0;

    while (size - at >= 8) {
        E2kStatus status = e2k_decode(code + at, size - at, addr + at, version, &b, NULL);

        printf("%8" PRIx64 ":", addr + at);
        if (status == E2K_OK) {
            g_autofree char *text = e2k_disas_bundle(&b);

            for (unsigned i = 0; i < b.size_bytes; i += 4) {
                printf(" %08x", code[at + i] | code[at + i + 1] << 8 | code[at + i + 2] << 16 |
                                (uint32_t)code[at + i + 3] << 24);
            }
            printf("\n%s\n", text);
            at += b.size_bytes;
        } else if (status == E2K_BAD_OP || status == E2K_BAD_OPERAND) {
            printf(" (%s)\n", status == E2K_BAD_OP ? "unknown operation" : "reserved operand");
            at += b.size_bytes;
        } else if (size - at >= 16) {
            char *text = e2k_disas_fapb(code + at);

            printf("\n%s\n", text);
            g_free(text);
            at += 16;
        } else {
            printf(" (no bundle)\n");
            break;
        }
    }
}

static unsigned version_of(uint32_t e_flags)
{
    static const uint8_t versions[] = { [1] = 1, 2, 3, 4, 5, 6, 7, [19] = 4, 4, 6, 6, 6 };
    unsigned machine = e_flags >> 24;

    return machine < sizeof(versions) && versions[machine] ? versions[machine] : 2;
}

static bool list_elf(const char *name, const uint8_t *file, size_t size)
{
    Elf64_Ehdr eh;

    if (size < sizeof(eh) || memcmp(file, ELFMAG, SELFMAG) || file[EI_CLASS] != ELFCLASS64) {
        fprintf(stderr, "%s: not an ELF64 program\n", name);
        return false;
    }
    memcpy(&eh, file, sizeof(eh));
    if ((eh.e_machine != 175 && eh.e_machine != 49) || eh.e_shoff > size ||
        (size - eh.e_shoff) / sizeof(Elf64_Shdr) < eh.e_shnum) {
        fprintf(stderr, "%s: not for Elbrus, or cut off\n", name);
        return false;
    }
    for (unsigned i = 0; i < eh.e_shnum; i++) {
        Elf64_Shdr sh;

        memcpy(&sh, file + eh.e_shoff + i * sizeof(sh), sizeof(sh));
        if (sh.sh_type == SHT_PROGBITS && (sh.sh_flags & SHF_EXECINSTR) && sh.sh_offset <= size &&
            sh.sh_size <= size - sh.sh_offset) {
            list_code(file + sh.sh_offset, sh.sh_size, sh.sh_addr, version_of(eh.e_flags));
        }
    }
    return true;
}

static bool list_file(const char *name)
{
    g_autoptr(GError) err = NULL;
    g_autofree char *file = NULL;
    gsize size;

    if (!g_file_get_contents(name, &file, &size, &err)) {
        fprintf(stderr, "e2k-as: %s\n", err->message);
        return false;
    }
    return list_elf(name, (const uint8_t *)file, size);
}

/* ---- assembling ---- */

static char *read_stdin(void)
{
    GString *s = g_string_new("");
    char buf[4096];
    size_t n;

    while ((n = fread(buf, 1, sizeof(buf), stdin)) > 0) {
        g_string_append_len(s, buf, (gssize)n);
    }
    return g_string_free(s, FALSE);
}

static bool write_program(const char *name, const GByteArray *elf)
{
    g_autoptr(GError) err = NULL;

    if (!g_file_set_contents(name, (const char *)elf->data, elf->len, &err)) {
        fprintf(stderr, "e2k-as: %s\n", err->message);
        return false;
    }
    chmod(name, 0755);
    return true;
}

static bool assemble(char **names, unsigned n, const AsCpu *cpu, const char *output)
{
    AsFile *files = g_new0(AsFile, n);
    char *errors = NULL;
    GByteArray *elf;
    bool ok;

    for (unsigned i = 0; i < n; i++) {
        g_autoptr(GError) err = NULL;
        char *text = NULL;

        if (!strcmp(names[i], "-")) {
            text = read_stdin();
        } else if (!g_file_get_contents(names[i], &text, NULL, &err)) {
            fprintf(stderr, "e2k-as: %s\n", err->message);
            return false;
        }
        files[i] = (AsFile){ names[i], text };
    }
    elf = as_assemble(files, n, cpu, &errors);
    if (!elf) {
        fputs(errors, stderr);
    }
    ok = elf && write_program(output, elf);
    for (unsigned i = 0; i < n; i++) {
        g_free((char *)files[i].text);
    }
    g_free(files);
    g_free(errors);
    if (elf) {
        g_byte_array_unref(elf);
    }
    return ok;
}

int main(int argc, char **argv)
{
    const char *output = "a.out";
    bool list = false, ok = true;
    AsCpu cpu;
    int n = 0;

    as_find_cpu("elbrus-v2", &cpu);
    for (int i = 1; i < argc; i++) {
        if (g_str_has_prefix(argv[i], "-mcpu=")) {
            if (!as_find_cpu(argv[i] + 6, &cpu)) {
                fprintf(stderr, "e2k-as: no processor '%s'\n", argv[i] + 6);
                return 1;
            }
        } else if (!strcmp(argv[i], "-o") && i + 1 < argc) {
            output = argv[++i];
        } else if (!strcmp(argv[i], "-d") || !strcmp(argv[i], "--disas")) {
            list = true;
        } else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
            fputs(usage, stdout);
            return 0;
        } else if (argv[i][0] == '-' && argv[i][1]) {
            fprintf(stderr, "e2k-as: unknown option '%s'\n%s", argv[i], usage);
            return 1;
        } else {
            argv[n++] = argv[i];
        }
    }
    if (!n) {
        fputs(usage, stderr);
        return 1;
    }
    if (!list) {
        return !assemble(argv, (unsigned)n, &cpu, output);
    }
    for (int i = 0; i < n; i++) {
        ok &= list_file(argv[i]);
    }
    return !ok;
}
