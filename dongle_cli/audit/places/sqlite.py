"""SQLite databases of others, read without touching them: into memory, with what their WAL has committed.

After "Database File Format" and "WAL-mode File Format" of sqlite.org. The file is never opened by SQLite itself, which
would leave -shm and -journal files beside it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from sqlite3 import Connection

LARGEST = 256 * 1024 * 1024  # bytes of a database or its log held in memory
_LONGEST = 16 * 1024 * 1024  # bytes of one value
_STEPS = 2_000  # calls of the watchdog, each after 10,000 instructions of SQLite's machine: some seconds
_MAGIC = b"SQLite format 3\0"
_WAL = (0x377F0682, 0x377F0683)


def merged(data: bytes, wal: bytes) -> bytes:
    """The database with every committed frame of its write-ahead log; frames that do not add up end the log."""
    page = int.from_bytes(data[16:18], "big")
    page = 65536 if page == 1 else page
    if not data.startswith(_MAGIC) or page < 512 or page & (page - 1):
        raise ValueError(_("it is no SQLite database"))
    pages = bytearray(data)
    for number, content in _frames(wal, page):
        end = number * page
        if end > len(pages):
            pages += bytes(end - len(pages))
        pages[end - page : end] = content
    pages[18:20] = b"\1\1"  # as a database without a log: there is nothing beside it in memory
    pages[28:32] = (len(pages) // page).to_bytes(4, "big")
    pages[92:96] = pages[24:28]  # the page count above is valid for this change counter
    return bytes(pages)


def _frames(wal: bytes, page: int) -> Iterator[tuple[int, bytes]]:
    """Number and content of the committed pages, in order."""
    if len(wal) < 32:
        return
    magic, _version, size = struct.unpack_from(">III", wal)
    order = ">" if magic & 1 else "<"
    sums = _summed(wal[:24], order, (0, 0))
    if magic not in _WAL or size != page or sums != struct.unpack_from(">II", wal, 24):
        return
    waiting: list[tuple[int, bytes]] = []
    for at in range(32, len(wal) - 24 - page + 1, 24 + page):
        number, commit = struct.unpack_from(">II", wal, at)
        content = wal[at + 24 : at + 24 + page]
        sums = _summed(wal[at : at + 8] + content, order, sums)
        if wal[at + 8 : at + 16] != wal[16:24] or sums != struct.unpack_from(">II", wal, at + 16):
            return
        if not 0 < number <= LARGEST // page:
            return
        waiting.append((number, content))
        if commit:
            yield from waiting
            waiting.clear()


def _summed(data: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    one, two = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for first, second in zip(words[::2], words[1::2], strict=True):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two


@contextmanager
def opened(data: bytes, wal: bytes, path: str) -> Iterator[Connection]:
    """A connection to the database in memory; what a damaged or hostile one makes of a query is Unreadable."""
    import sqlite3  # only where there is a history

    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(merged(data, wal))
        connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA query_only=ON")
        left = iter(range(_STEPS))
        connection.set_progress_handler(lambda: next(left, None) is None, 10_000)
        yield connection
    except (sqlite3.Error, ValueError, MemoryError, OverflowError) as error:
        raise Unreadable(path, "damaged", str(error)) from None
    finally:
        connection.close()
