"""The report as one HTML file: no script, nothing from elsewhere, for screen, paper and screen reader."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import islice
from typing import BinaryIO

from dongle_cli.audit.model import Finding, Gap, State
from dongle_cli.audit.reports import Report, html_chart, words
from dongle_cli.audit.reports.html_style import CSS
from dongle_cli.audit.reports.table import details
from dongle_cli.audit.reports.text import shown
from dongle_cli.audit.wire import moment
from dongle_cli.i18n import _, speaking

_LISTED = 10_000  # rows of one table: a browser has to show them
_COLOURS = {"critical": "#7a0019", "high": "#a3122b", "medium": "#8a5a00", "low": "#2b4c7e", "info": "#4d4d4d"}


def write(report: Report, file: BinaryIO) -> None:
    """UTF-8; in the reader's language, the verdict and page one in the other one as well."""
    for part in _parts(report):
        file.write(part.encode("utf-8"))


def _parts(report: Report) -> Iterable[str]:
    lang = _("en")
    title = _("Audit report: {machine}").format(machine=shown(report.start["machine"]))
    skip = _("To the findings")
    yield (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{CSS}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#findings">{escape(skip)}</a>\n'
    )
    yield from _header(report, "en" if lang == "ja" else "ja", title)
    yield "<main>\n"
    yield from _about(report, "en" if lang == "ja" else "ja")
    yield from _rules(report)
    yield from _charts(report)
    yield from _findings(report)
    yield from _gaps(report)
    yield from _checks(report)
    yield from _solved(report)
    yield from _exceptions(report)
    yield f"</main>\n<footer><p>dongle-cli {escape(report.start['version'])}</p></footer>\n</body>\n</html>\n"


def _header(report: Report, other: str, title: str) -> Iterable[str]:
    summary = report.summary
    tone = "bad" if summary["findings"] else "good" if summary["complete"] else "unsure"
    yield f"<header>\n<h1>{escape(title)}</h1>\n"
    yield f'<div class="verdict {tone}"><span>{escape(words.verdict(summary))}</span>'
    with speaking(other):
        yield f'<span class="other" lang="{other}">{escape(words.verdict(summary))}</span></div>\n'
    meaning = _("What could not be looked at is listed; it is never counted as clean.")
    yield f'<p class="meaning">{escape(meaning)}</p>\n'
    sections = [
        ("about", _("Page one")),
        ("rules", _("Rules")),
        ("findings", _("Findings")),
        ("gaps", _("Not looked at")),
    ]
    links = "".join(f'<li><a href="#{name}">{escape(text)}</a></li>' for name, text in sections)
    name = _("Sections")
    yield f'<nav aria-label="{escape(name)}"><ul>{links}</ul></nav>\n</header>\n'


def _about(report: Report, other: str) -> Iterable[str]:
    """Labels in both languages: an auditor reads one, a vendor's technician perhaps only the other."""
    mine = words.page_one(report)
    with speaking(other):
        theirs = [name for name, _value in words.page_one(report)]
    heading, caption = _("Page one"), _("What was looked at, by whom, when and how")
    yield f'<section id="about" aria-labelledby="about-h"><h2 id="about-h">{escape(heading)}</h2>\n'
    yield f'<table class="facts"><caption>{escape(caption)}</caption><tbody>\n'
    for (name, value), alias in zip(mine, theirs, strict=True):
        second = f' <small lang="{other}">{escape(alias)}</small>' if alias != name else ""
        yield f'<tr><th scope="row">{escape(name)}{second}</th><td><bdi>{escape(value)}</bdi></td></tr>\n'
    yield "</tbody></table></section>\n"


def _rules(report: Report) -> Iterable[str]:
    rows = []
    for rule, about in words.by_verdict(report.summary["rules"]):
        counts = ", ".join(f"{words.named(words.VERDICTS, word)} {count:,}" for word, count in about["counts"].items())
        verdict = about["verdict"]
        if verdict == "not-applicable":
            counts = ""  # that says it all
        said = f"{words.MARKS.get(verdict, '')} {words.named(words.VERDICTS, verdict)}"
        severity = words.named(words.SEVERITIES, about["severity"])
        rows.append([("word", said), ("", words.rule(rule)), ("word", rule), ("word", severity), ("", counts)])
    heads = [_("Verdict"), _("Rule"), _("Rule id"), _("Worst severity"), _("Counts")]
    yield from _table("rules", _("Rules"), _("What each rule comes to"), heads, rows, len(rows))


def _charts(report: Report) -> Iterable[str]:
    summary = report.summary
    by_severity = [word for word in words.SEVERITIES if summary["by_severity"].get(word)]
    figures = [
        html_chart.bars(
            "severity", _("Violations by severity"),
            [(words.named(words.SEVERITIES, word), summary["by_severity"][word]) for word in by_severity],
            [_COLOURS[word] for word in by_severity],
        ),
        html_chart.bars(
            "place", _("Violations by place"), [(words.place(w), n) for w, n in _sorted(summary["by_place"])]
        ),
        html_chart.bars(
            "kind", _("Violations by kind"), [(f"{words.kind(w)} ({w})", n) for w, n in _sorted(summary["by_kind"])]
        ),
        html_chart.bars(
            "gap", _("Not looked at, by reason"),
            [(words.named(words.REASONS, w), n) for w, n in _sorted(summary["gaps_by_reason"])],
        ),
    ]  # fmt: skip
    if any(figures):
        heading = _("In figures")
        yield f'<section aria-labelledby="charts-h"><h2 id="charts-h">{escape(heading)}</h2>\n'
        yield f'<div class="charts">{"".join(figures)}</div></section>\n'


