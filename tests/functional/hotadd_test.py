#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hv-balloon with memory to add: Debian's own driver grows beyond boot size and shrinks again."""
import atexit
import json
import os
import random
import re
import shutil
import tempfile
import time

from guest import KIT, Machine, QmpError, initrd_with, run_tests, static_program, variants

WHERE = tempfile.mkdtemp(prefix="qemu-test-")
atexit.register(shutil.rmtree, WHERE, ignore_errors=True)
MODULES = "guest.modules=hv_vmbus,hv_balloon"
ONLINE = "memhp_default_state=online"
RAM_BACKEND = "memory-backend-ram,id=mem1,size=2G"
initrds = {}


def initrd(flavour):
    if flavour not in initrds:
        program = static_program(WHERE, "memory-pattern.c", "-O2")
        initrds[flavour] = initrd_with(WHERE, flavour, {"memory-pattern": program})
    return initrds[flavour]


def machine(*args, flavour="cloud", smp=1, append=ONLINE, props="", backend=RAM_BACKEND):
    return Machine("-m", "1G,maxmem=4G", "-smp", str(smp), "-kernel", f"{KIT}/vmlinuz-{flavour}",
                   "-initrd", initrd(flavour), "-append", f"console=ttyS0 {MODULES} {append}",
                   "-object", backend, "-device", "hv-balloon,id=hvb,memdev=mem1" + props, *args)


def balloon(m, mib, timeout=180):
    m.qmp.hmp(f"balloon {mib}")
    m.wait_actual(mib, timeout)


def pattern(m, mib):
    """Writes and checks @mib MiB in the guest; returns how many of them were above 4 GiB."""
    out = m.sh(f"/tests/memory-pattern {mib}", timeout=240)
    got = re.search(r"pattern: (\d+) MiB, (\d+) words wrong, (\d+) MiB above", out)
    assert got and int(got[1]) == mib and int(got[2]) == 0, out
    return int(got[3])


def near(kib, expect_mib):
    assert abs(kib - expect_mib * 1024) <= 4096, (kib, expect_mib)


def grow_and_shrink(flavour, smp):
    with machine(flavour=flavour, smp=smp) as m:
        m.boot()
        boot = m.meminfo()["MemTotal"]
        assert m.qmp.cmd("query-memory-size-summary") == {"base-memory": 1 << 30,
                                                          "plugged-memory": 0}
        balloon(m, 2560)
        near(m.meminfo()["MemTotal"] - boot, 1536)
        assert m.qmp.cmd("query-memory-size-summary")["plugged-memory"] == 1536 << 20
        assert m.qmp.event("MEMORY_DEVICE_SIZE_CHANGE")["data"] == {
            "id": "hvb", "size": 1536 << 20, "qom-path": "/machine/peripheral/hvb"}
        above = pattern(m, 2200)
        assert above > 1400, above
        full = m.rss_kib()
        assert full > 2200 * 1024, full
        balloon(m, 512)
        near(m.meminfo()["MemTotal"] - boot, -512)
        assert full - m.rss_kib() > 1800 * 1024, (full, m.rss_kib())
        pattern(m, 200)
        balloon(m, 3072)                          # all there is, the returned first
        near(m.meminfo()["MemTotal"] - boot, 2048)
        assert pattern(m, 2700) > 1900
        assert m.bad_log_lines() == [], m.bad_log_lines()


