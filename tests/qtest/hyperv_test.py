#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""VMBus and hv-balloon from outside: MSRs, hypercalls, rings; polite guests and hostile ones."""
import random
import struct

from qtest import run_tests, variants
from vmbus import (CALL_PAGE, CLOSECHANNEL, DATA_BYTES, DM_BALLOON_REQUEST, DM_BALLOON_RESPONSE,
                   DM_CAPS_REPORT, DM_HOT_ADD_REQUEST, DM_HOT_ADD_RESPONSE, DM_STATUS_REPORT,
                   DM_UNBALLOON_RESPONSE, DM_VERSION_REQUEST, FAST, GPADL, GPADL_BODY, GPADL_HEADER,
                   GPADL_TEARDOWN, HYPERCALL, INITIATE_CONTACT, INPUT, OPENCHANNEL, OS_ID, PAGE,
                   POST_MESSAGE, RELID_RELEASED, REQUESTOFFERS, RING, RING_DOWN, SCONTROL,
                   SIMP, SIMP_GPA, UNLOAD, UNLOAD_RESPONSE, VMBusGuest)

SUCCESS, BAD_CODE, BAD_INPUT, BAD_ALIGNMENT = 0, 2, 3, 4
BAD_CONNECTION = 18
MIB, PAGES_PER_MIB = 1 << 20, 256
MEMDEV = ("-m", "64M,maxmem=1G", "-object", "memory-backend-ram,id=mem1,size=256M")


def balloon_guest(*args, device="hv-balloon,id=hvb"):
    return VMBusGuest("-device", device, *args)


def ready(g, vp=0):
    g.connect(vp)
    g.balloon_driver()
    g.fill()


def takes_and_returns(g, pfn=0x2000):
    """one MiB goes and comes back: all that lies between works"""
    g.target_mib(63)
    want, = g.dm_expect(DM_BALLOON_REQUEST, "I")
    assert want == PAGES_PER_MIB, want
    before = g.holes()
    g.give((pfn, want))
    g.gone |= set(range(pfn, pfn + want))
    assert g.actual() == 63 * MIB
    assert g.holes() - before == MIB
    g.target_mib(64)
    assert g.taken_back() == [(pfn, want)]
    assert g.actual() == 64 * MIB
    assert g.peek(pfn * PAGE, MIB) == bytes(MIB)
    g.intact()


def works_after_reset(g):
    g.qmp.cmd("system_reset")
    g.turn()
    assert g.rdmsr(OS_ID) == 0 and g.rdmsr(SCONTROL) == 0
    g.target_mib(64)
    ready(g)
    takes_and_returns(g)


# ---- polite ----

def take_and_return():
    with balloon_guest() as g:
        ready(g)
        takes_and_returns(g)
        assert "target: 64.0 MiB" in g.qmp.hmp("info hv-balloon")


def second_vp():
    with balloon_guest("-smp", "2") as g:
        g.synic_on()
        g.synic_on(1)
        assert g.contact(vp=1)
        assert g.message(0) is None
        assert g.send(REQUESTOFFERS) == 0
        assert struct.unpack_from("<I", g.message(1))[0] == 1       # OFFERCHANNEL
        assert g.message(0) is None


def hot_add():
    with balloon_guest(*MEMDEV, device="hv-balloon,memdev=mem1") as g:
        ready(g)
        g.target_mib(96)
        r, = g.dm_expect(DM_HOT_ADD_REQUEST, "Q")
        pfn, n = r & (1 << 40) - 1, r >> 40
        assert n == 32 * PAGES_PER_MIB and pfn * PAGE >= 64 * MIB, (hex(pfn), n)
        g.dm(DM_HOT_ADD_RESPONSE, struct.pack("<II", n, 1))
        g.turn()
        assert g.actual() == 96 * MIB
        last = (pfn + n) * PAGE - 8
        g.writeq(pfn * PAGE, 0x1122334455667788)
        g.writeq(last, 0x99aabbccddeeff00)
        assert g.readq(pfn * PAGE) == 0x1122334455667788 and g.readq(last) == 0x99aabbccddeeff00
        g.target_mib(64)
        want, = g.dm_expect(DM_BALLOON_REQUEST, "I")
        assert want == n
        g.give((pfn, n))
        assert g.actual() == 64 * MIB
        assert g.readq(last) == 0
        g.intact()


