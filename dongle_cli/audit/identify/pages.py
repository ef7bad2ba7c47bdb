"""Pictures by their headers: how many pixels, how many to an inch, and whether that is a sheet of paper."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

SMALLEST = 500  # pixels of a page's shorter side
# ISO 216 A3 to A6, JIS P 0138 B4 to B6, letter, legal, tabloid; millimetres.
_PAPERS = (
    (297, 420), (210, 297), (148, 210), (105, 148), (257, 364), (182, 257), (128, 182),
    (215.9, 279.4), (215.9, 355.6), (279.4, 431.8),
)  # fmt: skip
_DPI = (100, 150, 200, 240, 300, 400, 600, 1200)
LOWEST_DPI = 99  # what a header says below that is a screen's, or nobody's
_NEAR = 0.012  # of a side: scanners round and crop
_FAX = (1728, 2048, 2432)  # ITU-T T.4: pixels of a line, for A4, B4, A3; a page may have any length
# The longer side to the shorter, where black and white says that it is a scan and the size may be any: from 14 by 17
# inches (two pages of legal) to legal. A QR code, a mask, a screen are outside.
_PROPORTIONS = (1.2, 1.7)


def _sheets(*resolutions: float) -> tuple[tuple[int, int, int, int], ...]:
    """Least and most pixels of the shorter and of the longer side of each paper; by the first of them."""
    sides = ((short / 25.4 * dpi, long / 25.4 * dpi) for dpi in resolutions for short, long in _PAPERS)
    return tuple(
        sorted(
            (math.ceil(short - short * _NEAR), int(short + short * _NEAR),
             math.ceil(long - long * _NEAR), int(long + long * _NEAR))
            for short, long in sides
        )
    )  # fmt: skip


SHEETS = _sheets(*_DPI)


@dataclass(slots=True)
class Picture:
    """What its header says."""

    width: int
    height: int
    dpi: float | None = None
    bilevel: bool = False
    pages: int = 1


def is_page(picture: Picture) -> bool:
    """Whether it is as large as a sheet of paper that was scanned."""
    short, long = sorted((picture.width, picture.height))
    if short < SMALLEST:
        return False
    if picture.bilevel and (picture.pages > 1 or (picture.width in _FAX and short < long)):
        return True
    if picture.bilevel and short >= 1000 and _PROPORTIONS[0] <= long / short <= _PROPORTIONS[1]:
        return True
    if picture.dpi and picture.dpi >= LOWEST_DPI and _fits(_sheets(picture.dpi), short, long):
        return True
    return _fits(SHEETS, short, long)


def _fits(sheets: tuple[tuple[int, int, int, int], ...], short: int, long: int) -> bool:
    for least, most, low, high in sheets:
        if least > short:
            return False
        if short <= most and low <= long <= high:
            return True
    return False


def png(head: bytes) -> Picture:
    """Of a PNG (its IHDR, 11.2.2, and pHYs, 11.3.5.3); struct.error where it is cut."""
    width, height, depth, colour = struct.unpack_from(">IIBB", head, 16)
    at = head.find(b"pHYs", 33)
    dpi = None
    if at > 0 and head[at + 12 : at + 13] == b"\x01":
        dpi = struct.unpack_from(">I", head, at + 4)[0] * 0.0254
    return Picture(width, height, dpi, depth == 1 and colour in (0, 3))


def jpeg(data: bytes) -> Picture | None:
    """Of a JPEG that `data` begins; None where its frame comes later."""
    return frame(data, 2, None)[0]


def frame(data: bytes, at: int, dpi: float | None) -> tuple[Picture | None, int, float | None]:
    """Of a JPEG (its frame header, ITU-T T.81 B.2.2, and JFIF's density), from the segment at `at` on.

    What stands in segments of its own is stepped over: the small picture of Exif or of Photoshop is a JPEG too. Where
    the frame comes after `data`, what to go on with: the place of the next segment, and the density that was said.
    """
    while at + 9 < len(data):
        if data[at] != 0xFF:
            at = data.find(b"\xff", at)
            if at < 0:
                return None, len(data), dpi
            continue
        mark = data[at + 1]
        if mark == 0xFF:
            at += 1
            continue
        if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, at + 5)
            return Picture(width, height, dpi), at, dpi
        if mark == 0xD8 or 0xD0 <= mark <= 0xD7:
            at += 2
            continue
        if mark == 0xE0 and data[at + 4 : at + 8] == b"JFIF":
            if at + 14 > len(data):
                break
            unit, density = data[at + 11], struct.unpack_from(">H", data, at + 12)[0]
            dpi = density * {1: 1.0, 2: 2.54}.get(unit, 0.0) or None
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    return None, at, dpi
