#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Elbrus Linux programs under qemu-e2k: calls, signals, threads, stacks, contexts, faults, gdb."""
import os
import random
import re
import signal
import socket
import struct
import subprocess
import tempfile

from e2k_asm import (ENTER, FAILED, LEAVE, QEMU, Checks, build, call, load, run, store, syscall,
                     words, write)
from guest import run_tests

EXIT = syscall("exit_group", 0)
SIGUSR1, SIGSEGV, SIGALRM, SA_SIGINFO, SA_RESTART, SA_ONSTACK = 10, 11, 14, 4, 0x10000000, 0x8000000
NODEFER = 0x40000000


def program(text, data="", status=0, options=(), **more):
    """Builds and runs; what it wrote."""
    with tempfile.TemporaryDirectory() as d:
        p = run(build(d, "program", text, data), *options, **more)
        assert p.returncode == status, (p.returncode, p.stderr.decode())
        return p.stdout


def action(label, handler, flags=0, mask=0):
    return f"{label}: .dword {handler}, {flags}, 0, {mask}\n"


def hello():
    text = write("msg", 6) + syscall("exit_group", 42)
    assert program(text, "msg: .ascii \"hello\\n\"\n", 42) == b"hello\n"


def strace():
    with tempfile.TemporaryDirectory() as d:
        exe = build(d, "p", write("msg", 3) + syscall(999, 1) + syscall(326) + syscall("exit_group", 7),
                    "msg: .ascii \"hi\\n\"\n")
        p = run(exe, "-strace", "-d", "unimp")
        err = p.stderr.decode()
        assert p.returncode == 7 and p.stdout == b"hi\n", p
        assert re.search(r"write\(1,0x[0-9a-f]+,3\) = 3", err), err
        assert "exit_group(7)" in err and "mcst_rt" in err, err
        assert "syscall_999(" in err and "errno=38" in err, err
        log = os.path.join(d, "log")
        run(exe, "-strace", "-D", log)
        with open(log) as f:
            assert "exit_group(7)" in f.read()


def start_stack():
    """argc, argv, the environment and the auxiliary vector stand at the stack pointer."""
    text = ("rrd %usd.lo, %r1\nandd %r1, 0xffffffffffff, %r1\n" +
            syscall("write", 1, "%r1", 2048) + EXIT)
    with tempfile.TemporaryDirectory() as d:
        exe = build(d, "p", text)
        p = run(exe, "-0", "zero", "-E", "E2K=yes,B=2", "-U", "HOME", args=("one", "two"))
        w = words(p.stdout)
        assert p.returncode == 0 and w[0] == 3 and all(w[1:4]) and w[4] == 0, (p.returncode, w[:6])
        end_env = w.index(0, 5)
        aux = dict(zip(w[end_env + 1::2], w[end_env + 2::2]))
        assert aux[6] == 4096 and aux[32] == 0x1f and aux[34] & 1 and aux[17] == 100, aux
        assert aux[9] > 0x10000 and 15 not in dict(list(aux.items())[:list(aux).index(0)]), aux
        assert b"zero\0one\0two\0" in p.stdout or len(p.stdout) == 2048


def calls():
    """Results, errors, restricted windows, other entries."""
    c = Checks()
    text = syscall("close", 77) + c.equal("%r16", -9)
    text += syscall("write", 1, 8, 3) + c.equal("%r16", -14)
    text += syscall("fstat", 0, "buf") + c.equal("%r16", 0)
    text += "addd 0, buf, %r1\nldw [ %r1 + 16 ], %r2\nandd %r2, 0xf000, %r2\n" + c.equal("%r2", 0x2000)
    text += syscall("getpid", entry=1) + c.equal("%r16", -38)           # 32-bit entry
    text += syscall(1, 1, "buf", entry=6) + c.equal("%r16", 0)          # fast clock_gettime
    text += load("buf", "%r2") + c.nonzero("%r2")
    text += syscall(77, 1, entry=6) + c.equal("%r16", -38)
    # MAP_FIXED is 0x100, MAP_ANONYMOUS 0x10
    text += syscall("mmap", 0x70000000, 8192, 3, 0x112, -1, 0) + c.equal("%r16", 0x70000000)
    text += syscall("mmap", 0x70000000, 4096, 3, 0x400112, -1, 0) + c.equal("%r16", -17)
    text += store("%r16", 0x70000ff8) + load(0x70000ff8, "%r2") + c.equal("%r2", -17)
    # epoll_event is not packed
    text += syscall("eventfd2", 3, 0) + "addd %r16, 0, %r3\n"
    text += syscall("epoll_create1", 0) + "addd %r16, 0, %r4\n"
    text += syscall("epoll_ctl", "%r4", 1, "%r3", "event") + c.equal("%r16", 0)
    text += syscall("epoll_wait", "%r4", "buf", 4, 100) + c.equal("%r16", 1)
    text += load("buf + 8", "%r2") + c.equal("%r2", 0x1122334455667788)
    program(text + EXIT + FAILED, "event: .dword 1, 0x1122334455667788\nbuf: .space 256\n")


