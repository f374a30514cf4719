/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x, xp, print: memory and values in gdb's formats. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "accel/cpu.h"
#include "memory/memory.h"
#include "hmp-cmds.h"

enum { MAX_COUNT = 1 << 16, MAX_INSN = 15 };

/* "/10xg" into its parts; what is not there is left as it is */
void hmp_format(const char *text, int *count, char *format, int *size)
{
    static const char sizes[] = "b1h2w4g8L8";

    if (!text || *text != '/') {
        return;
    }
    char *end;
    long n = strtol(text + 1, &end, 10);
    if (end != text + 1) {
        *count = (int)CLAMP(n, 0, MAX_COUNT);
    }
    for (; *end; end++) {
        const char *s = strchr(sizes, *end);
        if (strchr("xduoci", *end)) {
            *format = *end;
        } else if (s && isalpha((unsigned char)*end)) {
            *size = s[1] - '0';
        }
    }
}

static void print_value(FILE *f, char format, int size, uint64_t v)
{
    unsigned unused = 64 - 8 * (unsigned)size;

    switch (format) {
    case 'd': fprintf(f, "%" PRId64, (int64_t)(v << unused) >> unused); break;
    case 'u': fprintf(f, "%" PRIu64, v); break;
    case 'o': fprintf(f, "%#" PRIo64, v); break;
    case 'c': fprintf(f, isprint((int)(v & 0xff)) ? "'%c'" : "'\\x%02x'", (int)(v & 0xff)); break;
    default: fprintf(f, "0x%0*" PRIx64, size * 2, v); break;
    }
}

static bool read_memory(CPUState *cpu, bool physical, uint64_t addr, void *buf, size_t n)
{
    return physical ? gpa_read(addr, buf, n) == MEMTX_OK : cpu_debug_rw(cpu, addr, buf, n, false);
}

static void disassemble(HmpContext *ctx, CPUState *cpu, bool physical, uint64_t addr, int count)
{
    uint64_t pc, flags;

    if (!cpu || !cpu->ops->disas) {
        fprintf(ctx->out, "no disassembler\n");
        return;
    }
    cpu->ops->get_tb_key(cpu, &pc, &flags);
    while (count-- > 0) {
        uint8_t code[MAX_INSN];
        size_t n = sizeof(code);
        while (n && !read_memory(cpu, physical, addr, code, n)) {
            n--;
        }
        int used = n ? cpu->ops->disas(ctx->out, addr, flags, code, n) : 0;
        if (used <= 0) {
            fprintf(ctx->out, "0x%08" PRIx64 ": cannot disassemble\n", addr);
            return;
        }
        addr += (unsigned)used;
    }
}

void hmp_memory_dump(HmpContext *ctx, const HmpArgs *args, bool physical)
{
    static int last_size = 4;
    static char last_format = 'x';
    int count = 1;
    uint64_t addr = (uint64_t)hmp_arg_int(args, "addr", 0);
    CPUState *cpu = cpu_by_index((unsigned)ctx->cpu_index);

    hmp_format(hmp_arg_str(args, "fmt"), &count, &last_format, &last_size);
    if (!physical && !cpu) {
        fprintf(ctx->out, "No CPU available\n");
        return;
    }
    monitor_vcpus_pause();
    if (last_format == 'i') {
        disassemble(ctx, cpu, physical, addr, count);
        monitor_vcpus_resume();
        return;
    }
    int size = last_format == 'c' ? 1 : last_size, per_line = 16 / size;
    for (int i = 0; i < count; i++) {
        uint64_t v = 0;
        if (i % per_line == 0) {
            fprintf(ctx->out, "%s%016" PRIx64 ":", i ? "\n" : "", addr);
        }
        if (!read_memory(cpu, physical, addr, &v, (size_t)size)) {
            fprintf(ctx->out, " Cannot access memory");
            break;
        }
        fputc(' ', ctx->out);
        print_value(ctx->out, last_format, size, v);
        addr += (unsigned)size;
    }
    fputc('\n', ctx->out);
    monitor_vcpus_resume();
}

void hmp_print(HmpContext *ctx, const HmpArgs *args)
{
    int count = 1, size = 8;
    char format = 'd';
    uint64_t v = (uint64_t)hmp_arg_int(args, "val", 0);

    hmp_format(hmp_arg_str(args, "fmt"), &count, &format, &size);
    if (format == 'x') {
        fprintf(ctx->out, "%#" PRIx64 "\n", v);
        return;
    }
    print_value(ctx->out, format, 8, v);
    fputc('\n', ctx->out);
}

void hmp_sum(HmpContext *ctx, const HmpArgs *args)
{
    uint64_t start = (uint64_t)hmp_arg_int(args, "start", 0);
    int64_t size = hmp_arg_int(args, "size", 0);
    uint16_t sum = 0;

    for (int64_t i = 0; i < MIN(size, (int64_t)1 << 30); i++) {
        uint8_t b = 0;
        gpa_read(start + (uint64_t)i, &b, 1);
        sum = (uint16_t)((sum >> 1) | (sum << 15));     /* BSD sum */
        sum = (uint16_t)(sum + b);
    }
    fprintf(ctx->out, "%05d\n", sum);
}

void hmp_port_read(HmpContext *ctx, const HmpArgs *args)
{
    int count = 1, size = 1;
    char format = 'x';
    uint64_t port = (uint64_t)hmp_arg_int(args, "addr", 0) & 0xffff;

    hmp_format(hmp_arg_str(args, "fmt"), &count, &format, &size);
    size = MIN(size, 4);
    uint64_t v = address_space_ld(address_space_io, port, (unsigned)size, NULL);
    fprintf(ctx->out, "port%c[0x%04" PRIx64 "] = 0x%0*" PRIx64 "\n",
            size == 1 ? 'b' : size == 2 ? 'w' : 'l', port, size * 2, v);
}

void hmp_port_write(HmpContext *ctx, const HmpArgs *args)
{
    int count = 1, size = 1;
    char format = 'x';

    hmp_format(hmp_arg_str(args, "fmt"), &count, &format, &size);
    address_space_st(address_space_io, (uint64_t)hmp_arg_int(args, "addr", 0) & 0xffff,
                     (uint64_t)hmp_arg_int(args, "val", 0), (unsigned)MIN(size, 4));
}
