#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What users get wrong: one clear line, exit status 1, within a moment."""
import os
import subprocess
import tempfile

from guest import BUILD, KIT, run_tests, variants

QEMU = os.path.join(BUILD, "qemu-system-x86_64")
USER = os.path.join(BUILD, "qemu-x86_64")
K = ["-kernel", f"{KIT}/vmlinuz-cloud"]

MEM1 = ["-object", "memory-backend-ram,id=mem1,size=256M"]
HOTADD = ["-m", "1G,maxmem=4G"] + MEM1

BAD = {     # name: (arguments, a word that the line must have)
    "no_such_kernel": (["-kernel", "/nonexistent"], "/nonexistent"),
    "kernel_is_a_directory": (["-kernel", "/tmp"], "/tmp"),
    "no_such_initrd": (K + ["-initrd", "/nonexistent"], "/nonexistent"),
    "unknown_option": (["-frobnicate"], "frobnicate"),
    "unknown_device": (["-device", "frob"], "frob"),
    "unknown_property": (["-device", "hv-balloon,frob=1"], "frob"),
    "unknown_machine": (["-machine", "frob"], "frob"),
    "unknown_cpu": (["-cpu", "frob"], "frob"),
    "unknown_cpu_flag": (["-cpu", "qemu64,+frob"], "frob"),
    "unknown_accel": (["-accel", "frob"], "frob"),
    "no_memory": (["-m", "0"], "-m"),
    "memory_is_text": (["-m", "much"], "much"),
    "too_much_memory": (["-m", "999999T"], "999999T"),
    "no_cpus": (["-smp", "0"], "smp"),
    "many_cpus": (["-smp", "100000"], "smp"),
    "smp_is_text": (["-smp", "few"], "few"),
    "two_balloons": (["-device", "hv-balloon", "-device", "hv-balloon"], "Only one balloon"),
    "synic_missing": (["-cpu", "qemu64,hv-time=on", "-device", "hv-balloon"], "hv-"),
    "synic_off": (["-cpu", "qemu64,hv-synic=off,hv-vpindex=on", "-device", "hv-balloon"],
                  "hv-synic"),
    "bad_chardev": (["-chardev", "frob,id=x"], "frob"),
    "bad_monitor_path": (["-qmp", "unix:/nonexistent/dir/sock,server=on,wait=off"], "nonexistent"),
    "bad_log_item": (["-d", "frob"], "frob"),
    "missing_argument": (["-m"], "-m"),
    "no_such_memdev": (["-device", "hv-balloon,memdev=mem7"], "mem7"),
    "no_maxmem": (MEM1 + ["-device", "hv-balloon,memdev=mem1"], "maxmem"),
    "memdev_too_large": (["-m", "1G,maxmem=1100M"] + MEM1 +
                         ["-device", "hv-balloon,memdev=mem1"], "not enough space"),
    "memdev_is_boot_memory": (["-m", "256M,maxmem=4G", "-machine", "memory-backend=mem1"] + MEM1 +
                              ["-device", "hv-balloon,memdev=mem1"], "busy memdev: mem1"),
    "addr_without_memdev": (["-device", "hv-balloon,addr=4G"], "addr"),
    "addr_u64": (["-device", "hv-balloon,addr=0x100000000"], "must not be set without 'memdev'"),
    "addr_misaligned": (HOTADD + ["-device", "hv-balloon,memdev=mem1,addr=0x100001000"],
                        "must be aligned to 0x8000000"),
    "addr_in_boot_memory": (HOTADD + ["-device", "hv-balloon,memdev=mem1,addr=0x8000000"],
                            "usable range"),
    "addr_beyond": (HOTADD + ["-device", "hv-balloon,memdev=mem1,addr=0x8000000000"],
                    "usable range"),
    "keep_size_is_text": (["-device", "hv-balloon,keep-size=perhaps"], "keep-size"),
    "second_with_memdev": (HOTADD + ["-device", "hv-balloon", "-device", "hv-balloon,memdev=mem1"],
                           "Only one balloon"),
    "maxmem_below": (["-m", "1G,maxmem=512M"], "maxmem"),
    "maxmem_absurd": (["-m", "1G,maxmem=16777215T"], "maxmem"),
    "maxmem_beyond_cpu": (["-m", "1G,maxmem=2T"], "address bits"),
    "many_slots": (["-m", "1G,maxmem=2G,slots=1000"], "slots"),
    "backend_no_size": (["-object", "memory-backend-ram,id=m"], "size 0"),
    "secret_empty": (["-object", "secret,id=s"], "Must provide 'file' or 'data'"),
    "secret_bad_file": (["-object", "secret,id=s,file=/nonexistent/x"], "Unable to read secret"),
    "secret_bad_base64": (["-object", "secret,id=s,format=base64,data=a"], "not valid base64"),
    "secret_encrypted": (["-object", "secret,id=s,data=a,keyid=k"], "not supported"),
    "object_abstract": (["-object", "user-creatable,id=u"], "invalid object type"),
    "backend_no_id": (["-object", "memory-backend-ram,size=1M"], "id"),
    "backend_odd_size": (["-object", "memory-backend-ram,id=m,size=5000"], "multiple"),
    "backend_no_path": (["-object", "memory-backend-file,id=m,size=1M"], "mem-path"),
    "backend_bad_path": (["-object", "memory-backend-file,id=m,size=1M,mem-path=/nonexistent/x"],
                         "/nonexistent/x"),
    "backend_unknown": (["-object", "memory-backend-frob,id=m,size=1M"], "frob"),
    "backend_twice": (MEM1 + MEM1, "mem1"),
    "backend_too_large": (["-object", "memory-backend-ram,id=m,size=8E"], "m"),
    "bad_post_boot_delay": (["-device", "hv-balloon,post-boot-delay=soon"], "post-boot-delay"),
}


