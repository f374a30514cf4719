#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Monitors of a whole program: sessions that break off, garbage, events, HMP, the terminal."""
import json
import os
import pty
import random
import select
import signal
import socket
import subprocess
import tempfile
import time

from qtest import BUILD, QTest, Qmp, run_tests

QEMU = os.path.join(BUILD, "qemu-system-x86_64")


class Program:
    """An emulator with a QMP socket (qmp) and an HMP socket (hmp) and whatever else is asked."""

    def __init__(self, *args, **kw):
        self.dir = tempfile.TemporaryDirectory(prefix="mon-")
        self.path = lambda name: os.path.join(self.dir.name, name)
        self.proc = subprocess.Popen(
            [QEMU, "-display", "none", "-accel", "qtest", "-m", "64M",
             "-qmp", f"unix:{self.path('qmp')},server=on,wait=off",
             "-monitor", f"unix:{self.path('hmp')},server,nowait", *args],
            stdin=subprocess.DEVNULL, **kw)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.proc.poll() is None:
            self.proc.kill()
        self.proc.wait()
        self.dir.cleanup()

    def qmp(self):
        return Qmp(self.path("qmp"))

    def raw(self, name):
        end = time.monotonic() + 20
        while True:
            s = socket.socket(socket.AF_UNIX)
            try:
                s.connect(self.path(name))
                s.settimeout(20)
                return s
            except OSError:
                s.close()
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)


def until(sock, text):
    got = b""
    while text not in got:
        data = sock.recv(65536)
        assert data, (got, text)
        got += data
    return got


def peers_come_and_go():
    with Program() as p:
        for part in (b"", b"{", b'{"execute": "qmp_cap', b"garbage\n", b"\xff\xff", b"[" * 5000,
                     b'{"execute": "qmp_capabilities"}{"execute": "query-qmp-schema"}' * 50):
            s = p.raw("qmp")
            s.sendall(part)
            s.close()
        assert p.qmp().cmd("query-status")["running"]
        assert p.proc.poll() is None


def send_and_drain(sock, data):
    """Sends all of data; answers are read and dropped meanwhile, or the monitor would wait for us."""
    sock.setblocking(False)
    while data:
        readable, writable, _ = select.select([sock], [sock], [], 20)
        assert readable or writable, "the monitor neither reads nor writes"
        if readable:
            assert sock.recv(1 << 20)
        if writable:
            data = data[sock.send(data):]
    sock.settimeout(20)


def garbage_then_sense():
    rng = random.Random(1)
    with Program() as p:
        s = p.raw("qmp")
        until(s, b"QMP")
        s.sendall(b'{"execute": "qmp_capabilities"}')
        until(s, b"return")
        for _ in range(200):
            send_and_drain(s, bytes(rng.randrange(256) for _ in range(300)))
        send_and_drain(s, b'\n\xff\n{"execute": "query-name", "id": "sense"}')
        assert b'"return"' in until(s, b'"id": "sense"}\r\n').splitlines()[-1]


def half_an_object_waits():
    with Program() as p:
        q = p.qmp()
        whole = b'{"execute": "query-kvm", "id": 5}'
        for i in range(len(whole)):
            q.sock.sendall(whole[i:i + 1])
        answer = q.receive(20)
        assert answer == {"return": {"enabled": False, "present": False}, "id": 5}, answer


def stop_cont_reset():
    with Program("-S") as p:
        q = p.qmp()
        assert q.cmd("query-status") == {"running": False, "singlestep": False,
                                         "status": "prelaunch"}
        q.cmd("cont")
        q.event("RESUME")
        q.cmd("stop")
        q.event("STOP")
        assert q.cmd("query-status")["status"] == "paused"
        q.cmd("system_reset")
        assert q.event("RESET")["data"] == {"guest": False, "reason": "host-qmp-system-reset"}
        assert q.hmp("info status").strip() == "VM status: paused"
        q.cmd("cont")
        q.cmd("system_powerdown")
        q.event("POWERDOWN")
        q.cmd("quit")
        assert q.event("SHUTDOWN")["data"] == {"guest": False, "reason": "host-qmp-quit"}
        assert p.proc.wait(20) == 0


def signals_end_it(signo):
    with Program() as p:
        q = p.qmp()
        p.proc.send_signal(signo)
        assert q.event("SHUTDOWN")["data"] == {"guest": False, "reason": "host-signal"}
        assert p.proc.wait(20) == 0
        assert not os.path.exists(p.path("qmp"))


def sigterm():
    signals_end_it(signal.SIGTERM)


def sigint():
    signals_end_it(signal.SIGINT)


def no_reboot_and_no_shutdown():
    with Program("-no-reboot") as p:
        q = p.qmp()
        q.cmd("system_reset")
        assert q.event("SHUTDOWN")["data"]["reason"] == "host-qmp-system-reset"
        assert p.proc.wait(20) == 0
    with Program("-action", "reboot=shutdown") as p:
        p.qmp().cmd("system_reset")
        assert p.proc.wait(20) == 0


