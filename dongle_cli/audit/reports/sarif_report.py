"""The report as SARIF 2.1.0 (OASIS), for tools that gather findings of many programs."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from dongle_cli.audit.model import Finding, Gap, Severity, Verdict
from dongle_cli.audit.reports import Report, words
from dongle_cli.audit.reports.poured import Pour
from dongle_cli.audit.reports.text import shown, uri
from dongle_cli.audit.rules import CATALOGUE
from dongle_cli.audit.wire import finding_json
from dongle_cli.i18n import _

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVEL = {Severity.INFO: "note", Severity.LOW: "note", Severity.MEDIUM: "warning", Severity.HIGH: "error",
          Severity.CRITICAL: "error"}  # fmt: skip
# 3.27.9: a result that is not a failure has no level.
_KIND = {Verdict.VIOLATION: "fail", Verdict.EXCEPTED: "fail", Verdict.OK: "pass", Verdict.UNKNOWN: "open",
         Verdict.NOT_APPLICABLE: "notApplicable"}  # fmt: skip
_GRANT = ("id", "reason", "approver", "expires")
_SAID = ("rule", "path", "fingerprint", "target")  # what stands elsewhere in a result


def write(report: Report, file: BinaryIO) -> None:
    """One run; gaps are notifications of its invocation, exceptions are suppressions."""
    start, summary = report.start, report.summary
    bases = {f"TARGET{number}": target for number, target in enumerate(start["targets"], start=1)}
    base_of = {target: name for name, target in bases.items()}
    worst: dict[str, Severity] = {}
    for one in chain(report.findings, report.checks):
        worst[one.rule] = max(one.severity, worst.get(one.rule, Severity.INFO))
    pour = Pour()
    grants = {grant["id"]: grant for grant in summary["exceptions"]}
    results = (_result(one, base_of, grants) for one in chain(report.findings, report.checks))
    solved = (summary["baseline"] or {}).get("solved_findings", [])
    run = {
        "tool": {"driver": {
            "name": "dongle-cli", "version": start["version"],
            "rules": [_rule(word, worst.get(word)) for word in sorted({*worst, *summary["rules"]})],
        }},
        "language": _("en"),
        "originalUriBaseIds": {name: {"uri": _base(target)} for name, target in bases.items()},
        "invocations": [{
            "executionSuccessful": bool(summary["complete"]), "exitCode": summary["exit"],
            "exitCodeDescription": words.verdict(summary), "startTimeUtc": _utc(start["started"]),
            **({"endTimeUtc": _utc(summary["finished"])} if summary["finished"] else {}),
            "machine": shown(start["machine"]), "account": shown(start["operator"]),
            "toolExecutionNotifications": pour.list(_notification(gap, base_of) for gap in report.gaps),
        }],
        "results": pour.list(chain(results, (_gone(one, base_of) for one in solved))),
        "properties": {
            "about": dict(words.page_one(report)), "policy": start["policy"], "clock": start["clock"],
            "totals": {name: summary[name] for name in ("files", "folders", "bytes", "findings", "excepted", "gaps")},
        },
    }  # fmt: skip
    pour.write({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, file)


def _rule(word: str, worst: Severity | None) -> dict[str, Any]:
    about = CATALOGUE.get(word)
    if worst is None:
        worst = about.severity if about else Severity.HIGH
    found: dict[str, Any] = {
        "id": word,
        "shortDescription": {"text": words.rule(word)},
        "defaultConfiguration": {"level": _LEVEL[worst]},
    }
    if about:
        found |= {"fullDescription": {"text": about.why}, "help": {"text": about.remedy}}
    return found


def _result(one: Finding, base_of: dict[str, str], grants: dict[str, Any]) -> dict[str, Any]:
    kind = _KIND[one.verdict]
    found: dict[str, Any] = {
        "ruleId": one.rule,
        "kind": kind,
        "level": _LEVEL[one.severity] if kind == "fail" else "none",
        "message": {"text": _message(one)},
        "locations": [_location(one.target, one.volume, one.path, one.member, base_of)],
        "properties": _safe({key: value for key, value in finding_json(one).items() if key not in _SAID}),
    }
    if one.fingerprint:
        found["partialFingerprints"] = {"dongleAudit/v1": one.fingerprint}
    if one.baseline:
        found["baselineState"] = "new" if one.baseline == "new" else "unchanged"
    if one.verdict is Verdict.EXCEPTED:
        grant = grants.get(one.exception or "", {})
        found["suppressions"] = [{
            "kind": "external", "status": "accepted",
            "justification": shown("; ".join(str(value) for value in map(grant.get, _GRANT) if value)),
        }]  # fmt: skip
    return found


def _gone(one: dict[str, Any], base_of: dict[str, str]) -> dict[str, Any]:
    """What an earlier run had and this one has no more."""
    path, member = str(one.get("path") or ""), one.get("member")
    found: dict[str, Any] = {
        "ruleId": str(one.get("rule") or ""),
        "kind": "fail",
        "level": "note",
        "baselineState": "absent",
        "message": {"text": _("Solved: {what}").format(what=shown(path))},
        "locations": [_location(str(one.get("target") or ""), str(one.get("volume") or ""), path, member, base_of)],
    }
    if one.get("fingerprint"):
        found["partialFingerprints"] = {"dongleAudit/v1": str(one["fingerprint"])}
    return found


def _message(one: Finding) -> str:
    where = shown(one.path) + (f" > {shown(one.member)}" if one.member else "")
    what = words.kind(one.kind) or words.named(words.VERDICTS, one.verdict.value)
    return f"{words.rule(one.rule)}: {what}: {where} ({words.place(one.place)})"


def _location(target: str, volume: str, path: str, member: str | None, base_of: dict[str, str]) -> dict[str, Any]:
    relative = uri("/".join(part for part in (volume.replace(":", ""), path.lstrip("/")) if part))
    where: dict[str, Any] = {"uri": relative}
    if target in base_of:
        where["uriBaseId"] = base_of[target]
    found: dict[str, Any] = {"physicalLocation": {"artifactLocation": where}}
    if member:
        found["logicalLocations"] = [{"name": shown(member), "kind": "member"}]
    return found


def _notification(gap: Gap, base_of: dict[str, str]) -> dict[str, Any]:
    where = shown(gap.path) + (f" > {shown(gap.member)}" if gap.member else "")
    detail = f" ({shown(gap.detail)})" if gap.detail else ""
    what = f"{where}: {words.named(words.REASONS, gap.reason)}{detail}"
    return {
        "descriptor": {"id": f"gap.{gap.reason}"},
        "level": "error",
        "message": {"text": _("Not looked at: {listed}").format(listed=what)},
        "locations": [_location(gap.target, gap.volume, gap.path, gap.member, base_of)],
    }


def _base(target: str) -> str:
    """The file: URI of a target; one that ends in "/", as a base has to (3.14.14)."""
    return f"file://{uri(str(Path(target or '/').absolute())).rstrip('/')}/"


def _utc(moment: str) -> str:
    from datetime import UTC, datetime

    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _safe(value: Any) -> Any:
    """Texts without what is no character."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return {key: _safe(inner) for key, inner in value.items()}
    return value
