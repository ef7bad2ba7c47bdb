"""A disk in blocks of one size, each lying where a table says, or nowhere, which means zeros: dynamic VHD, VDI."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from dongle_cli.audit.sources.media import Media

MOST = 1 << 23  # entries of a table: 2 TiB in blocks of 256 KiB, and nobody writes smaller ones


@dataclass(slots=True)
class Blocks:
    """The disk; a block whose entry is N begins at `base` + N * `step` of the container."""

    media: Media
    size: int
    block: int
    table: array[int]
    base: int
    step: int
    nowhere: int  # this entry and those above it

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes of the disk; OSError where the table points behind the end of the file."""
        size = min(size, self.size - offset)
        pieces = []
        while size > 0:
            index, inside = divmod(offset, self.block)
            count = min(size, self.block - inside)
            entry = self.table[index]
            if entry >= self.nowhere:
                piece = bytes(count)
            else:
                piece = self.media.pread(self.base + entry * self.step + inside, count)
                if len(piece) < count:
                    raise OSError(5, f"block {index} lies behind the end of the file")
            pieces.append(piece)
            offset, size = offset + count, size - count
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
