"""What a disk image's source shows, in a form that tests compare; and the smallest documents there are."""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dongle_cli.audit.identify import Limits
from dongle_cli.audit.model import Gap, Hit, State
from dongle_cli.audit.sources.image import ImageSource

PDF = b"%PDF-1.4\n%%EOF\n"


def zipped(members: dict[bytes, bytes], *, packed: bool = True) -> bytes:
    """A ZIP whose names are these bytes as they are (zipfile writes UTF-8 or CP437 only, so they are put in after)."""
    out = io.BytesIO()
    stand_ins = {f"{'x' * (len(name) - 4)}{number:04}" if len(name) > 4 else f"{number:0{len(name)}}": name
                 for number, name in enumerate(members)}  # fmt: skip
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for stand_in, name in stand_ins.items():
            archive.writestr(stand_in, members[name])
    data = out.getvalue()
    for stand_in, name in stand_ins.items():
        data = data.replace(stand_in.encode(), name)
    return data


DOCX = zipped(
    {
        b"[Content_Types].xml": b'<Types><Override PartName="/word/document.xml" ContentType="application/'
        b'vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
        b"word/document.xml": b"<document/>",
    }
)


@dataclass(frozen=True)
class Seen:
    """What a hit says, without times, sizes and hashes."""

    path: str
    kind: str
    state: State = State.LIVE
    member: str | None = None
    evidence: str = "content"
    recoverable: str | None = None
    volume: str = ""
    store: int | None = None


def seen(path: Path, **options: Any) -> set[Seen]:
    """Everything that was recognised in the image; the same thing twice is a failure."""
    found = [
        Seen(hit.entry.path, hit.kind, hit.entry.state, hit.member, hit.evidence, hit.entry.recoverable,
             hit.entry.volume, hit.entry.store)
        for hit in ImageSource(str(path), **options).scan()
        if isinstance(hit, Hit)
    ]  # fmt: skip
    assert len(found) == len(set(found))
    return set(found)


def gaps(path: Path, **options: Any) -> list[tuple[str, str]]:
    """Path and reason of everything that could not be looked at, sorted."""
    return sorted((gap.path, gap.reason) for gap in ImageSource(str(path), **options).scan() if isinstance(gap, Gap))


def text_limits() -> Limits:
    """Weak kinds are wanted too."""
    return Limits(kinds=frozenset({"txt", "csv"}))


def mbr(*partitions: tuple[int, int, int]) -> bytes:
    """A boot sector whose table has these partitions: type, first sector, sectors."""
    table = b"".join(struct.pack("<4xB3xII", *partition) for partition in partitions).ljust(64, b"\0")
    return bytes(446) + table + b"\x55\xaa"
