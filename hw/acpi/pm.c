/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI fixed hardware: PM1 event and control, PM timer, GPE0, and the APM command port that turns
 * ACPI mode on. Source: ACPI 6.4, chapter 4.8; 82371AB (PIIX4) data sheet.
 */
#include "hw/acpi/pm.h"

#include "util/log.h"
#include "util/main-loop.h"

#define PM_TIMER_HZ 3579545
#define NS_PER_S INT64_C(1000000000)
#define PM_TIMER_MSB (UINT32_C(1) << 23)        /* its change sets TMR_STS; 24 bits are shown */

enum { STS_TMR = 1 << 0, STS_BM = 1 << 4, STS_GBL = 1 << 5, STS_PWRBTN = 1 << 8,
       STS_SLPBTN = 1 << 9, STS_RTC = 1 << 10, STS_WAKE = 1 << 15 };
#define STS_W1C (STS_TMR | STS_BM | STS_GBL | STS_PWRBTN | STS_SLPBTN | STS_RTC | STS_WAKE)
#define EN_MASK (STS_TMR | STS_GBL | STS_PWRBTN | STS_SLPBTN | STS_RTC)
enum { CNT_SCI_EN = 1 << 0, CNT_GBL_RLS = 1 << 2, CNT_SLP_TYP_SHIFT = 10, CNT_SLP_EN = 1 << 13 };

struct AcpiPm {
    Device parent;
    uint16_t sts, en, cnt;      /* big lock */
    uint16_t gpe_sts, gpe_en, gpe_level;
    uint8_t apm_cmd, apm_status;
    int64_t tmr_seen;           /* ticks up to which TMR_STS is accounted for */
    IrqLine *sci;
    Timer *timer;               /* next change of PM_TIMER_MSB, when enabled */
    MemoryRegion block, evt, tmr, gpe, apm;
    MemoryRegion *io;
    uint32_t base;
};

static int64_t pm_ticks(void)
{
    return (int64_t)((__int128)clock_ns(CLOCK_VIRTUAL) * PM_TIMER_HZ / NS_PER_S);
}

static void pm_account_timer(AcpiPm *s)
{
    int64_t now = pm_ticks();

    if (now / PM_TIMER_MSB != s->tmr_seen / PM_TIMER_MSB) {
        s->sts |= STS_TMR;
    }
    s->tmr_seen = now;
}

static void pm_update(AcpiPm *s)
{
    bool level = (s->sts & s->en & EN_MASK) || (s->gpe_sts & s->gpe_en);

    irq_set(s->sci, level && (s->cnt & CNT_SCI_EN));
    if ((s->en & STS_TMR) && !(s->sts & STS_TMR)) {
        int64_t next = (s->tmr_seen / PM_TIMER_MSB + 1) * PM_TIMER_MSB;
        timer_mod(s->timer, (int64_t)((__int128)next * NS_PER_S / PM_TIMER_HZ) + 1);
    } else {
        timer_del(s->timer);
    }
}

static void pm_timer(void *opaque)
{
    pm_account_timer(opaque);
    pm_update(opaque);
}

static void pm_write_cnt(AcpiPm *s, uint16_t v)
{
    s->cnt = v & ~(CNT_SLP_EN | CNT_GBL_RLS);
    if (!(v & CNT_SLP_EN)) {
        return;
    }
    uint8_t type = v >> CNT_SLP_TYP_SHIFT & 7;
    if (type == S5_SLEEP_TYPE || type == S4_SLEEP_TYPE) {
        machine_services()->shutdown_request(true);
    } else {
        guest_unimp("acpi: sleep type %u\n", type);
    }
}

static uint64_t block_read(void *opaque, uint64_t ofs, unsigned n)
{
    AcpiPm *s = opaque;

    switch (ofs) {
    case PM1_EVT_OFS:
        pm_account_timer(s);
        return s->sts;
    case PM1_EVT_OFS + 2:
        return s->en;
    case PM1_CNT_OFS:
        return s->cnt;
    default:
        return 0;
    }
}

static void block_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{
    AcpiPm *s = opaque;

    pm_account_timer(s);
    switch (ofs) {
    case PM1_EVT_OFS:
        s->sts &= ~(v & STS_W1C);
        break;
    case PM1_EVT_OFS + 2:
        s->en = v & EN_MASK;
        break;
    case PM1_CNT_OFS:
        pm_write_cnt(s, v);
        break;
    default:
        break;
    }
    pm_update(s);
}

static const MemoryRegionOps block_ops = {
    .read = block_read, .write = block_write, .impl_min = 2, .impl_max = 2,
};

/* The timer is read in one piece: a 32-bit read must not see two moments. */
static uint64_t tmr_read(void *opaque, uint64_t ofs, unsigned n)
{
    return (pm_ticks() & 0xffffff) >> (8 * ofs);
}

static void tmr_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{
}

static const MemoryRegionOps tmr_ops = { .read = tmr_read, .write = tmr_write, .impl_max = 4 };

/* ---- GPE0: two status bytes, two enable bytes ---- */

