"""The asking end of the lab's control channel; light, because every `lab` command pays for it."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

DEADLINE = 30.0
_LONGEST = 107  # sun_path without its terminating zero byte


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
