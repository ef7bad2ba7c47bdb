"""Fixtures that every test may plug in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dongle_cli.lab import process
from dongle_cli.lab.ask import ask


@dataclass
class Lab:
    """A running lab in a DONGLE_HOME of its own, and everything a test wants of it."""

    home: Path
    summary: dict[str, Any]

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
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DONGLE_", "XDG_", "LC_", "LANG"))}
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

    def run(self, *arguments: str | Path, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """`dongle-cli ARGUMENTS` in this lab's environment, as a process."""
        return subprocess.run(
            [sys.executable, "-m", "dongle_cli", *map(str, arguments)],
            env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
        )  # fmt: skip

    def stop(self) -> None:
        """End it; harmless where it has ended."""
        try:
            self.ask(command="stop")
        except OSError:
            return


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
    for running in labs:
        running.stop()
        shutil.rmtree(running.home, ignore_errors=True)
