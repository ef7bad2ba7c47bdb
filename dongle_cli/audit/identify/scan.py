"""Scans: pictures whose shape says that they are pages."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from dongle_cli.audit.identify.item import Item
from dongle_cli.audit.identify.pages import Picture, is_page, jpeg, png
from dongle_cli.audit.model import Gap, Hit

_MOST_PAGES = 1000
_JPEG_BYTES = 1 << 18  # Exif, ICC and a thumbnail stand before the frame's size


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
        return png(head)
    if head.startswith(b"\xff\xd8\xff"):
        return jpeg(head) or jpeg(_more(item))
    if head[:4] in (b"II*\0", b"MM\0*"):
        return _tiff(item.open())
    if head.startswith(b"BM") and head[14:18] == b"\x28\0\0\0":
        width, height, bits, metre = struct.unpack_from("<ii2xH8xi", head, 18)
        return Picture(width, abs(height), metre * 0.0254 or None, bits == 1)
    return None


def _more(item: Item) -> bytes:
    file = item.open()
    file.seek(0)
    return file.read(_JPEG_BYTES)


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
