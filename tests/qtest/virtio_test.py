#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""virtio-balloon-pci as a driver finds it: PCI, BARs, MSI-X, features, queues."""
import os
import subprocess

from qtest import BUILD, QTest, run_tests
from guest import QmpError

BAR, MSIX_BAR = 0xe0000000, 0xe0100000
RING, DATA, PAGE = 0x200000, 0x100000, 4096
VERSION_1 = 1 << 32


class Driver(QTest):
    def __init__(self, *props):
        super().__init__("-device", ",".join(["virtio-balloon-pci,id=b,addr=5.0", *props]))
        self.avail = {}

    def conf(self, reg, value=None, width="l"):
        self.outl(0xcf8, 0x80000000 | 5 << 11 | reg & ~3)
        port = 0xcfc + (reg & 3)
        if value is None:
            return getattr(self, "in" + width)(port)
        return getattr(self, "out" + width)(port, value)

    def caps(self):
        out, at = [], self.conf(0x34, width="b")
        while at:
            out.append((self.conf(at, width="b"), at))
            at = self.conf(at + 1, width="b")
        return out

    def map(self):
        self.conf(0x14, MSIX_BAR)
        self.conf(0x20, BAR)
        self.conf(0x24, 0)
        self.conf(4, 6, "w")

    def start(self, features=VERSION_1):
        self.map()
        self.writeb(BAR + 0x14, 0)
        self.writeb(BAR + 0x14, 3)
        for half in range(2):
            self.writel(BAR + 0x08, half)
            self.writel(BAR + 0x0c, features >> 32 * half & 0xffffffff)
        self.writeb(BAR + 0x14, 0xb)
        assert self.readb(BAR + 0x14) == 0xb
        for q in range(3):
            base = RING + q * 0x4000
            self.writel(base + 0x1000, 0)
            self.writel(base + 0x2000, 0)
            self.writew(BAR + 0x16, q)
            self.writew(BAR + 0x1a, q)
            for reg, ofs in ((0x20, 0), (0x28, 0x1000), (0x30, 0x2000)):
                self.writel(BAR + reg, base + ofs)
            self.writew(BAR + 0x1c, 1)
            assert self.readw(BAR + 0x1c) == 1
            self.avail[q] = 0
        self.writeb(BAR + 0x14, 0xf)

    def give(self, q, pfns):
        for i, pfn in enumerate(pfns):
            self.writel(DATA + 4 * i, pfn)
        base = RING + q * 0x4000
        self.writeq(base, DATA)
        self.writel(base + 8, 4 * len(pfns))
        self.writel(base + 12, 0)
        self.writew(base + 0x1004 + 2 * (self.avail[q] % 128), 0)
        self.avail[q] += 1
        self.writew(base + 0x1002, self.avail[q])
        self.writew(BAR + 0x3000 + 4 * q, q)
        return self.readw(base + 0x2002)        # used index


def discovery():
    with Driver() as q:
        assert q.conf(0) == 0x10451af4, hex(q.conf(0))
        assert q.conf(8) & 0xff >= 1            # not a transitional device
        caps = q.caps()
        assert [c for c, _ in caps].count(9) == 5 and [c for c, _ in caps].count(0x11) == 1, caps
        kinds = sorted(q.conf(at + 3, width="b") for c, at in caps if c == 9)
        assert kinds == [1, 2, 3, 4, 5], kinds


def bars_are_sized_and_mapped():
    with Driver() as q:
        for reg, low in ((0x14, 0xfffff000), (0x20, 0xffffc00c)):
            q.conf(reg, 0xffffffff)
            assert q.conf(reg) == low, hex(q.conf(reg))
        q.map()
        assert q.readw(BAR + 0x12) == 3         # queues
        q.conf(4, 0, "w")
        assert q.readw(BAR + 0x12) == 0xffff    # memory decoding is off


def window_in_configuration_space():
    with Driver() as q:
        q.map()
        cap = next(at for c, at in q.caps() if c == 9 and q.conf(at + 3, width="b") == 5)
        q.conf(cap + 4, 4, "b")
        q.conf(cap + 8, 0x12)
        q.conf(cap + 12, 2)
        assert q.conf(cap + 16) & 0xffff == 3


