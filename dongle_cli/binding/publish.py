"""Files that others read (certificates, chains, CRLs): whole and new, or as they were; a full disk changes nothing."""

from __future__ import annotations

import os
from pathlib import Path

from dongle_cli import atomic
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason


def write(path: Path, data: bytes, *, mode: int = 0o644, repeatable: bool = False) -> None:
    """Put `data` at `path`, atomically and on the medium; DongleError `file.unwritable`, then the old file stays.

    `repeatable`: the same command writes it again, so that its name alone may be lost with the power.
    """
    target = Path(os.path.realpath(path))  # a link to the file that a gateway reads stays a link
    try:
        if target.exists() and not target.is_file():  # /dev/stdout and pipes cannot be replaced
            with target.open("wb") as file:
                file.write(data)
        else:
            atomic.write(target, data, mode=mode, durable=not repeatable)
    except OSError as error:
        raise DongleError(
            _("{path} cannot be written: {reason}. What was there is unchanged.").format(
                path=path, reason=reason(error)
            ),
            code="file.unwritable",
            hint=_("Make room or choose another place, then run the same command again."),
        ) from None


def read(path: Path, most: int = 16 * 1024 * 1024) -> bytes:
    """What the file holds, at most `most` bytes; DongleError `file.unreadable`."""
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise DongleError(
            _("{path} cannot be read: {reason}.").format(path=path, reason=reason(error)), code="file.unreadable"
        ) from None
    if len(data) > most:
        raise DongleError(
            _("{path} is larger than {max} MB.").format(path=path, max=most // 2**20), code="file.unreadable"
        )
    return data
