# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine under test: its process, serial console, QMP socket, and what the host sees of it."""
import gzip
import json
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("QEMU_BUILD", os.path.join(os.path.dirname(__file__), "../../build"))
KIT = os.environ.get("QEMU_KIT", os.path.join(BUILD, "kit"))


def kernel_args(flavour):
    return ["-kernel", f"{KIT}/vmlinuz-{flavour}", "-initrd", f"{KIT}/initrd-{flavour}.gz"]


def _cpio_entry(name, mode, data=b""):
    name = name.encode() + b"\0"
    fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0]
    head = b"070701" + b"".join(b"%08x" % f for f in fields) + name
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def initrd_with(where, name, files, flavour=None):
    """The kit's initramfs and a second archive behind it with @files (name: bytes) in /tests."""
    extra = _cpio_entry("tests", 0o040755)
    for file, data in files.items():
        extra += _cpio_entry("tests/" + file, 0o100755, data)
    path = os.path.join(where, f"initrd-{name}.gz")
    with open(f"{KIT}/initrd-{flavour or name}.gz", "rb") as kit, open(path, "wb") as out:
        out.write(kit.read() + gzip.compress(extra + _cpio_entry("TRAILER!!!", 0), 1))
    return path


def static_program(where, source, *flags):
    """Compiles tests/functional/@source for the guest; its bytes."""
    out = os.path.join(where, "program")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), source)
    subprocess.run(["gcc", "-static", *flags, "-o", out, source], check=True)
    with open(out, "rb") as f:
        return f.read()


class Timeout(Exception):
    pass


class QmpError(Exception):
    def __init__(self, error):
        super().__init__(error["desc"])
        self.cls, self.desc = error["class"], error["desc"]


