#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hv-balloon with Debian's own drivers: the guest's view and the host's view must both move."""
import re

from guest import Machine, QmpError, kernel_args, run_tests, variants

MODULES = "guest.modules=hv_vmbus,hv_balloon"
# writes to memory that the balloon will take, so that the host really holds it
DIRTY = "mount -t tmpfs -o size=95% t /tmp; dd if=/dev/zero of=/tmp/d bs=1M count={} 2>/dev/null; rm /tmp/d"


def near(kib, expect_kib):
    """Equal but for what the kernel itself frees meanwhile (per-CPU areas, init sections)."""
    assert abs(kib - expect_kib) <= 4096, (kib, expect_kib)


def machine(flavour="cloud", smp=1, mib=2048, *args):
    return Machine("-m", f"{mib}M", "-smp", str(smp), *kernel_args(flavour), "-append",
                   "console=ttyS0 " + MODULES, "-device", "hv-balloon,id=hvb", *args)


def down_and_up(flavour, smp):
    with machine(flavour, smp) as m:
        m.boot()
        log = m.sh("dmesg")
        assert re.search(r"hv_vmbus: Vmbus version:4\.0", log), "no VMBus version line"
        assert re.search(r"Using Dynamic Memory protocol version 2\.0", log)
        m.sh(DIRTY.format(1500), timeout=240)
        total, rss = m.meminfo()["MemTotal"], m.rss_kib()
        assert m.qmp.hmp("info balloon").strip() == "balloon: actual=2048"
        m.qmp.hmp("balloon 1024")
        m.wait_actual(1024, 120)
        assert m.qmp.hmp("info balloon").strip() == "balloon: actual=1024"
        near(total - m.meminfo()["MemTotal"], 1024 * 1024)
        assert rss - m.rss_kib() >= 900 * 1024, (rss, m.rss_kib())
        m.qmp.hmp("balloon 2048")
        m.wait_actual(2048, 120)
        near(m.meminfo()["MemTotal"], total)
        assert m.bad_log_lines() == [], m.bad_log_lines()


def by_qmp_with_event():
    with machine() as m:
        m.boot()
        assert m.qmp.cmd("query-balloon") == {"actual": 2048 << 20}
        m.qmp.cmd("balloon", value=1536 << 20)
        m.wait_actual(1536)
        assert m.qmp.event("BALLOON_CHANGE")["data"]["actual"] > 0
        for bad in (0, -4096, (2048 << 20) + 4096, 1 << 60):   # too little; more than there is
            try:
                m.qmp.cmd("balloon", value=bad)
                raise AssertionError(f"balloon {bad} was accepted")
            except QmpError as e:
                assert e.cls == "GenericError", e.cls
        m.qmp.cmd("balloon", value=2048 << 20)
        m.wait_actual(2048)


def ten_rounds():
    with machine(mib=1024) as m:
        m.boot()
        m.sh(DIRTY.format(600), timeout=120)
        total, rss = m.meminfo()["MemTotal"], []
        for _ in range(10):
            m.qmp.cmd("balloon", value=640 << 20)
            m.wait_actual(640)
            rss.append(m.rss_kib())
            m.qmp.cmd("balloon", value=1024 << 20)
            m.wait_actual(1024)
        near(m.meminfo()["MemTotal"], total)
        assert max(rss[2:]) - min(rss[2:]) < 64 * 1024, rss
        m.sh(DIRTY.format(600), timeout=120)      # all of it can be used again


def reset_while_ballooned():
    with machine(mib=1024) as m:
        m.boot()
        total = m.meminfo()["MemTotal"]
        m.qmp.cmd("balloon", value=640 << 20)
        m.wait_actual(640)
        m.qmp.cmd("system_reset")
        m.boot()
        m.wait_actual(1024)
        assert abs(m.meminfo()["MemTotal"] - total) < 4096
        m.qmp.cmd("balloon", value=768 << 20)
        m.wait_actual(768)


def unbind_and_bind():
    with machine(mib=1024) as m:
        m.boot()
        total = m.meminfo()["MemTotal"]
        m.qmp.cmd("balloon", value=768 << 20)
        m.wait_actual(768)
        bus = "/sys/bus/vmbus/drivers/hv_balloon"       # the module itself has no way out
        m.sh(f"d=$(ls /sys/bus/vmbus/devices); echo $d > {bus}/unbind", timeout=60)
        m.wait_actual(1024)                             # the channel closed: nothing is ballooned
        m.sh(f"echo $d > {bus}/bind", timeout=60)
        m.qmp.cmd("balloon", value=896 << 20)
        m.wait_actual(896)
        m.qmp.cmd("balloon", value=1024 << 20)
        m.wait_actual(1024)
        assert m.bad_log_lines() == [], m.bad_log_lines()


def older_vmbus(version, text):
    with Machine("-m", "512M", *kernel_args("cloud"), "-append",
                 f"console=ttyS0 {MODULES} hv_vmbus.max_version={version}",
                 "-device", "hv-balloon") as m:
        m.boot()
        assert f"Vmbus version:{text}" in m.sh("dmesg")
        m.qmp.cmd("balloon", value=400 << 20)
        m.wait_actual(400)


def vmbus_4_0():
    older_vmbus(262144, "4.0")


def vmbus_3_0():
    older_vmbus(196608, "3.0")


def vmbus_2_4():
    older_vmbus(131076, "2.4")


if __name__ == "__main__":
    run_tests(variants(down_and_up, ["cloud", "generic"], [1, 4]) +
              [by_qmp_with_event, ten_rounds, reset_while_ballooned, unbind_and_bind,
               vmbus_4_0, vmbus_3_0, vmbus_2_4])
