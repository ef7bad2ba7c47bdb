"""The report as CSV that a spreadsheet opens whole when it is double-clicked, and never runs."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from dongle_cli.audit.reports import Report
from dongle_cli.audit.reports.table import Value, header, rows
from dongle_cli.i18n import ngettext

# What spreadsheets take for the beginning of a formula; the full-width ones count in a Japanese Excel.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
GETA = "〓"  # stands for a character that the encoding does not have, as in Japanese printing
# Unicode's and CP932's idea of the same character differ; these would be lost although both have them.
_ALIKE = str.maketrans("〜−—‖¢£¬¥", "～－―∥￠￡￢￥")


def write(report: Report, file: BinaryIO) -> None:
    """UTF-8 with a byte order mark, or CP932; CRLF (RFC 4180); lost characters are noted in `report.notes`."""
    old = report.encoding == "cp932"
    lost = 0
    file.write(b"" if old else codecs.BOM_UTF8)
    lines: Iterator[list[Value]] = chain([[*header()]], rows(report))
    for line in lines:
        cells = [guarded(value) for value in line]
        if old:
            cells, missed = _cp932(cells)
            lost += missed
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerow(cells)
        file.write(text.getvalue().encode("cp932" if old else "utf-8"))
    if lost:
        report.notes.append(
            ngettext(
                "{n} character that CP932 does not have stands as {geta}.",
                "{n} characters that CP932 does not have stand as {geta}.",
                lost,
            ).format(n=lost, geta=GETA)
        )


def guarded(value: Value) -> str:
    """A cell's text; one that a spreadsheet would calculate begins with an apostrophe."""
    if not isinstance(value, str):
        return "" if value is None else str(value)
    return f"'{value}" if value.startswith(_FORMULA) else value


def _cp932(cells: list[str]) -> tuple[list[str], int]:
    lost = 0
    out = []
    for cell in cells:
        try:
            cell.encode("cp932")
        except UnicodeEncodeError:
            cell = unicodedata.normalize("NFC", cell).translate(_ALIKE)
            kept = [char if _has(char) else GETA for char in cell]
            lost += sum(new != old for new, old in zip(kept, cell, strict=True))
            cell = "".join(kept)
        out.append(cell)
    return out, lost


def _has(char: str) -> bool:
    try:
        char.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
