"""Decompression that always ends: gzip, bzip2, xz and the methods of ZIP, in pieces, within the limits."""

from __future__ import annotations

import bz2
import lzma
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import BinaryIO, Protocol

from dongle_cli.audit.identify.limits import MIB, Budget

# What damaged input raises while it is unpacked.
DAMAGE = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, struct.error)


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Zlib:
    """zlib's object with the manners of bz2's and lzma's."""

    def __init__(self, window: int) -> None:
        self._object = zlib.decompressobj(window)

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def needs_input(self) -> bool:
        return not self._object.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._object.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return self._object.decompress(self._object.unconsumed_tail + data, max_length)


class _ZipLzma:
    """LZMA in ZIP (APPNOTE 5.8.8): version, length of the properties, properties, raw data."""

    def __init__(self) -> None:
        self._start = b""
        self._object: lzma.LZMADecompressor | None = None

    @property
    def eof(self) -> bool:
        return self._object is not None and self._object.eof

    @property
    def needs_input(self) -> bool:
        return self._object is None or self._object.needs_input

    @property
    def unused_data(self) -> bytes:
        return self._object.unused_data if self._object else b""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        if self._object is None:
            self._start += data
            if len(self._start) < 9:
                return b""
            (length,) = struct.unpack_from("<H", self._start, 2)
            properties, data = self._start[4 : 4 + length], self._start[4 + length :]
            if length != 5:
                raise ValueError("LZMA properties")
            first, size = properties[0], int.from_bytes(properties[1:5], "little")
            rest, lc = divmod(first, 9)
            pb, lp = divmod(rest, 5)
            if size > 64 * MIB:
                raise ValueError("LZMA dictionary")
            filters = [{"id": lzma.FILTER_LZMA1, "dict_size": max(size, 4096), "lc": lc, "lp": lp, "pb": pb}]
            self._object = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)
        return self._object.decompress(data, max_length)


class _Zstandard:
    """Zstandard's object, from wherever this Python has it, with errors that the others have too."""

    def __init__(self) -> None:
        zstd = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
        self._error: type[Exception] = zstd.ZstdError
        self._object: _Unpacker = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: 26})

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def needs_input(self) -> bool:
        return self._object.needs_input

    @property
    def unused_data(self) -> bytes:
        return self._object.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        try:
            return self._object.decompress(data, max_length)
        except self._error as error:
            raise ValueError(str(error)) from None


Maker = Callable[[], _Unpacker]
STREAMS: dict[str, Maker] = {
    "gz": lambda: _Zlib(31),
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(memlimit=128 * MIB),
    "zst": _Zstandard,
}
ZIP_METHODS: dict[int, Maker] = {8: lambda: _Zlib(-15), 12: bz2.BZ2Decompressor, 14: _ZipLzma}


def pieces(file: BinaryIO, at: int, length: int, step: int) -> Iterator[bytes]:
    """`length` bytes of `file` from `at` on, `step` at a time; it may be shared, so each piece seeks."""
    while length > 0:
        file.seek(at)
        piece = file.read(min(step, length))
        if not piece:
            return
        yield piece
        at += len(piece)
        length -= len(piece)


def expand(packed: Iterator[bytes], make: Maker, most: int, budget: Budget) -> Iterator[bytes]:
    """What `packed` unpacks to, `most` bytes at most; streams that follow one another are one, as gzip has it."""
    unpack, first = make(), True
    taken = out = 0
    for piece in packed:
        taken += len(piece)
        while True:
            try:
                plain = unpack.decompress(piece, min(most - out, MIB))
            except (zlib.error, lzma.LZMAError, OSError, ValueError):
                if first:
                    raise
                return  # padding or rubbish after the last stream
            out += len(plain)
            budget.took(len(plain))
            budget.fits(out, taken)
            if plain:
                yield plain
            if out >= most:
                return
            if unpack.eof:
                piece, unpack, first = unpack.unused_data, make(), False
                if piece:
                    continue
                break
            if unpack.needs_input:
                break
            piece = b""
    if first and not unpack.eof:
        raise EOFError("cut short")


def beginning(packed: bytes, whole: bool, make: Maker, most: int, budget: Budget) -> bytes | None:
    """The first `most` bytes that `packed` unpacks to, in one call; None where it takes more bytes, or more care.

    `whole` says that no more bytes follow. What `expand` gives is the same; most files are small enough for this.
    """
    unpack = make()
    try:
        plain = unpack.decompress(packed, most)
    except (zlib.error, lzma.LZMAError, OSError, ValueError):
        return None
    if len(plain) < most and not (whole and unpack.eof and not unpack.unused_data):
        return None
    budget.took(len(plain))
    return plain


def joined(parts: Iterator[bytes], most: int) -> bytes:
    """At most `most` bytes of `parts`; what came before damage is kept."""
    out = bytearray()
    try:
        for part in parts:
            out += part
            if len(out) >= most:
                break
    except DAMAGE:
        if not out:
            raise
    return bytes(out[:most])
