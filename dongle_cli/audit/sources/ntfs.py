"""An NTFS volume read by its $MFT: records, streams as media, paths of records, which clusters are taken."""

from __future__ import annotations

import struct
from bisect import bisect_right

from dongle_cli.audit.sources import ntfs_record
from dongle_cli.audit.sources.media import Bytes, Cached, Media
from dongle_cli.audit.sources.ntfs_record import DATA, FOLDER, IN_USE, NUMBER, Record, Stream, Torn

ROOT, BITMAP, SECURE = 5, 6, 9  # records whose numbers are fixed; the first 16 are the file system's own
ORPHANS = "$OrphanFiles"  # where what no folder leads to is said to be, in the words of The Sleuth Kit
_LIST_MOST = 256 * 1024  # bytes of an attribute list, as NTFS has it
_RUNS_MOST = 1 << 19  # of one file; Windows gives up at some 1.5 million, and a laptop's file has some thousands
_DEEP = 1000  # folders in a path; Windows ends at 16,384 bytes of path
_FOLDERS = 100_000  # paths of folders that are remembered at a time
BEHIND = "its clusters lie behind the end of the volume"
EPOCH = 11_644_473_600  # seconds from 1601 to 1970


class Ntfs:
    """The volume in `media`; Torn where boot sector or $MFT cannot be followed at all."""

    def __init__(self, media: Media, boot: bytes) -> None:
        sector, per_cluster = struct.unpack_from("<HB", boot, 11)
        start, mirror = struct.unpack_from("<QQ", boot, 48)
        (width,) = struct.unpack_from("<b", boot, 64)
        self.media = self.mft = media
        self.cluster = sector * (per_cluster if per_cluster < 0x81 else 1 << (256 - per_cluster))
        self.size = 1 << -width if width < 0 else width * self.cluster  # of a record
        if (
            sector not in (256, 512, 1024, 2048, 4096)
            or not 0 < self.cluster <= 1 << 21
            or self.size not in (1024, 4096)
        ):
            raise Torn("its boot sector gives impossible sizes")
        self._folders: dict[int, tuple[int, int, int, str] | None] = {ROOT: None}
        self._bitmap: Media | None = None
        self.notes: list[str] = []  # what was amiss and could be helped
        self.mft = self._table(start * self.cluster, mirror * self.cluster)
        self.records = min(self.mft.size, media.size) // self.size
        (sectors,) = struct.unpack_from("<Q", boot, 40)
        if media.size < sectors * sector:
            self.notes.append(f"the volume is cut short: {media.size} of {sectors * sector} bytes are there")

    def _table(self, start: int, mirror: int) -> Media:
        """The $MFT, which its own first record describes; the mirror stands in for a damaged one."""
        try:
            own = ntfs_record.parse(self.media.pread(start, self.size))
        except Torn as error:
            self.notes.append(f"the first record of the $MFT: {error}; its mirror was read")
            own = ntfs_record.parse(self.media.pread(mirror, self.size))
        if own is None:
            raise Torn("there is no $MFT where the boot sector says")
        data = [stream for stream in own.streams() if not stream.name and not stream.first]
        if len(data) != 1 or data[0].content is not None:
            raise Torn("the $MFT does not say where it is")
        self.mft = self.stream(data[0])  # enough of it to find the records that tell the rest
        self.records = self.mft.size // self.size
        whole = next(stream for stream in self.whole(own, 0) if not stream.name)
        return self.stream(whole)

    def record(self, number: int) -> Record | None:
        """Record `number`; None where it was never used, Torn where it is damaged or not there."""
        if not 0 <= number < self.records:
            raise Torn("its number lies behind the end of the $MFT")
        return ntfs_record.parse(self.mft.pread(number * self.size, self.size))

    def whole(self, record: Record, number: int) -> list[Stream]:
        """The streams of a file, also those that an attribute list says are in other records."""
        listing = record.listed()
        streams = {stream.name: stream for stream in record.streams() if not stream.first}
        if listing is None:
            return list(streams.values())
        content = self.stream(listing).pread(0, min(listing.size, _LIST_MOST))
        elsewhere = {ref & NUMBER for kind, ref in ntfs_record.listed(content) if kind == DATA} - {number}
        parts = [stream for stream in record.streams() if stream.first]
        for other in sorted(elsewhere):
            extension = self.record(other)
            if extension is None or extension.base & NUMBER != number:
                raise Torn(f"its record {other} belongs to another file by now")
            for stream in extension.streams():
                if stream.first:
                    parts.append(stream)
                else:
                    streams[stream.name] = stream
        for part in parts:
            if part.name in streams:
                streams[part.name].more.append((part.first, part.runs))
        return list(streams.values())

    def names(self, record: Record, number: int) -> list[tuple[int, str]]:
        """Folder and name of every hard link, also of those in other records."""
        names = record.names()
        listing = record.listed()
        if listing is not None:
            content = self.stream(listing).pread(0, min(listing.size, _LIST_MOST))
            elsewhere = {ref & NUMBER for kind, ref in ntfs_record.listed(content) if kind == ntfs_record.NAME}
            for other in sorted(elsewhere - {number}):
                extension = self.record(other)
                if extension is None or extension.base & NUMBER != number:
                    raise Torn(f"its record {other} belongs to another file by now")
                names += extension.names()
        return list(dict.fromkeys(names))

    def extents(self, stream: Stream) -> list[tuple[int, int, int | None]]:
        """Of a stream that is not resident: offset in it, length and offset on the volume (None: zeros), in bytes."""
        found: list[tuple[int, int, int | None]] = []
        at = real = 0
        for first, encoded in [(stream.first, stream.runs), *sorted(stream.more)]:
            if first * self.cluster != at:
                raise Torn("a part of its data runs is missing")
            for count, lcn in ntfs_record.runs(encoded):
                length = count * self.cluster
                found.append((at, length, None if lcn is None else lcn * self.cluster))
                at += length
                real += 0 if lcn is None else length
                if len(found) > _RUNS_MOST or real > self.media.size + self.cluster:
                    raise Torn("its data runs are more than the volume holds")
        return found

    def stream(self, stream: Stream) -> Media:
        """The content of a stream, as it lies on the volume: one that is compressed comes out compressed."""
        if stream.content is not None:
            return Bytes(stream.content)
        return Extents(self.media, self.extents(stream), stream.size, stream.initialized)

    def head(self, stream: Stream, size: int) -> bytes:
        """The first bytes of a stream; what a scan asks most often, so that it takes no detour."""
        if stream.content is not None:
            return stream.content[:size]
        size = min(size, stream.size)
        for count, lcn in ntfs_record.runs(stream.runs):
            if lcn is not None and count * self.cluster >= size <= stream.initialized:
                head = self.media.pread(lcn * self.cluster, size)
                if len(head) < size:
                    raise OSError(5, BEHIND)
                return head
            break
        return self.stream(stream).pread(0, size)

    def taken(self, stream: Stream) -> tuple[bool, bool, bool]:
        """Of a deleted file's clusters: whether the first, any, and all of them belong to another file by now."""
        if self._bitmap is None:
            bitmap = self.record(BITMAP)
            if bitmap is None:
                raise Torn("the volume has no $Bitmap")
            self._bitmap = Cached(self.stream(next(s for s in self.whole(bitmap, BITMAP) if not s.name)), 16)
        first, any_, all_ = None, False, True
        for _at, length, offset in self.extents(stream):
            if offset is None:
                continue
            lcn, count = offset // self.cluster, length // self.cluster
            for start in range(lcn, min(lcn + count, self._bitmap.size * 8), 1 << 20):
                some = min(1 << 20, lcn + count - start)
                bits = int.from_bytes(self._bitmap.pread(start // 8, some // 8 + 2), "little") >> start % 8
                used = (bits & ((1 << some) - 1)).bit_count()
                first = bool(bits & 1) if first is None else first
                any_, all_ = any_ or used > 0, all_ and used == some
        return bool(first), any_, all_ and any_

    def path(self, parent: int, name: str) -> str:
        """The path of `name` in the folder that the file reference `parent` means."""
        parts = [name]
        while True:
            number, sequence = parent & NUMBER, parent >> 48
            if number == ROOT:
                return "/".join(reversed(parts))
            if number not in self._folders:
                if len(self._folders) > _FOLDERS:
                    self._folders = {ROOT: None}
                self._folders[number] = self._folder(number)
            folder = self._folders[number]
            # A record that was freed counts its sequence up; one that was taken again since is another folder.
            if folder is None or folder[0] + (0 if folder[1] else -1) != sequence or len(parts) > _DEEP:
                return "/".join([ORPHANS, *reversed(parts)])
            parts.append(folder[3])
            parent = folder[2]

    def _folder(self, number: int) -> tuple[int, int, int, str] | None:
        try:
            record = self.record(number)
            if record is None or not record.flags & FOLDER:
                return None
            (parent, name), *_ = self.names(record, number)
        except (Torn, ValueError, OSError):
            return None
        return record.sequence, record.flags & IN_USE, parent, name


class Extents:
    """Stretches of a volume in the order of a file; OSError where one lies behind the volume's end."""

    def __init__(
        self, media: Media, extents: list[tuple[int, int, int | None]], size: int, initialized: int | None = None
    ) -> None:
        self._media, self._extents = media, extents
        self._starts = [extent[0] for extent in extents]
        covered = extents[-1][0] + extents[-1][1] if extents else 0
        self.size = min(size, covered)
        self._initialized = self.size if initialized is None else initialized

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes of the file; zeros where it is sparse or was never written."""
        size = min(size, self.size - offset)
        pieces = []
        while size > 0:
            if offset >= self._initialized:
                pieces.append(bytes(size))
                break
            start, length, where = self._extents[bisect_right(self._starts, offset) - 1]
            count = min(size, start + length - offset, self._initialized - offset)
            if where is None:
                piece = bytes(count)
            else:
                piece = self._media.pread(where + offset - start, count)
                if len(piece) < count:
                    raise OSError(5, BEHIND)
            pieces.append(piece)
            offset, size = offset + count, size - count
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
