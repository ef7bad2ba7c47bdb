"""The first look at a stretch of the $MFT: which records deserve a second one; the hot path of an image's scan.

One loop without objects, at some seven microseconds a file; compiled (native/mft.c), at one and a half. Whatever is not
an everyday record (one unnamed stream, no attribute list, no reparse point, nothing amiss) is left to the second look,
which alone decides and tells.
"""

from __future__ import annotations

from codecs import utf_16_le_decode  # what bytes.decode finds after two more calls
from collections.abc import Callable
from dataclasses import dataclass, field
from struct import Struct, error
from typing import TYPE_CHECKING

from dongle_cli.audit.identify import sniff
from dongle_cli.audit.identify.kinds import by_name
from dongle_cli.audit.sources import swift
from dongle_cli.audit.sources.ntfs import Ntfs
from dongle_cli.audit.sources.ntfs_record import DATA, END, FOLDER, IN_USE, LIST, NAME, REPARSE, STANDARD
from dongle_cli.audit.sources.reparse import RECALLS, recalls

if TYPE_CHECKING:
    from dongle_cli.audit.sources._native import Filter

HEAD = 4096
_SIZE = 1024  # of a record; on disks with sectors of 4 KiB it is 4096, and all is left to the second look
_HEADER = Struct("<4sHH8xH2xHHI4xQ").unpack_from
_ATTRIBUTE = Struct("<II").unpack_from
_STREAM = Struct("<8xBBxxHxxIH").unpack_from  # non-resident, name's length, flags; if resident: length, offset
_AWAY = Struct("<16xQ8xH14xQQ").unpack_from  # first cluster, offset of the runs, size, initialized
_DOS = 2
_RARE = (LIST, REPARSE)


@dataclass(slots=True)
class Glance:
    """What a stretch holds: offsets of records to look at again, and counts of what was read."""

    again: list[int] = field(default_factory=list)
    files: int = 0
    folders: int = 0
    read: int = 0


def glance(ntfs: Ntfs, block: bytes, weak: frozenset[str]) -> Glance:
    """Look at every record of `block`, which begins with one; live files and folders that are done with are counted."""
    if ntfs.size != _SIZE:
        return Glance(list(range(0, len(block), ntfs.size)))
    wanted = swift.filter_for(weak)
    return _in_python(ntfs, block, weak) if wanted is None else _compiled(ntfs, block, wanted)


def _compiled(ntfs: Ntfs, block: bytes, wanted: Filter) -> Glance:
    again, deleted, files, folders, read = swift.glance(block, ntfs.cluster, ntfs.media.pread, wanted, RECALLS)
    for at, name, size in deleted:
        if by_name(name) is None:
            read += size
        else:
            again.append(at)
    return Glance(sorted(again), files, folders, read)


def _in_python(ntfs: Ntfs, block: bytes, weak: frozenset[str]) -> Glance:
    found = Glance()
    again = found.again.append
    cluster, pread = ntfs.cluster, ntfs.media.pread
    files = folders = read = 0
    for at in range(0, len(block), _SIZE):
        try:
            magic, fix_at, fixes, _sequence, first, flags, used, base = _HEADER(block, at)
            if magic != b"FILE":
                if magic != b"\0\0\0\0":
                    again(at)
                continue
            if base:
                continue
            number = block[at + fix_at : at + fix_at + 2]
            if (
                block[at + 510 : at + 512] != number
                or block[at + 1022 : at + 1024] != number
                or fix_at > _SIZE - 6
                or not first < used <= _SIZE
            ):
                again(at)
                continue
            data, start = block, at
            if used > 510:
                if fixes != 3:
                    again(at)
                    continue
                data, start = (
                    block[at : at + 510] + block[at + fix_at + 2 : at + fix_at + 4] + block[at + 512 : at + _SIZE],
                    0,
                )
            head = _look(data, start, start + first, start + used, flags, cluster, pread, weak)
        except (error, IndexError, ValueError, OverflowError, OSError):
            again(at)
            continue
        if head is None:
            again(at)
            continue
        read += head
        if flags & IN_USE:
            if flags & FOLDER:
                folders += 1
            else:
                files += 1
    found.files, found.folders, found.read = files, folders, read
    return found


def _look(
    data: bytes, start: int, at: int, end: int, flags: int, cluster: int,
    pread: Callable[[int, int], bytes], weak: frozenset[str],
) -> int | None:  # fmt: skip
    """Bytes that were read of a file that is surely of no interest; None: look again."""
    content = name_at = -1
    while True:
        kind, length = _ATTRIBUTE(data, at)
        if kind == DATA:
            if content >= 0:
                return None
            content = at
        elif kind == NAME:
            if name_at < 0 or data[at + 89] != _DOS:
                name_at = at
        elif kind == END:
            break
        elif kind == STANDARD:
            if recalls(int.from_bytes(data[at + 56 : at + 60], "little")):
                return None
        elif kind in _RARE:
            return None
        at += length
        if length < 24 or at > end:
            return None
    if content < 0:
        return 0
    away, name_length, stream_flags, size, offset = _STREAM(data, content)
    if name_length or stream_flags:
        return None
    if away:
        vcn, runs_at, size, initialized = _AWAY(data, content)
        runs = content + runs_at
        if content + 64 > end or runs >= end:
            return None
        code = data[runs]
        count_end = runs + 1 + (code & 15)
        run_end = count_end + (code >> 4)
        need = size if size < HEAD else HEAD
        if vcn or not (0 < code & 15 <= 8 and 0 < code >> 4 <= 8) or run_end > end or need > initialized:
            return None
        if int.from_bytes(data[runs + 1 : count_end], "little") * cluster < need:
            return None
        head = pread(int.from_bytes(data[count_end:run_end], "little", signed=True) * cluster, need)
        if len(head) < need:
            return None
    else:
        if content + offset + size > end:
            return None
        head = data[content + offset : content + offset + size]
    if name_at < 0:
        name = ""
    else:
        letters = name_at + 90 + 2 * data[name_at + 88]
        if letters > end:
            return None
        begin = letters - 8 if flags & IN_USE and letters - 8 > name_at + 90 else name_at + 90
        name = utf_16_le_decode(data[begin:letters], "surrogatepass")[0]
    if sniff(head, name, weak) is not None or not (flags & IN_USE or by_name(name) is None):
        return None
    return len(head)
