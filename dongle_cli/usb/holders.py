"""Which programs have a device file open, as far as this user may see."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_LOCKS = Path("/var/lock")


def holders(path: str) -> list[tuple[int, str]]:
    """Pid and name of each program that has `path` open, or has left a UUCP lock file (LCK..NAME) and still runs."""
    real = os.path.realpath(path)
    found: dict[int, str] = {}
    for folder in _PROC.iterdir():
        if folder.name.isdecimal() and _has_open(folder, real):
            found[int(folder.name)] = program(int(folder.name))
    pid = _locker(Path(real).name)
    if pid is not None:
        found[pid] = program(pid)
    return sorted(found.items())


def program(pid: int) -> str:
    """The name of the program with `pid`, "?" where it is gone."""
    try:
        return (_PROC / str(pid) / "comm").read_text(encoding="utf-8", errors="replace").strip() or "?"
    except OSError:
        return "?"


def _has_open(folder: Path, real: str) -> bool:
    try:
        for entry in (folder / "fd").iterdir():
            with suppress(OSError):  # closed meanwhile
                if str(entry.readlink()) == real:
                    return True
    except OSError:
        return False  # another user's, or gone
    return False


def _locker(name: str) -> int | None:
    """The pid in the lock file that minicom, pppd and others leave (FHS 3.0 clause 5.9), if it still runs."""
    try:
        pid = int((_LOCKS / f"LCK..{name}").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pid if (_PROC / str(pid)).is_dir() else None
