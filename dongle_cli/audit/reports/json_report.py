"""The report as one JSON object: what the JSON lines say, together."""

from __future__ import annotations

import json
from typing import BinaryIO

from dongle_cli.audit.reports import Report
from dongle_cli.audit.wire import finding_json, gap_json


def write(report: Report, file: BinaryIO) -> None:
    """UTF-8; a lone surrogate (an undecodable byte of a name) as its JSON escape."""
    whole = {
        "schema": 1,
        "type": "report",
        **{key: value for key, value in report.start.items() if key not in ("schema", "type")},
        "findings": [finding_json(one) for one in report.findings],
        "gaps": [gap_json(one) for one in report.gaps],
        "checks": [finding_json(one) for one in report.checks],
        "summary": {key: value for key, value in report.summary.items() if key not in ("schema", "type")},
    }
    text = json.dumps(whole, ensure_ascii=False, indent=1)
    file.write((text + "\n").encode("utf-8", "backslashreplace"))
