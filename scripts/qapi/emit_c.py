# SPDX-License-Identifier: GPL-2.0-or-later
"""C for the schema: types and their tables, command table, event senders."""
from schema import Enum, Struct, c_name

BANNER = '/* SPDX-License-Identifier: GPL-2.0-or-later */\n/* Made by scripts/qapi/gen.py. */\n'


def field(c_type, name):
    return c_type + name if c_type.endswith('*') else c_type + ' ' + name


def structs_of(schema):
    return [t for t in schema.types.values() if isinstance(t, Struct)]


def enums_of(schema):
    return [t for t in schema.types.values() if isinstance(t, Enum)]


# ---- types ----

def enum_decl(e):
    out = 'typedef enum ' + e.c_type + ' {\n'
    for v in e.values:
        out += f'    {e.const(v)},\n'
    out += f'    {e.const("_max")},\n}} {e.c_type};\n'
    out += f'extern const char *const {e.c_type}_names[];\n'
    out += f'extern const QapiType {e.c_type}_type;\n'
    out += (f'static inline const char *{e.c_type}_str({e.c_type} v)\n'
            f'{{ return {e.c_type}_names[v]; }}\n\n')
    return out


def struct_decl(s):
    out = 'struct ' + c_name(s.name) + ' {\n'
    for m in s.members:
        if m.has:
            out += f'    bool has_{c_name(m.name)};\n'
        out += f'    {field(m.type.c_type, c_name(m.name))};\n'
    if s.variants:
        out += '    union {\n'
        for value, t in s.variants.items():
            out += f'        {field(t.c_type, c_name(value))};\n'
        out += '        void *any_;\n    } u;\n'
    if not s.members:
        out += '    char empty_;\n'
    out += '};\n'
    n = c_name(s.name)
    out += f'extern const QapiType {n}_type;\n'
    out += f'static inline {n} *{n}_new(void) {{ return g_new0({n}, 1); }}\n'
    out += f'static inline void {n}_free({n} *v) {{ qapi_clear(&{n}_type, &v); }}\n'
    out += f'G_DEFINE_AUTOPTR_CLEANUP_FUNC({n}, {n}_free)\n\n'
    return out


def types_h(schema):
    out = BANNER + '#ifndef QAPI_TYPES_H\n#define QAPI_TYPES_H\n\n#include "qapi/visit.h"\n\n'
    for e in enums_of(schema):
        out += enum_decl(e)
    for s in structs_of(schema):
        n = c_name(s.name)
        out += f'typedef struct {n} {n};\n'
    out += '\n'
    for s in structs_of(schema):
        out += struct_decl(s)
    for a in schema.arrays.values():
        out += f'extern const QapiType {a.ident};\n'
    return out + '\n#endif\n'


def enum_def(e):
    n = e.c_type
    names = ''.join(f'    [{e.const(v)}] = "{v}",\n' for v in e.values)
    return (f'const char *const {n}_names[] = {{\n{names}    NULL\n}};\n'
            f'const QapiType {n}_type = {{ QAPI_ENUM, "{e.name}", sizeof(int), '
            f'.names = {n}_names }};\n\n')


def struct_def(s):
    n = c_name(s.name)
    out = f'static const QapiMember {n}_members[] = {{\n'
    for m in s.members:
        has = f'offsetof({n}, has_{c_name(m.name)})' if m.has else '0'
        out += (f'    {{ "{m.name}", {m.type.ref}, offsetof({n}, {c_name(m.name)}),\n'
                f'      {has}, {"true" if m.optional else "false"} }},\n')
    out += '    { NULL }\n};\n'
    more = ''
    if s.variants:
        out += f'static const QapiType *const {n}_variants[] = {{\n'
        for value, t in s.variants.items():
            out += f'    [{s.tag.type.const(value)}] = {t.ref},\n'
        out += f'    [{s.tag.type.const("_max")}] = NULL\n}};\n'
        more = (f',\n    .variants = {n}_variants, .tag_offset = offsetof({n}, '
                f'{c_name(s.tag.name)}),\n    .variants_offset = offsetof({n}, u)')
    out += (f'const QapiType {n}_type = {{\n    QAPI_STRUCT, "{s.name}", sizeof({n}), '
            f'.members = {n}_members{more}\n}};\n\n')
    return out


def types_c(schema):
    out = BANNER + '#include "qapi/qapi-types.h"\n\n'
    out += ''.join(enum_def(e) for e in enums_of(schema))
    for a in schema.arrays.values():
        out += (f'const QapiType {a.ident} = {{ QAPI_LIST, "{a.name}", sizeof(void *), '
                f'.element = {a.element.ref} }};\n')
    out += '\n' + ''.join(struct_def(s) for s in structs_of(schema))
    return out


