"""Names the place of each file that was recognised."""

from __future__ import annotations

from collections.abc import Sequence

from dongle_cli.audit.model import Entry, Volume
from dongle_cli.audit.places.place import Place


class Places:
    """The places of a source's volumes, prepared once; `of` is asked for each document that was found."""

    def __init__(self, volumes: Sequence[Volume]) -> None:
        self._volumes = volumes

    def of(self, entry: Entry) -> Place:
        """The place of `entry`; every file has one."""
        return Place("folder")
