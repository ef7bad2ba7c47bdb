"""Pictures whose shape says that they are scanned pages: paper sizes at a scanner's resolutions, fax, many pages."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from dongle_cli.audit.identify.item import Item
from dongle_cli.audit.identify.sniff import SMALLEST
from dongle_cli.audit.model import Gap, Hit

# ISO 216 A3 to A6, JIS P 0138 B4 to B6, letter, legal, tabloid; millimetres.
_PAPERS = (
    (297, 420), (210, 297), (148, 210), (105, 148), (257, 364), (182, 257), (128, 182),
    (215.9, 279.4), (215.9, 355.6), (279.4, 431.8),
)  # fmt: skip
_DPI = (100, 150, 200, 240, 300, 400, 600, 1200)
_NEAR = 0.012  # of a side: scanners round and crop
_FAX = {1728: 204, 2048: 204, 2432: 204}  # ITU-T T.4: pixels of a line, for A4, B4, A3
_MOST_PAGES = 1000
_JPEG_BYTES = 1 << 18  # Exif, ICC and a thumbnail stand before the frame's size


@dataclass(slots=True)
class Picture:
    """What its header says."""

    width: int
    height: int
    dpi: float | None = None
    bilevel: bool = False
    pages: int = 1


def look(item: Item) -> Iterator[Hit | Gap | Item]:
    """A scan where the picture is one and the policy asks for them."""
    if "scan" not in item.budget.limits.kinds:
        return
    try:
        picture = read(item.head, item)
    except (struct.error, IndexError, ZeroDivisionError):
        return  # its header is cut: no shape, no page
    if picture is not None and is_page(picture):
        yield item.hit("scan")


def read(head: bytes, item: Item) -> Picture | None:
    """The picture's measures; None where it is none of PNG, JPEG, TIFF, BMP."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(head)
    if head.startswith(b"\xff\xd8\xff"):
        return _jpeg(head) or _jpeg(_more(item))
    if head[:4] in (b"II*\0", b"MM\0*"):
        return _tiff(item.open())
    if head.startswith(b"BM") and head[14:18] == b"\x28\0\0\0":
        width, height, bits, metre = struct.unpack_from("<ii2xH8xi", head, 18)
        return Picture(width, abs(height), metre * 0.0254 or None, bits == 1)
    return None


def is_page(picture: Picture) -> bool:
    """Whether it is as large as a sheet of paper that was scanned."""
    short, long = sorted((picture.width, picture.height))
    if short < SMALLEST:
        return False
    if picture.bilevel and (picture.width in _FAX or picture.pages > 1 or short >= 1000):
        return True
    sure = [picture.dpi] if picture.dpi and picture.dpi >= 99 else []
    return any(
        abs(short - width / 25.4 * dpi) <= width / 25.4 * dpi * _NEAR
        and abs(long - height / 25.4 * dpi) <= height / 25.4 * dpi * _NEAR
        for dpi in (*sure, *_DPI)
        for width, height in _PAPERS
    )


def _more(item: Item) -> bytes:
    file = item.open()
    file.seek(0)
    return file.read(_JPEG_BYTES)


def _png(head: bytes) -> Picture:
    width, height, depth, colour = struct.unpack_from(">IIBB", head, 16)
    at = head.find(b"pHYs", 33)
    dpi = None
    if at > 0 and head[at + 12 : at + 13] == b"\x01":
        dpi = struct.unpack_from(">I", head, at + 4)[0] * 0.0254
    return Picture(width, height, dpi, depth == 1 and colour in (0, 3))


def _jpeg(data: bytes) -> Picture | None:
    at, dpi = 2, None
    while at + 9 < len(data):
        if data[at] != 0xFF:
            at += 1
            continue
        mark = data[at + 1]
        if mark == 0xFF:
            at += 1
            continue
        if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, at + 5)
            return Picture(width, height, dpi)
        if mark == 0xD8 or 0xD0 <= mark <= 0xD7:
            at += 2
            continue
        if mark == 0xE0 and data[at + 4 : at + 8] == b"JFIF":
            unit, density = data[at + 11], struct.unpack_from(">H", data, at + 12)[0]
            dpi = density * {1: 1.0, 2: 2.54}.get(unit, 0.0) or None
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    return None


def _tiff(file: BinaryIO) -> Picture | None:
    file.seek(0)
    order = "<" if file.read(4)[:1] == b"I" else ">"
    (at,) = struct.unpack(order + "I", file.read(4))
    first: Picture | None = None
    seen: set[int] = set()
    while at and at not in seen and len(seen) < _MOST_PAGES:
        seen.add(at)
        file.seek(at)
        count = file.read(2)
        if len(count) < 2:
            break
        rows = file.read(12 * struct.unpack(order + "H", count)[0])
        following = file.read(4)
        tags = _tags(rows, order)
        if first is None:
            dpi = _ratio(file, tags.get(282), order)
            unit = tags.get(296, 2)
            bits = tags.get(258, 1) == 1 and tags.get(277, 1) == 1
            first = Picture(
                tags.get(256, 0), tags.get(257, 0), dpi and dpi * (2.54 if unit == 3 else 1.0),
                bits or tags.get(259) in (2, 3, 4),
            )  # fmt: skip
            if tags.get(271) is not None and tags.get(34665) is not None:
                return None  # a camera's: maker and Exif
        elif not tags.get(254, 0) & 1:  # not the page before in small
            first.pages += 1
        if len(following) < 4:
            break
        (at,) = struct.unpack(order + "I", following)
    return first


def _tags(rows: bytes, order: str) -> dict[int, int]:
    """Tags with their first value where it stands in the row, else the offset (TIFF 6.0, section 2)."""
    found = {}
    for at in range(0, len(rows) - 11, 12):
        tag, kind, count, value = struct.unpack_from(order + "HHII", rows, at)
        if kind == 3 and count <= 2:
            (value,) = struct.unpack_from(order + "H", rows, at + 8)
        found[tag] = value
    return found


def _ratio(file: BinaryIO, at: int | None, order: str) -> float | None:
    if at is None:
        return None
    file.seek(at)
    pair = file.read(8)
    if len(pair) < 8:
        return None
    over, under = struct.unpack(order + "II", pair)
    return over / under if under else None