def unload():
    with balloon_guest() as g:
        ready(g)
        g.send(UNLOAD)
        g.expect(UNLOAD_RESPONSE, "")
        g.target_mib(63)
        g.dm(DM_STATUS_REPORT, bytes(40))
        assert g.packet() is None               # the rings are the guest's own memory again
        g.target_mib(64)
        ready(g)
        takes_and_returns(g)


# ---- hostile ----

def calls_refused():
    with balloon_guest() as g:
        for control in (POST_MESSAGE, 0):
            try:
                g.call(control, INPUT)
                raise RuntimeError("a hypercall before there are any")
            except AssertionError as e:
                assert "#UD" in str(e)
        g.synic_on()
        end = g.bytes
        cases = [
            (0x5c, INPUT + 1, BAD_ALIGNMENT), (0x5c, INPUT + 0xf80, BAD_ALIGNMENT),
            (0x5c, end, BAD_ALIGNMENT), (0x5c, 0xfee00000, BAD_ALIGNMENT),
            (0x5c, 2**64 - 256, BAD_ALIGNMENT), (0x5c, 2**63, BAD_ALIGNMENT),
            (0x5c | FAST, INPUT, BAD_CODE), (0x5c | 1 << 32, INPUT, BAD_INPUT),
            (0x5c | 1 << 17, INPUT, BAD_INPUT), (0x5c | 1 << 63, INPUT, BAD_INPUT),
            (0x5d, end - 4, BAD_ALIGNMENT), (0x5d | FAST, 1 << 24, BAD_INPUT),
            (0x5d | FAST, 0x999, BAD_CONNECTION), (0xffff, INPUT, BAD_CODE), (0, INPUT, BAD_CODE),
        ]
        for control, a, status in cases:
            got = g.call(control, a)
            assert got == status, f"{control:#x} {a:#x}: {got}, not {status}"
        assert g.post(b"\0" * 240, connection=2) == BAD_CONNECTION
        assert g.post(b"", length=241) != SUCCESS
        assert g.post(b"", kind=0x80000001) != SUCCESS
        ready(g)
        takes_and_returns(g)


def pages_elsewhere():
    """Message pages and hypercall page outside RAM, over ROM, over a device, over one another."""
    with balloon_guest() as g:
        ready(g)
        for gpa in (0xa0000, 0xf0000, 0xfee00000, 0xfec00000, g.bytes, 1 << 51, CALL_PAGE, RING):
            for msr in (SIMP, SIMP - 1, HYPERCALL):
                try:
                    g.wrmsr(msr, gpa | 1)
                except AssertionError as e:
                    assert "#GP" in str(e)
            g.send(INITIATE_CONTACT, struct.pack("<IIQQQ", 0x40000, 0, gpa, gpa, gpa))
            g.turn()
        works_after_reset(g)


def foreign_pages():
    """Of a range, the host takes what is the guest's RAM; nothing else changes."""
    with balloon_guest(*MEMDEV, device="hv-balloon,memdev=mem1") as g:
        ready(g)
        end = g.bytes // PAGE
        for pfn, n, taken in (
                (0xa0, 1, []), (0x9f, 2, [0x9f]), (0xbf, 2, [0xc0]), (end - 1, 2, [end - 1]),
                (end, 1, []), (0xfee00, 1, []), (0xfec00, 1, []), (0x100000, 256, []),
                (2**40 - 1, 1, []), (2**40 - 1, 0xffffff, []), (0x3000, 0, [])):
            g.target_mib(63)
            assert g.dm_expect(DM_BALLOON_REQUEST, "I")[0] == PAGES_PER_MIB
            g.give((pfn, n))
            g.gone |= set(taken)
            assert g.actual() == 64 * MIB - len(taken) * PAGE, (hex(pfn), n, g.actual())
            g.intact()
            g.qmp.cmd("system_reset")
            g.turn()
            g.target_mib(64)
            ready(g)
        takes_and_returns(g)


