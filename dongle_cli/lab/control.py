"""The server's end of the control channel: one JSON object a line over a Unix socket that only its owner can open."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

from dongle_cli.lab.ask import DEADLINE
from dongle_cli.lab.bench import Bench


class Control:
    """The server's side. Commands: status, replug, release, stop."""

    def __init__(self, bench: Bench, summary: dict[str, object]) -> None:
        self._bench = bench
        self._summary = summary
        self.stopped = asyncio.Event()
        self.gone = asyncio.Event()  # what the lab listened at is free

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
            answer = self._answer(line)
            if self.stopped.is_set():  # told by an answer, or by the end of the connection, when another lab may start
                await self.gone.wait()
            writer.write(json.dumps(answer).encode() + b"\n")
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
            case "release":  # what the fault `hold` holds
                for dongle in self._bench.dongles:
                    dongle.brain().held = False
                return {}
            case "stop":
                self.stopped.set()
                return {}
        return {"error": "command"}
