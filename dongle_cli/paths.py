"""Where things are kept: XDG folders, or all of them under DONGLE_HOME."""

from __future__ import annotations

import os
from pathlib import Path


def _place(kind: str, variable: str, default: str) -> Path:
    home = os.environ.get("DONGLE_HOME")
    if home:
        return Path(home) / kind
    base = os.environ.get(variable) or str(Path.home() / default)
    return Path(base) / "dongle-cli"


def config_dir() -> Path:
    """Settings and profiles a person wrote; never written by the program."""
    return _place("config", "XDG_CONFIG_HOME", ".config")


def data_dir() -> Path:
    """What must be kept: the register and the evidence."""
    return _place("data", "XDG_DATA_HOME", ".local/share")


def state_dir() -> Path:
    """What may be lost: logs, the last list, a running lab."""
    return _place("state", "XDG_STATE_HOME", ".local/state")


def lock_dir() -> Path:
    """Locks that every user of this machine must see: a bench is shared even when accounts are not."""
    home = os.environ.get("DONGLE_HOME")
    return Path(home) / "lock" if home else Path("/run/lock")


def profile_dirs() -> list[Path]:
    """Where a profile named without a path is looked for, the person's own first."""
    return [config_dir() / "profiles", Path("/etc/dongle-cli/profiles")]


def register_url() -> str:
    """The SQLAlchemy URL of the register: DONGLE_REGISTER, or an SQLite file among the data."""
    return os.environ.get("DONGLE_REGISTER") or f"sqlite:///{data_dir() / 'register.db'}"
