"""Files of an NTFS volume looked up by path, and compressed ones decompressed; both by libfsntfs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from dongle_cli.audit.model import Entry, State
from dongle_cli.audit.sources.containers import library
from dongle_cli.audit.sources.media import Media, MediaFile, Yal, as_file, said
from dongle_cli.audit.sources.ntfs import EPOCH


class NtfsVolume:
    """A volume for looking things up; case is ignored, as Windows does. "file:stream" is a stream."""

    def __init__(self, media: Media, name: str) -> None:
        self.name = name
        self._media = media
        self._opened: Any = None
        self.protection: str | None = None  # of BitLocker, as it was found: "on" or "suspended"

    def find(self, path: str) -> Entry | None:
        """The file or folder at `path`, or None."""
        found = self._reach(path)
        if found is None:
            return None
        entry, stream, real = found
        state = State.STREAM if stream is not entry else State.LIVE
        mtime = entry.get_modification_time_as_integer() / 10_000_000 - EPOCH
        size = None if stream is None else int(stream.size)
        return Entry(real, size, mtime, None, state, volume=self.name)

    def list(self, path: str) -> Iterator[tuple[str, bool]]:
        """Names in a folder, each with whether it is a folder."""
        found = self._reach(path)
        if found is None or not found[0].has_directory_entries_index():
            raise FileNotFoundError(2, "there is no such folder", path)
        yield from ((name, folder) for name, folder, _entry in self._inside(found[0]))

    def open(self, path: str) -> BinaryIO:
        """The content of a file or a stream."""
        found = self._reach(path)
        if found is None or found[1] is None:
            raise FileNotFoundError(2, "there is no such file", path)
        entry, stream, _real = found
        return as_file(Yal(stream, int(stream.size), entry))

    def content(self, number: int, stream: str) -> Media:
        """A stream of the record `number`, decompressed; OSError where that fails."""
        entry = self._volume().get_file_entry(number)
        data = entry if not stream else entry.get_alternate_data_stream_by_name(stream)
        if data is None:
            raise OSError(5, "the stream cannot be decompressed")
        return Yal(data, int(data.size), entry)

    def _volume(self) -> Any:
        if self._opened is None:
            volume = library("pyfsntfs").volume()
            try:
                volume.open_file_object(MediaFile(self._media))
            except (OSError, MemoryError, OverflowError) as error:
                raise OSError(5, said(error)) from None
            self._opened = volume
        return self._opened

    def _reach(self, path: str) -> tuple[Any, Any, str] | None:
        """Entry, its stream (the entry itself: the unnamed one; None: a folder) and the path as it is spelled."""
        volume = self._volume()
        base, stream = _split(path)
        try:
            entry = volume.get_root_directory()
            real = []
            for part in filter(None, base.split("/")):
                found = self._named(entry, part)
                if found is None:
                    return None
                name, entry = found
                real.append(name)
            spelled = "/".join(real)
            if stream:
                data = entry.get_alternate_data_stream_by_name(stream)
                return None if data is None else (entry, data, f"{spelled}:{stream}")
            return entry, (entry if entry.has_default_data_stream() else None), spelled
        except (MemoryError, OverflowError, ValueError) as error:
            raise OSError(5, said(error)) from None

    def _named(self, folder: Any, wanted: str) -> tuple[str, Any] | None:
        if not folder.has_directory_entries_index():
            return None
        folded = wanted.casefold()
        return next(((name, entry) for name, _f, entry in self._inside(folder) if name.casefold() == folded), None)

    def _inside(self, folder: Any) -> Iterator[tuple[str, bool, Any]]:
        for index in range(folder.number_of_sub_file_entries):
            entry = folder.get_sub_file_entry(index)
            name = entry.name
            if name and name != ".":
                yield name, bool(entry.has_directory_entries_index()), entry


def _split(path: str) -> tuple[str, str]:
    folder, slash, last = path.rpartition("/")
    name, _colon, stream = last.partition(":")
    return folder + slash + name, stream