def own_ring():
    """A guest that gives the very pages of its channel has a channel of zeros."""
    with balloon_guest() as g:
        ready(g)
        g.target_mib(63)
        g.dm_expect(DM_BALLOON_REQUEST, "I")
        g.give((RING // PAGE, 10))
        g.intact()
        works_after_reset(g)


def random_body(rng, g):
    """a control message, mostly of a right shape, with some fields wrong"""
    word = lambda *often: rng.choice(often + (rng.getrandbits(32), 0, 1, 2**32 - 1))
    relid, gpadl = word(g.relid), word(GPADL, GPADL + rng.randrange(4))
    pfns = [rng.choice((RING // PAGE + i, rng.getrandbits(52), 0x20 + i, 0xa0))
            for i in range(rng.randrange(1, 12))]
    kind, body = rng.choice((
        (INITIATE_CONTACT, struct.pack("<IIQQQ", word(0x40000, 0x20004), word(0, 1), 0, 0, 0)),
        (REQUESTOFFERS, b""),
        (OPENCHANNEL, struct.pack("<IIIII", relid, 7, gpadl, word(0), word(RING_DOWN)) 
         + bytes(120)),
        (CLOSECHANNEL, struct.pack("<I", relid)),
        (RELID_RELEASED, struct.pack("<I", relid)),
        (GPADL_HEADER, struct.pack("<IIHHII", relid, gpadl, 8 + 8 * rng.choice((len(pfns), 40)),
                                   rng.choice((1, 0, 3)), PAGE * len(pfns), word(0))
         + struct.pack(f"<{len(pfns)}Q", *pfns)),
        (GPADL_BODY, struct.pack("<II", word(1, 2), gpadl) + struct.pack(f"<{len(pfns)}Q", *pfns)),
        (GPADL_TEARDOWN, struct.pack("<II", relid, gpadl)),
        (UNLOAD, b""), (rng.randrange(40), rng.randbytes(rng.randrange(233))),
    ))
    return kind, body[:rng.choice((len(body), len(body), rng.randrange(len(body) + 1)))]


def random_control(seed):
    rng = random.Random(seed)
    with balloon_guest("-smp", "2") as g:
        ready(g, vp=1)
        for i in range(2500):
            g.send(*random_body(rng, g))
            if rng.randrange(3):
                g.poke(SIMP_GPA + 2 * 256, bytes(4))       # frees the slot, read or not
                g.wrmsr(SIMP + 1, 0)
            if rng.randrange(50) == 0:
                g.signal(16 + rng.randrange(4), rng.randrange(3))
        g.intact()
        works_after_reset(g)


def random_dm(rng):
    """a Dynamic Memory message with extreme fields"""
    pfn = lambda: rng.choice((0x3000 + rng.randrange(0x1000), 0, 0xa0, 0x3fff, rng.getrandbits(40)))
    ranges = [pfn() | rng.choice((1, 256, 0, 0xffffff)) << 40 for _ in range(rng.randrange(6))]
    body = rng.choice((
        (DM_VERSION_REQUEST, struct.pack("<II", rng.choice((0x20000, 3, 0, 2**32 - 1)), 1)),
        (DM_CAPS_REPORT, struct.pack("<QQQ", rng.getrandbits(64), 0, rng.getrandbits(64))),
        (DM_STATUS_REPORT, rng.randbytes(40)), (DM_UNBALLOON_RESPONSE, b""),
        (DM_HOT_ADD_RESPONSE, struct.pack("<II", rng.choice((0, 1, 8192, 2**32 - 1)), 1)),
        (DM_BALLOON_RESPONSE, struct.pack("<II", 0, rng.choice((len(ranges), 2**31 - 1, 0)) << 1
                                          | rng.randrange(2))
         + struct.pack(f"<{len(ranges)}Q", *ranges)),
        (rng.randrange(20), rng.randbytes(rng.randrange(64))),
    ))
    return body, [(r & (1 << 40) - 1, r >> 40) for r in ranges]


def random_messages(seed):
    rng = random.Random(seed)
    with balloon_guest(*MEMDEV, device="hv-balloon,memdev=mem1,status-report=on") as g:
        ready(g)
        for i in range(1200):
            if i % 20 == 0:
                g.target_mib(rng.randrange(1, 320))
            (kind, body), ranges = random_dm(rng)
            g.dm(kind, body, size=rng.choice((None, None, None, rng.getrandbits(16))))
            for pfn, n in ranges:                       # may be gone: 0x3000.. and what they reach
                g.gone |= set(range(pfn, min(pfn + n, 0x4000)))
            if rng.randrange(4):
                base = RING + RING_DOWN * PAGE          # reads all that came
                g.poke(base + 4, g.peek(base, 4))
        g.turn()
        g.intact()
        works_after_reset(g)


def random_ring(seed):
    """Ring indexes, packet headers and contents at random; the channel may die, nothing else."""
    rng = random.Random(seed)
    with balloon_guest() as g:
        ready(g)
        for i in range(600):
            for _ in range(rng.randrange(1, 4)):
                at = rng.choice((0, 4, 8, 12, 64, PAGE, PAGE + 4, RING_DOWN * PAGE))
                g.poke(RING + at, struct.pack("<I", rng.choice(
                    (0, 8, DATA_BYTES, DATA_BYTES - 8, rng.getrandbits(32), rng.getrandbits(14)))))
            g.poke(RING + PAGE + rng.randrange(DATA_BYTES // 8) * 8,
                   struct.pack("<HHHHQ", rng.getrandbits(4), rng.choice((2, 0, 0xffff)),
                               rng.choice((3, 0, 0xffff, 4)), rng.getrandbits(1), 0))
            g.signal(16 + g.relid)
            if i % 60 == 59:
                g.turn()
                g.intact()
                g.send(CLOSECHANNEL, struct.pack("<I", g.relid))
                g.turn()
                g.open(g.relid)
        works_after_reset(g)


def floods():
    with balloon_guest() as g:
        ready(g)
        for i in range(3000):
            g.signal(16 + g.relid)
            g.target_mib(32 + i % 32) if i % 100 == 0 else None
        for i in range(300):
            assert g.send(INITIATE_CONTACT, struct.pack("<IIQQQ", 0x40000, 0, 0, 0, 0)) == SUCCESS
            g.send(REQUESTOFFERS)
        g.intact()
        works_after_reset(g)


# what a guest has done when the machine is reset
STEPS = (
    lambda g: g.synic_on(),
    lambda g: g.contact(),
    lambda g: setattr(g, "relid", list(g.offers().values())[0]),
    lambda g: g.gpadl(g.relid),
    lambda g: g.open(g.relid),
    lambda g: g.dm(DM_VERSION_REQUEST, struct.pack("<II", 0x20000, 0)),
    lambda g: g.dm(DM_CAPS_REPORT, struct.pack("<QQQ", 3, 0, 2**64 - 1)),
    lambda g: g.target_mib(63),
    lambda g: g.give((0x2000, 100), more=1),
    lambda g: g.give((0x2100, 156)),
    lambda g: g.target_mib(64),
    lambda g: g.send(CLOSECHANNEL, struct.pack("<I", g.relid)),
)


def reset_at_each_step():
    with balloon_guest() as g:
        for n in range(len(STEPS) + 1):
            for step in STEPS[:n]:
                step(g)
                g.turn()
            works_after_reset(g)
            g.qmp.cmd("system_reset")
            g.turn()


run_tests([take_and_return, second_vp, hot_add, unload,
           calls_refused, pages_elsewhere, foreign_pages, own_ring, floods, reset_at_each_step,
           *variants(random_control, (1, 2)), *variants(random_messages, (1, 2)),
           *variants(random_ring, (1, 2))])
