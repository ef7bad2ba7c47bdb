"""A run as a list for people: an Excel file with a sheet for machines and one for paper, or CSV that Excel opens whole.

The sheet "data" keeps to the rules of Japan's ministry of internal affairs for machine-readable tables (2020): one
header row, one value a cell, nothing merged, no formulas. Times are ISO 8601; numbers that name something (ICCID, IMEI)
are text.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dongle_cli import __version__, atomic
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason
from dongle_cli.provision.outcome import Outcome

if TYPE_CHECKING:
    from dongle_cli.provision.job import Job

# No file format of this module has room for control characters, and XML none for what is no character (its clause 2.2).
_TROUBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")


@dataclass(frozen=True)
class RunInfo:
    """What stands above the list."""

    run_id: str = ""
    profile: str = ""
    profile_version: str = ""
    operator: str = ""
    checker: str = ""
    bench: str = ""

    @classmethod
    def of(cls, job: Job) -> RunInfo:
        """What `job` says of itself."""
        profile = job.profile
        return cls(str(job.run_id), profile.name, profile.version, job.operator, job.checker, job.bench)


def report_kind(path: Path) -> Literal["xlsx", "csv"]:
    """What to write, by the name's ending; DongleError `usage.report` for another one, or without such a folder.

    To be asked before a run begins: afterwards it is too late to choose.
    """
    if not path.parent.is_dir():
        raise DongleError(
            _("There is no folder {folder} for the report.").format(folder=path.parent), code="usage.report"
        )
    if path.suffix.lower() == ".xlsx":
        return "xlsx"
    if path.suffix.lower() == ".csv":
        return "csv"
    raise DongleError(
        _("The report {path} is neither .xlsx nor .csv.").format(path=path),
        code="usage.report",
        hint=_("End the file's name in .xlsx (better for ICCIDs) or .csv."),
    )


def write_report(outcomes: Sequence[Outcome], path: Path, info: RunInfo) -> None:
    """Write the list to `path`, whole or not at all; DongleError `usage.report` or `report.unwritable`."""
    kind = report_kind(path)
    table = Table(header(), [row(number, outcome, info) for number, outcome in enumerate(outcomes, start=1)])
    if kind == "csv":
        data = csv_bytes(table)
    else:
        from dongle_cli.provision.report_xlsx import xlsx_bytes

        data = xlsx_bytes(table, outcomes, info)
    try:
        atomic.write(path, data, mode=0o666)
    except OSError as error:
        raise DongleError(
            _("The report {path} cannot be written: {reason}.").format(path=path, reason=reason(error)),
            code="report.unwritable",
            hint=_("Nothing is lost: every dongle's result is in its evidence and in the register."),
        ) from None


@dataclass(frozen=True)
class Table:
    """A header and rows under it; numbers are numbers, everything else is text."""

    header: list[str]
    rows: list[list[str | float]]


def header() -> list[str]:
    """The names of the columns, units included."""
    return [
        _("No."),
        _("Asset number"),
        _("IMEI"),
        _("ICCID"),
        _("Verdict"),
        _("Result"),
        _("Code"),
        _("Message"),
        _("What to do"),
        _("Password proven by"),
        _("Model"),
        _("Port"),
        _("Profile"),
        _("Profile version"),
        _("Started"),
        _("Duration (s)"),
        _("Operator"),
        _("Checker"),
        _("Bench"),
        _("Run"),
        _("Evidence file"),
        _("Tool version"),
    ]


def row(number: int, outcome: Outcome, info: RunInfo) -> list[str | float]:
    """One dongle, in the order of `header`."""
    values: list[str | float | None] = [
        number,
        outcome.asset_no,
        outcome.imei,
        outcome.iccid,
        verdict(outcome),
        outcome.result,
        outcome.code,
        outcome.message,
        outcome.hint,
        outcome.proven.get("password"),
        outcome.model,
        outcome.port,
        info.profile,
        info.profile_version,
        outcome.started,
        round(outcome.seconds, 1),
        info.operator,
        info.checker,
        info.bench,
        info.run_id,
        Path(outcome.evidence).name if outcome.evidence else None,
        __version__,
    ]
    return ["" if value is None else _one_line(value) if isinstance(value, str) else value for value in values]


def _one_line(text: str) -> str:
    return _TROUBLE.sub(" ", text).strip()


def verdict(outcome: Outcome) -> str:
    """The word for people: what failed and what was not done are not the same."""
    if outcome.good:
        return _("pass")
    return _("not done") if outcome.result == "skipped" else _("fail")


def csv_bytes(table: Table) -> bytes:
    """UTF-8 with a byte order mark, CRLF, as Excel wants it when a file is double-clicked.

    A TAB stands before text that Excel would otherwise take for a number, a date or a formula: it cuts an ICCID to 15
    digits, makes 1-2 (a USB port) a day in January, and runs what begins with =. The SIM list reader ignores the TAB.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(table.header)
    for line in table.rows:
        writer.writerow([guarded(value) if isinstance(value, str) else value for value in line])
    return text.getvalue().encode("utf-8-sig")


def guarded(text: str) -> str:
    """`text`, behind a TAB where a spreadsheet would make something else of it."""
    moment = re.fullmatch(r"\d{4}-\d\d-\d\dT[0-9:.+\-]+", text)
    return f"\t{text}" if re.match(r"[0-9=+\-@]", text) and not moment else text


def counts(outcomes: Sequence[Outcome]) -> list[tuple[str, int]]:
    """How many there were, passed, failed and were not done."""
    good = sum(outcome.good for outcome in outcomes)
    skipped = sum(outcome.result == "skipped" for outcome in outcomes)
    return [
        (_("Dongles"), len(outcomes)),
        (_("Passed"), good),
        (_("Failed"), len(outcomes) - good - skipped),
        (_("Not done"), skipped),
    ]