HANDLER = ENTER + store("%r0", "seen") + "addd 0, 99, %r5\naddd 0, 98, %g16\n" + LEAVE


def signals():
    """A handler runs, returns, and nothing of the interrupted procedure has changed."""
    c = Checks()
    text = (syscall("rt_sigaction", SIGUSR1, "act", 0, 8) + c.equal("%r16", 0) +
            "addd 0, 0x1234, %r5\naddd 0, 0x4321, %g16\ncmpedb 0, 0, %pred7\n" + syscall("getpid") +
            syscall("kill", "%r16", SIGUSR1) + c.equal("%r16", 0) + load("seen", "%r2") +
            c.equal("%r2", SIGUSR1) + c.equal("%r5", 0x1234) + c.equal("%g16", 0x4321) +
            "addd 0, 1, %r6\naddd 0, 2, %r6 ? %pred7\n" + c.equal("%r6", 2))
    program(text + EXIT + FAILED + "handler:\n" + HANDLER,
            action("act", "handler") + "seen: .dword 0\n")


def siginfo():
    """A fault's siginfo and ucontext; changing its program counter skips the faulting operation."""
    c = Checks()
    handler = (ENTER + "ldw [ %r1 + 0 ], %r3\n" + store("%r3", "signo") + "ldw [ %r1 + 8 ], %r3\n" +
               store("%r3", "code") + "ldd [ %r1 + 16 ], %r3\n" + store("%r3", "addr") +
               "addd 0, after, %r4\nstd %r4, [ %r2 + 48 ]\n" + LEAVE)
    text = (syscall("rt_sigaction", SIGSEGV, "act", 0, 8) + "addd 0, 0x2468, %r5\n" +
            "addd 0, 0x123000, %r1\nldd [ %r1 + 8 ], %r5\naddd 0, 1, %r5\n" +
            "after:\n" + c.equal("%r5", 0x2468) + load("signo", "%r2") + c.equal("%r2", SIGSEGV) +
            load("code", "%r2") + c.equal("%r2", 1) + load("addr", "%r2") + c.equal("%r2", 0x123008))
    program(text + EXIT + FAILED + "handler:\n" + handler,
            action("act", "handler", SA_SIGINFO) + "signo: .dword 0\ncode: .dword 0\naddr: .dword 0\n")


DIAG_FAULTS = [     # si_code of the kernel, what comes before, the bundle that traps
    (6, "", "addd,0 %r5, 1, %r7\n"),
    (6, "addd 0, 0, %r7\n", "{ stb,2 %r7, [ %r9 + 0 ]\nadds,0 0, 1, %r7\naddd,4 %g20, 1, %r8 }\n"),
    (5, "", "addd,0 0, 1, %r7 ? %pred2\n"),
    (3, "", "ibranch check_failed ? %pred2\n"),
    (4, "movtd,0 %r5, %ctpr1\n", "ct %ctpr1\n"),
]


def tag_signals():
    """Diagnostic values that are used: si_code and address; a handler does not change the tags."""
    c = Checks()
    handler = (ENTER + "ldw [ %r1 + 8 ], %r3\n" + store("%r3", "code") + "ldd [ %r1 + 16 ], %r3\n" +
               store("%r3", "addr") + "addd 0, 0, %g20\naddd 0, 0, %r5\ncmpedb 0, 0, %pred2\n" +
               "ldd,0,sm [ 0 + 8 ], %r20\n" + load("next", "%r4") + "std %r4, [ %r2 + 48 ]\n" +
               LEAVE)
    text = (syscall("rt_sigaction", signal.SIGILL, "act", 0, 8) +
            "ldd,0,sm [ 0 + 8 ], %r5\nldd,0,sm [ 0 + 8 ], %g20\ncmpedb,0,sm %r5, 0, %pred2\n"
            "addd 0, 0x77, %r8\naddd 0, other, %r9\n")
    for i, (code, before, op) in enumerate(DIAG_FAULTS):
        text += (f"addd 0, after{i}, %r6\n" + store("%r6", "next") + before +
                 f"fault{i}:\n{op}after{i}:\n" + load("code", "%r6") + c.equal("%r6", code) +
                 load("addr", "%r6") + c.equal("%r6", f"fault{i}") + c.equal("%r8", 0x77))
        for reg in ("%r5", "%g20"):
            text += f"addd 0, 0, %r6\ngettagd,2 {reg}, %r6\n" + c.equal("%r6", 5)
        text += ("addd,0,sm 0, 1, %r6 ? %pred2\ngettagd,2 %r6, %r7\naddd 0, 0, %r6\n"
                 "adds 0, %r7, %r6\n" + c.equal("%r6", 5))
    text += load("other", "%r6") + c.equal("%r6", 0x55)         # a bundle that traps stores nothing
    data = (action("act", "handler", SA_SIGINFO) +
            "code: .dword 0\naddr: .dword 0\nnext: .dword 0\n")
    for backend in ("native", "interp"):
        program(text + EXIT + FAILED + "handler:\n" + handler, data + "other: .dword 0x55\n",
                options=("-cpu", "elbrus-v4,tags=on", "-accel", f"tcg,backend={backend}"))


