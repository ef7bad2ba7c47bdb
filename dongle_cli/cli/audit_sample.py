"""`dongle-cli audit sample`: which machines are looked at this time, drawn so that everybody can check it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongle_cli.cli import output
from dongle_cli.cli.options import Format
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, ngettext, reason

if TYPE_CHECKING:
    from dongle_cli.provision.sheet import Cell

# What the column of machines is called in lists that people keep, folded.
_COLUMNS = (
    "asset_no", "asset number", "管理番号", "資産番号", "machine", "hostname", "host", "端末名",
    "コンピューター名", "コンピュータ名", "端末", "serial",
)  # fmt: skip

ListFile = Annotated[
    Path, typer.Argument(metavar=_("LIST"), help=_("The machines: CSV, Excel, or a text file with one a line."))
]
Seed = Annotated[
    str,
    typer.Option("--seed", metavar=_("SEED"), help=_("Decides the draw; agree on it before, such as a date.")),
]
Number = Annotated[int, typer.Option("--n", min=1, metavar=_("N"), help=_("How many are drawn."))]
Column = Annotated[
    str | None,
    typer.Option(
        "--column", metavar=_("NAME"), show_default=False,
        help=_("The column that names the machine; else asset_no, hostname and the like, or the first."),
    ),
]  # fmt: skip


def sample(list_: ListFile, seed: Seed, number: Number = 25, column: Column = None, format_: Format = "text") -> None:
    """Draw and say how."""
    from dongle_cli.audit.sample import ALGORITHM, draw

    names, heading = _names(list_, column)
    drawn = draw(seed, names, number)
    different = len({name for _row, name in names})
    try:
        digest = hashlib.sha256(list_.read_bytes()).hexdigest()
    except OSError as error:
        raise _unusable(list_, reason(error)) from None
    about = {"seed": seed, "n": number, "of": different, "column": heading, "list": list_.name, "sha256": digest}
    if format_ == "json":
        output.emit({"type": "sample", "algorithm": ALGORITHM, **about})
        for one in drawn:
            output.emit({"type": "drawn", "position": one.position, "machine": one.name, "row": one.row,
                         "hash": one.hash})  # fmt: skip
        return
    output.table(
        [_("No."), _("Machine"), _("Row in the list"), _("Hash")],
        [[one.position, one.name, one.row, one.hash[:12]] for one in drawn],
    )
    output.say(
        ngettext("{drawn} of {n} machine drawn.", "{drawn} of {n} machines drawn.", different).format(
            drawn=len(drawn), n=different
        )
    )
    if len(names) > different:
        output.say(_("Names that stand twice count once: {n} rows.").format(n=len(names) - different))
    output.say(_("Seed: {seed}  List: {name} (SHA-256 {digest})").format(seed=seed, name=list_.name, digest=digest))
    output.say(_("How: the smallest SHA-256 of seed, line feed and name, in order."))


def _names(path: Path, column: str | None) -> tuple[list[tuple[int, str]], str | None]:
    """Row and name of every machine, and the heading they stand under; None for a plain list."""
    if path.suffix.lower() == ".txt":
        return _lines(path), None
    from dongle_cli.provision.sheet import read_sheet

    try:
        rows = read_sheet(path)
    except DongleError as error:
        raise _unusable(path, str(error.details.get("reason") or error.message)) from None
    if not rows:
        raise _unusable(path, _("it is empty"))
    heads = [cell.text.strip() for cell in rows[0][1]]
    index = _column(path, heads, column)
    found = [(number, _cell(path, number, cells, index)) for number, cells in rows[1:]]
    return [(number, name) for number, name in found if name], heads[index]


def _column(path: Path, heads: list[str], column: str | None) -> int:
    folded = [head.casefold() for head in heads]
    if column is not None:
        if column.casefold() not in folded:
            raise _unusable(
                path, _("it has no column {column}, but {known}").format(column=column, known=", ".join(heads))
            )
        return folded.index(column.casefold())
    return next((folded.index(name) for name in _COLUMNS if name in folded), 0)


def _cell(path: Path, number: int, cells: list[Cell], index: int) -> str:
    cell = cells[index] if index < len(cells) else None
    if cell is None:
        return ""
    if cell.problem or re.fullmatch(r"\d(\.\d+)?E\+\d+", cell.text.strip(), re.IGNORECASE):
        why = cell.problem or _("a number that lost digits")
        raise _unusable(path, _("row {row}: {reason}").format(row=number, reason=why))
    return cell.text.strip()


def _lines(path: Path) -> list[tuple[int, str]]:
    from dongle_cli.audit.pii.extract import decoded

    try:
        text = decoded(path.read_bytes())
    except OSError as error:
        raise _unusable(path, reason(error)) from None
    return [(row, line.strip()) for row, line in enumerate(text.splitlines(), start=1) if line.strip()]


def _unusable(path: Path, why: str) -> DongleError:
    return DongleError(
        _("The list {path} cannot be used: {reason}.").format(path=path, reason=why.rstrip(".。")), code="usage.list"
    )
