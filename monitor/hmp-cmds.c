/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HMP commands: rows that call the QMP functions and print what they say. */
#include <inttypes.h>
#include <string.h>
#include "accel/accel.h"
#include "config-host.h"
#include "hmp-cmds.h"
#include "hw/core/balloon.h"
#include "hw/core/device.h"
#include "monitor-internal.h"
#include "qapi/qapi-commands.h"
#include "util/log.h"

/* Prints "Error: ..." if there is one; true: all is well. */
static bool good(HmpContext *ctx, Error *err)
{
    if (err) {
        fprintf(ctx->out, "Error: %s\n", error_text(err));
        error_free(err);
    }
    return !err;
}

CPUState *hmp_cpu(HmpContext *ctx)
{
    CPUState *cpu = cpu_by_index((unsigned)ctx->cpu_index);

    if (!cpu) {
        fprintf(ctx->out, "No CPU available\n");
    }
    return cpu;
}

/* ---- without arguments: one QMP function each ---- */

#define HMP_PLAIN(name) \
    static void hmp_##name(HmpContext *ctx, const HmpArgs *args) \
    { \
        Error *err = NULL; \
        qmp_##name(&err); \
        good(ctx, err); \
    }
HMP_PLAIN(stop)
HMP_PLAIN(cont)
HMP_PLAIN(quit)
HMP_PLAIN(system_reset)
HMP_PLAIN(system_powerdown)
HMP_PLAIN(inject_nmi)

/* ---- balloon ---- */

static void hmp_balloon(HmpContext *ctx, const HmpArgs *args)
{
    Error *err = NULL;

    qmp_balloon(hmp_arg_int(args, "value", 0), &err);
    good(ctx, err);
}

static void hmp_info_balloon(HmpContext *ctx, const HmpArgs *args)
{
    Error *err = NULL;
    g_autoptr(BalloonInfo) info = qmp_query_balloon(&err);

    if (good(ctx, err)) {
        fprintf(ctx->out, "balloon: actual=%" PRId64 "\n", info->actual >> 20);
    }
}

static void hmp_info_hv_balloon(HmpContext *ctx, const HmpArgs *args)
{
    Error *err = NULL;

    balloon_print(ctx->out, &err);
    good(ctx, err);
}

static void print_memory_device(FILE *out, const MemoryDeviceInfo *d)
{
    if (d->type != MEMORY_DEVICE_INFO_KIND_HV_BALLOON) {
        return;
    }
    const HvBalloonDeviceInfo *b = d->u.hv_balloon->data;
    fprintf(out, "Memory device [hv-balloon]: \"%s\"\n", b->id ? b->id : "");
    if (b->has_memaddr) {
        fprintf(out, "  memaddr: 0x%" PRIx64 "\n", b->memaddr);
    }
    fprintf(out, "  max-size: %" PRIu64 "\n", b->max_size);
    if (b->memdev) {
        fprintf(out, "  memdev: %s\n", b->memdev);
    }
}

static void hmp_info_memory_devices(HmpContext *ctx, const HmpArgs *args)
{
    Error *err = NULL;
    GPtrArray *list = qmp_query_memory_devices(&err);

    if (good(ctx, err)) {
        for (unsigned i = 0; i < list->len; i++) {
            print_memory_device(ctx->out, list->pdata[i]);
        }
        qapi_clear(&MemoryDeviceInfo_list_type, &list);
    }
}

/* ---- info ---- */

static void hmp_info_status(HmpContext *ctx, const HmpArgs *args)
{
    g_autoptr(StatusInfo) s = qmp_query_status(NULL);

    fprintf(ctx->out, "VM status: %s", s->running ? "running" : "paused");
    if (!s->running && s->status != RUN_STATE_PAUSED) {
        fprintf(ctx->out, " (%s)", RunState_str(s->status));
    }
    fputc('\n', ctx->out);
}

static void hmp_info_version(HmpContext *ctx, const HmpArgs *args)
{
    fprintf(ctx->out, "%s\n", CONFIG_VERSION);
}

