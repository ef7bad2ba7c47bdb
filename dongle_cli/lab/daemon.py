"""Processes that outlive the command which started them, and say in one line when they are ready."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from dongle_cli import i18n
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

_SECONDS = 60.0  # a guest without hardware virtualization takes ten to start an interpreter


def spawn(module: str, order: dict[str, Any], log: Path) -> dict[str, Any]:
    """Run `python -m module` in a session of its own and return its first line; DongleError where it ends before.

    The order goes through its standard input, so that no password is ever an argument or in the environment.
    """
    read, write = os.pipe()
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", module],
                stdin=subprocess.PIPE, stdout=output, stderr=output, pass_fds=(write,), start_new_session=True,
                cwd="/",
            )  # fmt: skip
        os.close(write)
        assert process.stdin is not None  # noqa: S101 - asked for above
        try:
            with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
                pipe.write(json.dumps({**order, "ready": write}).encode() + b"\n")
            answer = _line(read, _SECONDS)
        except BaseException:  # Ctrl-C: a process that nobody waits for any more must not come up later
            _end(process)
            raise
    finally:
        os.close(read)
    if not answer or "error" in answer:
        _end(process)
        error = answer.get("error", {})
        raise DongleError(
            error.get("message") or _("The lab did not start."),
            code=error.get("code", "lab.start"),
            hint=error.get("hint") or _("Its log is {path}.").format(path=log),
        )
    process.wait()  # the one that was started has handed over to a child and ended
    return answer


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill it and the child it may have handed over to: its own session, in which nobody else is."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def order() -> tuple[dict[str, Any], int]:
    """The order on standard input and the descriptor to be ready on; from here on this process is nobody's child."""
    text = json.loads(sys.stdin.readline())
    i18n.activate()  # LANGUAGE is what the one that started this process speaks
    if os.fork():
        os._exit(0)
    return text, int(text["ready"])


def tell(ready: int, answer: dict[str, object]) -> None:
    """Say the first and only line."""
    with os.fdopen(ready, "wb") as pipe, contextlib.suppress(BrokenPipeError):
        pipe.write(json.dumps(answer).encode() + b"\n")


def _line(descriptor: int, seconds: float) -> dict[str, Any]:
    """One JSON line from a pipe, or nothing where it ends or the time is over."""
    deadline = time.monotonic() + seconds
    data = b""
    while not data.endswith(b"\n"):
        ready, _w, _x = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        piece = os.read(descriptor, 65536) if ready else b""
        if not piece:
            return {}
        data += piece
    answer: dict[str, Any] = json.loads(data)
    return answer
