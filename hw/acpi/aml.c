/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AML builder. A node holds finished bytes of its contents; its head (opcode, package length,
 * element count) is written when the node is consumed. Source: ACPI 6.4, chapters 20 and 6.4.
 */
#include "hw/acpi/aml.h"

#include <assert.h>
#include <string.h>

typedef enum AmlKind {
    AML_RAW,            /* bytes as they are */
    AML_BLOCK,          /* opcode, PkgLength, bytes */
    AML_BUFFER,         /* BufferOp, PkgLength, size, bytes */
    AML_RESOURCES,      /* the same with an end tag */
    AML_PACKAGE,        /* PackageOp, PkgLength, count, bytes */
} AmlKind;

struct Aml {
    AmlKind kind;
    uint8_t op[2];      /* AML_BLOCK */
    unsigned n_op, n_elements;
    GByteArray *bytes;
};

enum {
    OP_ZERO = 0x00, OP_ONE = 0x01, OP_ALIAS = 0x06, OP_NAME = 0x08, OP_BYTE = 0x0a, OP_WORD = 0x0b,
    OP_DWORD = 0x0c, OP_STRING = 0x0d, OP_QWORD = 0x0e, OP_SCOPE = 0x10, OP_BUFFER = 0x11,
    OP_PACKAGE = 0x12, OP_METHOD = 0x14, OP_EXTERNAL = 0x15, OP_DUAL_NAME = 0x2e,
    OP_MULTI_NAME = 0x2f, OP_EXT = 0x5b, OP_LOCAL0 = 0x60, OP_ARG0 = 0x68, OP_STORE = 0x70,
    OP_ADD = 0x72, OP_SUBTRACT = 0x74, OP_INCREMENT = 0x75, OP_DECREMENT = 0x76,
    OP_MULTIPLY = 0x77, OP_SHIFTLEFT = 0x79, OP_SHIFTRIGHT = 0x7a, OP_AND = 0x7b, OP_OR = 0x7d,
    OP_XOR = 0x7f, OP_DEREFOF = 0x83, OP_NOTIFY = 0x86, OP_SIZEOF = 0x87, OP_INDEX = 0x88,
    OP_CREATE_DWORD = 0x8a, OP_CREATE_QWORD = 0x8f, OP_LAND = 0x90, OP_LOR = 0x91, OP_LNOT = 0x92,
    OP_LEQUAL = 0x93, OP_LGREATER = 0x94, OP_LLESS = 0x95, OP_IF = 0xa0, OP_ELSE = 0xa1,
    OP_WHILE = 0xa2, OP_RETURN = 0xa4, OP_BREAK = 0xa5, OP_ONES = 0xff,
    EXT_MUTEX = 0x01, EXT_SLEEP = 0x22, EXT_ACQUIRE = 0x23, EXT_RELEASE = 0x27, EXT_REGION = 0x80,
    EXT_FIELD = 0x81, EXT_DEVICE = 0x82,
};

static Aml *aml_new(AmlKind kind)
{
    Aml *a = g_new0(Aml, 1);

    a->kind = kind;
    a->bytes = g_byte_array_new();
    return a;
}

static void put8(Aml *a, uint8_t v)
{
    g_byte_array_append(a->bytes, &v, 1);
}

static void put_le(Aml *a, uint64_t v, unsigned n_bytes)
{
    while (n_bytes--) {
        put8(a, v & 0xff);
        v >>= 8;
    }
}

static Aml *aml_op(uint8_t op)
{
    Aml *a = aml_new(AML_RAW);

    put8(a, op);
    return a;
}

static Aml *aml_ext_op(uint8_t op)
{
    Aml *a = aml_op(OP_EXT);

    put8(a, op);
    return a;
}

static Aml *aml_block(uint8_t op)
{
    Aml *a = aml_new(AML_BLOCK);

    a->op[0] = op;
    a->n_op = 1;
    return a;
}

static Aml *aml_ext_block(uint8_t op)
{
    Aml *a = aml_block(OP_EXT);

    a->op[1] = op;
    a->n_op = 2;
    return a;
}

Aml *aml_list(void)
{
    return aml_new(AML_RAW);
}

void aml_free(Aml *a)
{
    if (a) {
        g_byte_array_unref(a->bytes);
        g_free(a);
    }
}

