#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""virtio-balloon with Debian's own drivers: both views of the guest's memory must move."""
import re
import time

from guest import Machine, QmpError, Timeout, kernel_args, run_tests, variants

MODULES = "guest.modules=virtio_pci,virtio_balloon"
DIRTY = ("mount -t tmpfs -o size=95% t /tmp; dd if=/dev/zero of=/tmp/d bs=1M count={} 2>/dev/null; "
         "rm /tmp/d; umount /tmp")
PATH = "/machine/peripheral/b"


def machine(*props, flavour="cloud", smp=1, mib=1024):
    return Machine("-m", f"{mib}M", "-smp", str(smp), *kernel_args(flavour), "-append",
                   "console=ttyS0 " + MODULES, "-device",
                   ",".join(["virtio-balloon-pci,id=b", *props]))


def poll(what, ok, timeout=60):
    """Reads a value until it is as wanted."""
    end = time.monotonic() + timeout
    while not ok(value := what()):
        if time.monotonic() > end:
            raise Timeout(f"value stays {value}")
    return value


def down_and_up(flavour, smp):
    with machine(flavour=flavour, smp=smp, mib=2048) as m:
        m.boot()
        assert "0x1045" in m.sh("cat /sys/bus/pci/devices/*/device")
        m.sh(DIRTY.format(1500), timeout=240)
        free, rss = m.meminfo()["MemFree"], m.rss_kib()
        m.qmp.hmp("balloon 1024")
        m.wait_actual(1024, 120)
        assert m.qmp.hmp("info balloon").strip() == "balloon: actual=1024"
        assert abs(free - m.meminfo()["MemFree"] - 1024 * 1024) < 64 * 1024
        assert rss - m.rss_kib() >= 900 * 1024, (rss, m.rss_kib())
        assert m.qmp.event("BALLOON_CHANGE")["data"]["actual"] > 0
        m.qmp.cmd("balloon", value=2048 << 20)
        m.wait_actual(2048, 120)
        assert abs(free - m.meminfo()["MemFree"]) < 64 * 1024
        m.sh(DIRTY.format(1500), timeout=240)
        assert m.bad_log_lines() == [], m.bad_log_lines()


def interrupts_are_msix():
    with machine() as m:
        m.boot()
        m.qmp.cmd("balloon", value=768 << 20)
        m.wait_actual(768)
        irqs = m.sh("grep virtio /proc/interrupts")
        assert "PCI-MSI" in irqs, irqs
        assert sum(int(n) for n in re.findall(r"^ *\d+: +(\d+)", irqs, re.MULTILINE)) > 0, irqs


def pin_interrupts():
    with machine("vectors=0", "event_idx=off", "indirect_desc=off") as m:
        m.boot()
        m.qmp.cmd("balloon", value=768 << 20)
        m.wait_actual(768)
        irqs = m.sh("grep virtio /proc/interrupts")
        assert "PCI-MSI" not in irqs, irqs
        m.qmp.cmd("balloon", value=1024 << 20)
        m.wait_actual(1024)


def statistics():
    with machine() as m:
        m.boot()
        m.qmp.cmd("qom-set", path=PATH, property="guest-stats-polling-interval", value=1)

        def stats():
            return m.qmp.cmd("qom-get", path=PATH, property="guest-stats")
        total = m.meminfo()["MemTotal"] * 1024
        s = poll(stats, lambda s: s["stats"]["stat-total-memory"] == total)
        assert 0 < s["stats"]["stat-free-memory"] < total
        assert abs(s["last-update"] - time.time()) < 60
        m.sh("mount -t tmpfs -o size=95% t /tmp; dd if=/dev/zero of=/tmp/d bs=1M count=400 "
             "2>/dev/null", timeout=120)
        first = s["stats"]["stat-free-memory"]
        poll(stats, lambda s: first - s["stats"]["stat-free-memory"] > 300 << 20)
        for bad in (-1, 1 << 40):
            try:
                m.qmp.cmd("qom-set", path=PATH, property="guest-stats-polling-interval", value=bad)
                raise AssertionError(f"{bad} was accepted")
            except QmpError as e:
                assert "timer value" in e.desc, e.desc


def free_page_reporting():
    with machine("free-page-reporting=on") as m:
        m.boot()
        m.sh("mount -t tmpfs -o size=95% t /tmp; dd if=/dev/zero of=/tmp/d bs=1M count=600 "
             "2>/dev/null", timeout=120)
        rss = m.rss_kib()
        m.sh("rm /tmp/d")
        poll(m.rss_kib, lambda now: rss - now > 450 * 1024)
        m.sh("dd if=/dev/zero of=/tmp/d bs=1M count=600 2>/dev/null", timeout=120)
        assert m.bad_log_lines() == [], m.bad_log_lines()


def reset_while_ballooned():
    with machine() as m:
        m.boot()
        m.qmp.cmd("balloon", value=640 << 20)
        m.wait_actual(640)
        m.qmp.cmd("system_reset")
        m.wait_for("Linux version", 60)
        m.boot()
        m.wait_actual(640)                      # the target is kept, as this device does
        m.qmp.cmd("balloon", value=1024 << 20)
        m.wait_actual(1024)


def unbind_and_bind():
    with machine() as m:
        m.boot()
        m.qmp.cmd("balloon", value=768 << 20)
        m.wait_actual(768)
        bus = "/sys/bus/virtio/drivers/virtio_balloon"
        m.sh(f"d=$(basename $(ls -d /sys/bus/virtio/devices/*)); echo $d > {bus}/unbind")
        m.wait_actual(1024)
        m.sh(f"echo $d > {bus}/bind")
        m.wait_actual(768)
        assert m.bad_log_lines() == [], m.bad_log_lines()


if __name__ == "__main__":
    run_tests(variants(down_and_up, ["cloud", "generic"], [1, 4]) +
              [interrupts_are_msix, pin_interrupts, statistics, free_page_reporting,
               reset_while_ballooned, unbind_and_bind])
