"""Programs that nobody here wrote: found or named with their package, started, waited for, ended by their own pid."""

from __future__ import annotations

import os
import queue
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection


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

    def wait_for(self, text: str, timeout: float = 60) -> str:
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


def wait_for_port(port: int) -> None:
    """Until somebody listens on loopback."""
    _until_there_is(lambda: socket.create_connection(("127.0.0.1", port), timeout=1).close(), f"port {port}")


def wait_for_socket(path: Path) -> None:
    """Until somebody listens there: the file alone is made a moment earlier, and nobody is let in yet."""

    def connect() -> None:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(path))

    _until_there_is(connect, str(path))


def wait_for_owner(address: str, name: str) -> None:
    """Until somebody has this name on the D-Bus at `address`; asking for what he does would start another one."""
    with open_dbus_connection(address) as line:

        def ask() -> None:
            if not line.send_and_get_reply(message_bus.NameHasOwner(name), timeout=60).body[0]:
                raise ConnectionRefusedError

        _until_there_is(ask, name)


def _until_there_is(attempt: Callable[[], None], what: str, timeout: float = 60) -> None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            attempt()
            return
        except OSError:
            assert time.monotonic() < deadline, f"{what} did not come"
            time.sleep(0.02)  # whoever begins to listen tells nobody