/* PkgLength counts itself when @self; the fields of a Field list use it without. */
static unsigned pkg_length(uint8_t out[4], size_t payload, bool self)
{
    unsigned n = payload + self <= 0x3f ? 1 : payload + 2 * self <= 0xfff ? 2 :
                 payload + 3 * self <= 0xfffff ? 3 : 4;
    size_t len = payload + (self ? n : 0);

    assert(len < 1u << 28);
    if (n == 1) {
        out[0] = len;
        return 1;
    }
    out[0] = (n - 1) << 6 | (len & 0xf);
    len >>= 4;
    for (unsigned i = 1; i < n; i++) {
        out[i] = len & 0xff;
        len >>= 8;
    }
    return n;
}

static void put_int(GByteArray *out, uint64_t v)
{
    uint8_t buf[9] = { v };
    unsigned n = v > 0xffffffff ? 8 : v > 0xffff ? 4 : v > 0xff ? 2 : 1;

    if (v == 0 || v == 1 || v == UINT64_MAX) {
        g_byte_array_append(out, buf, 1);
        return;
    }
    buf[0] = n == 8 ? OP_QWORD : n == 4 ? OP_DWORD : n == 2 ? OP_WORD : OP_BYTE;
    for (unsigned i = 0; i < n; i++) {
        buf[1 + i] = v >> (8 * i);
    }
    g_byte_array_append(out, buf, 1 + n);
}

/* Between the opcode and the contents of a block that is more than bytes. */
static GByteArray *aml_head(const Aml *a)
{
    static const uint8_t end_tag[2] = { 0x79, 0 };
    GByteArray *head = g_byte_array_new();

    if (a->kind == AML_RESOURCES) {
        g_byte_array_append(a->bytes, end_tag, 2);
    }
    if (a->kind == AML_PACKAGE) {
        uint8_t n = a->n_elements;
        g_byte_array_append(head, &n, 1);
    } else if (a->kind == AML_BUFFER || a->kind == AML_RESOURCES) {
        put_int(head, a->bytes->len);
    }
    return head;
}

GByteArray *aml_encode(Aml *a)
{
    if (a->kind == AML_RAW) {
        GByteArray *bytes = g_byte_array_ref(a->bytes);
        aml_free(a);
        return bytes;
    }

    static const uint8_t ops[] = { [AML_BUFFER] = OP_BUFFER, [AML_RESOURCES] = OP_BUFFER,
                                   [AML_PACKAGE] = OP_PACKAGE };
    g_autoptr(GByteArray) head = aml_head(a);
    GByteArray *out = g_byte_array_new();
    uint8_t len[4];
    unsigned n_len = pkg_length(len, head->len + a->bytes->len, true);

    if (a->kind == AML_BLOCK) {
        g_byte_array_append(out, a->op, a->n_op);
    } else {
        g_byte_array_append(out, &ops[a->kind], 1);
    }
    g_byte_array_append(out, len, n_len);
    g_byte_array_append(out, head->data, head->len);
    g_byte_array_append(out, a->bytes->data, a->bytes->len);
    aml_free(a);
    return out;
}

void aml_append(Aml *parent, Aml *child)
{
    g_autoptr(GByteArray) bytes = aml_encode(child);

    g_byte_array_append(parent->bytes, bytes->data, bytes->len);
    parent->n_elements++;
}

/* ---- names ---- */

static void put_segment(Aml *a, const char *seg, size_t n)
{
    char buf[4] = { '_', '_', '_', '_' };

    assert(n >= 1 && n <= 4);
    memcpy(buf, seg, n);
    g_byte_array_append(a->bytes, (const uint8_t *)buf, 4);
}

static void put_name(Aml *a, const char *name)
{
    g_auto(GStrv) segs = NULL;
    unsigned n = 0;

    while (*name == '\\' || *name == '^') {
        put8(a, *name++);
    }
    segs = g_strsplit(name, ".", -1);
    while (segs[n] && segs[n][0]) {
        n++;
    }
    if (n == 0) {
        put8(a, 0);
    } else if (n == 2) {
        put8(a, OP_DUAL_NAME);
    } else if (n > 2) {
        put8(a, OP_MULTI_NAME);
        put8(a, n);
    }
    for (unsigned i = 0; i < n; i++) {
        put_segment(a, segs[i], strlen(segs[i]));
    }
}

#define FORMAT(s, fmt) \
    g_autofree char *s = NULL; \
    { va_list ap; va_start(ap, fmt); s = g_strdup_vprintf(fmt, ap); va_end(ap); }

Aml *aml_name(const char *fmt, ...)
{
    FORMAT(s, fmt)
    Aml *a = aml_new(AML_RAW);

    put_name(a, s);
    return a;
}

Aml *aml_name_decl(const char *name, Aml *value)
{
    Aml *a = aml_op(OP_NAME);

    put_name(a, name);
    aml_append(a, value);
    return a;
}

