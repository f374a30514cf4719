#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's gdb debugs a user program and a machine through the stub."""
import os
import subprocess
import tempfile

from guest import BUILD, Machine, kernel_args, run_tests

PROGRAM = r"""
#include <stdio.h>
int counter;
__attribute__((noinline)) int add(int a, int b) { counter++; return a + b; }
int main(void) { int s = 0; for (int i = 0; i < 5; i++) s = add(s, i); printf("%d\n", s); return s; }
"""


def gdb(file, target, *commands):
    args = ["gdb", "-nx", "-batch", "-ex", "set pagination off", "-ex", "set confirm off",
            "-ex", "set tcp connect-timeout 20", "-ex", f"target remote {target}"]
    for c in commands:
        args += ["-ex", c]
    p = subprocess.run(args + ([file] if file else []), stdin=subprocess.DEVNULL, timeout=120,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return p.stdout


def user_program():
    with tempfile.TemporaryDirectory() as d:
        src, exe, sock = (os.path.join(d, n) for n in ("p.c", "p", "gdb"))
        with open(src, "w") as f:
            f.write(PROGRAM)
        subprocess.run(["gcc", "-g", "-O1", "-static", src, "-o", exe], check=True)
        p = subprocess.Popen([os.path.join(BUILD, "qemu-x86_64"), "-g", sock, exe],
                             stdout=subprocess.PIPE, text=True)
        while not os.path.exists(sock):
            assert p.poll() is None
        out = gdb(exe, sock, "break add", "continue", "print a", "print b", "continue", "print b",
                  "backtrace", "stepi", "info registers rip", "print counter = 40", "delete",
                  "continue")
        assert "$1 = 0" in out and "$3 = 1" in out and "main" in out, out
        assert "exited with code 012" in out, out
        assert p.communicate(timeout=20)[0] == "10\n"


def machine():
    with tempfile.TemporaryDirectory() as d:
        sock = os.path.join(d, "gdb")
        with Machine("-m", "256M", *kernel_args("cloud"), "-append", "console=ttyS0", "-S", "-gdb",
                     f"unix:{sock},server=on,wait=off") as m:
            m.qmp.cmd("query-status")
            out = gdb(None, sock, "info registers rip", "stepi", "info registers rip", "x/2i $rip",
                      "detach")
            assert out.count("rip ") == 2, out
            m.boot()


if __name__ == "__main__":
    run_tests([user_program, machine])
