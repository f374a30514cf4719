/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/irq.h"
#include <glib.h>

struct IrqLine {
    IrqHandler *handler;
    void *opaque;
    int n;
    IrqHandler *seen;           /* qtest's look */
    void *seen_opaque;
};

IrqLine *irq_new(IrqHandler *handler, void *opaque, int n)
{
    IrqLine *irq = g_new0(IrqLine, 1);

    *irq = (IrqLine){ .handler = handler, .opaque = opaque, .n = n };
    return irq;
}

void irq_free(IrqLine *irq)
{
    g_free(irq);
}

void irq_set(IrqLine *irq, int level)
{
    if (!irq) {
        return;
    }
    if (irq->seen) {
        irq->seen(irq->seen_opaque, irq->n, level);
    }
    irq->handler(irq->opaque, irq->n, level);
}

IrqLine **irq_new_array(IrqHandler *handler, void *opaque, int n)
{
    IrqLine **lines = g_new(IrqLine *, n);

    for (int i = 0; i < n; i++) {
        lines[i] = irq_new(handler, opaque, i);
    }
    return lines;
}

void irq_intercept(IrqLine *irq, IrqHandler *seen, void *opaque)
{
    irq->seen = seen;
    irq->seen_opaque = opaque;
}
