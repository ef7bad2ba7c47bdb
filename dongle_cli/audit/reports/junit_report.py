"""The report as JUnit XML, for build servers: a case for each rule and place; what was not looked at is an error."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, BinaryIO
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


def _rules(suite: Element, report: Report) -> None:
    by_place: dict[str, dict[str, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    for one in (*report.findings, *report.checks):
        by_place[one.rule][one.place].append(one)
    levels = {severity.word: severity for severity in Severity}
    fail_on = levels.get(report.start["fail_on"])
    for rule, about in report.summary["rules"].items():
        for place, found in sorted(by_place[rule].items()):
            _judge(_case(suite, rule, place), found, fail_on)
        if not by_place[rule]:
            case = _case(suite, rule, words.rule(rule))
            _mark(case, Verdict(about["verdict"]), words.named(words.VERDICTS, about["verdict"]), "")


def _judge(case: Element, found: list[Finding], fail_on: Severity | None) -> None:
    bad = [one for one in found if one.verdict is Verdict.VIOLATION]
    counted = [one for one in bad if fail_on is not None and one.severity >= fail_on]
    for verdict in (Verdict.VIOLATION, Verdict.UNKNOWN, Verdict.EXCEPTED, Verdict.OK, Verdict.NOT_APPLICABLE):
        some = [one for one in found if one.verdict is verdict]
        if not some:
            continue
        text = f"{words.rule(some[0].rule)}: {words.named(words.VERDICTS, verdict.value)}: {len(some)}"
        if verdict is Verdict.VIOLATION and not counted:
            message = _("{what} (below --fail-on)").format(what=text)
            SubElement(case, "skipped", message=message).text = _listed(some)
            return
        _mark(case, verdict, text, _listed(some))
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
    by_reason: dict[str, list[Any]] = defaultdict(list)
    for gap in report.gaps:
        by_reason[gap.reason].append(gap)
    for reason, gaps in sorted(by_reason.items()):
        message = f"{words.named(words.REASONS, reason)}: {len(gaps)}"
        error = SubElement(_case(suite, "coverage", reason), "error", type=f"gap.{reason}", message=message)
        error.text = _listed(gaps)
    case = _case(suite, "coverage", "complete")
    if not report.summary["complete"] and not by_reason:
        SubElement(case, "error", type="incomplete", message=words.verdict(report.summary))


def _listed(some: list[Any]) -> str:
    lines = [_where(one) for one in some[:_LISTED]]
    if len(some) > _LISTED:
        lines.append(_("... and {n} more").format(n=len(some) - _LISTED))
    return "\n".join(lines)


def _where(one: Finding | Gap) -> str:
    path = shown("/".join(part for part in (one.volume, one.path) if part))
    return f"{path} > {shown(one.member)}" if one.member else path


def _count(suite: Element) -> None:
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(tag) is not None for case in cases)))