def run(cmd, timeout=30):
    return subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=timeout)


def refused(name):
    args, word = BAD[name]
    p = run([QEMU, "-display", "none", "-serial", "null", "-monitor", "none", *args])
    lines = p.stderr.strip().splitlines()
    assert p.returncode == 1, (p.returncode, p.stderr)
    assert len(lines) == 1 and word in lines[0], p.stderr


def truncated_kernel():
    with open(f"{KIT}/vmlinuz-cloud", "rb") as f:
        whole = f.read()
    for n in (0, 1, 511, 0x200, 0x250, 20000, len(whole) // 2):
        with tempfile.NamedTemporaryFile() as t:
            t.write(whole[:n])
            t.flush()
            p = run([QEMU, "-display", "none", "-kernel", t.name])
            assert p.returncode == 1 and len(p.stderr.strip().splitlines()) == 1, (n, p.stderr)


def help_forms():
    for args, word in ((["--version"], "8.2.0"), (["-h"], "-kernel"), (["-machine", "help"], "pc"),
                       (["-cpu", "help"], "qemu64"), (["-device", "help"], "hv-balloon"),
                       (["-device", "hv-balloon,help"], "post-boot-delay"),
                       (["-accel", "help"], "tcg"), (["-d", "help"], "in_asm"),
                       (["-chardev", "help"], "socket")):
        p = run([QEMU, *args])
        assert p.returncode == 0 and word in p.stdout, (args, p)


def user_program_errors():
    with tempfile.NamedTemporaryFile() as t:
        t.write(b"\x7fELF not really")
        t.flush()
        for args in ([], ["/nonexistent"], ["/tmp"], [t.name], ["-frob", "/bin/true"], ["-cpu"],
                     ["-cpu", "frob", "/bin/busybox"], ["-s", "x", "/bin/busybox"]):
            p = run([USER, *args])
            assert p.returncode == 1 and len(p.stderr.strip().splitlines()) == 1, (args, p)


if __name__ == "__main__":
    run_tests(variants(refused, BAD) + [truncated_kernel, help_forms, user_program_errors])
