# SPDX-License-Identifier: GPL-2.0-or-later
"""
A guest's VMBus and Dynamic Memory drivers, played through the qtest socket: MSRs and hypercalls as
a kernel makes them, guest RAM as a file that is mapped here. Nothing that arrives is trusted to be on
time: turn() lets the main loop run, by counts, never by time.
"""
import mmap
import os
import struct
import tempfile

from qtest import QTest

PAGE = 4096
OS_ID, HYPERCALL, SYNIC = 0x40000000, 0x40000001, 0x40000080
SCONTROL, SIEFP, SIMP, EOM, SINT2 = SYNIC, SYNIC + 2, SYNIC + 3, SYNIC + 4, SYNIC + 0x12
POST_MESSAGE, SIGNAL_EVENT, FAST = 0x5c, 0x5d, 1 << 16

# guest-physical places
CALL_PAGE, INPUT, SIMP_GPA, SIEFP_GPA, RING = 0x3000, 0x5000, 0x10000, 0x20000, 0x100000
RING_PAGES, RING_DOWN, GPADL = 10, 5, 0xe1e10
DATA_BYTES = (RING_DOWN - 1) * PAGE             # of either ring

(OFFERCHANNEL, _, REQUESTOFFERS, ALLOFFERS_DELIVERED, OPENCHANNEL, OPENCHANNEL_RESULT, CLOSECHANNEL,
 GPADL_HEADER, GPADL_BODY, GPADL_CREATED, GPADL_TEARDOWN, GPADL_TORNDOWN, RELID_RELEASED,
 INITIATE_CONTACT, VERSION_RESPONSE, UNLOAD, UNLOAD_RESPONSE) = range(1, 18)

(DM_ERROR, DM_VERSION_REQUEST, DM_VERSION_RESPONSE, DM_CAPS_REPORT, DM_CAPS_RESPONSE,
 DM_STATUS_REPORT, DM_BALLOON_REQUEST, DM_BALLOON_RESPONSE, DM_UNBALLOON_REQUEST,
 DM_UNBALLOON_RESPONSE, DM_HOT_ADD_REQUEST, DM_HOT_ADD_RESPONSE) = range(12)
DM_GUID = bytes.fromhex("dc7450528589e2468057a307dc18a502")


