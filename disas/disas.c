/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x86 through capstone; without it, bytes. */
#include "disas/disas.h"
#include <glib.h>
#include <inttypes.h>
#include "config-host.h"

static void print_bytes(FILE *f, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fprintf(f, "%02x ", p[i]);
    }
    fprintf(f, "%*s", (int)MAX(1, 30 - 3 * (int)n), "");
}

#ifdef CONFIG_CAPSTONE
#include <capstone.h>

size_t disas_x86(FILE *f, unsigned bits, uint64_t pc, const uint8_t *code, size_t n_bytes,
                 unsigned max_insns)
{
    static GMutex mutex;        /* capstone handles are not for several threads at once */
    csh cs;
    cs_mode mode = bits == 64 ? CS_MODE_64 : bits == 32 ? CS_MODE_32 : CS_MODE_16;
    size_t left = n_bytes;

    g_mutex_lock(&mutex);
    if (cs_open(CS_ARCH_X86, mode, &cs) != CS_ERR_OK) {
        g_mutex_unlock(&mutex);
        return 0;
    }
    cs_option(cs, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
    cs_insn *insn = cs_malloc(cs);
    for (unsigned n = 0; left && (!max_insns || n < max_insns); n++) {
        if (cs_disasm_iter(cs, &code, &left, &pc, insn)) {
            fprintf(f, "0x%08" PRIx64 ":  ", insn->address);
            print_bytes(f, insn->bytes, insn->size);
            fprintf(f, "%s %s\n", insn->mnemonic, insn->op_str);
        } else {
            fprintf(f, "0x%08" PRIx64 ":  ", pc);
            print_bytes(f, code, 1);
            fprintf(f, ".byte 0x%02x\n", code[0]);
            code++;
            pc++;
            left--;
        }
    }
    cs_free(insn, 1);
    cs_close(&cs);
    g_mutex_unlock(&mutex);
    return n_bytes - left;
}
#else
size_t disas_x86(FILE *f, unsigned bits, uint64_t pc, const uint8_t *code, size_t n_bytes,
                 unsigned max_insns)
{
    for (size_t i = 0; i < n_bytes; i += 8) {
        fprintf(f, "0x%08" PRIx64 ":  ", pc + i);
        print_bytes(f, code + i, MIN(8, n_bytes - i));
        fputc('\n', f);
    }
    return n_bytes;
}
#endif

void disas_host(FILE *f, const uint8_t *code, size_t n_bytes)
{
    disas_x86(f, 64, (uintptr_t)code, code, n_bytes, 0);
}
