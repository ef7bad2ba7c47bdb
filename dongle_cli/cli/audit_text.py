"""What an audit found, for the person at the screen: rules, findings, what was not looked at, and the verdict."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from dongle_cli.cli import output
from dongle_cli.i18n import _, ngettext

if TYPE_CHECKING:
    from dongle_cli.audit.model import Finding, Gap
    from dongle_cli.audit.reports import Report

FINDINGS = 60  # of each severity; the rest is counted
GAPS = 30


def print_report(report: Report) -> None:
    """Tables, and last of all the sentence that says what it comes to."""
    _rules(report)
    _findings(report)
    _numbers(report)
    _gaps(report)
    _exceptions(report)
    _compared(report)
    from dongle_cli.audit.reports import words

    output.answer("")
    output.answer(words.verdict(report.summary))
    if report.summary["findings"]:
        output.say(_("What to do about a rule: {command}").format(command="dongle-cli audit rules ID"))


def _rules(report: Report) -> None:
    from dongle_cli.audit.reports import words

    rows, rest = [], 0
    for rule, about in words.by_verdict(report.summary["rules"]):
        if about["verdict"] == "not-applicable":
            rest += 1
            continue
        verdict = f"{words.MARKS[about['verdict']]} {words.named(words.VERDICTS, about['verdict'])}"
        severity = words.named(words.SEVERITIES, about["severity"])
        rows.append([verdict, severity, about["counts"].get("violation") or "", words.rule(rule), rule])
    if rows:
        output.table([_("Verdict"), _("Severity"), _("Violations"), _("Rule"), _("Rule id")], rows)
    if rest:
        output.answer(ngettext("{n} rule does not apply.", "{n} rules do not apply.", rest).format(n=rest))


def _findings(report: Report) -> None:
    from dongle_cli.audit.reports import words
    from dongle_cli.audit.reports.table import details
    from dongle_cli.audit.reports.text import short, shown

    if places := sorted(report.summary["by_place"].items(), key=lambda item: -item[1]):
        output.answer("")
        counted = ", ".join(f"{words.place(word)} {count:,}" for word, count in places)
        output.answer(_("Violations by place: {listed}").format(listed=counted))
    several = len(report.start["targets"]) > 1
    numbers = report.summary["pii"] or {}
    rows: list[list[object]] = []
    for one in islice(words.worst(report.findings), FINDINGS):
        bad = one.verdict.value == "violation"
        what = words.named(words.SEVERITIES, one.severity.word) if bad else words.named(words.VERDICTS, "excepted")
        setting = one.kind is None or one.place == "settings"
        kind = words.rule(one.rule) if setting or one.kind is None else words.kind(one.kind)
        more = details(one) if setting else "; ".join(filter(None, (one.exception, details(_only(one, numbers)))))
        path = _where(one, several) + (f"  ({short(shown(more), 200)})" if more else "")
        rows.append([what, words.place(one.place), kind, words.named(words.STATES, one.state.value), path])
    if rows:
        output.table([_("Severity"), _("Place"), _("Kind"), _("State"), _("Path")], rows)
    total = report.summary["findings"] + report.summary["excepted"]
    if total > len(rows):
        _more(total - len(rows))


def _where(one: Finding | Gap, several: bool) -> str:
    """Volume, path and member; the target in front where there are several, or where it is all that there is to say."""
    from dongle_cli.audit.reports.text import short, shown

    path = "/".join(part for part in (one.volume, one.path) if part) + (f" > {one.member}" if one.member else "")
    target = shown(one.target or _("this machine")) if several or not path else ""
    return ": ".join(part for part in (target, short(shown(path), 300)) if part)


def _only(one: Finding, names: Collection[str]) -> Finding:
    """The finding with what is not nothing of these details."""
    return replace(one, detail=tuple((name, value) for name, value in one.detail if name in names and value))


def _numbers(report: Report) -> None:
    """How many personal numbers the documents hold; what could not be counted is among what was not looked at."""
    from dongle_cli.audit.reports import words

    if counted := report.summary["pii"]:
        listed = ", ".join(f"{words.named(words.DETAILS, word)} {count:,}" for word, count in counted.items())
        output.answer("")
        output.answer(_("Numbers counted: {listed}").format(listed=listed))


def _gaps(report: Report) -> None:
    from dongle_cli.audit.reports import words

    if not report.gaps:
        return
    output.answer("")
    counts = report.summary["gaps_by_reason"].items()
    listed = ", ".join(f"{words.named(words.REASONS, word)} {count:,}" for word, count in sorted(counts))
    output.answer(_("Not looked at: {listed}").format(listed=listed))
    several = len(report.start["targets"]) > 1
    rows = [[words.named(words.REASONS, gap.reason), _where(gap, several)] for gap in islice(report.gaps, GAPS)]
    output.table([_("Reason"), _("Path")], rows)
    if (total := report.summary["gaps"]) > len(rows):
        _more(total - len(rows))


def _exceptions(report: Report) -> None:
    for grant in report.summary["exceptions"]:
        if grant["state"] == "expired":
            output.answer(_("The exception {id} has expired.").format(id=grant["id"]))
        elif grant["state"] == "unused":
            output.answer(_("The exception {id} covers nothing.").format(id=grant["id"]))
        elif grant["state"] == "expiring":
            output.answer(_("The exception {id} ends on {date}.").format(id=grant["id"], date=grant["expires"]))


def _compared(report: Report) -> None:
    from dongle_cli.audit.reports.text import short, shown

    compared = report.summary["baseline"]
    if compared is None:
        return
    text = _("Compared with the earlier report: {new} new, {continuing} continuing, {solved} solved.")
    output.answer("")
    output.answer(text.format(**{key: f"{compared[key]:,}" for key in ("new", "continuing", "solved")}))
    if compared["unseen"]:
        count = f"{compared['unseen']:,}"
        output.answer(_("Of the earlier ones, {n} stand where this run could not look.").format(n=count))
    for one in compared["solved_findings"][:GAPS]:
        where = short(shown(f"{one['path']} > {one['member']}" if one.get("member") else one["path"]), 300)
        output.answer("  " + _("solved: {path} ({rule})").format(path=where, rule=one["rule"]))
    if (more := compared["solved"] - GAPS) > 0:
        _more(more)


def _more(count: int) -> None:
    output.answer(_("... and {n} more; --report FILE.html lists them all.").format(n=f"{count:,}"))
