"""A table out of a file: CSV in the encodings that Excel writes, or xlsx; the cells as they stand there."""

from __future__ import annotations

import codecs
import contextlib
import csv
import datetime
import io
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason

MAX_BYTES = 32 * 1024 * 1024
MAX_UNPACKED = 256 * 1024 * 1024
MAX_ROWS = 50_000
MAX_COLUMNS = 200
EXCEL_ROWS = 1_048_576


@dataclass(frozen=True)
class Cell:
    """One cell: its text, and what may stand between it and what the person saw."""

    text: str = ""
    number: bool = False  # stored as a number: leading zeros and digits after the 15th are gone
    form: str | None = None  # the number format that shows something else than what is stored, such as 0000 or #,##0
    problem: str | None = None  # why there is no text to be had


Row = tuple[int, list[Cell]]  # line of the file or row of the sheet, from 1


def read_sheet(path: Path) -> list[Row]:
    """Every row that is not empty; DongleError `sims.unreadable` where the file is no table."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, reason(error)) from None
    if len(raw) > MAX_BYTES:
        raise _unreadable(path, _("it is larger than {max} MB").format(max=MAX_BYTES // 2**20))
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise _unreadable(path, _("it is an old .xls file, or locked with a password: save it as .xlsx"))
    rows: list[Row] = []
    for number, cells in _xlsx_rows(path, raw) if raw.startswith(b"PK") else _csv_rows(path, raw):
        if any(cell.text or cell.problem for cell in cells):
            rows.append((number, cells))
        if len(rows) > MAX_ROWS:
            raise _unreadable(path, _("it has more than {max} rows").format(max=MAX_ROWS))
    return rows


def _unreadable(path: Path, reason: str, row: int | None = None) -> DongleError:
    place = str(path) if row is None else _("{path}, row {row}").format(path=path, row=row)
    return DongleError(
        _("The list {place} cannot be read: {reason}.").format(place=place, reason=reason),
        code="sims.unreadable",
        path=str(path),
        row=row,
        reason=reason,
    )


def _csv_rows(path: Path, raw: bytes) -> Iterator[Row]:
    text = _decoded(path, raw)
    if "\0" in text:
        raise _unreadable(path, _("it is neither text nor an Excel file"), text.count("\n", 0, text.index("\0")) + 1)
    first = text.split("\n", 1)[0]
    skipped = 0
    if first.strip().lower() in ("sep=,", "sep=;", "sep=\t", "sep="):  # Excel's own hint line
        text, skipped = text.partition("\n")[2], 1
        first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    while True:
        try:
            values = next(reader, None)
        except csv.Error:  # its own words name Python's internals
            problem = _("a quotation mark is out of place, or a cell is far too long")
            raise _unreadable(path, problem, start + skipped) from None
        if values is None:
            return
        yield start + skipped, [Cell(value) for value in values]
        start = reader.line_num + 1


def _decoded(path: Path, raw: bytes) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    elif raw.startswith(codecs.BOM_UTF8):
        encodings = ["utf-8-sig"]
    else:
        encodings = ["utf-8", "cp932"]
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError as error:
            row = raw.count(b"\n", 0, error.start) + 1
    raise _unreadable(path, _("the text is not {encodings}").format(encodings=", ".join(encodings)), row)


def _xlsx_rows(path: Path, raw: bytes) -> Iterator[Row]:
    # The foreign reader warns of every feature it leaves out, and prints about styles; stdout is for our answer.
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            return iter(list(_read_workbook(path, raw)))
        except DongleError:
            raise
        except Exception as error:  # whatever a damaged file makes it stumble over
            problem = _("the Excel file is damaged ({kind})").format(kind=type(error).__name__)
            raise _unreadable(path, problem) from None


def _read_workbook(path: Path, raw: bytes) -> Iterator[Row]:
    import openpyxl

    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        if sum(info.file_size for info in archive.infolist()) > MAX_UNPACKED:
            raise _unreadable(path, _("it is larger than {max} MB").format(max=MAX_UNPACKED // 2**20))
    # Not data_only: what Excel last computed may be old, or absent where no Excel ever opened the file.
    book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=False, keep_links=False)
    sheet = next(one for one in book.worksheets if one.sheet_state == "visible")
    for number, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), start=1):
        if number > EXCEL_ROWS:
            raise _unreadable(path, _("it has more than {max} rows").format(max=EXCEL_ROWS))
        cells = [_cell(one.value, one.data_type, getattr(one, "number_format", "General")) for one in row]
        while cells and cells[-1] == Cell():
            cells.pop()
        if cells:
            yield number, cells


def _cell(value: object, kind: str, number_format: str) -> Cell:
    if value is None:
        return Cell()
    if kind == "f":
        return Cell(problem=_("a formula: copy the column and paste it as values"))
    if kind == "e":
        return Cell(problem=_("an Excel error value"))
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE")
    if isinstance(value, (int, float)):
        text = str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)
        return Cell(text, number=True, form=None if number_format in ("General", "0", "@") else number_format)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return Cell(value.isoformat(), number=True)
    return Cell(str(value))
