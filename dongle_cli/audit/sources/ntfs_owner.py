"""Whose a file of an NTFS volume is: the SID of its owner, from $Secure or its own security descriptor."""

from __future__ import annotations

import struct

from dongle_cli.audit.sources.ntfs import SECURE, Ntfs
from dongle_cli.audit.sources.ntfs_record import SECURITY, Record, Torn

_MOST = 32 << 20  # bytes of $SDS; a laptop's has one or two MiB
_BLOCK = 256 * 1024  # every second block repeats the one before it


class Owners:
    """The descriptors of a volume, read once."""

    def __init__(self, ntfs: Ntfs) -> None:
        self._known: dict[int, str | None] = {}
        try:
            record = ntfs.record(SECURE)
            stream = None
            if record is not None:
                stream = next((s for s in ntfs.whole(record, SECURE) if s.name == "$SDS"), None)
            if stream is not None:
                self._read(ntfs.stream(stream).pread(0, min(stream.size, _MOST)))
        except (Torn, OSError):
            return  # then files have no owner to tell; their content is what counts

    def _read(self, data: bytes) -> None:
        """Entries of hash, id, offset and length, then the descriptor; each begins on a multiple of 16."""
        for block in range(0, len(data), 2 * _BLOCK):
            at, end = block, min(block + _BLOCK, len(data))
            while at + 20 <= end:
                _hash, number, _offset, length = struct.unpack_from("<IIQI", data, at)
                if length < 20:
                    break
                self._known[number] = owner(data[at + 20 : at + length])
                at += (length + 15) & ~15

    def of(self, record: Record) -> str | None:
        """The SID of the record's owner; None where it is not known."""
        if record.security:
            return self._known.get(record.security)
        return owner(record.resident(SECURITY))


def owner(descriptor: bytes) -> str | None:
    """The owner in a self-relative security descriptor ([MS-DTYP] 2.4.6), as S-1-5-21-..."""
    if len(descriptor) < 20:
        return None
    (at,) = struct.unpack_from("<I", descriptor, 4)
    if not 0 < at <= len(descriptor) - 8:
        return None
    revision, count = descriptor[at], descriptor[at + 1]
    if revision != 1 or count > 15 or at + 8 + 4 * count > len(descriptor):
        return None
    authority = int.from_bytes(descriptor[at + 2 : at + 8], "big")
    parts = struct.unpack_from(f"<{count}I", descriptor, at + 8)
    return "-".join(["S-1", str(authority), *(str(part) for part in parts)])
