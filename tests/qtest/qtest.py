# SPDX-License-Identifier: GPL-2.0-or-later
"""Drives a machine without guest CPU through the qtest socket: ports, memory, time."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../functional"))
from guest import BUILD, Qmp, run_tests, variants  # noqa: E402,F401


class QTest:
    """with QTest() as q: q.outb(0x70, 0); q.inb(0x71). The machine's clock moves by q.step(ns)."""

    def __init__(self, *args):
        self.dir = tempfile.mkdtemp(prefix="qtest-")
        path = os.path.join(self.dir, "qtest")
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen(1)
        self.err = open(os.path.join(self.dir, "stderr"), "w+")
        self.proc = subprocess.Popen(
            [os.path.join(BUILD, "qemu-system-x86_64"), "-qtest", f"unix:{path}", "-accel", "qtest",
             "-display", "none", "-nodefaults", "-m", "256M",
             "-qmp", f"unix:{self.dir}/qmp,server=on,wait=off", *args],
            stdin=subprocess.DEVNULL, stderr=self.err)
        server.settimeout(60)
        self.sock, _ = server.accept()
        self.sock.settimeout(60)
        self.buf = b""
        self._qmp = None

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.proc.terminate()
        self.proc.wait(60)
        if exc[0]:
            self.err.seek(0)
            sys.stderr.write(self.err.read())
        shutil.rmtree(self.dir, ignore_errors=True)

    @property
    def qmp(self):
        if not self._qmp:
            self._qmp = Qmp(f"{self.dir}/qmp")
        return self._qmp

    def cmd(self, *words):
        self.sock.sendall((" ".join(hex(w) if isinstance(w, int) else w for w in words)
                           + "\n").encode())
        while True:
            while b"\n" not in self.buf:
                data = self.sock.recv(65536)
                if not data:
                    raise EOFError("the emulator is gone")
                self.buf += data
            line, self.buf = self.buf.split(b"\n", 1)
            answer = line.decode().split()
            if answer[0] == "IRQ":
                continue
            if answer[0] != "OK":
                raise AssertionError(f"{words}: {line!r}")
            return answer[1:]

    def step(self, ns):
        self.cmd("clock_step", str(ns))


def accessor(name):
    if name.startswith(("in", "read")):
        return lambda self, addr: int(self.cmd(name, addr)[0], 0)
    return lambda self, addr, value: self.cmd(name, addr, value)


for n in ("inb", "inw", "inl", "outb", "outw", "outl", "readb", "readw", "readl", "readq",
          "writeb", "writew", "writel", "writeq"):
    setattr(QTest, n, accessor(n))