def tags_log():
    text = "ldd,0,sm [ 0 + 8 ], %r5\ncmpedb,0,sm %r5, 0, %pred2\naddd,0 %r5, 1, %r7\n"
    with tempfile.TemporaryDirectory() as d:
        p = run(build(d, "p", text), "-cpu", "elbrus-v4,tags=on", "-d", "guest_errors")
        err = p.stderr.decode()
        assert p.returncode == -signal.SIGILL, p
        assert re.search(r"used at 0x[0-9a-f]+, tags: r5=0011 pred2\n", err), err


def nested_signals():
    """A handler interrupted by its own signal; both return. On the alternate stack."""
    c = Checks()
    handler = (ENTER + load("depth", "%r3") + "addd %r3, 1, %r3\n" + store("%r3", "depth") +
               "rrd %usd.lo, %r4\nandd %r4, 0xffffffffffff, %r4\n" + store("%r4", "sp") +
               "cmpedb %r3, 1, %pred1\ndisp %ctpr1, leave\nct %ctpr1 ? ~%pred1\n" +
               syscall("getpid") + syscall("kill", "%r16", SIGUSR1) + load("depth", "%r3") +
               "addd %r3, 16, %r3\n" + store("%r3", "depth") + "leave:\n" + LEAVE)
    text = (syscall("sigaltstack", "altstack", 0) + c.equal("%r16", 0) +
            syscall("rt_sigaction", SIGUSR1, "act", 0, 8) + syscall("getpid") +
            syscall("kill", "%r16", SIGUSR1) + load("depth", "%r2") + c.equal("%r2", 18) +
            load("sp", "%r2") + "subd %r2, stack, %r2\nshrd %r2, 14, %r2\n" + c.equal("%r2", 0))
    program(text + EXIT + FAILED + "handler:\n" + handler,
            action("act", "handler", NODEFER | SA_ONSTACK) +
            "altstack: .dword stack, 0, 16384\ndepth: .dword 0\nsp: .dword 0\n"
            "\t.balign 16\nstack: .space 16384\n")


def restarted_calls():
    """read() that a signal interrupts: made again with SA_RESTART, else -EINTR."""
    c = Checks()
    handler = ENTER + "addd 0, fds, %r1\nldw [ %r1 + 4 ], %r1\n" + syscall("write", "%r1", "buf", 1) + LEAVE
    text = (syscall("pipe", "fds") + "addd 0, fds, %r1\nldw [ %r1 + 0 ], %r6\n" +
            syscall("rt_sigaction", SIGALRM, "act", 0, 8) + syscall("setitimer", 0, "timer", 0) +
            syscall("read", "%r6", "buf", 8) + c.equal("%r16", 1) +
            syscall("rt_sigaction", SIGALRM, "act2", 0, 8) + syscall("setitimer", 0, "timer", 0) +
            syscall("read", "%r6", "buf", 8) + c.equal("%r16", -4))
    program(text + EXIT + FAILED + "handler:\n" + handler + "handler2:\n" + HANDLER,
            action("act", "handler", SA_RESTART) + action("act2", "handler2") +
            "timer: .dword 0, 0, 0, 20000\nfds: .dword 0\nbuf: .dword 0\nseen: .dword 0\n")


def threads():
    """clone with shared memory: its own stacks and thread pointer; the end wakes the futex."""
    c = Checks()
    thread = (store("%g13", "tls") + "rrd %usd.lo, %r3\nandd %r3, 0xffffffffffff, %r3\n" +
              store("%r3", "sp") + call("deep", 50) + store("%r16", "sum") + syscall("exit", 0))
    # sum of 1..n, recursively, in the thread's own windows
    deep = ("deep:\n" + ENTER + "addd %r0, 0, %r1\ncmpedb %r0, 0, %pred0\ndisp %ctpr1, deep_out\n"
            "ct %ctpr1 ? %pred0\nsubd %r0, 1, %r2\n" + call("deep", "%r2") +
            "addd %r1, %r16, %r0\ndeep_out:\n" + LEAVE)
    text = (syscall("mmap", 0, 65536, 3, 0x12, -1, 0) + "addd %r16, 0, %r4\naddd %r16, 0x10000, %r5\n" +
            syscall("clone", 0x3d0f00, "%r5", "ptid", "ctid", 0x7777) +
            "cmpedb %r16, 0, %pred1\ndisp %ctpr1, thread\nct %ctpr1 ? %pred1\naddd %r16, 0, %r7\n" +
            load("ptid", "%r2") + c.equal("%r2", "%r7") +
            "again:\n" + "addd 0, ctid, %r1\nldw [ %r1 + 0 ], %r2\ncmpedb %r2, 0, %pred1\n"
            "disp %ctpr1, over\nct %ctpr1 ? %pred1\n" + syscall("futex", "ctid", 0, "%r2", 0) +
            "disp %ctpr1, again\nct %ctpr1\nover:\n" +
            load("tls", "%r2") + c.equal("%r2", 0x7777) + load("sp", "%r2") + c.equal("%r2", "%r5") +
            load("sum", "%r2") + c.equal("%r2", 1275) + call("deep", 100) + c.equal("%r16", 5050))
    program(text + EXIT + FAILED + "thread:\n" + thread + deep,
            "ptid: .dword 0\nctid: .dword 1\ntls: .dword 0\nsp: .dword 0\nsum: .dword 0\n")


