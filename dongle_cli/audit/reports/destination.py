"""Where a report may be written: into a folder that is there, and never into what is being looked at."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from dongle_cli.audit.reports import WRITERS, unwritten
from dongle_cli.audit.sources.targets import holds
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _


def check(path: Path, targets: Iterable[str]) -> None:
    """To be asked before a run begins; DongleError `usage.report` for another suffix, no folder, or a target's inside.

    `audit.report` where it may not be written. The live machine, or "/", holds everything: a report about it may stand
    on it, for there is no outside.
    """
    if path.suffix.lower() not in WRITERS:
        raise DongleError(
            _("The name of the report {path} does not end in a format that is known.").format(path=path),
            code="usage.report",
            hint=_("Known endings: {names}").format(names=", ".join(WRITERS)),
        )
    folder = path.parent
    try:
        _can_write(path, folder)
    except OSError as error:
        raise unwritten(path, error) from None
    places = {os.path.realpath(folder), os.path.realpath(path)}
    for target in targets:
        if target and os.path.realpath(target) != "/" and any(holds(target, place) for place in places):
            raise DongleError(
                _("The report {path} would be written into {target}, which is being looked at.").format(
                    path=path, target=target
                ),
                code="usage.report",
                hint=_("Nothing is ever written there. Name a place outside of it."),
            )


def _can_write(path: Path, folder: Path) -> None:
    """DongleError `usage.report` where it cannot be meant; OSError where the system would not take it."""
    if not folder.is_dir():
        raise DongleError(_("There is no folder {folder} for the report.").format(folder=folder), code="usage.report")
    if path.is_dir():
        raise DongleError(_("{path} is a folder, not a file.").format(path=path), code="usage.report")
    as_ourselves = os.access in os.supports_effective_ids
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=as_ourselves):
        number = errno.EROFS if os.statvfs(folder).f_flag & os.ST_RDONLY else errno.EACCES
        raise OSError(number, os.strerror(number), str(folder))
