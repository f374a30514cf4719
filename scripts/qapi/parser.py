# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads schema files: JSON with 'quotes', # comments and {'include': 'file.json'}."""
import os
import re

TOKEN = re.compile(r"""\s*(?:\#[^\n]*|(?P<punct>[{}\[\]:,])
                       |'(?P<str>[^'\\\n]*)'|(?P<word>true|false))""", re.X)


class SchemaError(Exception):
    """What is wrong, with file and line in front."""


class Reader:
    """Tokens of one file, and values made of them."""

    def __init__(self, path):
        self.path = path
        with open(path, encoding='utf-8') as f:
            self.text = f.read()
        self.pos = 0
        self.tok = None
        self.next()

    def error(self, what):
        line = self.text.count('\n', 0, self.pos) + 1
        raise SchemaError(f'{self.path}:{line}: {what}')

    def next(self):
        """Leaves (kind, value) in self.tok; kind is None at the end."""
        while True:
            m = TOKEN.match(self.text, self.pos)
            if not m:
                if self.text[self.pos:].strip():
                    self.pos += len(self.text[self.pos:]) - len(self.text[self.pos:].lstrip())
                    self.error(f'unexpected {self.text[self.pos:self.pos + 10]!r}')
                self.tok = (None, None)
                return
            self.pos = m.end()
            if m.lastgroup:
                self.tok = (m.lastgroup, m.group(m.lastgroup))
                return

    def expect(self, punct):
        if self.tok != ('punct', punct):
            self.error(f'expected {punct!r}')
        self.next()

    def value(self):
        kind, text = self.tok
        if kind == 'str':
            self.next()
            return text
        if kind == 'word':
            self.next()
            return text == 'true'
        if self.tok == ('punct', '['):
            return self.sequence(']', self.value)
        if self.tok == ('punct', '{'):
            out = {}

            def member():
                mkind, key = self.tok
                if mkind != 'str':
                    self.error('expected a member name')
                if key in out:
                    self.error(f'{key!r} is there twice')
                self.next()
                self.expect(':')
                out[key] = self.value()
            self.sequence('}', member)
            return out
        return self.error('expected a value')

    def sequence(self, end, item):
        self.next()
        out = []
        while self.tok != ('punct', end):
            out.append(item())
            if self.tok == ('punct', ','):
                self.next()
            elif self.tok != ('punct', end):
                self.error(f"expected ',' or {end!r}")
        self.next()
        return out


def read_expressions(path, seen=None):
    """All top-level objects of @path and what it includes, each as (where, dict)."""
    seen = set() if seen is None else seen
    path = os.path.normpath(path)
    if path in seen:
        return []
    seen.add(path)
    reader = Reader(path)
    out = []
    while reader.tok[0]:
        line = reader.text.count('\n', 0, reader.pos) + 1
        expr = reader.value()
        if not isinstance(expr, dict):
            reader.error('expected an object')
        if 'include' in expr:
            out += read_expressions(os.path.join(os.path.dirname(path), expr['include']), seen)
        else:
            out.append((f'{path}:{line}', expr))
    return out


def files_of(path):
    """The files that read_expressions() opens (for build dependencies)."""
    seen = set()
    read_expressions(path, seen)
    return sorted(seen)