class Qmp:
    def __init__(self, path, timeout=20):
        end = time.monotonic() + timeout
        while True:
            self.sock = socket.socket(socket.AF_UNIX)
            try:
                self.sock.connect(path)
                break
            except OSError:
                self.sock.close()
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
        self.buf = b""
        self.events = []
        self.greeting = self.receive(timeout)
        self.cmd("qmp_capabilities")

    def receive(self, timeout):
        end = time.monotonic() + timeout
        while b"\n" not in self.buf:
            ready, _, _ = select.select([self.sock], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise Timeout("QMP: no answer")
            data = self.sock.recv(65536)
            if not data:
                raise EOFError("QMP: closed")
            self.buf += data
        line, self.buf = self.buf.split(b"\n", 1)
        return json.loads(line)

    def cmd(self, name, /, timeout=30, **arguments):
        msg = {"execute": name}
        if arguments:
            msg["arguments"] = {k.replace("_", "-"): v for k, v in arguments.items()}
        self.sock.sendall(json.dumps(msg).encode() + b"\n")
        while True:
            answer = self.receive(timeout)
            if "event" in answer:
                self.events.append(answer)
            elif "error" in answer:
                raise QmpError(answer["error"])
            else:
                return answer["return"]

    def hmp(self, line):
        return self.cmd("human-monitor-command", command_line=line)

    def event(self, name, timeout=30):
        """The next event of that name, waiting for it; those before it stay in the list."""
        end = time.monotonic() + timeout
        while True:
            for i, e in enumerate(self.events):
                if e["event"] == name:
                    return self.events.pop(i)
            answer = self.receive(max(0.01, end - time.monotonic()))
            if "event" in answer:
                self.events.append(answer)


class Machine:
    """with Machine("-m", "1G", ...) as m: m.wait_for("GUEST-READY"); print(m.sh("uname -a"))"""

    def __init__(self, *args, binary=None, qmp=True, boot_timeout=120):
        self.dir = tempfile.mkdtemp(prefix="qemu-test-")
        self.binary = binary or os.path.join(BUILD, "qemu-system-x86_64")
        self.boot_timeout = boot_timeout
        cmd = [self.binary, "-display", "none", "-serial", "stdio", "-monitor", "none", *args]
        if qmp:
            cmd += ["-qmp", f"unix:{self.dir}/qmp,server=on,wait=off"]
        self.cmdline = cmd
        self.err = open(f"{self.dir}/stderr", "w+")
        self.proc = subprocess.Popen(cmd, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=self.err)
        self.log = ""
        self.seen = 0
        self._qmp = None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind and not isinstance(value, KeyboardInterrupt):
            sys.stderr.write(f"\n--- {' '.join(self.cmdline)}\n--- console, last lines:\n"
                             + "\n".join(self.log.splitlines()[-40:])
                             + f"\n--- stderr:\n{self.stderr()}\n")
        self.close()

    @property
    def qmp(self):
        if not self._qmp:
            self._qmp = Qmp(f"{self.dir}/qmp")
        return self._qmp

    def stderr(self):
        self.err.flush()
        with open(self.err.name) as f:
            return f.read()

    def close(self):
        if self.proc.poll() is None:
            self.proc.terminate()
            try:
                self.proc.wait(10)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def _read(self, timeout):
        ready, _, _ = select.select([self.proc.stdout], [], [], timeout)
        if not ready:
            return True
        data = os.read(self.proc.stdout.fileno(), 65536)
        self.log += data.decode("latin-1").replace("\r", "")
        return bool(data)

    def wait_for(self, pattern, timeout=60):
        """Waits for a regular expression in what the console printed since the last wait."""
        end = time.monotonic() + timeout
        rx = re.compile(pattern)
        while True:
            m = rx.search(self.log, self.seen)
            if m:
                self.seen = m.end()
                return m
            left = end - time.monotonic()
            if left <= 0:
                raise Timeout(f"'{pattern}' did not appear on the console in {timeout} s")
            if not self._read(left):
                raise EOFError(f"the emulator ended (status {self.proc.wait()}) before "
                               f"'{pattern}' appeared")

    def boot(self):
        m = self.wait_for(r"GUEST-READY ([0-9.]+)", self.boot_timeout)
        self.wait_for(r"# ", 30)
        self.sh("dmesg -n 1")           # kernel messages would mix with what commands print
        return float(m.group(1))

    def type(self, text):
        self.proc.stdin.write(text.encode())
        self.proc.stdin.flush()

    def sh(self, command, timeout=60, check=True):
        """Runs a command in the guest's shell; its output."""
        # the quotes keep the echo of what we type from looking like the markers
        self.type(f"echo B''EGIN; {command}\necho E''ND=$?\n")
        self.wait_for("BEGIN\n", timeout)
        start = self.seen
        m = self.wait_for(r"END=(\d+)", timeout)
        out = self.log[start:m.start()]
        lines = [l for l in out.splitlines() if not re.match(r".*# *(echo|$)", l)]
        if check and m.group(1) != "0":
            raise AssertionError(f"guest: {command}: exit status {m.group(1)}: {out}")
        return "\n".join(lines)

    def meminfo(self):
        """The guest's /proc/meminfo in KiB."""
        text = self.sh("cat /proc/meminfo")
        return {m.group(1): int(m.group(2))
                for m in re.finditer(r"^(\w+): +(\d+)", text, re.MULTILINE)}

    def rss_kib(self):
        with open(f"/proc/{self.proc.pid}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))

    def cpu_seconds(self):
        """of the whole emulator, threads that have ended included"""
        return time.clock_gettime(~self.proc.pid << 3 | 2)      # clock_getcpuclockid(3)

    def vcpu_seconds(self):
        """of the vCPUs' threads: the guest's own code and what devices do in its accesses"""
        total = 0
        for cpu in self.qmp.cmd("query-cpus-fast"):
            with open(f"/proc/{self.proc.pid}/task/{cpu['thread-id']}/schedstat") as f:
                total += int(f.read().split()[0])
        return total / 1e9

    def wait_exit(self, timeout=60):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if not self._read(0.2):
                return self.proc.wait(max(1, end - time.monotonic()))
        raise Timeout("the emulator did not end")

    def wait_actual(self, mib, timeout=60):
        """Waits until query-balloon says that many MiB."""
        end = time.monotonic() + timeout
        while True:
            actual = self.qmp.cmd("query-balloon")["actual"]
            if actual == int(mib * (1 << 20)):
                return
            if time.monotonic() > end:
                raise Timeout(f"balloon: actual is {actual >> 20} MiB, not {mib}")
            self._read(0.05)

    def bad_log_lines(self):
        """Lines of the guest's kernel log that no healthy machine shows."""
        text = self.sh("dmesg -r")
        bad = re.compile(r"BUG|WARNING|Call Trace|unchecked MSR|soft lockup|blocked for more than"
                         r"|invalid opcode|general protection|Oops|Unhandled message")
        # "<3>[    1.2] ...": level err or above counts too
        return [l for l in text.splitlines() if bad.search(l) or re.match(r"<[0-3]>", l)]


# ---- tests as TAP ----

def run_tests(tests, argv=None):
    """Runs functions named in @tests; argv may select some. Exit status 1 if one failed."""
    argv = sys.argv[1:] if argv is None else argv
    chosen = [t for t in tests if not argv or t.__name__ in argv]
    print(f"1..{len(chosen)}", flush=True)
    failed = 0
    for i, test in enumerate(chosen, 1):
        start = time.monotonic()
        try:
            test()
            print(f"ok {i} {test.__name__} # {time.monotonic() - start:.1f} s", flush=True)
        except Exception as e:      # a test's failure must not end the others
            failed += 1
            print(f"not ok {i} {test.__name__}: {type(e).__name__}: {e}", flush=True)
    sys.exit(1 if failed else 0)


def variants(fn, *lists):
    """fn with each combination of arguments, as tests with telling names."""
    out = []
    combos = [()]
    for l in lists:
        combos = [c + (x,) for c in combos for x in l]
    for c in combos:
        def test(c=c):
            fn(*c)
        test.__name__ = fn.__name__ + "".join(f"_{x}" for x in c)
        out.append(test)
    return out