static void hmp_info_name(HmpContext *ctx, const HmpArgs *args)
{
    const char *name = monitor_vm->name();

    if (name) {
        fprintf(ctx->out, "%s\n", name);
    }
}

static void hmp_info_uuid(HmpContext *ctx, const HmpArgs *args)
{
    g_autoptr(UuidInfo) u = qmp_query_uuid(NULL);

    fprintf(ctx->out, "%s\n", u->UUID);
}

static void hmp_info_kvm(HmpContext *ctx, const HmpArgs *args)
{
    fprintf(ctx->out, "kvm support: not compiled\n");
}

static void hmp_info_cpus(HmpContext *ctx, const HmpArgs *args)
{
    CPUState *cpu;

    CPU_FOREACH(cpu) {
        fprintf(ctx->out, "%c CPU #%u:%s thread_id=%d\n",
                (int)cpu->index == ctx->cpu_index ? '*' : ' ', cpu->index,
                cpu->halted ? " (halted)" : "", cpu->host_tid);
    }
}

static void hmp_cpu_select(HmpContext *ctx, const HmpArgs *args)
{
    int64_t i = hmp_arg_int(args, "index", 0);

    if (i < 0 || i >= (int64_t)cpu_count()) {
        fprintf(ctx->out, "Error: invalid CPU index\n");
    } else {
        ctx->cpu_index = (int)i;
    }
}

static void dump_one(CPUState *cpu, void *opaque)
{
    fprintf(opaque, "\nCPU#%u\n", cpu->index);
    cpu_dump_state(cpu, opaque);
}

static void hmp_info_registers(HmpContext *ctx, const HmpArgs *args)
{
    int64_t index = hmp_arg_int(args, "vcpu", ctx->cpu_index);
    CPUState *cpu;

    monitor_vcpus_pause();
    if (hmp_arg_flag(args, "-a")) {
        CPU_FOREACH(cpu) {
            dump_one(cpu, ctx->out);
        }
    } else {
        cpu = index >= 0 && index <= UINT32_MAX ? cpu_by_index((unsigned)index) : NULL;
        if (cpu) {
            dump_one(cpu, ctx->out);
        } else {
            fprintf(ctx->out, cpu_count() ? "CPU#%" PRId64 " not available\n"
                                          : "No CPU available\n", index);
        }
    }
    monitor_vcpus_resume();
}

static void hmp_info_mtree(HmpContext *ctx, const HmpArgs *args)
{
    memory_print_tree(ctx->out, hmp_arg_flag(args, "-f"));
}

static void hmp_info_qtree(HmpContext *ctx, const HmpArgs *args)
{
    device_print_tree(ctx->out);
}

/* what devices of these types tell of themselves */
static void print_devices(HmpContext *ctx, const char *const *types)
{
    for (; *types; types++) {
        for (Device *d = NULL; (d = device_find_type(*types, d)) != NULL;) {
            if (device_get_class(d)->print_info) {
                device_get_class(d)->print_info(d, ctx->out);
            }
        }
    }
}

static void hmp_info_pic(HmpContext *ctx, const HmpArgs *args)
{
    print_devices(ctx, (const char *const []) { "isa-i8259", "ioapic", NULL });
}

static void hmp_info_lapic(HmpContext *ctx, const HmpArgs *args)
{
    print_devices(ctx, (const char *const []) { "apic", NULL });
}

static void hmp_info_pci(HmpContext *ctx, const HmpArgs *args)
{
    print_devices(ctx, (const char *const []) { "i440FX", NULL });
}

static void hmp_info_jit(HmpContext *ctx, const HmpArgs *args)
{
    const AccelOps *a = accel_current();

    if (a && a->print_info) {
        a->print_info(ctx->out);
    } else {
        fprintf(ctx->out, "Error: JIT information is only available with accel=tcg\n");
    }
}

static void print_chardev(Chardev *c, void *opaque)
{
    fprintf(opaque, "%s: filename=%s\n", chardev_id(c), chardev_filename(c));
}

static void hmp_info_chardev(HmpContext *ctx, const HmpArgs *args)
{
    chardev_foreach(print_chardev, ctx->out);
}