def many_threads():
    """150 threads one after the other, each waited for by its futex; an atomic counter."""
    c = Checks()
    thread = ("addd 0, counter, %r1\nretry:\nldd,0 [ %r1 + 0 ], %r2, mas=7\naddd,0 %r2, 1, %r3\n"
              "{ std,2 %r3, [ %r1 + 0 ], mas=2\n  rbranch retry }\n" + syscall("exit", 0))
    wait = ("again:\naddd 0, ctid, %r1\nldw [ %r1 + 0 ], %r2\ncmpedb %r2, 0, %pred1\n"
            "disp %ctpr1, over\nct %ctpr1 ? %pred1\n" + syscall("futex", "ctid", 0, "%r2", 0) +
            "disp %ctpr1, again\nct %ctpr1\nover:\n")
    clone = (syscall("clone", 0x350f00, "stack + 32768", "ptid", "ctid", 0) +
             "cmpedb %r16, 0, %pred1\ndisp %ctpr1, thread\nct %ctpr1 ? %pred1\n")
    text = ("addd 0, 150, %r6\nnext:\naddd 0, 1, %r2\n" + store("%r2", "ctid") + clone + wait +
            "subd %r6, 1, %r6\ncmpedb %r6, 0, %pred1\ndisp %ctpr1, next\nct %ctpr1 ? ~%pred1\n" +
            load("counter", "%r2") + c.equal("%r2", 150))
    program(text + EXIT + FAILED + "thread:\n" + thread,
            "ptid: .dword 0\nctid: .dword 0\ncounter: .dword 0\n\t.balign 16\nstack: .space 32768\n")


def processes():
    """fork copies memory, vfork shares it; both children's statuses arrive."""
    def child(name, status):
        return (syscall(name) + f"addd %r16, 0, %r4\ncmpedb %r16, 0, %pred1\ndisp %ctpr1, {name}_parent\n"
                "ct %ctpr1 ? ~%pred1\naddd 0, 5, %r2\n" + store("%r2", "value") +
                syscall("exit_group", status) + f"{name}_parent:\n" +
                syscall("waitpid", "%r4", "status", 0) + c.equal("%r16", "%r4") +
                "addd 0, status, %r1\nldw [ %r1 + 0 ], %r2\n" + c.equal("%r2", status << 8))
    c = Checks()
    text = (child("fork", 3) + load("value", "%r2") + c.equal("%r2", 0) +
            child("vfork", 4) + load("value", "%r2") + c.equal("%r2", 5))
    program(text + EXIT + FAILED, "value: .dword 0\nstatus: .dword 0\n")


SETJMP = (  # as the C library's: %r0 = buffer; everything of the caller that must come back
    "setjmp:\nsetwd wsz=8, nfx=1\nrrd %cr0.hi, %r1\nstd %r1, [ %r0 + 8 ]\nrrd %cr1.lo, %r1\n"
    "std %r1, [ %r0 + 16 ]\nrrd %pcsp.lo, %r1\nstd %r1, [ %r0 + 24 ]\nrrd %pcsp.hi, %r1\n"
    "std %r1, [ %r0 + 32 ]\nrrs %pcshtp, %r1\nstw %r1, [ %r0 + 40 ]\nrrs %cr1.hi, %r1\n"
    "stw %r1, [ %r0 + 44 ]\nrrd %usd.lo, %r1\nstd %r1, [ %r0 + 48 ]\nrrd %wd, %r1\n"
    "std %r1, [ %r0 + 56 ]\naddd 0, 0, %r0\n" + LEAVE)


def longjmp():
    """Over several procedures, twice, and out of a signal handler on the alternate stack."""
    c = Checks()
    jump = ENTER + syscall("longjmp2", "jmpbuf", "%r0") + LEAVE
    middle = ENTER + "addd %r0, 0, %r1\n" + call("jump", "%r1") + LEAVE
    text = ("addd 0, 0x5a5a, %r8\n" + call("setjmp", "jmpbuf") + "addd %r16, 0, %r1\n"
            "cmpedb %r1, 0, %pred1\ndisp %ctpr1, second\nct %ctpr1 ? ~%pred1\n" +
            call("middle", 7) + syscall("exit_group", 100) +
            "second:\n" + c.equal("%r8", 0x5a5a) +
            "cmpedb %r1, 7, %pred1\ndisp %ctpr1, third\nct %ctpr1 ? ~%pred1\n" +
            syscall("sigaltstack", "altstack", 0) + syscall("rt_sigaction", SIGUSR1, "act", 0, 8) +
            syscall("getpid") + syscall("kill", "%r16", SIGUSR1) + syscall("exit_group", 101) +
            "third:\n" + c.equal("%r1", SIGUSR1) + c.equal("%r8", 0x5a5a) +
            "rrd %usd.lo, %r2\nandd %r2, 0xffffffffffff, %r2\nsubd %r2, stack, %r2\n"
            "shrd %r2, 14, %r2\n" + c.nonzero("%r2") + call("leaf", 4) + c.equal("%r16", 5))
    program(text + EXIT + FAILED + "jump:\n" + jump + "middle:\n" + middle + "handler:\n" + middle +
            "leaf:\n" + ENTER + "addd %r0, 1, %r0\n" + LEAVE + SETJMP,
            action("act", "handler", SA_ONSTACK) + "altstack: .dword stack, 0, 16384\n"
            "jmpbuf: .space 256\n\t.balign 16\nstack: .space 16384\n")


