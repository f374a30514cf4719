#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What users get wrong: one clear line, exit status 1, within a moment."""
import os
import subprocess
import tempfile

from guest import BUILD, KIT, run_tests, variants

QEMU = os.path.join(BUILD, "qemu-system-x86_64")
USER = os.path.join(BUILD, "qemu-x86_64")
K = ["-kernel", f"{KIT}/vmlinuz-cloud"]

BAD = {     # name: (arguments, a word that the line must have)
    "no_such_kernel": (["-kernel", "/nonexistent"], "/nonexistent"),
    "kernel_is_a_directory": (["-kernel", "/tmp"], "/tmp"),
    "no_such_initrd": (K + ["-initrd", "/nonexistent"], "/nonexistent"),
    "unknown_option": (["-frobnicate"], "frobnicate"),
    "unknown_device": (["-device", "frob"], "frob"),
    "unknown_property": (["-device", "hv-balloon,frob=1"], "frob"),
    "unknown_machine": (["-machine", "frob"], "frob"),
    "unknown_cpu": (["-cpu", "frob"], "frob"),
    "unknown_cpu_flag": (["-cpu", "qemu64,+frob"], "frob"),
    "unknown_accel": (["-accel", "frob"], "frob"),
    "no_memory": (["-m", "0"], "-m"),
    "memory_is_text": (["-m", "much"], "much"),
    "too_much_memory": (["-m", "999999T"], "999999T"),
    "no_cpus": (["-smp", "0"], "smp"),
    "many_cpus": (["-smp", "100000"], "smp"),
    "smp_is_text": (["-smp", "few"], "few"),
    "two_balloons": (["-device", "hv-balloon", "-device", "hv-balloon"], "Only one balloon"),
    "synic_missing": (["-cpu", "qemu64,hv-time=on", "-device", "hv-balloon"], "hv-"),
    "synic_off": (["-cpu", "qemu64,hv-synic=off,hv-vpindex=on", "-device", "hv-balloon"],
                  "hv-synic"),
    "bad_chardev": (["-chardev", "frob,id=x"], "frob"),
    "bad_monitor_path": (["-qmp", "unix:/nonexistent/dir/sock,server=on,wait=off"], "nonexistent"),
    "bad_log_item": (["-d", "frob"], "frob"),
    "missing_argument": (["-m"], "-m"),
    "bad_post_boot_delay": (["-device", "hv-balloon,post-boot-delay=soon"], "post-boot-delay"),
}


def run(cmd, timeout=30):
    return subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=timeout)


def refused(name):
    args, word = BAD[name]
    p = run([QEMU, "-display", "none", "-serial", "null", "-monitor", "none", *args])
    lines = p.stderr.strip().splitlines()
    assert p.returncode == 1, (p.returncode, p.stderr)
    assert len(lines) == 1 and word in lines[0], p.stderr


def truncated_kernel():
    with open(f"{KIT}/vmlinuz-cloud", "rb") as f:
        whole = f.read()
    for n in (0, 1, 511, 0x200, 0x250, 20000, len(whole) // 2):
        with tempfile.NamedTemporaryFile() as t:
            t.write(whole[:n])
            t.flush()
            p = run([QEMU, "-display", "none", "-kernel", t.name])
            assert p.returncode == 1 and len(p.stderr.strip().splitlines()) == 1, (n, p.stderr)


def help_forms():
    for args, word in ((["--version"], "8.2.0"), (["-h"], "-kernel"), (["-machine", "help"], "pc"),
                       (["-cpu", "help"], "qemu64"), (["-device", "help"], "hv-balloon"),
                       (["-device", "hv-balloon,help"], "post-boot-delay"),
                       (["-accel", "help"], "tcg"), (["-d", "help"], "in_asm"),
                       (["-chardev", "help"], "socket")):
        p = run([QEMU, *args])
        assert p.returncode == 0 and word in p.stdout, (args, p)


def user_program_errors():
    with tempfile.NamedTemporaryFile() as t:
        t.write(b"\x7fELF not really")
        t.flush()
        for args in ([], ["/nonexistent"], ["/tmp"], [t.name], ["-frob", "/bin/true"], ["-cpu"],
                     ["-cpu", "frob", "/bin/busybox"], ["-s", "x", "/bin/busybox"]):
            p = run([USER, *args])
            assert p.returncode == 1 and len(p.stderr.strip().splitlines()) == 1, (args, p)


if __name__ == "__main__":
    run_tests(variants(refused, BAD) + [truncated_kernel, help_forms, user_program_errors])
