/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP commands about the monitor, the run state, the machine and the program. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "accel/accel.h"
#include "accel/cpu.h"
#include "config-host.h"
#include "hw/boards.h"
#include "hw/core/device.h"
#include "hw/core/memory-device.h"
#include "monitor-internal.h"
#include "qapi/command.h"
#include "qapi/qapi-commands.h"

/* ---- the monitor ---- */

bool qmp_qmp_capabilities(const GArray *enable, Error **errp)
{
    if (enable && enable->len) {
        error_setg(errp, "QMP capability '%s' is not available",
                   QMPCapability_str(g_array_index(enable, int, 0)));
        return false;
    }
    if (qmp_current) {
        qmp_set_negotiated(qmp_current);
    }
    return true;
}

VersionInfo *qmp_query_version(Error **errp)
{
    VersionInfo *v = VersionInfo_new();

    v->qemu = VersionTriple_new();
    sscanf(CONFIG_VERSION, "%" PRId64 ".%" PRId64 ".%" PRId64, &v->qemu->major, &v->qemu->minor,
           &v->qemu->micro);
    v->package = g_strdup("");
    return v;
}

GPtrArray *qmp_query_commands(Error **errp)
{
    GPtrArray *out = g_ptr_array_new();

    for (const QmpCommand *c = qmp_commands; c->name; c++) {
        CommandInfo *i = CommandInfo_new();
        i->name = g_strdup(c->name);
        g_ptr_array_add(out, i);
    }
    return out;
}

Json *qmp_query_qmp_schema(const Json *args, Error **errp)
{
    if (json_len(args)) {
        error_setg(errp, "Parameter '%s' is unexpected", json_key(args, 0));
        return NULL;
    }
    return json_parse(qapi_schema_json, errp);
}

bool qmp_quit(Error **errp)
{
    monitor_vm->quit();
    return true;
}

char *qmp_human_monitor_command(const char *command_line, bool has_cpu_index, int64_t cpu_index,
                                Error **errp)
{
    if (has_cpu_index && (cpu_index < 0 || cpu_index >= (int64_t)cpu_count())) {
        error_setg(errp, "Parameter 'cpu-index' expects a CPU number");
        return NULL;
    }
    return monitor_hmp(command_line, has_cpu_index ? (int)cpu_index : 0);
}

/* ---- run state ---- */

StatusInfo *qmp_query_status(Error **errp)
{
    StatusInfo *s = StatusInfo_new();

    s->running = monitor_vm->running();
    s->status = monitor_vm->state();
    return s;
}

bool qmp_stop(Error **errp)
{
    monitor_vm->stop();
    return true;
}

bool qmp_cont(Error **errp)
{
    return monitor_vm->cont(errp);
}

bool qmp_system_reset(Error **errp)
{
    monitor_vm->reset();
    return true;
}

bool qmp_system_powerdown(Error **errp)
{
    return monitor_vm->powerdown(errp);
}

bool qmp_inject_nmi(Error **errp)
{
    CPUState *cpu;

    if (cpu_count() == 0) {
        error_setg(errp, "The machine has no CPU to take an NMI");
        return false;
    }
    CPU_FOREACH(cpu) {
        cpu_interrupt(cpu, CPU_INTERRUPT_NMI);
    }
    return true;
}

bool qmp_set_action(bool has_reboot, RebootAction reboot, bool has_shutdown,
                    ShutdownAction shutdown, bool has_panic, PanicAction panic, bool has_watchdog,
                    WatchdogAction watchdog, Error **errp)
{
    monitor_vm->set_action(has_reboot, reboot, has_shutdown, shutdown, has_panic, panic);
    return true;        /* there is no watchdog to act on */
}

/* ---- the machine ---- */

NameInfo *qmp_query_name(Error **errp)
{
    NameInfo *n = NameInfo_new();

    n->name = g_strdup(monitor_vm->name());
    return n;
}

