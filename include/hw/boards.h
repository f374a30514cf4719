/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What system/ asks of a board. */
#ifndef HW_BOARDS_H
#define HW_BOARDS_H

#include "chardev/chardev.h"
#include "util/error.h"

typedef struct MachineOptions {         /* after command-line parsing; strings borrowed */
    const char *machine;                /* "pc", "none", ... */
    const char *machine_props;          /* "acpi=off,hpet=off" after the name, or NULL */
    uint64_t ram_bytes, maxram_bytes;
    unsigned n_slots, n_cpus, max_cpus;
    const char *cpu_model;              /* NULL: board's default */
    const char *kernel, *initrd, *append, *bios;
    bool no_reboot, no_shutdown, acpi;
    bool with_hyperv_devices;           /* a -device of VMBus is present: enable hv-* flags if none */
    Chardev *serial[4];                 /* NULL: none */
    Chardev *debugcon;
    bool rtc_localtime;
    const char *uuid;                   /* as -uuid takes it; NULL: none */
    const char *rtc_base;               /* "2024-02-29T12:34:56"; NULL: now */
} MachineOptions;

typedef struct MachineType {
    const char *name, *alias, *desc;
    bool is_default;
    unsigned max_cpus;
    /* builds everything but -device devices; vCPUs are created stopped */
    bool (*build)(const MachineOptions *opts, Error **errp);
    /* after -device: ACPI tables, kernel loading; called once before the first reset */
    bool (*finish)(const MachineOptions *opts, Error **errp);
    /* at each reset, after devices: puts the kernel's boot state in place again */
    void (*reset)(void);
} MachineType;

extern const MachineType *const machine_types[];        /* NULL-terminated */

#endif
