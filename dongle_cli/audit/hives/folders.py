"""A volume's folders as Windows sees them: names found whatever their case, also where Linux has mounted the disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import translate
from typing import BinaryIO

from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.audit.model import Entry, Volume


class Folders:
    """Looks things up on one volume; folders that were read are remembered."""

    def __init__(self, volume: Volume) -> None:
        self.volume = volume
        self._read: dict[str, dict[str, tuple[str, bool]]] = {}

    def names(self, folder: str) -> dict[str, tuple[str, bool]]:
        """What is in `folder`, keyed by the folded name; empty where there is no such folder, OSError if unreadable."""
        if folder not in self._read:
            try:
                self._read[folder] = {name.casefold(): (name, inner) for name, inner in self.volume.list(folder)}
            except (FileNotFoundError, NotADirectoryError):
                self._read[folder] = {}
        return self._read[folder]

    def real(self, path: str) -> str | None:
        """`path` as it is spelled on the volume, or None where there is no such thing; OSError if unreadable."""
        at = ""
        for part in filter(None, path.split("/")):
            known = self.names(at).get(part.casefold())
            if known is None:
                return None
            at = f"{at}/{known[0]}" if at else known[0]
        return at

    def find(self, path: str) -> Entry | None:
        """The file or folder at `path`, whatever its case."""
        real = self.real(path)
        return None if real is None else self.volume.find(real)

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder; what cannot be looked at is not there to work with."""
        try:
            return self.real(path) is not None
        except OSError:
            return False

    def open(self, path: str) -> BinaryIO:
        """The content of the file at `path`; Unreadable says why not."""
        try:
            real = self.real(path)
            if real is None:
                raise FileNotFoundError(2, "No such file or directory")
            return self.volume.open(real)
        except OSError as error:
            raise Unreadable.of(path, error) from None

    def glob(self, pattern: str) -> Iterator[tuple[str, bool]]:
        """Paths that match `pattern` part by part (`*` and `?` within a name), each with whether it is a folder.

        A folder that cannot be read raises OSError: the caller says so.
        """
        parts = pattern.split("/")
        yield from self._glob("", parts)

    def _glob(self, at: str, parts: list[str]) -> Iterator[tuple[str, bool]]:
        wanted = re.compile(translate(parts[0].casefold()))
        for folded, (name, folder) in list(self.names(at).items()):
            if not wanted.match(folded):
                continue
            path = f"{at}/{name}" if at else name
            if len(parts) == 1:
                yield path, folder
            elif folder:
                yield from self._glob(path, parts[1:])
