#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The PC's devices, register by register, without a guest CPU."""
import struct

from qtest import QTest, run_tests

MS = 1000000
PIT_HZ, PM_HZ = 1193182, 3579545


def pit_counts_down():
    with QTest() as q:
        q.outb(0x43, 0x34)                      # channel 0, both bytes, mode 2
        q.outb(0x40, 0x00)
        q.outb(0x40, 0x80)
        q.step(10 * MS)
        q.outb(0x43, 0x00)                      # latch
        value = q.inb(0x40) | q.inb(0x40) << 8
        expect = 0x8000 - PIT_HZ * 10 // 1000
        assert abs(value - expect) <= 2, (value, expect)
        q.outb(0x43, 0xe2)                      # read back: status of channel 0
        status = q.inb(0x40)
        assert status & 0x3f == 0x34, hex(status)


def pit_channel_2_gate():
    with QTest() as q:
        q.outb(0x61, 0x00)                      # gate closed
        q.outb(0x43, 0xb0)                      # channel 2, mode 0
        q.outb(0x42, 0xff)
        q.outb(0x42, 0x00)
        q.step(1 * MS)
        assert not q.inb(0x61) & 0x20
        q.outb(0x61, 0x01)
        q.step(1 * MS)                          # 255 ticks are 214 us
        assert q.inb(0x61) & 0x20


def pit_raises_irq0():
    with QTest() as q:
        for port, value in ((0x20, 0x11), (0x21, 0x20), (0x21, 4), (0x21, 1), (0x21, 0xff)):
            q.outb(port, value)
        q.outb(0x43, 0x34)
        q.outb(0x40, 0xe8)
        q.outb(0x40, 0x03)
        q.step(5 * MS)
        q.outb(0x20, 0x0a)                      # OCW3: read IRR
        assert q.inb(0x20) & 1


def rtc_time_and_nvram():
    with QTest("-rtc", "base=2024-02-29T12:34:56") as q:
        def cmos(i):
            q.outb(0x70, i)
            return q.inb(0x71)
        assert [cmos(i) for i in (4, 2, 0)] == [0x12, 0x34, 0x56]
        assert [cmos(i) for i in (9, 8, 7)] == [0x24, 0x02, 0x29]
        q.outb(0x70, 0x40)
        q.outb(0x71, 0x5a)
        assert cmos(0x40) == 0x5a
        assert cmos(0x0d) & 0x80                # battery is good


def rtc_periodic_flag():
    with QTest() as q:
        q.outb(0x70, 0x0a)
        q.outb(0x71, 0x26)
        q.outb(0x70, 0x0b)
        q.outb(0x71, 0x42)
        q.outb(0x70, 0x0c)
        q.inb(0x71)
        q.step(2 * MS)
        q.outb(0x70, 0x0c)
        assert q.inb(0x71) & 0x40
        q.outb(0x70, 0x0c)
        assert not q.inb(0x71) & 0x40           # reading cleared it


def pic_masks():
    with QTest() as q:
        q.outb(0x21, 0xa5)
        q.outb(0xa1, 0x5a)
        assert (q.inb(0x21), q.inb(0xa1)) == (0xa5, 0x5a)


def uart_scratch_and_line_status():
    with QTest("-serial", "null") as q:
        q.outb(0x3ff, 0x77)
        assert q.inb(0x3ff) == 0x77
        assert q.inb(0x3fd) & 0x60 == 0x60      # transmitter empty
        q.outb(0x3fb, 0x80)                     # divisor latch
        q.outb(0x3f8, 0x0c)
        assert q.inb(0x3f8) == 0x0c
        q.outb(0x3fb, 0x03)
        q.outb(0x3fc, 0x10)                     # loopback
        q.outb(0x3f8, 0x41)
        q.step(10 * MS)
        assert q.inb(0x3fd) & 1 and q.inb(0x3f8) == 0x41


