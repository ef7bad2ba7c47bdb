"""Bytes of a disk from anywhere: raw files, parts of something larger, caches in front of slow things."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol, cast


class Unsupported(ValueError):
    """A feature of a container that is not read here; its words say which."""


class Media(Protocol):
    """A disk or a part of one: `size` bytes, read at an offset; short only at its end, OSError where damaged."""

    size: int

    def pread(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`."""


class RawFiles:
    """One raw image, or the segments of one (.001, .002 ...) in their order; opened so that nothing can be written."""

    def __init__(self, paths: list[Path]) -> None:
        self._descriptors: list[int] = []
        self._starts: list[int] = []
        self.size = 0
        for path in paths:
            descriptor = open_quietly(path)
            self._descriptors.append(descriptor)
            self._starts.append(self.size)
            self.size += os.lseek(descriptor, 0, os.SEEK_END)
        self._only = self._descriptors[0] if len(paths) == 1 else None

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes of the image; the file position is not used, so that several readers do not disturb each other."""
        if offset >= self.size:  # a damaged table may ask for what no system call takes
            return b""
        if self._only is not None:
            return os.pread(self._only, size, offset)
        pieces = []
        while size > 0 and offset < self.size:
            index = bisect_right(self._starts, offset) - 1
            piece = os.pread(self._descriptors[index], size, offset - self._starts[index])
            if not piece:
                break
            pieces.append(piece)
            offset, size = offset + len(piece), size - len(piece)
        return b"".join(pieces)

    def close(self) -> None:
        """Give the files back."""
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors = []


def open_quietly(path: Path) -> int:
    """A descriptor that reads only, waits for nobody and leaves the access time alone where the system allows it."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        return os.open(path, flags | os.O_NOATIME)
    except PermissionError:  # O_NOATIME is for the file's owner (open(2))
        return os.open(path, flags)


class FileMedia:
    """An open file as a medium, as long as it was when it was opened; it must not be read by others meanwhile."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, os.SEEK_END)

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes of the file; short where it was cut off since."""
        size = min(size, self.size - offset)
        if size <= 0:
            return b""
        self._file.seek(offset)
        return self._file.read(size)


class Watched:
    """A medium that tells whenever it is read; whom, may change."""

    def __init__(self, media: Media, tell: Callable[[], None]) -> None:
        self._media, self.tell = media, tell
        self.size = media.size

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes of the medium."""
        self.tell()
        return self._media.pread(offset, size)


class Part:
    """A stretch of a larger medium: a partition."""

    def __init__(self, media: Media, start: int, size: int) -> None:
        self._media, self._start = media, start
        self.size = max(0, min(size, media.size - start))

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes counted from the part's own start."""
        size = min(size, self.size - offset)
        return self._media.pread(self._start + offset, size) if size > 0 else b""


class Headed:
    """A medium whose first bytes are others than those that lie there: a boot sector taken from its copy."""

    def __init__(self, media: Media, head: bytes) -> None:
        self._media, self._head = media, head
        self.size = media.size

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes of the medium, or of the head in front of them."""
        if offset >= len(self._head):
            return self._media.pread(offset, size)
        data = self._media.pread(offset, size)
        head = self._head[offset : offset + len(data)]
        return head + data[len(head) :]


class Cached:
    """The blocks of a slow medium that were read last; 64 KiB each, because small files lie side by side."""

    BLOCK = 64 * 1024

    def __init__(self, media: Media, blocks: int = 256) -> None:
        self._media, self._room = media, blocks
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self.size = media.size

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes of the medium; long reads pass by, so that one large file does not push out everything."""
        index, skip = divmod(offset, self.BLOCK)
        if skip + size <= self.BLOCK:
            block = self._blocks.get(index)
            if block is None:
                block = self._fetch(index)
            return block[skip : skip + size]
        if size > 4 * self.BLOCK:
            return self._media.pread(offset, size)
        first = self.pread(offset, self.BLOCK - skip)
        if len(first) < self.BLOCK - skip:
            return first
        return first + self.pread(offset + len(first), size - len(first))

    def _fetch(self, index: int) -> bytes:
        block = self._media.pread(index * self.BLOCK, self.BLOCK)
        if len(self._blocks) >= self._room:
            self._blocks.popitem(last=False)
        self._blocks[index] = block
        return block


class Yal:
    """What a libyal object (libvhdi, libvmdk, libewf, libbde, libvshadow) makes of its file."""

    def __init__(self, handle: object, size: int, *keep: object) -> None:
        self._read: Callable[[int, int], bytes] = handle.read_buffer_at_offset  # type: ignore[attr-defined]
        self._keep = (handle, *keep)  # what the handle reads from must live as long as it does
        self.size = size

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes at `offset`; libyal refuses to start at the end, here it is an empty answer."""
        size = min(size, self.size - offset)
        return self._read(size, offset) if size > 0 else b""


class MediaFile(io.RawIOBase):
    """A medium as the seekable file that libyal and everything else takes."""

    def __init__(self, media: Media) -> None:
        self._media = media
        self._at = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def get_size(self) -> int:
        """What libyal asks before it asks anything else."""
        return self._media.size

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """As any file."""
        base = (0, self._at, self._media.size)[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """As any file."""
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        """As any file, but never short before the end."""
        left = max(0, self._media.size - self._at)
        data = self._media.pread(self._at, left if size is None or size < 0 else min(size, left))
        self._at += len(data)
        return data

    def readinto(self, buffer: object, /) -> int:
        """As any file."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)


def as_file(media: Media) -> BinaryIO:
    """`media` as a buffered file."""
    return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, MediaFile(media)), 16 * 1024))


class Bytes:
    """A small thing held in memory, read like a medium: the resident data of an MFT record."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def pread(self, offset: int, size: int) -> bytes:
        """A slice of it."""
        return self._data[offset : offset + size]


def said(error: BaseException) -> str:
    """What a library says of a failure, in one line without its inner function names."""
    text = str(error).split("\n", 1)[0].strip()
    for cut in (" pyfsntfs_", " pyvhdi_", " pyvmdk_", " pyewf_", " pybde_", " pyvshadow_"):
        text = text.removeprefix(cut.strip())
    return text[:300]


def segments(first: Path) -> list[Path]:
    """`first` and, where it is named name.001, the files that follow it without a hole."""
    if not first.suffix[1:].isdigit() or int(first.suffix[1:]) != 1:
        return [first]
    paths, width = [first], len(first.suffix) - 1
    for number in range(2, 10**width):
        path = first.with_suffix(f".{number:0{width}}")
        if not path.is_file():
            break
        paths.append(path)
    return paths
