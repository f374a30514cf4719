#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Traps, segments, breakpoints, ports, shoot-downs: tests/tcg/i386/guest-system.c in a guest."""
import gzip
import os
import re
import subprocess
import tempfile

from guest import KIT, Machine, run_tests

SOURCE = os.path.join(os.path.dirname(__file__), "../tcg/i386/guest-system.c")
# inline assembly pushes below the stack pointer that the compiler believes in
CFLAGS = ["-O1", "-static", "-mno-red-zone", "-no-pie", "-fno-pie", "-fcf-protection=none"]


def cpio_entry(name, mode, data=b""):
    name = name.encode() + b"\0"
    fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0]
    head = b"070701" + b"".join(b"%08x" % f for f in fields) + name
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def initrd_with_program(where, flavour):
    """The kit's initramfs, followed by a second archive with the program."""
    program = os.path.join(where, "guest-system")
    subprocess.run(["gcc", *CFLAGS, "-o", program, SOURCE, "-lpthread"], check=True)
    with open(program, "rb") as f:
        body = f.read()
    extra = (cpio_entry("tests", 0o040755) + cpio_entry("tests/guest-system", 0o100755, body)
             + cpio_entry("tests/run-system", 0o100644, b"/tests/guest-system\n")
             + cpio_entry("TRAILER!!!", 0))
    path = os.path.join(where, "initrd.gz")
    with open(f"{KIT}/initrd-{flavour}.gz", "rb") as kit, open(path, "wb") as out:
        out.write(kit.read() + gzip.compress(extra))
    return path


def system(flavour, *args):
    with tempfile.TemporaryDirectory(prefix="qemu-test-") as where:
        initrd = initrd_with_program(where, flavour)
        append = "console=ttyS0 quiet guest.run=run-system guest.end=poweroff"
        with Machine("-m", "512M", "-kernel", f"{KIT}/vmlinuz-{flavour}", "-initrd", initrd,
                     "-append", append, *args) as m:
            m.wait_for(r"guest-system: \d+ failures", 180)
            assert not re.search(r"not ok|FAIL", m.log), m.log
            assert m.wait_exit() == 0


def qemu64():
    system("cloud", "-smp", "2")


def max_generic():                      # this kernel has 16-bit segments
    system("generic", "-cpu", "max", "-smp", "2")


if __name__ == "__main__":
    run_tests([qemu64, max_generic])
