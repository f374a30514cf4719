#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""qemu-e2k refuses bad ELF files with one line, and never dies of mutated ones."""
import os
import random
import resource
import struct
import subprocess
import tempfile

from guest import BUILD, run_tests

QEMU = os.path.join(BUILD, "qemu-e2k")
FUZZ_FILES = int(os.environ.get("FUZZ_FILES", "200"))
EM_E2K, EM_E2K_OLD, V4 = 175, 49, 4 << 24
R, W, X = 4, 2, 1


def phdr(kind, flags, offset, vaddr, filesz, memsz, align=0x1000):
    return struct.pack("<IIQQQQQQ", kind, flags, offset, vaddr, vaddr, filesz, memsz, align)


def ehdr(n_phdrs, entry, machine=EM_E2K, kind=2, e_flags=V4, cls=2, data=1, phentsize=56, phoff=64):
    return (b"\x7fELF" + bytes([cls, data, 1]) + bytes(9) +
            struct.pack("<HHIQQQIHHHHHH", kind, machine, 1, entry, phoff, 0, e_flags, 64, phentsize,
                        n_phdrs, 64, 0, 0))


CODE_AT = 0x200


def image(phdrs=None, code=bytes(64), interp=None, **header):
    """A file with one segment at 0x10000 that holds headers and code."""
    size = CODE_AT + len(code)
    if phdrs is None:
        phdrs = [phdr(1, R | X, 0, 0x10000, size, size)]
    if interp:
        phdrs = phdrs + [phdr(3, R, size, 0x10000 + size, len(interp), len(interp))]
    header.setdefault("entry", 0x10000 + CODE_AT)
    out = ehdr(len(phdrs), **header) + b"".join(phdrs)
    return out.ljust(CODE_AT, b"\0") + code + (interp or b"")


def run(data, *options, mode=0o755, timeout=60):
    with tempfile.TemporaryDirectory() as d:
        exe = os.path.join(d, "program")
        with open(exe, "wb") as f:
            f.write(data)
        os.chmod(exe, mode)
        return subprocess.run([QEMU, *options, exe], stdin=subprocess.DEVNULL, timeout=timeout,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))


def refused(data, text, *options):
    p = run(data, *options)
    err = p.stderr.decode()
    assert p.returncode == 1 and text in err and err.count("\n") == 1, (p.returncode, err, text)


def not_elf():
    refused(b"", "not an ELF file")
    refused(b"#!/bin/sh\n", "not an ELF file")
    refused(b"\x7fELF", "made for another machine")


def identity():
    refused(image(machine=62), "made for another machine (ELF machine 62)")
    refused(image(data=2), "little-endian")
    refused(image(cls=7), "little-endian")
    refused(image(kind=1), "not an executable")
    refused(image(e_flags=V4 | 0x20), "protected mode")
    refused(image(e_flags=V4 | 4), "x86 binary compiler")
    narrow = bytearray(image())
    narrow[4] = 1
    struct.pack_into("<I", narrow, 36, V4)
    refused(bytes(narrow), "32-bit (e2k32)")


def headers():
    refused(image()[:40], "truncated")
    refused(image(phentsize=32), "bad program headers")
    refused(image(phdrs=[]), "bad program headers")
    refused(image(phoff=1 << 40), "bad program headers")
    refused(image(phdrs=[phdr(4, R, 0, 0x10000, 4, 4)]), "no PT_LOAD segment")


def segments():
    refused(image(phdrs=[phdr(1, R | X, 0, 0x10000, 0x5000, 0x5000)]), "truncated")
    refused(image(phdrs=[phdr(1, R | X, 1 << 62, 0x10000, 0x100, 0x100)]), "truncated")
    refused(image(phdrs=[phdr(1, R | X, 0, 0x10000, 0x240, 0x100)]), "bad PT_LOAD")
    refused(image(phdrs=[phdr(1, R | X, 0, 0x10800, 0x240, 0x240)]), "bad PT_LOAD")
    refused(image(phdrs=[phdr(1, R | X, 0, 0x10000, 0x100, 1 << 50)]), "bad PT_LOAD")
    refused(image(phdrs=[phdr(1, R | X, 0, 0x10000, 0x240, 0x2000),
                         phdr(1, R | W, 0, 0x11000, 0x100, 0x100)]), "overlapping segments")


def entry_point():
    refused(image(entry=0x20000), "outside of any executable segment")
    refused(image(entry=0), "outside of any executable segment")
    size = CODE_AT + 64
    refused(image(phdrs=[phdr(1, R, 0, 0x10000, size, size)]), "outside of any executable segment")