Aml *aml_scope(const char *fmt, ...)
{
    FORMAT(s, fmt)
    Aml *a = aml_block(OP_SCOPE);

    put_name(a, s);
    return a;
}

Aml *aml_device(const char *fmt, ...)
{
    FORMAT(s, fmt)
    Aml *a = aml_ext_block(EXT_DEVICE);

    put_name(a, s);
    return a;
}

Aml *aml_method(const char *name, unsigned n_args, bool serialized)
{
    Aml *a = aml_block(OP_METHOD);

    assert(n_args <= 7);
    put_name(a, name);
    put8(a, n_args | (serialized ? 8 : 0));
    return a;
}

Aml *aml_mutex(const char *name, unsigned sync_level)
{
    Aml *a = aml_ext_op(EXT_MUTEX);

    put_name(a, name);
    put8(a, sync_level & 0xf);
    return a;
}

Aml *aml_alias(const char *source, const char *alias)
{
    Aml *a = aml_op(OP_ALIAS);

    put_name(a, source);
    put_name(a, alias);
    return a;
}

Aml *aml_external(const char *name, uint8_t type, uint8_t n_args)
{
    Aml *a = aml_op(OP_EXTERNAL);

    put_name(a, name);
    put8(a, type);
    put8(a, n_args);
    return a;
}

/* ---- data ---- */

Aml *aml_int(uint64_t val)
{
    Aml *a = aml_new(AML_RAW);

    put_int(a->bytes, val);
    return a;
}

Aml *aml_string(const char *fmt, ...)
{
    FORMAT(s, fmt)
    Aml *a = aml_op(OP_STRING);

    g_byte_array_append(a->bytes, (const uint8_t *)s, strlen(s) + 1);
    return a;
}

/* Three 5-bit letters and four hex digits, stored big-endian in a DWord. */
Aml *aml_eisaid(const char *id)
{
    Aml *a = aml_op(OP_DWORD);
    uint32_t v = 0;

    assert(strlen(id) == 7);
    for (unsigned i = 0; i < 3; i++) {
        v = v << 5 | ((id[i] - 0x40) & 0x1f);
    }
    for (unsigned i = 3; i < 7; i++) {
        v = v << 4 | g_ascii_xdigit_value(id[i]);
    }
    put_le(a, GUINT32_SWAP_LE_BE(v), 4);
    return a;
}

/* aabbccdd-eeff-gghh-iijj-kkllmmnnoopp: the first three fields are little-endian */
Aml *aml_uuid(const char *uuid)
{
    static const uint8_t at[16] = { 6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34 };
    uint8_t b[16];

    assert(strlen(uuid) == 36);
    for (unsigned i = 0; i < 16; i++) {
        b[i] = g_ascii_xdigit_value(uuid[at[i]]) << 4 | g_ascii_xdigit_value(uuid[at[i] + 1]);
    }
    return aml_buffer(b, 16);
}

Aml *aml_buffer(const void *bytes, size_t n)
{
    Aml *a = aml_new(AML_BUFFER);

    g_byte_array_set_size(a->bytes, n);
    if (bytes) {
        memcpy(a->bytes->data, bytes, n);
    } else if (n) {
        memset(a->bytes->data, 0, n);
    }
    return a;
}

Aml *aml_package(void)
{
    return aml_new(AML_PACKAGE);
}

/* ---- methods ---- */

Aml *aml_arg(unsigned n)
{
    assert(n < 7);
    return aml_op(OP_ARG0 + n);
}

Aml *aml_local(unsigned n)
{
    assert(n < 8);
    return aml_op(OP_LOCAL0 + n);
}

static Aml *with(Aml *a, Aml *operand)
{
    aml_append(a, operand);
    return a;
}

static Aml *with_target(Aml *a, Aml *target)
{
    return with(a, target ? target : aml_op(OP_ZERO));
}

Aml *aml_if(Aml *cond) { return with(aml_block(OP_IF), cond); }
Aml *aml_else(void) { return aml_block(OP_ELSE); }
Aml *aml_while(Aml *cond) { return with(aml_block(OP_WHILE), cond); }
Aml *aml_break(void) { return aml_op(OP_BREAK); }
Aml *aml_return(Aml *val) { return with(aml_op(OP_RETURN), val); }
Aml *aml_store(Aml *val, Aml *target) { return with(with(aml_op(OP_STORE), val), target); }
Aml *aml_call0(const char *method) { return aml_name("%s", method); }
Aml *aml_call1(const char *method, Aml *a) { return with(aml_call0(method), a); }
Aml *aml_call2(const char *method, Aml *a, Aml *b) { return with(aml_call1(method, a), b); }
Aml *aml_call3(const char *method, Aml *a, Aml *b, Aml *c)
{
    return with(aml_call2(method, a, b), c);
}

