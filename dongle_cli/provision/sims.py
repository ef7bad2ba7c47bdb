"""The SIM list: what each SIM gets, from the carrier's Excel or CSV; taken as a whole or refused as a whole."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from dongle_cli.errors import DongleError
from dongle_cli.evidence.canonical import canonical, digest
from dongle_cli.i18n import N_, _, ngettext
from dongle_cli.identity import Iccid, Imei, luhn_valid, typed
from dongle_cli.provision.sheet import Cell, read_sheet
from dongle_cli.provision.template import PASSWORD_MAX, USER_MAX, credential_problem
from dongle_cli.secrets import MASK, Secret

# Every column that means something to us, with the headers it comes under (NFKC, lower case, blanks as _).
_HEADERS: dict[str, tuple[str, ...]] = {
    "iccid": ("iccid番号", "simカード番号", "sim番号"),
    "user": ("user_id", "username", "認証id", "ユーザid", "ユーザーid", "ユーザー名", "ユーザ名", "接続id"),
    "password": ("認証パスワード", "パスワード", "接続パスワード", "認証pw"),
    "pin": ("pin1", "sim_pin", "pinコード", "pin番号", "暗証番号"),
    "new_pin": ("newpin", "新pin", "新しいpin", "変更後pin"),
    "msisdn": ("回線番号", "電話番号", "phone", "phone_number"),
    "imei": ("imei番号",),
    "asset_no": ("管理番号", "資産番号", "資産管理番号", "asset", "asset_number"),
}
_COLUMN = {header: name for name, headers in _HEADERS.items() for header in (name, *headers)}
_SECRET = ("password", "pin", "new_pin")
_SECRET_WORDS = re.compile(
    r"(^|_)(pin|puk|pw|pwd|key)\d*(_|$)|pass|secret|(pin|puk)\d?(コード|番号)|パスワード|パスコード|暗証|秘密"
)
_SHOWN = 10  # rows of trouble that the message names; the details hold all


@dataclass(frozen=True)
class SimRow:
    """One SIM's values; None where the list has no such column or an empty cell."""

    row: int  # line of the CSV file or row of the sheet, from 1
    iccid: Iccid
    user: str | None = None
    password: Secret | None = None
    pin: Secret | None = None
    new_pin: Secret | None = None
    msisdn: str | None = None
    imei: Imei | None = None  # the dongle that this SIM belongs in
    asset_no: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)  # the other columns, for templates
    secrets: Mapping[str, Secret] = field(default_factory=dict, repr=False)  # other columns that are named like secrets

    def open_fields(self) -> dict[str, str]:
        """What templates may show: every column that is no secret."""
        named = {"iccid": self.iccid.digits, "user": self.user, "msisdn": self.msisdn, "asset_no": self.asset_no}
        named["imei"] = self.imei.digits if self.imei else None
        return {**self.fields, **{name: value for name, value in named.items() if value}}

    def secret_fields(self) -> dict[str, Secret]:
        """What only a password template may use."""
        named = {"password": self.password, "pin": self.pin, "new_pin": self.new_pin}
        return {**self.secrets, **{name: value for name, value in named.items() if value}}


