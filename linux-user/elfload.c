/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF64 programs: segments, the interpreter, the first stack with its auxiliary vector. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include "accel/accel.h"
#include "task.h"

#define MAX_PHDRS 128
#define PF_X_FLAG 1u         /* p_flags; the header's PF_* names are page-fault bits here */
#define PF_W_FLAG 2u
#define PF_R_FLAG 4u

typedef struct Image {
    int fd;
    const char *path;
    Elf64_Ehdr eh;
    Elf64_Phdr ph[MAX_PHDRS];
    uint64_t bias;                  /* added to the file's addresses */
    uint64_t lowest, end;           /* biased extent */
    uint64_t file_bytes;
    char *interp;                   /* PT_INTERP, NULL: none */
    bool exec_stack;
} Image;

static bool read_at(Image *im, void *buf, size_t n, uint64_t ofs, Error **errp)
{
    ssize_t got = pread(im->fd, buf, n, (off_t)ofs);

    if (got != (ssize_t)n) {
        error_setg(errp, "%s: %s", im->path, got < 0 ? g_strerror(errno) : "the file is truncated");
        return false;
    }
    return true;
}

bool elf_is_ours(const uint8_t head[20])
{
    uint16_t machine = (uint16_t)(head[18] | head[19] << 8);

    for (const uint16_t *m = arch.elf_machines; *m; m++) {
        if (memcmp(head, ELFMAG, SELFMAG) == 0 && *m == machine) {
            return true;
        }
    }
    return false;
}

/* The first bytes: is it an ELF file, one for this machine, and of a kind that can be run? */
static bool identity(Image *im, Error **errp)
{
    uint8_t head[sizeof(Elf64_Ehdr)] = { 0 };
    Elf32_Ehdr narrow;
    ssize_t n = pread(im->fd, head, sizeof(head), 0);
    const char *why = NULL;

    if (n < SELFMAG || memcmp(head, ELFMAG, SELFMAG) != 0) {
        error_setg(errp, "%s: not an ELF file", im->path);
        return false;
    }
    memcpy(&narrow, head, sizeof(narrow));
    if (n < 20 || !elf_is_ours(head)) {
        error_setg(errp, "%s: made for another machine (ELF machine %u)", im->path,
                   narrow.e_machine);
        return false;
    }
    if (head[EI_DATA] != ELFDATA2LSB || head[EI_VERSION] != EV_CURRENT ||
        (head[EI_CLASS] != ELFCLASS64 && head[EI_CLASS] != ELFCLASS32)) {
        error_setg(errp, "%s: not a little-endian ELF file of version 1", im->path);
        return false;
    }
    if (head[EI_CLASS] == ELFCLASS32 && n >= (ssize_t)sizeof(narrow)) {
        why = arch.refuse_elf ? arch.refuse_elf(32, narrow.e_flags) : NULL;
        error_setg(errp, "%s: %s", im->path, why ? why : "32-bit programs are not supported");
        return false;
    }
    if (!read_at(im, &im->eh, sizeof(im->eh), 0, errp)) {
        return false;
    }
    why = arch.refuse_elf ? arch.refuse_elf(64, im->eh.e_flags) : NULL;
    if (why) {
        error_setg(errp, "%s: %s", im->path, why);
    }
    return !why;
}

static bool header_read(Image *im, Error **errp)
{
    Elf64_Ehdr *eh = &im->eh;

    if (!identity(im, errp)) {
        return false;
    }
    if (eh->e_type != ET_EXEC && eh->e_type != ET_DYN) {
        error_setg(errp, "%s: not an executable", im->path);
    } else if (eh->e_phentsize != sizeof(Elf64_Phdr) || !eh->e_phnum || eh->e_phnum > MAX_PHDRS ||
               eh->e_phoff > im->file_bytes) {
        error_setg(errp, "%s: bad program headers", im->path);
    } else {
        return read_at(im, im->ph, eh->e_phnum * sizeof(Elf64_Phdr), eh->e_phoff, errp);
    }
    return false;
}

static bool read_interp(Image *im, const Elf64_Phdr *p, Error **errp)
{
    if (p->p_filesz < 2 || p->p_filesz > 4096 || im->interp) {
        error_setg(errp, "%s: bad PT_INTERP", im->path);
        return false;
    }
    im->interp = g_malloc0(p->p_filesz + 1);
    return read_at(im, im->interp, p->p_filesz, p->p_offset, errp);
}