Aml *aml_call4(const char *method, Aml *a, Aml *b, Aml *c, Aml *d)
{
    return with(aml_call3(method, a, b, c), d);
}

Aml *aml_notify(Aml *object, Aml *val) { return with(with(aml_op(OP_NOTIFY), object), val); }

Aml *aml_acquire(Aml *mutex, uint16_t timeout_ms)
{
    Aml *a = with(aml_ext_op(EXT_ACQUIRE), mutex);

    put_le(a, timeout_ms, 2);
    return a;
}

Aml *aml_release(Aml *mutex) { return with(aml_ext_op(EXT_RELEASE), mutex); }
Aml *aml_sleep(uint64_t ms) { return with(aml_ext_op(EXT_SLEEP), aml_int(ms)); }

/* ---- expressions ---- */

#define BINARY_TARGET(name, op) \
    Aml *aml_##name(Aml *a, Aml *b, Aml *target) \
    { return with_target(with(with(aml_op(op), a), b), target); }
BINARY_TARGET(add, OP_ADD)
BINARY_TARGET(subtract, OP_SUBTRACT)
BINARY_TARGET(multiply, OP_MULTIPLY)
BINARY_TARGET(and, OP_AND)
BINARY_TARGET(or, OP_OR)
BINARY_TARGET(xor, OP_XOR)
BINARY_TARGET(shiftleft, OP_SHIFTLEFT)
BINARY_TARGET(shiftright, OP_SHIFTRIGHT)

#define BINARY(name, op) \
    Aml *aml_##name(Aml *a, Aml *b) { return with(with(aml_op(op), a), b); }
BINARY(equal, OP_LEQUAL)
BINARY(less, OP_LLESS)
BINARY(greater, OP_LGREATER)
BINARY(land, OP_LAND)
BINARY(lor, OP_LOR)

#define UNARY(name, op) Aml *aml_##name(Aml *a) { return with(aml_op(op), a); }
UNARY(derefof, OP_DEREFOF)
UNARY(sizeof, OP_SIZEOF)
UNARY(increment, OP_INCREMENT)
UNARY(decrement, OP_DECREMENT)
UNARY(lnot, OP_LNOT)

Aml *aml_index(Aml *object, Aml *idx)
{
    return with_target(with(with(aml_op(OP_INDEX), object), idx), NULL);
}

/* ---- operation regions ---- */

Aml *aml_operation_region(const char *name, AmlSpace space, Aml *offset, uint64_t len_bytes)
{
    Aml *a = aml_ext_op(EXT_REGION);

    put_name(a, name);
    put8(a, space);
    aml_append(a, offset);
    aml_append(a, aml_int(len_bytes));
    return a;
}

Aml *aml_field(const char *region, AmlAccess access, bool lock, AmlUpdate update)
{
    Aml *a = aml_ext_block(EXT_FIELD);

    put_name(a, region);
    put8(a, access | (lock ? 0x10 : 0) | update << 5);
    return a;
}

static void put_field_bits(Aml *a, unsigned bits)
{
    uint8_t len[4];
    unsigned n = pkg_length(len, bits, false);

    g_byte_array_append(a->bytes, len, n);
}

Aml *aml_named_field(const char *name, unsigned bits)
{
    Aml *a = aml_new(AML_RAW);

    put_segment(a, name, strlen(name));
    put_field_bits(a, bits);
    return a;
}

Aml *aml_reserved_field(unsigned bits)
{
    Aml *a = aml_op(0);

    put_field_bits(a, bits);
    return a;
}

static Aml *aml_create_field(uint8_t op, Aml *buffer, Aml *byte_idx, const char *name)
{
    Aml *a = with(with(aml_op(op), buffer), byte_idx);

    put_name(a, name);
    return a;
}

Aml *aml_create_dword_field(Aml *buffer, Aml *byte_idx, const char *name)
{
    return aml_create_field(OP_CREATE_DWORD, buffer, byte_idx, name);
}

Aml *aml_create_qword_field(Aml *buffer, Aml *byte_idx, const char *name)
{
    return aml_create_field(OP_CREATE_QWORD, buffer, byte_idx, name);
}

/* ---- resource descriptors ---- */

