"""The transaction logs of a hive, replayed in memory: which sectors of the file they replace.

regipy's own replay is not used: it applies the second log and then the first whatever their sequence numbers say, so
that a stale log turns a value back to what it was, and it refuses logs that make the hive longer.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

SECTOR = 512
BASE = 4096  # the hive's first bin comes after the base block
MAX_LOG = 64 * 1024 * 1024  # Windows starts a new log long before
_SEED = 0x82EF4D887A4E55C5
_MASK = 0xFFFFFFFF


@dataclass(slots=True)
class Replayed:
    """What the logs change: sectors by their number in the hive file, and its new length."""

    sectors: dict[int, bytes] = field(default_factory=dict)
    length: int = 0
    entries: int = 0

    def put(self, offset: int, data: bytes) -> None:
        """Replace what stands at `offset` of the file, a multiple of a sector."""
        for start in range(0, len(data), SECTOR):
            self.sectors[(offset + start) // SECTOR] = data[start : start + SECTOR]


@dataclass(frozen=True, slots=True)
class BaseBlock:
    """The first sector of a hive or a log: whether it is whole, and its two sequence numbers (equal: not dirty)."""

    valid: bool
    primary: int = 0
    secondary: int = 0
    bins: int = 0  # bytes of bins after the base block

    @classmethod
    def of(cls, sector: bytes) -> BaseBlock:
        """The base block in `sector`."""
        if len(sector) < SECTOR or sector[:4] != b"regf":
            return cls(False)
        words = struct.unpack("<128I", sector[:SECTOR])
        check = 0
        for word in words[:127]:
            check ^= word
        check = {0: 1, _MASK: _MASK - 1}.get(check, check)
        return cls(check == words[127], words[1], words[2], words[10])


def replay(base: BaseBlock, logs: Sequence[BinaryIO]) -> Replayed | None:
    """What `logs` (.LOG1, .LOG2, in this order) make of a dirty hive, or None where nothing in them continues it."""
    found: dict[int, tuple[int, bytes, list[tuple[int, int, int]]]] = {}
    old: list[bytes] = []
    head: tuple[BaseBlock, bytes] | None = None
    for log in logs:
        data = log.read(MAX_LOG)
        block = BaseBlock.of(data[:SECTOR])
        if not block.valid:
            continue
        if data[SECTOR : SECTOR + 4] == b"DIRT":
            old.append(data)
            continue
        if head is None or block.secondary > head[0].secondary:
            head = block, data[:SECTOR]
        for number, bins, pages in _entries(data):
            found.setdefault(number, (bins, data, pages))
    if found:
        return _apply(base, head, found)
    for data in old:
        if (done := _dirty_vector(data)) is not None:
            return done
    return None


def _apply(
    base: BaseBlock,
    head: tuple[BaseBlock, bytes] | None,
    found: dict[int, tuple[int, bytes, list[tuple[int, int, int]]]],
) -> Replayed | None:
    done = Replayed()
    start = base.secondary
    if not base.valid and head is not None:  # a log begins with a copy of the base block
        start = head[0].secondary
        done.put(0, head[1])
    number = min((n for n in found if n >= start), default=None)
    while number in found:
        bins, data, pages = found[number]
        for offset, size, at in pages:
            done.put(BASE + offset, data[at : at + size])
        done.length = BASE + bins
        done.entries += 1
        number += 1
    return done if done.entries else None


def _entries(data: bytes) -> Iterator[tuple[int, int, list[tuple[int, int, int]]]]:
    """The entries of a log since Windows 8.1 up to the first that is not whole: number, bytes of bins, pages."""
    at = SECTOR
    expected: int | None = None
    while at + 40 <= len(data):
        magic, size, _flags, number, bins, pages = struct.unpack_from("<4s5I", data, at)
        first, second = struct.unpack_from("<2Q", data, at + 24)
        if magic != b"HvLE" or size < SECTOR or size % SECTOR or at + size > len(data) or 40 + pages * 8 > size:
            return
        if expected is not None and number != expected:  # what follows is left over from an earlier round
            return
        if marvin32(data[at : at + 32]) != second or marvin32(data[at + 40 : at + size]) != first:
            return
        found, body = [], at + 40 + pages * 8
        for page in range(pages):
            offset, length = struct.unpack_from("<2I", data, at + 40 + page * 8)
            if offset % SECTOR or length % SECTOR or body + length > at + size or offset + length > bins:
                return
            found.append((offset, length, body))
            body += length
        yield number, bins, found
        expected = number + 1
        at += size


def _dirty_vector(data: bytes) -> Replayed | None:
    """A log up to Windows 8: one bit a sector, then the sectors; None where it is cut short."""
    block = BaseBlock.of(data[:SECTOR])
    bits = data[SECTOR + 4 : SECTOR + 4 + block.bins // BASE]
    at = (SECTOR + 4 + len(bits) + SECTOR - 1) // SECTOR * SECTOR
    if len(bits) < block.bins // BASE or block.primary != block.secondary:
        return None
    done = Replayed(length=BASE + block.bins, entries=1)
    for number in range(len(bits) * 8):
        if bits[number // 8] >> number % 8 & 1:
            if at + SECTOR > len(data):
                return None
            done.put(BASE + number * SECTOR, data[at : at + SECTOR])
            at += SECTOR
    return done


def marvin32(data: bytes, seed: int = _SEED) -> int:
    """Marvin32 of `data`: what an entry of a log is checked by, with the seed that the registry uses."""
    low, high = seed & _MASK, seed >> 32
    whole = len(data) // 4
    tail = int.from_bytes(data[whole * 4 :], "little") | 0x80 << 8 * (len(data) % 4)
    for word in (*struct.unpack_from(f"<{whole}I", data), tail, 0):
        low = (low + word) & _MASK
        high ^= low
        low = (low << 20 | low >> 12) & _MASK
        low = (low + high) & _MASK
        high = (high << 9 | high >> 23) & _MASK
        high ^= low
        low = (low << 27 | low >> 5) & _MASK
        low = (low + high) & _MASK
        high = (high << 19 | high >> 13) & _MASK
    return high << 32 | low
