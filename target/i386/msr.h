/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MSR table as its test sees it; everybody else uses x86_rdmsr(), x86_wrmsr(). */
#ifndef TARGET_I386_MSR_H
#define TARGET_I386_MSR_H

#include "target/i386/cpu.h"

bool x86_msr_row(unsigned i, uint32_t *first, uint32_t *last);

#endif