def interpreter():
    gone = b"/lib64/ld-linux-e2k-none.so.2\0"
    refused(image(interp=gone), "its interpreter /lib64/ld-linux-e2k-none.so.2 is missing")
    refused(image(interp=gone), "-L", "-L", "/nonexistent")
    with tempfile.TemporaryDirectory() as d:
        os.makedirs(d + "/lib64")
        with open(d + "/lib64/ld-linux-e2k-none.so.2", "wb") as f:
            f.write(b"no ELF file")
        refused(image(interp=gone), "its interpreter: ", "-L", d)


def missing_files():
    for path, text in (("/nonexistent", "No such file"), ("/tmp", "not a regular file")):
        p = subprocess.run([QEMU, path], stderr=subprocess.PIPE, text=True)
        assert p.returncode == 1 and text in p.stderr, p.stderr
    p = subprocess.run([QEMU], stderr=subprocess.PIPE, text=True)
    assert p.returncode == 1 and "no program" in p.stderr


def options():
    out = subprocess.run([QEMU, "-cpu", "help"], stdout=subprocess.PIPE, text=True, check=True).stdout
    for model in ("e2c+", "e2s", "e8c", "e1c+", "e8c2", "e12c", "e16c", "e2c3", "e48c", "elbrus-v6"):
        assert model in out, model
    refused(image(), "unable to find CPU model 'z80'", "-cpu", "z80")
    refused(image(), "unknown CPU property", "-cpu", "e8c,sse=on")
    for text in ("version 8.2", ):
        out = subprocess.run([QEMU, "-version"], stdout=subprocess.PIPE, text=True, check=True).stdout
        assert text in out, out
    assert "-strace" in subprocess.run([QEMU, "-h"], stdout=subprocess.PIPE, text=True).stdout
    refused(image(), "not a stack size", "-s", "1")
    refused(image(), "guest base", "-B", "0x1000")


def binfmt_file():
    """The installed rules match our files, old and new, static and position-independent; no others."""
    with open(os.path.join(BUILD, "linux-user/qemu-e2k.conf")) as f:
        rules = [l.rstrip().split(":") for l in f if l.startswith(":")]

    def bytes_of(text):
        return text.encode().decode("unicode_escape").encode("latin1")

    def names(head):
        out = []
        for r in rules:
            magic, mask = bytes_of(r[4]), bytes_of(r[5])
            assert len(magic) == len(mask) == 20 and r[6].endswith("/bin/qemu-e2k"), r
            if all((a ^ b) & k == 0 for a, b, k in zip(head, magic, mask)):
                out.append(r[1])
        return out

    assert names(image()) == ["qemu-e2k"] and names(image(kind=3)) == ["qemu-e2k"]
    assert names(image(machine=EM_E2K_OLD)) == ["qemu-e2k-old"]
    assert names(image(machine=62)) == names(image(kind=1)) == names(image(cls=1)) == []


def no_code():
    """Words that are no instructions: the signal an Elbrus kernel gives."""
    assert run(image(code=b"\xff" * 64)).returncode == -4
    # old machine number, and position-independent
    assert run(image(code=b"\xff" * 64, machine=EM_E2K_OLD)).returncode == -4
    assert run(image(code=b"\xff" * 64, kind=3)).returncode == -4


def fuzz():
    """Mutated files: an error or a guest's signal, never a message of ours about an internal error."""
    rng = random.Random(1)
    seed = image(phdrs=[phdr(1, R | X, 0, 0x10000, 0x280, 0x280),
                        phdr(1, R | W, 0x280, 0x11280, 0x40, 0x2000),
                        phdr(4, R, 0, 0x10000, 0x20, 0x20)], code=bytes(64) + b"\0" * 64)
    for i in range(FUZZ_FILES):
        data = bytearray(seed)
        for _ in range(rng.choice((1, 1, 2, 4, 16))):
            at = rng.randrange(4, len(data) if rng.random() < 0.3 else 64 + 56 * 3)
            how = rng.random()
            if how < 0.5:
                data[at] = rng.randrange(256)
            elif how < 0.8:
                data[at] ^= 1 << rng.randrange(8)
            else:
                value = rng.choice((0, 1, 0x7fffffffffffffff, 0xffffffffffffffff, 0xfff, 0x10000))
                data[at & ~7:(at & ~7) + 8] = struct.pack("<Q", value)
        if rng.random() < 0.1:
            del data[rng.randrange(len(data)):]
        p = run(bytes(data))
        err = p.stderr.decode(errors="replace")
        what = (i, p.returncode, err, data.hex())
        assert p.returncode in (0, 1, -4, -5, -7, -8, -11), what
        assert p.returncode != 1 or err.startswith("qemu-e2k: "), what
        assert not any(t in err for t in ("emulator:", "ERROR", "Sanitizer", "runtime error")), what


if __name__ == "__main__":
    run_tests([not_elf, identity, headers, segments, entry_point, interpreter, missing_files,
               options, binfmt_file, no_code, fuzz])