def debug_exit_status():
    with QTest("-device", "isa-debug-exit,iobase=0xf4") as q:
        q.sock.sendall(b"outb 0xf4 0x10\n")
        assert q.proc.wait(20) == 0x21


def memory_commands():
    with QTest() as q:
        q.writel(0x100000, 0x12345678)
        q.writel(0x100004, 0xcafebabe)
        out = q.qmp.hmp("xp/2xw 0x100000")
        assert out == "0000000000100000: 0x12345678 0xcafebabe\r\n", out
        assert q.qmp.hmp("xp/4db 0x100004").split(": ")[1].strip() == "-66 -70 -2 -54"
        q.outb(0x80, 0x5a)
        assert q.qmp.hmp("i /xb 0x61").startswith("portb[0x0061] = 0x")
        with tempfile.NamedTemporaryFile() as t:
            q.qmp.cmd("pmemsave", val=0x100000, size=8, filename=t.name)
            assert open(t.name, "rb").read() == bytes.fromhex("78563412bebafeca")
        assert "pc.ram" in q.qmp.hmp("info mtree")
        assert "FlatView" in q.qmp.hmp("info mtree -f")
        assert "EIP=0000fff0" in q.qmp.hmp("info registers -a")


def large_answer():
    with QTest() as q:
        out = q.qmp.hmp("xp/65536xg 0x100000")
        assert len(out) > 1 << 20 and out.endswith(" 0x0000000000000000\r\n")


def objects():
    with Program("-object", "memory-backend-ram,id=m0,size=1M") as p:
        q = p.qmp()
        q.cmd("object-add", **{"qom_type": "memory-backend-ram", "id": "m1", "size": 4096})
        assert q.cmd("qom-get", path="/objects/m1", property="size") == 4096
        assert q.cmd("qom-get", path="m0", property="size") == 1 << 20
        q.cmd("object-del", id="m1")
        for name, args, cls in (
                ("object-del", {"id": "m1"}, "GenericError"),
                ("object-add", {"qom-type": "frob", "id": "x"}, "GenericError"),
                ("object-add", {"qom-type": "memory-backend-ram", "id": "x"}, "GenericError"),
                ("qom-get", {"path": "/objects/m1", "property": "size"}, "DeviceNotFound"),
                ("qom-get", {"path": "/objects/m0", "property": "frob"}, "GenericError"),
                ("device_add", {"driver": "isa-debug-exit"}, "GenericError"),
                ("device_del", {"id": "frob"}, "DeviceNotFound")):
            try:
                q.cmd(name, **args)
                raise AssertionError(f"{name} {args} was accepted")
            except Exception as e:
                assert getattr(e, "cls", None) == cls, (name, args, e)
        assert any(t["name"] == "tcg-accel" for t in q.cmd("qom-list-types"))
        assert any(t["name"] == "m0" for t in q.cmd("qom-list", path="/objects"))


def hmp_socket():
    with Program() as p:
        for _ in range(2):
            s = p.raw("hmp")
            until(s, b"(qemu) ")
            s.sendall(b"info version\n")
            assert b"8.2.0\r\n" in until(s, b"8.2.0\r\n(qemu) ")
            s.sendall(b"frob\r")
            until(s, b"unknown command: 'frob'\r\n(qemu) ")
            s.sendall(b"balloon 1024\r")
            until(s, b"Error: No balloon device has been activated\r\n(qemu) ")
            s.sendall(b"info st\t\r")
            until(s, b"VM status: running\r\n(qemu) ")
            s.close()
        s = p.raw("hmp")
        s.sendall(b"q\r")
        assert p.proc.wait(20) == 0


def terminal():
    """-nographic on a terminal: Ctrl-A c, h and x; the settings are restored."""
    import termios
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    p = subprocess.Popen([QEMU, "-nographic", "-accel", "qtest", "-m", "64M"], stdin=slave,
                         stdout=slave, stderr=subprocess.DEVNULL, start_new_session=True)
    got = b""

    def wait(text):
        nonlocal got
        end = time.monotonic() + 20
        while text not in got and time.monotonic() < end:
            got += os.read(master, 4096)
        assert text in got, (text, got)
        got = b""
    end = time.monotonic() + 20
    while termios.tcgetattr(slave) == before and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(0.3)
    os.write(master, b"\x01c")
    wait(b"(qemu) ")
    os.write(master, b"info name\rinfo uuid\r")
    wait(b"00000000-0000-0000-0000-000000000000")
    os.write(master, b"\x01h")
    wait(b"print this help")
    os.write(master, b"\x01x")
    wait(b"QEMU: Terminated")
    assert p.wait(20) == 0
    assert termios.tcgetattr(slave) == before
    os.close(master)
    os.close(slave)