def pm_on(q):
    """What firmware does: the power-management function gets its ports."""
    q.outl(0xcf8, 0x80000b40)
    q.outl(0xcfc, 0x601)
    q.outl(0xcf8, 0x80000b80)
    q.outb(0xcfc, 1)


def pm_timer_rate():
    with QTest() as q:
        pm_on(q)
        a = q.inl(0x608)
        q.step(100 * MS)
        b = q.inl(0x608)
        assert abs(((b - a) & 0xffffff) - PM_HZ // 10) <= 4, (a, b)


def ioapic_registers():
    with QTest() as q:
        q.writel(0xfec00000, 1)
        assert q.readl(0xfec00010) >> 16 & 0xff == 23
        q.writel(0xfec00000, 0x10)
        q.writel(0xfec00010, 0x10031)
        assert q.readl(0xfec00010) & 0x1ffff == 0x10031


def pci_host_bridge():
    with QTest() as q:
        q.outl(0xcf8, 0x80000000)
        assert q.inl(0xcfc) == 0x12378086
        q.outl(0xcf8, 0x8000f800)               # a slot where nothing is
        assert q.inl(0xcfc) == 0xffffffff


def fw_cfg_signature():
    with QTest() as q:
        q.outw(0x510, 0)
        assert bytes(q.inb(0x511) for _ in range(4)) == b"QEMU"


def fw_cfg_file(q, name):
    def select(key):
        q.outw(0x510, key)

    def take(n):
        return bytes(q.inb(0x511) for _ in range(n))
    select(0x19)                                # the directory; big-endian
    for _ in range(int.from_bytes(take(4), "big")):
        size, key = struct.unpack(">IH2x", take(8))
        if take(56).split(b"\0")[0].decode() == name:
            select(key)
            return take(size)
    return None


def window_for_memory_devices():
    """Firmware and guest learn of it, and nothing is there before it is added."""
    with QTest("-m", "1G,maxmem=4G", "-object", "memory-backend-ram,id=m,size=2G", "-device",
               "hv-balloon,memdev=m") as q:
        assert fw_cfg_file(q, "etc/reserved-memory-end") == (7 << 30).to_bytes(8, "little")
        e820 = [r for r in struct.iter_unpack("<QQI", fw_cfg_file(q, "etc/e820"))]
        assert max(start + size for start, size, _ in e820) <= 4 << 30, e820
        tables = fw_cfg_file(q, "etc/acpi/tables")
        srat = tables[tables.index(b"SRAT"):]
        affinity = struct.pack("<IHQQIIQ", 0, 0, 4 << 30, 3 << 30, 0, 3, 0)
        assert affinity in srat                 # enabled and hot-pluggable
        q.writeq(4 << 30, 0x5555555555555555)
        assert q.readq(4 << 30) != 0x5555555555555555
    with QTest() as q:
        assert fw_cfg_file(q, "etc/reserved-memory-end") is None


def wild_accesses_are_harmless():
    with QTest() as q:
        for port in (0, 0x1234, 0xfff0, 0xffff):
            q.outl(port & ~3, 0xffffffff)
            q.inb(port)
        for addr in (0xfff00000, 1 << 40, (1 << 64) - 8, 0xdeadbee8):
            q.writeq(addr, 0x5555555555555555)
            q.readq(addr)
        assert q.qmp.cmd("query-status")["status"]


def acpi_s5_powers_off():
    with QTest() as q:
        pm_on(q)
        q.outw(0x604, 0x2000)                   # SLP_EN, type 0: S5 as the DSDT says
        q.proc.wait(20)


if __name__ == "__main__":
    run_tests([pit_counts_down, pit_channel_2_gate, pit_raises_irq0, rtc_time_and_nvram,
               rtc_periodic_flag, pic_masks, uart_scratch_and_line_status, pm_timer_rate,
               ioapic_registers, pci_host_bridge, fw_cfg_signature, window_for_memory_devices,
               wild_accesses_are_harmless, acpi_s5_powers_off])
