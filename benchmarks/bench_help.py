"""What `dongle-cli --help` costs, as a multiple of a bare Python in the same run (and of `ykman --help` if installed).

CPU time is user + system of the child, from wait4; each figure is the median of ROUNDS runs, the programs taking turns
so that a busy machine is busy for all of them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from as_installed import environment

ROUNDS = 25


def once(command: list[str]) -> tuple[float, float]:
    """CPU and wall time of one run, in milliseconds."""
    begin = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command[0]} ended with {child.returncode}")
    return (usage.ru_utime + usage.ru_stime) * 1000, (time.perf_counter() - begin) * 1000


def main() -> None:
    """Print one line a program."""
    environment()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds: int = parser.parse_args().rounds
    ours = str(Path(sys.executable).with_name("dongle-cli"))
    programs = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "dongle-cli --help": [ours, "--help"],
        "dongle-cli --lang ja --help": [ours, "--lang", "ja", "--help"],
        "dongle-cli list --help": [ours, "list", "--help"],
    }
    if shutil.which("ykman"):
        programs["ykman --help"] = ["ykman", "--help"]
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
    for _round in range(rounds + 1):
        for name, command in programs.items():
            times[name].append(once(command))
    cpu = {name: statistics.median(c for c, _w in runs[1:]) for name, runs in times.items()}  # the first fills caches
    wall = {name: statistics.median(w for _c, w in runs[1:]) for name, runs in times.items()}
    bare = cpu["python -c pass"]
    print(f"{'program':<30}{'CPU ms':>8}{'wall ms':>9}{'x bare':>8}")
    for name in programs:
        print(f"{name:<30}{cpu[name]:>8.1f}{wall[name]:>9.1f}{cpu[name] / bare:>8.2f}")
    if "ykman --help" in cpu:
        print(f"dongle-cli --help / ykman --help: {cpu['dongle-cli --help'] / cpu['ykman --help']:.2f}")


if __name__ == "__main__":
    main()
