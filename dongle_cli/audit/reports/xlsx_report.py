"""The report as an Excel file: page one, a sheet "data" for machines, and one for paper; written row by row.

The data sheet keeps to the rules of Japan's ministry of internal affairs for machine-readable tables (2020): one header
row, one value a cell, nothing merged, no formulas, numbers as numbers with the unit in the header.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, BinaryIO

from dongle_cli.audit.reports import Report, words
from dongle_cli.audit.reports.table import Value, header, rows
from dongle_cli.audit.reports.text import short, shown
from dongle_cli.i18n import _, width

_CELL = 32_767  # UTF-16 units that a cell holds
_SHEET = 1_000_000  # rows of one data sheet; Excel has 1,048,576
_PAPER = 1000  # findings on paper
_WIDEST = 60


def write(report: Report, file: BinaryIO) -> None:
    """Three sheets; more data sheets where one does not hold all rows."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    _about(book.create_sheet(_("Page one")), report)
    line, number = rows(report), 1
    while part := list(islice(line, 1)):
        _data(book.create_sheet("data" if number == 1 else f"data {number}"), chain(part, islice(line, _SHEET - 1)))
        number += 1
    _paper(book.create_sheet(_("For printing")), report)
    book.save(file)


def _data(sheet: Any, lines: Iterable[list[Value]]) -> None:
    head = header()
    _widths(sheet, [max(10, width(name) + 4) for name in head])
    sheet.freeze_panes = "A2"
    sheet.append([_cell(sheet, name) for name in head])
    for line in lines:
        sheet.append([_cell(sheet, value) for value in line])


def _about(sheet: Any, report: Report) -> None:
    _print(sheet, "portrait")
    lines = words.page_one(report)
    _widths(sheet, [max(width(name) for name, _value in lines) + 2, 80])
    sheet.append([_cell(sheet, _("Audit report"), title=True)])
    for name, value in lines:
        sheet.append([_cell(sheet, name, bold=True), _cell(sheet, value, wrap=True)])


def _paper(sheet: Any, report: Report) -> None:
    head = [_("No."), _("Severity"), _("Rule"), _("Place"), _("Kind"), _("Path")]
    _widths(sheet, [6, 10, 26, 22, 22, 70])
    _print(sheet, "landscape")
    sheet.print_title_rows = "3:3"
    sheet.append([_cell(sheet, words.verdict(report.summary), title=True)])
    sheet.append([])
    sheet.append([_cell(sheet, name, bold=True, border=True) for name in head])
    for number, one in enumerate(islice(words.worst(report.findings), _PAPER), start=1):
        path = one.path + (f" > {one.member}" if one.member else "")
        said: list[Value] = [
            number, words.named(words.SEVERITIES, one.severity.word), words.rule(one.rule), words.place(one.place),
            words.kind(one.kind), short(shown(path), 400),
        ]  # fmt: skip
        sheet.append([_cell(sheet, value, wrap=True, border=True) for value in said])
    if (rest := len(report.findings) - _PAPER) > 0:
        sheet.append([_cell(sheet, _("... and {n} more").format(n=f"{rest:,}"))])
    sheet.append([])
    for line in _gaps(report):
        sheet.append([_cell(sheet, value, wrap=index > 0, border=True) for index, value in enumerate(line)])


def _gaps(report: Report) -> Iterator[list[Value]]:
    for number, gap in enumerate(islice(report.gaps, _PAPER), start=1):
        path = gap.path + (f" > {gap.member}" if gap.member else "")
        yield [number, _("Not looked at"), words.named(words.REASONS, gap.reason), None, None, short(shown(path), 400)]


def _cell(
    sheet: Any, value: Value, *, bold: bool = False, title: bool = False, wrap: bool = False, border: bool = False
) -> Any:
    if value is None and not border:
        return None
    from openpyxl.cell import WriteOnlyCell

    cell: Any = WriteOnlyCell(sheet)
    text = isinstance(value, str)
    # A style is built once for each look: building it for each cell is two thirds of the time of a long report.
    looks: dict[tuple[bool, ...], Any] = sheet.__dict__.setdefault("looks", {})
    formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@"))
    look = (text, formula, bold, title, wrap, border)
    if look not in looks:
        looks[look] = _look(sheet, *look)
    cell._style = looks[look]
    if isinstance(value, str):
        value = short(value, _CELL if max(value, default="") < "\U00010000" else _CELL // 2)
    cell.value = value
    if text:
        cell.data_type = "s"  # also what begins with =
    return cell


def _look(sheet: Any, text: bool, formula: bool, bold: bool, title: bool, wrap: bool, border: bool) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Border, Font, Side

    cell: Any = WriteOnlyCell(sheet)
    if text:
        cell.number_format = "@"  # also after somebody edits the cell
        cell.quotePrefix = formula
    if bold or title:
        cell.font = Font(bold=True, size=14 if title else 11)
    if wrap or border:
        cell.alignment = Alignment(wrap_text=wrap, vertical="top")
    if border:
        side = Side(style="thin")
        cell.border = Border(left=side, right=side, top=side, bottom=side)
    return cell._style


def _widths(sheet: Any, widths: list[int]) -> None:
    from openpyxl.utils import get_column_letter

    for index, columns in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = min(_WIDEST + 20, columns)


def _print(sheet: Any, orientation: str) -> None:
    sheet.page_setup.orientation = orientation
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddFooter.right.text = "&P / &N"
