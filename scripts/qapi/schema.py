# SPDX-License-Identifier: GPL-2.0-or-later
"""The schema as objects, checked."""
from parser import SchemaError, read_expressions

# name: (C type, JSON type of introspection)
BUILTINS = {
    'bool': ('bool', 'boolean'), 'int': ('int64_t', 'int'), 'int8': ('int64_t', 'int'),
    'int16': ('int64_t', 'int'), 'int32': ('int64_t', 'int'), 'int64': ('int64_t', 'int'),
    'uint8': ('uint64_t', 'int'), 'uint16': ('uint64_t', 'int'), 'uint32': ('uint64_t', 'int'),
    'uint64': ('uint64_t', 'int'), 'size': ('uint64_t', 'int'), 'number': ('double', 'number'),
    'str': ('char *', 'string'), 'any': ('Json *', 'value'),
}
KEYS = {
    'enum': {'data', 'prefix'}, 'struct': {'data', 'base'},
    'union': {'data', 'base', 'discriminator'},
    'command': {'data', 'returns', 'gen', 'allow-oob'},
    'event': {'data'},
}


KEYWORDS = set('auto break case char const continue default do double else enum extern float for '
               'goto if inline int long register return short signed sizeof static struct switch '
               'typedef union unsigned void volatile while'.split())


def c_name(name):
    name = name.replace('-', '_').replace('.', '_')
    return 'q_' + name if name in KEYWORDS else name


def c_enum_const(prefix, name):
    words = ''
    for i, c in enumerate(prefix):
        if c.isupper() and i and (prefix[i - 1].islower() or
                                  (i + 1 < len(prefix) and prefix[i + 1].islower()
                                   and prefix[i - 1] != '_')):
            words += '_'
        words += c.upper()
    return words + '_' + name.replace('-', '_').replace('.', '_').upper()


class Type:
    """Base: a name and how C spells it."""

    def __init__(self, name):
        self.name = name


class Builtin(Type):
    def __init__(self, name):
        super().__init__(name)
        self.c_type, self.json_type = BUILTINS[name]
        self.ref = '&qapi_' + name
        self.pointer = name in ('str', 'any')


class Enum(Type):
    pointer = False

    def __init__(self, name, values):
        super().__init__(name)
        self.values = values
        self.c_type = c_name(name)
        self.ref = f'&{c_name(name)}_type'

    def const(self, value):
        return c_enum_const(self.name, value)


class Array(Type):
    pointer = True

    def __init__(self, element):
        super().__init__('[' + element.name + ']')
        self.element = element
        self.c_type = 'GPtrArray *' if element.pointer else 'GArray *'
        self.ident = f'{c_name(element.name)}_list_type'
        self.ref = '&' + self.ident


class Member:
    def __init__(self, name, type_, optional):
        self.name = name
        self.type = type_
        self.optional = optional
        self.has = optional and not type_.pointer


class Struct(Type):
    pointer = True

    def __init__(self, name):
        super().__init__(name)
        self.members = []           # with those of the base
        self.tag = None             # Member; of unions
        self.variants = {}          # value -> Struct
        self.c_type = c_name(name) + ' *'
        self.ref = f'&{c_name(name)}_type'


class Command:
    def __init__(self, name, arg, boxed, ret, gen, oob):
        self.name, self.arg, self.boxed, self.ret, self.gen = name, arg, boxed, ret, gen
        self.oob = oob


class Event:
    def __init__(self, name, arg):
        self.name, self.arg = name, arg


class Schema:
    """self.types by name in order of definition; self.commands, self.events by name."""

    def __init__(self, path):
        self.types = {n: Builtin(n) for n in BUILTINS}
        self.arrays = {}
        self.commands = {}
        self.events = {}
        self.where = ''
        exprs = [(w, self.meta_of(w, e), e) for w, e in read_expressions(path)]
        for self.where, meta, expr in exprs:
            self.declare(meta, expr)
        for self.where, meta, expr in exprs:
            if meta in ('struct', 'union'):
                self.complete(meta, expr)
        for self.where, meta, expr in exprs:
            if meta == 'command':
                self.add_command(expr)
            elif meta == 'event':
                self.add_event(expr)

    def error(self, what):
        raise SchemaError(f'{self.where}: {what}')

    def meta_of(self, where, expr):
        self.where = where
        for meta, allowed in KEYS.items():
            if meta in expr:
                extra = set(expr) - allowed - {meta}
                if extra:
                    self.error(f'{meta} has no key {sorted(extra)[0]!r}')
                return meta
        return self.error('none of ' + ', '.join(KEYS))

    def declare(self, meta, expr):
        name = expr[meta]
        if meta in ('command', 'event'):
            return
        if name in self.types:
            self.error(f'{name!r} is defined twice')
        self.types[name] = Enum(name, expr['data']) if meta == 'enum' else Struct(name)

    def type(self, spec):
        if isinstance(spec, list) and len(spec) == 1:
            element = self.type(spec[0])
            return self.arrays.setdefault(element.name, Array(element))
        if not isinstance(spec, str) or spec not in self.types:
            self.error(f'unknown type {spec!r}')
        return self.types[spec]

    def members(self, data):
        out = []
        for key, spec in data.items():
            optional = key.startswith('*')
            out.append(Member(key[optional:], self.type(spec), optional))
        return out

    def complete(self, meta, expr):
        s = self.types[expr[meta]]
        base = expr.get('base', {})
        if isinstance(base, str):
            if not self.types[base].members:
                self.error(f'base {base!r} must be defined before')
            s.members = list(self.types[base].members)
        else:
            s.members = self.members(base)
        if meta == 'struct':
            s.members += self.members(expr['data'])
            return
        tags = [m for m in s.members if m.name == expr['discriminator']]
        if not tags or not isinstance(tags[0].type, Enum) or tags[0].optional:
            self.error('the discriminator must be a member of the base and an enum')
        s.tag = tags[0]
        for value, spec in expr['data'].items():
            if value not in s.tag.type.values:
                self.error(f'{value!r} is no value of {s.tag.type.name}')
            s.variants[value] = self.type(spec)

    def argument(self, expr, name):
        """(Struct or None, whether it has a name of its own)"""
        data = expr.get('data')
        if not data:
            return None, False
        if isinstance(data, str):
            return self.type(data), True
        s = Struct('q_obj_' + name + '-arg')
        s.members = self.members(data)
        self.types[s.name] = s
        return s, False

    def add_command(self, expr):
        name = expr['command']
        arg, boxed = self.argument(expr, name)
        ret = self.type(expr['returns']) if 'returns' in expr else None
        if ret and not ret.pointer:
            self.error('a command returns a struct, a list, a str or any')
        self.commands[name] = Command(name, arg, boxed, ret, expr.get('gen', True),
                                      expr.get('allow-oob', False))

    def add_event(self, expr):
        self.events[expr['event']] = Event(expr['event'], self.argument(expr, expr['event'])[0])
