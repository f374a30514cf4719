#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Traps, segments, breakpoints, ports, shoot-downs: tests/tcg/i386/guest-system.c in a guest."""
import re
import tempfile

from guest import KIT, Machine, initrd_with, run_tests, static_program

SOURCE = "../tcg/i386/guest-system.c"
# inline assembly pushes below the stack pointer that the compiler believes in
CFLAGS = ["-O1", "-mno-red-zone", "-no-pie", "-fno-pie", "-fcf-protection=none"]


def system(flavour, *args):
    with tempfile.TemporaryDirectory(prefix="qemu-test-") as where:
        body = static_program(where, SOURCE, *CFLAGS, "-lpthread")
        initrd = initrd_with(where, flavour, {"guest-system": body,
                                              "run-system": b"/tests/guest-system\n"})
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
