#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of tests/tcg/e2k: assembled, then run by native code and by the interpreter.

A line "!@ NAME [cpu=v2,v4] [run=v6] [tags=on] [signal=SIGILL]" begins a program; checks.inc goes
before it and tail.inc behind. cpu: the versions it is assembled for; run: another one that it is run
on; tags=on, tags=off: only with or without operand tags.
"""
import concurrent.futures
import glob
import os
import re
import signal
import subprocess
import sys
import tempfile

from e2k_asm import AS, run
from guest import run_tests

DIR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tcg/e2k")
BACKENDS = ("native", "interp")


def read(name):
    with open(os.path.join(DIR, name)) as f:
        return f.read()


def programs(family):
    """(name, options, text); what stands before the first one belongs to all."""
    source = read(family + ".s")
    common, out = source[:source.index("!@ ")], []
    for m in re.finditer(r"^!@ (\S+)(.*)\n((?:(?!!@).*\n)*)", source, re.M):
        options = dict(o.split("=", 1) for o in m.group(2).split())
        out.append((m.group(1), options, common + m.group(3)))
    assert out, f"no programs in {family}.s"
    return out


def outcome(code):
    if code < 0:
        return signal.Signals(-code).name
    return "all checks hold" if code == 0 else f"check {code}"


def run_one(where, family, name, options, text, cpu):
    """What is wrong, one line each."""
    label = f"{family}.{name} ({cpu})"
    base = os.path.join(where, f"{family}-{name}-{cpu}")
    with open(base + ".s", "w") as f:
        f.write(read("checks.inc") + text + read("tail.inc"))
    p = subprocess.run([AS, f"-mcpu=elbrus-{cpu}", "-o", base, base + ".s"],
                       stderr=subprocess.PIPE, text=True)
    if p.returncode:
        lines = open(base + ".s").read().splitlines()
        bad = re.search(r":(\d+):", p.stderr)
        return [f"{label}: {p.stderr.splitlines()[0]}" +
                (f" [{lines[int(bad.group(1)) - 1].strip()}]" if bad else "")]
    want = options.get("signal", outcome(0))
    model = f"elbrus-{options.get('run', cpu)}"
    ways = [(backend, options.get("tags", "off")) for backend in BACKENDS]
    if "tags" not in options:
        ways.append((BACKENDS[0], "on"))
    wrong = []
    for backend, tags in ways:
        got = run(base, "-accel", f"tcg,backend={backend}", "-cpu", f"{model},tags={tags}",
                  timeout=60)
        if outcome(got.returncode) != want:
            wrong.append(f"{label} {backend} tags={tags}: {outcome(got.returncode)}, expected "
                         f"{want}; {got.stderr.decode().strip()[:200]}")
    return wrong


def family_test(family):
    def test():
        with tempfile.TemporaryDirectory() as where, \
                concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            jobs = [pool.submit(run_one, where, family, name, options, text, cpu)
                    for name, options, text in programs(family)
                    for cpu in options.get("cpu", "v4").split(",")]
            wrong = [line for job in jobs for line in job.result()]
        assert not wrong, "\n# " + "\n# ".join(wrong)
        print(f"# {family}: {len(jobs)} programs", file=sys.stderr)
    test.__name__ = family
    return test


if __name__ == "__main__":
    run_tests([family_test(os.path.basename(p)[:-2]) for p in sorted(glob.glob(f"{DIR}/*.s"))])
