"""An NTFS volume looked at in the order of its $MFT: live files, streams, deleted ones, and what a shadow keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO

from dongle_cli.audit.identify import KINDS, Limits, settle, sniff
from dongle_cli.audit.identify.kinds import by_name
from dongle_cli.audit.model import Entry, Gap, Hit, State, Tally
from dongle_cli.audit.sources import ntfs_record
from dongle_cli.audit.sources.media import Media, as_file, said
from dongle_cli.audit.sources.ntfs import EPOCH, ORPHANS, ROOT, Ntfs
from dongle_cli.audit.sources.ntfs_glance import HEAD, glance
from dongle_cli.audit.sources.ntfs_owner import Owners
from dongle_cli.audit.sources.ntfs_record import (
    COMPRESSED,
    ENCRYPTED,
    FOLDER,
    IN_USE,
    LIST,
    REPARSE,
    Record,
    Stream,
    Torn,
)
from dongle_cli.audit.sources.reparse import recalls

_STEP = 1 << 20  # bytes of the $MFT that are read at a time
_OWN = 16  # records of the file system itself
_WOF = 0x80000017  # compressed by the Windows Overlay Filter ("compact /exe", CompactOS)
_WOF_STREAM = "WofCompressedData"
# What is kept elsewhere and only named here: HSM, SIS, WIM, deduplication ([MS-FSCC] 2.1.2.1).
_ELSEWHERE = (0xC0000004, 0x80000006, 0x80000007, 0x80000008, 0x80000013)

Found = Hit | Gap | Tally


@dataclass(slots=True)
class MftScan:
    """Looks at the records of one volume; `newer` are later states of it, and what is the same there is passed over."""

    ntfs: Ntfs
    volume: str
    limits: Limits
    decompressed: Callable[[int, str], Media]  # of record and stream: what libfsntfs makes of a compressed one
    opened: Callable[[str], BinaryIO]  # by its path: another file that a file is only a part of
    store: int | None = None
    newer: tuple[Ntfs, ...] = ()
    out: list[Found] = field(default_factory=list)
    files: int = 0
    folders: int = 0
    read: int = 0
    torn: int = 0  # records that cannot be believed
    first_torn: str = ""
    _owners: Owners | None = None

    def run(self, first: int, last: int) -> Iterator[list[Found]]:
        """Records `first` up to `last`, in batches; never raises for what a disk may hold."""
        size, step = self.ntfs.size, _STEP // self.ntfs.size
        for begin in range(first, last, step):
            try:
                block = self.ntfs.mft.pread(begin * size, min(step, last - begin) * size)
            except OSError as error:
                self._gap("$MFT", "damaged", f"records {begin} and on: {said(error)}")
                continue
            if self.store is None:
                own = max(0, _OWN - begin) * size  # those of the file system are looked at, and count for nothing
                seen = glance(self.ntfs, block[own:], self.limits.kinds)
                self.files, self.folders, self.read = seen.files, seen.folders, seen.read
                again = [*glance(self.ntfs, block[:own], self.limits.kinds).again, *(own + at for at in seen.again)]
            else:
                same = any(_reads(other, begin, block) for other in self.newer)
                again = [] if same else list(range(0, len(block), size))
            for at in again:
                self._one(begin + at // size, block[at : at + size])
            self.out.append(Tally(self.files, self.folders, self.read, f"$MFT {begin}"))
            self.files = self.folders = self.read = 0
            yield self.out
            self.out = []
        if self.torn:
            more = f"; and {self.torn - 1} more" if self.torn > 1 else ""
            self._gap("$MFT", "damaged", self.first_torn + more)
            yield self.out
            self.out, self.torn = [], 0

    def _one(self, number: int, data: bytes) -> None:
        try:
            record = ntfs_record.parse(data)
        except Torn as error:
            self.first_torn = self.first_torn if self.torn else f"record {number}: {error}"
            self.torn += 1
            return
        if record is None or record.base or (number < _OWN and number != ROOT):
            return
        live = bool(record.flags & IN_USE)
        if self.store is not None and not (live and self._differs(record, number)):
            return
        if live and number >= _OWN:
            if record.flags & FOLDER:
                self.folders += 1
            else:
                self.files += 1
        try:
            streams = self.ntfs.whole(record, number) if LIST in record.others else record.streams()
            if REPARSE in record.others or recalls(record.attributes):
                streams = self._local(record, number, streams)
            name = record.name if streams else ""
            for stream in streams:
                self._stream(record, number, stream, stream.name or name)
        except (Torn, OSError) as error:
            if live:
                self._gap(self._paths(record, number)[0], "damaged", said(error))
        except Exception as error:  # whatever a stranger's disk does to a reader, the scan goes on and it is told
            self._gap(f"{ORPHANS}/#{number}", "damaged", f"{type(error).__name__}: {said(error)}")

    def _differs(self, record: Record, number: int) -> bool:
        return not any(_same(self.ntfs, record, other, number) for other in self.newer)

    def _local(self, record: Record, number: int, streams: list[Stream]) -> list[Stream]:
        """The streams whose content is on this disk, with a gap for a file that is not."""
        tag, attributes = record.reparse, record.attributes
        reason = "placeholder" if recalls(attributes) else "unsupported" if tag in _ELSEWHERE else ""
        if reason:
            if record.flags & (IN_USE | FOLDER) == IN_USE:
                self._gap(self._paths(record, number)[0], reason, f"attributes 0x{attributes:x}, tag 0x{tag:x}")
            return [stream for stream in streams if stream.name]
        return [stream for stream in streams if tag != _WOF or stream.name != _WOF_STREAM]

    def _stream(self, record: Record, number: int, stream: Stream, name: str) -> None:
        content, live = None, record.flags & IN_USE
        try:
            if stream.flags and stream.size:
                if stream.flags & ENCRYPTED:
                    self._encrypted(record, number, stream, name)
                    return
                if stream.flags & COMPRESSED and stream.content is None:
                    content = self.decompressed(number, stream.name)
            if REPARSE in record.others and record.reparse == _WOF and not stream.name:
                content = self.decompressed(number, "")
            head = self.ntfs.head(stream, HEAD) if content is None else content.pread(0, HEAD)
        except (Torn, OSError):
            if live:
                raise
            head = b""
        self.read += len(head)
        guess = sniff(head, name, self.limits.kinds)
        if live:
            if guess is not None:
                self._settle(record, number, stream, guess, head, content)
        elif guess is not None or by_name(name) is not None:
            self._deleted(record, number, stream, guess, head, content, name)

    def _deleted(
        self, record: Record, number: int, stream: Stream, guess: str | None, head: bytes,
        content: Media | None, name: str,
    ) -> None:  # fmt: skip
        """A deleted file by its content as far as that is its own, else by its name."""
        recoverable, own = self._recoverable(stream)
        found = False
        if guess is not None and own and head:
            found = self._settle(record, number, stream, guess, head, content, recoverable)
        kind = self._named(name)
        if not found and kind is not None and not (recoverable == "yes" and head):
            for entry in self._entries(record, number, stream, recoverable):
                self.out.append(Hit(entry, kind, "extension"))

    def _named(self, name: str) -> str | None:
        """The kind of document that a name claims, for content that cannot be had."""
        kind = by_name(name)
        if kind is None or not KINDS[kind].is_document:
            return None
        return kind if KINDS[kind].strong or kind in self.limits.kinds else None

    def _recoverable(self, stream: Stream) -> tuple[str, bool]:
        """What $Bitmap says of a deleted stream's clusters, and whether its beginning is still its own."""
        if stream.content is not None:
            return "yes", True
        try:
            first, any_, all_ = self.ntfs.taken(stream)
        except (Torn, OSError):
            return "overwritten", False
        return ("overwritten" if all_ else "partly" if any_ else "yes"), not first

    def _settle(
        self, record: Record, number: int, stream: Stream, guess: str, head: bytes,
        content: Media | None, recoverable: str | None = None,
    ) -> bool:  # fmt: skip
        """Look into a file under each of its names; whether anything was recognised. Pieces of a file are no gap."""
        media = content or self.ntfs.stream(stream)
        hits = False
        for entry in self._entries(record, number, stream, recoverable):
            file: BinaryIO = as_file(media)
            beside = partial(self._beside, entry.path) if entry.state is State.LIVE else None
            for found in settle(guess, entry, head, file, self.limits, beside):
                if isinstance(found, Hit):
                    hits = True
                elif recoverable not in (None, "yes"):
                    continue
                self.out.append(found)
        return hits

    def _beside(self, path: str, name: str) -> BinaryIO:
        return self.opened("".join((*path.rpartition("/")[:2], name)))

    def _encrypted(self, record: Record, number: int, stream: Stream, name: str) -> None:
        """EFS: only the name can be judged, and that the rest could not be is told."""
        if not record.flags & IN_USE:
            return
        kind = self._named(name)
        for entry in self._entries(record, number, stream, None):
            if kind is not None:
                self.out.append(Hit(entry, kind, "extension", encrypted=True))
            else:
                self._gap(entry.path, "encrypted", "EFS")

    def _entries(self, record: Record, number: int, stream: Stream, recoverable: str | None) -> list[Entry]:
        if not record.flags & IN_USE:
            state = State.DELETED
        elif self.store is not None:
            state = State.SHADOW
        else:
            state = State.STREAM if stream.name else State.LIVE
        if self._owners is None:
            self._owners = Owners(self.ntfs)
        mtime, whose = record.modified / 10_000_000 - EPOCH, self._owners.of(record)
        end = f":{stream.name}" if stream.name else ""
        return [
            Entry(path + end, stream.size, mtime, whose, state, recoverable, self.volume, self.store)
            for path in self._paths(record, number)
        ]

    def _paths(self, record: Record, number: int) -> list[str]:
        if number == ROOT:
            return [""]
        try:
            names = self.ntfs.names(record, number)
        except (Torn, OSError):
            names = []
        return [self.ntfs.path(parent, name) for parent, name in names] or [f"{ORPHANS}/#{number}"]

    def _gap(self, path: str, reason: str, detail: str) -> None:
        self.out.append(Gap(path, reason, detail, self.volume))


def _reads(other: Ntfs, begin: int, block: bytes) -> bool:
    """Whether `other` has the very same records there."""
    try:
        return other.mft.pread(begin * other.size, len(block)) == block
    except OSError:
        return False


def _same(ntfs: Ntfs, record: Record, other: Ntfs, number: int) -> bool:
    """Whether the file is the same in both states: entry, sequence, time of change and where the data lies."""
    try:
        twin = other.record(number)
        return (
            twin is not None
            and bool(twin.flags & IN_USE)
            and (twin.sequence, twin.modified) == (record.sequence, record.modified)
            and _lies(other, twin, number) == _lies(ntfs, record, number)
        )
    except (Torn, OSError):
        return False


def _lies(ntfs: Ntfs, record: Record, number: int) -> list[tuple[object, ...]]:
    streams = ntfs.whole(record, number) if LIST in record.others else record.streams()
    return sorted((s.name, s.size, s.content or b"", s.runs, tuple(s.more)) for s in streams)
