"""E-offline-files: the policy, or the driver stopped in the control set that is in use."""

from __future__ import annotations

from pathlib import Path

from windows_settings import verdicts, windows

RULE, POLICY, DRIVER = "E-offline-files", r"Policies\Microsoft\Windows\NetCache", r"Services\CSC"


def test_off_by_policy_or_by_driver(tmp_path: Path) -> None:
    cases = {
        "violation": [({}, {DRIVER: {"Start": 1}}), ({POLICY: {"Enabled": 1}}, {})],
        "ok": [({POLICY: {"Enabled": 0}}, {DRIVER: {"Start": 1}}), ({}, {DRIVER: {"Start": 4}})],
        "not-applicable": [({}, {})],  # a Windows without the driver; the stale control set has it stopped
    }
    for wanted, listed in cases.items():
        for number, (software, system) in enumerate(listed):
            assert verdicts(tmp_path / f"{wanted}{number}", RULE, windows(software, system)) == [wanted]
