"""One record of an NTFS $MFT taken apart: names, times, streams and where their data lies.

Read here and not by libfsntfs, because that gives neither the flags of a record nor the names of those that no folder
lists, and opens no volume whose $MFT is damaged anywhere. All numbers are little-endian.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct, error, unpack_from

_HEADER = Struct("<4sHH8xHHHHIIQ")  # magic, fix-ups' offset, count; sequence, links, attributes' offset, flags, used...
_ATTRIBUTE = Struct("<IIBBHH")  # type, length, non-resident, name's length and offset, flags
_START = Struct("<II").unpack_from
_RESIDENT = Struct("<IH")  # content's length and offset, at 16
_AWAY = Struct("<Q8xH14xQQ")  # first cluster, offset of the runs, size, initialized; at 16
_NAME = Struct("<Q56xBB")  # parent; length, namespace

STANDARD, LIST, NAME, SECURITY, DATA, REPARSE, END = 0x10, 0x20, 0x30, 0x50, 0x80, 0xC0, 0xFFFFFFFF
IN_USE, FOLDER = 1, 2
COMPRESSED, ENCRYPTED = 0x00FF, 0x4000  # flags of an attribute
NUMBER = 0xFFFFFFFFFFFF  # the part of a file reference that is the record's number; the sequence stands above it
DOS = 2  # the namespace of the short twin of a long name


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
    """A base record, or an extension record; its attributes are decoded when they are asked for."""

    __slots__ = ("base", "content", "data", "flags", "labels", "others", "sequence")

    def __init__(self, data: bytes, sequence: int, flags: int, base: int) -> None:
        self.data, self.sequence, self.flags, self.base = data, sequence, flags, base
        # Offsets of the attributes: of $DATA, of $FILE_NAME, and the first of each other type.
        self.content: list[int] = []
        self.labels: list[int] = []
        self.others: dict[int, int] = {}

    def streams(self) -> list[Stream]:
        """Its $DATA attributes; Torn where one cannot be."""
        return [attribute(self.data, at) for at in self.content]

    def names(self) -> list[tuple[int, str]]:
        """Folder and name, one for each hard link; a short name only where there is no long one."""
        found = [_name(self.data, at) for at in self.labels]
        return [pair[:2] for pair in found if pair[2] != DOS] or [pair[:2] for pair in found[:1]]

    @property
    def name(self) -> str:
        """Its first long name; empty where it has none in this record."""
        for at in self.labels:
            parent_name = _name(self.data, at)
            if parent_name[2] != DOS:
                return parent_name[1]
        return _name(self.data, self.labels[0])[1] if self.labels else ""

    def listed(self) -> Stream | None:
        """$ATTRIBUTE_LIST: more attributes stand in other records."""
        at = self.others.get(LIST)
        return None if at is None else attribute(self.data, at)

    def resident(self, kind: int) -> bytes:
        """The content of the first attribute of `kind`; empty where there is none."""
        at = self.others.get(kind)
        if at is None or self.data[at + 8]:
            return b""
        size, away = _RESIDENT.unpack_from(self.data, at + 16)
        return self.data[at + away : at + away + size]

    @property
    def modified(self) -> int:
        """When the content was last written: 100 ns since 1601."""
        standard = self.resident(STANDARD)
        return int.from_bytes(standard[8:16], "little")

    @property
    def attributes(self) -> int:
        """FILE_ATTRIBUTE_* ([MS-FSCC] 2.6)."""
        at = self.others.get(STANDARD)  # always 24 bytes in front of its content
        return 0 if at is None else int.from_bytes(self.data[at + 56 : at + 60], "little")

    @property
    def security(self) -> int:
        """The id of its owner and rights in $Secure; 0: they stand elsewhere."""
        return int.from_bytes(self.resident(STANDARD)[52:56], "little")

    @property
    def reparse(self) -> int:
        """The tag of its reparse point, or 0."""
        return int.from_bytes(self.resident(REPARSE)[:4], "little")


def parse(data: bytes) -> Record | None:
    """The record in `data` (the whole of it, 1024 or 4096 bytes); None where it was never used, Torn where damaged."""
    size = len(data)
    if size < 512:
        raise Torn("it is cut short")
    magic, fix_at, fixes, sequence, _links, at, flags, used, _room, base = _HEADER.unpack_from(data)
    if magic != b"FILE":
        if magic == b"\0\0\0\0":
            return None
        raise Torn("it is marked as damaged" if magic == b"BAAD" else "it does not begin as a record does")
    if used > size or at >= used:
        raise Torn("its length is impossible")
    # The last two bytes of every sector are kept aside and replaced by a number, to see a half written record.
    number = data[fix_at : fix_at + 2]
    if data[510:512] != number or data[size - 2 :] != number:
        raise Torn("it was only half written")
    if used > 510:
        data = mended(data, fix_at, fixes)
    record = Record(data, sequence, flags, base)
    try:
        while True:
            kind, length = _START(data, at)
            if kind == END:
                return record
            if length < 24 or at + length > used:
                raise Torn("an attribute has an impossible length")
            if kind == DATA:
                record.content.append(at)
            elif kind == NAME:
                record.labels.append(at)
            else:
                record.others.setdefault(kind, at)
            at += length
    except error:
        raise Torn("its attributes have no end") from None


def mended(data: bytes, fix_at: int, fixes: int) -> bytes:
    """A record, or a block of an index, with the last bytes of each sector put back; Torn where it was half written."""
    whole = bytearray(data)
    for index in range(1, min(fixes, len(data) // 512 + 1)):
        end = index * 512
        if data[end - 2 : end] != data[fix_at : fix_at + 2]:
            raise Torn("it was only half written")
        whole[end - 2 : end] = data[fix_at + 2 * index : fix_at + 2 * index + 2].ljust(2, b"\0")
    return bytes(whole)


def _name(data: bytes, at: int) -> tuple[int, str, int]:
    try:
        size, away = _RESIDENT.unpack_from(data, at + 16)
        parent, count, space = _NAME.unpack_from(data, at + away)
    except error:
        raise Torn("a name is cut short") from None
    if 66 + 2 * count > size:
        raise Torn("a name is cut short")
    start = at + away + 66
    return parent, _text(data[start : start + 2 * count]), space


def _text(utf16: bytes) -> str:
    return utf16[: len(utf16) & ~1].decode("utf-16-le", "surrogatepass")


def attribute(data: bytes, at: int) -> Stream:
    """The attribute at `at`, of whatever type, with its content or where that lies; Torn where it is cut short."""
    try:
        _kind, length, away, name_length, name_at, flags = _ATTRIBUTE.unpack_from(data, at)
        if away:
            first, runs_at, size, initialized = _AWAY.unpack_from(data, at + 16)
        else:
            size, content = _RESIDENT.unpack_from(data, at + 16)
    except error:
        raise Torn("a stream is cut short") from None
    name = _text(data[at + name_at : at + name_at + 2 * name_length]) if name_length else ""
    if not away:
        if content + size > length:
            raise Torn("resident data is cut short")
        return Stream(name, flags, data[at + content : at + content + size], size)
    stream = Stream(name, flags, None, size)
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
