"""Fixtures that every test may plug in."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from dongle_cli.lab import process
from dongle_cli.lab.ask import ask
from dongle_cli.usb import enumerate as enumeration

# A shell's background job ignores SIGINT, and so would every program that a test starts in order to interrupt it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says more about the machine than about the program, and a folder that all examples share is
# meant so. The profile loaded so far stays the parent: where CI is set, it draws the same examples each time.
settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("house")


@dataclass
class Lab:
    """A running lab in a DONGLE_HOME of its own, and everything a test wants of it."""

    home: Path
    summary: dict[str, Any]
    said: list[str] = field(default_factory=list)  # everything that `run` printed

    @property
    def bus(self) -> str:
        """What DONGLE_BUS is set to."""
        return str(self.summary["bus"])

    @property
    def profile(self) -> Path:
        """The profile that the closed network wants."""
        return Path(self.summary["profile"])

    @property
    def sims(self) -> Path:
        """The SIM list, with passwords and PINs."""
        return Path(self.summary["sims"])

    @property
    def pid(self) -> int:
        """The server's process."""
        return int(self.summary["pid"])

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which `dongle-cli` sees this lab and nothing of the person who runs the tests."""
        personal = ("DONGLE_", "XDG_", "LC_", "LANG", "PYTHONUNBUFFERED")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(personal)}
        return {**kept, "DONGLE_BUS": self.bus, "DONGLE_HOME": str(self.home), "LANGUAGE": "en", "NO_COLOR": "1"}

    def ask(self, **request: object) -> dict[str, Any]:
        """One request on the lab's control channel."""
        return ask(self.home / "state" / "lab" / "control.sock", **request)

    def status(self) -> list[dict[str, Any]]:
        """Each dongle as its own memory has it, in the order of numbers."""
        dongles: list[dict[str, Any]] = self.ask(command="status")["dongles"]
        return dongles

    def replug(self, port: str) -> None:
        """Pull the dongle at `port` and push it in again."""
        assert self.ask(command="replug", port=port) == {}

    def release(self) -> None:
        """Let every dongle hear again that the fault `hold` made deaf."""
        assert self.ask(command="release") == {}

    def run(self, *arguments: str | Path, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """`dongle-cli ARGUMENTS` in this lab's environment, as a process."""
        done = subprocess.run(
            [sys.executable, "-m", "dongle_cli", *map(str, arguments)],
            env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
        )  # fmt: skip
        self.said += [done.stdout, done.stderr]
        return done

    def leaks(self) -> list[str]:
        """Where one of the SIM list's passwords stands that is not the SIM list: said, or in any file of the home."""
        if not self.sims.exists():
            return []
        with self.sims.open(encoding="utf-8", errors="replace", newline="") as file:
            passwords = {row.get("password") or "" for row in csv.DictReader(file)}
        passwords = {password for password in passwords if len(password) >= 8}  # shorter ones occur by chance
        files = [path for path in self.home.rglob("*") if path.is_file() and not path.match("sims*.csv")]
        found = [f"said: {text[:200]}" for text in self.said if any(password in text for password in passwords)]
        content = {path: path.read_bytes() for path in files}
        return found + [str(p) for p, data in content.items() if any(pw.encode() in data for pw in passwords)]

    def stop(self) -> None:
        """End it; harmless where it has ended."""
        try:
            self.ask(command="stop")
        except OSError:
            return


@pytest.fixture(autouse=True)
def buses() -> None:
    """Let this process know of no bus: the kernel gives a test's server the port that an earlier test's had."""
    enumeration._bus.cache_clear()
    enumeration._listed.clear()


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Lab]]:
    """Start labs: `lab(count=2, models=["quectel-ec25"], faults=["drop=5@2"], sims=path, **process.Wanted fields)`."""
    labs: list[Lab] = []

    def start(
        count: int = 1, models: Sequence[str] = (), faults: Sequence[str] = (), sims: Path | None = None, **wanted: Any
    ) -> Lab:
        home = Path(tempfile.mkdtemp(prefix="lab-"))  # short: a Unix socket's path is at most 107 bytes
        with monkeypatch.context() as patch:
            patch.setenv("DONGLE_HOME", str(home))
            wanted.setdefault("absence", 0.1)
            summary = process.start(process.Wanted(count, tuple(models), tuple(faults), sims, **wanted))
        labs.append(Lab(home, summary))
        return labs[-1]

    yield start
    leaks = [leak for running in labs for leak in running.leaks()]
    for running in labs:
        running.stop()
        shutil.rmtree(running.home, ignore_errors=True)
    assert not leaks