def backtrace():
    """Return addresses of the callers; one of them replaced."""
    c = Checks()
    inner = (ENTER + syscall("get_backtrace", "ips", 8, 0, 0) + "addd %r16, 0, %r1\n" + c.equal("%r1", 3) +
             load("ips", "%r2") + c.equal("%r2", "in_outer") + load("ips + 8", "%r2") +
             c.equal("%r2", "in_start") + load("ips + 16", "%r2") + c.equal("%r2", 0) +
             syscall("get_backtrace", "ips", 1, 1, 0) + load("ips", "%r2") + c.equal("%r2", "in_start") +
             syscall("set_backtrace", "target", 1, 1, 0) + c.equal("%r16", 1) +
             syscall("set_backtrace", "bad", 1, 1, 0) + c.equal("%r16", -14) + LEAVE)
    outer = ENTER + call("inner") + "in_outer:\n" + LEAVE
    text = call("outer") + "in_start:\n" + syscall("exit_group", 99) + "elsewhere:\n"
    program(text + EXIT + FAILED + "outer:\n" + outer + "inner:\n" + inner,
            "target: .dword elsewhere\nbad: .dword 0x1230000\nips: .space 64\n")


def hardware_stacks():
    """Sizes and contents of both stacks; what is out of range is refused."""
    c = Checks()
    inner = (ENTER + syscall("access_hw_stacks", 4, 0, 0, 0, "real") + c.equal("%r16", 0) +
             load("real", "%r2") + c.equal("%r2", 64) +
             syscall("access_hw_stacks", 6, "offset", "buf", 32, 0) + c.equal("%r16", 0) +
             load("buf + 8", "%r2") + c.equal("%r2", "in_start") +
             syscall("access_hw_stacks", 5, 0, 0, 0, "real") + load("real", "%r3") +
             # 16 bytes a register: %r0 of this procedure lies 16 registers below the call's window
             "addd 0, 0xabcd, %r0\naddd 0, 0xbcde, %r1\nsubd %r3, 256, %r3\n" + store("%r3", "offset") +
             syscall("access_hw_stacks", 7, "offset", "buf", 32, 0) + c.equal("%r16", 0) +
             load("buf", "%r2") + c.equal("%r2", 0xabcd) + load("buf + 8", "%r2") + c.equal("%r2", 0xbcde) +
             "addd 0, 0x1111, %r2\n" + store("%r2", "buf") +
             syscall("access_hw_stacks", 8, "offset", "buf", 32, 0) + c.equal("%r0", 0x1111) +
             syscall("access_hw_stacks", 7, "offset", "buf", 0x10000, 0) + c.equal("%r16", -22) +
             syscall("access_hw_stacks", 99, "offset", "buf", 8, 0) + c.equal("%r16", -22) + LEAVE)
    text = call("inner") + "in_start:\n"
    program(text + EXIT + FAILED + "inner:\n" + inner,
            "offset: .dword 32\nreal: .dword 0\nbuf: .space 64\n")