UuidInfo *qmp_query_uuid(Error **errp)
{
    UuidInfo *u = UuidInfo_new();
    const char *uuid = monitor_vm->uuid();

    u->UUID = g_strdup(uuid ? uuid : "00000000-0000-0000-0000-000000000000");
    return u;
}

KvmInfo *qmp_query_kvm(Error **errp)
{
    return KvmInfo_new();
}

TargetInfo *qmp_query_target(Error **errp)
{
    TargetInfo *t = TargetInfo_new();

    t->arch = SYS_EMU_TARGET_X86_64;
    return t;
}

GPtrArray *qmp_query_machines(Error **errp)
{
    GPtrArray *out = g_ptr_array_new();

    for (const MachineType *const *m = machine_types; *m; m++) {
        MachineInfo *i = MachineInfo_new();
        i->name = g_strdup((*m)->name);
        i->alias = g_strdup((*m)->alias);
        i->has_is_default = i->is_default = (*m)->is_default;
        i->cpu_max = (*m)->max_cpus;
        i->acpi = strcmp((*m)->name, "none") != 0;
        i->default_cpu_type = i->acpi ? g_strdup(monitor_vm->default_cpu_type()) : NULL;
        i->default_ram_id = i->acpi ? g_strdup("pc.ram") : NULL;
        g_ptr_array_add(out, i);
    }
    return out;
}

GPtrArray *qmp_query_cpus_fast(Error **errp)
{
    GPtrArray *out = g_ptr_array_new();
    CPUState *cpu;

    CPU_FOREACH(cpu) {
        CpuInfoFast *i = CpuInfoFast_new();
        i->cpu_index = cpu->index;
        i->qom_path = cpu->parent.parent_obj
                      ? object_path(OBJECT(cpu))
                      : g_strdup_printf("/machine/unattached/cpu[%u]", cpu->index);
        i->thread_id = cpu->host_tid;
        i->props = CpuInstanceProperties_new();
        i->props->has_socket_id = i->props->has_core_id = i->props->has_thread_id = true;
        i->props->socket_id = cpu->index;
        i->target = SYS_EMU_TARGET_X86_64;
        g_ptr_array_add(out, i);
    }
    return out;
}

static void add_cpu_definition(const char *name, const char *desc, void *opaque)
{
    CpuDefinitionInfo *i = CpuDefinitionInfo_new();

    i->name = g_strdup(name);
    i->typename = g_strdup_printf("%s-x86_64-cpu", name);
    i->unavailable_features = g_ptr_array_new();
    g_ptr_array_add(opaque, i);
}

GPtrArray *qmp_query_cpu_definitions(Error **errp)
{
    GPtrArray *out = g_ptr_array_new();

    if (monitor_vm->foreach_cpu_model) {
        monitor_vm->foreach_cpu_model(add_cpu_definition, out);
    }
    return out;
}

MemoryInfo *qmp_query_memory_size_summary(Error **errp)
{
    MemoryInfo *m = MemoryInfo_new();

    m->base_memory = machine_services()->ram_bytes;
    m->has_plugged_memory = true;
    m->plugged_memory = memory_devices_plugged_bytes();
    return m;
}

/* ---- memory to files ---- */

typedef bool ReadMemory(void *opaque, uint64_t addr, void *buf, size_t n);

static bool read_virtual(void *opaque, uint64_t addr, void *buf, size_t n)
{
    return cpu_debug_rw(opaque, addr, buf, n, false);
}

static bool read_physical(void *opaque, uint64_t addr, void *buf, size_t n)
{
    gpa_read(addr, buf, n);
    return true;
}