@dataclass(frozen=True)
class Sims:
    """A whole list that holds together: no ICCID and no IMEI twice, every check digit right."""

    rows: tuple[SimRow, ...]
    path: Path = field(default=Path(), compare=False)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[SimRow]:
        return iter(self.rows)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of all columns but the secret ones, which a hash would give away."""
        return digest(canonical([row.open_fields() for row in self.rows]))

    @cached_property
    def _by_digits(self) -> dict[str, SimRow]:
        return {row.iccid.digits[:-1]: row for row in self.rows} | {row.iccid.digits: row for row in self.rows}

    def by_iccid(self, iccid: Iccid) -> SimRow | None:
        """The row of this SIM, also where the card or the firmware leaves the check digit out or the list does."""
        found = self._by_digits.get(iccid.digits)
        if found is None and iccid.check_digit_valid:
            found = next((row for row in self.rows if row.iccid.digits == iccid.digits[:-1]), None)
        return found


@dataclass(frozen=True)
class _Trouble:
    row: int
    column: str | None
    value: str | None
    reason: str


def load_sims(path: str | Path) -> Sims:
    """The list in a CSV or xlsx file; DongleError `sims.invalid` with every row that is wrong, or `sims.unreadable`."""
    path = Path(path).expanduser()
    table = read_sheet(path)
    trouble: list[_Trouble] = []
    columns = _columns(table[0][1], trouble) if table else []
    if "iccid" not in columns:
        reason = _(
            "there is no column iccid: the first row must hold the names of the columns (accepted for it: {names})"
        ).format(names=", ".join(("iccid", *_HEADERS["iccid"])))
        trouble.insert(0, _Trouble(table[0][0] if table else 1, None, None, reason))
        raise _invalid(path, trouble)
    rows = [(number, _values(number, cells, columns, trouble)) for number, cells in table[1:]]
    _doubled(rows, trouble)
    if not rows:
        trouble.append(_Trouble(table[0][0], None, None, _("there is no SIM in the list")))
    if trouble:
        raise _invalid(path, sorted(trouble, key=lambda one: one.row))
    return Sims(tuple(_built(number, values) for number, values in rows), path)


def column_name(header: str) -> str:
    """What a column is called here, by the header that somebody gave it: "ICCID番号" is "iccid"."""
    text = unicodedata.normalize("NFKC", header).strip().casefold()
    text = re.sub(r"[\s\-]+", "_", text)
    return _COLUMN.get(text, text)


def _columns(header: list[Cell], trouble: list[_Trouble]) -> list[str]:
    """A name for each column, "" where there is none; doubled names go to `trouble`."""
    names: list[str] = []
    for index, cell in enumerate(header, start=1):
        name = column_name(cell.text)
        if name and name in names:
            # By number, not by name: in a list without header the name would be somebody's password.
            reason = _("columns {first} and {second} have the same name").format(
                first=names.index(name) + 1, second=index
            )
            trouble.append(_Trouble(1, None, None, reason))
        names.append(name)
    return names


def _values(number: int, cells: list[Cell], columns: list[str], trouble: list[_Trouble]) -> dict[str, str]:
    """What stands in a row and is right, by column; what is not goes to `trouble`."""
    before = len(trouble)
    values: dict[str, str] = {}
    for index, cell in enumerate(cells):
        name = columns[index] if index < len(columns) else ""
        # Of a user or password nothing is mended, not even a full-width letter: it would be a guess.
        text = cell.text if name in ("user", "password") else unicodedata.normalize("NFKC", cell.text).strip()
        reason = cell_problem(name, cell, text)
        if reason is None and not name and text:
            reason = _("column {column} has no name: is the row shifted?").format(column=index + 1)
        if reason is not None:
            trouble.append(_Trouble(number, name or None, _shown(name, text) if name else None, reason))
        elif text:
            values[name] = text
    if not values.get("iccid") and len(trouble) == before:
        trouble.append(_Trouble(number, "iccid", None, _("is empty")))
    return values


def _built(number: int, values: dict[str, str]) -> SimRow:
    others = {name: value for name, value in values.items() if name not in _HEADERS}
    secrets = {name: Secret(value) for name, value in others.items() if _SECRET_WORDS.search(name)}
    hidden = {name: Secret(values[name]) for name in _SECRET if name in values}
    return SimRow(
        row=number,
        iccid=Iccid.parse(values["iccid"]),
        user=values.get("user"),
        password=hidden.get("password"),
        pin=hidden.get("pin"),
        new_pin=hidden.get("new_pin"),
        msisdn=typed(values["msisdn"]) if "msisdn" in values else None,
        imei=Imei.parse(values["imei"]) if "imei" in values else None,
        asset_no=values.get("asset_no"),
        fields={name: value for name, value in others.items() if name not in secrets},
        secrets=secrets,
    )


def _doubled(rows: list[tuple[int, dict[str, str]]], trouble: list[_Trouble]) -> None:
    """One SIM, one dongle and one asset number stand in one row; what stands in a second one goes to `trouble`."""
    seen: dict[tuple[str, str], int] = {}
    for number, values in rows:
        for column, text in _DOUBLED.items():
            value = values.get(column)
            if value is None:
                continue
            keys = [(column, key) for key in _keys(column, value)]
            first = next((seen[key] for key in keys if key in seen), None)
            if first is not None:
                trouble.append(_Trouble(number, column, _shown(column, value), _(text).format(row=first)))
            for key in keys:
                seen.setdefault(key, number)


_DOUBLED = {
    "iccid": N_("the same ICCID stands in row {row}"),
    "imei": N_("the same IMEI stands in row {row}"),
    "asset_no": N_("the same asset number stands in row {row}"),
}


def _keys(column: str, value: str) -> set[str]:
    """What makes two values the same thing."""
    if column == "iccid":
        digits = Iccid.parse(value).digits
        return {digits, digits[:-1]}  # with and without its check digit it is the same card
    return {Imei.parse(value).digits if column == "imei" else value}


_SCIENTIFIC = re.compile(r"[0-9]+([.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)


def _as_text() -> str:
    return _("format the column as text and paste the numbers again")


def cell_problem(name: str, cell: Cell, text: str) -> str | None:
    """Why the cell of this column cannot be taken, None where it can; `text` is what would be taken."""
    if cell.problem:
        return cell.problem
    if cell.form and name in ("imei", "asset_no"):
        return _("a number that is shown in the form {form}: {remedy}").format(form=cell.form, remedy=_as_text())
    if cell.number and name in ("iccid", "pin", "new_pin", "msisdn", "user", "password"):
        return _("a number cell, which loses zeros and digits: {remedy}").format(remedy=_as_text())
    return _CHECKS[name](text) if text and name in _CHECKS else None


def _iccid_problem(text: str) -> str | None:
    digits = typed(text).upper()
    if _SCIENTIFIC.fullmatch(digits):
        return _("Excel has cut the number short, its digits are lost: {remedy}").format(remedy=_as_text())
    if not re.fullmatch(r"89[0-9A-F]{16,18}F?", digits):
        return _("an ICCID is 89 and 16 to 18 more digits, and this has {count} characters").format(count=len(digits))
    digits = digits.removesuffix("F")
    if digits.isdecimal() and not luhn_valid(digits):
        if set(digits[15:]) == {"0"}:
            return _("the digits after the 15th are lost (Excel makes them 0): {remedy}").format(remedy=_as_text())
        return _("the check digit is wrong: a digit is mistyped or missing")
    return None


def _imei_problem(text: str) -> str | None:
    digits = typed(text)
    if _SCIENTIFIC.fullmatch(digits):
        return _("Excel has cut the number short, its digits are lost: {remedy}").format(remedy=_as_text())
    if not re.fullmatch(r"[0-9]{15,16}", digits):
        return _("an IMEI has 15 digits, and this has {count} characters").format(count=len(digits))
    try:
        Imei.parse(digits)
    except DongleError:
        return _("the check digit is wrong: a digit is mistyped or missing")
    return None


def _pin_problem(text: str) -> str | None:
    if re.fullmatch(r"[0-9]{4,8}", text):
        return None
    if re.fullmatch(r"[0-9]{1,3}", text):
        return _("a PIN has 4 to 8 digits: leading zeros are lost, {remedy}").format(remedy=_as_text())
    return _("a PIN has 4 to 8 digits and nothing else")


def _msisdn_problem(text: str) -> str | None:
    digits = typed(text)
    if re.fullmatch(r"[789]0[0-9]{8}|20[0-9]{8}", digits):
        return _("the leading zero is lost: {remedy}").format(remedy=_as_text())
    return None if re.fullmatch(r"\+?[0-9]{10,15}", digits) else _("a phone number has 10 to 15 digits")


def _asset_problem(text: str) -> str | None:
    if text.isprintable() and len(text) <= 64:
        return None
    return _("allowed: text of 1 to {max} characters, no control characters").format(max=64)


_CHECKS: dict[str, Callable[[str], str | None]] = {
    "iccid": _iccid_problem,
    "imei": _imei_problem,
    "pin": _pin_problem,
    "new_pin": _pin_problem,
    "msisdn": _msisdn_problem,
    "asset_no": _asset_problem,
    "user": lambda text: _blank_problem(text) or credential_problem(text, USER_MAX),
    "password": lambda text: _blank_problem(text) or credential_problem(text, PASSWORD_MAX),
}


def _blank_problem(text: str) -> str | None:
    return _("a blank stands at the beginning or end") if text != text.strip() else None


def _shown(column: str, text: str) -> str:
    """`text` if it may be shown: in a shifted row a password stands under any name, but hardly as a long number."""
    digits = typed(text)
    if column in ("iccid", "imei") and (_SCIENTIFIC.fullmatch(digits) or re.fullmatch(r"[0-9A-Fa-f]{12,40}", digits)):
        return text
    return MASK


def _invalid(path: Path, trouble: list[_Trouble]) -> DongleError:
    rows = {one.row for one in trouble}
    lines = [
        ngettext(
            "{path}: {count} row is refused, and nothing was taken over.",
            "{path}: {count} rows are refused, and nothing was taken over.",
            len(rows),
        ).format(path=path, count=len(rows))
    ]
    for one in trouble[:_SHOWN]:
        what = " ".join(part for part in (one.column, one.value) if part)
        text = _("row {row}, {what}: {reason}") if what else _("row {row}: {reason}")
        lines.append(text.format(row=one.row, what=what, reason=one.reason))
    if len(trouble) > _SHOWN:
        lines.append(_("and {count} more").format(count=len(trouble) - _SHOWN))
    return DongleError(
        "\n".join(lines),
        code="sims.invalid",
        hint=_("Correct the list and check it with: dongle-cli profile check PROFILE --sims {path}").format(path=path),
        path=str(path),
        rows=[{"row": t.row, "column": t.column, "value": t.value, "reason": t.reason} for t in trouble],
    )
