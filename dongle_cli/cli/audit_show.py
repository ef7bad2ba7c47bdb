"""What an audit says: JSON lines as it goes, or tables when it is done; reports; the conversation on stderr."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dongle_cli.cli import output
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from dongle_cli.audit.run import Run


def show(run: Run, format_: str, report_files: list[Path]) -> int:
    """Run it, say what it finds, write the reports; returns the exit code."""
    from dongle_cli.audit import facts
    from dongle_cli.audit.model import Finding, Gap, Verdict
    from dongle_cli.audit.reports import Report, write
    from dongle_cli.audit.wire import finding_json, gap_json

    report = Report(facts.start(run))
    keep = bool(report_files) or format_ != "json"
    stream = format_ == "json"
    if stream:
        output.emit(report.start)
    for event in run.events():
        if isinstance(event, Finding):
            said = event.verdict in (Verdict.VIOLATION, Verdict.EXCEPTED)
            if stream:
                output.emit({"type": "finding" if said else "check", **finding_json(event)})
            if keep:
                (report.findings if said else report.checks).append(event)
        elif isinstance(event, Gap):
            if stream:
                output.emit({"type": "gap", **gap_json(event)})
            if keep:
                report.gaps.append(event)
    report.summary = facts.summary(run)
    if stream:
        output.emit(report.summary)
    else:
        _print(report)
    for path in report_files:
        write(path, report)
    return int(run.ledger.exit_code)


def _print(report: object) -> None:
    from dongle_cli.audit.reports import Report

    assert isinstance(report, Report)  # noqa: S101
    rows = [
        [f.severity.word, f.rule, f.place, f.kind, f.path + (f" > {f.member}" if f.member else "")]
        for f in report.findings
    ]
    output.table([_("Severity"), _("Rule"), _("Place"), _("Kind"), _("Path")], rows)
