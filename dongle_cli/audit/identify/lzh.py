"""The members of an LZH archive, header levels 0 to 3, each unpacked as far as it is wanted."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import BinaryIO

from dongle_cli.audit.identify.item import Item
from dongle_cli.audit.identify.limits import MIB
from dongle_cli.audit.identify.lzhuf import METHODS, unpack
from dongle_cli.audit.identify.names import text_of
from dongle_cli.audit.identify.sealed import Unseen
from dongle_cli.audit.identify.unpack import DAMAGE, joined
from dongle_cli.audit.model import Gap, Hit

_STORED = (b"-lh0-", b"-lz4-")
_SLOW = 8 * MIB  # of a member, where it has to be unpacked further than its head


@dataclass(slots=True)
class Member:
    """One member, as its header has it."""

    raw: bytes
    start: int
    method: bytes
    packed: int
    size: int


def look(item: Item) -> Iterator[Hit | Gap | Item]:
    """The members of the archive."""
    file = item.open()
    unseen = Unseen(item)
    end = file.seek(0, 2)
    for member in headers(file):
        item.budget.entry()
        name = text_of(member.raw.partition(b"\0")[0].replace(b"\xff", b"/"), "cp932").replace("\\", "/")
        if member.method == b"-lhd-":  # a folder
            continue
        if member.method not in METHODS and member.method not in _STORED:
            yield from unseen.add(name, "unsupported", member.size)
            continue
        try:
            head = joined(_content(item, file, member, 4096), 4096)
        except DAMAGE:
            yield from unseen.add(name, "damaged", member.size)
            continue
        if member.start + member.packed > end:
            yield item.gap("damaged", "LZH: cut short")
        yield item.inside(name, head, partial(_whole, item, file, member), member.size)
    yield from unseen.gaps()


def _whole(item: Item, file: BinaryIO, member: Member) -> BytesIO:
    most = min(item.budget.limits.member, _SLOW)
    return BytesIO(joined(_content(item, file, member, most), most))


def _content(item: Item, file: BinaryIO, member: Member, most: int) -> Iterator[bytes]:
    """The member in pieces, `most` bytes at most."""
    file.seek(member.start)
    if member.method in _STORED:
        parts = iter((file.read(min(member.packed, most)),))
    else:
        parts = unpack(member.method, file.read(min(member.packed, most + 65_536)), min(member.size, most))
    for part in parts:
        item.budget.took(len(part))
        yield part


def headers(file: BinaryIO) -> Iterator[Member]:
    """The headers, one after the other; what is no header ends the archive."""
    at = 0
    while True:
        file.seek(at)
        base = file.read(64)
        if len(base) < 22 or base[0] == 0 or base[2:3] != b"-" or base[6:7] != b"-":
            return
        read = {0: _level_0, 1: _level_1, 2: _level_2, 3: _level_3}.get(base[20])
        if read is None:
            raise ValueError(f"LZH header level {base[20]}")
        member = read(file, at, base)
        yield member
        at = member.start + member.packed


def _level_0(file: BinaryIO, at: int, base: bytes) -> Member:
    packed, size = struct.unpack_from("<II", base, 7)
    file.seek(at + 22)
    return Member(file.read(base[21]), at + base[0] + 2, base[2:7], packed, size)


def _level_1(file: BinaryIO, at: int, base: bytes) -> Member:
    packed, size = struct.unpack_from("<II", base, 7)
    file.seek(at + 22)
    name = file.read(base[21])
    file.seek(at + base[0])
    name, start = _extended(file, name, 2, at + base[0] + 2, b"")
    return Member(name, start, base[2:7], max(0, packed - (start - at - base[0] - 2)), size)


def _level_2(file: BinaryIO, at: int, base: bytes) -> Member:
    total, packed, size = struct.unpack_from("<H5xII", base)
    file.seek(at + 24)
    name, _start = _extended(file, b"", 2, at + 26, b"")
    return Member(name, at + total, base[2:7], packed, size)


def _level_3(file: BinaryIO, at: int, base: bytes) -> Member:
    packed, size = struct.unpack_from("<II", base, 7)
    (total,) = struct.unpack_from("<I", base, 24)
    file.seek(at + 28)
    name, _start = _extended(file, b"", 4, at + 32, b"")
    return Member(name, at + total, base[2:7], packed, size)


def _extended(file: BinaryIO, name: bytes, width: int, at: int, folder: bytes) -> tuple[bytes, int]:
    """The extended headers from the first's size on: 1 is the name, 2 the folder; the next one's size ends each."""
    for _count in range(64):
        following = int.from_bytes(file.read(width), "little")
        if following <= width:
            break
        body = file.read(min(following - width, 65_536))
        at += following
        file.seek(at - width)
        if body[:1] == b"\x01":
            name = body[1:]
        elif body[:1] == b"\x02":
            folder = body[1:]
    if folder.strip(b"\xff/\\") and not folder.endswith((b"\xff", b"/", b"\\")):
        folder += b"\xff"
    return folder.lstrip(b"\xff") + name, at
