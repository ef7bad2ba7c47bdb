"""QEMU's qcow2, versions 2 and 3, read directly: libqcow gives wrong bytes for clusters that are compressed.

After QEMU's docs/interop/qcow2: a header in big-endian, a first-level table whose entries lead to second-level tables,
whose entries lead to clusters: as they are, compressed with raw deflate, or nowhere, which means zeros.
"""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from collections import OrderedDict

from dongle_cli.audit.sources.media import Media, Unsupported

_OFFSET = 0x00FFFFFFFFFFFE00
_COMPRESSED, _ZEROS = 1 << 62, 1
_CORRUPT, _ELSEWHERE, _COMPRESSION, _EXTENDED = 2, 4, 8, 16  # incompatible features
_TABLES = 128  # second-level tables that are kept; one of 64 KiB leads to 512 MiB
_CLUSTERS = 64  # decompressed clusters that are kept
_ENTRIES = 1 << 22  # of a first-level table; QEMU opens no larger one


class Qcow2:
    """The disk inside; ValueError where the header cannot be, Unsupported where it needs more than this file."""

    def __init__(self, media: Media) -> None:
        header = media.pread(0, 112).ljust(112, b"\0")
        version, backing, bits, size, crypt, entries, table_at = struct.unpack_from(">IQ4xIQIIQ", header, 4)
        if version not in (2, 3):
            raise Unsupported(f"version {version}")
        (features,) = struct.unpack_from(">Q", header, 72) if version == 3 else (0,)
        if backing:
            raise Unsupported("it only holds what changed since another image: merge it first")
        if crypt:
            raise Unsupported("the container itself is encrypted")
        if features & (_ELSEWHERE | _EXTENDED) or features >> 5:
            raise Unsupported(f"features 0x{features:x}")
        if features & _COMPRESSION and header[104]:
            raise Unsupported("it is compressed with zstd")
        if not 9 <= bits <= 21:
            raise ValueError(f"clusters of 2^{bits} bytes are impossible")
        self._bits, self._each = bits, 1 << bits - 3
        if entries << 2 * bits - 3 < size or entries > _ENTRIES or table_at + 8 * entries > media.size:
            raise ValueError("its first-level table is cut short")
        self._media, self.size = media, size
        self.corrupt = bool(features & _CORRUPT)
        self._first = _table(media.pread(table_at, 8 * entries))
        self._second: OrderedDict[int, array[int]] = OrderedDict()
        self._plain: OrderedDict[int, bytes] = OrderedDict()

    def missing(self) -> int:
        """How many clusters lie behind the end of the file: it was cut short."""
        count = 0
        for at in {entry & _OFFSET for entry in self._first} - {0}:
            table = _table(self._media.pread(at, 8 * self._each))
            if len(table) < self._each:
                count += self._each
            highest = self._media.size
            count += sum((entry & _OFFSET) >= highest for entry in set(table) if not entry & _COMPRESSED)
        return count

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes of the disk; OSError where a table or a cluster cannot be read."""
        size = min(size, self.size - offset)
        mask = (1 << self._bits) - 1
        pieces = []
        while size > 0:
            inside = offset & mask
            count = min(size, mask + 1 - inside)
            entry = self._entry(offset >> self._bits)
            if entry & _COMPRESSED:
                piece = self._unpacked(entry)[inside : inside + count]
            elif entry & _ZEROS or not entry & _OFFSET:
                piece = bytes(count)
            else:
                piece = self._media.pread((entry & _OFFSET) + inside, count)
            if len(piece) < count:
                raise OSError(5, "a cluster lies behind the end of the file")
            pieces.append(piece)
            offset, size = offset + count, size - count
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _entry(self, cluster: int) -> int:
        index, inside = divmod(cluster, self._each)
        table = self._second.get(index)
        if table is None:
            at = self._first[index] & _OFFSET
            if not at:
                return 0
            table = _table(self._media.pread(at, 8 * self._each))
            if len(table) < self._each:
                raise OSError(5, "a second-level table lies behind the end of the file")
            if len(self._second) >= _TABLES:
                self._second.popitem(last=False)
            self._second[index] = table
        return int(table[inside])

    def _unpacked(self, entry: int) -> bytes:
        """A compressed cluster: where it begins, and in how many sectors it lies, stand in its entry."""
        plain = self._plain.get(entry)
        if plain is None:
            shift = 62 - (self._bits - 8)
            at = entry & (1 << shift) - 1
            sectors = (entry & _COMPRESSED - 1) >> shift
            packed = self._media.pread(at, (sectors + 1) * 512 - (at & 511))
            try:
                plain = zlib.decompressobj(-12).decompress(packed, 1 << self._bits)
            except zlib.error as error:
                raise OSError(5, f"a compressed cluster is damaged: {error}") from None
            if len(self._plain) >= _CLUSTERS:
                self._plain.popitem(last=False)
            self._plain[entry] = plain
        return plain


def _table(data: bytes) -> array[int]:
    table = array("Q", data[: len(data) & ~7])
    if sys.byteorder == "little":
        table.byteswap()
    return table
