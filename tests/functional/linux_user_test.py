#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Static Debian programs under qemu-x86_64 do what they do natively."""
import os
import subprocess
import tempfile

from guest import BUILD, run_tests, variants

QEMU = os.path.join(BUILD, "qemu-x86_64")
BUSYBOX = "/bin/busybox"

COMMANDS = {
    "echo": "echo hello $((6 * 7))",
    "pipes": "seq 1 2000 | grep 7 | sort -r | head -50 | md5sum",
    "awk": "awk 'BEGIN { for (i = 1; i < 200; i++) s += sqrt(i) * sin(i); printf \"%.12f\\n\", s }'",
    "bc": "echo 'scale=40; 4*a(1)' | bc -l",
    "gzip": "seq 1 20000 | gzip -9 | gunzip | sha256sum",
    "bzip2": "seq 1 20000 | bzip2 | bunzip2 | sha512sum",
    "subshells": "for i in 1 2 3 4 5; do (exit $i); echo $?; done",
    "signals": "trap 'echo got' USR1; kill -USR1 $$; echo after",
    "background": "sleep 0.1 & wait; echo done",
    "files": "d=$(mktemp -d); echo x > $d/a; cp $d/a $d/b; cmp $d/a $d/b && ls $d; rm -r $d",
    "exec": "exec busybox sh -c 'echo $0 $1' a b",
    "sed": "seq 1 100 | sed -n 's/\\(.*\\)5$/<\\1>/p' | tr -d '\\n'",
    "expr": "expr 123456789 \\* 987654321; expr length abcdef",
    "od": "printf '\\001\\377abc' | od -c",
}


def both(shell, *options):
    """What a shell script prints and returns, natively and emulated."""
    out = []
    for prefix in ([], [QEMU, *options]):
        p = subprocess.run([*prefix, BUSYBOX, "sh", "-c", shell], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        out.append((p.returncode, p.stdout))
    return out


def same(name):
    native, ours = both(COMMANDS[name])
    assert native == ours, (native, ours)


def same_interpreted():
    native, ours = both(COMMANDS["awk"], "-accel", "tcg,backend=interp")
    assert native == ours, (native, ours)


def exit_statuses():
    for n in (0, 1, 77, 255):
        p = subprocess.run([QEMU, BUSYBOX, "sh", "-c", f"exit {n}"])
        assert p.returncode == n
    p = subprocess.run([QEMU, BUSYBOX, "sh", "-c", "kill -SEGV $$"])
    assert p.returncode == -11, p.returncode


def compiled_programs():
    """Programs of our own, compiled here: threads, signals, faults, floating point, self-modifying."""
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tcg/i386")
    with tempfile.TemporaryDirectory() as d:
        for name in sorted(os.listdir(here)):
            if not name.startswith("prog-") or not name.endswith(".c"):
                continue
            exe = os.path.join(d, name[:-2])
            subprocess.run(["gcc", "-O2", "-static", "-pthread", os.path.join(here, name), "-o", exe,
                            "-lm"], check=True)
            runs = [subprocess.run([*p, exe], stdout=subprocess.PIPE, timeout=120)
                    for p in ([], [QEMU])]
            assert runs[0].stdout == runs[1].stdout and runs[0].returncode == runs[1].returncode, \
                (name, runs)


def strace_lines():
    p = subprocess.run([QEMU, "-strace", BUSYBOX, "echo", "hi"], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, text=True)
    assert "write(1," in p.stderr and "= 3" in p.stderr and "exit_group(0)" in p.stderr, p.stderr


def environment():
    p = subprocess.run([QEMU, "-E", "FOO=bar", "-U", "HOME", "-0", "env", BUSYBOX],
                       stdout=subprocess.PIPE, text=True)
    assert "FOO=bar" in p.stdout and "\nHOME=" not in "\n" + p.stdout, p.stdout


if __name__ == "__main__":
    run_tests(variants(same, COMMANDS) + [same_interpreted, exit_statuses, compiled_programs,
                                          strace_lines, environment])
