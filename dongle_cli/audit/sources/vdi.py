"""VirtualBox's VDI, fixed and dynamic, read directly: a header of 400 bytes in little-endian, and a table of blocks.

After VirtualBox's VDICore.h (version 1.1 of the header); what QEMU writes in block/vdi.c is the same.
"""

from __future__ import annotations

import struct
import sys
from array import array

from dongle_cli.audit.sources.blocks import MOST, Blocks
from dongle_cli.audit.sources.media import Media, Unsupported

MAGIC_AT, MAGIC = 0x40, b"\x7f\x10\xda\xbe"
_DYNAMIC, _FIXED = 1, 2
_NOWHERE = 0xFFFFFFFE  # discarded; 0xFFFFFFFF: never written


def open_vdi(media: Media) -> Media:
    """The disk inside; ValueError where the image is damaged, Unsupported where it is only a part of one."""
    header = media.pread(0, 400)
    if len(header) < 400:
        raise ValueError("its header is cut short")
    version, kind = struct.unpack_from("<I4xI", header, 0x44)
    if version >> 16 != 1:
        raise Unsupported(f"version {version >> 16}.{version & 0xFFFF}")
    if kind not in (_DYNAMIC, _FIXED):
        raise Unsupported("it only holds what changed since its parent: merge it first")
    table_at, data_at = struct.unpack_from("<II", header, 0x154)
    size, block, extra, entries = struct.unpack_from("<QIII", header, 0x170)
    if block < 512 or block & (block - 1) or block > 1 << 30 or extra > block:
        raise ValueError(f"a block size of {block} is impossible")
    if entries * block < size or entries > MOST or table_at + 4 * entries > media.size:
        raise ValueError("its block table is cut short")
    table = array("I", media.pread(table_at, 4 * entries))
    if sys.byteorder == "big":
        table.byteswap()
    return Blocks(media, size, block, table, data_at + extra, block + extra, _NOWHERE)
