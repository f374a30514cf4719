/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects with types, single inheritance and properties. Types put themselves on a list
 * (TYPE_REGISTER); type_init_all(), called once by each main(), builds the classes.
 * Thread: objects and properties under the big lock; references are atomic.
 */
#ifndef QOM_OBJECT_H
#define QOM_OBJECT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include "util/error.h"

typedef struct TypeInfo TypeInfo;
typedef struct ObjectClass ObjectClass;
typedef struct Object Object;
typedef struct Property Property;

/* How a property's text and typed value relate; one row each in qom/property.c. */
typedef enum PropKind {
    PROP_BOOL,          /* bool: on/off/yes/no/true/false */
    PROP_U8, PROP_U16, PROP_U32, PROP_U64, PROP_I32, PROP_I64,
    PROP_SIZE,          /* uint64_t bytes with suffix K M G T */
    PROP_STR,           /* char *, owned */
    PROP_ON_OFF_AUTO,   /* OnOffAuto */
    PROP_UUID,          /* uint8_t[16], textual; "auto" = random */
    PROP_LINK,          /* Object *, by id or path; .link_type */
    PROP_ENUM,          /* int, .names NULL-terminated */
    PROP_CUSTOM,        /* .get/.set only */
} PropKind;

typedef enum OnOffAuto { ON_OFF_AUTO_AUTO, ON_OFF_AUTO_ON, ON_OFF_AUTO_OFF } OnOffAuto;

struct Property {       /* tables end with {0} */
    const char *name;
    PropKind kind;
    size_t offset;                      /* of the field in the instance */
    union { int64_t i; uint64_t u; const char *s; bool b; } def;    /* default, set at creation */
    const char *link_type;
    const char *const *names;
    const char *desc;                   /* one line, for -device X,help */
    bool no_default;                    /* leave the field alone at creation */
    bool runtime;                       /* may be set after realize */
    bool json;                          /* get() gives JSON, not a string */
    char *(*get)(Object *obj, const Property *p);               /* PROP_CUSTOM: g_malloc'ed text */
    bool (*set)(Object *obj, const Property *p, const char *text, Error **errp);
};
#define PROP(kind_, name_, T, field, ...) \
    { .name = name_, .kind = PROP_##kind_, .offset = offsetof(T, field), __VA_ARGS__ }

struct ObjectClass {
    const TypeInfo *type;
    ObjectClass *super;
    char *name;
    unsigned n_props_tables;
    const Property *props_tables[8];    /* own and inherited, base first */
};

struct TypeInfo {
    const char *name, *parent;          /* parent NULL: "object" */
    size_t size;                        /* of an instance; 0: the parent's */
    size_t class_size;                  /* 0: the parent's */
    bool abstract;
    const char *desc;                   /* one line for help; NULL: not user-creatable */
    void (*class_init)(ObjectClass *klass);         /* set methods; parent's are copied before */
    const void *class_data;             /* for a class_init() that serves several types */
    void (*init)(Object *obj);                      /* parent first */
    void (*finalize)(Object *obj);                  /* child first */
    const Property *props;
};

struct Object {
    ObjectClass *klass;
    unsigned refs;
    Object *parent_obj;                 /* composition tree; not a reference */
    char *id;                           /* name in the parent, owned; NULL: none */
    GHashTable *children;               /* id -> Object, owned references; NULL: none */
    GHashTable *dyn_props;              /* name -> Property, added at run time */
};

void type_register(const TypeInfo *info);           /* by constructors only: keeps the pointer */
void type_init_all(void);
#define TYPE_REGISTER(info) \
    __attribute__((constructor)) static void info##_register(void) { type_register(&info); }

ObjectClass *object_class_by_name(const char *type);        /* NULL if unknown */
ObjectClass *object_class_parent(ObjectClass *klass);
bool object_class_is(const ObjectClass *klass, const char *type);
/* calls fn for each class that is a @type, sorted by name */
void object_class_foreach(const char *type, bool abstract_too,
                          void (*fn)(ObjectClass *klass, void *opaque), void *opaque);

Object *object_new(const char *type);               /* one reference; aborts on unknown type */
void object_init_at(void *mem, const char *type);   /* embedded object; freed by its owner */
Object *object_ref_(void *obj);
void object_unref(void *obj);
void *object_check(void *obj, const char *type, const char *file, int line);    /* checked cast */
bool object_is(const void *obj, const char *type);
const char *object_type_name(const void *obj);

/* composition: @child becomes /parent/id; takes over one reference */
void object_add_child(Object *parent, const char *id, Object *child);
void object_unparent(Object *child);                /* drops the parent's reference */
Object *object_root(void);                          /* "/" */
Object *object_container(const char *path);         /* "/objects", made on demand */
Object *object_resolve(const char *path_or_id);     /* NULL if there is none */
char *object_path(const Object *obj);               /* g_malloc'ed */
void object_foreach_child(Object *obj, void (*fn)(Object *child, void *opaque), void *opaque);

const Property *object_find_property(Object *obj, const char *name);
bool object_set(Object *obj, const char *name, const char *text, Error **errp);
char *object_get(Object *obj, const char *name, Error **errp);      /* text, g_malloc'ed */
void object_foreach_property(Object *obj, void (*fn)(const Property *p, void *opaque), void *opaque);
void object_class_foreach_property(ObjectClass *klass, void (*fn)(const Property *p, void *opaque),
                                   void *opaque);

#define OBJECT(o) ((Object *)(o))
/* typedef + checked cast: DECLARE_TYPE(Ticker, ticker, "ticker") gives ticker(obj) */
#define DECLARE_TYPE(T, cast, type_name) \
    typedef struct T T; \
    static inline T *cast(void *obj) \
    { return (T *)object_check(obj, type_name, __FILE__, __LINE__); }
#define DECLARE_CLASS(C, cast_class) \
    typedef struct C C; \
    static inline C *cast_class(void *obj) { return (C *)((Object *)obj)->klass; }

#endif
