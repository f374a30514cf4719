/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupt lines: an output pin of one device tied to an input of another. Big lock. */
#ifndef HW_CORE_IRQ_H
#define HW_CORE_IRQ_H

#include <stdbool.h>

typedef struct IrqLine IrqLine;         /* NULL: not connected, everything is a no-op */
typedef void IrqHandler(void *opaque, int n, int level);

IrqLine *irq_new(IrqHandler *handler, void *opaque, int n);
void irq_free(IrqLine *irq);
void irq_set(IrqLine *irq, int level);
static inline void irq_raise(IrqLine *irq) { irq_set(irq, 1); }
static inline void irq_lower(IrqLine *irq) { irq_set(irq, 0); }
static inline void irq_pulse(IrqLine *irq) { irq_set(irq, 1); irq_set(irq, 0); }
/* an array of @n lines to the same handler; g_free() the array, irq_free() the lines */
IrqLine **irq_new_array(IrqHandler *handler, void *opaque, int n);
/* qtest: sees every level change of a line before its handler does; NULL ends it */
void irq_intercept(IrqLine *irq, IrqHandler *seen, void *opaque);

#endif
