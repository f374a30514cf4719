/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Places the sections and writes a static ELF64 program with section headers and symbols. */
#include <elf.h>
#include <string.h>
#include "tools/e2k-as/as-internal.h"

enum { PAGE_BYTES = 4096, MAX_SEGMENTS = 3 };

/* Code, constants, data; zeroed sections last. */
static unsigned kind_of(const AsSection *s)
{
    return s->exec ? 0 : !s->write ? 1 : s->nobits ? 3 : 2;
}

void as_layout(As *as, uint64_t base)
{
    uint64_t at = base + sizeof(Elf64_Ehdr) + MAX_SEGMENTS * sizeof(Elf64_Phdr);
    unsigned last = 0;

    for (unsigned kind = 0; kind < 4; kind++) {
        for (unsigned i = 0; i < as->sections->len; i++) {
            AsSection *s = as->sections->pdata[i];

            if (kind_of(s) != kind || !s->size) {
                continue;
            }
            if (kind != last && kind != 3) {
                at = (at + PAGE_BYTES - 1) & -(uint64_t)PAGE_BYTES;
            } else if (kind == 3 && last < 2) {
                at = (at + PAGE_BYTES - 1) & -(uint64_t)PAGE_BYTES;
            }
            last = kind;
            at = (at + s->align - 1) & -s->align;
            s->addr = at;
            at += s->size;
        }
    }
}

/* Writes @n bytes at @offset, filling with zeros up to there. */
static void put_at(GByteArray *out, uint64_t offset, const void *data, size_t n)
{
    guint old = out->len;

    if (offset + n > out->len) {
        g_byte_array_set_size(out, (guint)(offset + n));
        memset(out->data + old, 0, out->len - old);
    }
    if (n) {
        memcpy(out->data + offset, data, n);
    }
}

typedef struct Writer {
    As *as;
    GByteArray *out, *symtab;
    GString *names, *sym_names;         /* string tables */
    GArray *headers;                    /* of Elf64_Shdr */
    uint64_t base;
    unsigned n_local;
} Writer;

static uint32_t name_at(GString *table, const char *name)
{
    uint32_t at = (uint32_t)table->len;

    g_string_append_len(table, name, (gssize)strlen(name) + 1);
    return at;
}

/* The header of a section takes its index from the order of as->sections. */
static void write_section(Writer *w, const AsSection *s)
{
    Elf64_Shdr sh = {
        .sh_name = name_at(w->names, s->name), .sh_type = s->nobits ? SHT_NOBITS : SHT_PROGBITS,
        .sh_flags = SHF_ALLOC | (s->exec ? SHF_EXECINSTR : 0) | (s->write ? SHF_WRITE : 0),
        .sh_addr = s->addr, .sh_offset = s->size ? s->addr - w->base : 0, .sh_size = s->size,
        .sh_addralign = s->align,
    };

    if (!s->nobits && s->size) {
        put_at(w->out, sh.sh_offset, s->bytes->data, s->bytes->len);
    }
    g_array_append_val(w->headers, sh);
}

static unsigned section_index(const As *as, const AsSection *s)
{
    for (unsigned i = 0; i < as->sections->len; i++) {
        if (as->sections->pdata[i] == s) {
            return i + 1;
        }
    }
    return SHN_ABS;
}

static void write_symbols(Writer *w, bool global)
{
    for (unsigned i = 0; i < w->as->file_symbols->len; i++) {
        GHashTableIter it;
        gpointer value;

        g_hash_table_iter_init(&it, w->as->file_symbols->pdata[i]);
        while (g_hash_table_iter_next(&it, NULL, &value)) {
            const AsSymbol *sym = value;
            Elf64_Sym es = {
                .st_info = ELF64_ST_INFO(global ? STB_GLOBAL : STB_LOCAL,
                                         sym->is_func ? STT_FUNC : STT_NOTYPE),
                .st_shndx = (Elf64_Section)section_index(w->as, sym->section),
                .st_value = sym->value + (sym->section ? sym->section->addr : 0),
            };

            if (!sym->defined || sym->global != global || strchr(sym->name, '\1')) {
                continue;
            }
            es.st_name = name_at(w->sym_names, sym->name);
            g_byte_array_append(w->symtab, (uint8_t *)&es, sizeof(es));
        }
    }
}

static void add_table(Writer *w, const char *name, unsigned type, const void *data, size_t n,
                      unsigned link, unsigned info, unsigned entry)
{
    Elf64_Shdr sh = {
        .sh_name = name_at(w->names, name), .sh_type = type, .sh_link = link, .sh_info = info,
        .sh_offset = (w->out->len + 7) & ~7u, .sh_size = n, .sh_addralign = 8, .sh_entsize = entry,
    };

    put_at(w->out, sh.sh_offset, data, n);
    g_array_append_val(w->headers, sh);
}

