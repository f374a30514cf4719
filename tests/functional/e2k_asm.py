# SPDX-License-Identifier: GPL-2.0-or-later
"""Elbrus programs for tests: assembled by e2k-as, with pieces that most of them need."""
import os
import resource
import struct
import subprocess

from guest import BUILD

QEMU = os.path.join(BUILD, "qemu-e2k")
AS = os.path.join(BUILD, "e2k-as")

# A procedure of ours: 8 registers, %r0..%r15 its own, %b[0].. = %r16.. for calls (wbs=8)
ENTER = "{ setwd wsz=16, nfx=1\n  setbn rsz=7, rbs=8, rcur=0 }\n"
LEAVE = "return %ctpr3\nct %ctpr3\n"

NR = {"exit": 1, "fork": 2, "read": 3, "write": 4, "close": 6, "waitpid": 7, "getpid": 20,
      "kill": 37, "pipe": 42, "mmap": 90, "setitimer": 104, "fstat": 108, "clone": 120, "mprotect": 125,
      "rt_sigaction": 174, "rt_sigprocmask": 175, "sigaltstack": 186, "vfork": 190,
      "longjmp2": 230, "futex": 248, "set_backtrace": 252, "get_backtrace": 253,
      "access_hw_stacks": 254, "exit_group": 300, "epoll_ctl": 303, "epoll_wait": 304,
      "eventfd2": 348, "epoll_create1": 360, "setcontext": 369, "makecontext": 370,
      "swapcontext": 371, "freecontext": 372}


def syscall(name, *args, entry=3):
    """The call; its result is in %b[0] = %r16."""
    out = ""
    for i, a in enumerate(args, 1):
        a = str(a)
        out += f"addd {a}, 0, %b[{i}]\n" if a.startswith("%") else f"addd 0, {a}, %b[{i}]\n"
    out += f"addd 0, {NR.get(name, name)}, %b[0]\n"     # last: an argument may be the last result
    return out + f"sdisp %ctpr1, {entry}\ncall %ctpr1, wbs=8\n"


def call(label, *args):
    out = "".join(f"addd {a}, 0, %b[{i}]\n" if str(a).startswith("%") else f"addd 0, {a}, %b[{i}]\n"
                  for i, a in enumerate(args))
    return out + f"disp %ctpr1, {label}\ncall %ctpr1, wbs=8\n"


def write(label, size):
    return syscall("write", 1, label, size)


def load(label, register):
    return f"addd 0, {label}, %r14\nldd [ %r14 + 0 ], {register}\n"


def store(register, label):
    return f"addd 0, {label}, %r14\nstd {register}, [ %r14 + 0 ]\n"


class Checks:
    """Comparisons; the first one that fails ends the program with its number as the status."""

    def __init__(self):
        self.n = 0

    def equal(self, register, value):
        self.n += 1
        return (f"addd 0, {self.n}, %r15\ndisp %ctpr2, check_failed\n"
                f"cmpedb {register}, {value}, %pred0\nct %ctpr2 ? ~%pred0\n")

    def nonzero(self, register):
        self.n += 1
        return (f"addd 0, {self.n}, %r15\ndisp %ctpr2, check_failed\n"
                f"cmpedb {register}, 0, %pred0\nct %ctpr2 ? %pred0\n")


FAILED = "check_failed:\n" + syscall("exit_group", "%r15")


def build(where, name, text, data="", cpu="elbrus-v4"):
    """Assembles and links; the program's path."""
    src, exe = (os.path.join(where, name + e) for e in (".s", ""))
    with open(src, "w") as f:
        f.write("\t.text\n\t.global _start\n" + "_start:\n" + ENTER + text +
                "\n\t.data\n\t.balign 16\n" + data + "\n")
    p = subprocess.run([AS, f"-mcpu={cpu}", "-o", exe, src], stderr=subprocess.PIPE, text=True)
    if p.returncode:
        lines = open(src).read().splitlines()
        raise AssertionError(p.stderr + "\n".join(f"{i}: {l}" for i, l in enumerate(lines, 1)))
    os.chmod(exe, 0o755)
    return exe


def run(exe, *options, args=(), timeout=60, **more):
    return subprocess.run([QEMU, *options, exe, *args], stdin=subprocess.DEVNULL, timeout=timeout,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))


def words(data):
    return struct.unpack(f"<{len(data) // 8}Q", data)