static bool save(ReadMemory *rd, void *opaque, int64_t addr, int64_t size, const char *filename,
                 Error **errp)
{
    uint8_t buf[4096];
    FILE *f = fopen(filename, "wb");

    if (!f) {
        error_setg_errno(errp, errno, "Could not open '%s'", filename);
        return false;
    }
    while (size > 0) {
        size_t n = (size_t)MIN(size, (int64_t)sizeof(buf));
        if (!rd(opaque, (uint64_t)addr, buf, n)) {
            error_setg(errp, "Invalid addr 0x%016" PRIx64 "/size %" PRId64 " specified",
                       (uint64_t)addr, size);
            break;
        }
        if (fwrite(buf, 1, n, f) != n) {
            error_setg_errno(errp, errno, "writing memory to '%s' failed", filename);
            break;
        }
        addr += (int64_t)n;
        size -= (int64_t)n;
    }
    return fclose(f) == 0 && size <= 0;
}

bool qmp_memsave(int64_t val, int64_t size, const char *filename, bool has_cpu_index,
                 int64_t cpu_index, Error **errp)
{
    CPUState *cpu = cpu_index < 0 || cpu_index > UINT32_MAX ? NULL
                    : cpu_by_index((unsigned)cpu_index);

    if (!cpu) {
        error_setg(errp, "Parameter 'cpu-index' expects a CPU number");
        return false;
    }
    monitor_vcpus_pause();
    bool ok = save(read_virtual, cpu, val, size, filename, errp);
    monitor_vcpus_resume();
    return ok;
}

bool qmp_pmemsave(int64_t val, int64_t size, const char *filename, Error **errp)
{
    return save(read_physical, NULL, val, size, filename, errp);
}

void monitor_vcpus_pause(void)
{
    if (monitor_vm->running()) {
        pause_all_vcpus();
    }
}

void monitor_vcpus_resume(void)
{
    if (monitor_vm->running()) {
        resume_all_vcpus();
    }
}

/* ---- character devices ---- */

static void add_chardev(Chardev *c, void *opaque)
{
    ChardevInfo *i = ChardevInfo_new();

    i->label = g_strdup(chardev_id(c));
    i->filename = g_strdup(chardev_filename(c));
    i->frontend_open = chardev_has_frontend(c);
    g_ptr_array_add(opaque, i);
}

GPtrArray *qmp_query_chardev(Error **errp)
{
    GPtrArray *out = g_ptr_array_new();

    chardev_foreach(add_chardev, out);
    return out;
}

static void add_backend(const char *name, void *opaque)
{
    ChardevBackendInfo *i = ChardevBackendInfo_new();

    i->name = g_strdup(name);
    g_ptr_array_add(opaque, i);
}

GPtrArray *qmp_query_chardev_backends(Error **errp)
{
    GPtrArray *out = g_ptr_array_new();

    chardev_foreach_backend(add_backend, out);
    return out;
}

/* ---- for management software ---- */

typedef struct OptionRow { const char *option; const char *params; } OptionRow;

/* "name:type": s string, b boolean, n number, S size */
static const OptionRow option_rows[] = {
    { "machine", "accel:s acpi:b hpet:b usb:b dump-guest-core:b mem-merge:b memory-backend:s" },
    { "smp-opts", "cpus:n sockets:n dies:n clusters:n cores:n threads:n maxcpus:n" },
    { "memory", "size:S slots:n maxmem:S" },
    { "accel", "accel:s thread:s tb-size:n" },
    { "chardev", "id:s backend:s path:s host:s port:s fd:s server:b wait:b mux:b append:b "
      "reconnect:n logfile:s" },
    { "mon", "mode:s chardev:s pretty:b" },
    { "device", "" },
    { "object", "" },
    { "global", "driver:s property:s value:s" },
    { "name", "guest:s process:s debug-threads:b" },
    { "rtc", "base:s clock:s driftfix:s" },
    { "boot-opts", "order:s once:s menu:b strict:b" },
    { "overcommit", "mem-lock:b cpu-pm:b" },
    { "sandbox", "enable:b obsolete:s elevateprivileges:s spawn:s resourcecontrol:s" },
    { "msg", "timestamp:b guest-name:b" },
    { "add-fd", "fd:n set:n opaque:s" },
    { "action", "reboot:s shutdown:s panic:s watchdog:s" },
};