static const char *segment_fault(const Image *im, const Elf64_Phdr *p)
{
    if (p->p_filesz > p->p_memsz || p->p_memsz > 1ull << 46 || p->p_vaddr > 1ull << 47 ||
        ((p->p_vaddr ^ p->p_offset) & ~PAGE_MASK_)) {
        return "bad PT_LOAD segment";
    }
    if (p->p_filesz && (p->p_filesz > im->file_bytes ||
                        p->p_offset > im->file_bytes - p->p_filesz)) {
        return "the file is truncated: a segment ends behind it";
    }
    for (const Elf64_Phdr *q = im->ph; q < p; q++) {
        if (q->p_type == PT_LOAD && q->p_vaddr < p->p_vaddr + p->p_memsz &&
            p->p_vaddr < q->p_vaddr + q->p_memsz) {
            return "overlapping segments";
        }
    }
    return NULL;
}

static bool entry_is_inside(const Image *im)
{
    for (unsigned i = 0; i < im->eh.e_phnum; i++) {
        const Elf64_Phdr *p = &im->ph[i];
        if (p->p_type == PT_LOAD && (p->p_flags & PF_X_FLAG) &&
            im->eh.e_entry - p->p_vaddr < p->p_memsz) {
            return true;
        }
    }
    return false;
}

static bool extent(Image *im, Error **errp)
{
    uint64_t low = UINT64_MAX, high = 0;

    for (unsigned i = 0; i < im->eh.e_phnum; i++) {
        Elf64_Phdr *p = &im->ph[i];

        if (p->p_type == PT_INTERP && !read_interp(im, p, errp)) {
            return false;
        }
        if (p->p_type == PT_GNU_STACK) {
            im->exec_stack = p->p_flags & PF_X_FLAG;
        }
        if (p->p_type == PT_LOAD && p->p_memsz) {
            const char *why = segment_fault(im, p);
            if (why) {
                error_setg(errp, "%s: %s", im->path, why);
                return false;
            }
            low = MIN(low, p->p_vaddr & PAGE_MASK_);
            high = MAX(high, p->p_vaddr + p->p_memsz);
        }
    }
    if (low >= high) {
        error_setg(errp, "%s: no PT_LOAD segment", im->path);
        return false;
    }
    if (!entry_is_inside(im)) {
        error_setg(errp, "%s: the entry point 0x%" PRIx64 " is outside of any executable segment",
                   im->path, im->eh.e_entry);
        return false;
    }
    im->lowest = low;
    im->end = (high + PAGE_SIZE_ - 1) & PAGE_MASK_;
    return true;
}

/* Reserves the whole extent in one piece, then maps the segments into it. */
static bool reserve(Image *im, Error **errp)
{
    uint64_t len = im->end - im->lowest;
    bool fixed = im->eh.e_type == ET_EXEC;
    void *p = mmap(fixed ? g2h(im->lowest) : NULL, len, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (fixed ? MAP_FIXED_NOREPLACE : 0),
                   -1, 0);

    if (p == MAP_FAILED) {
        error_setg(errp, "%s: cannot map it at 0x%" PRIx64 ": %s", im->path, im->lowest,
                   g_strerror(errno));
        return false;
    }
    im->bias = (uint64_t)(uintptr_t)p - im->lowest;
    im->lowest += im->bias;
    im->end += im->bias;
    return true;
}

