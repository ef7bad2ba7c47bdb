"""What an audit of a folder costs, as a multiple of `fd -u -t f` merely listing it, in turns on one tree.

Measured is the program: `dongle-cli audit` as it is called (with `--policy strict`, tables and scans included), and the
source alone up to the first look at each head ("headers only": what passes it is not looked into). Beside them a floor
in C (getdents64, openat, read 4 KiB, close) and `file -f`. Each figure is the median of ROUNDS rounds in which all take
turns, so that a busy machine is busy for all of them; memory is the peak of the process and its children together.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from as_installed import environment
from audit_tree import build

HERE = Path(__file__).resolve().parent
HEADERS = """
import sys
from dongle_cli.audit.sources import walk
from dongle_cli.audit.sources.directory import DirectorySource
walk.settle = lambda *_asked: ()
for _found in DirectorySource(sys.argv[1], jobs=int(sys.argv[2])).scan():
    pass
"""


def once(command: list[str], allowed: tuple[int, ...] = (0,)) -> tuple[float, float]:
    """Wall and CPU seconds of one run."""
    before, begin = os.times(), time.perf_counter()
    run = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after, end = os.times(), time.perf_counter()
    if run.returncode not in allowed:
        raise SystemExit(f"{command[0]} ended with {run.returncode}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return end - begin, cpu


def peak(command: list[str]) -> float:
    """The most memory, in MiB, that the program and its children had at once (PSS, looked at often)."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0.0
    while child.poll() is None:
        most = max(most, sum(_pss(pid) for pid in (child.pid, *_children(child.pid))))
        time.sleep(0.02)
    return most / 1024


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def main() -> None:
    """Build the tree, let all take turns, print a line each."""
    environment()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--tree", type=Path, help="keep the tree here, and use it where it is there already")
    parser.add_argument("--big", action="store_true", help="also the memory of 3,000,000 files (nearly all empty)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="audit-walk-") as scratch:
        tree = asked.tree or Path(scratch) / "tree"
        if not tree.exists():
            build(tree, asked.files)
        turns(tree, asked.rounds, str(asked.jobs), Path(scratch), asked.files)
        sizes = [("small", 30_000, False), ("big", 3_000_000, True)][: 1 + asked.big]
        print(f"memory at {asked.files} files: {peak(audit(tree, str(asked.jobs))):.0f} MiB")
        for name, files, empty in sizes:
            build(Path(scratch) / name, files, empty=empty)
            print(f"memory at {files} files: {peak(audit(Path(scratch) / name, str(asked.jobs))):.0f} MiB", flush=True)


def audit(tree: Path, jobs: str) -> list[str]:
    """The program as it is called."""
    program = str(Path(sys.executable).with_name("dongle-cli"))
    return [program, "audit", str(tree), "--policy", "strict", "--format", "json", "--jobs", jobs]


def turns(tree: Path, rounds: int, jobs: str, scratch: Path, files: int) -> None:
    """All programs in turns; ratios are of medians."""
    programs: dict[str, list[str]] = {}
    fd = shutil.which("fdfind") or shutil.which("fd")
    if fd is None:
        raise SystemExit("fd is missing: apt install fd-find")
    programs["fd -u -t f"] = [fd, "-u", "-t", "f", ".", str(tree)]
    if compiler := shutil.which("cc") or shutil.which("gcc"):
        subprocess.run([compiler, "-O2", "-o", str(scratch / "floor"), str(HERE / "audit_floor.c")], check=True)
        programs["floor in C"] = [str(scratch / "floor"), str(tree), jobs]
    programs["headers only"] = [sys.executable, "-c", HEADERS, str(tree), jobs]
    programs["audit"] = audit(tree, jobs)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
    for turn in range(rounds + 1):
        for name, command in programs.items():
            spent = once(command, (0, 5, 7))
            if turn:  # the first fills the caches
                times[name].append(spent)
    wall = {name: statistics.median(w for w, _c in runs) for name, runs in times.items()}
    cpu = {name: statistics.median(c for _w, c in runs) for name, runs in times.items()}
    base = "fd -u -t f"
    print(f"{files} files, {jobs} processes, median of {rounds} rounds")
    print(f"{'':<16}{'wall s':>8}{'x fd':>7}{'CPU s':>8}{'x fd':>7}")
    for name in programs:
        print(f"{name:<16}{wall[name]:>8.2f}{wall[name] / wall[base]:>7.2f}"
              f"{cpu[name]:>8.2f}{cpu[name] / cpu[base]:>7.2f}")  # fmt: skip
    if "floor in C" in wall:
        print(f"the floor takes {wall['floor in C'] / wall['headers only']:.0%} of headers only, "
              f"{wall['floor in C'] / wall['audit']:.0%} of the audit")  # fmt: skip
    if shutil.which("file"):
        listing = scratch / "names"
        names = [str(path) for path in tree.glob("a00/*/*/*")][:5000]
        listing.write_text("\n".join(names) + "\n")
        slow = once(["file", "-f", str(listing)])[0] / len(names) * files
        print(f"file -f would take {slow:.1f} s (from {len(names)} files): {slow / wall['audit']:.0f} times the audit")


if __name__ == "__main__":
    main()