def twenty_targets():
    """To the page, in any order, with memory in use checked in between."""
    rng = random.Random(20)
    with machine(smp=2) as m:
        m.boot()
        boot = m.meminfo()["MemTotal"]
        for i in range(20):
            pages = rng.randrange(600 * 256, 3072 * 256)
            m.qmp.cmd("balloon", value=pages << 12)
            m.wait_actual(pages / 256, 180)
            # what the kernel frees of its own makes a few pages of difference
            near(m.meminfo()["MemTotal"] - boot, pages / 256 - 1024)
            if i % 5 == 0:
                pattern(m, pages // 256 - 350)
        assert m.bad_log_lines() == [], m.bad_log_lines()


def reboot_to_boot_size():
    with machine() as m:
        m.boot()
        boot = m.meminfo()["MemTotal"]
        balloon(m, 2048)
        pattern(m, 1500)
        used = m.rss_kib()
        m.type("reboot -f\n")
        m.boot()
        m.wait_actual(1024)
        near(m.meminfo()["MemTotal"] - boot, 0)
        # its memory is the host's: what is left is boot RAM, touched as before
        assert m.rss_kib() < min(1200 * 1024, used - 500 * 1024), (used, m.rss_kib())
        assert "plugged memory: 0" in m.qmp.hmp("info memory_size_summary")
        balloon(m, 2048)                          # and once more, the same addresses
        pattern(m, 1500)
        m.qmp.cmd("system_reset")
        m.boot()
        m.wait_actual(1024)
        assert m.bad_log_lines() == [], m.bad_log_lines()


def keep_size():
    with machine(props=",keep-size=on") as m:
        m.boot()
        for mib in (1800, 700):
            balloon(m, mib)
            total = m.meminfo()["MemTotal"]
            m.qmp.cmd("system_reset")
            m.boot()
            m.wait_actual(mib, 60)                # nobody asked again
            near(m.meminfo()["MemTotal"], total / 1024)


def status_events():
    with machine(props=",status-report=on", append=ONLINE + " hv_balloon.pressure_report_delay=1") as m:
        try:
            m.qmp.cmd("query-hv-balloon-status-report")
            raise AssertionError("a status before the guest has booted")
        except QmpError as e:
            assert (e.cls, e.desc) == ("GenericError",
                                       "no guest memory status report received yet"), e
        m.boot()
        first = [m.qmp.event("HV_BALLOON_STATUS_REPORT", 60) for _ in range(4)]
        stamps = [e["timestamp"]["seconds"] * 1000000 + e["timestamp"]["microseconds"] for e in first]
        gaps = [(b - a) / 1e6 for a, b in zip(stamps, stamps[1:])]
        assert min(gaps) > 0.5, gaps              # the guest may be late, never early
        m.sh("mkfifo /run/f; /tests/memory-pattern 400 hold < /run/f & exec 9> /run/f", timeout=60)
        m.wait_for(r"pattern: 400 MiB")
        before = first[-1]["data"]
        end = time.monotonic() + 30
        while True:
            now = m.qmp.event("HV_BALLOON_STATUS_REPORT", 30)["data"]
            if before["available"] - now["available"] > 350 << 20:
                break
            assert time.monotonic() < end, (before, now)
        assert now["committed"] - before["committed"] > 350 << 20, (before, now)
        told = m.qmp.cmd("query-hv-balloon-status-report")
        assert abs(told["available"] - now["available"]) < 100 << 20, (told, now)
        assert re.search(r"status, \d+\.\d s ago: committed \d+ MiB", m.qmp.hmp("info hv-balloon"))
        print("# seconds between reports:", " ".join(f"{g:.2f}" for g in gaps), flush=True)


def status_off():
    with machine() as m:
        m.boot()
        try:
            m.qmp.cmd("query-hv-balloon-status-report")
            raise AssertionError("a status that nobody asked for")
        except QmpError as e:
            assert e.desc == "guest memory status reporting not enabled", e


def unbind_and_bind():
    with machine() as m:
        m.boot()
        boot = m.meminfo()["MemTotal"]
        balloon(m, 2048)
        balloon(m, 1500)
        bus = "/sys/bus/vmbus/drivers/hv_balloon"
        m.sh(f"d=$(ls /sys/bus/vmbus/devices); echo $d > {bus}/unbind", timeout=60)
        m.wait_actual(2048)                       # added memory stays, nothing is ballooned
        pattern(m, 900)
        m.sh(f"echo $d > {bus}/bind", timeout=60)
        balloon(m, 2560)                          # goes on behind what was added
        near(m.meminfo()["MemTotal"] - boot, 1536 - 548)       # Linux forgets what it gave
        balloon(m, 1024)
        assert m.bad_log_lines() == [], m.bad_log_lines()


def unbind_while_adding():
    """The driver leaves in the middle of an offer: what it took stays with the guest."""
    with machine(append="") as m:                 # memory that nobody puts online: 5 s a block
        m.boot()
        m.qmp.hmp("balloon 1408")
        bus = "/sys/bus/vmbus/drivers/hv_balloon"
        m.sh(f"d=$(ls /sys/bus/vmbus/devices); echo $d > {bus}/unbind", timeout=120)
        m.wait_actual(1408)
        m.sh(f"echo $d > {bus}/bind", timeout=60)
        assert "hot-added: 384.0 of 2048.0 MiB" in m.qmp.hmp("info hv-balloon")
        m.qmp.cmd("system_reset")
        m.boot()
        m.wait_actual(1024)


def no_hot_add():
    """A guest that says it can, and then does not."""
    with machine(append=ONLINE + " hv_balloon.hot_add=0") as m:
        m.boot()
        m.qmp.hmp("balloon 2048")
        m.sh("sleep 1")
        assert "no more until reset" in m.qmp.hmp("info hv-balloon"), m.qmp.hmp("info hv-balloon")
        m.wait_actual(1024)
        balloon(m, 800)
        balloon(m, 1024)
        assert "plugged memory: 0" in m.qmp.hmp("info memory_size_summary")


def stopped():
    """Commands while the guest cannot answer: the last one counts once it can."""
    with machine(smp=2) as m:
        m.boot()
        m.qmp.cmd("stop")
        for mib in (2560, 600, 3072, 1200, 1700):
            m.qmp.hmp(f"balloon {mib}")
            assert m.qmp.cmd("query-balloon")["actual"] == 1024 << 20
        assert "target: 1700.0 MiB, not acted on yet" in m.qmp.hmp("info hv-balloon")
        m.qmp.cmd("cont")
        m.wait_actual(1700, 180)
        m.qmp.cmd("stop")
        m.qmp.hmp("balloon 900")
        m.qmp.cmd("system_reset")                 # with the request unanswered
        m.qmp.cmd("cont")
        m.boot()
        m.wait_actual(1024)
        balloon(m, 1700)


def many_commands():
    with machine(smp=2) as m:
        m.boot()
        rng = random.Random(7)
        for _ in range(60):
            m.qmp.hmp(f"balloon {rng.randrange(500, 3072)}")
        balloon(m, 1100)
        pattern(m, 700)
        assert m.bad_log_lines() == [], m.bad_log_lines()


def backend_is(kind):
    path = os.path.join(WHERE, "backing")
    backend = {"memfd": "memory-backend-memfd,id=mem1,size=1G,share=on",
               "file": f"memory-backend-file,id=mem1,size=1G,share=on,mem-path={path}",
               "private": f"memory-backend-file,id=mem1,size=1G,mem-path={path}",
               "json": json.dumps({"qom-type": "memory-backend-ram", "id": "mem1", "size": 1 << 30,
                                   "reserve": False, "merge": False, "dump": False})}[kind]
    with machine(backend=backend) as m:
        m.boot()
        balloon(m, 1800)
        assert pattern(m, 1400) > 500
        if kind == "file":
            assert os.stat(path).st_blocks * 512 > 500 << 20
        balloon(m, 800)
        pattern(m, 400)
        if kind == "file":                        # a hole where the guest gave memory
            assert os.stat(path).st_blocks * 512 < 300 << 20, os.stat(path).st_blocks
        balloon(m, 2048)
        pattern(m, 1600)
    if os.path.exists(path):
        os.unlink(path)


def kexec():
    """Another kernel without a reset: the balloon is gone, added memory is offered to it again."""
    files = {"guest-kexec": static_program(WHERE, "guest-kexec.c", "-O1")}
    for name in ("vmlinuz-cloud", "initrd-cloud.gz"):
        with open(f"{KIT}/{name}", "rb") as f:
            files[name] = f.read()
    append = f"console=ttyS0 {MODULES} {ONLINE}"
    with Machine("-m", "1G,maxmem=4G", "-smp", "2", "-kernel", f"{KIT}/vmlinuz-cloud", "-initrd",
                 initrd_with(WHERE, "kexec", files, "cloud"), "-append", append, "-object",
                 RAM_BACKEND, "-device", "hv-balloon,memdev=mem1") as m:
        m.boot()
        boot = m.meminfo()["MemTotal"]
        balloon(m, 2048)
        balloon(m, 1500)
        m.type(f"/tests/guest-kexec /tests/vmlinuz-cloud /tests/initrd-cloud.gz '{append}'\n")
        m.boot()
        m.wait_actual(1024)
        near(m.meminfo()["MemTotal"] - boot, 0)
        for mib in (900, 2560, 1100):
            balloon(m, mib)
            near(m.meminfo()["MemTotal"] - boot, mib - 1024)
        assert m.bad_log_lines() == [], m.bad_log_lines()


def refusals():
    with machine("-object", "memory-backend-ram,id=mem2,size=64M") as m:
        m.boot()
        for cmd, args, word in (
                ("device_add", {"driver": "hv-balloon", "id": "x"}, "hotplug"),
                ("device_add", {"driver": "hv-balloon", "id": "x", "memdev": "mem2"}, "hotplug"),
                ("device_del", {"id": "hvb"}, "hotplug"),
                ("object-del", {"id": "mem1"}, "in use"),
                ("balloon", {"value": 0}, "expects a size")):
            try:
                m.qmp.cmd(cmd, **args)
                raise AssertionError(f"{cmd} {args} was accepted")
            except QmpError as e:
                assert word in e.desc and e.cls == "GenericError", (e.cls, e.desc)
        m.qmp.cmd("object-del", id="mem2")
        m.qmp.cmd("balloon", value=1 << 60)       # as far as it goes
        m.wait_actual(3072, 180)
        assert m.qmp.cmd("query-memory-devices") == [{"type": "hv-balloon", "data": {
            "id": "hvb", "memaddr": 4 << 30, "max-size": 2 << 30, "memdev": "/objects/mem1"}}]
        assert 'Memory device [hv-balloon]: "hvb"' in m.qmp.hmp("info memory-devices")


if __name__ == "__main__":
    run_tests(variants(grow_and_shrink, ["cloud", "generic"], [1, 4]) +
              [twenty_targets, reboot_to_boot_size, keep_size, status_events, status_off,
               unbind_and_bind, unbind_while_adding, no_hot_add, stopped, many_commands] +
              variants(backend_is, ["memfd", "file", "private", "json"]) + [kexec, refusals])
