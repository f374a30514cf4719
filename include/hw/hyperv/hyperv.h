/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hyper-V devices as a board sees them: one call before vCPUs run, after they are created. */
#ifndef HW_HYPERV_HYPERV_H
#define HW_HYPERV_HYPERV_H

#include "accel/hyperv.h"

/**
 * hyperv_create - SynICs, synthetic timers and ports of the machine, one set a vCPU
 * @arch: kept
 * @n_vps: most vCPUs there will be
 * Returns the table for the architecture (x86_hyperv_attach()). They are reset as a device.
 */
const HyperVOps *hyperv_create(const HyperVArch *arch, unsigned n_vps);

#endif
