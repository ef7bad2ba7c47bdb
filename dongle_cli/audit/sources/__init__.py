"""Where files come from: the live machine, a folder, a disk image; each a Source, found by what the target is."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dongle_cli.audit.identify import Limits
from dongle_cli.audit.model import Source
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason

if TYPE_CHECKING:
    from dongle_cli.secrets import Secret

LIVE = None  # the target that means this machine: nothing that could be typed does


@dataclass(frozen=True, slots=True)
class Options:
    """How to look: what an operator or a policy says of it."""

    limits: Limits = field(default_factory=Limits)
    jobs: int = 1
    ask_network: bool = False
    unlock: tuple[tuple[str, Secret], ...] = ()  # of encrypted volumes: ("password" | "recovery" | "startup", value)


def open_source(target: str | None, options: Options) -> Source:
    """The source that `target` names; DongleError `audit.target` where it is nothing that can be looked at."""
    if target is LIVE:
        from dongle_cli.audit.sources.live import live_source

        return live_source(options)
    try:
        mode = os.stat(target).st_mode  # noqa: PTH116 - Path("") would be the folder where we are
    except OSError as error:
        raise DongleError(
            _("There is nothing to look at under {path}: {reason}.").format(path=target, reason=reason(error)),
            code="audit.target",
            hint=_("Name a folder, a disk image or a mounted disk that you may read."),
        ) from None
    if stat.S_ISDIR(mode):
        if sys.platform == "win32":
            from dongle_cli.audit.sources.live import windows_folder

            return windows_folder(target, options)
        from dongle_cli.audit.sources.directory import DirectorySource

        return DirectorySource(target, options.limits, options.jobs, options.ask_network)
    from dongle_cli.audit.sources.image import ImageSource

    return ImageSource(target, options.limits, options.unlock, options.jobs)
