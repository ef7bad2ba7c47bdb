"""Files of an NTFS volume looked up by path, and compressed ones decompressed, by libfsntfs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from dongle_cli.audit.model import Entry, State
from dongle_cli.audit.sources.containers import library
from dongle_cli.audit.sources.media import Media, MediaFile, Yal, as_file, said
from dongle_cli.audit.sources.ntfs import EPOCH, ROOT, Ntfs
from dongle_cli.audit.sources.ntfs_index import Listed, listing
from dongle_cli.audit.sources.ntfs_record import NUMBER, Torn

_FOLDERS = 256  # folders whose names are remembered


class NtfsVolume:
    """A volume for looking things up; case is ignored, as Windows does. "file:stream" is a stream."""

    def __init__(self, media: Media, name: str) -> None:
        self.name = name
        self._media = media
        self._opened: Any = None
        self._folders: dict[int, dict[str, Listed]] = {}
        self.table: Ntfs | None = None  # the same volume by its $MFT, where that could be read
        self.protection: str | None = None  # of BitLocker, as it was found: "on" or "suspended"

    def find(self, path: str) -> Entry | None:
        """The file or folder at `path`, or None."""
        found = self._reach(path)
        if found is None:
            return None
        entry, stream, real = found
        state = State.LIVE if stream in (None, entry) else State.STREAM
        mtime = entry.get_modification_time_as_integer() / 10_000_000 - EPOCH
        size = None if stream is None else int(stream.size)
        return Entry(real, size, mtime, None, state, volume=self.name)

    def list(self, path: str) -> Iterator[tuple[str, bool]]:
        """Names in a folder, each with whether it is a folder."""
        found = self._followed(path)
        if found is None:
            raise FileNotFoundError(2, "there is no such folder", path)
        yield from ((name, folder) for name, folder, _number in self._inside(found[0]).values())

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
        base, stream = _split(path)
        found = self._followed(base)
        if found is None:
            return None
        number, spelled = found
        try:
            entry = self._volume().get_file_entry(number)
            if stream:
                data = entry.get_alternate_data_stream_by_name(stream)
                return None if data is None else (entry, data, f"{spelled}:{stream}")
            return entry, (entry if entry.has_default_data_stream() else None), spelled
        except (MemoryError, OverflowError, ValueError) as error:
            raise OSError(5, said(error)) from None

    def _followed(self, path: str) -> tuple[int, str] | None:
        """The number of the record at `path`, and the path as it is spelled."""
        number, real = ROOT, []
        for part in filter(None, path.split("/")):
            try:
                known = self._inside(number).get(part.casefold())
            except FileNotFoundError:
                return None
            if known is None:
                return None
            real.append(known[0])
            number = known[2]
        return number, "/".join(real)

    def _inside(self, number: int) -> dict[str, Listed]:
        """What is in the folder `number`, by folded name; FileNotFoundError where it is none."""
        known = self._folders.get(number)
        if known is None:
            if len(self._folders) >= _FOLDERS:
                self._folders.clear()
            known = self._folders[number] = {one[0].casefold(): one for one in self._listed(number)}
        return known

    def _listed(self, number: int) -> Sequence[Listed]:
        """By our own reading of its index; where that cannot be followed, by libfsntfs, which asks every record."""
        if self.table is not None:
            try:
                return listing(self.table, number)
            except Torn:
                pass
        try:
            folder = self._volume().get_file_entry(number)
            if not folder.has_directory_entries_index():
                raise FileNotFoundError(2, "there is no such folder", f"#{number}")
            entries = [folder.get_sub_file_entry(index) for index in range(folder.number_of_sub_file_entries)]
            return [
                (entry.name, bool(entry.has_directory_entries_index()), entry.file_reference & NUMBER)
                for entry in entries
                if entry.name and entry.name != "."
            ]
        except (MemoryError, OverflowError, ValueError) as error:
            raise OSError(5, said(error)) from None


def _split(path: str) -> tuple[str, str]:
    folder, slash, last = path.rpartition("/")
    name, _colon, stream = last.partition(":")
    return folder + slash + name, stream
