"""Where a report may be written: into a folder that is there, and never into what is being looked at."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from dongle_cli.audit.reports import writer
from dongle_cli.audit.sources.targets import holds
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _


def check(path: Path, targets: Iterable[str]) -> None:
    """To be asked before a run begins; DongleError `usage.report` for another suffix, no folder, or a target's inside.

    The live machine, or "/", holds everything: a report about it may stand on it, for there is no outside.
    """
    writer(path.suffix)
    folder = path.parent
    if not folder.is_dir():
        raise DongleError(_("There is no folder {folder} for the report.").format(folder=folder), code="usage.report")
    if path.is_dir():
        raise DongleError(_("{path} is a folder, not a file.").format(path=path), code="usage.report")
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
