/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For guests: fills memory, and reads it back.
 *   memory-pattern MIB        writes MIB MiB, checks them, says how many lay at 4 GiB and above
 *   memory-pattern MIB hold   then waits for the end of its standard input
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE_WORDS = 512, PAGE = 4096 };
#define FOUR_GIB_PFN (1u << 20)

/* never the same in two places, never zero */
static uint64_t pattern(uint64_t i)
{
    return (i + 1) * 0x9e3779b97f4a7c15ull | 1;
}

static unsigned long high_pages(const uint64_t *p, unsigned long n_pages)
{
    int fd = open("/proc/self/pagemap", O_RDONLY);
    unsigned long n = 0;
    uint64_t entry;

    for (unsigned long i = 0; i < n_pages; i++) {
        off_t at = (off_t)(((uintptr_t)p / PAGE + i) * sizeof(entry));
        if (pread(fd, &entry, sizeof(entry), at) == sizeof(entry)) {
            n += entry >> 63 && (entry & 0x7fffffffffffffull) >= FOUR_GIB_PFN;
        }
    }
    close(fd);
    return n;
}

int main(int argc, char **argv)
{
    unsigned long n_pages = argc > 1 ? strtoul(argv[1], NULL, 0) * 256 : 0, wrong = 0;
    uint64_t *p = mmap(NULL, n_pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                       -1, 0);
    char c;

    if (p == MAP_FAILED) {
        perror("memory-pattern");
        return 1;
    }
    for (uint64_t i = 0; i < n_pages * PAGE_WORDS; i++) {
        p[i] = pattern(i);
    }
    for (uint64_t i = 0; i < n_pages * PAGE_WORDS; i++) {
        wrong += p[i] != pattern(i);
    }
    printf("pattern: %lu MiB, %lu words wrong, %lu MiB above\n", n_pages / 256, wrong,
           high_pages(p, n_pages) / 256);
    fflush(stdout);
    if (argc > 2) {
        while (read(0, &c, 1) > 0) {
        }
    }
    return wrong != 0;
}
