"""Runs in the guest as its only purpose: every scenario in a process of its own, one folder of results each."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

BENCH = Path("/run/bench")
HOME = "/run/dongle"  # a tmpfs: SQLite and sockets do not work on the shared folder
HERE = Path(__file__).parent
DEADLINE = 900.0  # seconds a scenario; each wait within it has a shorter one of its own

# What a person would look at first when a scenario fails.
WITNESSES = {
    "dmesg": ["dmesg"],
    "journal": ["journalctl", "--no-pager", "-b", "-o", "short-monotonic"],
    "udev": ["udevadm", "info", "--export-db"],
    "usb": ["lsusb", "-v"],
    "vhci": ["cat", "/sys/devices/platform/vhci_hcd.0/status"],
    "processes": ["busybox", "ps"],
}


def main() -> None:
    """Prepare the machine, run what job.json names, write what became of it."""
    job = json.loads((BENCH / "job.json").read_text())
    (BENCH / "booted").write_text(Path("/proc/uptime").read_text())
    os.chdir(job["repository"])
    for command in (
        ["busybox", "ip", "link", "set", "lo", "up"],
        ["mkdir", "-p", "/run/lock"],
        ["cp", str(HERE / "50-bench.rules"), "/etc/udev/rules.d/"],
        ["udevadm", "control", "--reload"],
        ["modprobe", "-a", "vhci_hcd", "usb_storage", "sr_mod", "sg"],
        ["udevadm", "settle", "--timeout=120"],
    ):
        subprocess.run(command, check=True, timeout=150)
    for scenario in job["scenarios"]:
        play(scenario)


def play(scenario: str) -> None:
    """Run one scenario and write result.json: `result` is passed, failed or "timed out"."""
    folder = BENCH / scenario
    folder.mkdir()
    environment = os.environ | {"BENCH_OUT": str(folder), "PYTHONPATH": str(HERE), "DONGLE_HOME": HOME}
    started = time.monotonic()
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-u", str(HERE / "scenarios" / f"{scenario}.py")]
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   start_new_session=True)  # fmt: skip
        try:
            result = "passed" if process.wait(DEADLINE) == 0 else "failed"
        except subprocess.TimeoutExpired:
            result = "timed out"
        finally:
            end_group(process)
    if result != "passed":
        witness(folder)
        tidy(environment)
    answer = {"scenario": scenario, "result": result, "seconds": round(time.monotonic() - started, 1)}
    (folder / "result.json").write_text(json.dumps(answer))


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End the scenario and what it started in its own session; a lab is in another one."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def tidy(environment: dict[str, str]) -> None:
    """What a scenario does itself at its end, done for one that did not reach it."""
    subprocess.run([sys.executable, "-m", "dongle_cli", "lab", "stop"], env=environment, timeout=150)
    subprocess.run(["systemctl", "stop", "ModemManager"], timeout=150)


def witness(folder: Path) -> None:
    """Save what the kernel, udev and the services know, while it is still as it was when the scenario failed."""
    for name, command in WITNESSES.items():
        with (folder / f"{name}.txt").open("wb") as out:
            subprocess.run(command, stdout=out, stderr=out, timeout=150)
    for report in Path(HOME, "state").rglob("*.log"):  # crash reports, and what the lab had to say
        shutil.copy(report, folder / f"state-{report.name}")


main()
