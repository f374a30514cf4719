# SPDX-License-Identifier: GPL-2.0-or-later
"""The answer to query-qmp-schema: SchemaInfo entries for all that commands and events reach."""
import json
from emit_c import BANNER
from schema import Array, Builtin, Enum

EMPTY = '0'         # name of the object type without members


class Introspection:
    """Types get numbers for names, as clients must not depend on what they are called."""

    def __init__(self, schema):
        self.entries = []
        self.names = {}
        self.todo = []
        for c in schema.commands.values():
            self.entries.append({'name': c.name, 'meta-type': 'command',
                                 'arg-type': self.ref(c.arg), 'ret-type': self.ref(c.ret),
                                 **({'allow-oob': True} if c.oob else {})})
        for e in schema.events.values():
            self.entries.append({'name': e.name, 'meta-type': 'event',
                                 'arg-type': self.ref(e.arg)})
        self.entries.append({'name': EMPTY, 'meta-type': 'object', 'members': []})
        while self.todo:
            self.describe(self.todo.pop(0))

    def ref(self, t):
        if t is None:
            return EMPTY
        if isinstance(t, Array):
            name = '[' + self.ref(t.element) + ']'
        elif isinstance(t, Builtin):
            name = 'int' if t.json_type == 'int' else t.name
        else:
            name = self.names.get(t.name)
            if name:
                return name
            name = str(len(self.names) + 1)
        if t.name not in self.names and name not in self.names.values():
            self.names[t.name] = name
            self.todo.append(t)
        return name

    def describe(self, t):
        name = self.names[t.name]
        if isinstance(t, Builtin):
            self.entries.append({'name': name, 'meta-type': 'builtin', 'json-type': t.json_type})
        elif isinstance(t, Array):
            self.entries.append({'name': name, 'meta-type': 'array',
                                 'element-type': self.ref(t.element)})
        elif isinstance(t, Enum):
            self.entries.append({'name': name, 'meta-type': 'enum',
                                 'members': [{'name': v} for v in t.values],
                                 'values': list(t.values)})
        else:
            self.entries.append(self.object(name, t))

    def object(self, name, t):
        out = {'name': name, 'meta-type': 'object', 'members': []}
        for m in t.members:
            entry = {'name': m.name, 'type': self.ref(m.type)}
            if m.optional:
                entry['default'] = None
            out['members'].append(entry)
        if t.tag:
            out['tag'] = t.tag.name
            out['variants'] = [{'case': v, 'type': self.ref(t.variants.get(v))}
                               for v in t.tag.type.values]
        return out


def introspect_c(schema):
    text = json.dumps(Introspection(schema).entries)
    quoted = text.replace('\\', '\\\\').replace('"', '\\"')
    out = BANNER + '#include "qapi/command.h"\n\nconst char qapi_schema_json[] =\n'
    step = 90
    while quoted:
        cut = min(step, len(quoted))
        while quoted[cut - 1] == '\\':
            cut -= 1
        out += f'    "{quoted[:cut]}"\n'
        quoted = quoted[cut:]
    return out + '    "";\n'
