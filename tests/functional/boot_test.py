#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernels boot to init, power off, reboot, and find nothing wrong with the machine."""
import hashlib

from guest import Machine, kernel_args, run_tests, variants


def machine(flavour, smp, append="", *args):
    return Machine("-m", "512M", "-smp", str(smp), *kernel_args(flavour),
                   "-append", "console=ttyS0 " + append, *args)


def boot(flavour, smp):
    with machine(flavour, smp, "guest.end=shell") as m:
        m.boot()
        assert m.sh("nproc").strip() == str(smp)
        assert m.bad_log_lines() == [], m.bad_log_lines()
        before = float(m.sh("cut -d' ' -f1 /proc/uptime"))
        m.sh("i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done")
        assert float(m.sh("cut -d' ' -f1 /proc/uptime")) > before
        # the same work twice: arithmetic, pipes and processes agree with themselves
        sums = {m.sh("seq 1 3000 | md5sum | cut -c1-32").strip() for _ in range(2)}
        assert sums == {hashlib.md5("".join(f"{i}\n" for i in range(1, 3001)).encode())
                        .hexdigest()}, sums
        m.type("poweroff -f\n")
        assert m.wait_exit() == 0


def reboot():
    with machine("cloud", 1, "guest.end=shell") as m:
        m.boot()
        m.qmp.cmd("query-status")       # events go to who is connected
        m.type("reboot -f\n")
        m.boot()
        assert m.qmp.event("RESET")["data"]["guest"]
        m.qmp.cmd("system_reset")
        m.boot()
        assert m.bad_log_lines() == []


def no_reboot():
    with machine("cloud", 1, "guest.end=reboot", "-no-reboot") as m:
        m.wait_for("GUEST-READY")
        assert m.wait_exit() == 0


def power_button():
    with machine("cloud", 2, "guest.modules=button") as m:
        m.boot()
        m.qmp.cmd("system_powerdown")
        m.qmp.event("POWERDOWN")
        # busybox has nobody who listens to the button; the kernel must have counted it
        count = m.sh("cat /sys/firmware/acpi/interrupts/ff_pwr_btn").split()[0]
        assert int(count) == 1, count


def stop_and_cont():
    with machine("cloud", 2) as m:
        m.boot()
        m.qmp.cmd("stop")
        m.qmp.event("STOP")
        assert m.qmp.cmd("query-status")["status"] == "paused"
        m.qmp.cmd("cont")
        m.qmp.event("RESUME")
        assert m.qmp.cmd("query-status")["running"]
        m.sh("true")


def panic_reboots():
    with machine("cloud", 1, "panic=1") as m:
        m.boot()
        m.type("echo c > /proc/sysrq-trigger\n")
        m.boot()


def interpreter_boots():
    """The portable back end runs the same kernel; it is slow, so only the first lines count."""
    with machine("cloud", 1, "earlyprintk=ttyS0", "-accel", "tcg,backend=interp") as m:
        m.wait_for("Linux version 6.1", 120)


if __name__ == "__main__":
    run_tests(variants(boot, ["cloud", "generic"], [1, 4]) +
              [reboot, no_reboot, power_button, stop_and_cont, panic_reboots, interpreter_boots])
