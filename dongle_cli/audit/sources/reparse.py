"""What Windows files say of themselves before they are opened: attributes and reparse points of a mounted NTFS."""

from __future__ import annotations

import os
import re
import struct

# [MS-FSCC] 2.6: OFFLINE, RECALL_ON_OPEN and RECALL_ON_DATA_ACCESS; whoever reads such a file fetches it from elsewhere.
OFFLINE, RECALL_ON_OPEN, RECALL_ON_DATA_ACCESS = 0x1000, 0x40000, 0x400000
RECALLS = OFFLINE | RECALL_ON_OPEN | RECALL_ON_DATA_ACCESS
# [MS-FSCC] 2.1.2.1: a cloud file's tag is 0x9000x01A; those of junctions and symbolic links lead elsewhere.
_CLOUD_MASK, _CLOUD = 0xFFFF0FFF, 0x9000001A
MOUNT_POINT, SYMLINK = 0xA0000003, 0xA000000C
_TAG = re.compile(r"unsupported reparse (?:tag|point) ?(?:0x([0-9a-f]{8}))?", re.IGNORECASE)


def recalls(attributes: int) -> bool:
    """Whether opening a file with these attributes could fetch its content from a cloud or an archive."""
    return bool(attributes & RECALLS)


def is_cloud(tag: int) -> bool:
    """Whether this reparse tag is one of OneDrive's and its kin (IO_REPARSE_TAG_CLOUD and _1 to _F)."""
    return tag & _CLOUD_MASK == _CLOUD


def attributes(folder: int, name: str) -> int | None:
    """The NTFS attributes of a file on a mounted volume (ntfs-3g or ntfs3); None where its file system has none."""
    path = f"/proc/self/fd/{folder}/{name}"
    for attribute, order in (("system.ntfs_attrib_be", ">I"), ("system.ntfs_attrib", "<I")):
        try:
            value = os.getxattr(path, attribute, follow_symlinks=False)
        except OSError:
            continue
        if len(value) == 4:
            return int(struct.unpack(order, value)[0])
    return None


def unsupported(folder: int, name: str) -> tuple[str, str] | None:
    """Reason and detail of a gap where ntfs-3g shows, as a link to nowhere, a file that it cannot read; else None."""
    try:
        target = os.readlink(name, dir_fd=folder)
    except OSError:
        return None  # it has gone, or was never a link
    match = _TAG.match(target)
    if match is None:
        return None
    tag = int(match[1] or "0", 16)
    return ("placeholder" if is_cloud(tag) else "unsupported"), target
