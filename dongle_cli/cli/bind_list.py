"""The list for `bind --all`: CSV or xlsx with a row for each laptop, taken as a whole or refused as a whole."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, ngettext
from dongle_cli.identity import Iccid, Imei, Laptop

if TYPE_CHECKING:
    from dongle_cli.binding.tray import Row
    from dongle_cli.provision.sheet import Cell

COLUMNS = ("asset_no", "imei", "iccid", "request", "csr", "laptop", "laptop_serial", "laptop_uuid", "laptop_host")
_NAMES = {
    "申請": "request", "申請ファイル": "request", "pc製造番号": "laptop_serial", "pc_uuid": "laptop_uuid",
    "pc名": "laptop_host", "コンピュータ名": "laptop_host", "コンピューター名": "laptop_host",
}  # fmt: skip
_ONCE = ("asset_no", "imei", "iccid", "request", "csr", "laptop_serial", "laptop_uuid")
_SHOWN = 10  # rows of trouble that the message names; the details hold all

Trouble = list[tuple[int, str]]


def load(path: Path) -> list[Row]:
    """The rows of the list; DongleError `pairs.invalid` with every row that is wrong, or `sims.unreadable`."""
    from dongle_cli.provision.sheet import read_sheet
    from dongle_cli.provision.sims import column_name

    table = read_sheet(path)
    header = [_NAMES.get(name, name) for name in (column_name(cell.text) for cell in table[0][1])] if table else []
    trouble: Trouble = []
    if "asset_no" not in header or not {"imei", "iccid"} & set(header):
        trouble.append((1, _("the first row must name the columns: asset_no, imei or iccid, and request (or csr)")))
        raise _invalid(path, trouble)
    rows = []
    for number, cells in table[1:]:
        values = _values(number, cells, header, trouble)
        try:
            rows.append((_row(number, values, path.parent), values))
        except DongleError as error:
            trouble.append((number, error.message))
    _doubled(rows, trouble)
    if not table[1:]:
        trouble.append((2, _("there is no laptop in the list")))
    if trouble:
        raise _invalid(path, sorted(trouble))
    return [row for row, _values in rows]


def _values(number: int, cells: Sequence[Cell], header: Sequence[str], trouble: Trouble) -> dict[str, str]:
    from dongle_cli.provision.sims import cell_problem

    values = {}
    for name, cell in zip(header, cells, strict=False):
        if name not in COLUMNS:
            continue
        text = unicodedata.normalize("NFKC", cell.text).strip()
        problem = cell_problem(name, cell, text)
        if problem is not None:
            trouble.append((number, f"{name}: {problem}"))
        elif text:
            values[name] = text
    return values


def _row(number: int, values: dict[str, str], beside: Path) -> Row:
    from dongle_cli.binding.profile import asset_number
    from dongle_cli.binding.tray import Row

    if "asset_no" not in values:
        raise _wrong(_("the asset number is empty"))
    if not {"imei", "iccid"} & values.keys():
        raise _wrong(_("neither IMEI nor ICCID: which dongle is it?"))
    files = {name: beside / Path(values[name]).expanduser() for name in ("request", "csr", "laptop") if name in values}
    described: Path | Laptop | None = files.get("laptop")
    if "laptop_uuid" in values:
        about = (values.get("laptop_serial"), values.get("laptop_host"))
        described = Laptop.parse(uuid=values["laptop_uuid"], serial=about[0], host=about[1])
    if ("request" in files) == ("csr" in files) or ("csr" in files and described is None):
        raise _wrong(_("it needs a request, or a csr with laptop or laptop_uuid"))
    return Row(
        number,
        asset_number(values["asset_no"]),
        Imei.parse(values["imei"]) if "imei" in values else None,
        Iccid.parse(values["iccid"]) if "iccid" in values else None,
        files.get("request"),
        files.get("csr"),
        described,
    )


def _wrong(why: str) -> DongleError:
    return DongleError(why, code="pairs.invalid")


def _doubled(rows: Sequence[tuple[Row, dict[str, str]]], trouble: Trouble) -> None:
    seen: dict[tuple[str, str], int] = {}
    for row, values in rows:
        for name in _ONCE:
            value = str(getattr(row, name, None) or values.get(name) or "").casefold()
            first = seen.setdefault((name, value), row.row) if value else row.row
            if first != row.row:
                trouble.append((row.row, _("{name} stands in row {first} too").format(name=name, first=first)))


def _invalid(path: Path, trouble: Trouble) -> DongleError:
    count = len({row for row, _why in trouble})
    lines = [
        ngettext(
            "{path}: {count} row is refused, and nothing was taken over.",
            "{path}: {count} rows are refused, and nothing was taken over.",
            count,
        ).format(path=path, count=count)
    ]
    lines += [_("row {row}: {reason}").format(row=row, reason=why) for row, why in trouble[:_SHOWN]]
    if len(trouble) > _SHOWN:
        lines.append(_("and {count} more").format(count=len(trouble) - _SHOWN))
    rows = [{"row": row, "reason": why} for row, why in trouble]
    return DongleError("\n".join(lines), code="pairs.invalid", path=str(path), rows=rows)
