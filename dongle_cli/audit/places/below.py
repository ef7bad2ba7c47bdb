"""A folder of a volume as a volume of its own: a Windows.old, or a disk that is mounted below another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from dongle_cli.audit.model import Entry, Volume


@dataclass(slots=True)
class Below:
    """What is in `folder` of `volume`, with paths from there."""

    volume: Volume
    folder: str
    name: str = field(init=False)  # the volume's own

    def __post_init__(self) -> None:
        self.name = self.volume.name

    def find(self, path: str) -> Entry | None:
        """The file or folder at `path`, or None."""
        entry = self.volume.find(self._whole(path))
        return entry._replace(path=entry.path[len(self.folder) + 1 :]) if entry else None

    def list(self, path: str) -> Iterator[tuple[str, bool]]:
        """Names in the folder at `path`, each with whether it is a folder."""
        return self.volume.list(self._whole(path))

    def open(self, path: str) -> BinaryIO:
        """The file's content."""
        return self.volume.open(self._whole(path))

    def _whole(self, path: str) -> str:
        return f"{self.folder}/{path}" if path else self.folder
