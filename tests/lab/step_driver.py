"""Runs command lines in forked children and kills them at their N-th step; started once, Python stays warm.

A step is each statement that writes into the database, each commit, and each file that is opened for writing, renamed,
linked or removed. One JSON object a line comes in ({"argv", "kill", "after"}) and one goes out.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import signal
import sys
import threading
import time
import traceback
from typing import Any

import sqlalchemy as sa
import usb.core  # noqa: F401

import dongle_cli
from dongle_cli.cli.main import run
from dongle_cli.models import loader

ROOMS = {"binding", "cli", "evidence", "models", "modem", "provision", "register", "transport", "usb"}
FILES = {"os.rename", "os.link", "os.remove", "os.mkdir"}


class Steps:
    """Counts, and dies at `kill`."""

    def __init__(self, kill: int) -> None:
        self.kill, self.count = kill, 0

    def step(self, *_about: Any, **_more: Any) -> None:
        self.count += 1
        if self.count == self.kill:
            os.kill(os.getpid(), signal.SIGKILL)

    def executed(self, _connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(("SELECT", "PRAGMA", "BEGIN")):
            self.step()

    def audited(self, event: str, about: tuple[Any, ...]) -> None:
        written = event == "open" and isinstance(about[2], int) and about[2] & (os.O_WRONLY | os.O_RDWR)
        if written or event in FILES:
            self.step()


def child(argv: list[str], kill: int, answer: int) -> int:
    steps = Steps(kill)
    sa.event.listen(sa.Engine, "after_cursor_execute", steps.executed)
    sa.event.listen(sa.Engine, "commit", steps.step)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(answer, number)
        setattr(sys, name, open(number, "w", closefd=False))  # noqa: SIM115
    sys.addaudithook(steps.audited)
    code = run(argv)
    sys.stdout.flush()
    os.write(answer, f"\n{steps.count}".encode())
    return code


def warm() -> None:
    """Import everything that a child may need, and read the models."""
    for found in pkgutil.walk_packages(dongle_cli.__path__, "dongle_cli."):
        if found.name.split(".")[1] in ROOMS and "migrations" not in found.name:
            with contextlib.suppress(ImportError):  # an extra that is not installed
                importlib.import_module(found.name)
    loader.load()


def main() -> None:
    warm()
    print("ready", flush=True)
    for line in sys.stdin:
        wish = json.loads(line)
        reading, writing = os.pipe()
        begin = time.monotonic()
        pid = os.fork()
        if not pid:
            os.close(reading)
            code = 99
            try:
                code = child(wish["argv"], wish.get("kill", 0), writing)
            except BaseException:
                os.write(writing, traceback.format_exc().encode())
            finally:
                os._exit(code)
        os.close(writing)
        if wish.get("after") is not None:
            killer = threading.Timer(wish["after"], os.kill, (pid, signal.SIGKILL))
            killer.start()
        with os.fdopen(reading, "rb") as file:
            said = file.read().decode(errors="replace")
        if wish.get("after") is not None:
            killer.cancel()  # before the child is waited for: until then its number is nobody else's
            killer.join()
        _pid, status = os.waitpid(pid, 0)
        text, _newline, count = said.rpartition("\n")
        done = os.waitstatus_to_exitcode(status)
        steps = int(count) if count.isdecimal() else None
        print(json.dumps({"code": done, "said": text if steps is not None else said, "steps": steps,
                          "seconds": time.monotonic() - begin}), flush=True)  # fmt: skip


main()
