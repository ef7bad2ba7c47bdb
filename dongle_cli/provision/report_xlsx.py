"""The Excel form of a run's report: a sheet "data" for machines, a sheet for paper."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dongle_cli.i18n import _, width
from dongle_cli.provision.outcome import Outcome, now

if TYPE_CHECKING:
    from dongle_cli.provision.report import RunInfo, Table

_WIDEST = 60
_PAPER_COLUMNS = (0, 1, 2, 3, 4, 6, 7)  # of the data sheet: what fits across A4


def xlsx_bytes(table: Table, outcomes: Sequence[Outcome], info: RunInfo) -> bytes:
    """The workbook's bytes."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    data = book.create_sheet("data")
    lines: list[Sequence[str | float]] = [table.header, *table.rows]
    _fill(data, 1, lines)
    _fit(data, lines)
    data.freeze_panes = "A2"
    data.auto_filter.ref = data.dimensions
    paper = [[line[i] for i in _PAPER_COLUMNS] for line in lines]
    _paper(book.create_sheet(_("For printing")), paper, outcomes, info)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _paper(sheet: Any, lines: list[list[str | float]], outcomes: Sequence[Outcome], info: RunInfo) -> None:
    from openpyxl.styles import Alignment, Border, Font, Side

    from dongle_cli.provision.report import counts

    head: list[list[str | float]] = [[_("Result of provisioning")]]
    head += [[name, number] for name, number in counts(outcomes)]
    head += [
        [_("Profile"), f"{info.profile} {info.profile_version}".strip()],
        [_("Operator"), info.operator],
        [_("Checker"), info.checker],
        [_("Bench"), info.bench],
        [_("Run"), info.run_id],
        [_("Written"), now()],
    ]
    _fill(sheet, 1, head)
    first = len(head) + 2
    _fill(sheet, first, lines)
    # The titles above the table may run over into the next cell; the table may not.
    _fit(sheet, lines)
    sheet.cell(1, 1).font = Font(bold=True, size=14)
    line = Side(style="thin")
    for cells in sheet.iter_rows(min_row=first, max_row=first + len(lines) - 1, max_col=len(_PAPER_COLUMNS)):
        for cell in cells:
            cell.border = Border(left=line, right=line, top=line, bottom=line)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.font = Font(bold=cell.row == first)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{first}:{first}"
    sheet.oddFooter.right.text = "&P / &N"


def _fill(sheet: Any, first: int, lines: Sequence[Sequence[str | float]]) -> None:
    for number, line in enumerate(lines, start=first):
        for column, value in enumerate(line, start=1):
            if value == "":
                continue
            cell = sheet.cell(number, column)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"  # also what begins with =
                cell.number_format = "@"  # also after somebody edits the cell
                cell.quotePrefix = value[0] in "=+-@"


def _fit(sheet: Any, lines: Sequence[Sequence[str | float]]) -> None:
    from openpyxl.utils import get_column_letter

    for index in range(len(lines[0])):
        widest = max(width(str(line[index])) for line in lines)
        sheet.column_dimensions[get_column_letter(index + 1)].width = min(_WIDEST, widest) + 2