static void write_tables(Writer *w, Elf64_Ehdr *eh)
{
    Elf64_Sym none = { 0 };
    unsigned first;
    uint32_t name;

    g_string_append_c(w->sym_names, '\0');
    g_byte_array_append(w->symtab, (uint8_t *)&none, sizeof(none));
    write_symbols(w, false);
    first = w->symtab->len / sizeof(Elf64_Sym);
    write_symbols(w, true);
    add_table(w, ".symtab", SHT_SYMTAB, w->symtab->data, w->symtab->len, w->headers->len + 1, first,
              sizeof(Elf64_Sym));
    add_table(w, ".strtab", SHT_STRTAB, w->sym_names->str, w->sym_names->len, 0, 0, 0);
    eh->e_shstrndx = (Elf64_Half)w->headers->len;
    /* its own name goes in first, so that the table is complete when it is written */
    name = (uint32_t)w->names->len;
    g_string_append_len(w->names, ".shstrtab", sizeof(".shstrtab"));
    add_table(w, ".shstrtab", SHT_STRTAB, w->names->str, name + sizeof(".shstrtab"), 0, 0, 0);
    g_array_index(w->headers, Elf64_Shdr, eh->e_shstrndx).sh_name = name;
    eh->e_shoff = (w->out->len + 7) & ~7u;
    eh->e_shnum = (Elf64_Half)w->headers->len;
    put_at(w->out, eh->e_shoff, w->headers->data, w->headers->len * sizeof(Elf64_Shdr));
}

/* Segment of code (with the headers), constants, data. False: there is nothing for it. */
static bool segment(const Writer *w, unsigned which, Elf64_Phdr *ph)
{
    uint64_t start = which ? UINT64_MAX : w->base, end = which ? 0 : w->base + PAGE_BYTES / 4;
    uint64_t file_end = end;

    for (unsigned i = 0; i < w->as->sections->len; i++) {
        const AsSection *s = w->as->sections->pdata[i];
        unsigned kind = kind_of(s);

        if (s->size && MIN(kind, 2) == which) {
            start = MIN(start, s->addr);
            end = MAX(end, s->addr + s->size);
            file_end = s->nobits ? MAX(file_end, start) : MAX(file_end, s->addr + s->size);
        }
    }
    *ph = (Elf64_Phdr){
        .p_type = PT_LOAD, .p_flags = PF_R | (which == 0 ? PF_X : which == 2 ? PF_W : 0),
        .p_offset = start - w->base, .p_vaddr = start, .p_paddr = start,
        .p_filesz = MAX(file_end, start) - start, .p_memsz = end - start, .p_align = PAGE_BYTES,
    };
    return start < end;
}

GByteArray *as_elf(As *as)
{
    Elf64_Ehdr eh = {
        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
        .e_type = ET_EXEC, .e_machine = 175, .e_version = EV_CURRENT,
        .e_phoff = sizeof(eh), .e_flags = as->cpu.e_flags, .e_ehsize = sizeof(eh),
        .e_phentsize = sizeof(Elf64_Phdr), .e_shentsize = sizeof(Elf64_Shdr),
    };
    Writer w = { .as = as, .base = 0x10000, .out = g_byte_array_new(), .symtab = g_byte_array_new(),
                 .names = g_string_new(""), .sym_names = g_string_new(""),
                 .headers = g_array_new(FALSE, FALSE, sizeof(Elf64_Shdr)) };
    Elf64_Phdr phs[MAX_SEGMENTS];
    Elf64_Shdr none = { 0 };
    const AsSymbol *start;

    as->failed = false;
    as->locals = as->file_symbols->len ? as->file_symbols->pdata[0] : as->globals;
    start = as_find_symbol(as, "_start");
    if (!start || !start->section) {
        as->line = 0;
        as_error(as, "no symbol '_start' (.globl _start)");
    } else {
        eh.e_entry = start->section->addr + start->value;
    }
    g_string_append_c(w.names, '\0');
    g_array_append_val(w.headers, none);
    put_at(w.out, 0, &eh, sizeof(eh));
    for (unsigned i = 0; i < MAX_SEGMENTS; i++) {
        eh.e_phnum += segment(&w, i, &phs[eh.e_phnum]);
    }
    put_at(w.out, sizeof(eh), phs, eh.e_phnum * sizeof(phs[0]));
    for (unsigned i = 0; i < as->sections->len; i++) {
        write_section(&w, as->sections->pdata[i]);
    }
    write_tables(&w, &eh);
    put_at(w.out, 0, &eh, sizeof(eh));
    if (w.out->len < PAGE_BYTES / 4) {
        put_at(w.out, PAGE_BYTES / 4 - 1, "", 1);
    }
    g_byte_array_unref(w.symtab);
    g_string_free(w.names, TRUE);
    g_string_free(w.sym_names, TRUE);
    g_array_unref(w.headers);
    return w.out;
}
