"""The lab's control channel: one JSON object a line over a Unix socket that only its owner can open."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path
from typing import Any

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.lab.bench import Bench

DEADLINE = 10.0
_LONGEST = 107  # sun_path without its terminating zero byte


class Control:
    """The server's side. Commands: status, replug, stop."""

    def __init__(self, bench: Bench, summary: dict[str, object]) -> None:
        self._bench = bench
        self._summary = summary
        self.stopped = asyncio.Event()

    async def open(self, path: Path) -> asyncio.Server:
        """Listen at `path`, which only this user may open."""
        before = os.umask(0o177)
        try:
            return await asyncio.start_unix_server(self._serve, path)
        finally:
            os.umask(before)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readline(), DEADLINE)
            writer.write(json.dumps(self._answer(line)).encode() + b"\n")
            await writer.drain()
        except (OSError, TimeoutError, ValueError):
            pass  # the asker went away or never asked
        finally:
            writer.close()

    def _answer(self, line: bytes) -> dict[str, object]:
        request = json.loads(line)
        if not isinstance(request, dict):
            raise ValueError
        match request.get("command"):
            case "status":
                return {**self._summary, "dongles": self._bench.status()}
            case "replug":
                dongle = self._bench.find(str(request.get("port")))
                if dongle is None:
                    return {"error": "port"}
                dongle.replug()
                return {}
            case "stop":
                self.stopped.set()
                return {}
        return {"error": "command"}


def check_path(path: Path) -> None:
    """DongleError where no Unix socket can be at `path`."""
    if len(os.fsencode(path)) > _LONGEST:
        raise DongleError(
            _("The path of the lab's control socket is too long: {path}.").format(path=path),
            code="lab.path",
            hint=_("Set DONGLE_HOME to a folder with a shorter path."),
        )


def ask(path: Path, **request: object) -> dict[str, Any]:
    """Ask the lab at `path`; ConnectionError or FileNotFoundError where none is running."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(DEADLINE)
        sock.connect(os.fspath(path))
        sock.sendall(json.dumps(request).encode() + b"\n")
        with sock.makefile("rb") as file:
            answer: dict[str, Any] = json.loads(file.readline() or b"{}")
            return answer
