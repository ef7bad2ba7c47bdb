"""Microsoft's VHD (fixed and dynamic), read directly: libvhdi takes 10 µs for every sector of a dynamic one.

After "Virtual Hard Disk Image Format Specification" 1.0: a footer of 512 bytes at the end, whose copy stands at the
start of a dynamic disk; a header of 1024 bytes that it points to; the block allocation table of big-endian sectors.
"""

from __future__ import annotations

import struct
import sys
from array import array

from dongle_cli.audit.sources.blocks import MOST, Blocks
from dongle_cli.audit.sources.media import Media, Part, Unsupported

_COOKIE = b"conectix"
_SECTOR = 512
_FIXED, _DYNAMIC, _DIFFERENCING = 2, 3, 4
_UNUSED = 0xFFFFFFFF


def _footer(media: Media) -> bytes | None:
    for offset in (media.size - 512, media.size - 511, 0):  # Virtual PC before 2004 wrote one of 511 bytes
        if offset >= 0:
            footer = media.pread(offset, 512)
            if footer.startswith(_COOKIE) and _sum_holds(footer):
                return footer
    return None


def _sum_holds(footer: bytes) -> bool:
    """The checksum at 64 is the complement of the sum of all others; a file system may hold the cookie by chance."""
    if len(footer) < 511:
        return False
    (stored,) = struct.unpack_from(">I", footer, 64)
    return bool(stored == ~(sum(footer) - sum(footer[64:68])) & 0xFFFFFFFF)


def is_vhd(media: Media) -> bool:
    """Whether a footer that holds stands at either end, or the start claims to be one."""
    return media.pread(0, 8) == _COOKIE or _footer(media) is not None


def is_whole(media: Media) -> bool:
    """Whether the footer at the end is there; a dynamic disk can be read by its copy at the start."""
    return any(media.pread(media.size - back, 8) == _COOKIE for back in (512, 511) if media.size >= back)


def open_vhd(media: Media) -> Media:
    """The disk inside; ValueError where the image is damaged, Unsupported where it is only a part of one."""
    footer = _footer(media)
    if footer is None:
        raise ValueError("its footer is damaged at both ends")
    header_at, size, kind = struct.unpack_from(">Q24xQ4xI", footer, 16)
    if kind == _FIXED:
        return Part(media, 0, size)
    if kind == _DIFFERENCING:
        raise Unsupported("it only holds what changed since its parent: merge it first")
    if kind != _DYNAMIC:
        raise ValueError(f"type {kind} is unknown")
    return _dynamic(media, header_at, size)


def _dynamic(media: Media, header_at: int, size: int) -> Blocks:
    """A disk whose blocks are where the table says; each begins with the bitmap of its sectors."""
    header = media.pread(header_at, 1024)
    if len(header) < 1024 or not header.startswith(b"cxsparse"):
        raise ValueError("the header of a dynamic disk is missing")
    table_at, entries, block = struct.unpack_from(">Q4xII", header, 16)
    if block < _SECTOR or block & (block - 1) or block > 1 << 30:
        raise ValueError(f"a block size of {block} is impossible")
    if entries * block < size or entries > MOST or table_at + 4 * entries > media.size:
        raise ValueError("its block table is cut short")
    table = array("I", media.pread(table_at, 4 * entries))
    if sys.byteorder == "little":
        table.byteswap()
    bitmap = (block // _SECTOR + 7) // 8
    skip = (bitmap + _SECTOR - 1) // _SECTOR * _SECTOR
    return Blocks(media, size, block, table, skip, _SECTOR, _UNUSED)


def has_open_log(media: Media) -> bool:
    """Whether the newer of a VHDX's two headers names a log that has to be replayed (MS-VHDX 2.2.2, LogGuid)."""
    newest, log = -1, bytes(16)
    for offset in (64 * 1024, 128 * 1024):
        header = media.pread(offset, 80)
        if len(header) == 80 and header.startswith(b"head"):
            (sequence,) = struct.unpack_from("<Q", header, 8)
            if sequence > newest:
                newest, log = sequence, header[48:64]
    return any(log)
