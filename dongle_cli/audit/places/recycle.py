r"""The Recycle Bin: $R… holds what was thrown away, $I… beside it says where that stood and when it was deleted.

Layout of $I (no public specification; versions 1 of Vista to 8.1 and 2 of Windows 10 on, read from real ones): version,
size and FILETIME as 64-bit numbers; then version 1 has 260 UTF-16 units, version 2 a 32-bit count and as many units.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.i18n import _

LONGEST = 28 + 2 * 32768  # bytes; Windows has no longer path
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_BIN = re.compile(r"\$recycle\.bin/([^/]+)/\$r([^/]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Thrown:
    """What a $I file says."""

    original: str  # as Windows writes paths
    size: int  # bytes
    deleted_at: str | None  # ISO 8601, UTC; None where the number is no time


def filetime(value: int) -> str | None:
    """100 ns since 1601 as ISO 8601; None where no calendar has it."""
    try:
        return (_EPOCH + timedelta(microseconds=value // 10)).isoformat(timespec="seconds") if value else None
    except OverflowError:
        return None


def parse(data: bytes, path: str) -> Thrown:
    """The content of a $I file; Unreadable "damaged" where it is none."""
    if len(data) < 28:
        raise Unreadable(path, "damaged", _("it is cut short"))
    version, size, when = struct.unpack_from("<QQQ", data)
    if version == 1:
        raw = data[24 : 24 + 520]
    elif version == 2:
        (count,) = struct.unpack_from("<I", data, 24)
        raw = data[28 : 28 + 2 * count]
        if len(raw) < 2 * count:
            raise Unreadable(path, "damaged", _("it is cut short"))
    else:
        raise Unreadable(path, "damaged", _("version {version} is unknown").format(version=version))
    text = raw[: len(raw) & ~1].decode("utf-16-le", "surrogatepass").split("\0", 1)[0]
    if not text:
        raise Unreadable(path, "damaged", _("it names no path"))
    return Thrown(text, size, filetime(when))


def where(path: str) -> tuple[str, str, str] | None:
    """Of a path in a bin: the SID it belongs to, its $I file, and what is below the thing that was thrown away."""
    match = _BIN.match(path)
    if match is None:
        return None
    name = path[: match.start(2) - 1] + "I" + match[2]
    return match[1], name, path[match.end() :]
