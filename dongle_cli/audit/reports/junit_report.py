"""The report as JUnit XML, for build servers: a case for each rule and place; what was not looked at is an error."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import chain
from typing import BinaryIO
from xml.etree.ElementTree import Element, ElementTree, SubElement

from dongle_cli.audit.model import Finding, Gap, Severity, Verdict
from dongle_cli.audit.reports import Report, words
from dongle_cli.audit.reports.text import shown
from dongle_cli.i18n import _

_LISTED = 50  # paths in one case; the other reports have them all


def write(report: Report, file: BinaryIO) -> None:
    """A suite of rules and one of coverage; failures are violations that --fail-on counts."""
    top = Element("testsuites", name="dongle-cli audit")
    suites = [_suite(top, report, "audit.rules"), _suite(top, report, "audit.coverage")]
    _rules(suites[0], report)
    _coverage(suites[1], report)
    for suite in suites:
        _count(suite)
    for name in ("tests", "failures", "errors"):
        top.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    top.set("time", str(report.summary["seconds"] or 0))
    ElementTree(top).write(file, encoding="utf-8", xml_declaration=True)


def _suite(top: Element, report: Report, name: str) -> Element:
    start = report.start
    suite = SubElement(top, "testsuite", name=name, hostname=shown(start["machine"]), timestamp=start["started"][:19])
    suite.set("time", str(report.summary["seconds"] or 0))
    properties = SubElement(suite, "properties")
    for label, value in words.page_one(report):
        SubElement(properties, "property", name=label, value=value)
    return suite


def _case(suite: Element, classname: str, name: str) -> Element:
    return SubElement(suite, "testcase", classname=classname, name=name, time="0")


@dataclass(slots=True)
class _Said:
    """What one verdict came to at one place: how often, how often as bad as --fail-on, and the first of them."""

    count: int = 0
    counted: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, one: Finding | Gap, fails: bool = False) -> None:
        self.count += 1
        self.counted += fails
        if len(self.first) < _LISTED:
            self.first.append(_where(one))

    @property
    def listed(self) -> str:
        more = [_("... and {n} more").format(n=self.count - _LISTED)] if self.count > _LISTED else []
        return "\n".join([*self.first, *more])


def _rules(suite: Element, report: Report) -> None:
    levels = {severity.word: severity for severity in Severity}
    fail_on = levels.get(report.start["fail_on"])
    said: dict[str, dict[str, dict[Verdict, _Said]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(_Said)))
    for one in chain(report.findings, report.checks):
        fails = one.verdict is Verdict.VIOLATION and fail_on is not None and one.severity >= fail_on
        said[one.rule][one.place][one.verdict].add(one, fails)
    for rule, about in report.summary["rules"].items():
        for place, verdicts in sorted(said[rule].items()):
            _judge(_case(suite, rule, place), rule, verdicts)
        if not said[rule]:
            case = _case(suite, rule, words.rule(rule))
            _mark(case, Verdict(about["verdict"]), words.named(words.VERDICTS, about["verdict"]), "")


def _judge(case: Element, rule: str, verdicts: dict[Verdict, _Said]) -> None:
    for verdict in (Verdict.VIOLATION, Verdict.UNKNOWN, Verdict.EXCEPTED, Verdict.OK, Verdict.NOT_APPLICABLE):
        some = verdicts.get(verdict)
        if some is None:
            continue
        text = f"{words.rule(rule)}: {words.named(words.VERDICTS, verdict.value)}: {some.count}"
        if verdict is Verdict.VIOLATION and not some.counted:
            message = _("{what} (below --fail-on)").format(what=text)
            SubElement(case, "skipped", message=message).text = some.listed
        else:
            _mark(case, verdict, text, some.listed)
        return


def _mark(case: Element, verdict: Verdict, message: str, text: str) -> None:
    match verdict:
        case Verdict.VIOLATION:
            SubElement(case, "failure", type="violation", message=message).text = text
        case Verdict.UNKNOWN:
            SubElement(case, "error", type="unknown", message=message).text = text
        case Verdict.EXCEPTED | Verdict.NOT_APPLICABLE:
            SubElement(case, "skipped", message=message).text = text


def _coverage(suite: Element, report: Report) -> None:
    by_reason: dict[str, _Said] = defaultdict(_Said)
    for gap in report.gaps:
        by_reason[gap.reason].add(gap)
    for reason, some in sorted(by_reason.items()):
        message = f"{words.named(words.REASONS, reason)}: {some.count}"
        error = SubElement(_case(suite, "coverage", reason), "error", type=f"gap.{reason}", message=message)
        error.text = some.listed
    case = _case(suite, "coverage", "complete")
    if not report.summary["complete"] and not by_reason:
        SubElement(case, "error", type="incomplete", message=words.verdict(report.summary))


def _where(one: Finding | Gap) -> str:
    path = shown("/".join(part for part in (one.volume, one.path) if part))
    return f"{path} > {shown(one.member)}" if one.member else path


def _count(suite: Element) -> None:
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(tag) is not None for case in cases)))
