/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backends/hostmem.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096 };

typedef struct MemoryBackend {
    Object parent;
    uint64_t size, align;
    bool share, prealloc, merge, dump, reserve, seal, discard_data, claimed;
    char *mem_path;                     /* of files */
    RAMBlock *ram;                      /* NULL until complete */
} MemoryBackend;

typedef struct MemoryBackendClass {
    UserCreatableClass parent;
    RAMBlock *(*alloc)(MemoryBackend *m, const char *id, unsigned flags, Error **errp);
} MemoryBackendClass;

static MemoryBackend *backend(Object *obj)
{
    return object_check(obj, TYPE_MEMORY_BACKEND, __FILE__, __LINE__);
}

static RAMBlock *alloc_ram(MemoryBackend *m, const char *id, unsigned flags, Error **errp)
{
    return ram_block_new(id, m->size, flags, errp);
}

static RAMBlock *alloc_memfd(MemoryBackend *m, const char *id, unsigned flags, Error **errp)
{
    int fd = memfd_create(id, MFD_CLOEXEC | (m->seal ? MFD_ALLOW_SEALING : 0));

    if (fd < 0 || ftruncate(fd, (off_t)m->size) < 0 ||
        (m->seal && fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)) {
        error_setg_errno(errp, errno, "can't make a memfd of 0x%llx bytes",
                         (unsigned long long)m->size);
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    return ram_block_new_from_fd(id, m->size, fd, flags, errp);
}

/* The path may be a directory: then an unnamed file in it. A new file is made as long as needed. */
static int open_backing(MemoryBackend *m, Error **errp)
{
    struct stat st;
    int fd = open(m->mem_path, O_RDWR | O_CLOEXEC);

    if (fd < 0 && errno == EISDIR) {
        fd = open(m->mem_path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    } else if (fd < 0 && errno == ENOENT) {
        fd = open(m->mem_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    }
    if (fd < 0) {
        error_setg_errno(errp, errno, "can't open backing store %s for guest RAM", m->mem_path);
        return -1;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        if (st.st_size && (uint64_t)st.st_size < m->size) {
            error_setg(errp, "backing store size 0x%llx does not match 'size' option 0x%llx",
                       (unsigned long long)st.st_size, (unsigned long long)m->size);
            close(fd);
            return -1;
        }
        if (!st.st_size && ftruncate(fd, (off_t)m->size) < 0) {
            error_setg_errno(errp, errno, "can't extend backing store %s", m->mem_path);
            close(fd);
            return -1;
        }
    }
    return fd;
}

static RAMBlock *alloc_file(MemoryBackend *m, const char *id, unsigned flags, Error **errp)
{
    if (!m->mem_path) {
        error_setg(errp, "mem-path property not set");
        return NULL;
    }
    int fd = open_backing(m, errp);
    if (fd < 0) {
        return NULL;
    }
    RAMBlock *rb = ram_block_new_from_fd(id, m->size, fd, flags, errp);
    if (!rb) {
        close(fd);
    }
    return rb;
}

static bool backend_complete(Object *obj, Error **errp)
{
    MemoryBackend *m = backend(obj);
    MemoryBackendClass *k = (MemoryBackendClass *)obj->klass;
    unsigned flags = (m->share ? RAM_SHARED : 0) | (m->prealloc ? RAM_PREALLOC : 0) |
                     (m->reserve ? 0 : RAM_NORESERVE) | (m->merge ? RAM_MERGE : 0) |
                     (m->dump ? RAM_DUMP : 0);

    if (m->size == 0) {
        error_setg(errp, "can't create backend with size 0");
        return false;
    }
    if (m->size % PAGE_BYTES) {
        error_setg(errp, "'size' has to be a multiple of 0x%x", PAGE_BYTES);
        return false;
    }
    m->ram = k->alloc(m, obj->id ? obj->id : object_type_name(obj), flags, errp);
    return m->ram != NULL;
}

RAMBlock *memory_backend_ram(Object *obj)
{
    return backend(obj)->ram;
}

bool memory_backend_claim(Object *obj)
{
    MemoryBackend *m = backend(obj);
    bool was = m->claimed;

    m->claimed = true;
    if (!was) {
        object_ref_(obj);               /* keeps object-del away */
    }
    return !was;
}

void memory_backend_drop(Object *obj)
{
    backend(obj)->claimed = false;
    object_unref(obj);
}

static void backend_finalize(Object *obj)
{
    MemoryBackend *m = (MemoryBackend *)obj;

    if (m->ram) {
        ram_block_unref(m->ram);
    }
}

static void backend_class_init(ObjectClass *klass)
{
    ((UserCreatableClass *)klass)->complete = backend_complete;
}

static void ram_class_init(ObjectClass *klass)
{
    ((MemoryBackendClass *)klass)->alloc = alloc_ram;
}

static void file_class_init(ObjectClass *klass)
{
    ((MemoryBackendClass *)klass)->alloc = alloc_file;
}

static void memfd_init(Object *obj)
{
    ((MemoryBackend *)obj)->share = true;
}

static void memfd_class_init(ObjectClass *klass)
{
    ((MemoryBackendClass *)klass)->alloc = alloc_memfd;
}

static const Property backend_props[] = {
    PROP(SIZE, "size", MemoryBackend, size, .desc = "Size of the memory region (ex: 500M)"),
    PROP(BOOL, "share", MemoryBackend, share, .desc = "Mark the memory as private to QEMU or "
         "shared"),
    PROP(BOOL, "prealloc", MemoryBackend, prealloc, .desc = "Preallocate memory"),
    PROP(BOOL, "merge", MemoryBackend, merge, .def.b = true, .desc = "Mark memory as mergeable"),
    PROP(BOOL, "dump", MemoryBackend, dump, .def.b = true, .desc = "Set to 'off' to exclude "
         "from core dump"),
    PROP(BOOL, "reserve", MemoryBackend, reserve, .def.b = true, .desc = "Reserve swap space "
         "(or huge pages) if applicable"),
    {0}
};

static const Property file_props[] = {
    PROP(STR, "mem-path", MemoryBackend, mem_path, .desc = "file or directory"),
    PROP(SIZE, "align", MemoryBackend, align, .desc = "alignment of the host address"),
    PROP(BOOL, "discard-data", MemoryBackend, discard_data, .desc = "contents need not be kept"),
    {0}
};

static const Property memfd_props[] = {
    PROP(BOOL, "seal", MemoryBackend, seal, .def.b = true, .desc = "prevent further resizing"),
    {0}
};

static const TypeInfo backend_info = {
    .name = TYPE_MEMORY_BACKEND, .parent = TYPE_USER_CREATABLE, .size = sizeof(MemoryBackend),
    .class_size = sizeof(MemoryBackendClass), .abstract = true, .props = backend_props,
    .class_init = backend_class_init, .finalize = backend_finalize,
};
TYPE_REGISTER(backend_info)

static const TypeInfo ram_info = {
    .name = "memory-backend-ram", .parent = TYPE_MEMORY_BACKEND, .class_init = ram_class_init,
    .desc = "anonymous memory",
};
TYPE_REGISTER(ram_info)

static const TypeInfo file_info = {
    .name = "memory-backend-file", .parent = TYPE_MEMORY_BACKEND, .class_init = file_class_init,
    .props = file_props, .desc = "memory in a file",
};
TYPE_REGISTER(file_info)

static const TypeInfo memfd_info = {
    .name = "memory-backend-memfd", .parent = TYPE_MEMORY_BACKEND,
    .class_init = memfd_class_init, .init = memfd_init, .props = memfd_props, .desc = "memory of a memfd",
};
TYPE_REGISTER(memfd_info)
