"""Starting, asking and stopping the lab's server process; one lab at a time for each state folder."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dongle_cli import paths
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.lab import sims as sim_list
from dongle_cli.lab.control import ask, check_path
from dongle_cli.lab.families import choose
from dongle_cli.lab.faults import order as check_faults

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Wanted:
    """A lab as a person orders it."""

    count: int = 3
    models: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    sims: Path | None = None  # an existing SIM list
    delay: float = 0.0
    absence: float = 0.3
    pin: bool = False
    host: str = "127.0.0.1"
    port: int = 0
    seed: int | None = None
    out: Path | None = None  # where profile and SIM list are written


def folder() -> Path:
    """Where a running lab keeps its socket and log."""
    return paths.state_dir() / "lab"


def start(wanted: Wanted) -> dict[str, Any]:
    """Start a lab in the background; its summary once it can be used. DongleError `lab.running`, `lab.start`."""
    place = folder()
    socket = place / "control.sock"
    check_path(socket)
    choose(list(wanted.models), wanted.count)
    check_faults(wanted.faults, wanted.count)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (place / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two starts at once: the second one sees the first one's lab
        if is_running():
            raise DongleError(
                _("A lab is running already."), code="lab.running", hint=_("Stop it with: dongle-cli lab stop")
            )
        rows = (
            sim_list.load(wanted.sims, wanted.count)
            if wanted.sims is not None
            else sim_list.make(wanted.count, wanted.seed)
        )
        profile, table = sim_list.write(wanted.out or place, rows)
        order = {
            **{k: v for k, v in dataclasses.asdict(wanted).items() if k not in ("sims", "out")},
            "sims": [dataclasses.asdict(row) for row in rows],
            "socket": str(socket),
            "profile": str(profile.resolve()),
            "table": str(table.resolve()),
        }
        return _spawn(order, place / "server.log")


def _spawn(order: dict[str, Any], log: Path) -> dict[str, Any]:
    """The server in its own session; its order goes through a pipe, so that no password is ever an argument."""
    read, write = os.pipe()
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "dongle_cli.lab.server"],
                stdin=subprocess.PIPE, stdout=output, stderr=output, pass_fds=(write,), start_new_session=True,
                cwd="/",
            )  # fmt: skip
        os.close(write)
        assert process.stdin is not None  # noqa: S101 - asked for above
        with process.stdin as pipe:
            pipe.write(json.dumps({**order, "ready": write}).encode() + b"\n")
        answer = _line(read, _START_SECONDS)
    finally:
        os.close(read)
    if "error" in answer or not answer:
        error = answer.get("error", {})
        process.kill()
        process.wait()
        raise DongleError(
            _("The lab did not start: {reason}").format(reason=error.get("message") or _("it gave no reason.")),
            code=error.get("code", "lab.start"),
            hint=error.get("hint") or _("Its log is {path}.").format(path=log),
        )
    return answer


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


def is_running() -> bool:
    """Whether a lab answers."""
    try:
        return bool(ask(folder() / "control.sock", command="status"))
    except OSError:
        return False


def request(**command: object) -> dict[str, Any]:
    """Ask the running lab; DongleError `lab.not-running` where there is none."""
    try:
        return ask(folder() / "control.sock", **command)
    except OSError:
        raise DongleError(
            _("No lab is running."), code="lab.not-running", hint=_("Start one with: dongle-cli lab start --count 3")
        ) from None


def stop() -> None:
    """Stop the running lab and wait until it is gone."""
    request(command="stop")
    socket = folder() / "control.sock"
    deadline = time.monotonic() + _STOP_SECONDS
    while socket.exists():
        if time.monotonic() > deadline:
            raise DongleError(_("The lab does not stop."), code="lab.stop")
        time.sleep(0.02)


def stay() -> None:
    """Wait until the lab ends; an interrupt ends it."""
    socket = folder() / "control.sock"
    try:
        while socket.exists():
            time.sleep(0.2)
    except KeyboardInterrupt:
        stop()
