/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor-glue.h"
#include <stdlib.h>
#include <string.h>
#include "accel/accel.h"
#include "backends/user-creatable.h"
#include "gdbstub/gdbstub.h"
#include "hw/core/device.h"
#include "monitor/monitor.h"
#include "runstate.h"
#include "target/i386/cpu-models.h"
#include "target/i386/cpu.h"

static CommandLine *cl;

void monitor_glue_stop(void)
{
    if (runstate_running()) {
        vm_stop(RUN_STATE_PAUSED);
    }
}

void monitor_glue_quit(void)
{
    request_shutdown(SHUTDOWN_CAUSE_HOST_QMP_QUIT);
}

static bool glue_cont(Error **errp)
{
    if (runstate_get() == RUN_STATE_SHUTDOWN || runstate_get() == RUN_STATE_GUEST_PANICKED) {
        error_setg(errp, "Resetting the Virtual Machine is required");
        return false;
    }
    vm_start();
    return true;
}

static void glue_reset(void)
{
    request_reset(SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
}

static const char *glue_name(void) { return cl->name; }
static const char *glue_uuid(void) { return cl->uuid; }

static const char *glue_cpu_type(void) { return "qemu64-x86_64-cpu"; }

static void glue_foreach_cpu_model(void (*fn)(const char *name, const char *desc, void *opaque),
                                   void *opaque)
{
    const X86CPUModel *m;

    for (unsigned i = 0; (m = x86_cpu_model(i)) != NULL; i++) {
        fn(m->name, m->brand, opaque);
    }
}

static bool glue_gdbserver(const char *where, Error **errp)
{
    static const GdbSystemOps ops = { vm_start, monitor_glue_stop, monitor_glue_quit };

    return gdb_system_start(where && *where ? where : "tcp::1234", &ops, errp);
}

bool monitor_glue_device_add(Opts *o, bool hotplug, Error **errp)
{
    const char *driver = opts_get(o, "driver"), *id = opts_get(o, "id");
    g_autofree KeyValue *kv = g_new0(KeyValue, o->n + 1);
    unsigned n = 0;

    for (unsigned i = 0; i < o->n; i++) {
        if (strcmp(o->v[i].key, "driver") != 0 && strcmp(o->v[i].key, "id") != 0) {
            kv[n++] = (KeyValue){ o->v[i].key, o->v[i].value };
        }
    }
    if (!device_add_opts(driver, id, kv, n, hotplug, errp)) {
        if (!hotplug) {
            error_prepend(errp, "-device %s: ", driver);
        }
        return false;
    }
    return true;
}

bool monitor_glue_object_add(Opts *o, Error **errp)
{
    const char *type = opts_get(o, "qom-type"), *id = opts_get(o, "id");
    ObjectClass *k = type ? object_class_by_name(type) : NULL;

    if (!type || !id) {
        error_setg(errp, "Parameter '%s' is missing", type ? "id" : "qom-type");
        return false;
    }
    if (!k || k->type->abstract || !object_class_is(k, TYPE_USER_CREATABLE)) {
        error_setg(errp, "invalid object type: %s", type);
        return false;
    }
    if (object_resolve(id)) {
        error_setg(errp, "attempt to add duplicate property '%s' to object (type 'container')", id);
        return false;
    }
    Object *obj = object_new(type);
    for (unsigned i = 0; i < o->n; i++) {
        const char *key = o->v[i].key;
        if (strcmp(key, "qom-type") != 0 && strcmp(key, "id") != 0 &&
            !object_set(obj, key, o->v[i].value, errp)) {
            object_unref(obj);
            return false;
        }
    }
    object_add_child(object_container("/objects"), id, obj);
    if (!user_creatable_complete(obj, errp)) {
        object_unparent(obj);
        return false;
    }
    return true;
}

static bool glue_object_del(const char *id, Error **errp)
{
    g_autofree char *path = g_strdup_printf("/objects/%s", id);
    Object *obj = object_resolve(path);

    if (!obj) {
        error_setg(errp, "object '%s' not found", id);
        return false;
    }
    if (obj->refs > 1) {
        error_setg(errp, "object '%s' is in use, can not be deleted", id);
        return false;
    }
    object_unparent(obj);
    return true;
}

static const MonitorVm vm = {
    .state = runstate_get, .running = runstate_running, .stop = monitor_glue_stop,
    .cont = glue_cont, .quit = monitor_glue_quit, .reset = glue_reset,
    .powerdown = request_powerdown, .set_action = runstate_set_action, .name = glue_name,
    .uuid = glue_uuid, .gdbserver = glue_gdbserver, .foreach_cpu_model = glue_foreach_cpu_model,
    .default_cpu_type = glue_cpu_type, .object_add = monitor_glue_object_add,
    .object_del = glue_object_del, .foreach_option = options_foreach,
};

static bool start_one(const MonOption *m, unsigned i, Error **errp)
{
    g_autofree char *id = g_strdup_printf("compat_monitor%u", i);
    Chardev *chr;

    if (!chardev_from_text(m->text, id, &chr, errp)) {
        error_prepend(errp, "-%s %s: ", m->control ? "qmp" : "monitor", m->text);
        return false;
    }
    return !chr || monitor_new(chr, m->control, m->pretty, errp);
}

static bool start_mon(const char *text, Error **errp)
{
    g_autoptr(Opts) o = opts_parse(text, "chardev", NULL, errp);
    bool pretty = false;

    if (!o || !opts_get_bool(o, "pretty", &pretty, errp)) {
        return false;
    }
    const char *id = opts_get(o, "chardev"), *mode = opts_get(o, "mode");
    opts_get(o, "id");                          /* monitors are not found by it */
    Chardev *chr = id ? chardev_find(id) : NULL;
    if (!chr) {
        error_setg(errp, "-mon %s: chardev \"%s\" not found", text, id ? id : "");
        return false;
    }
    if (mode && strcmp(mode, "control") != 0 && strcmp(mode, "readline") != 0) {
        error_setg(errp, "-mon %s: unknown monitor mode \"%s\"", text, mode);
        return false;
    }
    return opts_all_used(o, errp) &&
           monitor_new(chr, mode && strcmp(mode, "control") == 0, pretty, errp);
}

/* "mon:stdio" has made a mux; its second front end is the human monitor. */
static bool start_muxed(Error **errp)
{
    for (unsigned i = 0; i < cl->serials->len; i++) {
        if (g_str_has_prefix(cl->serials->pdata[i], "mon:") && cl->machine.serial[i] &&
            !monitor_new(cl->machine.serial[i], false, false, errp)) {
            return false;
        }
    }
    return true;
}

bool monitor_glue_start(CommandLine *line, Error **errp)
{
    cl = line;
    monitor_init(&vm);
    for (unsigned i = 0; i < cl->monitors->len; i++) {
        if (!start_one(cl->monitors->pdata[i], i, errp)) {
            return false;
        }
    }
    for (unsigned i = 0; i < cl->mon_opts->len; i++) {
        if (!start_mon(cl->mon_opts->pdata[i], errp)) {
            return false;
        }
    }
    return start_muxed(errp);
}

void monitor_glue_cleanup(void)
{
    monitor_cleanup();
}
