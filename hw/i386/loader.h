/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Booting a kernel without firmware. */
#ifndef HW_I386_LOADER_H
#define HW_I386_LOADER_H

#include "accel/cpu.h"
#include "util/error.h"

typedef enum KernelKind { KERNEL_LINUX64, KERNEL_LINUX32, KERNEL_PVH } KernelKind;

typedef struct KernelSegment { uint64_t gpa, file_ofs, file_bytes, mem_bytes; } KernelSegment;

/* What a kernel file says of itself; checked, nothing points outside the file. */
typedef struct KernelImage {
    KernelKind kind;
    uint16_t protocol;
    uint32_t setup_bytes;               /* boot sector and set-up code */
    uint64_t load_gpa, mem_bytes;       /* where it wants to be and what it takes there */
    uint64_t entry_gpa;
    uint32_t cmdline_max;               /* without the final NUL */
    uint64_t initrd_max_gpa;            /* last byte allowed */
    KernelSegment segs[16];             /* of an ELF file */
    unsigned n_segs;
} KernelImage;

bool kernel_image_parse(const uint8_t *file, size_t n_bytes, KernelImage *out, Error **errp);

typedef struct E820Entry { uint64_t gpa, n_bytes; uint32_t type; } E820Entry;
enum { E820_RAM = 1, E820_RESERVED = 2, E820_ACPI = 3, E820_NVS = 4 };

typedef struct KernelBootOptions {
    const char *kernel, *initrd, *append;       /* initrd, append may be NULL */
    const E820Entry *e820;
    unsigned n_e820;
    uint64_t low_ram_end;               /* usable RAM below 4 GiB ends here (ACPI tables above) */
    uint64_t rsdp_gpa;                  /* 0: none */
} KernelBootOptions;

typedef struct KernelBoot KernelBoot;
/* reads and checks everything; @opts is not kept */
KernelBoot *kernel_boot_new(const KernelBootOptions *opts, Error **errp);
void kernel_boot_free(KernelBoot *b);
/* at each reset: guest memory as the boot protocol wants it */
void kernel_boot_load(KernelBoot *b);
/* the first vCPU's registers at the kernel's entry; it is freshly reset and stopped */
void kernel_boot_set_cpu(const KernelBoot *b, CPUState *cpu);

#endif
