/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PC: 440FX-like board, booted straight into a kernel. pc_build() lists what it is made of.
 *
 *   0          low RAM        hole      I/O APIC, HPET, APIC   4 GiB      hot-plug
 *   |-- RAM ------------|-- PCI ------|--- 0xfec00000 ... --|-- RAM ---|-- window --|
 */
#include "hw/boards.h"

#include <inttypes.h>
#include <string.h>
#include "accel/accel.h"
#include "backends/hostmem.h"
#include "hw/acpi/pm.h"
#include "hw/acpi/tables.h"
#include "hw/char/serial.h"
#include "hw/core/device.h"
#include "hw/i386/loader.h"
#include "hw/i386/smbios.h"
#include "hw/hyperv/hyperv.h"
#include "hw/input/i8042.h"
#include "hw/intc/apic-board.h"
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"
#include "hw/misc/misc.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/pci/i440fx.h"
#include "hw/rtc/mc146818.h"
#include "hw/timer/hpet.h"
#include "hw/timer/i8254.h"
#include "qom/parse.h"
#include "target/i386/cpu.h"
#include "target/i386/hyperv.h"
#include "target/i386/seg.h"
#include "util/wire.h"

#define GiB (UINT64_C(1) << 30)
#define FOUR_GIB (4 * GiB)
#define N_GSI 24
#define SCI_IRQ 9
#define RSDP_GPA 0xf5a00u
#define SMBIOS_ANCHOR_GPA 0xf5b00u
#define SMBIOS_TABLES_GPA 0xf6000u
#define SMBIOS_ROOM 0xa000u
#define ROM_BYTES 0x1000u
#define TABLES_ALIGN 0x10000u
#define HOLE_GPA_MIN 0xc0000000u
#define HOLE_LOW_MAX 0xe0000000u        /* RAM below 4 GiB never reaches beyond */
#define HOLE_END 0xfebfffffu
#define ELCR2 0x4d1

typedef struct Pc {
    char *name;
    bool acpi, hpet, pic, pit, i8042, rtc, fw_cfg, port92, serial;      /* properties */
    char *memory_backend;               /* id of the object that has the RAM; NULL: our own */
    uint64_t low_bytes, high_bytes, hotplug_gpa, hotplug_bytes;
    MemoryRegion ram_low, ram_high, vga_hole, rom;
    RAMBlock *ram;
    IrqLine **gsi;
    I8259 *i8259;
    IOApic *ioapic;
    I8254 *i8254;
    Rtc *rtc_dev;
    AcpiPm *pm;
    PciBus *pci;
    Bus *isa;
    FwCfg *fw;
    uint8_t uuid[16];
    GByteArray *smbios;
    AcpiTables *tables;
    uint64_t tables_gpa;
    KernelBoot *boot;                   /* NULL: no -kernel */
} Pc;

static Pc *the_pc;                      /* one machine a process; the MachineType has no instance */

/* ---- properties: "acpi=off,hpet=off" behind the machine's name ---- */

typedef struct PcProp { const char *name; size_t offset; } PcProp;

static const PcProp pc_props[] = {
    { "acpi", offsetof(Pc, acpi) }, { "hpet", offsetof(Pc, hpet) }, { "pic", offsetof(Pc, pic) },
    { "pit", offsetof(Pc, pit) }, { "i8042", offsetof(Pc, i8042) }, { "rtc", offsetof(Pc, rtc) },
    { "fw_cfg", offsetof(Pc, fw_cfg) }, { "isa-serial", offsetof(Pc, serial) },
};

/* switches of QEMU's pc for things that we have not or always */
static const char *const ignored_props[] = {
    "usb", "vmport", "smm", "smbus", "graphics", "dump-guest-core", "mem-merge", "kernel-irqchip",
    "kernel_irqchip", "accel", "nvdimm", "suppress-vmdesc", "memory-encryption",
    "sata", "x-oem-id", "default-bus-bypass-iommu", "fd-bootchk", "phandle-start", "type",
};

