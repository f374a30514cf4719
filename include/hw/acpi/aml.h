/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI Machine Language, built bottom-up.
 *
 *     Aml *dev = aml_device("COM1");
 *     aml_append(dev, aml_name_decl("_HID", aml_eisaid("PNP0501")));
 *     Aml *crs = aml_resource_template();
 *     aml_append(crs, aml_io(0x3f8, 0x3f8, 0, 8));
 *     aml_append(crs, aml_irq_no_flags(4));
 *     aml_append(dev, aml_name_decl("_CRS", crs));
 *     aml_append(sb_scope, dev);
 *
 * Ownership: every Aml handed to a function is consumed, but for the first argument of
 * aml_append(). What is left over at the end is freed by aml_free().
 */
#ifndef HW_ACPI_AML_H
#define HW_ACPI_AML_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Aml Aml;

Aml *aml_list(void);                            /* a bare sequence of terms, e.g. a table's body */
void aml_append(Aml *parent, Aml *child);       /* takes child */
GByteArray *aml_encode(Aml *a);                 /* takes a; the bytes are the caller's */
void aml_free(Aml *a);

/* names and namespace. Names: "_CRS", "\\_SB.PCI0", "^^FOO"; printf formats */
Aml *aml_name(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
Aml *aml_name_decl(const char *name, Aml *value);
Aml *aml_scope(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
Aml *aml_device(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
Aml *aml_method(const char *name, unsigned n_args, bool serialized);
Aml *aml_mutex(const char *name, unsigned sync_level);
Aml *aml_alias(const char *source, const char *alias);
Aml *aml_external(const char *name, uint8_t type, uint8_t n_args);

/* data */
Aml *aml_int(uint64_t val);
Aml *aml_string(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
Aml *aml_eisaid(const char *id);                /* "PNP0A03" */
Aml *aml_uuid(const char *uuid);                /* ToUUID("c1b2...") */
Aml *aml_buffer(const void *bytes, size_t n);   /* bytes NULL: n zero bytes */
Aml *aml_package(void);                         /* aml_append() its elements: up to 255 */

/* methods */
Aml *aml_arg(unsigned n);
Aml *aml_local(unsigned n);
Aml *aml_if(Aml *cond);
Aml *aml_else(void);
Aml *aml_while(Aml *cond);
Aml *aml_break(void);
Aml *aml_return(Aml *val);
Aml *aml_store(Aml *val, Aml *target);
Aml *aml_call0(const char *method);
Aml *aml_call1(const char *method, Aml *a);
Aml *aml_call2(const char *method, Aml *a, Aml *b);
Aml *aml_call3(const char *method, Aml *a, Aml *b, Aml *c);
Aml *aml_call4(const char *method, Aml *a, Aml *b, Aml *c, Aml *d);
Aml *aml_notify(Aml *object, Aml *val);
Aml *aml_acquire(Aml *mutex, uint16_t timeout_ms);
Aml *aml_release(Aml *mutex);
Aml *aml_sleep(uint64_t ms);

/* expressions. target NULL: none */
Aml *aml_add(Aml *a, Aml *b, Aml *target);
Aml *aml_subtract(Aml *a, Aml *b, Aml *target);
Aml *aml_multiply(Aml *a, Aml *b, Aml *target);
Aml *aml_and(Aml *a, Aml *b, Aml *target);
Aml *aml_or(Aml *a, Aml *b, Aml *target);
Aml *aml_xor(Aml *a, Aml *b, Aml *target);
Aml *aml_shiftleft(Aml *a, Aml *count, Aml *target);
Aml *aml_shiftright(Aml *a, Aml *count, Aml *target);
Aml *aml_index(Aml *object, Aml *idx);
Aml *aml_derefof(Aml *ref);
Aml *aml_sizeof(Aml *object);
Aml *aml_increment(Aml *target);
Aml *aml_decrement(Aml *target);
Aml *aml_equal(Aml *a, Aml *b);
Aml *aml_less(Aml *a, Aml *b);
Aml *aml_greater(Aml *a, Aml *b);
Aml *aml_land(Aml *a, Aml *b);
Aml *aml_lor(Aml *a, Aml *b);
Aml *aml_lnot(Aml *a);

/* operation regions */
typedef enum AmlSpace { AML_SYSTEM_MEMORY, AML_SYSTEM_IO, AML_PCI_CONFIG } AmlSpace;
typedef enum AmlAccess { AML_ANY_ACC, AML_BYTE_ACC, AML_WORD_ACC, AML_DWORD_ACC,
                         AML_QWORD_ACC } AmlAccess;
typedef enum AmlUpdate { AML_PRESERVE, AML_WRITE_AS_ONES, AML_WRITE_AS_ZEROS } AmlUpdate;
Aml *aml_operation_region(const char *name, AmlSpace space, Aml *offset, uint64_t len_bytes);
Aml *aml_field(const char *region, AmlAccess access, bool lock, AmlUpdate update);
Aml *aml_named_field(const char *name, unsigned bits);          /* into aml_field() */
Aml *aml_reserved_field(unsigned bits);
Aml *aml_create_dword_field(Aml *buffer, Aml *byte_idx, const char *name);
Aml *aml_create_qword_field(Aml *buffer, Aml *byte_idx, const char *name);

/* resource descriptors */
typedef enum AmlIrqFlags {
    AML_IRQ_LEVEL = 1, AML_IRQ_ACTIVE_LOW = 2, AML_IRQ_SHARED = 4, AML_IRQ_WAKE = 8,
} AmlIrqFlags;
typedef enum AmlMemFlags {
    AML_MEM_RW = 1, AML_MEM_CACHEABLE = 2, AML_MEM_PREFETCHABLE = 6,
} AmlMemFlags;
Aml *aml_resource_template(void);
Aml *aml_irq_no_flags(unsigned irq);                    /* short, 2 bytes: edge, active high */
Aml *aml_irq(unsigned irq, unsigned flags);             /* short, 3 bytes: AmlIrqFlags */
Aml *aml_interrupt(unsigned flags, const uint32_t *gsis, unsigned n);   /* extended; consumer */
Aml *aml_dma(unsigned channel);
Aml *aml_io(uint16_t min, uint16_t max, uint8_t align, uint8_t len);    /* decodes 16 bits */
Aml *aml_memory32_fixed(uint32_t base, uint32_t len_bytes, bool rw);
/* address spaces; producer (bridge windows), min and max fixed unless len says less */
Aml *aml_word_bus_number(uint16_t min, uint16_t max);
Aml *aml_word_io(uint16_t min, uint16_t max);
Aml *aml_dword_io(uint32_t min, uint32_t max);
Aml *aml_dword_memory(uint32_t min, uint32_t max, unsigned flags);      /* AmlMemFlags */
Aml *aml_qword_memory(uint64_t min, uint64_t max, unsigned flags);

#endif
