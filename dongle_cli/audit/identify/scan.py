"""Scans: pictures whose shape says that they are pages."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from dongle_cli.audit.identify.item import Item
from dongle_cli.audit.identify.pages import Picture, frame, is_page, jpeg, png
from dongle_cli.audit.model import Gap, Hit

_MOST_PAGES = 1000
_MOST_ROWS = 512  # of a page that are read; they are in order, and what says its size comes early
_MOST_STEPS = 4096  # from segment to segment of a JPEG: Exif, colour profiles, small pictures before the frame
_TIFF = (b"II*\0", b"MM\0*")
_BIG_TIFF = (b"II+\0", b"MM\0+")
_BMP = (40, 52, 56, 64, 108, 124)  # sizes of the headers that begin as Windows 3's does; 12 is that of OS/2
_NUMBERS = {1: "B", 3: "H", 4: "I", 16: "Q"}  # by the types of TIFF 6.0, section 2, and BigTIFF
_FRACTION = 5


def look(item: Item) -> Iterator[Hit | Gap | Item]:
    """A scan where the picture is one and the policy asks for them."""
    if "scan" not in item.budget.limits.kinds:
        return
    try:
        pictures = read(item.head, item)
    except (struct.error, IndexError):
        return  # its header is cut: no shape, no page
    if any(is_page(picture) for picture in pictures):
        yield item.hit("scan")


def read(head: bytes, item: Item) -> list[Picture]:
    """The measures of each page; none where it is none of PNG, JPEG, TIFF, BMP."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return [png(head)]
    if head.startswith(b"\xff\xd8\xff"):
        picture = jpeg(head) or _long_jpeg(item.open())
        return [] if picture is None else [picture]
    if head[:4] in _TIFF or head[:4] in _BIG_TIFF:
        return _tiff(item.open(), head[:4] in _BIG_TIFF)
    return [_bmp(head)] if head.startswith(b"BM") else []


def _bmp(head: bytes) -> Picture:
    (header,) = struct.unpack_from("<I", head, 14)
    if header == 12:
        width, height, bits = struct.unpack_from("<HH2xH", head, 18)
        return Picture(width, height, bilevel=bits == 1)
    if header not in _BMP:
        return Picture(0, 0)
    width, height, bits, metre = struct.unpack_from("<ii2xH8xi", head, 18)
    return Picture(width, abs(height), metre * 0.0254 or None, bits == 1)


def _long_jpeg(file: BinaryIO) -> Picture | None:
    """Of a JPEG whose frame stands further back: from segment to segment, without what is in them."""
    start, at, dpi = 0, 2, None
    for _step in range(_MOST_STEPS):
        file.seek(start)
        data = file.read(4096)
        picture, at, dpi = frame(data, at, dpi)
        if picture is not None or not at:  # found, or no way on
            return picture
        start, at = start + at, 0
    return None


def _tiff(file: BinaryIO, big: bool) -> list[Picture]:
    """The pages of a TIFF; a page in small counts only where there is none in full."""
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(16)
    order = "<" if head.startswith(b"I") else ">"
    forms = ("Q", "HHQ8s", "Q") if big else ("H", "HHI4s", "I")
    count, row, place = (struct.Struct(order + form) for form in forms)
    (at,) = place.unpack_from(head, 8 if big else 4)
    full: list[Picture] = []
    small: list[Picture] = []
    seen: set[int] = set()
    while 0 < at < size and at not in seen and len(seen) < _MOST_PAGES:
        seen.add(at)
        file.seek(at)
        number = file.read(count.size)
        if len(number) < count.size:
            break
        (rows,) = count.unpack(number)
        start = at + count.size
        tags = _tags(file.read(min(rows, _MOST_ROWS) * row.size), start, order, row, place)
        if len(seen) == 1 and 271 in tags and 34665 in tags:
            return []  # a camera's: maker and Exif
        (small if tags.get(254, 0) & 1 or tags.get(255) == 2 else full).append(_page(file, size, tags, order))
        end = start + rows * row.size
        if end + place.size > size:
            break
        file.seek(end)
        following = file.read(place.size)
        if len(following) < place.size:
            break
        (at,) = place.unpack(following)
    for page in full:
        page.pages = len(full)
    return full or small


def _page(file: BinaryIO, size: int, tags: dict[int, int], order: str) -> Picture:
    bits = tags.get(258, 1) == 1 and tags.get(277, 1) == 1
    dpi, where = None, tags.get(282, size)
    if where + 8 <= size:
        file.seek(where)
        over, under = struct.unpack(order + "II", file.read(8))
        dpi = over / under * (2.54 if tags.get(296, 2) == 3 else 1.0) if under else None
    return Picture(tags.get(256, 0), tags.get(257, 0), dpi, bits or tags.get(259) in (2, 3, 4))


def _tags(rows: bytes, start: int, order: str, row: struct.Struct, place: struct.Struct) -> dict[int, int]:
    """Each tag with its first value where that stands in the row, else with where it stands; so for a fraction."""
    found = {}
    rows = rows[: len(rows) // row.size * row.size]
    for number, (tag, kind, count, value) in enumerate(row.iter_unpack(rows)):
        form = _NUMBERS.get(kind)
        if form and count * struct.calcsize(form) <= place.size:
            (found[tag],) = struct.unpack_from(order + form, value)
        elif kind == _FRACTION and count * 8 <= place.size:
            found[tag] = start + (number + 1) * row.size - place.size
        else:
            (found[tag],) = place.unpack(value)
    return found
