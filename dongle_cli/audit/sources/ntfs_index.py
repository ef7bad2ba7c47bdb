"""What is in an NTFS folder, read from its index: one stretch of the disk instead of a record for every name in it."""

from __future__ import annotations

from collections.abc import Iterator
from struct import error, unpack_from

from dongle_cli.audit.sources.ntfs import Ntfs
from dongle_cli.audit.sources.ntfs_record import DOS, LIST, NUMBER, Record, Stream, Torn, attribute, mended

_ROOT, _ALLOCATION, _BITMAP = 0x90, 0xA0, 0xB0
_OF_NAMES = "$I30"  # the index of $FILE_NAME; $Secure and others have more
_LAST = 2  # an entry that only ends its node
_IS_FOLDER = 0x10000000  # in the flags of $FILE_NAME
_MOST = 64 << 20  # bytes of one folder's index; half a million names

Listed = tuple[str, bool, int]  # name, whether it is a folder, number of the record


def listing(ntfs: Ntfs, number: int) -> list[Listed]:
    """The names in folder `number`, a short one only where there is no long one.

    FileNotFoundError where it is no folder; Torn where its index cannot be followed from here.
    """
    record = ntfs.record(number)
    if record is None or _ROOT not in record.others:
        raise FileNotFoundError(2, "there is no such folder", f"#{number}")
    if LIST in record.others:
        raise Torn("its index stands in other records")
    root = _named(record, _ROOT)
    if root.content is None or len(root.content) < 32:
        raise Torn("the root of its index is cut short")
    try:
        (block,) = unpack_from("<I", root.content, 8)
        found = list(_entries(root.content, 16))
        if _ALLOCATION in record.others:
            found += _blocks(ntfs, record, block)
    except error:
        raise Torn("its index is cut short") from None
    return found


def _named(record: Record, kind: int) -> Stream:
    stream = attribute(record.data, record.others[kind])
    if stream.name != _OF_NAMES:
        raise Torn("its first index is not that of names")
    return stream


def _blocks(ntfs: Ntfs, record: Record, size: int) -> Iterator[Listed]:
    """The entries of every block that is in use; those that are not may hold names of long ago."""
    if size not in (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536):
        raise Torn("its index has blocks of an impossible size")
    used = ntfs.stream(_named(record, _BITMAP)) if _BITMAP in record.others else None
    blocks = ntfs.stream(_named(record, _ALLOCATION))
    if used is None or blocks.size > _MOST:
        raise Torn("its index is too large, or says nothing of what is in use")
    bits = int.from_bytes(used.pread(0, blocks.size // size // 8 + 1), "little")
    for number in range(blocks.size // size):
        if not bits >> number & 1:
            continue
        data = blocks.pread(number * size, size)
        if not data.startswith(b"INDX"):
            raise Torn("a block of its index does not begin as one does")
        fix_at, fixes = unpack_from("<HH", data, 4)
        yield from _entries(mended(data, fix_at, fixes), 24)


def _entries(node: bytes, header: int) -> Iterator[Listed]:
    """The names in one node, whose header of offsets stands at `header`."""
    first, end = unpack_from("<II", node, header)
    at, end = header + first, min(header + end, len(node))
    while at + 16 <= end:
        reference, length, size, flags = unpack_from("<QHHH", node, at)
        if flags & _LAST:
            return
        if length < (82 if size else 16) or at + length > end:
            raise Torn("an entry of its index has an impossible length")
        if size:
            (what,) = unpack_from("<I", node, at + 16 + 56)
            letters, space = node[at + 80], node[at + 81]
            if 82 + 2 * letters > length:
                raise Torn("a name in its index is cut short")
            name = node[at + 82 : at + 82 + 2 * letters].decode("utf-16-le", "surrogatepass")
            if space != DOS and name != ".":
                yield name, bool(what & _IS_FOLDER), reference & NUMBER
        at += length
