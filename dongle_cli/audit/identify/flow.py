"""Content that is read from front to back: of a file, which can be skipped in, or of a stream, which cannot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol


class Reader(Protocol):
    """Reads forward; `at` is where it stands."""

    at: int

    def read(self, count: int) -> bytes:
        """The next `count` bytes; fewer at the end."""

    def to(self, place: int) -> None:
        """Skip forward to `place`; what lies behind is gone."""


class Flow:
    """What comes in pieces, once."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self.at = 0
        self._parts = parts
        self._part = b""
        self._used = 0

    def _pull(self, count: int) -> bytes:
        """At most `count` bytes of what is at hand; nothing at the end."""
        while self._used >= len(self._part):
            part = next(self._parts, None)
            if part is None:
                return b""
            self._part, self._used = part, 0
        taken = self._part[self._used : self._used + count]
        self._used += len(taken)
        self.at += len(taken)
        return taken

    def read(self, count: int) -> bytes:
        """The next `count` bytes; fewer at the end."""
        out = bytearray()
        while len(out) < count and (taken := self._pull(count - len(out))):
            out += taken
        return bytes(out)

    def to(self, place: int) -> None:
        """Skip forward to `place`."""
        while self.at < place and self._pull(min(place - self.at, 1 << 20)):
            pass


class Seekable:
    """A file, from its beginning; others may move it meanwhile."""

    def __init__(self, file: BinaryIO) -> None:
        self.at = 0
        self._file = file
        self._end = file.seek(0, 2)

    def read(self, count: int) -> bytes:
        """The next `count` bytes; fewer at the end."""
        self._file.seek(self.at)
        data = self._file.read(count)
        self.at += len(data)
        return data

    def to(self, place: int) -> None:
        """Skip forward to `place`."""
        self.at = min(place, self._end)
