/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qom/object.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "property-internal.h"

typedef struct TypeNode {
    struct TypeNode *next;
    const TypeInfo *info;
} TypeNode;

static TypeNode *registered;            /* filled by constructors, before main() */
static GHashTable *classes;             /* name -> ObjectClass; constant after type_init_all() */
static Object *root;

static const TypeInfo object_info = {
    .name = "object", .size = sizeof(Object), .class_size = sizeof(ObjectClass), .abstract = true,
};
static const TypeInfo container_info = { .name = "container", .parent = "object" };

void type_register(const TypeInfo *info)
{
    TypeNode *node = g_new(TypeNode, 1);

    *node = (TypeNode){ registered, info };
    registered = node;
}

static const TypeInfo *find_info(const char *name)
{
    for (TypeNode *n = registered; n; n = n->next) {
        if (strcmp(n->info->name, name) == 0) {
            return n->info;
        }
    }
    return NULL;
}

static size_t info_size(const TypeInfo *t, bool of_class)
{
    for (; t; t = t->parent ? find_info(t->parent) : &object_info) {
        size_t n = of_class ? t->class_size : t->size;
        if (n) {
            return n;
        }
    }
    return 0;
}

static ObjectClass *class_build(const TypeInfo *t)
{
    ObjectClass *k = g_hash_table_lookup(classes, t->name);

    if (k) {
        return k;
    }
    ObjectClass *super = NULL;
    if (t != &object_info) {
        const TypeInfo *p = t->parent ? find_info(t->parent) : &object_info;
        if (!p) {
            g_error("type '%s': parent '%s' is not linked in", t->name, t->parent);
        }
        super = class_build(p);
    }
    size_t size = info_size(t, true);
    k = g_malloc0(size);
    if (super) {
        memcpy(k, super, info_size(super->type, true));
    }
    k->type = t;
    k->super = super;
    k->name = (char *)t->name;
    if (t->props) {
        g_assert(k->n_props_tables < G_N_ELEMENTS(k->props_tables));
        k->props_tables[k->n_props_tables++] = t->props;
    }
    g_hash_table_insert(classes, (char *)t->name, k);
    if (t->class_init) {
        t->class_init(k);
    }
    return k;
}

void type_init_all(void)
{
    if (classes) {
        return;
    }
    classes = g_hash_table_new(g_str_hash, g_str_equal);
    type_register(&object_info);
    type_register(&container_info);
    for (TypeNode *n = registered; n; n = n->next) {
        class_build(n->info);
    }
    root = object_new("container");
}

ObjectClass *object_class_by_name(const char *type)
{
    return g_hash_table_lookup(classes, type);
}

ObjectClass *object_class_parent(ObjectClass *k)
{
    return k->super;
}

bool object_class_is(const ObjectClass *k, const char *type)
{
    for (; k; k = k->super) {
        if (k->name == type || strcmp(k->name, type) == 0) {
            return true;
        }
    }
    return false;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp((*(ObjectClass *const *)a)->name, (*(ObjectClass *const *)b)->name);
}

void object_class_foreach(const char *type, bool abstract_too,
                          void (*fn)(ObjectClass *klass, void *opaque), void *opaque)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    GHashTableIter it;
    void *k;

    g_hash_table_iter_init(&it, classes);
    while (g_hash_table_iter_next(&it, NULL, &k)) {
        ObjectClass *c = k;
        if (object_class_is(c, type) && (abstract_too || !c->type->abstract)) {
            g_ptr_array_add(found, c);
        }
    }
    g_ptr_array_sort(found, by_name);
    for (unsigned i = 0; i < found->len; i++) {
        fn(found->pdata[i], opaque);
    }
}

/* ---- instances ---- */

static void init_chain(Object *obj, ObjectClass *k)
{
    if (k->super) {
        init_chain(obj, k->super);
    }
    if (k->type->init) {
        k->type->init(obj);
    }
}

void object_init_at(void *mem, const char *type)
{
    ObjectClass *k = object_class_by_name(type);
    Object *obj = mem;

    if (!k || k->type->abstract) {
        g_error("type '%s' is %s", type, k ? "abstract" : "unknown");
    }
    memset(obj, 0, info_size(k->type, false));
    obj->klass = k;
    obj->refs = 1;
    property_set_defaults(obj);
    init_chain(obj, k);
}

Object *object_new(const char *type)
{
    ObjectClass *k = object_class_by_name(type);

    if (!k) {
        g_error("type '%s' is unknown", type);
    }
    /* vCPUs want cache-line alignment */
    size_t size = (info_size(k->type, false) + 63) & ~(size_t)63;
    Object *obj = aligned_alloc(64, size);
    object_init_at(obj, type);
    return obj;
}

