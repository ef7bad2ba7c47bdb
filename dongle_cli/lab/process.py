"""Starting, asking and stopping the lab's server process; one lab at a time for each state folder."""

from __future__ import annotations

import dataclasses
import fcntl
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dongle_cli import paths
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.lab import sims as sim_list
from dongle_cli.lab import vhci
from dongle_cli.lab.ask import ask, check_path
from dongle_cli.lab.daemon import spawn
from dongle_cli.lab.faults import order as check_faults

_STOP_SECONDS = 30.0


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
    check_faults(wanted.faults, wanted.count)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (place / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two starts at once: the second one sees the first one's lab
        if is_running():
            raise DongleError(
                _("A lab is running already."),
                code="lab.running",
                hint=_("See it with: dongle-cli lab status") + "\n" + _("Stop it with: dongle-cli lab stop"),
            )
        rows = (
            sim_list.load(wanted.sims, wanted.count)
            if wanted.sims is not None
            else sim_list.make(wanted.count, wanted.seed)
        )
        profile, table = sim_list.write(wanted.out or place, rows, own=wanted.out is None, read=wanted.sims)
        order = {
            **{k: v for k, v in dataclasses.asdict(wanted).items() if k not in ("sims", "out")},
            "sims": [dataclasses.asdict(row) for row in rows],
            "socket": str(socket),
            "profile": str(profile.resolve()),
            "table": str(table.resolve()),
        }
        return spawn("dongle_cli.lab.server", order, place / "server.log")


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
    if _attached() is not None:
        detach()
    request(command="stop")
    _gone(folder() / "control.sock", _("The lab does not stop."))


def attach() -> dict[str, Any]:
    """Plug every dongle into the kernel and keep it there; DongleError `lab.root`, `lab.no-vhci`, `lab.attached`."""
    vhci.check()
    lab = request(command="status")
    if _attached() is not None:
        raise DongleError(
            _("The lab's dongles are plugged into the kernel already."),
            code="lab.attached",
            hint=_("Take them out with: dongle-cli lab detach"),
        )
    order = {"bus": lab["bus"], "dongles": lab["dongles"], "pid_file": str(_pid_file())}
    return spawn("dongle_cli.lab.vhci", order, folder() / "vhci.log")


def detach() -> None:
    """Take every dongle out of the kernel; DongleError `lab.not-attached`."""
    pid = _attached()
    if pid is None:
        raise DongleError(_("The lab's dongles are not plugged into the kernel."), code="lab.not-attached")
    os.kill(pid, signal.SIGTERM)
    _gone(_pid_file(), _("The lab's dongles cannot be taken out of the kernel."))


def _pid_file() -> Path:
    return folder() / "vhci.pid"


def _attached() -> int | None:
    """The process that keeps the dongles in the kernel; a file that a dead one left behind does not count."""
    try:
        pid = int(_pid_file().read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return pid if b"dongle_cli.lab.vhci" in words else None


def _gone(path: Path, complaint: str) -> None:
    """Wait until `path` is away: its process removes it last of all."""
    deadline = time.monotonic() + _STOP_SECONDS
    while path.exists():
        if time.monotonic() > deadline:
            raise DongleError(complaint, code="lab.stop")
        time.sleep(0.02)


def stay() -> None:
    """Wait until the lab ends; an interrupt ends it."""
    socket = folder() / "control.sock"
    try:
        while socket.exists():
            time.sleep(0.2)
    except KeyboardInterrupt:
        stop()