typedef struct TreePrint { FILE *out; int indent; } TreePrint;

static void print_object(Object *obj, void *opaque)
{
    TreePrint *t = opaque, inner = { t->out, t->indent + 2 };

    fprintf(t->out, "%*s/%s (%s)\n", t->indent, "", obj->id ? obj->id : "",
            object_type_name(obj));
    object_foreach_child(obj, print_object, &inner);
}

static void hmp_info_qom_tree(HmpContext *ctx, const HmpArgs *args)
{
    const char *path = hmp_arg_str(args, "path");
    Object *obj = path ? object_resolve(path) : object_root();
    TreePrint t = { ctx->out, 0 };

    if (obj) {
        print_object(obj, &t);
    } else {
        fprintf(ctx->out, "Path '%s' could not be resolved.\n", path);
    }
}

static void hmp_info_memory_size_summary(HmpContext *ctx, const HmpArgs *args)
{
    g_autoptr(MemoryInfo) m = qmp_query_memory_size_summary(NULL);

    fprintf(ctx->out, "base memory: %" PRIu64 "\nplugged memory: %" PRIu64 "\n", m->base_memory,
            m->plugged_memory);
}

/* ---- objects and devices ---- */

static void hmp_qom_list(HmpContext *ctx, const HmpArgs *args)
{
    const char *path = hmp_arg_str(args, "path");
    Error *err = NULL;
    GPtrArray *list = path ? qmp_qom_list(path, &err) : NULL;

    if (!path) {
        fprintf(ctx->out, "/\n");
        return;
    }
    if (good(ctx, err)) {
        for (unsigned i = 0; i < list->len; i++) {
            const ObjectPropertyInfo *p = list->pdata[i];
            fprintf(ctx->out, "%s (%s)\n", p->name, p->type);
        }
        qapi_clear(&ObjectPropertyInfo_list_type, &list);
    }
}

static void hmp_qom_get(HmpContext *ctx, const HmpArgs *args)
{
    Error *err = NULL;
    g_autoptr(Json) v = qmp_qom_get(hmp_arg_str(args, "path"), hmp_arg_str(args, "property"),
                                    &err);

    if (good(ctx, err)) {
        g_autofree char *text = json_to_text(v, true);
        fprintf(ctx->out, "%s\n", text);
    }
}

static void hmp_qom_set(HmpContext *ctx, const HmpArgs *args)
{
    const char *path = hmp_arg_str(args, "path");
    Object *obj = object_resolve(path);
    Error *err = NULL;

    if (!obj) {
        error_set(&err, ERROR_CLASS_DEVICE_NOT_FOUND, "Device '%s' not found", path);
    } else {
        object_set(obj, hmp_arg_str(args, "property"), hmp_arg_str(args, "value"), &err);
    }
    good(ctx, err);
}

static void run_with_opts(HmpContext *ctx, const char *text, const char *implied,
                          Json *(*fn)(const Json *args, Error **errp))
{
    Error *err = NULL;
    g_autoptr(Opts) o = opts_parse(text, implied, NULL, &err);
    g_autoptr(Json) args = json_object();

    for (unsigned i = 0; o && i < o->n; i++) {
        json_set(args, o->v[i].key, json_string(o->v[i].value));
    }
    if (o) {
        json_free(fn(args, &err));
    }
    good(ctx, err);
}

static void hmp_device_add(HmpContext *ctx, const HmpArgs *args)
{
    const char *text = hmp_arg_str(args, "device");

    if (strcmp(text, "help") == 0) {
        device_help(ctx->out);
    } else {
        run_with_opts(ctx, text, "driver", qmp_device_add);
    }
}

static void hmp_device_del(HmpContext *ctx, const HmpArgs *args)
{
    Error *err = NULL;

    qmp_device_del(hmp_arg_str(args, "id"), &err);
    good(ctx, err);
}

static void hmp_object_add(HmpContext *ctx, const HmpArgs *args)
{
    run_with_opts(ctx, hmp_arg_str(args, "object"), "qom-type", qmp_object_add);
}

