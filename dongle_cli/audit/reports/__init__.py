"""A run as a document: what every report is made of, and the table of writers by suffix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from dongle_cli import atomic
from dongle_cli.audit.model import Finding, Gap
from dongle_cli.audit.reports.spool import Many
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason


@dataclass(slots=True)
class Report:
    """Everything a report may say; `start` and `summary` are the objects of the JSON lines."""

    start: dict[str, Any]  # machine, operator, clock, targets, policy and its digest, the program's version
    findings: Many[Finding] = field(default_factory=list)  # violations and excepted ones
    gaps: Many[Gap] = field(default_factory=list)
    checks: Many[Finding] = field(default_factory=list)  # what rules about settings said besides: ok, unknown, ...
    summary: dict[str, Any] = field(default_factory=dict)  # totals, verdicts by rule, coverage, exit code
    encoding: str | None = None  # of text formats that have a choice: "cp932"
    notes: list[str] = field(default_factory=list)  # what a writer wants said, such as lost characters


Writer = Callable[[Report, BinaryIO], None]

# Suffix: module and function; imported when it writes. A new format is a line here and a module.
WRITERS: dict[str, tuple[str, str]] = {
    ".html": ("dongle_cli.audit.reports.html_report", "write"),
    ".xlsx": ("dongle_cli.audit.reports.xlsx_report", "write"),
    ".csv": ("dongle_cli.audit.reports.csv_report", "write"),
    ".json": ("dongle_cli.audit.reports.json_report", "write"),
    ".sarif": ("dongle_cli.audit.reports.sarif_report", "write"),
    ".xml": ("dongle_cli.audit.reports.junit_report", "write"),
}


def writer(suffix: str) -> Writer:
    """The function that writes files with this suffix, which is one of `WRITERS`."""
    module, name = WRITERS[suffix.lower()]
    found: Writer = getattr(import_module(module), name)
    return found


def write(path: Path, report: Report) -> None:
    """Write `report` to `path`, whole or not at all; DongleError `audit.report` where there is no room or no right."""
    function = writer(path.suffix)
    try:
        with atomic.draft(path, mode=0o666) as file:
            function(report, file)
    except OSError as error:
        raise unwritten(path, error, _("What the run found stands on standard output.")) from None


def unwritten(path: Path, error: OSError, what: str = "") -> DongleError:
    """The report that has no room, or no right to be there; `what` is not lost by that."""
    hint = _("Name another place with --report.")
    return DongleError(
        _("The report {path} cannot be written: {reason}.").format(path=path, reason=reason(error)),
        code="audit.report",
        hint=f"{hint}\n{what}" if what else hint,
    )
