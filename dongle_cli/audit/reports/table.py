"""Findings, checks and gaps as rows under one header, one value a cell: what CSV and Excel share."""

from __future__ import annotations

from collections.abc import Iterator

from dongle_cli.audit.model import Finding, Gap
from dongle_cli.audit.reports import Report, words
from dongle_cli.audit.reports.text import shown
from dongle_cli.audit.wire import moment
from dongle_cli.i18n import _

Value = str | int | None


def header() -> list[str]:
    """The names of the columns, units included."""
    return [
        _("Row"), _("Verdict"), _("Severity"), _("Rule"), _("Rule title"), _("Target"), _("Volume"), _("Place"),
        _("Path"), _("Member"), _("Kind"), _("Evidence"), _("Size (bytes)"), _("Changed"), _("Owner"), _("State"),
        _("Shadow copy"), _("Recoverable"), _("Encrypted"), _("Exception"), _("Compared"), _("Reason"), _("Details"),
        _("Fingerprint"),
    ]  # fmt: skip


def rows(report: Report) -> Iterator[list[Value]]:
    """Page one (a row a fact), then findings, gaps, and what rules about settings said besides."""
    empty: list[Value] = [None] * len(header())
    for name, value in words.page_one(report):
        line = [*empty]
        line[0], line[4], line[-2] = "about", name, value
        yield line
    for finding in report.findings:
        yield _clean(finding_row("finding", finding))
    for gap in report.gaps:
        yield _clean(gap_row(gap))
    for check in report.checks:
        yield _clean(finding_row("check", check))


def finding_row(row: str, one: Finding) -> list[Value]:
    """One finding or check, in the order of `header`."""
    return [
        row, one.verdict.value, one.severity.word, one.rule, words.rule(one.rule), one.target, one.volume,
        one.place, one.path, one.member, one.kind, one.evidence, one.size, moment(one.mtime), one.owner,
        one.state.value, one.store, one.recoverable, "yes" if one.encrypted else None, one.exception, one.baseline,
        None, details(one), one.fingerprint,
    ]  # fmt: skip


def gap_row(gap: Gap) -> list[Value]:
    """Something that was not looked at, in the order of `header`."""
    line: list[Value] = [None] * len(header())
    line[0], line[1], line[4], line[5], line[6] = (
        "gap",
        "unknown",
        words.named(words.REASONS, gap.reason),
        gap.target,
        gap.volume,
    )
    line[8], line[9], line[-3], line[-2] = gap.path, gap.member, gap.reason, gap.detail
    return line


def details(one: Finding) -> str:
    """What else is known of a finding, in one line."""
    unset = _("not set")  # of a setting: nothing stands there
    said = (
        (words.named(words.DETAILS, name), name, unset if value is None else value)
        for name, value in one.detail
        if value is not None or (name == "found" and one.place == "settings")
    )
    return "; ".join(f"{label}: {words.place(str(value)) if name == 'place' else value}" for label, name, value in said)


def _clean(line: list[Value]) -> list[Value]:
    return [shown(value) if isinstance(value, str) else value for value in line]
