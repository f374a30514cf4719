#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/balloon-watch: against a monitor that plays a guest's story, and against the emulator."""
import csv
import json
import os
import pty
import re
import socket
import subprocess
import sys
import tempfile
import threading
import xml.etree.ElementTree as ET

from qtest import BUILD, run_tests

QEMU = os.path.join(BUILD, "qemu-system-x86_64")
WATCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts/balloon-watch")
MIB = 1 << 20


class FakeMachine:
    """A QMP server: the n-th query-balloon says n-th step's numbers, after the last it hangs up."""

    def __init__(self, path, steps, hmp=""):
        self.steps, self.hmp, self.asked, self.n = steps, hmp, [], 0
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(path)
        self.server.listen(1)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def answer(self, cmd):
        name = cmd["execute"]
        self.asked.append(name)
        if name == "qmp_capabilities":
            return {"return": {}}
        if name == "balloon":
            self.target = cmd["arguments"]["value"]
            return {"return": {}}
        if name == "query-balloon":
            if self.n == len(self.steps):
                return None
            self.step = self.steps[self.n]
            self.n += 1
            return {"return": {"actual": self.step[0] * MIB}}
        if name == "query-hv-balloon-status-report":
            if self.step[1] is None:
                return {"error": {"class": "GenericError",
                                  "desc": "no guest memory status report received yet"}}
            return {"return": {"committed": self.step[1] * MIB, "available": self.step[2] * MIB}}
        if name == "human-monitor-command":
            return {"return": self.hmp}
        return {"error": {"class": "CommandNotFound", "desc": name}}

    def serve(self):
        conn, _ = self.server.accept()
        send = lambda o: conn.sendall(json.dumps(o).encode() + b"\r\n")
        send({"QMP": {"version": {}, "capabilities": []}})
        for line in conn.makefile():
            answer = self.answer(json.loads(line))
            if answer is None:
                break
            if "return" not in answer or "actual" not in answer["return"]:
                send(answer)
                continue
            # events come in between, also right before an answer
            send({"event": "HV_BALLOON_STATUS_REPORT", "timestamp": {},
                  "data": {"committed": 5 * MIB, "available": 7 * MIB}})
            send(answer)
        conn.shutdown(socket.SHUT_RDWR)
        conn.close()


def watch(*args, **kw):
    return subprocess.run([sys.executable, WATCH, *args], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60, **kw)


def story():
    """All samples in the CSV, in order, as told; the chart has a line for each series."""
    steps = [(1024, None, None), (1024, 300, 700), (768, 310, 440), (2048, 320, 1700)]
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "qmp")
        m = FakeMachine(path, steps, "hv-balloon \"hv1\"\n  target: 768.5 MiB\n")
        p = watch(path, "--interval", "0.01", "--balloon", "768", "--csv", f"{d}/out.csv",
                  "--html", f"{d}/out.html")
        assert p.returncode == 0 and "the machine is gone" in p.stderr, (p.returncode, p.stderr)
        assert m.target == 768 * MIB
        with open(f"{d}/out.csv") as f:
            rows = list(csv.DictReader(f))
        assert len(rows) == 4, rows
        for row, (actual, committed, available) in zip(rows, steps):
            assert int(row["actual"]) == actual * MIB, row
            assert int(row["committed"]) == (committed or 5) * MIB, row      # event or query
            assert int(row["available"]) == (available or 7) * MIB, row
            assert int(row["target"]) == int(768.5 * MIB), row
        seconds = [float(r["seconds"]) for r in rows]
        assert seconds == sorted(seconds), seconds
        assert len(p.stdout.splitlines()) == 4 and "actual 2048.0" in p.stdout, p.stdout
        with open(f"{d}/out.html") as f:
            text = f.read()
        root = ET.fromstring(re.search(r"<svg.*</svg>", text, re.DOTALL).group())
        lines = [e for e in root if e.tag.endswith("polyline")]
        assert [len(e.get("points").split()) for e in lines] == [4, 4, 4, 4], text
        ys = [float(pt.split(",")[1]) for pt in lines[0].get("points").split()]
        assert ys[0] == ys[1] < ys[2] and ys[3] < ys[0], ys       # more memory is higher up
        assert "4 samples" in text


def terminal():
    """On a terminal it draws: axis, legend, dots."""
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "qmp")
        FakeMachine(path, [(100 + i * 20, 50, 40 + i) for i in range(30)])
        master, slave = pty.openpty()
        p = subprocess.Popen([sys.executable, WATCH, path, "--interval", "0.005", "--width", "40",
                              "--height", "8"], stdin=slave, stdout=slave, stderr=subprocess.PIPE)
        os.close(slave)
        out = b""
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:
                break
            if not data:
                break
            out += data
        assert p.wait(20) == 0, p.stderr.read()
        os.close(master)
        last = out.decode().split("\x1b[H")[-1]
        assert "committed 50 MiB" in last and "actual 680 MiB" in last, last
        assert "     680 |" in last, last                 # the axis
        assert any(0x2800 < ord(c) < 0x2900 for c in last), last
        plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", last)
        assert len(plain.splitlines()) == 10, plain


def refusals():
    with tempfile.TemporaryDirectory() as d:
        p = watch(f"{d}/none")
        assert p.returncode == 1 and p.stderr.startswith("balloon-watch: ") and \
            p.stderr.count("\n") == 1, p.stderr
        assert watch(f"{d}/none", "--balloon", "much").returncode == 2
        assert watch(f"{d}/none", "--interval", "0").returncode == 2


def emulator():
    """The real commands: before a guest reports, what it has is known already."""
    with tempfile.TemporaryDirectory() as d:
        q = subprocess.Popen(
            [QEMU, "-display", "none", "-accel", "qtest", "-m", "64M", "-nodefaults",
             "-cpu", "qemu64,hv-vpindex,hv-synic,hv-time", "-device", "vmbus-bridge",
             "-device", "hv-balloon,status-report=on", "-chardev",
             f"socket,id=q,path={d}/qmp,server=on,wait=off", "-mon", "chardev=q,mode=control"])
        try:
            while not os.path.exists(f"{d}/qmp"):
                assert q.poll() is None
            p = watch(f"unix:{d}/qmp", "--interval", "0.05", "--seconds", "0.2", "--csv",
                      f"{d}/out.csv", "--balloon", "48", "--html", f"{d}/out.svg")
            assert p.returncode == 0 and p.stderr == "", p.stderr
            with open(f"{d}/out.csv") as f:
                rows = list(csv.DictReader(f))
            assert len(rows) >= 2, rows
            assert all(int(r["actual"]) == 64 * MIB and r["committed"] == "" for r in rows), rows
            assert int(rows[-1]["target"]) == 48 * MIB, rows
            ET.parse(f"{d}/out.svg")
        finally:
            q.kill()
            q.wait()


if __name__ == "__main__":
    run_tests([story, terminal, refusals, emulator])
