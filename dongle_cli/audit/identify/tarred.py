"""The members of a tar archive (POSIX.1-2017 pax, "ustar", and GNU's long names), read from front to back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

from dongle_cli.audit.identify.flow import Reader, Seekable
from dongle_cli.audit.identify.item import Item
from dongle_cli.audit.identify.limits import MIB, Spent
from dongle_cli.audit.identify.names import text_of
from dongle_cli.audit.model import Gap, Hit

_BLOCK = 512
_FILES = b"0\x007S"  # regular, old regular, contiguous, GNU sparse
_PAX = re.compile(rb"\d{1,7} ([^=\n]{1,256})=([^\n]*)\n")


def look(item: Item) -> Iterator[Hit | Gap | Item]:
    """The members of the archive."""
    yield from members(item, Seekable(item.open()))


def members(item: Item, source: Reader) -> Iterator[Hit | Gap | Item]:
    """The members of the archive that `source` reads."""
    name, size = b"", None
    while True:
        header = source.read(_BLOCK)
        if not header.strip(b"\0"):
            return  # the end mark, or the end
        if len(header) < _BLOCK or not _is_header(header):
            yield item.gap("damaged", "tar")
            return
        kind, length = header[156:157], _number(header[124:136])
        start = source.at
        end = start + -(-length // _BLOCK) * _BLOCK
        if kind in b"LxKgX" and kind:
            if length > MIB:
                raise Spent("a tar header of more than a mebibyte")
            text = source.read(length)
            if kind == b"L":
                name = text.rstrip(b"\0")
            elif kind in b"xX":
                name, size = _pax(text, name, size)
        else:
            length = length if size is None else size
            end = start + -(-length // _BLOCK) * _BLOCK if kind in _FILES else start
            if kind in _FILES:
                item.budget.entry()
                yield _member(item, source, name or _name(header), length)
            name, size = b"", None
        source.to(end)
        if source.at < min(end, start + length):
            yield item.gap("damaged", "tar: cut short")
            return


def _member(item: Item, source: Reader, raw: bytes, size: int) -> Item:
    head = source.read(min(size, 4096))

    def whole() -> BytesIO:
        rest = source.read(max(0, min(size, item.budget.limits.member) - len(head)))
        item.budget.took(len(rest))
        return BytesIO(head + rest)

    return item.inside(text_of(raw).removeprefix("./"), head, whole, size)


def _is_header(block: bytes) -> bool:
    """The checksum: all bytes, its own eight as blanks; some old ones took them for signed."""
    said = _number(block[148:156])
    rest = block[:148] + b" " * 8 + block[156:]
    return said in (sum(rest), sum(rest) - 256 * sum(byte > 127 for byte in rest))


def _number(text: bytes) -> int:
    """Octal digits; or, with the first bit set, a number of 95 bits (GNU)."""
    if text[:1] >= b"\x80":
        return int.from_bytes(text[1:], "big")
    digits = text.strip(b"\0 ")
    return int(digits, 8) if re.fullmatch(rb"[0-7]+", digits) else 0


def _name(header: bytes) -> bytes:
    name, prefix = header[:100].rstrip(b"\0"), header[345:500].rstrip(b"\0")
    return prefix + b"/" + name if prefix and header[257:263] == b"ustar\0" else name


def _pax(text: bytes, name: bytes, size: int | None) -> tuple[bytes, int | None]:
    for key, value in _PAX.findall(text):
        if key == b"path":
            name = value
        elif key == b"size" and value.isdigit() and len(value) < 20:
            size = int(value)
    return name, size
