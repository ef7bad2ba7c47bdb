"""A tree of files as an office laptop has them, built in a minute: ten files a folder, one in sixty a document.

Two documents in five have a wrong ending. After the first 8 KiB a file is a hole: it takes no room.
"""

from __future__ import annotations

import gzip
import io
import os
import random
import sys
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from identified import mail, office
from ole2_writer import compound

FOLDER = 10  # files
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


def _zip(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def documents() -> list[tuple[str, bytes]]:
    """One of each common kind, with its usual ending."""
    pdf = b"%PDF-1.7\n" + b"1 0 obj\n<< /Type /Catalog >>\nendobj\n" * 300
    return [
        ("pdf", pdf), ("pdf", pdf),
        ("docx", office("word/document.xml", _WORD)), ("xlsx", office("xl/workbook.xml", _SHEET)),
        ("doc", compound({"WordDocument": b"\xec\xa5", "1Table": b""})), ("xls", compound({"Workbook": b"\x09\x08"})),
        ("jtd", compound({"\x04JSRV_SegmentInformation": b"", "DocumentText": b"SsmgV.01"})), ("rtf", rb"{\rtf1 text}"),
        ("eml", mail(b"x", "a.bin")), ("zip", _zip({"資料/a.pdf": pdf, "b.txt": b"text" * 500})),
    ]  # fmt: skip


def others(rng: random.Random) -> list[tuple[int, str, bytes]]:
    """What else there is: how often in a hundred, an ending, a beginning."""
    text = "".join(
        rng.choice(("return ", "value", "(", ")\n", "    ", "= ", "if ", "not ")) for _ in range(2000)
    ).encode()
    noise = rng.randbytes(8192)
    return [
        (22, "py", b"import os\n\n" + text), (12, "js", b"'use strict';\n" + text),
        (8, "html", b"<!DOCTYPE html>\n" + text),
        (8, "json", b'{"name": "x", "list": [1, 2]}\n'), (6, "xml", b"<?xml version='1.0'?>\n<root>" + text),
        (5, "ini", b"[main]\nkey = value\n"), (4, "log", b"2026-11-25 10:00:00 INFO started\n" * 40),
        (12, "dll", b"MZ\x90\0" + noise), (4, "pyc", b"\xa7\r\r\n" + noise), 
        (6, "png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x20\0\0\0\x20\x08\x06\0\0\0" + noise),
        (4, "jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xc0\0\x11\x08\x02\x58\x03\x20\x03" + noise),
        (2, "gz", gzip.compress(text)), (1, "jar", _zip({"a/B.class": noise, "META-INF/MANIFEST.MF": b"x"})),
        (1, "msi", compound({"Tables": noise[:3000], "Columns": b""})), (5, "dat", noise),
    ]  # fmt: skip


def build(root: Path, files: int, seed: int = 3, empty: bool = False) -> int:
    """Make `files` files below `root`; returns how many hold a document. `empty`: nearly all without content."""
    rng = random.Random(seed)
    wanted, rest = documents(), others(rng)
    choices = rng.choices(range(len(rest)), [share for share, _ending, _data in rest], k=4096)
    planted = 0
    for number in range(files):
        if number % FOLDER == 0:
            above = number // FOLDER
            folder = root / f"a{above % 37:02}" / f"b{above // 37 % 41:02}" / f"folder {above}"
            os.makedirs(folder, exist_ok=True)  # noqa: PTH103 - three hundred thousand of them
            place = str(folder)
        if number % 60 == 7:
            planted += 1
            ending, data = wanted[planted % len(wanted)]
            if planted % 5 < 2:
                ending = rng.choice(("dat", "jpg", "tmp", "dll"))
        else:
            _share, ending, data = rest[choices[number * 2654435761 % 4096]]
            if empty:
                data = b""
        # Log-normal, median 4 KiB: mostly small, some large. What must end where it ends keeps its own size.
        size = (
            len(data)
            if number % 60 == 7 or ending in ("gz", "jar", "msi") or empty
            else int(rng.lognormvariate(8.3, 1.8))
        )
        fd = os.open(f"{place}/file {number}.{ending}", os.O_WRONLY | os.O_CREAT, 0o644)
        os.write(fd, data[:size])
        if size > len(data):
            os.truncate(fd, size)
        os.close(fd)
    return planted