static void hmp_object_del(HmpContext *ctx, const HmpArgs *args)
{
    Error *err = NULL;

    qmp_object_del(hmp_arg_str(args, "id"), &err);
    good(ctx, err);
}

/* ---- the rest ---- */

static void hmp_x(HmpContext *ctx, const HmpArgs *args)
{
    hmp_memory_dump(ctx, args, false);
}

static void hmp_xp(HmpContext *ctx, const HmpArgs *args)
{
    hmp_memory_dump(ctx, args, true);
}

static void hmp_memsave(HmpContext *ctx, const HmpArgs *args)
{
    Error *err = NULL;

    qmp_memsave(hmp_arg_int(args, "addr", 0), hmp_arg_int(args, "size", 0),
                hmp_arg_str(args, "file"), true, ctx->cpu_index, &err);
    good(ctx, err);
}

static void hmp_pmemsave(HmpContext *ctx, const HmpArgs *args)
{
    Error *err = NULL;

    qmp_pmemsave(hmp_arg_int(args, "addr", 0), hmp_arg_int(args, "size", 0),
                 hmp_arg_str(args, "file"), &err);
    good(ctx, err);
}

static void hmp_log(HmpContext *ctx, const HmpArgs *args)
{
    Error *err = NULL;

    log_set_items(hmp_arg_str(args, "items"), &err);
    good(ctx, err);
}

static void hmp_logfile(HmpContext *ctx, const HmpArgs *args)
{
    Error *err = NULL;

    log_set_file(hmp_arg_str(args, "file"), &err);
    good(ctx, err);
}

static void hmp_trace_event(HmpContext *ctx, const HmpArgs *args)
{
    Error *err = NULL;

    qmp_trace_event_set_state(hmp_arg_str(args, "name"), hmp_arg_int(args, "option", 0), true, true,
                              hmp_arg(args, "vcpu"), hmp_arg_int(args, "vcpu", 0), &err);
    good(ctx, err);
}

static void hmp_info_trace_events(HmpContext *ctx, const HmpArgs *args)
{
    const char *name = hmp_arg_str(args, "name");
    Error *err = NULL;
    GPtrArray *list = qmp_trace_event_get_state(name ? name : "*", hmp_arg(args, "vcpu"),
                                                hmp_arg_int(args, "vcpu", 0), &err);

    if (good(ctx, err)) {
        for (unsigned i = 0; i < list->len; i++) {
            const TraceEventInfo *e = list->pdata[i];
            fprintf(ctx->out, "%s : state %u\n", e->name,
                    e->state == TRACE_EVENT_STATE_ENABLED);
        }
        qapi_clear(&TraceEventInfo_list_type, &list);
    }
}

static void hmp_gdbserver(HmpContext *ctx, const HmpArgs *args)
{
    const char *where = hmp_arg_str(args, "device");
    Error *err = NULL;

    if (!monitor_vm->gdbserver) {
        fprintf(ctx->out, "gdbserver is not available\n");
    } else if (monitor_vm->gdbserver(where ? where : "tcp::1234", &err)) {
        fprintf(ctx->out, "Waiting for gdb connection on device '%s'\n",
                where ? where : "tcp::1234");
    }
    good(ctx, err);
}

