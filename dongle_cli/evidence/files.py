"""Files of evidence: written once, whole or not at all, and never over another."""

from __future__ import annotations

import os
import re
import secrets as random
from itertools import count
from pathlib import Path

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason


def write_once(folder: Path, stem: str, data: bytes) -> Path:
    """Write STEM.json into `folder` and return its path; STEM-2.json and on where that name is taken.

    Readable by the group, for whoever checks. DongleError `evidence.unwritable`.
    """
    temporary = folder / f".{stem}.{random.token_hex(4)}.tmp"
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            path = _named(temporary, folder, stem)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(folder)
    except OSError as error:
        raise DongleError(
            _("The evidence cannot be written to {folder}: {reason}.").format(folder=folder, reason=reason(error)),
            code="evidence.unwritable",
            hint=_("Make room on the disk or mend the folder's rights, then run the same command again."),
        ) from None
    return path


def safe(text: str) -> str:
    """`text` as part of a file name on any system: letters (Japanese too), digits, - and _; at most 64 characters."""
    return re.sub(r"[^\w\-]+", "-", text).strip("-_")[:64] or "dongle"


def _named(temporary: Path, folder: Path, stem: str) -> Path:
    """Give the finished file a name that is not taken; a link, unlike a rename, never overwrites."""
    for number in count(1):
        path = folder / (f"{stem}.json" if number == 1 else f"{stem}-{number}.json")
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            continue
        return path
    raise AssertionError("count() does not end")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
