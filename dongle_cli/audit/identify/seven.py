"""The members of a 7z archive, unpacked by py7zr within our limits."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, cast

from dongle_cli.audit.identify.item import Item
from dongle_cli.audit.identify.kinds import KINDS
from dongle_cli.audit.identify.limits import MIB, Budget, Spent
from dongle_cli.audit.identify.sealed import Unseen
from dongle_cli.audit.identify.sniff import sniff
from dongle_cli.audit.model import Gap, Hit

if TYPE_CHECKING:
    from py7zr import SevenZipFile
    from py7zr.io import WriterFactory

_MAX_HEADER = 2 * MIB  # about 15,000 members; py7zr keeps a table of each
_MAX_MEMORY = 96 * MIB  # a decoder's dictionary
# Copy, LZMA, LZMA2, delta, bzip2, deflate, Zstandard, Brotli; and the filters for machine code.
_SAFE = frozenset(
    map(
        bytes.fromhex,
        (
            "00",
            "030101",
            "21",
            "03",
            "040202",
            "040108",
            "04f71101",
            "04f71102",
            "04",
            "05",
            "06",
            "07",
            "08",
            "09",
            "0a",
        ),
    )
)
_HELD = 48 * MIB  # members held at once, to look into them when the archive is through


def look(item: Item) -> Iterator[Hit | Gap | Item]:
    """The members of the archive."""
    from py7zr import SevenZipFile
    from py7zr.exceptions import PasswordRequired

    file = item.open()
    try:
        _check_header(file)
        with SevenZipFile(file) as archive:
            if archive.needs_password() or not _is_safe(archive):
                yield from _names(item, archive, "encrypted" if archive.needs_password() else "unsupported")
                return
            _check_memory(archive)
            yield from _contents(item, archive)
    except PasswordRequired:
        yield item.gap("encrypted", "7z")
    except Spent:
        raise
    except Exception as error:  # py7zr and its six decoders each have errors of their own for what contradicts itself
        yield item.gap("damaged", f"7z: {type(error).__name__}")


def _check_header(file: BinaryIO) -> None:
    """Spent where the list of members would take too much memory, which its own header tells before it is unpacked."""
    from py7zr.archiveinfo import HeaderStreamsInfo

    file.seek(0)
    start = file.read(32)
    if len(start) < 32:
        raise ValueError("7z: cut short")
    offset, size = struct.unpack_from("<QQ", start, 12)
    if size > _MAX_HEADER:
        raise Spent("a 7z header of more than two mebibytes")
    if offset + 32 < file.seek(0, 2):
        file.seek(32 + offset)
        header = BytesIO(file.read(size))
        if header.read(1) == b"\x17":
            streams = HeaderStreamsInfo.retrieve(header)
            if sum(sum(folder.unpacksizes) for folder in streams.unpackinfo.folders) > _MAX_HEADER:
                raise Spent("a 7z header of more than two mebibytes")
    file.seek(0)


def _is_safe(archive: SevenZipFile) -> bool:
    """Whether only decoders are asked for that damaged data cannot bring down; the one for PPMd is not among them."""
    streams = archive.header.main_streams
    methods = {
        coder["method"]
        for folder in (streams.unpackinfo.folders if streams is not None else ())
        for coder in folder.coders
    }
    return all(method in _SAFE or method.startswith(b"\x03\x03") for method in methods)


def _check_memory(archive: SevenZipFile) -> None:
    streams = archive.header.main_streams
    for folder in streams.unpackinfo.folders if streams is not None else ():
        most = max(folder.unpacksizes, default=0)
        for coder in folder.coders:
            method, said = coder["method"], coder["properties"] or b""
            need = 0
            if method == b"\x03\x01\x01" and len(said) >= 5:  # LZMA
                need = int.from_bytes(said[1:5], "little")
            elif method == b"\x21" and said:  # LZMA2 (xz 5.3.1)
                need = (2 | said[0] & 1) << (said[0] // 2 + 11)
            if min(need, most) > _MAX_MEMORY:
                raise Spent(f"a 7z that needs {need // MIB} mebibytes to unpack")


def _names(item: Item, archive: SevenZipFile, reason: str) -> Iterator[Hit | Gap | Item]:
    unseen = Unseen(item)
    for one in archive.list():
        item.budget.entry()
        if not one.is_directory:
            yield from unseen.add(one.filename, reason, one.uncompressed)
    yield from unseen.gaps()


def _contents(item: Item, archive: SevenZipFile) -> Iterator[Hit | Gap | Item]:
    sinks: list[_Sink] = []
    held = [_HELD]
    for _one in archive.list():
        item.budget.entry()

    class Factory:
        """Gives py7zr a sink for each member, in the archive's order."""

        def create(self, filename: str) -> _Sink:
            sink = _Sink(filename, item.budget, held)
            sinks.append(sink)
            return sink

    stopped: Exception | None = None
    try:
        archive.extractall(factory=cast("WriterFactory", Factory()))
    except Exception as error:
        stopped = error  # told below by the callers; what had come out by then is looked at first
    for sink in sinks:
        if sink.data:  # an empty file is no document
            yield item.inside(sink.name, bytes(sink.data[:4096]), lambda data=sink.data: BytesIO(data), sink.count)  # type: ignore[misc]
    if stopped is not None:
        raise stopped


@dataclass(slots=True)
class _Sink:
    """Takes one member's bytes: the head of it, and more where it has to be looked into."""

    name: str
    budget: Budget
    held: list[int]  # bytes that all sinks may still hold
    data: bytearray = field(default_factory=bytearray)
    count: int = 0
    more: bool | None = None  # whether the head says that there is something to look into

    def write(self, s: bytes | bytearray) -> int:
        """More of the member."""
        self.count += len(s)
        self.budget.took(len(s))
        room = 4096 - len(self.data)
        if room > 0:
            self._keep(s[:room])
        if len(s) > room:
            if self.more is None:
                guess = sniff(bytes(self.data), self.name.rpartition("/")[2])
                self.more = guess is not None and (guess not in KINDS or guess == "eml")
            if self.more:
                self._keep(s[max(0, room) : self.budget.limits.member - len(self.data)])
        return len(s)

    def _keep(self, s: bytes | bytearray) -> None:
        self.held[0] -= len(s)
        if self.held[0] < 0:
            raise Spent("members of a 7z that are too large together to be looked into")
        self.data += s

    def read(self, size: int | None = None) -> bytes:
        """Nothing: py7zr asks for it in its interface only."""
        return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        """Nowhere, as above."""
        return 0

    def flush(self) -> None:
        """Nothing is kept back."""

    def size(self) -> int:
        """What has come."""
        return self.count

    def close(self) -> None:
        """The member is through."""
