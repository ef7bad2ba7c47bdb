"""Page one of a report: which machine, who, when and by which clock, under which policy; and what it came to."""

from __future__ import annotations

import ctypes
import os
import platform
import socket
import sys
from typing import TYPE_CHECKING, Any

from dongle_cli import __version__
from dongle_cli.audit.model import Verdict
from dongle_cli.audit.policy import Policy
from dongle_cli.audit.sources import swift
from dongle_cli.evidence.operator import account

if TYPE_CHECKING:
    from dongle_cli.audit.baseline import Baseline
    from dongle_cli.audit.run import Run


def clock() -> str:
    """Whether the kernel calls this clock synchronised: "synchronised", "free-running" or "unknown".

    adjtimex(2) with modes 0 only reads, and may be asked by everybody; it answers TIME_ERROR (5) while no time service
    has the clock in hand, whichever service that is.
    """
    if sys.platform != "linux":
        return "unknown"
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return "unknown"
    return "unknown" if answer < 0 else "free-running" if answer == 5 else "synchronised"


def about(policy: Policy) -> dict[str, Any]:
    """The policy as reports name it."""
    return {"name": policy.name, "version": policy.version, "sha256": policy.digest, "title": policy.title}


def start(run: Run) -> dict[str, Any]:
    """The object that opens a run."""
    return {
        "schema": 1,
        "type": "start",
        "version": __version__,
        "started": run.started.isoformat(timespec="seconds"),
        "clock": clock(),
        "machine": socket.gethostname(),
        "system": platform.platform(),
        "operator": account(),
        "administrator": hasattr(os, "geteuid") and os.geteuid() == 0,
        "targets": [source.target for source in run.sources],
        "policy": about(run.policy),
        "fail_on": run.fail_on.word if run.fail_on is not None else "never",
        "compiled": swift.is_there(),
    }


def summary(run: Run) -> dict[str, Any]:
    """The object that closes a run."""
    ledger, finished = run.ledger, run.finished
    return {
        "schema": 1,
        "type": "summary",
        "finished": finished.isoformat(timespec="seconds") if finished else None,
        "seconds": round((finished - run.started).total_seconds(), 3) if finished else None,
        "files": ledger.files,
        "folders": ledger.folders,
        "bytes": ledger.bytes,
        "findings": sum(ledger.severities.values()),
        "excepted": sum(counts[Verdict.EXCEPTED] for counts in ledger.verdicts.values()),
        "permitted": run.judge.permitted,
        "by_severity": dict(ledger.severities),
        "by_place": dict(ledger.places),
        "by_kind": dict(ledger.kinds),
        "rules": {
            rule: {
                "verdict": ledger.verdict_of(rule).value,
                "severity": ledger.worst[rule].word if rule in ledger.worst else None,
                "counts": {verdict.value: count for verdict, count in sorted(counts.items())},
            }
            for rule, counts in sorted(ledger.verdicts.items())
        },
        "gaps": sum(ledger.gaps.values()),
        "gaps_by_reason": dict(ledger.gaps),
        "complete": ledger.complete,
        "pii": None
        if ledger.pii is None
        else {
            "my_numbers": ledger.pii.my_number,
            "corporate_numbers": ledger.pii.corporate_number,
            "possible_my_numbers": ledger.pii.possible,
        },
        "exceptions": [
            {
                "id": grant.id,
                "state": run.exceptions.state(grant),
                "expires": grant.expires.isoformat(),
                "approver": grant.approver,
                "reason": grant.reason,
                "findings": run.exceptions.used.get(grant.id, 0),
            }
            for grant in run.exceptions.grants
        ],
        "baseline": _compared(run.baseline),
        "exit": int(ledger.exit_code),
    }


def _compared(baseline: Baseline | None) -> dict[str, Any] | None:
    if baseline is None:
        return None
    solved, unseen = baseline.solved()
    return {
        "names": "shown" if baseline.mask is None else "masked",
        "new": baseline.counts["new"],
        "continuing": baseline.counts["continuing"],
        "solved": len(solved),
        "unseen": unseen,
        "solved_findings": solved,
    }
