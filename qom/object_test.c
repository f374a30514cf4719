/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include "qom/object.h"
#include "qom/parse.h"

static int log_finalized;

DECLARE_TYPE(Animal, animal, "animal")
struct Animal {
    Object parent;
    uint8_t legs;
    bool tame;
    uint64_t weight;
    char *name;
    OnOffAuto hungry;
    uint8_t uuid[16];
    Object *friend_;
    int colour;
};
typedef struct AnimalClass { ObjectClass parent; const char *(*sound)(void); } AnimalClass;

static const char *growl(void) { return "growl"; }
static const char *meow(void) { return "meow"; }
static void animal_class_init(ObjectClass *k) { ((AnimalClass *)k)->sound = growl; }
static void cat_class_init(ObjectClass *k) { ((AnimalClass *)k)->sound = meow; }
static void animal_init(Object *o) { animal(o)->legs++; }
static void animal_finalize(Object *o) { log_finalized++; }

static const char *const colours[] = { "red", "black", NULL };
static const Property animal_props[] = {
    PROP(U8, "legs", Animal, legs, .def.u = 3), PROP(BOOL, "tame", Animal, tame),
    PROP(SIZE, "weight", Animal, weight, .def.u = 4096), PROP(STR, "name", Animal, name, .def.s = "x"),
    PROP(ON_OFF_AUTO, "hungry", Animal, hungry), PROP(UUID, "uuid", Animal, uuid),
    PROP(LINK, "friend", Animal, friend_, .link_type = "animal"),
    PROP(ENUM, "colour", Animal, colour, .names = colours), { 0 }
};
static const TypeInfo animal_info = {
    .name = "animal", .size = sizeof(Animal), .class_size = sizeof(AnimalClass), .abstract = true,
    .class_init = animal_class_init, .init = animal_init, .finalize = animal_finalize,
    .props = animal_props,
};
TYPE_REGISTER(animal_info)
static const TypeInfo dog_info = { .name = "dog", .parent = "animal" };
TYPE_REGISTER(dog_info)
static const TypeInfo cat_info = { .name = "cat", .parent = "animal", .class_init = cat_class_init };
TYPE_REGISTER(cat_info)

static void test_classes(void)
{
    g_assert_cmpstr(((AnimalClass *)object_class_by_name("dog"))->sound(), ==, "growl");
    g_assert_cmpstr(((AnimalClass *)object_class_by_name("cat"))->sound(), ==, "meow");
    g_assert_null(object_class_by_name("cow"));
    g_assert_true(object_class_is(object_class_by_name("cat"), "animal"));
    g_assert_false(object_class_is(object_class_by_name("cat"), "dog"));
}

static void test_properties(void)
{
    Animal *a = animal(object_new("dog"));
    static const struct { const char *name, *text, *back; } good[] = {
        { "legs", "0x10", "16" }, { "tame", "on", "on" }, { "weight", "1.5G", "1610612736" },
        { "name", "rex", "rex" }, { "hungry", "auto", "auto" }, { "colour", "black", "black" },
        { "uuid", "01234567-89ab-cdef-0123-456789abcdef", "01234567-89ab-cdef-0123-456789abcdef" },
    };
    static const struct { const char *name, *text; } bad[] = {
        { "legs", "256" }, { "legs", "-1" }, { "legs", "" }, { "tame", "maybe" },
        { "weight", "1X" }, { "weight", "99999999999E" }, { "uuid", "0123" }, { "tail", "1" },
        { "friend", "nobody" }, { "colour", "pink" },
    };

    g_assert_cmpuint(a->legs, ==, 4);       /* default 3, then init */
    for (unsigned i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(Error) err = NULL;
        g_assert_true(object_set(OBJECT(a), good[i].name, good[i].text, &err));
        g_autofree char *back = object_get(OBJECT(a), good[i].name, &err);
        g_assert_cmpstr(back, ==, good[i].back);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(Error) err = NULL;
        g_assert_false(object_set(OBJECT(a), bad[i].name, bad[i].text, &err));
        g_assert_nonnull(strstr(error_text(err), bad[i].name));
    }
    object_unref(a);
}

static void test_tree(void)
{
    Object *zoo = object_container("/zoo"), *dog = object_new("dog"), *cat = object_new("cat");
    g_autoptr(Error) err = NULL;

    object_add_child(zoo, "rex", dog);
    object_add_child(dog, "tom", cat);
    g_assert_true(object_resolve("/zoo/rex/tom") == cat);
    g_assert_true(object_resolve("tom") == cat);
    g_assert_null(object_resolve("/zoo/tom"));
    g_autofree char *path = object_path(cat);
    g_assert_cmpstr(path, ==, "/zoo/rex/tom");
    g_assert_true(object_set(cat, "friend", "rex", &err));
    g_assert_cmpuint(dog->refs, ==, 2);
    log_finalized = 0;
    object_unparent(cat);
    g_assert_cmpint(log_finalized, ==, 1);
    object_unparent(dog);
    g_assert_cmpint(log_finalized, ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    type_init_all();
    g_test_add_func("/qom/classes", test_classes);
    g_test_add_func("/qom/properties", test_properties);
    g_test_add_func("/qom/tree", test_tree);
    return g_test_run();
}