static bool map_segment(Image *im, const Elf64_Phdr *p, Error **errp)
{
    uint64_t start = (p->p_vaddr + im->bias) & PAGE_MASK_;
    uint64_t file_end = p->p_vaddr + im->bias + p->p_filesz;
    uint64_t mem_end = (p->p_vaddr + im->bias + p->p_memsz + PAGE_SIZE_ - 1) & PAGE_MASK_;
    uint64_t file_pages_end = (file_end + PAGE_SIZE_ - 1) & PAGE_MASK_;
    int prot = (p->p_flags & PF_R_FLAG ? PROT_READ : 0) | (p->p_flags & PF_W_FLAG ? PROT_WRITE : 0)
             | (p->p_flags & PF_X_FLAG ? PROT_EXEC : 0);
    int host = (prot & PROT_WRITE) | PROT_READ;

    if (p->p_filesz) {
        if (mmap(g2h(start), file_pages_end - start, host | PROT_WRITE, MAP_PRIVATE | MAP_FIXED,
                 im->fd, (off_t)(p->p_offset & PAGE_MASK_)) == MAP_FAILED) {
            error_setg(errp, "%s: mmap: %s", im->path, g_strerror(errno));
            return false;
        }
        if (p->p_memsz > p->p_filesz) {
            memset(g2h(file_end), 0, MIN(file_pages_end, mem_end) - file_end);
        }
        mprotect(g2h(start), file_pages_end - start, host);
    } else {
        file_pages_end = start;
    }
    if (mem_end > file_pages_end &&
        mmap(g2h(file_pages_end), mem_end - file_pages_end, host,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
        error_setg(errp, "%s: mmap: %s", im->path, g_strerror(errno));
        return false;
    }
    page_set(start, mem_end - start, PROT_R | (prot & PROT_WRITE ? PROT_W : 0) |
             (prot & PROT_EXEC ? PROT_X : 0));
    return true;
}

static bool image_open(Image *im, const char *path, Error **errp)
{
    struct stat st;

    im->path = path;
    im->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (im->fd < 0 || fstat(im->fd, &st) < 0) {
        error_setg(errp, "%s: %s", path, g_strerror(errno));
        return false;
    }
    if (!S_ISREG(st.st_mode)) {
        error_setg(errp, "%s: not a regular file", path);
        return false;
    }
    im->file_bytes = (uint64_t)st.st_size;
    return header_read(im, errp) && extent(im, errp);
}

static void image_close(Image *im)
{
    if (im->fd > 0) {
        close(im->fd);
    }
    g_free(im->interp);
}

static bool image_load(Image *im, const char *path, Error **errp)
{
    if (!image_open(im, path, errp) || !reserve(im, errp)) {
        return false;
    }
    for (unsigned i = 0; i < im->eh.e_phnum; i++) {
        if (im->ph[i].p_type == PT_LOAD && im->ph[i].p_memsz &&
            !map_segment(im, &im->ph[i], errp)) {
            return false;
        }
    }
    return true;
}

bool elf_check(const char *path, uint32_t *e_flags, Error **errp)
{
    Image im = { 0 };
    bool good = image_open(&im, path, errp);

    *e_flags = im.eh.e_flags;
    image_close(&im);
    return good;
}

/* ---- the first stack ---- */

/* The first stack pointer has the same place in its block whatever the environment's length is. */
#define STACK_BLOCK 256ull

typedef struct StackBuilder { uint64_t sp; } StackBuilder;

static uint64_t push_bytes(StackBuilder *b, const void *data, size_t n)
{
    b->sp -= n;
    memcpy(g2h(b->sp), data, n);
    return b->sp;
}

static uint64_t push_string(StackBuilder *b, const char *s)
{
    return push_bytes(b, s, strlen(s) + 1);
}

static GArray *push_strings(StackBuilder *b, char **list)
{
    GArray *where = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    unsigned n = g_strv_length(list);

    g_array_set_size(where, n);
    for (unsigned i = n; i-- > 0;) {
        g_array_index(where, uint64_t, i) = push_string(b, list[i]);
    }
    return where;
}

static bool stack_map(uint64_t *top, Error **errp)
{
    uint64_t guard = PAGE_SIZE_, len = program.stack_bytes;
    uint8_t *p = mmap(NULL, len + guard, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

    if (p == MAP_FAILED) {
        error_setg_errno(errp, errno, "cannot map a stack of %" PRIu64 " bytes", len);
        return false;
    }
    mprotect(p, guard, PROT_NONE);
    page_set((uintptr_t)p + guard, len, PROT_R | PROT_W);
    *top = (uintptr_t)p + guard + len;
    program.stack_bottom = (uintptr_t)p + guard;
    program.stack_top = *top;
    return true;
}

static uint64_t stack_build(uint64_t top, const Image *exe)
{
    StackBuilder b = { .sp = top - 16 };
    uint8_t random16[16];

    if (getrandom(random16, sizeof(random16), 0) != sizeof(random16)) {
        memset(random16, 0x5a, sizeof(random16));
    }
    uint64_t execfn = push_string(&b, program.path);
    uint64_t platform = arch.platform ? push_string(&b, arch.platform) : 0;
    uint64_t rnd = push_bytes(&b, random16, sizeof(random16));
    program.arg_end = b.sp;
    g_autoptr(GArray) envs = push_strings(&b, program.envp);
    g_autoptr(GArray) args = push_strings(&b, program.argv);
    program.arg_start = b.sp;

    const uint64_t generic[][2] = {
        { AT_PHDR, program.phdr }, { AT_PHENT, sizeof(Elf64_Phdr) }, { AT_PHNUM, exe->eh.e_phnum },
        { AT_PAGESZ, PAGE_SIZE_ }, { AT_BASE, program.interp_base }, { AT_FLAGS, 0 },
        { AT_ENTRY, program.entry }, { AT_UID, getuid() }, { AT_EUID, geteuid() },
        { AT_GID, getgid() }, { AT_EGID, getegid() }, { AT_HWCAP, arch.hwcap },
        { AT_CLKTCK, (uint64_t)sysconf(_SC_CLK_TCK) }, { AT_RANDOM, rnd }, { AT_SECURE, 0 },
        { AT_EXECFN, execfn },
    };
    g_autoptr(GArray) auxv = g_array_new(FALSE, FALSE, sizeof(generic[0]));
    g_array_append_vals(auxv, generic, G_N_ELEMENTS(generic));
    if (platform) {
        const uint64_t row[2] = { AT_PLATFORM, platform };
        g_array_append_vals(auxv, row, 1);
    }
    for (const uint64_t (*own)[2] = arch.auxv; own && (*own)[0] != AT_NULL; own++) {
        g_array_append_vals(auxv, *own, 1);
    }
    const uint64_t end[2] = { AT_NULL, 0 };
    g_array_append_vals(auxv, end, 1);
    uint64_t n_words = 1 + args->len + 1 + envs->len + 1 + auxv->len * 2;
    b.sp = ((b.sp - n_words * 8) & ~(STACK_BLOCK - 1)) - arch.start_sp_below;

    uint64_t *w = g2h(b.sp);
    *w++ = args->len;
    memcpy(w, args->data, args->len * 8);
    w += args->len;
    *w++ = 0;
    memcpy(w, envs->data, envs->len * 8);
    w += envs->len;
    *w++ = 0;
    program.auxv = (uintptr_t)w;
    program.auxv_bytes = auxv->len * sizeof(generic[0]);
    memcpy(w, auxv->data, program.auxv_bytes);
    return b.sp;
}

static void describe_program(const Image *exe)
{
    program.base = exe->bias;
    program.entry = exe->eh.e_entry + exe->bias;
    program.phdr = exe->lowest + exe->eh.e_phoff;
    for (unsigned i = 0; i < exe->eh.e_phnum; i++) {
        const Elf64_Phdr *p = &exe->ph[i];
        if (p->p_type == PT_PHDR) {
            program.phdr = p->p_vaddr + exe->bias;
        } else if (p->p_type == PT_LOAD && (p->p_flags & PF_X_FLAG)) {
            program.start_code = p->p_vaddr + exe->bias;
            program.end_code = program.start_code + p->p_memsz;
        }
    }
    program.brk_start = program.brk = exe->end;
}

static bool load_interp(Image *interp, const Image *exe, Error **errp)
{
    g_autofree char *under = g_strconcat(program.sysroot ? program.sysroot : "", exe->interp, NULL);
    const char *name = access(under, R_OK) == 0 ? under : exe->interp;

    if (access(name, F_OK) != 0) {
        error_setg(errp, "%s: its interpreter %s is missing; give the sysroot that has it with -L",
                   exe->path, exe->interp);
        return false;
    }
    if (!image_load(interp, name, errp)) {
        error_prepend(errp, "%s: its interpreter: ", exe->path);
        return false;
    }
    if (interp->interp) {
        error_setg(errp, "%s: its interpreter %s wants an interpreter", exe->path, name);
        return false;
    }
    program.interp_base = interp->bias;
    program.entry = interp->eh.e_entry + interp->bias;
    return true;
}

bool elf_load(const char *path, uint64_t *sp, Error **errp)
{
    Image exe = { 0 }, interp = { 0 };
    uint64_t top;
    bool good = image_load(&exe, path, errp);

    if (good) {
        describe_program(&exe);
    }
    uint64_t entry = program.entry;         /* AT_ENTRY is the program's own */
    good = good && (!exe.interp || load_interp(&interp, &exe, errp)) && stack_map(&top, errp);
    if (good) {
        uint64_t first = program.entry;
        program.entry = entry;
        *sp = stack_build(top, &exe);
        program.entry = first;
        program.start_stack = *sp;
        program.n_phdr = exe.eh.e_phnum;
        program.phent = sizeof(Elf64_Phdr);
    }
    image_close(&exe);
    image_close(&interp);
    return good;
}