enum {
    RES_IRQ2 = 0x22, RES_IRQ3 = 0x23, RES_DMA = 0x2a, RES_IO = 0x47, RES_MEM32_FIXED = 0x86,
    RES_DWORD = 0x87, RES_WORD = 0x88, RES_INTERRUPT = 0x89, RES_QWORD = 0x8a,
    SPACE_MEM = 0, SPACE_IO = 1, SPACE_BUS = 2,
    ADDR_MIN_FIXED = 1 << 2, ADDR_MAX_FIXED = 1 << 3, IO_ENTIRE_RANGE = 3,
};

Aml *aml_resource_template(void)
{
    return aml_new(AML_RESOURCES);
}

Aml *aml_irq_no_flags(unsigned irq)
{
    Aml *a = aml_op(RES_IRQ2);

    assert(irq < 16);
    put_le(a, 1u << irq, 2);
    return a;
}

Aml *aml_irq(unsigned irq, unsigned flags)
{
    Aml *a = aml_op(RES_IRQ3);

    assert(irq < 16);
    put_le(a, 1u << irq, 2);
    put8(a, (flags & AML_IRQ_LEVEL ? 0 : 1) | (flags & AML_IRQ_ACTIVE_LOW ? 1 << 3 : 0) |
            (flags & AML_IRQ_SHARED ? 1 << 4 : 0) | (flags & AML_IRQ_WAKE ? 1 << 5 : 0));
    return a;
}

Aml *aml_interrupt(unsigned flags, const uint32_t *gsis, unsigned n)
{
    Aml *a = aml_op(RES_INTERRUPT);

    put_le(a, 2 + 4 * n, 2);
    put8(a, 1 | (flags & AML_IRQ_LEVEL ? 0 : 1 << 1) | (flags & AML_IRQ_ACTIVE_LOW ? 1 << 2 : 0) |
            (flags & AML_IRQ_SHARED ? 1 << 3 : 0) | (flags & AML_IRQ_WAKE ? 1 << 4 : 0));
    put8(a, n);
    for (unsigned i = 0; i < n; i++) {
        put_le(a, gsis[i], 4);
    }
    return a;
}

Aml *aml_dma(unsigned channel)
{
    Aml *a = aml_op(RES_DMA);

    put8(a, 1u << channel);
    put8(a, 0);             /* compatibility timing, not a bus master, 8 bits */
    return a;
}

Aml *aml_io(uint16_t min, uint16_t max, uint8_t align, uint8_t len)
{
    Aml *a = aml_op(RES_IO);

    put8(a, 1);
    put_le(a, min, 2);
    put_le(a, max, 2);
    put8(a, align);
    put8(a, len);
    return a;
}

Aml *aml_memory32_fixed(uint32_t base, uint32_t len_bytes, bool rw)
{
    Aml *a = aml_op(RES_MEM32_FIXED);

    put_le(a, 9, 2);
    put8(a, rw);
    put_le(a, base, 4);
    put_le(a, len_bytes, 4);
    return a;
}

/* Word, DWord and QWord address space descriptors differ in the width of five fields. */
static Aml *aml_address(uint8_t tag, unsigned width, uint8_t space, uint8_t space_flags,
                        uint64_t min, uint64_t max)
{
    Aml *a = aml_op(tag);

    put_le(a, 3 + 5 * width, 2);
    put8(a, space);
    put8(a, ADDR_MIN_FIXED | ADDR_MAX_FIXED);
    put8(a, space_flags);
    put_le(a, 0, width);                /* granularity */
    put_le(a, min, width);
    put_le(a, max, width);
    put_le(a, 0, width);                /* translation */
    put_le(a, max - min + 1, width);
    return a;
}

Aml *aml_word_bus_number(uint16_t min, uint16_t max)
{
    return aml_address(RES_WORD, 2, SPACE_BUS, 0, min, max);
}

Aml *aml_word_io(uint16_t min, uint16_t max)
{
    return aml_address(RES_WORD, 2, SPACE_IO, IO_ENTIRE_RANGE, min, max);
}

Aml *aml_dword_io(uint32_t min, uint32_t max)
{
    return aml_address(RES_DWORD, 4, SPACE_IO, IO_ENTIRE_RANGE, min, max);
}

Aml *aml_dword_memory(uint32_t min, uint32_t max, unsigned flags)
{
    return aml_address(RES_DWORD, 4, SPACE_MEM, flags, min, max);
}

Aml *aml_qword_memory(uint64_t min, uint64_t max, unsigned flags)
{
    return aml_address(RES_QWORD, 8, SPACE_MEM, flags, min, max);
}