static uint64_t gpe_read(void *opaque, uint64_t ofs, unsigned n)
{
    AcpiPm *s = opaque;
    uint16_t v = ofs < 2 ? s->gpe_sts : s->gpe_en;

    return v >> (8 * (ofs & 1)) & 0xff;
}

static void gpe_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{
    AcpiPm *s = opaque;
    unsigned shift = 8 * (ofs & 1);

    if (ofs < 2) {
        s->gpe_sts = (s->gpe_sts & ~(v << shift)) | s->gpe_level;
    } else {
        s->gpe_en = (s->gpe_en & ~(0xff << shift)) | v << shift;
    }
    pm_update(s);
}

static const MemoryRegionOps gpe_ops = { .read = gpe_read, .write = gpe_write, .impl_max = 1 };

/* ---- APM ---- */

static uint64_t apm_read(void *opaque, uint64_t ofs, unsigned n)
{
    AcpiPm *s = opaque;

    return ofs ? s->apm_status : s->apm_cmd;
}

static void apm_write(void *opaque, uint64_t ofs, uint64_t v, unsigned n)
{
    AcpiPm *s = opaque;

    if (ofs) {
        s->apm_status = v;
        return;
    }
    s->apm_cmd = v;
    if (v == ACPI_ENABLE_CMD) {
        s->cnt |= CNT_SCI_EN;
    } else if (v == ACPI_DISABLE_CMD) {
        s->cnt &= ~CNT_SCI_EN;
    }
    pm_update(s);
}

static const MemoryRegionOps apm_ops = { .read = apm_read, .write = apm_write, .impl_max = 1 };

/* ---- device ---- */

void acpi_pm_set_base(AcpiPm *s, uint32_t base)
{
    if (base == s->base) {
        return;
    }
    memory_transaction_begin();
    memory_region_set_enabled(&s->block, base != 0);
    if (base) {
        memory_region_set_address(&s->block, base);
    }
    memory_transaction_commit();
    s->base = base;
}

void acpi_pm_power_button(AcpiPm *s)
{
    s->sts |= STS_PWRBTN;
    pm_update(s);
}

void acpi_pm_set_gpe(AcpiPm *s, unsigned n, int level)
{
    uint16_t bit = 1u << n;

    s->gpe_level = level ? s->gpe_level | bit : s->gpe_level & ~bit;
    s->gpe_sts |= s->gpe_level;
    pm_update(s);
}

static void acpi_pm_reset(Device *dev)
{
    AcpiPm *s = acpi_pm(dev);

    s->sts = s->en = 0;
    s->cnt = 0;
    s->gpe_sts = s->gpe_level;
    s->gpe_en = 0;
    s->apm_cmd = s->apm_status = 0;
    s->tmr_seen = pm_ticks();
    pm_update(s);
}

static void acpi_pm_print_info(Device *dev, FILE *f)
{
    AcpiPm *s = acpi_pm(dev);

    fprintf(f, "pm1 sts %04x en %04x cnt %04x gpe0 sts %04x en %04x base 0x%x\n", s->sts, s->en,
            s->cnt, s->gpe_sts, s->gpe_en, s->base);
}

static bool acpi_pm_realize(Device *dev, Error **errp)
{
    AcpiPm *s = acpi_pm(dev);

    s->timer = timer_new(CLOCK_VIRTUAL, pm_timer, s);
    memory_region_init(&s->block, s, "acpi-pm", PM_BLOCK_BYTES);
    memory_region_init_io(&s->evt, s, &block_ops, s, "acpi-evt", PM_BLOCK_BYTES);
    memory_region_add(&s->block, 0, &s->evt);
    memory_region_init_io(&s->tmr, s, &tmr_ops, s, "acpi-tmr", 4);
    memory_region_add_overlap(&s->block, PM_TMR_OFS, &s->tmr, 1);
    s->base = PM_IO_BASE;
    memory_region_add(s->io, s->base, &s->block);
    memory_region_init_io(&s->gpe, s, &gpe_ops, s, "acpi-gpe0", GPE0_BYTES);
    memory_region_add(s->io, GPE0_BLK, &s->gpe);
    memory_region_init_io(&s->apm, s, &apm_ops, s, "apm", 2);
    memory_region_add(s->io, APM_PORT, &s->apm);
    return true;
}

static void acpi_pm_finalize(Object *obj)
{
    timer_free(acpi_pm(obj)->timer);
}

AcpiPm *acpi_pm_new(MemoryRegion *io, IrqLine *sci, Error **errp)
{
    AcpiPm *s = acpi_pm(object_new(TYPE_ACPI_PM));

    s->io = io;
    s->sci = sci;
    if (!device_realize(&s->parent, NULL, NULL, errp)) {
        return NULL;
    }
    acpi_pm_reset(&s->parent);
    return s;
}

static const TypeInfo acpi_pm_info = {
    .name = TYPE_ACPI_PM, .parent = TYPE_DEVICE, .size = sizeof(AcpiPm),
    .class_init = device_class_methods, .finalize = acpi_pm_finalize,
    .class_data = &(const DeviceMethods){ acpi_pm_realize, acpi_pm_reset, acpi_pm_print_info },
};
TYPE_REGISTER(acpi_pm_info)
