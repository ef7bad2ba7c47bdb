"""The directory of an OLE2 compound file ([MS-CFB] 2.6), read as far as it can be, however broken the rest is."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LAST = 0xFFFFFFF9  # sector numbers above are marks: end of chain, free, FAT
_FREE = 0xFFFFFFFF
_ROOT, _STREAM, _STORAGE = 5, 2, 1
_NUMBER = struct.Struct("<I")
_SLOT = struct.Struct("<64sHBxIII36xIQ")  # 2.6.1: name, its length, kind, left, right, child, start, size


class Stream(NamedTuple):
    """One slot of the directory: a storage or a stream, with where it begins."""

    name: str
    kind: int  # 1 storage, 2 stream, 5 root
    start: int  # a sector, or a mini sector where `size` is below 4096
    size: int
    child: int
    left: int
    right: int


def slots_in(data: bytes) -> Iterator[Stream]:
    """The storages and streams of which a slot stands anywhere in `data`, the beginning of a file: by their form."""
    for raw, length, kind, left, right, child, start, size in _SLOT.iter_unpack(data[: len(data) // 128 * 128]):
        if kind in (_STORAGE, _STREAM) and 4 <= length <= 64 and raw[length - 2 : length] == b"\0\0":
            yield Stream(raw[: length - 2].decode("utf-16-le", "replace"), kind, start, size, child, left, right)


class Compound:
    """An OLE2 file, lenient: what cannot be followed is left out, and `broken` says so."""

    def __init__(self, file: BinaryIO, head: bytes, slots: int = 20_000) -> None:
        self._file, self._head = file, head
        self.broken = False
        header = head if len(head) >= 512 else head.ljust(512, b"\0")
        shift, mini = struct.unpack_from("<HH", header, 30)
        self.broken = len(head) < 512 or not 7 <= shift <= 16
        self._size = 1 << (shift if 7 <= shift <= 16 else 9)
        self._mini_size = 1 << (mini if 4 <= mini <= 9 else 6)
        self._first, self._mini_fat, self._difat = (struct.unpack_from("<I", header, at)[0] for at in (48, 60, 68))
        fat = header[76:512].rstrip(b"\xff")  # mostly one number and 108 that are free
        fat += b"\xff" * (-len(fat) % 4)
        self._fat_sectors = [n for (n,) in _NUMBER.iter_unpack(fat) if n <= _LAST]
        self._tables: dict[int, bytes] = {}
        self._minis: tuple[bytes, bytes] | None = None
        self._steps = 10 * slots  # how many slots are looked at in all: storages may claim one another's children
        self.streams = list(self._directory(slots))
        if not self.streams or self.streams[0].kind != _ROOT:
            self.broken = True

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        if start + self._size <= len(self._head):
            return self._head[start : start + self._size]  # small files are often all there
        try:
            self._file.seek(start)
            return self._file.read(self._size)
        except (OSError, ValueError, OverflowError):
            return b""

    def _next(self, number: int) -> int:
        """The sector after `number`, from the FAT; above _LAST where the chain ends or cannot be followed."""
        per = self._size // 4
        which, at = divmod(number, per)
        self._reach(which)
        if which >= len(self._fat_sectors):
            self.broken = True
            return 0xFFFFFFFF
        table = self._tables.get(which)
        if table is None:
            if len(self._tables) > 64:  # a chain that jumps all over the file needs no more memory
                self._tables.clear()
            table = self._tables[which] = self._sector(self._fat_sectors[which])
        if at * 4 + 4 > len(table):
            self.broken = True
            return 0xFFFFFFFF
        after: int = _NUMBER.unpack_from(table, at * 4)[0]
        return after

    def _reach(self, which: int) -> None:
        """Follow the DIFAT until the FAT sector number `which` is known, or there are no more."""
        seen = 0
        while which >= len(self._fat_sectors) and self._difat <= _LAST and seen < 4096:
            seen += 1
            data = self._sector(self._difat)
            if len(data) < self._size:
                self._difat = 0xFFFFFFFF
                return
            numbers = struct.unpack(f"<{self._size // 4}I", data)
            self._fat_sectors += [n for n in numbers[:-1] if n <= _LAST]
            self._difat = numbers[-1]

    def chain(self, start: int, most: int) -> Iterator[bytes]:
        """At most `most` bytes of the sectors from `start` on; it ends at a loop."""
        seen: set[int] = set()
        number = start
        while number <= _LAST and most > 0:
            if number in seen:
                self.broken = True
                return
            seen.add(number)
            data = self._sector(number)
            if not data:
                self.broken = True
                return
            yield data[:most]
            most -= len(data)
            number = self._next(number)

    def _directory(self, slots: int) -> Iterator[Stream]:
        for data in self.chain(self._first, slots * 128):
            for slot in _SLOT.iter_unpack(data[: len(data) // 128 * 128]):
                raw, length, kind, left, right, child, start, size = slot
                name = raw[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
                if self._size == 512:
                    size &= 0xFFFFFFFF  # version 3: the upper half may hold rubbish
                yield Stream(name, kind, start, size, child, left, right)

    def read(self, stream: Stream, most: int) -> bytes:
        """At most `most` bytes from the beginning of `stream`."""
        most = min(most, stream.size)
        if stream.size >= 4096 or stream.kind == _ROOT:
            return b"".join(self.chain(stream.start, most))
        mini, fat = self._small_streams()
        out, number, seen = b"", stream.start, set[int]()
        while number <= _LAST and len(out) < most and number not in seen:
            seen.add(number)
            out += mini[number * self._mini_size : (number + 1) * self._mini_size]
            if (number + 1) * 4 > len(fat):
                break
            (number,) = struct.unpack_from("<I", fat, number * 4)
        return out[:most]

    def _small_streams(self) -> tuple[bytes, bytes]:
        """The root's stream, in which all below 4096 bytes stand, and its FAT; as far as four mebibytes."""
        if self._minis is None:
            root = next((s for s in self.streams if s.kind == _ROOT), None)
            mini = self.chain(root.start, min(root.size, 4 << 20)) if root is not None else iter(())
            self._minis = b"".join(mini), b"".join(self.chain(self._mini_fat, 1 << 20))
        return self._minis

    def inside(self, parent: int) -> list[int]:
        """The slots right inside the storage at slot `parent` (0 is the root), as far as the tree can be read."""
        if parent >= len(self.streams):
            return []
        found: list[int] = []
        todo, seen = [self.streams[parent].child], set[int]()
        while todo and self._steps > 0:
            self._steps -= 1
            slot = todo.pop()
            if slot in seen:
                continue
            if slot >= len(self.streams):
                self.broken = self.broken or slot != _FREE
                continue
            seen.add(slot)
            found.append(slot)
            todo += [self.streams[slot].left, self.streams[slot].right]
        self.broken = self.broken or bool(todo)
        return found

    def children(self, parent: int) -> list[str]:
        """The names of what `inside` gives."""
        return [self.streams[slot].name for slot in self.inside(parent)]
