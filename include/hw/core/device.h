/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices and buses. Life: object_new() -> properties -> device_realize() -> (reset)* -> unrealize.
 * Everything under the big lock.
 */
#ifndef HW_CORE_DEVICE_H
#define HW_CORE_DEVICE_H

#include "hw/core/irq.h"
#include "memory/memory.h"
#include "qom/object.h"

#define TYPE_DEVICE "device"
#define TYPE_BUS "bus"

typedef struct Bus Bus;
DECLARE_TYPE(Device, device, TYPE_DEVICE)

struct Device {
    Object parent;
    Bus *bus;                           /* where it sits; NULL: on the board itself */
    bool realized;
    bool hotplugged;
    GPtrArray *child_buses;             /* Bus *, owned; NULL: none */
};

typedef struct DeviceClass {
    ObjectClass parent;
    const char *bus_type;               /* bus it plugs into, e.g. "vmbus"; NULL: board device */
    const char *category;               /* for -device help: "Misc", "Network" ... */
    bool user_creatable;                /* -device accepts it */
    bool hotpluggable;
    struct Bus *(*default_bus)(Error **errp);   /* makes the bus if there is none; NULL: nobody */
    bool (*realize)(Device *dev, Error **errp);
    void (*unrealize)(Device *dev);
    void (*reset)(Device *dev);         /* machine reset and power-on */
    void (*print_info)(Device *dev, FILE *f);   /* more lines for "info qtree" */
} DeviceClass;

struct Bus {
    Object parent;
    Device *owner;
    GPtrArray *devices;                 /* Device *, borrowed; they are children of the owner */
    unsigned max_devices;               /* 0: no limit */
    void (*reset)(Bus *bus);
};
static inline Bus *bus(void *obj) { return (Bus *)object_check(obj, TYPE_BUS, __FILE__, __LINE__); }
static inline DeviceClass *device_class(ObjectClass *k) { return (DeviceClass *)k; }
static inline DeviceClass *device_get_class(void *dev)
{ return (DeviceClass *)((Object *)dev)->klass; }

/* TypeInfo.class_init of devices on the board itself: .class_data is their DeviceMethods */
typedef struct DeviceMethods {
    bool (*realize)(Device *dev, Error **errp);
    void (*reset)(Device *dev);
    void (*print_info)(Device *dev, FILE *f);
} DeviceMethods;
void device_class_methods(ObjectClass *klass);

/* @id NULL: a name is made ("device[3]"). On failure the device is gone. */
bool device_realize(Device *dev, Bus *bus, const char *id, Error **errp);
void device_unrealize(Device *dev);     /* also removes it from its bus and the tree */
Bus *bus_new(const char *type, Device *owner, const char *name);    /* owner NULL: main bus */
Bus *bus_find(const char *type);        /* first bus of that type; NULL */
Device *device_find(const char *id_or_path);            /* NULL */
Device *device_find_type(const char *type, Device *after);      /* walk; NULL after the last */
void device_reset_all(void);            /* machine reset: devices in the order of their creation */
void device_print_tree(FILE *f);        /* info qtree */

/**
 * device_add_opts - "-device driver,prop=value,..." and QMP device_add
 * @opts: keys and values in order, without driver and id
 * Thread: big lock. Errors as QEMU words them ("'foo' is not a valid device model name",
 * "Property 'x.y' not found", "No 'vmbus' bus found for device 'hv-balloon'").
 */
typedef struct KeyValue { char *key, *value; } KeyValue;
Device *device_add_opts(const char *driver, const char *id, const KeyValue *opts, unsigned n_opts,
                        bool hotplug, Error **errp);
void device_help(FILE *f);                                      /* -device help */
bool device_help_props(const char *driver, FILE *f, Error **errp);      /* -device X,help */
void global_property_add(const char *driver, const char *prop, const char *value);  /* -global */

/*
 * What devices know of the machine they are on; filled in by the board at start-up, read-only
 * afterwards. One machine a process; devices get it at realize by machine_services().
 */
typedef struct MachineServices {
    IrqLine *(*isa_irq)(unsigned n);            /* input 0..15 */
    void (*reset_request)(bool guest_asked);    /* system reset, soon */
    void (*shutdown_request)(bool guest_asked); /* power off, soon */
    void (*debug_exit)(int status);             /* isa-debug-exit */
    void (*guest_panicked)(void);
    void (*flush_output)(void);                 /* the program ends: what devices still hold */
    void (*msi_send)(uint64_t gpa, uint32_t data);
    uint64_t ram_bytes, maxram_bytes;
    uint64_t hotplug_gpa, hotplug_bytes;        /* window for memory devices; 0 bytes: none */
    unsigned n_cpus, n_slots;
    MemoryRegion *system_memory, *system_io;
    const char *(*machine_name)(void);
    /* ACPI: adds AML to the DSDT's \_SB scope; called by the board when tables are built */
    GPtrArray *acpi_builders;                   /* AcpiBuilder *, borrowed */
    bool s4_disabled;                           /* a device that cannot live with S4 is present */
    void (*acpi_notify_powerdown)(void);        /* power button */
} MachineServices;
MachineServices *machine_services(void);

struct Aml;
typedef struct AcpiBuilder {
    void (*build)(struct Aml *sb_scope, void *opaque);
    void *opaque;
} AcpiBuilder;

#endif