static CommandLineParameterInfo *parameter_info(const char *word)
{
    static const char letters[] = "sbnS";
    static const CommandLineParameterType kinds[] = {
        COMMAND_LINE_PARAMETER_TYPE_STRING, COMMAND_LINE_PARAMETER_TYPE_BOOLEAN,
        COMMAND_LINE_PARAMETER_TYPE_NUMBER, COMMAND_LINE_PARAMETER_TYPE_SIZE,
    };
    const char *colon = strchr(word, ':');
    CommandLineParameterInfo *p = CommandLineParameterInfo_new();

    p->name = g_strndup(word, (gsize)(colon - word));
    p->type = kinds[strchr(letters, colon[1]) - letters];
    return p;
}

static void add_option(GPtrArray *out, const char *name, const char *params)
{
    CommandLineOptionInfo *info = CommandLineOptionInfo_new();
    g_auto(GStrv) words = g_strsplit(params, " ", -1);      /* none for "" */

    info->option = g_strdup(name);
    info->parameters = g_ptr_array_new();
    for (char **w = words; *w && **w; w++) {
        g_ptr_array_add(info->parameters, parameter_info(*w));
    }
    g_ptr_array_add(out, info);
}

typedef struct OptionQuery { GPtrArray *out; const char *only; } OptionQuery;

/* options of the command line that have no row */
static void add_plain_option(const char *name, void *opaque)
{
    OptionQuery *q = opaque;

    for (unsigned i = 0; i < G_N_ELEMENTS(option_rows); i++) {
        if (strcmp(option_rows[i].option, name) == 0) {
            return;
        }
    }
    if (!q->only || strcmp(q->only, name) == 0) {
        add_option(q->out, name, "");
    }
}

GPtrArray *qmp_query_command_line_options(const char *option, Error **errp)
{
    GPtrArray *out = g_ptr_array_new();
    OptionQuery query = { out, option };

    for (unsigned i = 0; i < G_N_ELEMENTS(option_rows); i++) {
        if (!option || strcmp(option, option_rows[i].option) == 0) {
            add_option(out, option_rows[i].option, option_rows[i].params);
        }
    }
    if (monitor_vm->foreach_option) {
        monitor_vm->foreach_option(add_plain_option, &query);
    }
    if (out->len == 0) {
        g_ptr_array_free(out, TRUE);
        error_setg(errp, "invalid option name: %s", option);
        return NULL;
    }
    return out;
}

GPtrArray *qmp_query_iothreads(Error **errp)
{
    return g_ptr_array_new();
}

GPtrArray *qmp_query_block(Error **errp)
{
    return g_ptr_array_new();
}

GPtrArray *qmp_query_blockstats(bool has_query_nodes, bool query_nodes, Error **errp)
{
    return g_ptr_array_new();
}

GPtrArray *qmp_query_named_block_nodes(bool has_flat, bool flat, Error **errp)
{
    return g_ptr_array_new();
}

GPtrArray *qmp_query_tpm_models(Error **errp)
{
    return g_ptr_array_new();
}

GPtrArray *qmp_query_tpm_types(Error **errp)
{
    return g_ptr_array_new();
}

static bool migration_events;           /* libvirt sets it and wants to read it back */

GPtrArray *qmp_query_migrate_capabilities(Error **errp)
{
    GPtrArray *out = g_ptr_array_new();
    MigrationCapabilityStatus *s = MigrationCapabilityStatus_new();

    s->capability = MIGRATION_CAPABILITY_EVENTS;
    s->state = migration_events;
    g_ptr_array_add(out, s);
    return out;
}

bool qmp_migrate_set_capabilities(const GPtrArray *capabilities, Error **errp)
{
    for (unsigned i = 0; i < capabilities->len; i++) {
        migration_events = ((MigrationCapabilityStatus *)capabilities->pdata[i])->state;
    }
    return true;
}
