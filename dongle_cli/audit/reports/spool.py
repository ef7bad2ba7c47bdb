"""A list that may be longer than memory: what does not fit waits in a temporary file, and is read again in order."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable, Iterator
from typing import IO, Generic, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
HELD = 20_000  # things in memory; about 20 MB of findings


class Many(Protocol[T_co]):
    """Can be gone through as often as wanted, and knows how many there are; a list is one."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[T_co]: ...


class Spool(Generic[T]):
    """Only ever added to. The file has no name: it is gone with the process, whatever ends it."""

    def __init__(self, held: int = HELD) -> None:
        self._held = held
        self._last: list[T] = []
        self._file: IO[bytes] | None = None
        self._filed = 0  # things in the file
        self._end = 0  # where it ends; what a write that failed left behind stands after it

    def append(self, one: T) -> None:
        """Add `one` at the end; where the temporary folder is full, memory holds more."""
        self._last.append(one)
        if len(self._last) < self._held:
            return
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - for as long as this object lives
            self._file.seek(self._end)
            view = memoryview(pickle.dumps(self._last, pickle.HIGHEST_PROTOCOL))
            while view:
                view = view[self._file.write(view) :]
        except OSError:
            self._held *= 2
            return
        self._end = self._file.tell()
        self._filed += len(self._last)
        self._last = []

    def __len__(self) -> int:
        return self._filed + len(self._last)

    def __iter__(self) -> Iterator[T]:
        place, seen = 0, 0
        while self._file is not None and seen < self._filed:
            self._file.seek(place)  # others may be reading it too
            part = pickle.load(self._file)  # noqa: S301 - we wrote it, and nobody else can reach it
            place, seen = self._file.tell(), seen + len(part)
            yield from part
        yield from self._last


class Changed(Generic[T]):
    """The same things, each changed by a function at the moment it is looked at."""

    def __init__(self, many: Many[T], change: Callable[[T], T]) -> None:
        self._many, self._change = many, change

    def __len__(self) -> int:
        return len(self._many)

    def __iter__(self) -> Iterator[T]:
        return map(self._change, self._many)