def predicates():
    """What a callee inherits and a return brings back, seen and changed through the chain stack,
    under a signal handler and a longjmp."""
    def value(n):
        return f"addd 0, 0, %r6\naddd 0, 1, %r6 ? %pred{n}\n"
    c = Checks()
    chain = syscall("access_hw_stacks", 6, "offset", "buf", 64, 0)
    inner = (ENTER + chain + c.equal("%r16", 0) +       # two frames: what _start and outer saved
             load("buf + 32", "%r2") + "andd %r2, 0xf0, %r2\n" + c.equal("%r2", 0x50) +
             load("buf", "%r2") + "andd %r2, 0xfc, %r2\n" + c.equal("%r2", 0x40) +
             "xord %r2, 0x44, %r2\n" + store("%r2", "buf") +       # _start: 1 instead of 3
             load("buf + 32", "%r2") + "xord %r2, 0x40, %r2\n" + store("%r2", "buf + 32") +
             syscall("access_hw_stacks", 9, "offset", "buf", 64, 0) + c.equal("%r16", 0) +
             value(1) + c.equal("%r6", 0) + value(3) + c.equal("%r6", 1) + LEAVE)
    outer = (ENTER + "cmpedb 0, 0, %pred2\n" + call("inner") + value(1) + c.equal("%r6", 0) +
             value(2) + c.equal("%r6", 1) + value(3) + c.equal("%r6", 0) + LEAVE)
    handler = (ENTER + value(5) + c.equal("%r6", 1) + value(6) + c.equal("%r6", 0) +
               "ldd [ %r2 + 40 ], %r3\nandd %r3, 0x3c00, %r3\n" + c.equal("%r3", 0x400) +
               "{ cmpedb,0 0, 1, %pred5\n cmpedb,1 0, 0, %pred6 }\n" + LEAVE)
    raising = (ENTER + syscall("getpid") + syscall("kill", "%r16", SIGUSR1) + value(5) +
               c.equal("%r6", 1) + value(6) + c.equal("%r6", 0) + LEAVE)
    jump = (ENTER + "{ cmpedb,0 0, 1, %pred5\n cmpedb,1 0, 0, %pred6 }\n" +
            syscall("longjmp2", "jmpbuf", 1) + LEAVE)
    text = ("{ cmpedb,0 0, 0, %pred3\n cmpedb,1 0, 1, %pred1\n cmpedb,3 0, 1, %pred2 }\n" +
            call("outer") + value(1) + c.equal("%r6", 1) + value(2) + c.equal("%r6", 0) + value(3) +
            c.equal("%r6", 0) +
            syscall("rt_sigaction", SIGUSR1, "act", 0, 8) +
            "{ cmpedb,0 0, 0, %pred5\n cmpedb,1 0, 1, %pred6 }\n" + call("raising") +
            value(5) + c.equal("%r6", 1) + value(6) + c.equal("%r6", 0) +
            call("setjmp", "jmpbuf") + "cmpedb %r16, 0, %pred7\ndisp %ctpr1, back\n"
            "ct %ctpr1 ? ~%pred7\n" + call("jump") + syscall("exit_group", 100) +
            "back:\n" + value(5) + c.equal("%r6", 1) + value(6) + c.equal("%r6", 0))
    program(text + EXIT + FAILED + "outer:\n" + outer + "inner:\n" + inner + "handler:\n" + handler +
            "raising:\n" + raising + "jump:\n" + jump + SETJMP, action("act", "handler", SA_SIGINFO) +
            "offset: .dword 32\nbuf: .space 64\njmpbuf: .space 256\n")


def changed_callee():
    """A short procedure on another page is overwritten between two calls of it."""
    c = Checks()
    def leaf(name, value):
        return f"\t.balign 64\n{name}:\n" + ENTER + f"addd %r0, {value}, %r0\n" + LEAVE
    copy = ("addd 0, second, %r1\naddd 0, first, %r2\naddd 0, 8, %r3\ncopy:\n"
            "ldd [ %r1 + 0 ], %r4\nstd %r4, [ %r2 + 0 ]\naddd %r1, 8, %r1\naddd %r2, 8, %r2\n"
            "subd %r3, 1, %r3\ncmpedb %r3, 0, %pred1\ndisp %ctpr1, copy\nct %ctpr1 ? ~%pred1\n")
    text = ("addd 0, 0, %r6\n" + syscall("mprotect", "page", 4096, 7) + c.equal("%r16", 0) +
            "again:\n" + call("first", 30) + "addd %r6, %r16, %r6\n" +
            "cmpedb %r6, 31, %pred1\ndisp %ctpr1, done\nct %ctpr1 ? ~%pred1\n" + copy +
            "disp %ctpr1, again\nct %ctpr1\ndone:\n" + c.equal("%r6", 31 + 32))
    program(text + EXIT + FAILED + "\t.balign 4096\npage:\n" + leaf("first", 1) + leaf("second", 2) +
            "\t.balign 64\n")


def contexts():
    """makecontext, swapcontext there and back, the end of a context by its link."""
    c = Checks()
    entry = (ENTER + "addd %r0, %r1, %r4\n" + store("%r4", "sum") +
             syscall("swapcontext", "coroutine", "main", 8) + "addd 0, 77, %r4\n" +
             store("%r4", "sum") + LEAVE)
    # swapcontext returns from the stub, as from any procedure
    stub = ENTER + syscall("swapcontext", "%r0", "%r1", 8) + "addd %r16, 0, %r0\n" + LEAVE
    entry = entry.replace(syscall("swapcontext", "coroutine", "main", 8), call("swap", "coroutine", "main"))
    text = (syscall("makecontext", "coroutine", "entry", 16, "args", 8) + c.equal("%r16", 0) +
            "addd 0, 0x3579, %r8\n" + call("swap", "main", "coroutine") + c.equal("%r16", 0) +
            load("sum", "%r2") + c.equal("%r2", 30) + c.equal("%r8", 0x3579) +
            call("swap", "main", "coroutine") + c.equal("%r16", 0) + load("sum", "%r2") +
            c.equal("%r2", 77) + syscall("freecontext", "coroutine") + c.equal("%r16", 0) +
            syscall("freecontext", "coroutine") + c.equal("%r16", -2))
    program(text + EXIT + FAILED + "entry:\n" + entry + "swap:\n" + stub,
            "args: .dword 10, 20\nsum: .dword 0\nmain: .space 4096\n"
            "coroutine: .dword 0, main, stack, 0, 65536\n\t.space 4096\n\t.balign 16\nstack: .space 65536\n")