def features():
    with Driver("deflate-on-oom=on", "free-page-reporting=on", "event_idx=off") as q:
        q.map()
        low = q.readl(BAR + 4)
        q.writel(BAR, 1)
        assert q.readl(BAR + 4) == 1
        assert low == 1 << 28 | 1 << 1 | 1 << 2 | 1 << 5, hex(low)
        assert q.readw(BAR + 0x12) == 4


def inflate_and_deflate():
    with Driver() as q:
        q.start()
        for pfn in range(0x3000, 0x3003):
            q.writeq(pfn * PAGE, 0x1122334455667788)
        assert q.give(0, [0x3002, 0x3000, 0x7fffffff]) == 1
        assert [q.readq(p * PAGE) for p in range(0x3000, 0x3003)] == [0, 0x1122334455667788, 0]
        assert q.give(1, [0x3002]) == 1
        assert q.readb(BAR + 0x14) == 0xf


def target_and_actual():
    with Driver() as q:
        q.start()
        q.qmp.cmd("balloon", value=128 << 20)
        assert q.readl(BAR + 0x2000) == 128 << 8
        q.writel(BAR + 0x2004, 100 << 8)
        assert q.qmp.event("BALLOON_CHANGE")["data"]["actual"] == 156 << 20
        assert q.qmp.cmd("query-balloon") == {"actual": 156 << 20}
        q.qmp.cmd("system_reset")
        q.qmp.event("RESET")
        assert q.qmp.cmd("query-balloon") == {"actual": 256 << 20}


def msix_pending_until_unmasked():
    with Driver() as q:
        q.start()
        cap = next(at for c, at in q.caps() if c == 0x11)
        q.conf(cap + 2, 0x8000, "w")
        q.writel(MSIX_BAR, 0xfee00000)
        q.writel(MSIX_BAR + 8, 0x41)            # stays masked
        q.give(0, [0x3000])
        assert q.readl(MSIX_BAR + 0x800) == 1
        q.writel(MSIX_BAR + 12, 0)
        assert q.readl(MSIX_BAR + 0x800) == 0


def pin_interrupt():
    with Driver("vectors=0") as q:
        q.start()
        assert all(c != 0x11 for c, _ in q.caps())
        q.give(0, [0x3000])
        assert q.conf(6, width="w") & 8
        assert q.readb(BAR + 0x1000) == 1       # reading ends it
        assert not q.conf(6, width="w") & 8


def a_loop_breaks_the_device_only():
    with Driver() as q:
        q.start()
        q.writel(RING + 8, 4)
        q.writel(RING + 12, 1)                  # its own successor
        q.writew(RING + 0x1002, 1)
        q.writew(BAR + 0x3000, 0)
        assert q.readb(BAR + 0x14) == 0x4f
        assert q.qmp.cmd("query-status")["status"]
        q.start()
        assert q.give(0, [0x3000]) == 1 and q.readb(BAR + 0x14) == 0xf


def second_balloon_is_refused():
    p = subprocess.run([os.path.join(BUILD, "qemu-system-x86_64"), "-accel", "qtest", "-display",
                        "none", "-nodefaults", "-device", "virtio-balloon", "-device",
                        "virtio-balloon-pci"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                       text=True, timeout=60)
    assert p.returncode == 1
    assert "Only one balloon device is supported" in p.stderr, p.stderr
    assert len(p.stderr.splitlines()) == 1, p.stderr


def statistics_before_any():
    with Driver() as q:
        s = q.qmp.cmd("qom-get", path="/machine/peripheral/b", property="guest-stats")
        assert s["last-update"] == 0 and s["stats"]["stat-swap-in"] == (1 << 64) - 1
        try:
            q.qmp.cmd("qom-set", path="/machine/peripheral/b", property="guest-stats", value=1)
            raise AssertionError("guest-stats could be set")
        except QmpError as e:
            assert "read-only" in e.desc, e.desc


if __name__ == "__main__":
    run_tests([discovery, bars_are_sized_and_mapped, window_in_configuration_space, features,
               inflate_and_deflate, target_and_actual, msix_pending_until_unmasked, pin_interrupt,
               a_loop_breaks_the_device_only, second_balloon_is_refused, statistics_before_any])
