"""Files of evidence: written once, whole or not at all, and never over another."""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import count
from pathlib import Path

from dongle_cli import atomic
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason


def write_once(folder: Path, stem: str, data: bytes) -> Path:
    """Write STEM.json into `folder` and return its path; STEM-2.json and on where that name is taken.

    Readable by the group, for whoever checks. DongleError `evidence.unwritable`.
    """
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        for number in count(1):
            path = folder / (f"{stem}.json" if number == 1 else f"{stem}-{number}.json")
            with suppress(FileExistsError):
                atomic.write(path, data, mode=0o640, new=True)
                return path
    except OSError as error:
        raise DongleError(
            _("The evidence cannot be written to {folder}: {reason}.").format(folder=folder, reason=reason(error)),
            code="evidence.unwritable",
            hint=_("Make room on the disk or mend the folder's rights, then run the same command again."),
        ) from None
    raise AssertionError("count() does not end")


def safe(text: str) -> str:
    """`text` as part of a file name on any system: letters (Japanese too), digits, - and _; at most 64 characters."""
    return re.sub(r"[^\w\-]+", "-", text).strip("-_")[:64] or "dongle"