FAULTS = {
    "null": ("ldd [ 0 + 0 ], %r1\n", signal.SIGSEGV),
    "store_text": ("addd 0, _start, %r1\nstd %r1, [ %r1 + 0 ]\n", signal.SIGSEGV),
    "jump_nowhere": ("addd 0, 0x123450, %r1\nmovtd %r1, %ctpr1\nct %ctpr1\n", signal.SIGSEGV),
    "jump_odd": ("addd 0, _start + 4, %r1\nmovtd %r1, %ctpr1\nct %ctpr1\n", signal.SIGILL),
    "unprepared": ("ct %ctpr1\n", signal.SIGILL),
    "divide": ("addd 0, 0, %r2\naddd 0, 7, %r1\nsdivd,5 %r1, %r2, %r3\n", signal.SIGFPE),
    "return_from_start": (LEAVE, signal.SIGSEGV),
    "endless_recursion": ("again:\nsetwd wsz=16, nfx=1\ndisp %ctpr1, again\ncall %ctpr1, wbs=8\n",
                          signal.SIGSEGV),
    "window_too_large": ("addd %r40, 0, %r0\n", signal.SIGSEGV),
    "killed": (syscall("getpid") + syscall("kill", "%r16", 15), signal.SIGTERM),
}


def fault(name):
    text, sig = FAULTS[name]
    program(text + EXIT, status=-sig)


def fault_in_bad_stack():
    """A handler without a stack to run on: the program dies of SIGSEGV."""
    text = (syscall("sigaltstack", "altstack", 0) + syscall("rt_sigaction", SIGUSR1, "act", 0, 8) +
            syscall("getpid") + syscall("kill", "%r16", SIGUSR1))
    program(text + EXIT + "handler:\n" + HANDLER, action("act", "handler", SA_ONSTACK) +
            "altstack: .dword 0x1230000, 0, 8192\nseen: .dword 0\n", status=-signal.SIGSEGV)


def models():
    """%idr tells the model; without -cpu the file's flags choose."""
    text = "rrd %idr, %r1\n" + store("%r1", "idr") + write("idr", 8) + EXIT
    with tempfile.TemporaryDirectory() as d:
        for cpu, model, mdl in (("elbrus-v4", None, 7), ("elbrus-v3", None, 3), ("elbrus-v4", "e1c+", 8),
                                ("elbrus-v4", "elbrus-8c2,tags=off", 9)):
            exe = build(d, "p", text, "idr: .dword 0\n", cpu=cpu)
            p = run(exe, *(("-cpu", model) if model else ()))
            assert p.returncode == 0 and words(p.stdout)[0] & 255 == mdl, (cpu, model, p)


def interpreted():
    """The same program without generated code."""
    text = write("msg", 3) + syscall("exit_group", 9)
    assert program(text, "msg: .ascii \"hi\\n\"\n", 9, ("-accel", "tcg,backend=interp")) == b"hi\n"


def executes():
    """execve of itself with another argument; a file that is no program is ENOEXEC."""
    c = Checks()
    text = ("rrd %usd.lo, %r1\nandd %r1, 0xffffffffffff, %r1\nldd [ %r1 + 0 ], %r2\n"
            "cmpedb %r2, 1, %pred1\ndisp %ctpr1, second\nct %ctpr1 ? ~%pred1\n" +
            syscall(11, "bad", "argv", "envp") + c.equal("%r16", -2) +
            syscall(11, "exe", "argv", "envp") + syscall("exit_group", 100) +
            "second:\n" + write("msg", 4) + syscall("exit_group", 21))
    data = ("argv: .dword exe, exe, 0\nenvp: .dword 0\nexe: .asciz \"/proc/self/exe\"\n"
            "bad: .asciz \"/nonexistent\"\nmsg: .ascii \"two\\n\"\n")
    assert program(text + FAILED, data, 21) == b"two\n"


# Work without system calls: what it becomes when bytes of it change can do no harm.
VICTIM = ("addd 0, table, %r1\naddd 0, 40, %r2\n"
          "loop:\n{ ldd,0 [ %r1 + 8 ], %r3\n  addd,1 %r2, 5, %r4\n  subd,3 %r2, 1, %r2 }\n"
          "{ muld,0 %r3, %r4, %r5\n  faddd,1 %r3, %r4, %r6\n  shld,3 %r4, 3, %r7 }\n"
          "std,2 %r5, [ %r1 + 16 ]\nldw,0,sm [ %r2 + 0 ], %r8\n"
          "cmpedb,0 %r2, 0, %pred0\nadds,1 %r8, 1, %r9 ? %pred0\ndisp %ctpr1, loop\n"
          "ct %ctpr1 ? ~%pred0\ndisp %ctpr1, inner\ncall %ctpr1, wbs=8\nct %ctpr2\n"
          "inner:\nsetwd wsz=8, nfx=1\naddd 0, 7, %r1\n{ sdivd,5 %r3, %r1, %r2\n  xord,0 %r1, %r2, %r3 }\n"
          "merged,0 %r1, %r2, %r3, %pred0\ngetsp -64, %r5\nstd %r1, [ %r5 + 0 ]\n" + LEAVE)
MUTATIONS = int(os.environ.get("FUZZ_PROGRAMS", "150"))


