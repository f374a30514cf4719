#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes C from the QMP schema: gen.py SCHEMA OUTPUT-DIR. Read schema.py first."""
import os
import sys
import emit_c
from introspect import introspect_c
from parser import SchemaError
from schema import Schema

OUTPUTS = {
    'types.h': emit_c.types_h, 'types.c': emit_c.types_c,
    'commands.h': emit_c.commands_h, 'commands.c': emit_c.commands_c,
    'events.h': emit_c.events_h, 'events.c': emit_c.events_c,
    'introspect.c': introspect_c,
}


def main(argv):
    if len(argv) != 3 or argv[1] in ('-h', '--help'):
        print(__doc__)
        return 1
    try:
        schema = Schema(argv[1])
        for name, emit in OUTPUTS.items():
            path = os.path.join(argv[2], 'qapi-' + name)
            with open(path, 'w', encoding='utf-8') as f:
                f.write(emit(schema))
    except SchemaError as e:
        print(e, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))