class VMBusGuest(QTest):
    """with VMBusGuest("-device", "hv-balloon") as g: g.connect(); g.balloon_driver()"""

    def __init__(self, *args, mib=64):
        self.bytes = mib << 20
        self.file = tempfile.NamedTemporaryFile(prefix="guest-ram-")
        self.file.truncate(self.bytes)
        self.ram = mmap.mmap(self.file.fileno(), self.bytes)
        self.gone = set()               # pfns given away, or the drivers' own
        super().__init__(
            "-object", f"memory-backend-file,id=ram,size={mib}M,mem-path={self.file.name},share=on",
            "-machine", "memory-backend=ram", "-m", f"{mib}M", *args)

    def __exit__(self, *exc):
        super().__exit__(*exc)
        self.file.close()

    # ---- what a kernel does ----

    def turn(self, n=20):
        for _ in range(n):
            self.cmd("endianness")

    def wrmsr(self, msr, value, vp=0):
        self.cmd("wrmsr", vp, msr, value)

    def rdmsr(self, msr, vp=0):
        return int(self.cmd("rdmsr", vp, msr)[0], 0)

    def call(self, control, a, b=0, vp=0):
        """status of a hypercall"""
        return int(self.cmd("hypercall", vp, control, a, b)[0], 0) & 0xffff

    def poke(self, gpa, data):
        self.ram[gpa:gpa + len(data)] = data

    def peek(self, gpa, n):
        return self.ram[gpa:gpa + n]

    def synic_on(self, vp=0):
        self.wrmsr(OS_ID, 0x8100 << 48)
        self.wrmsr(HYPERCALL, CALL_PAGE | 1)
        self.wrmsr(SIMP, SIMP_GPA + vp * PAGE | 1, vp)
        self.wrmsr(SIEFP, SIEFP_GPA + vp * PAGE | 1, vp)
        self.wrmsr(SINT2, 0x20000 | 0xf3, vp)
        self.wrmsr(SCONTROL, 1, vp)

    def post(self, payload, connection=1, kind=1, length=None):
        self.poke(INPUT, struct.pack("<IIII", connection, 0, kind,
                                     len(payload) if length is None else length)
                  + payload[:240].ljust(240, b"\0"))
        return self.call(POST_MESSAGE, INPUT)

    def signal(self, connection, flag=0):
        return self.call(SIGNAL_EVENT | FAST, connection | flag << 32)

    def message(self, vp=0):
        """payload of the next message in SINT 2's slot, which is freed; None: there is none"""
        slot = SIMP_GPA + vp * PAGE + 2 * 256
        for _ in range(100):
            if self.peek(slot, 4) != bytes(4):
                payload = self.peek(slot + 16, self.peek(slot + 4, 1)[0])
                self.poke(slot, bytes(4))
                # "pending" is read after the slot is free: the host may set it up to then
                if self.peek(slot + 5, 1)[0] & 1:
                    self.wrmsr(EOM, 0, vp)
                return payload
            self.turn(1)
        return None

    # ---- VMBus ----

    def send(self, kind, body=b""):
        return self.post(struct.pack("<II", kind, 0) + body)

    def expect(self, kind, fmt, vp=0):
        m = self.message(vp)
        got = m and struct.unpack_from("<I", m)[0]
        assert got == kind, f"message {got}, not {kind}"
        return struct.unpack_from("<" + fmt, m, 8)

    def contact(self, version=0x40000, vp=0):
        assert self.send(INITIATE_CONTACT, struct.pack("<IIQQQ", version, vp, 0, 0, 0)) == 0
        return self.expect(VERSION_RESPONSE, "B", vp)[0]

    def offers(self):
        """{type guid: relid}"""
        assert self.send(REQUESTOFFERS) == 0
        found = {}
        while True:
            m = self.message()
            assert m, "offers end without ALLOFFERS_DELIVERED"
            if struct.unpack_from("<I", m)[0] == ALLOFFERS_DELIVERED:
                return found
            relid, = struct.unpack_from("<I", m, 184)
            found[m[8:24]] = relid

    def gpadl(self, relid, gpadl=GPADL, pfns=range(RING // PAGE, RING // PAGE + RING_PAGES)):
        body = struct.pack("<IIHHII", relid, gpadl, 8 + 8 * len(pfns), 1, PAGE * len(pfns), 0)
        assert self.send(GPADL_HEADER, body + struct.pack(f"<{len(pfns)}Q", *pfns)) == 0
        return self.expect(GPADL_CREATED, "III")[2]

    def open(self, relid):
        for page in (0, RING_DOWN):
            self.poke(RING + page * PAGE, bytes(64) + b"\1" + bytes(PAGE - 65))
        assert self.send(OPENCHANNEL, struct.pack("<IIIII", relid, 7, GPADL, 0, RING_DOWN)
                         + bytes(120)) == 0
        return self.expect(OPENCHANNEL_RESULT, "III")[2]

    def connect(self, vp=0):
        """from reset to hv-balloon's open channel"""
        self.synic_on()
        if vp:
            self.synic_on(vp)
        assert self.contact()
        self.relid = self.offers()[DM_GUID]
        assert self.gpadl(self.relid) == 0
        assert self.open(self.relid) == 0

    # ---- the channel's rings ----

    def ring_bytes(self, base, idx, n):
        data = self.peek(base + PAGE, DATA_BYTES)
        return (data[idx:] + data[:idx])[:n]

    def put(self, packet):
        """raw bytes to the host's ring; and signal"""
        idx, = struct.unpack("<I", self.peek(RING, 4))
        for i in range(0, len(packet), 8):
            self.poke(RING + PAGE + (idx + i) % DATA_BYTES, packet[i:i + 8])
        self.poke(RING, struct.pack("<I", (idx + len(packet)) % DATA_BYTES))
        return self.signal(16 + self.relid)

    def send_packet(self, payload, kind=6, flags=0, trans_id=0):
        idx, = struct.unpack("<I", self.peek(RING, 4))
        padded = payload + bytes(-len(payload) % 8)
        return self.put(struct.pack("<HHHHQ", kind, 2, (16 + len(padded)) // 8, flags, trans_id)
                        + padded + struct.pack("<Q", idx << 32))

    def packet(self):
        """payload of the next packet; None: there is none"""
        base = RING + RING_DOWN * PAGE
        for _ in range(100):
            w, r = struct.unpack("<II", self.peek(base, 8))
            if w != r:
                _, ofs8, len8, _, _ = struct.unpack("<HHHHQ", self.ring_bytes(base, r, 16))
                payload = self.ring_bytes(base, r, len8 * 8)[ofs8 * 8:]
                self.poke(base + 4, struct.pack("<I", (r + len8 * 8 + 8) % DATA_BYTES))
                self.signal(16 + self.relid)
                return payload
            self.turn(1)
        return None

    # ---- Dynamic Memory ----

    def dm(self, kind, body=b"", trans_id=1, size=None):
        return self.send_packet(struct.pack("<HHI", kind, 8 + len(body) if size is None else size,
                                            trans_id) + body)

    def dm_expect(self, kind, fmt):
        p = self.packet()
        got = p and struct.unpack_from("<H", p)[0]
        assert got == kind, f"Dynamic Memory message {got}, not {kind}"
        return struct.unpack_from("<" + fmt, p, 8)

    def balloon_driver(self, caps=3):
        self.dm(DM_VERSION_REQUEST, struct.pack("<II", 0x20000, 0))
        assert self.dm_expect(DM_VERSION_RESPONSE, "Q")[0] & 1
        self.dm(DM_CAPS_REPORT, struct.pack("<QQQ", caps, 0, 2**64 - 1))
        assert self.dm_expect(DM_CAPS_RESPONSE, "Q")[0] & 1
        self.turn()

    def give(self, *ranges, more=0):
        """pages to the host: (first pfn, pages) each"""
        self.dm(DM_BALLOON_RESPONSE, struct.pack("<II", 0, len(ranges) << 1 | more)
                + b"".join(struct.pack("<Q", pfn | n << 40) for pfn, n in ranges))
        self.turn()

    def taken_back(self):
        """ranges that the host gives back, all messages of it"""
        out, more = [], 1
        while more:
            p = self.packet()
            assert p and struct.unpack_from("<H", p)[0] == DM_UNBALLOON_REQUEST
            more, n = struct.unpack_from("<II", p, 8)
            out += [(r & (1 << 40) - 1, r >> 40) for r in struct.unpack_from(f"<{n}Q", p, 16)]
        self.dm(DM_UNBALLOON_RESPONSE)
        self.turn()
        return out

    def target_mib(self, mib):
        self.qmp.cmd("balloon", value=mib << 20)

    def actual(self):
        return self.qmp.cmd("query-balloon")["actual"]

    # ---- the guest's other pages ----

    def fill(self):
        """a pattern in every page but those that the drivers use"""
        own = [CALL_PAGE, INPUT] + [a + vp * PAGE for a in (SIMP_GPA, SIEFP_GPA) for vp in (0, 1)]
        self.gone = {a // PAGE for a in own}
        self.gone |= set(range(RING // PAGE, RING // PAGE + RING_PAGES))
        for pfn in range(self.bytes // PAGE):
            if pfn not in self.gone:
                self.poke(pfn * PAGE, self.pattern(pfn))

    @staticmethod
    def pattern(pfn):
        return ((pfn * 0x9e3779b97f4a7c15 | 1) & 2**64 - 1).to_bytes(8, "little") * 512

    def intact(self):
        """the pattern is there in all pages that were not given"""
        for pfn in range(self.bytes // PAGE):
            if pfn not in self.gone and self.peek(pfn * PAGE, PAGE) != self.pattern(pfn):
                raise AssertionError(f"page {pfn:#x} has changed")

    def holes(self):
        """bytes of the RAM file that hold no memory: what the host has been given"""
        return self.bytes - os.fstat(self.file.fileno()).st_blocks * 512