def _sorted(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


Cells = Sequence[tuple[str, str]]  # each with its class: "path", "number", "word" or none


def _findings(report: Report) -> Iterable[str]:
    heads = [_("Severity"), _("Place"), _("Path"), _("Kind"), _("Size"), _("Changed")]
    rows = (_finding(one) for one in words.worst(report.findings))
    yield from _table("findings", _("Findings"), _("Worst first"), heads, rows, len(report.findings))


def _finding(one: Finding) -> Cells:
    severity = words.named(words.SEVERITIES, one.severity.word)
    if one.verdict.value != "violation":
        severity = f"{words.named(words.VERDICTS, one.verdict.value)}\n{shown(one.exception or '')}"
    kind = f"{words.kind(one.kind)}\n{one.kind}" if one.kind else ""
    return [
        ("word", severity), ("place", f"{words.place(one.place)}\n{one.rule}"), ("path", _where(one)),
        ("kind", kind), ("number", words.size(one.size) if one.size is not None else ""),
        ("word", (moment(one.mtime) or "")[:10]),
    ]  # fmt: skip


def _where(one: Finding | Gap) -> str:
    """Path and member in full, and under them what else is known."""
    path = "/".join(part for part in (one.volume, one.path) if part) + (f" > {one.member}" if one.member else "")
    more = _more(one) if isinstance(one, Finding) else one.detail
    return f"{shown(path)}\n{shown(more)}" if more else shown(path)


def _more(one: Finding) -> str:
    """State and owner where they say something, and what else is known."""
    parts = []
    if one.state is not State.LIVE:
        state = words.named(words.STATES, one.state.value)
        parts.append(f"{state} ({one.recoverable})" if one.recoverable else state)
    if one.owner:
        parts.append(_("owner: {name}").format(name=one.owner))
    if one.encrypted:
        parts.append(_("encrypted"))
    return "; ".join([*parts, *([more] if (more := details(one)) else [])])


def _gaps(report: Report) -> Iterable[str]:
    rows = (
        [("", words.named(words.REASONS, gap.reason)), ("path", _where(gap)), ("", shown(gap.target))]
        for gap in report.gaps
    )
    heads = [_("Reason"), _("Path"), _("Target")]
    yield from _table(
        "gaps", _("Not looked at"), _("These are not clean: they are unknown"), heads, rows, len(report.gaps)
    )


def _checks(report: Report) -> Iterable[str]:
    if report.checks:
        rows = (
            [("word", f"{words.MARKS[one.verdict.value]} {words.named(words.VERDICTS, one.verdict.value)}"),
             ("", words.rule(one.rule)), ("path", _where(one))]
            for one in report.checks
        )  # fmt: skip
        heads = [_("Verdict"), _("Rule"), _("Where it stands")]
        yield from _table(
            "checks", _("Settings that were checked"), _("Without violations"), heads, rows, len(report.checks)
        )


def _solved(report: Report) -> Iterable[str]:
    if compared := report.summary["baseline"]:
        solved = compared["solved_findings"]
        rows = (
            [("word", str(one["rule"])), ("path", shown(" > ".join(filter(None, (one["path"], one.get("member"))))))]
            for one in solved
        )
        caption = _("What the earlier report had and this run has no more")
        yield from _table("solved", _("Solved"), caption, [_("Rule"), _("Path")], rows, len(solved))


def _exceptions(report: Report) -> Iterable[str]:
    if grants := report.summary["exceptions"]:
        heads = [_("Exception"), _("State"), _("Reason"), _("Approved by"), _("Until"), _("Findings")]
        rows = [
            [("word", shown(one["id"])), ("word", one["state"]), ("", shown(one["reason"])),
             ("", shown(one["approver"])), ("word", one["expires"]), ("number", str(one["findings"]))]
            for one in grants
        ]  # fmt: skip
        yield from _table(
            "exceptions", _("Exceptions"), _("An exception never makes a finding clean"), heads, rows, len(rows)
        )


def _table(
    name: str, title: str, caption: str, heads: Sequence[str], rows: Iterable[Cells], count: int
) -> Iterable[str]:
    yield f'<section id="{name}" aria-labelledby="{name}-h"><h2 id="{name}-h">{escape(title)} ({count:,})</h2>\n'
    if not count:
        none = _("None.")
        yield f"<p>{escape(none)}</p></section>\n"
        return
    columns = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    yield f'<div class="wide"><table><caption>{escape(caption)}</caption>\n<thead><tr>{columns}</tr></thead>\n<tbody>\n'
    for cells in islice(rows, _LISTED):
        long = ' class="long"' if any(len(text) > 2000 for _kind, text in cells) else ""
        yield f"<tr{long}>{''.join(map(_cell, cells))}</tr>\n"
    yield "</tbody></table></div>\n"
    if count > _LISTED:
        more = _("... and {n} more").format(n=f"{count - _LISTED:,}")
        yield f"<p>{escape(more)}</p>\n"
    yield "</section>\n"


def _cell(cell: tuple[str, str]) -> str:
    """A cell; what follows a line break (names have none, they are `shown`) is smaller."""
    kind, text = cell
    first, _line, more = text.partition("\n")
    below = f"<small>{escape(more)}</small>" if more else ""
    inside = f"<bdi>{escape(first)}</bdi>" if kind == "path" else escape(first)
    return f'<td class="{kind}">{inside}{below}</td>' if kind else f"<td>{inside}{below}</td>"