const HmpCommand hmp_commands[] = {
    { "balloon", "value:o", "target", "request VM to change its memory allocation (in MB)",
      hmp_balloon },
    { "cont|c", "", "", "resume emulation", hmp_cont },
    { "cpu", "index:i", "index", "set the default CPU", hmp_cpu_select },
    { "device_add", "device:S", "driver[,prop=value][,...]", "add device, like -device on the "
      "command line", hmp_device_add },
    { "device_del", "id:s", "device", "remove device", hmp_device_del },
    { "gdbserver", "device:s?", "[device]", "start gdbserver on given device (default "
      "'tcp::1234')", hmp_gdbserver },
    { "i", "fmt:f?,addr:i", "/fmt addr", "I/O port read", hmp_port_read },
    { "log", "items:s", "item1[,...]", "activate logging of the specified items", hmp_log },
    { "logfile", "file:s", "filename", "output logs to 'filename'", hmp_logfile },
    { "memsave", "addr:i,size:i,file:s", "addr size file", "save to disk virtual memory dump "
      "starting at 'addr' of size 'size'", hmp_memsave },
    { "nmi", "", "", "inject an NMI", hmp_inject_nmi },
    { "o", "fmt:f?,addr:i,val:i", "/fmt addr value", "I/O port write", hmp_port_write },
    { "object_add", "object:S", "[qom-type=]type,id=str[,prop=value][,...]", "create QOM object",
      hmp_object_add },
    { "object_del", "id:s", "id", "destroy QOM object", hmp_object_del },
    { "pmemsave", "addr:i,size:i,file:s", "addr size file", "save to disk physical memory dump "
      "starting at 'addr' of size 'size'", hmp_pmemsave },
    { "print|p", "fmt:f?,val:i", "/fmt expr", "print expression value (use $pc for the program "
      "counter)", hmp_print },
    { "qom-get", "path:s,property:s", "path property", "print QOM property", hmp_qom_get },
    { "qom-list", "path:s?", "path", "list QOM properties", hmp_qom_list },
    { "qom-set", "path:s,property:s,value:S", "path property value", "set QOM property",
      hmp_qom_set },
    { "quit|q", "", "", "quit the emulator", hmp_quit },
    { "stop|s", "", "", "stop emulation", hmp_stop },
    { "sum", "start:i,size:i", "addr size", "compute the checksum of a memory region", hmp_sum },
    { "system_powerdown", "", "", "send system power down event", hmp_system_powerdown },
    { "system_reset", "", "", "reset the system", hmp_system_reset },
    { "trace-event", "name:s,option:b,vcpu:i?", "name on|off [vcpu]", "changes status of a specific "
      "trace event (a pattern: of several)", hmp_trace_event },
    { "x", "fmt:f?,addr:i", "/fmt addr", "virtual memory dump starting at 'addr'", hmp_x },
    { "xp", "fmt:f?,addr:i", "/fmt addr", "physical memory dump starting at 'addr'", hmp_xp },

    { "balloon", "", "", "show balloon information", hmp_info_balloon, true },
    { "chardev", "", "", "show the character devices", hmp_info_chardev, true },
    { "cpus", "", "", "show infos for each CPU", hmp_info_cpus, true },
    { "hv-balloon", "", "", "show the balloon's target, state and ranges",
      hmp_info_hv_balloon, true },
    { "jit", "", "", "show dynamic compiler info", hmp_info_jit, true },
    { "kvm", "", "", "show KVM information", hmp_info_kvm, true },
    { "lapic", "", "", "show local apic state", hmp_info_lapic, true },
    { "memory-devices", "", "", "show memory devices", hmp_info_memory_devices, true },
    { "memory_size_summary", "", "", "show the amount of initially allocated and present "
      "hotpluggable (if enabled) memory in bytes", hmp_info_memory_size_summary, true },
    { "mtree", "-f,-d,-o,-D", "[-f]", "show memory tree (-f: the flat view)", hmp_info_mtree,
      true },
    { "name", "", "", "show the current VM name", hmp_info_name, true },
    { "pci", "", "", "show PCI info", hmp_info_pci, true },
    { "pic", "", "", "show PIC state", hmp_info_pic, true },
    { "qom-tree", "path:s?", "[path]", "show QOM composition tree", hmp_info_qom_tree, true },
    { "qtree", "", "", "show device tree", hmp_info_qtree, true },
    { "registers", "-a,vcpu:i?", "[-a|vcpu]", "show the cpu registers (-a: of all CPUs)",
      hmp_info_registers, true },
    { "status", "", "", "show the current VM status (running|paused)", hmp_info_status, true },
    { "trace-events", "name:s?,vcpu:i?", "[name] [vcpu]", "show available trace-events & their "
      "state (name: event name pattern)", hmp_info_trace_events, true },
    { "uuid", "", "", "show the current VM UUID", hmp_info_uuid, true },
    { "version", "", "", "show the version of QEMU", hmp_info_version, true },
    { NULL }
};