def mutated_code():
    """Instructions with changed bits: results, signals, endless loops; no crash of ours."""
    rng = random.Random(7)
    with tempfile.TemporaryDirectory() as d:
        exe = build(d, "p", VICTIM, "table: .dword 1, 2, 3, 4\n")
        with open(exe, "rb") as f:
            seed = f.read()
        assert run(exe).returncode == -signal.SIGILL
        at = seed.index(bytes.fromhex(text_of(exe)))
        size = len(text_of(exe)) // 2
        for i in range(MUTATIONS):
            data = bytearray(seed)
            for _ in range(rng.choice((1, 1, 2, 3, 8))):
                where = at + rng.randrange(size)
                data[where] = rng.randrange(256) if rng.random() < 0.3 else \
                    data[where] ^ 1 << rng.randrange(8)
            with open(exe, "wb") as f:
                f.write(data)
            p = subprocess.run(["timeout", "-s", "KILL", "2", QEMU, exe], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            err = p.stderr.decode(errors="replace")
            assert p.returncode in (-4, -5, -7, -8, -9, -11, 137) and not err, \
                (i, p.returncode, err, data[at:at + size].hex())


def text_of(exe):
    """The first executable segment's bytes, as a hexadecimal string."""
    with open(exe, "rb") as f:
        data = f.read()
    n = int.from_bytes(data[56:58], "little")
    for p in (data[64 + 56 * k:120 + 56 * k] for k in range(n)):
        kind, flags, offset, vaddr, _, size = struct.unpack_from("<IIQQQQ", p)
        if kind == 1 and flags & 1:
            entry = int.from_bytes(data[24:32], "little")
            return data[offset + entry - vaddr:offset + size].hex()


class Gdb:
    """A bare remote-protocol client."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        while self.sock.connect_ex(path):       # bound, but not listening yet
            pass

    def cmd(self, text):
        self.sock.sendall(b"$%s#%02x" % (text.encode(), sum(text.encode()) & 255))
        data = b""
        while not re.search(rb"\$([^#]*)#..", data):
            part = self.sock.recv(65536)
            assert part, "connection closed"
            data += part
        try:
            self.sock.sendall(b"+")
        except BrokenPipeError:
            pass                        # it has exited, that was its last word
        return re.search(rb"\$([^#]*)#..", data).group(1).decode()

    def reg(self, n):
        return int.from_bytes(bytes.fromhex(self.cmd(f"p{n:x}")), "little")


def gdb_regs(g):
    """Numbers by name, from the description."""
    xml, ofs = "", 0
    while True:
        part = g.cmd(f"qXfer:features:read:target.xml:{ofs:x},1000")
        xml, ofs = xml + part[1:], ofs + len(part) - 1
        if part[0] == "l":
            return {m[0]: int(m[1]) for m in re.findall(r'reg name="(\w+)".*?regnum="(\d+)"', xml)}


def gdb_session():
    """Break, step, registers, memory, continue, exit status."""
    text = (write("where", 16) + "addd 0, 0x77, %r3\n" + call("target", 5) +
            syscall("exit_group", "%r16") + "target:\n" + ENTER + "addd %r0, 1, %r0\n"
            "stepped:\naddd %r0, 10, %r0\n" + LEAVE)
    with tempfile.TemporaryDirectory() as d:
        exe = build(d, "p", text, "where: .dword target, stepped\n")
        target, stepped = words(run(exe).stdout)
        sock = os.path.join(d, "gdb")
        p = subprocess.Popen([QEMU, "-g", sock, exe], stdout=subprocess.PIPE)
        while not os.path.exists(sock):
            assert p.poll() is None
        g = Gdb(sock)
        regs = gdb_regs(g)
        assert g.cmd("?").startswith("T05")
        assert len(g.cmd("g")) == 16 * len(regs)
        assert g.cmd(f"Z0,{target:x},8") == "OK"
        assert g.cmd("c").startswith("T05") and g.reg(regs["ip"]) == target
        assert g.reg(regs["r0"]) == 5
        assert g.cmd("s").startswith("T05") and target < g.reg(regs["ip"]) < stepped
        assert g.cmd("s").startswith("T05") and g.reg(regs["ip"]) == stepped
        assert g.reg(regs["r0"]) == 6
        assert g.cmd(f"P{regs['r0']:x}={(20).to_bytes(8, 'little').hex()}") == "OK"
        code = g.cmd(f"m{target:x},8")
        with open(exe, "rb") as f:
            assert bytes.fromhex(code) in f.read()
        assert g.cmd(f"z0,{target:x},8") == "OK"
        assert g.cmd("c") == "W1e"
        assert p.wait(timeout=20) == 30


if __name__ == "__main__":
    faults = []
    for each in FAULTS:
        def one(each=each):
            fault(each)
        one.__name__ = "fault_" + each
        faults.append(one)
    run_tests([hello, strace, start_stack, calls, signals, siginfo, tag_signals, tags_log,
               nested_signals, restarted_calls, threads, many_threads, processes, longjmp, backtrace,
               hardware_stacks, predicates, changed_callee, contexts, models, interpreted, executes,
               gdb_session, fault_in_bad_stack, mutated_code] + faults)
