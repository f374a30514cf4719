/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The partition tied to real vCPUs and their local APICs; its reset as a device. */
#include "hw/hyperv/hyperv.h"
#include "hw/core/device.h"
#include "hw/intc/apic.h"
#include "partition.h"
#include "stimer.h"
#include "synic.h"

#define TYPE_HYPERV "hyperv"

typedef struct HyperVDevice { Device parent; } HyperVDevice;

/* ---- what synic.c, stimer.c and vmbus.c ask ---- */

static void wire_inject(unsigned vp, uint8_t vector)
{
    CPUState *cpu = cpu_by_index(vp);

    if (cpu) {
        apic_inject(cpu, vector);
    }
}

static void wire_set_auto_eoi(unsigned vp, uint8_t vector, bool on)
{
    CPUState *cpu = cpu_by_index(vp);

    if (cpu) {
        apic_set_auto_eoi(cpu, vector, on);
    }
}

typedef struct VpWork { void (*fn)(void *opaque); void *opaque; } VpWork;

static void vp_work(CPUState *cpu, void *opaque)
{
    g_autofree VpWork *w = opaque;

    w->fn(w->opaque);
}

static void wire_run_on_vp(unsigned vp, void (*fn)(void *opaque), void *opaque)
{
    CPUState *cpu = cpu_by_index(vp);
    VpWork *w = g_new(VpWork, 1);

    g_assert(cpu);              /* vp_exists() was asked */
    *w = (VpWork){ fn, opaque };
    async_run_on_cpu(cpu, vp_work, w);
}

static bool wire_vp_exists(unsigned vp)
{
    return cpu_by_index(vp);
}

static const HvWiring wiring = {
    .inject = wire_inject, .set_auto_eoi = wire_set_auto_eoi, .run_on_vp = wire_run_on_vp,
    .vp_exists = wire_vp_exists,
};

/* ---- what the architecture asks ---- */

static bool op_synic_read(CPUState *cpu, unsigned reg, uint64_t *val)
{
    return synic_read(hv_partition()->synic, cpu->index, reg, val);
}

static bool op_synic_write(CPUState *cpu, unsigned reg, uint64_t val)
{
    return synic_write(hv_partition()->synic, cpu->index, reg, val);
}

static bool op_stimer_read(CPUState *cpu, unsigned reg, uint64_t *val)
{
    return stimer_read(hv_partition()->stimers, cpu->index, reg, val);
}

static bool op_stimer_write(CPUState *cpu, unsigned reg, uint64_t val)
{
    return stimer_write(hv_partition()->stimers, cpu->index, reg, val);
}

static unsigned op_post_message(const uint8_t *input)
{
    return hv_post_message(hv_partition(), input);
}

static unsigned op_signal_event(uint32_t connection_id, uint16_t flag)
{
    return hv_signal_event(hv_partition(), connection_id, flag);
}

static uint32_t op_apic_timer_hz(void)
{
    return APIC_TIMER_HZ;
}

static void op_reset_request(void)
{
    machine_services()->reset_request(true);
}

static void op_crash(const uint64_t p[5])
{
    guest_error("hyperv: guest crashed: 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64
                " 0x%" PRIx64, p[0], p[1], p[2], p[3], p[4]);
    if (machine_services()->guest_panicked) {
        machine_services()->guest_panicked();
    }
}

static const HyperVOps ops = {
    .synic_read = op_synic_read, .synic_write = op_synic_write,
    .stimer_read = op_stimer_read, .stimer_write = op_stimer_write,
    .post_message = op_post_message, .signal_event = op_signal_event,
    .apic_read = apic_reg_read, .apic_write = apic_reg_write, .inject = apic_inject,
    .apic_timer_hz = op_apic_timer_hz, .reset_request = op_reset_request, .crash = op_crash,
};

static void eoi_seen(CPUState *cpu, uint8_t vector)
{
    synic_eoi(hv_partition()->synic, cpu->index, vector);
}

const HyperVOps *hyperv_create(const HyperVArch *arch, unsigned n_vps)
{
    hv_partition_new(&wiring, arch, n_vps);
    apic_set_eoi_hook(eoi_seen);
    device_realize(device(object_new(TYPE_HYPERV)), NULL, NULL, NULL);
    return &ops;
}

static void hyperv_device_reset(Device *dev)
{
    hv_partition_reset(hv_partition());
}

static void hyperv_class_init(ObjectClass *k)
{
    device_class(k)->reset = hyperv_device_reset;
}

static const TypeInfo hyperv_info = {
    .name = TYPE_HYPERV, .parent = TYPE_DEVICE, .size = sizeof(HyperVDevice),
    .class_init = hyperv_class_init,
};
TYPE_REGISTER(hyperv_info)
