"""Programs that nobody here wrote: found or named with their package, started, waited for, ended by their own pid."""

from __future__ import annotations

import os
import queue
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest


def need(program: str, package: str) -> str:
    """The path of `program`; without it the test fails on CI and is skipped elsewhere, naming the Debian package."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/lib/ipsec")
    if found is None:
        message = f"{program} is missing; it comes with the Debian package {package}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    assert found is not None
    return found


@dataclass
class Running:
    """A server with everything it says."""

    process: subprocess.Popen[str]
    lines: queue.Queue[str | None]
    said: list[str] = field(default_factory=list)

    def wait_for(self, text: str, timeout: float = 20) -> str:
        """The next line that holds `text`; fails with all that was said where it does not come."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError(f"never said {text!r}:\n" + "".join(self.said[-80:]))
            if text in line:
                return line


@contextmanager
def running(
    command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Iterator[Running]:
    """Run a server as long as the block lasts, stdout and stderr read together."""
    process = subprocess.Popen(
        [str(word) for word in command], env=dict(env) if env is not None else None, cwd=cwd,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    )  # fmt: skip
    server = Running(process, queue.Queue())

    def read() -> None:
        assert process.stdout
        for line in process.stdout:
            server.said.append(line)
            server.lines.put(line)
        server.lines.put(None)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)


def wait_for_port(port: int, timeout: float = 10) -> None:
    """Until somebody listens on loopback."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def wait_for_path(path: Path, timeout: float = 20) -> None:
    """Until something is there."""
    deadline = time.monotonic() + timeout
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not come"
        time.sleep(0.02)
