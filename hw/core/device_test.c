/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include "hw/core/device.h"

DECLARE_TYPE(Lamp, lamp, "lamp")
struct Lamp { Device parent; uint8_t watts; unsigned resets; };

static bool lamp_realize(Device *dev, Error **errp)
{
    if (lamp(dev)->watts == 0) {
        error_setg(errp, "watts must not be 0");
        return false;
    }
    return true;
}
static void lamp_reset(Device *dev) { lamp(dev)->resets++; }
static void lamp_class_init(ObjectClass *k)
{
    DeviceClass *d = device_class(k);
    d->bus_type = "socket";
    d->user_creatable = true;
    d->realize = lamp_realize;
    d->reset = lamp_reset;
}
static const Property lamp_props[] = {
    PROP(U8, "watts", Lamp, watts, .def.u = 40, .desc = "power"), { 0 }
};
static const TypeInfo lamp_info = {
    .name = "lamp", .parent = TYPE_DEVICE, .size = sizeof(Lamp), .class_init = lamp_class_init,
    .props = lamp_props, .desc = "a lamp",
};
TYPE_REGISTER(lamp_info)
static const TypeInfo socket_info = { .name = "socket", .parent = TYPE_BUS };
TYPE_REGISTER(socket_info)

static const char *add(const char *driver, const char *id, const char *key, const char *value)
{
    static char text[200];
    Error *err = NULL;
    KeyValue kv = { (char *)key, (char *)value };

    text[0] = 0;
    if (!device_add_opts(driver, id, &kv, key ? 1 : 0, false, &err)) {
        g_strlcpy(text, error_text(err), sizeof(text));
        error_free(err);
    }
    return text;
}

static void test_add(void)
{
    g_assert_cmpstr(add("nonsense", NULL, NULL, NULL), ==,
                    "'nonsense' is not a valid device model name");
    g_assert_cmpstr(add("lamp", "l0", NULL, NULL), ==, "No 'socket' bus found for device 'lamp'");
    Bus *b = bus_new("socket", NULL, "wall");
    g_assert_cmpstr(add("lamp", "l0", NULL, NULL), ==, "");
    g_assert_cmpstr(add("lamp", "l0", NULL, NULL), ==, "Duplicate device ID 'l0'");
    g_assert_cmpstr(add("lamp", "l1", "watts", "0"), ==, "watts must not be 0");
    g_assert_cmpstr(add("lamp", "l1", "volts", "1"), ==, "Property 'lamp.volts' not found");
    g_assert_cmpstr(add("lamp", "l1", "bus", "roof"), ==, "Bus 'roof' not found");
    g_assert_cmpuint(b->devices->len, ==, 1);
    global_property_add("lamp", "watts", "7");
    g_assert_cmpstr(add("lamp", "l2", NULL, NULL), ==, "");
    g_assert_cmpuint(lamp(device_find("l2"))->watts, ==, 7);
    device_reset_all();
    g_assert_cmpuint(lamp(device_find("l0"))->resets, ==, 1);
    device_unrealize(device_find("l2"));
    g_assert_null(device_find("l2"));
    device_reset_all();
    g_assert_cmpuint(lamp(device_find("l0"))->resets, ==, 2);
    g_assert_true(device_find_type("lamp", NULL) == device_find("l0"));
}

static int seen_level = -1, handled_level = -1;
static void seen(void *opaque, int n, int level) { seen_level = level; }
static void handled(void *opaque, int n, int level) { handled_level = n * 10 + level; }

static void test_irq(void)
{
    IrqLine *irq = irq_new(handled, NULL, 3);

    irq_raise(NULL);
    irq_intercept(irq, seen, NULL);
    irq_raise(irq);
    g_assert_cmpint(seen_level, ==, 1);
    g_assert_cmpint(handled_level, ==, 31);
    irq_free(irq);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    type_init_all();
    g_test_add_func("/device/add", test_add);
    g_test_add_func("/irq/line", test_irq);
    return g_test_run();
}
