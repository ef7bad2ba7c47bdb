"""The targets of one run: each names something, and none lies in another, or what is there would be counted twice."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

from dongle_cli.audit.sources import mounts
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _


def check(targets: Sequence[str]) -> None:
    """To be asked before anything is opened; DongleError `usage.target` for an empty name, or one place twice.

    An empty name is what a script's "$disk" becomes without a value: it never means this machine.
    """
    if not all(targets):
        raise DongleError(
            _("A target is empty: it names nothing to look at."),
            code="usage.target",
            hint=_("In a script, a variable may have no value. Only a command without any target means this machine."),
        )
    own, chains = [_identity(one) for one in targets], [_chain(one) for one in targets]
    for (one, inner), (other, outer) in permutations(enumerate(targets), 2):
        if own[other] in chains[one] and _enters(outer, inner):
            raise DongleError(
                _("{inner} lies in {outer}, or is the same: it would be looked at and counted twice.").format(
                    inner=inner, outer=outer
                ),
                code="usage.target",
                hint=_("Name only {outer}, which brings all that lies in it; or run the command once for each.").format(
                    outer=outer
                ),
            )


def holds(folder: str, path: str) -> bool:
    """Whether `path` is `folder` or below it, by whatever name: also through links and bind mounts."""
    return _identity(folder) in _chain(path)


def _identity(path: str | Path) -> tuple[int, int] | None:
    """How the system tells apart what is at `path`; None where nothing is that could be asked for."""
    try:
        about = Path(path).stat()
    except OSError:
        return None
    return about.st_dev, about.st_ino


def _chain(path: str) -> set[tuple[int, int]]:
    """What is at `path`, and every folder above it; a file may not be there yet."""
    here = Path(os.path.realpath(path))
    return {found for one in (here, *here.parents) if (found := _identity(one)) is not None}


def _enters(outer: str, inner: str) -> bool:
    """Whether a walk through `outer` comes to `inner` below it: a mount from a network in between is passed over."""
    table = mounts.mounted()
    here, there = (mounts.home_of(os.path.realpath(path), table) for path in (outer, inner))
    return there is None or there == here or there.kind not in mounts.NETWORK | mounts.PSEUDO
