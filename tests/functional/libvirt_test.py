#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""libvirt on top of us: its driver inside virsh (qemu:///embed), files below one folder, no daemon."""
import os
import re
import shutil
import subprocess
import tempfile
import time

from guest import BUILD, KIT, run_tests

NOBODY = 65534
DOMAIN = """<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
<name>guest</name><memory unit='MiB'>1024</memory><vcpu>{vcpus}</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type>
<kernel>{root}/vmlinuz</kernel><initrd>{root}/initrd</initrd>
<cmdline>console=ttyS0 {append}</cmdline></os>
<features><acpi/><apic/>{features}</features>{clock}
<devices><emulator>{root}/qemu</emulator>
<serial type='file'><source path='{root}/serial'/><target port='0'/></serial>{devices}</devices>
{more}</domain>"""
HYPERV = "<hyperv mode='custom'>" + "".join(
    f"<{x} state='on'/>" for x in ("relaxed", "vapic", "vpindex", "runtime", "synic", "stimer",
                                   "reset")) + "</hyperv>"


class Virsh:
    """
    with Virsh() as v: v.cmd("list --all"). One process: the driver lives in it. Root's driver wants
    a user that only the daemon's package makes, so for root it is nobody's, with copies of its own.
    """

    def __enter__(self):
        self.dir = tempfile.TemporaryDirectory(prefix="libvirt-")
        self.root = self.dir.name
        os.mkdir(f"{self.root}/etc")
        with open(f"{self.root}/etc/qemu.conf", "w") as f:
            f.write('stdio_handler = "file"\nsecurity_driver = "none"\n')
        for source, name in ((f"{BUILD}/qemu-system-x86_64", "qemu"), (f"{KIT}/vmlinuz-cloud", "vmlinuz"),
                             (f"{KIT}/initrd-cloud.gz", "initrd")):
            shutil.copy(source, f"{self.root}/{name}")
            os.chmod(f"{self.root}/{name}", 0o755)
        who = {}
        if os.geteuid() == 0:
            who = dict(user=NOBODY, group=NOBODY, extra_groups=[])
            for path in (self.root, f"{self.root}/etc"):
                os.chown(path, NOBODY, NOBODY)
        self.proc = subprocess.Popen(["stdbuf", "-oL", "virsh", "-q", "-c",
                                      f"qemu:///embed?root={self.root}"],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, text=True,
                                     cwd=self.root, env=dict(
                                         os.environ, LC_ALL="C", HOME=self.root,
                                         XDG_RUNTIME_DIR=self.root, XDG_CACHE_HOME=self.root), **who)
        return self

    def __exit__(self, *exc):
        if exc[0] is None or self.proc.poll() is None:
            self.cmd("destroy guest", fails=True)
        self.proc.stdin.close()
        self.proc.wait(60)
        self.dir.cleanup()

    def cmd(self, text, fails=False):
        self.proc.stdin.write(f"{text}\necho .\n")
        self.proc.stdin.flush()
        out = ""
        for line in self.proc.stdout:           # virsh repeats what it reads behind its prompt
            if line.endswith("virsh # echo .\n"):
                break
            if not line.endswith(f"virsh # {text}\n"):
                out += line
        assert fails or "error:" not in out, (text, out, self.log())
        return out

    def log(self):
        try:
            with open(f"{self.root}/log/qemu/guest.log") as f:
                return f.read()[-2000:]
        except OSError:
            return ""

    def create(self, **what):
        fields = dict(root=self.root, vcpus=1, features="", clock="", more="")
        with open(f"{self.root}/guest.xml", "w") as f:
            f.write(DOMAIN.format(**{**fields, **what}))
        self.cmd(f"create {self.root}/guest.xml")
        self.until(lambda: "GUEST-READY" in self.serial())

    def serial(self):
        with open(f"{self.root}/serial", errors="replace") as f:
            return f.read()

    def until(self, what):
        end = time.monotonic() + 120
        while not what():
            assert time.monotonic() < end, (self.serial()[-2000:], self.log())
            time.sleep(0.05)

    def figures(self, command):
        """{name: number} of a table that virsh prints"""
        return {k: int(n) for k, n in re.findall(r"^\s*([\w.-]+)[ =](\d+)$", self.cmd(command), re.M)}


def capabilities():
    with Virsh() as v:
        xml = v.cmd(f"domcapabilities --emulatorbin {v.root}/qemu --virttype qemu")
        for part in ("<domain>qemu</domain>", "<arch>x86_64</arch>", "<mode name='custom' supported='yes'>",
                     "<model usable='yes'"):
            assert part in xml, (part, xml)


def virtio_balloon():
    with Virsh() as v:
        v.create(append="guest.modules=virtio_pci,virtio_balloon", vcpus=2,
                 devices="<memballoon model='virtio'><stats period='1'/></memballoon>")
        assert v.cmd("domstate guest").strip() == "running"
        v.until(lambda: "unused" in v.figures("dommemstat guest"))
        assert v.figures("dommemstat guest")["actual"] == 1 << 20
        v.cmd("setmem guest 512M")
        v.until(lambda: v.figures("dommemstat guest")["actual"] == 512 << 10)
        v.until(lambda: v.figures("dommemstat guest")["available"] < 600 << 10)
        v.cmd("suspend guest")
        assert v.cmd("domstate guest").strip() == "paused"
        v.cmd("resume guest")
        # by BALLOON_CHANGE, the last of which may be a second late
        v.until(lambda: v.figures("domstats guest --balloon")["balloon.current"] == 512 << 10)
        stats = v.figures("domstats guest")     # asks for all there is, block devices as well
        assert stats["vcpu.current"] == 2 and stats["vcpu.1.time"] > 0, stats
        assert v.cmd("vcpuinfo guest").count("running") == 2
        v.cmd("reset guest")
        v.until(lambda: v.serial().count("GUEST-READY") == 2)
        v.cmd("destroy guest")
        assert "guest" not in v.cmd("list --all")


def hv_balloon():
    args = ("-m", "1G,maxmem=4G", "-object", "memory-backend-ram,id=mem1,size=2G",
            "-device", "hv-balloon,id=hvb,memdev=mem1")
    with Virsh() as v:
        v.create(append="memhp_default_state=online guest.modules=hv_vmbus,hv_balloon",
                 devices="<memballoon model='none'/>", features=HYPERV,
                 clock="<clock offset='utc'><timer name='hypervclock' present='yes'/></clock>",
                 more="<qemu:commandline>" + "".join(f"<qemu:arg value='{a}'/>" for a in args)
                 + "</qemu:commandline>")
        hmp = "qemu-monitor-command guest --hmp"
        v.until(lambda: "can hot-add" in v.cmd(f"{hmp} info hv-balloon"))
        for mib in (2560, 700):
            v.cmd(f"{hmp} balloon {mib}")
            v.until(lambda: f"actual={mib}\n" in v.cmd(f"{hmp} info balloon") + "\n")


run_tests([capabilities, virtio_balloon, hv_balloon])
