"""Findings and gaps as JSON objects: the contract's keys, times with offset, and paths as they are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dongle_cli.audit.model import Finding, Gap


def moment(seconds: float | None) -> str | None:
    """ISO 8601 in UTC; None for what no calendar has (a damaged time stamp)."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (OverflowError, OSError, ValueError):
        return None


def finding_json(finding: Finding) -> dict[str, Any]:
    """One finding as the object of a JSON line, without its `type`."""
    return {
        "rule": finding.rule,
        "severity": finding.severity.word,
        "verdict": finding.verdict.value,
        "target": finding.target,
        "place": finding.place,
        "volume": finding.volume,
        "path": finding.path,
        "member": finding.member,
        "kind": finding.kind,
        "evidence": finding.evidence,
        "size": finding.size,
        "mtime": moment(finding.mtime),
        "owner": finding.owner,
        "state": finding.state.value,
        "store": finding.store,
        "recoverable": finding.recoverable,
        "encrypted": finding.encrypted,
        "fingerprint": finding.fingerprint,
        "exception": finding.exception,
        "baseline": finding.baseline,
        "detail": dict(finding.detail),
    }


def gap_json(gap: Gap) -> dict[str, Any]:
    """One gap as the object of a JSON line, without its `type`."""
    return {
        "target": gap.target,
        "volume": gap.volume,
        "path": gap.path,
        "member": gap.member,
        "reason": gap.reason,
        "detail": gap.detail,
    }
