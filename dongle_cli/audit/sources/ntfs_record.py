"""One record of an NTFS $MFT taken apart: names, times, streams and where their data lies.

libfsntfs gives no names of records that no folder lists, and no flags; and this is what a scan does most. All numbers
are little-endian; attribute types are 0x10 standard information, 0x20 attribute list, 0x30 file name, 0x50 security
descriptor, 0x80 data, 0xC0 reparse point.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct, error, unpack_from

_HEADER = Struct("<4sHHQHHHHIIQ")
_ATTRIBUTE = Struct("<IIBBHHH")  # type, length, non-resident, name length, name offset, flags, id
_RESIDENT = Struct("<IH")  # content's length and offset, at 16
_RUNS = Struct("<Q8xHH4xQQQ")  # first cluster, offset of the runs, unit, allocated, size, initialized; at 16
_STANDARD = Struct("<8xQ16xI")  # modification, attributes
_NAME = Struct("<Q48xIIBB")  # parent; flags, reparse tag, length, namespace
_DOS = 2  # the namespace of the short twin of a long name

IN_USE, FOLDER = 1, 2
COMPRESSED, ENCRYPTED, SPARSE = 0x00FF, 0x4000, 0x8000  # flags of an attribute
NUMBER = 0xFFFFFFFFFFFF  # the part of a file reference that is the record's number; the rest is the sequence


class Torn(ValueError):
    """A record that cannot be believed: half written, or no record at all."""


class Stream:
    """One $DATA attribute: its content where it is resident, else the encoded runs of its clusters."""

    __slots__ = ("content", "first", "flags", "initialized", "more", "name", "runs", "size")

    def __init__(self, name: str, flags: int, content: bytes | None, size: int) -> None:
        self.name, self.flags, self.content, self.size = name, flags, content, size
        self.first = 0  # the first cluster of the stream that the runs speak of
        self.runs = b""
        self.initialized = size  # behind it everything reads as zeros
        self.more: list[tuple[int, bytes]] = []  # runs from extension records: first cluster, runs


class Record:
    """What one base record, or an extension record, says."""

    __slots__ = (
        "attributes", "base", "flags", "listed", "modified", "name", "parent",
        "reparse", "security", "sequence", "streams",
    )  # fmt: skip

    def __init__(self, sequence: int, flags: int, base: int) -> None:
        self.sequence, self.flags, self.base = sequence, flags, base
        self.name: str | None = None
        self.parent = 0
        self.modified = 0  # 100 ns since 1601
        self.attributes = 0
        self.reparse = 0  # the tag
        self.security = 0  # the id in $Secure, or 0
        self.streams: list[Stream] = []
        self.listed: Stream | None = None  # $ATTRIBUTE_LIST: more attributes stand in other records


def parse(data: bytes) -> Record | None:
    """The record in `data` (the whole of it, 1024 or 4096 bytes); None where it was never used, Torn where damaged."""
    magic, fix_at, fixes, _lsn, sequence, _links, at, flags, used, _room, base = _HEADER.unpack_from(data)
    if magic != b"FILE":
        if magic == b"\0\0\0\0":
            return None
        raise Torn("it is marked as damaged" if magic == b"BAAD" else "it does not begin as a record does")
    size = len(data)
    if used > size or at >= size:
        raise Torn("its length is impossible")
    # The last two bytes of every sector are kept aside and replaced by a number, to see a half written record.
    number = data[fix_at : fix_at + 2]
    if data[510:512] != number or data[size - 2 :] != number:
        raise Torn("it was only half written")
    if used > 510:
        data = _mended(data, fix_at, fixes)
    record = Record(sequence, flags, base)
    try:
        _attributes(record, data, at, used)
    except error:
        raise Torn("an attribute is cut short") from None
    return record


def _mended(data: bytes, fix_at: int, fixes: int) -> bytes:
    mended = bytearray(data)
    for index in range(1, min(fixes, len(data) // 512 + 1)):
        end = index * 512
        if data[end - 2 : end] != data[fix_at : fix_at + 2]:
            raise Torn("it was only half written")
        mended[end - 2 : end] = data[fix_at + 2 * index : fix_at + 2 * index + 2]
    return bytes(mended)


def _attributes(record: Record, data: bytes, at: int, used: int) -> None:
    while at + 8 <= used:
        kind, length, away, name_length, name_at, flags, _number = _ATTRIBUTE.unpack_from(data, at)
        if kind == 0xFFFFFFFF:
            return
        if length < 24 or at + length > used:
            raise Torn("an attribute has an impossible length")
        if kind == 0x80 or kind == 0x20:
            stream = _stream(data, at, length, away, flags)
            if name_length:
                stream.name = data[at + name_at : at + name_at + 2 * name_length].decode("utf-16-le", "surrogatepass")
            if kind == 0x80:
                record.streams.append(stream)
            else:
                record.listed = stream
        elif not away:
            size, content = _RESIDENT.unpack_from(data, at + 16)
            content += at
            if kind == 0x30:
                parent, _flags, _tag, count, space = _NAME.unpack_from(data, content)
                if record.name is None or (space != _DOS and not record.parent >> 64):
                    record.name = data[content + 66 : content + 66 + 2 * count].decode("utf-16-le", "surrogatepass")
                    # Where it is no short name no later one replaces it; marked above the 64 bits of the reference.
                    record.parent = parent if space == _DOS else parent | 1 << 64
            elif kind == 0x10:
                record.modified, record.attributes = _STANDARD.unpack_from(data, content)
                if size >= 56:
                    (record.security,) = unpack_from("<I", data, content + 52)
            elif kind == 0xC0 and size >= 4:
                (record.reparse,) = unpack_from("<I", data, content)
        at += length


def _stream(data: bytes, at: int, length: int, away: int, flags: int) -> Stream:
    if not away:
        size, content = _RESIDENT.unpack_from(data, at + 16)
        if content + size > length:
            raise Torn("resident data is cut short")
        return Stream("", flags, data[at + content : at + content + size], size)
    first, runs_at, _unit, _allocated, size, initialized = _RUNS.unpack_from(data, at + 16)
    stream = Stream("", flags, None, size)
    stream.first, stream.initialized = first, min(initialized, size)
    stream.runs = data[at + runs_at : at + length]
    return stream


def runs(encoded: bytes) -> Iterator[tuple[int, int | None]]:
    """Length and first cluster of every run; None: sparse, there are no clusters and it reads as zeros."""
    at, lcn, end = 0, 0, len(encoded)
    while at < end and (head := encoded[at]):
        lengths, offsets = head & 15, head >> 4
        stop = at + 1 + lengths + offsets
        if not 1 <= lengths <= 8 or offsets > 8 or stop > end:
            raise Torn("its data runs are garbage")
        count = int.from_bytes(encoded[at + 1 : at + 1 + lengths], "little")
        if offsets:
            lcn += int.from_bytes(encoded[at + 1 + lengths : stop], "little", signed=True)
            if lcn < 0:
                raise Torn("its data runs are garbage")
            yield count, lcn
        else:
            yield count, None
        at = stop


def listed(content: bytes) -> Iterator[tuple[int, int]]:
    """Type and file reference of every entry of an attribute list."""
    at = 0
    while at + 26 <= len(content):
        kind, length = unpack_from("<IH", content, at)
        (reference,) = unpack_from("<Q", content, at + 16)
        if length < 26:
            return
        yield kind, reference
        at += length
