"""Wall time and peak memory of `provision --all` for 1, 8 and 32 virtual dongles that need 3 s of modem time each.

Every AT answer of the lab takes the same while, so that a whole run of one dongle waits 3 s for its modem. Rounds of
the three sizes take turns; the medians' ratio to one dongle is what counts (target at 32: at most 1.25).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from as_installed import environment

SIZES = (1, 8, 32)
MODEM_TIME = 3.0  # seconds a dongle
COMMAND = [sys.executable, "-m", "dongle_cli"]


def lab(home: Path, count: int, delay: float) -> dict[str, str]:
    """Start a lab and return the environment in which the program sees it."""
    environment = {**os.environ, "DONGLE_HOME": str(home), "LANGUAGE": "en"}
    arguments = ["lab", "start", "--count", str(count), "--model", "quectel-ec25", "--delay", f"{delay:.4f}"]
    started = subprocess.run(
        [*COMMAND, *arguments, "--format", "json"], env=environment, stdout=subprocess.PIPE, check=True
    )
    return {**environment, "DONGLE_BUS": str(json.loads(started.stdout)["bus"])}


def stop(environment: dict[str, str]) -> list[dict[str, object]]:
    """What the dongles hold in the end; then the lab is ended."""
    arguments = [*COMMAND, "lab", "status", "--format", "json"]
    status = subprocess.run(arguments, env=environment, stdout=subprocess.PIPE, check=True)
    subprocess.run([*COMMAND, "lab", "stop"], env=environment, stdout=subprocess.DEVNULL, check=True)
    return [json.loads(line) for line in status.stdout.splitlines()]


def once(count: int, delay: float) -> tuple[float, float, float, int]:
    """Wall seconds, CPU seconds and peak memory (MiB) of one run, and the AT commands that one dongle got."""
    home = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        environment = lab(home, count, delay)
        place = home / "state" / "lab"
        run = ["provision", str(place / "pref-closed.toml"), "--sims", str(place / "sims.csv"), "--all", "--yes", "-q"]
        begin = time.perf_counter()
        child = subprocess.Popen([*COMMAND, *run], env=environment, stdout=subprocess.DEVNULL)
        _pid, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"provision of {count} ended with {child.returncode}")
        commands = max(int(str(dongle["commands"])) for dongle in stop(environment))
        return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, commands
    finally:
        shutil.rmtree(home)


def main() -> None:
    """Print one line a size."""
    environment()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds: int = parser.parse_args().rounds
    delay = MODEM_TIME / once(1, 0.0)[3]
    figures: dict[int, list[tuple[float, float, float, int]]] = {size: [] for size in SIZES}
    for _round in range(rounds):
        for size in SIZES:
            figures[size].append(once(size, delay))
    one = statistics.median(wall for wall, *_rest in figures[1])
    print(f"{rounds} rounds, {delay * 1000:.0f} ms an answer; medians")
    for size, runs in figures.items():
        wall, cpu, memory = (statistics.median(run[i] for run in runs) for i in range(3))
        print(
            f"{size:3} dongles  wall {wall:5.2f} s = {wall / one:.2f} x one   cpu {cpu:5.2f} s   peak {memory:5.1f} MiB"
        )


if __name__ == "__main__":
    main()
