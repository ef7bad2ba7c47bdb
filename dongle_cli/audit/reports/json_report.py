"""The report as one JSON object: what the JSON lines say, together."""

from __future__ import annotations

from typing import BinaryIO

from dongle_cli.audit.reports import Report
from dongle_cli.audit.reports.poured import Pour
from dongle_cli.audit.wire import finding_json, gap_json


def write(report: Report, file: BinaryIO) -> None:
    """Start, findings, gaps, checks, summary."""
    pour = Pour()
    whole = {
        "schema": 1,
        "type": "report",
        **{key: value for key, value in report.start.items() if key not in ("schema", "type")},
        "findings": pour.list(map(finding_json, report.findings)),
        "gaps": pour.list(map(gap_json, report.gaps)),
        "checks": pour.list(map(finding_json, report.checks)),
        "summary": {key: value for key, value in report.summary.items() if key not in ("schema", "type")},
    }
    pour.write(whole, file)