static bool is_ignored(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(ignored_props); i++) {
        if (strcmp(name, ignored_props[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool pc_set_prop(Pc *pc, const char *name, const char *value, Error **errp)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(pc_props); i++) {
        if (strcmp(name, pc_props[i].name) == 0) {
            if (!parse_bool(value, (bool *)((char *)pc + pc_props[i].offset))) {
                error_setg(errp, "Parameter '%s' expects 'on' or 'off'", name);
                return false;
            }
            return true;
        }
    }
    if (strcmp(name, "memory-backend") == 0) {
        g_free(pc->memory_backend);
        pc->memory_backend = g_strdup(value);
        return true;
    }
    if (is_ignored(name)) {
        return true;
    }
    error_setg(errp, "Property '%s-machine.%s' not found", pc->name, name);
    return false;
}

static bool pc_parse_props(Pc *pc, const char *text, Error **errp)
{
    g_auto(GStrv) parts = g_strsplit(text ? text : "", ",", -1);

    for (char **p = parts; *p; p++) {
        char *eq = strchr(*p, '=');
        if (eq) {
            *eq = '\0';
        }
        if (**p && !pc_set_prop(pc, *p, eq ? eq + 1 : "on", errp)) {
            return false;
        }
    }
    return true;
}

/* ---- interrupts ---- */

/* A global system interrupt: both controllers see it; the timer is pin 2 of the I/O APIC. */
static void gsi_set(void *opaque, int n, int level)
{
    Pc *pc = opaque;

    if (n < 16 && pc->i8259) {
        i8259_set_irq(pc->i8259, n, level);
    }
    ioapic_set_irq(pc->ioapic, n == 0 ? 2 : n, level);
}

static void isa_set(void *opaque, unsigned irq, int level)
{
    irq_set(((Pc *)opaque)->gsi[irq], level);
}

static void hpet_set_gsi(void *opaque, unsigned gsi, int level)
{
    if (gsi < N_GSI) {
        gsi_set(opaque, gsi, level);
    }
}

static void hpet_legacy_mode(void *opaque, bool on)
{
    Pc *pc = opaque;

    if (pc->i8254) {
        i8254_set_irq_enabled(pc->i8254, !on);
    }
    if (pc->rtc_dev) {
        rtc_set_irq_enabled(pc->rtc_dev, !on);
    }
}

static IrqLine *pc_isa_irq(unsigned n)
{
    return n < 16 ? the_pc->gsi[n] : NULL;
}

static void intr_changed(void *opaque, int n, int level)
{
    apic_lint0_changed(level);
}

static int extint_ack(void *opaque)
{
    return i8259_ack(((Pc *)opaque)->i8259);
}

static bool extint_pending(void *opaque)
{
    Pc *pc = opaque;

    return pc->i8259 && i8259_pending(pc->i8259);
}

static void eoi_broadcast(void *opaque, uint8_t vector)
{
    ioapic_eoi(((Pc *)opaque)->ioapic, vector);
}

static bool pc_build_irqs(Pc *pc, Error **errp)
{
    MachineServices *ms = machine_services();

    pc->gsi = irq_new_array(gsi_set, pc, N_GSI);
    ms->isa_irq = pc_isa_irq;
    ms->msi_send = apic_deliver_msi;
    apic_set_wiring(&(ApicWiring) { extint_ack, extint_pending, eoi_broadcast, pc });
    pc->ioapic = ioapic_new(ms->system_memory, IOAPIC_GPA, apic_deliver_msi, errp);
    if (!pc->ioapic || !apic_map(ms->system_memory, errp)) {
        return false;
    }
    if (pc->pic) {
        pc->i8259 = i8259_new(ms->system_io, irq_new(intr_changed, pc, 0), errp);
        return pc->i8259 != NULL;
    }
    return true;
}

/* ---- memory ---- */

static uint64_t hole_read(void *opaque, uint64_t ofs, unsigned n)
{
    return UINT64_MAX;
}

static void hole_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{
}

static const MemoryRegionOps hole_ops = { .read = hole_read, .write = hole_write };

/* Where a vCPU starts that no kernel was loaded for: cli; hlt; jmp to hlt */
static bool pc_build_rom(Pc *pc, MemoryRegion *mem, Error **errp)
{
    static const uint8_t code[] = { 0xfa, 0xf4, 0xeb, 0xfd };
    uint8_t *rom;

    if (!memory_region_init_ram(&pc->rom, NULL, "pc.rom", ROM_BYTES, errp)) {
        return false;
    }
    rom = memory_region_ram_ptr(&pc->rom);
    memset(rom, 0xf4, ROM_BYTES);
    memcpy(rom + ROM_BYTES - 16, code, sizeof(code));
    pc->rom.readonly = true;
    memory_region_add_overlap(mem, FOUR_GIB - ROM_BYTES, &pc->rom, 1);
    return true;
}

static void pc_split_ram(Pc *pc, const MachineOptions *o)
{
    uint64_t low_max = o->ram_bytes >= HOLE_LOW_MAX ? HOLE_GPA_MIN : HOLE_LOW_MAX;

    pc->low_bytes = MIN(o->ram_bytes, low_max);
    pc->high_bytes = o->ram_bytes - pc->low_bytes;
    if (o->maxram_bytes > o->ram_bytes) {       /* slots may each need room for alignment */
        pc->hotplug_gpa = (FOUR_GIB + pc->high_bytes + GiB - 1) & ~(GiB - 1);
        pc->hotplug_bytes = o->maxram_bytes - o->ram_bytes + o->n_slots * GiB;
    }
}

/* -machine memory-backend=ID, or memory of our own */
static RAMBlock *pc_find_ram(Pc *pc, uint64_t n_bytes, Error **errp)
{
    Object *backend;

    if (!pc->memory_backend) {
        return ram_block_new("pc.ram", n_bytes, 0, errp);
    }
    backend = object_resolve(pc->memory_backend);
    if (!backend || !object_is(backend, TYPE_MEMORY_BACKEND)) {
        error_setg(errp, "Memory backend '%s' not found", pc->memory_backend);
    } else if (!memory_backend_ram(backend) || memory_backend_ram(backend)->size != n_bytes) {
        error_setg(errp, "Machine memory size does not match the size of the memory backend");
    } else if (!memory_backend_claim(backend)) {
        error_setg(errp, "memory backend '%s' can't be used multiple times.", pc->memory_backend);
    } else {
        return memory_backend_ram(backend);
    }
    return NULL;
}

static bool pc_build_memory(Pc *pc, const MachineOptions *o, Error **errp)
{
    MachineServices *ms = machine_services();
    MemoryRegion *all = g_new0(MemoryRegion, 1);        /* lives as long as the machine */

    if (o->ram_bytes < 2 << 20) {
        error_setg(errp, "pc: at least 2 MiB of RAM are needed");
        return false;
    }
    pc_split_ram(pc, o);
    ms->hotplug_gpa = pc->hotplug_gpa;
    ms->hotplug_bytes = pc->hotplug_bytes;
    pc->ram = pc_find_ram(pc, o->ram_bytes, errp);
    if (!pc->ram) {
        return false;
    }
    memory_transaction_begin();
    memory_region_init_ram_block(all, NULL, "pc.ram", pc->ram);
    memory_region_init_alias(&pc->ram_low, NULL, "ram-below-4g", all, 0, pc->low_bytes);
    memory_region_add(ms->system_memory, 0, &pc->ram_low);
    if (pc->high_bytes) {
        memory_region_init_alias(&pc->ram_high, NULL, "ram-above-4g", all, pc->low_bytes,
                                 pc->high_bytes);
        memory_region_add(ms->system_memory, FOUR_GIB, &pc->ram_high);
    }
    memory_region_init_io(&pc->vga_hole, NULL, &hole_ops, NULL, "vga-hole", 0x20000);
    memory_region_add_overlap(ms->system_memory, 0xa0000, &pc->vga_hole, 1);
    bool ok = pc_build_rom(pc, ms->system_memory, errp);
    memory_transaction_commit();
    return ok;
}

/* ---- vCPUs ---- */

static void pc_triple_fault(CPUState *cpu)
{
    machine_services()->reset_request(true);
}

/* Synthetic interrupt controllers and timers, when the guest is to see Hyper-V. */
static void pc_build_hyperv(const MachineOptions *o)
{
#ifdef HAVE_HYPERV
    CPUState *cpu = cpu_by_index(0);

    if (cpu && x86_hyperv_enabled(x86_env(cpu))) {
        x86_hyperv_attach(hyperv_create(&x86_hyperv_arch, MAX(o->max_cpus, o->n_cpus)));
    }
#endif
}

static bool pc_build_cpus(const MachineOptions *o, Error **errp)
{
    const char *model = o->cpu_model ? o->cpu_model : "qemu64";

    x86_triple_fault = pc_triple_fault;
    for (unsigned i = 0; i < o->n_cpus; i++) {
        X86CPU *cpu = x86_cpu_new(model, false, errp);
        if (!cpu) {
            return false;
        }
        g_autofree char *id = g_strdup_printf("cpu[%u]", i);
        object_add_child(object_container("/machine/unattached"), id, OBJECT(cpu));
        cpu->parent.as = address_space_memory;
        cpu->env.apic_id = i;
        cpu->env.is_bsp = i == 0;
        cpu->env.n_threads_package = o->n_cpus;
        if (cpu_by_index(i) != &cpu->parent) {
            cpu_list_add(&cpu->parent);
        }
        if (!apic_new(&cpu->parent, errp) ||
            !x86_hyperv_configure(&cpu->env, o->with_hyperv_devices, errp)) {
            return false;
        }
        cpu_reset(&cpu->parent);
        if (!accel_current()->create_vcpu(&cpu->parent, errp)) {
            return false;
        }
    }
    pc_build_hyperv(o);
    return true;
}

/* All that may be added must be within the guest's reach. */
static bool pc_check_window(const Pc *pc, Error **errp)
{
    unsigned bits = x86_env(cpu_by_index(0))->phys_bits;
    uint64_t end = pc->hotplug_gpa + pc->hotplug_bytes;

    if (end > UINT64_C(1) << bits) {
        error_setg(errp, "-m: maxmem would put memory up to address 0x%" PRIx64 ", beyond the "
                   "CPU's %u address bits", end, bits);
        return false;
    }
    return true;
}

/* ---- devices ---- */

static bool pc_build_timers(Pc *pc, const MachineOptions *o, Error **errp)
{
    MachineServices *ms = machine_services();
    HpetWiring w = { hpet_set_gsi, hpet_legacy_mode, pc };

    if (pc->pit && !(pc->i8254 = i8254_new(ms->system_io, pc->gsi[0], errp))) {
        return false;
    }
    if (pc->rtc &&
        !(pc->rtc_dev = rtc_new(ms->system_io, pc->gsi[8], o->rtc_localtime, o->rtc_base,
                                errp))) {
        return false;
    }
    return !pc->hpet || hpet_new(ms->system_memory, &w, errp);
}

static void pc_power_button(void)
{
    if (the_pc->pm) {
        acpi_pm_power_button(the_pc->pm);
    }
}

static bool pc_build_buses(Pc *pc, Error **errp)
{
    MachineServices *ms = machine_services();
    I440FxConfig cfg = { .mem = ms->system_memory, .io = ms->system_io, .set_isa_irq = isa_set,
                         .opaque = pc };

    if (pc->acpi) {
        pc->pm = acpi_pm_new(ms->system_io, pc->gsi[SCI_IRQ], errp);
        if (!pc->pm) {
            return false;
        }
        cfg.pm = pc->pm;
        ms->acpi_notify_powerdown = pc_power_button;
    }
    pc->pci = i440fx_new(&cfg, errp);
    if (!pc->pci) {
        return false;
    }
    pc->isa = i440fx_isa_bus(pc->pci);
    return true;
}

static bool pc_build_isa(Pc *pc, const MachineOptions *o, Error **errp)
{
    MachineServices *ms = machine_services();

    if ((pc->i8042 && !i8042_new(ms->system_io, pc->gsi[1], pc->gsi[12], errp)) ||
        (pc->port92 && !port92_new(ms->system_io, errp))) {
        return false;
    }
    for (unsigned i = 0; i < 4; i++) {
        if (pc->serial && o->serial[i] && !serial_new(pc->isa, i, o->serial[i], errp)) {
            return false;
        }
    }
    return !o->debugcon || (debugcon_new(pc->isa, 0xe9, o->debugcon, errp) &&
                            debugcon_new(pc->isa, 0x402, o->debugcon, errp));
}

static bool pc_build_fw_cfg(Pc *pc, const MachineOptions *o, Error **errp)
{
    if (!pc->fw_cfg) {
        return true;
    }
    pc->fw = fw_cfg_new(machine_services()->system_io, errp);
    if (!pc->fw) {
        return false;
    }
    fw_cfg_add(pc->fw, FW_CFG_UUID, pc->uuid, 16);
    fw_cfg_add_u64(pc->fw, FW_CFG_RAM_SIZE, o->ram_bytes);
    fw_cfg_add_u16(pc->fw, FW_CFG_NOGRAPHIC, 1);
    fw_cfg_add_u16(pc->fw, FW_CFG_NB_CPUS, o->n_cpus);
    fw_cfg_add_u16(pc->fw, FW_CFG_MAX_CPUS, MAX(o->max_cpus, o->n_cpus));
    return true;
}

/* Bytes that firmware would find (or have put) there. */
static void pc_fill_cmos(Pc *pc, const MachineOptions *o)
{
    uint64_t low_kib = MIN(pc->low_bytes >> 10, 65535 + 1024), high = pc->high_bytes >> 16;
    uint64_t above_16m = pc->low_bytes > 16 << 20 ? (pc->low_bytes - (16 << 20)) >> 16 : 0;

    if (!pc->rtc_dev) {
        return;
    }
    const struct { uint8_t at, val; } bytes[] = {
        { 0x0f, 0x00 }, { 0x15, 640 & 0xff }, { 0x16, 640 >> 8 },
        { 0x17, (low_kib - 1024) & 0xff }, { 0x18, (low_kib - 1024) >> 8 },
        { 0x30, (low_kib - 1024) & 0xff }, { 0x31, (low_kib - 1024) >> 8 },
        { 0x34, above_16m & 0xff }, { 0x35, above_16m >> 8 },
        { 0x5b, high & 0xff }, { 0x5c, high >> 8 & 0xff }, { 0x5d, high >> 16 & 0xff },
        { 0x5f, o->n_cpus - 1 }, { 0x14, 0x06 },
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(bytes); i++) {
        rtc_set_cmos(pc->rtc_dev, bytes[i].at, bytes[i].val);
    }
}

/* ---- the machine ---- */

static const char *pc_machine_name(void)
{
    return the_pc ? the_pc->name : "none";
}

static void fill_services(const MachineOptions *o)
{
    MachineServices *ms = machine_services();

    ms->system_memory = address_space_root(address_space_memory);
    ms->system_io = address_space_root(address_space_io);
    ms->ram_bytes = o->ram_bytes;
    ms->maxram_bytes = MAX(o->maxram_bytes, o->ram_bytes);
    ms->n_cpus = o->n_cpus;
    ms->n_slots = o->n_slots;
    ms->machine_name = pc_machine_name;
    ms->flush_output = serial_flush_all;
}

static bool pc_build(const MachineOptions *o, Error **errp)
{
    Pc *pc = the_pc = g_new0(Pc, 1);

    pc->name = g_strdup("pc-i440fx-8.2");
    pc->acpi = o->acpi;
    pc->hpet = pc->pic = pc->pit = pc->i8042 = pc->rtc = pc->fw_cfg = pc->port92 = true;
    pc->serial = true;
    if (!pc_parse_props(pc, o->machine_props, errp)) {
        return false;
    }
    if (o->bios && !o->kernel) {
        error_setg(errp, "pc: -bios is not supported; boot a kernel with -kernel");
        return false;
    }
    if ((o->initrd || o->append) && !o->kernel) {
        error_setg(errp, "%s only allowed with -kernel option",
                   o->initrd ? "-initrd" : "-append");
        return false;
    }
    if (o->uuid) {
        parse_uuid(o->uuid, pc->uuid);
    }
    fill_services(o);
    if (!pc_build_memory(pc, o, errp) || !pc_build_irqs(pc, errp) || !pc_build_cpus(o, errp) ||
        !pc_check_window(pc, errp) || !pc_build_timers(pc, o, errp) || !pc_build_buses(pc, errp) ||
        !pc_build_isa(pc, o, errp) || !pc_build_fw_cfg(pc, o, errp)) {
        return false;
    }
    pc_fill_cmos(pc, o);
    return true;
}

static void pc_build_tables(Pc *pc, const MachineOptions *o)
{
    MachineServices *ms = machine_services();
    AcpiPcConfig cfg = {
        .n_cpus = o->n_cpus, .low_ram_bytes = pc->low_bytes, .high_ram_bytes = pc->high_bytes,
        .hotplug_gpa = pc->hotplug_gpa, .hotplug_bytes = pc->hotplug_bytes,
        .pci_hole_gpa = MAX((uint32_t)pc->low_bytes, HOLE_GPA_MIN), .pci_hole_end = HOLE_END,
        .pci = true, .pic = pc->pic, .hpet = pc->hpet, .rtc = pc->rtc, .i8042 = pc->i8042,
        .fw_cfg = pc->fw_cfg, .s4_disabled = ms->s4_disabled, .builders = ms->acpi_builders,
    };

    for (unsigned i = 0; i < 4; i++) {
        cfg.com[i].iobase = serial_iobase(i);
        cfg.com[i].irq = serial_irq(i);
        cfg.com_mask |= serial_present(i) << i;
        cfg.pirq[i] = i440fx_pirq_routes[i];
    }
    pc->tables = acpi_build(&cfg);
    if (pc->fw) {
        g_autoptr(GByteArray) script = acpi_loader_script(pc->tables);
        fw_cfg_add_file(pc->fw, "etc/acpi/rsdp", pc->tables->rsdp->data, pc->tables->rsdp->len);
        fw_cfg_add_file(pc->fw, "etc/acpi/tables", pc->tables->tables->data,
                        pc->tables->tables->len);
        fw_cfg_add_file(pc->fw, "etc/table-loader", script->data, script->len);
    }
    uint64_t room = (pc->tables->tables->len + TABLES_ALIGN - 1) & ~(uint64_t)(TABLES_ALIGN - 1);
    pc->tables_gpa = pc->low_bytes - room;
    acpi_place(pc->tables, pc->tables_gpa);
}

static void pc_build_smbios(Pc *pc, const MachineOptions *o)
{
    const CPUX86State *env = o->n_cpus ? x86_env(cpu_by_index(0)) : NULL;
    SmbiosConfig cfg = {
        .machine = pc->name, .cpu_brand = env ? env->brand : "", .n_cpus = o->n_cpus,
        .cpu_signature = env ? env->family_model_stepping : 0,
        .cpu_features = env ? env->features[FEAT_1_EDX] : 0, .low_ram_bytes = pc->low_bytes,
        .high_ram_bytes = pc->high_bytes,
    };
    uint8_t anchor[SMBIOS_ANCHOR_BYTES];

    memcpy(cfg.uuid, pc->uuid, 16);
    pc->smbios = smbios_build(&cfg);
    if (pc->fw) {
        smbios_anchor(anchor, 0, pc->smbios->len);      /* firmware fills in the address */
        fw_cfg_add_file(pc->fw, "etc/smbios/smbios-tables", pc->smbios->data, pc->smbios->len);
        fw_cfg_add_file(pc->fw, "etc/smbios/smbios-anchor", anchor, sizeof(anchor));
    }
}

static unsigned pc_e820(const Pc *pc, E820Entry e[static 8])
{
    uint64_t low_end = pc->tables ? pc->tables_gpa : pc->low_bytes;
    unsigned n = 0;

    e[n++] = (E820Entry) { 0, 0x9fc00, E820_RAM };
    e[n++] = (E820Entry) { 0x9fc00, 0x400, E820_RESERVED };
    e[n++] = (E820Entry) { 0xf0000, 0x10000, E820_RESERVED };
    e[n++] = (E820Entry) { 0x100000, low_end - 0x100000, E820_RAM };
    if (pc->tables) {
        e[n++] = (E820Entry) { low_end, pc->low_bytes - low_end, E820_ACPI };
    }
    e[n++] = (E820Entry) { 0xfffc0000, 0x40000, E820_RESERVED };
    if (pc->high_bytes) {
        e[n++] = (E820Entry) { FOUR_GIB, pc->high_bytes, E820_RAM };
    }
    return n;
}

/* Firmware puts 64-bit PCI windows behind what may be added. */
static void pc_publish_window(Pc *pc)
{
    uint8_t end[8];

    stle64(end, pc->hotplug_gpa + pc->hotplug_bytes);
    fw_cfg_add_file(pc->fw, "etc/reserved-memory-end", end, sizeof(end));
}

static void pc_publish_e820(Pc *pc, const E820Entry *e, unsigned n)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    for (unsigned i = 0; i < n; i++) {
        uint8_t row[20];
        stle64(row, e[i].gpa);
        stle64(row + 8, e[i].n_bytes);
        stle32(row + 16, e[i].type);
        g_byte_array_append(bytes, row, 20);
    }
    fw_cfg_add_file(pc->fw, "etc/e820", bytes->data, bytes->len);
}

static bool pc_finish(const MachineOptions *o, Error **errp)
{
    Pc *pc = the_pc;
    E820Entry e820[8];
    KernelBootOptions k = { .kernel = o->kernel, .initrd = o->initrd, .append = o->append,
                            .e820 = e820 };

    if (pc->acpi) {
        pc_build_tables(pc, o);
    }
    pc_build_smbios(pc, o);
    k.n_e820 = pc_e820(pc, e820);
    k.low_ram_end = pc->tables ? pc->tables_gpa : pc->low_bytes;
    k.rsdp_gpa = pc->tables ? RSDP_GPA : 0;
    if (pc->fw) {
        pc_publish_e820(pc, e820, k.n_e820);
        if (pc->hotplug_bytes) {
            pc_publish_window(pc);
        }
    }
    if (o->kernel) {
        pc->boot = kernel_boot_new(&k, errp);
    }
    return !o->kernel || pc->boot;
}

/*
 * What firmware does to a vCPU: RAM is write-back, the rest between the end of low RAM and 4 GiB
 * uncached. A range is base | type, mask | valid.
 */
static void set_mtrrs(CPUState *cpu, uint64_t hole_gpa)
{
    enum { UC = 0, WP = 5, WB = 6, ENABLE = 0x800, FIXED = 0x400, VALID = 0x800 };
    CPUX86State *env = x86_env(cpu);
    uint64_t addr_mask = (UINT64_C(1) << (env->phys_bits ? env->phys_bits : 40)) - 1;

    for (unsigned i = 0; i < 11; i++) {         /* 64K: 0..7ffff; 16K: 80000, a0000; 4K: c0000.. */
        env->mtrr_fixed[i] = UINT64_C(0x0101010101010101) * (i < 2 ? WB : i == 2 ? UC : WP);
    }
    env->mtrr_def = ENABLE | FIXED | WB;
    memset(env->mtrr_var, 0, sizeof(env->mtrr_var));
    env->mtrr_var[0] = hole_gpa | UC;
    env->mtrr_var[1] = (addr_mask & ~(FOUR_GIB - hole_gpa - 1)) | VALID;
}

static void pc_reset(void)
{
    Pc *pc = the_pc;
    uint8_t anchor[SMBIOS_ANCHOR_BYTES];
    CPUState *cpu;

    if (pc->tables) {
        gpa_write(RSDP_GPA, pc->tables->rsdp->data, pc->tables->rsdp->len);
        gpa_write(pc->tables_gpa, pc->tables->tables->data, pc->tables->tables->len);
    }
    if (!pc->boot) {
        return;
    }
    smbios_anchor(anchor, SMBIOS_TABLES_GPA, pc->smbios->len);
    gpa_write(SMBIOS_ANCHOR_GPA, anchor, sizeof(anchor));
    gpa_write(SMBIOS_TABLES_GPA, pc->smbios->data, MIN(pc->smbios->len, SMBIOS_ROOM));
    i440fx_firmware_setup(pc->pci);
    if (pc->i8259) {                    /* SCI and the PCI lines are level-triggered */
        address_space_st(address_space_io, ELCR2, 1u << 1 | 1u << 2 | 1u << 3, 1);
    }
    CPU_FOREACH(cpu) {
        set_mtrrs(cpu, pc->low_bytes > HOLE_GPA_MIN ? HOLE_LOW_MAX : HOLE_GPA_MIN);
    }
    kernel_boot_load(pc->boot);
    kernel_boot_set_cpu(pc->boot, cpu_by_index(0));
}

static const MachineType pc_machine = {
    .name = "pc-i440fx-8.2", .alias = "pc", .desc = "Standard PC (i440FX + PIIX, 1996)",
    .is_default = true, .max_cpus = 255, .build = pc_build, .finish = pc_finish,
    .reset = pc_reset,
};

/* ---- none: an empty machine, for introspection ---- */

static bool none_build(const MachineOptions *o, Error **errp)
{
    if (o->machine_props && *o->machine_props) {
        g_auto(GStrv) parts = g_strsplit_set(o->machine_props, "=,", 2);
        if (!is_ignored(parts[0])) {
            error_setg(errp, "Property 'none-machine.%s' not found", parts[0]);
            return false;
        }
    }
    fill_services(o);
    return true;
}

static bool none_finish(const MachineOptions *o, Error **errp)
{
    if (o->kernel) {
        error_setg(errp, "The none machine does not support -kernel");
    }
    return !o->kernel;
}

static void none_reset(void)
{
}

static const MachineType none_machine = {
    .name = "none", .desc = "empty machine", .max_cpus = 1, .build = none_build,
    .finish = none_finish, .reset = none_reset,
};

const MachineType *const machine_types[] = { &pc_machine, &none_machine, NULL };
