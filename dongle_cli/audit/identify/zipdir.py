"""The central directory of a ZIP archive (APPNOTE 4.3), read from the tail; local headers where that is damaged."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from dongle_cli.audit.identify.limits import MIB, Budget
from dongle_cli.audit.identify.unpack import ZIP_METHODS, beginning, expand, joined, pieces

_END = struct.Struct("<4s4H2IH")
_CENTRAL = struct.Struct("<8x2H8x2I3H8xI")  # 4.3.12: flags, method, sizes, lengths, offset
_LOCAL = struct.Struct("<4s5H3I2H")
_LENGTHS = struct.Struct("<2H")
_EXTRA = 64  # bytes; more than most extra fields of local headers take
_TAIL = 65_557  # the end record and the longest comment
_MOST_ENDS = 16  # end records that are tried
_MAX_DIRECTORY = 16 * MIB
_MAX_SCAN = 64 * MIB
_UNKNOWN = 0xFFFFFFFF


class Member(NamedTuple):
    """One member as the directory has it."""

    raw: bytes
    flags: int
    method: int
    packed: int
    size: int
    offset: int

    @property
    def name(self) -> str:
        """UTF-8 where bit 11 says so, CP932 otherwise: what Japanese Windows writes; UTF-8 where it is neither."""
        if not self.flags & 0x800 and not self.raw.isascii():
            try:
                return self.raw.decode("cp932")
            except UnicodeDecodeError:
                pass
        return self.raw.decode("utf-8", "surrogateescape")

    @property
    def encrypted(self) -> bool:
        """Bit 0: the content is, the name never was."""
        return bool(self.flags & 1)


class Zip:
    """The members of the archive in `file`."""

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        self.file = file
        self.cut = False  # there are more members than the limits allow
        self.damaged = False  # the central directory could not be used, or does not tell of all that is there
        self._budget = budget
        self._most = budget.limits.entries
        self._size = file.seek(0, 2)
        found = self._central()
        if found is None or self.damaged:
            self.cut, self.damaged = False, True
            found = list(self._scan())
        self.members = found

    def _central(self) -> list[Member] | None:
        """What the last end record that leads anywhere leads to; None where there is none."""
        for window in (4096, _TAIL):
            base = max(0, self._size - window)
            tail = self._slice(base, window)
            at = len(tail)
            for _record in range(_MOST_ENDS):  # its four bytes may stand in a comment, or behind the archive
                at = tail.rfind(b"PK\x05\x06", 0, at)
                if at < 0:
                    break
                found = self._led(tail, base, at)
                if found is not None:
                    return found
            if not base:
                break
        return None

    def _led(self, tail: bytes, base: int, at: int) -> list[Member] | None:
        """What the end record at `at` of `tail` leads to, which stands at `base`; None where that is nowhere."""
        if at + _END.size > len(tail):
            return None
        count, length, offset, comment = _END.unpack_from(tail, at)[4:]
        end = base + at
        if not end and not length and _END.size + comment >= self._size:
            return []  # nothing but the end of an archive
        if count == 0xFFFF or _UNKNOWN in (length, offset):
            spot = tail.rfind(b"PK\x06\x06", 0, at)
            if spot >= 0 and spot + 56 <= at:
                count, length, offset = struct.unpack_from("<QQQ", tail, spot + 32)  # ZIP64 (4.3.14)
                end -= at - spot
        # Bytes may stand before the archive (a program that unpacks itself): then every offset is short by as many.
        for start in (end - length, offset) if length else ():
            if base <= start and start + length <= base + len(tail):
                data = tail[start - base : start - base + length]
            else:
                data = self._slice(start, min(length, _MAX_DIRECTORY))
            if data.startswith(b"PK\x01\x02"):
                return self._listed(data, count, length, max(0, start - offset))
        return None

    def _listed(self, data: bytes, count: int, length: int, shift: int) -> list[Member]:
        """The members of the directory that `data` is."""
        self.cut = length > _MAX_DIRECTORY
        found = list(self._records(data, shift))
        if len(found) < count and not self.cut:
            self.damaged = True
        # An archive begins with its first member; where none begins there, another archive may stand before this one.
        if all(member.offset for member in found) and self._slice(0, 4) == b"PK\x03\x04":
            self.damaged = True
        return found

    def _slice(self, start: int, length: int) -> bytes:
        if not 0 <= start < self._size:
            return b""
        self.file.seek(start)
        return self.file.read(length)

    def _records(self, data: bytes, shift: int) -> Iterator[Member]:
        at = 0
        for _seen in range(self._most):
            if at + _CENTRAL.size > len(data) or not data.startswith(b"PK\x01\x02", at):
                return
            flags, method, packed, size, names, extra, comment, offset = _CENTRAL.unpack_from(data, at)
            at += _CENTRAL.size
            raw = data[at : at + names]
            if _UNKNOWN in (packed, size, offset):
                packed, size, offset = _wide(data[at + names : at + names + extra], packed, size, offset)
            at += names + extra + comment
            yield Member(raw, flags, method, packed, size, offset + shift)
        self.cut = self.cut or data.startswith(b"PK\x01\x02", at)

    def _scan(self) -> Iterator[Member]:
        """Members by their local headers (4.3.7), one after the other, for archives without a usable directory."""
        at, seen, window, base = 0, 0, b"", 0
        while at < min(self._size, _MAX_SCAN) and seen < self._most:
            if not window or base + len(window) < min(self._size, at + 1024):
                window, base = self._slice(at, 256 * 1024), at
            spot = window.find(b"PK\x03\x04", max(0, at - base))
            if spot < 0 or spot + _LOCAL.size > len(window):
                if not window or base + len(window) >= self._size:
                    return
                at, window = base + max(1, len(window) - 1024), b""
                continue
            seen += 1
            flags, method, _t, _d, _crc, packed, size, names, extra = _LOCAL.unpack_from(window, spot)[2:]
            raw = window[spot + 30 : spot + 30 + names]
            offset = base + spot
            after = offset + 30 + names + extra
            known = bool(packed) and not flags & 8 and after + packed <= self._size
            if raw:
                yield Member(raw, flags, method, packed if known else max(0, self._size - after), size, offset)
            at = after + packed if known else offset + 4

    def content(self, member: Member, most: int) -> Iterator[bytes]:
        """The member's content in pieces, `most` bytes at most; ValueError where it cannot be unpacked."""
        local = self._slice(member.offset, 30)
        if not local.startswith(b"PK\x03\x04") or len(local) < 30:
            raise ValueError("no local header")
        names, extra = _LENGTHS.unpack_from(local, 26)
        packed = pieces(self.file, member.offset + 30 + names + extra, member.packed, 4096 if most <= 4096 else 262_144)
        if member.method == 0:
            if member.packed < member.size:
                raise ValueError("shorter than it says")
            return _first(packed, most, self._budget)
        if member.method not in ZIP_METHODS:
            raise ValueError(f"ZIP method {member.method}")
        return expand(packed, ZIP_METHODS[member.method], most, self._budget)

    def head(self, member: Member, most: int = 4096) -> bytes:
        """The first `most` bytes of the member; ValueError and the like where nothing could be unpacked."""
        data = self._slice(member.offset, 30 + len(member.raw) + _EXTRA + min(member.packed, most))
        if member.method == 8 and data.startswith(b"PK\x03\x04") and len(data) >= 30:
            names, extra = _LENGTHS.unpack_from(data, 26)
            start = 30 + names + extra
            packed = data[start : start + member.packed]
            plain = beginning(packed, len(packed) == member.packed, ZIP_METHODS[8], most, self._budget)
            if plain is not None:
                return plain
        return joined(self.content(member, most), most)


def _first(parts: Iterator[bytes], most: int, budget: Budget) -> Iterator[bytes]:
    for part in parts:
        budget.took(min(len(part), most))
        yield part[:most]
        most -= len(part)
        if most <= 0:
            return


def _wide(extra: bytes, packed: int, size: int, offset: int) -> tuple[int, int, int]:
    """The 64-bit values of the ZIP64 extra field (4.5.3): size, packed, offset, each only where it did not fit."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        if tag == 1:
            values = iter(struct.unpack_from(f"<{min(length, len(extra) - at - 4) // 8}Q", extra, at + 4))
            size = next(values, size) if size == _UNKNOWN else size
            packed = next(values, packed) if packed == _UNKNOWN else packed
            offset = next(values, offset) if offset == _UNKNOWN else offset
            break
        at += 4 + length
    return packed, size, offset
