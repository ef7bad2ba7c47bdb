"""LHA's -lh4- to -lh7-: a sliding window and Huffman codes by blocks (H. Yoshizaki, LHA 2.x), unpacked safely.

The decoders in C that can be had crash on damaged input; and of most members only the first 4 KiB are wanted.
"""

from __future__ import annotations

from collections.abc import Iterator

# By method: bits of the window, how many codes for positions, bits of their number.
METHODS = {b"-lh4-": (12, 14, 4), b"-lh5-": (13, 14, 4), b"-lh6-": (15, 16, 5), b"-lh7-": (16, 17, 5)}
_PIECE = 8192
_Table = list[tuple[int, int]]  # by the next 16 bits: a symbol and the length of its code


class _Bits:
    """Bits from the first byte's highest on; zeros after the end, EOFError a good deal later."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0
        self._buffer, self._count = 0, 0

    def peek(self, count: int) -> int:
        """The next `count` bits (16 at most), which stay."""
        if self._count < count:
            piece = self._data[self._at : self._at + 32]
            if not piece and self._at > len(self._data) + 64:
                raise EOFError("cut short")
            self._at += 32
            self._buffer = (self._buffer & ((1 << self._count) - 1)) << 256 | int.from_bytes(
                piece.ljust(32, b"\0"), "big"
            )
            self._count += 256
        return (self._buffer >> (self._count - count)) & ((1 << count) - 1)

    def skip(self, count: int) -> None:
        """They have been used."""
        self._count -= count

    def take(self, count: int) -> int:
        """The next `count` bits."""
        value = self.peek(count) if count else 0
        self._count -= count
        return value

    def symbol(self, table: _Table) -> int:
        """The next symbol by this code."""
        symbol, length = table[self.peek(16)]
        self._count -= length
        return symbol


def unpack(method: bytes, packed: bytes, size: int) -> Iterator[bytes]:
    """The `size` bytes that `packed` holds, in pieces; ValueError or EOFError where it is damaged."""
    window, codes, width = METHODS[method]
    bits, out, keep, done, left = _Bits(packed), bytearray(b" " * (1 << window)), 1 << window, 0, 0
    letters: _Table = []
    places: _Table = []
    while done + len(out) - keep < size:
        if left == 0:
            left = bits.take(16)
            if left == 0:
                raise ValueError("LZH: an empty block")
            letters = _letters(bits, _lengths(bits, 19, 5, 3))
            places = _lengths(bits, codes, width, -1)
        left -= 1
        symbol = bits.symbol(letters)
        if symbol < 256:
            out.append(symbol)
        else:
            count, place = symbol - 253, bits.symbol(places)
            distance = (1 << (place - 1)) + bits.take(place - 1) + 1 if place else 1
            start = len(out) - distance
            if start < 0:
                raise ValueError("LZH: outside of its window")
            if distance >= count:
                out += out[start : start + count]
            else:
                out += (bytes(out[start:]) * (count // distance + 1))[:count]
        if len(out) >= keep + _PIECE:
            yield bytes(out[keep:])
            done += len(out) - keep
            del out[: len(out) - keep]
    yield bytes(out[keep : keep + size - done])


def _table(lengths: list[int]) -> _Table:
    """Canonical codes: shorter first, then in the order of symbols; each fills all 16-bit words it begins."""
    table: _Table = []
    for length, symbol in sorted((length, symbol) for symbol, length in enumerate(lengths) if length):
        if length > 16:
            raise ValueError("LZH: a code of more than 16 bits")
        table += [(symbol, length)] * (1 << (16 - length))
        if len(table) > 65_536:
            break
    if len(table) != 65_536:
        raise ValueError("LZH: no such code")
    return table


def _lengths(bits: _Bits, most: int, width: int, gap: int) -> _Table:
    """The code for lengths, or for positions: three bits each, and more ones for more than six."""
    count = bits.take(width)
    if count == 0:
        return [(bits.take(width), 0)] * 65_536
    found: list[int] = []
    while len(found) < min(count, most):
        length = bits.take(3)
        while length >= 7 and bits.take(1):
            length += 1
        found.append(length)
        if len(found) == gap:
            found += [0] * bits.take(2)
    return _table(found)


def _letters(bits: _Bits, table: _Table) -> _Table:
    """The code for bytes and lengths of matches, itself packed by `table`; runs of absent symbols are counted."""
    count = bits.take(9)
    if count == 0:
        return [(bits.take(9), 0)] * 65_536
    found: list[int] = []
    while len(found) < min(count, 510):
        symbol = bits.symbol(table)
        if symbol > 2:
            found.append(symbol - 2)
        else:
            found += [0] * (1 if symbol == 0 else bits.take(4) + 3 if symbol == 1 else bits.take(9) + 20)
    return _table(found)