# ---- commands ----

def params(arg, const_strings=True):
    """The parameters of a function that takes the members of @arg."""
    out = []
    for m in arg.members if arg else []:
        if m.has:
            out.append(f'bool has_{c_name(m.name)}')
        const = 'const ' if const_strings and m.type.pointer else ''
        out.append(const + field(m.type.c_type, c_name(m.name)))
    return out


def command_proto(c):
    name = 'qmp_' + c_name(c.name)
    if not c.gen:
        return f'Json *{name}(const Json *args, Error **errp)'
    args = [f'const {c_name(c.arg.name)} *arg'] if c.boxed else params(c.arg)
    ret = field(c.ret.c_type, name) if c.ret else 'bool ' + name
    return f'{ret}({", ".join(args + ["Error **errp"])})'


def commands_h(schema):
    out = BANNER + '#ifndef QAPI_COMMANDS_H\n#define QAPI_COMMANDS_H\n\n'
    out += '#include "qapi/qapi-types.h"\n#include "qapi/command.h"\n\n'
    out += '/* false or NULL: *errp is set; what is returned is the caller\'s */\n'
    for c in schema.commands.values():
        out += command_proto(c) + ';\n'
    return out + '\nextern const QmpCommand qmp_commands[];     /* ends with a NULL name */\n\n#endif\n'


def command_run(c):
    n = c_name(c.name)
    out = (f'static bool run_{n}(const void *arg, void *ret, Error **errp)\n{{\n')
    args = []
    if c.boxed:
        args.append('arg')
    elif c.arg:
        out += f'    const {c_name(c.arg.name)} *a = arg;\n\n'
        for m in c.arg.members:
            if m.has:
                args.append(f'a->has_{c_name(m.name)}')
            args.append(f'a->{c_name(m.name)}')
    call = f'qmp_{n}({", ".join(args + ["errp"])})'
    if c.ret:
        out += f'    return (*(void **)ret = {call}) != NULL;\n}}\n\n'
    else:
        out += f'    return {call};\n}}\n\n'
    return out


def commands_c(schema):
    out = BANNER + '#include "qapi/qapi-commands.h"\n\n'
    rows = ''
    for c in sorted(schema.commands.values(), key=lambda c: c.name):
        n = c_name(c.name)
        if c.gen:
            out += command_run(c)
            arg = c.arg.ref if c.arg else 'NULL'
            ret = c.ret.ref if c.ret else 'NULL'
            rows += f'    {{ "{c.name}", {arg}, {ret}, run_{n}, NULL }},\n'
        else:
            rows += f'    {{ "{c.name}", NULL, NULL, NULL, qmp_{n} }},\n'
    return out + 'const QmpCommand qmp_commands[] = {\n' + rows + '    { NULL }\n};\n'


# ---- events ----

def event_proto(e):
    return f'void qapi_event_send_{c_name(e.name).lower()}({", ".join(params(e.arg)) or "void"})'


def events_h(schema):
    out = BANNER + '#ifndef QAPI_EVENTS_H\n#define QAPI_EVENTS_H\n\n'
    out += '#include "qapi/qapi-types.h"\n#include "qapi/event.h"\n\n'
    out += 'typedef enum QapiEvent {\n'
    for e in schema.events.values():
        out += f'    QAPI_EVENT_{c_name(e.name).upper()},\n'
    out += '    QAPI_EVENT_MAX,\n} QapiEvent;\nextern const char *const QapiEvent_names[];\n\n'
    for e in schema.events.values():
        out += event_proto(e) + ';\n'
    return out + '\n#endif\n'


def event_def(e):
    out = event_proto(e) + '\n{\n'
    const = f'QAPI_EVENT_{c_name(e.name).upper()}'
    if not e.arg:
        return out + f'    qapi_event_emit({const}, NULL);\n}}\n\n'
    n = c_name(e.arg.name)
    out += f'    {n} arg = {{\n'
    for m in e.arg.members:
        f = c_name(m.name)
        if m.has:
            out += f'        .has_{f} = has_{f},\n'
        cast = f'({m.type.c_type})' if m.type.pointer else ''
        out += f'        .{f} = {cast}{f},\n'
    out += f'    }};\n    {n} *p = &arg;\n\n'
    out += f'    qapi_event_emit({const}, qapi_to_json({e.arg.ref}, &p));\n}}\n\n'
    return out


def events_c(schema):
    out = BANNER + '#include "qapi/qapi-events.h"\n\n'
    out += 'const char *const QapiEvent_names[] = {\n'
    out += ''.join(f'    "{e.name}",\n' for e in schema.events.values()) + '    NULL\n};\n\n'
    return out + ''.join(event_def(e) for e in schema.events.values())