Object *object_ref_(void *obj)
{
    __atomic_fetch_add(&((Object *)obj)->refs, 1, __ATOMIC_RELAXED);
    return obj;
}

static void object_free(Object *obj)
{
    if (obj->children) {
        GHashTableIter it;
        void *child;

        g_hash_table_iter_init(&it, obj->children);
        while (g_hash_table_iter_next(&it, NULL, &child)) {
            g_hash_table_iter_steal(&it);
            ((Object *)child)->parent_obj = NULL;
            object_unref(child);
        }
        g_hash_table_destroy(obj->children);
        obj->children = NULL;
    }
    for (ObjectClass *k = obj->klass; k; k = k->super) {
        if (k->type->finalize) {
            k->type->finalize(obj);
        }
    }
    property_free_all(obj);
    if (obj->dyn_props) {
        g_hash_table_destroy(obj->dyn_props);
    }
    g_free(obj->id);
    free(obj);
}

void object_unref(void *p)
{
    Object *obj = p;

    if (obj && __atomic_sub_fetch(&obj->refs, 1, __ATOMIC_ACQ_REL) == 0) {
        object_free(obj);
    }
}

bool object_is(const void *obj, const char *type)
{
    return obj && object_class_is(((const Object *)obj)->klass, type);
}

void *object_check(void *obj, const char *type, const char *file, int line)
{
    if (!object_is(obj, type)) {
        g_error("%s:%d: object is a '%s', not a '%s'", file, line,
                obj ? object_type_name(obj) : "NULL", type);
    }
    return obj;
}

const char *object_type_name(const void *obj)
{
    return ((const Object *)obj)->klass->name;
}

/* ---- composition ---- */

void object_add_child(Object *parent, const char *id, Object *child)
{
    g_assert(!child->parent_obj);
    if (!parent->children) {
        parent->children = g_hash_table_new(g_str_hash, g_str_equal);
    }
    g_assert(!g_hash_table_contains(parent->children, id));
    g_free(child->id);
    child->id = g_strdup(id);
    child->parent_obj = parent;
    g_hash_table_insert(parent->children, child->id, child);
}

void object_unparent(Object *child)
{
    if (child->parent_obj) {
        g_hash_table_remove(child->parent_obj->children, child->id);
        child->parent_obj = NULL;
        object_unref(child);
    }
}

Object *object_root(void)
{
    return root;
}

static Object *child_get(Object *obj, const char *id)
{
    return obj->children ? g_hash_table_lookup(obj->children, id) : NULL;
}

Object *object_container(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    Object *obj = root;

    for (char **p = parts; *p; p++) {
        if (!**p) {
            continue;
        }
        Object *next = child_get(obj, *p);
        if (!next) {
            next = object_new("container");
            object_add_child(obj, *p, next);
        }
        obj = next;
    }
    return obj;
}

static Object *find_id(Object *obj, const char *id)
{
    GHashTableIter it;
    void *child;

    if (!obj->children) {
        return NULL;
    }
    Object *hit = child_get(obj, id);
    g_hash_table_iter_init(&it, obj->children);
    while (!hit && g_hash_table_iter_next(&it, NULL, &child)) {
        hit = find_id(child, id);
    }
    return hit;
}

Object *object_resolve(const char *text)
{
    if (text[0] != '/') {
        return find_id(root, text);
    }
    g_auto(GStrv) parts = g_strsplit(text, "/", -1);
    Object *obj = root;

    for (char **p = parts; *p && obj; p++) {
        if (**p) {
            obj = child_get(obj, *p);
        }
    }
    return obj;
}

char *object_path(const Object *obj)
{
    if (obj == root) {
        return g_strdup("/");
    }
    if (!obj->parent_obj) {
        return g_strdup(obj->id ? obj->id : "(orphan)");
    }
    g_autofree char *up = object_path(obj->parent_obj);
    return g_strdup_printf("%s/%s", strcmp(up, "/") == 0 ? "" : up, obj->id);
}

static gint by_id(gconstpointer a, gconstpointer b)
{
    return strcmp((*(Object *const *)a)->id, (*(Object *const *)b)->id);
}

void object_foreach_child(Object *obj, void (*fn)(Object *child, void *opaque), void *opaque)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    GHashTableIter it;
    void *child;

    if (!obj->children) {
        return;
    }
    g_hash_table_iter_init(&it, obj->children);
    while (g_hash_table_iter_next(&it, NULL, &child)) {
        g_ptr_array_add(list, child);
    }
    g_ptr_array_sort(list, by_id);
    for (unsigned i = 0; i < list->len; i++) {
        fn(list->pdata[i], opaque);
    }
}
