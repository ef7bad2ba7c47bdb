"""Files that hold keys: only their owner reads them, and a crash leaves the old one or the new one, whole."""

from __future__ import annotations

from pathlib import Path

from dongle_cli import atomic
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason


def folder(place: str, default: Path) -> Path:
    """The folder that a specification names, made with mode 0700 where it is new; `keystore.unwritable`."""
    path = Path(place).expanduser() if place else default
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path, error) from None
    return path


def read(path: Path) -> bytes | None:
    """What the file holds, None where there is none; DongleError `keystore.unreadable` for everything else."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DongleError(
            _("{path} cannot be read: {reason}.").format(path=path, reason=reason(error)), code="keystore.unreadable"
        ) from None


def write(path: Path, data: bytes, *, new: bool = False) -> None:
    """Put `data` at `path` with mode 0600, whole or not at all; `new` refuses an existing file with FileExistsError."""
    try:
        atomic.write(path, data, mode=0o600, new=new)
    except FileExistsError:
        raise
    except OSError as error:
        raise unwritable(path, error) from None


def remove(path: Path) -> bool:
    """Whether there was a file to remove."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise unwritable(path, error) from None
    return True


def unwritable(path: Path, error: OSError) -> DongleError:
    """The error for a place that does not take what is written there."""
    return DongleError(
        _("{path} cannot be written: {reason}. What was there is unchanged.").format(path=path, reason=reason(error)),
        code="keystore.unwritable",
    )