def daemonize():
    with tempfile.TemporaryDirectory() as d:
        sock, pid = os.path.join(d, "qmp"), os.path.join(d, "pid")
        args = [QEMU, "-S", "-no-user-config", "-nodefaults", "-nographic", "-machine",
                "none,accel=kvm:tcg", "-qmp", f"unix:{sock},server=on,wait=off", "-pidfile", pid]
        assert subprocess.run(args + ["-daemonize"], timeout=30).returncode == 0
        q = Qmp(sock)                           # it listens by now
        n = int(open(pid).read())
        assert q.cmd("query-target") == {"arch": "x86_64"}
        q.cmd("quit")
        end = time.monotonic() + 20
        while os.path.exists(pid) and time.monotonic() < end:
            time.sleep(0.02)
        assert not os.path.exists(pid) and n > 1
        bad = subprocess.run(args + ["-daemonize", "-device", "frob"], timeout=30,
                             stderr=subprocess.PIPE, text=True)
        assert bad.returncode == 1 and "frob" in bad.stderr and not os.path.exists(pid), bad


def trace_events():
    with tempfile.TemporaryDirectory() as d:
        log, names = os.path.join(d, "log"), os.path.join(d, "names")
        with open(names, "w") as f:
            f.write("# some\nmonitor_*\n-monitor_qmp_answer\n")
        with Program("-trace", "enable=runstate_set", "-trace", f"events={names},file={log}") as p:
            q = Qmp(p.path("qmp"))
            state = lambda n: {e["name"]: e["state"]
                               for e in q.cmd("trace-event-get-state", name=n)}
            assert state("runstate_set") == {"runstate_set": "enabled"}
            mine = state("monitor_qmp_*")
            assert mine["monitor_qmp_cmd"] == "enabled" and \
                mine["monitor_qmp_answer"] == "disabled", mine
            assert len(state("*")) > 20
            q.cmd("trace-event-set-state", name="monitor_qmp_answer", enable=True)
            for name in "no_such", "vmbus_none":
                try:
                    q.cmd("trace-event-get-state", name=name)
                except Exception as e:
                    assert f'unknown event "{name}"' in str(e), e
                else:
                    raise AssertionError("an unknown event has a state")
            q.cmd("stop")
            q.cmd("trace-event-set-state", name="*", enable=False)
            q.cmd("cont")
            q.cmd("quit")
            assert p.proc.wait(20) == 0
        with open(log) as f:
            lines = f.read().splitlines()
        assert "runstate_set prelaunch -> running" in lines, lines
        assert "runstate_set running -> paused" in lines, lines
        assert "runstate_set paused -> running" not in lines, lines
        assert "monitor_qmp_answer stop good 1" in lines, lines
        assert lines.count("monitor_qmp_cmd trace-event-set-state") == 2, lines
    for args, text in [(["-trace", "nonsense"], "trace event 'nonsense' does not exist"),
                       (["-trace", "runstate_set,what=1"], "Invalid parameter 'what'"),
                       (["-trace", "events=/nonexistent"], "cannot read trace events")]:
        p = subprocess.run([QEMU, *args], stderr=subprocess.PIPE, text=True)
        assert p.returncode == 1 and text in p.stderr and p.stderr.count("\n") == 1, p.stderr


def socket_by_descriptor():
    with tempfile.TemporaryDirectory() as d:
        server = socket.socket(socket.AF_UNIX)
        server.bind(os.path.join(d, "mon"))
        server.listen(1)
        out = os.open(os.path.join(d, "serial"), os.O_RDWR | os.O_CREAT)
        p = subprocess.Popen(
            [QEMU, "-accel", "qtest", "-display", "none", "-nodefaults", "-m", "64M",
             "-chardev", f"socket,id=charmonitor,fd={server.fileno()},server=on,wait=off",
             "-mon", "chardev=charmonitor,id=monitor,mode=control",
             "-add-fd", f"set=0,fd={out},opaque=serial0-source",
             "-chardev", "file,id=charserial0,path=/dev/fdset/0,append=on",
             "-device", json.dumps({"driver": "isa-serial", "chardev": "charserial0",
                                    "id": "serial0", "index": 0}),
             "-object", json.dumps({"qom-type": "secret", "id": "masterKey0", "format": "base64",
                                    "data": "AAEC/w=="}),
             "-audiodev", json.dumps({"id": "audio1", "driver": "none"}),
             "-sandbox", "on,obsolete=deny", "-msg", "timestamp=on", "-boot", "strict=on",
             "-overcommit", "mem-lock=off", "-rtc", "base=utc", "-no-shutdown",
             "-name", "guest=tiny,debug-threads=on"], pass_fds=[server.fileno(), out])
        q = Qmp(os.path.join(d, "mon"))
        assert q.cmd("query-name") == {"name": "tiny"}
        labels = {c["label"] for c in q.cmd("query-chardev")}
        assert {"charmonitor", "charserial0"} <= labels, labels
        assert q.cmd("query-blockstats") == []
        assert q.cmd("qom-get", path="/objects/masterKey0", property="format") == "base64"
        q.cmd("object-del", id="masterKey0")
        q.cmd("quit")
        assert p.wait(20) == 0


if __name__ == "__main__":
    run_tests([peers_come_and_go, garbage_then_sense, half_an_object_waits, stop_cont_reset,
               sigterm, sigint, no_reboot_and_no_shutdown, debug_exit_status, memory_commands,
               large_answer, objects, hmp_socket, terminal, daemonize, socket_by_descriptor,
               trace_events])
