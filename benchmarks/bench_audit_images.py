"""What looking into disk images costs: NTFS in the order of its $MFT against `fls -r -p`, and containers against raw.

`fls` (The Sleuth Kit) only lists names; the audit reads the head of every file, deleted ones and streams too, says what
each is, and prints findings. The runs take turns, so that a busy machine is busy for all of them; each figure is the
median of ROUNDS runs of the whole program, and the first run, which fills the caches, is not counted. Building the
image (300,000 files, 2 GB) takes some minutes and needs root, ntfs-3g and qemu-utils; --image uses one that was kept
with --keep.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from as_installed import environment

from dongle_cli.audit.model import Hit
from dongle_cli.audit.sources.image import ImageSource

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from ntfs_image import NtfsImage, convert

ROUNDS = 5
FILES, FOLDER = 300_000, 12  # and how many stand in a folder
GONE_EVERY, DOCUMENT_EVERY, STREAM_EVERY = 50, 49, 2500  # one file in so many is deleted, a document, has a stream
FORMATS = (("qcow2", ()), ("vhdx", ("subformat=dynamic",)), ("vpc", ("subformat=dynamic",)), ("vmdk", ()))


def build(path: Path, files: int) -> NtfsImage:
    """So many files of up to 12 kB, some deleted, some documents, some with a stream."""
    rng = random.Random(1)
    filler = rng.randbytes(60_000)
    image = NtfsImage.make(path, mib=max(512, files * 9 // 1024))
    with image.mounted() as root:
        folders = [root / f"d{number % 40}" / f"sub{number}" for number in range(files // FOLDER)]
        for number, folder in enumerate(folders):
            folder.mkdir(parents=True)
            for part in range(number * FOLDER, (number + 1) * FOLDER):
                size = rng.choice((0, 300, 900, 3_000, 6_000, 12_000))
                head = b"%PDF-1.4\n" if part % DOCUMENT_EVERY == 0 else b""
                name = f"file number {part}.{('txt', 'dat', 'bin', 'log')[part % 4]}"
                (folder / name).write_bytes(head + filler[part % 1000 :][:size])
        gone = [folders[number] / f"gone{number}.dat" for number in range(files // GONE_EVERY)]
        for file in gone:
            file.write_bytes(b"%PDF-1.4\n" + filler[:3000])
        for number in range(files // STREAM_EVERY):
            Path(f"{folders[number]}:hidden{number}.bin").write_bytes(b"%PDF-1.7\n" * 2000)
    with image.mounted() as root:
        for file in gone:
            file.unlink()
    return image


def once(command: list[str | Path]) -> float:
    """Seconds that the command took; its output goes nowhere."""
    begin = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 5):  # 5: documents were found, as they should
        raise SystemExit(f"{command[0]} ended with {done.returncode}")
    return time.perf_counter() - begin


def scan(image: Path) -> float:
    """Seconds from opening the image to its last finding: what the program does besides starting and printing."""
    begin = time.perf_counter()
    found = sum(isinstance(one, Hit) for one in ImageSource(str(image), jobs=len(os.sched_getaffinity(0))).scan())
    if not found:
        raise SystemExit("nothing was found")
    return time.perf_counter() - begin


def medians(programs: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each, all taking turns."""
    times: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(rounds + 1):
        for name, run in programs.items():
            seconds = run()
            if number:
                times[name].append(seconds)
    return {name: statistics.median(runs) for name, runs in times.items()}


def audit(image: Path) -> Callable[[], float]:
    """The whole program, as an imaging station runs it."""
    return partial(once, [sys.executable, "-m", "dongle_cli", "audit", image, "--policy", "strict", "--format", "json"])


def main() -> None:
    """Print one line a program, with its ratio."""
    environment()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--image", type=Path)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        image: Path = asked.image or build(asked.keep or folder / "disk.img", asked.files).path
        os.environ["DONGLE_HOME"] = str(folder / "home")
        fls = shutil.which("fls")
        programs = {"dongle-cli audit, raw": audit(image), "its scan alone, raw": partial(scan, image)}
        if fls:
            programs["fls -r -p, raw"] = partial(once, [fls, "-r", "-p", image])
        for format, options in FORMATS:
            made = convert(image, folder / f"disk.{format}", format, *options)
            programs[f"its scan alone, {format}"] = partial(scan, made)
        found = medians(programs, asked.rounds)
    raw = found["its scan alone, raw"]
    print(f"{'program':<28}{'seconds':>9}{'x raw':>8}{'x fls':>8}")
    for name, seconds in found.items():
        against = f"{seconds / found['fls -r -p, raw']:8.2f}" if fls else ""
        print(f"{name:<28}{seconds:>9.2f}{seconds / raw:>8.2f}{against}")
    print(f"peak memory of a process: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
